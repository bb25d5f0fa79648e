//! `examples/structures`: all of CalculiX's verification decks as one job array, as a member would submit them.
//!
//! `ALGORIC_DECKS` is their folder; `cargo xtask test` unpacks it. Without it nothing is run, and that is said.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::ward::{Ward, outcome};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/structures");

/// In percent: what may count as the same on another processor, whose rounding differs in the last digits.
const BORDER: f64 = 0.2;

#[test]
fn every_deck_ends_and_is_compared() {
    let Some(decks) = decks() else { return };
    let mut ward = Ward::new("");
    ward.start();
    let mut sbatch = ward.command("sbatch");
    let (code, job, complaint) = outcome(sbatch.args(["--parsable", "--wait"]).arg(example("submit.sh")).arg(&decks));
    // The highest of all tasks: of those that the solver refuses.
    assert_eq!(code, 201, "{complaint}");
    let job = job.trim();
    accounts(&ward, job, names(&decks).len());
    let (code, found, complaint) = outcome(script(&ward, "compare.sh").arg(job).arg(&decks).arg("results"));
    assert_eq!(code, 0, "{complaint}");
    assert_eq!(found.lines().count(), names(&decks).len());
    let known = fs::read_to_string(example("differences.tsv")).unwrap();
    assert_eq!(differences(&found), differences(&known), "what is found, and what is known");
}

fn example(name: &str) -> PathBuf {
    Path::new(EXAMPLE).join(name)
}

/// A script that finds the centre's commands in its `PATH`, as a member's does.
fn script(ward: &Ward, name: &str) -> Command {
    let usual = env::var_os("PATH").unwrap();
    let path = env::join_paths([ward.path("bin")].into_iter().chain(env::split_paths(&usual))).unwrap();
    let mut script = Command::new(example(name));
    script.env("PATH", path).env("ALGORIC_DATA", ward.data()).current_dir(ward.path("out"));
    script
}

/// Where the decks are. Who gives a folder means it: then the solver must be there too.
fn decks() -> Option<PathBuf> {
    let Some(decks) = env::var_os("ALGORIC_DECKS") else {
        eprintln!("NOT RUN: CalculiX's decks; ALGORIC_DECKS is not set, `cargo xtask test` sets it");
        return None;
    };
    let solver = env::split_paths(&env::var_os("PATH").unwrap()).any(|folder| folder.join("ccx").is_file());
    assert!(solver, "ALGORIC_DECKS is set, but there is no ccx: install calculix-ccx");
    Some(decks.into())
}

/// The decks' names in alphabetical order.
fn names(decks: &Path) -> Vec<String> {
    let files = fs::read_dir(decks).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = files.filter_map(|name| name.strip_suffix(".inp").map(String::from)).collect();
    names.sort_unstable();
    names
}

/// Every deck has ended by itself, and what it used is known.
fn accounts(ward: &Ward, job: &str, decks: usize) {
    let ask = |options: &[&str]| {
        let (code, rows, complaint) = outcome(ward.command("sacct").args(["-n", "-P", "-j", job]).args(options));
        assert_eq!((code, complaint.as_str()), (0, ""));
        rows.lines().map(|row| row.split('|').map(String::from).collect()).collect::<Vec<Vec<String>>>()
    };
    let tasks = ask(&["-X", "-o", "JobID,State,ExitCode"]);
    assert_eq!(tasks.len(), decks);
    for task in &tasks {
        let (state, code) = (task[1].as_str(), task[2].as_str());
        // Ended by itself: with success, with an exit code, or by its own fault.
        assert!(matches!((state, code), ("COMPLETED", "0:0") | ("FAILED", "201:0" | "0:6" | "0:11")), "{task:?}");
    }
    let steps = ask(&["-o", "JobID,TotalCPU,MaxRSS"]);
    let steps: Vec<_> = steps.iter().filter(|row| row[0].ends_with(".batch")).collect();
    assert_eq!(steps.len(), decks);
    for step in &steps {
        assert!(step[1].starts_with(|first: char| first.is_ascii_digit()), "no CPU time: {step:?}");
        assert!(step[2].starts_with(|first: char| first.is_ascii_digit()), "no memory: {step:?}");
    }
    // Radiation in a closed ring takes the most memory of all.
    let most = steps.iter().map(|step| kib(&step[2])).max();
    assert!(most.is_some_and(|most| (100 << 10..1 << 20).contains(&most)), "{most:?} KiB");
}

/// `228704K`, `11M` in KiB.
fn kib(size: &str) -> u64 {
    let (number, unit) = size.split_at(size.len() - 1);
    let factor = BTreeMap::from([("K", 1.0), ("M", 1024.0), ("G", 1_048_576.0)]);
    factor.get(unit).map_or(0, |factor| (number.parse::<f64>().unwrap() * factor) as u64)
}

/// Decks that do not agree, with the verdict. The detail is for people; but what is hardly a deviation is none.
fn differences(text: &str) -> Vec<(String, String)> {
    let rows = text.lines().filter(|line| !line.starts_with('#')).map(|line| line.split('\t').collect::<Vec<_>>());
    let rows = rows.filter(|row| row[1] != "agrees").filter(|row| row[1] != "deviates" || percent(row[2]) > BORDER);
    rows.map(|row| (row[0].to_owned(), row[1].to_owned())).collect()
}

/// `dat: 0.12 %`
fn percent(detail: &str) -> f64 {
    detail.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn hardly_a_deviation_is_none() {
    let check = |line: &str, expected: usize| assert_eq!(differences(line).len(), expected, "{line}");
    check("# deck\tdeviates\tdat: 9 %", 0);
    check("acou1\tagrees\t", 0);
    check("acou1\tdeviates\tdat: 0.1 %", 0);
    check("beamt6\tdeviates\tdat: 8.7e+02 %", 1);
    check("b31\tlines\tfrd: 235, not 186", 1);
}
