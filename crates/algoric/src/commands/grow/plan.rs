//! `algoric grow plan`: writes down everything that would be done, and does nothing.

use std::{fs, io::Read as _, os::unix::fs::MetadataExt as _};

use anyhow::Context as _;
use site::{CHANCE, Park, PlanError, Secrets};

use super::{FolderArgs, House, ParkArgs, folder::Folder, paper};
use crate::{console, exit, report::Fault};

/// Writes a plan of park.toml into a folder: configuration, keys and every step with its check and its undo
///
/// Nothing is changed on any machine. Read PLAN.md there. Made again, a plan keeps its keys and what was done of it.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    park: ParkArgs,

    #[command(flatten)]
    folder: FolderArgs,
}

/// Does it.
pub fn run(args: &Args, house: &House) -> anyhow::Result<u8> {
    let shown = args.park.park.display().to_string();
    let text = fs::read_to_string(&args.park.park).with_context(|| shown.clone())?;
    let mut park = Park::parse(&text).with_context(|| shown.clone())?;
    let folder = Folder::at(&args.folder.folder);
    find_centre(&mut park.centre, &folder, house);
    let secrets = match folder.secrets()? {
        Some(secrets) => secrets,
        None => fresh_secrets().context("cannot read /dev/urandom")?,
    };
    let plan = site::plan(&park, &secrets).map_err(|error| match error {
        PlanError::NotMeasured(names) => Fault::new("grow-not-measured", [("names", house.words.list(&names))]),
        PlanError::TooOld { machine, version } => {
            let tried = site::slurm::TRIED.to_owned();
            Fault::new("grow-too-old", [("machine", machine), ("version", version), ("tried", tried)])
        }
    })?;
    folder.write(&plan, &paper::paper(&park, &plan, &house.words))?;
    let steps: usize = plan.stages.iter().map(Vec::len).sum();
    let gaps = [
        ("folder", args.folder.folder.display().to_string().into()),
        ("steps", steps.into()),
        ("machines", plan.targets.len().into()),
    ];
    console::line(house.words.with("grow-planned", &gaps));
    for note in &plan.notes {
        console::line(paper::note(note, &house.words));
    }
    Ok(exit::OK)
}

/// What is not said of the centre is found out where its data is here: whom it serves as, and which numbers it has given.
fn find_centre(said: &mut site::park::Centre, folder: &Folder, house: &House) {
    let paths = centre::Paths::new(house.place.data());
    let uid = fs::metadata(paths.database()).ok().map(|file| nix::unistd::Uid::from_raw(file.uid()));
    let user = uid.and_then(|uid| nix::unistd::User::from_uid(uid).ok().flatten());
    said.user = said.user.take().or(user.map(|user| user.name));
    let last = || Some(store::Reader::open(&paths.database()).ok()?.last_job().ok()?.0);
    // With Slurm the numbers are Slurm's: the plan stays as it was.
    let is_there = centre::load_config(&paths.config()).is_ok_and(|file| file.cluster.engine == centre::Engine::Slurm);
    let before = folder.first_job();
    said.first_job = said.first_job.or(match (before, last()) {
        (before, None) => before,
        (Some(before), Some(last)) if is_there || before > last => Some(before),
        (_, Some(last)) => Some(site::park::first_job_after(last)),
    });
}

fn fresh_secrets() -> std::io::Result<Secrets> {
    let mut chance = [0; CHANCE];
    fs::File::open("/dev/urandom")?.read_exact(&mut chance)?;
    Ok(Secrets::of_chance(&chance))
}
