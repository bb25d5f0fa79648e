//! `cargo xtask bench ingest`: how long a centre takes to take in the accounting of a Slurm cluster.
//!
//! The accounting is made, not recorded: this program stands in for Slurm's commands (by links that have their names) and
//! prints rows of the real format, two for each job, by the columns that it is asked for. Everything after that is real:
//! the centre, its data file, and with `--priced` the ledger.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail, ensure};

use super::{cpu, idle};
use crate::demo::Stage;
use crate::{deb, tools};

/// Seconds that a million jobs may take.
const GOAL: f64 = 60.0;
/// The jobs ended in so many days before today.
const DAYS: u64 = 100;
const PROJECTS: u64 = 20;
const MEMBERS: u64 = 50;
/// Seconds that each job ran.
const RAN: u64 = 600;
/// What the commands that are stood in for read, beside them.
const MADE: &str = "made";
/// Where `sdiag` says that it was asked: once for each look.
const LOOKS: &str = "looks";

/// `bench ingest [--jobs N] [--priced] [--binary FILE]`
pub fn main(arguments: &[String]) -> Result<ExitCode> {
    tools::only(arguments, &["priced"], &["jobs", "binary"])?;
    let jobs: u64 = tools::option(arguments, "jobs").unwrap_or("1000000").parse().context("--jobs takes a number")?;
    let binary: PathBuf = match tools::option(arguments, "binary") {
        Some(file) => file.into(),
        None => deb::build("release")?,
    };
    let folder = tools::target()?.join("bench").join(std::process::id().to_string());
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let measured = measure(&folder, &binary, jobs, arguments.iter().any(|word| word == "--priced"));
    fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    measured?;
    Ok(ExitCode::SUCCESS)
}

fn measure(folder: &Path, binary: &Path, jobs: u64, is_priced: bool) -> Result<()> {
    let text = |path: &Path| path.to_str().map(String::from).context("a path that is no text");
    let stage = Stage::new(&text(&folder.join("centre"))?, Some(&text(binary)?))?;
    let slurm = folder.join("slurm");
    stand_in(&slurm, jobs)?;
    let cluster = format!("[cluster]\nengine = 'slurm'\ncommands = '{}'\nusage_seconds = 1\n", slurm.display());
    let money = "[money]\ntariffs = 'tariffs.toml'\nmachine = 'sandy-bridge'\nstatus = 'franchise'\n";
    if is_priced {
        fs::copy(tools::root().join("crates/ledger/data/tariffs.toml"), stage.data().join("tariffs.toml"))?;
        fs::write(stage.data().join("config.toml"), money)?;
        customers(&stage)?;
    }
    let money = if is_priced { money } else { "" };
    fs::write(stage.data().join("config.toml"), format!("{money}{cluster}"))?;
    stage.commands()?;
    let centre = stage.start(&[])?;
    let pid: u32 = serde_json::from_str::<serde_json::Value>(&stage.algoric(["status", "--json"])?)?["pid"]
        .to_string()
        .parse()
        .context("status names no process")?;
    let begun = Instant::now();
    let took = loop {
        if let [first, second, ..] = looks(&slurm)?[..] {
            break second - first;
        }
        ensure!(begun.elapsed() < Duration::from_secs(1800), "the accounting was not read in half an hour");
        std::thread::sleep(Duration::from_millis(200));
    };
    let processor = cpu::of_threads(&[pid]);
    let resident = idle::memory(&[pid], "VmHWM:");
    for job in [1, jobs / 2, jobs] {
        let mut sacct = stage.command("sacct");
        let said = tools::output(sacct.args(["-n", "-X", "-P", "-o", "jobid,state", "-j", &job.to_string()]))?;
        ensure!(said.trim() == format!("{job}|COMPLETED"), "job {job} is not there: {said}");
    }
    stage.algoric(["stop"])?;
    centre.wait()?;
    let kind = if is_priced { "each with its price" } else { "without prices" };
    println!("{jobs} jobs of a made accounting, {kind}: {took:.1} s (goal for 1 000 000: {GOAL} s)");
    println!("{:.1} us a job, {:?} s of the centre's processor time", took * 1e6 / jobs as f64, processor);
    println!("resident memory of the centre at most: {resident:?} MiB");
    Ok(())
}

/// Projects that somebody pays for.
fn customers(stage: &Stage) -> Result<()> {
    let centre = stage.start(&[])?;
    for number in 0..PROJECTS {
        let (code, project) = (format!("C{number}"), format!("p{number}"));
        let who = ["customer", "add", &code, "--name", &code, "--category", "company", "--siren", "987654324"];
        let place = ["--street", "1, rue du Port", "--postcode", "56400", "--town", "Auray"];
        stage.algoric([&who[..], &place].concat())?;
        stage.algoric(["project", "add", &project])?;
        stage.algoric(["project", "customer", &project, &code])?;
    }
    stage.algoric(["stop"])?;
    centre.wait()
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Links to this program by the names of Slurm's commands, and what they are to make.
fn stand_in(folder: &Path, jobs: u64) -> Result<()> {
    fs::create_dir_all(folder)?;
    let own = std::env::current_exe()?;
    for name in COMMANDS {
        std::os::unix::fs::symlink(&own, folder.join(name))?;
    }
    // Root's centre serves as another user, who writes here when it looked.
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o777))?;
    Ok(fs::write(folder.join(MADE), format!("{jobs} {}", now() - DAYS * 86_400))?)
}

/// When the centre began each look, in seconds.
fn looks(folder: &Path) -> Result<Vec<f64>> {
    let text = fs::read_to_string(folder.join(LOOKS)).unwrap_or_default();
    Ok(text.lines().filter_map(|line| line.parse().ok()).collect())
}

const COMMANDS: [&str; 5] = ["sacct", "squeue", "scontrol", "sdiag", "sacctmgr"];

/// Where this program was called by the name of one of Slurm's commands: does as that would.
pub fn as_slurm() -> Option<ExitCode> {
    let called = PathBuf::from(std::env::args_os().next()?);
    let name = called.file_name()?.to_str()?.to_owned();
    if !COMMANDS.contains(&name.as_str()) {
        return None;
    }
    let folder = called.parent()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    Some(match answer(&name, folder, &arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{name}: {fault:#}");
            ExitCode::FAILURE
        }
    })
}

fn answer(name: &str, folder: &Path, arguments: &[String]) -> Result<()> {
    match (name, arguments.last().map(String::as_str)) {
        ("sacct", _) => rows(folder, arguments),
        ("sdiag", _) => {
            let mut file = fs::OpenOptions::new().create(true).append(true).open(folder.join(LOOKS))?;
            let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
            writeln!(file, "{:.3}", since.as_secs_f64())?;
            println!("DBD Agent queue size: 0");
            Ok(())
        }
        ("scontrol", Some("config")) => say("ClusterName = made\nSLURM_VERSION = 22.05.8"),
        ("scontrol", Some("node")) => say(
            "NodeName=n1 CoresPerSocket=8 CPUAlloc=0 CPUTot=16 CPULoad=0.00 RealMemory=64000 AllocMem=0 FreeMem=64000 \
             Sockets=2 State=IDLE ThreadsPerCore=1 Partitions=debug Version=22.05.8",
        ),
        ("scontrol", Some("partition")) => {
            say("PartitionName=debug Default=YES State=UP Nodes=n1 TotalCPUs=16 TRES=cpu=16,mem=64000M")
        }
        _ => Ok(()),
    }
}

fn say(text: &str) -> Result<()> {
    println!("{text}");
    Ok(())
}

/// The jobs that ended in the window asked for, by the columns asked for.
fn rows(folder: &Path, arguments: &[String]) -> Result<()> {
    let option = |name: &str| arguments.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
    let time = |name: &str| -> Result<u64> {
        let text = option(name).with_context(|| format!("no {name}"))?;
        let time: jiff::civil::DateTime = text.parse()?;
        Ok(u64::try_from(time.to_zoned(jiff::tz::TimeZone::UTC)?.timestamp().as_second()).unwrap_or(0))
    };
    let made = fs::read_to_string(folder.join(MADE))?;
    let Some((jobs, begin)) = made.split_once(' ') else { bail!("nothing to make") };
    let (jobs, begin): (u64, u64) = (jobs.parse()?, begin.parse()?);
    let (from, to) = (time("--starttime")?, time("--endtime")?);
    let separator = option("--delimiter").context("no --delimiter")?;
    let columns: Vec<&str> = option("--format").context("no --format")?.split(',').collect();
    let end_of = |job: u64| begin + job * DAYS * 86_400 / jobs;
    // Ends are in order: the first one is found by halving.
    let (mut low, mut high) = (1, jobs + 1);
    while low < high {
        let middle = (low + high) / 2;
        if end_of(middle) < from { low = middle + 1 } else { high = middle }
    }
    let mut out = BufWriter::with_capacity(1 << 20, std::io::stdout().lock());
    let mut line = String::new();
    for job in (low..=jobs).take_while(|job| end_of(*job) <= to) {
        line.clear();
        for is_step in [false, true] {
            for column in &columns {
                put(&mut line, column, job, end_of(job), is_step);
                line.push_str(separator);
            }
            line.push('\n');
        }
        out.write_all(line.as_bytes())?;
    }
    Ok(out.flush()?)
}

fn put(line: &mut String, column: &str, job: u64, end: u64, is_step: bool) {
    let cpus = 1 + job % 8;
    let written = match column {
        "DBIndex" => write!(line, "{}", 3 * job),
        "JobID" | "JobIDRaw" if is_step => write!(line, "{job}.batch"),
        "JobID" | "JobIDRaw" => write!(line, "{job}"),
        "State" => write!(line, "COMPLETED"),
        "Submit" | "Eligible" => write!(line, "{}", end - RAN - job % 1000),
        "Start" => write!(line, "{}", end - RAN),
        "End" => write!(line, "{end}"),
        "ElapsedRaw" => write!(line, "{RAN}"),
        "AllocCPUS" => write!(line, "{cpus}"),
        "AllocNodes" => write!(line, "1"),
        "AllocTRES" => write!(line, "billing={cpus},cpu={cpus},mem={}M,node=1", 1000 * cpus),
        "ExitCode" => write!(line, "0:0"),
        "UserCPU" => write!(line, "00:0{}.015", job % 10),
        "SystemCPU" => write!(line, "00:00.003"),
        "NodeList" => write!(line, "n1"),
        "Account" => write!(line, "p{}", job % PROJECTS),
        "MaxRSS" if is_step => write!(line, "{}K", 10_000 + job % 9999),
        "TRESUsageInTot" if is_step => write!(line, "cpu=00:10:00,energy=0,fs/disk={},mem=10628K", 10 * job),
        "TRESUsageOutTot" if is_step => write!(line, "energy=0,fs/disk={job}"),
        "NTasks" if is_step => write!(line, "1"),
        "JobName" if is_step => write!(line, "batch"),
        _ if is_step => Ok(()),
        "UID" | "GID" => write!(line, "{}", 2000 + job % MEMBERS),
        "User" | "Group" => write!(line, "u{}", job % MEMBERS),
        "Partition" => write!(line, "debug"),
        "QOS" => write!(line, "normal"),
        "ReqTRES" => write!(line, "billing={cpus},cpu={cpus},mem={}M,node=1", 1000 * cpus),
        "ReqNodes" => write!(line, "1"),
        "DerivedExitCode" => write!(line, "0:0"),
        "TimelimitRaw" => write!(line, "60"),
        "Priority" => write!(line, "{}", 1000 + job % 77),
        "ConsumedEnergyRaw" => write!(line, "0"),
        "JobName" => write!(line, "calcul-{}", job % 500),
        "WorkDir" => write!(line, "/home/u{}/runs/{}", job % MEMBERS, job % 10_000),
        "SubmitLine" => write!(line, "sbatch --time=60 -n{cpus} run-{}.sh", job % 500),
        _ => Ok(()),
    };
    // A text in memory takes everything.
    written.unwrap_or_default();
}
