package system

import (
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// newUniqueBench is a bench in which the city of a customer is unique, whatever
// its letter case.
func newUniqueBench(t *testing.T, mode engine.Mode) *bench {
	t.Helper()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: mode, Columns: []engine.Column{
		{Name: "name"}, {Name: "city", Unique: true, Canonical: engine.Form{FoldCase: true}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, k: sim.New(sim.Config{Seed: 1}), requests: &Requests{}}
	maps := []*engine.TableMap{m}
	b.s, err = New(b.k, Config{Maps: maps, LockWait: 5 * time.Second}, Parts{
		Capture: engine.NewCapture(engine.FinOps, maps, b), Requests: b.requests, Client: b, Observer: b, Engine: sim.NewClock(sim.ClockConfig{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestUniqueValuesOfUsers: a value is one record's, until that one gives it up,
// in the same transaction or before.
func TestUniqueValuesOfUsers(t *testing.T) {
	t.Parallel()
	b := newUniqueBench(t, engine.Async)
	other := func(e Edit) Edit { e.Name.Company = "DEMF"; return e }
	for _, step := range []struct {
		name  string
		edits []Edit
		want  Ending
	}{
		{"the first", []Edit{customer(Create, "A", text(1, "Oslo"))}, Committed},
		{"the same in other letters", []Edit{customer(Create, "B", text(1, "OSLO"))}, ValueTaken},
		{"twice in one transaction", []Edit{customer(Create, "B", text(1, "Bonn")), customer(Create, "C", text(1, "bonn"))}, ValueTaken},
		{"another column", []Edit{customer(Create, "B", text(0, "Oslo"))}, Committed},
		{"null, twice", []Edit{customer(Create, "C")}, Committed},
		{"another company", []Edit{other(customer(Create, "A", text(1, "Oslo")))}, Committed},
		{"its own once more", []Edit{customer(Update, "A", text(1, "oslo"))}, Committed},
		{"handed over", []Edit{customer(Update, "B", text(1, "Oslo")), customer(Update, "A", text(1, "Rome"))}, Committed},
		{"swapped", []Edit{customer(Update, "B", text(1, "Rome")), customer(Update, "A", text(1, "Oslo"))}, Committed},
		{"taken after the swap", []Edit{customer(Update, "C", text(1, "Rome"))}, ValueTaken},
		{"taken from one that is deleted", []Edit{customer(Delete, "B"), customer(Update, "C", text(1, "Rome"))}, Committed},
		{"given up for nothing", []Edit{customer(Update, "C", Assignment{Column: 1})}, Committed},
		{"then free", []Edit{customer(Create, "D", text(1, "Rome"))}, Committed},
	} {
		tx := b.submit(step.edits...)
		if len(b.endings) == 0 || b.ended[len(b.ended)-1] != tx.Number { // a delete goes live: the engine lets it
			b.ask(engine.Effect{Kind: engine.CommitTx, Tx: b.calls[len(b.calls)-1]})
		}
		if _, got := b.last(); got != step.want {
			t.Errorf("%s: %v, want %v", step.name, got, step.want)
		}
	}
}

// TestUniqueValuesOfTheEngine: the engine is refused what another record holds, on
// each way by which rows come, and may hand over within what is done together.
func TestUniqueValuesOfTheEngine(t *testing.T) {
	t.Parallel()
	b := newUniqueBench(t, engine.Async)
	b.save(customer(Create, "A", text(1, "Oslo")))
	oslo := source("B", 1, engine.Value{}, engine.Text("OSLO"))
	answer := func(atomic bool, writes ...engine.Write) []engine.RowAnswer {
		t.Helper()
		return b.ask(engine.Effect{Kind: engine.WriteBatch, Atomic: atomic, Writes: writes}).Rows
	}
	for _, atomic := range []bool{false, true} {
		if got := answer(atomic, carry(oslo, nil))[0]; got.Result != engine.RowRefused || got.Reason != engine.DuplicateValue || got.Cause != causeTaken {
			t.Errorf("atomic %v: %+v", atomic, got)
		}
	}
	two := []engine.Write{
		carry(source("C", 1, engine.Value{}, engine.Text("Bonn")), nil), carry(source("D", 1, engine.Value{}, engine.Text("bonn")), nil),
	}
	if got := answer(true, two...); got[0].Result != engine.RowUndone || got[1].Reason != engine.DuplicateValue || b.record(customers, "C") != nil {
		t.Errorf("two of one batch: %+v", got)
	}
	gives := carry(source("A", 7, engine.Value{}, engine.Text("Rome")), b.record(customers, "A"))
	if got := answer(true, carry(oslo, nil), gives); got[0].Result != engine.RowDone || got[1].Result != engine.RowDone {
		t.Errorf("handed over in one batch: %+v", got)
	}
	if b.record(customers, "B").Values[1].Text != "OSLO" || b.record(customers, "A").Values[1].Text != "Rome" {
		t.Error("the values are not where they belong")
	}
	index, r := b.requests.New()
	e := integrator.Effect{Kind: integrator.WriteRows, Upserts: []integrator.Upsert{{
		Key: engine.Key{ID: "E"}, Source: source("E", 1, engine.Value{}, engine.Text("rome")), Values: []engine.Value{{}, engine.Text("rome")},
	}}, Columns: []int{0, 1}}
	b.s.PrepareCopy(r, &e, 1, 1)
	b.requests.Hold(index)
	to, kind := b.s.Arrives()
	b.k.After(time.Millisecond, sim.Normal, to, kind, r.Entity, uint64(index))
	b.k.Run(b.k.Now().Add(time.Minute))
	if got := b.requests.At(index).Answer.Results; len(got) != 1 || got[0].Reason != engine.DuplicateValue {
		t.Errorf("a copied row: %+v", got)
	}
}

// TestUniqueValuesOfHeldTransactions: what a transaction will hold once it has
// committed is nobody else's meanwhile. Users wait, the engine comes again.
func TestUniqueValuesOfHeldTransactions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		end  engine.EffectKind
		want Ending // of who waited
	}{{engine.CommitTx, ValueTaken}, {engine.AbortTx, Committed}} {
		b := newUniqueBench(t, engine.Live)
		b.submit(customer(Create, "A", text(1, "Oslo")))
		if len(b.calls) != 1 {
			t.Fatal("nothing is held")
		}
		rows := b.ask(engine.Effect{Kind: engine.WriteBatch, Writes: []engine.Write{carry(source("B", 1, engine.Value{}, engine.Text("oslo")), nil)}}).Rows
		if rows[0].Result != engine.RowConditionFailed {
			t.Errorf("the engine is told %+v", rows[0])
		}
		b = newUniqueBench(t, engine.Live)
		held := b.submit(customer(Create, "A", text(1, "Oslo")))
		second := b.submit(customer(Create, "C", text(1, "oslo")))
		if len(b.endings) != 0 || len(b.calls) != 1 {
			t.Fatalf("the second ended %v, %d calls; it must wait", b.endings, len(b.calls))
		}
		b.send(engine.Effect{Kind: c.end, Tx: b.calls[0]})
		b.k.Run(b.k.Now().Add(time.Second))
		if b.ended[0] != held.Number {
			t.Fatalf("%v ended first", b.ended)
		}
		if c.want == Committed {
			if len(b.calls) != 2 || b.s.HeldCount() != 1 {
				t.Errorf("the second is not held: %d calls", len(b.calls))
			}
			continue
		}
		b.mustEnd(second, c.want)
	}
}
