//! `algoric history`.

use std::path::PathBuf;

use anyhow::Context as _;
use api::{AccountQuery, HistoryRow, Reply, Request};
use simulator::{export, swf};

use super::{House, why::target};
use model::Time;

use crate::{
    client::ClientError,
    console, exit,
    show::{self, Column, Format, Noun, text},
    words::Words,
};

/// Shows every change of a job's state, with its reason; or writes down all that ran
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    /// The job, as squeue names it
    #[arg(value_name = "JOB", required = true)]
    job: Option<String>,

    #[command(flatten)]
    format: Format,

    #[command(subcommand)]
    whole: Option<Whole>,
}

/// About all jobs.
#[derive(clap::Subcommand)]
enum Whole {
    Export(ExportArgs),
}

/// Writes all that ran as a trace for `algoric simulate`, with numbers instead of names
#[derive(clap::Args)]
struct ExportArgs {
    /// In the Standard Workload Format, the only one there is
    #[arg(long, required = true)]
    swf: bool,

    /// Where to [default: standard output]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
}

impl Noun for HistoryRow {
    const COLUMNS: &'static [Column] =
        &[text("column-when"), text("column-job"), text("column-what"), text("column-detail")];

    fn name(&self) -> String {
        self.what.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let key = format!("history-{}", self.what);
        let what = if words.has(&key) { words.say(&key) } else { self.what.clone() };
        vec![words.time(self.at), self.id.to_string(), what, self.detail.clone()]
    }
}

/// Prints the list.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let name = match (&args.whole, &args.job) {
        (Some(Whole::Export(export)), _) => return write(export, house),
        (None, job) => job.as_deref().unwrap_or_default(),
    };
    let job = target(name)?.id;
    match house.call()?.ask(&Request::History(job))? {
        Reply::History(rows) => show::list(&rows, args.format, &house.words)?,
        _ => return Err(ClientError::Unfit.into()),
    }
    Ok(exit::OK)
}

/// Asks for all accounts, and writes them down.
fn write(args: &ExportArgs, house: &House) -> anyhow::Result<u8> {
    let mut centre = house.call()?;
    let cpus = match centre.ask(&Request::Nodes)? {
        Reply::Nodes(nodes) => nodes.iter().map(|node| node.cpus).sum(),
        _ => return Err(ClientError::Unfit.into()),
    };
    let query = AccountQuery {
        targets: None,
        users: None,
        all_users: true,
        since: Some(Time(0)),
        until: None,
        steps: false,
        duplicates: true,
    };
    let rows = centre.collect(&Request::Accounts(query), |reply| match reply {
        Reply::Accounts(rows) => Some(rows),
        _ => None,
    })?;
    let (trace, first) = export::trace(&rows, cpus);
    let mut text = b"; Version: 2.2\n; Computer: a centre run by Algoric\n".to_vec();
    if let Some(first) = first {
        text.extend(format!("; UnixStartTime: {}\n", first.seconds()).into_bytes());
    }
    text.extend(b"; Note: users, groups and queues are numbered as they first come up\n");
    swf::print(&trace, &mut text)?;
    match &args.file {
        Some(file) => std::fs::write(file, text).with_context(|| format!("{}", file.display()))?,
        None => console::print(text),
    }
    Ok(exit::OK)
}
