//! Files in the browser, through the whole chain: pages, web process, a process of the member's own. What hostile paths,
//! archives and races do is `drivers`' affair; here it is who sees what, and what a browser is told.

use std::{
    fs,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    os::unix::fs::{PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::{
    browser_like::Browser,
    ward::{EXE, Ward, until},
};

const PASSWORD: &str = "marée haute à 14 h";

/// A centre of somebody's own, whose home is ours to look at.
struct Desk {
    ward: Ward,
    browser: Browser,
    home: PathBuf,
    csrf: String,
}

impl Desk {
    fn new() -> Self {
        let mut ward = Ward::new("");
        let home = ward.path("home");
        fs::create_dir(&home).unwrap();
        let variable = format!("HOME={}", home.display());
        if nix::unistd::geteuid().is_root() {
            for path in [ward.data(), ward.data().join("config.toml"), home.clone()] {
                chown(&path, Some(1), Some(1)).unwrap();
            }
            ward.start_by(&["setpriv", "--reuid=1", "--regid=1", "--clear-groups", "env", &variable, EXE]);
        } else {
            ward.start_by(&["env", &variable, EXE]);
        }
        let mut browser = Browser::new(&url(&ward));
        let link = first_link(&ward);
        join(&mut browser, &link, "marie");
        let mut desk = Self { ward, browser, home, csrf: String::new() };
        let page = desk.browser.get("/files/at/home");
        assert_eq!(page.status, 200, "{}", page.text);
        desk.csrf = page.csrf();
        desk
    }

    /// Sends a request as it is; the head and the body, byte by byte.
    fn fetch(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> (String, Vec<u8>) {
        let mut stream = self.begin(method, path, headers, body.len());
        stream.write_all(body).ok();
        finish(stream)
    }

    fn begin(&self, method: &str, path: &str, headers: &str, length: usize) -> TcpStream {
        let mut stream = TcpStream::connect(&self.browser.host).unwrap();
        let jar: Vec<String> = self.browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        // The older protocol: an answer ends with the connection, and is not cut into pieces.
        let head = format!(
            "{method} {path} HTTP/1.0\r\nHost: {}\r\nAccept-Language: en\r\nCookie: {}\r\nContent-Length: {length}\r\n{headers}\r\n",
            self.browser.host,
            jar.join("; ")
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    }

    /// A form that does something in a folder.
    fn act(&mut self, place: &str, fields: &[(&str, &str)]) -> String {
        let csrf = self.csrf.clone();
        let page = self.browser.post(&format!("/files/do/{place}"), &csrf, fields);
        if page.status == 303 { page.header("location").to_owned() } else { format!("{} {}", page.status, page.text) }
    }
}

fn finish(mut stream: TcpStream) -> (String, Vec<u8>) {
    let mut all = Vec::new();
    stream.read_to_end(&mut all).unwrap();
    let end = all.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&all[..end]).to_lowercase(), all[end + 4..].to_vec())
}

fn url(ward: &Ward) -> String {
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    let line = log.lines().rfind(|line| line.starts_with("The centre is up: ")).unwrap();
    let url = line.split_whitespace().nth(4).unwrap().to_owned();
    until("pages", || TcpStream::connect(url.trim_start_matches("http://").trim_end_matches('/')).is_ok());
    url
}

fn path_of(link: &str) -> String {
    format!("/{}", link.trim().splitn(4, '/').nth(3).unwrap())
}

fn first_link(ward: &Ward) -> String {
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    path_of(log.split_whitespace().rfind(|word| word.contains("/first/")).unwrap())
}

fn join(browser: &mut Browser, link: &str, login: &str) {
    let fields = [("login", login), ("name", login), ("email", ""), ("password", PASSWORD), ("again", PASSWORD)];
    assert_eq!(browser.fill(link, link, &fields).status, 303);
}

fn noise(length: u32) -> Vec<u8> {
    (0..length).map(|number| (number.wrapping_mul(2_654_435_761) >> 11) as u8).collect()
}

#[test]
fn a_file_comes_is_seen_changed_fetched_and_thrown_away() {
    let mut desk = Desk::new();
    let page = desk.browser.get("/files");
    assert_eq!((page.status, page.header("location")), (303, "/files/at/home"));
    assert!(desk.browser.get("/files/at/home").text.contains("This folder is empty."));
    desk.browser.cookies.insert("algoric_lang".to_owned(), "fr".to_owned());
    assert!(desk.browser.get("/files/at/home").text.contains("Ce dossier est vide."));
    desk.browser.cookies.remove("algoric_lang");
    // By a form, without scripts.
    let form = |csrf: &str| {
        let part = |head: &str, body: &str| format!("--x\r\nContent-Disposition: form-data; {head}\r\n\r\n{body}\r\n");
        part("name=\"csrf\"", csrf)
            + &part("name=\"file\"; filename=\"run.sh\"", "#!/bin/sh\necho <b>one</b>\n")
            + &part("name=\"file\"; filename=\"page.html\"", "<script>alert(1)</script>")
            + "--x--\r\n"
    };
    let multipart = "Content-Type: multipart/form-data; boundary=x\r\nSec-Fetch-Site: same-origin\r\n";
    let (head, _) = desk.fetch("POST", "/files/send/home", multipart, form("wrong").as_bytes());
    assert!(head.starts_with("http/1.0 403") && !desk.home.join("run.sh").exists(), "{head}");
    let (head, _) = desk.fetch("POST", "/files/send/home", multipart, form(&desk.csrf).as_bytes());
    assert!(head.contains("location: /files/at/home?done=sent"), "{head}");
    assert_eq!(fs::read_to_string(desk.home.join("run.sh")).unwrap(), "#!/bin/sh\necho <b>one</b>\n");
    let (head, body) = desk.fetch("POST", "/files/send/home", multipart, form(&desk.csrf).as_bytes());
    let body = String::from_utf8_lossy(&body).into_owned();
    assert!(head.starts_with("http/1.0 409") && body.contains("something of that name already"), "{head} {body}");
    // Seen; markup is text, and nothing of a member's runs in a browser.
    let page = desk.browser.get("/files/view/home/run.sh");
    assert!(page.text.contains("echo &#60;b&#62;one") && page.text.len() < 60_000, "{}", page.text);
    let raw = desk.browser.get("/files/raw/home/page.html");
    assert_eq!(raw.header("content-type"), "text/plain; charset=utf-8");
    assert!(raw.header("content-security-policy").starts_with("sandbox"), "{:?}", raw.headers);
    assert_eq!(raw.header("x-content-type-options"), "nosniff");
    // Changed, but only over what was read.
    let page = desk.browser.get("/files/edit/home/run.sh");
    let stamp = page.between("name=\"stamp\" value=\"", "\"");
    let csrf = desk.csrf.clone();
    let fields = [("stamp", stamp.as_str()), ("text", "#!/bin/sh\r\necho two\r\n")];
    let saved = desk.browser.post("/files/edit/home/run.sh", &csrf, &fields);
    assert_eq!(saved.header("location"), "/files/view/home/run.sh?done=saved", "{}", saved.text);
    assert_eq!(fs::read_to_string(desk.home.join("run.sh")).unwrap(), "#!/bin/sh\necho two\n");
    let late = desk.browser.post("/files/edit/home/run.sh", &csrf, &fields);
    assert_eq!(late.status, 409);
    assert!(late.text.contains("nothing was saved") && late.text.contains("echo two"), "{}", late.text);
    // A folder, another name, the bin and back.
    assert_eq!(
        desk.act("home", &[("what", "folder"), ("name", "results & more")]),
        "/files/at/home/results%20%26%20more?done=files-folder"
    );
    assert_eq!(
        desk.act("home/run.sh", &[("what", "rename"), ("name", "results & more/run.sh")]),
        "/files/at/home/results%20%26%20more?done=files-renamed"
    );
    let wrong = desk.act("home/page.html", &[("what", "rename"), ("name", "../up")]);
    assert!(wrong.starts_with("400"), "{wrong}");
    assert_eq!(
        desk.act("home", &[("what", "discard-some"), ("item-1", "page.html")]),
        "/files/at/home?done=files-discarded"
    );
    let bin = desk.browser.get("/files/bin");
    assert!(bin.text.contains("page.html"), "{}", bin.text);
    let fields = [("what", "restore"), ("root", "home"), ("id", "page.html")];
    assert_eq!(
        desk.browser.post("/files/bin", &csrf, &fields).header("location"),
        "/files/at/home?done=files-restored"
    );
    assert!(desk.home.join("page.html").exists());
    desk.act("home/page.html", &[("what", "discard")]);
    assert_eq!(
        desk.browser.post("/files/bin", &csrf, &[("what", "empty")]).header("location"),
        "/files/bin?done=files-emptied"
    );
    assert!(desk.browser.get("/files/bin").text.contains("The bin is empty."));
    // What cannot be is said in words, and other sites' forms do nothing.
    for (path, status) in [
        ("/files/at/home/none", 404),
        ("/files/at/home/%2e%2e", 404),
        ("/files/at/machine/etc", 404),
        ("/files/view/home/%00", 404),
    ] {
        assert_eq!(desk.browser.get(path).status, status, "{path}");
    }
    let page = desk.browser.post("/files/do/home", "wrong", &[("what", "folder"), ("name", "x")]);
    assert_eq!((page.status, desk.home.join("x").exists()), (403, false));
    // Visitors log in first.
    let page = Browser::new(&format!("http://{}/", desk.browser.host)).get("/files/at/home");
    assert_eq!((page.status, page.header("location")), (303, "/login?next=/files/at/home"));
}

#[test]
fn great_files_come_in_parts_and_go_in_ranges() {
    let mut desk = Desk::new();
    let content = noise(20_000_000);
    let base = "/files/part/home/great.bin?key=00000000000000aa";
    let own = format!("x-csrf: {}\r\nSec-Fetch-Site: same-origin\r\n", desk.csrf);
    let told = |(_, body): (String, Vec<u8>)| -> serde_json::Value { serde_json::from_slice(&body).unwrap() };
    assert_eq!(told(desk.fetch("GET", base, "", b""))["done"], 0);
    let (head, _) = desk.fetch("POST", &format!("{base}&offset=0"), "", b"x");
    assert!(head.starts_with("http/1.0 403"), "{head}");
    // The connection breaks half way; what came is kept.
    let mut stream = desk.begin("POST", &format!("{base}&offset=0"), &own, content.len());
    stream.write_all(&content[..7_000_000]).unwrap();
    stream.shutdown(Shutdown::Both).unwrap();
    drop(stream);
    let done = || told(desk.fetch("GET", base, "", b""))["done"].as_u64().unwrap();
    until("what came is kept", || {
        let before = done();
        std::thread::sleep(std::time::Duration::from_millis(200));
        before > 0 && before == done()
    });
    let at = done() as usize;
    assert!((1_000_000..=7_000_000).contains(&at), "{at}");
    assert!(!desk.home.join("great.bin").exists());
    // Also when the member's process is killed: the next one goes on.
    kill_servants(&desk.ward);
    let reply = told(desk.fetch("POST", &format!("{base}&offset={at}"), &own, &content[at..]));
    let reply = if reply["code"] == "again" {
        told(desk.fetch("POST", &format!("{base}&offset={at}"), &own, &content[at..]))
    } else {
        reply
    };
    assert_eq!(reply["done"], content.len(), "{reply}");
    let wrong = told(desk.fetch("POST", &format!("{base}&offset=5"), &own, b"x"));
    assert_eq!((wrong["code"].as_str(), wrong["done"].as_u64()), (Some("elsewhere"), Some(content.len() as u64)));
    let end = told(desk.fetch("POST", &format!("{base}&size={}", content.len()), &own, b""));
    assert_eq!(end["finished"], true, "{end}");
    assert!(fs::read(desk.home.join("great.bin")).unwrap() == content);
    // And back, whole and in part.
    let (head, body) = desk.fetch("GET", "/files/get/home/great.bin", "", b"");
    assert!(head.contains("content-disposition: attachment; filename=\"great.bin\"") && body == content, "{head}");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    for (wanted, from, to) in [("0-9", 0, 10), ("19999990-", 19_999_990, 20_000_000), ("-5", 19_999_995, 20_000_000)] {
        let (head, body) = desk.fetch(
            "GET",
            "/files/get/home/great.bin",
            &format!("Range: bytes={wanted}\r\nIf-Range: {tag}\r\n"),
            b"",
        );
        assert!(
            head.starts_with("http/1.0 206")
                && head.contains(&format!("content-range: bytes {from}-{}/20000000", to - 1)),
            "{head}"
        );
        assert!(body == content[from..to]);
    }
    let (head, _) = desk.fetch("GET", "/files/get/home/great.bin", "Range: bytes=20000000-\r\n", b"");
    assert!(head.starts_with("http/1.0 416"), "{head}");
    let (head, body) =
        desk.fetch("GET", "/files/get/home/great.bin", "Range: bytes=0-9\r\nIf-Range: \"other\"\r\n", b"");
    assert!(head.starts_with("http/1.0 200") && body.len() == content.len());
    // A folder as an archive, and unpacked again.
    fs::create_dir_all(desk.home.join("tree/inner")).unwrap();
    fs::write(desk.home.join("tree/inner/é.txt"), "text").unwrap();
    fs::write(desk.home.join("tree/noise"), &content[..3_000_000]).unwrap();
    allow(&desk.home.join("tree"));
    for (form, name) in [("zip", "a.zip"), ("tgz", "a.tar.gz")] {
        let (head, body) = desk.fetch("GET", &format!("/files/pack/home/tree?form={form}"), "", b"");
        assert!(head.starts_with("http/1.0 200"), "{head}");
        fs::write(desk.home.join(name), body).unwrap();
        let into = desk.act(&format!("home/{name}"), &[("what", "unpack")]);
        let folder = into.trim_start_matches("/files/at/home/").split('?').next().unwrap().to_owned();
        assert!(fs::read(desk.home.join(&folder).join("tree/noise")).unwrap() == content[..3_000_000], "{into}");
        assert_eq!(fs::read_to_string(desk.home.join(&folder).join("tree/inner/é.txt")).unwrap(), "text");
    }
    fs::write(desk.home.join("no.zip"), "no archive").unwrap();
    let said = desk.act("home/no.zip", &[("what", "unpack")]);
    assert!(said.starts_with("422") && said.contains("The archive cannot be read"), "{said}");
}

/// What root made for the test belongs to who serves.
fn allow(path: &Path) {
    if nix::unistd::geteuid().is_root() {
        Command::new("chown").args(["-R", "1:1"]).arg(path).status().unwrap();
    }
}

/// Kills the processes that serve files: with no job about, the launcher has no other children.
fn kill_servants(ward: &Ward) {
    let (_, launcher, _) = ward.status().unwrap();
    let children = fs::read_to_string(format!("/proc/{launcher}/task/{launcher}/children")).unwrap();
    let pids: Vec<i32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
    assert_eq!(pids.len(), 1, "one for each member");
    kill(Pid::from_raw(pids[0]), Signal::SIGKILL).unwrap();
}

#[test]
fn a_folder_of_many_is_still_a_page() {
    let mut desk = Desk::new();
    for number in 0..100_000 {
        fs::File::create(desk.home.join(format!("sample-{number}.dat"))).unwrap();
    }
    desk.browser.get("/files/at/home");
    let begun = Instant::now();
    let page = desk.browser.get("/files/at/home?page=700");
    eprintln!("page 700 of 100 000 names: {:?}, {} bytes", begun.elapsed(), page.text.len());
    assert!(page.text.contains("sample-69999.dat") && page.text.contains("page 700 of 1000"), "{}", page.text);
    assert!(page.text.len() < 80_000, "{}", page.text.len());
    let page = desk.browser.get("/files/at/home?q=4242&sort=size&desc=1");
    assert!(page.text.contains("sample-42420.dat") && !page.text.contains("sample-1.dat"));
}

/// `ALGORIC_MEASURE=1 cargo nextest run -p algoric --release a_gibibyte --no-capture`: what docs/benchmarks.md has.
#[test]
fn a_gibibyte_there_and_back() {
    if std::env::var_os("ALGORIC_MEASURE").is_none() {
        eprintln!("NOT RUN: a measurement, which writes 5 GiB; ALGORIC_MEASURE=1 wants it");
        return;
    }
    const WHOLE: u64 = 1 << 30;
    const PART: usize = 8 << 20;
    let desk = Desk::new();
    let (source, copy, back) = (desk.ward.path("source"), desk.ward.path("copy"), desk.ward.path("back"));
    let part = noise(PART as u32);
    let mut file = fs::File::create(&source).unwrap();
    (0..WHOLE / PART as u64).for_each(|_| file.write_all(&part).unwrap());
    file.sync_all().unwrap();
    let own = format!("x-csrf: {}\r\n", desk.csrf);
    for turn in 0..3 {
        let begun = Instant::now();
        fs::copy(&source, &copy).unwrap();
        fs::File::open(&copy).unwrap().sync_all().unwrap();
        let copied = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let base = format!("/files/part/home/up.bin?key={turn:016x}");
        for offset in (0..WHOLE).step_by(PART) {
            let (head, _) = desk.fetch("POST", &format!("{base}&offset={offset}"), &own, &part);
            assert!(head.starts_with("http/1.0 200"), "{head}");
        }
        let (_, end) = desk.fetch("POST", &format!("{base}&size={WHOLE}&replace=1"), &own, b"");
        assert!(String::from_utf8_lossy(&end).contains("\"finished\":true"));
        let up = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        let mut stream = desk.begin("GET", "/files/get/home/up.bin", "", 0);
        let got = std::io::copy(&mut stream, &mut fs::File::create(&back).unwrap()).unwrap();
        assert!(got > WHOLE);
        fs::File::open(&back).unwrap().sync_all().unwrap();
        let down = begun.elapsed().as_secs_f64();
        eprintln!(
            "copied in {copied:.2} s; sent in {up:.2} s ({:.2}), fetched in {down:.2} s ({:.2})",
            up / copied,
            down / copied
        );
    }
}

/// Started by root: each member's files are touched as that member.
#[test]
fn nobody_reads_what_is_anothers() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let mut ward = Ward::new("[files]\nfolders = [\"/home/shared/{user}\", \"/home/shared\"]\n");
    let (etc, home) = (ward.path("etc"), ward.path("home"));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&etc).unwrap();
    let can = Command::new("unshare").args(["--mount", "mount", "--bind"]).arg(&etc).arg("/mnt").status();
    if !can.is_ok_and(|status| status.success()) {
        return;
    }
    let script = format!(
        "cp -a /etc/. {etc} && echo 'anne:x:20001:20001::/home/anne:/bin/sh\nbobine:x:20002:20002::/home/bobine:/bin/sh' >> {etc}/passwd \
         && mount --bind {etc} /etc && mount --bind {home} /home && exec {EXE} \"$@\"",
        etc = etc.display(),
        home = home.display()
    );
    for (name, uid) in [("anne", 20_001), ("bobine", 20_002)] {
        fs::create_dir(home.join(name)).unwrap();
        fs::write(home.join(name).join("secret"), format!("{name}'s")).unwrap();
        fs::set_permissions(home.join(name).join("secret"), fs::Permissions::from_mode(0o600)).unwrap();
        chown(home.join(name).join("secret"), Some(uid), Some(uid)).unwrap();
        chown(home.join(name), Some(uid), Some(uid)).unwrap();
    }
    fs::create_dir_all(home.join("shared/anne")).unwrap();
    fs::write(home.join("shared/anne/theirs"), "shared").unwrap();
    std::os::unix::fs::symlink("../bobine/secret", home.join("anne/way")).unwrap();
    ward.start_by(&["unshare", "--mount", "sh", "-c", &script, "sh"]);
    let url = url(&ward);
    let mut marie = Browser::new(&url);
    join(&mut marie, &first_link(&ward), "marie");
    let mut members = Vec::new();
    for name in ["anne", "bobine", "carol"] {
        let out = Command::new(EXE).args(["member", "invite", "--data"]).arg(ward.data()).output().unwrap();
        let mut browser = Browser::new(&url);
        join(&mut browser, &path_of(&String::from_utf8_lossy(&out.stdout)), name);
        if name != "carol" {
            let page = marie.get("/operator/members");
            let (before, _) = page.text.split_once(&format!("<span class=\"soft\">{name}</span>")).unwrap();
            let id = before.rsplit("id=\"m").next().unwrap().split('"').next().unwrap().to_owned();
            let csrf = page.csrf();
            let linked = marie.post(&format!("/operator/members/{id}"), &csrf, &[("what", "link"), ("account", name)]);
            assert_eq!(linked.status, 303, "{}", linked.text);
        }
        members.push(browser);
    }
    let [anne, bob, carol] = &mut members[..] else { panic!() };
    assert_eq!(anne.get("/files/raw/home/secret").status, 200);
    assert_eq!(anne.get("/files/get/home/secret").text, "anne's");
    assert_eq!(bob.get("/files/get/home/secret").text, "bobine's");
    // Neither by a link, nor by a shared folder that leads there, nor by writing.
    assert_eq!(anne.get("/files/get/home/way").status, 403);
    let page = anne.get("/files/at/home");
    assert!(page.text.contains("/files/at/shared0\"") && page.text.contains("/files/at/shared1\""), "{}", page.text);
    assert_eq!(anne.get("/files/get/shared0/theirs").text, "shared");
    let csrf = page.csrf();
    let refused = anne.post("/files/do/shared0/theirs", &csrf, &[("what", "discard")]);
    assert!(
        refused.status == 403 && refused.text.contains("The rights of this file do not allow it"),
        "{}",
        refused.text
    );
    // Bob's own folder of that kind is not there, so it is not shown, and keeps its number.
    let page = bob.get("/files/at/home");
    assert!(!page.text.contains("/files/at/shared0\"") && page.text.contains("/files/at/shared1\""), "{}", page.text);
    // Who has no account sees why.
    for browser in [carol, &mut marie] {
        let page = browser.get("/files");
        assert!(page.status == 200 && page.text.contains("You have no files here yet."), "{}", page.text);
        assert!(browser.get("/files/at/home").text.contains("You have no files here yet."));
    }
    // What was made belongs to the member.
    let csrf = anne.get("/files/at/home").csrf();
    assert_eq!(anne.post("/files/do/home", &csrf, &[("what", "folder"), ("name", "new")]).status, 303);
    let about = fs::metadata(home.join("anne/new")).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&about), 20_001);
}
