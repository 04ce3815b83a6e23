package oracle

import (
	"github.com/twinwrite/twinwrite/sim"
)

// traffic is what the engine may have to write, and what it has written.
type traffic struct {
	writes uint64
	asked  uint64 // changes that ask for a write
	late   uint64 // each needs one write to be captured, and one to be carried
	more   uint64 // overrides, repeats, follow-ups, rows of initial syncs and resyncs, changes carried once more
}

func (o *Oracle) trafficSoFar() traffic {
	t := &o.totals
	return traffic{t.EngineWrites, o.bound, t.LateCaptures, t.Overrides + t.Retried + t.FollowUps + t.BroughtBack + t.CopyRows}
}

// bound is how many writes there may be.
func (t *traffic) bound() uint64 { return t.asked + 2*t.late + t.more }

// lastEdit notes the traffic up to a user's commit. The last such note is the
// one that counts.
func (o *Oracle) lastEdit() {
	o.rest = o.trafficSoFar()
	o.rest.asked = o.totals.Captured - o.totals.Settled // still to be carried
	o.rest.more -= o.owed
	o.restMore = o.totals.Held + o.released + o.totals.MarkWrites
}

// judgeTraffic judges the number of engine writes, over all and after the last
// edit.
func (o *Oracle) judgeTraffic(at sim.Time) {
	all := o.trafficSoFar()
	if all.writes > all.bound() {
		o.breach(noEcho, at, nil, "the engine wrote %d times, and %d changes, %d late captures, and %d overrides, repeats, follow-ups and rows copied allow %d",
			all.writes, all.asked, all.late, all.more, all.bound())
	}
	rest := traffic{
		writes: all.writes - o.rest.writes, asked: o.rest.asked, late: all.late - o.rest.late,
		// what the engine carries once more on its own account, and marks that answer
		// for changes that have ended
		more: all.more - o.rest.more + o.totals.Held + o.holding + o.released + o.totals.MarkWrites - o.restMore,
	}
	o.tallies[trafficStops].checked = rest.writes // without any, there was nothing to stop
	if rest.writes > rest.bound() {
		o.breach(trafficStops, at, nil, "after the last edit the engine wrote %d times, and %d open changes, %d late captures, and %d overrides, repeats, follow-ups and rows copied allow %d",
			rest.writes, rest.asked, rest.late, rest.more, rest.bound())
	}
	o.judgeRounds()
}
