//! `sacctmgr`'s command line: options, a keyword, what it is about, and which.

use super::tables::Entity;
use crate::columns::{self, Column, Look};
use crate::getopt::{self, Arg, Opt, Order, opt};
use crate::refusal::{Refusal, VERSION};
use crate::values;

const NAME: &str = "sacctmgr";

const OPTS: &[Opt] = &[
    opt("associations", 's', Arg::No),
    opt("help", 'h', Arg::No),
    opt("immediate", 'i', Arg::No),
    opt("noheader", 'n', Arg::No),
    opt("oneliner", 'o', Arg::No),
    opt("parsable", 'p', Arg::No),
    opt("parsable2", 'P', Arg::No),
    opt("quiet", 'Q', Arg::No),
    opt("readonly", 'r', Arg::No),
    opt("usage", ' ', Arg::No),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
];

/// A command line of `sacctmgr`.
#[derive(Clone, Debug)]
pub struct Options {
    /// What to do.
    pub request: Request,
    /// `-Q`.
    pub quiet: bool,
    pub(super) look: Look,
    /// `-s`: users and accounts with their associations.
    with_assoc: bool,
}

/// What `sacctmgr` can be asked.
#[derive(Clone, Debug)]
pub enum Request {
    /// No keyword: commands come from standard input, line by line.
    Interactive,
    /// An answer that is known already.
    Answer(String),
    /// A table.
    Show {
        /// Of what.
        entity: Entity,
        /// With which columns.
        columns: Vec<Column>,
        /// Which lines.
        filter: Filter,
        /// With associations.
        with_assoc: bool,
    },
    /// `exit`, `quit`.
    Exit,
}

/// Which lines; `None` lets all through.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filter {
    /// Login names.
    pub users: Option<Vec<String>>,
    /// Projects.
    pub accounts: Option<Vec<String>>,
    /// Clusters.
    pub clusters: Option<Vec<String>>,
    /// Qualities of service.
    pub qos: Option<Vec<String>>,
    /// Types of resources.
    pub tres: Option<Vec<String>>,
}

/// Reads a command line.
///
/// # Errors
/// Unknown options, keywords, lists and fields, and everything that would change something: exit code 1.
pub fn parse(args: &[Vec<u8>]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options = Options { request: Request::Interactive, quiet: false, look: Look::default(), with_assoc: false };
    for given in &line.given {
        match given.key {
            "associations" => options.with_assoc = true,
            "help" | "usage" => return Err(Refusal::answer(help())),
            "noheader" => options.look.no_header = true,
            "parsable" | "parsable2" => {
                options.look.delimiter = Some(b"|".to_vec());
                options.look.trailing = given.key == "parsable";
            }
            "quiet" => options.quiet = true,
            "version" => return Err(crate::refusal::version()),
            _ => {}
        }
    }
    if !line.rest.is_empty() {
        options.request = request(&line.rest, options.with_assoc)?;
    }
    Ok(options)
}

/// Reads one line of the interactive mode; options given at the start stay.
///
/// # Errors
/// As [`parse`].
pub fn parse_line(words: &[&[u8]], with: &Options) -> Result<Options, Refusal> {
    Ok(Options { request: request(words, with.with_assoc)?, ..with.clone() })
}

fn help() -> String {
    format!(
        "{}\nCommands:\n  show ENTITY [SPECS]\n  list ENTITY [SPECS]\n  version\n\nEntities: account, association, cluster, \
         configuration, event, federation, problem, qos, resource, reservation, runawayjobs, stats, transaction, tres, \
         user, wckey\n",
        crate::submission::help(NAME, OPTS).trim_end()
    )
}

fn request(words: &[&[u8]], with_assoc: bool) -> Result<Request, Refusal> {
    let Some((keyword, rest)) = words.split_first() else { return Ok(Request::Interactive) };
    let typed = String::from_utf8_lossy(keyword).into_owned();
    let keyword = typed.to_ascii_lowercase();
    let is = |full: &str, least: usize| keyword.len() >= least && full.starts_with(&keyword);
    match () {
        () if is("show", 3) || is("list", 1) => show(rest, with_assoc),
        () if is("version", 4) => Ok(Request::Answer(format!("{VERSION}\n"))),
        () if is("help", 2) => Ok(Request::Answer(help())),
        () if is("exit", 1) || is("quit", 4) => Ok(Request::Exit),
        () if ["associations", "oneliner", "parsable", "quiet", "readonly", "verbose"]
            .iter()
            .any(|word| is(word, 3)) =>
        {
            Ok(Request::Answer(String::new()))
        }
        () if is("add", 3) || is("create", 2) || is("delete", 3) || is("remove", 3) || is("modify", 1) => {
            Err(refuse_change(rest))
        }
        () if is("archive", 3)
            || is("clear", 2)
            || is("dump", 2)
            || is("load", 2)
            || is("reconfigure", 4)
            || is("shutdown", 4) =>
        {
            Err(denied()
                .and(format!("{NAME}: error: `algoric backup` copies the accounts, `algoric help` says the rest.")))
        }
        () => Err(Refusal::line(format!("invalid keyword: {typed}"), 1)),
    }
}

fn denied() -> Refusal {
    Refusal::line(" Error with request: Access/permission denied", 1)
}

/// What changes projects and members here.
fn refuse_change(words: &[&[u8]]) -> Refusal {
    let entity = words.first().and_then(|word| Entity::named(&String::from_utf8_lossy(word)));
    let instead = match entity {
        Some(Entity::Account) => "algoric project add|remove NAME",
        Some(Entity::User) => "algoric member add|remove USER --project NAME",
        Some(Entity::Qos) => "[[qos]] in config.toml",
        _ => "algoric help",
    };
    denied().and(format!("{NAME}: error: Accounting is read by this command, and changed by: {instead}"))
}

fn show(words: &[&[u8]], mut with_assoc: bool) -> Result<Request, Refusal> {
    let entity = words.first().and_then(|word| Entity::named(&String::from_utf8_lossy(word)));
    let Some(entity) = entity else {
        return Err(Refusal::line("No valid entity in list command", 1)
            .and("Input line must include \"Account\", \"Association\", \"Cluster\", \"Configuration\",")
            .and("\"Event\", \"Federation\", \"Problem\", \"QOS\", \"Resource\", \"Reservation\",")
            .and("\"RunAwayJobs\", \"Stats\", \"Transaction\", \"TRES\", \"User\", or \"WCKey\""));
    };
    let (mut filter, mut format) = (Filter::default(), None);
    for word in words.iter().skip(1) {
        let text = String::from_utf8_lossy(word).into_owned();
        let lower = text.to_ascii_lowercase();
        let Some((name, value)) = text.split_once('=') else {
            match lower.as_str() {
                "where" | "set" => {}
                word if word.starts_with("with")
                    || word.starts_with("wo")
                    || "onlydefaults".starts_with(word)
                    || word == "tree" =>
                {
                    with_assoc |= word.starts_with("witha");
                }
                _ => *named(&mut filter, entity) = Some(values::list(word)),
            }
            continue;
        };
        let list = || Some(values::list(value.as_bytes()));
        let name = name.to_ascii_lowercase();
        let is = |full: &str, least: usize| name.len() >= least && full.starts_with(&name);
        match () {
            () if is("format", 1) => format = Some(value.to_owned()),
            () if is("users", 1) => filter.users = list(),
            () if is("accounts", 2) => filter.accounts = list(),
            () if is("clusters", 1) => filter.clusters = list(),
            () if is("names", 1) => *named(&mut filter, entity) = list(),
            () if is("qoslevel", 1) => filter.qos = list(),
            () if is("type", 1) => filter.tres = list(),
            // Windows of time, ids and the like leave nothing out of lists that have none.
            () if [
                "start",
                "end",
                "id",
                "nodes",
                "states",
                "events",
                "partitions",
                "parent",
                "actor",
                "action",
                "adminlevel",
                "defaultaccount",
                "defaultqos",
                "description",
                "organization",
                "preemptmode",
            ]
            .iter()
            .any(|full| is(full, 2)) => {}
            () => return Err(Refusal::line(format!(" Unknown condition: {text}"), 1)),
        }
    }
    let format = format.unwrap_or_else(|| entity.default_format(with_assoc).to_owned());
    let columns = columns::choose(entity.fields(), &format)
        .map_err(|name| Refusal::line(format!("Unknown field '{name}'"), 1))?;
    Ok(Request::Show { entity, columns, filter, with_assoc })
}

/// The condition that a bare word means.
fn named(filter: &mut Filter, entity: Entity) -> &mut Option<Vec<String>> {
    match entity {
        Entity::User => &mut filter.users,
        Entity::Account | Entity::Association => &mut filter.accounts,
        Entity::Qos => &mut filter.qos,
        Entity::Tres => &mut filter.tres,
        _ => &mut filter.clusters,
    }
}
