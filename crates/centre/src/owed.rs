//! What is done while nothing can be written: runs are ended and signalled, as their limits and their owners want it, and
//! the facts are owed to the journal. Nothing that starts, frees or promises anything is done here (see
//! `docs/decisions/0004-limits-hold-on-a-full-disk.md`).

use api::RefusalCode;
use drivers::local::protocol::Order;
use model::{JobId, Time, Uid};
use scheduler::{Event, What};
use store::{Fact, Write};

use crate::{
    core::{Centre, refuse},
    journal::After,
};

impl Centre {
    /// Ends what is over its limits. Says when the next limit is due.
    pub(crate) fn enforce(&mut self) -> Option<Time> {
        loop {
            let decision = self.state.decide(self.now);
            let mut progress = false;
            for what in decision.events {
                progress |= self.only_ends(&what) && self.act_unwritten(what);
            }
            if !progress {
                return decision.wake;
            }
        }
    }

    /// Whether a fact makes nothing happen but the end of a run, or a signal to it.
    fn only_ends(&self, what: &What) -> bool {
        match what {
            What::TimeLimitReached { .. } | What::SignalDue { .. } => true,
            What::DeadlineMissed { id } | What::Cancelled { id, .. } => self.live_run(*id).is_some(),
            _ => false,
        }
    }

    /// An owner or an operator ends a run. What merely waits is refused: a job that was said to be gone must not come
    /// back after a restart.
    ///
    /// # Errors
    /// Why nothing can be written.
    pub(crate) fn cancel_unwritten(&mut self, id: JobId, by: Uid) -> Result<(), api::Refusal> {
        let what = What::Cancelled { id, tasks: None, by };
        if !self.only_ends(&what) {
            return Err(refuse(RefusalCode::StorageFailed, self.degraded.clone().unwrap_or_default()));
        }
        // What is ending already ends.
        self.act_unwritten(what);
        Ok(())
    }

    /// Folds a fact into the state, lets it take effect, and owes it to the journal.
    fn act_unwritten(&mut self, what: What) -> bool {
        let orders = self.orders(&what);
        let event = Event { at: self.now, what };
        if self.state.apply(&event).is_err() {
            return false;
        }
        self.owed.push(event);
        for after in orders {
            if let After::Order(order) = after {
                self.order(&order);
            }
        }
        true
    }

    /// An order that needs no fact: sent with the batch, or at once where there is none to wait for.
    pub(crate) fn order_soon(&mut self, order: Order) {
        match self.degraded {
            Some(_) => self.order(&order),
            None => self.journal.after(After::Order(Box::new(order))),
        }
    }

    /// The state was read from the disk again, which knows nothing of what is owed.
    pub(crate) fn fold_owed(&mut self) {
        for event in &self.owed {
            // What cannot be any more (its job's end was written after all) is not owed either.
            self.state.apply(event).ok();
        }
    }

    /// Writing works again.
    pub(crate) fn pay_owed(&mut self) {
        let owed = std::mem::take(&mut self.owed);
        for event in &owed {
            let (base, fact) = (self.base_of(&event.what), Box::new(Fact::Job(event.what.clone())));
            self.journal.write(Write::Event { at: event.at, base, fact });
        }
        if !owed.is_empty() {
            self.journal.after(After::Owed(owed));
        }
    }
}
