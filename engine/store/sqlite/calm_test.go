package sqlite

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
)

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

// calmDown ends all mishaps, lets the job run and what is under way come to an end.
func (w *world) calmDown() {
	w.t.Helper()
	w.calm = true
	for _, s := range w.sides {
		s.down = false
		clear(s.refuses)
	}
	w.command(engine.Command{Kind: engine.ResumeJob})
	w.command(engine.Command{Kind: engine.StartJob})
	w.carryOut(100)
}

// carryOut answers requests, and lets time pass now and then.
func (w *world) carryOut(requests int) {
	for n := range requests {
		w.save()
		w.answer()
		if n%10 == 9 {
			w.letTimePass()
		}
	}
	w.save()
}

// refuseToUndo is a calm time in which a live transaction does not commit, and the
// other side refuses to undo what was written for it.
func (w *world) refuseToUndo() {
	w.t.Helper()
	w.calmDown()
	s, k := w.sides[engine.FinOps], engine.Key{Map: 2, ID: plantedKey + "-undone"}
	c := engine.Change{Key: k, Op: engine.Create, Before: s.records[k], After: make([]engine.Value, 4)}
	c.After[0], c.After[1], c.After[3] = name(1), engine.Number(plantedNumber), status(0)
	s.commit(c, false)
	for range 40 {
		if w.save(); len(w.pending) > 0 && w.pending[0].Kind == engine.CommitTx {
			clear(s.held) // its user is gone
			w.sides[engine.Dataverse].refuses[k] = engine.RowAnswer{Result: engine.RowRefused, Reason: engine.Refused, Cause: "others look up the {name}"}
		}
		w.answer()
	}
	w.carryOut(150)
	w.calm = false
}

// skipAndPurge is a calm time in which what a pause has queued up is skipped, and
// nobody looks at the error desk for a day.
func (w *world) skipAndPurge() {
	w.t.Helper()
	w.calmDown()
	w.command(engine.Command{Kind: engine.PauseJob})
	for range 5 {
		w.edit()
	}
	for _, side := range engine.Sides {
		w.step(&engine.Input{Kind: engine.Notified, Side: side})
	}
	w.carryOut(50)
	w.command(engine.Command{Kind: engine.ResumeJob, Resume: engine.SkipAndKeep})
	w.carryOut(50)
	w.letPass(25 * time.Hour)
	w.carryOut(50)
	w.calm = false
}
