package system

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// newListed returns a system without a capture hook.
func newListed(t *testing.T, c Config) *bench {
	t.Helper()
	b := newBench(t, c)
	c.Maps = b.s.config.Maps
	var err error
	if b.s, err = New(b.k, c, Parts{Requests: b.requests, Client: b, Observer: b, Engine: sim.NewClock(sim.ClockConfig{})}); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestListingHoldsWhatItMust compares pages with those that all rows of the
// table make, on a clock that is set back and shows whole seconds.
func TestListingHoldsWhatItMust(t *testing.T) {
	t.Parallel()
	back, compacted, later := 0, 0, 0
	rapid.Check(t, func(r *rapid.T) {
		clock := sim.ClockConfig{Granularity: time.Second}
		for range rapid.IntRange(0, 4).Draw(r, "steps") {
			at := sim.Time(time.Duration(rapid.IntRange(1, 600).Draw(r, "at")) * time.Second)
			if n := len(clock.Steps); n > 0 {
				at += clock.Steps[n-1].At
			}
			clock.Steps = append(clock.Steps, sim.ClockStep{At: at, By: time.Duration(rapid.SampledFrom([]int{-600, -90, -5, 30}).Draw(r, "by")) * time.Second})
		}
		b := newListed(t, Config{Clock: clock})
		table := &b.s.tables[customers]
		tick := b.k.Register("tick", sim.ActorFunc(func(sim.Event) {}))
		at := sim.Time(0)
		entries := 0
		for range rapid.IntRange(20, 60).Draw(r, "bursts") {
			at = at.Add(time.Duration(rapid.IntRange(5, 90).Draw(r, "gap")) * time.Second)
			b.k.At(at, sim.Normal, tick, 0, 0, 0)
			b.k.Run(at)
			for range rapid.IntRange(10, 60).Draw(r, "commits") {
				i := table.ensure(engine.Key{Map: customers, ID: string(rune('A' + rapid.IntRange(0, 20).Draw(r, "row")))})
				was := table.at(i).modified
				b.s.publish(table, i, &engine.Record{
					Key: &table.at(i).key, Version: b.s.nextVersion(), Alive: rapid.IntRange(0, 9).Draw(r, "dead") > 0,
				})
				if table.at(i).modified < was {
					back++
				}
			}
			if len(table.log.entries) < entries {
				compacted++
			}
			entries = len(table.log.entries)
		}
		l := integrator.Listing{
			Map: customers, By: integrator.Method(rapid.IntRange(0, 1).Draw(r, "by")), Full: rapid.IntRange(0, 4).Draw(r, "full") == 0,
			Since: integrator.LocalTime(time.Duration(rapid.IntRange(-900, 4000).Draw(r, "since")) * time.Second), Inclusive: rapid.Bool().Draw(r, "inclusive"),
			Token: integrator.Token{Version: engine.Version(rapid.IntRange(1, int(b.s.version)).Draw(r, "token"))}, Max: rapid.IntRange(1, 8).Draw(r, "max"),
		}
		for more := true; more; {
			var all []integrator.Row
			for _, i := range table.created {
				all = append(all, table.at(i).listed())
			}
			var got integrator.Input
			b.s.list(&got, l)
			want := l
			want.Until = got.Until
			rows, wantMore := want.Take(all)
			if diff := cmp.Diff(append([]integrator.Row(nil), rows...), append([]integrator.Row(nil), got.Rows...)); diff != "" || got.More != wantMore {
				r.Fatalf("more %v, want %v; rows (-want +got):\n%s", got.More, wantMore, diff)
			}
			if more = got.More; more {
				last := got.Rows[len(got.Rows)-1]
				l.Paged, l.Until = true, got.Until
				l.After = integrator.Place{Modified: last.Modified, Version: last.Record.Version, Dead: !last.Record.Alive, Key: *last.Record.Key}
				later++
			}
		}
	})
	for what, n := range map[string]int{"modified time went back": back, "changelog was compacted": compacted, "second pages": later} {
		if n == 0 {
			t.Errorf("no case: %s", what)
		}
	}
}

// TestUpsertGoesOverWhateverIsThere: no version is compared, business logic and
// missing lookups are asked, and a delete of what is gone is done.
func TestUpsertGoesOverWhateverIsThere(t *testing.T) {
	t.Parallel()
	b := newListed(t, Config{Validations: []Validation{{Name: "never", Map: headers, Refuse: 1, Cause: "state not allowed"}}})
	source := &engine.Record{Version: 1, Mark: engine.Mark{Number: 1}}
	write := func(columns []int, u ...integrator.Upsert) []integrator.RowResult {
		t.Helper()
		for i := range u {
			u[i].Source = source
		}
		index, r := b.requests.New()
		b.requests.Hold(index)
		b.s.PrepareCopy(r, &integrator.Effect{Kind: integrator.WriteRows, Columns: columns, Upserts: u}, 0, 0)
		to, kind := b.s.Arrives()
		b.k.At(b.k.Now(), sim.Normal, to, kind, r.Entity, uint64(index))
		b.k.Run(b.k.Now().Add(time.Minute))
		return r.Answer.Results
	}
	key := func(m engine.MapID, id string) engine.Key { return engine.Key{Map: m, ID: id} }
	if how := b.save(customer(Create, "C1", text(0, "Ann"), text(1, "Bern"))); how != Committed {
		t.Fatal(how)
	}
	if len(b.refs) != 1 || b.refs[0].Number != 1 || b.s.OutboxEver() != 0 || b.s.Stats().Notifications != 0 {
		t.Errorf("the observer was told of %v, the outbox held %d", b.refs, b.s.OutboxEver())
	}
	got := write([]int{0}, integrator.Upsert{Key: key(customers, "C1"), Values: []engine.Value{engine.Text("Bea"), {}}},
		integrator.Upsert{Key: key(customers, "C2"), Values: []engine.Value{engine.Text("Cem"), {}}},
		integrator.Upsert{Key: key(customers, "C3"), Delete: true})
	if diff := cmp.Diff(make([]integrator.RowResult, 3), got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	one, two := b.record(customers, "C1"), b.record(customers, "C2")
	if one.Values[0].Text != "Bea" || one.Values[1].Text != "Bern" || one.Mark.Number != 1 || two.Values[0].Text != "Cem" || two.Mark.Number != 0 {
		t.Errorf("the side holds %+v and %+v", one, two)
	}
	missing, c2 := key(customers, "C9"), key(customers, "C2")
	got = write([]int{0, 1}, integrator.Upsert{Key: key(headers, "H1"), Values: []engine.Value{engine.Lookup(&c2), {}}})
	got = append(got, write([]int{0}, integrator.Upsert{Key: key(customers, "C2"), Delete: true})...)
	b.s.config.Validations = nil
	got = append(got, write([]int{0, 1}, integrator.Upsert{Key: key(headers, "H1"), Values: []engine.Value{engine.Lookup(&missing), {}}})...)
	want := []integrator.RowResult{
		{Reason: engine.Refused, Cause: "state not allowed"}, {}, {Reason: engine.LookupNotFound, Cause: "customer"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	if b.record(customers, "C2") != nil || b.writes != 3 || b.s.Stats().Copied != 3 {
		t.Errorf("%d commits, %d counted; C2 is %v", b.writes, b.s.Stats().Copied, b.record(customers, "C2"))
	}
}
