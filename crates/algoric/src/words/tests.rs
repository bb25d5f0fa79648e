//! Both languages say the same things, and everything that the code asks for.
#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use api::RefusalCode;
use model::{JobState, Reason};

use super::*;

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Key to the gaps that its text has, both read off the text itself.
fn keys(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    let mut current = String::new();
    let files = fs::read_dir(here().join("i18n").join(language)).unwrap();
    let own = files.map(|file| fs::read_to_string(file.unwrap().path()).unwrap());
    for text in own.chain(portal::phrases::texts(language).iter().map(|text| (*text).to_owned())) {
        assert_eq!(language::faults(&text), Vec::<String>::new(), "{language}");
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some((key, _)) = line.split_once(" =").filter(|_| !line.starts_with([' ', '}'])) {
                current = key.to_owned();
                assert!(found.insert(current.clone(), BTreeSet::new()).is_none(), "{language}: {key} stands twice");
            }
            for gap in line.split('$').skip(1) {
                let name: String = gap.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                found.get_mut(&current).unwrap().insert(name);
            }
        }
    }
    found
}

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && path != here().join("src/words/tests.rs")
        {
            into.push(path);
        }
    }
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_gaps() {
    assert_eq!(keys("en"), keys("fr"));
}

#[test]
fn every_text_that_the_code_asks_for_exists() {
    let known = keys("en");
    let mut files = Vec::new();
    sources(&here().join("src"), &mut files);
    let mut asked = 0;
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in
            [".say(\"", ".with(\"", " say(\"", "[text(\"", " text(\"", "[number(\"", " number(\"", "Fault::new(\""]
        {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                asked += 1;
                assert!(known.contains_key(key), "{} asks for {key}", file.display());
            }
        }
    }
    assert!(asked > 50, "only {asked} texts are asked for: has the way of asking changed?");
}

#[test]
fn every_reason_state_and_refusal_has_its_text() {
    let known = keys("en");
    let reasons = Reason::ALL.iter().map(|reason| format!("why-{}", kebab(&format!("{reason:?}"))));
    let states = JobState::ALL.iter().map(|state| format!("state-{}", kebab(&format!("{state:?}"))));
    let codes = [
        RefusalCode::InvalidPartition,
        RefusalCode::InvalidAccount,
        RefusalCode::InvalidQos,
        RefusalCode::InvalidJobId,
        RefusalCode::AccessDenied,
        RefusalCode::LogInFirst,
        RefusalCode::NodeConfigUnavailable,
        RefusalCode::MemoryUnavailable,
        RefusalCode::DependencyProblem,
        RefusalCode::AlreadyDone,
        RefusalCode::JobFinished,
        RefusalCode::JobPending,
        RefusalCode::JobNotRunning,
        RefusalCode::ArrayTooLarge,
        RefusalCode::TooManyJobs,
        RefusalCode::TooManyOfUser,
        RefusalCode::InvalidReservation,
        RefusalCode::InvalidFeature,
        RefusalCode::InvalidNode,
        RefusalCode::InvalidGres,
        RefusalCode::InvalidLicense,
        RefusalCode::InvalidNice,
        RefusalCode::InvalidTimeLimit,
        RefusalCode::InvalidTime,
        RefusalCode::ScriptTooLarge,
        RefusalCode::EnvironmentTooLarge,
        RefusalCode::Disabled,
        RefusalCode::StepTooBig,
        RefusalCode::StepBusy,
        RefusalCode::StorageFailed,
        RefusalCode::ShuttingDown,
        RefusalCode::WrongVersion,
        RefusalCode::Other,
    ];
    let refusals = codes.iter().map(|code| format!("refused-{}", kebab(&format!("{code:?}"))));
    for key in reasons.chain(states).chain(refusals) {
        assert!(known.contains_key(&key), "no text {key}");
    }
}

#[test]
fn amounts_are_shown_as_people_write_them() {
    let zone = TimeZone::fixed(jiff::tz::offset(1));
    let english = Words::new(Language::English, zone.clone());
    let french = Words::new(Language::French, zone);
    for (span, text) in [
        (300, "0.3 s"),
        (12_000, "12 s"),
        (303_000, "5 min 03 s"),
        (7_500_000, "2 h 05 min"),
        (273_600_000, "3 d 04 h"),
    ] {
        assert_eq!(english.span(Span(span)), text);
    }
    assert_eq!(french.span(Span(300)), "0,3 s");
    assert_eq!(french.memory(1536), "1,5 Gio");
    assert_eq!(english.memory(512), "512 MiB");
    assert_eq!(english.time(Time(0)), "1970-01-01 01:00:00");
    assert_eq!(french.list(&[3, 4, 7]), "3, 4 et 7");
    assert_eq!(french.list(&[3]), "3");
    assert_eq!(kebab("JobHeldUser"), "job-held-user");
}
