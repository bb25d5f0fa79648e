//! `cargo xtask parity`: the cases of `crates/algoric/tests/parity`, typed now with a real Slurm that is started for it on a
//! machine of its own (a namespace), and now with ours; what differs must be listed in `differences.tsv`. What is typed and
//! compared, and how, is the business of the tests of `algoric`, which are called here for both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::artifacts::{self, Executable};
use crate::rooms::{Member, Rooms};
use crate::{packages, tools};

/// As in the recordings (`tests/parity/README.md`).
const VM: &str = "vm";
const ALICE: Member = ("alice", 1001);

const PATIENCE: Duration = Duration::from_secs(60);

/// How long all cases may take with Slurm.
const LIMIT: Duration = Duration::from_secs(3600);

/// How many cases were the same but for listed differences, and how many were not.
pub struct Tally {
    pub passed: usize,
    pub failed: usize,
}

/// `[--cases NAME,...] [--keep DIR]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &[], &["cases", "keep"])?;
    packages::provide_for_cluster()?;
    if let Some(obstacle) = packages::obstacle_for_cluster() {
        anyhow::bail!("{obstacle}");
    }
    let built = artifacts::of_tests(&["--package", "algoric"])?;
    let tally = play(&built, tools::option(arguments, "cases"), tools::option(arguments, "keep").map(Path::new))?;
    println!("parity: {} passed, {} failed", tally.passed, tally.failed);
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// With these tests of `algoric`, these cases, or all. What Slurm said is kept in `keep`, if it is named.
pub fn play(built: &[Executable], cases: Option<&str>, keep: Option<&Path>) -> Result<Tally> {
    let is_it = |one: &&Executable| {
        let name = one.file.file_name().unwrap_or_default().to_string_lossy();
        one.is_test && one.package == "algoric" && name.starts_with("it-")
    };
    let tests = built.iter().find(is_it).context("the tests of algoric are not built")?;
    let place = std::env::temp_dir().join(format!("algoric-parity-{}", std::process::id()));
    fs::create_dir(&place).with_context(|| format!("making {}", place.display()))?;
    let tally = Slurm::start(&place).and_then(|slurm| slurm.compare(tests, cases, keep));
    fs::remove_dir_all(&place).ok();
    tally
}

/// Slurm on one machine, as it was for the recordings.
struct Slurm {
    room: Rooms,
}

impl Slurm {
    fn start(place: &Path) -> Result<Self> {
        let slurm = Self { room: Rooms::open(place, false, &[VM], &[ALICE])? };
        slurm.configure()?;
        let service = |name: &str, question: &str| -> Result<()> {
            slurm.room.must("root", &format!("service {name} start"))?;
            slurm.room.until(question, PATIENCE)
        };
        service("munge", "munge -n | unmunge")?;
        service("mariadb", "mariadb-admin ping")?;
        let line = "create database slurm_acct_db; create user slurm@localhost identified by 'slurm'; \
                    grant all on slurm_acct_db.* to slurm@localhost";
        slurm.room.must("root", &format!("mariadb -e \"{line}\""))?;
        service("slurmdbd", "sacctmgr -n show cluster")?;
        slurm.room.must("root", "sacctmgr -i add cluster base && sacctmgr -i add account proj")?;
        slurm.room.must("root", "sacctmgr -i add user alice account=proj")?;
        service("slurmctld", "scontrol ping | grep -q UP")?;
        service("slurmd", "sinfo -h -o %T | grep -q idle")?;
        Ok(slurm)
    }

    /// `slurm.conf` as the recordings had it.
    fn configure(&self) -> Result<()> {
        let memory = fs::read_to_string("/proc/meminfo")?;
        let memory =
            memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).context("/proc/meminfo")?;
        let conf = format!(
            "ClusterName=base\nSlurmctldHost={VM}(127.0.0.1)\nAuthType=auth/munge\nSlurmUser=slurm\n\
             StateSaveLocation=/var/lib/slurm/slurmctld\nSlurmdSpoolDir=/var/lib/slurm/slurmd\n\
             SlurmctldPidFile=/run/slurmctld.pid\nSlurmdPidFile=/run/slurmd.pid\n\
             SlurmctldLogFile=/var/log/slurm/slurmctld.log\nSlurmdLogFile=/var/log/slurm/slurmd.log\n\
             ProctrackType=proctrack/linuxproc\nTaskPlugin=task/none\nJobAcctGatherType=jobacct_gather/linux\n\
             JobAcctGatherFrequency=5\nSelectType=select/cons_tres\nSelectTypeParameters=CR_Core_Memory\n\
             DefMemPerCPU=100\nReturnToService=2\nMpiDefault=none\nKillWait=5\nFirstJobId=10001\n\
             AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=localhost\n\
             MaxJobCount=50000\nMaxArraySize=20001\nSlurmdParameters=config_overrides\n\
             SchedulerParameters=batch_sched_delay=0,sched_min_interval=0\n\
             NodeName={VM} NodeAddr=127.0.0.1 CPUs=2 RealMemory={} State=UNKNOWN\n\
             PartitionName=debug Nodes=ALL Default=YES MaxTime=INFINITE DefaultTime=01:00:00 State=UP\n",
            memory / 1024 - 500
        );
        let dbd = "AuthType=auth/munge\nDbdHost=localhost\nSlurmUser=slurm\nPidFile=/run/slurmdbd.pid\n\
                   LogFile=/var/log/slurm/slurmdbd.log\nStorageType=accounting_storage/mysql\n\
                   StorageHost=localhost\nStorageUser=slurm\nStoragePass=slurm\nStorageLoc=slurm_acct_db\n";
        // By way of the home, which is seen from both sides.
        fs::write(self.room.home("slurm.conf"), conf)?;
        fs::write(self.room.home("slurmdbd.conf"), dbd)?;
        let lines = "head -c 128 /dev/urandom > /etc/munge/munge.key && chmod 600 /etc/munge/munge.key && \
                     chown munge: /etc/munge/munge.key && mv /home/slurm.conf /etc/slurm && \
                     install -o slurm -m 600 /home/slurmdbd.conf /etc/slurm && rm /home/slurmdbd.conf && \
                     mkdir -p /var/lib/slurm/slurmctld /var/lib/slurm/slurmd && \
                     chown slurm: /var/lib/slurm/slurmctld && mariadb-install-db --user=mysql --skip-test-db";
        self.room.must("root", lines).map(drop)
    }

    /// Has the cases typed here, and what was said compared with what ours says.
    fn compare(&self, tests: &Executable, cases: Option<&str>, keep: Option<&Path>) -> Result<Tally> {
        let folder = self.room.home("alice").join("cases");
        let all = lay_out(&tests.folder.join("tests/parity"), &folder, cases)?;
        fs::copy(&tests.file, self.room.home("tests")).context("copying the tests")?;
        let line = "ALGORIC_RECORD=1 ALGORIC_RECORDINGS=/home/alice/cases /home/tests --exact parity::record::record \
                    --nocapture";
        self.room.must("root", "mkdir /home/alice/work && chown -R alice: /home/alice")?;
        println!("\n{all} cases with Slurm");
        let said = self.room.shell_for(LIMIT, VM, "alice", line)?;
        ensure!(said.is_good(), "the cases could not be typed with Slurm:\n{}", said.text);
        if let Some(keep) = keep {
            fs::create_dir_all(keep)?;
            ensure!(tools::run(tools::command("cp", ["-r"]).arg(&folder).arg(keep))?, "keeping what Slurm said");
        }
        println!("\n{all} cases with ours");
        let mut ours = tools::command(&tests.file.to_string_lossy(), ["--exact", COMPARES, "--nocapture"]);
        let mut failed = std::collections::BTreeSet::new();
        let good = tools::watch(ours.current_dir(&tests.folder).env("ALGORIC_RECORDINGS", &folder), |line| {
            // A complaint begins with its case: `exit-codes: $ sbatch …`.
            if let Some((case, _)) = line.split_once(": $ ").filter(|(case, _)| !case.contains(' ')) {
                failed.insert(case.to_owned());
            }
        })?;
        ensure!(good || !failed.is_empty(), "the cases could not be typed with ours: see above");
        Ok(Tally { passed: all - failed.len(), failed: failed.len() })
    }
}

/// The test that compares.
const COMPARES: &str = "parity::ours_says_what_slurm_said";

/// Copies the cases that are named, or all, and the differences of these; how many there are.
fn lay_out(from: &Path, to: &Path, cases: Option<&str>) -> Result<usize> {
    fs::create_dir_all(to)?;
    let is_wanted = |name: &str| cases.is_none_or(|cases| cases.split(',').any(|case| case == name));
    let mut count = 0;
    for path in fs::read_dir(from)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<PathBuf>, _>>()? {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if path.extension().is_some_and(|extension| extension == "txt") && is_wanted(&name) {
            fs::copy(&path, to.join(path.file_name().unwrap_or_default()))?;
            count += 1;
        }
    }
    fs::copy(from.join("prelude.sh"), to.join("prelude.sh"))?;
    let differences = fs::read_to_string(from.join("differences.tsv"))?;
    let listed = differences.lines().filter(|line| is_wanted(line.split('\t').next().unwrap_or_default()));
    fs::write(to.join("differences.tsv"), listed.fold(String::new(), |text, line| text + line + "\n"))?;
    ensure!(count > 0, "there is no such case");
    Ok(count)
}
