//! Who may let a machine in, what it takes to come in, and how the machines are. Must not know what a report says.

use std::sync::Arc;

use api::{AgentFinding, AgentRow, AgentsReply, AgentsRequest, MeterRow, Refusal, RefusalCode, Reply};
use model::{Span, Time};
use node::health::State;
use node::report::{is_name, silence};
use node::settings::Invitation;
use serde::Deserialize;
use store::{AgentWrite, Fact, Write};

use super::Agent;
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    portal,
};

/// An invitation is good for so long.
const OPEN: Span = Span::minutes(60);

type Outcome = Result<(), Refusal>;

/// What somebody sends who would like to be let in.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    name: String,
    word: String,
}

impl Centre {
    /// A question, an order, or what the gate hands on.
    pub(crate) fn agents_asked(&mut self, conn: ConnId, peer: Peer, request: AgentsRequest) -> Outcome {
        match request {
            AgentsRequest::List => {
                let rows = self.agent_rows();
                self.reply(conn, &Reply::Agents(AgentsReply::Rows(rows)));
            }
            AgentsRequest::Invite { name, address } => self.invite_machine(conn, peer, &name, address)?,
            AgentsRequest::Forget(name) => self.forget_agent(conn, peer, &name)?,
            AgentsRequest::Knows(key) => {
                self.must_be_gate(peer)?;
                let is_known = self.agents.by_key.contains_key(&key);
                self.reply(conn, &Reply::Agents(AgentsReply::Known(is_known)));
            }
            AgentsRequest::Enrol { key, body } => {
                self.must_be_gate(peer)?;
                self.enrol(conn, key, &body)?;
            }
            AgentsRequest::Report { key, body } => {
                self.must_be_gate(peer)?;
                self.report_came(conn, &key, &body)?;
            }
        }
        Ok(())
    }

    fn must_be_operator(&mut self, peer: Peer) -> Outcome {
        if self.people.is_operator(peer.uid) { Ok(()) } else { Err(refuse(RefusalCode::AccessDenied, "")) }
    }

    fn invite_machine(&mut self, conn: ConnId, peer: Peer, name: &str, address: Option<String>) -> Outcome {
        self.must_be_operator(peer)?;
        self.writable()?;
        let other = |text: &str| refuse(RefusalCode::Other, text);
        let listen = self.file.nodes.listen.ok_or_else(|| {
            other("no machine can report here: say `listen` under [nodes] in config.toml, and start the centre anew")
        })?;
        let key = std::fs::read_to_string(self.paths.gate_public());
        let key = key.map_err(|fault| other(&format!("the gate has no key: {fault}")))?.trim().to_owned();
        if !is_name(name) {
            return Err(other(&format!("`{name}` is no name of a machine")));
        }
        let address = address.or_else(|| self.file.nodes.address.clone());
        let centre = address.unwrap_or_else(|| format!("{}:{}", self.node, listen.port()));
        let secret = portal::agent_word().map_err(|fault| other(&fault.to_string()))?;
        let (word, until) = (portal::agent_word_hash(&secret), self.now + OPEN);
        let agent = self.agents.all.entry(Arc::from(name)).or_insert_with(|| Agent::new(name));
        agent.invited = Some((word, until));
        let invitation = Invitation { name: name.to_owned(), centre, key, word: secret.0 };
        self.note_agent(Some(peer), AgentWrite::Invited { name: name.to_owned(), word, until }, "invited", name);
        self.reply_when_safe(conn, Reply::Agents(AgentsReply::Text(invitation.to_string())));
        Ok(())
    }

    /// Somebody with this key has the word: it is that machine from now on, whoever was it before.
    fn enrol(&mut self, conn: ConnId, key: [u8; 32], body: &[u8]) -> Outcome {
        self.writable()?;
        let denied = || refuse(RefusalCode::AccessDenied, "this invitation is not known here, or too old");
        let wish: Wish = serde_json::from_slice(body).map_err(|_| denied())?;
        let now = self.now;
        let is_open = |agent: &&mut Agent| {
            let word = portal::agent_word_hash(&api::Secret(wish.word.clone()));
            agent.invited.is_some_and(|(hash, until)| now < until && hash == word)
        };
        let taken = self.agents.by_key.get(&key).cloned();
        let agent = self.agents.all.get_mut(&*wish.name).filter(is_open).ok_or_else(denied)?;
        if taken.is_some_and(|other| other != agent.name) {
            return Err(refuse(RefusalCode::AccessDenied, "this key is another machine's"));
        }
        let before = agent.key.replace(key);
        agent.invited = None;
        (agent.seen, agent.about, agent.account) = (None, None, None);
        agent.health.clear();
        let name = agent.name.clone();
        if let Some(before) = before {
            self.agents.by_key.remove(&before);
        }
        self.agents.by_key.insert(key, name.clone());
        self.note_agent(None, AgentWrite::Enrolled { name: name.to_string(), key }, "let in", &name);
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    fn forget_agent(&mut self, conn: ConnId, peer: Peer, name: &str) -> Outcome {
        self.must_be_operator(peer)?;
        self.writable()?;
        let agent = self.agents.all.get_mut(name).filter(|agent| agent.key.is_some() || agent.invited.is_some());
        let agent = agent.ok_or_else(|| refuse(RefusalCode::Other, format!("no machine `{name}` reports here")))?;
        let key = agent.key.take();
        (agent.invited, agent.seen, agent.about) = (None, None, None);
        if let Some(key) = key {
            self.agents.by_key.remove(&key);
        }
        self.note_agent(Some(peer), AgentWrite::Forgotten(name.to_owned()), "forgotten", name);
        self.reply_when_safe(conn, Reply::Done);
        Ok(())
    }

    /// Writes it, and that it was done.
    fn note_agent(&mut self, peer: Option<Peer>, write: AgentWrite, done: &str, name: &str) {
        self.journal.write(Write::Agent(Box::new(write)));
        let by = peer.map_or(self.service_uid, |peer| peer.uid);
        let fact = Box::new(Fact::Noted { by, text: format!("machine {name}: {done}") });
        self.journal.write(Write::Event { at: self.now, base: None, fact });
    }

    /// Machines that report, or are about to.
    pub(crate) fn agent_rows(&self) -> Vec<AgentRow> {
        let now = self.now;
        let is_ours = |agent: &&Agent| agent.key.is_some() || agent.invited.is_some_and(|(_, until)| now < until);
        let agents = self.agents.all.values().filter(is_ours);
        let cluster = self.cluster.as_ref();
        let row = |agent: &Agent| {
            let slurm = cluster.and_then(|cluster| cluster.state_of(&agent.name));
            AgentRow { slurm: slurm.map(|(states, reason)| (states.join("+"), reason)), ..agent.row(now) }
        };
        agents.map(row).collect()
    }

    /// What tells what each machine draws, and whether it does.
    pub(crate) fn agent_meters(&self) -> Vec<MeterRow> {
        let told = self.agents.all.values().filter(|agent| agent.key.is_some());
        let row = |agent: &Agent| {
            let row = agent.row(self.now);
            MeterRow {
                machine: row.name,
                name: row.meter,
                uncertainty_permille: row.uncertainty_permille,
                is_fallback: row.is_fallback,
                idle_mw: row.idle_mw,
                calibrated: None,
                silent_ms: row.silent_ms,
                power_mw: row.power_mw,
                faults: row.findings.iter().filter(|one| one.state == "bad").count() as u32,
            }
        };
        told.map(row).collect()
    }
}

impl Agent {
    fn row(&self, now: Time) -> AgentRow {
        let about = self.about.clone().unwrap_or_default();
        let meter = about.meters.get(usize::from(about.answering.unwrap_or(0)));
        let fault = about.meters.iter().find_map(|meter| Some(format!("{}: {}", meter.name, meter.failing.as_ref()?)));
        let silent = silence(self.seen, now).filter(|_| self.key.is_some());
        // What it drew before it fell silent is not what it draws.
        let latest = self.latest.filter(|interval| interval.flag.is_measured() && silent.is_none());
        let state = |state: State| match state {
            State::Good => "good",
            State::Unknown => "unknown",
            State::Bad => "bad",
        };
        let finding = |one: &node::health::Finding| AgentFinding {
            name: one.name.clone(),
            state: state(one.state).to_owned(),
            text: one.text.clone(),
        };
        AgentRow {
            name: self.name.to_string(),
            enrolled: self.key.is_some(),
            seen: self.seen,
            silent_ms: silent.map(|silent| silent.0),
            power_mw: latest.map(|interval| interval.energy.mean(interval.span()).0),
            meter: meter.map_or_else(String::new, |meter| meter.name.clone()),
            uncertainty_permille: meter.map_or(0, |meter| meter.uncertainty_permille),
            is_fallback: about.answering.is_some_and(|place| place > 0),
            idle_mw: about.idle_mw,
            meter_fault: fault,
            clock_ms: self.clock.map(|clock| clock.0),
            lost: self.lost,
            waiting: self.waiting.len() as u32,
            findings: self.health.iter().map(finding).collect(),
            agent: about.agent,
            kernel: about.kernel,
            model: about.model,
            cpus: about.cpus,
            cores: about.cores,
            memory_mib: about.memory_mib,
            slurm: None,
        }
    }
}
