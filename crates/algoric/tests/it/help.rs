//! The help texts: what a newcomer reads first.

use crate::program::Call;

fn help(args: &[&str]) -> String {
    let empty = tempfile::tempdir().unwrap();
    let said = Call::new("algoric", empty.path()).args(args).run();
    assert_eq!(said.code, 0, "{}", said.stderr);
    said.stdout
}

#[test]
fn the_front_page() {
    insta::assert_snapshot!(help(&["--help"]));
}

#[test]
fn every_command() {
    let front = help(&["-h"]);
    let commands: Vec<&str> = front
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter_map(|line| line.strip_prefix("  ")?.split(' ').next().filter(|word| !word.is_empty()))
        .collect();
    assert!(commands.len() > 15, "{commands:?}");
    let pages: Vec<String> =
        commands.iter().map(|command| format!("# {command}\n{}", help(&[command, "--help"]))).collect();
    insta::assert_snapshot!(pages.join("\n"));
}
