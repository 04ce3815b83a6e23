package engine_test

import (
	"slices"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
)

// user commits one transaction, in which a record may be named several times.
func (e *environment) user(d *datadriven.TestData) {
	s := e.sides[side(d, 0)]
	var changes []engine.Change
	for _, line := range spread(d.Input) {
		words := strings.Fields(line)
		k := e.key(words[1], words[2])
		m := e.maps[k.Map]
		i := slices.IndexFunc(changes, func(c engine.Change) bool { return c.Key == k })
		first := i < 0
		if first {
			i, changes = len(changes), append(changes, s.change(k))
		}
		after := slices.Grow(changes[i].After, len(m.Columns))[:len(m.Columns)]
		for _, w := range words[3:] {
			name, value, _ := strings.Cut(w, "=")
			col := slices.IndexFunc(m.Columns, func(c engine.Column) bool { return c.Name == name })
			if col < 0 {
				d.Fatalf(e.t, "map %s has no column %s", m.Name, name)
			}
			switch {
			case value == "":
				after[col] = engine.Value{}
			case len(m.Columns[col].Lookups) > 0:
				target := e.lookupKey(&m.Columns[col], value)
				after[col] = engine.Lookup(&target)
			default:
				after[col] = plainValue(value)
			}
		}
		switch op := operation(words[0]); {
		case op == engine.Delete && first:
			changes[i].Op, changes[i].After = op, nil
		case first:
			changes[i].After = after
		case !changes[i].Then(op, after):
			d.Fatalf(e.t, "%s cannot follow in the transaction", line)
		}
	}
	changes = slices.DeleteFunc(changes, func(c engine.Change) bool { return c.Void() })
	bypass := false
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "bypass":
			bypass = true
		case "at":
			s.at = number(d, a.Vals[0])
		default:
			d.Fatalf(e.t, "unknown argument %s", a.Key)
		}
	}
	if err := s.commit(changes, bypass); err != nil {
		e.printf("refused: %v", err)
	}
}

// operation reads what a line of a transaction does.
func operation(word string) engine.Operation {
	switch word {
	case "create":
		return engine.Create
	case "delete":
		return engine.Delete
	default:
		return engine.Update
	}
}

func (e *environment) key(mapName, id string) engine.Key {
	i := slices.IndexFunc(e.maps, func(m *engine.TableMap) bool { return m.Name == mapName })
	if i < 0 {
		e.t.Fatalf("no map %s", mapName)
	}
	spelled := ""
	if folded, spelling, ok := strings.Cut(id, "~"); ok {
		id, spelled = folded, spelling
	}
	id, company, _ := strings.Cut(id, "@")
	return engine.Key{Map: engine.MapID(i), Company: company, ID: e.maps[i].Keys.Canonical(strings.ReplaceAll(id, "_", " ")), Spelling: spelled}
}

// keyName is a key as scenarios write it.
func keyName(k engine.Key) string {
	if k.Company != "" {
		return k.ID + "@" + k.Company
	}
	return k.ID
}

// desk makes an operator's request.
func (e *environment) desk(d *datadriven.TestData) {
	cmd := engine.Command{Job: "all"}
	kinds := []string{"retry", "dismiss", "pause", "resume", "stop", "start", "resync", "compare"}
	cmd.Kind = engine.CommandKind(slices.Index(kinds, d.CmdArgs[0].Key))
	for _, a := range d.CmdArgs[1:] {
		switch a.Key {
		case "map":
			cmd.Filter.Maps = []engine.MapID{e.key(a.Vals[0], "").Map}
		case "side":
			cmd.Filter.Sides = []engine.Side{sideNamed(a.Vals[0])}
		case "since", "before":
			d, _ := time.ParseDuration(a.Vals[0])
			at := engine.Time(d)
			if a.Key == "since" {
				cmd.Filter.Since = at
			} else {
				cmd.Filter.Before = at
			}
		case "class":
			cmd.Filter.Class = map[string]engine.Class{"application": engine.ApplicationFailure, "system": engine.SystemFailure}[a.Vals[0]]
		case "initial", "primary", "from", "company":
			initialArgument(e, &cmd, a.Key, a.Vals)
		case "how":
			cmd.Resume = engine.ResumeHow(slices.Index([]string{"catch-up", "skip-and-keep", "skip-and-forget"}, a.Vals[0]))
		default:
			d.Fatalf(e.t, "unknown argument %s", a.Key)
		}
	}
	e.flush()
	out, err := e.core.Command(e.now, &cmd)
	if err != nil {
		e.printf("refused: %v", err)
		return
	}
	e.output(out)
}
