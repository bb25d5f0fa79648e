//! `--json` and `--yaml` of `squeue`, `sinfo` and `sacct`: the same names, in the same order, with values of the same
//! types, as Slurm 22.05.8 gave them (`dialect/tests/facts/json`).

use std::collections::BTreeSet;

use serde_json::Value;

use crate::ward::{Ward, outcome, until};

const CONFIG: &str =
    "name = \"base\"\n[machine]\nname = \"vm\"\ncpus = 2\n[[partition]]\nname = \"debug\"\ndefault = true\n";

/// A job that runs with a step, one that ended badly, an array, and one that waits.
fn busy() -> Ward {
    let mut ward = Ward::new(CONFIG);
    ward.start();
    let submit = |args: &[&str]| {
        let (code, _, complaint) = outcome(ward.command("sbatch").args(args));
        assert_eq!(code, 0, "{complaint}");
    };
    submit(&["-J", "failed", "--wrap", "exit 3"]);
    let srun = ward.path("bin").join("srun").display().to_string();
    submit(&["-J", "steps", "-a", "0-1", "--wrap", &format!("{srun} hostname")]);
    until("they are over", || outcome(ward.command("squeue").arg("-h")).1.is_empty());
    submit(&["-J", "runs", "--comment=a \"b\"/c", "--wrap", &format!("{srun} sleep 100")]);
    submit(&["-J", "waits", "--exclusive", "--wckey=k", "--time-min=1", "--deadline=now+2days", "--wrap", "true"]);
    until("one runs", || outcome(ward.command("squeue").args(["-h", "-s"])).1.lines().count() == 2);
    ward
}

fn json(ward: &Ward, name: &str, args: &[&str]) -> Value {
    let (code, text, complaint) = outcome(ward.command(name).args(args));
    assert_eq!(code, 0, "{complaint}");
    serde_json::from_str(&text).unwrap_or_else(|fault| panic!("{fault}: {text}"))
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "map",
    }
}

/// Keys that name things, not kinds of things; and what may be a number or a name.
fn is_free(path: &str) -> bool {
    path.ends_with("/sockets")
        || path.ends_with("/cores")
        || path.ends_with("/step/id")
        || path.ends_with("/reservation/name")
}

/// Everything in which two documents differ but the values. What is null in one may be anything in the other.
fn differences(theirs: &Value, ours: &Value, path: &str, found: &mut BTreeSet<String>) {
    match (theirs, ours) {
        (Value::Null, _) | (_, Value::Null) => {}
        _ if is_free(path) => {}
        (Value::Object(theirs), Value::Object(ours)) => {
            for (key, value) in theirs {
                match ours.get(key) {
                    Some(own) => differences(value, own, &format!("{path}/{key}"), found),
                    None => drop(found.insert(format!("{path}/{key} is missing"))),
                }
            }
            let extra = ours.keys().filter(|key| !theirs.contains_key(*key));
            found.extend(extra.map(|key| format!("{path}/{key} is too much")));
        }
        (Value::Array(theirs), Value::Array(ours)) => {
            for their in theirs {
                ours.iter().for_each(|own| differences(their, own, &format!("{path}[]"), found));
            }
        }
        _ if kind(theirs) == kind(ours) => {}
        _ => drop(found.insert(format!("{path}: {} is {} here", kind(theirs), kind(ours)))),
    }
}

/// The keys of the first job or machine, as they follow each other in the text.
fn order(document: &str, list: &str) -> Vec<String> {
    let start = document.find(&format!("\"{list}\"")).unwrap();
    let mut keys = Vec::new();
    let mut indent = None;
    for line in document[start..].lines().skip(2) {
        let blanks = line.len() - line.trim_start().len();
        let wanted = *indent.get_or_insert(blanks);
        if blanks < wanted {
            break;
        }
        if blanks == wanted && line.trim_start().starts_with('"') {
            keys.push(line.trim_start().split('"').nth(1).unwrap().to_owned());
        }
    }
    keys
}

#[test]
fn documents_are_shaped_as_slurms() {
    let ward = busy();
    let recorded = [
        ("squeue", "jobs", &[][..], include_str!("../../../dialect/tests/facts/json/squeue.json")),
        ("sinfo", "nodes", &[], include_str!("../../../dialect/tests/facts/json/sinfo.json")),
        ("sacct", "jobs", &["-a"], include_str!("../../../dialect/tests/facts/json/sacct.json")),
    ];
    for (name, list, args, theirs) in recorded {
        let args: Vec<&str> = ["--json"].iter().chain(args).copied().collect();
        let ours = json(&ward, name, &args);
        assert!(ours[list].as_array().is_some_and(|rows| !rows.is_empty()), "{name} shows nothing");
        let mut found = BTreeSet::new();
        differences(&serde_json::from_str(theirs).unwrap(), &ours, "", &mut found);
        // Who waits has no place on a machine, in Slurm's document neither.
        found.retain(|difference| !difference.contains("/job_resources is "));
        assert_eq!(found, BTreeSet::new(), "{name}");
        let text = outcome(ward.command(name).args(&args)).1;
        let (theirs, ours) = (order(theirs, list), order(&text, list));
        let ours: Vec<String> = ours.into_iter().filter(|key| theirs.contains(key)).collect();
        let theirs: Vec<String> = theirs.into_iter().filter(|key| ours.contains(key)).collect();
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn documents_say_what_is() {
    let ward = busy();
    let all = json(&ward, "squeue", &["--json"]);
    let job = |name: &str| {
        let jobs = all["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let runs = job("runs");
    assert_eq!((&runs["comment"], &runs["job_state"]), (&"a \"b\"/c".into(), &"RUNNING".into()));
    assert_eq!(runs["job_resources"]["allocated_nodes"][0]["nodename"], "vm");
    let waits = job("waits");
    assert_eq!((&waits["shared"], &waits["wckey"], &waits["time_minimum"]), (&"none".into(), &"k".into(), &1.into()));
    assert_eq!(job("failed")["exit_code"], 3 << 8, "who ended lately is shown too");
    for (args, count) in [(["-t", "PD"], 1), (["-n", "runs"], 1), (["-u", "nobody-here"], 0), (["-t", "F"], 1)] {
        let shown = json(&ward, "squeue", &["--json", args[0], args[1]]);
        assert_eq!(shown["jobs"].as_array().unwrap().len(), count, "{args:?}");
    }
    let accounts = json(&ward, "sacct", &["--json", "--name=failed"]);
    assert_eq!(accounts["jobs"][0]["exit_code"]["return_code"], 3);
    assert_eq!(accounts["jobs"][0]["steps"][0]["step"]["id"], "batch");
    let machine = json(&ward, "sinfo", &["--json"]);
    assert_eq!(machine["nodes"][0]["state"], "mixed");
    let (_, yaml, _) = outcome(ward.command("squeue").args(["--yaml", "-n", "waits"]));
    assert!(yaml.starts_with("%YAML 1.1\n--- !!map\n!!str meta: !!map\n"), "{yaml}");
    assert!(yaml.ends_with("\n...\n") && yaml.contains("\n  !!str wckey: !!str k\n"), "{yaml}");
}
