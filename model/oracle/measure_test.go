package oracle

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

var plain = cmpopts.IgnoreUnexported(Sample{}, Worst{})

func TestConvergence(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	h.at(1 * time.Second)
	r1 := h.user(fin, a, text("1"))
	h.at(3 * time.Second)
	h.carry(dat, a) // took 2s
	h.settle(r1, engine.Synced, engine.Written)

	h.at(10 * time.Second)
	r2 := h.user(fin, a, text("2")) // apart again
	h.at(11 * time.Second)
	r3 := h.user(fin, a, text("3")) // born apart
	h.at(15 * time.Second)
	h.carry(dat, a) // 5s and 4s
	h.settle(r2, engine.ConcurrencyFailure, engine.Superseded)
	h.settle(r3, engine.Synced, engine.Written)

	h.at(20 * time.Second)
	h.queue(h.user(dat, a, text("4")), Waiting) // never
	b := headerKey("B")
	h.at(21 * time.Second)
	r5 := h.user(fin, b, text("1"))
	r6 := h.user(dat, b, text("1")) // agrees at once
	h.settle(r5, engine.Synced, engine.FoundEqual)
	h.settle(r6, engine.Synced, engine.FoundEqual)
	h.at(50 * time.Second)
	r := h.judge()

	second := sim.Time(time.Second)
	if diff := cmp.Diff([]Sample{
		{Side: fin, Born: 1 * second, Took: 2 * time.Second},
		{Side: fin, Born: 10 * second, Took: 5 * time.Second},
		{Side: fin, Born: 11 * second, Took: 4 * time.Second},
		{Side: dat, Born: 20 * second, Took: 30 * time.Second, Censored: true},
		{Side: fin, Born: 21 * second},
		{Side: dat, Born: 21 * second},
	}, r.Samples, plain); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if r.SampleStride != 1 || r.SamplesSeen != 6 {
		t.Errorf("every %d of %d", r.SampleStride, r.SamplesSeen)
	}
	if diff := cmp.Diff([]sim.Point{{At: 1 * second, Value: 1}, {At: 3 * second, Area: 2}, {At: 10 * second, Value: 1, Area: 2}, {At: 15 * second, Area: 7}, {At: 20 * second, Value: 1, Area: 7}}, r.Divergent.Points()); diff != "" {
		t.Errorf("divergent pairs (-want +got):\n%s", diff)
	}
	if len(r.Worst) != 6 || r.Worst[0].Took != 30*time.Second || !r.Worst[0].Censored || r.Worst[0].Record != "headers usmf A" || r.Worst[1].Took != 5*time.Second {
		t.Errorf("worst: %v", r.Worst)
	}
	if diff := cmp.Diff([]OutcomeCount{
		{0, fin, engine.Synced, engine.Written, 2},
		{0, fin, engine.Synced, engine.FoundEqual, 1},
		{0, fin, engine.ConcurrencyFailure, engine.Superseded, 1},
		{0, dat, engine.Open, engine.NoReason, 1},
		{0, dat, engine.Synced, engine.FoundEqual, 1},
	}, r.Outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(MapCount{
		Captured: [2]uint64{4, 2}, Creates: [2]uint64{2, 1}, Alive: [2]uint64{2, 2}, Converged: 1, Divergent: 1, Open: 1,
	}, r.Maps[0]); diff != "" {
		t.Errorf("map (-want +got):\n%s", diff)
	}
	if r.Totals.Captured != 6 || r.Totals.Settled != 5 || r.Totals.Outstanding != 1 || r.Totals.Pairs != 2 {
		t.Errorf("totals: %+v", r.Totals)
	}
}

// TestLateCaptureIsMeasuredFromTheCommit: a change that the hook did not see is measured from
// its commit, once it is captured.
func TestLateCaptureIsMeasuredFromTheCommit(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	r1 := h.user(fin, a, text("1"))
	h.carry(dat, a)
	h.settle(r1, engine.Synced, engine.Written)
	h.at(time.Second)
	h.bypass(fin, a, text("2"))
	h.at(time.Minute)
	r2 := h.late(fin, a)
	h.at(time.Minute + time.Second)
	h.carry(dat, a)
	h.settle(r2, engine.Synced, engine.Written)
	r := h.judge()
	expect(t, r)
	if len(r.Samples) != 2 || r.Samples[1].Took != time.Minute {
		t.Errorf("samples %v", r.Samples)
	}
}

func TestParkedIsCountedByItsCause(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	for _, id := range []string{"A", "B"} {
		ref := h.user(fin, headerKey(id), text("1"))
		h.queue(ref, Parked)
		h.queue(ref, InOutbox) // not forgotten yet: counted once
		h.queue(ref, Parked)
	}
	r := h.judge()
	expect(t, r)
	if diff := cmp.Diff([]OutcomeCount{{0, fin, engine.ApplicationFailure, engine.Refused, 2}}, r.Outcomes); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ErrorCount{{engine.ApplicationFailure, engine.Refused, 0, "no", 2, "headers usmf A"}}, r.Errors); diff != "" {
		t.Errorf("errors (-want +got):\n%s", diff)
	}
	if r.Maps[0].Parked != 2 || r.Totals.Outstanding != 2 {
		t.Errorf("%d parked, %d outstanding", r.Maps[0].Parked, r.Totals.Outstanding)
	}
}

func TestTornTransactions(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	line := func(n int) engine.Key { return engine.Key{Map: 1, ID: fmt.Sprint(n)} }
	header := a
	row := []engine.Value{{}, {Kind: engine.KindLookup, Target: &header}}

	h.at(1 * time.Second)
	h.tx = 7
	h.o.Transaction(h.now, fin, 7, "invoice A", 3)
	refs := []*engine.Reference{h.user(fin, a, text("1")), h.user(fin, line(1), row), h.user(fin, line(2), row)}
	h.at(5 * time.Second)
	h.carry(dat, a)
	h.at(6 * time.Second)
	h.carry(dat, line(1))
	h.at(9 * time.Second)
	h.carry(dat, line(2))

	h.tx = 8
	h.o.Transaction(h.now, fin, 8, "", 2) // not told of, but torn until the end
	refs = append(refs, h.user(fin, line(3), row), h.user(fin, line(4), row))
	h.at(11 * time.Second)
	h.carry(dat, line(3))

	h.tx = 9
	h.o.Transaction(h.now, fin, 9, "invoice B", 2)
	refs = append(refs, h.user(fin, headerKey("B"), text("1")), h.user(fin, a, text("2")))
	h.at(12 * time.Second)
	h.carry(dat, a)
	for i, ref := range refs {
		if i == 4 || i == 5 {
			h.queue(ref, Waiting)
			continue
		}
		h.settle(ref, engine.Synced, engine.Written)
	}
	h.at(31 * time.Second)
	r := h.judge()
	expect(t, r)

	second := sim.Time(time.Second)
	if diff := cmp.Diff([]Story{
		{Name: "invoice A", Side: fin, Tx: 7, Committed: 1 * second, Records: 3, Synced: 3, Visible: 3, FirstSeen: 5 * second, LastSeen: 9 * second},
		{Name: "invoice B", Side: fin, Tx: 9, Committed: 11 * second, Records: 2, Synced: 1, Visible: 1, FirstSeen: 12 * second, LastSeen: 12 * second, Censored: true},
	}, r.Stories); diff != "" {
		t.Errorf("stories (-want +got):\n%s", diff)
	}
	if m := r.Maps[1]; m.PartlyMost != 4*time.Second || m.PartlyMostT != 7 || m.NeverWhole != 1 {
		t.Errorf("lines were partly visible for %v, transaction %d; %d never became whole", m.PartlyMost, m.PartlyMostT, m.NeverWhole)
	}
	if m := r.Maps[0]; m.PartlyMost != 4*time.Second || m.NeverWhole != 1 {
		t.Errorf("headers were partly visible for %v, transaction %d; %d never became whole", m.PartlyMost, m.PartlyMostT, m.NeverWhole)
	}
	if r.Totals.Transactions != [2]uint64{3, 0} {
		t.Errorf("transactions %v", r.Totals.Transactions)
	}
}

// TestTornLongestAreKept: of the transactions without a name, the report tells
// of those that were partly visible longest.
func TestTornLongestAreKept(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	for n := range 7 {
		h.tx = engine.TxID(n + 1)
		h.o.Transaction(h.now, fin, h.tx, "", 2)
		first, second := headerKey(fmt.Sprintf("F%d", n)), headerKey(fmt.Sprintf("S%d", n))
		refs := []*engine.Reference{h.user(fin, first, text("1")), h.user(fin, second, text("1"))}
		h.carry(dat, first)
		h.at(time.Duration(h.now) + time.Duration(n%4)*time.Second)
		h.carry(dat, second)
		for _, ref := range refs {
			h.settle(ref, engine.Synced, engine.Written)
		}
	}
	var got []string
	for _, s := range h.judge().Torn {
		got = append(got, fmt.Sprintf("%s %v", s.Name, time.Duration(s.LastSeen-s.FirstSeen)))
	}
	want := []string{"headers usmf F3 3s", "headers usmf F2 2s", "headers usmf F6 2s", "headers usmf F1 1s", "headers usmf F5 1s"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("torn (-want +got):\n%s", diff)
	}
}

// TestOverriddenRecordsDoNotTear: a record that lost to the other side's will
// never be seen there, and nobody waits for it.
func TestOverriddenRecordsDoNotTear(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	b := headerKey("B")
	winner := h.user(fin, a, text("won"))
	h.tx = 3
	h.o.Transaction(h.now, dat, 3, "order", 2)
	lost, kept := h.user(dat, a, text("lost")), h.user(dat, b, text("kept"))
	h.at(time.Second)
	h.carry(fin, b)
	h.at(time.Minute)
	h.write(engine.CarryWrite, dat, h.get(fin, a), true)
	h.settle(winner, engine.Synced, engine.Override)
	h.settle(lost, engine.ConflictFailure, engine.Overridden)
	h.settle(kept, engine.Synced, engine.Written)
	h.at(time.Hour)
	r := h.judge()
	expect(t, r)
	second := sim.Time(time.Second)
	if diff := cmp.Diff([]Story{
		{Name: "order", Side: dat, Tx: 3, Records: 2, Synced: 2, Visible: 1, FirstSeen: second, LastSeen: second},
	}, r.Stories); diff != "" {
		t.Errorf("stories (-want +got):\n%s", diff)
	}
	if r.Maps[0].PartlyMost != 0 {
		t.Errorf("partly visible for %v", r.Maps[0].PartlyMost)
	}
}

// TestSamplesAreThinned: thinning depends on the order of commit alone, keeps
// the bound, and says what it left out.
func TestSamplesAreThinned(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{SamplesMax: 10})
	var refs []*engine.Reference
	for i := range 100 {
		h.at(time.Duration(i) * time.Second)
		refs = append(refs, h.user(fin, headerKey(fmt.Sprint(i)), text("1")))
	}
	h.at(time.Hour)
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(100) {
		h.carry(dat, refs[i].Key)
		h.settle(refs[i], engine.Synced, engine.Written)
	}
	r := h.judge()
	if r.SampleStride != 16 || r.SamplesSeen != 100 || len(r.Samples) != 7 {
		t.Fatalf("kept %d of %d, every %d", len(r.Samples), r.SamplesSeen, r.SampleStride)
	}
	for i, s := range r.Samples {
		if s.Born != sim.Time(i*16)*sim.Time(time.Second) {
			t.Errorf("sample %d was born at %v", i, s.Born)
		}
	}
	if len(r.Worst) != 20 || r.Worst[0].Born != 0 || r.Worst[19].Born != sim.Time(19*time.Second) {
		t.Errorf("worst: %d, from %v", len(r.Worst), r.Worst[0].Born)
	}
}

// TestHistoriesAreForgotten: what is remembered grows with the pairs that are
// there and with what is open, not with the number of changes.
func TestHistoriesAreForgotten(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	for i := range 20_000 {
		h.at(time.Duration(i) * time.Second)
		s := engine.Side(i / 7 % 2)
		k := headerKey(fmt.Sprint(i % 10))
		ref := h.user(s, k, text(fmt.Sprint(i)))
		if i%5 == 4 { // a conflict that F&O wins
			other := h.user(s.Other(), k, text(fmt.Sprint(-i)))
			loser, winner := ref, other
			if s == fin {
				loser, winner = other, ref
			}
			h.write(engine.CarryWrite, dat, h.get(fin, k), true)
			h.settle(loser, engine.ConflictFailure, engine.Overridden)
			h.settle(winner, engine.Synced, engine.Override)
			continue
		}
		if i%5 == 3 { // given up, and carried by hand later
			h.settle(ref, engine.Dismissed, engine.NoReason)
			h.carry(s.Other(), k)
			continue
		}
		h.carry(s.Other(), k)
		h.settle(ref, engine.Synced, engine.Written)
	}
	if h.o.pairs.count != 10 || len(h.o.pairs.slabs) != 1 || len(h.o.spare) > 10 {
		t.Errorf("%d pairs in %d slabs, %d spares", h.o.pairs.count, len(h.o.pairs.slabs), len(h.o.spare))
	}
	for i := range h.o.pairs.count {
		if p := h.o.pairs.pair(i); p.waiting != nil {
			t.Errorf("%v still remembers %d and %d changes", p.key(), len(p.open(fin)), len(p.open(dat)))
		}
	}
	for _, w := range h.o.spare {
		if cap(w.lines[0].all)+cap(w.lines[1].all) > 16 {
			t.Errorf("a spare holds room for %d changes", cap(w.lines[0].all)+cap(w.lines[1].all))
		}
	}
	expect(t, h.judge())
}

// TestHotPair: a pair with many open changes settles them from the
// front without keeping what it has passed.
func TestHotPair(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{})
	var refs []*engine.Reference
	for i := range 3000 {
		refs = append(refs, h.user(dat, a, text(fmt.Sprint(i))))
	}
	h.carry(fin, a)
	for i, ref := range refs {
		if i < len(refs)-1 {
			h.settle(ref, engine.ConcurrencyFailure, engine.Superseded)
		} else {
			h.settle(ref, engine.Synced, engine.Written)
		}
	}
	r := h.judge()
	expect(t, r)
	if p := property(t, r, "true-outcome"); p.Checked != 3000 {
		t.Errorf("%d outcomes were checked", p.Checked)
	}
}

// loop is one captured change, its carry and its outcome, on pairs in turn,
// with records made beforehand.
type loop struct {
	o       *Oracle
	records [][2]*engine.Record
	ref     engine.Reference
	write   engine.Write
	at      sim.Time
	i       int
}

func newLoop(pairs int, o *Oracle) *loop {
	l := &loop{o: o}
	for i := range pairs {
		l.records = append(l.records, [2]*engine.Record{})
		l.step(i)
	}
	return l
}

func (l *loop) step(i int) {
	old := &l.records[i]
	if old[0] == nil {
		k := engine.Key{Map: 0, Company: "usmf", ID: fmt.Sprintf("RECORD-%07d", i)}
		for s := range old {
			old[s] = &engine.Record{Key: &k, Mark: engine.Mark{Groups: make([]engine.GroupMark, 1)}}
		}
	}
	l.at += 10
	x, y := *old[0], *old[1]
	n := x.Mark.Number + 1
	values := [...]engine.Value{{Kind: engine.KindNumber, Number: int64(n)}}
	x.Alive, x.Values, x.Mark.Number, x.Mark.Incarnation = true, values[:], n, 1
	x.Version, y.Version = engine.Version(n), engine.Version(n)
	l.ref = engine.Reference{Key: *x.Key, Side: fin, Incarnation: 1, Number: n, Groups: 1}
	if l.o != nil {
		x.Trace = l.o.UserCommit(l.at, fin, old[0], &x, &l.ref)
	}
	y.Alive, y.Values, y.Mark.Incarnation = true, values[:], 1
	l.write = engine.Write{Kind: engine.CarryWrite, Key: *x.Key, Source: &x, Target: old[1], Groups: 1}
	if l.o != nil {
		y.Trace = l.o.EngineCommit(l.at+5, dat, &l.write, old[1], &y, nil)
		l.o.Settled(l.at+5, &l.ref, engine.Outcome{Class: engine.Synced, Reason: engine.Written})
	}
	*old = [2]*engine.Record{&x, &y}
}

func (l *loop) next() {
	l.step(l.i)
	l.i = (l.i + 7919) % len(l.records)
}

// stepAllocs are those of the loop itself: two records and a column's value.
const stepAllocs = 3

// TestAllocations: a change, its carry and its outcome cost one allocation
// together, that of the new head.
func TestAllocations(t *testing.T) {
	l := newLoop(1000, New(Config{Maps: tables()}))
	if n := testing.AllocsPerRun(5000, l.next) - stepAllocs; n > 1 {
		t.Errorf("%v allocations for each change", n)
	}
}

// BenchmarkSyncedRecord is one synced record: a user's commit, the engine's, and
// the outcome. The loop without an oracle makes the same records; the oracle's
// share is the difference.
func BenchmarkSyncedRecord(b *testing.B) {
	for _, pairs := range []int{1_000, 1_000_000} {
		for _, with := range []string{"oracle", "nobody"} {
			b.Run(fmt.Sprintf("%s/pairs=%d", with, pairs), func(b *testing.B) {
				var o *Oracle
				if with == "oracle" {
					o = New(Config{Maps: tables()})
				}
				l := newLoop(pairs, o)
				b.ReportAllocs()
				for b.Loop() {
					l.next()
				}
			})
		}
	}
}

// BenchmarkCreatedRecord is the same for records that are all new.
func BenchmarkCreatedRecord(b *testing.B) {
	for _, with := range []string{"oracle", "nobody"} {
		b.Run(with, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var o *Oracle
				if with == "oracle" {
					o = New(Config{Maps: tables()})
				}
				newLoop(1_000_000, o)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1e6, "ns/record")
		})
	}
}
