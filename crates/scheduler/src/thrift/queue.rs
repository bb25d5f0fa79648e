//! Who waits. Jobs that nothing tells apart but when they came — the same user, cores and estimate — stand in one
//! line: only its first is looked at, and when something is learned of a user only the user's lines find new places.
//! Must not know why a job may start.

use std::collections::{HashMap, VecDeque};

use super::Ask;
use super::learn::{Learned, Who};
use crate::index::{Key, Shelves};

/// Submission, and so many times the run time that is expected: who will run an hour gives way to those that come
/// within ten.
const ORDER: i64 = 10;

/// Where a line stands: for its first job, by both orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Place {
    first: u32,
    by: i64,
    run: i64,
}

/// Jobs that are alike.
#[derive(Clone, Debug)]
pub struct Line {
    /// What each of them needs.
    pub ask: Ask,
    /// Whose they are.
    pub who: Option<Who>,
    /// Job and submission, in order.
    waiting: VecDeque<(u32, i64)>,
    place: Option<Place>,
}

/// All lines.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    numbers: HashMap<Ask, u32>,
    lines: Vec<Line>,
    /// Which line a job is of, though it waits no more.
    of_job: Vec<u32>,
    /// Lines of each user with somebody in them.
    of_user: Vec<Vec<u32>>,
    order: Shelves,
    shortest: Shelves,
}

impl Lines {
    /// The next job comes, but does not wait yet.
    pub fn arrive(&mut self, ask: Ask, learned: &mut Learned) -> u32 {
        let Lines { numbers, lines, .. } = self;
        let line = *numbers.entry(ask).or_insert_with(|| {
            let who = learned.who(ask.user, ask.cores);
            lines.push(Line { ask, who, waiting: VecDeque::new(), place: None });
            lines.len() as u32 - 1
        });
        self.of_user.resize(self.of_user.len().max(learned.users()), Vec::new());
        self.of_job.push(line);
        self.of_job.len() as u32 - 1
    }

    /// What a job is like.
    pub fn of(&self, job: u32) -> &Line {
        &self.lines[self.of_job[job as usize] as usize]
    }

    /// A job waits from now on.
    pub fn enter(&mut self, job: u32, submit: i64, learned: &Learned) {
        let line = self.of_job[job as usize];
        let waiting = &mut self.lines[line as usize].waiting;
        let place = waiting.partition_point(|other| other.0 < job);
        waiting.insert(place, (job, submit));
        self.settle(line, learned);
    }

    /// The first of a line waits no more.
    pub fn leave(&mut self, job: u32, learned: &Learned) {
        let line = self.of_job[job as usize];
        let waiting = &mut self.lines[line as usize].waiting;
        debug_assert_eq!(waiting.front().map(|first| first.0), Some(job));
        waiting.pop_front();
        self.settle(line, learned);
    }

    /// Something was learned of whoever has such jobs; of all users, if `of_all`.
    pub fn learned(&mut self, who: Option<Who>, of_all: bool, learned: &Learned) {
        let users = match who {
            _ if of_all => 0..self.of_user.len(),
            Some(who) => who.user as usize..who.user as usize + 1,
            None => 0..0,
        };
        for user in users {
            // Who has a place keeps one: nobody comes or goes.
            let lines = std::mem::take(&mut self.of_user[user]);
            lines.iter().for_each(|line| self.settle(*line, learned));
            self.of_user[user] = lines;
        }
    }

    /// The first of the next line in the order of who should start.
    pub fn next(&self, after: Option<Key>) -> Option<Key> {
        self.order.next(after, |_, _| true)
    }

    /// The first of the next line, the shortest first, that passes: asked of cores and expected run time.
    pub fn next_short(&self, after: Option<Key>, passes: impl Fn(u32, i64) -> bool) -> Option<Key> {
        self.shortest.next(after, passes)
    }

    /// Gives a line its place anew.
    fn settle(&mut self, number: u32, learned: &Learned) {
        let line = &mut self.lines[number as usize];
        let cores = line.ask.cores;
        let new = line.waiting.front().map(|(first, submit)| {
            let run = i64::from(learned.run(line.who, line.ask.estimate));
            Place { first: *first, by: submit + ORDER * run, run }
        });
        let old = std::mem::replace(&mut line.place, new);
        if old == new {
            return;
        }
        if let Some(old) = old {
            self.order.remove((old.by, old.first));
            self.shortest.remove((old.run, old.first));
        }
        if let Some(new) = new {
            self.order.insert((new.by, new.first), cores);
            self.shortest.insert((new.run, new.first), cores);
        }
        if let Some(who) = line.who
            && old.is_some() != new.is_some()
        {
            let lines = &mut self.of_user[who.user as usize];
            match new {
                Some(_) => lines.push(number),
                None => lines.retain(|other| *other != number),
            }
        }
    }
}
