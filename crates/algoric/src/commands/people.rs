//! What commands do with people of the pages: links, invitations, tokens. Must not know who may.

use api::{PeopleReply, PeopleRequest, PortalReply, Reply, Request, Secret};

use super::House;
use crate::{client::ClientError, console, exit};

/// Asks about people.
fn ask(request: PeopleRequest, house: &House) -> anyhow::Result<PeopleReply> {
    match house.call()?.ask(&Request::People(Box::new(request)))? {
        Reply::Portal(reply) => match *reply {
            PortalReply::People(reply) => Ok(reply),
            _ => Err(ClientError::Unfit.into()),
        },
        _ => Err(ClientError::Unfit.into()),
    }
}

/// `algoric operator link`
pub fn operator_link(house: &House) -> anyhow::Result<u8> {
    match ask(PeopleRequest::FirstLink, house)? {
        PeopleReply::Code { address: Secret(address), expires, .. } => {
            let until = house.words.time(expires);
            console::line(address);
            console::complain(format!("{}\n", house.words.with("people-link-once", &[("until", until.into())])));
            Ok(exit::OK)
        }
        _ => Err(ClientError::Unfit.into()),
    }
}
