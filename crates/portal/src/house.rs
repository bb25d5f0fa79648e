//! What all handlers share.

use std::{io, path::Path};

use jiff::tz::TimeZone;

use crate::{
    door::Door,
    words::{Language, Words},
};

/// The centre's door and the words.
pub struct House {
    /// The way to the centre.
    pub door: Door,
    french: Words,
    english: Words,
}

impl House {
    /// With the centre that answers at `socket`.
    ///
    /// # Errors
    /// When the socket's directory cannot be opened.
    pub fn new(socket: &Path) -> io::Result<Self> {
        // The machine's, as the centre's own.
        let zone = TimeZone::system();
        Ok(Self {
            door: Door::new(socket)?,
            french: Words::new(Language::French, zone.clone()),
            english: Words::new(Language::English, zone),
        })
    }

    /// The words of a language.
    pub fn words(&self, language: Language) -> &Words {
        match language {
            Language::French => &self.french,
            Language::English => &self.english,
        }
    }
}
