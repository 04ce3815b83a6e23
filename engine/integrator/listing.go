package integrator

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// LocalTime is what a system's own clock shows, in nanoseconds, on the axis of
// [engine.Time]. It has a type of its own because two clocks need not agree:
// the one place where the integrator takes its own time for the source's is
// [Position.Since], and that is where updates are lost.
type LocalTime int64

// Token is a system's mark in its own history: everything up to it has been
// listed. The first listing of a task has none.
type Token struct {
	Version engine.Version // of the system's counter when the token was made
	Issued  LocalTime      // on the system's clock
}

// TokenLife is how long a token may be used (documented; 7 days is the
// default of a setting).
const TokenLife = 7 * 24 * time.Hour

// Expired reports whether a system whose clock shows now must refuse the token
// with [TokenExpired], life being its setting.
func (t Token) Expired(now LocalTime, life time.Duration) bool {
	return t != (Token{}) && time.Duration(now-t.Issued) > life
}

// Row is one row of a listing as its system holds it now.
type Row struct {
	Record   *engine.Record // dead for a delete; nil for a key that the system has never held
	Modified LocalTime      // when it was last written, on the system's clock
}

// Place is where a listing stands: after this row.
type Place struct {
	Modified LocalTime
	Version  engine.Version
	Dead     bool
	Key      engine.Key
}

// place returns where a listing stands after a row.
func (r *Row) place() Place {
	return Place{Modified: r.Modified, Version: r.Record.Version, Dead: !r.Record.Alive, Key: *r.Record.Key}
}

// Listing asks a system for rows of one table map that have changed, a page at
// a time. It is also the definition of what the answer must be: a system may
// find the rows as it likes, but those of which [Listing.Holds] is true, in the
// order of [Listing.Compare], and not more than Max. [Listing.Take] does that
// to any list of rows.
//
// Rows are listed as they are when the page is served, not as they were when
// the listing began. One that changes between two pages moves to the end of a
// listing by time, and out of a listing by token into the next one.
type Listing struct {
	Map engine.MapID
	By  Method

	// Full asks for all rows that are alive. Since and Token are not looked at.
	Full bool

	// ByModified: rows modified after Since, or also at it.
	Since     LocalTime
	Inclusive bool

	// ByToken: rows changed after Token and up to Until, dead ones last. The
	// system sets Until, its newest token, in the answer to the first page, where
	// it comes as zero; the integrator sends it with the others.
	Token, Until Token

	// Paged says that this is not the first page: rows up to After are out.
	Paged bool
	After Place

	Max int // rows
}

// Holds reports whether a row belongs to the page or to one after it.
func (l *Listing) Holds(r *Row) bool {
	if r.Record == nil || !r.Record.Alive && (l.Full || l.By == ByModified) {
		return false
	}
	if l.By == ByToken && r.Record.Version > l.Until.Version {
		return false
	}
	if !l.Full {
		switch l.By {
		case ByModified:
			if r.Modified < l.Since || r.Modified == l.Since && !l.Inclusive {
				return false
			}
		case ByToken:
			if r.Record.Version <= l.Token.Version {
				return false
			}
		}
	}
	return !l.Paged || l.compare(r.place(), l.After) > 0
}

// Compare orders the rows of a listing: by time and key, or new and updated
// rows before deletes and then by version.
func (l *Listing) Compare(a, b *Row) int {
	if l.By == ByModified && a.Modified != b.Modified { // nearly all: their keys are not looked at
		return cmp.Compare(a.Modified, b.Modified)
	}
	return l.compare(a.place(), b.place())
}

func (l *Listing) compare(a, b Place) int {
	if l.By == ByModified {
		if a.Modified != b.Modified {
			return cmp.Compare(a.Modified, b.Modified)
		}
		return compareKeys(&a.Key, &b.Key)
	}
	if a.Dead != b.Dead {
		if a.Dead {
			return 1
		}
		return -1
	}
	if a.Version != b.Version {
		return cmp.Compare(a.Version, b.Version)
	}
	return compareKeys(&a.Key, &b.Key)
}

func compareKeys(a, b *engine.Key) int {
	return cmp.Or(strings.Compare(a.Company, b.Company), strings.Compare(a.ID, b.ID), strings.Compare(a.Spelling, b.Spelling))
}

// Take makes the page out of all rows of the table, which it reorders, and
// tells whether there are more. The first page of a listing by token needs its
// Until set before.
func (l *Listing) Take(rows []Row) (page []Row, more bool) {
	page = slices.DeleteFunc(rows, func(r Row) bool { return !l.Holds(&r) })
	slices.SortFunc(page, func(a, b Row) int { return l.Compare(&a, &b) })
	if len(page) > l.Max {
		return page[:l.Max], true
	}
	return page, false
}
