package system

import (
	"github.com/twinwrite/twinwrite/engine"
)

// Switch changes how some maps are captured, as the engine's request with a turn
// asks. The observer hears of each map whose changes are left alone from now on, or
// no more.
func (s *System) Switch(maps []engine.MapID, how engine.Capturing, turn uint64) {
	for i, m := range maps {
		was := s.capture.Captures(m)
		s.capture.Switch(maps[i:i+1], how, turn)
		if is := s.capture.Captures(m); is != was {
			s.observer.Capturing(s.k.Now(), s.config.Side, m, is)
		}
	}
}

// Load puts a record into the system that was there before the run began, and
// returns its row. A zero mark makes it older than the sync.
func (s *System) Load(m engine.MapID, n Name, values []engine.Value, mark engine.Mark) Row {
	t := &s.tables[m]
	i := t.claim(n, s.config.FoldCase)
	r := &engine.Record{Key: &t.at(i).key, Version: s.nextVersion(), Alive: true, Values: values, Mark: mark}
	r.Trace = s.observer.Loaded(s.k.Now(), s.config.Side, r)
	s.publish(t, i, r)
	return Row(i + 1)
}
