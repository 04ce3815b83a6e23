package model

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// counting is a store that counts the positions that it was given to keep.
type counting struct {
	*store.Memory
	ingested [2]map[uint64]bool
	saves    int
	most     int // mutations in one save
}

func (c *counting) Save(mutations []engine.Mutation) error {
	c.saves++
	c.most = max(c.most, len(mutations))
	for i := range mutations {
		if m := &mutations[i]; m.Kind == engine.PositionIngested {
			c.ingested[m.Side][m.Position] = true
		}
	}
	return c.Memory.Save(mutations)
}

// TestSavedBeforeDone watches every event: what an outbox has forgotten must
// be in the store. A planted bug that acknowledges first shows that the test
// can fail.
func TestSavedBeforeDone(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name  string
		plant always
		wants bool
	}{
		{"as it is", "", true},
		{"planted", engine.PlantAckBeforeSave, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := busyHour(t, 4)
			c.End = sim.Time(30 * time.Minute)
			s := &counting{Memory: store.NewMemory(), ingested: [2]map[uint64]bool{{}, {}}}
			c.Store, c.Failpoints = s, tc.plant
			c.Driver.Sync = sim.Exponential(0.3)
			c.Faults = []Fault{{Kind: EngineCrash, Point: driver.IntakeBeforeSave, At: sim.Time(5 * time.Minute), Restart: time.Second}}
			var w *World
			held, checked := true, 0
			c.Observe = func(sim.Event) {
				if w == nil {
					return
				}
				for _, side := range engine.Sides {
					forgotten := w.Systems[side].Stats().Captured - uint64(w.Systems[side].OutboxLen())
					held = held && forgotten <= uint64(len(s.ingested[side]))
					checked++
				}
			}
			var err error
			if w, err = New(c); err != nil {
				t.Fatal(err)
			}
			w.Run()
			if held != tc.wants {
				t.Errorf("everything forgotten was saved: %v, want %v", held, tc.wants)
			}
			if checked == 0 || s.most < 20 || s.saves == 0 {
				t.Errorf("%d checks, %d saves, at most %d mutations in one: steps must be saved together", checked, s.saves, s.most)
			}
		})
	}
}

// BenchmarkWorld carries new records from F&O to Dataverse.
func BenchmarkWorld(b *testing.B) {
	const records = 100_000
	for b.Loop() {
		b.StopTimer()
		c := stream(b, records)
		w, err := New(c)
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		r := w.Run()
		b.StopTimer()
		if n := count(r, engine.Synced); n < records*9/10 || r.Report.Totals.Outstanding != 0 {
			b.Fatalf("%d synced, %d outstanding", n, r.Report.Totals.Outstanding)
		}
		b.ReportMetric(float64(r.Events)/float64(count(r, engine.Synced)), "events/record")
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)*records/b.Elapsed().Seconds(), "records/s")
}
