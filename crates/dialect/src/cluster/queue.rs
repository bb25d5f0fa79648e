//! `squeue`: what waits and runs. Must not know who may see it.

use std::sync::Arc;

use model::{ArrayPlace, Exit, Gid, JobId, JobState, Memory, Owner, QueueRow, Reason, Span, Text, TimeLimit, Uid};

use super::{Unreadable, split::Rows, values};
use crate::values::{gres, limit, memory};

/// What is asked for, in the order of [`Queued`]'s making. The last ones are members' texts.
const FORMAT: &str = "A F K T r U u G g a P q Q y C D m b l V S e h N v E j Z o k";

/// The arguments of `squeue`.
pub fn arguments(separator: &str) -> Vec<String> {
    let fields = FORMAT.split(' ').map(|field| format!("%{field}{separator}")).collect::<String>();
    vec!["--all".to_owned(), "--noheader".to_owned(), format!("--format={fields}")]
}

/// A job in Slurm's queue.
#[derive(Clone, PartialEq, Debug)]
pub struct Queued {
    /// What listings show.
    pub row: QueueRow,
    /// The number that `sbatch` printed.
    pub base: JobId,
    /// Slurm's own word for why it waits.
    pub slurm_reason: String,
    /// It has its nodes alone.
    pub exclusive: bool,
    /// Reservation.
    pub reservation: Option<String>,
    /// Working directory.
    pub workdir: Text,
    /// The script's path; empty: it was made by `--wrap`.
    pub command: Text,
    /// `--comment`.
    pub comment: Option<Text>,
}

/// All of an answer.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &[u8], separator: &str) -> Result<Vec<Queued>, Unreadable> {
    let mut rows = Rows::new(separator.as_bytes(), FORMAT.split(' ').count());
    let mut shared = Shared::default();
    let mut all = Vec::new();
    rows.push(bytes);
    while let Some(row) = rows.next(|fields| shared.queued(fields))? {
        all.push(row?);
    }
    rows.end()?;
    Ok(all)
}

/// Words that many rows have.
#[derive(Default)]
struct Shared {
    owners: Vec<Arc<Owner>>,
    words: Vec<Arc<str>>,
}

/// Nothing, in one of Slurm's words for it.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !["", "(null)", "N/A", "None assigned"].contains(text))
}

impl Shared {
    fn word(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.words.iter().find(|word| ***word == *text) {
            return known.clone();
        }
        self.words.push(Arc::from(text));
        Arc::from(text)
    }

    fn owner(&mut self, owner: Owner) -> Arc<Owner> {
        if let Some(known) = self.owners.iter().find(|known| ***known == owner) {
            return known.clone();
        }
        self.owners.push(Arc::new(owner.clone()));
        Arc::new(owner)
    }

    fn queued(&mut self, fields: &[&[u8]]) -> Result<Queued, Unreadable> {
        let text = |at: usize| fields.get(at).and_then(|field| std::str::from_utf8(field).ok()).unwrap_or("");
        let fault = |field, at: usize| Unreadable::Field { field, value: text(at).to_owned() };
        let number = |at: usize| text(at).parse::<u32>().unwrap_or(0);
        let raw = |at: usize| fields.get(at).copied().unwrap_or_default();
        let id = JobId(text(0).parse().map_err(|_| fault("JobId", 0))?);
        let base = JobId(text(1).parse().map_err(|_| fault("ArrayJobId", 1))?);
        let (state, _) = values::state(text(3)).ok_or_else(|| fault("State", 3))?;
        let owner = Owner {
            uid: Uid(text(5).parse().map_err(|_| fault("UserId", 5))?),
            gid: Gid(number(7)),
            user: text(6).to_owned(),
            group: text(8).to_owned(),
        };
        let submit = values::time(text(19)).ok_or_else(|| fault("SubmitTime", 19))?;
        let gpus = some(text(17)).and_then(|text| gres::gpus(text.trim_start_matches("gres:").as_bytes()).ok());
        let row = QueueRow {
            id,
            array: place(text(2), base),
            name: Text::from(raw(26)),
            owner: self.owner(owner),
            account: self.word(text(9)),
            partition: self.word(text(10)),
            qos: self.word(text(11)),
            state,
            reason: reason(text(4)),
            priority: number(12),
            nice: text(13).parse().unwrap_or(0),
            cpus: number(14),
            tasks: 1,
            cpus_per_task: 1,
            nodes: number(15),
            memory: memory::parse(text(16).as_bytes()).map_or(Memory::Default, Memory::PerNode),
            gpus: gpus.map_or(0, |gpus| gpus.count),
            time_limit: limit::parse(text(18).as_bytes()).unwrap_or(TimeLimit::Unlimited),
            submit,
            eligible: (state != JobState::Pending).then_some(submit),
            start: values::time(text(20)),
            end: values::time(text(21)),
            suspended: Span::ZERO,
            exit: Exit::default(),
            restarts: 0,
            dependency: some(text(25)).unwrap_or("").to_owned(),
            node: self.word(some(text(23)).unwrap_or("")),
        };
        Ok(Queued {
            row,
            base,
            slurm_reason: text(4).to_owned(),
            exclusive: text(22) == "NO",
            reservation: some(text(24)).map(str::to_owned),
            workdir: Text::from(raw(27)),
            command: Text::from(some(text(28)).map_or(&b""[..], |_| raw(28))),
            comment: some(text(29)).map(|_| Text::from(raw(29))),
        })
    }
}

/// `3`, `0,3-7%2`, `N/A`.
fn place(text: &str, base: JobId) -> ArrayPlace {
    if let Ok(index) = text.parse() {
        return ArrayPlace::Task { base, index };
    }
    match crate::values::array::parse(text.trim_end_matches("...").trim_end_matches(',').as_bytes()) {
        Some(array) if text != "N/A" => ArrayPlace::Pending { base, tasks: array.tasks, limit: array.limit },
        _ => ArrayPlace::Single,
    }
}

/// Our word for Slurm's reason; many of Slurm's are one of ours.
pub fn reason(text: &str) -> Reason {
    let word = text.split([',', ' ']).next().unwrap_or("");
    if let Some(same) = Reason::ALL.iter().find(|reason| reason.text() == word) {
        return *same;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| word.contains(part));
    match word {
        "NodesDown" | "NodeDown" | "ReqNodeNotAvail" => Reason::NodeDown,
        "ReservationDeleted" => Reason::Reservation,
        "DependencyNeverSatisfied" => Reason::DependencyNeverSatisfied,
        _ if word.starts_with("Assoc") && has(&["Minutes", "Mins", "Billing"]) => Reason::AssocGrpBillingLimit,
        _ if word.starts_with("Assoc") => Reason::AssocGrpCpuLimit,
        _ if word.starts_with("QOS") && has(&["MaxJobs", "MaxSubmit"]) => Reason::QosMaxJobsPerUser,
        _ if word.starts_with("QOS") && has(&["PerUser"]) => Reason::QosMaxCpuPerUser,
        _ if word.starts_with("QOS") => Reason::QosGrpCpuLimit,
        "BadConstraints" | "Licenses" => Reason::Resources,
        _ => Reason::None,
    }
}
