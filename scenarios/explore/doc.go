// Package explore looks at every schedule of worlds that are small enough for that:
// one record, two edits, one fault. What a search by chance does not come upon in a
// day, because it takes three things in one order, is found here at once; and what is
// not found here is not there, in worlds of this size.
//
// Begin with [Worlds], which lists the worlds, and [Explore], which looks at one.
//
// # What is real
//
// The engine's core and capture hook, its store in memory, both systems and the oracle
// are those of every run. In the place of the driver stands a [stage]: it saves what the
// engine's steps ask to be saved before it does what they ask to be done, as a driver
// must, and keeps what is under way (requests, answers, notifications, calls of
// transactions that wait) until it is chosen to arrive.
//
// # What can happen next
//
// The next edit · the arrival of anything that is under way · when nothing that the
// engine waits for is under way, the passing of time up to when the engine wants to be
// woken or a system's patience ends · the world's fault, once. A crash comes between two
// steps, or inside one: before it is saved what that leads to, or before any of the
// requests that it makes. What was under way then may still arrive, at any moment.
//
// Time stands still while requests are under way. That a request takes too long is a
// fault of its own: the engine hears of it at any moment, and the request arrives later.
//
// # How the schedules are gone through
//
// A world is begun anew for each branch, and follows a prefix of choices to it. Where it
// comes to a state that is known it stops: two schedules that meet go on alike. For that
// the state has a hash (see [hasher]) of all that what follows can hang on: the records
// with their marks, the outboxes, what the engine has saved and what it has in memory,
// what is under way, the edits and the fault still to come, and what the oracle knows.
// That nothing is missing is tested: states that hash alike must have successors that
// do, and the smallest worlds, gone through without this, come to the same ends.
//
// In every end, that is where nothing is left to happen, and at every breach before, the
// oracle judges by causal histories. Two contracts are the walk's own: no rule inside is
// broken, and from every state some end can be reached, so that nothing goes round for
// ever.
//
// How many states each world has is pinned (testdata/worlds.txt). go test looks at the
// small ones, make soak at all; UPDATE_GOLDEN=1 renews the figures of those looked at.
package explore
