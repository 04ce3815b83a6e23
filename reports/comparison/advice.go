package comparison

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Undecided is the answer where the figures do not tell.
const Undecided = "undecided"

// Advice is what the figures of a comparison of modes say on how to set up
// dual-write.
type Advice struct {
	Maps []MapAdvice `json:"maps"`
	Jobs []Choice    `json:"engine"` // workers and batch
}

// MapAdvice is the advice on one table map.
type MapAdvice struct {
	Map      string `json:"map"`
	Mode     Choice `json:"mode"`
	Primary  Choice `json:"primary"`
	Sequence Choice `json:"sequence"`
}

// Choice is one decision: the answer, the figures that decide it, and what would
// turn it. Where it is undecided, Ask is what would decide.
type Choice struct {
	What    string   `json:"what"`
	Answer  string   `json:"answer"`
	Because []string `json:"because"` // each with its interval, or with the setting that it rests on
	Flips   string   `json:"flips"`
	Ask     string   `json:"ask"`
}

// The modes that are weighed.
const (
	asyncMode      = "async"
	liveMode       = "live"
	integratorMode = "integrator"
)

// adviser weighs the settings of a comparison.
type adviser struct {
	c    *result.Comparison
	sets map[string]*result.Set // by mode, complete runs
	sc   *result.Scenario       // that of async
}

// advise gives advice where modes were compared, async among them; nil elsewhere.
func advise(c *result.Comparison) *Advice {
	if c.Axis != "engine.mode" {
		return nil
	}
	a := adviser{c: c, sets: map[string]*result.Set{}}
	for _, s := range c.Settings {
		a.sets[s.Set.Scenario.Mode] = whole(s.Set)
	}
	if a.sets[asyncMode] == nil || len(a.sets) < 2 {
		return nil
	}
	a.sc = &a.sets[asyncMode].Scenario
	out := &Advice{Maps: []MapAdvice{}}
	for m := range a.sc.Maps {
		out.Maps = append(out.Maps, MapAdvice{a.sc.Maps[m].Name, a.mode(m), a.primary(m), a.sequence(m)})
	}
	a.unmix(out)
	out.Jobs = []Choice{a.workers(), a.batch()}
	return out
}

// measured is a figure of one mode with its text.
type measured struct {
	Cell
	unit Unit
}

func (a *adviser) measure(mode string, unit Unit, of func(*result.Set, *result.Run) reading) measured {
	set := a.sets[mode]
	if set == nil {
		return measured{unit: unit}
	}
	all := make([]reading, len(set.Runs))
	for i := range set.Runs {
		all[i] = of(set, &set.Runs[i])
	}
	return measured{cellOf(all), unit}
}

// above and none say what the runs show of a count: that it is more than 0, or
// that it was 0 in every run.
func (m measured) above() bool { return m.Known && m.Runs > 1 && m.Low > 0 }
func (m measured) none() bool  { return m.Known && m.Runs > 1 && m.Mean == 0 && m.High == 0 }

// text writes a figure with its interval and number of runs.
func (m measured) text() string {
	if !m.Known {
		return "not measured"
	}
	text := m.unit.Write(float64(m.Mean))
	if m.unit == TenThousand {
		text += " per 10,000"
	}
	switch {
	case m.AtLeast:
		return fmt.Sprintf("more than %s (a lower bound, %s)", text, words.Counted(m.Runs, "run", "runs"))
	case m.Runs < 2:
		return text + " (one run, no interval)"
	case m.Low == m.High:
		return text + " in each of " + words.Counted(m.Runs, "run", "runs")
	}
	return fmt.Sprintf("%s (95 %% interval %s, %s)", text, words.Between(m.unit.Write(float64(m.Low)), m.unit.Write(float64(m.High))), words.Counted(m.Runs, "run", "runs"))
}

// difference is how a figure under a mode differs from that under async.
func (a *adviser) difference(mode string, unit Unit, of func(*result.Set, *result.Run) reading) (Figure, bool) {
	m := metric{unit: unit, better: lower, of: of}
	f, _ := m.row([]*result.Set{a.sets[asyncMode], a.sets[mode]})
	if f.Cells[1].Against == nil {
		return f, false
	}
	correct([]*Figure{&f})
	return f, true
}

// fares is what the expectations that concern a map say of a mode: the worst
// verdict, or no occasion where there are none. seen tells of those that did not
// hold, or else of all.
func (a *adviser) fares(mode string, m int) (verdict result.Verdict, seen []string) {
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
		verdict = result.Worse(verdict, e.Verdict)
		text := fmt.Sprintf("%s under %s: %s (%s)", e.ID, mode, e.Verdict, e.Text)
		if e.Mean != "" {
			text += ", measured " + e.Mean
			if e.Low != "" {
				text += fmt.Sprintf(" (%s to %s, %s)", e.Low, e.High, words.Counted(e.Runs, "run", "runs"))
			}
		}
		if e.Verdict == result.Pass {
			held = append(held, text)
		} else {
			broken = append(broken, text)
		}
	}
	if broken != nil {
		return verdict, broken
	}
	return verdict, held
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
	demands bool
}

func (a *adviser) option(mode string, m int) option {
	o := option{mode: mode}
	verdict, seen := a.fares(mode, m)
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
	if lost := a.measure(mode, TenThousand, mapLost(m)); lost.Known {
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
			endings []string
			text    string
		}{
			{limitEndings, "saves of %s that live sync refuses or ends because of its limits: %s"},
			{coupledEndings, "saves of %s that fail under live sync because the other side refuses them or is not reached: %s"},
		} {
			failed := a.measure(mode, TenThousand, failedSaves(workloads, w.endings))
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
	c := Choice{What: "mode", Answer: Undecided, Because: []string{}}
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
// every expectation.
func (a *adviser) whereAsked(m int, c Choice, left, open []option) Choice {
	least := left[0]
	for _, o := range open {
		if rank(o.mode) < rank(least.mode) { // it might do, and would be less
			c.Ask = a.again(4 * len(a.sets[asyncMode].Runs))
		}
	}
	c.Answer = least.mode
	c.Because = append(c.Because, least.held...)
	tail := a.measure(least.mode, Span, mapConvergence(m, .99))
	if tail.Known {
		c.Because = append(c.Because, fmt.Sprintf("99 %% of the map's changes are on both sides under %s within %s", least.mode, tail.text()))
	}
	switch least.mode {
	case integratorMode:
		c.Flips = "both sides begin to edit the map's records between two runs, or less than the staleness above is acceptable"
	case asyncMode:
		c.Flips = "less than the time above is acceptable: then live, if its saves do not fail"
	default:
		c.Flips = "users cannot wait for the other side, it is down more often, or the demand on the time to converge is relaxed: then async"
	}
	return c
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
		wait, known := a.difference(liveMode, Span, saveWait(workloads, .95))
		sooner, measured := a.difference(liveMode, Span, tail)
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
			c.Flips = fmt.Sprintf("the sides must agree within less than %s: then live, and users wait for it", a.measure(asyncMode, Span, tail).text())
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
		c.Because = append(c.Because, fmt.Sprintf("99 %% of the map's changes are on both sides under async within %s", a.measure(asyncMode, Span, tail).text()))
		if has(integratorMode) {
			late := a.measure(integratorMode, Span, tail)
			c.Because = append(c.Because, fmt.Sprintf("under the integrator within %s, and it loses none of them", late.text()))
			c.Flips = "such a staleness is acceptable: then the integrator is enough; say so with an expectation on the time to converge"
		}
	case has(liveMode):
		c.Answer, c.Ask = liveMode, ""
		c.Flips = "the other side is down more often, or slower: then users wait for it, or cannot save"
	default:
		c.Answer, c.Ask = integratorMode, ""
		c.Because = append(c.Because, fmt.Sprintf("99 %% of the map's changes are on both sides under the integrator within %s", a.measure(integratorMode, Span, tail).text()))
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

// primary chooses the side whose record wins a conflict.
func (a *adviser) primary(m int) Choice {
	c := Choice{What: "primary", Answer: Undecided, Because: []string{}}
	sides := [2]measured{a.measure(asyncMode, Number, mapChanges(m, 0)), a.measure(asyncMode, Number, mapChanges(m, 1))}
	lost := a.measure(asyncMode, TenThousand, mapConflicts(m))
	now := a.primaryNow(m)
	for side, n := range sides {
		if n.Known && n.Runs > 1 && n.none() && sides[1-side].above() {
			c.Answer = words.Side(words.Sides[1-side])
			c.Because = append(c.Because, fmt.Sprintf("%s makes no change of this map, %s %s", words.Side(words.Sides[side]), c.Answer, sides[1-side].text()))
			c.Flips = words.Side(words.Sides[side]) + " begins to edit these records"
			return c
		}
	}
	c.Because = append(c.Because, fmt.Sprintf("changes: %s by F&O, %s by Dataverse", sides[0].text(), sides[1].text()), fmt.Sprintf("with %s as primary, changes that lose: %s", now, lost.text()))
	if lost.none() {
		c.Answer = "either"
		c.Flips = "both sides edit the same record more often within one round trip"
		return c
	}
	c.Flips = "the edits of one side are known to matter more"
	if job := a.jobOf(m); job != "" {
		other := "finops"
		if strings.EqualFold(now, "F&O") {
			other = "dataverse"
		}
		c.Ask = fmt.Sprintf("twinwrite run %s --runs %d --set jobs.%s.primary=%s", a.name(), max(10, len(a.sets[asyncMode].Runs)), job, other)
	}
	return c
}

// jobOf is the job that a map belongs to.
func (a *adviser) jobOf(m int) string {
	name := a.sc.Maps[m].Name
	for _, in := range a.sc.Inputs {
		rest, ok := strings.CutPrefix(in.Path, "jobs.")
		job, isSequence := strings.CutSuffix(rest, ".sequence")
		if ok && isSequence && slices.Contains(strings.FieldsFunc(in.Value, func(r rune) bool { return strings.ContainsRune("[], \"", r) }), name) {
			return job
		}
	}
	return ""
}

// again is the comparison's own line with so many runs.
func (a *adviser) again(runs int) string {
	return fmt.Sprintf("%s --runs %d", countGiven.ReplaceAllString(a.c.Command, ""), runs)
}

var countGiven = regexp.MustCompile(` --set runs\.count=\S+`)

// name is how the scenario was named on the command line.
func (a *adviser) name() string {
	if parts := strings.Fields(a.c.Command); len(parts) > 2 {
		return parts[2]
	}
	return a.sc.Name
}

func (a *adviser) primaryNow(m int) string {
	if side := input(a.sc, "jobs."+a.jobOf(m)+".primary", ""); side != "" {
		return words.Side(side)
	}
	return "the scenario's side"
}

// sequence puts a map after those that it looks up.
func (a *adviser) sequence(m int) Choice {
	c := Choice{What: "sequence", Because: []string{}}
	own := a.sc.Maps[m]
	var before, late []string
	for _, p := range parentsOf(a.sc, own.Name) {
		i := slices.IndexFunc(a.sc.Maps, func(x result.Map) bool { return x.Name == p })
		before = append(before, p)
		if a.sc.Maps[i].Sequence >= own.Sequence {
			late = append(late, p)
		}
	}
	slices.Sort(before)
	now := "number " + strconv.Itoa(own.Sequence)
	switch {
	case before == nil:
		c.Answer = now + " stands"
		c.Because = append(c.Because, "it looks up no other map")
	case late == nil:
		c.Answer = now + " stands"
		c.Because = append(c.Because, fmt.Sprintf("it comes after %s, which it looks up", words.List(before)))
	default:
		c.Answer = "after " + words.List(late)
		c.Because = append(c.Because, fmt.Sprintf("it looks up %s, and comes before as %s", words.List(late), now))
	}
	if blocked := a.measure(asyncMode, Number, meanBlocked); blocked.Known && before != nil {
		c.Because = append(c.Because, fmt.Sprintf("items of the job that wait for a record they look up, on average: %s", blocked.text()))
	}
	c.Flips = "a lookup is added or removed"
	return c
}

// meanBlocked is how many items wait for a record that they look up, on average.
func meanBlocked(_ *result.Set, r *result.Run) reading {
	for _, s := range r.Series {
		if s.Name != "blocked" || r.End == 0 {
			continue
		}
		area := 0.0
		for i, p := range s.Points {
			end := r.End
			if i+1 < len(s.Points) {
				end = s.Points[i+1].At
			}
			area += p.Value * max(0, (end-p.At).Seconds())
		}
		return known(area / r.End.Seconds())
	}
	return reading{}
}

// Shares of busy time: below few, workers are not what changes wait for; above
// many, they are.
const (
	few  = 100  // per 10,000
	many = 2000 // per 10,000
)

// workers judges the number of workers by how often none is free.
func (a *adviser) workers() Choice {
	c := Choice{What: "workers", Answer: Undecided, Because: []string{}}
	text := input(a.sc, "engine.workers", "")
	n, err := strconv.Atoi(text)
	if err != nil {
		return c
	}
	full := a.measure(asyncMode, TenThousand, busy(float64(n), true))
	mean := a.measure(asyncMode, Number, busy(float64(n), false))
	c.Because = append(c.Because,
		fmt.Sprintf("of the time in which any of the %d workers is busy, all are in %s", n, full.text()),
		fmt.Sprintf("busy on average in that time: %s", mean.text()))
	c.Ask = fmt.Sprintf("twinwrite sweep %s --axis engine.workers=%d,%d,%d --runs 10", a.name(), max(1, n/2), n, 2*n)
	switch {
	case full.Known && full.Runs > 1 && full.High < few:
		c.Answer, c.Ask = text+" are enough", ""
		c.Flips = fmt.Sprintf("the load grows to about %s times, or the systems become so much slower", strconv.FormatFloat(float64(n)/max(1, float64(mean.High)), 'f', 1, 64))
	case full.above() && full.Low > many:
		c.Answer = "more than " + text
		c.Flips = "a system, or its limits, cannot take more requests at once"
	default:
		c.Flips = "the sweep below shows that more workers bring nothing"
	}
	return c
}

// batch judges the size of batches by how full they are.
func (a *adviser) batch() Choice {
	c := Choice{What: "batch", Answer: Undecided, Because: []string{}}
	text := input(a.sc, "engine.batch", "")
	n, err := strconv.Atoi(text)
	if err != nil {
		return c
	}
	fill := a.measure(asyncMode, Number, batchFill)
	c.Because = append(c.Because, fmt.Sprintf("items in flight for each request under way, of at most %d: %s", n, fill.text()))
	c.Ask = fmt.Sprintf("twinwrite sweep %s --axis engine.batch=%d,%d,%d --runs 10", a.name(), max(1, n/2), n, 2*n)
	c.Flips = "the load grows: fuller batches then wait for their slowest record"
	if fill.Known && fill.Runs > 1 && float64(fill.High) < float64(n)/2 {
		c.Answer, c.Ask = text+" is enough", ""
	}
	return c
}

// toDecide stands before what would decide.
const toDecide = "to decide: "

// line is a line of text with its indent.
type line struct{ indent, text string }

// lines tells the advice for a terminal: each answer, then what it rests on.
func (a *Advice) lines() []line {
	list := []line{{"  ", "By table map: " + a.Summary() + "."}}
	choice := func(head string, c *Choice) {
		list = append(list, line{"  ", head + c.What + ": " + c.Answer})
		for _, b := range c.Because {
			list = append(list, line{"    ", "because " + b})
		}
		if c.Flips != "" && c.Answer != Undecided {
			list = append(list, line{"    ", "unless " + c.Flips})
		}
		if c.Ask != "" {
			list = append(list, line{"    ", toDecide + c.Ask})
		}
	}
	for i := range a.Maps {
		m := &a.Maps[i]
		choice(m.Map+", ", &m.Mode)
		choice(m.Map+", ", &m.Primary)
		choice(m.Map+", ", &m.Sequence)
	}
	for i := range a.Jobs {
		choice("engine, ", &a.Jobs[i])
	}
	return list
}

// Summary names the maps by the mode that is advised: "async for customers and
// items; undecided for lines".
func (a *Advice) Summary() string {
	by := map[string][]string{}
	var order []string
	for _, m := range a.Maps {
		if by[m.Mode.Answer] == nil {
			order = append(order, m.Mode.Answer)
		}
		by[m.Mode.Answer] = append(by[m.Mode.Answer], m.Map)
	}
	slices.SortStableFunc(order, func(x, y string) int { return cmp.Compare(len(by[y]), len(by[x])) })
	var parts []string
	for _, mode := range order {
		parts = append(parts, mode+" for "+words.List(by[mode]))
	}
	return strings.Join(parts, "; ")
}
