package check

import (
	"slices"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model/system"
)

// TestCodesGone writes values while their codes are missing: they wait for an operator,
// who finds them in place again. A bug by which they would pass as they are is noticed.
func TestCodesGone(t *testing.T) {
	t.Parallel()
	c := &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"lines"}},
		Transactions: []Transaction{
			{Side: SideName(engine.FinOps), Edits: []Edit{{Op: "upsert", Map: "lines", Company: "usmf", Key: "k0", Set: []Value{{"grade", "a"}}}}},
			{Side: SideName(engine.FinOps), Edits: []Edit{{Op: "upsert", Map: "lines", Company: "usmf", Key: "k1", Set: []Value{{"grade", "b"}}}}},
		},
		Faults:     []Fault{{Kind: "mapping-removed", For: 5 * second, Map: "lines", Column: "grade", Code: "a"}},
		Operations: []Operation{{At: 3 * second, What: "retry"}, {At: 8 * second, What: "retry"}},
	}
	story, err := Tell(OwnSubject(), c, Plan{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(story.Spans) != 1 || story.Spans[0].What != "code a of lines.grade is missing" {
		t.Errorf("the picture shows %+v", story.Spans)
	}
	x := execute(t, c, Plan{})
	if p := x.failed(""); p != nil {
		t.Fatal(p)
	}
	if s := look(c, x); !s.struck["mapping-removed"] || s.Engine.Retries != 0 || x.Result.Report.Maps[0].Parked != 0 {
		t.Errorf("struck: %v, parked at last: %+v", s.struck, x.Result.Report.Maps[0])
	}
	c.Operations = c.Operations[:1]
	if n := execute(t, c, Plan{}).Result.Report.Maps[0].Parked; n != 1 {
		t.Errorf("%d records are parked while one code is missing and nobody asks again", n)
	}
	bug := Plan{Bugs: []fault.Point{{Name: engine.PlantFallThrough, Terms: fault.Always}}}
	if p := execute(t, c, bug).failed("no-phantom"); p == nil {
		t.Error("nobody notices that a value passes without its code")
	}
}

// TestForgottenRecord pauses a job until the tombstone of a record has expired: its last
// change waits for people, who see why. Nothing of that is left where the tombstone is
// looked for too soon, or was never there, or users want the number again.
func TestForgottenRecord(t *testing.T) {
	t.Parallel()
	edit := func(at Span, op string) Transaction {
		return Transaction{At: at, Side: SideName(engine.FinOps), Edits: []Edit{{Op: op, Map: "parties", Key: "t0"}}}
	}
	c := &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{edit(second, "create"), edit(2*second, "delete"), edit(150*second, "upsert")},
		Faults:       []Fault{{Kind: "tombstone-expired", At: 10 * second, For: 60 * second, Map: "parties", Key: "t0"}},
		Operations:   []Operation{{What: "pause"}, {At: 100 * second, What: "resume"}},
	}
	story, err := Tell(OwnSubject(), c, Plan{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(story.Spans) != 1 || story.Spans[0].What != "the tombstone of parties t0 at finops has expired" || story.Spans[0].From != 70*time.Second {
		t.Errorf("the picture shows %+v", story.Spans)
	}
	x := execute(t, c, Plan{})
	if p := x.failed(""); p != nil {
		t.Fatal(p)
	}
	if s := look(c, x); !s.struck["tombstone-expired"] || !s.reasons[engine.Untraced] || x.Result.Report.Maps[0].Parked != 1 || s.endings[system.NotFound] != 1 {
		t.Errorf("struck: %v, reasons: %v, endings: %v, parked at last: %+v", s.struck, s.reasons, s.endings, x.Result.Report.Maps[0])
	}
	bug := Plan{Bugs: []fault.Point{{Name: engine.PlantUntracedIsGone, Terms: fault.Always}}}
	if p := execute(t, c, bug).failed("true-outcome"); p == nil {
		t.Error("nobody notices that a change of a record that nobody knows counts as one of a deleted record")
	}
	for what, change := range map[string]func(*Case){
		"a tombstone that is there later": func(c *Case) { c.Faults[0].At = second },
		"a record that lives":             func(c *Case) { c.Transactions = slices.Delete(c.Transactions, 1, 2) },
		"another side":                    func(c *Case) { c.Faults[0].Side = SideName(engine.Dataverse) },
		"a turn that comes before":        func(c *Case) { c.Operations[1].At = 50 * second },
	} {
		d := c.Clone()
		change(d)
		x := execute(t, d, Plan{})
		if p := x.failed(""); p != nil {
			t.Errorf("%s: %v", what, p)
		}
		if s := look(d, x); s.reasons[engine.Untraced] || s.struck["tombstone-expired"] != (what == "another side" || what == "a turn that comes before") {
			t.Errorf("%s: struck: %v, reasons: %v", what, s.struck, s.reasons)
		}
	}
}

// TestWhatIsDrawnIsJudged plants bugs, and looks for each only in cases that have one
// thing, and nothing else by which it could show.
func TestWhatIsDrawnIsJudged(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("few cases of those that are drawn have the one thing")
	}
	deletes := func(c *Case) bool {
		return slices.ContainsFunc(c.Transactions, func(t Transaction) bool {
			return slices.ContainsFunc(t.Edits, func(e Edit) bool { return e.Op == "delete" })
		})
	}
	for name, is := range map[string]struct {
		drawn         func(*Case) bool
		bug, property string
	}{
		"leaving deletes": {
			func(c *Case) bool { return c.Setup.LeaveDelete && len(c.Setup.Live) == 0 && !deletes(c) },
			engine.PlantIntentUnsaved, "live-atomic",
		},
		"unique values": {
			func(c *Case) bool {
				return len(c.Setup.Unique) > 0 && len(c.Setup.Validations) == 0 && !slices.ContainsFunc(c.Faults, func(f Fault) bool { return f.Kind == "refused-writes" })
			},
			engine.PlantRefusedIsDone, "converged",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bug, drawn := Plan{Bugs: []fault.Point{{Name: is.bug, Terms: fault.Always}}}, 0
			for n := range uint64(20_000) {
				c := Generate(OwnSubject(), KeyedDice(1, n))
				if !is.drawn(c) {
					continue
				}
				drawn++
				if execute(t, c, bug).failed(is.property) != nil {
					if p := execute(t, c, Plan{}).failed(""); p != nil {
						t.Fatal(p)
					}
					return
				}
			}
			t.Errorf("%s is not noticed in %d cases", is.bug, drawn)
		})
	}
}
