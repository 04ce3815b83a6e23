package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// The kinds of events of a system. They are part of the trace digest.
const (
	kindTransaction sim.Kind = 0x100 + iota // a user's transaction has been served
	kindArrives                             // a request of the engine arrives
	kindServed                              // ... has been served
	kindRefused                             // ... is refused because the system is down
	kindNotified                            // the engine hears of a commit
	kindHeldTooLong                         // a transaction may have been held too long
	kindLockWait                            // one may have waited too long for a record
	kindUnheard                             // the engine's process was not there to take one
	kindBroken                              // it has gone
	noteUserCommit
	noteEngineCommit
	noteCopied
)

// Client is the engine's process as a system sees it. Index names a request of
// [Requests].
type Client interface {
	Committed(engine.Side)          // references were put into the outbox
	Notified(engine.Side)           // a notification has arrived
	Landed(index int32, writes int) // a write batch was carried out; its answer is not sent yet
	Answered(index int32)           // a request has its answer, which now leaves the system

	// Called tells that a transaction is held until its live rows are on the
	// other side. Entity and ordinal key the draws of the call to the engine.
	Called(side engine.Side, tx engine.TxID, entity, ordinal uint64)
}

// Observer sees every commit with its cause. What it returns is put into the
// published record's Trace. The reference is the system's: it must be copied.
type Observer interface {
	UserCommit(at sim.Time, side engine.Side, before, after *engine.Record, ref *engine.Reference) any
	EngineCommit(at sim.Time, side engine.Side, w *engine.Write, before, after *engine.Record, ref *engine.Reference) any
	CopyCommit(at sim.Time, side engine.Side, columns []int, source, before, after *engine.Record) any
	Transaction(at sim.Time, side engine.Side, tx engine.TxID, name string, references int)
	Loaded(at sim.Time, side engine.Side, r *engine.Record) any             // it was there before the run began
	Capturing(at sim.Time, side engine.Side, m engine.MapID, captures bool) // from now on
	Expired(at sim.Time, side engine.Side, tombstone *engine.Record)        // it is there no more
	OutboxLow(at sim.Time, side engine.Side, position uint64)
	Forgot(at sim.Time, side engine.Side, ref *engine.Reference) // by the outbox
	Leaked(at sim.Time, ref *engine.Reference)                   // into the outbox, where it was before

	Refused(at sim.Time, side engine.Side, tx engine.TxID, changes []engine.Change, err error) // by the capture hook
	RowRefused(at sim.Time, side engine.Side, w *engine.Write)                                 // by business logic

	// Held tells of each live record of a transaction that is held before its
	// commit, and returns the Trace of after. Then come Transaction and
	// UserCommit, or Undone.
	Held(at sim.Time, side engine.Side, tx engine.TxID, before, after *engine.Record) any
	Undone(at sim.Time, side engine.Side, tx engine.TxID)
}

// System is one side. Create it with [New].
type System struct {
	k        *sim.Kernel
	id       sim.ActorID
	config   Config
	clock    *sim.Clock
	engine   *sim.Clock // of the engine's driver: write deadlines are told in its time
	station  *sim.Station
	capture  *engine.Capture
	requests *Requests
	client   Client
	observer Observer

	tables  []table
	outbox  outbox
	version engine.Version
	lastTx  engine.TxID
	txs     []*Tx // by slot, in service or in the queue
	freeTxs []int32
	down    int // outages under way

	held      []*held
	waiting   []*Tx                // for records that somebody else has locked, in order
	committed map[engine.TxID]bool // of the transactions that were held
	counting  bool                 // lookups are counted

	protection protection
	trouble    [troubles][]Trouble // under way, by kind
	repeats    []engine.Reference  // that came while references are to be repeated

	slow []float64

	draws    draws
	stages   []stage
	changes  []engine.Change
	captured []engine.CapturedChange
	before   []*engine.Record // of an atomic batch
	after    []*engine.Record
	clashing []valueChange
	uniques  bool // some column holds unique values
	stats    Stats
}

// draws are the system's streams.
type draws struct {
	commit, read, apply, endHeld, perRecord, plugIns, delay, lost, doubled, cut, trouble sim.Stream
	refuse                                                                               []sim.Stream // by validation
}

// Parts are what a system is connected to.
type Parts struct {
	// Capture gets its limits from the system's configuration. Without one no
	// engine captures, and the data integrator lists what has changed.
	Capture  *engine.Capture
	Requests *Requests
	Client   Client
	Observer Observer
	Engine   *sim.Clock // the clock of the engine's driver
}

// New returns an empty system, registered under its side's name.
func New(k *sim.Kernel, c Config, p Parts) (*System, error) {
	c = c.WithDefaults()
	if err := c.Validate(); err != nil {
		return nil, err
	}
	name := c.Side.String()
	if p.Capture != nil {
		p.Capture.Limits, p.Capture.DeletesTakeAll = c.Live.Limits(), c.DeletesTakeAll
	}
	s := &System{
		k: k, config: c, clock: sim.NewClock(c.Clock), engine: p.Engine,
		capture: p.Capture, requests: p.Requests, client: p.Client, observer: p.Observer,
		protection: newProtection(c.Protection),
		outbox:     newOutbox(), committed: map[engine.TxID]bool{},
		draws: draws{
			commit: k.Stream(name + ".commit"), read: k.Stream(name + ".read"), apply: k.Stream(name + ".apply"),
			endHeld: k.Stream(name + ".end-held"), perRecord: k.Stream(name + ".per-record"), plugIns: k.Stream(name + ".plug-ins"), cut: k.Stream(name + ".cut"), trouble: k.Stream(name + ".trouble"),
			delay: k.Stream(name + ".notify.delay"), lost: k.Stream(name + ".notify.lost"), doubled: k.Stream(name + ".notify.doubled"),
		},
	}
	for i := range c.Validations {
		s.draws.refuse = append(s.draws.refuse, k.Stream(name+".validation."+c.Validations[i].Name))
	}
	for _, m := range c.Maps {
		s.tables = append(s.tables, newTable(m))
		t := &s.tables[len(s.tables)-1]
		t.log.on = p.Capture == nil
		s.uniques = s.uniques || len(t.unique) > 0
	}
	s.station = sim.NewStation(k, name+".station", sim.StationConfig{Servers: c.Servers})
	s.id = k.Register(name, s)
	return s, nil
}

// Handle implements [sim.Actor].
func (s *System) Handle(ev sim.Event) {
	switch ev.Kind {
	case kindTransaction:
		s.finish(s.take(ev.Arg))
	case kindArrives:
		s.arrive(int32(ev.Arg))
	case kindServed:
		s.serve(int32(ev.Arg))
	case kindRefused:
		s.client.Answered(int32(ev.Arg))
		s.requests.Release(int32(ev.Arg))
	case kindNotified:
		s.stats.Notifications++
		s.client.Notified(s.config.Side)
	case kindHeldTooLong:
		s.undoTx(engine.TxID(ev.Arg), TooSlow)
	case kindLockWait:
		s.waitedTooLong(engine.TxID(ev.Arg))
	case kindUnheard:
		s.undoTx(engine.TxID(ev.Arg), OtherFailed)
	case kindBroken:
		s.broken(sim.Time(ev.Arg))
	}
}

// Side returns which side the system is.
func (s *System) Side() engine.Side { return s.config.Side }

// Clock returns the clock that stamps the records.
func (s *System) Clock() *sim.Clock { return s.clock }

// Station returns the system's station, for its statistics.
func (s *System) Station() *sim.Station { return s.station }

// Find returns the row of a record that the system holds alive.
func (s *System) Find(k engine.Key) (Row, bool) {
	t := &s.tables[k.Map]
	i, known := t.row(&k)
	if !known || !t.at(i).alive() {
		return 0, false
	}
	return Row(i + 1), true
}

// FindName returns the row of a record that the system holds alive, by the name
// that its users have for it.
func (s *System) FindName(m engine.MapID, n Name) (Row, bool) {
	i, known := s.tables[m].find(n, s.config.FoldCase)
	if !known || !s.tables[m].at(i).alive() {
		return 0, false
	}
	return Row(i + 1), true
}

// Record returns the record in a row as it is now; nil when the side has never
// held it.
func (s *System) Record(m engine.MapID, r Row) *engine.Record {
	return s.tables[m].at(int32(r - 1)).record
}

// Modified returns the local time at which a row was last written.
func (s *System) Modified(m engine.MapID, r Row) sim.Time {
	return s.tables[m].at(int32(r - 1)).modified
}

// Hash returns the hash of a row's key, for keying draws.
func (s *System) Hash(m engine.MapID, r Row) uint64 { return s.tables[m].at(int32(r - 1)).hash }

// Each calls f with every record of a map that the system has ever held, in the
// order of creation.
func (s *System) Each(m engine.MapID, f func(*engine.Record)) {
	t := &s.tables[m]
	for _, i := range t.created {
		f(t.at(i).record)
	}
}

// Horizon returns the outbox position below which nothing new can appear: every
// transaction that began before has ended.
func (s *System) Horizon() uint64 { return s.outbox.horizon() }

// OutboxLow returns the oldest outbox position that is not acknowledged, or
// still open.
func (s *System) OutboxLow() uint64 { return s.outbox.first }

// OutboxLen returns how many references wait in the outbox.
func (s *System) OutboxLen() int { return s.outbox.filled }

// OutboxEver returns how many references were ever put into the outbox.
func (s *System) OutboxEver() uint64 { return s.outbox.ever }

// Outbox calls f with every reference that waits in the outbox, by position.
func (s *System) Outbox(f func(*engine.Reference)) {
	for p := s.outbox.first; p < s.outbox.next; p++ {
		if i := s.outbox.slot(p); s.outbox.states[i] == filled {
			f(&s.outbox.references[i])
		}
	}
}

// lowWater tells the observer if the outbox has forgotten something since.
func (s *System) lowWater(before uint64) {
	if s.outbox.first != before {
		s.observer.OutboxLow(s.k.Now(), s.config.Side, s.outbox.first)
	}
}

// notify lets the engine know that the outbox holds something new, unless the
// notification is lost.
func (s *System) notify(entity, ordinal uint64) {
	s.client.Committed(s.config.Side)
	if s.draws.lost.Chance(s.config.NotifyLoss, entity, ordinal) || s.strikes(LostNotifications, entity, ordinal) {
		s.stats.NotificationsLost++
		return
	}
	copies := uint64(1)
	if s.draws.doubled.Chance(s.config.NotifyDuplicate, entity, ordinal) || s.strikes(DoubleNotifications, entity, ordinal) {
		s.stats.NotificationsDoubled++
		copies = 2
	}
	for i := range copies {
		delay := sim.Draw(s.config.NotifyDelay, s.draws.delay, sim.Mix(entity, i), ordinal)
		s.k.After(s.later(delay), sim.Normal, s.id, kindNotified, entity, i)
	}
}

// publish makes a record the current one of its row. Its Trace is set already.
func (s *System) publish(t *table, i int32, after *engine.Record) {
	r := t.at(i)
	if r.record == nil {
		t.created = append(t.created, i)
	}
	if s.counting {
		s.count(t, r.record, -1)
		s.count(t, after, +1)
	}
	if len(t.unique) > 0 {
		t.renameValues(i, r.record, after)
	}
	r.record = after
	r.modified = s.clock.Local(s.k.Now())
	t.log.note(t, i, r)
}

// nextVersion gives a row version.
func (s *System) nextVersion() engine.Version {
	s.version++
	return s.version
}

// StartOutage takes the system down; outages may overlap.
func (s *System) StartOutage() {
	s.down++
	if s.down > 1 {
		return
	}
	inService := s.station.Busy()
	s.station.Evict(func(j sim.Job) {
		if j.Kind == kindTransaction {
			tx := s.take(j.Arg)
			lands := inService > 0 && s.draws.cut.Chance(s.config.CutLands, tx.Entity, tx.Attempt)
			if lands {
				s.finish(tx)
			} else {
				s.end(tx, CutOff)
			}
		} else {
			s.cut(int32(j.Arg), inService > 0)
		}
		inService--
	})
	s.cutHeld()
}

// EndOutage ends one outage.
func (s *System) EndOutage() { s.down-- }

// Down reports whether the system is down.
func (s *System) Down() bool { return s.down > 0 }

// StartSlow multiplies all service times by a factor.
func (s *System) StartSlow(factor float64) {
	s.slow = append(s.slow, factor)
	s.setSpeed()
}

// EndSlow ends one stretch of slowness by that factor.
func (s *System) EndSlow(factor float64) {
	for i := range s.slow {
		if s.slow[i] == factor {
			s.slow = append(s.slow[:i], s.slow[i+1:]...)
			break
		}
	}
	s.setSpeed()
}

func (s *System) setSpeed() {
	speed := 1.0
	for _, f := range s.slow {
		speed /= f
	}
	s.station.SetSpeed(speed)
}
