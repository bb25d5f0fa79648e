//! What came of playing a workload. Must not know who scheduled.

use crate::clock::Played;
use crate::workload::{Trace, Workload};

/// A run shorter than this counts as so long in the bounded slowdown, in seconds.
const SHORT: f64 = 10.0;

/// Sums and means over all jobs played.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Metrics {
    /// Jobs.
    pub jobs: u64,
    /// Σ (start − submit), seconds.
    pub sum_wait_s: i128,
    /// The longest wait, seconds.
    pub max_wait_s: i64,
    /// Mean of max(1, (wait + run) / max(run, 10 s)).
    pub mean_bsld: f64,
    /// From the first submission to the last end, seconds.
    pub makespan_s: i64,
    /// Σ run·cores / (cores of the machine · makespan).
    pub utilisation: f64,
}

impl Metrics {
    /// Of what was played.
    pub fn new(workload: &Workload, played: &Played) -> Metrics {
        let mut metrics = Metrics { jobs: workload.jobs.len() as u64, ..Metrics::default() };
        let (mut slowdowns, mut work) = (0.0, 0i128);
        let (mut first, mut last) = (i64::MAX, i64::MIN);
        for ((job, start), end) in workload.jobs.iter().zip(&played.starts).zip(&played.ends) {
            let (wait, run) = (start - job.submit, end - start);
            metrics.sum_wait_s += i128::from(wait);
            metrics.max_wait_s = metrics.max_wait_s.max(wait);
            slowdowns += ((wait + run) as f64 / (run as f64).max(SHORT)).max(1.0);
            work += i128::from(run) * i128::from(job.cores);
            (first, last) = (first.min(job.submit), last.max(*end));
        }
        if metrics.jobs > 0 {
            metrics.makespan_s = last - first;
            metrics.mean_bsld = slowdowns / metrics.jobs as f64;
            metrics.utilisation = work as f64 / (f64::from(workload.procs) * metrics.makespan_s as f64);
        }
        metrics
    }

    /// Mean wait, seconds.
    pub fn mean_wait_s(&self) -> f64 {
        if self.jobs == 0 { 0.0 } else { self.sum_wait_s as f64 / self.jobs as f64 }
    }
}

/// How many jobs waited otherwise than the trace says.
pub fn differ_from_trace_wait(trace: &Trace, workload: &Workload, played: &Played) -> u64 {
    let differs = |(job, start): (&crate::workload::Job, &i64)| {
        trace.lines.get(job.line as usize).is_none_or(|line| line.wait != start - job.submit)
    };
    workload.jobs.iter().zip(&played.starts).filter(|pair| differs(*pair)).count() as u64
}
