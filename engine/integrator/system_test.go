package integrator_test

import (
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/integrator"
)

// testSystem is one side: a table of rows with versions from one counter and
// modified times from a clock that may be wrong.
type testSystem struct {
	side    engine.Side
	maps    []*engine.TableMap
	clock   testClock
	rows    map[engine.Key]*integrator.Row
	keys    []engine.Key // in order of creation
	version engine.Version
	down    bool
	refused map[engine.Key]bool
	wrote   func(*integrator.Row) // told of every commit; may be nil
}

func newTestSystem(side engine.Side, maps []*engine.TableMap) *testSystem {
	return &testSystem{
		side: side, maps: maps, clock: testClock{granularity: 1},
		rows: map[engine.Key]*integrator.Row{}, refused: map[engine.Key]bool{},
	}
}

// testClock shows true time with an error, in whole multiples of a granularity.
type testClock struct{ offset, granularity time.Duration }

func (c testClock) local(now engine.Time) engine.Time {
	t := now.Add(c.offset)
	below := t % engine.Time(c.granularity)
	if below < 0 {
		below += engine.Time(c.granularity)
	}
	return t - below
}

// commit publishes a record.
func (s *testSystem) commit(now engine.Time, r *engine.Record) {
	s.version++
	r.Version = s.version
	if s.rows[*r.Key] == nil {
		s.keys = append(s.keys, *r.Key)
	}
	row := &integrator.Row{Record: r, Modified: integrator.LocalTime(s.clock.local(now))}
	s.rows[*r.Key] = row
	if s.wrote != nil {
		s.wrote(row)
	}
}

// edit is a user's change: values by column name, or nil for a delete.
func (s *testSystem) edit(now engine.Time, k engine.Key, values map[int]engine.Value) {
	u := integrator.Upsert{Key: k, Delete: values == nil, Values: make([]engine.Value, len(s.maps[k.Map].Columns))}
	var columns []int
	for c := range s.maps[k.Map].Columns {
		if v, ok := values[c]; ok {
			columns, u.Values[c] = append(columns, c), v
		}
	}
	s.commit(now, u.Record(s.maps[k.Map], columns, s.record(k)))
}

func (s *testSystem) record(k engine.Key) *engine.Record {
	if row := s.rows[k]; row != nil {
		return row.Record
	}
	return nil
}

func (s *testSystem) alive(k engine.Key) bool {
	r := s.record(k)
	return r != nil && r.Alive
}

// serve carries out a request.
func (s *testSystem) serve(now engine.Time, eff *integrator.Effect) *integrator.Input {
	if s.down {
		return &integrator.Input{Kind: integrator.RequestFailed, Request: eff.Request, Failure: engine.Down}
	}
	in := &integrator.Input{Kind: integrator.Listed, Request: eff.Request}
	switch eff.Kind {
	case integrator.ListChanges:
		l := eff.Listing
		local := integrator.LocalTime(s.clock.local(now))
		if l.Token.Expired(local, integrator.TokenLife) {
			return &integrator.Input{Kind: integrator.TokenExpired, Request: eff.Request}
		}
		if l.By == integrator.ByToken && !l.Paged {
			l.Until = integrator.Token{Version: s.version, Issued: local}
		}
		in.Until = l.Until
		var rows []integrator.Row
		for _, k := range s.keys {
			if k.Map == l.Map {
				rows = append(rows, *s.rows[k])
			}
		}
		in.Rows, in.More = l.Take(rows)
	case integrator.ReadRows:
		for _, k := range eff.Keys {
			row := integrator.Row{}
			if s.rows[k] != nil {
				row = *s.rows[k]
			}
			in.Rows = append(in.Rows, row)
		}
	case integrator.WriteRows:
		in.Kind = integrator.Written
		for i := range eff.Upserts {
			in.Results = append(in.Results, s.write(now, eff, &eff.Upserts[i]))
		}
	}
	return in
}

// write applies one upsert: refused by validation, or because a record that it
// looks up is not there.
func (s *testSystem) write(now engine.Time, eff *integrator.Effect, u *integrator.Upsert) integrator.RowResult {
	if s.refused[u.Key] {
		return integrator.RowResult{Reason: engine.Refused, Cause: "validation"}
	}
	m := s.maps[u.Key.Map]
	if !u.Delete {
		for _, c := range eff.Columns {
			if v := u.Values[c]; v.Kind == engine.KindLookup && !s.alive(v.Target.Folded()) {
				return integrator.RowResult{Reason: engine.LookupNotFound, Cause: m.Columns[c].Name}
			}
		}
	} else if !s.alive(u.Key) {
		return integrator.RowResult{}
	}
	r := u.Record(m, eff.Columns, s.record(u.Key))
	if u.Source != nil {
		r.Trace = u.Source.Trace
	}
	s.commit(now, r)
	return integrator.RowResult{}
}

// declare makes table maps; the ID is the place.
func declare(maps ...engine.TableMap) []*engine.TableMap {
	for i := range maps {
		maps[i].ID, maps[i].Mode = engine.MapID(i), engine.Async
	}
	engine.MarkCircular(maps)
	var made []*engine.TableMap
	for _, m := range maps {
		tm, err := engine.NewTableMap(m)
		if err != nil {
			panic(err)
		}
		made = append(made, tm)
	}
	return made
}

func columnOf(m *engine.TableMap, name string) int {
	return slices.IndexFunc(m.Columns, func(c engine.Column) bool { return c.Name == name })
}
