//! What a park becomes.

use std::collections::BTreeSet;

use site::slurm::{self, Known};
use site::{Identity, Park, PlanError, Work, plan};

use crate::{FIRST, first, secrets};

fn file(name: &str) -> String {
    let plan = plan(&first(), &secrets()).unwrap();
    plan.files.into_iter().find(|file| file.name == name).unwrap().text
}

#[test]
fn the_configuration_of_the_first_park() {
    insta::assert_snapshot!("slurm.conf", file("slurm.conf"));
    insta::assert_snapshot!(
        "others",
        [
            "slurmdbd.conf",
            "gres.conf",
            "cgroup-v1.conf",
            "cgroup-v2.conf",
            "hosts",
            "mariadb.cnf",
            "accounting.sh",
            "algoric-power-off",
        ]
        .map(|name| format!("== {name}\n{}", file(name)))
        .concat()
    );
}

#[test]
fn the_steps_and_notes_of_the_first_park() {
    let plan = plan(&first(), &secrets()).unwrap();
    let ids = |steps: &Vec<site::Step>| steps.iter().map(|step| step.id.as_str()).collect::<Vec<_>>().join(" ");
    let stages: Vec<String> = plan.stages.iter().map(ids).collect();
    let notes: Vec<String> =
        plan.notes.iter().map(|note| format!("{} {:?} {}", note.word, note.machines, note.value)).collect();
    insta::assert_snapshot!("steps", format!("{}\n\n{}\n", stages.join("\n"), notes.join("\n")));
}

#[test]
fn a_plan_is_sound() {
    let park = first();
    let made = plan(&park, &secrets()).unwrap();
    assert_eq!(made, plan(&park, &secrets()).unwrap(), "the same park gives the same plan");
    let mut ids = BTreeSet::new();
    for step in made.stages.iter().flatten() {
        assert!(ids.insert(&step.id), "{} comes twice", step.id);
        assert!(made.targets.iter().any(|target| target.name == step.machine));
        assert!(step.file.iter().all(|name| made.files.iter().any(|file| file.name == *name)), "{}", step.id);
        assert_eq!(step.set.contains_key("TO"), step.work == Work::File);
        // Who reads plan.json, or PLAN.md, learns no secret.
        assert!(step.set.values().all(|value| !value.contains("sesame") && !value.contains("keykey")));
    }
    for steps in &made.stages {
        let machines: BTreeSet<&str> = steps.iter().map(|step| step.machine.as_str()).collect();
        assert_eq!(machines.len(), steps.len(), "the steps of a stage are of different machines");
    }
    for file in &made.files {
        let tells = file.text.contains("sesame") || file.text.contains("keykey");
        assert_eq!(tells, file.secret, "{}", file.name);
    }
    assert!(!format!("{:?}", secrets()).contains("sesame"));
}

#[test]
fn what_cannot_be_planned_is_said() {
    let unmeasured = Park::parse(FIRST).unwrap();
    let names = ["head", "smp1", "neh1", "neh2"].map(str::to_owned).to_vec();
    assert_eq!(plan(&unmeasured, &secrets()).unwrap_err(), PlanError::NotMeasured(names));
    let mut old = first();
    old.measured.get_mut("neh1").unwrap().slurm = Some("20.11.4-1".to_owned());
    let (machine, version) = ("neh1".to_owned(), "20.11.4-1".to_owned());
    assert_eq!(plan(&old, &secrets()).unwrap_err(), PlanError::TooOld { machine, version });
}

#[test]
fn versions_are_tried_or_not() {
    for (version, expected) in [
        ("22.05.8-4+deb12u3", Known::Tried),
        ("22.05.9-1", Known::Untried),
        ("24.11.5-4", Known::Untried),
        ("20.11.4+really20.11.4-2", Known::TooOld),
        ("nonsense", Known::TooOld),
    ] {
        assert_eq!(slurm::known(version), expected, "{version}");
    }
}

/// The numbers that the plan gives to `munge`, with what three machines have: number of munge, numbers that are taken.
fn munge(machines: [(Option<u32>, &[u32]); 3]) -> Identity {
    let mut park = first();
    park.measured.get_mut("head").unwrap().munge = None;
    for (name, (has, ids)) in ["smp1", "neh1", "neh2"].into_iter().zip(machines) {
        let measured = park.measured.get_mut(name).unwrap();
        measured.munge = has.map(|id| Identity { uid: id, gid: id });
        measured.ids = ids.iter().copied().chain(has).collect();
    }
    park.measured.get_mut("head").unwrap().ids.clear();
    let plan = plan(&park, &secrets()).unwrap();
    let step = plan.stages.iter().flatten().find(|step| step.id == "identity:munge@head").unwrap();
    Identity { uid: step.set["WANT_UID"].parse().unwrap(), gid: step.set["WANT_GID"].parse().unwrap() }
}

#[test]
fn numbers_are_those_of_most_machines_that_are_free_on_the_others() {
    let check = |machines, id| assert_eq!(munge(machines), Identity { uid: id, gid: id });
    check([(Some(103), &[]), (Some(103), &[]), (Some(104), &[])], 103);
    check([(Some(103), &[]), (Some(103), &[]), (Some(104), &[103])], 104);
    check([(None, &[]), (None, &[]), (Some(104), &[])], 104);
    check([(None, &[999]), (None, &[998]), (None, &[])], 997);
    check([(Some(103), &[104]), (Some(104), &[103]), (None, &[])], 999);
}
