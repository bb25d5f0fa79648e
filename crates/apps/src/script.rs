//! From checked values to a batch script: `#SBATCH` lines, the values as quoted assignments, the template's fixed text.

use std::fmt::Write as _;

use crate::{
    check::{Filled, Given},
    template::{Field, Kind, Template},
};

/// A text as one word of a shell: in single quotes, in which nothing means anything but their end.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A value as one word of an `#SBATCH` line: there a backslash and double quotes mean something, within double quotes.
fn in_directive(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-:%+@/".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

impl Template {
    /// The whole script. `home` is where paths that do not begin at the root begin.
    pub fn script(&self, filled: &Filled, home: &str) -> String {
        let (first, rest) = self.body.split_once('\n').unwrap_or((&self.body, ""));
        let mut out = format!("{first}\n");
        let given = |field: &Field| filled.values.iter().find(|(name, _)| *name == field.name).map(|(_, given)| given);
        for field in &self.fields {
            if let (Some(option), Some(Given::One(value))) = (&field.option, given(field)) {
                out += &directive(field, option, value);
            }
        }
        if let Some(tasks) = filled.tasks() {
            let limited = self.fields.iter().find(|field| field.option.as_deref() == Some("array-limit"));
            let limit =
                limited.and_then(|field| filled.get(&field.name)).filter(|limit| !limit.is_empty() && *limit != "0");
            let at_once = limit.map_or(String::new(), |limit| format!("%{limit}"));
            writeln!(out, "#SBATCH --array=0-{}{at_once}", tasks - 1).unwrap_or_default();
        }
        writeln!(out, "\n# What was filled in (template {}).", self.name).unwrap_or_default();
        let mut before = 1;
        for field in &self.fields {
            match given(field) {
                Some(Given::One(value)) => {
                    let value =
                        if matches!(field.kind, Kind::File { .. }) { absolute(value, home) } else { value.clone() };
                    writeln!(out, "{}={}", variable(&field.name), quoted(&value)).unwrap_or_default();
                }
                Some(Given::Many(items)) => out += &chosen(&variable(&field.name), items, &mut before),
                None => {}
            }
        }
        out += "\n# From here on the template's own text.\n";
        out + rest
    }
}

fn variable(name: &str) -> String {
    format!("ALGORIC_{}", name.to_uppercase())
}

fn directive(field: &Field, option: &str, value: &str) -> String {
    let value = match (&field.kind, option) {
        (_, "array-limit") => return String::new(),
        (Kind::Boolean, "comment") => {
            if value.is_empty() {
                ""
            } else {
                "flexible"
            }
        }
        _ => value,
    };
    if value.is_empty() { String::new() } else { format!("#SBATCH --{option}={}\n", in_directive(value)) }
}

/// A path from the root on, so that no name is taken for an option.
fn absolute(path: &str, home: &str) -> String {
    let below = path.strip_prefix("~/").unwrap_or(path);
    match path {
        "" => String::new(),
        _ if path.starts_with('/') => path.to_owned(),
        "~" => home.to_owned(),
        _ => format!("{}/{}", home.trim_end_matches('/'), below.trim_start_matches("./")),
    }
}

/// The task's own value of a list: all of them stand in the script, one a line, and it takes the one of its number.
/// Of several lists the first one changes fastest. `before`: how many combinations those before it have.
fn chosen(variable: &str, items: &[String], before: &mut usize) -> String {
    if items.is_empty() {
        return format!("{variable}=''\n");
    }
    let all = format!("{variable}_ALL={}\n", quoted(&items.join("\n")));
    let place = format!("$(( SLURM_ARRAY_TASK_ID / {before} % {} + 1 ))", items.len());
    *before *= items.len();
    format!("{all}{variable}=$(printf '%s\\n' \"${variable}_ALL\" | sed -n \"{place}p\")\n")
}
