package engine_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
)

// moments are the places at which the engine can die, in the order in which a run
// passes them: the run dies at one of them, or at two.
type moments struct {
	passed int
	dieAt  []int // ascending, from 1
	seen   map[string]int
}

// death ends what the engine was doing.
type death struct{ unsaved bool }

// pass goes by a moment, at which the engine may die.
func (m *moments) pass(name string) {
	if m != nil && m.due(name) {
		panic(death{})
	}
}

func (m *moments) due(name string) bool {
	m.passed++
	m.seen[name]++
	if len(m.dieAt) == 0 || m.passed != m.dieAt[0] {
		return false
	}
	m.dieAt = m.dieAt[1:]
	return true
}

// saving passes the moments around the save of a step.
func (m *moments) saving(e *environment) {
	if m == nil {
		return
	}
	what := "nothing"
	if len(e.unsaved) > 0 {
		what = [...]string{"reference", "outcome", "lane", "position", "position acknowledged", "job", "intent", "intent closed"}[min(int(e.unsaved[0].Kind), 7)]
	}
	if m.due("before the save: " + what) {
		panic(death{unsaved: true})
	}
	e.flush()
	m.pass("after the save: " + what)
}

// serving passes the moments of a request on its way: it may never arrive, and of
// a batch of writes any first part may be done.
func (m *moments) serving(e *environment, eff *engine.Effect) {
	if m == nil {
		return
	}
	m.pass("sent: " + eff.Kind.String())
	if eff.Kind != engine.WriteBatch || eff.Atomic {
		return
	}
	for n := 1; n < len(eff.Writes); n++ {
		if m.due("done in part: " + eff.Kind.String()) {
			part := *eff
			part.Writes = eff.Writes[:n]
			e.sides[eff.Side].serve(&part)
			panic(death{})
		}
	}
}

// shortRuns are text scenarios that together pass every moment. "again" is what an
// operator does once more when the engine died before it had heard him out.
var shortRuns = map[string]string{
	"parent and child": `
config batch=2 workers=2
----

maps
groups name
customers name group->groups
----

user finops
create customers c1 name=a group=g1
create groups g1 name=g
create groups g2 name=h
----

notify finops
----

run
----

user dataverse
update customers c1 name=b
update groups g2 name=i
----

notify dataverse
----

run
----
`,
	"conflict": `
maps
customers name
----

user finops
create customers c1 name=a
----

run
----

user finops
update customers c1 name=b
----

user dataverse
update customers c1 name=c
----

notify dataverse
----

notify finops
----

run
----
`,
	"circle": `
maps
items partner->items
----

user finops
create items i1 partner=i2
create items i2 partner=i1
----

notify finops
----

run
----
`,
	"past the hook": `
maps
items name city
----

user finops
create items i1 name=a
----

run
----

user dataverse bypass
update items i1 name=b
----

user finops
update items i1 city=c
----

notify finops
----

run
----
`,
	"unique values": `
maps
items code{unique}
----

user finops
create items i1 code=x
create items i2 code=y
----

notify finops
----

run
----

user finops
update items i2 code=x
update items i1 code=z
----

notify finops
----

run
----
`,
	"live delete": `
maps
customers name
----

user finops
create customers c1 name=a
create customers c2 name=a
----

run
----

user finops
update customers c1 name=b
delete customers c2
----

run
----

user finops
create customers c2 name=c
----

notify finops
----

run
----
`,
	"live write": `
maps
customers name live
----

user finops
create customers c1 name=a
----

run
----

user dataverse
update customers c1 name=b
----

run
----
`,
	"error desk": `
maps
customers status{1:1,2:2}
----

user finops
create customers c1 status=odd
create customers c2 status=1
----

notify finops
----

run
----

desk pause
----

user dataverse
update customers c2 status=2
----

notify dataverse
----

run
----

desk resume
----

run
----

desk dismiss
----

advance 10ms
----

run
----

desk stop
----

desk start
----

run
----
`,
}

// TestCrashAtEveryPoint lets the engine die at every moment of short runs, and
// once more at each of the moments that follow, most of which lie in the recovery
// from the first crash. Both sides must agree afterwards, and the books be closed.
func TestCrashAtEveryPoint(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	crashes, again := 0, 12
	if testing.Short() {
		again = 3
	}
	for _, name := range slices.Sorted(maps.Keys(shortRuns)) {
		whole := &moments{seen: seen}
		if fault := runToDeath(t, shortRuns[name], plants{}, whole); fault != "" {
			t.Fatalf("%s, without a crash: %s", name, fault)
		}
		for first := 1; first <= whole.passed; first++ {
			plans := [][]int{{first}}
			for second := first + 1; second <= first+again; second++ {
				plans = append(plans, []int{first, second})
			}
			for _, plan := range plans {
				crashes += len(plan)
				m := &moments{dieAt: slices.Clone(plan), seen: map[string]int{}}
				if fault := runToDeath(t, shortRuns[name], plants{}, m); fault != "" {
					t.Errorf("%s, with crashes at moments %v: %s", name, plan, fault)
				}
			}
		}
	}
	for _, must := range []string{
		"a user has committed", "before the save: position", "after the save: position", "sent: pull", "landed: pull",
		"sent: read", "landed: read", "sent: write", "done in part: write", "landed: write", "before the save: outcome",
		"after the save: outcome", "before the save: intent", "after the save: intent", "sent: commit", "landed: commit",
		"before the save: intent closed", "after the save: intent closed", "before the save: lane", "after the save: lane",
		"before the save: job", "after the save: job", "before the save: position acknowledged",
	} {
		if seen[must] == 0 {
			t.Errorf("no run passes %q", must)
		}
	}
	t.Logf("%d crashes at %d kinds of moments", crashes, len(seen))
}

// TestCrashesNoticePlantedBugs proves that a crash can do harm: each of these bugs
// does none without one.
func TestCrashesNoticePlantedBugs(t *testing.T) {
	t.Parallel()
	for bug, name := range map[string]string{
		engine.PlantAckBeforeSave: "parent and child",
		engine.PlantRedelivered:   "parent and child",
		engine.PlantIntentUnsaved: "live write",
		engine.PlantNotRestored:   "live write",
	} {
		t.Run(strings.TrimPrefix(bug, "engine/"), func(t *testing.T) {
			t.Parallel()
			whole := &moments{seen: map[string]int{}}
			if fault := runToDeath(t, shortRuns[name], plants{bug: true}, whole); fault != "" {
				t.Fatalf("it was noticed without a crash: %s", fault)
			}
			for at := 1; at <= whole.passed; at++ {
				m := &moments{dieAt: []int{at}, seen: map[string]int{}}
				if runToDeath(t, shortRuns[name], plants{bug: true}, m) != "" {
					return
				}
			}
			t.Errorf("a crash at any of %d moments went by unnoticed", whole.passed)
		})
	}
}

// runToDeath carries out a scenario whose engine dies where the moments say, lets
// everything come to rest, and returns what is wrong then.
func runToDeath(t *testing.T, script string, planted plants, m *moments) (fault string) {
	t.Helper()
	l := &listener{TB: t}
	e := newEnvironment(l)
	e.planted = planted
	e.quiet = true
	alive := func(do func()) {
		defer func() {
			switch p := recover().(type) {
			case nil:
			case death:
				e.revive(p)
			default:
				l.Errorf("%v", p)
			}
		}()
		do()
	}
	datadriven.RunTestFromString(t, script, func(_ *testing.T, d *datadriven.TestData) string {
		alive(func() { e.directive(d) })
		if d.Cmd == "maps" { // the first start is no recovery
			e.moments = m
		}
		return d.Expected
	})
	alive(func() { e.rest() })
	for e.core.Stats().Open > 0 || e.core.Stats().Live > 0 { // it died while it came to rest
		if l.broken != "" {
			return l.broken
		}
		alive(func() { e.rest() })
	}
	e.moments = nil
	alive(func() { e.rest() })
	e.accounts.check(l)
	for _, f := range e.accounts.faults {
		l.Error(f)
	}
	for _, k := range e.sides[engine.FinOps].keys {
		a, b := e.values(engine.FinOps, k), e.values(engine.Dataverse, k)
		if a != b && !strings.Contains(a, "odd") {
			l.Errorf("%s is %q and %q", keyName(k), a, b)
		}
	}
	return l.broken
}

// revive starts the engine again, which may die in its recovery.
func (e *environment) revive(d death) {
	for again := true; again; {
		again = false
		func() {
			defer func() {
				if p := recover(); p != nil {
					d, again = p.(death), true
				}
			}()
			e.crash(d.unsaved)
		}()
	}
}

// rest ends pauses, retries what is parked but for what can never be carried, and
// lets the queue run empty.
func (e *environment) rest() {
	for round := 0; ; round++ {
		if round > 50 {
			e.t.Fatalf("it does not come to rest: %+v", e.core.Stats())
		}
		for len(e.pending) > 0 {
			e.step(carryOut)
		}
		for _, kind := range []engine.CommandKind{engine.ResumeJob, engine.StartJob, engine.DismissParked} {
			e.flush()
			if out, err := e.core.Command(e.now, &engine.Command{Kind: kind, Job: "all"}); err == nil {
				e.output(out)
			}
		}
		if s := e.core.Stats(); s.Open == 0 && s.Live == 0 && len(e.pending) == 0 && len(e.sides[0].outbox)+len(e.sides[1].outbox) == 0 {
			return
		}
		e.letTimePass(2 * time.Minute)
	}
}
