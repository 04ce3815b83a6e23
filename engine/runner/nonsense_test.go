package runner_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

// heard collects what a runner's observer hears.
type heard struct {
	mu   sync.Mutex
	list []runner.Request
}

func (h *heard) observe(r runner.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.list = append(h.list, r)
}

// errs returns the errors that f accepts.
func (h *heard) errs(f func(error) bool) (list []error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.list {
		if r.Err != nil && f(r.Err) {
			list = append(list, r.Err)
		}
	}
	return list
}

// with returns a copy of a record with something changed.
func with(r *engine.Record, f func(*engine.Record)) *engine.Record {
	if r == nil {
		return nil
	}
	c := *r
	c.Mark.Groups = append([]engine.GroupMark(nil), r.Mark.Groups...)
	c.Values = append([]engine.Value(nil), r.Values...)
	f(&c)
	return &c
}

// nonsense is what a system may say that cannot be true. Each is said by the
// side where the change was made, until it comes to its senses.
var nonsense = []struct {
	name string
	kind engine.EffectKind
	says string // part of the error
	f    func(*engine.Input)
}{
	{"too many references", engine.PullOutbox, "of at most 1000", func(in *engine.Input) {
		in.References = append(in.References, make([]engine.Reference, 1001)...)
	}},
	{"more references, and none given", engine.PullOutbox, "gives none", func(in *engine.Input) {
		in.References, in.More = nil, true
	}},
	{"a position given twice", engine.PullOutbox, "twice", func(in *engine.Input) {
		in.References = append(in.References, in.References...)
	}},
	{"a reference of no table map", engine.PullOutbox, "table map 77", reference(func(r *engine.Reference) { r.Key.Map = 77 })},
	{"a reference of the other side", engine.PullOutbox, "from side", reference(func(r *engine.Reference) { r.Side = r.Side.Other() })},
	{"a reference of no side", engine.PullOutbox, "from side 9", reference(func(r *engine.Reference) { r.Side = 9 })},
	{"a reference that only the engine makes", engine.PullOutbox, "origin 3", reference(func(r *engine.Reference) { r.Origin = engine.Pulled })},
	{"an unknown operation", engine.PullOutbox, "operation 9", reference(func(r *engine.Reference) { r.Op = 9 })},
	{"a reference without a position", engine.PullOutbox, "may be 0", reference(func(r *engine.Reference) { r.Position = 0 })},
	{"a reference without a number", engine.PullOutbox, "may be 0", reference(func(r *engine.Reference) { r.Number = 0 })},
	{"a need of no table map", engine.PullOutbox, "table map 99", reference(func(r *engine.Reference) { r.Needs = []engine.Key{{Map: 99, ID: "X"}} })},

	{"too few records", engine.ReadBatch, "0 records", func(in *engine.Input) { in.Records = nil }},
	{"too many records", engine.ReadBatch, "records", func(in *engine.Input) { in.Records = append(in.Records, in.Records...) }},
	{"too many lookups", engine.ReadBatch, "lookups", func(in *engine.Input) { in.Lookups = append(in.Lookups, engine.Alive{}) }},
	{"another record", engine.ReadBatch, "was asked for", record(func(r *engine.Record) { r.Key = &engine.Key{Map: r.Key.Map, ID: "OTHER"} })},
	{"no key", engine.ReadBatch, "without a key", record(func(r *engine.Record) { r.Key = nil })},
	{"a mark of too few groups", engine.ReadBatch, "column groups", record(func(r *engine.Record) { r.Mark.Groups = nil })},
	{"a group that is ahead of its mark", engine.ReadBatch, "column group 0", record(func(r *engine.Record) { r.Mark.Groups[0].Own += 5 })},
	{"no version", engine.ReadBatch, "no version", record(func(r *engine.Record) { r.Version = 0 })},
	{"too few columns", engine.ReadBatch, "columns", record(func(r *engine.Record) { r.Values = r.Values[:1] })},
	{"a value of no kind", engine.ReadBatch, "kind 200", record(func(r *engine.Record) { r.Values[0].Kind = 200 })},
	{"a lookup of nothing", engine.ReadBatch, "column city", record(func(r *engine.Record) { r.Values[1] = engine.Lookup(nil) })},
	{"a lookup where there is none", engine.ReadBatch, "column city", record(func(r *engine.Record) { r.Values[1] = engine.Lookup(&engine.Key{ID: "B"}) })},

	{"too few rows", engine.WriteBatch, "0 rows", func(in *engine.Input) { in.Rows = nil }},
	{"too many rows", engine.WriteBatch, "rows", func(in *engine.Input) { in.Rows = append(in.Rows, in.Rows...) }},
	{"a row that ended in no way", engine.WriteBatch, "ended as 7", func(in *engine.Input) { in.Rows[0].Result = 7 }},
	{"a refusal for a reason of the engine's", engine.WriteBatch, "reason 6", func(in *engine.Input) {
		in.Rows[0] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Superseded}
	}},
	{"a system failure for no such reason", engine.WriteBatch, "reason 12", func(in *engine.Input) {
		in.Rows[0] = engine.RowAnswer{Result: engine.RowFailed, Reason: engine.Refused}
	}},
}

func reference(f func(*engine.Reference)) func(*engine.Input) {
	return func(in *engine.Input) {
		for i := range in.References {
			f(&in.References[i])
		}
	}
}

func record(f func(*engine.Record)) func(*engine.Input) {
	return func(in *engine.Input) {
		for i, r := range in.Records {
			in.Records[i] = with(r, f)
		}
	}
}

func TestNonsenseLosesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range nonsense {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var h heard
				w.config.Observe = h.observe
				liar := w.clients[engine.FinOps]
				liar.misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
					if k == c.kind {
						c.f(in)
					}
					return nil
				})
				stop := w.start()
				w.set(engine.FinOps, "A", "Contoso")   // read and pulled on the side that lies
				w.set(engine.Dataverse, "B", "Adatum") // and written there
				time.Sleep(time.Second)
				liar.misbehave(nil, nil)
				time.Sleep(2 * time.Minute)
				lies := h.errs(func(err error) bool {
					var typed *runner.AnswerError
					return errors.As(err, &typed) && typed.Side == engine.FinOps && typed.Kind == c.kind &&
						strings.Contains(err.Error(), c.says)
				})
				if len(lies) == 0 {
					t.Errorf("nothing says %q; errors %v", c.says, h.errs(func(error) bool { return true }))
				}
				if s := w.lastRun.Stats().Sides[engine.FinOps]; s.Nonsense == 0 {
					t.Errorf("nonsense is not in the figures: %+v", s)
				}
				w.stopsInSync(stop)
			})
		})
	}
}

// TestOutboxThatForgetsNothing delivers for ever what was acknowledged. The
// engine must neither carry it again nor ask without a pause.
func TestOutboxThatForgetsNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		var all []engine.Reference
		w.clients[engine.FinOps].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
			if k == engine.PullOutbox {
				all = append(all, in.References...)
				in.References = append([]engine.Reference(nil), all...)
			}
			return nil
		})
		stop := w.start()
		w.set(engine.FinOps, "A", "Contoso")
		time.Sleep(10 * time.Minute)
		if err := w.settled(); err != nil {
			t.Error(err)
		}
		if n := len(w.clients[engine.FinOps].since(time.Time{}, engine.PullOutbox)); n > 70 {
			t.Errorf("%d pulls in ten minutes", n)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}

// TestWhatIsNoNonsense reads marks that look odd and are right.
func TestWhatIsNoNonsense(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(*engine.Record){
		"a mark of another version of the map": func(r *engine.Record) {
			r.Mark.MapVersion, r.Mark.Groups = 7, append(r.Mark.Groups, engine.GroupMark{})
		},
		"a record that is gone": func(r *engine.Record) {
			r.Alive, r.Values, r.Mark.Groups = false, nil, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				stop := w.start()
				synctest.Wait()
				w.clients[engine.FinOps].misbehave(nil, func(k engine.EffectKind, in *engine.Input) error {
					record(f)(in)
					return nil
				})
				w.set(engine.FinOps, "A", "Contoso")
				time.Sleep(time.Second)
				if s := w.lastRun.Stats(); s.Sides[engine.FinOps].Nonsense != 0 || s.Engine.Settled != 1 {
					t.Errorf("figures %+v", s)
				}
				if err := stop(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestSystemThatPanics does so once for each kind of request, or ends the
// goroutine it was called on.
func TestSystemThatPanics(t *testing.T) {
	t.Parallel()
	for _, goexit := range []bool{false, true} {
		for _, kind := range []engine.EffectKind{engine.PullOutbox, engine.ReadBatch, engine.WriteBatch} {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				var h heard
				w.config.Observe = h.observe
				stop := w.start()
				synctest.Wait()
				w.clients[engine.Dataverse].misbehave(first(1, func(_ context.Context, k engine.EffectKind) error {
					if k == kind {
						return errLost
					}
					return nil
				}), nil)
				inner := w.clients[engine.Dataverse].before
				w.clients[engine.Dataverse].misbehave(func(ctx context.Context, k engine.EffectKind) error {
					if inner(ctx, k) == nil {
						return nil
					}
					if goexit {
						runtime.Goexit()
					}
					panic(errLost)
				}, nil)
				w.set(engine.FinOps, "A", "Contoso")
				w.set(engine.Dataverse, "B", "Adatum")
				time.Sleep(150 * time.Second)
				failed := h.errs(func(err error) bool {
					var panicked *runner.PanicError
					return goexit || errors.As(err, &panicked) && errors.Is(err, errLost)
				})
				if len(failed) != 1 {
					t.Errorf("%v: failures %v", kind, failed)
				}
				if s := w.lastRun.Stats().Sides[engine.Dataverse]; s.Calls != 0 || s.Waiting != 0 || !goexit && s.Panics != 1 {
					t.Errorf("figures %+v", s)
				}
				w.stopsInSync(stop)
			})
		}
	}
}
