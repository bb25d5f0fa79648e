//! Names that nobody would choose, links that lead outside, what is no file: nothing of it leads out of the home.

use super::*;

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
