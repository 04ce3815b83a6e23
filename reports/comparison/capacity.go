package comparison

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// dial is a number of the engine that can be turned up and down.
type dial struct{ what, path string }

var (
	workersDial = dial{workersWhat, "engine.workers"}
	batchDial   = dial{batchWhat, "engine.batch"}
)

// Shares of busy time: below few, workers are not what changes wait for; above
// many, they are.
const (
	few  = 100  // per 10,000
	many = 2000 // per 10,000
)

// workers judges the number of workers by what half and double of it do, and,
// where that was not tried, by how often none is free.
func (a *adviser) workers() Choice {
	c := Choice{What: workersWhat, Answer: Undecided, Because: []string{}}
	text := input(a.sc, workersDial.path, "")
	n, err := strconv.Atoi(text)
	if err != nil {
		return c
	}
	full := a.measure(asyncMode, "busy time in which no worker is free, per 10,000", TenThousand, busy(float64(n), true))
	mean := a.measure(asyncMode, "busy workers in that time", Number, busy(float64(n), false))
	c.Because = append(c.Because,
		fmt.Sprintf("of the time in which any of the %d workers is busy, all are in %s", n, full.text()),
		fmt.Sprintf("busy on average in that time: %s", mean.text()))
	c.Flips = "the load grows, or the systems become slower, until all are busy"
	if a.turned(&c, workersDial, n) {
		return c
	}
	switch {
	case full.Known && full.Runs > 1 && full.High < few:
		c.Answer = text + " are enough"
		return c
	case full.above() && full.Low > many:
		c.Answer = "more than " + text
		c.Flips = "a system, or its limits, cannot take more requests at once"
	default:
		c.Flips = "the sweep below shows that more workers bring nothing"
	}
	c.Ask = a.sweep(workersDial, n)
	return c
}

// batch judges the size of batches in the same way, or by how full they are.
func (a *adviser) batch() Choice {
	c := Choice{What: batchWhat, Answer: Undecided, Because: []string{}}
	text := input(a.sc, batchDial.path, "")
	n, err := strconv.Atoi(text)
	if err != nil {
		return c
	}
	fill := a.measure(asyncMode, "items in flight for each request under way", Number, batchFill)
	c.Because = append(c.Because, fmt.Sprintf("items in flight for each request under way, of at most %d: %s", n, fill.text()))
	c.Flips = "the load grows: fuller batches then wait for their slowest record"
	switch {
	case a.turned(&c, batchDial, n):
	case fill.Known && fill.Runs > 1 && float64(fill.High) < float64(n)/2:
		c.Answer = text + " is enough"
	default:
		c.Ask = a.sweep(batchDial, n)
	}
	return c
}

// asEngine is the answer of a map by whose own figures nothing can be told.
const asEngine = "as the engine's"

// mapCapacity is what a number of the engine, which has one for all maps, does
// to one of them.
func (a *adviser) mapCapacity(d dial, m int) Choice {
	c := Choice{What: d.what, Answer: asEngine, Because: []string{}}
	n, err := strconv.Atoi(input(a.sc, d.path, ""))
	switch {
	case err != nil || a.turned(&c, d, n):
	case len(c.Because) > 0:
		c.Answer = Undecided
	default:
		c.Because = append(c.Because, fmt.Sprintf("%s was not looked at by itself", a.sc.Maps[m].Name))
	}
	return c
}

// turned decides by what half and double of a number do to the changes in
// question. It reports false where neither was tried, or nothing can be said.
func (a *adviser) turned(c *Choice, d dial, n int) bool {
	same, answer := "", ""                         // same: the lesser number that shows no difference
	for _, t := range a.triedOf(d.what, a.about) { // the lesser comes first
		other, _ := strconv.Atoi(t.variant.Name)
		c.Because = append(c.Because, t.texts()...)
		switch shown := t.shown(); {
		case shown == Unknown:
			return false
		case shown == Better: // where both are, the greater
			answer, c.decided = t.variant.Name, t.decisive()
		case shown == Nothing && other < n:
			same = t.variant.Name
			fallthrough
		case answer == "":
			answer, c.decided = strconv.Itoa(n), t.decisive()
		}
	}
	switch {
	case answer == "":
		return false
	case answer != strconv.Itoa(n):
		c.Flips = "what is gained is not worth " + answer + ", which costs the systems something that is not modelled"
	case same != "":
		answer += "; with " + same + " no difference is shown"
	}
	c.Answer = answer
	return true
}

// sweep is the line that goes through half, as it is, and double.
func (a *adviser) sweep(d dial, n int) string {
	var values []string
	for _, v := range slices.Compact([]int{max(1, n/2), n, 2 * n}) {
		values = append(values, strconv.Itoa(v))
	}
	return fmt.Sprintf("twinwrite sweep %s --axis %s=%s --runs 10", a.name(), d.path, strings.Join(values, ","))
}
