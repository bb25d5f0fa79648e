//! Long answers about money, read on the archive's thread: the ledger, issued documents, what is held about a member.
//! Must not know who may read them.

use api::{MoneyReply, Refusal, RefusalCode, Reply};
use model::Uid;
use serde_json::{Value, json};
use store::{Reader, StoreError};

/// Bytes of an answer's part: some of these fit into a frame.
const PART: usize = 2 << 20;

/// All entries, as they are stored.
pub(crate) fn ledger(reader: &Reader, part: &mut dyn FnMut(Reply)) -> Result<Reply, StoreError> {
    let (mut entries, mut size) = (Vec::new(), 0);
    reader.ledger_each(0, &mut |_, text, hash| {
        size += text.len() + hash.len();
        entries.push((text.to_owned(), hash.to_owned()));
        if size > PART {
            size = 0;
            part(Reply::Money(MoneyReply::Entries(std::mem::take(&mut entries))));
        }
    })?;
    part(Reply::Money(MoneyReply::Entries(entries)));
    Ok(Reply::End)
}

/// These documents, each in pieces.
pub(crate) fn documents(reader: &Reader, numbers: &[String], part: &mut dyn FnMut(Reply)) -> Result<Reply, StoreError> {
    for number in numbers {
        let Some(body) = reader.document(number)? else {
            let detail = format!("no document {number} was issued");
            return Ok(Reply::Refused(Refusal { code: RefusalCode::Other, detail }));
        };
        pieces(&body, part);
    }
    Ok(Reply::End)
}

/// What is held about a member. Scripts and environments that are no text are shown as far as they are.
pub(crate) fn export(
    reader: &Reader,
    uid: Uid,
    mut about: Value,
    part: &mut dyn FnMut(Reply),
) -> Result<Reply, StoreError> {
    let mut submissions = Vec::new();
    for (id, at, spec) in reader.submissions_of(uid)? {
        let stored = reader.submission(id)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (script, environment) =
            stored.map(|stored| (text(&stored.script), text(&stored.environment))).unwrap_or_default();
        let form: Value =
            reader.form(id)?.map_or(Value::Null, |(app, fields)| json!({ "template": app, "fields": fields }));
        let spec: Value = serde_json::from_str(&spec).unwrap_or(Value::String(spec));
        submissions
            .push(json!({ "job": id.0, "at_ms": at.0, "asked": spec, "script": script, "environment": environment,
                "form": form }));
    }
    let mut ledger = Vec::new();
    reader.ledger_each(0, &mut |_, text, _| {
        let Ok(entry) = serde_json::from_str::<ledger::posting::Entry>(text) else { return };
        if matches!(&entry.what, ledger::posting::What::Settle(settled) if settled.member == uid.0) {
            ledger.extend(serde_json::from_str::<Value>(text));
        }
    })?;
    about["submissions"] = submissions.into();
    about["ledger"] = ledger.into();
    pieces(&about.to_string(), part);
    Ok(Reply::End)
}

/// A text in parts that fit into a frame each.
pub(crate) fn pieces(text: &str, part: &mut dyn FnMut(Reply)) {
    let mut left = text;
    loop {
        let mut end = left.len().min(PART);
        while !left.is_char_boundary(end) {
            end -= 1;
        }
        let (piece, rest) = left.split_at(end);
        left = rest;
        part(Reply::Money(MoneyReply::Document(piece.to_owned(), left.is_empty())));
        if left.is_empty() {
            return;
        }
    }
}
