//! Starting a run: from the launcher's errand to the forked child.

use std::collections::VecDeque;
use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use model::{CpuSet, Owner, Text};
use nix::sched::{CpuSet as AffinityMask, sched_getaffinity, sched_setaffinity};
use nix::unistd::{Gid, Pid, getgrouplist};

use super::super::cgroup::Cage;
use super::super::child::{self, Heard, Program, Start};
use super::super::clock;
use super::super::parcel::{Piece, Word};
use super::super::protocol::{Environment, Launch, Order};
use super::super::slot::Record;
use super::super::spawn::{Memory, spawn};
use super::Supervisor;
use super::job::{Job, Trouble};
use super::watch::Watch;

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

/// The cores that we run on ourselves. Jobs inherit them; and a supervisor that stays where its job is costs the
/// machine less than one that wanders (half of what a short job costs in all).
#[derive(Debug)]
pub(super) struct Affinity {
    /// As we were born.
    all: AffinityMask,
    /// As last set.
    bound: CpuSet,
}

impl Affinity {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Self { all: sched_getaffinity(Pid::from_raw(0))?, bound: CpuSet::default() })
    }

    /// Binds to these; none: to all.
    pub(super) fn bind(&mut self, cpus: &CpuSet) -> io::Result<()> {
        if self.bound == *cpus {
            return Ok(());
        }
        let mut mask = if cpus.is_empty() { self.all } else { AffinityMask::new() };
        for cpu in cpus.iter() {
            mask.set(cpu as usize)?;
        }
        sched_setaffinity(Pid::from_raw(0), &mask)
            .map_err(|error| io::Error::other(format!("binding to the cores {cpus}: {error}")))?;
        self.bound = cpus.clone();
        Ok(())
    }
}

impl Supervisor {
    /// Takes on a run. Whatever fails is the end of that run.
    pub(super) fn begin(&mut self, order: &Piece<'_>, script: &Piece<'_>, files: Vec<OwnedFd>) {
        if self.job.is_some() {
            return;
        }
        let mut files = files.into_iter();
        let taken = self.slot.read();
        let order = order.take(&mut files).and_then(|bytes| {
            postcard::from_bytes(&bytes).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
        });
        let Ok(Record::Taken(taken)) = taken else { return self.leave_unserved("the slot file cannot be read") };
        let launch = match order {
            Ok(Order::Launch(launch)) => launch,
            Ok(_) => return self.leave_unserved("an order that is no launch came as one"),
            Err(error) => return self.leave_unserved(&error.to_string()),
        };
        let content = script.take(&mut files);
        let opened = self.open_cage();
        let cage = self.cage.as_ref().ok().and_then(Option::as_ref);
        let watch = Watch::new(cage, launch.memory_mib);
        self.job = Some(Job::new(launch, taken, Vec::new(), watch));
        self.write_down_use();
        let started = opened.and(content).map_err(Trouble::Ours).and_then(|content| {
            if let Some(job) = &mut self.job {
                job.content = content;
            }
            if self.start_prolog()? { Ok(()) } else { self.start_script() }
        });
        if let Err(trouble) = started {
            self.fail_launch(trouble);
            self.reap();
        }
    }

    /// An errand that cannot be understood: leaves with an error, and the launcher buries the run.
    fn leave_unserved(&mut self, why: &str) {
        self.say(&[Word::Fault { text: format!("supervisor {}: {why}", self.number) }]);
        self.unserved = true;
    }

    /// Without its limits no job runs: groups that could not be opened are tried again for each.
    fn open_cage(&mut self) -> io::Result<()> {
        if self.cage.is_err() {
            self.cage = self.settings.kit.open(self.number);
        }
        match &self.cage {
            Ok(_) => Ok(()),
            Err(error) => Err(io::Error::new(error.kind(), error.to_string())),
        }
    }

    /// Lays the script, sets the limits, and lets go.
    pub(super) fn start_script(&mut self) -> Result<(), Trouble> {
        let Some(job) = &mut self.job else { return Ok(()) };
        if let Ok(Some(cage)) = &mut self.cage {
            cage.set(&job.launch.cpus, job.launch.memory_mib)?;
        }
        self.affinity.bind(&job.launch.cpus)?;
        let content = std::mem::take(&mut job.content);
        job.script = self
            .scripts
            .put(&self.places, self.number, &job.launch, &content)
            .map_err(|error| io::Error::new(error.kind(), format!("writing the script: {error}")))?;
        job.first_line = content.split(|byte| *byte == b'\n').next().unwrap_or_default().to_vec();
        job.owner_groups = self.settings.root.then(|| self.groups.of(&job.launch.owner));
        self.spawn_script(Memory::Borrowed)
    }

    /// Makes the child that becomes the script.
    pub(super) fn spawn_script(&mut self, memory: Memory) -> Result<(), Trouble> {
        let Some(job) = &mut self.job else { return Ok(()) };
        let cage = self.cage.as_ref().ok().and_then(Option::as_ref);
        let mark = self.settings.mark(job.launch.run);
        self.confession.clear();
        let score = job.launch.oom_score_adj;
        let mut start = Start {
            launch: &job.launch,
            program: Program::new(&job.script, &job.launch, &mark).map_err(|error| Trouble::Job(error.to_string()))?,
            first_line: &job.first_line,
            groups: job.owner_groups.as_deref(),
            gate: Some(self.slot.next_record(job.taken.clone())?),
            confession: &self.confession,
            supervisor: self.pid,
            born_after_ms: clock::since_boot().as_millis() as u64,
            oom_score_adj: (score != self.settings.oom_score_adj).then_some(score),
            files: self.settings.job_files,
            door: cage.and_then(Cage::door),
            patient: memory == Memory::Copied,
        };
        let birthplace = cage.and_then(Cage::birthplace);
        // SAFETY: there is one thread. The child never returns, leaves nothing allocated, and is done with our memory,
        // if it borrowed it, when this returns.
        let batch = unsafe { spawn(&self.stack, memory, birthplace, child::become_script, &raw mut start)? };
        job.runs(batch);
        Ok(())
    }

    /// One more process beside the script: as its owner, within its limits.
    pub(super) fn join(&mut self, command: &[Text], env: Environment) -> io::Result<()> {
        let (Some(job), Some((program, args))) = (&self.job, command.split_first()) else {
            return Err(io::ErrorKind::InvalidInput.into());
        };
        let cage = self.cage.as_ref().ok().and_then(Option::as_ref);
        let launch = Launch {
            args: args.to_vec(),
            env,
            pid_variables: Vec::new(),
            stdin: None,
            stdout: None,
            stderr: None,
            ..(*job.launch).clone()
        };
        let program = Path::new(OsStr::from_bytes(program.as_bytes()));
        self.visitor.clear();
        let mut start = Start {
            program: Program::new(program, &launch, &self.settings.mark(launch.run))?,
            launch: &launch,
            first_line: b"",
            groups: job.owner_groups.as_deref(),
            gate: None,
            confession: &self.visitor,
            supervisor: self.pid,
            born_after_ms: 0,
            oom_score_adj: None,
            files: self.settings.job_files,
            door: cage.and_then(Cage::door),
            patient: false,
        };
        let birthplace = cage.and_then(Cage::birthplace);
        // SAFETY: as for the script; the launch, too, outlives the child's use of it.
        unsafe { spawn(&self.stack, Memory::Borrowed, birthplace, child::become_script, &raw mut start)? };
        match self.visitor.heard() {
            Some(Heard::Failure(_, error)) => Err(io::Error::other(error)),
            _ => Ok(()),
        }
    }
}
