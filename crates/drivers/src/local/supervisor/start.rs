//! Starting a run: from the launcher's errand to the forked child.

use std::collections::VecDeque;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::time::Duration;

use model::{Exit, Outcome, Owner};
use nix::unistd::{ForkResult, Gid, fork, getgrouplist};

use super::super::child::{self, Start};
use super::super::clock;
use super::super::parcel::Piece;
use super::super::protocol::Order;
use super::super::slot::Record;
use super::Supervisor;
use super::job::{Job, Stage};

/// Group lists are looked up again after so long.
const GROUPS_LAST: Duration = Duration::from_secs(5);

/// The supplementary groups of the users whose jobs came last.
#[derive(Debug, Default)]
pub(super) struct Groups {
    known: VecDeque<(Owner, Duration, Vec<libc::gid_t>)>,
}

impl Groups {
    fn of(&mut self, owner: &Owner) -> Vec<libc::gid_t> {
        let now = clock::since_boot();
        self.known.retain(|(_, at, _)| now.saturating_sub(*at) < GROUPS_LAST);
        if let Some((_, _, groups)) = self.known.iter().find(|(known, _, _)| known == owner) {
            return groups.clone();
        }
        let groups = look_up_groups(owner);
        self.known.truncate(3);
        self.known.push_front((owner.clone(), now, groups.clone()));
        groups
    }
}

fn look_up_groups(owner: &Owner) -> Vec<libc::gid_t> {
    let alone = vec![owner.gid.0];
    let Ok(name) = CString::new(owner.user.as_str()) else { return alone };
    if owner.user.is_empty() {
        return alone;
    }
    match getgrouplist(&name, Gid::from_raw(owner.gid.0)) {
        Ok(groups) => groups.into_iter().map(Gid::as_raw).collect(),
        Err(_) => alone,
    }
}

impl Supervisor {
    /// Takes on a run. Whatever fails is the end of that run.
    pub(super) fn begin(&mut self, order: &Piece<'_>, script: &Piece<'_>, files: Vec<OwnedFd>) {
        let mut files = files.into_iter();
        let taken = self.slot.read();
        let order = order.take(&mut files).and_then(|bytes| {
            postcard::from_bytes(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let (Ok(Record::Taken(taken)), Ok(Order::Launch(launch))) = (taken, order) else {
            // The launcher sees that, and buries the run.
            return self.launcher = None;
        };
        self.job = Some(Job::new(launch, taken));
        let started = script.take(&mut files).and_then(|script| self.start_script(&script));
        if let Err(error) = started {
            self.fail_launch(Exit { code: 1, signal: 0 }, error.to_string());
        }
    }

    fn start_script(&mut self, script: &[u8]) -> io::Result<()> {
        let Some(job) = &mut self.job else { return Ok(()) };
        let path = self.places.write_script(job.launch.run.job, &job.launch.owner, script)?;
        let groups = self.settings.root.then(|| self.groups.of(&job.launch.owner));
        let mark = self.settings.mark(job.launch.run);
        self.confession.clear();
        let start = Start {
            launch: &job.launch,
            script: &path,
            first_line: script.split(|byte| *byte == b'\n').next().unwrap_or_default(),
            groups: groups.as_deref(),
            affinity: true,
            slot: &self.slot,
            taken: &job.taken,
            confession: &self.confession,
            supervisor: self.pid,
            born_after_ms: clock::since_boot().as_millis() as u64,
            mark: &mark,
            oom_score_adj: None,
        };
        // SAFETY: there is one thread only, so the child may do whatever the parent may.
        match unsafe { fork()? } {
            ForkResult::Child => child::become_script(&start),
            ForkResult::Parent { child } => {
                job.stage = Stage::Running { batch: child };
                job.announce_soon();
                Ok(())
            }
        }
    }

    /// Ends a run that never became a script.
    pub(super) fn fail_launch(&mut self, exit: Exit, error: String) {
        if let Some(job) = &mut self.job {
            job.verdict = Some(Outcome::LaunchFailed { exit, error });
            job.stage = Stage::Clearing;
        }
        self.reap();
    }
}
