package history

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Tracer turns what a world tells into a trace in the Trace Event Format, which
// Perfetto and Chrome open. Each captured change is an async slice from its
// commit to its outcome, on its side; what its item does meanwhile are slices of
// the engine: attempts, waits, back-offs, the error desk. Commits and writes are
// instants. Its Hear serves one world.
type Tracer struct {
	Maps     []*engine.TableMap
	From, To time.Duration // slices are cut to this window; To 0: no end

	slices   []slice
	instants []instant
	changes  map[change]int // open slices, by place
	items    map[lane]int
	dead     int // the slice of the engine's death, and 1; 0: it lives
	cut      int
}

// TraceMost is how many slices and instants a trace keeps at most.
const TraceMost = 400_000

// Processes of a trace: the lanes, and the faults.
const (
	finopsPID = iota + 1
	enginePID
	dataversePID
	faultPID
)

type change struct {
	key                 engine.Key
	side                engine.Side
	incarnation, number uint32
}

type slice struct {
	cat, name string
	pid, tid  int
	from, to  time.Duration // to is negative while it is open
	end       string        // how it ended
}

type instant struct {
	name     string
	pid, tid int
	at       time.Duration
}

// Cut is how many slices and instants were left out because there are too many.
func (t *Tracer) Cut() int { return t.cut }

// Hear takes in one thing that happened.
func (t *Tracer) Hear(h model.Told) {
	if t.changes == nil {
		t.changes, t.items = map[change]int{}, map[lane]int{}
	}
	at := time.Duration(h.At)
	switch h.What {
	case model.UserCommitted:
		name := Name(t.Maps, h.Key)
		t.note(instant{"commit " + name, int(laneOf(h.Side)) + 1, int(h.Key.Map) + 1, at})
		if r := h.Reference; r != nil {
			t.changes[change{r.Key, r.Side, r.Incarnation, r.Number}] = t.begin(slice{
				cat: "change", name: fmt.Sprintf("%s, change %d", name, r.Number), pid: int(laneOf(h.Side)) + 1, tid: int(h.Key.Map) + 1, from: at,
			})
		}
	case model.Settled:
		c := change{h.Reference.Key, h.Reference.Side, h.Reference.Incarnation, h.Reference.Number}
		if i, known := t.changes[c]; known {
			t.end(i, at, fmt.Sprintf("%v (%v)", h.Outcome.Class, h.Outcome.Reason))
			delete(t.changes, c)
		}
	case model.Moved:
		t.moved(&h, at)
	case model.EngineWrote, model.Copied:
		t.note(instant{"write " + Name(t.Maps, h.Key), int(laneOf(h.Side)) + 1, int(h.Key.Map) + 1, at})
	case model.WriteRefused:
		t.note(instant{"refuses " + Name(t.Maps, h.Key), int(laneOf(h.Side)) + 1, int(h.Key.Map) + 1, at})
	case model.EngineDied:
		for l, i := range t.items { // their ends are of one instant, and slices keep their order
			t.end(i, at, "the process died")
			delete(t.items, l)
		}
		t.dead = t.begin(slice{cat: "engine", name: "the process is dead", pid: enginePID, from: at}) + 1
	case model.EngineBack:
		if t.dead > 0 {
			t.end(t.dead-1, at, "back")
			t.dead = 0
		}
	}
}

// moved ends what an item did and begins what it does.
func (t *Tracer) moved(h *model.Told, at time.Duration) {
	l := lane{h.Key, h.Side}
	if i, known := t.items[l]; known {
		t.end(i, at, "")
		delete(t.items, l)
	}
	var what string
	switch h.Place {
	case engine.InTurn:
		what = "queued"
	case engine.InFlight:
		what = "attempt"
	case engine.WaitsFor:
		what = "waits for " + Name(t.Maps, h.On)
	case engine.BacksOff:
		what = "back-off: " + h.Outcome.Reason.String()
	case engine.OnTheDesk:
		what = "error desk: " + h.Outcome.Reason.String()
	default:
		return
	}
	t.items[l] = t.begin(slice{
		cat: "item", name: what + " · " + Name(t.Maps, h.Key) + " from " + h.Side.String(), pid: enginePID, tid: int(h.Key.Map) + 1, from: at,
	})
}

// begin opens a slice and returns its place; -1 when there are too many.
func (t *Tracer) begin(s slice) int {
	if len(t.slices)+len(t.instants) >= TraceMost {
		t.cut++
		return -1
	}
	s.to = -1
	t.slices = append(t.slices, s)
	return len(t.slices) - 1
}

func (t *Tracer) end(i int, at time.Duration, how string) {
	if i >= 0 {
		t.slices[i].to, t.slices[i].end = at, how
	}
}

func (t *Tracer) note(i instant) {
	if i.at < t.From || t.To > 0 && i.at > t.To {
		return
	}
	if len(t.slices)+len(t.instants) >= TraceMost {
		t.cut++
		return
	}
	t.instants = append(t.instants, i)
}

// event is one of the Trace Event Format; times are microseconds.
type event struct {
	Name  string            `json:"name"`
	Cat   string            `json:"cat,omitempty"`
	Phase string            `json:"ph"`
	At    float64           `json:"ts"`
	For   *float64          `json:"dur,omitempty"`
	PID   int               `json:"pid"`
	TID   int               `json:"tid"`
	ID    string            `json:"id,omitempty"`
	Scope string            `json:"s,omitempty"`
	Args  map[string]string `json:"args,omitempty"`
}

// Write writes the trace of a run that has ended.
func (t *Tracer) Write(w io.Writer, r *result.Run) error {
	if _, err := io.WriteString(w, `{"displayTimeUnit":"ms","traceEvents":[`); err != nil {
		return err
	}
	for i, e := range t.events(r) {
		text, err := json.Marshal(e)
		if err != nil {
			return fmt.Errorf("write trace: %w", err)
		}
		sep := ",\n"
		if i == 0 {
			sep = "\n"
		}
		if _, err := fmt.Fprintf(w, "%s%s", sep, text); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "\n]}\n")
	return err
}

// events lists the names of processes and threads, and then what happened by
// time. Where slices of one instant meet, ends come before beginnings.
func (t *Tracer) events(r *result.Run) []event {
	var all []event
	for i := range t.slices {
		s := &t.slices[i]
		from, to, how := s.from, s.to, s.end
		if to < 0 {
			to, how = r.End, "still open at the end"
		}
		from = max(from, t.From)
		if t.To > 0 {
			to = min(to, t.To)
		}
		if from > to || s.from > to {
			continue
		}
		id := fmt.Sprintf("0x%x", i+1)
		all = append(all,
			event{Name: s.name, Cat: s.cat, Phase: "b", At: micros(from), PID: s.pid, TID: s.tid, ID: id},
			event{Name: s.name, Cat: s.cat, Phase: "e", At: micros(to), PID: s.pid, TID: s.tid, ID: id, Args: ended(how)})
	}
	for _, i := range t.instants {
		all = append(all, event{Name: i.name, Phase: "i", Scope: "t", At: micros(i.at), PID: i.pid, TID: i.tid})
	}
	for i, f := range r.Faults {
		from, to := max(f.From, t.From), f.To
		if t.To > 0 {
			to = min(to, t.To)
		}
		if from <= to {
			long := micros(to - from)
			all = append(all, event{Name: During(f), Cat: "fault", Phase: "X", At: micros(from), For: &long, PID: faultPID, TID: i + 1})
		}
	}
	slices.SortStableFunc(all, func(a, b event) int { return cmp.Compare(a.At, b.At) })
	return append(t.names(), all...)
}

func ended(how string) map[string]string {
	if how == "" {
		return nil
	}
	return map[string]string{"ended": how}
}

// names are the metadata events that name processes and threads.
func (t *Tracer) names() []event {
	var all []event
	for pid, name := range map[int]string{finopsPID: "finops", enginePID: "engine", dataversePID: "dataverse", faultPID: "faults"} {
		all = append(all, event{Name: "process_name", Phase: "M", PID: pid, Args: map[string]string{"name": name}})
		if pid != faultPID {
			for i, m := range t.Maps {
				all = append(all, event{Name: "thread_name", Phase: "M", PID: pid, TID: i + 1, Args: map[string]string{"name": m.Name}})
			}
		}
	}
	slices.SortFunc(all, func(a, b event) int { return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.TID, b.TID)) })
	return all
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
