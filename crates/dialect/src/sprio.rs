//! `sprio`: what the priorities of waiting jobs are made of.
//!
//! Shows the parts that our scheduler has, under the names that Slurm gives them; associations and other resources have
//! no part.

use model::{PriorityRow, PriorityWeights};

use crate::environ::{self, Variable};
use crate::format::Format;
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::squeue::UserPick;
use crate::text::{put, put_number};
use crate::values::jobs::JobPick;
use crate::values::{self, jobs};

const NAME: &str = "sprio";

const OPTS: &[Opt] = &[
    alias("cluster", 'M', Arg::Required, "clusters"),
    opt("clusters", ' ', Arg::Required),
    opt("federation", ' ', Arg::No),
    opt("format", 'o', Arg::Required),
    opt("help", ' ', Arg::No),
    opt("jobs", 'j', Arg::Optional),
    opt("local", ' ', Arg::No),
    opt("long", 'l', Arg::No),
    opt("noheader", 'h', Arg::No),
    opt("norm", 'n', Arg::No),
    opt("partition", 'p', Arg::Required),
    opt("sibling", ' ', Arg::No),
    opt("sort", 'S', Arg::Required),
    opt("usage", ' ', Arg::No),
    opt("user", 'u', Arg::Required),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
    opt("weights", 'w', Arg::No),
];

macro_rules! fields {
    ($($name:ident: $letter:literal, $heading:literal;)*) => {
        /// One thing to show.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        enum Field { $($name),* }

        impl Field {
            fn of_letter(letter: u8) -> Option<Field> {
                match letter { $($letter => Some(Field::$name),)* _ => None }
            }

            fn heading(self) -> &'static str {
                match self { $(Field::$name => $heading),* }
            }
        }
    };
}

fields! {
    AgeNorm: b'a', "AGE";
    Age: b'A', "AGE";
    AssocNorm: b'b', "ASSOC";
    Assoc: b'B', "ASSOC";
    Cluster: b'c', "CLUSTER";
    FairNorm: b'f', "FAIRSHARE";
    Fair: b'F', "FAIRSHARE";
    Job: b'i', "JOBID";
    SizeNorm: b'j', "JOBSIZE";
    Size: b'J', "JOBSIZE";
    Nice: b'N', "NICE";
    PartitionNorm: b'p', "PARTITION";
    PartitionPart: b'P', "PARTITION";
    QosNorm: b'q', "QOS";
    Qos: b'Q', "QOS";
    Partition: b'r', "PARTITION";
    Site: b'S', "SITE";
    TresNorm: b't', "TRES";
    Tres: b'T', "TRES";
    User: b'u', "USER";
    PriorityNorm: b'y', "PRIORITY";
    Priority: b'Y', "PRIORITY";
}

/// A command line of `sprio`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-j`.
    pub jobs: Option<Vec<JobPick>>,
    /// `-u`.
    pub users: Option<Vec<UserPick>>,
    /// `-M`: the clusters named.
    pub clusters: Option<Vec<String>>,
    partitions: Option<Vec<String>>,
    /// `-h`.
    pub no_header: bool,
    long: bool,
    norm: bool,
    weights: bool,
    format: Option<Vec<u8>>,
    sort: Vec<(u8, bool)>,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options, job numbers that are none: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options = Options::default();
    if let Some(clusters) = environ::non_empty(environ, "SLURM_CLUSTERS") {
        options.clusters = Some(values::list(clusters));
    }
    let job_list =
        |text: &[u8]| jobs::parse_list(text).map_err(|part| Refusal::error(NAME, format!("Invalid job id: {part}"), 1));
    let mut wants_jobs = false;
    for given in &line.given {
        let value = given.value.unwrap_or_default();
        match given.key {
            "clusters" => options.clusters = Some(values::list(value)),
            "format" => options.format = Some(value.to_vec()),
            "help" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
            "jobs" if given.value.is_some() => options.jobs = Some(job_list(value)?),
            "jobs" => wants_jobs = true,
            "long" => options.long = true,
            "noheader" => options.no_header = true,
            "norm" => options.norm = true,
            "partition" => options.partitions = Some(values::list(value)),
            "sort" => options.sort = sort_keys(value)?,
            "usage" => {
                let text = "Usage: sprio [-j jid[s]] [-u user_name[s]] [-o format] [-p partitions]\n   [--federation] \
                            [--local] [--sibling] [--usage] [-hlnvVw]\n";
                return Err(Refusal::answer(text));
            }
            "user" => options.users = Some(values::list(value).iter().map(|name| UserPick::parse(name)).collect()),
            "version" => return Err(crate::refusal::version()),
            "weights" => options.weights = true,
            _ => {}
        }
    }
    let mut rest = line.rest.iter();
    if wants_jobs && let Some(word) = rest.next() {
        options.jobs = Some(job_list(word)?);
    }
    match rest.next() {
        Some(word) => {
            let fault = format!("Unrecognized option: {}", String::from_utf8_lossy(word));
            Err(Refusal::error(NAME, fault, 1))
        }
        None => Ok(options),
    }
}

fn sort_keys(text: &[u8]) -> Result<Vec<(u8, bool)>, Refusal> {
    let (mut keys, mut down) = (Vec::new(), false);
    for byte in text {
        match byte {
            b'-' => down = true,
            b'+' => down = false,
            b',' | b' ' | b'%' => {}
            letter if Field::of_letter(*letter).is_some() => {
                keys.push((*letter, down));
                down = false;
            }
            other => {
                let fault = format!("Invalid sort specification: {}", char::from(*other));
                return Err(Refusal::error(NAME, fault, 1));
            }
        }
    }
    Ok(keys)
}

impl Options {
    fn selects(&self, row: &PriorityRow) -> bool {
        let row = &row.row;
        self.jobs.as_ref().is_none_or(|jobs| jobs.iter().any(|pick| pick.covers(row.id, &row.array)))
            && self.users.as_ref().is_none_or(|users| users.iter().any(|user| user.is(&row.owner)))
            && self.partitions.as_ref().is_none_or(|names| names.iter().any(|name| **name == *row.partition))
    }

    /// The format where none is given: without `-l`, parts that count for nothing are left out.
    fn letters(&self, weights: &PriorityWeights) -> String {
        let user = if self.users.is_some() || self.long { " %.8u" } else { "" };
        let mut text = format!("%.15i %9r{user}");
        let parts = [
            ('A', 'a', weights.age),
            ('B', 'b', 0),
            ('F', 'f', weights.fair_share),
            ('J', 'j', weights.size),
            ('P', 'p', weights.partition),
            ('Q', 'q', weights.qos),
        ];
        text.push_str(if self.norm { " %10y" } else { " %.10Y %.10S" });
        for (great, small, weight) in parts {
            match (weight > 0 || self.long, self.norm) {
                (false, _) => {}
                (true, true) => text.push_str(&format!(" %10{small}")),
                (true, false) => text.push_str(&format!(" %.10{great}")),
            }
        }
        text.push_str(match (self.long, self.norm) {
            (false, _) => "",
            (true, true) => " %20t",
            (true, false) => " %.11N %.20T",
        });
        text
    }
}

/// Writes the listing; lines for standard error come back. `cluster` is this cluster's name.
pub fn print(
    options: &Options,
    weights: &PriorityWeights,
    rows: &[PriorityRow],
    cluster: &str,
    out: &mut Vec<u8>,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let mut shown: Vec<&PriorityRow> = rows.iter().filter(|row| options.selects(row)).collect();
    if shown.is_empty() && !options.weights && options.partitions.is_none() {
        out.extend_from_slice(b"Unable to find jobs matching user/id(s) specified\n");
        return warnings;
    }
    let default = options.letters(weights);
    let text = options.format.as_deref().unwrap_or(default.as_bytes());
    let fault = format!("{NAME}: error: Invalid job format specification");
    let format = Format::letters(text, Field::of_letter, &fault, &mut warnings);
    if !options.no_header {
        format.write(out, |field, out| out.extend_from_slice(field.heading().as_bytes()));
    }
    if options.weights {
        format.write(out, |field, out| put_weight(field, weights, out));
        return warnings;
    }
    shown.sort_by_key(|row| row.row.id);
    for (letter, down) in options.sort.iter().rev() {
        shown.sort_by(|a, b| {
            let value = |row: &PriorityRow| {
                let field = Field::of_letter(*letter).unwrap_or(Field::Job);
                crate::text::shown(|out| put_value(field, row, weights, cluster, out))
            };
            let (a, b) = (value(a), value(b));
            let ordering = match (a.parse::<f64>(), b.parse::<f64>()) {
                (Ok(a), Ok(b)) => a.total_cmp(&b),
                _ => a.cmp(&b),
            };
            if *down { ordering.reverse() } else { ordering }
        });
    }
    for row in shown {
        format.write(out, |field, out| put_value(field, row, weights, cluster, out));
    }
    warnings
}

fn put_weight(field: Field, weights: &PriorityWeights, out: &mut Vec<u8>) {
    let weight = match field {
        Field::Job => return out.extend_from_slice(b"Weights"),
        Field::Tres | Field::TresNorm => return out.extend_from_slice(b"(null)"),
        Field::Site => 1,
        Field::Age | Field::AgeNorm => weights.age,
        Field::Assoc | Field::AssocNorm => 0,
        Field::Fair | Field::FairNorm => weights.fair_share,
        Field::Size | Field::SizeNorm => weights.size,
        Field::PartitionPart | Field::PartitionNorm => weights.partition,
        Field::Qos | Field::QosNorm => weights.qos,
        _ => return,
    };
    put_number(out, weight.into());
}

fn put_value(field: Field, row: &PriorityRow, weights: &PriorityWeights, cluster: &str, out: &mut Vec<u8>) {
    // An operator's priority stands instead of all parts.
    let part = |value: i64| if row.fixed.is_some() { 0 } else { value };
    let norm = |out: &mut Vec<u8>, value: i64, weight: u32| {
        let share = if weight == 0 { 0.0 } else { part(value) as f64 / f64::from(weight) };
        put(out, format_args!("{share:.7}"));
    };
    match field {
        Field::Job => crate::squeue::put_place(out, row.row.id, &row.row.array),
        Field::Partition => out.extend_from_slice(row.row.partition.as_bytes()),
        Field::User => out.extend_from_slice(row.row.owner.user.as_bytes()),
        Field::Cluster => out.extend_from_slice(cluster.as_bytes()),
        Field::Priority => put_number(out, row.row.priority.into()),
        Field::PriorityNorm => put(out, format_args!("{:16.14}", f64::from(row.row.priority) / f64::from(u32::MAX))),
        Field::Nice => put(out, format_args!("{}", row.row.nice)),
        Field::Site => put_number(out, row.fixed.unwrap_or(0).into()),
        Field::Assoc => out.push(b'0'),
        Field::AssocNorm => norm(out, 0, 0),
        Field::Age => put(out, format_args!("{}", part(row.age))),
        Field::AgeNorm => norm(out, row.age, weights.age),
        Field::Fair => put(out, format_args!("{}", part(row.fair_share))),
        Field::FairNorm => norm(out, row.fair_share, weights.fair_share),
        Field::Size => put(out, format_args!("{}", part(row.size))),
        Field::SizeNorm => norm(out, row.size, weights.size),
        Field::PartitionPart => put(out, format_args!("{}", part(row.partition))),
        Field::PartitionNorm => norm(out, row.partition, weights.partition),
        Field::Qos => put(out, format_args!("{}", part(row.qos))),
        Field::QosNorm => norm(out, row.qos, weights.qos),
        Field::Tres | Field::TresNorm => {}
    }
}
