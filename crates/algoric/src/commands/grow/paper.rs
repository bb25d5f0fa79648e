//! `PLAN.md`: a plan in words. Must not know how it is carried out.

use site::{Note, Park, Plan, Step, slurm};

use super::title;
use crate::words::Words;

/// The whole page.
pub fn paper(park: &Park, plan: &Plan, words: &Words) -> String {
    let gaps = [("cluster", plan.cluster.as_str().into()), ("count", plan.targets.len().into())];
    let mut page = format!("# {}\n\n{}\n", words.with("grow-paper-title", &gaps), words.say("grow-paper-how"));
    let mut part = |key: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            page.push_str(&format!("\n## {}\n\n{}\n", words.say(key), lines.join("\n")));
        }
    };
    part("grow-paper-machines", machines(park, words));
    part("grow-paper-notes", plan.notes.iter().map(|it| format!("- {}", note(it, words))).collect());
    part("grow-paper-steps", stages(plan, words));
    part("grow-paper-files", files(plan, words));
    part("grow-paper-versions", vec![words.with("grow-paper-tried", &[("tried", slurm::TRIED.into())])]);
    page
}

/// Something worth knowing, in words.
pub fn note(note: &Note, words: &Words) -> String {
    let gaps = [("machines", words.list(&note.machines).into()), ("value", note.value.as_str().into())];
    words.with(&format!("grow-note-{}", note.word), &gaps)
}

fn machines(park: &Park, words: &Words) -> Vec<String> {
    let titles = ["machine", "address", "processors", "memory", "for-jobs", "gpus", "roles"];
    let titles: Vec<String> = titles.iter().map(|title| words.say(&format!("grow-column-{title}"))).collect();
    let mut lines = vec![format!("| {} |", titles.join(" | ")), format!("|{}", "---|".repeat(titles.len()))];
    for machine in &park.machine {
        let Some(measured) = park.measured.get(&machine.name) else { continue };
        let serves = park.controller().name == machine.name;
        let mut roles = Vec::new();
        if serves {
            roles.push(words.say("grow-role-controller"));
        }
        if machine.compute {
            roles.push(words.say("grow-role-compute"));
        }
        let gpus: Vec<&str> = measured.gpu.iter().map(|gpu| gpu.kind.as_str()).collect();
        let for_jobs = if machine.compute { words.memory(measured.memory_for_jobs(serves)) } else { "-".to_owned() };
        lines.push(format!(
            "| {} | {} | {} x {} x {} | {} | {for_jobs} | {} | {} |",
            machine.name,
            machine.address,
            measured.sockets,
            measured.cores_per_socket,
            measured.threads_per_core,
            words.memory(measured.memory_mib),
            gpus.join(", "),
            roles.join(", ")
        ));
    }
    lines
}

/// One line for each stage: what, where, by which script.
fn stages(plan: &Plan, words: &Words) -> Vec<String> {
    let line = |(at, steps): (usize, &Vec<Step>)| {
        let first = steps.first()?;
        let machines: Vec<&str> = steps.iter().map(|step| step.machine.as_str()).collect();
        let undo = if first.work.is_gate() { "grow-paper-looks" } else { "grow-paper-does" };
        let gaps = [("machines", words.list(&machines).into()), ("script", first.work.name().into())];
        Some(format!("{}. {} {}", at + 1, title(first, words), words.with(undo, &gaps)))
    };
    plan.stages.iter().enumerate().filter_map(line).collect()
}

fn files(plan: &Plan, words: &Words) -> Vec<String> {
    let line = |file: &site::File| {
        let steps = || plan.stages.iter().flatten().filter(|step| step.file.as_ref() == Some(&file.name));
        let machines: Vec<&str> = steps().map(|step| step.machine.as_str()).collect();
        let to = steps().find_map(|step| step.set.get("TO")).map_or(String::new(), |to| format!(" → `{to}`"));
        let place = if machines.is_empty() { String::new() } else { format!(" ({})", words.list(&machines)) };
        let secret = if file.secret { format!(" — {}", words.say("grow-paper-secret")) } else { String::new() };
        format!("- `files/{}`{to}{place}{secret}", file.name)
    };
    plan.files.iter().map(line).collect()
}
