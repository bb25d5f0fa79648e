//! `algoric commands DIR`, `kernel`, and command lines that make no sense.

use std::{fs, os::unix::fs::symlink, path::Path};

use crate::program::Call;

const COMMANDS: [&str; 17] = [
    "sacct", "sacctmgr", "salloc", "sattach", "sbatch", "sbcast", "scancel", "scontrol", "sdiag", "seff", "sinfo",
    "sprio", "squeue", "srun", "sshare", "sstat", "strigger",
];

fn names(directory: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn commands(home: &Path) -> crate::program::Said {
    Call::new("algoric", home).args(["commands", "bin"]).run()
}

#[test]
fn links_to_this_very_program() {
    let home = tempfile::tempdir().unwrap();
    let said = commands(home.path());
    assert_eq!(said.code, 0, "{}", said.stderr);
    let bin = home.path().join("bin");
    assert_eq!(names(&bin), COMMANDS);
    let program = fs::canonicalize(env!("CARGO_BIN_EXE_algoric")).unwrap();
    for command in COMMANDS {
        assert_eq!(fs::canonicalize(bin.join(command)).unwrap(), program);
    }
    let output = std::process::Command::new(bin.join("sbatch")).arg("--version").output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "slurm-wlm 22.05.8\n");
    assert_eq!(commands(home.path()).code, 0, "a second time does no harm");
}

#[test]
fn links_of_an_older_place_are_renewed_and_files_of_others_stay() {
    let home = tempfile::tempdir().unwrap();
    let bin = home.path().join("bin");
    fs::create_dir(&bin).unwrap();
    symlink("/somewhere/else/algoric", bin.join("squeue")).unwrap();
    assert_eq!(commands(home.path()).code, 0);
    assert_ne!(fs::read_link(bin.join("squeue")).unwrap(), Path::new("/somewhere/else/algoric"));
    for name in COMMANDS {
        fs::remove_file(bin.join(name)).unwrap();
    }
    fs::write(bin.join("srun"), "somebody else's").unwrap();
    let said = commands(home.path());
    assert_eq!(said.code, 1);
    assert!(said.stderr.contains("srun"), "{}", said.stderr);
    assert_eq!(names(&bin), ["srun"], "nothing is half done");
    assert_eq!(fs::read_to_string(bin.join("srun")).unwrap(), "somebody else's");
}

#[test]
fn a_flood_and_its_map() {
    let home = tempfile::tempdir().unwrap();
    for rain in ["20", "60"] {
        let flood = ["kernel", "flood", "--size", "60", "40", "--hours", "0.2", "--rain", rain, "--out", rain];
        let said = Call::new("algoric", home.path()).args(flood).run();
        assert_eq!(said.code, 0, "{}", said.stderr);
    }
    let said = Call::new("algoric", home.path()).args(["kernel", "flood-map", "20", "60", "--out", "map.png"]).run();
    assert_eq!(said.code, 0, "{}", said.stderr);
    assert!(fs::read(home.path().join("map.png")).unwrap().starts_with(b"\x89PNG"));
    assert_eq!(names(home.path()), ["20.asc", "20.txt", "60.asc", "60.txt", "map.png"]);
}

#[test]
fn faults_are_said_with_their_place() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("bad.asc"), "ncols x\n").unwrap();
    for (args, code, part) in [
        (vec!["kernel", "flood", "--dem", "bad.asc"], 1, "line 1"),
        (vec!["kernel", "flood", "--dem", "none.asc"], 1, "none.asc"),
        (vec!["kernel", "flood-map", "none"], 1, "none.txt"),
        (vec!["kernel", "flood", "--rain", "-5"], 1, "-5"),
        (vec!["why", "x"], 3, "no centre"),
        (vec!["nonsense"], 2, "nonsense"),
        (vec!["project", "add"], 2, "NAME"),
        (vec!["check", "bad.asc"], 1, "bad.asc"),
        (vec!["backup", "copy.db"], 1, "algoric.db"),
        (vec!["reservation", "add", "--users", "a", "--start", "nonsense", "--duration", "5"], 3, "no centre"),
    ] {
        let said = Call::new("algoric", home.path()).args(&args).run();
        assert_eq!(said.code, code, "{args:?}: {}", said.stderr);
        assert!(said.stderr.contains(part), "{args:?}: {}", said.stderr);
    }
}
