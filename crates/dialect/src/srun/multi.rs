//! `--multi-prog`: a file that gives each task its own program.

use model::Text;

use crate::refusal::Refusal;
use crate::values::array::task_list;

/// The programs of all tasks: the words of each, in the order of tasks.
pub type MultiProg = Vec<Vec<Text>>;

/// Reads a file: lines `TASKS PROGRAM ARGS...`, where TASKS is a list of numbers or `*`. In arguments `%t` is the
/// task's number and `%o` its place in the line's list. Comments start with `#`, a backslash at the end goes on.
///
/// # Errors
/// A line that makes no sense, or a task without a program: exit code 1.
pub fn parse_multi_prog(content: &[u8], tasks: u32, name: &Text) -> Result<MultiProg, Refusal> {
    let mut programs: Vec<Option<Vec<Text>>> = vec![None; tasks as usize];
    let joined = join_lines(content);
    for (number, line) in (1..).zip(joined.split(|byte| *byte == b'\n')) {
        let words = words(line);
        let Some((list, program)) = words.split_first() else { continue };
        let invalid = |what: String| {
            let line = format!("srun: error: Line {number} of configuration file {name} invalid");
            Refusal::error("srun", what, 1).and(line)
        };
        let shown = String::from_utf8_lossy(list);
        let bad = || invalid(format!("Invalid task range specification ({shown})"));
        if program.is_empty() {
            return Err(invalid(format!("Missing program for tasks {shown}")));
        }
        let rest = list == b"*";
        let numbers: Vec<u32> = if rest {
            (0..tasks).collect()
        } else {
            let list = task_list(std::str::from_utf8(list).map_err(|_| bad())?).ok_or_else(bad)?;
            list.iter().take_while(|task| *task < tasks).collect()
        };
        for (offset, task) in numbers.into_iter().enumerate() {
            let filled = program.iter().map(|word| fill(word, task, offset)).collect();
            match programs.get_mut(task as usize) {
                Some(slot @ None) => *slot = Some(filled),
                Some(Some(_)) if !rest => return Err(invalid(format!("Duplicate record for task {task}"))),
                Some(Some(_)) | None => {}
            }
        }
    }
    programs
        .into_iter()
        .enumerate()
        .map(|(task, program)| {
            program.ok_or_else(|| {
                Refusal::error("srun", format!("Configuration file {name} invalid, no record for task id {task}"), 1)
            })
        })
        .collect()
}

fn join_lines(content: &[u8]) -> Vec<u8> {
    let mut joined = Vec::with_capacity(content.len());
    let mut bytes = content.iter().peekable();
    while let Some(byte) = bytes.next() {
        if *byte == b'\\' && bytes.peek() == Some(&&b'\n') {
            bytes.next();
        } else {
            joined.push(*byte);
        }
    }
    joined
}

fn words(line: &[u8]) -> Vec<Vec<u8>> {
    let mut words: Vec<Vec<u8>> = Vec::new();
    let (mut word, mut quote): (Option<Vec<u8>>, Option<u8>) = (None, None);
    for byte in line {
        match (*byte, quote) {
            (byte, Some(open)) if byte == open => quote = None,
            (b'\'' | b'"', None) => {
                quote = Some(*byte);
                word.get_or_insert_default();
            }
            (b'#', None) if word.is_none() => break,
            (byte, None) if byte.is_ascii_whitespace() => words.extend(word.take()),
            (byte, _) => word.get_or_insert_default().push(byte),
        }
    }
    words.extend(word);
    words
}

fn fill(word: &[u8], task: u32, offset: usize) -> Text {
    let mut filled = Vec::with_capacity(word.len());
    let mut bytes = word.iter();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.as_slice().first()) {
            (b'%', Some(b't')) => filled.extend_from_slice(task.to_string().as_bytes()),
            (b'%', Some(b'o')) => filled.extend_from_slice(offset.to_string().as_bytes()),
            _ => {
                filled.push(*byte);
                continue;
            }
        }
        bytes.next();
    }
    Text::from(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files() {
        let file = b"# comment\n4-5,1 hostname\n0 echo 'task %t'\\\n offset:%o\n2-3 echo %t %o\n";
        let shown = parse_multi_prog(file, 6, &Text::from("x.conf")).map(|programs| {
            programs
                .iter()
                .map(|program| program.iter().map(Text::to_string).collect::<Vec<_>>().join("|"))
                .collect::<Vec<_>>()
                .join(" ")
        });
        let expected = "echo|task 0|offset:0 hostname echo|2|0 echo|3|1 hostname hostname";
        assert_eq!(shown.as_deref(), Ok(expected));
        let missing = parse_multi_prog(file, 7, &Text::from("x.conf"));
        assert!(missing.is_err_and(|refusal| refusal.lines[0].ends_with("no record for task id 6")));
        for (file, first) in [
            ("x echo", "srun: error: Invalid task range specification (x)"),
            ("0", "srun: error: Missing program for tasks 0"),
            ("0-1 a\n1 b", "srun: error: Duplicate record for task 1"),
        ] {
            let lines = parse_multi_prog(file.as_bytes(), 2, &Text::from("x.conf")).map_err(|refusal| refusal.lines);
            let line = format!("srun: error: Line {} of configuration file x.conf invalid", file.lines().count());
            assert_eq!(lines, Err(vec![first.to_owned(), line]));
        }
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            parse_multi_prog(&bytes, 3, &Text::default()).ok();
        }
    }
}
