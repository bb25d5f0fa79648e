//! Running jobs against their project's budgets: members are warned, and where a budget is a hard one its jobs are ended
//! when it is used up. Must not know what a price is made of.

use std::collections::BTreeMap;

use ledger::{
    book,
    budget::{self, Watch},
    posting::Cost,
    price::{Usage, price},
};
use model::{JobId, RunId, Span, Time, Uid};
use scheduler::What;
use store::{Fact, Write};

use crate::{connection::Peer, core::Centre, metering::holds as held_parts};

/// How often.
const EVERY: Span = Span::seconds(5);

impl Centre {
    /// When budgets are looked at next; `None`: no job that runs could use one up.
    pub(super) fn next_watch(&self) -> Option<Time> {
        let watched = self.state.runs().any(|(run, ..)| self.budgeted(run).is_some());
        watched.then_some(self.money.watched + EVERY)
    }

    /// The project of a run that has something set aside, where it has budgets.
    fn budgeted(&self, run: RunId) -> Option<&str> {
        let held = self.money.ledger.held(run)?;
        let purse = self.money.purses.get(&held.project)?;
        (!purse.budgets.is_empty()).then_some(held.project.as_str())
    }

    pub(super) fn watch_budgets(&mut self) {
        if (self.now - self.money.watched).0.abs() < EVERY.0 {
            return;
        }
        self.money.watched = self.now;
        let mut running: BTreeMap<String, (Cost, Vec<JobId>)> = BTreeMap::new();
        for (run, placement, start) in self.state.runs() {
            let Some(project) = self.budgeted(run) else { continue };
            let parts =
                held_parts(&self.state.config().machine, placement.cpus.iter(), placement.memory_mib, &placement.gpus);
            let (cost, jobs) = running.entry(project.to_owned()).or_default();
            *cost += self.cost_so_far(run, project, start, &parts);
            jobs.push(run.job);
        }
        self.money.warned.retain(|project, _| running.contains_key(project));
        for (project, (cost, jobs)) in running {
            self.watch_project(&project, cost, jobs);
        }
    }

    /// What a run has cost until now.
    fn cost_so_far(&self, run: RunId, project: &str, start: Time, parts: &energy::live::Holds) -> Cost {
        let (Some((_, customer)), Some(book)) = (self.money.payer(project), &self.money.tariffs) else {
            return Cost::default();
        };
        let (energy_uj, _) = self.energy_so_far(run);
        let usage = Usage {
            machine: self.machine_type(),
            start,
            end: self.now.max(start),
            cores: parts.cores,
            memory_mib: parts.memory_mib,
            gpus: parts.gpus.len() as u32,
            exclusive: self.state.job(run.job).is_some_and(|job| job.request().exclusive),
            energy_uj,
            stored_mib: 0,
        };
        price(book, customer.category, &[usage]).map_or_else(|_| Cost::default(), |lines| book::gross(&lines))
    }

    fn watch_project(&mut self, project: &str, cost: Cost, jobs: Vec<JobId>) {
        let Some(purse) = self.money.purses.get(project) else { return };
        let today = self.money.day(self.now);
        match budget::watch(&purse.budgets, self.money.ledger.project(project), cost, today) {
            Watch::Fine => drop(self.money.warned.remove(project)),
            Watch::Warn(permille) => {
                let text = format!("project {project} has used {}.{} % of a budget", permille / 10, permille % 10);
                let is_new = !self.money.warned.contains_key(project);
                if is_new {
                    jobs.iter().for_each(|id| self.note(*id, text.clone()));
                }
                self.money.warned.insert(project.to_owned(), permille);
            }
            Watch::Stop => {
                let text = format!("a budget of project {project} is used up");
                self.money.warned.insert(project.to_owned(), 1000);
                for id in jobs {
                    if self.live_run(id).is_some_and(|run| self.state.ending(run).is_none()) {
                        self.note(id, format!("ended: {text}"));
                        self.money.stopped.insert(id, text.clone());
                        self.record_own(What::Cancelled { id, tasks: None, by: Uid::ROOT });
                        self.money.stopped.remove(&id);
                    }
                }
            }
        }
    }

    /// What is added to the line that a job's owner finds in its output, where a budget ends it.
    pub(crate) fn why_cancelled(&self, id: JobId) -> String {
        let why = self.money.stopped.get(&id);
        why.map_or_else(String::new, |why| format!(" DUE TO BUDGET: {why}"))
    }

    pub(crate) fn note(&mut self, id: JobId, text: String) {
        let base = self.state.job(id).map(|job| job.base());
        self.journal.write(Write::Event { at: self.now, base, fact: Box::new(Fact::Noted { by: Uid::ROOT, text }) });
    }

    /// Projects that somebody may see whose members should know of a budget: how many thousandths are used.
    pub(crate) fn budget_warnings(&mut self, peer: Peer) -> Vec<(String, u64)> {
        let (all, me) = (self.people.is_operator(peer.uid), self.people.name(peer.uid));
        let mine = |project: &str| self.people.members.iter().any(|one| one.user == me && one.project == project);
        let warned = self.money.warned.iter().filter(|(project, _)| all || mine(project));
        warned.map(|(project, permille)| (project.clone(), *permille)).collect()
    }
}
