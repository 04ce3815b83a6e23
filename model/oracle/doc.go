// Package oracle knows what the engine cannot know: true time, and every
// commit on both sides with its cause. It judges whether the engine kept its
// contracts, and measures how long the two sides disagreed.
//
// Begin with [Oracle]. The simulated systems report each commit through
// [Oracle.UserCommit] and [Oracle.EngineCommit] and put what they get back into
// the record's Trace; the driver reports what became durable through
// [Oracle.Settled]. [Oracle.Judge] ends the run and returns a [Report].
//
// # Histories
//
// The judgement rests on causal histories, as a version control system keeps
// them, and never on a copy of the engine's rules. A user's change of a record
// is a commit on top of what that side's record was made of. The engine's
// writes make no new commits; they move heads:
//
//	carry X to Y        Y's head becomes the source's. If Y had no commit that
//	                    the source lacks, this is a fast-forward; if it had,
//	                    those commits are dropped
//	mark (found equal)  Y's head becomes the merge of both: nothing is dropped
//	late capture        a commit that passed the hook gets its reference
//
// What a write derives from is exact, because a write holds no values: they
// come from the record that the engine had read, and that record carries its
// own head in its Trace.
//
// A pair has two sides and each side's commits form one line, so that a head
// is two numbers: how many commits of each side it is made of. That is why no
// question here searches an ancestry, and why there is nothing to collect: a
// commit is remembered only until it has its outcome, the pair has agreed, and
// the other side has it or has dropped it.
//
// Histories are kept per column group: the columns that flow both ways, together
// or each by itself, those that flow one way only, and each lookup that can close
// a circle. A commit touches the groups whose columns it changed, and each of them
// may fare differently. What happens outside a map's scope is no commit; it is one
// when the record comes back and differs from what it was.
//
// # What is shared with the engine
//
// Plain data types, and no code: column groups, transforms, canonical forms and
// filters are written here again, slow and obvious.
//
// # Which contracts are judged
//
// A contract that nothing in the configuration can exercise is left out of the
// run's list, and does not make it inconclusive: mixed transactions without live
// maps, say. One that could have been exercised and was not stays on the list as
// inconclusive. See [Contracts].
package oracle
