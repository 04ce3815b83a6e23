package sqlite

import (
	"errors"
	"maps"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// system is one side.
type system struct {
	w       *world
	side    engine.Side
	capture *engine.Capture
	records map[engine.Key]*engine.Record
	outbox  []engine.Reference
	version engine.Version
	place   uint64
	down    bool
	refuses map[engine.Key]engine.RowAnswer
	held    map[engine.TxID]engine.LiveRow // transactions before their commit, of one row each
	ended   map[engine.TxID]bool           // those that have committed
}

// locked reports whether a record is in a transaction that is held.
func (s *system) locked(k engine.Key) bool {
	for _, row := range s.held {
		if row.Key == k {
			return true
		}
	}
	return false
}

// allPass tries the rows of an atomic batch. If one fails none is done, and the
// answer says which.
func (s *system) allPass(writes []engine.Write, in *engine.Input) bool {
	pass := true
	for i := range writes {
		a := s.try(&writes[i])
		if pass = pass && a.Result == engine.RowDone; a.Result == engine.RowDone {
			a.Result = engine.RowUndone
		}
		in.Rows = append(in.Rows, a)
	}
	if pass {
		in.Rows = nil
	}
	return pass
}

// serve carries out a request.
func (s *system) serve(e *engine.Effect) *engine.Input {
	switch e.Kind {
	case engine.SwitchCapture:
		s.capture.Switch(e.Maps, e.Capturing, e.Turn)
		return &engine.Input{Kind: engine.CaptureSwitched}
	case engine.PullOutbox:
		s.outbox = slices.DeleteFunc(s.outbox, func(r engine.Reference) bool { return slices.Contains(e.Ack, r.Position) })
		n := min(len(s.outbox), e.Max)
		return &engine.Input{Kind: engine.OutboxPulled, References: slices.Clone(s.outbox[:n]), More: n < len(s.outbox)}
	case engine.ReadBatch:
		in := &engine.Input{Kind: engine.BatchRead}
		for _, k := range e.Keys {
			in.Records = append(in.Records, s.records[k])
		}
		for _, k := range e.Lookups {
			in.Lookups = append(in.Lookups, engine.Alive{Key: k, Incarnation: s.life(k)})
		}
		return in
	case engine.ListRecords:
		in := &engine.Input{Kind: engine.RecordsListed}
		for _, k := range slices.SortedFunc(maps.Keys(s.records), engine.Key.Compare) {
			if s.records[k].Listed() && k.Map == e.After.Map && k.Compare(e.After) > 0 {
				in.Records = append(in.Records, s.records[k])
			}
		}
		return in
	default:
		in := &engine.Input{Kind: engine.BatchWritten}
		if e.Atomic && !s.allPass(e.Writes, in) {
			return in
		}
		for i := range e.Writes {
			in.Rows = append(in.Rows, s.write(&e.Writes[i]))
		}
		return in
	}
}

// life returns the incarnation in which a record is alive, or 0.
func (s *system) life(k engine.Key) uint32 {
	if r := s.records[k]; r != nil && r.Alive {
		return max(r.Mark.Incarnation, 1)
	}
	return 0
}

// try tells how a write would end.
func (s *system) try(w *engine.Write) engine.RowAnswer {
	if a, refused := s.refuses[w.Key]; refused {
		return a
	}
	ok := w.Deadline >= s.w.now && !s.locked(w.Key)
	for _, a := range w.Lookups {
		ok = ok && s.life(a.Key) == a.Incarnation
	}
	if ok {
		_, _, ok = engine.Apply(s.w.maps[w.Key.Map], w, s.side, s.records[w.Key])
	}
	if !ok {
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	return engine.RowAnswer{}
}

func (s *system) write(w *engine.Write) engine.RowAnswer {
	if a := s.try(w); a.Result != engine.RowDone {
		return a
	}
	r, late, _ := engine.Apply(s.w.maps[w.Key.Map], w, s.side, s.records[w.Key])
	if late != nil {
		s.append(*late)
	}
	s.publish(r)
	return engine.RowAnswer{}
}

func (s *system) append(r engine.Reference) {
	s.place++
	r.Position = s.place
	s.outbox = append(s.outbox, r)
}

func (s *system) publish(r *engine.Record) {
	s.version++
	r.Version, r.Trace = s.version, plantedText
	s.records[*r.Key] = r
}

// commit commits a change, past the hook if bypass.
func (s *system) commit(c engine.Change, bypass bool) {
	w := s.w
	record := &engine.Record{Key: &c.Key, Alive: c.Op != engine.Delete, Values: c.After}
	if c.Before != nil {
		record.Mark = c.Before.Mark
	}
	if !bypass {
		w.tx++
		captured, err := s.capture.PreCommit(nil, w.tx, []engine.Change{c})
		if errors.Is(err, engine.ErrBusy) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		record.Mark = captured[0].Mark
		if captured[0].Live {
			row := engine.LiveRow{Key: c.Key, Op: c.Op, Before: c.Before, After: record}
			s.held[w.tx] = row
			w.step(&engine.Input{Kind: engine.LiveRequested, Side: s.side, Tx: w.tx, Live: []engine.LiveRow{row}})
			return
		}
		if captured[0].Captured {
			s.append(captured[0].Reference)
		}
	}
	s.publish(record)
}
