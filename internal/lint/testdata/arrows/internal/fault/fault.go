// Package fault keeps the rules: it alone may import failpoint.
package fault

import _ "github.com/pingcap/failpoint"
