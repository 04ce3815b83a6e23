package expect

import (
	"fmt"
	"strconv"
)

// Condition compares settings, each named by its path, with constants and with
// each other.
type Condition struct {
	Text string
	root *test
}

// test is a node of a condition.
type test struct {
	op   string // "||", "&&", "!", or a comparison
	of   []*test
	a, b operand
	at   int
}

// operand is a path or a constant.
type operand struct {
	path string // empty for a constant
	text string // of a constant
	at   int
}

const conditionHint = "write for example engine.mode == 'async' && engine.workers < 8"

// nestingMax bounds how deeply a condition is nested.
const nestingMax = 50

// ParseCondition reads a condition.
func ParseCondition(text string) (*Condition, *Error) {
	tokens, err := tokenize(text)
	if err != nil {
		return nil, err
	}
	p := &parser{tokens: tokens}
	root, err := p.some(0)
	if err != nil {
		return nil, err
	}
	return &Condition{Text: text, root: root}, p.finish(conditionHint)
}

func (p *parser) some(depth int) (*test, *Error) { return p.joined("||", depth, p.all) }

func (p *parser) all(depth int) (*test, *Error) { return p.joined("&&", depth, p.single) }

// joined reads parts with an operator between them.
func (p *parser) joined(op string, depth int, part func(int) (*test, *Error)) (*test, *Error) {
	first, err := part(depth)
	if err != nil {
		return nil, err
	}
	out := &test{op: op, of: []*test{first}}
	for p.skip(op) {
		next, err := part(depth)
		if err != nil {
			return nil, err
		}
		out.of = append(out.of, next)
	}
	if len(out.of) == 1 {
		return first, nil
	}
	return out, nil
}

func (p *parser) single(depth int) (*test, *Error) {
	t := p.peek()
	if depth > nestingMax {
		return nil, fault(t.at, "nest less deeply", "nested more than %d deep", nestingMax)
	}
	if p.skip("!") {
		inner, err := p.single(depth + 1)
		return &test{op: "!", of: []*test{inner}}, err
	}
	if p.skip("(") {
		inner, err := p.some(depth + 1)
		if err != nil {
			return nil, err
		}
		return inner, p.demand(")", "close the bracket")
	}
	out := &test{at: t.at}
	var err *Error
	if out.a, err = p.operand(); err != nil {
		return nil, err
	}
	if out.op, err = p.operator("<", "<=", ">", ">=", "==", "!="); err != nil {
		return nil, err
	}
	if out.b, err = p.operand(); err != nil {
		return nil, err
	}
	if out.a.path == "" && out.b.path == "" {
		return nil, fault(t.at, conditionHint, "two constants are compared")
	}
	return out, nil
}

func (p *parser) operand() (operand, *Error) {
	t := p.take()
	switch {
	case t.kind == quoted:
		return operand{text: t.text, at: t.at}, nil
	case t.kind != word:
		return operand{}, fault(t.at, conditionHint, "%s where a path or a constant is needed", t)
	case t.text == "true" || t.text == "false":
		return operand{text: t.text, at: t.at}, nil
	}
	if _, ok := quantity(t.text); ok {
		return operand{text: t.text, at: t.at}, nil
	}
	return operand{path: t.text, at: t.at}, nil
}

// Paths lists the paths that the condition names, each with where it stands, in
// its order.
func (c *Condition) Paths() []Place {
	var all []Place
	var visit func(t *test)
	visit = func(t *test) {
		for _, inner := range t.of {
			visit(inner)
		}
		for _, o := range []operand{t.a, t.b} {
			if o.path != "" {
				all = append(all, Place{o.path, o.at})
			}
		}
	}
	visit(c.root)
	return all
}

// Place is a path in a condition.
type Place struct {
	Path   string
	Offset int // in characters
}

// Holds decides the condition. setting returns the value of a path as a file
// writes it. Values of one unit are compared as quantities, others as texts,
// which can be equal or not.
func (c *Condition) Holds(setting func(path string) (string, bool)) (bool, *Error) {
	return c.root.holds(setting)
}

func (t *test) holds(setting func(path string) (string, bool)) (bool, *Error) {
	switch t.op {
	case "!":
		inner, err := t.of[0].holds(setting)
		return !inner, err
	case "&&", "||":
		for _, inner := range t.of {
			ok, err := inner.holds(setting)
			if err != nil || ok == (t.op == "||") {
				return ok, err
			}
		}
		return t.op == "&&", nil
	}
	a, err := t.a.value(setting)
	if err != nil {
		return false, err
	}
	b, err := t.b.value(setting)
	if err != nil {
		return false, err
	}
	x, isX := quantity(a)
	y, isY := quantity(b)
	switch {
	case isX && isY && x.Unit == y.Unit:
		return compare(x.Value, t.op, y.Value), nil
	case t.op == "==":
		return a == b, nil
	case t.op == "!=":
		return a != b, nil
	default:
		return false, fault(t.at, "compare with == or !=", "%s and %s have no order", strconv.Quote(a), strconv.Quote(b))
	}
}

func (o operand) value(setting func(path string) (string, bool)) (string, *Error) {
	if o.path == "" {
		return o.text, nil
	}
	v, ok := setting(o.path)
	if !ok {
		return "", fault(o.at, "name a setting by its path, for example engine.workers", "there is no setting %s", strconv.Quote(o.path))
	}
	return v, nil
}

// compare decides a comparison.
func compare(a float64, op string, b float64) bool {
	switch op {
	case "<":
		return a < b
	case "<=":
		return a <= b
	case ">":
		return a > b
	case ">=":
		return a >= b
	case "==":
		return a == b
	case "!=":
		return a != b
	}
	panic(fmt.Sprintf("expect: unknown comparison %q", op))
}
