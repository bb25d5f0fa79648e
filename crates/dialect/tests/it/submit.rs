//! `sbatch`: every captured command line is accepted or refused as Slurm did, and comes to the right job.

use dialect::environ::Variable;
use dialect::errors::{Action, Refused};
use dialect::refusal::Refusal;
use dialect::sbatch::{Context, Line, Source, Submission};
use model::{JobId, Limits, NamedLimit, Text};

use crate::facts;
use crate::rows::{alice, clock};

pub fn context() -> Context {
    Context {
        owner: (*alice()).clone(),
        submit_host: "vm".into(),
        cwd: "/home/alice/work".into(),
        umask: 0o22,
        limits: Limits(vec![(NamedLimit::Nofile, Some(1024)), (NamedLimit::Core, None)]),
        script: None,
    }
}

/// Scripts that the captures only describe.
const DESCRIBED: &[(&str, &[u8])] = &[
    ("nosb.sh", b"echo no shebang\n"),
    ("empty.sh", b""),
    ("crlf.sh", b"#!/bin/sh\r\ntrue\r\n"),
    ("noint.sh", b"#!/nonexistent/interp\n"),
    ("glued.sh", b"#!/bin/bash\n#SBATCH-J glued\ntrue\n"),
    ("py.py", b"#!/usr/bin/python3\nimport sys\nprint(sys.argv)\n"),
];

pub fn submit(file: &str, command: &str, environ: &[Variable]) -> Result<Submission, Refusal> {
    let line = Line::read(&facts::args(command))?;
    let script = match line.source() {
        Source::File(path) => {
            let described = DESCRIBED.iter().find(|(name, _)| *name == path.lossy());
            let content = described.map(|(_, content)| content.to_vec());
            match content.or_else(|| facts::script(file, &path.lossy())) {
                Some(content) => content,
                None => return Err(Line::unreadable(path)),
            }
        }
        Source::Stdin | Source::Wrap => Vec::new(),
    };
    line.submission(script, environ, &clock("11:49:07"), false)
}

/// What the centre refuses, by a part of the command line.
fn centre_refuses(command: &str) -> Option<Refused> {
    let all = [
        ("-p nosuch", Refused::InvalidPartition("nosuch".into())),
        ("--mem=100T", Refused::NodeConfigUnavailable("Memory specification can not be satisfied".into())),
        ("gpu", Refused::InvalidGres),
        ("-C nosuch", Refused::InvalidFeature),
        ("--constraint=x", Refused::InvalidFeature),
        ("--nice=-5", Refused::InvalidNice),
        ("--reservation=none", Refused::ReservationInvalid),
        ("-w nosuchnode", Refused::InvalidNodeName),
        ("0-99999999", Refused::InvalidArray),
    ];
    all.into_iter().find(|(part, _)| command.contains(part)).map(|(_, refused)| refused)
}

#[test]
fn every_captured_command_line() {
    let mut count = 0;
    for file in [
        "array",
        "badopt",
        "cancel",
        "ctlfields",
        "deps",
        "env",
        "fail3",
        "formats",
        "hold",
        "nopart",
        "noshebang",
        "oom-cgroup",
        "patterns",
        "requeue",
        "simple",
        "srun",
        "timeout",
        "toobig",
    ] {
        for case in facts::cases(file).iter().filter(|case| case.command.starts_with("sbatch")) {
            count += 1;
            let ours = submit(file, &case.command, &[]).err();
            let theirs = (!case.stderr.is_empty() && case.exit != 0).then(|| (case.stderr.clone(), case.exit));
            // Jobs run on the machine itself: Slurm accepts the option and fails later.
            let stricter = case.command.contains("--container");
            // A file that only the front end can fail to open.
            let nodefile = case.command.contains("-F /nosuch");
            if stricter || nodefile {
                assert_eq!(ours.is_some(), stricter, "{}", case.command);
                continue;
            }
            let refused = centre_refuses(&case.command).map(|refused| refused.refusal(Action::Submit("sbatch")));
            let ours = ours.or(refused).map(|refusal| (refusal.lines, refusal.exit));
            assert_eq!(ours, theirs, "{file}: {}", case.command);
        }
    }
    assert!(count > 150, "only {count} command lines were compared");
}

#[test]
fn nodefiles() {
    let case = facts::case("formats", "sbatch -H -o /dev/null -F /nosuch --wrap true", 0);
    let refusal =
        dialect::submission::unreadable_nodefile("sbatch", &Text::from("/nosuch"), "No such file or directory");
    assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit));
}

#[test]
fn answers_to_an_accepted_job() {
    for (file, command) in [
        ("simple", "sbatch simple.sh"),
        ("simple", "sbatch --parsable --wrap true"),
        ("formats", "sbatch -H -o /dev/null --quiet --wrap true"),
        ("formats", "sbatch -H -o /dev/null -M base --wrap true"),
        ("formats", "sbatch -H -o /dev/null --cluster=base --wrap true"),
    ] {
        let case = facts::case(file, command, 0);
        let digits: String = case.stdout.chars().filter(char::is_ascii_digit).collect();
        let job = JobId(digits.parse().unwrap_or(1));
        assert_eq!(submit(file, command, &[]).unwrap().accepted(job), case.stdout, "{command}");
    }
    let case = facts::case("simple", "sbatch --test-only --wrap true", 0);
    let zone = jiff::tz::TimeZone::UTC;
    let line = dialect::sbatch::would_start("sbatch", JobId(102), crate::rows::at("11:15:11"), 1, "vm", "debug", &zone);
    assert_eq!(vec![line], case.stderr);
}

#[test]
fn verbose_submissions_list_their_options() {
    let case = facts::case("formats", "sbatch -H -o /dev/null --verbose --wrap true", 0);
    let ours = submit("formats", &case.command, &[]).unwrap().options().asked.defined("sbatch");
    // After that Slurm goes on about its plug-ins.
    assert_eq!(ours, case.stderr[..ours.len()]);
    assert!(case.stderr[ours.len()].contains("select/"));
    assert!(submit("formats", "sbatch --wrap true", &[]).unwrap().options().asked.defined("sbatch").is_empty());
}

#[test]
fn names() {
    for (file, command, name) in [
        ("badopt", "sbatch late.sh", "quoted name"),
        ("badopt", "sbatch glued.sh", "glued"),
        ("badopt", "sbatch space.sh", "base"),
        ("badopt", "sbatch -J x late.sh", "x"),
        ("simple", "sbatch --wrap true", "wrap"),
        ("noshebang", "sbatch py.py a 'b c'", "py.py"),
    ] {
        assert_eq!(submit(file, command, &[]).unwrap().spec(&context()).name, Text::from(name), "{command}");
    }
}

#[test]
fn later_sources_win() {
    let environ: Vec<Variable> =
        [("SBATCH_JOB_NAME", "environment"), ("SBATCH_TIMELIMIT", "7"), ("SBATCH_NO_REQUEUE", "")]
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .to_vec();
    let spec = submit("badopt", "sbatch --requeue late.sh", &environ).unwrap().spec(&context());
    assert_eq!(spec.name, Text::from("environment"));
    assert_eq!(spec.time_limit, model::TimeLimit::Span(model::Span::minutes(7)));
    assert!(spec.requeue, "the command line comes last");
    let spec = submit("badopt", "sbatch -J typed late.sh", &environ).unwrap().spec(&context());
    assert_eq!((spec.name, spec.requeue), (Text::from("typed"), false));
}

#[test]
fn a_whole_submission() {
    let command = "sbatch -J job -o out-%j -e err -i in -D sub -t 1:30 -n 4 -c 2 --mem-per-cpu=1G --gres=gpu:k80:2 \
                   -a 0-9:3%2 -d afterok:5 -b 2030-01-02 --deadline=2030-02-02 -H --no-requeue --signal=B:USR1@20 \
                   --export=ALL,A=1 -p short -A proj -q high --nice=7 --comment 'a b' --mail-type=END \
                   --mail-user=x@example.org --open-mode=append --propagate=NONE --wckey=k --reservation=r \
                   --kill-on-invalid-dep=yes -C fast --hint=nomultithread --exclusive --wrap 'echo hi'";
    let submission = submit("simple", command, &[]).unwrap();
    assert_eq!(submission.script(), b"#!/bin/sh\n# Made by sbatch from its option --wrap.\n\necho hi\n");
    let mut spec = submission.spec(&context());
    assert!(spec.submit_line.lossy().starts_with("sbatch -J job -o out-%j"));
    spec.submit_line = Text::default();
    insta::assert_debug_snapshot!(spec);
}

#[test]
fn arguments_of_a_script() {
    let spec = submit("noshebang", "sbatch -n2 py.py -n 3 --bogus 'b c'", &[]).unwrap().spec(&context());
    assert_eq!(spec.request.tasks, Some(2));
    assert_eq!(spec.command, Some(Text::from("/home/alice/work/py.py")));
    assert_eq!(spec.args, ["-n", "3", "--bogus", "b c"].map(Text::from));
    assert_eq!(spec.submit_line, Text::from("sbatch -n2 py.py -n 3 --bogus b c"));
}

#[test]
fn scripts_up_to_four_mebibytes() {
    let script = |size: usize| {
        let mut script = b"#!/bin/sh\n".to_vec();
        script.resize(size, b'#');
        Line::read(&[]).unwrap().submission(script, &[], &clock("11:00:00"), false)
    };
    assert!(script(4 << 20).is_ok());
    let refusal = script((4 << 20) + 1).unwrap_err();
    assert_eq!((refusal.exit, refusal.lines.len()), (1, 1));
    assert!(refusal.lines[0].ends_with("Pathname of a file, directory or other parameter too long"));
}

#[test]
fn bytes_that_are_no_text() {
    let args = vec![b"-J".to_vec(), b"\xff\xfe".to_vec(), b"--wrap=\xe9".to_vec()];
    let submission = Line::read(&args).unwrap().submission(Vec::new(), &[], &clock("11:00:00"), false).unwrap();
    assert_eq!(submission.spec(&context()).name.as_bytes(), b"\xff\xfe");
    assert!(submission.script().ends_with(b"\xe9\n"));
}

#[test]
fn machines() {
    for (command, expected) in [
        ("sbatch -w vm --wrap true", Ok(())),
        ("sbatch -w nosuchnode --wrap true", Err(Refused::InvalidNodeName)),
        ("sbatch -x vm --wrap true", Err(Refused::NodeConfigUnavailable(String::new()))),
        ("sbatch -M base --wrap true", Ok(())),
    ] {
        let submission = submit("formats", command, &[]).unwrap();
        assert_eq!(submission.options().asked.check_machine("vm", "base"), expected, "{command}");
    }
}

#[test]
fn heterogeneous_jobs() {
    for command in ["sbatch -n1 a.sh : -n2 b.sh", "sbatch hetjob.sh"] {
        let refusal = match submit("simple", command, &[]) {
            Err(refusal) if !refusal.lines[0].contains("Unable to open") => refusal,
            _ => {
                let script = b"#!/bin/sh\n#SBATCH -n1\n#SBATCH hetjob\n#SBATCH -n2\n".to_vec();
                Line::read(&[]).unwrap().submission(script, &[], &clock("11:00:00"), false).unwrap_err()
            }
        };
        assert_eq!(refusal.exit, 1);
        assert!(refusal.lines[0].contains("heterogeneous"), "{refusal:?}");
    }
}

#[test]
fn options_table() {
    insta::assert_snapshot!(dialect::sbatch::table());
}

proptest::proptest! {
    #[test]
    fn never_panics(args in proptest::collection::vec("(-[a-zA-Z]|--[a-z-]{1,12}(=[!-~]{0,8})?|[!-~]{0,8})", 0..6)) {
        let args: Vec<Vec<u8>> = args.into_iter().map(String::into_bytes).collect();
        if let Ok(line) = Line::read(&args)
            && let Ok(submission) = line.submission(b"#!/bin/sh\n#SBATCH -n2\n".to_vec(), &[], &clock("11:00:00"), false)
        {
            submission.spec(&context());
        }
        dialect::srun::parse(&args, &[], &clock("11:00:00"), false).ok();
        dialect::salloc::parse(&args, &[], &clock("11:00:00"), false).ok();
    }
}
