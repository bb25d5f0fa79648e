//! Who holds a session, and what every page shows of them.

use api::{Me, PeopleReply, PeopleRequest, PortalReply, Refusal, Who};
use model::{Gid, Uid};

use crate::{connection::ConnId, core::Centre};

impl Centre {
    pub(super) fn people_asked(&mut self, conn: ConnId, who: &Who, request: PeopleRequest) -> Result<(), Refusal> {
        match request {
            PeopleRequest::WhoAmI => {
                let me = self.me(who);
                self.portal_reply(conn, PortalReply::People(PeopleReply::Me(Box::new(me))));
            }
        }
        Ok(())
    }

    fn me(&self, _who: &Who) -> Me {
        Me { centre: self.name.clone(), ..Me::default() }
    }

    /// The account of this machine that is linked to whoever holds this.
    pub(super) fn account_of(&self, _who: &Who) -> Option<(Uid, Gid)> {
        None
    }
}
