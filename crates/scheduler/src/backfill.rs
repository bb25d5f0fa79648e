//! EASY backfilling, written once: the walk along a queue, and the rule that says who may go first. The real centre
//! ([`crate::State::decide`]) and the pools and parks of the simulator ([`crate::pool`]) call both. Must not know what
//! there is room in: a number of cores, machines, or one machine with all its parts.

/// Whether something that stays until `ends` delays nobody who was promised a start at `at`: it is gone by then, or
/// there is room for both.
///
/// Whoever passes with some `ends` passes with any earlier one, so an index may ask it of the least of many jobs.
#[inline(always)]
pub fn delays_nobody<T: PartialOrd>(ends: T, at: T, room_for_both: impl FnOnce() -> bool) -> bool {
    ends <= at || room_for_both()
}

/// A place where jobs wait for their turn.
pub trait Queue {
    /// One that waits.
    type Job: Copy;
    /// What is to happen for one that need wait no more.
    type Start;

    /// The next in order. Those of whom it is known that [`Queue::start`] would refuse them may be left out, once
    /// somebody waits.
    fn next(&mut self) -> Option<Self::Job>;

    /// The start of a job, if there is room now and it [`delays_nobody`].
    fn start(&mut self, job: Self::Job) -> Option<Self::Start>;

    /// A job must wait: it is promised a start, if it is one of those who are.
    fn wait(&mut self, job: Self::Job) -> Behind<Self::Start>;
}

/// What follows when a job must wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Behind<S> {
    /// Others may go first.
    GoOn,
    /// Nobody goes first.
    Stop,
    /// This is to happen at once: others make place.
    Do(S),
}

/// The next start: of the first in order who can start, else of the first behind who delays nobody.
#[inline]
pub fn walk<Q: Queue>(queue: &mut Q) -> Option<Q::Start> {
    while let Some(job) = queue.next() {
        if let Some(start) = queue.start(job) {
            return Some(start);
        }
        match queue.wait(job) {
            Behind::GoOn => {}
            Behind::Stop => return None,
            Behind::Do(start) => return Some(start),
        }
    }
    None
}
