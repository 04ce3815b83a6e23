package engine_test

import (
	"cmp"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
)

// expect checks lines written by hand, which renewing the golden traces cannot
// touch:
//
//	SIDE MAP/KEY: 1 synced written, 2 conflict overridden    the outcomes, by number
//	SIDE MAP/KEY = col=value ...                             the final record's values
//	equal MAP/KEY                                            both sides hold the same
//	SIDE MAP/KEY is blocked on KEY                           where its item is, as "queue" prints it; or "is done"
//	map MAP is running                                       or another state of a table map
//	open N                                                   items in the queue
//	drift N                                                  records older than the sync that were overwritten, since the last start
//	initial MAP SIDE stage: N rows ...                       how far a leg of initial sync has come, as traced; MAP@COMPANY of one company
//	job NAME is STATE                                        active, paused, draining or stopped
//	alerts N                                                 how many were raised
//	writes N                                                 records that the engine wrote
//	carried N                                                of them, those that brought content and not marks alone
//	listed N                                                 pairs that the last comparison or resync listed
//	listed MAP/KEY from SIDE                                 one of them: see [driftOf]; or "nowhere"
//	reads KEY N                                              how often a record was read, both sides together
//	ingested SIDE N                                          outbox positions that the store keeps
//	outbox SIDE N                                            references that lie in it
func (e *environment) expect(d *datadriven.TestData) {
	e.t.Helper()
	e.flush()
	checked := 0
	for _, line := range spread(d.Input) {
		checked++
		words := strings.Fields(line)
		var got, want string
		switch {
		case len(words) == 2 && words[0] == "open":
			n := 0
			e.core.OpenItems(func(engine.OpenItem) { n++ })
			got, want = strconv.Itoa(n), words[1]
		case len(words) == 2 && words[0] == "drift":
			got, want = strconv.FormatUint(e.core.Stats().DriftOverwritten, 10), words[1]
		case words[0] == "initial":
			got, want = e.initialOf(words[1], words[2]), strings.Join(words[3:], " ")
		case len(words) == 2 && words[0] == "alerts":
			got, want = strconv.Itoa(e.raised), words[1]
		case len(words) == 4 && words[0] == "job":
			got, want = e.jobState(words[1]), words[3]
		case len(words) == 2 && words[0] == "writes":
			got, want = strconv.Itoa(e.writes), words[1]
		case len(words) == 3 && words[0] == "ingested":
			state, err := e.store.Load()
			if err != nil {
				d.Fatalf(e.t, "%v", err)
			}
			got, want = strconv.Itoa(len(state.Ingested[sideNamed(words[1])])), words[2]
		case len(words) == 3 && words[0] == "outbox":
			got, want = strconv.Itoa(len(e.sides[sideNamed(words[1])].outbox)), words[2]
		case len(words) == 3 && words[0] == "reads":
			got, want = strconv.Itoa(e.reads[words[1]]), words[2]
		case len(words) == 2 && words[0] == "listed":
			n := 0
			e.core.Drift(func(engine.Drift) { n++ })
			got, want = strconv.Itoa(n), words[1]
		case len(words) > 2 && words[0] == "listed":
			got, want = e.drifts(words[1]), strings.Join(words[2:], " ")
		case len(words) == 2 && words[0] == "carried":
			got, want = strconv.Itoa(e.carried), words[1]
		case len(words) == 2 && words[0] == "equal":
			mapName, id, _ := strings.Cut(words[1], "/")
			k := e.key(mapName, id)
			got, want = e.values(engine.FinOps, k), e.values(engine.Dataverse, k)
		case strings.Contains(line, " = ") || strings.HasSuffix(line, " ="):
			name, values, _ := strings.Cut(line, " =")
			where := strings.Fields(name)
			mapName, id, _ := strings.Cut(where[1], "/")
			got, want = e.values(sideNamed(where[0]), e.key(mapName, id)), strings.TrimSpace(values)
		case strings.Contains(line, " is "):
			name, state, _ := strings.Cut(line, " is ")
			got, want = e.whereabouts(name), state
		case strings.Contains(line, ": "):
			name, outcomes, _ := strings.Cut(line, ": ")
			list := slices.Clone(e.outcomes[name])
			sort.Strings(list)
			got, want = strings.Join(list, ", "), outcomes
		default:
			d.Fatalf(e.t, "cannot read the expectation %q", line)
		}
		if got != want {
			e.t.Errorf("%s: expected %q, got %q", d.Pos, line, got)
			e.printf("broken: %s\n  got %s", line, got)
		}
	}
	if checked == 0 {
		d.Fatalf(e.t, "nothing is expected")
	}
}

func sideNamed(s string) engine.Side {
	if s == "dataverse" {
		return engine.Dataverse
	}
	return engine.FinOps
}

// values prints a record's values only.
func (e *environment) values(s engine.Side, k engine.Key) string {
	r := e.sides[s].records[k]
	if r == nil || !r.Alive {
		return "absent"
	}
	text := e.record(r)
	text, _, _ = strings.Cut(text, " [")
	_, text, _ = strings.Cut(text, " ")
	return text
}

// record prints a record with its mark: values, then number, own, seen, lost,
// what it hides, and what was lost in earlier lives.
func (e *environment) record(r *engine.Record) string {
	m := e.maps[r.Key.Map]
	var b strings.Builder
	fmt.Fprintf(&b, "%s/%s", m.Name, keyName(*r.Key))
	if r.Key.Spelling != "" {
		fmt.Fprintf(&b, "~%s", r.Key.Spelling)
	}
	for i, v := range r.Values {
		switch v.Kind {
		case engine.KindText:
			fmt.Fprintf(&b, " %s=%s", m.Columns[i].Name, cmp.Or(strings.ReplaceAll(v.Text, " ", "_"), `""`))
		case engine.KindNumber:
			fmt.Fprintf(&b, " %s=%v", m.Columns[i].Name, float64(v.Number)/1e6)
		case engine.KindLookup:
			fmt.Fprintf(&b, " %s=%s", m.Columns[i].Name, keyName(*v.Target))
		}
	}
	if !r.Alive {
		b.WriteString(" deleted")
	}
	if r.Mark.Incarnation == 0 && !r.Mark.Dead {
		b.WriteString(" [no mark]")
		return b.String()
	}
	fmt.Fprintf(&b, " [%d.%d", r.Mark.Incarnation, r.Mark.Number)
	for _, g := range r.Mark.Groups {
		fmt.Fprintf(&b, " own%d seen%d", g.Own, g.Seen)
		if lost := g.Lost.Numbers(); len(lost) > 0 {
			fmt.Fprintf(&b, " lost%v", lost)
		}
	}
	if h := r.Mark.Hidden; h != nil {
		fmt.Fprintf(&b, " hides%d.%d", h.Mark.Incarnation, h.Mark.Number)
	}
	for p := r.Mark.Past; p != nil; p = p.Next {
		fmt.Fprintf(&b, " past%d.%d", p.Incarnation, p.Number)
	}
	b.WriteString("]")
	return b.String()
}

func (e *environment) show() {
	for _, s := range e.sides {
		for _, k := range s.keys {
			e.printf("%s: %s", s.side, e.record(s.records[k]))
		}
	}
}

func (e *environment) queue() {
	e.core.OpenItems(func(i engine.OpenItem) {
		e.printf("%s %s/%s: %d references, %s%s", i.Side, e.maps[i.Key.Map].Name, keyName(i.Key), i.References, i.State, e.because(i))
	})
}

func (e *environment) because(i engine.OpenItem) string {
	switch i.State {
	case "blocked":
		return " on " + keyName(i.BlockedOn)
	case "parked":
		return fmt.Sprintf(": %s (%s)", i.Parked.Class, i.Parked.Reason)
	}
	return ""
}
