//! What a member asks for when submitting: the whole of it, already parsed and complete, in neutral words.

use serde::{Deserialize, Serialize};

use crate::{Gid, IndexSet, JobId, Span, Text, Time, Uid};

/// Who submitted, as the kernel and the password database said.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Owner {
    /// Unix user.
    pub uid: Uid,
    /// Primary group.
    pub gid: Gid,
    /// Login name.
    pub user: String,
    /// Name of the primary group.
    pub group: String,
}

/// One submission (a job or an array of jobs). Big parts (script, environment) are kept beside it by content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct JobSpec {
    /// `-J`; the script's file name, `wrap` or `sbatch` by default.
    pub name: Text,
    /// Who asked.
    pub owner: Owner,
    /// `-A`: the project that answers for it; empty until the centre fills in the member's default.
    pub account: String,
    /// `-p`; empty until the centre fills in the default. A list (`a,b`) is narrowed to one at submission.
    pub partition: String,
    /// `-q`; empty until the centre fills in the default.
    pub qos: String,
    /// What it needs of the machine.
    pub request: Request,
    /// `-t`; the partition's default is filled in at submission.
    pub time_limit: TimeLimit,
    /// `--time-min`.
    pub time_min: Option<Span>,
    /// `-a`.
    pub array: Option<ArraySpec>,
    /// `-d`.
    pub dependency: Option<Dependency>,
    /// `--kill-on-invalid-dep`: `None` leaves it to the centre's configuration.
    pub kill_on_invalid_dep: Option<bool>,
    /// `-b`: not before.
    pub begin: Option<Time>,
    /// `--deadline`: ended by then.
    pub deadline: Option<Time>,
    /// `-H`.
    pub hold: bool,
    /// `--requeue` / `--no-requeue`.
    pub requeue: bool,
    /// `--nice`: greater waits longer; negative only for operators.
    pub nice: i32,
    /// `--priority`, operators only.
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
    /// `-D`: an absolute directory.
    pub workdir: Text,
    /// `-i`: a file name pattern; `None` is `/dev/null`.
    pub stdin: Option<Text>,
    /// `-o`: a file name pattern, as given.
    pub stdout: Option<Text>,
    /// `-e`: a file name pattern; `None` follows standard output.
    pub stderr: Option<Text>,
    /// `--open-mode`.
    pub open_mode: OpenMode,
    /// The command line's script path as `scontrol show job` shows it; `None` for `--wrap` and standard input.
    pub command: Option<Text>,
    /// Arguments after the script.
    pub args: Vec<Text>,
    /// `--export` as given, if it was (`SLURM_EXPORT_ENV`).
    pub export: Option<Text>,
    /// `--get-user-env`, also implied by `--export=NONE` and `--export=NAME,…`.
    pub get_user_env: bool,
    /// File mode creation mask of the submitting shell.
    pub umask: u32,
    /// Resource limits of the submitting shell that go along.
    pub limits: Limits,
    /// Host that `sbatch` ran on.
    pub submit_host: String,
    /// `SLURM_SUBMIT_DIR`.
    pub submit_dir: Text,
    /// The command line as typed (`sacct SubmitLine`).
    pub submit_line: Text,
    /// `--wait-all-nodes`, features, switches and the like: accepted, shown, without effect on one machine.
    pub features: Option<String>,
    /// False for an allocation without a script (`salloc`, `srun`).
    pub batch: bool,
}

impl JobSpec {
    /// A submission by `sbatch` without options: one CPU, and all else left to the centre.
    pub fn plain(name: Text, owner: Owner, workdir: Text) -> Self {
        Self {
            name,
            owner,
            account: String::new(),
            partition: String::new(),
            qos: String::new(),
            request: Request::default(),
            time_limit: TimeLimit::Default,
            time_min: None,
            array: None,
            dependency: None,
            kill_on_invalid_dep: None,
            begin: None,
            deadline: None,
            hold: false,
            requeue: true,
            nice: 0,
            priority: None,
            signal: None,
            reservation: None,
            comment: None,
            wckey: None,
            mail: MailEvents::default(),
            mail_user: None,
            submit_dir: workdir.clone(),
            workdir,
            stdin: None,
            stdout: None,
            stderr: None,
            open_mode: OpenMode::Truncate,
            command: None,
            args: Vec::new(),
            export: None,
            get_user_env: false,
            umask: 0o022,
            limits: Limits::default(),
            submit_host: String::new(),
            submit_line: Text::default(),
            features: None,
            batch: true,
        }
    }
}

/// Whether a comment says that the job may wait for cheap hours (`flexible`) or may not (`inflexible`): a word alone or
/// in a list by commas, in any case of letters. `None`: it says nothing about that.
pub fn says_flexible(comment: &Text) -> Option<bool> {
    comment.as_bytes().split(|byte| *byte == b',').find_map(|word| match word.trim_ascii() {
        word if word.eq_ignore_ascii_case(b"flexible") => Some(true),
        word if word.eq_ignore_ascii_case(b"inflexible") => Some(false),
        _ => None,
    })
}

/// What a job needs of the machine. Counts that were not asked for are `None`, so that the environment can tell.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct Request {
    /// `-n`.
    pub tasks: Option<u32>,
    /// `-c`.
    pub cpus_per_task: Option<u32>,
    /// `-N` (least, greatest).
    pub nodes: Option<(u32, u32)>,
    /// `--ntasks-per-node`.
    pub tasks_per_node: Option<u32>,
    /// `--mem`, `--mem-per-cpu`; the partition's default is filled in at submission.
    pub memory: Memory,
    /// GPUs for the whole job (`--gres=gpu:N`, `--gpus`, `-G`).
    pub gpus: u32,
    /// `--gpus`' or `--gres`' type, where one was named.
    pub gpu_type: Option<String>,
    /// `--exclusive`: the whole machine.
    pub exclusive: bool,
    /// `--threads-per-core`, `--hint=nomultithread`: use that many hardware threads of each core.
    pub threads_per_core: Option<u32>,
}

impl Request {
    /// Tasks, at least one.
    pub fn task_count(&self) -> u32 {
        self.tasks
            .or_else(|| self.tasks_per_node.map(|per_node| per_node.saturating_mul(self.node_count())))
            .unwrap_or_else(|| self.node_count())
            .max(1)
    }

    /// Nodes, at least one.
    pub fn node_count(&self) -> u32 {
        self.nodes.map_or(1, |(least, _)| least.max(1))
    }

    /// CPUs asked for: tasks times CPUs per task.
    pub fn cpus(&self) -> u32 {
        self.task_count().saturating_mul(self.cpus_per_task.unwrap_or(1).max(1))
    }

    /// Memory for the whole job in MiB, when it is given `cpus` CPUs; `None`: no limit was asked for.
    pub fn memory_mib(&self, cpus: u32) -> Option<u64> {
        match self.memory {
            Memory::Default | Memory::Unlimited => None,
            Memory::PerNode(mib) => Some(mib),
            Memory::PerCpu(mib) => Some(mib.saturating_mul(u64::from(cpus))),
        }
    }
}

/// How memory was asked for, in MiB.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum Memory {
    /// Nothing asked: the partition's default is filled in at submission.
    #[default]
    Default,
    /// `--mem=0`, or nothing asked and no default: all that is there, not enforced.
    Unlimited,
    /// `--mem`.
    PerNode(u64),
    /// `--mem-per-cpu`.
    PerCpu(u64),
}

/// `--time`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum TimeLimit {
    /// Nothing asked: the partition's default is filled in at submission.
    Default,
    /// No end.
    Unlimited,
    /// So long at most.
    Span(Span),
}

impl TimeLimit {
    /// The span, if there is an end.
    pub fn span(self) -> Option<Span> {
        match self {
            TimeLimit::Default | TimeLimit::Unlimited => None,
            TimeLimit::Span(span) => Some(span),
        }
    }
}

/// `--array`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ArraySpec {
    /// The task numbers.
    pub tasks: IndexSet,
    /// `%N`: at most so many at once.
    pub limit: Option<u32>,
}

/// `--dependency`: terms joined by `,` (all) or `?` (any).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Dependency {
    /// What must hold, in the order given.
    pub terms: Vec<DependencyTerm>,
    /// `?` was used: one term is enough.
    pub any: bool,
}

/// One condition of a dependency on one job (or on nobody, for `singleton`).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DependencyTerm {
    /// What must have happened.
    pub kind: DependencyKind,
    /// To which job; `None` for `singleton`.
    pub job: Option<JobId>,
    /// To which task of that array (`afterok:12_3`); `None`: the whole.
    pub task: Option<u32>,
}

/// The kinds of dependency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum DependencyKind {
    /// Started (or was cancelled), so long ago.
    After(Span),
    /// Ended.
    AfterAny,
    /// Ended well.
    AfterOk,
    /// Ended badly.
    AfterNotOk,
    /// The task of the same number ended well.
    AfterCorr,
    /// No earlier job of the same name and user is left.
    Singleton,
}

/// `--signal=[B:]SIG@SECONDS`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct SignalSpec {
    /// Signal number.
    pub signal: u8,
    /// So long before the time limit.
    pub before: Span,
    /// `B:`: to the batch shell only; otherwise to the steps only.
    pub batch_only: bool,
}

/// `--open-mode`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub enum OpenMode {
    /// Empty the output file first, also when a job is started again.
    #[default]
    Truncate,
    /// Append to it.
    Append,
}

/// `--mail-type`, as flags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize)]
pub struct MailEvents(pub u16);

/// Soft resource limits that travel with the job; `None` values are unlimited.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Limits(pub Vec<(NamedLimit, Option<u64>)>);

/// The limits of `--propagate`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub enum NamedLimit {
    /// RLIMIT_AS
    As,
    /// RLIMIT_CORE
    Core,
    /// RLIMIT_CPU
    Cpu,
    /// RLIMIT_DATA
    Data,
    /// RLIMIT_FSIZE
    Fsize,
    /// RLIMIT_MEMLOCK
    Memlock,
    /// RLIMIT_NOFILE
    Nofile,
    /// RLIMIT_NPROC
    Nproc,
    /// RLIMIT_RSS
    Rss,
    /// RLIMIT_STACK
    Stack,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comment_says_flexible() {
        for (comment, expected) in [
            ("flexible", Some(true)),
            ("Flexible", Some(true)),
            ("thesis, flexible", Some(true)),
            ("flexible,thesis", Some(true)),
            ("inflexible", Some(false)),
            ("flexible hours", None),
            ("", None),
        ] {
            assert_eq!(says_flexible(&Text::from(comment)), expected, "{comment}");
        }
    }
}
