//! `sacct`: jobs that are over, or not, each with its steps. Must not know where they go.
//!
//! Asked for as [`arguments`] and [`ENVIRONMENT`] say: every column by name, times as seconds since 1970 (so that no
//! zone and no change of the clock's hour touches them), all duplicates of a number (a requeue begins a new row).

use model::{Exit, IndexSet, JobId, JobState, Owner, Span, Text, Time, TimeLimit, Uid, Usage};

use super::{
    Unreadable,
    split::Rows,
    values::{self, tres},
};

/// What the columns are called. The first one names a row in Slurm's database for ever: a newer Slurm has SLUIDs.
pub const COLUMNS: [&str; 37] = [
    "DBIndex",
    "JobIDRaw",
    "JobID",
    "State",
    "Submit",
    "Eligible",
    "Start",
    "End",
    "ElapsedRaw",
    "UID",
    "User",
    "GID",
    "Group",
    "Account",
    "Partition",
    "QOS",
    "AllocCPUS",
    "AllocNodes",
    "AllocTRES",
    "ReqTRES",
    "ReqNodes",
    "NTasks",
    "NodeList",
    "ExitCode",
    "DerivedExitCode",
    "TimelimitRaw",
    "Priority",
    "ConsumedEnergyRaw",
    "UserCPU",
    "SystemCPU",
    "MaxRSS",
    "TRESUsageInTot",
    "TRESUsageOutTot",
    "Reservation",
    "JobName",
    "WorkDir",
    "SubmitLine",
];

/// What `sacct` needs in its environment.
pub const ENVIRONMENT: [(&str, &str); 2] = [("TZ", "UTC"), ("SLURM_TIME_FORMAT", "%s")];

/// The states that a job does not leave.
const ENDED: &str = "BF,CA,CD,DL,F,NF,OOM,PR,RQ,RS,RV,TO";

/// Which jobs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Which<'a> {
    /// What ended from then to then.
    Ended(Time, Time),
    /// These, over or not.
    Jobs(&'a [JobId]),
}

/// The arguments of `sacct`.
pub fn arguments(which: &Which<'_>, separator: &str) -> Vec<String> {
    let mut list: Vec<String> =
        ["--allusers", "--duplicates", "--parsable", "--noheader", "--noconvert"].map(String::from).into();
    list.push(format!("--delimiter={separator}"));
    list.push(format!("--format={}", COLUMNS.join(",")));
    match which {
        Which::Ended(from, to) => {
            list.push(format!("--starttime={}", stamp(*from)));
            list.push(format!("--endtime={}", stamp(*to)));
            list.push(format!("--state={ENDED}"));
        }
        Which::Jobs(jobs) => {
            let jobs: Vec<String> = jobs.iter().map(ToString::to_string).collect();
            list.push(format!("--jobs={}", jobs.join(",")));
        }
    }
    list
}

/// A time as `sacct` reads it, in UTC.
fn stamp(time: Time) -> String {
    crate::text::shown(|out| crate::text::put_timestamp(out, time, &jiff::tz::TimeZone::UTC))
}

/// A job's place in an array or a heterogeneous job.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// No array.
    Single,
    /// A task that left the array's record.
    Task(JobId, u32),
    /// Tasks that never did.
    Tasks(JobId, IndexSet),
    /// A part of a heterogeneous job: its first one's number, its place.
    Part(JobId, u32),
}

/// One row of `sacct` that is no step's, with the steps under it.
#[derive(Clone, PartialEq, Debug)]
pub struct Accounted {
    /// Names the row in Slurm's database.
    pub key: String,
    /// The record's number.
    pub job: JobId,
    /// Its place.
    pub place: Place,
    /// Its state.
    pub state: JobState,
    /// Who cancelled it.
    pub cancelled_by: Option<Uid>,
    /// When it was submitted, or put back into the queue.
    pub submit: Time,
    /// When it could have started.
    pub eligible: Option<Time>,
    /// When it started.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// How long it ran, without its stops.
    pub elapsed: Span,
    /// Whose.
    pub owner: Owner,
    /// Project.
    pub account: String,
    /// Partition.
    pub partition: String,
    /// QOS.
    pub qos: String,
    /// CPUs it had.
    pub cpus: u32,
    /// Nodes it had.
    pub nodes: u32,
    /// Memory it had in all, MiB.
    pub memory_mib: Option<u64>,
    /// GPUs it had.
    pub gpus: u32,
    /// CPUs, nodes, memory (MiB) and GPUs that it asked for.
    pub asked: (u32, u32, Option<u64>, u32),
    /// The nodes by name (`n[1-3]`); empty: none.
    pub node_list: String,
    /// How it ended.
    pub exit: Exit,
    /// The highest exit of its steps.
    pub derived_exit: Exit,
    /// Time limit.
    pub time_limit: TimeLimit,
    /// Priority.
    pub priority: u32,
    /// Energy as Slurm's own plugin measured it, microjoules; 0: it did not.
    pub energy_uj: i64,
    /// What it used, its steps together.
    pub usage: Usage,
    /// Reservation.
    pub reservation: Option<String>,
    /// Name.
    pub name: Text,
    /// Working directory.
    pub workdir: Text,
    /// The command line.
    pub submit_line: Text,
    /// The exit of the batch script, where there is one.
    pub script_exit: Option<Exit>,
    /// Steps of `srun`.
    pub steps: Vec<Step>,
    /// Of everything that was read of it: another one means that the row has changed.
    pub fingerprint: u64,
}

/// A step of `srun`.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Its number.
    pub number: u32,
    /// Name.
    pub name: Text,
    /// State.
    pub state: JobState,
    /// Exit.
    pub exit: Exit,
    /// When it started.
    pub start: Option<Time>,
    /// When it ended.
    pub end: Option<Time>,
    /// CPUs.
    pub cpus: u32,
    /// Tasks.
    pub tasks: u32,
    /// What it used.
    pub usage: Usage,
}

/// Reads rows as they come.
#[derive(Debug)]
pub struct Reading {
    rows: Rows,
    open: Option<Accounted>,
}

impl Reading {
    /// For an answer to [`arguments`] with this separator.
    pub fn new(separator: &str) -> Self {
        Self { rows: Rows::new(separator.as_bytes(), COLUMNS.len()), open: None }
    }

    /// More of the answer; `each` gets the jobs that are whole.
    ///
    /// # Errors
    /// [`Unreadable`]: nothing after it is read.
    pub fn push(&mut self, bytes: &[u8], each: &mut impl FnMut(Accounted)) -> Result<(), Unreadable> {
        self.rows.push(bytes);
        let Self { rows, open } = self;
        while let Some(done) = rows.next(|fields| Row(fields).fold(open))? {
            if let Some(job) = done? {
                each(job);
            }
        }
        Ok(())
    }

    /// The answer is over.
    ///
    /// # Errors
    /// [`Unreadable`] where it ended inside a row.
    pub fn end(self, each: &mut impl FnMut(Accounted)) -> Result<(), Unreadable> {
        self.rows.end()?;
        if let Some(job) = self.open {
            each(job);
        }
        Ok(())
    }
}

/// All of an answer.
///
/// # Errors
/// [`Unreadable`].
pub fn read(bytes: &[u8], separator: &str) -> Result<Vec<Accounted>, Unreadable> {
    let mut all = Vec::new();
    let mut reading = Reading::new(separator);
    reading.push(bytes, &mut |job| all.push(job))?;
    reading.end(&mut |job| all.push(job))?;
    Ok(all)
}

/// The fields of one row, by their place in [`COLUMNS`].
struct Row<'a>(&'a [&'a [u8]]);

impl<'a> Row<'a> {
    fn bytes(&self, column: usize) -> &'a [u8] {
        self.0[column]
    }

    /// What is no text is nothing that Slurm wrote itself.
    fn text(&self, column: usize) -> &'a str {
        std::str::from_utf8(self.bytes(column)).unwrap_or("")
    }

    fn fault(&self, column: usize) -> Unreadable {
        Unreadable::Field { field: COLUMNS[column], value: String::from_utf8_lossy(self.bytes(column)).into_owned() }
    }

    fn must<T>(&self, column: usize, read: impl FnOnce(&'a str) -> Option<T>) -> Result<T, Unreadable> {
        read(self.text(column)).ok_or_else(|| self.fault(column))
    }

    fn number(&self, column: usize) -> u32 {
        self.text(column).parse().unwrap_or(0)
    }

    fn owned(&self, column: usize) -> String {
        self.text(column).to_owned()
    }

    /// A job's row closes the one before; a step's goes under it.
    fn fold(&self, open: &mut Option<Accounted>) -> Result<Option<Accounted>, Unreadable> {
        let raw = self.text(1);
        match (raw.split_once('.'), open.as_mut()) {
            (None, _) => Ok(open.replace(self.job()?)),
            (Some((_, step)), Some(job)) if job.key == self.text(0) => {
                job.fingerprint = fingerprint(job.fingerprint, self.0);
                self.step(step, job)?;
                Ok(None)
            }
            // Steps without their job: it is not among what was asked for.
            (Some(_), _) => Ok(open.take()),
        }
    }

    fn job(&self) -> Result<Accounted, Unreadable> {
        let job = JobId(self.must(1, |text| text.parse().ok())?);
        let (state, cancelled_by) = self.must(3, values::state)?;
        let (had, asked) = (self.text(18), self.text(19));
        let memory = |text| tres(text, "mem").and_then(values::memory_mib);
        let asked_cpus = tres(asked, "cpu").and_then(|text| text.parse().ok()).unwrap_or(1);
        Ok(Accounted {
            key: self.must(0, |text| (!text.is_empty()).then(|| text.to_owned()))?,
            job,
            place: self.must(2, |text| place(text, job))?,
            state,
            cancelled_by,
            submit: self.must(4, values::time)?,
            eligible: values::time(self.text(5)),
            start: values::time(self.text(6)),
            end: values::time(self.text(7)),
            elapsed: Span::seconds(self.text(8).parse().unwrap_or(0)),
            owner: Owner {
                uid: Uid(self.must(9, |text| text.parse().ok())?),
                gid: model::Gid(self.number(11)),
                user: self.owned(10),
                group: self.owned(12),
            },
            account: self.owned(13),
            partition: self.owned(14),
            qos: self.owned(15),
            cpus: self.number(16),
            nodes: self.number(17),
            memory_mib: memory(had),
            gpus: values::gpus(had),
            asked: (asked_cpus, self.number(20).max(1), memory(asked), values::gpus(asked)),
            node_list: Some(self.text(22)).filter(|nodes| *nodes != "None assigned").unwrap_or("").to_owned(),
            exit: values::exit(self.text(23)).unwrap_or_default(),
            derived_exit: values::exit(self.text(24)).unwrap_or_default(),
            time_limit: values::limit(self.text(25)),
            priority: self.number(26),
            energy_uj: energy_uj(self.text(27)),
            usage: self.usage(),
            reservation: Some(self.owned(33)).filter(|name| !name.is_empty()),
            name: Text::from(self.bytes(34)),
            workdir: Text::from(self.bytes(35)),
            submit_line: Text::from(self.bytes(36)),
            script_exit: None,
            steps: Vec::new(),
            fingerprint: fingerprint(FNV_START, self.0),
        })
    }

    /// The batch script's numbers are part of the job's: it is no step of its own here, nor is what waits outside.
    fn step(&self, name: &str, job: &mut Accounted) -> Result<(), Unreadable> {
        let usage = self.usage();
        job.usage.max_rss_kib = job.usage.max_rss_kib.max(usage.max_rss_kib);
        job.usage.read_bytes = job.usage.read_bytes.saturating_add(usage.read_bytes);
        job.usage.write_bytes = job.usage.write_bytes.saturating_add(usage.write_bytes);
        let exit = values::exit(self.text(23)).unwrap_or_default();
        if name == "batch" {
            job.script_exit = Some(exit);
        }
        // `12.3+1`: the second part of a step over a heterogeneous job is a row beside the first one.
        let Ok(number) = name.parse() else { return Ok(()) };
        job.steps.push(Step {
            number,
            name: Text::from(self.bytes(34)),
            state: self.must(3, values::state)?.0,
            exit,
            start: values::time(self.text(6)),
            end: values::time(self.text(7)),
            cpus: self.number(16),
            tasks: self.number(21),
            usage,
        });
        Ok(())
    }

    fn usage(&self) -> Usage {
        let disk = |column| tres(self.text(column), "fs/disk").and_then(|bytes| bytes.parse().ok()).unwrap_or(0);
        Usage {
            user_us: values::duration_us(self.text(28)).unwrap_or(0),
            system_us: values::duration_us(self.text(29)).unwrap_or(0),
            max_rss_kib: values::rss_kib(self.text(30)).unwrap_or(0),
            read_bytes: disk(31),
            write_bytes: disk(32),
        }
    }
}

/// Joules as a whole number; what no plugin measured is empty, 0, or all ones.
fn energy_uj(text: &str) -> i64 {
    let joules = text.parse::<i64>().ok().filter(|joules| (1..4_000_000_000).contains(joules));
    joules.map_or(0, |joules| joules * 1_000_000)
}

/// `12`, `12_3`, `12_[4-7%2]`, `12+1`.
fn place(text: &str, job: JobId) -> Option<Place> {
    let id = |text: &str| text.parse().ok().map(JobId);
    if let Some((base, rest)) = text.split_once('_') {
        return match rest.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            None => Some(Place::Task(id(base)?, rest.parse().ok()?)),
            Some(list) => {
                let list = list.split_once('%').map_or(list, |(list, _)| list);
                // A long list is cut off by Slurm (`...`): the record then stands for itself.
                Some(crate::values::array::task_list(list).map_or(Place::Single, |tasks| Place::Tasks(job, tasks)))
            }
        };
    }
    if let Some((first, part)) = text.split_once('+') {
        return Some(Place::Part(id(first)?, part.parse().ok()?));
    }
    Some(Place::Single)
}

const FNV_START: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over the fields, a word at a time, each field ended.
fn fingerprint(start: u64, fields: &[&[u8]]) -> u64 {
    let step = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    fields.iter().fold(start, |hash, field| {
        let mut words = field.chunks_exact(8);
        let whole =
            words.by_ref().fold(hash, |hash, word| step(hash, word.try_into().map(u64::from_le_bytes).unwrap_or(0)));
        let rest = words.remainder().iter().fold(0, |rest: u64, byte| (rest << 8) | u64::from(*byte));
        step(step(whole, rest), field.len() as u64)
    })
}
