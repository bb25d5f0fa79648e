//! Machines that are switched off when nobody needs them, by a real centre in a park that is played: off, woken for who
//! comes, over a crash while they boot, and given up when they do not come up.

use std::{fs, process::Command};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::ward::{EXE, Ward, outcome, until};

/// Four machines that are off a second after their last job, and boot for so many seconds.
fn park(boot: u32) -> Ward {
    let mut ward = Ward::new(&format!(
        "[machine]\ncpus = 2048\n[power]\npolicy = 'off-after=1s'\ndriver = 'fake'\n\
         [[power.node]]\nname = 'blade'\ncount = 4\ncores = 512\nboot = {boot}\npatience = {}\n",
        boot + 1
    ));
    ward.start();
    ward
}

fn said(command: &mut Command) -> String {
    let (code, said, complaint) = outcome(command);
    assert_eq!(code, 0, "{complaint}");
    said
}

/// `blade1 idle~`, a line for each machine.
fn states(ward: &Ward) -> Vec<String> {
    let said = said(ward.command("sinfo").args(["-h", "-N", "-o", "%N %t"]));
    said.lines().map(|line| line.trim().to_owned()).collect()
}

fn wait_until_all_are_off(ward: &Ward) {
    until("all machines are off", || states(ward).iter().filter(|state| state.ends_with(" idle~")).count() == 4);
}

fn submit(ward: &Ward, cpus: u32, script: &str) -> String {
    let count = format!("-c{cpus}");
    let options = ["--parsable", "-o", "/dev/null", "-t", "5", "--mem=1", &count, "--wrap", script];
    said(ward.command("sbatch").args(options)).trim().to_owned()
}

fn state_of(ward: &Ward, id: &str) -> String {
    said(ward.command("sacct").args(["-n", "-X", "-P", "-o", "State", "-j", id])).trim().to_owned()
}

fn reason_of(ward: &Ward, id: &str) -> String {
    said(ward.command("squeue").args(["-h", "-o", "%r", "-j", id])).trim().to_owned()
}

fn why(ward: &Ward, id: &str) -> String {
    let mut command = Command::new(EXE);
    said(command.env("ALGORIC_DATA", ward.data()).env("LANG", "C").args(["why", id]))
}

#[test]
fn machines_go_off_and_come_up_for_who_needs_them() {
    let ward = park(2);
    wait_until_all_are_off(&ward);
    let id = submit(&ward, 600, "true");
    until("two machines boot", || states(&ward).iter().filter(|state| state.ends_with(" idle#")).count() == 2);
    assert_eq!(reason_of(&ward, &id), "Resources");
    assert!(why(&ward, &id).contains("booting: blade1,blade2, up by"), "{}", why(&ward, &id));
    let mut command = Command::new(EXE);
    let page = said(command.env("ALGORIC_DATA", ward.data()).env("LANG", "C").arg("status"));
    assert!(page.contains("Machines: 0 of 4 on; off: blade3, blade4; booting: blade1, blade2"), "{page}");
    until("the job has run", || state_of(&ward, &id) == "COMPLETED");
    wait_until_all_are_off(&ward);
}

#[test]
fn killed_while_a_machine_boots_the_centre_goes_on() {
    let mut ward = park(3);
    wait_until_all_are_off(&ward);
    let id = submit(&ward, 1, "true");
    until("a machine boots", || states(&ward).contains(&"blade1 idle#".to_owned()));
    let told = fs::read_to_string(ward.data().join("db/park/blade1")).unwrap();
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    ward.start();
    assert_eq!(fs::read_to_string(ward.data().join("db/park/blade1")).unwrap(), told, "its boot goes on");
    until("the job has run", || state_of(&ward, &id) == "COMPLETED");
}

#[test]
fn a_machine_that_does_not_come_up_is_given_up() {
    let ward = park(1);
    wait_until_all_are_off(&ward);
    let broken = ward.data().join("db/park/blade1.broken");
    fs::write(&broken, "").unwrap();
    let all = submit(&ward, 2048, "true");
    until("it is given up", || states(&ward).contains(&"blade1 down".to_owned()));
    assert_eq!(reason_of(&ward, &all), "ReqNodeNotAvail");
    assert!(why(&ward, &all).contains("blade1 does not come up: did not come up within 2 s"), "{}", why(&ward, &all));
    let small = submit(&ward, 1, "true");
    until("others go elsewhere", || state_of(&ward, &small) == "COMPLETED");
    // Somebody has looked at it.
    fs::remove_file(&broken).unwrap();
    said(ward.command("scontrol").args(["update", "nodename=blade1", "state=resume"]));
    until("it runs after all", || state_of(&ward, &all) == "COMPLETED");
}
