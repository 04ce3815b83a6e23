package sqlite

import (
	"errors"
	"fmt"

	"github.com/twinwrite/twinwrite/engine"
)

// Where a Save can be made to crash. To its caller both look the same, and
// only the file knows the difference.
const (
	CrashBeforeCommit = "store/crash-before-commit"
	CrashAfterCommit  = "store/crash-after-commit"
)

// ErrCrashed is what Save returns at a planted crash.
var ErrCrashed = errors.New("a planted crash")

// Save implements store.Store. It is one transaction: what it returned for is
// on the disk. If it fails, the file holds either all of the mutations or
// none, and usually none.
func (s *Store) Save(mutations []engine.Mutation) error {
	if s.broken != nil || len(mutations) == 0 {
		return s.broken
	}
	err := s.transaction(func() error {
		for i := range mutations {
			if err := s.apply(&mutations[i]); err != nil {
				return fmt.Errorf("mutation %d of %d: %w", i+1, len(mutations), err)
			}
		}
		if err := s.write(); err != nil {
			return err
		}
		return s.crash(CrashBeforeCommit)
	})
	if err == nil {
		err = s.crash(CrashAfterCommit)
	}
	if err != nil {
		s.broken = failure(s.path, err)
		return s.broken
	}
	s.pairs.age()
	return nil
}

func (s *Store) crash(point string) error {
	if s.hits(point) {
		return fmt.Errorf("%w at %s", ErrCrashed, point)
	}
	return nil
}

func (s *Store) hits(point string) bool {
	return engine.Plantable && s.failpoints != nil && s.failpoints.Hit(point)
}

// apply changes the working copy by one mutation.
func (s *Store) apply(m *engine.Mutation) error {
	switch m.Kind {
	case engine.ReferenceAdded:
		return s.add(m)
	case engine.ReferenceSettled:
		return s.settle(m)
	case engine.LaneChanged:
		return s.changeLane(m.Lane)
	case engine.PositionIngested, engine.PositionAcked:
		return s.movePosition(m)
	case engine.IntentOpened:
		return s.openIntent(m.Intent)
	case engine.IntentClosed:
		return s.closeIntent(m.Intent)
	case engine.PairQuarantined:
		return s.quarantine(m)
	case engine.ResyncAsked, engine.ResyncEnded:
		return s.resync(m)
	case engine.BatchNoted:
		return s.noteBatch(m)
	case engine.JobMoved:
		s.changes.jobs = append(s.changes.jobs, m.Job)
		return nil
	case engine.MapMoved:
		return s.moveMap(m.Map)
	case engine.InitialMoved:
		return s.moveInitial(m.Initial)
	default:
		return fmt.Errorf("unknown kind %d", m.Kind)
	}
}

// add puts a reference into the queue. The captured reference takes the place
// of one that the engine had made to hold it; the engine may carry a settled
// change again on its own account.
func (s *Store) add(m *engine.Mutation) error {
	r := &m.Reference
	if r.Incarnation == 0 || r.Number == 0 {
		return fmt.Errorf("%v is queued without a number", r)
	}
	l, err := s.touch(r.Key, r.Side)
	if err != nil {
		return err
	}
	if settled, held := l.known(r.Incarnation, r.Number); settled && !held && !r.Origin.Holds() {
		return fmt.Errorf("%v is queued but has its outcome", r)
	}
	i := l.find(r.Incarnation, r.Number)
	if i < 0 {
		i = len(l.open)
		l.open = append(l.open, waiting{incarnation: r.Incarnation, number: r.Number})
	} else if !l.open[i].holds {
		return fmt.Errorf("%v is queued twice", r)
	}
	l.open[i].holds, l.open[i].fresh = r.Origin.Holds(), m
	s.intake = max(s.intake, m.Order)
	return nil
}

// settle gives a reference its outcome. A duplicate is booked without ever
// having been queued, and touches nothing but the back-end table.
func (s *Store) settle(m *engine.Mutation) error {
	r := &m.Reference
	l, err := s.touch(r.Key, r.Side)
	if err != nil {
		return err
	}
	i := l.find(r.Incarnation, r.Number)
	switch {
	case m.Outcome.Reason == engine.Echo:
		if settled, _ := l.known(r.Incarnation, r.Number); i < 0 && !settled {
			return fmt.Errorf("%v is booked as a duplicate of a reference that nobody knows", r)
		}
	case m.Outcome.Class == engine.Open:
		return fmt.Errorf("%v is settled without an outcome", r)
	case i < 0:
		return fmt.Errorf("%v is settled but not in the queue", r)
	default:
		l.remove(i)
		l.settle(r.Incarnation, engine.SettledAbove{Number: r.Number, Held: r.Origin.Holds(), Outcome: m.Outcome})
	}
	s.changes.outcomes = append(s.changes.outcomes, ended{l.id, m})
	return nil
}

// changeLane replaces what is known of a lane beside its references.
func (s *Store) changeLane(state *engine.LaneState) error {
	l, err := s.touch(state.Key, state.Side)
	if err != nil {
		return err
	}
	l.work = state
	return nil
}

// noteBatch replaces what is known of a slot.
func (s *Store) noteBatch(m *engine.Mutation) error {
	for i := range m.Flights {
		f := &m.Flights[i]
		if int(f.Key.Map) >= s.maps {
			return fmt.Errorf("%s names table map %d, of %d", f.Key.ID, f.Key.Map, s.maps)
		}
		if f.Side > engine.Dataverse {
			return fmt.Errorf("there is no side %d", f.Side)
		}
	}
	s.changes.noted = append(s.changes.noted, m)
	return nil
}

// movePosition takes a position in, or forgets it.
func (s *Store) movePosition(m *engine.Mutation) error {
	if m.Side > engine.Dataverse {
		return fmt.Errorf("there is no side %d", m.Side)
	}
	known := s.ingested[m.Side]
	stored, is := known[m.Position]
	switch {
	case m.Kind == engine.PositionIngested && is:
		return fmt.Errorf("%s position %d is taken in twice", m.Side, m.Position)
	case m.Kind == engine.PositionIngested:
		known[m.Position] = false
		s.changes.taken = append(s.changes.taken, position{m.Side, m.Position})
	case !is:
		return fmt.Errorf("%s position %d is acknowledged but was not taken in", m.Side, m.Position)
	default:
		delete(known, m.Position)
		if stored {
			s.changes.forgotten = append(s.changes.forgotten, position{m.Side, m.Position})
		}
	}
	return nil
}

// touch returns a lane and puts it among those that this Save may change.
func (s *Store) touch(k engine.Key, side engine.Side) (*lane, error) {
	if int(k.Map) >= s.maps {
		return nil, fmt.Errorf("%s names table map %d, of %d", k.ID, k.Map, s.maps)
	}
	if side > engine.Dataverse {
		return nil, fmt.Errorf("there is no side %d", side)
	}
	l, err := s.lane(k, side)
	if err == nil && !l.touched {
		l.touched = true
		s.changes.lanes = append(s.changes.lanes, l)
	}
	return l, err
}
