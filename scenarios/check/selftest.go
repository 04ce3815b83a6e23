package check

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
)

// SelfTest plants every bug of the engine in turn, in the order of
// [engine.PlantedBugs], and looks for it as for any other. A checker that does
// not find what is known to be there proves nothing when it finds nothing.
type SelfTest struct {
	Subject *Subject
	Seeds   []uint64 // each bug is looked for once with each; {1} by default
	Cases   int      // to draw at most, for each bug and seed; 2,000
	Jobs    int
	// OtherStore is what [Campaign.OtherStore] is. The bugs of a store of another kind
	// need it.
	OtherStore Store
	Progress   func(Caught)         // called after each bug; nil: nobody listens
	Clock      func() time.Duration // what [Campaign.Clock] is
}

// Caught tells how a planted bug fared. The slices have one element for each
// seed with which it was found.
type Caught struct {
	engine.Plant
	Cases         []int           // until it was found
	Edits, Faults []int           // of the shrunk case
	Operations    []int           // ... that operators ask for
	Tries         []int           // executions that shrinking took
	Took          []time.Duration // ... and its time; none without a clock
	Missed        int             // seeds with which it was not found
}

// What shrinking must come to over all planted bugs, in the median: what people can read,
// and how long they wait for it.
const (
	editsEnough      = 5
	faultsEnough     = 2
	operationsEnough = 2
	triesEnough      = 100
	timeEnough       = 10 * time.Second
)

// Unshrunk tells where shrinking did less in the median than it must; nothing where it
// did enough.
func Unshrunk(all []Caught) (short []string) {
	var edits, faults, operations, tries []int
	var took []time.Duration
	for i := range all {
		edits, faults = append(edits, all[i].Edits...), append(faults, all[i].Faults...)
		operations = append(operations, all[i].Operations...)
		tries, took = append(tries, all[i].Tries...), append(took, all[i].Took...)
	}
	if n := Median(edits); n > editsEnough {
		short = append(short, fmt.Sprintf("%d edits are left of a case, and %d is the most", n, editsEnough))
	}
	if n := Median(faults); n > faultsEnough {
		short = append(short, fmt.Sprintf("%d faults are left of a case, and %d is the most", n, faultsEnough))
	}
	if n := Median(operations); n > operationsEnough {
		short = append(short, fmt.Sprintf("%d operations are left of a case, and %d is the most", n, operationsEnough))
	}
	if n := Median(tries); n > triesEnough {
		short = append(short, fmt.Sprintf("it takes %d executions, and %d is the most", n, triesEnough))
	}
	if d := Median(took); d > timeEnough {
		short = append(short, fmt.Sprintf("it takes %v, and %v is the most", d, timeEnough))
	}
	return short
}

// Found reports whether the bug was found with every seed.
func (c *Caught) Found() bool { return c.Missed == 0 && len(c.Cases) > 0 }

// Median returns the middle of some numbers, the lower one of two; 0 for none.
func Median[T cmp.Ordered](of []T) (middle T) {
	if len(of) == 0 {
		return middle
	}
	sorted := slices.Sorted(slices.Values(of))
	return sorted[(len(sorted)-1)/2]
}

// Run looks for all bugs, or for those of the given names. When ctx ends it
// returns what it has.
func (t SelfTest) Run(ctx context.Context, names ...string) ([]Caught, error) {
	if len(t.Seeds) == 0 {
		t.Seeds = []uint64{1}
	}
	if t.Cases == 0 {
		t.Cases = 2000
	}
	var all []Caught
	for _, bug := range engine.PlantedBugs() {
		if len(names) > 0 && !slices.Contains(names, bug.Name) {
			continue
		}
		c := Caught{Plant: bug}
		for _, seed := range t.Seeds {
			if err := t.look(ctx, &c, seed); err != nil {
				return all, err
			}
		}
		if over(ctx) {
			break
		}
		all = append(all, c)
		if t.Progress != nil {
			t.Progress(c)
		}
	}
	return all, nil
}

// over reports whether nobody waits any more.
func over(ctx context.Context) bool { return ctx.Err() != nil }

// look searches for one bug with one seed: for the property that must break. Another
// that breaks does not count, or nobody would know whether this one notices anything.
func (t *SelfTest) look(ctx context.Context, c *Caught, seed uint64) error {
	search := Campaign{
		Subject: t.Subject, Seed: seed, Cases: t.Cases, Jobs: t.Jobs, Pinned: c.Property, OtherStore: t.OtherStore, Clock: t.Clock,
		Plan: Plan{Bugs: []fault.Point{{Name: c.Name, Terms: fault.Always}}},
	}
	sum, err := search.Run(ctx)
	switch {
	case err != nil:
		return err
	case sum.Failure == nil:
		c.Missed++
		return nil
	}
	f := sum.Failure
	small := f.Smallest()
	if clean, err := Execute(t.Subject, small, Plan{}); err != nil || clean.failed(f.Property.ID) != nil {
		c.Missed++ // it fails without the bug, too, and shows nothing of it
		return err
	}
	c.Cases = append(c.Cases, sum.Cases)
	c.Edits = append(c.Edits, small.Edits())
	c.Faults = append(c.Faults, len(small.Faults))
	c.Operations = append(c.Operations, len(small.Operations))
	c.Tries = append(c.Tries, f.Tries)
	if t.Clock != nil {
		c.Took = append(c.Took, f.Took)
	}
	return nil
}

// reachIn is how many cases may pass until everything that cases are for has come
// about.
const reachIn = 10_000

// Reach draws cases without any bug, and returns what they showed. A blank among
// what they reached is a hole in what is drawn: a bug that needs it would be found
// by nobody.
func (t SelfTest) Reach(ctx context.Context) (*Summary, error) {
	c := Campaign{Subject: t.Subject, Seed: 1, Cases: reachIn, Jobs: t.Jobs, OtherStore: t.OtherStore}
	if len(t.Seeds) > 0 {
		c.Seed = t.Seeds[0]
	}
	return c.Run(ctx)
}

// Idle lists the properties that caught no bug: of those that a bug names, and of all
// that cases judge. Whether one of them would notice anything is not known.
func Idle(all []Caught, judged []PropertyCount) []string {
	var idle []string
	look := func(id string) {
		if !slices.Contains(idle, id) && !slices.ContainsFunc(all, func(c Caught) bool { return c.Property == id && len(c.Cases) > 0 }) {
			idle = append(idle, id)
		}
	}
	for i := range all {
		look(all[i].Property)
	}
	for i := range judged {
		if judged[i].ID != NonVacuous { // which no bug breaks
			look(judged[i].ID)
		}
	}
	return idle
}
