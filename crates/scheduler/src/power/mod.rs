//! Machines that can be switched: what each of them is doing, as an enum that carries what belongs to it, and how long
//! it takes. Must not know jobs, beyond how many are on a machine, nor when switching is wise.

mod policy;

use model::{Span, Time};

pub use policy::{NoPower, PATIENCE_S, Power};

use crate::by_node::ByNode;
use crate::refusal::Impossible;
use crate::resources::Amount;
use crate::topology::Topology;

/// A machine that is switched as a whole: some of the cores, memory and GPUs of [`crate::Config::machine`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Node {
    /// Its name, unique.
    pub name: String,
    /// So many of the machine's cores, the next in order.
    pub cores: u32,
    /// So much of its memory.
    pub memory_mib: u64,
    /// So many of its GPUs, the next in order.
    pub gpus: u32,
    /// From the order to switch it on until it takes jobs.
    pub boot: Span,
    /// From the order to switch it off until it can be switched on again.
    pub shutdown: Span,
    /// A boot that takes longer than this has failed.
    pub patience: Span,
}

/// What a node is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Doing {
    /// It takes jobs.
    On {
        /// Since when it has had none; meaningful while it has none.
        idle: Time,
    },
    /// It was told to go off.
    Leaving {
        /// When.
        since: Time,
    },
    /// It is off.
    Off {
        /// How many boots in a row have failed.
        failures: u32,
    },
    /// It was told to come up.
    Booting {
        /// When.
        since: Time,
        /// How many boots in a row have failed before.
        failures: u32,
    },
    /// It does not come up, and is not tried again until somebody says so.
    Failed {
        /// Since when.
        since: Time,
        /// What was seen.
        reason: String,
    },
}

/// A node does not come up: after so many boots in a row that failed it is down.
const TRIES: u32 = 2;

/// An instant that nobody knows.
const UNKNOWN: Time = Time(i64::MIN);

/// A node and what it is doing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NodeView<'a> {
    /// Which.
    pub node: &'a Node,
    /// What.
    pub doing: &'a Doing,
    /// Runs that have a place on it.
    pub runs: u32,
}

/// All nodes, in the order of the configuration; none where nothing can be switched.
#[derive(Clone, Debug, Default)]
pub(crate) struct Nodes {
    list: Vec<Node>,
    doing: Vec<Doing>,
    runs: Vec<u32>,
    /// What those that failed have.
    lost: Amount,
}

impl Doing {
    /// Whether it takes jobs.
    pub fn is_on(&self) -> bool {
        matches!(self, Doing::On { .. })
    }

    /// The same, whatever the clock said last.
    pub(crate) fn without_idle(&self) -> Doing {
        if self.is_on() { Doing::On { idle: UNKNOWN } } else { self.clone() }
    }
}

impl Nodes {
    /// All are on, but those that `before` knows to be otherwise.
    pub fn new(list: &[Node], topology: &Topology, before: &Nodes) -> Nodes {
        let known = |node: &Node| Some(before.doing[before.position(&node.name)?].clone());
        let doing = list.iter().map(|node| known(node).unwrap_or(Doing::On { idle: UNKNOWN })).collect();
        let mut nodes = Nodes { doing, runs: vec![0; list.len()], list: list.to_vec(), lost: Amount::default() };
        nodes.count_lost(topology);
        nodes
    }

    fn count_lost(&mut self, topology: &Topology) {
        let failed = self.doing.iter().zip(&topology.nodes).filter(|(doing, _)| matches!(doing, Doing::Failed { .. }));
        self.lost = failed.fold(Amount::default(), |sum, (_, place)| sum.plus(&place.amount));
    }

    /// Where a node stands.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.list.iter().position(|node| node.name == name)
    }

    /// Whether there are any.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them.
    pub fn views(&self) -> impl Iterator<Item = NodeView<'_>> {
        let all = self.list.iter().zip(&self.doing).zip(&self.runs);
        all.map(|((node, doing), runs)| NodeView { node, doing, runs: *runs })
    }

    /// Whether a node takes jobs.
    pub fn is_on(&self, at: usize) -> bool {
        self.doing[at].is_on()
    }

    /// What a node is doing.
    pub fn doing(&self, at: usize) -> &Doing {
        &self.doing[at]
    }

    /// A node's name.
    pub fn name(&self, at: usize) -> String {
        self.list[at].name.clone()
    }

    /// What those that failed have.
    pub fn lost(&self) -> &Amount {
        &self.lost
    }

    /// What each node has, of those that have not failed.
    pub fn sound(&self, topology: &Topology) -> ByNode {
        ByNode::of(topology, |node| !matches!(self.doing[node], Doing::Failed { .. }))
    }

    /// Nodes of which nobody knows since when they have no jobs have had none since now.
    pub fn note_clock(&mut self, now: Time) {
        for doing in &mut self.doing {
            if let Doing::On { idle: idle @ UNKNOWN } = doing {
                *idle = now;
            }
        }
    }

    /// Nobody knows since when nodes have had no jobs.
    pub fn forget_idle(&mut self) {
        for doing in &mut self.doing {
            if let Doing::On { idle } = doing {
                *idle = UNKNOWN;
            }
        }
    }

    /// Another run has a place on these nodes. So they are on, whatever was known of them: says for which that is news.
    pub fn enter(&mut self, nodes: &[usize], at: Time) -> Vec<usize> {
        nodes.iter().for_each(|node| self.runs[*node] += 1);
        let news: Vec<usize> = nodes.iter().copied().filter(|node| !self.is_on(*node)).collect();
        news.iter().for_each(|node| self.doing[*node] = Doing::On { idle: at });
        news
    }

    /// A run leaves these nodes.
    pub fn leave(&mut self, nodes: &[usize], at: Time) {
        for node in nodes {
            self.runs[*node] = self.runs[*node].saturating_sub(1);
            if let (0, Doing::On { idle }) = (self.runs[*node], &mut self.doing[*node]) {
                *idle = at;
            }
        }
    }

    /// What a node does from now on.
    ///
    /// # Errors
    /// [`Impossible::Switching`] when it cannot, for what it did until now or as it has runs.
    pub fn fold(&mut self, name: &str, step: &Step, at: Time, topology: &Topology) -> Result<usize, Impossible> {
        let impossible = || Impossible::Switching(name.to_owned());
        let position = self.position(name).ok_or_else(impossible)?;
        let doing = &self.doing[position];
        let next = step.from(doing, at).ok_or_else(impossible)?;
        if self.runs[position] > 0 && !next.is_on() {
            return Err(impossible());
        }
        self.doing[position] = next;
        self.count_lost(topology);
        Ok(position)
    }

    /// The first instant, from now on, at which a node takes jobs if it is switched on as soon as can be; `None`: nobody
    /// can say.
    pub fn ready(&self, at: usize, now: Time) -> Option<Time> {
        // What should have come up by now does so in a moment.
        let soon = now + Span(1);
        let node = &self.list[at];
        Some(match &self.doing[at] {
            Doing::On { .. } => now,
            Doing::Leaving { since } => soon.max(*since + node.shutdown) + node.boot,
            Doing::Off { .. } => now + node.boot.max(Span(1)),
            Doing::Booting { since, .. } => soon.max(*since + node.boot),
            Doing::Failed { .. } => return None,
        })
    }
}

/// What happens to a node.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Step<'a> {
    /// It is told to come up.
    SwitchOn,
    /// It is told to go off.
    SwitchOff,
    /// It is seen up.
    CameUp,
    /// It is seen off.
    WentOff,
    /// It did not come up.
    BootFailed(&'a str),
    /// Somebody says that it is in order again.
    Mended,
}

impl Step<'_> {
    /// What a node does after this; `None`: this cannot happen to one that does what it did.
    fn from(self, before: &Doing, at: Time) -> Option<Doing> {
        match (self, before) {
            (Step::SwitchOn, Doing::Off { failures }) => Some(Doing::Booting { since: at, failures: *failures }),
            (Step::SwitchOff, Doing::On { .. }) => Some(Doing::Leaving { since: at }),
            // What is seen is so, whatever was ordered.
            (Step::CameUp, Doing::On { .. }) | (Step::WentOff, Doing::Off { .. }) => None,
            (Step::CameUp, _) => Some(Doing::On { idle: at }),
            (Step::WentOff, Doing::Booting { failures, .. }) => Some(Doing::Off { failures: *failures }),
            (Step::WentOff, Doing::On { .. } | Doing::Leaving { .. }) => Some(Doing::Off { failures: 0 }),
            (Step::BootFailed(reason), Doing::Booting { failures, .. }) => Some(match failures + 1 {
                TRIES.. => Doing::Failed { since: at, reason: reason.to_owned() },
                failures => Doing::Off { failures },
            }),
            (Step::Mended, Doing::Failed { .. }) => Some(Doing::Off { failures: 0 }),
            _ => None,
        }
    }
}
