//! Which nodes are switched on or off: on, as soon as it takes them to boot before somebody is to start there; off,
//! when they have been idle for as long as the operator said and nobody is to start there soon; by forecast, as soon as
//! more are on than are to be ready ([`super::ready`]). Must not know drivers.
//!
//! A node that is off counts as free from when it could be up: so promises hold, and who is first in line never waits
//! longer than a boot. What is wanted when is found by a plan that goes along the queue as a pass does, but with all
//! nodes: who starts by the time that they could be up, who is promised a start, what begins by its wish, and what
//! reservations keep. Where that is more than the nodes that are on will have, others are woken. Where memory belongs to
//! nodes, those are woken, or stay on, on which the plan has somebody.

use std::collections::BTreeSet;

use model::{JobId, Span, Time};

use super::Decision;
use super::horizon::Horizon;
use super::ready::Ready;
use crate::class::{Class, ClassNumber};
use crate::event::What;
use crate::job::Job;
use crate::names::Name;
use crate::power::{Doing, Node, Power};
use crate::resources::Amount;
use crate::state::{Due, State};
use crate::thrift::REST;
use crate::thrift::Warm;
use crate::uses::{Share, Uses};

/// How far ahead switching must look.
#[derive(Clone, Copy)]
struct Reach {
    /// By then every node that is off could be up.
    up: Time,
    /// Who is wanted by then stays on: it would be back up hardly earlier.
    back: Time,
}

/// Who starts when, with all nodes.
struct Outlook<'a> {
    state: &'a State,
    now: Time,
    reach: Reach,
    horizon: Horizon<'a>,
    /// What runs, and what is planned.
    uses: Uses,
    /// Partitions whose first job that must wait is planned.
    heads: BTreeSet<Name>,
}

impl State {
    /// What should be switched at this instant, when nothing else is to happen; and when to look again.
    pub(super) fn switching(&self, now: Time) -> Decision {
        let mut wake: Vec<Time> = self.boots_due().filter(|at| *at > now).collect();
        let mut events = self.failed_boots(now);
        if events.is_empty() && self.drained.is_none() {
            let idle: Vec<(usize, Time)> = self.idle_ends().collect();
            wake.extend(idle.iter().map(|(_, end)| *end).filter(|end| *end > now));
            let tired: Vec<usize> = idle.iter().filter(|(_, end)| *end <= now).map(|(node, _)| *node).collect();
            let dark = self.nodes.views().any(|view| matches!(view.doing, Doing::Off { .. } | Doing::Leaving { .. }));
            let short = dark && self.lit_cores() < self.warm().least;
            wake.extend(self.ready.as_ref().map(Ready::glance).filter(|at| *at > now));
            if dark || !tired.is_empty() {
                let outlook = Outlook::new(self, now);
                wake.extend(outlook.edges());
                events = outlook.wake_up(&mut wake);
                if events.is_empty() && short {
                    events = outlook.wake_for_the_unknown();
                }
                if events.is_empty() {
                    events = outlook.send_off(&tired);
                }
            }
        }
        Decision { events, wake: wake.into_iter().min() }
    }

    /// When nodes that boot must have come up.
    fn boots_due(&self) -> impl Iterator<Item = Time> {
        self.nodes.views().filter_map(|view| match view.doing {
            Doing::Booting { since, .. } => Some(*since + view.node.patience),
            _ => None,
        })
    }

    /// Nodes that have not come up in time.
    fn failed_boots(&self, now: Time) -> Vec<What> {
        let late = self.nodes.views().filter(|view| match view.doing {
            Doing::Booting { since, .. } => *since + view.node.patience <= now,
            _ => false,
        });
        let told = |node: &Node| What::BootFailed {
            node: node.name.clone(),
            reason: format!("did not come up within {} s", node.patience.0 / 1000),
        };
        late.map(|view| told(view.node)).collect()
    }

    /// How many cores are to be on without a job.
    fn warm(&self) -> Warm {
        self.ready.as_ref().map_or(Warm::default(), |ready| ready.warm)
    }

    /// Until when nodes without a job stay on if nobody wants them; none by a policy that leaves them on.
    fn idle_ends(&self) -> impl Iterator<Item = (usize, Time)> {
        let rest = match self.rules.config.power {
            Power::OffAfter(seconds) => Some(Span::seconds(i64::from(seconds))),
            Power::Predictive { .. } => Some(Span::seconds(REST)),
            Power::AlwaysOn => None,
        };
        let views = self.nodes.views().enumerate().filter(|(_, view)| view.runs == 0);
        views.filter_map(move |(node, view)| match view.doing {
            Doing::On { idle } => Some((node, *idle + rest?)),
            _ => None,
        })
    }

    /// How many tasks of a record may start before its array runs as many as it may.
    fn tasks_to_start(&self, job: &Job) -> u64 {
        let Some(tasks) = job.tasks() else { return 1 };
        let array = self.arrays.get(&job.base());
        let most = array.and_then(|array| Some(u64::from(array.limit?.saturating_sub(array.active))));
        most.map_or(tasks.len(), |most| most.min(tasks.len()))
    }
}

impl Reach {
    fn new(state: &State, now: Time) -> Self {
        let nodes = || state.nodes.views().map(|view| view.node);
        let longest = |span: fn(&Node) -> i64| Span(nodes().map(span).max().unwrap_or(0));
        let (boot, shutdown) = (longest(|node| node.boot.0), longest(|node| node.shutdown.0));
        let up = now + boot + shutdown + Span(1);
        Reach { up, back: up + boot }
    }
}

impl<'a> Outlook<'a> {
    fn new(state: &'a State, now: Time) -> Self {
        let horizon = Horizon::new(state, now, None);
        let reach = Reach::new(state, now);
        let mut outlook = Outlook { state, now, reach, horizon, uses: state.uses.clone(), heads: BTreeSet::new() };
        outlook.plan_queue();
        outlook.plan_timed();
        outlook
    }

    /// Along the queue: who can start by the time that all nodes could be up, and the first of each partition who
    /// cannot. As in a pass, so many are looked at behind them.
    fn plan_queue(&mut self) {
        let (state, now) = (self.state, self.now);
        let depth = if state.rules.config.backfill { state.rules.config.backfill_depth } else { 0 };
        let mut waiting = 0;
        let mut seen: BTreeSet<ClassNumber> = BTreeSet::new();
        let mut left = self.horizon.left_at(self.reach.up);
        for (number, _) in state.index.queue.order(now) {
            if waiting > depth || (left.core_count() == 0 && self.heads.len() >= state.rules.config.partitions.len()) {
                break;
            }
            let class = state.classes.get(number);
            if !seen.insert(number) || state.block(class, now).is_some() {
                continue;
            }
            let is_head = !self.heads.contains(&class.traits.partition);
            let need = &class.standing.need;
            let has_room =
                || need.fits(&left, &state.rules.topology) && self.horizon.nodes_have_at(need, self.reach.up);
            if !is_head && !has_room() {
                waiting += 1;
                continue;
            }
            if !self.plan_class(class) {
                waiting += 1;
                if self.heads.insert(class.traits.partition) {
                    self.horizon.plan(class, now, Time(i64::MAX));
                }
            }
            left = self.horizon.left_at(self.reach.up);
        }
    }

    /// Plans the jobs of a class that can start soon; says whether those are all.
    fn plan_class(&mut self, class: &Class) -> bool {
        let state = self.state;
        let mut jobs = class.line.iter().filter_map(|id| state.jobs.get(&id));
        jobs.all(|job| self.plan_job(job, class, self.now))
    }

    /// Plans the tasks of a record that can start soon after an instant; says whether those are all that may.
    fn plan_job(&mut self, job: &Job, class: &Class, from: Time) -> bool {
        let last = from + (self.reach.up - self.now);
        for _ in 0..self.state.tasks_to_start(job) {
            if self.state.limit(class, &self.uses).is_some() {
                return true;
            }
            if self.horizon.plan(class, from, last).is_none() {
                return false;
            }
            self.note_use(class);
        }
        true
    }

    fn note_use(&mut self, class: &Class) {
        let need = &class.standing.need;
        let topology = &self.state.rules.topology;
        let traits = &class.traits;
        self.uses.add(&Share {
            partition: traits.partition,
            qos: traits.qos,
            uid: self.state.owners.get(traits.owner).uid,
            cores: need.core_count(topology),
            cpus: need.cpus_given(topology),
        });
    }

    /// Those that wait for an instant which is near.
    fn plan_timed(&mut self) {
        let state = self.state;
        let soon = state.index.timers.iter().take_while(|(at, ..)| *at <= self.reach.back);
        let begin: Vec<(Time, JobId)> =
            soon.filter(|(_, due, _)| *due == Due::Begin).map(|(at, _, id)| (*at, *id)).collect();
        for (at, id) in begin {
            let Some(job) = state.jobs.get(&id) else { continue };
            let class = state.class_of(job);
            if state.block(class, at).is_none() {
                self.plan_job(job, class, at.max(self.now));
            }
        }
    }

    /// When what is still out of reach comes near enough to be looked at.
    fn edges(&self) -> Option<Time> {
        let far = self.reach.back - self.now;
        let timers = self.state.index.timers.iter().filter(|(_, due, _)| *due == Due::Begin).map(|(at, ..)| *at);
        let begin = timers.into_iter().find(|at| *at > self.reach.back);
        let next = self.horizon.next_rise(self.reach.back);
        begin.into_iter().chain(next).min().map(|at| at - far)
    }

    /// What the nodes that are on, or come up anyway, will have free at an instant.
    fn lit_at(&self, instant: Time) -> Amount {
        let asleep = self.asleep().filter(|(_, ready, _)| *ready <= instant);
        asleep.fold(self.horizon.free_at(instant), |free, (_, _, amount)| free.less(amount))
    }

    /// The nodes that nobody has told to come up.
    fn asleep(&self) -> impl Iterator<Item = (usize, Time, &'a Amount)> {
        let dark = |node: usize| matches!(self.state.nodes.doing(node), Doing::Off { .. } | Doing::Leaving { .. });
        self.horizon.dark().filter(move |(node, ..)| dark(*node))
    }

    /// The orders to come up that are due; when further ones will be goes to `wake`.
    fn wake_up(&self, wake: &mut Vec<Time>) -> Vec<What> {
        let always = self.state.rules.config.power == Power::AlwaysOn;
        let mut woken: Vec<(usize, Time, &Amount)> = Vec::new();
        for rise in self.horizon.rises(self.reach.back) {
            let more = woken.iter().filter(|(_, ready, _)| *ready <= rise);
            let lit = more.fold(self.lit_at(rise), |lit, (_, _, amount)| lit.plus(amount));
            let mut missing = self.horizon.wanted_at(rise).less(&lit);
            let planned = self.horizon.planned_on(rise);
            let mut rest: Vec<_> =
                self.asleep().filter(|(node, ..)| woken.iter().all(|(other, ..)| other != node)).collect();
            rest.sort_by_key(|(node, ready, _)| (!planned.contains(node), *ready > rise, *node));
            for (node, ready, amount) in rest {
                if !planned.contains(&node) && !has_of(amount, &missing) {
                    continue;
                }
                missing = missing.less(amount);
                // The time that is left before it must be told.
                let slack = rise - ready;
                if slack <= Span::ZERO {
                    woken.push((node, ready, amount));
                } else {
                    wake.push(self.now + slack);
                }
            }
        }
        let all = self.asleep().filter(|_| always).map(|(node, ..)| node);
        let chosen: BTreeSet<usize> = woken.into_iter().map(|(node, ..)| node).chain(all).collect();
        let off = |node: &usize| matches!(self.state.nodes.doing(*node), Doing::Off { .. });
        chosen.into_iter().filter(off).map(|node| What::SwitchedOn { node: self.state.nodes.name(node) }).collect()
    }

    /// As many of the first that are off as make enough cores ready for who is not known yet.
    fn wake_for_the_unknown(&self) -> Vec<What> {
        let off = self.asleep().filter(|(node, ..)| matches!(self.state.nodes.doing(*node), Doing::Off { .. }));
        let mut lit = self.state.lit_cores();
        let mut events = Vec::new();
        for (node, _, amount) in off {
            if lit >= self.state.warm().least {
                break;
            }
            lit += amount.core_count();
            events.push(What::SwitchedOn { node: self.state.nodes.name(node) });
        }
        events
    }

    /// The orders to go off for those of these nodes that nobody wants soon, the last first.
    fn send_off(&self, tired: &[usize]) -> Vec<What> {
        let topology = &self.state.rules.topology;
        let needs: Vec<(Amount, Amount)> = (self.horizon.rises(self.reach.back).into_iter())
            .map(|rise| (self.horizon.wanted_at(rise), self.lit_at(rise)))
            .collect();
        let planned: BTreeSet<usize> =
            self.horizon.rises(self.reach.back).into_iter().flat_map(|rise| self.horizon.planned_on(rise)).collect();
        let spare = self.state.lit_cores().saturating_sub(self.state.warm().most);
        let mut off = Amount::default();
        let mut events = Vec::new();
        for node in tired.iter().rev().filter(|node| !planned.contains(node)) {
            let more = off.plus(&topology.nodes[*node].amount);
            let harmless = |(wanted, lit): &(Amount, Amount)| wanted.less(&lit.less(&more)) == wanted.less(lit);
            let memory_is_free = self.state.floor.free().memory >= more.memory;
            let is_spare = more.core_count() <= spare;
            if is_spare && memory_is_free && needs.iter().all(harmless) {
                off = more;
                events.push(What::SwitchedOff { node: self.state.nodes.name(*node) });
            }
        }
        events
    }
}

/// Whether one amount has something that the other misses.
fn has_of(amount: &Amount, missing: &Amount) -> bool {
    let gpus = || amount.gpus.iter().zip(missing.gpus).any(|(has, lacks)| *has > 0 && lacks > 0);
    (missing.core_count() > 0 && amount.core_count() > 0) || (missing.memory > 0 && amount.memory > 0) || gpus()
}
