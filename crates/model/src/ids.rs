//! Typed identifiers, so that a user is never taken for a job.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// The number of a job record. As in Slurm, an array has the id that `sbatch` printed, each of its tasks gets a
    /// further one when it leaves the array's record (the last one keeps the array's).
    JobId(u32)
);
id!(
    /// A Unix user.
    Uid(u32)
);
id!(
    /// A Unix group.
    Gid(u32)
);

impl Uid {
    /// The superuser.
    pub const ROOT: Uid = Uid(0);
}

/// One attempt to run one job record: what is started at most once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct RunId {
    /// The job record.
    pub job: JobId,
    /// 0 for the first start, one more after each requeue (`SLURM_RESTART_COUNT`).
    pub attempt: u32,
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.job, self.attempt)
    }
}

/// A step of a job, as `sacct` names it after the dot.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum StepId {
    /// The batch script itself.
    Batch,
    /// A step made by `srun`, counted from 0.
    Number(u32),
}

impl fmt::Display for StepId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StepId::Batch => f.write_str("batch"),
            StepId::Number(n) => fmt::Display::fmt(n, f),
        }
    }
}
