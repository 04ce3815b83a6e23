// Package words writes numbers, spans and instants the way every report of
// twinwrite shows them, so that the terminal, the page and the plots agree to
// the letter.
package words

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/twinwrite/twinwrite/reports/stats"
)

// None stands where nothing was measured.
const None = "–"

// Foreign stands where there is nothing to measure: it does not apply.
const Foreign = "n/a"

// Duration writes a span with about three significant digits: "84ms", "1.25s",
// "12.4s", "3m 20s", "2h 05m", "1d 04h".
func Duration(d time.Duration) string {
	if d < 0 {
		return "−" + Duration(-d)
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Microsecond:
		return strconv.FormatInt(int64(d), 10) + "ns"
	case d < time.Millisecond-500*time.Nanosecond:
		return significant(d, time.Microsecond) + "µs"
	case d < time.Second-500*time.Microsecond:
		return significant(d, time.Millisecond) + "ms"
	case d < time.Minute-50*time.Millisecond:
		return significant(d, time.Second) + "s"
	case d.Round(time.Second) < time.Hour:
		d = d.Round(time.Second)
		return pair(d/time.Minute, "m", d%time.Minute/time.Second, "s")
	case d.Round(time.Minute) < 24*time.Hour:
		d = d.Round(time.Minute)
		return pair(d/time.Hour, "h", d%time.Hour/time.Minute, "m")
	default:
		d = d.Round(time.Hour)
		return pair(d/(24*time.Hour), "d", d%(24*time.Hour)/time.Hour, "h")
	}
}

// significant writes d in a unit with three significant digits and no
// trailing zeros, rounding in integers so that every processor agrees.
func significant(d, unit time.Duration) string {
	step, digits := unit/100, 2
	switch {
	case d >= 100*unit-unit/2:
		step, digits = unit, 0
	case d >= 10*unit-unit/20:
		step, digits = unit/10, 1
	}
	if step == 0 { // below a microsecond's hundredth there is nothing to round
		step = 1
	}
	d = d.Round(step)
	whole, rest := d/unit, d%unit
	if digits == 0 || rest == 0 {
		return strconv.FormatInt(int64(whole), 10)
	}
	fraction := fmt.Sprintf("%0*d", digits, rest/step)
	return strconv.FormatInt(int64(whole), 10) + "." + strings.TrimRight(fraction, "0")
}

func pair(big time.Duration, bigUnit string, small time.Duration, smallUnit string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", big, bigUnit)
	}
	return fmt.Sprintf("%d%s %02d%s", big, bigUnit, small, smallUnit)
}

// Quantile writes a quantile: "3.2s", "> 2h (censored)", or [None].
func Quantile(q stats.Quantile) string {
	switch {
	case !q.Known:
		return None
	case q.Censored:
		return "> " + Duration(q.Value) + " (censored)"
	default:
		return Duration(q.Value)
	}
}

// ShortQuantile is [Quantile] for narrow columns: "> 2h*" marks a lower bound.
func ShortQuantile(q stats.Quantile) string {
	if q.Known && q.Censored {
		return "> " + Duration(q.Value) + "*"
	}
	return Quantile(q)
}

// Within writes what runs tell of a quantile, " (95 % interval 3s to 3.4s)", to
// stand behind it; empty where too few runs tell.
func Within(i stats.QuantileInterval) string {
	if !i.Known {
		return ""
	}
	return " (95 % interval " + ShortQuantile(i.Low) + " to " + ShortQuantile(i.High) + ")"
}

// Integer is any counter.
type Integer interface {
	~int | ~int64 | ~uint64 | ~uint32
}

// Between writes a range of texts, as "16s to 21s", or the one value it has.
func Between(low, high string) string {
	if low == high {
		return low
	}
	return low + " to " + high
}

// Count writes a whole number with thousands set apart: "12,345".
func Count[N Integer](n N) string {
	s := fmt.Sprintf("%d", n)
	sign := ""
	if strings.HasPrefix(s, "-") {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// Counted writes a number with its noun: "1 run", "3 runs".
func Counted[N Integer](n N, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return Count(n) + " " + many
}

// Every writes which of many were kept, where not all were: "every 16th".
func Every[N Integer](n N) string {
	end := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			end = "st"
		case 2:
			end = "nd"
		case 3:
			end = "rd"
		}
	}
	return "every " + Count(n) + end
}

// Share writes part of whole in per cent, never rounding something to nothing
// or less than everything to everything: "0 %", "< 0.01 %", "99.9 %", "100 %".
func Share(part, whole uint64) string {
	switch {
	case whole == 0:
		return None
	case part == 0:
		return "0 %"
	case part >= whole:
		return "100 %"
	}
	p := float64(part) / float64(whole) * 100
	switch {
	case p < 0.01:
		return "< 0.01 %"
	case p < 1:
		return fmt.Sprintf("%.2f %%", p)
	case p >= 99.995:
		return "> 99.99 %"
	case p >= 99:
		return fmt.Sprintf("%.2f %%", p)
	default:
		return fmt.Sprintf("%.1f %%", p)
	}
}

// Side names a side for people.
func Side(side string) string {
	switch side {
	case "finops":
		return "F&O"
	case "dataverse":
		return "Dataverse"
	case "":
		return "engine"
	default:
		return side
	}
}

// Other is the side across from side, for people.
func Other(side string) string {
	if side == "finops" {
		return "Dataverse"
	}
	return "F&O"
}

// Sides are the sides as results count them, in the order of their indexes.
var Sides = [2]string{"finops", "dataverse"}

// Clock writes the instant at, counted from start, as the time of day, with
// the date in front when the scenario does not fit into one calendar day.
type Clock struct {
	start, last time.Time
	dated       bool
}

// NewClock makes the clock of a scenario that ends at end at the latest.
func NewClock(start time.Time, end time.Duration) Clock {
	start = start.UTC()
	last := start.Add(end)
	return Clock{start: start, last: last, dated: start.YearDay() != last.YearDay() || start.Year() != last.Year()}
}

// Minute writes an instant to the minute that [Clock.Second] gives.
func (c Clock) Minute(at time.Duration) string { return c.format(at.Round(time.Second), "15:04") }

// Second writes an instant to the nearest second, as [Duration] writes spans:
// beginning, span and end of a sentence then add up.
func (c Clock) Second(at time.Duration) string { return c.format(at.Round(time.Second), "15:04:05") }

func (c Clock) format(at time.Duration, layout string) string {
	if c.dated {
		layout = "2 Jan " + layout
	}
	return c.start.Add(at).Format(layout)
}

// spoken is an instant as a message of the oracle writes it: "at 1h19m26.6s".
var spoken = regexp.MustCompile(`\bat ((?:\d+h)?(?:\d+m)\d+(?:\.\d+)?s|\d+\.\d+s)\b`)

// exact is a span as a message of the oracle writes it, to the nanosecond.
var exact = regexp.MustCompile(`\b(?:\d+h)?(?:\d+m)?\d+\.\d+(?:s|ms|µs)\b`)

// Instants turns the run times in a message into times of day, and rounds spans as
// people read them.
func (c Clock) Instants(message string) string {
	message = spoken.ReplaceAllStringFunc(message, func(at string) string {
		d, err := time.ParseDuration(strings.TrimPrefix(at, "at "))
		if err != nil {
			return at // as it was written
		}
		return "at " + c.Second(d)
	})
	return exact.ReplaceAllStringFunc(message, func(span string) string {
		d, err := time.ParseDuration(span)
		if err != nil {
			return span
		}
		return Duration(d)
	})
}

// Days writes the calendar day of the scenario, or the first and the last.
func (c Clock) Days() string {
	if c.dated {
		return c.Date(0) + " to " + c.Date(c.last.Sub(c.start))
	}
	return c.Date(0)
}

// Date writes the calendar day of an instant.
func (c Clock) Date(at time.Duration) string { return c.start.Add(at).Format("2 January 2006") }

// bound are the places inside figures where no line may break.
var bound = regexp.MustCompile(`(\d[dhm]) (\d\d[hms])|(\d) (%|[a-zA-Z])|([><=]) (\d)`)

// Bind joins what belongs together, as in "2m 05s" and "19 pairs", with spaces
// at which no line breaks. It is for pages and pictures; files keep plain spaces.
func Bind(text string) string {
	return bound.ReplaceAllString(text, "$1$3$5\u00a0$2$4$6")
}

// List joins words as prose does: "a", "a and b", "a, b and c".
func List(ws []string) string {
	switch len(ws) {
	case 0:
		return ""
	case 1:
		return ws[0]
	}
	return strings.Join(ws[:len(ws)-1], ", ") + " and " + ws[len(ws)-1]
}

// Printable replaces what could move a cursor, change a screen or turn the
// direction of writing: whatever comes from a file or a record is text.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) && r != '\n' {
			return '?'
		}
		return r
	}, s)
}
