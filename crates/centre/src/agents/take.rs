//! A report comes in. It is from whom its key says; what it says is looked at before any of it is believed; and what is
//! answered is on disk, so that the machine may forget it. Must not know how it got here.

use api::{AgentsReply, Refusal, RefusalCode, Reply};
use model::{Span, Time};
use nix::unistd::getegid;
use node::{Answer, Report, Sample};
use store::{AgentWrite, Heard, Write};

use super::{Agent, MOST_WAITING, Waiting};
use crate::{
    complain::complain,
    connection::{ConnId, Peer},
    core::{Centre, refuse},
};

/// That a machine was heard is written down so often.
const NOTE: Span = Span::minutes(1);

impl Centre {
    /// Only the gate hands reports on: it runs as the service itself does, by user and by group.
    pub(super) fn must_be_gate(&self, peer: Peer) -> Result<(), Refusal> {
        if peer.uid == self.service_uid && peer.gid.0 == getegid().as_raw() {
            return Ok(());
        }
        Err(refuse(RefusalCode::AccessDenied, "only the gate speaks for machines"))
    }

    /// A report of the machine that has this key.
    pub(super) fn report_came(&mut self, conn: ConnId, key: &[u8; 32], body: &[u8]) -> Result<(), Refusal> {
        self.writable()?;
        let measures_itself = self.metering.is_some().then(|| self.node.clone());
        let other = |text: String| refuse(RefusalCode::Other, text);
        let Some(agent) = self.agents.known(key) else {
            return Err(refuse(RefusalCode::AccessDenied, "this key is not known here"));
        };
        let report = Report::parse(body).map_err(|fault| other(fault.to_string()))?;
        if report.name != *agent.name {
            let text = format!("machine {} reports in the name of `{}`: refused", agent.name, report.name);
            complain!("{text}");
            return Err(refuse(RefusalCode::AccessDenied, text));
        }
        let heard = agent.take(report, self.now, measures_itself.as_deref() == Some(&*agent.name));
        let answer = Answer { taken: agent.taken, now_ms: self.now.0, tell_all: agent.about.is_none() };
        if let Some(heard) = heard {
            self.journal.write(Write::Agent(Box::new(AgentWrite::Heard(Box::new(heard)))));
        }
        let text = serde_json::to_string(&answer).map_err(|fault| other(fault.to_string()))?;
        self.reply_when_safe(conn, Reply::Agents(AgentsReply::Text(text)));
        self.share_readings();
        self.drain_as_needed();
        Ok(())
    }

    /// Nothing that was not on disk counts: what is known is what is there.
    pub(crate) fn agents_again(&mut self) {
        match super::Agents::load(&self.reader) {
            Ok(agents) => self.agents = agents,
            Err(fault) => complain!("{fault}"),
        }
    }
}

impl Agent {
    /// What is new in a report. Readings whose numbers were there before are left out, whoever sends them again; where
    /// the centre's own meters measure the machine, all are.
    pub(super) fn take(&mut self, report: Report, now: Time, is_measured: bool) -> Option<Heard> {
        self.clock = Some(Span(report.wall_ms - now.0));
        let was_silent = self.is_silent(now);
        self.seen = Some(now);
        let mut readings = Vec::new();
        let taken = self.taken;
        for sample in report.readings.iter().filter(|sample| sample.number > taken) {
            let at = sample.placed(&report, now);
            if !is_measured && let Ok(text) = serde_json::to_string(sample) {
                readings.push((sample.number, at, text));
                self.keep(Waiting { number: sample.number, at, came: now, sample: sample.clone() });
            }
        }
        self.taken = self.taken.max(report.readings.last().map_or(0, |last| last.number));
        let about = report.about.filter(|about| self.about.as_ref() != Some(about));
        let health = report.health.filter(|health| self.health != *health);
        let is_news = !report.readings.is_empty() || about.is_some() || health.is_some() || self.lost != report.lost;
        self.lost = report.lost;
        let heard = Heard {
            name: self.name.to_string(),
            seen: now,
            taken: self.taken,
            lost: self.lost,
            about: about.as_ref().map(json),
            health: health.as_ref().map(json),
            readings,
        };
        if let Some(about) = about {
            // Its account is opened again with what it is now.
            let is_same = self.about.as_ref().is_some_and(|before| super::account::is_alike(before, &about));
            self.account = self.account.take().filter(|_| is_same);
            self.about = Some(about);
        }
        self.health = health.unwrap_or_else(|| std::mem::take(&mut self.health));
        let is_due = was_silent || now - self.seen_written >= NOTE || now < self.seen_written;
        if is_news || is_due {
            self.seen_written = now;
        }
        (is_news || is_due).then_some(heard)
    }

    /// Keeps a reading until it is shared; of very many, only in the file.
    fn keep(&mut self, waiting: Waiting) {
        if self.beyond.is_some() || self.waiting.len() >= MOST_WAITING {
            self.beyond = Some(waiting.number);
            return;
        }
        self.kept = waiting.number;
        self.waiting.push_back(waiting);
    }

    /// The next readings, where more waited than fit: those of the file, as far as they are there already.
    pub(super) fn fetch(&mut self, reader: &store::Reader, now: Time) {
        let Some(last) = self.beyond.filter(|_| self.waiting.is_empty()) else { return };
        match reader.agent_readings(&self.name, self.kept, MOST_WAITING as u32) {
            Ok(found) => {
                self.kept = found.last().map_or(self.kept, |(number, ..)| *number);
                self.beyond = self.beyond.filter(|_| self.kept < last);
                let one = |(number, at, text): (u64, Time, String)| {
                    let sample: Sample = serde_json::from_str(&text).ok()?;
                    Some(Waiting { number, at, came: now, sample })
                };
                self.waiting.extend(found.into_iter().filter_map(one));
            }
            Err(fault) => complain!("{fault}"),
        }
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
