package oracle

import (
	"errors"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// committing is what a transaction has touched so far.
type committing struct {
	tx    engine.TxID
	modes [engine.Live + 1]bool // of the maps of its creates and updates
	held  bool                  // before its commit, until the other side had what goes live
}

// began notes a transaction that commits. One that was refused must not.
func (o *Oracle) began(at sim.Time, side engine.Side, tx engine.TxID) {
	o.commits[side] = committing{tx: tx, held: o.lives[liveID{side, tx}] != nil}
	o.gone(at, side, tx, "committed")
}

// gone checks that nothing is left of a transaction that was refused.
func (o *Oracle) gone(at sim.Time, side engine.Side, tx engine.TxID, what string) {
	if len(o.refused[side]) > 0 && o.refused[side][tx] {
		o.breach(mixedRejected, at, nil, "transaction %d of %s was refused by the capture hook and %s all the same", tx, side, what)
	}
}

// mode notes the map of a committed change.
func (o *Oracle) mode(at sim.Time, side engine.Side, before, after *engine.Record) {
	c := &o.commits[side]
	lives := alive(after) && !o.shapes[after.Key.Map].leaves(side, before, after)
	if was := c.modes; o.concerns(side, before, *after.Key, lives, after.Values, c) && was != c.modes && c.modes[engine.Async] && c.modes[engine.Live] {
		o.breach(mixedRejected, at, after.Key, "transaction %d of %s mixes live and async table maps, and committed", c.tx, side)
	}
}

// concerns notes the mode of a change's map and reports whether it counts: a
// create or update of a record that is in the map's scope before or after it.
func (o *Oracle) concerns(side engine.Side, before *engine.Record, k engine.Key, lives bool, after []engine.Value, c *committing) bool {
	s := &o.shapes[k.Map]
	if !lives || s.Mode == engine.Stopped || o.courses[k.Map].off[side] {
		return false
	}
	if !s.belongs(side, &k, after) && (!alive(before) || !s.belongs(side, &k, before.Values)) {
		return false
	}
	c.modes[s.Mode] = true
	return true
}

// Refused tells of a transaction that the capture hook refused with an error,
// before anything was written. The changes are the system's.
func (o *Oracle) Refused(at sim.Time, side engine.Side, tx engine.TxID, changes []engine.Change, err error) {
	o.totals.Refused++
	if o.refused[side] == nil {
		o.refused[side] = map[engine.TxID]bool{}
	}
	o.refused[side][tx] = true
	if !o.mixes {
		return
	}
	c := committing{tx: tx}
	var names [engine.Live + 1][]string
	for i := range changes {
		ch := &changes[i]
		s := &o.shapes[ch.Key.Map]
		lives := ch.Op != engine.Delete && !s.leaves(side, ch.Before, &engine.Record{Key: &ch.Key, Alive: true, Values: ch.After})
		if name := s.Name; o.concerns(side, ch.Before, ch.Key, lives, ch.After, &c) {
			names[o.shapes[ch.Key.Map].Mode] = append(names[o.shapes[ch.Key.Map].Mode], name)
		}
	}
	var mixed *engine.MixedTransactionError
	if !errors.As(err, &mixed) {
		return
	}
	o.tallies[mixedRejected].checked++
	told := [engine.Live + 1][]string{engine.Async: mixed.Async, engine.Live: mixed.Live}
	for _, mode := range []engine.Mode{engine.Async, engine.Live} {
		slices.Sort(names[mode])
		want := slices.Compact(names[mode])
		switch {
		case len(want) == 0:
			o.breach(mixedRejected, at, nil, "transaction %d of %s was refused as mixed, and touches no %s table map", tx, side, mode)
		case !slices.Equal(want, told[mode]):
			o.breach(mixedRejected, at, nil, "transaction %d of %s was refused as mixed with %q as the %s table maps, and they are %q",
				tx, side, strings.Join(told[mode], ", "), mode, strings.Join(want, ", "))
		}
	}
}
