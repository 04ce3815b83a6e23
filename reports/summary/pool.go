package summary

import (
	"cmp"
	"slices"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// examplesMost caps the violations shown for one property over all runs.
const examplesMost = 5

// pool adds the runs up: counts are summed, spans take their longest, samples
// are put together, a property is as good as in its worst run.
func pool(set *result.Set, runs []Run) Figures {
	all := make([]*result.Run, len(set.Runs))
	for i := range set.Runs {
		all[i] = &set.Runs[i]
	}
	f := Figures{
		Properties:  poolProperties(runs),
		Maps:        poolMaps(runs),
		Outcomes:    poolOutcomes(set.Scenario.Maps, runs),
		Errors:      poolErrors(runs),
		Convergence: convergence(set.Scenario.Maps, all),
		Stories:     []Story{},
	}
	for _, r := range runs {
		f.Stories = append(f.Stories, r.Stories...)
		f.Totals = f.Totals.plus(r.Totals)
	}
	if len(runs) > 1 {
		bootstrap(set, f.Convergence)
		f.PerRun = perRun(runs)
	}
	return f
}

func poolProperties(runs []Run) []Property {
	out := []Property{}
	for _, r := range runs {
		for _, p := range r.Properties {
			i := slices.IndexFunc(out, func(q Property) bool { return q.ID == p.ID })
			if i < 0 {
				p.Examples = slices.Clip(p.Examples) // appending must not write into the run's own
				out = append(out, p)
				continue
			}
			q := &out[i]
			q.Verdict = worse(q.Verdict, p.Verdict)
			q.Checked += p.Checked
			q.Violations += p.Violations
			if q.Note == "" {
				q.Note = p.Note
			}
			room := max(0, examplesMost-len(q.Examples))
			q.Examples = append(q.Examples, p.Examples[:min(room, len(p.Examples))]...)
		}
	}
	return out
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
			o := &out[i]
			for side := range o.Captured {
				o.Captured[side] += m.Captured[side]
				o.Creates[side] += m.Creates[side]
				o.Alive[side] += m.Alive[side]
			}
			o.Converged += m.Converged
			o.Parked += m.Parked
			o.Blocked += m.Blocked
			o.Open += m.Open
			o.PartlyVisibleMost = max(o.PartlyVisibleMost, m.PartlyVisibleMost)
		}
	}
	return out
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
		Transactions:    [2]uint64{t.Transactions[0] + u.Transactions[0], t.Transactions[1] + u.Transactions[1]},
		Rejected:        t.Rejected + u.Rejected,
		Overwritten:     t.Overwritten + u.Overwritten,
		EngineWrites:    t.EngineWrites + u.EngineWrites,
		MarkOnlyWrites:  t.MarkOnlyWrites + u.MarkOnlyWrites,
		Retries:         t.Retries + u.Retries,
		ConditionFailed: t.ConditionFailed + u.ConditionFailed,
		LateLandings:    t.LateLandings + u.LateLandings,
		Crashes:         t.Crashes + u.Crashes,
		Notifications:   t.Notifications + u.Notifications,
		Reads:           t.Reads + u.Reads,
	}
}

// bootstrap adds to each pooled quantile its interval over runs. The draws are
// seeded by the scenario, so that they repeat.
func bootstrap(set *result.Set, groups []Convergence) {
	qs := make([]float64, len(quantiles))
	for i, q := range quantiles {
		qs[i] = q.q
	}
	for i := range groups {
		g := &groups[i]
		m := slices.IndexFunc(set.Scenario.Maps, func(m result.Map) bool { return m.Name == g.Map })
		side := slices.Index(sides[:], g.Side)
		samples := make([]stats.Sample, len(set.Runs))
		for r := range set.Runs {
			samples[r] = SampleOf([]*result.Run{&set.Runs[r]}, m, side)
		}
		for j, interval := range stats.Bootstrap(samples, qs, set.Scenario.Seed) {
			g.Quantiles[j].Interval = interval
		}
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
	var out []PerRun
	for _, f := range figures {
		xs := make([]float64, len(runs))
		for i, r := range runs {
			xs[i] = f.of(r)
		}
		mean := stats.MeanOverRuns(xs)
		p := PerRun{Figure: f.name, Mean: Rounded(mean.Mean)}
		if mean.Known {
			low, high := Rounded(mean.Low), Rounded(mean.High)
			p.Low, p.High = &low, &high
		}
		out = append(out, p)
	}
	return out
}
