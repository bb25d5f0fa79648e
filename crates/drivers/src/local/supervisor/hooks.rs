//! The operator's scripts before and after a job. They run as ourselves, with a small environment and a time limit.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use model::{CpuSet, Exit, Outcome};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, setsid};

use super::super::child::limit_files;
use super::super::clock;
use super::super::parcel::Word;
use super::super::protocol::{Hook, HookKind, PROLOG_FAILED};
use super::super::sys::Fate;
use super::Supervisor;
use super::job::{Stage, Trouble};

impl Supervisor {
    /// Starts the prolog, if there is one; else says so.
    pub(super) fn start_prolog(&mut self) -> Result<bool, Trouble> {
        let Some(hook) = self.job.as_ref().and_then(|job| job.launch.prolog.clone()) else { return Ok(false) };
        self.lift_limits()?;
        match start(&hook, self.settings.job_files) {
            Ok((pid, until)) => {
                if let Some(job) = &mut self.job {
                    job.stage = Stage::Prolog { pid, until };
                }
                Ok(true)
            }
            Err(error) => {
                self.hook_failed(HookKind::Prolog, format!("{}: {error}", hook.path.lossy()));
                Err(Trouble::Job(PROLOG_FAILED.to_owned()))
            }
        }
    }

    pub(super) fn prolog_ended(&mut self, fate: Fate) {
        // What it read and wrote is not the job's.
        self.moved_by_children();
        let good = self.judge_hook(HookKind::Prolog, fate);
        let Some(job) = &mut self.job else { return };
        if job.ordered {
            job.verdict = Some(Outcome::Exited(Exit { code: 0, signal: Signal::SIGTERM as u8 }));
            job.stage = Stage::Clearing;
        } else if good {
            if let Err(trouble) = self.start_script() {
                self.fail_launch(trouble);
            }
        } else {
            self.fail_launch(Trouble::Job(PROLOG_FAILED.to_owned()));
        }
    }

    /// Starts the epilog; one that cannot be started is reported, and the run is over all the same.
    pub(super) fn start_epilog(&mut self) {
        let Some(hook) = self.job.as_ref().and_then(|job| job.launch.epilog.clone()) else { return };
        self.lift_limits().unwrap_or_default();
        match start(&hook, self.settings.job_files) {
            Ok((pid, until)) => {
                if let Some(job) = &mut self.job {
                    job.stage = Stage::Epilog { pid, until };
                }
            }
            Err(error) => {
                let path = hook.path.lossy().into_owned();
                if let Some(job) = &mut self.job {
                    job.skip_epilog();
                }
                self.hook_failed(HookKind::Epilog, format!("{path}: {error}"));
            }
        }
    }

    /// Kills a hook that takes too long.
    pub(super) fn tick_hook(&mut self, now: Duration) {
        let Some(job) = &mut self.job else { return };
        match &mut job.stage {
            Stage::Prolog { pid, until } | Stage::Epilog { pid, until } if *until <= now => {
                // Our own child, which nobody else can take leave of: the number is surely its own.
                nix::sys::signal::kill(*pid, Signal::SIGKILL).unwrap_or_default();
                *until = now + Duration::from_secs(1);
            }
            _ => {}
        }
    }

    /// Reports a hook that failed; says whether it went well.
    pub(super) fn judge_hook(&mut self, hook: HookKind, fate: Fate) -> bool {
        let Some(job) = &self.job else { return false };
        let error = match fate {
            Fate::Exited(0) => return true,
            Fate::Exited(code) => format!("exit code {code}"),
            Fate::Killed(9) => "killed; it may have taken too long".to_owned(),
            Fate::Killed(signal) => format!("killed by signal {signal}"),
        };
        if hook == HookKind::Prolog && job.ordered {
            return false;
        }
        self.hook_failed(hook, error);
        false
    }

    pub(super) fn hook_failed(&mut self, hook: HookKind, error: String) {
        if let Some(job) = &self.job {
            let run = job.launch.run;
            self.say(&[Word::HookFailed { run, hook, error }]);
        }
    }

    /// Cores are the job's, not the operator's; a hook would inherit ours.
    fn lift_limits(&mut self) -> io::Result<()> {
        self.affinity.bind(&CpuSet::default())?;
        match &mut self.cage {
            Ok(Some(cage)) if cage.is_shared() => cage.set(&CpuSet::default(), None),
            _ => Ok(()),
        }
    }
}

fn start(hook: &Hook, files: u64) -> io::Result<(Pid, Duration)> {
    let mut command = Command::new(std::ffi::OsStr::from_bytes(hook.path.as_bytes()));
    command.env_clear().current_dir("/").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    for entry in hook.env.iter() {
        if let Some(at) = entry.iter().position(|byte| *byte == b'=') {
            let text = std::ffi::OsStr::from_bytes;
            command.env(text(&entry[..at]), text(&entry[at + 1..]));
        }
    }
    // SAFETY: a few system calls, in a child of a process with one thread.
    unsafe {
        command.pre_exec(move || {
            setsid()?;
            set_pdeathsig(Signal::SIGKILL)?;
            limit_files(files)?;
            Ok(())
        });
    }
    let child = command.spawn()?;
    let limit = Duration::from_millis(u64::try_from(hook.limit.0).unwrap_or(0));
    Ok((Pid::from_raw(child.id() as i32), clock::since_boot() + limit))
}
