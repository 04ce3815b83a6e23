package comparison

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// turnWithin is how well the value is to be known at which an answer turns, as a
// share of it.
const turnWithin = 0.05

// Way leads from an assumption's own value to another one.
type Way interface {
	// At is the value a share of the way along, from 0 to 1, and how many times
	// the own value it is.
	At(share float64) (name string, times float64)
	// Try makes the settings and variants of a comparison there; nil where that is
	// more than may be spent, or the scenario cannot have the value.
	Try(share float64, like *result.Comparison) (*result.Comparison, error)
}

// Narrow searches where each answer turns that another value of an assumption
// turns, by halving the way to it: the answer as it is holds at one end, and not at
// the other. ways are those of c.Assumed, nil where there is nothing between.
//
// Only what the decision rests on is tried. Differences are corrected for all that is
// tried beside them, and what is not tried on the way counts as it was at an end,
// with which the answers at both ends come out; where with neither they do,
// everything is tried.
func Narrow(c *result.Comparison, ways []Way) error {
	a := newAdviser(c)
	if a == nil || len(c.Assumed) == 0 {
		return nil
	}
	few := fewer(c)
	now, base := a.answers().choices(), newAdviser(few).answers().choices()
	tried, cut := 0, 0
	for k, way := range ways {
		x := &c.Assumed[k]
		if way == nil || !within(*x) {
			continue
		}
		under := newAdviser(x.Under).answers().choices()
		searches := map[string]*turnSearch{} // by what is decided: they share their trials
		for i, choice := range now {
			if choice.Answer == Undecided || i >= len(base) || base[i].Answer != choice.Answer || under[i].Answer == choice.Answer || under[i].Answer == asEngine {
				continue
			}
			key, like, beside := choice.What, part(few, choice.What), besides(few, choice.What)
			if ends := part(x.Under, choice.What); answer(ends, i, beside) != under[i].Answer {
				beside = besides(x.Under, choice.What)
				if answer(like, i, beside) != choice.Answer {
					key, like, beside = "", few, nil
				}
			}
			if searches[key] == nil {
				searches[key] = &turnSearch{way: way, like: like, made: map[float64]*result.Comparison{}}
			}
			s := searches[key]
			before := len(s.made)
			t, err := s.search(func(u *result.Comparison) string { return answer(u, i, beside) }, choice.Answer)
			if err != nil {
				return err
			}
			t.About, t.What, t.Answer = a.aboutOf(i), choice.What, choice.Answer
			if t.Other == "" {
				t.Other = under[i].Answer
			}
			x.Turns = append(x.Turns, t)
			tried += len(s.made) - before
			if t.Cut {
				cut++
			}
		}
	}
	if tried > 0 || cut > 0 {
		c.Untried = append(c.Untried, searched(tried, cut))
	}
	return nil
}

// searched says how turning points were searched.
func searched(tried, cut int) string {
	text := fmt.Sprintf("Where an answer turns between two values was searched by halving the way, to %.0f %% of the value, with %s of %d runs of each setting that the answer rests on; of several places, one is told.",
		100*turnWithin, words.Counted(tried, "comparison", "comparisons"), VariantRuns)
	if cut > 0 {
		text += fmt.Sprintf(" %s ended before, because trials for it may take no more than a quarter of the others.", words.Counted(cut, "search", "searches"))
	}
	return text
}

// turnSearch halves the way on which answers turn.
type turnSearch struct {
	way  Way
	like *result.Comparison             // what is made at each place
	made map[float64]*result.Comparison // already, by the share of the way
}

// search follows one answer, which holds at the beginning of the way.
func (s *turnSearch) search(answer func(*result.Comparison) string, holds string) (t result.Turn, err error) {
	low, high := 0.0, 1.0
	for {
		middle := (low + high) / 2
		name, at := s.way.At(middle)
		from, least := s.way.At(low)
		to, most := s.way.At(high)
		t.From, t.To = from, to
		if name == from || name == to { // there is no value between
			return t, nil
		}
		if math.Abs(most-least) <= turnWithin*math.Abs(at) {
			t.Near = name
			return t, nil
		}
		u, ok := s.made[middle]
		if !ok {
			if u, err = s.way.Try(middle, s.like); err != nil {
				return t, err
			}
			if u == nil {
				t.Cut = true
				return t, nil
			}
			s.made[middle] = u
		}
		if got := answer(u); got == holds {
			low = middle
		} else {
			high, t.Other = middle, got
		}
	}
}

// part is a comparison with what one kind of decision rests on: the modes beside
// each other, or async with what was tried of that kind.
func part(c *result.Comparison, what string) *result.Comparison {
	out := *c
	out.Variants = slices.DeleteFunc(slices.Clone(c.Variants), func(v result.Variant) bool { return v.What != what })
	if what != modeWhat {
		out.Settings = slices.DeleteFunc(slices.Clone(c.Settings), func(s result.Setting) bool { return s.Set.Scenario.Mode != asyncMode })
	}
	return &out
}

// besides are the figures of what was tried for other decisions.
func besides(c *result.Comparison, what string) (list []*Figure) {
	a := adviserOf(c)
	a.try()
	for i := range a.tried {
		t := &a.tried[i]
		for k := range t.figures {
			if f := &t.figures[k]; t.variant.What != what && !strings.HasPrefix(f.ID, loserOfID) {
				list = append(list, f)
			}
		}
	}
	return list
}

// answer makes one decision from a comparison that may be a part.
func answer(c *result.Comparison, choice int, beside []*Figure) string {
	a := adviserOf(c)
	if a == nil {
		return Undecided
	}
	a.beside = beside
	perMap := len((&MapAdvice{}).Choices())
	m := choice / perMap
	if m < len(a.sc.Maps) && choice%perMap == 0 { // modes are weighed together
		return a.answers().choices()[choice].Answer
	}
	a.try()
	a.about = a.aboutOf(choice)
	if m >= len(a.sc.Maps) {
		return []func() Choice{a.workers, a.batch}[choice-perMap*len(a.sc.Maps)]().Answer
	}
	switch choice % perMap {
	case 1:
		return a.primary(m).Answer
	case 2:
		return a.sequence(m).Answer
	case 3:
		return a.mapCapacity(workersDial, m).Answer
	default:
		return a.mapCapacity(batchDial, m).Answer
	}
}

// aboutOf names the table map of a choice, or all maps.
func (a *adviser) aboutOf(choice int) string {
	if m := choice / len((&MapAdvice{}).Choices()); m < len(a.sc.Maps) {
		return a.sc.Maps[m].Name
	}
	return allMaps
}

// where tells at which value between an assumption's own and the other an answer
// turns, and keeps that as evidence.
func (a *Advice) where(x *result.Assumed, about, what string) string {
	for _, t := range x.Turns {
		if t.About != about || t.What != what {
			continue
		}
		a.Evidence = append(a.Evidence, turnEvidence(x.Path, &t))
		if t.Near == "" {
			return fmt.Sprintf(" (it turns between %s and %s)", t.From, t.To)
		}
		return fmt.Sprintf(" (it turns at about %s, between %s and %s)", t.Near, t.From, t.To)
	}
	if within(*x) {
		return " (it turns between the two)"
	}
	return ""
}

// turnEvidence is where an answer turns, as a row of the table of evidence.
func turnEvidence(path string, t *result.Turn) Evidence {
	value := t.Near
	if value == "" {
		value = words.None
	}
	figure := fmt.Sprintf("where the answer for %s turns: %s at %s, %s at %s", t.What, t.Answer, t.From, t.Other, t.To)
	return Evidence{t.About, figure, path, value, words.None, VariantRuns, ""}
}
