//! A park under FCFS or EASY, written for clarity and nothing else: machine by machine, second by second. Jobs need so much
//! memory for each core.

use std::collections::BTreeMap;

use scheduler::pool::Rule;
use simulator::park::Park;
use simulator::tariff::Prices;
use simulator::workload::Workload;

/// A machine.
#[derive(Clone)]
pub struct Machine {
    pub kind: usize,
    /// Since when it is off; or on, and idle since when.
    pub off: bool,
    pub since: i64,
    /// When it is on, if it boots.
    pub up: i64,
    /// Cores by job.
    pub jobs: BTreeMap<usize, u32>,
    /// When it became shared: the first is the first to be filled.
    name: u64,
    begins: i64,
}

pub struct Run {
    pub job: usize,
    /// When its estimate is over, counted from the decision.
    pub until: i64,
    pub ends: i64,
}

/// What came of it: starts, watt-seconds by state (off, booting, idle, busy), cost, and how many waited for a boot.
pub struct Naive {
    pub begins: Vec<i64>,
    pub energy_ws: [i128; 4],
    pub cost: i128,
    pub boot_waits: u64,
}

pub fn slow(seconds: u32, speed: u32) -> i64 {
    (f64::from(seconds) * 1000.0 / f64::from(speed)).ceil() as i64
}

/// What all have in common.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub workload: &'a Workload,
    pub park: &'a Park,
    pub each_kib: &'a [u64],
    pub rule: Rule,
    pub slowest: u32,
}

impl<'a> Setting<'a> {
    pub fn new(workload: &'a Workload, park: &'a Park, each_kib: &'a [u64], rule: Rule) -> Setting<'a> {
        let slowest = park.kinds.iter().map(|kind| kind.speed).min().unwrap();
        Setting { workload, park, each_kib, rule, slowest }
    }

    /// All machines, idle since an instant.
    pub fn machines(&self, first: i64) -> Vec<Machine> {
        let idle = |kind| Machine {
            kind,
            off: false,
            since: first,
            up: first,
            jobs: BTreeMap::new(),
            name: 0,
            begins: i64::MAX,
        };
        let kinds = self.park.kinds.iter().enumerate();
        kinds.flat_map(|(kind, of)| vec![idle(kind); of.count as usize]).collect()
    }

    /// How many cores of a machine a job can use beside those that are on it.
    fn fit(&self, machine: &Machine, job: usize) -> u32 {
        let kind = &self.park.kinds[machine.kind];
        let used: u64 = machine.jobs.iter().map(|(job, cores)| u64::from(*cores) * self.each_kib[*job]).sum();
        let free = kind.cores - machine.jobs.values().sum::<u32>();
        if kind.memory_mib == 0 {
            return free;
        }
        let free_kib = (kind.memory_mib * 1024).checked_sub(used).expect("no machine has less memory than its jobs");
        (0..=free).rev().find(|cores| u64::from(*cores) * self.each_kib[job] <= free_kib).unwrap()
    }

    fn room(&self, machines: &[Machine], job: usize) -> u32 {
        machines.iter().map(|machine| self.fit(machine, job)).sum()
    }

    pub fn has_room(&self, machines: &[Machine], job: usize) -> bool {
        self.room(machines, job) >= self.workload.jobs[job].cores
    }

    /// What a machine does in the second from now on (off, booting, idle, busy), and its watts.
    pub fn draws(&self, machine: &Machine, now: i64) -> (usize, u32) {
        let kind = &self.park.kinds[machine.kind];
        if machine.off {
            (0, kind.off_w)
        } else if now < machine.up {
            (1, kind.idle_w)
        } else if machine.jobs.is_empty() || now < machine.begins {
            (2, kind.idle_w)
        } else {
            (3, kind.busy_w)
        }
    }

    pub fn estimate(&self, job: usize) -> i64 {
        slow(self.workload.jobs[job].estimate, self.slowest)
    }
}

/// A job is over.
pub fn leave(machines: &mut [Machine], job: usize, now: i64) {
    for machine in machines {
        if machine.jobs.remove(&job).is_some() && machine.jobs.is_empty() {
            (machine.since, machine.begins) = (now, i64::MAX);
        }
    }
}

/// The machines when these are gone.
pub fn without(machines: &[Machine], gone: impl Iterator<Item = usize>) -> Vec<Machine> {
    let mut machines = machines.to_vec();
    for job in gone {
        machines.iter_mut().for_each(|machine| machine.jobs.retain(|other, _| *other != job));
    }
    machines
}

pub fn play(
    workload: &Workload,
    park: &Park,
    (rule, each_kib): (Rule, &[u64]),
    prices: &Prices,
    off_after: Option<i64>,
) -> Naive {
    let jobs = &workload.jobs;
    let first = jobs[0].submit;
    let setting = Setting::new(workload, park, each_kib, rule);
    let mut machines = setting.machines(first);
    let mut naive = Naive { begins: vec![i64::MAX; jobs.len()], energy_ws: [0; 4], cost: 0, boot_waits: 0 };
    let (mut waiting, mut running): (Vec<usize>, Vec<Run>) = (Vec::new(), Vec::new());
    let mut names = 0;
    let mut now = first;
    loop {
        let (over, still): (Vec<Run>, Vec<Run>) = running.into_iter().partition(|run| run.ends == now);
        running = still;
        over.iter().for_each(|run| leave(&mut machines, run.job, now));
        if let Some(seconds) = off_after {
            for machine in machines.iter_mut().filter(|machine| !machine.off && machine.jobs.is_empty()) {
                machine.off = now - machine.since >= seconds;
            }
        }
        waiting.extend((0..jobs.len()).filter(|job| jobs[*job].submit == now));
        while let Some(job) = next(&setting, &machines, &waiting, &running, now) {
            waiting.retain(|other| *other != job);
            let (begins, speed, boots) = place(&setting, &mut machines, job, now, &mut names);
            naive.begins[job] = begins;
            naive.boot_waits += u64::from(boots);
            let until = now + setting.estimate(job);
            running.push(Run { job, until, ends: begins + slow(jobs[job].run, speed) });
        }
        if running.is_empty() && waiting.is_empty() && jobs.iter().all(|job| job.submit <= now) {
            return naive;
        }
        for machine in &machines {
            let (state, watts) = setting.draws(machine, now);
            naive.energy_ws[state] += i128::from(watts);
            naive.cost += i128::from(watts) * i128::from(prices.price(now));
        }
        now += 1;
    }
}

/// The machines when all are gone whose estimates are over by an instant.
fn at(machines: &[Machine], running: &[Run], at: i64) -> Vec<Machine> {
    without(machines, running.iter().filter(|run| run.until <= at).map(|run| run.job))
}

/// When a job has room, if all that runs takes as long as it may.
pub fn turn(setting: &Setting, machines: &[Machine], running: &[Run], job: usize) -> i64 {
    let mut ends: Vec<i64> = running.iter().map(|run| run.until).collect();
    ends.sort_unstable();
    ends.into_iter().find(|end| setting.has_room(&at(machines, running, *end), job)).unwrap()
}

/// Whether there is room for one that starts at an instant, and for another at a later one.
pub fn both(
    setting: &Setting,
    machines: &[Machine],
    running: &[Run],
    (now, job): (i64, usize),
    (turn, head): (i64, usize),
) -> bool {
    let mut machines = machines.to_vec();
    place(setting, &mut machines, job, now, &mut (1 << 40));
    setting.has_room(&at(&machines, running, turn), head)
}

/// EASY, as if a run could last until its estimate is over and no longer than it takes.
pub fn next(setting: &Setting, machines: &[Machine], waiting: &[usize], running: &[Run], now: i64) -> Option<usize> {
    let head = *waiting.first()?;
    if setting.has_room(machines, head) {
        return Some(head);
    }
    if setting.rule == Rule::Fcfs {
        return None;
    }
    let turn = turn(setting, machines, running, head);
    let both = |job: usize| both(setting, machines, running, (now, job), (turn, head));
    let may =
        |job: &&usize| setting.has_room(machines, **job) && (now + setting.estimate(**job) <= turn || both(**job));
    let mut behind = waiting[1..].to_vec();
    if setting.rule == (Rule::Easy { shortest_first: true }) {
        behind.sort_by_key(|job| setting.workload.jobs[*job].estimate);
    }
    behind.iter().find(may).copied()
}

/// Gives a job its machines: when it begins, how fast it is, and whether it waits for a boot.
pub fn place(setting: &Setting, machines: &mut [Machine], job: usize, now: i64, names: &mut u64) -> (i64, u32, bool) {
    let (park, mut need) = (setting.park, setting.workload.jobs[job].cores);
    let mut mine = Vec::new();
    while need > 0 {
        // Shared ones first, the fullest and the first shared of them; then idle ones, the most recently idle first;
        // then those that boot, the first to be on first; then those that are off. Kinds in their order.
        let rank = |place: &usize| {
            let machine = &machines[*place];
            let free = park.kinds[machine.kind].cores - machine.jobs.values().sum::<u32>();
            let (group, order) = match machine {
                machine if !machine.jobs.is_empty() => (0, i64::from(free)),
                machine if machine.off => (3, -machine.since),
                machine if machine.up > now => (2, machine.up),
                _ => (1, -machine.since),
            };
            (group, machine.kind, order, machine.name, setting.fit(machine, job))
        };
        let has_room = |place: &usize| rank(place).4 > 0;
        let best = (0..machines.len()).filter(has_room).min_by_key(|place| rank(place)).unwrap();
        let (group, .., most) = rank(&best);
        let machine = &mut machines[best];
        if group > 0 {
            let on = if machine.off { now + i64::from(park.kinds[machine.kind].boot_s) } else { now };
            machine.up = machine.up.max(on);
            machine.off = false;
            machine.begins = i64::MAX;
            *names += 1;
            machine.name = *names;
        }
        let taken = most.min(need);
        need -= taken;
        machine.jobs.insert(job, taken);
        mine.push(best);
    }
    let begins = mine.iter().map(|place| machines[*place].up).max().unwrap().max(now);
    let speed = mine.iter().map(|place| park.kinds[machines[*place].kind].speed).min().unwrap();
    for place in mine {
        machines[place].begins = machines[place].begins.min(begins);
    }
    (begins, speed, begins > now)
}
