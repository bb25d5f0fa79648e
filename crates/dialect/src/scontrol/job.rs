//! `scontrol show job`.

use model::{ArrayPlace, Memory, QueueDetail, Reason, Text, TimeLimit};

use super::Style;
use crate::text::{Clock, put, put_full_limit, put_full_span, put_memory, put_timestamp_or};
use crate::tres::{self, Tres};

/// Lines that are parted by line ends and three blanks, or by one blank.
pub(super) struct Layout<'a> {
    pub out: &'a mut Vec<u8>,
    pub one_line: bool,
}

impl Layout<'_> {
    /// Ends a line.
    pub fn next(&mut self) {
        self.out.extend_from_slice(if self.one_line { b" ".as_slice() } else { b"\n   ".as_slice() });
    }

    /// A whole line, after what was written before.
    pub fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.next();
        put(self.out, text);
    }

    /// The end of the thing shown.
    pub fn end(&mut self) {
        self.out.extend_from_slice(if self.one_line { b"\n".as_slice() } else { b"\n\n".as_slice() });
    }
}

/// Writes several jobs: arrays together, the array's own record first, then its tasks from the last to the first, as
/// Slurm finds them.
pub fn put_jobs(jobs: &[QueueDetail], style: Style, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut sorted: Vec<&QueueDetail> = jobs.iter().collect();
    sorted.sort_by_key(|job| {
        let base = match &job.row.array {
            ArrayPlace::Single => job.row.id,
            ArrayPlace::Task { base, .. } | ArrayPlace::Pending { base, .. } => *base,
        };
        (base, job.row.id != base, std::cmp::Reverse(job.row.id))
    });
    for job in sorted {
        put_job(job, style, clock, out);
    }
}

/// Writes one job.
pub fn put_job(job: &QueueDetail, style: Style, clock: &Clock<'_>, out: &mut Vec<u8>) {
    let mut layout = Layout { out, one_line: style.one_line };
    head(&mut layout, job, style);
    times(&mut layout, job, clock);
    place(&mut layout, job, style);
    files(&mut layout, job);
    layout.end();
}

fn head(layout: &mut Layout<'_>, job: &QueueDetail, style: Style) {
    let (row, spec) = (&job.row, &job.spec);
    put(layout.out, format_args!("JobId={} ", row.id));
    match &row.array {
        ArrayPlace::Single => {}
        ArrayPlace::Task { base, index } => put(layout.out, format_args!("ArrayJobId={base} ArrayTaskId={index} ")),
        ArrayPlace::Pending { base, tasks, limit } => {
            put(layout.out, format_args!("ArrayJobId={base} ArrayTaskId="));
            // One that waits alone needs no limit beside it.
            let shown = limit.filter(|_| tasks.len() > 1);
            crate::values::array::put_listed(layout.out, tasks, shown, 4096);
            layout.out.push(b' ');
        }
    }
    let throttle = match &row.array {
        ArrayPlace::Pending { limit, .. } => *limit,
        ArrayPlace::Task { .. } => spec.array.as_ref().and_then(|array| array.limit),
        ArrayPlace::Single => None,
    };
    if let Some(limit) = throttle {
        put(layout.out, format_args!("ArrayTaskThrottle={limit} "));
    }
    layout.out.extend_from_slice(b"JobName=");
    layout.out.extend_from_slice(row.name.as_bytes());
    let owner = &row.owner;
    layout.line(format_args!(
        "UserId={}({}) GroupId={}({}) MCS_label=N/A",
        owner.user, owner.uid, owner.group, owner.gid
    ));
    layout.line(format_args!("Priority={} Nice={} Account={} QOS={}", row.priority, row.nice, row.account, row.qos));
    // `WCKey=` is shown where they are accounted for, which they are not.
    let dependency = if row.dependency.is_empty() { "(null)" } else { &row.dependency };
    layout.line(format_args!("JobState={} Reason={} Dependency={dependency}", row.state, reason(row.reason)));
    layout.line(format_args!(
        "Requeue={} Restarts={} BatchFlag={} Reboot=0 ExitCode={}",
        u8::from(spec.requeue),
        row.restarts,
        u8::from(spec.batch),
        row.exit
    ));
    if style.details {
        layout.line(format_args!("DerivedExitCode=0:0"));
    }
}

/// `scontrol` puts underscores where `squeue` has blanks.
fn reason(reason: Reason) -> String {
    crate::squeue::reason(reason).replace(' ', "_")
}

fn times(layout: &mut Layout<'_>, job: &QueueDetail, clock: &Clock<'_>) {
    let (row, spec, zone) = (&job.row, &job.spec, clock.zone);
    layout.line(format_args!("RunTime="));
    put_full_span(layout.out, row.elapsed(clock.now));
    layout.out.extend_from_slice(b" TimeLimit=");
    put_full_limit(layout.out, row.time_limit);
    layout.out.extend_from_slice(b" TimeMin=");
    match spec.time_min {
        Some(span) => put_full_limit(layout.out, TimeLimit::Span(span)),
        None => layout.out.extend_from_slice(b"N/A"),
    }
    layout.line(format_args!("SubmitTime="));
    put_timestamp_or(layout.out, Some(row.submit), zone, "Unknown");
    layout.out.extend_from_slice(b" EligibleTime=");
    put_timestamp_or(layout.out, row.eligible, zone, "Unknown");
    layout.line(format_args!("AccrueTime="));
    put_timestamp_or(layout.out, row.eligible, zone, "Unknown");
    layout.line(format_args!("StartTime="));
    put_timestamp_or(layout.out, row.start, zone, "Unknown");
    layout.out.extend_from_slice(b" EndTime=");
    put_timestamp_or(layout.out, row.end, zone, "Unknown");
    layout.out.extend_from_slice(b" Deadline=");
    put_timestamp_or(layout.out, spec.deadline, zone, "N/A");
    layout.line(format_args!("SuspendTime="));
    put_timestamp_or(layout.out, job.suspended_since, zone, "None");
    let before = match (job.suspended_since, row.start) {
        (Some(since), Some(start)) => (since - start).as_seconds() - row.suspended.as_seconds(),
        _ => 0,
    };
    put(layout.out, format_args!(" SecsPreSuspend={} LastSchedEval=", before.max(0)));
    put_timestamp_or(layout.out, job.considered, zone, "Unknown");
    layout.out.extend_from_slice(b" Scheduler=Main");
}

fn place(layout: &mut Layout<'_>, job: &QueueDetail, style: Style) {
    let (row, request) = (&job.row, &job.spec.request);
    layout.line(format_args!("Partition={} AllocNode:Sid={}:0", row.partition, job.spec.submit_host));
    layout.line(format_args!("ReqNodeList=(null) ExcNodeList=(null)"));
    layout.line(format_args!("NodeList={}", row.node));
    if job.spec.batch && !row.node.is_empty() {
        layout.line(format_args!("BatchHost={}", row.node));
    }
    let threads = request.threads_per_core.map_or_else(|| "*".to_owned(), |threads| threads.to_string());
    let nodes = match request.nodes {
        Some((least, most)) if row.node.is_empty() && most > least => format!("{least}-{most}"),
        _ => row.nodes.to_string(),
    };
    // A job that ended in the queue has no tasks any more.
    let never = row.state.is_final() && row.node.is_empty();
    let tasks = if never { "N/A".to_owned() } else { row.tasks.to_string() };
    layout.line(format_args!(
        "NumNodes={nodes} NumCPUs={} NumTasks={tasks} CPUs/Task={} ReqB:S:C:T=0:0:*:{threads}",
        row.cpus, row.cpus_per_task
    ));
    layout.line(format_args!("TRES="));
    let memory_mib = match row.memory {
        Memory::PerNode(mib) => Some(mib.saturating_mul(row.nodes.max(1).into())),
        Memory::PerCpu(mib) => Some(mib.saturating_mul(row.cpus.into())),
        Memory::Default | Memory::Unlimited => None,
    };
    tres::put(layout.out, &Tres { cpus: row.cpus, memory_mib, nodes: row.nodes, gpus: row.gpus });
    let per_node = request.tasks_per_node.unwrap_or(0);
    layout.line(format_args!("Socks/Node=* NtasksPerN:B:S:C={per_node}:0:*:* CoreSpec=*"));
    if style.details && !row.node.is_empty() {
        let gres = |gpus: &[u32]| gpus.iter().map(u32::to_string).collect::<Vec<_>>().join(",");
        let (job_gres, ids) = match row.gpus {
            0 => ("(null)".to_owned(), String::new()),
            count => (format!("gpu:{count}"), format!("gpu:{count}(IDX:{})", gres(&job.gpu_ids))),
        };
        layout.line(format_args!("JOB_GRES={job_gres}"));
        let memory = memory_mib.unwrap_or(0);
        layout.line(format_args!("  Nodes={} CPU_IDs={} Mem={memory} GRES={ids}", row.node, job.cpu_ids));
    }
    let least = row.cpus_per_task.saturating_mul(per_node.max(1));
    layout.line(format_args!("MinCPUsNode={least} "));
    let (kind, mib) = match row.memory {
        Memory::PerCpu(mib) => ("CPU", mib),
        Memory::PerNode(mib) => ("Node", mib),
        Memory::Default | Memory::Unlimited => ("Node", 0),
    };
    put(layout.out, format_args!("MinMemory{kind}="));
    put_memory(layout.out, mib);
    layout.out.extend_from_slice(b" MinTmpDiskNode=0");
}

fn files(layout: &mut Layout<'_>, job: &QueueDetail) {
    let (row, spec) = (&job.row, &job.spec);
    let features = spec.features.as_deref().unwrap_or("(null)");
    layout.line(format_args!("Features={features} DelayBoot=00:00:00"));
    if let Some(reservation) = &spec.reservation {
        layout.line(format_args!("Reservation={reservation}"));
    }
    let shares = if spec.request.exclusive { "NO" } else { "OK" };
    layout.line(format_args!("OverSubscribe={shares} Contiguous=0 Licenses=(null) Network=(null)"));
    layout.line(format_args!("Command="));
    match &spec.command {
        Some(command) => crate::squeue::put_command(layout.out, command, &spec.args),
        None => layout.out.extend_from_slice(b"(null)"),
    }
    let mut bytes = |name: &str, value: &Text| {
        layout.next();
        put(layout.out, format_args!("{name}="));
        layout.out.extend_from_slice(value.as_bytes());
    };
    bytes("WorkDir", &spec.workdir);
    if let Some(comment) = &spec.comment {
        // The blank is Slurm's.
        bytes("Comment", &Text::from([comment.as_bytes(), b" "].concat()));
    }
    if spec.batch {
        bytes("StdErr", &job.files[1]);
        bytes("StdIn", &job.files[2]);
        bytes("StdOut", &job.files[0]);
    }
    layout.line(format_args!("Power="));
    if spec.kill_on_invalid_dep == Some(true) {
        layout.line(format_args!("KillOInInvalidDependent=Yes"));
    }
    if row.gpus > 0 {
        match &spec.request.gpu_type {
            Some(kind) => layout.line(format_args!("TresPerNode=gres:gpu:{kind}:{}", row.gpus)),
            None => layout.line(format_args!("TresPerNode=gres:gpu:{}", row.gpus)),
        }
    }
    if spec.mail.0 != 0 {
        let user = spec.mail_user.as_deref().unwrap_or(&spec.owner.user);
        layout.line(format_args!("MailUser={user} MailType={}", crate::values::mail::show(spec.mail)));
    }
    layout.next();
}
