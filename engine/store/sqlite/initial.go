package sqlite

import (
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
)

// moveInitial keeps how far a leg of an initial sync has come.
func (s *Store) moveInitial(r *engine.InitialRecord) error {
	if int(r.Map) >= s.maps || r.Side > engine.Dataverse {
		return fmt.Errorf("initial sync of table map %d, of %d, from side %d", r.Map, s.maps, r.Side)
	}
	s.changes.initials = append(s.changes.initials, r)
	return nil
}

func (s *Store) writeInitials() error {
	for _, r := range s.changes.initials {
		if r.Stage == engine.InitialForgotten {
			if _, err := s.dropInitial.ExecContext(ctx, r.Map, r.Company, uint8(r.Side)); err != nil {
				return err
			}
			continue
		}
		_, err := s.putInitial.ExecContext(ctx, r.Map, r.Company, uint8(r.Side), uint8(r.Interim), r.Order, uint8(r.Stage),
			r.After.Company, r.After.ID, r.After.Spelling, r.Rows, r.Written, r.Unchanged, r.Lost, r.Errors)
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) initials() error {
	const query = `SELECT map, company, side, interim, place, stage, after_company, after_key, after_spelling, seen, written, unchanged, lost, errors
		FROM initial ORDER BY place, map, company, side`
	return l.store.each(query, nil, func(scan func(...any) error) error {
		r := engine.InitialRecord{}
		err := scan(&r.Map, &r.Company, &r.Side, &r.Interim, &r.Order, &r.Stage,
			&r.After.Company, &r.After.ID, &r.After.Spelling, &r.Rows, &r.Written, &r.Unchanged, &r.Lost, &r.Errors)
		if err != nil {
			return err
		}
		if int(r.Map) >= l.store.maps || r.Stage > engine.InitialCut {
			return l.damaged("initial sync of table map %d, of %d, is in stage %d", r.Map, l.store.maps, uint8(r.Stage))
		}
		r.After.Map = r.Map
		l.state.Initials = append(l.state.Initials, r)
		return nil
	})
}
