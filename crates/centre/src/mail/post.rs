//! The post office: letters lie as files in a directory until a server has taken them, over restarts of the centre and
//! of the server. A thread of its own, so that no mail server ever holds up the centre.
//!
//! Must not know what a letter is about.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread,
    time::{Duration, SystemTime},
};

use super::smtp::{self, Envelope, NotSent};
use crate::complain::complain;

/// How long after a failure the next try comes.
const AGAIN: Duration = Duration::from_secs(30);
/// Letters older than this are given up.
const GIVE_UP: Duration = Duration::from_secs(3 * 86_400);
/// So many letters may lie about.
const MOST: usize = 20_000;

/// Where letters are handed in.
#[derive(Debug)]
pub(crate) struct Post {
    letters: Sender<Letter>,
}

/// A letter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Letter {
    /// Addresses.
    pub(crate) to: Vec<String>,
    /// Header lines, an empty one, the body.
    pub(crate) content: String,
}

/// By whom letters go, and from whom.
#[derive(Clone, Debug)]
pub(crate) struct Sending {
    /// `HOST:PORT`.
    pub(crate) server: String,
    /// The address that letters come from.
    pub(crate) from: String,
    /// What we call ourselves.
    pub(crate) own_name: String,
}

impl Post {
    /// Opens the office; letters that lie there are taken up.
    ///
    /// # Errors
    /// When there is no directory or no thread.
    pub(crate) fn open(directory: PathBuf, sender: Sending) -> std::io::Result<Self> {
        fs::create_dir_all(&directory)?;
        let (letters, inbox) = mpsc::channel::<Letter>();
        thread::Builder::new().name("mail".into()).spawn(move || {
            let mut office = Office { directory, sender, next: 0, quiet: false };
            let mut wait = Duration::ZERO;
            loop {
                match inbox.recv_timeout(wait) {
                    Ok(letter) => {
                        office.lay_down(&letter);
                        for letter in inbox.try_iter() {
                            office.lay_down(&letter);
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return,
                }
                office.send_all();
                wait = AGAIN;
            }
        })?;
        Ok(Self { letters })
    }

    /// Hands a letter in.
    pub(crate) fn hand_in(&self, letter: Letter) {
        self.letters.send(letter).ok();
    }
}

struct Office {
    directory: PathBuf,
    sender: Sending,
    /// Parts letters of the same instant.
    next: u32,
    /// The server's failure was told already.
    quiet: bool,
}

impl Office {
    fn lay_down(&mut self, letter: &Letter) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        self.next = self.next.wrapping_add(1);
        let name = format!("{:020}-{:010}", now.as_nanos(), self.next);
        let part = self.directory.join(format!(".{name}"));
        let text = format!("{}\n{}", letter.to.join(","), letter.content);
        // A link in it opens a door: it is nobody else's to read.
        let file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&part);
        let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
        if let Err(error) = written.and_then(|()| fs::rename(&part, self.directory.join(&name))) {
            complain!("a letter to {} is lost: {error}", letter.to.join(","));
        }
    }

    /// In the order of their names, which is that of time; the first that must wait makes the others wait.
    fn send_all(&mut self) {
        let mut names: Vec<PathBuf> = match fs::read_dir(&self.directory) {
            Ok(entries) => entries.flatten().map(|entry| entry.path()).filter(|path| is_letter(path)).collect(),
            Err(_) => return,
        };
        names.sort_unstable();
        let too_many = names.len().saturating_sub(MOST);
        for (at, path) in names.into_iter().enumerate() {
            let Some(letter) = read(&path, &self.sender.from) else {
                fs::remove_file(&path).ok();
                continue;
            };
            match smtp::send(&self.sender.server, &self.sender.own_name, &letter) {
                Ok(()) => self.quiet = false,
                Err(NotSent::Later(why)) if at >= too_many && !is_old(&path) => {
                    if !std::mem::replace(&mut self.quiet, true) {
                        complain!("mail waits: {}: {why}", self.sender.server);
                    }
                    return;
                }
                Err(why) => complain!("a letter to {} is given up: {why}", letter.to.join(",")),
            }
            fs::remove_file(&path).ok();
        }
    }
}

fn is_letter(path: &Path) -> bool {
    path.file_name().is_some_and(|name| !name.as_encoded_bytes().starts_with(b"."))
}

fn is_old(path: &Path) -> bool {
    let laid_down = fs::metadata(path).and_then(|about| about.modified());
    laid_down.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > GIVE_UP))
}

fn read(path: &Path, from: &str) -> Option<Envelope> {
    let text = fs::read_to_string(path).ok()?;
    let (to, content) = text.split_once('\n')?;
    let to: Vec<String> = to.split(',').filter(|to| !to.is_empty()).map(str::to_owned).collect();
    (!to.is_empty()).then(|| Envelope { from: from.to_owned(), to, content: content.to_owned() })
}
