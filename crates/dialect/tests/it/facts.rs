//! Reads captured sessions: commands, what they printed, what they returned.

/// One command of a capture.
#[derive(Clone, Debug)]
pub struct Case {
    pub command: String,
    pub stdout: String,
    pub stderr: Vec<String>,
    pub exit: u8,
}

macro_rules! captures {
    ($($name:literal),*) => { &[$(($name, include_str!(concat!("../facts/", $name, ".txt")))),*] };
}

const CAPTURES: &[(&str, &str)] = captures![
    "accounting",
    "array",
    "badopt",
    "cancel",
    "ctlddown",
    "ctlfields",
    "deps",
    "env",
    "fail3",
    "fields-sinfo",
    "fields-sprio",
    "fields-squeue",
    "formats",
    "hold",
    "nopart",
    "noshebang",
    "oom-cgroup",
    "patterns",
    "requeue",
    "simple",
    "srun",
    "timeout",
    "toobig"
];

/// The text of a capture.
pub fn text(name: &str) -> &'static str {
    let found = CAPTURES.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("there is no capture {name}")).1
}

/// All commands of a capture.
pub fn cases(name: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut open = false;
    for line in text(name).lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            cases.push(Case { command: command.into(), stdout: String::new(), stderr: Vec::new(), exit: 0 });
            open = true;
        } else if let (true, Some(case)) = (open, cases.last_mut()) {
            if let Some(exit) = line.strip_prefix("[exit ") {
                case.exit = exit.trim_end_matches(']').parse().unwrap();
                open = false;
            } else if let Some(error) = line.strip_prefix("2> ") {
                case.stderr.push(error.into());
            } else {
                case.stdout.push_str(line);
                case.stdout.push('\n');
            }
        }
    }
    cases
}

/// The `nth` (from 0) run of a command.
pub fn case(name: &str, command: &str, nth: usize) -> Case {
    let found = cases(name).into_iter().filter(|case| case.command == command).nth(nth);
    found.unwrap_or_else(|| panic!("{name}.txt has no `{command}` number {nth}"))
}

/// A script that a capture shows.
pub fn script(name: &str, file: &str) -> Option<Vec<u8>> {
    let all = text(name);
    let start = all.find(&format!("### file: {file}\n"))?;
    let body = all[start..].split_once('\n')?.1;
    Some(body.split("### end\n").next()?.as_bytes().to_vec())
}

/// Words as a shell would part them: blanks, both quotes.
pub fn words(command: &str) -> Vec<Vec<u8>> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<Vec<u8>>, None);
    for byte in command.bytes() {
        match (byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (b'\'' | b'"', None) => {
                quote = Some(byte);
                word.get_or_insert_default();
            }
            (b' ', None) => words.extend(word.take()),
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

/// The words after the program's name.
pub fn args(command: &str) -> Vec<Vec<u8>> {
    words(command).split_off(1)
}
