package engine_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// corner is one of the corner cases that the engine must get right.
type corner struct {
	what   string
	traces string // files of testdata, and tests of this package
	gap    string // what no trace shows, and why
}

// corners lists them all, by number from 1.
var corners = []corner{
	{what: "an echo leaks through the origin filter", traces: "leaked_echo_is_no_change plant_no_loopback_control_echoes loop_stopped_by_the_origin_tag_alone loop_stopped_by_the_known_number_alone loop_stopped_by_equal_content_alone check_of_an_echo_answers_for_the_latest_change TestLoopLayersStandAlone"},
	{what: "a user writes the same value", traces: "identical_value_is_no_change"},
	{what: "an unmapped column changes on the target", traces: "unmapped_edit_is_no_conflict"},
	{what: "a lost answer, and nobody else writes", traces: "lost_answer_carried_once"},
	{what: "a lost answer, and an edit on top", traces: "lost_answer_then_edit_on_target"},
	{what: "a late write after the take-over", traces: "late_write_is_refused late_write_of_a_dead_engine"},
	{what: "a late write between two reads", traces: "late_write_between_the_reads late_write_before_the_next_one"},
	{what: "a late write of a superseded item", traces: "late_write_of_a_superseded_change"},
	{what: "a crash between winner and loser", traces: "crash_between_the_winner_and_the_loser TestCrashAtEveryPoint"},
	{what: "the same edit on both sides", traces: "same_edit_on_both_sides same_change_in_two_codes refused_answer_of_a_rejected_change_is_made_up_for"},
	{what: "create on both sides", traces: "create_on_both_sides_equal create_on_both_sides_different create_on_both_sides_one_filtered"},
	{what: "create on both sides, one parked", traces: "create_meets_a_parked_create_of_the_primary create_meets_a_parked_create_of_the_secondary found_equal_leaves_the_desk"},
	{what: "three edits here, two there", traces: "interleaved_edits_conflict_once interleaved_edits_secondary_first"},
	{what: "rejected for a change that was dismissed", traces: "rejected_after_the_winner_was_dismissed"},
	{what: "the re-assert is refused", traces: "failing_reassert_parks"},
	{what: "the winner is dismissed after the reject", traces: "winner_dismissed_after_the_reject dismissed_winner_is_listed_and_resynced"},
	{what: "a retry after a newer change", traces: "retry_after_a_newer_change live_change_clears_the_error_desk"},
	{what: "limits of the error desk", traces: "desk_needs_an_active_job desk_takes_as_much_as_it_may desk_request_concerns_what_it_selects desk_request_by_the_time_of_the_failure desk_waits_for_the_end_of_a_pause TestDeskTakesFiveRequestsAtMost TestDeskRequestConcernsTenThousandRecordsAtMost"},
	{what: "a thousand children of a parked parent", traces: "retry_releases_a_thousand_children desk_retry_releases_dependants"},
	{what: "parent and child in the wrong order", traces: "child_before_parent_by_a_commit_race parent_and_child_in_a_wrong_order child_before_parent_in_the_outbox"},
	{what: "circles of one, two and three, across companies", traces: "self_lookup_in_two_steps circle_of_two_lookups circle_of_three_lookups circle_of_three_survives_a_crash circle_across_companies circle_of_nothing_but_lookups"},
	{what: "a parent deleted while its child is pending", traces: "parent_deleted_while_its_child_is_pending delete_of_a_parked_parent"},
	{what: "a lookup changed after it was queued", traces: "lookup_changed_while_queued lookup_changed_to_one_that_is_not_there_yet lookup_overridden_before_it_is_heard_of lookup_overridden_by_a_lost_answer lookup_overridden_by_an_item_that_parks"},
	{what: "a unique value handed over, and swapped", traces: "unique_value_freed_by_a_later_row unique_values_move_up_a_chain unique_values_swapped unique_value_of_a_parked_giver unique_value_taken_before_it_is_known_to_be_free unique_value_handed_over_in_capture_order swap_of_unique_values_parks TestUniqueValueSchedules"},
	{what: "a delete while an item is in flight", traces: "delete_waits_for_the_item_in_flight delete_gives_up_on_the_item_in_flight"},
	{what: "a late reference from before a delete", traces: "late_reference_from_before_a_delete late_reference_from_an_earlier_life overruled_edit_is_heard_of_in_a_later_life delete_clears_the_error_desk"},
	{what: "deleted and created again", traces: "deleted_then_created_again deleted_then_created_on_the_other_side deleted_then_created_on_both_sides"},
	{what: "a delete that does not commit", traces: "delete_undone_restores_the_other_side delete_of_a_record_that_never_travelled_is_undone delete_cut_off_by_a_crash delete_committed_before_the_crash delete_in_doubt delete_undone_under_an_old_write"},
	{what: "a delete against an unsynced update", traces: "delete_overrules_unseen_change delete_wins_over_the_primary delete_refused_for_unseen_primary_change delete_refused_for_what_passed_the_hook delete_overrules_what_passed_the_hook"},
	{what: "delete and update, or create, in one transaction", traces: "delete_beside_an_update refused_delete_takes_the_update_with_it operations_on_one_record_are_one_change TestOperationsFold"},
	{what: "a target that vanished", traces: "vanished_target_is_created_again vanished_target_gets_its_circle_back vanished_parent_is_pulled"},
	{what: "a mixed transaction leaves nothing", traces: "mixed_transaction_is_refused filtered_rows_do_not_mix"},
	{what: "a mode switched between write and commit", traces: "mode_changes_after_the_last_live_write job_changes_only_when_stopped"},
	{what: "outbox positions that commit out of order", traces: "outbox_position_filled_late"},
	{what: "taken in twice after a crash", traces: "crash_before_the_acknowledgement crash_before_the_save answers_and_notifications_come_twice acknowledged_positions_are_forgotten"},
	{what: "a gap that stays", traces: "outbox_gap_that_stays"},
	{what: "as many changes as a batch takes", traces: "as_many_changes_as_a_batch"},
	{what: "a pause during a back-off", traces: "pause_during_backoff"},
	{what: "a lost wake-up", traces: "failure_is_tried_again_by_itself lost_notification_is_made_good"},
	{what: "the same need twice", traces: "two_lookups_of_one_record"},
	{what: "hash slots that collide", traces: "unique_values_of_one_hash TestUniqueValueSchedules"},
	{what: "long chain, wide fan, parked in the middle", traces: "chain_and_fan_with_a_parked_middle"},
	{what: "a record that changes faster than it is carried", traces: "hot_record_is_carried restless_record_uses_up_an_attempt restless_record_past_the_hook aged_reference_answers_for_its_change_alone"},
	{what: "the sequence changes while items wait", traces: "sequence_changed_while_pending job_changes_only_when_stopped"},
	{what: "throttling on one side", traces: "throttled_side_is_asked_for_nothing throttled_under_batches_that_have_begun throttled_undo_waits throttled_undos_follow_one_by_one throttled_side_is_left_alone throttled_writes_follow_one_by_one TestThrottledPullWaits", gap: "that the other direction keeps flowing, which is impossible: each of its items reads the throttled side, and a pause is kept by all requests; what flows is the intake of the side that asks for nothing"},
	{what: "one bad row of a thousand", traces: "one_bad_row_of_a_thousand one_bad_row"},
	{what: "a row that kills the engine", traces: "item_that_kills_the_engine_parks death_costs_what_was_in_flight"},
	{what: "a target that normalises", traces: "canonical_form_is_no_change lossy_target_plays_no_ping_pong normalising_sides_play_no_ping_pong answer_of_one_side_is_carried_back"},
	{what: "two normalisers that disagree", traces: "sides_that_answer_each_other_are_quarantined growing_answers_are_quarantined TestUsersTakeTurns TestTurnsWithoutPauseAreLogic"},
	{what: "entering and leaving the filter while pending", traces: "leaving_while_pending entering_against_the_primary leaving_the_filter_leaves_the_other_side leaving_deletes_the_other_side leaving_is_undone"},
	{what: "a side restored from a backup", traces: "restored_side_waits_for_a_resync restored_side_counts_up_to_what_was_forgotten restored_primary_waits_for_a_resync restored_side_of_a_live_map_is_told tombstone_of_the_other_side_is_not_written_over", gap: "pairs in which users of live maps, or of columns that flow one way, have made as many changes as the side has forgotten: no mark can tell, an alert says that the side was restored, and a resync finds them; a side that is restored while the engine is down, or that was told no order since its backup, as where all maps are live, is known by its marks alone"},
	{what: "one key in two companies", traces: "companies_stripe_pairs"},
	{what: "null, empty, absent; keys that fold", traces: "null_and_empty_differ uncaptured_null_is_captured_late keys_that_fold_together key_forms_meet key_forms_that_count key_with_a_refused_character live_key_is_refused"},
	{what: "clocks that jump", traces: "clock_of_the_driver_jumps"},
	{what: "initial sync beside changes", traces: "initial_sync_beside_edits initial_sync_beside_live_changes initial_sync_survives_a_crash initial_sync_with_partial_overlap interim_primary_steps_back initial_sync_leaves_errors_on_the_desk initial_sync_carries_only_so_many_rows initial_sync_waits_for_a_side_that_is_down created_again_past_the_hook TestInitialSyncIsRefused TestPrerequisitesComeFirst"},
	{what: "operations on whole sets", traces: "set_wide_operations_are_found_by_initial_sync"},
	{what: "the engine's store restored to an older state", traces: "store_restored_to_an_older_state store_forgets_a_live_delete store_forgets_a_delete_that_committed store_forgets_that_a_job_was_stopped TestSchedules TestOlderStoreMustBeNoticed", gap: "an engine that dies, is backed up again or loses two pulls before it has heard from both sides; a store that has forgotten live transactions alone, which have no order; live writes that a restored store has forgotten and that did not commit: the primary's record wins; a store that has forgotten outcomes and nothing else, which does no harm"},
	{what: "a tombstone that has expired", traces: "late_reference_after_its_tombstone_expired"},
	{what: "a value map changed while items wait", traces: "value_map_changes_while_pending late_write_under_a_changed_value_map"},
	{what: "the primary changes while a conflict is pending", traces: "primary_changes_while_a_conflict_is_pending"},
	{what: "an unmapped column changes before processing", traces: "unmapped_edit_is_no_conflict"},
	{what: "touch and undo, and an edit", traces: "touch_and_undo_meets_an_edit"},
	{what: "a lost answer, and an undo", traces: "undo_after_a_lost_answer"},
	{what: "a late create after a delete", traces: "late_create_after_a_delete late_create_under_a_delete"},
	{what: "deleted and created again under an old write", traces: "created_again_under_an_old_write"},
	{what: "the first edit after skipping initial sync", traces: "first_edit_after_skipping_initial_sync first_edit_of_one_field_after_skipping_initial_sync one_way_column_of_a_record_older_than_the_sync unlinked_records_and_the_primary"},
	{what: "one-way columns on both sides", traces: "one_way_columns_on_both_sides one_way_columns_under_the_other_primary edit_against_the_flow_stays"},
	{what: "an edit of a half-written record", traces: "half_written_lookup_is_not_sent_back half_written_circle_meets_a_conflict"},
	{what: "out of the filter and back, edits on both sides", traces: "leave_and_enter_with_edits_on_both_sides leaving_and_creates_on_the_other_side what_was_undone_out_of_scope_is_no_change"},
	{what: "a power loss after the acknowledgement", traces: "power_loss_after_the_acknowledgement"},
	{what: "a parent deleted between lookup and write", traces: "parent_deleted_between_lookup_and_write"},
	{what: "a delete undone with unseen edits", traces: "delete_undone_with_unseen_edits restored_without_what_has_no_mapping hidden_delete_undone_loses_nothing created_past_the_hook_over_a_delete_that_is_undone created_over_a_hidden_delete_past_the_hook hidden_delete_commits key_is_busy_while_its_delete_is_open"},
	{what: "a live write undone, and another edit", traces: "live_write_undone_and_edited_again live_write_in_doubt undo_leaves_what_flows_the_other_way create_over_a_held_record_is_undone create_over_a_held_record_commits edit_over_an_undone_create_stays edit_of_an_undone_create_ends_its_life undone_live_write_with_a_change_past_the_hook_on_top undone_over_a_later_life"},
	{what: "a re-assert before the captured reference", traces: "conflict_secondary_rejected interleaved_edits_secondary_first"},
	{what: "a crash after the late capture", traces: "crash_after_the_late_capture"},
	{what: "an uncaptured column beside a captured one", traces: "uncaptured_column_beside_a_captured_one uncaptured_field_beside_a_captured_one live_change_takes_what_passed_the_hook_along live_write_over_what_passed_the_hook"},
	{what: "fingerprints of another map version", traces: "new_map_version_renews_fingerprints"},
	{what: "overridden and carried in one reference", traces: "overridden_and_carried_in_one_reference rejected_and_carried_in_one_reference superseded_in_the_rejected_column"},
	{what: "the primary changes with a write under way", traces: "primary_changes_with_a_write_under_way primary_changes_after_a_crash"},
}

// TestCornersAreAccountedFor checks that every corner case has its traces, or
// says why not.
func TestCornersAreAccountedFor(t *testing.T) {
	t.Parallel()
	if len(corners) != 79 {
		t.Errorf("%d corner cases are listed, of 79", len(corners))
	}
	tests := testNames(t)
	for i, c := range corners {
		if c.traces == "" && c.gap == "" {
			t.Errorf("case %d, %s: no trace, and no reason", i+1, c.what)
		}
		for name := range strings.FieldsSeq(c.traces) {
			if _, err := os.Stat(filepath.Join("testdata", name)); err != nil && !strings.Contains(tests, "func "+name+"(t *testing.T)") {
				t.Errorf("case %d, %s: there is neither a trace nor a test %s", i+1, c.what, name)
			}
		}
	}
}

func testNames(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(text)
	}
	return all.String()
}

// TestTracesExpect checks that every trace ends with what somebody expected, and
// that no expectation was renewed into a failure: its output is "ok".
func TestTracesExpect(t *testing.T) {
	t.Parallel()
	files, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join("testdata", f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if fault := unexpected(string(text)); fault != "" {
			t.Errorf("%s: %s", f.Name(), fault)
		}
	}
	if len(files) < 100 {
		t.Errorf("only %d traces", len(files))
	}
}

// unexpected tells what is wrong with the expectations of a trace, if anything.
func unexpected(trace string) string {
	_, last, found := strings.Cut(trace, "\nexpect\n")
	if !found {
		return "it expects nothing"
	}
	for {
		if !strings.HasPrefix(trace, "#") {
			return "it does not say what it tells"
		}
		block, rest, more := strings.Cut(last, "\nexpect\n")
		lines, output, ok := strings.Cut(block, "\n----\n")
		switch {
		case !ok || strings.TrimSpace(lines) == "" || strings.HasPrefix(lines, "----"):
			return "it expects nothing in one place"
		case output != "ok\n" && !strings.HasPrefix(output, "ok\n\n"):
			return "an expectation is broken: " + output
		case !more && output != "ok\n":
			return "what comes after the last expectation is not expected"
		case !more:
			return ""
		}
		last = rest
	}
}

func TestUnexpectedTracesAreNoticed(t *testing.T) {
	t.Parallel()
	for trace, want := range map[string]string{
		"# a\nrun\n----\nok\n":                                                                     "it expects nothing",
		"# a\nrun\n----\nok\n\nexpect\n----\nok\n":                                                 "it expects nothing in one place",
		"# a\nrun\n----\nok\n\nexpect\nopen 0\n----\nbroken: open 0\n  got 1\n":                    "an expectation is broken: broken: open 0\n  got 1\n",
		"# a\nrun\n----\nok\n\nexpect\nopen 0\n----\nok\n\nrun\n----\nok\n":                        "what comes after the last expectation is not expected",
		"run\n----\nok\n\nexpect\nopen 0\n----\nok\n":                                              "it does not say what it tells",
		"# a\nrun\n----\nok\n\nexpect\nopen 0\n----\nok\n\nexpect\nopen 0\n----\nno\n":             "an expectation is broken: no\n",
		"# a\nrun\n----\nok\n\nexpect\nopen 0\n----\nok\n\nexpect\nopen 0\n----\nok\n":             "",
		"# a\nrun\n----\nok\n\nexpect\nopen 0\n----\nok\n\nrun\n----\nok\n\nexpect\nx\n----\nok\n": "",
	} {
		if got := unexpected(trace); got != want {
			t.Errorf("%q: %q, expected %q", trace, got, want)
		}
	}
}
