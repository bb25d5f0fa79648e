//! `[cluster]`: who runs the jobs: this machine's own engine, or a Slurm. Must not know how a Slurm is asked.

use std::{path::PathBuf, time::Duration};

use drivers::slurm::Slurm;
use scheduler::power::Power;
use serde::Deserialize;

/// Who decides which job starts where.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// The centre itself, on its one machine.
    #[default]
    Embedded,
    /// A Slurm cluster. What the embedded engine had running when the cluster came ends where it is.
    Slurm,
}

/// `[cluster]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSection {
    /// Who runs the jobs.
    pub engine: Engine,
    /// The folder of Slurm's commands, where the search path does not have them.
    pub commands: Option<PathBuf>,
    /// The cluster's `slurm.conf`, where it is not the system's own.
    pub conf: Option<PathBuf>,
    /// Seconds between two looks at the queue, at least; with many jobs they are more.
    pub queue_seconds: u32,
    /// Seconds between two looks at the accounting, at most.
    pub usage_seconds: u32,
    /// Each look at the accounting reads so many minutes again.
    pub overlap_minutes: u32,
    /// Whether Slurm's associations are made what projects, members and budgets here say, by themselves.
    pub associations: bool,
    /// When machines are on: `predictive=60s` (so many seconds more may a job wait in the mean); else Slurm's own
    /// `SuspendTime` decides alone.
    pub power: Option<String>,
    /// Seconds from the order to come up until a machine takes jobs.
    pub boot: u32,
    /// Types of machines, as the tariffs name them; what is none of these is `[money] machine`.
    #[serde(rename = "type")]
    pub types: Vec<TypeSection>,
}

/// `[[cluster.type]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeSection {
    /// Its machines (`n[1-3]`).
    pub nodes: String,
    /// What the tariffs call it.
    pub machine: String,
}

impl Default for ClusterSection {
    fn default() -> Self {
        Self {
            engine: Engine::Embedded,
            commands: None,
            conf: None,
            queue_seconds: 3,
            usage_seconds: 15,
            overlap_minutes: 60,
            associations: false,
            power: None,
            boot: 180,
            types: Vec::new(),
        }
    }
}

/// A command of Slurm that says nothing for so long has nobody to talk to.
const PATIENCE: Duration = Duration::from_secs(120);

impl ClusterSection {
    /// How much longer jobs may wait in the mean where machines are switched by forecast, in seconds.
    ///
    /// # Errors
    /// The key, and what it may say.
    pub(crate) fn patience(&self) -> Result<Option<u32>, (String, String)> {
        match self.power.as_deref().map(str::parse) {
            None => Ok(None),
            Some(Ok(Power::Predictive { patience_s })) if self.engine == Engine::Slurm => Ok(Some(patience_s)),
            Some(_) => Err((
                "cluster: power".to_owned(),
                "say predictive or predictive=60s, with engine = \"slurm\"; when machines are idle for a fixed time is \
                 Slurm's own SuspendTime"
                    .to_owned(),
            )),
        }
    }

    /// Slurm's commands as this file means them.
    pub fn slurm(&self) -> Slurm {
        Slurm { folder: self.commands.clone(), conf: self.conf.clone(), limit: PATIENCE }
    }
}
