//! `algoric demo fill`: a data directory with a made-up past in it.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, mpsc::channel},
};

use anyhow::{Context, bail, ensure};
use centre::{Calendars, Electricity, Paths};
use energy::{Energy, account::Tariffs};
use jiff::Timestamp;
use model::{
    Gid, JobSpec, JobState, Memory, Outcome, Owner, Reason, Request, RunId, Span, Text, Time, TimeLimit, Uid, Usage,
};
use scheduler::{Finished, Placement, What};
use store::{Batch, BlobId, Db, EnergyWrite, Fact, JobEnergy, Settled, Write, Writer};

use super::past::{self, Job, Meter, Plan};
use crate::{commands::House, console, exit};

/// Makes a data directory with a made-up past: members, projects, jobs that ran, and what they drew
///
/// For looking at full pages and for measuring. Nothing in it happened; users are called `membre001`, `membre002`... and
/// need not exist. The same numbers make the same past. A centre is started on it as on any other.
#[derive(clap::Args)]
pub struct FillArgs {
    /// The data directory; it must not exist yet, or be empty
    folder: PathBuf,
    /// Jobs
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    jobs: u32,
    /// Members
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = clap::value_parser!(u32).range(1..=9999))]
    members: u32,
    /// Projects
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=999))]
    projects: u32,
    /// Cores of the machine it happened on
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    cores: u32,
    /// How far back it goes
    #[arg(long, value_name = "N", default_value_t = 730, value_parser = clap::value_parser!(u32).range(35..=7300))]
    days: u32,
    /// Another number makes another past
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// When it ends (RFC 3339) [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// Users of the past are numbered from here: where no system gives numbers to people.
const FIRST_UID: u32 = 2_000_001;
/// Rows in one transaction.
const TOGETHER: usize = 20_000;
/// Memory of the machine for each core.
const MIB_PER_CORE: u64 = 4096;

/// Makes it.
pub fn run(args: &FillArgs, house: &House) -> anyhow::Result<u8> {
    let paths = Paths::new(&args.folder);
    let is_empty = std::fs::read_dir(&args.folder).map_or(true, |mut entries| entries.next().is_none());
    if !is_empty {
        bail!("{} is not empty: name a directory that does not exist yet", args.folder.display());
    }
    std::fs::create_dir_all(paths.database_directory())
        .with_context(|| format!("making {}", paths.database_directory().display()))?;
    std::fs::write(paths.config(), centre::CONFIG_TEMPLATE)
        .with_context(|| format!("writing {}", paths.config().display()))?;
    let until = Time(args.until.unwrap_or_else(Timestamp::now).as_millisecond());
    let plan = Plan {
        jobs: args.jobs,
        members: args.members,
        projects: args.projects.min(args.members),
        cores: args.cores,
        seed: args.seed,
        from: until - Span::seconds(i64::from(args.days) * 86_400),
        until,
    };
    let jobs = past::jobs(plan)?;
    let mut file = File::create(&paths.database())?;
    people(&mut file, plan)?;
    write_jobs(&mut file, &jobs, plan)?;
    let electricity =
        Electricity::load(&paths.config(), &centre::load_config(&paths.config())?, &Calendars::default())?;
    let measured = write_energy(&mut file, &jobs, plan, electricity.tariffs())?;
    file.flush()?;
    let gaps = [
        ("folder", args.folder.display().to_string().into()),
        ("jobs", jobs.len().into()),
        ("members", plan.members.into()),
        ("projects", plan.projects.into()),
        ("kwh", (measured.0 / energy::UJ_PER_KWH).into()),
    ];
    console::print(format!("{}\n", house.words.with("demo-filled", &gaps)));
    Ok(exit::OK)
}

/// The data file, written in large pieces.
struct File {
    writer: Writer,
    fate: std::sync::mpsc::Receiver<Result<(), store::StoreError>>,
    waiting: Vec<Write>,
}

impl File {
    fn create(path: &Path) -> anyhow::Result<Self> {
        let (db, _) = Db::open(path)?;
        let (tell, fate) = channel();
        let writer = Writer::start(db, move |committed| {
            tell.send(committed.result).ok();
        })?;
        Ok(Self { writer, fate, waiting: Vec::new() })
    }

    fn put(&mut self, write: Write) -> anyhow::Result<()> {
        self.waiting.push(write);
        if self.waiting.len() >= TOGETHER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        self.writer.send(Batch { number: 0, writes: std::mem::take(&mut self.waiting) });
        self.fate.recv().context("the writing thread is gone")??;
        Ok(())
    }
}

fn user(member: u32) -> String {
    format!("membre{:03}", member + 1)
}

fn project(member: u32, plan: Plan) -> String {
    format!("projet{:02}", member % plan.projects + 1)
}

fn people(file: &mut File, plan: Plan) -> anyhow::Result<()> {
    for number in 0..plan.projects {
        let name = project(number, plan);
        file.put(Write::Project {
            description: format!("Projet inventé {}", number + 1),
            name,
            shares: 1,
            closed: false,
        })?;
    }
    for member in 0..plan.members {
        file.put(Write::Member { user: user(member), project: project(member, plan), membership: Some(true) })?;
    }
    Ok(())
}

fn write_jobs(file: &mut File, jobs: &[Job], plan: Plan) -> anyhow::Result<()> {
    let mut scripts: BTreeMap<&str, BlobId> = BTreeMap::new();
    file.put(Write::Blob { id: BlobId(1), bytes: Arc::from(&b"PATH=/usr/bin:/bin\0"[..]) })?;
    for job in jobs {
        let next = BlobId(scripts.len() as i64 + 2);
        let script = *scripts.entry(job.kind.name).or_insert(next);
        if script == next {
            file.put(Write::Blob { id: next, bytes: Arc::from(job.kind.script.as_bytes()) })?;
        }
        let spec = Arc::new(spec(job, plan));
        let (id, base) = (job.id, Some(job.id));
        file.put(Write::Submission { id, at: job.submit, spec, script, environment: BlobId(1) })?;
        let mut event = |at, what| file.put(Write::Event { at, base, fact: Box::new(Fact::Job(what)) });
        event(job.submit, What::Submitted { id, spec: None, known: Vec::new() })?;
        let placement = Placement { cpus: job.cpus.clone(), memory_mib: Some(job.memory_mib), gpus: Vec::new() };
        event(job.start, What::Started { run: past::run(job), task: None, placement: placement.clone() })?;
        if job.state == JobState::Cancelled {
            event(job.end, What::Cancelled { id, tasks: None, by: Uid(FIRST_UID + job.member) })?;
        }
        let usage = usage(job);
        let outcome = match job.state {
            JobState::OutOfMemory => Outcome::OutOfMemory(job.exit),
            _ => Outcome::Exited(job.exit),
        };
        event(job.end, What::Ended { run: past::run(job), outcome, usage })?;
        let finished = Finished {
            run: past::run(job),
            task: None,
            tasks: None,
            state: job.state,
            reason: Reason::None,
            exit: job.exit,
            script_exit: job.exit,
            cancelled_by: (job.state == JobState::Cancelled).then_some(Uid(FIRST_UID + job.member)),
            eligible: Some(job.submit),
            start: Some(job.start),
            end: job.end,
            suspended: Span(0),
            placement,
            usage,
            priority: 1000,
            displaced_by: None,
        };
        file.put(Write::Run { base: id, finished: Box::new(finished), node: Arc::from("fabrique") })?;
        file.put(Write::Close(id))?;
    }
    Ok(())
}

fn spec(job: &Job, plan: Plan) -> JobSpec {
    let (name, uid) = (user(job.member), FIRST_UID + job.member);
    let owner = Owner { uid: Uid(uid), gid: Gid(uid), user: name.clone(), group: name.clone() };
    let mut spec = JobSpec::plain(Text::from(job.kind.name), owner, Text::from(format!("/home/{name}")));
    spec.account = project(job.member, plan);
    spec.partition = "main".to_owned();
    spec.qos = "normal".to_owned();
    spec.request =
        Request { tasks: Some(job.cpus.len() as u32), memory: Memory::PerNode(job.memory_mib), ..Request::default() };
    spec.time_limit = TimeLimit::Span(job.limit);
    spec.submit_host = "fabrique".to_owned();
    spec.submit_line = Text::from("sbatch job.sh");
    spec
}

fn usage(job: &Job) -> Usage {
    let user_us = job.cpu_us / 100 * 97;
    Usage {
        user_us,
        system_us: job.cpu_us - user_us,
        max_rss_kib: job.memory_mib * 1024 / 10 * 7,
        read_bytes: job.memory_mib << 18,
        write_bytes: job.memory_mib << 16,
    }
}

/// Shares what the machine drew; says how much that was.
fn write_energy(file: &mut File, jobs: &[Job], plan: Plan, tariffs: Tariffs<'_>) -> anyhow::Result<Energy> {
    let machine: Arc<str> = Arc::from(drivers::local::system::host_name().unwrap_or_else(|_| "fabrique".to_owned()));
    let mut meter = Meter::new(jobs, plan, MIB_PER_CORE * u64::from(plan.cores));
    let (mut samples, mut records, mut drawn) = (Vec::new(), BTreeMap::new(), Energy::ZERO);
    let mut flush = |samples: &mut Vec<_>, records: &mut BTreeMap<RunId, JobEnergy>| {
        let jobs = std::mem::take(records).into_values().collect();
        let settled =
            Settled { machine: machine.clone(), samples: std::mem::take(samples), jobs, resume: "{}".to_owned() };
        file.put(Write::Energy(Box::new(EnergyWrite::Settled(settled))))?;
        file.flush()
    };
    while let Some((shared, changed)) = meter.next(tariffs) {
        drawn += shared.iter().fold(Energy::ZERO, |sum, part| sum + part.interval.energy);
        samples.extend(shared);
        records.extend(changed.into_iter().map(|record| (record.job, stored(record, &machine))));
        if samples.len() >= 1000 {
            flush(&mut samples, &mut records)?;
        }
    }
    flush(&mut samples, &mut records)?;
    ensure!(drawn > Energy::ZERO, "nothing was drawn");
    Ok(drawn)
}

fn stored(record: energy::live::Record<RunId>, machine: &Arc<str>) -> JobEnergy {
    let energy::live::Record { job, start, end, holds, cpu_us, measured_ms, account } = record;
    JobEnergy {
        job: job.job,
        attempt: job.attempt,
        machine: machine.clone(),
        start,
        end,
        cpu_us,
        cores: holds.cores,
        memory_mib: holds.memory_mib,
        gpus: holds.gpus.len() as u32,
        measured_ms,
        account,
    }
}
