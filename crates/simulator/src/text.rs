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
    toml::from_str(text).map_err(|fault| TextError::Syntax(model::hinted(&fault.to_string())))
}
