package engine_test

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// testSystem is one side.
type testSystem struct {
	env     *environment
	side    engine.Side
	capture *engine.Capture
	records map[engine.Key]*engine.Record
	keys    []engine.Key // in order of creation
	version engine.Version
	outbox  []engine.Reference
	place   uint64
	told    uint64 // the highest order that a pull has named
	at      uint64 // the position of the next captured change; 0: the next place
	down    bool
	off     bool // nothing is captured, since the switch of this turn
	turn    uint64
	held    map[engine.TxID]heldTx // transactions before their commit
	ended   map[engine.TxID]bool   // how those that were held ended
	refused map[engine.Key]bool
	jammed  map[engine.Key]bool // what writes them meets a deadlock
	habits  []habit
	noisy   bool // its logic has changed something
	backup  backup
	unique  map[engine.MapID]int // by map: a column of which no two records may hold the same
}

// serve carries out a request.
func (s *testSystem) serve(eff *engine.Effect) *engine.Input {
	if s.down {
		s.env.printf("  %s is down", s.side)
		return &engine.Input{Kind: engine.BatchFailed, Failure: engine.Down}
	}
	switch eff.Kind {
	case engine.SwitchCapture:
		s.capture.Switch(eff.Maps, eff.Capturing, eff.Turn)
		if eff.Turn >= s.turn {
			s.off, s.turn = eff.Capturing.Off, eff.Turn
		}
		return &engine.Input{Kind: engine.CaptureSwitched}
	case engine.PullOutbox:
		s.outbox = slices.DeleteFunc(s.outbox, func(r engine.Reference) bool { return slices.Contains(eff.Ack, r.Position) })
		n := min(len(s.outbox), eff.Max)
		in := &engine.Input{Kind: engine.OutboxPulled, References: slices.Clone(s.outbox[:n]), More: n < len(s.outbox), Order: s.told}
		s.told = max(s.told, eff.Order)
		if eff.AckOnDelivery {
			s.outbox = s.outbox[n:]
		}
		return in
	case engine.ReadBatch:
		in := &engine.Input{Kind: engine.BatchRead}
		for _, k := range eff.Keys {
			if s.env.reads != nil {
				s.env.reads[keyName(k)]++
			}
			in.Records = append(in.Records, s.records[k])
		}
		for _, k := range eff.Lookups {
			a := engine.Alive{Key: k}
			if r := s.records[k]; r != nil && r.Alive {
				a.Incarnation = max(r.Mark.Incarnation, 1)
			}
			in.Lookups = append(in.Lookups, a)
		}
		return in
	case engine.ListRecords:
		return s.list(eff)
	default:
		in := &engine.Input{Kind: engine.BatchWritten}
		if eff.Atomic && !s.allPass(eff.Writes, in) {
			return in
		}
		for i := range eff.Writes {
			in.Rows = append(in.Rows, s.write(&eff.Writes[i]))
		}
		return in
	}
}

// list returns a page of the records that a listing shows.
func (s *testSystem) list(eff *engine.Effect) *engine.Input {
	in := &engine.Input{Kind: engine.RecordsListed}
	keys := slices.SortedFunc(slices.Values(s.keys), engine.Key.Compare)
	for _, k := range keys {
		r := s.records[k]
		if !r.Listed() || k.Map != eff.After.Map || k.Compare(eff.After) <= 0 || eff.Company != "" && eff.Company != k.Company {
			continue
		}
		if len(in.Records) == eff.Max {
			in.More = true
			break
		}
		in.Records = append(in.Records, r)
	}
	return in
}

// holds reports whether a record is there.
func (s *testSystem) holds(k engine.Key) bool { return s.records[k] != nil && s.records[k].Alive }

// referenced reports whether another live record looks a record up, or one of a
// transaction that is held.
func (s *testSystem) referenced(k engine.Key) bool {
	for _, h := range s.held {
		if slices.ContainsFunc(h.changes, func(c engine.Change) bool { return c.Key != k && names(c.After, k) }) {
			return true
		}
	}
	for _, r := range s.records {
		if *r.Key != k && (r.Alive && names(r.Values, k) || r.Mark.Hidden != nil && names(r.Mark.Hidden.Values, k)) {
			return true
		}
	}
	return false
}

func names(values []engine.Value, k engine.Key) bool {
	return slices.ContainsFunc(values, func(v engine.Value) bool { return v.Kind == engine.KindLookup && v.Target.Folded() == k })
}

// allPass tries the rows of an atomic batch. If one fails, none is done, and
// the answer says which.
func (s *testSystem) allPass(writes []engine.Write, in *engine.Input) bool {
	pass := true
	for i := range writes {
		a := engine.RowAnswer{Result: engine.RowUndone}
		w := &writes[i]
		if s.refused[w.Key] || w.Kind == engine.DeleteWrite && s.holds(w.Key) && s.referenced(w.Key) {
			a = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "validation"}
		} else if s.jammed[w.Key] {
			a = engine.RowAnswer{Result: engine.RowFailed, Reason: engine.TimedOut, Cause: "deadlock"}
		} else if _, _, ok := engine.Apply(s.env.maps[w.Key.Map], w, s.side, s.records[w.Key]); !ok || s.locked(w.Key) || w.Deadline < s.env.now {
			a = engine.RowAnswer{Result: engine.RowConditionFailed}
		}
		pass = pass && a.Result == engine.RowUndone
		in.Rows = append(in.Rows, a)
	}
	if pass {
		in.Rows = nil
	}
	return pass
}

// write applies one conditional write.
func (s *testSystem) write(w *engine.Write) engine.RowAnswer {
	if s.refused[w.Key] && w.Kind != engine.MarkWrite || w.Kind == engine.DeleteWrite && s.holds(w.Key) && s.referenced(w.Key) {
		return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "validation"}
	}
	if s.jammed[w.Key] {
		return engine.RowAnswer{Result: engine.RowFailed, Reason: engine.TimedOut, Cause: "deadlock"}
	}
	for _, a := range w.Lookups {
		if r := s.records[a.Key]; r == nil || !r.Alive || max(r.Mark.Incarnation, 1) != a.Incarnation {
			return engine.RowAnswer{Result: engine.RowConditionFailed}
		}
	}
	now := s.records[w.Key]
	if s.takes(w) {
		return engine.RowAnswer{Result: engine.RowRefused, Reason: engine.DuplicateValue, Cause: "unique value in use"}
	}
	r, ref, ok := engine.Apply(s.env.maps[w.Key.Map], w, s.side, now)
	if !ok || s.locked(w.Key) || w.Deadline < s.env.now {
		s.env.printf("  %s: condition of %s failed", s.side, w.Key.ID)
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	s.env.writes++
	if w.Kind == engine.CarryWrite {
		s.env.carried++
	}
	if values := s.apply(*r.Key, r.Values, true); r.Alive && values != nil {
		r = engine.Normalised(s.env.maps[w.Key.Map], r, values)
	}
	if w.Kind == engine.CarryWrite {
		s.dangles(w, r)
	}
	if s.env.judge != nil {
		r.Trace = s.env.judge.engineCommitted(s.side, w, now, r)
	}
	if ref != nil {
		s.append(*ref)
	}
	if ref == nil {
		s.leak(now, r)
	}
	s.publish(r)
	if w.Kind == engine.CarryWrite {
		s.react(*r.Key)
	}
	return engine.RowAnswer{}
}

// dangles tells of a lookup to a record that is not there, which the engine must
// not write.
func (s *testSystem) dangles(w *engine.Write, r *engine.Record) {
	for i, v := range r.Values {
		if v.Kind != engine.KindLookup || v.Target.Folded() == *r.Key || w.Target != nil && w.Target.Alive && w.Target.Values[i].Equal(v) {
			continue
		}
		if p := s.records[v.Target.Folded()]; p != nil && p.Alive {
			continue
		}
		if s.env.judge != nil {
			s.env.judge.breach("%s on %v looks up %s, which is not there", keyName(*r.Key), s.side, keyName(*v.Target))
		} else if s.env.accounts != nil {
			s.env.accounts.faults = append(s.env.accounts.faults, keyName(*r.Key)+" looks up a record that is not there: "+keyName(*v.Target))
		}
	}
}

// leak appends the reference that the hook makes of the engine's own commit, if
// the origin tag does not stop it.
func (s *testSystem) leak(now, r *engine.Record) {
	number := r.Mark.Number
	leaked := s.capture.OwnWrite(now, r)
	if leaked == nil {
		return
	}
	s.append(*leaked)
	switch j := s.env.judge; {
	case j == nil:
	case leaked.Number == number:
		j.leaks++
	default:
		j.echoes[entry(leaked)] = true
	}
}

// append writes a reference to the outbox, at its own position if it has one.
func (s *testSystem) append(r engine.Reference) {
	if r.Position == 0 {
		s.place++
		r.Position = s.place
	}
	i := len(s.outbox)
	for i > 0 && r.Position < s.outbox[i-1].Position {
		i--
	}
	s.outbox = slices.Insert(s.outbox, i, r)
	if s.env.accounts != nil {
		s.env.accounts.capture(&r)
	}
}

func (s *testSystem) publish(r *engine.Record) {
	if s.env.accounts != nil {
		s.env.accounts.marks(s.records[*r.Key], r)
	}
	s.version++
	r.Version = s.version
	if s.records[*r.Key] == nil {
		s.keys = append(s.keys, *r.Key)
	}
	s.records[*r.Key] = r
	s.env.printf("  %s: %s", s.side, s.env.record(r))
}

// change starts a change of a record from what the side holds.
func (s *testSystem) change(k engine.Key) engine.Change {
	c := engine.Change{Key: k, Op: engine.Create, Before: s.records[k], After: make([]engine.Value, len(s.env.maps[k.Map].Columns))}
	if c.Before != nil && c.Before.Alive {
		c.Op = engine.Update
		copy(c.After, c.Before.Values)
	}
	return c
}

// commit commits one transaction of a user, past the hook if bypass.
func (s *testSystem) commit(changes []engine.Change, bypass bool) error {
	s.env.tx++
	captured := make([]engine.CapturedChange, len(changes))
	for i := range changes { // what a bypass leaves of the mark
		if changes[i].Before != nil {
			captured[i].Mark = changes[i].Before.Mark
		}
	}
	if !bypass {
		var err error
		if captured, err = s.capture.PreCommit(nil, s.env.tx, changes); err != nil {
			return err
		}
	}
	h := heldTx{changes: changes, captured: captured}
	if slices.ContainsFunc(captured, func(c engine.CapturedChange) bool { return c.Live }) {
		s.hold(s.env.tx, h)
		return nil
	}
	s.publishAll(h)
	s.env.moments.pass("a user has committed")
	return nil
}

// heldTx is a transaction that waits for its live rows to be on the other side.
type heldTx struct {
	changes  []engine.Change
	captured []engine.CapturedChange
	traces   []any // of the live rows
}

// hold asks the engine to carry a transaction's live rows.
func (s *testSystem) hold(tx engine.TxID, h heldTx) {
	in := &engine.Input{Kind: engine.LiveRequested, Side: s.side, Tx: tx}
	for i, c := range h.captured {
		if c.Live {
			after := &engine.Record{Key: &h.changes[i].Key, Alive: h.changes[i].Op != engine.Delete, Values: h.changes[i].After, Mark: c.Mark}
			if s.env.judge != nil && after.Alive {
				after.Trace = s.env.judge.userCommitted(s.side, h.changes[i].Before, after, c)
				h.traces = append(h.traces, after.Trace)
			}
			in.Live = append(in.Live, c.LiveRow(&h.changes[i], after))
		}
	}
	s.held[tx] = h
	s.env.printf("  held on %s", s.side)
	s.env.input(in)
}

// endTx carries out what the engine asks of a held transaction. A system that
// fails to commit undoes it.
func (s *testSystem) endTx(eff *engine.Effect, fails bool) *engine.Input {
	h, held := s.held[eff.Tx]
	delete(s.held, eff.Tx)
	if held {
		s.ended[eff.Tx] = eff.Kind == engine.CommitTx && !fails
		if s.ended[eff.Tx] {
			s.publishAll(h)
		} else {
			for _, t := range h.traces {
				s.env.judge.undone(t)
			}
			s.env.printf("  undone on %s", s.side)
		}
	}
	if eff.Kind == engine.AbortTx {
		s.env.printf("  its user is told: %s (%s)", eff.Why.Class, eff.Why.Reason)
		return nil
	}
	return &engine.Input{Kind: engine.TxEnded, Side: s.side, Tx: eff.Tx, Committed: s.ended[eff.Tx]}
}

// publishAll commits a transaction: records, marks and outbox.
func (s *testSystem) publishAll(h heldTx) {
	for i, c := range h.captured {
		if c.Filtered && s.env.maps[h.changes[i].Key.Map].Mode != engine.Stopped {
			s.env.printf("  %s: filtered", s.side)
		}
		r := &engine.Record{Key: &h.changes[i].Key, Alive: h.changes[i].Op != engine.Delete, Values: h.changes[i].After, Mark: c.Mark}
		if len(h.traces) > 0 {
			r.Trace = h.traces[0]
			s.env.judge.liveCommitted(h.changes[i].Before, &c.Mark)
		} else if s.env.judge != nil {
			r.Trace = s.env.judge.userCommitted(s.side, h.changes[i].Before, r, c)
		}
		s.publish(r)
		if c.Captured {
			c.Reference.Position, s.at = s.at, 0
			s.append(c.Reference)
		}
	}
}
