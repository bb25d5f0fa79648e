//! What the centre counts of its own work, for `sdiag`. Counts only: nothing is decided by them.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use api::{Diagnostics, Reply, Request};
use model::{JobState, Uid};
use scheduler::{Finished, What};

use crate::{connection::ConnId, core::Centre};

/// How often, and how long together.
#[derive(Clone, Copy, Default, Debug)]
struct Tally {
    count: u64,
    spent: Duration,
}

impl Tally {
    fn add(&mut self, spent: Duration) {
        self.count += 1;
        self.spent += spent;
    }
}

/// Since the centre was started.
#[derive(Default, Debug)]
pub(crate) struct Counters {
    submitted: u64,
    started: u64,
    completed: u64,
    cancelled: u64,
    failed: u64,
    passes: Tally,
    last: Duration,
    longest: Duration,
    by_kind: BTreeMap<&'static str, Tally>,
    by_user: BTreeMap<Uid, Tally>,
}

impl Counters {
    /// A fact became part of the state.
    pub(crate) fn fact(&mut self, what: &What) {
        match what {
            What::Submitted { .. } => self.submitted += 1,
            What::Started { .. } => self.started += 1,
            _ => {}
        }
    }

    /// Since the centre was started.
    pub(crate) fn submitted(&self) -> u64 {
        self.submitted
    }

    /// Runs that ended well, that failed, and that people ended.
    pub(crate) fn endings(&self) -> (u64, u64, u64) {
        (self.completed, self.failed, self.cancelled)
    }

    /// The last pass over the queue.
    pub(crate) fn last_pass_us(&self) -> u64 {
        micros(self.last)
    }

    /// A run, or what had not run of a record, is over.
    pub(crate) fn over(&mut self, run: &Finished) {
        match run.state {
            JobState::Completed => self.completed += 1,
            JobState::Cancelled => self.cancelled += 1,
            JobState::Requeued => {}
            _ => self.failed += 1,
        }
    }

    /// The scheduler was asked what to do.
    pub(crate) fn pass(&mut self, begun: Instant) {
        self.last = begun.elapsed();
        self.longest = self.longest.max(self.last);
        self.passes.add(self.last);
    }

    /// A command was served.
    pub(crate) fn served(&mut self, kind: &'static str, uid: Uid, begun: Instant) {
        let spent = begun.elapsed();
        self.by_kind.entry(kind).or_default().add(spent);
        self.by_user.entry(uid).or_default().add(spent);
    }
}

/// What a request is called: the name of its variant.
pub(crate) fn kind(request: &Request) -> &'static str {
    match request {
        Request::Ping => "Ping",
        Request::Status => "Status",
        Request::Submit(_) => "Submit",
        Request::Quote(_) => "Quote",
        Request::Wait(_) => "Wait",
        Request::Queue(_) => "Queue",
        Request::Records(_) => "Records",
        Request::Details(_) => "Details",
        Request::Steps(_) => "Steps",
        Request::Accounts(_) => "Accounts",
        Request::Nodes => "Nodes",
        Request::Agents(_) => "Agents",
        Request::Partitions => "Partitions",
        Request::Settings => "Settings",
        Request::Cancel(_) => "Cancel",
        Request::Update { .. } => "Update",
        Request::Papers(_) => "Papers",
        Request::Priorities(_) => "Priorities",
        Request::Shares => "Shares",
        Request::Diagnostics => "Diagnostics",
        Request::Energy(_) => "Energy",
        Request::Money(_) => "Money",
        Request::Cluster(_) => "Cluster",
        Request::StepBegin(_) => "StepBegin",
        Request::StepEnd(_) => "StepEnd",
        Request::Allocate(_) => "Allocate",
        _ => "Other",
    }
}

fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

impl Centre {
    /// `sdiag`
    pub(crate) fn diagnostics(&mut self, conn: ConnId) {
        let load = self.state.machine_use();
        let connections = self.conns.len() as u32;
        let by_kind = self.counters.by_kind.iter();
        let by_kind = by_kind.map(|(kind, tally)| ((*kind).to_owned(), tally.count, micros(tally.spent))).collect();
        let users: Vec<(Uid, Tally)> = self.counters.by_user.iter().map(|(uid, tally)| (*uid, *tally)).collect();
        let by_user = users
            .into_iter()
            .map(|(uid, tally)| (self.people.name(uid), uid, tally.count, micros(tally.spent)))
            .collect();
        let counters = &self.counters;
        let answer = Diagnostics {
            now: self.now,
            since: self.started,
            connections,
            submitted: counters.submitted,
            started: counters.started,
            completed: counters.completed,
            cancelled: counters.cancelled,
            failed: counters.failed,
            pending: load.pending as u32,
            running: load.running as u32,
            passes: counters.passes.count,
            passes_us: micros(counters.passes.spent),
            last_pass_us: micros(counters.last),
            longest_pass_us: micros(counters.longest),
            by_kind,
            by_user,
        };
        self.reply(conn, &Reply::Diagnostics(Box::new(answer)));
    }
}
