//! Which policy plays a workload, and what it plays it with.

use std::{collections::BTreeMap, path::Path, str::FromStr, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};
use model::{Machine, TimeLimit};
use scheduler::{Config, pool::Rule};
use simulator::{
    centre::{self, CentreScheduler},
    clock::{self, Order, Played, Scheduler},
    pool::PoolScheduler,
    workload::{Trace, Workload},
};

/// Who decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Policy {
    /// First come, first served.
    Fcfs,
    /// EASY backfilling.
    Easy,
    /// EASY, the shortest first among those that go first.
    EasySjbf,
    /// Everybody is promised a start.
    Conservative,
    /// What the real centre runs.
    Centre,
}

const NAMES: [(&str, Policy); 5] = [
    ("fcfs", Policy::Fcfs),
    ("easy", Policy::Easy),
    ("easy-sjbf", Policy::EasySjbf),
    ("conservative", Policy::Conservative),
    ("centre", Policy::Centre),
];

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = NAMES.iter().find(|(name, _)| *name == text).map(|(_, policy)| *policy);
        known.ok_or_else(|| format!("say one of {}", NAMES.map(|(name, _)| name).join(", ")))
    }
}

impl std::fmt::Display for Policy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        NAMES.iter().find(|(_, policy)| policy == self).map_or(Ok(()), |(name, _)| f.write_str(name))
    }
}

/// How to play.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    /// What happens first within a second.
    pub order: Order,
    /// The centre's configuration file.
    pub config: Option<&'a Path>,
}

impl Policy {
    /// The rule of a pool; `None`: the centre has more to it.
    pub fn rule(self) -> Option<Rule> {
        match self {
            Policy::Fcfs => Some(Rule::Fcfs),
            Policy::Easy => Some(Rule::Easy { shortest_first: false }),
            Policy::EasySjbf => Some(Rule::Easy { shortest_first: true }),
            Policy::Conservative => Some(Rule::Conservative),
            Policy::Centre => None,
        }
    }

    /// Plays a workload.
    ///
    /// # Errors
    /// When the workload does not suit the policy.
    pub fn play(self, trace: &Trace, workload: &Workload, rules: Rules) -> anyhow::Result<Played> {
        if let Some(rule) = self.rule() {
            return run(workload, &mut PoolScheduler::new(workload, rule, rules.order), rules.order);
        }
        let config = config(workload.procs, rules.config)?;
        let spec = |job| centre::plain_spec(workload, trace, job);
        run(workload, &mut CentreScheduler::new(workload, config, spec), rules.order)
    }
}

fn run<S: Scheduler>(workload: &Workload, scheduler: &mut S, order: Order) -> anyhow::Result<Played>
where
    S::Fault: std::error::Error + Send + Sync + 'static,
{
    Ok(with_bar(workload.jobs.len(), |progress| clock::run(workload, scheduler, order, progress))?)
}

/// Does something of so many steps, with a bar on the terminal when it takes long.
pub fn with_bar<T>(steps: usize, work: impl FnOnce(&mut dyn FnMut(usize)) -> T) -> T {
    let bar = ProgressBar::new(steps as u64);
    // Whole jobs a second: `0` are the decimals.
    let style = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} {per_sec:0} {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let begun = std::time::Instant::now();
    let done = work(&mut |done| {
        // What is over in a moment needs no bar.
        if begun.elapsed() > Duration::from_secs(1) {
            bar.set_position(done as u64);
        }
    });
    bar.finish_and_clear();
    done
}

/// The centre's configuration on a machine of so many cores, without limits on what a job of a trace may ask for.
pub fn config(cores: u32, path: Option<&Path>) -> anyhow::Result<Config> {
    let file = path.map_or_else(|| Ok(::centre::ConfigFile::default()), ::centre::load_config)?;
    let machine = Machine::regular("trace", 1, cores, 1, u64::from(u32::MAX));
    let mut config = file.scheduler(path.unwrap_or(Path::new("")), &machine, BTreeMap::new())?;
    config.machine = machine;
    config.max_jobs = u32::MAX;
    config.max_submit_per_user = u32::MAX;
    for partition in &mut config.partitions {
        (partition.max_time, partition.max_cores) = (TimeLimit::Unlimited, None);
    }
    Ok(config)
}
