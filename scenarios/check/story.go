package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/sim"
)

// Story tells an execution in the order of true time, for people and for the
// picture with one lane for each side and one for the engine.
type Story struct {
	Steps   []Step
	Periods []Period // in which faults were there
	Broken  *oracle.Property
	End     time.Duration
}

// Step is one thing that happened.
type Step struct {
	At    time.Duration    // true time
	Local [2]time.Duration // what the two systems' clocks show, by side
	Lane  Lane
	What  string // one sentence
	Short string // a few words, for a picture
	From  Lane   // of an engine's write: the side that it carries from
}

// Lane is where a step is told.
type Lane uint8

// The lanes, from top to bottom.
const (
	FinOpsLane Lane = iota
	EngineLane
	DataverseLane
)

// laneOf returns a side's lane.
func laneOf(side engine.Side) Lane {
	if side == engine.FinOps {
		return FinOpsLane
	}
	return DataverseLane
}

// String names the lane for people.
func (l Lane) String() string { return [...]string{"finops", "engine", "dataverse"}[l] }

// Period is a stretch of time in which a fault was there.
type Period struct {
	What     string
	From, To time.Duration
}

// Tell executes a case and writes down what happened, with the property that was
// broken: the one of that name, or with no name the first.
func Tell(s *Subject, c *Case, p Plan, property string) (*Story, error) {
	t := teller{subject: s, c: c}
	p.tell = t.hear
	for _, side := range engine.Sides {
		y := c.Setup.System(side)
		t.clocks[side] = sim.NewClock(sim.ClockConfig{Offset: time.Duration(y.Offset), DriftPPB: int64(y.DriftPPM) * 1000})
	}
	var err error
	if t.maps, _, err = s.tables(&c.Setup); err != nil {
		return nil, err
	}
	x, err := Execute(s, c, p)
	if err != nil {
		return nil, err
	}
	t.story.Broken = x.failed(property)
	t.story.End = time.Duration(x.Result.End)
	for _, s := range x.Result.Strikes {
		t.story.Periods = append(t.story.Periods, Period{
			What: c.Faults[s.Fault].describe(), From: time.Duration(s.From), To: time.Duration(s.To),
		})
	}
	slices.SortStableFunc(t.story.Steps, func(a, b Step) int { return cmp.Compare(a.At, b.At) })
	return &t.story, nil
}

// describe says in a few words what a fault is.
func (f *Fault) describe() string {
	switch f.Kind {
	case "engine-crash":
		if f.Point == "" {
			return "the engine is dead"
		}
		return "the engine is dead (it died at " + f.Point + ")"
	case "outage":
		return engine.Side(f.Side).String() + " is down"
	default:
		return strings.ReplaceAll(f.Kind, "-", " ") + " at " + engine.Side(f.Side).String()
	}
}

// teller turns what a world tells into sentences.
type teller struct {
	subject *Subject
	c       *Case
	maps    []*engine.TableMap
	clocks  [2]*sim.Clock
	story   Story
}

func (t *teller) hear(h model.Told) {
	s := Step{At: time.Duration(h.At), Lane: EngineLane}
	for side := range t.clocks {
		s.Local[side] = time.Duration(t.clocks[side].Local(h.At))
	}
	switch h.What {
	case model.UserCommitted:
		s.Lane, s.What, s.Short = laneOf(h.Side), t.userCommit(&h), t.change(h.Before, h.After)
	case model.TransactionRefused:
		s.Lane, s.What, s.Short = laneOf(h.Side), fmt.Sprintf("A transaction on %s is refused: %v.", h.Side, h.Err), "refused"
	case model.TakenIn:
		s.What, s.Short = fmt.Sprintf("The engine takes in change %d of %s from %s.", h.Reference.Number, t.record(h.Key), h.Side), "takes in"
	case model.EngineWrote:
		s.Lane, s.From = laneOf(h.Side), laneOf(h.Side.Other())
		s.What, s.Short = t.engineCommit(&h)
	case model.WriteRefused:
		s.Lane, s.What, s.Short = laneOf(h.Side), fmt.Sprintf("%s refuses the engine's write of %s.", title(h.Side.String()), t.record(h.Key)), "refuses"
	case model.Settled:
		s.What = fmt.Sprintf("Change %d of %s on %s ends: %v (%v).", h.Reference.Number, t.record(h.Key), h.Side, h.Outcome.Class, h.Outcome.Reason)
		s.Short = h.Outcome.Class.String()
	case model.EngineDied:
		s.What, s.Short = "The engine's process dies.", "dies"
	}
	t.story.Steps = append(t.story.Steps, s)
}

func (t *teller) userCommit(h *model.Told) string {
	did := "changes"
	switch {
	case !h.After.Alive:
		return fmt.Sprintf("A user of %s deletes %s.", h.Side, t.record(h.Key))
	case h.Before == nil || !h.Before.Alive:
		did = "creates"
	}
	text := fmt.Sprintf("A user of %s %s %s: %s", h.Side, did, t.record(h.Key), t.change(h.Before, h.After))
	if h.Reference != nil {
		return fmt.Sprintf("%s (change %d).", text, h.Reference.Number)
	}
	return text + "."
}

func (t *teller) engineCommit(h *model.Told) (what, short string) {
	of, onto := t.record(h.Key), h.Side
	switch h.Write.Kind {
	case engine.MarkWrite:
		return fmt.Sprintf("The engine finds %s alike and marks it on %s.", of, onto), "marked alike"
	case engine.LateWrite:
		return fmt.Sprintf("The engine captures on %s a change of %s that had gone past the hook.", onto, of), "captured late"
	case engine.DeleteWrite:
		return fmt.Sprintf("The engine deletes %s on %s.", of, onto), "deleted"
	}
	verb := "writes"
	if h.Write.Override != 0 {
		verb = "overrides"
	}
	changed := t.change(h.Before, h.After)
	return fmt.Sprintf("The engine %s %s on %s: %s.", verb, of, onto, changed), changed
}

// record names a record for people.
func (t *teller) record(k engine.Key) string {
	name := t.maps[k.Map].Name
	if k.Company != "" {
		name += " " + k.Company
	}
	return name + " " + k.ID + k.Spelling
}

// change tells the columns in which two states of a record differ.
func (t *teller) change(before, after *engine.Record) string {
	if !after.Alive {
		return "deleted"
	}
	var parts []string
	for c := range after.Values {
		now := valueText(&after.Values[c])
		name := t.maps[after.Key.Map].Columns[c].Name
		if before == nil || !before.Alive {
			if now != "null" {
				parts = append(parts, name+" "+now)
			}
		} else if was := valueText(&before.Values[c]); was != now {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, was, now))
		}
	}
	if len(parts) == 0 {
		return "nothing in it"
	}
	return strings.Join(parts, ", ")
}

// title begins a sentence with a word.
func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// Text tells the story in sentences, with true time and what the two clocks
// show where they differ from it.
func (s *Story) Text() string {
	var b strings.Builder
	for _, p := range s.Periods {
		fmt.Fprintf(&b, "from %v to %v: %s\n", p.From, p.To, p.What)
	}
	for i := range s.Steps {
		step := &s.Steps[i]
		fmt.Fprintf(&b, "%-14v", step.At)
		if step.Local != [2]time.Duration{step.At, step.At} {
			fmt.Fprintf(&b, "(finops shows %v, dataverse %v) ", step.Local[0], step.Local[1])
		}
		b.WriteString(step.What + "\n")
	}
	if s.Broken != nil {
		fmt.Fprintf(&b, "\nBroken: %s: %s\n", s.Broken.ID, s.Broken.Text)
		for _, v := range s.Broken.Examples {
			fmt.Fprintf(&b, "  at %v, %s: %s\n", v.At, cmp.Or(v.Record, "as a whole"), v.Message)
		}
	}
	return b.String()
}
