//! Machines that are namespaces, each with an sshd: a file system of its own on top of this machine's, processes, a network
//! and a name. They are on one network, out of which nothing leads, and end with this program.

use std::{
    env, fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use nix::sys::{prctl, signal::Signal};

/// Their names, the controller first: the addresses are 10.88.0.1 and those that follow.
pub const MACHINES: [&str; 3] = ["head", "n1", "n2"];

/// What has to be installed.
const PROGRAMS: [&str; 9] = [
    "/usr/sbin/sshd",
    "/usr/bin/ssh",
    "/usr/sbin/slurmctld",
    "/usr/sbin/slurmd",
    "/usr/sbin/slurmdbd",
    "/usr/sbin/mariadbd",
    "/usr/sbin/munged",
    "/usr/bin/nsenter",
    "/usr/sbin/ip",
];

/// All of them.
pub struct Machines {
    place: tempfile::TempDir,
    /// Where the bridge is that they hang on, and the operator sits.
    desk: Child,
    machines: Vec<Child>,
}

/// A program that ends with this one.
fn bound(program: &str) -> Command {
    let mut command = Command::new(program);
    let end = || prctl::set_pdeathsig(Signal::SIGKILL).map_err(Into::into);
    // SAFETY: between fork and exec only a system call is made.
    unsafe { command.pre_exec(end) };
    command
}

fn wait_for(what: &str, is_so: impl Fn() -> bool) -> Result<(), String> {
    let begun = Instant::now();
    while !is_so() {
        if begun.elapsed() > Duration::from_secs(30) {
            return Err(format!("{what} takes too long"));
        }
        thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn run(command: &mut Command) -> Result<String, String> {
    let said = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if said.status.success() {
        return Ok(String::from_utf8_lossy(&said.stdout).into_owned());
    }
    let complaint = String::from_utf8_lossy(&said.stderr).into_owned();
    Err(format!("{command:?}: {}{complaint}", String::from_utf8_lossy(&said.stdout)))
}

impl Machines {
    /// Opens them, or says why there can be none here.
    pub fn open() -> Result<Self, String> {
        if !nix::unistd::Uid::effective().is_root() {
            return Err("only root can make machines of namespaces".to_owned());
        }
        if let Some(program) = PROGRAMS.iter().find(|program| !Path::new(program).exists()) {
            return Err(format!("there is no {program} here"));
        }
        let place = tempfile::tempdir().map_err(|error| error.to_string())?;
        let unshare = bound("unshare").args(["--net", "sleep", "infinity"]).stdin(Stdio::null()).spawn();
        let desk = unshare.map_err(|error| error.to_string())?;
        let mut machines = Self { place, desk, machines: Vec::new() };
        machines.furnish()?;
        for name in MACHINES {
            let machine = machines.machine(name)?;
            machines.machines.push(machine);
            machines.join(name);
        }
        // From here on each says so by itself when something is amiss.
        for name in MACHINES {
            wait_for(&format!("sshd of {name}: {}", machines.log(name)), || machines.try_on(name, "true").is_ok())?;
        }
        Ok(machines)
    }

    /// Files that all need, and the network.
    fn furnish(&self) -> Result<(), String> {
        let own = fs::read_link("/proc/self/ns/net").ok();
        let desk = format!("/proc/{}/ns/net", self.desk.id());
        wait_for("a network of its own", || fs::read_link(&desk).ok() != own)?;
        let place = self.place();
        let shown = place.display();
        let script = include_str!("machine.sh");
        let files = [
            ("machine.sh", script.to_owned()),
            ("ssh_config", format!("Host *\n IdentityFile {shown}/key\n UserKnownHostsFile {shown}/known\n")),
        ];
        for (name, text) in files {
            fs::write(place.join(name), text).map_err(|error| error.to_string())?;
        }
        let line = format!(
            "mkdir -p {shown}/machines {shown}/home/nessie && chmod 755 {shown} && chown 7001:7001 {shown}/home/nessie && \
             ssh-keygen -q -t ed25519 -N '' -f {shown}/key && ssh-keygen -q -t ed25519 -N '' -f {shown}/hostkey"
        );
        run(Command::new("sh").args(["-c", &line]))?;
        let net = "ip link set lo up && ip link add br0 type bridge && ip addr add 10.88.0.254/24 dev br0 && \
                   ip link set br0 up";
        run(self.at_desk("sh").args(["-c", net])).map(drop)
    }

    /// A machine without its cable: it waits for that.
    fn machine(&self, name: &str) -> Result<Child, String> {
        let place = self.place().display();
        fs::create_dir_all(self.place().join("machines").join(name)).map_err(|error| error.to_string())?;
        let log = fs::File::create(self.place().join(format!("{name}.log"))).map_err(|error| error.to_string())?;
        let both = log.try_clone().map_err(|error| error.to_string())?;
        let line = format!(
            "until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done; exec unshare --uts --mount --pid --fork \
             --kill-child --propagation private sh {place}/machine.sh {name} {place} /srv/home"
        );
        let mut command = bound("unshare");
        command.args(["--net", "sh", "-c", &line]).stdin(Stdio::null()).stdout(log).stderr(both);
        let machine = command.spawn().map_err(|error| error.to_string())?;
        let own = fs::read_link("/proc/self/ns/net").ok();
        let path = format!("/proc/{}/ns/net", machine.id());
        wait_for("a network of its own", || fs::read_link(&path).ok() != own)?;
        let at = MACHINES.iter().position(|known| *known == name).unwrap_or(0) + 1;
        let pid = machine.id();
        let line = format!("ip link add {name} type veth peer name eth0 netns {pid} && ip link set {name} master br0");
        run(self.at_desk("sh").args(["-c", &line]))?;
        let address = format!("10.88.0.{at}/24");
        run(Command::new("nsenter").args(["--target", &pid.to_string(), "--net", "ip", "addr", "add"]).args([
            address.as_str(),
            "dev",
            "eth0",
        ]))?;
        Ok(machine)
    }

    fn log(&self, name: &str) -> String {
        fs::read_to_string(self.place().join(format!("{name}.log"))).unwrap_or_default()
    }

    /// Plugs a machine's cable in.
    pub fn join(&self, name: &str) {
        run(self.at_desk("ip").args(["link", "set", name, "up"])).unwrap();
    }

    /// Pulls it out.
    pub fn cut(&self, name: &str) {
        run(self.at_desk("ip").args(["link", "set", name, "down"])).unwrap();
    }

    /// Where everything lies; the operator sits there.
    pub fn place(&self) -> &Path {
        self.place.path()
    }

    /// A program at the operator's desk.
    pub fn at_desk(&self, program: &str) -> Command {
        let mut command = bound("nsenter");
        command.args(["--target", &self.desk.id().to_string(), "--net", "--", program]);
        command
    }

    /// What a line of shell says on a machine, as root.
    pub fn on(&self, name: &str, line: &str) -> String {
        self.try_on(name, line).unwrap_or_else(|why| panic!("{name}: {line}: {why}"))
    }

    fn try_on(&self, name: &str, line: &str) -> Result<String, String> {
        let at = MACHINES.iter().position(|known| *known == name).unwrap_or(0) + 1;
        let config: PathBuf = self.place().join("ssh_config");
        let mut ssh = self.at_desk("ssh");
        ssh.arg("-F").arg(config).args(["-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR"]);
        run(ssh.args(["-o", "UserKnownHostsFile=/dev/null", &format!("10.88.0.{at}"), line]))
    }

    /// Everything on a machine that a cluster would change.
    pub fn traces(&self, name: &str) -> String {
        let paths = "/etc/hosts /etc/munge /etc/slurm /etc/mysql /usr/local/sbin /opt/algoric /etc/algoric";
        let line = format!(
            "find {paths} -type f -exec stat -c '%n %U %a %s' {{}} + 2>/dev/null | sort; \
             cat /etc/hosts; ps -eo comm= | grep -E 'slurm|munge|maria' || true"
        );
        self.on(name, &line)
    }
}

impl Drop for Machines {
    /// Each is the first of its processes: all others end with it. What is mounted is gone with its namespace.
    fn drop(&mut self) {
        for child in self.machines.iter_mut().chain([&mut self.desk]) {
            child.kill().ok();
            child.wait().ok();
        }
        if env::var_os("ALGORIC_KEEP").is_some() {
            eprintln!("{}", self.place().display());
        }
    }
}
