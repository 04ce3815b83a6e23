package scenarios

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Assumption is a setting whose value no documentation gives, with values that
// it might as well have.
type Assumption struct {
	Path   string // of the setting, or of the distribution whose times are scaled together
	Value  string // what the scenario has
	Source string // "assumed: not published"
	Others []Other
	Left   string // why there are none
}

// Other is another value of an assumption.
type Other struct {
	Name  string // "16", "half"
	Point Point  // the settings that make it
}

// Assumptions lists the assumptions of a scenario, by path: times, numbers and
// shares halved and doubled, the times of a distribution together, and every
// other word. What a team knows of itself is none: its maps, the length of its
// day and how often it is run.
func Assumptions(name string, sets ...string) ([]Assumption, error) {
	s, _, err := Load(name, sets...)
	if err != nil {
		return nil, err
	}
	inputs := s.Inputs()
	distributions := map[string]bool{}
	for _, in := range inputs {
		if base, ok := strings.CutSuffix(in.Path, ".dist"); ok {
			distributions[base] = true
		}
	}
	var list []Assumption
	for _, in := range inputs {
		if !strings.HasPrefix(in.Source, "assumed") || known(in.Path) || strings.HasPrefix(in.Path, "integrator.") && s.Engine.Mode != Integrated {
			continue
		}
		if base := outermost(distributions, in.Path); base != "" {
			list = scaled(list, base, in.Path, in.Value, in.Source)
			continue
		}
		a := Assumption{Path: in.Path, Value: in.Value, Source: in.Source}
		for _, v := range others(s, in.Path, in.Value) {
			a.Others = append(a.Others, Other{v, Point{{in.Path, v}}})
		}
		list = append(list, a)
	}
	for i := range list {
		a := &list[i]
		if a.Others == nil {
			a.Left = "it has no half, no double and no other word"
			continue
		}
		a.Others = slices.DeleteFunc(a.Others, func(o Other) bool {
			_, _, err := Load(name, slices.Concat(sets, o.Point.Sets())...)
			return err != nil
		})
		if len(a.Others) == 0 {
			a.Left = "the scenario allows no other value"
		}
	}
	return list, nil
}

// Between is the value a share of the way from the assumption's own value to
// another one, from 0 to 1, to three digits, and how many times the own value it is.
// It reports false where there is nothing between, as with words.
func (a *Assumption) Between(o Other, share float64) (b Other, times float64, ok bool) {
	if scale, scaled := scales[o.Name]; scaled {
		times = 1 + share*(scale-1)
		b.Name = writeNumber(threeDigits(times)) + "-fold"
		for _, s := range o.Point {
			d, err := readSpan(s.Value)
			if err != nil {
				return b, 0, false
			}
			b.Point = append(b.Point, Setting{s.Path, WriteSpan(time.Duration(float64(d) / scale * times))})
		}
		return b, times, true
	}
	var own, value float64
	var text string
	x, y := numberWithUnit.FindStringSubmatch(a.Value), numberWithUnit.FindStringSubmatch(o.Name)
	if d, err := readSpan(a.Value); err == nil {
		to, err := readSpan(o.Name)
		if err != nil {
			return b, 0, false
		}
		own = float64(d)
		value = threeDigits(own + share*(float64(to)-own))
		text = WriteSpan(time.Duration(value))
	} else {
		if x == nil || y == nil || x[2] != y[2] {
			return b, 0, false
		}
		own, _ = strconv.ParseFloat(x[1], 64)
		to, _ := strconv.ParseFloat(y[1], 64)
		value = threeDigits(own + share*(to-own))
		if x[2] == "" && !strings.Contains(x[1], ".") {
			value = math.Round(value)
		}
		text = writeNumber(value) + x[2]
	}
	if own == 0 {
		return b, 0, false
	}
	return Other{text, Point{{a.Path, text}}}, value / own, true
}

// scales are the names of what scales the times of a distribution.
var scales = map[string]float64{"half": .5, "double": 2}

// threeDigits rounds to three digits that count.
func threeDigits(v float64) float64 {
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 3, 64), 64)
	return v
}

// known is true of what a team knows of itself, or that changes nothing.
func known(path string) bool {
	for _, head := range []string{"seed", "expect", "spotlight", "runs", "time", "name", "purpose", "operators", "sweep", "maps", "engine.mode", "validations"} {
		if path == head || strings.HasPrefix(path, head+".") {
			return !strings.HasSuffix(path, ".granularity")
		}
	}
	return slices.ContainsFunc([]string{".enabled", ".begins", ".steps", ".lookups", ".operation.default"}, func(tail string) bool { return strings.HasSuffix(path, tail) })
}

// outermost is the widest distribution that path is a part of.
func outermost(distributions map[string]bool, path string) string {
	for i, r := range path {
		if r == '.' && distributions[path[:i]] {
			return path[:i]
		}
	}
	return ""
}

// scaled adds a part of a distribution to what is halved and doubled with it.
func scaled(list []Assumption, base, path, value, source string) []Assumption {
	n := len(list)
	if n == 0 || list[n-1].Path != base {
		list = append(list, Assumption{Path: base, Source: source})
		n++
	}
	a := &list[n-1]
	switch part := strings.TrimPrefix(path, base+"."); {
	case part == "dist": // "shifted by 5ms, exponential mean 10ms"
		a.Value = strings.TrimSpace(value + " " + a.Value)
	case strings.HasSuffix(part, ".dist"):
		a.Value += ", " + value
	default:
		a.Value = strings.TrimSpace(a.Value + " " + part[strings.LastIndexByte(part, '.')+1:] + " " + value)
	}
	d, err := readSpan(value)
	if err != nil {
		return list
	}
	if a.Others == nil {
		a.Others = []Other{{Name: "half"}, {Name: "double"}}
	}
	a.Others[0].Point = append(a.Others[0].Point, Setting{path, WriteSpan(d / 2)})
	a.Others[1].Point = append(a.Others[1].Point, Setting{path, WriteSpan(2 * d)})
	return list
}

var numberWithUnit = regexp.MustCompile(`^(-?[0-9]+(?:\.[0-9]+)?)([a-z%/]*)$`)

// others lists what a value might as well be, the lesser first.
func others(s *Scenario, path, value string) []string {
	switch d, err := readSpan(value); {
	case err == nil && d != 0:
		return []string{WriteSpan(d / 2), WriteSpan(2 * d)}
	case value == "true":
		return []string{"false"}
	case value == "false":
		return []string{"true"}
	}
	if m := numberWithUnit.FindStringSubmatch(value); m != nil {
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil || v == 0 {
			return nil
		}
		half, double := v/2, 2*v
		if m[2] == "" && !strings.Contains(m[1], ".") {
			half = math.Ceil(half)
		}
		if m[2] == "%" {
			double = min(double, 100)
		}
		var list []string
		for _, x := range []float64{half, double} {
			if x != v {
				list = append(list, writeNumber(x)+m[2])
			}
		}
		return list
	}
	if w, ok := s.shapeOf(path).(word); ok {
		return slices.DeleteFunc(w.words(), func(x string) bool { return x == value })
	}
	return nil
}

// shapeOf finds what a path of the resolved scenario can hold; nil where it
// leads nowhere.
func (s *Scenario) shapeOf(path string) shape {
	where := slot{shape: schema, value: s.tree}
	for segment := range strings.SplitSeq(path, ".") {
		if where.value == nil {
			return nil
		}
		next, err := where.shape.part(where.value, segment)
		if err != nil {
			return nil
		}
		where = next
	}
	return where.shape
}
