//! What the web process asks on behalf of members and visitors. Here it is found out who they are and what they may; the
//! web process only carries what it was given. Must not know pages.

mod people;

use api::{Ask, PortalReply, PortalRequest, Refusal, RefusalCode, Reply, Request, Who};
use nix::unistd::getegid;

use crate::{
    connection::{ConnId, Peer},
    core::{Centre, refuse},
    metrics,
    service::{answer, clock},
    status::resident_kib,
};

impl Centre {
    /// Answers the web process, which is known by running as the service itself does: by user and by group, as other
    /// programs may have the user in common with it.
    pub(crate) fn portal(&mut self, conn: ConnId, peer: Peer, request: PortalRequest) -> Result<(), Refusal> {
        if peer.uid != self.service_uid || peer.gid.0 != getegid().as_raw() {
            return Err(refuse(RefusalCode::AccessDenied, "only the web process speaks for others"));
        }
        let PortalRequest { who, ask } = request;
        match ask {
            Ask::Command(request) => self.as_member(conn, &who, *request),
            Ask::People(request) => self.people_asked(conn, &who, request),
            Ask::Metrics => {
                let text = metrics::text(&self.shown(), clock(), resident_kib().unwrap_or(0));
                self.portal_reply(conn, PortalReply::Text(text));
                Ok(())
            }
        }
    }

    pub(crate) fn portal_reply(&mut self, conn: ConnId, reply: PortalReply) {
        self.reply(conn, &Reply::Portal(Box::new(reply)));
    }

    /// What a member asks as they would by a command, under the account that is linked to them.
    fn as_member(&mut self, conn: ConnId, who: &Who, request: Request) -> Result<(), Refusal> {
        if matches!(request, Request::Portal(_) | Request::Allocate(_) | Request::Attend { .. }) {
            return Err(refuse(RefusalCode::AccessDenied, "this is nothing that a page asks"));
        }
        let Some((uid, gid)) = self.account_of(who) else {
            return Err(refuse(RefusalCode::AccessDenied, "no account of this machine is linked to this member"));
        };
        answer(self, conn, Peer { uid, gid, pid: 0 }, request)
    }
}
