// Package check proves eventual consistency, as far as tests can: it draws
// thousands of small worlds, lets them go wrong in every way that it knows, and
// makes a failure small enough to be read.
//
// Begin with [Case], which is one test as data, and [Subject], the table maps
// that it is about. [Generate] draws a case, [Execute] runs it, [Shrink] makes a
// failing one small, and [Campaign] does that for many:
//
//	bits → Generate → Case → Execute → properties hold ──→ next case
//	                   ↑                     │ one is broken
//	                   └───── Shrink ────────┘→ Failure
//
// A world comes to rest before it is judged: people and faults do their part,
// everything heals, and the run goes on until nothing is left to happen. In one case
// of ten a fault lasts for ever; what it holds up then has to name it. What is judged,
// and how, is the oracle's business (package model/oracle); the contracts
// that need more than one run are added here. One drawn case in twenty, and each that
// failed once, is executed again in every way that must not matter: it takes a dozen
// executions more. A [Campaign] of one's own takes another share, [Campaign.Twins].
//
// Everything is a function of a seed: the cases of a campaign, what is learnt
// from them, and what shrinking tries. The number of cores moves nothing.
package check
