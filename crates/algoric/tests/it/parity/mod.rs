//! The same lines typed with Slurm, once, and with ours, always: `tests/parity/*.txt` are the cases with what Slurm said,
//! `tests/parity/differences.tsv` is where ours says something else, and why. A difference that is not listed fails, and
//! so does a listed one that is gone. `ALGORIC_PARITY=NAME,...` chooses cases and shows listed differences too.

mod case;
mod compare;
mod ours;
mod play;
mod record;
mod room;

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use case::Case;
use compare::{Compare, difference, tidy};
use ours::Ours;

/// Before the reason of a difference that is not there in each run.
const SOMETIMES: &str = "sometimes: ";
/// Before the reason of a difference that is a fault.
const FAULT: &str = "still to mend: ";

/// Cases at once: they mostly wait.
const AT_ONCE: usize = 6;

/// Where the cases are.
fn folder() -> PathBuf {
    let elsewhere = env::var_os("ALGORIC_RECORDINGS").map(PathBuf::from);
    elsewhere.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/parity").into())
}

/// The cases that `ALGORIC_PARITY` names; all, if it names none.
fn chosen() -> Vec<Case> {
    let wanted = env::var("ALGORIC_PARITY").unwrap_or_default();
    let mut cases: Vec<Case> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .map(|path| Case::parse(path.file_stem().unwrap().to_str().unwrap(), &fs::read_to_string(&path).unwrap()))
        .filter(|case| wanted.is_empty() || wanted.split(',').any(|name| name == case.name))
        .collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

/// Reasons by case and line.
fn listed() -> BTreeMap<(String, String), String> {
    let text = fs::read_to_string(folder().join("differences.tsv")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let [case, typed, reason] = line.splitn(3, '\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            ((case.to_owned(), typed.to_owned()), reason.to_owned())
        })
        .collect()
}

#[test]
fn ours_says_what_slurm_said() {
    if let Some(good) = room::enter("parity::ours_says_what_slurm_said") {
        assert!(good, "see above");
        return;
    }
    if !room::is_inside() {
        eprintln!("NOT RUN: parity; only root, where it may mount, can be the user of the recordings");
        return;
    }
    let (cases, known) = (chosen(), listed());
    let ours = Ours::new();
    let (next, found) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let begun = Instant::now();
                    let differences = check(&ours, case, &known);
                    eprintln!("{} {:.1} s", case.name, begun.elapsed().as_secs_f64());
                    found.lock().unwrap().extend(differences);
                }
            });
        }
    });
    let found = found.into_inner().unwrap();
    let mut complaints: Vec<String> = Vec::new();
    for ((case, typed), said) in &found {
        let reason = known.get(&(case.clone(), typed.clone()));
        if reason.is_none() || env::var_os("ALGORIC_PARITY").is_some() {
            complaints.push(format!("{case}: $ {typed}{}\n{said}", reason.map_or("", |_| "   (listed)")));
        }
    }
    for (place, reason) in &known {
        let typed = cases
            .iter()
            .find(|case| case.name == place.0)
            .is_some_and(|case| (0..case.lines.len()).any(|at| case.name_of(at) == place.1));
        let chosen = cases.iter().any(|case| case.name == place.0) || env::var_os("ALGORIC_PARITY").is_none();
        let is_steady = !reason.starts_with(SOMETIMES);
        if chosen && (!typed || (is_steady && !found.contains_key(place))) {
            complaints
                .push(format!("{}: $ {}\n  is listed ({reason}), but there is no such difference\n", place.0, place.1));
        }
    }
    assert!(complaints.is_empty(), "\n{}\n{} complaints", complaints.join("\n"), complaints.len());
}

/// The lines of a case to which ours says something else, and what.
fn check(ours: &Ours, case: &Case, known: &BTreeMap<(String, String), String>) -> Vec<((String, String), String)> {
    let centre = ours.centre(case);
    let mut differences = Vec::new();
    let how = Compare { waits: case.name.ends_with("-waits") };
    for (at, line) in case.lines.iter().enumerate() {
        let place = (case.name.clone(), case.name_of(at));
        let slurm = tidy(&centre.ours(&line.said), &line.typed, how);
        let hear = || difference(&slurm, &tidy(&centre.type_line(&line.typed, &line.said), &line.typed, how));
        let mut differs = hear();
        // What only looks may look again: a file is written, a job is accounted for a moment later.
        let looks = ["squeue", "sacct", "cat", "scontrol show"].iter().any(|start| line.typed.starts_with(start));
        for _ in 0..10 {
            if differs.is_empty() || !looks || known.contains_key(&place) {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
            differs = hear();
        }
        if !differs.is_empty() {
            differences.push((place, differs));
        }
    }
    differences
}

/// The section of `docs/slurm.md` that lists what differs.
pub fn page() -> String {
    let known = listed();
    let mut reasons: [BTreeMap<&str, Vec<String>>; 2] = Default::default();
    for ((case, typed), reason) in &known {
        let reason = reason.trim_start_matches(SOMETIMES);
        let typed = typed.replace('|', "\\|");
        let short =
            if typed.chars().count() > 100 { typed.chars().take(97).collect::<String>() + "..." } else { typed };
        let faults = usize::from(reason.starts_with(FAULT));
        reasons[faults].entry(reason.trim_start_matches(FAULT)).or_default().push(format!("{case}: `` {short} ``"));
    }
    let cases = chosen();
    let lines: usize = cases.iter().map(|case| case.lines.len()).sum();
    let mut page = format!(
        "{} cases with {lines} lines were typed with Slurm {} (`crates/algoric/tests/parity/`), and are typed here with each\n\
         test. {} lines say something else here.\n",
        cases.len(),
        cases.first().map_or("", |case| case.version.as_str()),
        known.len()
    );
    for (title, reasons) in ["On purpose, or a matter of that Slurm's settings", "Still to mend"].iter().zip(&reasons) {
        page.push_str(&format!("\n### {title}\n\n| why | case: line |\n| --- | --- |\n"));
        for (reason, lines) in reasons {
            page.push_str(&format!("| {reason} | {} |\n", lines.join("<br>")));
        }
    }
    page
}
