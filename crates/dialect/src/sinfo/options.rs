//! `sinfo`'s command line and input variables.

use model::{NodeRow, PartitionRow};

use super::fields::{self, Field};
use super::state;
use crate::environ::{self, Variable};
use crate::format::Format;
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::tree::Notation;
use crate::values::{self, hostlist};

const NAME: &str = "sinfo";

const OPTS: &[Opt] = &[
    opt("all", 'a', Arg::No),
    opt("clusters", 'M', Arg::Required),
    alias("cluster", ' ', Arg::Required, "clusters"),
    opt("dead", 'd', Arg::No),
    opt("exact", 'e', Arg::No),
    opt("federation", ' ', Arg::No),
    opt("Format", 'O', Arg::Required),
    opt("format", 'o', Arg::Required),
    opt("future", 'F', Arg::No),
    opt("help", ' ', Arg::No),
    opt("hide", ' ', Arg::No),
    opt("iterate", 'i', Arg::Required),
    opt("json", ' ', Arg::No),
    opt("list-reasons", 'R', Arg::No),
    opt("local", ' ', Arg::No),
    opt("long", 'l', Arg::No),
    opt("Node", 'N', Arg::No),
    opt("nodes", 'n', Arg::Required),
    opt("noconvert", ' ', Arg::No),
    opt("noheader", 'h', Arg::No),
    opt("partition", 'p', Arg::Required),
    opt("reservation", 'T', Arg::No),
    opt("responding", 'r', Arg::No),
    opt("sort", 'S', Arg::Required),
    opt("states", 't', Arg::Required),
    opt("summarize", 's', Arg::No),
    opt("usage", ' ', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
    opt("yaml", ' ', Arg::No),
];

const DEFAULT: &str = "%#P %.5a %.10l %.6D %.6t %N";
const LONG: &str = "%#P %.5a %.10l %.10s %.4r %.8h %.10g %.6D %.11T %N";
const NODES: &str = "%#N %.6D %.#P %6t";
const LONG_NODES: &str = "%#N %.6D %.#P %.11T %4c %.8z %.6m %.8d %.6w %.8f %20E";
const SUMMARY: &str = "%#P %.5a %.10l %.16F %N";
const REASONS: &str = "%20E %9u %19H %N";
const LONG_REASONS: &str = "%20E %12U %19H %6t %N";

/// A command line of `sinfo`.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `-p`.
    pub partitions: Option<Vec<String>>,
    /// `-n`, ranges written out.
    pub nodes: Option<Vec<String>>,
    /// `-t`, words.
    pub states: Option<Vec<String>>,
    /// `-d`: only machines that do not answer.
    pub dead: bool,
    /// `-r`: only machines that answer.
    pub responding: bool,
    /// `-R`: only machines with a reason.
    pub reasons: bool,
    /// `-T`: reservations instead.
    pub reservations: bool,
    /// `-N`: a line for each machine.
    pub by_node: bool,
    /// `-h`.
    pub no_header: bool,
    /// `-l`.
    pub long: bool,
    /// `-i`: again every so many seconds.
    pub iterate: Option<u32>,
    /// `--json`, `--yaml`: a document for programs instead of a listing.
    pub notation: Option<Notation>,
    /// `-M`: the clusters named.
    pub clusters: Option<Vec<String>>,
    /// Lines for standard error: faults in the format, which Slurm mentions and passes over.
    pub warnings: Vec<String>,
    pub(super) format: Format<Field>,
    pub(super) sort: Vec<(Field, bool)>,
}

impl Options {
    pub(super) fn selects_partition(&self, partition: &PartitionRow) -> bool {
        self.partitions.as_ref().is_none_or(|names| names.contains(&partition.name))
    }

    pub(super) fn selects_node(&self, node: &NodeRow) -> bool {
        self.nodes.as_ref().is_none_or(|names| names.contains(&node.name))
            && self.states.as_ref().is_none_or(|words| words.iter().any(|word| state::is(node, word)))
            && (!self.dead || !node.up)
            && (!self.responding || node.up)
            && (!self.reasons || node.drained.is_some())
    }
}

const ENVIRON: &[(&str, &str)] = &[
    ("SLURM_CLUSTERS", "clusters"),
    ("SINFO_FORMAT", "format"),
    ("SINFO_PARTITION", "partition"),
    ("SINFO_SORT", "sort"),
    ("SINFO_ALL", "all"),
];

#[derive(Default)]
struct Raw<'a> {
    format: Option<&'a [u8]>,
    fields: Option<&'a [u8]>,
    sort: Option<&'a [u8]>,
    summary: bool,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options and states: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let (mut options, mut raw) = (Options::default(), Raw::default());
    for (variable, key) in ENVIRON {
        if let Some(value) = environ::non_empty(environ, variable) {
            take(&mut options, &mut raw, key, value)?;
        }
    }
    for given in &line.given {
        take(&mut options, &mut raw, given.key, given.value.unwrap_or_default())?;
    }
    let default = match (options.reasons, raw.summary, options.by_node, options.long) {
        (true, _, _, false) => REASONS,
        (true, _, _, true) => LONG_REASONS,
        (_, true, _, _) => SUMMARY,
        (_, _, true, false) => NODES,
        (_, _, true, true) => LONG_NODES,
        (_, _, false, false) => DEFAULT,
        (_, _, false, true) => LONG,
    };
    let fault = "Invalid node format specification";
    let is_all = |text: &[u8], word: &[u8]| text.trim_ascii().eq_ignore_ascii_case(word);
    let every = raw.format.is_some_and(|text| is_all(text, b"%all"))
        || raw.fields.is_some_and(|text| is_all(text.split(|byte| *byte == b':').next().unwrap_or_default(), b"all"));
    options.format = match raw.fields {
        _ if every => Format::letters(&fields::all(), Field::of_letter, fault, &mut options.warnings),
        Some(names) => {
            Format::fields(names, Field::named, "sinfo: error: Invalid job format specification", &mut options.warnings)
        }
        None => {
            let text = raw.format.unwrap_or(default.as_bytes());
            Format::letters_or_fitted(text, Field::of_letter, fault, &mut options.warnings)
        }
    };
    options.sort = match raw.sort {
        Some(text) => sort_keys(text)?,
        None if options.by_node => vec![(Field::NodeList, false)],
        // States from the busiest down, in each partition.
        None => Vec::new(),
    };
    Ok(options)
}

fn take<'a>(options: &mut Options, raw: &mut Raw<'a>, key: &str, value: &'a [u8]) -> Result<(), Refusal> {
    let text = || String::from_utf8_lossy(value).into_owned();
    match key {
        "dead" => options.dead = true,
        "Format" => (raw.fields, raw.format) = (Some(value), None),
        "format" => (raw.format, raw.fields) = (Some(value), None),
        "help" | "usage" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
        "iterate" => {
            let bad = || Refusal::error(NAME, format!("--iterate={}", text()), 1);
            options.iterate = Some(values::count(value, 1).ok_or_else(bad)?);
        }
        "json" => options.notation = Some(Notation::Json),
        "yaml" => options.notation = Some(Notation::Yaml),
        "clusters" => options.clusters = Some(values::list(value)),
        "list-reasons" => options.reasons = true,
        "long" => options.long = true,
        "Node" => options.by_node = true,
        "nodes" => {
            let bad = || Refusal::error(NAME, format!("Invalid node list: {}", text()), 1);
            options.nodes = Some(hostlist::expand(&text()).ok_or_else(bad)?);
        }
        "noheader" => options.no_header = true,
        "partition" => options.partitions = Some(values::list(value)),
        "reservation" => options.reservations = true,
        "responding" => options.responding = true,
        "sort" => raw.sort = Some(value),
        "states" => {
            let words = values::list(value);
            if let Some(word) = words.iter().find(|word| !state::WORDS.contains(&word.to_ascii_lowercase().as_str())) {
                return Err(Refusal::error(NAME, format!("Bad state string: \"{word}\""), 1).and(format!(
                    "{NAME}: error: valid states: unknown,down,idle,allocated,?,mixed,future,drain,drained,draining,\
                     no_respond,reserved,perfctrs,cloud,completing,powering_down,powered_down,power_down,powering_up,\
                     fail,maint,reboot,reboot^,unknown"
                )));
            }
            options.states = Some(words);
        }
        "summarize" => raw.summary = true,
        "version" => return Err(crate::refusal::version()),
        _ => {}
    }
    Ok(())
}

fn sort_keys(text: &[u8]) -> Result<Vec<(Field, bool)>, Refusal> {
    let mut keys = Vec::new();
    let mut down = false;
    for byte in text {
        match byte {
            b'-' => down = true,
            b'+' => down = false,
            b',' | b' ' | b'%' | b'#' => {}
            letter => {
                let field = Field::of_letter(*letter).ok_or_else(|| {
                    Refusal::error(NAME, format!("Invalid sort specification: {}", char::from(*letter)), 1)
                })?;
                keys.push((field, down));
                down = false;
            }
        }
    }
    Ok(keys)
}
