//! What a second of waiting is worth, in watts of idle machines: learned, so that jobs wait no longer in the mean than
//! they were promised to. Must not know what is bought with it.

/// How far one job can move it, as a part of it.
const MOST: f64 = 0.5;
/// How many jobs it takes until a job moves it only a little.
const CALM: f64 = 300.0;
/// Where it starts, and between what it stays.
const START: f64 = 100.0;
const RANGE: (f64, f64) = (1.0, 20_000.0);
/// How much of the wait that nobody can help counts as ordinary noise.
const NOISE: f64 = 0.3;
/// How fast it is learned.
const HASTE: f64 = 2.0;
/// How strongly the mean of all jobs so far corrects it, and at most.
const PULL: f64 = 2.0;
const PULL_MOST: f64 = 3.0;
/// How many jobs make a mean.
const MEAN: f64 = 1000.0;

/// The worth of waiting.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Worth {
    /// How many seconds more than without any thrift a job may wait, in the mean.
    patience: f64,
    learned: f64,
    jobs: f64,
    /// Σ of the waits without thrift.
    plain: f64,
    /// Σ of what jobs waited longer than they were promised to.
    over: f64,
    cores: f64,
}

impl Worth {
    /// For jobs that may wait so many seconds more, in the mean.
    pub fn new(patience_s: u32) -> Worth {
        Worth { patience: f64::from(patience_s), learned: START, jobs: 0.0, plain: 0.0, over: 0.0, cores: START }
    }

    /// How many idle cores may be on for as long as a job waits, if that lets it not wait.
    pub fn cores(&self) -> f64 {
        self.cores
    }

    /// What is no great difference in waits, seconds.
    fn scale(&self) -> f64 {
        self.patience.max(0.1) + NOISE * self.plain / self.jobs.max(1.0)
    }

    /// A job waited so long, and would have waited so long without thrift.
    pub fn note(&mut self, waited_s: i64, plain_s: i64) {
        self.jobs += 1.0;
        self.plain += plain_s as f64;
        let over = (waited_s - plain_s) as f64 - self.patience;
        self.over += over;
        let step = (HASTE / (self.jobs + CALM) * over / self.scale()).clamp(-MOST, MOST);
        self.learned = (self.learned * step.exp()).clamp(RANGE.0, RANGE.1);
        let pull = PULL * self.over / self.jobs / self.scale() * (self.jobs / MEAN).min(1.0);
        self.cores = self.learned * pull.clamp(-PULL_MOST, PULL_MOST).exp();
    }
}
