package users

import (
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// plan makes up the next transaction. Every choice is drawn by the
// transaction's own key and the place of the edit in it.
func (g *Generator) plan(u *Users, r *run) {
	r.side, r.generator = g.Side, g
	if g.OpenFor != nil {
		r.openFor = sim.Draw(g.OpenFor, u.draws.think, r.tx.Entity, 0)
	}
	for i := range g.Steps {
		s := &g.Steps[i]
		n := int64(1)
		if s.Count != nil {
			n = s.Count.Quantile(u.draws.count.U(r.tx.Entity, uint64(i)))
		}
		for range n {
			r.steps = append(r.steps, place{i, uint64(len(r.steps))})
		}
	}
	r.reserve(g)
	kept := r.steps[:0]
	for _, at := range r.steps {
		s := &g.Steps[at.step]
		e := system.Edit{Map: s.Map, Op: s.Op}
		picked := -1
		switch {
		case s.Among > 0:
			e.Name = u.oneOf(r, s, at.ordinal)
		case !s.picks():
			e.Name = g.newName(u, r, s, at.ordinal)
		default:
			var ok bool
			if e.Name, picked, ok = u.records.pick(s.Map, u.draws.pick.U(r.tx.Entity, at.ordinal), s.Zipf); !ok {
				continue // there is nothing yet that could be changed
			}
		}
		u.planned(r, &e)
		u.records.noteOne(&e)
		if s.Op != system.Delete {
			e.Set = u.fill(r, s, s.Columns, g.Side, at.ordinal)
		}
		if (s.Op == system.Update || s.Op == system.Delete) && !u.find(&e, g.Side, picked) {
			continue
		}
		r.edits = append(r.edits, e)
		kept = append(kept, at)
	}
	r.steps = kept
	r.tx.Edits = r.edits
	u.told(r)
}

// find finds the record of an edit on the user's side, or another one that was
// picked in its place; he leaves out what he cannot find.
func (u *Users) find(e *system.Edit, side engine.Side, picked int) (ok bool) {
	other := true
	if picked >= 0 && e.Op == system.Update {
		e.Row, other, ok = u.records.seen(u.systems[side], e.Map, picked)
	} else if e.Row, ok = u.systems[side].FindName(e.Map, e.Name); ok {
		other = false
	}
	if other || !ok {
		u.stats.Unseen++
	}
	return ok
}

// reserve makes room for the run's edits, whose parts must not move.
func (r *run) reserve(g *Generator) {
	columns := 0
	for _, at := range r.steps {
		columns += max(len(g.Steps[at.step].Columns), len(g.Steps[at.step].Answer))
	}
	r.sets = slices.Grow(r.sets, columns)
	r.edits = slices.Grow(r.edits, len(r.steps))
}

// newName names a record that nobody else will create: by the source, its
// transaction and the place in it. Closed users number their own.
func (g *Generator) newName(u *Users, r *run, s *Step, place uint64) system.Name {
	if g.prefix == "" {
		g.prefix = strings.ToUpper(g.Name)
	}
	b := append(u.text[:0], g.prefix...)
	if r.user >= 0 {
		b = strconv.AppendUint(append(b, "-U"...), uint64(r.user)+1, 10)
	}
	b = strconv.AppendUint(append(b, '-'), r.ordinal, 10)
	if place > 0 {
		b = strconv.AppendUint(append(b, '-'), place, 10)
	}
	u.text = b
	return system.Name{Company: u.company(r, s), ID: u.pad.keep(b)}
}

// oneOf names one of the records that several steps share.
func (u *Users) oneOf(r *run, s *Step, place uint64) system.Name {
	k := int64(u.draws.pick.U(r.tx.Entity, place) * float64(s.Among))
	u.text = strconv.AppendInt(append(u.text[:0], "SHARED-"...), k+1, 10)
	return system.Name{Company: u.company(r, s), ID: u.pad.keep(u.text)}
}

// company draws the company of what a transaction creates.
func (u *Users) company(r *run, s *Step) string {
	if len(s.Companies) == 0 {
		return ""
	}
	return s.Companies[int(u.draws.company.U(r.tx.Entity, 0)*float64(len(s.Companies)))]
}

// alphabet is what users write who are not original.
var alphabet = [4]string{"amber", "blue", "copper", "dun"}

// fill gives columns of a step their new content.
func (u *Users) fill(r *run, s *Step, columns []Column, side engine.Side, place uint64) []system.Assignment {
	from := len(r.sets)
	for _, c := range columns {
		a := system.Assignment{Column: c.Index}
		ordinal := place<<8 | uint64(c.Index)
		switch x := u.draws.value.U(r.tx.Entity, ordinal); {
		case c.Lookup:
			if created, in := r.createdFor(&c); created != nil {
				a.Map = in
				a.Lookup = created
				u.plannedLookup(r, *created)
				break
			}
			a.Map, x = c.Target(x)
			if name, at, ok := u.records.pick(a.Map, x, 0); ok {
				u.plannedLookup(r, name)
				var other bool
				if a.Row, other, ok = u.records.seen(u.systems[side], a.Map, at); other || !ok {
					u.stats.Unseen++
				}
			}
		case len(c.Contents[side]) > 0:
			a.Value = c.Contents[side][int(x*float64(len(c.Contents[side])))]
		case x < s.shared() && !c.Unique:
			letter := int(x / s.shared() * float64(len(alphabet)))
			if c.Number {
				a.Value = engine.Number(int64(letter+1) * 1_000_000)
			} else {
				a.Value = engine.Text(alphabet[letter])
			}
		default:
			bits := u.draws.value.Bits(r.tx.Entity, ordinal)
			switch {
			case c.Number && c.Unique: // more digits, so that none comes twice
				a.Value = engine.Number(int64(bits>>18) * 10_000)
			case c.Number:
				a.Value = engine.Number(int64(bits>>24) * 10_000)
			default:
				u.text = strconv.AppendUint(u.text[:0], bits, 36)
				a.Value = engine.Text(u.pad.keep(u.text))
			}
		}
		if !c.Lookup {
			u.plannedValue(r, a.Value)
		}
		r.sets = append(r.sets, a)
	}
	return r.sets[from:len(r.sets):len(r.sets)]
}

func (s *Step) shared() float64 {
	switch {
	case s.Shared == 0:
		return 0.25
	case s.Shared < 0:
		return 0
	}
	return s.Shared
}

// createdFor returns the name of the latest record that the run creates and a lookup
// may name, with its map; or nil.
func (r *run) createdFor(c *Column) (*system.Name, engine.MapID) {
	if created := r.created(c.Map); created != nil {
		return created, c.Map
	}
	for _, m := range c.Also {
		if created := r.created(m); created != nil {
			return created, m
		}
	}
	return nil, 0
}

// created returns the name of the latest record of a map that the run creates,
// or nil.
func (r *run) created(m engine.MapID) *system.Name {
	for i := len(r.edits) - 1; i >= 0; i-- {
		if e := &r.edits[i]; (e.Op == system.Create || e.Op == system.Upsert) && e.Map == m {
			return &e.Name
		}
	}
	return nil
}

// answer lets another user change what a run has changed, on the other side.
func (g *Generator) answer(u *Users, done *run) {
	entity := sim.Mix(done.tx.Entity, 1)
	if g.Concurrent == nil || done.echo || !u.draws.concurrent.Chance(g.Concurrent.Probability, entity, 0) {
		return
	}
	index, r := u.newRun()
	r.side, r.tx.Entity = done.side.Other(), entity
	r.source, r.user = done.source, -1
	r.generator, r.echo = g, true
	done.keys(u, r)
	u.stats.Concurrent++
	u.k.After(sim.Draw(g.Concurrent.Gap, u.draws.gap, entity, 0), sim.Normal, u.id, kindConcurrent, entity, uint64(index))
}

// keys notes the keys of what a run has committed.
func (r *run) keys(u *Users, to *run) {
	for i := range r.edits {
		e := &r.edits[i]
		if e.Op == system.Delete {
			continue
		}
		row := e.Row
		if row == 0 {
			row, _ = u.systems[r.side].FindName(e.Map, e.Name)
		}
		to.targets = append(to.targets, *u.systems[r.side].Record(e.Map, row).Key)
		to.steps = append(to.steps, r.steps[i])
	}
}

// planAnswer fills a concurrent run when its moment has come. Records that have
// not arrived on its side are left out.
func (u *Users) planAnswer(r *run) {
	r.reserve(r.generator)
	for i, key := range r.targets {
		s := &r.generator.Steps[r.steps[i].step]
		e := system.Edit{Map: s.Map, Op: system.Update}
		var here bool
		if e.Row, here = u.systems[r.side].Find(key.Folded()); !here {
			if !r.generator.Concurrent.Creates || s.Op == system.Update {
				u.stats.ConcurrentSkipped++
				continue
			}
			e.Op, e.Name = system.Create, system.Name{Company: key.Company, ID: key.ID}
		}
		columns := s.Columns
		if s.Answer != nil {
			columns = s.Answer
		}
		e.Set = u.fill(r, s, columns, r.side, r.steps[i].ordinal)
		r.edits = append(r.edits, e)
	}
	r.tx.Edits = r.edits
	u.told(r)
}
