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
