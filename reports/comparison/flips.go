package comparison

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Probe is one run of a setting under another value of an assumption. It decides
// nothing but whether the value is looked at with enough runs to tell.
type Probe struct {
	Path, Other string
	Set         *result.Set
}

const (
	// ExaminedMost is how many assumptions are examined for advice: those whose
	// probes moved a figure most.
	ExaminedMost = 3

	// movedLeast is by how much of itself a figure moves in a probe that counts:
	// what advice rests on does not turn by less.
	movedLeast = 0.1
)

// Moving picks the probes of which the comparison is to be made again: one for
// each assumption, the values that moved a figure most first.
func Moving(c *result.Comparison, probes []Probe) []int {
	a := newAdviser(c)
	if a == nil {
		return nil
	}
	type moved struct {
		probe int
		by    float64
	}
	var list []moved
	for i, p := range probes {
		if by := a.moves(p.Set); by >= movedLeast {
			list = append(list, moved{i, by})
		}
	}
	slices.SortStableFunc(list, func(x, y moved) int { return cmp.Compare(y.by, x.by) })
	var picked []int
	for _, m := range list {
		again := slices.ContainsFunc(picked, func(i int) bool { return probes[i].Path == probes[m.probe].Path })
		if !again && len(picked) < ExaminedMost {
			picked = append(picked, m.probe)
		}
	}
	return picked
}

// moves is how far a probe's run is from the same run of its mode, in the figure
// that moved most, as a share of the greater of the two.
func (a *adviser) moves(set *result.Set) (most float64) {
	base := a.sets[set.Scenario.Mode]
	set = whole(set)
	if base == nil {
		return 0
	}
	base = sameRuns(base, set)
	if len(base.Runs) == 0 || len(set.Runs) == 0 {
		return 0
	}
	for _, m := range a.deciding() {
		x, y := m.of(base, &base.Runs[0]), m.of(set, &set.Runs[0])
		if !x.known || !y.known {
			continue
		}
		greater := max(math.Abs(x.value), math.Abs(y.value), m.least)
		most = max(most, math.Abs(x.value-y.value)/greater)
	}
	return most
}

// decider is a figure that advice rests on, with a value below which it counts
// as nothing.
type decider struct {
	of    func(*result.Set, *result.Run) reading
	least float64
}

// deciding lists what advice rests on: of each map the slowest changes, those
// that are lost and those that lose; of all maps the users' wait, the items that
// wait, and the share of time in which no worker is free.
func (a *adviser) deciding() []decider {
	const second, one, share = 1, 1, 10 // a second, an item, 10 per 10,000
	list := []decider{{saveWait([]int{summary.AnyWorkload}, .95), second}, {meanBlocked, one}}
	for m := range a.sc.Maps {
		list = append(list, decider{mapConvergence(m, .99), second}, decider{mapLost(m), share}, decider{mapConflicts(m, summary.AnySide), share})
	}
	return list
}

// turns tells of each decision whether another value of an assumption turns it.
func (a *Advice) turns(c *result.Comparison) {
	if len(c.Assumed) == 0 {
		return
	}
	a.Untried = append(a.Untried, examined(c.Assumed))
	few := fewer(c)
	base := newAdviser(few).answers().choices()
	under := make([]*Advice, len(c.Assumed))
	for i := range c.Assumed {
		under[i] = newAdviser(c.Assumed[i].Under).answers()
	}
	for i, choice := range a.choices() {
		if choice.Answer == Undecided {
			continue
		}
		if i >= len(base) || base[i].Answer != choice.Answer {
			choice.Assumed = fmt.Sprintf("Whether an assumption turns it is open: %s, of which each of them was given, do not decide it.", words.Counted(len(few.Settings[0].Set.Runs), "run", "runs"))
			continue
		}
		choice.Assumed = a.turned(c.Assumed, under, i, newAdviser(c).aboutOf(i), choice.Answer)
	}
}

// examined names the values under which the comparison was made again.
func examined(assumed []result.Assumed) string {
	var list []string
	for _, x := range assumed {
		list = append(list, fmt.Sprintf("%s at %s in place of %s", x.Path, x.Other, x.Value))
	}
	return "Examined: " + words.List(list) + "."
}

// turned tells what other values do to one answer, and keeps the figures of those
// that turn it.
func (a *Advice) turned(assumed []result.Assumed, under []*Advice, i int, about, answer string) string {
	var turns, untold []string
	for k, x := range assumed {
		other := under[k].choices()[i]
		if other.Answer == answer {
			continue
		}
		if other.Answer == asEngine {
			untold = append(untold, fmt.Sprintf(" With %s at %s nothing can be told of it.", x.Path, x.Other))
			continue
		}
		why := other.why() + other.against(answer)
		turns = append(turns, fmt.Sprintf("with %s at %s in place of %s%s it is %s%s", x.Path, x.Other, x.Value, a.where(&x, about, other.What), other.Answer, why))
		for _, e := range under[k].Evidence {
			if strings.Contains(why, e.Value) {
				e.Setting += ", with " + x.Path + " at " + x.Other
				a.Evidence = append(a.Evidence, e)
			}
		}
	}
	return turning(turns, len(assumed)) + strings.Join(untold, "")
}

// turning tells how many of the assumptions that were examined turn an answer.
func turning(turns []string, of int) string {
	examined := words.Counted(of, "assumption", "assumptions") + " examined"
	switch {
	case turns == nil && of == 1:
		return "The one assumption examined is not shown to turn it."
	case of == 1:
		return fmt.Sprintf("The one assumption examined turns it: %s.", turns[0])
	case turns == nil:
		return fmt.Sprintf("None of the %s is shown to turn it.", examined)
	case len(turns) == of:
		return fmt.Sprintf("Each of the %s turns it: %s.", examined, strings.Join(turns, "; "))
	}
	verb := "turn"
	if len(turns) == 1 {
		verb = "turns"
	}
	return fmt.Sprintf("Of the %s, %d %s it: %s.", examined, len(turns), verb, strings.Join(turns, "; "))
}

// within reports whether there are values between an assumption's own and the
// other: an answer that differs at the two turns at one of them.
func within(x result.Assumed) bool {
	return x.Other == "half" || x.Other == "double" || numeric(x.Other) && numeric(x.Value)
}

// why is the reason that decided, or the first one.
func (c *Choice) why() string {
	switch {
	case c.decided != "":
		return ", because " + c.decided
	case len(c.Because) > 0:
		return ", because " + c.Because[0]
	}
	return ""
}

// against tells what the figure that decided is with another answer, of what was tried
// with both.
func (c *Choice) against(answer string) string {
	with, _, _ := strings.Cut(answer, ";")
	_, told, _ := strings.Cut(c.decided, ": ")
	figure, _, _ := strings.Cut(told, ": ")
	for _, because := range c.Because {
		if because != c.decided && strings.HasPrefix(because, "with "+with+": "+figure+": ") {
			return ", and " + because
		}
	}
	return ""
}

// choices lists all decisions, always in the same order.
func (a *Advice) choices() (list []*Choice) {
	for i := range a.Maps {
		list = append(list, a.Maps[i].Choices()...)
	}
	for i := range a.Jobs {
		list = append(list, &a.Jobs[i])
	}
	return list
}

// fewer is a comparison with the runs that those under other values have.
func fewer(c *result.Comparison) *result.Comparison {
	out := *c
	out.Settings, out.Assumed = nil, nil
	for i, s := range c.Settings {
		set := sameRuns(s.Set, c.Assumed[0].Under.Settings[i].Set)
		set.Expectations = s.Set.Expectations
		out.Settings = append(out.Settings, result.Setting{Name: s.Name, Set: set})
	}
	return &out
}
