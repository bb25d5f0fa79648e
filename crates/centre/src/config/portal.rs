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
    /// How to become a member, on the front page: a sentence or two, one for both languages or each its own
    /// (`join = { fr = "...", en = "..." }`).
    pub join: InBoth,
    /// A folder with templates of jobs, besides `apps` beside the configuration. Its path begins there, too.
    pub apps: Option<PathBuf>,
    /// Hours after which a session that nobody used is over; none lasts longer than 30 days.
    pub session_hours: u32,
}

/// An operator's words in French and in English.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InBoth(pub [String; 2]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Each {
    fr: String,
    en: String,
}

impl<'de> Deserialize<'de> for InBoth {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> serde::de::Visitor<'de> for Words {
            type Value = InBoth;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a text, or { fr = \"...\", en = \"...\" }")
            }
            fn visit_str<E>(self, text: &str) -> Result<InBoth, E> {
                Ok(InBoth([text.to_owned(), text.to_owned()]))
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<InBoth, A::Error> {
                let each = Each::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(InBoth([each.fr, each.en]))
            }
        }
        deserializer.deserialize_any(Words)
    }
}

impl Default for PortalSection {
    fn default() -> Self {
        Self {
            public_url: None,
            certificate: None,
            key: None,
            trusted_proxy: None,
            join: InBoth::default(),
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn words_are_for_both_or_for_each() {
        let read = |text: &str| toml::from_str::<PortalSection>(text).map(|section| section.join.0);
        assert_eq!(read("").unwrap(), ["", ""]);
        assert_eq!(read("join = 'Venez'").unwrap(), ["Venez", "Venez"]);
        assert_eq!(read("join = { fr = 'Venez', en = 'Come' }").unwrap(), ["Venez", "Come"]);
        assert_eq!(read("[join]\nfr = 'Venez'\nen = 'Come'").unwrap(), ["Venez", "Come"]);
        for (text, said) in
            [("join = 3", "a text, or {"), ("join = { fr = 'x' }", "en"), ("join = { de = 'x' }", "`de`")]
        {
            let fault = read(text).unwrap_err().to_string();
            assert!(fault.contains(said), "{text}: {fault}");
        }
    }
}
