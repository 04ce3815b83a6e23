// Package store keeps the durable state of the engine.
//
// A [Store] is the only memory that an engine has across a crash: the queue,
// which holds references and never data, what is on the error desk, which
// references have their outcomes, and which outbox positions are taken in.
// Begin with [Memory], which is also the plainest statement of what each
// mutation means.
package store

import "github.com/twinwrite/twinwrite/engine"

// Store keeps what the engine's steps ask to be saved. It belongs to one
// driver at a time.
type Store interface {
	// Save applies the mutations of whole steps, in order, all or none. When it
	// returns nil they survive a crash. An error means that the engine and its
	// store no longer agree; nothing more can be saved.
	Save([]engine.Mutation) error

	// Load returns all that was saved, as a copy in a fixed order: open
	// references by intake order, lanes and ledgers by key, side and
	// incarnation, jobs by name, maps by ID, legs of initial syncs by order, map,
	// company and side, intents in the order in which they were opened, flights by
	// slot, quarantined pairs by key, resyncs in the order in which they were asked
	// for, positions ascending.
	Load() (*engine.State, error)

	// Waiting returns what Load does but for the ledgers. It costs what waits, and
	// little for what has ended.
	Waiting() (*engine.State, error)
}
