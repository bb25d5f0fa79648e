//! Bad days of the disk: full, and free again. Nothing accepted is lost, nothing new is promised, the rest goes on.

use std::{fs, process::Command};

use crate::ward::{Ward, outcome, until};

/// A small file system of its own, for root only; taken away at the end.
struct Small {
    at: std::path::PathBuf,
}

impl Small {
    fn mount(at: std::path::PathBuf, size: &str) -> Self {
        fs::create_dir_all(&at).unwrap();
        nix::mount::mount(
            Some("small"),
            &at,
            Some("tmpfs"),
            nix::mount::MsFlags::empty(),
            Some(format!("size={size},mode=755").as_str()),
        )
        .unwrap();
        Self { at }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        nix::mount::umount2(&self.at, nix::mount::MntFlags::MNT_DETACH).ok();
    }
}

#[test]
fn a_full_disk_refuses_and_recovers() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can make a small file system");
        return;
    }
    let mut ward = Ward::new("");
    let config = fs::read(ward.data().join("config.toml")).unwrap();
    let small = Small::mount(ward.data(), "4m");
    fs::write(ward.data().join("config.toml"), config).unwrap();
    ward.start();
    let submit = |ward: &Ward, script: &str| {
        outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", script]))
    };
    let (code, first, _) = submit(&ward, "touch runs; sleep 3; exit 4");
    assert_eq!(code, 0);
    until("it runs", || ward.path("out/runs").exists());
    // Fill it to the last byte.
    let filler = ward.data().join("filler");
    let full = Command::new("sh").args(["-c", "cat /dev/zero > \"$0\" 2>/dev/null"]).arg(&filler).status().unwrap();
    assert!(!full.success());
    let mut refused = None;
    until("a submission is refused", || {
        // A large script, so that no free page inside the file takes it.
        let (code, _, complaint) = submit(&ward, &format!("true {}", "x".repeat(100_000)));
        refused = (code != 0).then_some((code, complaint));
        refused.is_some()
    });
    let (code, complaint) = refused.unwrap();
    assert_eq!(code, 1, "{complaint}");
    assert!(complaint.contains("I/O error writing"), "{complaint}");
    let (code, queue, _) = outcome(ward.command("squeue").args(["-h", "-o", "%i %T"]));
    assert_eq!((code, queue.trim().starts_with(first.trim())), (0, true), "listings go on: {queue}");
    // The job ends while nothing can be written.
    std::thread::sleep(std::time::Duration::from_secs(4));
    fs::remove_file(&filler).unwrap();
    until("submissions are accepted again", || submit(&ward, "true").0 == 0);
    until("the job that ran is accounted", || {
        let (_, line, _) =
            outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State,ExitCode", "-j", first.trim()]));
        if !line.trim().is_empty() && !line.starts_with("RUNNING") {
            let log = fs::read_to_string(ward.path("up.log")).unwrap();
            assert_eq!(line.trim(), "FAILED|4:0", "{log}");
        }
        line.trim() == "FAILED|4:0"
    });
    let (_, ids, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-a", "-o", "JobIDRaw"]));
    let all: Vec<&str> = ids.split_whitespace().collect();
    let mut distinct = all.clone();
    distinct.dedup();
    assert_eq!(all, distinct, "no job is there twice");
    drop(ward);
    drop(small);
}

/// Fills a file system to the last byte, until the centre has noticed.
fn fill(ward: &Ward) -> std::path::PathBuf {
    let filler = ward.data().join("filler");
    let full = Command::new("sh").args(["-c", "cat /dev/zero > \"$0\" 2>/dev/null"]).arg(&filler).status().unwrap();
    assert!(!full.success());
    let long = format!("true {}", "x".repeat(100_000));
    until("a submission is refused", || {
        outcome(ward.command("sbatch").args(["-o", "/dev/null", "--wrap", &long])).0 != 0
    });
    filler
}

/// Limits hold and owners can end what runs, also while nothing can be written; afterwards it is accounted as what it was.
#[test]
fn runs_are_ended_on_a_full_disk() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can make a small file system");
        return;
    }
    let mut ward = Ward::new("");
    let small = Small::mount(ward.data(), "4m");
    fs::write(ward.data().join("config.toml"), "[limits]\nkill_wait = 1\n[machine]\ncpus = 4\n").unwrap();
    ward.start();
    let run = |name: &str, options: &[&str]| {
        let script = format!("trap 'touch {name}.ended; exit 0' TERM; touch {name}; while :; do sleep 0.1; done");
        let (code, id, complaint) = outcome(
            ward.command("sbatch").args(["--parsable", "-o", "/dev/null"]).args(options).args(["--wrap", &script]),
        );
        assert_eq!(code, 0, "{complaint}");
        id.trim().to_owned()
    };
    let late = run("late", &["-t", "UNLIMITED", "--deadline", "now+12seconds"]);
    let unwanted = run("unwanted", &[]);
    let held = run("held", &["--hold"]);
    let there = |name: &str| ward.path("out").join(name).exists();
    until("both run", || there("late") && there("unwanted"));
    let filler = fill(&ward);
    assert!(!there("late.ended"), "the disk took too long to be full");
    let (code, _, complaint) = outcome(ward.command("scancel").arg(&unwanted));
    assert_eq!(code, 0, "{complaint}");
    until("its owner's order is obeyed", || there("unwanted.ended"));
    until("the deadline is kept", || there("late.ended"));
    let (code, _, complaint) = outcome(ward.command("scancel").arg(&held));
    assert!(code != 0 && complaint.contains("I/O error"), "{code} {complaint}");
    std::thread::sleep(std::time::Duration::from_secs(2));
    fs::remove_file(&filler).unwrap();
    for (id, state) in [(&unwanted, "CANCELLED by 0"), (&late, "DEADLINE")] {
        until(state, || {
            let (_, line, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", id]));
            line.trim() == state
        });
    }
    let (_, line, _) = outcome(ward.command("squeue").args(["-h", "-o", "%T", "-j", &held]));
    assert_eq!(line.trim(), "PENDING");
    drop(ward);
    drop(small);
}

/// Where the launcher itself cannot work, no job is to blame: the machine is drained, the job goes back, and runs when an
/// operator has made room.
#[test]
fn a_full_spool_drains_the_machine() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can make a small file system");
        return;
    }
    let mut ward = Ward::new("[limits]\nrequeue_delay = 0\n");
    let small = Small::mount(ward.data().join("spool"), "1m");
    ward.start();
    let submit = |script: &str| {
        let (code, id, complaint) =
            outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--wrap", script]));
        assert_eq!(code, 0, "{complaint}");
        id.trim().to_owned()
    };
    let state = |id: &str| {
        let (_, line, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", id]));
        line.trim().to_owned()
    };
    let first = submit("true");
    until("a first job", || state(&first) == "COMPLETED");
    let filler = ward.data().join("spool/filler");
    Command::new("sh").args(["-c", "cat /dev/zero > \"$0\" 2>/dev/null"]).arg(&filler).status().unwrap();
    let second = submit(&format!("true {}", "x".repeat(100_000)));
    until("the machine is drained", || outcome(ward.command("sinfo").args(["-h", "-o", "%T"])).1.starts_with("drain"));
    until("the job waits", || {
        outcome(ward.command("squeue").args(["-h", "-o", "%i %T"])).1 == format!("{second} PENDING\n")
    });
    fs::remove_file(&filler).unwrap();
    let resumed = outcome(Command::new(crate::ward::EXE).args(["resume", "--data"]).arg(ward.data()));
    assert_eq!(resumed.0, 0, "{}", resumed.2);
    until("it runs after all", || state(&second) == "COMPLETED");
    drop(ward);
    drop(small);
}
