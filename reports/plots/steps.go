package plots

import (
	"strconv"
	"strings"
	"time"

	"gonum.org/v1/plot"
)

// steps are the values of one axis of a sweep and where they stand: at their
// size where all have one of the same unit, else side by side.
type steps struct {
	values  []string
	at      []float64 // parallel to values
	log     bool
	numeric bool
}

// logFrom is the ratio of the greatest to the least value from which an axis is
// logarithmic.
const logFrom = 8

func newSteps(values []string) steps {
	s := steps{values: values, numeric: true}
	unit := ""
	for i, v := range values {
		at, u, ok := sizeOf(v)
		if i == 0 {
			unit = u
		}
		if !ok || u != unit || i > 0 && at <= s.at[i-1] {
			s.numeric = false
			break
		}
		s.at = append(s.at, at)
	}
	if s.numeric = s.numeric && len(values) > 1; !s.numeric {
		s.at = s.at[:0]
		for i := range values {
			s.at = append(s.at, float64(i))
		}
		return s
	}
	s.log = s.at[0] > 0 && s.at[len(s.at)-1]/s.at[0] >= logFrom
	return s
}

// sizeOf reads a setting as a number: spans in seconds.
func sizeOf(value string) (v float64, unit string, ok bool) {
	value = strings.Trim(value, `"`)
	if d, err := time.ParseDuration(value); err == nil && value != "0" {
		return d.Seconds(), "s", true
	}
	digits := len(strings.TrimRight(value, "%abcdefghijklmnopqrstuvwxyz/"))
	v, err := strconv.ParseFloat(value[:digits], 64)
	return v, value[digits:], err == nil
}

// axis sets the scale of x to hold all values, with some room at its ends.
func (s steps) axis(p *plot.Plot) {
	first, last := s.at[0], s.at[len(s.at)-1]
	switch {
	case s.log:
		p.X.Scale = plot.LogScale{}
		p.X.Min, p.X.Max = first/1.15, last*1.15
	case !s.numeric:
		p.X.Min, p.X.Max = -.5, float64(len(s.at))-.5
	default:
		p.X.Min, p.X.Max = first-(last-first)*.04, last+(last-first)*.04
	}
}

// ticks are the values themselves; of crowded ones some are left out.
func (s steps) ticks(pn panel) []tick {
	var ts []tick
	right := pn.c.Min.X - 100
	for i, at := range s.at {
		label := fit(tickStyle, s.values[i], 90)
		half := measure(tickStyle, label)/2 + 3
		if x := pn.x(at); x-half >= right {
			ts = append(ts, tick{at, label})
			right = x + half
		}
	}
	return ts
}
