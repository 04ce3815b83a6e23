package sqlite

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

// What stands in every field that is not a key. None of it may be found in the
// file; what stands in the keys must be, or the search is at fault.
const (
	plantedText   = "x7Q-secret"
	plantedNumber = 0x5ec7e7ed5ec7
	plantedKey    = "K9W-KEY"
)

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

func (w *world) letTimePass() { w.letPass(10 * time.Second) }

func (w *world) letPass(span time.Duration) {
	w.now = w.now.Add(span)
	if w.wakeAt != 0 && w.wakeAt <= w.now {
		w.wakeAt = 0
		w.step(&engine.Input{Kind: engine.TimeReached})
	}
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
		w.refuseToUndo()
		w.skipAndPurge()
		w.crash()
		searchFor(t, w.path)
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
		if name == engine.Busy.String() { // what the user of a live transaction is told, and nobody else
			name = "live: " + name
		}
		if met[name] == 0 {
			t.Errorf("no reference met %q: give these worlds what leads to it", name)
		}
	}
	for _, name := range []string{
		"intent found at a start", "live: " + engine.Refused.String(), "live: " + engine.LookupNotFound.String(), "live: " + engine.Rejected.String(),
		"live: " + engine.TimedOut.String(), "live: " + engine.Unavailable.String(),
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
