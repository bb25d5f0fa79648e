//! `DATA/config.toml`: what the centre's owner decides. Unknown keys are errors that name the nearest known one.

use std::{collections::BTreeMap, path::Path};

use model::{Machine, Memory, Span, TimeLimit};
use scheduler::{Config, Partition, PreemptMode, Qos, Weights};
use serde::Deserialize;

/// The text of a new centre's file: everything commented, so that it shows what can be said.
pub const TEMPLATE: &str = include_str!("config-template.toml");

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
    /// Partitions.
    pub partition: Vec<PartitionSection>,
    /// Qualities of service.
    pub qos: Vec<QosSection>,
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

/// `[limits]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitsSection {
    /// Tasks in one array, and greatest task number plus one.
    pub max_array: u32,
    /// Jobs in the queue.
    pub max_jobs: u32,
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
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            max_array: 100_001,
            max_jobs: 1_000_000,
            kill_wait: 30,
            requeue_delay: 120,
            min_job_age: 300,
            retention_days: 0,
            kill_on_invalid_dep: false,
            max_script_mib: 4,
        }
    }
}

/// `[privacy]`
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PrivacySection {
    /// Members see only their own jobs in listings (Slurm's `PrivateData=jobs,usage`).
    pub private_jobs: bool,
}

impl Default for PrivacySection {
    fn default() -> Self {
        Self { private_jobs: true }
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
    parse(&shown, &text)
}

/// Reads the file's text.
///
/// # Errors
/// [`ConfigError::Syntax`].
pub fn parse(path: &str, text: &str) -> Result<File, ConfigError> {
    toml::from_str(text).map_err(|fault| {
        let mut text = fault.to_string().trim_end().to_owned();
        if let Some(hint) = nearest_key(fault.message()) {
            text.push_str(&format!("\ndid you mean `{hint}`?"));
        }
        ConfigError::Syntax { path: path.to_owned(), text }
    })
}

/// From serde's "unknown field `x`, expected one of `a`, `b`" the nearest of the expected ones.
fn nearest_key(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = message.starts_with("unknown field").then(|| quoted.next())??;
    let near = quoted.map(|known| (distance(wrong, known), known)).min()?;
    (near.0 <= near.1.len() / 2).then(|| near.1.to_owned())
}

/// Levenshtein's distance: single letters put in, left out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}

impl File {
    /// The machine as jobs may have it, and the rest as the scheduler wants it.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn scheduler(
        &self,
        path: &Path,
        found: &Machine,
        shares: BTreeMap<String, u32>,
    ) -> Result<Config, ConfigError> {
        let wrong = |key: &str, text: &str| ConfigError::Value {
            path: path.display().to_string(),
            key: key.to_owned(),
            text: text.to_owned(),
        };
        let machine = self.machine(found).map_err(|(key, text)| wrong(key, &text))?;
        let memory_per_cpu = if machine.simulated {
            Memory::Unlimited
        } else {
            Memory::PerCpu((machine.memory_mib / u64::from(machine.cpus().max(1))).max(1))
        };
        let mut partitions = Vec::new();
        for section in &self.partition {
            let key = |name: &str| format!("partition {}: {name}", section.name);
            partitions.push(Partition {
                name: section.name.clone(),
                default: section.default,
                up: section.up,
                max_time: time(&section.max_time, TimeLimit::Unlimited)
                    .ok_or_else(|| wrong(&key("max_time"), BAD_TIME))?,
                default_time: time(&section.default_time, TimeLimit::Span(Span::minutes(60)))
                    .ok_or_else(|| wrong(&key("default_time"), BAD_TIME))?,
                default_memory: match &section.default_memory_per_cpu {
                    None => memory_per_cpu,
                    Some(text) => {
                        Memory::PerCpu(memory(text).ok_or_else(|| wrong(&key("default_memory_per_cpu"), BAD_MEMORY))?)
                    }
                },
                max_cores: section.max_cores,
                priority: section.priority,
                allow_users: section.users.clone(),
                allow_accounts: section.projects.clone(),
            });
        }
        if partitions.is_empty() {
            partitions.push(Partition {
                name: "debug".to_owned(),
                default: true,
                up: true,
                max_time: TimeLimit::Unlimited,
                default_time: TimeLimit::Span(Span::minutes(60)),
                default_memory: memory_per_cpu,
                max_cores: None,
                priority: 0,
                allow_users: Vec::new(),
                allow_accounts: Vec::new(),
            });
        }
        Ok(Config {
            machine,
            partitions,
            qos: self.qos_list(&wrong)?,
            weights: Weights {
                age: self.priority.age,
                fair_share: self.priority.fair_share,
                size: self.priority.size,
                partition: self.priority.partition,
                qos: self.priority.qos,
            },
            half_life: Span::seconds(i64::from(self.priority.half_life_days.max(1)) * 86_400),
            max_age: Span::seconds(i64::from(self.priority.max_age_days.max(1)) * 86_400),
            shares,
            requeue_delay: Span::seconds(i64::from(self.limits.requeue_delay)),
            max_array: self.limits.max_array,
            max_jobs: self.limits.max_jobs,
            kill_on_invalid_dep: self.limits.kill_on_invalid_dep,
            min_job_age: Span::seconds(i64::from(self.limits.min_job_age)),
            max_finished: 10_000,
            backfill: self.priority.backfill,
            backfill_depth: 1000,
        })
    }

    /// The QOS named, and the three that every centre has: `normal`, `low`, which may be displaced, and `urgent`.
    fn qos_list(&self, wrong: &dyn Fn(&str, &str) -> ConfigError) -> Result<Vec<Qos>, ConfigError> {
        let plain = |name: &str, priority, mode| Qos {
            name: name.to_owned(),
            priority,
            preempts: Vec::new(),
            preempt_mode: mode,
            max_cpus_per_user: None,
            max_jobs_per_user: None,
            max_cpus: None,
            max_time: TimeLimit::Unlimited,
            operators_only: false,
        };
        let mut list = vec![
            plain("normal", 500, PreemptMode::Off),
            plain("low", 0, PreemptMode::Suspend),
            Qos { preempts: vec!["low".to_owned()], operators_only: true, ..plain("urgent", 1000, PreemptMode::Off) },
        ];
        for section in &self.qos {
            let key = |name: &str| format!("qos {}: {name}", section.name);
            let mode = match section.preempt_mode.as_deref() {
                None | Some("off") => PreemptMode::Off,
                Some("suspend") => PreemptMode::Suspend,
                Some("requeue") => PreemptMode::Requeue,
                Some("cancel") => PreemptMode::Cancel,
                Some(_) => return Err(wrong(&key("preempt_mode"), "say off, suspend, requeue or cancel")),
            };
            let qos = Qos {
                preempts: section.preempts.clone(),
                max_cpus_per_user: section.max_cpus_per_user,
                max_jobs_per_user: section.max_jobs_per_user,
                max_cpus: section.max_cpus,
                max_time: time(&section.max_time, TimeLimit::Unlimited)
                    .ok_or_else(|| wrong(&key("max_time"), BAD_TIME))?,
                operators_only: section.operators_only,
                ..plain(&section.name, section.priority, mode)
            };
            match list.iter_mut().find(|known| known.name == qos.name) {
                Some(known) => *known = qos,
                None => list.push(qos),
            }
        }
        Ok(list)
    }

    fn machine(&self, found: &Machine) -> Result<Machine, (&'static str, String)> {
        let mut machine = found.clone();
        let section = &self.machine;
        if let Some(name) = &section.name {
            machine.name.clone_from(name);
        }
        if let Some(text) = &section.memory {
            machine.memory_mib = memory(text).ok_or(("machine: memory", BAD_MEMORY.to_owned()))?;
        }
        if let Some(gpus) = section.gpus {
            let have = machine.gpus.len() as u32;
            machine.simulated |= gpus > have;
            machine.gpus.truncate(gpus as usize);
            machine.gpus.extend((have..gpus).map(|index| model::Gpu { index, kind: String::new(), numa: None }));
        }
        match section.cpus {
            Some(0) => return Err(("machine: cpus", "a machine needs at least one".to_owned())),
            Some(cpus) if cpus > machine.cpus() => {
                let gpus = std::mem::take(&mut machine.gpus);
                machine = Machine {
                    gpus,
                    simulated: true,
                    ..Machine::regular(&machine.name, 1, cpus, 1, machine.memory_mib)
                };
            }
            Some(cpus) => {
                // Whole cores from the end are left to others.
                while machine.cores.len() > 1 && machine.cpus() > cpus {
                    machine.cores.pop();
                }
            }
            None => {}
        }
        Ok(machine)
    }
}

const BAD_TIME: &str = "no time limit; write minutes, h:mm:ss, d-hh:mm:ss or UNLIMITED, in quotes";
const BAD_MEMORY: &str = "no amount of memory; write a number with M, G or T, in quotes";

fn time(text: &Option<String>, otherwise: TimeLimit) -> Option<TimeLimit> {
    match text {
        None => Some(otherwise),
        Some(text) => dialect::values::limit::parse(text.as_bytes()),
    }
}

fn memory(text: &str) -> Option<u64> {
    dialect::values::memory::parse(text.as_bytes())
}
