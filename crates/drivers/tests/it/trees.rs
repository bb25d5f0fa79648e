//! Whole process trees: they end, stop and go on together.

use std::time::{Duration, Instant};

use drivers::local::protocol::{Order, Report, Scope};
use model::{RunId, Span};

use crate::rig::{Rig, eventually, exited, killed, lives, modes, pids};

/// Leaves a daemon the classical way: two forks, a session of its own, and its number in `pids`.
const DAEMON: &str = "(setsid sh -c 'echo $$ >> pids; exec sleep 1000' < /dev/null > /dev/null 2>&1 & :)";
/// The same, deaf to SIGTERM.
const DEAF: &str = "(setsid sh -c 'trap \"\" TERM; echo $$ >> pids; while :; do sleep 1; done' > /dev/null 2>&1 & :)";

fn has_pids(rig: &Rig, count: usize) {
    eventually("daemons", || pids(&rig.work("pids")).len() == count);
}

#[test]
fn daemons_end_with_their_script() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run(&format!(
            "#!/bin/sh\n: > pids; {DAEMON}\n{DAEMON}\n{DEAF}\nwhile [ $(wc -w < pids) -lt 3 ]; do :; done; exit 9\n"
        ));
        assert_eq!(rig.outcome(run), exited(9));
        let daemons = pids(&rig.work("pids"));
        assert_eq!(daemons.len(), 3);
        assert!(daemons.iter().all(|pid| !lives(*pid)), "{mode:?}: some are left at the report of the end");
    }
}

/// A pair of processes that give birth to each other for ever is caught.
#[test]
fn respawners_end() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        std::fs::write(rig.work("phoenix"), "#!/bin/sh\necho >> born\nsleep 0.001\nsetsid sh ./phoenix &\n").unwrap();
        let script =
            "setsid sh ./phoenix & setsid sh ./phoenix &\nwhile [ $(wc -l < born) -lt 20 ]; do sleep 0.01; done";
        let run = rig.run(&format!("#!/bin/sh\n: > born\n{script}\n"));
        assert_eq!(rig.outcome(run), exited(0));
        let born = || std::fs::metadata(rig.work("born")).unwrap().len();
        let then = born();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(born(), then, "{mode:?}: still being born");
    }
}

#[test]
fn terminated() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        // Who follows SIGTERM is gone at once, long before the wait is over.
        let run = rig.run(&format!("#!/bin/sh\n{DAEMON}\necho ready\nexec sleep 1000\n"));
        rig.started(run);
        has_pids(rig, 1);
        eventually("ready", || rig.output(run).contains("ready"));
        let begin = Instant::now();
        let note = Some("slurmstepd-here: error: *** JOB 1 ON here CANCELLED ***".to_owned());
        rig.order(&Order::Terminate { run, note, kill_wait: Span::seconds(100) });
        assert_eq!(rig.outcome(run), killed(15));
        assert!(begin.elapsed() < Duration::from_secs(30));
        assert_eq!(rig.output(run), "ready\nslurmstepd-here: error: *** JOB 1 ON here CANCELLED ***\n");
        // Who does not is killed after it.
        let run = rig
            .run(&format!("#!/bin/sh\ntrap 'echo got TERM' TERM\n{DEAF}\necho ready\nwhile :; do sleep 0.1; done\n"));
        has_pids(rig, 2);
        eventually("ready", || rig.output(run).contains("ready"));
        let begin = Instant::now();
        rig.terminate(run, 700);
        assert_eq!(rig.outcome(run), killed(9));
        assert!(begin.elapsed() >= Duration::from_millis(690));
        assert!(rig.output(run).contains("got TERM"), "{}", rig.output(run));
        assert!(pids(&rig.work("pids")).iter().all(|pid| !lives(*pid)));
        // Whoever asks about a run that never was is told.
        let nobody = RunId { attempt: 7, ..run };
        rig.terminate(nobody, 0);
        rig.wait("unknown", |report| matches!(report, Report::Unknown { run } if *run == nobody).then_some(()));
    }
}

#[test]
fn signals_reach_whom_they_mean() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        // As under Slurm: the script's own children are no step.
        let shell = |name: &str| format!("sh -c 'trap \"echo {name}\" USR1; echo ready; while :; do sleep 0.05; done'");
        let script = format!(
            "#!/bin/sh\ntrap 'echo batch' USR1\n{} &\nSLURM_STEP_ID=0 sh -c \"env -i {} & wait\" &\n\
             while :; do sleep 0.05; done\n",
            shell("child"),
            shell("step").replace('"', "\\\""),
        );
        for (scope, heard) in [(Scope::Batch, "batch"), (Scope::Steps, "step"), (Scope::All, "batch child step")] {
            let run = rig.run(&script);
            eventually("ready", || rig.output(run).matches("ready").count() == 2);
            // Sleeps die of it, so they are restarted; the shells stay.
            rig.order(&Order::Signal { run, signal: 10, scope });
            let all = |rig: &Rig| {
                let output = rig.output(run);
                let names = ["batch", "child", "step"].into_iter().filter(|name| output.contains(name));
                names.collect::<Vec<_>>().join(" ")
            };
            eventually(heard, || all(rig) == heard);
            std::thread::sleep(Duration::from_millis(200));
            assert_eq!(all(rig), heard, "{mode:?}");
            rig.terminate(run, 1000);
            assert_eq!(rig.outcome(run), killed(15), "{mode:?}");
        }
    }
}

/// The script goes at once, and its own children with it; steps have the time that was ordered.
#[test]
fn steps_have_time_to_end() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let deaf = "trap : TERM; while :; do sleep 0.05; done";
        let task = "trap 'sleep 1; echo task ended; exit 3' TERM; echo ready; while :; do sleep 0.05; done";
        let script = format!(
            "#!/bin/bash\nbash -c '{deaf}; echo child' &\necho $! > child\n\
             bash -c 'trap : TERM; SLURM_STEP_ID=0 bash task & echo $$ > srun; wait; wait; echo srun $?' &\n\
             while :; do sleep 0.05; done\n"
        );
        std::fs::write(rig.work("task"), task).unwrap();
        let run = rig.run(&script);
        let named = |rig: &Rig| ["child", "srun"].iter().all(|name| pids(&rig.work(name)).len() == 1);
        eventually("ready", || rig.output(run).contains("ready") && named(rig));
        rig.terminate(run, 60_000);
        let [child, srun] = ["child", "srun"].map(|name| pids(&rig.work(name))[0]);
        eventually("the child's end", || !lives(child));
        assert!(lives(srun), "{mode:?}");
        assert_eq!(rig.outcome(run), killed(15), "{mode:?}");
        assert!(rig.output(run).contains("task ended"), "{mode:?}: {}", rig.output(run));
        // A step that does not go is killed after the time.
        std::fs::write(rig.work("task"), "trap : TERM; echo ready; while :; do sleep 0.05; done").unwrap();
        let run = rig.run(&script);
        eventually("ready", || rig.output(run).contains("ready"));
        let begin = Instant::now();
        rig.terminate(run, 700);
        assert_eq!(rig.outcome(run), killed(15), "{mode:?}");
        assert!(begin.elapsed() >= Duration::from_millis(690));
    }
}

/// Whoever stops of its own accord is not continued by an order to resume what was never suspended: a centre repeats
/// such orders after a restart.
#[test]
fn who_stopped_alone_stays_stopped() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let run = rig.run("#!/bin/sh\nkill -STOP $$\nexit 3\n");
        let pid = rig.started(run);
        let stopped = || {
            let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        eventually("stopped", stopped);
        rig.order(&Order::Resume { run });
        rig.wait("resumed", |report| matches!(report, Report::Resumed { run: which } if *which == run).then_some(()));
        std::thread::sleep(Duration::from_millis(100));
        assert!(stopped(), "{mode:?}");
        rig.order(&Order::Signal { run, signal: 18, scope: Scope::Batch });
        assert_eq!(rig.outcome(run), exited(3));
    }
}

#[test]
fn suspended_and_resumed() {
    for mode in modes() {
        let rig = &mut Rig::new(mode);
        let count = "while :; do echo x; sleep 0.01; done";
        let run = rig.run(&format!("#!/bin/sh\nsetsid sh -c '{count}' &\n{count}\n"));
        eventually("counting", || rig.output(run).len() > 20);
        rig.order(&Order::Suspend { run });
        rig.wait("suspended", |report| {
            matches!(report, Report::Suspended { run: which } if *which == run).then_some(())
        });
        let then = rig.output(run).len();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(rig.output(run).len(), then, "{mode:?}");
        rig.order(&Order::Resume { run });
        rig.wait("resumed", |report| matches!(report, Report::Resumed { run: which } if *which == run).then_some(()));
        eventually("counting again", || rig.output(run).len() > then);
        // Ended while suspended: SIGTERM reaches whoever stands still.
        rig.order(&Order::Suspend { run });
        rig.terminate(run, 60_000);
        assert_eq!(rig.outcome(run), killed(15));
    }
}

#[test]
fn idle_means_idle() {
    let rig = &mut Rig::new(modes()[0]);
    let run = rig.run("#!/bin/sh\n");
    rig.outcome(run);
    let mut all = rig.supervisors();
    all.push(nix::unistd::Pid::from_raw(rig.launcher.id() as i32));
    let switches = |pid: &nix::unistd::Pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("voluntary_ctxt")).unwrap().to_owned();
        line.split_ascii_whitespace().last().unwrap().parse::<u64>().unwrap()
    };
    // What is left to do (the kept script goes) takes its time; then nobody wakes for two seconds.
    eventually("idle", || {
        let before: Vec<u64> = all.iter().map(switches).collect();
        std::thread::sleep(Duration::from_secs(2));
        all.iter().map(switches).collect::<Vec<_>>() == before
    });
    // And they are small.
    for pid in &all {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        let field = |name: &str| {
            let line = status.lines().find(|line| line.starts_with(name)).unwrap();
            line.split_ascii_whitespace().nth(1).unwrap().parse::<u64>().unwrap()
        };
        assert!(field("RssAnon") < 1500, "{status}");
    }
}
