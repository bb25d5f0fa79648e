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
