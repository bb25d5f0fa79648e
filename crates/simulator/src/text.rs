//! What parks and tariffs share as texts: TOML, whose unknown keys are errors that name the nearest known one. Must not
//! know what the keys mean.

use serde::de::DeserializeOwned;

/// Why a text cannot be a park or a tariff.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TextError {
    /// It is not TOML, or has unknown keys: with line and column.
    #[error("{0}")]
    Syntax(String),
    /// A value that cannot be.
    #[error("{key}: {why}")]
    Value {
        /// Which.
        key: String,
        /// What is wrong, and what would be right.
        why: String,
    },
}

/// A value that cannot be.
pub(crate) fn wrong(key: &str, why: impl Into<String>) -> TextError {
    TextError::Value { key: key.to_owned(), why: why.into() }
}

/// Reads a text.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, TextError> {
    toml::from_str(text).map_err(|fault| {
        let mut said = fault.to_string().trim_end().to_owned();
        if let Some(near) = nearest_key(fault.message()) {
            said.push_str(&format!("\ndid you mean `{near}`?"));
        }
        TextError::Syntax(said)
    })
}

/// From serde's "unknown field `x`, expected one of `a`, `b`" the nearest of the expected ones.
fn nearest_key(message: &str) -> Option<String> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let wrong = message.starts_with("unknown field").then(|| quoted.next())??;
    quoted.map(|known| (distance(wrong, known), known)).min().map(|(_, known)| known.to_owned())
}

/// Levenshtein's distance: single letters put in, left out or changed.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, letter) in left.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], line + 1);
        for (column, other) in right.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[right.len()]
}
