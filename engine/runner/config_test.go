package runner_test

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

func TestConfigReportsEveryFault(t *testing.T) {
	t.Parallel()
	_, err := runner.New(runner.Config{
		Engine: engine.Config{Workers: -1}, Timeout: time.Minute, StopTimeout: -1, CallsMax: -1,
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{
		"workers must be at least 1", "no store", "no system for finops", "no system for dataverse",
		"at most the life of a write, 30s, not 1m0s", "stop timeout", "at least 1 call",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not among the faults:\n%v", want, err)
		}
	}
}
