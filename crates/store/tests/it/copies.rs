//! Upgrade, backup, restore, damage.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use store::{Db, Opened, StoreError, backup, check, restore};

use crate::support::*;

#[test]
fn a_backup_restores_what_it_held() {
    let file = File::new();
    file.write(submission(1, spec("kept"))).unwrap();
    let copy = file.path.with_file_name("copy.db");
    assert_eq!(backup(&file.path, &copy).unwrap().submissions, 1);
    file.write(submission(2, spec("later"))).unwrap();
    assert_eq!(restore(&copy, &file.path).unwrap().submissions, 1);
    assert_eq!(check(&file.path).unwrap().submissions, 1);
    let kept = file.path.with_file_name("algoric.db.before-restore");
    assert_eq!(check(&kept).unwrap().submissions, 2, "what was there is kept");
}

#[test]
fn only_the_owner_reads_what_is_kept() {
    let file = File::new();
    file.write(submission(1, spec("secret"))).unwrap();
    let copy = file.path.with_file_name("copy.db");
    backup(&file.path, &copy).unwrap();
    let restored = file.path.with_file_name("restored.db");
    restore(&copy, &restored).unwrap();
    for path in [&file.path, &copy, &restored] {
        assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
    }
}

/// Shows something only where root runs the tests: nobody else can make a directory of another owner.
#[test]
fn what_root_restores_belongs_to_the_service() {
    let file = File::new();
    let house = file.path.with_file_name("house");
    std::fs::create_dir(&house).unwrap();
    let is_root = std::os::unix::fs::chown(&house, Some(4711), Some(4712)).is_ok();
    let restored = house.join("algoric.db");
    restore(&file.path, &restored).unwrap();
    let (owner, own) = (std::fs::metadata(&restored).unwrap(), std::fs::metadata(&file.path).unwrap());
    let expected = if is_root { (4711, 4712) } else { (own.uid(), own.gid()) };
    assert_eq!((owner.uid(), owner.gid()), expected);
}

#[test]
fn a_backup_while_somebody_writes_is_consistent() {
    let file = File::new();
    std::thread::scope(|scope| {
        let writing = scope.spawn(|| (1..200).for_each(|id| file.write(submission(id, spec("x"))).unwrap()));
        let copy = file.path.with_file_name("copy.db");
        while !writing.is_finished() {
            let report = backup(&file.path, &copy).unwrap();
            assert_eq!((report.open, report.events), (report.submissions, report.submissions));
        }
    });
}

#[test]
fn damage_and_strangers_are_found() {
    let file = File::new();
    file.write((1..60).flat_map(|id| submission(id, spec("x"))).collect()).unwrap();
    check(&file.path).unwrap();
    let mut bytes = std::fs::read(&file.path).unwrap();
    let middle = bytes.len() / 2 / 4096 * 4096;
    bytes[middle..middle + 512].fill(0xff);
    let broken = file.path.with_file_name("broken.db");
    std::fs::write(&broken, &bytes).unwrap();
    assert!(matches!(check(&broken), Err(StoreError::Damaged { .. } | StoreError::Sql { .. })));
    assert!(restore(&broken, &file.path).is_err());
    check(&file.path).unwrap();

    let foreign = file.path.with_file_name("foreign.db");
    rusqlite::Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    assert!(matches!(Db::open(&foreign), Err(StoreError::Foreign { .. })));
    std::fs::write(&foreign, b"no database at all, but long enough to be looked at").unwrap();
    assert!(Db::open(&foreign).is_err());
}

#[test]
fn a_file_from_the_future_is_left_alone() {
    let file = File::new();
    rusqlite::Connection::open(&file.path).unwrap().pragma_update(None, "user_version", store::FORMAT + 1).unwrap();
    assert!(matches!(Db::open(&file.path), Err(StoreError::TooNew { .. })));
}

/// Format 0 is what a first start leaves when it dies between marking the file and making its tables.
#[test]
fn an_older_file_is_upgraded_as_a_copy_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("algoric.db");
    let old = rusqlite::Connection::open(&path).unwrap();
    old.pragma_update(None, "application_id", 0x414c_474f).unwrap();
    drop(old);
    let (_, opened) = Db::open(&path).unwrap();
    let Opened::Upgraded { from: 0, kept } = opened else { panic!("{opened:?}") };
    assert!(kept.exists());
    check(&path).unwrap();
    let (_, opened) = Db::open(&path).unwrap();
    assert_eq!(opened, Opened::Current);
}

#[test]
fn a_file_that_others_may_read_is_closed() {
    use std::os::unix::fs::PermissionsExt;
    let file = File::new();
    let wal = file.path.with_extension("db-wal");
    std::fs::write(&wal, "").unwrap();
    for path in [&file.path, &wal] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644)).unwrap();
    }
    let (db, _) = store::Db::open(&file.path).unwrap();
    for path in [&file.path, &wal] {
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    drop(db);
}
