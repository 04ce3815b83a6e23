package expect

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Unit is what a quantity counts.
type Unit uint8

// The units.
const (
	Plain Unit = iota // a number: 0, 12.5
	Time              // a span, in seconds: 80ms, 5m, 1h30m
	Share             // a part of a whole, from 0 to 1: 0.5%
	Rate              // per second: 25/s, 6/m
)

// String names the unit.
func (u Unit) String() string {
	return [...]string{"a number", "a span of time", "a share", "a rate"}[u]
}

// example shows a quantity of the unit.
func (u Unit) example() string { return [...]string{"12", "5m", "0.5%", "25/s"}[u] }

// Quantity is a number with its unit.
type Quantity struct {
	Value float64
	Unit  Unit
}

// String writes the quantity as expressions do.
func (q Quantity) String() string {
	switch q.Unit {
	case Time:
		if math.Abs(q.Value) > 1e9 {
			return number(q.Value) + "s"
		}
		d := time.Duration(math.Round(q.Value * 1e9))
		switch {
		case d.Abs() >= time.Minute:
			d = d.Round(100 * time.Millisecond)
		case d.Abs() >= time.Second:
			d = d.Round(time.Millisecond)
		case d.Abs() >= time.Millisecond:
			d = d.Round(10 * time.Microsecond)
		}
		return shortSpan(d)
	case Share:
		return number(100*q.Value) + "%"
	case Rate:
		return number(q.Value) + "/s"
	default:
		return number(q.Value)
	}
}

// shortSpan writes a span without the zero units of [time.Duration.String].
func shortSpan(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// number writes a value with four significant digits.
func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 4, 64)
}

// ratePeriods are the denominators of rates.
var ratePeriods = map[string]time.Duration{
	"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour,
}

// quantity reads a word as a number with its unit.
func quantity(text string) (Quantity, bool) {
	if n, ok := plain(text); ok {
		return Quantity{n, Plain}, true
	}
	if percent, found := strings.CutSuffix(text, "%"); found {
		n, ok := plain(percent)
		return Quantity{n / 100, Share}, ok
	}
	if count, period, found := strings.Cut(text, "/"); found {
		n, ok := plain(count)
		per, known := ratePeriods[period]
		return Quantity{n / max(per.Seconds(), 1e-9), Rate}, ok && known
	}
	d, ok := span(text)
	return Quantity{d.Seconds(), Time}, ok
}

// plain reads a decimal number.
func plain(text string) (float64, bool) {
	if text == "" || strings.Trim(text, "+-.0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	return n, err == nil && math.Abs(n) <= 1e15
}

// span reads a Go duration that may begin with days.
func span(text string) (time.Duration, bool) {
	days, rest, found := strings.Cut(text, "d")
	total := time.Duration(0)
	if found {
		n, ok := plain(days)
		if !ok || math.Abs(n) > 36_500 {
			return 0, false
		}
		total = time.Duration(n * 24 * float64(time.Hour))
		if rest == "" {
			return total, true
		}
		text = rest
	}
	d, err := time.ParseDuration(text)
	return total + d, err == nil
}
