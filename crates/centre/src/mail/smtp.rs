//! A letter's way to the next mail server: the few words of SMTP (RFC 5321) that this takes. No encryption: the server
//! is this machine's own, or one that takes mail from this network.
//!
//! Must not know why a letter is sent.

use std::{
    io::{self, BufRead, BufReader, Write},
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

/// How long each answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest line of an answer that is read.
const LINE: u64 = 4096;

/// A letter as it goes out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Envelope {
    /// Who sends.
    pub(super) from: String,
    /// Who gets it.
    pub(super) to: Vec<String>,
    /// Header lines, an empty one, the body; lines end with `\n`.
    pub(super) content: String,
}

/// Why it did not go out.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotSent {
    /// It may go later: nobody there, no room, try again.
    #[error("{0}")]
    Later(String),
    /// It never will.
    #[error("{0}")]
    Never(String),
}

impl From<io::Error> for NotSent {
    fn from(error: io::Error) -> Self {
        NotSent::Later(error.to_string())
    }
}

/// Sends one letter by `server` (`HOST:PORT`).
pub(super) fn send(server: &str, own_name: &str, letter: &Envelope) -> Result<(), NotSent> {
    let address = server.to_socket_addrs()?.next().ok_or_else(|| NotSent::Later(format!("{server} is nowhere")))?;
    let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut talk = Talk { reader: BufReader::new(stream.try_clone()?), writer: stream };
    talk.expect(220)?;
    talk.say(&format!("EHLO {own_name}"), 250)?;
    talk.say(&format!("MAIL FROM:<{}>", letter.from), 250)?;
    for to in &letter.to {
        talk.say(&format!("RCPT TO:<{to}>"), 250)?;
    }
    talk.say("DATA", 354)?;
    talk.writer.write_all(&stuffed(&letter.content))?;
    talk.expect(250)?;
    // It has the letter; how the farewell goes does not matter.
    talk.writer.write_all(b"QUIT\r\n").ok();
    Ok(())
}

struct Talk {
    reader: BufReader<TcpStream>,
    writer: TcpStream,
}

impl Talk {
    fn say(&mut self, line: &str, wanted: u16) -> Result<(), NotSent> {
        self.writer.write_all(format!("{line}\r\n").as_bytes())?;
        self.expect(wanted)
    }

    /// The answer's last line must begin with this number; 251 is as good as 250.
    fn expect(&mut self, wanted: u16) -> Result<(), NotSent> {
        loop {
            let mut line = Vec::new();
            io::Read::take(&mut self.reader, LINE).read_until(b'\n', &mut line)?;
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            let Some(code) = text.get(..3).and_then(|digits| digits.parse::<u16>().ok()) else {
                return Err(NotSent::Later(format!("no mail server: {text:?}")));
            };
            match code {
                _ if text.as_bytes().get(3) == Some(&b'-') => {}
                _ if code == wanted || (code, wanted) == (251, 250) => return Ok(()),
                500.. => return Err(NotSent::Never(text)),
                _ => return Err(NotSent::Later(text)),
            }
        }
    }
}

/// As it stands in the conversation: `\r\n`, a second dot before lines that begin with one, and the lone dot at the end.
fn stuffed(content: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len() + 64);
    for line in content.lines() {
        if line.starts_with('.') {
            out.push(b'.');
        }
        out.extend_from_slice(line.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b".\r\n");
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::net::TcpListener;

    use super::*;

    /// A server that answers each line in turn; gives what it heard.
    fn served(answers: &[&str]) -> (Result<(), NotSent>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
        let server = std::thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut writer = stream;
            let mut heard = String::new();
            for answer in answers {
                writer.write_all(answer.as_bytes()).unwrap();
                if answer.starts_with("354") {
                    while !heard.ends_with("\r\n.\r\n") {
                        reader.read_line(&mut heard).unwrap();
                    }
                } else if reader.read_line(&mut heard).unwrap_or(0) == 0 {
                    break;
                }
            }
            heard
        });
        let letter =
            Envelope { from: "f@x".into(), to: vec!["a@x".into()], content: "Subject: s\n\n.dot\nend\n".into() };
        let sent = send(&address, "vm", &letter);
        (sent, server.join().unwrap())
    }

    #[test]
    fn a_letter_goes_out() {
        let (sent, heard) = served(&[
            "220-hello\r\n220 there\r\n",
            "250 vm\r\n",
            "250 ok\r\n",
            "251 forwarded\r\n",
            "354 go\r\n",
            "250 done\r\n",
        ]);
        sent.unwrap();
        let expected =
            "EHLO vm\r\nMAIL FROM:<f@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nSubject: s\r\n\r\n..dot\r\nend\r\n.\r\nQUIT\r\n";
        assert_eq!(heard, expected);
    }

    #[test]
    fn no_has_two_meanings() {
        assert!(matches!(served(&["220 hi\r\n", "250 vm\r\n", "451 later\r\n"]).0, Err(NotSent::Later(_))));
        assert!(matches!(served(&["220 hi\r\n", "250 vm\r\n", "550 unknown\r\n"]).0, Err(NotSent::Never(_))));
        assert!(matches!(served(&["nonsense\r\n"]).0, Err(NotSent::Later(_))));
        assert!(matches!(
            send("127.0.0.1:1", "vm", &Envelope { from: String::new(), to: vec![], content: String::new() }),
            Err(NotSent::Later(_))
        ));
    }
}
