//! Reading traces: what is kept, what is dropped and why, what is malformed and where.

use simulator::swf::{self, Reader};
use simulator::workload::{Drop, Estimates, Trace};

fn read(text: &str, lenient: bool) -> Result<Trace, String> {
    // However it is cut, it reads the same.
    let whole = feed(text, lenient, text.len().max(1));
    for piece in [1, 2, 7, 50] {
        assert_eq!(feed(text, lenient, piece), whole);
    }
    whole
}

fn feed(text: &str, lenient: bool, piece: usize) -> Result<Trace, String> {
    let mut reader = Reader::new(lenient);
    for piece in text.as_bytes().chunks(piece) {
        reader.feed(piece).map_err(|fault| fault.to_string())?;
    }
    reader.finish().map_err(|fault| fault.to_string())
}

const HEADER: &str = "; MaxNodes: 16\n;MaxProcs:   32 \n\n";

#[test]
fn fields() {
    let text = format!(
        "{HEADER}  7\t100 5 60 4 1.5 -1 8 90 -1 1 3 2 -1 9 -1 -1 -1 extra q\r\n8 101 -1 2 3 -1 512 -1 4 -1 1 3 2 -1 9 -1 -1 -1"
    );
    let trace = read(&text, false).unwrap();
    assert_eq!((trace.max_procs, trace.max_nodes, trace.procs()), (Some(32), Some(16), Some(32)));
    let [first, second] = trace.lines[..] else { panic!("{trace:?}") };
    assert_eq!((first.id, first.submit, first.wait, first.run, first.cores, first.estimate), (7, 100, 5, 60, 8, 90));
    assert_eq!((first.user, first.group, first.queue), (3, 2, 9));
    assert_eq!((second.cores, second.memory_kib), (3, 512), "used, where not requested");
    assert_eq!(first.memory_kib, -1);
    let mut text = Vec::new();
    swf::print(&trace, &mut text).unwrap();
    assert_eq!(read(std::str::from_utf8(&text).unwrap(), false).unwrap(), trace);
}

#[test]
fn malformed() {
    let line = "1 2 -1 3 4 -1 -1 4 5 -1 1 1 1 -1 1 -1 -1 -1\n";
    let cases = [
        ("1 2 3\n", "line 4: 3 numbers instead of 18"),
        ("1 2 x 3 4 -1 -1 4 5 -1 1 1 1 -1 1 -1 -1 -1\n", "line 4: field 3 is not a number: \"x\""),
        ("1 2 - 3 4 -1 -1 4 5 -1 1 1 1 -1 1 -1 -1 -1\n", "line 4: field 3 is not a number: \"-\""),
        ("1 2 1e5 3 4 -1 -1 4 5 -1 1 1 1 -1 1 -1 -1 -1\n", "line 4: field 3 is not a number: \"1e5\""),
        ("1 2 -1 3 4 -1 -1 4 99999999999 -1 1 1 1 -1 1 -1 -1 -1\n", "line 4: field 9 is out of range: 99999999999"),
        (
            "1 99999999999999999999 -1 3 4 -1 -1 4 5 -1 1 1 1 -1 1 -1 -1 -1\n",
            "line 4: field 2 is not a number: \"99999999999999999999\"",
        ),
    ];
    for (bad, fault) in cases {
        let text = format!("{HEADER}{bad}{line}");
        assert_eq!(read(&text, false).unwrap_err(), fault);
        let trace = read(&text, true).unwrap();
        assert_eq!((trace.malformed, trace.lines.len()), (1, 1));
        let text = format!("{HEADER}{}", bad.trim_end());
        assert_eq!(read(&text, false).unwrap_err(), fault, "also as the last line");
    }
}

#[test]
fn dropped() {
    let line = |submit: i64, run: i64, cores: i64, estimate: i64| {
        format!("1 {submit} -1 {run} -1 -1 -1 {cores} {estimate} -1 1 1 1 -1 1 -1 -1 -1\n")
    };
    let text = [
        line(5, 10, 4, 20),
        line(0, 0, 4, 20),
        line(0, 10, 0, 20),
        line(0, 10, 33, 20),
        line(-1, 10, 4, 20),
        line(0, 10, 4, -1),
        line(3, 50, 4, 20),
    ]
    .concat();
    let trace = read(&text, false).unwrap();
    assert_eq!(trace.procs(), None);
    let workload = trace.workload(32, Estimates::Request);
    let kept: Vec<_> = workload.jobs.iter().map(|job| (job.submit, job.run, job.estimate, job.line)).collect();
    assert_eq!(kept, [(3, 20, 20, 6), (5, 10, 20, 0)], "by submission, and no run beyond its estimate");
    // Only machines can have too little memory.
    let once = |why: &Drop| workload.dropped.count(*why) == u64::from(*why != Drop::TooMuchMemory);
    assert!(Drop::ALL.iter().all(once), "{:?}", workload.dropped);
    let workload = trace.workload(32, Estimates::Run);
    assert_eq!((workload.jobs.len(), workload.dropped.count(Drop::NoEstimate)), (3, 0));
    assert_eq!(workload.jobs[1].estimate, 50);
}
