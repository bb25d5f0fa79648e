//! A public emergency: low work makes place, the urgent job runs, who answered for it is kept, and low work goes on.

use std::{fs, process::Command};

use crate::ward::{EXE, Ward, outcome, until};

fn state(ward: &Ward, id: &str) -> String {
    outcome(ward.command("squeue").args(["-h", "-t", "all", "-o", "%T", "-j", id])).1.trim().to_owned()
}

fn submit(ward: &Ward, args: &[&str]) -> String {
    let (code, id, complaint) = outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null"]).args(args));
    assert_eq!(code, 0, "{complaint}");
    id.trim().to_owned()
}

#[test]
fn low_work_makes_place_and_goes_on_afterwards() {
    let mut ward = Ward::new("[machine]\ncpus = 2\n");
    ward.start();
    // Counts while it runs: a stopped process counts no further.
    let count = "n=0; while [ $n -lt 600 ]; do n=$((n+1)); echo $n > count; sleep 0.02; done";
    let low = submit(&ward, &["-q", "low", "-c", "2", "--mem=50", "--wrap", count]);
    let counted = || fs::read_to_string(ward.path("out/count")).ok().and_then(|text| text.trim().parse::<u32>().ok());
    until("low work counts", || counted().is_some_and(|count| count > 3));
    let flood = submit(&ward, &["-c", "2", "--mem=50", "--wrap", "sleep 2"]);
    assert_eq!(state(&ward, &flood), "PENDING");
    let admin = |args: &[&str]| outcome(Command::new(EXE).args(args).arg("--data").arg(ward.data()));
    let (code, _, complaint) = admin(&["urgent", &flood, "--because", "Flood of the Loch"]);
    assert_eq!(code, 0, "{complaint}");
    until("the urgent job runs", || state(&ward, &flood) == "RUNNING");
    assert_eq!(state(&ward, &low), "SUSPENDED");
    let before = counted();
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(counted(), before, "it stands still");
    until("low work is over", || state(&ward, &low) == "COMPLETED");
    assert_eq!(counted(), Some(600), "and nothing of it was lost");
    let (_, told, _) = admin(&["history", &flood]);
    assert!(told.contains("made urgent") && told.contains("Flood of the Loch"), "{told}");
    let (_, told, _) = admin(&["history", &low]);
    assert!(told.contains("suspended") && told.contains(&format!("for job {flood}")), "{told}");
    assert!(told.contains("resumed"), "{told}");
}

#[test]
fn members_cannot_call_an_emergency() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can be somebody else");
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let id = submit(&ward, &["-H", "--wrap", "true"]);
    let mut member = Command::new(EXE);
    std::os::unix::process::CommandExt::uid(&mut member, 12_345);
    std::os::unix::process::CommandExt::gid(&mut member, 12_345);
    let (code, _, _) = outcome(member.args(["urgent", &id, "--because", "mine"]).arg("--data").arg(ward.data()));
    assert_ne!(code, 0);
    let mut member = ward.command("sbatch");
    std::os::unix::process::CommandExt::uid(&mut member, 12_345);
    let (code, _, complaint) = outcome(member.args(["-q", "urgent", "--wrap", "true"]));
    assert!(code != 0 && complaint.contains("qos"), "{complaint}");
}
