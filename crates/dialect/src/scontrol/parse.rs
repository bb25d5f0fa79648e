//! `scontrol`'s command line: options, a keyword, what it is about.

use super::update::{self, pair};
use super::{Options, Request, Style, Targets};
use crate::environ::Variable;
use crate::errors::{Action, Refused};
use crate::getopt::{self, Arg, Opt, Order, opt};
use crate::refusal::{Refusal, VERSION};
use crate::text::Clock;
use crate::values::jobs::{self, JobPick};

const NAME: &str = "scontrol";

const OPTS: &[Opt] = &[
    opt("all", 'a', Arg::No),
    opt("cluster", 'M', Arg::Required),
    opt("clusters", ' ', Arg::Required),
    opt("details", 'd', Arg::No),
    opt("future", 'F', Arg::No),
    opt("help", 'h', Arg::No),
    opt("hide", ' ', Arg::No),
    opt("local", ' ', Arg::No),
    opt("oneliner", 'o', Arg::No),
    opt("quiet", 'Q', Arg::No),
    opt("sibling", ' ', Arg::No),
    opt("uid", 'u', Arg::Required),
    opt("usage", ' ', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
];

/// Reads a command line.
///
/// # Errors
/// Unknown options, keywords and entities: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable], clock: &Clock<'_>) -> Result<Options, Refusal> {
    let line = getopt::read(NAME, &[OPTS], args, Order::Anywhere)
        .map_err(|message| Refusal::line(message, 1).and("Try \"scontrol --help\" for more information"))?;
    let (mut style, mut quiet) = (Style::default(), false);
    for given in &line.given {
        match given.key {
            "details" => style.details = true,
            "oneliner" => style.one_line = true,
            "quiet" => quiet = true,
            "help" | "usage" => return Err(Refusal::answer(help())),
            "version" => return Err(crate::refusal::version()),
            _ => {}
        }
    }
    let request = match line.rest.split_first() {
        Some((keyword, words)) => request(&String::from_utf8_lossy(keyword), words, environ, clock)?,
        None => Request::Interactive,
    };
    Ok(Options { request, style, quiet })
}

/// Reads one line of the interactive mode: words parted by blanks, those within quotes aside.
///
/// # Errors
/// As [`parse`].
pub fn parse_line(line: &[u8], environ: &[Variable], clock: &Clock<'_>) -> Result<Request, Refusal> {
    let words = words(line);
    match words.split_first() {
        Some((keyword, words)) => request(&String::from_utf8_lossy(keyword), words, environ, clock),
        None => Ok(Request::Answer(String::new())),
    }
}

/// The words of a line. Quotes keep blanks together and stay, as Slurm has it.
pub fn words(line: &[u8]) -> Vec<&[u8]> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, byte) in line.iter().enumerate() {
        match (byte, quote) {
            (byte, Some(open)) if *byte == open => quote = None,
            (b'"' | b'\'', None) => {
                quote = Some(*byte);
                start.get_or_insert(at);
            }
            (b' ' | b'\t' | b'\n' | b'\r', None) => words.extend(start.take().map(|start| &line[start..at])),
            _ => drop(start.get_or_insert(at)),
        }
    }
    words.extend(start.map(|start| &line[start..]));
    words
}

fn help() -> String {
    format!(
        "{}\nCommands:\n  show ENTITY [ID]          job, step, node, partition, reservation, config, hostnames, hostlist, ...\n  \
         hold, release, requeue, requeuehold, suspend, resume, top JOBS\n  update SPECIFICATIONS     of a job, node, \
         partition or reservation\n  create, delete reservation\n  write batch_script JOB [FILE|-]\n  listpids, pidinfo, \
         notify, wait_job, ping, completing, version, errnumstr, exit\n",
        crate::submission::help(NAME, OPTS).trim_end()
    )
}

fn keyword(word: &str) -> &str {
    let lower = word.to_ascii_lowercase();
    /// Keywords and how many letters of each are enough.
    const KEYWORDS: &[(&str, usize)] = &[
        ("abort", 2),
        ("all", 3),
        ("cancel_reboot", 3),
        ("cluster", 2),
        ("completing", 2),
        ("create", 2),
        ("delete", 1),
        ("errnumstr", 2),
        ("exit", 1),
        ("fsdampeningfactor", 3),
        ("hide", 2),
        ("listpids", 1),
        ("notify", 1),
        ("oneliner", 1),
        ("pidinfo", 3),
        ("quiet", 4),
        ("quit", 4),
        ("reboot", 3),
        ("reconfigure", 3),
        ("schedloglevel", 3),
        ("setdebug", 3),
        ("setdebugflags", 9),
        ("shutdown", 3),
        ("takeover", 8),
        ("token", 3),
        ("top", 3),
        ("verbose", 4),
        ("wait_job", 2),
        ("hold", 4),
        ("uhold", 5),
        ("ping", 3),
        ("release", 3),
        ("requeue", 3),
        ("requeuehold", 8),
        ("resume", 3),
        ("show", 2),
        ("suspend", 2),
        ("update", 1),
        ("version", 4),
        ("write", 5),
        ("details", 1),
        ("help", 2),
    ];
    // An exact name goes before the start of another.
    let exact = KEYWORDS.iter().find(|(name, _)| *name == lower);
    let short = || KEYWORDS.iter().find(|(name, least)| lower.len() >= *least && name.starts_with(&lower));
    exact.or_else(short).map_or(word, |(name, _)| name)
}

fn request(word: &str, words: &[&[u8]], environ: &[Variable], clock: &Clock<'_>) -> Result<Request, Refusal> {
    let keyword = keyword(word);
    match keyword {
        "show" => super::show::parse(words, environ),
        "hold" | "uhold" => Ok(Request::Hold(targets(keyword, words).map_err(suspend_error)?)),
        "release" => Ok(Request::Release(targets(keyword, words).map_err(suspend_error)?)),
        "requeue" => Ok(Request::Requeue { jobs: targets(keyword, words)?, hold: false }),
        "requeuehold" => {
            let words = match words.split_first() {
                Some((first, rest)) if first.to_ascii_lowercase().starts_with(b"state=") => rest,
                _ => words,
            };
            Ok(Request::Requeue { jobs: targets(keyword, words)?, hold: true })
        }
        "suspend" => Ok(Request::Suspend(targets(keyword, words)?)),
        "resume" => Ok(Request::Resume(targets(keyword, words)?)),
        "update" if words.is_empty() => Err(Refusal::line("too few arguments for update keyword", 1)),
        "update" => update::parse(words, clock),
        "create" => create(words, clock),
        "delete" => delete(words),
        "ping" => Ok(Request::Ping),
        "version" => Ok(Request::Answer(format!("{VERSION}\n"))),
        "write" => write(words),
        "all" | "cluster" | "hide" | "quiet" | "verbose" => Ok(Request::Answer(String::new())),
        "details" => Ok(Request::Details),
        "oneliner" => Ok(Request::OneLine),
        "exit" | "quit" => Ok(Request::Exit),
        "help" => Ok(Request::Answer(help())),
        "completing" => Ok(Request::Completing),
        "errnumstr" => match words {
            [number] => {
                let number = String::from_utf8_lossy(number).parse().unwrap_or(u16::MAX);
                Ok(Request::Answer(format!("{}\n", Refused::from_wire(number, "Unknown error".into()).text())))
            }
            _ => Err(Refusal::line("one arguments required for keyword:errnumstr", 1)),
        },
        "listpids" => Ok(Request::ListPids(words.first().map(|word| job_list(word)).transpose()?.unwrap_or_default())),
        "pidinfo" => match words.first() {
            Some(pid) => Ok(Request::PidInfo(String::from_utf8_lossy(pid).parse().unwrap_or(0))),
            None => Err(Refusal::line("missing argument for keyword:pidinfo", 1)),
        },
        "notify" => match words {
            [job, text @ ..] if !text.is_empty() => {
                let job = job_list(job)?.into_iter().next().ok_or_else(|| too_few("notify"))?;
                Ok(Request::Notify { job, text: text.join(b" ".as_slice()) })
            }
            _ => Err(too_few("notify")),
        },
        "wait_job" => {
            let job = words.first().map(|word| job_list(word)).transpose()?.unwrap_or_default();
            job.into_iter().next().map(Request::WaitJob).ok_or_else(|| too_few("wait_job"))
        }
        "top" => match words.first() {
            Some(word) => Ok(Request::Top(job_list(word)?)),
            None => Err(too_few("top")),
        },
        "abort" | "cancel_reboot" | "fsdampeningfactor" | "reboot" | "reconfigure" | "schedloglevel" | "setdebug"
        | "setdebugflags" | "shutdown" | "takeover" | "token" => Ok(Request::Operate(keyword.to_owned())),
        other => Err(Refusal::line(format!("invalid keyword: {other}"), 1)),
    }
}

pub(super) fn too_few(keyword: &str) -> Refusal {
    Refusal::line(format!("too few arguments for keyword:{keyword}"), 1)
}

/// Job numbers in lists or words of their own, or `job_name=NAME`.
fn targets(keyword: &str, words: &[&[u8]]) -> Result<Targets, Refusal> {
    if words.is_empty() {
        return Err(too_few(keyword));
    }
    let mut picks = Vec::new();
    for word in words {
        let ids = match pair(word) {
            Some((name, value)) if matches!(name.as_str(), "job_name" | "jobname" | "name") => {
                return Ok(Targets::Named(String::from_utf8_lossy(value).into_owned()));
            }
            Some((name, value)) if matches!(name.as_str(), "job" | "jobid" | "job_id") => value,
            _ => word,
        };
        picks.extend(named_jobs(ids)?);
    }
    Ok(Targets::Jobs(picks))
}

pub(super) fn job_list(word: &[u8]) -> Result<Vec<JobPick>, Refusal> {
    jobs::parse_list(word).map_err(|part| Refusal::line(format!("Invalid job id specified: {part}"), 1))
}

/// The same, where Slurm asks its controller before it says so.
pub(super) fn named_jobs(word: &[u8]) -> Result<Vec<JobPick>, Refusal> {
    let bad = |part: String| Refused::InvalidJobId.refusal(Action::ChangeJob { job: &part });
    jobs::parse_list(word).map_err(|part| bad(part.to_string()))
}

/// `hold` and `release` say of what is no job's number what they say of a job that there is none.
fn suspend_error(refusal: Refusal) -> Refusal {
    let unknown = refusal.lines.iter().any(|line| line.starts_with("Invalid job id"));
    if unknown { refusal.and(format!("slurm_suspend error: {}", Refused::InvalidJobId.text())) } else { refusal }
}

fn create(words: &[&[u8]], clock: &Clock<'_>) -> Result<Request, Refusal> {
    let words = match words.split_first() {
        None => return Err(Refusal::line("too few arguments for create keyword", 1)),
        Some((first, rest)) if pair(first).is_none() => {
            let entity = String::from_utf8_lossy(first).to_ascii_lowercase();
            if entity.len() < 3 || !"reservation".starts_with(&entity) {
                return Err(Refusal::line(format!("Invalid creation entity: {entity}"), 1));
            }
            rest
        }
        Some(_) => words,
    };
    let pairs = words
        .iter()
        .map(|word| {
            pair(word).ok_or_else(|| {
                Refusal::line(format!("Unknown parameter {}.  Request denied.", String::from_utf8_lossy(word)), 1)
            })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let change = update::reservation(&pairs, clock)?;
    let fault = if change.start.is_none() {
        Some("A start time must be given.  No reservation created.")
    } else if change.duration.is_none() && change.end.is_none() {
        Some("An end time or duration must be given.  No reservation created.")
    } else if change.nodes.is_none() && change.node_count.is_none() && change.core_count.is_none() {
        Some("Nodes, CoreCnt, NodeCnt, BurstBuffer, Licenses, TRES, Watts must be specified. No reservation created.")
    } else if change.users.is_none() && change.accounts.is_none() {
        Some("Either Users/Groups and/or Accounts must be specified.  No reservation created.")
    } else {
        None
    };
    match fault {
        Some(text) => Err(Refusal::error(NAME, text, 1)),
        None => Ok(Request::CreateReservation(change)),
    }
}

fn delete(words: &[&[u8]]) -> Result<Request, Refusal> {
    match words {
        [] => Err(Refusal::line("too few arguments for delete keyword", 1)),
        [word] => match pair(word) {
            Some((name, value)) if "reservationname".starts_with(&name) => {
                Ok(Request::DeleteReservation(String::from_utf8_lossy(value).into_owned()))
            }
            _ => Err(Refusal::line(format!("Invalid deletion entity: {}", String::from_utf8_lossy(word)), 1)),
        },
        [_, name, ..] => {
            let name = pair(name).map_or(*name, |(_, value)| value);
            Ok(Request::DeleteReservation(String::from_utf8_lossy(name).into_owned()))
        }
    }
}

fn write(words: &[&[u8]]) -> Result<Request, Refusal> {
    match words {
        [what, job, rest @ ..] if what.eq_ignore_ascii_case(b"batch_script") => {
            let job = job_list(job)?.into_iter().next().ok_or_else(|| too_few("write"))?;
            let file = rest.first().map(|file| String::from_utf8_lossy(file).into_owned());
            Ok(Request::WriteScript { job, file })
        }
        [] | [_] => Err(too_few("write")),
        [what, ..] => {
            Err(Refusal::line(format!("invalid entity:{} for keyword:write", String::from_utf8_lossy(what)), 1))
        }
    }
}
