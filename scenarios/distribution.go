package scenarios

import (
	"strings"
	"time"

	"github.com/twinwrite/twinwrite/sim"
)

// distribution is the shape of a span of time that varies. A plain span is a
// constant.
var distribution = choice{
	name:  "a distribution",
	by:    "dist",
	value: &timeSpan,
	build: buildDist,
	cases: []alternative{
		parameters("constant", "always the same",
			key{name: "value", shape: notNegative{timeSpan}, required: true, doc: "the value, for example 80ms"}),
		parameters("uniform", "spread evenly",
			key{name: "low", shape: notNegative{timeSpan}, required: true, doc: "the least value, for example 10ms"},
			key{name: "high", shape: notNegative{timeSpan}, required: true, doc: "the greatest value, for example 50ms"}),
		parameters("exponential", "the time between events without memory",
			key{name: "mean", shape: positive{timeSpan}, required: true, doc: "the mean, for example 20ms"}),
		parameters("gamma", "between exponential and constant, or wilder",
			key{name: "mean", shape: positive{timeSpan}, required: true, doc: "the mean, for example 60ms"},
			key{name: "cv", shape: leaf{number(0.01, 10)}, required: true, doc: "standard deviation by mean, for example 0.8"}),
		parameters("lognormal", "the usual shape of a response time",
			key{name: "p50", shape: positive{timeSpan}, required: true, doc: "the median, for example 80ms"},
			key{name: "p99", shape: positive{timeSpan}, required: true, doc: "the 99th percentile, for example 900ms"}),
		parameters("weibull", "a hazard that grows (shape above 1) or falls with age",
			key{name: "shape", shape: leaf{number(0.1, 100)}, required: true, doc: "the shape, for example 1.5"},
			key{name: "scale", shape: positive{timeSpan}, required: true, doc: "the scale, for example 100ms"}),
		parameters("pareto", "a heavy tail, cut off",
			key{name: "shape", shape: leaf{number(0.1, 100)}, required: true, doc: "how fast the tail falls, for example 1.5"},
			key{name: "low", shape: positive{timeSpan}, required: true, doc: "the least value, for example 20ms"},
			key{name: "cap", shape: positive{timeSpan}, required: true, doc: "the greatest value, for example 2m"}),
		parameters("shifted", "another distribution on top of a fixed part",
			key{name: "by", shape: notNegative{timeSpan}, required: true, doc: "the fixed part, for example 15ms"},
			key{name: "of", shape: nestedDistribution{}, required: true, doc: "the distribution of the rest"}),
		parameters("mixture", "one of several distributions, by weight",
			key{name: "of", shape: list{name: "part", named: "name", least: 1, item: object{name: "a part of a mixture", keys: []key{
				{name: "name", shape: text{identifier: true, bytesMax: 64}, doc: "its name in paths"},
				{name: "weight", shape: leaf{share}, required: true, doc: "how often it is drawn, for example 90%"},
				{name: "of", shape: nestedDistribution{}, required: true, doc: "its distribution"},
			}}}, required: true, doc: "the parts: - {weight: 90%, of: 20ms}"}),
		parameters("empirical", "what was measured, one of the values at a time",
			key{name: "file", shape: text{bytesMax: fileBytesMax}, required: true, doc: "a CSV file beside the scenario, for example times.csv"},
			key{name: "column", shape: text{bytesMax: nameBytesMax}, required: true, doc: "the column that holds the values, for example took"},
			key{name: "unit", shape: positive{timeSpan}, doc: "what a plain number counts, for example 1ms; not needed where the cells have units"}),
	},
}

// parameters is one kind of distribution.
func parameters(word, doc string, keys ...key) alternative {
	return alternative{word: word, object: object{
		name: "the " + word + " distribution",
		keys: append([]key{{name: "dist", shape: discriminator(word), required: true, doc: doc}}, keys...),
	}}
}

// discriminator is the shape of the word by which a [choice] has been made.
func discriminator(w string) word {
	return word{name: w, choices: []meaning{{word: w, value: w}}}
}

// nestedDistribution is [distribution] inside itself.
type nestedDistribution struct{}

func (nestedDistribution) check(c *checker, n *node, path string) *node {
	return distribution.check(c, n, path)
}

func (nestedDistribution) part(n *node, segment string) (slot, error) {
	return distribution.part(n, segment)
}

// buildDist turns a checked distribution into that of package sim, whose
// unit is the second.
func buildDist(c *checker, n *node, path string) any {
	if n.kind == scalar {
		return validated(c, n, path, "times are shown in seconds here", sim.Constant(as[time.Duration](n.value).Seconds()))
	}
	seconds := func(key string) float64 { return as[time.Duration](n.get(key).value).Seconds() }
	plain := func(key string) float64 { return as[float64](n.get(key).value) }
	var d sim.Dist
	switch n.textOf("dist") {
	case "constant":
		d = sim.Constant(seconds("value"))
	case "uniform":
		d = sim.Uniform{Low: seconds("low"), High: seconds("high")}
	case "exponential":
		d = sim.Exponential(seconds("mean"))
	case "gamma":
		d = sim.NewGamma(seconds("mean"), plain("cv"))
	case "lognormal":
		d = sim.Lognormal{P50: seconds("p50"), P99: seconds("p99")}
	case "weibull":
		d = sim.Weibull{Shape: plain("shape"), Scale: seconds("scale")}
	case "pareto":
		d = sim.Pareto{Shape: plain("shape"), Low: seconds("low"), Cap: seconds("cap")}
	case "shifted":
		d = sim.Shifted{By: seconds("by"), Of: as[sim.Dist](n.get("of").value)}
	case "empirical":
		return buildSample(c, n, path)
	case "mixture":
		var m sim.Mixture
		for _, part := range n.get("of").items {
			m = append(m, sim.Part{Weight: float64(as[Share](part.get("weight").value)), Of: as[sim.Dist](part.get("of").value)})
		}
		d = m
	}
	return validated(c, n, path, "times are shown in seconds here", d)
}

// count is the shape of a number of things that may vary.
var count = choice{
	name:  "a count",
	by:    "dist",
	value: &countQuantity,
	build: buildCount,
	cases: []alternative{
		parameters("constant", "always the same",
			key{name: "count", shape: leaf{countQuantity}, required: true, doc: "the count, for example 3"}),
		parameters("poisson", "independent things in an interval",
			key{name: "mean", shape: leaf{meanQuantity}, required: true, doc: "the mean, for example 2.5"}),
		parameters("geometric", "failures before the first success",
			key{name: "mean", shape: leaf{meanQuantity}, required: true, doc: "the mean, for example 2.5"}),
		parameters("negbinomial", "a Poisson count whose mean varies: the lines of an invoice",
			key{name: "mean", shape: leaf{meanQuantity}, required: true, doc: "the mean, for example 40"},
			key{name: "cv", shape: leaf{number(0.01, 10)}, required: true, doc: "standard deviation by mean, for example 1.5"}),
	},
}

// transactionRecordsMax bounds what one generated transaction writes per step.
const transactionRecordsMax = 100_000

var (
	countQuantity = whole(0, transactionRecordsMax)
	meanQuantity  = number(0, transactionRecordsMax)
)

// buildCount turns a checked count into that of package sim.
func buildCount(c *checker, n *node, path string) any {
	if n.kind == scalar {
		return sim.Count(sim.Fixed(as[int](n.value)))
	}
	plain := func(key string) float64 { return as[float64](n.get(key).value) }
	var d sim.Count
	switch n.textOf("dist") {
	case "constant":
		d = sim.Fixed(as[int](n.get("count").value))
	case "poisson":
		d = sim.NewPoisson(plain("mean"))
	case "geometric":
		d = sim.Geometric(plain("mean"))
	case "negbinomial":
		d = sim.NewNegBinomial(plain("mean"), plain("cv"))
	}
	return validated(c, n, path, "change the parameters", d)
}

// validated returns d, or nil when package sim finds fault with its
// parameters.
func validated(c *checker, n *node, path, hint string, d interface{ Validate() error }) any {
	err := d.Validate()
	if err == nil {
		return d
	}
	for line := range strings.SplitSeq(err.Error(), "\n") {
		c.fault(n, path, hint, "%s", line)
	}
	return nil
}
