//! `sattach`: looks at a running step as its `srun` does, and types into it.

use std::{
    io::{self, IsTerminal as _, Read as _, Write as _},
    os::fd::AsFd as _,
};

use api::{JobTarget, Reply, Request};
use dialect::{
    errors::Refused,
    refusal::Refusal,
    sattach::{self, Options},
};
use nix::{
    errno::Errno,
    poll::{PollFd, PollFlags, PollTimeout, poll},
};

use super::{asked, caller::Caller, refused::failed};
use crate::{
    client::ClientError,
    console,
    step::{self, Channel, Lines, Piece, Shown, Tap},
};

const NAME: &str = "sattach";

/// Attaches, and stays until the step is over.
pub fn run(caller: &Caller) -> Result<u8, Refusal> {
    let options = sattach::parse(&caller.args)?;
    let mut centre = caller.call().map_err(refuse)?;
    let job = JobTarget { id: options.job.job, tasks: options.job.tasks.clone() };
    let asked = centre.ask(&Request::Attach { job, step: options.step });
    let Reply::Attach { socket, tasks } = asked.map_err(refuse)? else {
        return Err(refuse(ClientError::Unfit));
    };
    if options.layout {
        let node = asked::node(&mut centre).map_err(refuse)?;
        console::print(sattach::layout(tasks, &node));
        return Ok(0);
    }
    let mut step = Channel::call(socket.as_bytes()).map_err(|_| refused(&Refused::AlreadyDone))?;
    let raw = options.pty.then(step::Raw::new);
    let watched = Watch::new(&options, tasks).follow(&mut step);
    drop(raw);
    watched.map_err(|error| Refusal::error(NAME, format!("the step cannot be followed: {error}"), 1))
}

fn refuse(error: ClientError) -> Refusal {
    match failed(error) {
        Refused::InvalidJobId => refused(&Refused::AlreadyDone),
        other => refused(&other),
    }
}

fn refused(refused: &Refused) -> Refusal {
    Refusal::error(NAME, format!("Could not get job step info: {}", refused.text()), 1)
}

/// What is shown, task by task.
struct Watch<'a> {
    options: &'a Options,
    /// Of each task: output and error.
    lines: Vec<[Lines; 2]>,
    /// The worst exit code so far.
    code: u8,
}

impl<'a> Watch<'a> {
    fn new(options: &'a Options, tasks: u32) -> Self {
        let of = |task: u32| {
            let label = || if options.label { step::label(task, tasks) } else { Vec::new() };
            [Lines::new(label(), !options.label), Lines::new(label(), !options.label)]
        };
        Self { options, lines: (0..tasks).map(of).collect(), code: 0 }
    }

    fn follow(mut self, step: &mut Channel) -> io::Result<u8> {
        // Input that is no terminal ends at once more often than it is meant.
        let mut typing = self.options.pty || io::stdin().is_terminal();
        loop {
            let (said, typed) = {
                let stdin = io::stdin();
                let mut files = vec![PollFd::new(step.as_fd(), PollFlags::POLLIN)];
                files.extend(typing.then(|| PollFd::new(stdin.as_fd(), PollFlags::POLLIN)));
                match poll(&mut files, PollTimeout::NONE) {
                    Ok(_) | Err(Errno::EINTR) => {}
                    Err(error) => return Err(error.into()),
                }
                let ready = |at: usize| files.get(at).and_then(PollFd::any).unwrap_or(false);
                (ready(0), ready(1))
            };
            if typed {
                let mut bytes = [0; 4096];
                let count = io::stdin().lock().read(&mut bytes)?;
                typing = count > 0 && Tap::send(&bytes[..count], step).is_ok();
            }
            if said && !self.listen(step)? {
                return Ok(self.code);
            }
        }
    }

    /// `false`: the step is over.
    fn listen(&mut self, step: &mut Channel) -> io::Result<bool> {
        let open = step.fill()?;
        while let Some(shown) = step.next::<Shown>()? {
            match shown {
                Shown::Piece(piece) => self.show(&piece),
                Shown::Ended { task, text, code } => {
                    self.code = self.code.max(code);
                    console::complain(format!("{NAME}: error: task {task} {text}\n"));
                }
            }
        }
        if !open {
            for task in 0..self.lines.len() {
                for (is_error, lines) in [(false, 0), (true, 1)] {
                    let mut out = Vec::new();
                    self.lines[task][lines].end(&mut out);
                    put(is_error, &out);
                }
            }
        }
        Ok(open)
    }

    fn show(&mut self, piece: &Piece) {
        let only = if piece.is_error { self.options.error } else { self.options.output };
        let Some(lines) = self.lines.get_mut(piece.task as usize) else { return };
        if only.is_none_or(|only| only == piece.task) {
            let mut out = Vec::new();
            lines[usize::from(piece.is_error)].take(&piece.bytes, &mut out);
            put(piece.is_error, &out);
        }
    }
}

fn put(is_error: bool, bytes: &[u8]) {
    if is_error {
        console::complain(bytes);
    } else {
        let mut out = io::stdout().lock();
        out.write_all(bytes).and_then(|()| out.flush()).ok();
    }
}
