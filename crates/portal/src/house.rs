//! What all handlers share.

use std::{
    io,
    net::IpAddr,
    path::{Path, PathBuf},
};

use jiff::tz::TimeZone;

use crate::{
    door::Door,
    files::client::Files,
    jobs::Shelf,
    words::{Language, Words},
};

/// The centre's door and the words.
pub struct House {
    /// The way to the centre.
    pub door: Door,
    /// How browsers come here.
    pub way: Way,
    /// The way to members' files.
    pub files: Files,
    /// Templates of jobs.
    pub shelf: Shelf,
    french: Words,
    english: Words,
}

/// How browsers come here.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// Only by HTTPS, so cookies are for that alone.
    pub secure: bool,
    /// A proxy that is believed when it says where somebody comes from.
    pub proxy: Option<IpAddr>,
    /// The zone of the centre's days and hours, by name or by rules as POSIX writes them; the machine's own without.
    pub zone: Option<String>,
}

impl House {
    /// With the centre that answers at `socket`, and templates of jobs from folders.
    ///
    /// # Errors
    /// When the socket's directory cannot be opened.
    pub fn new(socket: &Path, way: Way, apps: Vec<PathBuf>) -> io::Result<Self> {
        let named = |name: &str| TimeZone::get(name).ok().or_else(|| TimeZone::posix(name).ok());
        let zone = way.zone.as_deref().and_then(named).unwrap_or_else(TimeZone::system);
        Ok(Self {
            door: Door::new(socket)?,
            files: Files::new(socket.parent().unwrap_or(Path::new("/"))),
            way,
            shelf: Shelf::new(apps),
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
