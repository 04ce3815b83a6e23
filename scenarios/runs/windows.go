package runs

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// windows tells what happened in stretches of a run.
func (p *plan) windows(r *model.Result) []result.Window {
	list := make([]result.Window, len(r.Windows))
	for i := range r.Windows {
		w := &r.Windows[i]
		list[i] = result.Window{
			From: time.Duration(w.From), To: time.Duration(w.To), Clock: w.Clock, Requests: w.Requests, Throttled: w.Throttled,
		}
		for _, e := range w.Ended {
			list[i].Ended = append(list[i].Ended, result.WindowCount{Map: p.maps[e.Map].Name, Class: e.Class.String(), Count: e.Count})
		}
	}
	return list
}

// dependency tells how long changes waited for records that they look up.
func (p *plan) dependency(r *model.Result) (list []result.DependencyWait) {
	for _, b := range r.Report.Blocked {
		w := result.DependencyWait{Map: p.maps[b.Map].Name, Waits: b.Waits, Open: b.Open, Total: b.Total, Most: b.Most}
		for _, bin := range b.Bins {
			w.Bins = append(w.Bins, result.Bin(bin))
		}
		list = append(list, w)
	}
	return list
}

// gaps tells how often edits on both sides met, by the time between them.
func gaps(r *model.Result) (list []result.Gap) {
	for _, g := range r.Report.Gaps {
		list = append(list, result.Gap(g))
	}
	return list
}

// sizes counts users' saves by their records.
func sizes(r *model.Result) (list []result.SizeCount) {
	for _, side := range engine.Sides {
		for step, n := range r.Systems[side].Sizes {
			if n.All == 0 {
				continue
			}
			s := result.SizeCount{Side: side.String(), Saves: n.All, Over: n.Over}
			if step < len(system.Sizes) {
				s.UpTo = system.Sizes[step]
			}
			list = append(list, s)
		}
	}
	return list
}
