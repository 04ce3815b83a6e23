package system

import (
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// Listings of the engine: initial sync and resync go through a table page by
// page, in the order of keys. A page shows one instant; what comes or goes between
// two pages may be missing, or not.

// askPage fills in a request for a page.
func (s *System) askPage(r *Request, e *engine.Effect) {
	r.after, r.company, r.max = e.After, e.Company, e.Max
	s.stats.Listings++
	r.Entity = sim.Mix(uint64(e.Kind), hashKey(&e.After))
	r.Ordinal = s.stats.Listings
}

// page answers with the records that follow a key.
func (s *System) page(r *Request) {
	t := &s.tables[r.after.Map]
	order := t.byKey()
	from, found := slices.BinarySearchFunc(order, r.after, func(i int32, k engine.Key) int { return t.at(i).key.Compare(k) })
	if found {
		from++
	}
	for _, i := range order[from:] {
		row := t.at(i)
		switch {
		case r.company != "" && row.key.Company > r.company:
			return
		case row.record == nil || !row.record.Listed() || r.company != "" && row.key.Company != r.company:
			continue
		case len(r.Records) == r.max:
			r.More = true
			return
		}
		r.Records = append(r.Records, row.record)
		s.stats.Listed++
	}
}

// byKey returns the rows that ever held a record, ascending by key. What has come
// since the last time is merged in.
func (t *table) byKey() []int32 {
	fresh := slices.Clone(t.created[len(t.sorted):])
	if len(fresh) == 0 {
		return t.sorted
	}
	slices.SortFunc(fresh, func(a, b int32) int { return t.at(a).key.Compare(t.at(b).key) })
	merged := make([]int32, 0, len(t.created))
	for _, i := range t.sorted {
		for len(fresh) > 0 && t.at(fresh[0]).key.Compare(t.at(i).key) < 0 {
			merged, fresh = append(merged, fresh[0]), fresh[1:]
		}
		merged = append(merged, i)
	}
	t.sorted = append(merged, fresh...)
	return t.sorted
}
