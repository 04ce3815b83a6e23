package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// foresee finds what can be known to go otherwise than the author may think,
// without running the scenario.
func foresee(s *Scenario) Warnings {
	f := &foresight{s: s}
	f.sequences()
	f.faults()
	f.losses()
	f.timeout()
	f.load()
	f.lookups()
	f.limits()
	f.mixed()
	f.starts()
	f.uncoded()
	f.open()
	return Warnings(f.warnings.sorted())
}

type foresight struct {
	s        *Scenario
	warnings collector
}

// warn reports a doubt about the value at a path.
func (f *foresight) warn(path, hint, format string, args ...any) {
	n := f.s.tree
	at := n.at
	for segment := range strings.SplitSeq(path, ".") {
		next := n.get(segment)
		if n.kind == sequence {
			if i := slices.IndexFunc(n.items, func(i *node) bool { return i.name == segment }); i >= 0 {
				next = n.items[i]
			}
		}
		if next == nil {
			break
		}
		if n = next; n.at.given() {
			at = n.at
		}
	}
	f.warnings.report(at, path, hint, format, args...)
}

// sequences warns of children that run before their parents. Maps that look
// each other up have no right order, and the engine copes with that.
func (f *foresight) sequences() {
	job := map[int]int{}
	place := map[int]int{}
	for j := range f.s.Jobs {
		for i, m := range f.s.Jobs[j].Sequence {
			job[m], place[m] = j, i
		}
	}
	for child := range f.s.Maps {
		for _, l := range f.s.Maps[child].Lookups {
			for _, parent := range l.Maps {
				f.parent(child, parent, job, place)
			}
		}
	}
}

// parent warns of a map that runs before one that it looks up.
func (f *foresight) parent(child, parent int, job, place map[int]int) {
	if parent == child || f.reaches(parent, child) {
		return
	}
	name, of := f.s.Maps[child].Name, f.s.Maps[parent].Name
	j := f.s.Jobs[job[child]].Name
	switch {
	case job[parent] != job[child]:
		f.warn(join(join("jobs", j), "sequence"), "put both maps into one job", "%s looks up %s, which is in another job; there is no order between jobs", name, of)
	case place[parent] > place[child]:
		f.warn(join(join("jobs", j), "sequence"), "put "+of+" before "+name, "%s runs before %s, which it looks up; its records will wait for theirs", name, of)
	}
}

// reaches reports whether lookups lead from one map to another.
func (f *foresight) reaches(from, to int) bool {
	seen := make([]bool, len(f.s.Maps))
	var visit func(m int) bool
	visit = func(m int) bool {
		if m == to || seen[m] {
			return m == to
		}
		seen[m] = true
		return slices.ContainsFunc(f.s.Maps[m].Lookups, func(l Lookup) bool { return slices.ContainsFunc(l.Maps, visit) })
	}
	return visit(from)
}

// faults warns of what comes too late to strike.
func (f *foresight) faults() {
	end := f.s.Time.End()
	for _, fault := range f.s.Faults {
		if fault.At >= end {
			f.late(join(join("faults", fault.Name), "at"), fault.At)
		}
	}
	for _, o := range f.s.Operators {
		if o.At >= end {
			f.late(join(join("operators", o.Name), "at"), o.At)
		}
	}
	if f.s.Engine.Mode == Integrated {
		f.unheard()
	}
	for _, side := range engine.Sides {
		for _, step := range f.s.Systems.Of(side).Clock.Steps {
			if step.At >= end {
				f.late("systems."+side.String()+".clock.steps."+step.Name+".at", step.At)
			}
		}
	}
}

// late warns of a moment after the end. One within a day whose time of day is before
// that of the start may have been meant for the same day.
func (f *foresight) late(path string, at time.Duration) {
	start := f.s.Time.Start
	hint, clock := "move it, or lengthen time.run", start.Add(at).Format("15:04")
	if begins := start.Format("15:04"); at < 24*time.Hour && clock < begins {
		hint = fmt.Sprintf("%s before the start at %s is the next day's: move it, or let time.start be earlier", clock, begins)
	}
	f.warn(path, hint, "at %s the run is over; it ends at %s", WriteSpan(at), WriteSpan(f.s.Time.End()))
}

// unheard warns of what the data integrator has nothing of: it is left out.
func (f *foresight) unheard() {
	const hint = "it counts in the other modes"
	for _, fault := range f.s.Faults {
		if fault.Kind == StoreFull {
			f.warn(join(join("faults", fault.Name), "kind"), hint, "the data integrator has no store that could be full; the fault is left out")
		}
	}
	if len(f.s.Operators) > 0 {
		f.warn("operators", hint, "the data integrator has neither jobs nor an error desk; operators are left out")
	}
}

// losses warns of loss that is more likely a slip of the pen than a network.
func (f *foresight) losses() {
	const doubtful = 0.5
	for _, side := range engine.Sides {
		if l := f.s.Links.Of(side).Loss; l >= doubtful {
			f.warn("links.engine->"+side.String()+".loss", "most attempts will time out", "%s of all requests or answers are lost", share.write(l))
		}
		if l := f.s.Systems.Of(side).Notification.Loss; l >= doubtful {
			f.warn("systems."+side.String()+".notification.loss", "most changes will wait for engine.poll", "%s of all notifications are lost", share.write(l))
		}
	}
}

// timeout warns of requests that have hardly a chance to be answered.
func (f *foresight) timeout() {
	for _, side := range engine.Sides {
		y := f.s.Systems.Of(side)
		took := 2*f.s.Links.Of(side).Latency.Mean() + y.Apply.Mean() + float64(f.s.Engine.Batch)*y.PerRecord.Mean()
		if took > f.s.Engine.Timeout.Seconds() {
			f.warn("engine.timeout", "raise it, or make engine.batch smaller", "a full batch takes %s on average on %s, longer than the timeout of %s",
				about(took), side, WriteSpan(f.s.Engine.Timeout))
		}
	}
}

// load warns of more than a system can serve, and of more than anybody waits
// for.
func (f *foresight) load() {
	const changesMany = 2_000_000
	var busy [2]float64 // servers in use on average
	changes, working := 0.0, false
	for i := range f.s.Records {
		changes += float64(f.s.Records[i].Count())
	}
	for i := range f.s.Workload {
		w := &f.s.Workload[i]
		working = working || w.Enabled
		if !w.Enabled || w.Trace != nil {
			continue
		}
		transactions, records := w.Expected(f.s.Time)
		if transactions < 1 {
			f.warn(join(join("workload", w.Name), "arrivals.rate"), "is a rate too low?", "%.2g transactions are expected in the whole run", transactions)
		}
		changes += transactions * records
		y := f.s.Systems.Of(w.Side)
		busy[w.Side] += transactions * (y.Commit.Mean() + records*y.PerRecord.Mean()) / f.s.Time.Run.Seconds()
	}
	for _, side := range engine.Sides {
		if servers := f.s.Systems.Of(side).Servers; busy[side] > float64(servers) {
			f.warn("workload", "users will queue without end; is a rate too high?", "the workload keeps %.0f servers busy on average; %s has %d", busy[side], side, servers)
		}
	}
	if changes > changesMany {
		f.warn("workload", "is a rate or a count too high?", "about %.2g changes are expected; the run will take long", changes)
	}
	if !working {
		f.warn("workload", "set enabled: true on one", "no workload is enabled; nothing will happen")
	}
}

// Expected returns how many transactions a generator makes on average in a run,
// and how many records each writes.
func (w *Workload) Expected(t Time) (transactions, records float64) {
	for _, step := range w.Transaction {
		for _, c := range []sim.Count{step.Create, step.Update, step.Delete} {
			if c != nil {
				records += c.Mean()
			}
		}
	}
	return w.Arrivals.expected(t), records
}

// lookups warns of maps that initial sync would not export.
func (f *foresight) lookups() {
	for _, m := range f.s.Maps {
		if n := len(m.Lookups); n > engine.LookupsMax {
			f.warn(join(join("maps", m.Name), "lookups"), "documented: initial sync refuses more than "+fmt.Sprint(engine.LookupsMax)+"; leave some out if the map is to be loaded that way",
				"%s has %d lookups: initial sync cannot export it from Dataverse", m.Name, n)
		}
	}
}

// open warns of lookups of templates that were left out, because the maps that they
// lead to are not there.
func (f *foresight) open() {
	const shown = 4
	var texts []string
	for _, o := range f.s.Open {
		texts = append(texts, o.Map+"."+o.Column+" ("+o.Leads+")")
	}
	if len(texts) == 0 {
		return
	}
	more := ""
	if n := len(texts) - shown; n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	f.warn("maps", "add these maps, if records are to wait for theirs", "lookups of templates whose maps the scenario does not have are left out: %s%s", strings.Join(texts[:min(shown, len(texts))], ", "), more)
}

// limits warns of loads above what a documented limit lets pass.
func (f *foresight) limits() {
	// 6,000 requests in a sliding window of 300 s, for each user and web server.
	const requests, window = 6000, 300.0
	carried := 0.0
	for i := range f.s.Workload {
		w := &f.s.Workload[i]
		if w.Enabled && w.Trace == nil && w.Side == engine.FinOps {
			transactions, records := w.Expected(f.s.Time)
			carried += transactions * records
		}
	}
	limit := ", and none is set under systems.dataverse.throttle"
	if f.s.Systems.Dataverse.Throttle != nil {
		limit = ""
	}
	sent := carried / float64(f.s.Engine.Batch) / f.s.Time.Run.Seconds()
	if sent > requests/window {
		f.warn("engine.batch", "make engine.batch larger, or the load smaller",
			"about %.0f write requests a second go to Dataverse on average; documented: a user may send %d in %.0f s%s", sent, requests, window, limit)
	}
}

// mixed warns of transactions that write to maps of both modes: capture refuses
// them.
func (f *foresight) mixed() {
	if f.s.Engine.Mode != Async {
		return
	}
	for i := range f.s.Workload {
		w := &f.s.Workload[i]
		maps := make([]int, 0, len(w.Transaction))
		for _, step := range w.Transaction {
			if step.Delete == nil { // deletes go live whatever the mode
				maps = append(maps, step.Map)
			}
		}
		where := "transaction"
		if w.Trace != nil {
			where = "trace.rows"
			for _, r := range w.Trace.Rows {
				if r.Ahead == 0 {
					maps = append(maps, r.Map)
				}
			}
		}
		var of [2]string
		for _, m := range maps {
			if mode := f.s.Maps[m].Mode; mode == engine.Live {
				of[1] = f.s.Maps[m].Name
			} else {
				of[0] = f.s.Maps[m].Name
			}
		}
		if of[0] != "" && of[1] != "" {
			f.warn(join(join("workload", w.Name), where), "give both maps one mode, or write them in transactions of their own",
				"a transaction that writes to %s, which is async, and to %s, which is live, is refused as mixed", of[0], of[1])
		}
	}
}

// about rounds seconds for a message.
func about(seconds float64) string {
	return fmt.Sprint(time.Duration(seconds * 1e9).Round(time.Millisecond))
}
