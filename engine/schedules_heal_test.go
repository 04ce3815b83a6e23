package engine_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// heal ends all faults and lets the queue run empty. What was parked is
// touched by an edit, which takes it off the error desk.
func (e *environment) heal() error {
	for _, s := range e.sides {
		clear(s.refused)
	}
	var parked []engine.OpenItem
	for round := 0; ; round++ {
		if round > 400 {
			return fmt.Errorf("livelock: after 400 rounds without faults %d references are open", e.core.Stats().Open)
		}
		for steps := 0; len(e.pending) > 0; steps++ {
			if steps > 5000 {
				return fmt.Errorf("livelock: requests never end")
			}
			e.step(carryOut)
			if e.judge.broken != nil {
				return e.judge.broken
			}
			e.crashCopy()
		}
		for _, name := range slices.Sorted(maps.Keys(e.held)) {
			eff := e.held[name]
			delete(e.held, name)
			e.sides[eff.Side].serve(&eff)
		}
		parked = parked[:0]
		e.core.OpenItems(func(i engine.OpenItem) {
			if i.State == "parked" {
				parked = append(parked, i)
			}
		})
		for _, i := range parked {
			if e.sides[i.Side].locked(i.Key) { // a user waits for the transaction that has it
				continue
			}
			c := e.sides[i.Side].change(i.Key)
			c.After[wordColumn] = engine.Text(fmt.Sprint(e.judge.nextWord(-1)))
			if e.judge.schedule.mapping.filters() { // it may be out of scope, and what it looks up as well
				c.After[cityColumn] = engine.Text(fmt.Sprint(e.judge.nextWord(-1)))
				c.After[parentColumn] = engine.Value{}
			}
			if err := e.sides[i.Side].commit([]engine.Change{c}, false); err != nil && !errors.Is(err, engine.ErrBusy) {
				return err
			}
		}
		if e.healJob() {
			continue
		}
		if e.judge.schedule.older && round < 3 { // it is noticed with the next poll of both sides
			e.letTimePass(2 * time.Minute)
			continue
		}
		if e.core.Stats().Live == 0 && e.core.Stats().Open == 0 && e.core.Stats().Resyncs == 0 && len(e.sides[0].outbox)+len(e.sides[1].outbox) == 0 && len(e.pending) == 0 {
			e.flush()
			return e.judge.broken
		}
		e.letTimePass(2 * time.Minute)
	}
}

// compareAll lets the engine compare all pairs of a world at rest: what it lists
// is what went past a hook and nobody has touched since, and nothing else.
func (e *environment) compareAll() error {
	writes := e.writes
	if err := e.ask(engine.CompareMaps, engine.DeskFilter{}); err != nil {
		return err
	}
	for round := 0; e.core.Stats().Resyncs > 0; round++ {
		if round > 50 {
			return errors.New("a comparison never ends")
		}
		for len(e.pending) > 0 {
			e.step(carryOut)
		}
		e.letTimePass(time.Minute)
	}
	var fault error
	e.core.Drift(func(d engine.Drift) {
		a, b := e.sides[engine.FinOps].records[d.Key], e.sides[engine.Dataverse].records[d.Key]
		if !drifting(e.judge, a) && !drifting(e.judge, b) {
			fault = fmt.Errorf("the engine lists %s as drift, %s, and nothing went past a hook:\n%s\n%s", d.Key.ID, driftOf(d), e.record(a), e.record(b))
		}
	})
	if fault == nil && e.writes != writes {
		return fmt.Errorf("a comparison has written %d records", e.writes-writes)
	}
	return fault
}
