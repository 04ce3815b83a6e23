package html

import (
	"cmp"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
	frame

	Purpose     string
	Mark        string   // class of the verdict: "pass", "fail", "inconclusive"
	Verdict     string   // one word
	Interrupted string   // how much there is of an interrupted execution; else empty
	Notices     []string // planted bugs, runs that stopped early
	Headline    string
	Second      string // the sentence below the headline
	First       *firstViolation
	Panics      []broken

	Key        []number
	Events     []findings.Event
	Counts     table // the figures that events name
	Faults     table // what each fault did to the backlog
	Pauses     table // how long a breaker kept the engine from sending
	Full       table // how long a full queue kept it from fetching
	Properties []property
	Unjudged   string // why there are none

	Waits      string
	Saves      table // how long users waited, by workload
	Endings    table // how saves ended
	Systems    table // how busy the systems were, and what they refused the engine
	Asked      table // what operators asked for
	MapsTitle  string
	Maps       table
	DeskCounts string
	NoDesk     string // why there is none
	Errors     table  // what waits for an operator
	Listed     table  // what needs no action
	Stories    []story
	Slow       slowest // those that converged at last
	Never      slowest // those that did not
	Several    bool    // several runs: rows name theirs
	RunsTitle  string
	Runs       table
	OverRuns   table

	Pairing table
	Given   table
	Assumed table
	Others  table
}

// broken is a run that a broken rule of the simulation has ended.
type broken struct{ Title, Text string }

// fact is a short label with its value.
type fact struct{ Name, Value string }

// number is a key figure.
type number struct {
	Value, Name, Note string
	Alarm             bool
}

type expectation struct {
	summary.Expectation
	Mark, Word, Measured string
}

type property struct {
	summary.Property
	Mark, Word       string
	Plain            string
	Tested, Violated string
	Seen             []violation
}

type violation struct{ When, Record, Message string }

// firstViolation is what a report of a failure shows first.
type firstViolation struct {
	Property, Contract, Plain string
	violation
}

type picture struct {
	plots.Plot
	SVG     template.HTML
	Numbers table // behind the picture
	Named   table // figures that its sentences name
	Runs    []plots.RunLine
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

// slowest is a table of records; its last column is shown if anything is known
// for it.
type slowest struct {
	Rows  []worst
	Known bool
}

type worst struct {
	Run               int
	Record, Map, Side string
	Committed, Took   string
	Why               []string
}

type term struct{ Word, Means string }

func newView(set *result.Set, s summary.Summary, f frame) view {
	sc := set.Scenario
	pooled := summary.Pool(set)
	clock := words.NewClock(sc.Start, sc.Length+sc.Drain)
	f.Foreign = plots.Foreign(s)
	f.Facts, f.Expectations, f.Limits = facts(set, s), expectationsOf(s), limits(sc)
	f.Demand = "What the scenario demands of its runs. A verdict speaks about the mean of the figure over runs: it passes or fails when the whole confidence interval does."
	v := view{
		frame: f, Purpose: sc.Purpose, Mark: string(s.Verdict), Verdict: verdictWord(s.Verdict),
		Interrupted: findings.Interruption(s), Notices: findings.Planted(s),
		Headline: findings.Arrival(s), Second: findings.Verdict(s),
		Key: keyNumbers(pooled, s, clock), Events: findings.Narrative(set, s), Properties: propertiesOf(s, clock),
		Waits: findings.Waits(s), Saves: savesTable(s), Endings: endingsTable(s), Systems: systemsTable(pooled, s, clock), Asked: askedTable(pooled, clock),
		Maps: mapTable(s), DeskCounts: findings.DeskCounts(s),
		Several: len(set.Runs) > 1, OverRuns: overRunsTable(s),
		Pairing: pairingTable(sc.Maps),
	}
	if s.Verdict == result.Fail {
		v.Headline, v.Second = v.Second, v.Headline
	}
	if v.Headline == v.Second {
		v.Second = ""
	}
	if text := findings.Stopped(set); text != "" {
		v.Notices = append(v.Notices, text)
	}
	v.Notices = append(v.Notices, findings.Panics(s)...)
	for _, r := range s.Runs {
		if r.Panic != "" {
			v.Panics = append(v.Panics, broken{fmt.Sprintf("Run %d", r.Index), r.Panic})
		}
	}
	if s.Executed.Interrupted {
		v.Cut = "This report is of an interrupted execution; the line runs all of it."
	}
	if p, w, ok := findings.FirstViolation(s); ok {
		v.First = &firstViolation{p.ID, p.Contract, findings.Plain(p.ID), seen(s, w, clock)}
	}
	counts := findings.Counts(set, s)
	v.Counts = tableOf(findings.NamedHead(counts), findings.NamedRows(counts), 1)
	v.Faults, v.Pauses = tableOf(findings.FaultHead, findings.FaultRows(set), 1), tableOf(findings.PauseHead, findings.PauseRows(set), 1)
	v.Unjudged = "No property was checked."
	if s.Pooled.Copied != nil {
		v.Unjudged = "No property is judged under the data integrator, which promises none of them. What it lost and missed is told under What happened."
	}
	v.Full = tableOf(findings.FullHead, findings.FullRows(set), 1)
	v.MapsTitle = "Captured and live changes; pairs at the end of the run; convergence times (* a lower bound)"
	if s.Copies() {
		v.MapsTitle = "Changes; pairs at the end of the run; convergence times (* a lower bound)"
		v.NoDesk = "The data integrator has no error desk and keeps no list of sync errors: a row that it cannot copy is a warning of the run that tried."
	}
	v.RunsTitle, v.Runs = runTable(set, s, clock)
	v.Slow, v.Never = worstOf(pooled, clock)
	waits, rest := findings.Desk(s)
	v.Errors, v.Listed = errorTable(waits), errorTable(rest)
	for _, st := range longestStories(findings.Followed(s)) {
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
	case result.NoOccasion:
		return "No occasion"
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
		{"Runs", runsFact(s.Executed)},
		{"Seed", words.Count(sc.Seed)},
		{"Identity", sc.Hash + " (resolved scenario, seed, model " + sc.Model + ")"},
	}
	fs[4].Value = strings.ReplaceAll(fs[4].Value, ",", "") // it is typed, not read
	if text := findings.Thinned(s); text != "" {
		fs = append(fs, fact{"Times kept", text})
	}
	if len(s.Runs) == 1 {
		fs = append(fs, fact{"Trace digest", s.Runs[0].Digest})
	}
	return fs
}

func runsFact(e summary.Executed) string {
	if e.Complete == e.Asked {
		return words.Count(e.Asked)
	}
	text := fmt.Sprintf("%s of %s complete", words.Count(e.Complete), words.Count(e.Asked))
	if e.Started > e.Complete {
		text += ", " + words.Count(e.Started) + " begun"
	}
	if e.Complete == 0 {
		return text + "; the figures are of runs that were cut short"
	}
	return text + "; the figures are of these"
}

// keyNumbers are the tiles; no two of them tell the same.
func keyNumbers(set *result.Set, s summary.Summary, clock words.Clock) []number {
	all := s.Pooled.Convergence[0]
	var top result.Point
	for i := range set.Runs {
		points, _ := findings.Series(&set.Runs[i], "backlog")
		if p := findings.Peak(points); p.Value > top.Value {
			top = p
		}
	}
	tiles := []number{
		changes(s),
		{Value: words.ShortQuantile(s.Pooled.Waits[0].At("p95")), Name: "wait for a save, 95 % of them", Note: waitNote(s) + beside(s.Pooled.Waits[0].Interval("p95"))},
		{Value: words.ShortQuantile(all.At("p50")), Name: "to converge, half of them", Note: convergeNote(s) + beside(all.Interval("p50"))},
		{Value: words.ShortQuantile(all.At("p99")), Name: "to converge, 99 % of them", Note: censoredNote(all.At("p99")) + beside(all.Interval("p99"))},
		{Value: words.Count(all.Censored), Name: never(s), Note: neverNote(s), Alarm: all.Censored > 0},
		partly(s, clock),
	}
	switch {
	case s.Copies():
		lost, missed := s.Pooled.Copied.Lost, s.Pooled.Copied.Missed
		return append(tiles,
			number{Value: words.Count(lost[0] + lost[1]), Name: "changes lost", Note: "copied over, and on neither side any more", Alarm: lost != [2]uint64{}},
			number{Value: words.Count(missed[0] + missed[1]), Name: "changes missed", Note: "never copied, and no run to come will", Alarm: missed != [2]uint64{}})
	case s.AllLive():
		failed := s.Pooled.Totals.Rejected
		return append(tiles,
			number{Value: words.Count(failed), Name: "user transactions failed", Note: "before commit", Alarm: failed > 0},
			number{Value: words.Duration(s.Pooled.Live.InDoubtMost.Duration()), Name: "at most on one side alone", Note: "between the two commits of a live transaction"})
	}
	highest := "highest backlog of any moment"
	if top.Value > 0 {
		highest = "the highest backlog, at " + clock.Minute(top.At)
	}
	var lost uint64
	for _, o := range s.Pooled.Outcomes {
		if o.Class == "conflict" {
			lost += o.Count
		}
	}
	return append(tiles,
		number{Value: words.Count(int64(top.Value)), Name: "references at most, in outboxes and queue", Note: highest},
		number{Value: words.Count(lost), Name: "changes lost to the primary", Note: "both sides had changed the record"})
}

// beside puts what runs tell of a figure behind a note on it.
func beside(i stats.QuantileInterval) string {
	if !i.Known {
		return ""
	}
	return "; " + strings.Trim(words.Within(i), " ()")
}

// changes is the tile of what users did.
func changes(s summary.Summary) number {
	t := s.Pooled.Totals
	switch note := capturedNote(s.Executed.Pooled); {
	case s.Copies():
		return number{Value: words.Count(t.Captured), Name: "changes", Note: note}
	case t.Live == 0:
		return number{Value: words.Count(t.Captured), Name: "captured changes", Note: note}
	case t.Captured == 0:
		return number{Value: words.Count(t.Live), Name: "live changes", Note: note}
	default:
		return number{Value: words.Count(t.Changes()), Name: "changes", Note: words.Count(t.Live) + " of them live; " + note}
	}
}

func waitNote(s summary.Summary) string {
	note := "until users knew how it had ended"
	if s.Pooled.Live.Committed > 0 {
		note = "the other side's work included"
	}
	return note
}

func convergeNote(s summary.Summary) string {
	if s.Pooled.Totals.Captured == 0 && s.Pooled.Totals.Live > 0 {
		return "one side alone had the change for so long"
	}
	return "from commit until both sides agree"
}

// partly is the tile of the transaction that was partly visible longest.
func partly(s summary.Summary, clock words.Clock) number {
	longest, of, known := findings.PartlyVisible(s)
	n := number{Value: words.Duration(longest.Duration()), Name: "partly visible at most", Note: "of transactions that became whole"}
	if known {
		n.Note = of.Title + ", " + clock.Minute(of.Committed.Duration())
	}
	if never := findings.NeverWhole(s); never != "" {
		n.Note += "; and " + never
		n.Alarm = true
	}
	return n
}

// never names the changes that are counted: where times were thinned, some of them.
func never(s summary.Summary) string {
	if n := s.Pooled.Thinned.Convergence; n > 1 {
		return "of " + words.Every(n) + " change never converged"
	}
	return "changes never converged"
}

// neverNote says where the pairs are whose changes never converged.
func neverNote(s summary.Summary) string {
	var parked, blocked, open uint64
	for _, m := range s.Pooled.Maps {
		parked += m.Parked
		blocked += m.Blocked
		open += m.Open
	}
	var parts []string
	for _, w := range []struct {
		n    uint64
		what string
	}{{parked, "on the error desk"}, {blocked, "behind one there"}, {open, "still queued"}} {
		if w.n > 0 {
			parts = append(parts, words.Counted(w.n, "pair ", "pairs ")+w.what)
		}
	}
	if len(parts) == 0 {
		return "before the run ended"
	}
	return words.List(parts) + " at the end"
}

func capturedNote(runs int) string {
	if runs > 1 {
		return "made by users on either side, " + words.Counted(runs, "run", "runs") + " together"
	}
	return "made by users on either side"
}

func censoredNote(q stats.Quantile) string {
	if q.Censored {
		return "* censored: a lower bound"
	}
	return "the slowest 1 % took longer"
}

// expectationsOf lists the expectations as the scenario does.
func expectationsOf(s summary.Summary) []expectation {
	var out []expectation
	for _, e := range s.Expectations {
		measured := e.Seen()
		if measured == "" {
			measured = words.None
		}
		out = append(out, expectation{e, string(e.Verdict), verdictWord(e.Verdict), measured})
	}
	return out
}

// propertiesOf lists what is violated first, then what is undecided; last what
// had no occasion.
func propertiesOf(s summary.Summary, clock words.Clock) []property {
	var out []property
	for _, p := range s.Pooled.Properties {
		q := property{
			Property: p, Mark: strings.ReplaceAll(string(p.Verdict), " ", "-"), Word: verdictWord(p.Verdict), Plain: findings.Plain(p.ID),
			Tested: words.Count(p.Checked), Violated: words.Count(p.Violations),
		}
		if p.Violations > p.Checked {
			q.Tested = words.None // a test can find several; the number would mislead
		}
		for _, v := range p.Examples {
			q.Seen = append(q.Seen, seen(s, v, clock))
		}
		out = append(out, q)
	}
	rank := func(p property) int {
		return slices.Index([]result.Verdict{result.Fail, "", result.Pass, result.NoOccasion}, p.Verdict)
	}
	slices.SortStableFunc(out, func(a, b property) int {
		return cmp.Compare(orUndecided(rank(a)), orUndecided(rank(b)))
	})
	return out
}

// orUndecided gives every verdict that is neither its place between the two.
func orUndecided(rank int) int {
	if rank < 0 {
		return 1
	}
	return rank
}

func seen(s summary.Summary, v summary.Violation, clock words.Clock) violation {
	when := clock.Second(v.At.Duration())
	if len(s.Runs) > 1 {
		when += fmt.Sprintf(", run %d", v.Run)
	}
	return violation{when, v.Record, clock.Instants(v.Message)}
}

// mapColumn is a figure of a table map.
type mapColumn struct {
	name string
	of   func(m *summary.MapFigures) string
}

// mapColumns are the figures of table maps that a mode has.
func mapColumns(s summary.Summary) []mapColumn {
	count := func(name string, of func(*summary.MapFigures) uint64) mapColumn {
		return mapColumn{name, func(m *summary.MapFigures) string { return words.Count(of(m)) }}
	}
	made := func(side int) func(*summary.MapFigures) uint64 {
		return func(m *summary.MapFigures) uint64 { return m.Captured[side] }
	}
	live := func(side int) func(*summary.MapFigures) uint64 {
		return func(m *summary.MapFigures) uint64 { return m.Live[side] }
	}
	equal := count("Equal pairs", func(m *summary.MapFigures) uint64 { return m.Converged })
	waiting := []mapColumn{
		count("Parked", func(m *summary.MapFigures) uint64 { return m.Parked }),
		count("Blocked", func(m *summary.MapFigures) uint64 { return m.Blocked }),
		count("Open", func(m *summary.MapFigures) uint64 { return m.Open }),
	}
	switch {
	case s.Copies():
		changes := func(m *summary.MapFigures) uint64 { return m.Captured[0] + m.Captured[1] }
		return []mapColumn{
			count("Changes in F&O", made(0)), count("in Dataverse", made(1)),
			count("Carried", func(m *summary.MapFigures) uint64 { return changes(m) - min(changes(m), m.Lost) }),
			count("Lost or missed", func(m *summary.MapFigures) uint64 { return m.Lost }), equal,
		}
	case s.AllLive():
		return append([]mapColumn{count("Live in F&O", live(0)), count("in Dataverse", live(1)), equal}, waiting...)
	default:
		return append([]mapColumn{
			count("Captured in F&O", made(0)), count("in Dataverse", made(1)),
			count("Live", func(m *summary.MapFigures) uint64 { return m.Live[0] + m.Live[1] }), equal,
		}, waiting...)
	}
}

func mapTable(s summary.Summary) table {
	t := table{Head: []column{{"Table map", false}}}
	columns := mapColumns(s)
	for _, c := range columns {
		t.Head = append(t.Head, column{c.name, true})
	}
	t.Head = append(t.Head, column{"p50", true}, column{"p99", true}, column{"Partly visible", true}, column{"Never whole", true})
	all := summary.MapFigures{Map: "all " + words.Counted(len(s.Pooled.Maps), "table map", "table maps")}
	for _, m := range s.Pooled.Maps {
		all.Add(m)
	}
	maps := s.Pooled.Maps
	if len(maps) > 1 {
		maps = append(slices.Clone(maps), all)
	}
	for i, m := range maps {
		var p50, p99 stats.Quantile
		for _, c := range s.Pooled.Convergence {
			if c.Side == "" && (c.Map == m.Map || c.Map == "" && i == len(s.Pooled.Maps)) {
				p50, p99 = c.At("p50"), c.At("p99")
			}
		}
		row := []string{m.Map}
		for _, c := range columns {
			row = append(row, c.of(&m))
		}
		t.Rows = append(t.Rows, append(row, words.ShortQuantile(p50), words.ShortQuantile(p99), words.Duration(m.PartlyVisibleMost.Duration()), words.Count(m.NeverWhole)))
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

// errorsMost is how many causes the page lists; all are in results.sqlite.
const errorsMost = 25

func errorTable(errors []summary.Error) table {
	t := table{Head: []column{{"Message", false}, {"Table map", false}, {"Class", false}, {"Reason", false}, {"References", true}, {"Example", false}}}
	for _, e := range errors[:min(errorsMost, len(errors))] {
		t.Rows = append(t.Rows, []string{findings.ErrorText(e), e.Map, e.Class, e.Reason, words.Count(e.Count), e.Example})
	}
	return t
}

// worstMost is how many records the page lists over all runs.
const worstMost = 20

// worstOf lists the records that took longest: those that converged at last,
// and those that did not.
func worstOf(set *result.Set, clock words.Clock) (slow, never slowest) {
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
	for _, w := range all {
		row := worst{
			Run: w.run, Record: w.Record, Map: w.Map, Side: words.Side(w.Side), Committed: clock.Second(w.Born),
			Took: words.Duration(w.Took),
		}
		for _, why := range w.Why {
			row.Why = append(row.Why, words.Duration(why.For)+" "+why.What)
		}
		to := &slow
		if w.Censored {
			to = &never
		}
		to.Known = to.Known || len(row.Why) > 0
		if len(row.Why) == 0 {
			row.Why = []string{words.None}
		}
		if len(to.Rows) < worstMost {
			to.Rows = append(to.Rows, row)
		}
	}
	return slow, never
}

func runTable(set *result.Set, s summary.Summary, clock words.Clock) (title string, t table) {
	t = table{Head: []column{
		{"Run", true}, {"Verdict", false}, {"Changes", true}, {"Never converged", true}, {"p50", true}, {"p99", true}, {"Save p95", true}, {"Retries", true}, {"Trace digest", false}, {"Remark", false},
	}}
	listed := findings.Listed(set)
	for i := range s.Runs {
		r := &s.Runs[i]
		if _, ok := slices.BinarySearch(listed, r.Index); !ok {
			continue
		}
		remark := r.Incomplete
		if remark != "" {
			remark = "stopped at " + clock.Minute(r.End.Duration()) + ": " + remark
		}
		all := r.Convergence[0]
		t.Rows = append(t.Rows, []string{
			words.Count(r.Index), string(r.Verdict), words.Count(r.Totals.Changes()), words.Count(all.Censored),
			words.Quantile(all.At("p50")), words.Quantile(all.At("p99")), words.Quantile(r.Waits[0].At("p95")), words.Count(r.Totals.Retries), r.Digest, remark,
		})
	}
	title = "Each run by itself; convergence times of all maps"
	if n := len(s.Runs); n > len(t.Rows) {
		title = fmt.Sprintf("%s of %s runs by themselves, those that do not hold before others; convergence times of all maps; summary.json has all", words.Count(len(t.Rows)), words.Count(n))
	}
	return title, t
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
	for _, q := range s.Pooled.Waits[0].Quantiles {
		if q.Interval.Known {
			t.Rows = append(t.Rows, []string{
				"wait for a save, " + q.Name, words.ShortQuantile(q.Quantile),
				words.ShortQuantile(q.Interval.Low) + " to " + words.ShortQuantile(q.Interval.High), "bootstrap over runs",
			})
		}
	}
	return t
}

// inputTables sorts settings: what was given or differs from its default, what
// was assumed for the rest, and all others.
func inputTables(inputs []result.Input) (given, assumed, others table) {
	given.Head = []column{{"Setting", false}, {"Value", false}, {"Default", false}, {"Source of the default", false}}
	assumed.Head = []column{{"Setting", false}, {"Value", false}, {"Why", false}}
	others.Head = []column{{"Setting", false}, {"Value", false}, {"Source", false}}
	for _, in := range inputs {
		why, isAssumed := strings.CutPrefix(in.Source, "assumed: ")
		switch {
		case in.Value != in.Default && (in.Default != "" || in.Given):
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

// numeric matches cells that stand in columns aligned to the right: counts,
// spans, quantiles, shares, and what stands for nothing measured.
var numeric = regexp.MustCompile(`^([−>< ]*[\d.,]+( %|\*|[a-zµ]+\*?)?( \d\d[a-z]\*?)?|–)$`)

// numbers makes a picture's table one of the page, and finds its columns of
// numbers.
func numbers(p plots.Table) table {
	t := table{Rows: p.Rows}
	for i, head := range p.Head {
		t.Head = append(t.Head, column{head, len(p.Rows) > 0 && !slices.ContainsFunc(p.Rows, func(r []string) bool {
			return !numeric.MatchString(r[i])
		})})
	}
	return t
}
