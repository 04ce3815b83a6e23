package engine_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sort"
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
//	config k=v ...           workers, batch, attempts, primary, deletes=transaction (it takes its whole transaction live), hides=SIDE
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
//	plant NAME               switch a failpoint on
//	desk COMMAND [k=v ...]   an operator's request: retry, dismiss, pause, resume, stop, start; map, side, how;
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
	saved    []engine.Mutation   // all of them; text scenarios only
	backedUp int                 // of them, those in the backup of the engine's store
	unsaved  []engine.Mutation   // of the last step: a crash may take them away
	tx       engine.TxID
	trace    strings.Builder
	writes   int
	carried  int            // of them, those that brought content
	reads    map[string]int // by key, whatever the map
	quiet    bool
	moments  *moments // nil: the engine dies only when it is told to
	accounts *accounts
	judge    *judge // follows causal histories; nil in text scenarios
}

type plants map[string]bool

func (p plants) Hit(name string) bool { return p[name] }

// testSystem is one side.
type testSystem struct {
	env     *environment
	side    engine.Side
	capture *engine.Capture
	records map[engine.Key]*engine.Record
	keys    []engine.Key // in order of creation
	version engine.Version
	outbox  []engine.Reference
	place   uint64
	told    uint64 // the highest order that a pull has named
	at      uint64 // the position of the next captured change; 0: the next place
	down    bool
	off     bool // nothing is captured, since the switch of this turn
	turn    uint64
	held    map[engine.TxID]heldTx // transactions before their commit
	ended   map[engine.TxID]bool   // how those that were held ended
	refused map[engine.Key]bool
	habits  []habit
	noisy   bool // its logic has changed something
	backup  backup
	unique  map[engine.MapID]int // by map: a column of which no two records may hold the same
}

// newEnvironment returns an environment that keeps accounts.
func newEnvironment(t testing.TB) *environment {
	e := &environment{t: t, planted: plants{}, held: map[string]engine.Effect{}, outcomes: map[string][]string{}, now: 1}
	e.reads = map[string]int{}
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
	for _, s := range e.sides { // their calls to the engine break, so that they undo what they hold
		for _, tx := range slices.Sorted(maps.Keys(s.held)) {
			s.endTx(&engine.Effect{Kind: engine.AskTx, Tx: tx}, true)
		}
	}
	e.restart()
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
		if e.judge != nil {
			e.judge.decided(&eff, e.core)
		}
		e.pending = append(e.pending, eff)
	}
	e.moments.saving(e)
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
		if e.accounts != nil {
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
		e.printf("  settled %s %s: %s (%s)", r.Origin, r, m.Outcome.Class, m.Outcome.Reason)
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

// fate is what happens to a request.
type fate int

const (
	carryOut fate = iota
	loseRequest
	loseAnswer
	failCommit // the system undoes a transaction that it was asked to commit
)

// step lets the next request meet its fate.
func (e *environment) step(f fate) {
	if len(e.pending) == 0 {
		e.t.Fatal("no request is pending")
	}
	eff := e.pending[0]
	e.pending = e.pending[1:]
	e.printf("%s", e.describe(&eff))
	if eff.Tx != 0 {
		e.stepTx(&eff, f)
		return
	}
	var answer *engine.Input
	if f != loseRequest {
		e.moments.serving(e, &eff)
		answer = e.sides[eff.Side].serve(&eff)
		e.moments.pass("landed: " + eff.Kind.String())
	}
	if f != carryOut {
		if e.judge != nil {
			e.judge.writes.most += len(eff.Writes)
		}
		e.printf("  no answer")
		answer = &engine.Input{Kind: engine.BatchFailed, Failure: engine.Timeout}
	}
	answer.Side, answer.Batch = eff.Side, eff.Batch
	e.input(answer)
	e.tell()
}

// throttle refuses the next request, with a time to wait.
func (e *environment) throttle(span time.Duration) {
	eff := e.pending[0]
	e.pending = e.pending[1:]
	e.printf("%s\n  throttled", e.describe(&eff))
	e.pauses[eff.Side] = max(e.pauses[eff.Side], e.now.Add(span))
	e.input(&engine.Input{Kind: engine.BatchFailed, Side: eff.Side, Batch: eff.Batch, Failure: engine.Throttled, RetryAfter: span})
}

// keepsPause notes a request to a side that has asked to be left alone. What it
// waits for itself, because it holds a transaction, does not count.
func (e *environment) keepsPause(eff *engine.Effect) {
	if until := e.pauses[eff.Side]; until == 0 || e.now >= until || eff.Kind == engine.CommitTx || eff.Kind == engine.AbortTx {
		return
	}
	if e.judge != nil {
		e.judge.breach("%s is asked for within a pause", e.describe(eff))
	} else if e.accounts != nil {
		e.accounts.faults = append(e.accounts.faults, e.describe(eff)+" is asked for within a pause")
	}
}

// stepTx lets a request about a held transaction meet its fate.
func (e *environment) stepTx(eff *engine.Effect, f fate) {
	var answer *engine.Input
	if f == loseRequest && eff.Kind == engine.AbortTx && e.judge == nil {
		e.printf("  it is not heard")
		return
	}
	if f != loseRequest || eff.Kind == engine.AbortTx { // in time a system undoes what it holds by itself
		e.moments.pass("sent: " + eff.Kind.String())
		answer = e.sides[eff.Side].endTx(eff, f == failCommit)
		e.moments.pass("landed: " + eff.Kind.String())
	}
	if (f == loseRequest || f == loseAnswer) && eff.Kind != engine.AbortTx {
		e.printf("  no answer")
		answer = &engine.Input{Kind: engine.BatchFailed, Side: eff.Side, Tx: eff.Tx, Failure: engine.Timeout}
	}
	if answer != nil {
		e.input(answer)
	}
}

// serve carries out a request.
func (s *testSystem) serve(eff *engine.Effect) *engine.Input {
	if s.down {
		s.env.printf("  %s is down", s.side)
		return &engine.Input{Kind: engine.BatchFailed, Failure: engine.Down}
	}
	switch eff.Kind {
	case engine.SwitchCapture:
		s.capture.Switch(eff.Maps, eff.Capturing, eff.Turn)
		if eff.Turn >= s.turn {
			s.off, s.turn = eff.Capturing.Off, eff.Turn
		}
		return &engine.Input{Kind: engine.CaptureSwitched}
	case engine.PullOutbox:
		s.outbox = slices.DeleteFunc(s.outbox, func(r engine.Reference) bool { return slices.Contains(eff.Ack, r.Position) })
		n := min(len(s.outbox), eff.Max)
		in := &engine.Input{Kind: engine.OutboxPulled, References: slices.Clone(s.outbox[:n]), More: n < len(s.outbox), Order: s.told}
		s.told = max(s.told, eff.Order)
		if eff.AckOnDelivery {
			s.outbox = s.outbox[n:]
		}
		return in
	case engine.ReadBatch:
		in := &engine.Input{Kind: engine.BatchRead}
		for _, k := range eff.Keys {
			if s.env.reads != nil {
				s.env.reads[keyName(k)]++
			}
			in.Records = append(in.Records, s.records[k])
		}
		for _, k := range eff.Lookups {
			a := engine.Alive{Key: k}
			if r := s.records[k]; r != nil && r.Alive {
				a.Incarnation = max(r.Mark.Incarnation, 1)
			}
			in.Lookups = append(in.Lookups, a)
		}
		return in
	case engine.ListRecords:
		return s.list(eff)
	default:
		in := &engine.Input{Kind: engine.BatchWritten}
		if eff.Atomic && !s.allPass(eff.Writes, in) {
			return in
		}
		for i := range eff.Writes {
			in.Rows = append(in.Rows, s.write(&eff.Writes[i]))
		}
		return in
	}
}

// list returns a page of the records that are alive.
func (s *testSystem) list(eff *engine.Effect) *engine.Input {
	in := &engine.Input{Kind: engine.RecordsListed}
	keys := slices.SortedFunc(slices.Values(s.keys), engine.Key.Compare)
	for _, k := range keys {
		r := s.records[k]
		if !r.Alive || k.Map != eff.After.Map || k.Compare(eff.After) <= 0 || eff.Company != "" && eff.Company != k.Company {
			continue
		}
		if len(in.Records) == eff.Max {
			in.More = true
			break
		}
		in.Records = append(in.Records, r)
	}
	return in
}

// holds reports whether a record is there.
func (s *testSystem) holds(k engine.Key) bool { return s.records[k] != nil && s.records[k].Alive }

// referenced reports whether another live record looks a record up, or one of a
// transaction that is held.
func (s *testSystem) referenced(k engine.Key) bool {
	for _, h := range s.held {
		if slices.ContainsFunc(h.changes, func(c engine.Change) bool { return c.Key != k && names(c.After, k) }) {
			return true
		}
	}
	for _, r := range s.records {
		if *r.Key != k && (r.Alive && names(r.Values, k) || r.Mark.Hidden != nil && names(r.Mark.Hidden.Values, k)) {
			return true
		}
	}
	return false
}

func names(values []engine.Value, k engine.Key) bool {
	return slices.ContainsFunc(values, func(v engine.Value) bool { return v.Kind == engine.KindLookup && v.Target.Folded() == k })
}

// allPass tries the rows of an atomic batch. If one fails, none is done, and
// the answer says which.
func (s *testSystem) allPass(writes []engine.Write, in *engine.Input) bool {
	pass := true
	for i := range writes {
		a := engine.RowAnswer{Result: engine.RowUndone}
		w := &writes[i]
		if s.refused[w.Key] || w.Kind == engine.DeleteWrite && s.holds(w.Key) && s.referenced(w.Key) {
			a = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "validation"}
		} else if _, _, ok := engine.Apply(s.env.maps[w.Key.Map], w, s.side, s.records[w.Key]); !ok || s.locked(w.Key) || w.Deadline < s.env.now {
			a = engine.RowAnswer{Result: engine.RowConditionFailed}
		}
		pass = pass && a.Result == engine.RowUndone
		in.Rows = append(in.Rows, a)
	}
	if pass {
		in.Rows = nil
	}
	return pass
}

// write applies one conditional write.
func (s *testSystem) write(w *engine.Write) engine.RowAnswer {
	if s.refused[w.Key] && w.Kind != engine.MarkWrite || w.Kind == engine.DeleteWrite && s.holds(w.Key) && s.referenced(w.Key) {
		return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "validation"}
	}
	for _, a := range w.Lookups {
		if r := s.records[a.Key]; r == nil || !r.Alive || max(r.Mark.Incarnation, 1) != a.Incarnation {
			return engine.RowAnswer{Result: engine.RowConditionFailed}
		}
	}
	now := s.records[w.Key]
	if s.takes(w) {
		return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.DuplicateValue, Cause: "unique value in use"}
	}
	r, ref, ok := engine.Apply(s.env.maps[w.Key.Map], w, s.side, now)
	if !ok || s.locked(w.Key) || w.Deadline < s.env.now {
		s.env.printf("  %s: condition of %s failed", s.side, w.Key.ID)
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	s.env.writes++
	if w.Kind == engine.CarryWrite {
		s.env.carried++
	}
	if values := s.apply(*r.Key, r.Values, true); r.Alive && values != nil {
		r = engine.Normalised(s.env.maps[w.Key.Map], r, values)
	}
	if w.Kind == engine.CarryWrite {
		s.dangles(w, r)
	}
	if s.env.judge != nil {
		r.Trace = s.env.judge.engineCommitted(s.side, w, now, r)
	}
	if ref != nil {
		s.append(*ref)
	}
	if ref == nil {
		s.leak(now, r)
	}
	s.publish(r)
	if w.Kind == engine.CarryWrite {
		s.react(*r.Key)
	}
	return engine.RowAnswer{}
}

// dangles tells of a lookup to a record that is not there, which the engine must
// not write.
func (s *testSystem) dangles(w *engine.Write, r *engine.Record) {
	for i, v := range r.Values {
		if v.Kind != engine.KindLookup || v.Target.Folded() == *r.Key || w.Target != nil && w.Target.Alive && w.Target.Values[i].Equal(v) {
			continue
		}
		if p := s.records[v.Target.Folded()]; p != nil && p.Alive {
			continue
		}
		if s.env.judge != nil {
			s.env.judge.breach("%s on %v looks up %s, which is not there", keyName(*r.Key), s.side, keyName(*v.Target))
		} else if s.env.accounts != nil {
			s.env.accounts.faults = append(s.env.accounts.faults, keyName(*r.Key)+" looks up a record that is not there: "+keyName(*v.Target))
		}
	}
}

// leak appends the reference that the hook makes of the engine's own commit, if
// the origin tag does not stop it.
func (s *testSystem) leak(now, r *engine.Record) {
	number := r.Mark.Number
	leaked := s.capture.OwnWrite(now, r)
	if leaked == nil {
		return
	}
	s.append(*leaked)
	switch j := s.env.judge; {
	case j == nil:
	case leaked.Number == number:
		j.leaks++
	default:
		j.echoes[numberOf(leaked)] = true
	}
}

// append writes a reference to the outbox, at its own position if it has one.
func (s *testSystem) append(r engine.Reference) {
	if r.Position == 0 {
		s.place++
		r.Position = s.place
	}
	i := len(s.outbox)
	for i > 0 && r.Position < s.outbox[i-1].Position {
		i--
	}
	s.outbox = slices.Insert(s.outbox, i, r)
	if s.env.accounts != nil {
		s.env.accounts.capture(&r)
	}
}

func (s *testSystem) publish(r *engine.Record) {
	if s.env.accounts != nil {
		s.env.accounts.marks(s.records[*r.Key], r)
	}
	s.version++
	r.Version = s.version
	if s.records[*r.Key] == nil {
		s.keys = append(s.keys, *r.Key)
	}
	s.records[*r.Key] = r
	s.env.printf("  %s: %s", s.side, s.env.record(r))
}

func (e *environment) key(mapName, id string) engine.Key {
	i := slices.IndexFunc(e.maps, func(m *engine.TableMap) bool { return m.Name == mapName })
	if i < 0 {
		e.t.Fatalf("no map %s", mapName)
	}
	spelled := ""
	if folded, spelling, ok := strings.Cut(id, "~"); ok {
		id, spelled = folded, spelling
	}
	id, company, _ := strings.Cut(id, "@")
	return engine.Key{Map: engine.MapID(i), Company: company, ID: e.maps[i].Keys.Canonical(strings.ReplaceAll(id, "_", " ")), Spelling: spelled}
}

// keyName is a key as scenarios write it.
func keyName(k engine.Key) string {
	if k.Company != "" {
		return k.ID + "@" + k.Company
	}
	return k.ID
}

// operation reads what a line of a transaction does.
func operation(word string) engine.Operation {
	switch word {
	case "create":
		return engine.Create
	case "delete":
		return engine.Delete
	default:
		return engine.Update
	}
}

// user commits one transaction, in which a record may be named several times.
func (e *environment) user(d *datadriven.TestData) {
	s := e.sides[side(d, 0)]
	var changes []engine.Change
	for _, line := range spread(d.Input) {
		words := strings.Fields(line)
		k := e.key(words[1], words[2])
		m := e.maps[k.Map]
		i := slices.IndexFunc(changes, func(c engine.Change) bool { return c.Key == k })
		first := i < 0
		if first {
			i, changes = len(changes), append(changes, s.change(k))
		}
		after := slices.Grow(changes[i].After, len(m.Columns))[:len(m.Columns)]
		for _, w := range words[3:] {
			name, value, _ := strings.Cut(w, "=")
			col := slices.IndexFunc(m.Columns, func(c engine.Column) bool { return c.Name == name })
			if col < 0 {
				d.Fatalf(e.t, "map %s has no column %s", m.Name, name)
			}
			switch {
			case value == "":
				after[col] = engine.Value{}
			case len(m.Columns[col].Lookups) > 0:
				target := e.lookupKey(&m.Columns[col], value)
				after[col] = engine.Lookup(&target)
			default:
				after[col] = plainValue(value)
			}
		}
		switch op := operation(words[0]); {
		case op == engine.Delete && first:
			changes[i].Op, changes[i].After = op, nil
		case first:
			changes[i].After = after
		case !changes[i].Then(op, after):
			d.Fatalf(e.t, "%s cannot follow in the transaction", line)
		}
	}
	changes = slices.DeleteFunc(changes, func(c engine.Change) bool { return c.Void() })
	bypass := false
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "bypass":
			bypass = true
		case "at":
			s.at = number(d, a.Vals[0])
		default:
			d.Fatalf(e.t, "unknown argument %s", a.Key)
		}
	}
	if err := s.commit(changes, bypass); err != nil {
		e.printf("refused: %v", err)
	}
}

// heldTx is a transaction that waits for its live rows to be on the other side.
type heldTx struct {
	changes  []engine.Change
	captured []engine.CapturedChange
	traces   []any // of the live rows
}

// hold asks the engine to carry a transaction's live rows.
func (s *testSystem) hold(tx engine.TxID, h heldTx) {
	in := &engine.Input{Kind: engine.LiveRequested, Side: s.side, Tx: tx}
	for i, c := range h.captured {
		if c.Live {
			after := &engine.Record{Key: &h.changes[i].Key, Alive: h.changes[i].Op != engine.Delete, Values: h.changes[i].After, Mark: c.Mark}
			if s.env.judge != nil && after.Alive {
				after.Trace = s.env.judge.userCommitted(s.side, h.changes[i].Before, after, c)
				h.traces = append(h.traces, after.Trace)
			}
			in.Live = append(in.Live, c.LiveRow(&h.changes[i], after))
		}
	}
	s.held[tx] = h
	s.env.printf("  held on %s", s.side)
	s.env.input(in)
}

// endTx carries out what the engine asks of a held transaction. A system that
// fails to commit undoes it.
func (s *testSystem) endTx(eff *engine.Effect, fails bool) *engine.Input {
	h, held := s.held[eff.Tx]
	delete(s.held, eff.Tx)
	if held {
		s.ended[eff.Tx] = eff.Kind == engine.CommitTx && !fails
		if s.ended[eff.Tx] {
			s.publishAll(h)
		} else {
			for _, t := range h.traces {
				s.env.judge.undone(t)
			}
			s.env.printf("  undone on %s", s.side)
		}
	}
	if eff.Kind == engine.AbortTx {
		s.env.printf("  its user is told: %s (%s)", eff.Why.Class, eff.Why.Reason)
		return nil
	}
	return &engine.Input{Kind: engine.TxEnded, Side: s.side, Tx: eff.Tx, Committed: s.ended[eff.Tx]}
}

// publishAll commits a transaction: records, marks and outbox.
func (s *testSystem) publishAll(h heldTx) {
	for i, c := range h.captured {
		if c.Filtered && s.env.maps[h.changes[i].Key.Map].Mode != engine.Stopped {
			s.env.printf("  %s: filtered", s.side)
		}
		r := &engine.Record{Key: &h.changes[i].Key, Alive: h.changes[i].Op != engine.Delete, Values: h.changes[i].After, Mark: c.Mark}
		if len(h.traces) > 0 {
			r.Trace = h.traces[0]
			s.env.judge.liveCommitted(h.changes[i].Before, &c.Mark)
		} else if s.env.judge != nil {
			r.Trace = s.env.judge.userCommitted(s.side, h.changes[i].Before, r, c)
		}
		s.publish(r)
		if c.Captured {
			c.Reference.Position, s.at = s.at, 0
			s.append(c.Reference)
		}
	}
}

// change starts a change of a record from what the side holds.
func (s *testSystem) change(k engine.Key) engine.Change {
	c := engine.Change{Key: k, Op: engine.Create, Before: s.records[k], After: make([]engine.Value, len(s.env.maps[k.Map].Columns))}
	if c.Before != nil && c.Before.Alive {
		c.Op = engine.Update
		copy(c.After, c.Before.Values)
	}
	return c
}

// commit commits one transaction of a user, past the hook if bypass.
func (s *testSystem) commit(changes []engine.Change, bypass bool) error {
	s.env.tx++
	captured := make([]engine.CapturedChange, len(changes))
	for i := range changes { // what a bypass leaves of the mark
		if changes[i].Before != nil {
			captured[i].Mark = changes[i].Before.Mark
		}
	}
	if !bypass {
		var err error
		if captured, err = s.capture.PreCommit(nil, s.env.tx, changes); err != nil {
			return err
		}
	}
	h := heldTx{changes: changes, captured: captured}
	if slices.ContainsFunc(captured, func(c engine.CapturedChange) bool { return c.Live }) {
		s.hold(s.env.tx, h)
		return nil
	}
	s.publishAll(h)
	s.env.moments.pass("a user has committed")
	return nil
}

// record prints a record with its mark: values, then number, own, seen, lost,
// what it hides, and what was lost in earlier lives.
func (e *environment) record(r *engine.Record) string {
	m := e.maps[r.Key.Map]
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s", m.Name, keyName(*r.Key))
	if r.Key.Spelling != "" {
		fmt.Fprintf(&b, "~%s", r.Key.Spelling)
	}
	for i, v := range r.Values {
		switch v.Kind {
		case engine.KindText:
			fmt.Fprintf(&b, " %s=%s", m.Columns[i].Name, cmp.Or(strings.ReplaceAll(v.Text, " ", "_"), `""`))
		case engine.KindNumber:
			fmt.Fprintf(&b, " %s=%v", m.Columns[i].Name, float64(v.Number)/1e6)
		case engine.KindLookup:
			fmt.Fprintf(&b, " %s=%s", m.Columns[i].Name, keyName(*v.Target))
		}
	}
	if !r.Alive {
		b.WriteString(" deleted")
	}
	if r.Mark.Incarnation == 0 && !r.Mark.Dead {
		b.WriteString(" [no mark]")
		return b.String()
	}
	fmt.Fprintf(&b, " [%d.%d", r.Mark.Incarnation, r.Mark.Number)
	for _, g := range r.Mark.Groups {
		fmt.Fprintf(&b, " own%d seen%d", g.Own, g.Seen)
		if lost := g.Lost.Numbers(); len(lost) > 0 {
			fmt.Fprintf(&b, " lost%v", lost)
		}
	}
	if h := r.Mark.Hidden; h != nil {
		fmt.Fprintf(&b, " hides%d.%d", h.Mark.Incarnation, h.Mark.Number)
	}
	for p := r.Mark.Past; p != nil; p = p.Next {
		fmt.Fprintf(&b, " past%d.%d", p.Incarnation, p.Number)
	}
	b.WriteString("]")
	return b.String()
}

// desk makes an operator's request.
func (e *environment) desk(d *datadriven.TestData) {
	cmd := engine.Command{Job: "all"}
	kinds := []string{"retry", "dismiss", "pause", "resume", "stop", "start", "resync", "compare"}
	cmd.Kind = engine.CommandKind(slices.Index(kinds, d.CmdArgs[0].Key))
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "map":
			cmd.Filter.Maps = []engine.MapID{e.key(a.Vals[0], "").Map}
		case "side":
			cmd.Filter.Sides = []engine.Side{sideNamed(a.Vals[0])}
		case "initial", "primary", "from", "company":
			initialArgument(e, &cmd, a.Key, a.Vals)
		case "how":
			cmd.Resume = engine.ResumeHow(slices.Index([]string{"catch-up", "skip-and-keep", "skip-and-forget"}, a.Vals[0]))
		default:
			d.Fatalf(e.t, "unknown argument %s", a.Key)
		}
	}
	e.flush()
	out, err := e.core.Command(e.now, &cmd)
	if err != nil {
		e.printf("refused: %v", err)
		return
	}
	e.output(out)
}

func (e *environment) queue() {
	e.core.OpenItems(func(i engine.OpenItem) {
		e.printf("%s %s/%s: %d references, %s%s", i.Side, e.maps[i.Key.Map].Name, keyName(i.Key), i.References, i.State, e.because(i))
	})
}

func (e *environment) because(i engine.OpenItem) string {
	switch i.State {
	case "blocked":
		return " on " + keyName(i.BlockedOn)
	case "parked":
		return fmt.Sprintf(": %s (%s)", i.Parked.Class, i.Parked.Reason)
	}
	return ""
}

func (e *environment) show() {
	for _, s := range e.sides {
		for _, k := range s.keys {
			e.printf("%s: %s", s.side, e.record(s.records[k]))
		}
	}
}

// expect checks lines written by hand, which renewing the golden traces cannot
// touch:
//
//	SIDE MAP/KEY: 1 synced written, 2 conflict overridden    the outcomes, by number
//	SIDE MAP/KEY = col=value ...                             the final record's values
//	equal MAP/KEY                                            both sides hold the same
//	SIDE MAP/KEY is blocked on KEY                           where its item is, as "queue" prints it; or "is done"
//	map MAP is running                                       or another state of a table map
//	open N                                                   items in the queue
//	drift N                                                  records older than the sync that were overwritten, since the last start
//	initial MAP SIDE stage: N rows ...                       how far a leg of initial sync has come, as traced; MAP@COMPANY of one company
//	job NAME is STATE                                        active, paused, draining or stopped
//	alerts N                                                 how many were raised
//	writes N                                                 records that the engine wrote
//	carried N                                                of them, those that brought content and not marks alone
//	listed N                                                 pairs that the last comparison or resync listed
//	listed MAP/KEY from SIDE                                 one of them: see [driftOf]; or "nowhere"
//	reads KEY N                                              how often a record was read, both sides together
//	ingested SIDE N                                          outbox positions that the store keeps
func (e *environment) expect(d *datadriven.TestData) {
	e.t.Helper()
	e.flush()
	checked := 0
	for _, line := range spread(d.Input) {
		checked++
		words := strings.Fields(line)
		var got, want string
		switch {
		case len(words) == 2 && words[0] == "open":
			n := 0
			e.core.OpenItems(func(engine.OpenItem) { n++ })
			got, want = strconv.Itoa(n), words[1]
		case len(words) == 2 && words[0] == "drift":
			got, want = strconv.FormatUint(e.core.Stats().DriftOverwritten, 10), words[1]
		case words[0] == "initial":
			got, want = e.initialOf(words[1], words[2]), strings.Join(words[3:], " ")
		case len(words) == 2 && words[0] == "alerts":
			got, want = strconv.Itoa(e.raised), words[1]
		case len(words) == 4 && words[0] == "job":
			got, want = e.jobState(words[1]), words[3]
		case len(words) == 2 && words[0] == "writes":
			got, want = strconv.Itoa(e.writes), words[1]
		case len(words) == 3 && words[0] == "ingested":
			state, err := e.store.Load()
			if err != nil {
				d.Fatalf(e.t, "%v", err)
			}
			got, want = strconv.Itoa(len(state.Ingested[sideNamed(words[1])])), words[2]
		case len(words) == 3 && words[0] == "reads":
			got, want = strconv.Itoa(e.reads[words[1]]), words[2]
		case len(words) == 2 && words[0] == "listed":
			n := 0
			e.core.Drift(func(engine.Drift) { n++ })
			got, want = strconv.Itoa(n), words[1]
		case len(words) > 2 && words[0] == "listed":
			got, want = e.drifts(words[1]), strings.Join(words[2:], " ")
		case len(words) == 2 && words[0] == "carried":
			got, want = strconv.Itoa(e.carried), words[1]
		case len(words) == 2 && words[0] == "equal":
			mapName, id, _ := strings.Cut(words[1], "/")
			k := e.key(mapName, id)
			got, want = e.values(engine.FinOps, k), e.values(engine.Dataverse, k)
		case strings.Contains(line, " = ") || strings.HasSuffix(line, " ="):
			name, values, _ := strings.Cut(line, " =")
			where := strings.Fields(name)
			mapName, id, _ := strings.Cut(where[1], "/")
			got, want = e.values(sideNamed(where[0]), e.key(mapName, id)), strings.TrimSpace(values)
		case strings.Contains(line, " is "):
			name, state, _ := strings.Cut(line, " is ")
			got, want = e.whereabouts(name), state
		case strings.Contains(line, ": "):
			name, outcomes, _ := strings.Cut(line, ": ")
			list := slices.Clone(e.outcomes[name])
			sort.Strings(list)
			got, want = strings.Join(list, ", "), outcomes
		default:
			d.Fatalf(e.t, "cannot read the expectation %q", line)
		}
		if got != want {
			e.t.Errorf("%s: expected %q, got %q", d.Pos, line, got)
			e.printf("broken: %s\n  got %s", line, got)
		}
	}
	if checked == 0 {
		d.Fatalf(e.t, "nothing is expected")
	}
}

func sideNamed(s string) engine.Side {
	if s == "dataverse" {
		return engine.Dataverse
	}
	return engine.FinOps
}

// values prints a record's values only.
func (e *environment) values(s engine.Side, k engine.Key) string {
	r := e.sides[s].records[k]
	if r == nil || !r.Alive {
		return "absent"
	}
	text := e.record(r)
	text, _, _ = strings.Cut(text, " [")
	_, text, _ = strings.Cut(text, " ")
	return text
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
