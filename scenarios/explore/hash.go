package explore

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// hasher makes a hash of everything that can be reached from a value, exported or
// not: it walks the memory itself, so that a field that somebody adds to the engine
// tomorrow counts without anybody thinking of it here. What must not count stands in
// the list of what is passed over, with its reason.
//
// Three things are made the same that differ without meaning: an instant counts by
// its distance from now, and what is past is past; a request's number counts by the
// order in which the walk meets it; and so does a pointer's place, which also ends
// circles.
type hasher struct {
	now     engine.Time
	sum     uint64
	places  map[place]uint64
	numbers map[engine.BatchID]uint64
	plans   map[reflect.Type]*plan
	apart   []place  // those that the walk has met of one thing of a set; nil outside
	blind   []string // in tests: more that it passes over
}

// place is what a pointer points at. A struct and its first field share an address.
type place struct {
	at uintptr
	of reflect.Type
}

func (h *hasher) begin(now engine.Time) {
	h.now, h.sum = now, 0
	if h.places == nil {
		h.places, h.numbers = map[place]uint64{}, map[engine.BatchID]uint64{}
	}
	if h.plans == nil {
		h.plans = map[reflect.Type]*plan{}
	}
	clear(h.places)
	clear(h.numbers)
}

func (h *hasher) add(x uint64) { h.sum = sim.Mix(h.sum, x) }

// walk adds what a value holds.
func (h *hasher) walk(v any) { h.value(reflect.ValueOf(v)) }

// set adds things that have no order among them. What only one of them points at is
// numbered for it alone.
func (h *hasher) set(n int, add func(i int)) {
	sum, all := h.sum, uint64(0)
	for i := range n {
		h.sum, h.apart = 0, make([]place, 0, 8)
		add(i)
		all += sim.Mix(h.sum, 1)
		for _, p := range h.apart {
			delete(h.places, p)
		}
	}
	h.apart = nil
	h.sum = sim.Mix(sum, all)
}

// passedOver are the fields and types that do not count, with the reason. Everything
// else does.
var passedOver = map[string]string{
	"engine.TableMap":  "what the world is made of: the same in all its states",
	"engine.Config":    "what the world is made of",
	"engine.planted":   "what the world is made of",
	"engine.Capture":   "nothing in these worlds switches a hook; the rest is scratch",
	"system.Config":    "what the world is made of",
	"oracle.Config":    "what the world is made of",
	"oracle.shape":     "what the world is made of",
	"sim.Kernel":       "its pending events are hashed by itself",
	"sim.Clock":        "exact",
	"sim.Station":      "serves at once, so that it is empty in every state",
	"system.draws":     "nothing is drawn",
	"system.touches":   "key draws",
	"system.Requests":  "those under way are hashed one by one",
	"system.changelog": "of the data integrator",

	"engine.turns":               "counts how often two sides' logic answers each other: more often than there are edits here, before it matters",
	"engine.outboxReader.empty":  "likewise",
	"oracle.Oracle.bounds":       "who is looked at first: there is one record",
	"oracle.pair.inTurn":         "likewise",
	"oracle.pair.joins":          "likewise",
	"engine.Stats":               "tells, and decides nothing",
	"system.Stats":               "tells, and decides nothing",
	"system.System.client":       "the stage, whose part is hashed by itself",
	"system.System.observer":     "the oracle, likewise",
	"system.System.protection":   "no limit binds in these worlds, and what it counts only tells",
	"system.System.stages":       "scratch",
	"system.System.changes":      "scratch",
	"system.System.captured":     "scratch",
	"system.System.before":       "scratch",
	"system.System.after":        "scratch",
	"system.System.txs":          "empty once a transaction is served; the slots are reused",
	"system.System.freeTxs":      "slots that are reused",
	"system.outbox.references":   "the filled ones are hashed one by one",
	"system.Tx.User":             "the stage",
	"system.row.modified":        "stamps records for people and for the data integrator",
	"system.Request.holders":     "counts who looks at it",
	"system.Request.rows":        "places of the records that the writes name, too",
	"system.Request.works":       "what a served request took",
	"system.Request.work":        "likewise",
	"system.Request.Ordinal":     "keys draws",
	"system.Request.Entity":      "keys draws",
	"system.Request.Batch":       "counts only while somebody waits for the answer",
	"system.Request.Place":       "of the driver, which is not here",
	"system.Request.Epoch":       "of the driver, which is not here",
	"engine.Core.now":            "instants count by their distance from it",
	"engine.Core.request":        "the last number given: numbers count by their order",
	"engine.Core.named":          "by it an older store is noticed, and no store is restored here",
	"engine.outboxReader.told":   "likewise",
	"engine.outboxReader.had":    "likewise",
	"engine.outboxReader.keeps":  "likewise",
	"system.outbox.told":         "likewise",
	"system.Request.order":       "likewise",
	"system.Request.Order":       "likewise",
	"engine.Core.refs":           "scratch",
	"engine.Core.alive":          "scratch",
	"engine.Core.save":           "the last step's, which is saved",
	"engine.Core.do":             "the last step's, which is done",
	"engine.pairTable.resting":   "what all lanes at rest share",
	"engine.pairTable.spare":     "for reuse",
	"engine.work.first":          "room for the list of what is open",
	"engine.heap.room":           "room for what is in it",
	"engine.Core.items":          "counts what stands in the lanes",
	"oracle.Oracle.tallies":      "how often each property was looked at; a breach ends the walk",
	"oracle.Oracle.samples":      "measures",
	"oracle.Oracle.worst":        "measures",
	"oracle.Oracle.apart":        "measures",
	"oracle.Oracle.gaps":         "measures",
	"oracle.Oracle.torn":         "measures",
	"oracle.Oracle.rounds":       "remembers the way to a state, and looks for one that came again",
	"oracle.Oracle.stories":      "tells",
	"oracle.Oracle.causes":       "tells",
	"oracle.Oracle.liveCount":    "tells",
	"oracle.Oracle.valuesLost":   "tells",
	"oracle.Oracle.maps":         "counts outcomes for the report",
	"oracle.Oracle.mores":        "storage of what is reached by the pairs",
	"oracle.Oracle.firsts":       "likewise",
	"oracle.Oracle.spare":        "emptied lists, for reuse",
	"oracle.Oracle.stands":       "scratch",
	"oracle.Oracle.target":       "remembers the last look-up",
	"oracle.Oracle.current":      "only within one commit",
	"oracle.commit.lead":         "measures",
	"oracle.commit.tx":           "measures how long a transaction is partly visible",
	"oracle.commit.serial":       "orders samples",
	"oracle.Oracle.serial":       "likewise",
	"oracle.pair.edited":         "measures the gaps between edits",
	"oracle.limits.luck":         "bounds how often an item is tried in vain, which these worlds do not judge",
	"oracle.pair.tries":          "likewise",
	"oracle.Totals.Transactions": "tells",
	"oracle.Totals.Echoes":       "tells",
	"oracle.Totals.Crashes":      "tells",
	"oracle.Totals.Leaked":       "tells",
}

// plan is what is to be done with the fields of a struct.
type plan struct {
	skip   bool
	fields []int
	free   []int  // of a batch that is free: it is filled anew before anybody looks at the rest
	paged  string // the field with pages of which only the first entries are in use
	count  []int  // index path of how many
}

// pagedTypes hold pages of many entries, of which few are in use.
var pagedTypes = map[string][2]string{
	"engine.pairTable": {"pages", "index.count"},
	"system.table":     {"pages", "index.count"},
	"oracle.index":     {"slabs", "count"},
}

// nameOf is the name of a type, without those of its parameters.
func nameOf(t reflect.Type) string {
	name, _, _ := strings.Cut(t.String(), "[")
	return name
}

// planFor makes the plan of a type.
func (h *hasher) planFor(t reflect.Type) *plan {
	name := nameOf(t)
	p := &plan{}
	if _, skip := passedOver[name]; skip || slices.Contains(h.blind, name) {
		p.skip = true
		return p
	}
	pages := pagedTypes[name]
	for i := range t.NumField() {
		f := t.Field(i)
		if _, skip := passedOver[name+"."+f.Name]; skip || f.Name == pages[0] || f.Name == "_" {
			continue
		}
		p.fields = append(p.fields, i)
		if name == "engine.batch" && (f.Name == "busy" || f.Name == "noted") {
			p.free = append(p.free, i)
		}
	}
	if pages[0] != "" {
		p.paged = pages[0]
		at := t
		for part := range strings.SplitSeq(pages[1], ".") {
			f, ok := at.FieldByName(part)
			if !ok {
				panic(fmt.Sprintf("explore: %s has no %s any more", name, pages[1]))
			}
			p.count, at = append(p.count, f.Index...), f.Type
		}
	}
	return p
}

var (
	typeOfTime    = reflect.TypeFor[engine.Time]()
	typeOfSimTime = reflect.TypeFor[sim.Time]()
	typeOfBatchID = reflect.TypeFor[engine.BatchID]()
)

// value adds a value.
func (h *hasher) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Invalid, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		h.add(1)
	case reflect.Bool:
		if v.Bool() {
			h.add(3)
		} else {
			h.add(2)
		}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t := v.Type(); t == typeOfTime || t == typeOfSimTime {
			h.instant(v.Int())
		} else {
			h.add(uint64(v.Int()))
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if v.Type() == typeOfBatchID {
			h.number(engine.BatchID(v.Uint()))
		} else {
			h.add(v.Uint())
		}
	case reflect.Float32, reflect.Float64:
		panic(fmt.Sprintf("explore: a state that hangs on a float: %v", v.Type()))
	case reflect.String:
		h.add(sim.Hash(v.String()))
	case reflect.Pointer:
		h.pointer(v)
	case reflect.Interface:
		if v.IsNil() {
			h.add(4)
			return
		}
		h.add(sim.Hash(v.Elem().Type().String()))
		h.value(v.Elem())
	case reflect.Slice, reflect.Array:
		h.add(uint64(v.Len()))
		for i := range v.Len() {
			h.value(v.Index(i))
		}
	case reflect.Map:
		h.table(v)
	case reflect.Struct:
		h.fields(v)
	default:
		panic(fmt.Sprintf("explore: cannot hash a %v", v.Type()))
	}
}

// instant adds an instant by its distance from now. Zero is no instant, and what is
// past or present has come.
func (h *hasher) instant(at int64) {
	switch {
	case at == 0:
		h.add(5)
	case at <= int64(h.now):
		h.add(6)
	case at == 1<<63-1:
		h.add(7)
	default:
		h.add(uint64(at - int64(h.now) + 8))
	}
}

// number adds a request's number by the order in which the walk meets it.
func (h *hasher) number(id engine.BatchID) {
	if id == 0 {
		h.add(0)
		return
	}
	n, known := h.numbers[id]
	if !known {
		n = uint64(len(h.numbers) + 1)
		h.numbers[id] = n
	}
	h.add(n)
}

// pointer adds what is pointed at, the first time that the walk comes by.
func (h *hasher) pointer(v reflect.Value) {
	if v.IsNil() {
		h.add(4)
		return
	}
	if t := v.Type().Elem(); t.Kind() == reflect.Struct && h.plan(t).skip {
		return
	}
	p := place{v.Pointer(), v.Type()}
	if n, known := h.places[p]; known {
		h.add(n)
		return
	}
	h.places[p] = uint64(len(h.places) + 1)
	if h.apart != nil {
		h.apart = append(h.apart, p)
	}
	h.value(v.Elem())
}

// table adds a Go map, by the hashes of its keys.
func (h *hasher) table(v reflect.Value) {
	type entry struct {
		hash uint64
		key  reflect.Value
	}
	entries := make([]entry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		sum := h.sum
		h.sum = 0
		h.value(it.Key())
		entries = append(entries, entry{h.sum, it.Key()})
		h.sum = sum
	}
	slices.SortFunc(entries, func(a, b entry) int {
		if a.hash < b.hash {
			return -1
		}
		return 1
	})
	h.add(uint64(len(entries)))
	for _, e := range entries {
		h.add(e.hash)
		h.value(v.MapIndex(e.key))
	}
}

func (h *hasher) plan(t reflect.Type) *plan {
	p := h.plans[t]
	if p == nil {
		p = h.planFor(t)
		h.plans[t] = p
	}
	return p
}

// fields adds the fields of a struct that count.
func (h *hasher) fields(v reflect.Value) {
	p := h.plan(v.Type())
	if p.skip {
		return
	}
	fields := p.fields
	if p.free != nil && !v.FieldByName("busy").Bool() {
		fields = p.free
	}
	for _, i := range fields {
		h.value(v.Field(i))
	}
	if p.paged == "" {
		return
	}
	pages, n := v.FieldByName(p.paged), int(v.FieldByIndex(p.count).Int())
	for at := 0; n > 0; at++ {
		page := pages.Index(at)
		if page.Kind() == reflect.Pointer {
			page = page.Elem()
		}
		for i := 0; i < page.Len() && n > 0; i++ {
			h.value(page.Index(i))
			n--
		}
	}
}
