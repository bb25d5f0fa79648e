//! Closed sets of words, as files have them: a word that is not in its set is an error that names the nearest. Must not
//! know what words mean.

use model::hint;

/// A word that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no {what}: {hint}")]
pub struct UnknownWord {
    found: String,
    what: &'static str,
    hint: String,
}

impl UnknownWord {
    /// `found` is none of `known`.
    pub(crate) fn new(found: &str, what: &'static str, known: &[&str]) -> Self {
        Self { found: found.to_owned(), what, hint: hint(found, known.iter().copied()) }
    }
}

/// An enum of words: `ALL`, `name`, `Display`, `FromStr`, and serde by the same words.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal, $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant),+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[$name] = &[$($name::$variant),+];

            /// As files have it.
            pub const fn name(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let found = $name::ALL.iter().find(|one| one.name() == text).copied();
                found.ok_or_else(|| $crate::words::UnknownWord::new(text, $what, &[$($word),+]))
            }
        }
    };
}
pub(crate) use words;
