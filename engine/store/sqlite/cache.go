package sqlite

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
)

// cache keeps the pairs that were used last, in two generations: when the
// young one is full it becomes the old one, and what nobody asked for in its
// time is forgotten. Generations change between Saves only, since a pair that
// a Save has touched must not be read from the file a second time.
type cache struct {
	young, old map[engine.Key]*pair
	half       int
}

const defaultPairs = 1 << 16

func newCache(pairs int) cache {
	if pairs <= 0 {
		pairs = defaultPairs
	}
	return cache{young: map[engine.Key]*pair{}, half: max(pairs/2, 1)}
}

// get returns a pair if it is remembered.
func (c *cache) get(k engine.Key) *pair {
	p := c.young[k]
	if p == nil {
		if p = c.old[k]; p != nil {
			c.young[k] = p
		}
	}
	return p
}

func (c *cache) put(k engine.Key, p *pair) { c.young[k] = p }

// age is called between Saves.
func (c *cache) age() {
	if len(c.young) >= c.half {
		c.young, c.old = make(map[engine.Key]*pair, c.half), c.young
	}
}

// pair returns the pair of a key, which it numbers when new.
func (s *Store) pair(k engine.Key) (*pair, error) {
	if p := s.pairs.get(k); p != nil {
		return p, nil
	}
	p := &pair{}
	err := s.findPair.QueryRowContext(ctx, k.ID, k.Map, k.Company, k.Spelling).Scan(&p.id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		s.lastPair++
		p.id, p.isNew = s.lastPair, true
		s.changes.pairs = append(s.changes.pairs, newPair{k, p})
	case err != nil:
		return nil, err
	}
	s.pairs.put(k, p)
	return p, nil
}

// lane returns one direction of a pair.
func (s *Store) lane(k engine.Key, side engine.Side) (*lane, error) {
	p, err := s.pair(k)
	if err != nil {
		return nil, err
	}
	if p.lanes[side] == nil {
		l := &lane{id: p.id<<1 | int64(side)}
		if !p.isNew {
			if err := s.readLane(l); err != nil {
				return nil, err
			}
		}
		p.lanes[side] = l
	}
	return p.lanes[side], nil
}

// readLane fills in what the file knows of a lane and a Save has to know.
func (s *Store) readLane(l *lane) error {
	if err := eachRow(s.findLedgers, l.id, func(scan func(...any) error) error {
		l.ledgers = append(l.ledgers, ledger{})
		g := &l.ledgers[len(l.ledgers)-1]
		return scan(&g.incarnation, &g.settled)
	}); err != nil {
		return err
	}
	if err := eachRow(s.findAbove, l.id, func(scan func(...any) error) error {
		incarnation, a := uint32(0), above{stored: true}
		if err := scan(&incarnation, &a.Number, &a.Held, &a.Outcome.Class, &a.Outcome.Reason, &a.Outcome.Cause); err != nil {
			return err
		}
		g := l.ledger(incarnation)
		if g == nil {
			return &Error{Path: s.path, Err: ErrCorrupt, Detail: fmt.Sprintf("lane %d has no ledger of incarnation %d", l.id, incarnation)}
		}
		g.above = append(g.above, a)
		return nil
	}); err != nil {
		return err
	}
	return eachRow(s.findOpen, l.id, func(scan func(...any) error) error {
		o, origin := waiting{stored: true}, engine.Origin(0)
		if err := scan(&o.incarnation, &o.number, &origin); err != nil {
			return err
		}
		o.holds = origin.Holds()
		l.open = append(l.open, o)
		return nil
	})
}
