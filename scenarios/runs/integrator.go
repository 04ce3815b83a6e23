package runs

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// integrator sets up the data integrator as the scenario says.
func (p *plan) integrator() *integrator.Config {
	s := &p.scenario.Integrator
	projects := s.Projects
	if len(projects) == 0 {
		for _, project := range []scenarios.Project{
			{Name: "to-dataverse", From: engine.FinOps},
			{Name: "to-finops", From: engine.Dataverse, Offset: s.Interval / 2},
		} {
			if project.Maps = p.flowing(project.From); project.Maps != nil {
				projects = append(projects, project)
			}
		}
	}
	c := &integrator.Config{Batch: s.Batch, RowsMax: s.RowsMax}
	for _, project := range projects {
		to := integrator.Project{
			Name: project.Name, From: project.From, Every: s.Interval, Offset: project.Offset,
			Detect: integrator.Detection{By: s.Detection, Watermark: s.Watermark, Overlap: s.Overlap, OnExpired: s.OnExpired},
		}
		for _, m := range project.Maps {
			to.Tasks = append(to.Tasks, engine.MapID(m))
		}
		c.Projects = append(c.Projects, to)
	}
	return c
}

// flowing lists the maps with a column that flows out of a side.
func (p *plan) flowing(from engine.Side) (maps []int) {
	back := engine.ToFinOps
	if from == engine.Dataverse {
		back = engine.ToDataverse
	}
	for i, m := range p.maps {
		if slices.ContainsFunc(m.Columns, func(c engine.Column) bool { return c.Flow != back }) {
			maps = append(maps, i)
		}
	}
	return maps
}

// copied tells what the data integrator did, if it was there.
func (p *plan) copied(r *model.Result) *result.Copied {
	told := r.Report.Copied
	if told == nil {
		return nil
	}
	c := &result.Copied{
		Lost: told.Lost, Missed: told.Missed, Overwritten: told.Overwritten,
		Rows: told.Rows, Deletes: told.Deletes, Echoes: told.Echoes,
		Warnings: r.Copier.Runs[integrator.Warning], Broken: r.Copier.Runs[integrator.Error], Waiting: r.Copier.Waiting,
	}
	for _, n := range r.Copier.Runs {
		c.Runs += n
	}
	for _, l := range told.Losses {
		c.Losses = append(c.Losses, result.Loss{Record: l.Record, Side: l.Side.String(), Born: time.Duration(l.Born), Missed: l.Missed})
	}
	return c
}
