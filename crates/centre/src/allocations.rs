//! Jobs without a script: `salloc`, and `srun` outside a job. Whoever asked for one owns it, and holds a connection for as
//! long: when that is lost, the job ends. What holds the job's place on the machine is a process of ours, started like a
//! batch script, which calls its owner back; so it notices by itself when the owner is gone, also without a centre.
//!
//! Must not know what the owner does with it.

use std::collections::{HashMap, HashSet};

use api::{Allocation, Granted, Refusal, RefusalCode, Reply, StepRequest};
use model::{CpuSet, JobId, JobState, Reason, RunId, Text};
use scheduler::What;

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
};

/// How long after a restart the owner of a waiting allocation may take to come back, in milliseconds.
const COME_BACK: i64 = 60_000;

/// The name under which the program is its own keeper of allocations and runner of steps.
pub const RUNNER: &str = "step-runner";

type Outcome = Result<(), Refusal>;

/// Who waits for an allocation, or has it.
#[derive(Debug)]
struct Owner {
    conn: ConnId,
    peer: Peer,
    /// The step that begins with it.
    step: Option<StepRequest>,
}

/// The allocations whose owner holds a connection, and those that wait for theirs.
#[derive(Debug, Default)]
pub(crate) struct Allocations {
    owned: HashMap<JobId, Owner>,
    /// They waited when the last centre ended.
    orphans: HashSet<JobId>,
}

impl Allocations {
    /// After a restart: these waited.
    pub(crate) fn restored(orphans: HashSet<JobId>) -> Self {
        Self { orphans, ..Self::default() }
    }
}

impl Centre {
    /// Puts an allocation into the queue.
    pub(crate) fn allocate(&mut self, conn: ConnId, peer: Peer, allocation: Allocation) -> Outcome {
        let Allocation { mut submission, step, immediate } = allocation;
        submission.spec.batch = false;
        submission.spec.requeue = false;
        submission.spec.array = None;
        submission.script = keeper(&self.program);
        let id = self.take_in(peer, submission)?;
        self.allocations.owned.insert(id, Owner { conn, peer, step });
        // If it starts at once, its owner hears nothing else.
        self.decide();
        match self.state.row(id, self.now) {
            _ if self.live_run(id).is_some() => {}
            _ if immediate => {
                self.allocations.owned.remove(&id);
                self.record_own(What::Cancelled { id, tasks: None, by: peer.uid });
                self.reply_when_safe(conn, Reply::Refused(refuse(RefusalCode::StepBusy, "")));
            }
            row => {
                let reason = row.map_or(Reason::None, |row| row.reason);
                self.reply_when_safe(conn, Reply::Queued { id, reason });
            }
        }
        Ok(())
    }

    /// The owner is back, at this centre.
    pub(crate) fn attend(&mut self, conn: ConnId, peer: Peer, id: JobId, step: Option<StepRequest>) -> Outcome {
        let unknown = || refuse(RefusalCode::InvalidJobId, id.to_string());
        let job = self.state.job(id).ok_or_else(unknown)?;
        if job.owner().uid != peer.uid {
            return Err(refuse(RefusalCode::AccessDenied, id.to_string()));
        }
        let is_over = job.state().is_final();
        let run = self.live_run(id);
        self.allocations.orphans.remove(&id);
        self.allocations.owned.insert(id, Owner { conn, peer, step });
        match run {
            Some(run) => self.granted(run),
            None if is_over => self.allocation_over(id),
            None => {}
        }
        Ok(())
    }

    /// The owner lets go: what ends the job from now on is the job's own affair.
    pub(crate) fn relinquish(&mut self, conn: ConnId, id: JobId) {
        self.let_go(conn, id);
        self.reply_when_safe(conn, Reply::Done);
    }

    pub(crate) fn let_go(&mut self, conn: ConnId, id: JobId) {
        if self.allocations.owned.get(&id).is_some_and(|owner| owner.conn == conn) {
            self.allocations.owned.remove(&id);
        }
    }

    /// Its owner hears of a job's start.
    pub(crate) fn granted(&mut self, run: RunId) {
        let Some(Owner { conn, peer, step }) = self.allocations.owned.get_mut(&run.job) else { return };
        let (conn, peer, step) = (*conn, *peer, step.take());
        let step = step.and_then(|wish| self.first_step(conn, peer, StepRequest { job: run.job, ..wish }));
        let environment = self.allocation_environment(run.job);
        let cpus = self.state.job(run.job).and_then(|job| job.placement().map(|place| place.cpus.len() as u32));
        let user = self.state.job(run.job).map_or_else(String::new, |job| job.owner().user.clone());
        let (node, cpus) = (self.node.to_string(), cpus.unwrap_or_default());
        let kill_wait = self.file.limits.kill_wait;
        let granted = Granted { job: run.job, step, environment, user, node, cpus, kill_wait };
        self.reply_when_safe(conn, Reply::Granted(Box::new(granted)));
    }

    /// The step that begins with the job; after a restart it may have begun already.
    fn first_step(&mut self, conn: ConnId, peer: Peer, wish: StepRequest) -> Option<(u32, CpuSet)> {
        match self.steps.take_over(wish.job, conn) {
            Some(step) => Some(step),
            None => self.open_step(conn, peer, &wish),
        }
    }

    /// A job is over: an owner that still waits for it hears so.
    pub(crate) fn allocation_over(&mut self, id: JobId) {
        let Some(owner) = self.allocations.owned.remove(&id) else { return };
        let waits = self.conns.get(owner.conn).is_some_and(|conn| conn.busy);
        if waits && let Some(row) = self.state.row(id, self.now) {
            self.reply_when_safe(owner.conn, Reply::Ended { state: row.state, exit: row.exit });
        }
    }

    /// A connection is gone, and so is the owner of what it held.
    pub(crate) fn owner_lost(&mut self, conn: ConnId) {
        let lost = self.allocations.owned.extract_if(|_, owner| owner.conn == conn);
        for (id, owner) in lost.collect::<Vec<_>>() {
            self.cancel_unowned(id, owner.peer.uid);
        }
    }

    fn cancel_unowned(&mut self, id: JobId, by: model::Uid) {
        if self.degraded.is_none() && self.state.job(id).is_some_and(|job| !job.state().is_final()) {
            self.record_own(What::Cancelled { id, tasks: None, by });
        }
    }

    /// Owners that did not come back after a restart do not come any more.
    pub(crate) fn end_orphans(&mut self) {
        if self.allocations.orphans.is_empty() || (self.now - self.started).0.abs() < COME_BACK {
            return;
        }
        for id in std::mem::take(&mut self.allocations.orphans) {
            let Some(job) = self.state.job(id) else { continue };
            if job.state() == JobState::Pending {
                let owner = job.owner().uid;
                self.cancel_unowned(id, owner);
            }
        }
    }

    /// The command that becomes a runner inside a job and calls back at that socket.
    pub(crate) fn runner(&self, socket: &Text) -> Vec<Text> {
        vec![self.program.clone(), Text::from(RUNNER), socket.clone()]
    }
}

/// The script of an allocation: this program, which calls the socket that is the job's argument. The kernel starts it
/// itself where its path may stand in a script's first line, else a shell does.
fn keeper(program: &Text) -> Vec<u8> {
    let path = program.lossy();
    if path.len() < 100 && path.bytes().all(|byte| byte.is_ascii_graphic()) {
        return format!("#!{path} {RUNNER}\n").into_bytes();
    }
    let quoted = path.replace('\'', r"'\''");
    format!("#!/bin/sh\nexec '{quoted}' {RUNNER} \"$1\"\n").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_path_will_do() {
        assert_eq!(keeper(&Text::from("/usr/bin/algoric")), b"#!/usr/bin/algoric step-runner\n");
        let script = keeper(&Text::from("/a b/it's"));
        assert_eq!(script, b"#!/bin/sh\nexec '/a b/it'\\''s' step-runner \"$1\"\n");
    }
}
