//! How scripts end, and what they find when they begin.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use drivers::local::protocol::{Environment, Hook, HookKind, Launch, Order, Report};
use model::{Exit, Limits, NamedLimit, OpenMode, Outcome, Span, Text};

use crate::rig::{Mode, Rig, exited, killed, modes, text};

fn failed(code: u8, error: &str) -> Outcome {
    Outcome::LaunchFailed { exit: Exit { code, signal: 0 }, error: error.to_owned() }
}

/// Runs a script after a change to its launch; `expected` may name the work directory as `WORK`.
fn check(rig: &mut Rig, change: impl Fn(&mut Launch, &Path), script: &str, outcome: &Outcome, output: &str) {
    let mut launch = rig.job();
    let work = rig.dir.join("work");
    change(&mut launch, &work);
    let run = rig.launch(launch, script);
    let end = rig.ended(run);
    rig.order(&Order::Forget(vec![run]));
    let named = |text: &str| text.replace("WORK", &work.display().to_string());
    let wanted = match outcome {
        Outcome::LaunchFailed { exit, error } => Outcome::LaunchFailed { exit: *exit, error: named(error) },
        other => other.clone(),
    };
    assert_eq!((end.outcome, rig.output(run)), (wanted, named(output)), "{:?}: {script}", rig.mode);
    assert!(end.started.is_none_or(|started| started <= end.at));
}

fn as_is(_: &mut Launch, _: &Path) {}

#[test]
fn ends() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        for (script, outcome, output) in [
            ("#!/bin/sh\ntrue\n", exited(0), ""),
            ("#!/bin/sh\necho out; echo err >&2; exit 3\n", exited(3), "out\nerr\n"),
            ("#!/bin/sh\nkill -TERM $$\n", killed(15), ""),
            ("#!/bin/sh\nkill -KILL $$\n", killed(9), ""),
            (
                "#!/nonexistent/interp\n",
                failed(2, "execve(): bad interpreter(/nonexistent/interp): No such file or directory"),
                "slurmstepd-here: error: execve(): bad interpreter(/nonexistent/interp): No such file or directory\n",
            ),
            // The first and the last job of a script kept for an array must both find it.
            ("#!/bin/sh\ntrue\n", exited(0), ""),
            ("#!/bin/sh\ntrue\n", exited(0), ""),
        ] {
            check(rig, as_is, script, &outcome, output);
        }
    }
}

/// The fields of `/proc/self/stat` (proc(5)) after the name: the 17th of these is nice.
fn own_nice() -> i32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    stat.rsplit_once(") ").unwrap().1.split(' ').nth(16).unwrap().parse().unwrap()
}

/// What a job reads and writes is counted, wherever it comes from and goes, and what others do is not.
#[test]
fn bytes_moved() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let before = rig.run("#!/bin/sh\nhead -c 9000000 /dev/zero > /dev/null\n");
        rig.outcome(before);
        let run = rig.run("#!/bin/sh\nhead -c 3000000 /dev/zero | cat > /dev/null\n");
        let usage = rig.ended(run).usage;
        assert!((6_000_000..6_300_000).contains(&usage.read_bytes), "{mode:?}: {usage:?}");
        assert!((6_000_000..6_300_000).contains(&usage.write_bytes), "{mode:?}: {usage:?}");
    }
}

#[test]
fn surroundings() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let say = |what: &str| format!("#!/bin/sh\n{what}\n");
        check(rig, as_is, &say("pwd; umask; echo \"$#\"; cat"), &exited(0), "WORK\n0022\n0\n");
        check(
            rig,
            as_is,
            &say("echo ${0%/job*}; echo ${0##*/}"),
            &exited(0),
            "WORK/../spool/jobs\nslurm_script\n".replace("WORK/..", &rig.dir.display().to_string()).as_str(),
        );
        check(rig, as_is, &say("[ $SLURM_TASK_PID = $$ ] && echo same"), &exited(0), "same\n");
        // Only its three files, and nothing of ours in the environment but the mark.
        check(
            rig,
            as_is,
            &say("cd /proc/$$/fd; for f in *; do [ -e $f ] && [ $f -lt 10 ] && echo $f; done; :"),
            &exited(0),
            "0\n1\n2\n",
        );
        check(
            rig,
            as_is,
            &say(
                "env | grep -v -e '^PWD=' -e ^PATH= -e ^SLURM_TASK_PID= -e ^_= -e ^SHLVL= -e ^OLDPWD= -e ^ALGORIC_RUN=",
            ),
            &exited(1),
            "",
        );
        check(
            rig,
            as_is,
            &say("grep -E '^Sig(Blk|Ign)|^NoNewPrivs' /proc/$$/status | tr -d '\\t'"),
            &exited(0),
            "SigBlk:0000000000000000\nSigIgn:0000000000000000\nNoNewPrivs:0\n",
        );
        let args =
            |launch: &mut Launch, _: &Path| launch.args = vec!["a b".into(), Text::from(&b"\xff"[..]), "".into()];
        check(rig, args, &say("echo $#; [ \"$2\" = \"$(printf '\\377')\" ] && echo \"$1\""), &exited(0), "3\na b\n");
        let limits = |launch: &mut Launch, _: &Path| {
            launch.limits = Limits(vec![(NamedLimit::Nofile, Some(77)), (NamedLimit::Core, Some(0))]);
            launch.umask = 0o077;
            launch.nice = 3;
        };
        check(
            rig,
            limits,
            &say("ulimit -n; ulimit -c; umask; set -- $(cat /proc/self/stat); echo ${19}"),
            &exited(0),
            &format!("77\n0\n0077\n{}\n", (own_nice() + 3).min(19)),
        );
    }
}

#[test]
fn files() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let say = |what: &str| format!("#!/bin/sh\n{what}\n");
        let missing = |launch: &mut Launch, work: &Path| launch.workdir = text(work.join("missing"));
        check(
            rig,
            missing,
            &say("pwd"),
            &exited(0),
            "slurmstepd-here: error: couldn't chdir to `WORK/missing': No such file or directory: going to /tmp instead\n/tmp\n",
        );
        let nowhere = |launch: &mut Launch, work: &Path| launch.stdout = Some(text(work.join("missing/out")));
        check(
            rig,
            nowhere,
            &say("touch WORK/ran"),
            &Outcome::LaunchFailed {
                exit: Exit { code: 0, signal: 53 },
                error: "Could not open stdout file WORK/missing/out: No such file or directory".to_owned(),
            },
            "",
        );
        let silent = |launch: &mut Launch, _: &Path| launch.stdout = None;
        check(rig, silent, &say("echo lost; echo lost >&2"), &exited(0), "");
        let apart = |launch: &mut Launch, work: &Path| {
            launch.stderr = Some(text(work.join("err")));
            launch.stdin = launch.stderr.clone();
            std::fs::write(work.join("err"), "before\n").unwrap();
            std::fs::set_permissions(work.join("err"), std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
            launch.open_mode = OpenMode::Append;
        };
        check(rig, apart, &say("echo more >&2; cat"), &exited(0), "before\nmore\n");
        let strange = |launch: &mut Launch, work: &Path| {
            let odd = [work.as_os_str().as_encoded_bytes(), b"/\xff\n"].concat();
            launch.workdir = Text::from(odd.clone());
            launch.stdin = Some(Text::from([odd.as_slice(), b"/in\xfe"].concat()));
            let path = Path::new(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(&odd));
            std::fs::create_dir(path).unwrap();
            std::fs::write(path.join(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"in\xfe")), "odd")
                .unwrap();
        };
        check(rig, strange, &say("cat; ls | wc -l"), &exited(0), "odd1\n");
    }
}

#[test]
fn outputs_belong_to_the_owner() {
    let rig = &mut Rig::new(modes()[0]);
    let mut launch = rig.job();
    if nix::unistd::geteuid().is_root() {
        launch.owner.uid = model::Uid(12345);
        launch.owner.gid = model::Gid(54321);
    }
    launch.umask = 0o027;
    let (uid, gid) = (launch.owner.uid.0, launch.owner.gid.0);
    let run = rig.launch(launch, "#!/bin/sh\nid -u; id -g; id -G; ls -ln $0 | cut -c1-10\n");
    assert_eq!(rig.outcome(run), exited(0));
    assert!(rig.output(run).starts_with(&format!("{uid}\n{gid}\n{gid}\n-rwx------")), "{}", rig.output(run));
    let about = std::fs::metadata(rig.work("1.out")).unwrap();
    assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (uid, gid, 0o640));
}

/// Programs make the folder of a job's output once they know its number, and the job may be there first.
#[test]
fn a_folder_is_waited_for() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let mut launch = rig.job();
        let folder = rig.work("soon");
        launch.stdout = Some(text(folder.join("out")));
        let run = rig.launch(launch, "#!/bin/sh\necho here\n");
        std::thread::sleep(std::time::Duration::from_millis(300));
        std::fs::create_dir(&folder).unwrap();
        std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        assert_eq!(rig.outcome(run), exited(0));
        assert_eq!(std::fs::read_to_string(folder.join("out")).unwrap(), "here\n");
    }
}

/// A pipe that nobody reads yet must not hold up the supervisor, only the job.
#[test]
fn a_pipe_waits_for_its_reader() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let pipe = rig.work("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o777)).unwrap();
        std::fs::set_permissions(&pipe, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        let mut launch = rig.job();
        launch.stdout = Some(text(pipe.clone()));
        let waiting = rig.launch(launch.clone(), "#!/bin/sh\necho hello\n");
        assert_eq!(std::fs::read_to_string(&pipe).unwrap(), "hello\n");
        assert_eq!(rig.outcome(waiting), exited(0));
        launch.run.attempt = 1;
        let stuck = rig.launch(launch, "#!/bin/sh\necho hello\n");
        std::thread::sleep(std::time::Duration::from_millis(100));
        rig.terminate(stuck, 1000);
        assert_eq!(rig.outcome(stuck), killed(15));
    }
}

#[test]
fn great_things() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let script =
            format!("#!/bin/sh\n{}echo end\n", "# a line of no use, only long enough to fill a file\n".repeat(80_000));
        assert!(script.len() > 4_000_000);
        for _ in 0..3 {
            check(rig, as_is, &script, &exited(0), "end\n");
        }
        let big = |launch: &mut Launch, _: &Path| {
            launch.env = launch.env.and_pairs((0..40).map(|at| (format!("V{at}"), "x".repeat(10_000))));
        };
        check(rig, big, "#!/bin/sh\necho ${#V39}\n", &exited(0), "10000\n");
        let too_big = |launch: &mut Launch, _: &Path| launch.env = launch.env.and_pairs([("V", "x".repeat(3_000_000))]);
        let run = {
            let mut launch = rig.job();
            too_big(&mut launch, Path::new(""));
            rig.launch(launch, "#!/bin/sh\n")
        };
        let Outcome::LaunchFailed { exit, error } = rig.outcome(run) else { panic!() };
        assert!(exit.code == 7 && error.ends_with("Argument list too long"), "{error}");
    }
}

/// A script file is handed on from run to run: each must find its own, whatever the one before did to it.
#[test]
fn scripts_are_not_mixed_up() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let long = format!("echo long\n{}", "# filler\n".repeat(6000));
        let spoil = |how: &str| format!("echo spoilt; {how}");
        for (body, output) in [
            ("echo one", "one\n"),
            ("echo one", "one\n"),
            (long.as_str(), "long\n"),
            ("echo two", "two\n"),
            (spoil("echo 'echo gotcha' >> $0").as_str(), "spoilt\n"),
            (spoil("echo 'echo gotcha' >> $0").as_str(), "spoilt\n"),
            (spoil("chmod 0 $0").as_str(), "spoilt\n"),
            (spoil("ln $0 saved 2>/dev/null; :").as_str(), "spoilt\n"),
            ("echo three", "three\n"),
            (long.as_str(), "long\n"),
        ] {
            check(rig, as_is, &format!("#!/bin/sh\n{body}\nexit 0\n"), &exited(0), output);
        }
        if let Ok(saved) = std::fs::read_to_string(rig.work("saved")) {
            assert!(saved.contains("ln $0 saved"), "{saved}");
        }
    }
}

/// Scripts are removed, and slots used again.
#[test]
fn nothing_piles_up() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        for _ in 0..20 {
            let runs = [rig.run("#!/bin/sh\n"), rig.run("#!/bin/sh\n:\n")];
            runs.iter().for_each(|run| assert_eq!(rig.outcome(*run), exited(0)));
        }
        let count = |place: &str| std::fs::read_dir(rig.dir.join(place)).unwrap().count();
        assert!(count("spool/slots") <= 3, "{}", count("spool/slots"));
        crate::rig::eventually("old scripts go", || count("spool/jobs") == 0);
    }
}

#[test]
fn hooks() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let log = rig.work("log");
        let hook = |rig: &Rig, name: &str, body: &str| {
            let path = rig.work(name);
            std::fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
            std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            let env =
                Environment::from_pairs([("LOG", log.display().to_string()), ("PATH", "/usr/bin:/bin".to_owned())]);
            Some(Hook { path: text(path), env, limit: Span(3000) })
        };
        let mut launch = rig.job();
        launch.prolog = hook(rig, "prolog", "echo prolog $(id -u) >> $LOG");
        launch.epilog = hook(rig, "epilog", "echo epilog >> $LOG");
        launch.memory_mib = Some(64);
        let run = rig.launch(launch.clone(), "#!/bin/sh\necho job >> log\n");
        assert_eq!(rig.outcome(run), exited(0));
        let owner = if mode == Mode::User { crate::rig::NOBODY } else { nix::unistd::geteuid().as_raw() };
        assert_eq!(std::fs::read_to_string(&log).unwrap(), format!("prolog {owner}\njob\nepilog\n"));

        launch.run.attempt = 1;
        launch.prolog = hook(rig, "bad", "exit 4");
        let run = rig.launch(launch.clone(), "#!/bin/sh\necho job >> log\n");
        let error = rig.wait("failed hook", |report| match report {
            Report::HookFailed { run: which, hook: HookKind::Prolog, error } if *which == run => Some(error.clone()),
            _ => None,
        });
        assert_eq!((error.as_str(), rig.outcome(run)), ("exit code 4", failed(1, "the prolog failed")));
        assert!(!std::fs::read_to_string(&log).unwrap().ends_with("job\n"));

        launch.run.attempt = 2;
        launch.script.0 += 1000;
        launch.prolog = None;
        launch.epilog = hook(rig, "slow", "sleep 1000");
        launch.epilog.as_mut().unwrap().limit = Span(200);
        let run = rig.launch(launch, "#!/bin/sh\nexit 5\n");
        let error = rig.wait("failed hook", |report| match report {
            Report::HookFailed { hook: HookKind::Epilog, error, .. } => Some(error.clone()),
            _ => None,
        });
        assert_eq!((error.as_str(), rig.outcome(run)), ("killed; it may have taken too long", exited(5)));
    }
}

/// A disk without room, or one that may not be written to: the run is lost with a clear error of ours, and others go on.
#[test]
fn disks_that_take_nothing() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    use nix::mount::{MsFlags, mount, umount};
    let rig = &mut Rig::new(Mode::Cgroups);
    let jobs = rig.dir.join("spool/jobs");
    rig.order(&Order::Quit);
    rig.launcher.wait().unwrap();
    let none = None::<&str>;
    if mount(Some("tmpfs"), &jobs, Some("tmpfs"), MsFlags::empty(), Some("size=16k,mode=711")).is_err() {
        return;
    }
    rig.restart();
    let long = format!("#!/bin/sh\n{}exit 3\n", "# no room for this\n".repeat(4000));
    let run = rig.run(&long);
    let full = (rig.hook_failed(run, HookKind::Launcher), rig.outcome(run));
    let run = rig.run("#!/bin/sh\nexit 3\n");
    let after = rig.outcome(run);
    let frozen = MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
    crate::rig::eventually("nothing open", || mount(none, &jobs, none, frozen, none).is_ok());
    let run = rig.run("#!/bin/sh\nexit 4\n");
    let read_only = (rig.hook_failed(run, HookKind::Launcher), rig.outcome(run));
    rig.order(&Order::Quit);
    rig.launcher.wait().unwrap();
    umount(&jobs).unwrap();
    rig.restart();
    let lost = |what: &str| (format!("writing the script: {what}"), Outcome::Lost);
    assert_eq!((full, after), (lost("No space left on device (os error 28)"), exited(3)));
    assert_eq!(read_only, lost("Read-only file system (os error 30)"));
}
