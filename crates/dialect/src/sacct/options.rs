//! `sacct`'s command line and input variables.

use model::{JobState, Text, Time, Uid};

use super::Column;
use super::fields::{BRIEF, DEFAULT, FIELDS, LONG, named};
use super::select::Query;
use super::values::Units;
use crate::environ::{self, Variable};
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::squeue::UserPick;
use crate::text::Clock;
use crate::tree::Notation;
use crate::values::jobs::JobPick;
use crate::values::when::{self, Lean};
use crate::values::{self, jobs};

const NAME: &str = "sacct";

const OPTS: &[Opt] = &[
    opt("accounts", 'A', Arg::Required),
    opt("allclusters", 'L', Arg::No),
    opt("allocations", 'X', Arg::No),
    opt("allusers", 'a', Arg::No),
    opt("array", ' ', Arg::No),
    opt("associations", 'x', Arg::Required),
    opt("batch-script", 'B', Arg::No),
    opt("brief", 'b', Arg::No),
    opt("clusters", 'M', Arg::Required),
    opt("completion", 'c', Arg::No),
    opt("constraints", 'C', Arg::Required),
    opt("delimiter", ' ', Arg::Required),
    opt("duplicates", 'D', Arg::No),
    opt("endtime", 'E', Arg::Required),
    opt("env-vars", ' ', Arg::No),
    opt("federation", ' ', Arg::No),
    opt("file", 'f', Arg::Required),
    opt("flags", 'F', Arg::Required),
    opt("format", 'o', Arg::Required),
    opt("gid", 'g', Arg::Required),
    alias("group", ' ', Arg::Required, "gid"),
    opt("help", 'h', Arg::No),
    opt("helpformat", 'e', Arg::No),
    opt("jobs", 'j', Arg::Required),
    opt("json", ' ', Arg::No),
    opt("local", ' ', Arg::No),
    opt("long", 'l', Arg::No),
    opt("name", ' ', Arg::Required),
    opt("ncpus", 'I', Arg::Required),
    opt("nnodes", 'i', Arg::Required),
    opt("noconvert", ' ', Arg::No),
    opt("nodelist", 'N', Arg::Required),
    opt("noheader", 'n', Arg::No),
    opt("parsable", 'p', Arg::No),
    opt("parsable2", 'P', Arg::No),
    opt("partition", 'r', Arg::Required),
    opt("qos", 'q', Arg::Required),
    opt("state", 's', Arg::Required),
    opt("starttime", 'S', Arg::Required),
    opt("timelimit-max", 'K', Arg::Required),
    opt("timelimit-min", 'k', Arg::Required),
    opt("truncate", 'T', Arg::No),
    opt("uid", 'u', Arg::Required),
    alias("user", ' ', Arg::Required, "uid"),
    opt("units", ' ', Arg::Required),
    opt("usage", 'U', Arg::No),
    opt("use-local-uid", ' ', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
    opt("wckeys", 'W', Arg::Required),
    opt("whole-hetjob", ' ', Arg::Optional),
    opt("yaml", ' ', Arg::No),
];

/// A command line of `sacct`.
#[derive(Clone, Debug)]
pub struct Options {
    /// Which jobs.
    pub query: Query,
    /// `-X`: jobs without their steps.
    pub allocations: bool,
    /// `-D`: earlier attempts of requeued jobs too.
    pub duplicates: bool,
    /// `-n`.
    pub no_header: bool,
    /// `-T`: times before and after the window are cut to it.
    pub truncate: bool,
    /// `-v`, counted.
    pub verbose: u32,
    /// `--json`, `--yaml`: a document for programs instead of a listing.
    pub notation: Option<Notation>,
    /// `-B`, `--env-vars`: the scripts or environments of the jobs named instead.
    pub papers: Option<Papers>,
    /// `-p`, `-P`: what stands between values; `None`: columns.
    pub(super) delimiter: Option<Vec<u8>>,
    /// `-p`: also after the last.
    pub(super) trailing_delimiter: bool,
    pub(super) columns: Vec<Column>,
    pub(super) units: Units,
}

/// What was handed in with a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Papers {
    /// `-B`.
    Script,
    /// `--env-vars`.
    Environment,
}

#[derive(Default)]
struct Raw {
    format: Option<String>,
    since: Option<Time>,
    until: Option<Time>,
    delimiter: Option<Vec<u8>>,
    all_users: bool,
}

/// Reads a command line; `me` is whose jobs are shown where no user is named.
///
/// # Errors
/// Unknown options, fields, states and times, job numbers that are none: exit code 1. `--helpformat` as an answer.
pub fn parse(args: &[Vec<u8>], environ: &[Variable], clock: &Clock<'_>, me: Uid) -> Result<Options, Refusal> {
    let line = getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| Refusal::line(message, 1))?;
    let mut options = Options {
        query: Query::default(),
        allocations: false,
        duplicates: false,
        no_header: false,
        truncate: false,
        verbose: 0,
        notation: None,
        papers: None,
        delimiter: None,
        trailing_delimiter: false,
        columns: Vec::new(),
        units: Units::Exact,
    };
    let mut raw = Raw::default();
    if let Some(format) = environ::non_empty(environ, "SACCT_FORMAT") {
        raw.format = Some(String::from_utf8_lossy(format).into_owned());
    }
    for given in &line.given {
        let value = given.value.unwrap_or_default();
        if !take_filter(&mut options.query, given.key, value)? {
            take(&mut options, &mut raw, given.key, value, clock)?;
        }
    }
    if !line.rest.is_empty() {
        let lines = line.rest.iter().map(|word| format!("{NAME}: error:  {}", String::from_utf8_lossy(word)));
        return Err(lines.fold(Refusal::error(NAME, "Unknown arguments:", 1), Refusal::and));
    }
    finish(&mut options, raw, clock, me)?;
    Ok(options)
}

/// Options that say which jobs; says whether it was one.
fn take_filter(query: &mut Query, key: &str, value: &[u8]) -> Result<bool, Refusal> {
    match key {
        "accounts" => query.accounts.get_or_insert_default().extend(values::list(value)),
        "clusters" => query.clusters.get_or_insert_default().extend(values::list(value)),
        "gid" => query.groups.get_or_insert_default().extend(values::list(value)),
        "jobs" => {
            let picks: Vec<JobPick> = jobs::parse_list(value)
                .map_err(|part| Refusal::line(format!("{NAME}: fatal: Bad job/step specified: {part}"), 1))?;
            query.jobs.get_or_insert_default().extend(picks);
        }
        "name" => {
            let names = value.split(|byte| *byte == b',').filter(|name| !name.is_empty()).map(Text::from);
            query.names.get_or_insert_default().extend(names);
        }
        "nodelist" => {
            let names = values::hostlist::expand(&String::from_utf8_lossy(value));
            let bad = || Refusal::error(NAME, format!("Invalid node list: {}", String::from_utf8_lossy(value)), 1);
            query.nodes.get_or_insert_default().extend(names.ok_or_else(bad)?);
        }
        "partition" => query.partitions.get_or_insert_default().extend(values::list(value)),
        "qos" => query.qos.get_or_insert_default().extend(values::list(value)),
        "state" => {
            let states: Vec<JobState> = crate::states::list(value)
                .map_err(|name| Refusal::line(format!("{NAME}: fatal: unrecognized job state value '{name}'"), 1))?;
            query.states.get_or_insert_default().extend(states);
        }
        "uid" => {
            let users = values::list(value);
            query.users.get_or_insert_default().extend(users.iter().map(|name| UserPick::parse(name)));
        }
        "wckeys" => query.wckeys.get_or_insert_default().extend(values::list(value)),
        "ncpus" => query.cpus = Some(range(value)?),
        "nnodes" => query.node_count = Some(range(value)?),
        "timelimit-min" => query.limit_min = Some(limit(value)?),
        "timelimit-max" => query.limit_max = Some(limit(value)?),
        _ => return Ok(false),
    }
    Ok(true)
}

/// Options that say how.
fn take(options: &mut Options, raw: &mut Raw, key: &str, value: &[u8], clock: &Clock<'_>) -> Result<(), Refusal> {
    let text = || String::from_utf8_lossy(value).into_owned();
    match key {
        "allocations" => options.allocations = true,
        "allusers" => raw.all_users = true,
        "brief" => raw.format = Some(BRIEF.to_owned()),
        "delimiter" => raw.delimiter = Some(value.to_vec()),
        "duplicates" => options.duplicates = true,
        "endtime" => raw.until = Some(instant(value, clock)?),
        "format" => raw.format = Some(text()),
        "help" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
        "usage" => return Err(Refusal::answer("Usage: sacct [options]\n\tUse --help for help\n")),
        "helpformat" => return Err(Refusal::answer(super::help_format())),
        "json" => options.notation = Some(Notation::Json),
        "yaml" => options.notation = Some(Notation::Yaml),
        "batch-script" => options.papers = Some(Papers::Script),
        "env-vars" => options.papers = Some(Papers::Environment),
        "completion" => return Err(Refusal::line("Slurm job completion is disabled", 1)),
        "file" => return Err(Refusal::line(format!("{} is not a valid file", text()), 1)),
        "long" => raw.format = Some(LONG.to_owned()),
        "noconvert" => options.units = Units::Raw,
        "noheader" => options.no_header = true,
        "parsable" => {
            options.delimiter = Some(b"|".to_vec());
            options.trailing_delimiter = true;
        }
        "parsable2" => {
            options.delimiter = Some(b"|".to_vec());
            options.trailing_delimiter = false;
        }
        "starttime" => raw.since = Some(instant(value, clock)?),
        "truncate" => options.truncate = true,
        "units" => {
            options.units = match value.first().map(u8::to_ascii_uppercase) {
                Some(unit @ (b'K' | b'M' | b'G' | b'T' | b'P')) => Units::In(unit),
                _ => {
                    let text = format!("Invalid unit type '{}'. Possible options are 'KMGTP'", text());
                    return Err(Refusal::error(NAME, text, 1).and(format!("{NAME}: fatal: Invalid unit type")));
                }
            };
        }
        "verbose" => options.verbose += 1,
        "version" => return Err(crate::refusal::version()),
        _ => {}
    }
    Ok(())
}

fn finish(options: &mut Options, raw: Raw, clock: &Clock<'_>, me: Uid) -> Result<(), Refusal> {
    let query = &mut options.query;
    let named_jobs = query.jobs.is_some();
    query.since = match raw.since {
        Some(since) => Some(since),
        None if named_jobs => None,
        None if query.states.is_some() => Some(clock.now),
        None => when::parse(b"today", clock, Lean::Past).ok(),
    };
    query.until = raw.until;
    if let (Some(since), until) = (raw.since, raw.until.unwrap_or(clock.now))
        && since > until
    {
        let shown = |time| crate::text::shown(|out| crate::text::put_timestamp(out, time, clock.zone));
        let text = format!("Start time ({}) requested is after end time ({}).", shown(since), shown(until));
        return Err(Refusal::error(NAME, text, 1));
    }
    if query.users.is_none() && !raw.all_users && !named_jobs && me != Uid::ROOT {
        query.users = Some(vec![UserPick::Uid(me)]);
    }
    query.now = clock.now;
    if options.papers.is_some() && !named_jobs {
        let wanted = if options.papers == Some(Papers::Script) { "scripts" } else { "environment" };
        let text = format!(
            "{NAME}: fatal: When requesting job {wanted} you must also request specific jobs with the '-j' option."
        );
        return Err(Refusal::line(text, 1));
    }
    if let (Some(delimiter), Some(wanted)) = (&mut options.delimiter, raw.delimiter) {
        *delimiter = wanted;
    }
    for name in raw.format.as_deref().unwrap_or(DEFAULT).split(',').map(str::trim).filter(|name| !name.is_empty()) {
        if name.eq_ignore_ascii_case("all") {
            options.columns.extend(FIELDS.iter().map(|field| Column { field, width: field.width }));
        } else {
            options.columns.push(column(name)?);
        }
    }
    Ok(())
}

/// `NAME[%[-]WIDTH]`.
fn column(text: &str) -> Result<Column, Refusal> {
    let (name, width) = match text.split_once('%') {
        Some((name, width)) => (name, width.parse::<i32>().ok().filter(|width| (-4096..=4096).contains(width))),
        None => (text, None),
    };
    match named(name) {
        Some(field) => Ok(Column { field, width: width.unwrap_or(field.width) }),
        None => Err(Refusal::error(NAME, format!("Invalid field requested: \"{name}\""), 1)),
    }
}

fn instant(value: &[u8], clock: &Clock<'_>) -> Result<Time, Refusal> {
    when::parse(value, clock, Lean::Past).map_err(|bad| Refusal::line(bad.line(value), 1))
}

fn limit(value: &[u8]) -> Result<model::TimeLimit, Refusal> {
    values::limit::parse(value)
        .ok_or_else(|| Refusal::line(format!("{NAME}: fatal: Invalid time limit specification"), 1))
}

/// `4`, `4-8`: one bound alone means exactly that.
fn range(value: &[u8]) -> Result<(u32, u32), Refusal> {
    values::node_count(value)
        .ok_or_else(|| Refusal::error(NAME, format!("Invalid range: {}", String::from_utf8_lossy(value)), 1))
}
