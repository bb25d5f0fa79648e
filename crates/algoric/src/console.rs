//! Writing to the person or the pipe in front of us. A reader that goes away (`squeue | head`) ends us quietly.

use std::io::{self, Write};

use crate::exit;

/// Writes all of it to standard output.
pub fn print(text: impl AsRef<[u8]>) {
    let mut stdout = io::stdout().lock();
    if let Err(error) = stdout.write_all(text.as_ref()).and_then(|()| stdout.flush()) {
        give_up(&error);
    }
}

/// The same, with a line end.
pub fn line(text: impl AsRef<str>) {
    print(format!("{}\n", text.as_ref()));
}

/// Writes all of it to standard error, whatever becomes of it: there is nowhere left to complain.
pub fn complain(text: impl AsRef<[u8]>) {
    io::stderr().lock().write_all(text.as_ref()).ok();
}

/// Nobody reads any more (as SIGPIPE would have told), or the disk behind a redirection is full.
fn give_up(error: &io::Error) -> ! {
    let code = if error.kind() == io::ErrorKind::BrokenPipe {
        exit::BROKEN_PIPE
    } else {
        complain(format!("cannot write to standard output: {error}\n"));
        exit::FAILED
    };
    std::process::exit(code.into())
}
