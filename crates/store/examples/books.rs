//! Puts a ledger into a data file, to measure a centre that has worked for a year: `books FILE < LINES`, with the lines
//! that `ledger/examples/close.rs --write` gives. The file may be there already; its ledger must be empty.
#![allow(clippy::unwrap_used)]

use std::io::BufRead;
use std::sync::mpsc::channel;

use store::{Batch, Db, MoneyWrite, Write, Writer};

/// Rows in one transaction.
const TOGETHER: usize = 10_000;

fn main() {
    let file = std::env::args_os().nth(1).unwrap();
    let (db, _) = Db::open(file.as_ref()).unwrap();
    let (done, fate) = channel();
    let writer = Writer::start(db, move |committed| done.send(committed.result).unwrap()).unwrap();
    let commit = |writes: &mut Vec<Write>| {
        writer.send(Batch { number: 0, writes: std::mem::take(writes) });
        fate.recv().unwrap().unwrap();
    };
    let mut writes = Vec::new();
    for line in std::io::stdin().lock().lines() {
        writes.push(Write::Money(Box::new(row(&line.unwrap()))));
        if writes.len() == TOGETHER {
            commit(&mut writes);
        }
    }
    commit(&mut writes);
}

fn row(line: &str) -> MoneyWrite {
    match line.splitn(4, '\t').collect::<Vec<_>>()[..] {
        ["entry", number, hash, text] => {
            MoneyWrite::Entry { number: number.parse().unwrap(), text: text.into(), hash: hash.into() }
        }
        ["document", number, entry, body] => {
            MoneyWrite::Document { number: number.into(), entry: entry.parse().unwrap(), body: body.into() }
        }
        _ => panic!("no entry and no document: {line}"),
    }
}
