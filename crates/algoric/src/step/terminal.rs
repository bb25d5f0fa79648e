//! `--pty`: a terminal for the first task, and the terminal of the person in front of it.

use std::{
    io,
    os::fd::{AsFd, AsRawFd as _, OwnedFd},
};

use nix::{
    fcntl::{FcntlArg, OFlag, fcntl},
    pty::{Winsize, openpty},
    sys::termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
    unistd::isatty,
};

/// What is taken for a terminal's size where nobody knows.
const USUAL: (u16, u16) = (24, 80);

/// A terminal of our making.
pub struct Terminal {
    /// Our side of it.
    pub master: OwnedFd,
    /// The task's side.
    pub slave: OwnedFd,
}

impl Terminal {
    /// Of so many rows and columns.
    ///
    /// # Errors
    /// When the system has none left.
    pub fn new(rows: u16, columns: u16) -> io::Result<Self> {
        let pair = openpty(Some(&winsize(rows, columns)), None)?;
        for end in [&pair.master, &pair.slave] {
            fcntl(end, FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC))?;
        }
        fcntl(&pair.master, FcntlArg::F_SETFL(OFlag::O_RDWR | OFlag::O_NONBLOCK))?;
        Ok(Self { master: pair.master, slave: pair.slave })
    }
}

/// Tells a terminal its size; its processes hear of it from the kernel.
pub fn resize(terminal: &impl AsFd, rows: u16, columns: u16) {
    let size = winsize(rows, columns);
    // SAFETY: the call reads one valid structure.
    unsafe { libc::ioctl(terminal.as_fd().as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
}

fn winsize(rows: u16, columns: u16) -> Winsize {
    Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }
}

/// Rows and columns of the terminal that standard input is, or the usual ones.
pub fn size() -> (u16, u16) {
    let mut size = winsize(0, 0);
    // SAFETY: the call fills in one valid structure.
    let asked = unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    if asked == 0 && size.ws_row > 0 { (size.ws_row, size.ws_col) } else { USUAL }
}

/// Standard input without the kernel's own editing, as long as this lives: what is typed goes to the other terminal.
pub struct Raw {
    before: Option<Termios>,
}

impl Raw {
    /// Where standard input is a terminal.
    pub fn new() -> Self {
        let stdin = io::stdin();
        let before = isatty(&stdin).unwrap_or(false).then(|| tcgetattr(&stdin).ok()).flatten();
        if let Some(before) = &before {
            let mut raw = before.clone();
            cfmakeraw(&mut raw);
            tcsetattr(&stdin, SetArg::TCSADRAIN, &raw).ok();
        }
        Self { before }
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            tcsetattr(io::stdin(), SetArg::TCSADRAIN, before).ok();
        }
    }
}
