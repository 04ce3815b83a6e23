// Package model breaks the rule arrow.
package model

import (
	_ "github.com/twinwrite/twinwrite/engine"
	_ "github.com/twinwrite/twinwrite/engine/runner" // want arrow
	_ "github.com/twinwrite/twinwrite/model/oracle"
	_ "github.com/twinwrite/twinwrite/scenarios"        // want arrow
	_ "github.com/twinwrite/twinwrite/scenarios/result" // want arrow
	_ "github.com/twinwrite/twinwrite/sim"
)
