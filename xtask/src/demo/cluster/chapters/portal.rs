//! A member at the pages, as a browser sees them: forms, live output, buttons, files, while Slurm runs the jobs.

use std::time::Duration;

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, browse};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "portal",
    about: "A member works with the pages alone: a form, its price, live output, buttons, results, an array.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

/// Where she works.
const FOLDER: &str = "/home/alice/pages";

/// Says a line each second.
const PROGRAM: &str = "import time\nfor n in range(1, 9):\n    print(\"line\", n, flush=True)\n    time.sleep(1)\n\
                       open(\"result.txt\", \"w\").write(\"42\")\n";

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    if cluster.must("root", "test -e /home/portal.py && echo there || true")?.trim().is_empty() {
        centre::link(cluster, "alice")?;
    }
    cluster.must("alice", &format!("mkdir -p {FOLDER}"))?;
    from_a_form(cluster, evidence)?;
    buttons(cluster, evidence)?;
    applications(cluster, evidence)?;
    around(cluster, evidence)?;
    cluster.must("root", "scancel -u alice; true")?;
    cluster.until_idle(PATIENCE)
}

/// What it costs before, what it writes meanwhile, what it cost.
fn from_a_form(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let alice = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "alice", line);
    let form = |order: &str| {
        browse(&format!("form python {order} 'program={PROGRAM}' memory=100M 'time=10 min' cpus=1 folder={FOLDER}"))
    };
    let asked = alice(evidence, &form("quote"))?;
    // 600 core-seconds at most, at ten cents.
    evidence.check(
        "the form says what it may cost before anything is submitted",
        asked.text.contains("60.00"),
        &asked.text,
    );
    evidence.check("and when Slurm would start it", asked.text.contains("Start at once"), &asked.text);
    let too_much = format!("form python quote 'program=1' memory=100M 'time=10 min' cpus=50 folder={FOLDER}");
    let too_much = alice(evidence, &browse(&too_much))?;
    evidence.check("what Slurm would refuse is said so", too_much.text.contains("would be refused"), &too_much.text);
    let none = alice(evidence, "squeue -h -u alice")?;
    evidence.same("asking submits nothing", &none.text, "");
    let job = alice(evidence, &form("submit"))?.text.trim().to_owned();
    let heard = alice(evidence, &browse(&format!("stream {job}")))?;
    let row = format!("sacct -n -X -P -j {job} -o User,Account,State");
    let ran = cluster.until(&format!("{row} | grep -qx 'alice|carene|COMPLETED'"), PATIENCE);
    let said = alice(evidence, &row)?;
    evidence.check("the job ran on Slurm as the member", ran.is_ok(), &said.text);
    // Events of a line each, of which the last came long after the first.
    let lines: Vec<f64> = (heard.text.lines())
        .filter(|line| line.contains("data: line"))
        .filter_map(|line| line.split_once(' ')?.0.parse().ok())
        .collect();
    let is_live = lines.len() == 8 && lines.last().is_some_and(|last| *last >= 3.0);
    evidence.check("its output comes while it is written, and ends when it does", is_live, &heard.text);
    let over = browse(&format!("see /jobs/{job}"));
    let known = cluster.until(&format!("cd /home/alice && {over} | grep -q 'It ended well'"), PATIENCE);
    let page = alice(evidence, &over)?;
    let (_, used) = centre::usage(cluster)?;
    let paid = used.iter().find(|used| used.job.to_string() == job);
    // Ten cents a second: cents are enough.
    let price = paid.map_or_else(|| "no price".to_owned(), |paid| format!("{:.2}", paid.amount_microeur as f64 / 1e6));
    evidence.check("its page says that it ended well", known.is_ok(), "");
    evidence.check(
        "and what it cost, as the ledger does",
        page.text.contains(&price),
        &format!("{price}: {}", page.text),
    );
    let folder = alice(evidence, &browse("see /files/at/home/pages"))?;
    let is_there = folder.text.contains("result.txt") && folder.text.contains(&format!("slurm-{job}.out"));
    evidence.check("its files are listed", is_there, &folder.text);
    let result = alice(evidence, &browse("get /files/get/home/pages/result.txt"))?;
    evidence.same("and fetched", &result.text, "42");
    Ok(())
}

/// Held, released, ended, all by the page.
fn buttons(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let alice = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "alice", line);
    // It needs all three machines, one of which is busy.
    let busy =
        alice(evidence, "sbatch --parsable -J page-busy -w n1 -n2 --mem=50 -t 10 -o /dev/null --wrap 'sleep 300'")?
            .text;
    let busy = busy.trim().to_owned();
    let waits =
        alice(evidence, "sbatch --parsable -J page-waits -N3 -n6 --mem=50 -t 10 -o /dev/null --wrap 'sleep 300'")?.text;
    let waits = waits.trim().to_owned();
    let see = browse(&format!("see /jobs/{waits}"));
    let shown = cluster.until(&format!("cd /home/alice && {see} | grep -q 'job is running'"), PATIENCE);
    let page = alice(evidence, &see)?;
    evidence.check("the page of a job that waits says so, and why", shown.is_ok(), &page.text);
    for (what, seen) in [("hold", "Reason=JobHeldUser"), ("release", "Priority=[1-9]")] {
        alice(evidence, &browse(&format!("act {waits} {what}")))?;
        let there = cluster.until(&format!("scontrol show job {waits} | grep -qE '{seen}'"), PATIENCE);
        evidence.check(&format!("the button `{what}` does that in Slurm"), there.is_ok(), seen);
    }
    for job in [&waits, &busy] {
        alice(evidence, &browse(&format!("act {job} cancel")))?;
    }
    let ended =
        cluster.until(&format!("test $(sacct -n -X -P -j {waits},{busy} -o State | grep -c CANCELLED) = 2"), PATIENCE);
    evidence.check("and so does `cancel`, of either", ended.is_ok(), &format!("{waits} and {busy}"));
    Ok(())
}

/// An application with files of its own, and an array.
fn applications(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let alice = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "alice", line);
    let common = format!("memory=500M 'time=10 min' folder={FOLDER}");
    let flood = browse(&format!("form flood submit rain=40 hours=0,2 cells=60 cpus=2 {common}"));
    let flood = alice(evidence, &flood)?.text.trim().to_owned();
    let command = "printf \"%s\" \"$VALUE\" > \"out-$SLURM_ARRAY_TASK_ID\"";
    let sweep = browse(&format!("form sweep submit 'command={command}' 'values=one\ntwo\n$(touch HIT)' {common}"));
    let sweep = alice(evidence, &sweep)?.text.trim().to_owned();
    cluster.until_idle(PATIENCE)?;
    let count = format!("sacct -n -X -P -j {flood},{sweep} -o State | sort | uniq -c");
    let ended = cluster.until(&format!("test \"$({count} | tr -s ' ')\" = ' 4 COMPLETED'"), PATIENCE);
    let said = alice(evidence, &count)?;
    evidence.check("an application and a sweep of three values end well on Slurm", ended.is_ok(), &said.text);
    let files = alice(
        evidence,
        &format!(
            "cd {FOLDER} && head -c 4 flood.png | tail -c 3; echo; for n in 0 1 2; do cat out-$n; echo; done; ls HIT"
        ),
    )?;
    let expected = "PNG\none\ntwo\n$(touch HIT)\nls: cannot access 'HIT': No such file or directory";
    evidence.same("a map of the flood, and each value as it was typed", &files.text, expected);
    let see = browse(&format!("see /jobs/{sweep}"));
    let known = cluster.until(&format!("cd /home/alice && {see} | grep -q 'done 3'"), PATIENCE);
    let page = alice(evidence, &see)?;
    evidence.check("the array's page counts its tasks", known.is_ok(), &page.text);
    Ok(())
}

/// What else there is to see.
fn around(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let mut see = |what: &str, path: &str, words: &[&str]| -> Result<()> {
        let page = evidence.type_line(cluster, HEAD, "alice", &browse(&format!("see {path}")))?;
        evidence.check(what, page.is_good() && words.iter().all(|word| page.text.contains(word)), &page.text);
        Ok(())
    };
    see("the page of the machines has all three", "/machines", &["n1", "n2", "n3"])?;
    see("home shows what ended", "/home", &["python carene done", "sweep 3 tasks carene done 3"])?;
    see("the project's page has the budget", "/projects/carene", &["50,000"])?;
    see("there is a page of energy", "/energy", &[])
}
