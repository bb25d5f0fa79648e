//! `algoric commands`: puts the Slurm commands where a member's `PATH` finds them, as links to this binary.

use std::{
    env, fs, io,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use anyhow::Context as _;

use super::House;
use crate::{console, exit, report::Fault, slurm::FrontEnd};

/// Puts sbatch, squeue, scancel, sinfo, sacct, scontrol, srun, salloc and the other commands of Slurm into a directory
///
/// They are links to this program, which behaves as the command it is called by. Works before `algoric up`. Files of
/// others are never overwritten.
#[derive(clap::Args)]
pub struct Args {
    /// Where; made if it does not exist
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

/// Makes the links: all of them, or none when one would have to displace somebody else's file.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let program = env::current_exe().context("cannot find this program's own file")?;
    let directory = &args.directory;
    let shown = directory.display().to_string();
    fs::create_dir_all(directory).with_context(|| format!("cannot make {shown}"))?;
    let foreign: Vec<&str> =
        FrontEnd::ALL.iter().map(|command| command.name()).filter(|name| is_foreign(&directory.join(name))).collect();
    if !foreign.is_empty() {
        let names = house.words.list(&foreign);
        return Err(Fault::new("commands-foreign", [("names", names), ("directory", shown)]).into());
    }
    for command in FrontEnd::ALL {
        let link = directory.join(command.name());
        put_link(&program, &link).with_context(|| format!("cannot make the link {}", link.display()))?;
    }
    console::line(house.words.with("commands-done", &[("directory", shown.into())]));
    Ok(exit::OK)
}

/// Somebody else's: anything but nothing, or a link to a program of our name (this one, or an older place of it).
fn is_foreign(path: &Path) -> bool {
    match fs::read_link(path) {
        Ok(target) => target.file_name().is_none_or(|name| name != env!("CARGO_PKG_NAME")),
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    }
}

/// By way of another name, so that a command that is being called meanwhile is never missing.
fn put_link(program: &Path, link: &Path) -> io::Result<()> {
    let fresh = link.with_extension("algoric-new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => symlink(program, &fresh)?,
    }
    fs::rename(&fresh, link)
}
