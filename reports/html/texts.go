package html

import (
	"github.com/twinwrite/twinwrite/scenarios/result"
)

// limits says what a reader must not conclude.
func limits(sc result.Scenario) []string {
	return []string{
		"This is a simulation. The sync engine is real code; the two systems, their users, links and clocks are a model of finance & operations and Dataverse, version " + sc.Model + ".",
		"Times depend on service times and loads of the scenario. Those that no documentation gives are assumed; they are listed above, and a conclusion that hangs on one of them needs a measurement of your own environment.",
		"Business logic is what the scenario states: plug-ins, workflows and X++ code beyond that are not modelled. Nor is it asked about what undoes a live transaction that failed.",
		"A change that had not converged when a run ended counts as slower than all others. Its true time is not known; “censored” marks every figure that this touches.",
		"Figures of one run are one possible day. Intervals are only given over several runs, never over the changes inside one.",
		"Times of day are true time. The clocks of the two systems may differ from it where the scenario says so.",
	}
}

// terms are the words of this page that dual-write users need not know.
var terms = []term{
	{"side", "F&O (finance & operations) or Dataverse: one of the two business systems."},
	{"table map", "One F&O data entity paired with one Dataverse table: key, columns, transforms, direction, filter, company striping."},
	{"record pair", "The same key on both sides under one table map."},
	{"captured change", "One user transaction's change of one record in mapped columns."},
	{"reference", "What the queue holds for a captured change: map, key and version, never data."},
	{"backlog", "References that wait or are in flight."},
	{"live change", "A change that committed on both sides with its user's transaction."},
	{"convergence time", "True time for which one side alone has a change: from a user's commit until both sides agree on that pair again. Under live sync it begins with the write on the other side and ends with the user's commit."},
	{"wait for a save", "From when a user asks until his system tells him how the save ended. A transaction that is tried again is several saves."},
	{"never converged, censored", "Both sides did not agree when the run ended; the time shown is a lower bound."},
	{"p50, p99", "The time that 50 % or 99 % of the changes do not exceed."},
	{"outcome", "How one reference ended; each ends in exactly one class."},
	{"synced", "Written to the other side, or found equal there."},
	{"no-op", "Not a user's change to carry: an echo, filtered, or unchanged."},
	{"concurrency failure", "The version being processed was not the latest, or the record was gone. The later change carries the value."},
	{"conflict failure", "Both sides had changed the record; this change lost to the primary."},
	{"application failure", "The other side's business logic refused it, a lookup or a value had no match, or the key could not be addressed."},
	{"system failure", "Time-out, outage or throttling that outlived all attempts."},
	{"parked", "On the error desk: an operator must retry or dismiss it."},
	{"blocked", "Waits for a record that is parked."},
	{"open", "Still queued or in flight at the end."},
	{"divergent pairs", "Record pairs that differ between the sides at a moment."},
	{"primary", "The side whose record wins a conflict in a job."},
	{"mark", "The small row beside each mapped record that says what it knows of the other side; conflicts are found by it, never by clocks."},
	{"own, seen, lost", "Counters in a mark: how many changes the record had on its own side, how many of the other side's it reflects, and how many of its own lost a conflict."},
	{"incarnation", "One life of a key: from a record's creation to its deletion. A key that is used again begins a new one."},
	{"quiescence", "Nothing is queued or in flight any more, and users have stopped: the moment at which both sides must agree."},
	{"low-water mark", "The place in the outbox below which every reference has been taken in; it never goes back."},
	{"dismissal", "An operator's decision that a failed reference is not carried; the pair may differ from then on."},
	{"outbox", "The references that a side wrote together with the data, waiting for the engine to take them in."},
	{"breaker", "Keeps the engine from sending to a side that does not answer, until a try gets through."},
	{"partly visible", "Some records of a transaction are on the other side, others not yet: a header without its lines."},
	{"property", "A contract that an independent observer checks throughout a run."},
	{"verdict", "Pass, fail, or inconclusive; what was not measured is inconclusive, never a pass."},
	{"run", "One simulated world from one seed."},
}
