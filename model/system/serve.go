package system

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Arrives returns the address and kind of the event by which a request reaches
// the system. Its Arg is the request's index.
func (s *System) Arrives() (sim.ActorID, sim.Kind) { return s.id, kindArrives }

// Prepare fills in a new request for an effect that the engine asked for at some time,
// before it is sent, which may be later: the store comes first. It copies what the effect
// lists, which the engine takes back when it gives the request up, and makes the keys of
// the request's draws.
func (s *System) Prepare(r *Request, e *engine.Effect, since sim.Time) {
	r.Kind, r.Side, r.Batch, r.Live, r.since = e.Kind, e.Side, e.Batch, e.Live, since
	switch e.Kind {
	case engine.PullOutbox:
		r.acks = append(r.acks, e.Ack...)
		r.max, r.forget, r.order = e.Max, e.AckOnDelivery, e.Order
		r.Entity = sim.Mix(uint64(kindArrives), s.outbox.first)
		s.stats.Pulls++
		r.Ordinal = s.stats.Pulls
		return
	case engine.ReadBatch:
		for i := range e.Keys {
			s.resolveKey(r, e.Keys[i])
		}
		for i := range e.Lookups {
			r.needs = append(r.needs, engine.Alive{Key: e.Lookups[i]})
		}
		for i := range r.rows {
			row := s.rowOf(r, i)
			number := uint32(0)
			if row.record != nil {
				number = row.record.Mark.Number
			}
			r.key(row.hash, row.read.next(number))
		}
	case engine.ListRecords:
		s.askPage(r, e)
	case engine.SwitchCapture:
		r.switched, r.how, r.turn = append(r.switched, e.Maps...), e.Capturing, e.Turn
		s.stats.Switches++
		r.Entity, r.Ordinal = sim.Mix(uint64(e.Kind), uint64(e.Maps[0])), s.stats.Switches // each try meets its own luck
	case engine.CommitTx, engine.AbortTx, engine.AskTx:
		r.Tx, r.why = e.Tx, e.Why
		s.stats.TxRequests++
		r.Entity, r.Ordinal = sim.Mix(uint64(e.Tx), uint64(e.Kind)), s.stats.TxRequests
		if h := s.heldAs(e.Tx); h != nil {
			r.Entity, r.Ordinal = sim.Mix(h.tx.Entity, uint64(e.Kind)), h.tx.Attempt
		}
	case engine.WriteBatch:
		r.atomic = e.Atomic
		r.writes = append(r.writes, e.Writes...)
		for i := range r.writes {
			w := &r.writes[i]
			s.resolveKey(r, w.Key)
			from := len(r.alive)
			r.alive = append(r.alive, w.Lookups...)
			w.Lookups = r.alive[from:len(r.alive):len(r.alive)]
			row := s.rowOf(r, i)
			attempt := row.written.next(s.numberOf(w, row))
			r.key(row.hash, attempt)
			r.works = append(r.works, s.rowWork(w, row, attempt))
			r.work += r.works[i]
		}
	}
}

// rowWork draws the time that a row of the engine takes, with the plug-ins that
// the system runs for it.
func (s *System) rowWork(w *engine.Write, row *row, attempt uint64) time.Duration {
	work := s.recordWork(row.hash, attempt)
	if s.config.PlugIns != nil && (w.Kind == engine.CarryWrite || w.Kind == engine.DeleteWrite) {
		work += sim.Draw(s.config.PlugIns, s.draws.plugIns, row.hash, attempt)
	}
	return work
}

// numberOf returns the change that a write is about. A seal is about none.
func (s *System) numberOf(w *engine.Write, row *row) uint32 {
	switch {
	case w.Source != nil:
		return w.Source.Mark.Number
	case row.record != nil:
		return row.record.Mark.Number
	}
	return 0
}

// key takes the key of the request's draws from its first row.
func (r *Request) key(entity, ordinal uint64) {
	if r.Entity == 0 {
		r.Entity, r.Ordinal = sim.Mix(entity, uint64(r.Kind)), ordinal
	}
}

func (s *System) resolveKey(r *Request, k engine.Key) {
	r.maps = append(r.maps, k.Map)
	r.rows = append(r.rows, s.tables[k.Map].ensure(k))
}

func (s *System) rowOf(r *Request, i int) *row { return s.tables[r.maps[i]].at(r.rows[i]) }

// arrive takes in a request, or refuses it.
func (s *System) arrive(index int32) {
	r := s.requests.At(index)
	if s.down > 0 {
		s.stats.TurnedAway++
		if s.config.Silent || r.Kind == engine.AbortTx { // there is nothing left to undo
			s.requests.Release(index)
			return
		}
		r.Failure = engine.Down
		s.k.After(s.config.ConnectDelay, sim.Normal, s.id, kindRefused, r.Entity, uint64(index))
		return
	}
	if why, wait, ok := s.admit(r); !ok {
		s.throttle(index, r, why, wait)
		return
	}
	work := r.work
	switch r.Kind {
	case engine.WriteBatch:
		work += sim.Draw(s.config.Apply, s.draws.apply, r.Entity, r.Ordinal)
	case engine.CommitTx, engine.AbortTx, engine.AskTx:
		work += sim.Draw(s.config.EndHeld, s.draws.endHeld, r.Entity, r.Ordinal)
	default:
		work += sim.Draw(s.config.Read, s.draws.read, r.Entity, r.Ordinal)
	}
	s.station.SubmitWork(sim.Job{Entity: r.Entity, Arg: uint64(index), To: s.id, Kind: kindServed}, work)
}

// serve carries out a request and lets the answer leave.
func (s *System) serve(index int32) {
	r := s.requests.At(index)
	s.leave(r, s.station.Served().Took())
	switch {
	case r.Copy != nil && r.Kind == engine.ReadBatch:
		s.serveCopy(r)
	case r.Copy != nil:
		s.client.Landed(index, s.upsert(r, r.Writes()))
	case r.Kind == engine.PullOutbox:
		s.pull(r)
	case r.Kind == engine.ReadBatch:
		s.read(r)
	case r.Kind == engine.ListRecords:
		s.page(r)
	case r.Kind == engine.SwitchCapture:
		s.Switch(r.switched, r.how, r.turn)
		s.client.Landed(index, 0)
	case r.Kind == engine.WriteBatch && s.goesUnanswered(r):
		s.requests.Release(index)
		return
	case r.Kind == engine.WriteBatch:
		landed := s.write(r, len(r.writes))
		s.client.Landed(index, landed)
	default:
		if !s.endTx(r) {
			s.requests.Release(index)
			return
		}
		s.client.Landed(index, 0)
	}
	s.client.Answered(index)
	s.requests.Release(index)
}

// cut ends a request that an outage caught. Of a write batch in service, some
// of the first rows may have been carried out.
func (s *System) cut(index int32, inService bool) {
	r := s.requests.At(index)
	s.leave(r, 0)
	if inService && s.draws.cut.Chance(s.config.CutLands, r.Entity, r.Ordinal) {
		share := s.draws.cut.U(sim.Mix(r.Entity, 1), r.Ordinal)
		rows := 1 + int(share*float64(r.Writes()))
		switch {
		case r.Kind == engine.CommitTx:
			s.endTx(r)
		case r.Kind == engine.WriteBatch && r.Copy != nil:
			s.upsert(r, rows)
		case r.Kind == engine.WriteBatch:
			s.write(r, rows)
		}
	}
	s.stats.Cut++
	s.requests.Release(index)
}

// pull forgets what is acknowledged and delivers what waits.
func (s *System) pull(r *Request) {
	low := s.outbox.first
	for _, p := range r.acks {
		s.forget(p)
	}
	r.References, r.More = s.outbox.pull(r.References[:0], r.max)
	r.Order, s.outbox.told = s.outbox.told, max(s.outbox.told, r.order)
	if r.forget {
		for i := range r.References {
			s.forget(r.References[i].Position)
		}
	}
	s.lowWater(low)
}

// forget takes a reference out of the outbox, if it is still there.
func (s *System) forget(position uint64) {
	if ref := s.outbox.at(position); ref != nil {
		s.observer.Forgot(s.k.Now(), s.config.Side, ref)
		s.outbox.ack(position)
	}
}

// read answers with records and marks as they are at this instant.
func (s *System) read(r *Request) {
	s.stats.Reads++
	for i := range r.rows {
		r.Records = append(r.Records, s.rowOf(r, i).record)
	}
	for i := range r.needs {
		a := r.needs[i]
		a.Incarnation = s.incarnation(a.Key)
		r.Lookups = append(r.Lookups, a)
	}
}

// incarnation returns the life of a record that is looked up, 0 when it is not
// alive.
func (s *System) incarnation(k engine.Key) uint32 {
	t := &s.tables[k.Map]
	i, known := t.row(&k)
	if !known {
		return 0
	}
	return t.at(i).incarnation()
}

// write carries out the first n rows of a batch, each on its own or all or
// none, and returns how many changed something.
func (s *System) write(r *Request, n int) (landed int) {
	if r.atomic {
		landed = s.writeAll(r)
	} else {
		for i := range min(n, len(r.writes)) {
			answer := s.writeRow(r, i)
			if answer.Result == engine.RowDone {
				landed++
			}
			r.Rows = append(r.Rows, answer)
		}
	}
	if r.GivenUp {
		s.stats.LateLandings += uint64(landed)
	}
	return landed
}

// writeAll carries out an atomic batch. If one of its rows fails, none is done,
// and the answer says which.
func (s *System) writeAll(r *Request) int {
	pass := true
	s.before, s.after = s.before[:0], s.after[:0]
	for i := range r.writes {
		after, _, answer := s.try(r, i)
		if answer.Result == engine.RowDone {
			answer.Result = engine.RowUndone
			s.before, s.after = append(s.before, s.rowOf(r, i).record), append(s.after, after)
		} else {
			pass = false
		}
		r.Rows = append(r.Rows, answer)
	}
	for i := range r.writes {
		if pass && s.leavesLookup(&r.writes[i], s.before, s.after) {
			pass = false
			s.refusedLookedUp(&r.writes[i])
			r.Rows[i] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: causeLookedUp}
		}
	}
	if pass {
		if at, answer, refused := s.rowsClash(r, 0, s.after...); refused {
			pass, r.Rows[at] = false, answer
		}
	}
	landed := 0
	if pass {
		for i := range r.writes {
			s.place(r, i, s.after[i], nil)
			r.Rows[i].Result = engine.RowDone
		}
		landed = len(r.writes)
	}
	clear(s.before)
	clear(s.after)
	return landed
}

// causeLocked is what a system says that has waited for a lock in vain.
const causeLocked = "the record is locked by another transaction"

// causeLookedUp is what a system says that is to delete what others look up.
const causeLookedUp = "the record is looked up by another one"

func (s *System) refusedLookedUp(w *engine.Write) {
	s.stats.Refused++
	s.observer.RowRefused(s.k.Now(), s.config.Side, w)
}

// told returns the time that counts for the deadlines of a request's writes. It is that
// of the engine's driver, and does not go back when the driver's clock does: what it has
// shown since the engine asked for the request has passed, and so has what is over by a
// clock that nobody sets.
func (s *System) told(r *Request) engine.Time {
	now := s.k.Now()
	return engine.Time(max(s.engine.Highest(r.since, now), s.engine.Local(r.since).Add(now.Sub(r.since))))
}

// try returns what a row of the engine would publish, and what is to be said
// against it.
func (s *System) try(r *Request, i int) (*engine.Record, *engine.Reference, engine.RowAnswer) {
	w := &r.writes[i]
	row := s.rowOf(r, i)
	failed := engine.RowAnswer{Result: engine.RowConditionFailed}
	if w.Late(s.told(r), engine.Time(s.clock.Local(s.k.Now()))) {
		s.stats.Expired++
		return nil, nil, failed
	}
	if s.lockedByOthers(row) {
		s.stats.Locked++
		return nil, nil, engine.RowAnswer{Result: engine.RowFailed, Reason: engine.TimedOut, Cause: causeLocked}
	}
	if row.lock != 0 || w.Kind == engine.DeleteWrite && s.needed(row) {
		s.stats.Locked++
		return nil, nil, failed
	}
	for j := range w.Lookups {
		if s.stays(w.Lookups[j].Key) != w.Lookups[j].Incarnation {
			s.stats.ConditionFailed++
			return nil, nil, failed
		}
	}
	after, ref, ok := engine.Apply(s.tables[r.maps[i]].m, w, s.config.Side, row.record)
	if !ok {
		s.stats.ConditionFailed++
		return nil, nil, failed
	}
	cause, refused := s.overMessage(r, i)
	if w.Kind == engine.CarryWrite && !refused {
		cause, refused = s.refusesEngine(w, after.Values, row.hash)
	}
	if !refused && s.refusesInStorm(w, row.hash) {
		cause, refused = causeStorm, true
	}
	if refused {
		s.stats.Refused++
		s.observer.RowRefused(s.k.Now(), s.config.Side, w)
		return nil, nil, engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: cause}
	}
	return after, ref, engine.RowAnswer{Result: engine.RowDone}
}

// stays returns the life of a record that a write looks up, 0 when it is not
// alive, or about to be deleted.
func (s *System) stays(k engine.Key) uint32 {
	t := &s.tables[k.Map]
	i, known := t.row(&k)
	if !known || t.at(i).doomed {
		return 0
	}
	return t.at(i).incarnation()
}

// writeRow carries out one row by itself.
func (s *System) writeRow(r *Request, i int) engine.RowAnswer {
	after, ref, answer := s.try(r, i)
	if answer.Result != engine.RowDone {
		return answer
	}
	w := &r.writes[i]
	if w.Kind == engine.DeleteWrite && s.leavesLookup(w, []*engine.Record{s.rowOf(r, i).record}, []*engine.Record{after}) {
		s.refusedLookedUp(w)
		return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: causeLookedUp}
	}
	if _, answer, refused := s.rowsClash(r, i, after); refused {
		return answer
	}
	s.place(r, i, after, ref)
	return answer
}

// place publishes what a row of the engine leaves, and the reference that it
// makes.
func (s *System) place(r *Request, i int, after *engine.Record, ref *engine.Reference) {
	w := &r.writes[i]
	row := s.rowOf(r, i)
	before := row.record
	if ref == nil { // a reference that the write had made itself stays
		ref = s.capture.OwnWrite(before, after)
	}
	if ref != nil {
		ref = s.outbox.fill(s.outbox.reserve(1), ref)
	}
	after.Version = s.nextVersion()
	after.Trace = s.observer.EngineCommit(s.k.Now(), s.config.Side, w, before, after, ref)
	s.publish(&s.tables[r.maps[i]], r.rows[i], after)
	s.k.Note(noteEngineCommit, sim.Mix(row.hash, uint64(after.Version)))
	s.stats.Writes[w.Kind]++
	if ref != nil {
		s.notify(sim.Mix(row.hash, uint64(after.Mark.Number)), 0)
	}
}

// refusesEngine asks the validations about a change that the engine brings.
func (s *System) refusesEngine(w *engine.Write, values []engine.Value, record uint64) (cause string, refused bool) {
	for i := range s.config.Validations {
		if s.config.Validations[i].Map != w.Key.Map {
			continue
		}
		if cause, refused := s.refuses(i, &w.Key, values, record, w.Source.Mark.Number); refused {
			return cause, true
		}
	}
	return "", false
}

// Stats counts what a system has done.
type Stats struct {
	Captured  uint64          // references that users' commits left
	Endings   [endings]uint64 // users' transactions, by [Ending]
	EndedLive [endings]uint64 // ... of them, those that had been held until their rows were on the other side
	Overwrote uint64          // users' transactions saved over changes that they had not seen
	Sizes     [sizes]Sized    // ... by how many records they change

	Held       uint64 // transactions that were held until their rows were on the other side
	LockWaits  uint64 // users' transactions that waited for a record
	TxRequests uint64 // of the engine, about held transactions

	Reads           uint64    // read batches
	Pulls           uint64    // outbox pulls sent
	Writes          [7]uint64 // rows done, by [engine.WriteKind]
	ConditionFailed uint64    // rows whose record, or looked-up record, had changed
	Locked          uint64    // rows whose record a held transaction, or somebody else, had locked
	Refused         uint64    // rows refused by validation
	Expired         uint64    // rows that came after their deadline
	LateLandings    uint64    // rows done for a request that the engine had given up

	Switches uint64 // requests to begin or end the capture of maps
	Listings uint64 // pages asked for by the engine, or listed for the data integrator
	Listed   uint64 // rows on them
	Copied   uint64 // rows that it wrote

	Notifications        uint64 // arrived
	NotificationsLost    uint64
	NotificationsDoubled uint64
	TurnedAway           uint64            // requests that met an outage
	Requests             uint64            // that the limits count, let in or answered 429
	Throttled            [throttles]uint64 // requests answered 429, by [Throttle]
	Cut                  uint64            // requests that an outage caught
	Unanswered           uint64            // write batches that were carried out and not answered
	Partial              uint64            // ... of which only the first rows were
	Repeated             uint64            // references that the outbox held once more
}

// Stats returns the counts so far.
func (s *System) Stats() Stats { return s.stats }

// StateHash returns a hash of all that the system holds: records with versions,
// marks and values, the outbox and the station.
func (s *System) StateHash() uint64 {
	h := sim.Mix(uint64(s.version), uint64(s.lastTx))
	h = sim.Mix(h, s.station.StateHash())
	h = sim.Mix(h, uint64(s.down)<<32|uint64(len(s.slow)))
	if len(s.held)+len(s.waiting) > 0 {
		h = sim.Mix(h, uint64(len(s.held))<<32|uint64(len(s.waiting)))
		for _, held := range s.held {
			h = sim.Mix(sim.Mix(h, held.tx.Entity), held.tx.Attempt<<32|uint64(len(held.changes)))
		}
	}
	for i := range s.tables {
		t := &s.tables[i]
		for _, at := range t.created {
			h = sim.Mix(h, recordHash(t.at(at)))
		}
	}
	h = sim.Mix(h, s.outbox.first)
	for p := s.outbox.first; p < s.outbox.next; p++ {
		at := s.outbox.slot(p)
		h = sim.Mix(h, uint64(s.outbox.states[at]))
		if s.outbox.states[at] == filled {
			r := &s.outbox.references[at]
			h = sim.Mix(h, sim.Mix(sim.Hash(r.Key.ID), uint64(r.Incarnation)<<32|uint64(r.Number)))
		}
	}
	return h
}

func recordHash(r *row) uint64 {
	rec := r.record
	h := sim.Mix(r.hash, uint64(rec.Version))
	h = sim.Mix(h, uint64(rec.Mark.Incarnation)<<32|uint64(rec.Mark.Number))
	if rec.Alive {
		h = sim.Mix(h, 1)
	}
	for g := range rec.Mark.Groups {
		m := &rec.Mark.Groups[g]
		h = sim.Mix(h, uint64(m.Own)<<32|uint64(m.Seen))
		h = sim.Mix(h, m.Fingerprint)
		for _, n := range m.Lost.Numbers() {
			h = sim.Mix(h, uint64(n))
		}
	}
	if rec.Mark.Hidden != nil {
		h = sim.Mix(h, uint64(rec.Mark.Hidden.Version))
	}
	for p := rec.Mark.Past; p != nil; p = p.Next {
		h = sim.Mix(h, uint64(p.Incarnation)<<32|uint64(p.Number))
	}
	for i := range rec.Values {
		v := &rec.Values[i]
		h = sim.Mix(h, uint64(v.Kind))
		switch v.Kind {
		case engine.KindText:
			h = sim.Mix(h, sim.Hash(v.Text))
		case engine.KindNumber:
			h = sim.Mix(h, uint64(v.Number))
		case engine.KindLookup:
			h = sim.Mix(sim.Mix(h, sim.Hash(v.Target.Company)), sim.Hash(v.Target.ID))
		}
	}
	return h
}
