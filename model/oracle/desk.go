package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// desk is what operators have asked for and is not done yet.
type desk struct {
	of       map[deskItem]uint64 // the number of the request for an item
	requests []deskRequest
}

type deskItem struct {
	key  engine.Key
	side engine.Side
}

type deskRequest struct {
	number uint64
	job    string
	items  int
}

// Requested tells what an operator has asked for an item of the error desk and is not done
// yet, or that nothing is left of it.
func (o *Oracle) Requested(at sim.Time, l *engine.LaneState) {
	item := deskItem{l.Key, l.Side}
	if before := o.desk.of[item]; before == l.Request {
		return
	} else if before != 0 {
		i := o.desk.place(before)
		if o.desk.requests[i].items--; o.desk.requests[i].items == 0 {
			o.desk.requests = slices.Delete(o.desk.requests, i, i+1)
		}
		delete(o.desk.of, item)
	}
	if l.Request == 0 {
		return
	}
	o.tallies[limitsKept].checked++
	if o.desk.of == nil {
		o.desk.of = map[deskItem]uint64{}
	}
	o.desk.of[item] = l.Request
	i, job := o.desk.place(l.Request), o.courses[l.Key.Map].job
	if i < 0 {
		i = len(o.desk.requests)
		o.desk.requests = append(o.desk.requests, deskRequest{number: l.Request, job: job})
		if n, limit := o.desk.waiting(job), o.config.Limits.DeskRequests; limit > 0 && n > limit {
			o.breach(limitsKept, at, &l.Key, "%d requests of operators wait at the error desk, which takes %d", n, limit)
		}
	}
	o.desk.requests[i].items++
	if n, limit := o.desk.requests[i].items, o.config.Limits.DeskRecords; limit > 0 && n > limit {
		o.breach(limitsKept, at, &l.Key, "an operator's request is for %d records, and the limit is %d", n, limit)
	}
}

// place finds a request; -1 when none of its number waits.
func (d *desk) place(number uint64) int {
	return slices.IndexFunc(d.requests, func(r deskRequest) bool { return r.number == number })
}

// waiting counts the requests of a job.
func (d *desk) waiting(job string) (n int) {
	for i := range d.requests {
		if d.requests[i].job == job {
			n++
		}
	}
	return n
}
