//! How a thread tells the centre's loop something: a word into its channel, and a ring that wakes it.
//! Must not know what the words mean.

use std::sync::{
    Arc,
    mpsc::{Receiver, Sender, channel},
};

use nix::sys::eventfd::{EfdFlags, EventFd};

use crate::service::Word;

/// The rope: every thread has one.
#[derive(Clone)]
pub(crate) struct Bell {
    say: Sender<Word>,
    ring: Arc<EventFd>,
}

/// Where it is heard.
pub(crate) struct Ear {
    /// Readable once somebody rang.
    pub(crate) wake: Arc<EventFd>,
    /// What they said.
    pub(crate) words: Receiver<Word>,
}

impl Bell {
    /// A bell, and the ear that hears it.
    ///
    /// # Errors
    /// No file descriptor is left.
    pub(crate) fn hang() -> nix::Result<(Self, Ear)> {
        let ring = Arc::new(EventFd::from_flags(EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        let (say, words) = channel();
        Ok((Self { say, ring: ring.clone() }, Ear { wake: ring, words }))
    }

    /// Says it, and rings. A loop that is over hears nothing more.
    pub(crate) fn tell(&self, word: Word) {
        self.say.send(word).ok();
        self.ring.write(1).ok();
    }

    /// For a thread that need not know of bells.
    pub(crate) fn teller(&self) -> impl Fn(Word) + Send + Sync + Clone + 'static + use<> {
        let bell = self.clone();
        move |word| bell.tell(word)
    }
}
