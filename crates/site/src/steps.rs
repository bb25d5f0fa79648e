//! The steps of a plan, in their order. What each does is said by its script in `steps/`; here is only on which machine,
//! with what. Must not know how a script is run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::park::Machine;
use crate::plan::{File, Step, cgroup_file};
use crate::slurm::{self, DATABASE};
use crate::{Identity, Measured, Park};

macro_rules! works {
    ($($variant:ident $name:literal $words:literal,)*) => {
        /// What a step is about: the name of its script.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Work {
            $(#[doc = $words] $variant,)*
        }

        impl Work {
            /// All of them, in the order in which they come.
            pub const ALL: &'static [Work] = &[$(Work::$variant,)*];

            /// As scripts and texts are named.
            pub fn name(self) -> &'static str {
                match self {
                    $(Work::$variant => $name,)*
                }
            }
        }

        /// All scripts, and what they share.
        pub(crate) const SCRIPTS: &[(&str, &str)] = &[
            ("lib.sh", include_str!("steps/lib.sh")),
            $((concat!($name, ".sh"), include_str!(concat!("steps/", $name, ".sh"))),)*
        ];
    };
}

works! {
    Reach "reach" "It can be reached, by somebody who may do everything.",
    Clock "clock" "Its clock is near enough.",
    Members "members" "People have the same numbers as on the controller.",
    Home "home" "Homes are the same folder as on the controller.",
    Hosts "hosts" "It knows the names of the others.",
    Identity "identity" "A user of the system has the same numbers everywhere.",
    Packages "packages" "Debian's packages.",
    Folders "folders" "Slurm's folders.",
    File "file" "A file.",
    Munge "munge" "munge, with the cluster's key.",
    Agree "agree" "It believes what the controller signs.",
    Database "database" "MariaDB, with a database for accounting.",
    Slurmdbd "slurmdbd" "The service of accounting.",
    Accounting "accounting" "The tree of accounts.",
    Slurmctld "slurmctld" "The controller of jobs.",
    Slurmd "slurmd" "The service that runs jobs.",
    Program "program" "The program itself.",
    Node "node" "The agent that reports the machine to the centre.",
    Job "job" "A real job across all machines.",
}

impl Work {
    /// Whether it only looks: what it finds wrong is the operator's to mend.
    pub fn is_gate(self) -> bool {
        matches!(self, Work::Reach | Work::Clock | Work::Members | Work::Home | Work::Agree | Work::Job)
    }

    /// Whether the controller is asked first, and its answer given: to the check, or to what is done where something is.
    pub fn is_given(self) -> bool {
        matches!(self, Work::Members | Work::Home | Work::Agree | Work::Node)
    }

    /// Whether the program itself is what it is about: the check is given its digest, and before it is done the program is
    /// brought beside its place (`.algoric-brought`).
    pub fn is_brought(self) -> bool {
        matches!(self, Work::Program)
    }

    /// Whether the controller is told first that it will be undone.
    pub fn is_released(self) -> bool {
        matches!(self, Work::Node)
    }

    /// Whether it takes part of the cluster to be looked at: not done merely to see what drifted.
    pub fn is_trial(self) -> bool {
        matches!(self, Work::Job)
    }

    /// Seconds after which it is given up.
    pub fn limit_s(self) -> u64 {
        match self {
            Work::Packages => 1800,
            Work::Database | Work::Identity | Work::Program => 300,
            Work::Job => 150,
            _ => 90,
        }
    }
}

/// All of a park's steps.
pub(crate) fn stages(park: &Park, files: &[File]) -> Vec<Vec<Step>> {
    let controller = park.controller();
    let all: Vec<&Machine> = park.machine.iter().collect();
    let others: Vec<&Machine> = all.iter().copied().filter(|machine| machine.name != controller.name).collect();
    let computing: Vec<&Machine> = park.computing().collect();
    let on = |machines: &[&Machine], work: Work, set: &[(&str, &str)]| -> Vec<Step> {
        machines.iter().map(|machine| step(work, "", machine, set)).collect()
    };
    let hosts = files.iter().find(|file| file.name == "hosts").map_or("", |file| file.text.trim_end());
    let home = [("HOME_FOLDER", park.cluster.home.as_str())];
    let mut stages = vec![
        on(&all, Work::Reach, &[]),
        on(&all, Work::Clock, &[("LIMIT", "240")]),
        on(&others, Work::Members, &[]),
        on(&others, Work::Home, &home),
        on(&all, Work::Hosts, &[("HOST_LINES", hosts)]),
    ];
    stages.extend(identities(park, &all));
    stages.push(
        all.iter()
            .map(|machine| step(Work::Packages, "", machine, &[("PACKAGES", &packages(park, machine))]))
            .collect(),
    );
    stages.push(
        all.iter().map(|machine| step(Work::Folders, "", machine, &[("FOLDERS", &folders(park, machine))])).collect(),
    );
    stages.push(put(&all, "munge.key", "munge.key", "/etc/munge/munge.key", "munge", "400"));
    stages.push(on(&all, Work::Munge, &[]));
    stages.push(on(&others, Work::Agree, &[]));
    stages.extend(configuration(park, &all));
    stages.push(put(&[controller], "slurmdbd.conf", "slurmdbd.conf", "/etc/slurm/slurmdbd.conf", "slurm", "600"));
    let cnf = "/etc/mysql/mariadb.conf.d/60-algoric.cnf";
    stages.push(put(&[controller], "mariadb.cnf", "mariadb.cnf", cnf, "root", "644"));
    stages.push(on(&[controller], Work::Database, &[("DATABASE", DATABASE)]));
    stages.push(on(&[controller], Work::Slurmdbd, &[]));
    let mut accounting = step(Work::Accounting, "", controller, &[]);
    accounting.file = Some("accounting.sh".to_owned());
    stages.push(vec![accounting]);
    let paths = "/etc/slurm/slurm.conf /etc/slurm/cgroup.conf /etc/slurm/gres.conf";
    stages.push(on(&[controller], Work::Slurmctld, &[("CONFIGURATION", paths)]));
    let slurmd =
        |machine: &&Machine| step(Work::Slurmd, "", machine, &[("CONFIGURATION", paths), ("NODE", &machine.name)]);
    stages.push(computing.iter().map(slurmd).collect());
    stages.extend(agents(park, &computing));
    stages.push(on(&[controller], Work::Job, &[("NODES", &computing.len().to_string())]));
    stages.retain(|steps| !steps.is_empty());
    stages
}

fn step(work: Work, detail: &str, machine: &Machine, set: &[(&str, &str)]) -> Step {
    let colon = if detail.is_empty() { "" } else { ":" };
    Step {
        id: format!("{}{colon}{detail}@{}", work.name(), machine.name),
        work,
        machine: machine.name.clone(),
        set: set.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        file: None,
    }
}

/// A file of the plan on machines: `detail` tells it from others in a step's name.
fn put(machines: &[&Machine], detail: &str, file: &str, to: &str, owner: &str, mode: &str) -> Vec<Step> {
    let set = [("TO", to), ("OWNER", owner), ("MODE", mode)];
    let one = |machine: &&Machine| Step { file: Some(file.to_owned()), ..step(Work::File, detail, machine, &set) };
    machines.iter().map(one).collect()
}

/// What all machines read: a copy on each.
fn configuration(park: &Park, all: &[&Machine]) -> Vec<Vec<Step>> {
    let mut stages = vec![
        put(all, "slurm.conf", "slurm.conf", "/etc/slurm/slurm.conf", "root", "644"),
        put(all, "gres.conf", "gres.conf", "/etc/slurm/gres.conf", "root", "644"),
    ];
    let cgroup = |machine: &&Machine| {
        let kind = park.measured.get(&machine.name).map(|measured| measured.cgroup).unwrap_or_default();
        put(&[machine], "cgroup.conf", cgroup_file(kind), "/etc/slurm/cgroup.conf", "root", "644")
    };
    stages.push(all.iter().flat_map(cgroup).collect());
    if park.power.is_some() {
        for (order, path) in slurm::SWITCHES {
            let name = format!("algoric-power-{order}");
            stages.push(put(&[park.controller()], &name, &name, path, "root", "755"));
        }
    }
    stages
}

/// What reports, with its settings, where the operator has a centre for it.
fn agents(park: &Park, computing: &[&Machine]) -> Vec<Vec<Step>> {
    let Some(node) = &park.node else { return Vec::new() };
    let agent = |machine: &&Machine| {
        let set = [
            ("NODE", machine.name.as_str()),
            ("PROGRAM", node.program.as_str()),
            ("CENTRE", node.centre.as_str()),
            ("DATA", node.data.as_str()),
        ];
        step(Work::Node, "", machine, &set)
    };
    let program = |machine: &&Machine| step(Work::Program, "", machine, &[("TO", &node.program)]);
    vec![
        computing.iter().map(program).collect(),
        put(computing, "node.toml", "node.toml", "/etc/algoric/node.toml", "root", "600"),
        computing.iter().map(agent).collect(),
    ]
}

fn packages(park: &Park, machine: &Machine) -> String {
    let mut packages = vec!["munge", "slurm-client"];
    if machine.name == park.controller().name {
        packages.extend(["mariadb-server", "slurmdbd", "slurmctld"]);
    }
    if machine.compute {
        packages.push("slurmd");
    }
    packages.join(" ")
}

/// Lines `OWNER MODE PATH`.
fn folders(park: &Park, machine: &Machine) -> String {
    let mut lines = vec!["root 755 /etc/slurm", "slurm 755 /var/lib/slurm", "slurm 755 /var/log/slurm"];
    if machine.name == park.controller().name {
        lines.push("slurm 700 /var/lib/slurm/slurmctld");
    }
    if machine.compute {
        lines.push("root 755 /var/lib/slurm/slurmd");
    }
    lines.join("\n")
}

/// What a machine says of one of the system's users.
type Says = fn(&Measured) -> Option<Identity>;

/// The users whose numbers must be the same everywhere.
fn identities(park: &Park, all: &[&Machine]) -> Vec<Vec<Step>> {
    let mut taken = Vec::new();
    let mut stage = |name: &str, service: &str, says: Says, preferred: Option<u32>| -> Vec<Step> {
        let chosen = choose(park, says, preferred, &taken);
        taken.extend([chosen.uid, chosen.gid]);
        let (uid, gid) = (chosen.uid.to_string(), chosen.gid.to_string());
        let set = [
            ("NAME", name),
            ("WANT_UID", &*uid),
            ("WANT_GID", &*gid),
            ("FOLDER", "/nonexistent"),
            ("SERVICE", service),
        ];
        all.iter().map(|machine| step(Work::Identity, name, machine, &set)).collect()
    };
    vec![stage("munge", "munge", |m| m.munge, None), stage("slurm", "slurmd", |m| m.slurm_user, Some(DEBIANS_SLURM))]
}

/// What Debian's package gives its user.
const DEBIANS_SLURM: u32 = 64_030;

/// The numbers that most machines have already, if they are free on the others; else some that are free on all.
fn choose(park: &Park, says: Says, preferred: Option<u32>, taken: &[u32]) -> Identity {
    let mut votes: BTreeMap<(u32, u32), usize> = BTreeMap::new();
    for identity in park.measured.values().filter_map(says) {
        *votes.entry((identity.uid, identity.gid)).or_default() += 1;
    }
    let is_free = |number: u32, own: Identity| {
        let elsewhere = |m: &Measured| m.ids.contains(&number) && says(m) != Some(own);
        !taken.contains(&number) && !park.measured.values().any(elsewhere)
    };
    let mut candidates: Vec<((u32, u32), usize)> = votes.into_iter().collect();
    candidates.sort_by_key(|(_, votes)| std::cmp::Reverse(*votes));
    let had = candidates.into_iter().map(|((uid, gid), _)| Identity { uid, gid });
    let fresh = preferred.into_iter().chain((200..1000).rev()).map(|number| Identity { uid: number, gid: number });
    had.chain(fresh)
        .find(|identity| is_free(identity.uid, *identity) && is_free(identity.gid, *identity))
        .unwrap_or(Identity { uid: DEBIANS_SLURM, gid: DEBIANS_SLURM })
}
