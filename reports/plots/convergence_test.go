package plots

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
)

// TestAxisOfTimes: it begins where curves begin to fall, however many runs bring a
// change that took no time; what lies before it is told.
func TestAxisOfTimes(t *testing.T) {
	t.Parallel()
	took := func(none int) survivor {
		spans := make([]time.Duration, 1000)
		for i := range spans {
			if i >= none {
				spans[i] = time.Second + time.Duration(i)*time.Millisecond
			}
		}
		return survivor{"orders", stats.NewSample(spans, nil)}
	}
	for _, x := range []struct {
		none int
		text string
	}{
		{0, ""},
		{8, "Left of the axis, below 1s, 8 changes converged."},
		{600, "Left of the axis, below 1s, 600 changes converged."},
		{1000, "Left of the axis, below 1µs, 1,000 changes converged."},
	} {
		var p Plot
		if p.survivors([]survivor{took(x.none)}, nil, nil); strings.TrimSpace(p.Caption) != x.text {
			t.Errorf("%d that took no time: %q, want %q", x.none, p.Caption, x.text)
		}
	}
}
