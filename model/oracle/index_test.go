package oracle

import (
	"fmt"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestIndexAgainstMap fills the index past several growths with keys that
// differ in one part at a time.
func TestIndexAgainstMap(t *testing.T) {
	t.Parallel()
	var x index
	known := map[engine.Key]*pair{}
	for i := range 20_000 {
		k := engine.Key{Map: engine.MapID(i % 3), ID: fmt.Sprintf("RECORD-%d", i/12)}
		if i%2 == 1 {
			k.Company = "usmf"
		}
		if i%12 >= 6 {
			k.Spelling = "record"
		}
		if got, want := x.find(&k), known[k]; got != want {
			t.Fatalf("before it is added, %v is found at %p, want %p", k, got, want)
		}
		if known[k] != nil {
			continue
		}
		p := x.add(&k)
		p.record[i%2] = &engine.Record{Key: &k}
		known[k] = p
	}
	if x.count != len(known) || x.count < 15_000 {
		t.Errorf("%d pairs, want %d", x.count, len(known))
	}
	for k, want := range known {
		if got := x.find(&k); got != want {
			t.Errorf("%v is found at %p, want %p", k, got, want)
		}
	}
	longest := 0
	for i, run := 0, 0; i < len(x.slots); i++ {
		if run++; x.slots[i] == 0 {
			run = 0
		}
		longest = max(longest, run)
	}
	if longest > 200 {
		t.Errorf("%d slots in a row are taken: the hash spreads badly", longest)
	}
}
