//! Files on their way in: a form for every browser, and uploads in parts that go on where they broke.

use std::{future::poll_fn, pin::Pin};

use axum::{
    body::{Body, HttpBody},
    extract::{Multipart, Query, multipart::Field},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use files::{CHUNK, Place, Reply, Request, UploadKey};
use serde::{Deserialize, Serialize};

use super::{
    Spot,
    client::{Client, Trouble},
};
use crate::{fault::Fault, guard};

/// An upload in parts, as its address names it.
#[derive(Debug, Deserialize)]
pub struct Part {
    /// Chosen by the page from the file's name, length and date: 16 hexadecimal digits.
    key: String,
    /// Where this part begins.
    offset: Option<u64>,
    /// All is there: how long the whole is.
    size: Option<u64>,
    /// A file of that name is replaced.
    #[serde(default)]
    replace: u8,
}

impl Part {
    fn key(&self) -> Result<UploadKey, Fault> {
        u64::from_str_radix(&self.key, 16).map(UploadKey).map_err(|_| Fault::unreadable())
    }
}

/// What the page's script is told.
#[derive(Debug, Default, Serialize)]
struct Told {
    /// Bytes that are there.
    done: u64,
    /// It is a file now.
    finished: bool,
    /// Why not, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Another word for it, for the script.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

fn told(spot: &Spot, result: Result<Told, Trouble>) -> Response {
    match result {
        Ok(told) => json(StatusCode::OK, &told),
        Err(Trouble::Fault(files::Fault::Elsewhere { done })) => {
            json(StatusCode::CONFLICT, &Told { done, code: Some("elsewhere"), ..Told::default() })
        }
        Err(trouble) => {
            let code = match &trouble {
                Trouble::Fault(files::Fault::Exists) => "exists",
                Trouble::Gone | Trouble::NotStarted => "again",
                _ => "no",
            };
            let fault = Fault::from(trouble);
            let error = Some(spot.visit.t(&fault.word()));
            json(fault.status(), &Told { error, code: Some(code), ..Told::default() })
        }
    }
}

fn json(status: StatusCode, told: &Told) -> Response {
    let text = serde_json::to_string(told).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/json")], text).into_response()
}

/// How much is there.
pub async fn state(spot: Spot, Query(part): Query<Part>) -> Result<Response, Fault> {
    let request = Request::UploadState { place: spot.place.clone(), key: part.key()? };
    let done = done(spot.client.ask(request).await.map(|(reply, _)| reply));
    Ok(told(&spot, done.map(|done| Told { done, ..Told::default() })))
}

/// One more part, or the end.
pub async fn part(spot: Spot, Query(part): Query<Part>, headers: HeaderMap, body: Body) -> Result<Response, Fault> {
    own(&spot, &headers)?;
    let (place, key) = (spot.place.clone(), part.key()?);
    let result = match (part.offset, part.size) {
        (Some(offset), None) => {
            let mut upload = Upload { client: &spot.client, place, key, done: offset, waiting: Vec::new() };
            upload.take(body).await.map(|done| Told { done, ..Told::default() })
        }
        (None, Some(size)) => {
            let request = Request::UploadEnd { place, key, size, replace: part.replace != 0 };
            let end = spot.client.order(request, Vec::new()).await;
            end.map(|_| Told { done: size, finished: true, ..Told::default() })
        }
        _ => return Err(Fault::unreadable()),
    };
    Ok(told(&spot, result))
}

/// It is not wanted any more.
pub async fn give_up(spot: Spot, Query(part): Query<Part>, headers: HeaderMap) -> Result<Response, Fault> {
    own(&spot, &headers)?;
    let request = Request::UploadDrop { place: spot.place.clone(), key: part.key()? };
    let done = done(spot.client.order(request, Vec::new()).await);
    Ok(told(&spot, done.map(|done| Told { done, ..Told::default() })))
}

/// Scripts carry the session's mark in a header, which no form of another site can set.
fn own(spot: &Spot, headers: &HeaderMap) -> Result<(), Fault> {
    let mark = headers.get("x-csrf").and_then(|mark| mark.to_str().ok()).unwrap_or_default();
    if guard::is_own(&spot.visit, mark) { Ok(()) } else { Err(Fault::not_from_here()) }
}

fn done(reply: Result<Reply, Trouble>) -> Result<u64, Trouble> {
    match reply? {
        Reply::Done(done) => Ok(done),
        _ => Err(Trouble::Unfit),
    }
}

/// An upload under way.
struct Upload<'a> {
    client: &'a Client,
    place: Place,
    key: UploadKey,
    done: u64,
    waiting: Vec<u8>,
}

impl Upload<'_> {
    /// Takes all of a body. Of one that breaks off what came is kept.
    async fn take(&mut self, mut body: Body) -> Result<u64, Trouble> {
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            let Ok(frame) = frame else { break };
            if let Ok(bytes) = frame.into_data() {
                self.put(&bytes).await?;
            }
        }
        self.flush().await?;
        Ok(self.done)
    }

    async fn put(&mut self, mut bytes: &[u8]) -> Result<(), Trouble> {
        while !bytes.is_empty() {
            let (now, rest) = bytes.split_at(bytes.len().min(CHUNK - self.waiting.len()));
            self.waiting.extend_from_slice(now);
            bytes = rest;
            if self.waiting.len() == CHUNK {
                self.flush().await?;
            }
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), Trouble> {
        if self.waiting.is_empty() {
            return Ok(());
        }
        let request = Request::Upload { place: self.place.clone(), key: self.key, offset: self.done };
        let bytes = std::mem::replace(&mut self.waiting, Vec::with_capacity(CHUNK));
        self.done = done(self.client.order(request, bytes).await)?;
        Ok(())
    }

    async fn end(&mut self, replace: bool) -> Result<(), Trouble> {
        self.flush().await?;
        let request = Request::UploadEnd { place: self.place.clone(), key: self.key, size: self.done, replace };
        self.client.order(request, Vec::new()).await.map(|_| ())
    }

    async fn give_up(&self) {
        let request = Request::UploadDrop { place: self.place.clone(), key: self.key };
        self.client.order(request, Vec::new()).await.ok();
    }
}

/// A form with files, from a browser without scripts. The session's mark comes before any file.
pub async fn form(spot: Spot, mut form: Multipart) -> Result<Response, Fault> {
    let mut is_own = false;
    let mut replace = false;
    while let Some(field) = form.next_field().await.map_err(|_| Fault::unreadable())? {
        match field.name() {
            Some("csrf") => {
                let mark = field.text().await.map_err(|_| Fault::unreadable())?;
                is_own = guard::is_own(&spot.visit, &mark);
            }
            Some("replace") => replace = true,
            Some("file") if is_own => {
                let name = field.file_name().unwrap_or_default().to_owned();
                // Nothing was chosen.
                if !name.is_empty() {
                    receive(&spot, &name, field, replace).await?;
                }
            }
            _ => return Err(Fault::not_from_here()),
        }
    }
    Ok(Redirect::to(&format!("/files/at/{}?done=sent", spot.place.address())).into_response())
}

async fn receive(spot: &Spot, name: &str, mut field: Field<'_>, replace: bool) -> Result<(), Fault> {
    // Some browsers send the path that the file had there.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let place = spot.place.join(name.as_bytes()).map_err(Trouble::from)?;
    // By chance: two forms at once are two uploads.
    let mut key = [0; 8];
    getrandom::fill(&mut key).map_err(|_| Fault::unreadable())?;
    let key = UploadKey(u64::from_le_bytes(key));
    let mut upload = Upload { client: &spot.client, place, key, done: 0, waiting: Vec::new() };
    let whole = async {
        while let Some(bytes) = field.chunk().await.map_err(|_| Trouble::Gone)? {
            upload.put(&bytes).await?;
        }
        upload.end(replace).await
    };
    let ended = whole.await;
    if ended.is_err() {
        upload.give_up().await;
    }
    Ok(ended?)
}
