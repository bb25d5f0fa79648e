//! From a template to an answer, and what the frame around every page asks: where we are, what else there is, in which
//! language.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};

use crate::{fault::Fault, statics, visit::Visit, words::Language};

/// Renders a page.
///
/// # Errors
/// A template that cannot be rendered, which none should.
pub fn show(template: &impl Template) -> Result<Response, Fault> {
    template.render().map(|text| Html(text).into_response()).map_err(|_| Fault::missing())
}

/// Addresses and their words, for visitors and for members.
const FOR_VISITORS: &[(&str, &str)] = &[("/", "nav-front"), ("/machines", "nav-machines"), ("/energy", "nav-energy")];
const FOR_MEMBERS: &[(&str, &str)] = &[
    ("/home", "nav-home"),
    ("/jobs", "nav-jobs"),
    ("/files", "nav-files"),
    ("/projects", "nav-projects"),
    ("/energy", "nav-energy"),
    ("/account", "nav-account"),
];

impl Visit {
    /// The main navigation: addresses and keys of words.
    pub fn nav(&self) -> Vec<(&'static str, &'static str)> {
        let mut places = if self.is_member() { FOR_MEMBERS.to_vec() } else { FOR_VISITORS.to_vec() };
        if self.me.is(api::Role::Operator) {
            places.push(("/operator", "nav-operator"));
        }
        places
    }

    /// Whether this page is the one at an address, or lies under it.
    pub fn here(&self, place: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path == place || (place != "/" && path.strip_prefix(place).is_some_and(|rest| rest.starts_with('/')))
    }

    /// Whether this page is the one at an address, and none under it.
    pub fn here_only(&self, place: &str) -> bool {
        self.path.split('?').next() == Some(place)
    }

    /// Where a static file is: its address changes with what is in it, so that browsers may keep it for ever.
    pub fn asset(&self, name: &str) -> String {
        statics::address(name)
    }

    /// The tag of the language that this page is not in.
    pub fn other_lang(&self) -> &'static str {
        match self.language {
            Language::French => Language::English.tag(),
            Language::English => Language::French.tag(),
        }
    }

    /// This page in the other language.
    pub fn switch(&self) -> String {
        format!("/lang?to={}&back={}", self.other_lang(), quoted(&self.path))
    }

    /// What was just done, told by the address that a form was redirected to: `?done=saved` shows the words `done-saved`.
    pub fn done(&self) -> Option<String> {
        let asked = self.path.split_once('?')?.1.split('&').find_map(|pair| pair.strip_prefix("done="))?;
        let key = format!("done-{asked}");
        self.words().has(&key).then(|| self.t(&key))
    }
}

/// A text as a value in an address.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_in_addresses_are_quoted() {
        assert_eq!(quoted("/jobs?état=a b&c"), "/jobs%3F%C3%A9tat%3Da%20b%26c");
    }
}
