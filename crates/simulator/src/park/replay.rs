//! Plays a workload on a park. Who starts is decided by the scheduler ([`scheduler::pool`], or [`scheduler::thrift`]
//! where machines are switched by forecast), or by `room` and `promises` where memory matters; who gets which machine by the
//! [`yard`](super::yard).
//!
//! Estimates are counted from the decision to start, and as on the slowest machines of the park; a job whose machines
//! have to boot runs when they are on.

#[cfg(test)]
mod watched;

use scheduler::pool::{Ask, Fact, Pool, Rule, Ticket, Unlikely};
use scheduler::thrift::{self, AnyCores, Draw, Muster, REST, Space, Thrift, Worth};

use super::meter::{Bill, Meter};
use super::promises::Promises;
use super::room::Room;
use super::shadow::Shadow;
use super::tenants::{Need, Tenants};
use super::yard::{Seat, Yard};
use super::{NORMAL_SPEED, Park};
use crate::clock::{self, End, Order, Played, Scheduler, Start};
use crate::power::Power;
use crate::tariff::Tariff;
use crate::workload::{Trace, Workload};

/// How often jobs are compared with their shadows, seconds.
const COMPARED: i64 = 3600;

/// What is to be played.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// The jobs, as many as fit the park: [`Park::cores`] are its processors.
    pub workload: &'a Workload,
    /// Where they are from: it knows whose they are.
    pub trace: &'a Trace,
    /// The machines.
    pub park: &'a Park,
    /// What electricity costs.
    pub tariff: &'a Tariff,
    /// The second of the local day at the trace's second 0.
    pub local0: i64,
    /// Who may start before whom; [`Power::Predictive`] brings its own order.
    pub rule: Rule,
    /// When machines are off.
    pub power: Power,
    /// Whether [`Outcome::states`] is wanted.
    pub states: bool,
}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Outcome {
    /// When jobs began and ended.
    pub played: Played,
    /// What it drew and cost, from the first submission to the last end.
    pub bill: Bill,
    /// How many jobs waited for a machine to boot.
    pub boot_waits: u64,
    /// Lines `machine state from to`, if wanted.
    pub states: String,
    /// What machines drew, from when until when, in watts; with the states.
    pub draws: Vec<(i64, i64, i64)>,
}

enum Brain<'a> {
    Pool(Box<Pool>),
    Room(Box<Room>),
    Promises(Box<Promises>),
    Thrift(Box<Thrifty<'a>>),
}

/// Where those go who were chosen.
enum Hosts {
    /// Cores are all that matters: they wait here until as many as they need are on.
    Cores(Muster),
    /// Memory matters, too: they have their machines at once, and wait until these are on.
    Machines(Tenants),
}

/// Machines, as who chooses sees them.
struct Sight<'a, 'b> {
    now: i64,
    yard: &'a Yard<'b>,
    tenants: &'a Tenants,
}

struct Thrifty<'a> {
    thrift: Thrift<crate::tariff::Prices<'a>>,
    hosts: Hosts,
    /// What each job needs.
    asks: Vec<thrift::Ask>,
    shadow: Shadow<'a>,
    compared: i64,
    boot_s: i64,
    /// How many jobs began later than they were chosen.
    boots: u64,
}

/// A park that plays a workload.
struct ParkScheduler<'a> {
    plan: Plan<'a>,
    brain: Brain<'a>,
    yard: Yard<'a>,
    seats: Vec<Option<Seat>>,
    /// The slowest speed in the park.
    slowest: u32,
    /// Jobs that are over.
    over: usize,
}

/// A time meant for the normal speed, at another.
pub(crate) fn at_speed(seconds: u32, speed: u32) -> i64 {
    (i64::from(seconds) * i64::from(NORMAL_SPEED) + i64::from(speed) - 1) / i64::from(speed)
}

/// What a core of a park draws, in the mean.
fn draw(park: &Park) -> Draw {
    let cores = f64::from(park.cores());
    let mean = |watts: &dyn Fn(&super::Kind) -> u32| {
        let of = |kind: &super::Kind| f64::from(watts(kind)) * f64::from(kind.count);
        park.kinds.iter().map(of).sum::<f64>() / cores
    };
    Draw {
        busy_w: mean(&|kind| kind.busy_w - kind.off_w),
        idle_w: mean(&|kind| kind.idle_w - kind.off_w),
        boot_s: park.kinds.iter().map(|kind| i64::from(kind.boot_s)).max().unwrap_or(0),
    }
}

/// Plays a plan. `progress` is told from time to time how many jobs have come.
///
/// # Errors
/// A job that does not fit the park.
pub fn replay(plan: Plan<'_>, progress: &mut dyn FnMut(usize)) -> Result<Outcome, Unlikely> {
    let mut scheduler = ParkScheduler::new(plan);
    let begins = plan.workload.jobs.first().map_or(0, |job| job.submit);
    let played = clock::run(plan.workload, &mut scheduler, Order::Batch, progress)?;
    let ends = played.ends.iter().copied().max().unwrap_or(begins);
    scheduler.sleep(ends);
    scheduler.yard.close(ends);
    let meter = scheduler.yard.meter();
    let states = if plan.states { meter.states(plan.park) } else { String::new() };
    let (bill, draws) = (meter.bill(plan.park), meter.draws(plan.park));
    let boot_waits = match &scheduler.brain {
        Brain::Thrift(thrifty) => thrifty.boots,
        Brain::Pool(_) | Brain::Room(_) | Brain::Promises(_) => scheduler.yard.boot_waits(),
    };
    Ok(Outcome { bill, boot_waits, states, draws, played })
}

impl<'a> ParkScheduler<'a> {
    /// Nobody is there yet, all machines are on.
    fn new(plan: Plan<'a>) -> ParkScheduler<'a> {
        let begins = plan.workload.jobs.first().map_or(0, |job| job.submit);
        let prices = plan.tariff.at(plan.local0);
        let cores = plan.park.cores();
        let yard = Yard::new(plan.park, begins, Meter::new(plan.park, prices, plan.states));
        let memory_matters = plan.park.memory_matters(plan.trace, plan.workload);
        let brain = match plan.power {
            Power::Predictive { patience_s } => Brain::Thrift(Box::new(Thrifty {
                thrift: Thrift::new(cores, draw(plan.park), prices, Worth::new(patience_s), begins, plan.local0),
                hosts: if memory_matters {
                    Hosts::Machines(Tenants::default())
                } else {
                    Hosts::Cores(Muster::default())
                },
                asks: Vec::with_capacity(plan.workload.jobs.len()),
                shadow: if memory_matters {
                    Shadow::of_machines(plan.park, yard.sketch())
                } else {
                    Shadow::of_cores(cores)
                },
                compared: begins,
                boot_s: draw(plan.park).boot_s,
                boots: 0,
            })),
            _ if memory_matters => match plan.rule {
                Rule::Conservative => Brain::Promises(Box::new(Promises::new(plan.park))),
                _ => Brain::Room(Box::new(Room::new(plan.rule))),
            },
            _ => Brain::Pool(Box::new(Pool::new(cores, plan.rule))),
        };
        ParkScheduler {
            plan,
            brain,
            yard,
            seats: vec![None; plan.workload.jobs.len()],
            slowest: plan.park.kinds.iter().map(|kind| kind.speed).min().unwrap_or(NORMAL_SPEED),
            over: 0,
        }
    }

    fn sleep(&mut self, now: i64) {
        if let Power::OffAfter(seconds) = self.plan.power {
            self.yard.sleep_after(now, i64::from(seconds));
        }
    }

    fn ask(&self, job: u32) -> Ask {
        let job = &self.plan.workload.jobs[job as usize];
        let estimate = u32::try_from(at_speed(job.estimate, self.slowest)).unwrap_or(u32::MAX);
        Ask { cores: job.cores, estimate }
    }

    /// After the last start of an instant: machines are switched.
    fn rest(&mut self, now: i64) -> Result<(), Unlikely> {
        let Brain::Thrift(thrifty) = &mut self.brain else { return Ok(()) };
        if now - thrifty.compared >= COMPARED {
            thrifty.compared = now;
            for (_, waited, plain) in thrifty.shadow.advance(now)? {
                thrifty.thrift.note_wait(waited, plain);
            }
        }
        // Who waits for machines also gets cores beside other jobs.
        let called = match thrifty.called() {
            0 => 0,
            cores => cores.saturating_sub(self.yard.beside(now)),
        };
        let warm = thrifty.thrift.warm(now);
        let (least, mut most) = (called + u64::from(warm.least), called + u64::from(warm.most));
        if let Hosts::Machines(tenants) = &thrifty.hosts
            && let Some((head, turn)) = thrifty.thrift.due(now + thrifty.boot_s)
        {
            // Not any cores help the head, but those that have memory for it: these boot, and none of them goes off.
            let boots = tenants.boots(now, &self.yard, head.into(), turn);
            self.yard.wake(now, boots);
            most = u64::MAX;
        }
        self.yard.keep(now, least, most, REST);
        Ok(())
    }

    /// Who begins next where machines are switched by forecast: chosen at any time, and as many machines are on as it needs;
    /// or, where memory matters, chosen now.
    fn begin_called(&mut self, now: i64) -> Option<u32> {
        let Brain::Thrift(thrifty) = &mut self.brain else { return None };
        let Thrifty { thrift, hosts, asks, boot_s, boots, .. } = &mut **thrifty;
        let muster = match hosts {
            Hosts::Machines(tenants) => return thrift.start(now, &Sight { now, yard: &self.yard, tenants }),
            Hosts::Cores(muster) => muster,
        };
        while let Some(job) = thrift.start(now, &AnyCores) {
            let thrift::Ask { cores, estimate, .. } = asks[job as usize];
            muster.call(now, job, cores, estimate);
        }
        if muster.cores() == 0 {
            return None;
        }
        let ready = self.yard.ready_cores(now);
        let yard = &self.yard;
        let (job, since) = muster.begin(now, ready, *boot_s, || yard.coming())?;
        *boots += u64::from(since < now);
        Some(job)
    }

    /// What a job needs of machines.
    fn need(&self, job: u32) -> Need {
        match &self.brain {
            Brain::Room(room) => room.need(job),
            Brain::Thrift(thrifty) => Need::from(thrifty.asks[job as usize]),
            Brain::Pool(_) | Brain::Promises(_) => {
                Need { cores: self.plan.workload.jobs[job as usize].cores, each_kib: 0 }
            }
        }
    }
}

impl Thrifty<'_> {
    /// Cores of all who were chosen and have no machines yet.
    fn called(&self) -> u64 {
        match &self.hosts {
            Hosts::Cores(muster) => muster.cores(),
            Hosts::Machines(_) => 0,
        }
    }

    /// A job has its machines.
    fn begins(&mut self, now: i64, job: u32, seat: &Seat) {
        self.shadow.begun(job, seat.begins);
        if let Hosts::Machines(tenants) = &mut self.hosts {
            tenants.enter(now + i64::from(self.asks[job as usize].estimate), job, seat.clone());
            self.boots += u64::from(seat.begins > now);
        }
    }

    /// A job is over that ran so long.
    fn ends(&mut self, job: u32, long: i64) {
        self.thrift.end(job, u32::try_from(long).unwrap_or(u32::MAX));
        self.shadow.over(job, long);
        if let Hosts::Machines(tenants) = &mut self.hosts {
            tenants.leave(job);
        }
    }
}

impl From<thrift::Ask> for Need {
    fn from(ask: thrift::Ask) -> Need {
        Need { cores: ask.cores, each_kib: ask.each_kib }
    }
}

impl Space for Sight<'_, '_> {
    fn has_room(&self, job: thrift::Ask) -> bool {
        Tenants::has_room(self.yard, job.into())
    }

    fn turn_of(&self, job: thrift::Ask) -> i64 {
        self.tenants.turn_of(self.now, self.yard, job.into())
    }

    fn has_room_for_both(&self, job: thrift::Ask, head: thrift::Ask, turn: i64) -> bool {
        self.tenants.has_room_for_both(self.now, self.yard, job.into(), (head.into(), turn))
    }

    fn only_shrinks(&self) -> bool {
        false
    }
}

impl Scheduler for ParkScheduler<'_> {
    type Fault = Unlikely;

    fn arrive(&mut self, now: i64, job: u32) -> Result<(), Unlikely> {
        let ask = self.ask(job);
        let each_kib = self.plan.trace.memory_kib(&self.plan.workload.jobs[job as usize]);
        match &mut self.brain {
            Brain::Pool(pool) => pool.apply(now, Fact::Arrived(ask)),
            Brain::Room(room) => room.arrive(self.plan.park, ask, each_kib),
            Brain::Promises(promises) => promises.arrive(now, self.plan.park, ask, each_kib),
            Brain::Thrift(thrifty) => {
                let each_kib = if matches!(thrifty.hosts, Hosts::Machines(_)) { each_kib } else { 0 };
                let most = self.plan.park.fit(each_kib);
                if u64::from(ask.cores) > most {
                    let cores = u32::try_from(most).unwrap_or(u32::MAX);
                    return Err(Unlikely::TooLarge { asked: ask.cores, cores });
                }
                let line = self.plan.workload.jobs[job as usize].line as usize;
                let user = self.plan.trace.lines.get(line).map_or(-1, |line| line.user);
                let asked = thrift::Ask { cores: ask.cores, estimate: ask.estimate, user, each_kib };
                thrifty.thrift.arrive(now, asked);
                thrifty.asks.push(asked);
                thrifty.shadow.arrived(now, ask, each_kib);
                Ok(())
            }
        }
    }

    fn end(&mut self, now: i64, run: u32) -> Result<End, Unlikely> {
        self.sleep(now);
        let Some(seat) = self.seats[run as usize].take() else { return Err(Unlikely::NotRunning(Ticket(run))) };
        self.yard.give_back(now, &seat);
        self.over += 1;
        match &mut self.brain {
            Brain::Pool(pool) => pool.apply(now, Fact::Ended(Ticket(run)))?,
            Brain::Room(room) => room.end(run),
            Brain::Promises(promises) => promises.end(now, run),
            Brain::Thrift(thrifty) => thrifty.ends(run, now - seat.begins),
        }
        Ok(End::Of(run))
    }

    fn start(&mut self, now: i64) -> Result<Option<Start>, Unlikely> {
        // Which machines a job would get depends on which are off by now.
        self.sleep(now);
        let next = match &mut self.brain {
            Brain::Pool(pool) => match pool.decide(now) {
                Some(ticket) => pool.apply(now, Fact::Started(ticket)).map(|()| Some(ticket.0))?,
                None => None,
            },
            Brain::Room(room) => room.decide(now, &self.yard),
            Brain::Promises(promises) => promises.decide(now, &self.yard),
            Brain::Thrift(_) => self.begin_called(now),
        };
        let Some(job) = next else {
            self.rest(now)?;
            return Ok(None);
        };
        let asked = self.plan.workload.jobs[job as usize];
        let seat = match &self.brain {
            Brain::Promises(promises) => self.yard.take_on(now, promises.each_kib(job), promises.machines(job)),
            _ => self.yard.take(now, self.need(job)),
        };
        let (begins, ends) = (seat.begins, seat.begins + at_speed(asked.run, seat.speed));
        match &mut self.brain {
            Brain::Room(room) => room.start(now, job, seat.clone()),
            Brain::Promises(promises) => promises.start(now, job, &seat),
            Brain::Thrift(thrifty) => thrifty.begins(now, job, &seat),
            Brain::Pool(_) => {}
        }
        self.seats[job as usize] = Some(seat);
        Ok(Some(Start { job, begins, ends, run: job }))
    }

    fn wake(&mut self, now: i64) -> Option<i64> {
        match &self.brain {
            Brain::Thrift(thrifty) if self.over < self.seats.len() => {
                let up = if thrifty.called() > 0 { self.yard.next_up() } else { None };
                Some(up.unwrap_or(i64::MAX).min(thrifty.thrift.wake(now)))
            }
            Brain::Thrift(_) => None,
            Brain::Pool(pool) => pool.wake(),
            Brain::Promises(promises) => promises.wake(now),
            Brain::Room(_) => None,
        }
    }
}
