package scenarios

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

// Rate is how often something happens.
type Rate struct {
	Count float64
	Per   time.Duration
}

// PerSecond returns the rate in events per second.
func (r Rate) PerSecond() float64 { return r.Count / r.Per.Seconds() }

// Share is a part of a whole, from 0 to 1. Files write it in percent.
type Share float64

// PPB is a clock's rate error in parts per billion. Files write it in ppm.
type PPB int64

// Size is a number of bytes. Files write it in B, kB, MB or GB.
type Size int64

// Ratio is a factor of speed. Files write it with an x.
type Ratio float64

// quantity is one kind of scalar: how its text is read, how it is written
// back in its one canonical form, and what a file may look like. An error of
// read says what the value must be.
type quantity struct {
	name    string // "a span of time"
	example string // "80ms, 2s, 10m or 1h30m"
	read    func(text string) (any, error)
	write   func(value any) string
	plain   string // what JSON calls it, where it needs no unit
}

// What is wrong with a quantity. The message names the value and its kind.
var (
	errUnit  = errors.New("has no unit")
	errForm  = errors.New("is not understood")
	errRange = errors.New("is out of range")
)

// spanMax bounds every span of time, so that sums of a few never overflow.
const spanMax = 10 * 365 * 24 * time.Hour

var timeSpan = quantity{
	name:    "a span of time",
	example: "80ms, 2s, 10m or 1h30m",
	read:    func(text string) (any, error) { return readSpan(text) },
	write:   func(v any) string { return WriteSpan(as[time.Duration](v)) },
}

// readSpan reads a Go duration that may begin with days.
func readSpan(text string) (time.Duration, error) {
	if isNumber(text) {
		return 0, errUnit
	}
	if length, negative := strings.CutPrefix(text, "-"); negative {
		d, err := readLength(length)
		return -d, err
	}
	return readLength(strings.TrimPrefix(text, "+"))
}

// readLength reads a span without a sign.
func readLength(text string) (time.Duration, error) {
	if text == "" || strings.ContainsAny(text, "+-") {
		return 0, errForm
	}
	total := time.Duration(0)
	if days, rest, found := strings.Cut(text, "d"); found {
		d, err := time.ParseDuration(days + "h")
		if err != nil {
			return 0, errForm
		}
		if d > spanMax/24 {
			return 0, errRange
		}
		if total, text = 24*d, rest; text == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		return 0, errForm
	case d > spanMax || total+d > spanMax:
		return 0, errRange
	default:
		return total + d, nil
	}
}

// WriteSpan writes a span without the zero units of [time.Duration.String].
func WriteSpan(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

var ratePeriods = []struct {
	unit string
	per  time.Duration
}{{"ms", time.Millisecond}, {"s", time.Second}, {"m", time.Minute}, {"h", time.Hour}, {"d", 24 * time.Hour}}

var rate = quantity{
	name:    "a rate",
	example: "25/s, 6/m or 0.5/h",
	read: func(text string) (any, error) {
		count, unit, found := strings.Cut(text, "/")
		if !found && isNumber(text) {
			return nil, errUnit
		}
		for _, p := range ratePeriods {
			if p.unit == unit {
				n, err := readNumber(count, 0, 1e9)
				return Rate{n, p.per}, err
			}
		}
		return nil, errForm
	},
	write: func(v any) string {
		r := as[Rate](v)
		for _, p := range ratePeriods {
			if p.per == r.Per {
				return writeNumber(r.Count) + "/" + p.unit
			}
		}
		panic("scenarios: a rate per " + r.Per.String())
	},
}

var share = quantity{
	name:    "a share",
	example: "2% or 0.01%",
	read: func(text string) (any, error) {
		percent, found := strings.CutSuffix(text, "%")
		if !found && isNumber(text) {
			return nil, errUnit
		}
		if !found {
			return nil, errForm
		}
		if _, err := readNumber(percent, 0, 100); err != nil {
			return nil, err
		}
		v, err := strconv.ParseFloat(shiftPoint(percent, -2), 64)
		if err != nil {
			return nil, errForm
		}
		return Share(v), nil
	},
	write: func(v any) string { return writePercent(float64(as[Share](v))) + "%" },
}

// writePercent writes a hundredfold of v that reads back as v.
func writePercent(v float64) string {
	exact := shiftPoint(strconv.FormatFloat(v, 'e', -1, 64), 2)
	percent, _ := strconv.ParseFloat(exact, 64)
	short := writeNumber(percent)
	if back, _ := strconv.ParseFloat(shiftPoint(short, -2), 64); back == v {
		return short
	}
	return exact
}

// shiftPoint multiplies a decimal text by a power of ten without rounding.
func shiftPoint(text string, places int) string {
	digits, exponent := strings.ToLower(text), 0
	if i := strings.IndexByte(digits, 'e'); i >= 0 {
		exponent, _ = strconv.Atoi(digits[i+1:])
		digits = digits[:i]
	}
	return digits + "e" + strconv.Itoa(exponent+places)
}

var ppm = quantity{
	name:    "a clock drift",
	example: "40ppm or -15ppm",
	read: func(text string) (any, error) {
		n, found := strings.CutSuffix(text, "ppm")
		if !found && isNumber(text) {
			return nil, errUnit
		}
		if !found {
			return nil, errForm
		}
		v, err := readNumber(n, -100_000, 100_000)
		return PPB(math.Round(1000 * v)), err
	},
	write: func(v any) string { return writeNumber(float64(as[PPB](v))/1000) + "ppm" },
}

// sizeUnits are the units of a size, in powers of ten, the largest first.
var sizeUnits = []struct {
	unit  string
	bytes int64
}{{"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}, {"B", 1}}

// size is a size of so many bytes at least.
func size(least float64) quantity {
	return quantity{
		name:    "a size",
		example: "116.85MB, 1GB or 500B",
		read: func(text string) (any, error) {
			if isNumber(text) {
				return nil, errUnit
			}
			for _, u := range sizeUnits {
				if n, found := strings.CutSuffix(text, u.unit); found {
					const most = 1e15
					v, err := readNumber(n, least/float64(u.bytes), most/float64(u.bytes))
					return Size(math.Round(v * float64(u.bytes))), err
				}
			}
			return nil, errForm
		},
		write: func(v any) string {
			n := int64(as[Size](v))
			for _, u := range sizeUnits {
				if n >= u.bytes && n%max(1, u.bytes/1000) == 0 { // three decimals say it
					return writeNumber(float64(n)/float64(u.bytes)) + u.unit
				}
			}
			return strconv.FormatInt(n, 10) + "B"
		},
	}
}

// slewing is how fast a daemon moves a clock, in either direction.
var slewing = quantity{
	name:    "a speed of a time daemon",
	example: "500ppm",
	read: func(text string) (any, error) {
		v, err := ppm.read(text)
		if err == nil && as[PPB](v) < 0 {
			return nil, errRange
		}
		return v, err
	},
	write: ppm.write,
}

var ratio = quantity{
	name:    "a speed",
	example: "1x or 10x",
	read: func(text string) (any, error) {
		n, found := strings.CutSuffix(text, "x")
		if !found && isNumber(text) {
			return nil, errUnit
		}
		if !found {
			return nil, errForm
		}
		v, err := readNumber(n, 0.001, 100_000)
		return Ratio(v), err
	},
	write: func(v any) string { return writeNumber(float64(as[Ratio](v))) + "x" },
}

// number is a plain number: a factor or a coefficient, which has no unit.
func number(lo, hi float64) quantity {
	return quantity{
		name:    "a number from " + writeNumber(lo) + " to " + writeNumber(hi),
		example: writeNumber(lo) + " or " + writeNumber(min(hi, lo+1.5)),
		read:    func(text string) (any, error) { return readNumber(text, lo, hi) },
		write:   func(v any) string { return writeNumber(as[float64](v)) },
		plain:   "number",
	}
}

// whole is a count of things.
func whole(lo, hi int) quantity {
	return quantity{
		name:    "a whole number from " + strconv.Itoa(lo) + " to " + strconv.Itoa(hi),
		example: strconv.Itoa(lo) + " or " + strconv.Itoa(min(hi, lo+4)),
		read: func(text string) (any, error) {
			n, err := strconv.Atoi(text)
			switch {
			case errors.Is(err, strconv.ErrRange) || err == nil && (n < lo || n > hi):
				return nil, errRange
			case err != nil:
				return nil, errForm
			}
			return n, nil
		},
		write: func(v any) string { return strconv.Itoa(as[int](v)) },
		plain: "integer",
	}
}

var seed = quantity{
	name:    "a seed",
	example: "a whole number from 0 to 18446744073709551615",
	read: func(text string) (any, error) {
		n, err := strconv.ParseUint(text, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return nil, errRange
		}
		if err != nil {
			return nil, errForm
		}
		return n, nil
	},
	write: func(v any) string { return strconv.FormatUint(as[uint64](v), 10) },
	plain: "integer",
}

var truth = quantity{
	name:    "true or false",
	example: "true",
	read: func(text string) (any, error) {
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		default:
			return nil, errForm
		}
	},
	write: func(v any) string { return strconv.FormatBool(as[bool](v)) },
	plain: "boolean",
}

var instant = quantity{
	name:    "a calendar time",
	example: "2026-01-31T18:00:00Z",
	read: func(text string) (any, error) {
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, errForm
		}
		if y := t.UTC().Year(); y < 1900 || y > 2200 {
			return nil, errRange
		}
		return t.UTC(), nil
	},
	write: func(v any) string { return as[time.Time](v).Format(time.RFC3339Nano) },
}

// isNumber reports whether a text is a number without a unit.
func isNumber(text string) bool {
	_, err := strconv.ParseFloat(text, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// readNumber reads a decimal number within bounds.
func readNumber(text string, lo, hi float64) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case strings.ContainsAny(text, "xXpPnN_ "):
		return 0, errForm // hexadecimal, "inf", "nan"
	case errors.Is(err, strconv.ErrRange) || err == nil && !(v >= lo && v <= hi):
		return 0, errRange
	case err != nil:
		return 0, errForm
	case v == 0:
		return 0, nil // not -0
	}
	return v, nil
}

// writeNumber writes a number in its shortest form that reads back the same.
func writeNumber(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-6 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
