//! Links that are sent by mail: invitations and new passwords. What they open, who gets them, and where their secret is not.

use std::{
    fs,
    io::Read,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
};

use crate::{
    browser_like::{Browser, Page},
    letterbox::{Letters, serve},
    ward::{Ward, until},
};

const PASSWORD: &str = "marée haute à 14 h";

/// A centre that sends letters to this port, and its first operator.
fn centre(port: u16) -> (Ward, String, Browser) {
    let config = format!("[mail]\nsmtp = \"127.0.0.1:{port}\"\nfrom = \"centre@example.org\"\n");
    let mut ward = Ward::new(&config);
    ward.start();
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    let word = |wanted: &str| log.split_whitespace().rfind(|word| word.contains(wanted)).unwrap().to_owned();
    let first = word("/first/");
    let url = first.split("first/").next().unwrap().to_owned();
    until("pages", || TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).is_ok());
    let mut browser = Browser::new(&url);
    assert_eq!(join(&mut browser, &path(&first), "marie").status, 303);
    (ward, url, browser)
}

fn path(address: &str) -> String {
    format!("/{}", address.trim().splitn(4, '/').nth(3).unwrap())
}

fn join(browser: &mut Browser, link: &str, login: &str) -> Page {
    let email = if login == "marie" { "marie@example.org" } else { "" };
    let fields = [("login", login), ("name", login), ("email", email), ("password", PASSWORD), ("again", PASSWORD)];
    browser.fill(link, link, &fields)
}

/// The link of the letter with this number, and the whole letter.
fn letter(letters: &Letters, number: usize) -> (String, String) {
    until("a letter", || letters.lock().unwrap().len() > number);
    let text = letters.lock().unwrap()[number].text.clone();
    let link = text.lines().find(|line| line.starts_with("http")).unwrap_or_else(|| panic!("{text}")).to_owned();
    (link, text)
}

#[test]
fn an_invitation_travels_by_mail_and_opens_the_door_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ward, url, mut marie) = centre(listener.local_addr().unwrap().port());
    let letters = serve(listener);
    let invite = |browser: &mut Browser, email: &str| {
        let csrf = browser.get("/operator/members").csrf();
        let fields = [("email", email), ("role", ""), ("project", ""), ("days", "7")];
        // What somebody calls us is not what we call ourselves in a letter.
        let own =
            [("Sec-Fetch-Site", "same-origin"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-For", "1.2.3.4")];
        browser.post_with("/operator/invite", &csrf, &fields, &own)
    };
    // Nothing that is no address gets into a letter's head.
    for email in ["anne", "anne@example.org\r\nBcc: all@example.org", "a b@example.org", "<anne@example.org>", "a@b@c"]
    {
        let page = invite(&mut marie, email);
        assert_eq!(page.status, 422, "{email}: {}", page.text);
    }
    let page = invite(&mut marie, "anne@example.org");
    assert!(page.status == 200 && page.text.contains("anne@example.org"), "{}", page.text);
    let (link, text) = letter(&letters, 0);
    assert_eq!(letters.lock().unwrap()[0].to, ["<anne@example.org>"]);
    assert!(link.starts_with(&format!("{url}invite/")), "{link}");
    for said in [
        "From: centre@example.org\n",
        "To: anne@example.org\n",
        "Content-Type: text/plain; charset=UTF-8\n",
        "Vous êtes invité à rejoindre ce centre de calcul.",
        "You are invited to join this computing centre.",
    ] {
        assert!(text.contains(said), "{said}: {text}");
    }
    let (head, _) = text.split_once("\n\n").unwrap();
    assert!(!head.contains(link.rsplit('/').next().unwrap()), "no secret in a letter's head, which servers write down");
    nowhere(&ward, &link);
    let mut anne = Browser::new(&url);
    assert_eq!(join(&mut anne, &path(&link), "anne").status, 303);
    assert_eq!(anne.get("/account").status, 200);
    assert_eq!(Browser::new(&url).get(&path(&link)).status, 404, "once");
    assert_eq!(letters.lock().unwrap().len(), 1);
}

#[test]
fn who_forgot_gets_one_letter_and_nobody_learns_who_is_a_member() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (ward, url, mut marie) = centre(listener.local_addr().unwrap().port());
    let letters = serve(listener);
    let mut somebody = Browser::new(&url);
    let answers = ["nobody-of-that-name", "marie", "MARIE@example.org"].map(|login| {
        let page = somebody.fill("/forgotten", "/forgotten", &[("login", login)]);
        assert_eq!(page.status, 200, "{}", page.text);
        page.between("<main", "</main>")
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "the same for everybody: {answers:?}");
    let (link, text) = letter(&letters, 0);
    for said in ["demandé un nouveau mot de passe", "asked for a new password", "To: marie@example.org\n"] {
        assert!(text.contains(said), "{said}: {text}");
    }
    assert!(link.starts_with(&format!("{url}reset/")), "{link}");
    nowhere(&ward, &link);
    let new = [("password", "basse mer à 20 h"), ("again", "basse mer à 20 h")];
    let mut forgot = Browser::new(&url);
    assert_eq!(forgot.fill(&path(&link), &path(&link), &new).status, 303);
    assert_eq!(forgot.get("/account").status, 200);
    assert_eq!(marie.get("/account").status, 303, "whoever knew the old one is out");
    assert_eq!(Browser::new(&url).get(&path(&link)).status, 404, "once");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(letters.lock().unwrap().len(), 1, "asked twice within minutes, sent once; to nobody nothing");
}

#[test]
fn a_letter_that_waits_is_nobody_elses_to_read() {
    // Nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (ward, _, mut marie) = centre(port);
    let csrf = marie.get("/operator/members").csrf();
    assert_eq!(marie.post("/operator/invite", &csrf, &[("email", "anne@example.org"), ("days", "7")]).status, 200);
    let waiting = || fs::read_dir(ward.data().join("db/mail")).unwrap().flatten().collect::<Vec<_>>();
    until("the letter lies there", || {
        waiting().iter().any(|file| !file.file_name().to_string_lossy().starts_with('.'))
    });
    for file in waiting() {
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{}", file.path().display());
    }
    until("it is said that mail waits", || fs::read_to_string(ward.path("up.log")).unwrap().contains("mail waits"));
    assert!(!fs::read_to_string(ward.path("up.log")).unwrap().contains("/invite/"));
}

/// The secret of a link is in no log, no data file, no command line and no environment.
fn nowhere(ward: &Ward, link: &str) {
    let code = link.rsplit('/').next().unwrap();
    let bare = code.replace('-', "");
    until("the letter has left", || fs::read_dir(ward.data().join("db/mail")).unwrap().count() == 0);
    let mut kept = fs::read(ward.path("up.log")).unwrap();
    for entry in fs::read_dir(ward.data().join("db")).unwrap().flatten() {
        if let Ok(mut file) = fs::File::open(entry.path()) {
            file.read_to_end(&mut kept).ok();
        }
    }
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        kept.extend(fs::read(entry.path().join("cmdline")).unwrap_or_default());
        kept.extend(fs::read(entry.path().join("environ")).unwrap_or_default());
    }
    for secret in [code, bare.as_str()] {
        assert!(!kept.windows(secret.len()).any(|part| part == secret.as_bytes()), "the code of a link is kept");
    }
    assert!(kept.len() > 10_000);
}
