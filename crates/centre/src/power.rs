//! Orders to switch machines, once they are on disk, and what becomes of them: the driver works on a thread of its own and
//! says what it sees. Must not know when switching is wise.
//!
//! An order that was lost in a crash is given again: when the centre has come up, or can write again, all machines are
//! looked at, and those that are not on their way are told anew. Until then nothing is decided.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    time::{Duration, Instant},
};

use drivers::power::{Power, PowerError, Seen};
use model::{NodePower, Uid};
use scheduler::{
    What,
    power::{Doing, NodeView},
};

use crate::{complain::complain, config::File, core::Centre, paths::Paths, service::Word};

/// How often machines are looked at that are on their way, and all of them.
const BEAT: Duration = Duration::from_millis(500);
const ROUND: Duration = Duration::from_secs(60);

/// What the driver is told.
#[derive(Debug)]
enum Told {
    Switch { node: String, on: bool },
    Look,
}

/// What the driver says.
#[derive(Debug)]
pub(crate) enum Said {
    /// What machines do, all of them or those of which it is news.
    Seen { all: bool, machines: Vec<(String, Seen)> },
    /// An order could not be given.
    Refused { node: String, on: bool, why: String },
    /// A machine could not be looked at.
    Blind { node: String, why: String },
}

/// The driver, as the loop has it.
pub(crate) struct Switches {
    tell: Sender<Told>,
    /// Not all machines were looked at since the centre came up or could write again.
    unsure: bool,
}

impl Switches {
    /// Opens the driver that the operator names, if any, and begins to look.
    ///
    /// # Errors
    /// The driver cannot be opened; the system has no thread left.
    pub(crate) fn open(
        file: &File,
        paths: &Paths,
        nodes: Vec<NodeView<'_>>,
        say: impl Fn(Word) + Send + 'static,
    ) -> std::io::Result<Option<Self>> {
        let Ok(Some(driver)) = file.power.driver() else { return Ok(None) };
        let boot = |view: &NodeView| (view.node.name.clone(), Duration::from_millis(view.node.boot.0.unsigned_abs()));
        let boots: Vec<(String, Duration)> = nodes.iter().map(boot).collect();
        let names = boots.iter().map(|(name, _)| name.clone()).collect();
        let driver = driver.open(paths.park(), boots).map_err(std::io::Error::other)?;
        let (tell, told) = channel();
        let switcher = Switcher { driver, names, changing: BTreeMap::new(), last: BTreeMap::new() };
        let tell_loop = move |said| say(Word::Power(said));
        std::thread::Builder::new()
            .name("power".into())
            .stack_size(256 << 10)
            .spawn(|| switcher.serve(told, tell_loop))?;
        Ok(Some(Self { tell, unsure: true }))
    }

    fn tell(&self, told: Told) {
        // The thread only ends with us.
        self.tell.send(told).ok();
    }
}

/// The driver on its thread.
struct Switcher {
    driver: Box<dyn Power>,
    names: Vec<String>,
    /// Machines on their way, and whether to be on.
    changing: BTreeMap<String, bool>,
    /// What was said of each.
    last: BTreeMap<String, Seen>,
}

/// An error with its cause.
fn sentence(error: &PowerError) -> String {
    let source = std::error::Error::source(error).map(|source| format!(": {source}"));
    format!("{error}{}", source.unwrap_or_default())
}

impl Switcher {
    fn serve(mut self, told: Receiver<Told>, say: impl Fn(Said)) {
        let mut round = Instant::now();
        self.look(true, &say);
        loop {
            let rest = ROUND.saturating_sub(round.elapsed());
            let patience = if self.changing.is_empty() { rest } else { BEAT.min(rest) };
            match told.recv_timeout(patience) {
                Ok(Told::Switch { node, on }) => self.switch(node, on, &say),
                Ok(Told::Look) => round = self.look(true, &say),
                Err(RecvTimeoutError::Timeout) if round.elapsed() >= ROUND => round = self.look(true, &say),
                Err(RecvTimeoutError::Timeout) => drop(self.look(false, &say)),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn switch(&mut self, node: String, on: bool, say: &impl Fn(Said)) {
        let ordered = if on { self.driver.on(&node) } else { self.driver.off(&node) };
        match ordered {
            Ok(()) => drop(self.changing.insert(node, on)),
            Err(error) => say(Said::Refused { node, on, why: sentence(&error) }),
        }
    }

    /// Looks at all machines, or at those on their way; says when.
    fn look(&mut self, all: bool, say: &impl Fn(Said)) -> Instant {
        let names: Vec<String> = if all { self.names.clone() } else { self.changing.keys().cloned().collect() };
        let mut machines = Vec::new();
        for node in names {
            match self.driver.state(&node) {
                Ok(seen) => {
                    if self.changing.get(&node).is_some_and(|on| seen == if *on { Seen::On } else { Seen::Off }) {
                        self.changing.remove(&node);
                    }
                    let news = self.last.insert(node.clone(), seen) != Some(seen);
                    if all || news {
                        machines.push((node, seen));
                    }
                }
                Err(error) => say(Said::Blind { node, why: sentence(&error) }),
            }
        }
        if all || !machines.is_empty() {
            say(Said::Seen { all, machines });
        }
        Instant::now()
    }
}

/// What a node does, as it is shown.
pub(crate) fn shown(doing: &Doing) -> NodePower {
    match doing {
        Doing::On { .. } => NodePower::On,
        Doing::Leaving { .. } => NodePower::GoingOff,
        Doing::Off { .. } => NodePower::Off,
        Doing::Booting { .. } => NodePower::Booting,
        Doing::Failed { reason, since } => NodePower::Failed { reason: reason.clone(), since: *since },
    }
}

impl Centre {
    /// Whether nobody knows yet what the machines do.
    pub(crate) fn power_is_unsure(&self) -> bool {
        self.switches.as_ref().is_some_and(|switches| switches.unsure)
    }

    /// An order that is on disk.
    pub(crate) fn switch(&self, node: String, on: bool) {
        if let Some(switches) = &self.switches {
            switches.tell(Told::Switch { node, on });
        }
    }

    /// The disk can be written again: what was not written of the machines is looked at anew.
    pub(crate) fn look_at_machines(&mut self) {
        if let Some(switches) = &mut self.switches {
            switches.unsure = true;
            switches.tell(Told::Look);
        }
    }

    /// What the driver says.
    pub(crate) fn power_said(&mut self, said: Said) {
        // What cannot be written now is looked at again when it can.
        if self.degraded.is_some() {
            return;
        }
        match said {
            Said::Seen { all, machines } => {
                let again = all && self.power_is_unsure();
                for (node, seen) in machines {
                    self.power_seen(node, seen, again);
                }
                if let Some(switches) = self.switches.as_mut().filter(|_| all) {
                    switches.unsure = false;
                }
            }
            Said::Refused { node, on: true, why } => {
                complain!("{node} cannot be switched on: {why}");
                self.record_own(What::BootFailed { node, reason: why });
            }
            Said::Refused { node, on: false, why } => {
                complain!("{node} cannot be switched off: {why}");
                self.record_own(What::CameUp { node });
            }
            Said::Blind { node, why } => complain!("nobody knows whether {node} is on: {why}"),
        }
    }

    /// A machine was seen; `again`: orders that it does not follow were lost, and are given again.
    fn power_seen(&mut self, node: String, seen: Seen, again: bool) {
        let Some(view) = self.state.nodes().find(|view| view.node.name == node) else { return };
        let overdue = |since: model::Time| self.now - since > view.node.shutdown + view.node.patience;
        let fact = match (view.doing, seen) {
            (Doing::Booting { .. }, Seen::Off) if again => return self.switch(node, true),
            (Doing::Leaving { .. }, Seen::On) if again => return self.switch(node, false),
            (Doing::Leaving { since }, Seen::On) if overdue(*since) => What::CameUp { node },
            (Doing::Off { .. } | Doing::Booting { .. } | Doing::Failed { .. }, Seen::On) => What::CameUp { node },
            (Doing::Leaving { .. }, Seen::Off) => What::WentOff { node },
            (Doing::On { .. }, Seen::Off) if view.runs == 0 => What::WentOff { node },
            (Doing::On { .. }, Seen::Off) => return complain!("{node} is said to be off, and has a job"),
            _ => return,
        };
        self.record_own(fact);
    }

    /// An operator says that machines which were given up are in order.
    pub(crate) fn mend(&mut self, by: Uid) {
        let failed = |view: NodeView<'_>| matches!(view.doing, Doing::Failed { .. }).then(|| view.node.name.clone());
        let nodes: BTreeSet<String> = self.state.nodes().filter_map(failed).collect();
        for node in nodes {
            self.record_own(What::Mended { node, by });
        }
    }
}
