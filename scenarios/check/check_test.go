package check

import (
	"context"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/internal/fault"
	"github.com/twinwrite/twinwrite/scenarios/garbage"
)

func campaign(t testing.TB, c Campaign) *Summary {
	t.Helper()
	if c.Subject == nil {
		c.Subject = OwnSubject()
	}
	s, err := c.Run(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNothingFailsWithoutABug(t *testing.T) {
	t.Parallel()
	cases, twins := 3000, 50
	if testing.Short() { // few cases, and each contract over two runs needs some
		cases, twins = 500, 300
	}
	s := campaign(t, Campaign{Seed: 7, Cases: cases, Jobs: 2, Twins: twins})
	if s.Cases != cases || s.Cut != "" {
		t.Errorf("%d cases of %d were run; %s", s.Cases, cases, s.Cut)
	}
	if f := s.Failure; f != nil {
		t.Fatalf("case %d: %v\n%s", f.Number, f.Property, f.Smallest().Encode())
	}
	for _, p := range s.Properties {
		if p.Cases == 0 {
			t.Errorf("%s was tested in no case", p.ID)
		}
	}
	if s.Timelines < s.Cases/2 {
		t.Errorf("%d cases have only %d different timelines", s.Cases, s.Timelines)
	}
}

// TestBugsAreFoundAndShrunk plants bugs that need little: each must be found by
// the property that it breaks, and be shown by cases that fit on a screen.
func TestBugsAreFoundAndShrunk(t *testing.T) {
	t.Parallel()
	for bug, property := range map[string]string{
		"engine/write-without-condition": "no-lost-update",
		"engine/ack-before-save":         "no-skip",
		"engine/no-loopback-control":     "no-echo",
	} {
		t.Run(bug, func(t *testing.T) {
			t.Parallel()
			plan := Plan{Bugs: []fault.Point{{Name: bug, Terms: fault.Always}}}
			var edits, faults []int
			for seed := range uint64(5) {
				f := campaign(t, Campaign{Seed: seed, Cases: 2000, Plan: plan, Pinned: property}).Failure
				if f == nil {
					t.Fatalf("not found with seed %d", seed)
				}
				small := f.Smallest()
				edits, faults = append(edits, small.Edits()), append(faults, len(small.Faults))
				if p := execute(t, small, plan).failed(property); p == nil {
					t.Errorf("seed %d: the shrunk case does not fail when it is run again", seed)
				}
				if p := execute(t, small, Plan{}).failed(""); p != nil {
					t.Errorf("seed %d: the shrunk case fails without the bug, too: %v", seed, p)
				}
			}
			if Median(edits) > editsEnough || Median(faults) > faultsEnough {
				t.Errorf("shrunk to %d edits and %d faults", edits, faults)
			}
		})
	}
}

func execute(t testing.TB, c *Case, p Plan) *Execution {
	t.Helper()
	x, err := Execute(OwnSubject(), c, p)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestCoresMoveNothing(t *testing.T) {
	t.Parallel()
	var sums []*Summary
	for _, jobs := range []int{1, 3} {
		plan := Plan{Bugs: []fault.Point{{Name: "engine/ack-before-save", Terms: fault.Always}}}
		sums = append(sums, campaign(t, Campaign{Seed: 3, Cases: 500, Jobs: jobs, Plan: plan, Pinned: "closed-books"}))
	}
	one, three := sums[0].Failure, sums[1].Failure
	if one == nil || three == nil {
		t.Fatal("nothing failed, so that shrinking was not compared")
	}
	if diff := cmp.Diff(sums[0], sums[1], cmpopts.IgnoreFields(Failure{}, "Execution")); diff != "" {
		t.Errorf("(-one core +three)\n%s", diff)
	}
	if one.Execution.Digest != three.Execution.Digest {
		t.Errorf("the shrunk case ended with digest %v, and with three cores %v", one.Execution.Digest, three.Execution.Digest)
	}
}

// TestCorpusComesFirst keeps what breaks a property, of one run and of two: it breaks that
// again before anything is drawn.
func TestCorpusComesFirst(t *testing.T) {
	t.Parallel()
	for bug, property := range map[string]string{
		"engine/no-loopback-control":   "no-echo",
		"engine/deadline-by-own-clock": clockBlind.ID,
	} {
		plan := Plan{Bugs: []fault.Point{{Name: bug, Terms: fault.Always}}}
		small := campaign(t, Campaign{Seed: 1, Plan: plan, Pinned: property}).Failure.Smallest()
		again := campaign(t, Campaign{Seed: 2, Plan: plan, Corpus: []*Case{small}, Twins: -1})
		if again.Failure == nil || again.Failure.Number != 0 || again.Cases != 1 {
			t.Errorf("%s: the corpus was not what failed first: %+v", bug, again.Failure)
		}
	}
}

func TestCaseFiles(t *testing.T) {
	t.Parallel()
	for n := range uint64(200) {
		c := Generate(OwnSubject(), KeyedDice(5, n))
		text := c.Encode()
		again, err := DecodeCase(text)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(again.Encode(), text) {
			t.Fatalf("case %d is another one after it was written and read", n)
		}
	}
	for text, want := range map[string]string{
		`{"schema":"twinwrite/case/v0"}`:                           `read case: its schema is "twinwrite/case/v0", and this program reads "twinwrite/case/v1": it is a case of another version`,
		`{"schema":"twinwrite/case/v1","edit":1}`:                  `read case: json: unknown field "edit"`,
		`{"schema":"twinwrite/case/v1","seed":"x"}`:                `read case (line 1, column 40): json: cannot unmarshal string`,
		`{"schema":"twinwrite/case/v1","setup":{"primary":"crm"}}`: `read case: "crm" is no side: finops or dataverse`,
		`{"schema":"twinwrite/case/v1"} {}`:                        `no case file (line 1, column 32): invalid character '{' after top-level value`,
		"{\"schema\":\n  \"twinwrite/case/v1\",\n  seed: 1}":       `no case file (line 3, column 3): invalid character 's'`,
		"<html>":        `no case file (line 1, column 1): invalid character '<'`,
		"{\n\"schema\"": `no case file (line 2, column 8): unexpected end of JSON input`,
		"":              `no case file (line 1, column 1): unexpected end of JSON input`,
		"[1, 2]":        `no case file (line 1, column 1): json: cannot unmarshal array`,
		"{}":            `no case file: it names no schema`,
		"null":          `no case file: it names no schema`,
	} {
		if _, err := DecodeCase([]byte(text)); err == nil || len(err.Error()) < len(want) || err.Error()[:len(want)] != want {
			t.Errorf("%s: %v, expected %s", text, err, want)
		}
	}
}

func TestCasesThatDoNotFit(t *testing.T) {
	t.Parallel()
	c := &Case{
		Schema: CaseSchema, Setup: Setup{Maps: []string{"parties"}},
		Transactions: []Transaction{{Edits: []Edit{
			{Op: "drop", Map: "parties", Key: "k"},
			{Op: "upsert", Map: "nobody", Key: "k"},
			{Op: "upsert", Map: "parties", Key: "k", Set: []Value{{Column: "colour", To: "a"}, {Column: "limit", To: "x"}}},
		}}},
		Faults: []Fault{
			{Kind: "flood"},
			{Kind: "mapping-removed", Map: "nobody"},
			{Kind: "mapping-removed", Map: "parties", Column: "name"},
			{Kind: "tombstone-expired", Map: "nobody", For: 60 * second},
			{Kind: "tombstone-expired", Map: "parties", Key: "k", For: second},
		},
	}
	_, err := Execute(OwnSubject(), c, Plan{})
	want := `case of subject own: transaction 1: "drop" is no operation: create, update, upsert or delete
transaction 1: no table map "nobody"
transaction 1: table map parties has no column "colour"
transaction 1: column limit holds whole numbers, not "x"
fault 1: unknown kind "flood"
fault 2: no table map "nobody"
fault 3: table map parties has no codes in column "name"
fault 4: no table map "nobody"
fault 5: tombstone expired at 0s: a tombstone is kept for 1m0s at least, so that nothing is on its way any more, not for 1s`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func BenchmarkCases(b *testing.B) {
	defer garbage.Allow()() // as in a campaign
	s := OwnSubject()
	n, events := uint64(0), uint64(0)
	for b.Loop() {
		n++
		x, err := Execute(s, Generate(s, KeyedDice(1, n)), Plan{})
		if err != nil {
			b.Fatal(err)
		}
		events += x.Events
	}
	b.ReportMetric(float64(events)/float64(n), "events/case")
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "cases/s")
}

// unfound are the planted bugs that the search does not find, each with what it
// lacks.
var unfound = map[string]string{
	"store/keys-fold": "only a SQLite store has it: the command's self-test compares with one",
}

// TestPlantedBugsAreFound plants every bug of the engine but those, and demands
// that the search finds it.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	var names []string
	for _, name := range engine.Plants() {
		if unfound[name] == "" {
			names = append(names, name)
		}
	}
	all, err := SelfTest{Subject: OwnSubject(), Cases: 2000, Jobs: 2}.Run(t.Context(), names...)
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != len(names) || len(names)+len(unfound) != len(engine.Plants()) {
		t.Errorf("%d bugs were looked for, and %d are not, of %d", len(all), len(unfound), len(engine.Plants()))
	}
	for i := range all {
		if !all[i].Found() {
			t.Errorf("%s was not found: %s", all[i].Name, all[i].Bug)
		}
	}
	judged := campaign(t, Campaign{Seed: 2, Cases: 300, Twins: 300})
	for _, id := range Idle(all, judged.Properties) {
		t.Errorf("no planted bug shows that %s notices anything", id)
	}
	if len(judged.Properties) < 26 {
		t.Errorf("%d properties were judged: %v", len(judged.Properties), judged.Properties)
	}
	for _, short := range Unshrunk(all) {
		t.Errorf("in the median %s", short)
	}
}
