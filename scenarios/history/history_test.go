package history

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

var maps = []*engine.TableMap{{Name: "parties", Columns: []engine.Column{{Name: "name"}}}}

// TestReasons demands a meaning for each reason whose name does not say it.
func TestReasons(t *testing.T) {
	t.Parallel()
	plain := map[engine.Reason]bool{engine.NoReason: true, engine.Written: true, engine.Refused: true, engine.Untraced: true}
	_, all := engine.Outcomes()
	for _, r := range all {
		if (meanings[r] == "") != plain[r] {
			t.Errorf("%v: %q, and it is plain: %v", r, meanings[r], plain[r])
		}
	}
}

// TestMoves tells of one item from its first attempt to the error desk, and
// again in a new life of the process.
func TestMoves(t *testing.T) {
	t.Parallel()
	key, parent := engine.Key{ID: "K1"}, engine.Key{ID: "K0"}
	teller := Teller{Maps: maps}
	at := time.Duration(0)
	moved := func(to engine.Place, why engine.Reason) {
		at += time.Second
		teller.Hear(model.Told{At: model.Told{}.At.Add(at), What: model.Moved, Key: key, Place: to, On: parent, Outcome: engine.Outcome{Reason: why}})
	}
	moved(engine.InTurn, 0)
	moved(engine.InFlight, 0)
	moved(engine.WaitsFor, 0)
	moved(engine.InTurn, 0)
	moved(engine.InFlight, 0)
	moved(engine.InTurn, 0) // a probe that finds the side still down
	moved(engine.InFlight, 0)
	moved(engine.BacksOff, engine.TimedOut)
	moved(engine.InTurn, 0)
	moved(engine.InFlight, 0)
	moved(engine.OnTheDesk, engine.Refused)
	teller.Hear(model.Told{At: model.Told{}.At.Add(at), What: model.EngineDied})
	moved(engine.OnTheDesk, engine.Refused) // as it is put in place again
	moved(engine.InTurn, 0)
	moved(engine.InFlight, 0)
	teller.Hear(model.Told{At: model.Told{}.At.Add(at), What: model.EngineDied})
	moved(engine.InTurn, 0) // as it is put in place again
	moved(engine.InFlight, 0)
	moved(engine.NotQueued, 0)
	h := teller.Told("parties K1", at)
	var got []string
	for _, s := range h.Steps {
		got = append(got, s.Short)
	}
	want := "attempt 1|waits|waits no longer|attempt 2|does not count|attempt 2|tried again|attempt 3|error desk|dies|queued again|attempt 4|dies|attempt 5"
	if text := strings.Join(got, "|"); text != want {
		t.Errorf("told %s, want %s", text, want)
	}
}

// TestHeldOnBothSides lets a transaction of one side fail while one of the other side
// waits with the same record, which then commits.
func TestHeldOnBothSides(t *testing.T) {
	t.Parallel()
	key := engine.Key{ID: "K1"}
	record := &engine.Record{Key: &key, Alive: true, Values: make([]engine.Value, 1)}
	teller := Teller{Maps: maps}
	for _, h := range []model.Told{
		{What: model.Held, Side: engine.Dataverse},
		{What: model.Held, Side: engine.FinOps},
		{What: model.Undone, Side: engine.FinOps},
		{What: model.UserCommitted, Side: engine.Dataverse},
	} {
		h.Key, h.After = key, record
		teller.Hear(h)
	}
	h := teller.Told("x", 0)
	if got, want := h.Steps[len(h.Steps)-1].What, "The live transaction of parties K1 on dataverse commits."; got != want {
		t.Errorf("told %q, want %q", got, want)
	}
}

// TestHostile prints a record whose key would move the cursor, or turn what
// follows it around.
func TestHostile(t *testing.T) {
	t.Parallel()
	teller := Teller{Maps: maps}
	teller.Hear(model.Told{What: model.Undone, Key: engine.Key{ID: "a\x1b[2Jb\u202ec"}})
	h := teller.Told("x", 0)
	var b strings.Builder
	if err := Text(&b, &h); err != nil {
		t.Fatal(err)
	}
	if want := "parties a?[2Jb?c on finops fails"; !strings.Contains(b.String(), want) {
		t.Errorf("printed %q, want %q in it", b.String(), want)
	}
}

// TestCut keeps no more than the limit, and says what is left out.
func TestCut(t *testing.T) {
	t.Parallel()
	teller := Teller{Maps: maps}
	for range StepsMax + 3 {
		teller.Hear(model.Told{What: model.EngineDied})
	}
	h := teller.Told("x", 0)
	if len(h.Steps) != StepsMax || h.Cut != 3 {
		t.Errorf("%d steps are kept and %d left out", len(h.Steps), h.Cut)
	}
	var b strings.Builder
	if err := Text(&b, &result.History{Steps: h.Steps[:1], Cut: h.Cut}); err != nil || !strings.Contains(b.String(), "3 later steps are left out") {
		t.Errorf("printed %q (%v)", b.String(), err)
	}
}

func TestDecimal(t *testing.T) {
	t.Parallel()
	for millionths, want := range map[int64]string{
		0: "0", 3_000_000: "3", -2_000_000: "-2", 1: "0.000001", -500_000: "-0.5", 21_435_965_207_540_000: "21435965207.54",
		math.MinInt64: "-9223372036854.775808",
	} {
		if got := decimal(millionths); got != want {
			t.Errorf("%d millionths are %s, want %s", millionths, got, want)
		}
	}
}

// TestSavedWithoutAChange is told as such.
func TestSavedWithoutAChange(t *testing.T) {
	t.Parallel()
	record := &engine.Record{Key: &engine.Key{ID: "K1"}, Alive: true, Values: make([]engine.Value, 1)}
	teller := Teller{Maps: maps}
	teller.Hear(model.Told{What: model.UserCommitted, Side: engine.Dataverse, Key: *record.Key, Before: record, After: record})
	if h := teller.Told("x", 0); len(h.Steps) != 1 || h.Steps[0].What != "A user of dataverse saves parties K1 without a change." {
		t.Errorf("told %+v", h.Steps)
	}
}
