package runner_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
	"github.com/twinwrite/twinwrite/engine/store"
	"github.com/twinwrite/twinwrite/engine/store/sqlite"
)

var errKilled = errors.New("the process was killed")

// stress starts and stops runners while users write on both sides and the
// network loses requests and answers. Every third runner is stopped in good
// order; the others die in a save, with it or without it. In the end both sides
// must be equal, every captured change must have one outcome, and what the users
// of live transactions were told must be true.
type stress struct {
	*world
	reopen func() store.Store // what a process finds that starts again
	cycles int
	late   sync.WaitGroup // writes that land after they were given up

	promised [2]map[string]string // by side: the text that an order has, as its only user was told

	requests, lost, killed, live, removed, undone atomic.Int64
}

func (s *stress) run() {
	s.config.Engine = engine.Config{
		Maps: s.maps, Workers: 3, Batch: 3, PullMax: 5, QueueMax: 4, Attempts: 1 << 20,
		RetryBase: time.Millisecond, RetryCap: 4 * time.Millisecond, Probe: 2 * time.Millisecond, Poll: 50 * time.Millisecond,
		LockWait: 20 * time.Millisecond, WriteLife: 100 * time.Millisecond,
	}
	s.config.Timeout = 100 * time.Millisecond
	for side := range s.promised {
		s.promised[side] = map[string]string{}
	}
	for side, c := range s.clients {
		c.misbehave(s.network(c, uint64(side)))
	}
	for cycle := range s.cycles {
		s.cycle(cycle)
	}
	s.late.Wait()
	for _, c := range s.clients {
		c.misbehave(nil, nil)
	}
	s.config.Observe, s.store.fail = nil, nil
	s.store.Store = s.reopen()
	stop := s.start()
	ctx, cancel := context.WithTimeout(s.Context(), time.Minute)
	defer cancel()
	if err := s.converge(ctx); err != nil {
		s.Error(err)
	}
	if err := stop(); err != nil {
		s.Error(err)
	}
	if err := s.settled(); err != nil {
		s.Errorf("after the last stop: %v", err)
	}
	for side := range s.promised {
		for id, text := range s.promised[side] {
			if a, b := s.textOf(engine.FinOps, id), s.textOf(engine.Dataverse, id); a != text || b != text {
				s.Errorf("order %s is %q and %q, and its user was told %q", id, a, b, text)
			}
		}
	}
	s.Logf("%d cycles, %d of them killed; %d requests, %d of them lost; %d live writes and %d deletes, %d undone", s.cycles, s.killed.Load(),
		s.requests.Load(), s.lost.Load(), s.live.Load(), s.removed.Load(), s.undone.Load())
	rare := s.removed.Load() > 0 || s.cycles < 200
	if s.killed.Load() == 0 || s.lost.Load() == 0 || s.live.Load() == 0 || s.undone.Load() == 0 || !rare {
		s.Error("too tame")
	}
}

// cycle is the life of one runner: it ends after some requests, or in some
// save.
func (s *stress) cycle(n int) {
	r := rand.New(rand.NewPCG(uint64(n), 7))
	enough, requests := int64(1+r.IntN(40)), atomic.Int64{}
	over := make(chan struct{})
	once := sync.OnceFunc(func() { close(over) })
	s.config.Observe = func(q runner.Request) {
		s.requests.Add(1)
		if q.Err != nil {
			s.lost.Add(1)
		}
		if requests.Add(1) == enough {
			once()
		}
	}
	s.store.fail = nil
	if n%3 != 0 {
		first := s.store.saves
		at := first + 1 + r.IntN(8)
		s.store.fail = func(save int) saveFault {
			if save == at {
				s.killed.Add(1)
				once()
				return saveFault{errKilled, n%3 == 1}
			}
			return saveFault{}
		}
	}
	s.store.Store = s.reopen()
	stop := s.start()
	var users sync.WaitGroup
	for _, side := range engine.Sides {
		users.Go(func() { s.user(side, rand.New(rand.NewPCG(uint64(n), uint64(side)))) })
	}
	users.Wait()
	<-over
	if err := stop(); err != nil && !errors.Is(err, errKilled) {
		s.Errorf("cycle %d: %v", n, err)
	}
}

// user commits some transactions on few records, so that both sides meet.
func (s *stress) user(side engine.Side, r *rand.Rand) {
	for range 5 {
		switch r.IntN(4) {
		case 0:
			s.liveWrite(side, strconv.Itoa(r.IntN(4)), strconv.Itoa(r.IntN(1_000_000)))
			continue
		case 1:
			s.liveDelete(side, strconv.Itoa(r.IntN(8)))
			continue
		}
		k := engine.Key{Map: customers, ID: strconv.Itoa(r.IntN(8))}
		word := engine.Text(strconv.Itoa(r.IntN(1000)))
		ctx, cancel := context.WithTimeout(s.Context(), patience)
		err := s.sides[side].Update(ctx, func(tx *memory.Tx) error {
			if _, there := tx.Get(k); there && r.IntN(2) == 0 {
				return tx.Set(engine.Key{Map: contacts, ID: strconv.Itoa(r.IntN(8))}, word, engine.Lookup(&k))
			}
			return tx.Set(k, word, engine.Text(side.String()))
		})
		cancel()
		if err != nil && !errors.Is(err, engine.ErrBusy) && !errors.Is(err, context.DeadlineExceeded) {
			s.Error(err)
		}
		runtime.Gosched()
	}
}

// patience is how long users wait for live transactions: the engine may have died.
const patience = 30 * time.Millisecond

// liveWrite changes one of a side's own orders.
func (s *stress) liveWrite(side engine.Side, id, text string) {
	id = side.String() + id
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	if s.told(s.write(ctx, side, id, text)) {
		s.live.Add(1)
		s.promised[side][id] = text
	}
}

// liveDelete deletes a customer, if it is there and nobody looks it up.
func (s *stress) liveDelete(side engine.Side, id string) {
	ctx, cancel := context.WithTimeout(s.Context(), patience)
	defer cancel()
	there := false
	err := s.sides[side].Update(ctx, func(tx *memory.Tx) error {
		if _, there = tx.Get(customer(id)); !there {
			return nil
		}
		return tx.Delete(customer(id))
	})
	if !errors.Is(err, memory.ErrReferenced) && s.told(err) && there {
		s.removed.Add(1)
	}
}

// told reports whether a user was told that a live transaction has committed.
func (s *stress) told(err error) bool {
	switch _, isUndone := errors.AsType[*runner.UndoneError](err); {
	case err == nil:
		return true
	case isUndone || errors.Is(err, memory.ErrUndone) || errors.Is(err, context.DeadlineExceeded):
		s.undone.Add(1)
	default:
		s.Error(err)
	}
	return false
}

// network loses some requests and some answers, and lets some writes land
// after their failure was told.
func (s *stress) network(c *client, seed uint64) (func(context.Context, engine.EffectKind) error, func(engine.EffectKind, *engine.Input) error) {
	var mu sync.Mutex
	r := rand.New(rand.NewPCG(seed, 11))
	chance := func() int {
		mu.Lock()
		defer mu.Unlock()
		return r.IntN(40)
	}
	before := func(_ context.Context, _ engine.EffectKind) error {
		switch chance() {
		case 0:
			return errLost
		case 1:
			return runner.ErrDown
		}
		return nil
	}
	after := func(engine.EffectKind, *engine.Input) error {
		if chance() == 0 {
			return errLost
		}
		return nil
	}
	c.delay = func(f func()) bool {
		if chance() != 0 {
			return false
		}
		s.late.Go(func() {
			for range 100 {
				runtime.Gosched()
			}
			f()
		})
		return true
	}
	return before, after
}

func TestStress(t *testing.T) {
	t.Parallel()
	s := &stress{world: newWorld(t), cycles: 600}
	if testing.Short() {
		s.cycles = 200
	}
	kept := s.store.Store
	s.reopen = func() store.Store { return kept }
	s.run()
}

func TestStressSQLite(t *testing.T) {
	t.Parallel()
	s := &stress{world: newWorld(t), cycles: 60}
	if testing.Short() {
		s.cycles = 20
	}
	path := filepath.Join(t.TempDir(), "engine.db")
	var open *sqlite.Store
	closeFile := func() {
		if open != nil {
			if err := open.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	s.reopen = func() store.Store {
		closeFile()
		var err error
		if open, err = sqlite.Open(path, sqlite.Options{Maps: []string{"customers", "contacts", "orders"}}); err != nil {
			t.Fatal(err)
		}
		return open
	}
	defer closeFile()
	s.run()
}

// TestManyRecords lets both sides work at full speed, with everything in the
// default configuration.
func TestManyRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	stop := w.start()
	records := 2000
	if testing.Short() {
		records = 300
	}
	var users sync.WaitGroup
	for _, side := range engine.Sides {
		users.Go(func() {
			for i := range records {
				w.set(side, fmt.Sprint(side, i), fmt.Sprint("name ", i))
			}
		})
	}
	users.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.lastRun.Command(ctx, &engine.Command{Kind: engine.PauseJob, Job: "all"}); err != nil {
		t.Error(err)
	}
	if err := w.lastRun.Command(ctx, &engine.Command{Kind: engine.ResumeJob, Job: "all"}); err != nil {
		t.Error(err)
	}
	if err := w.converge(ctx); err != nil {
		t.Error(err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	s := w.lastRun.Stats()
	if s.Saves == 0 || s.Mutations/s.Saves < 2 {
		t.Errorf("%d mutations in %d saves: nothing was saved together", s.Mutations, s.Saves)
	}
}
