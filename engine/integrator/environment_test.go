package integrator_test

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// environment is two small systems, an integrator and its saved state, that a
// text scenario drives by hand, one request at a time. Each directive's output
// is the trace of what happened. True time begins at one second.
//
//	maps                     declare table maps, one per line: name column column->map ...
//	project NAME k=v ...     from=SIDE tasks=(MAP,...) every=SPAN offset=SPAN by=token watermark=newest-row
//	                         inclusive overlap=SPAN expired=refuse ignore-deletes
//	config k=v ...           rows, page, batch, writers, attempts, failed, starts, history
//	clock WHO k=v ...        WHO is a side or integrator: offset=SPAN, granularity=SPAN
//	user SIDE                a line per change: create|update|delete MAP KEY col=value ...; KEY~SPELLING is kept apart
//	ask PROJECT [full]       an operator runs a project by hand
//	step [N]                 carry out the next N requests (1)
//	run                      carry out requests until none is left; time stands still
//	advance SPAN             let time pass, and run: the integrator is woken when it asked to be
//	tick SPAN                let time pass while requests are under way; nobody is woken
//	lose request|answer      the next request gets a time-out; with "answer" it was carried out
//	hold NAME                the next request gets a time-out and lands later
//	land NAME                a held request is carried out now
//	throttle [SPAN]          the next request is refused, with a time to wait
//	crash [unsaved]          the integrator dies and starts again; "unsaved" undoes the last step's saves
//	down SIDE, up SIDE       the side refuses requests, or works again
//	refuse SIDE MAP KEY      the side's validation refuses writes of a row, until "accept"
//	show, history            what both sides hold; the executions
//	expect                   lines that must all hold; see [environment.expect]
type environment struct {
	t     *testing.T
	cfg   integrator.Config
	sides [2]*testSystem
	core  *integrator.Core
	state integrator.State
	now   engine.Time
	clock testClock // the integrator's

	wakeAt  engine.Time // on the integrator's clock
	pending []integrator.Effect
	held    map[string]integrator.Effect
	unsaved []integrator.Mutation // of the last step: a crash may take them away
	writes  [2]int
	trace   strings.Builder
}

func TestTraces(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		e := &environment{
			t: t, held: map[string]integrator.Effect{}, now: engine.Time(time.Second),
			clock: testClock{granularity: 1},
		}
		expected := 0
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			e.t = t
			e.trace.Reset()
			e.directive(d)
			if d.Cmd == "expect" {
				expected++
			}
			if e.trace.Len() == 0 {
				return "ok"
			}
			return e.trace.String()
		})
		if expected == 0 {
			t.Errorf("%s expects nothing", path)
		}
	})
}

func (e *environment) printf(format string, args ...any) { fmt.Fprintf(&e.trace, format+"\n", args...) }

func (e *environment) directive(d *datadriven.TestData) {
	switch d.Cmd {
	case "maps":
		e.declareMaps(d)
		return
	case "project":
		e.declareProject(d)
		return
	case "config":
		e.configure(d)
		return
	}
	if e.core == nil && d.Cmd != "clock" {
		e.start()
	}
	switch d.Cmd {
	case "clock":
		e.setClock(d)
	case "user":
		e.user(d)
	case "ask":
		e.flush()
		out, err := e.core.Ask(e.local(), word(d, 0), len(d.CmdArgs) > 1)
		if err != nil {
			d.Fatalf(e.t, "%v", err)
		}
		e.output(out)
	case "step":
		n := 1
		if len(d.CmdArgs) > 0 {
			n, _ = strconv.Atoi(word(d, 0))
		}
		for ; n > 0; n-- {
			e.step(carryOut)
		}
	case "run":
		e.run()
	case "advance":
		e.advance(e.span(d, word(d, 0)))
	case "tick":
		e.now = e.now.Add(e.span(d, word(d, 0)))
	case "lose":
		if word(d, 0) == "answer" {
			e.step(loseAnswer)
		} else {
			e.step(loseRequest)
		}
	case "hold":
		e.held[word(d, 0)] = e.next()
		e.step(loseRequest)
	case "land":
		eff, ok := e.held[word(d, 0)]
		if !ok {
			d.Fatalf(e.t, "nothing is held as %s", word(d, 0))
		}
		delete(e.held, word(d, 0))
		e.sides[eff.Side].serve(e.now, &eff)
	case "throttle":
		eff := e.next()
		e.pending = e.pending[1:]
		e.printf("%s\n  throttled", e.describe(&eff))
		in := &integrator.Input{Kind: integrator.RequestFailed, Request: eff.Request, Failure: engine.Throttled}
		if len(d.CmdArgs) > 0 {
			in.RetryAfter = e.span(d, word(d, 0))
		}
		e.input(in)
	case "crash":
		if len(d.CmdArgs) > 0 {
			e.unsaved = nil
		}
		e.flush()
		e.printf("crash")
		e.start()
	case "down", "up":
		e.sides[sideNamed(d, word(d, 0))].down = d.Cmd == "down"
	case "refuse", "accept":
		e.sides[sideNamed(d, word(d, 0))].refused[e.key(word(d, 1), word(d, 2))] = d.Cmd == "refuse"
	case "show":
		for _, s := range e.sides {
			for _, k := range s.keys {
				e.printf("%s %s/%s = %s, modified at %v", s.side, e.cfg.Maps[k.Map].Name, k.ID, e.values(s.side, k), time.Duration(s.rows[k].Modified))
			}
		}
	case "history":
		e.core.History(func(x *integrator.Execution) {
			e.printf("%s %d %s due %v: %v to %v, %s", x.Project, x.Number, x.Trigger, time.Duration(x.Due), time.Duration(x.Started), time.Duration(x.Ended), ending(x))
		})
	case "expect":
		e.expect(d)
	default:
		d.Fatalf(e.t, "unknown directive %q", d.Cmd)
	}
}

func word(d *datadriven.TestData, i int) string { return d.CmdArgs[i].Key }

func sideNamed(d *datadriven.TestData, name string) engine.Side {
	for _, s := range engine.Sides {
		if s.String() == name {
			return s
		}
	}
	panic(fmt.Sprintf("%s: no side %q", d.Pos, name))
}

func (e *environment) span(d *datadriven.TestData, text string) time.Duration {
	span, err := time.ParseDuration(text)
	if err != nil {
		d.Fatalf(e.t, "%v", err)
	}
	return span
}

func (e *environment) declareMaps(d *datadriven.TestData) {
	lines := strings.Split(d.Input, "\n")
	byName := map[string]engine.MapID{}
	for i, line := range lines {
		byName[strings.Fields(line)[0]] = engine.MapID(i)
	}
	var maps []engine.TableMap
	for _, line := range lines {
		var m engine.TableMap
		for j, w := range strings.Fields(line) {
			name, target, lookup := strings.Cut(w, "->")
			switch {
			case j == 0:
				m.Name = w
			case lookup:
				m.Columns = append(m.Columns, engine.Column{Name: name, Lookups: []engine.MapID{byName[target]}})
			default:
				m.Columns = append(m.Columns, engine.Column{Name: name})
			}
		}
		maps = append(maps, m)
	}
	e.cfg.Maps = declare(maps...)
	for _, s := range engine.Sides {
		e.sides[s] = newTestSystem(s, e.cfg.Maps)
		e.sides[s].wrote = func(row *integrator.Row) {
			r := row.Record
			e.printf("  %s: %s/%s = %s", s, e.cfg.Maps[r.Key.Map].Name, r.Key.ID, e.values(s, *r.Key))
		}
	}
}

func (e *environment) declareProject(d *datadriven.TestData) {
	p := integrator.Project{Name: word(d, 0)}
	for _, a := range d.CmdArgs[1:] {
		value := ""
		if len(a.Vals) > 0 {
			value = a.Vals[0]
		}
		switch a.Key {
		case "from":
			p.From = sideNamed(d, value)
		case "tasks":
			for _, name := range a.Vals {
				p.Tasks = append(p.Tasks, e.key(name, "").Map)
			}
		case "every":
			p.Every = e.span(d, value)
		case "offset":
			p.Offset = e.span(d, value)
		case "by":
			p.Detect.By = integrator.ByToken
		case "watermark":
			p.Detect.Watermark = integrator.NewestRow
		case "inclusive":
			p.Detect.Inclusive = true
		case "overlap":
			p.Detect.Overlap = e.span(d, value)
		case "expired":
			p.Detect.OnExpired = integrator.Refuse
		case "ignore-deletes":
			p.Detect.IgnoreDeletes = true
		default:
			d.Fatalf(e.t, "unknown setting %s", a.Key)
		}
	}
	e.cfg.Projects = append(e.cfg.Projects, p)
}

func (e *environment) configure(d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		if a.Key == "history" {
			e.cfg.History = e.span(d, a.Vals[0])
			continue
		}
		field, ok := map[string]*int{
			"rows": &e.cfg.RowsMax, "page": &e.cfg.Page, "batch": &e.cfg.Batch, "writers": &e.cfg.Writers,
			"attempts": &e.cfg.Attempts, "failed": &e.cfg.FailedMax, "starts": &e.cfg.StartsMax,
		}[a.Key]
		if !ok {
			d.Fatalf(e.t, "unknown setting %s", a.Key)
		}
		*field, _ = strconv.Atoi(a.Vals[0])
	}
}

func (e *environment) setClock(d *datadriven.TestData) {
	c := &e.clock
	if word(d, 0) != "integrator" {
		c = &e.sides[sideNamed(d, word(d, 0))].clock
	}
	for _, a := range d.CmdArgs[1:] {
		span := e.span(d, a.Vals[0])
		if a.Key == "offset" {
			c.offset = span
		} else {
			c.granularity = span
		}
	}
}

func (e *environment) local() engine.Time { return e.clock.local(e.now) }

// start starts an integrator from what is saved.
func (e *environment) start() {
	core, err := integrator.NewCore(e.cfg, e.state.Clone())
	if err != nil {
		e.t.Fatal(err)
	}
	e.core, e.pending, e.wakeAt = core, nil, 0
	e.input(&integrator.Input{Kind: integrator.Started})
}

func (e *environment) input(in *integrator.Input) {
	e.flush()
	e.output(e.core.Step(e.local(), in))
}

func (e *environment) output(out integrator.Output) {
	e.unsaved = slices.Clone(out.Save)
	for i := range out.Save {
		e.printMutation(&out.Save[i])
	}
	for _, eff := range out.Do {
		if eff.Kind == integrator.WakeAt {
			e.wakeAt = eff.At
			continue
		}
		e.printf("  -> %s", e.describe(&eff))
		e.pending = append(e.pending, eff)
	}
}

func (e *environment) flush() {
	e.state.Apply(e.unsaved)
	e.unsaved = nil
}

// advance lets time pass, from wake to wake.
func (e *environment) advance(span time.Duration) {
	end := e.now.Add(span)
	e.run()
	for e.wakeAt != 0 {
		at := e.wakeAt.Add(-e.clock.offset)
		if at > end {
			break
		}
		e.now, e.wakeAt = max(e.now, at), 0
		e.printf("at %v", time.Duration(e.now))
		e.input(&integrator.Input{Kind: integrator.TimeReached})
		e.run()
	}
	e.now = end
}

func (e *environment) run() {
	for len(e.pending) > 0 {
		e.step(carryOut)
	}
}

func (e *environment) next() integrator.Effect {
	if len(e.pending) == 0 {
		e.t.Fatal("no request is pending")
	}
	return e.pending[0]
}

// fate is what happens to a request.
type fate int

const (
	carryOut fate = iota
	loseRequest
	loseAnswer
)

// step lets the next request meet its fate.
func (e *environment) step(f fate) {
	eff := e.next()
	e.pending = e.pending[1:]
	e.printf("%s", e.describe(&eff))
	var in *integrator.Input
	if f != loseRequest {
		in = e.sides[eff.Side].serve(e.now, &eff)
		e.printAnswer(&eff, in)
	}
	if f != carryOut {
		e.printf("  no answer")
		in = &integrator.Input{Kind: integrator.RequestFailed, Request: eff.Request, Failure: engine.Timeout}
	}
	e.input(in)
}

func (e *environment) describe(eff *integrator.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s %s %s", eff.Project, eff.Kind, eff.Side, e.cfg.Maps[eff.Map].Name)
	switch l := &eff.Listing; {
	case eff.Kind != integrator.ListChanges:
	case l.Full:
		b.WriteString(" all")
	case l.By == integrator.ByToken:
		fmt.Fprintf(&b, " since token %d", l.Token.Version)
	default:
		fmt.Fprintf(&b, " since %v", time.Duration(l.Since))
		if l.Inclusive {
			b.WriteString(" inclusive")
		}
	}
	if eff.Listing.Paged {
		fmt.Fprintf(&b, ", after %s", eff.Listing.After.Key.ID)
	}
	for _, k := range eff.Keys {
		fmt.Fprintf(&b, " %s", k.ID)
	}
	for i := range eff.Upserts {
		if u := &eff.Upserts[i]; u.Delete {
			fmt.Fprintf(&b, " -%s", u.Key.ID)
		} else {
			fmt.Fprintf(&b, " %s", u.Key.ID)
		}
	}
	if eff.Attempt > 1 {
		fmt.Fprintf(&b, " (attempt %d)", eff.Attempt)
	}
	return b.String()
}

func (e *environment) printAnswer(eff *integrator.Effect, in *integrator.Input) {
	switch in.Kind {
	case integrator.RequestFailed:
		e.printf("  %s", in.Failure)
	case integrator.TokenExpired:
		e.printf("  token expired")
	case integrator.Listed:
		var b strings.Builder
		for _, row := range in.Rows {
			switch {
			case row.Record == nil:
				b.WriteString(" ?")
			case !row.Record.Alive:
				fmt.Fprintf(&b, " -%s", row.Record.Key.ID)
			default:
				fmt.Fprintf(&b, " %s", row.Record.Key.ID)
			}
		}
		if in.More {
			b.WriteString(" ...")
		}
		e.printf("  listed%s", b.String())
	case integrator.Written:
		e.writes[eff.Side] += len(in.Results)
		for i, r := range in.Results {
			if r.Reason != engine.NoReason {
				e.writes[eff.Side]--
				e.printf("  %s: %s: %s", eff.Side, eff.Upserts[i].Key.ID, r.Reason)
			}
		}
	}
}

func (e *environment) printMutation(m *integrator.Mutation) {
	switch m.Kind {
	case integrator.RunBegun:
		e.printf("  %s %d begins %s", m.Execution.Project, m.Execution.Number, m.Execution.Trigger)
	case integrator.RunEnded:
		e.printf("  %s %d ends: %s", m.Execution.Project, m.Execution.Number, ending(&m.Execution))
	case integrator.PositionMoved:
		p := &m.Position
		at := "nowhere"
		switch {
		case p.Cut:
			at = "cut after " + p.After.Key.ID
		case p.By == integrator.ByToken && p.Begun:
			at = fmt.Sprintf("token %d", p.Token.Version)
		case p.Begun:
			at = time.Duration(p.Since).String()
		}
		e.printf("  %s %s is at %s", m.Project, e.cfg.Maps[m.Map].Name, at)
	case integrator.RowFailed:
		e.printf("  %s failed: %s (%s), %d times", m.Failed.Project, m.Failed.Key.ID, m.Failed.Reason, m.Failed.Tries)
	case integrator.RowSettled:
		e.printf("  %s no longer fails: %s", m.Failed.Project, m.Failed.Key.ID)
	case integrator.HistoryPurged:
		e.printf("  history before %v is forgotten", time.Duration(m.Before))
	}
}

// ending prints how a run ended.
func ending(x *integrator.Execution) string {
	text := x.State.String()
	if x.Cause != integrator.NoCause {
		text += fmt.Sprintf(" (%s)", x.Cause)
	}
	for _, n := range []struct {
		count int
		of    string
	}{{x.Rows, "rows"}, {x.Retried, "retried"}, {x.Upserts, "upserts"}, {x.Deletes, "deletes"}, {x.Errors, "errors"}, {x.Filtered, "filtered"}} {
		if n.count > 0 || n.of == "rows" {
			text += fmt.Sprintf(", %d %s", n.count, n.of)
		}
	}
	return text
}

func (e *environment) key(mapName, id string) engine.Key {
	i := slices.IndexFunc(e.cfg.Maps, func(m *engine.TableMap) bool { return m.Name == mapName })
	if i < 0 {
		e.t.Fatalf("no map %s", mapName)
	}
	id, spelling, _ := strings.Cut(id, "~")
	return engine.Key{Map: engine.MapID(i), ID: (&engine.KeyForm{}).Canonical(id), Spelling: spelling}
}

func (e *environment) user(d *datadriven.TestData) {
	s := e.sides[sideNamed(d, word(d, 0))]
	for line := range strings.SplitSeq(d.Input, "\n") {
		words := strings.Fields(line)
		k := e.key(words[1], words[2])
		if s.alive(k) == (words[0] == "create") {
			d.Fatalf(e.t, "cannot %s %s", words[0], words[2])
		}
		if words[0] == "delete" {
			s.edit(e.now, k, nil)
			continue
		}
		values := map[int]engine.Value{}
		for _, w := range words[3:] {
			name, value, _ := strings.Cut(w, "=")
			c := columnOf(e.cfg.Maps[k.Map], name)
			if lookups := e.cfg.Maps[k.Map].Columns[c].Lookups; len(lookups) > 0 {
				values[c] = engine.Lookup(&engine.Key{Map: lookups[0], ID: (&engine.KeyForm{}).Canonical(value)})
			} else {
				values[c] = engine.Text(value)
			}
		}
		s.edit(e.now, k, values)
	}
}

// values prints a row's values.
func (e *environment) values(s engine.Side, k engine.Key) string {
	r := e.sides[s].record(k)
	if r == nil || !r.Alive {
		return "absent"
	}
	var words []string
	for i, v := range r.Values {
		switch v.Kind {
		case engine.KindText:
			words = append(words, e.cfg.Maps[k.Map].Columns[i].Name+"="+v.Text)
		case engine.KindLookup:
			words = append(words, e.cfg.Maps[k.Map].Columns[i].Name+"="+v.Target.ID)
		}
	}
	return strings.Join(words, " ")
}

// expect checks lines written by hand, which renewing the golden traces cannot
// touch:
//
//	PROJECT N: ENDING               how the Nth run ended, as the trace prints it
//	SIDE MAP/KEY = col=value ...    the row's values, or "absent"
//	equal MAP/KEY                   both sides hold the same
//	failed PROJECT KEY ...          the rows that wait for the next run, or none
//	writes SIDE N                   rows that the integrator wrote there
//	idle, busy                      whether a run is under way or waits
func (e *environment) expect(d *datadriven.TestData) {
	e.t.Helper()
	e.flush()
	lines := strings.Split(strings.TrimSpace(d.Input), "\n")
	if lines[0] == "" {
		d.Fatalf(e.t, "nothing is expected")
	}
	for _, line := range lines {
		words := strings.Fields(line)
		var got, want string
		switch {
		case line == "idle" || line == "busy":
			got, want = map[bool]string{true: "busy", false: "idle"}[e.core.Busy()], line
		case words[0] == "equal":
			mapName, id, _ := strings.Cut(words[1], "/")
			got, want = e.values(engine.FinOps, e.key(mapName, id)), e.values(engine.Dataverse, e.key(mapName, id))
		case words[0] == "failed":
			var keys []string
			e.core.Failed(func(f *integrator.FailedRow) {
				if f.Project == words[1] {
					keys = append(keys, f.Key.ID)
				}
			})
			got, want = strings.Join(keys, " "), strings.Join(words[2:], " ")
		case words[0] == "writes":
			got, want = strconv.Itoa(e.writes[sideNamed(d, words[1])]), words[2]
		case strings.Contains(line, " = "):
			mapName, id, _ := strings.Cut(words[1], "/")
			_, want, _ = strings.Cut(line, " = ")
			got = e.values(sideNamed(d, words[0]), e.key(mapName, id))
		case len(words) > 2 && strings.HasSuffix(words[1], ":"):
			_, want, _ = strings.Cut(line, ": ")
			got = "never ran"
			e.core.History(func(x *integrator.Execution) {
				if x.Project == words[0] && fmt.Sprintf("%d:", x.Number) == words[1] {
					got = ending(x)
				}
			})
		default:
			d.Fatalf(e.t, "cannot read the expectation %q", line)
		}
		if got != want {
			e.t.Errorf("%s: expected %q, got %q", d.Pos, line, got)
			e.printf("broken: %s\n  got %s", line, got)
		}
	}
}

// TestMain lets the one variable that renews all goldens renew these too.
func TestMain(m *testing.M) {
	flag.Parse()
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := flag.Set("rewrite", "true"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	os.Exit(m.Run())
}
