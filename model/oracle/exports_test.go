package oracle

import (
	"testing"

	"github.com/twinwrite/twinwrite/engine"
)

// TestInitialRowsAreBounded plays one short story each of an initial sync that may carry
// three rows of the headers of a side, of each company.
func TestInitialRowsAreBounded(t *testing.T) {
	t.Parallel()
	row := func(id string) *engine.Record { k := headerKey(id); return &engine.Record{Key: &k, Alive: true} }
	dead := func(id string) *engine.Record { r := row(id); r.Alive = false; return r }
	lists := func(h *hand, side engine.Side, rows ...*engine.Record) { h.o.Listed(h.now, side, rows) }
	comes := func(h *hand, side engine.Side, company string, to engine.InitialStage, after string) {
		h.o.Copied(h.now, &engine.InitialRecord{Side: side, Company: company, Stage: to, After: headerKey(after)})
	}
	many := "limits-kept: an initial sync has carried 4 rows of headers from finops, and the limit is 3"
	for name, c := range map[string]struct {
		play func(h *hand)
		want []string
	}{
		"as many as it may": {func(h *hand) {
			lists(h, fin, row("A"), row("B"))
			comes(h, fin, "", engine.InitialRunning, "B")
			lists(h, fin, row("C"))
			comes(h, fin, "", engine.InitialDone, "C")
		}, nil},
		"too many": {func(h *hand) {
			lists(h, fin, row("A"), row("B"))
			comes(h, fin, "", engine.InitialRunning, "B")
			lists(h, fin, row("C"), row("D"))
			comes(h, fin, "", engine.InitialRunning, "D")
			lists(h, fin, row("E"))
			comes(h, fin, "", engine.InitialDone, "E")
		}, []string{many}},
		"too many at once": {func(h *hand) {
			lists(h, fin, row("A"), row("B"), row("C"), row("D"))
			comes(h, fin, "", engine.InitialDone, "D")
		}, []string{many}},
		"it is cut": {func(h *hand) {
			lists(h, fin, row("A"), row("B"), row("C"), row("D"))
			comes(h, fin, "", engine.InitialCut, "C")
		}, nil},
		"what is not there counts for none": {func(h *hand) {
			lists(h, fin, row("A"), dead("B"), row("C"), row("D"), dead("E"))
			comes(h, fin, "", engine.InitialDone, "E")
		}, nil},
		"a page that is listed again counts once": {func(h *hand) {
			lists(h, fin, row("A"), row("B"))
			lists(h, fin, row("A"), row("B"))
			comes(h, fin, "", engine.InitialRunning, "B")
			lists(h, fin)
			comes(h, fin, "", engine.InitialDone, "B")
		}, nil},
		"each side for itself": {func(h *hand) {
			lists(h, fin, row("A"), row("B"))
			lists(h, dat, row("C"), row("D"))
			comes(h, fin, "", engine.InitialDone, "B")
			comes(h, dat, "", engine.InitialDone, "D")
		}, nil},
		"each company for itself": {func(h *hand) {
			lists(h, fin, row("A"), row("B"))
			comes(h, fin, "usmf", engine.InitialDone, "B")
			lists(h, fin, row("C"), row("D"))
			comes(h, fin, "demf", engine.InitialDone, "D")
		}, nil},
		"each start for itself": {func(h *hand) {
			lists(h, fin, row("A"), row("B"), row("C"))
			comes(h, fin, "", engine.InitialDone, "C")
			comes(h, fin, "", engine.InitialForgotten, "C")
			comes(h, fin, "", engine.InitialWaiting, "")
			lists(h, fin, row("A"))
			comes(h, fin, "", engine.InitialDone, "A")
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHand(t, Config{Limits: Limits{InitialRows: 3}})
			c.play(h)
			expect(t, h.judge(), c.want...)
		})
	}
}
