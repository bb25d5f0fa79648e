//! `examples/hull`: OpenFOAM's ship, decomposed and run by `mpirun` inside a job of two tasks; small enough for each day.
//!
//! `ALGORIC_FOAM` is the folder of OpenFOAM's examples; `cargo xtask test` unpacks it. Without it nothing is run, and that
//! is said.

use std::{env, fs};

use crate::ward::{Ward, outcome};

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/hull/submit.sh");

/// Enough to show that the parts talk to one another.
const STEPS: &str = "3";

#[test]
fn the_ship_is_computed_in_two_parts() {
    let Some(examples) = env::var_os("ALGORIC_FOAM") else {
        eprintln!("NOT RUN: OpenFOAM's ship; ALGORIC_FOAM is not set, `cargo xtask test` sets it");
        return;
    };
    let mut ward = Ward::new("[machine]\ncpus = 2\n");
    ward.start();
    let mut sbatch = ward.command("sbatch");
    // mpirun asks for both before it runs as root.
    sbatch.env("OMPI_ALLOW_RUN_AS_ROOT", "1").env("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1");
    let (code, job, complaint) =
        outcome(sbatch.args(["--parsable", "--wait", SCRIPT]).arg(&examples).args([STEPS, "0"]));
    let job = job.trim();
    let said = fs::read_to_string(ward.path("out").join(format!("hull-{job}.out"))).unwrap_or_default();
    assert_eq!(code, 0, "{complaint}{said}");

    let case = ward.path("out").join(format!("hull-{job}"));
    for part in ["processor0", "processor1"] {
        assert!(case.join(part).join(STEPS).join("U").is_file(), "{part} has no result: {said}");
    }
    assert!(case.join(STEPS).join("U").is_file(), "the parts are not put together: {said}");
    let log = fs::read_to_string(case.join("postProcessing/forces/0/force.dat")).unwrap();
    let last = log.lines().last().unwrap();
    let numbers: Vec<f64> = last.split(['(', ')', ' ', '\t']).filter_map(|word| word.parse().ok()).collect();
    assert!(numbers.len() == 10 && numbers.iter().all(|number| number.is_finite()), "{last}");
    assert!(numbers[1].abs() > 0.1, "nothing pushes the hull: {last}");

    let (_, row, _) = outcome(ward.command("sacct").args(["-X", "-n", "-P", "-o", "State,AllocCPUS", "-j", job]));
    assert_eq!(row.trim(), "COMPLETED|2");
}
