package sqlite

import (
	"encoding/binary"
	"encoding/json"

	"github.com/twinwrite/twinwrite/engine"
)

// changes is what a Save has changed in memory and has to write. Everything is
// written in the order in which it came, so that the same Saves give the same
// file.
type changes struct {
	pairs     []newPair
	lanes     []*lane
	outcomes  []ended
	jobs      []*engine.JobRecord
	maps      []*engine.MapRecord
	initials  []*engine.InitialRecord
	noted     []*engine.Mutation // what slots hold
	rare      []*engine.Mutation // quarantines and resyncs
	taken     []position         // some of which may be forgotten again by now
	forgotten []position
	closed    []int64 // intents that the file has
	intake    uint64  // highest order that the file has
}

// newPair is a pair that this Save has numbered.
type newPair struct {
	key  engine.Key
	pair *pair
}

// ended is a reference that has its outcome.
type ended struct {
	lane     int64
	mutation *engine.Mutation
}

// position is a place in a side's outbox.
type position struct {
	side engine.Side
	at   uint64
}

// write brings the file up to date with the working copy.
func (s *Store) write() error {
	for _, step := range []func() error{
		s.writeQueue, s.writeLedgers, s.writeLanes, s.writeJobs, s.writeMaps, s.writeInitials, s.writeOutcomes, s.writePositions, s.writeIntents, s.writeFlights, s.writeRare, s.writePairs, s.writeIntake,
	} {
		if err := step(); err != nil {
			return err
		}
	}
	for _, l := range s.changes.lanes {
		l.touched = false
	}
	c := &s.changes
	clear(c.pairs)
	clear(c.lanes)
	clear(c.outcomes)
	clear(c.jobs)
	clear(c.noted)
	clear(c.maps)
	clear(c.initials)
	c.pairs, c.lanes, c.outcomes, c.jobs, c.noted = c.pairs[:0], c.lanes[:0], c.outcomes[:0], c.jobs[:0], c.noted[:0]
	c.maps, c.initials = c.maps[:0], c.initials[:0]
	clear(c.rare)
	c.rare = c.rare[:0]
	c.taken, c.forgotten, c.closed = c.taken[:0], c.forgotten[:0], c.closed[:0]
	return nil
}

// writeQueue removes rows before it adds any: a reference may have left the
// queue and come back.
func (s *Store) writeQueue() error {
	for _, l := range s.changes.lanes {
		for _, o := range l.gone {
			if err := s.dropOpen.add(l.id, o.incarnation, o.number); err != nil {
				return err
			}
		}
		l.gone = l.gone[:0]
	}
	if err := s.dropOpen.finish(); err != nil {
		return err
	}
	for _, l := range s.changes.lanes {
		for i := range l.open {
			o := &l.open[i]
			if o.fresh == nil {
				continue
			}
			needs, err := s.encodeNeeds(o.fresh.Reference.Needs)
			if err != nil {
				return err
			}
			r := &o.fresh.Reference
			if err := s.putOpen.add(
				l.id, r.Incarnation, r.Number, int64(o.fresh.Order), int64(r.Groups), uint8(r.Op), uint8(r.Origin),
				int64(r.Tx), r.Ordinal, r.Size, int64(r.Position), needs, encodeValues(r.Values),
			); err != nil {
				return err
			}
			o.stored, o.fresh = true, nil
		}
	}
	return s.putOpen.finish()
}

// encodeNeeds names looked-up pairs by their numbers, as a JSON array.
func (s *Store) encodeNeeds(needs []engine.Key) (any, error) {
	if len(needs) == 0 {
		return nil, nil
	}
	ids := make([]int64, len(needs))
	for i, k := range needs {
		p, err := s.pair(k)
		if err != nil {
			return nil, err
		}
		ids[i] = p.id
	}
	text, err := json.Marshal(ids)
	return string(text), err
}

// encodeValues packs hashes of unique values, each after a byte that tells
// whether it is freed.
func encodeValues(values []engine.ValueHash) any {
	if len(values) == 0 {
		return nil
	}
	packed := make([]byte, 0, valueBytes*len(values))
	for _, v := range values {
		freed := byte(0)
		if v.Freed {
			freed = 1
		}
		packed = binary.BigEndian.AppendUint64(append(packed, freed), v.Hash)
	}
	return packed
}

// valueBytes is the size of one packed hash.
const valueBytes = 1 + 8

func (s *Store) writeLedgers() error {
	for _, l := range s.changes.lanes {
		for i := range l.ledgers {
			g := &l.ledgers[i]
			if !g.changed {
				continue
			}
			if err := s.putLedger.add(l.id, g.incarnation, g.settled); err != nil {
				return err
			}
			if g.absorbed {
				if _, err := s.dropAbove.ExecContext(ctx, l.id, g.incarnation, g.settled); err != nil {
					return err
				}
			}
			for j := range g.above {
				a := &g.above[j]
				if !a.fresh {
					continue
				}
				if err := s.putAbove.add(
					l.id, g.incarnation, a.Number, a.Held, uint8(a.Outcome.Class), uint8(a.Outcome.Reason), a.Outcome.Cause,
				); err != nil {
					return err
				}
				a.stored, a.fresh = true, false
			}
			g.changed, g.absorbed = false, false
		}
	}
	if err := s.putAbove.finish(); err != nil {
		return err
	}
	return s.putLedger.finish()
}

// writeLanes keeps a row only for a lane that has something to tell.
func (s *Store) writeLanes() error {
	for _, l := range s.changes.lanes {
		w := l.work
		if w == nil {
			continue
		}
		var err error
		if w.Attempts == 0 && w.Parked.Class == engine.Open {
			_, err = s.dropLane.ExecContext(ctx, l.id)
		} else {
			err = s.putLane.add(
				l.id, w.Attempts, uint8(w.Parked.Class), uint8(w.Parked.Reason), w.Parked.Cause, int64(w.Since), uint8(w.Requested), int64(w.Request),
			)
		}
		if err != nil {
			return err
		}
		l.work = nil
	}
	return s.putLane.finish()
}

func (s *Store) writeJobs() error {
	for _, j := range s.changes.jobs {
		if _, err := s.putJob.ExecContext(ctx, j.Name, uint8(j.State), int64(j.Since), int64(j.Turn), int64(j.Full.Age), j.Full.Size, j.Telling); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) writeOutcomes() error {
	for _, e := range s.changes.outcomes {
		r, o := &e.mutation.Reference, &e.mutation.Outcome
		if err := s.addOutcome.add(
			e.lane, r.Incarnation, r.Number, uint8(r.Op), uint8(r.Origin), uint8(o.Class), uint8(o.Reason), o.Cause,
			e.mutation.Attempts, int64(e.mutation.At),
		); err != nil {
			return err
		}
	}
	return s.addOutcome.finish()
}

// writePositions, too, removes rows first.
func (s *Store) writePositions() error {
	for _, p := range s.changes.forgotten {
		if err := s.dropPosition.add(uint8(p.side), int64(p.at)); err != nil {
			return err
		}
	}
	if err := s.dropPosition.finish(); err != nil {
		return err
	}
	for _, p := range s.changes.taken {
		if stored, is := s.ingested[p.side][p.at]; !is || stored {
			continue // forgotten within this Save, or taken in again after that
		}
		s.ingested[p.side][p.at] = true
		if err := s.putPosition.add(uint8(p.side), int64(p.at)); err != nil {
			return err
		}
	}
	return s.putPosition.finish()
}

// writePairs comes late, since the queue and the intents may have numbered pairs
// that no lane is open for.
func (s *Store) writePairs() error {
	for _, n := range s.changes.pairs {
		if err := s.addPair.add(n.pair.id, n.key.Map, n.key.Company, n.key.ID, n.key.Spelling); err != nil {
			return err
		}
		n.pair.isNew = false
	}
	return s.addPair.finish()
}

func (s *Store) writeIntake() error {
	if s.intake == s.changes.intake {
		return nil
	}
	s.changes.intake = s.intake
	_, err := s.putIntake.ExecContext(ctx, int64(s.intake))
	return err
}
