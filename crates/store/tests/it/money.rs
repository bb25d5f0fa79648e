//! Entries of the ledger stay as they were written; runs that are over are found with what a settlement needs.

use model::{Exit, JobId, JobState, RunId, Uid};
use store::{MoneyWrite, Write};

use crate::support::{File, finished, over, spec, submission};

fn entry(number: u64, text: &str) -> Write {
    Write::Money(Box::new(MoneyWrite::Entry { number, text: text.into(), hash: "00".into() }))
}

#[test]
fn what_is_in_the_ledger_stays() {
    let file = File::new();
    file.write(vec![entry(1, "one"), entry(2, "two")]).unwrap();
    // One twice, and one that leaves a hole: nothing of such a batch is written.
    assert!(file.write(vec![entry(3, "three"), entry(3, "again")]).is_err());
    assert!(file.write(vec![entry(4, "four")]).is_err());
    let sql = rusqlite::Connection::open(&file.path).unwrap();
    for tampering in [
        "UPDATE ledger_entry SET text = 'x' WHERE number = 1",
        "DELETE FROM ledger_entry WHERE number = 2",
        "INSERT INTO ledger_entry VALUES (9, 'x', 'y')",
    ] {
        assert!(sql.execute(tampering, []).unwrap_err().to_string().contains("ledger"), "{tampering}");
    }
    let reader = file.reader();
    let mut seen = Vec::new();
    reader.ledger_each(0, &mut |number, text, hash| seen.push(format!("{number} {text} {hash}"))).unwrap();
    assert_eq!(seen, ["1 one 00", "2 two 00"]);
    assert_eq!(reader.ledger_entries(&[2, 7]).unwrap(), ["two"]);
}

#[test]
fn an_issued_document_stays() {
    let file = File::new();
    let document = MoneyWrite::Document { number: "F2026-0001".into(), entry: 1, body: "{}".into() };
    assert!(file.write(vec![Write::Money(Box::new(document.clone()))]).is_err(), "without its entry");
    file.write(vec![entry(1, "one"), Write::Money(Box::new(document))]).unwrap();
    let sql = rusqlite::Connection::open(&file.path).unwrap();
    for tampering in ["UPDATE document SET body = 'x'", "DELETE FROM document"] {
        assert!(sql.execute(tampering, []).unwrap_err().to_string().contains("issued"), "{tampering}");
    }
    assert_eq!(file.reader().document("F2026-0001").unwrap().as_deref(), Some("{}"));
}

#[test]
fn a_run_that_is_over_is_found_and_its_owner_forgotten() {
    let file = File::new();
    let mut writes = submission(7, spec("secret"));
    writes.push(over(7, finished(7, 0, JobState::Completed, Exit::default())));
    writes.push(Write::Close(JobId(7)));
    file.write(writes).unwrap();
    let found = |attempt| file.reader().run_over(RunId { job: JobId(7), attempt }).unwrap();
    let run = found(0).unwrap();
    assert_eq!((run.base, run.state, run.spec.name.lossy().as_ref()), (JobId(7), JobState::Completed, "secret"));
    assert_eq!(found(1), None);
    assert_eq!(file.reader().forgettable(model::Time(i64::MAX)).unwrap(), 1);
    let (uid, user) = (run.owner, run.spec.owner.user.clone());
    let erase = MoneyWrite::Erase { uid, user: user.clone(), pseudonym: "former-member-1".into() };
    file.write(vec![Write::Money(Box::new(erase))]).unwrap();
    let left = found(0).unwrap();
    assert_eq!(left.spec.owner.user, "former-member-1");
    assert_eq!((left.end, left.cpus), (run.end, run.cpus), "what was used stays");
    let text = file.reader().submissions_of(uid).unwrap()[0].2.clone();
    assert!(!text.contains("secret") && !text.contains(&format!("\"{user}\"")), "{text}");
    assert_eq!(file.reader().submission(JobId(7)).unwrap().unwrap().script.len(), 0);
    assert_eq!(file.reader().forgettable(model::Time(i64::MAX)).unwrap(), 0, "it is forgotten already");
    assert_eq!(file.reader().pseudonyms().unwrap(), [(uid, "former-member-1".to_owned())]);
    assert!(file.reader().submissions_of(Uid(uid.0 + 1)).unwrap().is_empty());
}

#[test]
fn old_work_is_forgotten_and_recent_work_is_not() {
    let file = File::new();
    let mut writes = [submission(1, spec("old")), submission(2, spec("open"))].concat();
    writes.push(Write::Close(JobId(1)));
    file.write(writes).unwrap();
    file.write(vec![Write::Money(Box::new(MoneyWrite::Forget(model::Time(i64::MAX))))]).unwrap();
    let name = |id| file.reader().submission(JobId(id)).unwrap().unwrap().spec.name.lossy().into_owned();
    assert_eq!((name(1).as_str(), name(2).as_str()), ("erased", "open"));
    assert!(!file.reader().submission(JobId(2)).unwrap().unwrap().script.is_empty());
}
