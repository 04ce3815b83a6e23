package sqlite

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// Load implements store.Store.
func (s *Store) Load() (*engine.State, error) {
	if s.broken != nil {
		return nil, s.broken
	}
	state := &engine.State{Order: s.intake}
	l := loader{store: s, state: state, keys: map[int64]engine.Key{}}
	err := errors.Join(l.pairs(), l.open(), l.lanes(), l.jobs(), l.mapRecords(), l.initials(), l.ledgers(), l.above(), l.intents(), l.intentRows(), l.flights(), l.quarantined(), l.resyncs())
	if err == nil {
		state.Ingested, err = s.positions()
	}
	if err != nil {
		return nil, failure(s.path, err)
	}
	slices.SortFunc(state.Open, func(a, b engine.OpenReference) int { return cmp.Compare(a.Order, b.Order) })
	slices.SortFunc(state.Lanes, func(a, b engine.LaneState) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side))
	})
	slices.SortFunc(state.Ledgers, func(a, b engine.Ledger) int {
		return cmp.Or(a.Key.Compare(b.Key), cmp.Compare(a.Side, b.Side), cmp.Compare(a.Incarnation, b.Incarnation))
	})
	return state, nil
}

// Waiting implements [store.Store].
func (s *Store) Waiting() (*engine.State, error) {
	state, err := s.Load()
	if err == nil {
		state.Ledgers = nil
	}
	return state, err
}

// loader puts a state together. It trusts no number in the file: what it does
// not understand is damage.
type loader struct {
	store *Store
	state *engine.State
	keys  map[int64]engine.Key // by pair

	intentIDs []int64 // of state.Intents, in their order
}

func (l *loader) damaged(format string, args ...any) error {
	return &Error{Path: l.store.path, Err: ErrCorrupt, Detail: fmt.Sprintf(format, args...)}
}

func (l *loader) pairs() error {
	return l.store.each(`SELECT id, map, company, key, spelling FROM pair`, nil, func(scan func(...any) error) error {
		id, k := int64(0), engine.Key{}
		if err := scan(&id, &k.Map, &k.Company, &k.ID, &k.Spelling); err != nil {
			return err
		}
		if int(k.Map) >= l.store.maps {
			return l.damaged("pair %d names table map %d, of %d", id, k.Map, l.store.maps)
		}
		l.keys[id] = k
		return nil
	})
}

func (l *loader) key(lane int64) (engine.Key, engine.Side, error) {
	k, known := l.keys[lane>>1]
	if !known {
		return k, 0, l.damaged("lane %d belongs to no pair", lane)
	}
	return k, engine.Side(lane & 1), nil
}

func (l *loader) open() error {
	const query = `SELECT lane, incarnation, number, intake, groups, operation, origin, tx, ordinal, size, position, needs, unique_values FROM queue`
	return l.store.each(query, nil, func(scan func(...any) error) error {
		var lane, intake, groups, tx, position int64
		var needs, values []byte
		l.state.Open = append(l.state.Open, engine.OpenReference{})
		o := &l.state.Open[len(l.state.Open)-1]
		r := &o.Reference
		err := scan(&lane, &r.Incarnation, &r.Number, &intake, &groups, &r.Op, &r.Origin, &tx, &r.Ordinal, &r.Size, &position, &needs, &values)
		if err != nil {
			return err
		}
		o.Order, r.Groups, r.Tx, r.Position = uint64(intake), engine.GroupSet(groups), engine.TxID(tx), uint64(position)
		if r.Key, r.Side, err = l.key(lane); err != nil {
			return err
		}
		if r.Op > engine.Delete || r.Origin > engine.Resynced {
			return l.damaged("a reference in lane %d has operation %d and origin %d", lane, uint8(r.Op), uint8(r.Origin))
		}
		if r.Needs, err = l.needs(lane, needs); err != nil {
			return err
		}
		r.Values, err = l.values(lane, values)
		return err
	})
}

func (l *loader) needs(lane int64, text []byte) ([]engine.Key, error) {
	if text == nil {
		return nil, nil
	}
	var ids []int64
	if err := json.Unmarshal(text, &ids); err != nil {
		return nil, l.damaged("a reference in lane %d needs %q", lane, text)
	}
	needs := make([]engine.Key, len(ids))
	for i, id := range ids {
		k, known := l.keys[id]
		if !known {
			return nil, l.damaged("a reference in lane %d needs pair %d, which is not there", lane, id)
		}
		needs[i] = k
	}
	return needs, nil
}

func (l *loader) values(lane int64, packed []byte) ([]engine.ValueHash, error) {
	if packed == nil {
		return nil, nil
	}
	values := make([]engine.ValueHash, 0, len(packed)/valueBytes)
	for ; len(packed) >= valueBytes && packed[0] <= 1; packed = packed[valueBytes:] {
		values = append(values, engine.ValueHash{Hash: binary.BigEndian.Uint64(packed[1:]), Freed: packed[0] == 1})
	}
	if len(packed) > 0 || len(values) == 0 {
		return nil, l.damaged("a reference in lane %d has unique values that end in %x", lane, packed)
	}
	return values, nil
}

func (l *loader) lanes() error {
	return l.store.each(`SELECT lane, attempts, class, reason, cause, since, requested, request FROM lane`, nil, func(scan func(...any) error) error {
		lane, request, s := int64(0), int64(0), engine.LaneState{}
		err := scan(&lane, &s.Attempts, &s.Parked.Class, &s.Parked.Reason, &s.Parked.Cause, &s.Since, &s.Requested, &request)
		if err != nil {
			return err
		}
		s.Request = uint64(request)
		if s.Key, s.Side, err = l.key(lane); err != nil {
			return err
		}
		if s.Requested > engine.DismissRequested {
			return l.damaged("lane %d has request %d", lane, uint8(s.Requested))
		}
		l.state.Lanes = append(l.state.Lanes, s)
		return l.understood(lane, s.Parked)
	})
}

func (l *loader) jobs() error {
	return l.store.each(`SELECT name, state, since, turn, full_age, full_size, telling FROM job ORDER BY name`, nil, func(scan func(...any) error) error {
		l.state.Jobs = append(l.state.Jobs, engine.JobRecord{})
		j := &l.state.Jobs[len(l.state.Jobs)-1]
		turn := int64(0)
		if err := scan(&j.Name, &j.State, &j.Since, &turn, &j.Full.Age, &j.Full.Size, &j.Telling); err != nil {
			return err
		}
		j.Turn = uint64(turn)
		if j.State > engine.Resuming {
			return l.damaged("job %s has state %d", j.Name, uint8(j.State))
		}
		return nil
	})
}

func (l *loader) ledgers() error {
	return l.store.each(`SELECT lane, incarnation, settled FROM ledger ORDER BY lane, incarnation`, nil, func(scan func(...any) error) error {
		lane, g := int64(0), engine.Ledger{}
		err := scan(&lane, &g.Incarnation, &g.Settled)
		if err != nil {
			return err
		}
		g.Key, g.Side, err = l.key(lane)
		l.state.Ledgers = append(l.state.Ledgers, g)
		return err
	})
}

// above goes through both tables in the same order.
func (l *loader) above() error {
	const query = `SELECT lane, incarnation, number, held, class, reason, cause FROM above ORDER BY lane, incarnation, number`
	at := 0
	return l.store.each(query, nil, func(scan func(...any) error) error {
		lane, incarnation, a := int64(0), uint32(0), engine.SettledAbove{}
		err := scan(&lane, &incarnation, &a.Number, &a.Held, &a.Outcome.Class, &a.Outcome.Reason, &a.Outcome.Cause)
		if err != nil {
			return err
		}
		key, side, err := l.key(lane)
		if err != nil {
			return err
		}
		for at < len(l.state.Ledgers) {
			g := &l.state.Ledgers[at]
			if g.Key == key && g.Side == side && g.Incarnation == incarnation {
				g.Above = append(g.Above, a)
				return l.understood(lane, a.Outcome)
			}
			at++
		}
		return l.damaged("number %d is settled in lane %d, which has no ledger of incarnation %d", a.Number, lane, incarnation)
	})
}

// understood refuses codes that the engine does not have.
func (l *loader) understood(lane int64, o engine.Outcome) error {
	classes, reasons := engine.Outcomes()
	if int(o.Class) >= len(classes) || int(o.Reason) >= len(reasons) {
		return l.damaged("lane %d holds class %d and reason %d", lane, uint8(o.Class), uint8(o.Reason))
	}
	return nil
}

// positions reads the outbox positions by side, ascending.
func (s *Store) positions() (all [2][]uint64, err error) {
	err = s.each(`SELECT side, position FROM ingested`, nil, func(scan func(...any) error) error {
		side, p := 0, int64(0)
		if err := scan(&side, &p); err != nil {
			return err
		}
		all[side] = append(all[side], uint64(p)) // a CHECK keeps the side in range
		return nil
	})
	for side := range all {
		slices.Sort(all[side])
	}
	return all, err
}
