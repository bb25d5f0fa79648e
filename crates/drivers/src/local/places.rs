//! Where the launcher and its supervisors keep things: `DATA/spool`, which nobody else may write to.
//!
//! ```text
//! spool/launcher.lock        held while a launcher serves
//! spool/supervisors.sock     where supervisors of a dead launcher find the next
//! spool/slots/N              slot files
//! spool/jobs/job00012/slurm_script
//! spool/jobs/slot-N          a script kept between runs
//! ```
//! Must not know what the files mean.

use std::fs::{DirBuilder, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use model::{JobId, Owner};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat, renameat};
use nix::sys::socket::UnixAddr;
use nix::sys::stat::{Mode, mkdirat};
use nix::unistd::{UnlinkatFlags, geteuid, unlinkat};

use super::{Context, Error};

const SCRIPT: &str = "slurm_script";

/// The opened directories.
#[derive(Debug)]
pub(crate) struct Places {
    spool: OwnedFd,
    slots: OwnedFd,
    jobs: OwnedFd,
    jobs_path: PathBuf,
}

impl Places {
    /// Makes and opens them below `data`, which is there.
    ///
    /// # Errors
    /// [`Error::Unsafe`] when somebody else could change what is in them.
    pub(crate) fn open(data: &Path) -> Result<Self, Error> {
        let data = data.canonicalize().context(|| format!("{}", data.display()))?;
        let spool = data.join("spool");
        // Users must be able to walk through to their scripts, and see nothing on the way.
        let open = |path: &Path, mode: u32| private_directory(path, mode);
        Ok(Self {
            spool: open(&spool, 0o711)?,
            slots: open(&spool.join("slots"), 0o700)?,
            jobs: open(&spool.join("jobs"), 0o711)?,
            jobs_path: spool.join("jobs"),
        })
    }

    pub(crate) fn slots(&self) -> BorrowedFd<'_> {
        self.slots.as_fd()
    }

    /// Numbers of the slot files that are there.
    pub(crate) fn slot_numbers(&self) -> io::Result<Vec<u32>> {
        let listing = std::fs::read_dir(format!("/proc/self/fd/{}", self.slots.as_raw_fd()))?;
        let mut numbers = Vec::new();
        for entry in listing {
            numbers.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The descriptors that a supervisor keeps.
    pub(crate) fn fds(&self) -> [BorrowedFd<'_>; 3] {
        [self.spool.as_fd(), self.slots.as_fd(), self.jobs.as_fd()]
    }

    /// Opens (and makes) a file of the spool itself.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        Ok(File::from(openat(&self.spool, name, flags, Mode::S_IRUSR | Mode::S_IWUSR)?))
    }

    /// The address where supervisors find their launcher: by descriptor, because a socket's path may be no longer than
    /// 107 bytes.
    pub(crate) fn reunion(&self) -> io::Result<UnixAddr> {
        Ok(UnixAddr::new(format!("/proc/self/fd/{}/supervisors.sock", self.spool.as_raw_fd()).as_str())?)
    }

    /// Removes what an earlier launcher left at [`Places::reunion`].
    pub(crate) fn clear_reunion(&self) -> io::Result<()> {
        gone(unlinkat(&self.spool, "supervisors.sock", UnlinkatFlags::NoRemoveDir))
    }

    /// Writes a job's script, which only its owner can read, to [`Places::script_path`].
    pub(crate) fn write_script(&self, job: JobId, owner: &Owner, script: &[u8]) -> io::Result<()> {
        let name = directory_name(job);
        match mkdirat(&self.jobs, name.as_str(), Mode::from_bits_truncate(0o711)) {
            Ok(()) => {}
            Err(Errno::EEXIST) => self.remove_script_file(&name)?,
            Err(error) => return Err(error.into()),
        }
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        let mut file = File::from(openat(&self.jobs, format!("{name}/{SCRIPT}").as_str(), flags, Mode::S_IRWXU)?);
        let written = file.write_all(script).and_then(|()| match geteuid().is_root() {
            true => fchown(&file, Some(owner.uid.0), Some(owner.gid.0)),
            false => Ok(()),
        });
        if written.is_err() {
            // What is left of it would take room where there is none.
            self.remove_script(job)?;
        }
        written
    }

    /// Writes over a script that the same user had, where only he could have touched it.
    pub(crate) fn rewrite_script(&self, job: JobId, script: &[u8]) -> io::Result<()> {
        let path = format!("{}/{SCRIPT}", directory_name(job));
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK;
        let file = File::from(openat(&self.jobs, path.as_str(), flags, Mode::empty())?);
        let about = file.metadata()?;
        // Under another name it may be a file that he wants to keep.
        if about.nlink() != 1 || !about.is_file() || script.is_empty() {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // Not emptied first: a file that was is forced to disk by ext4 when it is closed.
        file.write_all_at(script, 0)?;
        if about.len() > script.len() as u64 {
            file.set_len(script.len() as u64)?;
        }
        if about.mode() & 0o7777 != 0o700 {
            file.set_permissions(std::fs::Permissions::from_mode(0o700))?;
        }
        Ok(())
    }

    /// Where a job's script is.
    pub(crate) fn script_path(&self, job: JobId) -> PathBuf {
        self.jobs_path.join(directory_name(job)).join(SCRIPT)
    }

    /// Puts a job's script where a slot keeps it between runs: no later run of the job may come upon it.
    pub(crate) fn lay_script_aside(&self, slot: u32, job: JobId) -> io::Result<()> {
        Ok(renameat(&self.jobs, directory_name(job).as_str(), &self.jobs, aside_name(slot).as_str())?)
    }

    /// Gives a job the script that a slot kept.
    pub(crate) fn take_script(&self, slot: u32, job: JobId) -> io::Result<()> {
        Ok(renameat(&self.jobs, aside_name(slot).as_str(), &self.jobs, directory_name(job).as_str())?)
    }

    /// Removes the script that a slot kept, if it is there.
    pub(crate) fn remove_aside(&self, slot: u32) -> io::Result<()> {
        self.remove_directory(&aside_name(slot))
    }

    /// Removes a job's script, if it is there.
    pub(crate) fn remove_script(&self, job: JobId) -> io::Result<()> {
        self.remove_directory(&directory_name(job))
    }

    fn remove_directory(&self, name: &str) -> io::Result<()> {
        self.remove_script_file(name)?;
        gone(unlinkat(&self.jobs, name, UnlinkatFlags::RemoveDir))
    }

    /// Removes the scripts of all jobs but these, after a crash.
    pub(crate) fn sweep_scripts(&self, known: &[JobId]) -> io::Result<()> {
        for entry in std::fs::read_dir(&self.jobs_path)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            let job = name.strip_prefix("job").and_then(|number| number.parse().ok()).map(JobId);
            let stale = job.is_some_and(|job| !known.contains(&job)) || name.starts_with(ASIDE);
            if stale {
                self.remove_directory(&name)?;
            }
        }
        Ok(())
    }

    fn remove_script_file(&self, directory: &str) -> io::Result<()> {
        gone(unlinkat(&self.jobs, format!("{directory}/{SCRIPT}").as_str(), UnlinkatFlags::NoRemoveDir))
    }
}

/// Before a slot's number.
const ASIDE: &str = "slot-";

fn aside_name(slot: u32) -> String {
    format!("{ASIDE}{slot}")
}

fn directory_name(job: JobId) -> String {
    format!("job{:05}", job.0)
}

fn gone(answer: Result<(), Errno>) -> io::Result<()> {
    match answer {
        Ok(()) | Err(Errno::ENOENT) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Makes a directory if it is not there, and opens it if it is ours alone to change.
fn private_directory(path: &Path, mode: u32) -> Result<OwnedFd, Error> {
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(error).context(|| format!("making {}", path.display()));
        }
        _ => {}
    }
    let flags = libc::O_DIRECTORY | libc::O_NOFOLLOW;
    let directory =
        File::options().read(true).custom_flags(flags).open(path).context(|| format!("opening {}", path.display()))?;
    let about = directory.metadata().context(|| format!("looking at {}", path.display()))?;
    let uid = geteuid().as_raw();
    if about.uid() != uid || about.mode() & 0o022 != 0 {
        return Err(Error::Unsafe { path: path.to_owned(), uid });
    }
    if about.mode() & 0o777 != mode {
        // A strict mask of the operator's shell must not lock members out.
        directory
            .set_permissions(std::fs::Permissions::from_mode(mode))
            .context(|| format!("setting the mode of {}", path.display()))?;
    }
    Ok(directory.into())
}

/// A path as the kernel takes it.
pub(crate) fn c_path(path: &Path) -> io::Result<std::ffi::CString> {
    std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(io::Error::other)
}
