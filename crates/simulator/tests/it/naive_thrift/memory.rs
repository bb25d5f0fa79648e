//! Machines with cores and memory instead of machines of one core: who is chosen gets its machines at once, as in a naive
//! park, and begins when they are on.

use scheduler::pool::Rule;
use simulator::park::Park;
use simulator::tariff::Prices;
use simulator::workload::Workload;

use super::{Cores, Naive, Phase, World};
use crate::naive_park::{self, Machine, Run, Setting};

/// The machines and who is on them.
pub struct Parked<'a> {
    pub setting: Setting<'a>,
    machines: Vec<Machine>,
    running: Vec<Run>,
    names: u64,
}

fn boot(setting: &Setting, machine: &mut Machine, now: i64) {
    machine.up = now + i64::from(setting.park.kinds[machine.kind].boot_s);
    (machine.off, machine.since) = (false, machine.up);
}

impl World<'_> {
    /// Whether there is room for a job now.
    pub fn fits(&self, job: usize) -> bool {
        match &self.parked {
            Some(parked) => parked.setting.has_room(&parked.machines, job),
            None => self.cores(job) <= self.free(),
        }
    }

    /// When the head of the queue has room.
    pub fn turn(&self, head: usize) -> i64 {
        match &self.parked {
            Some(Parked { setting, machines, running, .. }) => naive_park::turn(setting, machines, running, head),
            None => self.promise(head).0,
        }
    }

    /// Whether a job may start before the head.
    pub fn leaves_room(&self, job: usize, head: usize) -> bool {
        match &self.parked {
            Some(Parked { setting, machines, running, .. }) => {
                naive_park::both(setting, machines, running, (self.now, job), (self.turn(head), head))
            }
            None => self.cores(job) <= self.promise(head).1,
        }
    }

    /// A job that was chosen gets its machines.
    pub fn seat(&mut self, job: usize) {
        let (now, run) = (self.now, self.workload.jobs[job].run);
        let Some(Parked { setting, machines, running, names }) = &mut self.parked else { return };
        let (begins, speed, boots) = naive_park::place(setting, machines, job, now, names);
        let ends = begins + naive_park::slow(run, speed);
        running.push(Run { job, until: now + setting.estimate(job), ends });
        self.phases[job] = Phase::Runs { since: now, begins };
        self.started.push(job);
        self.naive.begins[job] = begins;
        self.naive.boot_waits += u64::from(boots);
    }

    /// Whether a job that began then ends now.
    pub fn ends(&self, job: usize, begins: i64) -> bool {
        match &self.parked {
            Some(parked) => parked.running.iter().any(|run| run.job == job && run.ends == self.now),
            None => begins + i64::from(self.workload.jobs[job].run) == self.now,
        }
    }

    /// A job is over.
    pub fn leave(&mut self, job: usize) {
        let now = self.now;
        if let Some(parked) = &mut self.parked {
            naive_park::leave(&mut parked.machines, job, now);
            parked.running.retain(|run| run.job != job);
        }
    }

    /// What machines do in the second from now on.
    pub fn meter_parked(&mut self) {
        let Some(parked) = &self.parked else { return };
        for machine in &parked.machines {
            let (state, watts) = parked.setting.draws(machine, self.now);
            self.naive.energy_ws[state] += i128::from(watts);
            self.naive.cost += i128::from(watts) * i128::from(self.prices.price(self.now));
        }
    }

    /// Boots the machines that the head would boot if who is gone by its turn were gone, if that comes within a boot.
    fn boot_for_head(&mut self) -> bool {
        let (now, soon) = (self.now, self.now + self.boot_s);
        let Some((head, turn)) = self.head.map(|head| (head, self.turn(head))).filter(|due| due.1 <= soon) else {
            return false;
        };
        let Some(Parked { setting, machines, running, .. }) = &mut self.parked else { return false };
        let mut then = machines.clone();
        running.iter().filter(|run| run.until <= turn).for_each(|run| naive_park::leave(&mut then, run.job, now));
        naive_park::place(setting, &mut then, head, now, &mut (1 << 40));
        for (machine, _) in machines.iter_mut().zip(then).filter(|(machine, then)| machine.off && !then.off) {
            boot(setting, machine, now);
        }
        true
    }

    /// Switches machines off, one by one, the dearest kinds and the longest idle first, or boots some, the cheapest first.
    pub fn switch_parked(&mut self, warm: &Cores) {
        let (now, is_due) = (self.now, self.boot_for_head());
        let Some(Parked { setting, machines, .. }) = &mut self.parked else { return };
        let kinds = &setting.park.kinds;
        let cores = |machine: &Machine| i64::from(kinds[machine.kind].cores);
        let is_free = |machine: &&mut Machine| !machine.off && machine.jobs.is_empty();
        let on = |machines: &mut Vec<Machine>| machines.iter_mut().filter(is_free).map(|one| cores(one)).sum::<i64>();
        if on(machines) > warm.most && !is_due {
            loop {
                let more = on(machines) - warm.most;
                let may = |one: &&mut Machine| is_free(one) && one.since + 60 <= now && cores(one) <= more;
                let first = |one: &&mut Machine| (std::cmp::Reverse(one.kind), one.since);
                let Some(machine) = machines.iter_mut().filter(may).min_by_key(first) else { break };
                machine.off = true;
            }
        } else {
            while on(machines) < warm.least {
                let off = machines.iter_mut().filter(|machine| machine.off);
                let Some(machine) = off.min_by_key(|machine| machine.kind) else { break };
                boot(setting, machine, now);
            }
        }
    }
}

/// Plays jobs of these users, which need so much memory for each core, on a park.
pub fn play(
    (workload, users, each_kib): (&Workload, &[i64], &[u64]),
    park: &Park,
    prices: Prices,
    local0: i64,
    patience_s: u32,
) -> Naive {
    let setting = Setting::new(workload, park, each_kib, Rule::Easy { shortest_first: false });
    let mean = |watts: &dyn Fn(usize) -> u32| {
        let kinds = park.kinds.iter().enumerate();
        let sum: f64 = kinds.map(|(at, kind)| f64::from(watts(at)) * f64::from(kind.count)).sum();
        sum / f64::from(park.cores())
    };
    let over = |at: usize, watts: u32| watts - park.kinds[at].off_w;
    let draws = [mean(&|at| over(at, park.kinds[at].busy_w)), mean(&|at| over(at, park.kinds[at].idle_w))];
    let boot_s = park.kinds.iter().map(|kind| kind.boot_s).max().unwrap();
    let mut world = World::new((workload, users), (park.cores(), boot_s, draws), prices, local0, patience_s);
    world.machines.clear();
    let machines = setting.machines(world.now);
    world.parked = Some(Parked { setting, machines, running: Vec::new(), names: 0 });
    world.run()
}
