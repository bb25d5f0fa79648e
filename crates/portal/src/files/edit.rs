//! A text in a form: saved only over what was read, so that nobody's change is lost unseen.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{FromRequestParts, Query, Request as Sent},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use files::{Kind, Reply, Request, Stamp};
use serde::Deserialize;

use super::{Spot, Step, client::Trouble, shown, way};
use crate::{
    fault::Fault,
    house::House,
    page::show,
    visit::{Posted, Visit},
};

/// The longest text that is edited in a page.
pub const MOST: u64 = 200 << 10;

#[derive(Template)]
#[template(path = "files/edit.html")]
struct Page<'a> {
    visit: &'a Visit,
    name: String,
    steps: Vec<Step>,
    address: String,
    text: String,
    /// What it was when it was read.
    stamp: String,
    /// It had the ends of lines that Windows has, and gets them back.
    crlf: bool,
    /// Why it was not saved: a key of words.
    trouble: Option<&'static str>,
    is_new: bool,
}

/// What a new file is called, where the address is a folder's.
#[derive(Deserialize)]
pub struct Fresh {
    new: Option<String>,
}

pub async fn page(spot: Spot, Query(fresh): Query<Fresh>) -> Result<Response, Fault> {
    let Spot { visit, client, mut place } = spot;
    if let Some(name) = &fresh.new {
        place = place.join(name.trim().as_bytes()).map_err(Trouble::from)?;
    }
    let (text, stamp) = match client.stat(&place).await {
        Err(Trouble::Fault(files::Fault::Missing)) if fresh.new.is_some() => (Vec::new(), None),
        Ok(entry) if entry.kind == Kind::File && entry.size <= MOST => {
            let (bytes, entry) = client.read(&place, 0, MOST, None).await?;
            (bytes, Some(entry.stamp()))
        }
        Ok(entry) if entry.kind == Kind::File => return Err(Trouble::from(files::Fault::TooMuch).into()),
        Ok(_) => return Err(Trouble::from(files::Fault::NotFile).into()),
        Err(trouble) => return Err(trouble.into()),
    };
    // What is no text would not come back as it was.
    let text = String::from_utf8(text).map_err(|_| Trouble::from(files::Fault::NotFile))?;
    show(&Page {
        name: shown(place.name()),
        steps: way(&visit, &client, &place),
        address: place.address(),
        crlf: text.contains("\r\n"),
        text,
        stamp: stamp.map_or_else(String::new, |stamp| write_stamp(&stamp)),
        trouble: None,
        is_new: stamp.is_none(),
        visit: &visit,
    })
}

/// What the form sends.
#[derive(Deserialize)]
struct Text {
    text: String,
    stamp: String,
    #[serde(default)]
    crlf: String,
}

pub async fn save(
    axum::extract::State(house): axum::extract::State<Arc<House>>,
    request: Sent,
) -> Result<Response, Response> {
    let (mut parts, body) = request.into_parts();
    let spot = Spot::from_request_parts(&mut parts, &house).await?;
    let posted = <Posted<Text> as axum::extract::FromRequest<_>>::from_request(Sent::from_parts(parts, body), &house);
    let Posted(visit, Text { text, stamp, crlf }) = posted.await.map_err(IntoResponse::into_response)?;
    put(spot, &visit, text, &stamp, !crlf.is_empty()).await.map_err(IntoResponse::into_response)
}

async fn put(spot: Spot, visit: &Visit, text: String, stamp: &str, crlf: bool) -> Result<Response, Fault> {
    let Spot { client, place, .. } = spot;
    // A form sends the ends of lines that the network has; files have those of Unix, unless they had others.
    let plain = text.replace("\r\n", "\n");
    let bytes = if crlf { plain.replace('\n', "\r\n") } else { plain.clone() };
    if bytes.len() as u64 > MOST {
        return Err(Trouble::from(files::Fault::TooMuch).into());
    }
    let was = if stamp.is_empty() { None } else { Some(read_stamp(stamp).ok_or_else(Fault::unreadable)?) };
    let request = Request::Save { place: place.clone(), was };
    match client.order(request, bytes.into_bytes()).await {
        Ok(Reply::Entry(_)) => Ok(Redirect::to(&format!("/files/view/{}?done=saved", place.address())).into_response()),
        Ok(_) => Err(Trouble::Unfit.into()),
        // What was typed is not lost: it is shown again, beside why it was not saved.
        Err(Trouble::Fault(fault @ (files::Fault::Changed | files::Fault::Exists))) => {
            let key = if fault == files::Fault::Changed { "files-edit-changed" } else { "files-edit-exists" };
            let page = show(&Page {
                name: shown(place.name()),
                steps: way(visit, &client, &place),
                address: place.address(),
                text: plain,
                stamp: stamp.to_owned(),
                crlf,
                trouble: Some(key),
                is_new: was.is_none(),
                visit,
            })?;
            Ok((StatusCode::CONFLICT, page).into_response())
        }
        Err(trouble) => Err(trouble.into()),
    }
}

fn write_stamp(stamp: &Stamp) -> String {
    format!("{:x}-{:x}-{:x}", stamp.file.0, stamp.file.1, stamp.modified_ns.unwrap_or(0))
}

fn read_stamp(text: &str) -> Option<Stamp> {
    let mut parts = text.split('-').map(|part| u64::from_str_radix(part, 16).ok());
    let file = (parts.next()??, parts.next()??);
    let modified_ns = Some(parts.next()??.cast_signed());
    Some(Stamp { file, modified_ns })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_come_back() {
        for modified_ns in [0, -5, i64::MAX] {
            let stamp = Stamp { file: (64769, u64::MAX), modified_ns: Some(modified_ns) };
            assert_eq!(read_stamp(&write_stamp(&stamp)), Some(stamp));
        }
        assert_eq!(read_stamp("1-2"), None);
    }
}
