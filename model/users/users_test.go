package users

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// town is two systems without an engine between them: what users do on one side
// stays there.
type town struct {
	k        *sim.Kernel
	systems  [2]*system.System
	users    *Users
	requests *system.Requests
	log      []string // commits
	tables   []*engine.TableMap
	commits  bool // live transactions commit at once
}

func (w *town) Committed(engine.Side) {}
func (w *town) Notified(engine.Side)  {}
func (w *town) Landed(int32, int)     {}
func (w *town) Answered(int32)        {}

func (w *town) Called(side engine.Side, tx engine.TxID, entity, _ uint64) {
	if w.commits {
		index, r := w.requests.New()
		w.systems[side].Prepare(r, &engine.Effect{Kind: engine.CommitTx, Side: side, Tx: tx}, w.k.Now())
		to, kind := w.systems[side].Arrives()
		w.k.After(time.Second, sim.Normal, to, kind, entity, uint64(index))
	}
}

func (w *town) Transaction(sim.Time, engine.Side, engine.TxID, string, int) {}
func (w *town) OutboxLow(sim.Time, engine.Side, uint64)                     {}
func (w *town) Loaded(sim.Time, engine.Side, *engine.Record) any            { return nil }
func (w *town) Capturing(sim.Time, engine.Side, engine.MapID, bool)         {}
func (w *town) Expired(sim.Time, engine.Side, *engine.Record)               {}
func (w *town) Leaked(sim.Time, *engine.Reference)                          {}

func (w *town) Forgot(sim.Time, engine.Side, *engine.Reference)                        {}
func (w *town) Refused(sim.Time, engine.Side, engine.TxID, []engine.Change, error)     {}
func (w *town) RowRefused(sim.Time, engine.Side, *engine.Write)                        {}
func (w *town) Undone(sim.Time, engine.Side, engine.TxID)                              {}
func (w *town) Held(_ sim.Time, _ engine.Side, _ engine.TxID, _, _ *engine.Record) any { return nil }

func (w *town) UserCommit(_ sim.Time, side engine.Side, before, after *engine.Record, _ *engine.Reference) any {
	op := "create"
	if before != nil {
		op = "update"
	}
	w.log = append(w.log, fmt.Sprintf("%s %s %s %v", side, op, after.Key.ID, after.Values))
	return nil
}

func (w *town) EngineCommit(sim.Time, engine.Side, *engine.Write, *engine.Record, *engine.Record, *engine.Reference) any {
	return nil
}

func (w *town) CopyCommit(sim.Time, engine.Side, []int, *engine.Record, *engine.Record, *engine.Record) any {
	return nil
}

func maps(t *testing.T) []*engine.TableMap {
	t.Helper()
	var all []*engine.TableMap
	for i, m := range []engine.TableMap{
		{Name: "customers", Columns: []engine.Column{{Name: "name"}, {Name: "limit"}}},
		{Name: "headers", Company: true, Columns: []engine.Column{{Name: "customer", Lookups: []engine.MapID{0}}}},
		{Name: "lines", Company: true, Columns: []engine.Column{{Name: "header", Lookups: []engine.MapID{1}}, {Name: "text"}}},
	} {
		m.ID, m.Mode = engine.MapID(i), engine.Async
		made, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, made)
	}
	return all
}

func newTown(t *testing.T, c Config) *town {
	t.Helper()
	return newTownOf(t, c, system.Config{})
}

func newTownOf(t *testing.T, c Config, sc system.Config) *town {
	t.Helper()
	w := &town{k: sim.New(sim.Config{Seed: 5}), tables: maps(t), requests: &system.Requests{}}
	tables := w.tables
	for _, side := range engine.Sides {
		sc.Side, sc.Maps = side, tables
		s, err := system.New(w.k, sc, system.Parts{
			Capture: engine.NewCapture(side, tables, nil), Requests: w.requests, Client: w, Observer: w,
			Engine: sim.NewClock(sim.ClockConfig{}),
		})
		if err != nil {
			t.Fatal(err)
		}
		w.systems[side] = s
	}
	var err error
	if w.users, err = New(w.k, c, w.systems, tables); err != nil {
		t.Fatal(err)
	}
	return w
}

func every(d time.Duration) sim.Arrivals { return &sim.Periodic{First: sim.Time(d), Every: d} }

// invoices makes documents: a header that looks up a customer, and lines that
// look up the header.
func invoices(until sim.Time) *Generator {
	return &Generator{
		Name: "inv", Arrivals: every(time.Second), Until: until,
		Steps: []Step{
			{Map: 1, Op: system.Create, Companies: []string{"usmf", "demf"}, Columns: []Column{{Index: 0, Lookup: true, Map: 0}}},
			{Map: 2, Op: system.Create, Companies: []string{"usmf", "demf"}, Count: sim.Fixed(2), Columns: []Column{{Index: 0, Lookup: true, Map: 1}, {Index: 1}}},
		},
	}
}

func customers(side engine.Side, until sim.Time) *Generator {
	return &Generator{
		Name: "cust", Side: side, Arrivals: every(time.Second), Until: until,
		Steps: []Step{{Map: 0, Op: system.Create, Columns: []Column{{Index: 0}, {Index: 1, Number: true}}}},
	}
}

func edits(side engine.Side) *Generator {
	return &Generator{
		Name: "edits", Side: side, Arrivals: every(time.Second), Until: sim.Time(200 * time.Second),
		Steps: []Step{{Map: 0, Op: system.Update, Columns: []Column{{Index: 0}}}},
	}
}

const tenSeconds = sim.Time(10 * time.Second)

func TestGeneratedDocumentsHangTogether(t *testing.T) {
	t.Parallel()
	w := newTown(t, Config{Sources: []Source{customers(engine.FinOps, tenSeconds), invoices(tenSeconds)}})
	w.k.Run(sim.Time(time.Minute))
	if got := w.users.Stats(); got.Committed != [2]uint64{20, 0} || got.Rejected != [2]uint64{} || got.Edits != 40 {
		t.Fatalf("%+v", got)
	}
	if w.users.Active() != 0 {
		t.Errorf("%d transactions are still under way", w.users.Active())
	}
	s := w.systems[engine.FinOps]
	companies := map[string]int{}
	looked := 0
	s.Each(1, func(r *engine.Record) {
		companies[r.Key.Company]++
		if r.Values[0].Kind == engine.KindLookup {
			looked++
		}
	})
	if companies["usmf"]+companies["demf"] != 10 || len(companies) != 2 || looked < 8 {
		t.Errorf("companies %v, %d headers name a customer", companies, looked)
	}
	s.Each(2, func(r *engine.Record) {
		header := r.Values[0].Target
		if header == nil || header.Company != r.Key.Company || !strings.HasPrefix(r.Key.ID, header.ID+"-") {
			t.Errorf("line %+v names header %+v", r.Key, header)
		}
	})
}

// TestEditsMoveNobody leaves one source out: what the others do must not
// change.
func TestEditsMoveNobody(t *testing.T) {
	t.Parallel()
	run := func(sources ...Source) []string {
		w := newTown(t, Config{Sources: sources})
		w.k.Run(sim.Time(time.Minute))
		return w.log
	}
	alone := run(customers(engine.FinOps, tenSeconds))
	both := run(edits(engine.FinOps), invoices(tenSeconds), customers(engine.FinOps, tenSeconds))
	both = slices.DeleteFunc(both, func(s string) bool { return !strings.HasPrefix(s, "finops create CUST-") })
	if !slices.Equal(alone, both) || len(alone) != 10 {
		t.Errorf("alone:\n%v\nwith others:\n%v", alone, both)
	}
}

// TestSomeValuesAreShared has people write the same words on both sides.
func TestSomeValuesAreShared(t *testing.T) {
	t.Parallel()
	words := func(shared float64) (same, other int) {
		g := edits(engine.FinOps)
		g.Steps[0].Shared = shared
		w := newTown(t, Config{Sources: []Source{customers(engine.FinOps, tenSeconds), g}})
		w.k.Run(sim.Time(5 * time.Minute))
		for _, line := range w.log {
			if !strings.Contains(line, "update") {
				continue
			}
			if slices.ContainsFunc(alphabet[:], func(a string) bool { return strings.Contains(line, a) }) {
				same++
			} else {
				other++
			}
		}
		return same, other
	}
	if same, other := words(0); same < 25 || same > 75 || other < 100 {
		t.Errorf("%d shared and %d other values, want a quarter", same, other)
	}
	if same, other := words(-1); same != 0 || other < 150 {
		t.Errorf("%d shared and %d other values, want none shared", same, other)
	}
}

func TestConcurrentEdits(t *testing.T) {
	t.Parallel()
	create := func(side engine.Side) Transaction {
		return Transaction{Side: side, Name: "setup", Edits: []system.Edit{{Op: system.Create, Name: system.Name{ID: "A"}}}}
	}
	lonely := create(engine.FinOps)
	lonely.Edits = []system.Edit{{Op: system.Create, Name: system.Name{ID: "B"}}}
	g := edits(engine.FinOps)
	g.Concurrent = &Concurrent{Probability: 0.5, Gap: sim.Constant(0.1)}
	w := newTown(t, Config{Sources: []Source{
		&Trace{Name: "setup", Transactions: []Transaction{create(engine.FinOps), create(engine.Dataverse), lonely}}, g,
	}})
	w.k.Run(sim.Time(10 * time.Minute))
	s := w.users.Stats()
	if s.Concurrent < 70 || s.Concurrent > 130 {
		t.Errorf("%d of 200 edits were followed, want half", s.Concurrent)
	}
	if s.ConcurrentSkipped == 0 || s.Committed[engine.Dataverse]+s.ConcurrentSkipped != s.Concurrent+1 {
		t.Errorf("%d committed on the other side, %d skipped because B is not there", s.Committed[engine.Dataverse], s.ConcurrentSkipped)
	}
	for _, line := range w.log {
		if strings.HasPrefix(line, "dataverse update B") {
			t.Error("a record was edited where it does not exist")
		}
	}
}

func TestUsersWaitForTheEndOfAnOutage(t *testing.T) {
	t.Parallel()
	w := newTown(t, Config{Sources: []Source{customers(engine.FinOps, tenSeconds)}})
	w.systems[engine.FinOps].StartOutage()
	w.k.Run(sim.Time(time.Minute))
	if s := w.users.Stats(); s.Committed[0] != 0 || s.TurnedAway < 10 || w.users.Active() != 10 {
		t.Fatalf("%+v, %d under way", s, w.users.Active())
	}
	// The first came at 0 s or soon after, and waits still.
	if s := w.users.Stats(); s.Waited != [2]uint64{10, 0} || s.WaitMost[0] < 45*time.Second || s.WaitMost[0] > time.Minute || s.WaitMost[1] != 0 {
		t.Errorf("waiting: %+v", s)
	}
	w.systems[engine.FinOps].EndOutage()
	w.k.Run(sim.Time(time.Hour))
	s := w.users.Stats()
	if s.Committed[0] != 10 || w.users.Active() != 0 {
		t.Errorf("%+v, %d under way", s, w.users.Active())
	}
	if s.Waited != [2]uint64{10, 0} || s.WaitMost[0] < 50*time.Second || s.WaitMost[0] > 30*time.Minute {
		t.Errorf("they have waited: %+v", s)
	}
	w.k.Run(sim.Time(2 * time.Hour))
	if again := w.users.Stats(); again != s {
		t.Errorf("nobody waits, and the counts moved: %+v, then %+v", s, again)
	}
}

func TestGivesUpAfterOneRedo(t *testing.T) {
	t.Parallel()
	tx := func(at, open time.Duration, op system.Op) Transaction {
		return Transaction{At: sim.Time(at), OpenFor: open, Edits: []system.Edit{{Op: op, Name: system.Name{ID: "A"}, Set: []system.Assignment{{Value: engine.Text(at.String())}}}}}
	}
	// Redoing takes 10 s on the same record; somebody saves in between only if
	// the redo reads before it. The redo reads when it saves, so it succeeds.
	w := newTown(t, Config{Sources: []Source{
		&Trace{Name: "one", Transactions: []Transaction{tx(0, 0, system.Create), tx(time.Second, 10*time.Second, system.Update)}},
		&Trace{Name: "two", Transactions: []Transaction{tx(5*time.Second, 0, system.Update)}},
	}})
	w.k.Run(sim.Time(time.Minute))
	if s := w.users.Stats(); s.Stale != 1 || s.Redone != 1 || s.GivenUp != 0 || s.Committed[0] != 3 {
		t.Errorf("%+v", s)
	}
	// Two saves of one opened record that are served at the same time: the one
	// that is served later is stale, again and again.
	w = newTown(t, Config{Redo: sim.Constant(10), Sources: []Source{
		&Trace{Name: "one", Transactions: []Transaction{tx(0, 0, system.Create), tx(time.Second, time.Second, system.Update)}},
		&Trace{Name: "two", Transactions: []Transaction{
			tx(1990*time.Millisecond, 0, system.Update), tx(11_990*time.Millisecond+35*time.Millisecond, 0, system.Update),
		}},
	}})
	w.k.Run(sim.Time(time.Minute))
	if s := w.users.Stats(); s.Stale != 2 || s.GivenUp != 1 || s.Rejected[0] != 1 || s.Committed[0] != 3 {
		t.Errorf("%+v", s)
	}
}

func TestSourcesReportEveryFault(t *testing.T) {
	t.Parallel()
	k := sim.New(sim.Config{})
	_, err := New(k, Config{Sources: []Source{
		&Trace{Name: "day", Transactions: []Transaction{
			{At: 2, Name: "late"}, {At: 1, Name: "early", Edits: []system.Edit{{Map: 9}, {Set: []system.Assignment{{Column: 7}}}}},
		}},
		&Generator{Name: "g", Concurrent: &Concurrent{Probability: 2}, Steps: []Step{{Map: 1}, {Op: 9, Among: -1}}},
		&Generator{Name: "c", Closed: &Closed{}, Arrivals: every(time.Second)},
		&Generator{Name: "d", Closed: &Closed{}},
	}}, [2]*system.System{}, maps(t))
	if err == nil {
		t.Fatal("no fault was found")
	}
	for _, want := range []string{
		"trace day: transaction 2 (early): it is at 1ns", "edit 1 names table map 9, of 3", "edit 2 sets column 7, of 2",
		"generator g: it has no arrivals", "step 1: companies are needed", "step 2 does nothing that is known", "step 2: names must be drawn",
		"generator c: it has closed users and arrivals", "generator d: closed users must be at least 1", "generator d: it has no steps",
		"the probability of concurrent edits", "concurrent edits need a gap",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no word of %q in:\n%v", want, err)
		}
	}
}
