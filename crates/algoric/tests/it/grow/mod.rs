//! `algoric grow`, for real: three machines with an sshd each, a file system, processes, a network and a name of their own,
//! become a Slurm cluster of Debian's packages; the program is killed half way and goes on; what is broken is found; and
//! all of it is taken back.
//!
//! Needs root, namespaces, and the packages of Slurm, MariaDB, munge and openssh-server. Without them nothing is run, and
//! that is said.

mod machines;
mod scripts;

use std::{
    fs,
    io::{BufRead as _, BufReader},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::{Output, Stdio},
    time::Instant,
};

use machines::{MACHINES, Machines};

struct Said {
    code: i32,
    stdout: String,
    stderr: String,
}

fn said(output: Output) -> Said {
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap_or(-1), stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// The operator, who sits at a desk beside the machines.
struct Operator<'a> {
    machines: &'a Machines,
}

impl Operator<'_> {
    fn grow(&self, words: &[&str]) -> Said {
        said(self.command(words).output().unwrap())
    }

    fn command(&self, words: &[&str]) -> std::process::Command {
        let mut command = self.machines.at_desk(env!("CARGO_BIN_EXE_algoric"));
        command
            .arg("grow")
            .args(words)
            .env("LC_ALL", "C")
            .env("TMPDIR", self.machines.place())
            .current_dir(self.machines.place());
        if words[0] != "plan" {
            command.args(["--ssh-config", "ssh_config"]);
        }
        command
    }

    /// `apply`, which is killed as soon as it says that it did something on a line with `word`.
    fn apply_until(&self, word: &str) {
        let mut apply = self.command(&["apply"]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut seen = String::new();
        for line in BufReader::new(apply.stdout.take().unwrap()).lines().map(Result::unwrap) {
            seen.push_str(&line);
            if line.contains(word) {
                apply.kill().unwrap();
                break;
            }
        }
        assert!(!apply.wait().unwrap().success() && seen.contains(word), "{seen}");
    }
}

/// What came of each step that is not as it was, of a table of `check`.
fn findings(said: &Said) -> Vec<String> {
    let rows: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let row =
        |row: &serde_json::Value| format!("{}@{}", row["what"].as_str().unwrap(), row["machine"].as_str().unwrap());
    rows.as_array().unwrap().iter().map(row).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn three_machines_become_a_cluster_and_are_given_back() {
    let machines = match Machines::open() {
        Ok(machines) => machines,
        Err(why) => {
            eprintln!("NOT RUN: a cluster grown over ssh; {why}");
            return;
        }
    };
    let begun = Instant::now();
    let tell = |what: &str| eprintln!("{:6.1} s  {what}", begun.elapsed().as_secs_f32());
    let operator = Operator { machines: &machines };

    planned(&operator);
    tell("planned");
    a_centre_is_there(&machines);
    let before: Vec<String> = MACHINES.iter().map(|name| machines.traces(name)).collect();

    // Killed while accounting is set up, and called again: it goes on, and nothing is done twice.
    operator.apply_until("slurmdbd.conf: done");
    tell("killed half way");
    let applied = operator.grow(&["apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    assert!(applied.stdout.contains("head  slurmdbd.conf: already so"), "{}", applied.stdout);
    assert!(applied.stdout.contains("head  controller (slurmctld): done"), "{}", applied.stdout);
    tell("applied");

    a_real_cluster(&machines);
    the_first_park_is_read(&machines);
    let checked = operator.grow(&["check"]);
    assert_eq!((checked.code, checked.stderr.as_str()), (0, ""), "{}", checked.stdout);
    tell("checked");

    fair_share_goes_on(&machines);
    tell("told of the past");
    broken_and_mended(&operator, &machines);
    tell("broken and mended");
    the_program_is_brought(&operator, &machines);
    tell("another program was found, and replaced");

    let undone = operator.grow(&["undo"]);
    assert_eq!(undone.code, 0, "{}{}", undone.stdout, undone.stderr);
    let after: Vec<String> = MACHINES.iter().map(|name| machines.traces(name)).collect();
    assert_eq!(before, after, "what was there before is there again, and nothing else");
    assert_eq!(
        machines.on("head", &format!("{CENTRE} node list --quiet")),
        "",
        "the centre takes nothing more from them"
    );
    let dump = machines.on("head", "cat /var/lib/algoric/grow/slurm_acct_db-*.sql");
    assert!(dump.contains("mesca_job_table"), "the history was not kept");
    let again = operator.grow(&["undo"]);
    assert_eq!((again.code, again.stdout.as_str()), (0, "There was nothing to take back.\n"));
    tell("undone");
}

/// Scanned and planned, with nothing that others may read.
fn planned(operator: &Operator<'_>) {
    let scanned = operator.grow(&[
        "scan",
        "head=10.88.0.1",
        "n1=10.88.0.2",
        "n2=10.88.0.3",
        "--cluster",
        "mesca",
        "--trust-new-keys",
        "--quiet",
    ]);
    assert_eq!((scanned.code, scanned.stdout.as_str()), (0, "head\nn1\nn2\n"), "{}", scanned.stderr);
    let place = operator.machines.place();
    let park = place.join("park.toml");
    let own = "home = \"/srv/home\"\n[[project]]\nname = \"eau\"\nmembers = [\"nessie\"]\n\
               [node]\ncentre = \"10.88.0.1:7443\"\ndata = \"/var/lib/centre\"\nprogram = \"/opt/algoric/algoric\"\n";
    let text = fs::read_to_string(&park).unwrap();
    // Without systemd beside the unified control groups Debian's Slurm has nobody to ask for its own.
    let has_v2 = Path::new("/sys/fs/cgroup/cgroup.controllers").exists();
    let plain = "\n[slurm]\nlines = ['ProctrackType=proctrack/linuxproc', 'TaskPlugin=task/affinity']\n";
    let text = text.replace("# home = \"/home\"         # the folder that all machines share\n", own);
    let text = if has_v2 { text.replacen("\n[[machine]]", &format!("{plain}\n[[machine]]"), 1) } else { text };
    fs::write(&park, text).unwrap();
    // Scanned again: what the operator wrote is still there.
    assert_eq!(operator.grow(&["scan", "--quiet"]).code, 0);
    assert!(fs::read_to_string(&park).unwrap().contains(own));

    let planned = operator.grow(&["plan"]);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let folder = place.join("grow");
    assert_eq!(mode(&folder), 0o700);
    assert_eq!((mode(&folder.join("files/munge.key")), mode(&folder.join("files/slurmdbd.conf"))), (0o600, 0o600));
    let key = fs::read_to_string(folder.join("files/munge.key")).unwrap();
    for shown in ["PLAN.md", "plan.json"] {
        assert!(!fs::read_to_string(folder.join(shown)).unwrap().contains(&key), "{shown} tells the key");
    }
    assert_eq!(operator.grow(&["plan"]).code, 0);
    assert_eq!(fs::read_to_string(folder.join("files/munge.key")).unwrap(), key, "a new plan goes on with its key");
    let dry = operator.grow(&["apply", "--dry-run"]);
    assert!(dry.code == 0 && dry.stdout.contains("Nothing was changed on mesca."), "{}{}", dry.stdout, dry.stderr);
}

/// A centre on the controller, to whom machines are to report.
const CENTRE: &str = "/srv/home/bin/algoric --data /var/lib/centre";

fn a_centre_is_there(machines: &Machines) {
    let folder = machines.place().join("home/bin");
    fs::create_dir_all(&folder).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_algoric"), folder.join("algoric")).unwrap();
    machines.on(
        "head",
        &format!(
            "mkdir -p -m 755 /var/lib/centre && printf '[nodes]\nlisten = \"0.0.0.0:7443\"\n' > /var/lib/centre/config.toml && \
             {{ setsid {CENTRE} up --listen 127.0.0.1:8080 > /tmp/centre.log 2>&1 < /dev/null & }}; \
             for i in $(seq 60); do {CENTRE} status >/dev/null 2>&1 && exit 0; sleep 0.5; done; cat /tmp/centre.log; exit 1"
        ),
    );
}

/// What was used before the cluster came is told to Slurm: near enough, once, and without what budgets are held by.
fn fair_share_goes_on(machines: &Machines) {
    let past = "/srv/home/past";
    machines.on(
        "head",
        &format!(
            "mkdir -p {past} && cp -r /var/lib/centre/db {past}/ && chmod -R a+rX {past} && \
             printf '[cluster]\nengine = \"slurm\"\n' > {past}/config.toml"
        ),
    );
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let row = |account: &str, cpu_ms: u64| serde_json::json!({"account": account, "uid": 7001, "cpu_ms": cpu_ms});
    // Of a project that Slurm does not know nobody can be told anything.
    let rows = [row("Eau", 36_000_000_000), row("gone", 7_200_000)];
    let used = serde_json::json!({"at": now_ms - 7 * 86_400_000, "rows": rows, "charged": []}).to_string();
    let data = rusqlite::Connection::open(machines.place().join("home/past/db/algoric.db")).unwrap();
    data.execute("INSERT OR REPLACE INTO meta (key, value) VALUES ('usage', ?1)", [used]).unwrap();
    drop(data);
    let tell =
        || machines.on("head", &format!("LC_ALL=C /opt/algoric/algoric --data {past} grow usage 2>&1; echo code $?"));
    let said = tell();
    // It fades while the command runs: its last digit is any.
    assert!(["eau  nessie: 5000.0", "eau  nessie: 4999.9"].iter().any(|line| said.contains(line)), "{said}");
    let refused = said.split("gone  nessie: ").nth(1).unwrap_or_default();
    assert!(refused.contains("of which Slurm knows 0.00\n    sbatch: "), "{said}");
    assert!(said.ends_with("Of one member's use Slurm does not know enough: call this again.\ncode 1\n"), "{said}");
    let raw = || machines.on("head", "sshare -a -P -h -o Account,User,RawUsage,GrpTRESRaw | grep 'eau|nessie'");
    let shares = raw();
    let fields: Vec<&str> = shares.trim().split('|').collect();
    // A week is half of it: 36 000 000 CPU-seconds are 18 000 000.
    let told: u64 = fields[2].parse().unwrap();
    assert!((17_400_000..18_600_000).contains(&told), "{shares}");
    let minutes =
        |name: &str| -> u64 { fields[3].split(',').find_map(|part| part.strip_prefix(name)?.parse().ok()).unwrap() };
    assert!(minutes("cpu=") <= 1, "what budgets are held by has not counted it: {shares}");
    let jobs = || machines.on("head", "sacct -a -X -n -P --name=algoric-past -o JobID,State | sort");
    let before = jobs();
    assert!(before.lines().count() >= 2 && before.lines().all(|job| job.ends_with("COMPLETED")), "{before}");
    tell();
    assert_eq!(jobs(), before, "what Slurm knows it is not told again");
    assert_eq!(machines.on("head", "scontrol -a show partition | grep -c algoric-past || true"), "0\n");
}

/// The very program that was called lies on each machine; another one is found, and replaced.
fn the_program_is_brought(operator: &Operator<'_>, machines: &Machines) {
    let own = machines.on("head", "sha256sum < /srv/home/bin/algoric");
    assert_eq!(
        machines.on("n1", "sha256sum < /opt/algoric/algoric; stat -c '%U %a' /opt/algoric/algoric"),
        own.clone() + "root 755\n"
    );
    machines.on("n1", "cp /bin/true /opt/algoric/new && mv /opt/algoric/new /opt/algoric/algoric");
    let checked = operator.grow(&["check", "--json"]);
    assert_eq!((checked.code, findings(&checked)), (4, vec!["program@n1".to_owned(), "node@n1".to_owned()]));
    let applied = operator.grow(&["apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    assert_eq!(machines.on("n1", "sha256sum < /opt/algoric/algoric"), own);
    let again = operator.grow(&["apply"]);
    assert!(again.stdout.contains("n1    the program (algoric): already so"), "{}", again.stdout);
    let listed = format!("test \"$({CENTRE} node list --quiet | tr '\\n' ' ')\" = 'head n1 n2 '");
    machines.on("head", &listed);
}

/// As Slurm itself says it.
fn a_real_cluster(machines: &Machines) {
    let on_head = |line: &str| machines.on("head", line);
    assert_eq!(on_head("sinfo -h -o '%n %T' | sort"), "head idle\nn1 idle\nn2 idle\n");
    let names = on_head("srun -N3 --ntasks-per-node=1 --mem=64 hostname | sort");
    assert_eq!(names, "head\nn1\nn2\n");
    // As a member: held to her project, confined to her cores, her files in the shared home.
    let script = "cd /srv/home/nessie && srun -A eau -N2 -n2 -c2 --mem=64 sh -c \
                  'hostname; hostname >> seen; nproc' | sort | uniq -c";
    let of_nessie = on_head(&format!("setpriv --reuid=7001 --regid=7001 --clear-groups sh -c \"{script}\""));
    assert!(of_nessie.contains("2 2"), "both have two cores each: {of_nessie}");
    assert_eq!(fs::read_to_string(machines.place().join("home/nessie/seen")).unwrap().lines().count(), 2);
    let refused = on_head("setpriv --reuid=7001 --regid=7001 --clear-groups srun -A other hostname 2>&1 || true");
    assert!(refused.contains("Invalid account"), "{refused}");
    let config = on_head("scontrol show config");
    assert!(config.contains("SelectType              = select/cons_tres"), "{config}");
    assert_eq!(on_head("sacctmgr -nP show qos format=name,priority,preempt"), "normal|500|\nlow|0|\nurgent|1000|low\n");
    assert_eq!(on_head("stat -c '%U %a' /etc/slurm/slurmdbd.conf /etc/munge/munge.key"), "slurm 600\nmunge 400\n");
    let log = on_head("grep -hiE 'error|fatal' /var/log/slurm/slurmctld.log || true");
    assert!(!log.contains("fatal") && !log.to_lowercase().contains("parse"), "{log}");
}

/// The configuration of a park that nobody has here (64 CPUs, 1 TB, GPUs, partitions, machines that go off), as `site`'s
/// tests keep it, is read by a real slurmctld. Only its own places are others: it is to disturb nobody.
fn the_first_park_is_read(machines: &Machines) {
    let text = |name: &str| {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../site/tests/it/snapshots/it__plans__").to_owned() + name;
        let kept = fs::read_to_string(path).unwrap();
        kept.splitn(3, "---\n").nth(2).unwrap().to_owned()
    };
    let conf = text("slurm.conf.snap");
    let others = text("others.snap");
    let gres = others.split("== ").find_map(|part| part.strip_prefix("gres.conf\n")).unwrap();
    assert!(conf.contains("Gres=gpu:quadro_k4000:3") && gres.contains("/dev/nvidia3"));
    let own = [
        "SlurmctldHost=n2(10.88.0.3)",
        "SlurmctldPort=7817",
        "SlurmUser=root",
        "AccountingStorageType=accounting_storage/none",
        "StateSaveLocation=/tmp/first",
        "SlurmctldPidFile=/tmp/first/pid",
        "SlurmctldLogFile=/tmp/first/log",
        "SuspendProgram=/bin/true",
        "ResumeProgram=/bin/true",
    ];
    let is_replaced = |line: &&str| {
        let key = |line: &str| line.split('=').next().unwrap().to_owned();
        own.iter().any(|own| key(own) == key(line))
            // These ask for slurmdbd.
            || line.starts_with("AccountingStorageEnforce") || line.starts_with("AccountingStorageTRES")
            || line.starts_with("PriorityWeight") || line.starts_with("AccountingStoreFlags")
    };
    let conf: Vec<&str> = own.iter().copied().chain(conf.lines().filter(|line| !is_replaced(line))).collect();
    let script = format!(
        "mkdir -p /tmp/first && cd /tmp/first && printf '%s\\n' '{}' > slurm.conf && printf '%s\\n' '{gres}' > gres.conf && \
         echo CgroupPlugin=cgroup/v1 > cgroup.conf && export SLURM_CONF=/tmp/first/slurm.conf && \
         {{ timeout 20 slurmctld -D -c > out 2>&1 & }}; \
         for i in 1 2 3 4 5 6 7 8 9 10; do scontrol ping | grep -q UP && break; sleep 1; done; \
         sinfo -h -N -o '%N %c %m %G %P' | sort; scontrol show config | grep '^SuspendTime '; grep -E 'fatal|Pars|nvalid' out; \
         kill $(cat pid)",
        conf.join("\n").replace('\'', "'\\''")
    );
    let said = machines.on("n2", &script);
    let said: Vec<&str> = said.lines().filter(|line| !line.contains("MailProg")).collect();
    assert_eq!(
        said,
        [
            "neh1 8 30976 (null) main*",
            "neh2 8 30976 (null) main*",
            "smp1 64 1023744 gpu:quadro_k4000:3,gpu:quadro_k2000:1 main*",
            "smp1 64 1023744 gpu:quadro_k4000:3,gpu:quadro_k2000:1 smp",
            "SuspendTime             = 1800 sec",
        ]
    );
}

/// What is changed by hand is found, told apart from who does not answer, and mended by the next `apply`.
fn broken_and_mended(operator: &Operator<'_>, machines: &Machines) {
    machines.on("n1", "echo '# by hand' >> /etc/slurm/slurm.conf");
    machines.on("n2", "kill $(pidof slurmd); echo '127.0.0.1 localhost' > /etc/hosts");
    let checked = operator.grow(&["check", "--json"]);
    assert_eq!(checked.code, 4, "{}", checked.stdout);
    assert_eq!(findings(&checked), ["hosts@n2", "file:slurm.conf@n1", "slurmd@n1", "slurmd@n2"]);
    let applied = operator.grow(&["apply"]);
    assert_eq!(applied.code, 0, "{}{}", applied.stdout, applied.stderr);
    assert!(applied.stdout.contains("The cluster mesca is up (3 steps done)"), "{}", applied.stdout);
    assert!(applied.stdout.contains("n2    names in /etc/hosts: done"), "{}", applied.stdout);

    // A member with another number, and a home that is not the others': nothing that could be done from here.
    machines.on("n1", "usermod -u 7009 nessie && umount /srv/home");
    let stopped = operator.grow(&["apply"]);
    assert_eq!(stopped.code, 1);
    assert!(
        stopped.stdout.contains("nessie has the number 7009 here and 7001 on the controller"),
        "{}",
        stopped.stdout
    );
    assert!(!stopped.stdout.contains("/etc/hosts"), "nothing after that is begun: {}", stopped.stdout);
    let checked = operator.grow(&["check", "--json"]);
    assert_eq!((checked.code, findings(&checked)), (4, vec!["members@n1".to_owned(), "home@n1".to_owned()]));
    machines.on("n1", "usermod -u 7001 nessie && mount --bind /run/home /srv/home");

    machines.cut("n2");
    let checked = operator.grow(&["check", "--json"]);
    assert_eq!(checked.code, 5, "{}", checked.stdout);
    assert!(findings(&checked).contains(&"reach@n2".to_owned()), "{}", checked.stdout);
    machines.join("n2");
}
