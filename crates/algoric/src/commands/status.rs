//! `algoric status`: the centre at a glance.

use api::{LoadRow, Reply, Request, StatusReport};
use model::NodePower;

use super::House;
use crate::{
    client::ClientError,
    console, exit,
    show::{self, Column, Noun, number, text},
    words::Words,
};

/// Shows the machine, its load, the queue, and who runs
#[derive(clap::Args)]
pub struct Args {
    /// Print JSON, for programs: at least url, pid, version and ready
    #[arg(long)]
    json: bool,
}

impl Noun for LoadRow {
    const COLUMNS: &'static [Column] =
        &[text("column-user"), number("column-running"), number("column-cpus"), number("column-pending")];

    fn name(&self) -> String {
        self.user.clone()
    }

    fn cells(&self, _words: &Words) -> Vec<String> {
        vec![self.user.clone(), self.running.to_string(), self.cpus.to_string(), self.pending.to_string()]
    }
}

/// Asks, and shows it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    match house.call()?.ask(&Request::Status)? {
        Reply::Status(report) if args.json => show::json(&report)?,
        Reply::Status(report) => console::print(page(&report, &house.words)),
        _ => return Err(ClientError::Unfit.into()),
    }
    Ok(exit::OK)
}

fn page(report: &StatusReport, words: &Words) -> String {
    let node = &report.node;
    let mut lines = vec![
        words.with(
            "status-title",
            &[
                ("name", report.name.as_str().into()),
                ("version", report.version.as_str().into()),
                ("pid", report.pid.to_string().into()),
                ("since", words.time(report.started).into()),
            ],
        ),
        if report.ready {
            words.say("status-ready")
        } else {
            words.with("status-not-ready", &[("why", report.not_ready.as_str().into())])
        },
        words.with("status-data", &[("data", report.data.as_str().into())]),
    ];
    if !report.url.is_empty() {
        lines.push(words.with("status-url", &[("url", report.url.as_str().into())]));
    }
    lines.push(String::new());
    lines.push(machine(report, words));
    if node.simulated {
        lines.push(words.say("status-simulated"));
    }
    if let Some((why, _, since)) = &node.drained {
        let gaps = [("why", why.as_str().into()), ("since", words.time(*since).into())];
        lines.push(words.with("status-drained", &gaps));
    }
    if !report.nodes.is_empty() {
        lines.push(words.with("status-power", &[("nodes", powers(&report.nodes, words).into())]));
    }
    if !report.guarantees.is_empty() {
        lines.push(words.with("status-guarantees", &[("text", report.guarantees.as_str().into())]));
    }
    lines.push(words.with(
        "status-jobs",
        &[
            ("running", report.running.into()),
            ("pending", report.pending.into()),
            ("suspended", report.suspended.into()),
        ],
    ));
    lines.extend(report.budgets.iter().map(|(project, permille)| {
        let percent = words.decimal(*permille as f64 / 10.0);
        words.with("status-budget", &[("project", project.as_str().into()), ("percent", percent.into())])
    }));
    let mut page = lines.join("\n") + "\n";
    if !report.users.is_empty() {
        page.push('\n');
        page.push_str(&show::table(&report.users, words));
    }
    page
}

/// How many machines are on, and which others do what.
fn powers(nodes: &[(String, NodePower)], words: &Words) -> String {
    let on = nodes.iter().filter(|(_, power)| *power == NodePower::On).count();
    let mut parts = vec![words.with("status-power-on", &[("on", on.into()), ("of", nodes.len().into())])];
    let others = |key: &str, is: fn(&NodePower) -> bool| {
        let names: Vec<&str> = nodes.iter().filter(|(_, power)| is(power)).map(|(name, _)| name.as_str()).collect();
        (!names.is_empty()).then(|| words.with(key, &[("nodes", names.join(", ").into())]))
    };
    parts.extend(others("status-power-off", |power| *power == NodePower::Off));
    parts.extend(others("status-power-booting", |power| *power == NodePower::Booting));
    parts.extend(others("status-power-going-off", |power| *power == NodePower::GoingOff));
    parts.extend(others("status-power-failed", |power| matches!(power, NodePower::Failed { .. })));
    parts.join("; ")
}

fn machine(report: &StatusReport, words: &Words) -> String {
    let node = &report.node;
    let mut text = words.with(
        "status-machine",
        &[
            ("name", node.name.as_str().into()),
            ("used", node.cpus_allocated.into()),
            ("cpus", node.cpus.into()),
            ("memory_used", words.memory(node.memory_allocated_mib).into()),
            ("memory", words.memory(node.memory_mib).into()),
            ("load", words.decimal(f64::from(node.load_centi) / 100.0).into()),
        ],
    );
    if node.gpus > 0 {
        text.push_str(&words.with("status-gpus", &[("used", node.gpus_allocated.into()), ("gpus", node.gpus.into())]));
    }
    text
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::{NodeRow, Time, Uid};

    use super::*;
    use crate::words::Language;

    fn report() -> StatusReport {
        StatusReport {
            name: "fablab".into(),
            version: "0.1.0".into(),
            pid: 4321,
            launcher_pid: 4322,
            url: String::new(),
            data: "/var/lib/algoric".into(),
            ready: true,
            not_ready: String::new(),
            started: Time(0),
            now: Time(1000),
            node: NodeRow {
                watts: None,
                name: "vm".into(),
                sockets: 1,
                cores_per_socket: 2,
                threads_per_core: 1,
                cpus: 2,
                cpus_allocated: 1,
                memory_mib: 8192,
                memory_allocated_mib: 100,
                memory_free_mib: 4096,
                load_centi: 35,
                gpus: 0,
                gpus_allocated: 0,
                drained: Some(("new disk".into(), Uid(0), Time(500))),
                power: model::NodePower::On,
                up: true,
                reserved: false,
                simulated: true,
                partitions: vec!["main".into()],
                boot: None,
                started: None,
                os: "Linux".into(),
            },
            nodes: Vec::new(),
            guarantees: "cores and memory by cgroup v1".into(),
            running: 1,
            pending: 12,
            suspended: 0,
            users: vec![LoadRow { user: "alice".into(), uid: Uid(1001), running: 1, cpus: 1, pending: 12 }],
            budgets: Vec::new(),
            rss_kib: 20_000,
        }
    }

    #[test]
    fn the_page() {
        insta::assert_snapshot!(page(&report(), &Words::new(Language::English, TimeZone::UTC)));
        insta::assert_snapshot!(page(&report(), &Words::new(Language::French, TimeZone::UTC)));
    }

    #[test]
    fn machines_that_are_switched() {
        let failed = NodePower::Failed { reason: "dead".into(), since: Time(0) };
        let all = [NodePower::On, NodePower::Off, NodePower::Booting, NodePower::GoingOff, failed, NodePower::Off];
        let nodes: Vec<(String, NodePower)> =
            all.into_iter().enumerate().map(|(number, power)| (format!("n{number}"), power)).collect();
        let check = |language, expected: &str| {
            let report = StatusReport { nodes: nodes.clone(), ..report() };
            let page = page(&report, &Words::new(language, TimeZone::UTC));
            assert!(page.lines().any(|line| line == expected), "{page}");
        };
        check(Language::English, "Machines: 1 of 6 on; off: n1, n5; booting: n2; going off: n3; not coming up: n4");
        check(
            Language::French,
            "Machines : 1 sur 6 en marche; éteintes : n1, n5; en démarrage : n2; en extinction : n3; ne démarrent pas : n4",
        );
    }

    #[test]
    fn programs_find_what_they_were_promised() {
        let json = serde_json::to_value(report()).unwrap_or_default();
        for key in ["url", "pid", "version", "ready"] {
            assert!(json.get(key).is_some(), "no {key}");
        }
    }
}
