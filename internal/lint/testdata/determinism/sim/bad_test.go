package sim

import "time"

// Tests may look at the real clock.
var now = time.Now()
