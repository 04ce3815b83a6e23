package users

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// registry knows what people have set out to create and to delete, on either
// side. Generated transactions pick their records from it and not from what a
// system holds at the moment: so the choice depends on the plans alone, and is
// the same whatever the engine does and however long it takes. Whoever picks a
// record that has not come to his side yet, or was refused, turns to the next one
// that he sees; nobody deletes another record than he meant.
type registry struct {
	maps  []names // by map
	zipfs []*sim.Zipf
	ranks []float64 // by zipf: its exponent
}

// names are the records of one map in the order in which they were planned.
type names struct {
	keys   *engine.KeyForm
	wanted bool // somebody picks from them
	all    []planned
	index  map[system.Name]int32 // by canonical name
	gone   int
}

type planned struct {
	name system.Name
	gone bool // it was deleted since
}

func newRegistry(sources []Source, maps []*engine.TableMap) registry {
	r := registry{maps: make([]names, len(maps))}
	for _, s := range sources {
		g, ok := s.(*Generator)
		if !ok {
			continue
		}
		for i := range g.Steps {
			step := &g.Steps[i]
			r.maps[step.Map].wanted = r.maps[step.Map].wanted || step.picks()
			for _, c := range step.Columns {
				if c.Lookup {
					r.maps[c.Map].wanted = true
					for _, m := range c.Also {
						r.maps[m].wanted = true
					}
				}
			}
		}
	}
	for i := range r.maps {
		r.maps[i].keys, r.maps[i].index = &maps[i].Keys, map[system.Name]int32{}
	}
	return r
}

// note takes in what a transaction is to do.
func (r *registry) note(edits []system.Edit) {
	for i := range edits {
		r.noteOne(&edits[i])
	}
}

func (r *registry) noteOne(e *system.Edit) {
	n := &r.maps[e.Map]
	if !n.wanted || e.Name.ID == "" || e.Op == system.Update {
		return
	}
	key := system.Name{Company: e.Name.Company, ID: n.keys.Canonical(e.Name.ID)}
	at, known := n.index[key]
	switch {
	case e.Op == system.Delete && known && !n.all[at].gone:
		n.all[at].gone = true
		n.gone++
	case e.Op == system.Delete:
	case !known:
		n.index[key] = int32(len(n.all))
		n.all = append(n.all, planned{name: e.Name})
	case n.all[at].gone:
		n.all[at].gone = false
		n.gone--
	}
}

// pick chooses one of the records of a map by one uniform number: evenly, or
// with weight 1/rank^exponent, where the record planned first has rank 1.
func (r *registry) pick(m engine.MapID, u, exponent float64) (name system.Name, at int, ok bool) {
	n := &r.maps[m]
	if len(n.all) == n.gone {
		return system.Name{}, 0, false
	}
	at = int(r.zipf(exponent).Pick(u, int64(len(n.all))))
	for n.all[at].gone {
		at = (at + 1) % len(n.all)
	}
	return n.all[at].name, at, true
}

// seen returns the row of the record at a place, or of the next one after it that
// a system holds. It reports whether there is one, and whether it is another.
func (r *registry) seen(s *system.System, m engine.MapID, at int) (row system.Row, other, ok bool) {
	n := &r.maps[m]
	for i := range n.all {
		p := &n.all[(at+i)%len(n.all)]
		if p.gone {
			continue
		}
		if row, ok = s.FindName(m, p.name); ok {
			return row, i > 0, true
		}
	}
	return 0, false, false
}

func (r *registry) zipf(exponent float64) *sim.Zipf {
	i := slices.Index(r.ranks, exponent)
	if i < 0 {
		i = len(r.ranks)
		r.ranks, r.zipfs = append(r.ranks, exponent), append(r.zipfs, sim.NewZipf(exponent))
	}
	return r.zipfs[i]
}
