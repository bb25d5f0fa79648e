//! Meters that are files of this machine: counters of processors, and the estimate from CPU times.

use super::{Roots, configured, said, write_files};

fn roots(folder: &std::path::Path) -> Roots {
    Roots { sys: folder.join("sys"), proc: folder.join("proc"), ..Roots::default() }
}

/// Two sockets with memory counters, as the kernel lays them: packages and their parts side by side.
const TWO_SOCKETS: &[(&str, &str)] = &[
    ("sys/class/powercap/intel-rapl:0/name", "package-0\n"),
    ("sys/class/powercap/intel-rapl:0/energy_uj", "262143328849\n"),
    ("sys/class/powercap/intel-rapl:0/max_energy_range_uj", "262143328850\n"),
    ("sys/class/powercap/intel-rapl:0:0/name", "core\n"),
    ("sys/class/powercap/intel-rapl:0:0/energy_uj", "7\n"),
    ("sys/class/powercap/intel-rapl:0:1/name", "dram\n"),
    ("sys/class/powercap/intel-rapl:0:1/energy_uj", "65532610986\n"),
    ("sys/class/powercap/intel-rapl:0:1/max_energy_range_uj", "65532610987\n"),
    ("sys/class/powercap/intel-rapl:1/name", "package-1\n"),
    ("sys/class/powercap/intel-rapl:1/energy_uj", "5\n"),
    ("sys/class/powercap/intel-rapl:1/max_energy_range_uj", "262143328850\n"),
    ("sys/class/powercap/intel-rapl:2/name", "psys\n"),
    ("sys/class/powercap/intel-rapl:2/energy_uj", "9\n"),
    ("sys/class/powercap/intel-rapl-mmio:0/name", "package-0\n"),
    ("sys/class/powercap/intel-rapl-mmio:0/energy_uj", "9\n"),
];

#[test]
fn processors_count_packages_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), TWO_SOCKETS);
    let mut meter = configured("kind = \"rapl\"", &roots(folder.path())).unwrap();
    assert_eq!(said(&mut *meter), "-/262143328849 -/65532610986 -/5");
    let ranges: Vec<_> = meter.read().unwrap().iter().map(|channel| channel.counter.unwrap().range).collect();
    assert!(ranges.iter().all(Option::is_some));
    // Files are opened once: a counter that moves is seen, one that is nonsense is said.
    let file = folder.path().join("sys/class/powercap/intel-rapl:1/energy_uj");
    std::fs::write(&file, "123456\n").unwrap();
    assert_eq!(said(&mut *meter), "-/262143328849 -/65532610986 -/123456");
    std::fs::write(&file, "NaN\n").unwrap();
    assert!(said(&mut *meter).contains("answers `NaN`, and not microjoules"));
}

#[test]
fn a_machine_without_counters_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let error = configured("kind = \"rapl\"", &roots(folder.path())).err().unwrap();
    assert!(error.to_string().contains("no energy counters of its processors"), "{error}");
}

#[test]
fn a_model_is_a_counter_since_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let stat = "cpu  1000 0 500 90000 700 10 20 3000 40 0\ncpu0 1000 0 500 90000 700 10 20 3000 40 0\n";
    write_files(folder.path(), &[("proc/stat", stat), ("proc/uptime", "1000.00 900.00\n")]);
    let text = "kind = \"model\"\nidle_watts = 60\nmilliwatts_per_cpu = 8000";
    let mut meter = configured(text, &roots(folder.path())).unwrap();
    // 60 W over 1000 s, and 8 W over 15.3 s of CPU time.
    assert_eq!(said(&mut *meter), format!("-/{}", 60_000_000_000i64 + 8000 * 15_300));
    assert_eq!(super::super::busy_us(&folder.path().join("proc")).unwrap(), 15_300_000);
    write_files(folder.path(), &[("proc/stat", "intr 5\n")]);
    assert!(said(&mut *meter).contains("not the kernel's CPU times"));
    std::fs::remove_file(folder.path().join("proc/uptime")).unwrap();
    assert!(said(&mut *meter).contains("proc/uptime"));
}

#[test]
fn this_machine_has_cpu_times() {
    let mut meter = configured("kind = \"model\"\nidle_watts = 60\nmilliwatts_per_cpu = 0", &Roots::default()).unwrap();
    let first = meter.read().unwrap()[0].counter.unwrap().energy;
    std::thread::sleep(std::time::Duration::from_millis(300));
    let more = meter.read().unwrap()[0].counter.unwrap().energy - first;
    assert!((12_000_000..60_000_000).contains(&more.0), "{more:?}");
}

#[test]
fn settings_that_are_wrong_are_named() {
    let check = |text: &str, part: &str| {
        let error = toml::from_str::<super::MeterConfig>(text).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    check("kind = \"shely\"", "unknown variant `shely`");
    check("kind = \"shelly\"", "missing field `address`");
    check("kind = \"rapl\"\nfactor = 2", "unknown field `factor`");
    check("kind = \"pdu\"\nmake = \"acme\"\naddress = \"x\"", "unknown variant `acme`");
    let missing = configured(
        "kind = \"shelly\"\naddress = \"x\"\nuser = \"a\"\npassword_file = \"/nowhere/p\"",
        &Roots::default(),
    );
    assert!(missing.err().unwrap().to_string().contains("/nowhere/p"));
}
