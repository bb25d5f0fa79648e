//! Conservative backfilling on machines with memory, written for clarity and nothing else: second by second, machine by
//! machine. All machines are always on.

use std::collections::BTreeMap;

use simulator::park::Park;
use simulator::workload::Workload;

/// Cores by machine.
type Places = Vec<(usize, u32)>;

/// A job that waits or runs.
#[derive(Clone)]
struct Stay {
    job: usize,
    start: i64,
    places: Places,
    /// When it is really over, once it runs.
    ends: Option<i64>,
}

/// Who is on a machine with how many cores, and how many machines came to be used before it was.
#[derive(Clone, Default)]
struct Machine {
    jobs: BTreeMap<usize, u32>,
    since: usize,
}

pub struct Naive<'a> {
    workload: &'a Workload,
    park: &'a Park,
    each_kib: &'a [u64],
    /// The kind of each machine.
    kinds: Vec<usize>,
    machines: Vec<Machine>,
    uses: usize,
    /// By number.
    stays: Vec<Stay>,
    pub starts: Vec<i64>,
    /// The first promise that each was given.
    pub first_promise: Vec<i64>,
}

fn slow(seconds: u32, speed: u32) -> i64 {
    (f64::from(seconds) * 1000.0 / f64::from(speed)).ceil() as i64
}

impl<'a> Naive<'a> {
    pub fn play(workload: &'a Workload, park: &'a Park, each_kib: &'a [u64]) -> Self {
        let kinds = park.kinds.iter().enumerate();
        let kinds: Vec<usize> = kinds.flat_map(|(kind, of)| vec![kind; of.count as usize]).collect();
        let never = vec![i64::MAX; workload.jobs.len()];
        let (machines, starts, first_promise) = (vec![Machine::default(); kinds.len()], never.clone(), never);
        let (uses, stays) = (0, Vec::new());
        let mut naive = Naive { workload, park, each_kib, kinds, machines, uses, stays, starts, first_promise };
        let mut now = 0;
        while naive.starts.contains(&i64::MAX) {
            naive.second(now);
            now += 1;
        }
        naive
    }

    /// All ends, then all arrivals, then one pass.
    fn second(&mut self, now: i64) {
        let over: Vec<Stay> = self.stays.iter().filter(|stay| stay.ends == Some(now)).cloned().collect();
        self.stays.retain(|stay| stay.ends != Some(now));
        for stay in &over {
            leave(&mut self.machines, stay.job);
        }
        if over.iter().any(|stay| self.until(stay) > now) {
            for job in self.waiting() {
                self.promise(job, now);
            }
        }
        let jobs = &self.workload.jobs;
        for job in (0..jobs.len()).filter(|job| jobs[*job].submit == now) {
            self.stays.push(Stay { job, start: i64::MAX, places: Vec::new(), ends: None });
            self.promise(job, now);
            self.first_promise[job] = self.stay(job).start;
        }
        let due: Vec<usize> = self.waiting().into_iter().filter(|job| self.stay(*job).start == now).collect();
        if !due.is_empty()
            && let Some(plan) = self.anew(now)
        {
            self.stays = plan;
        }
        due.into_iter().for_each(|job| self.start(job, now));
    }

    fn start(&mut self, job: usize, now: i64) {
        self.starts[job] = now;
        let places = self.stay(job).places.clone();
        assert_eq!(places.iter().map(|(_, cores)| cores).sum::<u32>(), self.workload.jobs[job].cores);
        for (machine, cores) in &places {
            assert!(self.fit(*machine, &[&self.machines[*machine].jobs], job) >= *cores, "a machine has too many jobs");
        }
        put(&mut self.machines, &mut self.uses, job, &places);
        let speed = places.iter().map(|(machine, _)| self.park.kinds[self.kinds[*machine]].speed).min().unwrap();
        let ends = now + slow(self.workload.jobs[job].run, speed);
        self.stays.iter_mut().find(|stay| stay.job == job).unwrap().ends = Some(ends);
    }

    fn waiting(&self) -> Vec<usize> {
        self.stays.iter().filter(|stay| stay.ends.is_none()).map(|stay| stay.job).collect()
    }

    fn stay(&self, job: usize) -> &Stay {
        self.stays.iter().find(|stay| stay.job == job).unwrap()
    }

    fn estimate(&self, job: usize) -> i64 {
        slow(self.workload.jobs[job].estimate, self.park.kinds.iter().map(|kind| kind.speed).min().unwrap())
    }

    fn until(&self, stay: &Stay) -> i64 {
        stay.start + self.estimate(stay.job)
    }

    /// How many cores of a machine a job can use, whoever of these is on it.
    fn fit(&self, machine: usize, others: &[&BTreeMap<usize, u32>], job: usize) -> u32 {
        let kind = &self.park.kinds[self.kinds[machine]];
        let room = |others: &&BTreeMap<usize, u32>| {
            let kib: u64 = others.iter().map(|(other, cores)| u64::from(*cores) * self.each_kib[*other]).sum();
            let memory_kib = if kind.memory_mib == 0 { u64::MAX } else { kind.memory_mib * 1024 };
            let fits = |cores: &u32| {
                others.values().sum::<u32>() + cores <= kind.cores
                    && kib + u64::from(*cores) * self.each_kib[job] <= memory_kib
            };
            (0..=kind.cores).rev().find(fits).expect("no machine has more jobs than it has room for")
        };
        others.iter().map(room).min().unwrap()
    }

    /// The earliest start there is, of this second and those in which something is over by the plan; none that is later
    /// than what was promised.
    fn promise(&mut self, job: usize, now: i64) {
        let old = self.stays.clone();
        let place = old.iter().position(|stay| stay.job == job).unwrap();
        let others = || old.iter().filter(|stay| stay.job != job);
        let mut instants: Vec<i64> =
            others().map(|stay| self.until(stay)).filter(|at| *at > now).chain([now]).collect();
        instants.sort_unstable();
        for start in instants.into_iter().filter(|at| *at < old[place].start) {
            self.stays[place].start = start;
            if let Some(places) = self.beside(job) {
                self.stays[place].places = places;
                return;
            }
            if let Some(plan) = self.anew(now) {
                self.stays = plan;
                return;
            }
        }
        self.stays = old;
        assert!(self.stays[place].start < i64::MAX, "nothing was promised");
    }

    /// Where a job has room from its start to the end of its estimate, others staying where they are: on machines that
    /// others use meanwhile first, and on those with least room.
    fn beside(&self, job: usize) -> Option<Places> {
        let (from, until) = (self.stay(job).start, self.until(self.stay(job)));
        let on = |machine: usize, second: i64| -> BTreeMap<usize, u32> {
            let there = self.stays.iter().filter(|stay| stay.job != job);
            let there = there.filter(|stay| stay.start <= second && second < self.until(stay));
            let cores = |stay: &Stay| {
                let places = stay.places.iter().find(|(other, _)| *other == machine);
                places.map(|(_, cores)| (stay.job, *cores))
            };
            there.filter_map(cores).collect()
        };
        let rank = |machine: usize| {
            let seconds: Vec<BTreeMap<usize, u32>> = (from..until).map(|second| on(machine, second)).collect();
            let most = self.fit(machine, &seconds.iter().collect::<Vec<_>>(), job);
            (seconds.iter().all(BTreeMap::is_empty), self.kinds[machine], most, machine)
        };
        let mut order: Vec<_> = (0..self.machines.len()).map(rank).collect();
        order.sort_unstable();
        self.gather(job, order.into_iter().map(|(_, _, most, machine)| (machine, most)))
    }

    fn gather(&self, job: usize, machines: impl Iterator<Item = (usize, u32)>) -> Option<Places> {
        let mut need = self.workload.jobs[job].cores;
        let mut places = Vec::new();
        for (machine, most) in machines.filter(|(_, most)| *most > 0) {
            if need > 0 {
                places.push((machine, need.min(most)));
                need -= need.min(most);
            }
        }
        (need == 0).then_some(places)
    }

    /// All who wait, placed anew when their starts come, if everybody finds room then.
    fn anew(&self, now: i64) -> Option<Vec<Stay>> {
        let (mut plan, mut machines, mut uses) = (self.stays.clone(), self.machines.clone(), self.uses);
        let last = plan.iter().map(|stay| stay.start).max()?;
        for second in now..=last {
            for stay in plan.iter().filter(|stay| self.until(stay) == second) {
                leave(&mut machines, stay.job);
            }
            for stay in plan.iter_mut().filter(|stay| stay.ends.is_none() && stay.start == second) {
                // Machines with jobs, the fullest and the first used of them first; then others. Kinds in their order.
                let rank = |machine: usize| {
                    let Machine { jobs, since } = &machines[machine];
                    let free = self.park.kinds[self.kinds[machine]].cores - jobs.values().sum::<u32>();
                    let order = if jobs.is_empty() { (0, 0) } else { (free, *since) };
                    (jobs.is_empty(), self.kinds[machine], order, machine)
                };
                let mut order: Vec<_> = (0..machines.len()).map(rank).collect();
                order.sort_unstable();
                let order = order.into_iter().map(|(.., machine)| machine);
                let room = order.map(|machine| (machine, self.fit(machine, &[&machines[machine].jobs], stay.job)));
                stay.places = self.gather(stay.job, room)?;
                put(&mut machines, &mut uses, stay.job, &stay.places);
            }
        }
        Some(plan)
    }
}

/// A job leaves.
fn leave(machines: &mut [Machine], job: usize) {
    machines.iter_mut().for_each(|machine| machine.jobs.retain(|other, _| *other != job));
}

/// A job comes to its places.
fn put(machines: &mut [Machine], uses: &mut usize, job: usize, places: &Places) {
    for (machine, cores) in places {
        let machine = &mut machines[*machine];
        if machine.jobs.is_empty() {
            machine.since = *uses;
            *uses += 1;
        }
        machine.jobs.insert(job, *cores);
    }
}
