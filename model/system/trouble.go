package system

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// TroubleKind is what goes wrong in a system that is up.
type TroubleKind uint8

// The kinds of trouble.
const (
	LostNotifications   TroubleKind = iota // a Share of the notifications never arrives
	DoubleNotifications                    // a Share arrives twice
	LateNotifications                      // they take Factor times as long
	UnansweredWrites                       // a Share of the write batches is carried out and not answered
	PartialBatches                         // of a Share of them the first rows are carried out, and nothing is answered
	LockedRecords                          // somebody else has locked a Share of the records
	RefusedWrites                          // business logic refuses a Share of the changes that the engine brings
	RepeatedReferences                     // the outbox holds a Share of the references that were left meanwhile once more, when it is over
	troubles
)

// Trouble is something that goes wrong for a time. Troubles of one kind may
// overlap: the shares count one after the other.
type Trouble struct {
	Kind   TroubleKind
	Share  float64
	Factor float64
	Key    uint64 // tells it from others of its kind: what it strikes is drawn by this, too
}

// StartTrouble lets something go wrong.
func (s *System) StartTrouble(t Trouble) { s.trouble[t.Kind] = append(s.trouble[t.Kind], t) }

// EndTrouble ends it.
func (s *System) EndTrouble(t Trouble) {
	all := s.trouble[t.Kind]
	for i := range all {
		if all[i] == t {
			s.trouble[t.Kind] = append(all[:i:i], all[i+1:]...)
			break
		}
	}
	switch t.Kind {
	case LockedRecords:
		s.goOn()
	case RepeatedReferences:
		s.repeat(t)
	}
}

// remember keeps a reference that the outbox will hold once more.
func (s *System) remember(r *engine.Reference) {
	if len(s.trouble[RepeatedReferences]) > 0 {
		s.repeats = append(s.repeats, *r)
	}
}

// repeat puts references into the outbox once more, at new positions.
func (s *System) repeat(t Trouble) {
	n := 0
	for i := range s.repeats {
		r := &s.repeats[i]
		entity := sim.Mix(s.tables[r.Key.Map].at(s.tables[r.Key.Map].ensure(r.Key)).hash, uint64(r.Side))
		if s.draws.trouble.Chance(t.Share, sim.Mix(entity, uint64(RepeatedReferences)<<32|t.Key), uint64(r.Incarnation)<<32|uint64(r.Number)) {
			s.observer.Leaked(s.k.Now(), s.outbox.fill(s.outbox.reserve(1), r))
			n++
		}
	}
	if s.stats.Repeated += uint64(n); n > 0 {
		s.notify(sim.Mix(t.Key, uint64(RepeatedReferences)), uint64(n))
	}
	if len(s.trouble[RepeatedReferences]) == 0 {
		s.repeats = s.repeats[:0]
	}
}

// strikes draws whether trouble of a kind strikes an entity.
func (s *System) strikes(k TroubleKind, entity, ordinal uint64) bool {
	for _, t := range s.trouble[k] {
		if s.draws.trouble.Chance(t.Share, sim.Mix(entity, uint64(k)<<32|t.Key), ordinal) {
			return true
		}
	}
	return false
}

// later returns the delay of a notification while they are late.
func (s *System) later(d time.Duration) time.Duration {
	for _, t := range s.trouble[LateNotifications] {
		d = sim.Seconds(float64(d.Seconds() * t.Factor))
	}
	return d
}

// locked reports whether somebody else than the engine has a record.
func (s *System) locked(r *row) bool { return r.lock != 0 || s.lockedByOthers(r) }

// lockedByOthers reports whether somebody has a record that is neither the engine nor a
// user of this world.
func (s *System) lockedByOthers(r *row) bool { return r.alive() && s.strikes(LockedRecords, r.hash, 0) }

// LockedByOthers reports whether somebody has a record that is neither the engine nor a
// user of this world.
func (s *System) LockedByOthers(k engine.Key) bool {
	t := s.tables[k.Map]
	at, known := t.row(&k)
	return known && s.lockedByOthers(t.at(at))
}

// goesUnanswered carries out as much of a write batch as trouble leaves of it,
// and reports whether nobody is told.
func (s *System) goesUnanswered(r *Request) bool {
	switch {
	case len(r.writes) == 0:
	case !r.atomic && s.strikes(PartialBatches, r.Entity, r.Ordinal):
		share := s.draws.trouble.U(sim.Mix(r.Entity, 1), r.Ordinal)
		s.stats.Partial++
		s.write(r, int(share*float64(len(r.writes))))
		return true
	case s.strikes(UnansweredWrites, r.Entity, r.Ordinal):
		s.stats.Unanswered++
		s.write(r, len(r.writes))
		return true
	}
	return false
}

// causeStorm is what business logic says that refuses for a time.
const causeStorm = "the business logic refuses the record for the time being"

// refusesInStorm reports whether a validation storm refuses a change of the
// engine. The same change is refused as long as the storm lasts.
func (s *System) refusesInStorm(w *engine.Write, record uint64) bool {
	return w.Kind == engine.CarryWrite && s.strikes(RefusedWrites, record, uint64(w.Source.Mark.Number))
}
