//! Looking: what is in a folder, and parts of files.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use files::{ByteRange, CHUNK, Entry, Fault, Listing, Place, Sort, Stamp};
use nix::dir::{Dir, Type};
use nix::sys::stat::{SFlag, fstat};

use super::fault;
use super::reach::{self, Reach};

/// The most entries in one answer.
const PAGE: u32 = 1000;
/// The most names that are looked at in one folder.
const MOST: usize = 1_000_000;
/// What was listed is remembered so long, for the next page of it.
const FRESH: Duration = Duration::from_secs(10);

/// How a folder is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct View {
    pub(super) sort: Sort,
    pub(super) descending: bool,
    pub(super) hidden: bool,
    pub(super) filter: Vec<u8>,
}

/// A folder as it was listed last, in order.
#[derive(Debug)]
pub(super) struct Shelf {
    place: Place,
    view: View,
    /// The folder and its last change.
    state: (u64, u64, i64, i64),
    at: Instant,
    names: Vec<Box<[u8]>>,
    hidden: u64,
    cut: bool,
}

struct Row {
    folder: bool,
    figure: i64,
    folded: Box<[u8]>,
    name: Box<[u8]>,
}

/// Part of a folder; the whole order is remembered for the next question.
pub(super) fn list(
    reach: &Reach,
    shelf: &mut Option<Shelf>,
    place: &Place,
    view: View,
    part: (u64, u32),
) -> Result<Listing, Fault> {
    let folder = reach.folder(place)?;
    let about = fstat(&folder).map_err(fault)?;
    let state = (about.st_dev, about.st_ino, about.st_mtime, about.st_mtime_nsec);
    let known = shelf.take().filter(|shelf| {
        shelf.place == *place && shelf.view == view && shelf.state == state && shelf.at.elapsed() < FRESH
    });
    let shelf = match known {
        Some(known) => shelf.insert(known),
        None => {
            let reading = Dir::from_fd(folder.try_clone().map_err(|error| super::io_fault(&error))?).map_err(fault)?;
            let (names, hidden, cut) = read(reading, &view)?;
            shelf.insert(Shelf { place: place.clone(), view, state, at: Instant::now(), names, hidden, cut })
        }
    };
    let from = usize::try_from(part.0).unwrap_or(usize::MAX).min(shelf.names.len());
    let wanted = shelf.names[from..].iter().take(part.1.min(PAGE) as usize);
    let entries: Vec<Entry> =
        wanted.filter_map(|name| reach.entry_in(folder.as_fd(), &place.join(name).ok()?).ok()).collect();
    Ok(Listing { entries, total: shelf.names.len() as u64, hidden: shelf.hidden, cut: shelf.cut })
}

/// Names as they stand in a folder; how many are hidden; whether there were more than are read.
type Names = (Vec<Box<[u8]>>, u64, bool);

fn read(mut folder: Dir, view: &View) -> Result<Names, Fault> {
    let mut rows = Vec::new();
    let (mut hidden, mut cut) = (0, false);
    let filter = view.filter.to_ascii_lowercase();
    let own = nix::unistd::dup(&folder).map_err(fault)?;
    for entry in folder.iter() {
        let entry = entry.map_err(fault)?;
        let name = entry.file_name().to_bytes();
        if matches!(name, b"." | b"..") {
            continue;
        }
        if name.starts_with(b".") {
            hidden += 1;
            if !view.hidden {
                continue;
            }
        }
        let folded = fold(name);
        if !filter.is_empty() && !folded.windows(filter.len()).any(|part| *part == filter) {
            continue;
        }
        if rows.len() == MOST {
            cut = true;
            break;
        }
        let needs_look = view.sort != Sort::Name || entry.file_type().is_none();
        let about = needs_look.then(|| reach::about(own.as_fd(), entry.file_name()).ok()).flatten();
        let is_folder = match (entry.file_type(), &about) {
            (Some(kind), _) => kind == Type::Directory,
            (None, about) => about.as_ref().is_some_and(|about| reach::kind(about) == SFlag::S_IFDIR),
        };
        let figure = match (view.sort, &about) {
            (Sort::Size, Some(about)) if !is_folder => about.st_size,
            (Sort::Modified, Some(about)) => about.st_mtime.saturating_mul(1_000_000_000) + about.st_mtime_nsec,
            _ => 0,
        };
        rows.push(Row { folder: is_folder, figure, folded, name: name.into() });
    }
    rows.sort_unstable_by(|one, other| {
        let order = one.figure.cmp(&other.figure).then_with(|| natural(&one.folded, &other.folded));
        let order = order.then_with(|| one.name.cmp(&other.name));
        other.folder.cmp(&one.folder).then(if view.descending { order.reverse() } else { order })
    });
    Ok((rows.into_iter().map(|row| row.name).collect(), hidden, cut))
}

fn fold(name: &[u8]) -> Box<[u8]> {
    name.to_ascii_lowercase().into()
}

/// As people sort: `slurm-9.out` before `slurm-10.out`.
fn natural(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
    let (mut a, mut b) = (one, other);
    loop {
        match (a.first(), b.first()) {
            (Some(x), Some(y)) if x.is_ascii_digit() && y.is_ascii_digit() => {
                let (p, q) = (digits(a), digits(b));
                let (m, n) = (significant(&a[..p]), significant(&b[..q]));
                let order = m.len().cmp(&n.len()).then_with(|| m.cmp(n)).then(p.cmp(&q));
                if order.is_ne() {
                    return order;
                }
                (a, b) = (&a[p..], &b[q..]);
            }
            (Some(x), Some(y)) if x == y => (a, b) = (&a[1..], &b[1..]),
            (x, y) => return x.cmp(&y),
        }
    }
}

fn digits(text: &[u8]) -> usize {
    text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len())
}

fn significant(number: &[u8]) -> &[u8] {
    &number[number.iter().position(|digit| *digit != b'0').unwrap_or(number.len())..]
}

/// Part of a file into `body`, and what the file is now.
pub(super) fn read_part(
    reach: &Reach,
    place: &Place,
    range: ByteRange,
    only: Option<Stamp>,
    body: &mut Vec<u8>,
) -> Result<Entry, Fault> {
    let (file, about) = reach.file(place)?;
    let entry = reach::entry_of(place.name(), &about);
    if only.is_some_and(|only| !matches(&entry, only)) {
        return Err(Fault::Changed);
    }
    let length = range.length.min(CHUNK as u64).min(entry.size.saturating_sub(range.offset)) as usize;
    body.resize(length, 0);
    let count = reach::read_at(&file, body, range.offset)?;
    body.truncate(count);
    Ok(entry)
}

/// Whether something is still what it was.
pub(super) fn matches(entry: &Entry, stamp: Stamp) -> bool {
    entry.file == stamp.file && stamp.modified_ns.is_none_or(|modified_ns| modified_ns == entry.modified_ns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_count() {
        let mut names = vec!["b", "slurm-10.out", "slurm-9.out", "a10b", "a2b", "a02b", "a", "slurm-9", "é", ""];
        names.sort_by(|one, other| natural(one.as_bytes(), other.as_bytes()));
        assert_eq!(names, ["", "a", "a2b", "a02b", "a10b", "b", "slurm-9", "slurm-9.out", "slurm-10.out", "é"]);
    }
}
