//! Archives: made of a tree, taken apart again, those of others, and nonsense.

use super::*;

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
