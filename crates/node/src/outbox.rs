//! Readings that the centre has not got yet. Each has a number, and the centre takes each number once. Must not know where
//! they are kept, nor how they are sent.
//!
//! An agent whose disk was lost begins to number at 1 again; before it sends any reading it asks the centre up to which
//! number it took some before, and goes on from there ([`Outbox::anchor`]).

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::report::{MOST_BYTES, MOST_READINGS, Sample};

/// So many wait: half a day of one every ten seconds.
pub const MOST_WAITING: usize = 4320;
/// Room for readings in a report: the rest of it is small.
const ROOM: usize = MOST_BYTES - (24 << 10);

/// See the module.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Outbox {
    head: Head,
    waiting: VecDeque<Sample>,
}

/// What is known besides the readings: the first line of the file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    /// The centre was asked where to begin.
    anchored: bool,
    /// The last number that was given.
    last: u64,
    /// Readings that were given up.
    lost: u64,
}

impl Outbox {
    /// As it was written: a line about all, and one for each reading. What cannot be read (a line that a power cut left
    /// half) ends it; without a first line it is empty.
    pub fn read(text: &str) -> Self {
        let mut lines = text.split_inclusive('\n').map_while(|line| line.strip_suffix('\n'));
        let Some(head) = lines.next().and_then(|line| serde_json::from_str(line).ok()) else { return Self::default() };
        let waiting: VecDeque<Sample> = lines.map_while(|line| serde_json::from_str(line).ok()).collect();
        let mut outbox = Self { head, waiting };
        outbox.head.last = outbox.head.last.max(outbox.waiting.back().map_or(0, |sample| sample.number));
        outbox
    }

    /// All of it.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string(&self.head).unwrap_or_default() + "\n";
        self.waiting.iter().for_each(|sample| text.push_str(&line(sample)));
        text
    }

    /// Takes a reading in, giving it its number; says the line that is to be added to the file, or nothing where all of it
    /// is to be written anew.
    pub fn push(&mut self, mut sample: Sample) -> Option<String> {
        self.head.last += 1;
        sample.number = self.head.last;
        let line = line(&sample);
        self.waiting.push_back(sample);
        if self.waiting.len() <= MOST_WAITING {
            return Some(line);
        }
        self.thin();
        None
    }

    /// Every second one of the older half goes: a counter tells its energy all the same.
    fn thin(&mut self) {
        let half = self.waiting.len() / 2;
        let before = self.waiting.len();
        let mut at = 0;
        self.waiting.retain(|_| {
            at += 1;
            at > half || at % 2 == 1
        });
        self.head.lost += (before - self.waiting.len()) as u64;
    }

    /// The centre has all up to this number.
    pub fn taken(&mut self, number: u64) {
        self.waiting.retain(|sample| sample.number > number);
        self.head.last = self.head.last.max(number);
    }

    /// What the centre said when it was first asked: numbers begin above.
    pub fn anchor(&mut self, taken: u64) {
        if !self.head.anchored {
            self.waiting.iter_mut().for_each(|sample| sample.number += taken);
            self.head.last += taken;
            self.head.anchored = true;
        }
    }

    /// Whether readings may be sent.
    pub fn is_anchored(&self) -> bool {
        self.head.anchored
    }

    /// Readings that were given up.
    pub fn lost(&self) -> u64 {
        self.head.lost
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether none does.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next ones to send: as many as fit into a report, none before the centre was asked where to begin.
    pub fn part(&self) -> Vec<Sample> {
        let mut room = ROOM;
        let fits = |sample: &&Sample| {
            let length = line(sample).len();
            let fits = length <= room;
            room = room.saturating_sub(length);
            fits
        };
        let sent = self.waiting.iter().filter(|_| self.head.anchored);
        sent.take(MOST_READINGS).take_while(fits).cloned().collect()
    }
}

fn line(sample: &Sample) -> String {
    serde_json::to_string(sample).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use energy::{Energy, meter::Channel};

    use super::*;

    fn sample(up_ms: i64) -> Sample {
        let channels = vec![Channel::counter(Energy(up_ms), None, Energy(1))];
        let (boot, jobs) = ("b".to_owned(), (0..20).map(|job| (job, 1)).collect());
        Sample { number: 0, boot, wall_ms: up_ms, up_ms, source: 0, channels, busy_us: 0, jobs }
    }

    fn numbers(samples: &[Sample]) -> Vec<u64> {
        samples.iter().map(|sample| sample.number).collect()
    }

    #[test]
    fn numbers_go_on_from_what_the_centre_took() {
        let mut outbox = Outbox::default();
        (0..3).for_each(|at| drop(outbox.push(sample(at))));
        assert!(outbox.part().is_empty(), "nothing before the centre was asked");
        outbox.anchor(100);
        outbox.anchor(100);
        assert_eq!(numbers(&outbox.part()), [101, 102, 103]);
        outbox.taken(102);
        assert_eq!(numbers(&outbox.part()), [103]);
        outbox.push(sample(9));
        // The centre knows of more than this file does: an older copy of it came back.
        outbox.taken(500);
        outbox.push(sample(10));
        assert_eq!(numbers(&outbox.part()), [501]);
    }

    #[test]
    fn it_comes_back_as_it_was_written() {
        let mut outbox = Outbox::default();
        outbox.anchor(5);
        let mut text = outbox.text();
        for at in 0..3 {
            text.push_str(&outbox.push(sample(at)).unwrap_or_default());
        }
        assert_eq!(Outbox::read(&text), outbox);
        // The last line was half written when the power went.
        let half = Outbox::read(&text[..text.len() - 20]);
        assert_eq!((numbers(&half.part()), half.len()), (vec![6, 7], 2));
        assert_eq!(Outbox::read(""), Outbox::default());
        assert_eq!(Outbox::read("junk\n{}\n"), Outbox::default());
    }

    #[test]
    fn a_report_has_as_many_as_fit() {
        let mut outbox = Outbox::default();
        outbox.anchor(0);
        (0..1000).for_each(|at| drop(outbox.push(sample(at))));
        let mut got = Vec::new();
        while !outbox.is_empty() {
            let part = outbox.part();
            let text: usize = part.iter().map(|sample| line(sample).len()).sum();
            assert!(!part.is_empty() && text <= ROOM);
            got.extend(numbers(&part));
            outbox.taken(got.last().copied().unwrap_or(0));
        }
        assert_eq!(got, (1..=1000).collect::<Vec<_>>());
    }

    #[test]
    fn what_waits_too_long_gets_thinner_and_never_longer() {
        let mut outbox = Outbox::default();
        outbox.anchor(0);
        let total = 3 * MOST_WAITING as i64;
        (0..total).for_each(|at| drop(outbox.push(sample(at))));
        assert!(outbox.len() <= MOST_WAITING);
        assert_eq!(outbox.len() as u64 + outbox.lost(), total as u64);
        let times: Vec<i64> = outbox.waiting.iter().map(|sample| sample.up_ms).collect();
        assert_eq!((times[0], times[times.len() - 1]), (0, total - 1));
        assert!(times.is_sorted());
    }
}
