package scenarios

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
)

// InitialSync says how a job that starts copies a map before it runs.
type InitialSync struct {
	Name      string      `key:"name"`
	Map       int         `key:"map"` // index into Scenario.Maps
	Legs      engine.Flow `key:"legs"`
	Primary   engine.Side `key:"primary"` // meanwhile: whose record wins where both sides hold one
	Companies []string    `key:"companies"`
}

// copied is how a map is copied before it runs.
var initialSyncObject = object{name: "an initial sync", keys: []key{
	{name: "name", shape: name, doc: "its name in paths; the map's name if there is none"},
	{name: "map", shape: composite(readMapName), required: true, doc: "the map that is copied before it runs"},
	{
		name: "legs", shape: flowWord, standard: "both", source: "documented: an initial sync of a two-way map runs both legs, finance & operations first",
		doc: "which way records are copied: both, to-dataverse or to-finops",
	},
	{
		name: "primary", shape: sideWord, standard: "dataverse", source: "documented: Dataverse is what dual-write calls the master, unless another is chosen",
		doc: "whose record wins meanwhile where both sides hold one: finops or dataverse",
	},
	{
		name: "companies", shape: composite(readTexts), standard: "[]", source: "assumed: all of them, in one go",
		doc: "the companies that are copied, each in a leg of its own: [USMF, DEMF]",
	},
}}

// initialSyncKeys are the keys of a start that copies maps before they run.
var initialSyncKeys = []key{
	{
		name: "initial-sync", shape: list{name: "initial-sync", named: "name", by: "map", short: true, item: initialSyncObject}, standard: "[]",
		source: "documented: initial sync can be skipped, and then only later changes are carried",
		doc:    "the maps that are copied before they run: [customers, {map: orders, legs: to-dataverse, primary: finops}]",
	},
	{
		name: "prerequisites", shape: leaf{truth}, standard: "true", source: "documented: the maps that a map looks up are proposed with it, and come first",
		doc: "whether maps of the job that these look up are copied too, in the same way",
	},
}

// checkInitialSync judges what a start is to copy, by the maps of its job.
func (c *checker) checkInitialSync(o, carried *node, job, path string) {
	syncs := o.get("initial-sync")
	if syncs == nil {
		return
	}
	seen := map[string]bool{}
	for _, s := range syncs.items {
		below := join(path, s.name)
		m := s.get("map")
		if m == nil {
			continue
		}
		if carried != nil && !slices.ContainsFunc(carried.items, func(of *node) bool { return of.text == m.text }) {
			c.fault(m, join(below, "map"), "name maps of the job, or another job", "the map %s is not in the job %s", m.text, job)
		}
		if seen[m.text] {
			c.fault(m, join(below, "map"), "a map is copied once; remove one of them", "the initial sync copies %s twice", m.text)
		}
		seen[m.text] = true
		companies := s.get("companies")
		if companies == nil || len(companies.items) == 0 {
			continue
		}
		if known := c.mapOf(s); known != nil && !known.company {
			c.fault(companies, join(below, "companies"), "remove it", "the map %s has no company in its key", known.name)
		}
		if n := len(companies.items); n > engine.CompaniesMax {
			c.fault(companies, join(below, "companies"), "copy some with this start, and the others with a later one",
				"%d companies; documented: an initial sync takes at most %d at a time", n, engine.CompaniesMax)
		}
	}
}

// Copied returns what a start copies: the maps that it names and, with
// prerequisites, the maps of its job that these look up.
func (s *Scenario) Copied(o *Operation) []InitialSync {
	all := slices.Clone(o.InitialSync)
	job := slices.IndexFunc(s.Jobs, func(j Job) bool { return j.Name == o.Job })
	for i := 0; o.Prerequisites && i < len(all); i++ {
		for _, l := range s.Maps[all[i].Map].Lookups {
			for _, m := range l.Maps {
				named := slices.ContainsFunc(all, func(other InitialSync) bool { return other.Map == m })
				if named || !slices.Contains(s.Jobs[job].Sequence, m) {
					continue
				}
				with := all[i]
				with.Name, with.Map = s.Maps[m].Name, m
				if !s.Maps[m].Company {
					with.Companies = nil
				}
				all = append(all, with)
			}
		}
	}
	return all
}

// starts warns of what becomes of jobs that begin stopped, and of initial syncs
// that the engine will refuse.
func (f *foresight) starts() {
	for i := range f.s.Operators {
		o := &f.s.Operators[i]
		for _, sync := range f.s.Copied(o) {
			if n := len(f.s.Maps[sync.Map].Lookups); n > engine.LookupsMax && sync.Legs != engine.ToDataverse {
				f.warn(join(join("operators", o.Name), "initial-sync"), "add legs: to-dataverse, or leave the map out and load both sides as records",
					"%s has %d lookups; documented: initial sync refuses to export a map with more than %d from Dataverse, and the start will be refused",
					f.s.Maps[sync.Map].Name, n, engine.LookupsMax)
			}
		}
	}
	for i := range f.s.Jobs {
		j := &f.s.Jobs[i]
		started := slices.ContainsFunc(f.s.Operators, func(o Operation) bool { return o.Job == j.Name && o.Do == engine.StartJob })
		if j.Begins == BeginsStopped && !started && f.s.Engine.Mode != Integrated {
			f.warn(join(join("jobs", j.Name), "begins"), "add to operators: - {at: 10m, do: start, job: "+j.Name+"}", "nobody starts the job %s; it carries nothing", j.Name)
		}
	}
}
