package integrator_test

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// model copies like the integrator, in one go and row by row.
type model struct {
	cfg   integrator.Config
	sides [2]*testSystem
	tasks map[string]*modelTask // by project and map
}

type modelTask struct {
	begun  bool
	since  integrator.LocalTime
	token  engine.Version
	cut    bool
	last   integrator.Row       // of the cut listing
	next   integrator.LocalTime // what a cut listing becomes
	until  engine.Version
	failed []engine.Key
}

// run carries out one run and returns how it ends.
func (m *model) run(p *integrator.Project, now, own engine.Time) string {
	source, target := m.sides[p.From], m.sides[p.From.Other()]
	x := integrator.Execution{}
	left := m.cfg.RowsMax
	for _, id := range p.Tasks {
		name := fmt.Sprint(p.Name, id)
		if m.tasks[name] == nil {
			m.tasks[name] = &modelTask{}
		}
		t := m.tasks[name]
		byToken := p.Detect.By == integrator.ByToken
		var failed []engine.Key
		attempted := map[engine.Key]engine.Version{}
		write := func(r *engine.Record) {
			failed = slices.DeleteFunc(failed, func(k engine.Key) bool { return k == *r.Key })
			left--
			x.Rows++
			eff := &integrator.Effect{Columns: []int{0, 1}}
			u := &integrator.Upsert{Key: *r.Key, Delete: !r.Alive, Values: r.Values, Source: r}
			switch result := target.write(now, eff, u); {
			case result.Reason != engine.NoReason:
				x.Errors++
				x.Cause = max(x.Cause, integrator.RowErrors)
				failed = append(failed, *r.Key)
			case u.Delete:
				x.Deletes++
			default:
				x.Upserts++
			}
		}
		for i, k := range t.failed {
			r := source.record(k)
			switch {
			case left == 0:
				failed = append(failed, t.failed[i])
			case r.Alive || byToken:
				attempted[k] = r.Version
				x.Retried++
				write(r)
			}
		}
		if !t.cut {
			t.until, t.next = source.version, integrator.LocalTime(own)
		}
		var rows []integrator.Row
		for _, row := range source.rows {
			r := row.Record
			wanted := r.Key.Map == id && (r.Alive || byToken && t.begun)
			if byToken {
				wanted = wanted && r.Version <= t.until && (!t.begun || r.Version > t.token)
			} else {
				wanted = wanted && (!t.begun || row.Modified > t.since)
			}
			if wanted && (!t.cut || order(byToken, *row, t.last) > 0) {
				rows = append(rows, *row)
			}
		}
		slices.SortFunc(rows, func(a, b integrator.Row) int { return order(byToken, a, b) })
		whole := left > 0 // else it cannot even ask
		for i, row := range rows {
			if left == 0 {
				whole = false
				break
			}
			t.last = rows[i]
			if v, ok := attempted[*row.Record.Key]; !ok || v != row.Record.Version {
				write(row.Record)
			}
			t.cut = true
		}
		t.failed = failed
		if !whole {
			x.Cause = max(x.Cause, integrator.RowLimit)
			break
		}
		t.begun, t.cut, t.since, t.token = true, false, t.next, t.until
	}
	x.State = integrator.Completed
	if x.Cause != integrator.NoCause {
		x.State = integrator.Warning
	}
	return ending(&x)
}

func order(byToken bool, a, b integrator.Row) int {
	if !byToken {
		return cmp.Or(cmp.Compare(a.Modified, b.Modified), cmp.Compare(a.Record.Key.ID, b.Record.Key.ID))
	}
	dead := func(r integrator.Row) int { return map[bool]int{true: 0, false: 1}[r.Record.Alive] }
	return cmp.Or(cmp.Compare(dead(a), dead(b)), cmp.Compare(a.Record.Version, b.Record.Version))
}
