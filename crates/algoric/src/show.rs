//! Showing things to people and to programs: every list as a table, as JSON, or as bare names.
//!
//! What a noun looks like is said once, by its [`Noun`]; what a reader wants is said once, by its [`Format`].

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use serde::Serialize;

use crate::{console, words::Words};

/// How the reader wants it.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct Format {
    /// Print JSON, for programs. Times are milliseconds since 1970
    #[arg(long, conflicts_with = "quiet")]
    json: bool,

    /// Print the names only, one a line
    #[arg(long, short)]
    quiet: bool,
}

impl Format {
    /// Whether a person reads it.
    pub fn is_table(self) -> bool {
        !self.json && !self.quiet
    }
}

/// Something that lists are made of.
pub trait Noun: Serialize {
    /// Titles of its columns, as keys of texts.
    const COLUMNS: &'static [Column];

    /// What to call it: what other commands take.
    fn name(&self) -> String;

    /// Its cells, in the order of the columns.
    fn cells(&self, words: &Words) -> Vec<String>;
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Key of its title.
    pub title: &'static str,
    /// Numbers stand right.
    pub right: bool,
}

/// A column of words; the title is the key of a text.
pub const fn text(title: &'static str) -> Column {
    Column { title, right: false }
}

/// A column of numbers; the title is the key of a text.
pub const fn number(title: &'static str) -> Column {
    Column { title, right: true }
}

/// Prints a list as its reader wants it.
///
/// # Errors
/// When a thing cannot become JSON.
pub fn list<T: Noun>(rows: &[T], format: Format, words: &Words) -> anyhow::Result<()> {
    if format.json {
        return json(&rows);
    }
    if format.quiet {
        console::print(rows.iter().map(|row| row.name() + "\n").collect::<String>());
    } else if rows.is_empty() {
        console::line(words.say("list-empty"));
    } else {
        console::print(table(rows, words));
    }
    Ok(())
}

/// Prints one thing as JSON.
///
/// # Errors
/// When it cannot become JSON.
pub fn json(thing: &impl Serialize) -> anyhow::Result<()> {
    console::line(serde_json::to_string_pretty(thing)?);
    Ok(())
}

/// A plain table: a line of titles, then the rows.
pub fn table<T: Noun>(rows: &[T], words: &Words) -> String {
    let titles = T::COLUMNS.iter().map(|column| words.say(column.title)).collect();
    let cells = rows.iter().map(|row| row.cells(words)).collect();
    let right: Vec<bool> = T::COLUMNS.iter().map(|column| column.right).collect();
    plain(titles, cells, &right)
}

/// The same for what has no rows of its own: `right` says which columns hold numbers.
pub fn plain(titles: Vec<String>, rows: Vec<Vec<String>>, right: &[bool]) -> String {
    let mut table = Table::new();
    table.load_preset(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(titles).add_rows(rows);
    for (column, right) in table.column_iter_mut().zip(right) {
        column.set_padding((0, 2));
        if *right {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    let trimmed: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    trimmed.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_plain() {
        let titles = vec!["NAME".to_owned(), "CPUS".to_owned()];
        let rows = vec![vec!["a".to_owned(), "2".to_owned()], vec!["longer".to_owned(), "12".to_owned()]];
        assert_eq!(plain(titles, rows, &[false, true]), "NAME    CPUS\na          2\nlonger    12\n");
    }
}
