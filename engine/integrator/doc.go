// Package integrator is the data integrator: the scheduled batch copy that
// teams compare with the asynchronous engine. It copies what has changed on one
// side over what is on the other, and knows nothing of what it overwrites.
//
// It is as simple as the product that it follows, on purpose: the changes that
// it loses are what an architect comes to see. There is no conflict detection
// (the last writer wins), no loopback control (two projects that copy one table
// map both ways feed each other) and no condition on a write.
//
// # A run
//
// A [Project] copies one way, by a list of tasks, each a table map. It runs on a
// schedule or by hand, and a run that is due waits until the one before has
// ended. A run works on its tasks in order:
//
//	failed rows of earlier runs ── read again ─┐
//	                                           ├─ filter, translate ── upsert in batches ── note row errors
//	changes since the position ──── list pages ┘
//	                                                  at the end of the task: save position and failed rows
//
// A row that the target refuses ends the run as [Warning] and is tried again at
// the next one. A request that is not answered is repeated a few times, and then
// ends the run as [Error]; the next run starts from the position saved last.
//
// # What has changed
//
// A [Detection] says how a project finds changes.
//
// [ByModified] compares the time at which a row was modified, on its system's
// own clock, with a watermark. The two clocks need not agree, and one of them
// may be set back, or show whole seconds only: rows that then carry a time that
// is not after the watermark are never listed. Deletes leave nothing to list.
//
//	integrator's clock  ──────────┬────────────────> the watermark of the next run
//	                              w
//	source's clock, 2s behind ────────────x───────── x is committed after the run began,
//	                                                 stamped before w, and lost
//
// [ByToken] asks the system for what it has changed since a [Token]: new and
// updated rows first, then deletes. Versions come from one counter, so nothing
// is lost, but a token lives seven days only. After that the project copies
// everything again, or refuses to run, as it is told.
//
// # The machine
//
// [Core] is a state machine without clock, chance or I/O, like the asynchronous
// engine's: [Core.Step] takes one [Input] and returns what to save and then what
// to do. Whoever drives it saves first. A crash between a write and the saving
// of the position repeats rows: harmless to a row that nobody has touched, and
// fatal to an edit that somebody made on the target in between.
//
// What a system must be able to do is the answer to three kinds of [Effect].
// [Listing] and [Upsert] define two of them and have the code that a system
// needs to answer them; the third reads rows by key.
//
// Read [Project] and [Config] first, then [Listing] and [Position], then [Core].
package integrator
