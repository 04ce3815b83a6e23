package memory_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/runner/memory"
)

func newSystem(t *testing.T) (*memory.System, []*engine.TableMap) {
	t.Helper()
	m, err := engine.NewTableMap(engine.TableMap{
		Name: "customers", Mode: engine.Async,
		Columns: []engine.Column{{Name: "name"}, {Name: "parent", Lookups: []engine.MapID{0}, Circular: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	maps := []*engine.TableMap{m}
	return memory.New(engine.FinOps, maps), maps
}

func key(id string) engine.Key { return engine.Key{ID: id} }

func TestTransaction(t *testing.T) {
	t.Parallel()
	s, _ := newSystem(t)
	notified := 0
	s.OnCommit(func(engine.Side) { notified++ })
	err := s.Update(t.Context(), func(tx *memory.Tx) error {
		if err := tx.Set(key("A"), engine.Text("first"), engine.Value{}); err != nil {
			return err
		}
		values, there := tx.Get(key("A"))
		if !there || values[0].Text != "first" {
			t.Errorf("it does not see its own change: %v", values)
		}
		return tx.Set(key("A"), engine.Text("second"), engine.Value{})
	})
	if err != nil {
		t.Fatal(err)
	}
	references, more, _, err := s.Pull(t.Context(), nil, 10, 0)
	if err != nil || more || len(references) != 1 || notified != 1 {
		t.Errorf("references %v (%v), %d notifications: want one of each, however often it was set", references, err, notified)
	}
	if r := s.Record(key("A")); r.Values[0].Text != "second" || r.Mark.Number != 1 {
		t.Errorf("record %v", r)
	}
}

func TestTransactionThatFails(t *testing.T) {
	t.Parallel()
	s, _ := newSystem(t)
	errUser := errors.New("changed my mind")
	for name, f := range map[string]func(*memory.Tx) error{
		"of itself": func(tx *memory.Tx) error {
			return errors.Join(tx.Set(key("A"), engine.Text("x"), engine.Value{}), errUser)
		},
		"by a column too few": func(tx *memory.Tx) error { return tx.Set(key("A"), engine.Text("x")) },
		"by a map too many":   func(tx *memory.Tx) error { return tx.Set(engine.Key{Map: 9, ID: "A"}) },
	} {
		if err := s.Update(t.Context(), f); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if list := s.Records(); len(list) != 0 {
		t.Errorf("records %v", list)
	}
	if references, _, _, _ := s.Pull(t.Context(), nil, 10, 0); len(references) != 0 {
		t.Errorf("references %v", references)
	}
}

func TestOutboxKeepsWhatIsNotAcknowledged(t *testing.T) {
	t.Parallel()
	s, _ := newSystem(t)
	for _, id := range []string{"A", "B", "C"} {
		if err := s.Update(t.Context(), func(tx *memory.Tx) error { return tx.Set(key(id), engine.Text("x"), engine.Value{}) }); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		ack   []uint64
		first uint64
		n     int
		more  bool
	}{{nil, 1, 2, true}, {nil, 1, 2, true}, {[]uint64{2}, 1, 2, false}, {[]uint64{1, 3, 99}, 0, 0, false}} {
		references, more, _, err := s.Pull(t.Context(), step.ack, 2, 0)
		if err != nil || len(references) != step.n || more != step.more || step.n > 0 && references[0].Position != step.first {
			t.Errorf("after %v: %v, more %v (%v), want %d from %d on", step.ack, references, more, err, step.n, step.first)
		}
	}
}

func TestWriteConditions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, maps := newSystem(t)
		other := memory.New(engine.Dataverse, maps)
		for _, id := range []string{"A", "B"} {
			if err := other.Update(t.Context(), func(tx *memory.Tx) error { return tx.Set(key(id), engine.Text("x"), engine.Value{}) }); err != nil {
				t.Fatal(err)
			}
		}
		base := engine.Write{
			Kind: engine.CarryWrite, Key: key("A"), Source: other.Record(key("A")), Groups: 3,
			Deadline: engine.Time(time.Now().Add(time.Second).UnixNano()),
		}
		late, dangling, unmapped := base, base, base
		late.Deadline = engine.Time(time.Now().UnixNano() - 1)
		dangling.Lookups = []engine.Alive{{Key: key("B"), Incarnation: 1}}
		unmapped.Key.Map = 9
		want := []engine.RowResult{
			engine.RowConditionFailed, engine.RowConditionFailed, engine.RowConditionFailed,
			engine.RowDone, engine.RowConditionFailed, // the same again: it is there by now
		}
		rows, err := s.Write(t.Context(), []engine.Write{late, dangling, unmapped, base, base})
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if rows[i].Result != want[i] {
				t.Errorf("row %d ended as %v, want %v", i, rows[i].Result, want[i])
			}
		}
		if references, _, _, _ := s.Pull(t.Context(), nil, 10, 0); len(references) != 0 {
			t.Errorf("the engine's own write came back: %v", references)
		}
	})
}

func TestContextsThatHaveEnded(t *testing.T) {
	t.Parallel()
	s, _ := newSystem(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, _, pulled := s.Pull(ctx, nil, 1, 0)
	_, _, read := s.Read(ctx, nil, nil)
	_, written := s.Write(ctx, make([]engine.Write, 1))
	awaited := s.Await(ctx, key("A"), func(r *engine.Record) bool { return r != nil })
	for _, err := range []error{pulled, read, written, awaited} {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	}
}

// TestBackup brings a system back twice, and loses a record for good.
func TestBackup(t *testing.T) {
	t.Parallel()
	s, _ := newSystem(t)
	set := func(id, name string) {
		t.Helper()
		if err := s.Update(t.Context(), func(tx *memory.Tx) error { return tx.Set(key(id), engine.Text(name), engine.Value{}) }); err != nil {
			t.Fatal(err)
		}
	}
	set("A", "old")
	restore := s.Backup()
	for range 2 {
		set("A", "new")
		set("B", "new")
		if _, _, _, err := s.Pull(t.Context(), []uint64{1}, 10, 7); err != nil {
			t.Fatal(err)
		}
		restore()
		references, more, told, err := s.Pull(t.Context(), nil, 10, 0)
		if err != nil || more || told != 0 || len(references) != 1 || references[0].Position != 1 {
			t.Errorf("the outbox holds %v and was told %d (%v), want what it held", references, told, err)
		}
		if list := s.Records(); len(list) != 1 || list[0].Values[0].Text != "old" || list[0].Mark.Number != 1 {
			t.Errorf("records %v, want the old one", list)
		}
	}
	s.Expire(key("A"))
	if list := s.Records(); len(list) != 0 || s.Record(key("A")) != nil {
		t.Errorf("records %v after the last one was taken away", list)
	}
}
