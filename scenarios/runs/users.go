package runs

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/system"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// waits tells how long users waited for their saves. Those that were asked for in
// the warm-up are left out.
func (p *plan) waits(r *model.Result) []result.Wait {
	var list []result.Wait
	for _, w := range r.Waits {
		if time.Duration(w.Asked) < p.scenario.Time.Warmup {
			continue
		}
		out := result.Wait{
			Workload: uint16(w.Source), Side: uint8(w.Side), Live: w.Live, Asked: time.Duration(w.Asked), Took: w.Took, Censored: w.Censored,
		}
		if !w.Censored {
			out.Ended = w.Ended.String()
		}
		list = append(list, out)
	}
	return list
}

// saves counts how users' saves ended, and what was the last straw of those who
// let it be.
func saves(r *model.Result) []result.SaveCount {
	var list []result.SaveCount
	for _, side := range engine.Sides {
		for how, n := range r.Systems[side].Endings {
			if n > 0 {
				list = append(list, result.SaveCount{
					Side: side.String(), Ended: system.Ending(how).String(), Count: n,
					Live: r.Systems[side].EndedLive[how], GivenUp: r.Users.Abandoned[side][how],
				})
			}
		}
	}
	return list
}

// throttled counts the requests that were answered 429.
func throttled(r *model.Result) []result.ThrottleCount {
	var list []result.ThrottleCount
	for _, side := range engine.Sides {
		for why, n := range r.Systems[side].Throttled {
			if n > 0 {
				list = append(list, result.ThrottleCount{Side: side.String(), Why: system.Throttle(why).String(), Count: n})
			}
		}
	}
	return list
}

// requested lists what operators asked for.
func (p *plan) requested(r *model.Result) []result.Operation {
	list := make([]result.Operation, len(r.Done))
	for i, d := range r.Done {
		o := &p.scenario.Operators[d.Operation]
		list[i] = result.Operation{At: time.Duration(d.At), Do: o.Do.String(), Job: o.Job}
		if d.Refused != nil {
			list[i].Refused = d.Refused.Error()
		}
	}
	return list
}
