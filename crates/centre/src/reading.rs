//! Questions about the past. They can take long, so a thread of their own with its own connection to the file answers.

use std::{
    path::Path,
    sync::mpsc::{Sender, channel},
};

use api::{HistoryRow, Refusal, RefusalCode, Reply};
use model::{JobId, Outcome, Uid};
use scheduler::What;
use store::{AccountFilter, Fact, LiveFacts, Reader, StoreError, StoredEvent};

use crate::{
    connection::ConnId,
    consumption::{self, EnergyQuestion},
    money::{
        archive,
        paid::{self, PaidQuestion},
    },
    portal::{
        board::{self, BoardQuestion},
        jobs::{self, JobsQuestion},
    },
    used::{self, InvoiceQuestion, UsedQuestion},
};

/// What a command wants to know of the past.
#[derive(Debug)]
pub(crate) enum Question {
    /// Runs and steps; what is not over comes along.
    Accounts { filter: AccountFilter, live: Vec<LiveFacts> },
    /// The script and the environment of a submission, for its owner (`Some`) or anybody.
    Papers { id: JobId, only: Option<Uid> },
    /// Every change of state of a job, for somebody who may see only their own (`Some`) or all jobs.
    History { id: JobId, only: Option<Uid> },
    /// How a job that is over ended, all its tasks together, for somebody who may see only their own (`Some`) or all.
    Ending { base: JobId, only: Option<Uid> },
    /// What was changed by the pages before a line of the trail, by one person or by all.
    Trail { before: i64, person: Option<i64> },
    /// About electricity.
    Energy(Box<EnergyQuestion>),
    /// What a project used.
    Used(Box<UsedQuestion>),
    /// An issued document, for those who answer for a project.
    Invoice(InvoiceQuestion),
    /// Jobs, for pages.
    Jobs(Box<JobsQuestion>),
    /// What everybody may see of the centre, and energy for pages.
    Board(Box<BoardQuestion>),
    /// What a project pays for a job.
    Paid(Box<PaidQuestion>),
    /// All entries of the ledger.
    Ledger,
    /// Issued documents.
    Documents(Vec<String>),
    /// What is held about a member, besides what is told of them already.
    Export { uid: Uid, about: serde_json::Value },
}

/// The thread that reads.
pub(crate) struct Archive {
    questions: Sender<(ConnId, Question)>,
}

impl Archive {
    /// Starts it; `answer` is called on that thread with each part.
    pub(crate) fn start(
        path: &Path,
        answer: impl Fn(ConnId, Reply) + Send + 'static,
    ) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let reader = Reader::open(path)?;
        let (questions, inbox) = channel::<(ConnId, Question)>();
        std::thread::Builder::new().name("archive".to_owned()).stack_size(512 << 10).spawn(move || {
            while let Ok((conn, question)) = inbox.recv() {
                let last = reply(&reader, question, &mut |part| answer(conn, part));
                answer(conn, last.unwrap_or_else(|fault| refused(&fault)));
            }
        })?;
        Ok(Self { questions })
    }

    /// Asks; the answers come by the function given to [`Archive::start`].
    pub(crate) fn ask(&self, conn: ConnId, question: Question) {
        // The thread lives as long as this handle.
        self.questions.send((conn, question)).ok();
    }
}

/// So many lines of history fit into an answer.
const MOST_LINES: usize = 10_000;

fn refused(fault: &StoreError) -> Reply {
    Reply::Refused(Refusal { code: RefusalCode::StorageFailed, detail: fault.to_string() })
}

fn reply(reader: &Reader, question: Question, part: &mut dyn FnMut(Reply)) -> Result<Reply, StoreError> {
    match question {
        Question::Accounts { filter, live } => {
            reader.accounts(&filter, live, &mut |rows| part(Reply::Accounts(rows)))?;
            Ok(Reply::End)
        }
        Question::Papers { id, only } => papers(reader, id, only),
        Question::History { id, only } => history(reader, id, only),
        Question::Ending { base, only } => {
            let owner = reader.submission(base)?.map(|stored| stored.spec.owner.uid);
            if only.is_some() && owner != only {
                return Ok(unknown(base));
            }
            let endings = reader.endings(base)?;
            let (state, exit) = reader.worst_ending(base)?;
            Ok(if endings.is_empty() { unknown(base) } else { Reply::Ended { state, exit } })
        }
        Question::Trail { before, person } => trail(reader, before, person),
        Question::Energy(question) => consumption::reply(reader, *question),
        Question::Used(question) => used::used(reader, *question),
        Question::Invoice(question) => used::invoice(reader, &question.number, part),
        Question::Jobs(question) => jobs::reply(reader, *question),
        Question::Board(question) => board::reply(reader, *question),
        Question::Paid(question) => paid::reply(reader, *question),
        Question::Ledger => archive::ledger(reader, part),
        Question::Documents(numbers) => archive::documents(reader, &numbers, part),
        Question::Export { uid, about } => archive::export(reader, uid, about, part),
    }
}

/// So many lines of the trail are on a page.
const TRAIL: u32 = 100;

fn trail(reader: &Reader, before: i64, person: Option<i64>) -> Result<Reply, StoreError> {
    let rows = reader.trail(before, person, TRAIL)?.into_iter().map(|(id, trace)| {
        let store::Trace { at, person, who, address, action, detail } = trace;
        api::TrailRow { id, at, person, who, address, action, detail }
    });
    Ok(Reply::Portal(Box::new(api::PortalReply::People(api::PeopleReply::Trail(rows.collect())))))
}

fn unknown(id: JobId) -> Reply {
    Reply::Refused(Refusal { code: RefusalCode::InvalidJobId, detail: id.to_string() })
}

fn papers(reader: &Reader, id: JobId, only: Option<Uid>) -> Result<Reply, StoreError> {
    let Some(stored) = reader.base_of(id)?.map_or(Ok(None), |base| reader.submission(base))? else {
        return Ok(unknown(id));
    };
    if only.is_some_and(|uid| uid != stored.spec.owner.uid) {
        return Ok(Reply::Refused(Refusal { code: RefusalCode::AccessDenied, detail: id.to_string() }));
    }
    // Of an allocation the script is ours, not the member's.
    let script = if stored.spec.batch { stored.script.to_vec() } else { Vec::new() };
    Ok(Reply::Papers { id: stored.id, script, environment: stored.environment.to_vec() })
}

fn history(reader: &Reader, id: JobId, only: Option<Uid>) -> Result<Reply, StoreError> {
    let Some(base) = reader.base_of(id)? else { return Ok(unknown(id)) };
    let Some(submission) = reader.submission(base)? else { return Ok(unknown(id)) };
    if only.is_some_and(|uid| uid != submission.spec.owner.uid) {
        return Ok(Reply::Refused(Refusal { code: RefusalCode::AccessDenied, detail: id.to_string() }));
    }
    let mut rows: Vec<HistoryRow> = reader.history(base)?.iter().filter_map(|event| line(base, event)).collect();
    // An answer is one message: of a great array the last part is shown.
    if rows.len() > MOST_LINES {
        rows.drain(..rows.len() - MOST_LINES);
    }
    Ok(Reply::History(rows))
}

/// One event as a line that a person reads.
fn line(base: JobId, event: &StoredEvent) -> Option<HistoryRow> {
    let (id, what, detail) = match &event.fact {
        Fact::Job(what) => job_line(base, what)?,
        Fact::StepBegan { job, step, name, tasks, .. } => (*job, "step began", format!("{step} {name}, {tasks} tasks")),
        Fact::StepEnded { job, step, state, exit, .. } => (*job, "step ended", format!("{step} {state} {exit}")),
        Fact::Noted { text, .. } => (base, "noted", text.clone()),
        Fact::Serving { .. } => return None,
    };
    Some(HistoryRow { at: event.at, id, what: what.to_owned(), detail })
}

/// How a run ended, as a person says it.
fn told(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Exited(exit) if exit.signal > 0 => format!("by signal {}", exit.signal),
        Outcome::Exited(exit) => format!("with exit code {}", exit.code),
        Outcome::OutOfMemory(_) => "out of memory".to_owned(),
        Outcome::LaunchFailed { error, .. } => format!("not started: {error}"),
        Outcome::Lost => "unseen: its supervisor or the machine failed".to_owned(),
    }
}

fn job_line(base: JobId, what: &What) -> Option<(JobId, &'static str, String)> {
    Some(match what {
        What::Submitted { id, .. } => (*id, "submitted", String::new()),
        What::Started { run, task, placement } => {
            let task = task.map_or(String::new(), |(_, index)| format!("task {index}, "));
            let memory = placement.memory_mib.map_or(String::new(), |mib| format!(", {mib} MiB"));
            (run.job, "started", format!("{task}attempt {}, CPUs {}{memory}", run.attempt, placement.cpus))
        }
        What::Split { array, index, id } => (*id, "split", format!("task {index} of {array}")),
        What::Ended { run, outcome, usage } => {
            let used =
                format!("{:.3} s of CPU, {} KiB", (usage.user_us + usage.system_us) as f64 / 1e6, usage.max_rss_kib);
            (run.job, "ended", format!("{}, {used}", told(outcome)))
        }
        What::Cancelled { id, tasks, by } => {
            let tasks = tasks.as_ref().map_or(String::new(), |tasks| format!("tasks {tasks} "));
            (*id, "cancelled", format!("{tasks}by user {by}"))
        }
        What::TimeLimitReached { run } => (run.job, "time limit", String::new()),
        What::SignalDue { run } => (run.job, "signalled", String::new()),
        What::Preempted { id, by } => (*id, "made place", format!("for job {by}")),
        What::DeadlineMissed { id } => (*id, "deadline missed", String::new()),
        What::DependencyFailed { id } => (*id, "dependency failed", String::new()),
        What::Requeued { id, cause, hold } => {
            (*id, "requeued", format!("{cause:?}{}", if *hold { ", held" } else { "" }))
        }
        What::Held { id, by_operator } => (*id, "held", (if *by_operator { "by an operator" } else { "" }).to_owned()),
        What::Released { id } => (*id, "released", String::new()),
        What::Suspended { run, cause } => {
            (run.job, "suspended", cause.map_or(String::new(), |job| format!("for job {job}")))
        }
        What::Resumed { run } => (run.job, "resumed", String::new()),
        What::Updated { id, change, by } => (*id, "changed", format!("{change:?} by user {by}")),
        What::MadeUrgent { id, by, why } => (*id, "made urgent", format!("by user {by}: {why}")),
        What::Drained { reason, by } => (base, "drained", format!("by user {by}: {reason}")),
        What::Undrained { by } => (base, "in service", format!("by user {by}")),
        What::Reserved(_)
        | What::Unreserved { .. }
        | What::SwitchedOn { .. }
        | What::SwitchedOff { .. }
        | What::CameUp { .. }
        | What::WentOff { .. }
        | What::BootFailed { .. }
        | What::Mended { .. } => return None,
    })
}
