package explore

import (
	"os"
	"runtime/debug"
	"testing"
)

// TestMain lets garbage lie longer: each schedule leaves a small world behind.
func TestMain(m *testing.M) {
	debug.SetGCPercent(1000)
	os.Exit(m.Run())
}
