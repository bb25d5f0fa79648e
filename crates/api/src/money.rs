//! What is asked and answered about money: who pays for which project, budgets, the ledger, invoices. Amounts are whole
//! micro-euros. What the ledger itself defines (customers, drafts, documents, entries) travels as the JSON text that it
//! writes and reads. Must not know what any of it means.

use model::{RunId, Time};
use serde::{Deserialize, Serialize};

use crate::JobTarget;

/// A question or an order about money. Where nothing else is said, treasurers and operators ask.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MoneyRequest {
    /// How projects stand; members see their own. Answered by [`MoneyReply::Purses`].
    Purses,
    /// What the project of a job that the asker may see pays for it. Answered by [`MoneyReply::Job`].
    Job(JobTarget),
    /// Who pays for a project and what it may spend. Answered by `Done`.
    Change {
        /// The project.
        project: String,
        /// What becomes different.
        change: PurseChange,
    },
    /// A project gets hours or money. Answered by `Done`.
    Grant {
        /// The project.
        project: String,
        /// `in_kind`, `prepaid` or `credit`.
        pot: String,
        /// Core-milliseconds; 0 for a credit.
        core_ms: i64,
        /// A credit's amount; what prepaid hours cost.
        amount_microeur: i64,
        /// Names this grant: the same twice is one.
        id: String,
        /// Why.
        note: String,
    },
    /// What a member is to a project: `manager`, `member`, `viewer`. Answered by `Done`.
    Role {
        /// Login name.
        user: String,
        /// The project.
        project: String,
        /// The role.
        role: String,
    },
    /// Who pays. Answered by [`MoneyReply::Texts`], a customer each.
    Customers,
    /// A new customer, or new facts about one. Answered by `Done`.
    Customer(String),
    /// The ledger, as it is stored. Answered by [`MoneyReply::Entries`] parts, then `End`.
    Entries,
    /// Invoices and credit notes. Answered by [`MoneyReply::Texts`].
    Invoices,
    /// Issued documents; all without a number. Answered by [`MoneyReply::Document`] parts, then `End`.
    Documents(Vec<String>),
    /// Drafts of a month's invoices. Answered by [`MoneyReply::Prepared`].
    Prepare {
        /// `2026-11`.
        month: String,
        /// Of these customers; of all without any.
        customers: Vec<String>,
    },
    /// A correction of what an invoice billed, and the draft of its credit note. Answered by [`MoneyReply::Prepared`].
    CreditNote {
        /// The invoice.
        invoice: String,
        /// What it gives back; `None`: what was given back already and no credit note says yet.
        back: Option<GiveBack>,
    },
    /// What is prepared. Answered by [`MoneyReply::Texts`].
    Drafts,
    /// A draft was looked at and may be issued. Answered by `Done`.
    Accept {
        /// The draft.
        name: String,
        /// As it was looked at.
        version: i64,
    },
    /// Issues accepted drafts; all of them without a name. Answered by [`MoneyReply::Issued`].
    Issue(Vec<String>),
    /// Money came. Answered by [`MoneyReply::Texts`]: which invoices it pays.
    Pay {
        /// From whom.
        customer: String,
        /// What the bank calls it: the same twice is one.
        id: String,
        /// How much.
        amount_microeur: i64,
        /// What stands on it.
        text: String,
    },
    /// Invoices that are late. Answered by [`MoneyReply::Texts`].
    Reminders,
    /// What stands for the names of members who were erased: user id and pseudonym. Answered by [`MoneyReply::Texts`].
    Pseudonyms,
    /// Everything that is held about a member, for them and operators. Answered by [`MoneyReply::Document`] parts, then
    /// `End`.
    Export(String),
    /// Operators: a member is not to be known any more. Answered by `Done`.
    Erase(String),
}

/// What a credit note gives back.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum GiveBack {
    /// All that a run cost.
    Run(RunId),
    /// An amount.
    Amount {
        /// Whose project's.
        project: String,
        /// How much, positive.
        microeur: i64,
        /// Names the correction: the same twice is one.
        id: String,
        /// Why.
        note: String,
    },
}

/// A change of a project's purse.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum PurseChange {
    /// Who pays; `None`: nobody, its jobs have no price.
    Customer(Option<String>),
    /// Who bears what a run costs beyond its quote: `centre` or `project`.
    Overrun(String),
    /// A budget instead of the one with its unit and period.
    Budget {
        /// `euros`, `core_hours`, `kwh`.
        unit: String,
        /// Micro-euros, core-milliseconds, microjoules.
        limit: i64,
        /// `once`, `month`, `year`.
        period: String,
        /// `stop`, `warn`.
        on_full: String,
        /// Thousandths.
        warn_permille: u32,
    },
    /// No budget of this unit and period any more.
    NoBudget {
        /// As above.
        unit: String,
        /// As above.
        period: String,
    },
}

/// How a project stands.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PurseRow {
    /// Its name.
    pub project: String,
    /// Who pays; empty: nobody.
    pub customer: String,
    /// The customer's category; empty: none.
    pub category: String,
    /// Who bears what is beyond a quote.
    pub overrun: String,
    /// All that it has spent.
    pub spent_microeur: i64,
    /// Set aside for jobs that are not over.
    pub reserved_microeur: i64,
    /// Spent and not billed.
    pub unbilled_microeur: i64,
    /// Credit left, what is set aside of it included.
    pub credit_microeur: i64,
    /// Hours in the public interest left, in core-milliseconds.
    pub in_kind_ms: i64,
    /// Prepaid hours left, in core-milliseconds.
    pub prepaid_ms: i64,
    /// Its budgets.
    pub budgets: Vec<BudgetRow>,
    /// Thousandths of a budget that its running jobs will have used up, where its members were warned; else 0.
    pub warned_permille: u64,
}

/// How a budget stands, in its unit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BudgetRow {
    /// `euros`, `core_hours`, `kwh`.
    pub unit: String,
    /// `once`, `month`, `year`.
    pub period: String,
    /// `stop`, `warn`.
    pub on_full: String,
    /// Thousandths at which members are warned.
    pub warn_permille: u32,
    /// In all: micro-euros, core-milliseconds, microjoules.
    pub limit: i64,
    /// Spent in its period.
    pub spent: i64,
    /// Set aside.
    pub reserved: i64,
    /// What is left.
    pub left: i64,
}

/// What was prepared.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Prepared {
    /// Drafts, as JSON.
    pub drafts: Vec<String>,
    /// Customers that get none, and why.
    pub left_out: Vec<String>,
}

/// An answer about money.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MoneyReply {
    /// See [`MoneyRequest::Purses`].
    Purses(Vec<PurseRow>),
    /// See [`MoneyRequest::Job`].
    Job(Box<JobPrice>),
    /// Things as JSON, one each.
    Texts(Vec<String>),
    /// Lines of the ledger with their hashes.
    Entries(Vec<(String, String)>),
    /// A piece of an issued document as JSON, and whether it is its last.
    Document(String, bool),
    /// Drafts.
    Prepared(Prepared),
    /// What was issued.
    Issued {
        /// Numbers.
        numbers: Vec<String>,
        /// Drafts that were not, and why.
        left_out: Vec<String>,
    },
}

/// What a project pays for a job: what the ledger has of it, and what it will have. Micro-euros without tax.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct JobPrice {
    /// The project; empty: none.
    pub project: String,
    /// Somebody pays for its jobs; else they are free.
    pub is_paid_for: bool,
    /// Runs that have their price.
    pub priced: u64,
    /// What they used by tariff; of an array of very many tasks none.
    pub lines: Vec<PriceLine>,
    /// Their price before anything is taken off.
    pub work_microeur: i64,
    /// What the project does not pay of it, by reason: `in_kind`, `prepaid`, `credit`, `overrun`.
    pub deductions: Vec<(String, i64)>,
    /// What was given back afterwards, by reason: `failure`, `displaced`, `adjustment`.
    pub returned: Vec<(String, i64)>,
    /// What the project pays for them.
    pub paid_microeur: i64,
    /// Runs that are over and get their price in a while.
    pub due: u64,
    /// Runs that go on,
    pub running: u64,
    /// what they cost so far, energy as far as it was measured; `None`: nothing runs, or nobody can say.
    pub running_microeur: Option<i64>,
    /// What all that is not over may cost at most.
    pub held_microeur: i64,
    /// Tax that an invoice adds, in thousandths; 0: none.
    pub vat_permille: u32,
}

/// What was used at one tariff.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceLine {
    /// `VERSION/CATEGORY/MACHINE`.
    pub tariff: String,
    /// From,
    pub from: Time,
    /// up to.
    pub until: Time,
    /// What it is made of.
    pub terms: Vec<PriceTerm>,
    /// The sum, rounded once for each run.
    pub microeur: i64,
}

/// So much of something at so much.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PriceTerm {
    /// `core_hour`, `memory_gib_hour`, `gpu_hour`, `machine_hour`, `kwh`, `gib_month`.
    pub resource: String,
    /// How much, in base units:
    pub quantity: i64,
    /// so many of them are what the price is for.
    pub unit: i64,
    /// Micro-euros for that.
    pub microeur: i64,
}
