package explore

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// start lets the engine's process begin with what was saved.
func (s *stage) start(saved *engine.State) {
	core, err := engine.NewCore(s.config, saved)
	if err != nil {
		panic(err)
	}
	s.core, s.wakeAt = core, 0
	s.input(engine.Input{Kind: engine.Started})
}

// input lets the engine take one step: first it is saved what the step asks to be
// saved, and then done what it asks to be done. Where the fault is a crash, it may
// come before the one, and before each part of the other.
func (s *stage) input(in engine.Input) {
	out := s.core.Step(s.now(), &in)
	s.oracle.Stepped(s.kernel.Now(), s.now(), out.Save, out.Do)
	sends := 0
	for i := range out.Do {
		if k := out.Do[i].Kind; k != engine.WakeAt && k != engine.RaiseAlert {
			sends++
		}
	}
	dies := s.dies(len(out.Save), sends)
	if dies == beforeSave {
		s.tell("The engine's process dies before it has saved what this leads to, and starts again.")
		s.crash()
		return
	}
	s.save(out.Save)
	for i := range out.Do {
		e := &out.Do[i]
		switch e.Kind {
		case engine.RaiseAlert:
			continue
		case engine.WakeAt:
			s.wakeAt = e.At
			continue
		}
		if dies == 0 {
			s.tell("The engine's process dies before %s %s, and starts again.", e.Side, phraseOf(e.Kind, e.Side, carriesOut))
			s.crash()
			return
		}
		dies--
		s.send(e)
	}
}

// Where the process dies in a step, beside the numbers of requests that have left.
const (
	beforeSave = -1
	stepsOn    = -2 // it does not
)

// dies chooses whether and where the process dies in a step.
func (s *stage) dies(saves, sends int) int {
	if s.world.Fault != Crash || !s.fault {
		return stepsOn
	}
	points := make([]int, 1, sends+2)
	points[0] = stepsOn
	if saves > 0 {
		points = append(points, beforeSave)
	}
	for n := range sends {
		if saves > 0 || n > 0 { // else it is as if it had died before the step
			points = append(points, n)
		}
	}
	at := points[s.choose(len(points))]
	s.fault = at == stepsOn
	return at
}

// save makes durable what a step asks for.
func (s *stage) save(mutations []engine.Mutation) {
	if err := s.store.Save(mutations); err != nil {
		panic(err)
	}
	now := s.kernel.Now()
	to := witness{s.oracle, s}
	for i := range mutations {
		switch m := &mutations[i]; m.Kind {
		case engine.ReferenceAdded:
			to.TakenIn(now, &m.Reference)
		case engine.MapMoved:
			to.Ruled(now, m.Map)
		case engine.ReferenceSettled:
			to.Settled(now, &m.Reference, m.Outcome)
		}
	}
}

// send lets a request of the engine leave.
func (s *stage) send(e *engine.Effect) {
	index, r := s.requests.New()
	s.systems[e.Side].Prepare(r, e, s.kernel.Now())
	if e.Kind == engine.ReadBatch && e.Live == 0 {
		s.oracle.Looks(s.kernel.Now(), e.Side, e.Keys)
	}
	d := &delivery{kind: request, side: e.Side, index: index, acks: slices.Clone(e.Ack)}
	d.looks = e.Kind == engine.ReadBatch || e.Kind == engine.ListRecords || e.Kind == engine.PullOutbox && !e.AckOnDelivery
	s.way = append(s.way, d)
}

// crash lets the engine's process die and start again. What is under way stays under
// way, and its answers find nobody.
func (s *stage) crash() {
	kept := s.way[:0:0]
	for _, d := range s.way {
		if d.kind != request && d.kind != answer || d.dead {
			kept = append(kept, d)
			continue
		}
		s.abandon(d)
		if d.kind == answer {
			s.requests.Release(d.index)
			continue
		}
		kept = append(kept, d)
	}
	s.way = kept
	for side, sys := range s.systems {
		if sys.HeldCount() > 0 {
			s.way = append(s.way, &delivery{kind: brokenLine, side: engine.Side(side)})
		}
	}
	s.oracle.Crashed(s.kernel.Now())
	saved := s.saved()
	s.oracle.Restarted(s.kernel.Now(), saved.Open)
	s.start(saved)
}
