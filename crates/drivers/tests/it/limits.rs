//! Memory and cores.

use std::time::Duration;

use drivers::local::protocol::{CgroupVersion, Environment, Hook, Order, Report};
use model::{CpuSet, Exit, Limits, NamedLimit, Outcome, RunId, Span};

use crate::rig::{FILES, Mode, Rig, eventually, exited, modes, text};

/// Grows to 512 MiB within a shell, then goes on for long.
const HOG: &str = "a=0123456789abcdef; i=0; while [ $i -lt 25 ]; do a=$a$a; i=$((i+1)); done; sleep 1000";

fn detected(kills: u32, job: u32) -> String {
    format!(
        "slurmstepd-here: error: Detected {kills} oom-kill event(s) in StepId={job}.batch. Some of your processes may \
         have been killed by the cgroup out-of-memory handler.\n"
    )
}

#[test]
fn memory() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let mut launch = rig.job();
        launch.memory_mib = Some(60);
        let run = rig.launch(launch, &format!("#!/bin/sh\nsh -c '{HOG}'\necho after $?\n"));
        let end = rig.ended(run);
        let output = rig.output(run);
        let line = detected(1, 1);
        if rig.hello.guarantees.memory {
            // Only the hog is killed; the script goes on and its own exit is kept.
            assert_eq!(end.outcome, Outcome::OutOfMemory(Exit { code: 0, signal: 0 }), "{mode:?} {output}");
            assert!(output.contains("after 137\n") && output.ends_with(&line), "{output}");
        } else {
            assert_eq!(end.outcome, Outcome::OutOfMemory(Exit { code: 0, signal: 9 }), "{mode:?} {output}");
            assert_eq!(output, line);
            assert!(end.at.0 - end.started.unwrap().0 < 60_000);
        }
        // Less than the limit is no matter, also when it follows.
        let mut launch = rig.job();
        launch.memory_mib = Some(60);
        let run = rig.launch(launch, "#!/bin/sh\nexit 2\n");
        assert_eq!(rig.outcome(run), exited(2));
    }
}

/// An ordinary user who was given a cgroup has all that root has.
#[test]
fn a_delegated_group() {
    if !crate::rig::can_delegate() {
        return;
    }
    let rig = &mut Rig::new(Mode::Delegated);
    let guarantees = rig.hello.guarantees.clone();
    assert!(guarantees.cgroup == CgroupVersion::V2 && guarantees.memory && guarantees.cpuset, "{guarantees:?}");
    for round in 0..2 {
        let mut launch = rig.job();
        launch.memory_mib = Some(60);
        launch.cpus = CpuSet::from_iter([allowed()[0]]);
        let run = rig.launch(launch, &format!("#!/bin/sh\nsh -c '{HOG}'\ngrep Cpus_allowed_list /proc/self/status\n"));
        let outcome = rig.outcome(run);
        assert_eq!(outcome, Outcome::OutOfMemory(Exit { code: 0, signal: 0 }), "{}", rig.output(run));
        assert!(rig.output(run).contains(&format!("Cpus_allowed_list:\t{}\n", allowed()[0])), "{}", rig.output(run));
        let run = rig.run("#!/bin/sh\n(setsid sleep 1000 &)\nexec sleep 1000\n");
        let pid = rig.started(run);
        rig.kill_launcher();
        nix::sys::signal::kill(rig.supervisor_of(pid), nix::sys::signal::Signal::SIGKILL).unwrap();
        rig.restart();
        assert_eq!(rig.outcome(run), Outcome::Lost, "{round}");
    }
}

/// What one job leaves in memory (files of /dev/shm stay) is not the next one's.
#[test]
fn memory_of_files_is_not_inherited() {
    let rig = &mut Rig::new(modes()[0]);
    if !rig.hello.guarantees.memory {
        return;
    }
    let left = format!("/dev/shm/algoric-drivers-{}", std::process::id());
    for (mib, script, outcome) in [
        (80, format!("head -c 60000000 /dev/zero > {left}"), Some(exited(0))),
        (40, "exit 6".to_owned(), Some(exited(6))),
        (80, format!("head -c 60000000 /dev/zero > {left}.2"), Some(exited(0))),
        // Files alone over the limit: killing somebody frees nothing, and the job ends all the same.
        (30, format!("head -c 90000000 /dev/zero > {left}.3; exit 7"), None),
        (40, "exit 8".to_owned(), Some(exited(8))),
    ] {
        let mut launch = rig.job();
        launch.memory_mib = Some(mib);
        let run = rig.launch(launch, &format!("#!/bin/sh\n{script}\n"));
        let seen = rig.outcome(run);
        match outcome {
            Some(outcome) => assert_eq!(seen, outcome, "{script}: {}", rig.output(run)),
            None => assert!(matches!(seen, Outcome::OutOfMemory(_)), "{script}: {seen:?}"),
        }
    }
    for name in [left.clone(), format!("{left}.2"), format!("{left}.3")] {
        std::fs::remove_file(name).unwrap_or_default();
    }
}

#[test]
fn cores() {
    let available = allowed();
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        for wanted in available.iter().take(2).map(|cpu| vec![*cpu]).chain([available.clone(), Vec::new()]) {
            let mut launch = rig.job();
            launch.cpus = CpuSet::from_iter(wanted.iter().copied());
            let run = rig.launch(launch, "#!/bin/sh\ngrep Cpus_allowed_list /proc/self/status\n");
            let outcome = rig.outcome(run);
            let expected = if wanted.is_empty() { available.clone() } else { wanted };
            let expected = CpuSet::from_iter(expected).to_string();
            assert_eq!(rig.output(run), format!("Cpus_allowed_list:\t{expected}\n"), "{mode:?} {outcome:?}");
            assert_eq!(outcome, exited(0));
        }
    }
}

/// A job that forks without end does not take the machine's last process number.
#[test]
fn tasks() {
    let rig = &mut Rig::new(modes()[0]);
    let script = "#!/bin/sh\nfor tree in '' pids; do\n\
                  group=$(grep -E \"^[0-9]+:$tree:\" /proc/self/cgroup | cut -d: -f3)\n\
                  cat /sys/fs/cgroup/$tree/$group/pids.max 2> /dev/null && exit\ndone\nexit 9\n";
    if rig.hello.guarantees.cgroup == CgroupVersion::None || !has_pids() {
        return;
    }
    let run = rig.run(script);
    assert_eq!(rig.outcome(run), exited(0));
    let numbers: u64 = std::fs::read_to_string("/proc/sys/kernel/pid_max").unwrap().trim().parse().unwrap();
    assert_eq!(rig.output(run), format!("{}\n", (numbers / 4).min(32768)));
}

fn has_pids() -> bool {
    let controllers = std::fs::read_to_string("/sys/fs/cgroup/cgroup.controllers").unwrap_or_default();
    controllers.contains("pids") || std::path::Path::new("/sys/fs/cgroup/pids").exists()
}

/// The launcher has all the descriptors it may have; jobs, and the operator's scripts, have what is usual, or what they
/// want.
#[test]
fn open_files() {
    let (_, hard) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", rig.launcher.id())).unwrap();
        let own = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        assert_eq!(own.split_ascii_whitespace().next(), Some(hard.to_string().as_str()));
        for (wanted, expected) in [(None, FILES), (Some(Some(100)), 100), (Some(Some(300)), 300), (Some(None), hard)] {
            let mut launch = rig.job();
            launch.limits = Limits(wanted.map(|wanted| (NamedLimit::Nofile, wanted)).into_iter().collect());
            let prolog = rig.work("prolog");
            let seen = rig.work("seen");
            std::fs::write(&prolog, format!("#!/bin/sh\nulimit -Sn > {}\n", seen.display())).unwrap();
            std::fs::set_permissions(&prolog, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
            launch.prolog = Some(Hook { path: text(prolog), env: Environment::default(), limit: Span(60_000) });
            let run = rig.launch(launch, "#!/bin/sh\nulimit -Sn; ulimit -Hn\n");
            assert_eq!(rig.outcome(run), exited(0));
            assert_eq!(rig.output(run), format!("{expected}\n{hard}\n"), "{mode:?} {wanted:?}");
            assert_eq!(std::fs::read_to_string(seen).unwrap(), format!("{FILES}\n"));
        }
    }
}

/// A job cannot take more cores than it was given.
#[test]
fn a_cpuset_holds() {
    let rig = &mut Rig::new(modes()[0]);
    let available = allowed();
    if !rig.hello.guarantees.cpuset || available.len() < 2 {
        return;
    }
    let mut launch = rig.job();
    launch.cpus = CpuSet::from_iter([available[0]]);
    let run =
        rig.launch(launch, "#!/bin/sh\ntaskset -pc 0-63 $$ > /dev/null; grep Cpus_allowed_list /proc/self/status\n");
    assert_eq!(rig.outcome(run), exited(0));
    assert_eq!(rig.output(run), format!("Cpus_allowed_list:\t{}\n", available[0]));
}

#[test]
fn use_is_measured() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let spin = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";
        // Half of it by somebody whom nobody waits for.
        let run = rig.run(&format!("#!/bin/sh\n(trap '' CHLD; sh -c '{spin}' & :) ; {spin}; sleep 0.3\n"));
        let end = rig.ended(run);
        let usage = end.usage;
        let busy = usage.user_us + usage.system_us;
        assert_eq!(end.outcome, exited(0));
        assert!(busy > 50_000, "{mode:?} {usage:?}");
        assert!((500..500_000).contains(&usage.max_rss_kib), "{usage:?}");
        rig.order(&drivers::local::protocol::Order::Forget(vec![run]));

        // The supervisor's own work is not the next job's.
        let run = rig.run("#!/bin/sh\n");
        let usage = rig.ended(run).usage;
        assert!(usage.user_us + usage.system_us < busy / 2, "{mode:?} {usage:?}, {busy} us before");
    }
}

/// Memory is seen while a job runs, all its processes together.
#[test]
fn memory_is_sampled() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let hold = "a=0123456789abcdef; i=0; while [ $i -lt 20 ]; do a=$a$a; i=$((i+1)); done; \
                    echo ready; while [ ! -e go ]; do sleep 0.1; done";
        let run = rig.run(&format!("#!/bin/sh\nsh -c '{hold}' & sh -c '{hold}' & sh -c '{hold}' & wait\n"));
        eventually("all hold it", || rig.output(run).matches("ready").count() == 3);
        std::thread::sleep(Duration::from_secs(3));
        std::fs::write(rig.work("go"), "").unwrap();
        let end = rig.ended(run);
        assert!(end.usage.max_rss_kib > 45_000, "{mode:?} {:?}", end.usage);
    }
}

fn allowed() -> Vec<u32> {
    let set = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)).unwrap();
    (0..1024).filter(|cpu| set.is_set(*cpu as usize).unwrap()).collect()
}

#[test]
fn what_runs_have_used_is_told_while_they_run() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let spin = "#!/bin/sh\nsh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'\nsleep 1000\n";
        let (busy, lazy) = (rig.run(spin), rig.run("#!/bin/sh\nsleep 1000\n"));
        rig.started(busy);
        rig.started(lazy);
        let mut numbers = 7..;
        let mut measure = |rig: &mut Rig| {
            let number = numbers.next().unwrap();
            rig.order(&Order::Measure { number });
            rig.wait("a measure", |report| match report {
                Report::Measured { number: given, busy_us, runs } if *given == number => Some((*busy_us, runs.clone())),
                _ => None,
            })
        };
        let (before, _) = measure(rig);
        let used =
            |runs: &[(RunId, u64, u64)], run| runs.iter().find(|(of, ..)| *of == run).map(|(_, us, _)| *us).unwrap();
        eventually("the loop is counted", || {
            let (_, runs) = measure(rig);
            assert_eq!(runs.len(), 2, "{mode:?}");
            // On a slow machine to begin takes a while, too.
            used(&runs, busy) > 50_000 && used(&runs, busy) > 3 * used(&runs, lazy)
        });
        let (after, runs) = measure(rig);
        assert!(after >= before && used(&runs, lazy) < used(&runs, busy) / 2, "{mode:?} {runs:?}");
        // Also by a launcher that did not start them.
        rig.kill_launcher();
        rig.restart();
        let (_, again) = measure(rig);
        assert!(used(&again, busy) >= used(&runs, busy) && used(&again, lazy) < used(&again, busy), "{again:?}");
        rig.terminate(busy, 0);
        let end = rig.ended(busy);
        // Our own processor time beside the job's may be in what was told before.
        let ours = 20_000 + used(&again, busy) / 4;
        assert!(end.usage.user_us + end.usage.system_us + ours > used(&again, busy), "{mode:?} {again:?} {end:?}");
        assert_eq!(measure(rig).1.len(), 1);
        rig.terminate(lazy, 0);
        rig.ended(lazy);
    }
}
