package integrator_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

func word(d *datadriven.TestData, i int) string { return d.CmdArgs[i].Key }

func sideNamed(d *datadriven.TestData, name string) engine.Side {
	for _, s := range engine.Sides {
		if s.String() == name {
			return s
		}
	}
	panic(fmt.Sprintf("%s: no side %q", d.Pos, name))
}

func (e *environment) span(d *datadriven.TestData, text string) time.Duration {
	span, err := time.ParseDuration(text)
	if err != nil {
		d.Fatalf(e.t, "%v", err)
	}
	return span
}

func (e *environment) declareMaps(d *datadriven.TestData) {
	lines := strings.Split(d.Input, "\n")
	byName := map[string]engine.MapID{}
	for i, line := range lines {
		byName[strings.Fields(line)[0]] = engine.MapID(i)
	}
	var maps []engine.TableMap
	for _, line := range lines {
		var m engine.TableMap
		for j, w := range strings.Fields(line) {
			name, target, lookup := strings.Cut(w, "->")
			switch {
			case j == 0:
				m.Name = w
			case lookup:
				m.Columns = append(m.Columns, engine.Column{Name: name, Lookups: []engine.MapID{byName[target]}})
			default:
				m.Columns = append(m.Columns, engine.Column{Name: name})
			}
		}
		maps = append(maps, m)
	}
	e.cfg.Maps = declare(maps...)
	for _, s := range engine.Sides {
		e.sides[s] = newTestSystem(s, e.cfg.Maps)
		e.sides[s].wrote = func(row *integrator.Row) {
			r := row.Record
			e.printf("  %s: %s/%s = %s", s, e.cfg.Maps[r.Key.Map].Name, r.Key.ID, e.values(s, *r.Key))
		}
	}
}

func (e *environment) declareProject(d *datadriven.TestData) {
	p := integrator.Project{Name: word(d, 0)}
	for _, a := range d.CmdArgs[1:] {
		value := ""
		if len(a.Vals) > 0 {
			value = a.Vals[0]
		}
		switch a.Key {
		case "from":
			p.From = sideNamed(d, value)
		case "tasks":
			for _, name := range a.Vals {
				p.Tasks = append(p.Tasks, e.key(name, "").Map)
			}
		case "every":
			p.Every = e.span(d, value)
		case "offset":
			p.Offset = e.span(d, value)
		case "by":
			p.Detect.By = integrator.ByToken
		case "watermark":
			p.Detect.Watermark = integrator.NewestRow
		case "inclusive":
			p.Detect.Inclusive = true
		case "overlap":
			p.Detect.Overlap = e.span(d, value)
		case "expired":
			p.Detect.OnExpired = integrator.Refuse
		case "ignore-deletes":
			p.Detect.IgnoreDeletes = true
		default:
			d.Fatalf(e.t, "unknown setting %s", a.Key)
		}
	}
	e.cfg.Projects = append(e.cfg.Projects, p)
}

func (e *environment) configure(d *datadriven.TestData) {
	for _, a := range d.CmdArgs {
		if a.Key == "history" {
			e.cfg.History = e.span(d, a.Vals[0])
			continue
		}
		field, ok := map[string]*int{
			"rows": &e.cfg.RowsMax, "page": &e.cfg.Page, "batch": &e.cfg.Batch, "writers": &e.cfg.Writers,
			"attempts": &e.cfg.Attempts, "failed": &e.cfg.FailedMax, "starts": &e.cfg.StartsMax,
		}[a.Key]
		if !ok {
			d.Fatalf(e.t, "unknown setting %s", a.Key)
		}
		*field, _ = strconv.Atoi(a.Vals[0])
	}
}

func (e *environment) setClock(d *datadriven.TestData) {
	c := &e.clock
	if word(d, 0) != "integrator" {
		c = &e.sides[sideNamed(d, word(d, 0))].clock
	}
	for _, a := range d.CmdArgs[1:] {
		span := e.span(d, a.Vals[0])
		if a.Key == "offset" {
			c.offset = span
		} else {
			c.granularity = span
		}
	}
}

func (e *environment) local() engine.Time { return e.clock.local(e.now) }

func (e *environment) key(mapName, id string) engine.Key {
	i := slices.IndexFunc(e.cfg.Maps, func(m *engine.TableMap) bool { return m.Name == mapName })
	if i < 0 {
		e.t.Fatalf("no map %s", mapName)
	}
	id, spelling, _ := strings.Cut(id, "~")
	return engine.Key{Map: engine.MapID(i), ID: (&engine.KeyForm{}).Canonical(id), Spelling: spelling}
}

func (e *environment) user(d *datadriven.TestData) {
	s := e.sides[sideNamed(d, word(d, 0))]
	for line := range strings.SplitSeq(d.Input, "\n") {
		words := strings.Fields(line)
		k := e.key(words[1], words[2])
		if s.alive(k) == (words[0] == "create") {
			d.Fatalf(e.t, "cannot %s %s", words[0], words[2])
		}
		if words[0] == "delete" {
			s.edit(e.now, k, nil)
			continue
		}
		values := map[int]engine.Value{}
		for _, w := range words[3:] {
			name, value, _ := strings.Cut(w, "=")
			c := columnOf(e.cfg.Maps[k.Map], name)
			if lookups := e.cfg.Maps[k.Map].Columns[c].Lookups; len(lookups) > 0 {
				values[c] = engine.Lookup(&engine.Key{Map: lookups[0], ID: (&engine.KeyForm{}).Canonical(value)})
			} else {
				values[c] = engine.Text(value)
			}
		}
		s.edit(e.now, k, values)
	}
}

// values prints a row's values.
func (e *environment) values(s engine.Side, k engine.Key) string {
	r := e.sides[s].record(k)
	if r == nil || !r.Alive {
		return "absent"
	}
	var words []string
	for i, v := range r.Values {
		switch v.Kind {
		case engine.KindText:
			words = append(words, e.cfg.Maps[k.Map].Columns[i].Name+"="+v.Text)
		case engine.KindLookup:
			words = append(words, e.cfg.Maps[k.Map].Columns[i].Name+"="+v.Target.ID)
		}
	}
	return strings.Join(words, " ")
}

// expect checks lines written by hand, which renewing the golden traces cannot
// touch:
//
//	PROJECT N: ENDING               how the Nth run ended, as the trace prints it
//	SIDE MAP/KEY = col=value ...    the row's values, or "absent"
//	equal MAP/KEY                   both sides hold the same
//	failed PROJECT KEY ...          the rows that wait for the next run, or none
//	writes SIDE N                   rows that the integrator wrote there
//	idle, busy                      whether a run is under way or waits
func (e *environment) expect(d *datadriven.TestData) {
	e.t.Helper()
	e.flush()
	lines := strings.Split(strings.TrimSpace(d.Input), "\n")
	if lines[0] == "" {
		d.Fatalf(e.t, "nothing is expected")
	}
	for _, line := range lines {
		words := strings.Fields(line)
		var got, want string
		switch {
		case line == "idle" || line == "busy":
			got, want = map[bool]string{true: "busy", false: "idle"}[e.core.Busy()], line
		case words[0] == "equal":
			mapName, id, _ := strings.Cut(words[1], "/")
			got, want = e.values(engine.FinOps, e.key(mapName, id)), e.values(engine.Dataverse, e.key(mapName, id))
		case words[0] == "failed":
			var keys []string
			e.core.Failed(func(f *integrator.FailedRow) {
				if f.Project == words[1] {
					keys = append(keys, f.Key.ID)
				}
			})
			got, want = strings.Join(keys, " "), strings.Join(words[2:], " ")
		case words[0] == "writes":
			got, want = strconv.Itoa(e.writes[sideNamed(d, words[1])]), words[2]
		case strings.Contains(line, " = "):
			mapName, id, _ := strings.Cut(words[1], "/")
			_, want, _ = strings.Cut(line, " = ")
			got = e.values(sideNamed(d, words[0]), e.key(mapName, id))
		case len(words) > 2 && strings.HasSuffix(words[1], ":"):
			_, want, _ = strings.Cut(line, ": ")
			got = "never ran"
			e.core.History(func(x *integrator.Execution) {
				if x.Project == words[0] && fmt.Sprintf("%d:", x.Number) == words[1] {
					got = ending(x)
				}
			})
		default:
			d.Fatalf(e.t, "cannot read the expectation %q", line)
		}
		if got != want {
			e.t.Errorf("%s: expected %q, got %q", d.Pos, line, got)
			e.printf("broken: %s\n  got %s", line, got)
		}
	}
}
