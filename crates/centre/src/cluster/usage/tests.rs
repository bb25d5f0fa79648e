//! The thread that reads the accounting, with a Slurm whose commands are played: clocks that are set, disks that are full.
#![allow(clippy::unwrap_used)]

use std::{
    fmt::Write as _,
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
};

use dialect::cluster::accounting::COLUMNS;
use store::{AccountFilter, Batch, ClusterWrite, Committed, Db, Write, Writer};

use super::*;

/// Rows stand in a file, each behind the second in which it ended; what is asked for is taken out of it.
const SACCT: &str = r#"#!/bin/sh
for word; do
    case $word in
        --starttime=*) from=$(date -u -d "${word#*=}" +%s) ;;
        --endtime=*) to=$(date -u -d "${word#*=}" +%s) ;;
        --delimiter=*) cut=${word#*=} ;;
    esac
done
awk -F'\t' -v from="$from" -v to="$to" -v cut="$cut" \
    '$1 >= from && $1 <= to { gsub(/\^/, cut, $2); print $2 }' "$(dirname "$0")/rows"
"#;

struct World {
    folder: tempfile::TempDir,
    writer: Writer,
    done: Mutex<Receiver<Committed>>,
    /// Parts until the disk is full.
    room: AtomicUsize,
    /// It was, when something came.
    is_full: AtomicBool,
}

thread_local! {
    static NOW: &'static AtomicI64 = Box::leak(Box::new(AtomicI64::new(0)));
}

fn now() -> Time {
    Time(NOW.with(|now| now.load(Ordering::Relaxed)) * 1000)
}

fn put(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        put(&folder.path().join("sacct"), SACCT);
        put(&folder.path().join("sdiag"), "#!/bin/sh\necho 'DBD Agent queue size: 0'\n");
        put(&folder.path().join("rows"), "");
        let (tell, done) = channel();
        let db = Db::open(&folder.path().join("x.db")).unwrap().0;
        let writer = Writer::start(db, move |done| tell.send(done).unwrap()).unwrap();
        Self {
            folder,
            writer,
            done: Mutex::new(done),
            room: AtomicUsize::new(usize::MAX),
            is_full: AtomicBool::new(false),
        }
    }

    /// A job ended there, in that second.
    fn ended(&self, ends: &[(u32, u32, i64)]) {
        let mut text = fs::read_to_string(self.folder.path().join("rows")).unwrap();
        for (key, job, end) in ends {
            let value = |column: &str| match column {
                "DBIndex" => key.to_string(),
                "JobID" | "JobIDRaw" => job.to_string(),
                "State" => "COMPLETED".to_owned(),
                "Submit" | "Start" => (end - 9).to_string(),
                "End" => end.to_string(),
                "ElapsedRaw" => "9".to_owned(),
                "UID" => "1001".to_owned(),
                "User" => "alice".to_owned(),
                "AllocCPUS" | "AllocNodes" => "1".to_owned(),
                "NodeList" => "n1".to_owned(),
                "Partition" => "main".to_owned(),
                "ExitCode" => "0:0".to_owned(),
                _ => String::new(),
            };
            let fields: String = COLUMNS.iter().map(|column| value(column) + "^").collect();
            writeln!(text, "{end}\t{fields}").unwrap();
        }
        fs::write(self.folder.path().join("rows"), text).unwrap();
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("x.db")
    }

    /// Writes, as the loop does: when something could not be written nothing is, until the thread begins anew.
    fn take(&self, said: Said, nudge: &Sender<Nudge>) {
        let Said::Usage { runs, until } = said else { return };
        let rows = usize::from(!runs.is_empty());
        let is_written = !self.is_full.load(Ordering::Relaxed) && self.room.load(Ordering::Relaxed) >= rows;
        if is_written {
            self.room.fetch_sub(rows, Ordering::Relaxed);
            self.write(runs, until);
        } else {
            self.is_full.store(true, Ordering::Relaxed);
        }
        nudge.send(Nudge::Written(is_written)).unwrap();
    }

    fn write(&self, runs: Vec<ClusterRun>, until: Option<Time>) {
        let mut writes = vec![Write::Cluster(Box::new(ClusterWrite::Runs(runs.into())))];
        writes.extend(until.map(|until| Write::Cluster(Box::new(ClusterWrite::Read(until)))));
        self.writer.send(Batch { number: 1, writes });
        self.done.lock().unwrap().recv().unwrap().result.unwrap();
    }

    /// One look of a thread that has just been started: whether it was whole.
    fn look(&self, at: i64) -> bool {
        NOW.with(|now| now.store(at, Ordering::Relaxed));
        let ((nudge, nudges), (tell, told)) = (channel(), channel());
        let limit = Duration::from_secs(60);
        let mut usage = Usage {
            slurm: Slurm { folder: Some(self.folder.path().to_owned()), conf: None, limit },
            reader: Reader::open(&self.path()).unwrap(),
            overlap: Span::minutes(10),
            pause: Duration::ZERO,
            nudges,
            say: move |said| tell.send(said).unwrap(),
            user: "centre".to_owned(),
            seen: Seen { reviewed: Some(Instant::now()), all: Some(Instant::now()), half_told: HashMap::new() },
            unwritten: VecDeque::new(),
            clock: now,
        };
        let looked = std::thread::scope(|scope| {
            scope.spawn(move || {
                for said in told {
                    // The disk takes its time: what comes next is found meanwhile.
                    std::thread::sleep(Duration::from_millis(5));
                    self.take(said, &nudge);
                }
            });
            let looked = usage.look();
            let is_settled = usage.unwritten.is_empty();
            drop(usage);
            assert!(is_settled, "what was handed over has its fate");
            looked
        });
        match looked {
            Ok(()) => true,
            Err(Stop::Unwritten) => false,
            Err(Stop::Fault(fault)) => panic!("{fault}"),
            Err(Stop::Over) => panic!("over"),
        }
    }

    /// The numbers in the file, each with its attempts; and the mark, in seconds.
    fn told(&self) -> (Vec<(u32, usize)>, i64) {
        let reader = Reader::open(&self.path()).unwrap();
        let filter = AccountFilter { duplicates: true, ..AccountFilter::default() };
        let mut rows = Vec::new();
        reader.accounts(&filter, Vec::new(), &mut |part| rows.extend(part)).unwrap();
        let mut counts = std::collections::BTreeMap::<u32, usize>::new();
        for row in rows {
            *counts.entry(row.id.0).or_default() += 1;
        }
        (counts.into_iter().collect(), reader.cluster_read().unwrap().unwrap_or(Time(0)).0 / 1000)
    }
}

/// A while after 2001.
const NOON: i64 = 1_000_000_000;
const HOUR: i64 = 3600;

#[test]
fn a_clock_that_goes_ahead_and_is_set_back_loses_and_doubles_nothing() {
    let world = World::new();
    world.write(Vec::new(), Some(Time(1000 * (NOON - HOUR))));
    world.ended(&[(1, 1, NOON - 60)]);
    assert!(world.look(NOON));
    assert_eq!(world.told(), (vec![(1, 1)], NOON));
    // It is an hour ahead for a while: what ends then is dated so.
    world.ended(&[(2, 2, NOON + HOUR + 10)]);
    assert!(world.look(NOON + HOUR + 20));
    assert_eq!(world.told(), (vec![(1, 1), (2, 1)], NOON + HOUR + 20));
    // It is set back. What ends now ended before the mark; the mark stays until the clock is there again.
    for (key, later) in (3..).zip([40, HOUR / 2, HOUR - 30]) {
        world.ended(&[(key, key, NOON + later)]);
        assert!(world.look(NOON + later + 1));
        assert!(world.told().0.contains(&(key, 1)), "what ended {later} s later");
        assert_eq!(world.told().1, NOON + HOUR + 20);
    }
    // There it is again: the hour that was twice is read twice.
    world.ended(&[(6, 6, NOON + HOUR + 5), (7, 7, NOON + HOUR + 30)]);
    assert!(world.look(NOON + HOUR + 40));
    let (jobs, mark) = world.told();
    assert_eq!(jobs, (1..=7).map(|job| (job, 1)).collect::<Vec<_>>());
    assert_eq!(mark, NOON + HOUR + 40);
}

#[test]
fn a_clock_that_leaps_ahead_skips_nothing() {
    let world = World::new();
    world.write(Vec::new(), Some(Time(1000 * (NOON - HOUR))));
    world.ended(&[(1, 1, NOON - 60)]);
    assert!(world.look(NOON));
    // A machine that slept, or a clock that was a month slow: the window is as long as that.
    world.ended(&[(2, 2, NOON + 5), (3, 3, NOON + 24 * HOUR * 29)]);
    assert!(world.look(NOON + 24 * HOUR * 31));
    assert_eq!(world.told(), (vec![(1, 1), (2, 1), (3, 1)], NOON + 24 * HOUR * 31));
}

/// Parts are on their way while the next are found: one that is lost is read again, with all that came after it, and a
/// number that has rows in several of them keeps their order.
#[test]
fn parts_on_their_way_are_lost_together_and_read_again() {
    let rows = u32::try_from(4 * PART + 7).unwrap();
    let mut ends: Vec<(u32, u32, i64)> = (1..=rows).map(|key| (key, key, NOON + i64::from(key / 100))).collect();
    // The second row of job 1 comes in the second part, its third one in the last.
    for row in [PART + 5, 4 * PART + 3] {
        ends[row].1 = 1;
    }
    for room in 0.. {
        let world = World::new();
        world.ended(&ends);
        world.write(Vec::new(), Some(Time(1000 * (NOON - 1))));
        world.room.store(room, Ordering::Relaxed);
        let was_whole = world.look(NOON + 2 * HOUR);
        let (_, mark) = world.told();
        assert!(was_whole || mark < NOON, "the mark does not pass what is not on disk");
        world.room.store(usize::MAX, Ordering::Relaxed);
        world.is_full.store(false, Ordering::Relaxed);
        assert!(world.look(NOON + 2 * HOUR));
        let (jobs, mark) = world.told();
        assert_eq!(jobs.iter().map(|(_, attempts)| attempts).sum::<usize>(), rows as usize);
        assert_eq!((jobs[0], mark), ((1, 3), NOON + 2 * HOUR));
        let reader = Reader::open(&world.path()).unwrap();
        let attempts = reader.cluster_runs(JobId(1)).unwrap().into_iter().map(|run| (run.attempt, run.key));
        let expected = [1, PART + 6, 4 * PART + 4].map(|key| key.to_string());
        assert!(attempts.eq((0..).zip(expected)), "in their order");
        if was_whole {
            assert!(room >= 5, "so many parts at least");
            break;
        }
    }
}
