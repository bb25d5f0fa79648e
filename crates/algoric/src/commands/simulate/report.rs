//! What came of a play, for people and for programs.

use model::Span;
use serde::Serialize;
use simulator::{
    clock::Played,
    metrics::{Metrics, differ_from_trace_wait},
    workload::{Drop, Dropped, Trace, Workload},
};

use super::economy::{CostRow, Costs};
use crate::{
    show::{self, Column, Noun, number, text},
    words::Words,
};

/// One trace played by one policy. The names are part of the command's interface.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Which trace.
    pub trace: String,
    /// Which policy.
    pub policy: String,
    /// What was played, for people.
    #[serde(skip)]
    pub shown: String,
    /// Jobs played.
    pub jobs: u64,
    /// Jobs left out.
    pub dropped: u64,
    /// Of those left out, how many why.
    pub dropped_why: std::collections::BTreeMap<&'static str, u64>,
    /// Lines that could not be read.
    pub malformed: u64,
    /// Cores.
    pub procs: u32,
    /// Mean wait, seconds.
    pub mean_wait_s: f64,
    /// Sum of all waits, seconds.
    pub sum_wait_s: i64,
    /// Longest wait, seconds.
    pub max_wait_s: i64,
    /// Mean bounded slowdown.
    pub mean_bsld: f64,
    /// From the first submission to the last end, seconds.
    pub makespan_s: i64,
    /// Used part of all core seconds of the makespan.
    pub utilisation: f64,
    /// Time that playing took, seconds; reading is not in it.
    pub wall_s: f64,
    /// Time that reading took, seconds.
    pub read_s: f64,
    /// Jobs played in a second.
    pub jobs_per_s: f64,
    /// The most memory that this process had so far.
    pub peak_rss_mib: f64,
    /// Jobs that waited otherwise than the trace says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub differ_from_trace_wait: Option<u64>,
    /// What it cost, on machines.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub costs: Option<Costs>,
}

/// How long things took, in seconds.
#[derive(Clone, Copy, Debug)]
pub struct Took {
    /// Reading the trace.
    pub read_s: f64,
    /// Playing it.
    pub wall_s: f64,
}

/// Why a job was left out: its name in JSON, and the key of its text.
const WHY: [(Drop, &str); Drop::ALL.len()] = [
    (Drop::NoRun, "no_run_time"),
    (Drop::NoCores, "no_cores"),
    (Drop::TooLarge, "too_large"),
    (Drop::NoSubmit, "no_submit_time"),
    (Drop::NoEstimate, "no_estimate"),
    (Drop::TooMuchMemory, "too_much_memory"),
];

/// How many were left out, by why; none are not named.
pub fn reasons(dropped: &Dropped) -> impl Iterator<Item = (&'static str, u64)> {
    WHY.iter().map(|(why, name)| (*name, dropped.count(*why))).filter(|(_, count)| *count > 0)
}

impl Report {
    /// Of a play.
    pub fn new(names: (&str, &str), trace: &Trace, workload: &Workload, played: &Played, took: Took) -> Self {
        let metrics = Metrics::new(workload, played);
        Report {
            trace: names.0.to_owned(),
            policy: names.1.to_owned(),
            shown: names.1.to_owned(),
            jobs: metrics.jobs,
            dropped: workload.dropped.total(),
            dropped_why: reasons(&workload.dropped).collect(),
            malformed: trace.malformed,
            procs: workload.procs,
            mean_wait_s: metrics.mean_wait_s(),
            sum_wait_s: i64::try_from(metrics.sum_wait_s).unwrap_or(i64::MAX),
            max_wait_s: metrics.max_wait_s,
            mean_bsld: metrics.mean_bsld,
            makespan_s: metrics.makespan_s,
            utilisation: metrics.utilisation,
            wall_s: took.wall_s,
            read_s: took.read_s,
            jobs_per_s: if took.wall_s > 0.0 { metrics.jobs as f64 / took.wall_s } else { 0.0 },
            peak_rss_mib: peak_rss_mib(),
            differ_from_trace_wait: None,
            costs: None,
        }
    }

    /// The same, compared with what the trace says.
    #[must_use]
    pub fn checked(mut self, trace: &Trace, workload: &Workload, played: &Played) -> Self {
        self.differ_from_trace_wait = Some(differ_from_trace_wait(trace, workload, played));
        self
    }
}

impl Report {
    /// Its line in the table of costs.
    pub fn cost_row(&self) -> Option<CostRow> {
        let costs = self.costs.clone()?;
        Some(CostRow { trace: self.trace.clone(), shown: self.shown.clone(), costs })
    }
}

impl Noun for Report {
    const COLUMNS: &'static [Column] = &[
        text("column-trace"),
        text("column-policy"),
        number("column-jobs"),
        number("column-dropped"),
        number("column-cores"),
        number("column-mean-wait"),
        number("column-longest-wait"),
        number("column-slowdown"),
        number("column-makespan"),
        number("column-used"),
        number("column-took"),
        number("column-differ"),
    ];

    fn name(&self) -> String {
        self.trace.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let seconds = |seconds: f64| words.span(Span((seconds * 1000.0) as i64));
        vec![
            self.trace.clone(),
            self.shown.clone(),
            self.jobs.to_string(),
            self.dropped.to_string(),
            self.procs.to_string(),
            seconds(self.mean_wait_s),
            seconds(self.max_wait_s as f64),
            words.decimal(self.mean_bsld),
            seconds(self.makespan_s as f64),
            format!("{} %", words.decimal(self.utilisation * 100.0)),
            seconds(self.wall_s),
            self.differ_from_trace_wait.map_or_else(|| "-".to_owned(), |count| count.to_string()),
        ]
    }
}

/// A table; its head says whether parks are set side by side.
pub fn table<T: Noun>(rows: &[T], parks: bool, words: &Words) -> String {
    let title = |column: &Column| match column.title {
        "column-policy" if parks => words.say("column-park-and-policy"),
        title => words.say(title),
    };
    let right: Vec<bool> = T::COLUMNS.iter().map(|column| column.right).collect();
    show::plain(T::COLUMNS.iter().map(title).collect(), rows.iter().map(|row| row.cells(words)).collect(), &right)
}

/// What the kernel says that this process had at most.
fn peak_rss_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    kib.map_or(0.0, |kib| kib / 1024.0)
}
