//! `squeue`'s command line and input variables.

use model::{JobState, QueueRow, Text, Uid};

use super::fields::Field;
use super::sort::{self, Key};
use super::{fields, steps};
use crate::environ::{self, Variable};
use crate::format::Format;
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::tree::Notation;
use crate::values::jobs::{JobPick, StepPick};
use crate::values::{self, jobs};

const NAME: &str = "squeue";

const OPTS: &[Opt] = &[
    opt("account", 'A', Arg::Required),
    opt("all", 'a', Arg::No),
    opt("array", 'r', Arg::No),
    opt("array-unique", ' ', Arg::No),
    opt("clusters", 'M', Arg::Required),
    alias("cluster", ' ', Arg::Required, "clusters"),
    opt("Format", 'O', Arg::Required),
    opt("format", 'o', Arg::Required),
    opt("federation", ' ', Arg::No),
    opt("help", ' ', Arg::No),
    opt("hide", ' ', Arg::No),
    opt("iterate", 'i', Arg::Required),
    opt("jobs", 'j', Arg::Optional),
    opt("json", ' ', Arg::No),
    opt("licenses", 'L', Arg::Required),
    opt("local", ' ', Arg::No),
    opt("long", 'l', Arg::No),
    opt("me", ' ', Arg::No),
    opt("name", 'n', Arg::Required),
    opt("noconvert", ' ', Arg::No),
    opt("nodelist", 'w', Arg::Required),
    alias("nodes", ' ', Arg::Required, "nodelist"),
    opt("noheader", 'h', Arg::No),
    opt("partition", 'p', Arg::Required),
    opt("priority", 'P', Arg::No),
    opt("qos", 'q', Arg::Required),
    opt("reservation", 'R', Arg::Required),
    opt("sibling", ' ', Arg::No),
    opt("sort", 'S', Arg::Required),
    opt("start", ' ', Arg::No),
    opt("states", 't', Arg::Required),
    opt("steps", 's', Arg::Optional),
    opt("usage", ' ', Arg::No),
    opt("user", 'u', Arg::Required),
    alias("users", ' ', Arg::Required, "user"),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
    opt("yaml", ' ', Arg::No),
];

/// Slurm's own, because scripts show it to people.
const USAGE: &str = "\
Usage: squeue [-A account] [--clusters names] [-i seconds] [--job jobid]
              [-n name] [-o format] [-p partitions] [--qos qos]
              [--reservation reservation] [--sort fields] [--start]
              [--step step_id] [-t states] [-u user_name] [--usage]
              [-L licenses] [-w nodes] [--federation] [--local] [--sibling]
\t      [-ahjlrsv]
";

const DEFAULT: &str = "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R";
const LONG: &str = "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R";
const START: &str = "%.18i %.9P %.8j %.8u %.2t %.19S %.6D %20Y %R";
const STEPS: &str = "%.15i %.8j %.9P %.8u %.9M %N";

/// A command line of `squeue`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Which jobs.
    pub filter: Filter,
    /// `-s`: steps instead of jobs; the ones named, or all.
    pub steps: Option<Vec<JobPick>>,
    /// `-h`.
    pub no_header: bool,
    /// `-l`.
    pub long: bool,
    /// `-r`: each task of a pending array has a line.
    pub each_task: bool,
    /// `-i`: again every so many seconds.
    pub iterate: Option<u32>,
    /// `-v`, counted.
    pub verbose: u32,
    /// `--json`, `--yaml`: a document for programs instead of a listing.
    pub notation: Option<Notation>,
    /// `-M`: the clusters named.
    pub clusters: Option<Vec<String>>,
    /// This cluster's name, which the caller fills in where [`Options::needs_cluster`] says so.
    pub cluster: String,
    /// Lines for standard error: faults in the format, which Slurm mentions and passes over.
    pub warnings: Vec<String>,
    /// How many bytes a list of array tasks may take (`SLURM_BITSTR_LEN`).
    pub(super) task_list_bytes: usize,
    pub(super) format: Format<Field>,
    pub(super) step_format: Format<steps::Field>,
    pub(super) sort: Vec<Key>,
}

impl Options {
    /// Whether the format shows what only [`model::QueueDetail`] knows.
    pub fn needs_detail(&self) -> bool {
        self.format.used().any(Field::needs_detail) || self.filter.reservations.is_some()
    }

    /// Whether this cluster's name is shown, or compared with what was asked for.
    pub fn needs_cluster(&self) -> bool {
        self.notation.is_some()
            || self.clusters.is_some()
            || self.format.used().any(|field| field == Field::Cluster)
            || self.step_format.used().any(|field| field == steps::Field::Cluster)
    }
}

/// A user by name or by number.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum UserPick {
    /// A login name.
    Name(String),
    /// A number.
    Uid(Uid),
}

impl UserPick {
    /// Reads one.
    pub fn parse(text: &str) -> Self {
        text.parse().map_or_else(|_| UserPick::Name(text.to_owned()), |uid| UserPick::Uid(Uid(uid)))
    }

    /// Whether that is the owner.
    pub fn is(&self, owner: &model::Owner) -> bool {
        match self {
            UserPick::Name(name) => owner.user == *name,
            UserPick::Uid(uid) => owner.uid == *uid,
        }
    }
}

/// Which jobs `squeue` shows; `None` lets all through.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// `-j`.
    pub jobs: Option<Vec<JobPick>>,
    /// `-u`, `--me`.
    pub users: Option<Vec<UserPick>>,
    /// `-A`.
    pub accounts: Option<Vec<String>>,
    /// `-p`.
    pub partitions: Option<Vec<String>>,
    /// `-q`.
    pub qos: Option<Vec<String>>,
    /// `-n`.
    pub names: Option<Vec<Text>>,
    /// `-w`.
    pub nodes: Option<Vec<String>>,
    /// `-R`; needs [`model::QueueDetail`].
    pub reservations: Option<Vec<String>>,
    /// `-t`; `None`: the jobs that have not ended.
    pub states: Option<Vec<JobState>>,
    /// `--start`: pending jobs only.
    pub pending_only: bool,
    /// `-L`: no job here has a licence.
    pub licensed: bool,
}

impl Filter {
    /// Whether a job is shown, as far as its short facts tell.
    pub fn selects(&self, row: &QueueRow) -> bool {
        let state = match &self.states {
            None => !row.state.is_final(),
            Some(states) => states.contains(&row.state),
        };
        state && self.selects_facts(row)
    }

    /// The same for `--json`: without `-t`, jobs that ended lately are shown too, as in Slurm.
    pub fn selects_known(&self, row: &QueueRow) -> bool {
        self.states.as_ref().is_none_or(|states| states.contains(&row.state)) && self.selects_facts(row)
    }

    fn selects_facts(&self, row: &QueueRow) -> bool {
        fn among(list: &Option<Vec<String>>, name: &str) -> bool {
            list.as_ref().is_none_or(|list| list.iter().any(|wanted| wanted == name))
        }
        !self.licensed
            && (!self.pending_only || row.state == JobState::Pending)
            && self.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(|pick| pick.covers(row.id, &row.array)))
            && self.users.as_ref().is_none_or(|users| users.iter().any(|user| user.is(&row.owner)))
            && among(&self.accounts, &row.account)
            && among(&self.partitions, &row.partition)
            && among(&self.qos, &row.qos)
            && among(&self.nodes, &row.node)
            && self.names.as_ref().is_none_or(|names| names.contains(&row.name))
    }

    /// Whether a job is shown, as far as its submission tells.
    pub fn selects_spec(&self, spec: &model::JobSpec) -> bool {
        self.reservations
            .as_ref()
            .is_none_or(|wanted| spec.reservation.as_ref().is_some_and(|one| wanted.contains(one)))
    }

    /// Whether tasks of an array are asked for, and not all of it: those that wait are shown one by one.
    pub(super) fn names_tasks(&self, row: &QueueRow) -> bool {
        let mut picks = self.jobs.iter().flatten().filter(|pick| pick.covers(row.id, &row.array)).peekable();
        picks.peek().is_some() && picks.all(|pick| pick.tasks.is_some())
    }

    /// Whether one task of a pending array is shown where each has a line.
    pub(super) fn selects_task(&self, row: &QueueRow, task: u32) -> bool {
        self.jobs.as_ref().is_none_or(|jobs| {
            jobs.iter().any(|pick| {
                pick.covers(row.id, &row.array) && pick.tasks.as_ref().is_none_or(|tasks| tasks.contains(task))
            })
        })
    }
}

/// What `squeue` prints on standard error about a user nobody knows; it goes on all the same.
pub fn invalid_user(name: &str) -> [String; 2] {
    [format!("{NAME}: error: Invalid user: {name}"), String::new()]
}

#[derive(Default)]
struct Raw<'a> {
    format: Option<&'a [u8]>,
    fields: Option<&'a [u8]>,
    sort: Option<&'a [u8]>,
    jobs: bool,
    start: bool,
}

/// Reads a command line; `me` is who `--me` means.
///
/// # Errors
/// Unknown options, unknown states, job numbers that are none: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable], me: Uid) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let bits = environ::get(environ, "SLURM_BITSTR_LEN").and_then(|text| values::count(text, 0));
    let task_list_bytes = match bits {
        Some(0) => usize::MAX,
        Some(bytes) => bytes as usize,
        None => 64,
    };
    let mut options = Options { task_list_bytes, ..Options::default() };
    let mut raw = Raw::default();
    for (variable, key) in ENVIRON {
        if let Some(value) = environ::non_empty(environ, variable) {
            take(&mut options, &mut raw, key, Some(value), me)?;
        }
    }
    for given in &line.given {
        take(&mut options, &mut raw, given.key, given.value, me)?;
    }
    let mut rest = line.rest.iter();
    if raw.jobs
        && options.filter.jobs.is_none()
        && let Some(word) = rest.next()
    {
        options.filter.jobs = Some(job_list(word)?);
    }
    if options.steps.as_ref().is_some_and(Vec::is_empty)
        && let Some(word) = rest.next()
    {
        options.steps = Some(step_list(word)?);
    }
    if let Some(word) = rest.next() {
        let fault = format!("Unrecognized option: {}", String::from_utf8_lossy(word));
        return Err(Refusal { stdout: USAGE.to_owned(), ..Refusal::error(NAME, fault, 1) });
    }
    finish(&mut options, &raw)?;
    Ok(options)
}

const ENVIRON: &[(&str, &str)] = &[
    ("SLURM_CLUSTERS", "clusters"),
    ("SQUEUE_ACCOUNT", "account"),
    ("SQUEUE_ALL", "all"),
    ("SQUEUE_ARRAY", "array"),
    ("SQUEUE_FEDERATION", "federation"),
    ("SQUEUE_FORMAT", "format"),
    ("SQUEUE_FORMAT2", "Format"),
    ("SQUEUE_LICENSES", "licenses"),
    ("SQUEUE_LOCAL", "local"),
    ("SQUEUE_NAMES", "name"),
    ("SQUEUE_PARTITION", "partition"),
    ("SQUEUE_PRIORITY", "priority"),
    ("SQUEUE_QOS", "qos"),
    ("SQUEUE_SORT", "sort"),
    ("SQUEUE_STATES", "states"),
    ("SQUEUE_USERS", "user"),
];

fn take<'a>(
    options: &mut Options,
    raw: &mut Raw<'a>,
    key: &str,
    value: Option<&'a [u8]>,
    me: Uid,
) -> Result<(), Refusal> {
    let text = value.unwrap_or_default();
    let filter = &mut options.filter;
    match key {
        "account" => filter.accounts = Some(values::list(text)),
        "array" | "array-unique" => options.each_task = true,
        "clusters" => options.clusters = Some(values::list(text)),
        "Format" => (raw.fields, raw.format) = (value, None),
        "format" => (raw.format, raw.fields) = (value, None),
        "help" | "usage" => return Err(Refusal::answer(USAGE)),
        "iterate" => {
            let seconds = values::count(text, 1).ok_or_else(|| {
                Refusal::error(NAME, format!("--iterate={}", String::from_utf8_lossy(text)), 1).and("")
            })?;
            options.iterate = Some(seconds);
        }
        "jobs" => {
            raw.jobs = true;
            if value.is_some() {
                filter.jobs = Some(job_list(text)?);
            }
        }
        "json" => options.notation = Some(Notation::Json),
        "yaml" => options.notation = Some(Notation::Yaml),
        "licenses" => filter.licensed = true,
        "long" => options.long = true,
        "me" => filter.users = Some(vec![UserPick::Uid(me)]),
        "name" => {
            let names = text.split(|byte| *byte == b',').filter(|name| !name.is_empty());
            filter.names = Some(names.map(Text::from).collect());
        }
        "nodelist" => {
            let names = values::hostlist::expand(&String::from_utf8_lossy(text));
            filter.nodes = Some(names.ok_or_else(|| {
                Refusal::error(NAME, format!("invalid node list: {}", String::from_utf8_lossy(text)), 1)
            })?);
        }
        "noheader" => options.no_header = true,
        "partition" => filter.partitions = Some(values::list(text)),
        "qos" => filter.qos = Some(values::list(text)),
        "reservation" => filter.reservations = Some(values::list(text)),
        "sort" => raw.sort = value,
        "start" => raw.start = true,
        "states" => filter.states = Some(crate::states::list(text).map_err(|name| invalid_state(&name))?),
        "steps" => options.steps = Some(if value.is_some() { step_list(text)? } else { Vec::new() }),
        "user" => filter.users = Some(values::list(text).iter().map(|name| UserPick::parse(name)).collect()),
        "verbose" => options.verbose += 1,
        "version" => return Err(crate::refusal::version()),
        _ => {}
    }
    Ok(())
}

fn finish(options: &mut Options, raw: &Raw<'_>) -> Result<(), Refusal> {
    options.filter.pending_only = raw.start;
    let default = match (options.long, raw.start) {
        (_, true) => START,
        (true, _) => LONG,
        _ => DEFAULT,
    };
    let letters = |default: &'static str| raw.format.unwrap_or(default.as_bytes());
    let warnings = &mut options.warnings;
    if options.steps.is_some() {
        let fault = format!("{NAME}: error: Invalid job step format specification");
        options.step_format = match raw.fields {
            Some(names) => Format::fields(names, steps::Field::named, &fault, warnings),
            None => {
                let text = if is_all(letters(STEPS)) { steps::ALL } else { letters(STEPS) };
                Format::letters(text, steps::Field::of_letter, &fault, warnings)
            }
        };
    } else {
        let fault = format!("{NAME}: error: Invalid job format specification");
        options.format = match raw.fields {
            Some(names) => Format::fields(names, Field::named, &fault, warnings),
            None if is_all(letters(default)) => Format::letters(&fields::all(), Field::of_letter, &fault, warnings),
            None => Format::letters(letters(default), Field::of_letter, &fault, warnings),
        };
    }
    let default_sort: &[u8] = if raw.start { b"S,-p" } else { b"P,t,-p" };
    options.sort = sort::parse(raw.sort.unwrap_or(default_sort))
        .map_err(|letter| Refusal::error(NAME, format!("Invalid sort specification: {letter}"), 1))?;
    Ok(())
}

fn is_all(format: &[u8]) -> bool {
    format.trim_ascii().eq_ignore_ascii_case(b"%all")
}

fn job_list(text: &[u8]) -> Result<Vec<JobPick>, Refusal> {
    jobs::parse_list(text).map_err(|part| Refusal::error(NAME, format!("Invalid job id: {part}"), 1))
}

fn step_list(text: &[u8]) -> Result<Vec<JobPick>, Refusal> {
    let picks =
        jobs::parse_list(text).map_err(|part| Refusal::error(NAME, format!("Invalid job_step id: {part}"), 1))?;
    match picks.iter().find(|pick| matches!(pick.step, None | Some(StepPick::Foreign))) {
        Some(pick) if pick.step.is_none() => {
            Err(Refusal::error(NAME, format!("Invalid job_step id: {}.??", pick.text), 1))
        }
        Some(pick) => Err(Refusal::error(NAME, format!("Invalid job_step id: {}", pick.text), 1)),
        None => Ok(picks),
    }
}

fn invalid_state(name: &str) -> Refusal {
    Refusal::error(NAME, format!("Invalid job state specified: {name}"), 1)
        .and(format!("{NAME}: error: Valid job states include: {}", crate::states::VALID))
        .and("")
}
