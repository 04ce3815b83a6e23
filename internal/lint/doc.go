// Package lint holds the house rules, as tests.
//
// Compilers and linters do not know why this house is built as it is: which
// room may lean on which, and what would make two runs of one seed differ. The
// rules here do, and every failure says which rule, where, and why:
//
//	sim/clock.go:12: clock: time.Now reads the wall clock; true time comes from the kernel
//
// Rules: arrow, cgo, room (arrows.go) · clock, import, goroutine, select,
// map-order, float, fused, pointer, mark (determinism.go) · oracle (oracle.go) ·
// comment, name, glossary (names.go) · mention (mention.go).
//
// [TestHouse] runs them over the module. Each has a small package below
// testdata that breaks it; there, a comment "want RULE" stands on every line
// that must be reported, and nothing else may be.
//
// The test cache cannot see everything that these tests read through the go
// command: run them with -count=1, as make check does.
package lint
