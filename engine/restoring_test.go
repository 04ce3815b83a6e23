package engine_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// habits carries out the directives about what systems do by themselves, and
// about backups:
//
//	logic SIDE MAP COLUMN HOW      after each write of the engine, business logic changes a value in a transaction of its own: see [habit]
//	normalise SIDE MAP COLUMN HOW  the side does so while it commits the write, and no change is captured
//	backup SIDE, restore SIDE      the side as it was, outbox included, comes back
//	backup engine, restore engine  the engine's store as it was comes back, and the engine starts from it
//	listed                         what the last comparison or resync has found
//	alert count=N within=SPAN action=notify|pause|stop [classes=CLASS,...]   of the job, before "maps"
func (e *environment) habits(d *datadriven.TestData) bool {
	switch d.Cmd {
	case "logic", "normalise":
		s := e.sides[side(d, 0)]
		m := e.maps[e.key(d.CmdArgs[1].Key, "").Map]
		h := habit{
			m: m.ID, how: d.CmdArgs[3].Key, within: d.Cmd == "normalise",
			column: slices.IndexFunc(m.Columns, func(c engine.Column) bool { return c.Name == d.CmdArgs[2].Key }),
		}
		s.habits = slices.DeleteFunc(s.habits, func(o habit) bool { return o.m == h.m && o.column == h.column && o.within == h.within })
		if h.how != "none" {
			s.habits = append(s.habits, h)
		}
	case "backup":
		if d.CmdArgs[0].Key == "engine" {
			e.flush()
			e.backedUp = len(e.saved)
			return true
		}
		e.sides[side(d, 0)].backUp()
	case "restore":
		if d.CmdArgs[0].Key == "engine" {
			e.restoreEngine()
			return true
		}
		e.sides[side(d, 0)].restore()
	case "alert":
		e.alerts = append(e.alerts, alertOf(d))
	case "listed":
		e.core.Drift(func(x engine.Drift) { e.printf("%s/%s %s", e.maps[x.Key.Map].Name, keyName(x.Key), driftOf(x)) })
	default:
		return false
	}
	return true
}

func (e *environment) jobState(name string) string {
	state, _ := e.core.JobState(name)
	return state.String()
}

func alertOf(d *datadriven.TestData) (a engine.Alert) {
	for _, arg := range d.CmdArgs {
		switch value := arg.Vals[0]; arg.Key {
		case "count":
			a.Count = int(number(d, value))
		case "within":
			a.Within, _ = time.ParseDuration(value)
		case "action":
			a.Action = engine.AlertAction(slices.Index([]string{"notify", "pause", "stop"}, value))
		case "classes":
			for _, name := range arg.Vals {
				classes, _ := engine.Outcomes()
				at := slices.IndexFunc(classes, func(c engine.Class) bool { return c.String() == name })
				a.Classes = append(a.Classes, classes[at])
			}
		default:
			d.Fatalf(nil, "unknown argument %s", arg.Key)
		}
	}
	return a
}

// habit is what a system does to a column by itself.
type habit struct {
	m      engine.MapID
	column int
	how    string // of texts: upper, lower, dot (a dot is added), trim, cut (after three letters); default ("none" for null); of numbers: round; or none
	within bool   // the transaction of the write
}

// apply returns what a record's values become by the habits of one kind, nil if
// they stay as they are.
func (s *testSystem) apply(k engine.Key, values []engine.Value, within bool) []engine.Value {
	after := slices.Clone(values)
	for _, h := range s.habits {
		if h.m == k.Map && h.within == within {
			after[h.column] = h.of(after[h.column])
		}
	}
	if slices.EqualFunc(values, after, engine.Value.Equal) {
		return nil
	}
	return after
}

// of returns what a value becomes by a habit.
func (h habit) of(v engine.Value) engine.Value {
	switch {
	case v.Kind == engine.KindNull && h.how == "default":
		return engine.Text("none")
	case v.Kind == engine.KindNumber && h.how == "round":
		v.Number -= v.Number % 1e6
	case v.Kind == engine.KindText:
		v.Text = h.ofText(v.Text)
	}
	return v
}

func (h habit) ofText(text string) string {
	switch h.how {
	case "upper":
		return strings.ToUpper(text)
	case "lower":
		return strings.ToLower(text)
	case "dot":
		return text + "."
	case "trim":
		return strings.TrimRight(text, " ")
	case "cut":
		return text[:min(3, len(text))]
	default:
		return text
	}
}

// react lets business logic answer a write of the engine.
func (s *testSystem) react(k engine.Key) {
	c := s.change(k)
	if c.Before == nil || !c.Before.Alive {
		return
	}
	after := s.apply(k, c.After, false)
	if after == nil {
		return
	}
	c.After = after
	if err := s.commit([]engine.Change{c}, false); err != nil {
		s.env.t.Fatal(err)
	}
	s.noisy = true
}

// tell lets sides notify the engine of what their logic has done.
func (e *environment) tell() {
	for _, s := range e.sides {
		if s.noisy {
			s.noisy = false
			e.input(&engine.Input{Kind: engine.Notified, Side: s.side})
		}
	}
}

// backup is what a side held.
type backup struct {
	records map[engine.Key]*engine.Record
	keys    []engine.Key
	version engine.Version
	outbox  []engine.Reference
	place   uint64
	told    uint64
}

func (s *testSystem) backUp() {
	s.backup = backup{maps.Clone(s.records), slices.Clone(s.keys), s.version, slices.Clone(s.outbox), s.place, s.told}
}

func (s *testSystem) restore() {
	b := s.backup
	s.records, s.keys, s.version, s.outbox = maps.Clone(b.records), slices.Clone(b.keys), b.version, slices.Clone(b.outbox)
	s.place, s.told = b.place, b.told
}

// restoreEngine starts the engine from what its store held at the backup. Nobody
// can tell what became of the references since, but for those that come again.
func (e *environment) restoreEngine() {
	e.flush()
	old := e.saved[:e.backedUp]
	e.saved, e.outcomes = nil, map[string][]string{}
	if e.closeStore(); e.file == "" {
		e.store = store.NewMemory()
	} else {
		e.store, e.file = nil, e.file+"-restored"
		e.reopenStore()
	}
	if e.judge != nil {
		e.judge.forgetOutcomes()
	} else {
		clear(e.accounts.settled)
	}
	e.save(slices.Clone(old))
	state, err := e.store.Load()
	if err != nil {
		e.t.Fatal(err)
	}
	known := map[string]bool{}
	for i := range state.Open {
		if r := &state.Open[i].Reference; !r.Origin.Holds() {
			known[entry(r)] = true
		}
	}
	for _, s := range e.sides {
		for i := range s.outbox {
			known[entry(&s.outbox[i])] = true
		}
	}
	if e.judge != nil {
		e.judge.restored(known, len(state.Open))
	} else {
		e.accounts.captured = slices.DeleteFunc(e.accounts.captured, func(name string) bool { return e.accounts.settled[name] == 0 && !known[name] })
	}
	e.breakCalls()
	e.restart()
}

func driftOf(x engine.Drift) string {
	var from []string
	for _, s := range engine.Sides {
		if x.From[s] {
			from = append(from, s.String())
		}
	}
	text := "from " + strings.Join(from, "+")
	if x.Restored {
		text += ", restored"
	}
	return text
}

// drifts tells what is listed of the pair "MAP/KEY".
func (e *environment) drifts(name string) string {
	found := "nowhere"
	e.core.Drift(func(x engine.Drift) {
		if fmt.Sprintf("%s/%s", e.maps[x.Key.Map].Name, keyName(x.Key)) == name {
			found = driftOf(x)
		}
	})
	return found
}
