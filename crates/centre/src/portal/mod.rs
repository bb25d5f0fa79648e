//! What the web process asks on behalf of members and visitors. Here it is found out who they are and what they may; the
//! web process only carries what it was given. Must not know pages.
//!
//! One file for each area of the pages, with its `action` function (which action is a request?) and its answers.
//! [`caller`] says who asks and with which roles, [`roles`] what they may.

pub(crate) mod accounts;
pub(crate) mod board;
pub(crate) mod caller;
mod commands;
mod files;
pub(crate) mod folk;
pub(crate) mod jobs;
mod links;
mod members;
mod own;
pub(crate) mod passwords;
pub(crate) mod patience;
mod people;
mod projects;
mod roles;
mod secrets;
pub(crate) mod sessions;

use api::{Ask, PeopleRequest, PortalReply, PortalRequest, Refusal, RefusalCode, Reply, Who};
use nix::unistd::getegid;

use self::roles::Action;
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    metrics,
    service::clock,
    status::resident_kib,
};

/// Which action is asked for: the one place where that is said, for all areas. A command that no page gives is looked at
/// where commands are.
fn action(ask: &Ask) -> Action {
    match ask {
        Ask::Command(request) => commands::action(request).unwrap_or(Action::Look),
        Ask::People(request) => people::action(request),
        Ask::Files(request) => files::action(request),
        Ask::Jobs(request) => jobs::action(request),
        Ask::Projects(request) => projects::action(request),
        Ask::Board(request) => board::action(request),
        Ask::Metrics => Action::SeePublic,
    }
}

/// A word that lets a machine in, once.
pub(crate) fn agent_word() -> Result<api::Secret, getrandom::Error> {
    secrets::long("")
}

/// What is kept of it.
pub(crate) fn agent_word_hash(word: &api::Secret) -> store::SecretHash {
    secrets::hash(word)
}

impl Centre {
    /// Answers the web process, which is known by running as the service itself does: by user and by group, as other
    /// programs may have the user in common with it.
    pub(crate) fn portal(&mut self, conn: ConnId, peer: Peer, request: PortalRequest) -> Result<(), Refusal> {
        if peer.uid != self.service_uid || peer.gid.0 != getegid().as_raw() {
            return Err(refuse(RefusalCode::AccessDenied, "only the web process speaks for others"));
        }
        let PortalRequest { who, from, ask } = request;
        let caller = self.caller(&who, &from);
        let action = action(&ask);
        caller.must(action)?;
        match ask {
            Ask::Command(request) => self.as_member(conn, &caller, *request),
            Ask::People(request) => self.people_asked(conn, &who, caller, request),
            Ask::Jobs(request) => self.jobs_asked(conn, &caller, request),
            Ask::Files(request) => self.files_asked(conn, &caller, &request),
            Ask::Projects(request) => self.projects_asked(conn, &caller, request),
            Ask::Board(request) => self.board_asked(conn, &caller, request),
            Ask::Metrics => {
                let text = metrics::text(&self.shown(), clock(), resident_kib().unwrap_or(0));
                self.portal_reply(conn, PortalReply::Text(text));
                Ok(())
            }
        }
    }

    /// Answers a command about members of the portal.
    pub(crate) fn people_command(&mut self, conn: ConnId, peer: Peer, request: PeopleRequest) -> Result<(), Refusal> {
        let caller = self.caller_at_machine(peer);
        caller.must(people::action(&request))?;
        self.people_asked(conn, &Who::Visitor, caller, request)
    }

    pub(crate) fn portal_reply(&mut self, conn: ConnId, reply: PortalReply) {
        self.reply(conn, &Reply::Portal(Box::new(reply)));
    }
}
