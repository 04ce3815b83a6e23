package sqlite

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// What operators have to do with is rare: each mutation is written by itself, in
// order.

// quarantine notes a pair that is quarantined, or released.
func (s *Store) quarantine(m *engine.Mutation) error {
	if k := &m.Lane.Key; int(k.Map) >= s.maps {
		return fmt.Errorf("%s names table map %d, of %d", k.ID, k.Map, s.maps)
	}
	s.changes.rare = append(s.changes.rare, m)
	return nil
}

// resync keeps a resync until it has ended. There is one of a kind at a time.
func (s *Store) resync(m *engine.Mutation) error {
	r := &m.Resync
	if int(r.Map) >= s.maps {
		return fmt.Errorf("a resync names table map %d, of %d", r.Map, s.maps)
	}
	at := slices.Index(s.resyncs, *r)
	switch {
	case m.Kind == engine.ResyncAsked && at >= 0:
		return fmt.Errorf("the resync of table map %d is asked for twice", r.Map)
	case m.Kind == engine.ResyncAsked:
		s.resyncs, s.intake = append(s.resyncs, *r), max(s.intake, m.Order)
	case at < 0:
		return fmt.Errorf("the resync of table map %d has ended but is not under way", r.Map)
	default:
		s.resyncs = slices.Delete(s.resyncs, at, at+1)
	}
	s.changes.rare = append(s.changes.rare, m)
	return nil
}

func (s *Store) writeRare() error {
	for _, m := range s.changes.rare {
		var err error
		switch m.Kind {
		case engine.ResyncAsked:
			err = s.exec(`INSERT INTO resync (map, company) VALUES (?, ?)`, m.Resync.Map, m.Resync.Company)
		case engine.ResyncEnded:
			err = s.exec(`DELETE FROM resync WHERE map = ? AND company = ?`, m.Resync.Map, m.Resync.Company)
		default:
			err = s.writeQuarantine(m.Lane)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeQuarantine(l *engine.LaneState) error {
	p, err := s.pair(l.Key)
	if err != nil {
		return err
	}
	if l.Parked.Class == engine.Open {
		return s.exec(`DELETE FROM quarantine WHERE pair = ?`, p.id)
	}
	return s.exec(`REPLACE INTO quarantine (pair, class, reason, cause) VALUES (?, ?, ?, ?)`,
		p.id, uint8(l.Parked.Class), uint8(l.Parked.Reason), l.Parked.Cause)
}

func (l *loader) quarantined() error {
	err := l.store.each(`SELECT pair, class, reason, cause FROM quarantine`, nil, func(scan func(...any) error) error {
		pair, q := int64(0), engine.Quarantine{}
		if err := scan(&pair, &q.Why.Class, &q.Why.Reason, &q.Why.Cause); err != nil {
			return err
		}
		k, known := l.keys[pair]
		if !known {
			return l.damaged("pair %d is quarantined, and is not there", pair)
		}
		q.Key = k
		l.state.Quarantined = append(l.state.Quarantined, q)
		return l.understood(pair<<1, q.Why)
	})
	slices.SortFunc(l.state.Quarantined, func(a, b engine.Quarantine) int { return a.Key.Compare(b.Key) })
	return err
}

// recallResyncs reads what is under way.
func (s *Store) recallResyncs() (err error) {
	s.resyncs, err = s.readResyncs()
	return err
}

func (s *Store) readResyncs() (all []engine.Resync, err error) {
	err = s.each(`SELECT map, company FROM resync ORDER BY id`, nil, func(scan func(...any) error) error {
		r := engine.Resync{}
		err := scan(&r.Map, &r.Company)
		all = append(all, r)
		return err
	})
	return all, err
}

func (l *loader) resyncs() (err error) {
	l.state.Resyncs, err = l.store.readResyncs()
	for _, r := range l.state.Resyncs {
		if int(r.Map) >= l.store.maps {
			return l.damaged("a resync names table map %d, of %d", r.Map, l.store.maps)
		}
	}
	return err
}
