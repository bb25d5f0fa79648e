//! What the centre decides about projects holds in Slurm itself, so that a bare `sbatch` is held to it.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use super::Chapter;
use crate::demo::cluster::centre::{self, order, own_commands};
use crate::demo::cluster::evidence::Evidence;
use crate::demo::cluster::slurm::{Cluster, HEAD};

pub const CHAPTER: Chapter = Chapter {
    name: "budget",
    about: "A project whose budget is used up is refused by Slurm itself, until it has one again; others are not.",
    play,
};

const PATIENCE: Duration = Duration::from_secs(180);

const JOB: &str = "sbatch -n1 --mem=50 -o /dev/null";

fn play(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    reconcile(cluster, evidence)?;
    // From here on by itself.
    evidence.type_line(cluster, HEAD, "root", &order("stop"))?;
    cluster.until("! pgrep -x algoric", PATIENCE)?;
    centre::configure(cluster, "associations = true\n")?;
    centre::up(cluster)?;
    spend(cluster, evidence)
}

/// By hand: looked at, done, done again; what somebody made in Slurm stays.
fn reconcile(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let mut root = |line: &str| evidence.type_line(cluster, HEAD, "root", line);
    root("sacctmgr -i add qos handmade")?;
    root("sacctmgr -i modify user where name=carol account=crue set maxjobs=5")?;
    root("sacctmgr -i add account stranger")?;
    root(&order("project add gave"))?;
    root(&order("member add carol --project gave"))?;
    let tree = "sacctmgr -nP show assoc format=account,user,share,qos,grpsubmit,maxjobs,grptresmins";
    let before = root(tree)?;
    let dry = root(&order("cluster reconcile --dry-run"))?;
    let untouched = root(tree)?;
    let first = root(&order("cluster reconcile"))?;
    let again = root(&order("cluster reconcile"))?;
    let after = root(tree)?.text;
    let hand =
        root("sacctmgr -nP show qos format=name; sacctmgr -nP show assoc where user=carol format=account,maxjobs")?;
    ensure!(first.is_good(), "{}", first.text);
    let is_said = dry.text.contains("sacctmgr -i add account gave") && dry.text.contains("nothing was done");
    evidence.check(
        "a dry run says what would be done, and does nothing",
        is_said && before.text == untouched.text,
        &dry.text,
    );
    let is_made = after.lines().any(|line| line.starts_with("gave|carol|"));
    evidence.check("a project and its member of the centre's are Slurm's account and user", is_made, &after);
    let is_agreed = again.is_good() && !again.text.contains("sacctmgr -i");
    evidence.check("done again there is nothing to do", is_agreed, &again.text);
    for (what, named) in [
        ("a QOS", "QOS handmade"),
        ("an account", "account stranger"),
        ("a limit", "carol in crue has the limit MaxJobs=5"),
    ] {
        evidence.check(&format!("{what} that a hand made in Slurm is told"), again.text.contains(named), &again.text);
    }
    let is_left = hand.text.contains("handmade") && hand.text.contains("crue|5") && after.contains("stranger|");
    evidence.check("and left", is_left, &hand.text);
    Ok(())
}

/// A job uses the budget up; nobody types anything but members.
fn spend(cluster: &mut Cluster, evidence: &mut Evidence) -> Result<()> {
    let used: i64 =
        centre::usage(cluster)?.1.iter().filter(|used| used.project == "crue").map(|used| used.amount_microeur).sum();
    // Eighty core-seconds are left.
    let left = |euros: i64| {
        format!("project budget crue \"{}.{:02} EUR\" --period month", used / 1_000_000 + euros, used / 10_000 % 100)
    };
    evidence.type_line(cluster, HEAD, "root", &order(&left(8)))?;
    let limits = "sacctmgr -nP show assoc where account=crue user= format=grpsubmit,grptresmins";
    cluster
        .until(&format!("{limits} | grep -qE '[|]cpu=[0-9]{{1,3}}$'"), PATIENCE)
        .context("the budget does not come to Slurm")?;
    cluster.until("test -z \"$(squeue -h -A crue)\"", PATIENCE)?;
    let held = evidence.type_line(
        cluster,
        HEAD,
        "bob",
        &format!("{JOB} -J long -t 30 --wrap true; sleep 3; squeue -h -n long -o '%T %r'; scancel -n long"),
    )?;
    let ran = evidence.type_line(cluster, HEAD, "bob", &format!("{JOB} -t 1 -W -Q --wrap 'sleep 32'"))?;
    let begun = Instant::now();
    let closed = cluster.until(&format!("{limits} | grep -q '^0|'"), PATIENCE);
    let after = begun.elapsed().as_secs_f64();
    let stands = evidence.type_line(cluster, HEAD, "root", limits)?;
    let refused = evidence.type_line(cluster, HEAD, "bob", &format!("{JOB} --wrap true"))?;
    let hers = evidence.type_line(cluster, HEAD, "carol", &format!("{JOB} -A crue --wrap true"))?;
    let ours = evidence.type_line(cluster, HEAD, "bob", &format!("{}{JOB} --wrap true", own_commands()))?;
    let other = evidence.type_line(cluster, HEAD, "alice", &format!("{JOB} -t 1 -W -Q --wrap true"))?;
    evidence.type_line(cluster, HEAD, "root", &order(&left(50_000)))?;
    let begun = Instant::now();
    let opened = cluster.until(&format!("! {limits} | grep -q '^0|'"), PATIENCE);
    let open = begun.elapsed().as_secs_f64();
    let accepted = evidence.type_line(cluster, HEAD, "bob", &format!("{JOB} -t 1 -W -Q --wrap true"))?;

    let is_held = held.text.contains("PENDING AssocGrpCPUMinutesLimit");
    evidence.check("a job that what is left does not cover is held by Slurm, which says why", is_held, &held.text);
    evidence.check("one that it covers runs", ran.is_good(), &ran.text);
    let seen = format!("{}: {after:.1} s after its end", stands.text.trim());
    evidence.check("with nothing left Slurm takes no more, within 30 s", closed.is_ok() && after < 30.0, &seen);
    let says = |text: &str| text.contains("AssocGrpSubmitJobsLimit");
    evidence.check(
        "a bare `sbatch` is refused, and says why",
        !refused.is_good() && says(&refused.text),
        &refused.text,
    );
    evidence.check("another member's is, too", !hers.is_good() && says(&hers.text), &hers.text);
    evidence.check("by the centre's own `sbatch` it is refused, too", !ours.is_good(), &ours.text);
    evidence.check("another project's is taken", other.is_good(), &other.text);
    evidence.check(
        "with more money it is open again, within 30 s",
        opened.is_ok() && open < 30.0,
        &format!("{open:.1} s"),
    );
    evidence.check("and its jobs run", accepted.is_good(), &accepted.text);
    Ok(())
}
