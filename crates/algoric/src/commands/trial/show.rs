//! What the visitor sees: a bar and a line a task where there is a terminal, plain lines of what changes elsewhere.

use std::{
    io::{self, IsTerminal as _},
    time::{Duration, Instant},
};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use model::{AccountRow, JobState, Span, Time};

use super::{
    board::{Board, Entry},
    study::Study,
};
use crate::{
    console, show,
    words::{Words, kebab},
};

/// Where progress is shown.
pub struct Screen<'a> {
    words: &'a Words,
    begun: Instant,
    live: Option<Live>,
    before: Option<Board>,
}

/// The bar, and a line a task below it.
struct Live {
    all: MultiProgress,
    bar: ProgressBar,
    lines: Vec<ProgressBar>,
}

impl<'a> Screen<'a> {
    /// For so many tasks.
    pub fn new(words: &'a Words, tasks: usize) -> Self {
        let live = io::stderr().is_terminal().then(|| Live::new(tasks));
        Self { words, begun: Instant::now(), live, before: None }
    }

    /// Brings it up to date.
    pub fn show(&mut self, board: &Board) {
        let now = Time(jiff::Timestamp::now().as_millisecond());
        match &self.live {
            Some(live) => {
                live.bar.set_position(board.done() as u64);
                for (line, entry) in live.lines.iter().zip(&board.entries) {
                    line.set_message(self.line(entry, now));
                }
            }
            None => {
                let before = self.before.replace(board.clone());
                for (at, entry) in board.entries.iter().enumerate() {
                    let state = before.as_ref().map(|board| board.entries[at].state);
                    if state != Some(entry.state) {
                        let at = self.words.span(span(self.begun.elapsed()));
                        console::line(format!("[{at:>7}] {}", self.line(entry, now)));
                    }
                }
            }
        }
    }

    /// Leaves the last picture standing.
    pub fn end(&self) {
        if let Some(live) = &self.live {
            live.lines.iter().chain([&live.bar]).for_each(ProgressBar::abandon);
            live.all.set_move_cursor(false);
        }
    }

    fn line(&self, entry: &Entry, now: Time) -> String {
        let state = state(entry.state, self.words);
        let elapsed = entry.elapsed(now).map(|span| self.words.span(span)).unwrap_or_default();
        format!("{:<10} {state:<12} {elapsed:>10}", entry.name).trim_end().to_owned()
    }
}

impl Live {
    fn new(tasks: usize) -> Self {
        let all = MultiProgress::new();
        let bar = all.add(ProgressBar::new(tasks as u64));
        // A template that is wrong would be seen by the first visitor; the plain bar is good enough then.
        if let Ok(style) = ProgressStyle::with_template("[{bar:40}] {pos}/{len}") {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        let lines = (0..tasks).map(|_| {
            let line = all.add(ProgressBar::no_length());
            if let Ok(style) = ProgressStyle::with_template("  {msg}") {
                line.set_style(style);
            }
            line
        });
        Self { lines: lines.collect(), all, bar }
    }
}

fn span(duration: Duration) -> Span {
    Span(duration.as_millis() as i64)
}

/// A state in the reader's language.
fn state(state: JobState, words: &Words) -> String {
    let key = format!("task-{}", kebab(&format!("{state:?}")));
    if words.has(&key) { words.say(&key) } else { state.to_string() }
}

/// The table of what each task used.
pub fn used(rows: &[AccountRow], study: &Study, words: &Words) -> String {
    let titles = vec![
        words.say("column-task"),
        words.say("column-state"),
        words.say("column-elapsed"),
        words.say("column-cpu-time"),
        words.say("column-memory"),
    ];
    let board = Board::of(rows, study);
    let cells = board.entries.iter().map(|entry| {
        let usage = entry.usage;
        vec![
            entry.name.clone(),
            state(entry.state, words),
            entry.elapsed(Time(0)).filter(|_| entry.end.is_some()).map_or_else(dash, |span| words.span(span)),
            usage.map_or_else(dash, |usage| words.span(Span((usage.user_us + usage.system_us) as i64 / 1000))),
            usage.map_or_else(dash, |usage| words.memory(usage.max_rss_kib.div_ceil(1024))),
        ]
    });
    format!("\n{}", show::plain(titles, cells.collect(), &[false, false, true, true, true]))
}

fn dash() -> String {
    "-".to_owned()
}
