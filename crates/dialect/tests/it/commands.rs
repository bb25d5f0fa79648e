//! Command lines of the other commands: what is refused before anybody is asked.

use dialect::refusal::Refusal;
use model::Uid;

use crate::facts;
use crate::rows::{clock, pending};

fn refused(command: &str) -> Option<Refusal> {
    let args = facts::args(command);
    let clock = clock("11:00:00");
    match facts::words(command)[0].as_slice() {
        b"scancel" => dialect::scancel::parse(&args, &[]).err(),
        b"scontrol" => dialect::scontrol::parse(&args, &[], &clock).err(),
        b"sinfo" => dialect::sinfo::parse(&args, &[]).err(),
        b"squeue" => dialect::squeue::parse(&args, &[], Uid(1001)).err(),
        b"srun" => dialect::srun::parse(&args, &[], &clock, false).err(),
        b"sacct" => dialect::sacct::parse(&args, &[], &clock, Uid(1001)).err(),
        other => panic!("{}", String::from_utf8_lossy(other)),
    }
}

#[test]
fn captured() {
    for (file, command) in [
        ("badopt", "squeue --bogus"),
        ("badopt", "squeue -t BOGUS"),
        ("badopt", "sinfo --bogus"),
        ("badopt", "scontrol bogus"),
        ("badopt", "scontrol show bogus"),
        ("badopt", "srun --bogus"),
        ("badopt", "scancel --bogus"),
        ("badopt", "sacct --bogus"),
        ("badopt", "sacct -o bogus"),
        ("cancel", "scancel abc"),
        ("cancel", "scancel"),
        ("srun", "srun"),
        ("formats", "squeue -h -o '%C %D %m %p %y %S %r %k' -j 17656 on cluster base"),
        ("simple", "scontrol version"),
        ("simple", "sinfo --version"),
    ] {
        let case = facts::case(file, command, 0);
        match refused(command) {
            None => assert_eq!(case.exit, 0, "{command}"),
            Some(refusal) => {
                let expected = (case.stdout, case.stderr, case.exit);
                assert_eq!((refusal.stdout, refusal.lines, refusal.exit), expected, "{command}");
            }
        }
    }
}

/// Every captured command line that Slurm accepted.
#[test]
fn accepted() {
    let mut count = 0;
    for file in ["array", "cancel", "deps", "formats", "hold", "requeue", "simple", "srun", "timeout", "nopart"] {
        for case in facts::cases(file) {
            let program = case.command.split(' ').next().unwrap_or_default();
            let ours = ["scancel", "scontrol", "sinfo", "squeue", "sacct", "srun"].contains(&program);
            let shell = case.command.contains(['|', '>', ';', '$']);
            if ours && !shell && case.exit == 0 && !case.command.ends_with("--version") {
                count += 1;
                assert_eq!(refused(&case.command), None, "{}", case.command);
            }
        }
    }
    assert!(count > 150, "only {count} command lines");
}

#[test]
fn unknown_users() {
    let case = facts::case("cancel", "scancel -u nosuchuser", 0);
    let refusal = dialect::scancel::invalid_user("nosuchuser");
    assert_eq!((refusal.lines, refusal.exit), (case.stderr, case.exit));
    let case = facts::case("nopart", "squeue -u nosuchuser", 0);
    assert_eq!(dialect::squeue::invalid_user("nosuchuser").to_vec(), case.stderr);
}

#[test]
fn scancel_asks_and_tells() {
    let case = facts::case("cancel", "echo n | scancel -i 54", 0);
    let question = dialect::scancel::Options::question(&pending(54, "wrap", "11:06:00"));
    assert_eq!(question + "\n", case.stdout);
    let case = facts::case("cancel", "scancel -v 50", 0);
    let options = dialect::scancel::parse(&facts::args(&case.command), &[]).unwrap();
    assert_eq!(options.terminating("50", false).into_iter().collect::<Vec<_>>(), case.stderr);
}

#[test]
fn salloc_tells() {
    let case = facts::case("srun", "salloc true", 0);
    let salloc = dialect::salloc::parse(&facts::args(&case.command), &[], &clock("11:00:00"), false).unwrap();
    let lines: Vec<String> = salloc.granted(model::JobId(96)).into_iter().flatten().collect();
    assert_eq!(lines, case.stderr);
    assert_eq!(salloc.spec(&crate::submit::context()).name, model::Text::from("interactive"));
}

proptest::proptest! {
    #[test]
    fn never_panic(args in proptest::collection::vec("(-[a-zA-Z]|--[a-zA-Z]{1,10}(=[!-~]{0,8})?|[!-~]{0,10}|show|update|job)", 0..6)) {
        let args: Vec<Vec<u8>> = args.into_iter().map(String::into_bytes).collect();
        let clock = clock("11:00:00");
        dialect::scancel::parse(&args, &[]).ok();
        dialect::scontrol::parse(&args, &[], &clock).ok();
        dialect::sinfo::parse(&args, &[]).ok();
        dialect::sacct::parse(&args, &[], &clock, Uid(1)).ok();
        if let Ok(options) = dialect::squeue::parse(&args, &[], Uid(1)) {
            let mut out = Vec::new();
            dialect::squeue::print(&options, dialect::squeue::Jobs::Rows(&[pending(1, "x", "11:00:00")]), &clock, &mut out);
        }
    }

    #[test]
    fn formats_never_panic(letters in "([.#%0-9a-zA-Z ]){0,24}", names in "([a-z:.,0-9-]){0,24}", key in "[-+,a-zA-Z]{0,6}") {
        let clock = clock("11:00:00");
        let word = |text: &str| text.as_bytes().to_vec();
        for args in [[word("-o"), word(&letters)], [word("-O"), word(&names)], [word("-S"), word(&key)]] {
            let rows = [pending(1, "x", "11:00:00"), pending(2, "x", "11:00:00")];
            let mut out = Vec::new();
            if let Ok(options) = dialect::squeue::parse(&args, &[], Uid(1)) {
                dialect::squeue::print(&options, dialect::squeue::Jobs::Rows(&rows), &clock, &mut out);
            }
            if let Ok(options) = dialect::sinfo::parse(&args, &[]) {
                let (partitions, nodes) = ([crate::control::partition()], [crate::control::node()]);
                dialect::sinfo::print(&options, &partitions, &nodes, &clock, &mut out);
            }
            if let Ok(options) = dialect::sacct::parse(&args, &[], &clock, Uid(1)) {
                dialect::sacct::print(&options, &[], "base", &clock, &mut out);
            }
        }
    }
}
