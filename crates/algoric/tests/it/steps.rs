//! `srun` inside jobs, beyond what was captured: how tasks end each other, streams, signals, a centre that dies
//! meanwhile.

use std::{fs, os::unix::fs::PermissionsExt as _};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{Ward, outcome, until};

const CONFIG: &str = "[machine]\nname = \"vm\"\ncpus = 2\n";

/// Runs a script as a job of two tasks and gives what it wrote.
fn job(script: &str) -> String {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let path = ward.path("out").join("job.sh");
    fs::write(&path, format!("#!/bin/bash\n#SBATCH -n 2 -o job.out --time=1\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let (code, _, errors) = outcome(ward.command("sbatch").env("PATH", search(&ward)).args(["--wait", "job.sh"]));
    assert_eq!((code, errors.as_str()), (0, ""));
    fs::read_to_string(ward.path("out").join("job.out")).unwrap()
}

/// Our commands first: the machine may have others of the same names.
fn search(ward: &Ward) -> String {
    format!("{}:{}", ward.path("bin").display(), std::env::var("PATH").unwrap())
}

/// Without the moment and the place.
fn tidy(line: &str) -> String {
    let line = match line.split_once("CANCELLED AT ") {
        Some((before, _)) => format!("{before}CANCELLED AT TIME ***"),
        None => line.to_owned(),
    };
    match (line.find("file /"), line.find("/out/")) {
        (Some(start), Some(end)) => format!("{}OUT{}", &line[..start + 5], &line[end + 4..]),
        _ => line,
    }
}

fn check(script: &str, expected: &str) {
    // Some senders send SIGCONT along.
    let found: Vec<String> = job(script).lines().filter(|line| *line != "srun: got SIGCONT").map(tidy).collect();
    assert_eq!(found.join("\n") + "\n", expected, "{script}");
}

#[test]
fn one_bad_task_may_end_the_others() {
    check(
        "SECONDS=0\n\
         srun -n2 -K bash -c '[ $SLURM_PROCID = 0 ] && exit 3; sleep 30'; echo rc=$?\n\
         srun -n2 -W1 bash -c '[ $SLURM_PROCID = 0 ] && exit 0; sleep 30'; echo rc=$?\n\
         [ $SECONDS -lt 15 ] && echo soon",
        "srun: launch/slurm: _step_signal: Terminating StepId=1.0\n\
         srun: Job step aborted: Waiting up to 32 seconds for job step to finish.\n\
         slurmstepd-vm: error: *** STEP 1.0 ON vm CANCELLED AT TIME ***\n\
         srun: error: vm: task 0: Exited with exit code 3\n\
         srun: error: vm: task 1: Terminated\n\
         srun: Force Terminated StepId=1.0\n\
         rc=143\n\
         srun: First task exited 1s ago\n\
         srun: StepId=1.1 task 1: running\n\
         srun: StepId=1.1 task 0: exited\n\
         srun: launch/slurm: _step_signal: Terminating StepId=1.1\n\
         slurmstepd-vm: error: *** STEP 1.1 ON vm CANCELLED AT TIME ***\n\
         srun: error: vm: task 1: Killed\n\
         rc=137\n\
         soon\n",
    );
}

#[test]
fn streams_go_where_they_should() {
    check(
        "printf 'a\\nb\\n' | srun -n2 -l cat | sort\n\
         printf 'x\\n' | srun -n2 -i 1 bash -c 'read line; echo $SLURM_PROCID:$line' | sort\n\
         srun -n2 -i none bash -c 'read line || echo nothing'\n\
         srun -n2 -o none echo unseen\n\
         srun -n2 -o 1 bash -c 'echo from $SLURM_PROCID'\n\
         srun -n2 -o both.out bash -c 'echo $SLURM_PROCID; echo e$SLURM_PROCID >&2'; sort both.out\n\
         srun -n2 -o task-%t.out bash -c 'echo $SLURM_PROCID'; cat task-0.out task-1.out\n\
         srun -n1 -o no/where.out true; echo rc=$?\n\
         printf '0 echo zero %%t\\n1 echo one %%o\\n' > programs; srun -n2 --multi-prog programs | sort",
        "0: a\n0: b\n1: a\n1: b\n\
         0:\n1:x\n\
         nothing\nnothing\n\
         from 1\n\
         0\n1\ne0\ne1\n\
         0\n1\n\
         srun: error: Could not open stdout file: No such file or directory\nrc=1\n\
         one 0\nzero 0\n",
    );
}

#[test]
fn signals_reach_the_tasks_and_interrupts_are_asked_twice() {
    check(
        "srun -n2 bash -c 'trap \"echo usr1; exit 0\" USR1; touch ready$SLURM_PROCID; sleep 30 & wait' & pid=$!\n\
         until [ -e ready0 -a -e ready1 ]; do sleep 0.05; done; sleep 0.1\n\
         kill -USR1 $pid; wait $pid; echo rc=$?\n\
         srun -n2 sleep 30 & pid=$!; sleep 0.5\n\
         kill -INT $pid; sleep 0.3; kill -INT $pid; wait $pid; echo rc=$?\n\
         timeout 0.5 srun -n2 sleep 30; echo rc=$?",
        "usr1\nusr1\nrc=0\n\
         srun: interrupt (one more within 1 sec to abort)\n\
         srun: StepId=1.1 tasks 0-1: running\n\
         srun: sending Ctrl-C to StepId=1.1\n\
         srun: forcing job termination\n\
         srun: Job step aborted: Waiting up to 32 seconds for job step to finish.\n\
         slurmstepd-vm: error: *** STEP 1.1 ON vm CANCELLED AT TIME ***\n\
         srun: error: vm: tasks 0-1: Interrupt\n\
         rc=130\n\
         srun: forcing job termination\n\
         srun: Job step aborted: Waiting up to 32 seconds for job step to finish.\n\
         slurmstepd-vm: error: *** STEP 1.2 ON vm CANCELLED AT TIME ***\n\
         srun: error: vm: tasks 0-1: Killed\n\
         rc=124\n",
    );
}

#[test]
fn nothing_of_a_step_outlives_it() {
    check(
        "exec 2> /dev/null; srun -n1 bash -c 'sleep 98 & echo started'\n\
         sleep 0.2; pgrep -f 'sleep 9[8]' || echo gone\n\
         srun -n1 sleep 97 & pid=$!; sleep 0.3; kill -9 $pid; sleep 0.3; pgrep -f 'sleep 9[7]' || echo gone too",
        "started\ngone\ngone too\n",
    );
}

#[test]
fn a_step_outlives_the_centre() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let wrap = "srun bash -c 'touch runs; sleep 2; exit 5'; echo rc=$?; srun true; echo rc=$?";
    let (code, _, errors) =
        outcome(ward.command("sbatch").env("PATH", search(&ward)).args(["-o", "job.out", "--wrap", wrap]));
    assert_eq!((code, errors.as_str()), (0, ""));
    let out = ward.path("out");
    until("the step runs", || out.join("runs").exists());
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    std::thread::sleep(std::time::Duration::from_millis(2500));
    ward.start();
    let accounts = || {
        let columns = "JobID,State,ExitCode";
        outcome(ward.command("sacct").args(["-n", "-P", "-o", columns, "-j", "1"])).1
    };
    until("all is accounted for", || {
        accounts().contains("1.1|COMPLETED|0:0") && accounts().contains("1|COMPLETED|0:0")
    });
    assert_eq!(accounts(), "1|COMPLETED|0:0\n1.batch|COMPLETED|0:0\n1.0|FAILED|5:0\n1.1|COMPLETED|0:0\n");
    let said = fs::read_to_string(out.join("job.out")).unwrap();
    assert!(said.contains("rc=5\n") && said.ends_with("rc=0\n"), "{said}");
}

/// A step whose srun died while there was no centre holds no CPUs when there is one again.
#[test]
fn a_step_that_died_unseen_frees_its_cpus() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let script = "srun -n1 sleep 1000 & echo $! > srun.pid; \
                  while [ ! -e go ]; do sleep 0.1; done; srun -n1 echo second > second";
    let (_, id, _) = outcome(ward.command("sbatch").env("PATH", search(&ward)).args([
        "--parsable",
        "-o",
        "/dev/null",
        "--wrap",
        script,
    ]));
    let step = format!("{}.0", id.trim());
    let state = |ward: &Ward| outcome(ward.command("sacct").args(["-n", "-P", "-o", "State,ExitCode", "-j", &step])).1;
    until("the step runs", || state(&ward).starts_with("RUNNING"));
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    let srun = fs::read_to_string(ward.path("out/srun.pid")).unwrap().trim().parse().unwrap();
    kill(Pid::from_raw(srun), Signal::SIGKILL).unwrap();
    ward.start();
    fs::write(ward.path("out/go"), "").unwrap();
    until("the next step runs", || fs::read_to_string(ward.path("out/second")).is_ok_and(|text| text == "second\n"));
    until("all is accounted", || state(&ward).trim() == "CANCELLED|0:9");
}

/// As under Slurm: without `-b` or `-f` a signal is for steps; the script's own children are none.
#[test]
fn a_signal_is_for_steps() {
    let mut ward = Ward::new("");
    ward.start();
    let loud = |name: &str| format!("trap \"echo {name}\" USR1; echo ready; while :; do sleep 0.1; done");
    let script = format!(
        "trap 'echo batch' USR1; bash -c '{}' & srun --overlap bash -c '{}' & while :; do sleep 0.1; done",
        loud("child"),
        loud("step"),
    );
    for (option, heard) in [("-Q", "step"), ("-b", "batch"), ("-f", "batch child step")] {
        let mut sbatch = ward.command("sbatch");
        let (_, id, _) =
            outcome(sbatch.env("PATH", search(&ward)).args(["--parsable", "-o", "%j.txt", "--wrap", &script]));
        let said = || fs::read_to_string(ward.path("out").join(format!("{}.txt", id.trim()))).unwrap_or_default();
        until("ready", || said().matches("ready").count() == 2);
        assert_eq!(outcome(ward.command("scancel").args([option, "-s", "USR1", id.trim()])).0, 0);
        let all = || {
            let text = said();
            ["batch", "child", "step"].into_iter().filter(|name| text.contains(name)).collect::<Vec<_>>().join(" ")
        };
        until(heard, || all() == heard);
        std::thread::sleep(std::time::Duration::from_millis(500));
        assert_eq!(all(), heard, "{option}: {}", said());
        outcome(ward.command("scancel").arg(id.trim()));
    }
}

/// A job that is cancelled: its steps have their time, and end by what they were sent.
#[test]
fn steps_of_a_cancelled_job_end_by_themselves() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let slow = "trap 'sleep 1; exit 3' TERM; touch ready; while :; do sleep 0.1; done";
    let script = format!("srun --overlap sleep 1000 & srun --overlap bash -c \"{slow}\" & wait");
    let mut sbatch = ward.command("sbatch");
    let (_, id, _) =
        outcome(sbatch.env("PATH", search(&ward)).args(["--parsable", "-o", "/dev/null", "--wrap", &script]));
    let accounts =
        || outcome(ward.command("sacct").args(["-n", "-P", "-o", "JobID,State,ExitCode", "-j", id.trim()])).1;
    until("both steps run", || ward.path("out/ready").exists() && accounts().matches("RUNNING").count() == 4);
    assert_eq!(outcome(ward.command("scancel").arg(id.trim())).0, 0);
    until("it is over", || accounts().starts_with("1|CANCELLED by"));
    let text = accounts();
    let mut exits: Vec<&str> = text.lines().filter_map(|line| line.rsplit('|').next()).collect();
    exits[2..].sort_unstable();
    assert_eq!(exits, ["0:0", "0:15", "0:15", "3:0"], "{text}");
}

/// Holding a job that runs is no error, as under Slurm: it goes on, and waits held if it is put back.
#[test]
fn a_job_that_runs_can_be_held() {
    let mut ward = Ward::new("[limits]\nrequeue_delay = 0\nkill_wait = 1\n");
    ward.start();
    let (_, id, _) = outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", "sleep 1000"]));
    let id = id.trim();
    let listed = || outcome(ward.command("squeue").args(["-h", "-o", "%T %r"])).1;
    until("it runs", || listed() == "RUNNING None\n");
    assert_eq!(outcome(ward.command("scontrol").args(["hold", id])), (0, String::new(), String::new()));
    assert!(listed().starts_with("RUNNING JobHeld"), "{}", listed());
    assert_eq!(outcome(ward.command("scontrol").args(["requeue", id])).0, 0);
    until("it waits, held", || listed().starts_with("PENDING JobHeld"));
    assert_eq!(outcome(ward.command("scancel").arg(id)).0, 0);
    let over = "Job has already finished";
    let expected = format!("{over} for job {id}\nslurm_suspend error: {over}\n");
    assert_eq!(outcome(ward.command("scontrol").args(["hold", id])), (1, String::new(), expected));
    let times = outcome(ward.command("squeue").args(["-h", "-t", "all", "-o", "%S %e"])).1;
    let (start, end) = times.trim().split_once(' ').unwrap();
    assert!(start.len() == 19 && start <= end, "{times}");
}
