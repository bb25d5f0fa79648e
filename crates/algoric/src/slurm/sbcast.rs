//! `sbcast`: a file for the machines of a job. There is one, this one, so it is copied.

use std::{
    fs::{self, File, FileTimes, OpenOptions},
    io,
    os::unix::{ffi::OsStrExt as _, fs::PermissionsExt as _},
    path::Path,
};

use api::{JobTarget, Reply, Request};
use dialect::{
    errors::Refused,
    refusal::Refusal,
    sbcast::{self, Options},
};
use model::{JobState, Text};

use super::{caller::Caller, refused::failed};
use crate::client::ClientError;

const NAME: &str = "sbcast";

/// Copies the file.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sbcast::parse(&caller.args, &caller.environ)?;
    let source = path(&options.source);
    let readable = File::open(source).and_then(|file| Ok((file.metadata()?, file)));
    let (about, file) = readable
        .map_err(|error| Refusal::error(NAME, format!("Can't open `{}`: {}", options.source, plain(&error)), 255))?;
    check_job(&options, caller)?;
    copy(file, &about, &options).map_err(|error| {
        let text = format!("REQUEST_FILE_BCAST({}): {}", super::caller::host(), plain(&error));
        // Slurm returns the system's number of the error.
        Refusal::error(NAME, text, error.raw_os_error().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
    })?;
    Ok(0)
}

/// The job must run: its machine is where the file goes.
fn check_job(options: &Options, caller: &Caller) -> Result<(), Refusal> {
    let refuse = |refused: Refused| Refusal::error(NAME, format!("Slurm job {}: {}", options.job, refused.text()), 1);
    let target = JobTarget { id: options.job, tasks: None };
    let asked = caller.call().and_then(|mut centre| {
        centre.collect(&Request::Details(vec![target]), |reply| match reply {
            Reply::Details(jobs) => Some(jobs),
            _ => None,
        })
    });
    match asked {
        Ok(jobs) if jobs.iter().any(|job| job.row.state == JobState::Running) => Ok(()),
        Ok(_) => Err(refuse(Refused::InvalidJobId)),
        Err(error @ ClientError::NoCentre { .. }) => Err(refuse(failed(error))),
        Err(error) => Err(refuse(failed(error))),
    }
}

fn copy(mut file: File, about: &fs::Metadata, options: &Options) -> io::Result<()> {
    let target = path(&options.target);
    let mut how = OpenOptions::new();
    how.write(true);
    if options.force {
        // A program that runs cannot be written to, but another file can take its name.
        match fs::remove_file(target) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    let mut copy = how.create_new(true).open(target)?;
    let done = io::copy(&mut file, &mut copy).and_then(|_| {
        // The owner may do with the copy what they may with the file, and read it in any case.
        fs::set_permissions(target, fs::Permissions::from_mode(about.permissions().mode() & 0o7777 | 0o400))?;
        if options.preserve {
            copy.set_times(FileTimes::new().set_accessed(about.accessed()?).set_modified(about.modified()?))?;
        }
        Ok(())
    });
    if done.is_err() {
        fs::remove_file(target).ok();
    }
    done
}

fn path(text: &Text) -> &Path {
    Path::new(std::ffi::OsStr::from_bytes(text.as_bytes()))
}

/// Rust adds the number to the system's words.
fn plain(error: &io::Error) -> String {
    let words = error.to_string();
    words.split(" (os error").next().unwrap_or(&words).to_owned()
}
