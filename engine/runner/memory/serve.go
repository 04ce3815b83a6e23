package memory

import (
	"context"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
)

var _ runner.System = (*System)(nil)

// Pull implements runner.System.
func (s *System) Pull(ctx context.Context, ack []uint64, most int, order uint64) (references []engine.Reference, more bool, told uint64, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, 0, err
	}
	forget := make(map[uint64]bool, len(ack))
	for _, p := range ack {
		forget[p] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.outbox = slices.DeleteFunc(s.outbox, func(r engine.Reference) bool { return forget[r.Position] })
	n := min(most, len(s.outbox))
	told, s.told = s.told, max(s.told, order)
	return slices.Clone(s.outbox[:n]), n < len(s.outbox), told, nil
}

// Read implements runner.System.
func (s *System) Read(ctx context.Context, keys, lookups []engine.Key) (records []*engine.Record, alive []engine.Alive, err error) {
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range keys {
		records = append(records, s.records[k])
	}
	for _, k := range lookups {
		alive = append(alive, engine.Alive{Key: k, Incarnation: s.incarnation(nil, k)})
	}
	return records, alive, nil
}

// List implements runner.System.
func (s *System) List(ctx context.Context, after engine.Key, company string, most int) (records []*engine.Record, more bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range slices.SortedFunc(slices.Values(s.keys), engine.Key.Compare) {
		r := s.records[k]
		if !r.Listed() || k.Map != after.Map || k.Compare(after) <= 0 || company != "" && company != k.Company {
			continue
		}
		if len(records) == most {
			return records, true, nil
		}
		records = append(records, r)
	}
	return records, false, nil
}

// Switch implements runner.System.
func (s *System) Switch(ctx context.Context, maps []engine.MapID, how engine.Capturing, turn uint64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.capture.Switch(maps, how, turn)
	return nil
}

// Write implements runner.System.
func (s *System) Write(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error) {
	rows := make([]engine.RowAnswer, len(writes))
	for i := range writes {
		if err := ctx.Err(); err != nil {
			return nil, err // what is done stays done, and the engine will find that out
		}
		rows[i] = s.all(writes[i : i+1])[0]
	}
	return rows, nil
}

// WriteAll implements runner.System.
func (s *System) WriteAll(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.all(writes), nil
}

// all is the transaction of some rows, of which all are done or none.
func (s *System) all(writes []engine.Write) []engine.RowAnswer {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := make([]engine.RowAnswer, len(writes))
	staged := staging{}
	var late []engine.Reference
	failed := false
	for i := range writes {
		r, reference, ok := s.apply(staged, &writes[i])
		if !ok {
			rows[i].Result, failed = engine.RowConditionFailed, true
			continue
		}
		staged[*r.Key] = r
		if reference != nil {
			late = append(late, *reference)
		}
	}
	for i := range writes {
		if r := s.records[writes[i].Key]; writes[i].Kind == engine.DeleteWrite && r != nil && r.Alive && s.referenced(staged, writes[i].Key) {
			rows[i], failed = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "the record is looked up by another"}, true
		}
	}
	if failed {
		for i := range rows {
			if rows[i].Result == engine.RowDone {
				rows[i].Result = engine.RowUndone
			}
		}
		return rows
	}
	for i := range writes {
		s.publish(staged[writes[i].Key])
	}
	for _, r := range late {
		s.enqueue(r)
		s.notify(s.side)
	}
	return rows
}

// apply carries out a write on a record as the transaction sees it, if its
// conditions hold. mu is held.
func (s *System) apply(staged staging, w *engine.Write) (*engine.Record, *engine.Reference, bool) {
	m, err := s.mapOf(w.Key)
	if err != nil || s.locks[w.Key] != 0 || time.Now().After(time.Unix(0, int64(w.Deadline))) {
		return nil, nil, false
	}
	for _, a := range w.Lookups {
		if s.locks[a.Key] != 0 || s.incarnation(staged, a.Key) != a.Incarnation {
			return nil, nil, false
		}
	}
	return engine.Apply(m, w, s.side, s.at(staged, w.Key))
}

// incarnation tells in which of its lives a record is alive; 0: in none. A
// record that is older than the sync is in its first. mu is held.
func (s *System) incarnation(staged staging, k engine.Key) uint32 {
	if r := s.at(staged, k); r != nil && r.Alive {
		return max(r.Mark.Incarnation, 1)
	}
	return 0
}
