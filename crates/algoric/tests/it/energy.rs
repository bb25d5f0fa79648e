//! A machine whose true curve is known: a plug, served by the test, says that it draws 600 W, and 200 W more for each CPU
//! that computes. What the centre makes of it is read from its file.

use std::{
    fs,
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, Ordering},
    },
    thread::sleep,
    time::{Duration, Instant},
};

use energy::{Energy, Flag};
use model::{JobId, Time};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use store::Reader;

use crate::ward::{EXE, Ward, outcome, until};

const IDLE_W: f64 = 600.0;
const PER_CPU_W: f64 = 200.0;

/// What the plug does.
#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Honest,
    /// It takes the call, and never says a word.
    Mute,
    /// Somebody put a web server there.
    Html,
    /// It measures nothing, or says so.
    Zero,
    /// It says what no machine draws.
    Megawatts,
}

/// A Shelly plug, for the rest of the test's process.
struct Plug {
    address: String,
    mood: Arc<AtomicU8>,
    /// What it showed last, in microjoules.
    shown: Arc<AtomicI64>,
}

impl Plug {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (mood, shown) = (Arc::new(AtomicU8::new(Mood::Honest as u8)), Arc::new(AtomicI64::new(0)));
        let (its_mood, its_shown) = (mood.clone(), shown.clone());
        std::thread::spawn(move || {
            let (begun, busy_before) = (Instant::now(), busy());
            let (mut kept, mut last) = (Vec::new(), (0.0, 0.0));
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut asked = [0; 1024];
                let length = stream.read(&mut asked).unwrap_or(0);
                let is_question = String::from_utf8_lossy(&asked[..length]).contains("/rpc/");
                let seconds = begun.elapsed().as_secs_f64();
                let joules = IDLE_W * seconds + PER_CPU_W * (busy() - busy_before);
                // Three decimals of a watt-hour, and the mean power since it was last asked.
                let total = (joules / 3.6).round() / 1000.0;
                let watts = (joules - last.1) / f64::max(seconds - last.0, 0.001);
                let status = |watts: f64| format!(r#"{{"apower":{watts:.1},"aenergy":{{"total":{total:.3}}}}}"#);
                let mood = its_mood.load(Ordering::Relaxed);
                let body = match mood {
                    _ if mood == Mood::Mute as u8 => {
                        kept.push(stream);
                        continue;
                    }
                    _ if mood == Mood::Html as u8 => "<html><h1>It works!</h1></html>".to_owned(),
                    _ if !is_question => r#"{"gen":2,"app":"PlusPlugS"}"#.to_owned(),
                    _ if mood == Mood::Zero as u8 => r#"{"apower":0}"#.to_owned(),
                    _ if mood == Mood::Megawatts as u8 => status(1e7),
                    _ => {
                        last = (seconds, joules);
                        its_shown.store((total * 3.6e9).round() as i64, Ordering::Relaxed);
                        status(watts)
                    }
                };
                let _sent = write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            }
        });
        Self { address, mood, shown }
    }

    fn set(&self, mood: Mood) {
        self.mood.store(mood as u8, Ordering::Relaxed);
    }
}

/// CPU seconds that the machine has used.
fn busy() -> f64 {
    drivers::meters::busy_us(std::path::Path::new("/proc")).unwrap() as f64 / 1e6
}

fn config(plug: &Plug, more: &str) -> String {
    format!(
        "[machine]\ncpus = 4\n[energy]\nsample_seconds = 1\nidle_watts = 600\n\
         [[meter]]\nkind = \"shelly\"\naddress = \"{}\"\n{more}",
        plug.address
    )
}

fn submit(ward: &Ward, options: &[&str], script: &str) -> u32 {
    let mut sbatch = ward.command("sbatch");
    let (code, job, complaint) =
        outcome(sbatch.args(["--parsable", "-o", "/dev/null"]).args(options).args(["--wrap", script]));
    assert_eq!(code, 0, "{complaint}");
    job.trim().parse().unwrap()
}

/// Half a second of CPU time and more, on any machine.
const SPIN: &str = "i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done";

fn wait_for(ward: &Ward, job: u32) {
    until("the job ends", || {
        let (_, row, _) =
            outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State,End", "-j", &job.to_string()]));
        !row.is_empty() && row.lines().all(|line| !line.ends_with("Unknown"))
    });
}

fn stop(ward: &mut Ward) {
    let mut up = ward.up.take().unwrap();
    kill(Pid::from_raw(up.id() as i32), Signal::SIGTERM).unwrap();
    up.wait().unwrap();
}

fn reader(ward: &Ward) -> (Reader, String) {
    let reader = Reader::open(&ward.data().join("db/algoric.db")).unwrap();
    let machine = reader.metered().unwrap().remove(0);
    (reader, machine)
}

const ALL: (Time, Time) = (Time(0), Time(i64::MAX / 2));

/// Meter = jobs + system + unallocated + unmeasured, by interval, minute, hour and job. Returns the meter.
fn check_conservation(reader: &Reader, machine: &str) -> Energy {
    let samples = reader.samples(machine, ALL.0, ALL.1).unwrap();
    let meter: Energy = samples.iter().map(|sample| sample.interval.energy).sum();
    let hours = reader.hours(machine, ALL.0, ALL.1).unwrap();
    let minutes = reader.minutes(machine, ALL.0, ALL.1).unwrap();
    assert_eq!(minutes.iter().map(|row| row.energy).sum::<Energy>(), meter);
    assert_eq!(hours.iter().map(|hour| hour.accounts.machines()).sum::<Energy>(), meter);
    let jobs: Energy = reader.job_energy_between(ALL.0, ALL.1).unwrap().iter().map(|job| job.account.total()).sum();
    assert_eq!(hours.iter().map(|hour| hour.accounts.jobs).sum::<Energy>(), jobs);
    assert!(samples.windows(2).all(|pair| pair[0].interval.end == pair[1].interval.start), "time is tiled");
    meter
}

#[test]
fn every_joule_has_an_owner_also_when_the_centre_is_killed() {
    let plug = Plug::new();
    let mut ward = Ward::new(&config(&plug, ""));
    ward.start();
    let spinning = submit(&ward, &["--array=1-3", "-c1"], SPIN);
    let waiting = submit(&ward, &["-c2"], "sleep 2");
    wait_for(&ward, spinning);
    wait_for(&ward, waiting);
    let long = submit(&ward, &["-c1"], &format!("{SPIN}; sleep 3; {SPIN}"));
    sleep(Duration::from_millis(1500));
    // Killed in the middle of it, before anything of the last seconds was written.
    let (centre, launcher, _) = ward.status().unwrap();
    kill(Pid::from_raw(centre), Signal::SIGKILL).unwrap();
    ward.wait_gone(launcher);
    sleep(Duration::from_secs(2));
    ward.start();
    wait_for(&ward, long);
    let short = submit(&ward, &[], "true");
    wait_for(&ward, short);
    // So that the last interval has them all.
    sleep(Duration::from_millis(2500));
    let (_, node, _) = outcome(ward.command("scontrol").args(["show", "node"]));
    let watts = node.split("CurrentWatts=").nth(1).and_then(|rest| rest.split_whitespace().next());
    assert!(watts.unwrap().parse::<u32>().unwrap() >= 590, "{node}");
    let (_, memory, _) = outcome(ward.command("sinfo").args(["-h", "-o", "%m"]));
    stop(&mut ward);
    a_script_agrees(&ward, memory.trim());

    let (reader, machine) = reader(&ward);
    let meter = check_conservation(&reader, &machine);
    let samples = reader.samples(&machine, ALL.0, ALL.1).unwrap();
    assert!(samples.iter().all(|sample| sample.interval.flag == Flag::Measured));
    let shown = plug.shown.load(Ordering::Relaxed);
    let missing = (shown - meter.0) as f64 / 1e6;
    // The plug began a moment before the centre did.
    assert!((0.0..2500.0).contains(&missing), "{missing} J of {} J", shown / 1_000_000);
    for job in reader.job_energy_between(ALL.0, ALL.1).unwrap() {
        assert!(job.end.is_some(), "{job:?}");
        let lived = (job.end.unwrap() - job.start).0;
        assert!((job.measured_ms - lived).abs() <= 1, "{job:?}");
        // Idle by cores (a quarter of the machine each) and time, but for what the plug rounds away.
        let idle = 600_000 * lived * i64::from(job.cores) / 4;
        assert!((job.account.idle.0 - idle).abs() <= idle / 50 + 4_000_000, "not {idle}: {job:?}");
        // Dynamic by CPU time: 200 W for each second.
        let dynamic = 200 * job.cpu_us as i64;
        let off = (job.account.dynamic.0 - dynamic).abs();
        assert!(off < dynamic / 10 + 5_000_000, "not {dynamic}: {job:?}");
    }
    let of = |job: u32| reader.job_energy(JobId(job)).unwrap();
    assert!(of(waiting)[0].account.dynamic.0 < of(long)[0].account.dynamic.0 / 4);
}

/// The tables are checked by a script that shares no code with us; and one microjoule too many is found.
fn a_script_agrees(ward: &Ward, memory: &str) {
    let tables = ward.path("tables");
    let mut export = Command::new(EXE);
    let (code, said, complaint) =
        outcome(export.args(["energy", "export"]).arg(&tables).arg("--data").arg(ward.data()));
    assert_eq!((code, said.lines().count()), (0, 4), "{complaint}");
    let check = || {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/energy/check.py");
        let mut python = Command::new("python3");
        outcome(python.arg(script).arg(&tables).args(["--cores", "4", "--memory-mib", memory]))
    };
    let (code, said, complaint) = check();
    assert_eq!(code, 0, "{said}{complaint}");
    let accounts = fs::read_to_string(tables.join("accounts.csv")).unwrap();
    fs::write(tables.join("accounts.csv"), accounts.replacen(",system,", ",system,1", 1)).unwrap();
    let (code, said, _) = check();
    assert!(code == 1 && said.contains("WRONG jobs + system"), "{said}");
}

#[test]
fn a_plug_that_fails_holds_up_nobody_and_is_marked() {
    let plug = Plug::new();
    plug.set(Mood::Mute);
    let model = "[[meter]]\nkind = \"model\"\nidle_watts = 600\nmilliwatts_per_cpu = 200000\n";
    let mut ward = Ward::new(&config(&plug, model));
    ward.start();
    let mut slowest = Duration::ZERO;
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let asked = Instant::now();
        let job = submit(&ward, &[], "true");
        slowest = slowest.max(asked.elapsed());
        assert!(job > 0);
        sleep(Duration::from_millis(100));
    }
    // A meter that does not answer is waited for during three seconds, and not by who serves.
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    for mood in [Mood::Html, Mood::Zero, Mood::Megawatts] {
        plug.set(mood);
        sleep(Duration::from_millis(1500));
    }
    stop(&mut ward);
    let (reader, machine) = reader(&ward);
    check_conservation(&reader, &machine);
    let samples = reader.samples(&machine, ALL.0, ALL.1).unwrap();
    assert!(samples.iter().any(|sample| sample.interval.source == 1), "the model stood in: {samples:?}");
    assert!(samples.iter().all(|sample| sample.interval.energy.0 < 20_000_000_000), "no megawatts");
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    assert!(log.contains("a meter does not answer"), "{log}");
}

/// `sacct` shows what its job is answerable for, in Slurm's fields.
#[test]
fn sacct_shows_joules() {
    let plug = Plug::new();
    let mut ward = Ward::new(&config(&plug, ""));
    ward.start();
    let job = submit(&ward, &["-c4"], "sleep 2");
    let ask = |ward: &Ward| {
        let fields = "JobID,ConsumedEnergyRaw";
        let (_, rows, _) = outcome(ward.command("sacct").args(["-n", "-P", "-o", fields, "-j", &job.to_string()]));
        rows
    };
    let joules = |rows: &str| rows.lines().next().and_then(|row| row.split('|').nth(1)?.parse::<u64>().ok());
    // Four of four cores at 600 W, for two seconds and a little; written within ten.
    until("its energy is known", || joules(&ask(&ward)).is_some_and(|joules| joules >= 1190));
    let rows = ask(&ward);
    let batch = rows.lines().nth(1).unwrap();
    assert!(batch.contains(".batch|") && joules(&rows) < Some(4000), "{rows}");
    assert_eq!(joules(batch), joules(&rows));
}
