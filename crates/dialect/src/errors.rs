//! What the centre refuses, in Slurm's words: the numbers and texts of its errors, and the lines each command makes of
//! them. Numbers are those of `slurm_errno.h` where Slurm has one, because `scancel` returns them.
//!
//! Must not know why something is refused.

use crate::refusal::Refusal;

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// A refusal by the centre. It travels as a number and a detail ([`Refused::to_wire`]).
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub enum Refused {
            $($(#[$doc])* $name,)*
            /// A partition of this name does not exist.
            InvalidPartition(String),
            /// The machine can never do that; the text says what in one line, or is empty.
            NodeConfigUnavailable(String),
            /// A limit on jobs, size or budget; the text says which in one word, or is empty.
            AccountingPolicy(String),
            /// What we do not do; the text says what.
            NotSupported(String),
            /// Anything else, in words.
            Other(String),
        }

        const PLAIN: &[(Refused, u16, &str)] = &[$((Refused::$name, $code, $text)),*];
    };
}

refusals! {
    /// Nobody listens.
    ContactFailed = 1800, "Unable to contact slurm controller (connect failure)";
    /// There is no default partition and none was named.
    NoPartition = 2001, "No partition specified or system default partition";
    /// Not the caller's business.
    AccessDenied = 2002, "Access/permission denied";
    /// The caller's group may not use the partition.
    PartitionGroup = 2003, "User's group not permitted to use this partition";
    /// More CPUs than the partition permits.
    TooManyCpus = 2005, "More processors requested than permitted";
    /// A node count of 0, or a range that runs backwards.
    InvalidNodeCount = 2006, "Node count specification invalid";
    /// A batch job without a script.
    ScriptMissing = 2009, "Job script not specified";
    /// Nobody has that number.
    InvalidUser = 2010, "Invalid user id";
    /// The script is greater than the centre takes.
    ScriptTooLarge = 2012, "Pathname of a file, directory or other parameter too long";
    /// The partition is down, or cannot do it now.
    PartitionUnavailable = 2015, "Requested partition configuration not available now";
    /// What was asked for is taken.
    NodesBusy = 2016, "Requested nodes are busy";
    /// There is no such job.
    InvalidJobId = 2017, "Invalid job id specified";
    /// There is no such machine.
    InvalidNodeName = 2018, "Invalid node name specified";
    /// The disk is full, or read-only.
    CannotWrite = 2019, "I/O error writing script/environment to file";
    /// The job is between two states.
    TryAgain = 2020, "Job can not be altered now, try again later";
    /// The job has ended.
    AlreadyDone = 2021, "Job/step already completing or completed";
    /// A step of a job that has not started.
    JobPending = 2024, "Job is pending execution";
    /// A task count of 0 or too great.
    InvalidTaskCount = 2025, "Task count specification invalid";
    /// `scontrol update node State=` knows no such word.
    InvalidNodeState = 2028, "Invalid node state specified";
    /// `--constraint`.
    InvalidFeature = 2029, "Invalid feature specification";
    /// Switched off here, or for this job.
    Disabled = 2037, "Requested operation is presently disabled";
    /// `--dependency`.
    DependencyProblem = 2038, "Job dependency problem";
    /// More memory for a task than there is.
    InvalidTaskMemory = 2044, "Memory required by task is not available";
    /// The member is not of that project.
    InvalidAccount = 2045, "Invalid account or account/partition combination specified";
    /// `--licenses`.
    InvalidLicense = 2048, "Invalid license specification";
    /// Longer than the partition allows.
    InvalidTimeLimit = 2051, "Requested time limit is invalid (missing or exceeds some limit)";
    /// The reservation is for others.
    ReservationAccess = 2052, "Access denied to requested reservation";
    /// There is no such reservation.
    ReservationInvalid = 2053, "Requested reservation is invalid";
    /// A time that cannot be.
    InvalidTime = 2054, "Invalid time specified";
    /// Jobs run in it.
    ReservationBusy = 2055, "Requested reservation is in use";
    /// Its time has not come or is over.
    ReservationNotUsable = 2056, "Requested reservation not usable now";
    /// `--wckey`.
    InvalidWckey = 2057, "Invalid wckey specification";
    /// Two reservations at once.
    ReservationOverlap = 2058, "Requested reservation overlaps with another reservation or the requested resources are not available";
    /// The member may not use that QOS, or there is none.
    InvalidQos = 2066, "Invalid qos specification";
    /// A CPU count that cannot be.
    InvalidCpuCount = 2069, "CPU count specification invalid";
    /// A waits for B waits for A.
    CircularDependency = 2071, "Circular job dependency";
    /// `--gres`, `--gpus`.
    InvalidGres = 2072, "Invalid generic resource (gres) specification";
    /// Too late: it has started.
    JobNotPending = 2073, "Job is no longer pending execution";
    /// `--immediate`.
    CannotStartNow = 2078, "Unable to start job immediately";
    /// A reservation for nobody.
    ReservationEmpty = 2080, "Reservation request lacks users, accounts, licenses, or groups";
    /// `--array`, or more tasks than the centre takes.
    InvalidArray = 2081, "Invalid job array specification";
    /// A reservation of that name exists.
    ReservationDuplicate = 2082, "Duplicate reservation name";
    /// It is over, and cannot be held or released any more.
    JobFinished = 2084, "Job has already finished";
    /// Only running jobs can do that.
    JobNotRunning = 2085, "Job is not running";
    /// It has ended.
    JobNotPendingNorRunning = 2086, "Job is not pending nor running";
    /// Only suspended jobs can do that.
    JobNotSuspended = 2087, "Job is not suspended";
    /// `--nice` below 0 by who may not, or out of range.
    InvalidNice = 2119, "Invalid --nice value";
    /// `--prefer`.
    InvalidPrefer = 2153, "Invalid preferred feature specification";
    /// The environment does not fit.
    EnvironmentTooLarge = 7, "Argument list too long";
    /// The accounts cannot be read.
    NoAccounting = 1801, "Unable to contact slurmdbd";
}

const PARTITION: (u16, &str) = (2000, "Invalid partition name specified");
const NODE_CONFIG: (u16, &str) = (2014, "Requested node configuration is not available");
const POLICY: (u16, &str) =
    (2050, "Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)");
const NOT_SUPPORTED: (u16, &str) = (2036, "Requested operation not supported on this system");
const OTHER: u16 = u16::MAX;

impl Refused {
    /// Number and detail, to be sent.
    pub fn to_wire(&self) -> (u16, String) {
        let detail = match self {
            Refused::InvalidPartition(detail)
            | Refused::NodeConfigUnavailable(detail)
            | Refused::AccountingPolicy(detail)
            | Refused::NotSupported(detail)
            | Refused::Other(detail) => detail.clone(),
            _ => String::new(),
        };
        (self.code(), detail)
    }

    /// Back from number and detail; a number that we do not know becomes [`Refused::Other`] with the detail.
    pub fn from_wire(code: u16, detail: String) -> Self {
        match code {
            _ if code == PARTITION.0 => Refused::InvalidPartition(detail),
            _ if code == NODE_CONFIG.0 => Refused::NodeConfigUnavailable(detail),
            _ if code == POLICY.0 => Refused::AccountingPolicy(detail),
            _ if code == NOT_SUPPORTED.0 => Refused::NotSupported(detail),
            _ => PLAIN
                .iter()
                .find(|(_, number, _)| *number == code)
                .map_or_else(|| Refused::Other(detail), |(refused, _, _)| refused.clone()),
        }
    }

    /// Its number.
    pub fn code(&self) -> u16 {
        match self {
            Refused::InvalidPartition(_) => PARTITION.0,
            Refused::NodeConfigUnavailable(_) => NODE_CONFIG.0,
            Refused::AccountingPolicy(_) => POLICY.0,
            Refused::NotSupported(_) => NOT_SUPPORTED.0,
            Refused::Other(_) => OTHER,
            plain => PLAIN.iter().find(|(refused, _, _)| refused == plain).map_or(OTHER, |(_, code, _)| *code),
        }
    }

    /// Its text, as `slurm_strerror` has it.
    pub fn text(&self) -> String {
        match self {
            Refused::InvalidPartition(_) => PARTITION.1.to_owned(),
            Refused::NodeConfigUnavailable(_) => NODE_CONFIG.1.to_owned(),
            Refused::AccountingPolicy(_) => POLICY.1.to_owned(),
            Refused::NotSupported(_) => NOT_SUPPORTED.1.to_owned(),
            Refused::Other(text) => text.clone(),
            plain => PLAIN.iter().find(|(refused, _, _)| refused == plain).map_or("", |(_, _, text)| text).to_owned(),
        }
    }

    /// The line that goes before it, where Slurm says more.
    pub fn message(&self) -> Option<String> {
        match self {
            Refused::InvalidPartition(name) => Some(format!("invalid partition specified: {name}")),
            Refused::NodeConfigUnavailable(detail)
            | Refused::AccountingPolicy(detail)
            | Refused::NotSupported(detail)
                if !detail.is_empty() =>
            {
                Some(detail.clone())
            }
            _ => None,
        }
    }

    /// What the command prints and returns.
    pub fn refusal(&self, action: Action<'_>) -> Refusal {
        let text = self.text();
        match action {
            Action::Submit(program) => self.submission(program),
            Action::CreateStep { job } if *self == Refused::InvalidJobId => {
                let text = format!("Unable to confirm allocation for job {job}: {text}");
                Refusal::error("srun", text, 1)
                    .and(format!("srun: Check SLURM_JOB_ID environment variable. Expired or invalid job {job}"))
            }
            Action::CreateStep { job } => {
                Refusal::error("srun", format!("Unable to create step for job {job}: {text}"), 1)
            }
            Action::Kill { job, verbose } => self.kill(&format!("Kill job error on job id {job}"), verbose),
            Action::KillStep { step, verbose } => self.kill(&format!("Kill job error on job step id {step}"), verbose),
            Action::LoadJobs => Refusal::line(format!("slurm_load_jobs error: {text}"), 1),
            Action::LoadPartitions => Refusal::line(format!("slurm_load_partitions: {text}"), 1),
            Action::Show(call) => Refusal::line(format!("{call} error: {text}"), 1),
            Action::Accounts => Refusal::error("sacct", format!("Problem talking to the database: {text}"), 1),
            Action::Ping { host } => {
                Refusal { stdout: format!("Slurmctld(primary) at {host} is DOWN\n"), lines: Vec::new(), exit: 1 }
            }
            Action::Hold { job } => {
                Refusal::line(format!("{text} for job {job}"), 1).and(format!("slurm_suspend error: {text}"))
            }
            Action::ChangeJob { job } => Refusal::line(format!("{text} for job {job}"), 1),
            Action::Update => Refusal::line(format!("slurm_update error: {text}"), 1),
            Action::Reservation { doing } => Refusal::line(format!("Error {doing} the reservation: {text}"), 1),
            Action::DeleteReservation { name } => Refusal::line(format!("delete_reservation {name}: {text}"), 1),
        }
    }

    fn submission(&self, program: &str) -> Refusal {
        let text = self.text();
        if *self == Refused::InvalidGres {
            // The one refusal that Slurm's client words by itself.
            return Refusal::error(program, text, 1);
        }
        let failed = match program {
            "srun" => "Unable to allocate resources",
            "salloc" => "Job submit/allocate failed",
            _ => "Batch job submission failed",
        };
        let mut refusal = Refusal { exit: 1, ..Refusal::default() };
        refusal.lines.extend(self.message().map(|message| format!("{program}: error: {message}")));
        refusal.and(format!("{program}: error: {failed}: {text}"))
    }

    fn kill(&self, what: &str, verbose: bool) -> Refusal {
        let harmless = matches!(self, Refused::AlreadyDone | Refused::InvalidJobId);
        let lines =
            if harmless && !verbose { Vec::new() } else { vec![format!("scancel: error: {what}: {}", self.text())] };
        // scancel returns Slurm's own error number; a process can return only its lowest byte.
        let exit = if harmless { 0 } else { self.code().to_le_bytes()[0] };
        Refusal { stdout: String::new(), lines, exit }
    }
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(message) = self.message() {
            write!(f, "{message}: ")?;
        }
        f.write_str(&self.text())
    }
}

impl std::error::Error for Refused {}

/// What a command was doing when the centre refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action<'a> {
    /// `sbatch`, `srun` outside a job, `salloc`: the program's name.
    Submit(&'a str),
    /// `srun` inside a job.
    CreateStep {
        /// The job's number.
        job: model::JobId,
    },
    /// `scancel` of a job.
    Kill {
        /// As given: `35`, `35_3`.
        job: &'a str,
        /// `-v`: unknown and finished jobs are mentioned too.
        verbose: bool,
    },
    /// `scancel` of a step.
    KillStep {
        /// As given: `35.0`.
        step: &'a str,
        /// `-v`.
        verbose: bool,
    },
    /// `squeue`, `scontrol show job ID`.
    LoadJobs,
    /// `sinfo`.
    LoadPartitions,
    /// `scontrol show`: the name of the library call (`scontrol_print_job`, `slurm_load_node`, ...).
    Show(&'a str),
    /// `sacct`.
    Accounts,
    /// `scontrol ping`.
    Ping {
        /// The host that should have answered.
        host: &'a str,
    },
    /// `scontrol hold`, `release`.
    Hold {
        /// As given.
        job: &'a str,
    },
    /// `scontrol requeue`, `requeuehold`, `suspend`, `resume`.
    ChangeJob {
        /// As given.
        job: &'a str,
    },
    /// `scontrol update` of a job, node or partition.
    Update,
    /// `scontrol create`, `update` of a reservation.
    Reservation {
        /// `creating` or `updating`.
        doing: &'a str,
    },
    /// `scontrol delete`.
    DeleteReservation {
        /// Its name.
        name: &'a str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn travels() {
        let mut all: Vec<Refused> = PLAIN.iter().map(|(refused, _, _)| refused.clone()).collect();
        all.push(Refused::InvalidPartition("x".into()));
        all.push(Refused::NodeConfigUnavailable("Memory specification can not be satisfied".into()));
        all.push(Refused::NotSupported("het".into()));
        all.push(Refused::AccountingPolicy("AssocMaxSubmitJobLimit".into()));
        all.push(Refused::Other("the disk is on fire".into()));
        let mut codes: Vec<u16> = all.iter().map(Refused::code).collect();
        for refused in &all {
            let (code, detail) = refused.to_wire();
            assert_eq!(&Refused::from_wire(code, detail), refused);
            assert!(!refused.text().is_empty());
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all.len(), "two refusals have the same number");
    }
}
