package runner

import (
	"maps"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// witness knows how far each side's records had come a moment ago, as the side itself
// has told. A record's mark moves in the same commit that captures the change, so that a
// read that left after a reference was heard of must show that change. One that does not
// comes from a copy that is behind, or from a side that was restored from a backup.
//
// Nobody can tell the two apart but by waiting: a copy catches up. Believed too soon, it
// would have a healthy pair quarantined. Refused for ever, it would keep the engine from
// ever seeing a restored side, which it is for the engine to judge. So the witness only
// delays: what it has heard it holds against a read for half of the time that a request
// may take, and forgets it then. A call that meets a record that is behind reads again
// within its time ([call.read]), so that the wait fails no request and costs no attempt;
// and a side that was restored is seen at once in all that has been at rest as long.
type witness struct {
	known map[name]heard
	lasts time.Duration // how long something heard is held against a read
	sweep engine.Time   // when to look next for what has been forgotten
}

// heard is what a side told of a record, and until when that counts.
type heard struct {
	progress
	until engine.Time
}

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

// newWitness knows what the last run knew of what it had saved, as if it had just been
// heard: it may have been.
func newWitness(state *engine.State, lasts time.Duration, now engine.Time) *witness {
	w := &witness{known: map[name]heard{}, lasts: lasts}
	for i := range state.Ledgers {
		l := &state.Ledgers[i]
		number := l.Settled
		if n := len(l.Above); n > 0 {
			number = l.Above[n-1].Number
		}
		w.note(l.Key, l.Side, progress{l.Incarnation, number}, now)
	}
	for i := range state.Open {
		w.pulled([]engine.Reference{state.Open[i].Reference}, now)
	}
	return w
}

func (w *witness) note(k engine.Key, side engine.Side, p progress, now engine.Time) {
	if now >= w.sweep {
		maps.DeleteFunc(w.known, func(_ name, h heard) bool { return h.until <= now })
		w.sweep = now.Add(w.lasts)
	}
	n := name{k, side}
	if h := w.known[n]; h.until <= now || h.before(p) {
		w.known[n] = heard{p, now.Add(w.lasts)}
	}
}

func (w *witness) pulled(references []engine.Reference, now engine.Time) {
	for i := range references {
		r := &references[i]
		w.note(r.Key, r.Side, progress{r.Incarnation, r.Number}, now)
	}
}

func (w *witness) read(side engine.Side, records []*engine.Record, now engine.Time) {
	for _, r := range records {
		if r != nil {
			w.note(*r.Key, side, progressOf(r), now)
		}
	}
}

// undoing forgets what writes may take back: a live transaction that is undone
// was never there.
func (w *witness) undoing(side engine.Side, writes []engine.Write) {
	for i := range writes {
		if k := writes[i].Kind; k == engine.DeleteWrite || k == engine.RestoreWrite || k == engine.UnhideWrite {
			delete(w.known, name{writes[i].Key, side})
		}
	}
}

// of returns what is known of records; those of which nothing is have nowhere to be behind.
func (w *witness) of(side engine.Side, keys []engine.Key) []heard {
	list := make([]heard, len(keys))
	for i := range keys {
		list[i] = w.known[name{keys[i], side}]
	}
	return list
}

// behind reports whether one of the records that a read brought, which left at an
// instant, does not show what had been heard of it. One that leaves when that does not
// count any more is the side's word.
func behind(told []heard, records []*engine.Record, left engine.Time) bool {
	for i, r := range records {
		if i < len(told) && left < told[i].until && progressOf(r).before(told[i].progress) {
			return true
		}
	}
	return false
}

// progressOf is how far a record has come; one that was never held, nowhere.
func progressOf(r *engine.Record) progress {
	if r == nil {
		return progress{}
	}
	return progress{r.Mark.Incarnation, r.Mark.Number}
}
