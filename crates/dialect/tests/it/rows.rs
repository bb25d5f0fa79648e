//! Rows as the centre would send them for the captured jobs of `alice`.

use std::sync::Arc;

use dialect::text::Clock;
use dialect::values::when::{self, Lean};
use jiff::tz::TimeZone;
use model::{
    AccountRow, ArrayPlace, CpuSet, Exit, Gid, IndexSet, JobId, JobSpec, JobState, Memory, Owner, QueueDetail,
    QueueRow, Reason, Span, StepId, StepRow, Text, Time, TimeLimit, Uid,
};

pub const UTC: TimeZone = TimeZone::UTC;

/// `11:14:52` of the day of the captures, which was made in UTC.
pub fn at(time: &str) -> Time {
    let text = if time.contains('T') { time.to_owned() } else { format!("2026-11-22T{time}") };
    let clock = Clock { now: Time(0), zone: &UTC };
    when::parse(text.as_bytes(), &clock, Lean::Past).unwrap()
}

pub fn clock(now: &str) -> Clock<'static> {
    const ZONE: &TimeZone = &UTC;
    Clock { now: at(now), zone: ZONE }
}

pub fn alice() -> Arc<Owner> {
    Arc::new(Owner { uid: Uid(1001), gid: Gid(1001), user: "alice".into(), group: "alice".into() })
}

pub fn tasks(list: &str) -> IndexSet {
    dialect::values::array::task_list(list).unwrap()
}

/// A pending job as submitted without options, in a partition of one hour and 100 MiB a CPU.
pub fn pending(id: u32, name: &str, submit: &str) -> QueueRow {
    QueueRow {
        id: JobId(id),
        array: ArrayPlace::Single,
        name: name.into(),
        owner: alice(),
        account: "proj".into(),
        partition: "debug".into(),
        qos: "normal".into(),
        state: JobState::Pending,
        reason: Reason::None,
        priority: 1000,
        nice: 0,
        cpus: 1,
        tasks: 1,
        cpus_per_task: 1,
        nodes: 1,
        memory: Memory::PerCpu(100),
        gpus: 0,
        time_limit: TimeLimit::Span(Span::minutes(60)),
        submit: at(submit),
        eligible: Some(at(submit)),
        start: None,
        end: None,
        suspended: Span::ZERO,
        exit: Exit::default(),
        restarts: 0,
        dependency: String::new(),
        node: "".into(),
    }
}

/// The same, running since then.
pub fn running(id: u32, name: &str, submit: &str, start: &str) -> QueueRow {
    QueueRow {
        state: JobState::Running,
        start: Some(at(start)),
        end: Some(at(start) + Span::minutes(60)),
        node: "vm".into(),
        ..pending(id, name, submit)
    }
}

/// The same, ended.
pub fn ended(id: u32, name: &str, times: [&str; 3], state: JobState, exit: (u8, u8)) -> QueueRow {
    QueueRow {
        state,
        end: Some(at(times[2])),
        exit: Exit { code: exit.0, signal: exit.1 },
        ..running(id, name, times[0], times[1])
    }
}

/// A submission without options, from `/home/alice/work`.
pub fn spec() -> JobSpec {
    JobSpec {
        submit_host: "vm".into(),
        submit_line: "sbatch".into(),
        ..JobSpec::plain("wrap".into(), (*alice()).clone(), "/home/alice/work".into())
    }
}

/// The whole job, looked at last when it was submitted or started.
pub fn detail(row: QueueRow, spec: JobSpec) -> QueueDetail {
    let user = row.owner.user.clone();
    let facts = dialect::patterns::Facts::of_record(row.id, &row.array, row.name.as_bytes(), &user, &row.node);
    let files = dialect::patterns::batch_files(&spec, &facts);
    let considered = row.start.filter(|_| row.state != JobState::Pending).or(Some(row.submit));
    QueueDetail {
        row,
        spec: Arc::new(spec),
        cpu_ids: CpuSet::default(),
        gpu_ids: Vec::new(),
        files,
        suspended_since: None,
        considered,
    }
}

/// The account of a job that ran.
pub fn account(id: u32, name: &str, times: [&str; 3], state: JobState, exit: (u8, u8)) -> AccountRow {
    let row = ended(id, name, times, state, exit);
    AccountRow {
        id: row.id,
        array: ArrayPlace::Single,
        step: None,
        attempt: 0,
        name: row.name,
        owner: row.owner,
        account: row.account,
        partition: row.partition,
        qos: row.qos,
        state,
        cancelled_by: None,
        reason: Reason::None,
        exit: row.exit,
        derived_exit: Exit::default(),
        submit: row.submit,
        eligible: row.eligible,
        start: row.start,
        end: row.end,
        suspended: Span::ZERO,
        cpus_requested: 1,
        cpus: 1,
        tasks: 1,
        nodes: 1,
        memory: row.memory,
        memory_mib: Some(100),
        gpus: 0,
        time_limit: row.time_limit,
        priority: row.priority,
        usage: None,
        energy_uj: None,
        node: row.node,
        workdir: "/home/alice/work".into(),
        submit_line: "sbatch".into(),
        comment: None,
        wckey: None,
        reservation: None,
    }
}

/// A step of it, with the same times.
pub fn step_account(job: &AccountRow, step: StepId, name: &str, state: JobState, exit: (u8, u8)) -> AccountRow {
    AccountRow {
        step: Some(step),
        name: Text::from(name),
        state,
        exit: Exit { code: exit.0, signal: exit.1 },
        cancelled_by: None,
        ..job.clone()
    }
}

/// A running step.
pub fn step(job: u32, step: StepId, name: &str, start: &str) -> StepRow {
    StepRow {
        job: JobId(job),
        array: ArrayPlace::Single,
        step,
        name: name.into(),
        owner: alice(),
        partition: "debug".into(),
        start: at(start),
        cpus: 1,
        tasks: 1,
        node: "vm".into(),
        pid: None,
    }
}
