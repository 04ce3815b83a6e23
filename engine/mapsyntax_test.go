package engine_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
)

// How the text scenarios write a table map, after its name:
//
//	city                      a column
//	city>  city<              one that flows to Dataverse only, or to F&O only
//	owner->accounts|contacts  a lookup, polymorphic if it names several maps
//	city{fold,trim,empty,step=0.01}
//	                          what does not count: case, trailing blanks, empty beside null, decimals
//	code{unique}              no two records may hold the same value, on the other side neither
//	status{1:active,2:closed} a value map, F&O code first; "*" lets other values pass
//	kind>{=org}  cur{?USD}    a constant; a default, into both sides that the column flows into
//	keys=case,blanks,scale,nfc,refuse
//	                          case and trailing blanks of keys count, zeros of numbers do not; accents are
//	                          composed; Dataverse refuses what it is documented to refuse
//	perfield, company, unlinked=primary, onleave=delete, live, stopped, v2, seq=2
//	where finops:type=1 dataverse:type=org|type=both note!=null
//	                          filters, of both sides unless one is named; all must pass

// declareMap reads one line.
func (e *environment) declareMap(m *engine.TableMap, line string, byName map[string]engine.MapID) error {
	declaration, where, _ := strings.Cut(line, " where ")
	words := strings.Fields(declaration)
	m.Name = words[0]
	for _, word := range words[1:] {
		switch word {
		case "live":
			m.Mode = engine.Live
			continue
		case "stopped":
			m.Mode = engine.Stopped
			continue
		case "unlinked=primary":
			m.Unlinked = engine.UnlinkedPrimary
			continue
		case "onleave=delete":
			m.OnLeave = engine.LeaveDelete
			continue
		case "perfield":
			m.Granularity = engine.PerField
			continue
		case "company":
			m.Company = true
			continue
		case "v2":
			m.Version = 2
			continue
		}
		if n, ok := strings.CutPrefix(word, "seq="); ok {
			m.Sequence, _ = strconv.Atoi(n)
			continue
		}
		if forms, ok := strings.CutPrefix(word, "keys="); ok {
			keyForm(&m.Keys, forms)
			continue
		}
		c, err := declareColumn(word, byName)
		if err != nil {
			return err
		}
		m.Columns = append(m.Columns, c)
	}
	for word := range strings.FieldsSeq(where) {
		sides := engine.Sides[:]
		if name, rest, ok := strings.Cut(word, ":"); ok {
			sides, word = []engine.Side{sideNamed(name)}, rest
		}
		f := engine.Filter{Test: engine.Some}
		for term := range strings.SplitSeq(word, "|") {
			f.Of = append(f.Of, condition(term))
		}
		for _, s := range sides {
			m.Filter[s].Of = append(m.Filter[s].Of, f)
		}
	}
	return nil
}

// keyForm reads what counts in a map's keys. The one accent that it composes stands
// for all of Unicode's, whose tables the engine is handed.
func keyForm(f *engine.KeyForm, words string) {
	for word := range strings.SplitSeq(words, ",") {
		switch word {
		case "case":
			f.CaseCounts = true
		case "blanks":
			f.BlanksCount = true
		case "scale":
			f.ScaleIgnored = true
		case "nfc":
			f.Compose = strings.NewReplacer("e\u0301", "\u00e9", "E\u0301", "\u00c9").Replace
		case "refuse":
			f.Refused[engine.Dataverse] = engine.DataverseRefuses
		}
	}
}

func condition(term string) engine.Filter {
	column, value, _ := strings.Cut(term, "=")
	column, not := strings.CutSuffix(column, "!")
	f := engine.Filter{Test: engine.Equals, Column: column, Value: plainValue(value)}
	switch {
	case value == "null" && not:
		f.Test, f.Value = engine.IsNotNull, engine.Value{}
	case value == "null":
		f.Test, f.Value = engine.IsNull, engine.Value{}
	case not:
		f.Test = engine.Differs
	}
	return f
}

func declareColumn(word string, byName map[string]engine.MapID) (engine.Column, error) {
	word, options, _ := strings.Cut(word, "{")
	var c engine.Column
	if name, targets, ok := strings.Cut(word, "->"); ok {
		for target := range strings.SplitSeq(targets, "|") {
			id, ok := byName[target]
			if !ok {
				return c, fmt.Errorf("no map %s", target)
			}
			c.Lookups = append(c.Lookups, id)
		}
		word = name
	}
	into := engine.Sides[:]
	switch word[len(word)-1] {
	case '>':
		c.Flow, into = engine.ToDataverse, into[engine.Dataverse:]
	case '<':
		c.Flow, into = engine.ToFinOps, into[:engine.Dataverse]
	}
	c.Name = strings.TrimRight(word, "<>")
	for o := range strings.SplitSeq(strings.TrimSuffix(options, "}"), ",") {
		for _, side := range into {
			if err := option(&c, o, &c.Into[side]); err != nil {
				return c, err
			}
		}
	}
	if v := c.Into[into[0]].Values; v != nil { // one table for both ways
		for _, side := range into {
			c.Into[side].Values = v
		}
	}
	return c, nil
}

// option reads what stands in braces.
func option(c *engine.Column, word string, t *engine.Transform) error {
	f := &c.Canonical
	switch {
	case word == "":
	case word == "unique":
		c.Unique = true
	case word == "fold":
		f.FoldCase = true
	case word == "trim":
		f.TrimBlanks = true
	case word == "empty":
		f.EmptyIsNull = true
	case strings.HasPrefix(word, "step="):
		f.Step = plainValue(word[len("step="):]).Number
	case word[0] == '=':
		t.Constant = plainValue(word[1:])
	case word[0] == '?':
		t.Default = plainValue(word[1:])
	default:
		if t.Values == nil {
			t.Values = &engine.ValueMap{Name: c.Name}
		}
		fin, crm, ok := strings.Cut(word, ":")
		switch {
		case word == "*":
			t.Values.FallThrough = true
		case ok:
			t.Values.Pairs = append(t.Values.Pairs, [2]engine.Value{plainValue(fin), plainValue(crm)})
		default:
			return fmt.Errorf("column %s: cannot read {%s}", c.Name, word)
		}
	}
	return nil
}

// plainValue reads a value: a number if it has a decimal point, "" for an empty
// text, underscores for blanks.
func plainValue(word string) engine.Value {
	if f, err := strconv.ParseFloat(word, 64); err == nil && strings.Contains(word, ".") {
		return engine.Number(int64(math.Round(f * 1e6)))
	}
	if word == `""` {
		return engine.Text("")
	}
	return engine.Text(strings.ReplaceAll(word, "_", " "))
}

// remap gives a running world other maps, as a job does that was stopped,
// changed and started again.
func (e *environment) remap(lines []string) error {
	before := e.maps
	if err := e.declare(lines); err != nil {
		return err
	}
	e.flush()
	e.cfg.Maps = e.maps
	state, err := e.store.Load()
	if err != nil {
		return err
	}
	if _, err := engine.NewCore(e.cfg, state); err != nil {
		e.printf("refused: %v", err)
		e.maps, e.cfg.Maps = before, before
		return nil
	}
	for _, s := range e.sides {
		capture := engine.NewCapture(s.side, e.maps, e.planted)
		capture.Inherit(s.capture)
		s.capture = capture
	}
	e.restart()
	return nil
}

// declare makes the table maps of some lines.
func (e *environment) declare(lines []string) error {
	byName := map[string]engine.MapID{}
	for i, line := range lines {
		byName[strings.Fields(line)[0]] = engine.MapID(i)
	}
	declared := make([]engine.TableMap, len(lines))
	for i, line := range lines {
		declared[i] = engine.TableMap{ID: engine.MapID(i), Mode: engine.Async, Sequence: i + 1, Primary: e.primary}
		if err := e.declareMap(&declared[i], line, byName); err != nil {
			return err
		}
	}
	engine.MarkCircular(declared)
	e.maps = nil
	for _, m := range declared {
		tm, err := engine.NewTableMap(m)
		if err != nil {
			return err
		}
		e.maps = append(e.maps, tm)
	}
	return nil
}

// lookupKey reads what a lookup names: KEY in the column's only map, or
// MAP/KEY.
func (e *environment) lookupKey(c *engine.Column, word string) engine.Key {
	if name, id, ok := strings.Cut(word, "/"); ok {
		return e.key(name, id)
	}
	i := slices.IndexFunc(e.maps, func(m *engine.TableMap) bool { return m.ID == c.Lookups[0] })
	return e.key(e.maps[i].Name, word)
}
