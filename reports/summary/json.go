package summary

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/stats"
	"github.com/twinwrite/twinwrite/reports/words"
)

// WriteJSON writes the summary, the same bytes for the same summary on every
// machine.
//
// The runs come last and are written one by one, each on a line of its own: of
// thousands, the text takes more memory than all that they hold, and its indents
// more room. The texts of contracts stand once, where the runs are pooled.
func (s Summary) WriteJSON(w io.Writer) error {
	runs := s.Runs
	s.Runs = []Run{}
	var head bytes.Buffer
	if err := Encode(&head, "summary", s); err != nil {
		return err
	}
	const noRuns = "[]\n}\n"
	if len(runs) == 0 {
		return written(w, head.Bytes())
	}
	if err := written(w, bytes.TrimSuffix(head.Bytes(), []byte(noRuns))); err != nil {
		return err
	}
	open := "[\n    "
	for i := range runs {
		var one bytes.Buffer
		enc := json.NewEncoder(&one)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(lean(runs[i])); err != nil {
			return fmt.Errorf("write summary, run %d: %w", runs[i].Index, err)
		}
		if err := written(w, []byte(open), bytes.TrimRight(one.Bytes(), "\n")); err != nil {
			return err
		}
		open = ",\n    "
	}
	return written(w, []byte("\n  ]\n}\n"))
}

// lean is a run without what the pooled figures have as well.
func lean(r Run) Run {
	r.Properties = slices.Clone(r.Properties)
	for i := range r.Properties {
		r.Properties[i].Contract = ""
	}
	return r
}

func written(w io.Writer, texts ...[]byte) error {
	for _, text := range texts {
		if _, err := w.Write(text); err != nil {
			return fmt.Errorf("write summary: %w", err)
		}
	}
	return nil
}

// Encode writes figures as JSON, the same bytes for the same figures on every
// machine; what names them in an error.
func Encode(w io.Writer, what string, figures any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false) // it is a file for programs, never part of a page
	enc.SetIndent("", "  ")
	if err := enc.Encode(figures); err != nil {
		return fmt.Errorf("write %s: %w", what, err)
	}
	return nil
}

// Seconds is a span, or an instant counted from the scenario's start. In JSON
// it is a number of seconds, exact to the nanosecond and written from the
// integer, so no floating point is in between.
type Seconds time.Duration

// Duration is the span as Go counts it.
func (s Seconds) Duration() time.Duration { return time.Duration(s) }

// MarshalJSON writes 90500ms as 90.5.
func (s Seconds) MarshalJSON() ([]byte, error) {
	d, sign := time.Duration(s), ""
	if d < 0 {
		d, sign = -d, "-"
	}
	text := sign + strconv.FormatInt(int64(d/time.Second), 10)
	if rest := d % time.Second; rest != 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", rest), "0")
	}
	return []byte(text), nil
}

// Rounded is a number of limited precision: six significant digits, more than
// any estimate over runs deserves and fewer than processors disagree about.
type Rounded float64

// MarshalJSON writes the shortest decimal; what is not a number is null.
func (r Rounded) MarshalJSON() ([]byte, error) {
	f := float64(r)
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return []byte("null"), nil
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 6, 64), 64)
	return strconv.AppendFloat(nil, f+0, 'f', -1, 64), nil
}

// Quantile is one quantile of a convergence time, for several runs with its
// bootstrap interval.
type Quantile struct {
	Name string // "p99"
	stats.Quantile
	Interval stats.QuantileInterval
}

// MarshalJSON writes value and text; a censored value is a lower bound.
func (q Quantile) MarshalJSON() ([]byte, error) {
	type end struct {
		Seconds  Seconds `json:"seconds"`
		Censored bool    `json:"censored"`
	}
	out := struct {
		Name     string   `json:"name"`
		Seconds  *Seconds `json:"seconds"` // null: nothing measured
		Censored bool     `json:"censored"`
		Text     string   `json:"text"`
		Low      *end     `json:"low,omitempty"`
		High     *end     `json:"high,omitempty"`
	}{Name: q.Name, Censored: q.Censored, Text: words.Quantile(q.Quantile)}
	if q.Known {
		seconds := Seconds(q.Value)
		out.Seconds = &seconds
	}
	if q.Interval.Known {
		out.Low = &end{Seconds(q.Interval.Low.Value), q.Interval.Low.Censored}
		out.High = &end{Seconds(q.Interval.High.Value), q.Interval.High.Censored}
	}
	return json.Marshal(out)
}
