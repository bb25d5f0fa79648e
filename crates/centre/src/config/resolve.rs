//! From the file's words to what the scheduler is told.

use std::{collections::BTreeMap, path::Path};

use model::{Machine, Memory, Span, TimeLimit};
use scheduler::{Config, Partition, PreemptMode, Qos, Weights};

use super::{ConfigError, File, PartitionSection};

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
        if !(1..=60).contains(&self.energy.sample_seconds) {
            return Err(wrong("energy: sample_seconds", "say 1 to 60: meters are looked at once in so many seconds"));
        }
        let machine = self.machine(found).map_err(|(key, text)| wrong(key, &text))?;
        let memory_per_cpu = if machine.simulated {
            Memory::Unlimited
        } else {
            Memory::PerCpu((machine.memory_mib / u64::from(machine.cpus().max(1))).max(1))
        };
        let mut partitions = Vec::new();
        for section in &self.partition {
            partitions.push(partition(section, memory_per_cpu, &wrong)?);
        }
        if partitions.is_empty() {
            partitions.push(partition(&only_partition(), memory_per_cpu, &wrong)?);
        }
        self.cluster.patience().map_err(|(key, text)| wrong(&key, &text))?;
        let nodes = self.power.nodes(&machine, memory).map_err(|(key, text)| wrong(&key, &text))?;
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
            max_submit_per_user: self.limits.submit_per_user,
            kill_on_invalid_dep: self.limits.kill_on_invalid_dep,
            min_job_age: Span::seconds(i64::from(self.limits.min_job_age)),
            max_finished: 10_000,
            backfill: self.priority.backfill,
            backfill_depth: 1000,
            flexible: self.flexible.rules(),
            nodes,
            power: self.power.policy().map_err(|(key, text)| wrong(&key, &text))?,
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
            flexible: false,
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
                flexible: section.flexible,
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

fn partition(
    section: &PartitionSection,
    memory_per_cpu: Memory,
    wrong: &dyn Fn(&str, &str) -> ConfigError,
) -> Result<Partition, ConfigError> {
    let key = |name: &str| format!("partition {}: {name}", section.name);
    Ok(Partition {
        name: section.name.clone(),
        default: section.default,
        up: section.up,
        max_time: time(&section.max_time, TimeLimit::Unlimited).ok_or_else(|| wrong(&key("max_time"), BAD_TIME))?,
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
    })
}

/// The partition of a file that names none.
fn only_partition() -> PartitionSection {
    PartitionSection {
        name: "debug".to_owned(),
        default: true,
        up: true,
        max_time: None,
        default_time: None,
        default_memory_per_cpu: None,
        max_cores: None,
        priority: 0,
        users: Vec::new(),
        projects: Vec::new(),
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
