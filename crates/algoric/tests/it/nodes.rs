//! Machines that report to a real centre over TLS, by the real agents: who is let in and who is not, and readings that
//! neither a killed centre nor a replay loses or doubles.

use std::{
    fs,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use api::{AgentsRequest, RefusalCode, Reply, Request};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{EXE, Ward, outcome, until};

/// A machine of 60 W, whatever it does: what it drew is known.
const SETTINGS: &str = "sample_seconds = 1\nscontrol = '/nonexistent'\n[[meter]]\nkind = 'model'\nidle_watts = 60\n\
    milliwatts_per_cpu = 0\n[[probe]]\nname = 'made'\ncommand = 'PROBE'\n";

pub struct Machine {
    pub state: PathBuf,
    config: PathBuf,
    log: PathBuf,
    agent: Option<Child>,
}

impl Machine {
    pub fn new(ward: &Ward, name: &str, probe: &str) -> Self {
        let machine = Self {
            state: ward.path(name),
            config: ward.path(&format!("{name}.toml")),
            log: ward.path(&format!("{name}.log")),
            agent: None,
        };
        fs::write(&machine.config, SETTINGS.replace("PROBE", probe)).unwrap();
        machine
    }

    fn node(&self, words: &[&str]) -> Command {
        let mut command = Command::new(EXE);
        command.arg("node").args(words).arg("--state").arg(&self.state).arg("--config").arg(&self.config);
        command
    }

    pub fn enrol(&self, invitation: &str) -> (i32, String, String) {
        outcome(&mut self.node(&["enrol", invitation]))
    }

    pub fn start(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(&self.log).unwrap();
        let mut command = self.node(&["run"]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.agent = Some(command.spawn().unwrap());
    }

    pub fn kill(&mut self) {
        if let Some(mut agent) = self.agent.take() {
            agent.kill().ok();
            agent.wait().unwrap();
        }
    }

    fn said(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn centre() -> Ward {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut ward = Ward::new(&format!("[nodes]\nlisten = '{port}'\naddress = '{port}'\n"));
    ward.start();
    ward
}

fn order(ward: &Ward, words: &[&str]) -> (i32, String, String) {
    outcome(Command::new(EXE).arg("node").args(words).env("ALGORIC_DATA", ward.data()).env("LC_ALL", "C"))
}

pub fn invite(ward: &Ward, name: &str) -> String {
    let (code, said, fault) = order(ward, &["invite", name]);
    assert_eq!(code, 0, "{fault}");
    said.trim().to_owned()
}

pub fn row(ward: &Ward, name: &str) -> serde_json::Value {
    let (_, said, fault) = order(ward, &["list", "--json"]);
    let rows: Vec<serde_json::Value> = serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{fault}"));
    rows.into_iter().find(|row| row["name"] == name).unwrap_or_default()
}

/// The number of the last reading that the centre has, and its machine's intervals: from, to, microjoules.
fn account(ward: &Ward, name: &str) -> (i64, Vec<(i64, i64, i64)>) {
    let data = rusqlite::Connection::open(ward.data().join("db/algoric.db")).unwrap();
    let taken = data.query_row("SELECT taken FROM agent WHERE name = ?1", [name], |row| row.get(0)).unwrap();
    let query = "SELECT \"end\" - length, \"end\", energy FROM sample JOIN metered ON id = machine \
        WHERE name = ?1 ORDER BY \"end\"";
    let mut found = data.prepare(query).unwrap();
    let rows = found.query_map([name], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    (taken, rows.map(Result::unwrap).collect())
}

/// The intervals follow one another without a gap or an overlap, and sum to 60 W.
fn is_whole(intervals: &[(i64, i64, i64)]) {
    assert!(intervals.len() > 2, "{intervals:?}");
    for pair in intervals.windows(2) {
        assert_eq!(pair[0].1, pair[1].0, "{intervals:?}");
    }
    let length = intervals.last().unwrap().1 - intervals[0].0;
    let energy: i64 = intervals.iter().map(|(.., energy)| energy).sum();
    // The counter is by the machine's clock, the time by the centre's: milliseconds at either end.
    assert!((energy - length * 60_000).abs() < 60_000 * 1500, "{energy} uJ in {length} ms");
}

#[test]
fn what_is_measured_while_the_centre_is_killed_comes_once() {
    let mut ward = centre();
    let mut machines: Vec<Machine> =
        ["n1", "n2", "n3"].iter().map(|name| Machine::new(&ward, name, "/bin/true")).collect();
    for (machine, name) in machines.iter_mut().zip(["n1", "n2", "n3"]) {
        let (code, _, fault) = machine.enrol(&invite(&ward, name));
        assert_eq!(code, 0, "{fault}");
        machine.start();
    }
    until("all three report", || {
        ["n1", "n2", "n3"]
            .iter()
            .all(|name| row(&ward, name)["power_mw"].as_i64().is_some_and(|power| (50_000..70_000).contains(&power)))
    });
    // All processes of the centre, as nothing else would end them.
    let (_, launcher, _) = ward.status().unwrap();
    let up = ward.up.as_ref().unwrap().id() as i32;
    kill(Pid::from_raw(up), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    // An older copy of what waits: sent again later, it counts once.
    sleep(Duration::from_secs(4));
    let copy = fs::read(machines[0].state.join("waiting")).unwrap();
    // An agent is killed meanwhile, too; what it measured is on its disk.
    machines[1].kill();
    machines[1].start();
    sleep(Duration::from_secs(2));
    let waits = fs::read_to_string(machines[2].state.join("waiting")).unwrap().lines().count();
    assert!(waits > 3, "{waits} lines wait");
    ward.start();
    until("what waited has come", || {
        machines.iter().all(|one| fs::read_to_string(one.state.join("waiting")).unwrap().lines().count() <= 1)
    });
    let said = machines[2].said();
    assert!(said.contains("what was measured waits here") && said.contains("takes reports again"), "{said}");
    for name in ["n1", "n2", "n3"] {
        is_whole(&account(&ward, name).1);
    }
    machines[0].kill();
    let (taken, before) = account(&ward, "n1");
    fs::write(machines[0].state.join("waiting"), copy).unwrap();
    machines[0].start();
    until("it reports on", || account(&ward, "n1").0 > taken + 1);
    let (_, after) = account(&ward, "n1");
    assert_eq!(after[..before.len()], before, "what was sent again counted");
    is_whole(&after);
    // All silent: nothing else changes. What is wrong with one is said after a minute.
    machines.iter_mut().for_each(Machine::kill);
    sleep(Duration::from_secs(62));
    let (code, said, _) = order(&ward, &["list"]);
    assert_eq!((code, said.matches("silent for 1 min").count()), (0, 3), "{said}");
    assert!(row(&ward, "n2")["power_mw"].is_null());
    let (code, said, fault) = outcome(ward.command("sbatch").args(["--wait", "--wrap", "true"]));
    assert_eq!(code, 0, "{said}{fault}");
    let doctor = outcome(Command::new(EXE).args(["doctor"]).env("ALGORIC_DATA", ward.data()).env("LC_ALL", "C")).1;
    assert!(doctor.contains("machine n3 is silent for 1 min"), "{doctor}");
}

#[test]
fn who_is_not_let_in_is_not_heard() {
    let ward = centre();
    let mut one = Machine::new(&ward, "n1", "/bin/false");
    let invitation = invite(&ward, "n1");
    let wrong = invitation.replace(invitation.rsplit(',').next().unwrap(), &"0".repeat(64));
    let refused = one.enrol(&wrong);
    assert!(refused.0 != 0 && refused.2.contains("not known here"), "{refused:?}");
    // Another centre's key: not a word is said to it.
    let key = invitation.split(',').nth(2).unwrap();
    let refused = one.enrol(&invitation.replace(key, &"ab".repeat(32)));
    assert!(refused.0 != 0 && !refused.2.contains("(4"), "{refused:?}");
    assert_eq!(one.enrol(&invitation).0, 0);
    let again = Machine::new(&ward, "again", "/bin/true").enrol(&invitation);
    assert!(again.0 != 0 && again.2.contains("(403)") && again.2.contains("invitation"), "{again:?}");
    one.start();
    until("its probe is told", || row(&ward, "n1")["findings"].to_string().contains("it ended with 1"));
    let (code, page, _) = order(&ward, &["show", "n1"]);
    assert!(code == 1 && page.contains("BAD") && page.contains("made: it ended with 1"), "{page}");

    // A machine in another's name.
    let mut two = Machine::new(&ward, "n2", "/bin/true");
    assert_eq!(two.enrol(&invite(&ward, "n2")).0, 0);
    let path = two.state.join("centre.json");
    fs::write(&path, fs::read_to_string(&path).unwrap().replace("\"n2\"", "\"n1\"")).unwrap();
    let before = account(&ward, "n1").0;
    one.kill();
    two.start();
    until("it is refused", || two.said().contains("(403)") && two.said().contains("in the name of"));
    assert_eq!((account(&ward, "n1").0 - before).clamp(0, 2), account(&ward, "n1").0 - before);
    assert!(row(&ward, "n2")["seen"].is_null());
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    assert!(log.contains("machine n2 reports in the name of `n1`: refused"), "{log}");

    // One that is forgotten.
    two.kill();
    one.start();
    until("it reports", || row(&ward, "n1")["silent_ms"].is_null());
    assert_eq!(order(&ward, &["forget", "n1"]).0, 0);
    until("it is refused", || one.said().contains("(403)"));
    assert!(row(&ward, "n1").is_null());
    assert_ne!(order(&ward, &["invite", "../x"]).0, 0);
    assert_ne!(order(&ward, &["forget", "n9"]).0, 0);
}

/// A word that lets a machine in is an operator's to ask for, and a machine's only voice is the gate: not a member, not even
/// root, who is not the centre's user, reports in its place.
#[test]
fn members_let_nobody_in_and_only_the_gate_speaks_for_machines() {
    use std::os::unix::process::CommandExt as _;
    if !nix::unistd::geteuid().is_root() {
        eprintln!("NOT RUN: only root can be somebody else");
        return;
    }
    let ward = centre();
    let one = Machine::new(&ward, "n1", "/bin/true");
    assert_eq!(one.enrol(&invite(&ward, "n1")).0, 0);
    for words in [&["invite", "n2"], &["forget", "n1"]] {
        let mut command = Command::new(EXE);
        command.arg("node").args(words).env("ALGORIC_DATA", ward.data()).env("LC_ALL", "C").uid(1).gid(1);
        let (code, said, fault) = outcome(&mut command);
        assert!(code != 0 && said.is_empty(), "{words:?}: {said}{fault}");
    }
    assert!(row(&ward, "n2").is_null() && !row(&ward, "n1").is_null());
    let key = [7; 32];
    let wishes = [
        AgentsRequest::Knows(key),
        AgentsRequest::Enrol { key, body: br#"{"name":"n3","word":"x"}"#.to_vec() },
        AgentsRequest::Report { key, body: b"{}".to_vec() },
    ];
    for wish in wishes {
        let said = crate::hostile::ask(&ward, &Request::Agents(wish.clone()));
        let is_refused = |refusal: &api::Refusal| {
            refusal.code == RefusalCode::AccessDenied && refusal.detail.contains("only the gate speaks for machines")
        };
        assert!(matches!(&said, Some(Reply::Refused(refusal)) if is_refused(refusal)), "{wish:?}: {said:?}");
    }
}

/// Processes that hold the port that machines report to, each with its parent.
fn at_the_gate(port: u16) -> Vec<(i32, i32)> {
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let wanted = format!(":{port:04X} 00000000:0000 0A");
    let inode =
        table.lines().find(|line| line.contains(&wanted)).and_then(|line| line.split_whitespace().nth(9)).unwrap();
    let socket = format!("socket:[{inode}]");
    let holds = |pid: &i32| {
        let fds = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        fds.filter_map(|fd| fs::read_link(fd.path()).ok()).any(|link| link.to_str() == Some(&socket))
    };
    let parent = |pid: i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse::<i32>().ok().map(|parent| (pid, parent))
    };
    let all = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(holds).filter_map(parent).collect()
}

/// The process that listens is started anew when it is killed, and machines go on.
#[test]
fn a_killed_gate_is_started_anew() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut ward = Ward::new(&format!("[nodes]\nlisten = '{port}'\naddress = '{port}'\n"));
    ward.start();
    let mut one = Machine::new(&ward, "n1", "/bin/true");
    assert_eq!(one.enrol(&invite(&ward, "n1")).0, 0);
    one.start();
    let taken = || account(&ward, "n1").0;
    until("it reports", || taken() > 1);
    let gate = || {
        let all = at_the_gate(port.port());
        // It is the child of who starts it.
        all.iter().find(|(_, parent)| all.iter().any(|(other, _)| other == parent)).map(|(pid, _)| *pid)
    };
    let before = gate().unwrap();
    kill(Pid::from_raw(before), Signal::SIGKILL).unwrap();
    until("there is another one", || gate().is_some_and(|pid| pid != before));
    let then = taken();
    until("it reports again", || taken() > then + 1);
}
