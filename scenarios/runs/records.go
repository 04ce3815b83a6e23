package runs

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/users"
	"github.com/twinwrite/twinwrite/scenarios"
)

// preloads are the records that are there before the world begins. The data
// integrator leaves no marks: under it, what a sync has left is just alike.
func (p *plan) preloads() []model.Preload {
	list := make([]model.Preload, len(p.scenario.Records))
	for i := range p.scenario.Records {
		r := &p.scenario.Records[i]
		list[i] = model.Preload{
			Name: r.Name, Map: engine.MapID(r.Map), Both: r.Both, Differ: float64(r.Differ), Only: [2]int{r.FinOps, r.Dataverse},
			Linked: r.Linked && p.scenario.Engine.Mode != scenarios.Integrated, Columns: p.columns(r.Map, r.Contents, true),
		}
		for j := range list[i].Columns {
			if col := &list[i].Columns[j]; col.Unique { // what users write there would not go round
				col.Contents = [2][]engine.Value{}
			}
		}
		switch m := &p.scenario.Maps[r.Map]; {
		case m.Company && len(r.Companies) > 0:
			list[i].Companies = r.Companies
		case m.Company:
			list[i].Companies = p.companies
		}
	}
	return list
}

// columns tells what users write into the columns of a map, lookups among them if
// these are wanted.
func (p *plan) columns(m int, contents []scenarios.Written, lookups bool) []users.Column {
	of := &p.scenario.Maps[m]
	var list []users.Column
	for i := range of.Columns {
		c := &of.Columns[i]
		list = append(list, users.Column{Index: i, Number: c.Type == scenarios.Number, Unique: c.Unique, Contents: written(c, i, contents)})
	}
	if lookups {
		for i, l := range of.Lookups {
			list = append(list, users.Column{Index: len(of.Columns) + i, Lookup: true, Map: engine.MapID(l.Maps[0]), Also: mapIDs(l.Maps[1:])})
		}
	}
	return list
}

// written lists what users of each side write into a column, if that is not made
// up: what is said here, else what the column says, else its codes.
func written(c *scenarios.Column, index int, contents []scenarios.Written) (list [2][]engine.Value) {
	values := c.Contents
	if i := slices.IndexFunc(contents, func(w scenarios.Written) bool { return w.Column == index }); i >= 0 {
		values = contents[i].Values
	}
	if len(values) == 0 && c.Values != nil {
		for _, pair := range c.Values.Pairs {
			values = append(values, pair[engine.FinOps])
		}
	}
	for _, text := range values {
		texts := [2]string{text, text}
		if c.Values != nil {
			if i := slices.IndexFunc(c.Values.Pairs, func(pair [2]string) bool { return pair[engine.FinOps] == text }); i >= 0 {
				texts = c.Values.Pairs[i]
			}
		}
		for side, t := range texts {
			v := engine.Value{}
			if t != "" {
				v, _ = c.Value(t) // the scenario was checked
			}
			list[side] = append(list[side], v)
		}
	}
	return list
}

// stopped names the jobs that begin stopped. The data integrator has none.
func (p *plan) stopped() (names []string) {
	if p.scenario.Engine.Mode == scenarios.Integrated {
		return nil
	}
	for _, j := range p.scenario.Jobs {
		if j.Begins == scenarios.BeginsStopped {
			names = append(names, j.Name)
		}
	}
	return names
}

// initial tells the engine what a start is to copy first.
func (p *plan) initial(o *scenarios.Operation) (list []engine.InitialSync) {
	for _, s := range p.scenario.Copied(o) {
		list = append(list, engine.InitialSync{
			Map: engine.MapID(s.Map), Companies: s.Companies, Interim: s.Primary,
			Only: s.Legs != engine.BothWays, From: exporter(s.Legs),
		})
	}
	return list
}

// exporter is the side from which a one-way leg takes records.
func exporter(legs engine.Flow) engine.Side {
	if legs == engine.ToFinOps {
		return engine.Dataverse
	}
	return engine.FinOps
}
