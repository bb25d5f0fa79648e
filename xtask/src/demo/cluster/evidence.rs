//! What a demonstration leaves: for each chapter what was typed and what was said, and a page that says what was looked at
//! and whether it was so. Must not know what is demonstrated.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};

use super::slurm::Cluster;
use crate::rooms::Said;

/// How many things were so, and which were not: `CHAPTER: WHAT`.
pub struct Played {
    pub passed: usize,
    pub failed: Vec<String>,
}

impl std::fmt::Display for Played {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed.len())?;
        if self.failed.is_empty() { Ok(()) } else { write!(f, " ({})", self.failed.join("; ")) }
    }
}

/// One thing that was looked at.
struct Check {
    what: String,
    /// What was seen.
    seen: String,
    is_good: bool,
}

/// One chapter's page.
struct Chapter {
    name: String,
    about: String,
    checks: Vec<Check>,
    files: Vec<String>,
    seconds: f64,
}

/// All of it.
pub struct Evidence {
    folder: PathBuf,
    /// What is said before the chapters.
    head: String,
    chapters: Vec<Chapter>,
    begun: Instant,
}

impl Evidence {
    /// Into this folder.
    pub fn new(folder: &Path, head: String) -> Self {
        Self { folder: folder.into(), head, chapters: Vec::new(), begun: Instant::now() }
    }

    /// A new chapter begins; `about` is one sentence.
    pub fn chapter(&mut self, name: &str, about: &str) {
        println!("\n{name}: {about}");
        self.begun = Instant::now();
        self.chapters.push(Chapter {
            name: name.into(),
            about: about.into(),
            checks: Vec::new(),
            files: Vec::new(),
            seconds: 0.0,
        });
    }

    /// The chapter ends, and the page is written anew.
    pub fn close(&mut self, outcome: Result<()>) -> Result<()> {
        if let Err(error) = outcome {
            self.check("it goes to its end", false, &format!("{error:#}"));
        }
        let seconds = self.begun.elapsed().as_secs_f64();
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.seconds = seconds;
        }
        self.write()
    }

    /// One thing is so, or is not.
    pub fn check(&mut self, what: &str, is_good: bool, seen: &str) {
        println!("  {}  {what}: {}", if is_good { "pass" } else { "FAIL" }, seen.trim().replace('\n', " / "));
        if let Some(chapter) = self.chapters.last_mut() {
            chapter.checks.push(Check { what: what.into(), seen: seen.trim().into(), is_good });
        }
    }

    /// Two things are the same.
    pub fn same(&mut self, what: &str, seen: &str, expected: &str) {
        let (seen, expected) = (seen.trim(), expected.trim());
        let said = if seen == expected { seen.to_owned() } else { format!("{seen}, and not {expected}") };
        self.check(what, seen == expected, &said);
    }

    /// A file of the chapter.
    pub fn file(&mut self, name: &str, text: &str) -> Result<()> {
        let chapter = self.chapters.last_mut().context("no chapter has begun")?;
        let folder = self.folder.join(&chapter.name);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(name), text)?;
        chapter.files.push(format!("{}/{name}", chapter.name));
        Ok(())
    }

    /// Types a line on a machine as somebody, and keeps both in `typed.txt`.
    pub fn type_line(&mut self, cluster: &Cluster, room: &str, who: &str, line: &str) -> Result<Said> {
        let said = cluster.shell(room, who, line)?;
        let chapter = self.chapters.last_mut().context("no chapter has begun")?;
        let folder = self.folder.join(&chapter.name);
        fs::create_dir_all(&folder)?;
        let mut file = fs::OpenOptions::new().create(true).append(true).open(folder.join("typed.txt"))?;
        let code = if said.is_good() { String::new() } else { format!("[exit {}]\n", said.code) };
        std::io::Write::write_all(&mut file, format!("{who}@{room}$ {line}\n{}{code}", said.text).as_bytes())?;
        let name = format!("{}/typed.txt", chapter.name);
        if !chapter.files.contains(&name) {
            chapter.files.push(name);
        }
        Ok(said)
    }

    /// How many things were so, and which were not.
    pub fn played(&self) -> Played {
        let mut played = Played { passed: 0, failed: Vec::new() };
        for chapter in &self.chapters {
            played.passed += chapter.checks.iter().filter(|check| check.is_good).count();
            let bad = chapter.checks.iter().filter(|check| !check.is_good);
            played.failed.extend(bad.map(|check| format!("{}: {}", chapter.name, check.what)));
        }
        played
    }

    fn write(&self) -> Result<()> {
        let mut page = format!("# A cluster of Slurm\n\n{}\n\n{}.\n", self.head, self.played());
        for chapter in &self.chapters {
            write!(page, "\n## {}\n\n{} ({:.0} s)\n\n", chapter.name, chapter.about, chapter.seconds)?;
            for check in &chapter.checks {
                let seen = check.seen.replace('\n', " / ");
                let verdict = if check.is_good { "pass" } else { "**FAIL**" };
                writeln!(
                    page,
                    "- {verdict}: {}. Seen: {}",
                    check.what,
                    if seen.is_empty() { "nothing" } else { &seen }
                )?;
            }
            if !chapter.files.is_empty() {
                writeln!(page, "\nFiles: {}", chapter.files.join(", "))?;
            }
        }
        fs::write(self.folder.join("evidence.md"), page).context("writing evidence.md")
    }
}
