// Package sqlite keeps the rules: it alone may use cgo.
package sqlite

import "C"

import (
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/twinwrite/twinwrite/engine"
	_ "github.com/twinwrite/twinwrite/engine/store"
)
