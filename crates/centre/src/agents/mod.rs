//! The machines that report by themselves: who they are, what they told last, and their energy. Nothing here holds anything
//! else up: a machine that is silent is shown so, and all of them may be.
//!
//! - [`take`]: a report comes in; what is answered, is on disk.
//! - [`account`]: a machine's readings become energy of runs, when it is known which runs were there.
//! - [`runs`]: which runs of the cluster hold what of which machine.
//! - [`people`]: who may let a machine in, and who asks how they are.
//! - [`drain`]: a machine that is not well takes no more jobs, if the operator wants it so.
//!
//! Must not know how a report gets here, nor how a meter is read.

mod account;
mod drain;
mod people;
mod runs;
mod take;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use energy::Interval;
use model::{Span, Time};
use node::{About, Sample, health::Finding};
use store::{Reader, SecretHash, StoreError, StoredAgent};

use account::Account;

/// All of them.
#[derive(Default)]
pub(crate) struct Agents {
    pub(super) all: BTreeMap<Arc<str>, Agent>,
    pub(super) by_key: HashMap<[u8; 32], Arc<str>>,
    pub(super) runs: runs::Runs,
}

/// One machine.
pub(crate) struct Agent {
    name: Arc<str>,
    /// By which it is known; `None`: it is none of ours.
    key: Option<[u8; 32]>,
    /// A word that lets it in: its hash, and until when.
    invited: Option<(SecretHash, Time)>,
    seen: Option<Time>,
    /// When that was last written down.
    seen_written: Time,
    /// The number of its last reading that we have.
    taken: u64,
    lost: u64,
    about: Option<About>,
    health: Vec<Finding>,
    /// By how much its clock goes ahead of ours.
    clock: Option<Span>,
    /// Readings that are not shared yet, the first of them,
    waiting: VecDeque<Waiting>,
    /// the last number that was among them,
    kept: u64,
    /// and the last that waits in the file only.
    beyond: Option<u64>,
    account: Option<Account>,
    latest: Option<Interval>,
    drain: drain::Order,
}

/// A reading that is not shared yet.
struct Waiting {
    number: u64,
    at: Time,
    /// When it came, or was read back.
    came: Time,
    sample: Sample,
}

/// So many readings of a machine are in memory; the others wait in the file.
const MOST_WAITING: usize = 512;

impl Agents {
    /// As they are in the file.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(crate) fn load(reader: &Reader) -> Result<Self, StoreError> {
        let mut agents = Self::default();
        for stored in reader.agents()? {
            let mut agent = Agent::of(stored);
            agent.fetch(reader, crate::service::clock());
            // What is not there by now was shared.
            agent.beyond = agent.beyond.filter(|_| agent.waiting.len() == MOST_WAITING);
            if let Some(key) = agent.key {
                agents.by_key.insert(key, agent.name.clone());
            }
            agents.all.insert(agent.name.clone(), agent);
        }
        Ok(agents)
    }

    /// The machine that has this key.
    fn known(&mut self, key: &[u8; 32]) -> Option<&mut Agent> {
        let name = self.by_key.get(key)?;
        self.all.get_mut(name)
    }

    /// Whether any machine was ever let in.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}

impl Agent {
    fn of(stored: StoredAgent) -> Self {
        let StoredAgent { name, key, invited, seen, taken, lost, about, health } = stored;
        // What another version wrote is told again with the next report.
        let about = about.and_then(|text| serde_json::from_str(&text).ok());
        let health = health.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
        Self {
            name: Arc::from(name),
            key,
            invited,
            seen,
            seen_written: seen.unwrap_or(Time(0)),
            taken,
            lost,
            about,
            health,
            clock: None,
            waiting: VecDeque::new(),
            kept: 0,
            beyond: Some(taken).filter(|taken| *taken > 0),
            account: None,
            latest: None,
            drain: drain::Order::default(),
        }
    }

    fn new(name: &str) -> Self {
        Self::of(StoredAgent {
            name: name.to_owned(),
            key: None,
            invited: None,
            seen: None,
            taken: 0,
            lost: 0,
            about: None,
            health: None,
        })
    }

    fn is_silent(&self, now: Time) -> bool {
        node::report::silence(self.seen, now).is_some()
    }
}
