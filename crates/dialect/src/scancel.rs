//! `scancel`: which jobs, which signal, how loud.
//!
//! Does not know which jobs there are: the centre takes [`Options`] and says for each job what became of it.

use model::{JobId, JobState, Text};

use crate::environ::{self, Variable};
use crate::getopt::{self, Arg, Opt, Order, alias, opt};
use crate::refusal::Refusal;
use crate::values::jobs::JobPick;
use crate::values::{self, jobs, signal};

const NAME: &str = "scancel";

const OPTS: &[Opt] = &[
    opt("account", 'A', Arg::Required),
    opt("batch", 'b', Arg::No),
    opt("clusters", 'M', Arg::Required),
    opt("ctld", ' ', Arg::No),
    opt("cron", ' ', Arg::No),
    opt("full", 'f', Arg::No),
    opt("help", ' ', Arg::No),
    opt("hurry", 'H', Arg::No),
    opt("interactive", 'i', Arg::No),
    opt("jobname", ' ', Arg::Required),
    opt("me", ' ', Arg::No),
    alias("name", 'n', Arg::Required, "jobname"),
    opt("nodelist", 'w', Arg::Required),
    opt("partition", 'p', Arg::Required),
    opt("qos", 'q', Arg::Required),
    opt("quiet", 'Q', Arg::No),
    opt("reservation", 'R', Arg::Required),
    opt("sibling", ' ', Arg::Required),
    opt("signal", 's', Arg::Required),
    opt("state", 't', Arg::Required),
    opt("usage", ' ', Arg::No),
    opt("user", 'u', Arg::Required),
    opt("verbose", 'v', Arg::No),
    opt("version", 'V', Arg::No),
    opt("wckey", ' ', Arg::Required),
];

/// A command line of `scancel`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The jobs and steps named; empty: all that the filters let through.
    pub jobs: Vec<JobPick>,
    /// `-A`.
    pub account: Option<String>,
    /// `-n`.
    pub name: Option<Text>,
    /// `-p`.
    pub partition: Option<String>,
    /// `-q`.
    pub qos: Option<String>,
    /// `-R`.
    pub reservation: Option<String>,
    /// `-u`: a name or a number; the front end says who that is. `--me` is [`Options::me`].
    pub user: Option<String>,
    /// `--me`.
    pub me: bool,
    /// `-t`.
    pub state: Option<JobState>,
    /// `-w`, ranges written out.
    pub nodes: Vec<String>,
    /// `--wckey`.
    pub wckey: Option<String>,
    /// `-s`: only signalled, not cancelled. `None`: cancelled.
    pub signal: Option<u8>,
    /// `-b`: the signal goes to the batch script only.
    pub batch: bool,
    /// `-f`: the signal goes to the batch script and all its children.
    pub full: bool,
    /// `-i`: ask before each.
    pub interactive: bool,
    /// `-v`, counted.
    pub verbose: u32,
    /// `-Q`.
    pub quiet: bool,
}

impl Options {
    /// Whether a job passes the filters and is named, if any is. `user` is the number behind `-u` or `--me`.
    pub fn selects(&self, row: &model::QueueRow, user: Option<model::Uid>, wckey: Option<&str>) -> bool {
        let state = match self.state {
            None => !row.state.is_final(),
            Some(state) => row.state == state,
        };
        state
            && (self.jobs.is_empty() || self.jobs.iter().any(|pick| pick.covers(row.id, &row.array)))
            && self.account.as_ref().is_none_or(|account| **account == *row.account)
            && self.name.as_ref().is_none_or(|name| *name == row.name)
            && self.partition.as_ref().is_none_or(|partition| **partition == *row.partition)
            && self.qos.as_ref().is_none_or(|qos| **qos == *row.qos)
            && user.is_none_or(|user| row.owner.uid == user)
            && (self.nodes.is_empty() || self.nodes.iter().any(|node| **node == *row.node))
            && self.wckey.as_ref().is_none_or(|wanted| Some(wanted.as_str()) == wckey)
    }

    /// The question of `-i`, without a line end.
    pub fn question(row: &model::QueueRow) -> String {
        let id = crate::squeue::job_id(row);
        format!("Cancel job_id={id} name={} partition={} [y/n]? ", row.name, row.partition)
    }

    /// The line of `-v` before each.
    pub fn terminating(&self, what: &str, step: bool) -> Option<String> {
        let kind = if step { "step" } else { "job" };
        let doing = match self.signal {
            Some(number) => format!("Signal {number} to {kind} {what}"),
            None => format!("Terminating {kind} {what}"),
        };
        (self.verbose > 0 && !self.quiet).then(|| format!("{NAME}: {doing}"))
    }
}

/// What `scancel` says of a user nobody knows.
pub fn invalid_user(name: &str) -> Refusal {
    Refusal::error(NAME, format!("Invalid user name: {name}"), 1)
}

/// Reads a command line.
///
/// # Errors
/// Unknown options, job numbers that are none, nothing to cancel: exit code 1.
pub fn parse(args: &[Vec<u8>], environ: &[Variable]) -> Result<Options, Refusal> {
    let line =
        getopt::read(NAME, &[OPTS], args, Order::Anywhere).map_err(|message| getopt::try_help(NAME, message, 1))?;
    let mut options = Options::default();
    for (variable, key) in [
        ("SCANCEL_ACCOUNT", "account"),
        ("SCANCEL_BATCH", "batch"),
        ("SCANCEL_FULL", "full"),
        ("SCANCEL_INTERACTIVE", "interactive"),
        ("SCANCEL_NAME", "jobname"),
        ("SCANCEL_PARTITION", "partition"),
        ("SCANCEL_QOS", "qos"),
        ("SCANCEL_STATE", "state"),
        ("SCANCEL_USER", "user"),
        ("SCANCEL_VERBOSE", "verbose"),
        ("SCANCEL_WCKEY", "wckey"),
    ] {
        if let Some(value) = environ::non_empty(environ, variable) {
            take(&mut options, key, value)?;
        }
    }
    for given in &line.given {
        take(&mut options, given.key, given.value.unwrap_or_default())?;
    }
    for word in &line.rest {
        for part in jobs::split_outside_brackets(word).filter(|part| !part.is_empty()) {
            let pick = jobs::parse(part)
                .ok_or_else(|| Refusal::error(NAME, format!("Invalid job id {}", String::from_utf8_lossy(part)), 1))?;
            options.jobs.push(pick);
        }
    }
    let aimed = !options.jobs.is_empty()
        || options.me
        || !options.nodes.is_empty()
        || options.state.is_some()
        || options.name.is_some()
        || [&options.account, &options.partition, &options.qos, &options.reservation, &options.user, &options.wckey]
            .iter()
            .any(|filter| filter.is_some());
    if !aimed {
        return Err(Refusal::error(NAME, "No job identification provided", 1));
    }
    // Nothing outlives this signal: who sends it to a whole job cancels it, and the script goes with its steps.
    if options.signal == Some(KILL) && !options.batch && !options.full {
        options.signal = None;
    }
    Ok(options)
}

fn take(options: &mut Options, key: &str, value: &[u8]) -> Result<(), Refusal> {
    let text = || String::from_utf8_lossy(value).into_owned();
    match key {
        "account" => options.account = Some(text()),
        "batch" => options.batch = true,
        "full" => options.full = true,
        "help" | "usage" => return Err(Refusal::answer(crate::submission::help(NAME, OPTS))),
        "version" => return Err(crate::refusal::version()),
        "interactive" => options.interactive = true,
        "jobname" => options.name = Some(Text::from(value)),
        "me" => options.me = true,
        "nodelist" => {
            options.nodes = values::hostlist::expand(&text())
                .ok_or_else(|| Refusal::error(NAME, format!("Invalid node list: {}", text()), 1))?;
        }
        "partition" => options.partition = Some(text()),
        "qos" => options.qos = Some(text()),
        "quiet" => options.quiet = true,
        "reservation" => options.reservation = Some(text()),
        "signal" => {
            let number =
                signal::number(value).ok_or_else(|| Refusal::line(format!("Unknown job signal: {}", text()), 1))?;
            options.signal = Some(number);
        }
        "state" => options.state = Some(state(value)?),
        "user" => options.user = Some(text()),
        "verbose" => options.verbose += 1,
        "wckey" => options.wckey = Some(text()),
        _ => {}
    }
    Ok(())
}

fn state(value: &[u8]) -> Result<JobState, Refusal> {
    let known = [JobState::Pending, JobState::Running, JobState::Suspended];
    crate::states::one(value).and_then(|states| known.into_iter().find(|state| states.contains(state))).ok_or_else(
        || {
            let text = String::from_utf8_lossy(value);
            Refusal::line(format!("Invalid job state specified: {text}"), 1)
                .and("Valid job states are PENDING, RUNNING, and SUSPENDED")
        },
    )
}

/// The numbers of the jobs named, without tasks and steps: what the centre has to look at.
pub fn job_numbers(options: &Options) -> Vec<JobId> {
    options.jobs.iter().map(|pick| pick.job).collect()
}

/// SIGKILL.
const KILL: u8 = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(args: &str, expected: Result<&str, (&str, u8)>) {
        let words: Vec<Vec<u8>> = args.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        let shown = match parse(&words, &[]) {
            Ok(options) => Ok(options.jobs.iter().map(|pick| pick.text.clone()).collect::<Vec<_>>().join(" ")),
            Err(refusal) => Err((refusal.lines.join("\n"), refusal.exit)),
        };
        let expected = expected.map(str::to_owned).map_err(|(text, exit)| (text.to_owned(), exit));
        assert_eq!(shown, expected, "{args}");
    }

    #[test]
    fn command_lines() {
        check("49", Ok("49"));
        check("42_[1,3] 35.0 35.batch,36", Ok("42_[1,3] 35.0 35.batch 36"));
        check("-t PENDING -u alice", Ok(""));
        check("-b -s USR1 52", Ok("52"));
        check("", Err(("scancel: error: No job identification provided", 1)));
        check("abc", Err(("scancel: error: Invalid job id abc", 1)));
        let help = "scancel: unrecognized option '--bogus'\nTry \"scancel --help\" for more information";
        check("--bogus", Err((help, 1)));
    }
}
