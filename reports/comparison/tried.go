package comparison

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// try is what a variant does to the figures of a table map, or of all maps.
type try struct {
	variant *result.Variant
	about   string
	figures []Figure // as it is, and in the variant
}

// IDs of the figures of variants.
const (
	loserID   = "lose"
	loserOfID = "lose-" // and the side
	waitingID = "waiting"
	savesID   = "saves"
)

// try measures what each variant does, in the runs that it has in common with
// async as it is. What is shown is corrected for all of them together (Holm).
func (a *adviser) try() {
	var all, parts []*Figure
	for i := range a.c.Variants {
		v := &a.c.Variants[i]
		set := whole(v.Set)
		base := sameRuns(a.sets[asyncMode], set)
		for m := range a.sc.Maps {
			if name := a.sc.Maps[m].Name; slices.Contains(v.Maps, name) && a.changes(m) > 0 {
				a.tried = append(a.tried, tryOf(v, name, a.metricsOf(v, m), base, set))
			}
		}
		a.tried = append(a.tried, tryOf(v, allMaps, a.metricsOf(v, summary.AnyMap), base, set))
	}
	for i := range a.tried {
		for k := range a.tried[i].figures {
			if f := &a.tried[i].figures[k]; strings.HasPrefix(f.ID, loserOfID) {
				parts = append(parts, f)
			} else {
				all = append(all, f)
			}
		}
	}
	correct(append(all, a.beside...))
	correct(parts) // they say whose changes lose, and decide nothing
	for _, t := range a.tried {
		a.about = t.about
		for i := range t.figures {
			f := &t.figures[i]
			a.noteBoth(f, fmt.Sprintf("async, %s", words.Counted(f.Cells[0].Runs, "run", "runs")), t.variant.What+" "+t.variant.Name)
		}
	}
}

// sameRuns is a set with the runs that another has too.
func sameRuns(set, other *result.Set) *result.Set {
	out := &result.Set{Scenario: set.Scenario}
	for i := range set.Runs {
		if slices.ContainsFunc(other.Runs, func(r result.Run) bool { return r.Index == set.Runs[i].Index }) {
			out.Runs = append(out.Runs, set.Runs[i])
		}
	}
	return out
}

// tryOf takes the figures of a variant. Where the slowest changes of a map have
// lower bounds only, the median stands for them.
func tryOf(v *result.Variant, about string, metrics []metric, base, set *result.Set) try {
	t := try{variant: v, about: about}
	for _, m := range metrics {
		f, _ := m.row([]*result.Set{base, set})
		told := f.Cells[0].Known && f.Cells[1].Known && !(f.Cells[0].AtLeast && f.Cells[1].AtLeast)
		if told && !(f.ID == medianID && t.figure(tailID) != nil && about != allMaps) {
			t.figures = append(t.figures, f)
		}
	}
	return t
}

// metricsOf are the figures by which a variant is judged.
func (a *adviser) metricsOf(v *result.Variant, m int) []metric {
	list := []metric{{tailID, tailName, 1, Span, lower, mapConvergence(m, .99)}, {medianID, "time to converge, median", 1, Span, lower, mapConvergence(m, .5)}}
	switch {
	case v.What == primaryWhat && m != summary.AnyMap:
		list = append(list, metric{loserID, "changes that lose to the primary, per 10,000", 2, TenThousand, lower, mapConflicts(m, summary.AnySide)})
		for side, name := range words.Sides {
			list = append(list, metric{loserOfID + name, "of them, changes made in " + words.Side(name), 2, TenThousand, lower, mapConflicts(m, side)})
		}
	case m != summary.AnyMap:
	case v.What == sequenceWhat:
		list = append(list, metric{waitingID, waitingName, 1, Number, lower, meanBlocked})
	case v.What != primaryWhat:
		list = append(list, metric{savesID, "wait for a save, p95", 0, Span, lower, saveWait([]int{summary.AnyWorkload}, .95)})
	}
	return list
}

// triedOf lists what was tried of one kind, about a table map or all.
func (a *adviser) triedOf(what, about string) (list []*try) {
	for i := range a.tried {
		if t := &a.tried[i]; t.variant.What == what && t.about == about {
			list = append(list, t)
		}
	}
	return list
}

func (t *try) figure(id string) *Figure {
	for i := range t.figures {
		if t.figures[i].ID == id {
			return &t.figures[i]
		}
	}
	return nil
}

// shown weighs a variant over all its figures: better in one and worse in none,
// worse in one, no difference, or nothing that can be said.
func (t *try) shown() Shown {
	found := Unknown
	for i := range t.figures {
		switch shown := shownOf(&t.figures[i]); shown {
		case Worse:
			return Worse
		case Better:
			found = Better
		case Nothing:
			if found == Unknown {
				found = Nothing
			}
		default: // nothing can be said of this figure
		}
	}
	return found
}

// text tells of one figure in a variant beside that of async as it is.
func (t *try) text(f *Figure) string {
	about := ""
	if t.about == allMaps && f.ID != savesID && f.ID != waitingID {
		about = ", " + allMaps
	}
	a := f.Cells[1].Against
	text := fmt.Sprintf("with %s: %s%s: %s in place of %s", t.variant.Name, f.Name, about, f.Value(1), f.Value(0))
	switch {
	case a == nil || a.Shown == Unknown:
		return text + ", of which nothing can be said"
	case a.Shown == Nothing:
		return fmt.Sprintf("%s, %s: %s, over %s", text, a.nothing(), interval(f, a), words.Counted(a.Runs, "run", "runs"))
	}
	return fmt.Sprintf("%s: %s, over %s", text, interval(f, a), words.Counted(a.Runs, "run", "runs"))
}

// nothing says why no difference is shown, where the interval alone would show one.
func (a *Against) nothing() string {
	switch {
	case a.Low <= 0 && a.High >= 0:
		return "no difference is shown"
	case float64(a.Adjusted) >= significance:
		return "no difference is shown once all that was tried is corrected for"
	}
	return fmt.Sprintf("less than %.0f %% apart, which counts as no difference", 100*Threshold)
}

// decisive tells of the first figure that shows what the variant as a whole does.
func (t *try) decisive() string {
	for i := range t.figures {
		if shownOf(&t.figures[i]) == t.shown() {
			return t.text(&t.figures[i])
		}
	}
	return ""
}

// texts tell of all figures of a variant.
func (t *try) texts() (list []string) {
	for i := range t.figures {
		list = append(list, t.text(&t.figures[i]))
	}
	return list
}
