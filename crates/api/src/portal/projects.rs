//! Projects as pages and programs show them: who is in them, what they used, what they pay. Amounts are whole: micro-euros,
//! microjoules, milligrams, milliseconds.

use model::{JobId, Text, Time};
use serde::{Deserialize, Serialize};

use crate::PurseRow;

/// About projects.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProjectsRequest {
    /// Those that the asker may see. Answered by `List`.
    List,
    /// One. Answered by `One`.
    Show(String),
    /// What one used. Answered by `Used`.
    Used {
        /// Which.
        project: String,
        /// `2026`, `2026-11` or `2026-11-22`; `None`: this month.
        period: Option<String>,
    },
    /// Issued invoices and credit notes of who pays for one, for those who answer for it. Answered by `Invoices`.
    Invoices(String),
    /// One of these, with the names behind its numbers. Answered by [`crate::MoneyReply::Document`] parts, then `End`: JSON
    /// with `document` as it was issued, and `names` by number.
    Invoice {
        /// Which project's.
        project: String,
        /// Its number.
        number: String,
    },
    /// Whether what a project computes may be told to everybody, in words. Answered by `Done`.
    Consent {
        /// Which.
        project: String,
        /// It may.
        public: bool,
    },
    /// What a project is, in words. Answered by `Done`.
    Describe {
        /// Which.
        project: String,
        /// The words.
        description: String,
    },
    /// What a member is to a project, or that they are in it no more. Answered by `Done`.
    Role {
        /// Which.
        project: String,
        /// Their account, or what they log in by while they have none.
        user: String,
        /// `manager`, `member`, `viewer`; `None`: nothing any more.
        role: Option<String>,
    },
}

/// Answers about projects.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ProjectsReply {
    /// Those that there are.
    List(Vec<ProjectRow>),
    /// One.
    One(Box<ProjectShown>),
    /// What one used.
    Used(Box<ProjectUsed>),
    /// What was issued, the newest first.
    Invoices(Vec<InvoiceRow>),
    /// It is on disk.
    Done,
}

/// A project in a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectRow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// It takes no new jobs.
    pub closed: bool,
    /// What the asker is to it; empty: nothing.
    pub role: String,
    /// How many members.
    pub members: u32,
    /// Its fullest budget: thousandths that are spent or set aside.
    pub full_permille: Option<i64>,
}

/// One project.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectShown {
    /// In short.
    pub row: ProjectRow,
    /// What it computes may be told to everybody.
    pub public: bool,
    /// The asker may change who is in it.
    pub leads: bool,
    /// The asker may see its invoices.
    pub sees_bills: bool,
    /// Who is in it.
    pub members: Vec<ProjectMember>,
    /// How it stands.
    pub purse: PurseRow,
    /// Name of who pays; empty: nobody.
    pub customer: String,
    /// What it paid by month (`2026-11`), the oldest first, two years at most.
    pub paid: Vec<PaidMonth>,
    /// Its jobs that run,
    pub running: u32,
    /// and wait.
    pub pending: u64,
    /// What is set aside for jobs that are not over, the greatest first: those that the asker may see.
    pub quotes: Vec<HeldQuote>,
    /// How many more there are, and what is set aside for them.
    pub other_quotes: (u64, i64),
}

/// A quote that holds: what is set aside for a job until it is over.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HeldQuote {
    /// The job, as it was submitted.
    pub job: JobId,
    /// What it is called.
    pub name: Text,
    /// Whose.
    pub user: String,
    /// Records of it that run,
    pub running: u64,
    /// and wait, each task of an array counted.
    pub pending: u64,
    /// What all of it may cost at most.
    pub microeur: i64,
    /// When the last that runs is over at the latest, and with it what is set aside for it.
    pub until: Option<Time>,
    /// How long one that waits may run.
    pub limit_ms: Option<i64>,
}

/// What a project paid in a month.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PaidMonth {
    /// `2026-11`.
    pub month: String,
    /// Micro-euros.
    pub microeur: i64,
    /// Core-milliseconds.
    pub core_ms: i64,
    /// Microjoules.
    pub energy_uj: i64,
}

/// Somebody in a project.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectMember {
    /// Their account, or what they log in by while they have none.
    pub user: String,
    /// What they are called; empty: they do not use the pages.
    pub name: String,
    /// `manager`, `member`, `viewer`.
    pub role: String,
    /// Waits until an account of the machine is linked to them.
    pub promised: bool,
    /// It is the asker.
    pub is_me: bool,
}

/// Sums of runs that are over.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Sums {
    /// How many.
    pub runs: i64,
    /// Of these, those that ended well.
    pub completed: i64,
    /// Physical cores that were held, times milliseconds.
    pub core_ms: i64,
    /// CPU time, milliseconds.
    pub cpu_ms: i64,
    /// From when they could have started until they did, milliseconds, together.
    pub waited_ms: i64,
    /// Energy.
    pub energy_uj: i64,
    /// What that energy cost.
    pub electricity_microeur: i64,
    /// CO2e, production average.
    pub production_mg: i64,
    /// CO2e, consumption with its life cycle. Never to be added to the other one.
    pub lifecycle_mg: i64,
    /// What the project pays, without tax.
    pub price_microeur: i64,
}

/// What a project used in a period.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ProjectUsed {
    /// The period as it is named.
    pub period: String,
    /// Its first instant,
    pub from: Time,
    /// and the first one after it.
    pub until: Time,
    /// Something of it ended before: there is something to go back to.
    pub has_before: bool,
    /// It is over: there is a period after it that has begun.
    pub has_after: bool,
    /// All of it.
    pub total: Sums,
    /// By month of a year, by day else; parts in which nothing ended are there, too.
    pub parts: Vec<(String, Sums)>,
    /// By member, the greatest first. Who does not answer for the project sees themselves, and the others together without
    /// a name.
    pub members: Vec<(String, Sums)>,
    /// How many members ran something.
    pub active: u32,
    /// By application (a job's name without digits), the greatest first; of very many the last are together without a name.
    pub applications: Vec<(String, Sums)>,
}

/// An issued invoice or credit note.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct InvoiceRow {
    /// `F2026-0001`.
    pub number: String,
    /// It gives back what that invoice billed.
    pub credit_of: Option<String>,
    /// `2026-11`.
    pub month: String,
    /// When it was issued: `2026-12-01`.
    pub day: String,
    /// To be paid until.
    pub due: String,
    /// Without tax.
    pub net_microeur: i64,
    /// With tax.
    pub total_microeur: i64,
    /// Not paid yet.
    pub open_microeur: i64,
}
