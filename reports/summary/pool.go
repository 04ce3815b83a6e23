package summary

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// examplesMost caps the violations shown for one property over all runs.
const examplesMost = 5

// pool adds the runs of set up: counts are summed, spans take their longest,
// samples are put together, a property is as good as in its worst run. A
// violation counts in whatever run it was seen, complete or not.
func pool(set *result.Set, s Summary) Figures {
	all := make([]*result.Run, len(set.Runs))
	for i := range set.Runs {
		all[i] = &set.Runs[i]
	}
	runs := s.PooledRuns()
	f := Figures{
		Properties:  poolProperties(runs, s.Runs),
		Maps:        poolMaps(runs),
		Outcomes:    poolOutcomes(set.Scenario.Maps, runs),
		Errors:      poolErrors(runs),
		Convergence: convergence(set.Scenario.Maps, all),
		Waits:       waits(set.Scenario.Workloads, all),
		Saves:       poolSaves(runs),
		Throttled:   poolThrottled(runs),
		Stories:     []Story{},
		Torn:        []Story{},
	}
	for _, r := range runs {
		f.Stories = append(f.Stories, r.Stories...)
		f.Torn = append(f.Torn, r.Torn...)
		f.Divergent += r.Divergent
		f.Totals = f.Totals.plus(r.Totals)
		f.Copied = f.Copied.plus(r.Copied)
		f.Live = f.Live.plus(r.Live)
		f.Thinned = Thinned{max(f.Thinned.Convergence, r.Thinned.Convergence), max(f.Thinned.Waits, r.Thinned.Waits)}
	}
	slices.SortStableFunc(f.Torn, func(a, b Story) int { return cmp.Compare(b.PartlyVisible, a.PartlyVisible) })
	f.Torn = f.Torn[:min(tornMost, len(f.Torn))]
	if len(runs) > 1 {
		bootstrap(set, f.Convergence)
		bootstrapWaits(set, f.Waits)
		f.PerRun = perRun(runs)
	}
	return f
}

// tornMost is how many of the transactions partly visible longest are kept
// over all runs.
const tornMost = 5

// Properties pools the properties of a set's runs alone, where nothing else of the
// summary is asked for.
func Properties(set *result.Set) []Property {
	all := func(set *result.Set) []Run {
		return mapped(set.Runs, func(r result.Run) Run {
			return Run{Index: r.Index, Figures: Figures{Properties: properties(&r)}}
		})
	}
	return poolProperties(all(Pool(set)), all(set))
}

// poolProperties puts the verdicts of pooled runs together, and adds the
// violations of the others: what was seen broken is broken, but what a run that
// was cut short could not decide says nothing about those that were not.
func poolProperties(pooled, all []Run) []Property {
	out := []Property{}
	notes := map[string][]noted{}
	add := func(p Property) {
		i := slices.IndexFunc(out, func(q Property) bool { return q.ID == p.ID })
		if i < 0 {
			p.Examples = slices.Clip(p.Examples) // appending must not write into the run's own
			out = append(out, p)
			return
		}
		q := &out[i]
		q.Verdict = result.Worse(q.Verdict, p.Verdict)
		q.Checked += p.Checked
		q.Violations += p.Violations
		room := max(0, examplesMost-len(q.Examples))
		q.Examples = append(q.Examples, p.Examples[:min(room, len(p.Examples))]...)
	}
	for _, r := range pooled {
		for _, p := range r.Properties {
			add(p)
			notes[p.ID] = append(notes[p.ID], noted{p.Verdict, p.Note})
		}
	}
	for _, r := range all {
		if slices.ContainsFunc(pooled, func(p Run) bool { return p.Index == r.Index }) {
			continue
		}
		for _, p := range r.Properties {
			if p.Verdict == result.Fail {
				add(p)
				notes[p.ID] = append(notes[p.ID], noted{p.Verdict, p.Note})
			}
		}
	}
	for i := range out {
		out[i].Note = poolNotes(out[i].Verdict, notes[out[i].ID])
	}
	return out
}

// noted is what one run remarked on a property.
type noted struct {
	verdict result.Verdict
	note    string
}

// poolNotes says in how many runs a remark was made: what holds for one of them
// need not hold for the others.
func poolNotes(v result.Verdict, all []noted) string {
	var said []string
	for _, n := range all {
		undecided := n.verdict == v || n.verdict != result.Pass && n.verdict != result.Fail && n.verdict != result.NoOccasion
		if n.note != "" && (v == result.Pass || v == result.Fail || undecided) {
			said = append(said, n.note)
		}
	}
	if len(said) == 0 {
		return ""
	}
	if len(all) == 1 {
		return said[0]
	}
	text := fmt.Sprintf("in %d of %d runs", len(said), len(all))
	if slices.ContainsFunc(said, func(n string) bool { return n != said[0] }) {
		text += ", such as"
	}
	return text + ": " + said[0]
}

func poolMaps(runs []Run) []MapFigures {
	out := []MapFigures{}
	for _, r := range runs {
		for _, m := range r.Maps {
			i := slices.IndexFunc(out, func(o MapFigures) bool { return o.Map == m.Map })
			if i < 0 {
				out = append(out, m)
				continue
			}
			out[i].Add(m)
		}
	}
	return out
}

// Add puts the figures of another run, or another map, to these.
func (o *MapFigures) Add(m MapFigures) {
	for side := range o.Captured {
		o.Captured[side] += m.Captured[side]
		o.Live[side] += m.Live[side]
		o.Creates[side] += m.Creates[side]
		o.Alive[side] += m.Alive[side]
	}
	o.Converged += m.Converged
	o.Parked += m.Parked
	o.Blocked += m.Blocked
	o.Open += m.Open
	o.PartlyVisibleMost = max(o.PartlyVisibleMost, m.PartlyVisibleMost)
	o.NeverWhole += m.NeverWhole
	o.Lost += m.Lost
}

func poolOutcomes(maps []result.Map, runs []Run) []Outcome {
	type key struct{ m, side, class, reason string }
	at := map[key]int{}
	out := []Outcome{}
	for _, r := range runs {
		for _, o := range r.Outcomes {
			k := key{o.Map, o.Side, o.Class, o.Reason}
			if i, ok := at[k]; ok {
				out[i].Count += o.Count
				continue
			}
			at[k] = len(out)
			out = append(out, o)
		}
	}
	sortOutcomes(maps, out)
	return out
}

func poolErrors(runs []Run) []Error {
	type key struct{ class, reason, m, message string }
	at := map[key]int{}
	out := []Error{}
	for _, r := range runs {
		for _, e := range r.Errors {
			k := key{e.Class, e.Reason, e.Map, e.Message}
			if i, ok := at[k]; ok {
				out[i].Count += e.Count
				out[i].Retried += e.Retried
				continue
			}
			at[k] = len(out)
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Error) int {
		return cmp.Or(
			cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Reason, b.Reason),
			cmp.Compare(a.Map, b.Map), cmp.Compare(a.Message, b.Message),
		)
	})
	return out
}

func (t Totals) plus(u Totals) Totals {
	return Totals{
		Captured:        t.Captured + u.Captured,
		Live:            t.Live + u.Live,
		DriftOverwrote:  t.DriftOverwrote + u.DriftOverwrote,
		Transactions:    [2]uint64{t.Transactions[0] + u.Transactions[0], t.Transactions[1] + u.Transactions[1]},
		Rejected:        t.Rejected + u.Rejected,
		StaleRefused:    [2]uint64{t.StaleRefused[0] + u.StaleRefused[0], t.StaleRefused[1] + u.StaleRefused[1]},
		Overwrote:       [2]uint64{t.Overwrote[0] + u.Overwrote[0], t.Overwrote[1] + u.Overwrote[1]},
		TurnedAway:      [2]uint64{t.TurnedAway[0] + u.TurnedAway[0], t.TurnedAway[1] + u.TurnedAway[1]},
		OutageWaitMost:  max(t.OutageWaitMost, u.OutageWaitMost),
		EngineWrites:    t.EngineWrites + u.EngineWrites,
		MarkOnlyWrites:  t.MarkOnlyWrites + u.MarkOnlyWrites,
		Retries:         t.Retries + u.Retries,
		ConditionFailed: t.ConditionFailed + u.ConditionFailed,
		LateLandings:    t.LateLandings + u.LateLandings,
		Crashes:         t.Crashes + u.Crashes,
		Notifications:   t.Notifications + u.Notifications,
		Reads:           t.Reads + u.Reads,
		Compared:        t.Compared + u.Compared,
		Drift:           t.Drift + u.Drift,
	}
}

// bootstrap adds to each pooled quantile its interval over runs. The draws are
// seeded by the scenario, so that they repeat.
func bootstrap(set *result.Set, groups []Convergence) {
	for i := range groups {
		g := &groups[i]
		m := slices.IndexFunc(set.Scenario.Maps, func(m result.Map) bool { return m.Name == g.Map })
		side := slices.Index(sides[:], g.Side)
		overRuns(set, g.Quantiles, func(r []*result.Run) stats.Sample { return SampleOf(r, m, side) })
	}
}

// bootstrapWaits does so for waits.
func bootstrapWaits(set *result.Set, groups []Waits) {
	for i := range groups {
		g := &groups[i]
		workload := slices.Index(set.Scenario.Workloads, g.Workload)
		how := Ended(slices.Index(endedNames, g.Ended))
		overRuns(set, g.Quantiles, func(r []*result.Run) stats.Sample { return WaitsOf(r, workload, how) })
	}
}

func overRuns(set *result.Set, to []Quantile, of func([]*result.Run) stats.Sample) {
	qs := make([]float64, len(quantiles))
	for i, q := range quantiles {
		qs[i] = q.q
	}
	samples := make([]stats.Sample, len(set.Runs))
	for r := range set.Runs {
		samples[r] = of([]*result.Run{&set.Runs[r]})
	}
	for j, interval := range stats.Bootstrap(samples, qs, set.Scenario.Seed) {
		to[j].Interval = interval
	}
}

// perRun lists what a reader compares between runs, each as one number per run.
func perRun(runs []Run) []PerRun {
	figures := []struct {
		name string
		of   func(Run) float64
	}{
		{"captured changes", func(r Run) float64 { return float64(r.Totals.Captured) }},
		{"parked pairs at the end", func(r Run) float64 {
			var n uint64
			for _, m := range r.Maps {
				n += m.Parked
			}
			return float64(n)
		}},
		{"changes that never converged", func(r Run) float64 { return float64(r.Convergence[0].Censored) }},
		{"retries", func(r Run) float64 { return float64(r.Totals.Retries) }},
	}
	if runs[0].Copied != nil { // nothing is captured, parked or tried again by the data integrator
		figures[0].name = "changes"
		figures[1].name, figures[1].of = "changes lost", func(r Run) float64 { return float64(r.Copied.Lost[0] + r.Copied.Lost[1]) }
		figures[3].name, figures[3].of = "changes missed", func(r Run) float64 { return float64(r.Copied.Missed[0] + r.Copied.Missed[1]) }
	}
	var out []PerRun
	for _, f := range figures {
		xs := make([]float64, len(runs))
		for i, r := range runs {
			xs[i] = f.of(r)
		}
		mean := stats.MeanOfAmounts(xs)
		p := PerRun{Figure: f.name, Mean: Rounded(mean.Mean)}
		if mean.Known {
			low, high := Rounded(mean.Low), Rounded(mean.High)
			p.Low, p.High = &low, &high
		}
		out = append(out, p)
	}
	return out
}
