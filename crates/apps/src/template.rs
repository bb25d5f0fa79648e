//! `app.toml`, read and checked.

use std::collections::BTreeSet;

use model::{hint, hinted};
use regex_lite::Regex;
use serde::Deserialize;

use crate::{check, numbers};

/// A text in both languages.
#[derive(Clone, PartialEq, Eq, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// French.
    pub fr: String,
    /// English.
    pub en: String,
}

impl Label {
    /// In the language of a tag; French for any other.
    pub fn say(&self, tag: &str) -> &str {
        if tag == "en" { &self.en } else { &self.fr }
    }

    /// The same, or where there is nothing in that language the other one; with the tag of what it is.
    pub fn say_or(&self, tag: &str) -> (&str, &'static str) {
        let (french, english) = ((self.fr.as_str(), "fr"), (self.en.as_str(), "en"));
        let (first, second) = if tag == "en" { (english, french) } else { (french, english) };
        if first.0.is_empty() && !second.0.is_empty() { second } else { first }
    }
}

/// One of several values.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What the script gets.
    pub value: String,
    /// What a person reads.
    pub label: Label,
}

/// What a field takes. Numbers' bounds are included.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A whole number.
    Integer {
        /// From.
        least: i64,
        /// To.
        most: i64,
    },
    /// A number with a point or a comma; the script gets the point.
    Decimal {
        /// From.
        least: f64,
        /// To.
        most: f64,
    },
    /// One of these.
    Choice(Vec<Choice>),
    /// Words.
    Text {
        /// What it must match as a whole; as written, for browsers, and compiled.
        pattern: Option<(String, Regex)>,
        /// Letters at most.
        longest: usize,
        /// Several lines.
        lines: bool,
    },
    /// A path; the script gets it from the root on.
    File {
        /// Ends of names (`.inp`); any, where there are none.
        accept: Vec<String>,
    },
    /// Yes or no; the script gets `yes` or nothing.
    Boolean,
    /// MiB from and to; the script gets `1024M`.
    Memory {
        /// From.
        least: u64,
        /// To.
        most: u64,
    },
    /// Seconds from and to; the script gets `1:00:00`.
    Time {
        /// From.
        least: i64,
        /// To.
        most: i64,
    },
    /// Several values, one a line (numbers: also `1..10` and `1..10:2`): one task of an array for each.
    List {
        /// What each is.
        of: Box<Kind>,
        /// So many at most.
        most: usize,
    },
}

/// Options of `sbatch` that a field may set, besides the script's variable.
pub(crate) const OPTIONS: &[&str] = &[
    "account",
    "array-limit",
    "comment",
    "cpus-per-task",
    "gpus",
    "job-name",
    "mem",
    "mem-per-cpu",
    "ntasks",
    "partition",
    "qos",
    "time",
];

/// Names whose variable means something to this program.
const RESERVED: &[&str] = &["advice", "cgroup", "data", "run"];

/// One field of the form.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name: small letters, digits, `_`; the script's variable is `ALGORIC_` and this in capitals.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
    /// What it is.
    pub label: Label,
    /// More about it; may be empty.
    pub help: Label,
    /// What stands behind it; may be empty.
    pub unit: String,
    /// What is in it at first.
    pub default: String,
    /// Whether it may not be empty.
    pub required: bool,
    /// The option of `sbatch` that it sets.
    pub option: Option<String>,
    /// Shown only to who asks for more.
    pub advanced: bool,
}

/// A template, whole.
#[derive(Clone, Debug)]
pub struct Template {
    /// Its folder's name.
    pub name: String,
    /// What it is called.
    pub title: Label,
    /// What it does, in a sentence.
    pub about: Label,
    /// Programs that the machine must have.
    pub needs: Vec<String>,
    /// The form: the template's own fields, then those that every job has and it did not set itself.
    pub fields: Vec<Field>,
    /// The fixed part of the script.
    pub body: String,
    /// For people who want to know more; may be empty.
    pub readme: Label,
}

/// Why a template is none.
#[derive(Debug, thiserror::Error)]
#[error("{name}/{file}: {what}")]
pub struct TemplateError {
    /// The template.
    pub name: String,
    /// Which of its files.
    pub file: &'static str,
    /// What is wrong, and what to do.
    pub what: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTemplate {
    title: Label,
    about: Label,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default)]
    field: Vec<RawField>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawField {
    name: String,
    kind: String,
    label: Label,
    #[serde(default)]
    help: Label,
    #[serde(default)]
    unit: String,
    default: Option<toml::Value>,
    #[serde(default = "yes")]
    required: bool,
    option: Option<String>,
    #[serde(default)]
    advanced: bool,
    least: Option<toml::Value>,
    most: Option<toml::Value>,
    choices: Option<Vec<Choice>>,
    pattern: Option<String>,
    longest: Option<usize>,
    lines: Option<bool>,
    accept: Option<Vec<String>>,
    of: Option<String>,
}

fn yes() -> bool {
    true
}

const KINDS: &[&str] = &["integer", "decimal", "choice", "text", "file", "boolean", "memory", "time", "list"];

/// Fields that every job has, unless its template says it better.
const COMMON: &str = include_str!("common.toml");

#[derive(Deserialize)]
struct RawCommon {
    field: Vec<RawField>,
}

impl Template {
    /// Reads a template's files; a missing `README.fr.md` or `README.md` is empty.
    ///
    /// # Errors
    /// [`TemplateError`]: which file, where in it, what was probably meant.
    pub fn read(name: &str, app: &str, body: &str, readme: Label) -> Result<Self, TemplateError> {
        let wrong = |file, what| TemplateError { name: name.to_owned(), file, what };
        if !is_name(name) {
            return Err(wrong(
                "app.toml",
                "a template's folder has small letters, digits, - and _ as its name".to_owned(),
            ));
        }
        let raw: RawTemplate = toml::from_str(app).map_err(|fault| wrong("app.toml", hinted(&fault.to_string())))?;
        let common: RawCommon =
            toml::from_str(COMMON).map_err(|fault| wrong("app.toml", hinted(&fault.to_string())))?;
        let RawTemplate { title, about, needs, field: own } = raw;
        let mut fields: Vec<Field> = Vec::new();
        for raw in own {
            let place = raw.name.clone();
            fields.push(field(raw).map_err(|what| wrong("app.toml", format!("field `{place}`: {what}")))?);
        }
        for raw in common.field {
            let is_there = |known: &Field| known.option == raw.option || known.name == raw.name;
            if !fields.iter().any(is_there) {
                fields.push(field(raw).map_err(|what| wrong("app.toml", what))?);
            }
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name.clone())) {
            return Err(wrong("app.toml", format!("two fields are called `{}`", twice.name)));
        }
        if !body.starts_with("#!") {
            return Err(wrong("script.sh", "its first line must name a shell, as #!/bin/bash".to_owned()));
        }
        if body.contains('\r') || body.contains('\0') {
            return Err(wrong("script.sh", "its lines must end as on Unix".to_owned()));
        }
        let mut template = Self { name: name.to_owned(), title, about, needs, fields, body: body.to_owned(), readme };
        if let Some(field) = template.fields.iter_mut().find(|field| field.option.as_deref() == Some("job-name"))
            && field.default.is_empty()
        {
            field.default = name.to_owned();
        }
        Ok(template)
    }

    /// The same, with the projects that somebody may choose from.
    #[must_use]
    pub fn with_projects(mut self, projects: &[String]) -> Self {
        if let Some(field) = self.fields.iter_mut().find(|field| field.option.as_deref() == Some("account")) {
            let choice =
                |name: &String| Choice { value: name.clone(), label: Label { fr: name.clone(), en: name.clone() } };
            match projects.first() {
                Some(first) => {
                    field.kind = Kind::Choice(projects.iter().map(choice).collect());
                    if !projects.contains(&field.default) {
                        field.default = first.clone();
                    }
                }
                None => self.fields.retain(|field| field.option.as_deref() != Some("account")),
            }
        }
        self
    }
}

fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.len() <= 40 && name.bytes().all(letter) && name.as_bytes()[0].is_ascii_lowercase()
}

/// A field, with what is wrong about it in words.
fn field(raw: RawField) -> Result<Field, String> {
    if !is_name(&raw.name) || raw.name.contains('-') {
        return Err("its name must be small letters, digits and _, a letter first".to_owned());
    }
    if RESERVED.contains(&raw.name.as_str()) {
        return Err(format!("ALGORIC_{} means something else here: call it otherwise", raw.name.to_uppercase()));
    }
    if let Some(option) = raw.option.as_deref().filter(|option| !OPTIONS.contains(option)) {
        return Err(format!("no field may set --{option}; {}", hint(option, OPTIONS.iter().copied())));
    }
    let kind = kind(&raw)?;
    if raw.option.is_some() && matches!(kind, Kind::List { .. } | Kind::File { .. }) {
        return Err(format!("a {} sets no option", raw.kind));
    }
    let default = raw.default.as_ref().map_or(Ok(String::new()), text_of)?;
    let field = Field {
        name: raw.name,
        kind,
        label: raw.label,
        help: raw.help,
        unit: raw.unit,
        default,
        required: raw.required,
        option: raw.option,
        advanced: raw.advanced,
    };
    if !field.default.is_empty() {
        check::value(&field, &field.default).map_err(|fault| format!("its own default is refused: {fault}"))?;
    }
    Ok(field)
}

fn text_of(value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        toml::Value::Boolean(yes) => Ok(if *yes { "yes" } else { "" }.to_owned()),
        toml::Value::Array(items) => {
            items.iter().map(text_of).collect::<Result<Vec<_>, _>>().map(|items| items.join("\n"))
        }
        other => Err(format!("`{other}` is neither a text nor a number")),
    }
}

/// Keys that only some kinds have.
fn check_keys(raw: &RawField) -> Result<(), String> {
    let bounded = ["integer", "decimal", "memory", "time", "list"].as_slice();
    let of = |kind: &'static [&'static str]| kind;
    for (key, given, kinds) in [
        ("least", raw.least.is_some(), bounded),
        ("most", raw.most.is_some(), bounded),
        ("choices", raw.choices.is_some(), of(&["choice"])),
        ("pattern", raw.pattern.is_some(), of(&["text", "list"])),
        ("longest", raw.longest.is_some(), of(&["text", "list"])),
        ("lines", raw.lines.is_some(), of(&["text"])),
        ("accept", raw.accept.is_some(), of(&["file"])),
        ("of", raw.of.is_some(), of(&["list"])),
    ] {
        if given && !kinds.contains(&raw.kind.as_str()) {
            return Err(format!("`{key}` is for {}, not for {}", kinds.join(" and "), raw.kind));
        }
    }
    Ok(())
}

fn kind(raw: &RawField) -> Result<Kind, String> {
    check_keys(raw)?;
    let number = |value: &Option<toml::Value>, otherwise: i64| match value {
        None => Ok(otherwise),
        Some(toml::Value::Integer(number)) => Ok(*number),
        Some(other) => Err(format!("`{other}` is no whole number")),
    };
    let sized = |value: &Option<toml::Value>, read: fn(&str) -> Option<i64>, otherwise: i64| match value {
        None => Ok(otherwise),
        Some(value) => {
            let text = text_of(value)?;
            read(&text).ok_or_else(|| format!("`{text}` is no {}", raw.kind))
        }
    };
    Ok(match raw.kind.as_str() {
        "integer" => Kind::Integer { least: number(&raw.least, 0)?, most: number(&raw.most, 1_000_000_000)? },
        "decimal" => {
            let bound = |value: &Option<toml::Value>, otherwise: f64| match value {
                None => Ok(otherwise),
                Some(value) => text_of(value)?.parse::<f64>().map_err(|_| format!("`{value}` is no number")),
            };
            Kind::Decimal { least: bound(&raw.least, -1e12)?, most: bound(&raw.most, 1e12)? }
        }
        "choice" => match raw.choices.clone().unwrap_or_default() {
            choices if choices.is_empty() => return Err("a choice needs `choices`".to_owned()),
            choices => Kind::Choice(choices),
        },
        "text" => text_kind(raw, raw.lines.unwrap_or(false))?,
        "file" => Kind::File { accept: raw.accept.clone().unwrap_or_default() },
        "boolean" => Kind::Boolean,
        "memory" => Kind::Memory {
            least: sized(&raw.least, numbers::memory, 1)?.cast_unsigned(),
            most: sized(&raw.most, numbers::memory, 1 << 30)?.cast_unsigned(),
        },
        "time" => Kind::Time {
            least: sized(&raw.least, numbers::time, 60)?,
            most: sized(&raw.most, numbers::time, 366 * 86_400)?,
        },
        "list" => Kind::List {
            of: Box::new(match raw.of.as_deref().unwrap_or("text") {
                "integer" => Kind::Integer { least: -1_000_000_000, most: 1_000_000_000 },
                "decimal" => Kind::Decimal { least: -1e12, most: 1e12 },
                "text" => text_kind(raw, false)?,
                other => return Err(format!("a list of `{other}`: there are integer, decimal, text")),
            }),
            most: usize::try_from(number(&raw.most, 10_000)?).unwrap_or(0),
        },
        other => return Err(format!("no kind `{other}`; {}", hint(other, KINDS.iter().copied()))),
    })
}

fn text_kind(raw: &RawField, lines: bool) -> Result<Kind, String> {
    let compiled = raw.pattern.as_ref().map(|pattern| match Regex::new(&format!("^(?:{pattern})$")) {
        Ok(regex) => Ok((pattern.clone(), regex)),
        Err(fault) => Err(format!("its pattern: {fault}")),
    });
    let longest = raw.longest.unwrap_or(if lines { 20_000 } else { 200 });
    Ok(Kind::Text { pattern: compiled.transpose()?, longest, lines })
}
