//! What a priority is made of, and what everybody's share is: for those who ask why. Must not know how it is shown.

use model::{JobId, Span, Time, Uid};

use crate::config::Weights;
use crate::state::State;

/// A waiting job's priority, taken apart; each part is weighted already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parts {
    /// For its time in the queue.
    pub age: i64,
    /// For using little lately.
    pub fair_share: i64,
    /// For its size.
    pub size: i64,
    /// For its partition.
    pub partition: i64,
    /// For its QOS.
    pub qos: i64,
    /// What an operator set instead of the sum.
    pub fixed: Option<u32>,
}

/// What one user of one project used, and what that makes of their jobs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Share {
    /// Project.
    pub account: String,
    /// User.
    pub uid: Uid,
    /// CPU-milliseconds, faded.
    pub cpu_ms: u64,
    /// Fair-share factor, 0 to 65536.
    pub factor: u32,
}

impl State {
    /// What the priority of a waiting job is made of; `None`: no such job, or it does not wait.
    pub fn priority_parts(&self, id: JobId, now: Time) -> Option<Parts> {
        let job = self.jobs.get(&id).filter(|job| job.is_pending())?;
        let class = self.class_of(job);
        let fair = self.fair.factor(class.traits.account, self.uid_of(job));
        let [fair_share, size, partition, qos] = self.rules.parts(&class.standing, fair);
        let age = job.eligible.map_or(Span::ZERO, |eligible| now - eligible);
        let age = self.index.queue.ageing().points(age);
        Some(Parts { age, fair_share, size, partition, qos, fixed: class.traits.priority })
    }

    /// What each part may count for at most.
    pub fn weights(&self) -> Weights {
        self.rules.config.weights
    }

    /// Everybody who ever submitted: what they used, faded to the last time that shares were weighed.
    pub fn shares(&self) -> Vec<Share> {
        let mut shares: Vec<Share> = (self.fair.leaves())
            .map(|(account, uid, leaf)| Share {
                account: self.names.text(account).to_string(),
                uid,
                cpu_ms: leaf.used.saturating_add(leaf.recent),
                factor: leaf.factor,
            })
            .collect();
        shares.sort_by(|a, b| (&a.account, a.uid).cmp(&(&b.account, b.uid)));
        shares
    }
}
