// Package copier runs the data integrator inside the simulation, as package
// driver runs the engine: it turns effects into requests over links, saves what
// is to be saved, wakes the state machine, and lets its process die and come
// back. Begin with [Copier].
//
// # Save, then do
//
// Mutations of the steps that come while the store is busy are saved together,
// and the effects of a step leave when its mutations are saved. A crash loses
// what was not saved: the run under way, and with it how far it had come. What
// it had written by then is written again by the next run, over whatever users
// have made of it in between.
//
// # Clocks
//
// The process tells the time by one clock of its own: schedules, waits and
// watermarks go by it. An error of that clock against the source's is what makes
// a listing by modified time pass over rows.
//
// # Requests
//
// A request crosses the same links as the engine's, is served at the same
// stations, and its answer crosses the link back. Either may be lost; after the
// time-out the integrator is told so, and what the request still writes may land
// later.
package copier
