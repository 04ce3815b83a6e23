package driver

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// mutationHash keys the draw for a sync by the first thing that it saves.
func mutationHash(m *engine.Mutation) uint64 {
	h := sim.Mix(uint64(m.Kind), m.Position<<1|uint64(m.Side))
	switch m.Kind {
	case engine.ReferenceAdded, engine.ReferenceSettled:
		h = sim.Mix(h, referenceHash(&m.Reference))
	case engine.LaneChanged:
		h = sim.Mix(h, sim.Mix(sim.Hash(m.Lane.Key.ID), uint64(m.Lane.Attempts)))
	}
	return h
}

func referenceHash(r *engine.Reference) uint64 {
	k := &r.Key
	h := sim.Mix(sim.Hash(k.ID), uint64(k.Map)<<1|uint64(r.Side))
	if k.Company != "" {
		h = sim.Mix(h, sim.Hash(k.Company))
	}
	return sim.Mix(h, uint64(r.Incarnation)<<32|uint64(r.Number))
}

// StateHash returns a hash of what is saved, which is handed in as loaded, of
// what waits to be saved or answered, and of the crashes to come. Of the
// engine's memory it sees what its requests and its store show.
func (d *Driver) StateHash(state *engine.State) uint64 {
	h := sim.Mix(uint64(len(d.waiting.save))<<32|uint64(len(d.waiting.do)), uint64(len(d.syncing.save))<<32|uint64(len(d.syncing.do)))
	h = sim.Mix(h, uint64(d.pending.open)<<1|uint64(number(d.core == nil)))
	for n := d.pending.head; n < d.pending.tail; n++ {
		if s := d.pending.at(n); s.index >= 0 {
			r := d.requests.At(s.index)
			h = sim.Mix(h, sim.Mix(r.Entity, r.Ordinal))
		}
	}
	for _, index := range d.armed {
		h = sim.Mix(h, sim.Hash(string(d.crashes[index].Point)))
	}
	for i := range state.Open {
		o := &state.Open[i]
		h = sim.Mix(h, sim.Mix(referenceHash(&o.Reference), o.Order))
	}
	for i := range state.Lanes {
		l := &state.Lanes[i]
		h = sim.Mix(h, sim.Mix(sim.Hash(l.Key.ID), uint64(l.Attempts)<<16|uint64(l.Parked.Class)<<8|uint64(l.Side)))
	}
	for i := range state.Ledgers {
		l := &state.Ledgers[i]
		h = sim.Mix(h, sim.Mix(sim.Hash(l.Key.ID), uint64(l.Settled)<<32|uint64(len(l.Above))<<1|uint64(l.Side)))
	}
	for side := range state.Ingested {
		for _, p := range state.Ingested[side] {
			h = sim.Mix(h, p<<1|uint64(side))
		}
	}
	return h
}
