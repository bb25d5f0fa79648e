//! A servant for files, asked as the web process asks it. It runs as whoever the test is; that it becomes the member is
//! `users.rs`' affair.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use drivers::local::files::{Order, serve};
use files::{
    ByteRange, CHUNK, Entry, Fault, Form, Frame, Hello, Kind, Listing, Place, Reply, Request, Root, Sort, UploadKey,
};

/// A servant of its own home.
pub struct Home {
    socket: UnixStream,
    _folder: tempfile::TempDir,
    pub path: PathBuf,
    shared: PathBuf,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("algoric-files").tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        let (path, shared) = (root.join("home"), root.join("shared"));
        fs::create_dir(&path).unwrap();
        fs::create_dir(&shared).unwrap();
        fs::write(root.join("outside"), "theirs").unwrap();
        let socket = connect(&path, &shared);
        Self { socket, _folder: folder, path, shared }
    }

    /// The connection breaks; a new servant comes.
    fn again(&mut self) {
        self.socket = connect(&self.path, &self.shared);
    }

    fn ask(&mut self, request: &Request) -> Reply {
        self.ask_with(request, &[]).0
    }

    fn ask_with(&mut self, request: &Request, body: &[u8]) -> (Reply, Vec<u8>) {
        send(&mut self.socket, request, body);
        let (head, body) = receive(&mut self.socket);
        (files::decode(&head).unwrap(), body)
    }

    fn list(&mut self, path: &str, sort: Sort) -> Listing {
        match self.ask(&list(path, sort)) {
            Reply::Listing(listing) => listing,
            other => panic!("{other:?}"),
        }
    }

    fn read(&mut self, place: Place, offset: u64) -> Result<Vec<u8>, Fault> {
        let range = ByteRange { offset, length: u64::MAX };
        match self.ask_with(&Request::Read { place, range, only: None }, &[]) {
            (Reply::Data(_), body) => Ok(body),
            (Reply::Fault(fault), _) => Err(fault),
            other => panic!("{other:?}"),
        }
    }

    fn stat(&mut self, path: &str) -> Result<Entry, Fault> {
        match self.ask(&Request::Stat(home(path))) {
            Reply::Entry(entry) => Ok(entry),
            Reply::Fault(fault) => Err(fault),
            other => panic!("{other:?}"),
        }
    }

    fn upload(&mut self, path: &str, offset: u64, bytes: &[u8]) -> Reply {
        self.ask_with(&Request::Upload { place: home(path), key: KEY, offset }, bytes).0
    }

    fn pack(&mut self, path: &str, form: Form, to: &Path) -> (u64, u64) {
        let Reply::Number(number) = self.ask(&Request::Pack { place: home(path), form }) else { panic!() };
        let mut file = fs::File::create(to).unwrap();
        loop {
            match self.ask_with(&Request::PackMore(number), &[]) {
                (Reply::Packed(packed), body) => {
                    file.write_all(&body).unwrap();
                    if packed.end {
                        return (packed.entries, packed.left_out);
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    fn unpack(&mut self, path: &str) -> Result<files::Unpacked, Fault> {
        let number = match self.ask(&Request::Unpack(home(path))) {
            Reply::Number(number) => number,
            Reply::Fault(fault) => return Err(fault),
            other => panic!("{other:?}"),
        };
        loop {
            match self.ask(&Request::UnpackMore(number)) {
                Reply::Unpacked(unpacked) if unpacked.end => return Ok(unpacked),
                Reply::Unpacked(_) => {}
                Reply::Fault(fault) => return Err(fault),
                other => panic!("{other:?}"),
            }
        }
    }
}

const KEY: UploadKey = UploadKey(7);

fn home(path: &str) -> Place {
    Place::new(Root::Home, path).unwrap()
}

fn list(path: &str, sort: Sort) -> Request {
    let (place, filter) = (home(path), "".into());
    Request::List { place, from: 0, count: 1000, sort, descending: false, hidden: false, filter }
}

fn connect(path: &Path, shared: &Path) -> UnixStream {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let order = Order {
        uid: nix::unistd::geteuid().as_raw(),
        secret: [3; 32],
        shared: vec![shared.as_os_str().as_bytes().into()],
    };
    let path = path.to_owned();
    std::thread::spawn(move || serve(theirs, &path, &order).unwrap());
    let hello: Hello = files::decode(&receive(&mut ours).0).unwrap();
    assert_eq!((hello.version, hello.secret, hello.roots.len()), (files::VERSION, [3; 32], 2));
    ours
}

pub fn send(socket: &mut UnixStream, request: &Request, body: &[u8]) {
    socket.write_all(&files::encode(request, body.len()).unwrap()).unwrap();
    socket.write_all(body).unwrap();
}

pub fn receive(socket: &mut UnixStream) -> (Vec<u8>, Vec<u8>) {
    let mut prefix = [0; Frame::PREFIX];
    socket.read_exact(&mut prefix).unwrap();
    let frame = Frame::parse(prefix).unwrap();
    let (mut head, mut body) = (vec![0; frame.head], vec![0; frame.body]);
    socket.read_exact(&mut head).unwrap();
    socket.read_exact(&mut body).unwrap();
    (head, body)
}

fn python(script: &str, arguments: &[&Path]) -> String {
    let output = Command::new("python3").arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_folder_page_by_page() {
    let home_ = &mut Home::new();
    for (name, size) in [("b.txt", 30), ("a-10", 20), ("a-9", 10), (".hidden", 1), ("A.txt", 5)] {
        fs::write(home_.path.join(name), vec![b'x'; size]).unwrap();
    }
    fs::create_dir(home_.path.join("zoo")).unwrap();
    let names = |listing: Listing| -> Vec<String> {
        listing.entries.iter().map(|entry| entry.name.lossy().into_owned()).collect()
    };
    assert_eq!(names(home_.list("", Sort::Name)), ["zoo", "a-9", "a-10", "A.txt", "b.txt"]);
    assert_eq!(names(home_.list("", Sort::Size)), ["zoo", "A.txt", "a-9", "a-10", "b.txt"]);
    let request = |from, count, hidden, filter: &str| Request::List {
        place: home(""),
        from,
        count,
        sort: Sort::Name,
        descending: true,
        hidden,
        filter: filter.into(),
    };
    let Reply::Listing(listing) = home_.ask(&request(1, 2, true, "")) else { panic!() };
    assert_eq!((listing.total, listing.hidden, listing.cut), (6, 1, false));
    assert_eq!(names(listing), ["b.txt", "A.txt"]);
    let Reply::Listing(listing) = home_.ask(&request(0, 9, true, "TXT")) else { panic!() };
    assert_eq!(names(listing), ["b.txt", "A.txt"]);
    // What is new is seen at once.
    fs::write(home_.path.join("c.txt"), "").unwrap();
    let Reply::Listing(listing) = home_.ask(&request(0, 9, true, "TXT")) else { panic!() };
    assert_eq!(names(listing), ["c.txt", "b.txt", "A.txt"]);
}

#[test]
fn a_hundred_thousand_entries() {
    let home_ = &mut Home::new();
    for number in 0..100_000 {
        fs::File::create(home_.path.join(format!("sample-{number}.dat"))).unwrap();
    }
    let page = |from| Request::List {
        place: home(""),
        from,
        count: 200,
        sort: Sort::Name,
        descending: false,
        hidden: false,
        filter: "".into(),
    };
    let Reply::Listing(first) = home_.ask(&page(0)) else { panic!() };
    let Reply::Listing(last) = home_.ask(&page(99_800)) else { panic!() };
    assert_eq!((first.total, first.entries.len(), last.entries.len()), (100_000, 200, 200));
    assert_eq!(last.entries[199].name, "sample-99999.dat".into());
}

#[test]
fn names_that_nobody_would_choose() {
    let home_ = &mut Home::new();
    let names: [&[u8]; 6] =
        [b"new\nline", b"<script>alert(1)<script>", b"\xff\xfe", b"a b%20?#&\"'", b"-rf", "été ☂".as_bytes()];
    for name in names {
        let path = home_.path.join(std::ffi::OsStr::from_bytes(name));
        fs::write(&path, name).unwrap();
        let place = Place::from_address(&Place::top(Root::Home).join(name).unwrap().address()).unwrap();
        assert_eq!(home_.read(place.clone(), 0).unwrap(), name);
        let to = Place::top(Root::Home).join(&[name, b"2"].concat()).unwrap();
        assert_eq!(home_.ask(&Request::Rename { from: place, to: to.clone() }), Reply::Done(0));
        assert_eq!(home_.ask(&Request::Discard(to)), Reply::Done(1));
    }
    let Reply::Bin { items, total: 6 } = home_.ask(&Request::Bin { from: 0, count: 10 }) else { panic!() };
    for item in items {
        let Reply::Place(place) = home_.ask(&Request::Restore { root: item.root, id: item.id.clone() }) else {
            panic!()
        };
        assert_eq!(place.path(), item.id.as_bytes());
    }
    assert_eq!(home_.list("", Sort::Name).total, 6);
}

#[test]
fn links_lead_nowhere_outside() {
    let home_ = &mut Home::new();
    symlink("../outside", home_.path.join("up")).unwrap();
    symlink(home_.path.parent().unwrap(), home_.path.join("out")).unwrap();
    fs::create_dir(home_.path.join("folder")).unwrap();
    fs::write(home_.path.join("folder/file"), "mine").unwrap();
    symlink("folder", home_.path.join("near")).unwrap();
    assert_eq!(home_.stat("up").unwrap().kind, Kind::Astray);
    let near = home_.stat("near").unwrap();
    assert_eq!((near.kind, near.link), (Kind::Folder, true));
    assert_eq!(home_.read(home("near/file"), 0).unwrap(), b"mine");
    assert_eq!(home_.read(home("up"), 0), Err(Fault::Outside));
    for request in [
        Request::Stat(home("out/outside")),
        list("out", Sort::Name),
        Request::Upload { place: home("out/new"), key: KEY, offset: 0 },
        Request::UploadEnd { place: home("out/new"), key: KEY, size: 0, replace: true },
        Request::Save { place: home("out/new"), was: None },
        Request::MakeFolder(home("out/new")),
        Request::Rename { from: home("folder/file"), to: home("out/new") },
        Request::Rename { from: home("out/outside"), to: home("mine") },
        Request::Discard(home("out/outside")),
        Request::Pack { place: home("out"), form: Form::Zip },
        Request::Unpack(home("out/outside")),
    ] {
        let reply = home_.ask(&request);
        assert_eq!(reply, Reply::Fault(Fault::Outside), "{request:?}");
    }
    // A place that was made up on the way is checked again.
    let mut bytes = postcard::to_allocvec(&Request::Stat(home("aa/outside"))).unwrap();
    let at = bytes.windows(2).position(|two| two == b"aa").unwrap();
    bytes[at..at + 2].copy_from_slice(b"..");
    let forged: Request = postcard::from_bytes(&bytes).unwrap();
    assert_eq!(home_.ask(&forged), Reply::Fault(Fault::Unfit));
    // Below the machine's root nothing is written.
    let machine = Place::of_machine(home_.path.join("folder/file").as_os_str().as_bytes()).unwrap();
    assert_eq!(home_.read(machine.clone(), 0).unwrap(), b"mine");
    assert_eq!(home_.ask(&Request::Save { place: machine, was: None }), Reply::Fault(Fault::Denied));
    assert_eq!(fs::read_to_string(home_.path.parent().unwrap().join("outside")).unwrap(), "theirs");
}

/// Somebody exchanges a folder for a link out of the home, and back, all the time.
#[test]
fn links_that_race() {
    let home_ = &mut Home::new();
    let path = home_.path.clone();
    fs::create_dir(path.join("real")).unwrap();
    fs::write(path.join("real/outside"), "mine").unwrap();
    symlink("..", path.join("link")).unwrap();
    fs::create_dir(path.join("turn")).unwrap();
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                for from in ["real", "link"] {
                    fs::rename(path.join(from), path.join("turn/now")).unwrap();
                    fs::rename(path.join("turn/now"), path.join("way")).unwrap();
                    std::thread::yield_now();
                    fs::rename(path.join("way"), path.join(from)).unwrap();
                }
            }
        });
        let (mut mine, mut refused) = (0, 0);
        let begun = Instant::now();
        while (mine < 50 || refused < 50) && begun.elapsed() < Duration::from_secs(20) {
            match home_.read(home("way/outside"), 0) {
                Ok(content) if content == b"mine" => mine += 1,
                Ok(other) => panic!("{other:?}"),
                Err(_) => refused += 1,
            }
            home_.upload("way/stolen", 0, b"x");
            home_.ask(&Request::UploadDrop { place: home("way/stolen"), key: KEY });
        }
        stop.store(true, Ordering::Relaxed);
        assert!(mine > 0 && refused > 0, "{mine} {refused}");
    });
    let left: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "{left:?}");
}

#[test]
fn pipes_and_devices_are_not_waited_for() {
    let home_ = &mut Home::new();
    nix::unistd::mkfifo(&home_.path.join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(home_.path.join("socket")).unwrap();
    let mut odd = vec!["pipe", "socket"];
    let (kind, mode) = (nix::sys::stat::SFlag::S_IFCHR, nix::sys::stat::Mode::S_IRWXU);
    if nix::sys::stat::mknod(&home_.path.join("device"), kind, mode, nix::sys::stat::makedev(1, 5)).is_ok() {
        odd.push("device");
    }
    for name in &odd {
        assert_eq!(home_.stat(name).unwrap().kind, Kind::Other);
        assert_eq!(home_.read(home(name), 0), Err(Fault::NotFile));
        assert_eq!(home_.ask(&Request::Unpack(home(name))), Reply::Fault(Fault::NotFile));
    }
    let to = home_.path.parent().unwrap().join("x.zip");
    assert_eq!(home_.pack("", Form::Zip, &to), (1, odd.len() as u64));
    let text =
        python("import sys,zipfile; print(zipfile.ZipFile(sys.argv[1]).read('home/_left-out.txt').decode())", &[&to]);
    assert!(text.contains("home/pipe\n") && text.contains(&format!("{} in all", odd.len())), "{text}");
}

#[test]
fn a_tebibyte_of_nothing() {
    let home_ = &mut Home::new();
    let file = fs::File::create(home_.path.join("sparse")).unwrap();
    file.set_len(1 << 40).unwrap();
    file.write_all_at(b"end", (1 << 40) - 3).unwrap();
    assert_eq!(home_.stat("sparse").unwrap().size, 1 << 40);
    assert_eq!(home_.read(home("sparse"), (1 << 40) - 3).unwrap(), b"end");
    assert_eq!(home_.read(home("sparse"), 1 << 39).unwrap().len(), CHUNK);
    assert_eq!(home_.read(home("sparse"), u64::MAX).unwrap(), b"");
}

#[test]
fn an_upload_goes_on_where_it_broke() {
    let home_ = &mut Home::new();
    let content: Vec<u8> = (0..3 * CHUNK as u32 + 5).map(|number| (number / 7) as u8).collect();
    let (first, rest) = content.split_at(CHUNK);
    assert_eq!(home_.ask(&Request::UploadState { place: home("f"), key: KEY }), Reply::Done(0));
    assert_eq!(home_.upload("f", 0, first), Reply::Done(CHUNK as u64));
    // Broken in the middle of a frame: nothing of it counts.
    let head = files::encode(&Request::Upload { place: home("f"), key: KEY, offset: CHUNK as u64 }, CHUNK).unwrap();
    home_.socket.write_all(&head).unwrap();
    home_.socket.write_all(&rest[..100]).unwrap();
    home_.again();
    let Reply::Done(done) = home_.ask(&Request::UploadState { place: home("f"), key: KEY }) else { panic!() };
    assert_eq!(done, CHUNK as u64);
    // Another upload to the same name is another.
    assert_eq!(home_.ask(&Request::UploadState { place: home("f"), key: UploadKey(8) }), Reply::Done(0));
    // Neither twice nor with a gap.
    assert_eq!(home_.upload("f", 0, first), Reply::Fault(Fault::Elsewhere { done }));
    assert_eq!(home_.upload("f", done + 1, first), Reply::Fault(Fault::Elsewhere { done }));
    let end = |size, replace| Request::UploadEnd { place: home("f"), key: KEY, size, replace };
    assert_eq!(home_.ask(&end(content.len() as u64, false)), Reply::Fault(Fault::Elsewhere { done }));
    assert!(!home_.path.join("f").exists());
    for part in rest.chunks(CHUNK) {
        let Reply::Done(done) = home_.ask(&Request::UploadState { place: home("f"), key: KEY }) else { panic!() };
        assert!(matches!(home_.upload("f", done, part), Reply::Done(_)));
    }
    fs::write(home_.path.join("f"), "old").unwrap();
    fs::set_permissions(home_.path.join("f"), fs::Permissions::from_mode(0o640)).unwrap();
    assert_eq!(home_.ask(&end(content.len() as u64, false)), Reply::Fault(Fault::Exists));
    let Reply::Entry(entry) = home_.ask(&end(content.len() as u64, true)) else { panic!() };
    assert_eq!((entry.size, entry.mode), (content.len() as u64, 0o640));
    assert!(fs::read(home_.path.join("f")).unwrap() == content);
    assert_eq!(fs::read_dir(&home_.path).unwrap().count(), 1, "nothing is left over");
    // An empty file, and one that is given up.
    let Reply::Entry(_) = home_.ask(&Request::UploadEnd { place: home("e"), key: KEY, size: 0, replace: false }) else {
        panic!()
    };
    home_.upload("g", 0, b"x");
    assert_eq!(home_.ask(&Request::UploadDrop { place: home("g"), key: KEY }), Reply::Done(0));
    assert_eq!(home_.list("", Sort::Name).total, 2);
    assert_eq!(fs::read_dir(&home_.path).unwrap().count(), 2);
}

#[test]
fn a_text_is_saved_only_over_what_was_read() {
    let home_ = &mut Home::new();
    let save = |was| Request::Save { place: home("script.sh"), was };
    let (Reply::Entry(first), _) = home_.ask_with(&save(None), b"one") else { panic!() };
    assert_eq!(home_.ask_with(&save(None), b"two").0, Reply::Fault(Fault::Exists));
    fs::set_permissions(home_.path.join("script.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    let (Reply::Entry(second), _) = home_.ask_with(&save(Some(first.stamp())), b"two") else { panic!() };
    assert_eq!(second.mode, 0o755);
    assert_eq!(home_.ask_with(&save(Some(first.stamp())), b"three").0, Reply::Fault(Fault::Changed));
    assert_eq!(fs::read_to_string(home_.path.join("script.sh")).unwrap(), "two");
    symlink("script.sh", home_.path.join("link")).unwrap();
    let link = home_.stat("link").unwrap();
    let request = Request::Save { place: home("link"), was: Some(link.stamp()) };
    assert_eq!(home_.ask_with(&request, b"x").0, Reply::Fault(Fault::Outside));
    assert_eq!(fs::read_dir(&home_.path).unwrap().count(), 2);
}

#[test]
fn the_bin_is_the_desktops() {
    let home_ = &mut Home::new();
    fs::create_dir_all(home_.path.join("work/deep")).unwrap();
    fs::write(home_.path.join("work/deep/é x"), "1").unwrap();
    assert_eq!(home_.ask(&Request::Discard(home("work/deep/é x"))), Reply::Done(1));
    fs::write(home_.path.join("work/deep/é x"), "2").unwrap();
    assert_eq!(home_.ask(&Request::Discard(home("work/deep/é x"))), Reply::Done(1));
    let bin = home_.path.join(".local/share/Trash");
    assert_eq!(fs::read_to_string(bin.join("files/é x")).unwrap(), "1");
    assert_eq!(fs::read_to_string(bin.join("files/é x.2")).unwrap(), "2");
    let note = fs::read_to_string(bin.join("info/é x.trashinfo")).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[0], "[Trash Info]");
    assert_eq!(lines[1], format!("Path={}/work/deep/%C3%A9%20x", home_.path.display()));
    assert!(lines[2].starts_with("DeletionDate=20") && lines[2].len() == 32, "{note}");
    assert_eq!(fs::metadata(&bin).unwrap().permissions().mode() & 0o777, 0o700);
    // Back, with the folder that is gone meanwhile; then there is one already.
    fs::remove_dir_all(home_.path.join("work")).unwrap();
    let restore = |id: &str| Request::Restore { root: Root::Home, id: id.into() };
    assert_eq!(home_.ask(&restore("é x")), Reply::Place(home("work/deep/é x")));
    assert_eq!(home_.ask(&restore("é x.2")), Reply::Fault(Fault::Exists));
    assert_eq!(home_.ask(&restore("../info/é x.2.trashinfo")), Reply::Fault(Fault::Unfit));
    // A note that lies about where it was.
    fs::write(bin.join("info/é x.2.trashinfo"), "[Trash Info]\nPath=/etc/../x\n").unwrap();
    assert_eq!(home_.ask(&restore("é x.2")), Reply::Place(home("é x.2")));
    // A shared folder has a bin of its own.
    fs::write(home_.shared.join("theirs"), "3").unwrap();
    let shared = Place::new(Root::Shared(0), "theirs").unwrap();
    assert_eq!(home_.ask(&Request::Discard(shared)), Reply::Done(1));
    assert!(home_.shared.join(format!(".Trash-{}/files/theirs", nix::unistd::geteuid())).exists());
    // All goes, also what forbids it, and what is deep.
    let mut deep = home_.path.join("deep");
    for _ in 0..300 {
        fs::create_dir(&deep).unwrap();
        deep.push("d");
    }
    fs::create_dir(home_.path.join("locked")).unwrap();
    fs::write(home_.path.join("locked/f"), "").unwrap();
    symlink("../outside", home_.path.join("locked/link")).unwrap();
    fs::set_permissions(home_.path.join("locked"), fs::Permissions::from_mode(0o500)).unwrap();
    for name in ["deep", "locked"] {
        assert_eq!(home_.ask(&Request::Discard(home(name))), Reply::Done(1));
    }
    assert_eq!(home_.ask(&Request::Discard(home(".local/share"))), Reply::Fault(Fault::Denied));
    let mut removed = 0;
    for root in [Root::Home, Root::Shared(0)] {
        while let Reply::Removed { count, more } = home_.ask(&Request::Destroy { root, id: None }) {
            removed += count;
            if !more {
                break;
            }
        }
    }
    assert_eq!(removed, 300 + 3 + 1);
    let Reply::Bin { total: 0, .. } = home_.ask(&Request::Bin { from: 0, count: 10 }) else { panic!() };
    assert_eq!(fs::read_dir(bin.join("info")).unwrap().count(), 0);
    assert_eq!(fs::read_to_string(home_.path.parent().unwrap().join("outside")).unwrap(), "theirs");
}

/// A tree with something of everything.
fn plant(home_: &Home) {
    let at = home_.path.join("tree");
    fs::create_dir_all(at.join("empty")).unwrap();
    fs::create_dir_all(at.join("one/two")).unwrap();
    let long = "x".repeat(200);
    let noise: Vec<u8> = (0..700_000_u32).map(|number| (number.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let files: [(&[u8], &[u8]); 7] = [
        (b"empty-file", b""),
        (b"one/text", b"hello\n"),
        (b"one/two/noise", &noise),
        (b"one/noise.gz", &noise),
        ("été".as_bytes(), b"accents"),
        (b"\xffnot utf-8", b"bytes"),
        (long.as_bytes(), b"long"),
    ];
    for (name, content) in files {
        fs::write(at.join(std::ffi::OsStr::from_bytes(name)), content).unwrap();
    }
    fs::write(at.join("zeros"), vec![0; 3_000_000]).unwrap();
    fs::set_permissions(at.join("one/text"), fs::Permissions::from_mode(0o750)).unwrap();
    symlink("../../outside", at.join("link")).unwrap();
}

const COMPARE: &str = r#"
import sys, os, zipfile, tarfile, stat
archive, top = sys.argv[1], sys.argv[2]
found = {}
if archive.endswith('.zip'):
    z = zipfile.ZipFile(archive)
    assert z.testzip() is None
    for i in z.infolist():
        name = os.fsencode(i.filename) if i.flag_bits & 0x800 else i.filename.encode('cp437')
        mode = i.external_attr >> 16
        kind = 'd' if i.is_dir() else 'l' if stat.S_ISLNK(mode) else 'f'
        found[name.rstrip(b'/')] = (kind, mode & 0o777, b'' if kind == 'd' else z.read(i))
else:
    for i in tarfile.open(archive, 'r:gz'):
        t = tarfile.open
    z = tarfile.open(archive, 'r:gz')
    for i in z.getmembers():
        kind = 'd' if i.isdir() else 'l' if i.issym() else 'f'
        content = b'' if kind == 'd' else os.fsencode(i.linkname) if kind == 'l' else z.extractfile(i).read()
        found[os.fsencode(i.name)] = (kind, i.mode, content)
wanted = {}
base = os.fsencode(os.path.dirname(top))
for where, folders, names in os.walk(os.fsencode(top)):
    for path in [where] + [os.path.join(where, n) for n in names + [f for f in folders if os.path.islink(os.path.join(where, f))]]:
        about = os.lstat(path)
        kind = 'd' if stat.S_ISDIR(about.st_mode) else 'l' if stat.S_ISLNK(about.st_mode) else 'f'
        content = b'' if kind == 'd' else os.readlink(path) if kind == 'l' else open(path, 'rb').read()
        wanted[os.path.relpath(path, base)] = (kind, about.st_mode & 0o777, content)
assert found.keys() == wanted.keys(), (sorted(found), sorted(wanted))
for name in wanted:
    assert found[name] == wanted[name], (name, found[name][:2], wanted[name][:2])
print(len(found))
"#;

#[test]
fn archives_are_what_the_tree_is() {
    let home_ = &mut Home::new();
    plant(home_);
    for (form, name) in [(Form::Zip, "t.zip"), (Form::TarGz, "t.tar.gz")] {
        let to = home_.path.join(name);
        let (entries, left_out) = home_.pack("tree", form, &to);
        assert_eq!((entries, left_out), (13, 0));
        assert_eq!(python(COMPARE, &[&to, &home_.path.join("tree")]).trim(), "13", "{name}");
        // And back again, by ourselves; links stay behind.
        let unpacked = home_.unpack(name).unwrap();
        assert_eq!(
            (unpacked.entries, unpacked.left_out, unpacked.into.lossy().as_ref()),
            (12, 1, if form == Form::Zip { "t" } else { "t-2" })
        );
        let into = home_.path.join(unpacked.into.lossy().as_ref()).join("tree");
        assert_eq!(fs::read(into.join("zeros")).unwrap(), vec![0; 3_000_000]);
        assert_eq!(
            fs::read(into.join("one/two/noise")).unwrap(),
            fs::read(home_.path.join("tree/one/two/noise")).unwrap()
        );
        assert_eq!(fs::metadata(into.join("one/text")).unwrap().permissions().mode() & 0o777, 0o750);
    }
}

#[test]
fn archives_of_others() {
    let home_ = &mut Home::new();
    let path = home_.path.clone();
    python(
        r#"
import sys, zipfile, tarfile, io, struct, zlib
at = sys.argv[1] + '/'
def add(t, name, **more):
    i = tarfile.TarInfo(name)
    for k, v in more.items(): setattr(i, k, v)
    t.addfile(i, io.BytesIO(b'x' * i.size))
with zipfile.ZipFile(at + 'hostile.zip', 'w') as z:
    for name in ['../up', '/absolute', 'a/../../up', 'good/file', 'good', 'good/file/below', './fine']:
        z.writestr(zipfile.ZipInfo(name), name)
    link = zipfile.ZipInfo('way'); link.create_system = 3; link.external_attr = 0o120777 << 16
    z.writestr(link, '..'); z.writestr('way/through', 'x')
for form, name in [(tarfile.PAX_FORMAT, 'pax.tar.gz'), (tarfile.GNU_FORMAT, 'gnu.tar.gz'), (tarfile.USTAR_FORMAT, 'ustar.tar')]:
    with tarfile.open(at + name, 'w:gz' if name.endswith('gz') else 'w', format=form) as t:
        add(t, '/absolute', size=1); add(t, '../up', size=1); add(t, 'l', type=tarfile.SYMTYPE, linkname='..')
        add(t, 'l/through', size=1); add(t, 'hard', type=tarfile.LNKTYPE, linkname='/etc/passwd')
        add(t, 'dev', type=tarfile.CHRTYPE); add(t, 'fifo', type=tarfile.FIFOTYPE)
        add(t, 'd' * 80 + '/' + 'e' * 90, size=700); add(t, 'folder', type=tarfile.DIRTYPE)
# Compressed once, put in twenty times.
zeros = bytes(64 << 20); press = zlib.compressobj(9, zlib.DEFLATED, -15)
body = press.compress(zeros) + press.flush(); crc = zlib.crc32(zeros); out = central = b''
for n in range(20):
    name = str(n).encode()
    common = struct.pack('<HHHHHIIIHH', 20, 0, 8, 0, 33, crc, len(body), len(zeros), len(name), 0)
    central += b'PK\1\2' + struct.pack('<H', 20) + common + struct.pack('<HHHII', 0, 0, 0, 0, len(out)) + name
    out += b'PK\3\4' + common + name + body
end = b'PK\5\6' + struct.pack('<HHHHIIH', 0, 0, 20, 20, len(central), len(out), 0)
open(at + 'bomb.zip', 'wb').write(out + central + end)
"#,
        &[&path],
    );
    let unpacked = home_.unpack("hostile.zip").unwrap();
    // `way` is a link and left out; what would have gone through it lies in a folder of that name.
    assert_eq!((unpacked.entries, unpacked.left_out), (3, 6));
    assert_eq!(fs::read_to_string(path.join("hostile/good/file")).unwrap(), "good/file");
    assert_eq!(fs::read_to_string(path.join("hostile/way/through")).unwrap(), "x");
    for (name, into) in [("pax.tar.gz", "pax"), ("gnu.tar.gz", "gnu"), ("ustar.tar", "ustar")] {
        let unpacked = home_.unpack(name).unwrap();
        assert_eq!((unpacked.entries, unpacked.left_out, unpacked.into.lossy().as_ref()), (3, 6, into), "{name}");
        let long = path.join(into).join("d".repeat(80)).join("e".repeat(90));
        assert_eq!(fs::read(long).unwrap(), vec![b'x'; 700]);
        assert!(fs::symlink_metadata(path.join(into).join("l")).unwrap().is_dir());
    }
    // It is let grow to a gibibyte, where there is room for that.
    let Reply::Room(room) = home_.ask(&Request::Room(Root::Home)) else { panic!() };
    let fault = home_.unpack("bomb.zip").unwrap_err();
    assert!(fault == Fault::Bomb || (fault == Fault::Full && room.free < 2 << 30), "{fault:?}");
    // What was made of it is gone, and nothing else: a second one lets stay what somebody put there meanwhile.
    assert!(!path.join("bomb").exists());
    fs::create_dir(path.join("kept")).unwrap();
    fs::rename(path.join("bomb.zip"), path.join("late.zip")).unwrap();
    let late = path.join("late");
    let mine = std::thread::spawn(move || {
        while !late.join("1").exists() {
            std::thread::yield_now();
        }
        fs::create_dir(late.join("notes")).unwrap();
        fs::write(late.join("notes/mine"), "x").unwrap();
    });
    assert_eq!(home_.unpack("late.zip").unwrap_err(), fault);
    mine.join().unwrap();
    assert_eq!(fs::read_dir(path.join("late")).unwrap().count(), 1);
    assert_eq!(fs::read_to_string(path.join("late/notes/mine")).unwrap(), "x");
    assert!(path.join("kept").exists());
    fs::remove_dir_all(path.join("late")).unwrap();
    // Cut short, and no archive at all.
    let whole = fs::read(path.join("pax.tar.gz")).unwrap();
    fs::write(path.join("cut.tar.gz"), &whole[..whole.len() / 2]).unwrap();
    assert_eq!(home_.unpack("cut.tar.gz"), Err(Fault::Damaged));
    fs::write(path.join("text.zip"), "no archive").unwrap();
    assert_eq!(home_.unpack("text.zip"), Err(Fault::Damaged));
    assert!(!path.parent().unwrap().join("up").exists());
    let outside: Vec<_> = fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(outside.len(), 3);
}

/// Nothing that comes over the socket, and no archive with flipped bytes, makes a servant leave.
#[test]
fn nonsense_is_answered() {
    let home_ = &mut Home::new();
    plant(home_);
    let zip = home_.path.join("t.zip");
    home_.pack("tree/one", Form::Zip, &zip);
    let whole = fs::read(&zip).unwrap();
    let mut seed = 1_u64;
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize
    };
    for round in 0..300 {
        let head: Vec<u8> =
            (0..random() % 40).map(|at| if at == 0 { random() as u8 % 24 } else { random() as u8 }).collect();
        let mut frame = (head.len() as u32).to_le_bytes().to_vec();
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(&head);
        home_.socket.write_all(&frame).unwrap();
        let (head, _) = receive(&mut home_.socket);
        files::decode::<Reply>(&head).unwrap();
        if round % 10 == 0 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random() % 5 {
                let at = if random() % 2 == 0 { random() % bytes.len() } else { bytes.len() - 1 - random() % 600 };
                bytes[at] = random() as u8;
            }
            fs::write(home_.path.join(format!("f{round}.zip")), bytes).unwrap();
            home_.unpack(&format!("f{round}.zip")).ok();
        }
    }
    assert_eq!(home_.stat("t.zip").unwrap().kind, Kind::File);
}

#[test]
fn room_is_told() {
    let home_ = &mut Home::new();
    let Reply::Room(room) = home_.ask(&Request::Room(Root::Home)) else { panic!() };
    assert!(room.disk > 0 && room.free <= room.disk, "{room:?}");
    assert_eq!(home_.ask(&Request::Room(Root::Shared(9))), Reply::Fault(Fault::Missing));
}
