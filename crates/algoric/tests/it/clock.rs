//! A clock that jumps, for real: the centre's own calls are told another time (libfaketime, Debian's `faketime`, where it
//! is installed), and the commands are not.

use std::{fs, path::PathBuf};

use crate::ward::{EXE, Ward, outcome, until};

fn library() -> Option<PathBuf> {
    let found = glob("/usr/lib").into_iter().chain(glob("/usr/local/lib"));
    found.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

fn glob(folder: &str) -> Vec<PathBuf> {
    let listing = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    listing.chain([PathBuf::from(folder)]).collect()
}

#[test]
fn a_clock_that_jumps_stops_nothing() {
    let Some(library) = library() else {
        eprintln!("not run: libfaketime is not installed");
        return;
    };
    let mut ward = Ward::new("[machine]\ncpus = 4\n[limits]\nrequeue_delay = 0\n");
    let offset = ward.path("offset");
    let set = |text: &str| {
        // At once, as the file is read at any moment.
        let fresh = offset.with_extension("new");
        fs::write(&fresh, text).unwrap();
        fs::rename(&fresh, &offset).unwrap();
    };
    set("+0");
    let preload = format!("LD_PRELOAD={}", library.display());
    let file = format!("FAKETIME_TIMESTAMP_FILE={}", offset.display());
    ward.start_by(&["env", &preload, &file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", EXE]);
    let submit = |options: &[&str], script: &str| {
        let (code, id, complaint) = outcome(
            ward.command("sbatch").args(["--parsable", "-o", "/dev/null"]).args(options).args(["--wrap", script]),
        );
        assert_eq!(code, 0, "{complaint}");
        id.trim().to_owned()
    };
    let field = |id: &str, name: &str| {
        outcome(ward.command("sacct").args([
            "-X",
            "-n",
            "-P",
            "-S",
            "now-3days",
            "-E",
            "now+3days",
            "-o",
            name,
            "-j",
            id,
        ]))
        .1
        .trim()
        .to_owned()
    };
    let ends = |id: &str, state: &str| {
        until(&format!("{id} is {state}, and was {}", field(id, "State")), || field(id, "State") == state);
    };
    let wait = "while [ ! -e go ]; do sleep 0.1; done";
    let long = submit(&["-t", "UNLIMITED"], wait);
    let limited = submit(&["-t", "60"], "sleep 1000");
    until("both run", || field(&limited, "State") == "RUNNING" && field(&long, "State") == "RUNNING");
    // Back by a day: what runs goes on, and what is new starts.
    set("-1d");
    let earlier = submit(&[], "true");
    ends(&earlier, "COMPLETED");
    assert_eq!((field(&long, "State"), field(&limited, "State")), ("RUNNING".to_owned(), "RUNNING".to_owned()));
    // Forward by two: the limit of an hour is over by this clock, as under any batch system.
    set("+1d");
    let later = submit(&[], "true");
    ends(&later, "COMPLETED");
    ends(&limited, "TIMEOUT");
    // And right again: no time that is accounted is negative.
    set("+0");
    fs::write(ward.path("out/go"), "").unwrap();
    ends(&long, "COMPLETED");
    for id in [&long, &limited, &earlier, &later] {
        let seconds: i64 = field(id, "ElapsedRaw").parse().unwrap();
        assert!(seconds >= 0, "{id}: {seconds}");
    }
    let last = submit(&[], "true");
    ends(&last, "COMPLETED");
}
