package runner

import (
	"fmt"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestWitnessForgets hears of ever more records, over a day: what counts no more takes
// no room.
func TestWitnessForgets(t *testing.T) {
	t.Parallel()
	const lasts = 10 * time.Second
	w := newWitness(&engine.State{}, lasts, 0)
	most := 0
	for i := range int64(24 * 60 * 60) {
		now := engine.Time(0).Add(time.Duration(i) * time.Second)
		w.note(engine.Key{ID: fmt.Sprint(i)}, engine.FinOps, progress{1, 1}, now)
		most = max(most, len(w.known))
	}
	if most < 10 || most > 20 {
		t.Errorf("up to %d records were known, of one a second for %v", most, lasts)
	}
}
