//! How machines of a cluster look in a terminal. Must not know who asks.

use api::{AgentFinding, AgentRow};
use model::Span;
use node::health::{Finding, State};
use serde::Serialize;

use crate::{
    show::{Column, Noun, number, text},
    words::Words,
};

/// A machine in a list.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Row(pub AgentRow);

/// What a probe found, in a list.
#[derive(Serialize)]
#[serde(transparent)]
pub struct Found(pub Finding);

/// A clock that is further off is worth a word: munge takes five minutes.
const CLOCK: i64 = 2000;

/// `reports`, `silent for 3 min`, `invited`.
pub fn state(row: &AgentRow, words: &Words) -> String {
    match (row.enrolled, row.seen, row.silent_ms) {
        (false, ..) => words.say("node-invited"),
        (true, None, _) => words.say("node-never"),
        (true, _, Some(silent)) => words.with("node-silent", &[("span", words.span(Span(silent)).into())]),
        (true, _, None) => words.say("node-reports"),
    }
}

fn health(row: &AgentRow, words: &Words) -> String {
    let bad: Vec<&AgentFinding> = row.findings.iter().filter(|one| one.state == "bad").collect();
    match bad.first() {
        None if row.findings.is_empty() => "-".to_owned(),
        None => words.say("node-well"),
        Some(first) if bad.len() == 1 => format!("{}: {}", first.name, first.text),
        Some(first) => format!("{}: {} (+{})", first.name, first.text, bad.len() - 1),
    }
}

fn watts(row: &AgentRow, words: &Words) -> String {
    row.power_mw.map_or_else(|| "-".to_owned(), |power| words.fixed(power, 1000, 1) + " W")
}

fn slurm(row: &AgentRow) -> String {
    row.slurm.as_ref().map_or_else(|| "-".to_owned(), |(state, _)| state.to_lowercase())
}

impl Noun for Row {
    const COLUMNS: &'static [Column] = &[
        text("column-machine"),
        text("column-state"),
        text("column-slurm"),
        number("column-power"),
        text("column-health"),
    ];

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let row = &self.0;
        vec![row.name.clone(), state(row, words), slurm(row), watts(row, words), health(row, words)]
    }
}

impl Noun for Found {
    const COLUMNS: &'static [Column] = &[text("column-probe"), text("column-state"), text("column-found")];

    fn name(&self) -> String {
        self.0.name.clone()
    }

    fn cells(&self, words: &Words) -> Vec<String> {
        let state = match self.0.state {
            State::Good => "node-good",
            State::Unknown => "node-unknown-state",
            State::Bad => "node-bad",
        };
        vec![self.0.name.clone(), words.say(state), self.0.text.clone()]
    }
}

/// All of one machine.
pub fn page(row: &AgentRow, words: &Words) -> String {
    let seen = row.seen.map_or_else(|| "-".to_owned(), |seen| words.time(seen));
    let mut lines = vec![
        format!("{}  {}", row.name, state(row, words)),
        words.with("node-seen", &[("at", seen.into()), ("version", row.agent.as_str().into())]),
        words.with(
            "node-is",
            &[
                ("model", row.model.as_str().into()),
                ("cpus", row.cpus.into()),
                ("cores", row.cores.into()),
                ("memory", words.memory(row.memory_mib).into()),
                ("kernel", row.kernel.as_str().into()),
            ],
        ),
    ];
    if !row.meter.is_empty() {
        let uncertainty = words.fixed(i64::from(row.uncertainty_permille), 10, 0);
        let gaps =
            [("power", watts(row, words).into()), ("meter", row.meter.as_str().into()), ("off", uncertainty.into())];
        lines.push(words.with("node-meter", &gaps));
    }
    if let Some(fault) = &row.meter_fault {
        lines.push(words.with("node-meter-fault", &[("why", fault.as_str().into())]));
    }
    if let Some(clock) = row.clock_ms.filter(|clock| clock.abs() > CLOCK) {
        lines.push(words.with("node-clock", &[("seconds", words.fixed(clock, 1000, 1).into())]));
    }
    if row.lost > 0 {
        lines.push(words.with("node-lost", &[("count", row.lost.into())]));
    }
    if let Some((state, reason)) = &row.slurm {
        let reason = reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        lines.push(words.with("node-slurm", &[("state", (state.to_lowercase() + &reason).into())]));
    }
    for one in &row.findings {
        let mark = match one.state.as_str() {
            "good" => "node-good",
            "bad" => "node-bad",
            _ => "node-unknown-state",
        };
        lines.push(format!("  {:<8} {}: {}", words.say(mark), one.name, one.text));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use model::Time;

    use super::*;
    use crate::words::Language;

    fn row() -> AgentRow {
        let finding = |name: &str, state: &str, text: &str| AgentFinding {
            name: name.to_owned(),
            state: state.to_owned(),
            text: text.to_owned(),
        };
        AgentRow {
            name: "n1".to_owned(),
            enrolled: true,
            seen: Some(Time(1_790_000_000_000)),
            silent_ms: Some(185_000),
            agent: "0.1.0".to_owned(),
            kernel: "Linux 6.1".to_owned(),
            model: "Xeon".to_owned(),
            cpus: 64,
            cores: 32,
            memory_mib: 262_144,
            meter: "RAPL".to_owned(),
            uncertainty_permille: 100,
            clock_ms: Some(-61_000),
            findings: vec![
                finding("cpus", "bad", "63 of 64 processors are there"),
                finding("memory", "good", "262144 MiB"),
            ],
            slurm: Some(("IDLE+DRAIN".to_owned(), Some("algoric: cpus".to_owned()))),
            ..AgentRow::default()
        }
    }

    #[test]
    fn a_silent_machine_with_a_fault() {
        let words = Words::new(Language::English, TimeZone::UTC);
        assert_eq!(
            page(&row(), &words),
            "n1  silent for 3 min 05 s\n\
             Last heard: 2026-09-21 14:13:20 (agent 0.1.0)\n\
             Xeon: 64 processors, 32 cores, 256.0 GiB; Linux 6.1\n\
             Draws -, as RAPL says (± 10 %)\n\
             Its clock is -61.0 s off.\n\
             Slurm: idle+drain (algoric: cpus)\n  \
             BAD      cpus: 63 of 64 processors are there\n  \
             good     memory: 262144 MiB\n"
        );
        let cells = Row(row()).cells(&words);
        assert_eq!(cells[1..], ["silent for 3 min 05 s", "idle+drain", "-", "cpus: 63 of 64 processors are there"]);
        let french = Words::new(Language::French, TimeZone::UTC);
        assert!(page(&row(), &french).contains("muette depuis"));
    }
}
