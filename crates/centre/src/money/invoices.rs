//! Invoices and credit notes: prepared, looked at, issued, paid. An issued document goes on disk in one batch with the
//! entry that posts it and without its draft, so that a run that is killed half way leaves each whole or not begun. Must
//! not know how a document looks.

use api::{GiveBack, MoneyReply, Prepared, Reply};
use ledger::{
    book,
    day::Month,
    invoice::{self, Asked, Customer, Draft, InvoiceError, match_payment, prepare_credit_note, reminders},
    posting::{Correct, Cost, Entry, Reason, What},
    tariff::Kind,
};
use model::{Money as Euros, RunId};
use serde::{Deserialize, Serialize};
use store::MoneyWrite;

use super::orders::{Outcome, json, wrong};
use crate::{
    connection::{ConnId, Peer},
    core::Centre,
};

/// What is prepared and not issued.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Waiting {
    /// `CUSTOMER MONTH`, or `CUSTOMER INVOICE` for a credit note.
    name: String,
    /// When it was prepared, ms: who accepts says what was looked at.
    version: i64,
    /// Who prepared it.
    by: String,
    /// Who looked at it and found it good.
    accepted_by: Option<String>,
    draft: Draft,
}

impl Centre {
    /// Drafts of a month, in the place of those that there were.
    pub(super) fn prepare(&mut self, conn: ConnId, peer: Peer, month: &str, only: &[String]) -> Outcome {
        let month: Month = month.parse().map_err(wrong)?;
        let today = self.money.day(self.now);
        if today <= month.last() {
            return Err(wrong(InvoiceError::NotOver { month, from: month.next().first() }));
        }
        let unknown = only.iter().find(|code| !self.money.customers.contains_key(*code));
        if let Some(code) = unknown {
            return Err(wrong(format!("there is no customer `{code}`: `algoric customer list`")));
        }
        let customers: Vec<Customer> =
            self.money.customers.values().filter(|one| only.is_empty() || only.contains(&one.id)).cloned().collect();
        let regime = self.money.fiscal.regime(self.file.money.status, today).map_err(wrong)?;
        self.file.seller.check(regime.permille > 0).map_err(wrong)?;
        let mut prepared = Prepared { drafts: Vec::new(), left_out: Vec::new() };
        for customer in customers {
            let projects = self.projects_of(&customer.id);
            let fresh = self.close_month(&customer, &projects, month);
            let entries = self.unbilled_entries(&projects, fresh)?;
            let regime = self.money.fiscal.regime(self.file.money.status, today).map_err(wrong)?;
            let projects: Vec<&str> = projects.iter().map(String::as_str).collect();
            let asked = Asked {
                journal: &self.money.ledger,
                entries: &entries,
                customer: &customer,
                projects: &projects,
                regime,
            };
            match invoice::prepare(&asked, month, today) {
                Ok(draft) => prepared.drafts.push(self.keep_draft(peer, format!("{} {month}", customer.id), draft)?),
                Err(InvoiceError::Nothing { .. }) if only.is_empty() => {}
                Err(fault) => prepared.left_out.push(fault.to_string()),
            }
        }
        self.reply_when_safe(conn, Reply::Money(MoneyReply::Prepared(prepared)));
        Ok(())
    }

    fn projects_of(&self, customer: &str) -> Vec<String> {
        let purses = self.money.purses.iter().filter(|(_, purse)| purse.customer.as_deref() == Some(customer));
        purses.map(|(project, _)| project.clone()).collect()
    }

    /// What a month's end posts by itself, once: flat prices, and prepaid hours that became a service.
    fn close_month(&mut self, customer: &Customer, projects: &[String], month: Month) -> Vec<Entry> {
        let mut fresh = Vec::new();
        let (start, _) = month.bounds(&self.money.zone);
        for project in projects {
            let tariff = self.money.tariffs.as_ref().and_then(|book| book.at(customer.category, start).ok());
            let flat = tariff.filter(|tariff| tariff.kind == Kind::Flat).map(|tariff| {
                let id = format!("{}/{}/{}", tariff.version, tariff.category, self.machine_type());
                book::flat(project, month, id, start, tariff.per_month)
            });
            let used = self.money.ledger.project(project);
            let recognised = book::recognise(project, used, &customer.id, month);
            for what in flat.into_iter().chain(recognised) {
                if !self.money.ledger.has(&what.key())
                    && let Ok(sealed) = self.enter(month.last(), what)
                {
                    fresh.push(sealed.entry);
                }
            }
        }
        fresh
    }

    /// All entries of these projects that are not billed: those on disk, and those that are on their way there.
    fn unbilled_entries(&self, projects: &[String], fresh: Vec<Entry>) -> Result<Vec<Entry>, api::Refusal> {
        let unbilled = projects.iter().flat_map(|project| self.money.ledger.unbilled_of(project));
        let numbers: Vec<u64> = unbilled.map(|(number, _)| number).collect();
        let mut entries = self.entries(&numbers)?;
        entries.extend(fresh);
        Ok(entries)
    }

    fn entries(&self, numbers: &[u64]) -> Result<Vec<Entry>, api::Refusal> {
        let texts = self.reader.ledger_entries(numbers).map_err(wrong)?;
        texts.iter().map(|text| serde_json::from_str(text).map_err(wrong)).collect()
    }

    /// Writes a draft down, and shows it.
    fn keep_draft(&mut self, peer: Peer, name: String, draft: Draft) -> Result<String, api::Refusal> {
        let by = self.people.name(peer.uid);
        let before = self.money.drafts.get(&name).map_or(0, |before| before.version + 1);
        let waiting = Waiting { name: name.clone(), version: self.now.0.max(before), by, accepted_by: None, draft };
        let body = serde_json::to_string(&waiting).map_err(wrong)?;
        self.write_money(MoneyWrite::Draft { name: name.clone(), body: Some(body) });
        let shown = shown(&waiting);
        self.money.drafts.insert(name, waiting);
        Ok(shown)
    }

    pub(super) fn draft_rows(&self) -> Vec<String> {
        self.money.drafts.values().map(shown).collect()
    }

    /// Somebody looked at a draft and found it good.
    pub(super) fn accept(&mut self, peer: Peer, name: &str, version: i64) -> Outcome {
        let by = self.people.name(peer.uid);
        let gone = || wrong(format!("nothing is prepared as `{name}`: it was issued meanwhile, or never prepared"));
        let waiting = self.money.drafts.get_mut(name).ok_or_else(gone)?;
        if waiting.version != version {
            let text = format!("`{name}` was prepared again by {} meanwhile: look at it again", waiting.by);
            return Err(wrong(text));
        }
        waiting.accepted_by = Some(by);
        let body = serde_json::to_string(waiting).map_err(wrong)?;
        self.write_money(MoneyWrite::Draft { name: name.to_owned(), body: Some(body) });
        Ok(())
    }

    /// Gives accepted drafts their numbers.
    pub(super) fn issue(&mut self, conn: ConnId, peer: Peer, only: &[String]) -> Outcome {
        let today = self.money.day(self.now);
        let is_meant = |waiting: &&Waiting| {
            if only.is_empty() { waiting.accepted_by.is_some() } else { only.contains(&waiting.name) }
        };
        let meant: Vec<Waiting> = self.money.drafts.values().filter(is_meant).cloned().collect();
        if meant.is_empty() {
            return Err(wrong(self.nothing_to_issue(only)));
        }
        let (mut numbers, mut left_out) = (Vec::new(), Vec::new());
        for waiting in meant {
            match self.issue_one(&waiting, today) {
                Ok(number) => numbers.push(number),
                Err(fault) => left_out.push(format!("{}: {}", waiting.name, fault.detail)),
            }
        }
        if !numbers.is_empty() {
            self.noted(peer, format!("issued {}", numbers.join(", ")));
        }
        self.reply_when_safe(conn, Reply::Money(MoneyReply::Issued { numbers, left_out }));
        Ok(())
    }

    fn issue_one(&mut self, waiting: &Waiting, today: ledger::day::Day) -> Result<String, api::Refusal> {
        if waiting.accepted_by.is_none() {
            return Err(wrong("nobody has accepted it: `algoric invoice review --accept`"));
        }
        let (ledger, file) = (&self.money.ledger, &self.file);
        let fiscal = &self.money.fiscal;
        let (what, document) =
            invoice::issue(&waiting.draft, ledger, &file.seller, fiscal, file.money.status, today).map_err(wrong)?;
        let body = serde_json::to_string(&document).map_err(wrong)?;
        let sealed = self.enter(today, what).map_err(wrong)?;
        let number = document.number;
        self.write_money(MoneyWrite::Document { number: number.clone(), entry: sealed.entry.number, body });
        self.write_money(MoneyWrite::Draft { name: waiting.name.clone(), body: None });
        self.money.drafts.remove(&waiting.name);
        Ok(number)
    }

    fn nothing_to_issue(&self, only: &[String]) -> String {
        let last = self.money.ledger.invoices().max_by_key(|(_, invoice)| invoice.entry);
        let waiting = self.money.drafts.len();
        let Some(last) = last.map(|(number, invoice)| format!(" (the last was {number}, {})", invoice.day)) else {
            return match (waiting, only) {
                (0, _) => "nothing is prepared: `algoric invoice prepare MONTH`".to_owned(),
                (_, []) => wait_to_be_looked_at(waiting),
                (_, names) => format!("nothing is prepared as `{}`: `algoric invoice review`", names.join("`, `")),
            };
        };
        match (waiting, only) {
            (0, []) => format!("nothing is prepared: it was issued before, by you or somebody else{last}"),
            (_, []) => wait_to_be_looked_at(waiting) + &last,
            (_, names) => format!("nothing is prepared as `{}`: it was issued before{last}", names.join("`, `")),
        }
    }

    /// Corrects what an invoice billed, and drafts the credit note that says so.
    pub(super) fn credit_note(&mut self, conn: ConnId, peer: Peer, number: &str, back: Option<GiveBack>) -> Outcome {
        let unknown = || wrong(InvoiceError::Unknown(number.to_owned()));
        let issued = self.money.ledger.invoice(number).ok_or_else(unknown)?;
        let (code, entry, open_net) = (issued.customer.clone(), issued.entry, issued.net);
        let customer = self.money.customers.get(&code).cloned().ok_or_else(unknown)?;
        let projects = self.projects_of(&code);
        let today = self.money.day(self.now);
        let what = match back {
            None => None,
            Some(GiveBack::Run(run)) => Some(self.give_back_run(run, number, entry)?),
            Some(GiveBack::Amount { project, microeur, id, note }) => {
                let amount = Euros(microeur);
                if amount <= Euros::ZERO || amount > open_net || !projects.contains(&project) {
                    let text =
                        format!("{amount} EUR of project {project} are not on {number}, which has {open_net} EUR");
                    return Err(wrong(text));
                }
                Some(What::Correct(Correct {
                    project,
                    run: None,
                    id,
                    reason: Reason::Adjustment,
                    counted: Cost { amount: -amount, ..Cost::default() },
                    returned: Vec::new(),
                    bonus: Euros::ZERO,
                    credits: Some(number.to_owned()),
                    note,
                }))
            }
        };
        let fresh = match what {
            Some(what) => vec![self.enter(today, what).map_err(wrong)?.entry],
            None => Vec::new(),
        };
        let entries = self.unbilled_entries(&projects, fresh)?;
        let regime = self.money.fiscal.regime(self.file.money.status, today).map_err(wrong)?;
        let names: Vec<&str> = projects.iter().map(String::as_str).collect();
        let asked =
            Asked { journal: &self.money.ledger, entries: &entries, customer: &customer, projects: &names, regime };
        let draft = prepare_credit_note(&asked, number).map_err(wrong)?;
        let shown = self.keep_draft(peer, format!("{code} {number}"), draft)?;
        let prepared = Prepared { drafts: vec![shown], left_out: Vec::new() };
        self.reply_when_safe(conn, Reply::Money(MoneyReply::Prepared(prepared)));
        Ok(())
    }

    /// All that a run cost on an invoice.
    fn give_back_run(&self, run: RunId, number: &str, entry: u64) -> Result<What, api::Refusal> {
        let bill = self.entries(&[entry])?;
        let Some(What::Bill(bill)) = bill.first().map(|entry| &entry.what) else {
            return Err(wrong(InvoiceError::Unknown(number.to_owned())));
        };
        let billed = self.entries(&bill.bills)?;
        let settled = billed.iter().find_map(|entry| match &entry.what {
            What::Settle(settled) if settled.run == run => Some(settled),
            _ => None,
        });
        let settled = settled.ok_or_else(|| wrong(format!("run {run} is not on {number}")))?;
        Ok(book::refund(settled, Reason::Adjustment, Some(number.to_owned()), 0, "given back by hand"))
    }

    /// Money came.
    pub(super) fn pay(
        &mut self,
        conn: ConnId,
        peer: Peer,
        customer: &str,
        id: &str,
        amount: Euros,
        text: &str,
    ) -> Outcome {
        if !self.money.customers.contains_key(customer) {
            return Err(wrong(format!("there is no customer `{customer}`: `algoric customer list`")));
        }
        let pay = match_payment(&self.money.ledger, customer, id, text, amount);
        let settles = pay
            .settles
            .iter()
            .map(|(number, amount)| json(&serde_json::json!({ "invoice": number, "paid_microeur": amount.0 })));
        let settles = settles.collect();
        let today = self.money.day(self.now);
        self.enter(today, What::Pay(pay)).map_err(wrong)?;
        self.noted(peer, format!("{customer} paid {amount} EUR ({id})"));
        self.texts(conn, settles);
        Ok(())
    }

    pub(super) fn invoice_rows(&self) -> Vec<String> {
        let row = |(number, invoice): (&str, &ledger::journal::Invoice)| {
            let mut row = serde_json::to_value(invoice).unwrap_or_default();
            row["number"] = number.into();
            row["total"] = invoice.total().0.into();
            json(&row)
        };
        self.money.ledger.invoices().map(row).collect()
    }

    pub(super) fn reminder_rows(&self) -> Vec<String> {
        let today = self.money.day(self.now);
        reminders(&self.money.ledger, today, &self.file.money.reminder_days).iter().map(json).collect()
    }
}

fn wait_to_be_looked_at(count: usize) -> String {
    let drafts = if count == 1 { "1 draft waits".to_owned() } else { format!("{count} drafts wait") };
    format!("{drafts} to be looked at: `algoric invoice review --accept`")
}

/// A draft as treasurers see it: the annex is counted, not told.
fn shown(waiting: &Waiting) -> String {
    let mut row = serde_json::to_value(waiting).unwrap_or_default();
    row["draft"]["annex"] = waiting.draft.annex.len().into();
    row["draft"]["bills"] = waiting.draft.bills.len().into();
    json(&row)
}
