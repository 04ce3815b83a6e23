package check

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/internal/fault"
)

// TestShrinkingIsBounded counts what shrinking takes where nothing can go, where all can,
// and where cases run away.
func TestShrinkingIsBounded(t *testing.T) {
	t.Parallel()
	for _, fails := range []bool{false, true} {
		n := 0
		Shrink(Generate(OwnSubject(), KeyedDice(1, 1)), 30, func(*Case) bool { n++; return fails })
		if n == 0 || n > 30 {
			t.Errorf("%d executions, where 30 are allowed and each fails: %v", n, fails)
		}
	}
	if testing.Short() {
		t.Skip("cases that run away take seconds")
	}
	plan := Plan{Bugs: []fault.Point{{Name: "engine/even-version-wins", Terms: fault.Always}}}
	const most = 2 * eventsMax
	f := campaign(t, Campaign{Seed: 1, Cases: 100, Plan: plan, Pinned: commute.ID, events: most}).Failure
	switch once := 3 * eventsMax; { // what is compared is executed three times
	case f == nil:
		t.Fatal("the bug was not found")
	case f.Events <= most:
		t.Errorf("%d executions had %d events, so that they did not run away", f.Tries, f.Events)
	case f.Events > most+once || f.Tries >= shrinkBudget(f.Case):
		t.Errorf("%d executions had %d events, where %d are allowed", f.Tries, f.Events, most)
	}
}

// TestUnshrunk tells each bound that a median breaks, and none that single bugs break.
func TestUnshrunk(t *testing.T) {
	t.Parallel()
	small := Caught{Edits: []int{5}, Faults: []int{2}, Operations: []int{2}, Tries: []int{triesEnough}, Took: []time.Duration{timeEnough}}
	large := Caught{Edits: []int{6}, Faults: []int{3}, Operations: []int{3}, Tries: []int{triesEnough + 1}, Took: []time.Duration{timeEnough + 1}}
	if short := Unshrunk([]Caught{small, large, small}); short != nil {
		t.Errorf("the median holds, and yet: %q", short)
	}
	want := []string{
		"6 edits are left of a case, and 5 is the most",
		"3 faults are left of a case, and 2 is the most",
		"3 operations are left of a case, and 2 is the most",
		"it takes 101 executions, and 100 is the most",
		"it takes 10.000000001s, and 10s is the most",
	}
	if short := Unshrunk([]Caught{large, small, large}); !slices.Equal(short, want) {
		t.Errorf("got  %q\nwant %q", short, want)
	}
	large.Took = nil // nobody timed it
	if short := Unshrunk([]Caught{large}); !slices.Equal(short, want[:4]) {
		t.Errorf("without a clock: %q", short)
	}
}

// TestSettingsGoBack pins one setting after the other: all others go back to their
// defaults, whatever settings there are.
func TestSettingsGoBack(t *testing.T) {
	t.Parallel()
	full := Case{Setup: Setup{
		Maps: []string{"parties"}, Live: []string{"parties"}, Validations: []Validation{{Map: "parties", Percent: 1}},
	}}
	full.Transactions = []Transaction{{Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k"}}}}
	structs := map[string]func(*Case) any{
		"":           func(c *Case) any { return &c.Setup },
		"finops.":    func(c *Case) any { return &c.Setup.FinOps },
		"dataverse.": func(c *Case) any { return &c.Setup.Dataverse },
	}
	for _, of := range structs {
		set(t, reflect.ValueOf(of(&full)).Elem())
	}
	pinned := 0
	for part, of := range structs {
		all := reflect.ValueOf(of(&full)).Elem()
		for i := range all.NumField() {
			name := part + all.Type().Field(i).Name
			if slices.Contains([]string{"Maps", "Live", "Validations", "FinOps", "Dataverse"}, name) {
				continue
			}
			field := func(c *Case) reflect.Value { return reflect.ValueOf(of(c)).Elem().Field(i) }
			small := Shrink(&full, 1000, func(c *Case) bool { return !field(c).IsZero() })
			want := &Case{Setup: Setup{Maps: []string{"parties"}}}
			field(want).Set(all.Field(i))
			if diff := cmp.Diff(want.Setup, small.Setup, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("with %s pinned (-want +got)\n%s", name, diff)
			}
			pinned++
		}
	}
	if pinned < 40 {
		t.Errorf("only %d settings were pinned", pinned)
	}
}

// set gives every field that has no value one.
func set(t *testing.T, fields reflect.Value) {
	t.Helper()
	for i := range fields.NumField() {
		f := fields.Field(i)
		if !f.IsZero() || f.Kind() == reflect.Struct {
			continue
		}
		switch f.Kind() {
		case reflect.Bool:
			f.SetBool(true)
		case reflect.Int, reflect.Int64:
			f.SetInt(1)
		case reflect.Uint8:
			f.SetUint(1)
		case reflect.Slice:
			f.Set(reflect.ValueOf([]string{"parties.name"}))
		default:
			t.Fatalf("no value is known for %s", fields.Type().Field(i).Name)
		}
	}
}

// TestInstantsComeTogether shrinks a case that fails while a user saves, and a fault
// strikes, between two operations: their order must stay, and nothing else.
func TestInstantsComeTogether(t *testing.T) {
	t.Parallel()
	from := &Case{
		Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{
			{At: 3100 * millisecond, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k"}}},
			{At: 44_567 * millisecond, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k"}}},
		},
		Faults: []Fault{{Kind: "outage", At: 51_234 * millisecond, For: second}},
		Operations: []Operation{
			{At: 17_300 * millisecond, What: "pause", Map: "parties", Company: "usmf"},
			{At: 30 * second, What: "retry"},
			{At: 64_700 * millisecond, What: "resume"},
		},
	}
	small := Shrink(from, 1000, func(c *Case) bool {
		asked := func(what string) int {
			return slices.IndexFunc(c.Operations, func(o Operation) bool { return o.What == what })
		}
		pause, resume := asked("pause"), asked("resume")
		if pause < 0 || resume < 0 || len(c.Transactions) == 0 || len(c.Faults) == 0 {
			return false
		}
		saved, struck := c.Transactions[len(c.Transactions)-1].At, c.Faults[0].At
		return c.Operations[pause].At < saved && saved < struck && struck < c.Operations[resume].At
	})
	want := &Case{
		Setup:        from.Setup,
		Transactions: []Transaction{{At: second, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k"}}}},
		Faults:       []Fault{{Kind: "outage", At: 2 * second, For: second}},
		Operations:   []Operation{{What: "pause"}, {At: 3 * second, What: "resume"}},
	}
	if diff := cmp.Diff(want, small, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestOperationsCount: a case in which operators ask for much is not small.
func TestOperationsCount(t *testing.T) {
	t.Parallel()
	c := &Case{Setup: Setup{Maps: []string{"parties"}}, Operations: make([]Operation, operationsEnough+1)}
	if !c.large() {
		t.Errorf("a case with %d operations counts as small", len(c.Operations))
	}
	two := make([]Operation, operationsEnough)
	if c.Operations = two; c.large() {
		t.Errorf("a case with %d operations counts as large", len(c.Operations))
	}
}

// upserts is a case in which k0, k1 and so on are saved, a minute after one another.
func upserts(n int) *Case {
	c := &Case{Setup: Setup{Maps: []string{"parties"}}}
	for i := range n {
		e := Edit{Op: "upsert", Map: "parties", Key: fmt.Sprint("k", i)}
		c.Transactions = append(c.Transactions, Transaction{At: Span(i) * 60 * second, Edits: []Edit{e}})
	}
	return c
}

// saves counts the edits of some keys.
func (c *Case) saves(keys ...string) (n int) {
	for _, t := range c.Transactions {
		for i := range t.Edits {
			if slices.Contains(keys, t.Edits[i].Key) {
				n++
			}
		}
	}
	return n
}

// TestNothingIsTriedTwice shrinks cases that hold and fail at random: none is executed
// again, nor the one that shrinking began with.
func TestNothingIsTriedTwice(t *testing.T) {
	t.Parallel()
	all := 0
	for seed := range uint64(10) {
		from, d := Generate(OwnSubject(), KeyedDice(seed, 1)), KeyedDice(seed, 2)
		tried := map[string]bool{string(from.Encode()): true}
		Shrink(from, 2000, func(c *Case) bool {
			text := string(c.Encode())
			if tried[text] {
				t.Fatalf("seed %d: executed twice:\n%s", seed, text)
			}
			tried[text] = true
			return chance(d, 20)
		})
		all += len(tried)
	}
	if all < 1000 {
		t.Errorf("only %d cases were tried", all)
	}
}

// TestTwoGoTogether shrinks a case in which two edits are there both or neither, and one of
// them and a fault.
func TestTwoGoTogether(t *testing.T) {
	t.Parallel()
	from := upserts(5)
	from.Faults = []Fault{{Kind: "outage", For: second}}
	small := Shrink(from, 1000, func(c *Case) bool {
		return c.saves("k1") == 1 && c.saves("k0") == c.saves("k3") && c.saves("k4") == len(c.Faults)
	})
	want := &Case{Setup: from.Setup, Transactions: []Transaction{{Edits: from.Transactions[1].Edits}}}
	if diff := cmp.Diff(want, small, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestALargeCaseGoesOnElsewhen shrinks a case of which nothing can go, alone or with another
// thing, under its seed: it becomes small under others. One that is small stays as it is.
func TestALargeCaseGoesOnElsewhen(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{12: editsEnough, editsEnough: editsEnough} {
		from := upserts(n)
		from.Seed = 1 << 20 // which no other draw gives
		small := Shrink(from, shrinkBudget(from), func(c *Case) bool {
			return c.Edits() == n || c.Seed != from.Seed && c.saves("k0", "k1") == 2
		})
		if small.Edits() > want || n == editsEnough && small.Seed != from.Seed {
			t.Errorf("%d edits became %d, under seed %d", n, small.Edits(), small.Seed)
		}
	}
}

// TestTheBudgetGrows counts what a case may take, and shrinks one of which every other edit
// matters to its end.
func TestTheBudgetGrows(t *testing.T) {
	t.Parallel()
	small, large := upserts(2), upserts(50)
	large.Faults, large.Operations = make([]Fault, 3), make([]Operation, 4)
	if more := shrinkBudget(large) - shrinkBudget(small); more != 55*shrinkEach {
		t.Errorf("55 parts more may take %d executions more", more)
	}
	odd := func(c *Case) bool {
		for i := range 25 {
			if c.saves(fmt.Sprint("k", 2*i)) == 0 {
				return false
			}
		}
		return true
	}
	if left := Shrink(large, shrinkBudget(large), odd).Edits(); left != 25 {
		t.Errorf("%d edits are left, and 25 matter", left)
	}
}

// TestSettingsGoByHalves counts what it takes to lead all settings back but one.
func TestSettingsGoByHalves(t *testing.T) {
	t.Parallel()
	full := upserts(1)
	full.Setup.Live, full.Setup.Validations = []string{"parties"}, []Validation{{Map: "parties", Percent: 1}}
	for _, of := range []any{&full.Setup, &full.Setup.FinOps, &full.Setup.Dataverse} {
		set(t, reflect.ValueOf(of).Elem())
	}
	n, given := 0, len(full.Setup.given())
	small := Shrink(full, 1000, func(c *Case) bool { n++; return c.Setup.Timeout != 0 })
	if left := len(small.Setup.given()); left != 1 || n > given/2 {
		t.Errorf("%d of %d settings are left after %d executions", left, given, n)
	}
}

// TestInstantsBecomeRound shrinks cases that need a distance, and a fault that must last:
// what does not matter of it goes.
func TestInstantsBecomeRound(t *testing.T) {
	t.Parallel()
	for least, want := range map[Span]Span{
		second / 2:                      second,
		5 * second:                      7 * second, // of 61 s, 30 s and 15 s
		60_300 * millisecond:            61 * second,
		61_300 * millisecond:            61_300 * millisecond,
		61_300_500 * second / 1_000_000: 61_345 * millisecond,
		61_345_600 * second / 1_000_000: 61_345_678_900,
	} {
		from := upserts(2)
		from.Transactions[1].At = 61_345_678_900
		small := Shrink(from, 1000, func(c *Case) bool {
			return len(c.Transactions) == 2 && c.Transactions[1].At-c.Transactions[0].At >= least
		})
		if at := small.Transactions[1].At; at != want {
			t.Errorf("at least %v are needed, and %v are left of %v", least, at, from.Transactions[1].At)
		}
	}
	from := upserts(1)
	from.Faults = []Fault{{Kind: "outage", For: 200 * second}}
	small := Shrink(from, 1000, func(c *Case) bool { return len(c.Faults) == 1 && c.Faults[0].For >= 20*second })
	if lasts := small.Faults[0].For; lasts != 25*second {
		t.Errorf("at least 20s are needed, and the fault lasts for %v", lasts)
	}
}
