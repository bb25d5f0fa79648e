//! What `squeue` can show of a job: letters, field names, headings, values.

use model::{ArrayPlace, JobId, JobState, Memory, QueueDetail, QueueRow, Reason, Span, Text, TimeLimit};

use super::Options;
use crate::text::{
    Clock, put, put_memory, put_number, put_short_limit, put_short_span, put_timestamp, put_timestamp_or,
};

macro_rules! fields {
    ($($name:ident: $letter:literal, $step:literal, [$($long:literal),*], $heading:literal, $detail:literal;)*) => {
        /// One thing to show.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        pub enum Field { $($name),* }

        impl Field {
            /// The field of a letter of `-o`, for jobs.
            pub fn of_job(letter: u8) -> Option<Field> {
                match letter { $($letter if $letter != b' ' => Some(Field::$name),)* _ => None }
            }

            /// The field of a letter of `-o`, for steps.
            pub fn of_step(letter: u8) -> Option<Field> {
                match letter { $($step if $step != b' ' => Some(Field::$name),)* _ => None }
            }

            /// The field of a name of `-O`, in any case.
            pub fn named(name: &str, steps: bool) -> Option<Field> {
                let known: &[(Field, &[&str], u8)] = &[$((Field::$name, &[$($long),*], $step)),*];
                known
                    .iter()
                    .find(|(_, names, step)| {
                        (!steps || *step != b' ') && names.iter().any(|long| long.eq_ignore_ascii_case(name))
                    })
                    .map(|(field, _, _)| *field)
            }

            /// What stands above it.
            pub fn heading(self) -> &'static str {
                match self { $(Field::$name => $heading),* }
            }

            /// Whether only the whole job knows it.
            pub fn needs_detail(self) -> bool {
                match self { $(Field::$name => $detail),* }
            }
        }
    };
}

// Name: letter for jobs, letter for steps (blank: none), names of -O, heading, needs the whole job.
fields! {
    Account: b'a', b' ', ["account"], "ACCOUNT", false;
    Id: b'A', b' ', ["JobID"], "JOBID", false;
    Gres: b'b', b'b', ["tres-per-node", "gres"], "TRES_PER_NODE", false;
    BatchHost: b'B', b' ', ["BatchHost"], "EXEC_HOST", false;
    MinCpus: b'c', b' ', ["MinCpus"], "MIN_CPUS", false;
    Cpus: b'C', b'C', ["NumCPUs"], "CPUS", false;
    MinTmp: b'd', b' ', ["MinTmpDisk"], "MIN_TMP_DISK", false;
    Nodes: b'D', b' ', ["NumNodes", "Nodes"], "NODES", false;
    End: b'e', b' ', ["EndTime"], "END_TIME", false;
    Dependency: b'E', b' ', ["Dependency"], "DEPENDENCY", false;
    Features: b'f', b' ', ["Feature"], "FEATURES", true;
    ArrayJobId: b'F', b' ', ["ArrayJobID"], "ARRAY_JOB_ID", false;
    Group: b'g', b' ', ["GroupName"], "GROUP", false;
    Gid: b'G', b' ', ["GroupID"], "GROUP", false;
    Oversubscribe: b'h', b' ', ["OverSubscribe"], "OVER_SUBSCRIBE", true;
    Sockets: b'H', b' ', ["Sockets"], "SOCKETS_PER_NODE", false;
    JobId: b'i', b'i', ["JobArrayID", "StepID"], "JOBID", false;
    Cores: b'I', b' ', ["Cores"], "CORES_PER_SOCKET", false;
    Name: b'j', b'j', ["Name", "StepName"], "NAME", false;
    Threads: b'J', b' ', ["Threads"], "THREADS_PER_CORE", false;
    Comment: b'k', b' ', ["Comment"], "COMMENT", true;
    ArrayTask: b'K', b' ', ["ArrayTaskID"], "ARRAY_TASK_ID", false;
    TimeLimit: b'l', b'l', ["TimeLimit"], "TIME_LIMIT", false;
    TimeLeft: b'L', b' ', ["TimeLeft"], "TIME_LEFT", false;
    MinMemory: b'm', b' ', ["MinMemory"], "MIN_MEMORY", false;
    Elapsed: b'M', b'M', ["TimeUsed"], "TIME", false;
    ReqNodes: b'n', b' ', ["ReqNodes"], "REQ_NODES", false;
    NodeList: b'N', b'N', ["NodeList"], "NODELIST", false;
    Command: b'o', b' ', ["Command"], "COMMAND", true;
    Contiguous: b'O', b' ', ["Contiguous"], "CONTIGUOUS", false;
    PriorityShare: b'p', b' ', ["Priority"], "PRIORITY", false;
    Partition: b'P', b'P', ["Partition"], "PARTITION", false;
    Qos: b'q', b' ', ["QOS"], "QOS", false;
    Priority: b'Q', b' ', ["PriorityLong"], "PRIORITY", false;
    Reason: b'r', b' ', ["Reason"], "REASON", false;
    ReasonList: b'R', b' ', ["ReasonList"], "NODELIST(REASON)", false;
    Nothing: b's', b' ', [], "", false;
    Start: b'S', b'S', ["StartTime"], "START_TIME", false;
    StateShort: b't', b't', ["StateCompact"], "ST", false;
    State: b'T', b'T', ["State"], "STATE", false;
    User: b'u', b'u', ["UserName"], "USER", false;
    Uid: b'U', b'U', ["UserID"], "UID", false;
    Reservation: b'v', b' ', ["Reservation"], "RESERVATION", true;
    Submit: b'V', b' ', ["SubmitTime"], "SUBMIT_TIME", false;
    Wckey: b'w', b' ', ["WCKey"], "WCKEY", true;
    Licenses: b'W', b' ', ["Licenses"], "LICENSES", false;
    ExcNodes: b'x', b' ', ["Exc_Nodes"], "EXC_NODES", false;
    CoreSpec: b'X', b' ', ["CoreSpec"], "CORE_SPEC", false;
    Nice: b'y', b' ', ["Nice"], "NICE", false;
    SchedNodes: b'Y', b' ', ["SchedNodes"], "SCHEDNODES", false;
    Geometry: b'z', b' ', ["sct"], "S:C:T", false;
    Workdir: b'Z', b' ', ["WorkDir"], "WORK_DIR", true;
    Tasks: b' ', b'A', ["NumTasks"], "TASKS", false;
    AccrueTime: b' ', b' ', ["AccrueTime"], "ACCRUE_TIME", false;
    EligibleTime: b' ', b' ', ["EligibleTime"], "ELIGIBLE_TIME", false;
    PendingTime: b' ', b' ', ["PendingTime"], "PENDING_TIME", false;
    LastEval: b' ', b' ', ["LastSchedEval"], "LAST_SCHED_EVAL", true;
    ExitCode: b' ', b' ', ["exit_code"], "EXIT_CODE", false;
    DerivedExit: b' ', b' ', ["DerivedEC"], "DERIVED_EC", false;
    Restarts: b' ', b' ', ["RestartCnt"], "RESTART_COUNT", false;
    Requeue: b' ', b' ', ["Requeue"], "REQUEUE", true;
    BatchFlag: b' ', b' ', ["BatchFlag"], "BATCH_FLAG", true;
    CpusPerTask: b' ', b' ', ["cpus-per-task"], "CPUS_PER_TASK", false;
    StdOut: b' ', b' ', ["STDOUT"], "STDOUT", true;
    StdErr: b' ', b' ', ["STDERR"], "STDERR", true;
    StdIn: b' ', b' ', ["STDIN"], "STDIN", true;
    Tres: b' ', b' ', ["tres-alloc", "tres"], "TRES_ALLOC", false;
    TresPerJob: b' ', b' ', ["tres-per-job"], "TRES_PER_JOB", false;
    AllocNode: b' ', b' ', ["AllocNodes"], "ALLOC_NODES", true;
    Deadline: b' ', b' ', ["Deadline"], "DEADLINE", true;
    TimeMin: b' ', b' ', ["MinTime"], "MIN_TIME", true;
    MaxNodes: b' ', b' ', ["MaxNodes"], "MAX_NODES", false;
    MaxCpus: b' ', b' ', ["MaxCPUs"], "MAX_CPUS", false;
    TasksPerNode: b' ', b' ', ["NTPerNode"], "NTASKS_PER_NODE", true;
    Cluster: b' ', b' ', ["Cluster"], "CLUSTER", false;
}

impl Field {
    /// What stands above it in a list of steps.
    pub fn step_heading(self) -> &'static str {
        match self {
            Field::JobId => "STEPID",
            other => other.heading(),
        }
    }
}

/// One line to write.
pub struct Line<'a> {
    /// The short facts.
    pub row: &'a QueueRow,
    /// The whole job, where the format needs it.
    pub detail: Option<&'a QueueDetail>,
    /// The one task of a pending array that this line is about.
    pub task: Option<u32>,
    /// The command line.
    pub options: &'a Options,
    /// Now and here.
    pub clock: &'a Clock<'a>,
}

impl Line<'_> {
    /// Writes one value.
    pub fn put(&self, field: Field, out: &mut Vec<u8>) {
        let row = self.row;
        match field {
            Field::JobId => super::put_job_id(out, row, self.task, self.options.task_list_bytes),
            Field::Partition => out.extend_from_slice(row.partition.as_bytes()),
            Field::Name => out.extend_from_slice(row.name.as_bytes()),
            Field::User => out.extend_from_slice(row.owner.user.as_bytes()),
            Field::StateShort => out.extend_from_slice(row.state.short().as_bytes()),
            Field::State => out.extend_from_slice(row.state.text().as_bytes()),
            Field::Elapsed => put_short_span(out, row.elapsed(self.clock.now)),
            Field::Nodes => put_number(out, row.nodes.into()),
            Field::ReasonList => self.put_reason_list(out),
            Field::Reason => out.extend_from_slice(reason(row.reason).as_bytes()),
            Field::Account => out.extend_from_slice(row.account.as_bytes()),
            Field::Id => put_number(out, row.id.0.into()),
            Field::Cpus => put_number(out, row.cpus.into()),
            Field::Tasks => put_number(out, row.tasks.into()),
            Field::CpusPerTask | Field::MinCpus => put_number(out, row.cpus_per_task.into()),
            Field::Qos => out.extend_from_slice(row.qos.as_bytes()),
            Field::Priority => put_number(out, row.priority.into()),
            Field::PriorityShare => {
                put(out, format_args!("{:16.14}", f64::from(row.priority) / f64::from(u32::MAX)));
            }
            Field::Group => out.extend_from_slice(row.owner.group.as_bytes()),
            Field::Gid => put_number(out, row.owner.gid.0.into()),
            Field::Uid => put_number(out, row.owner.uid.0.into()),
            Field::Nice => put(out, format_args!("{}", row.nice)),
            Field::NodeList => out.extend_from_slice(row.node.as_bytes()),
            Field::MinMemory => match row.memory {
                Memory::Default | Memory::Unlimited => out.push(b'0'),
                Memory::PerNode(mib) | Memory::PerCpu(mib) => put_memory(out, mib),
            },
            Field::Dependency if !row.dependency.is_empty() => out.extend_from_slice(row.dependency.as_bytes()),
            Field::ExitCode | Field::DerivedExit => put(out, format_args!("{}", row.exit)),
            Field::Restarts => put_number(out, row.restarts.into()),
            Field::ArrayJobId | Field::ArrayTask => self.put_array(field, out),
            _ => self.put_other(field, out),
        }
    }

    fn put_array(&self, field: Field, out: &mut Vec<u8>) {
        let row = self.row;
        match (field, &row.array) {
            (Field::ArrayJobId, ArrayPlace::Single) => put_number(out, row.id.0.into()),
            (Field::ArrayJobId, ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. }) => {
                put_number(out, base.0.into());
            }
            (_, ArrayPlace::Single) => out.extend_from_slice(b"N/A"),
            (_, ArrayPlace::Task { index, .. }) => put_number(out, (*index).into()),
            (_, ArrayPlace::Pending { tasks, limit, .. }) => match self.task {
                Some(task) => put_number(out, task.into()),
                None => super::put_tasks(out, tasks, *limit, self.options.task_list_bytes),
            },
        }
    }

    fn put_other(&self, field: Field, out: &mut Vec<u8>) {
        let (row, zone) = (self.row, self.clock.zone);
        match field {
            Field::TimeLimit => put_short_limit(out, row.time_limit),
            Field::TimeLeft => self.put_time_left(out),
            Field::Start => put_timestamp_or(out, row.start, zone, "N/A"),
            Field::End => put_timestamp_or(out, row.end, zone, "N/A"),
            Field::Submit => put_timestamp(out, row.submit, zone),
            Field::EligibleTime | Field::AccrueTime => put_timestamp_or(out, row.eligible, zone, "N/A"),
            Field::PendingTime => {
                let until = row.start.filter(|_| row.state != JobState::Pending).unwrap_or(self.clock.now);
                put_number(out, (until - row.submit).as_seconds().max(0).unsigned_abs());
            }
            Field::Gres | Field::TresPerJob if row.gpus > 0 => put(out, format_args!("gres:gpu:{}", row.gpus)),
            Field::BatchHost if !row.node.is_empty() => out.extend_from_slice(row.node.as_bytes()),
            Field::BatchHost => out.extend_from_slice(b"n/a"),
            Field::Gres | Field::TresPerJob | Field::CoreSpec | Field::Cluster => out.extend_from_slice(b"N/A"),
            Field::MinTmp | Field::Contiguous | Field::MaxNodes | Field::MaxCpus => out.push(b'0'),
            Field::Sockets | Field::Cores | Field::Threads => out.push(b'*'),
            Field::Geometry => out.extend_from_slice(b"*:*:*"),
            Field::Dependency | Field::Licenses | Field::SchedNodes => out.extend_from_slice(b"(null)"),
            Field::Tres => self.put_tres(out),
            Field::ReqNodes | Field::ExcNodes | Field::Nothing => {}
            _ => self.put_detail(field, out),
        }
    }

    /// What only the whole job knows; without it, as if nothing had been asked for.
    fn put_detail(&self, field: Field, out: &mut Vec<u8>) {
        let zone = self.clock.zone;
        let Some(detail) = self.detail else { return out.extend_from_slice(b"(null)") };
        let spec = &detail.spec;
        match field {
            Field::Features => put_or_null(out, spec.features.as_ref().map(String::as_bytes)),
            Field::Comment => put_or_null(out, spec.comment.as_ref().map(Text::as_bytes)),
            Field::Reservation => put_or_null(out, spec.reservation.as_ref().map(String::as_bytes)),
            Field::Wckey => put_or_null(out, spec.wckey.as_ref().map(String::as_bytes)),
            Field::Command => match &spec.command {
                Some(command) => put_command(out, command, &spec.args),
                None => out.extend_from_slice(b"(null)"),
            },
            Field::Oversubscribe => out.extend_from_slice(if spec.request.exclusive { b"NO" } else { b"OK" }),
            Field::Workdir => out.extend_from_slice(spec.workdir.as_bytes()),
            Field::StdOut => out.extend_from_slice(detail.files[0].as_bytes()),
            Field::StdErr => out.extend_from_slice(detail.files[1].as_bytes()),
            Field::StdIn => out.extend_from_slice(detail.files[2].as_bytes()),
            Field::AllocNode => out.extend_from_slice(spec.submit_host.as_bytes()),
            Field::Requeue => out.push(if spec.requeue { b'1' } else { b'0' }),
            Field::BatchFlag => out.push(if spec.batch { b'1' } else { b'0' }),
            Field::LastEval => put_timestamp_or(out, detail.considered, zone, "N/A"),
            Field::Deadline => put_timestamp_or(out, spec.deadline, zone, "N/A"),
            Field::TimeMin => match spec.time_min {
                Some(span) => put_short_span(out, span),
                None => out.extend_from_slice(b"N/A"),
            },
            Field::TasksPerNode => match spec.request.tasks_per_node {
                Some(tasks) => put_number(out, tasks.into()),
                None => out.extend_from_slice(b"N/A"),
            },
            _ => {}
        }
    }

    fn put_reason_list(&self, out: &mut Vec<u8>) {
        let row = self.row;
        let ended_badly =
            matches!(row.state, JobState::Timeout | JobState::OutOfMemory | JobState::Deadline | JobState::Failed);
        if row.state == JobState::Pending || ended_badly {
            out.push(b'(');
            out.extend_from_slice(reason(row.reason).as_bytes());
            out.push(b')');
        } else {
            out.extend_from_slice(row.node.as_bytes());
        }
    }

    fn put_time_left(&self, out: &mut Vec<u8>) {
        match self.row.time_limit {
            TimeLimit::Span(limit) => {
                let left = Span(limit.0 - self.row.elapsed(self.clock.now).0);
                if left < Span::ZERO { out.extend_from_slice(b"INVALID") } else { put_short_span(out, left) }
            }
            other => put_short_limit(out, other),
        }
    }

    fn put_tres(&self, out: &mut Vec<u8>) {
        let row = self.row;
        let memory = match row.memory {
            Memory::PerNode(mib) => Some(mib),
            Memory::PerCpu(mib) => Some(mib.saturating_mul(row.cpus.into())),
            Memory::Default | Memory::Unlimited => None,
        };
        crate::tres::put(
            out,
            &crate::tres::Tres { cpus: row.cpus, memory_mib: memory, nodes: row.nodes, gpus: row.gpus },
        );
    }
}

/// A reason as `squeue` words it; `scontrol` puts underscores where this one has blanks.
pub fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::RequeuedHeld => "job requeued in held state",
        other => other.text(),
    }
}

fn put_or_null(out: &mut Vec<u8>, value: Option<&[u8]>) {
    out.extend_from_slice(value.unwrap_or(b"(null)"));
}

/// A script with its arguments.
pub fn put_command(out: &mut Vec<u8>, command: &Text, args: &[Text]) {
    out.extend_from_slice(command.as_bytes());
    for arg in args {
        out.push(b' ');
        out.extend_from_slice(arg.as_bytes());
    }
}

/// `35`, `35_3`; a record of a pending array as its base.
pub fn put_place(out: &mut Vec<u8>, id: JobId, place: &ArrayPlace) {
    match place {
        ArrayPlace::Single => put_number(out, id.0.into()),
        ArrayPlace::Task { base, index } => {
            put_number(out, base.0.into());
            out.push(b'_');
            put_number(out, (*index).into());
        }
        ArrayPlace::Pending { base, .. } => put_number(out, base.0.into()),
    }
}
