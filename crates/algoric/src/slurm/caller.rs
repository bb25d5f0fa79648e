//! Who called a front end, from where, with what: read from the process, once, as data.

use std::{
    cell::OnceCell,
    env,
    ffi::OsString,
    os::unix::ffi::{OsStrExt as _, OsStringExt as _},
    path::{Path, PathBuf},
};

use dialect::{environ::Variable, text::Clock};
use jiff::tz::TimeZone;
use model::{Gid, Limits, NamedLimit, Owner, Text, Time, Uid};
use nix::{
    sys::{
        resource::{RLIM_INFINITY, Resource, getrlimit},
        stat::{Mode, umask},
    },
    unistd::{User, geteuid, getgid, gethostname, getuid},
};

use crate::{
    client::{Client, ClientError},
    place::Place,
};

/// The caller.
pub struct Caller {
    /// The words after the command's name.
    pub args: Vec<Vec<u8>>,
    /// The environment.
    pub environ: Vec<Variable>,
    zone: OnceCell<TimeZone>,
    now: Time,
}

impl Caller {
    /// Of this process.
    pub fn of_process(args: Vec<OsString>) -> Self {
        Self {
            args: args.into_iter().map(OsString::into_vec).collect(),
            environ: env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect(),
            zone: OnceCell::new(),
            now: Time(jiff::Timestamp::now().as_millisecond()),
        }
    }

    /// When and where. The zone is read at the first call, because that takes longer than all the rest.
    pub fn clock(&self) -> Clock<'_> {
        Clock { now: self.now, zone: self.zone.get_or_init(crate::zone::of_process) }
    }

    /// The same with the present moment, for what goes on for long.
    pub fn fresh_clock(&self) -> Clock<'_> {
        Clock { now: Time(jiff::Timestamp::now().as_millisecond()), ..self.clock() }
    }

    /// The superuser calls.
    pub fn is_root(&self) -> bool {
        geteuid().is_root()
    }

    /// Numbers only: the centre looks names up by what the kernel says, and believes nothing else.
    pub fn owner(&self) -> Owner {
        Owner { uid: Uid(getuid().as_raw()), gid: Gid(getgid().as_raw()), user: String::new(), group: String::new() }
    }

    /// What to exit with: as that variable says, else `usual`.
    pub fn exit_code(&self, variable: &str, usual: u8) -> u8 {
        let wished = dialect::environ::non_empty(&self.environ, variable);
        wished.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(usual)
    }

    /// A connection to the centre.
    ///
    /// # Errors
    /// [`ClientError::NoCentre`].
    pub fn call(&self) -> Result<Client, ClientError> {
        Client::connect(&Place::find())
    }
}

/// The user's number behind a name or a number, if there is such a user.
pub fn user(name: &str) -> Option<Uid> {
    match name.parse() {
        Ok(number) => Some(Uid(number)),
        Err(_) => User::from_name(name).ok().flatten().map(|user| Uid(user.uid.as_raw())),
    }
}

/// The login name of a user; the number of who has none.
pub fn login_name(uid: Uid) -> String {
    let known = User::from_uid(nix::unistd::Uid::from_raw(uid.0)).ok().flatten();
    known.map_or_else(|| uid.to_string(), |user| user.name)
}

/// Short name of this machine.
pub fn host() -> String {
    let name = gethostname().unwrap_or_default();
    let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Where we are.
///
/// # Errors
/// When the directory is gone.
pub fn directory() -> std::io::Result<Text> {
    Ok(Text::from(env::current_dir()?.into_os_string().into_vec()))
}

/// The file mode creation mask, which can only be read by setting it.
pub fn creation_mask() -> u32 {
    let mask = umask(Mode::empty());
    umask(mask);
    mask.bits()
}

/// The soft limits that go along with a job.
pub fn limits() -> Limits {
    let all = [
        (NamedLimit::As, Resource::RLIMIT_AS),
        (NamedLimit::Core, Resource::RLIMIT_CORE),
        (NamedLimit::Cpu, Resource::RLIMIT_CPU),
        (NamedLimit::Data, Resource::RLIMIT_DATA),
        (NamedLimit::Fsize, Resource::RLIMIT_FSIZE),
        (NamedLimit::Memlock, Resource::RLIMIT_MEMLOCK),
        (NamedLimit::Nofile, Resource::RLIMIT_NOFILE),
        (NamedLimit::Nproc, Resource::RLIMIT_NPROC),
        (NamedLimit::Rss, Resource::RLIMIT_RSS),
        (NamedLimit::Stack, Resource::RLIMIT_STACK),
    ];
    let soft = |resource| getrlimit(resource).ok().map(|(soft, _)| (soft != RLIM_INFINITY).then_some(soft));
    Limits(all.into_iter().filter_map(|(name, resource)| Some((name, soft(resource)?))).collect())
}

/// How nice this process is (proc(5)); 0 where that cannot be read.
pub fn niceness() -> i32 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name may have anything in it; the field is the 17th after it.
    let field = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(16));
    field.and_then(|nice| nice.parse().ok()).unwrap_or(0)
}

/// A program as a shell finds it: as typed where it has a `/`, else by `PATH`.
pub fn program(typed: &Path) -> PathBuf {
    if typed.as_os_str().as_bytes().contains(&b'/') {
        return typed.to_owned();
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|directory| directory.join(typed)).find(|found| found.is_file());
    found.unwrap_or_else(|| typed.to_owned())
}
