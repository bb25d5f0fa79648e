//! The least that a browser does: pages by plain HTTP, cookies kept, forms sent with what their page says.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

/// What came back.
pub struct Page {
    pub status: u16,
    /// Names in small letters.
    pub headers: Vec<(String, String)>,
    /// Bytes of the body, as they came.
    pub size: usize,
    pub text: String,
}

impl Page {
    pub fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The mark of the page's forms.
    pub fn csrf(&self) -> String {
        let (_, rest) =
            self.text.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form: {}", self.text));
        rest.split('"').next().unwrap().to_owned()
    }

    /// What stands between two texts.
    pub fn between(&self, before: &str, after: &str) -> String {
        let (_, rest) = self.text.split_once(before).unwrap_or_else(|| panic!("no `{before}`: {}", self.text));
        rest.split(after).next().unwrap().to_owned()
    }
}

/// Somebody with a browser.
pub struct Browser {
    /// `127.0.0.1:8642`
    pub host: String,
    pub cookies: BTreeMap<String, String>,
    pub language: &'static str,
}

impl Browser {
    pub fn new(url: &str) -> Self {
        let host = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        Self { host, cookies: BTreeMap::new(), language: "en" }
    }

    /// Sends bytes as they are, and takes what comes.
    pub fn raw(&self, bytes: &[u8]) -> Option<Page> {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        // Who is refused early may not be read to the end.
        stream.write_all(bytes).ok();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).ok();
        read(&all)
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let jar = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.host);
        text += &format!("Accept-Language: {}\r\nContent-Length: {}\r\n", self.language, body.len());
        if !jar.is_empty() {
            text += &format!("Cookie: {jar}\r\n");
        }
        for (name, value) in headers {
            text += &format!("{name}: {value}\r\n");
        }
        let page = self.raw(format!("{text}\r\n{body}").as_bytes()).expect("an answer");
        for (_, line) in page.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            match value.is_empty() || line.contains("Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(name.to_owned(), value.to_owned()),
            };
        }
        page
    }

    pub fn get(&mut self, path: &str) -> Page {
        self.ask("GET", path, &[], "")
    }

    /// The bytes of a page as browsers get it: compressed.
    pub fn transferred(&mut self, path: &str) -> usize {
        let page = self.get_with(path, &[("Accept-Encoding", "gzip")]);
        assert_eq!(page.header("content-encoding"), "gzip", "{path}");
        page.size
    }

    pub fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Page {
        self.ask("GET", path, headers, "")
    }

    /// Sends a form, with a mark.
    pub fn post(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Page {
        self.post_with(path, csrf, fields, &[("Sec-Fetch-Site", "same-origin")])
    }

    pub fn post_with(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Page {
        let pairs = [("csrf", csrf)].into_iter().chain(fields.iter().copied());
        let body = pairs.map(|(name, value)| format!("{name}={}", quoted(value))).collect::<Vec<_>>().join("&");
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        let all: Vec<(&str, &str)> = form.into_iter().chain(headers.iter().copied()).collect();
        self.ask("POST", path, &all, &body)
    }

    /// Opens a page and sends its form.
    pub fn fill(&mut self, page: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.get(page).csrf();
        self.post(action, &csrf, fields)
    }
}

fn quoted(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

fn read(bytes: &[u8]) -> Option<Page> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let body = &bytes[end + 4..];
    let is_chunked = headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    let body = if is_chunked { unchunked(body) } else { body.to_vec() };
    let size = body.len();
    Some(Page { status, headers, size, text: String::from_utf8_lossy(&body).into_owned() })
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(end) = bytes.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap_or("0"), 16).unwrap_or(0);
        if size == 0 || bytes.len() < end + 2 + size {
            break;
        }
        all.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[(end + 4 + size).min(bytes.len())..];
    }
    all
}
