//! How long jobs really run: the mean of the last two of the same user with as many cores, else of the same user. It is
//! believed only while it has been nearer to the truth than the estimates were. Must not know when jobs run.

use std::collections::HashMap;

/// The last two run times of somebody.
#[derive(Clone, Copy, Debug)]
struct Last {
    newest: u32,
    before: u32,
}

/// Whose jobs are meant, and with how many cores: places in what was learned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    /// Users are counted from 0.
    pub user: u32,
    size: u32,
}

/// What has been learned.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    users: HashMap<i64, u32>,
    sizes: HashMap<(u32, u32), u32>,
    by_user: Vec<Option<Last>>,
    by_size: Vec<Option<Last>>,
    /// Σ |run − estimate| and Σ |run − learned|, where there was something learned.
    missed: [u64; 2],
}

impl Learned {
    /// Somebody with so many cores; users below zero are not known.
    pub fn who(&mut self, user: i64, cores: u32) -> Option<Who> {
        if user < 0 {
            return None;
        }
        let user = number(&mut self.users, user, &mut self.by_user);
        let size = number(&mut self.sizes, (user, cores), &mut self.by_size);
        Some(Who { user, size })
    }

    /// How many users there are.
    pub fn users(&self) -> usize {
        self.by_user.len()
    }

    /// What history says, if there is any.
    fn history(&self, who: Option<Who>) -> Option<u32> {
        let Who { user, size } = who?;
        let last = self.by_size[size as usize].or(self.by_user[user as usize])?;
        Some(((u64::from(last.newest) + u64::from(last.before)) / 2) as u32)
    }

    fn is_believed(&self) -> bool {
        self.missed[1] <= self.missed[0]
    }

    /// How long a job will run, as far as one can tell.
    pub fn run(&self, who: Option<Who>, estimate: u32) -> u32 {
        let history = self.history(who).filter(|_| self.is_believed());
        history.unwrap_or(estimate).clamp(1, estimate.max(1))
    }

    /// A job ran so long. Says whether history is believed now and was not before, or the other way round.
    pub fn note(&mut self, who: Option<Who>, estimate: u32, run: u32) -> bool {
        let believed = self.is_believed();
        if let Some(said) = self.history(who) {
            self.missed[0] += u64::from(run.abs_diff(estimate));
            self.missed[1] += u64::from(run.abs_diff(said.min(estimate)));
        }
        if let Some(Who { user, size }) = who {
            for last in [&mut self.by_user[user as usize], &mut self.by_size[size as usize]] {
                *last = Some(Last { newest: run, before: last.map_or(run, |last| last.newest) });
            }
        }
        believed != self.is_believed()
    }
}

/// The number of a key; the next one if it is new.
fn number<K: std::hash::Hash + Eq>(keys: &mut HashMap<K, u32>, key: K, of_each: &mut Vec<Option<Last>>) -> u32 {
    *keys.entry(key).or_insert_with(|| {
        of_each.push(None);
        of_each.len() as u32 - 1
    })
}
