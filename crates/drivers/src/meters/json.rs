//! Answers in JSON, and numbers in them that a meter may write as a number or as a text. Must not know any device.

use energy::{Energy, Power};
use serde_json::Value;

use super::http::Client;
use super::{MeterError, excerpt};

/// An answer, with the name of what was asked.
pub struct Answer {
    what: String,
    /// What came.
    pub value: Value,
}

/// What `path` of a device answers.
///
/// # Errors
/// As [`Client::get`]; or the answer is no JSON: a page for people, more often than not.
pub fn get(client: &Client, path: &str) -> Result<Answer, MeterError> {
    let body = client.get(path)?;
    let what = client.what(path);
    match serde_json::from_slice(&body) {
        Ok(value) => Ok(Answer { what, value }),
        Err(_) => {
            let is_page = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
            let found = if is_page { format!("a page of HTML ({})", excerpt(&body)) } else { excerpt(&body) };
            Err(MeterError::NotUnderstood { what, found, expected: "JSON" })
        }
    }
}

impl Answer {
    /// The number at a place in it (`/meters/0/power`), which may be written as a text.
    fn number(&self, pointer: &str) -> Option<f64> {
        match self.value.pointer(pointer)? {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// Watts at a place.
    ///
    /// # Errors
    /// There are none: nothing, `null`, a word, less than nothing.
    pub fn watts(&self, pointer: &str) -> Result<Power, MeterError> {
        self.number(pointer).and_then(Power::from_watts).ok_or_else(|| self.lacks(pointer, "watts"))
    }

    /// Energy at a place, in units of so many microjoules; `None` where there is none.
    pub fn energy(&self, pointer: &str, unit_uj: i64) -> Option<Energy> {
        self.number(pointer).and_then(|number| Energy::from_decimal(number, unit_uj))
    }

    /// That what stands at a place is not what was expected.
    pub fn lacks(&self, pointer: &str, expected: &'static str) -> MeterError {
        let found = match self.value.pointer(pointer) {
            Some(value) => format!("{} at {pointer}", excerpt(value.to_string().as_bytes())),
            None => format!("nothing at {pointer}"),
        };
        MeterError::NotUnderstood { what: self.what.clone(), found, expected }
    }
}
