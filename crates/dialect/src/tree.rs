//! JSON and YAML, laid out as Slurm's own serializers do, written as they come: nothing is kept but what was not yet
//! cleared ([`Tree::clear`]), so that a queue of any length passes through a small buffer.
//!
//! Must not know what the keys mean.

use crate::text::{put, put_number};

/// Which of the two.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notation {
    /// As json-c writes it: two blanks, an escaped `/`.
    Json,
    /// As libyaml writes it, every value with its tag.
    Yaml,
}

/// Indents are cut from here.
const BLANKS: &[u8; 32] = b"                                ";

/// A document that grows.
#[derive(Debug)]
pub struct Tree {
    out: Vec<u8>,
    notation: Notation,
    /// What is open, the outermost first.
    open: Vec<Open>,
}

#[derive(Debug)]
struct Open {
    list: bool,
    empty: bool,
    /// Blanks before each of its entries.
    indent: usize,
}

impl Tree {
    /// An empty document, whose outermost thing is a map.
    pub fn new(notation: Notation) -> Self {
        let (start, indent): (&[u8], _) = match notation {
            Notation::Json => (b"{", 2),
            Notation::Yaml => (b"%YAML 1.1\n--- !!map", 0),
        };
        Self { out: start.to_vec(), notation, open: vec![Open { list: false, empty: true, indent }] }
    }

    /// What was written since the last [`Tree::clear`].
    pub fn written(&self) -> &[u8] {
        &self.out
    }

    /// That is done with; its place is used again.
    pub fn clear(&mut self) {
        self.out.clear();
    }

    /// Ends the document; what is still open is closed.
    pub fn finish(mut self) -> Vec<u8> {
        while !self.open.is_empty() {
            self.close();
        }
        if self.notation == Notation::Yaml {
            self.out.extend_from_slice(b"\n...\n");
        }
        self.out
    }

    /// A map within a map.
    pub fn map(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.key(key);
        self.begin(false, false);
        fill(self);
        self.close();
    }

    /// A list within a map.
    pub fn list(&mut self, key: &str, fill: impl FnOnce(&mut Self)) {
        self.open_list(key);
        fill(self);
        self.close();
    }

    /// A list that is filled later, and ended by [`Tree::close`].
    pub fn open_list(&mut self, key: &str) {
        self.key(key);
        self.begin(true, false);
    }

    /// A map within a list.
    pub fn item(&mut self, fill: impl FnOnce(&mut Self)) {
        self.entry();
        if self.notation == Notation::Yaml {
            self.out.extend_from_slice(b"- ");
        }
        self.begin(false, true);
        fill(self);
        self.close();
    }

    /// A text within a list.
    pub fn word(&mut self, text: &str) {
        self.entry();
        if self.notation == Notation::Yaml {
            self.out.extend_from_slice(b"- ");
        }
        self.put_text(text.as_bytes());
    }

    /// Ends the innermost map or list.
    pub fn close(&mut self) {
        let Some(done) = self.open.pop() else { return };
        match self.notation {
            Notation::Json => {
                self.out.push(b'\n');
                self.out.resize(self.out.len() + done.indent - 2, b' ');
                self.out.push(if done.list { b']' } else { b'}' });
            }
            Notation::Yaml if done.empty => self.out.extend_from_slice(if done.list { b" []" } else { b" {}" }),
            Notation::Yaml => {}
        }
    }

    /// A text.
    pub fn text(&mut self, key: &str, value: impl AsRef<[u8]>) {
        self.key(key);
        self.put_text(value.as_ref());
    }

    /// A text that Slurm may not have at all: JSON shows it as an empty one, YAML as null.
    pub fn text_or_none(&mut self, key: &str, value: impl AsRef<[u8]>) {
        match (self.notation, value.as_ref()) {
            (Notation::Yaml, b"") => self.null(key),
            (_, value) => self.text(key, value),
        }
    }

    /// Nothing.
    pub fn null(&mut self, key: &str) {
        self.key(key);
        self.out.extend_from_slice(match self.notation {
            Notation::Json => b"null",
            Notation::Yaml => b"!!null null",
        });
    }

    /// A whole number.
    pub fn number(&mut self, key: &str, value: impl Into<i64>) {
        self.key(key);
        if self.notation == Notation::Yaml {
            self.out.extend_from_slice(b"!!int ");
        }
        match value.into() {
            negative @ ..0 => put(&mut self.out, format_args!("{negative}")),
            number => put_number(&mut self.out, number.unsigned_abs()),
        }
    }

    /// A whole number, or nothing.
    pub fn number_or_null(&mut self, key: &str, value: Option<impl Into<i64>>) {
        match value {
            Some(value) => self.number(key, value),
            None => self.null(key),
        }
    }

    /// A number with a point.
    pub fn float(&mut self, key: &str, value: f64) {
        self.key(key);
        match self.notation {
            Notation::Json => put(&mut self.out, format_args!("{value:?}")),
            Notation::Yaml => put(&mut self.out, format_args!("!!float {value:.6}")),
        }
    }

    /// True or false.
    pub fn flag(&mut self, key: &str, value: bool) {
        self.key(key);
        let tag = if self.notation == Notation::Yaml { "!!bool " } else { "" };
        put(&mut self.out, format_args!("{tag}{value}"));
    }

    fn begin(&mut self, list: bool, in_list: bool) {
        let outer = self.open.last().map_or(0, |open| open.indent);
        let indent = match self.notation {
            Notation::Json => {
                self.out.push(if list { b'[' } else { b'{' });
                outer + 2
            }
            Notation::Yaml => {
                self.out.extend_from_slice(if list { b"!!seq" } else { b"!!map" });
                // The items of a list stand below its key, not further in.
                if list && !in_list { outer } else { outer + 2 }
            }
        };
        self.open.push(Open { list, empty: true, indent });
    }

    /// The start of a line for the next entry of the innermost map or list.
    fn entry(&mut self) {
        let Some(open) = self.open.last_mut() else { return };
        if !open.empty && self.notation == Notation::Json {
            self.out.push(b',');
        }
        open.empty = false;
        let indent = open.indent;
        self.out.push(b'\n');
        match BLANKS.get(..indent) {
            Some(blanks) => self.out.extend_from_slice(blanks),
            None => self.out.resize(self.out.len() + indent, b' '),
        }
    }

    fn key(&mut self, key: &str) {
        self.entry();
        match self.notation {
            Notation::Json => {
                self.out.push(b'"');
                self.out.extend_from_slice(key.as_bytes());
                self.out.extend_from_slice(b"\": ");
            }
            Notation::Yaml => put(&mut self.out, format_args!("!!str {key}: ")),
        }
    }

    fn put_text(&mut self, text: &[u8]) {
        match self.notation {
            Notation::Json => put_quoted(&mut self.out, text, true),
            Notation::Yaml => {
                self.out.extend_from_slice(b"!!str");
                put_yaml(&mut self.out, text);
            }
        }
    }
}

/// In double quotes. What is not UTF-8 becomes U+FFFD.
fn put_quoted(out: &mut Vec<u8>, text: &[u8], slash: bool) {
    out.push(b'"');
    let plain = |byte: &u8| matches!(byte, 0x20..0x7f) && !matches!(byte, b'"' | b'\\' | b'/');
    if text.iter().all(plain) {
        out.extend_from_slice(text);
        return out.push(b'"');
    }
    for letter in String::from_utf8_lossy(text).chars() {
        match letter {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '/' if slash => out.extend_from_slice(b"\\/"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            '\u{8}' => out.extend_from_slice(b"\\b"),
            '\u{c}' => out.extend_from_slice(b"\\f"),
            control if u32::from(control) < 0x20 => put(out, format_args!("\\u{:04x}", u32::from(control))),
            letter => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    out.push(b'"');
}

/// A blank and the text: bare where it cannot be misread, else in single quotes, or double ones where it has control
/// characters.
fn put_yaml(out: &mut Vec<u8>, text: &[u8]) {
    if text.is_empty() {
        return;
    }
    out.push(b' ');
    let lossy = String::from_utf8_lossy(text);
    if lossy.chars().any(char::is_control) {
        return put_quoted(out, text, false);
    }
    let first = lossy.chars().next().unwrap_or(' ');
    let misread = lossy
        .starts_with([' ', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ',', '[', ']', '{', '}'])
        || (matches!(first, '-' | '?' | ':') && lossy.chars().nth(1).is_none_or(|next| next == ' '))
        || lossy.starts_with("---")
        || lossy.starts_with("...")
        || lossy.ends_with([' ', ':'])
        || lossy.contains(": ")
        || lossy.contains(" #");
    if misread {
        out.push(b'\'');
        out.extend_from_slice(lossy.replace('\'', "''").as_bytes());
        out.push(b'\'');
    } else {
        out.extend_from_slice(lossy.as_bytes());
    }
}

/// How every document of Slurm 22.05 begins: what made it, and that nothing went wrong. `plugin` is the name and the
/// type of the part of Slurm that would have made it.
pub fn start(notation: Notation, plugin: [&str; 2]) -> Tree {
    let mut tree = Tree::new(notation);
    tree.map("meta", |tree| {
        tree.map("plugin", |tree| {
            tree.text("type", plugin[0]);
            tree.text("name", plugin[1]);
        });
        tree.map("Slurm", |tree| {
            tree.map("version", |tree| {
                tree.number("major", 22);
                tree.number("micro", 8);
                tree.number("minor", 5);
            });
            tree.text("release", "22.05.8");
        });
    });
    tree.list("errors", |_| {});
    tree
}

/// What the queue and the machines are shown by.
pub const QUEUE_PLUGIN: [&str; 2] = ["openapi/v0.0.38", "Slurm OpenAPI v0.0.38"];
/// What the accounts are shown by.
pub const ACCOUNTS_PLUGIN: [&str; 2] = ["openapi/dbv0.0.38", "Slurm OpenAPI DB v0.0.38"];

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(notation: Notation) -> String {
        let mut tree = Tree::new(notation);
        tree.list("none", |_| {});
        tree.open_list("jobs");
        tree.item(|tree| {
            tree.text("name", "a/b \"c\"\n");
            tree.text("os", "Linux #1");
            tree.text_or_none("comment", "");
            tree.number_or_null("n", Some(-3));
            tree.number_or_null("m", None::<u32>);
            tree.float("f", 1.0);
            tree.flag("b", true);
            tree.list("words", |tree| tree.word("x"));
            tree.map("map", |tree| tree.map("inner", |tree| tree.number("one", 1)));
        });
        String::from_utf8(tree.finish()).unwrap_or_default()
    }

    #[test]
    fn json() {
        let expected = "{\n  \"none\": [\n  ],\n  \"jobs\": [\n    {\n      \"name\": \"a\\/b \\\"c\\\"\\n\",\n      \
            \"os\": \"Linux #1\",\n      \"comment\": \"\",\n      \"n\": -3,\n      \"m\": null,\n      \"f\": 1.0,\n      \
            \"b\": true,\n      \"words\": [\n        \"x\"\n      ],\n      \"map\": {\n        \"inner\": {\n          \
            \"one\": 1\n        }\n      }\n    }\n  ]\n}";
        assert_eq!(sample(Notation::Json), expected);
    }

    #[test]
    fn yaml() {
        let expected = "%YAML 1.1\n--- !!map\n!!str none: !!seq []\n!!str jobs: !!seq\n- !!map\n  !!str name: !!str \
            \"a/b \\\"c\\\"\\n\"\n  !!str os: !!str 'Linux #1'\n  !!str comment: !!null null\n  !!str n: !!int -3\n  \
            !!str m: !!null null\n  !!str f: !!float 1.000000\n  !!str b: !!bool true\n  !!str words: !!seq\n  - !!str x\n  \
            !!str map: !!map\n    !!str inner: !!map\n      !!str one: !!int 1\n...\n";
        assert_eq!(sample(Notation::Yaml), expected);
    }
}
