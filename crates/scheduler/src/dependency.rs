//! What a job waits for: terms, each open, met, met from an instant on, or failed. Must not know how a job ended: the
//! state tells it.

use std::collections::BTreeSet;

use model::{Dependency, DependencyKind, DependencyTerm, Span, Time};

/// How far one term is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum TermState {
    /// It can still come about.
    Open,
    /// It holds.
    Met,
    /// It will hold from then on.
    From(Time),
    /// It can no longer come about.
    Failed,
}

/// One term.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Term {
    /// As it was asked for.
    pub wish: DependencyTerm,
    /// How far it is. For `aftercorr` of an array on an array: of the whole.
    pub state: TermState,
    /// It is about all tasks of an array.
    pub whole_array: bool,
}

/// All terms of a job.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Dependencies {
    /// In the order given.
    pub terms: Vec<Term>,
    /// One is enough.
    pub any: bool,
    /// For an array's record with `aftercorr`: the tasks that may start, and those that never will.
    pub tasks: Option<Box<TaskStates>>,
}

/// Which tasks of an array wait for their counterparts no more.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct TaskStates {
    /// May start.
    pub ready: BTreeSet<u32>,
    /// Never will.
    pub failed: BTreeSet<u32>,
}

impl Dependencies {
    /// Terms as asked for, all open.
    pub fn new(wish: &Dependency) -> Self {
        let terms = wish
            .terms
            .iter()
            .map(|term| Term { wish: term.clone(), state: TermState::Open, whole_array: false })
            .collect();
        Dependencies { terms, any: wish.any, tasks: None }
    }

    /// What the states of terms make together.
    pub fn together(any: bool, states: impl Iterator<Item = TermState>) -> TermState {
        states.reduce(if any { easier } else { harder }).unwrap_or(TermState::Met)
    }

    /// How far all of it is, for a record that starts as a whole.
    pub fn state(&self) -> TermState {
        Self::together(self.any, self.terms.iter().map(|term| term.state))
    }

    /// Whether (a task of) the job may start, from some instant on.
    pub fn are_met(&self) -> bool {
        match &self.tasks {
            Some(tasks) => !tasks.ready.is_empty(),
            None => matches!(self.state(), TermState::Met | TermState::From(_)),
        }
    }

    /// Whether the job can never start.
    pub fn have_failed(&self, tasks_left: u64) -> bool {
        match &self.tasks {
            Some(tasks) => tasks.ready.is_empty() && tasks.failed.len() as u64 >= tasks_left,
            None => self.state() == TermState::Failed,
        }
    }

    /// The instant from which on they are met, if they are met from an instant on.
    pub fn not_before(&self) -> Option<Time> {
        match self.state() {
            TermState::From(time) => Some(time),
            TermState::Open | TermState::Met | TermState::Failed => None,
        }
    }

    /// What is left, as `squeue %E` shows it at `now`; empty: nothing.
    pub fn text(&self, now: Time) -> String {
        let left = |term: &&Term| match term.state {
            TermState::Met => false,
            TermState::From(time) => time > now,
            TermState::Open | TermState::Failed => true,
        };
        let all_met = match self.state() {
            TermState::Met => true,
            TermState::From(time) => time <= now,
            TermState::Open | TermState::Failed => false,
        };
        let mut text = String::new();
        if all_met {
            return text;
        }
        for term in self.terms.iter().filter(left) {
            if !text.is_empty() {
                text.push(if self.any { '?' } else { ',' });
            }
            term.write(&mut text);
        }
        text
    }
}

fn harder(one: TermState, other: TermState) -> TermState {
    use TermState::{Failed, From, Met, Open};
    match (one, other) {
        (Failed, _) | (_, Failed) => Failed,
        (Open, _) | (_, Open) => Open,
        (From(one), From(other)) => From(one.max(other)),
        (From(time), Met) | (Met, From(time)) => From(time),
        (Met, Met) => Met,
    }
}

fn easier(one: TermState, other: TermState) -> TermState {
    use TermState::{Failed, From, Met, Open};
    match (one, other) {
        (Met, _) | (_, Met) => Met,
        (From(one), From(other)) => From(one.min(other)),
        (From(time), _) | (_, From(time)) => From(time),
        (Open, _) | (_, Open) => Open,
        (Failed, Failed) => Failed,
    }
}

impl Term {
    fn write(&self, text: &mut String) {
        let (name, more) = match self.wish.kind {
            DependencyKind::After(span) => ("after", span),
            DependencyKind::AfterAny => ("afterany", Span::ZERO),
            DependencyKind::AfterOk => ("afterok", Span::ZERO),
            DependencyKind::AfterNotOk => ("afternotok", Span::ZERO),
            DependencyKind::AfterCorr => ("aftercorr", Span::ZERO),
            DependencyKind::Singleton => ("singleton", Span::ZERO),
        };
        text.push_str(name);
        if let Some(job) = self.wish.job {
            text.push_str(&format!(":{job}"));
        }
        match self.wish.task {
            Some(task) => text.push_str(&format!("_{task}")),
            None if self.whole_array => text.push_str("_*"),
            None => {}
        }
        if more > Span::ZERO {
            text.push_str(&format!("+{}", more.as_seconds() / 60));
        }
        text.push_str(if self.state == TermState::Failed { "(failed)" } else { "(unfulfilled)" });
    }
}
