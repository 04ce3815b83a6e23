package engine_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// parkedItems is an environment in which n customers are refused by validation
// and wait on the error desk.
func parkedItems(t *testing.T, n int) *environment {
	t.Helper()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: engine.Async, Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{t: t, planted: plants{}, outcomes: map[string][]string{}, now: 1, maps: []*engine.TableMap{m}}
	e.cfg.Batch = 1000
	e.build()
	s := e.sides[engine.FinOps]
	for i := range n {
		k := engine.Key{Company: fmt.Sprintf("company %d", i), ID: "C"}
		e.sides[engine.Dataverse].refused[k] = true
		c := s.change(k)
		c.After[0] = engine.Text("a")
		if err := s.commit([]engine.Change{c}, false); err != nil {
			t.Fatal(err)
		}
	}
	for len(e.pending) > 0 {
		e.step(carryOut)
	}
	if got := e.core.Stats().Parked; got != n {
		t.Fatalf("%d items are parked, expected %d", got, n)
	}
	return e
}

func (e *environment) ask(kind engine.CommandKind, f engine.DeskFilter) error {
	e.flush()
	out, err := e.core.Command(e.now, &engine.Command{Kind: kind, Job: "all", Filter: f})
	if err == nil {
		e.output(out)
	}
	return err
}

func TestDeskTakesFiveRequestsAtMost(t *testing.T) {
	t.Parallel()
	e := parkedItems(t, 6)
	for i := range 6 { // six requests for one record each
		err := e.ask(engine.RetryParked, engine.DeskFilter{Company: fmt.Sprintf("company %d", i)})
		switch {
		case i < engine.DeskRequestsMax && err != nil:
			t.Fatalf("request %d: %v", i+1, err)
		case i == engine.DeskRequestsMax && !errors.Is(err, engine.ErrTooManyRequests):
			t.Fatalf("request %d: %v", i+1, err)
		}
	}
}

func TestDeskRequestConcernsTenThousandRecordsAtMost(t *testing.T) {
	t.Parallel()
	e := parkedItems(t, engine.DeskRecordsMax+1)
	if err := e.ask(engine.DismissParked, engine.DeskFilter{}); !errors.Is(err, engine.ErrTooManyRecords) {
		t.Fatalf("a request for one record too many: %v", err)
	}
	if got := e.core.Stats().Parked; got != engine.DeskRecordsMax+1 {
		t.Errorf("the refused request left %d items", got)
	}
}
