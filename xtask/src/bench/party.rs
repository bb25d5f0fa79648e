//! Who is measured: bare scripts, and everything that runs jobs. Must not know what is measured of them.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::Plan;
use super::cluster::Cluster;
use super::hyperqueue::HyperQueue;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// `xargs -P` and `sh`: what the machine can do when nobody promises anything.
    Bare,
    Algoric,
    Slurm,
    HyperQueue,
}

impl Who {
    pub fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Algoric => "algoric",
            Self::Slurm => "slurm",
            Self::HyperQueue => "hyperqueue",
        }
    }

    /// Other people's software, which need not be there.
    pub fn is_peer(self) -> bool {
        matches!(self, Self::Slurm | Self::HyperQueue)
    }
}

/// One of them, ready to be measured. What it started ends with it.
pub enum Party {
    Bare(Bare),
    /// Speaks Slurm's language: ours, and Slurm itself.
    Cluster(Cluster),
    HyperQueue(HyperQueue),
}

impl Party {
    /// With a folder of its own for this `purpose`. `None` where it is not installed.
    ///
    /// Nothing is deleted before the whole bench is over: where ext4 has no journal, making a file is slow for some
    /// seconds after many others were deleted.
    pub fn start(who: Who, purpose: &str, plan: &Plan) -> Result<Option<Self>> {
        let folder = plan.folder.join(purpose).join(who.name());
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(match who {
            Who::Bare => Some(Self::Bare(Bare { folder })),
            Who::Algoric => Some(Self::Cluster(Cluster::algoric(&folder, &plan.binary)?)),
            Who::Slurm => Cluster::slurm(&folder)?.map(Self::Cluster),
            Who::HyperQueue => HyperQueue::find(&folder)?.map(Self::HyperQueue),
        })
    }

    pub fn who(&self) -> Who {
        match self {
            Self::Bare(_) => Who::Bare,
            Self::Cluster(cluster) => cluster.who,
            Self::HyperQueue(_) => Who::HyperQueue,
        }
    }
}

/// No engine at all.
pub struct Bare {
    pub folder: PathBuf,
}

/// Runs `command` `times` times, `at_once` of them at a time, by `xargs`; nothing of what they print is shown.
pub fn many(command: &Command, times: usize, at_once: usize) -> Result<()> {
    let mut xargs = Command::new("sh");
    xargs
        .args(["-c", "n=$1; p=$2; shift 2; seq \"$n\" | xargs -P \"$p\" -I{} \"$@\"", "many"])
        .args([times.to_string(), at_once.to_string()])
        .arg(command.get_program())
        .args(command.get_args())
        .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        xargs.current_dir(folder);
    }
    let status = xargs.status().context("cannot start xargs")?;
    ensure!(status.success(), "not all of {times} x {:?} succeeded ({status})", command.get_program());
    Ok(())
}
