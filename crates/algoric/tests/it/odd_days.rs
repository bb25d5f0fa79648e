//! Ordinary days that are not: huge scripts, strange names, missing directories, a second centre, a reboot.

use std::{ffi::OsStr, fs, io::Write, os::unix::ffi::OsStrExt, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{EXE, Ward, outcome, until};

fn field(ward: &Ward, id: &str, field: &str) -> String {
    let (_, line, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", field, "-j", id]));
    line.trim().to_owned()
}

fn ends(ward: &Ward, id: &str, state: &str) {
    until(&format!("job {id} is {state}, not {}", field(ward, id, "State")), || field(ward, id, "State") == state);
}

#[test]
fn a_script_of_4_mib_runs_and_one_of_4_gib_is_refused() {
    let mut ward = Ward::new("");
    ward.start();
    let big = ward.path("out/big.sh");
    let mut script = b"#!/bin/sh\nexit 6\n".to_vec();
    script.resize(4 << 20, b'#');
    fs::write(&big, &script).unwrap();
    let (code, id, complaint) = outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "big.sh"]));
    assert_eq!(code, 0, "{complaint}");
    ends(&ward, id.trim(), "FAILED");
    assert_eq!(field(&ward, id.trim(), "ExitCode"), "6:0");
    let huge = fs::File::create(ward.path("out/huge.sh")).unwrap();
    (&huge).write_all(b"#!/bin/sh\n").unwrap();
    huge.set_len(4 << 30).unwrap();
    let (code, _, complaint) = outcome(ward.command("sbatch").arg("huge.sh"));
    assert!(code != 0 && complaint.starts_with("sbatch: error:"), "{code} {complaint}");
}

#[test]
fn an_environment_that_no_program_can_be_given_is_refused() {
    let mut ward = Ward::new("");
    ward.start();
    // One string longer than Linux takes cannot even reach sbatch, so many that are shorter do.
    let mut command = ward.command("sbatch");
    for number in 0..17 {
        command.env(format!("LONG_{number}"), "x".repeat(120_000));
    }
    let (code, _, complaint) = outcome(command.args(["--wrap", "true"]));
    assert!(code == 1 && complaint.contains("Batch job submission failed"), "{code} {complaint}");
    assert_eq!(outcome(ward.command("sbatch").args(["-o", "/dev/null", "--wrap", "true"])).0, 0);
}

#[test]
fn names_that_are_no_text_stay_as_they_are() {
    let mut ward = Ward::new("");
    ward.start();
    let odd = OsStr::from_bytes(b"caf\xe9 \xff");
    let directory = ward.path("out").join(odd);
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("s.sh"), "#!/bin/sh\npwd > here; printf '%s' \"$1\" > argument\n").unwrap();
    let (code, id, complaint) = outcome(
        ward.command("sbatch").current_dir(&directory).args(["--parsable", "-J"]).arg(odd).arg("s.sh").arg(odd),
    );
    assert_eq!(code, 0, "{complaint}");
    ends(&ward, id.trim(), "COMPLETED");
    assert_eq!(fs::read(directory.join("argument")).unwrap(), odd.as_bytes());
    assert!(fs::read(directory.join("here")).unwrap().ends_with(b"caf\xe9 \xff\n"));
    assert!(directory.join(format!("slurm-{}.out", id.trim())).exists());
}

#[test]
fn a_working_directory_that_is_gone_does_not_stop_the_others() {
    let mut ward = Ward::new("");
    ward.start();
    let gone = ward.path("out/gone");
    fs::create_dir(&gone).unwrap();
    let (_, id, _) = outcome(ward.command("sbatch").current_dir(&gone).args(["--parsable", "-H", "--wrap", "true"]));
    fs::remove_dir(&gone).unwrap();
    assert_eq!(outcome(ward.command("scontrol").args(["release", id.trim()])).0, 0);
    // Its output file cannot be opened there: a clear state, as under Slurm.
    ends(&ward, id.trim(), "FAILED");
    let (_, other, _) = outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", "true"]));
    ends(&ward, other.trim(), "COMPLETED");
}

#[test]
fn arrays_up_to_the_limit_and_not_beyond() {
    let mut ward = Ward::new("");
    ward.start();
    let (code, _, complaint) = outcome(ward.command("sbatch").args(["-a", "0-1000000", "--wrap", "true"]));
    assert!(code != 0 && complaint.contains("Invalid job array specification"), "{code} {complaint}");
    let (code, id, complaint) = outcome(ward.command("sbatch").args([
        "--parsable",
        "-H",
        "-o",
        "/dev/null",
        "-a",
        "1-100000",
        "--wrap",
        "true",
    ]));
    assert_eq!(code, 0, "{complaint}");
    let (_, shown, _) = outcome(ward.command("squeue").args(["-h", "-o", "%i"]));
    assert_eq!(shown.trim(), format!("{}_[1-100000]", id.trim()));
    let (_, each, _) = outcome(ward.command("squeue").args(["-h", "-r", "-o", "%i"]));
    assert_eq!(each.lines().count(), 100_000);
    assert_eq!(outcome(ward.command("scancel").arg(id.trim())).0, 0);
    assert_eq!(outcome(ward.command("squeue").arg("-h")).1, "");
}

#[test]
fn prolog_and_epilog_run_around_each_job_and_a_failing_prolog_drains() {
    let ward = Ward::new("");
    for (name, text) in [
        (
            "prolog",
            "#!/bin/sh\necho prolog $SLURM_JOB_ID >> \"$(dirname \"$0\")/log\"\n[ ! -e \"$(dirname \"$0\")/broken\" ]\n",
        ),
        ("epilog", "#!/bin/sh\necho epilog $SLURM_JOB_ID >> \"$(dirname \"$0\")/log\"\n"),
    ] {
        let path = ward.path(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }
    let config = format!(
        "[limits]\nrequeue_delay = 0\n[scripts]\nprolog = \"{}\"\nepilog = \"{}\"\n",
        ward.path("prolog").display(),
        ward.path("epilog").display()
    );
    fs::write(ward.data().join("config.toml"), config).unwrap();
    let mut ward = ward;
    ward.start();
    let submit = || outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", "true"])).1;
    let first = submit();
    ends(&ward, first.trim(), "COMPLETED");
    assert_eq!(fs::read_to_string(ward.path("log")).unwrap(), "prolog 1\nepilog 1\n");
    fs::write(ward.path("broken"), "").unwrap();
    let second = submit();
    until("the job is back in the queue, held", || {
        outcome(ward.command("squeue").args(["-h", "-o", "%i %T"])).1 == format!("{} PENDING\n", second.trim())
    });
    assert!(outcome(ward.command("sinfo").args(["-h", "-o", "%T"])).1.starts_with("drain"));
    let admin = |args: &[&str]| outcome(Command::new(EXE).args(args).arg("--data").arg(ward.data()));
    fs::remove_file(ward.path("broken")).unwrap();
    assert_eq!(admin(&["resume"]).0, 0);
    assert_eq!(outcome(ward.command("scontrol").args(["release", second.trim()])).0, 0);
    ends(&ward, second.trim(), "COMPLETED");
}

/// What the launcher said of a prolog that failed is lost with the centre; the job is not to blame all the same.
#[test]
fn a_prolog_that_failed_unseen_is_not_the_jobs_fault() {
    let mut ward = Ward::new("");
    let path = ward.path("prolog");
    let text = "#!/bin/sh\ncd \"$(dirname \"$0\")\"\ntouch begun\nwhile [ ! -e go ]; do sleep 0.05; done\ntouch gone\nexit 1\n";
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(ward.data().join("config.toml"), format!("[scripts]\nprolog = \"{}\"\n", path.display())).unwrap();
    ward.start();
    let (_, id, _) = outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", "true"]));
    until("the prolog runs", || ward.path("begun").exists());
    let (centre, launcher, _) = ward.status().unwrap();
    // Stopped, so that it hears nothing any more before it is killed.
    kill(Pid::from_raw(centre), Signal::SIGSTOP).unwrap();
    fs::write(ward.path("go"), "").unwrap();
    until("the prolog is over", || ward.path("gone").exists());
    std::thread::sleep(std::time::Duration::from_millis(500));
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    ward.start();
    let listed = || outcome(ward.command("squeue").args(["-h", "-o", "%i %T %r"])).1;
    let expected = format!("{} PENDING job requeued in held state\n", id.trim());
    until(&format!("the job waits, held, not {}", listed()), || listed() == expected);
    assert!(outcome(ward.command("sinfo").args(["-h", "-o", "%T"])).1.starts_with("drain"));
}

#[test]
fn a_second_centre_on_the_same_data_is_refused_and_a_drain_waits() {
    let mut ward = Ward::new("");
    ward.start();
    let second = Command::new(EXE).args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(ward.data()).output().unwrap();
    assert!(!second.status.success());
    let complaint = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(complaint.contains("already serves"), "{complaint}");
    let (_, id, _) =
        outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", "sleep 2; exit 5"]));
    until("it runs", || field(&ward, id.trim(), "State") == "RUNNING");
    let stopped = outcome(Command::new(EXE).args(["stop", "--drain", "--data"]).arg(ward.data()));
    assert_eq!(stopped.0, 0, "{}", stopped.2);
    let mut up = ward.up.take().unwrap();
    assert!(up.wait().unwrap().success());
    ward.start();
    assert_eq!(field(&ward, id.trim(), "State,ExitCode"), "FAILED|5:0");
}

#[test]
fn a_backup_of_a_running_centre_can_be_put_back() {
    let mut ward = Ward::new("");
    ward.start();
    let admin = |ward: &Ward, args: &[&str]| {
        outcome(Command::new(EXE).args(args).arg("--data").arg(ward.data()).current_dir(ward.path("out")))
    };
    let (_, id, _) = outcome(ward.command("sbatch").args(["--parsable", "-H", "-J", "kept", "--wrap", "true"]));
    assert_eq!(admin(&ward, &["backup", "copy.db"]).0, 0);
    assert_eq!(admin(&ward, &["check", "copy.db"]).0, 0);
    assert_eq!(outcome(ward.command("scancel").arg(id.trim())).0, 0);
    assert_ne!(admin(&ward, &["restore", "copy.db"]).0, 0, "a running centre is not overwritten");
    assert_eq!(admin(&ward, &["stop"]).0, 0);
    assert!(ward.up.take().unwrap().wait().unwrap().success());
    let restored = admin(&ward, &["restore", "copy.db"]);
    assert_eq!(restored.0, 0, "{}", restored.2);
    ward.start();
    assert_eq!(outcome(ward.command("squeue").args(["-h", "-o", "%j %T"])).1, "kept PENDING\n");
}

#[test]
fn a_dependency_given_later_is_still_there_after_a_crash() {
    let mut ward = Ward::new("");
    ward.start();
    let submit = |args: &[&str]| {
        outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null"]).args(args)).1.trim().to_owned()
    };
    let first = submit(&["--wrap", "false"]);
    ends(&ward, &first, "FAILED");
    let second = submit(&["-H", "--wrap", "true"]);
    let wish = format!("Dependency=afterok:{first}");
    assert_eq!(outcome(ward.command("scontrol").args(["update", &format!("JobId={second}"), &wish])).0, 0);
    assert_eq!(outcome(ward.command("scontrol").args(["release", &second])).0, 0);
    let reason = |ward: &Ward| outcome(ward.command("squeue").args(["-h", "-o", "%r", "-j", &second])).1;
    assert_eq!(reason(&ward), "DependencyNeverSatisfied\n");
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    ward.start();
    assert_eq!(reason(&ward), "DependencyNeverSatisfied\n");
}

/// A reboot as far as processes can tell: everything is killed at once, and the kernel names another boot.
#[test]
fn a_reboot_fails_what_ran_and_puts_back_what_allows_it() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can make the kernel name another boot");
        return;
    }
    let mut ward = Ward::new("[machine]\ncpus = 3\n[limits]\nrequeue_delay = 0\n");
    let start_under = |ward: &mut Ward, boot: &str| {
        fs::write(ward.path("boot_id"), boot).unwrap();
        let wrapper = format!(
            "mount --bind {} /proc/sys/kernel/random/boot_id && exec {EXE} \"$@\"",
            ward.path("boot_id").display()
        );
        ward.start_by(&["unshare", "-m", "--propagation", "private", "sh", "-c", &wrapper, "algoric"]);
    };
    start_under(&mut ward, "11111111-1111-1111-1111-111111111111\n");
    let submit = |ward: &Ward, option: &str| {
        let script = "trap : TERM; echo $$ $PPID ${SLURM_RESTART_COUNT:-0} > run.$SLURM_JOB_ID.${SLURM_RESTART_COUNT:-0}; sleep ${SLURM_RESTART_COUNT:-60}; sleep ${SLURM_RESTART_COUNT:-60}";
        outcome(ward.command("sbatch").args(["--parsable", "--mem=10", option, "-o", "/dev/null", "--wrap", script]))
            .1
            .trim()
            .to_owned()
    };
    let (again, never, ended) =
        (submit(&ward, "--requeue"), submit(&ward, "--no-requeue"), submit(&ward, "--comment=ended"));
    let begun = |ward: &Ward, id: &str, attempt: u32| {
        fs::read_to_string(ward.path(&format!("out/run.{id}.{attempt}"))).unwrap_or_default()
    };
    until("all run", || [&again, &never, &ended].iter().all(|id| !begun(&ward, id, 0).is_empty()));
    // Somebody ends the third, which takes its time: the reboot must not bring it back.
    assert_eq!(outcome(ward.command("scancel").arg(&ended)).0, 0);
    let (centre, launcher, _) = ward.status().unwrap();
    let mut all = vec![centre, launcher];
    for id in [&again, &never, &ended] {
        // The supervisor first, so that it cannot see its job end.
        let text = begun(&ward, id, 0);
        let pids: Vec<i32> = text.split_whitespace().take(2).map(|pid| pid.parse().unwrap()).collect();
        all.extend([pids[1], pids[0]]);
    }
    for pid in all {
        kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
    }
    ward.up.take().unwrap().wait().unwrap();
    start_under(&mut ward, "22222222-2222-2222-2222-222222222222\n");
    ends(&ward, &never, "NODE_FAIL");
    ends(&ward, &ended, "CANCELLED by 0");
    ends(&ward, &again, "COMPLETED");
    assert!(!begun(&ward, &again, 1).is_empty(), "it ran again");
    let (_, attempts, _) = outcome(ward.command("sacct").args(["-D", "-X", "-n", "-P", "-o", "State", "-j", &again]));
    assert_eq!(attempts.lines().collect::<Vec<_>>(), ["NODE_FAIL", "COMPLETED"]);
}
