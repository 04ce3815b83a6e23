package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// The faults of an initial sync that is asked for, beside those of the job that
// is to start. Each comes as a [*JobError].
var (
	ErrNotInJob         = errors.New("initial sync of a table map that is not in the job")
	ErrNotStriped       = errors.New("initial sync by company of a table map that is shared by all companies")
	ErrCompanyTwice     = errors.New("initial sync names the company twice")
	ErrTooManyCompanies = fmt.Errorf("initial sync takes at most %d companies at a time", CompaniesMax)
	ErrTooManyLookups   = errors.New("initial sync cannot export a table map with so many lookups from Dataverse: " +
		"export F&O only, or skip initial sync and load both sides yourself")
)

// CompaniesMax is how many companies an initial sync takes at a time.
const CompaniesMax = 40

// validateInitial reports every fault of the initial sync that a job is to begin
// with. A table map that is exported from Dataverse may have so many lookups.
func validateInitial(maps []*TableMap, job Job, list []InitialSync, lookups int) error {
	v := jobCheck{maps: maps, job: job}
	for i := range list {
		s := &list[i]
		if int(s.Map) >= len(maps) {
			v.fault(nil, "", ErrUnknownMap, fmt.Sprint(s.Map))
			continue
		}
		m := maps[s.Map]
		if !slices.Contains(job.Maps, s.Map) {
			v.fault(m, "", ErrNotInJob, "")
		}
		if slices.ContainsFunc(list[:i], func(o InitialSync) bool { return o.Map == s.Map }) {
			v.fault(m, "", ErrMapTwice, "its initial sync")
		}
		if m.Mode == Stopped {
			v.fault(m, "", ErrNotRunning, m.Name)
		}
		if n := m.exportedLookups(); s.exports(Dataverse) && n > lookups {
			v.fault(m, "", ErrTooManyLookups, fmt.Sprintf("it has %d, of %d at most", n, lookups))
		}
		if len(s.Companies) > 0 && !m.Company {
			v.fault(m, "", ErrNotStriped, "")
		}
		if len(s.Companies) > CompaniesMax {
			v.fault(m, "", ErrTooManyCompanies, fmt.Sprintf("%d", len(s.Companies)))
		}
		for n, company := range s.Companies {
			if slices.Contains(s.Companies[:n], company) {
				v.fault(m, "", ErrCompanyTwice, company)
			}
		}
	}
	return errors.Join(v.faults...)
}

// exportedLookups counts the lookups that an export from Dataverse takes along.
func (m *TableMap) exportedLookups() (n int) {
	for _, c := range m.lookups {
		if m.Columns[c].Flow.leaves(Dataverse) {
			n++
		}
	}
	return n
}

// prerequisitesFirst puts maps behind those that they look up. What leaves a
// choice is decided by sequence; circular lookups, which would leave none, do not
// count.
func (c *Core) prerequisitesFirst(list []InitialSync) []InitialSync {
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b InitialSync) int {
		return cmp.Or(cmp.Compare(c.given[a.Map].Sequence, c.given[b.Map].Sequence), cmp.Compare(a.Map, b.Map))
	})
	var ordered []InitialSync
	placed := map[MapID]bool{}
	var place func(MapID)
	place = func(id MapID) {
		at := slices.IndexFunc(list, func(s InitialSync) bool { return s.Map == id })
		if placed[id] {
			return
		}
		placed[id] = true
		for i := range c.given[id].Columns {
			column := &c.given[id].Columns[i]
			for _, need := range column.Lookups {
				if !column.Circular {
					place(need)
				}
			}
		}
		if at >= 0 {
			ordered = append(ordered, list[at])
		}
	}
	for i := range list {
		place(list[i].Map)
	}
	return ordered
}
