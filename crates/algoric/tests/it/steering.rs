//! What shows and steers beyond the queue: priorities, shares, use, diagnoses, scripts, interactive `scontrol`, changes.

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
};

use crate::ward::{Ward, outcome, until};

const CONFIG: &str =
    "name = \"base\"\n[machine]\nname = \"vm\"\ncpus = 2\n[[partition]]\nname = \"debug\"\ndefault = true\n";

fn ward() -> Ward {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    ward
}

fn ask(ward: &Ward, line: &str) -> (i32, String, String) {
    let mut words = line.split_whitespace();
    outcome(ward.command(words.next().unwrap()).args(words))
}

fn said(ward: &Ward, line: &str) -> String {
    let (code, text, complaint) = ask(ward, line);
    assert_eq!(code, 0, "{line}: {complaint}");
    text
}

fn submit(ward: &Ward, args: &[&str]) -> String {
    let (code, id, complaint) = outcome(ward.command("sbatch").arg("--parsable").args(args));
    assert_eq!(code, 0, "{complaint}");
    id.trim().to_owned()
}

#[test]
fn priorities_and_shares() {
    let ward = ward();
    submit(&ward, &["-n2", "--wrap", "sleep 100"]);
    let plain = submit(&ward, &["-n2", "--wrap", "true"]);
    let nice = submit(&ward, &["-n2", "--nice=100", "--wrap", "true"]);
    submit(&ward, &["-H", "--wrap", "true"]);
    let table = said(&ward, "sprio -h -o %i|%Y|%A|%F|%J|%P|%Q|%N");
    let rows: Vec<Vec<i64>> =
        table.lines().map(|line| line.split('|').map(|cell| cell.parse().unwrap()).collect()).collect();
    assert_eq!(rows.len(), 2, "who is held has no place yet: {table}");
    for row in &rows {
        assert_eq!(row[1], row[2..7].iter().sum::<i64>() - row[7], "the parts make the whole: {table}");
    }
    let queue = said(&ward, &format!("squeue -h -S i -o %i|%Q -j {plain},{nice}"));
    assert_eq!(queue, format!("{plain}|{}\n{nice}|{}\n", rows[0][1], rows[1][1]), "what squeue says too");
    assert!(said(&ward, "sprio -w").contains("Weights"));
    assert_eq!(said(&ward, "sprio -j 9999"), "Unable to find jobs matching user/id(s) specified\n");
    let shares = said(&ward, "sshare -a -P -n -o account,user,rawshares,fairshare");
    assert!(shares.starts_with("root|||\n"), "{shares}");
    assert!(shares.lines().nth(2).is_some_and(|line| line.ends_with("|1|1.000000")), "{shares}");
    let users = said(&ward, "sacctmgr -n -P show user");
    assert_eq!(users.lines().count(), 1, "{users}");
    assert!(said(&ward, "sacctmgr show qos").contains("normal"));
    assert!(said(&ward, "sdiag").contains("Jobs submitted: 4\n"));
}

#[test]
fn what_a_step_uses() {
    let ward = ward();
    let srun = ward.path("bin").join("srun").display().to_string();
    let work = "i=0; while [ $i -lt 30000 ]; do i=$((i+1)); done; sleep 100";
    let id = submit(&ward, &["--wrap", &format!("{srun} -n1 sh -c '{work}; true'")]);
    until("the step has used something", || {
        let (_, text, _) = ask(&ward, &format!("sstat -n -P -j {id} -o jobid,ntasks,maxrss,pids"));
        let cells: Vec<&str> = text.trim().split('|').collect();
        cells.len() == 4
            && cells[0] == format!("{id}.0")
            && cells[1] == "1"
            && cells[2].trim_end_matches('K').parse::<u64>().is_ok_and(|kib| kib > 100)
            && cells[3].contains(',')
    });
    let all = said(&ward, &format!("sstat -a -n -P -j {id} -o jobid"));
    assert_eq!(all.lines().count(), 2, "{all}");
    let pids = said(&ward, &format!("scontrol listpids {id}.0"));
    let pid = pids.lines().nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(said(&ward, &format!("scontrol pidinfo {pid}")).starts_with(&format!("Slurm job id {id} ends at ")));
    assert_eq!(ask(&ward, "sstat -j 9999").2, "sstat: error: couldn't get steps for job 9999\n");
    // The step ends by itself, and the script goes on after it.
    let other = submit(&ward, &["--wrap", &format!("{srun} sleep 100; echo after")]);
    until("it runs", || said(&ward, &format!("squeue -h -s {other}.0 -o %i")).trim() == format!("{other}.0"));
    said(&ward, &format!("scancel {other}.0"));
    until("its script went on", || {
        fs::read_to_string(ward.path("out").join(format!("slurm-{other}.out"))).is_ok_and(|text| text.contains("after"))
    });
}

#[test]
fn scripts_are_handed_out_again() {
    let ward = ward();
    fs::write(ward.path("out").join("job.sh"), "#!/bin/sh\necho hello\n").unwrap();
    let id = submit(&ward, &["--export=ALL,COLOUR=blue", "job.sh"]);
    assert_eq!(said(&ward, &format!("scontrol write batch_script {id} -")), "#!/bin/sh\necho hello\n");
    let told = said(&ward, &format!("scontrol write batch_script {id}"));
    assert_eq!(told, format!("batch script for job {id} written to slurm-{id}.sh\n"));
    assert_eq!(fs::read_to_string(ward.path("out").join(format!("slurm-{id}.sh"))).unwrap(), "#!/bin/sh\necho hello\n");
    let shown = said(&ward, &format!("sacct -B -j {id}"));
    assert_eq!(shown, format!("Batch Script for {id}\n{}\n#!/bin/sh\necho hello\n\n", "-".repeat(80)));
    assert!(said(&ward, &format!("sacct --env-vars -j {id}")).contains("\nCOLOUR=blue\n"));
    let (code, _, complaint) = ask(&ward, "scontrol write batch_script 9999");
    assert_eq!((code, complaint.as_str()), (0, "job script retrieval failed: Invalid job id specified\n"));
}

#[test]
fn commands_line_by_line() {
    let ward = ward();
    let typed = |name: &str, lines: &str| {
        let mut child: Command = ward.command(name);
        let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (out.status.code().unwrap(), text(out.stdout), text(out.stderr))
    };
    let (code, out, err) = typed("scontrol", "show hostnames a[1-2]\nshow nosuch\nfoo bar\n!!\nversion\nquit\nping\n");
    assert_eq!(code, 1);
    // As captured: where nobody types, the lines are shown too.
    let expected = "scontrol: show hostnames a[1-2]\na1\na2\nscontrol: show nosuch\nscontrol: foo bar\nscontrol: !!\n\
                    scontrol: version\nslurm-wlm 22.05.8\nscontrol: quit\n";
    assert_eq!(out, expected);
    assert_eq!(err, "invalid entity:nosuch for keyword:show \ninvalid keyword: foo\ninvalid keyword: foo\n");
    let id = submit(&ward, &["-H", "--wrap", "true"]);
    let (code, out, _) =
        typed("scontrol", &format!("update jobid={id} comment=\"a b c\" nice=20\noneliner\nshow job {id}\n"));
    assert_eq!(code, 0);
    assert!(out.contains(" Comment=\"a b c\" ") && out.contains(" Nice=20 "), "{out}");
    assert!(out.ends_with("\nscontrol: \n"), "{out}");
    assert_eq!(typed("sacctmgr", "version\nquit\n").1, "sacctmgr: version\nslurm-wlm 22.05.8\nsacctmgr: quit\n");
}

#[test]
fn what_may_be_changed() {
    let mut ward = ward();
    let before = submit(&ward, &["-H", "--wrap", "true"]);
    let id = submit(&ward, &["-H", "-t", "30", "--wrap", "true"]);
    let (depends, shown_so) =
        (format!("Dependency=afterok:{before}"), format!("Dependency=afterok:{before}(unfulfilled)"));
    for change in [
        "TimeLimit=20",
        "TimeLimit=-5",
        "TimeMin=3",
        "JobName=other",
        "Nice=10",
        "NumTasks=2",
        "MinMemoryNode=150",
        "Requeue=0",
        depends.as_str(),
        "StartTime=now+1day",
        "Deadline=now+3days",
        "MailType=END,FAIL",
        "MailUser=a@b",
        "StdOut=elsewhere.out",
        "Comment=two",
    ] {
        let (code, _, complaint) = ask(&ward, &format!("scontrol update JobId={id} {change}"));
        assert_eq!(code, 0, "{change}: {complaint}");
    }
    let expected = [
        "JobName=other",
        "Nice=10",
        "TimeLimit=00:15:00 TimeMin=00:03:00",
        "NumCPUs=2 NumTasks=2",
        "MinMemoryNode=150M",
        "Requeue=0",
        shown_so.as_str(),
        "/elsewhere.out",
        "MailUser=a@b MailType=END,FAIL",
        "Comment=two ",
    ];
    let check = |ward: &Ward| {
        let shown = said(ward, &format!("scontrol show job {id}"));
        expected.iter().for_each(|part| assert!(shown.contains(part), "{part}: {shown}"));
    };
    check(&ward);
    // All of it is on disk.
    let (_, launcher, _) = ward.status().unwrap();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(ward.status().unwrap().0), nix::sys::signal::Signal::SIGKILL)
        .unwrap();
    ward.wait_gone(launcher);
    ward.start();
    check(&ward);
    for (change, code, complaint) in [
        ("Bogus=1", 1, "Update of this parameter is not supported: Bogus=1\nRequest aborted\n"),
        ("TimeLimit=foo", 1, "scontrol: error: Invalid TimeLimit value\n"),
        ("TimeLimit", 1, "Invalid input: TimeLimit\nRequest aborted\n"),
        ("", 1, "No changes specified\n"),
    ] {
        let (got, _, told) = ask(&ward, &format!("scontrol update jobid={id} {change}"));
        assert_eq!((got, told.as_str()), (code, complaint), "{change}");
    }
    let (code, _, told) = ask(&ward, "scontrol update jobid=9999 TimeLimit=5");
    assert_eq!((code, told.as_str()), (1, "Invalid job id specified for job 9999\n"));
}

#[test]
fn operators_steer_the_machine() {
    let ward = ward();
    said(&ward, "scontrol update partition=debug state=down");
    assert!(said(&ward, "sinfo -h").contains(" down "));
    let id = submit(&ward, &["--wrap", "true"]);
    assert_eq!(said(&ward, &format!("squeue -h -j {id} -o %r")), "PartitionDown\n");
    said(&ward, "scontrol update partition=debug state=up");
    until("it ran", || said(&ward, "squeue -h").is_empty());
    said(&ward, "scontrol update nodename=vm state=drain reason=first");
    said(&ward, "scontrol update nodename=vm reason=second");
    assert!(said(&ward, "sinfo -h -R").starts_with("second"));
    said(&ward, "scontrol update nodename=vm state=resume");
    let made = said(&ward, "scontrol create reservation starttime=now+1hour duration=10 nodes=vm users=root");
    let name = made.trim().rsplit(' ').next().unwrap();
    assert_eq!(
        said(&ward, &format!("scontrol update reservation={name} duration=20 users+=daemon")),
        "Reservation updated.\n"
    );
    let shown = said(&ward, "scontrol show reservation");
    assert!(shown.contains("Duration=00:20:00") && shown.contains("Users=root,daemon"), "{shown}");
    said(&ward, &format!("scontrol delete reservation={name}"));
    let (code, _, told) = ask(&ward, "scontrol reconfigure");
    assert!(code == 1 && told.starts_with("slurm_reconfigure error: "), "{told}");
}

#[test]
fn top_goes_first_among_ones_own() {
    let ward = ward();
    submit(&ward, &["-n2", "--wrap", "sleep 100"]);
    let ids: Vec<String> = (0..3).map(|_| submit(&ward, &["-n2", "--wrap", "true"])).collect();
    said(&ward, &format!("scontrol top {}", ids[2]));
    let order = said(&ward, "squeue -h -t PD -S -p -o %i");
    assert_eq!(order, format!("{}\n{}\n{}\n", ids[2], ids[0], ids[1]));
}
