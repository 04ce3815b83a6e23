// Package store breaks the rule arrow.
package store

import (
	_ "github.com/mattn/go-sqlite3" // want arrow
	_ "github.com/twinwrite/twinwrite/engine"
	_ "github.com/twinwrite/twinwrite/engine/store/sqlite" // want arrow
)
