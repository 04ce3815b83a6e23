package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
)

// build makes table maps that stand at their IDs, with a column each unless
// they have some.
func buildMaps(t *testing.T, declared ...engine.TableMap) []*engine.TableMap {
	t.Helper()
	var maps []*engine.TableMap
	for i, m := range declared {
		m.ID = engine.MapID(i)
		if m.Columns == nil {
			m.Columns = []engine.Column{{Name: "name"}}
		}
		if m.Mode == engine.Stopped && !strings.HasPrefix(m.Name, "stopped") {
			m.Mode = engine.Async
		}
		if m.Sequence == 0 {
			m.Sequence = i + 1
		}
		tm, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		maps = append(maps, tm)
	}
	return maps
}

// TestValidateJobReportsAllFaultsAtOnce starts a job with one fault of each
// kind.
func TestValidateJobReportsAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	lookup := func(name string, to ...engine.MapID) engine.Column {
		return engine.Column{Name: name, Lookups: to}
	}
	maps := buildMaps(t,
		engine.TableMap{Name: "customers", Entity: [2]string{"CustCustomerV3Entity", "accounts"}, Company: true, Key: []string{"accountnumber", "accountnumber"}},
		engine.TableMap{Name: "products", Entity: [2]string{"EcoResProductEntity", "products"}, Scopes: [2]engine.Scope{engine.Global, engine.CompanySpecific}},
		engine.TableMap{Name: "persons", Primary: engine.Dataverse, Columns: []engine.Column{{Name: "name"}, {Name: "name"}}},
		engine.TableMap{Name: "onhand", Sequence: 1, AsyncUnsupported: true},
		engine.TableMap{Name: "orders", Columns: []engine.Column{lookup("customer", 0, 2), lookup("origin", 5), lookup("vendor", 6), lookup("ghost", 99), lookup("currency", 7)}},
		engine.TableMap{Name: "stopped origins"},
		engine.TableMap{Name: "vendors"},
		engine.TableMap{Name: "currencies", External: true},
		engine.TableMap{Name: "customers again", Entity: [2]string{"CustCustomerV3Entity", "accounts"}},
		engine.TableMap{Name: "elsewhere"},
		engine.TableMap{Name: "people", Columns: []engine.Column{lookup("team", 11)}},
		engine.TableMap{Name: "teams", Columns: []engine.Column{{Name: "name"}, lookup("head", 10), {Name: "above", Lookups: []engine.MapID{11}, Circular: true}}},
	)
	job := engine.Job{Name: "sales", Maps: []engine.MapID{0, 1, 2, 3, 4, 5, 0, 42, 9, 10, 11}}
	_, err := engine.ValidateJob(maps, job, engine.Job{Name: "other", Maps: []engine.MapID{8, 9}})
	want := []string{
		"engine: job sales, table map customers: another running table map pairs the same data entity and table: customers again",
		"engine: job sales, table map customers, column accountnumber: the key has the column twice",
		"engine: job sales, table map products: [DIPV1002] one side is a cross-company entity and the other is a company-specific entity: EcoResProductEntity is cross-company and products is company-specific",
		"engine: job sales, table map persons: the table maps of one job must have one primary side: dataverse, and customers has finops",
		"engine: job sales, table map persons, column name: the column is mapped twice",
		"engine: job sales, table map onhand: another table map of the job has the same sequence number: customers has 1 too",
		"engine: job sales, table map onhand: the table map does not support async mode",
		"engine: job sales, table map orders, column origin: looks up a table map that is in no running job and is not declared external: stopped origins",
		"engine: job sales, table map orders, column vendor: looks up a table map that is in no running job and is not declared external: vendors",
		"engine: job sales, table map orders, column ghost: no table map has this number: 99",
		"engine: job sales, table map customers: the table map is in a job already: sales",
		"engine: job sales: no table map has this number: 42",
		"engine: job sales, table map elsewhere: the table map is in a job already: other",
		"engine: job sales, table map people: its lookups lead back to it, and no lookup on the way may follow later: mark what can close a circle with MarkCircular: people.team, teams.head",
		"engine: job sales, table map teams: its lookups lead back to it, and no lookup on the way may follow later: mark what can close a circle with MarkCircular: teams.head, people.team",
	}
	got := strings.Split(fmt.Sprint(err), "\n")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	for _, kind := range []error{
		engine.ErrUnknownMap, engine.ErrMapTwice, engine.ErrEntityTwice, engine.ErrSequenceTwice, engine.ErrTwoPrimaries,
		engine.ErrScopeMismatch, engine.ErrAsyncUnsupported, engine.ErrNotRunning, engine.ErrColumnTwice, engine.ErrKeyTwice, engine.ErrCircle,
	} {
		if !errors.Is(err, kind) {
			t.Errorf("%v is not among the faults", kind)
		}
	}
	var fault *engine.JobError
	if !errors.As(err, &fault) || fault.Job != "sales" || fault.Map != "customers" {
		t.Errorf("the first fault is %+v", fault)
	}
}

// TestValidateJobTakesSoundJobs starts jobs that lean on each other, and reads
// what they are told.
func TestValidateJobTakesSoundJobs(t *testing.T) {
	t.Parallel()
	wide := []engine.Column{{Name: "name"}}
	for i := range engine.LookupsMax + 1 {
		wide = append(wide, engine.Column{Name: fmt.Sprint("to", i), Lookups: []engine.MapID{0}})
	}
	maps := buildMaps(t,
		engine.TableMap{Name: "customers"},
		engine.TableMap{Name: "requests", Columns: []engine.Column{{Name: "name", Flow: engine.ToFinOps}}},
		engine.TableMap{Name: "contacts", Columns: []engine.Column{{Name: "company", Lookups: []engine.MapID{3}}}},
		engine.TableMap{Name: "accounts"},
		engine.TableMap{Name: "wide", Columns: wide, AsyncUnsupported: true, Mode: engine.Live},
	)
	notices, err := engine.ValidateJob(maps, engine.Job{Name: "all", Maps: []engine.MapID{1, 2, 3, 4}}, engine.Job{Name: "roots", Maps: []engine.MapID{0}})
	if err != nil {
		t.Fatal(err)
	}
	want := []engine.JobNotice{
		{Kind: engine.AgainstPrimary, Map: "requests"},
		{Kind: engine.ChildFirst, Map: "contacts", Other: "accounts"},
		{Kind: engine.ManyLookups, Map: "wide"},
	}
	if diff := cmp.Diff(want, notices); diff != "" {
		t.Errorf("notices (-want +got):\n%s", diff)
	}
}

// TestNewTableMapRefusesTransforms gives NewTableMap one fault of each kind.
func TestNewTableMapRefusesTransforms(t *testing.T) {
	t.Parallel()
	status := &engine.ValueMap{Name: "status", Pairs: [][2]engine.Value{
		{engine.Text("1"), engine.Text("active")}, {engine.Text("2"), engine.Text("Active")}, {{}, engine.Text("none")},
	}}
	fixed := engine.Transform{Constant: engine.Text("x")}
	one := engine.Key{ID: "ONE"}
	_, err := engine.NewTableMap(engine.TableMap{
		Name: "m",
		Columns: []engine.Column{
			{Name: "status", Canonical: engine.Form{FoldCase: true}, Into: [2]engine.Transform{{Values: status}, {Values: status}}},
			{Name: "oneSided", Into: [2]engine.Transform{{Values: &engine.ValueMap{}}}},
			{Name: "fixed", Into: [2]engine.Transform{{}, fixed}},
			{Name: "wrongWay", Flow: engine.ToFinOps, Into: [2]engine.Transform{{}, fixed}},
			{Name: "both", Flow: engine.ToFinOps, Into: [2]engine.Transform{{Constant: engine.Text("x"), Default: engine.Text("y")}}},
			{Name: "lookup", Lookups: []engine.MapID{0}, Into: [2]engine.Transform{{Default: engine.Text("x")}}},
			{Name: "fixedLookup", Flow: engine.ToDataverse, Into: [2]engine.Transform{{}, {Constant: engine.Lookup(&one)}}},
			{Name: "step", Canonical: engine.Form{Step: -1}},
		},
		Filter: [2]engine.Filter{
			{Test: engine.Some, Of: []engine.Filter{{Test: engine.IsNull, Column: "ghost"}}},
			{Test: engine.Equals, Column: "status"},
		},
	})
	want := []string{
		"m.status: value map status translates null on line 3; a default does that",
		"m.status: value map status translates a code of dataverse twice, on lines 1 and 2",
		"m.oneSided: it flows both ways, and needs the same value map on both",
		"m.fixed: a constant flows one way only",
		"m.wrongWay: it has a transform into dataverse, where it does not flow",
		"m.both: a constant leaves nothing to translate",
		"m.lookup: a lookup is carried as it is",
		"m.fixedLookup: a constant or default cannot be a lookup",
		"m.step: numbers cannot be rounded to multiples of -1 millionths",
		"the filter of table map m on finops reads column ghost, which is not mapped",
		"the filter of table map m on dataverse compares column status with null, which is never true",
	}
	for _, w := range want {
		if !strings.Contains(fmt.Sprint(err), w) {
			t.Errorf("not reported: %s", w)
		}
	}
	if got := len(strings.Split(fmt.Sprint(err), "\n")); got != len(want) {
		t.Errorf("%d faults, want %d:\n%v", got, len(want), err)
	}
	if !errors.Is(err, engine.ErrTransform) || !errors.Is(err, engine.ErrFilter) {
		t.Errorf("faults of other kinds: %v", err)
	}
}
