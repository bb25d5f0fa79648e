//! What operators write.

use std::collections::BTreeMap;

use site::park::{MEASURED, fresh, with_machine, with_measured};
use site::{Park, ParkError};

use crate::{FIRST, RECORDED, measured};

#[test]
fn what_is_wrong_is_named() {
    let one = "[cluster]\nname = 'a'\n[[machine]]\nname = 'n1'\naddress = '10.0.0.1'\n";
    for (text, expected) in [
        ("", "missing field `cluster`"),
        ("[cluster]\nnmae = 'a'", "did you mean `name`?"),
        ("[cluster]\nname = 'a'", "machine: a park has at least one"),
        ("[cluster]\nname = 'a b'", "cluster: name: `a b` is no name"),
        ("[cluster]\nname = 'a'\nhome = 'home'", "cluster: home: `home` is no whole path"),
        (&format!("{one}adress = 'x'"), "did you mean `address`?"),
        (&format!("{one}compute = false"), "machine: compute: no machine takes jobs"),
        (&format!("{one}ssh = '-oProxyCommand=x'"), "machine: ssh: `-oProxyCommand=x` is no address"),
        (&format!("{one}[[machine]]\nname = 'n1'\naddress = 'b'"), "`n1` comes twice"),
        (&format!("{one}[[machine]]\nname = 'n;2'\naddress = 'b'"), "`n;2` is no name"),
        (&one.replace("[[", "controller = 'm1'\n[["), "no machine is called `m1`; did you mean `n1`?"),
        (
            &format!("{one}[[partition]]\nname = 'p'\nmachines = ['n2']"),
            "partition: machines: no machine is called `n2`",
        ),
        (&format!("{one}[[partition]]\nname = 'p'\nmax_time = 'long'"), "`long` is none: say 30"),
        (&format!("{one}[slurm]\nlines = ['''a\nb''']"), "is more than one line"),
        (&format!("{one}[[project]]\nname = 'eau'\nmembers = [\"al'ice\"]"), "`al'ice` is no name"),
        (&format!("{one}[power]\nsuspend_after = 60\nstay_on = ['n9']"), "power: stay_on"),
        (&format!("{one}[measured.n3]\n"), "missing field"),
    ] {
        let shown = Park::parse(text).unwrap_err().to_string();
        assert!(shown.contains(expected), "{text}: {shown}");
    }
    assert!(matches!(Park::parse("["), Err(ParkError::Syntax(_))));
}

#[test]
fn what_the_operator_wrote_stays_letter_by_letter() {
    let all = BTreeMap::from([("smp1".to_owned(), measured(RECORDED)), ("neh1".to_owned(), measured(RECORDED))]);
    let once = with_measured(FIRST, &all);
    assert!(once.starts_with(FIRST.trim_end()));
    assert_eq!(with_measured(&once, &all), once);
    assert_eq!(Park::parse(&once).unwrap().measured, all);
    let grown = with_machine(&once, "n9", "10.0.0.9", None);
    assert!(grown.starts_with(FIRST.trim_end()) && grown.matches(MEASURED).count() == 1);
    let park = Park::parse(&grown).unwrap();
    assert_eq!((park.machine.len(), park.measured), (5, all));
}

#[test]
fn a_park_begins_with_its_machines() {
    let text = with_machine(&with_machine(&fresh("mesca"), "head", "10.0.0.1", None), "n1", "fd00::1", None);
    let park = Park::parse(&text).unwrap();
    assert_eq!((park.controller().name.as_str(), park.computing().count()), ("head", 2));
}
