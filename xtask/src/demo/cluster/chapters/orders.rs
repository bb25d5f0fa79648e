//! What members and operators want done about jobs of the cluster, by the centre: its own commands and its pages pass it on
//! to Slurm, as the member.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::Chapter;
use crate::demo::cluster::centre::{self, call, order, own_commands};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "orders",
    about: "Jobs on the cluster are tried, held, released, changed, begun anew and ended by the centre's commands and pages.",
    play,
};

/// A job that was sent back begins again half a minute later.
const PATIENCE: Duration = Duration::from_secs(180);

/// The portal's figures may lag by so much.
const LAG: Duration = Duration::from_secs(30);

const JOB: &str = "sbatch --parsable -n1 --mem=50 -t 10 -o /dev/null";

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    centre::link(cluster, "alice")?;
    commands(cluster, evidence)?;
    others(cluster, evidence)?;
    pages(cluster, evidence)?;
    sight(cluster, evidence)?;
    cluster.must("root", "scancel -u alice,bob; true")?;
    cluster.until_idle(PATIENCE)
}

/// By the centre's commands; what came of it, by Slurm's.
fn commands(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let own = own_commands();
    let alice =
        |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "alice", &format!("{own}{line}"));
    let slurm = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "root", line);
    let try_out = alice(evidence, "sbatch --test-only -n2 -N2 --wrap true")?;
    let is_told = try_out.text.contains("using 2 processors on nodes n") && try_out.text.contains("in partition main");
    evidence.check("`sbatch --test-only` says when it would begin, and on which machines", is_told, &try_out.text);

    let id = alice(evidence, &format!("{JOB} -H -J first --wrap 'sleep 300'"))?.text.trim().to_owned();
    cluster.until(&format!("{own}squeue -h -j {id} | grep -q ."), PATIENCE)?;
    let shown = alice(
        evidence,
        &format!("squeue -h -j {id} -o '%T %r'; scontrol show job {id} | grep -oE 'TimeLimit=[^ ]*|Priority=[^ ]*'"),
    )?;
    let is_held = shown.text.contains("PENDING JobHeldUser")
        && shown.text.contains("Priority=0")
        && shown.text.contains("TimeLimit=00:10:00");
    evidence.check("a job that is held when it is submitted is shown so", is_held, &shown.text);
    let changed = alice(evidence, &format!("scontrol update JobId={id} TimeLimit=5 Name=renamed Comment=hi Nice=50"))?;
    let there = slurm(
        evidence,
        &format!("scontrol show job {id} | grep -oE '(TimeLimit|JobName|Comment|Nice)=[^ ]*' | sort | tr '\\n' ' '"),
    )?;
    let expected = "Comment=hi JobName=renamed Nice=50 TimeLimit=00:05:00";
    evidence.same("`scontrol update` changes it in Slurm", &(changed.text + &there.text), expected);
    let released = alice(evidence, &format!("scontrol release {id}"))?;
    let runs = cluster.until(&format!("test \"$(squeue -h -j {id} -o %T)\" = RUNNING"), PATIENCE);
    evidence.check("`scontrol release` lets it run", released.is_good() && runs.is_ok(), &released.text);
    cluster.until(&format!("{own}test \"$(squeue -h -j {id} -o %T)\" = RUNNING"), PATIENCE)?;

    let root = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "root", &format!("{own}{line}"));
    root(evidence, &format!("scontrol suspend {id}"))?;
    let stopped = slurm(evidence, &format!("squeue -h -j {id} -o %T"))?.text;
    cluster.until(&format!("{own}test \"$(squeue -h -j {id} -o %T)\" = SUSPENDED"), PATIENCE)?;
    root(evidence, &format!("scontrol resume {id}"))?;
    let goes_on = slurm(evidence, &format!("squeue -h -j {id} -o %T"))?.text;
    evidence.same("an operator suspends and resumes it", &(stopped + &goes_on), "SUSPENDED\nRUNNING");

    let requeued = alice(evidence, &format!("scontrol requeuehold {id}"))?;
    let waits = cluster.until(&format!("test \"$(squeue -h -j {id} -o %T)\" = PENDING"), PATIENCE);
    cluster.until(&format!("{own}test \"$(squeue -h -j {id} -o %T)\" = PENDING"), PATIENCE)?;
    alice(evidence, &format!("scontrol release {id}"))?;
    cluster.until(&format!("test \"$(squeue -h -j {id} -o %T)\" = RUNNING"), PATIENCE)?;
    let again = slurm(evidence, &format!("scontrol show job {id} | grep -oE 'Restarts=[0-9]+'"))?;
    let is_anew = waits.is_ok() && again.text.trim() == "Restarts=1";
    evidence.check("`scontrol requeuehold`, then `release`: it begins anew", is_anew, &(requeued.text + &again.text));
    cluster.until(&format!("{own}test \"$(squeue -h -j {id} -o %T)\" = RUNNING"), PATIENCE)?;
    alice(evidence, &format!("scancel {id}"))?;
    cluster.until(&format!("test -z \"$(squeue -h -j {id} 2>/dev/null)\""), PATIENCE)?;
    let over = slurm(evidence, &format!("sacct -n -X -P -D -j {id} -o State | cut -d' ' -f1"))?;
    evidence.same("`scancel` ends it", &over.text, "REQUEUED\nCANCELLED");

    let array = alice(evidence, &format!("{JOB} -a 1-5%2 -J row --wrap 'sleep 300'"))?.text.trim().to_owned();
    cluster.until(&format!("{own}test $(squeue -h -r -j {array} | wc -l) = 5"), PATIENCE)?;
    alice(evidence, &format!("scancel {array}_[1,4]"))?;
    cluster.until(&format!("test $(squeue -h -r -j {array} -t PD,R | wc -l) = 3"), PATIENCE)?;
    let left = slurm(evidence, &format!("squeue -h -r -j {array} -t PD,R -o %i | sort"))?;
    let expected = [2, 3, 5].map(|task| format!("{array}_{task}")).join("\n");
    evidence.same("tasks of an array are ended by their numbers", &left.text, &expected);
    alice(evidence, &format!("scancel {array}"))?;
    Ok(())
}

/// Somebody else's job.
fn others(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let own = own_commands();
    let id = cluster.must("alice", &format!("{own}{JOB} -J hers --wrap 'sleep 300'"))?;
    cluster.until(&format!("{own}test -n \"$(squeue -h -j {id} -t R)\""), PATIENCE)?;
    let line = format!("for verb in hold requeue requeuehold; do scontrol $verb {id}; done; scancel {id}");
    let said = evidence.type_line(cluster, HEAD, "bob", &format!("{own}{line}"))?;
    let changed = evidence.type_line(cluster, HEAD, "bob", &format!("{own}scontrol update JobId={id} TimeLimit=1"))?;
    let runs = evidence.type_line(cluster, HEAD, "root", &format!("squeue -h -j {id} -o '%T %l'"))?;
    let denied = said.text.matches("Access/permission denied").count()
        + changed.text.matches("Access/permission denied").count();
    evidence.check("nobody else's member does any of it", denied >= 5, &(said.text + &changed.text));
    evidence.same("and nothing is done", &runs.text, "RUNNING 10:00");
    let own_job = cluster.must("bob", &format!("{own}{JOB} -J his --wrap 'sleep 300'"))?;
    cluster.until(&format!("{own}test -n \"$(squeue -h -j {own_job} -t R)\""), PATIENCE)?;
    let line = format!("{own}scontrol suspend {own_job}; scancel {own_job}");
    let said = evidence.type_line(cluster, HEAD, "bob", &line)?;
    evidence.check("who may not suspend is told so", said.text.contains("Access/permission denied"), &said.text);
    cluster.must("alice", &format!("scancel {id}")).map(drop)
}

/// By the pages' interface.
fn pages(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let alice = |evidence: &mut Evidence, line: &str| evidence.type_line(cluster, HEAD, "alice", line);
    let quote =
        alice(evidence, &call("POST", "/jobs/quote", r##"{"script":"#!/bin/sh\n#SBATCH -n2 -t 10\nsleep 5\n"}"##))?;
    let greatest = "\"greatest\":120000000";
    evidence.check(
        "a quote says what a job costs at most: 2 cores for 10 minutes",
        quote.text.contains(greatest),
        &quote.text,
    );
    let script = r##"{"script":"#!/bin/sh\n#SBATCH -n1 --mem=50 -t 10 -J page -o page.out\necho hello from $SLURM_JOB_USER\nsleep 300\n"}"##;
    let made = alice(evidence, &call("POST", "/jobs", script))?;
    let id: String = made.text.chars().filter(char::is_ascii_digit).collect();
    // One that nobody told the centre of.
    let bare = cluster.must("alice", "sbatch --parsable -n1 --mem=50 -t 10 -J bare -o /dev/null --wrap 'sleep 300'")?;
    cluster.until(&format!("{}test $(squeue -h -t R -j {id},{bare} | wc -l) = 2", own_commands()), PATIENCE)?;
    let who = evidence.type_line(
        cluster,
        HEAD,
        "root",
        &format!("squeue -h -j {id} -o '%u %a'; cat /home/alice/page.out"),
    )?;
    evidence.same(
        "a job that is submitted by the pages is the member's, and prints into her folder",
        &who.text,
        "alice carene\nhello from alice",
    );
    let page = alice(evidence, &call("GET", &format!("/jobs/{id}"), ""))?;
    evidence.check("its page says that it is not over", page.text.contains("\"open\":true"), &page.text);
    let other = alice(evidence, &call("GET", &format!("/jobs/{bare}"), ""))?;
    let list = alice(evidence, &call("GET", "/jobs", ""))?;
    let is_listed = list.text.contains(&format!("\"id\":{bare},")) && list.text.contains(&format!("\"id\":{id},"));
    let is_shown = other.text.contains("\"name\":\"bare\"") && other.text.contains("\"open\":true");
    evidence.check(
        "one typed at Slurm's own `sbatch` has a page, and is listed, too",
        is_shown && is_listed,
        &other.text,
    );
    for (what, verb, seen) in [("hold", "hold", "Priority=0"), ("release", "release", "Priority=[1-9]")] {
        alice(evidence, &call("POST", &format!("/jobs/{id}/{verb}"), ""))?;
        let there = cluster.until(&format!("scontrol show job {id} | grep -qE '{seen}'"), PATIENCE);
        evidence.check(&format!("`{what}` of the pages is Slurm's"), there.is_ok(), seen);
    }
    for job in [&id, &bare] {
        alice(evidence, &call("POST", &format!("/jobs/{job}/cancel"), ""))?;
    }
    let ended =
        cluster.until(&format!("test $(sacct -n -X -P -j {id},{bare} -o State | grep -c CANCELLED) = 2"), PATIENCE);
    evidence.check("and so is `cancel`, of either", ended.is_ok(), &format!("{id} and {bare}"));
    let begun = Instant::now();
    let is_over = |job: &str| {
        cluster
            .until(&format!("cd /home/alice && {} | grep -q CANCELLED", call("GET", &format!("/jobs/{job}"), "")), LAG)
    };
    let known = is_over(&id).and_then(|()| is_over(&bare));
    let seconds = begun.elapsed().as_secs_f64();
    evidence.check(
        "30 s after their end at most the pages know it",
        known.is_ok() && seconds < LAG.as_secs_f64(),
        &format!("{seconds:.1} s"),
    );
    let state = evidence.type_line(cluster, HEAD, "root", &order("cluster status"))?;
    evidence.check(
        "how old the figures are can be asked",
        state.is_good() && state.text.contains("s ago"),
        &state.text,
    );
    Ok(())
}

/// Slurm shows the centre less than everything: it says so, and takes nothing in until it sees all.
fn sight(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    root("sacctmgr -i modify user nobody set adminlevel=none")?;
    let job = cluster.must("alice", "sbatch --parsable -J unseen -n1 --mem=50 -W -o /dev/null --wrap 'sleep 2'")?;
    let blind = cluster.until(&format!("! {}", order("cluster status")), Duration::from_secs(90));
    let said = root(&order("cluster status"))?;
    let status = root(&order("status"))?;
    let doctor = root(&order("doctor"))?;
    let missed = root(&format!("{} | grep -c ^{job},", order("ledger usage")))?;
    root("sacctmgr -i modify user nobody set adminlevel=operator")?;
    let taken = cluster.until(&format!("{} | grep -q ^{job},", order("ledger usage")), Duration::from_secs(180));
    let again = root(&order("cluster status"))?;
    let mend = "sacctmgr -i modify user nobody set adminlevel=operator";
    let is_said = blind.is_ok() && [&said, &status, &doctor].iter().all(|said| said.text.contains(mend));
    evidence.check("a centre that is not shown everybody's jobs says so, and what to do", is_said, &said.text);
    evidence.check(
        "what it is not shown is not lost",
        missed.text.trim() == "0" && taken.is_ok() && again.is_good(),
        &again.text,
    );
    Ok(())
}
