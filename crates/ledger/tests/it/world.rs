//! A small centre: two customers with three projects, a ledger, and what a store would keep of it.

use std::collections::BTreeMap;

use ledger::account::Account;
use ledger::book::{self, Ended, Overrun};
use ledger::budget::{self, Budget};
use ledger::chain::Sealed;
use ledger::csv::Names;
use ledger::day::{Day, Month};
use ledger::invoice::{
    Address, Asked, Customer, CustomerKind, Document, Draft, Fiscal, InvoiceError, Language, SHIPPED, Seller, Status,
    issue, prepare, prepare_credit_note,
};
use ledger::journal::{Journal, JournalError};
use ledger::posting::{Cost, Cover, Entry, Grant, Pot, Reason, Settle, What};
use ledger::price::{Line, Usage, price};
use ledger::tariff::{Book, Category};
use model::{JobId, Money, RunId, Span, Time};

use crate::{at, france, shipped};

pub const HOUR: i64 = 3_600_000;
pub const KWH: i64 = 3_600_000_000_000;

pub struct World {
    pub book: Book,
    pub journal: Journal,
    pub entries: Vec<Sealed>,
    pub documents: Vec<Document>,
    pub status: Status,
    pub overrun: Overrun,
    pub now: Time,
}

/// `flood` and `beams` are C1's, `town` is C2's.
pub const CUSTOMERS: [(&str, &[&str]); 2] = [("C1", &["flood", "beams"]), ("C2", &["town"])];

pub fn run(job: u32) -> RunId {
    RunId { job: JobId(job), attempt: 0 }
}

pub fn month(text: &str) -> Month {
    text.parse().unwrap()
}

pub fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub fn seller() -> Seller {
    Seller {
        name: "Fablab du Loch".into(),
        address: address(),
        siren: "123456789".into(),
        siret: "12345678900012".into(),
        vat_number: "FR00123456789".into(),
        ..Seller::default()
    }
}

pub fn address() -> Address {
    Address {
        lines: vec!["1, rue du Port".into()],
        postcode: "56400".into(),
        town: "Auray".into(),
        country: "FR".into(),
    }
}

pub fn customer(id: &str) -> Customer {
    Customer {
        id: id.into(),
        name: format!("{id} SARL"),
        kind: CustomerKind::Business,
        category: if id == "C1" { Category::Company } else { Category::Member },
        language: Language::Fr,
        address: address(),
        siren: "987654321".into(),
        vat_number: String::new(),
        terms_days: 30,
    }
}

impl World {
    pub fn new() -> Self {
        Self {
            book: shipped(),
            journal: Journal::default(),
            entries: Vec::new(),
            documents: Vec::new(),
            status: Status::Vat,
            overrun: Overrun::Centre,
            now: at("2026-10-05T08:00:00Z"),
        }
    }

    pub fn today(&self) -> Day {
        Day::of(self.now, &france())
    }

    /// Posts what happened and keeps it as a store would.
    pub fn post(&mut self, what: What) -> Result<u64, JournalError> {
        let sealed = self.journal.post(self.now, self.today(), what)?;
        let number = sealed.entry.number;
        self.entries.push(sealed);
        Ok(number)
    }

    /// What a run of so many cores, hours and watt-hours costs from now on.
    pub fn lines(&self, project: &str, cores: u32, ms: i64, energy_uj: i64) -> Vec<Line> {
        let category = customer(&self.customer_of(project)).category;
        let (start, end) = (self.now, self.now + Span(ms));
        let usage = Usage { machine: "nehalem".into(), start, end, cores, energy_uj, ..Usage::default() };
        price(&self.book, category, &[usage]).unwrap()
    }

    /// A submission: covered by the budgets, or refused.
    pub fn submit(
        &mut self,
        project: &str,
        job: u32,
        (cores, ms, uj): (u32, i64, i64),
        budgets: &[Budget],
    ) -> Result<(), String> {
        let greatest = self.lines(project, cores, ms, uj);
        let reserve = book::reserve(&self.journal, project, run(job), &greatest).unwrap();
        budget::cover(project, budgets, self.journal.project(project), reserve.cost, self.today())
            .map_err(|refusal| refusal.to_string())?;
        self.post(What::Reserve(reserve)).map(|_| ()).map_err(|error| error.to_string())
    }

    /// An end, with what it really used.
    pub fn end(&mut self, project: &str, job: u32, (cores, ms, uj): (u32, i64, i64)) -> Result<u64, JournalError> {
        let usage = self.lines(project, cores, ms, uj);
        let ended = Ended { project: project.into(), member: 7, run: run(job), usage };
        let what = book::settle(&self.journal, ended, self.overrun).unwrap();
        self.post(what)
    }

    pub fn settled(&self, job: u32) -> (u64, Settle) {
        let found = self.entries.iter().find_map(|sealed| match &sealed.entry.what {
            What::Settle(it) if it.run == run(job) => Some((sealed.entry.number, it.clone())),
            _ => None,
        });
        found.unwrap()
    }

    pub fn refund(&mut self, job: u32, reason: Reason, bonus: u32) -> Result<u64, JournalError> {
        let (number, settled) = self.settled(job);
        self.post(book::refund(&settled, reason, self.invoice_of(number), bonus, "the machine lost power"))
    }

    pub fn grant(
        &mut self,
        project: &str,
        id: &str,
        pot: Pot,
        core_ms: i64,
        amount: Money,
    ) -> Result<u64, JournalError> {
        let (project, id) = (project.into(), id.into());
        self.post(What::Grant(Grant { project, id, pot, core_ms, amount, note: "board of 1 October".into() }))
    }

    pub fn plain(&self) -> Vec<Entry> {
        self.entries.iter().map(|sealed| sealed.entry.clone()).collect()
    }

    pub fn draft(&self, id: &str, month: Month) -> Result<Draft, InvoiceError> {
        self.with_asked(id, |asked| prepare(asked, month, self.today()))
    }

    pub fn credit_draft(&self, id: &str, invoice: &str) -> Result<Draft, InvoiceError> {
        self.with_asked(id, |asked| prepare_credit_note(asked, invoice))
    }

    fn with_asked<T>(&self, id: &str, make: impl FnOnce(&Asked<'_>) -> T) -> T {
        let fiscal = Fiscal::parse(SHIPPED).unwrap();
        let (_, projects) = CUSTOMERS.into_iter().find(|(customer, _)| *customer == id).unwrap();
        let (entries, customer) = (self.plain(), customer(id));
        let regime = fiscal.regime(self.status, self.today()).unwrap();
        make(&Asked { journal: &self.journal, entries: &entries, customer: &customer, projects, regime })
    }

    /// Issues a draft: entry and document, as in one transaction.
    pub fn issue(&mut self, draft: &Draft) -> Result<String, InvoiceError> {
        let fiscal = Fiscal::parse(SHIPPED).unwrap();
        let (what, document) = issue(draft, &self.journal, &seller(), &fiscal, self.status, self.today())?;
        self.post(what)?;
        self.documents.push(document);
        Ok(self.documents.last().unwrap().number.clone())
    }

    /// The stored chain, read again.
    pub fn replayed(&self) -> Journal {
        Journal::replay(self.entries.iter().map(|sealed| (sealed.text.as_str(), sealed.hash))).unwrap()
    }

    /// What must hold whatever happened.
    pub fn sound(&self, budgets: &BTreeMap<&str, Vec<Budget>>) {
        let all = |is_legal: bool| {
            let accounts = Account::ALL.iter().filter(|account| account.is_legal() == is_legal);
            accounts.map(|account| self.journal.total(*account)).sum::<Money>()
        };
        assert_eq!((all(true), all(false)), (Money::ZERO, Money::ZERO), "debits are credits");
        for (name, project) in self.journal.projects() {
            let held = self.journal.all_held().filter(|(_, held)| held.project == name);
            let (cost, cover) = held.fold((Cost::default(), Cover::default()), |(cost, cover), (_, held)| {
                (cost + held.cost, cover + held.cover)
            });
            assert_eq!(project.reserved, cost, "{name}: what is reserved is what runs hold");
            assert_eq!(project.reserved.amount, self.journal.balance(Account::Reserved, name), "{name}: postings");
            assert_eq!(cover.in_kind_ms, project.in_kind.held_ms);
            assert_eq!(project.credit, -self.journal.balance(Account::Credits, name), "{name}: credit is its postings");
            let spent: Money = self.posted(name);
            assert_eq!(project.spent_in(None, None).amount, spent, "{name}: what is spent is its postings");
            let all = self.journal.unbilled().filter(|(_, one)| one.project == name);
            assert!(all.eq(self.journal.unbilled_of(name)), "{name}: the index is what it indexes");
            let unbilled: Money = self.journal.unbilled_of(name).map(|(_, one)| one.amount).sum();
            assert_eq!(unbilled, self.journal.balance(Account::Unbilled, name), "{name}: what is not billed");
            let pots = [project.in_kind.free_ms(), project.prepaid.free_ms(), (project.credit - project.credit_held).0];
            assert!(pots.iter().all(|pot| *pot >= 0), "{name}: no pot is below zero: {pots:?}");
            for budget in budgets.get(name).into_iter().flatten() {
                assert!(budget.standing(project, self.today()).left() >= 0, "{name}: no budget is below zero");
            }
        }
    }

    /// What entries posted as work to be billed, bills and advances left out.
    fn posted(&self, project: &str) -> Money {
        let work = self
            .entries
            .iter()
            .map(|sealed| &sealed.entry)
            .filter(|entry| !matches!(entry.what, What::Bill(_) | What::Grant(_)));
        let lines = work.flat_map(|entry| &entry.lines);
        let lines = lines.filter(|line| line.account == Account::Unbilled && line.party == project);
        lines.map(|line| line.debit - line.credit).sum()
    }
}

impl Names for World {
    fn member(&self, number: u32) -> String {
        format!("member{number}")
    }
    fn customer_of(&self, project: &str) -> String {
        let found = CUSTOMERS.into_iter().find(|(_, projects)| projects.contains(&project));
        found.map(|(id, _)| id.to_owned()).unwrap_or_default()
    }
    fn category_of(&self, id: &str) -> String {
        customer(id).category.to_string()
    }
    fn customer_name(&self, id: &str) -> String {
        customer(id).name
    }
    fn invoice_of(&self, number: u64) -> Option<String> {
        self.entries.iter().find_map(|sealed| match &sealed.entry.what {
            What::Bill(it) if it.bills.contains(&number) => Some(it.number.clone()),
            _ => None,
        })
    }
}
