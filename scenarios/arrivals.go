package scenarios

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/sim"
)

// Arrivals say when the transactions of a workload come. Which fields count
// depends on Process.
type Arrivals struct {
	Process ArrivalProcess   `key:"process"`
	Rate    Profile          `key:"rate"`   // Poisson, unless Weekly is given
	Weekly  Week             `key:"weekly"` // Poisson
	Rates   [2]Rate          `key:"rates"`  // Bursty: the two rates, the first one first
	Dwell   [2]time.Duration `key:"dwell"`  // Bursty: how long each holds, on average
	Every   time.Duration    `key:"every"`  // Periodic
	First   time.Duration    `key:"first"`  // Periodic
	Users   int              `key:"users"`  // Closed
	Think   sim.Dist         `key:"think"`  // Closed: from the end of one turn to the next
}

// ArrivalProcess names how arrivals are spread.
type ArrivalProcess uint8

// The processes.
const (
	Poisson ArrivalProcess = iota
	Bursty
	Periodic
	Closed // some users who wait for the end of one transaction before they begin another
)

// Profile is a rate over run time, linear between its points and constant
// before the first and after the last. A constant rate has one point.
type Profile []RatePoint

// RatePoint is the rate at an instant.
type RatePoint struct {
	At   time.Duration
	Rate Rate
}

// Week is a rate by the day of the week: each holds from its point to the
// next, the last one into the next week. Points count from Monday 0:00, UTC.
type Week []RatePoint

// weekLength is after what time a [Week] begins anew.
const weekLength = 7 * 24 * time.Hour

// SinceMonday returns how far into its week an instant is.
func SinceMonday(t time.Time) time.Duration {
	t = t.UTC()
	day := (int(t.Weekday()) + 6) % 7
	return time.Duration(day)*24*time.Hour + t.Sub(t.Truncate(24*time.Hour))
}

// expected returns the mean number of arrivals in a run.
func (a *Arrivals) expected(t Time) float64 {
	switch a.Process {
	case Bursty:
		hold := [2]float64{a.Dwell[0].Seconds(), a.Dwell[1].Seconds()}
		mean := (a.Rates[0].PerSecond()*hold[0] + a.Rates[1].PerSecond()*hold[1]) / (hold[0] + hold[1])
		return mean * t.Run.Seconds()
	case Periodic:
		if t.Run < a.First {
			return 0
		}
		return float64(1 + int64((t.Run-a.First)/a.Every))
	}
	if a.Process == Closed { // as if saving took no time
		return float64(a.Users) * t.Run.Seconds() / max(a.Think.Mean(), 1e-3)
	}
	if a.Weekly != nil {
		return a.Weekly.expected(SinceMonday(t.Start), t.Run)
	}
	return a.Rate.expected(t.Run)
}

// expected returns the mean number of events from the start on for a time.
func (p Profile) expected(length time.Duration) float64 {
	end := length.Seconds()
	before, at := p[0].Rate.PerSecond(), 0.0
	sum := 0.0
	for _, point := range p {
		next, rate := min(end, point.At.Seconds()), point.Rate.PerSecond()
		if span := point.At.Seconds() - at; span > 0 && next > at {
			reached := before + (rate-before)*(next-at)/span
			sum += (next - at) * (before + reached) / 2
			at = next
		}
		before = rate
		if at >= end {
			return sum
		}
	}
	return sum + (end-at)*before
}

// expected returns the mean number of events in a time that begins so far into
// a week.
func (w Week) expected(begin, length time.Duration) float64 {
	sum := 0.0
	for week := time.Duration(0); week < begin+length; week += weekLength {
		for i, point := range w {
			from, to := week+point.At, week+weekLength+w[0].At
			if i+1 < len(w) {
				to = week + w[i+1].At
			}
			if i == 0 && week == 0 { // what the Sunday before left
				sum += w[len(w)-1].Rate.PerSecond() * overlap(0, from, begin, begin+length)
			}
			sum += point.Rate.PerSecond() * overlap(from, to, begin, begin+length)
		}
	}
	return sum
}

// overlap returns how many seconds two spans of time have in common.
func overlap(a, b, from, to time.Duration) float64 {
	return max(0, min(b, to)-max(a, from)).Seconds()
}

var arrivalsChoice = choice{
	name:  "arrivals",
	by:    "process",
	usual: "poisson",
	cases: []alternative{
		{word: "poisson", object: poissonObject()},
		{word: "bursty", object: object{name: "bursty arrivals", keys: []key{
			process("bursty", "a rate that alternates between two values"),
			{name: "rates", shape: composite(readTwoRates), required: true, doc: "the two rates, the first one first: [0.2/s, 3/s]"},
			{name: "dwell", shape: composite(readTwoSpans), required: true, doc: "how long each holds on average: [20m, 5m]"},
		}}},
		{word: "periodic", object: object{name: "periodic arrivals", keys: []key{
			process("periodic", "a job on a timetable"),
			{name: "every", shape: positive{timeSpan}, required: true, doc: "the time from one to the next, for example 10m"},
			{
				name: "first", shape: composite(readMoment), standard: "0s", source: "assumed: it begins with the run",
				doc: "when the first one comes, for example 2h or 14:35",
			},
		}}},
		{word: "closed", object: object{name: "closed users", keys: []key{
			process("closed", "users who wait for the end of one transaction before they begin another"),
			{name: "users", shape: leaf{whole(1, 100_000)}, required: true, doc: "how many there are, for example 20"},
			{name: "think", shape: distribution, required: true, doc: "how long each thinks between two turns, for example {dist: exponential, mean: 2m}"},
		}}},
	},
}

func process(word, doc string) key {
	return key{name: "process", required: true, doc: doc, shape: processWord(word)}
}

// processWord is the shape of the one process that an alternative is of.
func processWord(w string) word {
	values := map[string]ArrivalProcess{"poisson": Poisson, "bursty": Bursty, "periodic": Periodic, "closed": Closed}
	return word{name: "an arrival process", choices: []meaning{{word: w, value: values[w]}}}
}

func poissonObject() object {
	return object{name: "arrivals", also: checkPoisson, keys: []key{
		{
			name: "process", standard: "poisson", source: "assumed: many users who do not know of each other", doc: "how arrivals are spread",
			shape: processWord("poisson"),
		},
		{
			name: "rate", shape: composite(readProfile),
			doc: "25/s, or over time {profile: [[0h, 2/s], [1h, 25/s]]}",
		},
		{
			name: "weekly", shape: composite(readWeek),
			doc: "rates by the day of the week, in UTC: [[mon-fri 8h, 25/s], [mon-fri 17h30m, 1/s], [sat 0h, 0/s]]",
		},
	}}
}

// checkPoisson lets arrivals have one rate.
func checkPoisson(c *checker, raw, n *node, path string) {
	profile, week := raw.get("rate"), raw.get("weekly")
	misspelt := func(f field) bool { return nearest(f.key, []string{"rate", "weekly"}) != "" }
	switch {
	case profile == nil && week == nil && slices.ContainsFunc(raw.fields, misspelt): // reported already
	case profile == nil && week == nil:
		c.fault(n, join(path, "rate"), "25/s, or over time {profile: [[0h, 2/s], [1h, 25/s]]}", "arrivals needs the key rate, or weekly")
	case profile != nil && week != nil:
		c.fault(week, join(path, "weekly"), "remove one of them", "rate and weekly both say how often transactions come")
	}
}

// readProfile reads a rate, or one that changes over time.
func readProfile(c *checker, n *node, path string) *node {
	if n.kind == scalar {
		out := leaf{rate}.check(c, n, path)
		if out != nil {
			out.value = Profile{{Rate: as[Rate](out.value)}}
		}
		return out
	}
	const hint = "write 25/s, or {profile: [[0h, 2/s], [1h, 25/s]]}"
	points := n.get("profile")
	if n.kind != mapping || len(n.fields) != 1 || points == nil || points.kind != sequence || len(points.items) == 0 {
		c.fault(n, path, hint, "this is not a rate")
		return nil
	}
	var profile Profile
	canonical := &node{kind: sequence, at: points.at}
	for _, p := range points.items {
		if p.kind != sequence || len(p.items) != 2 {
			c.fault(p, path, hint, "a point of a profile is a pair of a time and a rate")
			continue
		}
		at, r := readMoment(c, p.items[0], path), leaf{rate}.check(c, p.items[1], path)
		if at == nil || r == nil {
			continue
		}
		point := RatePoint{as[time.Duration](at.value), as[Rate](r.value)}
		if len(profile) > 0 && point.At <= profile[len(profile)-1].At {
			c.fault(at, path, "order the points by time", "a point at %s after one at %s", at.text, WriteSpan(profile[len(profile)-1].At))
			continue
		}
		profile = append(profile, point)
		canonical.items = append(canonical.items, &node{kind: sequence, at: p.at, items: []*node{at, r}})
	}
	out := &node{kind: mapping, at: n.at, value: profile}
	out.put("profile", points.at, canonical)
	return out
}

var weekdays = []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// readWeek reads a weekly calendar. Its canonical form has one point for each
// day that is named, in the order of the week.
func readWeek(c *checker, n *node, path string) *node {
	const hint = "write [[mon-fri 8h, 25/s], [mon-fri 17h30m, 1/s]]"
	if n.kind != sequence || len(n.items) == 0 {
		c.fault(n, path, hint, "a list of times and rates is needed, not %s", n.kind)
		return nil
	}
	before := c.errs.count()
	var points []*node // pairs of a moment, whose value is its span, and a rate
	for _, p := range n.items {
		if p.kind != sequence || len(p.items) != 2 || p.items[0].kind != scalar {
			c.fault(p, path, hint, "a point of a week is a pair of a time and a rate")
			continue
		}
		moments, ok := readWeekMoments(p.items[0].text)
		r := leaf{rate}.check(c, p.items[1], path)
		if !ok {
			c.fault(p.items[0], path, hint, "%s is not a time of the week", quote(p.items[0].text))
		}
		if !ok || r == nil {
			continue
		}
		for _, at := range moments {
			m := &node{kind: scalar, at: p.items[0].at, text: writeWeekMoment(at), value: at}
			points = append(points, &node{kind: sequence, at: p.at, items: []*node{m, r}})
		}
	}
	slices.SortStableFunc(points, func(a, b *node) int {
		return cmp.Compare(as[time.Duration](a.items[0].value), as[time.Duration](b.items[0].value))
	})
	out := &node{kind: sequence, at: n.at, items: points}
	var week Week
	for i, p := range points {
		at := p.items[0]
		if i > 0 && points[i-1].items[0].value == at.value {
			c.fault(at, path, "name each time once", "the week has two rates for %s", at.text)
		}
		week = append(week, RatePoint{as[time.Duration](at.value), as[Rate](p.items[1].value)})
	}
	if c.errs.count() > before {
		return nil
	}
	out.value = week
	return out
}

// readWeekMoments reads a day and how far into it: "mon 8h", "mon-fri 17h30m".
func readWeekMoments(text string) ([]time.Duration, bool) {
	days, span, found := strings.Cut(text, " ")
	at, err := readSpan(strings.TrimSpace(span))
	if !found || err != nil || at < 0 || at >= 24*time.Hour {
		return nil, false
	}
	first, last, isRange := strings.Cut(days, "-")
	from := slices.Index(weekdays, first)
	to := from
	if isRange {
		to = slices.Index(weekdays, last)
	}
	if from < 0 || to < from {
		return nil, false
	}
	var moments []time.Duration
	for day := from; day <= to; day++ {
		moments = append(moments, time.Duration(day)*24*time.Hour+at)
	}
	return moments, true
}

func writeWeekMoment(at time.Duration) string {
	return weekdays[at/(24*time.Hour)] + " " + WriteSpan(at%(24*time.Hour))
}

// readTwoRates reads the rates of bursty arrivals.
func readTwoRates(c *checker, n *node, path string) *node {
	out := readTwo(c, n, path, leaf{rate}, "[0.2/s, 3/s]")
	if out == nil {
		return nil
	}
	rates := [2]Rate{as[Rate](out.items[0].value), as[Rate](out.items[1].value)}
	if rates[0].Count == 0 && rates[1].Count == 0 {
		c.fault(n, path, "for example [0/s, 3/s]", "no rate is above zero")
		return nil
	}
	out.value = rates
	return out
}

// readTwoSpans reads how long each state of bursty arrivals lasts.
func readTwoSpans(c *checker, n *node, path string) *node {
	out := readTwo(c, n, path, positive{timeSpan}, "[20m, 5m]")
	if out == nil {
		return nil
	}
	out.value = [2]time.Duration{as[time.Duration](out.items[0].value), as[time.Duration](out.items[1].value)}
	return out
}

// readTwo reads a list of two.
func readTwo(c *checker, n *node, path string, item shape, example string) *node {
	if n.kind != sequence || len(n.items) != 2 {
		c.fault(n, path, "write "+example, "a list of two is needed, one for each state")
		return nil
	}
	a, b := item.check(c, n.items[0], path), item.check(c, n.items[1], path)
	if a == nil || b == nil {
		return nil
	}
	return &node{kind: sequence, at: n.at, items: []*node{a, b}}
}
