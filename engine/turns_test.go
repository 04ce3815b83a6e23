package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// TestUsersTakeTurns lets the users of both sides edit one record alternately, a
// hundred times: each edit answers the other's, some say what was said before, and
// none is business logic, because people pause.
func TestUsersTakeTurns(t *testing.T) {
	t.Parallel()
	e := parkedItems(t, 0)
	k := engine.Key{ID: "C1"}
	for turn := range 100 {
		side := engine.Side(turn % 2)
		c := e.sides[side].change(k)
		c.After[0] = engine.Text([]string{"on hold", "released"}[side])
		if turn%20 < 10 {
			c.After[0] = engine.Text(fmt.Sprint("edit ", turn))
		}
		if err := e.sides[side].commit([]engine.Change{c}, false); err != nil {
			t.Fatal(err)
		}
		e.input(&engine.Input{Kind: engine.Notified, Side: side})
		for range 10 { // minutes in which nothing happens
			for len(e.pending) > 0 {
				e.step(carryOut)
			}
			e.letTimePass(time.Minute)
		}
	}
	if s := e.core.Stats(); s.Open != 0 || s.Parked != 0 || e.carried != 100 {
		t.Errorf("100 edits of people were carried %d times, and the engine counts %+v", e.carried, s)
	}
}

// TestTurnsWithoutPauseAreLogic is the same without the pauses: the pair must be
// quarantined soon, or the test above proves nothing.
func TestTurnsWithoutPauseAreLogic(t *testing.T) {
	t.Parallel()
	e := parkedItems(t, 0)
	k := engine.Key{ID: "C1"}
	for turn := range 100 {
		side := engine.Side(turn % 2)
		c := e.sides[side].change(k)
		c.After[0] = engine.Text(fmt.Sprint("edit ", turn))
		if err := e.sides[side].commit([]engine.Change{c}, false); err != nil {
			t.Fatal(err)
		}
		e.input(&engine.Input{Kind: engine.Notified, Side: side})
		for len(e.pending) > 0 {
			e.step(carryOut)
		}
	}
	if s := e.core.Stats(); s.Parked == 0 || e.carried != 9 {
		t.Errorf("the pair was carried %d times, expected 9, and the engine counts %+v", e.carried, s)
	}
}
