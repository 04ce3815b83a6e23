// Package scenarios breaks the rule arrow.
package scenarios

import (
	_ "github.com/goccy/go-yaml/ast"
	_ "github.com/twinwrite/twinwrite/engine/store"
	_ "github.com/twinwrite/twinwrite/engine/store/sqlite" // want arrow
	_ "github.com/twinwrite/twinwrite/model"
	_ "github.com/twinwrite/twinwrite/reports" // want arrow
	_ "github.com/twinwrite/twinwrite/scenarios/result"
	_ "gonum.org/v1/plot" // want arrow
)
