// Package runner drives the sync engine in production: with goroutines, the
// real clock, a durable store and clients of the two real systems.
//
// # Use
//
// Write one [System] for each side, open a store, and let a [Runner] run until
// its context ends:
//
//	r, err := runner.New(runner.Config{
//		Engine:  engine.Config{Maps: maps},
//		Store:   file,                                // for instance engine/store/sqlite
//		Systems: [2]runner.System{finops, dataverse}, // by engine.Side
//	})
//	...
//	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
//	defer stop()
//	err = r.Run(ctx)
//
// Call [Runner.Notify] whenever a user's commit has put something into a side's
// outbox, from any goroutine. A notification is a hint: it never blocks, many
// become one, and what a lost one hid is found by the next poll.
// [Runner.Stats] is a snapshot for whoever asks, [Metrics] takes the same figures
// and latencies for a monitoring system, and [Config.Observe] hears of every
// request, for the errors that nobody else sees. Package memory, below this one, is a whole System in few lines.
//
// # Live transactions
//
// Deletes, and every change of a table map in live mode, must be on the other
// side before they commit. A side's pre-commit hook hands them to [Runner.Live],
// with the user waiting and a deadline, and commits if that returns nil. On an
// [UndoneError] it undoes the transaction and shows the user the reason, which
// says what to do. Between the two commits an intent is in the store. Whatever
// is lost or dies meanwhile, the next run asks the side for the transaction's
// end by its name ([System]), and then finishes what is on the other side or
// takes it back.
//
// # Save, then do
//
// One goroutine owns the [engine.Core] and feeds it one input after the other.
// What a step asks to be done leaves only when what it asks to be saved is on
// disk; the steps that come while a save is under way are saved together, so
// that one wait for the disk serves all of them:
//
//	answers, notifications, alarm ──> step ──> mutations ──> Store.Save
//	      ^                             │                        │
//	      │                             └──────> effects ──(saved)
//	      │                                                      │
//	      └──────────── one goroutine for each request <─────────┘
//
// Therefore the process may be killed at any point. What was not saved has been
// seen by nobody, and what was is where the next Run begins; requests that were
// under way may still land, which the marks beside the records make harmless.
//
// # Requests
//
// Each request is given [Config.Timeout]. What becomes of one that fails is
// decided by three questions, and the last answer is the safe one:
//
//   - did the side say when to come back ([ThrottledError])? Then it is left
//     alone until then, and no attempt is used up;
//   - was nothing done ([ErrDown])?
//   - anything else is unknown: a write may have landed, or may land yet. The
//     engine reads before it tries again.
//
// An answer that makes no sense ([AnswerError]), and a System that panics
// ([PanicError]), are such unknowns. A system that fails in a way not foreseen
// here costs time and never a change.
//
// # Sides that go back
//
// A record that does not show a change of which its side has just told comes from a
// copy that is behind, or from a side that was restored from a backup. The runner reads
// it again until it has caught up, within the time that the request has (SideStats.Behind).
// What is still behind then goes to the engine, which quarantines the pair of a restored
// side until an operator asks for a resync.
//
// # End
//
// When its context ends, Run sends nothing more, gives up reads, waits for
// writes up to [Config.StopTimeout], saves what was answered and returns nil. A
// live transaction of which nothing has left yet is refused with [ErrEnded]; one
// whose rows are on their way is brought to its end, if that comes in time. A
// store that fails ends Run with a [StoreError]: nothing that was not saved has
// been acknowledged to anyone. The store is never touched after Run returned.
package runner
