//! `DATA/config.toml`: what the centre's owner decides. Unknown keys are errors that name the nearest known one.

mod cluster;
mod electricity;
mod files;
mod flexible;
mod money;
mod nodes;
mod portal;
mod power;
mod resolve;

use std::path::Path;

use serde::Deserialize;

pub use cluster::{ClusterSection, Engine};
pub use electricity::{CarbonSection, ContractChoice, ElectricitySection, SiteSection};
pub use files::FilesSection;
pub use flexible::FlexibleSection;
pub use money::MoneySection;
pub use nodes::NodesSection;
pub use portal::PortalSection;
pub use power::PowerSection;

/// The text of a new centre's file: everything commented, so that it shows what can be said.
pub const TEMPLATE: &str = include_str!("template.toml");

/// What is wrong with the file.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{path} cannot be read: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or has an unknown key.
    #[error("{path}: {text}")]
    Syntax {
        /// The file.
        path: String,
        /// Where and what.
        text: String,
    },
    /// A value makes no sense.
    #[error("{path}: {key}: {text}")]
    Value {
        /// The file.
        path: String,
        /// Which key.
        key: String,
        /// What is wrong and what would be right.
        text: String,
    },
}

/// The whole file.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct File {
    /// Name of the centre.
    pub name: Option<String>,
    /// Login names of who runs it.
    pub operators: Vec<String>,
    /// The machine, where it is not simply all of it.
    pub machine: MachineSection,
    /// Limits and delays.
    pub limits: LimitsSection,
    /// Who sees what.
    pub privacy: PrivacySection,
    /// Order of the queue.
    pub priority: PrioritySection,
    /// Scripts of the operator.
    pub scripts: ScriptsSection,
    /// Letters about jobs.
    pub mail: MailSection,
    /// Partitions.
    pub partition: Vec<PartitionSection>,
    /// Qualities of service.
    pub qos: Vec<QosSection>,
    /// How energy is measured and kept.
    pub energy: EnergySection,
    /// What tells what the machine draws, in the order of preference.
    pub meter: Vec<drivers::meters::MeterConfig>,
    /// What a kilowatt-hour costs.
    pub electricity: ElectricitySection,
    /// How far jobs that fear no delay may be moved.
    pub flexible: FlexibleSection,
    /// What it emits.
    pub carbon: CarbonSection,
    /// What the whole site draws.
    pub site: SiteSection,
    /// What jobs cost, and who sees to it.
    pub money: MoneySection,
    /// The centre as it stands on an invoice.
    pub seller: ledger::invoice::Seller,
    /// Who runs the jobs.
    pub cluster: ClusterSection,
    /// Machines that report by themselves.
    pub nodes: NodesSection,
    /// Machines that are switched off when nobody needs them.
    pub power: PowerSection,
    /// How browsers come to the pages.
    pub portal: PortalSection,
    /// Which folders members find in the pages.
    pub files: FilesSection,
}

/// `[machine]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MachineSection {
    /// Its name in listings.
    pub name: Option<String>,
    /// CPUs for jobs: fewer than there are leaves some to others, more is a simulation.
    pub cpus: Option<u32>,
    /// Memory for jobs (`60G`).
    pub memory: Option<String>,
    /// GPUs for jobs.
    pub gpus: Option<u32>,
}

/// `[mail]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MailSection {
    /// The server that takes letters (`HOST` or `HOST:PORT`); without it none are sent.
    pub smtp: Option<String>,
    /// The address that they come from.
    pub from: Option<String>,
    /// What follows the @ of names without one.
    pub domain: Option<String>,
}

/// `[limits]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Tasks in one array, and greatest task number plus one.
    pub max_array: u32,
    /// Jobs in the queue.
    pub max_jobs: u32,
    /// Jobs of one user, waiting and running, each task of an array counted.
    pub submit_per_user: u32,
    /// Seconds between SIGTERM and SIGKILL.
    pub kill_wait: u32,
    /// Seconds that a requeued job waits.
    pub requeue_delay: u32,
    /// Seconds that a finished job stays in `squeue -t all` and `scontrol show job`.
    pub min_job_age: u32,
    /// Days that the past is kept; 0: for ever.
    pub retention_days: u32,
    /// Cancel jobs whose dependency can no longer be fulfilled.
    pub kill_on_invalid_dep: bool,
    /// MiB of a script, and of an environment.
    pub max_script_mib: u32,
    /// Jobs are ended when they use more memory than they asked for (Slurm's `ConstrainRAMSpace`); else memory is only
    /// planned with.
    pub confine_memory: bool,
    /// MiB that a job may use beyond what it asked for before it is ended.
    pub memory_grace_mib: u64,
}

impl LimitsSection {
    /// What a job that was given so much memory is held to. Somewhat more: people count the arrays of their program, and
    /// not the interpreter around it; and workflow programs that ask for 100 MB for a step bring 200 of their own.
    pub(crate) fn confined(&self, given_mib: Option<u64>) -> Option<u64> {
        given_mib.filter(|_| self.confine_memory).map(|mib| mib.saturating_add(self.memory_grace_mib))
    }
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            max_array: 100_001,
            max_jobs: 1_000_000,
            submit_per_user: 250_000,
            kill_wait: 30,
            requeue_delay: 120,
            min_job_age: 300,
            retention_days: 0,
            kill_on_invalid_dep: false,
            max_script_mib: 4,
            confine_memory: true,
            memory_grace_mib: 160,
        }
    }
}

/// `[energy]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EnergySection {
    /// Seconds from one look at the meters to the next, 1 to 60.
    pub sample_seconds: u32,
    /// What the machine draws with nothing to do, where that was not calibrated.
    pub idle_watts: Option<u32>,
    /// It cannot draw more: what a meter says beyond that is not believed.
    pub max_watts: u32,
    /// Hours that each interval is kept.
    pub keep_samples_hours: u32,
    /// Days that minutes are kept; hours are kept for ever.
    pub keep_minutes_days: u32,
}

impl Default for EnergySection {
    fn default() -> Self {
        Self { sample_seconds: 5, idle_watts: None, max_watts: 20_000, keep_samples_hours: 48, keep_minutes_days: 366 }
    }
}

/// `[privacy]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacySection {
    /// Members see only their own jobs in listings (Slurm's `PrivateData=jobs,usage`).
    pub private_jobs: bool,
    /// A file of periods after which what is held about people goes; its path begins at the directory of the
    /// configuration. Without it nothing goes by itself.
    pub retention: Option<std::path::PathBuf>,
}

impl Default for PrivacySection {
    fn default() -> Self {
        Self { private_jobs: true, retention: None }
    }
}

/// `[priority]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrioritySection {
    /// Weight of the time waited.
    pub age: u32,
    /// Weight of having used little.
    pub fair_share: u32,
    /// Weight of size.
    pub size: u32,
    /// Weight of the partition.
    pub partition: u32,
    /// Weight of the QOS.
    pub qos: u32,
    /// Days after which past use counts half.
    pub half_life_days: u32,
    /// Days after which age counts no more.
    pub max_age_days: u32,
    /// Let later jobs go first where they delay nobody.
    pub backfill: bool,
}

impl Default for PrioritySection {
    fn default() -> Self {
        Self {
            age: 1000,
            fair_share: 10_000,
            size: 0,
            partition: 1000,
            qos: 100_000,
            half_life_days: 7,
            max_age_days: 7,
            backfill: true,
        }
    }
}

/// `[scripts]`
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptsSection {
    /// Run before each job, as the launcher's user.
    pub prolog: Option<String>,
    /// Run after each job, as the launcher's user.
    pub epilog: Option<String>,
}

/// `[[partition]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartitionSection {
    /// Name.
    pub name: String,
    /// The default one.
    #[serde(default)]
    pub default: bool,
    /// Starts jobs.
    #[serde(default = "yes")]
    pub up: bool,
    /// Greatest time limit, in Slurm's forms.
    pub max_time: Option<String>,
    /// Time limit of who asks for none.
    pub default_time: Option<String>,
    /// Memory a CPU of who asks for none (`2G`).
    pub default_memory_per_cpu: Option<String>,
    /// Cores at most.
    pub max_cores: Option<u32>,
    /// 0 to 1000.
    #[serde(default)]
    pub priority: u32,
    /// Login names; empty: everybody.
    #[serde(default)]
    pub users: Vec<String>,
    /// Projects; empty: all.
    #[serde(default)]
    pub projects: Vec<String>,
}

/// `[[qos]]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QosSection {
    /// Name.
    pub name: String,
    /// 0 to 1000.
    #[serde(default)]
    pub priority: u32,
    /// QOS that its jobs may displace.
    #[serde(default)]
    pub preempts: Vec<String>,
    /// How its own jobs are displaced: `off`, `suspend`, `requeue` or `cancel`.
    pub preempt_mode: Option<String>,
    /// CPUs at once for one user.
    pub max_cpus_per_user: Option<u32>,
    /// Jobs at once for one user.
    pub max_jobs_per_user: Option<u32>,
    /// CPUs at once for all.
    pub max_cpus: Option<u32>,
    /// Greatest time limit.
    pub max_time: Option<String>,
    /// Only operators give it.
    #[serde(default)]
    pub operators_only: bool,
    /// Its jobs fear no delay, and may wait for cheap hours.
    #[serde(default)]
    pub flexible: bool,
}

fn yes() -> bool {
    true
}

/// Reads the file; one that is not there is an empty one.
///
/// # Errors
/// [`ConfigError`].
pub fn load(path: &Path) -> Result<File, ConfigError> {
    let shown = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(fault) if fault.kind() == std::io::ErrorKind::NotFound => return Ok(File::default()),
        Err(source) => return Err(ConfigError::Io { path: shown, source }),
    };
    let file = parse(&shown, &text)?;
    file.portal.check(path)?;
    file.files.check(path)?;
    Ok(file)
}

/// Reads the file's text.
///
/// # Errors
/// [`ConfigError::Syntax`].
pub fn parse(path: &str, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|fault| {
        let text = model::hinted(&fault.to_string());
        ConfigError::Syntax { path: path.to_owned(), text }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::collections::BTreeMap;

    fn resolved(text: &str) -> Result<scheduler::Config, ConfigError> {
        let machine = model::Machine::regular("vm", 1, 4, 2, 8000);
        parse("config.toml", text)?.scheduler(Path::new("config.toml"), &machine, BTreeMap::new())
    }

    #[test]
    fn an_empty_file_is_a_good_one_and_so_is_the_template() {
        let config = resolved("").unwrap();
        assert_eq!(config, resolved(TEMPLATE).unwrap());
        assert_eq!((config.machine.cpus(), config.machine.simulated), (8, false));
        assert_eq!(config.partitions[0].default_memory, model::Memory::PerCpu(1000));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("nmae = 'x'", "did you mean `name`?"),
            ("[limits]\nkil_wait = 3", "did you mean `kill_wait`?"),
            ("[limits]\nkill_wait = 'soon'", "invalid type"),
            ("[[partition]]\nname = 'a'\nmax_time = 'tomorrow'", "partition a: max_time: no time limit"),
            ("[[qos]]\nname = 'a'\npreempt_mode = 'kill'", "say off, suspend, requeue or cancel"),
            ("[machine]\nmemory = 'much'", "machine: memory: no amount of memory"),
            ("[machine]\ncpus = 0", "needs at least one"),
            ("[energy]\nsample_seconds = 0", "energy: sample_seconds: say 1 to 60"),
            ("[energy]\nsample_seconds = 61", "energy: sample_seconds: say 1 to 60"),
            ("[power]\npolcy = 'always-on'", "did you mean `policy`?"),
            ("[power]\npolicy = 'off-after=10m'", "power: driver: say fake, command or switches"),
            ("[power]\ndriver = 'ipmi'", "power: driver: say fake, command or switches"),
            (
                "[power]\ndriver = 'fake'\npolicy = 'prophetic'",
                "power: policy: say always-on, off-after=600s or predictive=60s",
            ),
            ("[cluster]\npower = 'predictive'", "cluster: power: say predictive or predictive=60s, with engine"),
            ("[power]\ndriver = 'command'", "power: on: the driver `command` needs this program"),
            ("[power]\ndriver = 'command'\non = 'wake'", "power: on: say the program's whole path, from / on"),
            ("[power]\ndriver = 'fake'\n[[power.node]]\nname = 'a'\ncores = 3", "have 3 cores together, there are 4"),
            ("[power]\ndriver = 'fake'\n[[power.node]]\nname = '..'\ncores = 4", "`..` is no name, or comes twice"),
            (
                "[power]\ndriver = 'fake'\n[[power.node]]\nname = 'a'\ncores = 2\n[[power.node]]\nname = 'a'\ncores = 2",
                "`a` is no name, or comes twice",
            ),
            ("[machine", "TOML parse error at line 1"),
        ] {
            let shown = resolved(text).unwrap_err().to_string();
            assert!(shown.contains(expected), "{text}: {shown}");
        }
    }

    #[test]
    fn more_cpus_than_there_are_is_a_simulation_and_fewer_leaves_some() {
        let more = resolved("[machine]\ncpus = 100").unwrap().machine;
        assert_eq!((more.cpus(), more.simulated), (100, true));
        let fewer = resolved("[machine]\ncpus = 5").unwrap().machine;
        assert_eq!((fewer.cpus(), fewer.simulated), (4, false), "whole cores");
    }

    #[test]
    fn machines_that_can_be_switched() {
        let names = |text: &str| -> Vec<(String, u32, u64, i64)> {
            let nodes = resolved(text).unwrap().nodes;
            nodes.into_iter().map(|node| (node.name, node.cores, node.memory_mib, node.patience.0 / 1000)).collect()
        };
        assert_eq!(names(""), []);
        assert_eq!(names("[power]\ndriver = 'fake'"), [("vm".to_owned(), 4, 8000, 600)], "all of it is one");
        let several = "[power]\ndriver = 'fake'\npolicy = 'off-after=10m'\n\
            [[power.node]]\nname = 'a'\ncount = 2\ncores = 1\nboot = 20\n\
            [[power.node]]\nname = 'fat'\ncores = 2\nmemory = '3000M'\npatience = 50\nboot = 10";
        let expected =
            [("a1".to_owned(), 1, 2000, 120), ("a2".to_owned(), 1, 2000, 120), ("fat".to_owned(), 2, 3000, 50)];
        assert_eq!(names(several), expected);
        assert_eq!(resolved(several).unwrap().power, scheduler::power::Power::OffAfter(600));
    }

    #[test]
    fn the_three_qos_are_there_and_can_be_changed() {
        let config = resolved("[[qos]]\nname = 'low'\npreempt_mode = 'requeue'\n[[qos]]\nname = 'school'").unwrap();
        let names: Vec<&str> = config.qos.iter().map(|qos| qos.name.as_str()).collect();
        assert_eq!(names, ["normal", "low", "urgent", "school"]);
        assert_eq!(config.qos[1].preempt_mode, scheduler::PreemptMode::Requeue);
        assert!(config.qos[2].operators_only);
    }
}
