//! Text is sent compressed to browsers that take it. Streams (live output, downloads) are not touched: only what is whole
//! and short. A page's size tells nothing of what is secret in it: each answer is longer by a few random bytes.

use std::{
    hash::{BuildHasher, RandomState},
    io::Write,
};

use axum::{
    body::{Body, HttpBody, to_bytes},
    extract::Request,
    http::{HeaderMap, HeaderValue, header},
    middleware::Next,
    response::Response,
};
use flate2::{Compression, GzBuilder};

/// What is shorter is not worth it; what is longer is no page.
const SIZES: std::ops::Range<u64> = 700..(4 << 20);

/// Compresses what is text.
pub async fn text(request: Request, next: Next) -> Response {
    let wanted = takes_gzip(request.headers());
    let mut response = next.run(request).await;
    let is_text = response.headers().get(header::CONTENT_TYPE).is_some_and(is_text);
    if is_text {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    let is_whole = response.body().size_hint().exact().is_some_and(|size| SIZES.contains(&size));
    if !wanted || !is_text || !is_whole || response.headers().contains_key(header::CONTENT_ENCODING) {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    // It is whole and in memory: reading it cannot fail.
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    match squeeze(&bytes) {
        Ok(squeezed) => {
            parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            parts.headers.remove(header::CONTENT_LENGTH);
            Response::from_parts(parts, Body::from(squeezed))
        }
        Err(_) => Response::from_parts(parts, Body::from(bytes)),
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let all = headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|line| line.to_str().ok());
    all.flat_map(|line| line.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip") && !parts.any(|weight| matches!(weight, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn is_text(kind: &HeaderValue) -> bool {
    let kind = kind.to_str().unwrap_or_default();
    // Server-sent events are text and never whole.
    let kinds = ["text/html", "text/css", "text/javascript", "text/plain", "application/json", "image/svg+xml"];
    kinds.iter().any(|known| kind.starts_with(known))
}

/// With a name of random length in the head of the format, which nobody reads: who sees lengths only and makes a browser
/// ask again and again cannot guess a secret by how well a guess is compressed.
fn squeeze(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = RandomState::new().hash_one(0) % 32;
    let name = "a".repeat(usize::try_from(length).unwrap_or(0) + 1);
    let mut out = GzBuilder::new().filename(name).write(Vec::with_capacity(bytes.len() / 3), Compression::new(4));
    out.write_all(bytes)?;
    out.finish()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::io::Read;

    use super::*;

    #[test]
    fn what_is_squeezed_comes_out_whole() {
        let page = "<p>un travail</p>".repeat(500);
        let squeezed = squeeze(page.as_bytes()).unwrap();
        let mut text = String::new();
        flate2::read::GzDecoder::new(squeezed.as_slice()).read_to_string(&mut text).unwrap();
        assert_eq!(text, page);
        assert!(squeezed.len() < page.len() / 10);
    }

    #[test]
    fn browsers_say_what_they_take() {
        let takes = |line: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(line))]))
        };
        assert!(takes("gzip, deflate, br") && takes("br;q=1.0, gzip;q=0.8"));
        assert!(!takes("br") && !takes("gzip;q=0") && !takes(""));
        let kind = |text: &'static str| is_text(&HeaderValue::from_static(text));
        assert!(kind("text/html; charset=utf-8") && kind("application/json") && kind("image/svg+xml"));
        assert!(!kind("text/event-stream") && !kind("application/pdf") && !kind("image/png"));
    }
}
