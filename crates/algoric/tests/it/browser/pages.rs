//! Every page, in both languages, on a phone and on a desktop: it is there, fits its window, passes axe-core's rules of
//! WCAG 2.2 AA, and the browser complains of nothing. With `ALGORIC_SHOTS` (`cargo xtask shots DIR`) a picture of each is
//! left there.

use std::{env, fs, path::PathBuf};

use serde_json::{Value, json};

use super::{
    driver::{Browser, Window},
    stage::{PASSWORD, Stage},
};
use crate::nodes::{self, Machine};

/// Pages that visitors see, and those of members and operators: what they are called, and their addresses. `JOB` stands for
/// a job that is over, `ARRAY` for an array.
const PAGES: &[(&str, &str)] = &[
    ("front", "/"),
    ("visit", "/visit?stay=1"),
    ("visit-machine", "/visit?scene=1&stay=1"),
    ("visit-energy", "/visit?scene=2&stay=1"),
    ("visit-job", "/visit?scene=3&stay=1"),
    ("visit-join", "/visit?scene=4&stay=1"),
    ("style", "/style"),
    ("login", "/login"),
    ("forgotten", "/forgotten"),
    ("join", "/join"),
    ("api", "/api"),
    ("energy-public", "/energy"),
    ("machines", "/machines"),
    ("nothing", "/nothing/here"),
];
const MEMBERS: &[(&str, &str)] = &[
    ("home", "/home"),
    ("jobs", "/jobs"),
    ("job-new", "/jobs/new"),
    ("job-new-python", "/jobs/new/python"),
    ("job-new-flood", "/jobs/new/flood"),
    ("job-new-sweep", "/jobs/new/sweep"),
    ("job-new-script", "/jobs/new/script"),
    ("job", "/jobs/JOB"),
    ("job-national", "/jobs/JOB/national"),
    ("job-array", "/jobs/ARRAY"),
    ("files", "/files"),
    ("files-bin", "/files/bin"),
    ("projects", "/projects"),
    ("project", "/projects/houle"),
    ("project-members", "/projects/houle/members"),
    ("project-invoices", "/projects/houle/invoices"),
    ("project-report", "/projects/houle/report"),
    ("energy", "/energy"),
    ("energy-projects", "/energy/projects"),
    ("energy-project", "/energy/projects/houle"),
    ("account", "/account"),
    ("machines-operator", "/machines"),
    ("machine", "/machines/atelier"),
    ("members", "/operator/members"),
    ("trail", "/operator/audit"),
];

#[test]
fn every_page() {
    let Some(first) = Browser::open(Window::desktop("fr")) else { return };
    let mut stage = Stage::new();
    let login = stage.login('p');
    stage.take(&first, &stage.first_link(), "Anne Le Goff", &login);
    stage.make_account(&first, &login);
    let account = if stage.every_user() {
        login.clone()
    } else {
        nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap().unwrap().name
    };
    stage.done(&["member", "add", &account, "--project", "houle"]);
    let mut machine = Machine::new(&stage.ward, "atelier", "/bin/false");
    assert_eq!(machine.enrol(&nodes::invite(&stage.ward, "atelier")).0, 0);
    machine.start();
    let jobs = jobs(&stage, &first);
    drop(first);
    let axe = env::var_os("ALGORIC_AXE").map(|file| fs::read_to_string(file).unwrap());
    if axe.is_none() {
        eprintln!("NOT RUN: the rules of accessibility; ALGORIC_AXE is not set, `cargo xtask test` sets it");
    }
    let shots = env::var_os("ALGORIC_SHOTS").map(PathBuf::from);
    let mut faults = Vec::new();
    for window in [Window::phone("fr"), Window::desktop("fr"), Window::phone("en"), Window::desktop("en")] {
        let browser = Browser::open(window).unwrap();
        look(&browser, window, &stage, PAGES, &jobs, axe.as_deref(), shots.as_ref(), &mut faults);
        // What a member chose counts more than the browser's own language: this browser chooses, too.
        browser.go(&format!("{}/lang?to={}&back=/login", stage.base, window.language));
        browser.fill("#login", &login);
        browser.fill("#password", PASSWORD);
        browser.click("main form button[type=submit]");
        browser.wait("a[href='/account']");
        look(&browser, window, &stage, MEMBERS, &jobs, axe.as_deref(), shots.as_ref(), &mut faults);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Some jobs to show: one that is over, and an array.
fn jobs(stage: &Stage, browser: &Browser) -> [String; 2] {
    let submit = |app: &str, field: &str, value: &str| {
        browser.go(&format!("{}/jobs/new/{app}", stage.base));
        browser.fill(field, value);
        browser.click("#new-job button[value=submit]");
        browser.wait("dl.facts");
        browser.url().rsplit('/').next().unwrap().split('?').next().unwrap().to_owned()
    };
    let job = submit(
        "python",
        "#f-program",
        "import time\nend = time.time() + 32\nwhile time.time() < end: pass\nprint('5.2 m')\n",
    );
    let array = submit("sweep", "#f-values", "1\n2\n3\n4\n5");
    browser.go(&format!("{}/jobs/{job}", stage.base));
    // Half a minute tells what the next one should ask for, here and at home.
    browser.reload_until_text("#SBATCH --time");
    browser.go(&format!("{}/home", stage.base));
    browser.wait_for_text("#SBATCH --time");
    [job, array]
}

#[allow(clippy::too_many_arguments)]
fn look(
    browser: &Browser,
    window: Window,
    stage: &Stage,
    pages: &[(&str, &str)],
    jobs: &[String; 2],
    axe: Option<&str>,
    shots: Option<&PathBuf>,
    faults: &mut Vec<String>,
) {
    for (name, path) in pages {
        let path = path.replace("JOB", &jobs[0]).replace("ARRAY", &jobs[1]);
        browser.go(&format!("{}{path}", stage.base));
        let mut fault = |what: String| faults.push(format!("{name} ({}, {}): {what}", window.language, window.width));
        if let Some(folder) = shots {
            browser.picture(&folder.join(format!("{name}.{}.{}.png", window.language, window.width)));
            // At night, and on paper.
            for (look, media, scheme) in [("dark", "screen", "dark"), ("print", "print", "light")] {
                if window.width > 600 && window.language == "fr" {
                    let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
                    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": media, "features": features}));
                    // Colours take a moment to change.
                    std::thread::sleep(std::time::Duration::from_millis(200));
                    browser.picture(&folder.join(format!("{name}.{}.{look}.png", window.language)));
                    browser.cdp("Emulation.setEmulatedMedia", &json!({"media": "", "features": []}));
                }
            }
        }
        let language = browser.script("return document.documentElement.lang", &json!([]));
        if language != window.language {
            fault(format!("its language is {language}"));
        }
        let is_there =
            browser.script("return performance.getEntriesByType('navigation')[0].responseStatus", &json!([]));
        if is_there.as_u64() != Some(if *name == "nothing" { 404 } else { 200 }) {
            fault(format!("it answers {is_there}"));
        }
        let wide = browser.script("return document.documentElement.scrollWidth", &json!([])).as_u64().unwrap_or(0);
        if wide > u64::from(window.width) {
            fault(format!("it is {wide} wide"));
        }
        let bare = browser.script(
            "return [...document.querySelectorAll('body *')].filter(e => e.children.length == 0)\
             .map(e => e.textContent.trim()).filter(t => /^[a-z]+(-[a-z0-9]+)+$/.test(t) && !e_is_code(t)).slice(0, 3);\
             function e_is_code(t) { return [...document.querySelectorAll('code, pre, option, textarea, .badge, kbd, .mono')]\
             .some(c => c.textContent.includes(t)) }",
            &json!([]),
        );
        // The page of components shows the names of classes.
        for word in bare.as_array().into_iter().flatten().filter(|_| *name != "style") {
            fault(format!("a word has no text: {word}"));
        }
        if let Some(axe) = axe {
            violations(browser, axe).into_iter().for_each(&mut fault);
        }
        for complaint in browser.complaints() {
            if !(*name == "nothing" && complaint.contains("404")) {
                fault(complaint);
            }
        }
    }
}

/// What axe-core finds against WCAG 2.2 A and AA.
fn violations(browser: &Browser, axe: &str) -> Vec<String> {
    // Pages forbid scripts from elsewhere; the driver's own are not pages'.
    browser.script(axe, &json!([]));
    let found = browser.script_later(
        "const done = arguments[arguments.length - 1];\
         axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']})\
         .then(r => done(r.violations.map(v => v.id + ': ' + v.help + ' — ' + v.nodes.slice(0, 3).map(n => n.target.join(' ') + ' ' + (n.any[0] ? n.any[0].message : '')).join(' | '))), e => done([String(e)]))",
        &json!([]),
    );
    found.as_array().map(|all| all.iter().map(Value::to_string).collect()).unwrap_or_default()
}
