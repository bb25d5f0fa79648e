//! What `sbatch`, `srun` and `salloc` have in common: the options that describe a job, and what they come to.
//!
//! A row of an option table knows how it is written, what it does, and whether we honour it; the table in the docs is
//! made from the same rows.

mod asked;
mod context;
mod rows;
pub(crate) mod words;

pub(crate) use asked::MEMORY;
pub use asked::{Asked, Exclusive};
pub use context::Context;
pub(crate) use context::{command_line, join};
pub use rows::ROWS;

use model::TimeLimit;

use crate::environ::{self, Variable};
use crate::errors::{Action, Refused};
use crate::getopt::{self, Arg, Given, Opt};
use crate::refusal::Refusal;
use crate::text::Clock;
use crate::values::when::BadTime;

/// What becomes of an option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// It does what Slurm's manual says.
    Honoured,
    /// It is read and checked, and cannot matter on one machine.
    Accepted,
    /// It is refused, with Slurm's own error where it has one.
    Refused,
}

/// One option of a command: how it is written, what becomes of it, what it sets.
pub struct Row<T> {
    /// How it is written.
    pub opt: Opt,
    /// What becomes of it.
    pub standing: Standing,
    /// What a reader of the docs should know.
    pub note: &'static str,
    /// Reads the value into its place.
    pub set: fn(&mut T, Value<'_>) -> Result<(), Bad>,
}

/// What an option's reader gets.
#[derive(Clone, Copy, Debug)]
pub struct Value<'a> {
    /// The value; empty for a flag.
    pub text: &'a [u8],
    /// Whether a value was given at all (`--nice` or `--nice=0`).
    pub given: bool,
    /// When and where.
    pub clock: &'a Clock<'a>,
    /// The caller is the superuser.
    pub root: bool,
}

impl Value<'_> {
    /// The value as text; what is not UTF-8 is replaced.
    pub fn string(&self) -> String {
        String::from_utf8_lossy(self.text).into_owned()
    }

    /// The value exactly.
    pub fn exact(&self) -> model::Text {
        model::Text::from(self.text)
    }

    /// A count from `least` up.
    pub fn count(&self, least: i64) -> Result<u32, Bad> {
        crate::values::count(self.text, least).ok_or(Bad::Number)
    }
}

/// Why an option's value is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Bad {
    /// `Invalid --NAME specification`, exit code 255.
    Specification,
    /// The same, after the line that Slurm's reader of times prints bare.
    Time(BadTime),
    /// `Invalid numeric value "x" for --NAME.`, exit code 1.
    Number,
    /// These lines (unprefixed) and this exit code.
    Says(Vec<String>, u8),
    /// An error, and what it comes to: `fatal`, exit code 1.
    Fatal(String, &'static str),
    /// As the centre would refuse it.
    Refused(Refused),
}

impl From<Refused> for Bad {
    fn from(refused: Refused) -> Self {
        Bad::Refused(refused)
    }
}

impl Bad {
    /// One line of its own and Slurm's usual line after it.
    pub fn says(line: impl Into<String>, exit: u8) -> Self {
        Bad::Says(vec![line.into()], exit)
    }

    fn refusal(self, program: &str, opt: &Opt, value: &[u8]) -> Refusal {
        let name = if opt.long.is_empty() {
            opt.short.map(|letter| format!("-{letter}")).unwrap_or_default()
        } else {
            format!("--{}", opt.key)
        };
        match self {
            Bad::Specification => Refusal::error(program, format!("Invalid {name} specification"), 255),
            Bad::Time(bad) => {
                let mut refusal = Bad::Specification.refusal(program, opt, value);
                refusal.lines.insert(0, bad.line(value));
                refusal
            }
            Bad::Number => {
                let value = String::from_utf8_lossy(value);
                Refusal::error(program, format!("Invalid numeric value \"{value}\" for {name}."), 1)
            }
            Bad::Says(lines, exit) => {
                let lines = lines.iter().map(|line| format!("{program}: error: {line}")).collect();
                Refusal { stdout: String::new(), lines, exit }
            }
            Bad::Fatal(error, fatal) => Refusal::error(program, error, 1).and(format!("{program}: fatal: {fatal}")),
            Bad::Refused(refused) => refused.refusal(Action::Submit(program)),
        }
    }
}

/// Who reads options, when, and as whom.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    /// `sbatch`, `srun` or `salloc`.
    pub program: &'a str,
    /// When and where.
    pub clock: &'a Clock<'a>,
    /// The caller is the superuser.
    pub root: bool,
}

/// What holds the common options beside a command's own.
pub trait Holder: Sized + 'static {
    /// The command's own options.
    const OWN: &'static [Row<Self>];
    /// Where the common ones go.
    fn asked(&mut self) -> &mut Asked;

    /// The table for getopt.
    fn opts() -> Vec<Opt> {
        Self::OWN.iter().map(|row| row.opt).chain(ROWS.iter().map(|row| row.opt)).collect()
    }

    /// Takes one option in.
    ///
    /// # Errors
    /// What the command prints about a bad value.
    fn take(&mut self, reader: &Reader<'_>, given: &Given<'_>) -> Result<(), Refusal> {
        let text = given.value.unwrap_or_default();
        self.asked().define(given.key, given.value);
        let value = Value { text, given: given.value.is_some(), clock: reader.clock, root: reader.root };
        if let Some(row) = Self::OWN.iter().find(|row| row.opt.key == given.key) {
            return (row.set)(self, value).map_err(|bad| bad.refusal(reader.program, &row.opt, text));
        }
        match ROWS.iter().find(|row| row.opt.key == given.key) {
            Some(row) => (row.set)(self.asked(), value).map_err(|bad| bad.refusal(reader.program, &row.opt, text)),
            None => Ok(()),
        }
    }

    /// Takes in the input variables of a command's list `(variable, option)`. Flags count as given when the variable
    /// exists; the value of a flag does not matter.
    ///
    /// # Errors
    /// As for [`Holder::take`].
    fn take_environ(
        &mut self,
        reader: &Reader<'_>,
        list: &[(&str, &'static str)],
        environ: &[Variable],
    ) -> Result<(), Refusal> {
        let opts = Self::opts();
        for (variable, key) in list {
            let Some(value) = environ::get(environ, variable) else { continue };
            let flag = opts.iter().any(|opt| opt.key == *key && opt.arg == Arg::No);
            if flag {
                self.take(reader, &Given { key, value: None })?;
            } else if !value.is_empty() {
                self.take(reader, &Given { key, value: Some(value) })?;
            }
        }
        Ok(())
    }
}

/// Options that end a command at once.
pub fn answer(program: &str, key: &str, opts: &[Opt]) -> Option<Refusal> {
    match key {
        "version" => Some(crate::refusal::version()),
        "help" => Some(Refusal::answer(help(program, opts))),
        "usage" => Some(Refusal::answer(format!("Usage: {program} [OPTIONS(0)...]\n"))),
        _ => None,
    }
}

/// The list of options that a command knows, as its `--help`.
pub fn help(program: &str, opts: &[Opt]) -> String {
    let mut text = format!("Usage: {program} [OPTIONS]\n\n");
    for opt in opts {
        let short = opt.short.map(|letter| format!("-{letter}")).unwrap_or_default();
        let comma = if opt.short.is_some() && !opt.long.is_empty() { ", " } else { "" };
        let long = if opt.long.is_empty() { String::new() } else { format!("--{}", opt.long) };
        let value = match opt.arg {
            Arg::No => "",
            Arg::Required => "=VALUE",
            Arg::Optional => "[=VALUE]",
        };
        text.push_str(&format!("  {short}{comma}{long}{value}\n"));
    }
    text
}

/// Jobs of several components are refused.
pub(crate) fn heterogeneous(program: &str) -> Refusal {
    Refused::NotSupported("heterogeneous jobs are not supported here".into()).refusal(Action::Submit(program))
}

/// getopt's fault with `sbatch`'s and `srun`'s exit code.
pub fn bad_option(program: &str, message: String) -> Refusal {
    getopt::try_help(program, message, 255)
}

/// A table of options for the docs, as Markdown; `own` before the common ones.
pub fn table<T>(program: &str, own: &[Row<T>]) -> String {
    let mut lines: Vec<(String, Standing, &str)> =
        own.iter().map(|row| (spelling(&row.opt), row.standing, row.note)).collect();
    lines.extend(ROWS.iter().map(|row| (spelling(&row.opt), row.standing, row.note)));
    lines.sort_by(|a, b| a.0.trim_start_matches(['-', '`']).cmp(b.0.trim_start_matches(['-', '`'])));
    let mut text = format!("| `{program}` option | here | |\n| --- | --- | --- |\n");
    for (spelling, standing, note) in lines {
        let standing = match standing {
            Standing::Honoured => "honoured",
            Standing::Accepted => "accepted, without effect",
            Standing::Refused => "refused",
        };
        text.push_str(&format!("| {spelling} | {standing} | {note} |\n"));
    }
    text
}

fn spelling(opt: &Opt) -> String {
    match (opt.long, opt.short) {
        ("", Some(letter)) => format!("`-{letter}`"),
        (long, Some(letter)) => format!("`--{long}`, `-{letter}`"),
        (long, None) => format!("`--{long}`"),
    }
}

/// `-t` and friends.
pub(crate) fn limit(value: Value<'_>) -> Result<TimeLimit, Bad> {
    crate::values::limit::parse(value.text).ok_or(Bad::Specification)
}

/// What a command says of a `--nodefile` that cannot be read.
pub fn unreadable_nodefile(program: &str, path: &model::Text, why: &str) -> Refusal {
    Refusal::error(program, format!("slurm_allocate_resources error opening file {path}, {why}"), 255)
        .and(format!("{program}: error: Invalid --nodefile node file"))
}
