package engine_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/twinwrite/twinwrite/engine"
)

// mustTell fails unless an error tells all of this, a line each, in order.
func mustTell(t *testing.T, err error, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, strings.Split(fmt.Sprint(err), "\n")); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

// TestBadConfiguration gives NewCore every number that cannot be, and jobs that cannot
// be told apart.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	_, err := engine.NewCore(engine.Config{
		Maps:    buildMaps(t, engine.TableMap{Name: "customers"}, engine.TableMap{Name: "orders"}, engine.TableMap{Name: "products"}),
		Workers: -1, Batch: -1, PullMax: -1, QueueMax: -1, Attempts: -1, RetryBase: -1, RetryTimes: math.NaN(), RetryCap: -1, Poll: -1, Probe: -1,
		AnswersMax: -1, TripAfter: -1, LockWait: -1, WriteLife: -1, InitialChunk: -1, InitialRows: -1, Lookups: -1, DeskRequests: -1, DeskRecords: -1,
		DeskPart: -1, PauseAge: -1, PauseSize: -1, PurgeAfter: -1,
		Jobs: []engine.Job{
			{Name: "sales", Maps: []engine.MapID{0}}, {Maps: []engine.MapID{1}}, {Name: "sales", Maps: []engine.MapID{2}},
		},
	}, nil)
	mustTell(t, err,
		"engine: workers must be at least 1, not -1",
		"engine: batch must be at least 1, not -1",
		"engine: references per pull must be at least 1, not -1",
		"engine: references held at once must be at least 1, not -1",
		"engine: attempts must be at least 1, not -1",
		"engine: records per chunk of initial sync must be at least 1, not -1",
		"engine: records per leg of initial sync must be at least 1, not -1",
		"engine: lookups of a table map that is exported must be from 1 to 10, not -1",
		"engine: failures that trip the breaker must be at least 1, not -1",
		"engine: requests of operators that wait in a job must be from 1 to 5, not -1",
		"engine: records of an operator's request must be from 1 to 10000, not -1",
		"engine: items of a request in one step must be at least 1, not -1",
		"engine: answers in a row must be at least 1, not -1",
		"engine: bytes that a pause queues up must be at least 1, not -1",
		"engine: the first back-off must be longer than zero, not -1ns",
		"engine: the longest back-off must be longer than zero, not -1ns",
		"engine: the poll interval must be longer than zero, not -1ns",
		"engine: the probe interval must be longer than zero, not -1ns",
		"engine: the wait of a live transaction for a lock must be longer than zero, not -1ns",
		"engine: the life of a write must be longer than zero, not -1ns",
		"engine: the longest pause must be longer than zero, not -1ns",
		"engine: the time that catch-up errors are kept must be longer than zero, not -1ns",
		"engine: the back-off factor must be at least 1, and a number, not NaN",
		"engine: job : the job has no name: number 2",
		"engine: job sales: another job has the same name: number 3",
	)
	for _, want := range []error{engine.ErrNoName, engine.ErrNameTwice} {
		if !errors.Is(err, want) {
			t.Errorf("not among the faults: %v", want)
		}
	}
	if fault, ok := errors.AsType[*engine.SettingError](err); !ok || fault.Setting != "workers" || fault.Has != "-1" {
		t.Errorf("the first fault is %+v", fault)
	}
	if fault, ok := errors.AsType[*engine.JobError](err); !ok || !errors.Is(fault, engine.ErrNoName) {
		t.Errorf("the first fault of a job is %+v", fault)
	}
}

// TestDocumentedLimitsAreTheHighest sets what is documented, and one more.
func TestDocumentedLimitsAreTheHighest(t *testing.T) {
	t.Parallel()
	c := engine.Config{Lookups: engine.LookupsMax, DeskRequests: engine.DeskRequestsMax, DeskRecords: engine.DeskRecordsMax, RetryTimes: 1}.WithDefaults()
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	c.Lookups++
	c.DeskRequests++
	c.DeskRecords++
	c.RetryTimes = math.Inf(1)
	mustTell(t, c.Validate(),
		"engine: lookups of a table map that is exported must be from 1 to 10, not 11",
		"engine: requests of operators that wait in a job must be from 1 to 5, not 6",
		"engine: records of an operator's request must be from 1 to 10000, not 10001",
		"engine: the back-off factor must be at least 1, and a number, not +Inf",
	)
}

// TestNewTableMapRefusesUnknownChoices declares a table map with nothing in it that
// there is.
func TestNewTableMapRefusesUnknownChoices(t *testing.T) {
	t.Parallel()
	_, err := engine.NewTableMap(engine.TableMap{
		Name: "customers", Mode: 9, Primary: 7, Granularity: 2, Unlinked: 2, OnLeave: 2, Scopes: [2]engine.Scope{3, 4},
		Columns: []engine.Column{{Name: "name"}, {Name: "city", Flow: 9}},
	})
	mustTell(t, err,
		"engine: table map customers: the mode must be stopped, async or live, not 9",
		"engine: table map customers: the primary side must be finops or dataverse, not 7",
		"engine: table map customers: the granularity must be record or field, not 2",
		"engine: table map customers: what becomes of unlinked records must be carry or primary, not 2",
		"engine: table map customers: what becomes of records that leave must be leave or delete, not 2",
		"engine: table map customers: the scope on finops must be that of the map, global or company-specific, not 3",
		"engine: table map customers: the scope on dataverse must be that of the map, global or company-specific, not 4",
		"engine: table map customers, column city: the flow must be both, to-dataverse or to-finops, not 9",
	)
	if fault, ok := errors.AsType[*engine.SettingError](err); !ok || fault.Of != "table map customers" || fault.Has != "9" {
		t.Errorf("the first fault is %+v", fault)
	}
}

// TestUnknownRequestsAreRefused asks for what there is not. Nothing may change by that.
func TestUnknownRequestsAreRefused(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		asked engine.Command
		fault error
		told  string
	}{
		{engine.Command{Kind: 99}, engine.ErrUnknownCommand, "job all: engine: no such command: 99"},
		{engine.Command{Kind: engine.ResumeJob, Resume: 77}, engine.ErrUnknownResume, "job all: engine: no such way to resume a job: 77"},
		{engine.Command{Kind: engine.RetryParked, Filter: engine.DeskFilter{Sides: []engine.Side{7}}}, engine.ErrUnknownSide, "job all: engine: no such side: 7"},
		{engine.Command{Kind: engine.StartJob, Initial: []engine.InitialSync{{Interim: 8}}}, engine.ErrUnknownSide, "job all: engine: no such side: 8"},
		{engine.Command{Kind: engine.StartJob, Initial: []engine.InitialSync{{Only: true, From: 9}}}, engine.ErrUnknownSide, "job all: engine: no such side: 9"},
	} {
		e := parkedItems(t, 1)
		switch test.asked.Kind {
		case engine.ResumeJob:
			e.mustAsk(engine.PauseJob)
		case engine.StartJob:
			e.mustAsk(engine.StopJob)
		}
		test.asked.Job = "all"
		out, err := e.core.Command(e.now, &test.asked)
		if !errors.Is(err, test.fault) || len(out.Save)+len(out.Do) > 0 {
			t.Errorf("%v, expected %v, and it asks for %d things", err, test.fault, len(out.Save)+len(out.Do))
		}
		mustTell(t, err, test.told)
	}
}

// mustAsk carries out what a request asks for.
func (e *environment) mustAsk(kind engine.CommandKind) {
	e.t.Helper()
	if err := e.ask(kind, engine.DeskFilter{}); err != nil {
		e.t.Fatal(err)
	}
	for len(e.pending) > 0 {
		e.step(carryOut)
	}
}
