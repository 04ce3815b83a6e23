// Package system is one of the two business systems: finance & operations and
// Dataverse are the same machinery, configured.
//
// A [System] keeps tables of records with their marks, carries out the
// transactions of its users, runs the engine's capture hook inside their
// commits, keeps the outbox that the hook fills, and serves the engine's
// requests. All work goes through one station with a number of servers, so
// that load turns into delay. It is an actor of a simulation kernel: see
// [System.Submit] for what users do and [System.Prepare] for the engine.
//
// # Commits
//
// Users' transactions and the rows of the engine's batches execute at the
// instant at which their service ends, each as a whole: that is the instant of
// the commit, and the order of these instants is the order in which locks would
// have let them through. Row versions come from one counter of the system.
//
// Outbox positions are given when a transaction begins, as databases give
// sequence numbers, so they commit out of order and an abandoned transaction
// leaves a gap. [System.Horizon] tells below which position nothing can come
// any more.
//
// # Outages
//
// While the system is down it refuses requests at once. What was in service
// when it went down is either finished or undone, by a keyed draw, and of a
// batch some rows may be finished; what stood in the queue is gone. Nobody is
// told: the engine learns of it by its own timeout.
//
// # Draws
//
// What a user's transaction meets is drawn by the transaction's own key, what
// the engine's row meets by record, change and attempt. So neither depends on
// what came before it in the queue.
package system
