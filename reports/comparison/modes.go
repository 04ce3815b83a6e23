package comparison

import (
	"fmt"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// fares is what the expectations that concern a map say of a mode: the worst
// verdict, or no occasion where there are none. seen tells of those that did not
// hold, or else of all; none tells of those that are about another mode's figures,
// which decide nothing.
func (a *adviser) fares(mode string, m int) (verdict result.Verdict, seen, none []string) {
	verdict = result.NoOccasion
	var broken, held []string
	set := a.sets[mode]
	for i := range a.c.Settings {
		if a.c.Settings[i].Set.Scenario.Mode == mode {
			set = a.c.Settings[i].Set // with its expectations
		}
	}
	for i := range set.Expectations {
		e := &set.Expectations[i]
		if other, ok := ofMap(e.Text); ok && other != a.sc.Maps[m].Name {
			continue
		}
		if e.Foreign {
			none = append(none, fmt.Sprintf("%s under %s: there is no such figure (%s)", e.ID, mode, e.Text))
			continue
		}
		verdict = result.Worse(verdict, e.Verdict)
		text := fmt.Sprintf("%s under %s: %s (%s)", e.ID, mode, e.Verdict, e.Text)
		if e.Mean != "" {
			text += ", measured " + e.Mean
			between := words.None
			if e.Low != "" {
				between = e.Low + " to " + e.High
				text += fmt.Sprintf(" (%s, %s)", between, "mean of "+words.Counted(e.Runs, "run", "runs"))
			}
			a.note(Evidence{a.about, e.ID + ": " + e.Text, mode, e.Mean, between, e.Runs, ""})
		}
		if e.Verdict == result.Pass {
			held = append(held, text)
		} else {
			broken = append(broken, text)
		}
	}
	if broken != nil {
		return verdict, broken, none
	}
	return verdict, held, none
}

// ofMap is the map that an expectation is narrowed down to, if any.
func ofMap(text string) (string, bool) {
	_, rest, ok := strings.Cut(text, "map=")
	if !ok {
		return "", false
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return strings.ContainsRune(`"',}) `, r) })
	if end < 0 {
		end = len(rest)
	}
	return strings.Trim(rest[:end], `"`), true
}

// option is one mode for a map: whether the figures rule it out, or leave that
// open, and why.
type option struct {
	mode    string
	out     []string // why it is ruled out, each with a figure
	open    []string // what the runs do not decide
	meets   bool     // every expectation holds, and there are some
	held    []string
	none    []string // expectations of which the mode has no figure
	demands bool
}

func (a *adviser) option(mode string, m int) option {
	o := option{mode: mode}
	verdict, seen, none := a.fares(mode, m)
	o.none = none
	switch verdict {
	case result.Pass:
		o.meets, o.demands, o.held = true, true, seen
	case result.Fail:
		o.demands = true
		o.out = append(o.out, seen...)
	case result.Inconclusive:
		o.demands = true
		o.open = append(o.open, seen...)
	}
	if lost := a.measure(mode, lostName, TenThousand, mapLost(m)); lost.Known {
		text := fmt.Sprintf("%s loses changes, or never copies them: %s", mode, lost.text())
		switch {
		case lost.above():
			o.out = append(o.out, text)
		case !lost.none():
			o.open = append(o.open, text)
		}
	}
	if mode == liveMode {
		workloads := workloadsOf(a.sc, a.sc.Maps[m].Name)
		for _, w := range []struct {
			endings    []string
			name, text string
		}{
			{limitEndings, "saves over the limits of live sync", "saves of %s that live sync refuses or ends because of its limits: %s"},
			{coupledEndings, "saves that the other side failed", "saves of %s that fail under live sync because the other side refuses them or is not reached: %s"},
		} {
			failed := a.measure(mode, w.name+", "+listed(a.sc, workloads), TenThousand, failedSaves(workloads, w.endings))
			text := fmt.Sprintf(w.text, listed(a.sc, workloads), failed.text())
			switch {
			case failed.above():
				o.out = append(o.out, text)
			case failed.Known && !failed.none():
				o.open = append(o.open, text)
			}
		}
	}
	return o
}

// mode chooses who carries the map's changes. A mode is ruled out by changes
// that are lost, by saves that fail, or by an expectation that fails. Of those
// that are left, the one with the least machinery that meets everything asked
// is enough: the data integrator has no queue and no error desk. Where nothing
// is asked, the two kinds of waiting are weighed.
func (a *adviser) mode(m int) Choice {
	c := Choice{What: modeWhat, Answer: Undecided, Because: []string{}}
	var left, open []option
	var gone []string // modes that are ruled out
	asked := false
	for _, mode := range []string{integratorMode, asyncMode, liveMode} {
		if a.sets[mode] == nil {
			continue
		}
		o := a.option(mode, m)
		asked = asked || o.demands
		switch {
		case len(o.out) > 0:
			c.Because = append(c.Because, o.out...)
			gone = append(gone, mode)
		case len(o.open) > 0:
			c.Because = append(c.Because, o.open...)
			open = append(open, o)
		default:
			left = append(left, o)
		}
	}
	runs := 4 * max(5, len(a.sets[asyncMode].Runs))
	switch {
	case len(a.sets[asyncMode].Runs) < 2:
		c.Because = []string{"One run has no interval."}
		c.Ask = a.again(10)
		return c
	case len(left) == 0 && len(open) == 0:
		c.Flips = "one of these demands is given up, or what causes it is removed"
		c.Ask = "No mode that was compared does everything that is asked: see which demand can give way."
		return c
	case len(left) == 0:
		c.Flips = "more runs show that one of the open figures is 0"
		c.Ask = a.again(runs)
		return c
	case asked:
		return a.whereAsked(m, c, left, open)
	}
	c = a.weigh(m, c, left)
	if c.Flips == "" {
		c.Flips = back(gone)
	}
	return c
}

// back says what would bring a mode that is ruled out back into question.
func back(gone []string) string {
	var list []string
	for _, mode := range gone {
		switch mode {
		case integratorMode:
			list = append(list, "the changes that the integrator loses do not matter")
		case liveMode:
			list = append(list, "the saves that fail under live do not matter, or their cause goes away")
		default:
			list = append(list, "what async loses does not matter")
		}
	}
	return strings.Join(list, "; or ")
}

// whereAsked takes the mode with the least machinery among those that meet
// every expectation that they have a figure for, and have one for some.
func (a *adviser) whereAsked(m int, c Choice, left, open []option) Choice {
	least := left[max(0, slices.IndexFunc(left, func(o option) bool { return o.meets }))]
	for _, o := range open {
		if rank(o.mode) < rank(least.mode) { // it might do, and would be less
			c.Ask = a.again(4 * len(a.sets[asyncMode].Runs))
		}
	}
	c.Answer = least.mode
	c.Because = append(append(c.Because, least.held...), least.none...)
	tail := a.measure(least.mode, tailName, Span, mapConvergence(m, .99))
	if tail.Known {
		c.Because = append(c.Because, agreed(least.mode, tail))
	}
	switch least.mode {
	case integratorMode:
		c.Flips = "both sides begin to edit the map's records between two runs, or only less staleness than the above is acceptable"
	case asyncMode:
		c.Flips = "only less than the time above is acceptable: then live, if its saves do not fail"
	default:
		c.Flips = "users cannot wait for the other side, it is down more often, or the demand on the time to converge is relaxed: then async"
	}
	return c
}

// agreed tells how long it takes under a mode until the sides agree.
func agreed(mode string, tail measured) string {
	if mode == integratorMode {
		mode = "the " + mode
	}
	if tail.AtLeast {
		return fmt.Sprintf("it takes %s under %s until 99 %% of the map's changes are on both sides; some never were", tail.text(), mode)
	}
	return fmt.Sprintf("99 %% of the map's changes are on both sides under %s within %s", mode, tail.text())
}

// rank orders modes by their machinery.
func rank(mode string) int { return slices.Index([]string{integratorMode, asyncMode, liveMode}, mode) }

// weigh decides where the scenario asks for nothing: async, unless live costs
// users nothing that the runs show and brings the sides together sooner.
func (a *adviser) weigh(m int, c Choice, left []option) Choice {
	has := func(mode string) bool {
		return slices.ContainsFunc(left, func(o option) bool { return o.mode == mode })
	}
	tail := mapConvergence(m, .99)
	workloads := workloadsOf(a.sc, a.sc.Maps[m].Name)
	if has(liveMode) && has(asyncMode) {
		wait, known := a.difference(liveMode, "wait for a save, p95, "+listed(a.sc, workloads), Span, saveWait(workloads, .95))
		sooner, measured := a.difference(liveMode, tailName, Span, tail)
		if known {
			c.Because = append(c.Because, waits(&wait, listed(a.sc, workloads)))
		}
		if measured {
			c.Because = append(c.Because, converges(&sooner, "live"))
		}
		switch {
		case !known || !measured:
		case shownOf(&wait) == Worse:
			c.Answer = asyncMode
			c.Flips = fmt.Sprintf("the sides must agree within less than %s: then live, and users wait for it", a.measure(asyncMode, tailName, Span, tail).text())
		case shownOf(&sooner) == Better:
			c.Answer = liveMode
			c.Flips = "the other side is down more often, slower, or takes more work per record: then users wait for it, and async is better"
		case shownOf(&wait) == Better || shownOf(&sooner) == Worse:
			c.Answer = asyncMode
			c.Flips = "users need to know at once that the other side has the change"
		}
		if c.Answer == Undecided {
			c.Ask = a.again(4 * len(a.sets[asyncMode].Runs))
		}
		return c
	}
	switch {
	case has(asyncMode):
		c.Answer, c.Ask = asyncMode, ""
		c.Because = append(c.Because, agreed(asyncMode, a.measure(asyncMode, tailName, Span, tail)))
		if has(integratorMode) {
			late := a.measure(integratorMode, tailName, Span, tail)
			c.Because = append(c.Because, agreed(integratorMode, late)+"; it loses none of them")
			c.Flips = "such a staleness is acceptable: then the integrator is enough; say so with an expectation on the time to converge"
		}
	case has(liveMode):
		c.Answer, c.Ask = liveMode, ""
		c.Flips = "the other side is down more often, or slower: then users wait for it, or cannot save"
	default:
		c.Answer, c.Ask = integratorMode, ""
		c.Because = append(c.Because, agreed(integratorMode, a.measure(integratorMode, tailName, Span, tail)))
		c.Flips = "such a staleness is not acceptable"
	}
	return c
}

func shownOf(f *Figure) Shown { return f.Cells[1].Against.Shown }

// waits tells what live costs users.
func waits(f *Figure, who string) string {
	if shownOf(f) == Nothing || shownOf(f) == Unknown {
		return fmt.Sprintf("95 %% of the saves of %s: no difference of the wait between live and async is shown (%s against %s)", who, f.Value(1), f.Value(0))
	}
	return fmt.Sprintf("95 %% of the saves of %s are done within %s under live and %s under async: %s, over %s", who, f.Value(1), f.Value(0), interval(f, f.Cells[1].Against), words.Counted(f.Cells[1].Against.Runs, "run", "runs"))
}

// converges tells what a mode does to the slowest changes.
func converges(f *Figure, mode string) string {
	if shownOf(f) == Nothing || shownOf(f) == Unknown {
		return fmt.Sprintf("of the slowest changes no difference between %s and async is shown (p99 %s against %s)", mode, f.Value(1), f.Value(0))
	}
	return fmt.Sprintf("99 %% of the changes are on both sides within %s under %s and %s under async: %s, over %s", f.Value(1), mode, f.Value(0), interval(f, f.Cells[1].Against), words.Counted(f.Cells[1].Against.Runs, "run", "runs"))
}

// unmix keeps maps that share transactions from being told live and something
// else: a transaction that mixes them fails.
func (a *adviser) unmix(out *Advice) {
	for changed := true; changed; {
		changed = false
		for i := range out.Maps {
			if out.Maps[i].Mode.Answer != liveMode {
				continue
			}
			for k := range out.Maps {
				other := &out.Maps[k]
				if other.Mode.Answer == liveMode || !a.together(out.Maps[i].Map, other.Map) {
					continue
				}
				c := &out.Maps[i].Mode
				c.Answer = other.Mode.Answer
				c.Because = append([]string{fmt.Sprintf("its records stand in transactions with those of %s, and a transaction that mixes live and other maps fails", other.Map)}, c.Because...)
				c.Flips = fmt.Sprintf("%s can be live, or the transactions are split", other.Map)
				changed = true
				break
			}
		}
	}
}

// together reports whether a workload touches both maps.
func (a *adviser) together(x, y string) bool {
	ys := workloadsOf(a.sc, y)
	return slices.ContainsFunc(workloadsOf(a.sc, x), func(w int) bool { return slices.Contains(ys, w) })
}
