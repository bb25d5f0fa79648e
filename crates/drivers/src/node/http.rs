//! As much of HTTP/1.1 as a report needs: one POST with its length, one answer, and the connection is over. Must not know
//! what either says.

use std::io::{self, Read, Write};

/// The longest head that is read.
const MOST_HEAD: usize = 4096;
/// The longest body.
const MOST_BODY: usize = node::report::MOST_BYTES;

/// What came in place of a request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Status(pub(super) u16);

impl Status {
    fn word(self) -> &'static str {
        match self.0 {
            200 => "OK",
            400 => "Bad Request",
            403 => "Forbidden",
            404 => "Not Found",
            405 => "Method Not Allowed",
            411 => "Length Required",
            413 => "Content Too Large",
            429 => "Too Many Requests",
            _ => "Service Unavailable",
        }
    }
}

/// A request's path and body.
pub(super) fn request(stream: &mut impl Read) -> io::Result<Result<(String, Vec<u8>), Status>> {
    let (head, body) = head(stream)?;
    let Some(head) = head else { return Ok(Err(Status(400))) };
    let mut words = head.lines().next().unwrap_or("").split(' ');
    let (verb, path, version) = (words.next().unwrap_or(""), words.next().unwrap_or(""), words.next().unwrap_or(""));
    if !version.starts_with("HTTP/1.") {
        return Ok(Err(Status(400)));
    }
    if verb != "POST" {
        return Ok(Err(Status(405)));
    }
    let Some(length) = length(&head) else { return Ok(Err(Status(411))) };
    if length > MOST_BODY {
        return Ok(Err(Status(413)));
    }
    if body.len() > length {
        return Ok(Err(Status(400)));
    }
    Ok(Ok((path.to_owned(), rest(stream, body, length)?)))
}

/// Answers it.
pub(super) fn answer(stream: &mut impl Write, status: Status, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        status.0,
        status.word(),
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()
}

/// Asks; says status and body.
pub(super) fn ask(stream: &mut (impl Read + Write), path: &str, body: &[u8]) -> io::Result<(u16, Vec<u8>)> {
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: centre\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(body)?;
    stream.flush()?;
    let wrong = || io::Error::new(io::ErrorKind::InvalidData, "this is no answer of HTTP");
    let (head, body) = self::head(stream)?;
    let head = head.ok_or_else(wrong)?;
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(wrong)?;
    let length = length(&head).filter(|length| *length <= MOST_BODY).ok_or_else(wrong)?;
    Ok((status, rest(stream, body, length)?))
}

/// Up to the empty line, and what came behind it; `None`: there is none where one should be.
fn head(stream: &mut impl Read) -> io::Result<(Option<String>, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 2048]);
    loop {
        let count = stream.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..count]);
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let body = bytes.split_off(end + 4);
            return Ok((String::from_utf8(bytes).ok(), body));
        }
        if bytes.len() > MOST_HEAD {
            return Ok((None, Vec::new()));
        }
    }
}

fn length(head: &str) -> Option<usize> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, value) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.trim().parse().ok()
}

fn rest(stream: &mut impl Read, mut body: Vec<u8>, length: usize) -> io::Result<Vec<u8>> {
    body.truncate(length);
    let have = body.len();
    body.resize(length, 0);
    stream.read_exact(&mut body[have..])?;
    Ok(body)
}
