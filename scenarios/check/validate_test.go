package check_test

import (
	"errors"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios/check"
)

func contacts() *check.Subject {
	return &check.Subject{Name: "contacts", Maps: []check.Map{
		{Table: engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "name"}, {Name: "phone"}}}},
	}}
}

var errNameless = errors.New("nobody may be called that")

// nameless refuses a contact that is called d.
func nameless(r check.Row) error {
	if r.Text("name") == "d" {
		return errNameless
	}
	return nil
}

// TestOwnValidations refuses a name on one side: it is never held there, by nobody's
// hand, unless undoing a live delete brings it: that is not asked of validations. The engine
// is refused it in some cases, and all contracts hold.
func TestOwnValidations(t *testing.T) {
	t.Parallel()
	refused := 0
	check.Maps(t, contacts(), check.Cases(400), check.Validate("dataverse", "contacts", nameless),
		check.Holds("refused", "dataverse never holds the name", func(x *check.Execution) string {
			for _, o := range x.Result.Report.Outcomes {
				if o.Reason == engine.Refused {
					refused++
				}
			}
			if x.Result.Systems[engine.Dataverse].Writes[engine.RestoreWrite] > 0 {
				return ""
			}
			for _, line := range x.Data {
				if strings.HasPrefix(line, "dataverse") && strings.Contains(line, `name="d"`) {
					return line
				}
			}
			return ""
		}))
	if refused == 0 {
		t.Error("the engine was refused nothing")
	}
}

// TestAValidationThatFlips gives another answer each time that it is asked: the second
// execution of a case goes another way, and the case is made small all the same.
func TestAValidationThatFlips(t *testing.T) {
	t.Parallel()
	var asked atomic.Uint64
	flips := check.Rule{Side: check.SideName(engine.Dataverse), Map: "contacts", Holds: func(check.Row) error {
		if asked.Add(1)%3 == 0 {
			return errors.New("not today")
		}
		return nil
	}}
	sum, err := check.Campaign{Subject: contacts(), Seed: 1, Cases: 300, Twins: 500, Pinned: "deterministic", Plan: check.Plan{Rules: []check.Rule{flips}}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Failure == nil {
		t.Fatal("nothing broke")
	}
	if small := sum.Failure.Smallest(); sum.Failure.Property.ID != "deterministic" || small.Edits() > 5 {
		t.Errorf("%v broke, with %d edits", sum.Failure.Property, small.Edits())
	}
}

// TestAPropertyThatFlips holds where a case is executed first, and not where it is executed
// once more, or the other way round: the run is the same, and its verdict is not.
func TestAPropertyThatFlips(t *testing.T) {
	t.Parallel()
	var asked atomic.Uint64
	flips := check.Own{ID: "flips", Contract: "two of three are right", Broken: func(*check.Execution) string {
		if asked.Add(1)%3 == 0 {
			return "not this one"
		}
		return ""
	}}
	sum, err := check.Campaign{Subject: contacts(), Seed: 1, Cases: 20, Shrink: -1, Pinned: "deterministic", Plan: check.Plan{Own: []check.Own{flips}}}.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if sum.Failure == nil || !strings.Contains(sum.Failure.Property.Examples[0].Message, "flips: two of three are right") {
		t.Errorf("it went unseen: %+v", sum.Failure)
	}
}

// TestRepeatWithAValidation runs a case that fails with a validation once more: it fails
// where the validation is given, and holds where it is not.
func TestRepeatWithAValidation(t *testing.T) {
	t.Parallel()
	plan := check.Plan{Rules: []check.Rule{{Map: "contacts", Holds: nameless}}, Own: []check.Own{{
		ID: "nothing-waits", Contract: "no name is on the error desk", Broken: func(x *check.Execution) string {
			for _, e := range x.Result.Report.Errors {
				if e.Cause == errNameless.Error() {
					return "something is"
				}
			}
			return ""
		},
	}}}
	sum, err := check.Campaign{Subject: contacts(), Seed: 2, Cases: 500, Plan: plan, Pinned: "nothing-waits"}.Run(t.Context())
	if err != nil || sum.Failure == nil {
		t.Fatal("nothing was parked: ", err)
	}
	path := filepath.Join(t.TempDir(), "case.json")
	write(t, path, sum.Failure.Smallest().Encode())
	waits := check.Holds("nothing-waits", "no name is on the error desk", plan.Own[0].Broken)
	for _, with := range [][]check.Option{{waits, check.Validate("finops", "contacts", nameless)}, {waits}} {
		told := &failures{TB: t}
		check.Repeat(told, contacts(), path, with...)
		if fails := len(with) == 2; fails != (len(told.texts) > 0) {
			t.Errorf("with %d options it is told: %q", len(with), told.texts)
		}
	}
}

func TestValidationsThatDoNotFit(t *testing.T) {
	t.Parallel()
	for want, option := range map[string]check.Option{
		`validate contacts: "crm" is no side: finops or dataverse`: check.Validate("crm", "contacts", nameless),
		`validate: subject contacts has no table map "people"`:     check.Validate("finops", "people", nameless),
		`which table map contacts does not have`:                   check.Validate("finops", "contacts", func(r check.Row) error { _ = r.Text("colour"); return nil }),
	} {
		told := &failures{TB: t}
		func() {
			defer func() { _ = recover() }() // what would end a test
			check.Maps(told, contacts(), check.Cases(20), option)
		}()
		if len(told.texts) != 1 || !strings.Contains(told.texts[0], want) {
			t.Errorf("%q, expected %s", told.texts, want)
		}
	}
}

// TestAValidationIsCutShort blames neither the engine nor the simulation for a panic of the
// user's own, nor for the end of a goroutine, and a test of such a case names that.
func TestAValidationIsCutShort(t *testing.T) {
	t.Parallel()
	for how, cut := range map[string]func(){
		"panicked: there is no b, at ":                                       func() { panic("there is no b") },
		"ended its goroutine, as t.Fatal, t.Skip and runtime.Goexit do, at ": runtime.Goexit,
	} {
		told, folder := &failures{TB: t}, t.TempDir()
		odd := check.Validate("finops", "contacts", func(r check.Row) error {
			if r.Text("name") == "b" {
				cut()
			}
			return nil
		})
		check.Maps(told, contacts(), check.Cases(300), odd, check.Corpus(folder))
		if len(told.texts) != 1 {
			t.Fatalf("%d failures, expected one", len(told.texts))
		}
		for _, want := range []string{"breaks sound-validations: no validation of a user's own panics or ends its goroutine", "the validation of contacts at finops " + how} {
			if !strings.Contains(told.texts[0], want) {
				t.Errorf("the failure does not tell of %q:\n%s", want, told.texts[0])
			}
		}
		again := &failures{TB: t}
		check.Repeat(again, contacts(), kept(t, folder)[0], check.Breaks("sound-validations"), odd)
		if len(again.texts) != 1 {
			t.Errorf("run once more it tells: %q", again.texts)
		}
		check.Repeat(t, contacts(), kept(t, folder)[0], check.Breaks("sound-validations")) // without it, it holds
	}
}

// Fatal keeps what would end a test, and ends it.
func (f *failures) Fatal(args ...any) {
	f.Errorf("%v", args...)
	panic("the test has ended")
}

func TestRapidPropertyWithAValidation(t *testing.T) {
	t.Parallel()
	rapid.Check(t, check.Property(contacts(), check.Plan{Rules: []check.Rule{{Map: "contacts", Holds: nameless}}}))
}
