//! `algoric backup`, `restore`, `check`: the data file as a whole.

use std::path::{Path, PathBuf};

use store::CheckReport;

use super::House;
use crate::{client::Client, console, exit, report::Fault};

/// Copies the data file, also while the centre runs; the copy is checked
#[derive(clap::Args)]
pub struct BackupArgs {
    /// The copy
    file: PathBuf,
}

/// Puts a backup in the place of the data file; no centre may be running
///
/// The data file is kept beside it, with the ending .before-restore.
#[derive(clap::Args)]
pub struct RestoreArgs {
    /// The backup
    file: PathBuf,
}

/// Reads a whole data file and says whether it is sound
#[derive(clap::Args)]
pub struct CheckArgs {
    /// The data file or backup; default: the centre's own
    file: Option<PathBuf>,
}

/// A copy.
pub fn backup(args: &BackupArgs, house: &House) -> anyhow::Result<u8> {
    let report = store::backup(&data_file(house), &args.file)?;
    say("backup-done", &args.file, &report, house);
    Ok(exit::OK)
}

/// Back from a copy.
pub fn restore(args: &RestoreArgs, house: &House) -> anyhow::Result<u8> {
    if Client::connect(&house.place).is_ok() {
        let data = house.place.data().display().to_string();
        return Err(Fault::new("restore-running", [("data", data)]).into());
    }
    let report = store::restore(&args.file, &data_file(house))?;
    say("restore-done", &args.file, &report, house);
    Ok(exit::OK)
}

/// Is it sound?
pub fn check(args: &CheckArgs, house: &House) -> anyhow::Result<u8> {
    let file = args.file.clone().unwrap_or_else(|| data_file(house));
    let report = store::check(&file)?;
    say("check-done", &file, &report, house);
    Ok(exit::OK)
}

fn data_file(house: &House) -> PathBuf {
    centre::Paths::new(house.place.data()).database()
}

fn say(key: &str, file: &Path, report: &CheckReport, house: &House) {
    let gaps = [
        ("file", file.display().to_string().into()),
        ("submissions", report.submissions.into()),
        ("open", report.open.into()),
        ("runs", report.runs.into()),
        ("size", house.words.memory(report.bytes >> 20).into()),
    ];
    console::line(house.words.with(key, &gaps));
}
