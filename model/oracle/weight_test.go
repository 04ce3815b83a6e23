package oracle

import (
	"strings"
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestLiveTransactionsAreBounded holds records of live transactions, which may be of two
// companies from one side and weigh 250 bytes from the other: a record weighs 100, with ten
// for its only column beside the text.
func TestLiveTransactionsAreBounded(t *testing.T) {
	t.Parallel()
	of := func(company, id string) engine.Key { return engine.Key{Company: company, ID: id} }
	companies := "limits-kept: headers c A: a live transaction of finops is of more companies than 2, which is the limit"
	for name, c := range map[string]struct {
		play func(h *hand)
		want []string
	}{
		"as many companies as may be": {func(h *hand) {
			for _, k := range []engine.Key{of("a", "A"), of("b", "A"), of("a", "B"), of("", "C")} {
				h.hold(fin, 1, k, nil)
			}
			h.hold(fin, 2, of("c", "A"), nil)
		}, nil},
		"too many companies": {func(h *hand) {
			for _, k := range []engine.Key{of("a", "A"), of("b", "A"), of("c", "A"), of("d", "A")} {
				h.hold(fin, 1, k, nil)
			}
		}, []string{companies}},
		"neither limit is the other side's": {func(h *hand) {
			h.hold(fin, 1, of("a", "A"), text(strings.Repeat("x", 1000)))
			h.o.config.Limits.LiveBytes[dat] = 1000
			for _, k := range []engine.Key{of("a", "B"), of("b", "B"), of("c", "B")} {
				h.hold(dat, 1, k, nil)
			}
		}, nil},
		"as much as may be": {func(h *hand) {
			h.hold(dat, 1, of("a", "A"), text("123456789012345"))
			h.hold(dat, 1, of("a", "B"), text("123456789012345"))
			h.hold(dat, 2, of("a", "C"), text("")) // it weighs for itself
		}, nil},
		"deletes have no columns": {func(h *hand) {
			h.hold(dat, 1, of("a", "A"), text("1234567890123456789012345678901234567890"))
			h.hold(dat, 1, of("a", "B"), nil)
		}, nil},
		"too much": {func(h *hand) {
			h.hold(dat, 1, of("a", "A"), text("123456789012345"))
			h.hold(dat, 1, of("a", "B"), text("1234567890123456"))
			h.hold(dat, 1, of("a", "C"), nil)
		}, []string{"limits-kept: headers a B: a live transaction of dataverse weighs 251 bytes or more, and the limit is 250"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{LiveCompanies: [2]int{2, 0}, LiveBytes: [2]int64{0, 250}, RecordBytes: [2]int64{100, 100}}})
			c.play(h)
			for _, side := range engine.Sides {
				for tx := range engine.TxID(3) {
					if h.o.lives[liveID{side, tx}] != nil {
						h.o.Undone(h.now, side, tx)
					}
				}
			}
			r := h.judge()
			expect(t, r, c.want...)
			if n := property(t, r, "limits-kept").Violations; int(n) != len(c.want) {
				t.Errorf("%d violations, expected %d", n, len(c.want))
			}
		})
	}
}

// TestWeight weighs a record with a value of each kind.
func TestWeight(t *testing.T) {
	t.Parallel()
	h := newHandOf(t, Config{Limits: Limits{RecordBytes: [2]int64{500, 0}}}, []*engine.TableMap{{
		Name: "orders", Columns: []engine.Column{{Name: "none"}, {Name: "text"}, {Name: "no"}, {Name: "header", Lookups: []engine.MapID{0}}},
	}})
	r := &engine.Record{Key: &a, Values: []engine.Value{{}, engine.Text("abc"), engine.Number(1), {Kind: engine.KindLookup, Target: &a}}}
	if got, want := h.o.weight(fin, r), int64(500+(4+6+3)+(2+6+16)+(6+6+36)); got != want {
		t.Errorf("weighs %d, expected %d", got, want)
	}
	if got := h.o.weight(dat, r); got != 85 {
		t.Errorf("weighs %d where a record costs nothing beside, expected 85", got)
	}
}
