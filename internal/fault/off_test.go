//go:build nofault

package fault

import (
	"strings"
	"testing"
)

func TestArmingIsRefused(t *testing.T) {
	t.Parallel()
	_, err := NewPlan(catalogue, Point{catalogue[0], Always})
	if err == nil || !strings.Contains(err.Error(), "built without failpoints") {
		t.Errorf("error %v, want one that says that failpoints are not built in", err)
	}
	if fired := passes(plan(t), 3); fired != "" {
		t.Errorf("fired:\n%s", fired)
	}
}
