package system

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
	"github.com/twinwrite/twinwrite/sim"
)

// PrepareCopy fills in a new request for an effect of the data integrator,
// before it is sent. The draws of a page and of rows read again are keyed by
// entity and ordinal; those of a write by its rows, as the engine's are.
func (s *System) PrepareCopy(r *Request, e *integrator.Effect, entity, ordinal uint64) {
	r.Kind, r.Side, r.Copy = engine.ReadBatch, e.Side, e
	if e.Kind != integrator.WriteRows {
		r.Entity, r.Ordinal = entity, ordinal
		return
	}
	r.Kind = engine.WriteBatch
	for i := range e.Upserts {
		u := &e.Upserts[i]
		s.resolveKey(r, u.Key)
		row := s.rowOf(r, i)
		attempt := row.written.next(u.Source.Mark.Number)
		r.key(row.hash, attempt)
		r.work += s.recordWork(row.hash, attempt)
	}
}

// serveCopy carries out a request of the data integrator.
func (s *System) serveCopy(r *Request) {
	r.Answer = integrator.Input{Kind: integrator.Listed, Request: r.Copy.Request}
	switch r.Copy.Kind {
	case integrator.ListChanges:
		s.stats.Listings++
		s.list(&r.Answer, r.Copy.Listing)
		s.stats.Listed += uint64(len(r.Answer.Rows))
	case integrator.ReadRows:
		s.stats.Reads++
		for _, k := range r.Copy.Keys {
			row := integrator.Row{}
			t := &s.tables[k.Map]
			if i, known := t.row(&k); known && t.at(i).record != nil {
				row = t.at(i).listed()
			}
			r.Answer.Rows = append(r.Answer.Rows, row)
		}
	}
}

// Place returns the row of a key, dead or alive.
func (s *System) Place(k engine.Key) (Row, bool) {
	i, known := s.tables[k.Map].row(&k)
	return Row(i + 1), known
}

// list makes one page of a listing. A token names the newest version of the
// whole system, and the local clock tells how old it is.
func (s *System) list(in *integrator.Input, l integrator.Listing) {
	now := integrator.LocalTime(s.clock.Local(s.k.Now()))
	if l.By == integrator.ByToken && l.Token.Expired(now, s.config.TokenLife) {
		in.Kind = integrator.TokenExpired
		return
	}
	if l.By == integrator.ByToken && !l.Paged {
		l.Until = integrator.Token{Version: s.version, Issued: now}
	}
	in.Until = l.Until
	t := &s.tables[l.Map]
	var rows []integrator.Row
	if l.Full {
		for _, i := range t.created {
			rows = append(rows, t.at(i).listed())
		}
	} else {
		rows = t.log.since(rows, t, &l)
	}
	in.Rows, in.More = l.Take(rows)
}

// upsert writes the first n rows of a request, each on its own and whatever the
// side holds, and returns how many were written.
func (s *System) upsert(r *Request, n int) (landed int) {
	r.Answer = integrator.Input{Kind: integrator.Written, Request: r.Copy.Request}
	for i := range min(n, len(r.Copy.Upserts)) {
		result, wrote := s.upsertRow(r, i)
		if wrote {
			landed++
		}
		r.Answer.Results = append(r.Answer.Results, result)
	}
	if r.GivenUp {
		s.stats.LateLandings += uint64(landed)
	}
	return landed
}

// upsertRow writes one row, unless business logic refuses it or it looks up a
// record that is not here. A delete of what is gone is done already.
func (s *System) upsertRow(r *Request, i int) (result integrator.RowResult, wrote bool) {
	u := &r.Copy.Upserts[i]
	t := &s.tables[r.maps[i]]
	row := t.at(r.rows[i])
	if u.Delete && !row.alive() {
		return integrator.RowResult{}, false
	}
	if column, missing := s.missing(t.m, r.Copy.Columns, u); missing {
		return integrator.RowResult{Reason: engine.LookupNotFound, Cause: column}, false
	}
	before := row.record
	after := u.Record(t.m, r.Copy.Columns, before)
	for v := range s.config.Validations {
		if c := &s.config.Validations[v]; c.Map != u.Key.Map || u.Delete && (c.Rule != nil || c.Own != nil) {
			continue
		}
		if cause, refused := s.refuses(v, &u.Key, after.Values, row.hash, u.Source.Mark.Number); refused {
			s.stats.Refused++
			return integrator.RowResult{Reason: engine.Refused, Cause: cause}, false
		}
	}
	if _, how := clashes([]valueChange{{t, r.rows[i], living(after)}}); how != noClash {
		s.stats.Refused++
		return integrator.RowResult{Reason: engine.DuplicateValue, Cause: causeTaken}, false
	}
	after.Version = s.nextVersion()
	after.Trace = s.observer.CopyCommit(s.k.Now(), s.config.Side, r.Copy.Columns, u.Source, before, after)
	s.publish(t, r.rows[i], after)
	s.k.Note(noteCopied, sim.Mix(row.hash, uint64(after.Version)))
	s.stats.Copied++
	return integrator.RowResult{}, true
}

// missing names a column of a row that looks up a record which is not here.
func (s *System) missing(m *engine.TableMap, columns []int, u *integrator.Upsert) (column string, missing bool) {
	if u.Delete {
		return "", false
	}
	for _, c := range columns {
		v := &u.Values[c]
		if v.Kind != engine.KindLookup {
			continue
		}
		k := v.Target.Folded()
		if k != u.Key && s.incarnation(k) == 0 {
			return m.Columns[c].Name, true
		}
	}
	return "", false
}
