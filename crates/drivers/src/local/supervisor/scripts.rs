//! The script file of the supervisor's run. The tasks of an array have one script, and making a directory and a file
//! for each costs a tenth of a short job: so the last one is kept for a moment, and only renamed where the next run
//! has the same. Must not know when runs begin and end.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::Duration;

use model::{JobId, Uid};

use super::super::clock;
use super::super::places::Places;
use super::super::protocol::Launch;

/// A script that nobody asked for again is removed after this.
const KEEP: Duration = Duration::from_millis(500);
/// Longer ones are not kept to be compared.
const LONGEST: usize = 32 << 10;

/// The file that is there.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    there: Option<There>,
}

#[derive(Debug)]
struct There {
    job: JobId,
    uid: Uid,
    /// Empty: too long to be kept.
    content: Vec<u8>,
    /// What changes whenever its owner touches it.
    state: State,
    /// When it was last asked for.
    at: Duration,
}

/// Inode, length, and change time, which nobody can set.
type State = (u64, u64, i64, i64);

impl Scripts {
    /// Lays the script of a launch; says where.
    pub(super) fn put(&mut self, places: &Places, launch: &Launch, content: &[u8]) -> io::Result<PathBuf> {
        let (job, uid) = (launch.run.job, launch.owner.uid);
        if let Some(there) = &mut self.there
            && there.uid == uid
            && !content.is_empty()
            && there.content == content
            && state(places, there.job).is_ok_and(|state| state == there.state)
            && places.rename_script(there.job, job).is_ok()
        {
            there.job = job;
            there.at = clock::since_boot();
            return Ok(places.script_path(job));
        }
        self.clear(places);
        let path = places.write_script(job, &launch.owner, content)?;
        let kept = if content.len() <= LONGEST { content.to_vec() } else { Vec::new() };
        self.there = Some(There { job, uid, content: kept, state: state(places, job)?, at: clock::since_boot() });
        Ok(path)
    }

    /// When a script that is no longer used is to go.
    pub(super) fn due(&self) -> Option<Duration> {
        self.there.as_ref().map(|there| there.at + KEEP)
    }

    /// Removes it if its time has come. Only to be called between runs.
    pub(super) fn tick(&mut self, places: &Places) {
        if self.due().is_some_and(|due| due <= clock::since_boot()) {
            self.clear(places);
        }
    }

    /// Removes it.
    pub(super) fn clear(&mut self, places: &Places) {
        if let Some(there) = self.there.take() {
            places.remove_script(there.job).unwrap_or_default();
        }
    }
}

fn state(places: &Places, job: JobId) -> io::Result<State> {
    let about = std::fs::symlink_metadata(places.script_path(job))?;
    Ok((about.ino(), about.len(), about.ctime(), about.ctime_nsec()))
}
