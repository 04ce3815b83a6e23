// Package users lets people work on the two systems: they replay recorded days
// and follow generated ones.
//
// A [Source] is an ordered stream of transactions, as data. [Users] executes
// them: only the next transaction of each source is ever pending in the event
// list. People who open a record, think, and save are part of it, and so is
// what they do when a save is refused or a system is down.
package users

import (
	"errors"
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// Source is a stream of transactions: a [Trace] or a [Generator].
type Source interface {
	// validate returns every fault, given the world's maps.
	validate(maps []*engine.TableMap) error
	// label names the source.
	label() string
	// next moves on to the next transaction and returns its moment; false when
	// there is none.
	next() (sim.Time, bool)
	// plan fills a run with that transaction.
	plan(u *Users, r *run)
}

// Transaction is what one user commits at once.
type Transaction struct {
	At      sim.Time // when he begins: with OpenFor 0 also when he saves
	Side    engine.Side
	Name    string // what a report calls it
	OpenFor time.Duration
	Edits   []system.Edit // read only; they name records by [system.Name]

	PastHook bool // see [system.Tx]
}

// Trace is a recorded day.
type Trace struct {
	Name         string
	Transactions []Transaction // ascending by At; read only

	taken int
}

func (t *Trace) label() string { return t.Name }

func (t *Trace) next() (sim.Time, bool) {
	if t.taken == len(t.Transactions) {
		return 0, false
	}
	t.taken++
	return t.Transactions[t.taken-1].At, true
}

func (t *Trace) plan(u *Users, r *run) {
	tx := &t.Transactions[t.taken-1]
	u.records.note(tx.Edits)
	r.side, r.tx.Label, r.tx.PastHook, r.openFor = tx.Side, tx.Name, tx.PastHook, tx.OpenFor
	if tx.OpenFor > 0 { // versions are noted in the edits
		r.edits = append(r.edits, tx.Edits...)
		r.tx.Edits = r.edits
	} else {
		r.tx.Edits = tx.Edits
	}
}

func (t *Trace) validate(maps []*engine.TableMap) error {
	var faults []error
	fault := func(i int, format string, args ...any) {
		at := fmt.Sprintf("trace %s: transaction %d (%s): ", t.Name, i+1, t.Transactions[i].Name)
		faults = append(faults, fmt.Errorf(at+format, args...))
	}
	for i := range t.Transactions {
		tx := &t.Transactions[i]
		if i > 0 && tx.At < t.Transactions[i-1].At {
			fault(i, "it is at %v, before the one that precedes it", tx.At)
		}
		if tx.At < 0 || tx.OpenFor < 0 {
			fault(i, "at %v, open for %v: neither may be negative", tx.At, tx.OpenFor)
		}
		for j := range tx.Edits {
			e := &tx.Edits[j]
			if int(e.Map) >= len(maps) {
				fault(i, "edit %d names table map %d, of %d", j+1, e.Map, len(maps))
				continue
			}
			for _, a := range e.Set {
				if a.Column < 0 || a.Column >= len(maps[e.Map].Columns) {
					fault(i, "edit %d sets column %d, of %d", j+1, a.Column, len(maps[e.Map].Columns))
				}
				if a.Lookup != nil && int(a.Map) >= len(maps) {
					fault(i, "edit %d looks up in table map %d, of %d", j+1, a.Map, len(maps))
				}
			}
		}
	}
	return errors.Join(faults...)
}

// Generator makes up transactions of one kind.
type Generator struct {
	Name       string
	Side       engine.Side
	Arrivals   sim.Arrivals // nil with Closed
	Closed     *Closed      // users who wait for the end of one transaction before they begin another; nil: they come as Arrivals say
	Until      sim.Time     // no transaction begins after this; 0: no end
	Steps      []Step
	OpenFor    sim.Dist    // time from opening to saving, in seconds; nil: users save at once
	Concurrent *Concurrent // nil: never

	taken  uint64
	prefix string // of the names that it makes up
}

// Step is what a generated transaction does to the records of one map.
type Step struct {
	Map    engine.MapID
	Op     system.Op
	Count  sim.Count // how many records; nil: one
	Zipf   float64   // which records an update or delete picks: 0 evenly, above 0 by 1/rank^Zipf, first planned first
	Among  int       // names are drawn from so many, which all steps of the map with an Among share; 0: a create or upsert makes up a new name
	Shared float64   // share of values from an alphabet of four, so that users come to write the same; 0.25, negative for none

	Columns   []Column // that are written
	Answer    []Column // ... by a concurrent edit; nil: Columns
	Companies []string // of created records, evenly; empty for a global map
}

// Column is one column that a step writes.
type Column struct {
	Index  int
	Number bool // plain data: a number, else a text

	// Contents are, by the side of the user, the values one of which he writes,
	// drawn evenly: the same place in either list means the same. None: he makes
	// values up.
	Contents [2][]engine.Value

	Unique bool // he writes what nobody else has written

	// Lookup makes it a lookup into Map: to the latest record of that map that
	// the same transaction creates, else to one that exists, picked evenly.
	Lookup bool
	Map    engine.MapID
	Also   []engine.MapID // of a polymorphic lookup: the other maps, each as often
}

// Target chooses the map of which a lookup names a record by a uniform number, and
// returns what is left of that for the record.
func (c *Column) Target(u float64) (engine.MapID, float64) {
	if len(c.Also) == 0 {
		return c.Map, u
	}
	scaled := float64(u * float64(len(c.Also)+1))
	if i := int(scaled); i > 0 {
		return c.Also[i-1], scaled - float64(i)
	}
	return c.Map, scaled
}

// Concurrent lets another user change the same records on the other side.
type Concurrent struct {
	Probability float64
	Gap         sim.Dist // from the first commit, in seconds
	Creates     bool     // he creates under the same key what has not come to his side; else he leaves it out
}

// picks reports whether the step works on records that somebody has set out to
// create, and does not name its own.
func (s *Step) picks() bool {
	return s.Among == 0 && (s.Op == system.Update || s.Op == system.Delete)
}

func (g *Generator) label() string { return g.Name }

func (g *Generator) next() (sim.Time, bool) {
	at, more := g.Arrivals.Next()
	if !more || g.Until != 0 && at > g.Until {
		return 0, false
	}
	g.taken++
	return at, true
}

func (g *Generator) validate(maps []*engine.TableMap) error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("generator %s: "+format, append([]any{g.Name}, args...)...))
	}
	switch {
	case g.Closed != nil && g.Arrivals != nil:
		fault("it has closed users and arrivals: it can have one")
	case g.Closed != nil:
		if err := g.Closed.faults(); err != nil {
			fault("%w", err)
		}
	case g.Arrivals == nil:
		fault("it has no arrivals")
	}
	if len(g.Steps) == 0 {
		fault("it has no steps")
	}
	for i, s := range g.Steps {
		if int(s.Map) >= len(maps) {
			fault("step %d names table map %d, of %d", i+1, s.Map, len(maps))
			continue
		}
		if s.Op > system.Delete {
			fault("step %d does nothing that is known", i+1)
		}
		if !s.picks() && maps[s.Map].Company != (len(s.Companies) > 0) {
			fault("step %d: companies are needed for a map by company, and for no other", i+1)
		}
		if s.Among < 0 {
			fault("step %d: names must be drawn from at least one, not %d", i+1, s.Among)
		}
		if !(s.Zipf >= 0) {
			fault("step %d: Zipf must be at least 0, not %v", i+1, s.Zipf)
		}
		if s.Count != nil {
			if err := s.Count.Validate(); err != nil {
				fault("step %d: %w", i+1, err)
			}
		}
		for _, c := range s.Columns {
			if c.Index < 0 || c.Index >= len(maps[s.Map].Columns) {
				fault("step %d writes column %d, of %d", i+1, c.Index, len(maps[s.Map].Columns))
			}
			if len(c.Contents[0]) != len(c.Contents[1]) {
				fault("step %d: column %d has %d contents in F&O and %d in Dataverse: each needs a counterpart", i+1, c.Index, len(c.Contents[0]), len(c.Contents[1]))
			}
		}
	}
	if g.OpenFor != nil {
		if err := g.OpenFor.Validate(); err != nil {
			fault("open for: %w", err)
		}
	}
	if c := g.Concurrent; c != nil {
		if !(c.Probability >= 0 && c.Probability <= 1) {
			fault("the probability of concurrent edits must be between 0 and 1, not %v", c.Probability)
		}
		if c.Gap == nil {
			fault("concurrent edits need a gap")
		} else if err := c.Gap.Validate(); err != nil {
			fault("gap: %w", err)
		}
	}
	return errors.Join(faults...)
}
