//! `[portal]`: how browsers come to the pages. Must not know the pages.

use std::{net::IpAddr, path::PathBuf};

use serde::Deserialize;

use super::ConfigError;

/// `[portal]`
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PortalSection {
    /// The address as people type it (`https://calcul.example.org/`), for links in letters and on paper; without it the
    /// one that is listened at.
    pub public_url: Option<String>,
    /// A certificate with its chain (PEM): then pages are served by HTTPS. Its path begins at the directory of the
    /// configuration.
    pub certificate: Option<PathBuf>,
    /// Its key (PEM), which only root need be able to read.
    pub key: Option<PathBuf>,
    /// The address of a proxy in front: where visitors come from is taken from what it says, and from nobody else.
    pub trusted_proxy: Option<IpAddr>,
    /// How to become a member, on the front page: a sentence or two, in the language of the place.
    pub join: Option<String>,
    /// A folder with templates of jobs, besides `apps` beside the configuration. Its path begins there, too.
    pub apps: Option<PathBuf>,
    /// Hours after which a session that nobody used is over; none lasts longer than 30 days.
    pub session_hours: u32,
}

impl Default for PortalSection {
    fn default() -> Self {
        Self {
            public_url: None,
            certificate: None,
            key: None,
            trusted_proxy: None,
            join: None,
            apps: None,
            session_hours: 72,
        }
    }
}

impl PortalSection {
    /// What makes no sense.
    ///
    /// # Errors
    /// [`ConfigError::Value`].
    pub fn check(&self, path: &std::path::Path) -> Result<(), ConfigError> {
        let wrong = |key: &str, text: &str| {
            let key = format!("portal: {key}");
            Err(ConfigError::Value { path: path.display().to_string(), key, text: text.to_owned() })
        };
        if let Some(url) = &self.public_url
            && !(url.starts_with("http://") || url.starts_with("https://"))
        {
            return wrong("public_url", "say the whole address, like https://calcul.example.org/");
        }
        if self.certificate.is_some() != self.key.is_some() {
            return wrong("certificate", "a certificate and its key go together: say both, or neither");
        }
        if !(1..=720).contains(&self.session_hours) {
            return wrong("session_hours", "say 1 to 720");
        }
        Ok(())
    }
}
