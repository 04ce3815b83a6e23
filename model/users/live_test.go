package users

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/sim"
)

// TestPicksDependOnPlansAlone lets the edits of one side work on a system that
// is slow and on one that is not, and that holds more or fewer records.
func TestPicksDependOnPlansAlone(t *testing.T) {
	t.Parallel()
	picks := func(outage bool) (list []string) {
		g := edits(engine.FinOps)
		g.Steps[0].Zipf = 0.7
		deletes := &Generator{
			Name: "deletes", Arrivals: every(7 * time.Second), Until: sim.Time(100 * time.Second),
			Steps: []Step{{Map: 0, Op: system.Delete}},
		}
		w := newTown(t, Config{Sources: []Source{customers(engine.FinOps, sim.Time(100*time.Second)), g, deletes}})
		w.users.Watch(func(p Plan) { list = append(list, fmt.Sprint(p)) })
		if outage {
			w.k.Run(sim.Time(20 * time.Second))
			w.systems[0].StartOutage()
			w.k.Run(sim.Time(60 * time.Second))
			w.systems[0].EndOutage()
		}
		w.k.Run(sim.Time(5 * time.Minute))
		if unseen := w.users.Stats().Unseen; outage != (unseen > 20) {
			t.Errorf("%d records were picked that are not there, with an outage: %v", unseen, outage)
		}
		return list
	}
	calm, cut := picks(false), picks(true)
	if diff := cmp.Diff(calm, cut); diff != "" || len(calm) < 200 {
		t.Errorf("%d picks; an outage changed them (-calm +outage):\n%s", len(calm), diff)
	}
}

func TestRegistryForgetsTheDeleted(t *testing.T) {
	t.Parallel()
	r := registry{maps: make([]names, 1)}
	r.maps[0] = names{keys: &engine.KeyForm{}, wanted: true, index: map[system.Name]int32{}}
	name := func(id string) system.Name { return system.Name{ID: id} }
	do := func(op system.Op, id string) { r.note([]system.Edit{{Op: op, Name: name(id)}}) }
	picks := func() string {
		seen := map[string]bool{}
		var list []string
		for i := range 100 {
			if n, _, ok := r.pick(0, (float64(i)+0.5)/100, 0); ok && !seen[n.ID] {
				seen[n.ID] = true
				list = append(list, n.ID)
			}
		}
		return strings.Join(list, " ")
	}
	for _, tc := range []struct {
		op   system.Op
		id   string
		want string
	}{
		{system.Create, "A", "A"},
		{system.Create, "B", "A B"},
		{system.Upsert, "a ", "A B"}, // the same key in another spelling
		{system.Upsert, "C", "A B C"},
		{system.Delete, "B", "A C"},
		{system.Delete, "B", "A C"},
		{system.Update, "B", "A C"},
		{system.Delete, "A", "C"},
		{system.Delete, "C", ""},
		{system.Create, "B", "B"},
	} {
		if do(tc.op, tc.id); picks() != tc.want {
			t.Errorf("after %v %s: picks %q, want %q", tc.op, tc.id, picks(), tc.want)
		}
	}
}

// TestClosedUsersWait has three users who think for exactly ten seconds and
// whose saves take two: each turn takes twelve. When the system takes twice as
// long, each takes fourteen.
func TestClosedUsersWait(t *testing.T) {
	t.Parallel()
	for _, slow := range []float64{1, 2} {
		g := &Generator{
			Name: "clerks", Until: sim.Time(1000 * time.Second), Closed: &Closed{Users: 3, Think: sim.Constant(10)},
			Steps: []Step{{Map: 0, Op: system.Create, Columns: []Column{{Index: 0}}}},
		}
		w := newTownOf(t, Config{Sources: []Source{g}}, system.Config{Commit: sim.Constant(2), PerRecord: sim.Constant(0)})
		w.systems[0].StartSlow(slow)
		w.k.Run(sim.Time(time.Hour))
		turn := 10 + 2*slow
		want := 3 * (1 + uint64((1000-10)/turn)) // the last turn begins no later than 1,000 s
		if got := w.users.Stats(); got.Committed[0] != want || got.Begun != want || !w.users.Idle() {
			t.Errorf("slow by %v: %d turns, %d committed, want %d; they are done: %v", slow, got.Begun, got.Committed[0], want, w.users.Idle())
		}
		waits, _ := w.users.Waits()
		for _, x := range waits {
			if x.Took != sim.Seconds(2*slow) || x.Live || x.Ended != system.Committed || x.Censored {
				t.Fatalf("a wait of %+v, want %v s", x, 2*slow)
			}
		}
		if !strings.Contains(w.log[0], "CLERKS-U1-1") {
			t.Errorf("the first record is %s", w.log[0])
		}
	}
}

// TestOneKeyOnBothSides draws names from a few, on both sides.
func TestOneKeyOnBothSides(t *testing.T) {
	t.Parallel()
	shared := func(name string, side engine.Side, op system.Op) *Generator {
		return &Generator{
			Name: name, Side: side, Arrivals: every(time.Second), Until: sim.Time(100 * time.Second),
			Steps: []Step{{Map: 0, Op: op, Among: 5, Columns: []Column{{Index: 0}}}},
		}
	}
	w := newTown(t, Config{Sources: []Source{shared("a", engine.FinOps, system.Create), shared("b", engine.Dataverse, system.Upsert)}})
	w.k.Run(sim.Time(time.Hour))
	keys := [2]map[string]int{{}, {}}
	for _, line := range w.log {
		words := strings.Fields(line)
		side := 0
		if words[0] == engine.Dataverse.String() {
			side = 1
		}
		keys[side][words[2]]++
	}
	got := w.users.Stats()
	if len(keys[0]) != 5 || len(keys[1]) != 5 || keys[0]["SHARED-3"] != 1 || keys[1]["SHARED-3"] < 2 {
		t.Errorf("keys %v", keys)
	}
	if got.Committed != [2]uint64{5, 100} || got.Abandoned[0][system.Duplicate] != 95 {
		t.Errorf("%+v", got)
	}
}

// TestTooLargeIsSplit saves seven live records where three may go at once.
func TestTooLargeIsSplit(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		policy Oversize
		want   Stats
	}{
		{GiveUp, Stats{Rejected: [2]uint64{1, 0}}},
		{Split, Stats{Committed: [2]uint64{1, 0}, Edits: 7, Split: 1, Parts: 3}},
	} {
		g := &Generator{
			Name: "batch", Arrivals: every(time.Second), Until: sim.Time(time.Second),
			Steps: []Step{{Map: 0, Op: system.Create, Count: sim.Fixed(7), Columns: []Column{{Index: 0}}}},
		}
		w := newTownOf(t, Config{Sources: []Source{g}, Oversize: tc.policy}, system.Config{Live: system.Live{Records: 3}})
		w.tables[0].Mode = engine.Live
		w.commits = true
		w.k.Run(sim.Time(time.Hour))
		got := w.users.Stats()
		tc.want.Begun = 1
		if tc.policy == GiveUp {
			tc.want.Abandoned[0][system.TooManyRecords] = 1
		}
		if diff := cmp.Diff(tc.want, got); diff != "" {
			t.Errorf("policy %d (-want +got):\n%s", tc.policy, diff)
		}
		if n := uint64(len(w.log)); n != tc.want.Edits {
			t.Errorf("%d records were committed, want %d", n, tc.want.Edits)
		}
		waits, _ := w.users.Waits() // each part is a save
		if uint64(len(waits)) != 1+got.Parts || waits[0].Ended != system.TooManyRecords {
			t.Errorf("waits %+v", waits)
		}
		for _, x := range waits[1:] {
			if x.Ended != system.Committed {
				t.Errorf("the wait for a part: %+v", x)
			}
		}
	}
}

// TestPassingFailuresAreTriedAgain lets the engine be out of reach.
func TestPassingFailuresAreTriedAgain(t *testing.T) {
	t.Parallel()
	g := &Generator{
		Name: "one", Arrivals: every(time.Second), Until: sim.Time(time.Second),
		Steps: []Step{{Map: 0, Op: system.Create, Columns: []Column{{Index: 0}}}},
	}
	w := newTownOf(t, Config{Sources: []Source{g}, Again: sim.Constant(5), Tries: 4}, system.Config{Live: system.Live{TimeLimit: time.Minute}, Commit: sim.Constant(0), PerRecord: sim.Constant(0)})
	w.tables[0].Mode = engine.Live
	w.k.Run(sim.Time(time.Hour))
	got := w.users.Stats()
	if got.Passing != 4 || got.Abandoned[0][system.TooSlow] != 1 || got.Rejected[0] != 1 {
		t.Errorf("%+v", got)
	}
	waits, _ := w.users.Waits()
	if len(waits) != 4 {
		t.Fatalf("waits %+v: want four", waits)
	}
	for i, x := range waits {
		if asked := sim.Time(time.Second + time.Duration(i)*65*time.Second); x.Asked != asked || x.Took != time.Minute || !x.Live || x.Ended != system.TooSlow {
			t.Errorf("wait %d: %+v: want a minute from %v on, without the pauses between", i, x, asked)
		}
	}
}

func TestWaitsAreThinnedBySave(t *testing.T) {
	t.Parallel()
	w := waits{most: 10, stride: 1}
	for i := range uint64(1000) {
		w.add(Wait{serial: i})
	}
	if len(w.kept) < 5 || len(w.kept) > 10 {
		t.Fatalf("%d kept", len(w.kept))
	}
	for i, x := range w.kept {
		if x.serial != uint64(i)*w.stride {
			t.Errorf("kept %d as number %d with stride %d", x.serial, i, w.stride)
		}
	}
}
