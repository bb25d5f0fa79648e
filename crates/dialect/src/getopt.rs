//! Options on a command line as GNU `getopt_long` reads them: prefixes, `--name=value`, `-n4`, bundles, `--`.
//!
//! Knows tables of options, not what they mean. Arguments are bytes. The texts of errors are glibc's.

use crate::refusal::Refusal;

/// Whether an option takes a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arg {
    /// A flag.
    No,
    /// The rest of the word, or the next word.
    Required,
    /// Only glued on: `--nice=5`, `-W5`.
    Optional,
}

/// One option.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Opt {
    /// The name after `--`; empty where there is only a letter.
    pub long: &'static str,
    /// The letter after `-`.
    pub short: Option<char>,
    /// Its value.
    pub arg: Arg,
    /// What it is called inside: the same for synonyms.
    pub key: &'static str,
}

/// A flag or option whose key is its long name. A blank `short` is none.
pub const fn opt(long: &'static str, short: char, arg: Arg) -> Opt {
    alias(long, short, arg, long)
}

/// Another name of the option `key`.
pub const fn alias(long: &'static str, short: char, arg: Arg, key: &'static str) -> Opt {
    Opt { long, short: if short == ' ' { None } else { Some(short) }, arg, key }
}

/// Where options end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// At the first word that is no option: it starts another command line (`sbatch`, `srun`).
    StopAtWord,
    /// Nowhere but at `--`.
    Anywhere,
}

/// An option that was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Given<'a> {
    /// The option's key.
    pub key: &'static str,
    /// Its value, if one came along.
    pub value: Option<&'a [u8]>,
}

/// A command line taken apart.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Line<'a> {
    /// Options in the order given.
    pub given: Vec<Given<'a>>,
    /// The words that are none.
    pub rest: Vec<&'a [u8]>,
}

/// Takes `args` (without the program's own name) apart.
///
/// # Errors
/// glibc's message about the first fault, `PROGRAM: unrecognized option '--x'` and so on; what a command adds to it is
/// its own business.
pub fn read<'a>(program: &str, table: &[&[Opt]], args: &'a [Vec<u8>], order: Order) -> Result<Line<'a>, String> {
    let mut line = Line::default();
    let mut words = args.iter().map(Vec::as_slice);
    while let Some(word) = words.next() {
        if word == b"--" {
            line.rest.extend(words);
            break;
        }
        if let Some(long) = word.strip_prefix(b"--") {
            let (opt, glued) = find_long(program, table, long)?;
            let value = match (opt.arg, glued) {
                (Arg::No, Some(_)) => {
                    return Err(format!("{program}: option '--{}' doesn't allow an argument", opt.long));
                }
                (Arg::Required, None) => Some(
                    words.next().ok_or_else(|| format!("{program}: option '--{}' requires an argument", opt.long))?,
                ),
                (_, glued) => glued,
            };
            line.given.push(Given { key: opt.key, value });
        } else if word.len() > 1 && word[0] == b'-' {
            read_bundle(program, table, &word[1..], &mut words, &mut line)?;
        } else {
            line.rest.push(word);
            if order == Order::StopAtWord {
                line.rest.extend(words);
                break;
            }
        }
    }
    Ok(line)
}

fn read_bundle<'a>(
    program: &str,
    table: &[&[Opt]],
    letters: &'a [u8],
    words: &mut impl Iterator<Item = &'a [u8]>,
    line: &mut Line<'a>,
) -> Result<(), String> {
    for (at, letter) in letters.iter().enumerate() {
        let letter = char::from(*letter);
        let found = table.iter().flat_map(|part| part.iter()).find(|opt| opt.short == Some(letter));
        let opt = found.ok_or_else(|| format!("{program}: invalid option -- '{letter}'"))?;
        let tail = Some(&letters[at + 1..]).filter(|tail| !tail.is_empty());
        let value = match opt.arg {
            Arg::No => {
                line.given.push(Given { key: opt.key, value: None });
                continue;
            }
            Arg::Optional => tail,
            Arg::Required => Some(
                tail.or_else(|| words.next())
                    .ok_or_else(|| format!("{program}: option requires an argument -- '{letter}'"))?,
            ),
        };
        line.given.push(Given { key: opt.key, value });
        break;
    }
    Ok(())
}

fn find_long<'a, 't>(
    program: &str,
    table: &[&'t [Opt]],
    word: &'a [u8],
) -> Result<(&'t Opt, Option<&'a [u8]>), String> {
    let (name, value) = match word.iter().position(|byte| *byte == b'=') {
        Some(at) => (&word[..at], Some(&word[at + 1..])),
        None => (word, None),
    };
    let mut candidates: Vec<&Opt> = Vec::new();
    for opt in table.iter().flat_map(|part| part.iter()).filter(|opt| !opt.long.is_empty()) {
        if opt.long.as_bytes() == name {
            return Ok((opt, value));
        }
        if opt.long.as_bytes().starts_with(name) {
            candidates.push(opt);
        }
    }
    let shown = String::from_utf8_lossy(word);
    match candidates.as_slice() {
        [] => Err(format!("{program}: unrecognized option '--{shown}'")),
        [first, others @ ..] if others.iter().all(|other| other.key == first.key) => Ok((first, value)),
        several => {
            let names: String = several.iter().map(|opt| format!(" '--{}'", opt.long)).collect();
            Err(format!("{program}: option '--{shown}' is ambiguous; possibilities:{names}"))
        }
    }
}

/// getopt's message with the line that most commands add to it.
pub fn try_help(program: &str, message: String, exit: u8) -> Refusal {
    Refusal::line(message, exit).and(format!("Try \"{program} --help\" for more information"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[&[Opt]] = &[&[
        opt("time", 't', Arg::Required),
        opt("time-min", ' ', Arg::Required),
        opt("hold", 'H', Arg::No),
        opt("verbose", 'v', Arg::No),
        opt("nice", ' ', Arg::Optional),
        opt("oversubscribe", 's', Arg::No),
        alias("overshare", ' ', Arg::No, "oversubscribe"),
        opt("ntasks", 'n', Arg::Required),
    ]];

    fn check(args: &str, order: Order, expected: &str) {
        let words: Vec<Vec<u8>> = args.split_whitespace().map(|word| word.as_bytes().to_vec()).collect();
        let shown = match read("sbatch", TABLE, &words, order) {
            Err(message) => message,
            Ok(line) => {
                let given: Vec<String> = line
                    .given
                    .iter()
                    .map(|given| match given.value {
                        Some(value) => format!("{}={}", given.key, String::from_utf8_lossy(value)),
                        None => given.key.to_owned(),
                    })
                    .collect();
                let rest: Vec<_> = line.rest.iter().map(|word| String::from_utf8_lossy(word)).collect();
                format!("{} | {}", given.join(" "), rest.join(" "))
            }
        };
        assert_eq!(shown, expected, "{args}");
    }

    #[test]
    fn reads_as_glibc_does() {
        use Order::{Anywhere, StopAtWord};
        for (args, order, expected) in [
            ("-n4 --time=5 a -H", StopAtWord, "ntasks=4 time=5 | a -H"),
            ("-n 4 a -H", Anywhere, "ntasks=4 hold | a"),
            ("-vHn4", Anywhere, "verbose hold ntasks=4 | "),
            ("--ho -- -n 4", Anywhere, "hold | -n 4"),
            ("--time 1 --time-m=2", Anywhere, "time=1 time-min=2 | "),
            ("--nice --nice=5 x", Anywhere, "nice nice=5 | x"),
            ("--over", Anywhere, "oversubscribe | "),
            ("-", Anywhere, " | -"),
            ("--ti=5", Anywhere, "sbatch: option '--ti=5' is ambiguous; possibilities: '--time' '--time-min'"),
            ("--x=1", Anywhere, "sbatch: unrecognized option '--x=1'"),
            ("-x", Anywhere, "sbatch: invalid option -- 'x'"),
            ("--time", Anywhere, "sbatch: option '--time' requires an argument"),
            ("-t", Anywhere, "sbatch: option requires an argument -- 't'"),
            ("--hold=1", Anywhere, "sbatch: option '--hold' doesn't allow an argument"),
        ] {
            check(args, order, expected);
        }
    }
}
