//! `sshare`: who may use how much, and has used how much.
//!
//! The factor is the one that priorities are made with here; effective use is a part of what the other users of the
//! project, or the other projects, used together.

use model::ShareRow;

use crate::columns::{self, Column, Look, Spec, spec};
use crate::environ::{self, Variable};
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::text::{put, put_number};
use crate::values;

const NAME: &str = "sshare";

const OPTS: &[Opt] = &[
    opt("accounts", 'A', Arg::Required),
    opt("all", 'a', Arg::No),
    alias("cluster", 'M', Arg::Required, "clusters"),
    opt("clusters", ' ', Arg::Required),
    opt("format", 'o', Arg::Required),
    opt("help", 'h', Arg::No),
    opt("helpformat", 'e', Arg::No),
    opt("long", 'l', Arg::No),
    opt("noheader", 'n', Arg::No),
    opt("parsable", 'p', Arg::No),
    opt("parsable2", 'P', Arg::No),
    opt("partition", 'm', Arg::No),
    opt("usage", ' ', Arg::No),
    alias("user", ' ', Arg::Required, "users"),
    opt("users", 'u', Arg::Required),
    opt("Users", 'U', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
];

const FIELDS: &[Spec] = &[
    spec("Account", -20),
    spec("Cluster", 10),
    spec("EffectvUsage", 13),
    spec("FairShare", 10),
    spec("GrpTRESMins", 30),
    spec("GrpTRESRaw", 30),
    spec("ID", 6),
    spec("LevelFS", 10),
    spec("NormShares", 11),
    spec("NormUsage", 11),
    spec("Partition", 12),
    spec("RawShares", 10),
    spec("RawUsage", 11),
    spec("TRESRunMins", 30),
    spec("User", 10),
];

/// A command line of `sshare`.
#[derive(Clone, Debug)]
pub struct Options {
    /// `-M`: the clusters named.
    pub clusters: Option<Vec<String>>,
    all: bool,
    accounts: Option<Vec<String>>,
    users: Option<Vec<String>>,
    users_only: bool,
    /// How it looks.
    pub look: Look,
    columns: Vec<Column>,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options and fields: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options = Options {
        clusters: environ::non_empty(environ, "SLURM_CLUSTERS").map(values::list),
        all: false,
        accounts: None,
        users: None,
        users_only: false,
        look: Look::default(),
        columns: Vec::new(),
    };
    let (mut long, mut partition, mut format) = (false, false, None);
    for given in &line.given {
        let value = given.value.unwrap_or_default();
        match given.key {
            "accounts" => options.accounts = Some(values::list(value)),
            "all" => options.all = true,
            "clusters" => options.clusters = Some(values::list(value)),
            "format" => format = Some(String::from_utf8_lossy(value).into_owned()),
            "help" | "usage" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
            "helpformat" => return Err(Refusal::answer(columns::help(FIELDS, 17))),
            "long" => long = true,
            "noheader" => options.look.no_header = true,
            "parsable" | "parsable2" => {
                options.look.delimiter = Some(b"|".to_vec());
                options.look.trailing = given.key == "parsable";
            }
            "partition" => partition = true,
            "users" => options.users = Some(values::list(value)),
            "Users" => options.users_only = true,
            "version" => return Err(crate::refusal::version()),
            _ => {}
        }
    }
    if let Some(word) = line.rest.first() {
        return Err(Refusal::error(NAME, format!("Unknown arguments: {}", String::from_utf8_lossy(word)), 1));
    }
    let place = if partition { "account,user,partition" } else { "account,user" };
    let default = match long {
        false => format!("{place},rawshares,normshares,rawusage,effectvusage,fairshare"),
        true => format!(
            "{place},rawshares,normshares,rawusage,normusage,effectvusage,fairshare,levelfs,grptresmins,tresrunmins"
        ),
    };
    options.columns = columns::choose(FIELDS, format.as_deref().unwrap_or(&default))
        .map_err(|name| Refusal::error(NAME, format!("Invalid field requested: \"{name}\""), 1))?;
    Ok(options)
}

/// One line: a row, the rows it is compared with, and how deep it stands.
struct Line<'a> {
    /// `None`: the root of all.
    row: Option<&'a ShareRow>,
    /// Shares and use of all that stand beside it, itself included.
    beside: (u64, u64),
    depth: usize,
}

/// Writes the listing. `rows` are projects by name, each followed by its users; `me` is whose lines are shown without
/// `-a`; `cluster` is this cluster's name.
pub fn print(options: &Options, rows: &[ShareRow], me: &str, cluster: &str, out: &mut Vec<u8>) {
    let projects = || rows.iter().filter(|row| row.user.is_none());
    let total: (u64, u64) =
        projects().fold((0, 0), |sum, row| (sum.0 + u64::from(row.shares), sum.1.saturating_add(row.used_cpu_ms)));
    let wanted_user = |user: &str| match &options.users {
        Some(users) => users.iter().any(|wanted| wanted == user),
        None => options.all || options.accounts.is_some() || user == me,
    };
    let mut lines = Vec::new();
    if options.accounts.is_none() && !options.users_only {
        lines.push(Line { row: None, beside: total, depth: 0 });
    }
    // Where the root is left out, its children stand at the margin.
    let shift = usize::from(options.accounts.is_none() && !options.users_only);
    for project in projects() {
        if options.accounts.as_ref().is_some_and(|names| !names.contains(&project.account)) {
            continue;
        }
        let users = || rows.iter().filter(|row| row.user.is_some() && row.account == project.account);
        let of_users = users().fold((0, 0), |sum: (u64, u64), row| (sum.0 + 1, sum.1.saturating_add(row.used_cpu_ms)));
        let shown: Vec<&ShareRow> = users().filter(|row| row.user.as_deref().is_some_and(wanted_user)).collect();
        if shown.is_empty() && !options.all && options.accounts.is_none() {
            continue;
        }
        if !options.users_only {
            lines.push(Line { row: Some(project), beside: total, depth: shift });
        }
        let depth = if options.users_only { 0 } else { shift + 1 };
        lines.extend(shown.into_iter().map(|row| Line { row: Some(row), beside: of_users, depth }));
    }
    columns::print(&options.look, &options.columns, lines.len(), out, |at, name, out| {
        put_value(&lines[at], name, total.1, cluster, out);
    });
}

fn put_value(line: &Line<'_>, name: &str, used_by_all: u64, cluster: &str, out: &mut Vec<u8>) {
    let part = |of: u64, all: u64| if all == 0 { 0.0 } else { of as f64 / all as f64 };
    let Some(row) = line.row else {
        return match name {
            "Account" => out.extend_from_slice(b"root"),
            "Cluster" => out.extend_from_slice(cluster.as_bytes()),
            "NormShares" => out.extend_from_slice(b"0.000000"),
            "RawUsage" => put_number(out, used_by_all / 1000),
            "EffectvUsage" => out.extend_from_slice(b"1.000000"),
            "TRESRunMins" => put_minutes(out, 0),
            _ => {}
        };
    };
    let (shares, used) = line.beside;
    match name {
        "Account" => {
            out.resize(out.len() + line.depth, b' ');
            out.extend_from_slice(row.account.as_bytes());
        }
        "Cluster" => out.extend_from_slice(cluster.as_bytes()),
        "User" => out.extend_from_slice(row.user.as_deref().unwrap_or_default().as_bytes()),
        "RawShares" => put_number(out, row.shares.into()),
        "NormShares" => put(out, format_args!("{:.6}", part(row.shares.into(), shares))),
        "RawUsage" => put_number(out, row.used_cpu_ms / 1000),
        "NormUsage" => put(out, format_args!("{:.6}", part(row.used_cpu_ms, used_by_all))),
        "EffectvUsage" => put(out, format_args!("{:.6}", part(row.used_cpu_ms, used))),
        "FairShare" => {
            if let Some(factor) = row.factor {
                put(out, format_args!("{:.6}", f64::from(factor) / 65_536.0));
            }
        }
        "LevelFS" if row.used_cpu_ms == 0 => out.extend_from_slice(b"inf"),
        "LevelFS" => {
            put(out, format_args!("{:.6}", part(row.shares.into(), shares) / part(row.used_cpu_ms, used)));
        }
        "GrpTRESRaw" => {
            let minutes = row.used_cpu_ms / 60_000;
            put(out, format_args!("cpu={minutes},mem=0,energy=0,node=0,billing={minutes},fs/disk=0,vmem=0,pages=0"));
        }
        "TRESRunMins" => put_minutes(out, row.running_cpu_minutes),
        "ID" => out.push(b'0'),
        _ => {}
    }
}

fn put_minutes(out: &mut Vec<u8>, minutes: u64) {
    put(out, format_args!("cpu={minutes},mem=0,energy=0,node=0,billing={minutes},fs/disk=0,vmem=0,pages=0"));
}
