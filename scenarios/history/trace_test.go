package history

import (
	"bytes"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios/result"
	"github.com/twinwrite/twinwrite/sim"
)

// checkTrace reads a trace as its format demands: an object with traceEvents,
// each with a phase, a time, a process and a thread; async slices that begin and
// end once each under one category and identifier, in order; complete events
// with a duration; instants with a scope; names for every process. It returns
// how many events of each phase there are.
func checkTrace(text []byte) (map[string]int, error) {
	var trace struct {
		TraceEvents []struct {
			Name *string
			Cat  string
			Ph   string
			Ts   *float64
			Dur  *float64
			Pid  *int
			Tid  *int
			ID   string
			S    string
			Args map[string]any
		}
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&trace); err != nil {
		return nil, err
	}
	phases, open, named, last := map[string]int{}, map[string]float64{}, map[int]bool{}, -1.0
	for i, e := range trace.TraceEvents {
		if e.Name == nil || *e.Name == "" || e.Ts == nil || e.Pid == nil || e.Tid == nil {
			return nil, fmt.Errorf("event %d lacks a name, a time, a process or a thread", i)
		}
		phases[e.Ph]++
		if e.Ph != "M" {
			if *e.Ts < last {
				return nil, fmt.Errorf("event %d is out of order", i)
			}
			last = *e.Ts
			if !named[*e.Pid] {
				return nil, fmt.Errorf("event %d is of process %d, which has no name", i, *e.Pid)
			}
		}
		id := e.Cat + " " + e.ID
		switch e.Ph {
		case "M":
			if _, is := e.Args["name"].(string); !is {
				return nil, fmt.Errorf("event %d names nothing", i)
			}
			named[*e.Pid] = true
		case "b":
			if _, twice := open[id]; twice || e.ID == "" || e.Cat == "" {
				return nil, fmt.Errorf("event %d begins %q, which has begun", i, id)
			}
			open[id] = *e.Ts
		case "e":
			if began, known := open[id]; !known || *e.Ts < began {
				return nil, fmt.Errorf("event %d ends %q, which has not begun", i, id)
			}
			delete(open, id)
		case "X":
			if e.Dur == nil || *e.Dur < 0 {
				return nil, fmt.Errorf("event %d has no duration", i)
			}
		case "i":
			if e.S != "t" && e.S != "p" && e.S != "g" {
				return nil, fmt.Errorf("event %d has scope %q", i, e.S)
			}
		default:
			return nil, fmt.Errorf("event %d has phase %q", i, e.Ph)
		}
	}
	if len(open) > 0 {
		return nil, fmt.Errorf("%d slices never end", len(open))
	}
	return phases, nil
}

// TestTrace traces a change that outlives a crash, one that never ends, and a
// window that cuts both.
func TestTrace(t *testing.T) {
	t.Parallel()
	traced := func(from, to time.Duration) map[string]int {
		tracer := Tracer{Maps: maps, From: from, To: to}
		ref := func(id string) *engine.Reference {
			return &engine.Reference{Key: engine.Key{ID: id}, Number: 1, Incarnation: 1}
		}
		at := func(s int) sim.Time { return sim.Time(time.Duration(s) * time.Second) }
		rec := func(id string) *engine.Record { return &engine.Record{Key: &engine.Key{ID: id}, Alive: true} }
		for i, id := range []string{"a", "b<\"\u202e"} {
			tracer.Hear(model.Told{At: at(1 + i), What: model.UserCommitted, Key: *rec(id).Key, After: rec(id), Reference: ref(id)})
			tracer.Hear(model.Told{At: at(3 + i), What: model.Moved, Key: *rec(id).Key, Place: engine.InFlight})
		}
		tracer.Hear(model.Told{At: at(5), What: model.EngineDied})
		tracer.Hear(model.Told{At: at(8), What: model.EngineBack})
		tracer.Hear(model.Told{At: at(8), What: model.Moved, Key: *rec("a").Key, Place: engine.InFlight})
		tracer.Hear(model.Told{At: at(9), What: model.EngineWrote, Side: engine.Dataverse, Key: *rec("a").Key, After: rec("a")})
		tracer.Hear(model.Told{At: at(9), What: model.Moved, Key: *rec("a").Key, Place: engine.NotQueued})
		tracer.Hear(model.Told{At: at(10), What: model.Settled, Key: *rec("a").Key, Reference: ref("a"), Outcome: engine.Outcome{Class: engine.Synced, Reason: engine.Written}})
		tracer.Hear(model.Told{At: at(11), What: model.Moved, Key: *rec("b<\"\u202e").Key, Place: engine.OnTheDesk, Outcome: engine.Outcome{Reason: engine.Refused}})
		var b bytes.Buffer
		run := &result.Run{End: 20 * time.Second, Faults: []result.Period{{Kind: "engine-crash", From: 5 * time.Second, To: 8 * time.Second}}}
		if err := tracer.Write(&b, run); err != nil {
			t.Fatal(err)
		}
		phases, err := checkTrace(b.Bytes())
		if err != nil {
			t.Fatalf("%v in\n%s", err, b.String())
		}
		return phases
	}
	if got := traced(0, 0); got["b"] != 7 || got["e"] != 7 || got["X"] != 1 || got["i"] != 3 || got["M"] != 7 {
		t.Errorf("the whole trace has %v", got)
	}
	// From the second change's commit to its loss: both changes, two attempts.
	if got := traced(2*time.Second, 4500*time.Millisecond); got["b"] != 4 || got["X"] != 0 || got["i"] != 1 {
		t.Errorf("the window has %v", got)
	}
}

// TestCheckTrace shows that a trace with a fault is told from one without.
func TestCheckTrace(t *testing.T) {
	t.Parallel()
	name := `{"name":"process_name","ph":"M","ts":0,"pid":1,"tid":0,"args":{"name":"x"}},`
	for what, events := range map[string]string{
		"an end alone":          `{"name":"a","cat":"c","ph":"e","ts":1,"pid":1,"tid":1,"id":"1"}`,
		"a slice without end":   `{"name":"a","cat":"c","ph":"b","ts":1,"pid":1,"tid":1,"id":"1"}`,
		"no duration":           `{"name":"a","ph":"X","ts":1,"pid":1,"tid":1}`,
		"no scope":              `{"name":"a","ph":"i","ts":1,"pid":1,"tid":1}`,
		"an unknown phase":      `{"name":"a","ph":"Q","ts":1,"pid":1,"tid":1}`,
		"a process of no name":  `{"name":"a","ph":"i","s":"t","ts":1,"pid":2,"tid":1}`,
		"no time":               `{"name":"a","ph":"i","s":"t","pid":1,"tid":1}`,
		"a time that goes back": `{"name":"a","ph":"i","s":"t","ts":2,"pid":1,"tid":1},{"name":"a","ph":"i","s":"t","ts":1,"pid":1,"tid":1}`,
	} {
		if _, err := checkTrace([]byte(`{"traceEvents":[` + name + events + `]}`)); err == nil {
			t.Errorf("%s passes", what)
		}
	}
}
