//! Scripts, environments and submissions that were seen lately: most jobs start soon after they came, and many share
//! their environment. Everything here can be read again from the data file.

use std::{
    collections::{HashMap, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use model::JobId;
use store::{BlobId, StoredSubmission};

/// So many submissions are remembered...
const SUBMISSIONS: usize = 512;
/// ...of so many bytes together...
const RECENT_BYTES: usize = 32 << 20;
/// ...and so many scripts and environments, of so many bytes together.
const BLOBS: usize = 256;
const BLOB_BYTES: usize = 8 << 20;

/// A script or an environment, numbered by content.
#[derive(Clone)]
pub(crate) struct Blob {
    pub(crate) id: BlobId,
    pub(crate) bytes: Arc<[u8]>,
}

/// What is remembered.
pub(crate) struct Submissions {
    recent: HashMap<JobId, Arc<StoredSubmission>>,
    /// Scripts and environments of these, counted for each though many share them.
    recent_bytes: usize,
    order: VecDeque<JobId>,
    blobs: VecDeque<(u64, Blob)>,
    blob_bytes: usize,
    next_blob: i64,
}

impl Submissions {
    pub(crate) fn new(next_blob: i64) -> Self {
        Self {
            recent: HashMap::new(),
            recent_bytes: 0,
            order: VecDeque::new(),
            blobs: VecDeque::new(),
            blob_bytes: 0,
            next_blob,
        }
    }

    /// The number of this content, and whether it is new and must be written.
    pub(crate) fn blob(&mut self, bytes: Vec<u8>) -> (Blob, bool) {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some((_, known)) = self.blobs.iter().find(|(known, blob)| *known == hash && *blob.bytes == *bytes) {
            return (known.clone(), false);
        }
        let blob = Blob { id: BlobId(self.next_blob), bytes: Arc::from(bytes) };
        self.next_blob += 1;
        self.blob_bytes += blob.bytes.len();
        self.blobs.push_back((hash, blob.clone()));
        while self.blobs.len() > BLOBS || (self.blob_bytes > BLOB_BYTES && self.blobs.len() > 1) {
            if let Some((_, old)) = self.blobs.pop_front() {
                self.blob_bytes -= old.bytes.len();
            }
        }
        (blob, true)
    }

    /// Nothing that is in the file is taken for the same any more.
    pub(crate) fn forget_contents(&mut self) {
        *self = Self::new(self.next_blob);
    }

    /// Nothing of what was not written may be taken for written.
    pub(crate) fn forget_all(&mut self, next_blob: i64) {
        *self = Self::new(next_blob);
    }

    pub(crate) fn remember(&mut self, submission: StoredSubmission) -> Arc<StoredSubmission> {
        let id = submission.id;
        let submission = Arc::new(submission);
        self.recent_bytes += weight(&submission);
        match self.recent.insert(id, submission.clone()) {
            Some(old) => self.recent_bytes -= weight(&old),
            None => self.order.push_back(id),
        }
        while self.order.len() > SUBMISSIONS || (self.recent_bytes > RECENT_BYTES && self.order.len() > 1) {
            let Some(old) = self.order.pop_front() else { break };
            if let Some(old) = self.recent.remove(&old) {
                self.recent_bytes -= weight(&old);
            }
        }
        submission
    }

    /// A submission.
    pub(crate) fn get(&self, id: JobId) -> Option<Arc<StoredSubmission>> {
        self.recent.get(&id).cloned()
    }

    /// Nothing of it is left to launch.
    pub(crate) fn forget(&mut self, id: JobId) {
        let Some(old) = self.recent.remove(&id) else { return };
        self.recent_bytes -= weight(&old);
        if self.order.len() > 2 * SUBMISSIONS.min(self.recent.len().max(8)) {
            let recent = &self.recent;
            self.order.retain(|id| recent.contains_key(id));
        }
    }
}

fn weight(submission: &StoredSubmission) -> usize {
    let args = submission.spec.args.iter().map(|arg| arg.as_bytes().len()).sum::<usize>();
    submission.script.len() + submission.environment.len() + args + 1024
}
