package check

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/model/oracle"
)

// keeping is a case of two edits a minute apart, and of a fault that lasts for ever from
// the half of it on.
func keeping(f Fault) *Case {
	f.ForEver, f.At = true, 30*second
	edit := func(at Span, op string) Transaction {
		return Transaction{At: at, Side: SideName(engine.FinOps), Edits: []Edit{{
			Op: op, Map: "parties", Key: "k0", Set: []Value{{Column: "name", To: string("ab"[at/(60*second)])}},
		}}}
	}
	return &Case{
		Schema: CaseSchema, Subject: "own", Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{edit(0, "create"), edit(60*second, "update")}, Faults: []Fault{f},
	}
}

// TestFaultsThatLast keeps each fault that may last for ever: what it stops is excused by
// its name, and everything else is carried or on the error desk.
func TestFaultsThatLast(t *testing.T) {
	t.Parallel()
	dataverse := SideName(engine.Dataverse)
	for _, c := range []struct {
		fault Fault
		bar   string // names what lets nothing through
		ends  string // the name on the other side
		desk  uint64 // records
	}{
		{Fault{Kind: "outage", Side: dataverse}, "outage at dataverse for ever", "a", 0},
		{Fault{Kind: "cut-link", Side: dataverse}, "cut link at dataverse for ever", "a", 0},
		{Fault{Kind: "cut-requests", Side: dataverse}, "cut requests at dataverse for ever", "a", 0},
		{Fault{Kind: "cut-answers"}, "cut answers at finops for ever", "a", 0},
		{Fault{Kind: "throttling-storm"}, "throttling storm at finops for ever", "a", 0},
		{Fault{Kind: "throttling-storm", Side: dataverse}, "throttling storm at dataverse for ever", "a", 0},
		{Fault{Kind: "store-full"}, "store full for ever", "a", 0},
		{Fault{Kind: "engine-crash"}, "engine crash for ever", "a", 0},
		{Fault{Kind: "engine-crash", Point: "item-taken"}, "engine crash for ever", "a", 0},
		{Fault{Kind: "engine-crash", Point: "page-asked"}, "", "b", 0}, // it never comes
		{Fault{Kind: "lossy-link", Side: dataverse, Percent: 100}, "lossy link at dataverse for ever", "a", 0},
		{Fault{Kind: "lossy-link", Side: dataverse, Percent: 20}, "", "b", 0},
		{Fault{Kind: "lost-notifications", Percent: 100}, "", "b", 0},
		{Fault{Kind: "doubled-notifications", Percent: 100}, "", "b", 0},
		{Fault{Kind: "late-notifications", Factor: 1000}, "", "b", 0},
		{Fault{Kind: "unanswered-writes", Side: dataverse, Percent: 50}, "", "b", 0},
		{Fault{Kind: "partial-batches", Side: dataverse, Percent: 50}, "", "b", 0},
		{Fault{Kind: "locked-records", Side: dataverse, Percent: 100}, "", "a", 1},
		{Fault{Kind: "refused-writes", Side: dataverse, Percent: 100}, "", "a", 1},
	} {
		kept := keeping(c.fault)
		kept.Faults = append(kept.Faults, Fault{Kind: "outage", At: 35 * second, For: second, Side: dataverse})
		x := execute(t, kept, Plan{})
		if p := x.failed(""); p != nil {
			t.Errorf("%+v: %v", c.fault, p)
			continue
		}
		report, rest := &x.Result.Report, property(t, x, "comes-to-rest")
		if x.Result.Bar != c.bar || !strings.Contains(rest.Note, c.bar) {
			t.Errorf("%+v: %q lets nothing through; %v", c.fault, x.Result.Bar, rest)
		}
		if n := len(report.Barred); (n == 1) != (c.bar != "") || n == 1 && report.Barred[0] != (oracle.Barred{Fault: c.bar, Records: 1}) {
			t.Errorf("%+v holds up %+v", c.fault, report.Barred)
		}
		if n := report.Maps[0].Parked; n != c.desk {
			t.Errorf("%+v: %d records are on the desk", c.fault, n)
		}
		if !slices.ContainsFunc(x.Data, func(line string) bool {
			return strings.HasPrefix(line, "dataverse ") && strings.Contains(line, `name="`+c.ends+`"`)
		}) {
			t.Errorf("%+v: the end is %v", c.fault, x.Data)
		}
	}
}

func property(t *testing.T, x *Execution, id string) oracle.Property {
	t.Helper()
	i := slices.IndexFunc(x.Properties, func(p oracle.Property) bool { return p.ID == id })
	if i < 0 {
		t.Fatalf("%s was not judged", id)
	}
	return x.Properties[i]
}

// TestWhatNothingStopsMustEnd plants a bug by which a locked record is tried for ever: that
// it is locked for ever is no excuse, since it has a number, and where the lock ends nobody
// notices.
func TestWhatNothingStopsMustEnd(t *testing.T) {
	t.Parallel()
	bug := Plan{Bugs: []fault.Point{{Name: engine.PlantNeverGivenUp, Terms: fault.Always}}}
	c := keeping(Fault{Kind: "locked-records", Side: SideName(engine.Dataverse), Percent: 100})
	x := execute(t, c, bug)
	for _, id := range []string{"comes-to-rest", "converged"} {
		if p := property(t, x, id); p.Verdict != oracle.Fail || p.Examples[0].Record == "" || !strings.Contains(p.Examples[0].Message, "no fault that lasts for ever lies on its path") {
			t.Errorf("not noticed: %v", p)
		}
	}
	c.Faults[0].ForEver, c.Faults[0].For = false, 200*second
	if p := execute(t, c, bug).failed(""); p != nil {
		t.Errorf("the lock ends, and yet: %v", p)
	}
}

// TestBeforeItLasts: changes that had all the time that they need before the fault began
// have no excuse.
func TestBeforeItLasts(t *testing.T) {
	t.Parallel()
	bug := Plan{Bugs: []fault.Point{{Name: engine.PlantFullForgotten, Terms: fault.Always}}}
	c := keeping(Fault{Kind: "outage", Side: SideName(engine.Dataverse)})
	c.Setup.Queue = 1
	c.Transactions[0].Edits = append(c.Transactions[0].Edits, Edit{Op: "create", Map: "parties", Key: "k1"})
	for at, late := range map[Span]bool{30 * second: false, Span(3 * time.Hour): true} {
		c.Faults[0].At = at
		if p := property(t, execute(t, c, bug), "bounded"); (p.Verdict == oracle.Fail) != late {
			t.Errorf("from %v on: %v", at, p)
		}
	}
}

// TestLongFaultsEnd: how much happens in a fault that lasts long is no breach of a rule.
func TestLongFaultsEnd(t *testing.T) {
	t.Parallel()
	c := keeping(Fault{Kind: "outage", Side: SideName(engine.Dataverse)})
	c.Faults[0].ForEver, c.Faults[0].For = false, Span(300*time.Hour)
	x := execute(t, c, Plan{})
	if p := x.failed(""); p != nil || x.Events < eventsMax {
		t.Errorf("after %d events: %v", x.Events, p)
	}
}

func TestFaultsThatCannotLast(t *testing.T) {
	t.Parallel()
	for want, f := range map[string]Fault{
		"clock step at 30s: it cannot last for ever":          {Kind: "clock-step", ForEver: true, By: second},
		"repeated references at 30s: it cannot last for ever": {Kind: "repeated-references", ForEver: true, Percent: 100},
		"has neither an end nor a restart":                    {Kind: "outage", ForEver: true, For: second},
	} {
		if _, err := Execute(OwnSubject(), keeping(f), Plan{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, wanted %s", err, want)
		}
	}
}

// TestSomeFaultsLast counts what is drawn: in about one case of ten one fault, of each kind
// that may.
func TestSomeFaultsLast(t *testing.T) {
	t.Parallel()
	const drawn = 3000
	cases, kinds := 0, map[string]bool{}
	for n := range uint64(drawn) {
		c, lasting := Generate(OwnSubject(), KeyedDice(1, n)), 0
		for _, f := range c.Faults {
			if f.ForEver {
				lasting++
				kinds[f.Kind] = true
			}
		}
		if lasting > 1 {
			t.Fatalf("case %d has %d faults that last", n, lasting)
		}
		cases += lasting
	}
	if cases < drawn/12 || cases > drawn/8 || len(kinds) != len(lastingFaults) {
		t.Errorf("%d cases of %d have one, of kinds %v", cases, drawn, kinds)
	}
}

// TestLastingFaultIsTold: its stretch ends with the case, and the story says that it does not.
func TestLastingFaultIsTold(t *testing.T) {
	t.Parallel()
	c := &Case{
		Setup:        Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{{At: second, Edits: []Edit{{Op: "upsert", Map: "parties", Key: "k0"}}}},
		Faults:       []Fault{{Kind: "outage", Side: 1, ForEver: true}},
	}
	story, err := Tell(OwnSubject(), c, Plan{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "from 0s to 10m1s: dataverse is down, and stays so"; !strings.Contains(story.Text(), want) {
		t.Errorf("the story does not say %q:\n%s", want, story.Text())
	}
}
