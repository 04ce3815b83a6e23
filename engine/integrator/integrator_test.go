package integrator_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

func TestEveryFaultAtOnce(t *testing.T) {
	t.Parallel()
	maps := declare(
		engine.TableMap{Name: "customers", Columns: []engine.Column{{Name: "name"}}},
		engine.TableMap{Name: "invoices", Columns: []engine.Column{{Name: "number", Flow: engine.ToDataverse}}},
	)
	cfg := integrator.Config{
		Maps: maps, ScheduledMax: 1, Page: -1, History: -1,
		Projects: []integrator.Project{
			{Tasks: []engine.MapID{0}, Every: time.Second},
			{Name: "p", From: engine.Dataverse, Tasks: []engine.MapID{0, 0, 1, 7}, Every: time.Hour, Detect: integrator.Detection{Overlap: -1}},
			{Name: "p"},
		},
	}
	_, err := integrator.NewCore(cfg, nil)
	for _, want := range []error{
		integrator.ErrNoName, integrator.ErrNameTwice, integrator.ErrNoTask, integrator.ErrUnknownMap, integrator.ErrMapTwice,
		integrator.ErrNothingFlows, integrator.ErrInterval, integrator.ErrOverlap, integrator.ErrTooManyScheduled,
	} {
		if !errors.Is(err, want) {
			t.Errorf("not reported: %v", want)
		}
	}
	want := `integrator: rows per page must be at least 1, not -1
integrator: the history must be longer than zero, not -1ns
integrator: project : the project has no name
integrator: project : the interval is shorter than a minute: 1s
integrator: project p: the overlap is negative: -1ns
integrator: project p, table map customers: two tasks have the same table map
integrator: project p, table map invoices: no column of the table map flows this way
integrator: project p, table map 7: no table map has this number
integrator: project p: another project has the same name
integrator: project p: the project has no task
integrator: too many projects have a schedule: 2, and 1 may`
	if diff := cmp.Diff(want, fmt.Sprint(err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if _, ok := errors.AsType[*integrator.ProjectError](err); !ok {
		t.Error("no *ProjectError")
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	cfg := integrator.Config{Maps: twoMaps(), Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}}}
	core, err := integrator.NewCore(cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := core.Ask(1, "q", false); !errors.Is(err, integrator.ErrUnknownProject) {
		t.Errorf("asking an unknown project: %v", err)
	}
	state := &integrator.State{
		Positions: []integrator.TaskPosition{{Project: "p", Map: 1}},
		Failed:    []integrator.FailedRow{{Project: "q"}},
	}
	if _, err := integrator.NewCore(cfg, state); !errors.Is(err, integrator.ErrUnknownProject) {
		t.Errorf("loading the state of an unknown project: %v", err)
	}
}

func TestNotices(t *testing.T) {
	t.Parallel()
	cfg := integrator.Config{Maps: twoMaps(), Projects: []integrator.Project{
		{Name: "there", From: engine.FinOps, Tasks: []engine.MapID{1, 0}, Every: time.Minute, Detect: integrator.Detection{By: integrator.ByToken}},
		{Name: "back", From: engine.Dataverse, Tasks: []engine.MapID{0}, Every: time.Hour},
	}}
	for i := range 4 { // with those above, an hourly start more than five a minute, which is what is advised
		cfg.Projects = append(cfg.Projects, integrator.Project{
			Name: fmt.Sprint(i), Tasks: []engine.MapID{1}, Every: time.Minute, Detect: integrator.Detection{By: integrator.ByToken},
		})
	}
	want := []integrator.Notice{
		{Kind: integrator.ChildFirst, Project: "there", Map: "orders", Other: "customers"},
		{Kind: integrator.CopiesBack, Project: "there", Map: "customers", Other: "back"},
		{Kind: integrator.MissesDeletes, Project: "back"},
		{Kind: integrator.CopiesBack, Project: "back", Map: "customers", Other: "there"},
		{Kind: integrator.ManyStarts},
	}
	if diff := cmp.Diff(want, cfg.Notices()); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
	cfg.Projects = slices.Delete(cfg.Projects, 1, 2)
	if told := cfg.Notices(); slices.Contains(told, integrator.Notice{Kind: integrator.ManyStarts}) {
		t.Errorf("five starts a minute are as many as are advised, and told as too many: %v", told)
	}
}

// A page is what the definition says, and pages put together are the listing.
func TestPagesMakeTheListing(t *testing.T) {
	t.Parallel()
	several := 0
	for seed := range 2000 {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		var rows []integrator.Row
		for i := range r.IntN(12) {
			rows = append(rows, integrator.Row{
				Record:   &engine.Record{Key: &engine.Key{ID: fmt.Sprint(i)}, Version: engine.Version(1 + i), Alive: r.IntN(3) > 0},
				Modified: integrator.LocalTime(r.IntN(6) - 3),
			})
		}
		l := integrator.Listing{
			By: integrator.Method(r.IntN(2)), Full: r.IntN(3) == 0, Inclusive: r.IntN(2) == 0, Since: integrator.LocalTime(r.IntN(6) - 3),
			Token: integrator.Token{Version: engine.Version(r.IntN(6))}, Until: integrator.Token{Version: engine.Version(r.IntN(14))}, Max: 100,
		}
		whole, more := l.Take(slices.Clone(rows))
		if more {
			t.Fatalf("seed %d: a page that holds everything has another one", seed)
		}
		for _, row := range rows {
			rec := row.Record
			wanted := row.Modified > l.Since || row.Modified == l.Since && l.Inclusive || l.Full
			if l.By == integrator.ByToken {
				wanted = rec.Version <= l.Until.Version && (l.Full || rec.Version > l.Token.Version)
			}
			if !rec.Alive && (l.Full || l.By == integrator.ByModified) {
				wanted = false
			}
			if listed := slices.ContainsFunc(whole, func(o integrator.Row) bool { return o.Record == rec }); listed != wanted {
				t.Fatalf("seed %d: listed is %v for %+v", seed, listed, row)
			}
		}
		l.Max = 1 + r.IntN(4)
		var pages []integrator.Row
		for more = true; more; {
			var page []integrator.Row
			page, more = l.Take(slices.Clone(rows))
			pages = append(pages, page...)
			if more {
				last := page[len(page)-1]
				l.Paged = true
				l.After = integrator.Place{Modified: last.Modified, Version: last.Record.Version, Dead: !last.Record.Alive, Key: *last.Record.Key}
				several++
			}
		}
		if !slices.Equal(pages, whole) {
			t.Fatalf("seed %d: pages %v, whole %v", seed, pages, whole)
		}
		dead := slices.IndexFunc(whole, func(o integrator.Row) bool { return !o.Record.Alive })
		if dead >= 0 && slices.ContainsFunc(whole[dead:], func(o integrator.Row) bool { return o.Record.Alive }) {
			t.Fatalf("seed %d: a delete before a new row", seed)
		}
	}
	if several == 0 {
		t.Error("no listing had two pages")
	}
}

func TestTokenLife(t *testing.T) {
	t.Parallel()
	token := integrator.Token{Version: 1, Issued: 5}
	last := token.Issued + integrator.LocalTime(integrator.TokenLife)
	if token.Expired(last, integrator.TokenLife) {
		t.Error("expired within seven days")
	}
	if !token.Expired(last+1, integrator.TokenLife) {
		t.Error("not expired after seven days")
	}
	if (integrator.Token{}).Expired(last*2, integrator.TokenLife) {
		t.Error("no token at all cannot expire")
	}
}

// What is written corresponds to what was read, by the engine's own comparison,
// and a value without mapping fails its row alone.
func TestValuesAreTranslated(t *testing.T) {
	t.Parallel()
	codes := &engine.ValueMap{Name: "yes-no", Pairs: [][2]engine.Value{
		{engine.Text("Yes"), engine.Number(1_000_000)}, {engine.Text("No"), engine.Number(0)},
	}}
	loose := &engine.ValueMap{Name: "loose", FallThrough: true, Pairs: [][2]engine.Value{{engine.Text("A"), engine.Text("B")}}}
	maps := declare(engine.TableMap{Name: "m", Columns: []engine.Column{
		{Name: "plain"},
		{Name: "code", Into: [2]engine.Transform{{Values: codes}, {Values: codes}}, Canonical: engine.Form{FoldCase: true}},
		{Name: "loose", Into: [2]engine.Transform{{Values: loose}, {Values: loose}}},
		{Name: "filled", Into: [2]engine.Transform{engine.Dataverse: {Default: engine.Text("none")}}, Flow: engine.ToDataverse},
		{Name: "fixed", Into: [2]engine.Transform{engine.Dataverse: {Constant: engine.Text("erp")}}, Flow: engine.ToDataverse},
		{Name: "against", Flow: engine.ToFinOps},
	}})
	m := maps[0]
	choices := []engine.Value{{}, engine.Text(""), engine.Text("A"), engine.Text("B"), engine.Text("yes"), engine.Text("No"), engine.Text("x")}
	written, unmapped := 0, 0
	for seed := range 500 {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		values := make([]engine.Value, len(m.Columns))
		for i := range values {
			values[i] = choices[r.IntN(len(choices))]
		}
		w := newWorld(t, integrator.Config{Maps: maps, Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}}}, [3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}})
		k := engine.Key{ID: "K"}
		w.sides[engine.FinOps].commit(w.now, &engine.Record{Key: &k, Alive: true, Values: values})
		w.ask("p", false)
		w.finish()
		failed := engine.NoReason
		w.core.Failed(func(f *integrator.FailedRow) { failed = f.Reason })
		// The engine's own rule, by what it accepts as the partner of a value.
		target := w.sides[engine.Dataverse].record(k)
		if failed == engine.UnmappedValue {
			unmapped++
			if m.Corresponds(1, engine.Dataverse, values[1], engine.Number(0)) || m.Corresponds(1, engine.Dataverse, values[1], engine.Number(1_000_000)) || values[1].Kind == engine.KindNull {
				if !values[2].Equal(engine.Text("B")) { // looks like a code of the other side
					t.Fatalf("seed %d: %v has a mapping", seed, values)
				}
			}
			continue
		}
		written++
		for c := range m.Columns[:5] {
			if !m.Corresponds(c, engine.Dataverse, values[c], target.Values[c]) {
				t.Fatalf("seed %d: column %s: %v became %v", seed, m.Columns[c].Name, values[c], target.Values[c])
			}
		}
		if target.Values[5].Kind != engine.KindNull {
			t.Fatalf("seed %d: a column was written against its flow", seed)
		}
	}
	if written == 0 || unmapped == 0 {
		t.Errorf("%d rows were written and %d had no mapping", written, unmapped)
	}
}

// Rows out of the table map's scope are not copied, and do not count.
func TestFilter(t *testing.T) {
	t.Parallel()
	maps := declare(engine.TableMap{Name: "m", Columns: []engine.Column{{Name: "kind"}}, Filter: [2]engine.Filter{
		engine.FinOps: {Test: engine.Equals, Column: "kind", Value: engine.Text("organization")},
	}})
	w := newWorld(t, integrator.Config{Maps: maps, RowsMax: 1, Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}}}, [3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}})
	w.sides[0].edit(w.now, engine.Key{ID: "A"}, map[int]engine.Value{0: engine.Text("person")})
	w.sides[0].edit(w.now, engine.Key{ID: "B"}, map[int]engine.Value{0: engine.Text("organization")})
	w.ask("p", false)
	w.finish()
	w.core.History(func(x *integrator.Execution) {
		if got, want := ending(x), "Completed, 1 rows, 1 upserts, 1 filtered"; got != want {
			t.Errorf("ended as %q, not %q", got, want)
		}
	})
}

// A system that answers nonsense breaks the run off, and nothing else.
func TestNonsenseBreaksTheRunOff(t *testing.T) {
	t.Parallel()
	row := func(id string, modified int) integrator.Row {
		return integrator.Row{
			Record:   &engine.Record{Key: &engine.Key{ID: id}, Version: 1, Alive: true, Values: make([]engine.Value, 2)},
			Modified: integrator.LocalTime(modified),
		}
	}
	short := row("a", 1)
	short.Record.Values = nil
	foreign := row("a", 1)
	foreign.Record.Key.Map = 1
	dead := row("a", 1)
	dead.Record.Alive = false
	tests := map[string]integrator.Input{
		"rows out of order":           {Kind: integrator.Listed, Rows: []integrator.Row{row("b", 2), row("a", 1)}},
		"the same row twice":          {Kind: integrator.Listed, Rows: []integrator.Row{row("a", 1), row("a", 1)}},
		"more rows than were asked":   {Kind: integrator.Listed, Rows: []integrator.Row{row("a", 1), row("b", 1), row("c", 1)}},
		"a page that gets nowhere":    {Kind: integrator.Listed, More: true},
		"a row without a record":      {Kind: integrator.Listed, Rows: []integrator.Row{{}}},
		"a row with too few values":   {Kind: integrator.Listed, Rows: []integrator.Row{short}},
		"a row of another table map":  {Kind: integrator.Listed, Rows: []integrator.Row{foreign}},
		"a delete in a full listing":  {Kind: integrator.Listed, Rows: []integrator.Row{dead}},
		"a token that was never sent": {Kind: integrator.TokenExpired},
	}
	for _, name := range []string{"too few results", "rows that nobody asked for", "no rows for keys"} {
		tests[name] = integrator.Input{}
	}
	for name, in := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, integrator.Config{
				Maps: twoMaps(), Page: 2, Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}},
			}, [3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}})
			if in.Kind == integrator.Started { // about a later request
				k := engine.Key{ID: "a"}
				w.sides[0].edit(w.now, k, map[int]engine.Value{0: engine.Text("x")})
				w.ask("p", false)
				w.carryOut(0, carryOut)
				in = integrator.Input{Kind: integrator.Written}
				if name != "too few results" {
					w.sides[1].refused[k] = true
					w.finish()
					w.ask("p", false)
					in = integrator.Input{Kind: integrator.Listed}
					if name == "rows that nobody asked for" {
						in.Rows = []integrator.Row{row("b", 1)}
					}
				}
			} else {
				w.ask("p", false)
			}
			in.Request = w.pending[0].Request
			w.input(&in)
			last := integrator.Execution{}
			w.core.History(func(x *integrator.Execution) { last = *x })
			if last.State != integrator.Error || last.Cause != integrator.BadAnswer || w.core.Busy() {
				t.Errorf("ended as %q", ending(&last))
			}
			w.input(&in) // comes again, to a request that is over
			w.pending = nil
			w.ask("p", false)
			w.finish()
			w.core.History(func(x *integrator.Execution) { last = *x })
			if last.State == integrator.Error {
				t.Errorf("the next run ended as %q", ending(&last))
			}
		})
	}
}

// Schedules are kept to their grid, whatever the signs.
func TestSchedule(t *testing.T) {
	t.Parallel()
	minute := engine.Time(time.Minute)
	for _, test := range []struct {
		start, due engine.Time
		offset     time.Duration
	}{
		{0, 0, 0},
		{1, minute, 0},
		{minute, minute, 0},
		{-1, 0, 0},
		{-minute, -minute, 0},
		{-minute - 1, -minute, 0},
		{0, engine.Time(10 * time.Second), 10 * time.Second},
		{0, engine.Time(50 * time.Second), -10 * time.Second},
	} {
		core, err := integrator.NewCore(integrator.Config{
			Maps: twoMaps(), Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}, Every: time.Minute, Offset: test.offset}},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		out := core.Step(test.start, &integrator.Input{Kind: integrator.Started})
		begun, wake := len(out.Save) > 0, engine.Time(0)
		for _, eff := range out.Do {
			if eff.Kind == integrator.WakeAt {
				wake = eff.At
			}
		}
		if begun != (test.due <= test.start) || !begun && wake != test.due {
			t.Errorf("started at %v with offset %v: begun %v, woken at %v; due at %v", test.start, test.offset, begun, wake, test.due)
		}
	}
}

// An integrator that was not woken for ten starts runs once, and then as its
// schedule says.
func TestStartsThatNobodyWokeItFor(t *testing.T) {
	t.Parallel()
	minute := engine.Time(time.Minute)
	w := newWorld(t, integrator.Config{
		Maps: twoMaps(), Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}, Every: time.Minute}},
	}, [3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}})
	w.finish() // the world begins at a full hour: one is due at once
	w.now += 10*minute + 1
	w.input(&integrator.Input{Kind: integrator.TimeReached})
	w.finish()
	var due, started []engine.Time
	w.core.History(func(x *integrator.Execution) {
		due, started = append(due, x.Due-engine.Time(time.Hour)), append(started, x.Started-engine.Time(time.Hour))
	})
	if !slices.Equal(due, []engine.Time{0, minute}) || !slices.Equal(started, []engine.Time{0, 10*minute + 1}) {
		t.Errorf("due %v, started %v", due, started)
	}
	if want := engine.Time(time.Hour) + 11*minute; w.wakeAt != want {
		t.Errorf("woken next at %v, not %v", w.wakeAt, want)
	}
}

// An answer that comes after the request was reported as failed counts for
// nothing: the request is repeated.
func TestAnswerAfterTheFailureIsIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t, integrator.Config{Maps: twoMaps(), Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}}},
		[3]testClock{{granularity: 1}, {granularity: 1}, {granularity: 1}})
	w.sides[engine.FinOps].edit(w.now, engine.Key{ID: "A"}, map[int]engine.Value{0: engine.Text("a")})
	w.ask("p", false)
	w.carryOut(0, carryOut)
	write := w.pending[0]
	w.carryOut(0, loseRequest)
	w.input(&integrator.Input{Kind: integrator.Written, Request: write.Request, Results: make([]integrator.RowResult, 1)})
	w.input(&integrator.Input{Kind: integrator.RequestFailed, Request: write.Request, Failure: engine.Down})
	w.input(&integrator.Input{Kind: integrator.RequestFailed, Request: 999, Failure: engine.Down})
	if !w.core.Busy() || len(w.pending) > 0 {
		t.Fatalf("busy is %v, and %d requests are under way", w.core.Busy(), len(w.pending))
	}
	w.pass(2 * time.Second)
	if len(w.pending) != 1 || w.pending[0].Attempt != 2 || w.pending[0].Request != write.Request {
		t.Fatalf("repeated as %+v", w.pending)
	}
	w.finish()
	if !w.sides[engine.Dataverse].alive(engine.Key{ID: "A"}) {
		t.Error("the row was never written")
	}
}

// BenchmarkCopy is a full copy of 50,000 rows per iteration: listed in pages of
// 5,000, translated and written in batches of 100. The systems cost nothing.
func BenchmarkCopy(b *testing.B) {
	const size = 50_000
	cfg := integrator.Config{Maps: twoMaps(), Projects: []integrator.Project{{Name: "p", Tasks: []engine.MapID{0}}}}
	rows := make([]integrator.Row, size)
	for i := range rows {
		rows[i] = integrator.Row{
			Record: &engine.Record{
				Key: &engine.Key{ID: fmt.Sprintf("%06d", i)}, Version: engine.Version(i + 1), Alive: true,
				Values: []engine.Value{engine.Text("name"), engine.Number(int64(i))},
			},
			Modified: integrator.LocalTime(i),
		}
	}
	results := make([]integrator.RowResult, 100)
	b.ReportAllocs()
	copied := 0
	for b.Loop() {
		core, err := integrator.NewCore(cfg, nil)
		if err != nil {
			b.Fatal(err)
		}
		core.Step(1, &integrator.Input{Kind: integrator.Started})
		out, err := core.Ask(1, "p", true)
		if err != nil {
			b.Fatal(err)
		}
		at := 0
		for pending := slices.Clone(out.Do); len(pending) > 0; {
			eff := pending[0]
			pending = pending[1:]
			in := integrator.Input{Kind: integrator.Written, Request: eff.Request}
			if eff.Kind == integrator.ListChanges {
				n := min(eff.Listing.Max, size-at)
				in.Kind, in.Rows, in.More = integrator.Listed, rows[at:at+n], at+n < size
				at += n
			} else {
				in.Results = results[:len(eff.Upserts)]
				copied += len(eff.Upserts)
			}
			pending = append(pending, core.Step(1, &in).Do...)
		}
	}
	b.ReportMetric(float64(copied)/b.Elapsed().Seconds(), "rows/s")
}
