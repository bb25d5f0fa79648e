//! Many jobs in the browser: an array of ten thousand, lists that are narrowed down, an earlier job made again.

use std::time::Duration;

use crate::{
    portal_jobs::{Desk, QUICK, folder, words},
    ward::{outcome, until},
};

/// Does something with a job by its page.
fn act(desk: &mut Desk, job: &str, what: &str) {
    let csrf = desk.browser.get(&format!("/jobs/{job}")).csrf();
    let page = desk.browser.post(&format!("/jobs/{job}/act"), &csrf, &[("what", what)]);
    assert_eq!(page.status, 303, "{what}: {}", words(&page));
}

fn states(desk: &Desk, job: &str, state: &str) -> usize {
    let (_, shown, _) = outcome(desk.ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", job]));
    shown.lines().filter(|line| line.starts_with(state)).count()
}

#[test]
fn an_array_of_ten_thousand_has_a_page() {
    let mut desk = Desk::new("[machine]\ncpus = 2\n");
    let folder = folder(&desk.ward);
    let values = (1..=10_000).map(|number| number.to_string()).collect::<Vec<_>>().join("\n");
    let mut fields = vec![
        // Every seventh fails.
        ("command", "exit $(( VALUE % 7 == 0 ))"),
        ("values", values.as_str()),
        ("folder", folder.to_str().unwrap()),
    ];
    fields.extend(QUICK);
    let job = desk.submit("sweep", &fields);
    for count in 1..=2 {
        until("some of them failed", || {
            std::thread::sleep(Duration::from_millis(500));
            states(&desk, &job, "FAILED") >= count
        });
    }
    act(&mut desk, &job, "hold");
    until("nothing runs", || {
        std::thread::sleep(Duration::from_millis(200));
        states(&desk, &job, "RUNNING") == 0
    });
    // All are counted, the few that failed come first, each has its page.
    let page = desk.browser.get(&format!("/jobs/{job}"));
    let done = states(&desk, &job, "COMPLETED");
    let failed = states(&desk, &job, "FAILED");
    let said = words(&page);
    let size = desk.browser.transferred(&format!("/jobs/{job}"));
    assert!(size < 60_000, "{size} bytes");
    // Without a meter, too, something is known of what ran.
    assert!(said.contains("Runs that are over") && !said.contains("has not begun"), "{said}");
    assert!(said.contains(&format!("done {done}")) && said.contains(&format!("failed {failed}")), "{said}");
    assert!(said.contains(&format!("held {}", 10_000 - done - failed)), "{said}");
    for task in [6, 13] {
        assert!(page.text.contains(&format!("href=\"/jobs/{job}_{task}\"")), "{said}");
    }
    assert!(!page.text.contains(&format!("href=\"/jobs/{job}_5\"")), "only what failed is shown");
    assert_eq!(desk.browser.get(&format!("/jobs/{job}_6")).status, 200);
    // What waits comes page by page.
    let first = desk.browser.get(&format!("/jobs/{job}?state=pending"));
    let size = desk.browser.transferred(&format!("/jobs/{job}?state=pending"));
    assert!(size < 60_000, "{size} bytes");
    let links = |text: &str| text.matches(&format!("href=\"/jobs/{job}_")).count();
    assert_eq!(links(&first.text), 100);
    let next = first.between(&format!("href=\"/jobs/{job}?state=pending&#38;from="), "#tasks");
    let later = desk.browser.get(&format!("/jobs/{job}?state=pending&from={next}"));
    assert!(links(&later.text) == 100 && later.text.contains(&format!("/jobs/{job}_{next}\"")), "{next}");
    let last = desk.browser.get(&format!("/jobs/{job}?state=pending&from=9990"));
    assert!(links(&last.text) == 10 && last.text.contains(&format!("/jobs/{job}_9999\"")));
    assert!(!last.text.contains("rel=\"next\""));
    act(&mut desk, &job, "release");
    act(&mut desk, &job, "cancel");
    desk.ends_somehow(&job);
}

#[test]
fn lists_are_narrowed_down_and_jobs_are_made_again() {
    let mut desk = Desk::new("[machine]\ncpus = 2\n");
    let folder = folder(&desk.ward);
    let at = folder.to_str().unwrap().to_owned();
    let mut fields = vec![("program", "print('made & kept')"), ("folder", at.as_str())];
    fields.extend(QUICK);
    let form = desk.submit("python", &fields);
    let script = desk.submit("script", &[("script", "#!/bin/sh\n#SBATCH -J hull7 -t 5\nfalse\n"), ("folder", &at)]);
    desk.ends(&form, "COMPLETED");
    desk.ends(&script, "FAILED");
    // A form is opened as it was filled in, a script in the editor.
    let place = desk.browser.get(&format!("/jobs/{form}/again"));
    assert_eq!(place.header("location"), format!("/jobs/new/python?from={form}"));
    let page = desk.browser.get(&format!("/jobs/new/python?from={form}"));
    assert!(page.text.contains("print(&#39;made &amp; kept&#39;)") || words(&page).contains("made &#38; kept"));
    assert!(page.text.contains("value=\"500M\"") && page.text.contains(&at), "{}", page.text);
    let place = desk.browser.get(&format!("/jobs/{script}/again"));
    assert_eq!(place.header("location"), format!("/jobs/new/script?from={script}"));
    assert!(words(&desk.browser.get(&format!("/jobs/new/script?from={script}"))).contains("-J hull7"));
    // Lists by state, application, project and day; links keep what is looked for.
    let mut check = |query: &str, shown: &[&str]| {
        let page = desk.browser.get(&format!("/jobs{query}"));
        for job in [&form, &script] {
            let is_shown = page.text.contains(&format!("href=\"/jobs/{job}\""));
            assert_eq!(is_shown, shown.contains(&job.as_str()), "{query} {job}: {}", words(&page));
        }
        page
    };
    check("", &[&form, &script]);
    check("?state=failed", &[&script]);
    check("?state=completed", &[&form]);
    check("?state=running", &[]);
    check("?application=hull7", &[&script]);
    check("?application=hul", &[]);
    check("?project=nothing", &[]);
    check("?until=2020-01-01", &[]);
    check("?since=2020-01-01&until=2999-01-01", &[&form, &script]);
    check("?since=2999-01-01", &[]);
    check("?since=nonsense", &[&form, &script]);
    let page = check("?application=hull&state=failed&since=2020-01-01", &[&script]);
    let kept = "/jobs?which=badly&amp;state=failed&amp;application=hull&amp;since=2020-01-01";
    let kept_numeric = kept.replace("&amp;", "&#38;");
    assert!(page.text.contains(kept) || page.text.contains(&kept_numeric), "{}", page.text);
}
