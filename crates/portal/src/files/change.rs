//! What is done in a folder by its forms: a new folder, another name, to the bin, unpacking.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{FromRequest, FromRequestParts, Request as Sent, State},
    response::{IntoResponse, Redirect, Response},
};
use files::{Place, Reply, Request};

use super::{Spot, client::Trouble};
use crate::{fault::Fault, house::House, visit::Posted};

type Form = BTreeMap<String, String>;

pub async fn act(State(house): State<Arc<House>>, request: Sent) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let spot = Spot::from_request_parts(&mut parts, &house).await?;
    let posted = Posted::<Form>::from_request(Sent::from_parts(parts, body), &house).await;
    let Posted(_, form) = posted.map_err(IntoResponse::into_response)?;
    carry_out(&spot, &form).await.map_err(IntoResponse::into_response)
}

async fn carry_out(spot: &Spot, form: &Form) -> Result<Response, Fault> {
    let Spot { client, place, .. } = spot;
    let given = |name: &str| form.get(name).map(|text| text.trim()).unwrap_or_default();
    let order = async |request: Request| client.order(request, Vec::new()).await;
    let parent = place.parent().unwrap_or_else(|| place.clone());
    let (to, done) = match given("what") {
        "folder" => {
            let new = place.join(given("name").as_bytes()).map_err(Trouble::from)?;
            order(Request::MakeFolder(new.clone())).await?;
            (new, "folder")
        }
        "rename" => {
            let to = renamed(&parent, place.root, given("name"))?;
            order(Request::Rename { from: place.clone(), to: to.clone() }).await?;
            (to.parent().unwrap_or(to), "renamed")
        }
        "discard" => {
            order(Request::Discard(place.clone())).await?;
            (parent, "discarded")
        }
        "discard-some" => {
            // Checked names, each as part of an address.
            let chosen = form.iter().filter(|(name, _)| name.starts_with("item-"));
            let mut count = 0;
            for (_, name) in chosen {
                let item = place.join(&files::unaddress(name)).map_err(Trouble::from)?;
                order(Request::Discard(item)).await?;
                count += 1;
            }
            (place.clone(), if count == 0 { "none-chosen" } else { "discarded" })
        }
        "unpack" => (unpack(spot).await?, "unpacked"),
        _ => return Err(Fault::unreadable()),
    };
    Ok(Redirect::to(&format!("/files/at/{}?done=files-{done}", to.address())).into_response())
}

/// A new name in the same folder, or a path from the root: `results/2026/run.dat`.
fn renamed(parent: &Place, root: files::Root, name: &str) -> Result<Place, Fault> {
    let place = match name.strip_prefix('/') {
        Some(path) => Place::new(root, path),
        None if name.contains('/') && !parent.path().is_empty() => {
            Place::new(root, [parent.path(), name.as_bytes()].join(&b'/'))
        }
        None if name.contains('/') => Place::new(root, name),
        None => parent.join(name.as_bytes()),
    };
    Ok(place.map_err(Trouble::from)?)
}

/// Unpacks an archive to its end; says which folder it came to.
async fn unpack(spot: &Spot) -> Result<Place, Fault> {
    let Spot { client, place, .. } = spot;
    let Reply::Number(number) = client.order(Request::Unpack(place.clone()), Vec::new()).await? else {
        return Err(Trouble::Unfit.into());
    };
    loop {
        let Reply::Unpacked(unpacked) = client.order(Request::UnpackMore(number), Vec::new()).await? else {
            return Err(Trouble::Unfit.into());
        };
        if unpacked.end {
            let parent = place.parent().unwrap_or_else(|| place.clone());
            return Ok(parent.join(unpacked.into.as_bytes()).map_err(Trouble::from)?);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use files::Root;

    use super::*;

    #[test]
    fn new_names() {
        let parent = Place::new(Root::Home, "a").unwrap();
        for (name, path) in [
            ("b", Some("a/b")),
            ("c/d", Some("a/c/d")),
            ("/e/f", Some("e/f")),
            ("..", None),
            ("/../x", None),
            ("", None),
        ] {
            let got = renamed(&parent, Root::Home, name).ok();
            assert_eq!(got.map(|place| place.path().to_vec()), path.map(|path| path.as_bytes().to_vec()), "{name}");
        }
        let below = renamed(&Place::top(Root::Home), Root::Home, "c/d").unwrap();
        assert_eq!(below.path(), b"c/d");
    }
}
