//! What a job's project pays for it: what the ledger has posted for its runs, what is due, what runs so far, and what is set
//! aside for the rest. What goes on is priced by the very rules by which it will be settled. Must not know pages.

use std::collections::BTreeSet;

use api::{JobPrice, JobTarget, MoneyReply, PriceLine, PriceTerm, Refusal, RefusalCode, Reply};
use ledger::{
    book,
    posting::{Entry, What},
    price::{Line, Term, Usage, price},
};
use model::{JobId, JobState, QueueRow, RunId, Uid};
use store::{Reader, StoreError};

use super::settle::used_so_far;
use crate::{
    connection::{ConnId, Peer},
    core::Centre,
    journal::After,
    reading::Question,
};

/// Of an array of more runs than these only sums are told.
const MOST_RUNS: i64 = 200;
/// So many running tasks are priced one by one; the others as they are on average.
const MOST_RUNNING: usize = 200;

/// What is to be read.
#[derive(Debug)]
pub(crate) struct PaidQuestion {
    target: JobTarget,
    /// Only this one's, where one sees only their own.
    only: Option<Uid>,
    /// Runs that are over and have no price yet.
    due: BTreeSet<RunId>,
    /// What is known of it without the file.
    known: JobPrice,
    /// Projects that somebody pays for.
    paid_for: BTreeSet<String>,
    /// Whose it is and its project, where a cluster's queue has it: one typed at Slurm's own `sbatch` is in no file yet.
    there: Option<(Uid, String)>,
}

impl Centre {
    /// What the project of a job pays for it.
    pub(super) fn price_of_job(&mut self, conn: ConnId, peer: Peer, target: JobTarget) -> Result<(), Refusal> {
        let only = (!self.may_see(peer.uid, Uid(u32::MAX))).then_some(peer.uid);
        let known = self.price_so_far(&target);
        let due = self.money.due.keys().copied().collect();
        let paid_for = self.money.purses.keys().filter(|name| self.money.is_paid_for(name)).cloned().collect();
        let there = self.cluster.as_ref().and_then(|cluster| {
            let row = cluster.meant(&target).next().map(|queued| &queued.row)?;
            Some((row.owner.uid, self.project_of(&row.account)?.name.clone()))
        });
        let question = PaidQuestion { target, only, due, known, paid_for, there };
        self.journal.after(After::Read(conn, Box::new(Question::Paid(Box::new(question)))));
        Ok(())
    }

    /// Of what is not over: what it cost so far, and at most.
    fn price_so_far(&self, target: &JobTarget) -> JobPrice {
        let today = self.money.day(self.now);
        let regime = self.money.fiscal.regime(self.file.money.status, today);
        let vat_permille = regime.map_or(0, |regime| regime.permille);
        let mut known = JobPrice { vat_permille, ..JobPrice::default() };
        let (mut sum, mut priced) = (0_i64, 0_i64);
        for (id, tasks) in self.resolve(target).unwrap_or_default() {
            let Some(job) = self.state.job(id) else { continue };
            let held = self.held_for(id);
            // One task of those that wait in one record has its part.
            let all = job.tasks().map_or(1, |tasks| tasks.len());
            let part = tasks.map_or(all, |tasks| tasks.len());
            known.held_microeur = known.held_microeur.saturating_add(of_part(held, part, all));
            if job.placement().is_none() || job.state() == JobState::Pending {
                continue;
            }
            known.running += 1;
            if priced < MOST_RUNNING as i64
                && let Some(amount) = self.costs_so_far(id)
            {
                (sum, priced) = (sum.saturating_add(amount), priced + 1);
            }
        }
        let there: Vec<QueueRow> =
            self.cluster.iter().flat_map(|cluster| cluster.holding_of(target)).map(|row| (*row).clone()).collect();
        for row in there {
            known.running += 1;
            if priced < MOST_RUNNING as i64
                && let Some(amount) = self.costs_so_far_there(&row)
            {
                (sum, priced) = (sum.saturating_add(amount), priced + 1);
            }
        }
        let running = i64::try_from(known.running).unwrap_or(i64::MAX);
        known.running_microeur =
            (priced > 0).then(|| (i128::from(sum) * i128::from(running) / i128::from(priced)) as i64);
        known
    }

    /// What is set aside for a record, micro-euros.
    pub(crate) fn held_for(&self, id: JobId) -> i64 {
        let ledger = &self.money.ledger;
        let own = self.state.job(id).and_then(|job| ledger.held(job.run()));
        let array = || {
            let (generation, _) = self.money.holds.arrays.get(&id)?;
            ledger.held(super::holds::array_run(id, *generation))
        };
        own.or_else(array).map_or(0, |held| held.cost.amount.0)
    }

    /// What a run that goes on costs so far; `None`: its project does not pay, or there is no price.
    fn costs_so_far(&self, id: JobId) -> Option<i64> {
        let job = self.state.job(id)?;
        let (_, customer) = self.money.payer(job.account())?;
        let row = self.state.row(id, self.now)?;
        let usage = used_so_far(&self.state.config().machine, self.machine_type(), &job, &row, self.now)?;
        let usage = Usage { energy_uj: self.energy_so_far(job.run()).0, ..usage };
        let lines = price(self.money.tariffs.as_ref()?, customer.category, &[usage]).ok()?;
        Some(book::gross(&lines).amount.0)
    }

    /// The project of an account: Slurm writes names of accounts in small letters.
    fn project_of(&self, account: &str) -> Option<&store::Project> {
        self.people.projects.iter().find(|project| project.name.eq_ignore_ascii_case(account))
    }

    /// The same of one that a cluster runs, as its queue tells of it.
    fn costs_so_far_there(&self, row: &QueueRow) -> Option<i64> {
        let (_, customer) = self.money.payer(&self.project_of(&row.account)?.name)?;
        let lines = price(self.money.tariffs.as_ref()?, customer.category, &[self.used_so_far_there(row)?]).ok()?;
        Some(book::gross(&lines).amount.0)
    }
}

fn of_part(amount: i64, part: u64, all: u64) -> i64 {
    (i128::from(amount) * i128::from(part) / i128::from(all.max(1))) as i64
}

/// Reads it, on the archive's thread.
pub(crate) fn reply(reader: &Reader, question: PaidQuestion) -> Result<Reply, StoreError> {
    let PaidQuestion { target, only, due, known: mut paid, paid_for, there } = question;
    let unknown = || Reply::Refused(Refusal { code: RefusalCode::InvalidJobId, detail: target.id.to_string() });
    let Some(base) = reader.base_of(target.id)? else {
        let seen = there.filter(|(owner, _)| only.is_none_or(|uid| uid == *owner));
        let Some((_, project)) = seen else { return Ok(unknown()) };
        (paid.is_paid_for, paid.project) = (paid_for.contains(&project), project);
        return Ok(Reply::Money(MoneyReply::Job(Box::new(paid))));
    };
    let Some(stored) = reader.submission(base)? else { return Ok(unknown()) };
    if only.is_some_and(|uid| uid != stored.spec.owner.uid) {
        return Ok(unknown());
    }
    paid.project.clone_from(&stored.spec.account);
    paid.is_paid_for = paid_for.contains(&paid.project);
    let task = target.tasks.as_ref().and_then(|tasks| tasks.first());
    let is_array = stored.spec.array.is_some() && task.is_none();
    let used = if is_array { reader.array_used(base)? } else { store::ArrayUsed::default() };
    paid.due = reader.count_among(base, task, &due)?;
    if used.runs > MOST_RUNS {
        paid.priced = used.priced.cast_unsigned();
        paid.work_microeur = used.work_microeur;
        paid.paid_microeur = used.paid_microeur;
    } else {
        for text in reader.entries_of(base, task)? {
            if let Ok(entry) = serde_json::from_str::<Entry>(&text) {
                enter(&mut paid, entry.what);
            }
        }
    }
    Ok(Reply::Money(MoneyReply::Job(Box::new(paid))))
}

/// Adds what an entry says of a run.
fn enter(paid: &mut JobPrice, what: What) {
    match what {
        What::Settle(settled) => {
            paid.priced += 1;
            paid.work_microeur = paid.work_microeur.saturating_add(book::gross(&settled.usage).amount.0);
            paid.paid_microeur = paid.paid_microeur.saturating_add(settled.counted.amount.0);
            for one in &settled.deductions {
                add(&mut paid.deductions, one.reason.name(), one.amount.0);
            }
            settled.usage.iter().for_each(|line| merge(&mut paid.lines, line));
        }
        What::Correct(correct) => {
            paid.paid_microeur = paid.paid_microeur.saturating_add(correct.counted.amount.0);
            add(&mut paid.returned, correct.reason.name(), -correct.counted.amount.0);
        }
        _ => {}
    }
}

fn add(sums: &mut Vec<(String, i64)>, reason: &str, amount: i64) {
    match sums.iter_mut().find(|(known, _)| known == reason) {
        Some((_, sum)) => *sum = sum.saturating_add(amount),
        None => sums.push((reason.to_owned(), amount)),
    }
}

/// What was used at the same prices is one line.
fn merge(lines: &mut Vec<PriceLine>, line: &Line) {
    let narrow = |number: i128| i64::try_from(number).unwrap_or(i64::MAX);
    let term = |term: &Term| PriceTerm {
        resource: term.resource.name().to_owned(),
        quantity: narrow(term.quantity),
        unit: narrow(term.resource.unit()),
        microeur: term.price.0,
    };
    let terms: Vec<PriceTerm> = line.terms.iter().map(term).collect();
    let is_alike =
        |known: &PriceTerm, other: &PriceTerm| (&known.resource, known.microeur) == (&other.resource, other.microeur);
    let same = lines.iter_mut().find(|known| {
        known.tariff == line.tariff
            && known.terms.len() == terms.len()
            && known.terms.iter().zip(&terms).all(|(known, other)| is_alike(known, other))
    });
    match same {
        Some(known) => {
            known.from = known.from.min(line.start);
            known.until = known.until.max(line.end);
            known.microeur = known.microeur.saturating_add(line.amount.0);
            for (known, more) in known.terms.iter_mut().zip(&terms) {
                known.quantity = known.quantity.saturating_add(more.quantity);
            }
        }
        None => lines.push(PriceLine {
            tariff: line.tariff.clone(),
            from: line.start,
            until: line.end,
            terms,
            microeur: line.amount.0,
        }),
    }
}
