package scenarios

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/scenarios/expect"
	"github.com/twinwrite/twinwrite/sim"
)

// Sweep goes through values of settings. [Scenario.Points] lists its points.
type Sweep struct {
	Combine Combine           `key:"combine"`
	Samples int               `key:"samples"` // Latin: how many points
	Axes    []Axis            `key:"axes"`
	Where   *expect.Condition `key:"where"` // points that it does not hold for are left out
}

// Combine is how the values of several axes make points.
type Combine uint8

// The ways.
const (
	Grid  Combine = iota // every value with every other
	Zip                  // the first of each axis, the second of each, and so on
	Latin                // each axis is cut into as many strata as there are samples, and each stratum is used once
)

// Axis is one setting that is swept: Values, or, in a Latin hypercube, a range
// from Between[0] to Between[1].
type Axis struct {
	Name    string   `key:"name"`
	Path    string   `key:"path"`
	Values  []string `key:"values"`  // as a file writes them
	Between []string `key:"between"` // nil, or two
	Scale   Scale    `key:"scale"`   // of Between
}

// Scale is how a range is divided.
type Scale uint8

// The scales.
const (
	Linear Scale = iota
	Log
)

// Point is one place in a sweep: the settings that differ from the scenario's
// own, as path and value, in the order of the axes.
type Point []Setting

// Setting gives a path its value, as a file writes it.
type Setting struct{ Path, Value string }

// Sets returns the point as overrides for [Load].
func (p Point) Sets() []string {
	sets := make([]string, len(p))
	for i, s := range p {
		sets[i] = s.Path + "=" + s.Value
	}
	return sets
}

// pointsMax bounds a sweep.
const pointsMax = 10_000

var sweepObject = object{
	name: "sweep",
	keys: []key{
		{
			name: "combine", standard: "grid", source: "assumed: every value meets every other", doc: "how the values of several axes make points: grid, zip or latin",
			shape: word{name: "a way to combine", choices: []meaning{
				{word: "grid", value: Grid}, {word: "zip", value: Zip}, {word: "latin", value: Latin},
			}},
		},
		{name: "samples", shape: leaf{whole(2, pointsMax)}, doc: "with latin: how many points"},
		{
			name: "axes", shape: list{name: "axis", named: "name", item: axisObject, least: 1}, required: true,
			doc: "the settings to go through: - {path: engine.workers, values: [2, 4, 8]}",
		},
		{name: "where", shape: composite(readCondition), doc: "which points count: \"engine.workers < 8 || engine.batch == 10\""},
	},
	also: checkSweep,
}

var axisObject = object{
	name: "an axis",
	keys: []key{
		{name: "name", shape: name, doc: "its name in paths"},
		{name: "path", shape: text{bytesMax: fileBytesMax}, required: true, doc: "the setting, for example engine.workers"},
		{name: "values", shape: composite(readValues), doc: "its values: [2, 4, 8]"},
		{name: "between", shape: composite(readValues), doc: "with latin: a range, [1s, 30s]"},
		{
			name: "scale", standard: "linear", source: "assumed: differences count, not ratios", doc: "with between: how the range is divided, linear or log",
			shape: word{name: "a scale", choices: []meaning{{word: "linear", value: Linear}, {word: "log", value: Log}}},
		},
	},
	also: checkAxis,
}

// readValues reads a list of values of any form. What they may be depends on
// the setting, see [Scenario.checkPoints].
func readValues(c *checker, n *node, path string) *node {
	if n.kind != sequence || len(n.items) == 0 {
		c.fault(n, path, "write [2, 4, 8]", "a list of values is needed, not %s", n.kind)
		return nil
	}
	texts := make([]string, len(n.items))
	for i, item := range n.items {
		texts[i] = writeFlow(item)
		if slices.Contains(texts[:i], texts[i]) {
			c.fault(item, path, "remove one of them", "%s appears twice", quote(texts[i]))
		}
	}
	return &node{kind: sequence, at: n.at, items: n.items, value: texts}
}

// readCondition reads which points count.
func readCondition(c *checker, n *node, path string) *node {
	return readExpression(c, n, path, func(text string) (any, *expect.Error) {
		condition, err := expect.ParseCondition(text)
		if err != nil {
			return nil, err
		}
		return *condition, nil
	})
}

// checkAxis lets an axis have one kind of values.
func checkAxis(c *checker, raw, n *node, path string) {
	values, between := raw.get("values"), raw.get("between")
	if between == nil {
		n.drop("scale")
	}
	switch {
	case (values == nil) == (between == nil):
		c.fault(n, path, "write values: [2, 4, 8], or between: [1s, 30s]", "an axis has values, or a range between two")
	case raw.get("scale") != nil && between == nil:
		c.fault(raw.get("scale"), join(path, "scale"), "remove it", "scale divides a range, and there is none")
	case between == nil || n.get("between") == nil:
	case len(between.items) != 2:
		c.fault(between, join(path, "between"), "write between: [1s, 30s]", "a range has two ends")
	default:
		r, ok := rangeOf(between.items[0].text, between.items[1].text)
		scale := n.get("scale")
		switch {
		case !ok:
			c.fault(between, join(path, "between"), "both ends need one unit, the lower one first: [1s, 30s]", "this is not a range")
		case scale != nil && scale.value == Log && r.from <= 0:
			c.fault(between, join(path, "between"), "begin above zero, or use scale: linear", "a logarithmic range begins at %s", between.items[0].text)
		}
	}
}

// checkSweep judges what the axes have in common.
func checkSweep(c *checker, raw, n *node, path string) {
	combine, axes := n.get("combine"), n.get("axes")
	if combine == nil || axes == nil {
		return
	}
	latin := combine.value == Latin
	switch samples := raw.get("samples"); {
	case latin && samples == nil:
		c.fault(n, join(path, "samples"), "for example samples: 20", "a Latin hypercube needs the key samples")
	case !latin && samples != nil:
		c.fault(samples, join(path, "samples"), "remove it, or write combine: latin", "samples is for a Latin hypercube")
	}
	paths := map[string]bool{}
	points := 1
	for _, a := range axes.items {
		below := join(join(path, "axes"), a.name)
		at := a.get("path")
		if at == nil {
			continue
		}
		if paths[at.text] {
			c.fault(at, join(below, "path"), "put all values into one axis", "a second axis for %s", at.text)
		}
		paths[at.text] = true
		if between := a.get("between"); between != nil && !latin {
			c.fault(between, join(below, "between"), "write values, or combine: latin", "a range has no values of its own")
		}
		values := a.get("values")
		if values == nil {
			continue
		}
		if first := axes.items[0].get("values"); combine.value == Zip && first != nil && len(first.items) != len(values.items) {
			c.fault(values, join(below, "values"), "give all axes as many values", "zip takes one value of each axis at a time, and the first axis has %d", len(first.items))
		}
		if points *= len(values.items); combine.value == Grid && points > pointsMax {
			c.fault(values, join(below, "values"), "take fewer values, or combine: latin", "the grid has more than %d points", pointsMax)
			return
		}
	}
	for _, p := range conditionPaths(n.get("where")) {
		for axis := range paths {
			if strings.HasPrefix(p.Path, axis+".") {
				c.errs.report(n.get("where").inside(p.Offset), join(path, "where"), "sweep "+p.Path+" itself", "the axis %s sets this as a part", axis)
			}
		}
	}
}

func conditionPaths(where *node) []expect.Place {
	if where == nil {
		return nil
	}
	condition := as[expect.Condition](where.value)
	return condition.Paths()
}

// checkPoints tries every value of every axis, and the condition, on the
// scenario: a point that cannot run is known before the first one does.
func (s *Scenario) checkPoints(file string, sets []string) Errors {
	if s.Sweep == nil {
		return nil
	}
	errs := &collector{}
	axes := s.tree.get("sweep").get("axes")
	for i := range s.Sweep.Axes {
		a := &s.Sweep.Axes[i]
		n := axes.items[i]
		values, key := n.get("values"), "values"
		if values == nil {
			values, key = n.get("between"), "between"
		}
		if a.Path == "sweep" || strings.HasPrefix(a.Path, "sweep.") {
			errs.report(n.get("path").at, "sweep.axes."+a.Name+".path", "sweep another setting", "a sweep of itself")
			continue
		}
		for _, v := range values.items {
			setting := Setting{a.Path, writeFlow(v)}
			_, err := parseFile(file, s.src, slices.Concat(sets, Point{setting}.Sets(), []string{noSweep}))
			if faults, ok := err.(Errors); ok { //nolint:errorlint // parseFile returns nothing else
				errs.report(v.at, "sweep.axes."+a.Name+"."+key, faults[0].Hint, "%s=%s: %s", setting.Path, setting.Value, faults[0].Msg)
			}
		}
	}
	if errs.count() == 0 && s.Sweep.Where != nil {
		if _, err := s.points(); err != nil {
			where := s.tree.get("sweep").get("where")
			errs.report(where.inside(err.Offset), "sweep.where", err.Hint, "%s", err.Msg)
		}
	}
	if errs.count() == 0 {
		return nil
	}
	return errs.sorted()
}

// noSweep takes the sweep out of a scenario that is tried at one of its points.
const noSweep = "sweep={axes: [{path: name, values: [x]}]}"

// Points expands the sweep. Without one, the scenario is its only point, which
// changes nothing.
func (s *Scenario) Points() []Point {
	if s.Sweep == nil {
		return []Point{nil}
	}
	points, err := s.points()
	if err != nil {
		panic("scenarios: a condition that was checked cannot be decided: " + err.Error())
	}
	return points
}

func (s *Scenario) points() ([]Point, *expect.Error) {
	all := s.Sweep.expand(s.Seed)
	if s.Sweep.Where == nil {
		return all, nil
	}
	own := map[string]string{}
	for _, in := range s.Inputs() {
		own[in.Path] = strings.Trim(in.Value, `"`)
	}
	var kept []Point
	for _, p := range all {
		holds, err := s.Sweep.Where.Holds(func(path string) (string, bool) {
			for _, set := range p {
				if set.Path == path {
					return strings.Trim(set.Value, `"`), true
				}
			}
			v, ok := own[path]
			return v, ok
		})
		if err != nil {
			return nil, err
		}
		if holds {
			kept = append(kept, p)
		}
	}
	return kept, nil
}

// expand lists the points before the condition.
func (w *Sweep) expand(seed uint64) []Point {
	switch w.Combine {
	case Zip:
		points := make([]Point, len(w.Axes[0].Values))
		for i := range points {
			for _, a := range w.Axes {
				points[i] = append(points[i], Setting{a.Path, a.Values[i]})
			}
		}
		return points
	case Latin:
		points := make([]Point, w.Samples)
		for _, a := range w.Axes {
			for i, at := range strata(sim.NewStream(seed, 0, "sweep"), sim.Hash(a.Path), w.Samples) {
				points[i] = append(points[i], Setting{a.Path, a.value(at)})
			}
		}
		return points
	}
	points := []Point{nil}
	for _, a := range w.Axes {
		var longer []Point
		for _, p := range points {
			for _, v := range a.Values {
				longer = append(longer, append(slices.Clone(p), Setting{a.Path, v}))
			}
		}
		points = longer
	}
	return points
}

// strata returns, for each of n points, a place in the unit interval: one in
// each n-th part of it, in an order drawn by the axis.
func strata(draws sim.Stream, axis uint64, n int) []float64 {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	rank := sim.Mix(axis, sim.Hash("rank"))
	slices.SortFunc(order, func(a, b int) int {
		return cmp.Or(cmp.Compare(draws.Bits(rank, uint64(a)), draws.Bits(rank, uint64(b))), cmp.Compare(a, b))
	})
	at := make([]float64, n)
	for i, stratum := range order {
		at[i] = (float64(stratum) + draws.U(axis, uint64(i))) / float64(n)
	}
	return at
}

// value returns the axis's value at a place of the unit interval.
func (a *Axis) value(at float64) string {
	if a.Between == nil {
		return a.Values[int(at*float64(len(a.Values)))]
	}
	r, _ := rangeOf(a.Between[0], a.Between[1])
	return r.write(at, a.Scale)
}

// valueRange is a range of numbers of one unit, or of spans of time.
type valueRange struct {
	from, to float64 // spans in seconds
	unit     string  // "s" for spans of time
	whole    bool
}

// rangeOf reads the ends of a range.
func rangeOf(from, to string) (valueRange, bool) {
	a, errA := readSpan(from)
	b, errB := readSpan(to)
	if errA == nil && errB == nil {
		return valueRange{from: a.Seconds(), to: b.Seconds(), unit: "s"}, a < b
	}
	cut := func(s string) (string, string) {
		i := len(strings.TrimRight(s, "%xpm/shd"))
		return s[:i], s[i:]
	}
	x, unit := cut(from)
	y, other := cut(to)
	low, errA := strconv.ParseFloat(x, 64)
	high, errB := strconv.ParseFloat(y, 64)
	if errA != nil || errB != nil || unit != other || !(low < high) || math.Abs(low) > 1e15 || math.Abs(high) > 1e15 {
		return valueRange{}, false
	}
	return valueRange{low, high, unit, unit == "" && !strings.Contains(x+y, ".")}, true
}

// write returns the value at a place of the range, with four significant digits.
func (r valueRange) write(at float64, scale Scale) string {
	v := r.from + at*(r.to-r.from)
	if scale == Log {
		v = r.from * math.Pow(r.to/r.from, at)
	}
	if r.whole {
		return strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	}
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'e', 3, 64), 64)
	if err != nil {
		panic("scenarios: a number cannot be read back: " + err.Error())
	}
	if r.unit == "s" {
		return WriteSpan(time.Duration(math.Round(rounded * 1e9)))
	}
	return writeNumber(rounded) + r.unit
}
