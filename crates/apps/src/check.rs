//! Values of a form against what the template's fields take.

use std::collections::BTreeMap;

use crate::{
    numbers,
    template::{Field, Kind, Template},
};

/// What is wrong with a value; [`Fault::word`] names the words for it.
#[derive(Clone, PartialEq, Debug, thiserror::Error)]
pub enum Fault {
    /// Nothing was given.
    #[error("it is empty")]
    Missing,
    /// No number.
    #[error("it is no number")]
    NotANumber,
    /// No length of time.
    #[error("it is no time")]
    NotATime,
    /// No amount of memory.
    #[error("it is no size of memory")]
    NotASize,
    /// Less than this.
    #[error("it is less than {0}")]
    TooSmall(String),
    /// More than this.
    #[error("it is more than {0}")]
    TooGreat(String),
    /// None of the choices.
    #[error("it is none of the choices")]
    NotAChoice,
    /// Not as the pattern says.
    #[error("it does not match {0}")]
    Unfit(String),
    /// More letters than this.
    #[error("it has more than {0} letters")]
    TooLong(usize),
    /// Letters that no text has: NUL, escape sequences, line ends where there is one line.
    #[error("it has letters that are none")]
    Letters,
    /// A file of another kind than these.
    #[error("it is no file of the kind {0}")]
    OtherFile(String),
    /// More values than this.
    #[error("it has more than {0} values")]
    TooMany(usize),
}

impl Fault {
    /// Its word, by which pages find what to say: `app-fault-WORD`.
    pub fn word(&self) -> &'static str {
        match self {
            Fault::Missing => "missing",
            Fault::NotANumber => "number",
            Fault::NotATime => "time",
            Fault::NotASize => "memory",
            Fault::TooSmall(_) => "small",
            Fault::TooGreat(_) => "great",
            Fault::NotAChoice => "choice",
            Fault::Unfit(_) => "pattern",
            Fault::TooLong(_) => "long",
            Fault::Letters => "letters",
            Fault::OtherFile(_) => "file",
            Fault::TooMany(_) => "many",
        }
    }

    /// What the words say about it; may be empty.
    pub fn bound(&self) -> String {
        match self {
            Fault::TooSmall(bound) | Fault::TooGreat(bound) | Fault::Unfit(bound) | Fault::OtherFile(bound) => {
                bound.clone()
            }
            Fault::TooLong(count) | Fault::TooMany(count) => count.to_string(),
            _ => String::new(),
        }
    }
}

/// A field whose value was refused.
#[derive(Clone, PartialEq, Debug)]
pub struct Wrong {
    /// Its name.
    pub field: String,
    /// Why.
    pub fault: Fault,
}

/// Values that fit, in the form that scripts get them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Filled {
    /// By field, in the order of the form.
    pub(crate) values: Vec<(String, Given)>,
}

/// One value, or several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Given {
    One(String),
    Many(Vec<String>),
}

impl Filled {
    /// The value of a field that has one value.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find_map(|(field, given)| match given {
            Given::One(value) if field == name => Some(value.as_str()),
            _ => None,
        })
    }

    /// How many tasks its array has; `None`: it is no array.
    pub fn tasks(&self) -> Option<usize> {
        let lists = self.values.iter().filter_map(|(_, given)| match given {
            Given::Many(items) if !items.is_empty() => Some(items.len()),
            _ => None,
        });
        lists.reduce(usize::saturating_mul)
    }
}

/// So many tasks has an array at most, all its lists together.
const MOST_TASKS: usize = 100_000;

impl Template {
    /// Checks every value; a field that is not there has its default.
    ///
    /// # Errors
    /// All fields that are wrong, in the order of the form.
    pub fn check(&self, given: &BTreeMap<String, String>) -> Result<Filled, Vec<Wrong>> {
        let mut filled = Filled::default();
        let mut wrong = Vec::new();
        for field in &self.fields {
            let text = given.get(&field.name).unwrap_or(&field.default);
            match value(field, text) {
                Ok(value) => filled.values.push((field.name.clone(), value)),
                Err(fault) => wrong.push(Wrong { field: field.name.clone(), fault }),
            }
        }
        if filled.tasks().is_some_and(|tasks| tasks > MOST_TASKS)
            && let Some(list) = self.fields.iter().find(|field| matches!(field.kind, Kind::List { .. }))
        {
            wrong.push(Wrong { field: list.name.clone(), fault: Fault::TooMany(MOST_TASKS) });
        }
        if wrong.is_empty() { Ok(filled) } else { Err(wrong) }
    }
}

/// One field's value, as the script gets it.
pub(crate) fn value(field: &Field, text: &str) -> Result<Given, Fault> {
    let is_text = matches!(field.kind, Kind::Text { .. });
    let trimmed = if is_text { text } else { text.trim() };
    if trimmed.trim().is_empty() && !matches!(field.kind, Kind::Boolean) {
        return match (&field.kind, field.required) {
            (_, true) => Err(Fault::Missing),
            (Kind::List { .. }, false) => Ok(Given::Many(Vec::new())),
            _ => Ok(Given::One(String::new())),
        };
    }
    match &field.kind {
        Kind::List { of, most } => items(of, *most, text).map(Given::Many),
        kind => one(kind, trimmed).map(Given::One),
    }
}

fn items(of: &Kind, most: usize, text: &str) -> Result<Vec<String>, Fault> {
    let is_text = matches!(of, Kind::Text { .. });
    let parts = text.split(|letter: char| letter == '\n' || (!is_text && (letter == ';' || letter.is_whitespace())));
    let mut all = Vec::new();
    for part in parts.map(|part| part.strip_suffix('\r').unwrap_or(part)).filter(|part| !part.trim().is_empty()) {
        match numbers::range(part, most.saturating_add(1)).filter(|_| !is_text) {
            Some(numbers) => {
                for number in numbers {
                    all.push(one(of, &number)?);
                }
            }
            None => all.push(one(of, part)?),
        }
        if all.len() > most {
            return Err(Fault::TooMany(most));
        }
    }
    Ok(all)
}

fn one(kind: &Kind, text: &str) -> Result<String, Fault> {
    match kind {
        Kind::Integer { least, most } => {
            let plain = text.strip_prefix('-').unwrap_or(text).bytes().all(|byte| byte.is_ascii_digit());
            let number: i64 = text.parse().ok().filter(|_| plain).ok_or(Fault::NotANumber)?;
            bounded(number, *least, *most, |bound| bound.to_string())?;
            Ok(number.to_string())
        }
        Kind::Decimal { least, most } => {
            let (text, number) = numbers::decimal(text).ok_or(Fault::NotANumber)?;
            bounded(number, *least, *most, |bound| bound.to_string())?;
            Ok(text)
        }
        Kind::Choice(choices) => choices
            .iter()
            .find(|choice| choice.value == text)
            .map(|choice| choice.value.clone())
            .ok_or(Fault::NotAChoice),
        Kind::Text { pattern, longest, lines } => words(text, pattern.as_ref(), *longest, *lines),
        Kind::File { accept } => path(text, accept),
        Kind::Boolean => Ok(match text {
            "" | "no" | "0" | "false" | "off" => String::new(),
            _ => "yes".to_owned(),
        }),
        Kind::Memory { least, most } => {
            let mib = numbers::memory(text).ok_or(Fault::NotASize)?;
            bounded(mib.cast_unsigned(), *least, *most, |bound| format!("{bound}M"))?;
            Ok(format!("{mib}M"))
        }
        Kind::Time { least, most } => {
            let seconds = numbers::time(text).ok_or(Fault::NotATime)?;
            bounded(seconds, *least, *most, |bound| numbers::slurm_time(*bound))?;
            Ok(numbers::slurm_time(seconds))
        }
        Kind::List { .. } => Err(Fault::Letters),
    }
}

fn bounded<T: PartialOrd>(value: T, least: T, most: T, say: impl Fn(&T) -> String) -> Result<(), Fault> {
    if value < least {
        return Err(Fault::TooSmall(say(&least)));
    }
    if value > most { Err(Fault::TooGreat(say(&most))) } else { Ok(()) }
}

/// Browsers send lines with two line ends each; a script has one.
fn words(
    text: &str,
    pattern: Option<&(String, regex_lite::Regex)>,
    longest: usize,
    lines: bool,
) -> Result<String, Fault> {
    let text = if lines { text.replace("\r\n", "\n") } else { text.to_owned() };
    let is_letter = |letter: char| !letter.is_control() || (lines && matches!(letter, '\n' | '\t'));
    if !text.chars().all(is_letter) {
        return Err(Fault::Letters);
    }
    if text.chars().count() > longest {
        return Err(Fault::TooLong(longest));
    }
    match pattern {
        Some((written, regex)) if !regex.is_match(&text) => Err(Fault::Unfit(written.clone())),
        _ => Ok(text),
    }
}

fn path(text: &str, accept: &[String]) -> Result<String, Fault> {
    if text.chars().any(char::is_control) {
        return Err(Fault::Letters);
    }
    if text.len() > 4000 {
        return Err(Fault::TooLong(4000));
    }
    let ends = |end: &String| text.to_lowercase().ends_with(&end.to_lowercase());
    if !accept.is_empty() && !accept.iter().any(ends) {
        return Err(Fault::OtherFile(accept.join(", ")));
    }
    Ok(text.to_owned())
}
