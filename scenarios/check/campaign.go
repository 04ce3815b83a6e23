package check

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/garbage"
	"github.com/twinwrite/twinwrite/sim"
)

// Campaign is a search for a case that fails. The zero value of each field but
// Subject means its default.
type Campaign struct {
	Subject *Subject
	Plan    Plan // its Observe is the campaign's own
	Seed    uint64
	Cases   int     // to draw; [DefaultCases]
	Jobs    int     // cases at the same time; 1. It moves no result
	Corpus  []*Case // are run first, and again in each way that must not matter: what failed once
	Shrink  int     // executions that shrinking a failed case may take; 400 and 100 for each edit, fault and operation, negative for none
	Twins   int     // per mille of the drawn cases that are executed again in each of those ways; 50, negative for none

	// OtherStore opens a store of another kind than the plan's, which must give
	// the same; nil: there is none to compare with.
	OtherStore Store

	// Pinned is the property that must fail; another that does counts as none.
	// Empty: any.
	Pinned string

	Progress func(Progress) // called after each round of cases; nil: nobody listens

	// Clock tells how long it is since some instant, to time the shrinking; nil: nobody
	// does. No case and no verdict depends on it.
	Clock func() time.Duration

	folder Folder  // that its failure is kept in, of an option
	faults []error // of the options that made it
	events int     // that shrinking may have; [shrinkEvents]
}

// DefaultCases is how many cases a campaign draws if nobody says how many.
const DefaultCases = 1000

// What shrinking a failed case may take. Both are counted, and neither is a time, so that
// the same case comes out on every machine: cases that behave end by the first, and those
// that run away by the second, which is what a core does in some ten seconds.
const (
	shrinkBase   = 400       // executions
	shrinkEach   = 100       // ... more for each part of the case
	shrinkEvents = 5_000_000 // of all executions together
)

// Progress tells how far a campaign has come.
type Progress struct {
	Cases, Of int
	Timelines int
}

// Summary is what a campaign showed.
type Summary struct {
	Subject    string
	Seed       uint64
	Cases      int // executed to their end; not those that only confirm or shrink
	Events     uint64
	Timelines  int // distinct ones
	Properties []PropertyCount
	Reached    Reached
	Failure    *Failure // nil: none was found
	Of         int      // cases that were asked for, those of the corpus included
	Cut        string   // why it ended before all of them were run, and none had failed; empty when it did not
}

// PropertyCount is how one contract fared over all cases.
type PropertyCount struct {
	oracle.Contract
	Cases      int // in which it was tested
	Checked    uint64
	Violations uint64
}

// Failure is the first case that failed.
type Failure struct {
	Number    int // of the case, from 1; 0: one of the corpus
	Case      *Case
	Shrunk    *Case // nil: it was not shrunk
	Property  oracle.Property
	Execution *Execution    // of the shrunk case, else of the case
	Tries     int           // executions that shrinking took
	Events    int           // ... and what happened in them
	Took      time.Duration // what shrinking took by the campaign's clock
}

// Smallest returns the case to look at.
func (f *Failure) Smallest() *Case {
	if f.Shrunk != nil {
		return f.Shrunk
	}
	return f.Case
}

// Besides returns what else the smallest case breaks: made small, it may break more than
// the case that was found.
func (f *Failure) Besides() []oracle.Property {
	var more []oracle.Property
	for _, p := range f.Execution.Properties {
		if p.Verdict == oracle.Fail && p.ID != f.Property.ID {
			more = append(more, p)
		}
	}
	return more
}

// round is how many cases are drawn together. What the search learns from them
// is taken in afterwards and in their order, so that the same cases are drawn on
// one core and on many.
const round = 128

// Run draws and executes cases until one fails, all are done, or ctx ends. An
// error says that the campaign itself is faulty.
func (c Campaign) Run(ctx context.Context) (*Summary, error) {
	if err := errors.Join(slices.Concat(c.faults, []error{c.Subject.sound(), soundOwn(c.Plan.Own)})...); err != nil {
		return nil, err
	}
	switch {
	case c.Cases < 0:
		return nil, fmt.Errorf("check: %d cases are to be drawn: at least 1, or 0 for %d", c.Cases, DefaultCases)
	case c.Cases == 0:
		c.Cases = DefaultCases
	}
	if c.Twins == 0 {
		c.Twins = 50
	}
	if c.events == 0 {
		c.events = shrinkEvents
	}
	c.Plan.Observe = nil
	defer garbage.Allow()()
	s := &search{Campaign: c, twins: twins(c.OtherStore), distinct: map[sim.Digest]bool{}}
	s.sum.Subject, s.sum.Seed, s.sum.Of = c.Subject.Name, c.Seed, c.Cases+len(c.Corpus)
	for len(s.corpus()) > 0 || s.drawn < c.Cases {
		garbage.Tune()
		if s.sum.Cut = cut(ctx); s.sum.Cut != "" {
			break
		}
		if err := s.next(); err != nil {
			return nil, err
		}
		if c.Progress != nil {
			c.Progress(Progress{Cases: s.sum.Cases, Of: s.sum.Of, Timelines: len(s.distinct)})
		}
		if s.sum.Failure != nil {
			s.shrink()
			break
		}
	}
	s.sum.Timelines = len(s.distinct)
	return &s.sum, nil
}

// TimeOver is why a search ends of which the time is over.
const TimeOver = "its time was over"

// cut says why nobody waits for a search any more; empty while somebody does.
func cut(ctx context.Context) string {
	switch err := ctx.Err(); {
	case err == nil:
		return ""
	case errors.Is(err, context.DeadlineExceeded):
		return TimeOver
	default:
		return "it was interrupted"
	}
}

// search is a campaign under way.
type search struct {
	Campaign
	sum      Summary
	replayed int // of the corpus
	drawn    int
	twins    []twin
	distinct map[sim.Digest]bool // timelines
	covered  coverage
	pool     []*Case // showed something new
}

// corpus returns what is left of it.
func (s *search) corpus() []*Case { return s.Corpus[s.replayed:] }

// trial is one case on its way.
type trial struct {
	number    int // 0: one of the corpus
	c         *Case
	execution *Execution
	timeline  timeline
	err       error
}

// next executes one round of cases.
func (s *search) next() error {
	trials := s.draw()
	var workers sync.WaitGroup
	feed := make(chan *trial)
	for range max(s.Jobs, 1) {
		workers.Go(func() {
			for t := range feed {
				t.run(s)
			}
		})
	}
	for i := range trials {
		feed <- &trials[i]
	}
	close(feed)
	workers.Wait()
	for i := range trials {
		if err := s.learn(&trials[i]); err != nil {
			return err
		}
		if s.sum.Failure != nil {
			return nil
		}
	}
	return nil
}

// draw makes a round of cases: what is left of the corpus, then new ones, of
// which every other one is a variation of one that had shown something new.
func (s *search) draw() []trial {
	trials := make([]trial, 0, max(round, len(s.corpus()))) // they are large
	for _, c := range s.corpus() {
		trials = append(trials, trial{c: c})
		s.replayed++
	}
	for len(trials) < round && s.drawn < s.Cases {
		s.drawn++
		d := KeyedDice(s.Seed, uint64(s.drawn))
		t := trial{number: s.drawn}
		if len(s.pool) > 0 && d.Bits(1) == 1 {
			t.c = vary(s.Subject, s.pool[below(d, len(s.pool))], d)
		} else {
			t.c = Generate(s.Subject, d)
		}
		trials = append(trials, t)
	}
	return trials
}

func (t *trial) run(s *search) {
	p := s.Plan
	p.Observe = t.timeline.observe
	if t.execution, t.err = Execute(s.Subject, t.c, p); t.err != nil {
		return
	}
	ways := s.twins
	if t.number > 0 && !s.again(t.number) {
		ways = s.waysFor(s.Pinned) // where it must fail, every case is compared
	}
	t.err = s.compare(ways, t.c, s.Plan, t.execution)
}

// waysFor returns the ways to execute a case again that a contract needs: none where it is
// judged by one execution.
func (s *search) waysFor(contract string) (ways []twin) {
	for _, w := range s.twins {
		if w.contract.ID == contract {
			ways = append(ways, w)
		}
	}
	return ways
}

// compare executes a case again in some ways, and adds the verdicts to its execution: all
// at once, since until then its properties are those that one execution shows. Where one
// execution shows something of a contract already, or several ways do, it is one property.
func (s *search) compare(ways []twin, c *Case, p Plan, x *Execution) error {
	all := make([]oracle.Property, len(ways))
	firsts := map[*base]*Execution{nil: x}
	for i, w := range ways {
		var err error
		if all[i], err = w.compare(s.Subject, c, p, firsts); err != nil {
			return err
		}
	}
	for i := range all {
		at := slices.IndexFunc(x.Properties, func(p oracle.Property) bool { return p.ID == all[i].ID })
		if at < 0 {
			x.Properties = append(x.Properties, all[i])
		} else {
			x.Properties[at] = both(x.Properties[at], all[i])
		}
	}
	return nil
}

// both puts together what two ways have shown of one contract.
func both(p, q oracle.Property) oracle.Property {
	if p.Checked == 0 || q.Violations > 0 && p.Violations == 0 { // the one that says more
		p.Verdict, p.Note = q.Verdict, q.Note
	}
	p.Checked, p.Violations = p.Checked+q.Checked, p.Violations+q.Violations
	p.Examples = slices.Concat(p.Examples, q.Examples)
	return p
}

// again draws whether a case is executed again, by its number: variations of a case share
// its seed.
func (s *search) again(number int) bool {
	return sim.NewStream(s.Seed, 0, "check.twins").Chance(float64(s.Twins)/1000, uint64(number), 0)
}

// poolMax is how many cases are kept to be varied: the newest discoveries.
const poolMax = 256

// learn takes in what a case showed.
func (s *search) learn(t *trial) error {
	if t.err != nil {
		return fmt.Errorf("case %d: %w", t.number, t.err)
	}
	s.sum.Cases++
	s.sum.Events += t.execution.Events
	s.sum.Reached.add(t.c, t.execution)
	s.sum.count(t.execution.Properties)
	if !s.distinct[t.timeline.hash] {
		s.distinct[t.timeline.hash] = true
		if s.covered.add(&t.timeline.seen) > 0 {
			s.pool = append(s.pool, t.c)
			if len(s.pool) > poolMax {
				s.pool = slices.Delete(s.pool, 0, 1)
			}
		}
	}
	if p := t.execution.failed(s.Pinned); p != nil {
		s.sum.Failure = &Failure{Number: t.number, Case: t.c, Property: *p, Execution: t.execution}
	}
	return nil
}

// failed returns the property that was broken: the pinned one, or the first.
func (x *Execution) failed(pinned string) *oracle.Property {
	for i := range x.Properties {
		if p := &x.Properties[i]; p.Verdict == oracle.Fail && (pinned == "" || pinned == p.ID) {
			return p
		}
	}
	return nil
}

func (s *Summary) count(properties []oracle.Property) {
	for i := range properties {
		p := &properties[i]
		at := slices.IndexFunc(s.Properties, func(c PropertyCount) bool { return c.ID == p.ID })
		if at < 0 {
			at = len(s.Properties)
			s.Properties = append(s.Properties, PropertyCount{Contract: p.Contract})
		}
		c := &s.Properties[at]
		if p.Checked > 0 {
			c.Cases++
		}
		c.Checked += p.Checked
		c.Violations += p.Violations
	}
}

// shrink makes the failed case small. The property that failed is pinned.
func (s *search) shrink() {
	f := s.sum.Failure
	if s.Shrink < 0 {
		return
	}
	if s.Clock != nil {
		began := s.Clock()
		defer func() { f.Took = s.Clock() - began }()
	}
	p := s.Plan
	p.Observe = func(sim.Event) { f.Events++ } // also of what a contract compares with
	small := newShrinker(f.Case, cmp.Or(s.Shrink, shrinkBudget(f.Case)), nil)
	small.fails = func(c *Case) bool {
		f.Tries++
		x, err := s.execute(c, p, f.Property.ID)
		if err != nil {
			return false
		}
		if f.Events > s.events {
			small.left = 0
		}
		failed := x.failed(f.Property.ID)
		if failed != nil {
			f.Execution = x
		}
		return failed != nil
	}
	if len(f.Property.Examples) > 0 {
		small.focus(s.Subject, &f.Property.Examples[0])
	}
	small.shrink()
	f.Shrunk = small.best
	if failed := f.Execution.failed(f.Property.ID); failed != nil {
		f.Property = *failed
	}
}

// execute runs a case so that a property is judged, without a name every one: for those
// that compare two runs, both.
func (s *search) execute(c *Case, p Plan, property string) (*Execution, error) {
	x, err := Execute(s.Subject, c, p)
	if err != nil {
		return nil, err
	}
	ways := s.twins
	if property != "" {
		ways = s.waysFor(property)
	}
	return x, s.compare(ways, c, p, x)
}
