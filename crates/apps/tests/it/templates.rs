//! `app.toml` and values, without a shell.

use std::collections::BTreeMap;

use apps::{Label, Template, shipped};

const SCRIPT: &str = "#!/bin/bash\necho done\n";

fn app(fields: &str) -> String {
    format!("[title]\nfr = 'a'\nen = 'a'\n[about]\nfr = 'b'\nen = 'b'\n{fields}")
}

fn field(rest: &str) -> String {
    app(&format!("[[field]]\nname = 'x'\nlabel = {{ fr = 'x', en = 'x' }}\n{rest}\n"))
}

#[test]
fn wrong_templates_are_explained() {
    let check = |text: &str, script: &str, expected: &str| {
        let fault = Template::read("mine", text, script, Label::default()).map(|_| ()).unwrap_err().to_string();
        assert!(fault.contains(expected), "{fault}\n  should say: {expected}");
    };
    check(&field("kind = 'integer'\nlesat = 3"), SCRIPT, "did you mean `least`?");
    check(&field("kind = 'intger'"), SCRIPT, "no kind `intger`; did you mean `integer`?");
    check(&field("kind = 'integer'\npattern = 'a'"), SCRIPT, "`pattern` is for text and list, not for integer");
    check(&field("kind = 'integer'\nmost = 3\ndefault = 4"), SCRIPT, "its own default is refused: it is more than 3");
    check(&field("kind = 'text'\noption = 'wrap'"), SCRIPT, "no field may set --wrap");
    check(&field("kind = 'text'\npattern = '('"), SCRIPT, "its pattern");
    check(&field("kind = 'choice'"), SCRIPT, "needs `choices`");
    check(&field("kind = 'list'\nof = 'file'"), SCRIPT, "there are integer, decimal, text");
    check(
        &app("[[field]]\nname = 'data'\nkind = 'text'\nlabel = { fr = '', en = '' }"),
        SCRIPT,
        "ALGORIC_DATA means something else",
    );
    check(&app("[[field]]\nname = 'A B'\nkind = 'text'\nlabel = { fr = '', en = '' }"), SCRIPT, "small letters");
    check(&field("kind = 'text'"), "echo no shell", "script.sh: its first line must name a shell");
    check("[title]\nfr = 'a'", SCRIPT, "missing field `en`");
}

#[test]
fn values_are_refused_by_their_field() {
    let check = |kind: &str, value: &str, expected: Result<&str, &str>| {
        let template = Template::read("mine", &field(kind), SCRIPT, Label::default()).unwrap();
        let values = BTreeMap::from([("x".to_owned(), value.to_owned())]);
        let got = match template.check(&values) {
            Ok(filled) => Ok(filled.get("x").unwrap_or_default().to_owned()),
            Err(wrong) => Err(wrong[0].fault.word()),
        };
        assert_eq!(got.as_deref().map_err(|word| *word), expected, "{kind} {value:?}");
    };
    check("kind = 'integer'\nleast = 1\nmost = 8", " 4 ", Ok("4"));
    check("kind = 'integer'\nleast = 1\nmost = 8", "9", Err("great"));
    check("kind = 'integer'\nleast = 1", "0", Err("small"));
    check("kind = 'integer'", "+4", Err("number"));
    check("kind = 'integer'", "4; id", Err("number"));
    check("kind = 'integer'", "", Err("missing"));
    check("kind = 'integer'\nrequired = false", "", Ok(""));
    check("kind = 'decimal'\nmost = 2", "0,5", Ok("0.5"));
    check("kind = 'decimal'\nmost = 2", "2.1", Err("great"));
    check("kind = 'decimal'", "nan", Err("number"));
    check("kind = 'boolean'", "on", Ok("yes"));
    check("kind = 'boolean'", "", Ok(""));
    check("kind = 'memory'\nmost = '2G'", "1,5G", Err("memory"));
    check("kind = 'memory'\nmost = '2G'", "2 Go", Ok("2048M"));
    check("kind = 'memory'\nmost = '2G'", "3G", Err("great"));
    check("kind = 'time'\nmost = '1 h'", "30 min", Ok("0:30:00"));
    check("kind = 'time'\nmost = '1 h'", "2 h", Err("great"));
    check("kind = 'time'", "soon", Err("time"));
    check("kind = 'text'\npattern = '[a-z]+'", "abc", Ok("abc"));
    check("kind = 'text'\npattern = '[a-z]+'", "abc1", Err("pattern"));
    check("kind = 'text'\nlongest = 3", "abcd", Err("long"));
    check("kind = 'text'", "a\nb", Err("letters"));
    check("kind = 'text'", "a\u{1b}[31m", Err("letters"));
    check("kind = 'text'", "a\0", Err("letters"));
    check("kind = 'text'\nlines = true", "a\r\nb", Ok("a\nb"));
    check("kind = 'file'\naccept = ['.inp']", "beam.INP", Ok("beam.INP"));
    check("kind = 'file'\naccept = ['.inp']", "beam.txt", Err("file"));
    check("kind = 'file'", "a\nb", Err("letters"));
    check("kind = 'choice'\nchoices = [{ value = 'a', label = { fr = '', en = '' } }]", "b", Err("choice"));
    check("kind = 'list'\nof = 'integer'\nmost = 3", "1..4", Err("many"));
    check("kind = 'list'\nof = 'integer'", "1 x", Err("number"));
}

#[test]
fn every_job_has_what_a_job_has() {
    let template = Template::read("mine", &field("kind = 'text'"), SCRIPT, Label::default()).unwrap();
    let names: Vec<&str> = template.fields.iter().map(|field| field.name.as_str()).collect();
    assert_eq!(names, ["x", "cpus", "memory", "time", "job_name", "project", "patient"]);
    let with = template.clone().with_projects(&["sea".to_owned()]);
    let values =
        |project: &str| BTreeMap::from([("x".to_owned(), "1".to_owned()), ("project".to_owned(), project.to_owned())]);
    assert!(with.check(&values("sea")).is_ok());
    assert!(with.check(&values("other")).is_err(), "a project that is not theirs");
    assert!(template.with_projects(&[]).fields.iter().all(|field| field.name != "project"));
}

#[test]
fn the_shipped_ones_are_sound() {
    let all = shipped().unwrap();
    assert_eq!(all.len(), 6);
    for template in all {
        assert!(template.body.contains("set -euo pipefail"), "{}", template.name);
        for field in template.fields.iter().filter(|field| field.option.is_none()) {
            let variable = format!("ALGORIC_{}", field.name.to_uppercase());
            assert!(template.body.contains(&variable), "{}: {variable} is filled in and never read", template.name);
        }
        for language in ["fr", "en"] {
            for label in template.fields.iter().map(|field| &field.label).chain([&template.title, &template.about]) {
                assert!(!label.say(language).is_empty(), "{} {language}", template.name);
            }
        }
    }
}

#[test]
fn a_script_reads_well() {
    let text = field("kind = 'list'\nof = 'integer'");
    let template = Template::read("mine", &text, SCRIPT, Label::default()).unwrap();
    let values = [("x", "1..3"), ("time", "90 min"), ("memory", "2G"), ("project", "sea"), ("patient", "yes")];
    let values = values.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let script = template.script(&template.check(&values).unwrap(), "/home/anne");
    let expected = "\
#!/bin/bash
#SBATCH --cpus-per-task=1
#SBATCH --mem=2048M
#SBATCH --time=1:30:00
#SBATCH --job-name=mine
#SBATCH --account=sea
#SBATCH --comment=flexible
#SBATCH --array=0-2

# What was filled in (template mine).
ALGORIC_X_ALL='1
2
3'
ALGORIC_X=$(printf '%s\\n' \"$ALGORIC_X_ALL\" | sed -n \"$(( SLURM_ARRAY_TASK_ID / 1 % 3 + 1 ))p\")
ALGORIC_CPUS='1'
ALGORIC_MEMORY='2048M'
ALGORIC_TIME='1:30:00'
ALGORIC_JOB_NAME='mine'
ALGORIC_PROJECT='sea'
ALGORIC_PATIENT='yes'

# From here on the template's own text.
echo done
";
    assert_eq!(script, expected);
}
