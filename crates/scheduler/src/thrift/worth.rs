//! What a second of waiting is worth, in watts of idle machines: learned, so that jobs wait no longer in the mean than
//! they were promised to. Must not know what is bought with it.

/// How far one job can move it, as a part of it.
const MOST: f64 = 0.5;
/// How many jobs it takes until a job moves it only a little.
const CALM: f64 = 500.0;
/// Where it starts, and between what it stays.
const START: f64 = 30.0;
const RANGE: (f64, f64) = (1.0, 20_000.0);
/// How much of the wait that nobody can help counts as ordinary noise.
const NOISE: f64 = 0.3;
/// How fast it is learned.
const HASTE: f64 = 2.0;

/// The worth of waiting.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Worth {
    /// How many seconds more than without any thrift a job may wait, in the mean.
    patience: f64,
    machines: f64,
    jobs: f64,
    /// Σ of the waits without thrift.
    plain: f64,
}

impl Worth {
    /// For jobs that may wait so many seconds more, in the mean.
    pub fn new(patience_s: u32) -> Worth {
        Worth { patience: f64::from(patience_s), machines: START, jobs: 0.0, plain: 0.0 }
    }

    /// How many idle machines of one core may be on for as long as a job waits, if that lets it not wait.
    pub fn machines(&self) -> f64 {
        self.machines
    }

    /// A job waited so long, and would have waited so long without thrift.
    pub fn note(&mut self, waited_s: i64, plain_s: i64) {
        self.jobs += 1.0;
        self.plain += plain_s as f64;
        let scale = self.patience.max(0.1) + NOISE * self.plain / self.jobs;
        let over = (waited_s - plain_s) as f64 - self.patience;
        let step = (HASTE / (self.jobs + CALM) * over / scale).clamp(-MOST, MOST);
        self.machines = (self.machines * step.exp()).clamp(RANGE.0, RANGE.1);
    }
}
