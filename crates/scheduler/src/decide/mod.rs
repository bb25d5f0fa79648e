//! Saying what should happen now: what is due, who starts where, who makes place, who goes on. Must not change what is
//! known: whoever asked applies the events, writes them down, and asks again until there are none.

mod displace;
mod forecast;
mod horizon;
pub(crate) mod ready;
mod start;
mod switch;

use std::collections::BTreeSet;

use model::{JobId, Time};

use crate::event::What;
use crate::job::Job;
use crate::state::{Due, State};

/// What should happen now, and when to ask again at the latest.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Decision {
    /// To be applied in this order, each with the present instant as its date. Empty: nothing to do now.
    pub events: Vec<What>,
    /// When the next wait, limit, signal, deadline or reservation is due; meaningful when there are no events.
    pub wake: Option<Time>,
}

impl State {
    /// Says what should happen at `now`: a few events that belong together, or none. The caller applies each and asks
    /// again until there are none.
    pub fn decide(&mut self, now: Time) -> Decision {
        self.advance(now);
        let mut events = self.due(now);
        if events.is_empty() {
            events = self.next_start(now);
        }
        let wake = self.wake(now);
        if !events.is_empty() || self.nodes.is_empty() {
            return Decision { events, wake };
        }
        self.keep_ready(now);
        let switching = self.switching(now);
        Decision { wake: wake.into_iter().chain(switching.wake).min(), ..switching }
    }

    /// Moves the clock, and with it the jobs that wait for an instant or grow old.
    fn advance(&mut self, now: Time) {
        self.nodes.note_clock(now);
        let back = now < self.clock;
        let ahead = now < self.index.begun_until || self.index.queue.is_ahead_of(now);
        self.clock = now;
        if back && ahead {
            let waiting: Vec<JobId> = self.jobs.values().filter(|job| job.is_pending()).map(|job| job.id).collect();
            for id in &waiting {
                self.unindex(*id);
            }
            self.index.begun_until = Time(i64::MIN);
            self.index.queue = crate::queue::Queue::new(self.index.queue.ageing());
            for id in waiting {
                self.index_job(id);
            }
        }
        let begun: Vec<JobId> = (self.index.timers.iter())
            .take_while(|(at, _, _)| back || *at <= now)
            .filter(|(_, due, _)| *due == Due::Begin)
            .map(|(_, _, id)| *id)
            .collect();
        for id in begun {
            self.revise(id, |_| ());
        }
        self.index.queue.grow_old(&mut self.classes, now);
    }

    /// Limits, signals, deadlines that are due; dependencies that failed; reservations that are over.
    fn due(&self, now: Time) -> Vec<What> {
        let mut events = Vec::new();
        // Who is ended by one of these is not told the next.
        let mut ended: BTreeSet<JobId> = BTreeSet::new();
        for (_, due, id) in self.index.timers.iter().take_while(|(at, _, _)| *at <= now) {
            let Some(run) = self.jobs.get(id).map(Job::run).filter(|_| !ended.contains(id)) else { continue };
            match due {
                Due::Begin => continue,
                Due::Signal => events.push(What::SignalDue { run }),
                Due::Limit => events.push(What::TimeLimitReached { run }),
                Due::Deadline => events.push(What::DeadlineMissed { id: *id }),
            }
            if *due != Due::Signal {
                ended.insert(*id);
            }
        }
        let failed = self.index.doomed.iter().filter(|id| !ended.contains(id));
        events.extend(failed.map(|id| What::DependencyFailed { id: *id }));
        let over = self.reservations.values().filter(|reservation| reservation.end <= now);
        events.extend(over.map(|reservation| What::Unreserved { name: reservation.name.clone() }));
        events
    }

    /// The next instant at which something becomes due.
    fn wake(&self, now: Time) -> Option<Time> {
        let timer = self.index.timers.iter().map(|(at, _, _)| *at).find(|at| *at > now);
        let edges = self.reservations.values().flat_map(|reservation| [reservation.start, reservation.end]);
        edges.filter(|at| *at > now).chain(timer).min()
    }
}
