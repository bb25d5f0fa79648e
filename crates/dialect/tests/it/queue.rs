//! `squeue`.

use dialect::squeue::{self, Jobs};
use model::{ArrayPlace, JobId, JobState, QueueDetail, QueueRow, Reason, StepId, Uid};

use crate::facts::{self, Case};
use crate::rows::{at, clock, detail, pending, running, spec, step, tasks};

fn print(case: &Case, jobs: Jobs<'_>, now: &str) {
    let options = squeue::parse(&facts::args(&case.command), &[], Uid(1001)).unwrap();
    let mut out = Vec::new();
    squeue::print(&options, jobs, &clock(now), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout, "{}", case.command);
    assert_eq!(options.warnings, case.stderr, "{}", case.command);
}

fn check(file: &str, command: &str, nth: usize, rows: &[QueueRow], now: &str) {
    print(&facts::case(file, command, nth), Jobs::Rows(rows), now);
}

fn array() -> Vec<QueueRow> {
    let task = |id, index| QueueRow {
        array: ArrayPlace::Task { base: JobId(35), index },
        ..running(id, "array.sh", "11:01:25", "11:01:25")
    };
    let rest = QueueRow {
        array: ArrayPlace::Pending { base: JobId(35), tasks: tasks("3-4"), limit: Some(2) },
        reason: Reason::JobArrayTaskLimit,
        ..pending(35, "array.sh", "11:01:25")
    };
    vec![task(37, 2), task(36, 1), rest]
}

#[test]
fn listings() {
    let simple = [running(98, "simple", "11:14:52", "11:14:53")];
    check("simple", "squeue", 0, &simple, "11:14:53");
    check("simple", "squeue -l", 0, &simple, "11:14:53");
    check("simple", "squeue -h -o '%i %T %r'", 0, &simple, "11:14:53");
    check("simple", "squeue", 1, &[], "11:14:53");
    check("nopart", "squeue -p nosuch", 0, &simple, "11:14:53");
    check("badopt", "squeue -o '%i %Q'", 0, &[], "11:14:53");
    check("badopt", "squeue -O jobid,state,reason", 0, &[], "11:14:53");
    let completing = QueueRow {
        state: JobState::Completing,
        end: Some(at("11:06:31")),
        ..running(49, "trap.sh", "11:06:28", "11:06:30")
    };
    check("cancel", "squeue", 0, &[completing], "11:06:33");
}

#[test]
fn arrays() {
    check("array", "squeue", 0, &array(), "11:01:26");
    check("array", "squeue -h -o '%i %T %r'", 0, &array(), "11:01:26");
    check("array", "squeue -r", 0, &array(), "11:01:26");
    check("array", "squeue -h -o '%A %F %K %i %T'", 0, &array(), "11:01:26");
    let held = QueueRow {
        array: ArrayPlace::Pending { base: JobId(42), tasks: tasks("1,3,7-9"), limit: None },
        reason: Reason::JobHeldUser,
        priority: 0,
        ..pending(42, "wrap", "11:01:43")
    };
    check("array", "squeue", 1, std::slice::from_ref(&held), "11:01:43");
    let less = QueueRow { array: ArrayPlace::Pending { base: JobId(42), tasks: tasks("7-9"), limit: None }, ..held };
    check("array", "squeue", 2, &[less], "11:01:43");
}

#[test]
fn long_task_lists_are_cut() {
    let odd: model::IndexSet = (0..100).filter(|task| task % 3 != 0).collect();
    let row = QueueRow {
        array: ArrayPlace::Pending { base: JobId(7), tasks: odd, limit: Some(5) },
        ..pending(7, "x", "11:00:00")
    };
    let show = |environ: &[(Vec<u8>, Vec<u8>)]| {
        let options = squeue::parse(&facts::args("squeue -h -o %K"), environ, Uid(0)).unwrap();
        let mut out = Vec::new();
        squeue::print(&options, Jobs::Rows(std::slice::from_ref(&row)), &clock("11:00:00"), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(show(&[]), "1-2,4-5,7-8,10-11,13-14,16-17,19-20,22-23,25-26,28-29,31-32,...%5\n");
    assert!(show(&[(b"SLURM_BITSTR_LEN".to_vec(), b"0".to_vec())]).ends_with(",97-98%5\n"));
}

#[test]
fn order() {
    let begin = QueueRow { reason: Reason::BeginTime, ..pending(56, "wrap", "11:07:51") };
    let held = QueueRow { reason: Reason::JobHeldUser, priority: 0, ..pending(55, "wrap", "11:06:48") };
    check("hold", "squeue", 1, &[held.clone(), begin.clone()], "11:07:51");
    check("hold", "squeue -h -o '%i %T %r'", 1, &[begin, held], "11:07:51");
}

#[test]
fn dependencies() {
    let row = |id, name: &str, reason, dependency: &str| QueueRow {
        reason,
        priority: 2000 - id,
        dependency: dependency.into(),
        ..pending(id, name, "11:07:59")
    };
    let mut rows = vec![row(57, "ok.sh", Reason::None, ""), row(58, "bad.sh", Reason::Priority, "")];
    for (id, text) in [
        (59, "afterok:57(unfulfilled)"),
        (60, "afternotok:57(unfulfilled)"),
        (61, "afterok:58(unfulfilled)"),
        (62, "afternotok:58(unfulfilled)"),
        (63, "afterany:57(unfulfilled),afterany:58(unfulfilled)"),
        (64, "after:57(unfulfilled)"),
        (65, "singleton(unfulfilled)"),
        (66, "afterok:57(unfulfilled)?afterok:58(unfulfilled)"),
        (67, "aftercorr:57(unfulfilled)"),
        (68, "afterok:58(unfulfilled)"),
    ] {
        rows.push(row(id, "wrap", Reason::Dependency, text));
    }
    rows.insert(0, QueueRow { priority: 0, ..row(55, "wrap", Reason::JobHeldUser, "") });
    check("deps", "squeue", 0, &rows, "11:08:00");
    check("deps", "squeue -h -o '%i %T %r %E'", 0, &rows, "11:08:00");
    let never = Reason::DependencyNeverSatisfied;
    let later = [
        QueueRow { priority: 0, ..row(55, "wrap", Reason::JobHeldUser, "") },
        row(60, "wrap", never, "afternotok:57(failed)"),
        row(61, "wrap", never, "afterok:58(failed)"),
        row(65, "wrap", Reason::Dependency, "singleton(unfulfilled)"),
    ];
    check("deps", "squeue", 1, &later, "11:08:20");
    check("deps", "squeue -h -o '%i %T %r %E'", 1, &later, "11:08:20");
}

/// Every letter, on the held job of `ctlfields.txt`.
#[test]
fn letters() {
    let row = QueueRow { reason: Reason::JobHeldUser, priority: 0, eligible: None, ..pending(17688, "nm", "11:49:56") };
    let whole: QueueDetail = detail(row, model::JobSpec { comment: Some("cc".into()), ..spec() });
    let cases = facts::cases("ctlfields");
    let letters: Vec<&Case> = cases.iter().filter(|case| case.command.starts_with("squeue -o")).collect();
    assert!(letters.len() > 50, "the capture has all letters");
    for case in letters {
        print(case, Jobs::Details(std::slice::from_ref(&whole)), "11:50:00");
    }
}

#[test]
fn unknown_fields_are_mentioned_and_left_out() {
    let case = facts::case("ctlfields", "squeue -O ALL -j 17688 | head -3", 0);
    let options = squeue::parse(&facts::args("squeue -O ALL -j 17688"), &[], Uid(1001)).unwrap();
    assert_eq!(options.warnings, case.stderr);
    let mut out = Vec::new();
    squeue::print(&options, Jobs::Rows(&[pending(17688, "nm", "11:49:56")]), &clock("11:50:00"), &mut out);
    assert_eq!(String::from_utf8(out).unwrap(), case.stdout);
}

/// What `formats.txt` shows of held jobs, after the submission went through `sbatch`.
#[test]
fn formats_of_submissions() {
    for case in facts::cases("formats").windows(2) {
        let [submit, list] = case else { unreachable!() };
        let asks = list.command.starts_with("squeue -h -o") && !list.command.contains("on cluster");
        if !submit.command.starts_with("sbatch") || !asks {
            continue;
        }
        // The zone and the moment of the capture: --begin=now+60 came to 11:50:07.
        let clock = clock("11:49:07");
        let submission = dialect::sbatch::Line::read(&facts::args(&submit.command))
            .and_then(|line| line.submission(Vec::new(), &[], &clock, false));
        let context = crate::submit::context();
        let Ok(submission) = submission else {
            assert!(submit.command.contains("--container"), "{}", submit.command);
            continue;
        };
        let spec = submission.spec(&context);
        let id = submit.stdout.split_whitespace().nth(3).map_or(17664, |id| id.parse().unwrap());
        let default = |memory| if memory == model::Memory::Default { model::Memory::PerCpu(100) } else { memory };
        let row = QueueRow {
            reason: Reason::JobHeldUser,
            priority: 0,
            nice: spec.nice,
            cpus: spec.request.cpus(),
            memory: default(spec.request.memory),
            time_limit: match spec.time_limit {
                model::TimeLimit::Default => model::TimeLimit::Span(model::Span::minutes(60)),
                asked => asked,
            },
            start: spec.begin,
            ..pending(id, "wrap", "11:49:07")
        };
        print(list, Jobs::Details(&[detail(row, spec)]), "11:49:07");
    }
}

#[test]
fn steps() {
    let steps = [step(50, StepId::Batch, "batch", "11:06:35"), step(50, StepId::Number(0), "sleep", "11:06:35")];
    for (file, steps, now) in
        [("cancel", &steps[..], "11:06:36"), ("simple", &[step(98, StepId::Batch, "batch", "11:14:53")], "11:14:53")]
    {
        let case = facts::case(file, "squeue -s", 0);
        let options = squeue::parse(&facts::args(&case.command), &[], Uid(1001)).unwrap();
        let mut out = Vec::new();
        squeue::print_steps(&options, steps, &clock(now), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), case.stdout);
    }
}

#[test]
fn filters() {
    let rows = array();
    for (command, expected) in [
        ("squeue -h -o %i -t R", "35_1 35_2"),
        ("squeue -h -o %i -t PD,CD", "35_[3-4%2]"),
        ("squeue -h -o %i -j 35_4", "35_4"),
        ("squeue -h -r -o %i -j 35_4", "35_4"),
        ("squeue -h -o %i -j 36,35_2", "35_1 35_2"),
        ("squeue -h -o %i -u bob", ""),
        ("squeue -h -o %i -u alice,bob -t running", "35_1 35_2"),
        ("squeue -h -o %i --me -t R -S -i", "35_2 35_1"),
        ("squeue -h -o %i -u 1001 -n other", ""),
        ("squeue -ho %i -j 37", "35_2"),
        ("squeue -h -o %i -p debug -A proj -q normal -w vm", "35_1 35_2"),
        ("squeue -h -o %i --start", "35_[3-4%2]"),
        ("squeue -h -O jobarrayid:6,statecompact:.4 -t R", "35_1     R 35_2     R"),
    ] {
        let options = squeue::parse(&facts::args(command), &[], Uid(1001)).unwrap();
        let mut out = Vec::new();
        squeue::print(&options, Jobs::Rows(&rows), &clock("11:01:26"), &mut out);
        let shown = String::from_utf8(out).unwrap();
        assert_eq!(shown.lines().collect::<Vec<_>>().join(" "), expected, "{command}");
    }
}

#[test]
fn input_variables() {
    let environ = [(b"SQUEUE_FORMAT".to_vec(), b"%i".to_vec()), (b"SQUEUE_STATES".to_vec(), b"R".to_vec())];
    let show = |command: &str| {
        let options = squeue::parse(&facts::args(command), &environ, Uid(1001)).unwrap();
        let mut out = Vec::new();
        squeue::print(&options, Jobs::Rows(&array()), &clock("11:01:26"), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(show("squeue -h"), "35_1\n35_2\n");
    assert_eq!(show("squeue -h -t PD -o %A"), "35\n");
}
