//! Members' files: browsing, reading, changing, to and fro. Everything is done by a process of the member's own
//! ([`client`]), within the member's rights.

mod bin;
mod browse;
mod change;
pub mod client;
mod edit;
mod fetch;
mod send;
mod view;

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, FromRequestParts},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Redirect, Response},
    routing::{get, post},
};
use files::{Entry, Kind, Place, Root};
use futures_core::Stream;
use tokio::sync::mpsc;

use self::client::{Client, Trouble};
use crate::{fault::Fault, house::House, page::show, visit::Visit};

/// Their addresses.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/files", get(front))
        .route("/files/bin", get(bin::page).post(bin::act))
        .route("/files/at/{*place}", get(browse::page))
        .route("/files/view/{*place}", get(view::page))
        .route("/files/raw/{*place}", get(fetch::inline))
        .route("/files/get/{*place}", get(fetch::download))
        .route("/files/pack/{*place}", get(fetch::pack))
        .route("/files/edit/{*place}", get(edit::page).post(edit::save))
        .route("/files/do/{*place}", post(change::act))
        .route("/files/send/{*place}", post(send::form).layer(DefaultBodyLimit::disable()))
        .route("/files/part/{*place}", get(send::state).post(send::part).delete(send::give_up))
}

/// To the home; who has no account is told why there is none.
async fn front(visit: Visit) -> Result<Response, Fault> {
    visit.members_only()?;
    if visit.me.account.is_none() {
        return no_account(&visit);
    }
    Ok(Redirect::to("/files/at/home").into_response())
}

#[derive(Template)]
#[template(path = "files/no_account.html")]
struct NoAccount<'a> {
    visit: &'a Visit,
}

fn no_account(visit: &Visit) -> Result<Response, Fault> {
    show(&NoAccount { visit })
}

/// The place that an address names, and who wants it.
struct Spot {
    visit: Visit,
    client: Client,
    place: Place,
}

impl FromRequestParts<Arc<House>> for Spot {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, house).await.map_err(IntoResponse::into_response)?;
        visit.members_only().map_err(IntoResponse::into_response)?;
        if visit.me.account.is_none() {
            return Err(no_account(&visit).into_response());
        }
        // After `/files/VERB/`, byte by byte: a name need not be text.
        let address = parts.uri.path().splitn(4, '/').nth(3).unwrap_or_default();
        let place = Place::from_address(address).map_err(|_| Fault::missing().into_response())?;
        // The machine's root is for other pages; here members find what is theirs.
        if place.root == Root::Machine {
            return Err(Fault::missing().into_response());
        }
        let client = Client::of(&visit).await.map_err(|trouble| Fault::from(trouble).into_response())?;
        Ok(Self { visit, client, place })
    }
}

impl From<Trouble> for Fault {
    fn from(trouble: Trouble) -> Self {
        use files::Fault as F;
        let (status, what) = match trouble {
            Trouble::Door(error) => return error.into(),
            Trouble::NotStarted => (StatusCode::SERVICE_UNAVAILABLE, "files-not-started"),
            Trouble::Gone | Trouble::Unfit => (StatusCode::SERVICE_UNAVAILABLE, "files-gone"),
            Trouble::Fault(fault) => match fault {
                F::Missing => (StatusCode::NOT_FOUND, "files-missing"),
                F::Unfit => (StatusCode::BAD_REQUEST, "files-unfit"),
                F::Denied => (StatusCode::FORBIDDEN, "files-denied"),
                F::Outside => (StatusCode::FORBIDDEN, "files-outside"),
                F::NotFolder => (StatusCode::BAD_REQUEST, "files-not-folder"),
                F::NotFile => (StatusCode::BAD_REQUEST, "files-not-file"),
                F::Exists => (StatusCode::CONFLICT, "files-exists"),
                F::Full => (StatusCode::INSUFFICIENT_STORAGE, "files-full"),
                F::Quota => (StatusCode::INSUFFICIENT_STORAGE, "files-quota"),
                F::Changed | F::Elsewhere { .. } => (StatusCode::CONFLICT, "files-changed"),
                F::ReadOnly => (StatusCode::FORBIDDEN, "files-read-only"),
                F::OtherDisk => (StatusCode::CONFLICT, "files-other-disk"),
                F::TooMuch => (StatusCode::PAYLOAD_TOO_LARGE, "files-too-much"),
                F::Damaged => (StatusCode::UNPROCESSABLE_ENTITY, "files-damaged"),
                F::Bomb => (StatusCode::UNPROCESSABLE_ENTITY, "files-bomb"),
                F::Nonsense | F::Other(_) => (StatusCode::INTERNAL_SERVER_ERROR, "files-other"),
            },
        };
        Self::of(status, what)
    }
}

/// A way from the root to a place: names for people, and addresses.
struct Step {
    name: String,
    address: String,
}

/// The way from the root down to `place`.
fn way(visit: &Visit, client: &Client, place: &Place) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut at = Some(place.clone());
    while let Some(place) = at {
        let name = if place.name().is_empty() { root_name(visit, client, place.root) } else { shown(place.name()) };
        steps.push(Step { name, address: place.address() });
        at = place.parent();
    }
    steps.reverse();
    steps
}

/// What a root is called.
fn root_name(visit: &Visit, client: &Client, root: Root) -> String {
    match root {
        Root::Home => visit.t("files-home"),
        _ => client
            .roots()
            .iter()
            .find(|known| known.root == root)
            .map_or_else(String::new, |known| shown(known.path.as_bytes())),
    }
}

/// All roots, with their addresses.
fn roots(visit: &Visit, client: &Client) -> Vec<Step> {
    let step = |root: &files::RootInfo| Step {
        name: root_name(visit, client, root.root),
        address: Place::top(root.root).address(),
    };
    client.roots().iter().map(step).collect()
}

/// A name as a page shows it: what is no text, or would not be seen, has marks in its place.
fn shown(name: &[u8]) -> String {
    let hides = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    String::from_utf8_lossy(name).chars().map(|letter| if hides(letter) { '\u{fffd}' } else { letter }).collect()
}

/// When something was changed, in milliseconds.
fn changed_ms(entry: &Entry) -> i64 {
    entry.modified_ns.div_euclid(1_000_000)
}

/// Where a name leads: a folder is opened, a file is shown.
fn address_of(place: &Place, kind: Kind) -> Option<String> {
    match kind {
        Kind::Folder => Some(format!("/files/at/{}", place.address())),
        Kind::File => Some(format!("/files/view/{}", place.address())),
        Kind::Astray | Kind::Other => None,
    }
}

/// The end of a name, in small letters.
fn ending(name: &[u8]) -> String {
    let mut parts = name.rsplitn(2, |byte| *byte == b'.');
    let last = parts.next().unwrap_or_default();
    if parts.next().is_some() { String::from_utf8_lossy(last).to_ascii_lowercase() } else { String::new() }
}

/// Pieces of an answer, as they come.
struct Pieces(mpsc::Receiver<std::io::Result<Bytes>>);

impl Stream for Pieces {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_as_they_are_read() {
        for (name, text) in [
            (&b"a b"[..], "a b"),
            (b"new\nline", "new\u{fffd}line"),
            (b"\xff", "\u{fffd}"),
            ("evil\u{202e}gpj.exe".as_bytes(), "evil\u{fffd}gpj.exe"),
        ] {
            assert_eq!(shown(name), text);
        }
        for (name, end) in [(&b"a.TXT"[..], "txt"), (b"a", ""), (b".hidden", "hidden"), (b"a.tar.gz", "gz")] {
            assert_eq!(ending(name), end);
        }
    }
}
