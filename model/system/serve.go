package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Arrives returns the address and kind of the event by which a request reaches
// the system. Its Arg is the request's index.
func (s *System) Arrives() (sim.ActorID, sim.Kind) { return s.id, kindArrives }

// Prepare fills in a new request for an effect of the engine, before it is
// sent. It copies what the effect lists, which the engine takes back when it
// gives the request up, and makes the keys of the request's draws.
func (s *System) Prepare(r *Request, e *engine.Effect) {
	r.Kind, r.Side, r.Batch = e.Kind, e.Side, e.Batch
	switch e.Kind {
	case engine.PullOutbox:
		r.acks = append(r.acks, e.Ack...)
		r.max, r.forget = e.Max, e.AckOnDelivery
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
	case engine.WriteBatch:
		r.writes = append(r.writes, e.Writes...)
		for i := range r.writes {
			w := &r.writes[i]
			s.resolveKey(r, w.Key)
			from := len(r.alive)
			r.alive = append(r.alive, w.Lookups...)
			w.Lookups = r.alive[from:len(r.alive):len(r.alive)]
			row := s.rowOf(r, i)
			attempt := row.written.next(w.Source.Mark.Number)
			r.key(row.hash, attempt)
			r.work += s.recordWork(row.hash, attempt)
		}
	}
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
		if s.config.Silent {
			s.requests.Release(index)
			return
		}
		r.Failure = engine.Down
		s.k.After(s.config.ConnectDelay, sim.Normal, s.id, kindRefused, r.Entity, uint64(index))
		return
	}
	work := r.work
	if r.Kind == engine.WriteBatch {
		work += sim.Draw(s.config.Apply, s.draws.apply, r.Entity, r.Ordinal)
	} else {
		work += sim.Draw(s.config.Read, s.draws.read, r.Entity, r.Ordinal)
	}
	s.station.SubmitWork(sim.Job{Entity: r.Entity, Arg: uint64(index), To: s.id, Kind: kindServed}, work)
}

// serve carries out a request and lets the answer leave.
func (s *System) serve(index int32) {
	r := s.requests.At(index)
	switch {
	case r.Copy != nil && r.Kind == engine.ReadBatch:
		s.serveCopy(r)
	case r.Copy != nil:
		s.client.Landed(index, s.upsert(r, r.Writes()))
	case r.Kind == engine.PullOutbox:
		s.pull(r)
	case r.Kind == engine.ReadBatch:
		s.read(r)
	case r.Kind == engine.WriteBatch:
		landed := s.write(r, len(r.writes))
		s.client.Landed(index, landed)
	}
	s.client.Answered(index)
	s.requests.Release(index)
}

// cut ends a request that an outage caught. Of a write batch in service, some
// of the first rows may have been carried out.
func (s *System) cut(index int32, inService bool) {
	r := s.requests.At(index)
	if inService && r.Kind == engine.WriteBatch && s.draws.cut.Chance(s.config.CutLands, r.Entity, r.Ordinal) {
		share := s.draws.cut.U(sim.Mix(r.Entity, 1), r.Ordinal)
		rows := 1 + int(share*float64(r.Writes()))
		if r.Copy != nil {
			s.upsert(r, rows)
		} else {
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

// write carries out the first n rows of a batch, each on its own, and returns
// how many changed something.
func (s *System) write(r *Request, n int) (landed int) {
	for i := range min(n, len(r.writes)) {
		answer := s.writeRow(r, i)
		if answer.Result == engine.RowDone {
			landed++
		}
		r.Rows = append(r.Rows, answer)
	}
	if r.GivenUp {
		s.stats.LateLandings += uint64(landed)
	}
	return landed
}

func (s *System) writeRow(r *Request, i int) engine.RowAnswer {
	w := &r.writes[i]
	t := &s.tables[r.maps[i]]
	row := t.at(r.rows[i])
	now := s.k.Now()
	if engine.Time(s.engine.Local(now)) > w.Deadline {
		s.stats.Expired++
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	for j := range w.Lookups {
		if s.incarnation(w.Lookups[j].Key) != w.Lookups[j].Incarnation {
			s.stats.ConditionFailed++
			return engine.RowAnswer{Result: engine.RowConditionFailed}
		}
	}
	before := row.record
	after, ref, ok := engine.Apply(t.m, w, s.config.Side, before)
	if !ok {
		s.stats.ConditionFailed++
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	if w.Kind == engine.CarryWrite {
		if cause, refused := s.refusesEngine(w, row.hash); refused {
			s.stats.Refused++
			s.observer.RowRefused(now, s.config.Side, w)
			return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: cause}
		}
	}
	if !s.capture.OwnWrite() {
		ref = s.leak(before, after, ref)
	}
	if ref != nil {
		ref = s.outbox.fill(s.outbox.reserve(1), ref)
	}
	after.Version = s.nextVersion()
	after.Trace = s.observer.EngineCommit(now, s.config.Side, w, before, after, ref)
	s.publish(t, r.rows[i], after)
	s.k.Note(noteEngineCommit, sim.Mix(row.hash, uint64(after.Version)))
	s.stats.Writes[w.Kind]++
	if ref != nil {
		s.notify(sim.Mix(row.hash, uint64(after.Mark.Number)), 0)
	}
	return engine.RowAnswer{Result: engine.RowDone}
}

// refusesEngine asks the validations about a change that the engine brings.
func (s *System) refusesEngine(w *engine.Write, record uint64) (cause string, refused bool) {
	for i := range s.config.Validations {
		if v := &s.config.Validations[i]; v.Map == w.Key.Map && s.refuses(i, record, w.Source.Mark.Number) {
			return v.Cause, true
		}
	}
	return "", false
}

// leak treats the engine's own commit as a user's: what its write changed is
// captured on top of the mark that it brought. This is what a system does that
// has no loopback control. A reference that the write had made itself stays.
func (s *System) leak(before, after *engine.Record, ref *engine.Reference) *engine.Reference {
	if ref != nil {
		return ref
	}
	found := engine.Record{Key: after.Key, Mark: after.Mark}
	if before != nil && before.Alive {
		found.Alive, found.Values = true, before.Values
	}
	s.lastTx++
	change := [1]engine.Change{{Key: after.Key, Op: engine.Update, Before: &found, After: after.Values}}
	var err error
	s.leaked, err = s.capture.PreCommit(s.leaked[:0], s.lastTx, change[:])
	if err != nil || !s.leaked[0].Captured {
		return nil
	}
	after.Mark = s.leaked[0].Mark
	return &s.leaked[0].Reference
}

// Stats counts what a system has done.
type Stats struct {
	Captured  uint64          // references that users' commits left
	Endings   [endings]uint64 // users' transactions, by [Ending]
	Overwrote uint64          // users' transactions saved over changes that they had not seen

	Reads           uint64    // read batches
	Pulls           uint64    // outbox pulls sent
	Writes          [3]uint64 // rows done, by [engine.WriteKind]
	ConditionFailed uint64    // rows whose record, or looked-up record, had changed
	Refused         uint64    // rows refused by validation
	Expired         uint64    // rows that came after their deadline
	LateLandings    uint64    // rows done for a request that the engine had given up

	Listings uint64 // pages listed for the data integrator
	Listed   uint64 // rows on them
	Copied   uint64 // rows that it wrote

	Notifications        uint64 // arrived
	NotificationsLost    uint64
	NotificationsDoubled uint64
	TurnedAway           uint64 // requests that met an outage
	Cut                  uint64 // requests that an outage caught
}

// Stats returns the counts so far.
func (s *System) Stats() Stats { return s.stats }

// StateHash returns a hash of all that the system holds: records with versions,
// marks and values, the outbox and the station.
func (s *System) StateHash() uint64 {
	h := sim.Mix(uint64(s.version), uint64(s.lastTx))
	h = sim.Mix(h, s.station.StateHash())
	h = sim.Mix(h, uint64(s.down)<<32|uint64(len(s.slow)))
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
		for _, n := range m.Lost {
			h = sim.Mix(h, uint64(n))
		}
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
