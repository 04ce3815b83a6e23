package runner_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// onReads lets a client spoil the answers of reads.
func (c *client) onReads(f func(*engine.Input)) {
	c.misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
		if k == engine.ReadBatch {
			f(in)
		}
		return nil
	})
}

// TestReadThatIsBehindIsRepeated lets a side's reads be behind what its outbox has told,
// for less time than a request may take. Nothing fails by it, and no attempt is used up.
func TestReadThatIsBehindIsRepeated(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*engine.Input){
		"the record is not there yet": func(in *engine.Input) { clear(in.Records) },
		"it has no mark yet":          record(func(r *engine.Record) { r.Mark = engine.Mark{} }),
		"its mark is older":           record(func(r *engine.Record) { r.Mark.Number--; r.Mark.Groups[0].Own-- }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.clients[engine.FinOps].onReads(f)
				stop := w.start()
				w.set(engine.FinOps, "A", "Contoso")
				time.Sleep(9 * time.Second)
				w.clients[engine.FinOps].misbehave(nil, nil)
				time.Sleep(time.Second)
				s := w.lastRun.Stats()
				if s.Sides[engine.FinOps].Behind == 0 {
					t.Error("nobody noticed")
				}
				if s.Sides[engine.FinOps].Timeouts != 0 || s.Engine.Retries != 0 {
					t.Errorf("it cost something: %+v", s)
				}
				w.stopsInSync(stop)
			})
		})
	}
}

// TestCopyThatIsBehind reads from a copy of the records that misses the last
// changes, before and after a restart. Believed, it would make the side look as if it
// had been restored.
func TestCopyThatIsBehind(t *testing.T) {
	t.Parallel()
	for _, restart := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			stop := w.start()
			w.set(engine.FinOps, "A", "Contoso")
			time.Sleep(time.Minute)
			old := w.sides[engine.FinOps].Record(customer("A"))
			w.clients[engine.FinOps].onReads(func(in *engine.Input) { in.Records[0] = old })
			w.set(engine.FinOps, "A", "Contoso Ltd")
			time.Sleep(8 * time.Second)
			if restart {
				if err := stop(); err != nil {
					t.Error(err)
				}
				stop = w.start()
				time.Sleep(8 * time.Second)
			}
			if w.lastRun.Stats().Sides[engine.FinOps].Behind == 0 {
				t.Error("nobody noticed")
			}
			w.clients[engine.FinOps].misbehave(nil, nil)
			time.Sleep(time.Second)
			got := w.store.outcomesOf(change{customer("A"), engine.FinOps, 1, 2})
			if len(got) != 1 || got[0].Class != engine.Synced {
				t.Errorf("outcomes %v, want it synced", got)
			}
			w.stopsInSync(stop)
		})
	}
}

// TestReadsDoNotGoBack takes away what only a read has shown: the reference to
// it is still in the outbox.
func TestReadsDoNotGoBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(time.Second)
		old := w.sides[engine.FinOps].Record(customer("A"))
		w.sides[engine.FinOps].OnCommit(nil)
		w.set(engine.FinOps, "A", "Contoso Ltd")
		w.set(engine.Dataverse, "A", "Contoso GmbH") // reads both sides
		time.Sleep(time.Second)
		w.clients[engine.FinOps].onReads(func(in *engine.Input) { in.Records[0] = old })
		w.set(engine.Dataverse, "A", "Contoso AG")
		time.Sleep(5 * time.Second)
		if w.lastRun.Stats().Sides[engine.FinOps].Behind == 0 {
			t.Error("nobody noticed")
		}
		w.clients[engine.FinOps].misbehave(nil, nil)
		time.Sleep(2 * time.Minute)
		w.stopsInSync(stop)
	})
}
