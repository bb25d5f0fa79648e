//! `park.toml`: what the operator decides about a cluster, and below it what was measured. Must not know what becomes of
//! it.
//!
//! ```toml
//! [cluster]
//! name = "mesca"
//! controller = "head"      # runs the services; unless said, the first machine
//! home = "/home"           # the folder that all machines share
//! login = "root"           # who `ssh` is to be on them; anybody else needs sudo without a password
//!
//! [power]                  # leave it out, and machines stay on
//! suspend_after = 1800     # seconds without a job
//! boot = 180               # seconds from off until it takes jobs
//!
//! [centre]                 # the centre that will drive it; `plan` finds both out where its data is here
//! user = "algoric"         # whom it serves as: Slurm shows that user everybody's jobs
//! first_job = 20001        # Slurm's numbers of jobs begin here, above those that the centre has given
//!
//! [node]                   # leave it out, and machines do not report
//! centre = "head:7443"     # where the centre takes reports
//! settings = ""            # the text of node.toml on each machine
//!
//! [slurm]
//! lines = ["MpiDefault=pmix"]   # added to slurm.conf as they are
//!
//! [[machine]]
//! name = "head"            # what it calls itself
//! address = "10.0.0.1"     # where the others reach it
//! ssh = "head.example.org" # where this machine reaches it, unless that is the address
//! port = 22
//! compute = true           # takes jobs
//!
//! [[partition]]            # unless said: one, `main`, of all machines that compute
//! name = "main"
//! machines = []            # all
//! default = true
//! max_time = "7-0"
//! default_time = "1:00:00"
//! priority = 1
//!
//! [[project]]
//! name = "eau"
//! share = 1
//! members = ["alice"]
//!
//! # measured
//! [measured.head]
//! sockets = 2
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::Measured;

/// Where what is measured begins: all from here on is written anew by each scan.
pub const MEASURED: &str = "# What follows was measured by `algoric grow scan`, which writes it anew each time.\n";

/// Why a text cannot be a park.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParkError {
    /// It is not TOML, or has unknown keys: with line, column and the key that was meant.
    #[error("{0}")]
    Syntax(String),
    /// A value that cannot be.
    #[error("{key}: {why}")]
    Value {
        /// Which.
        key: String,
        /// What is wrong, and what would be right.
        why: String,
    },
}

/// The whole of it.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Park {
    /// The cluster.
    pub cluster: Cluster,
    /// When machines are switched off.
    pub power: Option<Power>,
    /// The centre that will drive it.
    #[serde(default)]
    pub centre: Centre,
    /// What reports each machine to the centre.
    pub node: Option<Node>,
    /// What Slurm is told besides.
    #[serde(default)]
    pub slurm: Slurm,
    /// At least one.
    #[serde(default)]
    pub machine: Vec<Machine>,
    /// Partitions; none: one of all machines that compute.
    #[serde(default)]
    pub partition: Vec<Partition>,
    /// Who may submit from the beginning.
    #[serde(default)]
    pub project: Vec<Project>,
    /// Machines as they were found, by name.
    #[serde(default)]
    pub measured: BTreeMap<String, Measured>,
}

/// `[cluster]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// What accounting calls it.
    pub name: String,
    /// The machine that runs the services.
    pub controller: Option<String>,
    /// The folder that all share.
    #[serde(default = "home")]
    pub home: String,
    /// Who `ssh` is to be.
    #[serde(default = "root")]
    pub login: String,
}

/// `[power]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Power {
    /// Seconds without a job after which a machine goes off.
    pub suspend_after: u32,
    /// Seconds from off until it takes jobs.
    #[serde(default = "boot")]
    pub boot: u32,
    /// Seconds that going off takes.
    #[serde(default = "shutdown")]
    pub shutdown: u32,
    /// Machines that stay on.
    #[serde(default)]
    pub stay_on: Vec<String>,
    /// The program that switches: `algoric`, unless it lies elsewhere on the controller.
    #[serde(default = "program")]
    pub program: String,
}

/// `[centre]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Centre {
    /// Whom it serves as; unless said, [`SERVICE`].
    pub user: Option<String>,
    /// The first number that Slurm gives a job; unless said, Slurm's own.
    pub first_job: Option<u32>,
}

/// The user that Debian's package serves as.
pub const SERVICE: &str = "algoric";

/// Slurm's numbers begin with a round one, so far above a centre's own that what is submitted until Slurm is up has room.
pub const fn first_job_after(last: u32) -> u32 {
    (last / 10_000).saturating_add(2).saturating_mul(10_000).saturating_add(1)
}

/// `[node]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Where the centre takes reports (`head:7443`): its `[nodes] listen`.
    pub centre: String,
    /// The centre's folder on the controller.
    #[serde(default = "data")]
    pub data: String,
    /// The program, which is put there on each machine.
    #[serde(default = "program")]
    pub program: String,
    /// The text of `node.toml`: meters, probes, what should be found.
    #[serde(default)]
    pub settings: String,
}

/// `[slurm]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Slurm {
    /// Lines that are added to `slurm.conf` as they are; they come last, so they win.
    pub lines: Vec<String>,
}

/// `[[machine]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Machine {
    /// What it is called in the cluster.
    pub name: String,
    /// Where the others reach it.
    pub address: String,
    /// Where this machine reaches it, unless that is the address.
    pub ssh: Option<String>,
    /// The port of its ssh.
    pub port: Option<u16>,
    /// Whether it takes jobs.
    #[serde(default = "yes")]
    pub compute: bool,
}

/// `[[partition]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Partition {
    /// Name.
    pub name: String,
    /// Names of machines; none: all that compute.
    #[serde(default)]
    pub machines: Vec<String>,
    /// Whether jobs go there that ask for none.
    #[serde(default)]
    pub default: bool,
    /// Greatest time limit, in Slurm's forms.
    pub max_time: Option<String>,
    /// Time limit of who asks for none.
    pub default_time: Option<String>,
    /// Adds to priority.
    pub priority: Option<u16>,
}

/// `[[project]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Name of the account.
    pub name: String,
    /// Its share among the others.
    #[serde(default = "one")]
    pub share: u32,
    /// Login names.
    #[serde(default)]
    pub members: Vec<String>,
}

fn home() -> String {
    "/home".to_owned()
}

fn root() -> String {
    "root".to_owned()
}

fn program() -> String {
    "/usr/bin/algoric".to_owned()
}

fn data() -> String {
    "/var/lib/algoric".to_owned()
}

fn boot() -> u32 {
    180
}

fn shutdown() -> u32 {
    60
}

fn one() -> u32 {
    1
}

fn yes() -> bool {
    true
}

fn wrong(key: &str, why: impl Into<String>) -> ParkError {
    ParkError::Value { key: key.to_owned(), why: why.into() }
}

impl Park {
    /// Reads a text.
    ///
    /// # Errors
    /// [`ParkError`].
    pub fn parse(text: &str) -> Result<Park, ParkError> {
        let park: Park = toml::from_str(text).map_err(|fault| ParkError::Syntax(model::hinted(&fault.to_string())))?;
        park.check()?;
        Ok(park)
    }

    fn check(&self) -> Result<(), ParkError> {
        word("cluster: name", &self.cluster.name)?;
        word("cluster: login", &self.cluster.login)?;
        path("cluster: home", &self.cluster.home)?;
        let mut names = BTreeSet::new();
        for machine in &self.machine {
            word("machine: name", &machine.name)?;
            address("machine: address", &machine.address)?;
            machine.ssh.iter().try_for_each(|ssh| address("machine: ssh", ssh))?;
            if !names.insert(machine.name.as_str()) {
                return Err(wrong("machine: name", format!("`{}` comes twice", machine.name)));
            }
        }
        if self.machine.is_empty() {
            return Err(wrong("machine", "a park has at least one; `algoric grow scan NAME=ADDRESS` adds one"));
        }
        if !self.machine.iter().any(|machine| machine.compute) {
            return Err(wrong("machine: compute", "no machine takes jobs"));
        }
        let known = |key: &str, name: &str| match names.contains(name) {
            true => Ok(()),
            false => Err(wrong(key, format!("no machine is called `{name}`; {}", model::hint(name, names.clone())))),
        };
        self.cluster.controller.iter().try_for_each(|name| known("cluster: controller", name))?;
        self.measured.keys().try_for_each(|name| known("measured", name))?;
        self.partitions_are_sound(&known)?;
        if let Some(power) = &self.power {
            path("power: program", &power.program)?;
            power.stay_on.iter().try_for_each(|name| known("power: stay_on", name))?;
        }
        self.centre.user.iter().try_for_each(|user| word("centre: user", user))?;
        if self.centre.first_job == Some(0) {
            return Err(wrong("centre: first_job", "numbers of jobs begin with 1"));
        }
        if let Some(node) = &self.node {
            path("node: program", &node.program)?;
            path("node: data", &node.data)?;
            address("node: centre", &node.centre)?;
        }
        for project in &self.project {
            word("project: name", &project.name)?;
            project.members.iter().try_for_each(|member| word("project: members", member))?;
        }
        let has_break = |line: &String| line.contains(['\n', '\r']);
        match self.slurm.lines.iter().find(|line| has_break(line)) {
            Some(line) => Err(wrong("slurm: lines", format!("{line:?} is more than one line"))),
            None => Ok(()),
        }
    }

    fn partitions_are_sound(&self, known: &dyn Fn(&str, &str) -> Result<(), ParkError>) -> Result<(), ParkError> {
        for partition in &self.partition {
            word("partition: name", &partition.name)?;
            for name in &partition.machines {
                known("partition: machines", name)?;
                if self.machine.iter().any(|machine| machine.name == *name && !machine.compute) {
                    return Err(wrong("partition: machines", format!("`{name}` takes no jobs")));
                }
            }
            for time in [&partition.max_time, &partition.default_time].into_iter().flatten() {
                let is_time = !time.is_empty() && time.chars().all(|c| c.is_ascii_digit() || c == '-' || c == ':');
                if !is_time {
                    return Err(wrong("partition: time", format!("`{time}` is none: say 30 (minutes), 2:00:00, 7-0")));
                }
            }
        }
        match self.partition.iter().filter(|partition| partition.default).count() {
            0 | 1 => Ok(()),
            count => Err(wrong("partition: default", format!("{count} are the default one"))),
        }
    }

    /// The machine that runs the services.
    pub fn controller(&self) -> &Machine {
        let named = |name: &String| self.machine.iter().find(|machine| machine.name == *name);
        self.cluster.controller.as_ref().and_then(named).unwrap_or(&self.machine[0])
    }

    /// The machines that take jobs.
    pub fn computing(&self) -> impl Iterator<Item = &Machine> {
        self.machine.iter().filter(|machine| machine.compute)
    }
}

/// Letters, digits, `-`, `_` and dots: what stands in a list of Slurm's, a file's name and a shell without quotes.
fn word(key: &str, text: &str) -> Result<(), ParkError> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let is_good = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(is_plain);
    if is_good { Ok(()) } else { Err(wrong(key, format!("`{text}` is no name: letters, digits, - and _"))) }
}

/// The same, with the colons of IPv6.
fn address(key: &str, text: &str) -> Result<(), ParkError> {
    let is_good = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == ':')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:".contains(c));
    if is_good { Ok(()) } else { Err(wrong(key, format!("`{text}` is no address and no name"))) }
}

fn path(key: &str, text: &str) -> Result<(), ParkError> {
    let is_good = text.starts_with('/') && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c));
    if is_good { Ok(()) } else { Err(wrong(key, format!("`{text}` is no whole path, from / on"))) }
}

/// The text of a park with a machine more; what is there stays as it is, letter by letter.
pub fn with_machine(text: &str, name: &str, address: &str, port: Option<u16>) -> String {
    let (own, measured) = text.split_at(text.find(MEASURED).unwrap_or(text.len()));
    let port = port.map_or(String::new(), |port| format!("port = {port}\n"));
    let own = own.trim_end();
    format!("{own}\n\n[[machine]]\nname = {name:?}\naddress = {address:?}\n{port}\n{measured}")
}

/// The text of a new park without machines.
pub fn fresh(cluster: &str) -> String {
    format!(
        "# A cluster: what its operator decides. `algoric grow plan` makes a plan of it; docs/grow.md explains each key.\n\
         [cluster]\nname = {cluster:?}\n# controller = \"NAME\"   # runs the services; unless said, the first machine\n\
         # home = \"/home\"         # the folder that all machines share\n\
         # login = \"root\"         # who `ssh` is to be; anybody else needs sudo without a password\n\n\
         # [power]                # without it machines stay on\n# suspend_after = 1800   # seconds without a job\n"
    )
}

/// The text of a park with other measurements; what the operator wrote stays as it is, letter by letter.
pub fn with_measured(text: &str, measured: &BTreeMap<String, Measured>) -> String {
    #[derive(Serialize)]
    struct Tail<'a> {
        measured: &'a BTreeMap<String, Measured>,
    }
    let own = text.split_once(MEASURED).map_or(text, |(own, _)| own).trim_end();
    // Plain structs of numbers and texts: there is nothing in them that TOML could not say.
    let tail = toml::to_string(&Tail { measured }).unwrap_or_default();
    format!("{own}\n\n{MEASURED}\n{tail}")
}
