//! The heart's body: facts go into the state and the journal together; what they cause happens when they are on disk.

use crate::complain::complain;
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use api::{Refusal, RefusalCode, Reply};
use drivers::local::{
    link::Link,
    protocol::{End, Hello, Order, Scope},
};
use model::{JobId, RunId, Span, Time};
use scheduler::{Event, Finished, Impossible, RequeueCause, State, What};
use store::{Fact, Reader, Write};

use crate::{
    allocations::Allocations, config, connection::ConnId, connection::Connections, electricity::Electricity,
    journal::After, journal::Journal, launch::Draft, paths::Paths, people::People, reading::Archive, steps::Steps,
    submissions::Submissions,
};

/// The centre while it serves.
pub(crate) struct Centre {
    pub(crate) paths: Paths,
    pub(crate) file: config::File,
    /// Prices and carbon by the hour; other threads have it, too.
    pub(crate) electricity: Arc<Electricity>,
    /// What jobs cost.
    pub(crate) money: crate::money::Money,
    /// What the machine draws, if anything tells it.
    pub(crate) metering: Option<crate::metering::Metering>,
    /// What runs use over time, for pictures.
    pub(crate) tracks: crate::series::Tracks,
    /// Who switches machines, if somebody does.
    pub(crate) switches: Option<crate::power::Switches>,
    /// The Slurm that runs the jobs, if one does.
    pub(crate) cluster: Option<crate::cluster::Cluster>,
    /// The machines that report by themselves.
    pub(crate) agents: crate::agents::Agents,
    /// Name of the centre, and of its one machine.
    pub(crate) name: String,
    pub(crate) node: Arc<str>,
    pub(crate) state: State,
    pub(crate) people: People,
    pub(crate) journal: Journal,
    pub(crate) archive: Archive,
    /// Reads what is needed now: submissions to launch, jobs that others depend on.
    pub(crate) reader: Reader,
    pub(crate) submissions: Submissions,
    /// Orders to launch whose starts are being written.
    pub(crate) drafts: HashMap<RunId, Draft>,
    pub(crate) link: Link,
    pub(crate) hello: Option<Hello>,
    pub(crate) launcher_gone: bool,
    pub(crate) conns: Connections,
    pub(crate) steps: Steps,
    pub(crate) allocations: Allocations,
    pub(crate) mail: crate::mail::Mail,
    /// Who uses the pages.
    pub(crate) folk: crate::portal::folk::Folk,
    pub(crate) hasher: crate::portal::passwords::Hasher<crate::portal::sessions::Then>,
    pub(crate) patience: crate::portal::patience::Patience,
    pub(crate) making: crate::portal::accounts::Making,
    /// This program's file.
    pub(crate) program: model::Text,
    /// Commands that wait for the end of a submission.
    pub(crate) waiters: HashMap<JobId, Vec<ConnId>>,
    /// Tasks of each open submission that are not over.
    pub(crate) remaining: HashMap<JobId, u64>,
    /// Submissions whose count reached zero in this turn.
    pub(crate) perhaps_over: Vec<JobId>,
    /// Runs whose start was durable before this process, and is no older than this boot of the machine.
    pub(crate) started_this_boot: HashSet<RunId>,
    /// That boot.
    pub(crate) started_this_boot_id: Option<String>,
    /// Why nothing can be written, when nothing can; then orders are refused and the rest goes on.
    pub(crate) degraded: Option<String>,
    /// Ends that came while nothing could be written.
    pub(crate) deferred: Vec<(RunId, End)>,
    /// Facts that took effect although they could not be written.
    pub(crate) owed: Vec<Event>,
    /// Submissions that the file contradicts itself about.
    pub(crate) suspects: BTreeSet<JobId>,
    pub(crate) stopping: Stopping,
    pub(crate) now: Time,
    pub(crate) started: Time,
    pub(crate) url: String,
    /// What the front page shows of the past, for a few seconds.
    pub(crate) board_known: crate::portal::board::Known,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) service_uid: model::Uid,
    /// The launcher runs jobs of every user.
    pub(crate) every_user: bool,
    pub(crate) shares_changed: bool,
    pub(crate) shares_written: Time,
    /// What was measured and shared since the start, and is on disk.
    pub(crate) accounts_shown: energy::reconcile::Accounts,
    /// Connections that have something to send.
    pub(crate) touched: Vec<ConnId>,
    /// Connections that may have a further request.
    pub(crate) again: Vec<ConnId>,
    /// When old records were last put away.
    pub(crate) pruned: Time,
    /// When a failed disk was last tried.
    pub(crate) probed: Time,
    pub(crate) counters: crate::counters::Counters,
    /// How long jobs ran.
    pub(crate) learned: scheduler::learn::Learned,
    /// When prices were last looked at for the scheduler.
    pub(crate) prices_seen: Time,
}

/// Whether the centre is about to end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Stopping {
    No,
    /// Starts nothing more; ends when nothing runs.
    Draining,
    Now,
}

impl Centre {
    /// Folds a fact into the state and puts it into the journal, with what it causes.
    ///
    /// # Errors
    /// What cannot be; then nothing happened.
    pub(crate) fn record(&mut self, what: What) -> Result<(), Impossible> {
        let base = self.base_of(&what);
        let orders = self.orders(&what);
        self.letters_before(&what);
        let event = Event { at: self.now, what };
        let finished = self.state.apply(&event)?;
        self.counters.fact(&event.what);
        self.metering_fact(event.at, &event.what);
        self.money_fact(base, &event.what);
        if let What::Submitted { id, spec, .. } = &event.what {
            let array = spec.as_ref().and_then(|spec| spec.array.as_ref());
            self.remaining.insert(*id, array.map_or(1, |array| array.tasks.len()));
        }
        if let (What::Requeued { id, .. }, Some(base), true) = (&event.what, base, finished.is_empty()) {
            self.reopen(*id, base);
        }
        let started = match &event.what {
            What::Started { run, .. } => Some(*run),
            _ => None,
        };
        self.journal.write(Write::Event { at: event.at, base, fact: Box::new(Fact::Job(event.what)) });
        if let Some(run) = started {
            self.granted(run);
            self.letters_of_start(run);
        }
        for run in finished {
            self.over(base, run);
        }
        for after in orders {
            self.journal.after(after);
        }
        Ok(())
    }

    /// As [`Centre::record`], for facts that the state itself proposed or the launcher reported: what cannot be is a
    /// fault of ours, said in the log, and the rest goes on.
    pub(crate) fn record_own(&mut self, what: What) -> bool {
        let shown = what.clone();
        let recorded = self.record(what);
        if let Err(fault) = &recorded {
            complain!("left out {shown:?}: {fault}");
        }
        recorded.is_ok()
    }

    /// The submission that a fact concerns.
    pub(crate) fn base_of(&self, what: &What) -> Option<JobId> {
        let of = |id: JobId| Some(self.state.job(id).map_or(id, |job| job.base()));
        match what {
            What::Submitted { id, .. } => Some(*id),
            What::Started { task: Some((base, _)), .. } => Some(*base),
            What::Split { array, .. } => of(*array),
            What::Started { run, .. }
            | What::Ended { run, .. }
            | What::TimeLimitReached { run }
            | What::SignalDue { run }
            | What::Suspended { run, .. }
            | What::Resumed { run } => of(run.job),
            What::Cancelled { id, .. }
            | What::DeadlineMissed { id }
            | What::DependencyFailed { id }
            | What::Preempted { id, .. }
            | What::Requeued { id, .. }
            | What::Held { id, .. }
            | What::Released { id }
            | What::Updated { id, .. }
            | What::MadeUrgent { id, .. } => of(*id),
            What::Drained { .. }
            | What::Undrained { .. }
            | What::Reserved(_)
            | What::Unreserved { .. }
            | What::SwitchedOn { .. }
            | What::SwitchedOff { .. }
            | What::CameUp { .. }
            | What::WentOff { .. }
            | What::BootFailed { .. }
            | What::Mended { .. } => None,
        }
    }

    /// What a fact makes the launcher do, once it is on disk. Asked before the fact changes the state.
    pub(crate) fn orders(&mut self, what: &What) -> Vec<After> {
        let order = |order: Order| vec![After::Order(Box::new(order))];
        match what {
            What::Started { run, .. } => vec![After::Launch(*run)],
            What::Cancelled { id, tasks: None, .. } => {
                let why = self.why_cancelled(*id);
                self.live_run(*id).map_or(Vec::new(), |run| order(self.end(run, &why)))
            }
            What::TimeLimitReached { run } => order(self.end(*run, " DUE TO TIME LIMIT")),
            What::DeadlineMissed { id } => {
                self.live_run(*id).map_or(Vec::new(), |run| order(self.end(run, " DUE TO DEADLINE")))
            }
            What::Preempted { id, .. } => {
                self.live_run(*id).map_or(Vec::new(), |run| order(self.end(run, " DUE TO PREEMPTION")))
            }
            What::Requeued { id, cause, .. } => {
                let why = match cause {
                    RequeueCause::Asked(_) => " DUE TO JOB REQUEUE",
                    RequeueCause::Preempted(_) => " DUE TO PREEMPTION",
                    RequeueCause::NodeFailure => " DUE TO NODE FAILURE",
                };
                self.live_run(*id).map_or(Vec::new(), |run| order(self.end(run, why)))
            }
            What::SwitchedOn { node } => vec![After::Switch { node: node.clone(), on: true }],
            What::SwitchedOff { node } => vec![After::Switch { node: node.clone(), on: false }],
            What::Suspended { run, .. } => order(Order::Suspend { run: *run }),
            What::Resumed { run } => order(Order::Resume { run: *run }),
            What::SignalDue { run } => {
                let base = self.state.job(run.job).map(|job| job.base());
                let wish = base.and_then(|base| self.submission(base)).and_then(|stored| stored.spec.signal);
                wish.map_or(Vec::new(), |wish| {
                    let scope = if wish.batch_only { Scope::Batch } else { Scope::Steps };
                    order(Order::Signal { run: *run, signal: wish.signal, scope })
                })
            }
            _ => Vec::new(),
        }
    }

    /// The run that a record has on the machine, if it has one.
    pub(crate) fn live_run(&self, id: JobId) -> Option<RunId> {
        let job = self.state.job(id).filter(|job| job.id() == id)?;
        job.placement().map(|_| job.run())
    }

    /// The order that ends a run, with the line that its owner finds in the output.
    pub(crate) fn end(&self, run: RunId, why: &str) -> Order {
        let when = dialect::text::shown(|out| dialect::text::put_timestamp(out, self.now, &self.zone));
        let note = format!(
            "slurmstepd-{}: error: *** JOB {} ON {} CANCELLED AT {when}{why} ***",
            self.node, run.job, self.node
        );
        Order::Terminate { run, note: Some(note), kill_wait: Span::seconds(i64::from(self.file.limits.kill_wait)) }
    }

    /// A run, or what had not run of a record, is over.
    fn over(&mut self, base: Option<JobId>, run: Finished) {
        let base = base.unwrap_or_else(|| self.state.job(run.run.job).map_or(run.run.job, |job| job.base()));
        self.counters.over(&run);
        self.metering_end(&run);
        self.money_end(&run);
        self.learn(&run);
        self.close_steps(run.run);
        self.allocation_over(run.run.job);
        if run.state != model::JobState::Requeued {
            let count = run.tasks.as_ref().map_or(1, |tasks| tasks.len());
            if let Some(left) = self.remaining.get_mut(&base) {
                *left = left.saturating_sub(count);
                if *left == 0 {
                    self.perhaps_over.push(base);
                }
            }
        }
        self.letters_of_end(base, &run);
        let node = if run.start.is_some() { self.node.clone() } else { Arc::from("") };
        self.shares_changed = true;
        self.journal.write(Write::Run { base, finished: Box::new(run), node });
    }

    /// A record that was over goes back to the queue.
    fn reopen(&mut self, id: JobId, base: JobId) {
        let waits = self.state.job(id).is_some_and(|job| job.state() == model::JobState::Pending);
        let was_counted = self.live_run(id).is_some();
        if waits && !was_counted {
            *self.remaining.entry(base).or_insert(0) += 1;
            self.journal.write(Write::Reopen(base));
        }
    }

    /// Lets the state decide until it has nothing more to say; returns when it wants to be asked again.
    pub(crate) fn decide(&mut self) -> Option<Time> {
        self.hello.as_ref()?;
        if self.degraded.is_some() {
            return self.enforce();
        }
        if self.power_is_unsure() {
            return None;
        }
        loop {
            let begun = std::time::Instant::now();
            let decision = self.state.decide(self.now);
            self.counters.pass(begun);
            let mut progress = false;
            for what in decision.events {
                // A centre that is about to end, or whose jobs a Slurm runs, starts nothing here, and makes no place for
                // what it does not start.
                let makes_place = matches!(
                    what,
                    What::Started { .. }
                        | What::SwitchedOn { .. }
                        | What::Preempted { .. }
                        | What::Suspended { cause: Some(_), .. }
                        | What::Requeued { cause: RequeueCause::Preempted(_), .. }
                );
                if (self.stopping != Stopping::No || self.cluster.is_some()) && makes_place {
                    continue;
                }
                // A limit that was lowered (--time-min) is also what accounting shows.
                let lowered = match &what {
                    What::Updated { id, change, .. } => Some((*id, change.clone())),
                    _ => None,
                };
                progress |= self.record_own(what);
                if let Some((id, change)) = lowered
                    && let Err(fault) = self.amend(id, &change)
                {
                    complain!("the submission of job {id} was not amended: {}", fault.detail);
                }
            }
            if !progress {
                return decision.wake;
            }
        }
    }

    /// Ends the turn: closes what is over, sends the batch on its way, performs what waits for nothing.
    pub(crate) fn flush(&mut self) {
        for base in std::mem::take(&mut self.perhaps_over) {
            if self.remaining.get(&base) == Some(&0) {
                self.remaining.remove(&base);
                self.submissions.forget(base);
                self.money_over(base);
                self.journal.write(Write::Close(base));
                self.journal.after(After::Over(base));
            }
        }
        // Past use is written now and then: a crash may forget some seconds of it, which fair share does not notice.
        let due = (self.now - self.shares_written).0.abs() >= 10_000 || self.stopping != Stopping::No;
        if self.shares_changed && due && self.degraded.is_none() {
            self.shares_changed = false;
            self.shares_written = self.now;
            self.journal.write(Write::Usage(Box::new(self.state.usage_rows())));
        }
        self.write_energy(self.stopping != Stopping::No);
        self.balance();
        let ready = self.journal.flush();
        if ready.is_empty() {
            self.draft_launches();
        }
        self.perform(ready);
    }

    /// What is on disk takes effect.
    pub(crate) fn perform(&mut self, list: Vec<After>) {
        let mut forget = Vec::new();
        for after in list {
            match after {
                After::Reply(conn, reply) => self.reply(conn, &reply),
                After::Order(order) => self.order(&order),
                After::Launch(run) => self.launch(run),
                After::Switch { node, on } => self.switch(node, on),
                After::Ended(run, _) => forget.push(run),
                After::Over(base) => {
                    for conn in self.waiters.remove(&base).unwrap_or_default() {
                        self.archive.ask(conn, crate::reading::Question::Ending { base, only: None });
                    }
                }
                After::Read(conn, question) => self.archive.ask(conn, *question),
                After::Mail(letter) => self.mail.send(*letter),
                After::PeopleChanged => self.people_changed(),
                After::Tariffs(electricity) => self.electricity = electricity,
                After::Metered(settled) | After::Shared(settled) => self.show_energy(&settled),
                After::Calibrated(calibration) => self.calibrated(&calibration),
                After::UsageWritten => self.usage_written(true),
                After::Owed(_) => {}
            }
        }
        if !forget.is_empty() {
            self.order(&Order::Forget(forget));
        }
    }

    pub(crate) fn order(&mut self, order: &Order) {
        if let Err(fault) = self.link.send(order) {
            complain!("an order to the launcher was left out: {fault}");
        }
    }

    /// Answers a command; one that is gone hears nothing.
    pub(crate) fn reply(&mut self, id: ConnId, reply: &Reply) {
        if let Some(conn) = self.conns.get(id) {
            conn.push(reply);
            self.touched.push(id);
        }
    }

    /// Answers when everything so far is on disk.
    pub(crate) fn reply_when_safe(&mut self, conn: ConnId, reply: Reply) {
        self.journal.after(After::Reply(conn, reply));
    }
}

/// A refusal.
pub(crate) fn refuse(code: RefusalCode, detail: impl Into<String>) -> Refusal {
    Refusal { code, detail: detail.into() }
}
