//! What machines' shells read.

use site::shell::{Order, Parts, quoted, reasons, text};
use site::{SCRIPTS, Work, plan};

use crate::{first, secrets};

#[test]
fn each_script_has_what_its_work_needs() {
    for work in Work::ALL {
        let name = format!("{}.sh", work.name());
        let (_, script) = SCRIPTS.iter().find(|(known, _)| *known == name).unwrap();
        let has = |function: &str| script.lines().any(|line| line.starts_with(&format!("{function}() {{")));
        assert!(has("check"), "{name}");
        assert_eq!(has("act"), !work.is_gate(), "{name}");
        assert_eq!(has("undo"), !work.is_gate(), "{name}");
        assert_eq!(has("give"), work.is_given(), "{name}");
        assert_eq!(has("release"), work.is_released(), "{name}");
    }
}

#[test]
fn a_text_does_nothing_unless_it_is_whole() {
    let plan = plan(&first(), &secrets()).unwrap();
    let step = plan.stages.iter().flatten().find(|step| step.id == "file:munge.key@neh1").unwrap();
    let parts = Parts { shared: "# shared", script: "check() { :; }", content: Some("it's"), given: None, now_s: 7 };
    let shown = text(step, Order::Act, parts);
    insta::assert_snapshot!(shown, @r"
    NOW=7
    MODE='400'
    OWNER='munge'
    TO='/etc/munge/munge.key'
    content() { printf %s 'it'\''s'; }
    # shared
    check() { :; }
    alone && { act; check; }
    ");
    // Only functions and variables before the last line: a connection that breaks has called nothing.
    for (name, script) in SCRIPTS {
        let loose = script.lines().filter(|line| !line.starts_with([' ', '#', '}']) && !line.is_empty());
        for line in loose {
            let is_function = line.contains("() {") || line.contains("() (");
            let is_variable =
                line.split_once('=').is_some_and(|(name, _)| name.chars().all(|c| c.is_ascii_uppercase()));
            let is_setting = ["umask 022", "eval \"$(content)\"", "grant all on"].iter().any(|it| line.starts_with(it));
            assert!(is_function || is_variable || is_setting, "{name}: {line}");
        }
    }
}

#[test]
fn words_are_quoted_and_reasons_are_read() {
    assert_eq!(quoted("a b'c\n$d"), "'a b'\\''c\n$d'");
    let said = reasons("noise\n!clock-off 312\n!no-apt\n");
    let said: Vec<(&str, &str)> = said.iter().map(|it| (it.word.as_str(), it.value.as_str())).collect();
    assert_eq!(said, [("clock-off", "312"), ("no-apt", "")]);
}
