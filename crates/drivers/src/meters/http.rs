//! As much of HTTP/1.1 as a device needs: GET, and POST for orders, one answer, one connection, and a limit over all of it.
//! Must not know what the answer means.
//!
//! `https` goes through `curl`: plugs have none, boards' controllers have one that changes with the decade, and a
//! library for it would be the greatest part of this program.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::Command;
use std::time::{Duration, Instant};

use super::{MeterError, command, excerpt};

/// No device says more.
const MOST: usize = 256 * 1024;

/// Where a device listens: `10.0.0.12`, `plug.local:8080`, `https://10.0.1.5`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// Name or number.
    pub host: String,
    port: u16,
    is_secure: bool,
    /// `Basic` and its word.
    authorization: Option<String>,
    login: Option<(String, String)>,
}

/// A device that answers requests.
#[derive(Clone, Debug)]
pub struct Client {
    /// Where.
    pub address: Address,
    /// No answer may take longer.
    pub limit: Duration,
    /// Accept any certificate.
    pub insecure: bool,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// A text that is none.
    pub fn parse(text: &str) -> Result<Self, MeterError> {
        let (is_secure, rest) = match text.split_once("://") {
            Some(("http", rest)) => (false, rest),
            Some(("https", rest)) => (true, rest),
            Some(_) => return Err(MeterError::Missing(format!("`{text}` is no address of http or https"))),
            None => (false, text),
        };
        let rest = rest.trim_end_matches('/');
        let (host, port) = match rest.rsplit_once(':').filter(|(host, _)| !host.contains(':') || host.ends_with(']')) {
            Some((host, port)) => (host, port.parse().ok()),
            None => (rest, Some(if is_secure { 443 } else { 80 })),
        };
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
        match port.filter(|_| is_host) {
            Some(port) => Ok(Self { host: host.into(), port, is_secure, authorization: None, login: None }),
            None => Err(MeterError::Missing(format!("`{text}` is no address such as 10.0.0.12 or https://10.0.1.5"))),
        }
    }
}

impl Client {
    /// With a user's name and password.
    pub fn with_login(mut self, user: Option<&str>, password: Option<String>) -> Self {
        if let Some(user) = user {
            let password = password.unwrap_or_default();
            self.address.authorization = Some(base64(format!("{user}:{password}").as_bytes()));
            self.address.login = Some((user.into(), password));
        }
        self
    }

    /// The body of what `path` answers.
    ///
    /// # Errors
    /// Nobody answers in time, or with another status than 200.
    pub fn get(&self, path: &str) -> Result<Vec<u8>, MeterError> {
        self.ask(path, None)
    }

    /// Gives an order in JSON.
    ///
    /// # Errors
    /// Nobody answers in time, or with another status than 200 to 204.
    pub fn post(&self, path: &str, body: &str) -> Result<(), MeterError> {
        self.ask(path, Some(body)).map(drop)
    }

    fn ask(&self, path: &str, order: Option<&str>) -> Result<Vec<u8>, MeterError> {
        let (status, body) =
            if self.address.is_secure { self.by_curl(path, order)? } else { self.plainly(path, order)? };
        let is_good = status == 200 || (order.is_some() && (201..=204).contains(&status));
        if is_good { Ok(body) } else { Err(self.refused(path, status)) }
    }

    /// What is asked, for messages; without what stands behind a `?`, where passwords may be.
    pub fn what(&self, path: &str) -> String {
        format!("{}{}", self.address.host, path.split('?').next().unwrap_or(path))
    }

    fn plainly(&self, path: &str, order: Option<&str>) -> Result<(u16, Vec<u8>), MeterError> {
        let until = Instant::now() + self.limit;
        let answer = self.exchange(path, order, until).map_err(|source| match source.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                MeterError::Late { what: self.what(path), limit: self.limit }
            }
            _ => MeterError::Unreachable { what: self.what(path), source },
        })?;
        let wrong = |found: &[u8]| MeterError::NotUnderstood {
            what: self.what(path),
            found: excerpt(found),
            expected: "an answer of HTTP",
        };
        let answer = Answer::parse(&answer).ok_or_else(|| wrong(&answer))?;
        Ok((answer.status, answer.body))
    }

    fn refused(&self, path: &str, status: u16) -> MeterError {
        let meaning = match status {
            301 | 302 | 307 | 308 => " (it wants another address, perhaps https)",
            401 | 403 => " (user or password)",
            404 => " (no such thing there: another make or version?)",
            503 => " (busy)",
            _ => "",
        };
        MeterError::Refused { what: self.what(path), answer: format!("status {status}{meaning}") }
    }

    /// Asks, and takes everything up to the end of the answer.
    fn exchange(&self, path: &str, order: Option<&str>, until: Instant) -> io::Result<Vec<u8>> {
        let mut stream = self.connect(until)?;
        let Address { host, authorization, .. } = &self.address;
        let login = authorization.as_ref().map(|word| format!("Authorization: Basic {word}\r\n")).unwrap_or_default();
        let (verb, kind) = match order {
            None => ("GET", String::new()),
            Some(body) => ("POST", format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len())),
        };
        let request = format!(
            "{verb} {path} HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n{login}{kind}\
             Connection: close\r\n\r\n{}",
            order.unwrap_or_default()
        );
        stream.set_write_timeout(Some(left(until)?))?;
        stream.write_all(request.as_bytes())?;
        let (mut answer, mut buffer) = (Vec::new(), [0; 4096]);
        loop {
            stream.set_read_timeout(Some(left(until)?))?;
            match stream.read(&mut buffer) {
                Ok(0) => return Ok(answer),
                Ok(count) => answer.extend_from_slice(&buffer[..count]),
                // Some devices tear the connection down instead of closing it.
                Err(error) if error.kind() == io::ErrorKind::ConnectionReset && !answer.is_empty() => {
                    return Ok(answer);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
            if is_whole(&answer) || answer.len() > MOST {
                return Ok(answer);
            }
        }
    }

    /// A connection to the first of the device's addresses that takes one. A name is looked up by the system, which
    /// knows no limit: numbers are better.
    fn connect(&self, until: Instant) -> io::Result<TcpStream> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for address in (self.address.host.trim_matches(['[', ']']), self.address.port).to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, left(until)?) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn by_curl(&self, path: &str, order: Option<&str>) -> Result<(u16, Vec<u8>), MeterError> {
        let (what, limit) = (self.what(path), self.limit);
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--config", "-", "--write-out", "\n%{http_code}"]);
        let Address { host, port, login, .. } = &self.address;
        // Over its input, because everybody can read arguments.
        let mut config = format!("url = {}\n", quoted(&format!("https://{host}:{port}{path}")));
        if let Some((user, password)) = login {
            config.push_str(&format!("user = {}\n", quoted(&format!("{user}:{password}"))));
        }
        if self.insecure {
            config.push_str("insecure\n");
        }
        if let Some(body) = order {
            config.push_str(&format!("header = \"Content-Type: application/json\"\ndata = {}\n", quoted(body)));
        }
        let said = command::run(curl, config.as_bytes(), &what, limit)?;
        let text = said.output;
        if !said.is_success {
            let source = io::Error::other(excerpt(&said.complaint));
            return Err(MeterError::Unreachable { what, source });
        }
        let end = text.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        let status = std::str::from_utf8(&text[end..]).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        Ok((status, text[..end].to_vec()))
    }
}

/// A word of curl's configuration.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\r', '\n'], ""))
}

/// The time that is left, or that there is none.
fn left(until: Instant) -> io::Result<Duration> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

/// An answer, taken apart.
struct Answer {
    status: u16,
    body: Vec<u8>,
}

/// Head of an answer: status, and what tells where the body ends.
struct Head {
    status: u16,
    length: Option<usize>,
    is_chunked: bool,
    /// Where the body begins.
    end: usize,
}

impl Head {
    fn parse(answer: &[u8]) -> Option<Self> {
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let text = std::str::from_utf8(&answer[..end]).ok()?;
        let mut lines = text.lines();
        let status = lines.next()?.strip_prefix("HTTP/1.")?.split_whitespace().nth(1)?.parse().ok()?;
        let mut head = Self { status, length: None, is_chunked: false, end };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            match name.to_ascii_lowercase().as_str() {
                "content-length" => head.length = Some(value.trim().parse().ok()?),
                "transfer-encoding" => head.is_chunked = value.trim().eq_ignore_ascii_case("chunked"),
                _ => {}
            }
        }
        Some(head)
    }
}

impl Answer {
    fn parse(answer: &[u8]) -> Option<Self> {
        let head = Head::parse(answer)?;
        let rest = &answer[head.end..];
        let body = match head.length {
            _ if head.is_chunked => unchunk(rest)?,
            Some(length) => rest.get(..length)?.to_vec(),
            None => rest.to_vec(),
        };
        Some(Self { status: head.status, body })
    }
}

/// Whether all that was announced has come; not so while that is not known.
fn is_whole(answer: &[u8]) -> bool {
    Head::parse(answer).is_some_and(|head| {
        let rest = &answer[head.end..];
        match head.length {
            _ if head.is_chunked => unchunk(rest).is_some(),
            Some(length) => rest.len() >= length,
            None => false,
        }
    })
}

/// A body that came in pieces, each behind its length in hexadecimal.
fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let line = std::str::from_utf8(&rest[..end]).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let start = end + 2;
        body.extend_from_slice(rest.get(start..start.checked_add(length)?)?);
        rest = rest.get(start + length + 2..)?;
    }
}

/// RFC 4648.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letters = |three: &[u8]| {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        let letter = move |at: usize| LETTERS[(word >> (18 - 6 * at) & 63) as usize] as char;
        let count = three.len() + 1;
        (0..4).map(move |at| if at < count { letter(at) } else { '=' }).collect::<String>()
    };
    bytes.chunks(3).map(letters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_taken_apart() {
        let check = |answer: &str, expected: Option<(u16, &str)>| {
            let found = Answer::parse(answer.as_bytes());
            assert_eq!(
                found.as_ref().map(|a| (a.status, &*a.body)),
                expected.map(|(s, b)| (s, b.as_bytes())),
                "{answer}"
            );
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", Some((200, "{}")));
        check("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}", None);
        check("HTTP/1.0 200 OK\r\n\r\n{}", Some((200, "{}")));
        check("HTTP/1.1 401 Unauthorized\r\n\r\n", Some((401, "")));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{\"\r\n3;x\r\na\":\r\n0\r\n\r\n",
            Some((200, "{\"a\":")),
        );
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}", None);
        check("SSH-2.0-dropbear\r\n\r\n", None);
        check("", None);
    }

    #[test]
    fn addresses_are_read() {
        let check = |text: &str, expected: Option<(&str, u16, bool)>| {
            let found = Address::parse(text).ok();
            assert_eq!(found.as_ref().map(|a| (&*a.host, a.port, a.is_secure)), expected, "{text}");
        };
        check("10.0.0.12", Some(("10.0.0.12", 80, false)));
        check("http://plug.local:8080/", Some(("plug.local", 8080, false)));
        check("https://10.0.1.5", Some(("10.0.1.5", 443, true)));
        check("[::1]:80", Some(("[::1]", 80, false)));
        check("ftp://x", None);
        check("10.0.0.12:http", None);
        check("a b\r\nX: y", None);
        check("", None);
    }

    #[test]
    fn base64_has_its_padding() {
        let check = |text: &str, expected: &str| assert_eq!(base64(text.as_bytes()), expected);
        check("", "");
        check("admin:secret", "YWRtaW46c2VjcmV0");
        check("a:b", "YTpi");
        check("a:", "YTo=");
        check("a", "YQ==");
    }
}
