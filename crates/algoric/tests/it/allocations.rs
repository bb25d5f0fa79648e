//! Jobs without a script: `srun` outside a job, `salloc`, what runs in them, and how they end. Texts are those of real
//! Slurm (recorded: Slurm 22.05.8, one node of two CPUs), numbers of jobs aside.

use std::{
    fs,
    io::Read as _,
    process::{Child, Command, Stdio},
    thread::sleep,
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{Ward, outcome, until};

const CONFIG: &str = "[machine]\nname = \"vm\"\ncpus = 2\n";

fn ward() -> Ward {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    ward
}

/// A command line of a member's shell: what it prints on both streams, in order, and `[exit N]`.
fn shell(ward: &Ward, line: &str) -> String {
    let search = format!("{}:{}", ward.path("bin").display(), std::env::var("PATH").unwrap());
    let mut command = Command::new("bash");
    command.args(["-c", &format!("exec 2>&1; {line}")]).env("PATH", search).env("ALGORIC_DATA", ward.data());
    for name in std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("SLURM")) {
        command.env_remove(name);
    }
    let (code, said, _) = outcome(command.current_dir(ward.path("out")));
    let said = tidy(&said);
    format!("{said}[exit {code}]\n")
}

/// Without the moment.
fn tidy(said: &str) -> String {
    let tidy = |line: &str| match line.split_once("CANCELLED AT ") {
        Some((before, _)) => format!("{before}CANCELLED AT TIME ***\n"),
        None => format!("{line}\n"),
    };
    said.lines().map(tidy).collect()
}

fn check(ward: &Ward, line: &str, expected: &str) {
    assert_eq!(shell(ward, line), expected, "{line}");
}

fn start(ward: &Ward, name: &str, args: &[&str]) -> Child {
    let mut command = ward.command(name);
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Both streams and the exit code of a command that was started.
fn end(mut child: Child) -> (String, i32) {
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (tidy(&said), child.wait().unwrap().code().unwrap_or(-1))
}

fn queue(ward: &Ward) -> String {
    outcome(ward.command("squeue").args(["-h", "-o", "%i %j %T"])).1
}

fn accounts(ward: &Ward) -> String {
    outcome(ward.command("sacct").args(["-n", "-P", "-o", "JobID,JobName,State,ExitCode"])).1
}

fn signal(child: &Child, signal: Signal) {
    kill(Pid::from_raw(child.id() as i32), signal).unwrap();
}

#[test]
fn srun_allocates_and_returns_what_its_tasks_did() {
    let ward = ward();
    check(&ward, "srun -n2 -l echo hi | sort", "0: hi\n1: hi\n[exit 0]\n");
    check(&ward, "srun bash -c 'exit 9'", "srun: error: vm: task 0: Exited with exit code 9\n[exit 9]\n");
    check(
        &ward,
        "srun nosuchcommand",
        "slurmstepd-vm: error: execve(): nosuchcommand: No such file or directory\n\
         srun: error: vm: task 0: Exited with exit code 2\n[exit 2]\n",
    );
    check(
        &ward,
        "srun bash -c 'kill -9 $$'",
        "srun: error: vm: task 0: Killed\nsrun: Force Terminated StepId=4.0\n[exit 137]\n",
    );
    check(&ward, "echo from here | srun cat", "from here\n[exit 0]\n");
    check(&ward, "echo to both | srun -n2 -l cat | sort", "0: to both\n1: to both\n[exit 0]\n");
    check(&ward, "srun -t 1 -J named --mem=10M -o out-%j-%t true; ls out-*", "out-7-0\n[exit 0]\n");
    check(
        &ward,
        "srun -p nosuch hostname",
        "srun: error: invalid partition specified: nosuch\n\
         srun: error: Unable to allocate resources: Invalid partition name specified\n[exit 1]\n",
    );
    check(&ward, "srun -r 1 true", "srun: fatal: --relative option invalid for job allocation request\n[exit 1]\n");
    until("all jobs are over", || queue(&ward).is_empty());
    assert_eq!(
        accounts(&ward),
        "1|echo|COMPLETED|0:0\n1.0|echo|COMPLETED|0:0\n2|bash|FAILED|9:0\n2.0|bash|FAILED|9:0\n\
         3|nosuchcommand|FAILED|2:0\n3.0|nosuchcommand|FAILED|2:0\n4|bash|FAILED|0:9\n4.0|bash|CANCELLED|0:9\n\
         5|cat|COMPLETED|0:0\n5.0|cat|COMPLETED|0:0\n6|cat|COMPLETED|0:0\n6.0|cat|COMPLETED|0:0\n\
         7|named|COMPLETED|0:0\n7.0|named|COMPLETED|0:0\n"
    );
}

#[test]
fn who_must_wait_is_told_and_who_will_not_is_not_kept() {
    let ward = ward();
    let holder = start(&ward, "salloc", &["-n2", "sleep", "60"]);
    until("the machine is taken", || queue(&ward).contains("RUNNING"));
    let waiting = start(&ward, "srun", &["-n2", "echo", "got"]);
    until("it waits", || queue(&ward).contains("echo PENDING"));
    let busy = "error: Unable to allocate resources: Requested nodes are busy\n[exit 1]\n";
    check(&ward, "srun -n2 -I true", &format!("srun: {busy}"));
    check(&ward, "srun -Q -n2 --immediate=1 true", &format!("srun: {busy}"));
    check(
        &ward,
        "timeout 1 srun -n 99 hostname",
        "srun: Requested partition configuration not available now\nsrun: job 5 queued and waiting for resources\n\
         srun: Job allocation 5 has been revoked\nsrun: Force Terminated JobId=5\n[exit 124]\n",
    );
    let unlucky = start(&ward, "srun", &["-n2", "-J", "unlucky", "true"]);
    until("it waits", || queue(&ward).contains("unlucky PENDING"));
    outcome(ward.command("scancel").args(["-n", "unlucky"]));
    assert_eq!(
        end(unlucky),
        (
            "srun: job 6 queued and waiting for resources\nsrun: Job has been cancelled\n\
             srun: error: Unable to allocate resources: Job/step already completing or completed\n"
                .to_owned(),
            1
        )
    );
    let mut killed = start(&ward, "srun", &["-n2", "-J", "killed", "true"]);
    until("it waits", || queue(&ward).contains("killed PENDING"));
    killed.kill().unwrap();
    killed.wait().unwrap();
    until("its wish is gone", || !queue(&ward).contains("killed"));
    // The command goes on without its allocation, as it does in Slurm; who waits gets its place.
    outcome(ward.command("scancel").arg("1"));
    let (said, code) = end(waiting);
    assert!(said.contains("srun: job 2 has been allocated resources\n") && said.contains("got\n"), "{said}");
    assert_eq!(code, 0);
    signal(&holder, Signal::SIGTERM);
    assert!(end(holder).0.contains("salloc: Job allocation 1 has been revoked.\n"));
}

#[test]
fn an_allocation_ends_with_its_owner_and_an_owner_with_it() {
    let ward = ward();
    let mut killed = start(&ward, "srun", &["bash", "-c", "touch runs; sleep 96"]);
    until("its task runs", || ward.path("out").join("runs").exists());
    killed.kill().unwrap();
    killed.wait().unwrap();
    until("nothing is left", || queue(&ward).is_empty());
    assert!(accounts(&ward).starts_with("1|bash|CANCELLED by"), "{}", accounts(&ward));
    let found = outcome(Command::new("pgrep").args(["-f", "sleep 9[6]"])).1;
    assert_eq!(found, "");
    let cancelled = start(&ward, "srun", &["sleep", "60"]);
    until("it runs", || queue(&ward).contains("RUNNING"));
    sleep(Duration::from_millis(300));
    outcome(ward.command("scancel").arg("2"));
    let expected = "srun: Job step aborted: Waiting up to 32 seconds for job step to finish.\n\
                    slurmstepd-vm: error: *** STEP 2.0 ON vm CANCELLED AT TIME ***\n\
                    srun: error: vm: task 0: Terminated\n";
    assert_eq!(end(cancelled), (expected.to_owned(), 143));
    let told = start(&ward, "srun", &["bash", "-c", "trap 'exit 7' USR1; touch traps; sleep 60 & wait"]);
    until("it listens", || ward.path("out").join("traps").exists());
    sleep(Duration::from_millis(100));
    signal(&told, Signal::SIGUSR1);
    assert_eq!(end(told), ("srun: error: vm: task 0: Exited with exit code 7\n".to_owned(), 7));
    let revoked = start(&ward, "salloc", &["-K", "sleep", "60"]);
    until("it runs", || queue(&ward).contains("interactive RUNNING"));
    sleep(Duration::from_millis(300));
    outcome(ward.command("scancel").arg("4"));
    let expected = "salloc: Granted job allocation 4\nsalloc: Job allocation 4 has been revoked.\n";
    assert_eq!(end(revoked), (expected.to_owned(), 1));
}

#[test]
fn salloc_runs_a_command_beside_its_allocation() {
    let ward = ward();
    check(
        &ward,
        "salloc -n2 bash -c 'echo $SLURM_JOB_ID $SLURM_NTASKS; srun -l echo in | sort; srun -n1 false; exit 6'",
        "salloc: Granted job allocation 1\n1 2\n0: in\n1: in\n\
         srun: error: vm: task 0: Exited with exit code 1\nsalloc: Relinquishing job allocation 1\n\
         salloc: Job allocation 1 has been revoked.\n[exit 6]\n",
    );
    check(
        &ward,
        "salloc nosuch",
        "salloc: Granted job allocation 2\nsalloc: error: _fork_command: Unable to find command \"nosuch\"\n\
         salloc: Relinquishing job allocation 2\n[exit 1]\n",
    );
    check(&ward, "salloc -Q --no-shell", "[exit 0]\n");
    assert_eq!(queue(&ward), "3 no-shell RUNNING\n");
    check(&ward, "srun --jobid=3 bash -c 'echo $SLURM_JOB_ID.$SLURM_STEP_ID'", "3.0\n[exit 0]\n");
    check(
        &ward,
        "scancel 3; sleep 0.5; srun --jobid=3 true",
        "srun: error: Unable to confirm allocation for job 3: Invalid job id specified\n\
         srun: Check SLURM_JOB_ID environment variable. Expired or invalid job 3\n[exit 1]\n",
    );
    until("all jobs are over", || queue(&ward).is_empty());
    let expected = "1|interactive|FAILED|6:0\n1.0|echo|COMPLETED|0:0\n1.1|false|FAILED|1:0\n";
    assert!(accounts(&ward).starts_with(expected), "{}", accounts(&ward));
}

#[test]
fn steps_join_a_batch_job_from_outside_and_can_be_watched() {
    let ward = ward();
    let script = "srun -n2 bash -c 'until [ -e go ]; do sleep 0.05; done; echo task $SLURM_PROCID; exit $SLURM_PROCID'";
    outcome(
        ward.command("sbatch")
            .args(["-n2", "-o", "job.out", "--wrap"])
            .arg(format!("export PATH={}:$PATH; {script}", ward.path("bin").display())),
    );
    until("the step runs", || outcome(ward.command("squeue").args(["-s", "-h"])).1.contains("1.0"));
    check(&ward, "srun --jobid=1 --overlap -n1 bash -c 'echo in $SLURM_JOB_ID'", "in 1\n[exit 0]\n");
    check(
        &ward,
        "sattach --layout 1.0",
        "Job step layout:\n\t2 tasks, 1 nodes (vm)\n\n\tNode 0 (vm), 2 task(s): 0 1 \n[exit 0]\n",
    );
    let watcher = start(&ward, "sattach", &["-l", "1.0"]);
    sleep(Duration::from_millis(500));
    fs::write(ward.path("out").join("go"), "").unwrap();
    let (said, code) = end(watcher);
    let mut lines: Vec<&str> = said.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        (lines.join("|").as_str(), code),
        ("0: task 0|1: task 1|sattach: error: task 1 exited with exit code 1", 1)
    );
    check(
        &ward,
        "sattach 1.0",
        "sattach: error: Could not get job step info: Job/step already completing or completed\n[exit 1]\n",
    );
}

#[test]
fn one_step_can_be_cancelled() {
    let ward = ward();
    let script = "srun bash -c 'trap \"echo usr1\" USR1; touch ready; while :; do sleep 0.1; done'; echo rc=$?";
    outcome(
        ward.command("sbatch")
            .args(["-o", "job.out", "--wrap"])
            .arg(format!("export PATH={}:$PATH; {script}", ward.path("bin").display())),
    );
    until("the step runs", || ward.path("out").join("ready").exists());
    outcome(ward.command("scancel").args(["-s", "USR1", "1.0"]));
    let said = || fs::read_to_string(ward.path("out").join("job.out")).unwrap();
    until("it was told", || said().contains("usr1"));
    outcome(ward.command("scancel").arg("1.0"));
    until("the job is over", || queue(&ward).is_empty());
    assert!(said().contains("*** STEP 1.0 ON vm CANCELLED AT") && said().ends_with("rc=143\n"), "{}", said());
    assert!(accounts(&ward).contains("1|wrap|COMPLETED|0:0\n"), "{}", accounts(&ward));
}

#[test]
fn allocations_outlive_the_centre() {
    let mut ward = ward();
    let running = start(&ward, "srun", &["bash", "-c", "touch runs; until [ -e go ]; do sleep 0.05; done; echo done"]);
    until("its task runs", || ward.path("out").join("runs").exists());
    let waiting = start(&ward, "srun", &["-n2", "echo", "got"]);
    until("it waits", || queue(&ward).contains("echo PENDING"));
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    sleep(Duration::from_millis(300));
    ward.start();
    until("the waiting one is known", || queue(&ward).contains("echo PENDING"));
    fs::write(ward.path("out").join("go"), "").unwrap();
    assert_eq!(end(running), ("done\n".to_owned(), 0));
    let (said, code) = end(waiting);
    assert!(said.contains("got\ngot\n") && code == 0, "{said}");
    until("all is accounted for", || {
        accounts(&ward)
            == "1|bash|COMPLETED|0:0\n1.0|bash|COMPLETED|0:0\n2|echo|COMPLETED|0:0\n2.0|echo|COMPLETED|0:0\n"
    });
}

#[test]
fn a_terminal_of_its_own() {
    let ward = ward();
    let inner = "srun --pty bash -c \"test -t 0 && test -t 1 && stty size; read line; echo got \\$line\"";
    // script(1) gives srun a terminal, as a person has one.
    let line = format!("stty rows 33 cols 77; {inner}; stty -a | grep -o -- \"-*icanon\"");
    let typed = format!("(sleep 1; echo words; sleep 1) | script -q -e -c '{line}' /dev/null | tr -d '\\r'");
    let said = shell(&ward, &typed);
    assert!(said.contains("33 77\n") && said.contains("got words\n") && said.contains("\nicanon\n"), "{said}");
}

#[test]
fn the_environment_speaks_too() {
    let ward = ward();
    check(&ward, "SLURM_EXIT_ERROR=42 srun -p nosuch true 2> /dev/null", "[exit 42]\n");
    check(&ward, "SLURM_EXIT_ERROR=42 srun bash -c 'exit 3' 2> /dev/null", "[exit 3]\n");
    check(
        &ward,
        "SBATCH_OUTPUT=here-%j SLURM_UMASK=0077 sbatch -QW --wrap umask; cat here-*; stat -c %a here-*",
        "0077\n600\n[exit 0]\n",
    );
    check(&ward, "SALLOC_TIMELIMIT=7 salloc -Q bash -c 'squeue -h -o %l'", "7:00\n[exit 0]\n");
    check(&ward, "SLURM_NTASKS=2 SLURM_LABELIO=1 srun echo hi | sort", "0: hi\n1: hi\n[exit 0]\n");
}

#[test]
fn nobody_enters_what_is_not_theirs() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("not run: only root can be somebody else");
    }
    use std::os::unix::process::CommandExt as _;
    let ward = ward();
    let by = |uid: u32, name: &str, args: &[&str]| {
        let mut command = ward.command(name);
        command.args(args).uid(uid).gid(uid);
        command
    };
    let (code, said, errors) = outcome(&mut by(12_345, "srun", &["id", "-u"]));
    assert_eq!((code, said.as_str(), errors.as_str()), (0, "12345\n", ""));
    let mut hers = by(12_345, "srun", &["sleep", "60"]);
    let hers = hers.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    until("it runs", || outcome(ward.command("squeue").args(["-s", "-h"])).1.contains("2.0"));
    let (code, _, errors) = outcome(&mut by(12_346, "srun", &["--jobid=2", "--overlap", "true"]));
    assert!(code == 1 && errors.contains("Access/permission denied"), "{errors}");
    let (code, _, errors) = outcome(&mut by(12_346, "sattach", &["2.0"]));
    assert!(code == 1 && errors.contains("Access/permission denied"), "{errors}");
    assert_ne!(outcome(&mut by(12_346, "scancel", &["2.0"])).0, 0);
    assert_eq!(queue(&ward), "2 sleep RUNNING\n");
    signal(&hers, Signal::SIGTERM);
    assert_eq!(end(hers).1, 137);
}

#[test]
fn sbcast_copies() {
    let ward = ward();
    fs::write(ward.path("out").join("src"), "content").unwrap();
    check(
        &ward,
        "sbcast src dst",
        "sbcast: error: Need a job id to run this command.  Run from within a Slurm job or use the --jobid option.\n[exit 1]\n",
    );
    let exists = "sbcast: error: REQUEST_FILE_BCAST(vm): File exists\n";
    check(
        &ward,
        "salloc -Q bash -c 'sbcast src dst; sbcast src dst; echo $?; sbcast -fp src dst; cat dst; echo; sbcast nosrc y; \
         echo $?; sbcast src no/y'",
        &format!(
            "{}17\ncontent\nsbcast: error: Can't open `nosrc`: No such file or directory\n255\n\
             sbcast: error: REQUEST_FILE_BCAST(vm): No such file or directory\n[exit 2]\n",
            exists.replace("vm", &host())
        )
        .replace("(vm)", &format!("({})", host())),
    );
}

fn host() -> String {
    let name = nix::unistd::gethostname().unwrap().into_string().unwrap();
    name.split('.').next().unwrap().to_owned()
}
