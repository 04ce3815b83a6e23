package sqlite

import (
	"fmt"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// moveMap keeps how a map runs.
func (s *Store) moveMap(r *engine.MapRecord) error {
	if int(r.Map) >= s.maps {
		return fmt.Errorf("table map %d moves, of %d", r.Map, s.maps)
	}
	s.changes.maps = append(s.changes.maps, r)
	return nil
}

func (s *Store) writeMaps() error {
	for _, r := range s.changes.maps {
		_, err := s.putMap.ExecContext(ctx, r.Map, r.Job, uint8(r.Mode), r.Sequence, uint8(r.Primary), r.Initializing, uint8(r.Rules), int64(r.WriteLife), r.Keys)
		if err != nil {
			return err
		}
	}
	return nil
}

func (l *loader) mapRecords() error {
	const query = `SELECT map, job, mode, sequence, primary_side, initializing, rules, write_life, keys FROM map_run ORDER BY map`
	return l.store.each(query, nil, func(scan func(...any) error) error {
		life, r := int64(0), engine.MapRecord{}
		if err := scan(&r.Map, &r.Job, &r.Mode, &r.Sequence, &r.Primary, &r.Initializing, &r.Rules, &life, &r.Keys); err != nil {
			return err
		}
		if int(r.Map) >= l.store.maps || r.Mode > engine.Live {
			return l.damaged("table map %d, of %d, runs in mode %d", r.Map, l.store.maps, uint8(r.Mode))
		}
		r.WriteLife = time.Duration(life)
		l.state.Maps = append(l.state.Maps, r)
		return nil
	})
}
