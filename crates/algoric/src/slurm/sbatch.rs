//! `sbatch`: submits a batch job.

use std::{
    env,
    fs::File,
    io::{self, Read as _},
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use api::{Reply, Request};
use dialect::{
    environ::Variable,
    environment,
    errors::{Action, Refused},
    refusal::Refusal,
    sbatch::{self, Line, Source, Submission},
    script::MAX_SCRIPT,
};
use model::{Exit, JobId, JobState, Text};

use super::{
    advice, asked,
    caller::{self, Caller},
    login,
    refused::failed,
};
use crate::{
    client::{Client, ClientError},
    commands::quote::sentences,
    console,
    words::Words,
};

const NAME: &str = "sbatch";

/// The greatest `--export-file` that is read.
const MAX_EXPORT_FILE: u64 = 4 << 20;

/// How often `--wait` looks whether a centre that went away is back.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// Submits; with `--wait` returns what the job returned.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let (job, submission) = prepare(caller)?;
    let mut centre = caller.call().map_err(refuse)?;
    asked::check_machine(NAME, &job.options().asked, &mut centre)?;
    // For a person: what it would take and cost, behind the line that programs read.
    let quote = (job.options().test_only && advice::is_wanted()).then(|| Request::Quote(Box::new(submission.clone())));
    match centre.ask(&Request::Submit(Box::new(submission))) {
        Ok(Reply::Submitted(id)) => {
            console::print(job.accepted(id));
            if job.options().wait { wait(id, centre, caller) } else { Ok(0) }
        }
        Ok(Reply::WouldStart { id, start, cpus, partition, node }) => {
            let clock = caller.clock();
            let nodes = asked::nodes(&mut centre).map_err(refuse)?;
            if nodes.iter().all(|node| node.cpus < cpus) {
                return Err(tested(Refused::NodeConfigUnavailable(String::new())));
            }
            let start = start.unwrap_or(clock.now);
            console::complain(sbatch::would_start(NAME, id, start, cpus, &node, &partition, clock.zone) + "\n");
            if let Some(Ok(Reply::Quote(quote))) = quote.map(|request| centre.ask(&request)) {
                let said = sentences(&quote, clock.now, &Words::of_environment());
                said.iter().for_each(|line| console::complain(format!("algoric: {line}\n")));
            }
            Ok(0)
        }
        Ok(_) => Err(refuse(ClientError::Unfit)),
        Err(ClientError::WentAway) => Err(unknown()),
        Err(error) if job.options().test_only => Err(tested(failed(error))),
        Err(error) => Err(refuse(error)),
    }
}

/// What `--test-only` says of a job that would be refused, or would wait for ever.
fn tested(refused: Refused) -> Refusal {
    let message = refused.message().map(|message| format!("{NAME}: error: {message}"));
    let mut refusal = Refusal { exit: 1, ..Refusal::default() };
    refusal.lines.extend(message);
    refusal.and(format!("allocation failure: {}", refused.text()))
}

fn refuse(error: ClientError) -> Refusal {
    failed(error).refusal(Action::Submit(NAME))
}

/// The order was sent and nothing came back: the job may be on disk or not.
fn unknown() -> Refusal {
    Refusal::error(NAME, "Batch job submission: the centre went away before it answered.", 1)
        .and(format!(
            "{NAME}: error: The job may or may not have been accepted: look with \"squeue --me\" or \"sacct\""
        ))
        .and(format!("{NAME}: error: when the centre is back, before you submit it again."))
}

/// The command line with its script, understood, and as the centre takes it.
pub fn prepare(caller: &Caller) -> Result<(Submission, api::Submission), Refusal> {
    let line = Line::read(&caller.args)?;
    let (script, path) = read_script(&line)?;
    let job = line.submission(script, &caller.environ, &caller.clock(), caller.is_root())?;
    let submission = complete(&job, path, caller)?;
    Ok((job, submission))
}

fn read_script(line: &Line) -> Result<(Vec<u8>, Option<Text>), Refusal> {
    match line.source() {
        Source::Wrap => Ok((Vec::new(), None)),
        Source::Stdin => match bounded(io::stdin()) {
            Ok(script) => Ok((script, None)),
            Err(error) => Err(Refusal::error(NAME, format!("Unable to read standard input: {error}"), 1)),
        },
        Source::File(name) => {
            let path = below(line.directory(), name).unwrap_or_else(|| find(name));
            match File::open(&path).and_then(bounded) {
                Ok(script) => Ok((script, absolute(path))),
                // Opened, and nothing to read.
                Err(error) if error.kind() == io::ErrorKind::IsADirectory => Ok((Vec::new(), None)),
                Err(_) => Err(Line::unreadable(name)),
            }
        }
    }
}

/// One byte more than is taken shows that there is too much, whatever the file's size.
fn bounded(file: impl io::Read) -> io::Result<Vec<u8>> {
    let mut script = Vec::new();
    file.take(MAX_SCRIPT as u64 + 1).read_to_end(&mut script)?;
    Ok(script)
}

/// A script is looked for in the folder of `--chdir` first.
fn below(directory: Option<&Text>, name: &Text) -> Option<PathBuf> {
    let directory = Path::new(std::ffi::OsStr::from_bytes(directory?.as_bytes()));
    let found = std::path::absolute(directory.join(std::ffi::OsStr::from_bytes(name.as_bytes()))).ok()?;
    found.is_file().then_some(found)
}

/// As typed; a name without `/` that is not here is looked for in `PATH`.
fn find(name: &Text) -> PathBuf {
    let typed = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())).to_owned();
    if name.as_bytes().contains(&b'/') || typed.exists() {
        return typed;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path).map(|directory| directory.join(&typed)).find(|found| found.is_file()).unwrap_or(typed)
}

/// Only for what was found in `PATH`: the rest is below the working directory, which `dialect` knows.
fn absolute(path: PathBuf) -> Option<Text> {
    path.is_absolute().then(|| Text::from(path.into_os_string().into_vec()))
}

fn complete(job: &Submission, script: Option<Text>, caller: &Caller) -> Result<api::Submission, Refusal> {
    let context = asked::context(NAME, caller, script)?;
    let spec = job.spec(&context);
    let variables = match &job.options().export_file {
        Some(file) => exported(file)?,
        None => job.environment(&caller.environ),
    };
    let mut variables = if spec.get_user_env { with_login(variables) } else { variables };
    variables.push(environment::niceness(caller::niceness()));
    Ok(api::Submission {
        spec,
        script: job.script().to_vec(),
        environment: variables.into_iter().map(|(name, value)| (Text::from(name), Text::from(value))).collect(),
        form: None,
        test_only: job.options().test_only,
    })
}

/// What a login gives, and over it what goes along.
fn with_login(along: Vec<Variable>) -> Vec<Variable> {
    match login::environment() {
        Some(login) => login::over_login(login, along),
        None => {
            console::complain(format!("{NAME}: error: Unable to get the login environment, it is left out\n"));
            along
        }
    }
}

fn exported(file: &Text) -> Result<Vec<Variable>, Refusal> {
    let path = Path::new(std::ffi::OsStr::from_bytes(file.as_bytes()));
    let mut bytes = Vec::new();
    match File::open(path).and_then(|open| open.take(MAX_EXPORT_FILE).read_to_end(&mut bytes)) {
        Ok(_) => Ok(sbatch::environment_file(&bytes)),
        Err(_) => Err(Refusal::error(NAME, format!("Could not open user environment file {file}"), 1)),
    }
}

/// Waits for the end of the job, also across a restart of the centre.
fn wait(id: JobId, mut centre: Client, caller: &Caller) -> Result<u8, Refusal> {
    loop {
        match centre.ask(&Request::Wait(id)) {
            Ok(Reply::Ended { state, exit }) => return Ok(exit_code(state, exit)),
            Ok(_) => return Err(refuse(ClientError::Unfit)),
            Err(ClientError::WentAway) => {}
            // Over for so long that the queue has forgotten it.
            Err(error) => match failed(error) {
                Refused::ContactFailed => {}
                other => return Err(other.refusal(Action::Submit(NAME))),
            },
        }
        centre = loop {
            thread::sleep(LOOK_AGAIN);
            if let Ok(back) = caller.call() {
                break back;
            }
        };
    }
}

/// What the job returned; 1 for what was ended from outside, so that no such job passes for done.
fn exit_code(state: JobState, exit: Exit) -> u8 {
    match (state, exit) {
        (JobState::Completed, _) => 0,
        (_, Exit { code: 1.., .. }) => exit.code,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wait_returns_what_the_job_did() {
        for (state, code, signal, expected) in [
            (JobState::Completed, 0, 0, 0),
            (JobState::Failed, 3, 0, 3),
            (JobState::Failed, 0, 15, 1),
            (JobState::Timeout, 0, 15, 1),
            (JobState::Cancelled, 0, 0, 1),
        ] {
            assert_eq!(exit_code(state, Exit { code, signal }), expected, "{state}");
        }
    }
}
