package system

import (
	"fmt"
	"slices"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestListing goes through a table page by page while records come and go: what
// is there all the time is listed once, in order.
func TestListing(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	names := []string{"D", "B", "F", "A", "H", "C"}
	for _, n := range names {
		b.save(customer(Create, n))
	}
	b.save(Edit{Map: headers, Op: Create, Name: Name{ID: "C-1"}})
	list := func(after engine.Key, most int) (ids []string, more bool) {
		r := b.ask(engine.Effect{Kind: engine.ListRecords, After: after, Max: most})
		for _, x := range r.Records {
			ids = append(ids, x.Key.ID)
		}
		return ids, r.More
	}
	for most := 1; most <= 7; most++ {
		var all []string
		after, more := engine.Key{Map: customers}, true
		for more {
			var page []string
			page, more = list(after, most)
			if len(page) > most || more && len(page) < most {
				t.Fatalf("a page of %d has %d records, more is %v", most, len(page), more)
			}
			all = append(all, page...)
			after.ID = all[len(all)-1]
		}
		if want := []string{"A", "B", "C", "D", "F", "H"}; !slices.Equal(all, want) {
			t.Errorf("in pages of %d: %q, want %q", most, all, want)
		}
	}
	b.s.tables[customers].at(0).record = &engine.Record{Key: &b.s.tables[customers].at(0).key} // D has died
	b.save(customer(Create, "E"))
	b.save(customer(Create, "AA"))
	if got, more := list(engine.Key{Map: customers, ID: "B"}, 2); !slices.Equal(got, []string{"C", "E"}) || !more {
		t.Errorf("after B: %q, more is %v", got, more)
	}
	if got, more := list(engine.Key{Map: customers, ID: "BB"}, 9); !slices.Equal(got, []string{"C", "E", "F", "H"}) || more {
		t.Errorf("after a key that is not there: %q, more is %v", got, more)
	}
}

// TestListingOfACompany leaves out the others.
func TestListingOfACompany(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	for _, company := range []string{"two", "one", "zoo"} {
		for _, id := range []string{"B", "A"} {
			b.save(Edit{Map: customers, Op: Create, Name: Name{Company: company, ID: id}})
		}
	}
	r := b.ask(engine.Effect{Kind: engine.ListRecords, After: engine.Key{Map: customers}, Company: "two", Max: 2})
	var got []string
	for _, x := range r.Records {
		got = append(got, x.Key.Company+"/"+x.Key.ID)
	}
	if !slices.Equal(got, []string{"two/A", "two/B"}) || r.More {
		t.Errorf("%q, more is %v", got, r.More)
	}
}

// TestSwitch ends and begins the capture of one map. A request of an older turn
// that comes late changes nothing, and nobody hears of it.
func TestSwitch(t *testing.T) {
	t.Parallel()
	b := newBench(t, Config{})
	ask := func(on bool, turn uint64) {
		b.ask(engine.Effect{Kind: engine.SwitchCapture, Maps: []engine.MapID{customers}, Capturing: engine.Capturing{Off: !on}, Turn: turn})
	}
	ask(false, 2)
	ask(true, 1)
	b.save(customer(Create, "A"))
	ask(true, 3)
	ask(true, 3)
	b.save(customer(Create, "B"))
	if want := fmt.Sprint(engine.FinOps, " captures map 0: "); !slices.Equal(b.switched, []string{want + "false", want + "true"}) {
		t.Errorf("told %q", b.switched)
	}
	if len(b.refs) != 1 || b.refs[0].Key.ID != "B" {
		t.Errorf("captured %v, want B alone", b.refs)
	}
}
