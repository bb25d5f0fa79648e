//! What jobs cost while the centre serves: the ledger in memory, and the choices around it. An entry goes into the batch
//! of the fact that causes it, so that no crash loses or doubles one. Must not know how a price is computed, nor what a
//! document looks like.
//!
//! - [`submission`]: what a job may cost at most is set aside before it is accepted, or it is refused.
//! - [`holds`]: what is set aside follows the jobs: tasks that leave their array, runs that are tried again, wishes.
//! - [`settle`]: a run that is over gets its price, once its energy is known; the centre's failures are given back.
//! - [`awaited`]: one of a cluster waits for the energy that its machines tell.
//! - [`paid`]: what a job cost, and costs so far.
//! - [`watch`]: running jobs against their project's budgets.
//! - [`kept`]: a start does not add up years again.
//! - [`orders`] and [`invoices`]: what treasurers ask for. [`bills`]: what those who answer for a project see. [`people`]: what is held about a member.

pub(crate) mod archive;
mod awaited;
mod bills;
mod holds;
mod invoices;
mod kept;
mod limits;
mod orders;
pub(crate) mod paid;
mod people;
mod settle;
mod shown;
mod submission;
mod watch;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use jiff::tz::TimeZone;
use ledger::{
    book::Overrun,
    budget::{Budget, Role},
    chain::Sealed,
    day::Day,
    invoice::{Customer, Fiscal, SHIPPED},
    journal::{Journal, JournalError},
    posting::What,
    privacy::Retention,
    tariff::Book,
};
use model::{JobId, RunId, Time};
use serde::{Deserialize, Serialize};
use store::{MoneyWrite, Reader, StoreError, Write};

pub(crate) use holds::Holds;
pub(crate) use settle::{Due, ToldEnd, ToldRun};

use crate::{
    complain::complain,
    config::{ConfigError, File},
    core::Centre,
};

/// Who pays for a project, and what it may spend.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Purse {
    /// The customer's code; `None`: its jobs have no price.
    customer: Option<String>,
    overrun: Overrun,
    budgets: Vec<Budget>,
}

/// Everything about money that the loop has.
pub(crate) struct Money {
    ledger: Journal,
    /// How many of its entries are in the state that is kept on disk.
    kept: u64,
    /// Why nothing can be posted: what is stored is not what was written.
    broken: Option<String>,
    tariffs: Option<Book>,
    fiscal: Fiscal,
    customers: BTreeMap<String, Customer>,
    purses: BTreeMap<String, Purse>,
    /// By user and project.
    roles: BTreeMap<(String, String), Role>,
    /// Documents that are prepared and not issued.
    drafts: BTreeMap<String, invoices::Waiting>,
    holds: Holds,
    /// Runs that are over and have no price yet.
    due: BTreeMap<RunId, Due>,
    /// Thousandths of a budget that projects have used whose members were told.
    warned: BTreeMap<String, u64>,
    watched: Time,
    /// How long what is kept, where the operator says so; and when it was last looked at.
    retention: Option<Retention>,
    retained: Time,
    /// Jobs that are stopped because a budget is used up, and what is said of it.
    stopped: BTreeMap<JobId, String>,
    /// Where days begin.
    zone: TimeZone,
}

impl Money {
    /// Reads prices and words from the operator's files, the rest from the data file. A ledger that is not what was
    /// written closes the till, not the centre.
    ///
    /// # Errors
    /// [`ConfigError`]: which file, and what in it.
    pub(crate) fn open(
        path: &Path,
        file: &File,
        zone: &TimeZone,
        reader: &Reader,
    ) -> Result<Self, crate::ServiceError> {
        let section = &file.money;
        let wrong = |key: &str, text: String| ConfigError::Value {
            path: path.display().to_string(),
            key: format!("money: {key}"),
            text,
        };
        let own = |key: &str, name: &Path| {
            let beside = path.parent().unwrap_or(Path::new("")).join(name);
            std::fs::read_to_string(&beside).map_err(|fault| wrong(key, format!("{}: {fault}", beside.display())))
        };
        let tariffs = match &section.tariffs {
            None => None,
            Some(name) => Some(
                Book::parse(&own("tariffs", name)?, zone.clone())
                    .map_err(|fault| wrong("tariffs", fault.to_string()))?,
            ),
        };
        let mentions = section.fiscal.as_ref().map_or(Ok(SHIPPED.to_owned()), |name| own("fiscal", name))?;
        let fiscal = Fiscal::parse(&mentions).map_err(|fault| wrong("fiscal", fault.to_string()))?;
        let periods = file.privacy.retention.as_ref().map(|name| {
            let text = own("retention", name)?;
            Retention::parse(&text).map_err(|fault| wrong("retention", fault.to_string()))
        });
        let retention = periods.transpose()?;
        let mut money = Self {
            ledger: Journal::default(),
            kept: 0,
            broken: None,
            tariffs,
            fiscal,
            customers: BTreeMap::new(),
            purses: BTreeMap::new(),
            roles: BTreeMap::new(),
            drafts: BTreeMap::new(),
            holds: Holds::default(),
            due: BTreeMap::new(),
            warned: BTreeMap::new(),
            watched: Time(0),
            retention,
            retained: Time(0),
            stopped: BTreeMap::new(),
            zone: zone.clone(),
        };
        money.read(reader)?;
        Ok(money)
    }

    /// Takes over what is on disk.
    fn read(&mut self, reader: &Reader) -> Result<(), StoreError> {
        let kept::Replayed { ledger, kept } = kept::replay(reader)?;
        self.kept = kept;
        match ledger {
            Ok(ledger) => (self.ledger, self.broken) = (ledger, None),
            Err(why) => {
                complain!("the till is closed: {why}");
                self.broken = Some(why);
            }
        }
        self.customers = parsed(reader.customers()?, "a customer");
        self.purses = parsed(reader.purses()?, "a project's purse");
        self.drafts = parsed(reader.drafts()?, "a draft");
        let roles = reader.roles()?.into_iter();
        self.roles = roles.filter_map(|(user, project, role)| Some(((user, project), role.parse().ok()?))).collect();
        Ok(())
    }

    /// The customer who pays for a project, if somebody does.
    fn payer(&self, project: &str) -> Option<(&Purse, &Customer)> {
        let purse = self.purses.get(project)?;
        self.customers.get(purse.customer.as_ref()?).map(|customer| (purse, customer))
    }

    /// Whether jobs of a project have a price.
    pub(crate) fn is_paid_for(&self, project: &str) -> bool {
        self.tariffs.is_some() && self.payer(project).is_some()
    }

    fn day(&self, at: Time) -> Day {
        Day::of(at, &self.zone)
    }
}

fn parsed<T: serde::de::DeserializeOwned>(rows: Vec<(String, String)>, what: &str) -> BTreeMap<String, T> {
    let read = |(name, body): (String, String)| match serde_json::from_str(&body) {
        Ok(value) => Some((name, value)),
        Err(fault) => {
            complain!("{what} in the data file cannot be read ({name}): {fault}");
            None
        }
    };
    rows.into_iter().filter_map(read).collect()
}

/// What came of an entry that the centre makes by itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Entered {
    /// It is in the ledger now.
    Now,
    /// It was there.
    Before,
    /// The ledger does not take it.
    Not,
}

impl Centre {
    /// Puts into the ledger what happened, with the batch that is being filled.
    ///
    /// # Errors
    /// [`JournalError`]: then nothing happened.
    fn enter(&mut self, day: Day, what: What) -> Result<Sealed, JournalError> {
        let sealed = self.money.ledger.post(self.now, day, what)?;
        let (text, hash) = (sealed.text.as_str().into(), sealed.hash.to_string().into());
        let entry = MoneyWrite::Entry { number: sealed.entry.number, text, hash };
        self.journal.write(Write::Money(Box::new(entry)));
        Ok(sealed)
    }

    /// As [`Centre::post`], for what the centre does by itself: what was said before is no fault, what cannot be is one
    /// of ours, said in the log, and the rest goes on.
    fn enter_own(&mut self, day: Day, what: What) -> Entered {
        let shown = what.key();
        match self.enter(day, what) {
            Ok(_) => Entered::Now,
            Err(JournalError::Already(_)) => Entered::Before,
            Err(fault) => {
                complain!("the ledger does not take `{shown}`: {fault}");
                Entered::Not
            }
        }
    }

    /// The state was read back from the disk: the ledger, too, has only what is there.
    pub(crate) fn money_again(&mut self) {
        if let Err(fault) = self.money.read(&self.reader) {
            complain!("{fault}");
            self.money.broken = Some(fault.to_string());
        }
        self.money_agrees();
    }

    /// Compares what is set aside with what waits and runs, after a start.
    pub(crate) fn money_agrees(&mut self) {
        self.money.due.clear();
        self.money.holds = Holds::default();
        let held: Vec<(RunId, String)> =
            self.money.ledger.all_held().map(|(run, held)| (run, held.project.clone())).collect();
        let mut priced = BTreeSet::new();
        for (run, project) in held {
            let job = self.state.job(run.job).filter(|job| job.id() == run.job && !job.state().is_final());
            let is_live = job.is_some_and(|job| holds::is_array(run) || job.run() == run);
            priced.extend(job.map(|job| job.base()));
            if is_live {
                // An array's record that has become its last task waits for no other: what it held for them is freed.
                let tasks = job.and_then(|job| job.tasks()).map_or(1, |tasks| tasks.len());
                self.money.holds.restore(run, tasks);
            } else {
                self.take_up_due(run, project);
            }
        }
        self.money.holds.priced.extend(priced);
        self.take_up_awaited();
    }

    /// The end of a turn: what is set aside and what is due follow the facts of this turn, into the same batch.
    pub(crate) fn balance(&mut self) {
        if self.degraded.is_some() || self.money.broken.is_some() {
            return;
        }
        self.keep_no_longer();
        self.watch_budgets();
        self.settle_due();
        self.follow_holds();
        self.keep_ledger();
    }

    /// When something is due about money.
    pub(crate) fn money_next(&self) -> Option<Time> {
        let due = self.money.due.values().map(|due| due.by).min();
        due.into_iter().chain(self.next_watch()).min()
    }
}
