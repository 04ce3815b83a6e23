package runner_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// TestInitialSync copies what both sides held before the job started, while the
// listing tells nonsense for a while: no record may be left out.
func TestInitialSync(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, says string // part of the error
		f          func(*engine.Input)
	}{
		{"in good order", "", func(*engine.Input) {}},
		{"too many records", "of at most 2", func(in *engine.Input) { in.Records = append(in.Records, in.Records...) }},
		{"more records, and none given", "gives none", func(in *engine.Input) { in.Records, in.More = nil, true }},
		{"out of order", "does not come after", func(in *engine.Input) { slices.Reverse(in.Records) }},
		{"of another table map", "were asked for", record(func(r *engine.Record) { r.Key = &engine.Key{Map: 1, ID: r.Key.ID} })},
		{"no key", "without a key", record(func(r *engine.Record) { r.Key = nil })},
		{"a dead record", "not alive", record(func(r *engine.Record) { r.Alive = false })},
		{"a tombstone that waits", "", func(in *engine.Input) {
			if len(in.Records) > 1 && in.Records[0].Key.ID == "A" {
				waits := engine.Record{Key: &engine.Key{ID: "0"}, Version: 1, Mark: engine.Mark{Incarnation: 1, Dead: true, Intent: 9}}
				in.Records, in.More = []*engine.Record{&waits, in.Records[0]}, true
			}
		}},
		{"no version", "no version", record(func(r *engine.Record) { r.Version = 0 })},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var h heard
				w.config.Observe, w.config.Engine.InitialChunk = h.observe, 2
				liar := w.clients[engine.FinOps]
				liar.misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
					if k == engine.ListRecords {
						c.f(in)
					}
					return nil
				})
				end := w.start()
				command := func(k engine.CommandKind, initial ...engine.InitialSync) {
					if err := w.lastRun.Command(t.Context(), &engine.Command{Kind: k, Job: "all", Initial: initial}); err != nil {
						t.Error(err)
					}
				}
				command(engine.StopJob)
				time.Sleep(time.Minute)
				for _, id := range []string{"A", "B", "C"} {
					w.set(engine.FinOps, id, "of F&O")
				}
				w.set(engine.Dataverse, "C", "of Dataverse")
				w.set(engine.Dataverse, "D", "of Dataverse")
				command(engine.StartJob, engine.InitialSync{Map: customers, Interim: engine.Dataverse})
				time.Sleep(time.Second)
				liar.misbehave(nil, nil)
				time.Sleep(5 * time.Minute)
				lies := h.errs(func(err error) bool {
					_, typed := errors.AsType[*runner.AnswerError](err)
					return typed && strings.Contains(err.Error(), c.says)
				})
				if (len(lies) == 0) != (c.says == "") {
					t.Errorf("nothing says %q; errors %v", c.says, h.errs(func(error) bool { return true }))
				}
				if err := w.settled(); err != nil {
					t.Error(err)
				}
				if got := w.nameOf(engine.FinOps, "C"); got != "of Dataverse" {
					t.Errorf("the interim primary was to win, and F&O holds %q", got)
				}
				if err := end(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
