//! One report of a machine, as JSON of at most 64 KiB, and what is answered. Must not know who sent it: that is the key's
//! to say.

use energy::meter::Channel;
use model::{Span, Time};
use serde::{Deserialize, Serialize};

use crate::health::Finding;

/// Of a report's shape.
pub const VERSION: u32 = 1;
/// The longest report that is read.
pub const MOST_BYTES: usize = 64 << 10;
/// So many readings at once; the others come with the next report.
pub const MOST_READINGS: usize = 256;
/// So many jobs in one reading.
pub const MOST_JOBS: usize = 2048;
/// So many channels of one meter.
const MOST_CHANNELS: usize = 64;
/// So many findings, and meters.
const MOST_FINDINGS: usize = 64;
/// Letters of a text.
pub const MOST_LETTERS: usize = 240;
/// No counter, no processor and no clock gets here: 2.5 GWh, 146 000 years.
const MOST_COUNT: i64 = 1 << 62;

/// Who says nothing for longer is silent.
pub const SILENT_AFTER: Span = Span::minutes(1);
/// From one report to the next.
pub const PERIOD: Span = Span::seconds(10);

/// A report.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// [`VERSION`].
    pub version: u32,
    /// What the machine is called in the cluster.
    pub name: String,
    /// Names this start of the machine.
    pub boot: String,
    /// Its clock when this was sent, ms since 1970: told, not believed.
    pub wall_ms: i64,
    /// How long it is on, ms; this clock nobody sets.
    pub up_ms: i64,
    /// Readings that were given up, as nobody took them for too long.
    pub lost: u64,
    /// In the order of their numbers.
    pub readings: Vec<Sample>,
    /// What it is; when that has changed, and when the centre asks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// How it is, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Vec<Finding>>,
}

/// What a machine's meter and its kernel said at one moment.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sample {
    /// Greater than that of any reading before it.
    pub number: u64,
    /// The start of the machine in which it was taken.
    pub boot: String,
    /// The machine's clock,
    pub wall_ms: i64,
    /// and how long it was on.
    pub up_ms: i64,
    /// Which of its meters, in the order of preference.
    pub source: u16,
    /// What that said.
    pub channels: Vec<Channel>,
    /// CPU time that the machine used since it started, microseconds.
    pub busy_us: u64,
    /// Of the jobs that have processes there: number, and CPU time that it used there, microseconds.
    pub jobs: Vec<(u32, u64)>,
}

/// What a machine is.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// Version of the agent.
    pub agent: String,
    /// Of its kernel.
    pub kernel: String,
    /// Its processors, as they call themselves.
    pub model: String,
    /// Hardware threads,
    pub cpus: u32,
    /// and cores.
    pub cores: u32,
    /// Memory that the kernel has.
    pub memory_mib: u64,
    /// What it draws with nothing to do, milliwatts, where somebody said so.
    pub idle_mw: Option<i64>,
    /// No answer of its meters above this is believed, milliwatts.
    pub most_mw: i64,
    /// Its meters, in the order of preference.
    pub meters: Vec<MeterAbout>,
    /// Which of them answered last.
    pub answering: Option<u16>,
}

/// A meter of a machine.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterAbout {
    /// What it is.
    pub name: String,
    /// How far it may be off.
    pub uncertainty_permille: u32,
    /// It counts from 0 when the machine starts.
    pub inside: bool,
    /// Why it does not answer.
    pub failing: Option<String>,
}

/// What the centre answers.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Answer {
    /// All readings up to this number are on its disk: they need not be kept.
    pub taken: u64,
    /// The centre's clock.
    pub now_ms: i64,
    /// It would like to hear what the machine is and how.
    pub tell_all: bool,
}

/// Why something is no report.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unfit {
    /// No JSON, or another shape.
    #[error("this is no report: {0}")]
    Shape(String),
    /// Another version's.
    #[error("a report of version {0}, and this centre reads version {VERSION}")]
    Version(u64),
    /// Something in it is more, or less, than can be.
    #[error("{0} cannot be")]
    Value(&'static str),
}

impl Report {
    /// Reads one, and looks whether all of it can be.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn parse(bytes: &[u8]) -> Result<Self, Unfit> {
        #[derive(Deserialize)]
        struct Versioned {
            version: u64,
        }
        if bytes.len() > MOST_BYTES {
            return Err(Unfit::Value("so long a report"));
        }
        let shape = |fault: serde_json::Error| Unfit::Shape(plain(&fault.to_string()));
        let version = serde_json::from_slice::<Versioned>(bytes).map_err(shape)?.version;
        if version != u64::from(VERSION) {
            return Err(Unfit::Version(version));
        }
        let report: Self = serde_json::from_slice(bytes).map_err(shape)?;
        report.check()?;
        Ok(report)
    }

    /// As it is sent.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn check(&self) -> Result<(), Unfit> {
        let must = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(Unfit::Value(what)) };
        must(is_name(&self.name), "its name")?;
        must(is_short(&self.boot) && is_count(self.wall_ms) && is_count(self.up_ms), "its clock")?;
        must(self.readings.len() <= MOST_READINGS, "so many readings")?;
        let ordered = self.readings.windows(2).all(|pair| pair[0].number < pair[1].number);
        must(ordered, "the order of its readings")?;
        self.readings.iter().try_for_each(Sample::check)?;
        for finding in self.health.iter().flatten() {
            must(is_short(&finding.name) && is_short(&finding.text), "a finding's text")?;
        }
        must(self.health.as_ref().is_none_or(|all| all.len() <= MOST_FINDINGS), "so many findings")?;
        self.about.as_ref().map_or(Ok(()), About::check)
    }
}

impl Sample {
    fn check(&self) -> Result<(), Unfit> {
        let must = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(Unfit::Value(what)) };
        must((1..1 << 62).contains(&self.number), "a reading's number")?;
        must(is_short(&self.boot) && is_count(self.wall_ms) && is_count(self.up_ms), "a reading's time")?;
        must((1..=MOST_CHANNELS).contains(&self.channels.len()), "so many channels")?;
        let is_possible = |channel: &Channel| {
            let counter = channel.counter.iter().flat_map(|counter| {
                [Some(counter.energy.0), counter.range.map(|range| range.0), Some(counter.step.0)].into_iter().flatten()
            });
            counter.chain(channel.power.map(|power| power.0)).all(is_count)
        };
        must(self.channels.iter().all(is_possible), "what a meter said")?;
        must(self.jobs.len() <= MOST_JOBS, "so many jobs")?;
        let times = self.jobs.iter().map(|(_, cpu_us)| *cpu_us).chain([self.busy_us]);
        must(times.into_iter().all(|us| us < MOST_COUNT as u64), "CPU time")
    }

    /// When it was taken, by the centre's clock, which showed `received` when the report came. The clock that nobody sets
    /// tells how long ago it was; for what was taken before the machine was last started, the one that it had then.
    pub fn placed(&self, report: &Report, received: Time) -> Time {
        let ago = match self.boot == report.boot {
            true => report.up_ms - self.up_ms,
            false => report.wall_ms - self.wall_ms,
        };
        // What lies ahead was taken now.
        received - Span(ago.max(0))
    }
}

impl About {
    fn check(&self) -> Result<(), Unfit> {
        let must = |holds: bool, what: &'static str| if holds { Ok(()) } else { Err(Unfit::Value(what)) };
        let texts = [&self.agent, &self.kernel, &self.model].into_iter().chain(self.meters.iter().map(|one| &one.name));
        let texts = texts.chain(self.meters.iter().filter_map(|one| one.failing.as_ref()));
        must(texts.into_iter().all(|text| is_short(text)), "a text about it")?;
        must(self.meters.len() <= MOST_FINDINGS, "so many meters")?;
        must((1..=1 << 20).contains(&self.cpus) && (1..=self.cpus).contains(&self.cores), "its processors")?;
        must(is_count(self.most_mw) && self.idle_mw.is_none_or(is_count), "its power")
    }
}

/// How long nothing was heard of a machine, if that is too long.
pub fn silence(seen: Option<Time>, now: Time) -> Option<Span> {
    let since = seen.map_or(Span(i64::MAX), |seen| now - seen);
    (since > SILENT_AFTER).then_some(since)
}

/// What a machine may be called: as a host is.
pub fn is_name(text: &str) -> bool {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    (1..=63).contains(&text.len()) && text.chars().all(is_letter) && !text.starts_with(['-', '.'])
}

/// A text as it may stand in a report: one line, no longer than that.
pub fn plain(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(MOST_LETTERS).collect()
}

fn is_short(text: &str) -> bool {
    text.chars().count() <= MOST_LETTERS && !text.chars().any(char::is_control)
}

fn is_count(number: i64) -> bool {
    (0..MOST_COUNT).contains(&number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use energy::Energy;

    use super::*;

    pub(crate) fn sample(number: u64, up_ms: i64) -> Sample {
        let channels = vec![Channel::counter(Energy(up_ms * 100_000), None, Energy(1))];
        let boot = "b".to_owned();
        Sample { number, boot, wall_ms: 1_000_000 + up_ms, up_ms, source: 0, channels, busy_us: 5, jobs: vec![(7, 3)] }
    }

    fn report(readings: Vec<Sample>) -> Report {
        let (name, boot) = ("n1".to_owned(), "b".to_owned());
        let about = Some(About { cpus: 4, cores: 2, ..About::default() });
        Report {
            version: VERSION,
            name,
            boot,
            wall_ms: 1_060_000,
            up_ms: 60_000,
            lost: 0,
            readings,
            about,
            health: None,
        }
    }

    #[test]
    fn what_is_sent_is_read() {
        let sent = report(vec![sample(1, 10_000), sample(2, 20_000)]);
        assert_eq!(Report::parse(sent.text().as_bytes()).unwrap(), sent);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let check = |change: &dyn Fn(&mut Report), what: &str| {
            let mut changed = report(vec![sample(1, 10_000), sample(2, 20_000)]);
            change(&mut changed);
            let fault = Report::parse(changed.text().as_bytes()).unwrap_err().to_string();
            assert!(fault.contains(what), "{what}: {fault}");
        };
        check(&|r| r.version = 2, "version 2");
        check(&|r| r.name = "../n1".to_owned(), "its name");
        check(&|r| r.name = "n1\n".to_owned(), "its name");
        check(&|r| r.up_ms = -1, "its clock");
        check(&|r| r.readings[1].number = 1, "the order");
        check(&|r| r.readings[0].number = 0, "number");
        check(&|r| r.readings[0].channels.clear(), "channels");
        check(&|r| r.readings[0].channels[0].counter.as_mut().unwrap().energy = Energy(-5), "a meter said");
        check(&|r| r.readings[0].channels[0].counter.as_mut().unwrap().energy = Energy::MAX, "a meter said");
        check(&|r| r.readings[0].busy_us = u64::MAX, "CPU time");
        check(&|r| r.about.as_mut().unwrap().model = "x".repeat(241), "text about it");
        check(&|r| r.about.as_mut().unwrap().cores = 5, "processors");
        check(&|r| r.readings = (1..300).map(|n| sample(n, 10)).collect(), "so many readings");
        check(&|r| r.readings[0].jobs = vec![(1, 1); 3000], "so many jobs");
    }

    #[test]
    fn junk_is_no_report() {
        let check = |bytes: &[u8], what: &str| {
            let fault = Report::parse(bytes).unwrap_err().to_string();
            assert!(fault.contains(what), "{fault}");
        };
        check(b"", "no report");
        check(b"\xff\xfe\x00", "no report");
        check(&b"[".repeat(5000), "no report");
        check(br#"{"version":1}"#, "no report");
        check(br#"{"version":99999999999}"#, "version 99999999999");
        check(&vec![b' '; MOST_BYTES + 1], "so long");
        let mut text = report(Vec::new()).text();
        text.insert_str(1, r#""more":1,"#);
        check(text.as_bytes(), "unknown field");
    }

    #[test]
    fn readings_lie_where_they_were_taken_whatever_the_clock_showed() {
        let received = Time(5_000_000_000);
        let mut sent = report(vec![sample(1, 10_000), sample(2, 20_000)]);
        assert_eq!(sent.readings[1].placed(&sent, received), received - Span(40_000));
        // Set forward by an hour between the readings and the report: nothing changes.
        sent.wall_ms += 3_600_000;
        assert_eq!(sent.readings[0].placed(&sent, received), received - Span(50_000));
        // Before the last start: its own clock tells.
        let before = Sample { boot: "a".to_owned(), wall_ms: sent.wall_ms - 90_000, ..sample(1, 5) };
        assert_eq!(before.placed(&sent, received), received - Span(90_000));
        let ahead = Sample { up_ms: 70_000, ..sample(1, 5) };
        assert_eq!(ahead.placed(&sent, received), received);
    }

    #[test]
    fn silence_begins_after_a_minute() {
        let now = Time(1_000_000);
        assert_eq!(silence(Some(now - Span::seconds(60)), now), None);
        assert_eq!(silence(Some(now - Span::seconds(61)), now), Some(Span::seconds(61)));
        assert_eq!(silence(Some(now + Span::seconds(5)), now), None);
        assert!(silence(None, now).is_some());
    }
}
