//! What `squeue` can show of a job: letters, field names, headings, values.

use model::{ArrayPlace, JobId, JobState, Memory, QueueDetail, QueueRow, Reason, Span, Text, TimeLimit};

use super::Options;
use crate::text::{
    Clock, put, put_memory, put_number, put_short_limit, put_short_span, put_timestamp, put_timestamp_or,
};

macro_rules! fields {
    ($($name:ident: $letter:literal, [$($long:literal),*], $heading:literal, $detail:literal;)*) => {
        /// One thing to show.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        pub enum Field { $($name),* }

        impl Field {
            /// The field of a letter of `-o`.
            pub fn of_letter(letter: u8) -> Option<Field> {
                match letter { $($letter if $letter != b' ' => Some(Field::$name),)* _ => None }
            }

            /// The field of a name of `-O`, in any case.
            pub fn named(name: &str) -> Option<Field> {
                let known: &[(Field, &[&str])] = &[$((Field::$name, &[$($long),*])),*];
                let is = |long: &&str| long.eq_ignore_ascii_case(name);
                known.iter().find(|(_, names)| names.iter().any(is)).map(|(field, _)| *field)
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

// Name: letter of -o (blank: none), names of -O, heading, needs the whole job.
fields! {
    Account: b'a', ["Account"], "ACCOUNT", false;
    Id: b'A', ["JobID"], "JOBID", false;
    Gres: b'b', ["tres-per-node", "gres"], "TRES_PER_NODE", false;
    BatchHost: b'B', ["BatchHost"], "EXEC_HOST", false;
    MinCpus: b'c', ["MinCpus"], "MIN_CPUS", false;
    Cpus: b'C', ["NumCPUs"], "CPUS", false;
    MinTmp: b'd', ["MinTmpDisk"], "MIN_TMP_DISK", false;
    Nodes: b'D', ["NumNodes"], "NODES", false;
    End: b'e', ["EndTime"], "END_TIME", false;
    Dependency: b'E', ["Dependency"], "DEPENDENCY", false;
    Features: b'f', ["Feature"], "FEATURES", true;
    ArrayJobId: b'F', ["ArrayJobID"], "ARRAY_JOB_ID", false;
    Group: b'g', ["GroupName"], "GROUP", false;
    Gid: b'G', ["GroupID"], "GROUP", false;
    Oversubscribe: b'h', ["OverSubscribe"], "OVER_SUBSCRIBE", true;
    Sockets: b'H', ["Sockets"], "SOCKETS_PER_NODE", false;
    JobId: b'i', ["JobArrayID"], "JOBID", false;
    Cores: b'I', ["Cores"], "CORES_PER_SOCKET", false;
    Name: b'j', ["Name"], "NAME", false;
    Threads: b'J', ["Threads"], "THREADS_PER_CORE", false;
    Comment: b'k', ["Comment"], "COMMENT", true;
    ArrayTask: b'K', ["ArrayTaskID"], "ARRAY_TASK_ID", false;
    TimeLimit: b'l', ["TimeLimit"], "TIME_LIMIT", false;
    TimeLeft: b'L', ["TimeLeft"], "TIME_LEFT", false;
    MinMemory: b'm', ["MinMemory"], "MIN_MEMORY", false;
    Elapsed: b'M', ["TimeUsed"], "TIME", false;
    ReqNodes: b'n', ["ReqNodes"], "REQ_NODES", false;
    NodeList: b'N', ["NodeList"], "NODELIST", false;
    Command: b'o', ["Command"], "COMMAND", true;
    Contiguous: b'O', ["Contiguous"], "CONTIGUOUS", false;
    PriorityShare: b'p', ["Priority"], "PRIORITY", false;
    Partition: b'P', ["Partition"], "PARTITION", false;
    Qos: b'q', ["QOS"], "QOS", false;
    Priority: b'Q', ["PriorityLong"], "PRIORITY", false;
    Reason: b'r', ["Reason"], "REASON", false;
    ReasonList: b'R', ["ReasonList"], "NODELIST(REASON)", false;
    Nothing: b's', ["SelectJobInfo"], "", false;
    Start: b'S', ["StartTime"], "START_TIME", false;
    StateShort: b't', ["StateCompact"], "ST", false;
    State: b'T', ["State"], "STATE", false;
    User: b'u', ["UserName"], "USER", false;
    Uid: b'U', ["UserID"], "UID", false;
    Reservation: b'v', ["Reservation"], "RESERVATION", true;
    Submit: b'V', ["SubmitTime"], "SUBMIT_TIME", false;
    Wckey: b'w', ["WCKey"], "WCKEY", true;
    Licenses: b'W', ["Licenses"], "LICENSES", false;
    ExcNodes: b'x', ["Exc_Nodes"], "EXC_NODES", false;
    CoreSpec: b'X', ["CoreSpec"], "CORE_SPEC", false;
    Nice: b'y', ["Nice"], "NICE", false;
    SchedNodes: b'Y', ["SchedNodes"], "SCHEDNODES", false;
    Geometry: b'z', ["SCT"], "S:C:T", false;
    Workdir: b'Z', ["WorkDir"], "WORK_DIR", true;
    AccrueTime: b' ', ["AccrueTime"], "ACCRUE_TIME", false;
    AdminComment: b' ', ["admin_comment"], "ADMIN_COMMENT", false;
    AllocNode: b' ', ["AllocNodes"], "ALLOC_NODES", true;
    AllocSid: b' ', ["AllocSID"], "ALLOC_SID", false;
    AssocId: b' ', ["AssocID"], "ASSOC_ID", false;
    BatchFlag: b' ', ["BatchFlag"], "BATCH_FLAG", true;
    Boards: b' ', ["BoardsPerNode"], "BOARDS_PER_NODE", false;
    BurstBuffer: b' ', ["BurstBuffer"], "BURST_BUFFER", false;
    BurstBufferState: b' ', ["BurstBufferState"], "BURST_BUFFER_STATE", false;
    Cluster: b' ', ["Cluster"], "CLUSTER", false;
    ClusterFeature: b' ', ["ClusterFeature"], "CLUSTER_FEATURES", false;
    Container: b' ', ["Container"], "CONTAINER", false;
    CpusPerTask: b' ', ["cpus-per-task"], "CPUS_PER_TASK", false;
    CpusPerTres: b' ', ["cpus-per-tres"], "CPUS_PER_TRES", false;
    Deadline: b' ', ["Deadline"], "DEADLINE", true;
    DelayBoot: b' ', ["DelayBoot"], "DELAY_BOOT", false;
    DerivedExit: b' ', ["DerivedEC"], "DERIVED_EC", false;
    EligibleTime: b' ', ["EligibleTime"], "ELIGIBLE_TIME", false;
    ExitCode: b' ', ["exit_code"], "EXIT_CODE", false;
    HetJob: b' ', ["HetJobID"], "HET_JOB_ID", false;
    HetJobSet: b' ', ["HetJobIDSet"], "HET_JOB_ID_SET", false;
    HetJobOffset: b' ', ["HetJobOffset"], "HET_JOB_OFFSET", false;
    LastEval: b' ', ["LastSchedEval"], "LAST_SCHED_EVAL", true;
    MaxCpus: b' ', ["MaxCPUs"], "MAX_CPUS", false;
    MaxNodes: b' ', ["MaxNodes"], "MAX_NODES", false;
    McsLabel: b' ', ["MCSLabel"], "MCSLABEL", false;
    MemPerTres: b' ', ["mem-per-tres"], "MEM_PER_TRES", false;
    TimeMin: b' ', ["MinTime"], "TIME_MIN", true;
    Network: b' ', ["Network"], "NETWORK", false;
    TasksPerBoard: b' ', ["NTPerBoard"], "NTASKS_PER_BOARD", false;
    TasksPerCore: b' ', ["NTPerCore"], "NTASKS_PER_CORE", false;
    TasksPerNode: b' ', ["NTPerNode"], "NTASKS_PER_NODE", true;
    TasksPerSocket: b' ', ["NTPerSocket"], "NTASKS_PER_SOCKET", false;
    Tasks: b' ', ["NumTasks"], "TASKS", false;
    Origin: b' ', ["Origin"], "ORIGIN", false;
    OriginRaw: b' ', ["OriginRaw"], "ORIGIN_RAW", false;
    PendingTime: b' ', ["PendingTime"], "PENDING_TIME", false;
    PreemptTime: b' ', ["PreemptTime"], "PREEMPT_TIME", false;
    Prefer: b' ', ["Prefer"], "PREFER", false;
    Profile: b' ', ["Profile"], "PROFILE", false;
    Reboot: b' ', ["Reboot"], "REBOOT", false;
    ReqSwitch: b' ', ["ReqSwitch"], "REQ_SWITCH", false;
    Requeue: b' ', ["Requeue"], "REQUEUE", true;
    ResizeTime: b' ', ["ResizeTime"], "RESIZE_TIME", false;
    Restarts: b' ', ["RestartCnt"], "RESTART_COUNT", false;
    SiblingsActive: b' ', ["SiblingsActive"], "ACTIVE_SIBLINGS", false;
    SiblingsActiveRaw: b' ', ["SiblingsActiveRaw"], "ACTIVE_SIBLINGS_RAW", false;
    SiblingsViable: b' ', ["SiblingsViable"], "VIABLE_SIBLINGS", false;
    // The letters of this heading stand as Slurm has them.
    SiblingsViableRaw: b' ', ["SiblingsViableRaw"], "VIALBLE_SIBLINGS_RAW", false;
    SocketsPerBoard: b' ', ["SPerBoard"], "SOCKETS_PER_BOARD", false;
    StdErr: b' ', ["STDERR"], "STDERR", true;
    StdIn: b' ', ["STDIN"], "STDIN", true;
    StdOut: b' ', ["STDOUT"], "STDOUT", true;
    SystemComment: b' ', ["system_comment"], "SYSTEM_COMMENT", false;
    Tres: b' ', ["tres-alloc", "tres"], "TRES_ALLOC", false;
    TresBind: b' ', ["tres-bind"], "TRES_BIND", false;
    TresFreq: b' ', ["tres-freq"], "TRES_FREQ", false;
    TresPerJob: b' ', ["tres-per-job"], "TRES_PER_JOB", false;
    TresPerSocket: b' ', ["tres-per-socket"], "TRES_PER_SOCKET", false;
    TresPerTask: b' ', ["tres-per-task"], "TRES_PER_TASK", false;
}

/// `%all`: every letter, parted by bars.
pub fn all() -> Vec<u8> {
    let letters = (b'a'..=b'z').chain(b'A'..=b'Z').filter(|letter| Field::of_letter(*letter).is_some());
    letters.map(|letter| format!("%{}", char::from(letter))).collect::<Vec<_>>().join("|").into_bytes()
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
            // As wait(2) has it.
            Field::ExitCode => put_number(out, u64::from(row.exit.code) << 8 | u64::from(row.exit.signal)),
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
                None => super::put_listed(out, tasks, *limit, self.options.task_list_bytes),
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
            Field::Gres if row.gpus > 0 => put(out, format_args!("gres:gpu:{}", row.gpus)),
            Field::BatchHost if !row.node.is_empty() => out.extend_from_slice(row.node.as_bytes()),
            Field::BatchHost => out.extend_from_slice(b"n/a"),
            Field::Cluster => out.extend_from_slice(self.options.cluster.as_bytes()),
            Field::MaxNodes => put_number(out, row.nodes.into()),
            Field::MaxCpus => put_number(out, row.cpus.into()),
            Field::Tres => self.put_tres(out),
            _ if field.needs_detail() => self.put_detail(field, out),
            _ => out.extend_from_slice(absent(field).as_bytes()),
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
            Field::TimeMin => put_short_span(out, spec.time_min.unwrap_or_default()),
            Field::TasksPerNode => put_number(out, spec.request.tasks_per_node.unwrap_or(0).into()),
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

/// What Slurm shows for what one machine does not have.
fn absent(field: Field) -> &'static str {
    use Field::{
        AllocSid, AssocId, Boards, Contiguous, CoreSpec, Cores, CpusPerTres, DelayBoot, DerivedExit, ExcNodes,
        Geometry, Gres, HetJob, HetJobOffset, HetJobSet, MemPerTres, MinTmp, Nothing, Origin, OriginRaw, PreemptTime,
        Profile, Reboot, ReqNodes, ReqSwitch, ResizeTime, SiblingsActive, SiblingsActiveRaw, SiblingsViable,
        SiblingsViableRaw, Sockets, SocketsPerBoard, TasksPerBoard, TasksPerCore, TasksPerSocket, Threads, TresBind,
        TresFreq, TresPerJob, TresPerSocket, TresPerTask,
    };
    match field {
        AllocSid | AssocId | Boards | Contiguous | DerivedExit | MinTmp | Reboot | ReqSwitch | SocketsPerBoard
        | TasksPerBoard => "0",
        CoreSpec | CpusPerTres | Gres | HetJob | HetJobOffset | HetJobSet | MemPerTres | PreemptTime | ResizeTime
        | TasksPerCore | TasksPerSocket | TresBind | TresFreq | TresPerJob | TresPerSocket | TresPerTask => "N/A",
        Origin | OriginRaw | SiblingsActive | SiblingsActiveRaw | SiblingsViable | SiblingsViableRaw => "NA",
        Sockets | Cores | Threads => "*",
        Geometry => "*:*:*",
        DelayBoot => "0:00",
        Profile => "NotSet",
        ExcNodes | Nothing | ReqNodes => "",
        _ => "(null)",
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
