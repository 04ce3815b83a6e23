// Package engine stands for the engine.
package engine

// Side is plain data.
type Side uint8

// FinOps is plain data.
const FinOps Side = 0

// Other is allowed.
func (s Side) Other() Side { return s ^ 1 }

// String is allowed.
func (s Side) String() string { return "side" }

// Key is plain data.
type Key struct{ ID string }

// Folded is a rule of the engine.
func (k *Key) Folded() string { return k.ID }

// Decide is a rule of the engine.
func Decide(k Key) bool { return k.ID == "" }
