//! `--mail-type`: letters by a mail server, with the subjects that Slurm gives them (recorded: Slurm 22.05.8).

use std::net::TcpListener;

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    letterbox::serve,
    ward::{Ward, outcome, until},
};

/// Without seconds, which differ.
fn tidy(letter: &str) -> String {
    let mut out = String::new();
    let mut rest = letter;
    while let Some(at) = rest.find("00:0") {
        out.push_str(&rest[..at]);
        out.push_str("TIME");
        rest = &rest[at + 8..];
    }
    out + rest
}

fn config(port: u16) -> String {
    format!("[machine]\nname = \"vm\"\ncpus = 2\n[mail]\nsmtp = \"127.0.0.1:{port}\"\ndomain = \"example.org\"\n")
}

#[test]
fn letters_say_what_happened() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut ward = Ward::new(&config(listener.local_addr().unwrap().port()));
    let letters = serve(listener);
    ward.start();
    let submit = |args: &[&str]| {
        let (code, _, errors) =
            outcome(ward.command("sbatch").args(["-W", "-o", "/dev/null", "--mail-user=bob"]).args(args));
        assert_eq!(errors, "");
        code
    };
    assert_eq!(submit(&["--mail-type=ALL", "-J", "ok", "--wrap", "true"]), 0);
    assert_eq!(submit(&["--mail-type=ALL", "--mail-user=a@x.org,b", "-J", "bad", "--wrap", "exit 3"]), 3);
    submit(&["--mail-type=END", "-J", "unheard", "--wrap", "exit 4"]);
    submit(&["--mail-type=FAIL", "-J", "sig", "--wrap", "kill -9 $$"]);
    submit(&["--mail-type=ALL", "-J", "arr", "-a", "1-2", "--wrap", "exit $((SLURM_ARRAY_TASK_ID - 1))"]);
    submit(&["--mail-type=END,ARRAY_TASKS", "-J", "each", "-a", "7", "--wrap", "true"]);
    let (_, held, _) = outcome(ward.command("sbatch").args(["--parsable", "-H", "--mail-type=END", "--wrap", "true"]));
    outcome(ward.command("scancel").arg(held.trim()));
    let expected = [
        "<bob@example.org> Slurm Job_id=1 Name=ok Began, Queued time TIME",
        "<bob@example.org> Slurm Job_id=1 Name=ok Ended, Run time TIME, COMPLETED, ExitCode 0",
        "<a@x.org>,<b@example.org> Slurm Job_id=2 Name=bad Began, Queued time TIME",
        "<a@x.org>,<b@example.org> Slurm Job_id=2 Name=bad Failed, Run time TIME, FAILED, ExitCode 3",
        "<bob@example.org> Slurm Job_id=4 Name=sig Failed, Run time TIME, FAILED",
        "<bob@example.org> Slurm Array Summary Job_id=5_* (5) Name=arr Began",
        "<bob@example.org> Slurm Array Summary Job_id=5_* (5) Name=arr Failed, Mixed, ExitCode [0-1]",
        "<bob@example.org> Slurm Array Task Job_id=7_7 (7) Name=each Ended, Run time TIME, COMPLETED, ExitCode 0",
    ];
    let cancelled = "Slurm Job_id=8 Name=wrap Ended, Run time TIME, CANCELLED, ExitCode 0";
    let come = || letters.lock().unwrap().iter().map(|letter| tidy(&letter.told())).collect::<Vec<_>>();
    until("all letters have come", || come().len() > expected.len());
    assert_eq!(come()[..expected.len()], expected);
    assert!(come()[expected.len()].ends_with(cancelled), "{:?}", come());
}

#[test]
fn letters_wait_for_their_server_also_over_a_restart() {
    // Nobody listens there yet.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut ward = Ward::new(&config(port));
    ward.start();
    let mut sbatch = ward.command("sbatch");
    sbatch.args(["-W", "-o", "/dev/null", "--mail-user=bob", "--mail-type=END", "-J", "late", "--wrap", "true"]);
    assert_eq!(outcome(&mut sbatch).0, 0);
    let laid_down = || std::fs::read_dir(ward.data().join("db/mail")).is_ok_and(|letters| letters.count() == 1);
    until("the letter lies there", laid_down);
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    let letters = serve(TcpListener::bind(("127.0.0.1", port)).unwrap());
    ward.start();
    until("it has come", || !letters.lock().unwrap().is_empty());
    let expected = "<bob@example.org> Slurm Job_id=1 Name=late Ended, Run time TIME, COMPLETED, ExitCode 0";
    assert_eq!(letters.lock().unwrap().iter().map(|letter| tidy(&letter.told())).collect::<Vec<_>>(), [expected]);
}
