//! Captured sessions with Slurm (`crates/dialect/tests/facts`), typed again at a centre of ours: the same commands in
//! the same order must print the same and return the same, but for what differs between any two machines.
//!
//! What a command shows may still be on its way (Slurm took seconds for what takes us milliseconds, or the other way
//! round), so a command that only looks is repeated until it shows what was captured.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::ward::Ward;

/// The captured machine: two CPUs, 100 MiB a CPU unless asked for otherwise, an hour.
const CONFIG: &str = r#"
name = "base"
[machine]
name = "vm"
cpus = 2
[limits]
requeue_delay = 3
kill_wait = 5
[[partition]]
name = "debug"
default = true
default_memory_per_cpu = "100M"
"#;

/// What in a session is not compared: the beginning of a command (or the name of an output file), which of them (0: all,
/// 1: the first), and why.
pub type Skips = &'static [(&'static str, usize, &'static str)];

/// One piece of a session.
enum Piece<'a> {
    File { name: &'a str, text: String },
    Command { line: &'a str, expected: String },
    Output { name: &'a str, text: String },
}

/// Types a session again.
pub fn check(session: &str, skips: Skips) {
    check_with(session, &[], skips);
}

/// The same with files that the session only describes.
pub fn check_with(session: &str, files: &[(&str, &str)], skips: Skips) {
    let mut player = Player::new(session);
    files.iter().for_each(|(name, text)| player.write(name, text));
    let mut met = vec![0; skips.len()];
    let mut is_skipped = |name: &str| {
        let mut skipped = false;
        for (count, (start, which, _)) in met.iter_mut().zip(skips) {
            if name.starts_with(start) {
                *count += 1;
                skipped |= *which == 0 || *which == *count;
            }
        }
        skipped
    };
    for piece in pieces(session) {
        match piece {
            Piece::File { name, text } => player.write(name, &text),
            Piece::Command { line, .. } if is_skipped(line) => {}
            Piece::Command { line, expected } => player.command(line, &expected),
            Piece::Output { name, .. } if is_skipped(name) => {}
            Piece::Output { name, text } => player.output(name, &text),
        }
    }
    for (count, (start, which, _)) in met.iter().zip(skips) {
        assert!(count >= which.max(&1), "there is no `{start}` to skip");
    }
}

fn pieces(session: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut lines = session.lines().peekable();
    while let Some(line) = lines.next() {
        let mut until = |end: &str| {
            let mut text = String::new();
            for line in lines.by_ref() {
                if line.starts_with(end) {
                    text.push_str(if end == "[exit" { line } else { "" });
                    break;
                }
                text.push_str(line);
                text.push('\n');
            }
            text
        };
        if let Some(name) = line.strip_prefix("### output file ") {
            pieces.push(Piece::Output { name, text: until("### end") });
        } else if let Some((name, text)) = line.strip_prefix("### file ").and_then(|rest| rest.split_once(": ")) {
            pieces.push(Piece::File { name, text: format!("{text}\n") });
        } else if let Some(name) = line.strip_prefix("### file: ") {
            pieces.push(Piece::File { name, text: until("### end") });
        } else if let Some(line) = line.strip_prefix("$ ") {
            pieces.push(Piece::Command { line, expected: until("[exit") });
        }
    }
    pieces
}

struct Player {
    ward: Ward,
    user: String,
    uid: u32,
    /// Captured job numbers are this much greater than ours.
    offset: u32,
}

impl Player {
    fn new(session: &str) -> Self {
        let limit = if session.contains(" TimeLimit=UNLIMITED TimeMin") { "UNLIMITED" } else { "60" };
        let mut ward = Ward::new(&format!("{CONFIG}default_time = \"{limit}\"\n"));
        ward.start();
        let first = session.split("Submitted batch job ").nth(1).and_then(|rest| rest.split('\n').next()?.parse().ok());
        let first: u32 = first.unwrap_or(1);
        let uid = nix::unistd::getuid();
        let user = nix::unistd::User::from_uid(uid).unwrap().unwrap().name;
        // Small numbers are reached by using numbers up; great ones are translated.
        // Three digits, because `%3j` is among the patterns.
        let offset = if first < 1000 { 0 } else { first - 101 };
        let player = Self { ward, user, uid: uid.as_raw(), offset };
        for order in [&["project", "add", "proj"][..], &["member", "add", &player.user, "-p", "proj", "--default"]] {
            let data = player.ward.data();
            assert!(Command::new(crate::ward::EXE).args(order).env("ALGORIC_DATA", data).status().unwrap().success());
        }
        player
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.ward.path("out").join(name);
        if name.ends_with('/') {
            return fs::create_dir(path).unwrap();
        }
        let text = text.replace("\\r\\n", "\r\n");
        fs::write(&path, text).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&mut self, line: &str, expected: &str) {
        if let Some(number) = submitted(expected) {
            self.use_numbers_up(number - self.offset);
        }
        let expected = tidy(&self.ours(expected), line);
        let typed = self.ours(line);
        let looks =
            ["squeue", "sacct", "sinfo", "scontrol show", "cat", "ls"].iter().any(|start| line.starts_with(start));
        let patience = if looks { self.patience(line) } else { Duration::ZERO };
        if !looks && !line.starts_with("sbatch") {
            // Who typed it had first seen the job do something.
            sleep(Duration::from_millis(300));
        }
        let begun = Instant::now();
        let mut nearest = String::new();
        loop {
            let found = tidy(&self.run(&typed), line);
            if found == expected {
                return;
            }
            let difference = difference(&expected, &found);
            if nearest.is_empty() || difference.len() < nearest.len() {
                nearest = difference;
            }
            assert!(begun.elapsed() < patience, "$ {typed}\n{nearest}");
            sleep(Duration::from_millis(20));
        }
    }

    /// How long a look may take to show what was captured.
    fn patience(&self, line: &str) -> Duration {
        // Time limits are whole minutes.
        let timeout = self.ward.path("out").join("timeout.sh").exists() && line.starts_with("sacct");
        Duration::from_secs(if timeout { 90 } else { 15 })
    }

    fn output(&self, name: &str, text: &str) {
        let name = self.ours(name);
        let expected = tidy(&self.ours(text), "");
        let path = self.ward.path("out").join(&name);
        let begun = Instant::now();
        loop {
            let found = tidy(&fs::read_to_string(&path).unwrap_or_else(|error| error.to_string()), "");
            if found == expected {
                return;
            }
            let patience = Duration::from_secs(10);
            assert!(begun.elapsed() < patience, "file {name}\n{}", difference(&expected, &found));
            sleep(Duration::from_millis(50));
        }
    }

    /// Held jobs that are cancelled at once, until the next number is the one wanted.
    fn use_numbers_up(&self, wanted: u32) {
        loop {
            let next = self.next_number();
            assert!(next <= wanted, "the next number is {next} where Slurm gave {wanted}");
            if next == wanted {
                return;
            }
            let used = self.quick("sbatch", &["--hold", "--parsable", "--wrap", "true"]);
            self.quick("scancel", &[used.trim()]);
        }
    }

    /// `sbatch: Job 35 to start at ...`
    fn next_number(&self) -> u32 {
        let output = self.ward.command("sbatch").args(["--test-only", "--wrap", "true"]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        said.split(' ').nth(2).and_then(|number| number.parse().ok()).unwrap_or_else(|| panic!("{said}"))
    }

    fn quick(&self, name: &str, args: &[&str]) -> String {
        let output = self.ward.command(name).args(args).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    fn run(&self, line: &str) -> String {
        let path = format!("{}:{}", self.ward.path("bin").display(), std::env::var("PATH").unwrap());
        let output = Command::new("sh")
            .args(["-c", &format!("ulimit -n 1024; umask 022; {line}")])
            .env("PATH", path)
            .env("ALGORIC_DATA", self.ward.data())
            .env("TZ", "UTC")
            .current_dir(self.ward.path("out"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        let errors: String = errors.lines().map(|line| format!("2> {line}\n")).collect();
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        if !said.is_empty() && !said.ends_with('\n') {
            said.push('\n');
        }
        format!("{said}{errors}[exit {}]", output.status.code().unwrap_or(-1))
    }

    /// What was captured in the words of this machine: user, directory, job numbers.
    fn ours(&self, text: &str) -> String {
        let out = self.ward.path("out");
        let text = text
            .replace("/home/alice/work", &out.display().to_string())
            .replace("alice", &self.user)
            .replace("1001", &self.uid.to_string());
        if self.offset == 0 {
            return text;
        }
        let mut translated = String::new();
        for word in split_numbers(&text) {
            match word.parse::<u32>() {
                Ok(number) if (self.offset..self.offset + 1000).contains(&number) => {
                    translated.push_str(&(number - self.offset).to_string());
                }
                _ => translated.push_str(word),
            }
        }
        translated
    }
}

/// The lines that only one of both has.
fn difference(captured: &str, ours: &str) -> String {
    let only = |mark: &str, these: &str, those: &str| -> String {
        let alone = these.lines().filter(|line| !those.lines().any(|other| other == *line));
        alone.map(|line| format!("{mark} {line}\n")).collect()
    };
    let lines = only("- captured:", captured, ours) + &only("+ ours:    ", ours, captured);
    if lines.is_empty() { format!("the same lines in another order:\n{ours}") } else { lines }
}

/// The number that a submission was given.
fn submitted(expected: &str) -> Option<u32> {
    expected.lines().find_map(|line| line.strip_prefix("Submitted batch job ")?.parse().ok())
}

/// Runs of digits, and what is between them.
pub fn split_numbers(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let bytes = text.as_bytes();
    for at in 1..=bytes.len() {
        if at == bytes.len() || bytes[at].is_ascii_digit() != bytes[at - 1].is_ascii_digit() {
            parts.push(&text[start..at]);
            start = at;
        }
    }
    parts
}

/// Without what differs between any two machines and moments. Standard error stands after standard output, as there is
/// no order between the two. Widths of columns are `dialect`'s own tests' business.
fn tidy(text: &str, command: &str) -> String {
    let mut text = text.to_owned();
    for (shape, name) in [
        ("dddd-dd-ddTdd:dd:dd", "TIME"),
        ("aaa aaa dd dd:dd:dd dddd", "DATE"),
        ("d-dd:dd:dd", "SPAN"),
        ("dd:dd:dd", "SPAN"),
        ("dddddddddd", "EPOCH"),
    ] {
        text = replace_shape(&text, shape, name);
    }
    if command.starts_with("squeue") {
        for shape in ["d:dd:dd", "dd:dd", "d:dd"] {
            text = replace_shape(&text, shape, "SPAN");
        }
    }
    let mut lines: Vec<String> = text.lines().map(|line| tidy_line(line, command)).collect();
    // The order of both streams, and of what is written to one file by several processes, is anybody's.
    lines.sort_by_key(|line| line.starts_with("2> ") || line.starts_with("[exit"));
    if command.is_empty() {
        lines.sort();
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    // Variables of Slurm that we have not: they would be lies.
    let absent = ["SLURM_CONF=", "SLURM_WORKING_CLUSTER=", "SLURM_SRUN_COMM_PORT=", "SLURM_STEP_LAUNCHER_PORT="];
    // Whether srun is still there to see it, when all its tasks are gone, is anybody's guess.
    lines.retain(|line| {
        line != "2>" && line != "srun: got SIGCONT" && !absent.iter().any(|name| line.starts_with(name))
    });
    lines.join("\n")
}

fn tidy_line(line: &str, command: &str) -> String {
    if ["stack size", "max user processes"].iter().any(|limit| line.starts_with(limit)) {
        return line.split(['(', ' ']).next().unwrap_or_default().to_owned();
    }
    let mut words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    for word in &mut words {
        if let Some(at) = word.find("job0").filter(|_| word.contains("/slurm_script")) {
            word.drain(..at);
        }
        for key in [
            "Priority=",
            "AllocNode:Sid=",
            "SLURM_TASK_PID=",
            "SLURM_PRIO_PROCESS=",
            "StdErr=",
            "GroupId=",
            "LastSchedEval=",
            "SrunHost:Pid=",
        ] {
            if word.starts_with(key) {
                *word = format!("{key}...");
            }
        }
        // Slurm samples memory now and then, we measure it.
        if command.contains("MaxRSS") && !command.contains("-X") && word.matches('|').count() == 9 {
            let kept = word.rfind('|').unwrap();
            word.truncate(kept);
        }
    }
    if let Some(killed) = words.iter().position(|word| word == "Killed").filter(|at| *at > 0) {
        // The shell's own words: which process.
        words[killed - 1] = "PID".to_owned();
    }
    words.join(" ")
}

/// Replaces what looks like `shape` (`d`: a digit, `a`: a letter, the rest itself) and has no digit beside it.
pub fn replace_shape(text: &str, shape: &str, name: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let shape: Vec<char> = shape.chars().collect();
    let fits = |at: usize| {
        let digit = |at: Option<usize>| at.and_then(|at| chars.get(at)).is_some_and(char::is_ascii_digit);
        chars.len() >= at + shape.len()
            && shape.iter().zip(&chars[at..]).all(|(wanted, found)| match wanted {
                'd' => found.is_ascii_digit(),
                'a' => found.is_ascii_alphabetic(),
                other => other == found,
            })
            && !digit(at.checked_sub(1))
            && !digit(Some(at + shape.len()))
    };
    let mut out = String::new();
    let mut at = 0;
    while at < chars.len() {
        if fits(at) {
            out.push_str(name);
            at += shape.len();
        } else {
            out.push(chars[at]);
            at += 1;
        }
    }
    out
}

#[test]
fn shapes() {
    let text = "at 2026-11-22T11:06:30, 00:01:14 in 10:00 of 0:15";
    assert_eq!(tidy(text, "sacct"), "at TIME, SPAN in 10:00 of 0:15");
    assert_eq!(tidy(text, "squeue"), "at TIME, SPAN in SPAN of SPAN");
}
