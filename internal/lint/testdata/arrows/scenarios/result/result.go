// Package result breaks the rule arrow.
package result

import (
	_ "github.com/twinwrite/twinwrite/scenarios" // want arrow
	_ "time"
)
