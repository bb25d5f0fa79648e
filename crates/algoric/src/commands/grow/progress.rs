//! What was done of a plan, on disk before anything else is done: `state.json`. Must not know how it is done.

use std::{collections::BTreeMap, fs, io::ErrorKind, path::PathBuf, sync::Mutex};

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::folder;

/// How far a step is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Done {
    /// It was so before us: nothing is ours to undo.
    Found,
    /// It may have been done, in part or whole.
    Begun,
    /// We did it.
    Ours,
}

/// One step's.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Mark {
    done: Done,
    /// Seconds since 1970.
    at_s: i64,
}

/// All steps', by their names.
pub struct Progress {
    path: PathBuf,
    marks: Mutex<BTreeMap<String, Mark>>,
}

impl Progress {
    /// Reads what is known.
    pub fn open(path: PathBuf) -> anyhow::Result<Self> {
        let marks = match fs::read_to_string(&path) {
            Ok(text) => serde_json::from_str(&text).with_context(|| path.display().to_string())?,
            Err(error) if error.kind() == ErrorKind::NotFound => BTreeMap::new(),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        Ok(Self { path, marks: Mutex::new(marks) })
    }

    /// How far a step is, if anything is known of it.
    pub fn of(&self, step: &str) -> Option<Done> {
        let marks = self.marks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        marks.get(step).map(|mark| mark.done)
    }

    /// Notes how far a step is; `None`: nothing of it is left.
    pub fn note(&self, step: &str, done: Option<Done>) -> anyhow::Result<()> {
        let mut marks = self.marks.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        match done {
            Some(done) => marks.insert(step.to_owned(), Mark { done, at_s: super::now_s() }),
            None => marks.remove(step),
        };
        folder::put(&self.path, &(serde_json::to_string_pretty(&*marks)? + "\n"), false)
    }
}
