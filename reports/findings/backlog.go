package findings

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/summary"
	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Recovery is what a fault did to the backlog of one run. The backlog has
// recovered when 95 % of its rise is worked off and stays so: the rest may be
// references that wait for people, and these stay however long one looks.
type Recovery struct {
	Fault     result.Period // as it struck
	Before    float64       // backlog when the fault began
	Peak      float64       // highest from then until it recovered
	PeakAt    time.Duration // first time of it
	Recovered time.Duration // not before the fault's end
	Known     bool          // it recovered before the run ended
	Waited    int           // changes that waited when it ended, and converged later
}

// rest is the part of a rise that a recovery may leave.
const rest = 0.05

// settle is how long the backlog must stay low to have recovered. An engine
// that has just started knows of nothing yet, and its backlog is empty until
// it has asked both sides.
const settle = time.Minute

// Recoveries tells for each fault that struck run r what it did to the backlog;
// none if the run has no backlog series.
func Recoveries(r *result.Run) []Recovery {
	points, ok := Series(r, "backlog")
	if !ok || len(points) == 0 {
		return nil
	}
	var out []Recovery
	for _, f := range r.Faults {
		if f.From <= r.End {
			out = append(out, recovered(r, points, f))
		}
	}
	return out
}

func recovered(r *result.Run, points []result.Point, f result.Period) Recovery {
	rec := Recovery{Fault: f, Before: At(points, f.From), PeakAt: f.From}
	rec.Peak = rec.Before
	from, stays := f.To, settle
	if len(r.Convergence) > 0 {
		// The changes that waited tell exactly when they were made up for; the
		// level, which later changes move too, need only agree with them.
		rec.Waited, from = waited(r, f)
		stays = 0
	}
	since := time.Duration(-1) // the level has been low from here on
	look := result.Point{At: from, Value: At(points, from)}
	for _, p := range insert(points, look) {
		if p.At < f.From || p.At > r.End {
			continue
		}
		if since >= 0 && p.At-since > stays {
			break
		}
		if p.Value > rec.Peak {
			rec.Peak, rec.PeakAt = p.Value, p.At
		}
		low := p.Value <= rec.Before+rest*(rec.Peak-rec.Before)
		switch {
		case p.At < from:
		case !low:
			since = -1
		case since < 0:
			since = p.At
		}
	}
	if since >= 0 {
		rec.Recovered, rec.Known = since, true
	}
	return rec
}

// crash is the kind of fault that takes the engine down.
const crash = "engine-crash"

// waited counts the changes that waited when a fault ended and converged later,
// and tells when enough of them had: after a crash all, for none may be lost;
// else all but the [rest].
func waited(r *result.Run, f result.Period) (n int, enough time.Duration) {
	var ends []time.Duration
	for _, s := range r.Convergence {
		if end := s.Born + s.Took; s.Born <= f.To && end > f.To && !s.Censored {
			ends = append(ends, end)
		}
	}
	if len(ends) == 0 {
		return 0, f.To
	}
	slices.Sort(ends)
	last := len(ends) - 1
	if f.Kind != crash {
		last = int(math.Ceil((1-rest)*float64(len(ends)))) - 1
	}
	return len(ends), ends[last]
}

// insert puts p behind all points up to its instant.
func insert(points []result.Point, p result.Point) []result.Point {
	i := 0
	for i < len(points) && points[i].At <= p.At {
		i++
	}
	return slices.Insert(slices.Clone(points), i, p)
}

// Strike is a fault of the scenario with what became of it in one run.
type Strike struct {
	Planned result.Period
	Actual  result.Period // if Struck
	Struck  bool
	Due     bool // the run lived to the instant it was planned for
}

// Strikes pairs the faults of the scenario with those that struck run r: a
// crash at a point of the code strikes when the engine next comes by, or never.
func Strikes(sc result.Scenario, r *result.Run) []Strike {
	left := slices.Clone(r.Faults)
	var out []Strike
	for _, f := range sc.Faults {
		s := Strike{Planned: f, Due: f.From <= r.End}
		i := slices.IndexFunc(left, func(l result.Period) bool { return l.Kind == f.Kind && l.Target == f.Target && l.Note == f.Note })
		if i < 0 {
			i = slices.IndexFunc(left, func(l result.Period) bool { return l.Kind == f.Kind && l.Target == f.Target })
		}
		if i >= 0 {
			s.Actual, s.Struck, s.Due = left[i], true, true
			left = slices.Delete(left, i, i+1)
		}
		out = append(out, s)
	}
	return out
}

// Shading is a fault period as a plot over time shows it.
type Shading struct {
	From, To time.Duration
	Kind     string // kind and target
	Label    string
}

// Shadings are the periods in which faults struck, ascending; of several runs
// each reaches from the first run's beginning to the last run's end.
func Shadings(set *result.Set) []Shading {
	var out []Shading
	for k, f := range set.Scenario.Faults {
		var s Shading
		for i := range set.Runs {
			st := Strikes(set.Scenario, &set.Runs[i])[k]
			switch {
			case !st.Struck:
			case s.Label == "":
				s = Shading{st.Actual.From, st.Actual.To, f.Kind + f.Target, FaultLabel(st.Actual)}
			default:
				s.From, s.To = min(s.From, st.Actual.From), max(s.To, st.Actual.To)
			}
		}
		if s.Label != "" {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(a, b Shading) int { return cmp.Compare(a.From, b.From) })
	return out
}

// Pause is a stretch in which a breaker kept the engine from sending to a side, or
// a full queue from pulling a side's outbox.
type Pause struct {
	Side     string
	From, To time.Duration
	Open     bool // it lasted to the run's end
}

// Pauses reads the breakers' series of a run, in the order of time.
func Pauses(r *result.Run) []Pause { return stretches(r, "breaker.") }

// stretches are those in which the series of a side is not zero.
func stretches(r *result.Run, series string) []Pause {
	var out []Pause
	for _, side := range words.Sides {
		points, _ := Series(r, series+side)
		on := false
		for _, p := range points {
			switch closed := p.Value == 0; {
			case !on && !closed:
				out = append(out, Pause{Side: side, From: p.At, To: r.End, Open: true})
				on = true
			case on && closed:
				last := &out[len(out)-1]
				last.To, last.Open, on = p.At, false, false
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Pause) int { return cmp.Compare(a.From, b.From) })
	return out
}

// Series finds a series of a run by name.
func Series(r *result.Run, name string) ([]result.Point, bool) {
	for _, s := range r.Series {
		if s.Name == name {
			return s.Points, true
		}
	}
	return nil, false
}

// At is the value of a step function at an instant; 0 before its first point.
func At(points []result.Point, at time.Duration) float64 {
	i, found := slices.BinarySearchFunc(points, at, func(p result.Point, at time.Duration) int {
		return int(min(1, max(-1, p.At-at)))
	})
	for found && i+1 < len(points) && points[i+1].At == at {
		i++ // several points at one instant: the last one holds
	}
	switch {
	case found:
		return points[i].Value
	case i == 0:
		return 0
	default:
		return points[i-1].Value
	}
}

// Peak is the highest value of a series and when it was first reached.
func Peak(points []result.Point) result.Point {
	var top result.Point
	for i, p := range points {
		if i == 0 || p.Value > top.Value {
			top = p
		}
	}
	return top
}

// Backlog says what the backlog did in the runs that figures are pooled of.
func Backlog(set *result.Set) string {
	set = summary.Pool(set)
	switch len(set.Runs) {
	case 0:
		return "Nothing was run, so there is no backlog to show"
	case 1:
		return backlogOfOne(set)
	}
	var peaks []float64
	for i := range set.Runs {
		if points, ok := Series(&set.Runs[i], "backlog"); ok && len(points) > 0 {
			peaks = append(peaks, Peak(points).Value)
		}
	}
	if len(peaks) == 0 {
		return noQueue(set)
	}
	slices.Sort(peaks)
	if peaks[0] == peaks[len(peaks)-1] {
		return fmt.Sprintf("The backlog peaks at %s references in every run", words.Count(int64(peaks[0])))
	}
	return fmt.Sprintf("The backlog peaks at %s references, depending on the run",
		words.Between(words.Count(int64(peaks[0])), words.Count(int64(peaks[len(peaks)-1]))))
}

// BacklogNamed are the figures of [Backlog]: how high each run went, and how it
// recovered from the fault that drove it there.
func BacklogNamed(set *result.Set) (list []Named) {
	set = summary.Pool(set)
	var peaks []float64
	var highest result.Point
	for i := range set.Runs {
		if points, ok := Series(&set.Runs[i], "backlog"); ok && len(points) > 0 {
			peak := Peak(points)
			if peaks = append(peaks, peak.Value); peak.Value > highest.Value {
				highest = peak
			}
		}
	}
	if len(peaks) == 0 {
		return differingNamed(set)
	}
	if len(set.Runs) > 1 {
		clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
		return []Named{
			{Name: "highest backlog of a run", Value: words.Between(words.Count(int64(slices.Min(peaks))), words.Count(int64(highest.Value))), Runs: peaks},
			{Name: "highest of all, at", Value: clock.Second(highest.At)},
		}
	}
	r := &set.Runs[0]
	points, _ := Series(r, "backlog")
	clock := words.NewClock(set.Scenario.Start, r.End)
	top := Peak(points)
	list = append(list,
		Named{Name: "highest backlog, at " + clock.Second(top.At), Value: words.Count(int64(top.Value))},
		Named{Name: "backlog at the end", Value: words.Count(int64(points[len(points)-1].Value))})
	if rec, ok := worstRecovery(Recoveries(r)); ok && rec.Known {
		list = append(list, Named{Name: "recovered after the end of the " + fault(rec.Fault), Value: words.Duration(rec.Recovered - rec.Fault.To)})
	}
	return list
}

// noQueue says how many pairs differ at once where no backlog is measured, as under the
// data integrator, which has no queue.
func noQueue(set *result.Set) string {
	named := differingNamed(set)
	switch {
	case named == nil:
		return "No backlog was measured"
	case named[0].Value == "0":
		return "No record pair ever differs"
	case len(set.Runs) > 1:
		return fmt.Sprintf("Up to %s record pairs differ at once, depending on the run", named[0].Value)
	default:
		return fmt.Sprintf("Up to %s record pairs differ at once, at %s", named[0].Value, named[1].Value)
	}
}

// differingNamed are how many pairs differ at once at most, and when that was; nil where
// it was not measured.
func differingNamed(set *result.Set) []Named {
	most := Named{Name: "pairs that differ at once, at most"}
	var highest result.Point
	for i := range set.Runs {
		if points, ok := Series(&set.Runs[i], "divergent-pairs"); ok && len(points) > 0 {
			peak := Peak(points)
			if most.Runs = append(most.Runs, peak.Value); peak.Value > highest.Value {
				highest = peak
			}
		}
	}
	if most.Runs == nil {
		return nil
	}
	most.Value = words.Between(words.Count(int64(slices.Min(most.Runs))), words.Count(int64(highest.Value)))
	clock := words.NewClock(set.Scenario.Start, set.Scenario.Length+set.Scenario.Drain)
	return []Named{most, {Name: "the most of all, at", Value: clock.Minute(highest.At)}}
}

func backlogOfOne(set *result.Set) string {
	r := &set.Runs[0]
	points, ok := Series(r, "backlog")
	if !ok || len(points) == 0 {
		return noQueue(set)
	}
	clock := words.NewClock(set.Scenario.Start, r.End)
	top := Peak(points)
	if top.Value == 0 {
		return "Nothing ever waited: the backlog stays at zero"
	}
	text := fmt.Sprintf("The backlog peaks at %s at %s", words.Counted(int64(top.Value), "reference", "references"), clock.Minute(top.At))
	rec, ok := worstRecovery(Recoveries(r))
	switch {
	case !ok || rec.PeakAt != top.At:
		if last := points[len(points)-1]; last.Value > 0 {
			text += fmt.Sprintf(" and is %s at the end", words.Count(int64(last.Value)))
		}
		return text
	case !rec.Known:
		return text + fmt.Sprintf(" and has not recovered from the %s when the run ends", fault(rec.Fault))
	case rec.Fault.Kind == crash && rec.Waited > 0:
		return text + fmt.Sprintf("; all that waited has arrived %s after the %s ends", words.Duration(rec.Recovered-rec.Fault.To), fault(rec.Fault))
	default:
		return text + fmt.Sprintf("; 95 %% of that is worked off %s after the %s ends", words.Duration(rec.Recovered-rec.Fault.To), fault(rec.Fault))
	}
}

// worstRecovery is the one with the highest peak.
func worstRecovery(recs []Recovery) (Recovery, bool) {
	var worst Recovery
	for _, r := range recs {
		if r.Peak > r.Before && r.Peak > worst.Peak {
			worst = r
		}
	}
	return worst, worst.Peak > 0
}

// fault names a fault's kind in prose: "engine crash".
func fault(p result.Period) string { return strings.ReplaceAll(p.Kind, "-", " ") }

// faultName names a fault with its target: "Dataverse outage". The scenario's
// own name for it may be any word, so it is not used.
func faultName(p result.Period) string {
	if p.Target == "" {
		return fault(p)
	}
	return words.Side(p.Target) + " " + fault(p)
}

// FaultLabel names a fault on a plot or in a list: "Dataverse outage · 10m".
func FaultLabel(p result.Period) string {
	if p.To <= p.From {
		return faultName(p)
	}
	return faultName(p) + " · " + words.Duration(p.To-p.From)
}
