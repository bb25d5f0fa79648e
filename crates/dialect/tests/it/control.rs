//! `scontrol`.

use dialect::scontrol::{self, JobChange, NodeState, NumberChange, Request, Style, Targets};
use model::{
    ArrayPlace, ArraySpec, JobId, JobSpec, JobState, Memory, NodeRow, PartitionRow, QueueDetail, QueueRow, Reason,
    Span, StepId, TimeLimit, Uid,
};

use crate::facts;
use crate::rows::{at, clock, detail, ended, pending, running, spec, step, tasks};

/// Where our text is not Slurm's on purpose: rows do not carry the session that submitted, and one time serves for
/// "eligible" and "accrues priority since".
fn normal(text: &str) -> String {
    let mut lines = Vec::new();
    for line in text.lines() {
        lines.push(match line.split_once("AllocNode:Sid=") {
            Some((start, _)) => format!("{start}AllocNode:Sid=vm:0"),
            None => line.to_owned(),
        });
    }
    lines.join("\n") + "\n"
}

fn check(file: &str, command: &str, nth: usize, jobs: &[QueueDetail], now: &str, differences: &[(&str, &str)]) {
    let mut expected = normal(&facts::case(file, command, nth).stdout);
    for (theirs, ours) in differences {
        assert!(expected.contains(theirs), "{file} {command}: nothing to replace for {theirs}");
        expected = expected.replace(theirs, ours);
    }
    let mut out = Vec::new();
    scontrol::put_jobs(jobs, Style::default(), &clock(now), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), expected, "{file}: {command}");
}

fn script(name: &str) -> JobSpec {
    JobSpec { command: Some(format!("/home/alice/work/{name}").as_str().into()), ..spec() }
}

fn priority(row: QueueRow, priority: u32) -> QueueRow {
    QueueRow { priority, ..row }
}

#[test]
fn jobs_in_every_state() {
    let now = "11:14:53";
    let row = priority(running(98, "simple", "11:14:52", now), 4_294_901_675);
    check("simple", "scontrol show job 98", 0, &[detail(row, script("simple.sh"))], now, &[]);
    let row = ended(98, "simple", ["11:14:52", now, "11:14:57"], JobState::Completed, (0, 0));
    let row = priority(row, 4_294_901_675);
    check("simple", "scontrol show job 98", 1, &[detail(row, script("simple.sh"))], "11:15:00", &[]);

    let row = ended(9, "noint.sh", ["10:55:00", "10:55:02", "10:55:02"], JobState::Failed, (2, 0));
    let row = QueueRow { reason: Reason::NonZeroExitCode, priority: 4_294_901_751, ..row };
    check("noshebang", "scontrol show job 9", 0, &[detail(row, script("noint.sh"))], "10:56:00", &[]);

    let row = ended(22, "wrap", ["10:57:17", "10:57:19", "10:57:19"], JobState::Failed, (0, 15));
    let row = QueueRow { reason: Reason::JobLaunchFailure, priority: 4_294_901_739, ..row };
    check("fail3", "scontrol show job 22", 0, &[detail(row, spec())], "10:58:00", &[]);

    let row = ended(83, "timeout.sh", ["11:08:43", "11:08:43", "11:09:57"], JobState::Timeout, (0, 9));
    let limit = TimeLimit::Span(Span::minutes(1));
    let row = QueueRow { reason: Reason::TimeLimit, time_limit: limit, priority: 4_294_901_690, ..row };
    check("timeout", "scontrol show job 83", 1, &[detail(row, script("timeout.sh"))], "11:11:00", &[]);

    let row = ended(1, "oom.sh", ["11:40:13", "11:40:13", "11:40:13"], JobState::OutOfMemory, (0, 125));
    let row = QueueRow {
        reason: Reason::OutOfMemory,
        time_limit: TimeLimit::Unlimited,
        memory: Memory::PerNode(50),
        priority: 4_294_901_759,
        ..row
    };
    check("oom-cgroup", "scontrol show job 1", 0, &[detail(row, script("oom.sh"))], "11:41:00", &[]);

    let row = ended(49, "trap.sh", ["11:06:28", "11:06:30", "11:06:31"], JobState::Cancelled, (5, 0));
    let row = priority(row, 4_294_901_720);
    check("cancel", "scontrol show job 49", 0, &[detail(row, script("trap.sh"))], "11:06:40", &[]);

    let row = running(88, "srun.sh", "11:14:37", "11:14:39");
    let row = QueueRow { cpus: 2, tasks: 2, priority: 4_294_901_685, ..row };
    check("srun", "scontrol show job 88", 0, &[detail(row, script("srun.sh"))], "11:14:40", &[]);
}

#[test]
fn jobs_in_the_queue() {
    let held = QueueRow { reason: Reason::JobHeldUser, priority: 0, eligible: None, ..pending(55, "wrap", "11:06:48") };
    check("hold", "scontrol show job 55", 0, &[detail(held, spec())], "11:07:00", &[]);

    let begin = at("12:07:51");
    let row = QueueRow {
        reason: Reason::BeginTime,
        priority: 4_294_901_715,
        eligible: Some(begin),
        start: Some(begin),
        end: Some(begin + Span::minutes(60)),
        ..pending(56, "wrap", "11:07:51")
    };
    check("hold", "scontrol show job 56", 0, &[detail(row.clone(), spec())], "11:08:00", &[]);
    let gone = QueueRow {
        id: JobId(51),
        state: JobState::Cancelled,
        priority: 4_294_901_718,
        submit: at("11:06:40"),
        eligible: Some(at("12:06:40")),
        start: Some(at("11:06:40")),
        end: Some(at("11:06:40")),
        ..row
    };
    let accrues = [("AccrueTime=Unknown", "AccrueTime=2026-11-22T12:06:40")];
    check("cancel", "scontrol show job 51", 0, &[detail(gone, spec())], "11:08:00", &accrues);

    let row = QueueRow {
        reason: Reason::Dependency,
        priority: 4_294_901_702,
        eligible: None,
        dependency: "afterok:58(unfulfilled)".into(),
        ..pending(68, "wrap", "11:07:59")
    };
    let spec = JobSpec { kill_on_invalid_dep: Some(true), ..spec() };
    check("deps", "scontrol show job 68", 0, &[detail(row, spec)], "11:08:00", &[]);
}

#[test]
fn arrays() {
    let spec = JobSpec { array: Some(ArraySpec { tasks: tasks("1-4"), limit: Some(2) }), ..script("array.sh") };
    let task = |id, index| {
        let row = QueueRow {
            array: ArrayPlace::Task { base: JobId(35), index },
            priority: 4_294_901_726,
            ..running(id, "array.sh", "11:01:25", "11:01:25")
        };
        detail(row, spec.clone())
    };
    let rest = QueueRow {
        array: ArrayPlace::Pending { base: JobId(35), tasks: tasks("3-4"), limit: Some(2) },
        reason: Reason::JobArrayTaskLimit,
        priority: 4_294_901_726,
        eligible: None,
        ..pending(35, "array.sh", "11:01:25")
    };
    let rest = detail(rest, spec.clone());
    let accrues =
        [("EligibleTime=Unknown\n   AccrueTime=2026-11-22T11:01:25", "EligibleTime=Unknown\n   AccrueTime=Unknown")];
    check("array", "scontrol show job 35", 0, &[task(36, 1), rest, task(37, 2)], "11:01:26", &accrues);
    check("array", "scontrol show job 35_1", 0, &[task(36, 1)], "11:01:26", &[]);

    let row = QueueRow {
        array: ArrayPlace::Pending { base: JobId(42), tasks: tasks("1,3,7-9"), limit: None },
        reason: Reason::JobHeldUser,
        priority: 0,
        eligible: None,
        ..pending(42, "wrap", "11:01:43")
    };
    let spec = JobSpec { array: Some(ArraySpec { tasks: tasks("1,3,7-9"), limit: None }), ..crate::rows::spec() };
    check("array", "scontrol show job 42", 0, &[detail(row.clone(), spec.clone())], "11:02:00", &[]);
    let gone = QueueRow {
        array: ArrayPlace::Pending { base: JobId(42), tasks: tasks("7-9"), limit: None },
        state: JobState::Cancelled,
        start: Some(at("11:01:43")),
        end: Some(at("11:01:43")),
        ..row
    };
    check("array", "scontrol show job 42", 1, &[detail(gone, spec)], "11:02:00", &[]);
}

#[test]
fn everything_that_may_be_shown_of_a_job() {
    let spec = JobSpec {
        comment: Some("cc".into()),
        reservation: Some("flood".into()),
        features: Some("fast".into()),
        wckey: Some("key".into()),
        mail: model::MailEvents(3),
        mail_user: Some("x@example.org".into()),
        args: vec!["a".into(), "b c".into()],
        request: model::Request {
            exclusive: true,
            tasks_per_node: Some(2),
            threads_per_core: Some(1),
            gpu_type: Some("k80".into()),
            ..spec().request
        },
        ..script("x.sh")
    };
    let row = QueueRow {
        gpus: 2,
        memory: Memory::PerNode(1024),
        suspended: Span::seconds(5),
        state: JobState::Suspended,
        ..running(7, "x.sh", "11:00:00", "11:00:00")
    };
    let mut job = detail(row, spec);
    job.cpu_ids = [0, 1, 4].into_iter().collect();
    job.gpu_ids = vec![0, 3];
    job.suspended_since = Some(at("11:01:00"));
    let mut out = Vec::new();
    scontrol::put_job(&job, Style { one_line: false, details: true }, &clock("11:02:00"), &mut out);
    scontrol::put_job(&job, Style { one_line: true, details: false }, &clock("11:02:00"), &mut out);
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn steps() {
    let case = facts::case("srun", "scontrol show step 88", 0);
    let mut sleep = step(88, StepId::Number(1), "sleep", "11:14:39");
    (sleep.cpus, sleep.pid) = (2, Some(3396));
    let mut out = Vec::new();
    let batch = step(88, StepId::Batch, "batch", "11:14:39");
    scontrol::put_step(&batch, Some(200), Style::default(), &clock("11:14:40"), &mut out);
    scontrol::put_step(&sleep, Some(200), Style::default(), &clock("11:14:40"), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout);
}

pub fn node() -> NodeRow {
    NodeRow {
        name: "vm".into(),
        sockets: 2,
        cores_per_socket: 1,
        threads_per_core: 1,
        cpus: 2,
        cpus_allocated: 0,
        memory_mib: 23_605,
        memory_allocated_mib: 0,
        memory_free_mib: 22_404,
        load_centi: 218,
        gpus: 0,
        gpus_allocated: 0,
        drained: None,
        power: model::NodePower::On,
        up: true,
        reserved: false,
        simulated: false,
        watts: None,
        partitions: vec!["debug".into()],
        boot: Some(at("10:38:47")),
        started: Some(at("10:52:27")),
        os: "Linux 6.18.44-fc-v669 #1 SMP PREEMPT_DYNAMIC @0 x86_64".into(),
    }
}

pub fn partition() -> PartitionRow {
    PartitionRow {
        name: "debug".into(),
        default: true,
        up: true,
        max_time: TimeLimit::Unlimited,
        default_time: TimeLimit::Span(Span::minutes(60)),
        default_memory: Memory::Unlimited,
        nodes: vec!["vm".into()],
        cpus: 2,
        memory_mib: 23_605,
    }
}

#[test]
fn machines_and_partitions() {
    let case = facts::case("simple", "scontrol show node", 0);
    let mut out = Vec::new();
    scontrol::put_node(&node(), Style::default(), &clock("11:15:11"), &mut out);
    // The address is the machine's name here: there is only one.
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout.replace("NodeAddr=127.0.0.1", "NodeAddr=vm"));

    let case = facts::case("simple", "scontrol show partition", 0);
    let mut out = Vec::new();
    scontrol::put_partition(&partition(), Style::default(), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout);

    let busy = NodeRow {
        cpus_allocated: 1,
        memory_allocated_mib: 1024,
        gpus: 2,
        gpus_allocated: 1,
        drained: Some(("disk fails".into(), Uid(0), at("11:00:00"))),
        ..node()
    };
    let mut out = Vec::new();
    scontrol::put_node(&busy, Style { one_line: true, details: false }, &clock("11:15:11"), &mut out);
    let text = String::from_utf8(out).unwrap();
    for part in [
        "State=MIXED+DRAIN ",
        "Gres=gpu:2 ",
        "CfgTRES=cpu=2,mem=23605M,billing=2,gres/gpu=2 ",
        "AllocTRES=cpu=1,mem=1G,gres/gpu=1 ",
        "Reason=disk fails [root@2026-11-22T11:00:00]\n",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert_eq!(text.lines().count(), 1);
}

#[test]
fn small_answers() {
    for command in ["scontrol version", "scontrol ping"] {
        let case = facts::case("simple", command, 0);
        let shown = match request(command).unwrap() {
            Request::Answer(text) => text,
            Request::Ping => scontrol::ping("vm"),
            other => panic!("{other:?}"),
        };
        assert_eq!(shown, case.stdout);
    }
    let mut out = Vec::new();
    let pairs = [("MinJobAge".to_owned(), "300 sec".to_owned()), ("ClusterName".to_owned(), "base".to_owned())];
    scontrol::put_config(&pairs, "vm", &clock("11:00:00"), &mut out);
    let expected = "Configuration data as of 2026-11-22T11:00:00\nMinJobAge               = 300 sec\n\
                    ClusterName             = base\n\nSlurmctld(primary) at vm is UP\n";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
    for (command, answer) in [
        ("scontrol show hostnames node[01-03,7]", "node01\nnode02\nnode03\nnode7\n"),
        ("scontrol show hostlist node01,node02,vm", "node[01-02],vm\n"),
        ("scontrol show hostlistsorted b2,b1,b2", "b[1-2]\n"),
    ] {
        assert_eq!(request(command), Ok(Request::Answer(answer.into())), "{command}");
    }
}

fn request(command: &str) -> Result<Request, String> {
    let environ = [(b"SLURM_JOB_NODELIST".to_vec(), b"vm".to_vec())];
    scontrol::parse(&facts::args(command), &environ, &clock("11:00:00"))
        .map(|options| options.request)
        .map_err(|refusal| refusal.lines.join("\n"))
}

fn jobs(list: &str) -> Targets {
    Targets::Jobs(dialect::values::jobs::parse_list(list.as_bytes()).unwrap())
}

#[test]
fn requests() {
    let picks = |list: &str| dialect::values::jobs::parse_list(list.as_bytes()).unwrap();
    for (command, expected) in [
        ("scontrol show job", Ok(Request::ShowJobs(vec![]))),
        ("scontrol -o show jobs 35_1", Ok(Request::ShowJobs(picks("35_1")))),
        ("scontrol show job=35", Ok(Request::ShowJobs(picks("35")))),
        ("scontrol show step 88.0", Ok(Request::ShowSteps(picks("88.0").pop()))),
        ("scontrol show node", Ok(Request::ShowNodes(vec![]))),
        ("scontrol show nodes vm -o", Ok(Request::ShowNodes(vec!["vm".into()]))),
        ("scontrol show par debug", Ok(Request::ShowPartitions(Some("debug".into())))),
        ("scontrol show res", Ok(Request::ShowReservations(None))),
        ("scontrol show config", Ok(Request::ShowConfig)),
        ("scontrol show hostnames", Ok(Request::Answer("vm\n".into()))),
        ("scontrol hold 55,56", Ok(Request::Hold(jobs("55,56")))),
        ("scontrol hold job_name=x", Ok(Request::Hold(Targets::Named("x".into())))),
        ("scontrol release 55 56", Ok(Request::Release(jobs("55,56")))),
        ("scontrol requeue 35_2", Ok(Request::Requeue { jobs: jobs("35_2"), hold: false })),
        ("scontrol requeuehold 87", Ok(Request::Requeue { jobs: jobs("87"), hold: true })),
        ("scontrol suspend 1", Ok(Request::Suspend(jobs("1")))),
        ("scontrol resume 1", Ok(Request::Resume(jobs("1")))),
        ("scontrol delete ReservationName=r", Ok(Request::DeleteReservation("r".into()))),
        ("scontrol delete reservation r", Ok(Request::DeleteReservation("r".into()))),
        (
            "scontrol write batch_script 5 -",
            Ok(Request::WriteScript { job: picks("5").remove(0), file: Some("-".into()) }),
        ),
        ("scontrol bogus", Err("invalid keyword: bogus")),
        ("scontrol show bogus", Err("invalid entity:bogus for keyword:show ")),
        ("scontrol show", Err("too few arguments for keyword:show")),
        ("scontrol hold", Err("too few arguments for keyword:hold")),
        (
            "scontrol update JobId=56 Bogus=1",
            Err("Update of this parameter is not supported: Bogus=1\nRequest aborted"),
        ),
        (
            "scontrol update NodeName=vm State=DRAIN",
            Err("You must specify a reason when DOWNING or DRAINING a node. Request denied"),
        ),
        (
            "scontrol --bogus",
            Err("scontrol: unrecognized option '--bogus'\nTry \"scontrol --help\" for more information"),
        ),
    ] {
        assert_eq!(request(command), expected.map_err(str::to_owned), "{command}");
    }
}

#[test]
fn updates() {
    let update = |changes| Ok(Request::UpdateJobs { jobs: jobs("56"), changes });
    for (command, expected) in [
        ("scontrol update JobId=56 Priority=0", update(vec![JobChange::Priority(0)])),
        (
            "scontrol update job=56 JobName=newname TimeLimit=5",
            update(vec![
                JobChange::Name("newname".into()),
                JobChange::TimeLimit(NumberChange::To(TimeLimit::Span(Span::minutes(5)))),
            ]),
        ),
        (
            "scontrol update JobId=56 TimeLimit=+1:00:00",
            update(vec![JobChange::TimeLimit(NumberChange::Plus(Span::minutes(60)))]),
        ),
        ("scontrol update JobId=56 StartTime=now", update(vec![JobChange::Begin(at("11:00:00"))])),
        ("scontrol update JobId=56 ArrayTaskThrottle=0", update(vec![JobChange::ArrayLimit(0)])),
        ("scontrol update JobId=56 Dependency=", update(vec![JobChange::Dependency(None)])),
        ("scontrol update JobId=56 partition=short", update(vec![JobChange::Partition("short".into())])),
        ("scontrol update JobId=56 MinMemoryNode=1G", update(vec![JobChange::Memory(Memory::PerNode(1024))])),
        (
            "scontrol update NodeName=vm State=DRAIN Reason='disk fails'",
            Ok(Request::UpdateNodes {
                nodes: vec!["vm".into()],
                state: Some(NodeState::Drain),
                reason: Some("disk fails".into()),
            }),
        ),
        (
            "scontrol update node=vm state=resume",
            Ok(Request::UpdateNodes { nodes: vec!["vm".into()], state: Some(NodeState::Resume), reason: None }),
        ),
        (
            "scontrol update PartitionName=debug State=DOWN",
            Ok(Request::UpdatePartition { name: "debug".into(), up: false }),
        ),
    ] {
        assert_eq!(request(command), expected, "{command}");
    }
}

#[test]
fn reservations() {
    let command = "scontrol create reservation ReservationName=flood StartTime=now Duration=2:00:00 Users=alice,bob \
                   Nodes=ALL Flags=maint,ignore_jobs";
    let Ok(Request::CreateReservation(change)) = request(command) else { panic!("{:?}", request(command)) };
    assert_eq!((change.name.as_deref(), change.start), (Some("flood"), Some(at("11:00:00"))));
    assert_eq!(change.duration, Some(Some(Span::minutes(120))));
    assert_eq!(change.users, Some(vec!["alice".to_owned(), "bob".to_owned()]));
    assert_eq!(change.nodes, Some(vec!["ALL".to_owned()]));
    assert_eq!(change.flags, Some(vec!["MAINT".to_owned(), "IGNORE_JOBS".to_owned()]));
    let command = "scontrol update ReservationName=flood Users+=eve EndTime=12:00";
    let Ok(Request::UpdateReservation(change)) = request(command) else { panic!("{:?}", request(command)) };
    assert_eq!((change.users, change.end), (Some(vec!["+eve".to_owned()]), Some(at("12:00:00"))));
    for (command, fault) in [
        (
            "scontrol create reservation Users=a Nodes=ALL Duration=5",
            "scontrol: error: A start time must be given.  No reservation created.",
        ),
        (
            "scontrol create res StartTime=now Users=a Nodes=ALL",
            "scontrol: error: An end time or duration must be given.  No reservation created.",
        ),
    ] {
        assert_eq!(request(command), Err(fault.to_owned()));
    }
    let shown = scontrol::Reservation {
        name: "flood".into(),
        start: at("11:00:00"),
        end: at("13:00:00"),
        nodes: vec!["vm".into()],
        cores: 2,
        partition: String::new(),
        flags: vec!["MAINT".into()],
        users: vec!["alice".into()],
        accounts: vec![],
    };
    let mut out = Vec::new();
    scontrol::put_reservation(&shown, Style::default(), &clock("11:30:00"), &mut out);
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}
