package history

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/result"
)

// Schema names the shape of the JSON. A field may be added under this name; a
// field that changes its meaning, or goes, makes a new one. Instants and spans
// are seconds since the start.
const Schema = "twinwrite/history/v1"

type written struct {
	Schema string     `json:"schema"`
	Title  string     `json:"title"`
	Start  *time.Time `json:"start,omitempty"`
	End    float64    `json:"end"`
	Steps  []step     `json:"steps"`
	Spans  []span     `json:"meanwhile"`
	Cut    int        `json:"left_out"`
}

type step struct {
	At        float64 `json:"at"`
	FinOps    float64 `json:"finops_shows"`
	Dataverse float64 `json:"dataverse_shows"`
	Kind      string  `json:"kind"`
	Lane      string  `json:"lane"`
	From      string  `json:"from"`
	What      string  `json:"what"`
}

type span struct {
	From float64 `json:"from"`
	To   float64 `json:"to"`
	What string  `json:"what"`
}

// JSON writes a history for programs.
func JSON(w io.Writer, h *result.History) error {
	out := written{Schema: Schema, Title: h.Title, End: h.End.Seconds(), Steps: []step{}, Spans: []span{}, Cut: h.Cut}
	if !h.Start.IsZero() {
		start := h.Start.UTC()
		out.Start = &start
	}
	for i := range h.Steps {
		out.Steps = append(out.Steps, stepOf(&h.Steps[i]))
	}
	for _, s := range h.Spans {
		out.Spans = append(out.Spans, span{s.From.Seconds(), s.To.Seconds(), s.What})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it is for programs, never part of a page
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("write history: %w", err)
	}
	return nil
}

// JSONLines writes the steps of a history, each as a line.
func JSONLines(w io.Writer, h *result.History) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range h.Steps {
		if err := enc.Encode(stepOf(&h.Steps[i])); err != nil {
			return fmt.Errorf("write history: %w", err)
		}
	}
	return nil
}

func stepOf(s *result.Step) step {
	return step{
		At: s.At.Seconds(), FinOps: s.Local[0].Seconds(), Dataverse: s.Local[1].Seconds(),
		Kind: s.Kind.Name(), Lane: s.Lane.Name(), From: s.From.Name(), What: s.What,
	}
}
