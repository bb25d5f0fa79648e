//! `algoric doctor`: what this machine can guarantee, and what to do where it cannot.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt as _};

use api::{AgentsReply, AgentsRequest, Reply, Request};
use drivers::local::{
    doctor::{self, Check, State},
    launcher::Cgroups,
};
use fluent_bundle::FluentValue;
use serde::Serialize;

use super::House;
use crate::{console, exit, show, words::Words};

/// Checks the machine: cgroups, clock, disk, permissions, processors, GPUs, names; says what to do for each fault
///
/// Needs no centre. Exit code 1 when something must be done before a centre can work here.
#[derive(clap::Args)]
pub struct Args {
    /// Print JSON, for programs
    #[arg(long)]
    json: bool,
}

/// One finding, for programs.
#[derive(Serialize)]
struct Finding<'a> {
    id: &'a str,
    key: &'a str,
    state: &'static str,
    found: String,
    advice: String,
    parts: BTreeMap<&'a str, &'a str>,
}

/// Looks, and says it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let mut checks = doctor::examine(house.place.data(), &Cgroups::Auto);
    checks.extend(slurm(house));
    checks.extend(machines(house));
    if args.json {
        let findings: Vec<Finding<'_>> = checks.iter().map(|check| finding(check, &house.words)).collect();
        show::json(&findings)?;
    } else {
        console::print(page(&checks, &house.words));
    }
    let bad = checks.iter().any(|check| check.state == State::Bad);
    Ok(if bad { exit::FAILED } else { exit::OK })
}

/// Whether a Slurm that runs the jobs shows everybody's to whom the centre serves as.
fn slurm(house: &House) -> Option<Check> {
    let paths = centre::Paths::new(house.place.data());
    let cluster = centre::load_config(&paths.config()).ok()?.cluster;
    if cluster.engine != centre::Engine::Slurm {
        return None;
    }
    let uid = fs::metadata(paths.database()).map_or_else(|_| nix::unistd::geteuid(), |file| file.uid().into());
    let user = nix::unistd::User::from_uid(uid).ok().flatten().map_or_else(|| uid.to_string(), |user| user.name);
    let check = |state, key, parts: Vec<(&'static str, String)>, found: String, advice: String| Check {
        id: "slurm",
        state,
        key,
        parts,
        found,
        advice,
    };
    Some(match centre::hidden_by_slurm(&cluster.slurm(), &user) {
        Ok(None) => {
            let found = format!("Slurm shows everybody's jobs to {user}");
            check(State::Good, "slurm-shows", vec![("user", user)], found, String::new())
        }
        Ok(Some((why, mend))) => {
            let parts = vec![("why", why.clone()), ("mend", mend.clone())];
            let found = format!("Slurm does not show everybody's jobs: {why}");
            check(State::Bad, "slurm-hides", parts, found, mend)
        }
        Err(fault) => {
            let found = format!("Slurm does not answer: {fault}");
            let parts = vec![("why", fault.to_string())];
            check(State::Bad, "slurm-silent", parts, found, "start it; see its log in /var/log/slurm".to_owned())
        }
    })
}

/// Machines that report to the centre, where one answers here.
fn machines(house: &House) -> Vec<Check> {
    let asked = house.call().and_then(|mut centre| centre.ask(&Request::Agents(AgentsRequest::List)));
    let Ok(Reply::Agents(AgentsReply::Rows(rows))) = asked else { return Vec::new() };
    let advice = |name: &str| {
        format!("look there: systemctl status algoric-node (or the log), the network, `algoric node show {name}`")
    };
    let mut checks = Vec::new();
    let rows: Vec<_> = rows.into_iter().filter(|row| row.enrolled).collect();
    for row in &rows {
        let check = |state, key, part: (&'static str, String), found: String| Check {
            id: "machines",
            state,
            key,
            parts: vec![("name", row.name.clone()), part],
            found,
            advice: advice(&row.name),
        };
        if let Some(silent) = row.silent_ms {
            let span = house.words.span(model::Span(silent));
            let found = format!("machine {} is silent for {span}", row.name);
            checks.push(check(State::Weak, "node-silent", ("span", span), found));
        }
        for bad in row.findings.iter().filter(|one| one.state == "bad") {
            let what = format!("{}: {}", bad.name, bad.text);
            let found = format!("machine {}: {what}", row.name);
            checks.push(check(State::Weak, "node-bad", ("what", what), found));
        }
    }
    if checks.is_empty() && !rows.is_empty() {
        let parts = vec![("count", rows.len().to_string())];
        let found = format!("machines that report: {}, all well", rows.len());
        checks.push(Check {
            id: "machines",
            state: State::Good,
            key: "nodes-good",
            parts,
            found,
            advice: String::new(),
        });
    }
    checks
}

fn finding<'a>(check: &'a Check, words: &Words) -> Finding<'a> {
    let state = match check.state {
        State::Good => "good",
        State::Weak => "weak",
        State::Bad => "bad",
    };
    Finding {
        id: check.id,
        key: check.key,
        state,
        found: found(check, words),
        advice: advice(check, words),
        parts: check.parts.iter().map(|(name, value)| (*name, value.as_str())).collect(),
    }
}

/// A line for each finding, what to do below it, and a verdict.
fn page(checks: &[Check], words: &Words) -> String {
    let mut page = String::new();
    for check in checks {
        let mark = match check.state {
            State::Good => words.say("doctor-good"),
            State::Weak => words.say("doctor-weak"),
            State::Bad => words.say("doctor-bad"),
        };
        page.push_str(&format!("{mark:<6} {}\n", found(check, words)));
        if check.state != State::Good {
            page.push_str(&format!("{:<6} {} {}\n", "", words.say("doctor-arrow"), advice(check, words)));
        }
    }
    let worst = checks.iter().map(|check| check.state).max().unwrap_or(State::Good);
    page.push('\n');
    page.push_str(&match worst {
        State::Good => words.say("doctor-all-good"),
        State::Weak => words.say("doctor-some-weak"),
        State::Bad => words.say("doctor-some-bad"),
    });
    page.push('\n');
    page
}

/// What was found; in English where the reader's language has no text for it yet.
fn found(check: &Check, words: &Words) -> String {
    translated(&format!("doctor-found-{}", check.key), &check.found, check, words)
}

fn advice(check: &Check, words: &Words) -> String {
    translated(&format!("doctor-advice-{}", check.key), &check.advice, check, words)
}

fn translated(key: &str, english: &str, check: &Check, words: &Words) -> String {
    if !words.has(key) {
        return english.to_owned();
    }
    let gaps: Vec<(&str, FluentValue<'_>)> =
        check.parts.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
    words.with(key, &gaps)
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::words::Language;

    fn check(state: State, key: &'static str, advice: &str) -> Check {
        let parts = vec![("free", "0".to_owned()), ("path", "/x".to_owned())];
        Check { id: "disk", state, key, parts, found: "found".into(), advice: advice.to_owned() }
    }

    #[test]
    fn the_page() {
        let checks =
            [check(State::Good, "gpus-none", ""), check(State::Bad, "disk-full", "x"), check(State::Weak, "new", "do")];
        assert_eq!(
            page(&checks, &Words::new(Language::French, TimeZone::UTC)),
            "bon    aucun GPU\n\
             GRAVE  il ne reste que 0 Gio dans /x\n       \
             → faites de la place : sous 1 Gio, rien ne peut être accepté bien longtemps\n\
             faible found\n       → do\n\n\
             Un centre ne peut pas travailler ici, ou pas sûrement, tant que ce qui est GRAVE n’est pas réglé.\n"
        );
    }

    #[test]
    fn what_is_found_here_is_said_the_same_in_english_by_both() {
        let words = Words::new(Language::English, TimeZone::UTC);
        for check in doctor::examine(std::path::Path::new("/tmp"), &Cgroups::Off) {
            assert!(words.has(&format!("doctor-found-{}", check.key)), "no text for {}", check.key);
            assert_eq!((found(&check, &words), advice(&check, &words)), (check.found.clone(), check.advice.clone()));
        }
    }
}
