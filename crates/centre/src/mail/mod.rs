//! Letters about jobs (`--mail-type`): when one is due, and what it says. Subjects are Slurm's, because people sort by
//! them (recorded: Slurm 22.05.8).
//!
//! A letter goes out once what it tells is on disk. Must not know how it travels ([`post`], [`smtp`]).

mod post;
mod smtp;

use std::collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry};

use model::{ArrayPlace, Exit, JobId, JobSpec, JobState, QueueRow, RunId, Span, Time};
use scheduler::{Finished, What};

use self::post::Sending;
pub(crate) use self::post::{Letter, Post};
use crate::{core::Centre, journal::After};

/// The flags of `--mail-type`, as `dialect` numbers them.
mod flag {
    pub(super) const BEGIN: u16 = 1;
    pub(super) const END: u16 = 2;
    pub(super) const FAIL: u16 = 4;
    pub(super) const REQUEUE: u16 = 8;
    pub(super) const INVALID_DEPEND: u16 = 16;
    pub(super) const TIME_LIMIT: u16 = 64;
    pub(super) const ARRAY_TASKS: u16 = 1024;
}

/// Parts of the time limit that letters are sent at, in percent, and their flags.
const PARTS: [(i64, u16); 3] = [(90, 128), (80, 256), (50, 512)];

/// What letters there will be.
#[derive(Debug, Default)]
pub(crate) struct Mail {
    /// `None`: no mail server is configured, and nothing is sent.
    post: Option<Post>,
    /// Who writes.
    from: String,
    domain: String,
    /// When a running job reaches which part of its limit.
    due: BTreeMap<(Time, RunId), i64>,
    /// Arrays of which no task has begun yet have no entry; the others what became of their tasks so far.
    arrays: HashMap<JobId, Sum>,
}

/// What became of the tasks of an array.
#[derive(Debug, Default)]
struct Sum {
    states: BTreeSet<JobState>,
    codes: Option<(u8, u8)>,
}

impl Sum {
    fn add(&mut self, state: JobState, exit: Exit) {
        self.states.insert(state);
        let (least, most) = self.codes.unwrap_or((exit.code, exit.code));
        self.codes = Some((least.min(exit.code), most.max(exit.code)));
    }

    fn failed(&self) -> bool {
        self.states.iter().any(|state| is_failure(*state))
    }

    /// `, COMPLETED, ExitCode [0-0]`
    fn text(&self) -> String {
        let state = match self.states.iter().collect::<Vec<_>>().as_slice() {
            [one] => one.text(),
            _ => "Mixed",
        };
        let (least, most) = self.codes.unwrap_or_default();
        format!(", {state}, ExitCode [{least}-{most}]")
    }
}

/// Failures are told by FAIL; an end well, and one that somebody wanted, by END.
fn is_failure(state: JobState) -> bool {
    !matches!(state, JobState::Completed | JobState::Cancelled)
}

impl Mail {
    /// Whether letters are sent at all.
    pub(crate) fn is_there(&self) -> bool {
        self.post.is_some()
    }

    /// As configured.
    ///
    /// # Errors
    /// When there is no place for letters.
    pub(crate) fn open(
        section: &crate::config::MailSection,
        directory: std::path::PathBuf,
        node: &str,
    ) -> std::io::Result<Self> {
        let Some(server) = &section.smtp else { return Ok(Self::default()) };
        let server = if server.contains(':') { server.clone() } else { format!("{server}:25") };
        let domain = section.domain.clone().unwrap_or_else(|| node.to_owned());
        let from = section.from.clone().unwrap_or_else(|| format!("algoric@{domain}"));
        let post = Post::open(directory, Sending { server, from: from.clone(), own_name: node.to_owned() })?;
        Ok(Self { post: Some(post), from, domain, ..Self::default() })
    }

    /// Hands a letter in.
    pub(crate) fn send(&self, letter: Letter) {
        if let Some(post) = &self.post {
            post.hand_in(letter);
        }
    }

    /// When the next part of a limit is reached.
    pub(crate) fn next(&self) -> Option<Time> {
        self.due.first_key_value().map(|((at, _), _)| *at)
    }

    /// To whom: `--mail-user`, else the owner; names without a machine get the configured one. What is no address is
    /// left out.
    fn addresses(&self, spec: &JobSpec) -> Vec<String> {
        let wish = spec.mail_user.as_deref().unwrap_or(&spec.owner.user);
        let good = |word: &&str| is_word(word);
        let whole = |word: &str| if word.contains('@') { word.to_owned() } else { format!("{word}@{}", self.domain) };
        wish.split(',').map(str::trim).filter(good).map(whole).take(16).collect()
    }
}

/// Whether this can stand in a letter's head as somebody's name or address.
fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word.len() <= 254
        && word.bytes().all(|byte| byte.is_ascii_graphic() && !b"<>,;:\\\"()[]".contains(&byte))
}

/// Whether letters can go there: `somebody@some.where`.
pub(crate) fn is_address(text: &str) -> bool {
    let parts = text.split_once('@');
    is_word(text) && parts.is_some_and(|(name, place)| !name.is_empty() && !place.is_empty() && !place.contains('@'))
}

impl Centre {
    /// Letters that a fact makes due, before the state has folded it in.
    pub(crate) fn letters_before(&mut self, what: &What) {
        if self.mail.post.is_none() {
            return;
        }
        match what {
            What::Requeued { id, .. } if self.live_run(*id).is_some() => {
                self.letter(*id, flag::REQUEUE, |row, now| format!("Requeued, Run time {}", clock(row.elapsed(now))));
            }
            What::DependencyFailed { id } => self.letter(*id, flag::INVALID_DEPEND, |_, _| "Invalid dependency".into()),
            What::TimeLimitReached { run } => self.letter(run.job, flag::TIME_LIMIT, |row, now| {
                format!("Reached time limit, Run time {}", clock(row.elapsed(now)))
            }),
            _ => {}
        }
    }

    /// Letters about a start.
    pub(crate) fn letters_of_start(&mut self, run: RunId) {
        if self.mail.post.is_none() {
            return;
        }
        let Some(base) = self.state.job(run.job).map(|job| job.base()) else { return };
        let Some(spec) = self.submission(base).map(|stored| stored.spec.clone()).filter(|spec| spec.mail.0 != 0) else {
            return;
        };
        self.watch_limit(run, &spec);
        let summary = spec.array.is_some() && spec.mail.0 & flag::ARRAY_TASKS == 0;
        if !summary {
            return self.letter(run.job, flag::BEGIN, |row, _| {
                let waited = row.start.map_or(Span::ZERO, |start| start - row.eligible.unwrap_or(row.submit));
                format!("Began, Queued time {}", clock(waited))
            });
        }
        let is_first = match self.mail.arrays.entry(base) {
            Entry::Vacant(free) => {
                free.insert(Sum::default());
                true
            }
            Entry::Occupied(_) => false,
        };
        if is_first && spec.mail.0 & flag::BEGIN != 0 {
            let subject = format!("Slurm Array Summary Job_id={base}_* ({base}) Name={} Began", spec.name);
            self.post(&spec, &subject);
        }
    }

    /// Letters about an end.
    pub(crate) fn letters_of_end(&mut self, base: JobId, run: &Finished) {
        if self.mail.post.is_none() || run.state == JobState::Requeued {
            return;
        }
        self.mail.due.retain(|(_, known), _| *known != run.run);
        let Some(spec) = self.submission(base).map(|stored| stored.spec.clone()).filter(|spec| spec.mail.0 != 0) else {
            return;
        };
        if spec.array.is_some() && spec.mail.0 & flag::ARRAY_TASKS == 0 {
            let sum = self.mail.arrays.entry(base).or_default();
            sum.add(run.state, run.exit);
            if self.remaining.get(&base) == Some(&0)
                && let Some(sum) = self.mail.arrays.remove(&base)
            {
                let (wanted, word) = if sum.failed() { (flag::FAIL, "Failed") } else { (flag::END, "Ended") };
                if spec.mail.0 & wanted != 0 {
                    let head = format!("Slurm Array Summary Job_id={base}_* ({base}) Name={}", spec.name);
                    self.post(&spec, &format!("{head} {word}{}", sum.text()));
                }
            }
            return;
        }
        let (wanted, word) = if is_failure(run.state) { (flag::FAIL, "Failed") } else { (flag::END, "Ended") };
        if spec.mail.0 & wanted == 0 {
            return;
        }
        let elapsed = run.start.map_or(Span::ZERO, |start| Span((run.end - start).0 - run.suspended.0));
        let code = if run.exit.signal == 0 { format!(", ExitCode {}", run.exit.code) } else { String::new() };
        let head = head(run.run.job, run.task, &spec.name.lossy());
        let subject = format!("{head} {word}, Run time {}, {}{code}", clock(elapsed), run.state.text());
        self.post(&spec, &subject);
    }

    /// Letters about parts of time limits that are reached by now.
    pub(crate) fn letters_due(&mut self) {
        while let Some(entry) = self.mail.due.first_entry() {
            let (at, run) = *entry.key();
            if at > self.now {
                return;
            }
            let part = entry.remove();
            if self.live_run(run.job) == Some(run) {
                let wanted = PARTS.iter().find(|(known, _)| *known == part).map_or(0, |(_, flag)| *flag);
                self.letter(run.job, wanted, |row, now| {
                    format!("Reached {part}% of time limit, Run time {}", clock(row.elapsed(now)))
                });
            }
        }
    }

    /// Jobs that run since before this centre did.
    pub(crate) fn watch_limits_again(&mut self) {
        if self.mail.post.is_none() {
            return;
        }
        let runs: Vec<RunId> = self.state.runs().map(|(run, _, _)| run).collect();
        for run in runs {
            let base = self.state.job(run.job).map_or(run.job, |job| job.base());
            if let Some(stored) = self.submission(base).filter(|stored| stored.spec.mail.0 != 0) {
                self.watch_limit(run, &stored.spec);
            }
        }
        let now = self.now;
        self.mail.due.retain(|(at, _), _| *at > now);
    }

    fn watch_limit(&mut self, run: RunId, spec: &JobSpec) {
        let row = self.state.row(run.job, self.now);
        let Some((start, limit)) = row.and_then(|row| Some((row.start?, row.time_limit.span()?))) else { return };
        for (part, wanted) in PARTS {
            if spec.mail.0 & wanted != 0 {
                self.mail.due.insert((start + Span(limit.0 / 100 * part), run), part);
            }
        }
    }

    /// A letter about a record, if its owner wants this kind.
    fn letter(&mut self, id: JobId, wanted: u16, words: impl FnOnce(&QueueRow, Time) -> String) {
        let Some(row) = self.state.row(id, self.now) else { return };
        let base = self.state.job(id).map_or(id, |job| job.base());
        let Some(spec) = self.submission(base).map(|stored| stored.spec.clone()) else { return };
        if spec.mail.0 & wanted == 0 {
            return;
        }
        let task = match &row.array {
            ArrayPlace::Task { base, index } => Some((*base, *index)),
            ArrayPlace::Single | ArrayPlace::Pending { .. } => None,
        };
        let subject = format!("{} {}", head(id, task, &row.name.lossy()), words(&row, self.now));
        self.post(&spec, &subject);
    }

    fn post(&mut self, spec: &JobSpec, subject: &str) {
        let to = self.mail.addresses(spec);
        let text = format!("This is {}, about a job in {}.\n", self.name, spec.workdir);
        self.write_letter(to, subject, &text);
    }

    /// Writes a letter to people of the pages, if letters are sent at all; `false`: they are not.
    pub(crate) fn letter_with_link(&mut self, to: &str, kind: store::LinkKind, link: &str) -> bool {
        if !self.mail.is_there() {
            return false;
        }
        let name = &self.name;
        let (subject, french, english) = match kind {
            store::LinkKind::Reset => (
                format!("{name} : nouveau mot de passe / new password"),
                "Quelqu’un, sans doute vous, a demandé un nouveau mot de passe. Ce lien sert une fois ; sinon, ignorez-le.",
                "Somebody, most likely you, asked for a new password. This link is good once; else ignore it.",
            ),
            store::LinkKind::First | store::LinkKind::Invite => (
                format!("{name} : invitation"),
                "Vous êtes invité à rejoindre ce centre de calcul. Ce lien sert une fois.",
                "You are invited to join this computing centre. This link is good once.",
            ),
        };
        let text = format!("{french}\n\n{english}\n\n{link}\n");
        self.write_letter(vec![to.to_owned()], &subject, &text);
        true
    }

    /// Sends a letter once what was written in this turn is on disk.
    fn write_letter(&mut self, to: Vec<String>, subject: &str, text: &str) {
        if to.is_empty() {
            return;
        }
        let date = jiff::Timestamp::from_millisecond(self.now.0).unwrap_or_default().to_zoned(self.zone.clone());
        let date = date.strftime("%a, %d %b %Y %H:%M:%S %z");
        let (subject, from, list) = (header(subject), &self.mail.from, to.join(", "));
        let content = format!(
            "Date: {date}\nFrom: {from}\nTo: {list}\nSubject: {subject}\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\n\
             Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n{text}"
        );
        self.journal.after(After::Mail(Box::new(Letter { to, content })));
    }
}

/// `Slurm Job_id=7 Name=x`
fn head(id: JobId, task: Option<(JobId, u32)>, name: &str) -> String {
    match task {
        None => format!("Slurm Job_id={id} Name={name}"),
        Some((base, index)) => format!("Slurm Array Task Job_id={base}_{index} ({id}) Name={name}"),
    }
}

/// `00:01:08`, `2-03:04:05`
fn clock(span: Span) -> String {
    let seconds = span.0.max(0) / 1000;
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes, seconds) = (rest / 3600, rest / 60 % 60, rest % 60);
    let days = if days > 0 { format!("{days}-") } else { String::new() };
    format!("{days}{hours:02}:{minutes:02}:{seconds:02}")
}

/// A header's text on one line; letters beyond ASCII as encoded words (RFC 2047).
fn header(text: &str) -> String {
    let line: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).take(900).collect();
    if line.is_ascii() {
        return line;
    }
    // Encoded words are at most 75 characters long, and whole letters each.
    let mut words = Vec::new();
    let mut part = String::new();
    for letter in line.chars() {
        if part.len() + letter.len_utf8() > 42 {
            words.push(format!("=?UTF-8?B?{}?=", base64(part.as_bytes())));
            part.clear();
        }
        part.push(letter);
    }
    words.push(format!("=?UTF-8?B?{}?=", base64(part.as_bytes())));
    words.join("\n ")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            if place <= three.len() {
                out.push(char::from(LETTERS[(bits >> (18 - 6 * place) & 63) as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!(clock(Span(68_900)), "00:01:08");
        assert_eq!(clock(Span((2 * 86_400 + 3 * 3600 + 4 * 60 + 5) * 1000)), "2-03:04:05");
        assert_eq!(head(JobId(36), Some((JobId(32), 1)), "arrt"), "Slurm Array Task Job_id=32_1 (36) Name=arrt");
        for (bytes, expected) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")] {
            assert_eq!(base64(bytes.as_bytes()), expected);
        }
        assert_eq!(header("plain\r\nBcc: x"), "plain  Bcc: x");
        assert_eq!(header("é"), "=?UTF-8?B?w6k=?=");
        assert!(header(&"é".repeat(100)).lines().all(|line| line.len() <= 76));
    }

    #[test]
    fn sums() {
        let mut sum = Sum::default();
        sum.add(JobState::Completed, Exit::default());
        assert_eq!((sum.failed(), sum.text().as_str()), (false, ", COMPLETED, ExitCode [0-0]"));
        sum.add(JobState::Failed, Exit { code: 1, signal: 0 });
        assert_eq!((sum.failed(), sum.text().as_str()), (true, ", Mixed, ExitCode [0-1]"));
    }
}
