package oracle

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// load is what goes live in one transaction.
type load struct {
	companies []string // that its records are of
	bytes     int64    // that they weigh
}

// loads judges that a live transaction of a side may be as large as it becomes with one
// more record. What goes over a limit is reported once, by the record that does.
func (o *Oracle) loads(at sim.Time, side engine.Side, l *load, r *engine.Record) {
	most := &o.config.Limits
	if limit := most.LiveCompanies[side]; limit > 0 {
		o.tallies[limitsKept].checked++
		if company := r.Key.Company; company != "" && !slices.Contains(l.companies, company) {
			l.companies = append(l.companies, company)
			if len(l.companies) == limit+1 {
				o.breach(limitsKept, at, r.Key, "a live transaction of %s is of more companies than %d, which is the limit", side, limit)
			}
		}
	}
	if limit := most.LiveBytes[side]; limit > 0 {
		o.tallies[limitsKept].checked++
		before := l.bytes
		l.bytes += o.weight(side, r)
		if before <= limit && l.bytes > limit {
			o.breach(limitsKept, at, r.Key, "a live transaction of %s weighs %d bytes or more, and the limit is %d", side, l.bytes, limit)
		}
	}
}

// weight is what a record weighs on its way to the other side, in JSON: what a request has
// around it, and for each column that holds something its name, its value, and the quotes,
// the colon and the comma. A delete has no columns.
func (o *Oracle) weight(side engine.Side, r *engine.Record) int64 {
	const (
		around = 6
		number = 16
		guid   = 36 // of a lookup
	)
	n := o.config.Limits.RecordBytes[side]
	columns := o.config.Maps[r.Key.Map].Columns
	for i := range r.Values {
		value := 0
		switch v := &r.Values[i]; v.Kind {
		case engine.KindNull:
			continue
		case engine.KindText:
			value = len(v.Text)
		case engine.KindNumber:
			value = number
		case engine.KindLookup:
			value = guid
		}
		n += int64(len(columns[i].Name) + around + value)
	}
	return n
}
