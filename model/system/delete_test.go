package system

import (
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestExpiredTombstone lets a tombstone go. Nothing shows the record any more, and users
// cannot make it again, but where the engine brings it they can change it.
func TestExpiredTombstone(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	a := engine.Key{Map: customers, ID: "A"}
	b.save(customer(Create, "A"))
	b.save(customer(Create, "B"))
	living := b.record(customers, "A")
	del := carry(source("A", 1), living)
	del.Kind, del.Intent = engine.DeleteWrite, 5
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{del}})
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{{Kind: engine.SealWrite, Key: a, Intent: 5, Deadline: 1 << 60}}})
	v := b.s.Tombstone(a)
	if v == 0 || b.s.Expire(a, v-1) || b.s.Expire(a, 0) {
		t.Fatalf("version %d of the tombstone: another one went", v)
	}
	b.listed("B") // in the order of keys from now on
	if !b.s.Expire(a, v) || b.s.Expire(a, v) || len(b.switched) != 1 || b.switched[0] != "finops has forgotten A" {
		t.Fatalf("it did not go once: %q", b.switched)
	}
	if got := b.read(a); got != nil {
		t.Errorf("the engine reads %+v", got)
	}
	b.s.Each(customers, func(r *engine.Record) {
		if r.Key.ID != "B" {
			t.Errorf("%s is still there", r.Key.ID)
		}
	})
	b.listed("B")
	for _, op := range []Op{Create, Update, Upsert, Delete} {
		if how := b.save(customer(op, "A")); how != NotFound {
			t.Errorf("%v of what nobody knows: %v", op, how)
		}
	}
	next := source("A", 1)
	next.Mark.Incarnation = 2
	b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(next, nil)}})
	if how := b.save(customer(Update, "A", text(0, "x"))); how != Committed || b.record(customers, "A").Mark.Incarnation != 2 {
		t.Errorf("what the engine brought: %v", how)
	}
	b.listed("A", "B")
}

// TestWhatDoesNotExpire looks for tombstones where there are none, or none that may go.
func TestWhatDoesNotExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	a := engine.Key{Map: customers, ID: "A"}
	none := func(what string) {
		t.Helper()
		if v := b.s.Tombstone(a); v != 0 {
			t.Errorf("%s: it may go, version %d", what, v)
		}
	}
	none("a key that nobody has heard of")
	b.save(customer(Create, "A"))
	none("a record that lives")
	b.s.tables[customers].at(0).record = &engine.Record{Key: &a, Version: 7}
	none("what was deleted past the hook")
	b.s.tables[customers].at(0).record.Mark = engine.Mark{Incarnation: 1, Dead: true, Intent: 5}
	none("a tombstone that waits for its transaction")
	b.s.tables[customers].at(0).record.Mark.Intent = 0
	if b.s.Tombstone(a) != 7 {
		t.Error("a tombstone stays")
	}
	b.s.tables[customers].at(0).lock = 6
	none("a key that somebody is about to give a new life")
}

// listed looks at what a listing shows.
func (b *bench) listed(want ...string) {
	b.t.Helper()
	var ids []string
	for _, r := range b.ask(engine.Effect{Kind: engine.ListRecords, After: engine.Key{Map: customers}, Max: 9}).Records {
		ids = append(ids, r.Key.ID)
	}
	if !slices.Equal(ids, want) {
		b.t.Errorf("a listing shows %q, want %q", ids, want)
	}
}

// read asks for a record as the engine does.
func (b *bench) read(k engine.Key) *engine.Record {
	b.t.Helper()
	r := b.ask(engine.Effect{Kind: engine.ReadBatch, Keys: []engine.Key{k}})
	return r.Records[0]
}
