//! Jobs that fear no delay, at a real centre with cheap hours that begin in a minute: quoted, held, explained, kept over
//! a crash, started in time; and run times that are learned.

use std::{
    fs,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use jiff::{Timestamp, ToSpan as _};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::Value;

use crate::ward::{EXE, Ward, outcome, until};

/// Dear now, half the price for three hours from `cheap` on; 100 W, and 10 W for each busy CPU.
fn ward(cheap: Timestamp) -> Ward {
    let ward = Ward::new(
        "[machine]\ncpus = 4\nmemory = '4G'\n[electricity]\nfile = 'contracts.toml'\nzone = 'UTC'\n\
         [[meter]]\nkind = 'model'\nidle_watts = 100\nmilliwatts_per_cpu = 10000\n[[qos]]\nname = 'patient'\nflexible = true\n",
    );
    let hour = |at: Timestamp| at.strftime("%H:%M").to_string();
    let contracts = format!(
        "[[contract]]\nname = 'minute hours'\nfrom = '2020-01-01'\n[contract.price]\nkind = 'off_peak'\n\
         peak_eur_per_kwh = 0.2\noff_peak_eur_per_kwh = 0.1\nwindows = ['{}-{}']\n",
        hour(cheap),
        hour(cheap + 3.hours())
    );
    fs::write(ward.data().join("contracts.toml"), contracts).unwrap();
    ward
}

fn algoric(ward: &Ward) -> Command {
    let mut command = Command::new(EXE);
    command.env("ALGORIC_DATA", ward.data()).env("TZ", "UTC").env("LANG", "C").current_dir(ward.path("out"));
    command
}

fn json(ward: &Ward, args: &[&str]) -> Value {
    let (code, said, complaint) = outcome(algoric(ward).args(args));
    assert_eq!(code, 0, "{complaint}");
    serde_json::from_str(&said).unwrap_or_else(|fault| panic!("{fault}: {said}"))
}

fn submit(ward: &Ward, options: &[&str]) -> String {
    let (code, id, complaint) =
        outcome(ward.command("sbatch").args(["--parsable", "-o", "/dev/null", "--mem=1G"]).args(options));
    assert_eq!(code, 0, "{complaint}");
    id.trim().to_owned()
}

/// `squeue`'s state, reason and start of a job.
fn queued(ward: &Ward, id: &str) -> String {
    outcome(ward.command("squeue").env("TZ", "UTC").args(["-h", "-o", "%T %r %S", "-j", id])).1.trim().to_owned()
}

fn field(ward: &Ward, id: &str, name: &str) -> String {
    outcome(ward.command("sacct").env("TZ", "UTC").args(["-X", "-n", "-P", "-o", name, "-j", id])).1.trim().to_owned()
}

fn has_no_learned_run_time(quote: &Value) {
    assert_eq!(quote["expected"], Value::Null);
    // A quarter of 100 W and of 4 CPUs' work for ten minutes: 35 W.
    assert_eq!(quote["power_mw"], 35_000);
    assert_eq!(quote["energy_uj"]["greatest"], 35_000i64 * 600_000);
    assert_eq!(quote["energy_uj"]["expected"], Value::Null);
    assert_eq!(quote["price_is_known"], true);
}

#[test]
fn who_fears_no_delay_gets_cheap_hours() {
    // The first full minute that is far enough away for what is asked before.
    let soon = Timestamp::now().as_second() + 95;
    let cheap = Timestamp::from_second(soon / 60 * 60).unwrap();
    let start = cheap.as_millisecond();
    let mut ward = ward(cheap);
    ward.start();
    let job = ["quote", "--json", "-t", "10", "--mem=1G", "-J", "model_1", "--wrap", "true"];
    let quote = json(&ward, &job);
    has_no_learned_run_time(&quote);
    let (now, later) = (&quote["now"], &quote["flexible"]);
    assert!(now["start"].as_i64().unwrap() < start, "{quote}");
    assert_eq!(later["start"], start, "{quote}");
    // 5.83 Wh: at 0.2 and at 0.1 euros.
    let cost = |offer: &Value| offer["cost_microeur"]["greatest"].as_i64().unwrap();
    assert_eq!(cost(later), 583, "{quote}");
    assert!(cost(now) > 583, "{quote}");
    // Three short runs teach how long the next takes.
    let short: Vec<String> =
        (1..4).map(|n| submit(&ward, &["-t", "10", "-J", &format!("model_{n}"), "--wrap", "true"])).collect();
    for id in &short {
        until("short jobs are over", || field(&ward, id, "State") == "COMPLETED");
    }
    let quote = json(&ward, &job);
    assert_eq!((&quote["expected"]["runs"], &quote["expected"]["of"]), (&3.into(), &"same".into()), "{quote}");
    assert!(quote["expected"]["high_s"].as_i64().unwrap() < 60, "{quote}");

    let flexible = submit(&ward, &["-t", "10", "--comment=flexible", "--wrap", "true"]);
    let patient = submit(&ward, &["-t", "10", "-q", "patient", "--wrap", "true"]);
    let deadline = submit(&ward, &["-t", "10", "--deadline=now+2hours", "--wrap", "true"]);
    let near = submit(&ward, &["-t", "10", "--deadline=now+15minutes", "--wrap", "true"]);
    let plain = submit(&ward, &["-t", "10", "--wrap", "true"]);
    let held = format!("PENDING BeginTime {}", cheap.strftime("%Y-%m-%dT%H:%M:%S"));
    let are_held = |ward: &Ward| {
        for id in [&flexible, &patient, &deadline] {
            assert_eq!(queued(ward, id), held);
        }
    };
    are_held(&ward);
    for id in [&near, &plain] {
        until("who cannot or does not want to wait starts", || field(&ward, id, "State") == "COMPLETED");
    }
    let (_, why, _) = outcome(algoric(&ward).args(["why", &flexible]));
    assert!(
        why.starts_with(&format!("Job {flexible} fears no delay: it waits for cheaper electricity.\nFrom ")),
        "{why}"
    );
    let cause = &json(&ward, &["why", "--json", &flexible])["causes"][0]["CheapHours"];
    assert_eq!((&cause["start"], &cause["saving_permille"]), (&start.into(), &500.into()), "{cause}");

    // Killed and started again, the centre remembers who waits for what, and what it learned.
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    ward.start();
    are_held(&ward);
    assert!(json(&ward, &job)["expected"]["runs"].as_i64().unwrap() >= 3);
    // A change of mind is heard.
    let changed = submit(&ward, &["-t", "10", "--comment=flexible", "--wrap", "true"]);
    assert_eq!(queued(&ward, &changed), held);
    let update = [format!("JobId={changed}"), "Comment=inflexible".to_owned()];
    assert_eq!(outcome(ward.command("scontrol").arg("update").args(update)).0, 0);
    until("it starts after all", || field(&ward, &changed, "State") == "COMPLETED");
    // Only a person is told more than Slurm says.
    let test_only = ["--test-only", "-t", "10", "--wrap", "true"];
    let (_, _, said) = outcome(ward.command("sbatch").args(test_only));
    assert_eq!(said.lines().count(), 1, "{said}");
    let (_, _, said) = outcome(ward.command("sbatch").env("ALGORIC_ADVICE", "always").env("LANG", "C").args(test_only));
    assert!(said.lines().any(|line| line.starts_with("algoric: Energy: ")), "{said}");

    let begun = Instant::now();
    while field(&ward, &flexible, "State") != "COMPLETED" {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{} {}",
            queued(&ward, &flexible),
            field(&ward, &flexible, "State")
        );
        sleep(Duration::from_millis(200));
    }
    for id in [&flexible, &patient, &deadline] {
        until("those that waited are over", || field(&ward, id, "State") == "COMPLETED");
        assert!(field(&ward, id, "Start") >= cheap.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    }
}
