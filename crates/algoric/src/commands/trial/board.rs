//! The study at one moment: what the accounts say, task by task.

use model::{AccountRow, JobState, Span, Time, Usage};

use super::study::{self, Study};

/// One task.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// What people call it.
    pub name: String,
    /// Where it is.
    pub state: JobState,
    /// Since when it runs, or ran.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// What it used.
    pub usage: Option<Usage>,
}

impl Entry {
    /// How long it has run, or ran.
    pub fn elapsed(&self, now: Time) -> Option<Span> {
        Some(self.end.unwrap_or(now) - self.start?)
    }
}

/// All tasks; the map is the last.
#[derive(Clone, PartialEq, Debug)]
pub struct Board {
    /// In their order.
    pub entries: Vec<Entry>,
}

impl Board {
    /// From rows of jobs and steps. A task without a row of its own still waits in the array.
    pub fn of(rows: &[AccountRow], study: &Study) -> Self {
        let waiting =
            |task| Entry { name: study::name(task), state: JobState::Pending, start: None, end: None, usage: None };
        let mut entries: Vec<Entry> = (0..study.tasks()).map(waiting).collect();
        for row in rows {
            let Some(entry) = study.task_of(row).and_then(|task| entries.get_mut(task)) else { continue };
            // The script's own use stands with its step, the job's with the job: whichever is measured.
            entry.usage = entry.usage.or(row.usage);
            if row.step.is_none() {
                entry.state = row.state;
                entry.start = row.start;
                entry.end = row.end.filter(|_| row.state.is_final());
            }
        }
        Self { entries }
    }

    /// How many are over.
    pub fn done(&self) -> usize {
        self.entries.iter().filter(|entry| entry.state.is_final()).count()
    }

    /// Whether the study is over: the map is made, or can never be made.
    pub fn is_over(&self) -> bool {
        let Some((map, scenarios)) = self.entries.split_last() else { return true };
        let failed = scenarios.iter().any(|entry| entry.state != JobState::Completed);
        map.state.is_final() || (failed && scenarios.iter().all(|entry| entry.state.is_final()))
    }
}
