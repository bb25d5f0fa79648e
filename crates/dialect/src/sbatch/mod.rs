//! `sbatch`: from its command line, its environment and the script to a job specification.
//!
//! Three steps, because a script has to be read in between by somebody who may read files:
//!
//! ```text
//! let line = sbatch::Line::read(&args)?;          // which script?
//! let bytes = /* read what line.source() says */;
//! let job = line.submission(bytes, &environ, &clock, root)?;
//! let spec = job.spec(&context);                  // to the centre, with job.script() and job.environment(&environ)
//! println!("{}", job.accepted(id));
//! ```

mod export;
mod rows;

pub use crate::submission::Context;
pub use export::{Export, environment_file};

use model::{ArraySpec, JobId, JobSpec, Text, TimeLimit};

use crate::environ::Variable;
use crate::errors::{Action, Refused};
use crate::getopt::{self, Given, Order};
use crate::refusal::Refusal;
use crate::script;
use crate::submission::{self, Asked, Holder, MEMORY, Reader, Row, join};
use crate::text::Clock;

/// The command's name in its messages.
const NAME: &str = "sbatch";

/// Where the script comes from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// A file, as typed: in the working directory, else in `PATH` where the name has no `/`.
    File(Text),
    /// Standard input.
    Stdin,
    /// `--wrap`: nothing to read.
    Wrap,
}

/// A command line that has been taken apart, before the script has been read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    args: Vec<Vec<u8>>,
    source: Source,
    rest: Vec<Text>,
    directory: Option<Text>,
}

impl Line {
    /// Takes the arguments (without the program's name) apart.
    ///
    /// # Errors
    /// Unknown options (exit code 255), script arguments beside `--wrap`; `--help` and `--version` as an answer.
    pub fn read(args: &[Vec<u8>]) -> Result<Self, Refusal> {
        let opts = Sbatch::opts();
        let line = getopt::read(NAME, &[&opts], args, Order::StopAtWord)
            .map_err(|message| submission::bad_option(NAME, message))?;
        if let Some(answer) = line.given.iter().find_map(|given| submission::answer(NAME, given.key, &opts)) {
            return Err(answer);
        }
        if line.rest.contains(&b":".as_slice()) {
            return Err(submission::heterogeneous(NAME));
        }
        let wrap = line.given.iter().any(|given| given.key == "wrap");
        let (source, rest) = match line.rest.split_first() {
            Some(_) if wrap => {
                return Err(Refusal::error(NAME, "Script arguments not permitted with --wrap option", 1));
            }
            None if wrap => (Source::Wrap, &[][..]),
            None => (Source::Stdin, &[][..]),
            Some((script, rest)) => (Source::File(Text::from(*script)), rest),
        };
        let chdir = line.given.iter().rev().find(|given| given.key == "chdir");
        let directory = chdir.and_then(|given| given.value).map(Text::from);
        Ok(Self { directory, args: args.to_vec(), source, rest: rest.iter().map(|word| Text::from(*word)).collect() })
    }

    /// Where the script comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// `--chdir` of the command line, as typed: where the script is looked for, too.
    pub fn directory(&self) -> Option<&Text> {
        self.directory.as_ref()
    }

    /// What `sbatch` says of a script that cannot be opened.
    pub fn unreadable(path: &Text) -> Refusal {
        Refusal::error(NAME, format!("Unable to open file {path}"), 1)
    }

    /// Puts the options of the script, of the environment and of the command line together, the later ones before the
    /// earlier ones. `script` is the script's content; ignored for `--wrap`.
    ///
    /// # Errors
    /// What `sbatch` refuses by itself, with its lines and exit code.
    pub fn submission(
        self,
        script: Vec<u8>,
        environ: &[Variable],
        clock: &Clock<'_>,
        root: bool,
    ) -> Result<Submission, Refusal> {
        let reader = Reader { program: NAME, clock, root };
        let mut all = Sbatch::default();
        if self.source != Source::Wrap {
            script::check(&script)?;
            all.take_directives(&reader, &script, &self.source)?;
        }
        let mut memory = all.asked.ways_of_memory();
        all.take_environ(&reader, rows::ENVIRON, environ)?;
        let opts = Sbatch::opts();
        let line = getopt::read(NAME, &[&opts], &self.args, Order::StopAtWord)
            .map_err(|message| submission::bad_option(NAME, message))?;
        for given in &line.given {
            all.take(&reader, given)?;
            memory.extend(MEMORY.into_iter().find(|way| *way == given.key));
        }
        if memory.len() > 1 {
            let fault = "sbatch: fatal: --mem, --mem-per-cpu, and --mem-per-gpu are mutually exclusive.";
            return Err(Refusal::line(fault, 1));
        }
        if let (Some(least), Some(TimeLimit::Span(most))) = (all.asked.time_min, all.asked.time_limit)
            && least > most
        {
            let fault = "Invalid time-min specification (exceeds job's time or other limits)";
            return Err(Refused::Other(fault.to_owned()).refusal(Action::Submit(NAME)));
        }
        let script = match &all.wrap {
            Some(command) if self.source == Source::Wrap => wrapped(command),
            _ => script,
        };
        if script.len() > script::MAX_SCRIPT {
            return Err(script::too_large());
        }
        let export = Export::parse(all.asked.export.as_ref().map(Text::as_bytes));
        Ok(Submission { all, source: self.source, args: self.rest, line: self.args, script, export })
    }
}

/// `sbatch`'s options as values.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sbatch {
    /// What describes the job.
    pub asked: Asked,
    /// `-a`.
    pub array: Option<ArraySpec>,
    /// `--export-file`.
    pub export_file: Option<Text>,
    /// `--get-user-env`.
    pub get_user_env: bool,
    /// `--parsable`.
    pub parsable: bool,
    /// `--test-only`.
    pub test_only: bool,
    /// `-W`.
    pub wait: bool,
    /// `--wrap`.
    pub wrap: Option<Text>,
}

impl Holder for Sbatch {
    const OWN: &'static [Row<Self>] = rows::OWN;

    fn asked(&mut self) -> &mut Asked {
        &mut self.asked
    }
}

impl Sbatch {
    fn take_directives(&mut self, reader: &Reader<'_>, script: &[u8], source: &Source) -> Result<(), Refusal> {
        let name = match source {
            Source::File(path) => path.lossy(),
            _ => "stdin".into(),
        };
        let words = script::directives(script, &name)?;
        let opts = Sbatch::opts();
        let line = getopt::read(NAME, &[&opts], &words, Order::StopAtWord)
            .map_err(|message| submission::bad_option(NAME, message))?;
        if let Some(word) = line.rest.first() {
            let word = String::from_utf8_lossy(word);
            return Err(Refusal::error(NAME, format!("Invalid directive found in batch script: {word}"), 255));
        }
        for given in line.given.iter().filter(|given| given.key != "wrap") {
            self.take(reader, &Given { ..*given })?;
        }
        Ok(())
    }
}

/// The script of `--wrap`.
fn wrapped(command: &Text) -> Vec<u8> {
    let mut script = b"#!/bin/sh\n# Made by sbatch from its option --wrap.\n\n".to_vec();
    script.extend_from_slice(command.as_bytes());
    script.push(b'\n');
    script
}

/// A submission that is ready to be sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Submission {
    all: Sbatch,
    source: Source,
    args: Vec<Text>,
    line: Vec<Vec<u8>>,
    script: Vec<u8>,
    export: Export,
}

impl Submission {
    /// The options as values: `--wait`, `--test-only`, `--export-file`, ...
    pub fn options(&self) -> &Sbatch {
        &self.all
    }

    /// The script to run.
    pub fn script(&self) -> &[u8] {
        &self.script
    }

    /// Which variables of the caller go along.
    pub fn export(&self) -> &Export {
        &self.export
    }

    /// The variables of the caller that go along, in the order of `environ`.
    pub fn environment(&self, environ: &[Variable]) -> Vec<Variable> {
        self.export.environment(environ)
    }

    /// The whole submission, as the centre takes it. Account, partition and QOS stay empty where they were not given.
    pub fn spec(&self, context: &Context) -> JobSpec {
        let asked = &self.all.asked;
        let command = match &self.source {
            Source::File(path) => Some(context.script.clone().unwrap_or_else(|| join(&context.cwd, path))),
            Source::Stdin | Source::Wrap => None,
        };
        JobSpec {
            array: self.all.array.clone(),
            requeue: asked.requeue.unwrap_or(true),
            stdin: asked.input.clone(),
            stdout: asked.output.clone(),
            stderr: asked.error.clone(),
            command,
            args: self.args.clone(),
            // `ALL` leaves no word of it in the job, as if nothing had been said.
            export: asked.export.clone().filter(|export| !export.as_bytes().eq_ignore_ascii_case(b"ALL")),
            get_user_env: self.all.get_user_env || self.export.wants_login(),
            batch: true,
            ..asked.spec(context, self.default_name(), submission::command_line(NAME, &self.line))
        }
    }

    fn default_name(&self) -> Text {
        match &self.source {
            Source::File(path) => Text::from(path.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default()),
            Source::Stdin => Text::from(NAME),
            Source::Wrap => Text::from("wrap"),
        }
    }

    /// What to print on standard output when the centre has taken the job: `Submitted batch job 35`, or only the
    /// number; empty for `--quiet`.
    pub fn accepted(&self, job: JobId) -> String {
        let cluster = self.all.asked.clusters.first();
        match (self.all.parsable, cluster) {
            (true, Some(cluster)) => format!("{job};{cluster}\n"),
            (true, None) => format!("{job}\n"),
            (false, _) if self.all.asked.quiet > 0 => String::new(),
            (false, Some(cluster)) => format!("Submitted batch job {job} on cluster {cluster}\n"),
            (false, None) => format!("Submitted batch job {job}\n"),
        }
    }
}

/// What `--test-only` prints on standard error.
pub fn would_start(
    program: &str,
    job: JobId,
    start: model::Time,
    cpus: u32,
    node: &str,
    partition: &str,
    zone: &jiff::tz::TimeZone,
) -> String {
    let start = crate::text::shown(|out| crate::text::put_timestamp(out, start, zone));
    format!("{program}: Job {job} to start at {start} using {cpus} processors on nodes {node} in partition {partition}")
}

/// The table of `sbatch`'s options for the docs, as Markdown.
pub fn table() -> String {
    submission::table(NAME, rows::OWN)
}
