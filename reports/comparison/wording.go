package comparison

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/reports/words"
)

// Same stands where no difference is shown.
const Same = "~"

// Write writes a value of the unit.
func (u Unit) Write(v float64) string {
	if u == Span {
		return words.Duration(time.Duration(math.Round(v * 1e9)))
	}
	sign := ""
	if v < 0 {
		sign, v = "−", -v
	}
	digits := 1
	switch {
	case v >= 100 || v == math.Trunc(v):
		digits = 0
	case v < 1:
		digits = 2
	}
	text := strconv.FormatFloat(v, 'f', digits, 64)
	if v > 0 && v < 0.005 {
		return sign + "< 0.01"
	}
	point := len(text)
	if i := strings.IndexByte(text, '.'); i >= 0 {
		point = i
	}
	for i := point - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// Signed writes a difference with its sign.
func (u Unit) Signed(v float64) string {
	if v > 0 {
		return "+" + u.Write(v)
	}
	return u.Write(v)
}

// Value writes a figure under a setting.
func (f *Figure) Value(setting int) string {
	c := f.Cells[setting]
	switch {
	case c.Foreign:
		return words.Foreign
	case !c.Known:
		return words.None
	case c.AtLeast:
		return "> " + f.Unit.Write(float64(c.Mean))
	default:
		return f.Unit.Write(float64(c.Mean))
	}
}

// Interval writes what a figure lies between with 95 % confidence; empty where
// one run is all, or every run gave the same.
func (f *Figure) Interval(setting int) string {
	c := f.Cells[setting]
	if !c.Known || c.Runs < 2 || c.Low == c.High {
		return ""
	}
	return f.Unit.Write(float64(c.Low)) + " to " + f.Unit.Write(float64(c.High))
}

// Difference writes how a setting differs from the first one: "+3.2s
// (+3s to +3.4s)", [Same], [words.None] where nothing can be said, or
// [words.Foreign] where one of the two has no such thing.
func (f *Figure) Difference(setting int) string {
	a := f.Cells[setting].Against
	switch {
	case f.Cells[0].Foreign || f.Cells[setting].Foreign:
		return words.Foreign
	case a == nil || a.Shown == Unknown:
		return words.None
	case a.Shown == Nothing:
		return Same
	}
	more := ""
	if a.bound {
		more = " or more"
		if a.Mean < 0 {
			more = " or less"
		}
	}
	return fmt.Sprintf("%s (%s)%s", f.Unit.Signed(float64(a.Mean)), between(f.Unit, a), more)
}

func between(u Unit, a *Against) string {
	low, high := u.Signed(float64(a.Low)), u.Signed(float64(a.High))
	return words.Between(low, high)
}

// beside writes what a setting has as a share of what the first has, or as a
// multiple where it is large; empty where that says nothing.
func (f *Figure) beside(setting int) string {
	a, base, mean := f.Cells[setting].Against, float64(f.Cells[0].Mean), float64(f.Cells[setting].Mean)
	switch {
	case base == 0 || math.IsNaN(float64(a.Relative)) || a.bound:
		return ""
	case mean/base >= 3:
		return strconv.FormatFloat(mean/base, 'f', 1, 64) + " times as much"
	case a.Relative < 0:
		return strconv.FormatFloat(-100*float64(a.Relative), 'f', 0, 64) + " % less"
	default:
		return strconv.FormatFloat(100*float64(a.Relative), 'f', 0, 64) + " % more"
	}
}

// Trust tells how a difference was measured: whether runs were paired, how far
// they went together, and what pairing gained.
func (a *Against) Trust() string {
	if !a.difference.Known {
		return "one run"
	}
	if !a.Paired {
		if math.IsNaN(float64(a.Correlation)) {
			return "independent runs (Welch)"
		}
		return "independent runs (Welch), correlation " + signedNumber(float64(a.Correlation))
	}
	if math.IsNaN(float64(a.Correlation)) {
		return "paired; one of the two is the same in every run"
	}
	text := "paired, correlation " + signedNumber(float64(a.Correlation))
	if !math.IsNaN(float64(a.Gain)) {
		text += ", gain " + strconv.FormatFloat(float64(a.Gain), 'f', 1, 64)
	}
	return text
}

func signedNumber(v float64) string {
	return strings.Replace(strconv.FormatFloat(v, 'f', 2, 64), "-", "−", 1)
}
