//! From the first start to the first paid job, by clicks only: the first operator begins, invites a member, gives her an
//! account; she submits from a form, sees the output come, opens the result, and is told what it cost.

use serde_json::json;

use super::{
    driver::{Browser, Window},
    stage::Stage,
};

#[test]
fn in_french_on_a_phone() {
    first_job(Window::phone("fr"), "Bonjour");
}

#[test]
fn in_english_on_a_desktop() {
    first_job(Window::desktop("en"), "Hello");
}

/// A job is held, released, cancelled and made again by its buttons; somebody else finds none, and is refused.
fn steered(stage: &Stage, owner: &Browser, stranger: &Browser) {
    owner.go(&format!("{}/jobs/new/script", stage.base));
    owner.fill("#script", "#!/bin/sh\n#SBATCH -J later --begin=now+1hour --time=5\nsleep 60\n");
    owner.click("#new-job button[value=submit]");
    owner.wait("button[value=hold]");
    let page = owner.url().split('?').next().unwrap().to_owned();
    stranger.go(&page);
    assert!(!stranger.has("button[value=cancel]"), "a stranger's page has no buttons");
    stranger.go(&format!("{}/account", stage.base));
    for what in ["hold", "release", "cancel"] {
        let status = stranger.script_later(
            "const done = arguments[arguments.length - 1];\
             const body = new URLSearchParams({csrf: document.querySelector('input[name=csrf]').value, what: arguments[1]});\
             fetch(arguments[0] + '/act', {method: 'POST', body}).then(r => done(r.status), e => done(String(e)))",
            &json!([page, what]),
        );
        assert!(status.as_u64().is_some_and(|status| (403..=404).contains(&status)), "{what}: {status}");
    }
    owner.click("button[value=hold]");
    owner.wait("button[value=release]");
    assert!(!owner.has("button[value=hold]"), "it is held");
    owner.click("button[value=release]");
    owner.wait("button[value=hold]");
    owner.click("button[value=cancel]");
    owner.wait(".badge-cancelled");
    assert!(!owner.has("button[value=cancel]"), "it is over");
    owner.click("a[href$='/again']");
    owner.wait("#script");
    let script = owner.script("return document.querySelector('#script').value", &json!([]));
    assert!(script.as_str().is_some_and(|script| script.contains("--begin=now+1hour")), "{script}");
}

/// The tariff times what the job held, to the micro-euro in the ledger, and in four places on the page.
fn exact_price(stage: &Stage, member: &Browser, job: &str, language: &str) {
    let told: serde_json::Value = serde_json::from_str(&stage.done(&["job", job, "--json"])).unwrap();
    let (price, run) = (&told["price"], &told["runs"][0]);
    let number = |value: &serde_json::Value| value.as_i64().unwrap_or_else(|| panic!("no number: {told}"));
    let core_ms = (number(&run["end"]) - number(&run["start"])) * number(&told["energy"][0]["cores"]);
    let term = &price["lines"][0]["terms"][0];
    assert_eq!((term["resource"].as_str(), number(&term["quantity"])), (Some("core_hour"), core_ms), "{told}");
    assert_eq!((number(&term["microeur"]), number(&term["unit"])), (36_000_000, 3_600_000));
    // A core-hour costs 36 euros: a core-millisecond costs ten micro-euros.
    let microeur = core_ms * 10;
    assert_eq!((number(&price["paid_microeur"]), number(&price["work_microeur"])), (microeur, microeur), "{told}");
    assert_eq!((number(&price["due"]), number(&price["held_microeur"])), (0, 0));
    let rounded = (microeur + 50) / 100;
    let digits = format!("{}.{:04}", rounded / 10_000, rounded % 10_000);
    let shown =
        if language == "fr" { format!("{}\u{a0}€", digits.replace('.', ",")) } else { format!("€{digits}") };
    member.wait_for_text(&shown);
}

fn first_job(window: Window, greeting: &str) {
    let Some(operator) = Browser::open(window) else { return };
    let mut stage = Stage::new();
    // The first start printed a link; it is good once.
    let (link, anne) = (stage.first_link(), stage.login('a'));
    stage.take(&operator, &link, "Anne Le Goff", &anne);
    stage.make_account(&operator, &anne);
    let other = Browser::open(window).unwrap();
    other.go(&format!("{}{link}", stage.base));
    assert!(!other.has("#password"), "a link that was used makes no second operator");
    assert!(other.complaints().iter().all(|line| line.contains("404")), "it is not there any more");

    // A member is invited by a code on paper.
    operator.go(&format!("{}/operator/members", stage.base));
    operator.click("form[action='/operator/invite'] button[type=submit]");
    operator.wait(".notice-ok code");
    let invitation = operator.script(
        "return [...document.querySelectorAll('.notice-ok code')].map(c => c.textContent).find(t => t.includes('/invite/'))",
        &json!([]),
    );
    let invitation = invitation.as_str().unwrap();
    let marie = stage.login('m');
    stage.take(&other, &invitation[invitation.find("/invite/").unwrap()..], "Marie <b>Kermarrec</b>", &marie);
    // Without an account she may look, and is told why no more.
    other.go(&format!("{}/jobs/new/python", stage.base));
    assert!(!other.has("#new-job"), "nobody computes without an account");
    stage.make_account(&operator, &marie);
    let member = if stage.every_user() { &other } else { &operator };
    let account = if stage.every_user() {
        marie
    } else {
        nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name
    };
    stage.done(&["member", "add", &account, "--project", "houle"]);

    // A job from a form: what it costs is said before.
    member.go(&format!("{}/home", stage.base));
    member.wait_for_text(greeting);
    if stage.every_user() {
        member.wait_for_text("Marie <b>Kermarrec</b>");
    }
    member.go(&format!("{}/jobs/new", stage.base));
    member.click("a[href='/jobs/new/python']");
    member.fill(
        "#f-program",
        "import time\nprint('la mer monte', flush=True)\ntime.sleep(4)\nopen('niveau.txt', 'w').write('5.2 m\\n')\nprint('la mer descend')\n",
    );
    member.wait("#quote dl.quote");
    member.click("#new-job button[value=submit]");
    member.wait("#output");
    // Output comes by itself while the job runs.
    member.wait_for_text("la mer monte");
    member.wait_for_text("la mer descend");

    // The result is a file that she can open.
    member.reload_until_text(if window.language == "fr" { "terminé" } else { "ended well" });
    member.click("dl.facts a[href^='/files']");
    member.wait_for_text("niveau.txt");
    member.click_text("niveau.txt");
    member.wait_for_text("5.2 m");

    // What it took and cost.
    member.go(&format!("{}/jobs", stage.base));
    member.click("main table a[href^='/jobs/']");
    let job = member.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    member.reload_until_text(if window.language == "fr" { "Le projet paie\n" } else { "The project pays\n" });
    exact_price(&stage, member, &job, window.language);
    member.wait_for_text("Wh");
    member.wait_for_text("CO");
    for browser in [&operator, &other] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
    steered(&stage, &operator, &other);
}
