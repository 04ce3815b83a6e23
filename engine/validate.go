package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// The faults of a job that is declared, and those that keep one from starting. Each comes as a [*JobError] that
// names the job, the map and what else it takes to find it.
var (
	ErrNoName           = errors.New("the job has no name")
	ErrNameTwice        = errors.New("another job has the same name")
	ErrUnknownMap       = errors.New("no table map has this number")
	ErrMapTwice         = errors.New("the table map is in a job already")
	ErrEntityTwice      = errors.New("another running table map pairs the same data entity and table")
	ErrSequenceTwice    = errors.New("another table map of the job has the same sequence number")
	ErrTwoPrimaries     = errors.New("the table maps of one job must have one primary side")
	ErrScopeMismatch    = errors.New("[DIPV1002] one side is a cross-company entity and the other is a company-specific entity")
	ErrAsyncUnsupported = errors.New("the table map does not support async mode")
	ErrNotRunning       = errors.New("looks up a table map that is in no running job and is not declared external")
	ErrColumnTwice      = errors.New("the column is mapped twice")
	ErrKeyTwice         = errors.New("the key has the column twice")
	ErrCircle           = errors.New("its lookups lead back to it, and no lookup on the way may follow later: mark what can close a circle with MarkCircular")
)

// JobError is one fault of a job that is about to start.
type JobError struct {
	Job    string
	Map    string // empty when it is about the job as a whole, or about a map that does not exist
	Column string // empty when it is about the map as a whole
	Other  string // the other map, job, side or number that it collides with; may be empty
	Err    error
}

// Error names the place, the fault and the other party.
func (e *JobError) Error() string {
	where := "job " + e.Job
	if e.Map != "" {
		where += ", table map " + e.Map
	}
	if e.Column != "" {
		where += ", column " + e.Column
	}
	if e.Other != "" {
		return fmt.Sprintf("engine: %s: %v: %s", where, e.Err, e.Other)
	}
	return fmt.Sprintf("engine: %s: %v", where, e.Err)
}

// Unwrap returns the fault.
func (e *JobError) Unwrap() error { return e.Err }

// NoticeKind is what a [JobNotice] tells.
type NoticeKind uint8

// The notices: nothing is wrong, but the operator shall have read it.
const (
	AgainstPrimary NoticeKind = iota // every column flows from the side that is not primary: that side wins all the same
	ManyLookups                      // more than [LookupsMax]: initial sync will refuse to export from Dataverse
	ChildFirst                       // a looked-up map of the same job comes later in sequence: its records are waited for
)

// String returns the notice as one line of text.
func (k NoticeKind) String() string {
	return [...]string{
		"flows one way only, against the primary side: it never conflicts, and its source wins",
		fmt.Sprintf("has more than %d lookups: initial sync cannot export it from Dataverse", LookupsMax),
		"comes before a table map that it looks up",
	}[k]
}

// LookupsMax is how many lookups a map may have to be exported from Dataverse
// by initial sync.
const LookupsMax = 10

// JobNotice is something to know of a job that may start.
type JobNotice struct {
	Kind  NoticeKind
	Map   string
	Other string // the map that is looked up, for ChildFirst
}

// ValidateJob judges a job that is about to start beside those that run
// already, or start with it. It reports every fault at once, as a joined list
// of [*JobError], so that no policy error waits for the first conflict; the
// notices hinder nothing. maps stand at their IDs and have passed
// [NewTableMap], which has judged their transforms and filters.
func ValidateJob(maps []*TableMap, job Job, running ...Job) ([]JobNotice, error) {
	v := jobCheck{maps: maps, job: job, running: running}
	for i, id := range job.Maps {
		switch {
		case int(id) >= len(maps):
			v.fault(nil, "", ErrUnknownMap, fmt.Sprint(id))
		case slices.Contains(job.Maps[:i], id):
			v.fault(maps[id], "", ErrMapTwice, job.Name)
		default:
			v.membership(i, maps[id])
			v.policies(i, maps[id])
			v.columns(maps[id])
			v.lookups(maps[id])
			v.circle(maps[id])
		}
	}
	return v.notices, errors.Join(v.faults...)
}

// jobCheck is one run of [ValidateJob].
type jobCheck struct {
	maps    []*TableMap
	job     Job
	running []Job
	notices []JobNotice
	faults  []error
}

func (v *jobCheck) fault(m *TableMap, column string, err error, other string) {
	e := &JobError{Job: v.job.Name, Column: column, Other: other, Err: err}
	if m != nil {
		e.Map = m.Name
	}
	v.faults = append(v.faults, e)
}

func (v *jobCheck) notice(kind NoticeKind, m *TableMap, other string) {
	v.notices = append(v.notices, JobNotice{Kind: kind, Map: m.Name, Other: other})
}

// earlier calls f with each existing map of the job before place i.
func (v *jobCheck) earlier(i int, f func(*TableMap)) {
	for _, id := range v.job.Maps[:i] {
		if int(id) < len(v.maps) {
			f(v.maps[id])
		}
	}
}

// membership: a map is in one job, and no two running maps capture the same
// records.
func (v *jobCheck) membership(i int, m *TableMap) {
	v.earlier(i, func(o *TableMap) { v.sameEntities(m, o) })
	for _, j := range v.running {
		for _, id := range j.Maps {
			switch {
			case id == m.ID:
				v.fault(m, "", ErrMapTwice, j.Name)
			case int(id) < len(v.maps):
				v.sameEntities(m, v.maps[id])
			}
		}
	}
}

func (v *jobCheck) sameEntities(m, o *TableMap) {
	if m.ID != o.ID && m.Entity == o.Entity && m.Entity != [2]string{} && m.Mode != Stopped && o.Mode != Stopped {
		v.fault(m, "", ErrEntityTwice, o.Name)
	}
}

// policies: what the map and its job want must be possible.
func (v *jobCheck) policies(i int, m *TableMap) {
	v.earlier(i, func(o *TableMap) {
		if o.ID != m.ID && o.Sequence == m.Sequence {
			v.fault(m, "", ErrSequenceTwice, fmt.Sprintf("%s has %d too", o.Name, m.Sequence))
		}
	})
	if first := v.job.Maps[0]; int(first) < len(v.maps) && v.maps[first].Primary != m.Primary {
		v.fault(m, "", ErrTwoPrimaries, fmt.Sprintf("%s, and %s has %s", m.Primary, v.maps[first].Name, v.maps[first].Primary))
	}
	if m.Mode == Async && m.AsyncUnsupported {
		v.fault(m, "", ErrAsyncUnsupported, "")
	}
	if m.scopeOf(FinOps) != m.scopeOf(Dataverse) {
		v.fault(m, "", ErrScopeMismatch, fmt.Sprintf("%s is %s and %s is %s",
			m.Entity[FinOps], m.scopeOf(FinOps), m.Entity[Dataverse], m.scopeOf(Dataverse)))
	}
	if m.outgoing(m.Primary) == 0 {
		v.notice(AgainstPrimary, m, "")
	}
}

// scopeOf returns the scope of one side of a map.
func (m *TableMap) scopeOf(side Side) Scope {
	switch {
	case m.Scopes[side] != ScopeOfMap:
		return m.Scopes[side]
	case m.Company:
		return CompanySpecific
	default:
		return Global
	}
}

// columns: a name means one column.
func (v *jobCheck) columns(m *TableMap) {
	for i := range m.Columns {
		if m.column(m.Columns[i].Name) < i {
			v.fault(m, m.Columns[i].Name, ErrColumnTwice, "")
		}
	}
	for i, name := range m.Key {
		if slices.Contains(m.Key[:i], name) {
			v.fault(m, name, ErrKeyTwice, "")
		}
	}
}

// lookups: what a map looks up must be carried too, or be there anyway.
func (v *jobCheck) lookups(m *TableMap) {
	if m.exportedLookups() > LookupsMax {
		v.notice(ManyLookups, m, "")
	}
	for _, c := range m.lookups {
		column := &m.Columns[c]
		for _, id := range column.Lookups {
			switch {
			case int(id) >= len(v.maps):
				v.fault(m, column.Name, ErrUnknownMap, fmt.Sprint(id))
			case v.maps[id].External:
			case v.maps[id].Mode == Stopped || !v.runs(id):
				v.fault(m, column.Name, ErrNotRunning, v.maps[id].Name)
			case slices.Contains(v.job.Maps, id) && v.maps[id].Sequence > m.Sequence && !column.Circular:
				v.notice(ChildFirst, m, v.maps[id].Name)
			}
		}
	}
}

// circle: records that look each other up in a circle can be created only if one of
// the lookups may be left out for a while.
func (v *jobCheck) circle(m *TableMap) {
	if way := v.wayBack(m.ID, m, make([]bool, len(v.maps))); way != nil {
		slices.Reverse(way)
		v.fault(m, "", ErrCircle, strings.Join(way, ", "))
	}
}

// wayBack returns the lookups that lead from one map to another, last first, without
// those that may follow later; nil when there is no way.
func (v *jobCheck) wayBack(to MapID, from *TableMap, seen []bool) []string {
	seen[from.ID] = true
	for i := range from.Columns {
		c := &from.Columns[i]
		for _, id := range c.Lookups {
			if c.Circular || int(id) >= len(v.maps) {
				continue
			}
			if id == to {
				return []string{from.Name + "." + c.Name}
			}
			if !seen[id] {
				if way := v.wayBack(to, v.maps[id], seen); way != nil {
					return append(way, from.Name+"."+c.Name)
				}
			}
		}
	}
	return nil
}

// runs reports whether a map is in the job or in one that runs.
func (v *jobCheck) runs(id MapID) bool {
	return slices.Contains(v.job.Maps, id) ||
		slices.ContainsFunc(v.running, func(j Job) bool { return slices.Contains(j.Maps, id) })
}
