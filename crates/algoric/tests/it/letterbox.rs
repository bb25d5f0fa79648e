//! A mail server of our own on this machine, which keeps what it is given.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
};

/// A letter that came.
pub struct Letter {
    /// As the conversation named them: `<bob@example.org>`.
    pub to: Vec<String>,
    /// Head and body as they came, lines ending with `\n`.
    pub text: String,
}

impl Letter {
    /// To whom, and the subject's first line.
    pub fn told(&self) -> String {
        let subject = self.text.lines().find_map(|line| line.strip_prefix("Subject: "));
        format!("{} {}", self.to.join(","), subject.unwrap_or_default())
    }
}

/// Letters in the order in which they came.
pub type Letters = Arc<Mutex<Vec<Letter>>>;

/// Takes letters as long as the test runs.
pub fn serve(listener: TcpListener) -> Letters {
    let letters = Letters::default();
    let kept = letters.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            take(stream, &kept);
        }
    });
    letters
}

fn take(stream: TcpStream, letters: &Letters) -> Option<()> {
    let mut writer = stream.try_clone().ok()?;
    let mut reader = BufReader::new(stream);
    let mut to = Vec::new();
    writer.write_all(b"220 here\r\n").ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if let Some(address) = line.strip_prefix("RCPT TO:") {
            to.push(address.to_owned());
        }
        if line == "DATA" {
            writer.write_all(b"354 go on\r\n").ok()?;
            let mut text = String::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).ok()?;
                if line == ".\r\n" {
                    break;
                }
                text += line.trim_end();
                text.push('\n');
            }
            letters.lock().unwrap().push(Letter { to: std::mem::take(&mut to), text });
        }
        if line == "QUIT" {
            return None;
        }
        writer.write_all(b"250 ok\r\n").ok()?;
    }
}
