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
    member.reload_until_text("€");
    member.wait_for_text("Wh");
    member.wait_for_text("CO");
    for browser in [&operator, &other] {
        assert_eq!(browser.complaints(), Vec::<String>::new());
    }
}
