//! Batch scripts: what is taken for one, and the options in its `#SBATCH` lines.
//!
//! Works on bytes that somebody else has read; does not know what the options mean.

use crate::refusal::Refusal;

/// The greatest script in bytes that is taken (`max_script_size` of Slurm); readers may stop after one byte more.
pub const MAX_SCRIPT: usize = 4 << 20;

/// Refuses what Slurm refuses: nothing at all, no `#!`, NUL bytes, DOS line ends, more than [`MAX_SCRIPT`].
///
/// # Errors
/// `sbatch`'s lines, exit code 1.
pub fn check(script: &[u8]) -> Result<(), Refusal> {
    let fault: &[&str] = if script.is_empty() {
        &["Batch script is empty!"]
    } else if script.iter().all(u8::is_ascii_whitespace) {
        &["Batch script contains only whitespace!"]
    } else if !script.starts_with(b"#!") {
        &[
            "This does not look like a batch script.  The first",
            "line must start with #! followed by the path to an interpreter.",
            "For instance: #!/bin/sh",
        ]
    } else if script.contains(&0) {
        &["The Slurm controller does not allow scripts that", "contain a NULL character '\\0'."]
    } else if script.windows(2).any(|pair| pair == b"\r\n") {
        &["Batch script contains DOS line breaks (\\r\\n)", "instead of expected UNIX line breaks (\\n)."]
    } else if script.len() > MAX_SCRIPT {
        return Err(too_large());
    } else {
        return Ok(());
    };
    let lines = fault.iter().map(|line| format!("sbatch: error: {line}")).collect();
    Err(Refusal { stdout: String::new(), lines, exit: 1 })
}

/// What `sbatch` says of a script greater than [`MAX_SCRIPT`].
pub fn too_large() -> Refusal {
    crate::errors::Refused::ScriptTooLarge.refusal(crate::errors::Action::Submit("sbatch"))
}

/// The words of all `#SBATCH` lines before the first command, as one command line.
///
/// A directive starts in the first column, perhaps without a blank after `#SBATCH`. Blank lines and other comments are
/// passed over.
///
/// # Errors
/// A quote that is not closed; the start of a second component of a heterogeneous job.
pub fn directives(script: &[u8], name: &str) -> Result<Vec<Vec<u8>>, Refusal> {
    let mut words = Vec::new();
    for (number, line) in script.split(|byte| *byte == b'\n').enumerate() {
        let Some(rest) = line.strip_prefix(b"#SBATCH") else {
            match line.trim_ascii_start().first() {
                None | Some(b'#') => continue,
                Some(_) => break,
            }
        };
        let line_words = split(rest).map_err(|(quote, at)| {
            let line = String::from_utf8_lossy(&rest[at..]);
            let fault = format!("sbatch: fatal: {name}: line {}: Unmatched `{quote}` in [{line}]", number + 1);
            Refusal::line(fault, 1)
        })?;
        if matches!(line_words.first().map(Vec::as_slice), Some(b"hetjob" | b"packjob")) {
            return Err(crate::submission::heterogeneous("sbatch"));
        }
        words.extend(line_words);
    }
    Ok(words)
}

/// Words as a directive has them: blanks part them, also behind a backslash; quotes keep together, a bare `#` ends the
/// line. The fault: a quote that is not closed, and where the word before it ends.
fn split(line: &[u8]) -> Result<Vec<Vec<u8>>, (char, usize)> {
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote: Option<u8> = None;
    let mut escaped = false;
    let mut end = 0;
    for (at, byte) in line.iter().enumerate() {
        match (*byte, quote) {
            (byte, _) if escaped && (quote.is_some() || !byte.is_ascii_whitespace()) => {
                word.get_or_insert_default().push(byte);
                escaped = false;
            }
            (b'\\', _) => escaped = true,
            (byte, Some(open)) if byte == open => quote = None,
            (byte, Some(_)) => word.get_or_insert_default().push(byte),
            (b'"' | b'\'', None) => {
                quote = Some(*byte);
                word.get_or_insert_default();
            }
            (b'#', None) => break,
            (byte, None) if byte.is_ascii_whitespace() => {
                escaped = false;
                if let Some(word) = word.take() {
                    words.push(word);
                    end = at;
                }
            }
            (byte, None) => word.get_or_insert_default().push(byte),
        }
    }
    match quote {
        Some(open) => Err((char::from(open), end)),
        None => {
            words.extend(word);
            Ok(words)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_words_apart() {
        for (line, words) in [
            (" -J \"quoted name\" # trailing", Ok(vec!["-J", "quoted name"])),
            ("-J glued", Ok(vec!["-J", "glued"])),
            (" --array               0-2", Ok(vec!["--array", "0-2"])),
            (" --comment='a # b' x\\ y it\\'s", Ok(vec!["--comment=a # b", "x", "y", "it's"])),
            ("", Ok(vec![])),
            (" --wrap=\"\"", Ok(vec!["--wrap="])),
            (" -J \"open", Err(('"', 3))),
        ] {
            let shown = split(line.as_bytes())
                .map(|words| words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect::<Vec<_>>());
            assert_eq!(shown, words.map(|words| words.iter().map(|word| (*word).to_owned()).collect()), "{line}");
        }
    }

    #[test]
    fn stops_at_the_first_command() {
        let script =
            b"#!/bin/bash\n#SBATCH -J first\n# comment\n #SBATCH -J no\n##SBATCH -J no\n#SBATCH\n\n#SBATCH -n2\n\
            echo cmd\n#SBATCH -J late\n";
        let words = directives(script, "x.sh").map(|words| words.concat());
        assert_eq!(words, Ok(b"-Jfirst-n2".to_vec()));
    }

    proptest::proptest! {
        #[test]
        fn never_panics(bytes: Vec<u8>) {
            check(&bytes).ok();
            directives(&[b"#SBATCH".as_slice(), &bytes].concat(), "x").ok();
        }
    }
}
