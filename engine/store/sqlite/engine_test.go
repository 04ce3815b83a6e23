package sqlite

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// What stands in every field that is not a key. None of it may be found in the
// file; what stands in the keys must be, or the search is at fault.
const (
	plantedText   = "x7Q-secret"
	plantedNumber = 0x5ec7e7ed5ec7
	plantedKey    = "K9W-KEY"
)

// world is two small systems around the real engine, which saves into a memory
// store and into a file. Whatever goes wrong in the world, both must hold the
// same.
type world struct {
	t      *testing.T
	r      *rand.Rand
	path   string
	maps   []*engine.TableMap
	sides  [2]*system
	memory *store.Memory
	file   *Store

	core    *engine.Core
	now     engine.Time
	wakeAt  engine.Time
	unsaved []engine.Mutation // of several steps: one Save
	undone  []engine.Effect   // theirs, which wait for that Save
	pending []engine.Effect
	late    []engine.Effect // answered long ago, executed some time
	calm    bool            // every request is carried out and answered
	met     map[string]int  // classes and reasons; what else must be met
	loads   int
	tx      engine.TxID
}

// system is one side.
type system struct {
	w       *world
	side    engine.Side
	capture *engine.Capture
	records map[engine.Key]*engine.Record
	outbox  []engine.Reference
	version engine.Version
	place   uint64
	down    bool
	refuses map[engine.Key]engine.RowAnswer
	held    map[engine.TxID]engine.LiveRow // transactions before their commit, of one row each
	ended   map[engine.TxID]bool           // those that have committed
}

func newWorld(t *testing.T, seed uint64) *world {
	t.Helper()
	names := []string{"customers", "orders", "payments"}
	w := &world{
		t: t, r: rand.New(rand.NewPCG(seed, 7)), path: filepath.Join(t.TempDir(), "store.db"),
		memory: store.NewMemory(), now: 1, met: map[string]int{},
	}
	for i := range names {
		m := engine.TableMap{
			ID: engine.MapID(i), Name: names[i], Mode: engine.Async, Sequence: i, Primary: engine.Side(w.r.IntN(2)),
			Keys:    engine.KeyForm{Refused: [2]string{engine.Dataverse: engine.DataverseRefuses}},
			Columns: []engine.Column{{Name: "name"}, {Name: "credit"}, {Name: "customer", Lookups: []engine.MapID{0}}, {Name: "status"}},
		}
		codes := &engine.ValueMap{Name: "status", Pairs: [][2]engine.Value{{status(0), status(0)}, {status(1), status(1)}}}
		m.Columns[3].Into = [2]engine.Transform{{Values: codes}, {Values: codes}}
		m.Filter[engine.Dataverse] = engine.Filter{Test: engine.Differs, Column: "name", Value: name(0)}
		if names[i] == "payments" {
			m.Mode = engine.Live
		}
		tm, err := engine.NewTableMap(m)
		if err != nil {
			t.Fatal(err)
		}
		w.maps = append(w.maps, tm)
	}
	for _, side := range engine.Sides {
		w.sides[side] = &system{
			w: w, side: side, capture: engine.NewCapture(side, w.maps, nil),
			records: map[engine.Key]*engine.Record{}, refuses: map[engine.Key]engine.RowAnswer{},
			held: map[engine.TxID]engine.LiveRow{}, ended: map[engine.TxID]bool{},
		}
	}
	w.start()
	return w
}

// start opens the file, compares it with the memory store, and starts an
// engine from it.
func (w *world) start() {
	w.t.Helper()
	w.file = mustOpen(w.t, w.path, Options{Maps: []string{"customers", "orders", "payments"}, Pairs: 2})
	state, err := w.file.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	want, err := w.memory.Load()
	if err != nil {
		w.t.Fatal(err)
	}
	if d := cmp.Diff(want, state, cmpopts.EquateEmpty()); d != "" {
		w.t.Fatalf("the stores differ (-memory +file):\n%s", d)
	}
	w.loads++
	w.met["intent found at a start"] += len(state.Intents)
	cfg := engine.Config{Maps: w.maps, Workers: 2, Batch: 3, PullMax: 5, Attempts: 3, AnswersMax: 1}
	if w.core, err = engine.NewCore(cfg, state); err != nil {
		w.t.Fatal(err)
	}
	w.unsaved, w.undone, w.pending, w.wakeAt = nil, nil, nil, 0
	w.step(&engine.Input{Kind: engine.Started})
}

// crash ends the engine and what it had not saved.
func (w *world) crash() {
	w.t.Helper()
	if err := w.file.Close(); err != nil {
		w.t.Fatal(err)
	}
	for _, s := range w.sides { // their calls to the engine break
		clear(s.held)
	}
	w.start()
}

// step gives the engine one input.
func (w *world) step(in *engine.Input) { w.take(w.core.Step(w.now, in)) }

// command gives the engine an operator's request, which it may refuse.
func (w *world) command(c engine.Command) {
	c.Job = "all"
	if out, err := w.core.Command(w.now, &c); err == nil {
		w.take(out)
	}
}

// take keeps what a step wants saved until there is more.
func (w *world) take(out engine.Output) {
	w.unsaved = append(w.unsaved, out.Save...)
	for _, e := range out.Do {
		if e.Kind == engine.WakeAt {
			w.wakeAt = e.At
		} else {
			w.undone = append(w.undone, e)
		}
	}
}

// save saves the steps since the last time, and then does what they asked for.
func (w *world) save() {
	w.t.Helper()
	if err := errors.Join(w.memory.Save(w.unsaved), w.file.Save(w.unsaved)); err != nil {
		w.t.Fatal(err)
	}
	for i := range w.unsaved {
		outcomes := []engine.Outcome{w.unsaved[i].Outcome}
		if l := w.unsaved[i].Lane; l != nil {
			outcomes = append(outcomes, l.Parked)
		}
		for _, o := range outcomes {
			if o.Class != engine.Open {
				w.met[o.Class.String()]++
				w.met[o.Reason.String()]++
			}
		}
	}
	w.pending = append(w.pending, w.undone...)
	w.unsaved, w.undone = w.unsaved[:0], w.undone[:0]
}

// answer lets the next request meet its fate.
func (w *world) answer() {
	if len(w.pending) == 0 {
		return
	}
	e := w.pending[0]
	w.pending = w.pending[1:]
	s := w.sides[e.Side]
	if e.Tx != 0 {
		w.answerTx(s, &e)
		return
	}
	in := &engine.Input{Kind: engine.BatchFailed, Failure: engine.Timeout}
	switch fate := w.r.IntN(20); {
	case w.calm:
		in = s.serve(&e)
	case s.down:
		in.Failure = engine.Down
	case fate == 0: // the request is lost
	case fate == 1: // the answer is lost
		s.serve(&e)
	case fate == 2: // the request is on its way for long
		w.late = append(w.late, e)
	case fate == 3:
		in.Failure, in.RetryAfter = engine.Throttled, time.Second
	default:
		in = s.serve(&e)
	}
	in.Side, in.Batch = e.Side, e.Batch
	w.step(in)
}

// answerTx lets a request about a transaction meet its fate. One that is held
// ends with it, whatever the answer.
func (w *world) answerTx(s *system, e *engine.Effect) {
	row, held := s.held[e.Tx]
	delete(s.held, e.Tx)
	if held && e.Kind == engine.CommitTx && w.r.IntN(8) > 0 {
		s.ended[e.Tx] = true
		s.publish(row.After)
	}
	switch {
	case e.Kind == engine.AbortTx:
		w.met["live: "+e.Why.Reason.String()]++
	case w.r.IntN(8) == 0:
		w.step(&engine.Input{Kind: engine.BatchFailed, Side: e.Side, Tx: e.Tx, Failure: engine.Timeout})
	default:
		w.step(&engine.Input{Kind: engine.TxEnded, Side: e.Side, Tx: e.Tx, Committed: s.ended[e.Tx]})
	}
}

// locked reports whether a record is in a transaction that is held.
func (s *system) locked(k engine.Key) bool {
	for _, row := range s.held {
		if row.Key == k {
			return true
		}
	}
	return false
}

// allPass tries the rows of an atomic batch. If one fails none is done, and the
// answer says which.
func (s *system) allPass(writes []engine.Write, in *engine.Input) bool {
	pass := true
	for i := range writes {
		a := s.try(&writes[i])
		if pass = pass && a.Result == engine.RowDone; a.Result == engine.RowDone {
			a.Result = engine.RowUndone
		}
		in.Rows = append(in.Rows, a)
	}
	if pass {
		in.Rows = nil
	}
	return pass
}

// serve carries out a request.
func (s *system) serve(e *engine.Effect) *engine.Input {
	switch e.Kind {
	case engine.SwitchCapture:
		s.capture.Switch(e.Maps, e.Capturing, e.Turn)
		return &engine.Input{Kind: engine.CaptureSwitched}
	case engine.PullOutbox:
		s.outbox = slices.DeleteFunc(s.outbox, func(r engine.Reference) bool { return slices.Contains(e.Ack, r.Position) })
		n := min(len(s.outbox), e.Max)
		return &engine.Input{Kind: engine.OutboxPulled, References: slices.Clone(s.outbox[:n]), More: n < len(s.outbox)}
	case engine.ReadBatch:
		in := &engine.Input{Kind: engine.BatchRead}
		for _, k := range e.Keys {
			in.Records = append(in.Records, s.records[k])
		}
		for _, k := range e.Lookups {
			in.Lookups = append(in.Lookups, engine.Alive{Key: k, Incarnation: s.life(k)})
		}
		return in
	case engine.ListRecords:
		in := &engine.Input{Kind: engine.RecordsListed}
		for _, k := range slices.SortedFunc(maps.Keys(s.records), engine.Key.Compare) {
			if s.records[k].Listed() && k.Map == e.After.Map && k.Compare(e.After) > 0 {
				in.Records = append(in.Records, s.records[k])
			}
		}
		return in
	default:
		in := &engine.Input{Kind: engine.BatchWritten}
		if e.Atomic && !s.allPass(e.Writes, in) {
			return in
		}
		for i := range e.Writes {
			in.Rows = append(in.Rows, s.write(&e.Writes[i]))
		}
		return in
	}
}

// life returns the incarnation in which a record is alive, or 0.
func (s *system) life(k engine.Key) uint32 {
	if r := s.records[k]; r != nil && r.Alive {
		return max(r.Mark.Incarnation, 1)
	}
	return 0
}

// try tells how a write would end.
func (s *system) try(w *engine.Write) engine.RowAnswer {
	if a, refused := s.refuses[w.Key]; refused {
		return a
	}
	ok := w.Deadline >= s.w.now && !s.locked(w.Key)
	for _, a := range w.Lookups {
		ok = ok && s.life(a.Key) == a.Incarnation
	}
	if ok {
		_, _, ok = engine.Apply(s.w.maps[w.Key.Map], w, s.side, s.records[w.Key])
	}
	if !ok {
		return engine.RowAnswer{Result: engine.RowConditionFailed}
	}
	return engine.RowAnswer{}
}

func (s *system) write(w *engine.Write) engine.RowAnswer {
	if a := s.try(w); a.Result != engine.RowDone {
		return a
	}
	r, late, _ := engine.Apply(s.w.maps[w.Key.Map], w, s.side, s.records[w.Key])
	if late != nil {
		s.append(*late)
	}
	s.publish(r)
	return engine.RowAnswer{}
}

func (s *system) append(r engine.Reference) {
	s.place++
	r.Position = s.place
	s.outbox = append(s.outbox, r)
}

func (s *system) publish(r *engine.Record) {
	s.version++
	r.Version, r.Trace = s.version, plantedText
	s.records[*r.Key] = r
}

// key returns one of a few keys, of which some fold together and some are refused.
func (w *world) key() engine.Key {
	n := w.r.IntN(6)
	k := engine.Key{Map: engine.MapID(n % 2), ID: fmt.Sprintf("%s-%d", plantedKey, n)}
	switch w.r.IntN(30) {
	case 0:
		k.Spelling = plantedKey + "-spelt"
	case 1:
		if n == 5 {
			k.ID += "/1"
		}
	}
	return k
}

// name and status return values of the columns of these names.
func name(n int) engine.Value   { return engine.Text(fmt.Sprintf("%s name %d", plantedText, n)) }
func status(n int) engine.Value { return engine.Text(fmt.Sprintf("%s status %d", plantedText, n)) }

// edit commits a user's change, past the hook now and then. A delete, and what
// is in live mode, waits for the engine.
func (w *world) edit() {
	s := w.sides[w.r.IntN(2)]
	c := engine.Change{Key: w.key(), Op: engine.Create, After: make([]engine.Value, 4)}
	if w.r.IntN(5) == 0 {
		c.Key = engine.Key{Map: 2, ID: plantedKey + "-payment"}
	}
	if s.locked(c.Key) {
		return // its user waits
	}
	c.Before = s.records[c.Key]
	bypass := false
	if c.Before != nil && c.Before.Alive {
		c.Op = engine.Update
		bypass = c.Before.Mark.Incarnation > 0 && w.r.IntN(10) == 0
	}
	if c.Before == nil { // older than the sync
		bypass = w.r.IntN(4) == 0
	}
	c.After[0] = name(w.r.IntN(3))
	c.After[1] = engine.Number(plantedNumber)
	if w.r.IntN(3) == 0 {
		parent := engine.Key{ID: plantedKey + "-0"}
		if w.r.IntN(10) == 0 {
			parent.ID = plantedKey + "-NOBODY"
		}
		c.After[2] = engine.Lookup(&parent)
	}
	c.After[3] = status(w.r.IntN(2))
	if w.r.IntN(20) == 0 {
		c.After[3] = status(2) // for which there is no code
	}
	if c.Op == engine.Update && w.r.IntN(6) == 0 {
		c.Op, c.After, bypass = engine.Delete, nil, false
	}
	s.commit(c, bypass)
}

// commit commits a change, past the hook if bypass.
func (s *system) commit(c engine.Change, bypass bool) {
	w := s.w
	record := &engine.Record{Key: &c.Key, Alive: c.Op != engine.Delete, Values: c.After}
	if c.Before != nil {
		record.Mark = c.Before.Mark
	}
	if !bypass {
		w.tx++
		captured, err := s.capture.PreCommit(nil, w.tx, []engine.Change{c})
		if errors.Is(err, engine.ErrBusy) {
			return
		}
		if err != nil {
			w.t.Fatal(err)
		}
		record.Mark = captured[0].Mark
		if captured[0].Live {
			row := engine.LiveRow{Key: c.Key, Op: c.Op, Before: c.Before, After: record}
			s.held[w.tx] = row
			w.step(&engine.Input{Kind: engine.LiveRequested, Side: s.side, Tx: w.tx, Live: []engine.LiveRow{row}})
			return
		}
		if captured[0].Captured {
			s.append(captured[0].Reference)
		}
	}
	s.publish(record)
}

// mishap changes how the systems behave.
func (w *world) mishap() {
	s := w.sides[w.r.IntN(2)]
	k := w.key()
	switch w.r.IntN(9) {
	case 0:
		s.refuses[k] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "the field {name} must not be empty"}
	case 1:
		s.refuses[k] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.DuplicateValue, Cause: "another record has the same {name}"}
	case 2:
		s.refuses[k] = engine.RowAnswer{Result: engine.RowConditionFailed}
	case 3:
		clear(s.refuses)
	case 4:
		s.down = w.r.IntN(3) == 0
	case 5: // the record is deleted
		if r := s.records[k]; r != nil && r.Alive {
			dead := *r
			dead.Alive, dead.Mark.Dead = false, true
			s.publish(&dead)
		}
	case 6: // the hook leaks an echo
		if r := s.records[k]; r != nil && r.Mark.Number > 0 {
			s.append(engine.Reference{Key: k, Side: s.side, Incarnation: r.Mark.Incarnation, Number: r.Mark.Number, Groups: 1, Op: engine.Update})
		}
	case 7: // the record is gone, and no tombstone tells of it
		if w.r.IntN(2) == 0 {
			delete(s.records, k)
		}
	case 8:
		if len(w.late) > 0 {
			e := w.late[0]
			w.late = w.late[1:]
			w.sides[e.Side].serve(&e)
		}
	}
}

func (w *world) letTimePass() {
	w.now = w.now.Add(10 * time.Second)
	if w.wakeAt != 0 && w.wakeAt <= w.now {
		w.wakeAt = 0
		w.step(&engine.Input{Kind: engine.TimeReached})
	}
}

// changeUnderEveryAttempt is a calm time but for records that are never as they
// were read.
func (w *world) changeUnderEveryAttempt() {
	w.t.Helper()
	w.calm = true
	w.command(engine.Command{Kind: engine.ResumeJob})
	w.command(engine.Command{Kind: engine.StartJob})
	for _, s := range w.sides {
		s.down = false
		clear(s.refuses)
		for k := range s.records {
			s.refuses[k] = engine.RowAnswer{Result: engine.RowConditionFailed}
		}
	}
	for n := range 300 {
		if n%30 == 0 {
			w.edit()
			w.letTimePass()
		}
		w.answer()
		w.save()
	}
	for _, s := range w.sides {
		clear(s.refuses)
	}
	w.calm = false
}

// takeTurns is a calm time in which the two sides answer each other.
func (w *world) takeTurns() {
	w.t.Helper()
	w.calm = true
	w.command(engine.Command{Kind: engine.ResumeJob})
	w.command(engine.Command{Kind: engine.StartJob})
	k := engine.Key{ID: plantedKey + "-0"}
	for turn := range 6 {
		s := w.sides[turn%2]
		s.down = false
		delete(s.refuses, k)
		c := engine.Change{Key: k, Op: engine.Update, Before: s.records[k], After: make([]engine.Value, 4)}
		c.After[0], c.After[1], c.After[3] = name(1), engine.Number(int64(turn)), status(0)
		s.commit(c, false)
		w.step(&engine.Input{Kind: engine.Notified, Side: s.side})
		for range 60 {
			w.save()
			w.answer()
		}
	}
	w.calm = false
}

// run lets the world go its way.
func (w *world) run(actions int) {
	w.t.Helper()
	for range actions {
		switch n := w.r.IntN(100); {
		case n < 9:
			w.edit()
		case n < 17:
			w.step(&engine.Input{Kind: engine.Notified, Side: engine.Side(w.r.IntN(2))})
		case n < 70:
			w.answer()
		case n < 85:
			w.save()
		case n < 92:
			w.letTimePass()
		case n < 96:
			w.mishap()
		case n < 97:
			w.command(engine.Command{Kind: engine.CommandKind(w.r.IntN(8)), Resume: engine.ResumeHow(w.r.IntN(3))})
		case n < 98: // so that most of the time the job is active
			w.command(engine.Command{Kind: engine.ResumeJob, Resume: engine.ResumeHow(w.r.IntN(3))})
			w.command(engine.Command{Kind: engine.StartJob})
		default:
			w.crash()
		}
	}
	w.save()
	w.crash()
}

// TestEngineOnFile runs worlds full of mishaps on both stores, which must agree
// at every start of the engine, and looks into the file for business data. The
// worlds must meet every outcome that there is: one that they do not know yet
// may put into the file what it should not.
func TestEngineOnFile(t *testing.T) {
	t.Parallel()
	const worlds = 36
	met, loads, withKeys := map[string]int{}, 0, 0
	for seed := range worlds {
		w := newWorld(t, uint64(seed))
		for range 2 {
			w.run(250)
			searchFor(t, w.path)
		}
		w.changeUnderEveryAttempt()
		w.takeTurns()
		for range 2 {
			w.run(250)
			searchFor(t, w.path)
		}
		for name, n := range w.met {
			met[name] += n
		}
		loads += w.loads
		if err := w.file.Close(); err != nil {
			t.Fatal(err)
		}
		if searchFor(t, w.path) {
			withKeys++
		}
	}
	if withKeys < worlds*3/4 { // in some the job is stopped all the time
		t.Errorf("only %d of %d files hold keys: the search is at fault, or the worlds are too tame", withKeys, worlds)
	}
	classes, reasons := engine.Outcomes()
	for _, name := range append(namesOf(classes[1:]), namesOf(reasons[1:])...) {
		switch name {
		case engine.Busy.String(): // the user of a live transaction is told that
			continue
		case engine.NotUndone.String(), engine.Purged.String(): // traces lead to them, over a file, too
			continue
		}
		if met[name] == 0 {
			t.Errorf("no reference met %q: give these worlds what leads to it", name)
		}
	}
	for _, name := range []string{
		"intent found at a start", "live: " + engine.Refused.String(), "live: " + engine.LookupNotFound.String(), "live: " + engine.Rejected.String(),
		"live: " + engine.TimedOut.String(), "live: " + engine.Unavailable.String(), "live: " + engine.Busy.String(),
	} {
		if met[name] == 0 {
			t.Errorf("%q was not met: the worlds are too tame", name)
		}
	}
	t.Logf("%d worlds, %d starts, met %v", worlds, loads, met)
}

// searchFor looks for what was planted, in all files of a store. It reports
// whether it found the keys, which may be there.
func searchFor(t *testing.T, path string) bool {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	number := binary.BigEndian.AppendUint64(nil, plantedNumber)[2:] // as SQLite stores it
	for form, planted := range map[string][]byte{
		"as it is":          []byte(plantedText),
		"in hexadecimal":    []byte(hex.EncodeToString([]byte(plantedText))),
		"as a number":       number,
		"as a number, text": []byte(fmt.Sprint(plantedNumber)),
	} {
		if at := bytes.Index(all, planted); at >= 0 {
			t.Fatalf("the value of a field is in the file, %s: %q", form, all[max(0, at-40):min(len(all), at+40)])
		}
	}
	return bytes.Contains(all, []byte(plantedKey))
}
