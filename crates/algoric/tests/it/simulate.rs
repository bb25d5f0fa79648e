//! `algoric simulate`: what programs read, and what people are told of traces that are none.

use std::path::{Path, PathBuf};

use crate::program::Call;

fn trace(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulator/tests/traces").join(format!("{name}.swf.gz"))
}

fn simulate(args: &[&str]) -> crate::program::Said {
    let empty = tempfile::tempdir().unwrap();
    Call::new("algoric", empty.path()).args([&["simulate"], args].concat()).run()
}

#[test]
fn programs_read_json() {
    let (nasa, lublin) = (trace("NASA-iPSC-1993-3.1-cln"), trace("lublin_256"));
    let said = simulate(&["--json", nasa.to_str().unwrap(), lublin.to_str().unwrap(), "--check"]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    let lines: Vec<serde_json::Value> = said.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let [nasa, lublin] = &lines[..] else { panic!("{}", said.stdout) };
    assert_eq!((nasa["jobs"].as_u64(), nasa["dropped"].as_u64()), (Some(18_066), Some(173)));
    assert_eq!((nasa["procs"].as_u64(), nasa["sum_wait_s"].as_i64()), (Some(128), Some(73_468)));
    assert_eq!(lublin["sum_wait_s"].as_i64(), Some(971_559_945));
    for key in [
        "mean_wait_s",
        "max_wait_s",
        "mean_bsld",
        "makespan_s",
        "utilisation",
        "wall_s",
        "jobs_per_s",
        "peak_rss_mib",
        "differ_from_trace_wait",
    ] {
        assert!(nasa[key].is_number(), "{key}");
    }
    assert!(said.stderr.contains("173 jobs were left out that did not run"), "{}", said.stderr);
}

#[test]
fn starts_are_in_the_order_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("two.swf");
    let line = |id: u32, submit: u32| format!("{id} {submit} -1 10 2 -1 -1 2 20 -1 1 1 1 -1 1 -1 -1 -1\n");
    std::fs::write(&file, format!("; MaxProcs: 2\n{}{}", line(8, 5), line(9, 0))).unwrap();
    let said = simulate(&[file.to_str().unwrap(), "--starts", "-", "--json"]);
    assert!(said.stdout.starts_with("8 10\n9 0\n{"), "{}", said.stdout);
    std::fs::write(&file, format!("; MaxProcs: 2\n{}oops\n", line(8, 5))).unwrap();
    let said = simulate(&[file.to_str().unwrap()]);
    assert_eq!(said.code, 2);
    assert!(said.stderr.contains("two.swf:3: field 1 is not a number: \"oops\""), "{}", said.stderr);
    let said = simulate(&[file.to_str().unwrap(), "--lenient", "--json"]);
    assert!(said.stdout.contains("\"malformed\":1"), "{}", said.stdout);
}
