//! Every address of the pages and of the API as an attacker tries it: without being anybody, as another member, without the
//! mark of our own forms, with bytes that nobody expects. The addresses are read from the sources, so that a new one is tried
//! too.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    browser_like::{Browser, Page},
    ward::{EXE, Ward, until},
};

const PASSWORD: &str = "marée haute à 14 h";

/// An address with its gaps filled, and the methods that it knows.
type Route = (String, Vec<&'static str>);

/// All of them.
fn routes() -> Vec<Route> {
    let mut all = Vec::new();
    read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../portal/src")), &mut all);
    assert!(all.len() > 80, "{}", all.len());
    all
}

fn read(folder: &Path, all: &mut Vec<Route>) {
    for entry in fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path()) {
        if entry.is_dir() {
            read(&entry, all);
            continue;
        }
        let text = fs::read_to_string(&entry).unwrap();
        for call in text.split(".route(").skip(1) {
            let mut parts = call.trim_start().strip_prefix('"').unwrap_or_default().splitn(2, '"');
            let (Some(path), Some(rest)) = (parts.next(), parts.next()) else { continue };
            // Up to the end of this call's line of handlers.
            let rest = rest.split("\n").take(2).collect::<String>();
            let rest = rest.split(".route(").next().unwrap();
            let methods = ["get", "post", "put", "patch", "delete"];
            let methods = methods.into_iter().filter(|method| rest.contains(&format!("{method}(")));
            let methods: Vec<_> = methods.collect();
            assert!(!methods.is_empty(), "{path}: {rest}");
            let api = entry.parent().unwrap().ends_with("api_v1") && path != "/api";
            all.push((format!("{}{}", if api { "/api/v1" } else { "" }, filled(path)), methods));
        }
    }
}

/// With something that is there, or could be.
fn filled(path: &str) -> String {
    let gaps = [("{id}", "1"), ("{job}", "1"), ("{project}", "eau"), ("{app}", "script"), ("{file}", "F2026-0001.pdf")];
    let more =
        [("{number}", "F2026-0001"), ("{user}", "marie"), ("{*place}", "home"), ("{code}", "AAAA-BBBB-CCCC-DDDD")];
    let path = gaps.into_iter().chain(more).fold(path.to_owned(), |path, (gap, value)| path.replace(gap, value));
    path.replace("{name}", "eau").replace("{token}", "1")
}

/// What everybody may look at.
const PUBLIC: &[&str] = &[
    "/",
    "/live/now",
    "/machines",
    "/live/machines",
    "/visit",
    "/lang",
    "/style",
    "/static/eau",
    "/energy",
    "/energy/machine/eau",
    "/login",
    "/forgotten",
    "/join",
    "/first/AAAA-BBBB-CCCC-DDDD",
    "/invite/AAAA-BBBB-CCCC-DDDD",
    "/reset/AAAA-BBBB-CCCC-DDDD",
    "/metrics",
    "/healthz",
    "/api",
    "/api/v1/openapi.json",
    "/api/v1/centre",
    "/api/v1/energy",
    "/api/v1/energy/prices",
    "/api/v1/me",
];

/// A centre of somebody's own, whose first operator has an account and files.
fn centre() -> (Ward, Browser) {
    let mut ward = Ward::new("");
    if nix::unistd::geteuid().is_root() {
        for path in [ward.data(), ward.data().join("config.toml")] {
            std::os::unix::fs::chown(path, Some(54321), Some(54321)).unwrap();
        }
        let home = format!("HOME={}", ward.path("out").display());
        ward.start_by(&["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", "env", &home, EXE]);
    } else {
        ward.start();
    }
    let marie = operator(&ward);
    (ward, marie)
}

fn operator(ward: &Ward) -> Browser {
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    let first = log.split_whitespace().rfind(|word| word.contains("/first/")).unwrap().to_owned();
    let url = first.split("first/").next().unwrap().to_owned();
    until("pages", || TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).is_ok());
    comes(&url, &first, "marie")
}

fn comes(url: &str, link: &str, login: &str) -> Browser {
    let mut browser = Browser::new(url);
    let link = format!("/{}", link.trim().splitn(4, '/').nth(3).unwrap());
    let fields = [("login", login), ("name", login), ("email", ""), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.fill(&link, &link, &fields).status, 303);
    browser
}

#[test]
fn visitors_see_what_is_public_and_change_nothing() {
    let (ward, mut marie) = centre();
    let mut visitor = Browser::new(&marie.host.clone());
    let mut asked = 0;
    for (path, methods) in routes() {
        if methods.contains(&"get") && !PUBLIC.contains(&path.as_str()) {
            let page = visitor.get(&path);
            let is_login = page.status == 303 && page.header("location").starts_with("/login?next=");
            assert!(
                is_login || matches!(page.status, 400 | 401 | 403 | 404),
                "GET {path}: {} {}",
                page.status,
                page.text
            );
            asked += 1;
        }
        for method in methods.iter().filter(|method| **method != "get") {
            let page = send(&visitor, method, &path, "", "application/x-www-form-urlencoded", "");
            assert!(matches!(page.status, 401 | 403 | 404 | 415), "{method} {path}: {} {}", page.status, page.text);
            asked += 1;
        }
    }
    assert!(asked > 70, "{asked}");
    assert_eq!(marie.get("/account").status, 200);
    drop(ward);
}

/// A request as it is, with the cookies of somebody, and nothing of what our own pages say.
fn send(browser: &Browser, method: &str, path: &str, headers: &str, kind: &str, body: &str) -> Page {
    let jar = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let text = format!(
        "{} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nCookie: {jar}\r\nContent-Type: {kind}\r\n\
         Content-Length: {}\r\n{headers}\r\n{body}",
        method.to_uppercase(),
        browser.host,
        body.len()
    );
    browser.raw(text.as_bytes()).unwrap_or_else(|| panic!("{method} {path}: no answer"))
}

#[test]
fn without_the_mark_of_our_forms_nothing_is_changed() {
    let (_ward, marie) = centre();
    let mut tried = 0;
    for (path, methods) in routes() {
        for method in methods.iter().filter(|method| **method != "get") {
            // As another site would make a browser send it: as a form, as text, as JSON.
            for (kind, body) in [
                ("application/x-www-form-urlencoded", "what=lock&name=x&csrf=0123456789abcdef0123456789abcdef"),
                ("text/plain", "{\"name\":\"x\",\"csrf\":\"\"}"),
                ("application/json", "{}"),
            ] {
                let page = send(&marie, method, &path, "", kind, body);
                assert!(matches!(page.status, 400 | 403 | 404 | 415 | 422), "{method} {path} {kind}: {}", page.status);
                assert_ne!(
                    (page.status, kind),
                    (422, "application/x-www-form-urlencoded"),
                    "{method} {path}: it was read"
                );
                let other = send(&marie, method, &path, "Sec-Fetch-Site: cross-site\r\n", kind, body);
                assert_eq!(other.status, 403, "{method} {path} {kind}");
                tried += 1;
            }
        }
    }
    assert!(tried > 100, "{tried}");
    let mut marie = marie;
    let trail = marie.get("/operator/audit").text;
    assert!(!trail.contains("locked") && marie.get("/account").status == 200);
}

#[test]
fn no_address_breaks_a_page() {
    let (_ward, mut marie) = centre();
    let odd = [
        "%00",
        "%FF%FE",
        "..%2f..%2fetc%2fpasswd",
        "%0d%0aSet-Cookie:%20a=b",
        "-1",
        "99999999999999999999",
        "1_99999999999",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "%E2%80%AE%F0%9F%8C%8A",
        "'%20OR%201=1--",
        "%25n%25s",
        "AAAA".repeat(300).leak(),
    ];
    for (path, methods) in routes() {
        if !methods.contains(&"get") {
            continue;
        }
        for value in odd {
            for path in [
                path.replace("eau", value).replace("/1", &format!("/{value}")),
                format!(
                    "{path}?period={value}&q={value}&page={value}&next={value}&back={value}&after={value}&id={value}&done={value}&year={value}&scene={value}"
                ),
            ] {
                // A stream of a job that there is would not end; there is none.
                let page = marie.get(&path);
                assert!((200..500).contains(&page.status), "{path}: {} {}", page.status, page.text);
                let is_page = page.header("content-type").starts_with("text/html");
                assert!(!is_page || !page.text.contains("<script>alert"), "{path}");
                assert!(
                    page.headers.iter().all(|(name, value)| !(name == "set-cookie" && value.starts_with("a="))),
                    "{path}"
                );
                let location = page.header("location");
                assert!(
                    location.is_empty() || location.starts_with('/') && !location.starts_with("//"),
                    "{path}: {location}"
                );
            }
        }
    }
    assert_eq!(marie.get("/account").status, 200);
}

#[test]
fn bodies_without_an_end_and_readers_without_hunger_hold_nobody_up() {
    let (_ward, mut marie) = centre();
    let jar = format!("algoric_session={}", marie.cookies["algoric_session"]);
    // More than a form can be: hung up on long before it is sent.
    let huge = format!(
        "POST /account/profile HTTP/1.1\r\nHost: x\r\nCookie: {jar}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 1000000000000\r\n\r\n"
    );
    let mut stream = TcpStream::connect(&marie.host).unwrap();
    stream.write_all(huge.as_bytes()).unwrap();
    let begun = Instant::now();
    let mut sent = 0_u64;
    while stream.write_all(&[b'a'; 65536]).is_ok() && begun.elapsed() < Duration::from_secs(20) {
        sent += 65536;
    }
    assert!(sent < 64 << 20, "{sent}");
    // Somebody asks for pages and takes none; meanwhile all others get theirs.
    let mut greedy: Vec<TcpStream> = Vec::new();
    for _ in 0..50 {
        let mut one = TcpStream::connect(&marie.host).unwrap();
        one.set_nonblocking(true).unwrap();
        let ask = format!("GET /style HTTP/1.1\r\nHost: x\r\nCookie: {jar}\r\n\r\n").repeat(400);
        one.write_all(ask.as_bytes()).ok();
        greedy.push(one);
    }
    let begun = Instant::now();
    for _ in 0..20 {
        assert_eq!(marie.get("/account").status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let mut byte = [0; 1];
    greedy[0].set_nonblocking(false).unwrap();
    greedy[0].set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(greedy[0].read(&mut byte).unwrap_or(0), 1, "it was answered as far as it took");
}

#[test]
fn a_session_that_somebody_else_chose_is_none() {
    let (_ward, mut marie) = centre();
    let chosen = "0123456789abcdef".repeat(4);
    let mut victim = Browser::new(&marie.host);
    victim.cookies.insert("algoric_session".to_owned(), chosen.clone());
    victim.cookies.insert("algoric_visitor".to_owned(), chosen.clone());
    assert_eq!(victim.fill("/login", "/login", &[("login", "marie"), ("password", PASSWORD)]).status, 303);
    assert_ne!(victim.cookies["algoric_session"], chosen);
    let mut attacker = Browser::new(&marie.host);
    attacker.cookies.insert("algoric_session".to_owned(), chosen);
    assert_eq!(attacker.get("/account").status, 303);
    // Nor does a link lead elsewhere after it.
    for next in ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aX:y", "javascript:alert(1)"] {
        let fields = [("login", "marie"), ("password", PASSWORD), ("next", next)];
        let mut browser = Browser::new(&marie.host);
        let page = browser.fill("/login", "/login", &fields);
        let location = page.header("location").to_owned();
        assert!(location.starts_with('/') && !location[1..].starts_with(['/', '\\']), "{next}: {location}");
    }
    assert_eq!(marie.get("/account").status, 200);
}

/// One member's job, seen by another one.
#[test]
fn what_is_a_members_is_nobody_elses() {
    if !nix::unistd::geteuid().is_root() || !Path::new("/usr/sbin/useradd").exists() {
        return;
    }
    // The system's list of users is a copy that only this centre sees.
    let mut ward = Ward::new("");
    let (etc, home) = (ward.path("etc"), ward.path("home"));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&etc).unwrap();
    let can = Command::new("unshare").args(["--mount", "mount", "--bind"]).arg(&etc).arg("/mnt").status();
    if !can.is_ok_and(|status| status.success()) {
        eprintln!("NOT RUN: this machine allows no mounts");
        return;
    }
    let script = format!(
        "cp -a /etc/. {etc} && mount --bind {etc} /etc && mount --bind {home} /home && exec {EXE} \"$@\"",
        etc = etc.display(),
        home = home.display()
    );
    ward.start_by(&["unshare", "--mount", "sh", "-c", &script, "sh"]);
    let mut marie = operator(&ward);
    let url = format!("http://{}/", marie.host);
    let mut member = |login: &str| {
        let csrf = marie.get("/operator/members").csrf();
        let made = marie.post("/operator/invite", &csrf, &[("days", "7")]);
        let link = made.text.split(['<', '>']).find(|text| text.contains("/invite/")).unwrap().to_owned();
        let browser = comes(&url, &link, login);
        let page = marie.get("/operator/members");
        let (before, _) = page.text.split_once(&format!("<span class=\"soft\">{login}</span>")).unwrap();
        let id = before.rsplit("id=\"m").next().unwrap().split('"').next().unwrap().to_owned();
        let fields = [("what", "make"), ("account", login)];
        assert_eq!(marie.post(&format!("/operator/members/{id}"), &page.csrf(), &fields).status, 303);
        browser
    };
    let (mut yann, mut zoe) = (member("yann"), member("zoe"));
    let csrf = yann.get("/jobs/new/script").csrf();
    let text = "#!/bin/sh\n#SBATCH -J plan\n#SBATCH -t 5\necho the-secret-of-yann\nsleep 60\n";
    let made = yann.post("/jobs/new/script", &csrf, &[("app", "script"), ("do", "submit"), ("script", text)]);
    assert_eq!(made.status, 303, "{}", made.text);
    let job = made.header("location").trim_start_matches("/jobs/").split('?').next().unwrap().to_owned();
    until("its output is on its page", || yann.get(&format!("/jobs/{job}")).text.contains("the-secret-of-yann"));
    assert!(yann.get(&format!("/jobs/{job}/script")).text.contains("the-secret-of-yann"));
    let csrf = zoe.get("/account").csrf();
    for path in ["", "/script", "/output", "/national"] {
        let page = zoe.get(&format!("/jobs/{job}{path}"));
        assert!(!page.text.contains("the-secret-of-yann"), "{path}: {}", page.text);
        assert!(path.is_empty() || matches!(page.status, 403 | 404), "{path}: {}", page.status);
    }
    for path in ["", "/tasks", "/why", "/history", "/output"] {
        let page = zoe.get(&format!("/api/v1/jobs/{job}{path}"));
        assert!(!page.text.contains("the-secret-of-yann"), "{path}: {}", page.text);
    }
    for what in ["cancel", "hold", "release", "requeue", "resubmit"] {
        let done = zoe.post(&format!("/jobs/{job}/act"), &csrf, &[("what", what), ("do", what)]);
        assert!((400..500).contains(&done.status), "{what}: {} {}", done.status, done.text);
    }
    let mark = format!("x-csrf: {csrf}\r\n");
    for what in ["cancel", "hold", "release"] {
        let done = send(&zoe, "post", &format!("/api/v1/jobs/{job}/{what}"), &mark, "application/json", "{}");
        assert!((400..500).contains(&done.status), "{what}: {} {}", done.status, done.text);
    }
    assert!(yann.get(&format!("/jobs/{job}")).text.contains("badge-running"), "it runs as if nobody had tried");
    // Each has their own home, whatever a path says, and nobody comes into the other's.
    assert!(yann.get("/files/at/home/jobs").text.contains("plan"));
    for path in [
        "/files/at/home/jobs",
        "/files/at/home/..%2fyann",
        "/files/at/machine/home/yann",
        "/files/raw/machine/home/yann/jobs",
    ] {
        let page = zoe.get(path);
        assert!(matches!(page.status, 400 | 403 | 404), "{path}: {} {}", page.status, page.text);
    }
    let csrf = yann.get(&format!("/jobs/{job}")).csrf();
    assert_eq!(yann.post(&format!("/jobs/{job}/act"), &csrf, &[("what", "cancel"), ("do", "cancel")]).status, 303);
}
