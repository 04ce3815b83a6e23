// Package memory is a business system in memory: for examples, for tests, and
// to be read by whoever writes a client of a real one.
//
// A [System] has users and an engine. Users work in transactions
// ([System.Update]); the engine's hook ([engine.Capture]) runs inside their
// commits and fills the outbox. The engine comes in through the methods of
// runner.System, of which each is a page of code.
//
// What makes it right is what a real system must do, too: record, mark and
// outbox change in one commit; the engine's writes are conditional on the
// version that was read; what was delivered from the outbox stays there until
// it is acknowledged; and a transaction that must go live is held, its records
// locked, until the engine lets it commit.
package memory

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/twinwrite/twinwrite/engine"
)

// System is one side. It is safe for concurrent use.
type System struct {
	side    engine.Side
	maps    []*engine.TableMap
	capture *engine.Capture

	mu       sync.Mutex // held for a whole transaction: they run one after the other
	records  map[engine.Key]*engine.Record
	keys     []engine.Key // in the order in which they were first used
	outbox   []engine.Reference
	told     uint64         // the highest order that a pull has named
	version  engine.Version // last one given, as the next two
	position uint64
	tx       engine.TxID
	changed  chan struct{} // closed at the next commit
	notify   func(engine.Side)

	live      Live
	locks     map[engine.Key]engine.TxID // of transactions that are held
	open      map[engine.TxID]*hold
	committed map[engine.TxID]bool // those that were held and have committed
}

// New returns an empty system.
func New(side engine.Side, maps []*engine.TableMap) *System {
	s := &System{
		side: side, maps: maps, capture: engine.NewCapture(side, maps, nil),
		records: map[engine.Key]*engine.Record{},
		changed: make(chan struct{}),
		notify:  func(engine.Side) {},
		live:    noLive,
		locks:   map[engine.Key]engine.TxID{}, open: map[engine.TxID]*hold{}, committed: map[engine.TxID]bool{},
	}
	s.capture.Limits = engine.DocumentedLimits(side)
	return s
}

// OnCommit lets f be called after each commit that has put something into the
// outbox; usually it is the Notify of a runner. Nil stops that.
func (s *System) OnCommit(f func(engine.Side)) {
	if f == nil {
		f = func(engine.Side) {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notify = f
}

// Update runs a user's transaction: all that f sets and deletes is committed, or
// nothing if f, the hook, or the engine returns an error. f must not call other
// methods of the system. Where it meets the records of a transaction that is
// held, it waits for the end of that and is called again.
func (s *System) Update(ctx context.Context, f func(*Tx) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		tx := &Tx{system: s}
		if err := f(tx); err != nil {
			return err
		}
		if !s.locked(tx.changes) {
			return s.commit(ctx, tx.changes)
		}
		if err := s.wait(ctx); err != nil {
			return fmt.Errorf("memory: wait for a record that is in use on %s: %w", s.side, err)
		}
	}
}

// wait waits for the next commit, or for the end of a transaction that is held.
// mu is held before and after.
func (s *System) wait(ctx context.Context) error {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wake wakes those who wait. mu is held.
func (s *System) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// Record returns a record as it is now; nil when there never was one.
func (s *System) Record(k engine.Key) *engine.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.records[k]
}

// Records returns all records as of one instant, in the order in which they
// were created.
func (s *System) Records() []*engine.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*engine.Record, len(s.keys))
	for i, k := range s.keys {
		list[i] = s.records[k]
	}
	return list
}

// Await returns when a record satisfies f, which gets nil as long as there is
// none, or with the error of ctx.
func (s *System) Await(ctx context.Context, k engine.Key, f func(*engine.Record) bool) error {
	for {
		s.mu.Lock()
		r, changed := s.records[k], s.changed
		s.mu.Unlock()
		if f(r) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("memory: await %q on %s: %w", k.ID, s.side, ctx.Err())
		}
	}
}

// Backup keeps what the system holds now. The function that it returns restores that,
// whatever was committed since: records, marks, outbox and all. Only the names of
// transactions are never given twice. No transaction may be held at either time.
func (s *System) Backup() (restore func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	records, keys, outbox, committed := maps.Clone(s.records), slices.Clone(s.keys), slices.Clone(s.outbox), maps.Clone(s.committed)
	told, version, position := s.told, s.version, s.position
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.records, s.keys, s.outbox, s.committed = maps.Clone(records), slices.Clone(keys), slices.Clone(outbox), maps.Clone(committed)
		s.told, s.version, s.position = told, version, position
		s.wake()
	}
}

// Expire takes away all that the system holds of a key, past the hook: a tombstone
// that has been kept for long enough, or a record that gets lost.
func (s *System) Expire(k engine.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, k)
	s.keys = slices.DeleteFunc(s.keys, func(o engine.Key) bool { return o == k })
	s.wake()
}

// publish commits a record under its next version. mu is held.
func (s *System) publish(r *engine.Record) {
	s.version++
	r.Version = s.version
	if s.records[*r.Key] == nil {
		s.keys = append(s.keys, *r.Key)
	}
	s.records[*r.Key] = r
	s.wake()
}

// enqueue puts a reference into the outbox. mu is held.
func (s *System) enqueue(r engine.Reference) {
	s.position++
	r.Position = s.position
	s.outbox = append(s.outbox, r)
}

// mapOf returns the table map of a key.
func (s *System) mapOf(k engine.Key) (*engine.TableMap, error) {
	if int(k.Map) >= len(s.maps) {
		return nil, fmt.Errorf("memory: record %q is of table map %d, of %d", k.ID, k.Map, len(s.maps))
	}
	return s.maps[k.Map], nil
}

// Tx is a user's transaction, which sees its own changes. It is good until the
// function that was given it returns.
type Tx struct {
	system  *System
	changes []engine.Change // one for each record, however often it was set
}

// Get returns the columns of a record, and whether it is there. The values are
// the caller's.
func (tx *Tx) Get(k engine.Key) ([]engine.Value, bool) {
	if i := tx.find(k); i >= 0 {
		return slices.Clone(tx.changes[i].After), tx.changes[i].Op != engine.Delete
	}
	r := tx.system.records[k]
	if r == nil || !r.Alive {
		return nil, false
	}
	return slices.Clone(r.Values), true
}

// Set creates a record, or changes it, with a value for each column of its
// table map.
func (tx *Tx) Set(k engine.Key, values ...engine.Value) error {
	m, err := tx.system.mapOf(k)
	if err != nil {
		return err
	}
	if len(values) != len(m.Columns) {
		return fmt.Errorf("memory: record %q of %s has %d columns, not %d", k.ID, m.Name, len(m.Columns), len(values))
	}
	op := engine.Create
	if _, there := tx.Get(k); there {
		op = engine.Update
	}
	tx.change(k).Then(op, slices.Clone(values))
	return nil
}

// Delete deletes a record that is there.
func (tx *Tx) Delete(k engine.Key) error {
	if _, there := tx.Get(k); !there {
		return fmt.Errorf("memory: record %q is not on %s", k.ID, tx.system.side)
	}
	c := tx.change(k)
	if c.Then(engine.Delete, nil); c.Void() {
		tx.changes = slices.DeleteFunc(tx.changes, func(c engine.Change) bool { return c.Key == k })
	}
	return nil
}

// change returns the transaction's change of a record.
func (tx *Tx) change(k engine.Key) *engine.Change {
	i := tx.find(k)
	if i < 0 {
		i = len(tx.changes)
		tx.changes = append(tx.changes, engine.Change{Key: k, Before: tx.system.records[k]})
	}
	return &tx.changes[i]
}

func (tx *Tx) find(k engine.Key) int {
	return slices.IndexFunc(tx.changes, func(c engine.Change) bool { return c.Key == k })
}

// commit commits a user's changes, with what the hook adds to them. mu is held.
func (s *System) commit(ctx context.Context, changes []engine.Change) error {
	s.tx++
	tx := s.tx
	captured, err := s.capture.PreCommit(nil, tx, changes)
	if err != nil {
		return err
	}
	after := make([]*engine.Record, len(changes))
	staged := staging{}
	for i, c := range captured {
		after[i] = &engine.Record{Key: &changes[i].Key, Alive: changes[i].Op != engine.Delete, Values: changes[i].After, Mark: c.Mark}
		staged[changes[i].Key] = after[i]
	}
	for i := range changes {
		if changes[i].Op == engine.Delete && s.referenced(staged, changes[i].Key) {
			return fmt.Errorf("%w: %q on %s", ErrReferenced, changes[i].Key.ID, s.side)
		}
	}
	if rows := liveRows(changes, captured, after); len(rows) > 0 {
		if err := s.hold(ctx, tx, changes, rows); err != nil {
			return err
		}
	}
	queued := false
	for i, c := range captured {
		s.publish(after[i])
		if c.Captured {
			s.enqueue(c.Reference)
			queued = true
		}
	}
	if queued {
		s.notify(s.side)
	}
	return nil
}

// ErrReferenced refuses a delete that would leave a lookup to the record.
var ErrReferenced = errors.New("memory: another record looks the record up; delete or change that first")

// staging is what a transaction makes of records, before it commits.
type staging map[engine.Key]*engine.Record

// at returns a record as a transaction sees it. mu is held.
func (s *System) at(staged staging, k engine.Key) *engine.Record {
	if r, ok := staged[k]; ok {
		return r
	}
	return s.records[k]
}

// referenced reports whether another record that is alive looks a record up. mu
// is held.
func (s *System) referenced(staged staging, k engine.Key) bool {
	looks := func(r *engine.Record) bool {
		return r.Alive && *r.Key != k && slices.ContainsFunc(r.Values, func(v engine.Value) bool {
			return v.Kind == engine.KindLookup && v.Target.Folded() == k.Folded()
		})
	}
	for _, key := range s.keys {
		if looks(s.at(staged, key)) {
			return true
		}
	}
	for _, r := range staged {
		if looks(r) {
			return true
		}
	}
	return false
}
