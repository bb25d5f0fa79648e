//! Electricity as operators and members meet it: a machine whose "plug" is computed from its load, contracts, calendars,
//! a site meter, a month, a job, a calibration, `/metrics`.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::Value;

use crate::ward::{EXE, Ward, outcome, until};

/// 60 W, and 8 W more for each CPU that computes; Tempo, in Paris.
const CONFIG: &str = "[machine]\nname = 'smp1'\n[[meter]]\nkind = 'model'\nidle_watts = 60\nmilliwatts_per_cpu = 8000\n\
    [electricity]\nzone = 'CET-1CEST,M3.5.0,M10.5.0/3'\ncontract = 'Tarif Bleu Tempo, 9 kVA, with tax'\n";

/// `algoric ARGS` at that centre: exit code, output, complaint.
fn algoric(ward: &Ward, args: &[&str]) -> (i32, String, String) {
    outcome(Command::new(EXE).args(args).env("ALGORIC_DATA", ward.data()).env("TZ", "UTC").env("LANG", "C"))
}

fn json(ward: &Ward, args: &[&str]) -> Value {
    let (code, out, complaint) = algoric(ward, &[args, &["--json"]].concat());
    assert_eq!(code, 0, "{args:?}: {complaint}");
    serde_json::from_str(&out).unwrap()
}

/// Takes in what standard input has.
fn import(ward: &Ward, args: &[&str], text: &str) -> (i32, String, String) {
    let file = ward.path("import");
    fs::write(&file, text).unwrap();
    algoric(ward, &[args, &[file.to_str().unwrap()]].concat())
}

fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn a_job_knows_what_it_took_and_a_month_where_it_went() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    // One CPU computes for a while, with memory and time that nobody needs.
    let script = "timeout 4 sh -c 'while :; do :; done'; true";
    let asks = ["--parsable", "-c", "1", "--mem", "900M", "-t", "10", "-o", "/dev/null", "--wrap", script];
    let (code, id, complaint) = outcome(ward.command("sbatch").args(asks));
    assert_eq!(code, 0, "{complaint}");
    let id = id.trim();
    until("the job is measured to its end", || {
        let job = json(&ward, &["job", id]);
        job["runs"][0]["state"] == "Completed" && number(&job["total"]["energy_uj"]) > 3 * 8_000_000
    });
    let job = json(&ward, &["job", id]);
    let total = &job["total"];
    let of = |key: &str| number(&total[key]);
    assert_eq!(of("energy_uj"), of("dynamic_uj") + of("idle_uj") + of("gpu_uj"));
    // 4 s of one CPU are 32 J, less on a tester's machine that is busy; the idle machine is more, and held in part.
    assert!((1_000_000..60_000_000).contains(&of("dynamic_uj")), "{total}");
    assert!(of("idle_uj") > 0 && of("microeur") > 0 && of("lifecycle_mg") > of("production_mg"), "{total}");
    assert_eq!(job["next"]["remarks"][0], "too-short");
    let (_, page, _) = algoric(&ward, &["job", id]);
    for part in ["COMPLETED", "production average", "consumption, life cycle", "too briefly", "an estimate"] {
        // The meter is named for what it is.
        let part = if part == "an estimate" { "smp1: model of 60 W" } else { part };
        assert!(page.contains(part), "{part}: {page}");
    }

    // What the machine drew is jobs and the rest, to the microjoule; the rows of a period are its sum.
    let hours = json(&ward, &["energy", "--by", "hour"]);
    let machine = json(&ward, &["energy", "--by", "machine"]);
    let sum = |report: &Value, key: &str| -> i64 {
        report["used"].as_array().unwrap().iter().map(|row| number(&row[key])).sum()
    };
    for report in [&hours, &machine] {
        let parts: i64 =
            ["jobs_uj", "system_uj", "unallocated_uj", "unmeasured_uj"].iter().map(|key| sum(report, key)).sum();
        assert_eq!(parts, sum(report, "energy_uj"));
    }
    assert_eq!(machine["used"][0]["name"], "smp1");
    let projects = json(&ward, &["energy", "--by", "project"]);
    assert_eq!(number(&projects["owners"][0]["energy_uj"]), of("energy_uj"));
    assert_eq!(json(&ward, &["energy", "--by", "job"])["owners"][0]["name"], id);
    assert!(sum(&machine, "jobs_uj") >= of("energy_uj"));

    a_month(&ward);
    metrics(&ward);
}

/// The month of now, held against a site meter that says three times as much.
fn a_month(ward: &Ward) {
    let month = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap());
    let first = month.date().first_of_month();
    let next = first.checked_add(jiff::ToSpan::months(1)).unwrap();
    let name = first.strftime("%Y-%m").to_string();
    let bare = json(ward, &["energy", "reconcile", &name]);
    assert_eq!((&bare["site_uj"], &bare["pue_permille"]), (&Value::Null, &Value::Null));
    let machines = number(&bare["machines"]["energy_uj"]);
    let index = |day: jiff::civil::Date, wh: i64| {
        let at = day.at(0, 0, 0, 0).to_zoned(month.time_zone().clone()).unwrap().timestamp();
        format!("{at},{wh}\n")
    };
    let wh = machines / 3_600_000_000 + 1;
    let csv = format!("at,wh\n{}{}", index(first, 5000), index(next, 5000 + 3 * wh));
    let (code, _, complaint) = import(ward, &["energy", "index", "--csv"], &csv);
    assert_eq!(code, 0, "{complaint}");
    let kwh = format!("{}.{:03}", 4 * wh / 1000, 4 * wh % 1000);
    let settled = json(ward, &["energy", "reconcile", &name, "--bill", &kwh]);
    let of = |key: &str| number(&settled[key]);
    assert_eq!(of("site_uj"), 3 * wh * 3_600_000_000);
    assert_eq!(of("billed_uj"), 4 * wh * 3_600_000_000);
    let machines = number(&settled["machines"]["energy_uj"]);
    assert_eq!(machines + of("overhead_uj") + of("unexplained_uj"), of("billed_uj"), "the bill, to the microjoule");
    assert!(of("pue_permille") > 1000 && of("subscription_microeur") == 19_880_000);
    let (_, page, _) = algoric(ward, &["energy", "reconcile", &name]);
    assert!(page.contains("measured PUE") && page.contains("site meter") && page.contains("± "), "{page}");
    let (code, _, complaint) = algoric(ward, &["energy", "reconcile", "2026-13"]);
    assert!(code == 2 && complaint.contains("no year, month or day"), "{complaint}");
    let (code, _, complaint) = import(ward, &["energy", "index", "--csv"], "at,kwh\nyesterday,5\n");
    assert!(code == 1 && complaint.contains("line 2"), "{complaint}");
}

#[test]
fn an_index_is_of_the_contracts_day_and_does_not_go_back() {
    // The callers of `algoric` here are in UTC, the contract is in Paris.
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let note = |args: &[&str]| algoric(&ward, &[&["energy", "index"], args].concat());
    let check = |args: &[&str], code: i32, expected: &str| {
        let (found, said, complaint) = note(args);
        assert!(found == code && (said + &complaint).contains(expected), "{args:?}: {found} {complaint}");
    };
    check(&["2025-10-01", "48213"], 0, "Noted: 48213.000 kWh at 2025-10-01 00:00:00.");
    check(&["2025-11-01", "49527"], 0, "Noted: 49527.000 kWh at 2025-11-01 00:00:00.");
    let settled = json(&ward, &["energy", "reconcile", "2025-10"]);
    assert_eq!(number(&settled["site_uj"]), 1314 * 3_600_000_000_000);
    assert_eq!(settled["is_interpolated"], false);
    let first = json(&ward, &["energy", "index"])[0]["at"].clone();
    assert_eq!(first, 1_759_269_600_000i64, "2025-09-30T22:00Z");
    check(&["2025-11-05", "100"], 1, "less than 49527.000 kWh at 2025-11-01 00:00:00");
    check(&["2025-09-01", "48214"], 1, "does not run backwards");
    check(&["2999-01-01", "50000"], 2, "is yet to come");
    check(&["--remove", "2025-11-05"], 1, "There is no index of 2025-11-05");
    assert_eq!(json(&ward, &["energy", "index"]).as_array().unwrap().len(), 2, "what was refused is not noted");
    check(&["2025-11-05", "100", "--new-meter"], 0, "Noted");
    check(&["--remove", "2025-11-05"], 0, "The index of 2025-11-05 00:00:00 is forgotten.");
    check(&[], 0, "2025-10-01 00:00:00");
    // Prices too: Tempo changes at 6 and at 22 in Paris.
    let (_, page, _) = algoric(&ward, &["energy", "contract", "--days", "2"]);
    assert!(page.contains(" 06:00:00") && page.contains(" 22:00:00"), "{page}");
    assert!(page.contains("Times are those of CET-1CEST,M3.5.0,M10.5.0/3."), "{page}");
}

/// What the centre's door says to a `GET`.
fn get(ward: &Ward, path: &str) -> String {
    let status = json(ward, &["status"]);
    let address = status["url"].as_str().unwrap().trim_start_matches("http://").trim_end_matches('/').to_owned();
    let mut stream = TcpStream::connect(address).unwrap();
    // In two pieces, as a slow visitor's may come.
    stream.write_all(b"GET ").unwrap();
    std::thread::sleep(Duration::from_millis(20));
    stream.write_all(format!("{path} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn metrics(ward: &Ward) {
    let text = get(ward, "/metrics");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\ncontent-type: text/plain; version=0.0.4"), "{text}");
    for part in [
        "\nslurm_queue_running 0\n",
        "\nslurm_nodes_idle 1\n",
        "\nscaph_host_power_microwatts ",
        "\nalgoric_machine_idle_watts{machine=\"smp1\"} 60.000\n",
        "\nalgoric_machine_energy_joules_total{machine=\"smp1\",account=\"unallocated\"} ",
        "\nceems_emissions_gCo2_kWh{provider=\"average\"",
        "\nalgoric_jobs_total{event=\"completed\"} 1\n",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(get(ward, "/nothing").starts_with("HTTP/1.1 404"));
}

/// Prices of the next days.
fn steps(ward: &Ward, days: &str) -> Vec<Value> {
    json(ward, &["energy", "contract", "--days", days])["steps"].as_array().unwrap().clone()
}

#[test]
fn calendars_are_imported_and_take_effect_at_once() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let is_known = |steps: &[Value]| steps.iter().all(|step| step["is_known"] == true);
    assert!(!is_known(&steps(&ward, "3")), "no colour is known yet");
    let paris = jiff::tz::TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap();
    let today = jiff::Timestamp::now().to_zoned(paris).date();
    let day = |from_today: i64| today.checked_add(jiff::ToSpan::days(from_today)).unwrap();
    let lines: String = (-1..3).map(|n| format!("{},white\n", day(n))).collect();
    let (code, said, complaint) = import(&ward, &["energy", "import", "tempo"], &format!("date,colour\n{lines}"));
    assert!(code == 0 && said.starts_with("4 lines taken in; the calendar has 4 now."), "{said}{complaint}");
    let two_days = steps(&ward, "2");
    assert!(is_known(&two_days) && two_days.iter().all(|step| step["rate"].as_str().unwrap().starts_with("white")));
    // A missing day is said to be one; so is a day that breaks the rules.
    assert!(!is_known(&steps(&ward, "5")));
    let (_, said, _) = import(&ward, &["energy", "import", "tempo"], "date,colour\n2026-07-14,red\n");
    assert!(said.contains("the calendar has 5 now") && said.contains("2026-07-14 is red"), "{said}");
    // What is no calendar changes nothing; prices that overlap neither.
    let (code, _, complaint) = import(&ward, &["energy", "import", "tempo"], "<html>503</html>");
    assert!(code == 1 && complaint.contains("columns date and colour"), "{complaint}");
    let spot = "start,end,eur_per_kwh\n2026-01-01T00:00:00Z,2026-01-01T02:00:00Z,0.1\n";
    assert_eq!(import(&ward, &["energy", "import", "spot"], spot).0, 0);
    let overlap = "start,end,eur_per_kwh\n2026-01-01T01:00:00Z,2026-01-01T03:00:00Z,0.1\n";
    let (code, _, complaint) = import(&ward, &["energy", "import", "spot"], overlap);
    assert!(code == 1 && complaint.contains("after the next one starts"), "{complaint}");
    let grid = r#"{"results":[{"date_heure":"2026-11-22T10:00:00+00:00","taux_co2":30}]}"#;
    assert_eq!(import(&ward, &["energy", "import", "eco2mix"], grid).0, 0);
    // They outlive the centre.
    let (centre, _, _) = ward.status().unwrap();
    assert_eq!(algoric(&ward, &["stop"]).0, 0);
    ward.wait_gone(centre);
    ward.start();
    assert!(is_known(&steps(&ward, "2")));
    let (_, shipped, _) = algoric(&ward, &["energy", "contract", "--all"]);
    assert!(shipped.contains("Tarif Bleu Tempo, 9 kVA, with tax\n"), "{shipped}");
}

#[test]
fn a_site_meter_that_can_be_read_notes_its_index() {
    let mut ward = Ward::new(&format!("[site.meter]\nkind = 'tasmota'\naddress = '{}'\n", crate::meters::plug()));
    ward.start();
    until("its index is noted", || {
        let indexes = json(&ward, &["energy", "index"]);
        indexes.as_array().unwrap().len() == 1 && indexes[0]["energy_uj"] == 444_441_600_000_000i64
    });
}

#[test]
fn a_contract_that_is_none_stops_the_start_and_says_why() {
    let ward = Ward::new("[electricity]\ncontract = 'Tarif Bleu Temp'\n");
    let (code, _, complaint) = algoric(&ward, &["up", "--listen", "127.0.0.1:0"]);
    let expected = ["config.toml: electricity: contract", "did you mean `Tarif Bleu Tempo, 9 kVA, with tax`?"];
    assert!(code != 0 && expected.iter().all(|part| complaint.contains(part)), "{complaint}");
}

/// Calibrates with watts typed in, one line a phase.
fn calibrate(ward: &Ward, watts: &str, more: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(EXE);
    command.args(["meter", "calibrate", "--watts", "--seconds", "2", "--settle", "1"]).args(more);
    command.env("ALGORIC_DATA", ward.data()).env("LANG", "C").stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(watts.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (out.status.code().unwrap_or(-1), text(out.stdout), text(out.stderr))
}

#[test]
fn a_machine_is_calibrated_when_it_is_drained_and_empty() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let (code, _, complaint) = calibrate(&ward, "", &[]);
    assert!(
        code == 1 && complaint.contains("The machine takes jobs") && complaint.contains("algoric drain"),
        "{complaint}"
    );
    let (_, id, _) = outcome(ward.command("sbatch").args(["--parsable", "--wrap", "sleep 100"]));
    until("the job runs", || outcome(ward.command("squeue").args(["-h", "-o", "%T"])).1 == "RUNNING\n");
    assert_eq!(algoric(&ward, &["drain", "--reason", "calibration"]).0, 0);
    let (code, _, complaint) = calibrate(&ward, "", &[]);
    assert!(code == 1 && complaint.contains("suspended here (1)"), "{complaint}");
    assert_eq!(outcome(ward.command("scancel").arg(id.trim())).0, 0);
    until("the job is gone", || outcome(ward.command("squeue").args(["-h"])).1.is_empty());

    // Given up, or no number: nothing is stored.
    let (code, _, complaint) = calibrate(&ward, "61\n", &[]);
    assert!(code == 1 && complaint.to_lowercase().contains("nothing was stored"), "{complaint}");
    let (code, _, complaint) = calibrate(&ward, "much\n", &[]);
    assert!(code == 1 && complaint.contains("much is no number of watts"), "{complaint}");
    let idle = || json(&ward, &["energy"])["meters"][0].clone();
    assert_eq!((&idle()["idle_mw"], &idle()["calibrated"]), (&60_000.into(), &Value::Null));

    // More watts with each phase. A tester's machine is seldom idle: then that is said, and nothing stored.
    let watts = "50\n200\n350\n500\n650\n";
    let tries = (0..4).map(|_| calibrate(&ward, watts, &[]));
    let last = tries.take_while(|(code, ..)| *code != 0).last();
    if let Some((code, _, complaint)) = last.filter(|_| idle()["calibrated"].is_null()) {
        assert!(code == 1 && complaint.contains("something else than jobs runs here"), "{complaint}");
        eprintln!("not run to its end: this machine is busy with something else");
        return;
    }
    let meter = idle();
    assert!(number(&meter["calibrated"]) > 0 && meter["idle_mw"] != 60_000, "{meter}");
    let (_, page, _) = algoric(&ward, &["energy"]);
    assert!(page.contains("calibrated 20"), "{page}");
}

#[test]
fn ctrl_c_leaves_no_load_and_nothing_stored() {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    assert_eq!(algoric(&ward, &["drain", "--reason", "calibration"]).0, 0);
    let mut command = Command::new(EXE);
    command.args(["meter", "calibrate", "--watts", "--settle", "60"]).env("ALGORIC_DATA", ward.data());
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(700));
    let pid = nix::unistd::Pid::from_raw(i32::try_from(child.id()).unwrap());
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGINT).unwrap();
    assert!(!child.wait().unwrap().success());
    assert_eq!(json(&ward, &["energy"])["meters"][0]["calibrated"], Value::Null);
}
