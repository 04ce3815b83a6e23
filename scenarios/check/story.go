package check

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/history"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Story tells an execution in the order of true time, for people and for the
// picture with one lane for each side and one for the engine.
type Story struct {
	result.History
	Broken *oracle.Property
}

// Tell executes a case and writes down what happened. Its end is the property that was
// broken, as it was judged; nil: none was. Telling alone judges nothing, since a property
// may compare two runs.
func Tell(s *Subject, c *Case, p Plan, broken *oracle.Property) (*Story, error) {
	maps, _, err := s.tables(&c.Setup)
	if err != nil {
		return nil, err
	}
	t := history.Teller{Maps: maps}
	p.tell = t.Hear
	x, err := Execute(s, c, p)
	if err != nil {
		return nil, err
	}
	story := &Story{History: t.Told("case "+c.Hash(), time.Duration(x.Result.End)), Broken: broken}
	if story.Broken != nil {
		story.Title += " breaks " + story.Broken.ID
	}
	for _, f := range x.Result.Strikes {
		story.Spans = append(story.Spans, result.Stretch{What: c.Faults[f.Fault].describe(), Lane: c.Faults[f.Fault].lane(), From: time.Duration(f.From), To: time.Duration(f.To)})
	}
	return story, nil
}

// describe says in a few words what a fault is.
func (f *Fault) describe() string {
	if f.ForEver {
		ends := *f
		ends.ForEver = false
		return ends.describe() + ", and stays so"
	}
	switch f.Kind {
	case "engine-crash":
		if f.Point == "" {
			return "the engine is dead"
		}
		return "the engine is dead (it died at " + f.Point + ")"
	case "mapping-removed":
		if f.Code == "" {
			return "the codes of " + f.Map + "." + f.Column + " are missing"
		}
		return "code " + f.Code + " of " + f.Map + "." + f.Column + " is missing"
	case "tombstone-expired":
		return "the tombstone of " + f.Map + " " + f.Key + " at " + engine.Side(f.Side).String() + " has expired"
	case "outage":
		return engine.Side(f.Side).String() + " is down"
	default:
		kind := strings.ReplaceAll(f.Kind, "-", " ")
		if f.lane() == result.EngineLane {
			return kind
		}
		return kind + " at " + engine.Side(f.Side).String()
	}
}

// lane is where a fault is.
func (f *Fault) lane() result.Lane {
	switch {
	case strings.HasPrefix(f.Kind, "engine"), f.Kind == "store-full", f.Kind == "mapping-removed":
		return result.EngineLane
	case engine.Side(f.Side) == engine.FinOps:
		return result.FinOpsLane
	}
	return result.DataverseLane
}

// Text tells the story in sentences, with true time and what the two clocks
// show where they differ from it.
func (s *Story) Text() string {
	var b strings.Builder
	_ = history.Text(&b, &s.History) // a builder takes everything
	return b.String() + s.Breach()
}

// Breach tells what was broken, where something was.
func (s *Story) Breach() string {
	var b strings.Builder
	if s.Broken != nil {
		fmt.Fprintf(&b, "\nBroken: %s: %s\n", s.Broken.ID, s.Broken.Text)
		for _, v := range s.Broken.Examples {
			fmt.Fprintf(&b, "  at %v, %s: %s\n", v.At, cmp.Or(v.Record, "as a whole"), v.Message)
		}
	}
	return b.String()
}
