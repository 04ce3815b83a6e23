package comparison

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Undecided is the answer where the figures do not tell.
const Undecided = "undecided"

// Advice is what the figures of a comparison of modes say on how to set up
// dual-write.
type Advice struct {
	Maps     []MapAdvice `json:"maps"`
	Jobs     []Choice    `json:"engine"`   // workers and batch, of which the engine has one number each
	Evidence []Evidence  `json:"evidence"` // every figure that an answer names
	Untried  []string    `json:"untried"`  // what was not tried, in sentences
}

// MapAdvice is the advice on one table map.
type MapAdvice struct {
	Map      string `json:"map"`
	Mode     Choice `json:"mode"`
	Primary  Choice `json:"primary"`
	Sequence Choice `json:"sequence"`
	Workers  Choice `json:"workers"`
	Batch    Choice `json:"batch"`
}

// Choices are the decisions on the map, in the order of showing.
func (m *MapAdvice) Choices() []*Choice {
	return []*Choice{&m.Mode, &m.Primary, &m.Sequence, &m.Workers, &m.Batch}
}

// Choice is one decision: the answer, the figures that decide it, and what would
// turn it. Where it is undecided, Ask is what would decide.
type Choice struct {
	What    string   `json:"what"`
	Answer  string   `json:"answer"`
	Because []string `json:"because"` // each with its interval, or with the setting that it rests on
	Flips   string   `json:"flips"`
	Assumed string   `json:"assumed"` // what other values of assumptions do to the answer; empty: none was examined
	Ask     string   `json:"ask"`

	decided string // the one reason that decided, where one did
}

// The modes that are weighed.
const (
	asyncMode      = "async"
	liveMode       = "live"
	integratorMode = "integrator"
)

// adviser weighs the settings of a comparison.
type adviser struct {
	c        *result.Comparison
	sets     map[string]*result.Set // by mode, complete runs
	sc       *result.Scenario       // that of async
	tried    []try
	beside   []*Figure // of what was tried elsewhere, and counts when differences are corrected
	about    string    // the table map in question
	evidence []Evidence
}

// newAdviser is nil where no modes were compared, or async is not among them.
func newAdviser(c *result.Comparison) *adviser {
	if a := adviserOf(c); c.Axis == "engine.mode" && a != nil && len(a.sets) > 1 {
		return a
	}
	return nil
}

// adviserOf is nil where async is not compared.
func adviserOf(c *result.Comparison) *adviser {
	a := &adviser{c: c, sets: map[string]*result.Set{}, evidence: []Evidence{}}
	for _, s := range c.Settings {
		a.sets[s.Set.Scenario.Mode] = whole(s.Set)
	}
	if a.sets[asyncMode] == nil {
		return nil
	}
	a.sc = &a.sets[asyncMode].Scenario
	return a
}

// advise gives advice where modes were compared, async among them; nil elsewhere.
func advise(c *result.Comparison) *Advice {
	a := newAdviser(c)
	if a == nil {
		return nil
	}
	out := a.answers()
	out.turns(c)
	return out
}

// answers makes every decision from the comparison's own results.
func (a *adviser) answers() *Advice {
	a.try()
	out := &Advice{Maps: []MapAdvice{}, Untried: append([]string{}, a.c.Untried...)}
	for m := range a.sc.Maps {
		a.about = a.sc.Maps[m].Name
		out.Maps = append(out.Maps, MapAdvice{a.about, a.mode(m), a.primary(m), a.sequence(m), a.mapCapacity(workersDial, m), a.mapCapacity(batchDial, m)})
	}
	a.unmix(out)
	a.about = allMaps
	out.Jobs = []Choice{a.workers(), a.batch()}
	out.Evidence = a.evidence
	return out
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
