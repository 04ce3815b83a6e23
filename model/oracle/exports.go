package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// export is what an initial sync takes out of one side of a table map: of each company by
// itself, if it goes by companies.
type export struct {
	company string
	rows    int              // of the pages that are done
	page    []*engine.Record // that was listed last; what is left of it is put into the queue
}

// Listed tells what the engine has been given of a side's records of a table map, page by
// page.
func (o *Oracle) Listed(_ sim.Time, side engine.Side, records []*engine.Record) {
	if len(records) > 0 {
		x := &o.courses[records[0].Key.Map].exports[side]
		x.page = append(x.page[:0], records...)
	}
}

// carriesRows judges how many rows an initial sync has carried of one side: all that are
// there of each page, up to the one at which it says to be.
func (o *Oracle) carriesRows(at sim.Time, leg *engine.InitialRecord) {
	limit, x := o.config.Limits.InitialRows, &o.courses[leg.Map].exports[leg.Side]
	begins := leg.Stage == engine.InitialWaiting || leg.Stage == engine.InitialForgotten
	if begins || x.company != leg.Company {
		x.company, x.rows = leg.Company, 0
	}
	before, here := x.rows, 0
	for _, r := range x.page {
		if r.Alive {
			here++
		}
		if *r.Key == leg.After {
			x.rows += here
			break
		}
	}
	x.page = x.page[:0]
	if limit == 0 || begins {
		return
	}
	o.tallies[limitsKept].checked++
	if before <= limit && x.rows > limit {
		o.breach(limitsKept, at, nil, "an initial sync has carried %d rows of %s from %s, and the limit is %d", x.rows, o.config.Maps[leg.Map].Name, leg.Side, limit)
	}
}
