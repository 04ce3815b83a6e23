package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// Random schedules: users of both sides edit, requests are lost, answered
// late or never, the engine crashes, hooks are bypassed and leak. Afterwards
// everything heals, the queue must run empty, and a judge that followed the
// causal history of every value decides. The judge knows which edits a record
// reflects, and nothing of marks or of the engine's rules.

// action is one step of a schedule, as data: inapplicable ones do nothing, so
// that any part of a schedule is a schedule too.
type action struct {
	kind       actionKind
	side       engine.Side
	pair, word int
}

type actionKind uint8

const (
	edit actionKind = iota
	editBypass
	notify
	carryNext
	loseNextRequest
	loseNextAnswer
	holdNext
	landHeld
	leakEcho
	crashSaved
	crashUnsaved
	toggleRefusal
	letTimePass
	deleteRecord
	failNextCommit
	stopJob
	startJob
	changePrimary
	askResync
	throttleNext
	actionKinds
)

func (a action) String() string {
	return fmt.Sprintf("%s %v pair %d word %d", [...]string{
		"edit", "bypass", "notify", "step", "lose request", "lose answer", "hold", "land", "leak",
		"crash", "crash unsaved", "toggle refusal", "time", "delete", "fail commit",
		"stop job", "start job", "change primary", "resync", "throttle",
	}[a.kind], a.side, a.pair, a.word)
}

// mixture weighs the kinds of actions.
type mixture [actionKinds]int

var mixtures = map[string]mixture{
	"edits":   {edit: 30, notify: 20, carryNext: 60, letTimePass: 4},
	"losses":  {throttleNext: 6, edit: 20, notify: 15, carryNext: 50, loseNextRequest: 6, loseNextAnswer: 8, holdNext: 8, landHeld: 8, letTimePass: 10},
	"crashes": {edit: 20, notify: 15, carryNext: 50, loseNextAnswer: 6, holdNext: 6, landHeld: 6, crashSaved: 5, crashUnsaved: 5, letTimePass: 8},
	"bypass":  {askResync: 2, edit: 20, editBypass: 8, notify: 15, carryNext: 50, loseNextAnswer: 5, holdNext: 5, landHeld: 5, letTimePass: 8},
	"deletes": {
		edit: 24, notify: 15, carryNext: 60, loseNextRequest: 3, loseNextAnswer: 4, holdNext: 4, landHeld: 5,
		editBypass: 4, crashSaved: 3, crashUnsaved: 2, letTimePass: 8, deleteRecord: 5, failNextCommit: 3,
	},
	"live": {
		throttleNext: 3, edit: 24, editBypass: 4, notify: 5, carryNext: 70, loseNextRequest: 3, loseNextAnswer: 4, holdNext: 4, landHeld: 5,
		crashSaved: 4, crashUnsaved: 3, letTimePass: 10, deleteRecord: 4, failNextCommit: 5, toggleRefusal: 3,
	},
	"initial sync": {
		throttleNext: 3, edit: 24, editBypass: 3, notify: 15, carryNext: 70, loseNextRequest: 3, loseNextAnswer: 4, holdNext: 5, landHeld: 6,
		crashSaved: 3, crashUnsaved: 3, letTimePass: 8, stopJob: 3, startJob: 8, toggleRefusal: 2,
	},
	"change of primary": {
		edit: 24, notify: 15, carryNext: 60, loseNextRequest: 3, loseNextAnswer: 6, holdNext: 12, landHeld: 8,
		crashSaved: 3, crashUnsaved: 3, letTimePass: 6, stopJob: 4, startJob: 8, changePrimary: 8, deleteRecord: 1,
	},
	"all": {
		throttleNext: 3, deleteRecord: 2, failNextCommit: 1, edit: 24, editBypass: 4, notify: 15, carryNext: 50, loseNextRequest: 4, loseNextAnswer: 6, holdNext: 6,
		askResync: 2, landHeld: 6, leakEcho: 4, crashSaved: 3, crashUnsaved: 3, toggleRefusal: 4, letTimePass: 8,
	},
}

// schedule is a whole case.
type schedule struct {
	workers, batch, pull int
	primary              engine.Side
	lookups              bool
	live                 bool // the table map is in live mode
	flows                bool // columns that flow one way only, beside the two-way ones
	perField             bool
	mapping              mapping
	unlinked             engine.Unlinked
	hides                [2]bool
	jobs                 bool   // ends with an initial sync, which leaves no drift
	chunk, crashCopy     int    // of that initial sync: records at a time; the engine dies after so many requests
	file                 string // of the store; "": it is in memory
	actions              []action
}

func draw(r *rand.Rand, mix mixture) schedule {
	total := 0
	for _, w := range mix {
		total += w
	}
	s := schedule{
		workers: 1 + r.IntN(3), batch: 1 + r.IntN(3), pull: 1 + r.IntN(4),
		primary: engine.Side(r.IntN(2)), lookups: r.IntN(2) == 0,
		flows: r.IntN(3) == 0, perField: r.IntN(3) == 0,
	}
	for n := 20 + r.IntN(100); n > 0; n-- {
		pick, kind := r.IntN(total), actionKind(0)
		for pick >= mix[kind] {
			pick -= mix[kind]
			kind++
		}
		s.actions = append(s.actions, action{kind, engine.Side(r.IntN(2)), r.IntN(3), r.IntN(5)})
	}
	s.mapping = drawMapping(r)
	s.unlinked = engine.Unlinked(r.IntN(2))
	s.chunk, s.crashCopy = 1+r.IntN(3), r.IntN(30)
	s.hides = [2]bool{r.IntN(2) == 0, r.IntN(2) == 0}
	if s.jobs = mix[startJob] > 0; s.jobs && s.flows { // else what flows against the first change stays drift by definition
		s.unlinked = engine.UnlinkedPrimary
	}
	return s
}

func TestSchedules(t *testing.T) {
	t.Parallel()
	for _, name := range slices.Sorted(maps.Keys(mixtures)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cases := schedulesPerMixture(t)
			seen := map[string]int{}
			for seed := range cases {
				s := draw(rand.New(rand.NewPCG(uint64(seed), 1)), mixtures[name])
				if name == "live" { // what is written live onto a record that was out of scope leaves drift by definition
					s.live, s.mapping = true, mapping{}
				}
				if _, err := s.run(nil, seen); err != nil {
					s = shrink(s)
					story, err := s.run(nil, seen)
					t.Fatalf("seed %d: %v\n%s", seed, err, story)
				}
			}
			if name == "live" { // nothing is queued
				return
			}
			for _, outcome := range []string{"synced written", "synced override", "conflict overridden", "conflict rejected", "concurrency superseded", "no-op filtered"} {
				if seen[outcome] == 0 {
					t.Errorf("no change ended as %s: the schedules are too tame", outcome)
				}
			}
		})
	}
}

// schedulesPerMixture is more in a soak, which sets RAPID_CHECKS for all random
// tests.
func schedulesPerMixture(t *testing.T) int {
	if n, err := strconv.Atoi(os.Getenv("RAPID_CHECKS")); err == nil {
		return n
	}
	if testing.Short() {
		return 300
	}
	return 1500
}

// shrink drops actions as long as the schedule still breaks, in halves and
// down to single ones.
func shrink(s schedule) schedule { return shrinkWith(s, nil) }

// shrinkWith is shrink under failpoints.
func shrinkWith(s schedule, planted plants) schedule {
	for size := len(s.actions) / 2; size > 0; size /= 2 {
		for i := 0; i+size <= len(s.actions); {
			t := s
			t.actions = slices.Concat(s.actions[:i], s.actions[i+size:])
			if _, err := t.run(planted, map[string]int{}); err != nil {
				s = t
			} else {
				i += size
			}
		}
	}
	return s
}

// run carries out a schedule, heals, and judges. It returns the trace.
func (s *schedule) run(planted plants, seen map[string]int) (trace string, err error) {
	j := newJudge(s)
	j.blind = planted[engine.LoopTagBlind]
	e := &environment{judge: j, planted: planted, held: map[string]engine.Effect{}, outcomes: map[string][]string{}, now: 1, file: s.file}
	defer func() {
		e.closeStore()
		trace = e.trace.String()
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	m, err := engine.NewTableMap(s.tableMap())
	if err != nil {
		return "", err
	}
	e.maps, e.cfg = []*engine.TableMap{m}, engine.Config{Workers: s.workers, Batch: s.batch, PullMax: s.pull, Attempts: 1000, InitialChunk: s.chunk, Hides: s.hides}
	e.build()
	for _, a := range s.actions {
		e.printf("# %s", a)
		e.act(a)
		if j.broken != nil {
			return "", j.broken
		}
	}
	if err := e.heal(); err != nil {
		return "", err
	}
	for _, list := range e.outcomes {
		for _, o := range list {
			_, o, _ = strings.Cut(o, " ")
			seen[o]++
		}
	}
	seen["echo"] += j.echoed
	seen["blind"] += len(j.echoes)
	return "", j.verdict(e)
}

// The columns of the schedules' table map, in order; the later ones may be
// left out.
const (
	wordColumn   = iota
	parentColumn // names a record of the same map, so that circles come about
	cityColumn
	finopsColumn    // flows to Dataverse only
	dataverseColumn // flows to F&O only
)

func (s *schedule) tableMap() engine.TableMap {
	m := engine.TableMap{Name: "records", Mode: engine.Async, Primary: s.primary, Unlinked: s.unlinked}
	if s.live {
		m.Mode = engine.Live
	}
	m.Columns = []engine.Column{{Name: "word"}, {Name: "parent", Lookups: []engine.MapID{0}}, {Name: "city"}}
	if s.flows {
		m.Columns = append(m.Columns, engine.Column{Name: "fin", Flow: engine.ToDataverse}, engine.Column{Name: "crm", Flow: engine.ToFinOps})
	}
	if s.perField {
		m.Granularity = engine.PerField
	}
	s.mapping.into(&m)
	list := []engine.TableMap{m}
	engine.MarkCircular(list)
	return list[0]
}

// groupOf is the judge's own idea of which columns conflict together.
func (s *schedule) groupOf(column int) int {
	if s.perField || column < cityColumn {
		return column
	}
	if column == cityColumn { // conflicts with the word, unless each field conflicts by itself
		return wordColumn
	}
	return column - 1
}

func (e *environment) act(a action) {
	side := e.sides[a.side]
	k := engine.Key{ID: string(rune('A' + a.pair))}
	switch a.kind {
	case stopJob, startJob, changePrimary:
		e.actOnJob(a)
	case deleteRecord:
		r := side.records[k]
		if r == nil || !r.Alive || side.off || side.locked(k) || side.referenced(k) || e.judge.schedule.mapping.out(a.side, r) {
			return // out of scope a delete stays on its side, which is drift by definition
		}
		c := side.change(k)
		c.Op, c.After = engine.Delete, nil
		if err := side.commit([]engine.Change{c}, false); err != nil {
			panic(err)
		}
	case failNextCommit:
		if len(e.pending) > 0 && e.pending[0].Kind == engine.CommitTx {
			e.step(failCommit)
		}
	case edit, editBypass:
		if side.locked(k) {
			return
		}
		if r := side.records[k]; a.kind == editBypass && (r == nil || !r.Alive || r.Mark.Incarnation == 0) {
			return // a record older than the sync is drift by definition
		}
		c := side.change(k)
		word := a.word
		if a.kind == editBypass {
			word = -1 // a new value: one that is undone past the hook leaves no trace, and does no harm
		}
		column := []int{wordColumn, cityColumn}[a.word%2]
		if len(c.After) > finopsColumn && a.word >= 3 {
			column = finopsColumn + int(a.side)
		}
		mapped := &e.judge.schedule.mapping
		if mapped.out(a.side, c.Before) || side.off {
			word = -1 // for the same reason
		}
		n := e.judge.nextWord(word)
		c.After[column] = engine.Text(fmt.Sprint(n))
		switch {
		case column == wordColumn:
			c.After[column] = mapped.word(a.side, n, mapped.codes && word == 4 && a.pair == 2)
		case column == cityColumn && mapped.filters() && a.word == 1 && !mapped.out(a.side, c.Before):
			c.After[column] = engine.Text("out")
		}
		if e.judge.schedule.lookups && a.word > 0 && a.kind == edit && (!side.off || c.Op == engine.Create) { // look up a record of this side, perhaps the same one
			parent := engine.Key{ID: string(rune('A' + (a.pair+a.word)%3))}
			if r := side.records[parent]; r != nil && r.Alive && !side.locked(parent) || parent == k {
				c.After[parentColumn] = engine.Lookup(&parent)
			}
		}
		if err := side.commit([]engine.Change{c}, a.kind == editBypass); err != nil && !errors.Is(err, engine.ErrBusy) {
			panic(err)
		}
	case notify:
		e.input(&engine.Input{Kind: engine.Notified, Side: a.side})
	case carryNext:
		if len(e.pending) > 0 {
			e.step(carryOut)
		}
	case loseNextRequest, loseNextAnswer:
		if len(e.pending) > 0 {
			e.step(fate(a.kind-loseNextRequest) + loseRequest)
		}
	case holdNext:
		if name := fmt.Sprint(a.word); len(e.pending) > 0 && e.held[name].Batch == 0 {
			e.held[name] = e.pending[0]
			e.step(loseRequest)
		}
	case throttleNext:
		if len(e.pending) > 0 && e.pending[0].Tx == 0 {
			e.throttle(time.Duration(1+a.word) * 4 * time.Second)
		}
	case landHeld:
		if name := fmt.Sprint(a.word); e.held[name].Batch != 0 {
			eff := e.held[name]
			delete(e.held, name)
			e.sides[eff.Side].serve(&eff)
		}
	case leakEcho:
		if r := side.records[k]; r != nil && r.Mark.Number > 0 {
			side.append(engine.Reference{Key: k, Side: a.side, Incarnation: r.Mark.Incarnation, Number: r.Mark.Number, Groups: 1, Op: engine.Update})
			e.judge.leaks++
		}
	case crashSaved, crashUnsaved:
		e.crash(a.kind == crashUnsaved)
	case toggleRefusal:
		side.refused[k] = !side.refused[k]
	case askResync:
		if err := e.ask(engine.ResyncMaps, engine.DeskFilter{}); err != nil && !errors.Is(err, engine.ErrJobState) {
			panic(err)
		}
	case letTimePass:
		e.letTimePass(5 * time.Second)
	}
}

// locked reports whether a held transaction has a record's lock.
func (s *testSystem) locked(k engine.Key) bool {
	for _, h := range s.held {
		if slices.ContainsFunc(h.changes, func(c engine.Change) bool { return c.Key == k }) {
			return true
		}
	}
	return false
}

func (e *environment) letTimePass(d time.Duration) {
	e.now = e.now.Add(d)
	if e.wakeAt != 0 && e.wakeAt <= e.now {
		e.wakeAt = 0
		e.input(&engine.Input{Kind: engine.TimeReached})
	}
}

// heal ends all faults and lets the queue run empty. What was parked is
// touched by an edit, which takes it off the error desk.
func (e *environment) heal() error {
	for _, s := range e.sides {
		clear(s.refused)
	}
	var parked []engine.OpenItem
	for round := 0; ; round++ {
		if round > 400 {
			return fmt.Errorf("livelock: after 400 rounds without faults %d references are open", e.core.Stats().Open)
		}
		for steps := 0; len(e.pending) > 0; steps++ {
			if steps > 5000 {
				return fmt.Errorf("livelock: requests never end")
			}
			e.step(carryOut)
			if e.judge.broken != nil {
				return e.judge.broken
			}
			e.crashCopy()
		}
		for _, name := range slices.Sorted(maps.Keys(e.held)) {
			eff := e.held[name]
			delete(e.held, name)
			e.sides[eff.Side].serve(&eff)
		}
		parked = parked[:0]
		e.core.OpenItems(func(i engine.OpenItem) {
			if i.State == "parked" {
				parked = append(parked, i)
			}
		})
		for _, i := range parked {
			if e.sides[i.Side].locked(i.Key) { // a user waits for the transaction that has it
				continue
			}
			c := e.sides[i.Side].change(i.Key)
			c.After[wordColumn] = engine.Text(fmt.Sprint(e.judge.nextWord(-1)))
			if e.judge.schedule.mapping.filters() { // it may be out of scope, and what it looks up as well
				c.After[cityColumn] = engine.Text(fmt.Sprint(e.judge.nextWord(-1)))
				c.After[parentColumn] = engine.Value{}
			}
			if err := e.sides[i.Side].commit([]engine.Change{c}, false); err != nil && !errors.Is(err, engine.ErrBusy) {
				return err
			}
		}
		if e.healJob() {
			continue
		}
		if e.core.Stats().Live == 0 && e.core.Stats().Open == 0 && e.core.Stats().Resyncs == 0 && len(e.sides[0].outbox)+len(e.sides[1].outbox) == 0 && len(e.pending) == 0 {
			e.flush()
			return e.judge.broken
		}
		e.letTimePass(2 * time.Minute)
	}
}

// touch is an edit's change of one column.
type touch struct{ edit, column int }

// history is the set of touches that a record reflects.
type history map[touch]bool

// judge follows the history of every record.
type judge struct {
	schedule   *schedule
	broken     error
	words      int
	leaks      int
	writes     writeBound
	blind      bool            // the hook takes the engine's writes for edits: conflicts with them are no mistake of the engine
	echoed     int             // references that were booked as echoes
	echoes     map[string]bool // by number: changes that the hook made of the engine's writes
	edits      []editMade
	byNumber   map[string]int // "side key inc.number" to edit
	dropped    history        // overridden by the primary, declared by the write
	head       map[int]bool   // the newest edits among the dropped, each time
	uncaptured map[int]bool
	gone       map[int]bool // their record was deleted with them
	past       history      // went past the hook or was made out of scope, and is not captured yet
	carried    map[int]bool
	outcomes   map[int]engine.Outcome
	hidden     map[numbered]fates     // what live transactions have done to hidden records
	turned     int                    // times the primary changed
	copied     bool                   // the last initial sync has been asked for
	copySteps  int                    // ... and so many requests have been carried out since
	initial    map[*engine.Write]bool // decided while the table map initialized
}

type editMade struct {
	side engine.Side
	key  engine.Key
}

func newJudge(s *schedule) *judge {
	return &judge{
		schedule: s, byNumber: map[string]int{}, echoes: map[string]bool{}, dropped: history{}, head: map[int]bool{},
		uncaptured: map[int]bool{}, gone: map[int]bool{}, past: history{}, carried: map[int]bool{}, outcomes: map[int]engine.Outcome{}, hidden: map[numbered]fates{}, initial: map[*engine.Write]bool{},
	}
}

// nextWord returns a value: sometimes one that others have too.
func (j *judge) nextWord(word int) int {
	if word == 0 {
		return -1
	}
	j.words++
	return j.words
}

func (j *judge) breach(format string, args ...any) {
	if j.broken == nil && !j.blind {
		j.broken = fmt.Errorf(format, args...)
	}
}

func historyOf(r *engine.Record) history {
	if r == nil || r.Trace == nil {
		return nil
	}
	return r.Trace.(history)
}

func (j *judge) userCommitted(side engine.Side, before, after *engine.Record, c engine.CapturedChange) history {
	if !after.Alive {
		for t := range historyOf(before) {
			j.gone[t.edit] = true
		}
		return nil
	}
	id := len(j.edits)
	h := history{}
	maps.Copy(h, historyOf(before))
	for col := range after.Values {
		leaves := col != finopsColumn && col != dataverseColumn || col == finopsColumn+int(side)
		if leaves && (before == nil || !before.Alive || !before.Values[col].Equal(after.Values[col])) {
			h[touch{id, col}] = true
		}
	}
	if len(h) == len(historyOf(before)) {
		return h // saved as it was: no edit
	}
	if c.Live {
		j.edits = append(j.edits, editMade{side, *after.Key})
		j.outcomes[id] = engine.Outcome{Class: engine.Synced, Reason: engine.Written}
		return h
	}
	if c.Captured { // it stands for what was not captured in the same groups, too
		for t := range historyOf(before) {
			if j.past[t] && c.Reference.Groups.Has(j.schedule.groupOf(t.column)) {
				delete(j.past, t)
				h[touch{id, t.column}] = true
			}
		}
		for t := range h { // what was done out of scope, and is undone now
			if t.edit == id && !c.Reference.Groups.Has(j.schedule.groupOf(t.column)) {
				maps.DeleteFunc(h, func(u touch, _ bool) bool { return u.column == t.column && (u == t || j.past[u]) })
				maps.DeleteFunc(j.past, func(u touch, _ bool) bool { return u.column == t.column && historyOf(before)[u] })
			}
		}
	}
	if !c.Captured {
		j.edits = append(j.edits, editMade{side, engine.Key{}})
		j.uncaptured[id] = true
		for t := range h {
			if t.edit == id {
				j.past[t] = true
			}
		}
		return h
	}
	j.writes.captured(after)
	j.edits = append(j.edits, editMade{side, c.Reference.Key})
	j.byNumber[numberOf(&c.Reference)] = id
	return h
}

// liveCommitted takes note that a live change stands for what had gone past the hook in
// the same groups, too.
func (j *judge) liveCommitted(before *engine.Record, mark *engine.Mark) {
	for t := range historyOf(before) {
		if mark.Groups[j.schedule.groupOf(t.column)].Own == mark.Number {
			delete(j.past, t)
		}
	}
}

// undone forgets the edit of a live transaction that did not commit.
func (j *judge) undone(trace any) {
	newest := -1
	for t := range trace.(history) {
		newest = max(newest, t.edit)
	}
	j.gone[newest] = true
}

func numberOf(r *engine.Reference) string {
	return fmt.Sprintf("%v %s %d.%d", r.Side, r.Key.ID, r.Incarnation, r.Number)
}

func (j *judge) engineCommitted(side engine.Side, w *engine.Write, now, after *engine.Record) history {
	target := historyOf(now)
	j.writes.done(w)
	if w.Hide {
		defer j.hides(side, w, maps.Clone(j.dropped), maps.Clone(j.head), maps.Clone(j.gone))
	}
	if w.Kind == engine.CarryWrite && w.Intent == 0 && w.Override != 0 && side == j.schedule.primary && !j.schedule.jobs { // in a job that starts and stops, the primary changes
		j.breach("the primary's record %s on %v was overridden", w.Key.ID, side)
	}
	switch w.Kind {
	case engine.SealWrite:
		return target
	case engine.UnhideWrite:
		return j.unhidden(side, w, now, after)
	case engine.LateWrite:
		for t := range target {
			if w.Groups.Has(j.schedule.groupOf(t.column)) {
				delete(j.past, t)
			}
		}
		return target
	case engine.DeleteWrite:
		for t := range target {
			j.gone[t.edit] = true // or overridden, should the delete be undone
			if !historyOf(w.Source)[t] {
				j.unheard(w, now, t)
				j.dropped[t] = true
			}
		}
		return nil
	}
	h := maps.Clone(target)
	if h == nil {
		h = history{}
	}
	if j.schedule.unlinked == engine.UnlinkedCarry && !j.initial[w] && now != nil && now.Alive && now.Mark.Incarnation == 0 {
		for t := range target { // older than the sync: drift from now on
			j.dropped[t] = true
		}
	}
	newest := map[int]int{} // by group: the newest edit of this side that is dropped
	for g := range 5 {
		if !w.Groups.Has(g) {
			continue
		}
		var unseen []touch
		source := history{}
		for t := range historyOf(w.Source) {
			if j.schedule.groupOf(t.column) == g {
				source[t] = true
				j.carried[t.edit] = true
			}
		}
		for t := range target {
			if j.schedule.groupOf(t.column) == g && !source[t] && !j.dropped[t] {
				unseen = append(unseen, t)
			}
		}
		maps.Copy(h, source)
		if w.Kind == engine.MarkWrite || equalIn(j.schedule, g, side, w.Source, now) {
			continue // found equal: both histories live on
		}
		switch {
		case w.Kind == engine.RestoreWrite || w.Intent != 0: // an undone transaction takes with it what was done on top
		case len(unseen) > 0 && !w.Override.Has(g):
			j.breach("lost update: %v of %s on %v were overwritten unseen", unseen, w.Key.ID, side)
		case len(unseen) == 0 && w.Override.Has(g):
			j.breach("false conflict: the write to %s on %v overrides nothing in group %d", w.Key.ID, side, g)
		}
		for _, t := range unseen {
			if w.Intent != 0 && w.Kind != engine.RestoreWrite {
				j.unheard(w, now, t)
			}
			j.dropped[t] = true
			if j.edits[t.edit].side == side {
				newest[g] = max(newest[g], t.edit+1)
			}
		}
		for t := range h {
			if j.schedule.groupOf(t.column) == g && !source[t] && !j.dropped[t] {
				delete(h, t)
			}
		}
	}
	for _, id := range newest {
		j.head[id-1] = true
	}
	return h
}

// unheard breaks the schedule where a live transaction takes away what went past the
// hook, and nobody will ever tell.
func (j *judge) unheard(w *engine.Write, now *engine.Record, t touch) {
	if j.past[t] && !j.dropped[t] && now.Mark.Incarnation != 0 && !j.schedule.mapping.filters() {
		j.breach("lost update: a live %v write of %s took edit %d away, which had gone past the hook", w.Kind, w.Key.ID, t.edit)
	}
}

func equalIn(s *schedule, g int, side engine.Side, a, b *engine.Record) bool {
	if b == nil || !b.Alive {
		return false
	}
	for col := range a.Values {
		if s.groupOf(col) == g && !s.mapping.means(col, side.Other(), a.Values[col], b.Values[col]) {
			return false
		}
	}
	return true
}

func (j *judge) settled(r *engine.Reference, o engine.Outcome) {
	if o.Reason == engine.Echo {
		j.leaks--
		j.echoed++
		if j.leaks < 0 {
			j.breach("a user's change is booked as an echo: %v", r)
		}
		return
	}
	id, known := j.byNumber[numberOf(r)]
	if !known {
		if r.Origin != engine.Late && !j.echoes[numberOf(r)] {
			j.breach("an outcome for a change that nobody made: %v", r)
		}
		return
	}
	if old, twice := j.outcomes[id]; twice {
		j.breach("two outcomes for %v: %v (%v) and %v (%v)", r, old.Class, old.Reason, o.Class, o.Reason)
	}
	j.outcomes[id] = o
}

// verdict judges the quiet world.
func (j *judge) verdict(e *environment) error {
	if j.broken != nil {
		return j.broken
	}
	if s := e.core.Stats(); s.Open|s.OnDesk|s.InFlight|s.Blocked|s.Parked|s.Backoff != 0 {
		return fmt.Errorf("nothing is open, and the engine counts %+v", s)
	}
	if err := j.writes.kept(len(j.echoes)); err != nil && !j.schedule.jobs { // the rows of an initial sync are not counted here
		return err
	}
	if len(e.planted) == 0 { // with a layer of loopback control off, marks tell of what nobody did
		if err := e.compareAll(); err != nil {
			return err
		}
	}
	for id, made := range j.edits {
		if j.uncaptured[id] || j.blind {
			continue
		}
		o, ended := j.outcomes[id]
		switch {
		case !ended:
			return fmt.Errorf("edit %d of %s on %v has no outcome", id, made.key.ID, made.side)
		case j.gone[id]:
		case o.Class == engine.Synced && !j.carried[id]:
			return fmt.Errorf("edit %d of %s on %v is booked as synced (%v) and was never carried", id, made.key.ID, made.side, o.Reason)
		case o.Reason == engine.Filtered:
			if !j.schedule.mapping.filters() {
				return fmt.Errorf("edit %d of %s on %v is booked as filtered, and there is no filter", id, made.key.ID, made.side)
			}
		case j.head[id] && o.Class != engine.ConflictFailure:
			return fmt.Errorf("edit %d of %s on %v was overridden and is booked as %v (%v)", id, made.key.ID, made.side, o.Class, o.Reason)
		case o.Reason == engine.Overridden && !j.droppedAny(id):
			return fmt.Errorf("edit %d of %s on %v is booked as overridden and was not", id, made.key.ID, made.side)
		case o.Reason == engine.GoneFromSource:
			return fmt.Errorf("edit %d of %s on %v is booked as gone, and nothing was deleted", id, made.key.ID, made.side)
		}
	}
	for p := range 3 {
		k := engine.Key{ID: string(rune('A' + p))}
		a, b := e.sides[engine.FinOps].records[k], e.sides[engine.Dataverse].records[k]
		pending := !j.schedule.jobs && (drifting(j, a) || drifting(j, b)) // an uncaptured edit that nothing touched since
		mapped := &j.schedule.mapping
		if mapped.out(engine.FinOps, a) || mapped.out(engine.Dataverse, b) {
			continue
		}
		if va, vb := mapped.say(engine.FinOps, a), mapped.say(engine.Dataverse, b); va != vb && !pending {
			return fmt.Errorf("diverged when quiet: %s is %q and %q", k.ID, va, vb)
		}
	}
	return nil
}

// compareAll lets the engine compare all pairs of a world at rest: what it lists
// is what went past a hook and nobody has touched since, and nothing else.
func (e *environment) compareAll() error {
	writes := e.writes
	if err := e.ask(engine.CompareMaps, engine.DeskFilter{}); err != nil {
		return err
	}
	for round := 0; e.core.Stats().Resyncs > 0; round++ {
		if round > 50 {
			return errors.New("a comparison never ends")
		}
		for len(e.pending) > 0 {
			e.step(carryOut)
		}
		e.letTimePass(time.Minute)
	}
	var fault error
	e.core.Drift(func(d engine.Drift) {
		a, b := e.sides[engine.FinOps].records[d.Key], e.sides[engine.Dataverse].records[d.Key]
		if !drifting(e.judge, a) && !drifting(e.judge, b) {
			fault = fmt.Errorf("the engine lists %s as drift, %s, and nothing went past a hook:\n%s\n%s", d.Key.ID, driftOf(d), e.record(a), e.record(b))
		}
	})
	if fault == nil && e.writes != writes {
		return fmt.Errorf("a comparison has written %d records", e.writes-writes)
	}
	return fault
}

// droppedAny reports whether any part of an edit was overridden.
func (j *judge) droppedAny(id int) bool {
	for t := range j.dropped {
		if t.edit == id {
			return true
		}
	}
	return false
}

// drifting reports whether a record's newest edit went past the hook and was
// not captured late: that is drift until somebody touches the record.
func drifting(j *judge, r *engine.Record) bool {
	newest := -1
	for t := range historyOf(r) {
		newest = max(newest, t.edit)
	}
	return newest >= 0 && j.uncaptured[newest]
}
