package engine_test

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// environment is two small in-memory systems, a store and an engine that a
// text scenario drives by hand, one request at a time. Each directive's output
// is the trace of what happened.
//
//	maps, remap              declare table maps, one per line: see [environment.declareMap]; "remap" does so anew
//	config k=v ...           workers, batch, attempts, queue, primary, deletewins, deletes=transaction (it takes its whole transaction live), hides=SIDE
//	user SIDE [bypass]       one transaction; a line per operation: create|update|delete MAP KEY col=value ...
//	notify SIDE              a notification reaches the engine
//	step [N]                 carry out the next N requests (1)
//	until KIND               carry out requests until the next is a pull, read or write
//	run                      carry out requests until none is left; time stands still
//	advance SPAN             let time pass, then tell the engine if it asked for it
//	lose request|answer      the next request gets a time-out; with "answer" it was carried out
//	fail                     the next request, a commit, fails: the transaction is undone
//	throttle SPAN            the next request is refused, with a time to wait
//	hold NAME                the next request gets a time-out and lands later
//	land NAME                a held request is carried out now
//	leak SIDE MAP KEY        the side's hook leaks the engine's own write as a reference
//	crash [unsaved]          the engine dies and starts again; "unsaved" undoes the last step's saves
//	down SIDE, up SIDE       the side refuses requests, or works again
//	refuse SIDE MAP KEY      the side's validation refuses writes of a record, until "accept"
//	jam SIDE MAP KEY         what writes the record meets a deadlock, until "unjam"
//	plant NAME               switch a failpoint on
//	desk COMMAND [k=v ...]   an operator's request: retry, dismiss, pause, resume, stop, start; map, side, class, since, before, how;
//	                         of start: initial=(MAP,...), and for all of these primary, from, company=(...)
//	queue, show              what is open; what both sides hold
//	expect                   lines that must all hold; see [environment.expect]
//
// Keys of a map that is striped by company are written KEY@COMPANY. In the
// lines of "user" and "expect", L{1..9} stands for L1 to L9. What the systems
// and their outboxes can do besides stands with [environment.more] and
// [environment.habits]. After every
// scenario, [accounts] are closed.
type environment struct {
	t              testing.TB
	cfg            engine.Config
	maps           []*engine.TableMap
	primary        engine.Side
	deletesTakeAll bool
	sides          [2]*testSystem
	store          store.Store
	file           string // of the store; "": it is in memory
	core           *engine.Core
	now            engine.Time
	wakeAt         engine.Time

	pending  []engine.Effect
	held     map[string]engine.Effect
	planted  plants
	alerts   []engine.Alert      // of the job
	raised   int                 // of them, those that were raised
	pauses   [2]engine.Time      // by side: until when it has asked to be left alone
	outcomes map[string][]string // by side and map/key: "1 synced written"
	keeps    bool                // what is saved is kept, so that it can be restored
	saved    []engine.Mutation   // all of them
	unheard  [2]bool             // by side: the restored engine has heard nothing of its outbox
	backedUp int                 // of them, those in the backup of the engine's store
	unsaved  []engine.Mutation   // of the last step: a crash may take them away
	tx       engine.TxID
	trace    strings.Builder
	writes   int
	full     int            // steps after which an outbox had to wait for room in the queue
	carried  int            // of them, those that brought content
	reads    map[string]int // by key, whatever the map
	quiet    bool
	moments  *moments // nil: the engine dies only when it is told to
	accounts *accounts
	judge    *judge // follows causal histories; nil in text scenarios
}

type plants map[string]bool

func (p plants) Hit(name string) bool { return p[name] }

// newEnvironment returns an environment that keeps accounts.
func newEnvironment(t testing.TB) *environment {
	e := &environment{t: t, planted: plants{}, held: map[string]engine.Effect{}, outcomes: map[string][]string{}, now: 1}
	e.reads, e.keeps = map[string]int{}, true
	e.accounts = &accounts{env: e, settled: map[string]int{}}
	return e
}

// TestTraces tells each story twice, in memory and over a file; in a hurry only
// in memory.
func TestTraces(t *testing.T) {
	folder := t.TempDir()
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		tell(t, path, "")
		if !testing.Short() {
			tell(t, path, filepath.Join(folder, filepath.Base(path)))
		}
	})
}

// tell carries out a text scenario over a store in memory, or in a file.
func tell(t *testing.T, path, file string) {
	e := newEnvironment(t)
	e.file = file
	datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
		e.t = t
		e.trace.Reset()
		e.directive(d)
		if e.trace.Len() == 0 {
			return "ok"
		}
		return e.trace.String()
	})
	e.accounts.close(t)
	e.closeStore()
}

func (e *environment) printf(format string, args ...any) {
	if !e.quiet {
		fmt.Fprintf(&e.trace, format+"\n", args...)
	}
}

func (e *environment) directive(d *datadriven.TestData) {
	switch d.Cmd {
	case "maps":
		e.declareMaps(d)
	case "remap":
		if err := e.remap(strings.Split(d.Input, "\n")); err != nil {
			d.Fatalf(e.t, "%v", err)
		}
	case "config":
		e.configure(d)
	case "user":
		e.user(d)
	case "notify":
		e.input(&engine.Input{Kind: engine.Notified, Side: side(d, 0)})
	case "step":
		n := 1
		if len(d.CmdArgs) > 0 {
			n, _ = strconv.Atoi(d.CmdArgs[0].Key)
		}
		for ; n > 0; n-- {
			e.step(carryOut)
		}
	case "until":
		for len(e.pending) > 0 && e.pending[0].Kind.String() != d.CmdArgs[0].Key {
			e.step(carryOut)
		}
	case "run":
		for len(e.pending) > 0 {
			e.step(carryOut)
		}
	case "advance":
		span, err := time.ParseDuration(d.CmdArgs[0].Key)
		if err != nil {
			d.Fatalf(e.t, "%v", err)
		}
		e.now = e.now.Add(span)
		if e.wakeAt != 0 && e.wakeAt <= e.now {
			e.wakeAt = 0
			e.input(&engine.Input{Kind: engine.TimeReached})
		}
	case "lose":
		if d.CmdArgs[0].Key == "answer" {
			e.step(loseAnswer)
		} else {
			e.step(loseRequest)
		}
	case "fail":
		e.step(failCommit)
	case "throttle":
		span, err := time.ParseDuration(d.CmdArgs[0].Key)
		if err != nil {
			d.Fatalf(e.t, "%v", err)
		}
		e.throttle(span)
	case "hold":
		e.held[d.CmdArgs[0].Key] = e.pending[0]
		e.step(loseRequest)
	case "land":
		eff, ok := e.held[d.CmdArgs[0].Key]
		if !ok {
			d.Fatalf(e.t, "nothing is held as %s", d.CmdArgs[0].Key)
		}
		delete(e.held, d.CmdArgs[0].Key)
		e.sides[eff.Side].serve(&eff)
	case "leak":
		s := e.sides[side(d, 0)]
		r := s.records[e.key(d.CmdArgs[1].Key, d.CmdArgs[2].Key)]
		s.append(engine.Reference{Key: *r.Key, Side: s.side, Incarnation: r.Mark.Incarnation, Number: r.Mark.Number, Groups: 1, Op: engine.Update})
	case "crash":
		e.crash(len(d.CmdArgs) > 0)
	case "down":
		e.sides[side(d, 0)].down = true
	case "up":
		e.sides[side(d, 0)].down = false
	case "refuse", "accept":
		e.sides[side(d, 0)].refused[e.key(d.CmdArgs[1].Key, d.CmdArgs[2].Key)] = d.Cmd == "refuse"
	case "jam", "unjam":
		s, k := e.sides[side(d, 0)], e.key(d.CmdArgs[1].Key, d.CmdArgs[2].Key)
		if s.jammed == nil {
			s.jammed = map[engine.Key]bool{}
		}
		s.jammed[k] = d.Cmd == "jam"
	case "plant":
		e.planted[d.CmdArgs[0].Key] = true
	case "desk":
		e.desk(d)
	case "queue":
		e.queue()
	case "show":
		e.show()
	case "expect":
		e.expect(d)
	default:
		e.more(d)
	}
}

// side reads an argument that names a side.
func side(d *datadriven.TestData, arg int) engine.Side {
	if d.CmdArgs[arg].Key == "dataverse" {
		return engine.Dataverse
	}
	return engine.FinOps
}

func (e *environment) declareMaps(d *datadriven.TestData) {
	if err := e.declare(strings.Split(d.Input, "\n")); err != nil {
		d.Fatalf(e.t, "%v", err)
	}
	e.build()
}

// build makes both sides, an empty store and an engine for the maps.
func (e *environment) build() {
	e.cfg.Maps, e.cfg.Failpoints = e.maps, e.planted
	if len(e.alerts) > 0 {
		e.cfg.Jobs = []engine.Job{{Name: "all", Alerts: e.alerts}}
		for i := range e.maps {
			e.cfg.Jobs[0].Maps = append(e.cfg.Jobs[0].Maps, engine.MapID(i))
		}
	}
	e.openStore()
	for _, s := range engine.Sides {
		e.sides[s] = &testSystem{
			env: e, side: s, capture: engine.NewCapture(s, e.maps, e.planted),
			records: map[engine.Key]*engine.Record{}, refused: map[engine.Key]bool{}, unique: map[engine.MapID]int{},
			held: map[engine.TxID]heldTx{}, ended: map[engine.TxID]bool{},
		}
		e.sides[s].capture.DeletesTakeAll = e.deletesTakeAll
	}
	e.restart()
}

func (e *environment) configure(d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		n := 0
		if len(a.Vals) > 0 {
			n, _ = strconv.Atoi(a.Vals[0])
		}
		switch a.Key {
		case "workers":
			e.cfg.Workers = n
		case "batch":
			e.cfg.Batch = n
		case "attempts":
			e.cfg.Attempts = n
		case "answers":
			e.cfg.AnswersMax = n
		case "pull":
			e.cfg.PullMax = n
		case "queue":
			e.cfg.QueueMax = n
		case "requests":
			e.cfg.DeskRequests = n
		case "records":
			e.cfg.DeskRecords = n
		case "part":
			e.cfg.DeskPart = n
		case "chunk":
			e.cfg.InitialChunk = n
		case "rows":
			e.cfg.InitialRows = n
		case "barrier":
			e.cfg.Barrier = true
		case "unordered":
			e.cfg.Unordered = true
		case "proceed":
			e.cfg.Proceed = true
		case "pauseage":
			e.cfg.PauseAge, _ = time.ParseDuration(a.Vals[0])
		case "pausesize":
			e.cfg.PauseSize = int64(n)
		case "deletewins":
			e.cfg.DeleteWins = true
		case "hides":
			e.cfg.Hides[sideNamed(a.Vals[0])] = true
		case "deletes":
			e.deletesTakeAll = a.Vals[0] == "transaction"
		case "primary":
			if a.Vals[0] == "dataverse" {
				e.primary = engine.Dataverse
			}
		default:
			d.Fatalf(e.t, "unknown setting %s", a.Key)
		}
	}
}

// restart starts an engine from what the store holds.
func (e *environment) restart() {
	state, err := e.store.Load()
	if err != nil {
		e.t.Fatal(err)
	}
	core, err := engine.NewCore(e.cfg, state)
	if err != nil {
		e.t.Fatal(err)
	}
	e.core, e.pending, e.wakeAt, e.pauses = core, nil, 0, [2]engine.Time{} // it remembers no pause
	e.input(&engine.Input{Kind: engine.Started})
}

func (e *environment) crash(unsaved bool) {
	if unsaved {
		e.unsaved = nil
	}
	e.flush()
	e.reopenStore()
	e.printf("crash")
	e.breakCalls()
	e.restart()
}

// breakCalls lets both sides undo what they hold: nobody answers them any more.
func (e *environment) breakCalls() {
	for _, s := range e.sides {
		for _, tx := range slices.Sorted(maps.Keys(s.held)) {
			s.endTx(&engine.Effect{Kind: engine.AskTx, Tx: tx}, true)
		}
	}
}

// input gives the engine one input and queues the effects. What the step asks
// to be saved is saved at the next one at the latest.
func (e *environment) input(in *engine.Input) {
	e.flush()
	e.output(e.core.Step(e.now, in))
	if !e.core.RestsUntouched() {
		e.t.Fatalf("a lane at rest was written to, and with it all others, by %v", in.Kind)
	}
}

// output notes what a step asks for.
func (e *environment) output(out engine.Output) {
	e.unsaved = slices.Clone(out.Save)
	for i := range out.Save {
		e.traceMutation(&out.Save[i])
	}
	for _, eff := range out.Do {
		if eff.Kind == engine.WakeAt {
			e.wakeAt = eff.At
			continue
		}
		if eff.Kind == engine.RaiseAlert {
			e.raised++
			e.printf("  alert of job %s: %d failures within %v, the last %s (%s): %v",
				eff.Raised.Job, eff.Raised.Alert.Count, eff.Raised.Alert.Within, eff.Raised.Last.Class, eff.Raised.Last.Reason, eff.Raised.Alert.Action)
			continue
		}
		e.printf("  -> %s", e.describe(&eff))
		e.keepsPause(&eff)
		if err := e.fits(&eff); err != nil {
			panic(err)
		}
		if e.judge != nil {
			e.judge.decided(&eff, e.core)
		}
		e.pending = append(e.pending, eff)
	}
	e.moments.saving(e)
	if e.core.Stats().Full != [2]bool{} {
		e.full++
	}
}

// flush saves what the last step asked for and books its outcomes.
func (e *environment) flush() {
	e.save(e.unsaved)
	e.unsaved = nil
}

func (e *environment) save(mutations []engine.Mutation) {
	if err := e.store.Save(mutations); err != nil {
		panic(err)
	}
	for i := range mutations {
		m := &mutations[i]
		if e.keeps {
			e.saved = append(e.saved, *m)
			e.saved[len(e.saved)-1].Flights = slices.Clone(m.Flights) // the engine uses the list again
		}
		if r := &m.Reference; m.Kind == engine.ReferenceSettled && !r.Origin.Holds() {
			name := fmt.Sprintf("%s %s/%s", r.Side, e.maps[r.Key.Map].Name, keyName(r.Key))
			e.outcomes[name] = append(e.outcomes[name], fmt.Sprintf("%d %s %s", r.Number, m.Outcome.Class, m.Outcome.Reason))
			if e.judge != nil {
				e.judge.settled(r, m.Outcome)
			}
			if e.accounts != nil {
				e.accounts.book(r, m.Outcome)
			}
		}
	}
}

// traceMutation traces what a step saves.
func (e *environment) traceMutation(m *engine.Mutation) {
	r := &m.Reference
	switch m.Kind {
	case engine.ReferenceAdded:
		e.printf("  queued %s %s", r.Origin, r)
	case engine.ReferenceSettled:
		tried := ""
		if m.Attempts > 0 {
			tried = fmt.Sprintf(" after %d that failed", m.Attempts)
		}
		e.printf("  settled %s %s: %s (%s)%s", r.Origin, r, m.Outcome.Class, m.Outcome.Reason, tried)
	case engine.IntentOpened:
		e.printf("  intent of tx%d on %s", m.Intent.Tx, m.Intent.Side)
	case engine.IntentClosed:
		e.printf("  intent of tx%d on %s closed", m.Intent.Tx, m.Intent.Side)
	case engine.InitialMoved:
		e.traceInitial(m.Initial)
	case engine.PairQuarantined:
		if m.Lane.Parked.Class == engine.Open {
			e.printf("  released %s", keyName(m.Lane.Key))
		} else {
			e.printf("  quarantined %s: %s (%s)", keyName(m.Lane.Key), m.Lane.Parked.Class, m.Lane.Parked.Reason)
		}
	case engine.ResyncAsked, engine.ResyncEnded:
		e.printf("  resync of %s %s", e.maps[m.Resync.Map].Name, map[bool]string{true: "asked for", false: "ended"}[m.Kind == engine.ResyncAsked])
	case engine.JobMoved:
		e.printf("  job %s is %v", m.Job.Name, m.Job.State)
	case engine.LaneChanged:
		if m.Lane.Parked.Class != engine.Open {
			e.printf("  parked %s %s: %s (%s)", m.Lane.Side, keyName(m.Lane.Key), m.Lane.Parked.Class, m.Lane.Parked.Reason)
		} else {
			e.printf("  %s %s has used %d attempts", m.Lane.Side, keyName(m.Lane.Key), m.Lane.Attempts)
		}
	}
}

func (e *environment) describe(eff *engine.Effect) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", eff.Kind, eff.Side)
	if len(eff.Ack) > 0 {
		fmt.Fprintf(&b, " ack %v", eff.Ack)
	}
	if eff.Tx != 0 {
		fmt.Fprintf(&b, " tx%d", eff.Tx)
	}
	if eff.Kind == engine.SwitchCapture {
		fmt.Fprintf(&b, " %v", eff.Capturing)
		for _, m := range eff.Maps {
			fmt.Fprintf(&b, " %s", e.maps[m].Name)
		}
	}
	for _, k := range eff.Keys {
		fmt.Fprintf(&b, " %s", keyName(k))
	}
	for _, k := range eff.Lookups {
		fmt.Fprintf(&b, " ?%s", keyName(k))
	}
	if eff.Kind == engine.ListRecords {
		fmt.Fprintf(&b, " %s", e.maps[eff.After.Map].Name)
		if eff.After.ID != "" {
			fmt.Fprintf(&b, " after %s", keyName(eff.After))
		}
	}
	for i := range eff.Writes {
		w := &eff.Writes[i]
		fmt.Fprintf(&b, " %s:%s", w.Kind, keyName(w.Key))
		if w.Override != 0 {
			b.WriteString(":override")
		}
	}
	return b.String()
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
