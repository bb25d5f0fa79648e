//! Whoever can run a program can speak to the socket: nonsense, lies about sizes, endless lists. The centre answers the
//! others as if nothing were.

use std::{
    io::{Read, Write},
    os::unix::net::UnixStream,
    time::Duration,
};

use api::{CancelFilter, JobTarget, QueueQuery, RefusalCode, Reply, Request};
use model::{IndexSet, JobId};

use crate::ward::{Ward, outcome};

fn greeting(version: u32) -> Vec<u8> {
    [&api::MAGIC[..], &version.to_le_bytes()].concat()
}

/// Sends bytes and gives what comes back until the centre hangs up or is silent.
fn say(ward: &Ward, bytes: &[u8]) -> Vec<u8> {
    let mut stream = UnixStream::connect(ward.data().join("run/centre.sock")).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    stream.write_all(bytes).ok();
    let mut heard = Vec::new();
    stream.read_to_end(&mut heard).ok();
    heard
}

pub fn ask(ward: &Ward, request: &Request) -> Option<Reply> {
    let mut bytes = greeting(api::VERSION);
    api::encode_into(request, &mut bytes).unwrap();
    let heard = say(ward, &bytes);
    api::decode::<Reply>(&heard).unwrap().map(|(reply, _)| reply)
}

#[test]
fn nonsense_is_hung_up_on_and_the_others_are_served() {
    let mut ward = Ward::new("");
    ward.start();
    let before = ward.status().unwrap();
    let (code, id, _) = outcome(ward.command("sbatch").args(["--parsable", "-H", "-a", "1-5", "--wrap", "true"]));
    assert_eq!(code, 0);
    let id = JobId(id.trim().parse().unwrap());

    for nonsense in [
        &b"GET / HTTP/1.0\r\n\r\n"[..],
        &[0xff; 4096],
        &[greeting(api::VERSION), vec![0xff, 0xff, 0xff, 0x7f]].concat(),
        &[greeting(api::VERSION), vec![3, 0, 0, 0, 250, 250, 250]].concat(),
        // A request with a kind that there is not, and a list that says it is longer than memory.
        &[greeting(api::VERSION), vec![6, 0, 0, 0, 5, 0xff, 0xff, 0xff, 0xff, 0x7f]].concat(),
    ] {
        assert!(say(&ward, nonsense).is_empty());
    }
    let refused = say(&ward, &greeting(api::VERSION + 1));
    let (reply, _) = api::decode::<Reply>(&refused).unwrap().unwrap();
    assert!(matches!(reply, Reply::Refused(refusal) if refusal.code == RefusalCode::WrongVersion));

    // Half a request, and gone.
    say(&ward, &[greeting(api::VERSION), vec![200, 0, 0, 0, 1, 2, 3]].concat());

    // All the task numbers that there can be.
    let all = IndexSet::from_ranges([(0, u32::MAX - 2, 1)]).unwrap();
    let endless = JobTarget { id, tasks: Some(all) };
    for request in [
        Request::Hold(endless.clone()),
        Request::Why(endless.clone()),
        Request::Queue(QueueQuery { targets: Some(vec![endless.clone()]), users: None, finished: true }),
        Request::Details(vec![endless.clone()]),
        Request::Cancel(CancelFilter { targets: vec![endless], ..Default::default() }),
        Request::Queue(QueueQuery { targets: None, users: Some(vec!["x".into(); 100_000]), finished: true }),
    ] {
        assert!(ask(&ward, &request).is_some(), "{request:?} got no answer");
    }

    // Connections that say nothing, as many as one may have and more.
    let silent: Vec<_> =
        (0..600).filter_map(|_| UnixStream::connect(ward.data().join("run/centre.sock")).ok()).collect();
    assert!(matches!(ask(&ward, &Request::Ping), Some(Reply::Done)) || silent.len() >= 512);
    drop(silent);

    assert_eq!(ward.status().unwrap(), before, "the same processes answer");
    let (_, queue, _) = outcome(ward.command("squeue").args(["-h", "-o", "%i %r"]));
    assert_eq!(queue, format!("{id}_[1-5] JobHeldUser\n"), "and nothing changed");
}
