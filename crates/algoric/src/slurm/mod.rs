//! The Slurm front ends: what this program is when it is called `sbatch`, `squeue`, … Each reads its command line with
//! `dialect`, asks the centre, and prints what `dialect` makes of the answer. Texts and exit codes are Slurm's.
//!
//! They are started hundreds of times a second: nothing is read or looked up that the answer does not need.

mod advice;
mod allocation;
mod asked;
mod caller;
mod clusters;
mod login;
mod processes;
mod refused;
mod sacct;
mod sacctmgr;
mod salloc;
mod sattach;
mod sbatch;
mod sbcast;
mod scancel;
mod scontrol;
mod sdiag;
mod seff;
mod sinfo;
mod sprio;
mod squeue;
mod srun;
mod sshare;
mod sstat;

use std::{
    ffi::{OsStr, OsString},
    path::Path,
};

use dialect::refusal::Refusal;

use self::caller::Caller;
use crate::console;

/// One of the commands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FrontEnd {
    /// Submits a batch job.
    Sbatch,
    /// Shows the queue.
    Squeue,
    /// Ends or signals jobs.
    Scancel,
    /// Shows partitions and machines.
    Sinfo,
    /// Shows the accounts.
    Sacct,
    /// Shows and changes everything else.
    Scontrol,
    /// Runs a step inside a job.
    Srun,
    /// Allocates without a script.
    Salloc,
    /// Shows what priorities are made of.
    Sprio,
    /// Shows shares and use.
    Sshare,
    /// Shows what running steps use.
    Sstat,
    /// Shows how the scheduler does.
    Sdiag,
    /// Shows projects, members, qualities of service.
    Sacctmgr,
    /// Shows how well a job used what it had.
    Seff,
    /// Refuses triggers.
    Strigger,
    /// Looks at a running step.
    Sattach,
    /// Copies a file to where a job runs.
    Sbcast,
}

impl FrontEnd {
    /// All of them.
    pub const ALL: [FrontEnd; 17] = [
        FrontEnd::Sbatch,
        FrontEnd::Squeue,
        FrontEnd::Scancel,
        FrontEnd::Sinfo,
        FrontEnd::Sacct,
        FrontEnd::Scontrol,
        FrontEnd::Srun,
        FrontEnd::Salloc,
        FrontEnd::Sprio,
        FrontEnd::Sshare,
        FrontEnd::Sstat,
        FrontEnd::Sdiag,
        FrontEnd::Sacctmgr,
        FrontEnd::Seff,
        FrontEnd::Strigger,
        FrontEnd::Sattach,
        FrontEnd::Sbcast,
    ];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            FrontEnd::Sbatch => "sbatch",
            FrontEnd::Squeue => "squeue",
            FrontEnd::Scancel => "scancel",
            FrontEnd::Sinfo => "sinfo",
            FrontEnd::Sacct => "sacct",
            FrontEnd::Scontrol => "scontrol",
            FrontEnd::Srun => "srun",
            FrontEnd::Salloc => "salloc",
            FrontEnd::Sprio => "sprio",
            FrontEnd::Sshare => "sshare",
            FrontEnd::Sstat => "sstat",
            FrontEnd::Sdiag => "sdiag",
            FrontEnd::Sacctmgr => "sacctmgr",
            FrontEnd::Seff => "seff",
            FrontEnd::Strigger => "strigger",
            FrontEnd::Sattach => "sattach",
            FrontEnd::Sbcast => "sbcast",
        }
    }

    /// By the path or name that this program was called by.
    pub fn named(called: &OsStr) -> Option<Self> {
        let name = Path::new(called).file_name()?;
        Self::ALL.into_iter().find(|command| name == command.name())
    }

    /// Does it; what to exit with.
    pub fn run(self, args: Vec<OsString>) -> u8 {
        let caller = Caller::of_process(args);
        let done = match self {
            FrontEnd::Sbatch => sbatch::run(&caller),
            FrontEnd::Squeue => squeue::run(&caller),
            FrontEnd::Scancel => scancel::run(&caller),
            FrontEnd::Sinfo => sinfo::run(&caller),
            FrontEnd::Sacct => sacct::run(&caller),
            FrontEnd::Scontrol => scontrol::run(&caller),
            FrontEnd::Srun => srun::run(&caller),
            FrontEnd::Salloc => salloc::run(&caller),
            FrontEnd::Sprio => sprio::run(&caller),
            FrontEnd::Sshare => sshare::run(&caller),
            FrontEnd::Sstat => sstat::run(&caller),
            FrontEnd::Sdiag => sdiag::run(&caller),
            FrontEnd::Sacctmgr => sacctmgr::run(&caller),
            FrontEnd::Seff => seff::run(&caller),
            FrontEnd::Strigger => dialect::strigger::run(&caller.args),
            FrontEnd::Sattach => sattach::run(&caller),
            FrontEnd::Sbcast => sbcast::run(&caller),
        };
        let submits = matches!(self, FrontEnd::Sbatch | FrontEnd::Srun | FrontEnd::Salloc | FrontEnd::Sattach);
        done.unwrap_or_else(|refusal| match tell(&refusal) {
            // So that a script can tell our failures from those of its own program.
            1.. if submits => caller.exit_code("SLURM_EXIT_ERROR", refusal.exit),
            code => code,
        })
    }
}

/// What `sbatch` would hand in when given these words.
///
/// # Errors
/// What to exit with, after everything was said.
pub fn submission(args: Vec<OsString>) -> Result<api::Submission, u8> {
    sbatch::prepare(&Caller::of_process(args)).map(|(_, submission)| submission).map_err(|refusal| tell(&refusal))
}

/// Prints a refusal (or an answer like `--help`); what to exit with.
fn tell(refusal: &Refusal) -> u8 {
    if !refusal.stdout.is_empty() {
        console::print(&refusal.stdout);
    }
    let lines: String = refusal.lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
    if !lines.is_empty() {
        console::complain(lines);
        if refusal.exit != 0
            && advice::is_wanted()
            && let Some(text) = advice::on(&refusal.lines, crate::words::language_of_environment())
        {
            console::complain(format!("algoric: {text}\n"));
        }
    }
    refusal.exit
}
