package history

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// StepsMax is how many steps a history keeps at most.
const StepsMax = 20_000

// Teller turns what a world tells into sentences. Its Hear serves one world.
type Teller struct {
	Maps  []*engine.TableMap    // of the world
	About func(engine.Key) bool // the records that are told of; nil: all

	From, To time.Duration // only what happens in this window; To 0: to the end
	StepsMax int           // that are kept; 0: [StepsMax]

	heard result.History
	lanes map[lane]*state
	held  map[lane]bool // by a live transaction
	open  int           // changes that have not ended
}

// lane is one direction of a pair.
type lane struct {
	key  engine.Key
	side engine.Side
}

// state is where an item is.
type state struct {
	place    engine.Place
	attempts int
}

// Told returns what was heard, in the order of true time, up to the end.
func (t *Teller) Told(title string, end time.Duration) result.History {
	h := t.heard
	h.Title, h.End = title, end
	slices.SortStableFunc(h.Steps, func(a, b result.Step) int { return cmp.Compare(a.At, b.At) })
	return h
}

// Hear takes in one thing that happened.
func (t *Teller) Hear(h model.Told) {
	if t.About != nil && !t.concerns(&h) {
		return
	}
	s := result.Step{At: time.Duration(h.At), Lane: result.EngineLane, Kind: result.NoteStep}
	for side, local := range h.Local {
		s.Local[side] = time.Duration(local)
	}
	s.From = s.Lane
	t.tell(&s, &h)
	t.keep(s)
}

// keep adds a step to the history.
func (t *Teller) keep(s result.Step) {
	switch {
	case s.What == "" || s.At < t.From || t.To > 0 && s.At > t.To:
	case len(t.heard.Steps) >= cmp.Or(t.StepsMax, StepsMax):
		t.heard.Cut++
	default:
		t.heard.Steps = append(t.heard.Steps, s)
	}
}

// concerns reports whether a happening belongs to the records that are told of.
// What befalls the engine as a whole does while a change of theirs is open.
func (t *Teller) concerns(h *model.Told) bool {
	switch h.What {
	case model.EngineDied, model.EngineBack, model.Dismissed:
		return t.open > 0
	}
	if !t.About(h.Key) {
		return false
	}
	switch {
	case h.What == model.UserCommitted && h.Reference != nil:
		t.open++
	case h.What == model.Settled:
		t.open = max(0, t.open-1)
	}
	return true
}

// tell fills a step in; one without a sentence is left out.
func (t *Teller) tell(s *result.Step, h *model.Told) {
	on := func(side engine.Side) { s.Lane, s.From = laneOf(side), laneOf(side) }
	switch h.What {
	case model.UserCommitted:
		on(h.Side)
		s.Kind, s.What, s.Short = t.userCommit(h)
		if t.held[lane{h.Key, h.Side}] {
			s.What = fmt.Sprintf("The live transaction of %s on %s commits.", t.record(h.Key), h.Side)
			delete(t.held, lane{h.Key, h.Side})
		}
	case model.Held:
		on(h.Side)
		_, s.What, s.Short = t.userCommit(h)
		s.What = strings.TrimSuffix(s.What, ".") + "; live, so that the commit waits for the other side."
		s.Short = "waits"
		t.hold(lane{h.Key, h.Side})
	case model.Undone:
		delete(t.held, lane{h.Key, h.Side})
		on(h.Side)
		s.Kind, s.Short = result.RefusedStep, "fails"
		s.What = fmt.Sprintf("The live transaction of %s on %s fails, and leaves nothing there.", t.record(h.Key), h.Side)
	case model.TransactionRefused:
		on(h.Side)
		s.Kind, s.What, s.Short = result.RefusedStep, fmt.Sprintf("A transaction on %s is refused: %v.", h.Side, h.Err), "refused"
	case model.TakenIn:
		s.Kind, s.Short = result.QueueStep, "takes in"
		s.What = fmt.Sprintf("The engine has saved change %d of %s from %s in its queue.", h.Reference.Number, t.record(h.Key), h.Side)
	case model.Moved:
		t.moved(s, h)
	case model.EngineWrote:
		on(h.Side)
		s.From = laneOf(h.Side.Other())
		s.Kind, s.What, s.Short = t.engineCommit(h)
	case model.Copied:
		on(h.Side)
		s.From = laneOf(h.Side.Other())
		s.Kind, s.Short = result.WriteStep, t.change(h.Before, h.After)
		s.What = fmt.Sprintf("The data integrator copies %s to %s: %s.", t.record(h.Key), h.Side, s.Short)
	case model.WriteRefused:
		on(h.Side)
		s.Kind, s.Short = result.RefusedStep, "refuses"
		s.What = fmt.Sprintf("%s refuses the engine's write of %s.", title(h.Side.String()), t.record(h.Key))
	case model.Settled:
		t.settled(s, h)
	case model.Dismissed:
		s.What, s.Short = "An operator dismisses what is on the error desk.", "dismissed"
	case model.EngineDied:
		for _, was := range t.lanes {
			if was.place == engine.InFlight { // what was under way is put in turn again
				was.place = engine.InTurn
			}
		}
		s.Kind, s.What, s.Short = result.CrashStep, "The engine's process dies.", "dies"
	case model.EngineBack:
		s.Kind = result.BackStep
		s.What, s.Short = "The engine's process is back, and goes on from what it had saved.", "is back"
	}
}

// hold notes that a live transaction of a side waits with a record.
func (t *Teller) hold(l lane) {
	if t.held == nil {
		t.held = map[lane]bool{}
	}
	t.held[l] = true
}

func (t *Teller) userCommit(h *model.Told) (kind result.StepKind, what, short string) {
	did := "changes"
	switch {
	case !h.After.Alive:
		return result.DeleteStep, fmt.Sprintf("A user of %s deletes %s.", h.Side, t.record(h.Key)), "deleted"
	case h.Before == nil || !h.Before.Alive:
		did = "creates"
	}
	short = t.change(h.Before, h.After)
	what = fmt.Sprintf("A user of %s %s %s: %s", h.Side, did, t.record(h.Key), short)
	if short == unchanged && did == "changes" {
		what = fmt.Sprintf("A user of %s saves %s without a change", h.Side, t.record(h.Key))
	}
	if h.Reference != nil {
		what += fmt.Sprintf(" (change %d)", h.Reference.Number)
	}
	return result.EditStep, what + ".", short
}

func (t *Teller) engineCommit(h *model.Told) (kind result.StepKind, what, short string) {
	of, onto := t.record(h.Key), h.Side
	switch h.Write.Kind {
	case engine.MarkWrite:
		return result.WriteStep, fmt.Sprintf("The engine finds %s alike and marks it on %s.", of, onto), "marked alike"
	case engine.LateWrite:
		return result.WriteStep, fmt.Sprintf("The engine captures on %s a change of %s that had gone past the hook.", onto, of), "captured late"
	case engine.DeleteWrite:
		return result.RemoveStep, fmt.Sprintf("The engine deletes %s on %s.", of, onto), "deleted"
	case engine.SealWrite:
		return result.WriteStep, fmt.Sprintf("The engine seals what is deleted of %s on %s: the transaction that deleted it has committed.", of, onto), "sealed"
	case engine.RestoreWrite:
		short = t.change(h.Before, h.After)
		return result.WriteStep, fmt.Sprintf("The engine undoes on %s what a live transaction had done to %s: %s.", onto, of, short), "undone"
	}
	short = t.change(h.Before, h.After)
	if h.Write.Override != 0 {
		return result.OverrideStep, fmt.Sprintf("The engine overrides %s on %s: %s.", of, onto, short), short
	}
	return result.WriteStep, fmt.Sprintf("The engine writes %s on %s: %s.", of, onto, short), short
}

// moved tells of an item that is at another place of the queue.
func (t *Teller) moved(s *result.Step, h *model.Told) {
	if t.lanes == nil {
		t.lanes = map[lane]*state{}
	}
	at := lane{h.Key, h.Side}
	if h.Place == engine.NotQueued {
		delete(t.lanes, at)
		return
	}
	was := t.lanes[at]
	if was == nil {
		was = &state{}
		t.lanes[at] = was
	}
	if was.place == h.Place { // a new life of the process puts its items in place again
		return
	}
	s.Kind = result.QueueStep
	of := t.record(h.Key)
	switch h.Place {
	case engine.InTurn:
		switch was.place {
		case engine.WaitsFor:
			s.What, s.Short = fmt.Sprintf("%s from %s waits no longer.", title(of), h.Side), "waits no longer"
		case engine.InFlight: // not by a failure of its own
			was.attempts--
			s.Short = "does not count"
			s.What = fmt.Sprintf("The attempt comes to nothing and does not count: it was a probe of a side that was still down, or a side asked to wait, or %s had changed meanwhile.", of)
		case engine.OnTheDesk:
			s.What, s.Short = fmt.Sprintf("%s from %s leaves the error desk and is queued again.", title(of), h.Side), "queued again"
		}
	case engine.InFlight:
		was.attempts++
		s.What, s.Short = fmt.Sprintf("The engine begins attempt %d to carry %s from %s.", was.attempts, of, h.Side), fmt.Sprintf("attempt %d", was.attempts)
	case engine.WaitsFor:
		s.What, s.Short = fmt.Sprintf("%s from %s waits for %s, which has to be carried first.", title(of), h.Side, t.record(h.On)), "waits"
	case engine.BacksOff:
		s.What, s.Short = fmt.Sprintf("The attempt fails (%s); %s is tried again later.", because(h.Outcome.Reason), of), "tried again"
	case engine.OnTheDesk:
		s.Kind, s.Short = result.DeskStep, "error desk"
		s.What = fmt.Sprintf("%s from %s is put on the error desk (%s): an operator has to retry or dismiss it.", title(of), h.Side, because(h.Outcome.Reason))
	}
	was.place = h.Place
}

// settled tells how a change ended.
func (t *Teller) settled(s *result.Step, h *model.Told) {
	s.Kind, s.Short = result.SettledStep, h.Outcome.Class.String()
	if h.Outcome.Class == engine.ConflictFailure {
		s.Kind = result.LostStep
	}
	s.What = fmt.Sprintf("Change %d of %s on %s ends: %v (%s).", h.Reference.Number, t.record(h.Key), h.Side, h.Outcome.Class, because(h.Outcome.Reason))
}

// record names a record for people.
func (t *Teller) record(k engine.Key) string { return Name(t.Maps, k) }

// Name names a record for people, as reports do.
func Name(maps []*engine.TableMap, k engine.Key) string {
	name := maps[k.Map].Name
	if k.Company != "" {
		name += " " + k.Company
	}
	if k.Spelling != "" {
		return name + " " + k.Spelling
	}
	return name + " " + k.ID
}

// unchanged is what is told of a record that was written as it was.
const unchanged = "nothing in it"

// change tells the columns in which two states of a record differ.
func (t *Teller) change(before, after *engine.Record) string {
	if !after.Alive {
		return "deleted"
	}
	var parts []string
	for c := range after.Values {
		now := Value(&after.Values[c])
		name := t.Maps[after.Key.Map].Columns[c].Name
		if before == nil || !before.Alive {
			if now != "null" {
				parts = append(parts, name+" "+now)
			}
		} else if was := Value(&before.Values[c]); was != now {
			parts = append(parts, fmt.Sprintf("%s %s → %s", name, was, now))
		}
	}
	if len(parts) == 0 {
		return unchanged
	}
	return strings.Join(parts, ", ")
}

// During names a fault, or what an operator did, in a few words.
func During(p result.Period) string {
	what := strings.ReplaceAll(p.Kind, "-", " ")
	if p.Target != "" {
		what += " of " + p.Target
	}
	if p.Note != "" {
		what += ", " + p.Note
	}
	return what
}

// laneOf returns a side's lane.
func laneOf(side engine.Side) result.Lane {
	if side == engine.FinOps {
		return result.FinOpsLane
	}
	return result.DataverseLane
}

// title begins a sentence with a word.
func title(word string) string { return strings.ToUpper(word[:1]) + word[1:] }
