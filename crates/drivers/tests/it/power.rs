//! Drivers that switch machines: a park that is played, and the operator's programs.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use drivers::power::{Fake, Power, PowerError, Programs, Seen};

fn fake(folder: &Path, boot_ms: u64) -> Fake {
    Fake::open(folder.join("park"), vec![("n1".to_owned(), Duration::from_millis(boot_ms))]).unwrap()
}

fn wait_for(power: &mut dyn Power, wanted: Seen) {
    let begun = Instant::now();
    while power.state("n1").unwrap() != wanted {
        assert!(begun.elapsed() < Duration::from_secs(10), "it never is {wanted:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_park_that_is_played_boots_and_outlives_its_player() {
    let folder = tempfile::tempdir().unwrap();
    let mut park = fake(folder.path(), 300);
    assert_eq!(park.state("n1").unwrap(), Seen::On);
    park.off("n1").unwrap();
    assert_eq!(park.state("n1").unwrap(), Seen::Off);
    park.on("n1").unwrap();
    let told = fs::read_to_string(folder.path().join("park/n1")).unwrap();
    assert_eq!(park.state("n1").unwrap(), Seen::Between);
    // Told again, by who came after a crash: the boot goes on.
    let mut other = fake(folder.path(), 300);
    other.on("n1").unwrap();
    assert_eq!(fs::read_to_string(folder.path().join("park/n1")).unwrap(), told);
    wait_for(&mut other, Seen::On);
    other.on("n1").unwrap();
    assert_eq!(other.state("n1").unwrap(), Seen::On);
}

#[test]
fn a_broken_machine_never_comes_up() {
    let folder = tempfile::tempdir().unwrap();
    let mut park = fake(folder.path(), 0);
    park.off("n1").unwrap();
    fs::write(folder.path().join("park/n1.broken"), "").unwrap();
    park.on("n1").unwrap();
    assert_eq!(park.state("n1").unwrap(), Seen::Between);
    fs::remove_file(folder.path().join("park/n1.broken")).unwrap();
    wait_for(&mut park, Seen::On);
}

fn script(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn programs_are_called_with_the_name_of_a_machine() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path();
    let state = here.join("state").display().to_string();
    let mut programs = Programs {
        on: script(here, "on", &format!("test \"$#\" = 1 && echo on > {state}")),
        off: script(here, "off", &format!("echo off > {state}")),
        state: script(here, "look", &format!("cat {state}")),
        limit: Duration::from_secs(10),
    };
    programs.off("n1; touch oops").unwrap();
    assert_eq!(programs.state("n1").unwrap(), Seen::Off);
    programs.on("n1").unwrap();
    assert_eq!(programs.state("n1").unwrap(), Seen::On);
    programs.state = script(here, "odd", "echo perhaps");
    let error = programs.state("n1").unwrap_err();
    assert!(error.to_string().ends_with("it said `perhaps`, and not on, off or between"), "{error}");
    programs.on = script(here, "fails", "echo no power >&2; exit 3");
    let error = programs.on("n1").unwrap_err();
    assert!(matches!(&error, PowerError::Refused { complaint, .. } if complaint == "no power"), "{error}");
}

#[test]
fn a_program_that_hangs_is_ended() {
    let folder = tempfile::tempdir().unwrap();
    let slow = script(folder.path(), "slow", "sleep 60");
    let limit = Duration::from_millis(200);
    let mut programs = Programs { on: slow.clone(), off: slow.clone(), state: slow, limit };
    let begun = Instant::now();
    assert!(matches!(programs.on("n1"), Err(PowerError::Program { .. })));
    assert!(begun.elapsed() < Duration::from_secs(10));
}
