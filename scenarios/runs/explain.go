package runs

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/history"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Explained is one run of a scenario, done once more to listen to one record.
type Explained struct {
	Run     *result.Run
	History result.History
}

// UnknownRecordError says that a name is none of a record, or of several.
type UnknownRecordError struct {
	Name    string
	Several bool     // records go by that name
	Near    []string // names of records: those that go by it, or have it in theirs; a few
}

// Error says which name, and of how many.
func (e *UnknownRecordError) Error() string {
	if e.Several {
		return fmt.Sprintf("several records are called %s: %s", e.Name, strings.Join(e.Near, ", "))
	}
	return fmt.Sprintf("no record of the run is called %s", e.Name)
}

// Explain simulates one run of a scenario again and writes down what happens to
// a record. Its name is its key, alone or with the map and the company before
// it, as reports write it; capitals do not count.
func Explain(ctx context.Context, s *scenarios.Scenario, run int, name string, o Options) (*Explained, error) {
	if err := CheckFailpoints(o.Failpoints); err != nil {
		return nil, err
	}
	p, err := newPlan(s)
	if err != nil {
		return nil, err
	}
	find := finder{maps: p.maps, name: strings.TrimSpace(name), called: map[engine.Key]bool{}, near: map[string]bool{}}
	teller := history.Teller{Maps: p.maps, About: find.is}
	o.tell = teller.Hear
	r := p.run(ctx, run, o)
	if err := find.err(); err != nil {
		return nil, err
	}
	x := &Explained{Run: r, History: teller.Told(find.title(), r.End)}
	x.History.Start = s.Time.Start
	x.History.Spans = meanwhile(&x.History, r.Faults)
	return x, nil
}

// meanwhile are the faults that were there in the time of a history.
func meanwhile(h *result.History, faults []result.Period) (list []result.Stretch) {
	if len(h.Steps) == 0 {
		return nil
	}
	first, last := h.Steps[0].At, h.Steps[len(h.Steps)-1].At
	for _, f := range faults {
		if f.To < first || f.From > last {
			continue
		}
		lane := result.EngineLane
		switch {
		case strings.HasSuffix(f.Target, engine.FinOps.String()):
			lane = result.FinOpsLane
		case strings.HasSuffix(f.Target, engine.Dataverse.String()):
			lane = result.DataverseLane
		}
		list = append(list, result.Stretch{What: history.During(f), Lane: lane, From: f.From, To: f.To})
	}
	return list
}

// finder finds the record that somebody means.
type finder struct {
	maps   []*engine.TableMap
	name   string
	called map[engine.Key]bool // whatever their spelling
	near   map[string]bool     // a few
}

// nearMost is how many other names are told to somebody who was mistaken.
const nearMost = 5

// is reports whether a record is meant. Spellings of one key are one record.
func (f *finder) is(k engine.Key) bool {
	if ends(f.name, k.ID) || k.Spelling != "" && ends(f.name, k.Spelling) {
		folded := k.Folded()
		if ends(history.Name(f.maps, folded), f.name) || ends(history.Name(f.maps, k), f.name) {
			f.called[folded] = true
			return true
		}
	}
	if len(f.near) < nearMost && strings.Contains(strings.ToLower(k.ID), strings.ToLower(f.name)) {
		f.near[history.Name(f.maps, k.Folded())] = true
	}
	return false
}

// ends reports whether a name ends with words, capitals aside.
func ends(name, words string) bool {
	at := len(name) - len(words)
	return words != "" && at >= 0 && strings.EqualFold(name[at:], words) && (at == 0 || name[at-1] == ' ')
}

func (f *finder) err() error {
	if len(f.called) == 1 {
		return nil
	}
	e := &UnknownRecordError{Name: f.name, Several: len(f.called) > 1, Near: slices.Sorted(maps.Keys(f.near))}
	if e.Several {
		e.Near = nil
		for k := range f.called {
			e.Near = append(e.Near, history.Name(f.maps, k))
		}
		slices.Sort(e.Near)
		e.Near = e.Near[:min(len(e.Near), nearMost)]
	}
	return e
}

// title is the name of the record that was found.
func (f *finder) title() string {
	for k := range f.called {
		return history.Name(f.maps, k)
	}
	return ""
}
