//! The states of a job and the reasons why it waits, as the field names them.

use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $text:literal $(/ $short:literal)?),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them, in the order of this list.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// The long name, as commands print it.
            pub fn text(self) -> &'static str {
                match self { $($name::$variant => $text),* }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.text())
            }
        }
    };
}

named!(
    /// Where a job is in its life.
    JobState {
        /// Waits; see its [`Reason`].
        Pending => "PENDING",
        /// Its processes run.
        Running => "RUNNING",
        /// Its processes are stopped, its memory stays.
        Suspended => "SUSPENDED",
        /// Its end was ordered or seen, its processes are not all gone yet.
        Completing => "COMPLETING",
        /// Ended with exit code 0.
        Completed => "COMPLETED",
        /// Ended by a person.
        Cancelled => "CANCELLED",
        /// Ended with another exit code, or by a signal nobody here sent.
        Failed => "FAILED",
        /// Ended at its time limit.
        Timeout => "TIMEOUT",
        /// The machine or the job's supervisor failed under it.
        NodeFail => "NODE_FAIL",
        /// Ended to make place for more important work.
        Preempted => "PREEMPTED",
        /// Could not end before its deadline.
        Deadline => "DEADLINE",
        /// Took more memory than it had asked for.
        OutOfMemory => "OUT_OF_MEMORY",
        /// This attempt was ended to be tried again.
        Requeued => "REQUEUED",
    }
);

impl JobState {
    /// The two letters of `squeue %t`.
    pub fn short(self) -> &'static str {
        match self {
            JobState::Pending => "PD",
            JobState::Running => "R",
            JobState::Suspended => "S",
            JobState::Completing => "CG",
            JobState::Completed => "CD",
            JobState::Cancelled => "CA",
            JobState::Failed => "F",
            JobState::Timeout => "TO",
            JobState::NodeFail => "NF",
            JobState::Preempted => "PR",
            JobState::Deadline => "DL",
            JobState::OutOfMemory => "OOM",
            JobState::Requeued => "RQ",
        }
    }

    /// Whether nothing will follow this state.
    pub fn is_final(self) -> bool {
        !matches!(self, JobState::Pending | JobState::Running | JobState::Suspended | JobState::Completing)
    }
}

named!(
    /// Why a job waits, or ended as it did; the texts are Slurm's.
    Reason {
        /// Nothing to say.
        None => "None",
        /// Others go first.
        Priority => "Priority",
        /// Next, but the machine has not enough free.
        Resources => "Resources",
        /// Waits for other jobs.
        Dependency => "Dependency",
        /// What it waits for can no longer happen.
        DependencyNeverSatisfied => "DependencyNeverSatisfied",
        /// Its begin time is to come.
        BeginTime => "BeginTime",
        /// Its owner holds it.
        JobHeldUser => "JobHeldUser",
        /// An operator holds it.
        JobHeldAdmin => "JobHeldAdmin",
        /// Its array runs as many tasks as it allows itself.
        JobArrayTaskLimit => "JobArrayTaskLimit",
        /// Asks for more than its partition has.
        PartitionConfig => "PartitionConfig",
        /// Asks for longer than its partition allows.
        PartitionTimeLimit => "PartitionTimeLimit",
        /// Its partition is down.
        PartitionDown => "PartitionDown",
        /// Its partition starts nothing.
        PartitionInactive => "PartitionInactive",
        /// The machine is drained or down.
        NodeDown => "ReqNodeNotAvail",
        /// Its reservation has not begun, or is taken.
        Reservation => "Reservation",
        /// Its QOS allows no more at once for all.
        QosGrpCpuLimit => "QOSGrpCpuLimit",
        /// Its QOS allows its user no more CPUs at once.
        QosMaxCpuPerUser => "QOSMaxCpuPerUserLimit",
        /// Its QOS allows its user no more jobs at once.
        QosMaxJobsPerUser => "QOSMaxJobsPerUserLimit",
        /// Its project allows no more at once.
        AssocGrpCpuLimit => "AssocGrpCpuLimit",
        /// Its project's budget does not cover it.
        AssocGrpBillingLimit => "AssocGrpBillingMinutes",
        /// Ended with another exit code than 0.
        NonZeroExitCode => "NonZeroExitCode",
        /// Could not be launched, or was killed by a signal.
        JobLaunchFailure => "JobLaunchFailure",
        /// Reached its time limit.
        TimeLimit => "TimeLimit",
        /// Took more memory than it had asked for.
        OutOfMemory => "OutOfMemory",
        /// The machine or its supervisor failed.
        NodeFailure => "NodeDown",
        /// Could not end before its deadline.
        DeadLine => "DeadLine",
        /// Put back in the queue, held.
        RequeuedHeld => "job_requeued_in_held_state",
        /// The operator's prolog script failed.
        Prolog => "Prolog",
    }
);
