//! What the centre and the launcher say to each other, over one stream socket: frames of a little-endian `u32` length
//! and that many bytes of postcard. The launcher speaks first ([`Report::Hello`]).
//!
//! Both sides are built from the same source, so a differing [`VERSION`] means an upgrade half done: the centre ends
//! the launcher (jobs go on) and starts the new one.
//!
//! # What the launcher promises
//! * A run is started at most once, however often [`Order::Launch`] is repeated, and however often launcher and centre
//!   are killed in between, **as long as the machine is not rebooted**: what is known about a run is on disk, but not
//!   forced there at each start. So a centre that finds a run started under another boot id must not launch it again.
//! * A run is reported (at each [`Hello`], and by [`Report::Ended`]) until [`Order::Forget`] names it.
//! * [`Report::Ended`] comes after the last process of the job is gone.
//! * [`Outcome::Lost`] with [`End::started`] `None` means that the script was surely never let go: trying again cannot
//!   start it twice.
//! * [`Outcome::LaunchFailed`] is the run's own failure, and would be again. What the launcher or its supervisors could
//!   not do (no process, no descriptor, no room on the disk) is [`HookKind::Launcher`], followed by [`Outcome::Lost`]
//!   with [`End::started`] `None`: the run is good, this machine should get no other until somebody has looked.

mod report;

#[cfg(doc)]
use model::Outcome;
use model::{CpuSet, Limits, OpenMode, Owner, RunId, Span, Text};
pub(crate) use report::PROLOG_FAILED;
pub use report::{CgroupVersion, End, Guarantees, Hello, HookKind, Report, RunReport, RunState};
use serde::{Deserialize, Serialize};

/// Changes whenever a message changes.
pub const VERSION: u16 = 7;

/// The greatest frame either side takes: a script of 4 MiB and an environment fit well.
pub const MAX_FRAME: usize = 16 << 20;

/// From the centre to the launcher.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Order {
    /// A script that launches will refer to. [`crate::local::link::Link::launch`] sends it when it is needed.
    Script {
        /// Its name.
        id: ScriptId,
        /// Its content.
        bytes: Text,
    },
    /// Start this run, unless a slot has it already: then its present state is reported again.
    Launch(Box<Launch>),
    /// End this run: SIGCONT and SIGTERM to all its processes, SIGKILL after the wait.
    Terminate {
        /// Which.
        run: RunId,
        /// A whole line (without its end) for the job's error file, written first.
        note: Option<String>,
        /// How long processes may take to leave.
        kill_wait: Span,
    },
    /// Send a signal.
    Signal {
        /// To which run.
        run: RunId,
        /// Its number.
        signal: u8,
        /// To which of its processes.
        scope: Scope,
    },
    /// Stop all processes of this run.
    Suspend {
        /// Which.
        run: RunId,
    },
    /// Let them go on.
    Resume {
        /// Which.
        run: RunId,
    },
    /// The ends of these runs are safe with the centre: their slots may be used again.
    Forget(Vec<RunId>),
    /// Leave; jobs go on.
    Quit,
    /// Start one more process in this run, as its owner, within its limits, with `/dev/null` for its files. What it does
    /// is its own affair: it goes when the run ends. A run that has no script running (any more) takes none.
    Join {
        /// Which.
        run: RunId,
        /// The program and its arguments.
        command: Vec<Text>,
        /// Its environment, beside the run's mark.
        env: Environment,
    },
    /// Say what runs have used so far: [`Report::Measured`].
    Measure {
        /// Given back.
        number: u64,
    },
    /// Start a servant for a member's files, which then speaks to the web process by itself. Where it cannot be started,
    /// [`Report::Fault`] says why.
    Files(files::Order),
    /// Run a program of the system as a member, for what it prints: [`Report::Told`].
    Command(Box<Command>),
    /// Make or close a member's account: [`Report::Told`].
    Account {
        /// Given back.
        number: u64,
        /// What.
        deed: AccountDeed,
    },
    /// Have Slurm do something with machines of its cluster: [`Report::Told`].
    Machine {
        /// Given back.
        number: u64,
        /// Which, by their names.
        machines: Vec<String>,
        /// What.
        deed: MachineDeed,
    },
}

/// What is done with machines of a cluster, which Slurm lets only its administrators do.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MachineDeed {
    /// They take no more jobs.
    Drain {
        /// Why, as everybody sees it.
        reason: String,
    },
    /// They take jobs again.
    Resume,
    /// They are switched on.
    Wake,
    /// They are switched off when they have no job.
    Sleep,
}

/// What is done with members' accounts. The launcher allows it or not: new names only, and only what it made itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AccountDeed {
    /// Makes one.
    Make {
        /// Its name.
        name: String,
        /// Whose it is.
        person: String,
    },
    /// Lets nobody in by it any more; it stays, with all that belongs to it.
    Close {
        /// Its name.
        name: String,
    },
    /// Lets its owner in again.
    Open {
        /// Its name.
        name: String,
    },
}

/// A program of the system that is run as a member: it is no job, and ends within a minute or is ended.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Command {
    /// Given back.
    pub number: u64,
    /// As whom. Groups are looked up when the launcher is root; a launcher that is not root only takes its own uid.
    pub owner: Owner,
    /// The program, by its path or its name, and its arguments.
    pub words: Vec<Text>,
    /// Its environment, all of it.
    pub env: Environment,
    /// Where.
    pub workdir: Text,
    /// Its standard input.
    pub input: Text,
}

/// Which processes of a job.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Scope {
    /// The batch script's own process.
    Batch,
    /// What `srun` started: tasks and whatever they started, not the script's own children.
    Steps,
    /// All.
    All,
}

/// Names a script's content: the centre chooses; equal names must mean equal content.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ScriptId(pub u64);

/// All that is needed to start one run. Paths are absolute, with patterns filled in.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Launch {
    /// Which.
    pub run: RunId,
    /// What to run.
    pub script: ScriptId,
    /// The job as messages name it.
    pub label: String,
    /// Who speaks in messages to the job's files: `slurmstepd-vm`.
    pub speaker: String,
    /// As whom. Groups are looked up by the user's name when the launcher is root; an empty name means `gid` alone.
    /// A launcher that is not root only takes its own uid.
    pub owner: Owner,
    /// Arguments after the script.
    pub args: Vec<Text>,
    /// The environment.
    pub env: Environment,
    /// Variables that get the script's process id (`SLURM_TASK_PID`).
    pub pid_variables: Vec<String>,
    /// Where; if it cannot be entered the job says so in its error file and runs in `/tmp`.
    pub workdir: Text,
    /// Standard input; `None`: `/dev/null`.
    pub stdin: Option<Text>,
    /// Standard output; `None`: `/dev/null`.
    pub stdout: Option<Text>,
    /// Standard error; `None`: where standard output goes.
    pub stderr: Option<Text>,
    /// What happens to what these files held.
    pub open_mode: OpenMode,
    /// File mode creation mask.
    pub umask: u32,
    /// Soft limits; what is above the launcher's hard limit is cut down to it. Others stay as the launcher has them.
    pub limits: Limits,
    /// The hardware threads it may use; empty: all (nothing is bound).
    pub cpus: CpuSet,
    /// The memory it may use; `None`: no limit.
    pub memory_mib: Option<u64>,
    /// The GPUs it has. Visibility is the environment's affair.
    pub gpus: Vec<u32>,
    /// Added to the nice value.
    pub nice: i32,
    /// `/proc/self/oom_score_adj`; less than the launcher's own is not tried.
    pub oom_score_adj: i32,
    /// Run before, as the launcher's user; when it fails the job is not started.
    pub prolog: Option<Hook>,
    /// Run after the last process is gone, as the launcher's user.
    pub epilog: Option<Hook>,
}

/// An operator's script around a job.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Hook {
    /// The program.
    pub path: Text,
    /// Its whole environment.
    pub env: Environment,
    /// It is killed, and counts as failed, when it takes longer.
    pub limit: Span,
}

/// `NAME=value` strings, each ended by a NUL, in one piece: copied often, read once.
#[derive(Clone, Default, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Environment(Text);

impl Environment {
    /// From pairs.
    pub fn from_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut bytes = Vec::new();
        for (name, value) in pairs {
            push_variable(&mut bytes, name.as_ref(), value.as_ref());
        }
        Self(bytes.into())
    }

    /// This, and more pairs after it. Names are not compared: a variable set twice is there twice, and most programs
    /// see the first.
    pub fn and_pairs<N: AsRef<[u8]>, V: AsRef<[u8]>>(&self, pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut bytes = self.0.as_bytes().to_vec();
        for (name, value) in pairs {
            push_variable(&mut bytes, name.as_ref(), value.as_ref());
        }
        Self(bytes.into())
    }

    /// All in one piece, each string ended by its NUL.
    pub(crate) fn to_block(&self) -> Vec<u8> {
        let mut bytes = self.0.as_bytes().to_vec();
        if bytes.last().is_some_and(|last| *last != 0) {
            bytes.push(0);
        }
        bytes
    }

    /// The `NAME=value` strings, without their NUL.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.0.as_bytes().split(|byte| *byte == 0).filter(|entry| !entry.is_empty())
    }
}

/// A NUL would end the string early and smuggle in another variable, so what follows it is left out.
fn push_variable(bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    let until_nul = |part: &[u8]| part.iter().position(|byte| *byte == 0).unwrap_or(part.len());
    bytes.extend_from_slice(&name[..until_nul(name)]);
    bytes.push(b'=');
    bytes.extend_from_slice(&value[..until_nul(value)]);
    bytes.push(0);
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use model::{Outcome, Time, Usage};

    #[test]
    fn environments() {
        let one = Environment::from_pairs([("A", "1"), ("B", "two\0C=3"), ("\0", "x")]);
        let more = one.and_pairs([("D", [0xff_u8].as_slice())]);
        let entries: Vec<&[u8]> = more.iter().collect();
        assert_eq!(entries, [&b"A=1"[..], b"B=two", b"=x", b"D=\xff"]);
        assert_eq!(Environment(Text::from("A=1")).to_block(), b"A=1\0");
        assert_eq!(Environment::default().to_block(), b"");
    }

    /// Whoever changes these bytes changes [`VERSION`].
    #[test]
    fn bytes_of_version_7() {
        assert_eq!(VERSION, 7);
        let run = RunId { job: model::JobId(300), attempt: 2 };
        let end = End { started: Some(Time(1)), at: Time(2), outcome: Outcome::Lost, usage: Usage::default() };
        let guarantees = Guarantees {
            cgroup: CgroupVersion::V1,
            cpuset: true,
            memory: true,
            containment: true,
            cpu_time: true,
            freezer: false,
            every_user: true,
            notes: vec!["n".to_owned()],
        };
        let runs = vec![RunReport { run, state: RunState::Running { pid: 5, started: Time(6), suspended: true } }];
        let hello = Hello { version: 5, pid: 9, boot_id: "b".to_owned(), guarantees, runs, unreadable: 3 };
        let orders = [
            Order::Script { id: ScriptId(1), bytes: "s".into() },
            Order::Launch(Box::new(sample(run))),
            Order::Terminate { run, note: Some("n".to_owned()), kill_wait: Span(30) },
            Order::Signal { run, signal: 10, scope: Scope::Steps },
            Order::Forget(vec![run]),
            Order::Quit,
            Order::Join { run, command: vec!["c".into()], env: Environment::from_pairs([("A", "1")]) },
            Order::Measure { number: 300 },
            Order::Files(files::Order { uid: 1000, secret: [7; files::SECRET], shared: vec!["/s".into()] }),
            Order::Account { number: 300, deed: AccountDeed::Make { name: "n".to_owned(), person: "p".to_owned() } },
            Order::Account { number: 300, deed: AccountDeed::Close { name: "n".to_owned() } },
            Order::Machine {
                number: 300,
                machines: vec!["n1".to_owned()],
                deed: MachineDeed::Drain { reason: "r".to_owned() },
            },
            Order::Machine { number: 300, machines: vec!["n1".to_owned()], deed: MachineDeed::Sleep },
            Order::Command(Box::new(Command {
                number: 300,
                owner: Owner { uid: model::Uid(1), gid: model::Gid(2), user: "u".into(), group: "g".into() },
                words: vec!["sbatch".into()],
                env: Environment::from_pairs([("A", "1")]),
                workdir: "/w".into(),
                input: "i".into(),
            })),
        ];
        let reports = [
            Report::Hello(hello),
            Report::Started { run, pid: 5, at: Time(6) },
            Report::Ended { run, end },
            Report::HookFailed { run, hook: HookKind::Epilog, error: "e".to_owned() },
            Report::HookFailed { run, hook: HookKind::Launcher, error: "e".to_owned() },
            Report::Fault { text: "t".to_owned() },
            Report::Measured { number: 300, busy_us: 1, runs: vec![(run, 2, 3)] },
            Report::Told { number: 300, code: Some(1), output: "o".into(), complaint: "c".into() },
        ];
        let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut text = String::new();
        for order in orders {
            let bytes = postcard::to_allocvec(&order).unwrap();
            assert_eq!(postcard::from_bytes::<Order>(&bytes).unwrap(), order);
            text += &format!("{}\n", hex(bytes));
        }
        for report in reports {
            let bytes = postcard::to_allocvec(&report).unwrap();
            assert_eq!(postcard::from_bytes::<Report>(&bytes).unwrap(), report);
            text += &format!("{}\n", hex(bytes));
        }
        insta::assert_snapshot!(text);
    }

    /// A launch with something in every part.
    pub(crate) fn sample(run: RunId) -> Launch {
        let hook = Hook { path: "/p".into(), env: Environment::default(), limit: Span(1) };
        Launch {
            run,
            script: ScriptId(1),
            label: "300_1".to_owned(),
            speaker: "s".to_owned(),
            owner: Owner { uid: model::Uid(1), gid: model::Gid(2), user: "u".into(), group: "g".into() },
            args: vec!["a".into()],
            env: Environment::from_pairs([("A", "1")]),
            pid_variables: vec!["P".to_owned()],
            workdir: "/w".into(),
            stdin: None,
            stdout: Some("/o".into()),
            stderr: None,
            open_mode: OpenMode::Append,
            umask: 0o22,
            limits: Limits(vec![(model::NamedLimit::Core, Some(0))]),
            cpus: CpuSet::from_iter([0, 3]),
            memory_mib: Some(100),
            gpus: vec![1],
            nice: -1,
            oom_score_adj: 5,
            prolog: Some(hook),
            epilog: None,
        }
    }
}
