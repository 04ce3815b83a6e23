package explore

import (
	"fmt"
	"strings"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/history"
	"github.com/twinwrite/twinwrite/sim"
)

// teller writes down what happens, sentence by sentence.
type teller struct {
	history.Teller
	story []string
}

// say adds a sentence.
func (t *teller) say(what string) { t.story = append(t.story, strings.ToUpper(what[:1])+what[1:]) }

// tell writes a sentence down, where somebody listens.
func (s *stage) tell(format string, args ...any) {
	if s.teller != nil {
		s.teller.say(fmt.Sprintf(format, args...))
	}
}

// What the two ends of a request do, by its kind. The side stands for %s.
var (
	carriesOut = map[engine.EffectKind]string{
		engine.PullOutbox:    "hands over what is in its outbox",
		engine.ReadBatch:     "lets the record be read",
		engine.WriteBatch:    "is to write the record",
		engine.CommitTx:      "is to commit the transaction that waits",
		engine.AbortTx:       "is to undo the transaction that waits",
		engine.AskTx:         "is asked how a transaction has ended",
		engine.SwitchCapture: "switches its capture hook",
		engine.ListRecords:   "lists its records",
	}
	hears = map[engine.EffectKind]string{
		engine.PullOutbox:    "what was in the outbox of %s",
		engine.ReadBatch:     "what record %s holds",
		engine.WriteBatch:    "how its write on %s has gone",
		engine.CommitTx:      "how the transaction on %s has ended",
		engine.AskTx:         "how the transaction on %s has ended",
		engine.SwitchCapture: "that the capture hook of %s is switched",
		engine.ListRecords:   "what records %s holds",
	}
)

// phrase says what one of the two ends of a request does.
func (s *stage) phrase(d *delivery, of map[engine.EffectKind]string) string {
	return phraseOf(s.requests.At(d.index).Kind, d.side, of)
}

func phraseOf(kind engine.EffectKind, side engine.Side, of map[engine.EffectKind]string) string {
	return strings.Replace(of[kind], "%s", side.String(), 1)
}

// heard writes down what the history of a run would tell.
func (s *stage) heard(t model.Told) {
	if s.teller == nil {
		return
	}
	before := len(s.teller.Told("", 0).Steps)
	s.teller.Hear(t)
	for _, step := range s.teller.Told("", 0).Steps[before:] {
		s.teller.say(step.What)
	}
}

// witness is the oracle, with somebody who listens in.
type witness struct {
	*oracle.Oracle
	stage *stage
}

func (w witness) UserCommit(at sim.Time, side engine.Side, before, after *engine.Record, ref *engine.Reference) any {
	w.stage.heard(model.Told{At: at, What: model.UserCommitted, Side: side, Key: *after.Key, Before: before, After: after, Reference: ref})
	return w.Oracle.UserCommit(at, side, before, after, ref)
}

func (w witness) EngineCommit(at sim.Time, side engine.Side, write *engine.Write, before, after *engine.Record, ref *engine.Reference) any {
	w.stage.heard(model.Told{At: at, What: model.EngineWrote, Side: side, Key: *after.Key, Before: before, After: after, Write: write, Reference: ref})
	return w.Oracle.EngineCommit(at, side, write, before, after, ref)
}

func (w witness) Held(at sim.Time, side engine.Side, tx engine.TxID, before, after *engine.Record) any {
	w.stage.heard(model.Told{At: at, What: model.Held, Side: side, Key: *after.Key, Before: before, After: after})
	return w.Oracle.Held(at, side, tx, before, after)
}

func (w witness) TakenIn(at sim.Time, ref *engine.Reference) {
	w.stage.heard(model.Told{At: at, What: model.TakenIn, Side: ref.Side, Key: ref.Key, Reference: ref})
	w.Oracle.TakenIn(at, ref)
}

func (w witness) Settled(at sim.Time, ref *engine.Reference, out engine.Outcome) {
	w.stage.heard(model.Told{At: at, What: model.Settled, Side: ref.Side, Key: ref.Key, Reference: ref, Outcome: out})
	w.Oracle.Settled(at, ref, out)
}
