//! The script file of the supervisor's run. Making and removing a directory and a file for each run costs a tenth of a
//! short job, and many times as much on ext4, which avoids the numbers of files that were just removed. So the last one
//! is kept for a moment: the next run of the same user gets it under another name, rewritten unless it has the same
//! script (the tasks of an array do). Must not know when runs begin and end.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::{JobId, Uid};

use super::super::clock;
use super::super::places::Places;
use super::super::protocol::Launch;

/// A script that lies aside is removed after this.
const KEEP: Duration = Duration::from_millis(500);
/// Longer ones are not compared.
const LONGEST: usize = 32 << 10;

/// The file that is there.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    there: Option<There>,
}

#[derive(Debug)]
struct There {
    /// Whose name it has; `None`: it lies aside, under the slot's.
    job: Option<JobId>,
    uid: Uid,
    /// Empty: too long to be compared.
    content: Vec<u8>,
    /// What changes whenever its owner touches it.
    state: State,
    /// Since when it lies aside.
    since: Duration,
}

/// Inode, length, and change time, which nobody can set.
type State = (u64, u64, i64, i64);

impl Scripts {
    /// Lays the script of a launch; says where.
    pub(super) fn put(&mut self, places: &Places, slot: u32, launch: &Launch, content: &[u8]) -> io::Result<PathBuf> {
        let (job, uid) = (launch.run.job, launch.owner.uid);
        let path = places.script_path(job);
        if let Some(there) = &mut self.there
            && (there.job, there.uid) == (None, uid)
            && places.take_script(slot, job).is_ok()
        {
            there.job = Some(job);
            let same = there.content == content && state(&path).is_ok_and(|state| state == there.state);
            if same || places.rewrite_script(job, content).is_ok() {
                return self.keep(job, uid, content, path);
            }
        }
        self.clear(places, slot);
        places.write_script(job, &launch.owner, content)?;
        self.keep(job, uid, content, path)
    }

    fn keep(&mut self, job: JobId, uid: Uid, content: &[u8], path: PathBuf) -> io::Result<PathBuf> {
        let kept = if content.len() <= LONGEST { content.to_vec() } else { Vec::new() };
        let state = state(&path)?;
        self.there = Some(There { job: Some(job), uid, content: kept, state, since: Duration::ZERO });
        Ok(path)
    }

    /// The run is over: its script is laid aside, or removed.
    pub(super) fn lay_aside(&mut self, places: &Places, slot: u32) {
        let Some(there) = &mut self.there else { return };
        match there.job.take() {
            Some(job) if places.lay_script_aside(slot, job).is_ok() => {
                there.since = clock::since_boot();
            }
            job => {
                there.job = job;
                self.clear(places, slot);
            }
        }
    }

    /// When a script that lies aside is to go.
    pub(super) fn due(&self) -> Option<Duration> {
        self.there.as_ref().map(|there| there.since + KEEP)
    }

    /// Removes it if its time has come. Only to be called between runs.
    pub(super) fn tick(&mut self, places: &Places, slot: u32) {
        if self.due().is_some_and(|due| due <= clock::since_boot()) {
            self.clear(places, slot);
        }
    }

    /// Removes it.
    pub(super) fn clear(&mut self, places: &Places, slot: u32) {
        match self.there.take().map(|there| there.job) {
            Some(Some(job)) => places.remove_script(job).unwrap_or_default(),
            Some(None) => places.remove_aside(slot).unwrap_or_default(),
            None => {}
        }
    }
}

fn state(path: &Path) -> io::Result<State> {
    let about = std::fs::symlink_metadata(path)?;
    Ok((about.ino(), about.len(), about.ctime(), about.ctime_nsec()))
}
