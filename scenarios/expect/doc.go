// Package expect is the small language in which a scenario says what it
// demands of its runs, and judges whether they kept to it.
//
// An [Expectation] compares one figure of a run with a constant:
//
//	p99(convergence{map=invoices}) < 5m
//	backlog.at(end) == 0
//	share(outcome{class=concurrency}) < 0.5%
//
// [Parse] reads one, [Judge] decides it over the runs. The figures come through
// [Measures], which [Of] makes of the result of a run; [Metrics] lists them. A
// [Condition] compares settings by their paths, for the points of a sweep.
//
// A verdict speaks about the mean of the figure over runs: it passes when the
// whole confidence interval keeps to the bound, fails when the whole interval
// breaks it, and is inconclusive else. What was not measured, or not for long
// enough, is inconclusive with its reason.
//
// The grammar, in which blanks do not count:
//
//	expectation = figure op quantity .
//	figure      = aggregate "(" metric [labels] ")" | metric [labels] "." "at" "(" moment ")" .
//	aggregate   = "p50" … "p99.99" | "mean" | "max" | "min" | "rate" | "count" | "share" .
//	labels      = "{" [ label "=" value { "," label "=" value } ] "}" .
//	moment      = "start" | "end" | span .
//	condition   = all { "||" all } .    all = single { "&&" single } .
//	single      = "!" single | "(" condition ")" | operand op operand .
//	operand     = path | quantity | "'" text "'" | "true" | "false" .
//	op          = "<" | "<=" | ">" | ">=" | "==" | "!=" .          (!= in conditions only)
package expect
