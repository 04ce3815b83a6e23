package plots

import (
	"strings"
	"testing"
	"time"

	"github.com/twinwrite/twinwrite/reports/internal/golden"
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// told is a history with a step of every kind, and a key that is hostile.
func told() *result.History {
	h := &result.History{
		Title: "parties <script>alert(1)</script>\u202e", Start: time.Date(2026, 1, 31, 18, 0, 0, 0, time.UTC), End: time.Hour,
		Spans: []result.Stretch{
			{What: "engine crash", Lane: result.EngineLane, From: 4 * time.Second, To: 9 * time.Second},
			{What: "outage of dataverse, with a note that is longer than any lane is wide", Lane: result.DataverseLane, From: 20 * time.Minute, To: 21 * time.Minute},
		},
	}
	at := time.Duration(0)
	add := func(kind result.StepKind, lane, from result.Lane, short string, later time.Duration) {
		at += later
		h.Steps = append(h.Steps, result.Step{
			At: at, Local: [2]time.Duration{at - 2*time.Second, at + 90*time.Second}, Kind: kind, Lane: lane, From: from, What: "It is told: " + short, Short: short,
		})
	}
	fin, eng, dat := result.FinOpsLane, result.EngineLane, result.DataverseLane
	add(result.EditStep, fin, fin, `name "a"`, time.Second)
	add(result.EditStep, dat, dat, `name "c", and a great many other columns that nobody can read here`, time.Second)
	add(result.QueueStep, eng, eng, "attempt 1", time.Second)
	add(result.CrashStep, eng, eng, "dies", time.Second)
	add(result.BackStep, eng, eng, "is back", 5*time.Second)
	add(result.OverrideStep, dat, fin, `name "c" → "a"`, time.Second)
	add(result.WriteStep, fin, dat, `name "b"`, time.Second)
	add(result.SettledStep, eng, eng, "synced", time.Second)
	add(result.LostStep, eng, eng, "conflict", time.Second)
	add(result.RefusedStep, dat, dat, "refuses", 20*time.Minute)
	add(result.DeskStep, eng, eng, "error desk", time.Second)
	add(result.NoteStep, eng, eng, "dismissed", time.Second)
	add(result.DeleteStep, fin, fin, "deleted", time.Second)
	add(result.RemoveStep, dat, fin, "deleted", time.Second)
	return h
}

func TestLanes(t *testing.T) {
	t.Parallel()
	p := Lanes(told())
	drawn := svg(t, p)
	golden.Check(t, "lanes.svg", drawn)
	if strings.Contains(drawn, "<script") || strings.ContainsRune(drawn, '\u202e') {
		t.Error("a hostile key is markup in the picture")
	}
	if n := len(p.Table.Rows); n != len(told().Steps) {
		t.Errorf("the table behind it has %d rows", n)
	}
}

// TestLanesOfClocks leaves the outer columns out where both clocks are right,
// and says so where nothing happened or where there is more than can be drawn.
func TestLanesOfClocks(t *testing.T) {
	t.Parallel()
	h := told()
	for i := range h.Steps {
		h.Steps[i].Local = [2]time.Duration{h.Steps[i].At, h.Steps[i].At}
	}
	if p := Lanes(h); strings.Contains(p.Subtitle, "clocks") || len(p.Table.Head) != 2 {
		t.Errorf("clocks are shown that are right: %s", p.Subtitle)
	}
	if p := Lanes(&result.History{Title: "nothing"}); p.height != nothingHeight {
		t.Errorf("an empty history is %v high", p.height)
	}
	for len(h.Steps) < 3*laneRowsMost {
		h.Steps = append(h.Steps, h.Steps[len(h.Steps)-1])
	}
	p := Lanes(h)
	if !strings.Contains(p.Caption, "later steps not drawn") {
		t.Errorf("the caption does not say what is left out: %s", p.Caption)
	}
	svg(t, p)
}
