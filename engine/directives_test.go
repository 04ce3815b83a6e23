package engine_test

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
)

// more carries out the directives that few scenarios need:
//
//	quiet, loud              nothing is traced; it is again
//	skip SIDE [N]            N outbox positions are taken and stay empty (1)
//	user SIDE at=N           the transaction commits late: its reference has an earlier position
//	twice                    the next request is carried out, and its answer is delivered two times
//	vanish SIDE MAP KEY      a record disappears past everything, and leaves no tombstone
//	leave SIDE               the user of the side's oldest live transaction would not wait: it is undone
//	unique SIDE MAP COLUMN   no two records may hold the same value there, and the map does not know
//	collide N                hashes of unique values are numbers below N
func (e *environment) more(d *datadriven.TestData) {
	switch d.Cmd {
	case "quiet", "loud":
		e.quiet = d.Cmd == "quiet"
	case "skip":
		n := uint64(1)
		if len(d.CmdArgs) > 1 {
			n = number(d, d.CmdArgs[1].Key)
		}
		e.sides[side(d, 0)].place += n
	case "twice":
		eff := e.pending[0]
		e.pending = e.pending[1:]
		e.printf("%s", e.describe(&eff))
		answer := e.sides[eff.Side].serve(&eff)
		answer.Side, answer.Batch = eff.Side, eff.Batch
		e.input(answer)
		e.printf("and once more")
		e.input(answer)
	case "vanish":
		s := e.sides[side(d, 0)]
		k := e.key(d.CmdArgs[1].Key, d.CmdArgs[2].Key)
		delete(s.records, k)
		s.keys = slices.DeleteFunc(s.keys, func(o engine.Key) bool { return o == k })
	case "leave":
		s := e.sides[side(d, 0)]
		tx := slices.Min(slices.Collect(maps.Keys(s.held)))
		e.input(s.endTx(&engine.Effect{Kind: engine.AskTx, Tx: tx}, true))
	case "unique":
		m := e.maps[e.key(d.CmdArgs[1].Key, "").Map]
		e.sides[side(d, 0)].unique[m.ID] = slices.IndexFunc(m.Columns, func(c engine.Column) bool { return c.Name == d.CmdArgs[2].Key })
	case "collide":
		for _, m := range e.maps {
			m.CollideValues(number(d, d.CmdArgs[0].Key))
		}
	default:
		if e.habits(d) {
			return
		}
		d.Fatalf(e.t, "unknown directive %q", d.Cmd)
	}
}

func number(d *datadriven.TestData, word string) uint64 {
	n, err := strconv.ParseUint(word, 10, 64)
	if err != nil {
		d.Fatalf(nil, "%v", err)
	}
	return n
}

var several = regexp.MustCompile(`\{(\d+)\.\.(\d+)\}`)

// spread returns the lines of a directive, of which L{1..9} stands for nine.
func spread(input string) (lines []string) {
	for line := range strings.SplitSeq(input, "\n") {
		between := several.FindStringSubmatch(line)
		if between == nil {
			lines = append(lines, line)
			continue
		}
		last, _ := strconv.Atoi(between[2])
		for i, _ := strconv.Atoi(between[1]); i <= last; i++ {
			lines = append(lines, several.ReplaceAllString(line, strconv.Itoa(i)))
		}
	}
	return lines
}

// takes reports whether a write would give a record a unique value that another
// one holds.
func (s *testSystem) takes(w *engine.Write) bool {
	if w.Kind != engine.CarryWrite {
		return false
	}
	for column, c := range s.env.maps[w.Key.Map].Columns {
		only, unique := s.unique[w.Key.Map]
		if !c.Unique && !(unique && only == column) || w.Source.Values[column].Kind == engine.KindNull {
			continue
		}
		for _, k := range s.keys {
			if k.Map == w.Key.Map && k.Company == w.Key.Company && k != w.Key && s.records[k].Alive && s.records[k].Values[column].Equal(w.Source.Values[column]) {
				return true
			}
		}
	}
	return false
}

// whereabouts tells where the item "SIDE MAP/KEY" is, or what "map MAP" does.
func (e *environment) whereabouts(name string) string {
	if mapName, isMap := strings.CutPrefix(name, "map "); isMap {
		id, state := e.key(mapName, "").Map, "unknown"
		e.core.MapStatuses(func(s engine.MapStatus) {
			if s.Map == id {
				state = s.State.String()
			}
		})
		return state
	}
	at := "done"
	e.core.OpenItems(func(i engine.OpenItem) {
		if fmt.Sprintf("%s %s/%s", i.Side, e.maps[i.Key.Map].Name, keyName(i.Key)) == name {
			at = i.State + e.because(i)
		}
	})
	return at
}

// accounts watch a scenario from outside, whatever it expects: every captured
// change has exactly one outcome or is still open, and no mark goes back within
// an incarnation. Scenarios with a planted bug are left alone.
type accounts struct {
	env      *environment
	captured []string
	settled  map[string]int // outcomes, but for echoes
	faults   []string
}

// entry names a change.
func entry(r *engine.Reference) string {
	return fmt.Sprintf("%v %+v %d.%d", r.Side, r.Key, r.Incarnation, r.Number)
}

func (a *accounts) capture(r *engine.Reference) {
	if name := entry(r); !slices.Contains(a.captured, name) {
		a.captured = append(a.captured, name)
	}
}

func (a *accounts) book(r *engine.Reference, o engine.Outcome) {
	if o.Reason != engine.Echo {
		a.settled[entry(r)]++
	}
}

// marks compares the mark of a record before and after a commit. What a live
// transaction wrote that never committed is undone.
func (a *accounts) marks(before, after *engine.Record) {
	if before == nil || before.Mark.Incarnation != after.Mark.Incarnation || before.Mark.Intent != 0 {
		return
	}
	fault := after.Mark.Number < before.Mark.Number
	gone := !before.Alive && !before.Mark.Dead // users deleted it past the hook: what it comes back with is none of theirs
	for g := range min(len(before.Mark.Groups), len(after.Mark.Groups)) {
		b, n := &before.Mark.Groups[g], &after.Mark.Groups[g]
		fault = fault || n.Own < b.Own && !gone || n.Seen < b.Seen
		if was, is := b.Lost.Numbers(), n.Lost.Numbers(); len(was) > 0 {
			fault = fault || len(is) == 0 || is[len(is)-1] < was[len(was)-1]
		}
	}
	if fault {
		a.faults = append(a.faults, fmt.Sprintf("the mark of %v went back: %+v, %+v", *after.Key, before.Mark, after.Mark))
	}
}

func (a *accounts) close(t *testing.T) {
	t.Helper()
	if len(a.env.planted) == 0 {
		a.check(t)
	}
}

func (a *accounts) check(t testing.TB) {
	t.Helper()
	a.env.flush()
	for _, fault := range a.faults {
		t.Error(fault)
	}
	state, err := a.env.store.Load()
	if err != nil {
		t.Fatal(err)
	}
	open := map[string]bool{}
	for i := range state.Open {
		r := &state.Open[i].Reference
		open[entry(r)] = true
	}
	for _, s := range a.env.sides {
		for i := range s.outbox {
			r := &s.outbox[i]
			open[entry(r)] = true
		}
	}
	for _, name := range a.captured {
		if n := a.settled[name]; n > 1 || n == 0 && !open[name] {
			t.Errorf("%s has %d outcomes, and open is %v", name, n, open[name])
		}
	}
}
