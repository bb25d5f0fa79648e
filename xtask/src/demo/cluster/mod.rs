//! `cargo xtask demo cluster DIR`: a real cluster of Slurm on this machine, from Debian's packages: three machines that are
//! namespaces, with accounting in MariaDB. Plays what a centre that has grown must stand, chapter by chapter, and leaves what
//! was typed and said in DIR, with `evidence.md` to say what was so. With `--keep-running` Slurm stays up to be asked.

mod centre;
mod chapters;
mod evidence;
mod slurm;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::rooms::address;
use crate::{packages, tools};
use chapters::Chapter;
use evidence::{Evidence, Played};
use slurm::{Cluster, HEAD, MACHINES};

/// `DIR [--keep-running] [--chapters NAME,...] [--binary FILE]`
pub fn main(folder: &str, options: &[String]) -> Result<ExitCode> {
    tools::only(options, &["keep-running"], &["binary", "chapters"])?;
    let is_kept = options.iter().any(|option| option == "--keep-running");
    let played =
        play(Path::new(folder), tools::option(options, "binary"), is_kept, tools::option(options, "chapters"))?;
    println!("\ncluster: {played}");
    Ok(if played.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Plays the chapters that are named, in the story's order, or all.
pub fn play(folder: &Path, binary: Option<&str>, is_kept: bool, named: Option<&str>) -> Result<Played> {
    packages::provide_for_cluster()?;
    if let Some(obstacle) = packages::obstacle_for_cluster() {
        anyhow::bail!("{obstacle}");
    }
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    let folder = fs::canonicalize(folder)?;
    ensure!(fs::read_dir(&folder)?.next().is_none(), "{} must be an empty folder", folder.display());
    // Sockets want a short path, munge one that nobody else can write to, members one that they can enter.
    let place = std::env::temp_dir().join(format!("algoric-cluster-{}", std::process::id()));
    fs::create_dir(&place).with_context(|| format!("making {}", place.display()))?;
    let place = Place { folder: place, is_kept };
    let binary = match binary {
        Some(file) => fs::canonicalize(file).with_context(|| format!("{file} is not there"))?,
        None => super::stage::built()?,
    };
    let mut cluster = Cluster::open(&place.folder, is_kept, &binary)?;
    let version = cluster.must("root", "dpkg-query -W -f 'Slurm ${Version}' slurmctld")?;
    let head = format!("{version} from Debian's packages; a head and three machines, each a namespace of this one.");
    let mut evidence = Evidence::new(&folder, head);
    let is_named = |chapter: &&Chapter| named.is_none_or(|names| names.split(',').any(|name| name == chapter.name));
    for chapter in chapters::ALL.iter().filter(is_named) {
        evidence.chapter(chapter.name, chapter.about);
        let outcome = (chapter.play)(&mut cluster, &mut evidence);
        evidence.close(outcome)?;
    }
    let played = evidence.played();
    keep_logs(&cluster, &folder)?;
    if is_kept {
        keep(&cluster, &folder)?;
    }
    Ok(played)
}

/// What the services wrote.
fn keep_logs(cluster: &Cluster, folder: &Path) -> Result<()> {
    for room in MACHINES {
        let logs = folder.join("logs").join(room);
        fs::create_dir_all(&logs)?;
        for entry in fs::read_dir(cluster.rooms.files(room).join("var/log/slurm"))?.flatten() {
            // What this machine's own Slurm wrote is taken away there: the layer has a device in place of each such file.
            if !entry.file_type()?.is_file() {
                continue;
            }
            fs::copy(entry.path(), logs.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Where the cluster's files are, until it ends.
struct Place {
    folder: PathBuf,
    is_kept: bool,
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_kept {
            fs::remove_dir_all(&self.folder).ok();
        }
    }
}

/// Says how the cluster can be asked, and ended.
fn keep(cluster: &Cluster, folder: &Path) -> Result<()> {
    let bin = folder.join("bin");
    fs::create_dir_all(&bin)?;
    let write = |path: &Path, text: String| -> Result<()> {
        fs::write(path, text)?;
        Ok(fs::set_permissions(path, fs::Permissions::from_mode(0o755))?)
    };
    let way_in = cluster.rooms.way_in(HEAD)?;
    for name in ["sacct", "squeue", "sinfo", "scontrol", "sacctmgr", "sbatch", "srun", "scancel", "sreport", "sshare"] {
        write(&bin.join(name), format!("#!/bin/sh\nexec {way_in} {name} \"$@\"\n"))?;
    }
    // The same for Slurm's own commands on this machine.
    cluster.rooms.open_to_outside()?;
    let own = cluster.rooms.files(HEAD);
    let socket = own.join("run/munge/munge.socket.2");
    let conf = fs::read_to_string(own.join("etc/slurm/slurm.conf"))?;
    let mut lines: Vec<String> = conf.lines().filter(|line| !line.starts_with("AuthInfo=")).map(Into::into).collect();
    for line in &mut lines {
        if line.starts_with("AccountingStorageHost=") {
            *line = format!("AccountingStorageHost={}", address(MACHINES, HEAD));
        }
    }
    lines.push(format!("AuthInfo=socket={0}\nAccountingStoragePass={0}\n", socket.display()));
    let conf = folder.join("slurm.conf");
    fs::write(&conf, lines.join("\n"))?;
    let keepers: Vec<String> = cluster.rooms.keepers().iter().map(ToString::to_string).collect();
    let stop = format!(
        "#!/bin/sh\n# The first process of each machine: all others on it end with it.\nkill -9 {}\nsleep 1\nrm -rf {}\n",
        keepers.join(" "),
        cluster.rooms.files("").display()
    );
    write(&folder.join("stop"), stop)?;
    println!(
        "\nSlurm goes on. As root: {}/sacct; or, wherever Slurm's commands are, SLURM_CONF={} sacct. {}/stop ends it.",
        bin.display(),
        conf.display(),
        folder.display()
    );
    Ok(())
}
