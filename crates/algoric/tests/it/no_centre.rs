//! Without a centre every command ends within a second, in Slurm's words (captured with the controller down).

use std::time::{Duration, Instant};

use crate::program::Call;

const CTLDDOWN: &str = "
$ squeue
2> slurm_load_jobs error: Unable to contact slurm controller (connect failure)
[exit 1]
$ sinfo
2> slurm_load_partitions: Unable to contact slurm controller (connect failure)
[exit 1]
$ sbatch --wrap true
2> sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)
[exit 1]
$ scontrol ping
Slurmctld(primary) at HOST is DOWN
[exit 1]
$ scontrol show job
2> slurm_load_jobs error: Unable to contact slurm controller (connect failure)
[exit 1]
$ scancel 1
2> scancel: error: Kill job error on job id 1: Unable to contact slurm controller (connect failure)
[exit 8]
";

fn check(command_line: &str, expected: &str) {
    let empty = tempfile::tempdir().unwrap();
    let mut words = command_line.split(' ');
    let begun = Instant::now();
    let said = Call::new(words.next().unwrap(), empty.path()).args(words).run();
    let took = begun.elapsed();
    let host = nix::unistd::gethostname().unwrap().into_string().unwrap();
    let host = host.split('.').next().unwrap().to_owned();
    assert_eq!(said.captured().replace(&format!("at {host} is"), "at HOST is"), expected, "{command_line}");
    assert!(took < Duration::from_secs(1), "{command_line} took {took:?}");
}

#[test]
fn as_captured() {
    for example in CTLDDOWN.split("$ ").skip(1) {
        let (command_line, expected) = example.split_once('\n').unwrap();
        check(command_line, expected);
    }
}

#[test]
fn the_others_too() {
    let contact = "Unable to contact slurm controller (connect failure)";
    check("sacct", &format!("2> sacct: error: Problem talking to the database: {contact}\n[exit 1]\n"));
    check("srun true", &format!("2> srun: error: Unable to allocate resources: {contact}\n[exit 1]\n"));
    check("salloc true", &format!("2> salloc: error: Job submit/allocate failed: {contact}\n[exit 1]\n"));
}

#[test]
fn steps_say_it_too() {
    let empty = tempfile::tempdir().unwrap();
    let said = Call::new("srun", empty.path()).args(["true"]).env("SLURM_JOB_ID", "7").run();
    let contact = "Unable to contact slurm controller (connect failure)";
    let expected = format!("2> srun: error: Unable to create step for job 7: {contact}\n[exit 1]\n");
    assert_eq!(said.captured(), expected);
}

#[test]
fn our_own_commands_say_what_to_do() {
    let empty = tempfile::tempdir().unwrap();
    for command in ["status", "stop", "why 1", "history 1", "project list", "drain --reason x", "resume"] {
        let said = Call::new("algoric", empty.path()).args(command.split(' ')).run();
        assert_eq!(said.code, 3, "{command}: {}", said.stderr);
        assert!(said.stderr.contains("algoric up"), "{command}: {}", said.stderr);
        assert_eq!(said.stdout, "", "{command}");
    }
    let french = Call::new("algoric", empty.path()).args(["status"]).env("LC_ALL", "fr_FR.UTF-8").run();
    assert!(french.stderr.starts_with("algoric: aucun centre ne répond"), "{}", french.stderr);
}

#[test]
fn a_dead_centre_is_no_centre() {
    let data = tempfile::tempdir().unwrap();
    let run = data.path().join("run");
    std::fs::create_dir(&run).unwrap();
    // What a killed centre leaves behind: a socket that nobody listens at.
    drop(std::os::unix::net::UnixListener::bind(run.join("centre.sock")).unwrap());
    let begun = Instant::now();
    let said = Call::new("squeue", data.path()).run();
    assert_eq!(said.code, 1);
    assert!(begun.elapsed() < Duration::from_secs(1));
}

/// A centre that dies after it has read the submission.
#[test]
fn a_submission_without_an_answer_is_not_called_refused() {
    let data = tempfile::tempdir().unwrap();
    let run = data.path().join("run");
    std::fs::create_dir(&run).unwrap();
    let listener = std::os::unix::net::UnixListener::bind(run.join("centre.sock")).unwrap();
    let centre = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::Read::read(&mut stream, &mut [0; 4096]).unwrap();
    });
    let said = Call::new("sbatch", data.path()).args(["--wrap", "true"]).run();
    centre.join().unwrap();
    assert_eq!((said.stdout.as_str(), said.code), ("", 1));
    assert!(said.stderr.contains("may or may not have been accepted"), "{}", said.stderr);
    assert!(said.stderr.contains("squeue --me"), "{}", said.stderr);
}
