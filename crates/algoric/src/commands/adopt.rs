//! `algoric adopt`: a Slurm cluster that is there becomes a centre's. It is read, and nothing on it is changed: what is
//! written is the centre's own configuration and data file.

use std::{
    collections::BTreeSet,
    fs,
    ops::ControlFlow,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    sync::mpsc::channel,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use dialect::cluster::{
    accounting::{self, Which},
    nodes,
    tree::{self, Association},
};
use drivers::slurm::Slurm;
use model::{Span, Time};
use store::{Batch, Db, Write, Writer};

use super::House;
use crate::{client::Client, console, exit, report::Fault};

/// The version that this was tried with.
const TRIED: &str = "22.05.8";

/// Takes a Slurm cluster over as it is: reads its configuration, people and history, changes nothing on it
#[derive(clap::Args)]
pub struct Args {
    /// The cluster's slurm.conf, where it is not the system's own
    #[arg(long, value_name = "FILE")]
    conf: Option<PathBuf>,

    /// The folder of Slurm's commands, where the search path does not have them
    #[arg(long, value_name = "DIR")]
    commands: Option<PathBuf>,

    /// Write nothing: say what was found
    #[arg(long)]
    dry_run: bool,
}

/// What was found.
struct Found {
    name: String,
    version: String,
    nodes: Vec<nodes::Node>,
    partitions: Vec<nodes::Partition>,
    /// Accounts, and users in them, of this cluster.
    associations: Vec<Association>,
    users: Vec<(String, String)>,
    qos: Vec<tree::Qos>,
    jobs: usize,
}

/// Reads it, and writes what the centre needs.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    if Client::connect(&house.place).is_ok() {
        let data = house.place.data().display().to_string();
        return Err(Fault::new("adopt-running", [("data", data)]).into());
    }
    let paths = centre::Paths::new(house.place.data());
    let before = fs::read_to_string(paths.config()).unwrap_or_default();
    if centre::load_config(&paths.config()).is_ok_and(|file| file.cluster.engine == centre::Engine::Slurm) {
        return Err(Fault::new("adopt-has-cluster", [("file", paths.config().display().to_string())]).into());
    }
    let slurm = Slurm { folder: args.commands.clone(), conf: args.conf.clone(), limit: Duration::from_secs(120) };
    let Some(found) = look(&slurm)? else { return Err(Fault::new("adopt-no-accounting", []).into()) };
    say(&found, house);
    let file = paths.config().display().to_string();
    if args.dry_run {
        console::line(house.words.with("adopt-dry", &[("file", file.as_str().into())]));
        return Ok(exit::OK);
    }
    super::up::lay_out(house)?;
    people(&paths.database(), &found)?;
    give(&paths.database())?;
    write(&paths.config(), &before, &section(args))?;
    console::line(house.words.with("adopt-done", &[("file", file.as_str().into())]));
    Ok(exit::OK)
}

/// Asks Slurm; `None`: it keeps no accounting.
fn look(slurm: &Slurm) -> anyhow::Result<Option<Found>> {
    let ask = |program: &str, words: &[&str]| {
        let said = slurm.ask(program, words, &accounting::ENVIRONMENT)?;
        Ok::<_, anyhow::Error>(String::from_utf8_lossy(&said).into_owned())
    };
    let config = ask("scontrol", &["show", "config"])?;
    let setting = |name| nodes::setting(&config, name).unwrap_or("").to_owned();
    if setting("AccountingStorageType") != "accounting_storage/slurmdbd" {
        return Ok(None);
    }
    let show = |what: &str, columns: &str| ask("sacctmgr", &["-P", "-n", "show", what, &format!("format={columns}")]);
    let name = setting("ClusterName");
    let associations = tree::associations(&show("assoc", tree::ASSOC)?);
    Ok(Some(Found {
        version: setting("SLURM_VERSION"),
        nodes: nodes::nodes(&ask("scontrol", &["-o", "show", "node"])?),
        partitions: nodes::partitions(&ask("scontrol", &["-o", "show", "partition"])?),
        associations: associations.into_iter().filter(|one| one.cluster == name).collect(),
        users: tree::users(&show("user", tree::USERS)?),
        qos: tree::qos(&show("qos", tree::QOS)?),
        jobs: latest(slurm)?,
        name,
    }))
}

/// How many jobs ended lately: what is read is what the centre will read.
fn latest(slurm: &Slurm) -> anyhow::Result<usize> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).context("a clock before 1970")?;
    let now = Time(i64::try_from(now.as_millis())?);
    let separator = drivers::slurm::separator()?;
    let which = Which::Ended(now - Span::minutes(30 * 24 * 60), now);
    let mut reading = accounting::Reading::new(&separator);
    let (mut count, mut bad) = (0, None);
    slurm.stream("sacct", &accounting::arguments(&which, &separator), &accounting::ENVIRONMENT, &mut |bytes| {
        bad = reading.push(bytes, &mut |_| count += 1).err();
        if bad.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if let Some(bad) = bad {
        bail!("sacct: {bad}");
    }
    reading.end(&mut |_| count += 1)?;
    Ok(count)
}

fn accounts(found: &Found) -> impl Iterator<Item = &Association> {
    found.associations.iter().filter(|one| one.user.is_empty() && one.account != "root")
}

fn members(found: &Found) -> impl Iterator<Item = &Association> {
    let of_people = |one: &&Association| !one.user.is_empty() && one.account != "root" && one.partition.is_empty();
    found.associations.iter().filter(of_people)
}

fn say(found: &Found, house: &House) {
    let words = &house.words;
    let cpus: u32 = found.nodes.iter().map(|node| node.cpus).sum();
    let partitions: Vec<&str> = found.partitions.iter().map(|partition| partition.name.as_str()).collect();
    let line = |key: &str, gaps: &[(&str, fluent_bundle::FluentValue<'_>)]| console::line(words.with(key, gaps));
    line(
        "adopt-found",
        &[
            ("name", found.name.as_str().into()),
            ("version", found.version.as_str().into()),
            ("nodes", found.nodes.len().into()),
            ("cpus", cpus.into()),
            ("partitions", partitions.join(", ").into()),
        ],
    );
    if found.version != TRIED {
        line("adopt-untested", &[("version", found.version.as_str().into())]);
    }
    let users: BTreeSet<&str> = members(found).map(|one| one.user.as_str()).collect();
    line("adopt-people", &[("projects", accounts(found).count().into()), ("members", users.len().into())]);
    let mut own: Vec<String> = found.associations.iter().flat_map(|one| one.others.iter().cloned()).collect();
    own.extend(
        found
            .qos
            .iter()
            .filter(|qos| !["normal", "low", "urgent"].contains(&&*qos.name))
            .map(|qos| format!("QOS {}", qos.name)),
    );
    if !own.is_empty() {
        line("adopt-hand", &[("what", own.join(", ").into())]);
    }
    line("adopt-history", &[("jobs", found.jobs.into())]);
}

/// Accounts become projects, users become their members; nobody who is there already is changed.
fn people(file: &Path, found: &Found) -> anyhow::Result<()> {
    let (db, _) = Db::open(file)?;
    let (projects, known) = (db.projects()?, db.members()?);
    let mut writes = Vec::new();
    for one in accounts(found).filter(|one| !projects.iter().any(|project| project.name == one.account)) {
        writes.push(Write::Project {
            name: one.account.clone(),
            description: String::new(),
            shares: one.shares.parse().unwrap_or(1),
            closed: false,
        });
    }
    for one in members(found) {
        if known.iter().any(|member| member.user == one.user && member.project == one.account) {
            continue;
        }
        let default = found.users.iter().any(|(user, account)| *user == one.user && *account == one.account);
        writes.push(Write::Member { user: one.user.clone(), project: one.account.clone(), membership: Some(default) });
    }
    let (tell, hear) = channel();
    let writer = Writer::start(db, move |done| tell.send(done).unwrap_or_default())?;
    writer.send(Batch { number: 1, writes });
    hear.recv().context("the data file was not written")?.result?;
    Ok(())
}

/// The data file belongs to whom its folder belongs to: root makes it here, and another user serves.
fn give(file: &Path) -> anyhow::Result<()> {
    let folder = file.parent().context("a file without a folder")?;
    let owner = fs::metadata(folder)?;
    if fs::metadata(file)?.uid() != owner.uid() {
        std::os::unix::fs::chown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// What config.toml says of it.
fn section(args: &Args) -> String {
    let mut text = String::from("engine = \"slurm\"\n");
    for (key, path) in [("commands", &args.commands), ("conf", &args.conf)] {
        if let Some(path) = path {
            text += &format!("{key} = {:?}\n", path.display().to_string());
        }
    }
    text += "# Slurm's accounts stay as they are. `algoric cluster reconcile --dry-run` says what it would take to let\n\
             # projects, members and budgets here decide them; with this they do:\n# associations = true\n";
    text
}

/// Puts it into the section that is there, as in a new file, or behind what is there.
fn write(file: &Path, before: &str, section: &str) -> anyhow::Result<()> {
    let before = if before.is_empty() { centre::CONFIG_TEMPLATE } else { before };
    let fresh = file.with_extension("toml.new");
    fs::write(&fresh, with_section(before, section)).with_context(|| fresh.display().to_string())?;
    centre::load_config(&fresh)?;
    fs::rename(&fresh, file).with_context(|| file.display().to_string())
}

/// A configuration with these keys of `[cluster]`.
fn with_section(before: &str, keys: &str) -> String {
    let is_it = |line: &str| line.split('#').next().is_some_and(|line| line.trim() == "[cluster]");
    let mut text = String::new();
    for line in before.lines() {
        text.extend([line, "\n"]);
        if is_it(line) {
            text.push_str(keys);
        }
    }
    if before.lines().any(is_it) { text } else { format!("{text}\n[cluster]\n{keys}") }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_section_is_there_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let check = |before: &str| {
            fs::write(&file, with_section(before, "engine = \"slurm\"\n")).unwrap();
            assert_eq!(centre::load_config(&file).unwrap().cluster.engine, centre::Engine::Slurm, "{before}");
        };
        check(centre::CONFIG_TEMPLATE);
        check("name = \"x\"\n");
        check("name = \"x\"\n[cluster] # ours\nqueue_seconds = 1\n\n[money]\n");
    }
}
