//! Files and archives on their way out, as streams: at no time is more of one in memory than a few pieces.

use std::io;

use axum::{
    body::{Body, Bytes},
    extract::Query,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use files::{CHUNK, Entry, Form, Place, Reply, Request};
use serde::Deserialize;
use tokio::sync::mpsc;

use super::{Pieces, Spot, client::Client, ending};
use crate::fault::Fault;

/// Pieces that wait for a slow reader.
const AHEAD: usize = 3;

/// What is shown inside the browser, by a name's ending: nothing that could run anything. Everything else is downloaded.
fn safe_kind(name: &[u8]) -> Option<&'static str> {
    Some(match ending(name).as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "svg" => "image/svg+xml",
        "pdf" => "application/pdf",
        "txt" | "log" | "out" | "err" | "csv" | "md" | "sh" | "py" | "dat" | "toml" | "json" | "html" | "xml" => {
            "text/plain; charset=utf-8"
        }
        _ => return None,
    })
}

/// Whether a page can show it as a picture.
pub fn is_picture(name: &[u8]) -> bool {
    safe_kind(name).is_some_and(|kind| kind.starts_with("image/"))
}

/// Whether the browser itself shows it.
pub fn is_paper(name: &[u8]) -> bool {
    safe_kind(name) == Some("application/pdf")
}

/// Inside the browser, if it is of a safe kind.
pub async fn inline(spot: Spot, headers: HeaderMap) -> Result<Response, Fault> {
    let kind = safe_kind(spot.place.name());
    file(spot, &headers, kind).await
}

/// To keep.
pub async fn download(spot: Spot, headers: HeaderMap) -> Result<Response, Fault> {
    file(spot, &headers, None).await
}

async fn file(spot: Spot, headers: &HeaderMap, kind: Option<&'static str>) -> Result<Response, Fault> {
    let Spot { client, place, .. } = spot;
    // Also finds out whether it can be read at all, before anything is promised.
    let (_, entry) = client.read(&place, 0, 0, None).await?;
    let tag = format!("\"{:x}-{:x}-{:x}\"", entry.file.1, entry.modified_ns, entry.size);
    let same = headers.get(header::IF_RANGE).is_none_or(|known| known.as_bytes() == tag.as_bytes());
    let wanted = headers.get(header::RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let (status, from, to) = match wanted.and_then(|text| range(text, entry.size)) {
        None => (StatusCode::OK, 0, entry.size),
        Some(Some((from, to))) => (StatusCode::PARTIAL_CONTENT, from, to),
        Some(None) => {
            let all = format!("bytes */{}", entry.size);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, [(header::CONTENT_RANGE, all)]).into_response());
        }
    };
    let mut response =
        (status, Body::from_stream(pieces(client, place.clone(), entry.clone(), from, to))).into_response();
    let about = response.headers_mut();
    about.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    about.insert(header::CONTENT_LENGTH, HeaderValue::from(to - from));
    if status == StatusCode::PARTIAL_CONTENT {
        let text = format!("bytes {from}-{}/{}", to - 1, entry.size);
        about.extend(HeaderValue::try_from(text).map(|text| (header::CONTENT_RANGE, text)));
    }
    about.extend(HeaderValue::try_from(tag).map(|tag| (header::ETAG, tag)));
    dress(about, place.name(), kind);
    Ok(response)
}

/// Says what it is, and that it may do nothing.
fn dress(headers: &mut HeaderMap, name: &[u8], kind: Option<&'static str>) {
    let how = if kind.is_some() { "inline" } else { "attachment" };
    // Names in two spellings (RFC 6266): the plain one for programs that know no other.
    let plain: String = String::from_utf8_lossy(name)
        .chars()
        .map(|letter| {
            if letter.is_ascii_graphic() && !matches!(letter, '"' | '\\' | '%') || letter == ' ' { letter } else { '_' }
        })
        .collect();
    let text = format!("{how}; filename=\"{plain}\"; filename*=UTF-8''{}", files::address(name));
    headers.extend(HeaderValue::try_from(text).map(|text| (header::CONTENT_DISPOSITION, text)));
    let kind = kind.unwrap_or("application/octet-stream");
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // The browser's own viewer for PDF does not open in a sandbox; it gives a document no say over our pages.
    let policy = match kind {
        "application/pdf" => "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'",
        _ => "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'",
    };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let frames = if kind == "application/pdf" { "SAMEORIGIN" } else { "DENY" };
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static(frames));
}

/// The one range of a request, from and to (not included); `None`: none that is understood, all is sent; `Some(None)`:
/// there is nothing there.
fn range(text: &str, size: u64) -> Option<Option<(u64, u64)>> {
    let (from, to) = text.trim().strip_prefix("bytes=")?.split_once('-')?;
    let number = |text: &str| text.trim().parse::<u64>().ok();
    let (from, to) = match (from.trim(), to.trim()) {
        ("", last) => (size.saturating_sub(number(last)?), size),
        (from, "") => (number(from)?, size),
        (from, to) => (number(from)?, number(to)?.checked_add(1)?.min(size)),
    };
    Some((from < to).then_some((from, to)))
}

/// Reads ahead of whoever takes the pieces. The file must stay the same one; what is cut off meanwhile breaks the answer.
fn pieces(client: Client, place: Place, entry: Entry, from: u64, to: u64) -> Pieces {
    let (send, receive) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        let mut at = from;
        while at < to {
            let part = client.read(&place, at, (to - at).min(CHUNK as u64), Some(entry.same_file())).await;
            let piece = match part {
                Ok((bytes, _)) if !bytes.is_empty() => Ok(Bytes::from(bytes)),
                Ok(_) => Err(io::ErrorKind::UnexpectedEof.into()),
                Err(trouble) => Err(io::Error::other(trouble)),
            };
            let over = piece.is_err();
            at += piece.as_ref().map_or(0, |piece| piece.len() as u64);
            if send.send(piece).await.is_err() || over {
                return;
            }
        }
    });
    Pieces(receive)
}

/// Of which form an archive shall be.
#[derive(Deserialize)]
pub struct As {
    #[serde(default)]
    form: String,
}

/// A folder as an archive, made while it is sent.
pub async fn pack(spot: Spot, Query(wanted): Query<As>) -> Result<Response, Fault> {
    let Spot { client, place, .. } = spot;
    let (form, ending, kind) = match wanted.form.as_str() {
        "tgz" => (Form::TarGz, ".tar.gz", "application/gzip"),
        _ => (Form::Zip, ".zip", "application/zip"),
    };
    let request = Request::Pack { place: place.clone(), form };
    let Reply::Number(number) = client.order(request, Vec::new()).await? else {
        return Err(super::Trouble::Unfit.into());
    };
    let name = if place.name().is_empty() { client.user.as_bytes() } else { place.name() };
    let name = [name, ending.as_bytes()].concat();
    let (send, receive) = mpsc::channel(AHEAD);
    tokio::spawn(async move {
        loop {
            let (piece, end) = match client.more_packed(number).await {
                Ok((packed, bytes)) => (Ok(Bytes::from(bytes)), packed.end),
                Err(trouble) => (Err(io::Error::other(trouble)), true),
            };
            if send.send(piece).await.is_err() {
                // Whoever wanted it has gone.
                client.order(Request::PackDrop(number), Vec::new()).await.ok();
                return;
            }
            if end {
                return;
            }
        }
    });
    let mut response = Body::from_stream(Pieces(receive)).into_response();
    dress(response.headers_mut(), &name, None);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges() {
        for (text, wanted) in [
            ("bytes=0-9", Some(Some((0, 10)))),
            ("bytes=90-", Some(Some((90, 100)))),
            ("bytes=-10", Some(Some((90, 100)))),
            ("bytes=-1000", Some(Some((0, 100)))),
            ("bytes=50-1000", Some(Some((50, 100)))),
            ("bytes=100-", Some(None)),
            ("bytes=9-0", Some(None)),
            ("bytes=-0", Some(None)),
            ("bytes=0-1,5-6", None),
            ("bytes=0-18446744073709551615", None),
            ("lines=0-1", None),
            ("bytes=x-", None),
        ] {
            assert_eq!(range(text, 100), wanted, "{text}");
        }
    }

    #[test]
    fn what_could_run_is_never_shown_as_what_it_is() {
        for (name, kind) in [
            (&b"page.html"[..], Some("text/plain; charset=utf-8")),
            (b"page.HTM", None),
            (b"x.xhtml", None),
            (b"x.js", None),
            (b"x.svg", Some("image/svg+xml")),
            (b"png", None),
        ] {
            assert_eq!(safe_kind(name), kind);
            let mut headers = HeaderMap::new();
            dress(&mut headers, name, kind);
            let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
            assert!(text(header::CONTENT_SECURITY_POLICY).starts_with("sandbox;"));
            assert_eq!(text(header::CONTENT_DISPOSITION).starts_with("attachment"), kind.is_none());
        }
        let mut headers = HeaderMap::new();
        dress(&mut headers, b"a\"\r\nSet-Cookie: x\xff", None);
        let text = headers[header::CONTENT_DISPOSITION].to_str().unwrap_or_default().to_owned();
        assert_eq!(
            text,
            "attachment; filename=\"a___Set-Cookie: x_\"; filename*=UTF-8''a%22%0D%0ASet-Cookie%3A%20x%FF"
        );
    }
}
