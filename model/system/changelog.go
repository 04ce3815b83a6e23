package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// changelog lists the rows of a table by their last change, so that a listing
// of what has changed looks at little more than that. The zero value keeps
// nothing: only a side that the data integrator lists has one.
type changelog struct {
	on      bool
	entries []changed
}

// changed is one commit of a row. It counts as long as the row has not been
// written again.
type changed struct {
	row     int32
	version engine.Version
	// The latest local time up to here. The local clock may have been set back,
	// and rows further on then carry times before it.
	latest sim.Time
}

// note adds a commit.
func (l *changelog) note(t *table, i int32, r *row) {
	if !l.on {
		return
	}
	latest := r.modified
	if n := len(l.entries); n > 0 {
		latest = max(latest, l.entries[n-1].latest)
	}
	l.entries = append(l.entries, changed{row: i, version: r.record.Version, latest: latest})
	if len(l.entries) > 2*len(t.created)+64 {
		l.compact(t)
	}
}

// compact drops what does not count any more. Each entry is looked at again
// only after as many new ones.
func (l *changelog) compact(t *table) {
	kept := l.entries[:0]
	for _, e := range l.entries {
		if t.at(e.row).record.Version == e.version {
			kept = append(kept, e)
		}
	}
	l.entries = kept
}

// since appends to dst the rows that a listing may hold. Whoever asks sorts
// out the rest.
func (l *changelog) since(dst []integrator.Row, t *table, listing *integrator.Listing) []integrator.Row {
	from := sim.Time(listing.Since)
	if listing.Paged {
		from = max(from, sim.Time(listing.After.Modified))
	}
	for i := len(l.entries) - 1; i >= 0; i-- {
		e := &l.entries[i]
		switch {
		case listing.By == integrator.ByToken && e.version <= listing.Token.Version,
			listing.By == integrator.ByModified && e.latest < from:
			return dst
		}
		if r := t.at(e.row); r.record.Version == e.version {
			dst = append(dst, r.listed())
		}
	}
	return dst
}

// listed is the row as the data integrator sees it.
func (r *row) listed() integrator.Row {
	return integrator.Row{Record: r.record, Modified: integrator.LocalTime(r.modified)}
}
