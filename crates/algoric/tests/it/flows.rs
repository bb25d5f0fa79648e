//! Sessions captured with Slurm, typed again at a centre: see [`crate::replay`].

use crate::replay::{Skips, check, check_with};

/// Why something is not compared.
const MACHINE: &str = "another machine";
const QUICK: &str = "Slurm took two seconds to start the first job, we start it at once";
const OUTSIDE: &str = "allocations outside of batch jobs come later";
const TOGETHER: &str = "a step ends together with its script, without a word";
const UNSTARTED: &str = "Slurm keeps little account of what never ran, we all of it";
const NO_START: &str = "what never started has no start time here";
const ACCOUNTS: &str = "names of projects and QOS are checked here";

#[test]
fn fail3() {
    const SKIPS: Skips = &[("slurm-23.out", 0, "depends on the PATH of who submits")];
    check(include_str!("../../../dialect/tests/facts/fail3.txt"), SKIPS);
}

#[test]
fn cancel() {
    const SKIPS: Skips = &[
        ("squeue", 1, "we are done before anybody sees CG"),
        ("sacct -j 50", 0, TOGETHER),
        (
            "sacct --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 50",
            0,
            TOGETHER,
        ),
        ("slurm-50.out", 0, TOGETHER),
        ("slurm-52.out", 0, "a signal also reaches the script's own children here"),
        ("sacct -j 51", 0, UNSTARTED),
        ("scontrol show job 51", 0, NO_START),
        (
            "sacct -X --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 51",
            0,
            UNSTARTED,
        ),
        (
            "sacct --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 51",
            0,
            UNSTARTED,
        ),
    ];
    check(include_str!("../../../dialect/tests/facts/cancel.txt"), SKIPS);
}

#[test]
fn hold() {
    const SKIPS: Skips = &[("scontrol release 55", 0, QUICK)];
    check(include_str!("../../../dialect/tests/facts/hold.txt"), SKIPS);
}

#[test]
fn deps() {
    const SKIPS: Skips =
        &[("squeue", 1, QUICK), ("squeue", 2, QUICK), ("scontrol show job 57,58", 0, "we show all of a list")];
    // A job of the session before still waits.
    let held = "$ sbatch --hold --wrap 'sleep 1'\nSubmitted batch job 55\n[exit 0]\n";
    check(&(held.to_owned() + include_str!("../../../dialect/tests/facts/deps.txt")), SKIPS);
}

#[test]
fn requeue() {
    const SKIPS: Skips = &[("scontrol suspend 86", 0, "who runs the centre may suspend")];
    check(include_str!("../../../dialect/tests/facts/requeue.txt"), SKIPS);
}

#[test]
fn array() {
    const SKIPS: Skips = &[
        ("scontrol show job 35", 1, "Slurm knows no eligible time of a throttled array"),
        ("sacct -j 35", 0, UNSTARTED),
        ("sacct -n -X -P -o JobIDRaw,JobID,State -j 35", 0, UNSTARTED),
        (
            "sacct -X --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 35",
            0,
            UNSTARTED,
        ),
        (
            "sacct --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 35",
            0,
            UNSTARTED,
        ),
        ("sacct -j 42", 0, UNSTARTED),
        ("scontrol show job 42", 2, NO_START),
        (
            "sacct -X --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 42",
            0,
            UNSTARTED,
        ),
        (
            "sacct --parsable2 -o JobID,JobName,State,ExitCode,Elapsed,Start,End,AllocCPUS,ReqMem,MaxRSS -j 42",
            0,
            UNSTARTED,
        ),
    ];
    check(include_str!("../../../dialect/tests/facts/array.txt"), SKIPS);
}

#[test]
fn simple() {
    const SKIPS: Skips = &[
        ("squeue -j 1", 0, "Slurm had forgotten job 1, we not yet"),
        ("sinfo -N -l", 0, MACHINE),
        ("scontrol show node", 0, MACHINE),
        ("scontrol show partition", 0, MACHINE),
        ("sinfo -o", 0, MACHINE),
        ("sacct -l", 0, "we measure memory and input and output also of short jobs"),
    ];
    check(include_str!("../../../dialect/tests/facts/simple.txt"), SKIPS);
}

#[test]
fn timeout() {
    check(include_str!("../../../dialect/tests/facts/timeout.txt"), &[]);
}

#[test]
fn oom() {
    check(include_str!("../../../dialect/tests/facts/oom-cgroup.txt"), &[]);
}

#[test]
fn patterns() {
    let files = [("p/", "")];
    check_with(include_str!("../../../dialect/tests/facts/patterns.txt"), &files, &[]);
}

#[test]
fn env() {
    const SKIPS: Skips = &[("srun ", 0, OUTSIDE), ("salloc ", 0, OUTSIDE)];
    check(include_str!("../../../dialect/tests/facts/env.txt"), SKIPS);
}

#[test]
fn srun() {
    const SKIPS: Skips = &[
        ("srun", 0, OUTSIDE),
        ("timeout 3 srun", 0, OUTSIDE),
        ("salloc", 0, OUTSIDE),
        ("sacct -S now-1minute", 0, OUTSIDE),
    ];
    check(include_str!("../../../dialect/tests/facts/srun.txt"), SKIPS);
}

#[test]
fn noshebang() {
    let files = [
        ("empty.sh", ""),
        ("crlf.sh", "#!/bin/sh\r\ntrue\r\n"),
        ("noint.sh", "#!/nonexistent/interp\n"),
        ("py.py", "#!/usr/bin/env python3\nimport sys, os\nprint(sys.argv, os.environ['SLURM_JOB_NAME'])\n"),
    ];
    check_with(include_str!("../../../dialect/tests/facts/noshebang.txt"), &files, &[]);
}

#[test]
fn badopt() {
    const SKIPS: Skips = &[("sacct -X -n -P -o JobName -j 12", 0, "Slurm had not accounted for it yet")];
    let files = [("glued.sh", "#!/bin/bash\n#SBATCH-J glued\ntrue\n")];
    check_with(include_str!("../../../dialect/tests/facts/badopt.txt"), &files, SKIPS);
}

#[test]
fn toobig() {
    const SKIPS: Skips = &[
        ("sbatch --qos=nosuch", 0, ACCOUNTS),
        ("squeue -h -o '%i %T %r' -j 79", 0, ACCOUNTS),
        ("scontrol show job 79", 0, ACCOUNTS),
        ("sbatch -A nosuch", 0, ACCOUNTS),
        ("squeue -h -o '%i %T %r' -j 80", 0, ACCOUNTS),
        ("scontrol show job 80", 0, ACCOUNTS),
        ("slurm-80.out", 0, ACCOUNTS),
        ("squeue -h -o '%i %T %r' -j 81", 0, QUICK),
        ("scontrol show job 81", 0, QUICK),
    ];
    check(include_str!("../../../dialect/tests/facts/toobig.txt"), SKIPS);
}

#[test]
fn nopart() {
    check(include_str!("../../../dialect/tests/facts/nopart.txt"), &[]);
}
