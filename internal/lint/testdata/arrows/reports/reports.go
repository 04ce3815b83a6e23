// Package reports breaks the rule arrow.
package reports

import (
	_ "github.com/mattn/go-sqlite3"
	_ "github.com/twinwrite/twinwrite/reports/plots"
	_ "github.com/twinwrite/twinwrite/scenarios" // want arrow
	_ "github.com/twinwrite/twinwrite/scenarios/result"
	_ "gonum.org/v1/plot/vg"
)
