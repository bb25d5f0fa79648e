//! A park under FCFS or EASY, written for clarity and nothing else: machine by machine, second by second. Jobs need so much
//! memory for each core.

use std::collections::BTreeMap;

use scheduler::pool::Rule;
use simulator::park::Park;
use simulator::tariff::Prices;
use simulator::workload::Workload;

/// A machine.
#[derive(Clone)]
struct Machine {
    kind: usize,
    /// Since when it is off; or on, and idle since when.
    off: bool,
    since: i64,
    /// When it is on, if it boots.
    up: i64,
    /// Cores by job.
    jobs: BTreeMap<usize, u32>,
    /// When it became shared: the first is the first to be filled.
    name: u64,
    begins: i64,
}

struct Run {
    job: usize,
    /// When its estimate is over, counted from the decision.
    until: i64,
    ends: i64,
}

/// What came of it: starts, watt-seconds by state (off, booting, idle, busy), cost, and how many waited for a boot.
pub struct Naive {
    pub begins: Vec<i64>,
    pub energy_ws: [i128; 4],
    pub cost: i128,
    pub boot_waits: u64,
}

fn slow(seconds: u32, speed: u32) -> i64 {
    (f64::from(seconds) * 1000.0 / f64::from(speed)).ceil() as i64
}

/// What all have in common.
struct Setting<'a> {
    workload: &'a Workload,
    park: &'a Park,
    each_kib: &'a [u64],
    rule: Rule,
    slowest: u32,
}

impl Setting<'_> {
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

    fn has_room(&self, machines: &[Machine], job: usize) -> bool {
        self.room(machines, job) >= self.workload.jobs[job].cores
    }

    fn estimate(&self, job: usize) -> i64 {
        slow(self.workload.jobs[job].estimate, self.slowest)
    }
}

/// The machines when these are gone.
fn without(machines: &[Machine], gone: impl Iterator<Item = usize>) -> Vec<Machine> {
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
    let mut machines: Vec<Machine> = Vec::new();
    for (kind, of) in park.kinds.iter().enumerate() {
        machines.extend((0..of.count).map(|_| Machine {
            kind,
            off: false,
            since: first,
            up: first,
            jobs: BTreeMap::new(),
            name: 0,
            begins: i64::MAX,
        }));
    }
    let slowest = park.kinds.iter().map(|kind| kind.speed).min().unwrap();
    let setting = Setting { workload, park, each_kib, rule, slowest };
    let mut naive = Naive { begins: vec![i64::MAX; jobs.len()], energy_ws: [0; 4], cost: 0, boot_waits: 0 };
    let (mut waiting, mut running): (Vec<usize>, Vec<Run>) = (Vec::new(), Vec::new());
    let mut names = 0;
    let mut now = first;
    loop {
        let (over, still): (Vec<Run>, Vec<Run>) = running.into_iter().partition(|run| run.ends == now);
        running = still;
        for run in &over {
            for machine in &mut machines {
                if machine.jobs.remove(&run.job).is_some() && machine.jobs.is_empty() {
                    (machine.since, machine.begins) = (now, i64::MAX);
                }
            }
        }
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
            let kind = &park.kinds[machine.kind];
            let (state, watts) = if machine.off {
                (0, kind.off_w)
            } else if now < machine.up {
                (1, kind.idle_w)
            } else if now < machine.begins {
                (2, kind.idle_w)
            } else {
                (3, kind.busy_w)
            };
            naive.energy_ws[state] += i128::from(watts);
            naive.cost += i128::from(watts) * i128::from(prices.price(now));
        }
        now += 1;
    }
}

/// EASY, as if a run could last until its estimate is over and no longer than it takes.
fn next(setting: &Setting, machines: &[Machine], waiting: &[usize], running: &[Run], now: i64) -> Option<usize> {
    let head = *waiting.first()?;
    if setting.has_room(machines, head) {
        return Some(head);
    }
    if setting.rule == Rule::Fcfs {
        return None;
    }
    let at = |at: i64, machines: &[Machine]| {
        without(machines, running.iter().filter(|run| run.until <= at).map(|run| run.job))
    };
    let mut ends: Vec<i64> = running.iter().map(|run| run.until).collect();
    ends.sort_unstable();
    let turn = ends.into_iter().find(|end| setting.has_room(&at(*end, machines), head)).unwrap();
    let both = |job: usize| {
        let mut machines = machines.to_vec();
        place(setting, &mut machines, job, now, &mut (1 << 40));
        setting.has_room(&at(turn, &machines), head)
    };
    let may =
        |job: &&usize| setting.has_room(machines, **job) && (now + setting.estimate(**job) <= turn || both(**job));
    let mut behind = waiting[1..].to_vec();
    if setting.rule == (Rule::Easy { shortest_first: true }) {
        behind.sort_by_key(|job| setting.workload.jobs[*job].estimate);
    }
    behind.iter().find(may).copied()
}

/// Gives a job its machines: when it begins, how fast it is, and whether it waits for a boot.
fn place(setting: &Setting, machines: &mut [Machine], job: usize, now: i64, names: &mut u64) -> (i64, u32, bool) {
    let (park, mut need) = (setting.park, setting.workload.jobs[job].cores);
    let mut mine = Vec::new();
    while need > 0 {
        // Shared ones first, the fullest and the first shared of them; then idle ones, the most recently idle first;
        // then those that are off. Kinds in their order.
        let rank = |place: &usize| {
            let machine = &machines[*place];
            let free = park.kinds[machine.kind].cores - machine.jobs.values().sum::<u32>();
            let group = if !machine.jobs.is_empty() { 0 } else { 1 + u8::from(machine.off) };
            let order = if group == 0 { i64::from(free) } else { -machine.since };
            (group, machine.kind, order, machine.name, setting.fit(machine, job))
        };
        let has_room = |place: &usize| rank(place).4 > 0;
        let best = (0..machines.len()).filter(has_room).min_by_key(|place| rank(place)).unwrap();
        let (group, .., most) = rank(&best);
        let machine = &mut machines[best];
        if group > 0 {
            machine.up = if machine.off { now + i64::from(park.kinds[machine.kind].boot_s) } else { now };
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
