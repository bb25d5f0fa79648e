//! The threads of a run: one worker per band, alive from the first step to the last, meeting at one
//! barrier a step. Every decision (time step, correction, end) is taken by each worker from the same
//! numbers, so all take the same.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Barrier, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;

use super::band::{Band, Edge, Edges};
use super::row::{GRAVITY, Step};
use super::scenario::Scenario;
use super::sum::Sum;
use super::{FloodError, Progress};
use crate::grid::Terrain;

/// Depths beyond this are no flood: the computation has become unstable.
const ABSURD_M: f64 = 50_000.0;

/// What the workers leave.
pub(super) struct Finished {
    /// From north to south.
    pub bands: Vec<Band>,
    /// Rain in all, metres.
    pub rain_m: Sum,
    pub steps: u64,
    pub reduced_steps: u64,
    pub simulated_s: f64,
}

/// What a band tells the others at a meeting.
#[derive(Default)]
struct Notice {
    edges: Edges<Vec<f64>>,
    low: f64,
    high: f64,
    stop: bool,
}

/// What all learn at a meeting.
#[derive(Clone, Copy)]
struct Verdict {
    low: f64,
    high: f64,
    stop: bool,
}

/// Where the workers meet. Each has two boards, used in turn: a worker that is already at the next
/// meeting writes on the other one while the slower ones still read.
struct Meeting {
    boards: [Vec<Mutex<Notice>>; 2],
    barrier: Barrier,
    stop: AtomicBool,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Numbers on a board are whole whatever happened to the one who wrote them.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(row: &mut Vec<f64>, values: &[f64]) {
    row.clear();
    row.extend_from_slice(values);
}

impl Meeting {
    fn new(workers: usize) -> Self {
        let board = || (0..workers).map(|_| Mutex::default()).collect();
        Self { boards: [board(), board()], barrier: Barrier::new(workers), stop: AtomicBool::new(false) }
    }

    /// Tells the others, waits for them, takes the neighbours' edge rows, and learns the extremes of all.
    fn meet(&self, me: usize, round: &mut usize, band: &mut Band, of: Edge, (low, high): (f64, f64)) -> Verdict {
        let board = &self.boards[*round % 2];
        *round += 1;
        {
            let mut notice = locked(&board[me]);
            let edges = band.edges(of);
            put(&mut notice.edges.north, edges.north);
            put(&mut notice.edges.south, edges.south);
            put(&mut notice.edges.north_flux, edges.north_flux);
            put(&mut notice.edges.south_flux, edges.south_flux);
            (notice.low, notice.high) = (low, high);
            // One worker asks, so that all learn the same at the same meeting.
            notice.stop = me == 0 && self.stop.load(Ordering::Relaxed);
        }
        self.barrier.wait();
        let halos = band.halos(of);
        if let Some(north) = me.checked_sub(1) {
            let north = locked(&board[north]);
            halos.north.copy_from_slice(&north.edges.south);
            halos.north_flux.copy_from_slice(&north.edges.south_flux);
        }
        if let Some(south) = board.get(me + 1) {
            let south = locked(south);
            halos.south.copy_from_slice(&south.edges.north);
            halos.south_flux.copy_from_slice(&south.edges.north_flux);
        }
        board.iter().fold(Verdict { low: 0.0, high: 0.0, stop: false }, |all, notice| {
            let notice = locked(notice);
            Verdict { low: all.low.min(notice.low), high: all.high.max(notice.high), stop: all.stop || notice.stop }
        })
    }
}

/// Why a worker went home.
enum End {
    Done,
    Stopped,
    Unstable,
}

/// What each worker counts, all alike.
#[derive(Default)]
struct Count {
    time: Sum,
    rain_m: Sum,
    steps: u64,
    reduced_steps: u64,
}

/// Runs all bands to the end of the scenario.
pub(super) fn run(
    bands: Vec<Band>,
    terrain: &Terrain,
    scenario: &Scenario,
    watch: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Finished, FloodError> {
    let threads = bands.len();
    let meeting = Meeting::new(threads);
    let deepest_m = bands.iter().fold(0.0, |deepest: f64, band| deepest.max(band.deepest_m()));
    let (tell, told) = mpsc::channel();
    let mut tell = Some(tell);
    // Nobody begins before all exist: a worker alone would wait at the barrier for ever.
    let all_here = Mutex::new(false);
    let done = thread::scope(|scope| {
        let mut hold = locked(&all_here);
        let mut workers = Vec::with_capacity(threads);
        for (me, mut band) in bands.into_iter().enumerate() {
            let (meeting, all_here, tell) = (&meeting, &all_here, tell.take());
            let work = move || {
                if !*locked(all_here) {
                    return None;
                }
                let (end, count) = work(me, &mut band, deepest_m, terrain.cell_m, scenario, meeting, tell.as_ref());
                Some((band, end, count))
            };
            let worker = thread::Builder::new().name(format!("flood-{me}")).spawn_scoped(scope, work);
            workers.push(worker.map_err(|source| FloodError::Threads { threads, source })?);
        }
        *hold = true;
        drop(hold);
        for progress in told {
            if watch(progress).is_break() {
                meeting.stop.store(true, Ordering::Relaxed);
            }
        }
        let ended =
            workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        Ok::<Vec<_>, FloodError>(ended.flatten().collect())
    })?;
    finish(done)
}

fn finish(done: Vec<(Band, End, Count)>) -> Result<Finished, FloodError> {
    let mut finished =
        Finished { bands: Vec::new(), rain_m: Sum::default(), steps: 0, reduced_steps: 0, simulated_s: 0.0 };
    for (band, end, count) in done {
        let simulated_s = count.time.value();
        match end {
            End::Done => {}
            End::Stopped => return Err(FloodError::Stopped { simulated_s }),
            End::Unstable => return Err(FloodError::Unstable { simulated_s }),
        }
        finished.bands.push(band);
        (finished.rain_m, finished.simulated_s) = (count.rain_m, simulated_s);
        (finished.steps, finished.reduced_steps) = (count.steps, count.reduced_steps);
    }
    Ok(finished)
}

/// One worker's life. Only the first worker has somebody to tell.
fn work(
    me: usize,
    band: &mut Band,
    mut deepest_m: f64,
    cell_m: f64,
    scenario: &Scenario,
    meeting: &Meeting,
    tell: Option<&mpsc::Sender<Progress>>,
) -> (End, Count) {
    let mut count = Count::default();
    let mut round = 0;
    let mut told = (0, 0.0);
    loop {
        let now = count.time.value();
        let left = scenario.duration_s - now;
        let wave = (GRAVITY * deepest_m.max(scenario.borders.deepest_m(now))).sqrt();
        let dt = (scenario.alpha * cell_m / wave).min(scenario.longest_step_s).min(left);
        let last = dt >= left;
        let step = Step {
            push: GRAVITY * dt / cell_m,
            drag: 4.0 * GRAVITY * scenario.manning * scenario.manning * dt,
            spread: dt / cell_m,
            rain: scenario.rain.fallen_m(now + dt) - scenario.rain.fallen_m(now),
        };
        band.impose(scenario, now);
        let extremes = band.sweep(step);
        let mut verdict = meeting.meet(me, &mut round, band, Edge::Next, extremes);
        if verdict.low < 0.0 {
            count.reduced_steps += 1;
            band.weigh(step);
            meeting.meet(me, &mut round, band, Edge::Keep, (0.0, 0.0));
            let extremes = band.reduce(step);
            let stop = verdict.stop;
            verdict = meeting.meet(me, &mut round, band, Edge::Next, extremes);
            verdict.stop |= stop;
        }
        band.settle(dt * cell_m);
        deepest_m = verdict.high;
        count.time.add(dt);
        count.rain_m.add(step.rain);
        count.steps += 1;
        // The last step ends on the hour whatever the sum of the steps has rounded to.
        let simulated_s = if last { scenario.duration_s } else { count.time.value() };
        let fraction = simulated_s / scenario.duration_s;
        if let Some(tell) = tell
            && (last || count.steps == 1 || count.steps >= told.0 + 64 || fraction >= told.1 + 0.001)
        {
            told = (count.steps, fraction);
            // Nobody listens any more when the caller has panicked; the run then ends by itself.
            let _gone = tell.send(Progress { fraction, simulated_s, steps: count.steps, deepest_m });
        }
        if verdict.high > ABSURD_M || verdict.low < 0.0 {
            return (End::Unstable, count);
        }
        if last || verdict.stop {
            return (if last { End::Done } else { End::Stopped }, count);
        }
    }
}
