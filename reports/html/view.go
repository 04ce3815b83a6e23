package html

import (
	"cmp"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/findings"
	"github.com/twinwrite/twinwrite/reports/plots"
	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// view is what the template shows: text, ready to read, in the order of the
// page. It computes nothing that is not in the summary or the findings.
type view struct {
	Style  template.HTML
	Policy string

	Name, Purpose string
	Mark          string // class of the verdict: "pass", "fail", "inconclusive"
	Verdict       string // one word
	Headline      string
	Command       string
	Facts         []fact

	Key        []number
	Events     []findings.Event
	Properties []property
	Plots      []picture
	Maps       table
	Outcomes   table
	Errors     table
	Stories    []story
	Worst      []worst
	Several    bool // several runs: rows name theirs
	Runs       table
	OverRuns   table

	Pairing table
	Given   table
	Assumed table
	Others  table
	Limits  []string
	Terms   []term
}

// fact is a short label with its value.
type fact struct{ Name, Value string }

// number is a key figure.
type number struct {
	Value, Name, Note string
	Alarm             bool
}

type property struct {
	summary.Property
	Mark, Word       string
	Tested, Violated string
	Seen             []violation
}

type violation struct{ When, Record, Message string }

type picture struct {
	plots.Plot
	SVG template.HTML
}

// table is a data table. Columns of numbers are aligned to the right.
type table struct {
	Head []column
	Rows [][]string
}

type column struct {
	Name   string
	Number bool
}

type story struct{ Title, Text string }

type worst struct {
	Run               int
	Record, Map, Side string
	Committed, Took   string
	Why               []string
}

type term struct{ Word, Means string }

func newView(set *result.Set, s summary.Summary) view {
	sc := set.Scenario
	clock := words.NewClock(sc.Start, sc.Length+sc.Drain)
	v := view{
		Style: sheet().Style, Policy: sheet().Policy,
		Name: sc.Name, Purpose: sc.Purpose, Mark: string(s.Verdict), Verdict: verdictWord(s.Verdict),
		Headline: findings.Verdict(s), Command: sc.Command, Facts: facts(set, s),
		Key: keyNumbers(set, s), Events: findings.Narrative(set, s), Properties: propertiesOf(s, clock),
		Maps: mapTable(s), Outcomes: outcomeTable(s), Errors: errorTable(s),
		Worst: worstOf(set, clock), Several: len(set.Runs) > 1, Runs: runTable(s), OverRuns: overRunsTable(s),
		Pairing: pairingTable(sc.Maps), Limits: limits(sc), Terms: terms,
	}
	for _, st := range longestStories(s.Pooled.Stories) {
		title := findings.Capital(st.Title)
		if v.Several {
			title += ", run " + words.Count(st.Run)
		}
		v.Stories = append(v.Stories, story{title, findings.Story(st, clock)})
	}
	v.Given, v.Assumed, v.Others = inputTables(sc.Inputs)
	return v
}

// storiesMost is how many transactions the page tells of in words; the table
// behind their picture has all.
const storiesMost = 12

// longestStories are those longest partly visible, in the order they came in.
func longestStories(all []summary.Story) []summary.Story {
	if len(all) <= storiesMost {
		return all
	}
	spans := make([]summary.Seconds, len(all))
	for i, s := range all {
		spans[i] = s.PartlyVisible
	}
	slices.Sort(spans)
	least := spans[len(spans)-storiesMost]
	var out []summary.Story
	for _, s := range all {
		if s.PartlyVisible >= least && len(out) < storiesMost {
			out = append(out, s)
		}
	}
	return out
}

func verdictWord(v result.Verdict) string {
	switch v {
	case result.Pass:
		return "Pass"
	case result.Fail:
		return "Fail"
	default:
		return "Inconclusive"
	}
}

func facts(set *result.Set, s summary.Summary) []fact {
	sc := set.Scenario
	fs := []fact{
		{"Simulated", words.NewClock(sc.Start, 0).Date(0) + ", " + sc.Start.UTC().Format("15:04") + " UTC, " +
			words.Duration(sc.Length) + " and up to " + words.Duration(sc.Drain) + " to drain"},
		{"Mode", sc.Mode},
		{"Primary", sc.Primary},
		{"Runs", words.Count(len(set.Runs))},
		{"Seed", words.Count(sc.Seed)},
		{"Identity", sc.Hash + " (resolved scenario, seed, model " + sc.Model + ")"},
	}
	fs[4].Value = strings.ReplaceAll(fs[4].Value, ",", "") // it is typed, not read
	if len(s.Runs) == 1 {
		fs = append(fs, fact{"Trace digest", s.Runs[0].Digest})
	}
	return fs
}

func keyNumbers(set *result.Set, s summary.Summary) []number {
	all := s.Pooled.Convergence[0]
	var parked, blocked uint64
	for _, m := range s.Pooled.Maps {
		parked += m.Parked
		blocked += m.Blocked
	}
	var peak float64
	for i := range set.Runs {
		points, _ := findings.Series(&set.Runs[i], "backlog")
		peak = max(peak, findings.Peak(points).Value)
	}
	var partly time.Duration
	for _, m := range s.Pooled.Maps {
		partly = max(partly, m.PartlyVisibleMost.Duration())
	}
	for _, st := range s.Pooled.Stories {
		partly = max(partly, st.PartlyVisible.Duration())
	}
	return []number{
		{Value: words.Count(s.Pooled.Totals.Captured), Name: "captured changes", Note: capturedNote(len(set.Runs))},
		{Value: words.ShortQuantile(all.At("p50")), Name: "to converge, half of them", Note: "from commit until both sides agree"},
		{Value: words.ShortQuantile(all.At("p99")), Name: "to converge, 99 % of them", Note: censoredNote(all.At("p99"))},
		{Value: words.Count(all.Censored), Name: "never converged", Note: "before the run ended", Alarm: all.Censored > 0},
		{Value: words.Count(parked), Name: "pairs on the error desk", Note: deskNote(blocked), Alarm: parked > 0},
		{Value: words.Count(int64(peak)), Name: "references at most in the queue", Note: "highest backlog of any moment"},
		{Value: words.Count(s.Pooled.Totals.Retries), Name: "retries", Note: "attempts the engine repeated by itself"},
		{Value: words.Duration(partly), Name: "partly visible at most", Note: "a transaction seen only in part"},
	}
}

func capturedNote(runs int) string {
	if runs > 1 {
		return "made by users on either side, all runs together"
	}
	return "made by users on either side"
}

func deskNote(blocked uint64) string {
	if blocked > 0 {
		return words.Count(blocked) + " more wait behind them"
	}
	return "for an operator to retry or dismiss"
}

func censoredNote(q stats.Quantile) string {
	if q.Censored {
		return "* censored: a lower bound"
	}
	return "the slowest 1 % took longer"
}

func propertiesOf(s summary.Summary, clock words.Clock) []property {
	var out []property
	for _, p := range s.Pooled.Properties {
		q := property{Property: p, Mark: string(p.Verdict), Word: verdictWord(p.Verdict), Tested: words.Count(p.Checked), Violated: words.Count(p.Violations)}
		for _, v := range p.Examples {
			q.Seen = append(q.Seen, violation{clock.Second(v.At.Duration()), v.Record, v.Message})
		}
		out = append(out, q)
	}
	return out
}

func mapTable(s summary.Summary) table {
	t := table{Head: []column{
		{"Table map", false},
		{"Captured in F&O", true},
		{"in Dataverse", true},
		{"Equal pairs", true},
		{"Parked", true},
		{"Blocked", true},
		{"Open", true},
		{"p50", true},
		{"p99", true},
		{"Partly visible", true},
	}}
	for _, m := range s.Pooled.Maps {
		var p50, p99 stats.Quantile
		for _, c := range s.Pooled.Convergence {
			if c.Map == m.Map && c.Side == "" {
				p50, p99 = c.At("p50"), c.At("p99")
			}
		}
		t.Rows = append(t.Rows, []string{
			m.Map, words.Count(m.Captured[0]), words.Count(m.Captured[1]), words.Count(m.Converged),
			words.Count(m.Parked), words.Count(m.Blocked), words.Count(m.Open), words.ShortQuantile(p50), words.ShortQuantile(p99), words.Duration(m.PartlyVisibleMost.Duration()),
		})
	}
	return t
}

// pairingTable says what each map pairs.
func pairingTable(maps []result.Map) table {
	t := table{Head: []column{{"Table map", false}, {"F&O entity", false}, {"Dataverse table", false}, {"Sequence", true}}}
	for _, m := range maps {
		t.Rows = append(t.Rows, []string{m.Name, m.FinOps, m.Dataverse, words.Count(m.Sequence)})
	}
	return t
}

func outcomeTable(s summary.Summary) table {
	t := table{Head: []column{{"Table map", false}, {"From", false}, {"Class", false}, {"Reason", false}, {"References", true}}}
	for _, o := range s.Pooled.Outcomes {
		t.Rows = append(t.Rows, []string{o.Map, words.Side(o.Side), o.Class, o.Reason, words.Count(o.Count)})
	}
	return t
}

// errorsMost is how many causes the page lists; all are in results.sqlite.
const errorsMost = 25

func errorTable(s summary.Summary) table {
	t := table{Head: []column{{"Message", false}, {"Table map", false}, {"Class", false}, {"Reason", false}, {"References", true}, {"Attempts", true}, {"Example", false}}}
	for _, e := range s.Pooled.Errors[:min(errorsMost, len(s.Pooled.Errors))] {
		message := e.Message
		if message == "" {
			message = words.None
		}
		t.Rows = append(t.Rows, []string{message, e.Map, e.Class, e.Reason, words.Count(e.Count), words.Count(e.Retried), e.Example})
	}
	return t
}

// worstMost is how many records the page lists over all runs.
const worstMost = 20

func worstOf(set *result.Set, clock words.Clock) []worst {
	type ranked struct {
		run int
		result.Worst
	}
	var all []ranked
	for _, r := range set.Runs {
		for _, w := range r.Worst {
			all = append(all, ranked{r.Index, w})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int { return cmp.Compare(b.Took, a.Took) })
	var out []worst
	for _, w := range all[:min(worstMost, len(all))] {
		row := worst{
			Run: w.run, Record: w.Record, Map: w.Map, Side: words.Side(w.Side), Committed: clock.Second(w.Born),
			Took: words.Quantile(stats.Quantile{Value: w.Took, Censored: w.Censored, Known: true}),
		}
		for _, why := range w.Why {
			row.Why = append(row.Why, words.Duration(why.For)+" "+why.What)
		}
		if len(row.Why) == 0 {
			row.Why = []string{words.None}
		}
		out = append(out, row)
	}
	return out
}

func runTable(s summary.Summary) table {
	t := table{Head: []column{
		{"Run", true}, {"Verdict", false}, {"Captured", true}, {"Never converged", true}, {"p50", true}, {"p99", true}, {"Retries", true}, {"Trace digest", false}, {"Remark", false},
	}}
	for _, r := range s.Runs {
		remark := r.Incomplete
		if remark != "" {
			remark = "stopped early: " + remark
		}
		all := r.Convergence[0]
		t.Rows = append(t.Rows, []string{
			words.Count(r.Index), string(r.Verdict), words.Count(r.Totals.Captured), words.Count(all.Censored),
			words.Quantile(all.At("p50")), words.Quantile(all.At("p99")), words.Count(r.Totals.Retries), r.Digest, remark,
		})
	}
	return t
}

// overRunsTable gives what several runs tell about the next one: means and
// pooled quantiles with their intervals.
func overRunsTable(s summary.Summary) table {
	t := table{Head: []column{{"Figure", false}, {"Over the runs", true}, {"95 % interval", true}, {"Method", false}}}
	decimal := func(r summary.Rounded) string { return strconv.FormatFloat(float64(r), 'f', 1, 64) }
	for _, p := range s.Pooled.PerRun {
		interval := words.None
		if p.Low != nil {
			interval = decimal(*p.Low) + " to " + decimal(*p.High)
		}
		t.Rows = append(t.Rows, []string{p.Figure + ", mean of a run", decimal(p.Mean), interval, "Student t over runs"})
	}
	for _, q := range s.Pooled.Convergence[0].Quantiles {
		if q.Interval.Known {
			t.Rows = append(t.Rows, []string{
				"convergence, " + q.Name, words.ShortQuantile(q.Quantile),
				words.ShortQuantile(q.Interval.Low) + " to " + words.ShortQuantile(q.Interval.High), "bootstrap over runs",
			})
		}
	}
	return t
}

// inputTables sorts settings: what the scenario changed, what was assumed for
// it, and the rest.
func inputTables(inputs []result.Input) (given, assumed, others table) {
	given.Head = []column{{"Setting", false}, {"Value", true}, {"Default", true}, {"Source of the default", false}}
	assumed.Head = []column{{"Setting", false}, {"Value", true}, {"Why", false}}
	others.Head = []column{{"Setting", false}, {"Value", true}, {"Source", false}}
	for _, in := range inputs {
		why, isAssumed := strings.CutPrefix(in.Source, "assumed: ")
		switch {
		case in.Given && in.Value != in.Default:
			standard := in.Default
			if standard == "" {
				standard = words.None
			}
			given.Rows = append(given.Rows, []string{in.Path, in.Value, standard, in.Source})
		case isAssumed:
			assumed.Rows = append(assumed.Rows, []string{in.Path, in.Value, why})
		default:
			others.Rows = append(others.Rows, []string{in.Path, in.Value, in.Source})
		}
	}
	return given, assumed, others
}
