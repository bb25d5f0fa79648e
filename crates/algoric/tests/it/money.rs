//! What jobs cost, at a real centre: set aside before they run, settled when they are over, refused and stopped by
//! budgets, given back when the machine fails, billed at the end of the month; and killed at any instant.

use std::{
    collections::BTreeSet,
    fs,
    io::{Read, Write},
    net::TcpListener,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::ward::{EXE, Ward, outcome, until};

/// A euro for each second of a core, so that short jobs are worth something.
const TARIFFS: &str = "currency = 'EUR'\n[[tariff]]\nversion = 'test'\ncategory = 'company'\nfrom = '2020-01-01'\n\
                       source = 'a test'\nkind = 'one_part'\nprice = { core_hour = 3600 }\n";
const SECOND: i64 = 1_000_000;

/// A Tasmota plug that draws 1800 W, for the rest of the test's process. Returns the lines of the configuration for it.
fn plug() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let begun = Instant::now();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _asked = stream.read(&mut [0; 1024]);
            let kwh = begun.elapsed().as_secs_f64() * 0.0005;
            let body = format!(r#"{{"StatusSNS":{{"ENERGY":{{"Total":{kwh:.6},"Power":1800}}}}}}"#);
            let _sent = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    format!("[energy]\nsample_seconds = 1\nidle_watts = 1000\n[[meter]]\nkind = 'tasmota'\naddress = '{address}'\n")
}

/// A centre with two projects: `eau` is paid for by C1, nobody pays for `libre`.
fn ward(more: &str) -> Ward {
    let mut ward = closed(more);
    ward.start();
    found(&ward);
    ward
}

fn closed(more: &str) -> Ward {
    let config = format!(
        "[machine]\ncpus = 4\n[limits]\nkill_wait = 1\nrequeue_delay = 0\n[electricity]\nzone = 'UTC'\n\
         [money]\ntariffs = 'tariffs.toml'\nmachine = 'blade'\nstatus = 'franchise'\nsettle_seconds = 20\n\
         [seller]\nname = 'Fablab du Loch'\nsiren = '123456789'\nsiret = '12345678900012'\n\
         address = {{ lines = ['1, rue du Port'], postcode = '56400', town = 'Auray', country = 'FR' }}\n{more}"
    );
    let ward = Ward::new(&config);
    fs::write(ward.data().join("tariffs.toml"), TARIFFS).unwrap();
    ward
}

fn found(ward: &Ward) {
    for project in ["eau", "libre"] {
        done(ward, &["project", "add", project]);
    }
    let customer = ["customer", "add", "C1", "--name", "Ponts SARL", "--category", "company", "--siren", "987654321"];
    done(ward, &[&customer[..], &["--street", "2, quai", "--postcode", "56000", "--town", "Vannes"]].concat());
    done(ward, &["project", "customer", "eau", "C1"]);
}

fn algoric(ward: &Ward) -> Command {
    let mut command = Command::new(EXE);
    command.env("ALGORIC_DATA", ward.data()).env("TZ", "UTC").env("LANG", "C").current_dir(ward.path("out"));
    command
}

fn done(ward: &Ward, args: &[&str]) -> String {
    let (code, said, complaint) = outcome(algoric(ward).args(args));
    assert_eq!(code, 0, "{args:?}: {complaint}");
    said
}

fn refused(ward: &Ward, args: &[&str], expected: &str) {
    let (code, _, complaint) = outcome(algoric(ward).args(args));
    assert!(code != 0 && complaint.contains(expected), "{args:?}: {code} {complaint}");
}

fn json(ward: &Ward, args: &[&str]) -> Value {
    let said = done(ward, args);
    serde_json::from_str(&said).unwrap_or_else(|fault| panic!("{fault}: {said}"))
}

fn sbatch(ward: &Ward, options: &[&str]) -> (i32, String, String) {
    outcome(ward.command("sbatch").args(["--parsable", "-o", "%j.out", "--mem=10"]).args(options))
}

fn submit(ward: &Ward, options: &[&str]) -> String {
    let (code, id, complaint) = sbatch(ward, options);
    assert_eq!(code, 0, "{complaint}");
    id.trim().to_owned()
}

fn is_over(ward: &Ward, id: &str) -> bool {
    outcome(ward.command("squeue").args(["-h", "-j", id])).1.is_empty()
}

fn state(ward: &Ward, id: &str) -> String {
    outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", id])).1.trim().to_owned()
}

/// How `eau` stands.
fn purse(ward: &Ward) -> Value {
    let rows = json(ward, &["project", "balance", "--json"]);
    rows.as_array().unwrap().iter().find(|row| row["project"] == "eau").unwrap().clone()
}

fn reserved(ward: &Ward) -> i64 {
    purse(ward)["reserved_microeur"].as_i64().unwrap()
}

/// `usage.csv` as rows of fields.
fn usage(ward: &Ward) -> Vec<Vec<String>> {
    let lines = done(ward, &["ledger", "usage"]);
    lines.lines().skip(1).map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

fn settled(ward: &Ward) {
    until("all that is over has its price", || reserved(ward) == 0);
    assert!(done(ward, &["ledger", "verify"]).contains("are what was written"));
}

fn murder(ward: &mut Ward) {
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    ward.start();
}

#[test]
fn a_price_is_set_aside_and_the_real_one_paid() {
    let ward = ward("");
    // Nobody pays for it: no price, and no entry.
    let free = submit(&ward, &["-A", "libre", "--wrap", "true"]);
    until("it is over", || is_over(&ward, &free));
    assert_eq!(done(&ward, &["ledger", "list", "--quiet"]), "");
    let (code, _, complaint) = sbatch(&ward, &["-A", "eau", "-t", "UNLIMITED", "--wrap", "true"]);
    assert!(code == 1 && complaint.contains("needs a time limit: add --time"), "{code} {complaint}");

    done(&ward, &["project", "budget", "eau", "1000 EUR", "--period", "month"]);
    let job = submit(&ward, &["-A", "eau", "-t", "1", "--wrap", "while [ ! -e go ]; do sleep 0.1; done"]);
    let aside = reserved(&ward);
    assert!(aside >= 60 * SECOND && aside % (60 * SECOND) == 0, "whole cores for a minute: {aside}");
    let standing = &purse(&ward)["budgets"][0];
    assert_eq!((&standing["limit"], &standing["left"]), (&(1000 * SECOND).into(), &(1000 * SECOND - aside).into()));
    // What is not covered is refused, with what is missing; as a question, too.
    for options in [&["-t", "60"][..], &["-t", "60", "--test-only"]] {
        let (code, _, complaint) = sbatch(&ward, &[&["-A", "eau", "--wrap", "true"], options].concat());
        assert!(code == 1 && complaint.contains("are missing. Ask for less (--time, --ntasks)"), "{code} {complaint}");
    }
    let quote = json(&ward, &["quote", "--json", "-A", "eau", "-t", "60", "--mem=10", "--wrap", "true"]);
    let (price, core) = (&quote["price"], aside / 60);
    assert_eq!(price["microeur"]["greatest"], 3600 * core, "{quote}");
    assert_eq!(price["tariff"], "test/company/blade");
    assert!(price["refusal"].as_str().unwrap().contains("are missing"), "{quote}");
    // It keeps its project.
    let (code, _, complaint) =
        outcome(ward.command("scontrol").args(["update", &format!("JobId={job}"), "Account=libre"]));
    assert!(code != 0 && complaint.contains("keeps its project"), "{complaint}");
    fs::write(ward.path("out/go"), "").unwrap();
    settled(&ward);
    let rows = usage(&ward);
    let [row] = &rows[..] else { panic!("{rows:?}") };
    let core_ms = (row[7].parse::<f64>().unwrap() * 1000.0).round() as i64;
    assert_eq!(
        (&row[0], &row[2], &row[3], &row[4]),
        (&job, &"eau".to_owned(), &"C1".to_owned(), &"company".to_owned())
    );
    assert_eq!(row[12].parse::<i64>().unwrap(), core_ms * 1000, "a euro for each second of a core");
    assert_eq!(purse(&ward)["spent_microeur"], row[12].parse::<i64>().unwrap());
    // What never began costs nothing.
    let waits = submit(&ward, &["-A", "eau", "-t", "1", "-H", "--wrap", "true"]);
    assert!(reserved(&ward) > 0);
    assert_eq!(outcome(ward.command("scancel").arg(&waits)).0, 0);
    settled(&ward);
    assert_eq!(usage(&ward).len(), 1);
}

#[test]
fn an_array_shares_what_is_set_aside_and_a_requeued_run_pays_twice() {
    let mut ward = ward("");
    let array =
        submit(&ward, &["-A", "eau", "-t", "1", "-a", "0-5%2", "--wrap", "while [ ! -e go ]; do sleep 0.1; done"]);
    let whole = reserved(&ward);
    until("two run", || outcome(ward.command("squeue").args(["-h", "-t", "R"])).1.lines().count() == 2);
    assert_eq!(reserved(&ward), whole, "tasks take their part along");
    murder(&mut ward);
    assert_eq!(reserved(&ward), whole);
    assert_eq!(outcome(ward.command("scontrol").args(["requeue", &format!("{array}_0")])).0, 0);
    until("one is settled", || usage(&ward).len() == 1);
    fs::write(ward.path("out/go"), "").unwrap();
    until("it is over", || is_over(&ward, &array));
    settled(&ward);
    let rows = usage(&ward);
    assert_eq!(rows.len(), 7, "six tasks, one of them twice: {rows:?}");
    assert_eq!(rows.iter().map(|row| &row[0]).collect::<BTreeSet<_>>().len(), 7);
}

#[test]
fn killed_at_any_instant_nothing_is_posted_twice_or_lost() {
    let mut ward = ward(&plug());
    let mut jobs = BTreeSet::new();
    for round in 0..12 {
        for _ in 0..3 {
            jobs.insert(submit(&ward, &["-A", "eau", "-t", "5", "--wrap", "sleep 0.3"]));
        }
        sleep(Duration::from_millis(170 * (round % 7)));
        murder(&mut ward);
    }
    jobs.insert(submit(&ward, &["-A", "eau", "-t", "5", "--wrap", "sleep 2.5"]));
    for job in &jobs {
        until("all are over", || is_over(&ward, job));
    }
    settled(&ward);
    let rows = usage(&ward);
    let charged: Vec<String> = rows.iter().map(|row| row[0].clone()).collect();
    let sum: i64 = rows.iter().map(|row| row[12].parse::<i64>().unwrap()).sum();
    assert_eq!(charged.iter().cloned().collect::<BTreeSet<_>>(), jobs);
    assert_eq!(charged.len(), jobs.len(), "{charged:?}");
    assert_eq!(purse(&ward)["spent_microeur"], sum);
    // A run that waits for its energy while the job runs again is not forgotten either.
    let again = submit(&ward, &["-A", "eau", "-t", "5", "--requeue", "--wrap", "sleep 60"]);
    until("it runs", || state(&ward, &again) == "RUNNING");
    assert_eq!(outcome(ward.command("scontrol").args(["requeue", &again])).0, 0);
    let shown = |ward: &Ward| outcome(ward.command("scontrol").args(["show", "job", &again])).1;
    until("it runs again", || shown(&ward).contains("Restarts=1") && shown(&ward).contains("JobState=RUNNING"));
    murder(&mut ward);
    assert_eq!(outcome(ward.command("scancel").arg(&again)).0, 0);
    until("it is over", || is_over(&ward, &again));
    settled(&ward);
    let runs: BTreeSet<String> = usage(&ward).into_iter().skip(rows.len()).map(|row| row[0].clone()).collect();
    assert_eq!(runs, BTreeSet::from([again.clone(), format!("{again}#1")]));
    // Its core's fourth of the 1000 W that the machine draws idle, for the last one's time.
    let (energy, core_s): (i64, f64) =
        rows.last().map(|row| (row[10].parse().unwrap(), row[7].parse().unwrap())).unwrap();
    assert!(energy as f64 > core_s * 150e6, "{energy} uJ in {core_s} s");
}

#[test]
fn a_budget_stops_what_runs_and_the_centres_failure_is_given_back() {
    let ward = ward("");
    let job = submit(&ward, &["-A", "eau", "-t", "5", "--wrap", "sleep 200"]);
    until("it runs", || state(&ward, &job) == "RUNNING");
    done(&ward, &["project", "budget", "eau", "200 EUR", "--warn-at", "1"]);
    done(&ward, &["project", "budget", "eau", "20 core-hours", "--soft", "--period", "year"]);
    let warned = "Project eau has used";
    until("its members are warned", || done(&ward, &["status"]).contains(warned));
    done(&ward, &["project", "budget", "eau", "2 EUR"]);
    until("the budget ends it", || state(&ward, &job).starts_with("CANCELLED"));
    let out = ward.path("out").join(format!("{job}.out"));
    until("its output says why", || fs::read_to_string(&out).is_ok_and(|text| text.contains("DUE TO BUDGET")));
    settled(&ward);
    assert!(done(&ward, &["history", &job]).contains("a budget of project eau is used up"));
    done(&ward, &["project", "budget", "eau", "9000 EUR"]);

    let spent = purse(&ward)["spent_microeur"].clone();
    let job = submit(&ward, &["-A", "eau", "-t", "5", "--no-requeue", "--wrap", "echo $PPID; sleep 200"]);
    let out = ward.path("out").join(format!("{job}.out"));
    until("it writes", || fs::read_to_string(&out).is_ok_and(|text| text.ends_with('\n')));
    let supervisor: i32 = fs::read_to_string(&out).unwrap().trim().parse().unwrap();
    sleep(Duration::from_millis(300));
    kill(Pid::from_raw(supervisor), Signal::SIGKILL).unwrap();
    until("nobody saw its end", || state(&ward, &job) == "NODE_FAIL");
    settled(&ward);
    assert_eq!(purse(&ward)["spent_microeur"], spent, "given back");
    let rows = usage(&ward);
    let of_job: Vec<i64> = rows.iter().filter(|row| row[0] == job).map(|row| row[12].parse().unwrap()).collect();
    assert!(of_job.len() == 2 && of_job[0] > 0 && of_job[0] + of_job[1] == 0, "{rows:?}");
}

/// libfaketime, where it is installed.
fn faketime() -> Option<PathBuf> {
    let folders = fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path());
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|path| path.exists())
}

fn start_in_another_month(ward: &mut Ward, library: &std::path::Path, offset: &str) {
    let file = ward.path("offset");
    fs::write(&file, offset).unwrap();
    let preload = format!("LD_PRELOAD={}", library.display());
    let file = format!("FAKETIME_TIMESTAMP_FILE={}", file.display());
    ward.start_by(&["env", &preload, &file, "FAKETIME_NO_CACHE=1", "FAKETIME_DONT_FAKE_MONOTONIC=1", EXE]);
}

#[test]
fn a_month_is_prepared_looked_at_issued_and_paid() {
    let Some(library) = faketime() else {
        eprintln!("not run: libfaketime is not installed");
        return;
    };
    let mut ward = closed("");
    start_in_another_month(&mut ward, &library, "+0");
    found(&ward);
    // It owes nothing: nobody misses its address.
    done(&ward, &["customer", "add", "C2", "--name", "Personne", "--category", "company"]);
    let month = jiff::Timestamp::now().strftime("%Y-%m").to_string();
    let jobs: Vec<String> = (0..3).map(|_| submit(&ward, &["-A", "eau", "-t", "1", "--wrap", "sleep 0.5"])).collect();
    for job in &jobs {
        until("it is over", || is_over(&ward, job));
    }
    settled(&ward);
    refused(&ward, &["invoice", "prepare", &month], "is not over");
    fs::write(ward.path("offset"), "+40d").unwrap();
    refused(&ward, &["invoice", "issue"], "nothing is prepared");
    let drafts = json(&ward, &["invoice", "prepare", &month, "--json"]);
    assert_eq!(drafts.as_array().unwrap().len(), 1, "{drafts}");
    let net = drafts[0]["draft"]["net"].as_i64().unwrap();
    refused(&ward, &["invoice", "issue"], "1 draft waits to be looked at");
    let accepted = json(&ward, &["invoice", "review", "--accept", "--json"]);
    assert!(accepted[0]["accepted_by"].is_string(), "{accepted}");
    let issued = json(&ward, &["invoice", "issue", "--json"]);
    let number = issued[0].as_str().unwrap().to_owned();
    assert!(number.starts_with('F') && number.ends_with("-0001"), "{number}");

    // Killed, started again, and tried by somebody else: neither a hole nor a second one.
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    start_in_another_month(&mut ward, &library, "+40d");
    refused(&ward, &["invoice", "issue"], &format!("the last was {number}"));
    refused(&ward, &["invoice", "prepare", &month, "C1"], "billed before");
    let list = json(&ward, &["invoice", "list", "--json"]);
    assert_eq!((list.as_array().unwrap().len(), list[0]["net"].as_i64()), (1, Some(net)));
    billed_in_every_table(&ward, &number, net);

    // One job is given back: a credit note, then what is left is paid.
    done(&ward, &["invoice", "credit-note", &number, "--job", &jobs[0]]);
    refused(&ward, &["invoice", "credit-note", &number, "--job", "99"], "is not on");
    done(&ward, &["invoice", "review", "--accept"]);
    let note = json(&ward, &["invoice", "issue", "--json"])[0].as_str().unwrap().to_owned();
    assert!(note.starts_with('A'), "{note}");
    let list = json(&ward, &["invoice", "list", "--json"]);
    let open = list.as_array().unwrap().iter().find(|row| row["number"] == *number).unwrap()["open"].as_i64().unwrap();
    assert!(open > 0 && open < net, "{open} of {net}");
    let euros = format!("{}.{:02}", open / SECOND, open % SECOND / 10_000);
    assert!(done(&ward, &["invoice", "pay", "C1", &euros, "--id", "B1"]).contains(&number));
    refused(&ward, &["invoice", "pay", "C1", &euros, "--id", "B1"], "in the ledger already");
    let late = json(&ward, &["invoice", "reminders", "--json"]);
    assert_eq!(late, Value::Array(Vec::new()));
    papers(&ward, &[&number, &note]);
    assert!(done(&ward, &["ledger", "verify"]).contains("2 documents are what was written"));
    tampered(&mut ward);
}

/// Ledger, tables and invoice agree.
fn billed_in_every_table(ward: &Ward, number: &str, net: i64) {
    let rows = usage(ward);
    let of_invoice = rows.iter().filter(|row| row[13] == number).map(|row| row[12].parse::<i64>().unwrap());
    let sum: i64 = of_invoice.sum();
    assert!((sum - net).abs() <= 5_000, "the cents of {sum} are {net}");
    let csv = done(ward, &["invoice", "csv"]);
    assert!(csv.lines().nth(1).unwrap().starts_with(number) && csv.contains(&format!(",{net},0,{net},")), "{csv}");
    let fec = done(ward, &["invoice", "fec", &number[1..5]]);
    assert!(fec.starts_with("JournalCode\t") && fec.contains(number), "{fec}");
    let postings = done(ward, &["ledger", "postings"]);
    let (mut debits, mut credits) = (0, 0);
    for line in postings.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        debits += fields[3].parse::<i64>().unwrap();
        credits += fields[4].parse::<i64>().unwrap();
    }
    assert!(debits > 0 && debits == credits, "{debits} {credits}");
}

fn papers(ward: &Ward, numbers: &[&String]) {
    done(ward, &["invoice", "pdf", "papers"]);
    for number in numbers {
        let paper = fs::read(ward.path("out/papers").join(format!("{number}.pdf"))).unwrap();
        assert!(paper.starts_with(b"%PDF-"), "{number}");
    }
    assert_eq!(fs::read_dir(ward.path("out/papers")).unwrap().count(), numbers.len());
}

/// Somebody edits the file behind the centre's back: verify says where, and the till stays closed; other jobs run.
fn tampered(ward: &mut Ward) {
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    let sql = rusqlite::Connection::open(ward.data().join("db/algoric.db")).unwrap();
    sql.execute_batch(
        "DROP TRIGGER ledger_entry_stays;
         UPDATE ledger_entry SET text = replace(text, '\"project\":\"eau\"', '\"project\":\"eua\"') WHERE number = 2;",
    )
    .unwrap();
    drop(sql);
    ward.start();
    refused(ward, &["ledger", "verify"], "ledger entry 2");
    let (code, _, complaint) = sbatch(ward, &["-A", "eau", "-t", "1", "--wrap", "true"]);
    assert!(code == 1 && complaint.contains("the ledger is closed"), "{complaint}");
    let free = submit(ward, &["-A", "libre", "--wrap", "true"]);
    until("what costs nothing runs", || is_over(ward, &free));
}

#[test]
fn orders_that_make_no_sense_are_refused() {
    let ward = ward("");
    for (args, expected) in [
        (&["project", "customer", "eau", "C2"][..], "did you mean `C1`?"),
        (&["project", "customer", "sand", "C1"], "there is no project sand"),
        (&["project", "credit", "libre", "5 EUR"], "nobody pays for project libre"),
        (&["project", "credit", "eau", "5 EURO"], "EURO"),
        (&["project", "credit", "eau", "-5"], "-5"),
        (&["project", "budget", "eau", "fifty"], "say 50 EUR"),
        (&["customer", "add", "Jean Dupont", "--name", "x", "--category", "company"], "letters, digits"),
        (&["customer", "add", "C3", "--name", "x", "--category", "compagny"], "company"),
        (&["customer", "add", "C3", "--name", " ", "--category", "company"], "needs a name"),
        (&["customer", "add", "C3", "--name", "x", "--category", "company", "--country", "ZZZ"], "two capital letters"),
        (&["customer", "add", "C3", "--name", "x", "--category", "company", "--siren", "12"], "nine digits"),
        (&["invoice", "issue"], "`algoric invoice prepare MONTH`"),
        (&["invoice", "fec", "abc"], "a year has four digits"),
        (&["invoice", "prepare", "2026-13"], "is no month"),
        (&["invoice", "prepare", "2026-01", "C9"], "no customer `C9`"),
        (&["invoice", "credit-note", "F2026-0001"], "no invoice F2026-0001"),
        (&["invoice", "show", "F2026-0001"], "no document F2026-0001"),
        (&["member", "role", "root", "-p", "eau", "viewer"], "root is no member of eau"),
    ] {
        refused(&ward, args, expected);
    }
    // Prepaid hours and credit pay first; the same grant twice is one.
    done(&ward, &["project", "credit", "eau", "5 EUR", "--id", "gift"]);
    refused(&ward, &["project", "credit", "eau", "5 EUR", "--id", "gift"], "in the ledger already");
    done(&ward, &["project", "in-kind", "eau", "1"]);
    let job = submit(&ward, &["-A", "eau", "-t", "1", "--wrap", "true"]);
    until("it is over", || is_over(&ward, &job));
    settled(&ward);
    assert_eq!(purse(&ward)["spent_microeur"], 0, "hours in kind pay for it");
    refused(&ward, &["project", "customer", "libre", "C7"], "no customer `C7`");
}

#[test]
fn a_member_sees_what_is_held_and_is_forgotten() {
    let ward = ward("");
    done(&ward, &["member", "add", "daemon", "--project", "eau"]);
    done(&ward, &["member", "role", "daemon", "--project", "eau", "viewer"]);
    let as_daemon = |name: &str| {
        use std::os::unix::process::CommandExt;
        let mut command = ward.command(name);
        command.uid(1).gid(1);
        command
    };
    if nix::unistd::geteuid().is_root() {
        let (code, _, complaint) =
            outcome(as_daemon("sbatch").args(["-A", "eau", "-t", "1", "-o", "/dev/null", "--wrap", "true"]));
        assert!(code == 1 && complaint.contains("you look at project eau"), "{code} {complaint}");
        done(&ward, &["member", "role", "daemon", "--project", "eau", "member"]);
        let (code, _, complaint) = outcome(as_daemon("sbatch").args([
            "-A",
            "eau",
            "-J",
            "secret",
            "-t",
            "1",
            "-o",
            "/dev/null",
            "--wrap",
            "echo hush",
        ]));
        assert_eq!(code, 0, "{complaint}");
        until("it is over", || outcome(ward.command("squeue").arg("-h")).1.is_empty());
        settled(&ward);
        let held = done(&ward, &["member", "export", "daemon"]);
        for part in ["\"secret\"", "echo hush", "\"eau\"", "\"settle\""] {
            assert!(held.contains(part), "{part}: {held}");
        }
        done(&ward, &["member", "erase", "daemon"]);
        let held = done(&ward, &["member", "export", "daemon"]);
        assert!(!held.contains("secret") && !held.contains("hush") && held.contains("settle"), "{held}");
        assert_eq!(usage(&ward)[0][1], "former-member-1");
        // The same script by somebody else is whole.
        let job = submit(&ward, &["-A", "eau", "-t", "1", "--wrap", "echo hush"]);
        let out = ward.path("out").join(format!("{job}.out"));
        until("it speaks", || fs::read_to_string(&out).is_ok_and(|text| text == "hush\n"));
        settled(&ward);
    }
}

#[test]
fn who_makes_place_for_an_emergency_is_compensated() {
    let ward = ward("");
    let low = submit(&ward, &["-A", "eau", "-q", "low", "-c", "4", "-t", "5", "--wrap", "sleep 3"]);
    until("low work runs", || state(&ward, &low) == "RUNNING");
    let flood = submit(&ward, &["-A", "libre", "-c", "4", "-t", "5", "--wrap", "sleep 1"]);
    done(&ward, &["urgent", &flood, "--because", "Flood of the Loch"]);
    until("all is over", || is_over(&ward, &low) && is_over(&ward, &flood));
    settled(&ward);
    let spent = purse(&ward)["spent_microeur"].as_i64().unwrap();
    // It was only stopped for a while: it pays what it used, and a tenth of that is its credit.
    assert!(spent > 0);
    assert_eq!(purse(&ward)["credit_microeur"], (spent + 5) / 10);
}
