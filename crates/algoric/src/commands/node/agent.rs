//! The half of `algoric node` that is called on a machine of the cluster. Nothing is decided here.

use std::io::Read;

use drivers::node::agent::{Agent, Places};
use node::health::State;
use node::settings::Invitation;

use super::{House, show::Found};
use crate::{console, exit, report::Fault, show};

/// Has the machine let in.
pub fn enrol(invitation: &str, places: &Places, house: &House) -> anyhow::Result<()> {
    let mut text = invitation.to_owned();
    if invitation == "-" {
        text.clear();
        std::io::stdin().take(4096).read_to_string(&mut text)?;
    }
    let invitation = Invitation::parse(&text).ok_or_else(|| Fault::new("node-no-invitation", [("", String::new())]))?;
    places.enrol(&invitation).map_err(anyhow::Error::from_boxed)?;
    let gaps = [("name", invitation.name.as_str().into()), ("centre", invitation.centre.as_str().into())];
    console::line(house.words.with("node-enrolled", &gaps));
    Ok(())
}

/// Reports, for ever.
pub fn run(places: &Places) -> anyhow::Result<()> {
    let agent = Agent::open(places, env!("CARGO_PKG_VERSION")).map_err(anyhow::Error::from_boxed)?;
    Ok(agent.serve(|text| console::complain(format!("algoric node: {text}\n")))?)
}

/// Looks once.
pub fn probe(places: &Places, format: show::Format, house: &House) -> anyhow::Result<u8> {
    let settings = places.settings().map_err(anyhow::Error::msg)?;
    let found: Vec<Found> = drivers::node::look(&settings.expect, &settings.probe).into_iter().map(Found).collect();
    let is_bad = found.iter().any(|one| one.0.state == State::Bad);
    show::list(&found, format, &house.words)?;
    Ok(if is_bad { exit::FAILED } else { exit::OK })
}
