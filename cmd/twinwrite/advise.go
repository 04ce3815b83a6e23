package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/twinwrite/twinwrite/reports/comparison"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/scenarios/runs"
)

// eventsMost bounds what advice may cost, counted in simulated events, so that the
// same is tried on every machine. It is some minutes of work of one core.
const eventsMost = 50_000_000

// trial is a few runs of a scenario with some of its settings changed.
type trial struct {
	sets []string // all of them, as --set takes them
	runs int      // how many of the scenario's runs
	set  *result.Set
}

// advise tries for the advice on a comparison of modes what [comparison.Variants]
// lists, and then, of the assumptions that move a figure of it, what each does to
// the whole comparison. Trials are no part of a shard's share: they rest on the
// results of all shards, and are made where those are merged.
func (f *compareFlags) advise(cmd *cobra.Command, name string, all []*contender, c *result.Comparison) error {
	async := slices.IndexFunc(all, func(x *contender) bool { return x.name == scenarios.Async.String() })
	if f.modes == nil || async < 0 || len(all) < 2 {
		return nil
	}
	if !f.advice {
		c.Untried = []string{"Other settings and assumptions were not tried (--advice=false)."}
		return nil
	}
	variants, untried := comparison.Variants(c)
	c.Untried = untried
	if variants == nil {
		return nil
	}
	events := uint64(0)
	for i := range all[async].set.Runs {
		events = max(events, all[async].set.Runs[i].Events)
	}
	ad := &advising{flags: f, cmd: cmd, name: name, all: all, async: async, events: events, most: eventsMost}
	if err := ad.variants(c, variants); err != nil {
		return err
	}
	if err := ad.assumptions(c, variants); err != nil {
		return err
	}
	ad.most = min(eventsMost, ad.spent+ad.spent/4)
	if err := comparison.Narrow(c, ad.ways); err != nil {
		return err
	}
	if cmd.Context().Err() != nil { // what was cut short says nothing
		c.Variants, c.Assumed, c.Untried = nil, nil, []string{"Other settings and assumptions were not tried: the comparison was interrupted."}
	}
	return nil
}

// advising is the work of one piece of advice.
type advising struct {
	flags  *compareFlags
	cmd    *cobra.Command
	name   string
	all    []*contender
	async  int
	events uint64 // of one run, at most
	spent  uint64 // events, as estimated beforehand
	most   uint64 // that may be spent
	ways   []comparison.Way
}

// affords takes so many runs from what may be spent.
func (ad *advising) affords(runs int) bool {
	cost := ad.events * uint64(max(runs, 0))
	if ad.spent+cost > ad.most {
		return false
	}
	ad.spent += cost
	return true
}

// variants runs what is to be tried.
func (ad *advising) variants(c *result.Comparison, list []result.Variant) error {
	if !ad.affords(len(list) * comparison.VariantRuns) {
		c.Untried = append(c.Untried, ad.tooLong("Other primary sides, sequences, workers and batches"))
		return nil
	}
	trials := make([]*trial, len(list))
	for i, v := range list {
		trials[i] = &trial{sets: append(slices.Clone(ad.all[ad.async].sets), v.Path+"="+v.Value), runs: comparison.VariantRuns}
	}
	ad.say("%d other settings, %d runs each", len(list), comparison.VariantRuns)
	if err := ad.run(trials); err != nil {
		return err
	}
	c.Variants = filled(list, trials)
	return nil
}

// filled are the variants whose trials could be made: a setting that the scenario
// does not allow is none.
func filled(list []result.Variant, trials []*trial) []result.Variant {
	var out []result.Variant
	for i, v := range list {
		if v.Set = trials[i].set; v.Set != nil {
			out = append(out, v)
		}
	}
	return out
}

// assumptions probes every other value of every assumption with one run, and
// makes the comparison again under those that move most.
func (ad *advising) assumptions(c *result.Comparison, variants []result.Variant) error {
	values, err := ad.values()
	if err != nil {
		return err
	}
	if !ad.affords(len(values)) {
		c.Untried = append(c.Untried, ad.tooLong("Other values of assumptions"))
		return nil
	}
	trials := make([]*trial, len(values))
	for i, v := range values {
		trials[i] = &trial{sets: append(slices.Clone(ad.all[v.of].sets), v.other.Point.Sets()...), runs: 1}
	}
	ad.say("%d probes of other values of assumptions, one run each", len(values))
	if err := ad.run(trials); err != nil {
		return err
	}
	var probes []comparison.Probe
	var probed []value
	for i, v := range values {
		if trials[i].set != nil {
			probes, probed = append(probes, comparison.Probe{Path: v.Path, Other: v.other.Name, Set: trials[i].set}), append(probed, v)
		}
	}
	picked := comparison.Moving(c, probes)
	c.Untried = append(c.Untried, fmt.Sprintf("Assumptions: other values were probed with %d runs, each paired with the comparison's own: one in the engine's mode and one in live sync, where that is compared, and those of the integrator's own settings in its mode. Examined with %d runs in all modes were the at most %d assumptions that moved a figure most, by a tenth at least, each at the value that moved it most: %d.",
		len(probes), comparison.VariantRuns, comparison.ExaminedMost, len(picked)))
	for _, i := range picked {
		if !ad.affords((len(ad.all) + len(variants)) * comparison.VariantRuns) {
			c.Untried = append(c.Untried, ad.tooLong(probed[i].Path+" at "+probed[i].other.Name))
			continue
		}
		if err := ad.examine(c, variants, &probed[i]); err != nil {
			return err
		}
	}
	return nil
}

// examine makes the comparison with its variants again under another value.
func (ad *advising) examine(c *result.Comparison, variants []result.Variant, v *value) error {
	like := *c
	like.Variants = variants
	ad.say("%s: the comparison again, %d runs each", strings.Join(v.other.Point.Sets(), " "), comparison.VariantRuns)
	under, err := ad.again(&like, v.other.Point)
	if under == nil || err != nil {
		return err
	}
	c.Assumed = append(c.Assumed, result.Assumed{Path: v.Path, Value: v.Value, Other: v.other.Name, Under: under})
	var w comparison.Way
	if _, _, ok := v.Between(v.other, 0); ok {
		w = way{ad, v}
	}
	ad.ways = append(ad.ways, w)
	return nil
}

// again makes the settings and variants of a comparison with other values; nil where
// a mode does not allow them.
func (ad *advising) again(like *result.Comparison, point scenarios.Point) (*result.Comparison, error) {
	var trials []*trial
	for _, s := range like.Settings {
		i := slices.IndexFunc(ad.all, func(x *contender) bool { return x.name == s.Name })
		trials = append(trials, &trial{sets: append(slices.Clone(ad.all[i].sets), point.Sets()...), runs: comparison.VariantRuns})
	}
	for _, x := range like.Variants {
		sets := append(slices.Clone(ad.all[ad.async].sets), point.Sets()...)
		trials = append(trials, &trial{sets: append(sets, x.Path+"="+x.Value), runs: comparison.VariantRuns})
	}
	if err := ad.run(trials); err != nil {
		return nil, err
	}
	under := &result.Comparison{Name: like.Name, Axis: like.Axis, Command: like.Command}
	for i, s := range like.Settings {
		if trials[i].set == nil {
			return nil, nil //nolint:nilnil // there is none, and that is no fault
		}
		under.Settings = append(under.Settings, result.Setting{Name: s.Name, Set: trials[i].set})
	}
	under.Variants = filled(like.Variants, trials[len(like.Settings):])
	return under, nil
}

// way leads from an assumption's value to the other one, by trials that may be
// afforded.
type way struct {
	ad *advising
	v  *value
}

func (w way) At(share float64) (name string, times float64) {
	o, times, _ := w.v.Between(w.v.other, share)
	return o.Name, times
}

func (w way) Try(share float64, like *result.Comparison) (*result.Comparison, error) {
	if !w.ad.affords((len(like.Settings) + len(like.Variants)) * comparison.VariantRuns) {
		return nil, nil //nolint:nilnil // what it costs is more than may be spent
	}
	o, _, _ := w.v.Between(w.v.other, share)
	w.ad.say("%s: where an answer turns, %d runs each", strings.Join(o.Point.Sets(), " "), comparison.VariantRuns)
	return w.ad.again(like, o.Point)
}

// value is another value of an assumption, and the contender that is probed.
type value struct {
	scenarios.Assumption
	other scenarios.Other
	of    int
}

// values lists all other values: those of the integrator's own settings are of
// its mode, all others of async, and of live sync once more, which may be alone in
// noticing them.
func (ad *advising) values() (list []value, err error) {
	for i, x := range ad.all {
		integrator := x.name == scenarios.Integrated.String()
		if i != ad.async && !integrator && x.name != scenarios.AllLive.String() {
			continue
		}
		assumptions, err := scenarios.Assumptions(ad.name, x.sets...)
		if err != nil {
			return nil, exit{exitInvalid, err}
		}
		for _, a := range assumptions {
			tried := strings.HasPrefix(a.Path, "engine.workers") || strings.HasPrefix(a.Path, "engine.batch")
			if tried || integrator != strings.HasPrefix(a.Path, "integrator.") {
				continue
			}
			for _, o := range a.Others {
				list = append(list, value{a, o, i})
			}
		}
	}
	return list, nil
}

// run makes the runs of trials, as many at a time as there are jobs. A trial that
// the scenario does not allow stays without results.
func (ad *advising) run(trials []*trial) error {
	faults := make([]error, len(trials))
	next := make(chan int)
	var workers sync.WaitGroup
	for range max(ad.flags.jobs, 1) {
		workers.Go(func() {
			for i := range next {
				if ad.cmd.Context().Err() == nil {
					faults[i] = trials[i].run(ad.cmd.Context(), ad.name)
				}
			}
		})
	}
	for i := range trials {
		next <- i
	}
	close(next)
	workers.Wait()
	return errors.Join(faults...)
}

func (t *trial) run(ctx context.Context, name string) error {
	s, _, err := scenarios.Load(name, t.sets...)
	if err != nil {
		return nil //nolint:nilerr // the value is not one that the scenario can have
	}
	set, err := runs.Simulate(ctx, s, runs.Options{Takes: func(run int) bool { return run < t.runs }})
	if err := broken(err); err != nil {
		return err
	}
	t.set = set
	return nil
}

func (ad *advising) tooLong(what string) string {
	return fmt.Sprintf("%s were not tried: a run of this scenario is too long for it. 'twinwrite sweep %s' with --axis or --tornado does.", what, quote(ad.name))
}

func (ad *advising) say(format string, args ...any) {
	if !ad.flags.quiet {
		fmt.Fprintf(ad.cmd.ErrOrStderr(), "twinwrite: advice: "+format+"\n", args...)
	}
}
