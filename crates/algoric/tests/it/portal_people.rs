//! Members of the pages, as browsers and hostile programs meet them: the first operator, invitations, accounts of the
//! machine, passwords, sessions, tokens, and the trail of what was changed.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    browser_like::{Browser, Page},
    ward::{EXE, Ward, outcome, until},
};

const PASSWORD: &str = "marée haute à 14 h";

/// A centre, and the address of its pages.
fn centre(config: &str) -> (Ward, String) {
    let mut ward = Ward::new(config);
    ward.start();
    let url = url(&ward);
    (ward, url)
}

fn log(ward: &Ward) -> String {
    fs::read_to_string(ward.path("up.log")).unwrap()
}

fn url(ward: &Ward) -> String {
    let log = log(ward);
    let line = log.lines().rfind(|line| line.starts_with("The centre is up: ")).unwrap();
    let url = line.split_whitespace().nth(4).unwrap().to_owned();
    // The pages are served by a process of their own, which may need an instant more.
    until("pages", || TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).is_ok());
    url
}

fn algoric(ward: &Ward, words: &[&str]) -> (i32, String, String) {
    outcome(Command::new(EXE).args(words).arg("--data").arg(ward.data()))
}

/// The path of a link.
fn path(address: &str) -> String {
    format!("/{}", address.trim().splitn(4, '/').nth(3).unwrap())
}

/// The link that the first start printed.
fn first_link(ward: &Ward) -> String {
    let log = log(ward);
    path(log.lines().rfind(|line| line.contains("/first/")).unwrap().rsplit(' ').next().unwrap())
}

/// Uses a link, as somebody new.
fn join(browser: &mut Browser, link: &str, login: &str, name: &str) -> Page {
    let fields = [("login", login), ("name", name), ("email", ""), ("password", PASSWORD), ("again", PASSWORD)];
    browser.fill(link, link, &fields)
}

/// The first operator, with their browser.
fn operator(ward: &Ward, url: &str) -> Browser {
    let mut browser = Browser::new(url);
    let link = first_link(ward);
    let joined = join(&mut browser, &link, "marie", "Marie Le Gall");
    assert_eq!((joined.status, joined.header("location")), (303, "/home"), "{}", joined.text);
    browser
}

fn log_in(browser: &mut Browser, login: &str, password: &str) -> Page {
    browser.fill("/login", "/login", &[("login", login), ("password", password)])
}

/// Somebody who was invited.
fn invited(ward: &Ward, url: &str, login: &str, name: &str) -> Browser {
    let (code, link, _) = algoric(ward, &["member", "invite"]);
    assert_eq!(code, 0);
    let mut browser = Browser::new(url);
    assert_eq!(join(&mut browser, &path(&link), login, name).status, 303);
    browser
}

/// The number of a member on the operators' page.
fn number(page: &Page, login: &str) -> String {
    let (before, _) = page.text.split_once(&format!("<span class=\"soft\">{login}</span>")).unwrap();
    before.rsplit("id=\"m").next().unwrap().split('"').next().unwrap().to_owned()
}

#[test]
fn the_first_start_makes_an_operator_once() {
    let (ward, url) = centre("");
    let link = first_link(&ward);
    let mut browser = Browser::new(&url);
    let page = browser.get(&link);
    assert_eq!(page.status, 200);
    assert!(page.text.contains("Welcome to your centre"), "{}", page.text);
    browser.language = "fr";
    assert!(browser.get(&link).text.contains("Bienvenue dans votre centre"));
    browser.language = "en";
    // What is wrong is said, and the link stays good.
    for (login, password, again, said) in [
        ("Marie", "short", "short", "10 characters at least"),
        ("marie", PASSWORD, "another one", "not the same"),
        ("m", PASSWORD, PASSWORD, "A login has"),
        ("marie", "motdepasse", "motdepasse", "everybody tries first"),
    ] {
        let fields = [("login", login), ("name", "Marie"), ("password", password), ("again", again)];
        let page = browser.fill(&link, &link, &fields);
        assert_eq!(page.status, 422);
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let joined = join(&mut browser, &link, "marie", "Marie <b>Le Gall</b>");
    assert_eq!((joined.status, joined.header("location")), (303, "/home"));
    let cookie = joined.headers.iter().find(|(_, value)| value.starts_with("algoric_session=")).unwrap().1.clone();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"), "{cookie}");
    // Once.
    let again = Browser::new(&url).get(&link);
    assert_eq!(again.status, 404);
    assert!(again.text.contains("This link is good no more"));
    // The page says who one is, and what is missing; what is typed is text, never markup.
    let account = browser.get("/account");
    assert!(account.text.contains("value=\"Marie &#60;b&#62;Le Gall&#60;/b&#62;\""), "{}", account.text);
    let members = browser.get("/operator/members");
    assert!(!members.text.contains("<b>Le Gall") && members.text.contains("Le Gall"));
    if nix::unistd::geteuid().is_root() {
        assert!(account.text.contains("You can look, but not compute yet"));
    }
    // A start that has an operator prints no link; a command of an operator of the machine makes one.
    let (code, link, said) = algoric(&ward, &["operator", "link"]);
    assert_eq!(code, 0, "{said}");
    assert!(link.contains("/first/") && said.contains("good once"));
    let shown = browser.get("/operator/audit").text;
    for words in ["joined", "logged in", "made an operator’s link", "(command)", "127.0.0.1"] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
}

#[test]
fn who_runs_a_centre_of_their_own_computes_at_once() {
    let mut ward = Ward::new("");
    if !nix::unistd::geteuid().is_root() {
        ward.start();
    } else {
        for path in [ward.data(), ward.data().join("config.toml"), ward.path("out")] {
            std::os::unix::fs::chown(path, Some(54321), Some(54321)).unwrap();
        }
        ward.start_by(&["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", EXE]);
    }
    let url = url(&ward);
    let mut browser = operator(&ward, &url);
    assert!(browser.get("/account").text.contains("Your jobs run as"), "the account is linked");
    let members = browser.get("/operator/members");
    assert!(members.text.contains("only that one can be linked"));
    // Nobody else gets an account here, and the page says why.
    let other = invited(&ward, &url, "yann", "Yann");
    let members = browser.get("/operator/members");
    let id = number(&members, "yann");
    let action = format!("/operator/members/{id}");
    for (what, account) in [("link", "root"), ("link", "daemon"), ("make", "yann")] {
        let done = browser.post(&action, &members.csrf(), &[("what", what), ("account", account)]);
        assert_eq!(done.status, 422, "{what} {account}");
        assert!(done.text.contains("only that one can be linked"), "{}", done.text);
    }
    drop(other);
}

#[test]
fn who_begins_a_roots_centre_is_told_what_to_do() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut ward = Ward::new("");
    ward.start();
    let url = url(&ward);
    let (mut marie, mut yann) = (operator(&ward, &url), invited(&ward, &url, "yann", "Yann"));
    for page in ["/home", "/jobs/new", "/files", "/account"] {
        let (hers, his) = (marie.get(page).text, yann.get(page).text);
        assert!(hers.contains("href=\"/operator/members\"") && hers.contains("link one to yourself"), "{page}: {hers}");
        assert!(!his.contains("/operator/members") && his.contains("An operator of the centre"), "{page}: {his}");
    }
    assert!(marie.get("/projects").text.contains("algoric project add"));
    assert!(yann.get("/projects").text.contains("an operator to make one"));
}

#[test]
fn members_come_are_given_accounts_and_are_kept_out() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    // The system's list of users is a copy that only this centre sees.
    let mut ward = Ward::new("");
    let (etc, home) = (ward.path("etc"), ward.path("home"));
    fs::create_dir(&home).unwrap();
    let script = format!(
        "cp -a /etc/. {etc} && mount --bind {etc} /etc && mount --bind {home} /home && exec {EXE} \"$@\"",
        etc = etc.display(),
        home = home.display()
    );
    fs::create_dir(&etc).unwrap();
    let can = Command::new("unshare").args(["--mount", "mount", "--bind"]).arg(&etc).arg("/mnt").status();
    if !can.is_ok_and(|status| status.success()) || !std::path::Path::new("/usr/sbin/useradd").exists() {
        return;
    }
    ward.start_by(&["unshare", "--mount", "sh", "-c", &script, "sh"]);
    let url = url(&ward);
    let mut marie = operator(&ward, &url);
    let mut yann = invited(&ward, &url, "yann", "Yann: Kervella\u{2019}");
    assert_eq!(yann.get("/operator/members").status, 403, "members do not run the centre");
    assert!(yann.get("/account").text.contains("You can look, but not compute yet"));
    let page = marie.get("/operator/members");
    let (id, csrf) = (number(&page, "yann"), page.csrf());
    let action = format!("/operator/members/{id}");
    let mut change = |what: &str, account: &str| {
        marie.post(&action, &csrf, &[("what", what), ("account", account), ("role", "treasurer")])
    };
    // Nothing of the system's own, and nothing that is no name.
    for (what, account) in [("link", "root"), ("link", "daemon"), ("make", "root"), ("make", "-rf"), ("make", "a:b")] {
        assert_eq!(change(what, account).status, 422, "{what} {account}");
    }
    assert_eq!(change("make", "yann-k").status, 303);
    let listed = fs::read_to_string(etc.join("passwd")).unwrap();
    let line = listed.lines().find(|line| line.starts_with("yann-k:")).expect("the account was made");
    assert!(line.contains(":Yann Kervella’:/home/yann-k:/bin/bash"), "{line}");
    assert!(home.join("yann-k").is_dir());
    assert!(yann.get("/account").text.contains("yann-k"), "and is linked");
    assert_eq!(change("make", "yann-2").status, 422, "one has one account");
    assert_eq!(change("give", "").status, 303);
    assert!(marie.get("/operator/members").text.contains("member, treasurer"));
    // Kept out: sessions are over, the account lets nobody in; nothing is removed.
    let expiry = || {
        let shadow = fs::read_to_string(etc.join("shadow")).unwrap();
        let line = shadow.lines().find(|line| line.starts_with("yann-k:")).unwrap().to_owned();
        line.split(':').nth(7).unwrap().to_owned()
    };
    let mut change = |what: &str| marie.post(&action, &csrf, &[("what", what)]);
    assert_eq!(change("lock").status, 303);
    assert_eq!(yann.get("/account").header("location"), "/login?next=/account");
    until("the account is closed", || expiry() == "1");
    assert_eq!(log_in(&mut yann, "yann", PASSWORD).status, 422);
    assert_eq!(change("unlock").status, 303);
    until("the account is open", || expiry().is_empty());
    assert_eq!(log_in(&mut yann, "yann", PASSWORD).status, 303);
    assert_eq!(change("archive").status, 303);
    until("the account is closed", || expiry() == "1");
    assert!(home.join("yann-k").is_dir(), "never deleted");
    // There is always somebody who can run it.
    let page = marie.get("/operator/members");
    let own = format!("/operator/members/{}", number(&page, "marie"));
    for what in ["lock", "archive", "take"] {
        let done = marie.post(&own, &csrf, &[("what", what), ("role", "operator")]);
        assert!(done.text.contains("There must always be an operator"), "{what}: {}", done.text);
    }
    // An account that was linked, not made, is nobody's to close.
    let trail = marie.get("/operator/audit").text;
    for words in ["invited", "asked for an account", "had an account made", "gave a role", "locked", "archived"] {
        assert!(trail.contains(words), "{words}");
    }
}

#[test]
fn who_was_not_invited_asks_and_is_answered() {
    let (ward, url) = centre("");
    let mut marie = operator(&ward, &url);
    let mut erwan = Browser::new(&url);
    let fields =
        [("login", "erwan"), ("name", "Erwan"), ("note", "<i>floods</i>"), ("password", PASSWORD), ("again", PASSWORD)];
    let asked = erwan.fill("/join", "/join", &fields);
    assert!(asked.text.contains("Your request is on its way"), "{}", asked.text);
    let early = log_in(&mut erwan, "erwan", PASSWORD);
    assert!(early.status == 422 && early.text.contains("still waits"), "{}", early.text);
    let page = marie.get("/operator/members");
    assert!(
        page.text.contains("waits for an answer") && page.text.contains("floods") && !page.text.contains("<i>floods")
    );
    let action = format!("/operator/members/{}", number(&page, "erwan"));
    assert_eq!(marie.post(&action, &page.csrf(), &[("what", "unlock")]).status, 303);
    assert_eq!(log_in(&mut erwan, "erwan", PASSWORD).status, 303);
    assert_eq!(erwan.get("/operator/members").status, 403);
}

#[test]
fn forms_come_from_our_own_pages_only() {
    let (ward, url) = centre("");
    let mut browser = operator(&ward, &url);
    let csrf = browser.get("/account").csrf();
    let name = [("name", "Other"), ("language", "en")];
    let own: [(&str, &str); 1] = [("Sec-Fetch-Site", "same-origin")];
    for (csrf, headers) in [
        ("", own.as_slice()),
        ("0123456789abcdef0123456789abcdef", own.as_slice()),
        (csrf.as_str(), [("Sec-Fetch-Site", "cross-site")].as_slice()),
        (csrf.as_str(), [("Origin", "https://evil.example")].as_slice()),
        (csrf.as_str(), [("Origin", "null")].as_slice()),
    ] {
        let done = browser.post_with("/account/profile", csrf, &name, headers);
        assert_eq!(done.status, 403, "{csrf} {headers:?}");
    }
    assert_eq!(browser.post("/account/profile", &csrf, &name).status, 303);
    // Another member's mark is no good, and a visitor's form has one, too.
    let mut stranger = Browser::new(&url);
    assert_eq!(stranger.post("/login", &csrf, &[("login", "marie"), ("password", PASSWORD)]).status, 403);
    assert_eq!(stranger.post("/login", "", &[("login", "marie"), ("password", PASSWORD)]).status, 403);
    assert_eq!(log_in(&mut stranger, "marie", PASSWORD).status, 303);
    // Nothing is done by looking.
    assert_eq!(browser.get("/logout").status, 405);
    assert_eq!(browser.get("/account").status, 200);
    let headers = browser.get("/account").headers;
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str());
    assert!(header("content-security-policy").contains("default-src 'none'"));
    assert!(!header("content-security-policy").contains("unsafe"));
    assert_eq!((header("cache-control"), header("x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(browser.post("/logout", &csrf, &[]).status, 303);
    assert_eq!(browser.get("/account").status, 303, "logged out");
}

#[test]
fn passwords_are_guessed_ever_more_slowly() {
    let (ward, url) = centre("");
    let mut known = operator(&ward, &url);
    let mut guesser = Browser::new(&url);
    let mut statuses = Vec::new();
    for guess in 0..8 {
        let page = log_in(&mut guesser, "marie", &format!("guess number {guess}"));
        assert!(page.text.contains("is wrong") || page.text.contains("Too many tries"), "{}", page.text);
        statuses.push(page.status);
    }
    assert_eq!(statuses, [422, 422, 422, 422, 422, 429, 429, 429]);
    // Also who is right waits; who is in stays in.
    assert_eq!(log_in(&mut guesser, "marie", PASSWORD).status, 429);
    assert_eq!(known.get("/account").status, 200);
    // Nobody learns who is a member: an unknown name is answered alike.
    let nobody = log_in(&mut guesser, "nobody-of-that-name", "guess number 1");
    assert_eq!(nobody.status, 422);
    assert!(nobody.text.contains("The login or the password is wrong"));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(log_in(&mut guesser, "marie", PASSWORD).status, 303);
    assert!(known.get("/operator/audit").text.contains("failed to log in"));
    // Codes are guessed no better.
    let codes = (0..40).map(|code| guesser.get(&format!("/invite/AAAA-BBBB-CCCC-{code:04}")).status);
    let codes: Vec<u16> = codes.collect();
    assert!(codes[0] == 404 && codes.contains(&429), "{codes:?}");
}

#[test]
fn sessions_are_rotated_listed_ended_and_survive_a_kill() {
    let (mut ward, url) = centre("");
    let mut here = operator(&ward, &url);
    let first = here.cookies["algoric_session"].clone();
    let mut there = Browser::new(&url);
    assert_eq!(log_in(&mut there, "marie", PASSWORD).status, 303);
    assert_ne!(there.cookies["algoric_session"], first);
    let page = here.get("/account");
    assert_eq!(page.text.matches("action=\"/account/sessions\"").count(), 2, "one other, and all others");
    // A new password ends every session, and begins another one.
    let new = "basse mer à 20 h";
    let change = |browser: &mut Browser, old: &str| {
        browser.fill("/account", "/account/password", &[("old", old), ("password", new), ("again", new)])
    };
    assert_eq!(change(&mut here, "not the old one").status, 422);
    assert_eq!(change(&mut here, PASSWORD).status, 303);
    assert_ne!(here.cookies["algoric_session"], first);
    assert_eq!(there.get("/account").status, 303, "the other one is over");
    let mut stolen = Browser::new(&url);
    stolen.cookies.insert("algoric_session".to_owned(), first);
    assert_eq!(stolen.get("/account").status, 303, "the old secret is worth nothing");
    assert_eq!(log_in(&mut there, "marie", PASSWORD).status, 422);
    // An operator's link, for who forgot.
    let members = here.get("/operator/members");
    let action = format!("/operator/members/{}", number(&members, "marie"));
    let made = here.post(&action, &members.csrf(), &[("what", "reset")]);
    let link = format!("/reset/{}", made.between("/reset/", "<"));
    let mut forgot = Browser::new(&url);
    let fields = [("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(forgot.fill(&link, &link, &fields).status, 303);
    assert_eq!(forgot.get("/account").status, 200);
    assert_eq!(here.get("/account").status, 303, "whoever knew the old one is out");
    // What was answered is on disk.
    ward.up.as_mut().unwrap().kill().unwrap();
    let (centre, launcher, _) = ward.status().unwrap_or((0, 0, false));
    assert_eq!((centre, launcher), (0, 0));
    ward.up.take().unwrap().wait().unwrap();
    ward.start();
    forgot.host = url_host(&ward);
    assert_eq!(forgot.get("/account").status, 200, "still logged in");
}

fn url_host(ward: &Ward) -> String {
    url(ward).trim_start_matches("http://").trim_end_matches('/').to_owned()
}

#[test]
fn tokens_do_what_they_are_for_and_nothing_secret_is_kept() {
    let (ward, url) = centre("");
    let mut marie = operator(&ward, &url);
    let make = |browser: &mut Browser, scope: &str| {
        let fields = [("name", "for a test"), ("days", "3"), (scope, "1")];
        let page = browser.fill("/account", "/account/tokens", &fields);
        format!("algoric_{}", page.between("<code>algoric_", "<"))
    };
    let (read, manage) = (make(&mut marie, "read"), make(&mut marie, "manage"));
    let mut program = Browser::new(&url);
    let mut by =
        |token: &str, path: &str| program.get_with(path, &[("Authorization", &format!("Bearer {token}"))]).status;
    assert_eq!(by(&manage, "/operator/members"), 200);
    assert_eq!(by(&read, "/operator/members"), 403, "its scope is enforced");
    assert_eq!(by(&manage, "/account"), 403, "no token sees or makes tokens");
    assert_eq!(by("algoric_0000", "/operator/members"), 303, "nobody");
    let page = marie.get("/account");
    let id = page.between("action=\"/account/tokens/end\"><input type=\"hidden\" name=\"csrf\" value=\"", "</form>");
    let id = id.split("name=\"id\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    // The newest is listed first.
    assert_eq!(marie.post("/account/tokens/end", &page.csrf(), &[("id", &id)]).status, 303);
    assert_eq!(by(&manage, "/operator/members"), 303, "ended");
    // What is secret is nowhere: not in what the processes say, nor in the file, nor in a command line.
    let secrets = [PASSWORD, &read, &manage, &marie.cookies["algoric_session"]];
    let mut kept = log(&ward).into_bytes();
    for entry in fs::read_dir(ward.data().join("db")).unwrap().flatten() {
        if let Ok(mut file) = fs::File::open(entry.path()) {
            file.read_to_end(&mut kept).ok();
        }
    }
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        kept.extend(fs::read(entry.path().join("cmdline")).unwrap_or_default());
    }
    for secret in secrets {
        let found = kept.windows(secret.len()).any(|part| part == secret.as_bytes());
        assert!(!found, "a secret is kept as it is");
    }
    assert!(kept.windows(9).any(|part| part == b"$argon2id"), "the hash is there");
}

#[test]
fn hostile_senders_are_left_alone() {
    let (ward, url) = centre("");
    let mut marie = operator(&ward, &url);
    let csrf = marie.get("/account").csrf();
    // A slow one: it is hung up on, and holds nobody up.
    let begun = Instant::now();
    let mut slow = TcpStream::connect(&marie.host).unwrap();
    slow.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n").unwrap();
    // A head that is too long, one with too many lines, and what is no request.
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", "x".repeat(200_000));
    let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", "A: b\r\n".repeat(500));
    for bytes in [long.as_bytes(), many.as_bytes(), b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n"] {
        let status = marie.raw(bytes).map_or(0, |page| page.status);
        assert!([0, 400, 431].contains(&status), "{status}");
    }
    // A form that is too long; fields that are far too long, or no text.
    let big = "x".repeat(2 << 20);
    assert!([0, 400, 413].contains(&marie_posts(&mut marie, &csrf, &big)));
    let name = "n".repeat(10_000);
    assert_eq!(marie_posts(&mut marie, &csrf, &name), 422);
    assert_eq!(marie.post("/account/sessions", &csrf, &[("id", "-9999999999999999999999")]).status, 303);
    assert_eq!(marie.post("/operator/members/notanumber", &csrf, &[("what", "lock")]).status, 400);
    for path in [
        "/first/%00",
        "/invite/%FF%FE",
        "/reset/../../etc/passwd",
        "/login?next=%0d%0aX:%20y",
        "/operator/audit?before=x",
    ] {
        let status = marie.get(path).status;
        assert!((200..500).contains(&status), "{path}: {status}");
    }
    // Many at once: others still get through.
    let held: Vec<TcpStream> = (0..200).filter_map(|_| TcpStream::connect(&marie.host).ok()).collect();
    assert_eq!(marie.get("/account").status, 200);
    drop(held);
    slow.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let mut rest = Vec::new();
    slow.read_to_end(&mut rest).ok();
    assert!(begun.elapsed() < Duration::from_secs(30), "a slow sender is hung up on");
    assert_eq!(marie.get("/account").status, 200);
}

fn marie_posts(browser: &mut Browser, csrf: &str, name: &str) -> u16 {
    let body = format!("csrf={csrf}&name={name}&language=en");
    let cookie = browser.cookies["algoric_session"].clone();
    let head = format!(
        "POST /account/profile HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: algoric_session={cookie}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        browser.host,
        body.len()
    );
    browser.raw(format!("{head}{body}").as_bytes()).map_or(0, |page| page.status)
}

#[test]
fn pages_come_by_https_with_a_certificate() {
    let mut ward = Ward::new("[portal]\ncertificate = 'cert.pem'\nkey = 'key.pem'\n");
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout"])
        .arg(ward.data().join("key.pem"))
        .arg("-out")
        .arg(ward.data().join("cert.pem"))
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        return;
    }
    ward.start();
    let log = log(&ward);
    let url =
        log.lines().rfind(|line| line.starts_with("The centre is up: ")).unwrap().split_whitespace().nth(4).unwrap();
    assert!(url.starts_with("https://") && log.contains(&format!("{url}first/")), "{log}");
    let host = url.trim_start_matches("https://").trim_end_matches('/');
    until("pages", || TcpStream::connect(host).is_ok());
    let get = |url: &str| {
        outcome(Command::new("curl").args(["--silent", "--insecure", "--include", "--max-time", "20", url]))
    };
    let (code, page, _) = get(&format!("{url}login"));
    if code == 0 {
        let page = page.to_lowercase();
        assert!(page.starts_with("http/1.1 200"), "{page}");
        assert!(page.contains("strict-transport-security: max-age="), "{page}");
        assert!(page.contains("samesite=strict; secure"), "{page}");
        // What is no TLS is no page, and harms nobody.
        assert!(Browser::new(&format!("http://{host}/")).raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").is_none());
        assert_eq!(get(&format!("{url}healthz")).0, 0);
    }
    // What is wrong is said before anything starts, and never with the key.
    fs::write(ward.data().join("key.pem"), "SECRET").unwrap();
    let other = Command::new(EXE).args(["up", "--listen", "127.0.0.1:0", "--data"]).arg(ward.data()).output().unwrap();
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert!(!other.status.success() && !said.contains("SECRET"), "{said}");
}
