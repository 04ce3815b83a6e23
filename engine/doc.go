// Package engine is the asynchronous dual-write engine: it carries changes
// between finance & operations and Dataverse in the background.
//
// It is the real thing, not a model of it. The same package runs inside the
// simulator and in production; it reads no clock, starts no goroutine, does no
// I/O and draws no random number.
//
// Read it in this order:
//
//   - [Record], [Mark] and [TableMap]: what the two systems hold. The mark is
//     the small row beside each record on which conflict detection rests.
//   - [Capture]: what happens inside a user's commit. Changed records become
//     [Reference] values in the side's outbox; data never enters the queue.
//   - [Decide]: one pure function from two records and the open references of
//     a pair to what must happen.
//   - [Apply]: how a system carries out one conditional [Write].
//   - [Core]: the state machine that plans, reads both sides, decides, writes
//     and settles. [Core.Step] takes one [Input] and returns what to save and
//     then what to do. Whoever drives it must save before it does: that rule
//     alone makes a crash at any point recoverable.
//
// X is always the side where a change was made, and Y the other.
package engine
