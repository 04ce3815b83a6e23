package sqlite

import (
	"encoding/json"

	"github.com/twinwrite/twinwrite/engine"
)

// The notes of what is in flight are one row a slot, because a batch replaces
// what its slot held before as a whole. A row tells of its items as lists of
// three numbers: lane, intake order and attempts.

// writeFlights writes the last note of each slot.
func (s *Store) writeFlights() error {
	last := s.changes.noted
	for i, m := range last {
		overtaken := false
		for _, later := range last[i+1:] {
			overtaken = overtaken || later.Slot == m.Slot
		}
		if overtaken {
			continue
		}
		if len(m.Flights) == 0 {
			if _, err := s.dropFlights.ExecContext(ctx, m.Slot); err != nil {
				return err
			}
			continue
		}
		items := make([][3]int64, len(m.Flights))
		for n := range m.Flights {
			f := &m.Flights[n]
			p, err := s.pair(f.Key)
			if err != nil {
				return err
			}
			items[n] = [3]int64{p.id<<1 | int64(f.Side), int64(f.Order), int64(f.Attempts)}
		}
		text, err := json.Marshal(items)
		if err != nil {
			return err
		}
		if _, err := s.putFlights.ExecContext(ctx, m.Slot, string(text)); err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) flights() error {
	return l.store.each(`SELECT slot, items FROM flight ORDER BY slot`, nil, func(scan func(...any) error) error {
		note, text := engine.BatchNote{}, []byte(nil)
		if err := scan(&note.Slot, &text); err != nil {
			return err
		}
		var items [][3]int64
		if err := json.Unmarshal(text, &items); err != nil {
			return l.damaged("slot %d holds %q", note.Slot, text)
		}
		for _, i := range items {
			k, side, err := l.key(i[0])
			if err != nil {
				return err
			}
			note.Flights = append(note.Flights, engine.FlightNote{Key: k, Side: side, Order: uint64(i[1]), Attempts: int(i[2])})
		}
		l.state.Flights = append(l.state.Flights, note)
		return nil
	})
}
