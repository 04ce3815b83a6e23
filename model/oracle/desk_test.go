package oracle

import (
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestErrorDeskIsBounded plays one short story each, of a desk that takes two requests of
// a job, for two records each.
func TestErrorDeskIsBounded(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		play func(asks func(item string, request uint64))
		want []string
	}{
		"as many as it takes": {func(asks func(string, uint64)) {
			asks("A", 1)
			asks("B", 1)
			asks("C", 2)
			asks("A", 1) // is saved once more
		}, nil},
		"one request is done": {func(asks func(string, uint64)) {
			asks("A", 1)
			asks("B", 2)
			asks("A", 0)
			asks("C", 3)
			asks("D", 3)
		}, nil},
		"an item goes from one to the other": {func(asks func(string, uint64)) {
			asks("A", 1)
			asks("B", 2)
			asks("A", 3)
		}, nil},
		"one request too many": {func(asks func(string, uint64)) {
			asks("A", 1)
			asks("B", 2)
			asks("C", 3)
		}, []string{"limits-kept: headers usmf C: 3 requests of operators wait at the error desk, which takes 2"}},
		"one record too many": {func(asks func(string, uint64)) {
			asks("A", 1)
			asks("B", 1)
			asks("C", 1)
		}, []string{"limits-kept: headers usmf C: an operator's request is for 3 records, and the limit is 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{DeskRequests: 2, DeskRecords: 2}})
			c.play(func(item string, request uint64) {
				h.o.Requested(h.now, &engine.LaneState{Key: headerKey(item), Side: fin, Request: request})
			})
			expect(t, h.judge(), c.want...)
		})
	}
}

// TestJobsHaveErrorDesksOfTheirOwn asks each of two jobs for as much as one takes.
func TestJobsHaveErrorDesksOfTheirOwn(t *testing.T) {
	t.Parallel()
	h := newHand(t, Config{Limits: Limits{DeskRequests: 1}})
	for m := range engine.MapID(2) {
		h.o.Ruled(h.now, &engine.MapRecord{Map: m, Job: fmt.Sprint("job ", m)})
		h.o.Requested(h.now, &engine.LaneState{Key: engine.Key{Map: m, ID: "A"}, Side: fin, Request: uint64(m) + 1})
	}
	expect(t, h.judge())
}

// TestExportedLookupsAreBounded lets an initial sync begin with a map of one lookup, or not.
func TestExportedLookupsAreBounded(t *testing.T) {
	t.Parallel()
	two := func(flow engine.Flow) []*engine.TableMap {
		maps := tables()
		for i := range 2 {
			maps[1].Columns = append(maps[1].Columns, engine.Column{Name: fmt.Sprint("also", i), Flow: flow, Lookups: []engine.MapID{0}})
		}
		return maps
	}
	waits := engine.InitialRecord{Map: 1, Side: dat, Stage: engine.InitialWaiting}
	for name, c := range map[string]struct {
		limit int
		maps  []*engine.TableMap
		leg   engine.InitialRecord
		want  []string
	}{
		"as many as it may":         {3, two(engine.BothWays), waits, nil},
		"nobody has set a limit":    {0, two(engine.BothWays), waits, nil},
		"they do not leave":         {1, two(engine.ToDataverse), waits, nil},
		"the other side's":          {1, two(engine.BothWays), engine.InitialRecord{Map: 1, Side: fin, Stage: engine.InitialWaiting}, nil},
		"too many":                  {2, two(engine.BothWays), waits, []string{"limits-kept: an initial sync exports lines with 3 lookups, and the limit is 2"}},
		"too many that leave alone": {2, two(engine.ToFinOps), waits, []string{"limits-kept: an initial sync exports lines with 3 lookups, and the limit is 2"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHandOf(t, Config{Limits: Limits{Lookups: c.limit}}, c.maps)
			h.o.Copied(h.now, &c.leg)
			expect(t, h.judge(), c.want...)
		})
	}
}
