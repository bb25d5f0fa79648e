//! A plan: everything that is to be done about a cluster, before anything is. Immutable data, so that it can be read,
//! reviewed and carried out by somebody else. Must not know how a machine is reached, nor what was done already.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::slurm::{self, Known};
use crate::steps::{self, Work};
use crate::{Cgroup, Measured, Park, Secrets};

/// The shape of a plan on disk.
pub const FORMAT: u32 = 1;

/// What steps are made of, by file name: POSIX sh with functions `check`, `act`, `undo` and `give`.
pub const SCRIPTS: &[(&str, &str)] = steps::SCRIPTS;

/// A plan.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// [`FORMAT`].
    pub format: u32,
    /// What the cluster is called.
    pub cluster: String,
    /// The machine that runs the services.
    pub controller: String,
    /// Where homes are.
    pub home: String,
    /// All machines.
    pub targets: Vec<Target>,
    /// What a person should know before.
    pub notes: Vec<Note>,
    /// Files that are put on machines.
    pub files: Vec<File>,
    /// What is done, stage after stage; the steps of a stage are of different machines, and at once.
    pub stages: Vec<Vec<Step>>,
    /// The machines as they were when this was made.
    pub measured: BTreeMap<String, Measured>,
}

/// How a machine is reached.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Target {
    /// Its name in the cluster.
    pub name: String,
    /// The host that `ssh` is told.
    pub host: String,
    /// The port, unless it is the usual one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Who `ssh` is.
    pub login: String,
}

/// Something worth knowing about a machine, or about all.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Note {
    /// What, as texts are named.
    pub word: String,
    /// The machines concerned.
    pub machines: Vec<String>,
    /// What about it.
    pub value: String,
}

/// A file of the plan. On disk its content lies beside the plan.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Its name beside the plan.
    pub name: String,
    /// Whether nobody else may read it.
    pub secret: bool,
    /// Its content.
    #[serde(skip)]
    pub text: String,
}

/// One thing to be done on one machine: its script checks whether it is done, does it, and undoes it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// `file:slurm.conf@n1`: the same in every plan of the same park.
    pub id: String,
    /// What kind.
    pub work: Work,
    /// On which machine.
    pub machine: String,
    /// What its script is told.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// The file that it puts: the script has its content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
}

/// Why there can be no plan.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PlanError {
    /// Nobody knows what these machines are.
    #[error("not measured yet: {}", .0.join(", "))]
    NotMeasured(Vec<String>),
    /// Their Slurm does not know what would be written.
    #[error("Slurm {version} on {machine} is too old")]
    TooOld {
        /// Which machine.
        machine: String,
        /// What it has.
        version: String,
    },
}

/// The plan of a park. The same park and secrets give the same plan.
///
/// # Errors
/// [`PlanError`].
pub fn plan(park: &Park, secrets: &Secrets) -> Result<Plan, PlanError> {
    let unknown = park.machine.iter().filter(|machine| !park.measured.contains_key(&machine.name));
    let unknown: Vec<String> = unknown.map(|machine| machine.name.clone()).collect();
    if !unknown.is_empty() {
        return Err(PlanError::NotMeasured(unknown));
    }
    for (name, measured) in &park.measured {
        if let Some(version) = measured.slurm.as_ref().filter(|version| slurm::known(version) == Known::TooOld) {
            return Err(PlanError::TooOld { machine: name.clone(), version: version.clone() });
        }
    }
    let target = |machine: &crate::park::Machine| Target {
        name: machine.name.clone(),
        host: machine.ssh.clone().unwrap_or_else(|| machine.address.clone()),
        port: machine.port,
        login: park.cluster.login.clone(),
    };
    let files = files(park, secrets);
    Ok(Plan {
        format: FORMAT,
        cluster: park.cluster.name.clone(),
        controller: park.controller().name.clone(),
        home: park.cluster.home.clone(),
        targets: park.machine.iter().map(target).collect(),
        notes: notes(park),
        stages: steps::stages(park, &files),
        files,
        measured: park.measured.clone(),
    })
}

/// What `cgroup.conf` for such control groups is called among the files.
pub(crate) fn cgroup_file(kind: Cgroup) -> &'static str {
    match kind {
        Cgroup::V1 => "cgroup-v1.conf",
        Cgroup::V2 => "cgroup-v2.conf",
    }
}

fn files(park: &Park, secrets: &Secrets) -> Vec<File> {
    let open = |name: &str, text: String| File { name: name.to_owned(), secret: false, text };
    let secret = |name: &str, text: String| File { secret: true, ..open(name, text) };
    let mut files = vec![
        secret("munge.key", secrets.munge_key.clone()),
        secret("slurmdbd.conf", slurm::dbd(park, secrets)),
        open("slurm.conf", slurm::conf(park)),
        open("gres.conf", slurm::gres(park)),
        open("hosts", slurm::hosts(park)),
        open("accounting.sh", slurm::tree(park)),
        open("mariadb.cnf", slurm::mariadb(&park.measured[&park.controller().name])),
    ];
    let kinds: BTreeSet<&str> = park.measured.values().map(|measured| cgroup_file(measured.cgroup)).collect();
    for kind in [Cgroup::V1, Cgroup::V2] {
        if kinds.contains(cgroup_file(kind)) {
            files.push(open(cgroup_file(kind), slurm::cgroup(kind, slurm::has_gpus(park))));
        }
    }
    if let Some(node) = &park.node {
        files.push(secret("node.toml", node.settings.clone()));
    }
    if let Some(power) = &park.power {
        for order in ["off", "on"] {
            files.push(open(&format!("algoric-power-{order}"), slurm::switch(&power.program, order)));
        }
    }
    files
}

fn notes(park: &Park) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut about = |word: &str, value: String, holds: &dyn Fn(&Measured) -> bool| {
        let concerned = park.measured.iter().filter(|(_, measured)| holds(measured));
        let machines: Vec<String> = concerned.map(|(name, _)| name.clone()).collect();
        if !machines.is_empty() {
            notes.push(Note { word: word.to_owned(), machines, value });
        }
    };
    let versions: BTreeSet<&str> = park.measured.values().filter_map(|measured| measured.slurm.as_deref()).collect();
    for version in &versions {
        if slurm::known(version) == Known::Untried {
            about("slurm-untried", (*version).to_owned(), &|m| m.slurm.as_deref() == Some(version));
        }
    }
    if versions.len() > 1 {
        about("slurm-versions", versions.iter().copied().collect::<Vec<_>>().join(", "), &|m| m.slurm.is_some());
    }
    about("slurm-none", String::new(), &|m| m.slurm.is_none());
    about("os-untried", String::new(), &|m| m.os != "debian 12");
    about("gpu-without-driver", String::new(), &|m| m.gpu.iter().any(|gpu| gpu.device.is_none()));
    let kinds: BTreeSet<&str> = park.measured.values().map(|measured| cgroup_file(measured.cgroup)).collect();
    if kinds.len() > 1 {
        about("cgroups-differ", String::new(), &|m| m.cgroup == Cgroup::V1);
    }
    if let Some(power) = &park.power {
        let woken = |m: &Measured| m.bmc.is_none() && m.card.is_empty();
        about("cannot-be-woken", power.program.clone(), &woken);
    }
    notes
}
