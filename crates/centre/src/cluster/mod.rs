//! The engine "slurm": a cluster runs the jobs, the centre mirrors its queue, takes in its accounting, and goes on doing
//! everything else: members, projects, money, electricity, history, advice. Must not know how Slurm prints anything (that
//! is `dialect::cluster`), nor how its commands are run (`drivers::slurm`).
//!
//! - [`usage`]: what ended comes in from the accounting, once ([`told`]: a row there, a run here; [`ledger`]: its price).
//! - [`sight`]: whether Slurm shows the centre everything; until it does, nothing is taken in.
//! - [`mirror`]: the queue and the machines, as they were a few seconds ago.
//! - [`answers`]: what members ask, from the mirror; [`pages`]: what their pages do. [`orders`]: what they want done, by Slurm's own commands, as themselves.
//! - [`accounts`]: what Slurm's associations should be, and the fewest commands that make them so; [`reconcile`] runs them.
//! - [`machines`]: what Slurm is told about machines; [`switching`]: when they are to be on.
//! - [`moving`]: what waited here when the cluster came.

pub(crate) mod accounts;
mod answers;
pub(crate) mod ledger;
mod machines;
mod mirror;
mod moving;
mod orders;
pub(crate) mod pages;
mod reconcile;
pub(crate) mod sight;
mod switching;
#[cfg(test)]
mod tests;
pub(crate) mod told;
mod usage;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc,
        mpsc::{Sender, channel},
    },
    time::Duration,
};

use dialect::cluster::{
    nodes::{Node, Partition},
    past,
    queue::Queued,
    tree::Qos,
};
use drivers::slurm::Slurm;
use model::{JobId, Span, Time};
use store::{ClusterRun, ClusterWrite, Reader, Write};

use crate::{
    complain::complain,
    config::{ClusterSection, Engine},
    connection::ConnId,
    core::Centre,
    journal::After,
    paths::Paths,
    service::{Word, clock},
};
use usage::Nudge;

/// What the threads that watch Slurm say.
pub(crate) enum Said {
    /// Rows of the accounting, and until when it has all been read.
    Usage {
        /// New or changed.
        runs: Vec<ClusterRun>,
        /// The high-water mark.
        until: Option<Time>,
    },
    /// The accounting was read, as it was then.
    UsageRead(Time),
    /// It cannot be read.
    UsageFault(String),
    /// The queue, as it was then.
    Queue(Time, Vec<Queued>),
    /// Machines, partitions, QOS.
    Park(Box<Park>),
    /// slurmctld does not answer.
    QueueFault(String),
    /// Slurm's associations were made what they should be.
    Reconciled(api::ClusterReply),
    /// What somebody asked of Slurm.
    Answer(ConnId, Box<api::Reply>),
}

/// The cluster's machines and rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Park {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) nodes: Vec<Node>,
    pub(crate) partitions: Vec<Partition>,
    pub(crate) qos: Vec<Qos>,
    /// Machines that Slurm is not to switch.
    pub(crate) always_on: Vec<String>,
}

/// Everything that the loop knows of the cluster.
pub(crate) struct Cluster {
    slurm: Slurm,
    usage: Sender<Nudge>,
    look: Sender<()>,
    say: Say,
    park: Park,
    /// Threads of a core, by machine.
    threads: HashMap<String, u32>,
    /// What the tariffs call a machine.
    kinds: HashMap<String, String>,
    /// The queue, in the order of numbers.
    queue: BTreeMap<JobId, Queued>,
    /// When it was seen; when the accounting was.
    seen: Time,
    read: Time,
    /// Why one of them is not.
    fault: Option<String>,
    usage_fault: Option<String>,
    /// What Slurm's commands that run as members are for.
    doing: HashMap<u64, orders::Doing>,
    last_order: u64,
    kept: reconcile::Kept,
    moving: moving::Moving,
    switching: Option<switching::Switching>,
    /// Submissions that somebody waits for, by number.
    waited: BTreeSet<JobId>,
}

/// Numbers of the launcher's commands: from here on they are the cluster's.
const FIRST_ORDER: u64 = 1 << 32;

/// A way to the loop.
#[derive(Clone)]
struct Say(Arc<dyn Fn(Said) + Send + Sync>);

impl Say {
    fn say(&self, said: Said) {
        (self.0)(said);
    }
}

/// The user that this process is, by name: as Slurm knows it.
fn own_name() -> String {
    let own = nix::unistd::geteuid();
    nix::unistd::User::from_uid(own).ok().flatten().map_or_else(|| own.to_string(), |user| user.name)
}

impl Cluster {
    /// Begins to watch a cluster, where the configuration names one.
    pub(crate) fn open(
        section: &ClusterSection,
        paths: &Paths,
        say: impl Fn(Word) + Send + Sync + 'static,
    ) -> Result<Option<Self>, Box<dyn std::error::Error + Send + Sync>> {
        if section.engine != Engine::Slurm {
            return Ok(None);
        }
        let switching = switching::Switching::open(section, &Reader::open(&paths.database())?, clock())?;
        let say = Say(Arc::new(move |said| say(Word::Cluster(Box::new(said)))));
        let (nudge, nudges) = channel();
        let tell = say.clone();
        let usage = usage::Usage {
            slurm: section.slurm(),
            reader: Reader::open(&paths.database())?,
            overlap: Span::minutes(i64::from(section.overlap_minutes)),
            pause: Duration::from_secs(u64::from(section.usage_seconds.max(1))),
            nudges,
            say: move |said| tell.say(said),
            user: own_name(),
            seen: usage::Seen::default(),
            unwritten: std::collections::VecDeque::new(),
            clock: crate::service::clock,
        };
        std::thread::Builder::new().name("accounting".to_owned()).spawn(move || usage.serve())?;
        let (look, nudges) = channel();
        let watch = mirror::Mirror {
            slurm: section.slurm(),
            pause: Duration::from_secs(u64::from(section.queue_seconds.max(1))),
            nudges,
            say: say.clone(),
        };
        std::thread::Builder::new().name("queue".to_owned()).spawn(move || watch.serve())?;
        let kinds = section.types.iter().flat_map(|kind| {
            let names = dialect::values::hostlist::expand(&kind.nodes).unwrap_or_default();
            names.into_iter().map(|name| (name, kind.machine.clone()))
        });
        Ok(Some(Self {
            slurm: section.slurm(),
            usage: nudge,
            look,
            say,
            park: Park::default(),
            threads: HashMap::new(),
            kinds: kinds.collect(),
            queue: BTreeMap::new(),
            seen: Time(0),
            read: Time(0),
            fault: None,
            usage_fault: None,
            doing: HashMap::new(),
            last_order: FIRST_ORDER,
            kept: reconcile::Kept::default(),
            moving: moving::Moving::default(),
            switching,
            waited: BTreeSet::new(),
        }))
    }

    /// The machines and rules, as they were last seen.
    pub(crate) fn park(&self) -> &Park {
        &self.park
    }

    /// The queue, as it was last seen.
    pub(crate) fn queue(&self) -> impl Iterator<Item = &Queued> + Clone {
        self.queue.values()
    }

    /// Threads of a core of a machine, or of the first of several.
    pub(crate) fn threads_of(&self, nodes: &str) -> u32 {
        let first = dialect::values::hostlist::expand(nodes).and_then(|names| names.into_iter().next());
        first.and_then(|name| self.threads.get(&name)).copied().unwrap_or(1).max(1)
    }

    /// The fate of what [`Said::Usage`] brought.
    pub(crate) fn usage_written(&self, is_written: bool) {
        self.usage.send(Nudge::Written(is_written)).ok();
    }

    /// Something was done about the queue: it is looked at soon.
    fn look_soon(&self) {
        self.look.send(()).ok();
    }

    /// When the queue was last seen.
    pub(crate) fn seen(&self) -> Time {
        self.seen
    }

    /// Until when it is known which runs held what: the queue and the accounting were both looked at then.
    pub(crate) fn told_until(&self) -> Option<Time> {
        let both = self.seen.min(self.read);
        (both > Time(0)).then_some(both)
    }

    /// Jobs that hold their parts of machines.
    pub(crate) fn holding(&self) -> impl Iterator<Item = &model::QueueRow> {
        let rows = self.queue.values().map(|queued| &queued.row);
        rows.filter(|row| {
            matches!(row.state, model::JobState::Running | model::JobState::Suspended) && row.start.is_some()
        })
    }

    /// Those of a job that hold their parts of machines.
    pub(crate) fn holding_of<'a>(&'a self, target: &'a api::JobTarget) -> impl Iterator<Item = &'a model::QueueRow> {
        let rows = self.meant(target).map(|queued| &queued.row);
        rows.filter(|row| {
            matches!(row.state, model::JobState::Running | model::JobState::Suspended) && row.start.is_some()
        })
    }

    /// Slurm's words for the state of a machine, and why it is out of service.
    pub(crate) fn state_of(&self, machine: &str) -> Option<(Vec<String>, Option<String>)> {
        let node = self.park.nodes.iter().find(|node| node.name == machine)?;
        Some((node.states.clone(), node.reason.clone()))
    }

    /// What the queue was.
    fn renew(&mut self, at: Time, rows: Vec<Queued>) {
        let queue: BTreeMap<JobId, Queued> =
            rows.into_iter().filter(|row| !past::is_past(&row.row.partition)).map(|row| (row.row.id, row)).collect();
        let is_over = |id: &JobId, row: &Queued| {
            !row.row.state.is_final() && queue.get(id).is_none_or(|now| now.row.state.is_final())
        };
        if self.queue.iter().any(|(id, row)| is_over(id, row)) {
            self.usage.send(Nudge::Ended).ok();
        }
        (self.queue, self.seen, self.fault) = (queue, at, None);
    }
}

impl Centre {
    /// A thread that watches the cluster said something.
    pub(crate) fn cluster_said(&mut self, said: Said) {
        match said {
            Said::Usage { runs, until } => return self.usage_came(runs, until),
            Said::Answer(conn, reply) => {
                self.reply(conn, &reply);
                if !reply.is_last() {
                    self.reply(conn, &api::Reply::End);
                }
                return;
            }
            Said::Reconciled(reply) => return self.reconciled(&reply),
            _ => {}
        }
        let Some(cluster) = &mut self.cluster else { return };
        match said {
            Said::UsageRead(at) => {
                (cluster.read, cluster.usage_fault) = (at, None);
                self.answer_waiters();
                self.share_readings();
            }
            Said::UsageFault(fault) => cluster.usage_fault = Some(fault),
            Said::Queue(at, rows) => {
                cluster.renew(at, rows);
                self.agents_see_queue();
                self.share_readings();
                self.keep_associations();
                self.move_one();
                self.switch_as_forecast();
            }
            Said::Park(park) => {
                cluster.threads = park.nodes.iter().map(|node| (node.name.clone(), node.threads_per_core)).collect();
                cluster.park = *park;
                self.drain_as_needed();
            }
            Said::QueueFault(fault) => {
                if cluster.fault.as_ref() != Some(&fault) {
                    complain!("the cluster does not answer: {fault}");
                }
                cluster.fault = Some(fault);
            }
            Said::Usage { .. } | Said::Answer(..) | Said::Reconciled(_) => {}
        }
    }

    /// Rows of the accounting go into the batch that is being filled, each with its price.
    fn usage_came(&mut self, mut runs: Vec<ClusterRun>, until: Option<Time>) {
        let Some(cluster) = &self.cluster else { return };
        if self.degraded.is_some() || !self.may_settle() || (cluster.park.nodes.is_empty() && !runs.is_empty()) {
            return cluster.usage_written(false);
        }
        runs.iter_mut().for_each(|run| self.give_its_project(run));
        let runs: Arc<[ClusterRun]> = runs.into();
        // Runs stand in the file before the entries about them.
        if !runs.is_empty() {
            self.journal.write(Write::Cluster(Box::new(ClusterWrite::Runs(runs.clone()))));
        }
        for run in runs.iter() {
            self.agents_see_end(run);
            self.settle_told(run);
            self.learn_told(run);
        }
        if let Some(until) = until {
            self.journal.write(Write::Cluster(Box::new(ClusterWrite::Read(until))));
        }
        self.journal.after(After::UsageWritten);
    }

    /// Slurm writes names of accounts in small letters; a project is called as it was named here.
    fn give_its_project(&self, run: &mut ClusterRun) {
        let account = run.spec.account.clone();
        let named = |project: &&store::Project| project.name != account && project.name.eq_ignore_ascii_case(&account);
        if let Some(project) = self.people.projects.iter().find(named) {
            Arc::make_mut(&mut run.spec).account.clone_from(&project.name);
        }
    }
}
