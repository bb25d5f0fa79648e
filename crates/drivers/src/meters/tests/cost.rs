//! What a look costs: at one a second, under 0.5 % of a core, in a build without optimisation too.

use energy::attribute::{JobUse, Machine, attribute};
use energy::meter::{Follower, Limits, Reading};
use energy::{Energy, Flag, Interval, Power};
use model::{Span, Time};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

use super::{Meter, Roots, configured, serve_paths, write_files};

const LOOKS: i64 = 200;

/// Processor time of this thread for one look, in microseconds.
fn cost(look: &mut dyn FnMut(i64)) -> i64 {
    let used = || {
        let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
        (usage.user_time() + usage.system_time()).num_microseconds()
    };
    let before = used();
    (0..LOOKS).for_each(look);
    (used() - before) / LOOKS
}

#[test]
fn a_look_costs_less_than_half_a_percent_of_a_core() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), super::files::TWO_SOCKETS);
    let rapl = Roots { sys: folder.path().join("sys"), ..Roots::default() };
    let plug = serve_paths(&[("/cm?cmnd=Status%208", include_str!("../fixtures/tasmota-status8.json"))]);
    let check = |name: &str, look: &mut dyn FnMut(i64)| {
        let microseconds = cost(look);
        eprintln!("{name}: {microseconds} us a look");
        assert!(microseconds < 5000, "{name}: {microseconds} us");
    };
    let read = |mut meter: Box<dyn Meter>| move |_| drop(meter.read().unwrap());
    check("rapl", &mut read(configured("kind = \"rapl\"", &rapl).unwrap()));
    let model = "kind = \"model\"\nidle_watts = 60\nmilliwatts_per_cpu = 8000";
    check("model", &mut read(configured(model, &Roots::default()).unwrap()));
    let plug = format!("kind = \"tasmota\"\naddress = \"{plug}\"");
    check("plug", &mut read(configured(&plug, &Roots::default()).unwrap()));
    let mut follower = Follower::default();
    let mut meter = configured(model, &Roots::default()).unwrap();
    check("following", &mut |n| {
        let reading = Reading { at: Time(n * 1000), source: 0, channels: meter.read().unwrap() };
        follower.take(&Limits::default(), reading);
    });
    let machine = Machine { cores: 32, memory_mib: 1 << 20, idle: Power::watts(400) };
    let one = |job| JobUse { job, cores: 1, memory_mib: 4096, present_ms: 1000, cpu_us: 990_000 };
    let jobs: Vec<JobUse<u32>> = (0..100).map(one).collect();
    check("sharing between 100 jobs", &mut |n| {
        let (start, energy) = (Time(n * 1000), Energy(800_000_000));
        let interval = Interval { start, end: start + Span(1000), energy, flag: Flag::Measured, source: 0 };
        attribute(&machine, &interval, 32_000_000, &jobs, &[]);
    });
}
