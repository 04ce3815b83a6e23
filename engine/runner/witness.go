package runner

import "github.com/twinwrite/twinwrite/engine"

// witness knows how far each side's records have come, as the side itself has
// told. A record's mark moves in the same commit that captures the change, so
// a read that left after a reference was heard of must show that change. One
// that does not comes from a copy that is behind, or from a backup; believed,
// it would make a change look superseded that was never carried.
type witness map[name]progress

// name is a record on one side.
type name struct {
	key  engine.Key
	side engine.Side
}

// progress is a record's number of captured changes, in one of its lives.
type progress struct {
	incarnation, number uint32
}

func (p progress) before(q progress) bool {
	if p.incarnation != q.incarnation {
		return p.incarnation < q.incarnation
	}
	return p.number < q.number
}

// newWitness knows what the last run knew of what it had saved.
func newWitness(state *engine.State) witness {
	w := witness{}
	for i := range state.Ledgers {
		l := &state.Ledgers[i]
		number := l.Settled
		if n := len(l.Above); n > 0 {
			number = l.Above[n-1].Number
		}
		w.note(l.Key, l.Side, progress{l.Incarnation, number})
	}
	for i := range state.Open {
		w.pulled([]engine.Reference{state.Open[i].Reference})
	}
	return w
}

func (w witness) note(k engine.Key, side engine.Side, p progress) {
	if n := (name{k, side}); w[n].before(p) {
		w[n] = p
	}
}

func (w witness) pulled(references []engine.Reference) {
	for i := range references {
		r := &references[i]
		w.note(r.Key, r.Side, progress{r.Incarnation, r.Number})
	}
}

func (w witness) read(side engine.Side, records []*engine.Record) {
	for _, r := range records {
		if r != nil {
			w.note(*r.Key, side, progressOf(r))
		}
	}
}

// undoing forgets what writes may take back: a live transaction that is undone
// was never there.
func (w witness) undoing(side engine.Side, writes []engine.Write) {
	for i := range writes {
		if k := writes[i].Kind; k == engine.DeleteWrite || k == engine.RestoreWrite || k == engine.UnhideWrite {
			delete(w, name{writes[i].Key, side})
		}
	}
}

// of returns what is known of records.
func (w witness) of(side engine.Side, keys []engine.Key) []progress {
	list := make([]progress, len(keys))
	for i := range keys {
		list[i] = w[name{keys[i], side}]
	}
	return list
}

// progressOf is how far a record has come; one that was never held, nowhere.
func progressOf(r *engine.Record) progress {
	if r == nil {
		return progress{}
	}
	return progress{r.Mark.Incarnation, r.Mark.Number}
}
