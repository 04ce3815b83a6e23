package check

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
)

// TestRepeatedSeesEverything changes one thing of an execution at a time: its verdicts, and
// each part of its result.
func TestRepeatedSeesEverything(t *testing.T) {
	t.Parallel()
	c := Generate(OwnSubject(), KeyedDice(1, 1))
	if difference := repeated(execute(t, c, Plan{}), execute(t, c, Plan{})); difference != "" {
		t.Fatal(difference)
	}
	for what, change := range map[string]func(*Execution){
		"judged":          func(x *Execution) { x.Properties[0].Verdict = oracle.Fail },
		"checks":          func(x *Execution) { x.Properties[0].Checked++ },
		"properties":      func(x *Execution) { x.Properties = x.Properties[:1] },
		"the digests":     func(x *Execution) { x.Digest++ },
		"second run ends": func(x *Execution) { x.Data = append(x.Data, "more") },
		"broke off":       func(x *Execution) { x.Broken = "all" },
	} {
		x := execute(t, c, Plan{})
		change(x)
		if difference := repeated(execute(t, c, Plan{}), x); !strings.Contains(difference, what) {
			t.Errorf("%s: %q", what, difference)
		}
	}
	for part := range reflect.TypeFor[model.Result]().Fields() {
		x := execute(t, c, Plan{})
		other := reflect.ValueOf(&x.Result).Elem().FieldByIndex(part.Index)
		if other.SetZero(); reflect.DeepEqual(other.Interface(), reflect.ValueOf(execute(t, c, Plan{}).Result).FieldByIndex(part.Index).Interface()) {
			continue // the case has nothing of that
		}
		if repeated(execute(t, c, Plan{}), x) == "" {
			t.Errorf("another %s went unseen", part.Name)
		}
	}
}

// TestCasesAreComparedOneByOne draws which cases are executed again: as many as are asked
// for, and each by itself, whatever the cases before it were.
func TestCasesAreComparedOneByOne(t *testing.T) {
	t.Parallel()
	s := search{Campaign: Campaign{Seed: 1, Twins: 100}}
	one, both := 0, 0
	for number := range 10_000 {
		if s.again(number) {
			one++
			if s.again(number + 1) {
				both++
			}
		}
	}
	if one < 910 || one > 1090 || both < 70 || both > 130 { // 1,000 and 100, and three times their deviations
		t.Errorf("of 10,000 cases %d are compared, and %d with their next", one, both)
	}
}

// TestOneContractOneProperty: what one execution shows of a contract, and what comparing
// two shows of it, is one property.
func TestOneContractOneProperty(t *testing.T) {
	t.Parallel()
	const cases = 50
	s := campaign(t, Campaign{Seed: 1, Cases: cases, Twins: 1000})
	seen := map[string]bool{}
	for _, p := range s.Properties {
		if seen[p.ID] || p.Cases > cases {
			t.Errorf("%s was tested in %d cases of %d, and stands there twice: %v", p.ID, p.Cases, cases, seen[p.ID])
		}
		seen[p.ID] = true
	}
	holds := oracle.Property{Verdict: oracle.Pass, Checked: 3}
	fails := oracle.Property{Verdict: oracle.Fail, Checked: 1, Violations: 1, Examples: []oracle.Violation{{Message: "why"}}}
	untested := oracle.Property{Verdict: oracle.Inconclusive}
	for _, pair := range [][2]oracle.Property{{holds, fails}, {fails, holds}, {untested, fails}, {fails, untested}} {
		if p := both(pair[0], pair[1]); p.Verdict != oracle.Fail || p.Violations != 1 || len(p.Examples) != 1 || p.Checked != pair[0].Checked+pair[1].Checked {
			t.Errorf("%v became %v", pair, p)
		}
	}
	if p := both(untested, holds); p.Verdict != oracle.Pass {
		t.Errorf("what holds in one way, and is not tested in the other: %v", p)
	}
	if p := both(holds, untested); p.Verdict != oracle.Pass {
		t.Errorf("what holds in one way, and is not tested in the other: %v", p)
	}
}

// TestWhatIsExecutedOnceServesAll compares cases in every way twice: with what was executed
// for the ways before it, and from the beginning. A user's own rules are no part of what most
// ways begin with, and must not come in by what others have executed.
func TestWhatIsExecutedOnceServesAll(t *testing.T) {
	t.Parallel()
	noNames := func(r Row) error {
		if r.Text("name") != "" {
			return errors.New("no names")
		}
		return nil
	}
	var rules []Rule
	for _, side := range engine.Sides {
		rules = append(rules, Rule{Side: SideName(side), Map: "parties", Holds: noNames}, Rule{Side: SideName(side), Map: "sites", Holds: noNames})
	}
	s, served := OwnSubject(), map[*base]int{}
	for _, p := range []Plan{{}, {Rules: rules}} {
		for number := range uint64(60) {
			c := Generate(s, KeyedDice(5, number))
			if number%2 == 1 { // the case as it is serves, too
				c = s.sided(c)
			}
			x, err := Execute(s, c, p)
			if err != nil {
				t.Fatal(err)
			}
			firsts := map[*base]*Execution{nil: x}
			for _, w := range twins(nil) {
				had := len(firsts)
				shared, err := w.compare(s, c, p, firsts)
				if err != nil {
					t.Fatal(err)
				}
				alone, err := w.compare(s, c, p, map[*base]*Execution{})
				if err != nil {
					t.Fatal(err)
				}
				if !reflect.DeepEqual(shared, alone) {
					t.Fatalf("case %d, %d rules, %s: %v with what was executed before, %v from the beginning", number, len(p.Rules), w.contract.ID, shared, alone)
				}
				if w.first == nil || alone.Verdict == oracle.Inconclusive {
					continue
				}
				if firsts[w.first] != nil && len(firsts) == had {
					served[w.first]++
				}
				if firsts[w.first] == nil && len(p.Rules) > 0 && !w.first.rules {
					t.Fatalf("case %d, %s: what the user's own rules refuse is part of what is compared", number, w.contract.ID)
				}
			}
		}
	}
	if served[sidedBase] == 0 || served[calmBase] == 0 {
		t.Errorf("nothing was executed once for several ways: %v", served)
	}
}

// TestBothSidesEdit: where each record is edited from one side, both sides' records are
// compared, and edits of a record from the side that was not its first are left out.
func TestBothSidesEdit(t *testing.T) {
	t.Parallel()
	edit := func(at Span, side SideName, key, name string) Transaction {
		return Transaction{At: at, Side: side, Edits: []Edit{{Op: "upsert", Map: "parties", Key: key, Set: []Value{{"name", name}}}}}
	}
	c := &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{edit(0, 0, "k0", "a"), edit(second, 1, "k1", "b"), edit(2*second, 0, "K1", "c"), edit(3*second, 1, "k1", "d")},
		Faults:       []Fault{{Kind: "engine-crash", At: second, Restart: second}},
	}
	s := OwnSubject()
	left := s.sided(c)
	if len(left.Transactions) != 3 || left.Transactions[2].At != 3*second || s.sided(left) != left || len(c.Transactions) != 4 {
		t.Fatalf("what is left: %+v", left.Transactions)
	}
	a, b := execute(t, left, Plan{}), execute(t, left, Plan{})
	if difference, compared := sameData(a, b); difference != "" || !compared {
		t.Errorf("compared: %v, and the difference is %q", compared, difference)
	}
	for i := range b.held { // each record, on the side that only the engine writes
		h := &b.held[i]
		if (h.of.key == "K0") == (h.side == 0) {
			continue
		}
		was := *h
		h.text, h.meant = h.text+"!", h.meant+"!"
		if difference, _ := sameData(a, b); difference == "" {
			t.Errorf("nobody sees that %s is another one", was.text)
		}
		*h = was
	}
}

// TestNothingToCompare: executions of which one ends with something that waits for people,
// or whose users have come to save something else, show nothing of a contract.
func TestNothingToCompare(t *testing.T) {
	t.Parallel()
	c := &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{{Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k0"}}}},
		Faults:       []Fault{{Kind: "refused-writes", For: 40 * second, Side: SideName(engine.Dataverse), Percent: 100}},
	}
	for _, w := range twins(nil) {
		p, err := w.compare(OwnSubject(), c, Plan{}, map[*base]*Execution{})
		if err != nil {
			t.Fatal(err)
		}
		if w.first == sidedBase && (p.Verdict != oracle.Inconclusive || p.Checked != 0) {
			t.Errorf("%s: a record that is parked was compared: %v", p.ID, p)
		}
	}
	c.Faults = nil
	a, b := execute(t, c, Plan{}), execute(t, c, Plan{})
	b.Result.Systems[engine.FinOps].Endings[system.Committed]++
	if difference, compared := sameData(a, b); difference != "" || compared {
		t.Errorf("users who have saved more were compared: %q", difference)
	}
}

// TestRepeatingAll: where all is repeated, requests are sent again that had been carried
// out, and what is written in vain then is seen.
func TestRepeatingAll(t *testing.T) {
	t.Parallel()
	c := OwnSubject().sided(Generate(OwnSubject(), KeyedDice(1, 3)))
	c.Setup.FinOps.Loss, c.Setup.Dataverse.Loss = 0, 0
	again := c.Clone()
	repeatAll(OwnSubject(), again, nil)
	a, b := execute(t, c, Plan{}), execute(t, again, Plan{})
	if b.Result.Engine.Timeouts <= a.Result.Engine.Timeouts || b.Result.Report.Totals.Echoes < a.Result.Report.Totals.Echoes {
		t.Errorf("nothing is repeated: %+v and %+v", a.Result.Engine, b.Result.Engine)
	}
	if difference, compared := sameHistory(a, b); difference != "" || !compared {
		t.Error(difference, compared)
	}
	b.Properties = append(b.Properties, oracle.Property{Contract: idempotent, Verdict: oracle.Fail, Examples: []oracle.Violation{{Message: "why"}}})
	if difference, _ := sameHistory(a, b); difference != "where all is repeated why" {
		t.Errorf("what was written in vain went unseen: %q", difference)
	}
}

// TestClocksStep: both executions that are compared step both clocks, amid the edits, and
// they differ in nothing but what the clocks show.
func TestClocksStep(t *testing.T) {
	t.Parallel()
	c := Generate(OwnSubject(), KeyedDice(1, 1))
	little := stepped(nil, c)
	much := little.Clone()
	shiftClocks(nil, much, nil)
	if len(c.Faults)+2 != len(little.Faults) || len(much.Faults) != len(little.Faults) {
		t.Fatalf("%d faults became %d and %d", len(c.Faults), len(little.Faults), len(much.Faults))
	}
	a, b := execute(t, little, Plan{}), execute(t, much, Plan{})
	for side := range 2 {
		at := len(c.Faults) + side
		if f := much.Faults[at]; f.Kind != "clock-step" || f.Side != SideName(side) || max(f.By, -f.By) < Span(time.Minute) || f.At == 0 {
			t.Errorf("%v is not stepped: %+v", SideName(side), f)
		}
		if !slices.ContainsFunc(b.Result.Strikes, func(s model.Strike) bool { return s.Fault == at }) {
			t.Errorf("step %d was never made: %+v", at, b.Result.Strikes)
		}
	}
	if difference := identical(a, b); difference != "" {
		t.Error(difference)
	}
}

// TestBatchesAndOrder compares other batches and another order, each in what is left of a
// case when one side edits and when all is edited before the engine starts: not where a
// filter makes timing count, and the latter not where records contend for a value.
func TestBatchesAndOrder(t *testing.T) {
	t.Parallel()
	c := Generate(OwnSubject(), KeyedDice(1, 1))
	for _, test := range []struct {
		maps, unique []string
		ways         uint64
	}{
		{maps: []string{"parties"}, ways: 4},
		{maps: []string{"parties"}, unique: []string{"parties.name"}, ways: 2},
		{maps: []string{"parties", "sites"}},
	} {
		c.Setup.Maps, c.Setup.Unique, c.Setup.Live = test.maps, test.unique, nil
		p := execute(t, c, Plan{})
		s := alone(OwnSubject(), nil)
		if err := s.compare(s.waysFor(batchBlind.ID), c, Plan{}, p); err != nil {
			t.Fatal(err)
		}
		if judged := p.Properties[len(p.Properties)-1]; judged.ID != batchBlind.ID || judged.Checked != test.ways || judged.Violations > 0 {
			t.Errorf("%v was compared in %d ways, where %d were expected: %v", test.maps, judged.Checked, test.ways, judged)
		}
	}
	other := c.Clone()
	otherOrder(OwnSubject(), other, nil)
	if other.Setup.Permuted == c.Setup.Permuted {
		t.Error("the order is the same")
	}
}
