//! `algoric grow check`: what is no longer as it was planned. Changes nothing.

use std::collections::BTreeSet;

use serde::Serialize;
use site::{Plan, Step, drift, shell::Order};

use super::{
    FolderArgs, House, SshArgs, at_once,
    caller::{Caller, Outcome},
    folder::Folder,
    reason, title,
};
use crate::{
    console, exit,
    show::{self, Column, Format, Noun, text},
    words::Words,
};

/// Says what is no longer as it was planned: services, files, accounts, clocks, homes, and the machines themselves
///
/// Exits with 0 when nothing drifted, 4 when something did, 5 when a machine could not be asked.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    folder: FolderArgs,

    #[command(flatten)]
    ssh: SshArgs,

    /// Run a job on all machines, too
    #[arg(long)]
    with_job: bool,

    #[command(flatten)]
    format: Format,
}

/// Something that is not as it was planned.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Finding {
    machine: String,
    /// The step, or what of the machine: `file:slurm.conf`, `memory`.
    what: String,
    /// The same in words.
    title: String,
    /// In words.
    why: String,
    /// Whether the machine could not be asked.
    silent: bool,
}

impl Noun for Finding {
    const COLUMNS: &'static [Column] =
        &[text("grow-column-machine"), text("grow-column-what"), text("grow-column-why")];

    fn name(&self) -> String {
        format!("{}@{}", self.what, self.machine)
    }

    fn cells(&self, _words: &Words) -> Vec<String> {
        vec![self.machine.clone(), self.title.clone(), self.why.clone()]
    }
}

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let loaded = Folder::at(&args.folder.folder).load()?;
    let caller = Caller::new(args.ssh.ssh(false).keeping_lines(), &loaded);
    let mut found = machines(&loaded.plan, &caller, &house.words);
    let silent: BTreeSet<String> = found.iter().filter(|it| it.silent).map(|it| it.machine.clone()).collect();
    for steps in &loaded.plan.stages {
        let asked = |step: &&Step| {
            let needs = [&step.machine, &loaded.plan.controller];
            let can = !needs[..if step.work.is_given() { 2 } else { 1 }].iter().any(|name| silent.contains(*name));
            can && (args.with_job || !step.work.is_trial())
        };
        let steps: Vec<&Step> = steps.iter().filter(asked).collect();
        for (step, outcome) in steps.iter().zip(at_once(&steps, |step| caller.call(step, Order::Check), |_, _| {})) {
            found.extend(finding(step, outcome, &house.words));
        }
    }
    let code = match (found.is_empty(), found.iter().any(|it| it.silent)) {
        (true, _) => exit::OK,
        (false, true) => exit::UNREACHABLE,
        (false, false) => exit::DRIFT,
    };
    if found.is_empty() && args.format.is_table() {
        let gaps = [("cluster", loaded.plan.cluster.as_str().into()), ("count", loaded.plan.targets.len().into())];
        console::line(house.words.with("grow-sound", &gaps));
    } else {
        show::list(&found, args.format, &house.words)?;
    }
    Ok(code)
}

fn finding(step: &Step, outcome: Outcome, words: &Words) -> Option<Finding> {
    let (why, silent) = match outcome {
        Outcome::Well => return None,
        Outcome::Not(reasons) => (reasons.iter().map(|it| reason(it, words)).collect::<Vec<_>>().join("; "), false),
        Outcome::Silent(why) => (why, true),
    };
    let what = step.id.split('@').next().unwrap_or_default().to_owned();
    Some(Finding { machine: step.machine.clone(), what, title: title(step, words), why, silent })
}

/// What machines are, against what they were.
fn machines(plan: &Plan, caller: &Caller<'_>, words: &Words) -> Vec<Finding> {
    let answers = at_once(&plan.targets, |target| caller.probe(&target.name), |_, _| {});
    let mut found = Vec::new();
    for (target, answer) in plan.targets.iter().zip(answers) {
        let finding = |what: &str, title: String, why: String, silent: bool| Finding {
            machine: target.name.clone(),
            what: what.to_owned(),
            title,
            why,
            silent,
        };
        match (answer, plan.measured.get(&target.name)) {
            (Err(why), _) => found.push(finding("reach", words.say("grow-step-reach"), why, true)),
            (Ok(said), Some(was)) => found.extend(drift::compare(was, &said.measured).into_iter().map(|drift| {
                let gaps = [("was", drift.was.into()), ("is", drift.is.into())];
                let title = words.say(&format!("grow-drift-{}", drift.what));
                finding(drift.what, title, words.with("grow-drifted", &gaps), false)
            })),
            (Ok(_), None) => {}
        }
    }
    found
}
