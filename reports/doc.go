// Package reports writes what a scenario produced for people and programs: the
// results file, the summary, the plots, the page and the terminal's screen.
//
// Begin with [Of] and [Report.WriteFolder], which fills a run folder:
//
//	scenario.yaml    the scenario as given
//	resolved.yaml    the same with all defaults and overrides
//	results.sqlite   everything, for plain SQL (package store)
//	summary.json     the figures, for programs (package summary)
//	plots/*.svg      the plots (package plots)
//	report.html      the page for architects (package html)
//	manifest.json    wall clock, host and versions
//
// [Report.Terminal] prints the one screen that a run ends with.
//
// All but manifest.json is a function of the [result.Set] alone: the same set
// gives the same bytes, whenever and wherever. Package reports knows nothing
// else of the simulated world, and nothing in it reads a clock, the
// environment or the host; the caller passes these in a [Manifest].
//
// From figures to files, the packages stand in this order, each importing only
// those before it: stats (quantiles, intervals), words (how numbers are
// written), summary (the figures), findings (the sentences), paint (typeface
// and palette), plots, html; store stands by itself.
package reports
