//! Submit, start, end: the plain way.

use model::{JobState, Reason};

use crate::make::{Centre, config, cpus, failed, ok, spec};

#[test]
fn jobs_run_in_turn() {
    let mut centre = Centre::new(config());
    let first = centre.submit(cpus(3));
    let second = centre.submit(cpus(2));
    let third = centre.submit(cpus(4));
    assert_eq!(centre.list(), "1 RUNNING None (null)\n2 PENDING Resources (null)\n3 PENDING Priority (null)");
    centre.end(first, ok());
    assert_eq!(centre.list(), "1 COMPLETED None (null)\n2 RUNNING None (null)\n3 PENDING Resources (null)");
    let finished = centre.end(second, failed(3));
    assert_eq!((finished.state, finished.reason, finished.exit.code), (JobState::Failed, Reason::NonZeroExitCode, 3));
    centre.end(third, ok());
    assert_eq!(centre.state.machine_use().cpus_allocated, 0);
    let fourth = centre.submit(spec());
    assert_eq!(centre.state.row(fourth, centre.now).unwrap().state, JobState::Running);
}
