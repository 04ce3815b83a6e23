package copier

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/sim"
)

// Stats counts what the integrator's process did, over all its lives. Runs and
// their rows are counted when a run has ended and that is saved.
type Stats struct {
	Requests uint64 // sent
	Timeouts uint64 // given up without an answer
	Refused  uint64 // answered by a system that was down
	Ignored  uint64 // answers that nobody waited for any more
	Syncs    uint64
	Crashes  uint64

	Runs     [integrator.Error + 1]uint64 // ended, by state
	Rows     uint64                       // listed or read again, in scope
	Retried  uint64                       // of them, read again because an earlier run could not write them
	Upserts  uint64                       // written
	Deletes  uint64                       // deleted
	Errors   uint64                       // rows that could not be written
	Filtered uint64                       // rows out of scope, and deletes that are not carried
	Waiting  uint64                       // rows that wait for the next run, now
}

// end adds an execution that has ended.
func (s *Stats) end(x *integrator.Execution) {
	s.Runs[x.State]++
	s.Rows += uint64(x.Rows)
	s.Retried += uint64(x.Retried)
	s.Upserts += uint64(x.Upserts)
	s.Deletes += uint64(x.Deletes)
	s.Errors += uint64(x.Errors)
	s.Filtered += uint64(x.Filtered)
}

// Stats returns the counts so far.
func (p *Copier) Stats() Stats {
	s := p.stats
	s.Waiting = uint64(len(p.state.Failed))
	return s
}

// History calls f with every execution that is saved and not forgotten, by
// start.
func (p *Copier) History(f func(*integrator.Execution)) {
	for i := range p.state.Executions {
		f(&p.state.Executions[i])
	}
}

// Passed reports whether no run to come will list a side's row as it is now,
// nor try it again: a project carries its table map from that side, and all of
// those that do have gone past it.
func (p *Copier) Passed(side engine.Side, row *integrator.Row) bool {
	k := row.Record.Key
	passed := false
	for i := range p.config.Integrator.Projects {
		pr := &p.config.Integrator.Projects[i]
		if pr.From != side || !slices.Contains(pr.Tasks, k.Map) {
			continue
		}
		if p.comes(pr, row) {
			return false
		}
		passed = true
	}
	return passed
}

// comes reports whether a project's next run lists a row, or tries it again.
func (p *Copier) comes(pr *integrator.Project, row *integrator.Row) bool {
	k := row.Record.Key
	if slices.ContainsFunc(p.state.Failed, func(f integrator.FailedRow) bool { return f.Project == pr.Name && f.Key == *k }) {
		return true
	}
	i := slices.IndexFunc(p.state.Positions, func(t integrator.TaskPosition) bool { return t.Project == pr.Name && t.Map == k.Map })
	var pos integrator.Position
	if i >= 0 {
		pos = p.state.Positions[i].Position
	}
	switch {
	case !row.Record.Alive && (pr.Detect.By == integrator.ByModified || pr.Detect.IgnoreDeletes):
		return false
	case !pos.Begun || pos.By != pr.Detect.By: // everything that lives is listed
		return row.Record.Alive
	case pos.Cut:
		return true
	case pos.By == integrator.ByToken:
		return row.Record.Version > pos.Token.Version
	}
	since := pos.Since - integrator.LocalTime(pr.Detect.Overlap)
	return row.Modified > since || row.Modified == since && pr.Detect.Inclusive
}

// The quantities that are kept over time.
const (
	seriesRunning = iota
	seriesFailed
	seriesRequests
	seriesCount
)

var seriesNames = [seriesCount]string{"running", "failed-rows", "requests"}

// Series returns what was kept over time, in a fixed order: projects that run,
// rows that wait for the next run, and requests under way.
func (p *Copier) Series() []driver.NamedSeries {
	all := make([]driver.NamedSeries, seriesCount)
	for i := range p.series {
		all[i] = driver.Named(seriesNames[i], &p.series[i])
	}
	return all
}

// sample notes the levels. While the process is dead nothing runs.
func (p *Copier) sample() {
	now := p.k.Now()
	running := 0
	if p.core != nil {
		running = p.core.Running()
	}
	p.series[seriesRunning].Set(now, float64(running))
	p.series[seriesFailed].Set(now, float64(len(p.state.Failed)))
	p.series[seriesRequests].Set(now, float64(len(p.sent)))
}

// StateHash returns a hash of what is saved, of what waits to be saved or
// answered, and of the crashes to come.
func (p *Copier) StateHash() uint64 {
	h := sim.Mix(uint64(len(p.waiting.save))<<32|uint64(len(p.waiting.do)), uint64(len(p.syncing.save))<<32|uint64(len(p.sent)))
	for _, s := range p.sent {
		r := p.requests.At(s.index)
		h = sim.Mix(h, sim.Mix(r.Entity, r.Ordinal))
	}
	for _, index := range p.armed {
		h = sim.Mix(h, sim.Hash(string(p.crashes[index].Point)))
	}
	for i := range p.state.Positions {
		t := &p.state.Positions[i]
		h = sim.Mix(sim.Mix(h, sim.Hash(t.Project)), uint64(t.Map))
		h = sim.Mix(sim.Mix(h, uint64(t.Position.Since)), uint64(t.Position.Token.Version))
	}
	for i := range p.state.Failed {
		f := &p.state.Failed[i]
		h = sim.Mix(sim.Mix(h, sim.Hash(f.Project)), sim.Mix(sim.Hash(f.Key.ID), uint64(f.Tries)))
	}
	return sim.Mix(h, uint64(len(p.state.Executions)))
}
