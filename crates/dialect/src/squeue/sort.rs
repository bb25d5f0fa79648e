//! The order of `squeue`'s lines: `P,t,-p` and whatever `-S` says.

use std::collections::HashMap;

use model::{ArrayPlace, Memory, QueueRow, Time};

use super::Jobs;
use crate::text::Clock;

/// One key: a letter of the format language, and its direction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Key {
    letter: u8,
    down: bool,
}

/// The letters that jobs can be sorted by.
const LETTERS: &[u8] = b"aAbBcCdDeEfFgGhHiIjJkKlLmMnNoOpPqQrRStTuUvVwWxXyYzZ";

/// Reads `-S`: letters with commas, each perhaps with `+` or `-` before it.
///
/// # Errors
/// The letter that is none.
pub fn parse(text: &[u8]) -> Result<Vec<Key>, char> {
    let mut keys = Vec::new();
    let mut down = false;
    for byte in text {
        match byte {
            b'-' => down = true,
            b'+' => down = false,
            b',' | b' ' | b'%' => {}
            letter if LETTERS.contains(letter) => {
                keys.push(Key { letter: *letter, down });
                down = false;
            }
            other => return Err(char::from(*other)),
        }
    }
    Ok(keys)
}

/// The places of the rows that are shown, in order. Ties go by number, and by task inside an array.
///
/// Every key of every row becomes one number whose order is the key's, so that sorting 100 000 rows compares numbers
/// that lie together and not rows that lie far apart.
pub fn order(keys: &[Key], jobs: Jobs<'_>, shown: impl Fn(&QueueRow) -> bool, clock: &Clock<'_>) -> Vec<usize> {
    let places: Vec<usize> = (0..jobs.len()).filter(|at| shown(jobs.row(*at))).collect();
    let rows = || places.iter().map(|at| jobs.row(*at));
    let mut columns: Vec<Vec<u64>> = Vec::with_capacity(keys.len() + 1);
    for key in keys {
        let mut column: Vec<u64> = match text_of(key.letter) {
            Some(text) => ranks(rows().map(text)),
            None => rows().map(|row| number_of(key.letter, row, clock)).collect(),
        };
        if key.down {
            column.iter_mut().for_each(|number| *number = !*number);
        }
        columns.push(column);
    }
    columns.push(rows().map(by_number).collect());
    sorted(&columns, places.len()).into_iter().map(|line| places[line as usize]).collect()
}

/// The lines of a table of numbers in order, the first column first.
fn sorted(columns: &[Vec<u64>], lines: usize) -> Vec<u32> {
    // Few keys have many values: mostly a whole line fits into one number.
    let ranges: Vec<(u64, u32)> = columns
        .iter()
        .map(|column| {
            let (least, most) = column.iter().fold((u64::MAX, 0), |(least, most), n| (least.min(*n), most.max(*n)));
            (least, u64::BITS - most.saturating_sub(least).leading_zeros())
        })
        .collect();
    if ranges.iter().map(|(_, bits)| bits).sum::<u32>() > u128::BITS {
        let mut order: Vec<u32> = (0..lines as u32).collect();
        let line = |at: u32| columns.iter().map(move |column| column[at as usize]);
        order.sort_by(|a, b| line(*a).cmp(line(*b)));
        return order;
    }
    let mut packed = vec![0u128; lines];
    for (column, (least, bits)) in columns.iter().zip(ranges) {
        for (line, number) in packed.iter_mut().zip(column) {
            *line = *line << bits | u128::from(number - least);
        }
    }
    let mut order: Vec<(u128, u32)> = packed.into_iter().zip(0..).collect();
    order.sort_unstable();
    order.into_iter().map(|(_, line)| line).collect()
}

/// Texts as their ranks among the distinct ones.
fn ranks<'a>(texts: impl Iterator<Item = &'a [u8]>) -> Vec<u64> {
    let mut known: HashMap<&[u8], usize> = HashMap::new();
    let mut distinct: Vec<&[u8]> = Vec::new();
    // Rows that follow each other mostly share their texts, and then also the place in memory.
    let mut last: (*const [u8], usize) = (&[], usize::MAX);
    let found: Vec<usize> = texts
        .map(|text| {
            if !(std::ptr::eq(last.0, text) && last.1 != usize::MAX) {
                let number = *known.entry(text).or_insert_with(|| {
                    distinct.push(text);
                    distinct.len() - 1
                });
                last = (text, number);
            }
            last.1
        })
        .collect();
    let mut order: Vec<usize> = (0..distinct.len()).collect();
    order.sort_unstable_by_key(|number| distinct[*number]);
    let mut rank = vec![0; distinct.len()];
    for (place, number) in order.into_iter().enumerate() {
        rank[number] = place as u64;
    }
    found.into_iter().map(|number| rank[number]).collect()
}

fn by_number(row: &QueueRow) -> u64 {
    let (job, task) = match &row.array {
        ArrayPlace::Single => (row.id, 0),
        ArrayPlace::Task { base, index } => (*base, *index),
        ArrayPlace::Pending { base, tasks, .. } => (*base, tasks.first().unwrap_or(0)),
    };
    u64::from(job.0) << 32 | u64::from(task)
}

type TextOf = fn(&QueueRow) -> &[u8];

/// The keys that are texts.
fn text_of(letter: u8) -> Option<TextOf> {
    Some(match letter {
        b'a' => |row| row.account.as_bytes(),
        b'B' | b'N' => |row| row.node.as_bytes(),
        b'g' => |row| row.owner.group.as_bytes(),
        b'j' => |row| row.name.as_bytes(),
        b'P' => |row| row.partition.as_bytes(),
        b'q' => |row| row.qos.as_bytes(),
        b'r' | b'R' => |row| row.reason.text().as_bytes(),
        b'u' => |row| row.owner.user.as_bytes(),
        _ => return None,
    })
}

/// The keys that are numbers; what all jobs of one machine have alike is 0.
fn number_of(letter: u8, row: &QueueRow, clock: &Clock<'_>) -> u64 {
    match letter {
        b'A' | b'i' | b'F' => by_number(row),
        b'C' | b'c' => row.cpus.into(),
        b'D' => row.nodes.into(),
        b'e' => instant(row.end),
        b'G' => row.owner.gid.0.into(),
        b'K' => by_number(row) & u64::from(u32::MAX),
        b'l' => signed(limit(row)),
        b'L' => signed(limit(row).saturating_sub(row.elapsed(clock.now).0)),
        b'm' => match row.memory {
            Memory::Default | Memory::Unlimited => 0,
            Memory::PerNode(mib) | Memory::PerCpu(mib) => mib,
        },
        b'M' => signed(row.elapsed(clock.now).0),
        b'p' | b'Q' => row.priority.into(),
        b'S' => instant(row.start),
        b't' | b'T' => crate::states::rank(row.state).into(),
        b'U' => row.owner.uid.0.into(),
        b'V' => signed(row.submit.0),
        b'y' => signed(row.nice.into()),
        _ => 0,
    }
}

/// Signed numbers in the order of unsigned ones.
fn signed(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

fn instant(time: Option<Time>) -> u64 {
    time.map_or(0, |time| signed(time.0))
}

fn limit(row: &QueueRow) -> i64 {
    row.time_limit.span().map_or(i64::MAX, |span| span.0)
}
