//! Shares the energy of one machine over one interval between its jobs and three accounts of the centre. Must not know
//! how the energy was measured, nor who owns a job.
//!
//! The rules, each sum in whole microjoules:
//!
//! 1. Idle energy I = min(M, B x dt), B being the idle power of the drained machine; what is above is dynamic, D = M - I.
//! 2. The energy of GPUs that are metered by themselves leaves D first: to the job that holds the GPU, or to `system`.
//!    What remains of D is shared by the CPU time used; CPU time that no job used is `system`'s.
//! 3. I is shared by what is reserved, max(cores / C, memory / MEM) of each job over the time it was there, scaled down
//!    when that is more than the machine; the remainder is `unallocated`.
//! 4. Rounding is by largest remainder, so jobs + `system` + `unallocated` + `unmeasured` = M, to the microjoule.
//! 5. An interval that was not measured (a gap, a reset) goes to `unmeasured` whole.

use crate::reconcile::Accounts;
use crate::{Energy, Interval, Power, share};

/// What sharing needs to know of a machine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Machine {
    /// Physical cores that jobs can reserve.
    pub cores: u32,
    /// Memory that jobs can reserve, in MiB.
    pub memory_mib: u64,
    /// Idle power of the drained machine.
    pub idle: Power,
}

/// What one job reserved and used within the interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobUse<J> {
    /// Which.
    pub job: J,
    /// Cores reserved.
    pub cores: u32,
    /// Memory reserved, in MiB.
    pub memory_mib: u64,
    /// Milliseconds of the interval during which it held them.
    pub present_ms: i64,
    /// CPU time used within the interval, in microseconds.
    pub cpu_us: u64,
}

/// One GPU that is metered by itself, its energy being part of the machine's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GpuUse<J> {
    /// The job that holds it.
    pub job: Option<J>,
    /// Its energy within the interval: all of it, or, where its own idle power was calibrated and is part of the
    /// machine's, what was above that.
    pub energy: Energy,
}

/// What one job is answerable for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JobEnergy<J> {
    /// Which.
    pub job: J,
    /// For the CPU time it used.
    pub dynamic: Energy,
    /// For what it reserved.
    pub idle: Energy,
    /// Of its GPUs.
    pub gpu: Energy,
}

impl<J> JobEnergy<J> {
    /// All of it.
    pub fn total(&self) -> Energy {
        self.dynamic + self.idle + self.gpu
    }
}

/// Where the energy of an interval went.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Shares<J> {
    /// One for each [`JobUse`], in that order.
    pub jobs: Vec<JobEnergy<J>>,
    /// The idle part of it (I), whoever bears it.
    pub idle: Energy,
    /// Work that no job asked for: the operating system, the centre itself.
    pub system: Energy,
    /// Idle capacity that nobody reserved, borne by the centre.
    pub unallocated: Energy,
    /// Energy of which only the sum is known, or estimated.
    pub unmeasured: Energy,
}

impl<J> Shares<J> {
    /// The sum of all accounts: what the meter said.
    pub fn total(&self) -> Energy {
        self.accounts().machines()
    }

    /// By account, all jobs together.
    pub fn accounts(&self) -> Accounts {
        Accounts {
            jobs: self.jobs.iter().map(JobEnergy::total).sum(),
            system: self.system,
            unallocated: self.unallocated,
            unmeasured: self.unmeasured,
        }
    }
}

/// Shares `interval` between `jobs`. `busy_us` is the CPU time that the whole machine used in it, in microseconds;
/// where that is less than its jobs used (two clocks never agree), `system` used none. A GPU of a job that is not among
/// `jobs` counts as nobody's.
pub fn attribute<J: Copy + PartialEq>(
    machine: &Machine,
    interval: &Interval,
    busy_us: u64,
    jobs: &[JobUse<J>],
    gpus: &[GpuUse<J>],
) -> Shares<J> {
    let meter = amount(interval.energy);
    let none = |job: &JobUse<J>| JobEnergy { job: job.job, dynamic: Energy(0), idle: Energy(0), gpu: Energy(0) };
    let mut shares = Shares {
        jobs: jobs.iter().map(none).collect(),
        idle: Energy::ZERO,
        system: Energy::ZERO,
        unallocated: Energy::ZERO,
        unmeasured: Energy::ZERO,
    };
    if !interval.flag.is_measured() {
        shares.unmeasured = energy(meter);
        return shares;
    }
    let idle = meter.min(amount(machine.idle.over(interval.span())));
    shares.idle = energy(idle);
    let used = share_gpus(&mut shares, meter - idle, gpus);
    share_processors(&mut shares, meter - idle - used, busy_us, jobs);
    share_idle(&mut shares, idle, machine, interval.span().0, jobs);
    shares
}

/// Gives GPUs their energy, no more than `dynamic` in all, and returns how much that was.
fn share_gpus<J: Copy + PartialEq>(shares: &mut Shares<J>, dynamic: u64, gpus: &[GpuUse<J>]) -> u64 {
    let said: Vec<u64> = gpus.iter().map(|gpu| amount(gpu.energy)).collect();
    let sum: u128 = said.iter().map(|one| u128::from(*one)).sum();
    // Two meters never agree: GPUs that say more than the machine drew above its idle power share what there is.
    let parts = if sum <= u128::from(dynamic) {
        said
    } else {
        share(dynamic, &said.iter().map(|one| u128::from(*one)).collect::<Vec<_>>())
    };
    for (gpu, part) in gpus.iter().zip(&parts) {
        match shares.jobs.iter_mut().find(|job| Some(job.job) == gpu.job) {
            Some(job) => job.gpu += energy(*part),
            None => shares.system += energy(*part),
        }
    }
    parts.iter().sum()
}

/// Shares dynamic energy by CPU time.
fn share_processors<J>(shares: &mut Shares<J>, dynamic: u64, busy_us: u64, jobs: &[JobUse<J>]) {
    let mut weights: Vec<u128> = jobs.iter().map(|job| u128::from(job.cpu_us)).collect();
    let of_jobs: u128 = weights.iter().sum();
    let of_system = u128::from(busy_us).saturating_sub(of_jobs);
    // Where nobody computed, the fans, the disks and the noise of the meter are the system's.
    weights.push(if of_jobs + of_system == 0 { 1 } else { of_system });
    let mut parts = share(dynamic, &weights);
    shares.system += energy(parts.pop().unwrap_or(0));
    for (job, part) in shares.jobs.iter_mut().zip(parts) {
        job.dynamic = energy(part);
    }
}

/// Shares idle energy by reservation. A weight is a part of the machine times milliseconds, over C x MEM x dt.
fn share_idle<J>(shares: &mut Shares<J>, idle: u64, machine: &Machine, length_ms: i64, jobs: &[JobUse<J>]) {
    let (cores, memory) = (u128::from(machine.cores.max(1)), u128::from(machine.memory_mib.max(1)));
    let length = length_ms.max(0) as u128;
    let reserved = |job: &JobUse<J>| {
        let part = (u128::from(job.cores) * memory).max(u128::from(job.memory_mib) * cores);
        part * (job.present_ms.max(0) as u128).min(length)
    };
    let mut weights: Vec<u128> = jobs.iter().map(reserved).collect();
    let whole = cores * memory * length;
    let free = whole.saturating_sub(weights.iter().sum());
    // An interval without length has no idle energy, and no weights either.
    weights.push(if whole == 0 { 1 } else { free });
    let mut parts = share(idle, &weights);
    shares.unallocated = energy(parts.pop().unwrap_or(0));
    for (job, part) in shares.jobs.iter_mut().zip(parts) {
        job.idle = energy(part);
    }
}

/// What remains of a GPU's energy above its own idle power.
pub fn above_idle(interval: &Interval, idle: Power) -> Energy {
    Energy((interval.energy - idle.over(interval.span())).0.max(0))
}

fn amount(energy: Energy) -> u64 {
    energy.0.max(0) as u64
}

/// A part of what was an `Energy` before.
fn energy(amount: u64) -> Energy {
    Energy(amount as i64)
}
