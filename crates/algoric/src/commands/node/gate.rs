//! The process that machines of the cluster report to: beside the centre, without any privilege, started again when it
//! fails. It hands on to the centre what a known key sent, by the same socket as any command. It ends with the centre.

use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use api::{AgentsReply, AgentsRequest, RefusalCode, Reply, Request};
use centre::Paths;
use drivers::node::{
    gate::{self, Answers},
    key::Key,
};
use node::settings::key_text;

use super::super::web;
use crate::{
    client::{Client, ClientError},
    console,
    place::Place,
};

/// The address for machines, opened but not served yet.
pub struct Gate {
    listener: TcpListener,
    key: PathBuf,
    public: PathBuf,
}

impl Gate {
    /// Takes the address, while there is privilege.
    pub fn open(listen: SocketAddr, paths: &Paths) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(listen).with_context(|| format!("[nodes] listening on {listen}"))?;
        Ok(Self { listener, key: paths.gate_key(), public: paths.gate_public() })
    }

    /// Serves with the centre whose data is there, and never returns; to be called in a process of its own.
    pub fn keep(self, data: &Path) -> ! {
        let code = match web::keep_child("machines", || self.serve(data)) {
            Ok(()) => 0,
            Err(fault) => {
                console::complain(format!("algoric: machines cannot report: {fault:#}\n"));
                1
            }
        };
        std::process::exit(code)
    }

    fn serve(&self, data: &Path) -> anyhow::Result<()> {
        let key = Key::at(&self.key).with_context(|| format!("the key {}", self.key.display()))?;
        std::fs::write(&self.public, key_text(&key.public) + "\n").context("writing the gate's public key")?;
        let office = Office { place: Place::at(data.to_owned()), idle: Mutex::default() };
        gate::serve(&self.listener, &key, Arc::new(office)).context("listening to machines")
    }
}

/// Asks the centre.
struct Office {
    place: Place,
    /// Connections that nobody uses just now.
    idle: Mutex<Vec<Client>>,
}

/// So many are kept.
const MOST_IDLE: usize = 8;

impl Office {
    fn ask(&self, request: AgentsRequest) -> Option<Reply> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let request = Request::Agents(request);
        let kept = idle().pop();
        // A connection that was kept may be one to a centre that is gone.
        let answered = kept.and_then(|mut client| Some((said(client.ask(&request))?, client)));
        let (reply, client) = match answered {
            Some(answered) => answered,
            None => {
                let mut client = Client::connect(&self.place).ok()?;
                (said(client.ask(&request))?, client)
            }
        };
        let mut idle = idle();
        if idle.len() < MOST_IDLE {
            idle.push(client);
        }
        Some(reply)
    }
}

/// What the centre said; `None`: nothing.
fn said(answer: Result<Reply, ClientError>) -> Option<Reply> {
    match answer {
        Err(ClientError::Refused(refusal)) => Some(Reply::Refused(refusal)),
        answer => answer.ok(),
    }
}

impl Answers for Office {
    fn is_known(&self, key: &[u8; 32]) -> bool {
        matches!(self.ask(AgentsRequest::Knows(*key)), Some(Reply::Agents(AgentsReply::Known(true))))
    }

    fn answer(&self, key: &[u8; 32], path: &str, body: Vec<u8>) -> (u16, Vec<u8>) {
        let key = *key;
        let request = match path {
            "/v1/report" => AgentsRequest::Report { key, body },
            "/v1/enrol" => AgentsRequest::Enrol { key, body },
            _ => return (404, Vec::new()),
        };
        match self.ask(request) {
            Some(Reply::Agents(AgentsReply::Text(text))) => (200, text.into_bytes()),
            Some(Reply::Done) => (200, Vec::new()),
            Some(Reply::Refused(refusal)) => match refusal.code {
                RefusalCode::AccessDenied => (403, refusal.detail.into_bytes()),
                RefusalCode::StorageFailed => (503, b"nothing can be written here".to_vec()),
                _ => (400, refusal.detail.into_bytes()),
            },
            _ => (503, b"the centre does not answer".to_vec()),
        }
    }
}
