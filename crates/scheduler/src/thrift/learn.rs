//! How long jobs really run: the mean of the last two of the same user with as many cores, else of the same user. It is
//! believed only while it has been nearer to the truth than the estimates were. Must not know when jobs run.

use std::collections::HashMap;

/// The last two run times of somebody.
#[derive(Clone, Copy, Debug)]
struct Last {
    newest: u32,
    before: u32,
}

/// What has been learned.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    by_size: HashMap<(i64, u32), Last>,
    by_user: HashMap<i64, Last>,
    /// Σ |run − estimate| and Σ |run − learned|, where there was something learned.
    missed: [u64; 2],
}

impl Learned {
    /// What history says, if there is any. Users below zero are not known.
    fn history(&self, user: i64, cores: u32) -> Option<u32> {
        let last = self.by_size.get(&(user, cores)).or_else(|| self.by_user.get(&user)).filter(|_| user >= 0)?;
        Some(((u64::from(last.newest) + u64::from(last.before)) / 2) as u32)
    }

    /// How long a job will run, as far as one can tell.
    pub fn run(&self, user: i64, cores: u32, estimate: u32) -> u32 {
        if self.missed[1] > self.missed[0] {
            return estimate;
        }
        self.history(user, cores).unwrap_or(estimate).clamp(1, estimate.max(1))
    }

    /// A job ran so long.
    pub fn note(&mut self, user: i64, cores: u32, estimate: u32, run: u32) {
        if let Some(said) = self.history(user, cores) {
            self.missed[0] += u64::from(run.abs_diff(estimate));
            self.missed[1] += u64::from(run.abs_diff(said.min(estimate)));
        }
        if user < 0 {
            return;
        }
        let push = |last: &mut Last| *last = Last { newest: run, before: last.newest };
        let first = Last { newest: run, before: run };
        self.by_size.entry((user, cores)).and_modify(push).or_insert(first);
        self.by_user.entry(user).and_modify(push).or_insert(first);
    }
}
