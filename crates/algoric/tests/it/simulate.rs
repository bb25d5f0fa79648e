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

/// Where there are several traces or policies, each has its own file.
#[test]
fn files_are_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let line = |id: u32| format!("; MaxProcs: 2\n{id} 0 -1 10 2 -1 -1 2 20 -1 1 1 1 -1 1 -1 -1 -1\n");
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("a.swf"), line(1)).unwrap();
    std::fs::write(path("b.swf"), line(2)).unwrap();
    let (starts, states, pictures) = (path("starts"), path("states"), path("pictures"));
    let said = simulate(&[
        &*path("a.swf"),
        &path("b.swf"),
        "--compare",
        "easy,conservative",
        "--starts",
        &starts,
        "--states",
        &states,
        "--plot",
        &pictures,
    ]);
    assert_eq!(said.code, 0, "{}", said.stderr);
    for (trace, id) in [("a", 1), ("b", 2)] {
        for policy in ["easy", "conservative"] {
            let text = std::fs::read_to_string(format!("{starts}.{trace}.{policy}")).unwrap();
            assert_eq!(text, format!("{id} 0\n"));
            let text = std::fs::read_to_string(format!("{states}.{trace}.{policy}")).unwrap();
            assert_eq!(text, "node1 busy 0 10\nnode2 busy 0 10\n");
        }
        for kind in ["queue", "use", "waits", "watts"] {
            let picture = std::fs::read_to_string(format!("{pictures}/{trace}-{kind}.svg")).unwrap();
            assert!(picture.starts_with("<svg ") && picture.contains("conservative"), "{kind}");
        }
    }
}

/// Jobs on a park get the memory that they ask for, each on a machine that has it.
#[test]
fn no_machine_gives_more_memory_than_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let line = |id: u32, kib: u32| format!("{id} 0 -1 10 1 -1 -1 1 20 {kib} 1 1 1 -1 1 -1 -1 -1\n");
    std::fs::write(path("a.swf"), [line(1, 1024), line(2, 1024), line(3, 4096)].concat()).unwrap();
    let park = "[[machines]]\nname = 'a'\ncount = 1\ncores = 4\nmemory_mib = 1\nidle_w = 1\nbusy_w = 2\noff_w = 0\nboot_s = 3\n";
    std::fs::write(path("park.toml"), park).unwrap();
    for (machines, policy, power, starts) in [
        (1, "easy", "always-on", "1 0\n2 10\n{"),
        (1, "conservative", "always-on", "1 0\n2 10\n{"),
        (1, "easy", "predictive", "1 0\n2 10\n{"),
        (1, "centre", "always-on", "1 0\n2 10\n{"),
        (2, "centre", "always-on", "1 0\n2 0\n{"),
    ] {
        std::fs::write(path("park.toml"), park.replace("count = 1", &format!("count = {machines}"))).unwrap();
        let (trace, park) = (path("a.swf"), path("park.toml"));
        let args = ["--park", &park, "--policy", policy, "--power", power, "--starts", "-", "--json"];
        let said = simulate(&[&[trace.as_str()], &args[..]].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        assert!(said.stdout.starts_with(starts) && said.stdout.contains("\"too_much_memory\":1"), "{}", said.stdout);
        assert!(said.stderr.contains("1 jobs were left out that need more memory"), "{}", said.stderr);
    }
}

/// `predictive` decides by itself who is first, but for the centre's own rules: whoever names another order is told.
#[test]
fn an_order_that_is_not_played_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("one.swf");
    std::fs::write(&file, "; MaxProcs: 2\n8 5 -1 10 2 -1 -1 2 20 -1 1 1 1 -1 1 -1 -1 -1\n").unwrap();
    for (policy, power, told) in [
        ("fcfs", "predictive", true),
        ("easy-sjbf", "predictive=5s", true),
        ("conservative", "predictive", true),
        ("easy", "predictive", false),
        ("centre", "predictive", false),
        ("fcfs", "off-after=600s", false),
    ] {
        let said = simulate(&[file.to_str().unwrap(), "--policy", policy, "--power", power]);
        assert_eq!(said.code, 0, "{}", said.stderr);
        let line = format!("one: predictive brings its own order of jobs; {policy} is not played");
        assert_eq!(said.stderr.contains(&line), told, "{policy} {power}: {}", said.stderr);
    }
}

/// The table says what is played, and where, if that is what is compared.
#[test]
fn what_is_played_has_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    std::fs::write(path("one.swf"), "; MaxProcs: 2\n8 5 -1 10 2 -1 -1 2 20 -1 1 1 1 -1 1 -1 -1 -1\n").unwrap();
    let park = "[[machines]]\nname = 'a'\ncount = 2\ncores = 4\nidle_w = 1\nbusy_w = 2\noff_w = 0\nboot_s = 3\n";
    std::fs::write(path("rack.toml"), park).unwrap();
    for (wish, head, name) in [
        (vec!["--policy", "fcfs"], "POLICY", "fcfs"),
        (vec!["--power", "off-after=600s"], "POLICY", "easy, off-after=600s"),
        (vec!["--power", "predictive=5s"], "POLICY", "predictive=5s"),
        (vec!["--power", "predictive=5s", "--policy", "centre"], "POLICY", "centre, predictive=5s"),
        (vec!["--compare", &path("rack.toml")], "PARK, POLICY", "rack, easy"),
        (vec!["--compare", &path("rack.toml"), "--power", "predictive=5s"], "PARK, POLICY", "rack, predictive=5s"),
    ] {
        let said = simulate(&[vec![&*path("one.swf")], wish].concat());
        assert_eq!(said.code, 0, "{}", said.stderr);
        // The second column ends where two spaces are.
        let cell =
            |line: &str| line.split("  ").filter(|part| !part.is_empty()).nth(1).map(|part| part.trim().to_owned());
        let lines: Vec<_> = said.stdout.lines().take(2).map(cell).collect();
        assert_eq!(lines, [Some(head.to_owned()), Some(name.to_owned())], "{}", said.stdout);
    }
}
