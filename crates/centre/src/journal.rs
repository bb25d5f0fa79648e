//! What was decided but is not on disk yet, and what must wait until it is. One batch is being written while the next
//! one fills: everything that comes meanwhile shares a commit.

use model::JobId;
use store::{Batch, Write, Writer};

use crate::connection::ConnId;

/// What happens once the batch that it belongs to is on disk.
#[derive(Debug)]
pub(crate) enum After {
    /// Answer a command.
    Reply(ConnId, api::Reply),
    /// Tell the launcher.
    Order(Box<drivers::local::protocol::Order>),
    /// Launch a run.
    Launch(model::RunId),
    /// Switch a machine.
    Switch {
        /// Which.
        node: String,
        /// On, or off.
        on: bool,
    },
    /// The launcher may forget this run. Its end is kept here until then, to be taken up again if writing fails.
    Ended(model::RunId, Box<drivers::local::protocol::End>),
    /// Nothing of this submission is left: answer who waits for it.
    Over(JobId),
    /// Read the accounts for a command.
    Read(ConnId, Box<crate::reading::Question>),
    /// A letter may go out.
    Mail(Box<crate::mail::Letter>),
    /// Projects, members or operators changed.
    PeopleChanged,
    /// A calendar was imported: what holds from now on.
    Tariffs(std::sync::Arc<crate::electricity::Electricity>),
    /// What the machine draws was measured by hand.
    Calibrated(Box<store::Calibration>),
    /// What was shared of energy waits again if this batch fails.
    Metered(Box<store::Settled>),
    /// What was shared of another machine's energy is on disk; if this batch fails, it is shared again from there.
    Shared(Box<store::Settled>),
    /// What a cluster's accounting told is here: it may tell more.
    UsageWritten,
    /// Facts that took effect before they were written; owed again if this batch fails.
    Owed(Vec<scheduler::Event>),
}

/// Batches and their consequences.
pub(crate) struct Journal {
    writer: Writer,
    filling: Vec<Write>,
    filling_after: Vec<After>,
    /// Number and consequences of the batch that is being written.
    writing: Option<(u64, Vec<After>)>,
    number: u64,
}

impl Journal {
    pub(crate) fn new(writer: Writer) -> Self {
        Self { writer, filling: Vec::new(), filling_after: Vec::new(), writing: None, number: 0 }
    }

    /// To be written with the next batch.
    pub(crate) fn write(&mut self, write: Write) {
        self.filling.push(write);
    }

    /// To happen when everything written so far is on disk.
    pub(crate) fn after(&mut self, after: After) {
        self.filling_after.push(after);
    }

    /// Sends the batch on its way if none is under way. What waits for nothing comes back at once.
    pub(crate) fn flush(&mut self) -> Vec<After> {
        if self.writing.is_some() {
            return Vec::new();
        }
        if self.filling.is_empty() {
            return std::mem::take(&mut self.filling_after);
        }
        self.number += 1;
        let writes = std::mem::take(&mut self.filling);
        self.writing = Some((self.number, std::mem::take(&mut self.filling_after)));
        self.writer.send(Batch { number: self.number, writes });
        Vec::new()
    }

    /// The runs whose starts are being written.
    pub(crate) fn launches_under_way(&self) -> Vec<model::RunId> {
        let after = self.writing.iter().flat_map(|(_, after)| after);
        after.filter_map(|after| if let After::Launch(run) = after { Some(*run) } else { None }).collect()
    }

    /// The batch is on disk: what may happen now.
    pub(crate) fn committed(&mut self, number: u64) -> Vec<After> {
        match self.writing.take() {
            Some((written, after)) if written == number => after,
            other => {
                self.writing = other;
                Vec::new()
            }
        }
    }

    /// The batch could not be written: everything not on disk is dropped, and what hung on it comes back.
    pub(crate) fn failed(&mut self) -> Vec<After> {
        self.filling.clear();
        let mut lost = self.writing.take().map(|(_, after)| after).unwrap_or_default();
        lost.append(&mut self.filling_after);
        lost
    }

    /// Whether everything is on disk.
    pub(crate) fn is_idle(&self) -> bool {
        self.writing.is_none() && self.filling.is_empty() && self.filling_after.is_empty()
    }
}
