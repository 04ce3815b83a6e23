package engine_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// initialArgument reads what a start says of its initial sync.
func initialArgument(e *environment, cmd *engine.Command, key string, values []string) {
	if key == "initial" {
		for _, name := range values {
			cmd.Initial = append(cmd.Initial, engine.InitialSync{Map: e.key(name, "").Map})
		}
	}
	for i := range cmd.Initial {
		s := &cmd.Initial[i]
		switch key {
		case "primary":
			s.Interim = sideNamed(values[0])
		case "from":
			s.Only, s.From = true, sideNamed(values[0])
		case "company":
			if e.maps[s.Map].Company {
				s.Companies = values
			}
		}
	}
}

// traceInitial traces how far a leg of initial sync has come.
func (e *environment) traceInitial(r *engine.InitialRecord) {
	name := e.maps[r.Map].Name
	if r.Company != "" {
		name += "@" + r.Company
	}
	e.printf("  initial sync of %s from %s is %s", name, r.Side, progress(r))
}

func progress(r *engine.InitialRecord) string {
	text := r.Stage.String()
	if r.Stage == engine.InitialForgotten || r.Stage == engine.InitialWaiting {
		return text
	}
	text += fmt.Sprintf(": %d rows", r.Rows)
	for _, n := range []struct {
		rows int
		how  string
	}{{r.Written, "written"}, {r.Unchanged, "unchanged"}, {r.Lost, "lost"}, {r.Errors, "errors"}} {
		if n.rows > 0 {
			text += fmt.Sprintf(", %d %s", n.rows, n.how)
		}
	}
	return text
}

// initialOf tells how far the leg of a map, or of a company in it, has come.
func (e *environment) initialOf(name, side string) string {
	name, company, _ := strings.Cut(name, "@")
	text := "not planned"
	e.core.Initials(func(r engine.InitialRecord) {
		if e.maps[r.Map].Name == name && r.Company == company && r.Side == sideNamed(side) {
			text = progress(&r)
		}
	})
	return text
}

// TestInitialSyncIsRefused starts a job with an initial sync that cannot be, and
// expects every fault at once.
func TestInitialSyncIsRefused(t *testing.T) {
	t.Parallel()
	e := &environment{t: t, planted: plants{}, outcomes: map[string][]string{}, now: 1, quiet: true}
	wide := "wide name"
	for i := range 11 {
		wide += fmt.Sprintf(" l%d->customers", i)
	}
	if err := e.declare([]string{"customers name", "striped name company", wide}); err != nil {
		t.Fatal(err)
	}
	e.cfg.Jobs = []engine.Job{{Name: "all", Maps: []engine.MapID{0, 1}}, {Name: "wide", Maps: []engine.MapID{2}}}
	e.build()
	for _, job := range []string{"all", "wide"} {
		e.operator(t, &engine.Command{Kind: engine.StopJob, Job: job})
	}
	many := make([]string, engine.CompaniesMax+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	_, err := e.core.Command(e.now, &engine.Command{Kind: engine.StartJob, Job: "all", Initial: []engine.InitialSync{
		{Map: 0, Companies: []string{"USMF"}}, {Map: 0}, {Map: 1, Companies: many}, {Map: 1, Companies: []string{"A", "A"}}, {Map: 2}, {Map: 9},
	}})
	for _, want := range []error{
		engine.ErrNotStriped, engine.ErrMapTwice, engine.ErrTooManyCompanies, engine.ErrCompanyTwice, engine.ErrNotInJob, engine.ErrTooManyLookups, engine.ErrUnknownMap,
	} {
		if !errors.Is(err, want) {
			t.Errorf("the start is refused with\n%v\nand not with %v", err, want)
		}
	}
	if err == nil || !strings.Contains(err.Error(), "table map wide: initial sync cannot export") {
		t.Errorf("the map with too many lookups is not named: %v", err)
	}
	if s, _ := e.core.JobState("all"); s != engine.Halted {
		t.Errorf("the job is %v", s)
	}
	e.operator(t, &engine.Command{Kind: engine.StartJob, Job: "all"})
	e.operator(t, &engine.Command{Kind: engine.StartJob, Job: "wide", Initial: []engine.InitialSync{{Map: 2, Only: true, From: engine.FinOps}}})
	if s, _ := e.core.JobState("wide"); s != engine.Active {
		t.Errorf("exported from F&O alone, the map may have as many lookups as it likes; its job is %v", s)
	}
}

// operator makes an operator's request and carries out what comes of it.
func (e *environment) operator(t *testing.T, cmd *engine.Command) {
	t.Helper()
	e.flush()
	out, err := e.core.Command(e.now, cmd)
	if err != nil {
		t.Fatal(err)
	}
	e.output(out)
	for len(e.pending) > 0 {
		e.step(carryOut)
	}
}

// TestPrerequisitesComeFirst has maps whose sequence is against their lookups.
func TestPrerequisitesComeFirst(t *testing.T) {
	t.Parallel()
	e := &environment{t: t, planted: plants{}, outcomes: map[string][]string{}, now: 1, quiet: true}
	if err := e.declare([]string{
		"lines order->orders", "orders customer->customers line->lines", "terms name", "customers groups->groups self->customers", "groups terms->terms",
	}); err != nil {
		t.Fatal(err)
	}
	e.build()
	e.operator(t, &engine.Command{Kind: engine.StopJob, Job: "all"})
	e.operator(t, &engine.Command{Kind: engine.StartJob, Job: "all", Initial: []engine.InitialSync{
		{Map: 0, Only: true}, {Map: 1, Only: true}, {Map: 2, Only: true}, {Map: 3, Only: true},
	}})
	var order []string
	e.core.Initials(func(r engine.InitialRecord) { order = append(order, e.maps[r.Map].Name) })
	// orders and lines look each other up, so that sequence decides; customers
	// need terms by way of groups, which are not copied.
	if want := []string{"lines", "terms", "customers", "orders"}; !slices.Equal(order, want) {
		t.Errorf("the maps are copied in the order %v, expected %v", order, want)
	}
	if s, _ := e.core.JobState("all"); s != engine.Active {
		t.Errorf("after an initial sync of nothing the job is %v", s)
	}
}
