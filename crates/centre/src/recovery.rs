//! After a restart, or after the disk failed: read the state back, compare with what the launcher knows, go on.

use crate::complain::complain;
use std::collections::HashSet;

use drivers::local::protocol::{End, Hello, HookKind, Order, Report, RunState};
use model::{Outcome, RunId, Usage};
use scheduler::{Event, RequeueCause, State, What};
use store::{Fact, Reader, StoreError, Write};

use crate::{core::Centre, journal::After, steps::Live, steps::Steps};

/// What reading back gave.
pub(crate) struct ReadBack {
    pub(crate) state: State,
    pub(crate) steps: Steps,
    /// Tasks left of each open submission.
    pub(crate) remaining: std::collections::HashMap<model::JobId, u64>,
    pub(crate) next_blob: i64,
    /// Boot under which the last centre served.
    pub(crate) last_boot: Option<String>,
    /// Runs started under that boot.
    pub(crate) started_there: HashSet<RunId>,
    /// Jobs without a script.
    pub(crate) allocations: HashSet<model::JobId>,
    /// Submissions of which an event contradicts the others.
    pub(crate) suspects: std::collections::BTreeSet<model::JobId>,
}

/// Folds everything that is not over into a fresh state.
///
/// # Errors
/// [`StoreError`]; an event that contradicts the others is one.
pub(crate) fn read_back(reader: &Reader, fresh: State) -> Result<ReadBack, StoreError> {
    let mut back = ReadBack {
        state: fresh,
        steps: Steps::default(),
        remaining: std::collections::HashMap::new(),
        next_blob: 1,
        last_boot: None,
        started_there: HashSet::new(),
        allocations: HashSet::new(),
        suspects: std::collections::BTreeSet::new(),
    };
    let replay = reader.replay(&mut |stored| match stored.fact {
        Fact::Job(what) => {
            let about = match &what {
                What::Submitted { id, .. } | What::Updated { id, .. } => Some(*id),
                _ => None,
            };
            back.fold(Event { at: stored.at, what }, stored.base);
            if let (Some(id), Some(met)) = (about, stored.met) {
                back.state.note_met(id, met);
            }
        }
        Fact::StepBegan { job, attempt, step, name, tasks, cpus, pid } => {
            let live = Live {
                number: step,
                attempt,
                name,
                start: stored.at,
                tasks,
                cpus,
                overlap: false,
                conn: None,
                pid,
                attach: None,
            };
            back.steps.restore(job, live);
        }
        Fact::StepEnded { job, step, .. } => back.steps.drop_restored(job, step),
        Fact::Serving { boot_id } => {
            if back.last_boot.as_ref() != Some(&boot_id) {
                back.started_there.clear();
            }
            back.last_boot = Some(boot_id);
        }
        Fact::Noted { .. } => {}
    })?;
    back.state.set_usage(&replay.usage);
    back.state.forget_idle();
    if replay.next_id > back.state.next_id() {
        back.state.set_next_id(replay.next_id);
    }
    back.next_blob = replay.next_blob;
    Ok(back)
}

impl ReadBack {
    fn fold(&mut self, event: Event, base: Option<model::JobId>) {
        match &event.what {
            What::Submitted { id, spec, .. } => {
                if spec.as_ref().is_some_and(|spec| !spec.batch) {
                    self.allocations.insert(*id);
                }
                let array = spec.as_ref().and_then(|spec| spec.array.as_ref());
                self.remaining.insert(*id, array.map_or(1, |array| array.tasks.len()));
            }
            What::Started { run, .. } => {
                self.started_there.insert(*run);
            }
            _ => {}
        }
        let was_over = match &event.what {
            What::Requeued { id, .. } => self.state.job(*id).is_some_and(|job| job.state().is_final()),
            _ => false,
        };
        match self.state.apply(&event) {
            Ok(finished) => {
                let Some(base) = base else { return };
                let over: u64 = finished
                    .iter()
                    .filter(|run| run.state != model::JobState::Requeued)
                    .map(|run| run.tasks.as_ref().map_or(1, |tasks| tasks.len()))
                    .sum();
                let left = self.remaining.entry(base).or_insert(0);
                *left = left.saturating_sub(over) + u64::from(was_over);
            }
            // Live, such an event would have been refused, so it is not in the file. If one is there all the same, what
            // we know of its job is wrong, and nothing of it may be started.
            Err(fault) => {
                complain!("an event in the file contradicts the others, so its job is held: {fault}");
                self.suspects.extend(base);
            }
        }
    }
}

impl Centre {
    /// What the launcher says.
    pub(crate) fn report(&mut self, report: Report) {
        match report {
            Report::Hello(hello) => self.greet(hello),
            Report::Ended { run, end } => self.ended(run, end),
            Report::HookFailed { run, hook, error } => {
                complain!("the {hook:?} of run {run} failed: {error}");
                if hook != HookKind::Epilog {
                    // As Slurm does: no further job should meet the same fault.
                    self.record_own(What::Drained { reason: format!("{hook:?} error: {error}"), by: model::Uid::ROOT });
                }
            }
            Report::Fault { text } => complain!("launcher: {text}"),
            Report::Told { number, code, complaint, .. } if number >= crate::portal::accounts::FIRST => {
                self.account_told(number, code, &complaint);
            }
            Report::Told { number, code, output, complaint } => self.command_told(number, code, &output, &complaint),
            Report::Measured { number, busy_us, runs } => self.measured(number, busy_us, runs),
            // An order to end it found nothing: it is gone, and nobody saw how.
            Report::Unknown { run } if self.live_run(run.job) == Some(run) && self.state.ending(run).is_some() => {
                self.record_own(What::Ended { run, outcome: Outcome::Lost, usage: Usage::default() });
            }
            Report::Started { .. } | Report::Suspended { .. } | Report::Resumed { .. } | Report::Unknown { .. } => {}
        }
    }

    /// A run is over and nothing of it is left.
    fn ended(&mut self, run: RunId, end: End) {
        if self.degraded.is_some() {
            self.deferred.push((run, end));
            return;
        }
        if self.live_run(run.job) != Some(run) {
            // Known to be over: what was lost is the order to forget it.
            self.journal.after(After::Ended(run, Box::new(end)));
            return;
        }
        let wanted = self.state.ending(run).is_none();
        // Read off the end itself, which is told again until it is on disk: what was said before it may be lost.
        let prolog_failed = end.prolog_failed();
        // It never began: trying again cannot run it twice.
        let never_began = end.outcome == Outcome::Lost && end.started.is_none();
        self.record_own(What::Ended { run, outcome: end.outcome.clone(), usage: end.usage });
        if wanted && (prolog_failed || never_began) {
            let (cause, hold) = (RequeueCause::NodeFailure, prolog_failed);
            self.record_own(What::Requeued { id: run.job, cause, hold });
        }
        if prolog_failed && self.state.machine_use().drained.is_none() {
            self.record_own(What::Drained { reason: "Prolog error".to_owned(), by: model::Uid::ROOT });
        }
        self.journal.after(After::Ended(run, Box::new(end)));
    }

    /// The launcher is there: compare what it runs with what should run.
    fn greet(&mut self, hello: Hello) {
        let same_boot = self.started_this_boot_id.as_ref() == Some(&hello.boot_id);
        if !same_boot {
            self.journal.write(Write::Event {
                at: self.now,
                base: None,
                fact: Box::new(Fact::Serving { boot_id: hello.boot_id.clone() }),
            });
            self.started_this_boot_id = Some(hello.boot_id.clone());
        }
        self.every_user = hello.guarantees.every_user;
        if self.every_user {
            self.people.serve_root();
        }
        let runs = hello.runs.clone();
        self.hello = Some(hello);
        let known: HashSet<RunId> = runs.iter().map(|report| report.run).collect();
        let expected: Vec<RunId> = self.state.runs().map(|(run, _, _)| run).collect();
        for report in runs {
            match report.state {
                RunState::Ended(end) => self.ended(report.run, end),
                RunState::Rebooted { .. } => self.rebooted(report.run),
                RunState::Starting | RunState::Running { .. } if self.is_suspect(report.run.job) => {
                    complain!("run {} is left alone: what the file says of its job contradicts itself", report.run);
                }
                RunState::Starting | RunState::Running { .. } if !expected.contains(&report.run) => {
                    complain!("run {} is in no record of ours (an older backup?): it is ended", report.run);
                    let order = self.end(report.run, "");
                    self.order(&order);
                }
                RunState::Starting | RunState::Running { .. } => self.take_up(report.run),
            }
        }
        for run in expected.into_iter().filter(|run| !known.contains(run)) {
            if self.is_suspect(run.job) {
                self.give_up(run);
            } else if self.hello.as_ref().is_some_and(|hello| hello.unreadable > 0) {
                // A slot file that cannot be read may name it: it is never launched a second time on a guess.
                complain!("run {run} may be in a slot file that cannot be read, so it is given up");
                self.give_up(run);
            } else if same_boot && self.started_this_boot.contains(&run) {
                // Its start is on disk, but the order never reached the launcher.
                self.journal.after(After::Launch(run));
            } else {
                self.rebooted(run);
            }
        }
        self.started_this_boot.clear();
        self.hold_suspects();
    }

    /// Whether the file contradicts itself about this job.
    fn is_suspect(&self, id: model::JobId) -> bool {
        !self.suspects.is_empty() && {
            let base = self.state.job(id).map(|job| job.base());
            let base = base.or_else(|| self.reader.base_of(id).ok().flatten());
            base.is_some_and(|base| self.suspects.contains(&base))
        }
    }

    /// What the file contradicts itself about is started by nobody but an operator who has looked at it.
    fn hold_suspects(&mut self) {
        for base in self.suspects.clone() {
            for id in self.state.records_of(base) {
                let waits = self.state.job(id).is_some_and(|job| job.state() == model::JobState::Pending);
                if waits {
                    self.record_own(What::Held { id, by_operator: true });
                }
            }
        }
    }

    /// Goes on with a run that lived through the restart: what was ordered may not have arrived.
    fn take_up(&mut self, run: RunId) {
        let order = match self.state.ending(run) {
            Some(_) => self.end(run, ""),
            None if self.state.job(run.job).is_some_and(|job| job.state() == model::JobState::Suspended) => {
                Order::Suspend { run }
            }
            None => Order::Resume { run },
        };
        self.journal.after(After::Order(Box::new(order)));
    }

    /// Nobody knows where a run is: it is over for us, and not tried again on a guess, also if this cannot be written
    /// just now.
    fn give_up(&mut self, run: RunId) {
        let end = End { started: Some(self.now), at: self.now, outcome: Outcome::Lost, usage: Usage::default() };
        self.ended(run, end);
    }

    /// The machine was rebooted under a run: nobody saw its end.
    fn rebooted(&mut self, run: RunId) {
        // Who was being ended stays ended: only work that nobody wanted to end goes back.
        let wanted = self.state.ending(run).is_none();
        let again = wanted && self.state.job(run.job).is_some_and(|job| job.may_requeue());
        if self.live_run(run.job) == Some(run) {
            self.record_own(What::Ended { run, outcome: Outcome::Lost, usage: Usage::default() });
            if again {
                self.record_own(What::Requeued { id: run.job, cause: RequeueCause::NodeFailure, hold: false });
            }
        }
        let end = End { started: None, at: self.now, outcome: Outcome::Lost, usage: Usage::default() };
        self.journal.after(After::Ended(run, Box::new(end)));
    }

    /// Writing failed: what is not on disk never happened. Orders are refused until it works again.
    pub(crate) fn storage_failed(&mut self, fault: &StoreError) {
        complain!("{fault}; nothing new is accepted until it can be written again");
        let why = fault.to_string();
        for after in self.journal.failed() {
            match after {
                After::Reply(conn, _) => {
                    let refusal = crate::core::refuse(api::RefusalCode::StorageFailed, why.as_str());
                    self.reply(conn, &api::Reply::Refused(refusal));
                }
                After::Ended(run, end) => self.deferred.push((run, *end)),
                After::Metered(settled) => self.energy_unwritten(*settled),
                After::Owed(events) => self.owed.splice(0..0, events).for_each(drop),
                After::UsageWritten => self.usage_written(false),
                // Questions are answered from what is there.
                After::Read(conn, question) => self.archive.ask(conn, *question),
                After::Order(_) | After::Launch(_) | After::Switch { .. } | After::Over(_) | After::Mail(_) => {}
                After::PeopleChanged | After::Tariffs(_) | After::Calibrated(_) | After::Shared(_) => {}
            }
        }
        self.degraded = Some(why);
        self.drafts.clear();
        self.perhaps_over.clear();
        let mut empty = State::new(self.state.config().clone());
        // Who is held for cheap hours does not start because the disk is full.
        empty.set_prices(self.state.prices().clone());
        match read_back(&self.reader, empty) {
            Ok(mut back) => {
                back.state.set_reserve(self.state.reserve().cloned());
                self.state = back.state;
                self.fold_owed();
                let known = std::mem::replace(&mut self.steps, back.steps);
                self.steps.go_on_from(known);
                self.remaining = back.remaining;
                self.submissions.forget_all(back.next_blob);
                self.started_this_boot = back.started_there;
                self.suspects.extend(back.suspects);
                self.metering_agrees();
                self.agents_again();
                self.hint_all();
                self.money_again();
                self.folk_again();
            }
            Err(fault) => {
                complain!("{fault}");
                self.launcher_gone = true;
            }
        }
    }

    /// Writing works again: take up what was put off.
    pub(crate) fn storage_recovered(&mut self) {
        complain!("the data file can be written again");
        self.degraded = None;
        self.pay_owed();
        self.look_at_machines();
        for (run, end) in std::mem::take(&mut self.deferred) {
            self.ended(run, end);
        }
        self.metering_agrees();
        // Starts and orders that are on disk but whose performance was dropped: all are safe to repeat.
        let runs: Vec<RunId> = self.state.runs().map(|(run, _, _)| run).collect();
        for run in runs {
            self.journal.after(After::Launch(run));
            self.take_up(run);
        }
    }
}
