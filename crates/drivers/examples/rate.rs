//! How many one-core scripts a second go through launcher and supervisors, beside `xargs -P` in the same run.
//!
//! `rate [--count N] [--flight N] [--user UID] [--no-cgroups] [--rounds N] [--dir DIR] [--distinct]`; distinct: each job
//! has a script of its own, as if it had been submitted alone.
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use drivers::local::launcher::{self, Centre, Cgroups, LauncherConfig};
use drivers::local::link::{self, Link};
use drivers::local::protocol::{Environment, Launch, Order, Report, ScriptId};
use model::{CpuSet, Exit, Gid, JobId, Limits, OpenMode, Outcome, Owner, RunId, Text, Uid};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::resource::{UsageWho, getrusage};
use nix::unistd::{ForkResult, fork, setgid, setuid};

struct Options {
    count: u32,
    flight: u32,
    user: u32,
    cgroups: bool,
    rounds: u32,
    distinct: bool,
    parent: PathBuf,
}

fn options() -> Options {
    let mut options = Options {
        count: 10_000,
        flight: 2,
        user: 0,
        cgroups: true,
        rounds: 2,
        distinct: false,
        parent: PathBuf::from("/tmp"),
    };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut number = || words.next().and_then(|word| word.parse().ok()).expect("a number");
        match word.as_str() {
            "--count" => options.count = number(),
            "--flight" => options.flight = number(),
            "--user" => options.user = number(),
            "--rounds" => options.rounds = number(),
            "--dir" => options.parent = words.next().expect("a directory").into(),
            "--distinct" => options.distinct = true,
            "--no-cgroups" => options.cgroups = false,
            _ => panic!("unknown: {word}"),
        }
    }
    options
}

fn main() {
    let options = options();
    if options.user != 0 {
        setgid(options.user.into()).unwrap();
        setuid(options.user.into()).unwrap();
    }
    let dir = options.parent.join(format!("algoric-rate-{}", std::process::id()));
    std::fs::create_dir(&dir).unwrap();
    let script = dir.join("bare.sh");
    std::fs::write(&script, "#!/bin/sh\ntrue\n").unwrap();
    // Supervisors that lose their launcher come to us, so that their time is counted.
    nix::sys::prctl::set_child_subreaper(true).unwrap();
    for round in 0..options.rounds {
        // ext4 avoids the numbers of files that were removed in the last seconds, by any earlier run: each file made
        // meanwhile takes up to a millisecond more.
        std::thread::sleep(Duration::from_secs(6));
        let before = cpu();
        let bare = bare(&script, &options);
        let between = cpu();
        let ours = ours(&dir, round, &options);
        while nix::sys::wait::wait().is_ok() {}
        let (bare_cpu, our_cpu) = (between - before, cpu() - between);
        let us = |cpu: Duration| cpu.as_micros() / u128::from(options.count);
        println!("bare {bare:.0}/s {} us each, launcher {ours:.0}/s {} us each", us(bare_cpu), us(our_cpu));
        println!("ratio {:.2} by the clock, {:.2} by CPU time", ours / bare, bare_cpu.div_duration_f64(our_cpu));
    }
    std::fs::remove_dir_all(&dir).unwrap();
}

/// CPU time of ourselves and of all children that ended.
fn cpu() -> Duration {
    let of = |who| {
        let usage = getrusage(who).unwrap();
        let (user, system) = (usage.user_time(), usage.system_time());
        Duration::from_micros(
            ((user.tv_sec() + system.tv_sec()) * 1_000_000 + user.tv_usec() + system.tv_usec()) as u64,
        )
    };
    of(UsageWho::RUSAGE_SELF) + of(UsageWho::RUSAGE_CHILDREN)
}

fn bare(script: &Path, options: &Options) -> f64 {
    let begin = Instant::now();
    let mut child = Command::new("xargs")
        .args(["-P", &options.flight.to_string(), "-n1", "sh"])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let line = format!("{}\n", script.display());
    let mut input = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut input, line.repeat(options.count as usize).as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    f64::from(options.count) / begin.elapsed().as_secs_f64()
}

fn ours(dir: &Path, round: u32, options: &Options) -> f64 {
    let (socket, theirs) = link::pair().unwrap();
    // SAFETY: one thread only.
    if let ForkResult::Child = unsafe { fork() }.unwrap() {
        drop(socket);
        let cgroups = if options.cgroups { Cgroups::Auto } else { Cgroups::Off };
        let config = LauncherConfig {
            data: dir.to_owned(),
            centre_id: format!("rate-{}", std::process::id()),
            centre: Centre::Connected(theirs),
            cgroups,
            boot_id: None,
        };
        let reason = launcher::run(config);
        assert!(reason.is_ok(), "{reason:?}");
        std::process::exit(0);
    }
    drop(theirs);
    let mut link = Link::new(socket);
    let mut next = 0;
    let mut ended = 0;
    let mut reports = Vec::new();
    let begin = Instant::now();
    let mut slowest = Duration::ZERO;
    let mut sent = vec![begin; options.count as usize];
    while ended < options.count {
        while next < options.count && next < ended + options.flight {
            let mut launch = launch(dir, round, next, options);
            let mut script = "#!/bin/sh\ntrue\n".to_owned();
            if options.distinct {
                launch.script = ScriptId(u64::from(next));
                script += &format!("# {next}\n");
            }
            link.launch(Box::new(launch), script.as_bytes()).unwrap();
            sent[next as usize] = Instant::now();
            next += 1;
        }
        link.flush().unwrap();
        poll(&mut [PollFd::new(link.fd().as_fd(), PollFlags::POLLIN)], PollTimeout::NONE).unwrap();
        assert!(link.receive(&mut reports).unwrap(), "the launcher died");
        let mut forget = Vec::new();
        for report in reports.drain(..) {
            match report {
                Report::Hello(hello) if round == 0 => println!("{:?}", hello.guarantees),
                Report::Ended { run, end } => {
                    assert_eq!(end.outcome, Outcome::Exited(Exit::default()));
                    slowest = slowest.max(sent[(run.job.0 - 1) as usize].elapsed());
                    forget.push(run);
                    ended += 1;
                }
                Report::Fault { text } => println!("{text}"),
                _ => {}
            }
        }
        link.send(&Order::Forget(forget)).unwrap();
    }
    let rate = f64::from(options.count) / begin.elapsed().as_secs_f64();
    println!("slowest {slowest:?}");
    link.send(&Order::Quit).unwrap();
    link.flush().unwrap();
    rate
}

fn launch(dir: &Path, round: u32, number: u32, options: &Options) -> Launch {
    let variables = (0..45).map(|at| (format!("SLURM_VARIABLE_{at}"), "some value of usual length"));
    let text = |path: PathBuf| Text::from(path.into_os_string().into_string().unwrap());
    Launch {
        run: RunId { job: JobId(number + 1), attempt: round },
        script: ScriptId(1),
        label: (number + 1).to_string(),
        speaker: "slurmstepd-here".to_owned(),
        owner: Owner { uid: Uid(options.user), gid: Gid(options.user), user: "root".into(), group: "root".into() },
        args: Vec::new(),
        env: Environment::from_pairs(variables).and_pairs([("PATH", "/usr/bin:/bin"), ("HOME", "/tmp")]),
        pid_variables: vec!["SLURM_TASK_PID".to_owned()],
        workdir: text(dir.to_owned()),
        stdin: None,
        stdout: Some(text(dir.join(format!("slurm-{round}-{number}.out")))),
        stderr: None,
        open_mode: OpenMode::Truncate,
        umask: 0o022,
        limits: Limits::default(),
        cpus: CpuSet::from_iter([number % 2]),
        memory_mib: Some(100),
        gpus: Vec::new(),
        nice: 0,
        oom_score_adj: 0,
        prolog: None,
        epilog: None,
    }
}
