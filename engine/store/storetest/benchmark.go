package storetest

import (
	"fmt"
	"io"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/engine/store"
)

// benchmarkPairs is how many record pairs the references of the benchmark are
// spread over, one after the other.
const benchmarkPairs = 10_000

// BenchmarkSettle reports references per second, from intake to settlement, by
// how many are saved at once. As in real work, a reference is settled in the
// Save after the one that took it in, and its position is acknowledged there.
func BenchmarkSettle(b *testing.B, open func(testing.TB) store.Store) {
	for _, group := range []int{10, 100, 1000} {
		b.Run(fmt.Sprint("group=", group), func(b *testing.B) {
			s := open(b)
			w := newWork(group)
			for range benchmarkPairs / group { // meet every pair once
				mustSave(b, s, w.next()...)
			}
			for b.Loop() {
				mustSave(b, s, w.next()...)
			}
			b.ReportMetric(float64(b.N*group)/b.Elapsed().Seconds(), "references/s")
			if c, ok := s.(io.Closer); ok {
				if err := c.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// work makes the mutations of one Save after the other.
type work struct {
	group     int
	keys      []engine.Key
	taken     int // references so far
	waiting   []engine.Reference
	mutations []engine.Mutation
}

func newWork(group int) *work {
	w := &work{group: group, keys: make([]engine.Key, benchmarkPairs)}
	for i := range w.keys {
		w.keys[i] = engine.Key{Company: "USMF", ID: fmt.Sprintf("CUSTOMER-%06d", i)}
	}
	return w
}

func (w *work) next() []engine.Mutation {
	w.mutations = w.mutations[:0]
	for _, r := range w.waiting {
		w.mutations = append(w.mutations, ended(r, written), acked(r.Side, r.Position))
	}
	w.waiting = w.waiting[:0]
	for range w.group {
		w.taken++
		r := engine.Reference{
			Key: w.keys[w.taken%benchmarkPairs], Incarnation: 1, Number: uint32((w.taken-1)/benchmarkPairs) + 1,
			Groups: 1, Op: engine.Update, Tx: engine.TxID(w.taken), Position: uint64(w.taken),
		}
		w.waiting = append(w.waiting, r)
		w.mutations = append(w.mutations, ingested(r.Side, r.Position), added(r, uint64(w.taken)))
	}
	return w.mutations
}
