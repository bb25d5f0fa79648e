//! What keeps a page safe in a browser: headers that forbid what our pages do not need, forms that other sites cannot send,
//! cookies that no script reads; and from where somebody comes.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

use crate::{
    fault::Fault,
    house::{House, Way},
    visit::{self, Visit},
};

/// Nothing from elsewhere, nothing inline, no frames: what a page shows is what we serve.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

tokio::task_local! {
    /// From where the request comes that this task answers.
    static FROM: String;
}

/// From where the request comes that is being answered; empty where none is.
pub fn from() -> String {
    FROM.try_with(Clone::clone).unwrap_or_default()
}

/// Finds out from where a request comes, for everything that is done to answer it.
pub async fn place(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
    let from = address(&house.way, peer, request.headers()).map_or(String::new(), |address| address.to_string());
    FROM.scope(from, next.run(request)).await
}

/// The address of a visitor: what the trusted proxy says of them, if it is the proxy that speaks; else their own. Of what
/// it says only the last word is the proxy's; those before it are whatever somebody sent it.
fn address(way: &Way, peer: Option<IpAddr>, headers: &HeaderMap) -> Option<IpAddr> {
    let peer = peer?.to_canonical();
    if way.proxy.map(|proxy| proxy.to_canonical()) != Some(peer) {
        return Some(peer);
    }
    let told = headers.get_all("x-forwarded-for").into_iter().next_back().and_then(|line| line.to_str().ok());
    told.and_then(|line| line.rsplit(',').next()).and_then(|word| word.trim().parse().ok()).or(Some(peer))
}

/// Puts the headers on every answer that does not set its own.
pub async fn headers(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 7] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // For browsers that do not know the policy's word for it.
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        // What a member sees is theirs: no cache keeps it but where a handler says so.
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in fixed {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if house.way.secure {
        let always = HeaderValue::from_static("max-age=31536000");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(always);
    }
    response
}

/// What changes something is only taken from our own pages, and from programs, which are no browser.
pub async fn own_site(request: Request, next: Next) -> Response {
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_look || is_from_here(request.headers(), request.uri().host()) {
        return next.run(request).await;
    }
    Fault::not_from_here().into_response()
}

/// By what the browser says: it says `Sec-Fetch-Site` (all of today's do), or `Origin`. A program says neither.
fn is_from_here(headers: &HeaderMap, host: Option<&str>) -> bool {
    let text = |name: HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else { return true };
    let own = text(header::HOST).or(host);
    own.is_some() && origin.split_once("://").map(|(_, host)| host) == own
}

/// The cookie by which a visitor's forms are known, as they have no session.
const VISITOR: &str = "algoric_visitor";

/// What the forms of a visitor carry.
#[derive(Clone)]
pub struct Mark(pub String);

/// Gives visitors a mark for the forms of a page: one cookie, only where there are such forms.
pub async fn mark(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let known = visit::cookie(request.headers(), VISITOR).filter(|known| known.len() == 64).map(str::to_owned);
    let is_new = known.is_none();
    let nonce = match known.map_or_else(nonce, Ok) {
        Ok(nonce) => nonce,
        Err(_) => return Fault::unreadable().into_response(),
    };
    let hash = Sha256::new().chain_update(b"form of visitor ").chain_update(&nonce).finalize();
    request.extensions_mut().insert(Mark(hex(&hash[..16])));
    let mut response = next.run(request).await;
    if is_new && let Some(cookie) = cookie(&house.way, VISITOR, &nonce, "Strict", None) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn nonce() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map(|()| hex(&bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A cookie that no script reads and no other site sends along; it goes with the browser, or after so many seconds.
pub fn cookie(way: &Way, name: &str, value: &str, same_site: &str, seconds: Option<u32>) -> Option<HeaderValue> {
    let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite={same_site}");
    if let Some(seconds) = seconds {
        text += &format!("; Max-Age={seconds}");
    }
    if way.secure {
        text += "; Secure";
    }
    let mut cookie = HeaderValue::from_str(&text).ok()?;
    cookie.set_sensitive(true);
    Some(cookie)
}

/// Whether a form carries the session's own mark.
pub fn is_own(visit: &Visit, mark: &str) -> bool {
    !visit.me.csrf.is_empty() && same(visit.me.csrf.as_bytes(), mark.as_bytes())
}

/// Compares without telling by time how much was right.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn sent(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn forms_of_other_sites_are_known_by_what_the_browser_says() {
        for (headers, good) in [
            (sent(&[]), true),
            (sent(&[("sec-fetch-site", "same-origin")]), true),
            (sent(&[("sec-fetch-site", "same-site")]), false),
            (sent(&[("sec-fetch-site", "cross-site"), ("origin", "http://a"), ("host", "a")]), false),
            (sent(&[("origin", "https://calcul.example.org"), ("host", "calcul.example.org")]), true),
            (sent(&[("origin", "https://evil.example"), ("host", "calcul.example.org")]), false),
            (sent(&[("origin", "https://calcul.example.org:99"), ("host", "calcul.example.org")]), false),
            (sent(&[("origin", "null"), ("host", "calcul.example.org")]), false),
            (sent(&[("origin", "https://a")]), false),
        ] {
            assert_eq!(is_from_here(&headers, None), good, "{headers:?}");
        }
    }

    #[test]
    fn only_the_proxy_says_where_somebody_comes_from() {
        let proxy: IpAddr = "10.0.0.1".parse().unwrap();
        let way = Way { proxy: Some(proxy), ..Way::default() };
        let told = sent(&[("x-forwarded-for", "1.2.3.4, 192.0.2.7")]);
        let other = "203.0.113.9".parse().unwrap();
        assert_eq!(address(&way, Some(other), &told), Some(other), "somebody says so");
        assert_eq!(address(&way, Some(proxy), &told), Some("192.0.2.7".parse().unwrap()), "the proxy's own word");
        assert_eq!(address(&way, Some(proxy), &sent(&[])), Some(proxy));
        assert_eq!(address(&way, Some(proxy), &sent(&[("x-forwarded-for", "nonsense")])), Some(proxy));
        assert_eq!(address(&Way::default(), Some(proxy), &told), Some(proxy), "none is trusted");
    }

    #[test]
    fn cookies_are_closed_to_scripts_and_other_sites() {
        let shown = |way: &Way| cookie(way, "a", "b", "Lax", Some(60)).unwrap().to_str().unwrap().to_owned();
        assert_eq!(shown(&Way::default()), "a=b; Path=/; HttpOnly; SameSite=Lax; Max-Age=60");
        let secure = Way { secure: true, ..Way::default() };
        assert_eq!(shown(&secure), "a=b; Path=/; HttpOnly; SameSite=Lax; Max-Age=60; Secure");
    }
}
