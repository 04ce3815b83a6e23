package engine

import (
	"slices"
	"time"
)

// Failpoints lets a test plant a bug or a crash. The engine asks at named
// points; outside tests the answer is always no. A program that was built with
// -tags nofault asks nobody: see [Plantable].
type Failpoints interface {
	Hit(name string) bool
}

// noFailpoints is the production answer.
type noFailpoints struct{}

func (noFailpoints) Hit(string) bool { return false }

// planted is a set of failpoints as the parts of the engine hold it: nil where
// nothing can be planted, so that asking costs no call.
type planted struct{ points Failpoints }

func plantedIn(points Failpoints) planted {
	if _, none := points.(noFailpoints); none || points == nil {
		return planted{}
	}
	return planted{points}
}

func (p planted) hit(name string) bool { return Plantable && p.points != nil && p.points.Hit(name) }

// The layers of loopback control can be switched off one by one: each must keep
// the two sides from answering each other while the others are off.
const (
	LoopTagOff   = "engine/loop-tag-off"   // the engine's own commits leave references, which carry the mark's number as it stands
	LoopTagBlind = "engine/loop-tag-blind" // the hook takes the engine's own commits for a user's: a changed column moves the number
	LoopKnownOff = "engine/loop-known-off" // test 0: a known number is taken in again
	LoopEqualOff = "engine/loop-equal-off" // test 8: equal content is written all the same
)

// LoopLayers lists the failpoints that switch off a layer of loopback control.
func LoopLayers() []string { return []string{LoopTagOff, LoopTagBlind, LoopKnownOff, LoopEqualOff} }

// OlderStoreUnnoticed is a failpoint like these: an engine whose store was restored to
// an older state goes on as if nothing had happened. The engine's own schedules restore
// stores; the cases of a whole world do not.
const OlderStoreUnnoticed = "engine/older-store-unnoticed"

// The bugs that can be planted in the engine, by failpoint name.
const (
	PlantUnconditionalWrite = "engine/write-without-condition"
	PlantAckBeforeSave      = "engine/ack-before-save"
	PlantNoLoopbackControl  = "engine/no-loopback-control"
	PlantSeenStays          = "engine/seen-not-advanced"
	PlantRefusedIsDone      = "engine/refused-counts-as-done"
	PlantTimeoutIsDone      = "engine/timeout-counts-as-done"
	PlantLostNotSet         = "engine/lost-not-set"
	PlantOneLife            = "engine/incarnation-ignored"
	PlantUnmappedCounts     = "engine/unmapped-change-counts"
	PlantPrimaryInverted    = "engine/primary-inverted"
	PlantNewerWins          = "engine/newer-version-wins"
	PlantRiderEarly         = "engine/rider-settled-early"
	PlantUnjudgedSettled    = "engine/unjudged-settled"
	PlantLookupForgotten    = "engine/deferred-lookup-forgotten"
	PlantNoReassert         = "engine/no-reassert"
	PlantCompanyLeftOut     = "engine/company-left-out"
	PlantThrottledDropped   = "engine/throttled-dropped"
	PlantRetryAfterIgnored  = "engine/retry-after-ignored"
	PlantChildFirst         = "engine/child-before-parent"
	PlantLookupUnchecked    = "engine/lookup-unchecked"
	PlantCircleDeadlock     = "engine/circle-deadlock"
	PlantDeleteQueued       = "engine/delete-queued"
	PlantMixedPasses        = "engine/mixed-passes"
	PlantDismissedReturns   = "engine/dismissed-returns"
	PlantPauseLoses         = "engine/pause-loses"
	PlantFallThrough        = "engine/value-falls-through"
	PlantOutcomeTwice       = "engine/outcome-twice"
	PlantFirstPageOnly      = "engine/first-page-only"
	PlantNullIsNoChange     = "engine/null-is-no-change"
	PlantBadRowSpoilsBatch  = "engine/bad-row-spoils-batch"
	PlantOldestStarves      = "engine/oldest-starves"
	PlantNoLateCapture      = "engine/no-late-capture"
	PlantWaitersForgotten   = "engine/waiters-forgotten"
	PlantLedgerForgotten    = "engine/ledger-forgotten"
	PlantRedelivered        = "engine/redelivered-counts-again"
	PlantBackoffForEver     = "engine/backoff-for-ever"
	PlantIntentUnsaved      = "engine/intent-unsaved"
	PlantNotRestored        = "engine/not-restored"
	PlantSupersededRuns     = "engine/superseded-runs"
	PlantOneWayIsTwoWay     = "engine/one-way-is-two-way"
	PlantConflictRetried    = "engine/conflict-retried"
	PlantLiveOrderSwapped   = "engine/live-order-swapped"
	PlantCoalesceAcross     = "engine/coalesce-across-pairs"
	PlantNullUnhashed       = "engine/null-unhashed"
	PlantRetryUnread        = "engine/retry-without-reading"
	PlantDeletedReturns     = "engine/update-after-delete"
	PlantMapOrder           = "engine/map-order"
	PlantCommitUnsynced     = "store/commit-unsynced"
	PlantKeysFold           = "store/keys-fold"
	PlantCarriedAgain       = "engine/carried-again"
	PlantMarksAnew          = "engine/marks-begun-anew"
	PlantOwnClock           = "engine/deadline-by-own-clock"
	PlantFlightGivenUp      = "engine/flight-given-up"
	PlantWrittenOn          = "engine/written-on-and-on"
	PlantRestPutOff         = "engine/rest-put-off"
	PlantEvenWins           = "engine/even-version-wins"
	PlantFinOpsWins         = "engine/finops-wins"
	PlantFullBatchShort     = "engine/full-batch-falls-short"
	PlantLiveUnlooked       = "engine/live-without-looking"
	PlantOlderUnasked       = "engine/older-record-unasked"
	PlantStopLoses          = "engine/stop-loses"
	PlantResyncOverlooks    = "engine/resync-overlooks"
	PlantQueueUnbounded     = "engine/queue-unbounded"
	PlantDeskUnbounded      = "engine/desk-unbounded"
	PlantFullForgotten      = "engine/full-outbox-forgotten"
	PlantNeverGivenUp       = "engine/never-given-up"
	PlantUntracedIsGone     = "engine/untraced-is-gone"
)

// Plant is a bug that can be planted in the engine, or in its store.
type Plant struct {
	Name     string // of the failpoint
	Property string // that must catch it, by id
	Bug      string // what the engine then does wrong
}

// PlantedBugs lists every failpoint that plants a bug.
func PlantedBugs() []Plant {
	return []Plant{
		{PlantUnconditionalWrite, "no-lost-update", "a write does not ask whether the record is as it was read"},
		{PlantAckBeforeSave, "closed-books", "the outbox forgets references before they are saved"},
		{PlantNoLoopbackControl, "no-echo", "the engine's own writes are captured, and equal content is written"},
		{PlantSeenStays, "true-outcome", "a write does not tell the target what it has seen, so that the next edit there is a conflict"},
		{PlantRefusedIsDone, "converged", "a row that business validation refused counts as written"},
		{PlantTimeoutIsDone, "fault-free", "a write without an answer counts as written"},
		{PlantLostNotSet, "no-lost-update", "an override does not tell which change of the target it overrode"},
		{PlantOneLife, "true-outcome", "a reference from before a delete counts for the record's next life"},
		{PlantUnmappedCounts, "true-outcome", "a change that touches no mapped column is captured"},
		{PlantPrimaryInverted, "primary-wins", "the other side's record wins a conflict"},
		{PlantNewerWins, "primary-wins", "the record with the higher version wins a conflict"},
		{PlantRiderEarly, "true-outcome", "an older reference is booked as superseded when a newer one comes in, before anybody looked whether it was overridden"},
		{PlantUnjudgedSettled, "no-lost-update", "a verdict settles what came in after its reads"},
		{PlantLookupForgotten, "converged", "a lookup that was left out of a circle is never filled in"},
		{PlantNoReassert, "converged", "nobody makes sure that the primary's record follows a reject"},
		{PlantCompanyLeftOut, "converged", "the company is left out of the key"},
		{PlantThrottledDropped, "closed-books", "items that met throttling leave the queue without an outcome"},
		{PlantRetryAfterIgnored, "limits-kept", "a side that asks for a pause gets none"},
		{PlantChildFirst, "reference-order", "a record is written before those that it looks up"},
		{PlantLookupUnchecked, "reference-order", "a write does not ask whether the looked-up records are still alive"},
		{PlantCircleDeadlock, "comes-to-rest", "records that look each other up wait for ever"},
		{PlantDeleteQueued, "delete-live", "a delete is queued like any other change"},
		{PlantMixedPasses, "mixed-rejected", "a transaction that mixes async and live maps is let through"},
		{PlantDismissedReturns, "dismissed-stays", "a dismissed item runs again"},
		{PlantPauseLoses, "closed-books", "references that come in during a pause are lost"},
		{PlantFallThrough, "no-phantom", "a value without a mapping is carried as it is"},
		{PlantOutcomeTwice, "sound-world", "an outcome is recorded twice"},
		{PlantFirstPageOnly, "comes-to-rest", "a large request of an operator ends with its first part"},
		{PlantNullIsNoChange, "converged", "a value that becomes null is not captured"},
		{PlantBadRowSpoilsBatch, "isolation", "one refused row parks its whole batch"},
		{PlantOldestStarves, "bounded", "the item that came last runs first"},
		{PlantNoLateCapture, "no-lost-update", "what went past the hook is not looked for"},
		{PlantWaitersForgotten, "comes-to-rest", "what waited for a record is not told that it is there"},
		{PlantLedgerForgotten, "sound-world", "after a crash nobody knows which changes have their outcomes"},
		{PlantRedelivered, "sound-world", "after a crash a reference that is delivered again is taken in again"},
		{PlantBackoffForEver, "comes-to-rest", "a failed attempt is never followed by another"},
		{PlantIntentUnsaved, "live-atomic", "a live transaction leaves no note before it writes the other side"},
		{PlantNotRestored, "live-atomic", "what a live transaction wrote is not undone when it fails"},
		{PlantSupersededRuns, "true-outcome", "a change that its own side has replaced is not told from one that travelled"},
		{PlantOneWayIsTwoWay, "no-echo", "a column that flows one way is carried the other way, too"},
		{PlantConflictRetried, "bounded", "a change that lost a conflict is tried again for ever"},
		{PlantLiveOrderSwapped, "live-atomic", "a live transaction commits before its rows are on the other side"},
		{PlantCoalesceAcross, "no-skip", "references that come together are taken for changes of one record"},
		{PlantNullUnhashed, "converged", "a value that becomes null past the hook does not change the fingerprint"},
		{PlantRetryUnread, "no-lost-update", "a retry writes what the attempt before had read, over whatever is there now"},
		{PlantDeletedReturns, "no-resurrection", "an update that is on its way does not hold up the live delete of its record, and brings it back"},
		{PlantMapOrder, "deterministic", "the items of a batch stand in the order of a Go map"},
		{PlantCommitUnsynced, "closed-books", "the store says that a commit is safe before it is on the disk"},
		{PlantKeysFold, "store-twin", "the SQLite store takes keys that differ in letter case for one"},
		{PlantCarriedAgain, "idempotent", "what an earlier attempt has carried is written once more"},
		{PlantMarksAnew, "monotonic", "a write begins the mark anew in the column groups that it leaves alone"},
		{PlantOwnClock, "clock-blind", "a side tells by its own clock whether a write comes too late"},
		{PlantFlightGivenUp, "crash-safe", "what was in flight when the process died is given up"},
		{PlantWrittenOn, "traffic-stops", "what was written is written again, as often as one attempt may"},
		{PlantRestPutOff, "torn-visible", "of the records that a transaction creates, all but the first are put off for an hour and a half"},
		{PlantEvenWins, "commute", "the record whose version is even wins a conflict"},
		{PlantFinOpsWins, "mirror", "the record of finance and operations wins a conflict"},
		{PlantFullBatchShort, "batch-blind", "the last item of a full batch counts as written and is not"},
		{PlantLiveUnlooked, "no-lost-update", "a live transaction does not look for what went past the hook of the side that it writes"},
		{PlantOlderUnasked, "no-lost-update", "a record that is older than the sync is written over, although the primary is to decide"},
		{PlantStopLoses, "closed-books", "references that come in while the job stops, or is stopped, are lost"},
		{PlantResyncOverlooks, "converged", "a resync leaves pairs as they are that differ"},
		{PlantQueueUnbounded, "limits-kept", "references are fetched as if the queue were empty"},
		{PlantDeskUnbounded, "limits-kept", "the error desk takes any number of requests, for any number of records"},
		{PlantFullForgotten, "bounded", "an outbox that had to wait for room is not asked again"},
		{PlantNeverGivenUp, "comes-to-rest", "what a side cannot do to a record, because somebody keeps it locked, is tried again for ever"},
		{PlantUntracedIsGone, "true-outcome", "a record of which its side knows nothing any more counts as one that was deleted"},
	}
}

// Plants lists the names of all failpoints that plant a bug.
func Plants() []string {
	bugs := PlantedBugs()
	names := make([]string, len(bugs))
	for i := range bugs {
		names[i] = bugs[i].Name
	}
	return names
}

// withoutNull is a planted bug: what is left of some groups when those of a record in
// which a value is null have no fingerprint.
func (m *TableMap) withoutNull(set GroupSet, r *Record) GroupSet {
	for g := range m.groups {
		for _, c := range m.groups[g].columns {
			if r.Values[c].Kind == KindNull {
				set &^= GroupSet(0).With(g)
			}
		}
	}
	return set
}

// remember is a planted bug: what an attempt has read and decided, kept for the next
// one.
func (c *Core) remember(f *flight) {
	if f.verdict.Carry == 0 || f.verdict.Late != NotLate || !c.bugs.hit(PlantRetryUnread) {
		return
	}
	if c.images == nil {
		c.images = map[laneID]flight{}
	}
	image := *f
	image.verdict.Outcomes = slices.Clone(f.verdict.Outcomes)
	c.images[f.lane] = image
}

// recall is the rest of it: what was read anew does not count, unless a newer
// reference has come.
func (c *Core) recall(f *flight) {
	image, kept := c.images[f.lane]
	delete(c.images, f.lane)
	if kept && len(image.verdict.Outcomes) == len(c.refs) {
		f.x, f.verdict = image.x, image.verdict
	}
}

// inMapOrder is a planted bug: the flights of a batch as a Go map yields them.
func (b *batch) inMapOrder() {
	byLane := make(map[laneID]flight, len(b.flights))
	for _, f := range b.flights {
		byLane[f.lane] = f
	}
	b.flights = b.flights[:0]
	for _, f := range byLane { //sim:unordered that is the bug
		b.flights = append(b.flights, f)
	}
}

// returns is a planted bug: whether a write brings back a record that was deleted.
func (w *Write) returns(now *Record) bool {
	return w.Kind == CarryWrite && now != nil && now.Mark.Dead && w.bugs.hit(PlantDeletedReturns)
}

// Late reports whether a write must not be carried out any more. Deadlines are told
// in the time of the engine's driver; own is what the clock of the side shows, which
// has no say.
func (w *Write) Late(now, own Time) bool {
	if w.bugs.hit(PlantOwnClock) {
		now = own
	}
	return now > w.Deadline
}

// putsOff is a planted bug: a new item that is not the first of its transaction waits
// for an hour and a half. It reports whether it does.
func (c *Core) putsOff(id laneID, r *Reference) bool {
	if r.Op != Create || r.Ordinal == 0 || !c.bugs.hit(PlantRestPutOff) {
		return false
	}
	l := c.pairs.lane(id)
	c.move(id, backoff)
	l.due = c.now.Add(90 * time.Minute)
	c.waiting.push(dueEntry{at: l.due, order: l.open[0].order, lane: id})
	return true
}

// fallsShort is a planted bug: whether an item of a batch is the last of a full one,
// which is taken for written.
func (c *Core) fallsShort(b *batch, item int) bool {
	return item > 0 && item == c.cfg.Batch-1 && len(b.flights) == c.cfg.Batch && c.bugs.hit(PlantFullBatchShort)
}
