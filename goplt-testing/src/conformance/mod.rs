//! What every engine of a database must keep, as tests that any of them runs.
//!
//! `conformance!` makes a test of each scenario, for the engine that it is given:
//!
//! ```
//! # mod sqlite {
//! goplt_testing::conformance!(goplt_testing::conformance::Engine::sqlite());
//! # }
//! ```

#![expect(
    clippy::unwrap_used,
    reason = "a scenario that cannot go on has failed"
)]

#[doc(hidden)]
pub mod data;
mod engine;
#[doc(hidden)]
pub mod event;
#[doc(hidden)]
pub mod job;
#[cfg(feature = "postgres")]
#[doc(hidden)]
pub mod postgres;

pub use self::engine::{Engine, Ground};

/// Makes a test of each scenario for the [`Engine`] that the expression yields; where it yields
/// `None`, they are skipped.
#[macro_export]
macro_rules! conformance {
    ($engine:expr) => {
        $crate::__scenarios! { $engine;
            data::isolation {
                a_tenant_sees_and_changes_its_own_rows_only,
                a_host_transaction_sees_all_tenants,
                a_scope_of_another_mint_is_refused,
            }
            data::repo {
                a_row_is_found_and_deleted_by_its_own_tenant_only,
                a_change_counts_the_version_up_here_and_there,
                who_comes_second_is_told_and_overwrites_nothing,
                of_many_who_change_one_row_at_once_none_is_overwritten,
                a_row_that_is_gone_or_of_another_tenant_cannot_be_changed,
                a_list_goes_from_the_newest_to_the_oldest_of_its_tenant,
                a_page_that_no_list_has_is_a_bad_request,
                a_row_may_be_its_id_and_nothing_else,
            }
            data::transactions {
                a_transaction_reads_what_it_wrote,
                a_dropped_transaction_rolls_back,
                a_reader_sees_one_state_from_first_to_last_statement,
                a_read_transaction_refuses_to_write,
                what_a_write_returns_can_be_read,
                rows_come_in_the_order_that_was_asked_for,
                closing_waits_for_open_transactions_and_then_refuses,
                many_writers_and_readers_all_get_their_turn,
                work_that_fails_by_itself_is_not_run_again,
            }
            data::errors {
                each_rule_of_the_schema_is_told_with_its_name,
                a_violation_is_told_without_words_of_the_database,
                after_a_failed_statement_a_transaction_only_rolls_back,
                no_row_and_no_column_are_told_apart,
                what_cannot_be_stored_is_a_bad_argument,
                no_error_holds_a_value,
            }
            data::values {
                every_kind_of_value_comes_back,
                extremes_come_back,
                a_null_has_the_type_of_its_column,
                sums_and_averages_are_numbers,
                text_that_looks_like_a_number_stays_text,
                json_keeps_its_form,
            }
            data::waiting {
                the_deadline_interrupts_a_statement,
                a_connection_that_does_not_come_is_unavailable,
                a_deadline_that_passes_while_waiting_is_told,
            }
            data::cancellation {
                dropped_requests_leave_no_transaction_and_no_half_of_one,
                a_transaction_goes_no_further_than_a_statement_that_was_cut_off,
            }
            event::delivery {
                events_of_a_key_arrive_once_and_in_order,
                a_rolled_back_event_never_happened,
                the_envelope_tells_where_the_event_came_from,
                every_group_has_its_own_progress_and_a_late_one_gets_what_is_kept,
                two_runners_share_the_work_and_double_nothing,
                two_handlers_of_one_group_for_one_event_clash,
                a_transaction_opens_at_the_first_statement_of_its_handler,
                a_runner_that_lost_its_lease_cannot_commit,
            }
            event::failures {
                a_failing_handler_is_asked_again_and_its_key_waits,
                a_panicking_handler_is_asked_again_and_its_key_waits,
                a_hanging_handler_is_asked_again_and_its_key_waits,
                a_parked_key_waits_for_a_replay_and_the_others_go_on,
                a_purged_dead_letter_lets_its_key_go_on,
                a_skipped_event_is_a_dead_letter_and_its_key_goes_on,
                runners_dropped_anywhere_lose_and_double_nothing,
                two_runners_and_random_failures_keep_the_order_of_each_key,
            }
            event::sharing {
                they_are_handled_in_order_and_once_with_few_commits,
                a_poison_event_takes_nothing_of_the_others_with_it,
                a_panic_undoes_what_all_did_and_each_is_handled_alone,
                what_one_publishes_belongs_to_its_own_request,
                keys_of_one_tenant_share_and_those_of_another_do_not,
                a_poison_event_parks_its_key_and_no_other,
                two_runners_share_and_double_nothing,
            }
            job::running {
                a_job_runs_once_in_its_tenant,
                a_unique_key_is_taken_until_the_job_is_over,
                a_failed_job_is_tried_again_kept_and_retried_by_hand,
                a_permanent_failure_is_not_tried_again,
                a_job_waits_for_its_time,
                a_tenant_with_many_jobs_does_not_keep_the_others_waiting,
                a_job_that_outlives_its_lease_cannot_complete,
                runners_dropped_anywhere_lose_and_double_nothing,
            }
            job::schedules {
                two_runners_fire_once_for_each_time,
                missed_runs_are_made_once_or_each,
                a_run_is_left_out_while_the_one_before_is_not_over,
            }
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __scenarios {
    ($engine:expr; $($part:ident :: $module:ident { $($scenario:ident,)* })*) => {
        fn engine() -> Option<$crate::conformance::Engine> {
            $engine
        }
        $(mod $module {
            $(
                #[test]
                fn $scenario() {
                    let scenario = $crate::conformance::$part::$module::$scenario;
                    $crate::conformance::run(super::engine(), scenario);
                }
            )*
        })*
    };
}

/// Runs one scenario.
#[doc(hidden)]
pub fn run<F>(engine: Option<Engine>, scenario: impl FnOnce(Engine) -> F)
where
    F: Future<Output = ()>,
{
    let Some(engine) = engine else { return };
    // One thread: some scenarios move the time, and all of them must hold on it.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(scenario(engine));
}
