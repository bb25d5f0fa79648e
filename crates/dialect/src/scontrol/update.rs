//! `scontrol update`: `NAME=value` words to changes.

use model::{Dependency, Memory, Span, Text, Time, TimeLimit};

use super::parse::named_jobs;
use super::{Request, ReservationChange, Targets};
use crate::errors::Refused;
use crate::refusal::Refusal;
use crate::text::Clock;
use crate::values::when::{self, Lean};
use crate::values::{self, dependency, hostlist, limit, memory};

/// A change of a number of minutes: to, by more, by less.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NumberChange {
    /// To this.
    To(TimeLimit),
    /// So much more.
    Plus(Span),
    /// So much less.
    Minus(Span),
}

/// One change of a job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum JobChange {
    /// `TimeLimit`.
    TimeLimit(NumberChange),
    /// `TimeMin`.
    TimeMin(Span),
    /// `Priority`; 0 holds.
    Priority(u32),
    /// `Nice`.
    Nice(i32),
    /// `JobName`.
    Name(Text),
    /// `StartTime`.
    Begin(Time),
    /// `EndTime`.
    End(Time),
    /// `Deadline`.
    Deadline(Time),
    /// `Comment`.
    Comment(Text),
    /// `AdminComment`, operators only.
    AdminComment(Text),
    /// `Partition`.
    Partition(String),
    /// `QOS`.
    Qos(String),
    /// `Account`.
    Account(String),
    /// `WCKey`.
    Wckey(String),
    /// `ReservationName`; empty takes it out.
    Reservation(String),
    /// `Dependency`; `None` takes it away.
    Dependency(Option<Dependency>),
    /// `ArrayTaskThrottle`; 0 is no limit.
    ArrayLimit(u32),
    /// `NumCPUs`, least and greatest.
    Cpus(u32, u32),
    /// `NumTasks`.
    Tasks(u32),
    /// `CPUsPerTask`.
    CpusPerTask(u32),
    /// `NumNodes`, least and greatest.
    Nodes(u32, u32),
    /// `MinMemoryNode`, `MinMemoryCPU`.
    Memory(Memory),
    /// `Requeue`.
    Requeue(bool),
    /// `Features`.
    Features(String),
    /// `MailUser`.
    MailUser(String),
    /// `MailType`.
    Mail(model::MailEvents),
    /// `StdOut`.
    StdOut(Text),
    /// `StdErr`.
    StdErr(Text),
    /// `StdIn`.
    StdIn(Text),
    /// `WorkDir`.
    Workdir(Text),
}

/// A machine's new state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeState {
    /// `DRAIN`: jobs end, none starts.
    Drain,
    /// `DOWN`, `FAIL`: its jobs end at once.
    Down,
    /// `RESUME`, `UNDRAIN`, `IDLE`: in service again.
    Resume,
}

/// A word `NAME=value`, the name in lower case; `NAME+=value` and `NAME-=value` keep their sign in the name.
pub(super) fn pair(word: &[u8]) -> Option<(String, &[u8])> {
    let at = word.iter().position(|byte| *byte == b'=')?;
    Some((String::from_utf8_lossy(&word[..at]).to_ascii_lowercase(), &word[at + 1..]))
}

/// What is said of a name that nothing can be done about, as it was typed.
fn is_job(word: &[u8]) -> bool {
    word.eq_ignore_ascii_case(b"job") || word.eq_ignore_ascii_case(b"jobid")
}

fn unsupported(word: &[u8]) -> Refusal {
    let word = String::from_utf8_lossy(word);
    line(format!("Update of this parameter is not supported: {word}")).and("Request aborted")
}

/// Whether a name is `full` or the start of it, at least `least` letters long; lower case.
fn is(name: &str, full: &str, least: usize) -> bool {
    name.len() >= least && full.starts_with(name)
}

fn line(text: impl Into<String>) -> Refusal {
    Refusal::line(text, 1)
}

/// `update NAME=value ...`.
pub(super) fn parse(words: &[&[u8]], clock: &Clock<'_>) -> Result<Request, Refusal> {
    let mut pairs = Vec::new();
    // `update job 35 NAME=value` too.
    let joined = match words {
        [entity, id, ..] if is_job(entity) => Some([b"jobid=".as_slice(), id].concat()),
        _ => None,
    };
    let mut shorter = words.to_vec();
    if let Some(joined) = &joined {
        shorter.splice(..2, [joined.as_slice()]);
    }
    let words = shorter.as_slice();
    for word in words {
        let pair = pair(word)
            .ok_or_else(|| line(format!("Invalid input: {}", String::from_utf8_lossy(word))).and("Request aborted"))?;
        pairs.push(pair);
    }
    let entity = pairs.iter().find_map(|(name, value)| {
        let text = String::from_utf8_lossy(value).into_owned();
        match name.as_str() {
            name if is(name, "nodename", 3) => Some(("node", text)),
            name if is(name, "partitionname", 3) => Some(("partition", text)),
            name if is(name, "jobid", 3) => Some(("job", text)),
            name if is(name, "reservationname", 3) => Some(("reservation", text)),
            _ => None,
        }
    });
    // A job's own partition and reservation are changed by their names too, so the job's number decides.
    let jobs = pairs.iter().find(|(name, _)| is(name, "jobid", 3)).map(|(_, value)| *value);
    match (jobs, entity) {
        (Some(ids), _) => {
            update_jobs(Targets::Jobs(named_jobs(ids)?), words, &pairs, clock)
        }
        (None, Some(("node", names))) => update_nodes(&names, words, &pairs),
        (None, Some(("partition", name))) if !pairs.iter().any(|(name, _)| is(name, "reservationname", 3)) => {
            update_partition(name, words, &pairs)
        }
        (None, Some(("partition" | "reservation", _))) => Ok(Request::UpdateReservation(reservation(&pairs, clock)?)),
        // The job's own name is among what can be changed, so it names jobs only where no number does.
        _ if pairs.iter().any(|(name, _)| name == "jobname") => {
            let named = pairs.iter().find(|(name, _)| name == "jobname").map(|(_, value)| *value).unwrap_or_default();
            let named = String::from_utf8_lossy(named).into_owned();
            update_jobs(Targets::Named(named), words, &pairs, clock)
        }
        // Steps end with their jobs here; a limit of their own is accepted and has no effect.
        _ if pairs.iter().any(|(name, _)| is(name, "stepid", 4)) => Ok(Request::Answer(String::new())),
        _ => Err(line("No valid entity in update command").and(
            "Input line must include \"NodeName\", \"PartitionName\", \"Reservation\", \"JobId\", or \"SlurmctldDebug\"",
        )),
    }
}

fn update_jobs(
    targets: Targets,
    words: &[&[u8]],
    pairs: &[(String, &[u8])],
    clock: &Clock<'_>,
) -> Result<Request, Refusal> {
    let names_it = |name: &str| match targets {
        Targets::Jobs(_) => is(name, "jobid", 3),
        Targets::Named(_) => name == "jobname",
    };
    let (mut changes, mut no_effect) = (Vec::new(), false);
    for (word, (name, value)) in words.iter().zip(pairs).filter(|(_, (name, _))| !names_it(name) && name != "userid") {
        match job_change(name, value, clock) {
            Ok(change) => changes.push(change),
            // Counts for each machine: there is one, and the job's own count says it.
            Err(Fault::Unknown) if name == "mincpusnode" && values::count(value, 0).is_some() => no_effect = true,
            Err(Fault::Unknown) => return Err(unsupported(word)),
            Err(Fault::Says(text)) => return Err(Refusal::error("scontrol", text, 1)),
            Err(Fault::Quietly(text)) => return Err(Refusal::error("scontrol", text, 0)),
            Err(Fault::Time(bad)) => return Err(line(bad.line(value)).and("No changes specified")),
        }
    }
    if changes.is_empty() && no_effect {
        return Ok(Request::Answer(String::new()));
    }
    match changes.is_empty() {
        true => Err(line("No changes specified")),
        false => Ok(Request::UpdateJobs { jobs: targets, changes }),
    }
}

enum Fault {
    Unknown,
    Says(String),
    /// Told, and the exit code is 0, as Slurm has it.
    Quietly(String),
    Time(when::BadTime),
}

fn job_change(name: &str, value: &[u8], clock: &Clock<'_>) -> Result<JobChange, Fault> {
    let text = || String::from_utf8_lossy(value).into_owned();
    let exact = || Text::from(value);
    let says = |what: &str| Fault::Says(format!("Invalid {what}: {}", text()));
    let count = |what: &str| values::count(value, 0).ok_or_else(|| says(what));
    let instant = || when::parse(value, clock, Lean::Future).map_err(Fault::Time);
    let dependency = |what: &str| dependency::parse(value).map_err(|_| says(what));
    Ok(match name {
        "account" => JobChange::Account(text()),
        "admincomment" => JobChange::AdminComment(exact()),
        "arraytaskthrottle" => JobChange::ArrayLimit(count("ArrayTaskThrottle value")?),
        "comment" => JobChange::Comment(exact()),
        "cpuspertask" => JobChange::CpusPerTask(count("CPUsPerTask value")?),
        "deadline" => JobChange::Deadline(instant()?),
        "dependency" => JobChange::Dependency(dependency("Dependency value")?),
        "endtime" => JobChange::End(instant()?),
        "features" => JobChange::Features(text()),
        "jobname" | "name" => JobChange::Name(exact()),
        "mailtype" => JobChange::Mail(values::mail::parse(value).ok_or_else(|| says("MailType value"))?),
        "mailuser" => JobChange::MailUser(text()),
        "minmemorycpu" => JobChange::Memory(size(value, Memory::PerCpu).ok_or_else(|| says("MinMemoryCPU value"))?),
        "minmemorynode" => JobChange::Memory(size(value, Memory::PerNode).ok_or_else(|| says("MinMemoryNode value"))?),
        "nice" => JobChange::Nice(
            values::integer(value).and_then(|nice| i32::try_from(nice).ok()).ok_or_else(|| says("Nice value"))?,
        ),
        "numcpus" | "reqprocs" | "reqcpus" => {
            let (least, most) = values::node_count(value).ok_or_else(|| says("NumCPUs value"))?;
            JobChange::Cpus(least, most)
        }
        "numnodes" | "reqnodes" => {
            let (least, most) = values::node_count(value).ok_or_else(|| {
                Fault::Quietly(format!("Invalid numeric value \"{}\" for requested node count.", text()))
            })?;
            JobChange::Nodes(least, most)
        }
        "numtasks" => JobChange::Tasks(count("NumTasks value")?),
        "partition" | "partitionname" => JobChange::Partition(text()),
        "priority" => JobChange::Priority(
            values::integer(value)
                .and_then(|number| u32::try_from(number).ok())
                .ok_or_else(|| says("Priority value"))?,
        ),
        "qos" => JobChange::Qos(text()),
        "requeue" => JobChange::Requeue(values::yes_or_no(value).ok_or_else(|| says("Requeue value"))?),
        "reservation" | "reservationname" => JobChange::Reservation(text()),
        "starttime" | "eligibletime" => JobChange::Begin(instant()?),
        "stderr" => JobChange::StdErr(exact()),
        "stdin" => JobChange::StdIn(exact()),
        "stdout" => JobChange::StdOut(exact()),
        "timelimit" => {
            JobChange::TimeLimit(time_limit(value).ok_or_else(|| Fault::Says("Invalid TimeLimit value".into()))?)
        }
        "timelimit+" | "timelimit-" => {
            let sign = &name.as_bytes()[name.len() - 1..];
            let change = time_limit(&[sign, value].concat());
            JobChange::TimeLimit(change.ok_or_else(|| Fault::Says("Invalid TimeLimit value".into()))?)
        }
        "timemin" => JobChange::TimeMin(
            limit::parse(value).and_then(TimeLimit::span).ok_or_else(|| Fault::Says("Invalid TimeMin value".into()))?,
        ),
        "wckey" => JobChange::Wckey(text()),
        "workdir" => JobChange::Workdir(exact()),
        _ => return Err(Fault::Unknown),
    })
}

/// `5`, `+30`, `-1:00:00`; `-1` is without end, as everywhere.
fn time_limit(value: &[u8]) -> Option<NumberChange> {
    match value {
        b"-1" => Some(NumberChange::To(TimeLimit::Unlimited)),
        [b'+', rest @ ..] => Some(NumberChange::Plus(Span::minutes(limit::minutes(rest)?))),
        [b'-', rest @ ..] => Some(NumberChange::Minus(Span::minutes(limit::minutes(rest)?))),
        plain => limit::parse(plain).map(NumberChange::To),
    }
}

fn size(value: &[u8], kind: fn(u64) -> Memory) -> Option<Memory> {
    memory::parse(value).map(|mib| if mib == 0 { Memory::Unlimited } else { kind(mib) })
}

fn update_nodes(names: &str, words: &[&[u8]], pairs: &[(String, &[u8])]) -> Result<Request, Refusal> {
    let nodes =
        hostlist::expand(names).ok_or_else(|| Refused::InvalidNodeName.refusal(crate::errors::Action::Update))?;
    let (mut state, mut reason) = (None, None);
    for (word, (name, value)) in words.iter().zip(pairs) {
        let text = String::from_utf8_lossy(value).into_owned();
        match name.as_str() {
            name if is(name, "nodename", 3) => {}
            name if is(name, "state", 1) => {
                state = Some(match text.to_ascii_uppercase().as_str() {
                    "DRAIN" => NodeState::Drain,
                    "DOWN" | "FAIL" => NodeState::Down,
                    "RESUME" | "UNDRAIN" | "IDLE" => NodeState::Resume,
                    _ => {
                        return Err(line(format!("Invalid input: {name}={text}"))
                            .and("Request aborted")
                            .and("Valid states are: NoResp DRAIN FAIL FUTURE RESUME POWER_DOWN POWER_UP UNDRAIN"));
                    }
                });
            }
            name if is(name, "reason", 1) => reason = Some(text.trim_matches(['"', '\'']).to_owned()),
            _ => return Err(unsupported(word)),
        }
    }
    match state {
        Some(NodeState::Drain | NodeState::Down) if reason.is_none() => {
            Err(line("You must specify a reason when DOWNING or DRAINING a node. Request denied"))
        }
        _ => Ok(Request::UpdateNodes { nodes, state, reason }),
    }
}

fn update_partition(name: String, words: &[&[u8]], pairs: &[(String, &[u8])]) -> Result<Request, Refusal> {
    let mut up = None;
    for (word, (key, value)) in words.iter().zip(pairs).filter(|(_, (name, _))| !is(name, "partitionname", 3)) {
        let text = String::from_utf8_lossy(value).to_ascii_uppercase();
        up = match (is(key, "state", 2), text.as_str()) {
            (true, "UP") => Some(true),
            (true, "DOWN" | "INACTIVE" | "DRAIN") => Some(false),
            (true, _) => {
                let value = String::from_utf8_lossy(value);
                return Err(Refusal::error("scontrol", format!("Invalid input: {key}={value}"), 1)
                    .and("scontrol: error: Acceptable State values are UP, DOWN, DRAIN and INACTIVE")
                    .and("slurm_update error: No error"));
            }
            (false, _) => return Err(unsupported(word)),
        };
    }
    match up {
        Some(up) => Ok(Request::UpdatePartition { name, up }),
        None => Err(line("No changes specified")),
    }
}

/// The words of `create reservation` and `update ReservationName=`.
pub(super) fn reservation(pairs: &[(String, &[u8])], clock: &Clock<'_>) -> Result<ReservationChange, Refusal> {
    let mut change = ReservationChange::default();
    for (name, value) in pairs {
        let text = String::from_utf8_lossy(value).into_owned();
        let bad = || line(format!("Invalid input: {name}={text}")).and("Request aborted");
        let instant = || {
            let bad = |bad: when::BadTime| line(bad.line(value)).and(format!("Invalid start time {text}"));
            when::parse(value, clock, Lean::Future).map_err(bad)
        };
        let (plain, sign) = match name.as_bytes().last() {
            Some(b'+') => (&name[..name.len() - 1], "+"),
            Some(b'-') => (&name[..name.len() - 1], "-"),
            _ => (name.as_str(), ""),
        };
        let list = || values::list(value).iter().map(|part| format!("{sign}{part}")).collect::<Vec<_>>();
        match plain {
            name if is(name, "reservationname", 1) && !name.starts_with("partition") => change.name = Some(text),
            name if is(name, "starttime", 1) => change.start = Some(instant()?),
            name if is(name, "endtime", 1) => change.end = Some(instant()?),
            name if is(name, "duration", 1) => change.duration = Some(limit::parse(value).ok_or_else(bad)?.span()),
            name if is(name, "users", 1) => change.users = Some(list()),
            name if is(name, "accounts", 1) => change.accounts = Some(list()),
            name if is(name, "nodecnt", 5) || is(name, "nodecount", 5) => {
                change.node_count = Some(values::count(value, 1).ok_or_else(bad)?);
            }
            name if is(name, "nodes", 5) => change.nodes = Some(hostlist::expand(&text).ok_or_else(bad)?),
            name if is(name, "corecnt", 5) || is(name, "corecount", 5) => {
                change.core_count = Some(values::count(value, 1).ok_or_else(bad)?);
            }
            name if is(name, "flags", 2) => {
                change.flags = Some(values::list(value).iter().map(|flag| flag.to_ascii_uppercase()).collect());
            }
            name if is(name, "partitionname", 1) => change.partition = Some(text),
            name if is(name, "comment", 3) => change.comment = Some(text),
            _ => return Err(bad()),
        }
    }
    Ok(change)
}
