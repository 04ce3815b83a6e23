package explore

import (
	"iter"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// stage is a world that is under way. It stands where the driver stands in a run:
// between the engine, its store and the two systems, all of which are the ones of
// every run. What the driver leaves to links and clocks is chosen here.
type stage struct {
	world    World
	kernel   *sim.Kernel
	systems  [2]*system.System
	oracle   *oracle.Oracle
	store    *store.Memory
	core     *engine.Core
	config   engine.Config
	requests system.Requests

	way     []*delivery // what is under way, in the order in which it set out
	edits   int         // begun
	users   int         // whose transactions have not ended
	fault   bool        // it may still come
	wakeAt  engine.Time // when the engine wants to be woken; 0: it does not
	alarm   engine.Time // the last one that was set
	id      sim.ActorID
	one     bool // only one event of the systems may fire
	choose  func(n int) int
	teller  *teller // nil: nobody listens
	refused int     // transactions whose users were told that they failed
}

// newStage returns a world in which the engine has started and is at rest.
func newStage(w World, maps []*engine.TableMap, bugs engine.Failpoints, choose func(n int) int) *stage {
	s := &stage{world: w, store: store.NewMemory(), choose: choose}
	s.kernel = sim.New(sim.Config{Observe: func(sim.Event) {
		if s.one {
			s.kernel.Stop()
		}
	}})
	s.id = s.kernel.Register("stage", s)
	s.config = engine.Config{Maps: maps, Workers: 2, Batch: 2, Failpoints: bugs}
	s.oracle = oracle.New(oracle.Config{Maps: maps, ViolationsMax: 1, Deletes: true})
	clock := sim.NewClock(sim.ClockConfig{})
	at0 := sim.Constant(0)
	for _, side := range engine.Sides {
		sys, err := system.New(s.kernel, system.Config{
			Side: side, Maps: maps, Commit: at0, Read: at0, Apply: at0, EndHeld: at0, PerRecord: at0, NotifyDelay: at0,
		}, system.Parts{
			Capture: engine.NewCapture(side, maps, bugs), Requests: &s.requests, Client: s, Observer: witness{s.oracle, s}, Engine: clock,
		})
		if err != nil {
			panic(err)
		}
		s.systems[side] = sys
	}
	if !w.creates() {
		values := []engine.Value{engine.Text("old"), engine.Text("old")}
		for side, mark := range linked(maps[0], values) {
			s.systems[side].Load(0, recordName, values, mark)
		}
	}
	s.start(s.saved())
	for len(s.way) > 0 { // it asks both outboxes whether there is something
		s.deliver(0)
	}
	s.fault = w.Fault != NoFault // not before
	return s
}

// saved returns what the engine's store holds.
func (s *stage) saved() *engine.State {
	state, err := s.store.Load()
	if err != nil {
		panic(err)
	}
	return state
}

func (s *stage) now() engine.Time { return engine.Time(s.kernel.Now()) }

// settle lets the systems do what they do at this instant.
func (s *stage) settle() { s.kernel.Run(s.kernel.Now()) }

// judge ends the world and returns what was broken.
func (s *stage) judge() *oracle.Report {
	saved := s.saved()
	view := oracle.View{
		Items:   model.Items(saved, s.core, s.core.Idle(), s.systems),
		Intents: saved.Intents, Quarantined: saved.Quarantined,
	}
	for side, sys := range s.systems {
		view.Records[side] = records(sys)
	}
	r := s.oracle.Judge(s.kernel.Now(), view)
	return &r
}

func records(s *system.System) iter.Seq[*engine.Record] {
	return func(yield func(*engine.Record) bool) {
		more := true
		s.Each(0, func(r *engine.Record) { more = more && yield(r) })
	}
}

// hash returns a hash of the whole state, on which all that can still happen hangs,
// and all that the oracle can still say.
func (s *stage) hash(h *hasher) uint64 {
	h.begin(s.now())
	h.add(uint64(s.edits)<<32 | uint64(s.users)<<1)
	if s.fault {
		h.add(1)
	}
	h.add(s.kernel.StateHash())
	h.instant(int64(s.wakeAt))
	h.walk(s.core)
	h.walk(s.saved())
	for _, sys := range s.systems {
		h.walk(sys)
		sys.Outbox(func(r *engine.Reference) { h.walk(r) })
	}
	h.walk(s.oracle)
	h.set(len(s.way), func(i int) {
		d := s.way[i]
		h.add(uint64(d.kind)<<8 | uint64(d.side)<<4 | uint64(d.tx)<<16)
		if d.kind != request && d.kind != answer {
			return
		}
		r := s.requests.At(d.index)
		h.walk(r)
		if d.dead {
			h.add(1)
		} else {
			h.number(r.Batch)
		}
	})
	return h.sum
}
