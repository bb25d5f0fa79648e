//! `scontrol`'s command line: options, a keyword, what it is about.

use super::update::{self, pair};
use super::{Options, Request, Style, Targets};
use crate::environ::{self, Variable};
use crate::getopt::{self, Arg, Opt, Order, opt};
use crate::refusal::{Refusal, VERSION};
use crate::text::Clock;
use crate::values::hostlist;
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
        .map_err(|message| Refusal::line(message, 1).and("getopt error, returned ?"))?;
    let (mut style, mut quiet) = (Style::default(), false);
    for given in &line.given {
        match given.key {
            "details" => style.details = true,
            "oneliner" => style.one_line = true,
            "quiet" => quiet = true,
            "help" | "usage" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
            "version" => return Err(crate::refusal::version()),
            _ => {}
        }
    }
    let Some((keyword, words)) = line.rest.split_first() else {
        // Without a keyword Slurm asks for commands one after the other; a script never means that.
        return Err(Refusal::line(format!("{NAME}: a keyword is needed, as in: {NAME} show job 35"), 1));
    };
    let request = request(&String::from_utf8_lossy(keyword), words, environ, clock)?;
    Ok(Options { request, style, quiet })
}

fn keyword(word: &str) -> &str {
    let lower = word.to_ascii_lowercase();
    /// Keywords and how many letters of each are enough.
    const KEYWORDS: &[(&str, usize)] = &[
        ("create", 2),
        ("delete", 1),
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
        "show" => show(words, environ),
        "hold" | "uhold" => Ok(Request::Hold(targets(keyword, words)?)),
        "release" => Ok(Request::Release(targets(keyword, words)?)),
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
        "update" => update::parse(words, clock),
        "create" => create(words, clock),
        "delete" => delete(words),
        "ping" => Ok(Request::Ping),
        "version" => Ok(Request::Answer(format!("{VERSION}\n"))),
        "write" => write(words),
        other => Err(Refusal::line(format!("invalid keyword: {other}"), 1)),
    }
}

fn too_few(keyword: &str) -> Refusal {
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
        picks.extend(job_list(ids)?);
    }
    Ok(Targets::Jobs(picks))
}

fn job_list(word: &[u8]) -> Result<Vec<JobPick>, Refusal> {
    jobs::parse_list(word).map_err(|part| Refusal::line(format!("Invalid job id specified: {part}"), 1))
}

fn show(words: &[&[u8]], environ: &[Variable]) -> Result<Request, Refusal> {
    let Some((entity, rest)) = words.split_first() else { return Err(too_few("show")) };
    let (entity, inline) = match pair(entity) {
        Some((name, value)) => (name, Some(value)),
        None => (String::from_utf8_lossy(entity).to_ascii_lowercase(), None),
    };
    let value = inline.or_else(|| rest.first().copied());
    let text = value.map(|value| String::from_utf8_lossy(value).into_owned());
    const ENTITIES: &[(&str, usize)] = &[
        ("aliases", 2),
        ("config", 1),
        ("daemons", 1),
        ("hostlist", 5),
        ("hostlistsorted", 9),
        ("hostnames", 5),
        ("jobs", 1),
        ("jobid", 5),
        ("licenses", 2),
        ("nodes", 1),
        ("nodename", 8),
        ("partitions", 1),
        ("partitionname", 13),
        ("reservations", 1),
        ("reservationname", 15),
        ("slurmd", 6),
        ("steps", 2),
        ("stepid", 6),
        ("topology", 1),
    ];
    let found = ENTITIES.iter().find(|(name, least)| entity.len() >= *least && name.starts_with(&entity));
    let Some((name, _)) = found else {
        // The blank at the end is Slurm's.
        return Err(Refusal::line(format!("invalid entity:{entity} for keyword:show "), 1));
    };
    match *name {
        "jobs" | "jobid" => Ok(Request::ShowJobs(value.map(job_list).transpose()?.unwrap_or_default())),
        "steps" | "stepid" => {
            Ok(Request::ShowSteps(value.map(job_list).transpose()?.and_then(|list| list.into_iter().next())))
        }
        "nodes" | "nodename" => {
            let names = text.as_deref().unwrap_or_default();
            let expanded = hostlist::expand(names);
            Ok(Request::ShowNodes(expanded.ok_or_else(|| Refusal::line(format!("Node {names} not found"), 1))?))
        }
        "partitions" | "partitionname" => Ok(Request::ShowPartitions(text)),
        "reservations" | "reservationname" => Ok(Request::ShowReservations(text)),
        "config" => Ok(Request::ShowConfig),
        "hostnames" => hostnames(text, environ),
        "hostlist" | "hostlistsorted" => {
            let names = values_of(text, "hostlist")?;
            let mut names = hostlist::expand(&names).ok_or_else(|| Refusal::line("Invalid hostlist", 1))?;
            if *name == "hostlistsorted" {
                names.sort();
                names.dedup();
            }
            Ok(Request::Answer(format!("{}\n", hostlist::compress(&names))))
        }
        "daemons" => Ok(Request::Answer(String::from("slurmctld slurmd \n"))),
        "licenses" => Ok(Request::Answer(String::from("No licenses configured in Slurm.\n"))),
        _ => Ok(Request::Answer(String::from("\n"))),
    }
}

fn values_of(text: Option<String>, entity: &str) -> Result<String, Refusal> {
    text.ok_or_else(|| Refusal::line(format!("too few arguments for keyword:show {entity}"), 1))
}

fn hostnames(text: Option<String>, environ: &[Variable]) -> Result<Request, Refusal> {
    let list = text.or_else(|| {
        environ::non_empty(environ, "SLURM_JOB_NODELIST").map(|value| String::from_utf8_lossy(value).into_owned())
    });
    let list = values_of(list, "hostnames")?;
    let names = hostlist::expand(&list).ok_or_else(|| Refusal::line(format!("Invalid hostlist: {list}"), 1))?;
    Ok(Request::Answer(names.iter().map(|name| format!("{name}\n")).collect()))
}

fn create(words: &[&[u8]], clock: &Clock<'_>) -> Result<Request, Refusal> {
    let words = match words.split_first() {
        None => return Err(too_few("create")),
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
        Some(text) => Err(Refusal::line(text, 1)),
        None => Ok(Request::CreateReservation(change)),
    }
}

fn delete(words: &[&[u8]]) -> Result<Request, Refusal> {
    match words {
        [] => Err(too_few("delete")),
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
