package runner_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
	"github.com/twinwrite/twinwrite/engine/store"
)

// The table maps of the tests: contacts and orders look up customers. Orders go
// live.
const (
	customers engine.MapID = iota
	contacts
	orders
)

func customer(id string) engine.Key { return engine.Key{Map: customers, ID: id} }
func order(id string) engine.Key    { return engine.Key{Map: orders, ID: id} }

func testMaps(t testing.TB) []*engine.TableMap {
	t.Helper()
	var maps []*engine.TableMap
	for _, m := range []engine.TableMap{
		{ID: customers, Name: "customers", Mode: engine.Async, Sequence: 1, Columns: []engine.Column{{Name: "name"}, {Name: "city"}}},
		{ID: contacts, Name: "contacts", Mode: engine.Async, Sequence: 2, Columns: []engine.Column{{Name: "name"}, {Name: "customer", Lookups: []engine.MapID{customers}}}},
		{ID: orders, Name: "orders", Mode: engine.Live, Sequence: 3, Columns: []engine.Column{{Name: "text"}, {Name: "customer", Lookups: []engine.MapID{customers}}}},
	} {
		m, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, m)
	}
	return maps
}

// world is two systems in memory, what stands between them and the runner, and
// a store that is watched. It outlives runners.
type world struct {
	testing.TB
	maps    []*engine.TableMap
	sides   [2]*memory.System
	clients [2]*client
	store   *watched
	config  runner.Config
	lastRun *runner.Runner
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOf(t, testMaps(t))
}

// newWorldOf is a world of other table maps.
func newWorldOf(t testing.TB, maps []*engine.TableMap) *world {
	t.Helper()
	w := &world{TB: t, maps: maps}
	w.store = &watched{TB: t, Store: store.NewMemory(), outcomes: map[change][]engine.Outcome{}, changed: make(chan struct{})}
	for _, s := range engine.Sides {
		w.sides[s] = memory.New(s, w.maps)
		w.clients[s] = &client{inner: w.sides[s], side: s, store: w.store}
	}
	w.config = runner.Config{
		Engine: engine.Config{Maps: w.maps}, Store: w.store,
		Systems: [2]runner.System{w.clients[0], w.clients[1]},
	}
	return w
}

// start lets a new runner run. The function that it returns stops it and
// returns what Run returned.
func (w *world) start() (stop func() error) {
	w.Helper()
	r, err := runner.New(w.config)
	if err != nil {
		w.Fatal(err)
	}
	w.lastRun = r
	for _, s := range w.sides {
		s.OnCommit(r.Notify)
		s.OnHold(r.Live)
	}
	ctx, cancel := context.WithCancel(w.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	return func() error {
		cancel()
		return <-ended
	}
}

// deaf lets the systems notify nobody.
func (w *world) deaf() {
	for _, s := range w.sides {
		s.OnCommit(nil)
	}
}

// set is a user's transaction that names a customer.
func (w *world) set(side engine.Side, id, name string) {
	w.Helper()
	w.setBoth(side, id, name, "Oslo")
}

// setBoth is a user's transaction that sets both columns of a customer.
func (w *world) setBoth(side engine.Side, id, first, second string) {
	w.Helper()
	err := w.sides[side].Update(w.Context(), func(tx *memory.Tx) error {
		return tx.Set(customer(id), engine.Text(first), engine.Text(second))
	})
	if err != nil {
		w.Error(err)
	}
}

// nameOf returns a customer's name, or "" if there is none.
func (w *world) nameOf(side engine.Side, id string) string {
	return firstOf(w.sides[side].Record(customer(id)))
}

// firstOf returns a record's first column, or "" if there is no record.
func firstOf(r *engine.Record) string {
	if r == nil || !r.Alive {
		return ""
	}
	return r.Values[0].Text
}

// stopsInSync ends a run of a world that should be in sync.
func (w *world) stopsInSync(stop func() error) {
	w.Helper()
	for _, err := range []error{w.settled(), stop()} {
		if err != nil {
			w.Error(err)
		}
	}
}

// settled tells what is wrong with a world that should be in sync: both sides
// hold the same, and every captured change has exactly one outcome.
func (w *world) settled() error {
	var faults []error
	changes := 0
	for _, s := range engine.Sides {
		for _, r := range w.sides[s].Records() {
			o := w.sides[s.Other()].Record(*r.Key)
			if !same(r, o) {
				faults = append(faults, fmt.Errorf("%s %s differs: %v and %v", s, r.Key.ID, r, o))
			}
			if r.Mark.Dead && r.Mark.Intent != 0 {
				faults = append(faults, fmt.Errorf("%s %s waits for a live transaction: %v", s, r.Key.ID, r))
			}
			if w.maps[r.Key.Map].Mode == engine.Live {
				continue
			}
			for n := uint32(1); n <= r.Mark.Number; n++ {
				changes++
				if list := w.store.outcomesOf(change{*r.Key, s, r.Mark.Incarnation, n}); len(list) != 1 {
					faults = append(faults, fmt.Errorf("change %d of %s on %s has the outcomes %v", n, r.Key.ID, s, list))
				}
			}
		}
	}
	if changes == 0 {
		faults = append(faults, errors.New("nothing was changed"))
	}
	if n := w.store.openIntents(); n > 0 {
		faults = append(faults, fmt.Errorf("%d intents are open", n))
	}
	return errors.Join(faults...)
}

// same reports whether both sides hold the same of a record.
func same(r, o *engine.Record) bool {
	if r == nil || o == nil || !r.Alive || !o.Alive {
		return (r != nil && r.Alive) == (o != nil && o.Alive)
	}
	return slices.EqualFunc(r.Values, o.Values, engine.Value.Equal)
}

// converge waits until the world is in sync, or ctx ends.
func (w *world) converge(ctx context.Context) error {
	for {
		changed := w.store.next()
		err := w.settled()
		if err == nil {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			items, _ := w.lastRun.Items(w.Context())
			return fmt.Errorf("%w\n%+v\n%+v", err, items, w.lastRun.Stats())
		}
	}
}

// change is one captured change.
type change struct {
	key                 engine.Key
	side                engine.Side
	incarnation, number uint32
}

// watched is a store that notes what became of each captured change, and can
// be made to fail.
type watched struct {
	testing.TB
	store.Store
	fail func(save int) saveFault // nil: never

	mu       sync.Mutex
	saves    int
	outcomes map[change][]engine.Outcome
	intents  int // open ones
	ingested [2]map[uint64]bool
	changed  chan struct{} // closed at the next save
}

// saveFault is what a save meets.
type saveFault struct {
	err   error
	after bool // it was saved, and says that it was not
}

func (s *watched) Save(mutations []engine.Mutation) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saves++
	fault := saveFault{}
	if s.fail != nil {
		fault = s.fail(s.saves)
	}
	if fault.err != nil && !fault.after {
		return fault.err
	}
	if err := s.Store.Save(mutations); err != nil {
		s.Errorf("save %d: %v", s.saves, err)
		return err
	}
	for i := range mutations {
		s.note(&mutations[i])
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return fault.err
}

// failNext sets how coming saves fail, told their numbers from 1.
func (s *watched) failNext(fail func(save int) saveFault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := s.saves
	s.fail = func(save int) saveFault { return fail(save - first) }
}

func (s *watched) note(m *engine.Mutation) {
	switch r := &m.Reference; {
	case m.Kind == engine.IntentOpened:
		s.intents++
	case m.Kind == engine.IntentClosed:
		s.intents--
	case m.Kind == engine.PositionIngested:
		if s.ingested[m.Side] == nil {
			s.ingested[m.Side] = map[uint64]bool{}
		}
		s.ingested[m.Side][m.Position] = true
	case m.Kind == engine.ReferenceSettled && !r.Origin.Holds() && m.Outcome.Reason != engine.Echo:
		c := change{r.Key, r.Side, r.Incarnation, r.Number}
		s.outcomes[c] = append(s.outcomes[c], m.Outcome)
	}
}

func (s *watched) outcomesOf(c change) []engine.Outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.outcomes[c])
}

func (s *watched) openIntents() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.intents
}

// next returns what is closed at the next save.
func (s *watched) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// client stands between a runner and a system. It notes the calls, checks that
// nothing is acknowledged that is not saved, and can be made to misbehave.
type client struct {
	inner *memory.System
	side  engine.Side
	store *watched

	before func(ctx context.Context, k engine.EffectKind) error  // instead of the call, if it returns an error
	after  func(k engine.EffectKind, answer *engine.Input) error // spoils the answer
	refuse string                                                // the reason to refuse all writes; "" takes them
	delay  func(write func()) bool                               // takes a write to be carried out later, unanswered; nil never does

	mu    sync.Mutex
	calls []called
}

// called is a call that reached the client.
type called struct {
	kind engine.EffectKind
	at   time.Time
}

func (c *client) enter(ctx context.Context, k engine.EffectKind) error {
	c.mu.Lock()
	c.calls = append(c.calls, called{k, time.Now()})
	before := c.before
	c.mu.Unlock()
	if before != nil {
		return before(ctx, k)
	}
	return nil
}

func (c *client) leave(k engine.EffectKind, answer *engine.Input) error {
	c.mu.Lock()
	after := c.after
	c.mu.Unlock()
	if after != nil {
		return after(k, answer)
	}
	return nil
}

// misbehave sets the hooks; nil behaves.
func (c *client) misbehave(before func(context.Context, engine.EffectKind) error, after func(engine.EffectKind, *engine.Input) error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.before, c.after = before, after
}

// refuseWrites makes the client refuse all writes for a reason; "" takes them.
func (c *client) refuseWrites(cause string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refuse = cause
}

func (c *client) refusal() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refuse
}

// since returns when calls of some kinds reached the client, from an instant on.
func (c *client) since(from time.Time, kinds ...engine.EffectKind) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []time.Time
	for _, call := range c.calls {
		if !call.at.Before(from) && slices.Contains(kinds, call.kind) {
			list = append(list, call.at)
		}
	}
	return list
}

func (c *client) Pull(ctx context.Context, ack []uint64, most int, order uint64) ([]engine.Reference, bool, uint64, error) {
	c.store.mu.Lock()
	for _, p := range ack {
		if !c.store.ingested[c.side][p] {
			c.store.Errorf("position %d of %s is acknowledged and was not saved", p, c.side)
		}
	}
	c.store.mu.Unlock()
	if err := c.enter(ctx, engine.PullOutbox); err != nil {
		return nil, false, 0, err
	}
	references, more, told, err := c.inner.Pull(ctx, ack, most, order)
	if err != nil {
		return nil, false, 0, err
	}
	in := engine.Input{References: references, More: more, Order: told}
	err = c.leave(engine.PullOutbox, &in)
	return in.References, in.More, in.Order, err
}

func (c *client) Read(ctx context.Context, keys, lookups []engine.Key) ([]*engine.Record, []engine.Alive, error) {
	if err := c.enter(ctx, engine.ReadBatch); err != nil {
		return nil, nil, err
	}
	records, alive, err := c.inner.Read(ctx, keys, lookups)
	if err != nil {
		return nil, nil, err
	}
	in := engine.Input{Records: records, Lookups: alive}
	err = c.leave(engine.ReadBatch, &in)
	return in.Records, in.Lookups, err
}

func (c *client) List(ctx context.Context, after engine.Key, company string, most int) ([]*engine.Record, bool, error) {
	if err := c.enter(ctx, engine.ListRecords); err != nil {
		return nil, false, err
	}
	records, more, err := c.inner.List(ctx, after, company, most)
	if err != nil {
		return nil, false, err
	}
	in := engine.Input{Records: records, More: more}
	err = c.leave(engine.ListRecords, &in)
	return in.Records, in.More, err
}

func (c *client) Switch(ctx context.Context, maps []engine.MapID, how engine.Capturing, turn uint64) error {
	if err := c.enter(ctx, engine.SwitchCapture); err != nil {
		return err
	}
	return c.inner.Switch(ctx, maps, how, turn)
}

func (c *client) Write(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error) {
	return c.write(ctx, writes, c.inner.Write)
}

func (c *client) WriteAll(ctx context.Context, writes []engine.Write) ([]engine.RowAnswer, error) {
	return c.write(ctx, writes, c.inner.WriteAll)
}

func (c *client) End(ctx context.Context, tx engine.TxID, wait bool) (bool, error) {
	kind := engine.AskTx
	if wait {
		kind = engine.CommitTx
	}
	if err := c.enter(ctx, kind); err != nil {
		return false, err
	}
	committed, err := c.inner.End(ctx, tx, wait)
	if err != nil {
		return false, err
	}
	in := engine.Input{Committed: committed}
	err = c.leave(kind, &in)
	return in.Committed, err
}

type writer func(context.Context, []engine.Write) ([]engine.RowAnswer, error)

func (c *client) write(ctx context.Context, writes []engine.Write, write writer) ([]engine.RowAnswer, error) {
	if err := c.enter(ctx, engine.WriteBatch); err != nil {
		return nil, err
	}
	if c.delay != nil && c.delay(func() { _, _ = write(context.WithoutCancel(ctx), writes) }) {
		return nil, context.DeadlineExceeded
	}
	if cause := c.refusal(); cause != "" {
		return refusals(writes, cause), nil
	}
	rows, err := write(ctx, writes)
	if err != nil {
		return nil, err
	}
	in := engine.Input{Rows: rows}
	err = c.leave(engine.WriteBatch, &in)
	return in.Rows, err
}

// refusals refuses the first of some writes, and with it all of them.
func refusals(writes []engine.Write, cause string) []engine.RowAnswer {
	rows := make([]engine.RowAnswer, len(writes))
	for i := range rows {
		rows[i] = engine.RowAnswer{Result: engine.RowUndone}
	}
	rows[0] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: cause}
	return rows
}
