//! What the web process asks on behalf of members and visitors. Here it is found out who they are and what they may; the
//! web process only carries what it was given. Must not know pages.
//!
//! One file for each area of the pages, with its `action` function (which action is a request?) and its answers.
//! [`caller`] says who asks and with which roles, [`roles`] what they may.

pub(crate) mod board;
pub(crate) mod accounts;
pub(crate) mod caller;
mod files;
pub(crate) mod folk;
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

use api::{Ask, PeopleRequest, PortalReply, PortalRequest, Refusal, RefusalCode, Reply, Request, Who};
use nix::unistd::getegid;

use self::{caller::Caller, roles::Action};
use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    metrics,
    service::{answer, clock},
    status::resident_kib,
};

/// Which action is asked for: the one place where that is said, for all areas.
fn action(ask: &Ask) -> Action {
    match ask {
        Ask::Command(request) => action_of_command(request),
        Ask::People(request) => people::action(request),
        Ask::Files(request) => files::action(request),
        Ask::Projects(request) => projects::action(request),
        Ask::Board(request) => board::action(request),
        Ask::Metrics => Action::SeePublic,
    }
}

/// Which action a command is. Commands ask again themselves, by account: what is said here is what a token must be good
/// for, and what is written down.
fn action_of_command(request: &Request) -> Action {
    match request {
        Request::Submit(_)
        | Request::Cancel(_)
        | Request::Hold(_)
        | Request::Release(_)
        | Request::Requeue { .. }
        | Request::Update { .. }
        | Request::Top(_) => Action::Compute,
        Request::Suspend(_)
        | Request::Resume(_)
        | Request::Partition { .. }
        | Request::Urgent { .. }
        | Request::Drain(_)
        | Request::Reserve(_)
        | Request::Unreserve(_)
        | Request::Stop { .. } => Action::RunCentre,
        Request::Admin(admin) if !matches!(admin, api::Admin::List(_)) => Action::RunCentre,
        Request::Money(money) if !matches!(**money, api::MoneyRequest::Purses | api::MoneyRequest::Export(_)) => {
            Action::RunCentre
        }
        _ => Action::Look,
    }
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
            Ask::Command(request) => self.as_member(conn, &caller, action, *request),
            Ask::People(request) => self.people_asked(conn, &who, caller, request),
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

    /// What a member asks as they would by a command, under the account that is linked to them.
    fn as_member(&mut self, conn: ConnId, caller: &Caller, action: Action, request: Request) -> Result<(), Refusal> {
        let is_for_programs = matches!(
            request,
            Request::Portal(_)
                | Request::People(_)
                | Request::Allocate(_)
                | Request::Attend { .. }
                | Request::StepBegin(_)
                | Request::StepEnd(_)
                | Request::Relinquish(_)
                | Request::Attach { .. }
        );
        if is_for_programs {
            return Err(refuse(RefusalCode::AccessDenied, "this is nothing that a page asks"));
        }
        let peer = self.peer_of(caller)?;
        let kind = crate::counters::kind(&request);
        answer(self, conn, peer, request)?;
        if action != Action::Look {
            self.trace(caller, "command", kind);
        }
        Ok(())
    }

    /// The account that somebody computes as.
    ///
    /// # Errors
    /// None is linked to them.
    pub(crate) fn peer_of(&mut self, caller: &Caller) -> Result<Peer, Refusal> {
        let none = || refuse(RefusalCode::AccessDenied, "no account of this machine is linked to this member");
        let uid = caller.account.ok_or_else(none)?;
        // The user who runs a centre of their own may have no name.
        if uid == self.service_uid && !self.every_user {
            return Ok(Peer { uid, gid: model::Gid(getegid().as_raw()), pid: 0 });
        }
        let user = nix::unistd::User::from_uid(nix::unistd::Uid::from_raw(uid.0)).ok().flatten().ok_or_else(none)?;
        Ok(Peer { uid, gid: model::Gid(user.gid.as_raw()), pid: 0 })
    }
}
