package sqlite

import (
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// openIntent is an intent as Saves work on it.
type openIntent struct {
	id    int64 // ascending in the order in which intents were opened
	side  engine.Side
	tx    engine.TxID
	fresh *engine.Intent // of this Save; nil when the file has it
}

// openIntent keeps an intent until it is closed. A transaction has one at a
// time.
func (s *Store) openIntent(i *engine.Intent) error {
	switch {
	case i.Side > engine.Dataverse:
		return fmt.Errorf("there is no side %d", i.Side)
	case s.findIntent(i) >= 0:
		return fmt.Errorf("the intent of transaction %d on %s is opened twice", i.Tx, i.Side)
	case len(i.Rows) == 0:
		return fmt.Errorf("the intent of transaction %d on %s has no rows", i.Tx, i.Side)
	}
	for r := range i.Rows {
		if k := &i.Rows[r].Key; int(k.Map) >= s.maps {
			return fmt.Errorf("%s names table map %d, of %d", k.ID, k.Map, s.maps)
		}
	}
	s.lastIntent++
	s.intents = append(s.intents, openIntent{id: s.lastIntent, side: i.Side, tx: i.Tx, fresh: i})
	return nil
}

func (s *Store) closeIntent(i *engine.Intent) error {
	at := s.findIntent(i)
	if at < 0 {
		return fmt.Errorf("the intent of transaction %d on %s is closed but not open", i.Tx, i.Side)
	}
	if s.intents[at].fresh == nil {
		s.changes.closed = append(s.changes.closed, s.intents[at].id)
	}
	s.intents = slices.Delete(s.intents, at, at+1)
	return nil
}

func (s *Store) findIntent(i *engine.Intent) int {
	return slices.IndexFunc(s.intents, func(o openIntent) bool { return o.side == i.Side && o.tx == i.Tx })
}

// writeIntents removes rows first: an intent may have been closed and opened
// again.
func (s *Store) writeIntents() error {
	for _, id := range s.changes.closed {
		if _, err := s.dropIntent.ExecContext(ctx, id); err != nil {
			return err
		}
		if _, err := s.dropIntentRows.ExecContext(ctx, id); err != nil {
			return err
		}
	}
	for at := range s.intents {
		o := &s.intents[at]
		if o.fresh == nil {
			continue
		}
		if _, err := s.addIntent.ExecContext(ctx, o.id, uint8(o.side), int64(o.tx), int64(o.fresh.Deadline)); err != nil {
			return err
		}
		for n := range o.fresh.Rows {
			r := &o.fresh.Rows[n]
			p, err := s.pair(r.Key)
			if err != nil {
				return err
			}
			if err := s.addIntentRow.add(o.id, n, p.id, uint8(r.Op), r.Incarnation, r.Number, r.Existed, r.Hidden); err != nil {
				return err
			}
		}
		o.fresh = nil
	}
	return s.addIntentRow.finish()
}

// recallIntents reads the names of the open intents.
func (s *Store) recallIntents() error {
	return s.each(`SELECT id, side, tx FROM intent ORDER BY id`, nil, func(scan func(...any) error) error {
		o, tx := openIntent{}, int64(0)
		err := scan(&o.id, &o.side, &tx)
		o.tx = engine.TxID(tx)
		s.intents, s.lastIntent = append(s.intents, o), o.id
		return err
	})
}

func (l *loader) intents() error {
	const query = `SELECT id, side, tx, deadline FROM intent ORDER BY id`
	return l.store.each(query, nil, func(scan func(...any) error) error {
		id, tx, i := int64(0), int64(0), engine.Intent{}
		err := scan(&id, &i.Side, &tx, &i.Deadline)
		i.Tx = engine.TxID(tx)
		l.intentIDs = append(l.intentIDs, id)
		l.state.Intents = append(l.state.Intents, i) // a CHECK keeps the side in range
		return err
	})
}

// intentRows goes through both tables in the same order. No intent is without
// rows, and the rows of each are numbered from 0 without a gap.
func (l *loader) intentRows() error {
	const query = `SELECT intent, row, pair, operation, incarnation, number, existed, hidden FROM intent_row ORDER BY intent, row`
	err := l.store.each(query, nil, func(scan func(...any) error) error {
		intent, n, pair, r := int64(0), 0, int64(0), engine.IntentRow{}
		if err := scan(&intent, &n, &pair, &r.Op, &r.Incarnation, &r.Number, &r.Existed, &r.Hidden); err != nil {
			return err
		}
		at := slices.Index(l.intentIDs, intent)
		k, known := l.keys[pair]
		switch {
		case at < 0:
			return l.damaged("row %d belongs to intent %d, which is not there", n, intent)
		case !known:
			return l.damaged("row %d of intent %d names pair %d, which is not there", n, intent, pair)
		case n != len(l.state.Intents[at].Rows):
			return l.damaged("row %d of intent %d is missing", len(l.state.Intents[at].Rows), intent)
		case r.Op > engine.Delete:
			return l.damaged("row %d of intent %d has operation %d", n, intent, uint8(r.Op))
		}
		r.Key = k
		l.state.Intents[at].Rows = append(l.state.Intents[at].Rows, r)
		return nil
	})
	if err != nil {
		return err
	}
	for at := range l.state.Intents {
		if len(l.state.Intents[at].Rows) == 0 {
			return l.damaged("intent %d has no rows", l.intentIDs[at])
		}
	}
	return nil
}
