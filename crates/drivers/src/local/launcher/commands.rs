//! Programs of the system that run as a member, for what they print: `sbatch`, `scancel` of a real Slurm. Forked here, as
//! only the launcher can become a member. Must not know what they do.

use std::{
    ffi::CString,
    fs::File,
    io::{self, Read, Seek, Write},
    os::fd::AsRawFd,
};

use nix::{
    sys::{
        memfd::{MFdFlags, memfd_create},
        signal::{SigSet, SigmaskHow, sigprocmask},
        stat::{Mode, umask},
    },
    unistd::{
        ForkResult, Pid, User, alarm, chdir, dup2_stderr, dup2_stdin, dup2_stdout, execvpe, fork, getgrouplist, setsid,
    },
};

use model::Text;

use super::super::{
    files::permitted,
    protocol::{Command, Report},
    sys::{self, Fate},
};
use super::Launcher;

/// So many at once; more is somebody's mistake.
const MOST: usize = 64;
/// A program that takes longer is ended, in seconds.
const PATIENCE: u32 = 60;
/// So much of what it says is passed on.
const MOST_SAID: u64 = 256 << 10;

/// One of them.
pub(super) struct Running {
    number: u64,
    pid: Pid,
    output: File,
    complaint: File,
}

impl Launcher {
    /// Starts one; what it said follows when it has ended.
    pub(super) fn command(&mut self, command: Command) {
        let number = command.number;
        if let Err(error) = self.start_command(command) {
            let complaint = Text::from(error.to_string());
            self.tell(&Report::Told { number, code: None, output: Text::default(), complaint });
        }
    }

    fn start_command(&mut self, command: Command) -> io::Result<()> {
        permitted(command.owner.uid.0).map_err(io::Error::other)?;
        self.fork_program(command)
    }

    /// Starts a program as whom it says, who was looked at before.
    pub(super) fn fork_program(&mut self, command: Command) -> io::Result<()> {
        if self.commands.len() >= MOST {
            return Err(io::Error::other("too many programs run for members already: try again"));
        }
        let memory = |name| Ok::<_, io::Error>(File::from(memfd_create(name, MFdFlags::MFD_CLOEXEC)?));
        let (mut input, output, complaint) = (memory("input")?, memory("output")?, memory("complaint")?);
        input.write_all(command.input.as_bytes())?;
        input.rewind()?;
        let root = self.settings.root;
        // SAFETY: there is one thread only, so the child may do whatever the parent may.
        match unsafe { fork() }? {
            ForkResult::Child => become_program(&command, [&input, &output, &complaint], root),
            ForkResult::Parent { child } => {
                self.commands.push(Running { number: command.number, pid: child, output, complaint });
                Ok(())
            }
        }
    }

    /// Whether that child of ours is one.
    pub(super) fn is_command(&self, pid: Pid) -> bool {
        self.commands.iter().any(|running| running.pid == pid)
    }

    /// A child of ours ended.
    pub(super) fn command_ended(&mut self, pid: Pid, fate: &Fate) {
        let Some(at) = self.commands.iter().position(|running| running.pid == pid) else { return };
        let Running { number, output, complaint, .. } = self.commands.swap_remove(at);
        let code = match fate {
            Fate::Exited(code) => Some(*code),
            _ => None,
        };
        self.account_ended(number, code);
        self.tell(&Report::Told { number, code, output: said(output), complaint: said(complaint) });
    }
}

fn said(mut file: File) -> Text {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.take(MOST_SAID).read_to_end(&mut bytes));
    read.map_or_else(|error| Text::from(error.to_string()), |_| Text::from(bytes))
}

/// Becomes the member, then the program; never comes back.
fn become_program(command: &Command, files: [&File; 3], root: bool) -> ! {
    let Err(error) = try_become(command, files, root);
    writeln!(io::stderr(), "{}: {error}", command.words.first().map_or("".into(), Text::lossy)).unwrap_or_default();
    // SAFETY: leaves without running what the launcher has registered for its own exit.
    unsafe { libc::_exit(127) }
}

fn try_become(command: &Command, files: [&File; 3], root: bool) -> io::Result<std::convert::Infallible> {
    let [input, output, complaint] = files;
    setsid()?;
    dup2_stderr(complaint)?;
    dup2_stdin(input)?;
    dup2_stdout(output)?;
    sys::close_all_but(3, &[complaint.as_raw_fd()]);
    sys::default_signals();
    sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)?;
    alarm::set(PATIENCE);
    if root {
        let uid = nix::unistd::Uid::from_raw(command.owner.uid.0);
        let user = User::from_uid(uid)?.ok_or_else(|| io::Error::other("there is no such user"))?;
        let name = CString::new(user.name.as_str()).map_err(io::Error::other)?;
        let groups: Vec<libc::gid_t> = getgrouplist(&name, user.gid)?.into_iter().map(|gid| gid.as_raw()).collect();
        sys::become_user(user.uid.as_raw(), user.gid.as_raw(), &groups)?;
    }
    umask(Mode::from_bits_truncate(0o022));
    chdir(command.workdir.as_bytes())?;
    let words = command.words.iter().map(|word| CString::new(word.as_bytes())).collect::<Result<Vec<_>, _>>()?;
    let env = command.env.iter().map(CString::new).collect::<Result<Vec<_>, _>>()?;
    let program = words.first().ok_or_else(|| io::Error::other("no program is named"))?;
    Ok(execvpe(program, &words, &env)?)
}
