//! What the event table holds: the scheduler's events, and what else happened that people may ask about later.

use model::{Exit, JobId, JobState, Text, Time, Uid};
use scheduler::What;
use serde::{Deserialize, Serialize};

/// One line of history, as JSON in the table.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Fact {
    /// Something the scheduler folds into its state.
    Job(What),
    /// A step of `srun` started.
    StepBegan {
        /// The record it belongs to.
        job: JobId,
        /// The attempt.
        attempt: u32,
        /// Its number.
        step: u32,
        /// Its name.
        name: Text,
        /// Tasks.
        tasks: u32,
        /// CPUs.
        cpus: model::CpuSet,
        /// The process of `srun`, if it is known.
        #[serde(default)]
        pid: Option<u32>,
    },
    /// A step of `srun` ended.
    StepEnded {
        /// The record.
        job: JobId,
        /// The attempt.
        attempt: u32,
        /// Its number.
        step: u32,
        /// How.
        state: JobState,
        /// Its worst exit.
        exit: Exit,
    },
    /// The centre serves under this boot of the machine; starts that follow belong to it.
    Serving {
        /// `/proc/sys/kernel/random/boot_id`.
        boot_id: String,
    },
    /// Somebody changed projects, members or operators, or the centre itself did something worth keeping.
    Noted {
        /// Who.
        by: Uid,
        /// What, in English.
        text: String,
    },
}

/// One line of history with its date.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredEvent {
    /// When.
    pub at: Time,
    /// The submission concerned.
    pub base: Option<JobId>,
    /// What.
    pub fact: Fact,
    /// For a wish to depend on what had not ended then and has ended since: when it had.
    pub met: Option<Time>,
}
