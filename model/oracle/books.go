package oracle

import (
	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/sim"
)

// books are the balance of the changes: each that was captured has its outcome, or waits in
// an outbox or in the engine's store, at every instant. Either side of it moves at few of
// them only, and at each it is judged of the one change that moves it, which is more than a
// sum could tell:
//
//   - it is captured, with a new number: its outbox has it from the commit on ([Oracle.capture])
//   - the store takes it in: it was captured. That it does so twice, or once more with the
//     outcome, a store refuses itself ([Oracle.TakenIn])
//   - it ends, once: the store lets it go with the same save ([Oracle.Settled])
//   - its outbox forgets it: by then the store has it, or it has ended ([Oracle.Forgot])
//   - the process is back: the store has kept what it had said was saved ([Oracle.Restarted])
type books struct {
	stored int // references of changes in the store, by what it has said
}

// isChange reports whether a reference stands for a change that was captured, and not for
// something that the engine wants to carry on its own account.
func isChange(ref *engine.Reference) bool {
	return ref.Origin == engine.Captured || ref.Origin == engine.Late
}

// stores notes that the engine's store has taken in a reference of a change.
func (o *Oracle) stores(at sim.Time, p *pair, ref *engine.Reference) {
	o.books.stored++
	if p == nil || !p.knows(ref) {
		o.breach(closedBooks, at, &ref.Key, "%v was taken in, and no such change was captured", ref)
	}
}

// stillStores judges what the store of a process that is back holds.
func (o *Oracle) stillStores(at sim.Time, open []engine.OpenReference) {
	held := 0
	for i := range open {
		if isChange(&open[i].Reference) {
			held++
		}
	}
	if held != o.books.stored {
		o.breach(closedBooks, at, nil, "the engine's process is back with %d changes in its store, which had said that it holds %d", held, o.books.stored)
	}
	o.books.stored = held
}
