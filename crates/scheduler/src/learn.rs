//! How long jobs really run, learned from those that are over: by member, application and size, else by member and
//! application, else by member. It is believed only while it has been nearer to the truth than the member's own time
//! limits were. Must not know when jobs run.
//!
//! [`crate::thrift`] learns by the mean of the last two, for itself: its figures were found with that.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher};

use model::{Span, Uid};

/// So many of the latest run times count.
const LAST: usize = 15;
/// Fewer say nothing.
const LEAST: usize = 3;
/// After so many scores the past counts half: members change.
const FADE: u32 = 50;
/// What is remembered at most: who was not heard of for longest is forgotten first.
const MOST: usize = 50_000;

/// A job as far as its run time depends on it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked<'a> {
    /// Whose.
    pub user: Uid,
    /// What runs, as [`application`] says it.
    pub application: &'a [u8],
    /// CPUs.
    pub cpus: u32,
    /// Its time limit; `None`: it has none.
    pub limit: Option<Span>,
}

/// What a run time is learned from.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Basis {
    /// The same member's jobs of the same application with as many CPUs.
    Same,
    /// The same member's jobs of the same application.
    Application,
    /// All jobs of the same member.
    Member,
}

/// How long a job is expected to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Expectation {
    /// One of ten was shorter.
    pub low: Span,
    /// Half were shorter.
    pub middle: Span,
    /// One of ten was longer.
    pub high: Span,
    /// How many runs say so.
    pub runs: u32,
    /// Which.
    pub basis: Basis,
}

type Key = (Uid, Basis, Box<[u8]>, u32);

/// A hasher without a random seed, so that two runs do the same.
type Hasher = BuildHasherDefault<DefaultHasher>;

#[derive(Clone, Debug, Default)]
struct Runs {
    last: VecDeque<Span>,
    /// When it was last added to, in notes.
    touched: u64,
}

/// How far off both were, in milliseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    limits: u128,
    learned: u128,
    count: u32,
}

/// What has been learned.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    runs: HashMap<Key, Runs, Hasher>,
    scores: HashMap<Uid, Score, Hasher>,
    notes: u64,
}

/// What runs: the job's name, which is that of its script unless its owner says another, without digits: `flood_0012`
/// and `flood_0013` are alike.
pub fn application(name: &[u8]) -> Box<[u8]> {
    name.iter().copied().filter(|byte| !byte.is_ascii_digit()).collect()
}

impl Learned {
    /// How long a job is expected to run, no longer than its limit. `None`: too little is known, or the member's own
    /// limits were nearer to the truth.
    pub fn expect(&self, asked: &Asked) -> Option<Expectation> {
        let believed = self.scores.get(&asked.user).is_none_or(|score| score.learned <= score.limits);
        self.history(asked).filter(|_| believed)
    }

    /// A job ran so long.
    pub fn note(&mut self, asked: &Asked, run: Span) {
        if let Some((said, limit)) = self.history(asked).zip(asked.limit) {
            let score = self.scores.entry(asked.user).or_default();
            score.limits += u128::from(run.0.abs_diff(limit.0));
            score.learned += u128::from(run.0.abs_diff(said.middle.0));
            score.count += 1;
            if score.count >= FADE {
                *score = Score { limits: score.limits / 2, learned: score.learned / 2, count: FADE / 2 };
            }
        }
        self.notes += 1;
        for key in keys(asked) {
            let runs = self.runs.entry(key).or_default();
            runs.touched = self.notes;
            runs.last.push_back(run);
            if runs.last.len() > LAST {
                runs.last.pop_front();
            }
        }
        if self.runs.len() > MOST {
            self.forget_half();
        }
    }

    fn history(&self, asked: &Asked) -> Option<Expectation> {
        let known = |key: &Key| self.runs.get(key).filter(|runs| runs.last.len() >= LEAST);
        keys(asked).iter().find_map(|key| Some(known(key)?.expectation(key.1, asked.limit)))
    }

    fn forget_half(&mut self) {
        let mut touched: Vec<u64> = self.runs.values().map(|runs| runs.touched).collect();
        touched.sort_unstable();
        let middle = touched[touched.len() / 2];
        self.runs.retain(|_, runs| runs.touched > middle);
        let known: std::collections::HashSet<Uid> = self.runs.keys().map(|key| key.0).collect();
        self.scores.retain(|user, _| known.contains(user));
    }
}

/// From the nearest to the widest.
fn keys(asked: &Asked) -> [Key; 3] {
    let none = || Box::<[u8]>::default();
    [
        (asked.user, Basis::Same, asked.application.into(), asked.cpus),
        (asked.user, Basis::Application, asked.application.into(), 0),
        (asked.user, Basis::Member, none(), 0),
    ]
}

impl Runs {
    fn expectation(&self, basis: Basis, limit: Option<Span>) -> Expectation {
        let mut sorted: Vec<Span> = self.last.iter().copied().collect();
        sorted.sort_unstable();
        let most = sorted.len() - 1;
        let of = |place: usize| limit.map_or(sorted[place], |limit| sorted[place].min(limit));
        Expectation {
            low: of(most / 10),
            middle: of(most / 2),
            high: of((9 * most).div_ceil(10)),
            runs: sorted.len() as u32,
            basis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MINUTE: i64 = 60_000;

    fn asked(user: u32, application: &str, cpus: u32, limit: i64) -> Asked<'_> {
        Asked { user: Uid(user), application: application.as_bytes(), cpus, limit: Some(Span(limit * MINUTE)) }
    }

    /// Minutes, and what they are from.
    fn expected(learned: &Learned, asked: &Asked) -> Option<([i64; 3], u32, Basis)> {
        let found = learned.expect(asked)?;
        Some(([found.low, found.middle, found.high].map(|span| span.0 / MINUTE), found.runs, found.basis))
    }

    #[test]
    fn the_nearest_history_counts() {
        let mut learned = Learned::default();
        let hull = asked(1, "hull", 8, 60);
        for minutes in [10, 12] {
            learned.note(&hull, Span(minutes * MINUTE));
        }
        assert_eq!(expected(&learned, &hull), None, "two say nothing");
        learned.note(&hull, Span(50 * MINUTE));
        assert_eq!(expected(&learned, &hull), Some(([10, 12, 50], 3, Basis::Same)));
        assert_eq!(expected(&learned, &asked(1, "hull", 4, 60)), Some(([10, 12, 50], 3, Basis::Application)));
        assert_eq!(expected(&learned, &asked(1, "flood", 8, 60)), Some(([10, 12, 50], 3, Basis::Member)));
        assert_eq!(expected(&learned, &asked(2, "hull", 8, 60)), None, "others teach nothing");
        assert_eq!(expected(&learned, &asked(1, "hull", 8, 11)), Some(([10, 11, 11], 3, Basis::Same)), "its limit");
        for _ in 0..LAST {
            learned.note(&hull, Span(20 * MINUTE));
        }
        assert_eq!(expected(&learned, &hull), Some(([20, 20, 20], LAST as u32, Basis::Same)), "the past fades");
    }

    #[test]
    fn who_guesses_well_is_believed_more_than_history() {
        let mut learned = Learned::default();
        // Erratic jobs whose limits are exact.
        for minutes in [1, 100, 1, 100, 1, 100, 1, 100] {
            learned.note(&asked(1, "model", 1, minutes), Span(minutes * MINUTE));
        }
        assert_eq!(expected(&learned, &asked(1, "model", 1, 60)), None);
        // Then steady jobs with the limit that everybody writes.
        for _ in 0..30 {
            learned.note(&asked(1, "steady", 1, 1440), Span(30 * MINUTE));
        }
        assert_eq!(expected(&learned, &asked(1, "steady", 1, 1440)).map(|found| found.0[1]), Some(30));
    }

    #[test]
    fn applications_have_names() {
        for (name, expected) in [("flood_0012", "flood_"), ("run.sh", "run.sh"), ("7", "")] {
            assert_eq!(*application(name.as_bytes()), *expected.as_bytes(), "{name}");
        }
    }

    #[test]
    fn memory_has_an_end() {
        let mut learned = Learned::default();
        for number in 0..60_000u32 {
            learned.note(&asked(number, "x", 1, 1), Span(1));
        }
        assert!(learned.runs.len() <= MOST && learned.scores.len() <= MOST);
        assert!(learned.runs.contains_key(&keys(&asked(59_999, "x", 1, 1))[0]));
    }

    proptest! {
        #[test]
        fn an_expectation_is_in_order_and_within_what_was(
            runs in prop::collection::vec((0u32..3, 1u32..3, 1i64..500, 1i64..500), 0..200),
            limit in 1i64..500,
        ) {
            let mut learned = Learned::default();
            let (mut least, mut most) = (i64::MAX, 0);
            for (user, cpus, run, limit) in &runs {
                learned.note(&asked(*user, "x", *cpus, *limit), Span(run * MINUTE));
                (least, most) = (least.min(*run), most.max(*run));
            }
            if let Some((minutes, count, _)) = expected(&learned, &asked(1, "x", 1, limit)) {
                prop_assert!(minutes.is_sorted() && minutes[2] <= limit.min(most) && minutes[0] >= least.min(limit));
                prop_assert!(count as usize >= LEAST && count as usize <= LAST);
            }
        }
    }
}
