//! What pages show of the cluster's queue: jobs that are not over, those typed at Slurm's own `sbatch` among them, which the
//! data file learns of only when they end. Must not know pages, nor what the file has.

use std::collections::BTreeMap;

use api::{JobLine, JobQuery, JobsQuery, JobsWhich};
use dialect::cluster::queue::Queued;
use model::{ArrayPlace, JobId, JobSpec, JobState, QueueRow, Request, Time, Uid};

use super::Cluster;

/// A submission that is not over, as far as the queue tells.
#[derive(Clone, Debug)]
pub(crate) struct Mirrored {
    /// The number that `sbatch` printed.
    pub(crate) base: JobId,
    /// When.
    pub(crate) at: Time,
    /// The wishes.
    pub(crate) spec: JobSpec,
    /// Tasks that are not over.
    tasks: u64,
    /// Since when one of them runs.
    start: Option<Time>,
}

impl Cluster {
    fn not_over(&self) -> impl Iterator<Item = &Queued> {
        self.queue.values().filter(|row| !row.row.state.is_final())
    }

    /// What somebody has: what runs, the last first; what waits, the first of the queue first.
    pub(crate) fn mine(&self, uid: Uid) -> (Vec<QueueRow>, Vec<QueueRow>) {
        let own = self.not_over().filter(|row| row.row.owner.uid == uid).map(|row| row.row.clone());
        let (mut waiting, mut running): (Vec<QueueRow>, Vec<QueueRow>) =
            own.partition(|row| row.state == JobState::Pending);
        running.sort_by_key(|row| (std::cmp::Reverse(row.start), std::cmp::Reverse(row.id)));
        waiting.sort_by_key(|row| (std::cmp::Reverse(row.priority), row.id));
        (running, waiting)
    }

    /// A job of the queue, or one of its tasks; `None`: nothing of it is there.
    pub(crate) fn mirrored(&self, query: &JobQuery) -> Option<Mirrored> {
        let tasks = query.task.map(|task| [task].into_iter().collect());
        let target = api::JobTarget { id: query.id, tasks };
        let mut rows = self.meant(&target).filter(|row| !row.row.state.is_final());
        let mut found = mirrored(rows.next()?);
        rows.for_each(|row| found.join(row));
        Some(found)
    }

    /// Lines of a list of jobs: of one member (`Some`), or of everybody.
    pub(crate) fn lines(&self, query: &JobsQuery, owner: Option<Uid>) -> Vec<JobLine> {
        let mut found: BTreeMap<JobId, Mirrored> = BTreeMap::new();
        let is_in_state = |row: &&Queued| query.state.is_none_or(|state| row.row.state == state);
        let own = self.not_over().filter(|row| owner.is_none_or(|uid| row.row.owner.uid == uid));
        for row in own.filter(is_in_state) {
            found.entry(row.base).and_modify(|one| one.join(row)).or_insert_with(|| mirrored(row));
        }
        let is_asked = |one: &Mirrored| {
            matches!(query.which, JobsWhich::All | JobsWhich::Open)
                && query.before.is_none_or(|before| one.base < before)
                && one.spec.name.lossy().to_lowercase().contains(&query.name.to_lowercase())
                && (query.project.is_empty() || one.spec.account == query.project)
                && (query.application.is_empty() || application(&one.spec.name.lossy()) == query.application)
        };
        found.into_values().rev().filter(is_asked).map(Mirrored::line).collect()
    }
}

/// What runs: a name without its digits, as the data file has it.
fn application(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_ascii_digit()).collect()
}

/// What one row tells of its submission.
fn mirrored(row: &Queued) -> Mirrored {
    let QueueRow { account, partition, qos, owner, name, .. } = &row.row;
    let spec = JobSpec {
        account: account.to_string(),
        partition: partition.to_string(),
        qos: qos.to_string(),
        request: Request {
            tasks: Some(row.row.cpus.max(1)),
            nodes: Some((row.row.nodes, row.row.nodes)),
            memory: row.row.memory,
            gpus: row.row.gpus,
            ..Request::default()
        },
        time_limit: row.row.time_limit,
        comment: row.comment.clone(),
        reservation: row.reservation.clone(),
        // What it prints into, and what is in its script, the queue does not tell.
        batch: false,
        ..JobSpec::plain(name.clone(), (**owner).clone(), row.workdir.clone())
    };
    let mut found = Mirrored { base: row.base, at: row.row.submit, spec, tasks: 0, start: None };
    found.join(row);
    found
}

impl Mirrored {
    fn join(&mut self, row: &Queued) {
        self.at = self.at.min(row.row.submit);
        self.tasks += match &row.row.array {
            ArrayPlace::Pending { tasks, .. } => tasks.len(),
            ArrayPlace::Task { .. } => 1,
            ArrayPlace::Single => 0,
        };
        if row.row.state != JobState::Pending {
            self.start = self.start.into_iter().chain(row.row.start).min();
        }
    }

    fn line(self) -> JobLine {
        JobLine {
            id: self.base,
            submitted: self.at,
            cpus: self.spec.request.cpus(),
            tasks: (self.tasks > 0).then_some(self.tasks),
            name: self.spec.name,
            user: self.spec.owner.user,
            account: self.spec.account,
            open: true,
            states: Vec::new(),
            start: self.start,
            end: None,
            energy_uj: None,
        }
    }
}
