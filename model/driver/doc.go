// Package driver runs the real engine inside the simulation: it turns effects
// into requests over links, saves what the engine asks to be saved, wakes it,
// and lets its process die and come back. Begin with [Driver].
//
// # Save, then do
//
// Each step of the engine yields mutations and effects. The driver collects the
// mutations of the steps that come while the store is busy and syncs them
// together (group commit); a step's effects leave when its mutations are
// synced, in the order of the steps. A crash loses every step that was not
// synced, and none of their effects has been seen by anyone.
//
//	step 1  step 2  step 3  step 4
//	[ sync of 1    ][ sync of 2, 3, 4  ]
//	                ^ effects of 1     ^ effects of 2, 3 and 4, in order
//
// # Requests
//
// A request crosses a link, is served by a system, and its answer crosses the
// link back. Either may be lost. After the timeout the engine is told that the
// fate of the request is unknown; the request itself lives on and may land
// later. The same holds for the requests of a process that has died: answers
// find nobody.
package driver
