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
	backUpStore
	restoreStore
	actionKinds
)

func (a action) String() string {
	return fmt.Sprintf("%s %v pair %d word %d", [...]string{
		"edit", "bypass", "notify", "step", "lose request", "lose answer", "hold", "land", "leak",
		"crash", "crash unsaved", "toggle refusal", "time", "delete", "fail commit",
		"stop job", "start job", "change primary", "resync", "throttle", "back up store", "restore store",
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
	"older store": {
		edit: 24, editBypass: 3, notify: 15, carryNext: 60, loseNextRequest: 3, loseNextAnswer: 4, holdNext: 4, landHeld: 5, crashSaved: 3,
		letTimePass: 6, deleteRecord: 3, failNextCommit: 3, toggleRefusal: 2, askResync: 3, backUpStore: 5, restoreStore: 4,
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
	queue                int    // references of one side that the engine holds at most; 0: as many as there are
	older                bool   // the engine's store may come back as it was at a backup
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
	s.older = mix[restoreStore] > 0
	if s.jobs = mix[startJob] > 0; s.jobs && s.flows { // else what flows against the first change stays drift by definition
		s.unlinked = engine.UnlinkedPrimary
	}
	if r.IntN(3) == 0 {
		s.queue = 1 + r.IntN(3)
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
			if s := mixtures[name]; s[restoreStore] > 0 && min(seen["alert"], seen["reopened"], seen["forgotten"]) == 0 {
				t.Errorf("%d alerts, %d changes open again, %d forgotten: the schedules are too tame", seen["alert"], seen["reopened"], seen["forgotten"])
			}
			for _, outcome := range []string{"full", "synced written", "synced override", "conflict overridden", "conflict rejected", "concurrency superseded", "no-op filtered"} {
				if seen[outcome] == 0 {
					t.Errorf("nothing was, or ended as, %s: the schedules are too tame", outcome)
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
	e := &environment{judge: j, planted: planted, held: map[string]engine.Effect{}, outcomes: map[string][]string{}, now: 1, file: s.file, keeps: s.older}
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
	e.maps, e.cfg = []*engine.TableMap{m}, engine.Config{Workers: s.workers, Batch: s.batch, PullMax: s.pull, QueueMax: s.queue, Attempts: 1000, InitialChunk: s.chunk, Hides: s.hides}
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
	seen["full"] += e.full
	seen["alert"] += e.raised
	seen["reopened"] += j.reopened
	seen["forgotten"] += len(j.forgotten)
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
		column := []int{wordColumn, cityColumn}[a.word%2]
		if len(c.After) > finopsColumn && a.word >= 3 {
			column = finopsColumn + int(a.side)
		}
		mapped := &e.judge.schedule.mapping
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
		if e.unheard != [2]bool{} {
			return // what one side has told nobody by then is forgotten twice, and not noticed
		}
		e.crash(a.kind == crashUnsaved)
	case toggleRefusal:
		side.refused[k] = !side.refused[k]
	case askResync:
		if err := e.ask(engine.ResyncMaps, engine.DeskFilter{}); err != nil && !errors.Is(err, engine.ErrJobState) {
			panic(err)
		}
	case letTimePass:
		e.letTimePass(5 * time.Second)
	case backUpStore:
		if e.unheard != [2]bool{} {
			return // for the same reason
		}
		e.flush()
		e.backedUp = len(e.saved)
	case restoreStore:
		maps.DeleteFunc(e.held, func(_ string, eff engine.Effect) bool { return eff.Kind == engine.PullOutbox }) // it would make an outbox forget what the store has forgotten
		e.unheard = [2]bool{true, true}
		e.restoreEngine()
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
