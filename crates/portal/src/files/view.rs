//! A file: what it is, its text, its picture, and what can be done with it.

use askama::Template;
use axum::{
    extract::Query,
    response::{IntoResponse, Redirect, Response},
};
use files::Kind;
use serde::Deserialize;

use super::{Spot, Step, changed_ms, edit, ending, fetch, shown, way};
use crate::{fault::Fault, page::show, visit::Visit};

/// Bytes of text on one page.
const PAGE: u64 = 24 << 10;
/// What a page of it looks at to find out whether it is text.
const LOOK: usize = 4096;

/// Where in a file.
#[derive(Deserialize)]
pub struct At {
    #[serde(default)]
    from: u64,
}

/// What is shown.
enum Content {
    Text { text: String, before: Option<u64>, after: Option<u64>, last: Option<u64>, part: String },
    Picture,
    Paper,
    Nothing,
}

#[derive(Template)]
#[template(path = "files/view.html")]
struct Page<'a> {
    visit: &'a Visit,
    name: String,
    steps: Vec<Step>,
    address: String,
    size: String,
    changed: String,
    stamp: String,
    content: Content,
    is_paper: bool,
    can_edit: bool,
    can_unpack: bool,
}

pub async fn page(spot: Spot, Query(at): Query<At>) -> Result<Response, Fault> {
    let Spot { visit, client, place } = spot;
    let entry = client.stat(&place).await?;
    match entry.kind {
        Kind::Folder => return Ok(Redirect::to(&format!("/files/at/{}", place.address())).into_response()),
        Kind::File => {}
        Kind::Astray => return Err(super::Trouble::from(files::Fault::Outside).into()),
        Kind::Other => return Err(super::Trouble::from(files::Fault::NotFile).into()),
    }
    let content = if fetch::is_picture(place.name()) {
        Content::Picture
    } else if fetch::is_paper(place.name()) {
        Content::Paper
    } else {
        let from = at.from.min(entry.size);
        let (bytes, _) = client.read(&place, from, PAGE, None).await?;
        text(&visit, &bytes, from, entry.size)
    };
    let is_text = matches!(content, Content::Text { .. });
    show(&Page {
        name: shown(place.name()),
        steps: way(&visit, &client, &place),
        address: place.address(),
        can_edit: is_text && entry.size <= edit::MOST && !entry.link,
        can_unpack: matches!(ending(place.name()).as_str(), "zip" | "tgz" | "tar")
            || place.name().to_ascii_lowercase().ends_with(b".tar.gz"),
        size: visit.words().bytes(entry.size),
        changed: visit.words().time(changed_ms(&entry)),
        stamp: visit.words().stamp(changed_ms(&entry)),
        is_paper: matches!(content, Content::Paper),
        content,
        visit: &visit,
    })
}

/// Text, or nothing that can be shown.
fn text(visit: &Visit, bytes: &[u8], from: u64, size: u64) -> Content {
    let to = from + bytes.len() as u64;
    let Some(text) = readable(bytes) else { return Content::Nothing };
    let [before, after, last] = turns(from, to, size);
    let words = visit.words();
    let gaps = [("from", from), ("to", to), ("size", size)].map(|(name, bytes)| (name, words.bytes(bytes).into()));
    Content::Text { text, before, after, last, part: visit.tw("files-bytes", &gaps) }
}

/// Text as a page shows it; what moves the cursor of a terminal says nothing here. None where it is no text.
fn readable(bytes: &[u8]) -> Option<String> {
    if bytes[..bytes.len().min(LOOK)].contains(&0) {
        return None;
    }
    let letters = String::from_utf8_lossy(bytes);
    Some(letters.chars().filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t')).collect())
}

/// Where the part before this one begins, the one after it, and the last one.
fn turns(from: u64, to: u64, size: u64) -> [Option<u64>; 3] {
    [(from > 0).then(|| from.saturating_sub(PAGE)), (to < size).then_some(to), (to + PAGE < size).then(|| size - PAGE)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_text() {
        assert_eq!(readable(b"a\x1b[1mb\r\n\tc").as_deref(), Some("a[1mb\n\tc"));
        assert_eq!(readable(b"\xffx").as_deref(), Some("\u{fffd}x"));
        assert_eq!(readable(b"ELF\0"), None);
        assert_eq!(turns(0, 10, 10), [None; 3]);
        assert_eq!(turns(PAGE, 2 * PAGE, 5 * PAGE), [Some(0), Some(2 * PAGE), Some(4 * PAGE)]);
        assert_eq!(turns(10, PAGE + 10, PAGE + 20), [Some(0), Some(PAGE + 10), None]);
    }
}
