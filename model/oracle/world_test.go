package oracle

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

const (
	fin = engine.FinOps
	dat = engine.Dataverse
)

// hand is a world without an engine: a test says what is written. It keeps
// marks as the contract of the two sides demands, so that a test of one
// property does not break another.
type hand struct {
	t       interface{ Helper() }
	o       *Oracle
	now     sim.Time
	records [2]map[engine.Key]*engine.Record
	order   [2][]engine.Key
	version engine.Version
	items   []Item
	stopped []engine.Key // quarantined at the end
	tx      engine.TxID
}

// headers is map 0, whose primary is F&O; lines is map 1 and looks it up.
func tables() []*engine.TableMap {
	return []*engine.TableMap{
		{ID: 0, Name: "headers", Company: true, Mode: engine.Async, Primary: fin, Columns: []engine.Column{{Name: "text"}}},
		{ID: 1, Name: "lines", Mode: engine.Async, Primary: dat, Columns: []engine.Column{{Name: "text"}, {Name: "header", Lookups: []engine.MapID{0}}}},
	}
}

func newHand(t interface{ Helper() }, c Config) *hand { return newHandOf(t, c, tables()) }

func newHandOf(t interface{ Helper() }, c Config, maps []*engine.TableMap) *hand {
	c.Maps = maps
	h := &hand{t: t, o: New(c)}
	for s := range h.records {
		h.records[s] = map[engine.Key]*engine.Record{}
	}
	return h
}

func headerKey(id string) engine.Key { return engine.Key{Map: 0, Company: "usmf", ID: id} }

var a = headerKey("A")

func (h *hand) at(d time.Duration) { h.now = sim.Time(d) }

func (h *hand) get(s engine.Side, k engine.Key) *engine.Record { return h.records[s][k] }

func (h *hand) publish(s engine.Side, r *engine.Record) *engine.Record {
	if h.records[s][*r.Key] == nil {
		h.order[s] = append(h.order[s], *r.Key)
	}
	h.records[s][*r.Key] = r
	return r
}

// next makes the successor of a record.
func (h *hand) next(s engine.Side, k engine.Key, values []engine.Value) *engine.Record {
	h.version++
	r := &engine.Record{Key: &k, Version: h.version, Alive: true, Values: values}
	if old := h.get(s, k); old != nil {
		r.Mark = old.Mark
		r.Mark.Groups, r.Mark.Dead = slices.Clone(old.Mark.Groups), false
	}
	if len(r.Mark.Groups) == 0 {
		r.Mark.Groups = make([]engine.GroupMark, 1)
	}
	return r
}

func text(s string) []engine.Value { return []engine.Value{{Kind: engine.KindText, Text: s}} }

// user commits a captured change.
func (h *hand) user(s engine.Side, k engine.Key, values []engine.Value) *engine.Reference {
	h.t.Helper()
	before, r := h.get(s, k), h.next(s, k, values)
	r.Mark.Incarnation = max(r.Mark.Incarnation, 1)
	r.Mark.Number++
	r.Mark.Groups[0].Own = r.Mark.Number
	ref := &engine.Reference{Key: k, Side: s, Incarnation: r.Mark.Incarnation, Number: r.Mark.Number, Groups: 1, Tx: h.tx}
	r.Trace = h.o.UserCommit(h.now, s, before, r, ref)
	h.publish(s, r)
	return ref
}

// bypass commits a change that the hook does not see.
func (h *hand) bypass(s engine.Side, k engine.Key, values []engine.Value) {
	before, r := h.get(s, k), h.next(s, k, values)
	r.Trace = h.o.UserCommit(h.now, s, before, r, nil)
	h.publish(s, r)
}

// write is a carry or mark write to side y from the record of the other side
// that was read.
func (h *hand) write(kind engine.WriteKind, y engine.Side, read *engine.Record, override bool) *engine.Record {
	h.t.Helper()
	before := h.get(y, *read.Key)
	values := read.Values
	if kind == engine.MarkWrite {
		values = before.Values
	}
	r := h.next(y, *read.Key, values)
	g := &r.Mark.Groups[0]
	r.Mark.Incarnation = read.Mark.Incarnation
	g.Seen = max(g.Seen, read.Mark.Groups[0].Own)
	w := &engine.Write{Kind: kind, Key: *read.Key, Source: read, Target: before, Groups: 1}
	if override {
		w.Override = 1
		lost := engine.Losses(append(slices.Clone(g.Lost.Numbers()), g.Own))
		g.Lost = &lost
	}
	r.Trace = h.o.EngineCommit(h.now, y, w, before, r, nil)
	return h.publish(y, r)
}

// carry brings the other side's record as it is now to side y.
func (h *hand) carry(y engine.Side, k engine.Key) {
	h.t.Helper()
	h.write(engine.CarryWrite, y, h.get(y.Other(), k), false)
}

// late captures what bypassed the hook.
func (h *hand) late(s engine.Side, k engine.Key) *engine.Reference {
	before := h.get(s, k)
	r := h.next(s, k, before.Values)
	r.Mark.Incarnation = max(r.Mark.Incarnation, 1)
	r.Mark.Number++
	r.Mark.Groups[0].Own = r.Mark.Number
	ref := &engine.Reference{Key: k, Side: s, Incarnation: r.Mark.Incarnation, Number: r.Mark.Number, Groups: 1, Origin: engine.Late}
	r.Trace = h.o.EngineCommit(h.now, s, &engine.Write{Kind: engine.LateWrite, Key: k, Source: before, Target: before, Groups: 1}, before, r, ref)
	h.publish(s, r)
	return ref
}

func (h *hand) settle(ref *engine.Reference, c engine.Class, why engine.Reason) {
	h.o.Settled(h.now, ref, engine.Outcome{Class: c, Reason: why})
}

// back lets the engine's process come back, with references in its store.
func (h *hand) back(held ...*engine.Reference) {
	h.t.Helper()
	var open []engine.OpenReference
	for _, ref := range held {
		open = append(open, engine.OpenReference{Reference: *ref})
	}
	h.o.Restarted(h.now, open)
}

func (h *hand) queue(ref *engine.Reference, s State) {
	it := Item{Reference: ref, State: s}
	if s == Parked {
		it.Outcome = engine.Outcome{Class: engine.ApplicationFailure, Reason: engine.Refused, Cause: "no"}
		h.o.RowRefused(h.now, ref.Side.Other(), &engine.Write{Key: ref.Key})
	}
	h.items = append(h.items, it)
}

func (h *hand) view() View {
	var v View
	for s := range h.order {
		v.Records[s] = func(yield func(*engine.Record) bool) {
			for _, k := range h.order[s] {
				if !yield(h.records[s][k]) {
					return
				}
			}
		}
	}
	v.Items = slices.Values(h.items)
	for _, k := range h.stopped {
		v.Quarantined = append(v.Quarantined, engine.Quarantine{Key: k})
	}
	return v
}

func (h *hand) judge() Report { return h.o.Judge(h.now, h.view()) }

// expect demands that exactly the named properties are broken; each wish may
// go on with a part of the failure's text: "no-echo: got back".
func expect(t *testing.T, r Report, wishes ...string) {
	t.Helper()
	rest := Contracts()
	for _, p := range r.Properties {
		i := slices.IndexFunc(rest, func(c Contract) bool { return c == p.Contract })
		if i < 0 {
			t.Fatalf("property %s comes out of order", p.ID)
		}
		rest = rest[i+1:]
		wish := ""
		for _, w := range wishes {
			if id, _, _ := strings.Cut(w, ":"); id == p.ID {
				wish = w
			}
		}
		_, want, _ := strings.Cut(wish, ": ")
		said := p.String()
		switch {
		case wish == "" && p.Verdict == Fail:
			t.Errorf("broken against expectation:\n%s", said)
		case wish != "" && p.Verdict != Fail:
			t.Errorf("not broken, but should be: %s\n%s", wish, said)
		case wish != "" && !strings.Contains(said, want):
			t.Errorf("wanted %q in:\n%s", want, said)
		case wish != "" && !strings.Contains(said, p.Text):
			t.Errorf("the failure does not print the contract:\n%s", said)
		}
	}
	for _, w := range wishes {
		id, _, _ := strings.Cut(w, ":")
		if !slices.ContainsFunc(Contracts(), func(c Contract) bool { return c.ID == id }) {
			t.Fatalf("no property is called %s", id)
		}
	}
}

// property returns one property of a report.
func property(t *testing.T, r Report, id string) Property {
	t.Helper()
	for _, p := range r.Properties {
		if p.ID == id {
			return p
		}
	}
	t.Fatalf("no property is called %s", id)
	return Property{}
}
