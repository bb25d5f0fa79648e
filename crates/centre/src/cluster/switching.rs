//! Machines of a cluster that come up before somebody needs them, and go off when it is unlikely that anybody will: the
//! same forecast as the simulator's `predictive`, told to Slurm, whose own programs switch them. Slurm stays the one who
//! decides: a job that needs a machine which is off wakes it in any case, and machines that the centre says nothing of go
//! off after Slurm's own `SuspendTime`. Must not know how a machine is switched, nor how it is forecast what is needed.

use std::collections::BTreeMap;

use dialect::cluster::nodes::Node;
use drivers::local::protocol::MachineDeed;
use model::{JobId, JobState, Span, Time};
use scheduler::thrift::{REST, Reserve, Warm, Worth};
use store::{Reader, StoreError};

use super::Cluster;
use crate::{config::ClusterSection, core::Centre, learning};

/// Machines are looked at every half a minute: an order is not given again before.
const PAUSE: Span = Span::seconds(75);

/// What is forecast, and what was ordered.
pub(super) struct Switching {
    /// What takes `power = "predictive"` in.
    wish: Wish,
    /// Made when the cluster's machines are known.
    reserve: Option<Reserve>,
    /// From when until when CPUs were had, until they are learned from.
    past: Vec<(Time, Time, u32)>,
    /// When each machine was last told something.
    told: BTreeMap<String, Time>,
    /// Jobs that have their machines; those that wait for these to come up.
    begun: BTreeMap<JobId, bool>,
}

#[derive(Clone, Copy, Debug)]
struct Wish {
    patience_s: u32,
    boot_s: u32,
}

impl Switching {
    /// Where the configuration wants it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub(super) fn open(section: &ClusterSection, reader: &Reader, now: Time) -> Result<Option<Self>, StoreError> {
        // A wrong word was told when the configuration was read.
        let Ok(Some(patience_s)) = section.patience() else { return Ok(None) };
        let wish = Wish { patience_s, boot_s: section.boot };
        let past = learning::past_uses(reader, now)?;
        Ok(Some(Self { wish, reserve: None, past, told: BTreeMap::new(), begun: BTreeMap::new() }))
    }

    /// What was learned, beginning with the past.
    fn reserve(&mut self, cores: u32, threads: u32, now: Time, local0: i64) -> &mut Reserve {
        let (wish, past) = (self.wish, std::mem::take(&mut self.past));
        self.reserve.get_or_insert_with(|| {
            let worth = Worth::new(wish.patience_s);
            let mut reserve = Reserve::new(cores, i64::from(wish.boot_s), worth, now.seconds(), local0);
            reserve.learn(learning::uses(past, cores, threads), now.seconds());
            reserve
        })
    }

    /// Jobs that have got their machines since: how long each waited for these to come up.
    fn waits(&mut self, running: &[(JobId, Time, bool)], now: Time) -> Vec<i64> {
        let mut waits = Vec::new();
        let mut begun = BTreeMap::new();
        for (job, start, boots) in running {
            let before = self.begun.get(job).copied();
            match (before, boots) {
                (None, false) => waits.push(0),
                (Some(true), false) => waits.push((now - *start).0.max(0) / 1000),
                _ => {}
            }
            begun.insert(*job, *boots);
        }
        self.begun = begun;
        waits
    }

    /// The machines that were not told anything lately.
    fn untold(&mut self, names: &[&str], now: Time) -> Vec<String> {
        self.told.retain(|_, at| (now - *at).0.abs() < PAUSE.0);
        let names: Vec<String> =
            names.iter().filter(|name| !self.told.contains_key(**name)).map(|name| (*name).to_owned()).collect();
        self.told.extend(names.iter().map(|name| (name.clone(), now)));
        names
    }
}

/// What a machine does, as far as switching goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lamp {
    /// It has jobs, or is out of service: not to be touched.
    Taken,
    /// It is on without a job for so long.
    Idle(Span),
    /// It comes up, and nobody has it yet.
    Coming,
    /// It is off.
    Off,
}

/// A machine that may be switched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Lit<'a> {
    name: &'a str,
    cores: u32,
    lamp: Lamp,
}

/// What is to be switched.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Orders<'a> {
    up: Vec<&'a str>,
    down: Vec<&'a str>,
}

/// Slurm's words for a machine (`scontrol show node`), at an instant.
fn lamp(node: &Node, now: Time) -> Lamp {
    let is = |states: &[&str]| states.iter().any(|state| node.is(state));
    let has_jobs = node.cpus_allocated > 0 || is(&["ALLOCATED", "MIXED", "COMPLETING", "RESERVED", "MAINT"]);
    if has_jobs || is(&["DRAIN", "DOWN", "FAIL", "UNKNOWN", "FUTURE", "POWER_DOWN", "POWERING_DOWN"]) {
        return Lamp::Taken;
    }
    if is(&["POWERED_DOWN"]) {
        // It was told to come up already.
        return if is(&["POWER_UP"]) { Lamp::Coming } else { Lamp::Off };
    }
    if is(&["POWERING_UP", "POWER_UP"]) {
        return Lamp::Coming;
    }
    if is(&["NOT_RESPONDING"]) {
        return Lamp::Taken;
    }
    // One whose last job nobody remembers has been looked at since now.
    Lamp::Idle(node.last_busy.map_or(Span::ZERO, |last| now - last))
}

/// What makes so many cores ready for who comes next. The first machines of the list come up first; the last go off
/// first, and only after they have been idle for `rest`.
fn orders<'a>(machines: &[Lit<'a>], warm: Warm, rest: Span) -> Orders<'a> {
    let ready = |lamp| matches!(lamp, Lamp::Idle(_) | Lamp::Coming);
    let mut there: u32 = machines.iter().filter(|one| ready(one.lamp)).map(|one| one.cores).sum();
    let mut orders = Orders::default();
    for one in machines.iter().filter(|one| one.lamp == Lamp::Off) {
        if there >= warm.least {
            break;
        }
        there += one.cores;
        orders.up.push(one.name);
    }
    if orders.up.is_empty() {
        for one in machines.iter().rev().filter(|one| matches!(one.lamp, Lamp::Idle(idle) if idle >= rest)) {
            if there.saturating_sub(one.cores) >= warm.most {
                there -= one.cores;
                orders.down.push(one.name);
            }
        }
    }
    orders
}

impl Cluster {
    /// The machines that may be switched, as they were last seen.
    fn lit(&self, now: Time) -> Vec<Lit<'_>> {
        let cores = |node: &Node| node.cpus / node.threads_per_core.max(1);
        let may = |node: &&Node| !self.park.always_on.contains(&node.name);
        let nodes = self.park.nodes.iter().filter(may);
        nodes.map(|node| Lit { name: &node.name, cores: cores(node), lamp: lamp(node, now) }).collect()
    }

    /// Jobs that have their machines: since when, and whether one of these still comes up.
    fn running(&self) -> Vec<(JobId, Time, bool)> {
        let comes = |name: &String| self.park.nodes.iter().any(|node| node.name == *name && node.is("POWERING_UP"));
        let boots = |nodes: &str| dialect::values::hostlist::expand(nodes).is_some_and(|names| names.iter().any(comes));
        self.holding().filter_map(|row| Some((row.id, row.start?, boots(&row.node)))).collect()
    }

    /// Cores that jobs have, and cores of those that Slurm will start before a machine could come up.
    fn cores_wanted(&self, now: Time, boot_s: u32) -> (u32, u32) {
        let threads = self.park.nodes.first().map_or(1, |node| node.threads_per_core.max(1));
        let cores = |cpus: u32| cpus.div_ceil(threads);
        let used = self.holding().map(|row| cores(row.cpus)).sum();
        let soon = now + Span::seconds(i64::from(boot_s));
        let waiting = self.queue.values().map(|queued| &queued.row).filter(|row| row.state == JobState::Pending);
        let needed =
            waiting.filter(|row| row.start.is_some_and(|start| start <= soon)).map(|row| cores(row.cpus)).sum();
        (used, needed)
    }
}

impl Centre {
    /// The queue was seen: machines that will be needed come up, and those that will not go off.
    pub(super) fn switch_as_forecast(&mut self) {
        let now = self.now;
        let cheap = self.state.prices().cheapness(now);
        let local0 = learning::local0(&self.electricity.zone, now);
        let Some(cluster) = self.cluster.as_mut().filter(|cluster| !cluster.park.nodes.is_empty()) else { return };
        let Some(mut switching) = cluster.switching.take() else { return };
        let machines = cluster.lit(now);
        let cores = machines.iter().map(|one| one.cores).sum();
        let threads = cluster.park.nodes.first().map_or(1, |node| node.threads_per_core.max(1));
        let (used, needed) = cluster.cores_wanted(now, switching.wish.boot_s);
        let waits = switching.waits(&cluster.running(), now);
        let reserve = switching.reserve(cores, threads, now, local0);
        waits.into_iter().for_each(|waited_s| reserve.note_wait(waited_s, 0));
        let warm = reserve.warm(now.seconds(), used.min(cores), needed, || None, || cheap);
        let orders = orders(&machines, warm, Span::seconds(REST));
        let (up, down) = (switching.untold(&orders.up, now), switching.untold(&orders.down, now));
        cluster.switching = Some(switching);
        for (machines, deed) in [(up, MachineDeed::Wake), (down, MachineDeed::Sleep)] {
            if !machines.is_empty() {
                self.have_slurm(machines, deed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(states: &str, allocated: u32, last_busy: i64) -> Node {
        let states = states.split('+').map(str::to_owned).collect();
        Node { states, cpus_allocated: allocated, last_busy: Some(Time::from_seconds(last_busy)), ..Node::default() }
    }

    #[test]
    fn slurms_words_say_what_may_be_switched() {
        let now = Time::from_seconds(1000);
        for (states, allocated, expected) in [
            ("IDLE", 0, Lamp::Idle(Span::seconds(100))),
            ("IDLE+CLOUD", 0, Lamp::Idle(Span::seconds(100))),
            ("ALLOCATED", 4, Lamp::Taken),
            ("MIXED+POWERING_UP", 1, Lamp::Taken),
            ("IDLE+COMPLETING", 0, Lamp::Taken),
            ("IDLE+DRAIN", 0, Lamp::Taken),
            ("DOWN+NOT_RESPONDING", 0, Lamp::Taken),
            ("IDLE+NOT_RESPONDING", 0, Lamp::Taken),
            ("IDLE+POWERED_DOWN", 0, Lamp::Off),
            ("IDLE+DRAIN+POWERED_DOWN", 0, Lamp::Taken),
            ("IDLE+POWERED_DOWN+POWER_UP", 0, Lamp::Coming),
            ("IDLE+POWERING_UP+NOT_RESPONDING", 0, Lamp::Coming),
            ("IDLE+POWERING_DOWN", 0, Lamp::Taken),
            ("IDLE+POWER_DOWN", 0, Lamp::Taken),
        ] {
            assert_eq!(lamp(&node(states, allocated, 900), now), expected, "{states}");
        }
    }

    #[test]
    fn who_waits_for_machines_is_counted_once() {
        let wish = Wish { patience_s: 60, boot_s: 180 };
        let mut switching =
            Switching { wish, reserve: None, past: Vec::new(), told: BTreeMap::new(), begun: BTreeMap::new() };
        let (one, two, at) = (JobId(1), JobId(2), Time::from_seconds);
        assert!(switching.waits(&[(one, at(0), true)], at(3)).is_empty());
        assert_eq!(switching.waits(&[(one, at(0), true), (two, at(5), false)], at(30)), [0]);
        assert_eq!(switching.waits(&[(one, at(0), false), (two, at(5), false)], at(190)), [190]);
        assert!(switching.waits(&[(one, at(0), false)], at(220)).is_empty());
        assert_eq!(switching.untold(&["n1"], at(0)), ["n1"]);
        assert_eq!(switching.untold(&["n1", "n2"], at(60)), ["n2"]);
        assert_eq!(switching.untold(&["n1"], at(80)), ["n1"]);
    }

    #[test]
    fn as_many_cores_are_ready_as_are_wanted() {
        let idle = |seconds| Lamp::Idle(Span::seconds(seconds));
        let check = |lamps: &[(u32, Lamp)], warm: u32, up: &[&str], down: &[&str]| {
            let names = ["n1", "n2", "n3", "n4"];
            let machines: Vec<Lit> =
                lamps.iter().zip(names).map(|((cores, lamp), name)| Lit { name, cores: *cores, lamp: *lamp }).collect();
            let expected = Orders { up: up.to_vec(), down: down.to_vec() };
            let warm = Warm { least: warm, most: warm };
            assert_eq!(orders(&machines, warm, Span::seconds(60)), expected, "{lamps:?} {warm:?}");
        };
        // Nobody is expected: what has been idle long enough goes off.
        check(&[(8, idle(60)), (8, idle(59)), (8, Lamp::Taken)], 0, &[], &["n1"]);
        // Who is on stays on where nobody would be woken.
        let both = ["n1", "n2"].map(|name| Lit { name, cores: 8, lamp: idle(90) });
        let warm = Warm { least: 4, most: 16 };
        assert_eq!(orders(&both, warm, Span::seconds(60)), Orders::default());
        // One is to be ready: the first stays.
        check(&[(8, idle(90)), (8, idle(90))], 1, &[], &["n2"]);
        check(&[(8, idle(90)), (8, idle(90))], 9, &[], &[]);
        // More are wanted than are there: the first that are off come up, and nothing goes off meanwhile.
        check(&[(8, Lamp::Off), (8, idle(90)), (8, Lamp::Off), (8, Lamp::Off)], 17, &["n1", "n3"], &[]);
        // What comes up counts.
        check(&[(8, Lamp::Coming), (8, Lamp::Off)], 8, &[], &[]);
        // Of machines of several sizes one goes off that leaves enough.
        check(&[(4, idle(90)), (16, idle(90))], 4, &[], &["n2"]);
        check(&[(4, idle(90)), (16, idle(90))], 16, &[], &["n1"]);
        // More is wanted than there is.
        check(&[(8, Lamp::Off), (8, Lamp::Taken)], 99, &["n1"], &[]);
    }
}
