//! Launchers and supervisors are killed at any instant: jobs are neither lost nor doubled.

use std::time::Duration;

use drivers::local::protocol::{Order, Report, RunState, Scope};
use model::{Outcome, RunId};
use nix::sys::signal::{Signal, kill};

use crate::rig::{Mode, Rig, eventually, exited, lives, modes, pids};

const DAEMON: &str = "(setsid sh -c 'echo $$ >> pids; exec sleep 1000' < /dev/null > /dev/null 2>&1 & :)";

fn wait_for(rig: &Rig, count: usize) {
    eventually("processes", || pids(&rig.work("pids")).len() >= count);
}

#[test]
fn a_job_dies_with_its_supervisor() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run(&format!("#!/bin/sh\necho $$ >> pids\n{DAEMON}\nsleep 1000\n"));
        let pid = rig.started(run);
        wait_for(rig, 2);
        let supervisor = rig.supervisor_of(pid);
        kill(supervisor, Signal::SIGKILL).unwrap();
        let end = rig.ended(run);
        assert_eq!(end.outcome, Outcome::Lost);
        assert!(end.started.is_some());
        assert!(pids(&rig.work("pids")).iter().all(|pid| !lives(*pid)), "{mode:?}");
        // And the next one runs.
        rig.order(&Order::Forget(vec![run]));
        let run = rig.run("#!/bin/sh\nexit 4\n");
        assert_eq!(rig.outcome(run), exited(4));
    }
}

/// What it used until then is not lost with it.
#[test]
fn the_last_use_seen_is_kept() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\n(while [ ! -e stop ]; do :; done)\necho ready\nexec sleep 1000\n");
        let pid = rig.started(run);
        std::thread::sleep(Duration::from_millis(1500));
        std::fs::write(rig.work("stop"), "").unwrap();
        eventually("ready", || rig.output(run).contains("ready"));
        std::thread::sleep(Duration::from_millis(1500));
        kill(rig.supervisor_of(pid), Signal::SIGKILL).unwrap();
        let end = rig.ended(run);
        assert_eq!(end.outcome, Outcome::Lost);
        assert!(end.usage.max_rss_kib > 0, "{mode:?}: {:?}", end.usage);
        // Without a group's account, CPU time is known of children that were waited for.
        if rig.hello.guarantees.cpu_time {
            assert!(end.usage.user_us + end.usage.system_us > 200_000, "{mode:?}: {:?}", end.usage);
        }
        std::fs::remove_file(rig.work("stop")).unwrap();
    }
}

/// What bears a run's mark but is another user's is not the run's: anybody can write that mark.
#[test]
fn a_borrowed_mark() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let rig = &mut Rig::new(Mode::Plain);
    let mut job = rig.job();
    (job.owner.uid, job.owner.gid) = (model::Uid(12345), model::Gid(12345));
    let run = rig.launch(job, "#!/bin/sh\nenv | grep ALGORIC_RUN\nexec sleep 1000\n");
    let pid = rig.started(run);
    eventually("the mark", || rig.output(run).ends_with('\n'));
    let output = rig.output(run);
    let (name, mark) = output.trim().split_once('=').unwrap();
    let marked = |uid| {
        use std::os::unix::process::CommandExt;
        std::process::Command::new("sleep").arg("1000").env(name, mark).uid(uid).gid(uid).spawn().unwrap()
    };
    let (mut other, mut own) = (marked(12346), marked(12345));
    kill(rig.supervisor_of(pid), Signal::SIGKILL).unwrap();
    assert_eq!(rig.ended(run).outcome, Outcome::Lost);
    // Its owner's is the run's, wherever it is.
    assert_eq!(own.wait().unwrap().code(), None);
    let state = other.try_wait().unwrap();
    other.kill().unwrap();
    other.wait().unwrap();
    assert_eq!(state, None);
}

#[test]
fn a_job_outlives_its_launcher() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done\nexit 6\n");
        let pid = rig.started(run);
        rig.kill_launcher();
        std::thread::sleep(Duration::from_millis(300));
        assert!(lives(pid));
        rig.restart();
        assert!(matches!(rig.greeted_with(run), Some(RunState::Running { pid: same, .. }) if *same == pid));
        // A second launch of it changes nothing.
        let mut again = rig.job();
        again.run = run;
        rig.launch(again, "#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done\nexit 6\n");
        assert_eq!(rig.started(run), pid);
        std::fs::write(rig.work("go"), "").unwrap();
        assert_eq!(rig.ended(run).outcome, exited(6));
        // It is told again until it is forgotten.
        rig.kill_launcher();
        rig.restart();
        assert!(matches!(rig.greeted_with(run), Some(RunState::Ended(end)) if end.outcome == exited(6)));
        rig.order(&Order::Forget(vec![run]));
        let other = rig.run("#!/bin/sh\n");
        rig.outcome(other);
        rig.kill_launcher();
        rig.restart();
        assert_eq!(rig.greeted_with(run), None, "{mode:?}");
    }
}

#[test]
fn orders_reach_an_adopted_job() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\nexec sleep 1000\n");
        rig.started(run);
        rig.kill_launcher();
        rig.restart();
        // At once: the supervisor may not have come back yet.
        rig.terminate(run, 60_000);
        assert_eq!(rig.outcome(run), crate::rig::killed(15));
    }
}

#[test]
fn an_end_that_no_launcher_saw() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\nwhile ! [ -e go ]; do sleep 0.02; done\nexit 8\n");
        let pid = rig.started(run);
        let supervisor = rig.supervisor_of(pid);
        rig.kill_launcher();
        std::fs::write(rig.work("go"), "").unwrap();
        eventually("the supervisor leaves", || !lives(supervisor.as_raw() as u32));
        rig.restart();
        let Some(RunState::Ended(end)) = rig.greeted_with(run) else { panic!("{:?}", rig.hello) };
        assert_eq!(end.outcome, exited(8), "{mode:?}");
        rig.order(&Order::Forget(vec![run]));
    }
}

#[test]
fn both_are_killed() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run(&format!("#!/bin/sh\necho $$ >> pids\n{DAEMON}\nsleep 1000\n"));
        let pid = rig.started(run);
        wait_for(rig, 2);
        let supervisor = rig.supervisor_of(pid);
        rig.kill_launcher();
        kill(supervisor, Signal::SIGKILL).unwrap();
        rig.restart();
        assert_eq!(rig.ended(run).outcome, Outcome::Lost);
        assert!(pids(&rig.work("pids")).iter().all(|pid| !lives(*pid)), "{mode:?}");
    }
}

/// An adopted supervisor is killed: its job's orphans do not come to the new launcher by themselves.
#[test]
fn an_adopted_supervisor_is_killed() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run(&format!("#!/bin/sh\necho $$ >> pids\n{DAEMON}\nsleep 1000\n"));
        let pid = rig.started(run);
        wait_for(rig, 2);
        let supervisor = rig.supervisor_of(pid);
        rig.kill_launcher();
        rig.restart();
        std::thread::sleep(Duration::from_millis(400));
        kill(supervisor, Signal::SIGKILL).unwrap();
        assert_eq!(rig.ended(run).outcome, Outcome::Lost);
        assert!(pids(&rig.work("pids")).iter().all(|pid| !lives(*pid)), "{mode:?}");
    }
}

#[test]
fn another_boot() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let over = rig.run("#!/bin/sh\nexit 3\n");
        rig.ended(over);
        let run = rig.run("#!/bin/sh\nexec sleep 1000\n");
        let pid = rig.started(run);
        // A machine takes its processes with it.
        let supervisor = rig.supervisor_of(pid);
        kill(supervisor, Signal::SIGKILL).unwrap();
        rig.reboot("another");
        if let Some(RunState::Ended(end)) = rig.greeted_with(run) {
            // The first launcher was quicker than the reboot.
            assert_eq!(end.outcome, Outcome::Lost);
        } else {
            assert!(matches!(rig.greeted_with(run), Some(RunState::Rebooted { started: Some(_) })), "{:?}", rig.hello);
        }
        assert!(matches!(rig.greeted_with(over), Some(RunState::Ended(end)) if end.outcome == exited(3)));
        rig.order(&Order::Forget(vec![run, over]));
        let run = rig.run("#!/bin/sh\nexit 4\n");
        assert_eq!(rig.outcome(run), exited(4));
    }
}

/// A supervisor that stands still (somebody stopped it) cannot stretch its job's limits.
#[test]
fn a_stopped_supervisor_is_overruled() {
    let rig = &mut Rig::new(modes()[0]);
    let run = rig.run(&format!("#!/bin/sh\necho $$ >> pids\n{DAEMON}\nsleep 1000\n"));
    let pid = rig.started(run);
    wait_for(rig, 2);
    kill(rig.supervisor_of(pid), Signal::SIGSTOP).unwrap();
    rig.terminate(run, 100);
    assert_eq!(rig.ended(run).outcome, Outcome::Lost);
    assert!(pids(&rig.work("pids")).iter().all(|pid| !lives(*pid)));
}

/// However many orders a slow supervisor has not heard, the one that ends the run is not left out.
#[test]
fn a_slow_supervisor_hears_what_matters() {
    let rig = &mut Rig::new(modes()[0]);
    let run = rig.run("#!/bin/sh\nexec sleep 1000\n");
    let pid = rig.started(run);
    let supervisor = rig.supervisor_of(pid);
    kill(supervisor, Signal::SIGSTOP).unwrap();
    // More than any socket holds. Two kinds in turn, because a repetition says nothing new.
    for round in 0..4000_u32 {
        let signal = if round % 2 == 0 { 18 } else { 0 };
        rig.order(&Order::Signal { run, signal, scope: Scope::Batch });
    }
    rig.order(&Order::Suspend { run });
    rig.order(&Order::Resume { run });
    rig.terminate(run, 600_000);
    // An unknown run is answered at once: all that was sent before has been taken in.
    let unknown = RunId { job: model::JobId(9999), attempt: 0 };
    rig.order(&Order::Resume { run: unknown });
    rig.wait("answer", |report| matches!(report, Report::Unknown { run } if *run == unknown).then_some(()));
    kill(supervisor, Signal::SIGCONT).unwrap();
    rig.wait("suspension", |report| matches!(report, Report::Suspended { .. }).then_some(()));
    rig.wait("resumption", |report| matches!(report, Report::Resumed { .. }).then_some(()));
    assert_eq!(rig.outcome(run), crate::rig::killed(15));
}

/// What a new version cannot read it leaves alone, and says so.
#[test]
fn a_slot_of_another_version() {
    let rig = &mut Rig::new(modes()[0]);
    rig.kill_launcher();
    std::fs::write(rig.dir.join("spool/slots/0"), vec![9; 2048]).unwrap();
    // Its run may need a script.
    let script = rig.dir.join("spool/jobs/job00777/slurm_script");
    std::fs::create_dir_all(script.parent().unwrap()).unwrap();
    std::fs::write(&script, "").unwrap();
    rig.restart();
    assert_eq!(rig.hello.unreadable, 1);
    rig.wait("fault", |report| match report {
        Report::Fault { text } if text.contains("slot file 0") => Some(()),
        _ => None,
    });
    let run = rig.run("#!/bin/sh\nexit 3\n");
    assert_eq!(rig.outcome(run), exited(3));
    assert_eq!(std::fs::read(rig.dir.join("spool/slots/0")).unwrap(), vec![9; 2048]);
    assert!(script.exists());
    // What is no file at all is no reason not to serve either; and once somebody has looked, all is as before.
    for (unreadable, left) in [(1, true), (0, false)] {
        rig.kill_launcher();
        std::fs::remove_file(rig.dir.join("spool/slots/0")).unwrap_or_default();
        match left {
            true => std::fs::create_dir(rig.dir.join("spool/slots/0")).unwrap(),
            false => std::fs::remove_dir(rig.dir.join("spool/slots/0")).unwrap(),
        }
        rig.restart();
        assert_eq!((rig.hello.unreadable, script.exists()), (unreadable, left));
    }
}

#[test]
fn launched_twice_starts_once() {
    let rig = &mut Rig::new(modes()[0]);
    let job = rig.job();
    for _ in 0..5 {
        rig.link.launch(Box::new(job.clone()), b"#!/bin/sh\necho $$ >> pids\nexit 2\n").unwrap();
    }
    let run = rig.launch(job.clone(), "#!/bin/sh\n");
    assert_eq!(rig.ended(run).outcome, exited(2));
    rig.launch(job, "#!/bin/sh\n");
    assert_eq!(rig.ended(run).outcome, exited(2));
    assert_eq!(pids(&rig.work("pids")).len(), 1);
}

#[test]
fn the_launcher_leaves_with_its_centre() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\nexec sleep 1000\n");
        let pid = rig.started(run);
        let (nobody, _) = drivers::local::link::pair().unwrap();
        rig.link = drivers::local::link::Link::new(nobody);
        assert!(rig.launcher.wait().unwrap().success());
        assert!(lives(pid));
        rig.restart();
        rig.terminate(run, 1000);
        rig.outcome(run);
    }
}

/// How often: fewer times in an emulated machine, more when somebody asks for it.
fn rounds(usual: usize) -> usize {
    let asked = std::env::var("ALGORIC_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    asked.unwrap_or(if std::env::var_os("ALGORIC_VM").is_some() { usual / 5 } else { usual })
}

/// Whatever the instant at which the launcher dies: every run is started at most once, and its end is told.
#[test]
fn never_twice_never_forgotten() {
    let rounds = rounds(40);
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let mut open: Vec<RunId> = Vec::new();
        let mut ends = 0;
        // Spread over the first milliseconds of a launch, where things happen; the same sequence each time.
        let mut seed = 12345_u64;
        for round in 0..rounds {
            for _ in 0..3 {
                let job = rig.job();
                let script = format!("#!/bin/sh\necho {} >> starts\nexit 5\n", job.run.job);
                open.push(rig.launch(job, &script));
            }
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            std::thread::sleep(Duration::from_micros((seed >> 33) % 6000));
            rig.kill_launcher();
            if seed & 0x3000 == 0 {
                rig.kill_supervisors();
            }
            rig.restart();
            // As a centre does: what the launcher does not know was not started, and is launched (again).
            let known: Vec<RunId> = rig.hello.runs.iter().map(|report| report.run).collect();
            for run in open.clone().into_iter().filter(|run| !known.contains(run)) {
                let mut job = rig.job();
                (job.run, job.script) = (run, drivers::local::protocol::ScriptId(u64::from(run.job.0)));
                rig.launch(job, &format!("#!/bin/sh\necho {} >> starts\nexit 5\n", run.job));
            }
            let mut reported: Vec<(RunId, Outcome)> = Vec::new();
            for report in &rig.hello.runs {
                if let RunState::Ended(end) = &report.state {
                    reported.push((report.run, end.outcome.clone()));
                }
            }
            for run in std::mem::take(&mut open) {
                let outcome = match reported.iter().find(|(which, _)| *which == run) {
                    Some((_, outcome)) => outcome.clone(),
                    None => rig.ended(run).outcome,
                };
                // Lost: the launcher died between its note and the supervisor's ear.
                assert!(outcome == exited(5) || outcome == Outcome::Lost, "{mode:?} round {round}: {outcome:?}");
                ends += 1;
                rig.order(&Order::Forget(vec![run]));
            }
        }
        assert_eq!(ends, rounds * 3);
        let text = std::fs::read_to_string(rig.work("starts")).unwrap();
        let mut starts: Vec<u32> = text.lines().map(|line| line.parse().unwrap()).collect();
        let count = starts.len();
        starts.sort_unstable();
        starts.dedup();
        assert_eq!(starts.len(), count, "{mode:?}: a job started twice");
        assert!(count > rounds, "{mode:?}: hardly any started");
    }
}

/// Supervisors, too, die at any instant: no end is ever made up, and none is missing.
#[test]
fn supervisors_die_at_any_instant() {
    let rounds = rounds(30);
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let mut seed = 99_u64;
        for round in 0..rounds {
            let job = rig.job();
            let run = rig.launch(job, &format!("#!/bin/sh\necho {round} >> starts\nexit 5\n"));
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            std::thread::sleep(Duration::from_micros((seed >> 33) % 4000));
            for supervisor in crate::rig::children(nix::unistd::Pid::from_raw(rig.launcher.id() as i32)) {
                kill(supervisor, Signal::SIGKILL).unwrap_or_default();
            }
            let end = rig.ended(run);
            let ran = std::fs::read_to_string(rig.work("starts")).unwrap_or_default();
            let ran = ran.lines().filter(|line| *line == round.to_string()).count();
            match end.outcome {
                Outcome::Exited(exit) if exit.code == 5 => assert_eq!(ran, 1),
                Outcome::Lost => assert!(ran == 0 || ran == 1 && end.started.is_some(), "{mode:?} {ran} {end:?}"),
                other => panic!("{mode:?}: {other:?}"),
            }
            rig.order(&Order::Forget(vec![run]));
        }
        rig.order(&Order::Quit);
        rig.launcher.wait().unwrap();
        rig.restart();
        assert!(rig.hello.runs.is_empty());
        rig.wait_no_fault();
    }
}

impl Rig {
    fn wait_no_fault(&mut self) {
        let run = self.run("#!/bin/sh\n");
        self.wait("end", |report| match report {
            Report::Fault { text } => panic!("{text}"),
            Report::Ended { run: which, .. } if *which == run => Some(()),
            _ => None,
        });
    }
}
