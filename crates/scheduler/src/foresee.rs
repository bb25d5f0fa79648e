//! When a submission would start, without letting it in: a copy of the state is asked. For people who want to know
//! before they submit.

use std::sync::Arc;

use model::{JobSpec, Span, Time};

use crate::event::{Event, What};
use crate::flexible::Prices;
use crate::state::State;

/// With more waiting records than these nobody is told: a copy would take long, and the answer be wrong.
const MOST: usize = 2000;

/// A copy that has not come to rest after so many decisions is asked no more.
const ROUNDS: usize = 10_000;

/// What a submission is taken for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Patience {
    /// It starts when there is room.
    None,
    /// It may wait for cheap hours.
    Flexible,
    /// As it says itself.
    Own,
}

impl State {
    /// When a submission that was let in by [`State::admit`] would start if it came now, by what running jobs may take
    /// and the present queue; of an array, the first task. It is expected to run as long as `run` says. `None`: nobody
    /// can say.
    pub fn foresee(&self, spec: JobSpec, now: Time, patience: Patience, run: Option<Span>) -> Option<Time> {
        if self.waiting_and_running() - self.index.active.len() > MOST {
            return None;
        }
        let mut copy = self.clone();
        let mut spec = spec;
        match patience {
            Patience::None => copy.prices = Prices::default(),
            Patience::Flexible => spec.comment = Some(model::Text::from("flexible")),
            Patience::Own => {}
        }
        let id = copy.next_id();
        let what = What::Submitted { id, spec: Some(Arc::new(spec)), known: Vec::new() };
        copy.apply(&Event { at: now, what }).ok()?;
        if let Some(run) = run {
            copy.expect_run(id, run);
        }
        for _ in 0..ROUNDS {
            let events = copy.decide(now).events;
            let started = |what: &What| match what {
                What::Started { run, task, .. } => run.job == id || task.is_some_and(|(array, _)| array == id),
                _ => false,
            };
            if events.is_empty() {
                break;
            }
            if events.iter().any(started) {
                return Some(now);
            }
            for what in events {
                copy.apply(&Event { at: now, what }).ok()?;
            }
        }
        copy.why(id, now)?.expected
    }
}
