//! Runs of a cluster whose machines tell the energy of their last moments after the accounting told their end: the price waits
//! for it, a while at most, and a row of its own says so to the next start. Must not know how energy is shared.

use std::{collections::BTreeSet, sync::Arc};

use model::{RunId, Span};
use store::{AgentWrite, Write};

use super::settle::Due;
use crate::{complain::complain, core::Centre};

impl Due {
    /// A machine's account of it is closed, with so much.
    pub(super) fn closed(&mut self, machine: &Arc<str>, energy_uj: i64) {
        match self.is_noted {
            false => self.energy_uj = Some(energy_uj),
            true if !self.machines.remove(machine) => {}
            true => {
                self.told_uj = self.told_uj.saturating_add(energy_uj);
                self.energy_uj = self.machines.is_empty().then_some(self.told_uj);
            }
        }
    }
}

impl Centre {
    /// Puts a price off until the energy is known.
    pub(super) fn await_energy(&mut self, run: RunId, mut due: Due) {
        due.by = self.now + Span::seconds(i64::from(self.file.money.settle_seconds));
        // Machines that have it already tell nothing more.
        self.count_closed(run, &mut due);
        self.note_awaited(run, Some(&due));
        self.money.due.insert(run, due);
    }

    /// After a start: prices that were put off.
    pub(super) fn take_up_awaited(&mut self) {
        let awaited = match self.reader.awaited() {
            Ok(awaited) => awaited,
            Err(fault) => return complain!("{fault}"),
        };
        for (run, text) in awaited {
            match serde_json::from_str::<Due>(&text) {
                Ok(mut due) => {
                    // The row is of the time when it was put off: what was closed since is counted once.
                    due.by = self.now + Span::seconds(i64::from(self.file.money.settle_seconds));
                    self.count_closed(run, &mut due);
                    self.money.due.insert(run, due);
                }
                Err(fault) => complain!("what is known of run {run} cannot be read: {fault}"),
            }
        }
    }

    fn count_closed(&self, run: RunId, due: &mut Due) {
        let rows = self.reader.job_energy(run.job).unwrap_or_default();
        for row in rows.iter().filter(|row| row.attempt == run.attempt && row.end.is_some()) {
            due.closed(&row.machine, row.account.total().0);
        }
    }

    pub(super) fn note_awaited(&mut self, run: RunId, due: Option<&Due>) {
        let due = due.map(|due| serde_json::to_string(due).unwrap_or_default());
        self.journal.write(Write::Agent(Box::new(AgentWrite::Awaits { run, due })));
    }

    /// The energy of a run of which some machines did not tell the end in time, which the log and the job's history say.
    pub(super) fn energy_of_some(&mut self, run: RunId, silent: &BTreeSet<Arc<str>>, told_uj: i64) -> i64 {
        let names: Vec<&str> = silent.iter().map(|name| &**name).collect();
        let text = format!("run {run} is priced without the energy of its last moments on {}", names.join(", "));
        complain!("{text}");
        self.note(run.job, text);
        match self.energy_so_far(run).0 {
            0 => told_uj,
            energy => energy,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// Each machine tells its part once, in any order, also across a restart; what it repeats is not counted.
    #[test]
    fn a_price_waits_for_each_machine_once() {
        let machines: BTreeSet<Arc<str>> = ["n1", "n2"].map(Arc::from).into();
        let usage = ledger::price::Usage {
            machine: "blade".to_owned(),
            start: model::Time(0),
            end: model::Time(60_000),
            cores: 4,
            memory_mib: 100,
            gpus: 0,
            exclusive: false,
            energy_uj: 0,
            stored_mib: 0,
        };
        let mut due = Due::there("eau".to_owned(), model::Uid(7), usage, None, machines);
        let tell = |due: &mut Due, name: &str, energy: i64| {
            due.closed(&Arc::from(name), energy);
            // The row that a start would take up.
            *due = serde_json::from_str(&serde_json::to_string(due).unwrap()).unwrap();
            due.energy_uj
        };
        assert_eq!(tell(&mut due, "n2", 30), None);
        assert_eq!(tell(&mut due, "n2", 30), None, "said twice");
        assert_eq!(tell(&mut due, "n3", 7), None, "none of its machines");
        assert_eq!(tell(&mut due, "n1", 12), Some(42));
        assert_eq!(tell(&mut due, "n1", 12), Some(42));
    }
}
