//! `sinfo`.

use dialect::sinfo;
use model::{NodePower, NodeRow, PartitionRow, Span, TimeLimit, Uid};

use crate::control::{node, partition};
use crate::facts;
use crate::rows::{at, clock};

fn show(command: &str, partitions: &[PartitionRow], nodes: &[NodeRow], now: &str) -> String {
    let options = sinfo::parse(&facts::args(command), &[]).unwrap();
    let mut out = Vec::new();
    sinfo::print(&options, partitions, nodes, &clock(now), &mut out);
    String::from_utf8(out).unwrap()
}

fn check(file: &str, command: &str, node: &NodeRow, now: &str) {
    let shown = show(command, &[partition()], std::slice::from_ref(node), now);
    assert_eq!(shown, facts::case(file, command, 0).stdout, "{command}");
}

#[test]
fn captured() {
    let busy = NodeRow { cpus_allocated: 1, ..node() };
    check("simple", "sinfo", &busy, "11:14:54");
    check("simple", "sinfo -N -l", &busy, "11:14:54");
    check("nopart", "sinfo -p nosuch", &busy, "11:14:54");
    for command in ["sinfo -o '%P %a %l %D %T %N %c %m %G'", "sinfo -h -o %T", "sinfo -s"] {
        check("simple", command, &node(), "11:15:11");
    }
    let version = facts::case("simple", "sinfo --version", 0);
    assert_eq!(sinfo::parse(&facts::args("sinfo --version"), &[]).unwrap_err().stdout, version.stdout);
}

/// As Slurm marks what its power saving did.
#[test]
fn machines_that_are_switched() {
    let powers = [
        (NodePower::On, "idle idle IDLE"),
        (NodePower::Off, "idle~ idle~ IDLE+POWERED_DOWN"),
        (NodePower::Booting, "idle# idle# IDLE+POWERING_UP"),
        (NodePower::GoingOff, "idle% idle% IDLE+POWERING_DOWN"),
        (NodePower::Failed { reason: "dead".into(), since: at("11:00:00") }, "down down DOWN"),
    ];
    for (power, expected) in powers {
        let node = NodeRow { power, ..node() };
        let shown = show("sinfo -h -o '%T %t'", &[partition()], std::slice::from_ref(&node), "11:14:54");
        assert_eq!(format!("{} {}", shown.trim(), dialect::scontrol::state_text(&node)), expected);
    }
}

#[test]
fn several_machines() {
    let named = |name: &str, cpus_allocated| NodeRow { name: name.into(), cpus_allocated, ..node() };
    let drained = Some(("disk fails".to_owned(), Uid(0), at("11:00:00")));
    let nodes = [
        named("n1", 0),
        named("n2", 2),
        named("n3", 0),
        NodeRow { drained: drained.clone(), ..named("n4", 0) },
        NodeRow { drained, ..named("n5", 1) },
        NodeRow { up: false, ..named("n6", 0) },
    ];
    let names: Vec<String> = nodes.iter().map(|node| node.name.clone()).collect();
    let all = PartitionRow { nodes: names, ..partition() };
    let short = PartitionRow {
        name: "short".into(),
        default: false,
        up: false,
        max_time: TimeLimit::Span(Span::minutes(30)),
        nodes: vec!["n1".into(), "n2".into()],
        ..partition()
    };
    let empty = PartitionRow { name: "empty".into(), default: false, nodes: vec![], ..partition() };
    let partitions = [all, short, empty];
    let mut text = String::new();
    for command in [
        "sinfo",
        "sinfo -s",
        "sinfo -R",
        "sinfo -N",
        "sinfo -l -p short",
        "sinfo -h -o '%D %C' ",
        "sinfo -h -p debug -o '%P %t %n'",
        "sinfo -t drain,down -h",
        "sinfo -n n[1-2] -h -p debug",
        "sinfo -d -h",
        "sinfo -h -O partition:10,nodelist:.12,statelong -t idle",
        "sinfo -h -o '%q|%T' -t idle -p short",
    ] {
        text.push_str(&format!("$ {command}\n{}", show(command, &partitions, &nodes, "11:15:11")));
    }
    insta::assert_snapshot!(text);
}

#[test]
fn refusals() {
    let case = facts::case("badopt", "sinfo --bogus", 0);
    let refusal = sinfo::parse(&facts::args(&case.command), &[]).unwrap_err();
    assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit));
    assert_eq!(sinfo::parse(&facts::args("sinfo -t bogus"), &[]).unwrap_err().exit, 1);
}
