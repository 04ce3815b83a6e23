// Command twinwrite breaks the rule arrow.
package main

import (
	_ "github.com/pingcap/failpoint" // want arrow
	_ "github.com/spf13/cobra"
	_ "github.com/twinwrite/twinwrite/engine/store/sqlite"
	_ "github.com/twinwrite/twinwrite/nowhere" // want arrow
	_ "github.com/twinwrite/twinwrite/reports"
	_ "github.com/twinwrite/twinwrite/sim"
)
