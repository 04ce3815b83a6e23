// Package history turns what a world tells into the history of a record, or of
// a whole case, in sentences: every change, attempt, decision with its reason,
// and outcome, in true time and by the clocks of both systems.
//
// Begin with [Teller], which listens to a world ([model.Config.Tell]); [Text]
// prints what it has heard.
package history
