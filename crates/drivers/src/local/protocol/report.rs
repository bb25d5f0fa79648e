//! What the launcher tells the centre: what became of its runs, and what the machine lets it hold them to.
//! Must not know what the centre does with it.

use model::{Outcome, RunId, Text, Time, Usage};
use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::{Order, VERSION};

/// From the launcher to the centre.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Report {
    /// First of all, at every connection.
    Hello(Hello),
    /// The run's process exists, and passes its gate.
    Started {
        /// Which.
        run: RunId,
        /// The batch script's process.
        pid: u32,
        /// When.
        at: Time,
    },
    /// The run is over and nothing of it is left. Repeated at each [`Hello`] until forgotten.
    Ended {
        /// Which.
        run: RunId,
        /// How.
        end: End,
    },
    /// All its processes stand still.
    Suspended {
        /// Which.
        run: RunId,
    },
    /// They go on.
    Resumed {
        /// Which.
        run: RunId,
    },
    /// An operator's script failed, or the launcher itself. After a prolog, [`Report::Ended`] with
    /// [`Outcome::LaunchFailed`] follows; after [`HookKind::Launcher`], with [`Outcome::Lost`].
    HookFailed {
        /// Around which run.
        run: RunId,
        /// Which script, or whether it was none.
        hook: HookKind,
        /// How.
        error: String,
    },
    /// An order named a run that no slot has: it was never launched here, or is forgotten.
    Unknown {
        /// Which.
        run: RunId,
    },
    /// Something an operator should read.
    Fault {
        /// What, where.
        text: String,
    },
    /// Answers [`Order::Measure`].
    Measured {
        /// As it was ordered.
        number: u64,
        /// CPU time that the whole machine used since it started, in microseconds.
        busy_us: u64,
        /// Every run that is not over, with the CPU time that it has used, in microseconds, and the most memory that it
        /// had so far, in KiB. With cgroups the time is what it is at this moment, else what it was within the last second,
        /// as the memory.
        runs: Vec<(RunId, u64, u64)>,
    },
    /// Answers [`Order::Command`].
    Told {
        /// As it was ordered.
        number: u64,
        /// What it ended with; `None`: by a signal, or it was never started.
        code: Option<u8>,
        /// What it wrote, the first 256 KiB.
        output: Text,
        /// And what on its standard error, or why it was not started.
        complaint: Text,
    },
}

/// Who failed around a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum HookKind {
    /// The operator's script before the job.
    Prolog,
    /// The one after it.
    Epilog,
    /// Not an operator's script: the launcher itself, or a supervisor, could not.
    Launcher,
}

/// What the launcher knows when a centre connects.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Hello {
    /// [`VERSION`].
    pub version: u16,
    /// The launcher's process.
    pub pid: u32,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// How limits are kept on this machine.
    pub guarantees: Guarantees,
    /// Every run that is not forgotten.
    pub runs: Vec<RunReport>,
    /// So many slot files cannot be read: each may hold a run that is missing above, and may be running. While there is
    /// one, a run that is not reported was not surely never started. A [`Report::Fault`] names each.
    pub unreadable: u32,
}

/// One run and where it is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct RunReport {
    /// Which.
    pub run: RunId,
    /// Where it is.
    pub state: RunState,
}

/// Where a run is.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum RunState {
    /// A slot has it, its script has not started; a report will follow.
    Starting,
    /// Its script runs, or what it left is being cleared away.
    Running {
        /// The batch script's process.
        pid: u32,
        /// Since when.
        started: Time,
        /// Its processes were told to stand still.
        suspended: bool,
    },
    /// Over.
    Ended(End),
    /// The machine was rebooted under it.
    Rebooted {
        /// When it had started, if it had.
        started: Option<Time>,
    },
}

/// The end of a run.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct End {
    /// When its script had started; `None`: it had not.
    pub started: Option<Time>,
    /// When it was over; never before `started`, wherever the clock jumped.
    pub at: Time,
    /// How.
    pub outcome: Outcome,
    /// What its processes used, all together.
    pub usage: Usage,
}

/// The error of a run whose prolog did not go well.
pub(crate) const PROLOG_FAILED: &str = "the prolog failed";

impl End {
    /// Whether the run never began because the operator's prolog failed.
    pub fn prolog_failed(&self) -> bool {
        let failed = matches!(&self.outcome, Outcome::LaunchFailed { error, .. } if error == PROLOG_FAILED);
        failed && self.started.is_none()
    }
}

/// How limits are kept here.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Guarantees {
    /// Which kernel interface is used.
    pub cgroup: CgroupVersion,
    /// Cores: `true` a cpuset that the job cannot leave, `false` an affinity that it could change.
    pub cpuset: bool,
    /// Memory: `true` the kernel holds the limit at every instant, `false` it is measured every half second.
    pub memory: bool,
    /// Ends every process even when the job's supervisor was killed before it: `true` by cgroup, `false` by searching
    /// for the job's mark, which a process could take off.
    pub containment: bool,
    /// CPU time of every process, also of those nobody waited for.
    pub cpu_time: bool,
    /// Suspending: `true` by the freezer, `false` by SIGSTOP, which a job's owner could undo.
    pub freezer: bool,
    /// Jobs of every user (root), or of one.
    pub every_user: bool,
    /// Where the cgroups are, and why something is missing, for a person.
    pub notes: Vec<String>,
}

/// Which kernel interface keeps limits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum CgroupVersion {
    /// The unified tree.
    V2,
    /// One tree for each controller.
    V1,
    /// Neither can be used.
    None,
}
