//! Started by root: jobs run as who submitted them, and nobody reads, changes or ends what is not theirs.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    process::Command,
};

use crate::ward::{Ward, outcome, until};

/// Two users without accounts: numbers are enough.
const ANNE: u32 = 12_345;
const BOB: u32 = 12_346;

fn as_user(ward: &Ward, uid: u32, name: &str) -> Command {
    let mut command = ward.command(name);
    command.uid(uid).gid(uid);
    command
}

#[test]
fn everybody_has_their_own() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can be somebody else");
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let script = "id -u; id -G; echo $SLURM_JOB_UID; ulimit -n; sleep 60";
    let (code, id, complaint) =
        outcome(as_user(&ward, ANNE, "sbatch").args(["--parsable", "-o", "anne.out", "--wrap", script]));
    assert_eq!(code, 0, "{complaint}");
    let id = id.trim().to_owned();
    let output = ward.path("out").join("anne.out");
    until("the job writes", || fs::read_to_string(&output).is_ok_and(|text| text.lines().count() == 4));
    let text = fs::read_to_string(&output).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..3], ["12345", "12345", "12345"], "user, groups, SLURM_JOB_UID");
    assert_eq!(fs::metadata(&output).unwrap().uid(), ANNE);

    // Bob sees nothing of it and can do nothing to it.
    let bob = |name: &str, args: &[&str]| outcome(as_user(&ward, BOB, name).args(args));
    assert_eq!(bob("squeue", &["-h"]).1, "");
    assert_eq!(bob("squeue", &["-h", "-u", "12345"]).1, "");
    assert_eq!(bob("sacct", &["-n", "-a"]).1, "");
    assert_eq!(bob("sacct", &["-n", "-j", &id]).1, "");
    assert_ne!(bob("scontrol", &["show", "job", &id]).0, 0);
    let (code, _, complaint) = bob("scancel", &[&id]);
    assert!(code != 0 && complaint.contains("Access/permission denied"), "{code} {complaint}");
    for order in [["hold", &id], ["release", &id], ["requeue", &id], ["suspend", &id]] {
        let (code, _, complaint) = bob("scontrol", &order);
        assert!(code != 0 && complaint.contains("denied"), "{order:?}: {code} {complaint}");
    }
    let (code, _, _) = bob("scontrol", &["update", &format!("JobId={id}"), "TimeLimit=1"]);
    assert_ne!(code, 0);
    // Nor can he read the script, the data file or other people's sockets.
    for closed in ["db/algoric.db", "spool/slots"] {
        let seen = Command::new("ls").arg("-l").arg(ward.data().join(closed)).uid(BOB).gid(BOB).output().unwrap();
        assert!(!seen.status.success(), "{closed} is open");
    }
    let script = ward.data().join("spool/jobs");
    let seen =
        Command::new("cat").arg(script.join(format!("job{:0>5}/slurm_script", id))).uid(BOB).gid(BOB).output().unwrap();
    assert!(!seen.status.success(), "the script is readable by others");

    // Operators are named, and only then may they.
    let admin = |uid: u32, args: &[&str]| {
        outcome(Command::new(crate::ward::EXE).args(args).arg("--data").arg(ward.data()).uid(uid).gid(uid))
    };
    assert_ne!(admin(BOB, &["drain", "--reason", "mine"]).0, 0);
    assert_ne!(admin(BOB, &["stop"]).0, 0);
    assert_ne!(admin(BOB, &["operator", "add", "12346"]).0, 0);
    assert_eq!(admin(0, &["operator", "add", "12346"]).0, 0);
    assert_eq!(bob("squeue", &["-h", "-o", "%i %T"]).1, format!("{id} RUNNING\n"));
    assert_eq!(bob("scancel", &[&id]).0, 0);
    until("the job is cancelled", || {
        let (_, line, _) = outcome(as_user(&ward, ANNE, "sacct").args(["-X", "-n", "-P", "-o", "State", "-j", &id]));
        line.trim() == "CANCELLED by 12346"
    });
}

#[test]
fn an_output_file_is_opened_by_its_owner() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can be somebody else");
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let target = ward.path("treasure");
    fs::write(&target, "root's own").unwrap();
    let link = ward.path("out").join("innocent.out");
    std::os::unix::fs::symlink(&target, &link).unwrap();
    let (code, id, _) =
        outcome(as_user(&ward, ANNE, "sbatch").args(["--parsable", "-o", "innocent.out", "--wrap", "echo stolen"]));
    assert_eq!(code, 0);
    until("it is over", || {
        let (_, line, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", id.trim()]));
        line.trim() == "FAILED"
    });
    assert_eq!(fs::read_to_string(&target).unwrap(), "root's own");
}

/// One member's jobs do not fill the queue; the words are Slurm's.
#[test]
fn nobody_fills_the_queue_alone() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can be somebody else");
        return;
    }
    let mut ward = Ward::new("[limits]\nsubmit_per_user = 3\n");
    ward.start();
    let submit = |uid, options: &[&str]| {
        outcome(
            as_user(&ward, uid, "sbatch")
                .args(["--parsable", "-H", "-o", "/dev/null"])
                .args(options)
                .arg("--wrap=true"),
        )
    };
    assert_eq!(submit(ANNE, &["-a", "0-1"]).0, 0);
    let refused = submit(ANNE, &["-a", "0-1"]);
    assert_eq!(
        (refused.0, refused.2.as_str()),
        (
            1,
            "sbatch: error: AssocMaxSubmitJobLimit\n\
             sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size \
             and/or time limits)\n"
        )
    );
    assert_eq!((submit(ANNE, &[]).0, submit(BOB, &["-a", "0-2"]).0, submit(BOB, &[]).0), (0, 0, 1));
    assert_eq!(outcome(as_user(&ward, ANNE, "scancel").args(["--me"])).0, 0);
    assert_eq!(submit(ANNE, &["-a", "0-1"]).0, 0);
}

/// Other programs run as `nobody`, too: none of them reads what the centre knows.
#[test]
fn the_data_is_closed_to_others_of_the_same_user() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root can be somebody else");
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let (centre, _, _) = ward.status().unwrap();
    let status = fs::read_to_string(format!("/proc/{centre}/status")).unwrap();
    let uid = status.lines().find_map(|line| line.strip_prefix("Uid:")).unwrap();
    let uid: u32 = uid.split_whitespace().next().unwrap().parse().unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    for path in [ward.data().join("db/algoric.db"), ward.data().join("db"), ward.data().join("run/new")] {
        let script = "cat \"$0\" 2> /dev/null || ls \"$0\" 2> /dev/null || touch \"$0\"";
        let mut command = Command::new("sh");
        command.args(["-c", script]).arg(&path).uid(uid).gid(nobody.gid.as_raw());
        assert_ne!(outcome(&mut command).0, 0, "{}", path.display());
    }
    // What root put back is the service's again at the next start.
    let file = ward.data().join("db/algoric.db");
    assert_eq!(outcome(Command::new(crate::ward::EXE).args(["stop", "--data"]).arg(ward.data())).0, 0);
    ward.wait_gone(centre);
    chown(&file, Some(0), Some(0)).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    ward.start();
    let about = fs::metadata(&file).unwrap();
    assert_eq!((about.uid(), about.mode() & 0o777), (uid, 0o600));
}

#[test]
fn the_process_that_serves_has_no_privilege() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("not run: only root has privilege to drop");
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let (centre, launcher, _) = ward.status().unwrap();
    let field = |pid: i32, key: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
        text.lines()
            .find_map(|line| line.strip_prefix(key))
            .unwrap()
            .split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert!(field(centre, "Uid:").iter().all(|uid| uid != "0"));
    assert!(field(centre, "Groups:").is_empty());
    assert_eq!(field(centre, "CapPrm:"), ["0000000000000000"]);
    assert_eq!(field(launcher, "Uid:")[0], "0");
}
