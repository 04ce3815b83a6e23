package engine_test

import (
	"maps"

	"github.com/twinwrite/twinwrite/engine"
)

// numbered names a record on one side.
type numbered struct {
	side engine.Side
	key  engine.Key
}

// fates are edits of a hidden record that have fallen with it.
type fates struct {
	dropped    []touch
	head, gone []int
	deleted    bool // nothing took the record's place
}

// hides notes what has befallen a hidden record, given what was known before.
func (j *judge) hides(side engine.Side, w *engine.Write, dropped history, head, gone map[int]bool) {
	j.hidden[numbered{side, w.Key}] = fates{added(j.dropped, dropped), added(j.head, head), added(j.gone, gone), w.Kind == engine.DeleteWrite}
}

func added[T comparable](now, before map[T]bool) (list []T) {
	for k := range now {
		if !before[k] {
			list = append(list, k)
		}
	}
	return list
}

// unhidden takes it back, and returns what the record reflects: what it did, and what
// users of its side have changed since, with all that these had before them.
func (j *judge) unhidden(side engine.Side, w *engine.Write, now, back *engine.Record) history {
	f := j.hidden[numbered{side, w.Key}]
	for _, t := range f.dropped {
		delete(j.dropped, t)
	}
	for _, id := range f.head {
		delete(j.head, id)
	}
	for _, id := range f.gone {
		delete(j.gone, id)
	}
	before, target := historyOf(w.Source), historyOf(now)
	if f.deleted {
		return j.underneath(w, now, back, before, target)
	}
	edited := map[int]bool{} // groups
	for t := range target {
		if j.edits[t.edit].side == side && !before[t] {
			edited[j.schedule.groupOf(t.column)] = true
		}
	}
	h := history{}
	for t := range before {
		if !edited[j.schedule.groupOf(t.column)] {
			h[t] = true
		}
	}
	for t := range target {
		if edited[j.schedule.groupOf(t.column)] {
			h[t] = true
		}
	}
	return h
}

// underneath returns what a record reflects that came back under one that was created
// past the hook where it had been deleted. Nobody had seen the delete commit: what the
// create fills in stands on top of what was there, and what it leaves empty takes
// nothing away.
func (j *judge) underneath(w *engine.Write, now, back *engine.Record, before, target history) history {
	h := history{}
	maps.Copy(h, before)
	filled := map[int]bool{} // columns
	if now.Alive {
		for t := range target {
			v := now.Values[t.column]
			filled[t.column] = v.Kind != engine.KindNull && !v.Equal(w.Source.Values[t.column])
			if filled[t.column] {
				h[t] = true
			}
		}
	}
	for c, v := range w.Source.Values {
		if filled[c] {
			v = now.Values[c]
		}
		if !back.Values[c].Equal(v) {
			j.breach("column %d of %s was %v, and %v came back", c, w.Key.ID, v, back.Values[c])
		}
	}
	return h
}
