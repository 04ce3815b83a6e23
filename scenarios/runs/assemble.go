package runs

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/sim"
)

// ModelVersion names the behaviour of the simulated world. A change that can
// move any result takes a new one, and with it results get a new identity.
const ModelVersion = "4"

// plan is what all runs of a scenario share: the table maps and the recorded
// transactions, read once.
type plan struct {
	scenario  *scenarios.Scenario
	maps      []*engine.TableMap
	traces    map[int][]users.Transaction // by workload
	companies []string                    // of traces and records, sorted
}

// noCompany is where generators create records when nothing names a company:
// the legal entity that every F&O environment has.
const noCompany = "DAT"

func newPlan(s *scenarios.Scenario) (*plan, error) {
	if err := s.LoadSamples(); err != nil {
		return nil, err
	}
	p := &plan{scenario: s, traces: map[int][]users.Transaction{}}
	for _, d := range Tables(s) {
		m, err := engine.NewTableMap(d)
		if err != nil {
			return nil, fmt.Errorf("assemble scenario %s: %w", s.Name, err)
		}
		p.maps = append(p.maps, m)
	}
	for i := range s.Workload {
		w := &s.Workload[i]
		if !w.Enabled || w.Trace == nil {
			continue
		}
		recorded, err := s.Transactions(w)
		if err != nil {
			return nil, err
		}
		p.record(i, recorded)
	}
	for i := range s.Records {
		for _, company := range s.Records[i].Companies {
			p.company(company)
		}
	}
	slices.Sort(p.companies)
	if len(p.companies) == 0 {
		p.companies = []string{noCompany}
	}
	return p, nil
}

// tableMap declares a map to the engine: its data columns, then its lookups.
func tableMap(s *scenarios.Scenario, i int) engine.TableMap {
	m := &s.Maps[i]
	t := engine.TableMap{
		ID: engine.MapID(i), Keys: model.KeyForm(), Name: m.Name, Entity: [2]string{m.FinOps, m.Dataverse}, Company: m.Company, Mode: m.Mode,
		Granularity: m.Granularity, Filter: [2]engine.Filter{m.Filter.FinOps, m.Filter.Dataverse}, Key: m.Key,
		AsyncUnsupported: m.Async == scenarios.Unsupported, Unlinked: m.Unlinked, OnLeave: m.OnLeave,
	}
	if s.Engine.Mode == scenarios.AllLive {
		t.Mode = engine.Live
	}
	for _, job := range s.Jobs {
		if place := slices.Index(job.Sequence, i); place >= 0 {
			t.Sequence, t.Primary = place+1, job.Primary
		}
	}
	for i := range m.Columns {
		t.Columns = append(t.Columns, column(m, &m.Columns[i]))
	}
	for _, l := range m.Lookups {
		t.Columns = append(t.Columns, engine.Column{Name: l.Column, Flow: m.Direction, Lookups: mapIDs(l.Maps)})
	}
	return t
}

func mapIDs(maps []int) (ids []engine.MapID) {
	for _, m := range maps {
		ids = append(ids, engine.MapID(m))
	}
	return ids
}

// column declares a column with what happens to its values on the sides to
// which it flows.
func column(m *scenarios.Map, c *scenarios.Column) engine.Column {
	flow := c.Flow(m)
	out := engine.Column{Name: c.Name, Flow: flow, Unique: c.Unique, Canonical: engine.Form{
		TrimBlanks: c.Canonical.TrimBlanks, FoldCase: c.Canonical.FoldCase, EmptyIsNull: c.Canonical.EmptyIsNull, Step: c.Canonical.Step,
	}}
	value := func(t *scenarios.Content) engine.Value {
		if t == nil {
			return engine.Value{}
		}
		v, _ := c.Value(string(*t)) // the scenario was checked
		return v
	}
	into := engine.Transform{Constant: value(c.Constant), Default: value(c.Default)}
	if c.Values != nil {
		into.Values = &engine.ValueMap{Name: m.Name + "." + c.Name, FallThrough: c.Values.FallThrough}
		for _, p := range c.Values.Pairs {
			a, _ := c.Value(p[engine.FinOps])
			b, _ := c.Value(p[engine.Dataverse])
			into.Values.Pairs = append(into.Values.Pairs, [2]engine.Value{a, b})
		}
	}
	if flow != engine.ToFinOps {
		out.Into[engine.Dataverse] = into
	}
	if flow != engine.ToDataverse {
		out.Into[engine.FinOps] = into
	}
	return out
}

// record turns the planned transactions of a trace into what users do.
func (p *plan) record(workload int, recorded []scenarios.Transaction) {
	list := make([]users.Transaction, len(recorded))
	for i, r := range recorded {
		t := users.Transaction{At: sim.Time(r.At), Side: r.Side, Edits: make([]system.Edit, len(r.Rows))}
		if slices.Contains(p.scenario.Spotlight, r.ID) {
			t.Name = r.ID // the oracle follows what has a name
		}
		for j := range r.Rows {
			t.Edits[j] = p.edit(&r.Rows[j])
		}
		list[i] = t
	}
	p.traces[workload] = list
}

// company notes a company that records belong to.
func (p *plan) company(name string) {
	if name != "" && !slices.Contains(p.companies, name) {
		p.companies = append(p.companies, name)
	}
}

// edit turns a planned row into an edit. Masters that several traces book, and
// rows that a traced day updates, are written whether they exist or not.
func (p *plan) edit(r *scenarios.Row) system.Edit {
	m := &p.scenario.Maps[r.Map]
	p.company(r.Company)
	e := system.Edit{
		Map: engine.MapID(r.Map), Op: system.Create,
		Name: system.Name{Company: r.Company, ID: engine.JoinKey(r.Key...)},
	}
	switch r.Op {
	case engine.Update:
		e.Op = system.Upsert
	case engine.Delete:
		e.Op = system.Delete
		return e
	}
	for _, c := range r.Values {
		a := system.Assignment{Column: c.Index}
		switch {
		case m.Columns[c.Index].Type == scenarios.Number:
			a.Value = engine.Number(c.Number)
		case c.Text != "":
			a.Value = engine.Text(c.Text)
		}
		e.Set = append(e.Set, a)
	}
	for _, c := range r.Lookups {
		a := system.Assignment{Column: len(m.Columns) + c.Index}
		if c.Text != "" {
			a.Map, a.Lookup = engine.MapID(c.Map), &system.Name{ID: engine.JoinKey(c.Text)}
			if p.scenario.Maps[c.Map].Company {
				a.Lookup.Company = r.Company
			}
		}
		e.Set = append(e.Set, a)
	}
	return e
}

// world builds the configuration of one run's world.
func (p *plan) world(run int) model.Config {
	s := p.scenario
	c := model.Config{
		Seed: s.Seed, Run: uint64(run), EventsMax: eventsMax,
		Maps: p.maps, End: sim.Time(s.Time.End()),
		Driver: driver.Config{
			Engine: engine.Config{
				Workers: s.Engine.Workers, Batch: s.Engine.Batch, QueueMax: s.Engine.Queue, Poll: s.Engine.Poll,
				Attempts: s.Engine.Retry.Attempts, RetryBase: s.Engine.Retry.Base,
				RetryTimes: s.Engine.Retry.Factor, RetryCap: s.Engine.Retry.Cap,
				TripAfter: s.Engine.Breaker.TripAfter, Probe: s.Engine.Breaker.Probe,
				Barrier: s.Engine.Sequence == scenarios.Barrier, Unordered: !s.Engine.DependencyGraph,
				Proceed: s.Engine.OnParentError == scenarios.Proceed, Jobs: jobs(s),
				WriteLife:   max(writeLife, s.Engine.Timeout),
				InitialRows: s.Engine.InitialSync.Rows, InitialChunk: s.Engine.InitialSync.Chunk,
				PauseAge: s.Engine.Pause.Longest, PauseSize: int64(s.Engine.Pause.Size),
				LockWait: s.Engine.LockWait, DeleteWins: s.Engine.DeleteRace == scenarios.DeleteWins,
			},
			Timeout: s.Engine.Timeout,
		},
	}
	for _, side := range engine.Sides {
		c.Systems[side] = p.system(side)
		c.Driver.Engine.Hides[side] = s.Systems.Of(side).DeleteStyle == scenarios.HideDeleted
		l := s.Links.Of(side)
		c.Driver.Links[side] = sim.LinkConfig{Latency: l.Latency, Loss: lossOneWay(float64(l.Loss))}
	}
	if s.Engine.Mode == scenarios.Integrated {
		c.Integrator = p.integrator()
	}
	c.Faults, _ = p.faults(run)
	c.Operations = p.operations()
	c.Preloads, c.Stopped = p.preloads(), p.stopped()
	c.Users = users.Config{Patience: s.Users.Patience, Redo: s.Users.Redo, Again: s.Users.Again, Tries: s.Users.Tries, Oversize: s.Users.Oversize}
	for i := range s.Workload {
		if s.Workload[i].Enabled {
			c.Users.Sources = append(c.Users.Sources, p.source(i, run))
		}
	}
	return c
}

// writeLife is how long a write is carried out at least, however soon the engine
// gives it up: a system does not hear of that. One that the engine still waits for
// is carried out in any case.
const writeLife = 30 * time.Second

// jobs declares the integration jobs to the engine.
func jobs(s *scenarios.Scenario) []engine.Job {
	list := make([]engine.Job, len(s.Jobs))
	for i, j := range s.Jobs {
		list[i].Name = j.Name
		for _, m := range j.Sequence {
			list[i].Maps = append(list[i].Maps, engine.MapID(m))
		}
		for _, a := range j.Alerts {
			list[i].Alerts = append(list[i].Alerts, engine.Alert{Classes: a.Classes, Count: a.Count, Within: a.Within, Action: a.Action})
		}
	}
	return list
}

// lossOneWay returns the loss of each way that loses the given share of round
// trips.
func lossOneWay(roundTrip float64) float64 { return 1 - math.Sqrt(1-roundTrip) }

// eventsMax ends a world that never comes to rest: a thousand times the events
// of a busy day.
const eventsMax = 2_000_000_000

func (p *plan) system(side engine.Side) system.Config {
	s := p.scenario.Systems.Of(side)
	c := system.Config{
		Clock: sim.ClockConfig{
			Offset: s.Clock.Offset, DriftPPB: int64(s.Clock.Drift), SlewPPB: int64(s.Clock.Slew), Granularity: s.Clock.Granularity,
		},
		Servers: s.Servers, Commit: s.Commit, Read: s.Read, Apply: s.Apply, PerRecord: s.PerRecord,
		FoldCase: s.Keys.FoldCase, StaleSave: system.RefuseStale,
		NotifyDelay: s.Notification.Delay, NotifyLoss: float64(s.Notification.Loss), NotifyDuplicate: float64(s.Notification.Duplicate),
	}
	c.PlugIns, c.LockWait = s.PlugIns, p.scenario.Engine.LockWait
	c.DeletesTakeAll = p.scenario.Engine.DeletePolicy == scenarios.DeleteAll
	c.Live = system.Live{Records: limit(s.Live.Records), Companies: limit(s.Live.Companies), Bytes: limit(int64(s.Live.Size)), TimeLimit: s.Live.Time}
	c.Message = system.Message{
		Limit: limit(s.Message.Time), Batch: limit(s.Message.Records), RefusedInKeys: string(s.Message.RefusedInKeys), AnyKey: s.Message.RefusedInKeys == "",
	}
	c.TokenLife = s.TokenLife
	if t := s.Throttle; t != nil {
		c.Protection = system.Protection{
			Requests: t.Requests, Execution: t.Busy, Concurrent: t.Concurrent, Window: t.Window,
			Users: t.Users, WebServers: t.WebServers, RetryAfter: t.RetryAfter, Overload: t.Overload,
		}
	}
	if s.StaleSave == scenarios.OverwriteStale {
		c.StaleSave = system.OverwriteStale
	}
	for _, step := range s.Clock.Steps {
		c.Clock.Steps = append(c.Clock.Steps, sim.ClockStep{At: sim.Time(step.At), By: step.By})
	}
	for _, v := range p.scenario.Validations {
		if v.Side == side {
			c.Validations = append(c.Validations, system.Validation{
				Name: v.Name, Map: engine.MapID(v.Map), Refuse: float64(v.Refuse), Rule: p.rule(&v), Users: v.Users, Cause: v.Reason,
			})
		}
	}
	return c
}

// rule tells a system what a validation goes by; nil where it goes by a share.
func (p *plan) rule(v *scenarios.Validation) *system.Rule {
	r := v.Rule()
	if r == nil {
		return nil
	}
	rule := &system.Rule{Column: r.Column, Required: v.Required != nil, Longest: r.Most}
	if v.Range != nil {
		rule.Low, rule.High = &r.Low, &r.High
	}
	for _, text := range r.Values {
		value, _ := p.scenario.Maps[v.Map].Columns[r.Column].Value(text) // the scenario was checked
		rule.Allowed = append(rule.Allowed, value)
	}
	return rule
}

// limit turns a limit of a scenario, where 0 is none, into one of a system.
func limit[T int | int64 | time.Duration](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

// source makes the stream of transactions of one workload.
func (p *plan) source(workload, run int) users.Source {
	w := &p.scenario.Workload[workload]
	if w.Trace != nil {
		return &users.Trace{Name: w.Name, Transactions: p.traces[workload]}
	}
	g := &users.Generator{
		Name: w.Name, Side: w.Side, Until: sim.Time(p.scenario.Time.Run), OpenFor: w.OpenFor,
	}
	if w.Arrivals.Process == scenarios.Closed {
		g.Closed = &users.Closed{Users: w.Arrivals.Users, Think: w.Arrivals.Think}
	} else {
		g.Arrivals = p.arrivals(w, run)
	}
	if e := w.ConcurrentEdit; e != nil {
		g.Concurrent = &users.Concurrent{Probability: float64(e.Probability), Gap: e.Gap, Creates: e.Creates}
	}
	for i := range w.Transaction {
		g.Steps = append(g.Steps, p.step(&w.Transaction[i], w.ConcurrentEdit))
	}
	return g
}

// arrivals makes the moments at which the transactions of a workload come.
func (p *plan) arrivals(w *scenarios.Workload, run int) sim.Arrivals {
	a := w.Arrivals
	draws, entity := sim.NewStream(p.scenario.Seed, uint64(run), "arrivals"), sim.Hash(w.Name)
	switch a.Process {
	case scenarios.Bursty:
		return sim.NewBurstyArrivals(sim.Bursty{
			Rates: [2]float64{a.Rates[0].PerSecond(), a.Rates[1].PerSecond()}, Dwells: a.Dwell,
		}, draws, entity)
	case scenarios.Periodic:
		return &sim.Periodic{First: sim.Time(a.First), Every: a.Every}
	}
	if a.Weekly != nil {
		return sim.NewPoissonArrivals(week(a.Weekly, scenarios.SinceMonday(p.scenario.Time.Start)), draws, entity)
	}
	return sim.NewPoissonArrivals(profile(a.Rate), draws, entity)
}

func profile(rate scenarios.Profile) sim.Profile {
	var p sim.Profile
	for _, point := range rate {
		p.Points = append(p.Points, sim.RatePoint{At: point.At, Rate: point.Rate.PerSecond()})
	}
	return p
}

// week makes a weekly profile of a world that begins so far into the week. The
// rate before the first point is the last one of the week.
func week(w scenarios.Week, begin time.Duration) sim.Profile {
	points := make([]sim.RatePoint, 0, len(w)+1)
	if last := w[len(w)-1]; w[0].At > 0 {
		points = append(points, sim.RatePoint{Rate: last.Rate.PerSecond()})
	}
	for _, point := range w {
		points = append(points, sim.RatePoint{At: point.At, Rate: point.Rate.PerSecond()})
	}
	c := sim.Calendar(7*24*time.Hour, points...)
	c.Phase = begin
	return c
}

func (p *plan) step(s *scenarios.Step, answer *scenarios.ConcurrentEdit) users.Step {
	m := &p.scenario.Maps[s.Map]
	step := users.Step{Map: engine.MapID(s.Map), Op: system.Update, Count: s.Update, Zipf: s.Pick.Zipf}
	if s.Delete != nil {
		step.Op, step.Count = system.Delete, s.Delete
		return step
	}
	if s.Create != nil {
		step.Op, step.Count = system.Create, s.Create
		if m.Company {
			step.Companies = p.companies
		}
	}
	other := answer != nil && answer.Columns == scenarios.OtherColumns
	for _, c := range p.columns(s.Map, s.Contents, s.Create != nil) { // an edit leaves a record's relations as they are
		written := s.Columns == nil || c.Lookup || slices.Contains(s.Columns, c.Index)
		if written {
			step.Columns = append(step.Columns, c)
		}
		if other && (!written || s.Create != nil) {
			step.Answer = append(step.Answer, c)
		}
	}
	return step
}
