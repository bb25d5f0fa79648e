//! What members do with jobs: end, hold, release, put back, change. Nobody touches what is not theirs.

use api::{CancelFilter, JobTarget, Refusal, RefusalCode, Reply, UpdateChange};
use drivers::local::protocol::{Order, Scope};
use model::{Dependency, DependencyKind, IndexSet, JobId, JobState, Uid};
use scheduler::{Change, Ending, Hold, RequeueCause, RowFilter, TaskPlace, What};

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, Stopping, refuse},
};

type Outcome = Result<(), Refusal>;

impl Centre {
    /// Refuses what would be lost: nothing can be written, or the centre is about to end.
    pub(crate) fn writable(&self) -> Outcome {
        if let Some(why) = &self.degraded {
            return Err(refuse(RefusalCode::StorageFailed, why.as_str()));
        }
        if self.stopping != Stopping::No {
            return Err(refuse(RefusalCode::ShuttingDown, ""));
        }
        Ok(())
    }

    /// How jobs ended that this one depends on and that the state no longer knows.
    pub(crate) fn endings_it_depends_on(
        &self,
        wish: &Dependency,
    ) -> Result<Vec<(JobId, Option<u32>, JobState)>, Refusal> {
        let mut known = Vec::new();
        let mut asked = std::collections::BTreeSet::new();
        for term in &wish.terms {
            let elsewhere = |job: &JobId| *job < self.state.next_id() && self.state.job(*job).is_none();
            let Some(job) = term.job.filter(elsewhere) else { continue };
            if asked.insert((job, term.task, term.kind == DependencyKind::AfterCorr)) {
                let found = self.reader.known_of(term);
                known.extend(found.map_err(|fault| refuse(RefusalCode::StorageFailed, fault.to_string()))?);
            }
        }
        Ok(known)
    }

    /// Ends jobs or signals them.
    pub(crate) fn cancel(&mut self, conn: ConnId, peer: Peer, filter: &CancelFilter) -> Outcome {
        if self.degraded.is_none() {
            self.writable()?;
        }
        crate::listing::not_too_many(filter.targets.len().max(filter.names.len()).max(filter.states.len()))?;
        let mut refused = Vec::new();
        let mut hit = 0;
        for (asked, id, tasks) in self.cancel_candidates(peer, filter, &mut refused) {
            let Some(job) = self.state.job(id) else { continue };
            if job.state().is_final() {
                continue;
            }
            // What goes back to the queue can still be kept from it.
            let is_ending = job.ending().is_some_and(|why| !matches!(why, Ending::Requeued { .. }));
            if !self.may_change(peer.uid, id) {
                refused.push((asked, refuse(RefusalCode::AccessDenied, asked.to_string())));
                continue;
            }
            hit += 1;
            // Ended already, and not all gone yet: a second time changes nothing.
            if is_ending && filter.signal.is_none() && filter.step.is_none() {
                continue;
            }
            if let Some(step) = filter.step.filter(|step| *step != model::StepId::Batch) {
                if !self.signal_step(id, step, filter.signal.unwrap_or(0)) {
                    refused.push((asked, refuse(RefusalCode::InvalidJobId, asked.to_string())));
                }
                continue;
            }
            match filter.signal {
                Some(signal) => self.signal(id, signal, filter, &mut refused),
                None if self.degraded.is_some() => {
                    refused.extend(self.cancel_unwritten(id, peer.uid).err().map(|fault| (asked, fault)));
                }
                None => {
                    self.record_own(What::Cancelled { id, tasks, by: peer.uid });
                }
            }
        }
        let reply = Reply::Matched { hit, refused };
        match self.degraded {
            // What could be done is done.
            Some(_) => self.reply(conn, &reply),
            None => self.reply_when_safe(conn, reply),
        }
        Ok(())
    }

    /// Records that the filter selects: the number asked for, the record, and for an array's record which tasks.
    fn cancel_candidates(
        &mut self,
        peer: Peer,
        filter: &CancelFilter,
        refused: &mut Vec<(JobId, Refusal)>,
    ) -> Vec<(JobId, JobId, Option<IndexSet>)> {
        let mut found = Vec::new();
        if filter.targets.is_empty() {
            let only = match &filter.user {
                Some(name) => self.people.uid(name),
                None => None,
            };
            // Without a job's number only the asker's own jobs are meant, unless an operator names somebody.
            let user = only.unwrap_or(peer.uid);
            let filter = RowFilter { user: Some(user), ..RowFilter::default() };
            self.state.ids(&filter, &mut |id| found.push((id, id, None)));
        }
        for target in &filter.targets {
            match self.resolve(target) {
                Ok(list) => found.extend(list.into_iter().map(|(id, tasks)| (target.id, id, tasks))),
                // Jobs that are over or never were: silence, as Slurm has it.
                Err(fault) if fault.code == RefusalCode::InvalidJobId => {}
                Err(fault) => refused.push((target.id, fault)),
            }
        }
        let user = filter.user.as_ref().map(|name| self.people.uid(name));
        found.retain(|(_, id, _)| {
            self.state.job(*id).is_some_and(|job| {
                user.is_none_or(|uid| uid == Some(job.owner().uid))
                    && (filter.names.is_empty() || filter.names.iter().any(|name| name == job.name()))
                    && filter.partition.as_deref().is_none_or(|name| name == &**job.partition())
                    && filter.account.as_deref().is_none_or(|name| name == &**job.account())
                    && filter.qos.as_deref().is_none_or(|name| name == &**job.qos())
                    && (filter.states.is_empty() || filter.states.contains(&job.state()))
            })
        });
        found
    }

    fn signal(&mut self, id: JobId, signal: u8, filter: &CancelFilter, refused: &mut Vec<(JobId, Refusal)>) {
        let Some(run) = self.live_run(id) else {
            refused.push((id, refuse(RefusalCode::JobPending, id.to_string())));
            return;
        };
        let scope = match (filter.batch_only || filter.step.is_some(), filter.full) {
            (true, _) => Scope::Batch,
            (false, true) => Scope::All,
            (false, false) => Scope::Steps,
        };
        self.order_soon(Order::Signal { run, signal, scope });
    }

    /// The records that a number names: `12`, `12_3`, `12_[1-5]`, or a task's own number.
    pub(crate) fn resolve(&self, target: &JobTarget) -> Result<Vec<(JobId, Option<IndexSet>)>, Refusal> {
        let unknown = || refuse(RefusalCode::InvalidJobId, target.id.to_string());
        let Some(tasks) = &target.tasks else {
            let records = self.state.records_of(target.id);
            if !records.is_empty() {
                return Ok(records.into_iter().map(|id| (id, None)).collect());
            }
            return self.state.job(target.id).map(|job| vec![(job.id(), None)]).ok_or_else(unknown);
        };
        if tasks.len() > u64::from(self.state.config().max_array) {
            return Err(unknown());
        }
        let (mut waiting, mut found) = (Vec::new(), Vec::new());
        for index in tasks.iter() {
            match self.state.task(target.id, index) {
                TaskPlace::Pending => waiting.push(index),
                TaskPlace::Record(id) => found.push((id, None)),
                TaskPlace::Over | TaskPlace::Unknown => {}
            }
        }
        if !waiting.is_empty() {
            found.push((target.id, Some(waiting.into_iter().collect())));
        }
        if found.is_empty() { Err(unknown()) } else { Ok(found) }
    }

    /// As [`Centre::resolve`], with tasks that wait in an array's record given records of their own.
    fn resolve_apart(&mut self, target: &JobTarget) -> Result<Vec<JobId>, Refusal> {
        let mut ids = Vec::new();
        for (id, tasks) in self.resolve(target)? {
            let Some(tasks) = tasks else {
                ids.push(id);
                continue;
            };
            for index in tasks.iter() {
                let fresh = self.state.next_id();
                self.record(What::Split { array: id, index, id: fresh })
                    .map_err(|fault| refuse(RefusalCode::Other, fault.to_string()))?;
                match self.state.task(target.id, index) {
                    TaskPlace::Record(record) => ids.push(record),
                    _ => return Err(refuse(RefusalCode::InvalidJobId, target.id.to_string())),
                }
            }
        }
        Ok(ids)
    }

    /// Owners change their own jobs, operators all.
    pub(crate) fn may_change(&mut self, uid: Uid, id: JobId) -> bool {
        self.people.is_operator(uid) || self.state.job(id).is_some_and(|job| job.owner().uid == uid)
    }

    /// Members see their own jobs; operators all; everybody all where the centre says so.
    pub(crate) fn may_see(&mut self, uid: Uid, owner: Uid) -> bool {
        uid == owner || !self.file.privacy.private_jobs || self.people.is_operator(uid)
    }

    fn each(
        &mut self,
        conn: ConnId,
        peer: Peer,
        target: &JobTarget,
        operators_only: bool,
        act: impl Fn(&mut Self, JobId, bool) -> Outcome,
    ) -> Outcome {
        self.writable()?;
        let is_operator = self.people.is_operator(peer.uid);
        for (id, _) in self.resolve(target)? {
            if (operators_only && !is_operator) || !self.may_change(peer.uid, id) {
                return Err(refuse(RefusalCode::AccessDenied, target.id.to_string()));
            }
        }
        // Of an array some tasks run while others wait: what suits the others is done, and it is only refused where it
        // suits none.
        let (mut is_done, mut refused) = (false, None);
        for id in self.resolve_apart(target)? {
            match act(self, id, is_operator) {
                Ok(()) => is_done = true,
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        if let Some(refusal) = refused.filter(|_| !is_done) {
            return Err(refusal);
        }
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    fn act(&mut self, what: What) -> Outcome {
        self.record(what).map_err(|fault| impossible(&fault))
    }

    pub(crate) fn hold(&mut self, conn: ConnId, peer: Peer, target: &JobTarget) -> Outcome {
        self.each(conn, peer, target, false, |centre, id, is_operator| {
            let own = centre.state.job(id).is_some_and(|job| job.owner().uid == peer.uid);
            centre.act(What::Held { id, by_operator: is_operator && !own })
        })
    }

    pub(crate) fn release(&mut self, conn: ConnId, peer: Peer, target: &JobTarget) -> Outcome {
        self.each(conn, peer, target, false, |centre, id, is_operator| {
            if !is_operator && centre.state.job(id).is_some_and(|job| job.hold() == Some(Hold::Operator)) {
                return Err(refuse(RefusalCode::AccessDenied, id.to_string()));
            }
            centre.act(What::Released { id })
        })
    }

    pub(crate) fn requeue(&mut self, conn: ConnId, peer: Peer, target: &JobTarget, hold: bool) -> Outcome {
        self.each(conn, peer, target, false, |centre, id, _| {
            let job = centre.state.job(id).ok_or_else(|| refuse(RefusalCode::InvalidJobId, id.to_string()))?;
            if !job.may_requeue() {
                return Err(refuse(RefusalCode::Disabled, id.to_string()));
            }
            if job.state() == JobState::Pending {
                return Err(refuse(RefusalCode::JobPending, id.to_string()));
            }
            centre.act(What::Requeued { id, cause: RequeueCause::Asked(peer.uid), hold })
        })
    }

    pub(crate) fn suspend(&mut self, conn: ConnId, peer: Peer, target: &JobTarget, resume: bool) -> Outcome {
        self.each(conn, peer, target, true, |centre, id, _| {
            let Some(run) = centre.live_run(id) else {
                return Err(refuse(RefusalCode::JobNotRunning, id.to_string()));
            };
            centre.act(if resume { What::Resumed { run } } else { What::Suspended { run, cause: None } })
        })
    }

    pub(crate) fn urgent(&mut self, conn: ConnId, peer: Peer, target: &JobTarget, why: &str) -> Outcome {
        if why.trim().is_empty() {
            return Err(refuse(RefusalCode::Other, "an emergency needs a reason: it is kept with your name"));
        }
        self.each(conn, peer, target, true, |centre, id, _| {
            centre.act(What::MadeUrgent { id, by: peer.uid, why: why.to_owned() })
        })
    }

    pub(crate) fn update(&mut self, conn: ConnId, peer: Peer, target: &JobTarget, changes: &[UpdateChange]) -> Outcome {
        if changes.len() > 32 {
            return Err(refuse(RefusalCode::Other, "more than 32 changes at once"));
        }
        self.each(conn, peer, target, false, |centre, id, is_operator| {
            for change in changes {
                centre.may_update(id, change, is_operator)?;
            }
            for change in changes {
                centre.update_one(id, change, peer.uid, is_operator)?;
            }
            Ok(())
        })
    }

    fn may_update(&mut self, id: JobId, change: &UpdateChange, is_operator: bool) -> Outcome {
        let job = self.state.job(id).ok_or_else(|| refuse(RefusalCode::InvalidJobId, id.to_string()))?;
        if job.state().is_final() {
            return Err(refuse(RefusalCode::AlreadyDone, id.to_string()));
        }
        match change {
            UpdateChange::Name(text) | UpdateChange::Comment(text) if text.as_bytes().len() > 1024 => {
                return Err(refuse(RefusalCode::Other, "a name or comment is longer than 1024 bytes"));
            }
            UpdateChange::Partition(name) | UpdateChange::Qos(name) | UpdateChange::Account(name)
                if name.len() > 256 =>
            {
                return Err(refuse(RefusalCode::Other, "a name is longer than 256 bytes"));
            }
            UpdateChange::Reservation(Some(name)) if name.len() > 256 => {
                return Err(refuse(RefusalCode::Other, "a name is longer than 256 bytes"));
            }
            UpdateChange::Dependency(Some(wish)) if wish.terms.len() > 4096 => {
                return Err(refuse(RefusalCode::DependencyProblem, ""));
            }
            UpdateChange::Account(name) => {
                let (user, base) = (job.owner().user.clone(), job.base());
                if self.is_priced(base) || self.money.is_paid_for(name) {
                    let text =
                        "a job that has a price, or would get one, keeps its project: cancel it, and submit it again";
                    return Err(refuse(RefusalCode::Other, text));
                }
                self.people
                    .account(&user, name, is_operator)
                    .map_err(|name| refuse(RefusalCode::InvalidAccount, name))?;
            }
            // 0 holds, which everybody may.
            UpdateChange::Priority(0) => return Ok(()),
            _ => {}
        }
        if crate::amend::is_on_paper(change) {
            return self.may_amend(id, change);
        }
        let change = self.scheduler_change(id, change)?;
        self.state.admit_change(id, &change, is_operator).map_err(|fault| refusal(&fault))
    }

    fn update_one(&mut self, id: JobId, change: &UpdateChange, by: Uid, is_operator: bool) -> Outcome {
        if *change == UpdateChange::Priority(0) {
            return self.act(What::Held { id, by_operator: is_operator });
        }
        if crate::amend::is_on_paper(change) {
            return self.amend_paper(id, change);
        }
        let change = self.scheduler_change(id, change)?;
        self.act(What::Updated { id, change: change.clone(), by })?;
        self.amend(id, &change)
    }

    /// The change in the scheduler's words.
    fn scheduler_change(&self, id: JobId, change: &UpdateChange) -> Result<Change, Refusal> {
        Ok(match change.clone() {
            UpdateChange::TimeLimit(limit) => Change::TimeLimit(limit),
            UpdateChange::Priority(priority) => Change::Priority(priority),
            UpdateChange::Nice(nice) => Change::Nice(nice),
            UpdateChange::Name(name) => Change::Name(name),
            UpdateChange::Begin(begin) => Change::Begin(begin),
            UpdateChange::Partition(name) => Change::Partition(name),
            UpdateChange::Qos(name) => Change::Qos(name),
            UpdateChange::Account(name) => Change::Account(name),
            UpdateChange::Dependency(wish) => {
                let known = match &wish {
                    Some(wish) => self.endings_it_depends_on(wish)?,
                    None => Vec::new(),
                };
                Change::Dependency { wish, known }
            }
            UpdateChange::ArrayLimit(limit) => Change::ArrayLimit((limit > 0).then_some(limit)),
            UpdateChange::Comment(comment) => Change::Comment(comment),
            UpdateChange::Requeue(requeue) => Change::Requeue(requeue),
            UpdateChange::Deadline(deadline) => Change::Deadline(deadline),
            UpdateChange::Reservation(name) => Change::Reservation(name),
            UpdateChange::Needs(needs) => Change::Needs(self.needs(id, needs)?),
            UpdateChange::TimeMin(least) => Change::TimeMin(least),
            UpdateChange::Mail(_)
            | UpdateChange::MailUser(_)
            | UpdateChange::StdOut(_)
            | UpdateChange::StdErr(_)
            | UpdateChange::StdIn(_)
            | UpdateChange::Workdir(_)
            | UpdateChange::Wckey(_) => return Err(refuse(RefusalCode::Other, "nothing that the scheduler knows")),
        })
    }
}

fn impossible(fault: &scheduler::Impossible) -> Refusal {
    match fault {
        scheduler::Impossible::Finished(id) => refuse(RefusalCode::JobFinished, id.to_string()),
        scheduler::Impossible::NotPending(_) => refuse(RefusalCode::Other, "Job is no longer pending execution"),
        _ => refuse(RefusalCode::Other, fault.to_string()),
    }
}

/// The scheduler's refusal in the words of the wire.
pub(crate) fn refusal(fault: &scheduler::Refusal) -> Refusal {
    use scheduler::Refusal as Fault;
    match fault {
        Fault::InvalidPartition(name) | Fault::PartitionDenied(name) => {
            refuse(RefusalCode::InvalidPartition, name.as_str())
        }
        Fault::InvalidQos(name) | Fault::QosDenied(name) => refuse(RefusalCode::InvalidQos, name.as_str()),
        Fault::InvalidAccount(name) => refuse(RefusalCode::InvalidAccount, name.as_str()),
        Fault::NodeConfigUnavailable { memory: true } => refuse(RefusalCode::MemoryUnavailable, ""),
        Fault::NodeConfigUnavailable { memory: false } => refuse(RefusalCode::NodeConfigUnavailable, ""),
        Fault::ArrayTooLarge { limit } => refuse(RefusalCode::ArrayTooLarge, limit.to_string()),
        Fault::TooManyJobs { limit } => refuse(RefusalCode::TooManyJobs, limit.to_string()),
        Fault::TooManyOfUser { limit } => refuse(RefusalCode::TooManyOfUser, limit.to_string()),
        Fault::InvalidNice => refuse(RefusalCode::InvalidNice, ""),
        Fault::PriorityDenied => refuse(RefusalCode::AccessDenied, ""),
        Fault::InvalidGres => refuse(RefusalCode::InvalidGres, ""),
        Fault::TimeLimit => refuse(RefusalCode::InvalidTimeLimit, ""),
        Fault::ReservationInvalid(name) | Fault::ReservationDenied(name) => {
            refuse(RefusalCode::InvalidReservation, name.as_str())
        }
        Fault::InvalidFeature(name) => refuse(RefusalCode::InvalidFeature, name.as_str()),
        Fault::ChangeDenied(id) => refuse(RefusalCode::AccessDenied, id.to_string()),
    }
}
