package engine_test

import "github.com/twinwrite/twinwrite/engine"

// numbered names a record on one side.
type numbered struct {
	side engine.Side
	key  engine.Key
}

// fates are edits of a hidden record that have fallen with it.
type fates struct {
	dropped    []touch
	head, gone []int
}

// hides notes what has befallen a hidden record, given what was known before.
func (j *judge) hides(side engine.Side, w *engine.Write, dropped history, head, gone map[int]bool) {
	j.hidden[numbered{side, w.Key}] = fates{added(j.dropped, dropped), added(j.head, head), added(j.gone, gone)}
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
func (j *judge) unhidden(side engine.Side, w *engine.Write, target history) history {
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
	before := historyOf(w.Source)
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
