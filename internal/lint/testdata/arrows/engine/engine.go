// Package engine breaks the rules arrow and cgo.
package engine

import "C" // want cgo

import (
	_ "github.com/pingcap/failpoint"                  // want arrow
	_ "github.com/twinwrite/twinwrite/engine/store"   // want arrow
	_ "github.com/twinwrite/twinwrite/internal/fault" // want arrow
	_ "github.com/twinwrite/twinwrite/sim"            // want arrow
)
