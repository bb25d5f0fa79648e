//! `sacct`.

use dialect::sacct;
use model::{AccountRow, ArrayPlace, JobId, JobState, StepId, Time, Uid, Usage};

use crate::facts;
use crate::rows::{account, alice, at, clock, pending, step_account, tasks};

const NOW: &str = "12:00:00";

fn show(command: &str, rows: &[AccountRow], now: &str) -> String {
    let options = sacct::parse(&facts::args(command), &[], &clock(now), Uid(1001)).unwrap();
    let mut out = Vec::new();
    sacct::print(&options, rows, "base", &clock(now), &mut out);
    String::from_utf8(out).unwrap()
}

fn check(file: &str, command: &str, rows: &[AccountRow]) {
    assert_eq!(show(command, rows, NOW), facts::case(file, command, 0).stdout, "{command}");
}

/// Both forms that the captures have of every job.
fn check_both(file: &str, ids: &str, rows: &[AccountRow]) {
    let fields = "JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS";
    check(file, &format!("sacct -j {ids}"), rows);
    check(file, &format!("sacct -X --parsable2 -o {fields} -j {ids}"), rows);
    check(file, &format!("sacct --parsable2 -o {fields} -j {ids}"), rows);
}

fn with_batch(job: AccountRow, state: JobState, exit: (u8, u8)) -> Vec<AccountRow> {
    let batch = step_account(&job, StepId::Batch, "batch", state, exit);
    vec![job, batch]
}

fn cancelled(job: AccountRow) -> AccountRow {
    AccountRow { cancelled_by: Some(Uid(1001)), ..job }
}

fn rss(row: &mut AccountRow, kib: u64) {
    row.usage = Some(Usage { max_rss_kib: kib, ..Usage::default() });
}

#[test]
fn ends() {
    use JobState::{Cancelled, Completed, Failed, OutOfMemory, Timeout};
    let job = account(98, "simple", ["11:14:52", "11:14:53", "11:14:57"], Completed, (0, 0));
    check_both("simple", "98", &with_batch(job.clone(), Completed, (0, 0)));
    check("simple", "sacct -l --parsable2 -j 98", &with_batch(job, Completed, (0, 0)));
    check("simple", "sacct -j 999999", &[]);

    let job = account(21, "fail3.sh", ["10:57:11", "10:57:13", "10:57:13"], Failed, (3, 0));
    check_both("fail3", "21", &with_batch(job, Failed, (3, 0)));
    let job = account(22, "wrap", ["10:57:17", "10:57:19", "10:57:19"], Failed, (0, 15));
    check_both("fail3", "22", &with_batch(job, Cancelled, (0, 15)));

    let job = cancelled(account(49, "trap.sh", ["11:06:28", "11:06:30", "11:06:31"], Cancelled, (0, 0)));
    check_both("cancel", "49", &with_batch(job, Failed, (5, 0)));
    let job = cancelled(account(50, "wrap", ["11:06:34", "11:06:35", "11:06:36"], Cancelled, (0, 0)));
    let step = step_account(&job, StepId::Number(0), "sleep", Cancelled, (0, 15));
    let mut rows = with_batch(job, Cancelled, (0, 15));
    rows.insert(0, step);
    check_both("cancel", "50", &rows);

    let job = account(83, "timeout.sh", ["11:08:43", "11:08:43", "11:09:57"], Timeout, (0, 0));
    let mut rows = with_batch(job, Cancelled, (0, 9));
    rows[1].end = Some(at("11:10:26"));
    rss(&mut rows[1], 4868);
    check_both("timeout", "83", &rows);

    let mut job = account(1, "oom.sh", ["11:40:13", "11:40:13", "11:40:13"], OutOfMemory, (0, 125));
    job.memory = model::Memory::PerNode(50);
    let mut rows = with_batch(job, OutOfMemory, (0, 125));
    rss(&mut rows[1], 3316);
    check_both("oom-cgroup", "1", &rows);
}

#[test]
fn jobs_that_have_not_run() {
    use JobState::{Cancelled, Completed, Failed, Pending};
    let job =
        |id, name: &str, times: [&str; 3], state, exit| with_batch(account(id, name, times, state, exit), state, exit);
    let never = |id, state, end: Option<&str>| AccountRow {
        start: None,
        end: end.map(at),
        eligible: None,
        cpus: 0,
        memory_mib: None,
        node: "".into(),
        ..account(id, "wrap", ["11:07:59", "11:08:06", "11:08:06"], state, (0, 0))
    };
    let submit = "11:07:58";
    let mut rows = [
        job(57, "ok.sh", [submit, "11:08:01", "11:08:05"], Completed, (0, 0)),
        job(58, "bad.sh", [submit, "11:08:01", "11:08:05"], Failed, (1, 0)),
        job(59, "wrap", [submit, "11:08:06", "11:08:06"], Completed, (0, 0)),
        vec![never(60, Pending, None), never(61, Pending, None)],
        job(62, "wrap", [submit, "11:08:06", "11:08:06"], Completed, (0, 0)),
        job(63, "wrap", [submit, "11:08:09", "11:08:09"], Completed, (0, 0)),
        job(64, "wrap", [submit, "11:08:09", "11:08:09"], Completed, (0, 0)),
        vec![never(65, Pending, None)],
        job(66, "wrap", [submit, "11:08:12", "11:08:12"], Completed, (0, 0)),
        job(67, "wrap", [submit, "11:08:12", "11:08:12"], Completed, (0, 0)),
        vec![never(68, Cancelled, Some("11:08:06"))],
    ]
    .concat();
    let ids = "57,58,59,60,61,62,63,64,65,66,67,68";
    check_both("deps", ids, &rows);
    for row in rows.iter_mut().filter(|row| row.state == Pending) {
        row.state = Cancelled;
        row.end = Some(at("11:08:24"));
        row.cancelled_by = Some(Uid(1001));
    }
    check("deps", &format!("sacct -X -P -o JobID,State,ExitCode,Start,End,Elapsed -j {ids}"), &rows);
}

#[test]
fn steps() {
    use JobState::{Cancelled, Completed, Failed};
    let mut job = account(88, "srun.sh", ["11:14:37", "11:14:39", "11:14:43"], Completed, (0, 0));
    (job.cpus, job.cpus_requested, job.tasks) = (2, 2, 2);
    let mut rows = with_batch(job.clone(), Completed, (0, 0));
    for (number, (name, state, exit, start, end)) in [
        ("bash", Completed, (0, 0), "11:14:39", "11:14:39"),
        ("sleep", Completed, (0, 0), "11:14:39", "11:14:42"),
        ("echo", Completed, (0, 0), "11:14:42", "11:14:43"),
        ("bash", Failed, (4, 0), "11:14:43", "11:14:43"),
        ("bash", Failed, (1, 0), "11:14:43", "11:14:43"),
        ("nosuchcommand", Failed, (2, 0), "11:14:43", "11:14:43"),
        ("bash", Cancelled, (0, 9), "11:14:43", "11:14:43"),
    ]
    .into_iter()
    .enumerate()
    {
        let mut step = step_account(&job, StepId::Number(number as u32), name, state, exit);
        (step.start, step.end) = (Some(at(start)), Some(at(end)));
        rows.push(step);
    }
    check_both("srun", "88", &rows);
    assert_eq!(show("sacct -n -P -o jobid -j 88.0,88.batch", &rows, NOW), "88.batch\n88.0\n");
    assert_eq!(show("sacct -n -P -o jobid,reason -j 88.5", &rows, NOW), "88.5|\n");
}

fn array() -> Vec<AccountRow> {
    use JobState::{Completed, Failed};
    let mut rows = Vec::new();
    for (id, index, times, state, exit, kib) in [
        (35, 3, ["11:01:31", "11:01:36"], Failed, (1, 0), 4848),
        (36, 1, ["11:01:25", "11:01:30"], Completed, (0, 0), 4840),
        (37, 2, ["11:01:25", "11:01:30"], Completed, (0, 0), 4696),
    ] {
        let mut job = account(id, "array.sh", ["11:01:25", times[0], times[1]], state, exit);
        job.array = ArrayPlace::Task { base: JobId(35), index };
        let mut task = with_batch(job, state, exit);
        rss(&mut task[1], kib);
        rows.extend(task);
    }
    rows
}

#[test]
fn arrays() {
    check_both("array", "35", &array());
    check("array", "sacct -n -X -P -o JobIDRaw,JobID,State -j 35", &array());
    check("array", "sacct -X -P -o JobID,State -j 35_2", &array());
    let mut rest = account(42, "wrap", ["11:01:43", "11:01:43", "11:01:43"], JobState::Pending, (0, 0));
    rest.array = ArrayPlace::Pending { base: JobId(42), tasks: tasks("7-9"), limit: None };
    (rest.start, rest.end) = (None, None);
    assert_eq!(show("sacct -n -P -o jobid,jobidraw,alloctres", &[rest], NOW), "42_[7-9]|42|\n");
}

#[test]
fn requeued_jobs_show_their_last_attempt() {
    let first = account(85, "requeue.sh", ["11:12:01", "11:12:01", "11:12:01"], JobState::Requeued, (0, 0));
    let second = AccountRow {
        attempt: 1,
        ..account(85, "requeue.sh", ["11:12:01", "11:14:27", "11:14:29"], JobState::Completed, (0, 0))
    };
    let rows =
        [with_batch(second, JobState::Completed, (0, 0)), with_batch(first, JobState::Cancelled, (0, 15))].concat();
    check_both("requeue", "85", &rows);
    let fields = "JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS";
    check("requeue", &format!("sacct -D -P -o {fields} -j 85"), &rows);
}

#[test]
fn fields() {
    let help = facts::case("ctlfields", "sacct --helpformat", 0);
    let answer = sacct::parse(&facts::args(&help.command), &[], &clock(NOW), Uid(0)).unwrap_err();
    assert_eq!((answer.stdout, answer.lines.len(), answer.exit), (help.stdout, 0, 0));

    let mut job = account(7, "x", ["11:00:00", "11:00:10", "12:30:15"], JobState::Completed, (0, 0));
    (job.cpus, job.cpus_requested, job.gpus) = (4, 3, 1);
    job.memory = model::Memory::PerNode(2048);
    job.memory_mib = Some(2048);
    job.usage =
        Some(Usage { user_us: 5_250_000, system_us: 1_000, max_rss_kib: 4096, read_bytes: 10, write_bytes: 2048 });
    job.comment = Some("a comment".into());
    let mut step = step_account(&job, StepId::Batch, "batch", JobState::Completed, (0, 0));
    step.usage = job.usage;
    let rows = [job, step];
    for (fields, expected) in [
        ("elapsed,elapsedraw,cputime,cputimeraw", "01:30:05|5405|06:00:20|21620\n01:30:05|5405|06:00:20|21620\n"),
        (
            "totalcpu,usercpu,systemcpu,avecpu",
            "00:05.251|00:05.250|00:00.001|\n00:05.251|00:05.250|00:00.001|00:00:05\n",
        ),
        ("reserved,resvcpu,timelimit,timelimitraw", "00:00:10|00:00:30|01:00:00|60\n|||\n"),
        ("reqmem,maxrss,maxrssnode,avediskwrite", "2G|||\n|4M|vm|2K\n"),
        (
            "reqtres,alloctres",
            "billing=3,cpu=3,gres/gpu=1,mem=2G,node=1|billing=4,cpu=4,gres/gpu=1,mem=2G,node=1\n|cpu=4,gres/gpu=1,mem=2G,node=1\n",
        ),
        ("user,uid,group,gid,qos,cluster,comment", "alice|1001|alice|1001|normal|base|a comment\n|||||base|\n"),
        ("workdir,submitline,ntasks,nnodes,nodelist", "/home/alice/work|sbatch||1|vm\n||1|1|vm\n"),
        ("jobid%5,user%-8", "7|alice\n7.batch|\n"),
    ] {
        assert_eq!(show(&format!("sacct -n -P -j 7 -o {fields}"), &rows, NOW), expected, "{fields}");
    }
    assert_eq!(show("sacct -n -X -j 7 -o comment%5,user%-8,jobid%4", &rows, NOW), "a co+ alice       7 \n");
    assert_eq!(show("sacct -n -p -X -j 7 -o jobid,user", &rows, NOW), "7|alice|\n");
    assert_eq!(show("sacct -n -P --delimiter=, -X -j 7 -o jobid,user", &rows, NOW), "7,alice\n");
    assert_eq!(show("sacct -n -P --units=G -j 7.batch -o maxrss", &rows, NOW), "0.00G\n");
    assert_eq!(show("sacct -n -P --noconvert -j 7.batch -o maxrss", &rows, NOW), "4096K\n");
}

#[test]
fn refusals() {
    for (command, file) in [("sacct --bogus", "badopt"), ("sacct -o bogus", "badopt")] {
        let case = facts::case(file, command, 0);
        let refusal = sacct::parse(&facts::args(command), &[], &clock(NOW), Uid(0)).unwrap_err();
        assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit), "{command}");
    }
    let refusal = sacct::parse(&facts::args("sacct -S yesterdayish"), &[], &clock(NOW), Uid(0)).unwrap_err();
    assert_eq!(refusal.lines, ["Invalid time specification (pos=0): yesterdayish"]);
}

#[test]
fn windows() {
    let job = |id, submit: &str, start: Option<&str>, end: Option<&str>, state| AccountRow {
        start: start.map(at),
        end: end.map(at),
        submit: at(submit),
        eligible: Some(at(submit)),
        ..account(id, "x", ["11:00:00", "11:00:00", "11:00:00"], state, (0, 0))
    };
    let mut rows = vec![
        job(1, "2026-11-21T10:00:00", Some("2026-11-21T10:00:00"), Some("2026-11-21T11:00:00"), JobState::Completed),
        job(2, "2026-11-21T10:00:00", Some("2026-11-21T10:00:00"), Some("01:00:00"), JobState::Completed),
        job(3, "10:00:00", Some("11:00:00"), None, JobState::Running),
        job(4, "10:00:00", None, None, JobState::Pending),
        job(5, "10:00:00", Some("10:30:00"), Some("10:45:00"), JobState::Failed),
        AccountRow { owner: bob(), ..job(6, "10:00:00", Some("10:30:00"), Some("10:45:00"), JobState::Failed) },
    ];
    rows[3].eligible = None;
    for (command, expected) in [
        ("", "2 3 4 5"),
        ("-a", "2 3 4 5 6"),
        ("-u bob", "6"),
        ("-u alice,bob -s F -S 10:00", "5 6"),
        ("-j 1,6", "1 6"),
        ("-S 2026-11-21", "1 2 3 4 5"),
        ("-S 2026-11-21 -E 2026-11-21T10:30", "1 2"),
        ("-S 11:00", "3 4"),
        ("-s R", "3"),
        ("-s PD", "4"),
        ("-s R -S 2026-11-21 -E 10:40", "1 2 5"),
        ("-s CD -S 2026-11-21 -E now", "1 2"),
        ("-s F", ""),
        ("--name x -A proj -r debug -q normal -N vm -S now-1hour", "3 4"),
        ("--name y", ""),
        ("-S 11:00 -M base", "3 4"),
    ] {
        let shown = show(&format!("sacct -n -X -P -o jobid {command}"), &rows, NOW);
        assert_eq!(shown.lines().collect::<Vec<_>>().join(" "), expected, "{command}");
    }
    assert_eq!(show("sacct -n -X -P -o elapsed,reserved -j 3,4", &rows, NOW), "01:00:00|01:00:00\n00:00:00|00:00:00\n");
}

fn bob() -> std::sync::Arc<model::Owner> {
    std::sync::Arc::new(model::Owner { uid: Uid(1002), user: "bob".into(), ..(*alice()).clone() })
}

#[test]
fn what_the_centre_has_to_look_at() {
    let query = |command: &str| sacct::parse(&facts::args(command), &[], &clock(NOW), Uid(1001)).unwrap().query;
    let asked = query("sacct -j 35_3,36.batch -j 40");
    assert_eq!(asked.jobs.unwrap().iter().map(|pick| pick.job.0).collect::<Vec<_>>(), [35, 36, 40]);
    assert_eq!((asked.since, asked.users), (None, None));
    assert_eq!(query("sacct").since, Some(at("2026-11-22T00:00:00")));
    assert_eq!(query("sacct -E 10:00").until, Some(at("10:00:00")));
    assert_eq!(query("sacct -s R").since, Some(at(NOW)));
    assert!(pending(1, "x", NOW).eligible > Some(Time(0)));
}

#[test]
fn energy_is_in_joules_and_thousands() {
    let check = |energy_uj: Option<i64>, options: &str, expected: &str| {
        let job = account(7, "x", ["11:00:00", "11:00:10", "12:30:15"], JobState::Completed, (0, 0));
        let mut rows = with_batch(AccountRow { energy_uj, ..job }, JobState::Completed, (0, 0));
        let step = step_account(&rows[0], StepId::Number(0), "x", JobState::Completed, (0, 0));
        rows.push(AccountRow { energy_uj: None, ..step });
        let command = format!("sacct -n -P {options} -o ConsumedEnergy,ConsumedEnergyRaw -j 7");
        assert_eq!(show(&command, &rows, NOW), expected, "{options}");
    };
    // Of a job without a meter, as in Slurm without its plugin.
    check(None, "", "|\n0|0\n0|0\n");
    check(Some(0), "-X", "0|0\n");
    check(Some(999_499_999), "", "999|999\n999|999\n0|0\n");
    check(Some(1_234_567_890_000), "-X", "1.23M|1234568\n");
    check(Some(2_000_000_001), "-X", "2K|2000\n");
    check(Some(2_345_000_000), "-X --noconvert", "2345|2345\n");
    check(Some(2_345_000_000), "-X --units=M", "0.00M|2345\n");
}
