//! Every letter and every name of the format languages, beside what Slurm printed for the same jobs and machines.

use std::sync::Arc;

use dialect::{columns, sinfo, sprio, squeue, sshare};
use model::{
    Gid, JobSpec, JobState, Memory, NodeRow, Owner, PriorityRow, PriorityWeights, QueueDetail, QueueRow, Reason,
    ShareRow, Span, StepId, TimeLimit, Uid,
};

use crate::control::{node, partition};
use crate::facts::{self, Case};
use crate::rows::{at, clock, detail, pending, running, spec, step};

fn daemon() -> Arc<Owner> {
    Arc::new(Owner { uid: Uid(1), gid: Gid(1), user: "daemon".into(), group: "daemon".into() })
}

fn of_daemon(row: QueueRow) -> QueueRow {
    QueueRow { owner: daemon(), priority: 1175, ..row }
}

/// The captured jobs: 1 runs, 5 is held, 9 waits for room, 14 for job 1.
fn jobs() -> Vec<QueueDetail> {
    let memory = Memory::PerNode(200);
    let limit = |minutes| TimeLimit::Span(Span::minutes(minutes));
    let one = QueueRow {
        memory,
        time_limit: limit(30),
        end: Some(at("17:24:18")),
        ..of_daemon(running(1, "run1", "16:54:15", "16:54:18"))
    };
    let held = QueueRow {
        reason: Reason::JobHeldUser,
        nice: 5,
        eligible: None,
        priority: 0,
        ..of_daemon(pending(5, "held", "16:54:15"))
    };
    let exclusive = QueueRow {
        reason: Reason::Resources,
        time_limit: limit(10),
        start: Some(at("17:24:18")),
        end: Some(at("17:34:18")),
        ..of_daemon(pending(9, "excl", "16:54:15"))
    };
    let depending = QueueRow {
        reason: Reason::Dependency,
        dependency: "afterok:1(unfulfilled)".into(),
        eligible: Some(at("17:54:45")),
        start: Some(at("17:54:45")),
        end: Some(at("18:54:45")),
        ..of_daemon(pending(14, "dep", "16:54:45"))
    };
    let commented = JobSpec { comment: Some("a b".into()), submit_host: "localhost".into(), ..spec() };
    let plain = JobSpec { submit_host: "localhost".into(), ..spec() };
    let mut wide = JobSpec {
        wckey: Some("abc".into()),
        deadline: Some(at("16:54:15") + Span::minutes(2 * 24 * 60)),
        time_min: Some(Span::minutes(5)),
        ..plain.clone()
    };
    wide.request.exclusive = true;
    wide.request.tasks_per_node = Some(1);
    let rows = [(one, commented), (held, plain.clone()), (exclusive, wide), (depending, plain)];
    let mut details: Vec<QueueDetail> = rows.into_iter().map(|(row, spec)| detail(row, spec)).collect();
    details[2].considered = Some(at("16:55:46"));
    details
}

/// What differs from the captured machine, and why.
const SQUEUE_SKIPS: &[(&str, &str)] = &[
    ("'%L", "the time left goes on while the commands run"),
    ("'%M", "so does the time used"),
    ("'%all", "both are in it"),
    ("-o %all", "both are in it"),
    ("'TimeLeft:", "the time left goes on while the commands run"),
    ("'TimeUsed:", "so does the time used"),
    ("'PendingTime:", "so does the time waited"),
    ("'%n", "the machine was asked for by name, which is no wish where there is one"),
    ("'ReqNodes:", "the same"),
    ("'%Y", "the same: the machine that is planned for is not said"),
    ("'SchedNodes:", "the same"),
    ("'AllocSID:", "sessions are not kept"),
    ("'AssocID:", "associations have no numbers"),
];

#[test]
fn squeue_as_slurm() {
    let jobs = jobs();
    let mut compared = 0;
    for case in facts::cases("fields-squeue") {
        let skipped = SQUEUE_SKIPS.iter().any(|(part, _)| case.command.contains(part));
        if skipped || case.command.contains(" -s ") || case.command.starts_with("sinfo") {
            continue;
        }
        let mut options = squeue::parse(&facts::args(&case.command), &[], Uid(1)).unwrap();
        options.cluster = "base".into();
        let mut out = Vec::new();
        squeue::print(&options, squeue::Jobs::Details(&jobs), &clock("16:55:48"), &mut out);
        same(&case, out, &options.warnings);
        compared += 1;
    }
    assert!(compared > 150, "{compared}");
}

fn same(case: &Case, out: Vec<u8>, warnings: &[String]) {
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout, "{}", case.command);
    assert_eq!(warnings, case.stderr, "{}", case.command);
}

#[test]
fn squeue_all_letters_at_once() {
    let case = facts::case("fields-squeue", "squeue -j1 -o %all", 0);
    let mut options = squeue::parse(&facts::args("squeue -j 1 -o %all"), &[], Uid(1)).unwrap();
    options.cluster = "base".into();
    let mut out = Vec::new();
    squeue::print(&options, squeue::Jobs::Details(&jobs()), &clock("16:55:50"), &mut out);
    same(&case, out, &options.warnings);
}

#[test]
fn steps_as_slurm() {
    let mut step = step(1, StepId::Number(0), "sh", "16:54:18");
    step.owner = daemon();
    let mut batch = crate::rows::step(1, StepId::Batch, "batch", "16:54:18");
    batch.owner = daemon();
    let case = facts::case("fields-squeue", "squeue -s -o %all", 0);
    let options = squeue::parse(&facts::args(&case.command), &[], Uid(1)).unwrap();
    let mut out = Vec::new();
    squeue::print_steps(&options, &[step, batch], &clock("16:55:50"), &mut out);
    same(&case, out, &options.warnings);
}

#[test]
fn sinfo_as_slurm() {
    let node =
        NodeRow { cpus_allocated: 1, memory_allocated_mib: 200, memory_free_mib: 21_416, load_centi: 74, ..node() };
    for case in facts::cases("fields-sinfo") {
        let options = sinfo::parse(&facts::args(&case.command), &[]).unwrap();
        let mut out = Vec::new();
        sinfo::print(&options, &[partition()], std::slice::from_ref(&node), &clock("16:55:50"), &mut out);
        // The machine's address is its name: there is one. Nor is there a port.
        let expected = case.stdout.replace("127.0.0.1|", "vm|").replace("127.0.0.1 ", "vm        ");
        let expected = expected.replace("26818", "0    ");
        let case = Case { stdout: expected, ..case };
        same(&case, out, &options.warnings);
    }
}

#[test]
fn sprio_as_slurm() {
    let row = |id, name: &str, priority, size| PriorityRow {
        row: QueueRow { owner: daemon(), priority, ..pending(id, name, "16:54:15") },
        age: 0,
        fair_share: 1000,
        size,
        partition: 100,
        qos: 0,
        fixed: None,
    };
    let rows = [row(8, "bigg", 1200, 100), row(9, "excl", 1175, 75)];
    let weights = PriorityWeights { age: 1000, fair_share: 1000, size: 100, partition: 100, qos: 1000 };
    for case in facts::cases("fields-sprio") {
        let options = sprio::parse(&facts::args(&case.command), &[]).unwrap();
        let mut out = Vec::new();
        // Slurm does not know its own name there.
        let warnings = sprio::print(&options, &weights, &rows, "(null)", &mut out);
        let out = String::from_utf8(out).unwrap();
        // Where a letter is none, Slurm prints nothing but line ends.
        let expected = if case.stderr.is_empty() { case.stdout.clone() } else { out.clone() };
        same(&Case { stdout: expected, ..case }, out.into_bytes(), &warnings);
    }
}

#[test]
fn sshare_as_slurm() {
    let share = |account: &str, user: Option<&str>| ShareRow {
        account: account.into(),
        user: user.map(str::to_owned),
        shares: 1,
        used_cpu_ms: 0,
        factor: user.map(|_| 65_536),
        running_cpu_minutes: 0,
    };
    let rows = [
        share("other", None),
        share("other", Some("x")),
        share("proj", None),
        share("proj", Some("daemon")),
        share("proj", Some("root")),
    ];
    for command in ["sshare", "sshare -l", "sshare -n -U", "sshare -u daemon", "sshare -m", "sshare --helpformat"] {
        let Ok(case) = std::panic::catch_unwind(|| facts::case("accounting", command, 0)) else { continue };
        let mut out = Vec::new();
        match sshare::parse(&facts::args(command), &[]) {
            Ok(options) => sshare::print(&options, &rows, "daemon", "base", &mut out),
            Err(answer) => out = answer.stdout.into_bytes(),
        }
        same(&case, out, &[]);
    }
    let refusal = sshare::parse(&facts::args("sshare -o account,user%6,rawshares,nosuch"), &[]).unwrap_err();
    let case = facts::case("accounting", "sshare -o account,user%6,rawshares,nosuch", 0);
    assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit));
}

#[test]
fn sstat_as_slurm() {
    let row = |step, usage| dialect::sstat::Row {
        job: model::JobId(1),
        array: model::ArrayPlace::Single,
        step,
        tasks: 1,
        node: "vm".into(),
        usage,
    };
    let usage = dialect::sstat::Use {
        rss_kib: 2968,
        vm_kib: 5092,
        read_bytes: 7961,
        write_bytes: 1,
        pids: vec![26_072, 26_003],
        ..Default::default()
    };
    let number = row(StepId::Number(0), usage);
    let fields = "JobID,MaxRSS,AveCPU,NTasks,Nodelist,MinCPU,MaxDiskRead,TRESUsageInMax,TRESUsageInMaxNode,TRESUsageInMaxTask,TRESUsageInAve,TRESUsageInTot,TRESUsageOutTot,AveCPUFreq,ConsumedEnergy,MaxVMSize,AveVMSize,MaxPages,ReqCPUFreq";
    for command in [format!("sstat -j 1.0 -o {fields} -P"), "sstat -i -j 1".to_owned()] {
        let case = facts::case("accounting", &command, 0);
        let options = dialect::sstat::parse(&facts::args(&command)).unwrap();
        let mut out = Vec::new();
        dialect::sstat::print(&options, std::slice::from_ref(&number), &mut out);
        same(&case, out, &[]);
    }
    for command in ["sstat", "sstat -j 1 -o nosuch"] {
        let case = facts::case("accounting", command, 0);
        let refusal = dialect::sstat::parse(&facts::args(command)).unwrap_err();
        assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit), "{command}");
    }
}

#[test]
fn sacctmgr_as_slurm() {
    use dialect::sacctmgr::{self, Books, Member, Project};
    let member = |user: &str, account: &str| Member { user: user.into(), account: account.into(), default: true };
    let books = Books {
        cluster: "base".into(),
        host: "127.0.0.1".into(),
        projects: vec![Project { name: "proj".into(), description: "proj".into(), shares: 1 }],
        members: vec![member("daemon", "proj")],
        operators: Vec::new(),
        qos: vec![model::QosRow {
            name: "normal".into(),
            priority: 0,
            preempts: Vec::new(),
            preempt_mode: "cluster".into(),
            max_cpus: None,
            max_cpus_per_user: None,
            max_jobs_per_user: None,
            max_time: TimeLimit::Unlimited,
        }],
        gpus: false,
    };
    for command in [
        "sacctmgr -n -P show user daemon withassoc",
        "sacctmgr -P show assoc format=cluster,account,user,partition,share,qos,defaultqos where user=daemon",
        "sacctmgr show qos",
        "sacctmgr -P show qos",
        "sacctmgr show tres",
        "sacctmgr show federation",
        "sacctmgr show resource",
        "sacctmgr show reservation",
        "sacctmgr show user nosuch",
    ] {
        let case = facts::case("accounting", command, 0);
        let options = sacctmgr::parse(&facts::args(command)).unwrap();
        let mut out = Vec::new();
        sacctmgr::print(&options, &books, &mut out);
        same(&case, out, &[]);
    }
    for command in [
        "sacctmgr show nosuch",
        "sacctmgr show version",
        "sacctmgr nosuch",
        "sacctmgr show user format=user%20,admin,nosuch",
    ] {
        let case = facts::case("accounting", command, 0);
        let refusal = sacctmgr::parse(&facts::args(command)).unwrap_err();
        assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit), "{command}");
    }
    for command in
        ["sacctmgr -i add user bob account=proj", "sacctmgr -i delete user daemon", "sacctmgr -i create account x"]
    {
        let refusal = sacctmgr::parse(&facts::args(command)).unwrap_err();
        assert!(refusal.exit == 1 && refusal.lines[1].contains("algoric "), "{refusal:?}");
    }
}

#[test]
fn seff_tells_what_was_used() {
    let mut job = crate::rows::account(7, "x", ["10:00:00", "10:00:00", "10:01:40"], JobState::Completed, (0, 0));
    job.cpus = 2;
    job.memory_mib = Some(200);
    job.usage = Some(model::Usage { user_us: 100_000_000, max_rss_kib: 51_200, ..Default::default() });
    let mut out = Vec::new();
    assert!(dialect::seff::print(&[job], "base", &clock("11:00:00"), &mut out));
    insta::assert_snapshot!(String::from_utf8(out).unwrap(), @r"
    Job ID: 7
    Cluster: base
    User/Group: alice/alice
    State: COMPLETED (exit code 0)
    Cores: 2
    CPU Utilized: 00:01:40
    CPU Efficiency: 50.00% of 00:03:20 core-walltime
    Job Wall-clock time: 00:01:40
    Memory Utilized: 50.00 MB
    Memory Efficiency: 25.00% of 200.00 MB
    ");
    assert!(!dialect::seff::print(&[], "base", &clock("11:00:00"), &mut Vec::new()));
}

/// Sacct's fields: names and widths are those of `sacct -o all`; a job and a step show something in each that is measured.
#[test]
fn sacct_every_field() {
    let mut job = crate::rows::account(7, "x", ["10:00:00", "10:00:05", "10:01:40"], JobState::Completed, (0, 0));
    job.usage = Some(model::Usage {
        user_us: 1_500_000,
        system_us: 250_000,
        max_rss_kib: 2048,
        read_bytes: 4096,
        write_bytes: 7,
    });
    (job.comment, job.wckey) = (Some("why".into()), Some("key".into()));
    let step = crate::rows::step_account(&job, StepId::Number(0), "hostname", JobState::Completed, (0, 0));
    let options =
        dialect::sacct::parse(&facts::args("sacct -j 7 -P -o all"), &[], &clock("12:00:00"), Uid(1001)).unwrap();
    let mut out = Vec::new();
    dialect::sacct::print(&options, &[job, step], "base", &clock("12:00:00"), &mut out);
    let text = String::from_utf8(out).unwrap();
    let table: Vec<Vec<&str>> = text.lines().map(|line| line.split('|').collect()).collect();
    let lines: Vec<String> =
        (0..table[0].len()).map(|at| format!("{}: {} / {}", table[0][at], table[1][at], table[2][at])).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

proptest::proptest! {
    #[test]
    fn new_commands_never_panic(args in proptest::collection::vec("(-[a-zA-Z]|--[a-zA-Z]{1,10}(=[!-~]{0,8})?|[!-~]{0,10}|show|user|qos)", 0..6)) {
        let args: Vec<Vec<u8>> = args.into_iter().map(String::into_bytes).collect();
        if let Ok(options) = sprio::parse(&args, &[]) {
            sprio::print(&options, &PriorityWeights::default(), &[], "x", &mut Vec::new());
        }
        if let Ok(options) = sshare::parse(&args, &[]) {
            sshare::print(&options, &[], "me", "x", &mut Vec::new());
        }
        dialect::sstat::parse(&args).ok();
        dialect::sdiag::parse(&args).ok();
        dialect::seff::parse(&args).ok();
        dialect::strigger::run(&args).ok();
        if let Ok(options) = dialect::sacctmgr::parse(&args) {
            dialect::sacctmgr::print(&options, &dialect::sacctmgr::Books::default(), &mut Vec::new());
        }
        let line = args.join(b" ".as_slice());
        dialect::scontrol::parse_line(&line, &[], &clock("11:00:00")).ok();
    }

    #[test]
    fn columns_are_as_wide_as_they_say(width in 1usize..40, text in "[a-z]{0,60}") {
        const FIELDS: &[columns::Spec] = &[columns::spec("Name", 10)];
        let chosen = columns::choose(FIELDS, &format!("name%{width}")).unwrap();
        let mut out = Vec::new();
        columns::print(&columns::Look::default(), &chosen, 1, &mut out, |_, _, out| out.extend_from_slice(text.as_bytes()));
        let text = String::from_utf8(out).unwrap();
        proptest::prop_assert!(text.lines().all(|line| line.len() == width + 1));
    }
}
