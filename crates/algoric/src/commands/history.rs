//! `algoric history`.

use api::{HistoryRow, Reply, Request};

use super::{House, why::target};
use crate::{
    client::ClientError,
    exit,
    show::{self, Column, Format, Noun, text},
    words::Words,
};

/// Shows every change of a job's state, with its reason
#[derive(clap::Args)]
pub struct Args {
    /// The job, as squeue names it
    #[arg(value_name = "JOB")]
    job: String,

    #[command(flatten)]
    format: Format,
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
    let job = target(&args.job)?.id;
    match house.call()?.ask(&Request::History(job))? {
        Reply::History(rows) => show::list(&rows, args.format, &house.words)?,
        _ => return Err(ClientError::Unfit.into()),
    }
    Ok(exit::OK)
}
