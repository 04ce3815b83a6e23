package engine_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/twinwrite/twinwrite/engine"
)

// noticedBy tells, for each planted bug, what notices it: a mixture of random
// schedules, whose judge knows nothing of the bug, or a trace, whose expectations
// it breaks. Both may need a store in a file. What one run cannot show is noticed
// when a schedule is run twice, and what needs clocks or a long time only in a world.
var noticedBy = map[string]string{
	engine.PlantUnconditionalWrite: "mixture crashes",
	engine.PlantAckBeforeSave:      "mixture crashes",
	engine.PlantNoLoopbackControl:  "mixture crashes",
	engine.PlantSeenStays:          "mixture edits",
	engine.PlantRefusedIsDone:      "mixture all",
	engine.PlantTimeoutIsDone:      "mixture losses",
	engine.PlantLostNotSet:         "mixture edits",
	engine.PlantOneLife:            "trace late_reference_from_an_earlier_life",
	engine.PlantUnmappedCounts:     "trace identical_value_is_no_change",
	engine.PlantPrimaryInverted:    "mixture edits",
	engine.PlantNewerWins:          "mixture edits",
	engine.PlantRiderEarly:         "mixture edits",
	engine.PlantUnjudgedSettled:    "mixture edits",
	engine.PlantLookupForgotten:    "mixture edits",
	engine.PlantNoReassert:         "trace rejected_after_the_winner_was_dismissed",
	engine.PlantCompanyLeftOut:     "trace companies_stripe_pairs",
	engine.PlantThrottledDropped:   "mixture losses",
	engine.PlantRetryAfterIgnored:  "mixture losses",
	engine.PlantChildFirst:         "mixture edits",
	engine.PlantLookupUnchecked:    "trace parent_deleted_between_lookup_and_write",
	engine.PlantCircleDeadlock:     "mixture edits",
	engine.PlantDeleteQueued:       "mixture deletes",
	engine.PlantMixedPasses:        "trace mixed_transaction_is_refused",
	engine.PlantDismissedReturns:   "trace desk_dismissed_never_runs_again",
	engine.PlantPauseLoses:         "trace pause_queues_and_catches_up",
	engine.PlantFallThrough:        "trace unmapped_value_parks",
	engine.PlantOutcomeTwice:       "mixture edits",
	engine.PlantFirstPageOnly:      "trace desk_request_of_several_parts",
	engine.PlantNullIsNoChange:     "trace null_and_empty_differ",
	engine.PlantBadRowSpoilsBatch:  "trace one_bad_row",
	engine.PlantOldestStarves:      "trace items_run_in_capture_order",
	engine.PlantNoLateCapture:      "mixture bypass",
	engine.PlantWaitersForgotten:   "mixture edits",
	engine.PlantLedgerForgotten:    "mixture all",
	engine.PlantRedelivered:        "mixture crashes",
	engine.PlantBackoffForEver:     "mixture losses",
	engine.PlantIntentUnsaved:      "mixture live",
	engine.PlantNotRestored:        "mixture live",
	engine.PlantSupersededRuns:     "trace edits_coalesce",
	engine.PlantOneWayIsTwoWay:     "trace one_way_columns_on_both_sides",
	engine.PlantConflictRetried:    "trace conflict_secondary_rejected",
	engine.PlantLiveOrderSwapped:   "trace live_write_all_or_nothing",
	engine.PlantCoalesceAcross:     "trace items_run_in_capture_order",
	engine.PlantNullUnhashed:       "trace uncaptured_null_is_captured_late",
	engine.PlantRetryUnread:        "trace lost_answer_then_edit_on_target",
	engine.PlantDeletedReturns:     "trace late_create_after_a_delete",
	engine.PlantMapOrder:           "twice edits",
	engine.PlantCommitUnsynced:     "file mixture crashes",
	engine.PlantKeysFold:           "file trace key_forms_that_count",
	engine.PlantCarriedAgain:       "mixture losses",
	engine.PlantMarksAnew:          "mixture all",
	engine.PlantOwnClock:           "world clock-blind",
	engine.PlantFlightGivenUp:      "mixture crashes",
	engine.PlantWrittenOn:          "mixture edits",
	engine.PlantRestPutOff:         "world torn-visible",
	engine.PlantEvenWins:           "mixture edits",
	engine.PlantFinOpsWins:         "mixture edits",
	engine.PlantFullBatchShort:     "mixture edits",
	engine.PlantLiveUnlooked:       "mixture live",
	engine.PlantOlderUnasked:       "trace unlinked_records_and_the_primary",
	engine.PlantStopLoses:          "trace stopped_job_takes_in_what_was_captured",
	engine.PlantResyncOverlooks:    "trace resync_carries_what_no_mark_tells",
	engine.PlantDeskUnbounded:      "trace desk_takes_as_much_as_it_may",
	engine.PlantQueueUnbounded:     "trace full_queue_leaves_changes_in_the_outbox",
	engine.PlantFullForgotten:      "trace full_queue_leaves_changes_in_the_outbox",
	engine.PlantNeverGivenUp:       "world comes-to-rest",
	engine.PlantUntracedIsGone:     "trace late_reference_after_its_tombstone_expired",
}

// TestPlantedBugsAreNoticed plants each bug in turn.
func TestPlantedBugsAreNoticed(t *testing.T) {
	t.Parallel()
	bugs := engine.PlantedBugs()
	if len(bugs) != len(noticedBy) {
		t.Errorf("%d bugs can be planted, and %d have somebody who notices", len(bugs), len(noticedBy))
	}
	for _, bug := range bugs {
		t.Run(strings.TrimPrefix(bug.Name, "engine/"), func(t *testing.T) {
			t.Parallel()
			if bug.Property == "" || bug.Bug == "" {
				t.Errorf("%+v", bug)
			}
			by, file := noticedBy[bug.Name], ""
			if rest, filed := strings.CutPrefix(by, "file "); filed {
				by, file = rest, t.TempDir()
			}
			how, where, _ := strings.Cut(by, " ")
			switch how {
			case "mixture":
				schedulesNotice(t, bug.Name, where, file)
			case "trace":
				traceNotices(t, bug.Name, where, file)
			case "twice":
				secondRunNotices(t, bug.Name, where)
			case "world": // with clocks and time of its own: scenarios/check plants it
				if where != bug.Property {
					t.Errorf("a world notices by %s, and %s must break", where, bug.Property)
				}
			default:
				t.Error("nobody notices")
			}
		})
	}
}

func schedulesNotice(t *testing.T, bug, mixture, folder string) {
	t.Helper()
	const most = 4000
	for seed := range most {
		s := drawSchedule(seed, mixture)
		if folder != "" {
			s.file = filepath.Join(folder, strconv.Itoa(seed))
		}
		if _, err := s.run(plants{bug: true}, map[string]int{}); err != nil {
			first, _, _ := strings.Cut(err.Error(), "\n")
			t.Logf("seed %d: %s", seed, first)
			return
		}
	}
	t.Errorf("%d schedules did not notice", most)
}

// secondRunNotices runs schedules twice, and looks for one that tells two stories.
func secondRunNotices(t *testing.T, bug, mixture string) {
	t.Helper()
	const most = 200
	for seed := range most {
		s := drawSchedule(seed, mixture)
		one, _ := s.run(plants{bug: true}, map[string]int{})
		two, _ := s.run(plants{bug: true}, map[string]int{})
		if one != two {
			t.Logf("seed %d tells two stories", seed)
			return
		}
	}
	t.Errorf("%d schedules told the same story twice", most)
}

func drawSchedule(seed int, mixture string) schedule {
	s := draw(rand.New(rand.NewPCG(uint64(seed), 1)), mixtures[mixture])
	if mixture == "live" {
		s.live, s.mapping = true, mapping{}
	}
	return s
}

// traceNotices carries out a trace, and listens only to its expectations and
// accounts.
func traceNotices(t *testing.T, bug, name, folder string) {
	t.Helper()
	for _, planted := range []plants{{}, {bug: true}} {
		file := folder
		if folder != "" {
			file = filepath.Join(folder, strconv.FormatBool(planted[bug]))
		}
		broken := expectations(t, planted, name, file)
		if noticed := broken != ""; noticed != planted[bug] {
			t.Errorf("planted %v: %s", planted, broken)
		}
	}
}

// listener takes note of the first failure of a trace.
type listener struct {
	testing.TB
	broken string
}

// stop ends a trace that cannot go on.
type stop struct{}

func (l *listener) Errorf(format string, args ...any) {
	if l.broken == "" {
		l.broken = fmt.Sprintf(format, args...)
	}
}

func (l *listener) Fatalf(format string, args ...any) {
	l.Errorf(format, args...)
	panic(stop{})
}

func (l *listener) Fatal(args ...any) { l.Fatalf("%s", fmt.Sprint(args...)) }

func (l *listener) Error(args ...any) { l.Errorf("%s", fmt.Sprint(args...)) }

// expectations runs a trace without looking at its output, and returns the first
// expectation that is broken.
func expectations(t *testing.T, planted plants, name, file string) string {
	t.Helper()
	l := &listener{TB: t}
	e := newEnvironment(l)
	e.planted, e.file = planted, file
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	datadriven.RunTestFromString(t, string(text), func(_ *testing.T, d *datadriven.TestData) (output string) {
		if output = d.Expected; l.broken != "" {
			return output
		}
		defer func() {
			if p := recover(); p != nil {
				l.Errorf("%v", p) // a broken rule, or stop after another failure
			}
		}()
		e.trace.Reset()
		e.directive(d)
		return output
	})
	if l.broken == "" {
		e.accounts.check(l)
	}
	e.closeStore()
	return l.broken
}
