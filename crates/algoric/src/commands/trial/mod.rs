//! `algoric try`: a private centre for a minute, with real work, shown as it goes; nothing of it stays but the result.

mod board;
mod centre;
mod interrupt;
mod show;
mod study;

use std::{
    env, fs,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use api::{AccountQuery, JobTarget, Reply, Request};
use model::{AccountRow, JobState};

use self::{board::Board, centre::PrivateCentre, show::Screen, study::Study};
use super::House;
use crate::{client::Client, console, exit, report::Fault, words::Words};

/// The picture's name where the reader stands.
const PICTURE: &str = "algoric-flood.png";

/// How often the screen is brought up to date.
const BEAT: Duration = Duration::from_millis(150);

/// Shows a whole centre at work in less than a minute, then takes it away again
///
/// Starts a private centre in a temporary directory, submits a study of floods to it (six scenarios of rain as a job
/// array, then a map that depends on them), shows how it goes, and copies the map to ./algoric-flood.png. Nothing else
/// stays. Needs no installation and no rights.
#[derive(clap::Args)]
pub struct Args {
    /// Leave everything in this new directory: data of the centre, scripts, results, picture
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

/// The whole visit.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let words = &house.words;
    let begun = Instant::now();
    let goal = goal(args)?;
    interrupt::watch()?;
    console::line(words.say("try-begin"));
    let mut centre = PrivateCentre::start(args.keep.as_deref(), words)?;
    let study = Study::submit(&centre)?;
    centre.will_cancel(study.jobs());
    console::line(words.with("try-submitted", &[("array", study.array.0.into()), ("map", study.map.0.into())]));
    let rows = watch(&study, &centre, words)?;
    console::print(show::used(&rows, &study, words));
    if rows.iter().any(|row| row.step.is_none() && row.state != JobState::Completed) {
        return Err(failure(&study, &rows).into());
    }
    if args.keep.is_none() {
        copy_whole(&study.picture, &goal)?;
    }
    let picture = if args.keep.is_some() { study.picture.clone() } else { goal };
    centre.end();
    let gaps = [
        ("picture", picture.display().to_string().into()),
        ("span", words.span(model::Span(begun.elapsed().as_millis() as i64)).into()),
    ];
    console::print(format!("\n{}\n{}\n", words.with("try-done", &gaps), words.say("try-next")));
    Ok(exit::OK)
}

/// Where the picture will be. What cannot work is said before the work, not after it.
fn goal(args: &Args) -> anyhow::Result<PathBuf> {
    if let Some(keep) = &args.keep {
        let empty = fs::read_dir(keep).map_or(true, |mut entries| entries.next().is_none());
        let shown = keep.display().to_string();
        return if empty { Ok(keep.clone()) } else { Err(Fault::new("try-keep-full", [("directory", shown)]).into()) };
    }
    let here = env::current_dir().context("the working directory is gone")?;
    let goal = here.join(PICTURE);
    let probe = partial(&goal);
    if fs::write(&probe, []).and_then(|()| fs::remove_file(&probe)).is_err() || goal.is_dir() {
        return Err(Fault::new("try-cannot-write", [("directory", here.display().to_string())]).into());
    }
    Ok(goal)
}

/// Shows the study until its last job is over; returns what the accounts say then.
fn watch(study: &Study, centre: &PrivateCentre, words: &Words) -> anyhow::Result<Vec<AccountRow>> {
    let mut client = centre.call()?;
    let mut screen = Screen::new(words, study.tasks());
    loop {
        if interrupt::came() {
            return Err(Fault::new("try-interrupted", []).code(exit::INTERRUPTED).into());
        }
        let rows = accounts(study, &mut client)?;
        let board = Board::of(&rows, study);
        screen.show(&board);
        if board.is_over() {
            screen.end();
            return Ok(rows);
        }
        thread::sleep(BEAT);
    }
}

fn accounts(study: &Study, client: &mut Client) -> anyhow::Result<Vec<AccountRow>> {
    let targets = study.jobs().map(|id| JobTarget { id, tasks: None }).to_vec();
    let query = AccountQuery { targets: Some(targets), all_users: true, steps: true, ..AccountQuery::default() };
    let rows = client.collect(&Request::Accounts(query), |reply| match reply {
        Reply::Accounts(rows) => Some(rows),
        _ => None,
    })?;
    Ok(rows)
}

fn failure(study: &Study, rows: &[AccountRow]) -> Fault {
    let bad = rows.iter().find(|row| row.step.is_none() && row.state != JobState::Completed);
    let (task, state) = bad.map_or_else(Default::default, |row| (study.name_of(row), row.state.to_string()));
    let log = bad.map(|row| study.log_of(row)).and_then(|log| fs::read_to_string(log).ok()).unwrap_or_default();
    Fault::new("try-failed", [("task", task), ("state", state), ("log", log.trim().to_owned())])
}

/// Another name first: a picture under its own name is whole.
fn copy_whole(from: &Path, to: &Path) -> anyhow::Result<()> {
    let partial = partial(to);
    fs::copy(from, &partial)
        .and_then(|_| fs::rename(&partial, to))
        .with_context(|| format!("cannot copy the picture to {}", to.display()))
}

fn partial(path: &Path) -> PathBuf {
    path.with_extension("png.partial")
}
