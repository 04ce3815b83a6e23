package model

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/sim"
)

// Preload is records of one table map that are there before the world begins.
// They are older than the sync: no mark stands beside them, and what differs is
// drift until somebody edits it or an initial sync or resync goes through the map.
// With Linked, those of both sides are as a sync left them.
//
// Records are named after the preload and numbered from 1: first those of both
// sides, then those that F&O alone has, then those that Dataverse alone has.
type Preload struct {
	Name    string // begins the names of its records
	Map     engine.MapID
	Both    int     // records that both sides have
	Differ  float64 // share of them that differ in their plain data; not with Linked
	Only    [2]int  // by side: records that it has alone
	Linked  bool
	Columns []users.Column // that are filled: lookups evenly with records that are there already where the record is to be

	Companies []string // in turn; empty for a global map
}

// names calls f with the name of each record, and the side that has it, or has it
// alone.
func (p *Preload) names(f func(engine.Side, system.Name)) {
	for i := range p.Both + p.Only[0] + p.Only[1] {
		side := engine.FinOps
		if i >= p.Both+p.Only[0] {
			side = engine.Dataverse
		}
		f(side, p.name(i))
	}
}

func (p *Preload) name(i int) system.Name {
	n := system.Name{ID: strings.ToUpper(p.Name) + "-" + strconv.Itoa(i+1)}
	if len(p.Companies) > 0 {
		n.Company = p.Companies[i%len(p.Companies)]
	}
	return n
}

func (c *Config) preloadFaults() (errs []error) {
	names := map[string]bool{}
	for _, p := range c.Preloads {
		fault := func(format string, args ...any) {
			errs = append(errs, fmt.Errorf("world: preload %s: "+format, append([]any{p.Name}, args...)...))
		}
		switch {
		case p.Name == "" || names[p.Name]:
			fault("it needs a name of its own, which begins the names of its records")
		case int(p.Map) >= len(c.Maps):
			fault("it names table map %d, of %d", p.Map, len(c.Maps))
			continue
		}
		names[p.Name] = true
		if p.Both < 0 || p.Only[0] < 0 || p.Only[1] < 0 {
			fault("%d records on both sides, %d and %d on one: none may be negative", p.Both, p.Only[0], p.Only[1])
		}
		if !(p.Differ >= 0 && p.Differ <= 1) {
			fault("the share that differs must be between 0 and 1, not %v", p.Differ)
		}
		if p.Linked && (p.Differ > 0 || p.Only != [2]int{} || c.Integrator != nil) {
			fault("what a sync of the engine has left is on both sides, and alike: leave out linked, or the rest")
		}
		if c.Maps[p.Map].Company != (len(p.Companies) > 0) {
			fault("companies are needed for a map by company, and for no other")
		}
		for _, col := range p.Columns {
			if col.Index < 0 || col.Index >= len(c.Maps[p.Map].Columns) {
				fault("it fills column %d, of %d", col.Index, len(c.Maps[p.Map].Columns))
			}
		}
	}
	if len(c.Stopped) > 0 && c.Integrator != nil {
		errs = append(errs, errors.New("world: the data integrator has no jobs that could be stopped"))
	}
	for _, name := range c.Stopped {
		if _, known := c.job(name); !known {
			errs = append(errs, fmt.Errorf("world: no job %q that could be stopped at the beginning", name))
		}
	}
	return errs
}

// job returns the maps of a job; without any configured, one holds all maps.
func (c *Config) job(name string) (maps []engine.MapID, known bool) {
	if jobs := c.Driver.Engine.Jobs; len(jobs) > 0 {
		i := slices.IndexFunc(jobs, func(j engine.Job) bool { return j.Name == name })
		if i < 0 {
			return nil, false
		}
		return jobs[i].Maps, true
	}
	for i := range c.Maps {
		maps = append(maps, engine.MapID(i))
	}
	return maps, name == "all"
}

// stopJobs lets jobs begin stopped.
func (w *World) stopJobs() error {
	for _, name := range w.config.Stopped {
		maps, _ := w.config.job(name)
		halted := engine.Mutation{Kind: engine.JobMoved, Job: &engine.JobRecord{Name: name, State: engine.Halted}}
		if err := w.Driver.Store().Save([]engine.Mutation{halted}); err != nil {
			return fmt.Errorf("world: stop job %s: %w", name, err)
		}
		for _, s := range w.Systems {
			s.Switch(maps, engine.Capturing{Off: true}, 0)
		}
	}
	return nil
}

// loading is what is known while records are put in.
type loading struct {
	w       *World
	capture *engine.Capture // as on F&O, all maps running: it tells the mark of a created record
	draws   sim.Stream
	looked  [3][][]*engine.Key // by side, then for both of them, and by map: what lookups may name
}

// preload puts in the records that are there before the world begins.
func (w *World) preload() {
	l := loading{
		w: w, capture: engine.NewCapture(engine.FinOps, w.config.Maps, nil), draws: w.Kernel.Stream("preload"),
	}
	for i := range l.looked {
		l.looked[i] = make([][]*engine.Key, len(w.config.Maps))
	}
	for i := range w.config.Preloads {
		p := &w.config.Preloads[i]
		at := 0
		p.names(func(side engine.Side, n system.Name) {
			l.load(p, at, side, n)
			at++
		})
	}
}

// load puts in one record, on its side or on both.
func (l *loading) load(p *Preload, at int, side engine.Side, n system.Name) {
	entity := sim.Mix(sim.Hash(p.Name), uint64(at))
	m := l.w.config.Maps[p.Map]
	key := engine.Key{Map: p.Map, Company: n.Company, ID: m.Keys.Canonical(n.ID)}
	if at >= p.Both {
		l.w.Systems[side].Load(p.Map, n, l.values(p, side, l.looked[side], entity, 0), engine.Mark{})
		l.looked[side][p.Map] = append(l.looked[side][p.Map], &key)
		return
	}
	values := l.values(p, side, l.looked[both], entity, 0)
	mark, there := l.carried(m, key, values)
	if p.Differ > 0 && l.draws.Chance(p.Differ, entity, 1) {
		if _, other := l.carried(m, key, l.values(p, side, l.looked[both], entity, 1)); other != nil {
			there = other
		}
	}
	marks := [2]engine.Mark{}
	if p.Linked {
		marks = [2]engine.Mark{mark, there.Mark}
	}
	l.w.Systems[engine.FinOps].Load(p.Map, n, values, marks[engine.FinOps])
	l.w.Systems[engine.Dataverse].Load(p.Map, n, there.Values, marks[engine.Dataverse])
	for i := range l.looked {
		l.looked[i][p.Map] = append(l.looked[i][p.Map], &key)
	}
}

// both is the place of what both sides hold, behind the sides.
const both = 2

// carried returns the mark of a record that F&O has created, and what Dataverse
// holds once the engine has carried it. What the map never carries stands on
// both sides alike, without a mark.
func (l *loading) carried(m *engine.TableMap, key engine.Key, values []engine.Value) (engine.Mark, *engine.Record) {
	alike := &engine.Record{Key: &key, Alive: true, Values: values}
	made, err := l.capture.PreCommit(nil, 0, []engine.Change{{Key: key, Op: engine.Create, After: values}})
	if err != nil || made[0].Filtered {
		return engine.Mark{}, alike
	}
	all := engine.GroupSet(0)
	for g := range m.Groups() {
		all = all.With(g)
	}
	source := &engine.Record{Key: &key, Alive: true, Values: values, Mark: made[0].Mark}
	there, _, ok := engine.Apply(m, &engine.Write{Kind: engine.CarryWrite, Key: key, Source: source, Groups: all}, engine.Dataverse, nil)
	if !ok {
		return engine.Mark{}, alike
	}
	return source.Mark, there
}

// values draws the content of a record as its side writes it; the version tells
// contents of one record apart that differ in their plain data. Lookups name one of the keys given, by map.
func (l *loading) values(p *Preload, side engine.Side, looked [][]*engine.Key, entity, version uint64) []engine.Value {
	values := make([]engine.Value, len(l.w.config.Maps[p.Map].Columns))
	for _, c := range p.Columns {
		ordinal := uint64(c.Index)<<8 | 2
		bits := l.draws.Bits(entity, ordinal|version)
		v := &values[c.Index]
		switch {
		case c.Lookup:
			m, u := c.Target(l.draws.U(entity, ordinal))
			if known := looked[m]; len(known) > 0 {
				*v = engine.Lookup(known[int(u*float64(len(known)))])
			}
		case len(c.Contents[side]) > 0:
			*v = c.Contents[side][bits%uint64(len(c.Contents[side]))]
		case c.Number:
			*v = engine.Number(int64(bits>>18) * 10_000)
		default:
			*v = engine.Text(strconv.FormatUint(bits, 36))
		}
	}
	return values
}
