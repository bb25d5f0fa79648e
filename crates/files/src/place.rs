//! Where something is: a root and a path below it that cannot lead out, and the same as part of a web address.

use model::Text;
use serde::{Deserialize, Serialize};

use crate::Fault;

/// The greatest length of a name, in bytes: what Linux takes.
const NAME_MAX: usize = 255;
/// The greatest length of a path.
const PATH_MAX: usize = 4000;

/// Where a path begins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum Root {
    /// The member's home.
    Home,
    /// One of the folders that the centre names for this member, by its number.
    Shared(u16),
    /// The whole machine, for reading only: where a job's output lies is the job's own affair.
    Machine,
}

/// A root and a path below it: parts with `/` between them, neither `.` nor `..`, no `/` at either end. The empty path is
/// the root itself.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Place {
    /// From where.
    pub root: Root,
    path: Text,
}

impl Place {
    /// A root itself.
    pub fn top(root: Root) -> Self {
        Self { root, path: Text::default() }
    }

    /// # Errors
    /// [`Fault::Unfit`] when a part is empty, `.`, `..`, too long or holds a NUL.
    pub fn new(root: Root, path: impl AsRef<[u8]>) -> Result<Self, Fault> {
        let place = Self { root, path: path.as_ref().into() };
        place.parts()?;
        Ok(place)
    }

    /// What an absolute path of the machine names.
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn of_machine(path: impl AsRef<[u8]>) -> Result<Self, Fault> {
        let path = path.as_ref();
        if !path.starts_with(b"/") {
            return Err(Fault::Unfit);
        }
        let parts: Vec<&[u8]> =
            path.split(|byte| *byte == b'/').filter(|part| !part.is_empty() && *part != b".").collect();
        Self::new(Root::Machine, parts.join(&b'/'))
    }

    /// The path's exact bytes.
    pub fn path(&self) -> &[u8] {
        self.path.as_bytes()
    }

    /// Its parts. What came over a socket is checked here again.
    ///
    /// # Errors
    /// As [`Place::new`].
    pub fn parts(&self) -> Result<Vec<&[u8]>, Fault> {
        if self.path.is_empty() {
            return Ok(Vec::new());
        }
        if self.path().len() > PATH_MAX {
            return Err(Fault::Unfit);
        }
        self.path().split(|byte| *byte == b'/').map(|part| fit(part).then_some(part).ok_or(Fault::Unfit)).collect()
    }

    /// What lies in it under that name.
    ///
    /// # Errors
    /// As [`Place::new`]; also for a name with a `/` in it.
    pub fn join(&self, name: &[u8]) -> Result<Self, Fault> {
        if !fit(name) {
            return Err(Fault::Unfit);
        }
        let path = if self.path.is_empty() { name.to_vec() } else { [self.path(), name].join(&b'/') };
        Self::new(self.root, path)
    }

    /// The folder that it lies in; `None` for a root.
    pub fn parent(&self) -> Option<Self> {
        if self.path.is_empty() {
            return None;
        }
        let end = self.path().iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        Some(Self { root: self.root, path: self.path()[..end].into() })
    }

    /// Its own name; empty for a root.
    pub fn name(&self) -> &[u8] {
        self.path().rsplit(|byte| *byte == b'/').next().unwrap_or_default()
    }

    /// As part of an address: `home/a%20folder/file`.
    pub fn address(&self) -> String {
        let root = match self.root {
            Root::Home => "home".to_owned(),
            Root::Shared(number) => format!("shared{number}"),
            Root::Machine => "machine".to_owned(),
        };
        let parts = self.path().split(|byte| *byte == b'/').filter(|part| !part.is_empty());
        parts.fold(root, |all, part| all + "/" + &address(part))
    }

    /// From such a part of an address.
    ///
    /// # Errors
    /// [`Fault::Unfit`] for what names no place.
    pub fn from_address(text: &str) -> Result<Self, Fault> {
        let mut parts = text.trim_matches('/').split('/');
        let root = match parts.next() {
            Some("home") => Root::Home,
            Some("machine") => Root::Machine,
            Some(other) => {
                Root::Shared(other.strip_prefix("shared").and_then(|number| number.parse().ok()).ok_or(Fault::Unfit)?)
            }
            None => return Err(Fault::Unfit),
        };
        parts.try_fold(Self::top(root), |place, part| place.join(&unaddress(part)))
    }
}

fn fit(name: &[u8]) -> bool {
    !matches!(name, b"" | b"." | b"..") && name.len() <= NAME_MAX && !name.iter().any(|byte| matches!(byte, 0 | b'/'))
}

/// Bytes as part of an address: all but letters, digits and `-._~` as `%XX` (RFC 3986, 2.1).
pub fn address(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for byte in bytes {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

/// The bytes of a part of an address; a `%` that is none stays as it is.
pub fn unaddress(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(*byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_leads_elsewhere_is_no_place() {
        for bad in ["..", "a/..", "../a", "a/../b", ".", "a/./b", "/a", "a/", "a//b", "a\0b", "/"] {
            assert_eq!(Place::new(Root::Home, bad), Err(Fault::Unfit), "{bad:?}");
        }
        for bad in
            ["home/..", "home/%2e%2e", "home/a%2Fb", "home/%00", "elsewhere", "", "shared", "sharedx", "home/a//b"]
        {
            assert_eq!(Place::from_address(bad), Err(Fault::Unfit), "{bad:?}");
        }
        assert_eq!(Place::new(Root::Home, "x".repeat(256)), Err(Fault::Unfit));
        for (path, place) in [("/a//b/./c", Some("a/b/c")), ("/", Some("")), ("a", None), ("/a/../b", None)] {
            assert_eq!(
                Place::of_machine(path).ok().map(|place| place.path().to_vec()).as_deref(),
                place.map(str::as_bytes)
            );
        }
    }

    #[test]
    fn up_and_down() {
        let place = Place::new(Root::Shared(3), "a/b").unwrap();
        assert_eq!((place.name(), place.parent().unwrap().path()), (&b"b"[..], &b"a"[..]));
        assert_eq!(place.parent().unwrap().parent(), Some(Place::top(Root::Shared(3))));
        assert_eq!(Place::top(Root::Home).parent(), None);
        assert_eq!(place.join(b"c d").unwrap().address(), "shared3/a/b/c%20d");
        assert_eq!(place.join(b"c/d"), Err(Fault::Unfit));
    }

    proptest! {
        #[test]
        fn addresses_come_back(parts in prop::collection::vec(prop::collection::vec(1_u8.., 1..20), 0..5)) {
            let path = parts.join(&b'/');
            if let Ok(place) = Place::new(Root::Home, &path) {
                let address = place.address();
                prop_assert!(address.is_ascii() && !address.contains(['"', '<', '&', ' ', '\n', '?', '#', '\'']));
                prop_assert_eq!(Place::from_address(&address).unwrap(), place);
            }
        }

        #[test]
        fn whatever_comes_is_no_way_out(text in ".{0,60}", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let places = [Place::from_address(&text), Place::new(Root::Home, &bytes), Place::of_machine(&bytes)];
            for place in places.into_iter().flatten() {
                for part in place.parts().unwrap() {
                    prop_assert!(part != b"." && part != b".." && !part.is_empty() && !part.contains(&0));
                }
            }
        }
    }
}
