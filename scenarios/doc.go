// Package scenarios is the language in which an architect writes what is to
// be simulated, and the scenarios that come with the program.
//
// A scenario is one strict YAML file. [Load] reads one by name or path,
// [Parse] reads one from memory; both return a [Scenario], in which every
// default is filled in and every name has been looked up. Faults come all at
// once, as [Errors], each with its place, the line, and what to do about it.
// Things that can run but perhaps were not meant come as [Warnings].
//
//	s, warnings, err := scenarios.Load("month-end", "engine.workers=16")
//
// The language is a table of shapes in schema.go: key by key its form, unit,
// default, where the default comes from, and a line of documentation. To add
// to the language, add to the table and to the struct of the same place in
// scenario.go. The way of a file through the package is
//
//	bytes → node tree → overrides → checked tree → Scenario
//	        node.go     override.go  shape.go      bind.go
//	                                 schema.go
//	                                 rules.go
//
// The checked tree is kept. From it come [Scenario.Resolved], the file with
// everything written out, and [Scenario.Inputs], the same as a list that
// tells what was given and what was assumed.
//
// Every value has a path, because lists have named items:
// workload.crm-edits.arrivals.rate. Overrides, inputs and messages use it.
//
// Recorded days are CSV files that a workload names; [Scenario.Transactions]
// reads them.
package scenarios
