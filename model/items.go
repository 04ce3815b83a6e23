package model

import (
	"iter"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/model/system"
)

// lane is one direction of a pair.
type lane struct {
	key  engine.Key
	side engine.Side
}

// Items yields every reference that waits: the saved queue with the states that
// the engine's process knows of, what only the process knows of, which it has made
// itself, then the outboxes. core is nil while the process is dead; idle tells that it
// has nothing to do.
func Items(state *engine.State, core *engine.Core, idle bool, systems [2]*system.System) iter.Seq[oracle.Item] {
	known := map[lane]engine.OpenItem{}
	var order []lane
	if core != nil {
		core.OpenItems(func(i engine.OpenItem) {
			l := lane{i.Key, i.Side}
			known[l], order = i, append(order, l)
		})
	} else {
		for _, l := range state.Lanes {
			if l.Parked.Class != engine.Open {
				known[lane{l.Key, l.Side}] = engine.OpenItem{State: "parked", Parked: l.Parked}
			}
		}
	}
	saved, first := map[lane]int{}, map[lane]bool{}
	for i := range state.Open {
		saved[lane{state.Open[i].Reference.Key, state.Open[i].Reference.Side}]++
	}
	return func(yield func(oracle.Item) bool) {
		clear(first)
		for i := range state.Open {
			ref := &state.Open[i].Reference
			l := lane{ref.Key, ref.Side}
			it := waiting(ref, known)
			if _, knows := known[l]; idle && !knows {
				it.State = oracle.Forgotten
			}
			if !first[l] {
				first[l], it.Unsaved = true, max(known[l].References-saved[l], 0)
			}
			if !yield(it) {
				return
			}
		}
		for _, l := range order {
			if saved[l] > 0 {
				continue
			}
			it := waiting(&engine.Reference{Key: l.key, Side: l.side, Origin: engine.Pulled}, known)
			it.Unsaved = known[l].References - 1
			if !yield(it) {
				return
			}
		}
		for _, s := range systems {
			more := true
			s.Outbox(func(ref *engine.Reference) {
				more = more && yield(oracle.Item{Reference: ref, State: oracle.InOutbox})
			})
			if !more {
				return
			}
		}
	}
}

// waiting tells how a reference in the queue waits. A blocked one is traced to
// what is at the root of it.
func waiting(ref *engine.Reference, known map[lane]engine.OpenItem) oracle.Item {
	item := known[lane{ref.Key, ref.Side}]
	it := oracle.Item{Reference: ref, State: oracle.Waiting, Outcome: item.Parked}
	switch item.State {
	case "parked":
		it.State = oracle.Parked
	case "blocked":
		it.State, it.On = oracle.Blocked, item.BlockedOn
		root := item
		for range len(known) { // no longer than that, even in a circle
			if root.State != "blocked" {
				break
			}
			root = known[lane{root.BlockedOn, ref.Side}]
		}
		it.Outcome, it.Root = root.Parked, root.Key
	}
	return it
}
