package scenarios

import (
	"time"

	"github.com/twinwrite/twinwrite/engine"
	"github.com/twinwrite/twinwrite/model/oracle"
	"github.com/twinwrite/twinwrite/scenarios/expect"
)

// Expectation is something that the runs must show: exactly one of Expr, Always,
// Eventually and Compare is set.
type Expectation struct {
	ID         string              `key:"id"`
	Expr       *expect.Expectation `key:"expr"`
	Always     string              `key:"always"`     // the ID of a property
	Eventually string              `key:"eventually"` // the name of one of [expect.States]
	Within     time.Duration       `key:"within"`     // of Eventually: after the users have left
	Compare    *Comparison         `key:"compare"`    // judged by a comparison of modes; a run leaves it out
}

// Comparison demands something of a figure beside that of another mode.
type Comparison struct {
	Metric expect.Figure `key:"metric"`
	To     string        `key:"to"`
	Expr   expect.Ratio  `key:"expr"`
}

var expectObject = object{
	name: "an expectation",
	keys: []key{
		{name: "id", shape: name, doc: "its name in paths and reports, for example slo"},
		{name: "expr", shape: composite(readExpectation), doc: "a figure and its bound: \"p99(convergence) < 5m\""},
		{name: "always", shape: propertyWord(), doc: "a property that no run may break, for example no-lost-update"},
		{name: "eventually", shape: stateWord(), doc: "what must come in the end and stay: converged or drained"},
		{name: "within", shape: notNegative{timeSpan}, doc: "with eventually: how long after the users have left, for example 1h"},
		{
			name: "compare", doc: "a figure of one mode beside that of another",
			shape: object{name: "compare", keys: []key{
				{name: "metric", shape: composite(readFigure), required: true, doc: "the figure, for example p95(convergence)"},
				{name: "to", shape: text{identifier: true, bytesMax: nameBytesMax}, required: true, doc: "the mode that is compared with, for example live"},
				{name: "expr", shape: composite(readRatio), required: true, doc: `what the figures must show: "ratio < 0.5"`},
			}},
		},
	},
	also: checkExpectation,
}

func propertyWord() word {
	w := word{name: "a property"}
	for _, c := range oracle.Contracts() {
		w.choices = append(w.choices, meaning{word: c.ID, value: c.ID})
	}
	return w
}

func stateWord() word {
	w := word{name: "a state"}
	for _, s := range expect.States {
		w.choices = append(w.choices, meaning{word: s.Name, value: s.Name})
	}
	return w
}

// checkExpectation lets an expectation demand one thing.
func checkExpectation(c *checker, raw, n *node, path string) {
	var given []string
	for _, k := range []string{"expr", "always", "eventually", "compare"} {
		if raw.get(k) != nil {
			given = append(given, k)
		}
	}
	const hint = `write one of expr: "p99(convergence) < 5m", always: no-lost-update, eventually: drained`
	if len(given) != 1 {
		c.fault(n, path, hint, "an expectation demands one thing, and this one %d", len(given))
		return
	}
	within := raw.get("within")
	switch {
	case given[0] == "eventually" && within == nil:
		c.fault(n, join(path, "within"), "for example within: 1h", "eventually needs the key within")
	case given[0] != "eventually" && within != nil:
		c.fault(within, join(path, "within"), "remove it", "within belongs to eventually")
	}
}

// readExpectation reads the expression of an expectation.
func readExpectation(c *checker, n *node, path string) *node {
	return readExpression(c, n, path, func(text string) (any, *expect.Error) {
		e, err := expect.Parse(text, c.knownLabels)
		if err != nil {
			return nil, err
		}
		return *e, nil
	})
}

// readFigure reads a figure alone.
func readFigure(c *checker, n *node, path string) *node {
	return readExpression(c, n, path, func(text string) (any, *expect.Error) {
		f, err := expect.ParseFigure(text, c.knownLabels)
		return f, err
	})
}

// readExpression reads a text that has a grammar.
func readExpression(c *checker, n *node, path string, read func(text string) (any, *expect.Error)) *node {
	out := text{bytesMax: purposeBytesMax}.check(c, n, path)
	if out == nil {
		return nil
	}
	v, err := read(out.text)
	if err != nil {
		c.errs.report(n.inside(err.Offset), path, err.Hint, "%s", err.Msg)
		return nil
	}
	out.value = v
	return out
}

// inside returns the position of a character of a scalar's text.
func (n *node) inside(offset int) position {
	at := n.at
	if at.src == nil || at.line < 1 || at.line > len(at.src.lines) {
		return at
	}
	line := []rune(at.src.lines[at.line-1])
	if i := at.column - 1; i < len(line) && (line[i] == '"' || line[i] == '\'') {
		at.column++
	}
	at.column = min(at.column+offset, len(line)+1)
	return at
}

// knownLabels returns the values that a label may have in this scenario.
func (c *checker) knownLabels(metric, label string) []string {
	switch label {
	case "map":
		var names []string
		for _, m := range c.maps {
			names = append(names, m.name)
		}
		return names
	case "side":
		return []string{engine.FinOps.String(), engine.Dataverse.String()}
	case "workload":
		return c.workloads
	case "ended":
		return expect.Endings
	case "state":
		return expect.PairStates
	case "row":
		return expect.CopiedRows
	case "job":
		return c.jobs
	case "action":
		return []string{engine.Notify.String(), engine.PauseOnAlert.String(), engine.StopOnAlert.String()}
	case "class":
		return classes()
	case "reason":
		return reasons()
	default:
		return nil
	}
}

// classes lists the classes of outcomes as results spell them.
func classes() []string {
	var names []string
	for class := engine.Open; class <= engine.SystemFailure; class++ {
		names = append(names, class.String())
	}
	return names
}

// reasons lists the reasons of outcomes as results spell them.
func reasons() []string {
	_, all := engine.Outcomes()
	names := make([]string, len(all))
	for i, r := range all {
		names[i] = r.String()
	}
	return names
}

// readRatio reads what a comparison demands.
func readRatio(c *checker, n *node, path string) *node {
	return readExpression(c, n, path, func(text string) (any, *expect.Error) {
		r, err := expect.ParseRatio(text)
		return r, err
	})
}

// checkTime lets the warm-up end before the users leave.
func checkTime(c *checker, _, n *node, path string) {
	warmup, run := n.get("warmup"), n.get("run")
	if warmup != nil && run != nil && as[time.Duration](warmup.value) >= as[time.Duration](run.value) {
		c.fault(warmup, join(path, "warmup"), "shorten it, or lengthen time.run", "the warm-up of %s leaves nothing of a run of %s", warmup.text, run.text)
	}
}

// checkRuns lets precision have room, and max have a purpose.
func checkRuns(c *checker, raw, n *node, path string) {
	most, precision, count := n.get("max"), raw.get("precision"), n.get("count")
	switch {
	case precision != nil && raw.get("max") == nil:
		c.fault(precision, join(path, "max"), "for example max: 200", "precision needs the key max: how many runs there may be")
	case precision == nil && most != nil:
		c.fault(most, join(path, "max"), "add precision: {metric: p99(convergence), relative: 5%}, or remove it", "max is for runs that go on until a precision is reached")
	case most != nil && count != nil && as[int](most.value) < as[int](count.value):
		c.fault(most, join(path, "max"), "raise it", "max %s is below count %s", most.text, count.text)
	}
	p := n.get("precision")
	if confidence := p.get("confidence"); confidence != nil {
		if v := as[Share](confidence.value); v < 0.5 || v > 0.9999 {
			c.fault(confidence, join(path, "precision.confidence"), "from 50% to 99.99%, for example 95%", "a confidence of %s", confidence.text)
		}
	}
	if relative := p.get("relative"); relative != nil && as[Share](relative.value) == 0 {
		c.fault(relative, join(path, "precision.relative"), "for example 5%", "no figure is ever known exactly")
	}
}

// Label tells what an expectation demands.
func (e *Expectation) Label() string {
	switch {
	case e.Expr != nil:
		return e.Expr.Text
	case e.Always != "":
		return "always " + e.Always
	case e.Compare != nil:
		return e.Compare.Metric.String() + " beside that of " + e.Compare.To + ": " + e.Compare.Expr.String()
	default:
		return "eventually " + e.Eventually + ", within " + WriteSpan(e.Within) + " after the users have left"
	}
}
