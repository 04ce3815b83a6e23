package expect

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Expectation demands something of a figure.
type Expectation struct {
	Text   string // as it was written
	Figure Figure
	Op     string
	Bound  Quantity
}

// Figure is one number of a run.
type Figure struct {
	Metric    *Metric
	Labels    Labels
	Aggregate string  // "quantile", "mean", "max", "min", "rate", "count", "share" or "at"
	Quantile  float64 // of Aggregate "quantile", from 0 to 1

	At    time.Duration // of Aggregate "at", counted from the run's start
	AtEnd bool          // ... or the end of the run
}

// Known returns the values that a label of a metric may have; nil for any.
type Known func(metric, label string) []string

const (
	formHint   = "write for example p99(convergence{map=invoices}) < 5m, or backlog.at(end) == 0"
	boundHint  = "compare with a constant: < 5m"
	labelsHint = "write {map=invoices, side=finops}"
)

// Parse reads an expectation. known may be nil.
func Parse(text string, known Known) (*Expectation, *Error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	f, err := p.figure(known)
	if err != nil {
		return nil, err
	}
	e := &Expectation{Text: text, Figure: f}
	if e.Op, err = p.operator("<", "<=", ">", ">=", "=="); err != nil {
		return nil, err
	}
	t := p.take()
	q, ok := quantity(t.text)
	switch unit := f.unit(); {
	case t.kind != word || !ok:
		return nil, fault(t.at, "for example "+unit.example(), "%s is not a quantity", t)
	case q.Unit != unit:
		return nil, fault(t.at, "write for example "+unit.example(), "%s is not %s, and %s is", t, unit, f)
	}
	e.Bound = q
	return e, p.finish(boundHint)
}

// ParseFigure reads a figure alone, as "p99(convergence)".
func ParseFigure(text string, known Known) (Figure, *Error) {
	tokens, err := tokenize(text)
	if err != nil {
		return Figure{}, err
	}
	p := &parser{tokens: tokens}
	f, err := p.figure(known)
	if err != nil {
		return Figure{}, err
	}
	return f, p.finish("a figure is not compared with anything here")
}

// Ratio demands something of the figure of one mode divided by that of another.
type Ratio struct {
	Op    string
	Bound float64
}

// ParseRatio reads a demand on a ratio, as "ratio < 0.5".
func ParseRatio(text string) (Ratio, *Error) {
	const hint = "write ratio < 0.5"
	tokens, err := tokenize(text)
	if err != nil {
		return Ratio{}, err
	}
	p := &parser{tokens: tokens}
	if t := p.take(); t.kind != word || t.text != "ratio" {
		return Ratio{}, fault(t.at, hint, "%s where ratio is needed", t)
	}
	var r Ratio
	if r.Op, err = p.operator("<", "<=", ">", ">="); err != nil {
		return r, err
	}
	t := p.take()
	q, ok := quantity(t.text)
	if t.kind != word || !ok || q.Unit != Plain {
		return r, fault(t.at, hint, "%s is not a number", t)
	}
	r.Bound = q.Value
	return r, p.finish(hint)
}

// unit is what the figure is counted in.
func (f *Figure) unit() Unit {
	switch {
	case f.Aggregate == "share":
		return Share
	case f.Aggregate == "rate":
		return Rate
	case f.Aggregate == "count", f.Metric.Kind == Level:
		return Plain
	default:
		return Time
	}
}

// String writes the figure as expressions do.
func (f Figure) String() string {
	labels := ""
	for _, l := range f.Labels {
		value := l.Value
		if strings.ContainsFunc(value, func(r rune) bool { return !inWord(r) }) {
			value = "'" + value + "'"
		}
		labels += "," + l.Name + "=" + value
	}
	if labels != "" {
		labels = "{" + labels[1:] + "}"
	}
	switch f.Aggregate {
	case "at":
		moment := "end"
		if !f.AtEnd {
			moment = shortSpan(f.At)
		}
		return f.Metric.Name + labels + ".at(" + moment + ")"
	case "quantile":
		return "p" + strconv.FormatFloat(100*f.Quantile, 'g', 6, 64) + "(" + f.Metric.Name + labels + ")"
	default:
		return f.Aggregate + "(" + f.Metric.Name + labels + ")"
	}
}

// figure reads both forms: agg(metric{...}) and metric{...}.at(t).
func (p *parser) figure(known Known) (Figure, *Error) {
	t := p.take()
	if t.kind != word {
		return Figure{}, fault(t.at, formHint, "%s where a figure is needed", t)
	}
	if p.skip("(") {
		if name, at := strings.CutSuffix(t.text, ".at"); at {
			return p.level(token{word, name, t.at}, nil, known)
		}
		return p.aggregated(t, known)
	}
	if next := p.peek(); next.kind == sign && next.text == "{" {
		labels, err := p.labels()
		if err != nil {
			return Figure{}, err
		}
		if t := p.take(); t.kind != word || t.text != ".at" {
			return Figure{}, fault(t.at, formHint, "%s where .at(t) is needed", t)
		}
		if err := p.demand("(", "write .at(end), or .at(3h)"); err != nil {
			return Figure{}, err
		}
		return p.level(t, labels, known)
	}
	return Figure{}, fault(t.at, formHint, "%s is not a figure", t)
}

// aggregated reads what follows "agg(".
func (p *parser) aggregated(agg token, known Known) (Figure, *Error) {
	f := Figure{Aggregate: agg.text}
	if rest, isQuantile := strings.CutPrefix(agg.text, "p"); isQuantile {
		if n, ok := plain(rest); ok {
			if n < 50 || n > 99.99 {
				return f, fault(agg.at, "p50 to p99.99", "%s is not a quantile that can be asked for", agg)
			}
			f.Aggregate, f.Quantile = "quantile", n/100
		}
	}
	if !slices.Contains([]string{"quantile", "mean", "max", "min", "rate", "count", "share"}, f.Aggregate) {
		return f, fault(agg.at, "one of p50 to p99.99, mean, max, min, rate, count, share", "%s does not condense a metric", agg)
	}
	name := p.take()
	m, err := p.metric(name)
	if err != nil {
		return f, err
	}
	f.Metric = m
	if next := p.peek(); next.kind == sign && next.text == "{" {
		labels, err := p.labels()
		if err != nil {
			return f, err
		}
		if f.Labels, err = m.check(labels, known); err != nil {
			return f, err
		}
	}
	if err := p.demand(")", "close the figure: "+agg.text+"("+m.Name+")"); err != nil {
		return f, err
	}
	if !m.condenses(f.Aggregate) {
		return f, fault(agg.at, "write one of "+strings.Join(m.Aggregates(), ", "), "%s has no %s", m.Name, agg.text)
	}
	return f, nil
}

// condenses reports whether a metric has an aggregate.
func (m *Metric) condenses(aggregate string) bool {
	switch aggregate {
	case "quantile", "mean", "max", "min":
		return m.Kind == Spans || m.Kind == Binned || m.Kind == Level && aggregate != "quantile" || m.Kind == Longest && aggregate == "max"
	case "count", "rate":
		return m.Kind == Spans || m.Kind == Binned || m.Kind == Counter
	default:
		return m.Part
	}
}

// level reads what follows "metric.at(".
func (p *parser) level(name token, labels []labelToken, known Known) (Figure, *Error) {
	f := Figure{Aggregate: "at"}
	m, err := p.metric(name)
	if err != nil {
		return f, err
	}
	f.Metric = m
	if m.Kind != Level {
		return f, fault(name.at, "write one of "+strings.Join(m.Aggregates(), ", "), "%s is no quantity over time", m.Name)
	}
	if f.Labels, err = m.check(labels, known); err != nil {
		return f, err
	}
	t := p.take()
	switch d, ok := span(t.text); {
	case t.kind == word && t.text == "end":
		f.AtEnd = true
	case t.kind == word && t.text == "start":
	case t.kind == word && ok && d >= 0:
		f.At = d
	default:
		return f, fault(t.at, "write end, start, or a span from the start (3h)", "%s is not a moment", t)
	}
	return f, p.demand(")", "close it: .at(end)")
}

func (p *parser) metric(t token) (*Metric, *Error) {
	if t.kind == word {
		if m, ok := metricOf(t.text); ok {
			return m, nil
		}
	}
	return nil, fault(t.at, "there are "+metricNames(), "%s is not a metric", t)
}

// labelToken is a label with where it stands.
type labelToken struct{ name, value token }

// labels reads {label=value, ...}.
func (p *parser) labels() ([]labelToken, *Error) {
	if err := p.demand("{", labelsHint); err != nil {
		return nil, err
	}
	var all []labelToken
	for !p.skip("}") {
		if len(all) > 0 {
			if err := p.demand(",", labelsHint); err != nil {
				return nil, err
			}
		}
		l := labelToken{name: p.take()}
		if l.name.kind != word {
			return nil, fault(l.name.at, labelsHint, "%s where a label is needed", l.name)
		}
		if err := p.demand("=", labelsHint); err != nil {
			return nil, err
		}
		if l.value = p.take(); l.value.kind != word && l.value.kind != quoted {
			return nil, fault(l.value.at, labelsHint, "%s where a value is needed", l.value)
		}
		all = append(all, l)
	}
	return all, nil
}

// check compares labels with what the metric has.
func (m *Metric) check(labels []labelToken, known Known) (Labels, *Error) {
	var out Labels
	for _, l := range labels {
		switch {
		case len(m.Labels) == 0:
			return nil, fault(l.name.at, "remove the braces", "%s has no labels", m.Name)
		case !slices.Contains(m.Labels, l.name.text):
			return nil, fault(l.name.at, "it has "+strings.Join(m.Labels, ", "), "%s has no label %s", m.Name, l.name)
		case out.Get(l.name.text) != "":
			return nil, fault(l.name.at, "remove one of them", "the label %s appears twice", l.name)
		}
		var values []string
		if known != nil {
			values = known(m.Name, l.name.text)
		}
		if values != nil && !slices.Contains(values, l.value.text) {
			return nil, fault(l.value.at, "there are "+strings.Join(values, ", "), "there is no %s %s", l.name.text, l.value)
		}
		out = append(out, Label{l.name.text, l.value.text})
	}
	return out, nil
}

// operator takes one of some operators.
func (p *parser) operator(ops ...string) (string, *Error) {
	t := p.take()
	if t.kind == sign && slices.Contains(ops, t.text) {
		return t.text, nil
	}
	return "", fault(t.at, "one of "+strings.Join(ops, " "), "%s where a comparison is needed", t)
}
