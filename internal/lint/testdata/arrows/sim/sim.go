// Package sim breaks the rule arrow.
package sim

import (
	_ "sort"

	_ "github.com/twinwrite/twinwrite/engine" // want arrow
	_ "github.com/twinwrite/twinwrite/sim/inner"
	_ "gonum.org/v1/gonum/stat" // want arrow
)
