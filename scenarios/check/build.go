package check

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/driver"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// restFor is how long a world may take to come to rest after the last edit and
// the last fault. Back-off, the breaker's probes and safety polls all end within
// minutes; what has not ended by then will not. Where somebody has set the process's
// clock back, it waits for what it shows until it shows that again.
const restFor = 2 * time.Hour

// barredFor is how long a world goes on instead where a fault that lasts for ever lets
// nothing through: some dozens of probes and polls, of which each is like the next.
const barredFor = 10 * time.Minute

// eventsMax ends a case that runs away: a case that behaves has some hundreds of
// events, and where something lasts long, some for each probe and poll.
const (
	eventsMax       = 200_000
	eventsPerSecond = 10
)

// build makes the world of a case. It reports everything that does not fit the
// subject.
func (s *Subject) build(c *Case) (model.Config, error) {
	maps, kept, err := s.tables(&c.Setup)
	if err != nil {
		return model.Config{}, err
	}
	b := builder{subject: s, maps: maps, kept: kept}
	w := model.Config{
		Seed: c.Seed, Maps: maps, Quiet: true,
		Driver: driver.Config{
			Timeout: time.Duration(c.Setup.Timeout),
			Engine: engine.Config{
				Workers: c.Setup.Workers, Batch: c.Setup.Batch, PullMax: c.Setup.Pull, QueueMax: c.Setup.Queue, Attempts: c.Setup.Attempts,
				Barrier: c.Setup.Barrier, Proceed: c.Setup.Proceed, DeleteWins: c.Setup.DeleteWins, DeskPart: c.Setup.DeskPart, PurgeAfter: time.Duration(c.Setup.PurgeAfter), WriteLife: time.Duration(c.Setup.Timeout / 2),
				PauseAge: time.Duration(c.Setup.PauseAge), PauseSize: int64(c.Setup.PauseSize), InitialChunk: c.Setup.Chunk, InitialRows: c.Setup.CopyRows, Lookups: c.Setup.CopyLookups,
				DeskRequests: c.Setup.DeskRequests, DeskRecords: c.Setup.DeskRecords,
			},
		},
	}
	if c.Setup.AlertCount > 0 {
		w.Driver.Engine.Jobs = []engine.Job{b.watched(&c.Setup)}
	}
	if c.Setup.Permuted {
		w.Order = sim.Permuted
	}
	for _, side := range engine.Sides {
		b.system(&w, side, c.Setup.System(side))
	}
	for i := range c.Setup.Validations {
		b.validation(&w, i, &c.Setup.Validations[i])
	}
	end := b.transactions(&w, c.Transactions)
	for i := range c.Faults {
		end = max(end, b.fault(&w, i, &c.Faults[i]))
	}
	for i := range c.Operations {
		end = max(end, b.operation(&w, i, &c.Operations[i]))
	}
	back := setBack(w.Faults)
	b.heal(&w, end, back)
	w.Oracle.TornAsLong = true
	w.End = end.Add(back + restFor)
	if slices.ContainsFunc(w.Faults, func(f model.Fault) bool { return f.For == model.ForEver && f.StopsAll() }) {
		w.End = end.Add(back + barredFor)
	}
	w.EventsMax = eventsMax + uint64(w.End/sim.Time(time.Second))*eventsPerSecond
	if len(b.faults) > 0 {
		return w, fmt.Errorf("case of subject %s: %w", s.Name, errors.Join(b.faults...))
	}
	return w, nil
}

// builder turns the names of a case into the numbers of a world.
type builder struct {
	subject *Subject
	maps    []*engine.TableMap
	kept    []int // by MapID: the place in the subject
	faults  []error
}

func (b *builder) complain(format string, args ...any) {
	b.faults = append(b.faults, fmt.Errorf(format, args...))
}

// find returns the map of a name that takes part.
func (b *builder) find(name string) (engine.MapID, bool) {
	for i, m := range b.maps {
		if m.Name == name {
			return engine.MapID(i), true
		}
	}
	return 0, false
}

func (b *builder) system(w *model.Config, side engine.Side, s *SystemSetup) {
	w.Systems[side] = system.Config{
		Servers: s.Servers, FoldCase: s.FoldCase,
		Clock:      sim.ClockConfig{Offset: time.Duration(s.Offset), DriftPPB: int64(s.DriftPPM) * 1000},
		Commit:     mean(s.Commit),
		NotifyLoss: float64(s.Lost) / 100, NotifyDuplicate: float64(s.Doubled) / 100,
	}
	if s.Overwrite {
		w.Systems[side].StaleSave = system.OverwriteStale
	}
	w.Systems[side].DeletesTakeAll = s.TakeAll
	w.Driver.Engine.Hides[side] = s.Hides
	w.Systems[side].Live = system.Live{Records: s.LiveRecords, Companies: s.Companies, Bytes: int64(s.LiveBytes), TimeLimit: time.Duration(s.LiveTime)}
	w.Systems[side].Message = system.Message{Limit: time.Duration(s.Message), Batch: s.Records}
	if s.Requests > 0 || s.Concurrent > 0 || s.Execution > 0 {
		w.Systems[side].Protection = system.Protection{
			Requests: s.Requests, Concurrent: s.Concurrent, Execution: time.Duration(s.Execution), Window: 10 * time.Second,
		}
	}
	w.Driver.Links[side] = sim.LinkConfig{Latency: mean(s.Latency), Loss: float64(s.Loss) / 1000}
}

// mean is an exponential distribution, or none.
func mean(s Span) sim.Dist {
	if s == 0 {
		return nil
	}
	return sim.Exponential(time.Duration(s).Seconds())
}

func (b *builder) validation(w *model.Config, i int, v *Validation) {
	m, known := b.find(v.Map)
	if !known {
		return // it may refuse what takes no part
	}
	side := engine.Side(v.Side)
	w.Systems[side].Validations = append(w.Systems[side].Validations, system.Validation{
		Name: "validation " + strconv.Itoa(i+1), Map: m, Refuse: float64(v.Percent) / 100, Cause: "refused by the case",
	})
}

// transactions gives the users what they do, and returns when the last begins.
func (b *builder) transactions(w *model.Config, list []Transaction) (last sim.Time) {
	trace := &users.Trace{Name: "case"}
	for i := range list {
		t := &list[i]
		made := users.Transaction{At: sim.Time(t.At), Side: engine.Side(t.Side), OpenFor: time.Duration(t.OpenFor), PastHook: t.PastHook}
		for j := range t.Edits {
			if e, ok := b.edit(i, &t.Edits[j]); ok {
				made.Edits = append(made.Edits, e)
			}
		}
		if len(made.Edits) > 0 {
			made.Name = fmt.Sprint("transaction ", i+1)
			trace.Transactions = append(trace.Transactions, made)
			last = max(last, made.At.Add(made.OpenFor))
		}
	}
	slices.SortStableFunc(trace.Transactions, func(x, y users.Transaction) int { return cmp.Compare(x.At, y.At) })
	w.Users.Sources = []users.Source{trace}
	return last
}

// ops are the operations by the names that a case file gives them.
var ops = map[string]system.Op{"create": system.Create, "update": system.Update, "upsert": system.Upsert, "delete": system.Delete}

// edit makes one edit; false when its map takes no part.
func (b *builder) edit(transaction int, e *Edit) (system.Edit, bool) {
	id, takesPart := b.find(e.Map)
	if !takesPart {
		if b.subject.place(e.Map) < 0 {
			b.complain("transaction %d: no table map %q", transaction+1, e.Map)
		}
		return system.Edit{}, false
	}
	op, known := ops[e.Op]
	if !known {
		b.complain("transaction %d: %q is no operation: create, update, upsert or delete", transaction+1, e.Op)
	}
	made := system.Edit{Map: id, Op: op, Name: system.Name{Company: e.Company, ID: e.Key}}
	for _, v := range e.Set {
		if a, ok := b.assign(transaction, id, e, v); ok {
			made.Set = append(made.Set, a)
		}
	}
	return made, true
}

// assign makes the new content of one column; false when it is a lookup into a
// map that takes no part.
func (b *builder) assign(transaction int, id engine.MapID, e *Edit, v Value) (system.Assignment, bool) {
	m := &b.subject.Maps[b.kept[id]]
	c := m.column(v.Column)
	if c < 0 {
		b.complain("transaction %d: table map %s has no column %q", transaction+1, e.Map, v.Column)
		return system.Assignment{}, false
	}
	a := system.Assignment{Column: c}
	switch lookups := b.maps[id].Columns[c].Lookups; {
	case len(m.Table.Columns[c].Lookups) > 0 && len(lookups) == 0:
		return a, false
	case v.To == "":
	case len(lookups) > 0:
		a.Map, a.Lookup = lookups[0], &system.Name{ID: v.To}
		if b.maps[lookups[0]].Company {
			a.Lookup.Company = e.Company
		}
	case slices.Contains(m.Numbers, v.Column):
		n, err := strconv.ParseInt(v.To, 10, 32)
		if err != nil {
			b.complain("transaction %d: column %s holds whole numbers, not %q", transaction+1, v.Column, v.To)
		}
		a.Value = engine.Number(n * 1_000_000)
	default:
		a.Value = engine.Text(v.To)
	}
	return a, true
}

// faultKinds are the kinds of faults by the names that a case file gives them.
var faultKinds = func() map[string]model.FaultKind {
	kinds := map[string]model.FaultKind{}
	for _, k := range model.FaultKinds() {
		kinds[strings.ReplaceAll(k.String(), " ", "-")] = k
	}
	return kinds
}()

// faultNames lists the kinds of faults, sorted.
func faultNames() []string { return slices.Sorted(maps.Keys(faultKinds)) }

// fault adds a fault, and returns when it is over; when it comes, where it lasts for ever.
func (b *builder) fault(w *model.Config, i int, f *Fault) sim.Time {
	kind, known := faultKinds[f.Kind]
	if !known {
		b.complain("fault %d: unknown kind %q", i+1, f.Kind)
	}
	made := model.Fault{
		Kind: kind, At: sim.Time(f.At), For: time.Duration(f.For), Side: engine.Side(f.Side), Factor: float64(f.Factor),
		Share: float64(f.Percent) / 100, By: time.Duration(f.By),
		Point: driver.CrashPoint(f.Point), Restart: time.Duration(f.Restart),
	}
	if f.ForEver {
		if f.For != 0 || f.Restart != 0 {
			b.complain("fault %d: a fault that lasts for ever has neither an end nor a restart", i+1)
		}
		if kind == model.EngineCrash {
			made.Restart = model.ForEver
		} else {
			made.For = model.ForEver
		}
	}
	if kind == model.MappingRemoved && !b.codes(i, f, &made) || kind == model.TombstoneExpired && !b.tombstone(i, f, &made) {
		return 0
	}
	if err := made.Validate(); err != nil {
		b.complain("fault %d: %w", i+1, err)
	}
	w.Faults = append(w.Faults, made)
	if f.ForEver {
		return made.At
	}
	return made.At.Add(made.For + made.Restart)
}

// tombstone finds the key whose tombstone a fault lets expire; false when its map takes no
// part.
func (b *builder) tombstone(i int, f *Fault, made *model.Fault) bool {
	id, takesPart := b.find(f.Map)
	if !takesPart {
		if b.subject.place(f.Map) < 0 {
			b.complain("fault %d: no table map %q", i+1, f.Map)
		}
		return false
	}
	made.Key = engine.Key{Map: id, Company: f.Company, ID: b.maps[id].Keys.Canonical(f.Key)}
	return true
}

// codes finds the codes that a fault takes away; false when their map takes no part.
func (b *builder) codes(i int, f *Fault, made *model.Fault) bool {
	id, takesPart := b.find(f.Map)
	place := b.subject.place(f.Map)
	if place < 0 {
		b.complain("fault %d: no table map %q", i+1, f.Map)
	}
	if !takesPart {
		return false
	}
	m := &b.subject.Maps[place]
	made.Map, made.Column, made.Code = id, m.column(f.Column), -1
	codes := m.codes(made.Column)
	if codes == nil {
		b.complain("fault %d: table map %s has no codes in column %q", i+1, f.Map, f.Column)
		return false
	}
	if f.Code == "" {
		return true
	}
	made.Code = slices.IndexFunc(codes.Pairs, func(p [2]engine.Value) bool { return p[engine.FinOps].Text == f.Code })
	if made.Code < 0 {
		b.complain("fault %d: column %s has no code %q", i+1, f.Column, f.Code)
	}
	return made.Code >= 0
}

// commands are what operators ask for, by the names that a case file gives it.
var commands = map[string]engine.Command{
	"retry":                {Kind: engine.RetryParked},
	"dismiss":              {Kind: engine.DismissParked},
	"pause":                {Kind: engine.PauseJob},
	"resume":               {Kind: engine.ResumeJob, Resume: engine.CatchUp},
	"resume-keep":          {Kind: engine.ResumeJob, Resume: engine.SkipAndKeep},
	"resume-forget":        {Kind: engine.ResumeJob, Resume: engine.SkipAndForget},
	"stop":                 {Kind: engine.StopJob},
	"start":                {Kind: engine.StartJob},
	"start-with-finops":    {Kind: engine.StartJob, Initial: []engine.InitialSync{{Interim: engine.FinOps}}},
	"start-with-dataverse": {Kind: engine.StartJob, Initial: []engine.InitialSync{{Interim: engine.Dataverse}}},
	"resync":               {Kind: engine.ResyncMaps},
}

// theJob is the one that the engine makes where none is configured.
const theJob = "all"

// everWithin is longer than any case.
const everWithin = 365 * 24 * time.Hour

// watched is that job with an alert that tells people of its failures. Where those count
// within a short time alone, one beside it counts all, and shows what the time keeps back.
func (b *builder) watched(s *Setup) engine.Job {
	job := engine.Job{Name: theJob, Alerts: []engine.Alert{{Count: s.AlertCount, Within: time.Duration(s.AlertWithin)}}}
	if s.AlertWithin > 0 {
		job.Alerts = append(job.Alerts, engine.Alert{Count: s.AlertCount, Within: everWithin})
	}
	for _, m := range b.maps {
		job.Maps = append(job.Maps, m.ID)
	}
	return job
}

// operation adds what an operator asks for, and returns when he does.
func (b *builder) operation(w *model.Config, i int, o *Operation) sim.Time {
	cmd, known := commands[o.What]
	if !known {
		b.complain("operation %d: %q is none of %s", i+1, o.What, strings.Join(slices.Sorted(maps.Keys(commands)), ", "))
	}
	cmd.Job = theJob
	cmd.Filter.Company = o.Company
	if o.Map != "" {
		id, takesPart := b.find(o.Map)
		switch {
		case takesPart:
			cmd.Filter.Maps = []engine.MapID{id}
		case b.subject.place(o.Map) < 0:
			b.complain("operation %d: no table map %q", i+1, o.Map)
		default: // there is nothing to ask for
			return sim.Time(o.At)
		}
	}
	if len(cmd.Initial) > 0 {
		cmd.Initial = b.initial(cmd.Initial[0])
	}
	w.Operations = append(w.Operations, model.Operation{At: sim.Time(o.At), Command: cmd})
	return sim.Time(o.At)
}

// initial makes an initial sync of all maps that is like one.
func (b *builder) initial(like engine.InitialSync) (all []engine.InitialSync) {
	for _, m := range b.maps {
		like.Map = m.ID
		all = append(all, like)
	}
	return all
}

// setBack returns by how much faults set the clock of the engine's process back, all in all.
func setBack(faults []model.Fault) (back time.Duration) {
	for i := range faults {
		if f := &faults[i]; f.Kind == model.EngineClockStep {
			back += max(0, -f.By)
		}
	}
	return back
}

// heal lets an operator resume in the end what one has paused, and start what one has
// stopped. He asks several times: a request may find the process dead, or kill it, and one
// that finds the job active is refused and does no harm. A job that is to stop may take its
// time to come to rest, and longer where somebody has set the process's clock back.
func (b *builder) heal(w *model.Config, end sim.Time, back time.Duration) {
	did := func(k engine.CommandKind) bool {
		return slices.ContainsFunc(w.Operations, func(o model.Operation) bool { return o.Command.Kind == k })
	}
	var undo []engine.Command
	asks := []time.Duration{0, time.Minute, 2 * time.Minute}
	if did(engine.PauseJob) {
		undo = append(undo, commands["resume"])
	}
	if did(engine.StopJob) {
		undo = append(undo, commands["start"])
		asks = append(asks, 5*time.Minute, 10*time.Minute, 20*time.Minute)
		end = end.Add(back)
	}
	for _, ask := range asks {
		at := end.Add(time.Second + ask)
		for _, cmd := range undo {
			cmd.Job = theJob
			w.Operations = append(w.Operations, model.Operation{At: at, Command: cmd})
		}
	}
}
