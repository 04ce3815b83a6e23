//go:build nofault

package engine_test

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// everywhere is told of every question whether something is planted.
type everywhere struct{ t *testing.T }

func (e everywhere) Hit(name string) bool {
	e.t.Errorf("the engine asks for %s", name)
	return false
}

// TestNothingIsPlanted carries a change in a program without failpoints: nobody is asked
// for one.
func TestNothingIsPlanted(t *testing.T) {
	t.Parallel()
	m, err := engine.NewTableMap(engine.TableMap{Name: "customers", Mode: engine.Async, Columns: []engine.Column{{Name: "name"}}})
	if err != nil {
		t.Fatal(err)
	}
	e := &environment{t: t, planted: plants{}, outcomes: map[string][]string{}, now: 1, maps: []*engine.TableMap{m}}
	e.build()
	e.cfg.Failpoints = everywhere{t}
	e.restart()
	k := engine.Key{ID: "C"}
	c := e.sides[engine.FinOps].change(k)
	c.After[0] = engine.Text("a")
	if err := e.sides[engine.FinOps].commit([]engine.Change{c}, false); err != nil {
		t.Fatal(err)
	}
	for len(e.pending) > 0 {
		e.step(carryOut)
	}
	if s := e.core.Stats(); s.Settled != 1 || s.Open != 0 {
		t.Errorf("%+v", s)
	}
}
