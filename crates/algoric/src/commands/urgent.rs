//! `algoric urgent`.

use api::Request;

use super::{House, why::target};
use crate::{console, exit};

/// Lets a job go first in a public emergency; work of low importance is displaced (operators)
///
/// Who ordered it, why, and what was displaced is kept: `algoric history JOB`.
#[derive(clap::Args)]
pub struct Args {
    /// The job, as squeue names it
    #[arg(value_name = "JOB")]
    job: String,

    /// What for; kept with the job
    #[arg(long, value_name = "TEXT")]
    because: String,
}

/// Gives the order.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let request = Request::Urgent { target: target(&args.job)?, why: args.because.clone() };
    house.call()?.order(&request)?;
    console::line(house.words.with("urgent-done", &[("job", args.job.as_str().into())]));
    Ok(exit::OK)
}
