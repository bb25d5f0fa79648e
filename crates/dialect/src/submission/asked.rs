//! The options that describe a job, as values; and the [`Request`] that they come to.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    Dependency, Limits, MailEvents, Memory, NamedLimit, OpenMode, Request, SignalSpec, Span, Text, Time, TimeLimit,
};

use crate::errors::Refused;
use crate::values::gres::Gpus;

/// `--exclusive`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Exclusive {
    /// Shares the machine.
    #[default]
    No,
    /// The whole machine; `user` and `mcs` come to the same, which is more than was asked for and never less.
    Yes,
}

/// What was asked for, option by option; `None` where an option was not given.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Asked {
    /// `-A`.
    pub account: Option<String>,
    /// `-p`.
    pub partition: Option<String>,
    /// `-q`.
    pub qos: Option<String>,
    /// `-J`.
    pub job_name: Option<Text>,
    /// `-D`, as given.
    pub chdir: Option<Text>,
    /// `-i`, as given.
    pub input: Option<Text>,
    /// `-o`, as given.
    pub output: Option<Text>,
    /// `-e`, as given.
    pub error: Option<Text>,
    /// `--open-mode`.
    pub open_mode: Option<OpenMode>,
    /// `-n`.
    pub ntasks: Option<u32>,
    /// `-c`.
    pub cpus_per_task: Option<u32>,
    /// `-N`.
    pub nodes: Option<(u32, u32)>,
    /// `--ntasks-per-node`.
    pub ntasks_per_node: Option<u32>,
    /// `--ntasks-per-gpu`.
    pub ntasks_per_gpu: Option<u32>,
    /// `--mem`, `--mem-per-cpu`.
    pub memory: Option<Memory>,
    /// `--mem-per-gpu`, MiB.
    pub mem_per_gpu: Option<u64>,
    /// `--mincpus`.
    pub mincpus: Option<u32>,
    /// `--gres`.
    pub gres: Option<Gpus>,
    /// `-G`.
    pub gpus: Option<Gpus>,
    /// `--gpus-per-node`.
    pub gpus_per_node: Option<Gpus>,
    /// `--gpus-per-task`.
    pub gpus_per_task: Option<Gpus>,
    /// `--cpus-per-gpu`.
    pub cpus_per_gpu: Option<u32>,
    /// `--exclusive`.
    pub exclusive: Exclusive,
    /// `--threads-per-core`, `--hint=nomultithread`.
    pub threads_per_core: Option<u32>,
    /// `-t`.
    pub time_limit: Option<TimeLimit>,
    /// `--time-min`.
    pub time_min: Option<Span>,
    /// `-b`.
    pub begin: Option<Time>,
    /// `--deadline`.
    pub deadline: Option<Time>,
    /// `-d`.
    pub dependency: Option<Dependency>,
    /// `--kill-on-invalid-dep`.
    pub kill_on_invalid_dep: Option<bool>,
    /// `-H`.
    pub hold: bool,
    /// `--nice`.
    pub nice: i32,
    /// `--priority`.
    pub priority: Option<u32>,
    /// `--signal`.
    pub signal: Option<SignalSpec>,
    /// `--reservation`.
    pub reservation: Option<String>,
    /// `--comment`.
    pub comment: Option<Text>,
    /// `--wckey`.
    pub wckey: Option<String>,
    /// `--mail-type`.
    pub mail: MailEvents,
    /// `--mail-user`.
    pub mail_user: Option<String>,
    /// `-C`.
    pub constraint: Option<String>,
    /// `-w`, machines that must be in; ranges written out.
    pub nodelist: Vec<String>,
    /// `-x`, machines that must not; ranges written out.
    pub exclude: Vec<String>,
    /// `-F`, a file with names of machines.
    pub nodefile: Option<Text>,
    /// `-M`.
    pub clusters: Vec<String>,
    /// `--export`, as given.
    pub export: Option<Text>,
    /// `--propagate`, as given; `None`: all limits go along.
    pub propagate: Option<Vec<NamedLimit>>,
    /// `-Q`, counted.
    pub quiet: u32,
    /// `-v`, counted.
    pub verbose: u32,
    /// `-I`, seconds to wait for the allocation; `srun` and `salloc` only.
    pub immediate: Option<u32>,
    /// The last of `--requeue` and `--no-requeue`.
    pub requeue: Option<bool>,
    /// Every option given, with its last value, for `-v`.
    given: BTreeMap<&'static str, Option<String>>,
}

/// The options that say how much memory; only one of them may be given, the environment aside.
pub(crate) const MEMORY: [&str; 3] = ["mem", "mem-per-cpu", "mem-per-gpu"];

impl Asked {
    /// Which of [`MEMORY`] were given so far.
    pub(crate) fn ways_of_memory(&self) -> BTreeSet<&'static str> {
        MEMORY.into_iter().filter(|way| self.given.contains_key(way)).collect()
    }

    /// Notes that an option was given.
    pub(super) fn define(&mut self, key: &'static str, value: Option<&[u8]>) {
        self.given.insert(key, value.map(|value| String::from_utf8_lossy(value).into_owned()));
    }

    /// What `-v` prints on standard error before anything happens: every option given.
    pub fn defined(&self, program: &str) -> Vec<String> {
        if self.verbose == 0 {
            return Vec::new();
        }
        let rule = format!("{program}: -------------------- --------------------");
        let mut lines = vec![format!("{program}: defined options"), rule.clone()];
        for (key, value) in &self.given {
            let counted = match *key {
                "verbose" => Some(self.verbose.to_string()),
                "quiet" => Some(self.quiet.to_string()),
                _ => None,
            };
            let value = counted.or_else(|| value.clone()).unwrap_or_else(|| "set".to_owned());
            lines.push(format!("{program}: {key:<20}: {value}"));
        }
        lines.extend([rule, format!("{program}: end of defined options")]);
        lines
    }

    /// What the job needs of the machine.
    pub fn request(&self) -> Request {
        let mut request = Request {
            tasks: self.ntasks,
            cpus_per_task: self.cpus_per_task,
            nodes: self.nodes,
            tasks_per_node: self.ntasks_per_node,
            memory: self.memory.unwrap_or(Memory::Default),
            gpus: 0,
            gpu_type: None,
            exclusive: self.exclusive == Exclusive::Yes,
            threads_per_core: self.threads_per_core,
        };
        let per_node = [&self.gres, &self.gpus_per_node].map(|gpus| (gpus.as_ref(), request.node_count()));
        let whole = [(self.gpus.as_ref(), 1), (self.gpus_per_task.as_ref(), request.task_count())];
        for (gpus, times) in whole.into_iter().chain(per_node) {
            let Some(gpus) = gpus else { continue };
            // Several of these options describe the same GPUs from several sides.
            request.gpus = request.gpus.max(gpus.count.saturating_mul(times));
            request.gpu_type = gpus.kind.clone().or(request.gpu_type);
        }
        if let (Some(each), None) = (self.ntasks_per_gpu, request.tasks) {
            request.tasks = Some(each.saturating_mul(request.gpus.max(1)));
        }
        if let (Some(each), None) = (self.cpus_per_gpu, request.cpus_per_task) {
            request.cpus_per_task = Some(each.saturating_mul(request.gpus).div_ceil(request.task_count()).max(1));
        }
        if let Some(least) = self.mincpus.filter(|least| *least > request.cpus()) {
            request.cpus_per_task = Some(least.div_ceil(request.task_count()));
        }
        if let (Some(each), None) = (self.mem_per_gpu, self.memory) {
            request.memory = Memory::PerNode(each.saturating_mul(request.gpus.max(1).into()));
        }
        request
    }

    /// Limits of the caller that go along.
    pub fn limits(&self, caller: &Limits) -> Limits {
        match &self.propagate {
            None => caller.clone(),
            Some(wanted) => Limits(caller.0.iter().filter(|(name, _)| wanted.contains(name)).copied().collect()),
        }
    }

    /// What cannot be on a machine of this name, in a cluster of this name.
    ///
    /// # Errors
    /// The refusal that Slurm's controller would give.
    pub fn check_machine(&self, machine: &str, cluster: &str) -> Result<(), Refused> {
        if self.nodelist.iter().any(|name| name != machine && name != "localhost") {
            return Err(Refused::InvalidNodeName);
        }
        if self.exclude.iter().any(|name| name == machine) {
            // Slurm lets such a job wait for ever; here it would be the only machine.
            return Err(Refused::NodeConfigUnavailable(String::new()));
        }
        match self.clusters.iter().find(|name| *name != cluster && *name != "all") {
            Some(other) => Err(Refused::Other(format!("No cluster '{other}' known by database."))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gpus_from_all_sides() {
        let two = || Some(Gpus { count: 2, kind: None });
        let asked = Asked { ntasks: Some(3), gpus_per_task: two(), cpus_per_gpu: Some(4), ..Asked::default() };
        let request = asked.request();
        assert_eq!((request.gpus, request.cpus_per_task, request.cpus()), (6, Some(8), 24));
        let asked =
            Asked { gres: two(), gpus: two(), ntasks_per_gpu: Some(2), mem_per_gpu: Some(10), ..Asked::default() };
        let request = asked.request();
        assert_eq!((request.gpus, request.tasks, request.memory), (2, Some(4), Memory::PerNode(20)));
    }

    #[test]
    fn least_cpus() {
        let asked = Asked { mincpus: Some(5), ntasks: Some(2), ..Asked::default() };
        assert_eq!(asked.request().cpus(), 6);
    }
}
