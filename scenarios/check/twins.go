package check

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// Contracts that one execution cannot show: the case is executed once more, with
// something changed that must not matter, and the two are compared.
var (
	deterministic = oracle.Contract{ID: "deterministic", Text: "the second execution has the same digest, verdict and bytes"}
	clockBlind    = oracle.Contract{ID: "clock-blind", Text: "shifting, drifting or stepping the two systems' clocks changes no outcome and no final data of the async engine"}
	storeTwin     = oracle.Contract{ID: "store-twin", Text: "memory and SQLite stores give the same outcomes and final data"}
	crashSafe     = oracle.Contract{ID: "crash-safe", Text: "a crash at any point, then restart: every contract here still holds (a case draws its points; --exhaustive takes every point of short runs); where edits of one record come from one side only, the final data are the same as without it"}
	faultFree     = oracle.Contract{ID: "fault-free", Text: "whatever breaks on the way, where edits of one record come from one side only, the final data are the same as when nothing breaks"}
	idempotent    = observed("idempotent")
	batchBlind    = oracle.Contract{ID: "batch-blind", Text: "other sizes of batches, pulls and queue, another number of workers and another order of what happens at one instant give the same final data where edits of one record come from one side only, or all edits before the engine starts"}
	mirror        = oracle.Contract{ID: "mirror", Text: "with sides and primary mirrored the end is mirrored, where all edits come before the engine starts"}
	commute       = oracle.Contract{ID: "commute", Text: "edits on different records commute, where all edits come before the engine starts"}
)

// observed returns a contract of the observer's, which a comparison tests in another way.
func observed(id string) oracle.Contract {
	all := oracle.Contracts()
	return all[slices.IndexFunc(all, func(c oracle.Contract) bool { return c.ID == id })]
}

// twin is one way to execute a case again.
type twin struct {
	contract oracle.Contract
	first    *base                                   // what both executions are of; nil: the case as it is
	changed  func(s *Subject, c *Case, p *Plan) bool // changes a copy; false when there is nothing to change
	subject  func(*Subject) *Subject                 // of the second execution; nil: the same
	alike    func(a, b *Execution) (difference string, compared bool)
}

// always is a comparison of executions that can be compared, whatever they come to.
func always(alike func(a, b *Execution) string) func(a, b *Execution) (string, bool) {
	return func(a, b *Execution) (string, bool) { return alike(a, b), true }
}

// base is what is made of a case so that two executions can be compared. Several ways
// begin with the same one, which is then executed once.
type base struct {
	of    func(*Subject, *Case) *Case
	rules bool // a user's own validations stay; else what is refused is left out of it, too
}

var (
	steppedBase = &base{of: stepped, rules: true}
	sidedBase   = &base{of: (*Subject).sided}
	calmBase    = &base{of: (*Subject).calm}
)

// twins lists the ways. other opens a store of another kind, nil for none.
func twins(other Store) []twin {
	list := []twin{
		{contract: deterministic, changed: func(*Subject, *Case, *Plan) bool { return true }, alike: always(repeated)},
		{contract: clockBlind, first: steppedBase, changed: shiftClocks, alike: always(identical)},
		{contract: crashSafe, first: sidedBase, changed: leaveOutCrashes, alike: sameData},
		{contract: faultFree, first: sidedBase, changed: leaveOutFaults, alike: sameData},
		{contract: idempotent, first: sidedBase, changed: repeatAll, alike: sameHistory},
		{contract: batchBlind, first: sidedBase, changed: otherBatches, alike: sameData},
		{contract: batchBlind, first: sidedBase, changed: otherOrder, alike: sameData},
		{contract: batchBlind, first: calmBase, changed: unlessFirstTells(otherBatches), alike: always(sameEnd)},
		{contract: batchBlind, first: calmBase, changed: unlessFirstTells(otherOrder), alike: always(sameEnd)},
		{contract: mirror, first: calmBase, changed: mirrorCase, subject: (*Subject).mirrored, alike: always(mirroredData)},
		{contract: commute, first: calmBase, changed: swapNeighbours, alike: always(sameEnd)},
	}
	if other != nil {
		list = append(list, twin{contract: storeTwin, changed: func(_ *Subject, _ *Case, p *Plan) bool { p.Store = other; return true }, alike: always(identical)})
	}
	return list
}

// compare executes a case again in one way and judges the two executions. What was
// executed of the case already is in firsts, by its base (nil: the case as it is), and what
// is executed first here is put there.
func (w twin) compare(s *Subject, c *Case, p Plan, firsts map[*base]*Execution) (oracle.Property, error) {
	judged := oracle.Property{Contract: w.contract, Verdict: oracle.Inconclusive}
	first, from := c, w.first
	if from != nil {
		first = from.of(s, c)
		if first == c && (from.rules || len(p.Rules) == 0) {
			from = nil // it is the case as it is
		}
		if !w.first.rules {
			p.Rules = nil
		}
	}
	again := p
	other := first.Clone()
	if !w.changed(s, other, &again) {
		return judged, nil
	}
	x := firsts[from]
	if x == nil {
		var err error
		if x, err = Execute(s, first, p); err != nil {
			return judged, err
		}
		firsts[from] = x
	}
	if w.subject != nil {
		s = w.subject(s)
	}
	y, err := Execute(s, other, again)
	if err != nil {
		return judged, err
	}
	difference, compared := w.alike(x, y)
	if difference == "" && !compared {
		return judged, nil
	}
	judged.Verdict, judged.Checked = oracle.Pass, 1
	if difference != "" {
		judged.Verdict, judged.Violations = oracle.Fail, 1
		judged.Examples = []oracle.Violation{{At: x.Result.End, Message: difference}}
	}
	return judged, nil
}

// stepped returns a case in which, amid the edits, somebody sets both systems' clocks by as
// little as a clock shows.
func stepped(_ *Subject, c *Case) *Case {
	d := c.Clone()
	var amid Span
	if n := len(d.Transactions); n > 0 {
		amid = d.Transactions[n/2].At
	}
	for side := range 2 {
		d.Faults = append(d.Faults, Fault{Kind: "clock-step", At: amid, Side: SideName(side), By: 1})
	}
	return d
}

// shiftClocks sets both systems' clocks wrong, each in its own way, and lets them be set by
// more than that in what [stepped] returns.
func shiftClocks(_ *Subject, c *Case, _ *Plan) bool {
	steps := c.Faults[len(c.Faults)-2:]
	for side := range 2 {
		s := c.Setup.System(engine.Side(side))
		s.Offset += Span(time.Hour) * Span(1-3*side)
		s.DriftPPM += 150 - 250*side
		steps[side].By = Span(20*time.Minute) * Span(3*side-1) // one back, and one on
	}
	return true
}

// leaveOutCrashes takes away what makes the engine's process die.
func leaveOutCrashes(s *Subject, c *Case, _ *Plan) bool {
	n := len(c.Faults)
	c.Faults = slices.DeleteFunc(c.Faults, func(f Fault) bool { return f.Kind == "engine-crash" })
	return len(c.Faults) < n && !s.filters(c)
}

// leaveOutFaults takes away all that breaks.
func leaveOutFaults(s *Subject, c *Case, _ *Plan) bool {
	some := len(c.Faults) > 0
	c.Faults = nil
	for _, side := range engine.Sides {
		y := c.Setup.System(side)
		some = some || y.Loss+y.Lost+y.Doubled > 0
		y.Loss, y.Lost, y.Doubled = 0, 0, 0
	}
	return some && !s.filters(c)
}

// repeatAll lets each side tell of every commit twice, and loses so many answers that the
// engine sends a request or a batch again which had been carried out.
func repeatAll(s *Subject, c *Case, _ *Plan) bool {
	for _, side := range engine.Sides {
		system := c.Setup.System(side)
		system.Doubled, system.Loss = 100, system.Loss+100
	}
	return !s.filters(c)
}

// sameHistory compares what the two sides hold in the end as [sameData] does, where nothing
// was written in vain on the way: that the observer has seen.
func sameHistory(a, b *Execution) (difference string, compared bool) {
	if p := b.failed(idempotent.ID); p != nil {
		return "where all is repeated " + p.Examples[0].Message, true
	}
	return sameData(a, b)
}

// otherBatches sets sizes that no case draws.
func otherBatches(s *Subject, c *Case, _ *Plan) bool {
	c.Setup.Batch, c.Setup.Pull, c.Setup.Workers, c.Setup.Queue = 7, 5, 3, 4
	return !s.filters(c)
}

// otherOrder lets what happens at one instant come in an order that the seed draws, or in
// the one of the program.
func otherOrder(s *Subject, c *Case, _ *Plan) bool {
	c.Setup.Permuted = !c.Setup.Permuted
	return !s.filters(c)
}

// filters reports whether a map of a case has a filter: timing decides whether a record
// was carried before it left the scope, and it stays on the other side then.
func (s *Subject) filters(c *Case) bool {
	return slices.ContainsFunc(c.Setup.Maps, func(name string) bool { return s.Maps[s.place(name)].filtered() })
}

// sided returns what is left of a case when each record is edited by the users of one side
// only, nothing is refused, and no operator gives changes up, of which timing decides what
// they are: the final data cannot depend on timing then. Nor does anybody edit against the
// flow, which the other side gets only where a delete is undone, as it is by then. A case
// that is so is returned as it is.
func (s *Subject) sided(c *Case) *Case {
	if s.oneSided(c) {
		return c
	}
	d := c.Clone()
	d.Setup.Validations = nil
	d.Operations = slices.DeleteFunc(d.Operations, func(o Operation) bool { return o.givesUp() })
	editors := d.editors()
	for i := range d.Transactions {
		t := &d.Transactions[i]
		t.PastHook = false // what passes the hook is carried with a later change, if that is not carried before
		t.Edits = slices.DeleteFunc(t.Edits, func(e Edit) bool { return editors[e.of()] != t.Side })
		for j := range t.Edits {
			e := &t.Edits[j]
			e.Set = slices.DeleteFunc(e.Set, func(v Value) bool { return s.against(e, v.Column, t.Side) })
		}
	}
	d.Transactions = slices.DeleteFunc(d.Transactions, func(t Transaction) bool { return len(t.Edits) == 0 })
	return d
}

// against reports whether a column that an edit of a side sets does not flow from there.
func (s *Subject) against(e *Edit, column string, side SideName) bool {
	columns := s.Maps[s.place(e.Map)].Table.Columns
	i := slices.IndexFunc(columns, func(c engine.Column) bool { return c.Name == column })
	return i >= 0 && columns[i].Flow == [2]engine.Flow{engine.ToFinOps, engine.ToDataverse}[side]
}

// oneSided reports whether a case is what [Subject.sided] leaves of one.
func (s *Subject) oneSided(c *Case) bool {
	editors := c.editors()
	for _, t := range c.Transactions {
		for i := range t.Edits {
			e := &t.Edits[i]
			if editors[e.of()] != t.Side || slices.ContainsFunc(e.Set, func(v Value) bool { return s.against(e, v.Column, t.Side) }) {
				return false
			}
		}
	}
	return len(c.Setup.Validations) == 0 && !c.passesHook() && !slices.ContainsFunc(c.Operations, Operation.givesUp)
}

// givesUp reports whether an operator gives changes up.
func (o Operation) givesUp() bool {
	return slices.Contains([]string{"dismiss", "resume-keep", "resume-forget", "stop"}, o.What)
}

// repeated compares two executions of the same, to the last verdict and the last figure of
// the result: it holds no Go map, so that what is equal is also written as the same bytes.
func repeated(a, b *Execution) string {
	if difference := identical(a, b); difference != "" {
		return difference
	}
	for i := range max(len(a.Properties), len(b.Properties)) {
		switch {
		case i >= len(a.Properties) || i >= len(b.Properties):
			return fmt.Sprintf("%d properties were judged, and then %d", len(a.Properties), len(b.Properties))
		case !reflect.DeepEqual(a.Properties[i], b.Properties[i]):
			return fmt.Sprintf("one run was judged %v, and the other %v", a.Properties[i], b.Properties[i])
		}
	}
	first, second := reflect.ValueOf(a.Result), reflect.ValueOf(b.Result)
	for i := range first.NumField() {
		if x, y := first.Field(i).Interface(), second.Field(i).Interface(); !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("one run has %+v as its %s, and the other %+v", x, first.Type().Field(i).Name, y)
		}
	}
	if !slices.Equal(a.Fired, b.Fired) {
		return fmt.Sprintf("the planted bugs fired at %v, and then at %v", a.Fired, b.Fired)
	}
	return ""
}

// identical compares what a run comes to, whatever it took.
func identical(a, b *Execution) string {
	switch {
	case a.Broken != b.Broken:
		return fmt.Sprintf("one run broke off: %q and %q", a.Broken, b.Broken)
	case a.Digest != b.Digest:
		return fmt.Sprintf("the digests are %v and %v, after %d and %d events", a.Digest, b.Digest, a.Events, b.Events)
	case !slices.Equal(a.Result.Report.Outcomes, b.Result.Report.Outcomes):
		return fmt.Sprintf("the outcomes are %v and %v", a.Result.Report.Outcomes, b.Result.Report.Outcomes)
	}
	return differing(a.Data, b.Data)
}
