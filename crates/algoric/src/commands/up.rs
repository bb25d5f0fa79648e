//! `algoric up`, and the two halves that systemd starts apart: `algoric launcher` and `algoric centre`.
//!
//! `up` forks before anything else is loaded: the child becomes the launcher and keeps its privilege, the parent drops
//! it for good and serves. Each ends when the other does. (The launcher is the child because every child that it has
//! itself is a supervisor, or the orphan of one.)

use std::{
    fs::DirBuilder,
    net::SocketAddr,
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown, lchown},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, bail};
use centre::Paths;
use drivers::local::{
    launcher::{self, Centre, Cgroups, LauncherConfig},
    link::{self, Link},
};
use nix::{
    sys::wait::{WaitStatus, waitpid},
    unistd::{ForkResult, Gid, Group, Uid, User, fork, geteuid, setgroups, setresgid, setresuid},
};

use super::House;
use crate::{console, exit};

/// Where the system's centre says that it was started.
const SYSTEM_RUN: &str = "/run/algoric";

/// Names the cgroup that was delegated for jobs (the unit `algoric-jobs.service` holds it).
const CGROUP_VARIABLE: &str = "ALGORIC_CGROUP";

/// Start the centre and stay in the foreground
///
/// The first start makes everything. As root, jobs run as the members who submit them; as an ordinary user, the centre
/// runs that user's jobs only. Ctrl-C, SIGTERM and `algoric stop` end it; jobs go on and are taken up again at the
/// next start.
#[derive(clap::Args)]
pub struct UpArgs {
    /// Address for the browser; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,

    /// Use no cgroups, even where there are some
    #[arg(long, hide = true)]
    no_cgroups: bool,
}

/// The half that alone holds privilege (for systemd)
#[derive(clap::Args)]
pub struct LauncherArgs {}

/// The half that serves (for systemd)
#[derive(clap::Args)]
pub struct CentreArgs {
    /// Address for the browser; port 0 takes a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8642")]
    listen: SocketAddr,
}

/// Makes the folders of a centre that is to be, as the first start would.
pub fn lay_out(house: &House) -> anyhow::Result<()> {
    prepare(&absolute(house.place.data())?, &Servant::choose()).map(drop)
}

/// Both halves.
pub fn up(args: &UpArgs, house: &House) -> anyhow::Result<u8> {
    let data = absolute(house.place.data())?;
    let servant = Servant::choose();
    let first = prepare(&data, &servant)?;
    let paths = Paths::new(&data);
    // What is wrong with the configuration is said before anything starts.
    centre::load_config(&paths.config())?;
    wait_for_predecessor(&paths);
    let (ours, theirs) = link::pair().context("making the socket between the two halves")?;
    // SAFETY: this process has one thread, so the child may go on as if it had been started.
    match unsafe { fork() }.context("starting the second half")? {
        ForkResult::Child => {
            drop(ours);
            let cgroups = if args.no_cgroups { Cgroups::Off } else { cgroups() };
            let code = match launch(&data, Centre::Connected(theirs), cgroups) {
                Ok(_) => exit::OK,
                Err(fault) => {
                    console::complain(format!("algoric: {fault:#}\n"));
                    exit::FAILED
                }
            };
            std::process::exit(i32::from(code));
        }
        ForkResult::Parent { child } => {
            drop(theirs);
            let start = Start { first, tells: true };
            let served = serve(paths, args.listen, Link::new(ours), &servant, start);
            // Our end of the socket is closed by now, so the launcher leaves as well.
            match (served?, waitpid(child, None)) {
                (exit::OK, Ok(WaitStatus::Exited(_, code))) => Ok(u8::try_from(code).unwrap_or(exit::FAILED)),
                (code, _) => Ok(code),
            }
        }
    }
}

/// The launcher alone.
pub fn launcher(_: &LauncherArgs, house: &House) -> anyhow::Result<u8> {
    let data = absolute(house.place.data())?;
    let servant = Servant::choose();
    prepare(&data, &servant)?;
    let path = Paths::new(&data).launcher_socket();
    let uids = servant.uid.map(Uid::as_raw).into_iter().collect();
    launch(&data, Centre::Listen { path, uids, stay: true }, cgroups())?;
    Ok(exit::OK)
}

/// The centre alone.
pub fn centre(args: &CentreArgs, house: &House) -> anyhow::Result<u8> {
    let paths = Paths::new(absolute(house.place.data())?);
    let socket = paths.launcher_socket();
    let begun = Instant::now();
    let link = loop {
        match Link::connect(&socket) {
            Ok(link) => break link,
            Err(_) if begun.elapsed() < Duration::from_secs(30) => std::thread::sleep(Duration::from_millis(100)),
            Err(fault) => bail!("no launcher answers at {}: {fault}; start algoric-launcher.service", socket.display()),
        }
    };
    let stay = Servant { uid: None, gid: None, shared: false };
    serve(paths, args.listen, link, &stay, Start { first: false, tells: false })
}

/// How it was started.
struct Start {
    /// There was no centre before.
    first: bool,
    /// Somebody reads what is said: it may have a secret in it, which must not get into a log.
    tells: bool,
}

fn serve(paths: Paths, listen: SocketAddr, link: Link, servant: &Servant, start: Start) -> anyhow::Result<u8> {
    let file = centre::load_config(&paths.config())?;
    let (section, zone) = (file.portal, file.electricity.zone);
    let web = super::web::Web::open(listen, &section, &paths.config())?;
    let url = web.url.clone();
    // SAFETY: this process has one thread, so the child may go on as if it had been started.
    if let ForkResult::Child = unsafe { fork() }.context("starting the process for the pages")? {
        drop(link);
        servant.become_it()?;
        web.keep(&paths.socket(), &section, zone);
    }
    drop(web);
    if let Some(listen) = file.nodes.listen {
        let gate = super::node::gate::Gate::open(listen, &paths)?;
        // SAFETY: as above.
        if let ForkResult::Child = unsafe { fork() }.context("starting the process for machines")? {
            drop(link);
            servant.become_it()?;
            gate.keep(&paths.data);
        }
    }
    // Some counters are root's to open, and anybody's to read once they are open.
    let meters = centre::Meters::open(&paths.config())?;
    servant.become_it()?;
    let data = paths.data.clone();
    let ready = Box::new(move |url: &str, link: Option<&api::Secret>| {
        welcome(&data, url, start.first);
        if let Some(link) = link.filter(|_| start.tells) {
            console::print(format!("Who runs this centre begins here, once: {}\n", link.0));
        }
    });
    match centre::run(centre::Options { paths, url, link, meters, ready })? {
        centre::Ended::Stopped | centre::Ended::LauncherGone => Ok(exit::OK),
    }
}

fn launch(data: &Path, centre: Centre, cgroups: Cgroups) -> anyhow::Result<()> {
    let config = LauncherConfig { data: data.to_owned(), centre_id: centre_id(data), centre, cgroups, boot_id: None };
    launcher::run(config).map(|_| ()).with_context(|| format!("the launcher of {}", data.display()))
}

fn cgroups() -> Cgroups {
    match std::env::var_os(CGROUP_VARIABLE).map(PathBuf::from) {
        Some(path) if path.is_dir() => Cgroups::Below(path),
        _ => Cgroups::Auto,
    }
}

/// The user who serves: nobody with privilege.
struct Servant {
    uid: Option<Uid>,
    gid: Option<Gid>,
    /// Other programs run as this user, too: what is ours is told by the group, which is nobody else's.
    shared: bool,
}

impl Servant {
    /// Started by root: the user `algoric`, or `nobody` where there is none. Else: who started it.
    fn choose() -> Self {
        if !geteuid().is_root() {
            return Self { uid: None, gid: None, shared: false };
        }
        let user = |name| User::from_name(name).ok().flatten();
        if let Some(own) = user("algoric") {
            return Self { uid: Some(own.uid), gid: Some(own.gid), shared: false };
        }
        // The number that the kernel itself uses for "nobody".
        let uid = user("nobody").map_or(Uid::from_raw(65534), |user| user.uid);
        Self { uid: Some(uid), gid: Some(Self::private_group()), shared: true }
    }

    /// A group that nobody is in: the greatest number below nobody's own that has no name.
    fn private_group() -> Gid {
        let nameless = |gid: &Gid| !matches!(Group::from_gid(*gid), Ok(Some(_)));
        (60_000..65_534).rev().map(Gid::from_raw).find(nameless).unwrap_or(Gid::from_raw(65534))
    }

    fn become_it(&self) -> anyhow::Result<()> {
        let (Some(uid), Some(gid)) = (self.uid, self.gid) else { return Ok(()) };
        setgroups(&[]).context("leaving root's groups")?;
        setresgid(gid, gid, gid).context("leaving root's group")?;
        setresuid(uid, uid, uid).context("leaving root")?;
        if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
            bail!("privilege came back after it was dropped: this system cannot be trusted");
        }
        Ok(())
    }
}

/// Makes the directories of a centre; says whether they were new.
fn prepare(data: &Path, servant: &Servant) -> anyhow::Result<bool> {
    let paths = Paths::new(data);
    let first = !paths.database().exists();
    let create = |path: &Path, mode: u32| {
        DirBuilder::new().recursive(true).mode(mode).create(path).with_context(|| format!("making {}", path.display()))
    };
    trust(data)?;
    trust(&paths.config())?;
    // Members walk through it to their scripts; what is not theirs lies in directories that are closed to them.
    create(data, 0o755)?;
    for (path, mode) in [(paths.database_directory(), 0o700), (paths.run(), 0o755)] {
        create(&path, mode)?;
        if let (Some(uid), Some(gid)) = (servant.uid, servant.gid) {
            // A directory that is root's and the group's keeps out whoever has but the user in common with the service.
            let (owner, mode) = if servant.shared { (0, mode | 0o070) } else { (uid.as_raw(), mode) };
            lchown(&path, Some(owner), Some(gid.as_raw()))
                .and_then(|()| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)))
                .with_context(|| format!("giving {} to the service", path.display()))?;
        }
    }
    hand_over(&paths.database_directory(), servant)?;
    if !paths.config().exists() {
        std::fs::write(paths.config(), centre::CONFIG_TEMPLATE)
            .with_context(|| format!("writing {}", paths.config().display()))?;
        std::fs::set_permissions(paths.config(), std::fs::Permissions::from_mode(0o644)).ok();
    }
    if geteuid().is_root() && data == centre::system_data() {
        create(Path::new(SYSTEM_RUN), 0o755)?;
    }
    Ok(first)
}

/// Gives the data files to the service, as it may have been another user when they were made, or root may have put them
/// back. Only what is a file of its own: nobody shall have us give away root's by a link.
fn hand_over(directory: &Path, servant: &Servant) -> anyhow::Result<()> {
    let (Some(uid), Some(gid)) = (servant.uid, servant.gid) else { return Ok(()) };
    let whose = |about: &std::fs::Metadata| (about.uid(), about.gid());
    for entry in std::fs::read_dir(directory).with_context(|| format!("listing {}", directory.display()))?.flatten() {
        let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
        let Ok(file) = std::fs::File::options().read(true).custom_flags(flags).open(entry.path()) else { continue };
        let about = file.metadata()?;
        let is_ours = about.is_file() && about.nlink() == 1;
        if is_ours && whose(&about) != (uid.as_raw(), gid.as_raw()) {
            fchown(&file, Some(uid.as_raw()), Some(gid.as_raw()))
                .with_context(|| format!("giving {} to the service", entry.path().display()))?;
        }
    }
    Ok(())
}

/// A launcher that is just leaving needs an instant; one that stays is found, and said, by the new one.
fn wait_for_predecessor(paths: &Paths) {
    let begun = Instant::now();
    while let Ok(lock) = std::fs::File::open(paths.launcher_lock()) {
        if lock.try_lock().is_ok() || begun.elapsed() > Duration::from_secs(2) {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Root believes what lies in its data directory (the prolog in `config.toml` runs as root), so nobody else may have
/// put it there.
fn trust(path: &Path) -> anyhow::Result<()> {
    let Ok(about) = std::fs::symlink_metadata(path) else { return Ok(()) };
    if geteuid().is_root() && (about.uid() != 0 || about.mode() & 0o022 != 0 || about.is_symlink()) {
        bail!(
            "{} must belong to root, be no link, and be writable by nobody else, as root is to trust it: \
             `chown root:root` and `chmod go-w` it, or start the centre as its owner",
            path.display()
        );
    }
    Ok(())
}

fn absolute(path: &Path) -> anyhow::Result<PathBuf> {
    std::path::absolute(path).with_context(|| format!("finding {}", path.display()))
}

/// Tells centres on one machine apart: from the data directory's own path (FNV-1a, 64 bits).
fn centre_id(data: &Path) -> String {
    let bytes = data.as_os_str().as_encoded_bytes();
    let hash = bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{hash:016x}")
}

fn welcome(data: &Path, url: &str, first: bool) {
    let shown = data.display();
    console::print(format!("The centre is up: {url}  (data in {shown})\n"));
    if first {
        console::print(format!(
            "What next, in another terminal:\n  \
             export ALGORIC_DATA={shown}\n  \
             algoric commands ~/bin         # puts sbatch, squeue, sacct... there\n  \
             sbatch --wrap hostname         # a first job; its output is slurm-1.out\n  \
             squeue; sacct; algoric status\n  \
             algoric doctor                 # what this machine can guarantee\n\
             What the centre's owner decides stands in {shown}/config.toml.\n"
        ));
    }
}
