//! A launcher in a process of its own, and a centre that is the test.

use std::ffi::OsString;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use drivers::local::launcher::{self, Centre, Cgroups, LauncherConfig};
use drivers::local::link::{Link, pair};
use drivers::local::protocol::{CgroupVersion, End, Environment, Hello, Launch, Order, Report, RunState, ScriptId};
use model::{CpuSet, Exit, Gid, JobId, Limits, OpenMode, Outcome, Owner, RunId, Span, Text, Uid};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};

/// Emulated machines are fifty times slower.
pub const LONG: Duration = Duration::from_secs(60);

/// This very program is the launcher when it is started with this variable. Before `main`, because the test harness
/// has threads and a launcher must not.
const ROLE: &str = "ALGORIC_TEST_LAUNCHER";

#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = {
    extern "C" fn before_main() {
        if let Some(role) = std::env::var_os(ROLE) {
            std::process::exit(launcher_process(&role.into_string().unwrap()));
        }
    }
    before_main
};

fn launcher_process(role: &str) -> i32 {
    let words: Vec<&str> = role.split('\n').collect();
    let [data, id, cgroups, boot_id] = words[..4].try_into().unwrap();
    let centre = match words[4..] {
        [path, uids] => {
            let uids = uids.split(',').map(|uid| uid.parse().unwrap()).collect();
            Centre::Listen { path: PathBuf::from(path), uids, stay: true }
        }
        // SAFETY: descriptor 0 is the socket that the test put there, and nobody else has taken it.
        _ => Centre::Connected(unsafe { OwnedFd::from_raw_fd(0) }.try_clone().unwrap()),
    };
    let config = LauncherConfig {
        data: PathBuf::from(data),
        centre_id: id.to_owned(),
        centre,
        cgroups: if cgroups == "auto" { Cgroups::Auto } else { Cgroups::Off },
        boot_id: (!boot_id.is_empty()).then(|| boot_id.to_owned()),
    };
    match launcher::run(config) {
        Ok(reason) => println!("launcher: {reason:?}"),
        Err(error) => {
            eprintln!("launcher: {error}");
            return 1;
        }
    }
    0
}

/// How a launcher runs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// As whoever we are, with cgroups where there are any.
    Cgroups,
    /// As whoever we are, without.
    Plain,
    /// As an ordinary user, from root.
    User,
    /// As an ordinary user in a cgroup (version 2) that was given to him.
    Delegated,
}

/// Whether root can give away a part of the version 2 tree here.
pub fn can_delegate() -> bool {
    let controllers = std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    geteuid().is_root() && controllers.contains("memory")
}

/// All that make sense for who we are.
pub fn modes() -> Vec<Mode> {
    if geteuid().is_root() { vec![Mode::Cgroups, Mode::Plain, Mode::User] } else { vec![Mode::Cgroups, Mode::Plain] }
}

/// The soft limit of open files that launchers are started with.
pub const FILES: u64 = 200;

pub const NOBODY: u32 = 65534;

static RIGS: AtomicU32 = AtomicU32::new(0);

pub struct Rig {
    pub mode: Mode,
    pub dir: PathBuf,
    _temporary: tempfile::TempDir,
    id: String,
    boot_id: String,
    pub launcher: Child,
    pub link: Link,
    pub hello: Hello,
    reports: Vec<Report>,
    supervisors: Vec<Pid>,
    next: u32,
}

impl Rig {
    pub fn new(mode: Mode) -> Self {
        let temporary = tempfile::Builder::new().prefix("algoric-drivers").tempdir().unwrap();
        let dir = temporary.path().canonicalize().unwrap();
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        if matches!(mode, Mode::User | Mode::Delegated) {
            chown(&dir, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        std::fs::create_dir(dir.join("work")).unwrap();
        std::fs::set_permissions(dir.join("work"), std::fs::Permissions::from_mode(0o777)).unwrap();
        let id = format!("test-{}-{}", std::process::id(), RIGS.fetch_add(1, Ordering::Relaxed));
        let (launcher, link) = start(&dir, &id, mode, "");
        let mut rig = Self {
            mode,
            dir,
            _temporary: temporary,
            id,
            boot_id: String::new(),
            launcher,
            link,
            hello: no_hello(),
            reports: Vec::new(),
            supervisors: Vec::new(),
            next: 1,
        };
        rig.greet();
        rig
    }

    pub fn greet(&mut self) {
        self.hello = self.wait("hello", |report| match report {
            Report::Hello(hello) => Some(hello.clone()),
            _ => None,
        });
    }

    /// Another launcher on the same data; the one before is dead or dying.
    pub fn restart(&mut self) {
        self.launcher.wait().unwrap();
        (self.launcher, self.link) = start(&self.dir, &self.id, self.mode, &self.boot_id);
        self.reports.clear();
        self.greet();
    }

    /// A launcher that listens at a path and stays when a centre leaves; nobody is connected yet.
    pub fn listen(&mut self, path: &Path, uids: &[u32]) {
        let uids: Vec<String> = uids.iter().map(u32::to_string).collect();
        let role = format!("{}\n{}\noff\n\n{}\n{}", self.dir.display(), self.id, path.display(), uids.join(","));
        self.launcher = Command::new("/proc/self/exe").env(ROLE, role).stdin(Stdio::null()).spawn().unwrap();
        self.reports.clear();
    }

    pub fn reboot(&mut self, boot_id: &str) {
        self.boot_id = boot_id.to_owned();
        self.kill_launcher();
        self.restart();
    }

    pub fn kill_launcher(&mut self) {
        self.note_supervisors();
        kill(Pid::from_raw(self.launcher.id() as i32), Signal::SIGKILL).unwrap();
        self.launcher.wait().unwrap();
    }

    /// Where a job may write.
    pub fn work(&self, name: &str) -> PathBuf {
        self.dir.join("work").join(name)
    }

    /// A launch that says in `work/OUT` what it has to say.
    pub fn job(&mut self) -> Launch {
        let number = self.next;
        self.next += 1;
        let (uid, gid) = match self.mode {
            Mode::User | Mode::Delegated => (NOBODY, NOBODY),
            _ => (geteuid().as_raw(), nix::unistd::getegid().as_raw()),
        };
        Launch {
            run: RunId { job: JobId(number), attempt: 0 },
            script: ScriptId(u64::from(number)),
            label: number.to_string(),
            speaker: "slurmstepd-here".to_owned(),
            owner: Owner { uid: Uid(uid), gid: Gid(gid), user: String::new(), group: String::new() },
            args: Vec::new(),
            env: Environment::from_pairs([("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")]),
            pid_variables: vec!["SLURM_TASK_PID".to_owned()],
            workdir: text(self.dir.join("work")),
            stdin: None,
            stdout: Some(text(self.work(&format!("{number}.out")))),
            stderr: None,
            open_mode: OpenMode::Truncate,
            umask: 0o022,
            limits: Limits::default(),
            cpus: CpuSet::default(),
            memory_mib: None,
            gpus: Vec::new(),
            nice: 0,
            oom_score_adj: 0,
            prolog: None,
            epilog: None,
        }
    }

    pub fn launch(&mut self, launch: Launch, script: &str) -> RunId {
        let run = launch.run;
        self.link.launch(Box::new(launch), script.as_bytes()).unwrap();
        self.flush();
        run
    }

    /// Launches with everything as usual.
    pub fn run(&mut self, script: &str) -> RunId {
        let job = self.job();
        self.launch(job, script)
    }

    /// Whom the launcher runs as.
    pub fn uid(&self) -> u32 {
        if matches!(self.mode, Mode::User | Mode::Delegated) { NOBODY } else { nix::unistd::geteuid().as_raw() }
    }

    pub fn order(&mut self, order: &Order) {
        self.link.send(order).unwrap();
        self.flush();
    }

    pub fn terminate(&mut self, run: RunId, kill_wait_ms: i64) {
        self.order(&Order::Terminate { run, note: None, kill_wait: Span(kill_wait_ms) });
    }

    fn flush(&mut self) {
        while !self.link.flush().unwrap() {
            poll(&mut [PollFd::new(self.link.fd().as_fd(), PollFlags::POLLOUT)], PollTimeout::NONE).unwrap();
        }
    }

    /// The first report that suits, now or to come; it is used up.
    pub fn wait<T>(&mut self, what: &str, mut suits: impl FnMut(&Report) -> Option<T>) -> T {
        let deadline = Instant::now() + LONG;
        loop {
            for at in 0..self.reports.len() {
                if let Some(found) = suits(&self.reports[at]) {
                    self.reports.remove(at);
                    self.note_supervisors();
                    return found;
                }
            }
            assert!(Instant::now() < deadline, "no {what}; there is {:?}", self.reports);
            let mut source = [PollFd::new(self.link.fd(), PollFlags::POLLIN)];
            poll(&mut source, PollTimeout::from(200_u16)).unwrap();
            let open = self.link.receive(&mut self.reports).unwrap();
            assert!(open || self.reports.iter().any(|report| suits(report).is_some()), "the launcher left: no {what}");
        }
    }

    pub fn started(&mut self, run: RunId) -> u32 {
        self.wait(&format!("start of {run}"), |report| match report {
            Report::Started { run: which, pid, .. } if *which == run => Some(*pid),
            _ => None,
        })
    }

    pub fn ended(&mut self, run: RunId) -> End {
        self.wait(&format!("end of {run}"), |report| match report {
            Report::Ended { run: which, end } if *which == run => Some(end.clone()),
            _ => None,
        })
    }

    /// The outcome of a run, which is then forgotten.
    pub fn outcome(&mut self, run: RunId) -> Outcome {
        let end = self.ended(run);
        self.order(&Order::Forget(vec![run]));
        end.outcome
    }

    /// What the launcher said of a run at its start.
    pub fn greeted_with(&self, run: RunId) -> Option<&RunState> {
        self.hello.runs.iter().find(|report| report.run == run).map(|report| &report.state)
    }

    /// What a job wrote.
    pub fn output(&self, run: RunId) -> String {
        let path = self.work(&format!("{}.out", run.job));
        String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
    }

    pub fn supervisors(&mut self) -> Vec<Pid> {
        self.note_supervisors();
        self.supervisors.clone()
    }

    fn note_supervisors(&mut self) {
        for pid in children(Pid::from_raw(self.launcher.id() as i32)) {
            if !self.supervisors.contains(&pid) {
                self.supervisors.push(pid);
            }
        }
    }

    /// All that are there.
    pub fn kill_supervisors(&mut self) {
        for pid in self.supervisors().into_iter().filter(|pid| is_ours(*pid)) {
            kill(pid, Signal::SIGKILL).unwrap_or_default();
        }
    }

    /// The supervisor that has this process below it.
    pub fn supervisor_of(&mut self, pid: u32) -> Pid {
        Pid::from_raw(parent(Pid::from_raw(pid as i32)).unwrap())
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        // Only what was started here: the launcher, and the supervisors seen as its children.
        self.note_supervisors();
        let launcher = Pid::from_raw(self.launcher.id() as i32);
        for pid in std::mem::take(&mut self.supervisors) {
            if is_ours(pid) {
                kill(pid, Signal::SIGKILL).unwrap_or_default();
            }
        }
        // The dying are looked after for a moment, then it goes.
        std::thread::sleep(Duration::from_millis(30));
        kill(launcher, Signal::SIGTERM).unwrap_or_default();
        self.launcher.wait().unwrap();
        let name = format!("algoric-{}", self.id);
        let trees = ["", "memory", "cpuset", "cpuacct", "pids"].map(|tree| Path::new("/sys/fs/cgroup").join(tree));
        for base in trees.iter().chain([&delegated(&self.id)]).map(|tree| tree.join(&name)) {
            for slot in std::fs::read_dir(&base).into_iter().flatten().flatten() {
                std::fs::remove_dir(slot.path()).unwrap_or_default();
            }
            std::fs::remove_dir(&base).unwrap_or_default();
        }
        for group in [delegated(&self.id).join("algoric-own"), delegated(&self.id)] {
            std::fs::remove_dir(group).unwrap_or_default();
        }
    }
}

/// The group that is given to an ordinary user.
fn delegated(id: &str) -> PathBuf {
    PathBuf::from(format!("/sys/fs/cgroup/delegated-{id}"))
}

fn no_hello() -> Hello {
    let guarantees = drivers::local::protocol::Guarantees {
        cgroup: CgroupVersion::None,
        cpuset: false,
        memory: false,
        containment: false,
        cpu_time: false,
        freezer: false,
        every_user: false,
        notes: Vec::new(),
    };
    Hello { version: 0, pid: 0, boot_id: String::new(), guarantees, runs: Vec::new(), unreadable: 0 }
}

fn start(dir: &Path, id: &str, mode: Mode, boot_id: &str) -> (Child, Link) {
    let (ours, theirs) = pair().unwrap();
    let cgroups = if matches!(mode, Mode::Cgroups | Mode::Delegated) { "auto" } else { "off" };
    let mut command = Command::new("/proc/self/exe");
    // Programs of a Slurm that is none.
    let path = format!("{}/bin:{}", dir.display(), std::env::var("PATH").unwrap_or_default());
    command
        .env(ROLE, format!("{}\n{id}\n{cgroups}\n{boot_id}", dir.display()))
        .env("PATH", path)
        .stdin(Stdio::from(theirs))
        .stdout(Stdio::null())
        .current_dir("/");
    if matches!(mode, Mode::User | Mode::Delegated) {
        command.uid(NOBODY).gid(NOBODY);
    }
    // SAFETY: one system call.
    unsafe {
        command.pre_exec(|| Ok(setrlimit(Resource::RLIMIT_NOFILE, FILES, getrlimit(Resource::RLIMIT_NOFILE)?.1)?));
    }
    if mode == Mode::Delegated {
        let group = delegated(id);
        std::fs::create_dir_all(&group).unwrap();
        for file in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
            chown(group.join(file), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        // As a manager does it: the group is its processes' own affair, and the first is put there. After an earlier
        // launcher has handed controllers down, beside the jobs.
        let own = group.join("algoric-own");
        let place = if own.exists() { own } else { group }.join("cgroup.procs");
        let procs = std::fs::File::options().write(true).open(place).unwrap();
        // SAFETY: one system call.
        unsafe {
            command.pre_exec(move || {
                nix::unistd::write(&procs, b"0")?;
                Ok(())
            });
        }
    }
    (command.spawn().unwrap(), Link::new(ours))
}

/// Whether a process is a launcher or supervisor of ours still, and not a later one of its number.
fn is_ours(pid: Pid) -> bool {
    std::fs::read(format!("/proc/{pid}/environ"))
        .is_ok_and(|environ| environ.windows(ROLE.len()).any(|part| part == ROLE.as_bytes()))
}

pub fn children(pid: Pid) -> Vec<Pid> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.split_ascii_whitespace().map(|word| Pid::from_raw(word.parse().unwrap())).collect()
}

pub fn parent(pid: Pid) -> Option<i32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    text.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

/// Whether a process is there and not only its remains.
pub fn lives(pid: u32) -> bool {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    text.rsplit_once(") ").is_some_and(|(_, rest)| !rest.starts_with('Z') && !rest.starts_with('X'))
}

/// Waits until it is so.
pub fn eventually(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + LONG;
    while !so() {
        assert!(Instant::now() < deadline, "not in time: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The numbers in a file that jobs write process ids to.
pub fn pids(path: &Path) -> Vec<u32> {
    std::fs::read_to_string(path)
        .unwrap_or_default()
        .split_ascii_whitespace()
        .map(|word| word.parse().unwrap())
        .collect()
}

pub fn text(path: impl Into<PathBuf>) -> Text {
    Text::from(OsString::into_vec(path.into().into_os_string()))
}

pub fn exited(code: u8) -> Outcome {
    Outcome::Exited(Exit { code, signal: 0 })
}

pub fn killed(signal: u8) -> Outcome {
    Outcome::Exited(Exit { code: 0, signal })
}
