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

mod archives;
mod escapes;

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
fn room_is_told() {
    let home_ = &mut Home::new();
    let Reply::Room(room) = home_.ask(&Request::Room(Root::Home)) else { panic!() };
    assert!(room.disk > 0 && room.free <= room.disk, "{room:?}");
    assert_eq!(home_.ask(&Request::Room(Root::Shared(9))), Reply::Fault(Fault::Missing));
}
