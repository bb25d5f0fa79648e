//! Machines that are namespaces: each has processes, a network, a host name, shared memory, `/etc`, `/var`, `/run` and a
//! home of root of its own, over those of this machine, which see none of it; `/home` is one folder for all. They are held
//! by a process each, and are gone with it. Must not know what runs in them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::tools;

/// Of the network that the rooms have among themselves; nothing leads out of it.
const NET: &str = "10.77.0";

/// Somebody who is known in the rooms, beside those of this machine: name and number.
pub type Member = (&'static str, u32);

/// Makes a room out of fresh namespaces and stays as its first process, which takes in orphans. `$1`: its name; `$2`: where
/// its own files are; `$3`: the home folder; `$4`: lines for `/etc`.
const OPEN: &str = r#"set -e
hostname "$1"
for folder in etc var root usr/local; do
    layer=$2/${folder#usr/}
    mkdir -p "$layer" "$layer.work"
    mount -t overlay -o "lowerdir=/$folder,upperdir=$layer,workdir=$layer.work" overlay "/$folder"
done
mkdir -p "$2/run/lock" "$2/run/sshd" "$2/tmp"
chmod 1777 "$2/tmp"
mount --bind "$2/run" /run
mount --bind "$3" /home
mount -t tmpfs tmpfs /dev/shm
cat "$4/hosts" > /etc/hosts
# This machine may know an alice, too: here she is ours.
for file in passwd group; do
    { cat "$4/$file"; grep -v -f "$4/names" "/etc/$file"; } > "$2/$file"
    cat "$2/$file" > "/etc/$file"
done
echo "$1" > /etc/hostname
# As if its packages had just been installed.
rm -rf /etc/slurm/* /etc/munge/* /root/.ssh /var/lib/mysql/* /var/lib/mysql/.[a-z]* /var/lib/algoric /var/spool/slurm*
for folder in /var/lib/slurm /var/log; do find "$folder" -type f -delete; done
for user in munge slurm mysql; do mkdir -p "/var/log/$user"; chown "$user:" "/var/log/$user"; done
mkdir -m 700 -p /root/.ssh
cp "$4"/key* /root/.ssh
cp "$4/key.pub" /root/.ssh/authorized_keys
mv /root/.ssh/key /root/.ssh/id_ed25519
ln -s /home/algoric /usr/local/bin/algoric
ip link set lo up
ssh-keygen -A > /dev/null
/usr/sbin/sshd
# Last: what is needed from this machine may lie in its /tmp.
mount --bind "$2/tmp" /tmp
echo
exec < /dev/null > /dev/null 2>&1
exec bash -c 'while sleep 3600; do :; done'
"#;

/// One machine.
struct Room {
    name: &'static str,
    keeper: Child,
    /// Its first process, by this machine's numbers.
    first: u32,
}

/// All of them, on one network.
pub struct Rooms {
    rooms: Vec<Room>,
    members: &'static [Member],
    /// Whether they outlive this program.
    is_kept: bool,
    /// Where their files are.
    place: PathBuf,
}

/// What a line of shell said.
pub struct Said {
    /// Both outputs.
    pub text: String,
    pub code: i32,
}

impl Said {
    pub fn is_good(&self) -> bool {
        self.code == 0
    }
}

impl Rooms {
    /// Opens them: their files are kept in `place`, which must belong to root alone. The first is where `must` and `until`
    /// ask.
    pub fn open(
        place: &Path,
        is_kept: bool,
        names: &'static [&'static str],
        members: &'static [Member],
    ) -> Result<Self> {
        let mut rooms = Self { rooms: Vec::new(), members, is_kept, place: place.into() };
        rooms.write_common(names)?;
        for name in names {
            remove_groups(name);
            let room = rooms.hold(name)?;
            rooms.rooms.push(room);
        }
        let (head, others) = names.split_first().context("there must be one")?;
        rooms.run(head, "ip link add br0 type bridge && ip link set br0 up")?;
        rooms.run(head, &format!("ip addr add {}/24 dev br0", address(names, head)))?;
        for node in others {
            // From outside: inside the numbers of processes are others.
            let (first, own) = (rooms.first(head)?, rooms.first(node)?);
            let line = format!(
                "nsenter --target {first} --net ip link add {node} type veth peer name eth0 netns {own} && \
                 nsenter --target {first} --net ip link set {node} master br0 up"
            );
            ensure!(Command::new("sh").args(["-c", &line]).status()?.success(), "{node} has no network");
            rooms.run(node, &format!("ip addr add {}/24 dev eth0 && ip link set eth0 up", address(names, node)))?;
        }
        Ok(rooms)
    }

    /// The name of the first.
    fn head(&self) -> &'static str {
        self.rooms.first().map_or("", |room| room.name)
    }

    /// A folder of the home that all share, as seen from outside.
    pub fn home(&self, member: &str) -> PathBuf {
        self.place.join("home").join(member)
    }

    /// Starts the process that a machine consists of.
    fn hold(&self, name: &'static str) -> Result<Room> {
        let mut command = Command::new("setpriv");
        if !self.is_kept {
            command.args(["--pdeathsig", "KILL"]);
        }
        command.args(["--", "unshare", "--net", "--uts", "--ipc", "--mount", "--propagation", "private"]);
        command.args(["--pid", "--fork", "--kill-child", "--mount-proc", "bash", "-c", OPEN, "open", name]);
        command.arg(self.files(name)).arg(self.place.join("home")).arg(self.place.join("common"));
        fs::create_dir_all(self.files(name))?;
        let mut keeper = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().context("cannot start unshare")?;
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().context("it has no output")?).read_line(&mut line)?;
        let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", keeper.id())).unwrap_or_default();
        let Some(first) = children.trim().parse().ok().filter(|_| !line.is_empty()) else {
            keeper.wait()?;
            bail!("there can be no machine {name} here: see above");
        };
        Ok(Room { name, keeper, first })
    }

    /// Where a machine's own files are: `etc`, `var`, `run`, `root`, as seen from outside.
    pub fn files(&self, room: &str) -> PathBuf {
        self.place.join(room)
    }

    /// Names of machines and members, and the members' homes.
    fn write_common(&self, names: &[&str]) -> Result<()> {
        let common = self.place.join("common");
        fs::create_dir_all(&common)?;
        let hosts: String = names.iter().map(|room| format!("{} {room}\n", address(names, room))).collect();
        fs::write(common.join("hosts"), format!("127.0.0.1 localhost\n{hosts}"))?;
        let (mut passwd, mut group, mut lines) = (String::new(), String::new(), String::new());
        for (name, id) in self.members {
            let home = self.home(name);
            fs::create_dir_all(&home)?;
            chown(&home, Some(*id), Some(*id))?;
            passwd += &format!("{name}:x:{id}:{id}::/home/{name}:/bin/bash\n");
            group += &format!("{name}:x:{id}:\n");
            lines += &format!("^{name}:\n");
        }
        fs::write(common.join("passwd"), passwd)?;
        fs::write(common.join("group"), group)?;
        fs::write(common.join("names"), lines)?;
        // Root of each machine may be root of the others.
        let mut keygen = Command::new("ssh-keygen");
        keygen.args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(common.join("key"));
        ensure!(keygen.status()?.success(), "no key for ssh");
        Ok(())
    }

    fn first(&self, name: &str) -> Result<u32> {
        let room = self.rooms.iter().find(|room| room.name == name);
        Ok(room.with_context(|| format!("there is no machine {name}"))?.first)
    }

    /// The words that lead onto one of the machines.
    pub fn way_in(&self, room: &str) -> Result<String> {
        let first = self.first(room)?;
        Ok(format!("nsenter --target {first} --net --uts --ipc --mount --pid --wd=/ --"))
    }

    /// A program on one of the machines, as root; more arguments are to be added.
    pub fn command(&self, room: &str, program: &str) -> Result<Command> {
        let way = self.way_in(room)?;
        let mut words = way.split(' ');
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(program).stdin(Stdio::null());
        Ok(command)
    }

    /// A line of shell on one of the machines, as root.
    pub fn run(&self, room: &str, line: &str) -> Result<()> {
        let output = self.command(room, "sh")?.args(["-c", line]).output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
        ensure!(output.status.success(), "root@{room}$ {line}\n{said}");
        Ok(())
    }

    /// A line of shell on a machine, as a member or root, at home; at most five minutes.
    pub fn shell(&self, room: &str, who: &str, line: &str) -> Result<Said> {
        self.shell_for(Duration::from_secs(300), room, who, line)
    }

    /// The same with another limit.
    pub fn shell_for(&self, limit: Duration, room: &str, who: &str, line: &str) -> Result<Said> {
        let mut command = self.command(room, "setpriv")?;
        let id = self.members.iter().find(|(name, _)| *name == who).map_or(0, |(_, id)| *id);
        let home = if id == 0 { "/root".to_owned() } else { format!("/home/{who}") };
        command.args([&format!("--reuid={id}"), &format!("--regid={id}"), "--clear-groups", "env", "-i"]);
        command.args([&format!("HOME={home}"), &format!("USER={who}"), &format!("LOGNAME={who}"), "SHELL=/bin/bash"]);
        command.args(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TZ=UTC", "LANG=C.UTF-8"]);
        let script = format!("cd {home} || exit; exec 2>&1; umask 022; {line}");
        command.args(["timeout", "-k", "1", &limit.as_secs().to_string(), "bash", "-c", &script]);
        // Into a file, as services that are started keep what they were started with.
        let said = self.place.join("said");
        let file = fs::File::create(&said)?;
        let status = command.stdout(file.try_clone()?).stderr(file).status().with_context(|| line.to_owned())?;
        let text = String::from_utf8_lossy(&fs::read(said)?).into_owned();
        Ok(Said { text, code: status.code().unwrap_or(-1) })
    }

    /// What a line of shell says on the first machine, that must be good.
    pub fn must(&self, who: &str, line: &str) -> Result<String> {
        let said = self.shell(self.head(), who, line)?;
        ensure!(said.is_good(), "{who}$ {line}\n{}[exit {}]", said.text, said.code);
        Ok(said.text.trim().to_owned())
    }

    /// Until a line of shell is good on the first machine.
    pub fn until(&self, line: &str, patience: Duration) -> Result<()> {
        self.until_on(self.head(), line, patience)
    }

    /// Until a line of shell is good.
    pub fn until_on(&self, room: &str, line: &str, patience: Duration) -> Result<()> {
        let begun = Instant::now();
        loop {
            let said = self.shell(room, "root", line)?;
            if said.is_good() {
                return Ok(());
            }
            let seconds = patience.as_secs();
            ensure!(begun.elapsed() < patience, "still not after {seconds} s on {room}: {line}\n{}", said.text);
            sleep(Duration::from_millis(100));
        }
    }

    /// A link between this machine and theirs, for those who want to ask from outside.
    pub fn open_to_outside(&self) -> Result<()> {
        let head = self.first(self.head())?;
        let name = format!("alg{}", std::process::id());
        let line = format!(
            "ip link add {name} type veth peer name outside netns {head} && ip addr add {NET}.253/24 dev {name} && \
             ip link set {name} up && nsenter --target {head} --net ip link set outside master br0 up"
        );
        ensure!(tools::run(Command::new("sh").args(["-c", &line]))?, "no link to the outside");
        Ok(())
    }

    /// The processes of this name on a machine, by this machine's numbers.
    pub fn processes(&self, room: &str, name: &str) -> Result<Vec<u32>> {
        let space = |pid: u32| fs::read_link(format!("/proc/{pid}/ns/pid")).ok();
        let own = space(self.first(room)?);
        let all = fs::read_dir("/proc")?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let named = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == name);
        Ok(all.filter(named).filter(|pid| space(*pid) == own).collect())
    }

    /// Kills the processes of this name on a machine as nothing else would; how many there were.
    pub fn kill(&self, room: &str, name: &str) -> Result<usize> {
        let pids = self.processes(room, name)?;
        ensure!(!pids.is_empty(), "there is no {name} on {room}");
        Command::new("kill").arg("-KILL").args(pids.iter().map(ToString::to_string)).status()?;
        Ok(pids.len())
    }

    /// The processes that the machines consist of: when they end, all on them ends.
    pub fn keepers(&self) -> Vec<u32> {
        self.rooms.iter().map(|room| room.first).collect()
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        if self.is_kept {
            return;
        }
        for room in &mut self.rooms {
            // Its child, the first process, ends with it, and everything with that.
            room.keeper.kill().ok();
            room.keeper.wait().ok();
        }
        // Until nothing holds their files any more.
        for first in self.keepers() {
            let begun = Instant::now();
            while Path::new(&format!("/proc/{first}")).exists() && begun.elapsed().as_secs() < 5 {
                sleep(Duration::from_millis(20));
            }
        }
    }
}

/// Takes away what Slurm has left of control groups (v1) for a machine of this name. A machine that boots has none, but rooms
/// share their kernel, and the group of a job whose slurmstepd was killed stays: a job of the same number, which another CPU is
/// given, could not begin (the kernel says `EBUSY` when a group is to lose a CPU that a group in it has).
fn remove_groups(name: &str) {
    for controller in fs::read_dir("/sys/fs/cgroup").into_iter().flatten().flatten() {
        // The groups of users, not that of slurmd. One that is in use cannot be removed.
        for user in fs::read_dir(controller.path().join(format!("slurm_{name}"))).into_iter().flatten().flatten() {
            remove_group(&user.path());
        }
    }
}

/// Takes away a control group with those in it.
fn remove_group(group: &Path) {
    for inner in fs::read_dir(group).into_iter().flatten().flatten() {
        if inner.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_group(&inner.path());
        }
    }
    fs::remove_dir(group).ok();
}

/// The address of one of these machines.
pub fn address(names: &[&str], room: &str) -> String {
    let last = names.iter().position(|name| *name == room).filter(|at| *at > 0).unwrap_or(254);
    format!("{NET}.{last}")
}
