package check

import (
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/sim"
)

// Execution is what one run of a case showed.
type Execution struct {
	Properties []oracle.Property
	Digest     sim.Digest
	Events     uint64
	Broken     string // the panic that ended it: a rule of the simulation was broken, or a validation was cut short; empty when none did
	Result     model.Result
	Fired      []fault.Fired // of the planted bugs

	// Data are the records that both sides hold in the end, a line each, sorted by its text:
	//
	//	dataverse orders usmf K1: state="open" total=2.5 party=->K0 note=null
	//
	// These are the side, the table map, the company (nothing where the map has none, so that
	// two blanks follow each other), the key in canonical form (K1 also for k1 where letter
	// case does not count), and all columns in the map's order: a text quoted as in Go, a
	// number, the key of a record that is looked up after an arrow, or null. Of several records
	// of one side whose keys are the same to the map, all but the first have their spelling
	// behind the key.
	Data Data

	of   *Case
	held []held // Data, record by record
}

// Plan says how cases are executed; it is no part of a case. The zero Plan plants
// nothing, and keeps the engine's state in memory.
type Plan struct {
	Bugs    []fault.Point   // to plant; from outside this module by the option [Plant]
	Store   Store           // opens the engine's, for each world; nil: one in memory
	Observe func(sim.Event) // sees every event before it fires; nil: nobody does

	Own   []Own  // properties of the user's own, asked after each execution
	Rules []Rule // validations of the user's own

	tell func(model.Told) // hears what happens to records; nil: nobody does
}

// Own is a property of a user's own.
type Own struct {
	ID       string
	Contract string
	Broken   func(*Execution) string // what is broken; empty when it holds
}

// ask judges a property of a user's own.
func (o *Own) ask(x *Execution) oracle.Property {
	p := oracle.Property{Contract: oracle.Contract{ID: o.ID, Text: o.Contract}, Verdict: oracle.Pass, Checked: 1}
	if what := o.broken(x); what != "" {
		p.Verdict, p.Violations = oracle.Fail, 1
		p.Examples = []oracle.Violation{{At: x.Result.End, Message: what}}
	}
	return p
}

// broken tells what is broken: that its function did not come to an end is, since that
// would name no case.
func (o *Own) broken(x *Execution) (what string) {
	if cut := call(func() { what = o.Broken(x) }); cut != "" {
		return "the property's own function " + cut
	}
	return what
}

// call runs a function of a user's own, and tells how it was cut short; nothing where it
// came to its end. It has a goroutine of its own, so that t.Fatal, which ends the one that
// it is called on, ends no more than that.
func call(f func()) (cut string) {
	returned, over := false, make(chan struct{})
	go func() {
		defer close(over)
		defer func() {
			if with := recover(); with != nil {
				cut = fmt.Sprintf("panicked: %v", with)
			} else if !returned {
				cut = "ended its goroutine, as t.Fatal, t.Skip and runtime.Goexit do"
			}
		}()
		f()
		returned = true
	}()
	<-over
	return cut
}

// soundOwn reports names of a user's own properties that are no names of their own.
func soundOwn(own []Own) error {
	var faults []error
	for i := range own {
		named := func(o Own) bool { return o.ID == own[i].ID }
		switch {
		case own[i].ID == "":
			faults = append(faults, errors.New("a property of your own has no id"))
		case slices.ContainsFunc(own[:i], named):
			faults = append(faults, fmt.Errorf("two properties of your own have the id %q", own[i].ID))
		case slices.ContainsFunc(slices.Concat(oracle.Contracts(), Contracts()), func(c oracle.Contract) bool { return c.ID == own[i].ID }):
			faults = append(faults, fmt.Errorf("%q is the id of a property that is judged anyway: give yours another", own[i].ID))
		}
	}
	return errors.Join(faults...)
}

// Store opens an empty store for an engine with table maps of these names, with
// the bugs that are planted in it; nil for none. One that is an [io.Closer] is
// closed when its world has ended.
type Store func(maps []string, bugs engine.Failpoints) (store.Store, error)

// Execute runs a case once: people and faults do their part, everything heals but a
// fault that lasts for ever, the world comes to rest, and the oracle judges. An error says that the case
// does not fit the subject; that the engine failed is a result, not an error.
func Execute(s *Subject, c *Case, p Plan) (x *Execution, err error) {
	w, err := s.build(c)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(s.enforce(&w, p.Rules), soundOwn(p.Own)); err != nil {
		return nil, err
	}
	var bugs *fault.Plan
	if len(p.Bugs) > 0 {
		if bugs, err = fault.NewPlan(engine.Plants(), p.Bugs...); err != nil {
			return nil, err
		}
		w.Failpoints = bugs
	}
	if p.Store != nil {
		if cut := call(func() { w.Store, err = p.Store(names(w.Maps), w.Failpoints) }); cut != "" {
			err = errors.New("its function " + cut)
		}
		if err != nil {
			return nil, fmt.Errorf("open the engine's store: %w", err)
		}
		if c, ok := w.Store.(io.Closer); ok {
			defer func() { err = errors.Join(err, c.Close()) }()
		}
	}
	w.Observe, w.Tell = p.Observe, p.tell
	var orders *obeyed
	if c.dismisses() {
		orders = newObeyed()
		w.Tell = func(h model.Told) {
			orders.hear(h)
			if p.tell != nil {
				p.tell(h)
			}
		}
	}
	world, err := model.New(w)
	if err != nil {
		return nil, fmt.Errorf("case of subject %s: %w", s.Name, err)
	}
	if orders != nil {
		orders.core = world.Driver.Core
	}
	x = &Execution{of: c}
	contract := soundWorld
	func() {
		defer func() {
			broken := recover()
			if broken == nil {
				return
			}
			x.Broken = fmt.Sprintf("%v, at %v", broken, world.Kernel.Now())
			if _, own := broken.(cutShort); own {
				contract = soundRules
			}
		}()
		x.Result = world.Run()
	}()
	x.Digest, x.Events = world.Kernel.Digest(), world.Kernel.Events()
	if bugs != nil {
		x.Fired = bugs.Log()
	}
	if x.Broken == "" {
		x.held = heldBy(world, w.Maps)
		x.Data = x.lines(func(h *held) string { return h.text })
		x.Properties = append(x.Result.Report.Properties, atRest(world, &x.Result, w.End), wasFor(c, &x.Result))
		if orders != nil {
			x.Properties = append(x.Properties, orders.judge(x.Result.End, x.Result.Bar))
		}
		for i := range p.Own {
			x.Properties = append(x.Properties, p.Own[i].ask(x))
		}
	} else {
		x.Properties = append(x.Properties, panicked(contract, x.Broken))
	}
	return x, nil
}

// Fits reports what a case asks for that the subject does not have: its maps may have
// changed since the case was written. Where it is nil, the case can be executed.
func (s *Subject) Fits(c *Case) error {
	w, err := s.build(c)
	if err != nil {
		return err
	}
	if _, err := model.New(w); err != nil {
		return fmt.Errorf("case of subject %s: %w", s.Name, err)
	}
	return nil
}

// Contracts that hold in a drawn world alone, which is healed before it ends.
var (
	soundWorld     = oracle.Contract{ID: "sound-world", Text: "no rule of the simulation or of the engine itself is broken"}
	soundRules     = oracle.Contract{ID: "sound-validations", Text: "no validation of a user's own panics or ends its goroutine"}
	comesToRest    = oracle.Contract{ID: "comes-to-rest", Text: "after the last edit and the last fault, retries, probes, polls and operators' requests end within two hours, and as much more as the engine's clock was set back, and what still waits then waits for an operator, or for a fault that lasts for ever and lies on its path"}
	dismissedStays = oracle.Contract{ID: "dismissed-stays", Text: "what an operator dismisses ends as dismissed and never runs again, unless a newer change took it off the desk"}
)

// Contracts lists what is judged besides the observer's contracts, [oracle.Contracts].
func Contracts() []oracle.Contract {
	return []oracle.Contract{
		comesToRest, dismissedStays, soundWorld, soundRules, nonVacuous,
		deterministic, clockBlind, storeTwin, crashSafe, faultFree, batchBlind, mirror, commute,
	}
}

// panicked turns a panic of the world into the breach of a contract, so that a
// case that shows it is shrunk like any other.
func panicked(contract oracle.Contract, what string) oracle.Property {
	return oracle.Property{
		Contract: contract,
		Verdict:  oracle.Fail, Checked: 1, Violations: 1,
		Examples: []oracle.Violation{{Message: what}},
	}
}

// atRest judges whether the world came to rest once everything was healed, and
// whether what still waits then waits for a person, or for the end of a fault that never
// ends. The run ends when nothing is left to happen, so that one that reached its end was
// not at rest.
func atRest(w *model.World, r *model.Result, end sim.Time) oracle.Property {
	p := oracle.Property{
		Contract: comesToRest,
		Verdict:  oracle.Pass, Checked: 1,
	}
	breach := func(key engine.Key, what string) {
		p.Verdict = oracle.Fail
		p.Violations++
		p.Examples = append(p.Examples, oracle.Violation{At: r.End, Key: key, Record: key.ID, Message: what})
	}
	switch {
	case r.Halted != "":
		p.Verdict, p.Note = oracle.Inconclusive, r.Halted
	case r.End >= end && len(r.Report.Free) > 0:
		for _, k := range r.Report.Free {
			breach(k, "something is still under way, and no fault that lasts for ever lies on its path")
		}
	case r.End >= end && r.Bar != "":
		p.Note = "nothing gets through: " + r.Bar
	case r.End >= end && len(r.Report.Barred) > 0:
		p.Note = "what is under way waits for the end of what has none: " + r.Report.Barred[0].Fault
	case r.End >= end:
		breach(engine.Key{}, "something is still under way, or waits for what nothing will bring about")
	case w.Driver.Core() != nil:
		waitsInVain(w.Driver.Core(), breach)
	}
	return p
}

// waitsInVain tells of items that nobody will carry on: blocked ones at whose
// root nothing is on the error desk, and those whose operator was not obeyed.
func waitsInVain(core *engine.Core, tell func(engine.Key, string)) {
	type lane struct {
		key  engine.Key
		side engine.Side
	}
	items := map[lane]engine.OpenItem{}
	var order []lane
	core.OpenItems(func(i engine.OpenItem) {
		l := lane{i.Key, i.Side}
		items[l], order = i, append(order, l)
	})
	for _, l := range order {
		root, steps := items[l], 0
		for ; root.State == "blocked" && steps < len(order); steps++ {
			root = items[lane{root.BlockedOn, l.side}]
		}
		switch i := items[l]; {
		case i.State == "blocked" && steps == len(order):
			tell(l.key, "it waits in a circle")
		case i.State == "blocked" && root.Parked.Class == engine.Open:
			tell(l.key, "it waits for "+i.BlockedOn.ID+", and nobody will carry that")
		case i.State == "parked" && i.Requested != engine.NothingRequested:
			tell(l.key, "an operator has asked for it to be retried or dismissed, and was forgotten")
		}
	}
}

func names(maps []*engine.TableMap) []string {
	list := make([]string, len(maps))
	for i, m := range maps {
		list[i] = m.Name
	}
	return list
}
