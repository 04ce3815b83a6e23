package comparison

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/reports/words"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// VariantRuns is how often at most a variant is run, and a comparison under
// another value of an assumption: run i with the draws of the comparison's run i.
const VariantRuns = 5

// What is decided: the mode by the modes beside each other, all else in variants.
const (
	modeWhat     = "mode"
	primaryWhat  = "primary"
	sequenceWhat = "sequence"
	workersWhat  = "workers"
	batchWhat    = "batch"
)

// busiestMost is how many table maps are asked about workers and batch, and how
// many pairs of neighbours exchange their places: those with most changes.
const busiestMost = 4

// Variants lists what is worth trying for advice on a comparison of modes, async
// among them: the other primary side where changes lost to this one, neighbours
// of a job exchanged, and half and double of workers and batch. The second
// result says what was left out, and why. The schedule depends on nothing but
// the scenario and its results.
func Variants(c *result.Comparison) (list []result.Variant, untried []string) {
	a := newAdviser(c)
	if a == nil {
		return nil, nil
	}
	if len(a.sets[asyncMode].Runs) < 2 {
		return nil, []string{"One run has no interval, so nothing else was tried."}
	}
	for _, job := range a.jobs() {
		if a.meets(job) {
			list = append(list, a.otherPrimary(job))
		} else {
			untried = append(untried, fmt.Sprintf("The other primary side of job %s was not tried: no change of its maps lost to the primary.", job.name))
		}
	}
	pairs := a.neighbours()
	if left := len(pairs) - busiestMost; left > 0 {
		untried = append(untried, fmt.Sprintf("Of the exchanges of neighbours in a sequence, %s of the %d were tried, those of the maps with most changes; other orders were not.", words.Count(busiestMost), len(pairs)))
		pairs = pairs[:busiestMost]
	} else if len(pairs) > 0 {
		untried = append(untried, "Of the orders of a job's maps, those that exchange two neighbours were tried, and no others.")
	}
	list = append(list, pairs...)
	for _, d := range []dial{workersDial, batchDial} {
		now, err := strconv.Atoi(input(a.sc, d.path, ""))
		if err != nil {
			continue
		}
		for _, n := range []int{now / 2, 2 * now} {
			if n > 0 {
				list = append(list, result.Variant{What: d.what, Name: strconv.Itoa(n), Path: d.path, Value: strconv.Itoa(n), Maps: a.busiest()})
			}
		}
	}
	if left := len(a.sc.Maps) - busiestMost; left > 0 {
		untried = append(untried, fmt.Sprintf("What workers and batch do to single maps was looked at for the %d with most changes.", busiestMost))
	}
	return list, untried
}

// job is an integration job as the scenario's settings tell of it.
type job struct {
	name string
	maps []string // in their sequence
}

// jobs lists the jobs with the order of their maps.
func (a *adviser) jobs() (list []job) {
	for _, in := range a.sc.Inputs {
		rest, ok := strings.CutPrefix(in.Path, "jobs.")
		name, isSequence := strings.CutSuffix(rest, ".sequence")
		if ok && isSequence {
			list = append(list, job{name, strings.FieldsFunc(in.Value, func(r rune) bool { return strings.ContainsRune("[], \"", r) })})
		}
	}
	return list
}

// jobOf is the job that a map belongs to.
func (a *adviser) jobOf(m int) job {
	for _, j := range a.jobs() {
		if slices.Contains(j.maps, a.sc.Maps[m].Name) {
			return j
		}
	}
	return job{}
}

// meets reports whether changes of a job's maps lose to the primary.
func (a *adviser) meets(j job) bool {
	set := a.sets[asyncMode]
	for i := range set.Runs {
		for _, o := range set.Runs[i].Outcomes {
			if o.Class == "conflict" && o.Count > 0 && slices.Contains(j.maps, o.Map) {
				return true
			}
		}
	}
	return false
}

func (a *adviser) otherPrimary(j job) result.Variant {
	other := words.Sides[0]
	if input(a.sc, "jobs."+j.name+".primary", other) == other {
		other = words.Sides[1]
	}
	return result.Variant{What: primaryWhat, Name: words.Side(other), Maps: j.maps, Path: "jobs." + j.name + ".primary", Value: other}
}

// neighbours are the exchanges of two maps that follow each other in a job, those
// with most changes first.
func (a *adviser) neighbours() []result.Variant {
	var list []result.Variant
	changes := map[string]uint64{}
	for m := range a.sc.Maps {
		changes[a.sc.Maps[m].Name] = a.changes(m)
	}
	for _, j := range a.jobs() {
		for i := 1; i < len(j.maps); i++ {
			order := slices.Clone(j.maps)
			order[i-1], order[i] = order[i], order[i-1]
			list = append(list, result.Variant{
				What: sequenceWhat, Name: order[i-1] + " before " + order[i], Maps: []string{j.maps[i-1], j.maps[i]},
				Path: "jobs." + j.name + ".sequence", Value: "[" + strings.Join(order, ", ") + "]",
			})
		}
	}
	slices.SortStableFunc(list, func(x, y result.Variant) int {
		return cmp.Compare(changes[y.Maps[0]]+changes[y.Maps[1]], changes[x.Maps[0]]+changes[x.Maps[1]])
	})
	return list
}

// changes counts a map's changes in all runs.
func (a *adviser) changes(m int) (n uint64) {
	set := a.sets[asyncMode]
	for i := range set.Runs {
		if r := &set.Runs[i]; m < len(r.Maps) {
			n += both(r.Maps[m].Captured) + both(r.Maps[m].Live)
		}
	}
	return n
}

// busiest names the maps with most changes.
func (a *adviser) busiest() []string {
	order := make([]int, len(a.sc.Maps))
	for m := range order {
		order[m] = m
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(a.changes(y), a.changes(x)) })
	var names []string
	for _, m := range order[:min(busiestMost, len(order))] {
		names = append(names, a.sc.Maps[m].Name)
	}
	return names
}
