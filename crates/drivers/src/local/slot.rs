//! A slot file: what is known of the one run that a slot has, so that it outlives every process of ours.
//!
//! Two halves are written in turn, each with a sequence number and a checksum, so that a torn write leaves the half
//! before it. While a supervisor lives it holds a lock (flock) on its slot file: nothing else says that it is alive.
//! Who writes when: the launcher while no supervisor works on the slot's run (assigning, forgetting, burying), the
//! job's own process just before it becomes the script, the supervisor otherwise. Never two at once.
//!
//! After the halves comes what the run was last seen to use, and what its group had counted before it began: for the case
//! that its supervisor is killed, and for whoever measures meanwhile. Written once a second, a help and no promise.
//!
//! Must not know how a run is started or ended.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::FileExt;

use model::{Outcome, RunId, Text, Time, Usage};
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::Mode;
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::protocol::End;
use super::sys;
use super::tree::{self, Process};

/// Bytes in a half.
const HALF: usize = 1024;
/// Marks the format; the last byte is its version.
const MAGIC: [u8; 8] = *b"ALGSLOT\x01";
/// Where the last use seen lies, and how much room it has.
const USE_AT: u64 = 2 * HALF as u64;
const USE_ROOM: usize = 128;
/// Magic, sequence, checksum, length.
const HEAD: usize = 8 + 8 + 8 + 4;
/// Error texts are cut to fit.
const ERROR_TEXT: usize = 500;

/// What a slot has.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub(crate) enum Record {
    /// Nothing.
    #[default]
    Free,
    /// A run.
    Taken(Taken),
}

/// A run in a slot.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Taken {
    pub(crate) run: RunId,
    /// The boot in which it was assigned.
    pub(crate) boot_id: String,
    /// Whose it is.
    pub(crate) uid: u32,
    pub(crate) supervisor: u32,
    /// The cgroup that holds every process of it; empty: none.
    pub(crate) group: Text,
    pub(crate) phase: Phase,
}

/// How far a run has come.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) enum Phase {
    /// Its supervisor was told; its script has not been let go.
    Assigned,
    /// Its script was let go.
    Started(Started),
    /// Over, and nothing left of it.
    Ended(End),
}

/// The batch script's process.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    pub(crate) pid: u32,
    pub(crate) at: Time,
    /// The process was born between these two instants after boot (milliseconds); a later one with its number is
    /// another.
    pub(crate) born_ms: (u64, u64),
}

impl Taken {
    /// When its script was let go.
    pub(crate) fn started(&self) -> Option<Time> {
        match &self.phase {
            Phase::Assigned => None,
            Phase::Started(started) => Some(started.at),
            Phase::Ended(end) => end.started,
        }
    }
}

/// An open slot file.
#[derive(Debug)]
pub(crate) struct SlotFile {
    file: File,
}

impl SlotFile {
    /// Opens slot `number` below the directory `slots`, creating it full-sized, so that later writes need no room.
    pub(crate) fn open(slots: BorrowedFd<'_>, number: u32) -> io::Result<Self> {
        let flags = OFlag::O_RDWR | OFlag::O_CREAT | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
        let fd: OwnedFd = openat(slots, number.to_string().as_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
        let file = File::from(fd);
        if file.metadata()?.len() < 2 * HALF as u64 {
            file.write_all_at(&[0; 2 * HALF], 0)?;
        }
        Ok(Self { file })
    }

    /// Takes the lock that says "its supervisor lives"; `false` when another has it.
    pub(crate) fn lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => Ok(true),
            Err(std::fs::TryLockError::WouldBlock) => Ok(false),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Kills the supervisor with this number, if it lives: while somebody holds the lock, a process of that number that
    /// has this file open is no other one. Says whether there was one. Not for a file that is kept: it may take the
    /// lock.
    pub(crate) fn kill_holder(&self, supervisor: Pid) -> bool {
        // Known by its birth before it is looked at, so that no later process of its number is meant.
        let Some(stat) = tree::stat(supervisor) else { return false };
        let held = !self.lock().unwrap_or(true);
        if !held || !tree::has_open(supervisor, &self.file) {
            return false;
        }
        tree::signal(Process { pid: supervisor, born: stat.born }, libc::SIGKILL).is_ok()
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// The newest whole record; [`Record::Free`] when nothing was ever written.
    ///
    /// # Errors
    /// `InvalidData` when something was, and neither half can be understood.
    pub(crate) fn read(&self) -> io::Result<Record> {
        Ok(self.newest()?.map_or(Record::Free, |(_, record)| record))
    }

    /// Puts a record over the older half.
    pub(crate) fn write(&self, record: &Record) -> io::Result<()> {
        let sequence = self.newest()?.map_or(1, |(sequence, _)| sequence + 1);
        let half = encode(record, sequence).map_err(io::Error::other)?;
        Ok(sys::write_at(self.file.as_fd(), &half, (sequence % 2) * HALF as u64)?)
    }

    /// The record that follows this one when the run is let go, ready to be written by a child that must not allocate.
    pub(crate) fn next_record(&self, taken: Taken) -> io::Result<NextRecord<'_>> {
        let sequence = self.newest()?.map_or(1, |(sequence, _)| sequence + 1);
        Ok(NextRecord { slot: self, sequence, taken: Record::Taken(taken) })
    }

    /// Forces what was written to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// Notes what a run was seen to use, and what the account of its group said when it began (microseconds). What
    /// cannot be noted is not worth a word.
    pub(crate) fn write_use(&self, run: RunId, usage: &Usage, group_before: Option<u64>) {
        let mut room = [0; USE_ROOM];
        let encoded = postcard::to_slice(&(run, usage, group_before), &mut room[HEAD..]).map(|bytes| bytes.len());
        let Ok(length) = encoded else { return };
        let sum = checksum(length as u64, &room[HEAD..HEAD + length]);
        room[..8].copy_from_slice(&(length as u64).to_le_bytes());
        room[8..16].copy_from_slice(&sum.to_le_bytes());
        sys::write_at(self.file.as_fd(), &room, USE_AT).unwrap_or_default();
    }

    /// What this run was last seen to use, and what the account of its group said when it began.
    pub(crate) fn last_use(&self, run: RunId) -> Option<(Usage, Option<u64>)> {
        let mut room = [0; USE_ROOM];
        self.file.read_exact_at(&mut room, USE_AT).ok()?;
        let length = u64::from_le_bytes(room[..8].try_into().ok()?);
        let payload = room.get(HEAD..HEAD.checked_add(usize::try_from(length).ok()?)?)?;
        if checksum(length, payload) != u64::from_le_bytes(room[8..16].try_into().ok()?) {
            return None;
        }
        let ((whose, usage), rest): ((RunId, Usage), _) = postcard::take_from_bytes(payload).ok()?;
        // A supervisor of an earlier version does not tell.
        let group_before = postcard::from_bytes(rest).unwrap_or_default();
        (whose == run).then_some((usage, group_before))
    }

    fn newest(&self) -> io::Result<Option<(u64, Record)>> {
        let mut bytes = [0; 2 * HALF];
        let mut have = 0;
        while have < bytes.len() {
            match self.file.read_at(&mut bytes[have..], have as u64)? {
                0 => break,
                count => have += count,
            }
        }
        let (left, right) = bytes.split_at(HALF);
        match (decode(left), decode(right)) {
            (Some(left), Some(right)) => Ok(Some(if left.0 > right.0 { left } else { right })),
            (None, None) if bytes.iter().any(|byte| *byte != 0) => Err(io::ErrorKind::InvalidData.into()),
            (left, right) => Ok(left.or(right)),
        }
    }
}

/// See [`SlotFile::next_record`].
#[derive(Debug)]
pub(crate) struct NextRecord<'a> {
    slot: &'a SlotFile,
    sequence: u64,
    taken: Record,
}

impl NextRecord<'_> {
    /// Writes it, with what is known only now. Does not allocate.
    pub(crate) fn write(&mut self, started: Started) -> Result<(), Errno> {
        if let Record::Taken(taken) = &mut self.taken {
            taken.phase = Phase::Started(started);
        }
        let half = encode(&self.taken, self.sequence).map_err(|_| Errno::EOVERFLOW)?;
        sys::write_at(self.slot.file.as_fd(), &half, (self.sequence % 2) * HALF as u64)
    }
}

fn encode(record: &Record, sequence: u64) -> postcard::Result<[u8; HALF]> {
    let shortened = shorten(record);
    let mut half = [0; HALF];
    let length = postcard::to_slice(shortened.as_ref().unwrap_or(record), &mut half[HEAD..])?.len();
    half[..8].copy_from_slice(&MAGIC);
    half[8..16].copy_from_slice(&sequence.to_le_bytes());
    half[24..28].copy_from_slice(&(length as u32).to_le_bytes());
    let sum = checksum(sequence, &half[HEAD..HEAD + length]);
    half[16..24].copy_from_slice(&sum.to_le_bytes());
    Ok(half)
}

fn decode(half: &[u8]) -> Option<(u64, Record)> {
    let number = |at: usize| half.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
    let length = u32::from_le_bytes(half.get(24..28)?.try_into().ok()?) as usize;
    let payload = half.get(HEAD..HEAD.checked_add(length)?)?;
    let sequence = number(8)?;
    if half.get(..8)? != MAGIC || number(16)? != checksum(sequence, payload) {
        return None;
    }
    Some((sequence, postcard::from_bytes(payload).ok()?))
}

/// FNV-1a over the sequence number and the payload: this guards against torn writes, not against malice.
fn checksum(sequence: u64, payload: &[u8]) -> u64 {
    let bytes = sequence.to_le_bytes();
    bytes
        .iter()
        .chain(payload)
        .fold(0xcbf2_9ce4_8422_2325, |sum, byte| (sum ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The same with a shorter error text, where it is too long for a half.
fn shorten(record: &Record) -> Option<Record> {
    let Record::Taken(taken) = record else { return None };
    let Phase::Ended(End { outcome: Outcome::LaunchFailed { exit, error }, .. }) = &taken.phase else { return None };
    if error.len() <= ERROR_TEXT {
        return None;
    }
    let cut = (0..=ERROR_TEXT).rev().find(|at| error.is_char_boundary(*at)).unwrap_or(0);
    let mut shorter = taken.clone();
    if let Phase::Ended(end) = &mut shorter.phase {
        end.outcome = Outcome::LaunchFailed { exit: *exit, error: error[..cut].to_owned() };
    }
    Some(Record::Taken(shorter))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::os::unix::process::ExitStatusExt;
    use std::process::{Child, Command, Stdio};

    use model::{Exit, JobId};

    use super::*;

    fn taken(phase: Phase) -> Record {
        Record::Taken(Taken {
            run: RunId { job: JobId(7), attempt: 1 },
            boot_id: "1b4e28ba-2fa1-11d2-883f-0016d3cca427".to_owned(),
            uid: 1001,
            supervisor: 4242,
            group: "/sys/fs/cgroup/algoric-x/slot-0".into(),
            phase,
        })
    }

    fn ended(error: &str) -> Record {
        let outcome = Outcome::LaunchFailed { exit: Exit { code: 1, signal: 0 }, error: error.to_owned() };
        taken(Phase::Ended(End { started: None, at: Time(5), outcome, usage: Usage::default() }))
    }

    #[test]
    fn the_last_whole_record_counts() {
        let dir = tempfile::tempdir().unwrap();
        let directory = File::open(dir.path()).unwrap();
        let slot = SlotFile::open(directory.as_fd(), 3).unwrap();
        assert_eq!(slot.read().unwrap(), Record::Free);
        let started = taken(Phase::Started(Started { pid: 1, at: Time(4), born_ms: (1, 2) }));
        for record in [taken(Phase::Assigned), started.clone(), ended("why"), Record::Free, started.clone()] {
            slot.write(&record).unwrap();
            assert_eq!(SlotFile::open(directory.as_fd(), 3).unwrap().read().unwrap(), record);
        }
        // Torn: the half written last is damaged, anywhere.
        slot.write(&taken(Phase::Assigned)).unwrap();
        let path = dir.path().join("3");
        let whole = std::fs::read(&path).unwrap();
        let newest = (0..2).find(|half| {
            decode(&whole[half * HALF..][..HALF]).is_some_and(|(_, record)| record == taken(Phase::Assigned))
        });
        for at in [0, 8, 16, 24, HEAD, HEAD + 20] {
            let mut torn = whole.clone();
            torn[newest.unwrap() * HALF + at] ^= 0x55;
            std::fs::write(&path, torn).unwrap();
            assert_eq!(slot.read().unwrap(), started, "damaged at {at}");
        }
        // Nothing that can be understood is not the same as nothing.
        std::fs::write(&path, vec![1; 2 * HALF]).unwrap();
        assert_eq!(slot.read().unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn the_last_use_is_its_own_runs() {
        let dir = tempfile::tempdir().unwrap();
        let slot = SlotFile::open(File::open(dir.path()).unwrap().as_fd(), 3).unwrap();
        let (run, other) = (RunId { job: JobId(7), attempt: 1 }, RunId { job: JobId(7), attempt: 2 });
        assert_eq!(slot.last_use(run), None);
        let usage = Usage { user_us: u64::MAX, system_us: 2, max_rss_kib: 3, read_bytes: u64::MAX, write_bytes: 5 };
        for group_before in [Some(u64::MAX), None] {
            slot.write_use(run, &usage, group_before);
            slot.write(&taken(Phase::Assigned)).unwrap();
            assert_eq!((slot.last_use(run), slot.last_use(other)), (Some((usage, group_before)), None));
        }
        std::fs::write(dir.path().join("3"), vec![7; 4096]).unwrap();
        assert_eq!(slot.last_use(run), None);
    }

    #[test]
    fn long_errors_are_cut() {
        let dir = tempfile::tempdir().unwrap();
        let slot = SlotFile::open(File::open(dir.path()).unwrap().as_fd(), 0).unwrap();
        slot.write(&ended(&"é".repeat(3000))).unwrap();
        assert_eq!(slot.read().unwrap(), ended(&"é".repeat(ERROR_TEXT / 2)));
    }

    /// A file of this version must be readable for ever: whoever changes the bytes changes the version in [`MAGIC`],
    /// and reads both.
    #[test]
    fn bytes_on_disk() {
        let half = encode(&taken(Phase::Started(Started { pid: 300, at: Time(-1), born_ms: (1, 2) })), 9).unwrap();
        let length = u32::from_le_bytes(half[24..28].try_into().unwrap()) as usize;
        let hex: String = half[..HEAD + length].iter().map(|byte| format!("{byte:02x}")).collect();
        insta::assert_snapshot!(hex);
        assert_eq!(decode(&half).unwrap().0, 9);
    }

    /// A supervisor that never came back is known by its lock and by the file it has open.
    #[test]
    fn only_the_holder_is_killed() {
        let dir = tempfile::tempdir().unwrap();
        let directory = File::open(dir.path()).unwrap();
        let open = || SlotFile::open(directory.as_fd(), 0).unwrap();
        // The lock goes along with the open file.
        let sleep = |stdin: Stdio| Command::new("sleep").arg("1000").stdin(stdin).spawn().unwrap();
        let kill_holder = |child: &Child| open().kill_holder(Pid::from_raw(child.id() as i32));
        let held = open();
        let (mut holder, mut stranger) = (sleep(held.file.try_clone().unwrap().into()), sleep(Stdio::null()));
        assert!(!kill_holder(&holder), "nobody has the lock");
        assert!(held.lock().unwrap());
        drop(held);
        assert!(!kill_holder(&stranger));
        assert!(kill_holder(&holder));
        assert_eq!(holder.wait().unwrap().signal(), Some(libc::SIGKILL));
        assert!(!kill_holder(&holder));
        assert_eq!(stranger.try_wait().unwrap(), None);
        stranger.kill().unwrap();
        stranger.wait().unwrap();
    }

    #[test]
    fn one_lock_a_slot() {
        let dir = tempfile::tempdir().unwrap();
        let directory = File::open(dir.path()).unwrap();
        let (one, other) =
            (SlotFile::open(directory.as_fd(), 0).unwrap(), SlotFile::open(directory.as_fd(), 0).unwrap());
        assert!(one.lock().unwrap() && !other.lock().unwrap());
        drop(one);
        assert!(other.lock().unwrap());
    }
}
