//! What a job writes, as it writes it: the end of its output file on its page, and what comes after it by server-sent
//! events. The file is read as the member, by a process of theirs.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    pin::Pin,
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::{Path, Query},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{Event, KeepAlive, Sse},
    },
};
use files::Place;
use futures_core::Stream;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{Named, one};
use crate::{fault::Fault, files::client::Client, visit::Visit};

/// So much of the end stands on the page.
const TAIL: u64 = 12 << 10;
/// How often is looked.
const LOOK: Duration = Duration::from_millis(800);
/// A stream ends after so many looks; the browser begins another where it ended.
const LOOKS: u32 = 600;
/// How often is asked whether the job is over.
const ASK: u32 = 4;
/// Streams at once: each costs a question now and then.
const MOST: usize = 200;
/// Of one member: a page for each job that runs, and no more, so that others have theirs.
const EACH: usize = 20;
/// So much is sent at once.
const PIECE: u64 = 64 << 10;

/// Streams by member.
static STREAMS: Mutex<BTreeMap<i64, usize>> = Mutex::new(BTreeMap::new());

/// The end of a file.
pub(super) struct Tail {
    /// Text.
    pub text: String,
    /// What stands before it is not shown.
    pub cut: bool,
    /// Where it goes on.
    pub end: u64,
}

/// The end of the output; `None`: there is no such file yet, or it cannot be read.
pub(super) async fn tail(visit: &Visit, path: &str) -> Option<Tail> {
    let client = Client::of(visit).await.ok()?;
    let place = Place::of_machine(path).ok()?;
    let Ok(entry) = client.stat(&place).await else {
        return Some(Tail { text: String::new(), cut: false, end: 0 });
    };
    let from = entry.size.saturating_sub(TAIL);
    let (bytes, _) = client.read(&place, from, TAIL, None).await.ok()?;
    let end = from + bytes.len() as u64;
    Some(Tail { text: readable(&bytes, &mut Vec::new()), cut: from > 0, end })
}

/// Bytes of a program as text: without what moves a terminal's cursor, colours included. What is cut off in the middle of
/// a letter is `left` for the next piece.
fn readable(bytes: &[u8], left: &mut Vec<u8>) -> String {
    let mut all = std::mem::take(left);
    all.extend_from_slice(bytes);
    let whole = match std::str::from_utf8(&all) {
        Err(fault) if fault.error_len().is_none() => fault.valid_up_to(),
        _ => all.len(),
    };
    *left = all.split_off(whole);
    let text = String::from_utf8_lossy(&all);
    let mut out = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' if letters.peek() == Some(&'[') => {
                letters.next();
                while letters.next().is_some_and(|letter| !letter.is_ascii_alphabetic()) {}
            }
            '\r' if letters.peek() != Some(&'\n') => out.push('\n'),
            '\n' | '\t' => out.push(letter),
            letter if !letter.is_control() => out.push(letter),
            _ => {}
        }
    }
    out
}

#[derive(Deserialize)]
pub(super) struct From {
    #[serde(default)]
    from: u64,
}

/// Counts a stream of a member as long as it is there.
struct Seat(i64);

impl Seat {
    fn take(member: i64) -> Option<Self> {
        let mut streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
        let own = streams.get(&member).copied().unwrap_or(0);
        if own >= EACH || streams.values().sum::<usize>() >= MOST {
            return None;
        }
        streams.insert(member, own + 1);
        Some(Self(member))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut streams = STREAMS.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.get_mut(&self.0) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                streams.remove(&self.0);
            }
        }
    }
}

struct Events(mpsc::Receiver<Event>);

impl Stream for Events {
    type Item = Result<Event, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|event| event.map(Ok))
    }
}

pub(super) async fn stream(
    visit: Visit,
    Path(id): Path<String>,
    Query(from): Query<From>,
    headers: HeaderMap,
) -> Result<Response, Fault> {
    visit.members_only()?;
    let named = Named::of(&id)?;
    let report = one::report(&visit, named, None, 0, 1).await?;
    let path = one::file_of(&visit, named, &report, 0).await.filter(|_| report.own).ok_or_else(Fault::missing)?;
    let place = Place::of_machine(path.as_bytes()).map_err(|_| Fault::missing())?;
    let client = Client::of(&visit).await.map_err(|_| Fault::missing())?;
    let taken = Seat::take(visit.me.member.unwrap_or(-1)).ok_or_else(Fault::missing)?;
    // A browser that was cut off says what it had last.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let offset = last.unwrap_or(from.from);
    let (send, receive) = mpsc::channel(4);
    tokio::spawn(async move {
        follow(&visit, named, &client, &place, offset, &send).await;
        drop(taken);
    });
    let live = Sse::new(Events(receive)).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    Ok(live.into_response())
}

/// Sends what is written, until the job is over and all of it was sent, or nobody listens.
async fn follow(
    visit: &Visit,
    named: Named,
    client: &Client,
    place: &Place,
    mut offset: u64,
    send: &mpsc::Sender<Event>,
) {
    let mut left = Vec::new();
    for look in 0..LOOKS {
        let over = look % ASK == 0 && !one::report(visit, named, None, 0, 1).await.is_ok_and(|report| report.open);
        while let Ok((bytes, _)) = client.read(place, offset, PIECE, None).await {
            if bytes.is_empty() {
                break;
            }
            offset += bytes.len() as u64;
            let text = readable(&bytes, &mut left);
            // What was cut off is read again by whoever goes on from here.
            let id = (offset - left.len() as u64).to_string();
            if send.send(Event::default().id(id).data(text)).await.is_err() {
                return;
            }
        }
        if over {
            send.send(Event::default().event("over").data("over")).await.ok();
            return;
        }
        tokio::time::sleep(LOOK).await;
        if send.is_closed() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_takes_all_streams() {
        let own: Vec<Seat> = (0..EACH + 5).filter_map(|_| Seat::take(-7)).collect();
        assert_eq!(own.len(), EACH);
        let other = Seat::take(-8);
        assert!(other.is_some(), "others are let in");
        drop(own);
        assert!(Seat::take(-7).is_some(), "they are given back");
        drop(other);
        assert!(STREAMS.lock().unwrap_or_else(PoisonError::into_inner).is_empty());
    }

    #[test]
    fn output_is_text() {
        for (bytes, expected) in [
            (b"plain\n".as_slice(), "plain\n"),
            (b"\x1b[31mred\x1b[0m", "red"),
            (b"10 %\r20 %\r\nend", "10 %\n20 %\nend"),
            (b"\x00\x07bell", "bell"),
            (b"\xff", "\u{fffd}"),
            ("<script>é".as_bytes(), "<script>é"),
        ] {
            assert_eq!(readable(bytes, &mut Vec::new()), expected);
        }
        let mut left = Vec::new();
        let wave = "🌊".as_bytes();
        assert_eq!(readable(&wave[..2], &mut left), "");
        assert_eq!(left.len(), 2);
        assert_eq!(readable(&wave[2..], &mut left), "🌊");
    }
}
