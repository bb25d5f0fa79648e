//! A park: machines of several types, as a text and as numbers. [`yard`] knows what each machine is doing, `room` who
//! starts next where memory matters, `promises` the same where everybody is promised a start (`hall` is the yard as it
//! plans with it), `tenants` who is where until when, [`replay`] plays a workload on it, `shadow` what would have been on
//! machines that are always on, [`meter`] adds up what all that draws; [`switched`] is the park under the real centre.
//! Must not know what electricity costs.
//!
//! As a text:
//!
//! ```toml
//! name = "blades and a fat node"
//!
//! [[machines]]
//! name = "blade"
//! count = 18
//! cores = 16
//! memory_mib = 65536      # optional: without it there is enough for everybody
//! gpus = 0                # optional; traces do not say who needs any
//! idle_w = 150            # on, with no job
//! busy_w = 350            # on, with a job on any of its cores
//! off_w = 8               # what switching off leaves
//! boot_s = 180            # at idle_w, before it can take a job
//! speed = 1.0             # optional: 2.0 runs a job in half the time
//! ```

mod hall;
pub mod meter;
mod promises;
pub mod replay;
mod room;
mod shadow;
pub mod switched;
mod tenants;
pub mod yard;

use serde::Deserialize;

use crate::text::{TextError, read, wrong};
use crate::workload::{Drop, Estimates, Trace, Workload};

/// Speeds are counted in thousandths.
pub const NORMAL_SPEED: u32 = 1000;

/// Machines that are all alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kind {
    /// What they are called: the first is `NAME1`.
    pub name: String,
    /// How many there are.
    pub count: u32,
    /// Cores of each.
    pub cores: u32,
    /// Memory of each, MiB; 0: not known.
    pub memory_mib: u64,
    /// GPUs of each.
    pub gpus: u32,
    /// Watts of one that is on and has no job.
    pub idle_w: u32,
    /// Watts of one that has a job on any of its cores.
    pub busy_w: u32,
    /// Watts of one that is off.
    pub off_w: u32,
    /// Seconds from off until it can take a job; it draws what an idle one draws.
    pub boot_s: u32,
    /// Thousandths of the speed that run times and estimates are meant for.
    pub speed: u32,
}

/// A park.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Park {
    /// What it is called.
    pub name: String,
    /// Its machines: those that work most cheaply first.
    pub kinds: Vec<Kind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ParkText {
    name: Option<String>,
    machines: Vec<KindText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KindText {
    name: String,
    count: u32,
    cores: u32,
    #[serde(default)]
    memory_mib: u64,
    #[serde(default)]
    gpus: u32,
    idle_w: u32,
    busy_w: u32,
    off_w: u32,
    boot_s: u32,
    #[serde(default = "one")]
    speed: f64,
}

fn one() -> f64 {
    1.0
}

/// No park is larger, so that its cores can be counted.
const MOST: u64 = 1 << 30;

/// How many of some cores, with some memory beside them, a job can use that needs so much memory for each.
fn fit(cores: u32, memory_kib: u64, each_kib: u64) -> u32 {
    // No more than the cores, so it is 32 bits wide.
    memory_kib.checked_div(each_kib).map_or(cores, |most| most.min(u64::from(cores)) as u32)
}

impl Kind {
    fn resolve(text: KindText) -> Result<Kind, TextError> {
        let at_least_one = |key: &str, value: u32| {
            if value == 0 { Err(wrong(key, format!("0 in `{}`, at least 1 is needed", text.name))) } else { Ok(value) }
        };
        if !(0.001..=1000.0).contains(&text.speed) {
            return Err(wrong("speed", format!("{} in `{}` is not between 0.001 and 1000", text.speed, text.name)));
        }
        if text.off_w > text.idle_w || text.idle_w > text.busy_w {
            return Err(wrong("idle_w", format!("`{}` draws off_w ≤ idle_w ≤ busy_w watts, not so here", text.name)));
        }
        Ok(Kind {
            count: at_least_one("count", text.count)?,
            cores: at_least_one("cores", text.cores)?,
            memory_mib: text.memory_mib,
            gpus: text.gpus,
            idle_w: text.idle_w,
            busy_w: text.busy_w,
            off_w: text.off_w,
            boot_s: text.boot_s,
            speed: (text.speed * f64::from(NORMAL_SPEED)).round() as u32,
            name: text.name,
        })
    }

    /// Memory of each machine, KiB; what is not known is never short.
    fn memory_kib(&self) -> u64 {
        if self.memory_mib == 0 { u64::MAX } else { self.memory_mib.saturating_mul(1024) }
    }

    /// How many cores of an empty machine a job can use that needs so much memory for each.
    fn fit(&self, memory_kib: u64) -> u32 {
        fit(self.cores, self.memory_kib(), memory_kib)
    }

    /// Watts for a core's work, for comparing: less is cheaper.
    fn cheapness(&self) -> u64 {
        let work = u64::from(self.cores) * u64::from(self.speed);
        u64::from(self.busy_w) * 1_000_000_000 / work
    }
}

impl Park {
    /// Reads a text.
    ///
    /// # Errors
    /// No TOML, unknown keys, values that cannot be.
    pub fn parse(text: &str) -> Result<Park, TextError> {
        let text: ParkText = read(text)?;
        let kinds: Result<Vec<Kind>, TextError> = text.machines.into_iter().map(Kind::resolve).collect();
        let mut park = Park { name: text.name.unwrap_or_default(), kinds: kinds? };
        if park.kinds.is_empty() {
            return Err(wrong("machines", "a park has at least one machine"));
        }
        let total: u64 = park.kinds.iter().map(|kind| u64::from(kind.count) * u64::from(kind.cores)).sum();
        if total > MOST {
            return Err(wrong("count", format!("{total} cores are more than {MOST}")));
        }
        park.kinds.sort_by_key(Kind::cheapness);
        Ok(park)
    }

    /// As many machines of one core as there are processors: what studies of traces assume, with 350 W busy, 150 W
    /// idle, 8 W off and 3 minutes to boot.
    pub fn of_processors(count: u32) -> Park {
        let kind = Kind {
            name: "node".to_owned(),
            count,
            cores: 1,
            memory_mib: 0,
            gpus: 0,
            idle_w: 150,
            busy_w: 350,
            off_w: 8,
            boot_s: 180,
            speed: NORMAL_SPEED,
        };
        Park { name: String::new(), kinds: vec![kind] }
    }

    /// How many cores of the empty park a job can use that needs so much memory for each.
    pub fn fit(&self, memory_kib: u64) -> u64 {
        self.kinds.iter().map(|kind| u64::from(kind.count) * u64::from(kind.fit(memory_kib))).sum()
    }

    /// The jobs of a trace that can be played on these machines.
    pub fn workload(&self, trace: &Trace, estimates: Estimates) -> Workload {
        let mut workload = trace.workload(self.cores(), estimates);
        workload.leave_out(Drop::TooMuchMemory, |job| u64::from(job.cores) > self.fit(trace.memory_kib(job)));
        workload
    }

    /// Whether memory can ever keep a job from cores that are free: not where each core of each machine has at least as
    /// much of it as any job needs for one.
    pub fn memory_matters(&self, trace: &Trace, workload: &Workload) -> bool {
        let most = workload.jobs.iter().map(|job| trace.memory_kib(job)).max().unwrap_or(0);
        self.kinds.iter().any(|kind| kind.fit(most) < kind.cores)
    }

    /// Cores of all machines.
    pub fn cores(&self) -> u32 {
        self.kinds.iter().map(|kind| kind.count * kind.cores).sum()
    }
}
