//! The machines of a park as somebody switches them who says which: what each is doing, how long it boots, and what
//! that draws. The stand-in for real machines under the real centre's state; must not know who decides.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use model::{CpuSet, Machine, Span};
use scheduler::power::Node;

use super::meter::{Meter, Row, State};
use super::{Kind, NORMAL_SPEED, Park};

/// A boot that takes longer than this many times its time has failed: here none does.
const PATIENCE: i64 = 2;

/// One machine.
#[derive(Clone, Copy, Debug)]
struct One {
    kind: u32,
    number: u32,
    /// Its first core.
    first: u32,
    state: State,
    since: i64,
    /// When it came up last.
    up: i64,
    jobs: u32,
}

/// All machines.
#[derive(Clone, Debug)]
pub struct Switched<'a> {
    park: &'a Park,
    meter: Meter<'a>,
    machines: Vec<One>,
    /// Who boots, and until when.
    booting: BinaryHeap<Reverse<(i64, u32)>>,
    /// Jobs that began when a machine of theirs had just come up.
    boot_waits: u64,
}

/// All machines of a park, by kind and number within the kind.
fn each(park: &Park) -> impl Iterator<Item = (u32, u32)> {
    park.kinds.iter().zip(0..).flat_map(|(kind, at)| (0..kind.count).map(move |number| (at, number)))
}

/// Memory of each machine of a kind, in KiB, as traces have it: the scheduler compares memory with memory, and does not
/// care of what one is. What is not known is never short.
fn memory_kib(kind: &Kind) -> u64 {
    if kind.memory_mib == 0 { u64::from(u32::MAX) } else { kind.memory_mib }.saturating_mul(1024)
}

/// A park as one machine with its cores in order, each machine a socket of its own, and all their memory together, in
/// KiB.
pub fn machine(park: &Park) -> Machine {
    let memory = park.kinds.iter().map(|kind| memory_kib(kind).saturating_mul(u64::from(kind.count)));
    let mut machine = Machine::regular("park", 1, park.cores(), 1, memory.fold(0, u64::saturating_add));
    let sockets = each(park).zip(0..).flat_map(|((kind, _), at)| (0..park.kinds[kind as usize].cores).map(move |_| at));
    for (core, socket) in machine.cores.iter_mut().zip(sockets) {
        (core.socket, core.numa) = (socket, socket);
    }
    machine
}

/// The same as what can be switched, in the same order.
pub fn nodes(park: &Park) -> Vec<Node> {
    let node = |(kind, number): (u32, u32)| {
        let kind = &park.kinds[kind as usize];
        let boot = i64::from(kind.boot_s);
        Node {
            name: format!("{}{}", kind.name, number + 1),
            cores: kind.cores,
            memory_mib: memory_kib(kind),
            gpus: 0,
            boot: Span::seconds(boot),
            shutdown: Span::ZERO,
            patience: Span::seconds(boot * PATIENCE + 1),
        }
    };
    each(park).map(node).collect()
}

impl<'a> Switched<'a> {
    /// All machines are on and idle.
    pub fn new(park: &'a Park, meter: Meter<'a>, now: i64) -> Switched<'a> {
        let mut first = 0;
        let one = |(kind, number): (u32, u32)| {
            let own = first;
            first += park.kinds[kind as usize].cores;
            One { kind, number, first: own, state: State::Idle, since: now, up: now, jobs: 0 }
        };
        let machines = each(park).map(one).collect();
        Switched { park, meter, machines, booting: BinaryHeap::new(), boot_waits: 0 }
    }

    /// How many jobs began when a machine of theirs had just come up.
    pub fn boot_waits(&self) -> u64 {
        self.boot_waits
    }

    /// The meter; complete after [`Switched::close`].
    pub fn meter(&self) -> &Meter<'a> {
        &self.meter
    }

    fn change(&mut self, now: i64, machine: usize, state: State) {
        let one = &mut self.machines[machine];
        let row = Row { kind: one.kind, first: one.number, count: 1 };
        self.meter.add(row, one.state, one.since, now);
        (one.state, one.since) = (state, now);
    }

    /// A machine is switched off: at once.
    pub fn switch_off(&mut self, now: i64, machine: usize) {
        self.change(now, machine, State::Off);
    }

    /// A machine is switched on: it boots.
    pub fn switch_on(&mut self, now: i64, machine: usize) {
        self.change(now, machine, State::Booting);
        let boot = i64::from(self.park.kinds[self.machines[machine].kind as usize].boot_s);
        self.booting.push(Reverse((now + boot, machine as u32)));
    }

    /// When the next machine is up.
    pub fn next_up(&self) -> Option<i64> {
        self.booting.peek().map(|Reverse((at, _))| *at)
    }

    /// The next machine that is up by now.
    pub fn come_up(&mut self, now: i64) -> Option<usize> {
        let Reverse((at, machine)) = self.booting.peek().copied().filter(|Reverse((at, _))| *at <= now)?;
        self.booting.pop();
        self.change(at, machine as usize, State::Idle);
        self.machines[machine as usize].up = at;
        Some(machine as usize)
    }

    /// The machines that these cores belong to.
    fn of(&self, cores: &CpuSet) -> Vec<usize> {
        let mut machines: Vec<usize> =
            cores.iter().map(|core| self.machines.partition_point(|one| one.first <= core) - 1).collect();
        machines.dedup();
        machines
    }

    /// A job that came at an instant begins on these cores; says the slowest speed of their machines.
    pub fn begin(&mut self, now: i64, came: i64, cores: &CpuSet) -> u32 {
        let machines = self.of(cores);
        let just_up = |machine: &usize| came < now && self.machines[*machine].up == now;
        self.boot_waits += u64::from(machines.iter().any(just_up));
        for machine in &machines {
            if self.machines[*machine].jobs == 0 {
                self.change(now, *machine, State::Busy);
            }
            self.machines[*machine].jobs += 1;
        }
        let speeds = machines.iter().map(|machine| self.park.kinds[self.machines[*machine].kind as usize].speed);
        speeds.min().unwrap_or(NORMAL_SPEED)
    }

    /// A job that was on these cores is over.
    pub fn end(&mut self, now: i64, cores: &CpuSet) {
        for machine in self.of(cores) {
            self.machines[machine].jobs -= 1;
            if self.machines[machine].jobs == 0 {
                self.change(now, machine, State::Idle);
            }
        }
    }

    /// Adds up what machines were doing until the end.
    pub fn close(&mut self, now: i64) {
        for machine in 0..self.machines.len() {
            let state = self.machines[machine].state;
            self.change(now, machine, state);
        }
    }
}
