package sim

import (
	_ "github.com/twinwrite/twinwrite/model" // want arrow
	_ "gonum.org/v1/gonum/stat"
	_ "pgregory.net/rapid"
)
