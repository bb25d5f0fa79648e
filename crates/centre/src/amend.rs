//! Submissions that are changed after they were handed in: what accounting and the next launch know of them.

use std::sync::Arc;

use api::{NeedsChange, Refusal, RefusalCode, UpdateChange};
use model::{JobId, JobSpec, Request};
use scheduler::Change;
use store::{StoredSubmission, Write};

use crate::core::{Centre, refuse};

type Outcome = Result<(), Refusal>;

/// Whether a change concerns only what is written of a job, and not when it starts.
pub(crate) fn is_on_paper(change: &UpdateChange) -> bool {
    use UpdateChange::{Mail, MailUser, StdErr, StdIn, StdOut, Wckey, Workdir};
    matches!(change, Mail(_) | MailUser(_) | StdErr(_) | StdIn(_) | StdOut(_) | Wckey(_) | Workdir(_))
}

impl Centre {
    /// Whether such a change can be: files and directories are for jobs that still wait.
    pub(crate) fn may_amend(&self, id: JobId, change: &UpdateChange) -> Outcome {
        use UpdateChange::{MailUser, StdErr, StdIn, StdOut, Wckey, Workdir};
        let waits = self.state.job(id).is_some_and(|job| job.placement().is_none());
        let length = match change {
            StdErr(text) | StdIn(text) | StdOut(text) | Workdir(text) if waits => text.as_bytes().len(),
            StdErr(_) | StdIn(_) | StdOut(_) | Workdir(_) => {
                return Err(refuse(RefusalCode::Other, "Job is no longer pending execution"));
            }
            MailUser(text) | Wckey(text) => text.len(),
            _ => 0,
        };
        if length > 4096 { Err(refuse(RefusalCode::Other, "a text is longer than 4096 bytes")) } else { Ok(()) }
    }

    /// Writes it down.
    pub(crate) fn amend_paper(&mut self, id: JobId, change: &UpdateChange) -> Outcome {
        use UpdateChange::{Mail, MailUser, StdErr, StdIn, StdOut, Wckey, Workdir};
        self.amend_spec(id, |spec| match change.clone() {
            Mail(events) => spec.mail = events,
            MailUser(user) => spec.mail_user = Some(user).filter(|user| !user.is_empty()),
            StdErr(file) => spec.stderr = Some(file).filter(|file| !file.is_empty()),
            StdIn(file) => spec.stdin = Some(file).filter(|file| !file.is_empty()),
            StdOut(file) => spec.stdout = Some(file).filter(|file| !file.is_empty()),
            Wckey(key) => spec.wckey = Some(key).filter(|key| !key.is_empty()),
            Workdir(directory) => spec.workdir = directory,
            _ => {}
        })
    }

    /// What accounting shows of the submission follows a change that the scheduler knows of.
    pub(crate) fn amend(&mut self, id: JobId, change: &Change) -> Outcome {
        let unwritten = matches!(
            change,
            Change::Priority(_) | Change::Begin(_) | Change::Dependency { .. } | Change::ArrayLimit(_)
        );
        if unwritten {
            return Ok(());
        }
        self.amend_spec(id, |spec| match change.clone() {
            Change::TimeLimit(limit) => spec.time_limit = limit,
            Change::Name(name) => spec.name = name,
            Change::Partition(name) => spec.partition = name,
            Change::Qos(name) => spec.qos = name,
            Change::Account(name) => spec.account = name,
            Change::Comment(comment) => spec.comment = Some(comment),
            Change::Requeue(requeue) => spec.requeue = requeue,
            Change::Nice(nice) => spec.nice = nice,
            Change::Reservation(name) => spec.reservation = name,
            Change::Deadline(deadline) => spec.deadline = deadline,
            Change::Needs(request) => spec.request = request,
            Change::TimeMin(least) => spec.time_min = Some(least),
            Change::Priority(_) | Change::Begin(_) | Change::Dependency { .. } | Change::ArrayLimit(_) => {}
        })
    }

    fn amend_spec(&mut self, id: JobId, how: impl FnOnce(&mut JobSpec)) -> Outcome {
        let Some(base) = self.state.job(id).map(|job| job.base()) else { return Ok(()) };
        let Some(stored) = self.submission(base) else { return Ok(()) };
        let mut spec = (*stored.spec).clone();
        how(&mut spec);
        let spec = Arc::new(spec);
        self.journal.write(Write::Amend { id: base, spec: spec.clone() });
        self.submissions.remember(StoredSubmission { spec, ..(*stored).clone() });
        Ok(())
    }

    /// What a waiting job asks for, with one number changed.
    pub(crate) fn needs(&self, id: JobId, change: NeedsChange) -> Result<Request, Refusal> {
        let job = self.state.job(id).ok_or_else(|| refuse(RefusalCode::InvalidJobId, id.to_string()))?;
        let mut request = job.request().clone();
        let least_one = |count: u32| {
            if count > 0 { Ok(count) } else { Err(refuse(RefusalCode::Other, "Task count specification invalid")) }
        };
        match change {
            NeedsChange::Tasks(tasks) => request.tasks = Some(least_one(tasks)?),
            NeedsChange::CpusPerTask(cpus) => request.cpus_per_task = Some(least_one(cpus)?),
            NeedsChange::Cpus(cpus) => (request.tasks, request.cpus_per_task) = (Some(least_one(cpus)?), None),
            NeedsChange::Nodes(least, most) => request.nodes = Some((least_one(least)?, most)),
            NeedsChange::Memory(memory) => request.memory = memory,
        }
        Ok(request)
    }
}
