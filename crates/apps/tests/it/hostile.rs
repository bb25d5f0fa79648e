//! Hostile values through real shells.

use std::{collections::BTreeMap, fs, process::Command};

use apps::{Label, Template};
use proptest::prelude::*;

const APP: &str = "
title = { fr = 'a', en = 'a' }
about = { fr = 'b', en = 'b' }
[[field]]
name = 'word'
kind = 'text'
longest = 5000
label = { fr = 'x', en = 'x' }
required = false
[[field]]
name = 'lines'
kind = 'text'
lines = true
label = { fr = 'x', en = 'x' }
required = false
[[field]]
name = 'file'
kind = 'file'
label = { fr = 'x', en = 'x' }
required = false
[[field]]
name = 'items'
kind = 'list'
label = { fr = 'x', en = 'x' }
required = false
[[field]]
name = 'title'
kind = 'text'
option = 'job-name'
label = { fr = 'x', en = 'x' }
required = false
";

/// Says what it got, byte for byte, each ended by a NUL.
const BODY: &str = "#!SHELL
printf '%s\\0' \"$ALGORIC_WORD\" \"$ALGORIC_LINES\" \"$ALGORIC_FILE\" \"$ALGORIC_ITEMS\" \"$ALGORIC_TITLE\"
";

const KNOWN: &[&str] = &[
    "$(touch HIT)",
    "`touch HIT`",
    "'; touch HIT; '",
    "\"; touch HIT; \"",
    "'\"'; touch HIT #",
    "\\'; touch HIT",
    "a'b'c\\",
    "-n",
    "--help",
    "$HOME ${IFS} $$ !! ~ * ? [a-z] {a,b}",
    "%s %n \\x41 \\0",
    "&& touch HIT || touch HIT | touch HIT & touch HIT",
    "> HIT",
    "#SBATCH --account=other",
    "é ’ 🌊 \u{feff} \u{2028}",
    "   blanks   ",
    "",
];

/// What a shell made of it: word, lines, file, item and title.
fn through(shell: &str, values: &[(&str, &str)], task: usize) -> (String, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    let body = BODY.replace("SHELL", shell);
    let template = Template::read("mine", APP, &body, Label::default()).unwrap();
    let values: BTreeMap<String, String> =
        values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let script = template.script(&template.check(&values).unwrap(), "/home/an ne");
    let path = folder.path().join("script");
    fs::write(&path, &script).unwrap();
    let mut command = Command::new(shell);
    command.arg(&path).current_dir(folder.path()).env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C.UTF-8");
    let out = command.env("SLURM_ARRAY_TASK_ID", task.to_string()).output().unwrap();
    assert!(out.status.success(), "{script}\n{}", String::from_utf8_lossy(&out.stderr));
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 1, "something was run: {left:?}\n{script}");
    let mut said: Vec<Vec<u8>> = out.stdout.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    assert_eq!(said.pop(), Some(Vec::new()));
    (script, said)
}

/// Every value arrives as it was given, in each shell, and the `#SBATCH` lines say nothing else either.
fn check(value: &str) {
    let one_line = !value.chars().any(char::is_control);
    let item = if value.trim().is_empty() || !one_line { "plain" } else { value };
    let items = format!("first\n{item}\nlast");
    let mut values = vec![("lines", value), ("items", items.as_str())];
    if one_line {
        values.extend([("word", value), ("file", value), ("title", value)]);
    } else {
        values.push(("title", ""));
    }
    for shell in ["/bin/sh", "/bin/bash"] {
        let (script, said) = through(shell, &values, 1);
        // Nothing but blanks is nothing.
        let value = if value.trim().is_empty() { "" } else { value };
        assert_eq!(said[1], value.as_bytes(), "{script}");
        assert_eq!(said[3], item.as_bytes(), "{script}");
        let words = dialect::script::directives(script.as_bytes(), "x").unwrap();
        let mut expected = vec!["--cpus-per-task=1".to_owned(), "--mem=1024M".to_owned(), "--time=1:00:00".to_owned()];
        if one_line {
            assert_eq!(said[0], value.as_bytes(), "{script}");
            assert_eq!(said[4], value.as_bytes(), "{script}");
            let path = value.trim();
            let from_root = if path.starts_with('/') || path.is_empty() {
                path.to_owned()
            } else {
                format!("/home/an ne/{}", path.strip_prefix("~/").unwrap_or(path).trim_start_matches("./"))
            };
            let from_root = if path == "~" { "/home/an ne".to_owned() } else { from_root };
            assert_eq!(String::from_utf8_lossy(&said[2]), from_root, "{script}");
            if !value.trim().is_empty() {
                expected.insert(0, format!("--job-name={value}"));
            }
        }
        expected.push("--array=0-2".to_owned());
        let words: Vec<String> = words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        assert_eq!(words, expected, "{script}");
    }
}

#[test]
fn known_tricks_are_only_text() {
    KNOWN.iter().for_each(|value| check(value));
    check("two\nlines\n\n");
    check("\n#SBATCH --account=other\ntouch HIT\n");
}

#[test]
fn lists_are_combined() {
    let app = APP.replace("name = 'title'\nkind = 'text'\noption = 'job-name'", "name = 'title'\nkind = 'list'");
    let template = Template::read(
        "mine",
        &app,
        "#!/bin/sh\nprintf '%s %s' \"$ALGORIC_ITEMS\" \"$ALGORIC_TITLE\"\n",
        Label::default(),
    )
    .unwrap();
    let values =
        [("items", "a\nb"), ("title", "x\ny\nz")].map(|(name, text)| (name.to_owned(), text.to_owned())).into();
    let filled = template.check(&values).unwrap();
    assert_eq!(filled.tasks(), Some(6));
    let script = template.script(&filled, "/");
    let said: Vec<String> = (0..6)
        .map(|task: i32| {
            let out =
                Command::new("/bin/sh").args(["-c", &script]).env("SLURM_ARRAY_TASK_ID", task.to_string()).output();
            String::from_utf8(out.unwrap().stdout).unwrap()
        })
        .collect();
    assert_eq!(said, ["a x", "b x", "a y", "b y", "a z", "b z"]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_arrives_as_it_is(value in "[^\\p{Cc}]{0,40}") {
        check(&value);
    }

    #[test]
    fn shell_text_arrives_as_it_is(value in r#"[ '"$`\\;|&<>(){}*?!#~%a-c\n\t-]{0,60}"#) {
        check(&value);
    }
}
