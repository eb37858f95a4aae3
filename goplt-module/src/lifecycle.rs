//! The states of a module, and what leads from one to the next.

use std::fmt;

/// Where a module is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "the lifecycle is the contract with operators"
)]
pub enum ModuleState {
    /// It was given to the host.
    Discovered,
    /// The check of all modules together found nothing wrong.
    Validated,
    /// Its needs can be met: its turn in the order has come.
    Loaded,
    /// `init` has returned.
    Initialized,
    /// Its migrations are applied.
    Migrated,
    /// `on_start` has returned.
    Started,
    /// The host answers requests.
    Running,
    /// The host stops; the module still works.
    Stopping,
    /// `on_stop` has returned, or there was nothing to stop.
    Stopped,
    /// The check found something wrong.
    Rejected,
}

/// What moves a module on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Validate,
    Reject,
    Load,
    Initialize,
    Migrate,
    Start,
    Run,
    Stop,
    Finish,
}

/// A step that does not follow from the state: a mistake of the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a module that is {state} cannot {step:?}")]
pub(crate) struct InvalidStep {
    state: ModuleState,
    step: Step,
}

impl ModuleState {
    /// All of them, in the order of a life; `Rejected` last.
    pub const ALL: [Self; 10] = [
        Self::Discovered,
        Self::Validated,
        Self::Loaded,
        Self::Initialized,
        Self::Migrated,
        Self::Started,
        Self::Running,
        Self::Stopping,
        Self::Stopped,
        Self::Rejected,
    ];

    /// The state that `step` leads to.
    pub(crate) fn after(self, step: Step) -> Result<Self, InvalidStep> {
        match (self, step) {
            (Self::Discovered, Step::Validate) => Ok(Self::Validated),
            (Self::Discovered, Step::Reject) => Ok(Self::Rejected),
            (Self::Validated, Step::Load) => Ok(Self::Loaded),
            (Self::Loaded, Step::Initialize) => Ok(Self::Initialized),
            (Self::Initialized, Step::Migrate) => Ok(Self::Migrated),
            (Self::Migrated, Step::Start) => Ok(Self::Started),
            (Self::Started, Step::Run) => Ok(Self::Running),
            (Self::Started | Self::Running, Step::Stop) => Ok(Self::Stopping),
            // What never started has nothing to stop.
            (Self::Validated | Self::Loaded | Self::Initialized | Self::Migrated, Step::Stop) => {
                Ok(Self::Stopped)
            }
            (Self::Stopping, Step::Finish) => Ok(Self::Stopped),
            (state, step) => Err(InvalidStep { state, step }),
        }
    }

    /// In lower case: `running`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Discovered => "discovered",
            Self::Validated => "validated",
            Self::Loaded => "loaded",
            Self::Initialized => "initialized",
            Self::Migrated => "migrated",
            Self::Started => "started",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
            Self::Rejected => "rejected",
        }
    }
}

impl fmt::Display for ModuleState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_through_every_state_in_order() {
        let steps = [
            Step::Validate,
            Step::Load,
            Step::Initialize,
            Step::Migrate,
            Step::Start,
            Step::Run,
            Step::Stop,
            Step::Finish,
        ];
        let mut state = ModuleState::Discovered;
        let mut seen = vec![state];
        for step in steps {
            state = state.after(step).unwrap();
            seen.push(state);
        }
        assert_eq!(seen, ModuleState::ALL[..9]);
    }

    #[test]
    fn a_rejected_or_stopped_module_goes_nowhere() {
        for state in [ModuleState::Rejected, ModuleState::Stopped] {
            for step in [
                Step::Validate,
                Step::Load,
                Step::Start,
                Step::Run,
                Step::Stop,
                Step::Finish,
            ] {
                assert!(state.after(step).is_err(), "{state} {step:?}");
            }
        }
    }

    #[test]
    fn no_step_leads_backwards() {
        let all = [
            Step::Validate,
            Step::Reject,
            Step::Load,
            Step::Initialize,
            Step::Migrate,
            Step::Start,
            Step::Run,
            Step::Stop,
            Step::Finish,
        ];
        for state in ModuleState::ALL {
            for step in all {
                assert!(
                    state.after(step).is_ok_and(|next| next > state) || state.after(step).is_err()
                );
            }
        }
    }
}
