//! A member's quota, as the kernel has it: a disk with quotas is made in a file and mounted. Where that is not allowed, or
//! this kernel counts none, it is said, and nothing is tried; the guest of `cargo xtask vm-test` can.

use std::fs;
use std::os::fd::AsRawFd;
use std::os::unix::fs::chown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use drivers::local::files::{Order, serve};
use files::{CHUNK, Fault, Hello, Place, Reply, Request, Root, UploadKey};
use nix::libc;

use crate::files::{receive, send};

/// Whose quota it is.
const MEMBER: u32 = 12_345;

/// A disk in a file, mounted until this goes.
struct Disk {
    _folder: tempfile::TempDir,
    at: PathBuf,
}

impl Disk {
    /// `Err`: what of it does not work here.
    fn new() -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("algoric-quota").tempdir().unwrap();
        let (image, at) = (folder.path().join("image"), folder.path().join("at"));
        fs::create_dir(&at).unwrap();
        fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
        let run = |words: &[&str], last: &[&Path]| {
            let done = Command::new(words[0]).args(&words[1..]).args(last).output();
            match done {
                Ok(done) if done.status.success() => Ok(()),
                Ok(done) => Err(format!("{}: {}", words[0], String::from_utf8_lossy(&done.stderr).trim())),
                Err(error) => Err(format!("{}: {error}", words[0])),
            }
        };
        run(&["mkfs.ext4", "-q", "-F", "-O", "quota", "-E", "quotatype=usrquota"], &[&image])?;
        run(&["mount", "-o", "loop,usrquota"], &[&image, &at])?;
        let disk = Self { _folder: folder, at };
        disk.limit()?;
        Ok(disk)
    }

    /// 1 MiB, at most 2; 50 files, at most 100 (quotactl_fd(2), `Q_SETQUOTA`).
    fn limit(&self) -> Result<(), String> {
        #[repr(C)]
        struct Limits([u64; 8], u32);
        let mut limits = Limits([2048, 1024, 0, 100, 50, 0, 0, 0], 1 | 4);
        let set_user = 0x80_0008_u32 << 8;
        let folder = fs::File::open(&self.at).unwrap();
        // SAFETY: the kernel reads one structure of this shape, which lives until the call returns.
        let answer =
            unsafe { libc::syscall(libc::SYS_quotactl_fd, folder.as_raw_fd(), set_user, MEMBER, &raw mut limits) };
        if answer == 0 { Ok(()) } else { Err(format!("quotactl_fd: {}", std::io::Error::last_os_error())) }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        Command::new("umount").arg("--lazy").arg(&self.at).status().ok();
    }
}

/// A servant that is the member: of this process only one thread.
fn member(home: &Path) -> UnixStream {
    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let order = Order { uid: MEMBER, secret: [3; 32], shared: Vec::new() };
    let home = home.to_owned();
    std::thread::spawn(move || {
        // SAFETY: the bare call changes this thread alone, which does nothing else ever after.
        let changed = unsafe { libc::syscall(libc::SYS_setresuid, MEMBER, MEMBER, MEMBER) };
        assert_eq!(changed, 0);
        serve(theirs, &home, &order).ok();
    });
    let hello: Hello = files::decode(&receive(&mut ours).0).unwrap();
    assert_eq!(hello.roots.len(), 1);
    ours
}

fn ask(servant: &mut UnixStream, request: &Request, body: &[u8]) -> Reply {
    send(servant, request, body);
    files::decode(&receive(servant).0).unwrap()
}

#[test]
fn the_kernels_quota_is_told_and_kept() {
    if !nix::unistd::geteuid().is_root() {
        println!("not tried: mounting a disk with quotas is root's");
        return;
    }
    let disk = match Disk::new() {
        Ok(disk) => disk,
        Err(why) => {
            println!("not tried: no disk with quotas here: {why}");
            assert!(std::env::var_os("ALGORIC_VM").is_none(), "the guest can: {why}");
            return;
        }
    };
    let home = disk.at.join("home");
    fs::create_dir(&home).unwrap();
    fs::write(home.join("theirs"), vec![1; 300 << 10]).unwrap();
    fs::write(home.join("of another"), vec![1; 5 << 20]).unwrap();
    for path in [home.clone(), home.join("theirs")] {
        chown(path, Some(MEMBER), None).unwrap();
    }
    let servant = &mut member(&home);
    let Reply::Room(room) = ask(servant, &Request::Room(Root::Home), &[]) else { panic!() };
    let used = room.used.unwrap();
    // The file, the folder, and what their disk takes for it; what lies there of another is not theirs.
    assert!((300 << 10..400 << 10).contains(&used), "{used}");
    assert_eq!((room.limit, room.files), (Some(1 << 20), Some((2, 50))), "the limits that people live by");
    assert!(room.disk > 32 << 20 && room.free < room.disk, "{room:?}");
    // Beyond the hard one nothing is written, and that is said as what it is.
    let place = Place::new(Root::Home, "new").unwrap();
    let mut done = 0;
    let end = loop {
        let request = Request::Upload { place: place.clone(), key: UploadKey(1), offset: done };
        match ask(servant, &request, &vec![7; CHUNK.min(256 << 10)]) {
            Reply::Done(now) => done = now,
            other => break other,
        }
        assert!(done < 8 << 20, "no limit");
    };
    assert_eq!(end, Reply::Fault(Fault::Quota));
    let Reply::Room(room) = ask(servant, &Request::Room(Root::Home), &[]) else { panic!() };
    assert!(room.used.unwrap() > 1 << 20 && room.used.unwrap() <= 2 << 20, "{room:?}");
}
