//! Projects in the browser, and the same for programs: who sees what, who changes what, use and invoices of real jobs, and
//! every call of the API with every role against its own description.

use std::{collections::BTreeMap, fs, path::Path};

use serde_json::{Value, json};

use crate::{
    browser_like::{Browser, Page},
    ward::{EXE, Ward, outcome, until},
};

const TARIFFS: &str = "currency = 'EUR'\n[[tariff]]\nversion = 'test'\ncategory = 'company'\nfrom = '2020-01-01'\n\
                       source = 'a test'\nkind = 'one_part'\nprice = { core_hour = 3600 }\n";
const PASSWORD: &str = "sept bateaux rouges";

/// A centre with two projects: `eau` is paid for by C1, nobody pays for `libre`.
fn ward(start: impl Fn(&mut Ward)) -> Ward {
    let mut ward = Ward::new(
        "[machine]\ncpus = 4\n[limits]\nkill_wait = 1\n[electricity]\nzone = 'UTC'\n\
         [money]\ntariffs = 'tariffs.toml'\nmachine = 'blade'\nstatus = 'franchise'\nsettle_seconds = 1\n\
         [seller]\nname = 'Fablab du Loch'\nsiren = '123456789'\nsiret = '12345678900012'\n\
         address = { lines = ['1, rue du Port'], postcode = '56400', town = 'Auray', country = 'FR' }\n",
    );
    fs::write(ward.data().join("tariffs.toml"), TARIFFS).unwrap();
    start(&mut ward);
    for project in ["eau", "libre"] {
        done(&ward, &["project", "add", project]);
    }
    done(
        &ward,
        &[
            "customer",
            "add",
            "C1",
            "--name",
            "Ponts SARL",
            "--category",
            "company",
            "--siren",
            "987654321",
            "--street",
            "2, quai",
            "--postcode",
            "56000",
            "--town",
            "Vannes",
        ],
    );
    done(&ward, &["project", "customer", "eau", "C1"]);
    done(&ward, &["project", "budget", "eau", "5000 EUR", "--period", "month"]);
    ward
}

pub fn done(ward: &Ward, args: &[&str]) -> String {
    let mut command = std::process::Command::new(EXE);
    command.env("ALGORIC_DATA", ward.data()).env("TZ", "UTC").env("LANG", "C").current_dir(ward.path("out"));
    let (code, said, complaint) = outcome(command.args(args));
    assert_eq!(code, 0, "{args:?}: {complaint}");
    said
}

/// Runs a job of `eau` to its end, and until it has its price.
fn compute(ward: &Ward, name: &str) -> String {
    let options =
        ["--parsable", "-o", "/dev/null", "--mem=10", "-A", "eau", "-t", "1", "-J", name, "--wrap", "sleep 0.3"];
    let (code, id, complaint) = outcome(ward.command("sbatch").args(options));
    assert_eq!(code, 0, "{complaint}");
    let id = id.trim().to_owned();
    until("it is over", || outcome(ward.command("squeue").args(["-h", "-j", &id])).1.is_empty());
    until("it has its price", || done(ward, &["ledger", "usage"]).lines().count() > 1);
    id
}

/// The address of the pages.
pub fn url(ward: &Ward) -> String {
    let status: Value = serde_json::from_str(&done(ward, &["status", "--json"])).unwrap();
    status["url"].as_str().unwrap().to_owned()
}

/// Somebody who takes a link.
pub fn comes_in(ward: &Ward, link: &str, login: &str) -> Browser {
    let mut browser = Browser::new(&url(ward));
    let path = format!("/{}", link.split_once("://").map_or(link, |(_, rest)| rest).split_once('/').unwrap().1);
    let fields = [
        ("login", login),
        ("name", login),
        ("email", ""),
        ("password", PASSWORD),
        ("again", PASSWORD),
        ("language", "en"),
    ];
    let page = browser.fill(&path, &path, &fields);
    assert_eq!(page.status, 303, "{}", page.text);
    browser
}

/// The first operator, by the link that the first start prints.
pub fn operator(ward: &Ward) -> Browser {
    let log = fs::read_to_string(ward.path("up.log")).unwrap();
    let link = log.split_whitespace().find(|word| word.contains("/first/")).unwrap_or_else(|| panic!("{log}"));
    comes_in(ward, link, "ada")
}

/// A person whom the operator invites.
pub fn invited(ward: &Ward, operator: &mut Browser, login: &str, project: &str, role: &str) -> Browser {
    let place = format!("/projects/{project}/members");
    let page = operator.fill(&place, &format!("{place}/invite"), &[("email", ""), ("role", role)]);
    assert_eq!(page.status, 200, "{}", page.text);
    let link = page.text.split(['<', '>']).find(|text| text.contains("/invite/")).unwrap().to_owned();
    comes_in(ward, &link, login)
}

#[test]
fn a_project_shows_its_members_what_it_used_and_what_it_paid() {
    let ward = ward(Ward::start);
    let mut ada = operator(&ward);
    compute(&ward, "flood_007");
    let list = ada.get("/projects");
    assert!(list.text.contains("/projects/eau") && list.text.contains("/projects/libre"), "{}", list.text);

    let page = ada.get("/projects/eau");
    assert_eq!(page.status, 200);
    for text in ["flood_", "Paid by Ponts SARL", "Core-hours", "Thank the centre", "recycled machines"] {
        assert!(page.text.contains(text), "{text}: {}", page.text);
    }
    assert!(page.text.len() < 60_000, "{}", page.text.len());
    assert!(!page.text.contains("project-"), "a word is missing: {}", missing_word(&page));
    ada.language = "fr";
    ada.cookies.insert("algoric_lang".to_owned(), "fr".to_owned());
    let page = ada.get("/projects/eau");
    assert!(page.text.contains("Heures-cœur") && page.text.contains("Payé par Ponts SARL"), "{}", page.text);
    ada.cookies.insert("algoric_lang".to_owned(), "en".to_owned());

    // Words and consent are on disk, and known to whoever looks.
    let page = ada.fill("/projects/eau", "/projects/eau/words", &[("description", "Floods of the Loch")]);
    assert_eq!((page.status, page.header("location")), (303, "/projects/eau?done=saved"));
    ada.fill("/projects/eau", "/projects/eau/consent", &[("public", "yes")]);
    let page = ada.get("/projects/eau");
    assert!(
        page.text.contains("Floods of the Loch") && page.text.contains("type=\"checkbox\" checked"),
        "{}",
        page.text
    );
    let long = "x".repeat(501);
    assert_eq!(ada.fill("/projects/eau", "/projects/eau/words", &[("description", &long)]).status, 400);

    // A year in one page, also on paper.
    let report = ada.get("/projects/eau/report");
    assert!(report.text.contains("Ended without error") && report.text.contains("CO₂e"), "{}", report.text);
    let year = jiff::Timestamp::now().strftime("%Y").to_string();
    let paper = ada.get(&format!("/projects/eau/report.pdf?year={year}"));
    assert_eq!((paper.status, paper.header("content-type")), (200, "application/pdf"));
    assert!(paper.text.starts_with("%PDF-"));
    assert_eq!(ada.get("/projects/eau/report?year=1999").status, 200, "nothing was used, and it says so");
    // Arrows lead no further than there is something: back to the first run, and on to now.
    let later = year.parse::<i32>().unwrap() + 1;
    for (path, back, on) in [
        ("".to_owned(), false, false),
        (format!("?period={year}"), false, false),
        (format!("?period={later}"), true, false),
        ("?period=1999-12".to_owned(), false, true),
        (format!("/report?year={year}"), false, false),
        (format!("/report?year={later}"), true, false),
        ("/report?year=1999".to_owned(), false, true),
    ] {
        let page = ada.get(&format!("/projects/eau{path}"));
        let arrows = ["prev", "next"].map(|to| page.text.contains(&format!("rel=\"{to}\"")));
        assert_eq!((page.status, arrows), (200, [back, on]), "{path}");
    }
    for none in ["/projects/nothing", "/projects/nothing/report", "/projects/eau/invoices/F2026-0001.pdf"] {
        assert_eq!(ada.get(none).status, 404, "{none}");
    }
}

#[test]
fn what_is_set_aside_is_told_job_by_job() {
    let ward = ward(Ward::start);
    let mut ada = operator(&ward);
    let bob = invited(&ward, &mut ada, "bob", "eau", "member");
    assert!(!ada.get("/projects/eau").text.contains("id=\"quotes\""), "nothing is set aside");
    let submit = |words: &[&str]| {
        let (code, id, fault) =
            outcome(ward.command("sbatch").args(["--parsable", "--mem=10", "-A", "eau"]).args(words));
        assert_eq!(code, 0, "{fault}");
        id.trim().to_owned()
    };
    // 3600 EUR a core-hour: 60 EUR a minute, and tax is an invoice's matter.
    let runs = submit(&["-t", "2", "-J", "keel", "--wrap", "sleep 60"]);
    let waits = submit(&["-t", "1", "-J", "hull", "--hold", "--array=1-3", "--wrap", "true"]);
    until("it runs", || outcome(ward.command("squeue").args(["-h", "-o", "%t", "-j", &runs])).1.trim() == "R");
    let page = ada.get("/projects/eau");
    let rows = page.between("id=\"quotes\"", "</table>");
    for (job, name, amount, state) in [(&runs, "keel", "120.00", ">runs<"), (&waits, "hull", "180.00", ">3 wait<")] {
        assert!(rows.contains(&format!("/jobs/{job}\">{job}</a> {name}")), "{rows}");
        assert!(rows.contains(amount) && rows.contains(state), "{amount}: {rows}");
    }
    assert!(rows.contains("after it begins"), "{rows}");
    assert!(page.text.contains("<a href=\"#quotes\">") && page.text.contains("300.00"), "{}", page.text);
    // Whose job it is, is told to those who may know: the others are a sum.
    let mut bob = bob;
    let page = bob.get("/projects/eau");
    assert!(page.text.contains("2 other jobs") && !page.text.contains("keel"), "{}", page.text);
    // A job that is over leaves it.
    outcome(ward.command("scancel").args([&runs, &waits]));
    until("nothing is set aside", || !ada.get("/projects/eau").text.contains("id=\"quotes\""));
}

/// A key that shows itself.
fn missing_word(page: &Page) -> String {
    let at = page.text.find("project-").unwrap_or(0);
    page.text[at.saturating_sub(40)..].chars().take(120).collect()
}

#[test]
fn who_answers_for_a_project_says_who_is_in_it() {
    let ward = ward(Ward::start);
    let mut ada = operator(&ward);
    let mut bob = invited(&ward, &mut ada, "bob", "eau", "member");

    // A member without an account looks at their own project, and at no other.
    assert_eq!(bob.get("/projects/eau").status, 200);
    for (place, status) in [("/projects/libre", 404), ("/projects/eau/invoices", 403), ("/projects/libre/members", 404)]
    {
        assert_eq!(bob.get(place).status, status, "{place}");
    }
    let page = bob.get("/projects/eau/members");
    assert!(page.text.contains("no account yet") && !page.text.contains("/members/invite"), "{}", page.text);
    let csrf = page.csrf();
    let page = bob.post("/projects/eau/members/role", &csrf, &[("user", "bob"), ("role", "manager")]);
    assert_eq!(page.status, 403, "nobody promotes themselves");

    // Who answers for it changes roles, and lets people go.
    let place = "/projects/eau/members";
    let changed = ada.fill(place, "/projects/eau/members/role", &[("user", "bob"), ("role", "viewer")]);
    assert_eq!(changed.status, 303, "{}", changed.text);
    assert!(bob.get("/projects").text.contains("you look at it"));
    ada.fill(place, "/projects/eau/members/role", &[("user", "bob"), ("role", "")]);
    assert_eq!(bob.get("/projects/eau").status, 404);
    assert!(bob.get("/projects").text.contains("You are in no project."));
    // Without the mark nothing is taken.
    assert_eq!(ada.post("/projects/eau/consent", "00", &[("public", "yes")]).status, 403);
}

/// One call of the API.
pub fn call(browser: &Browser, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&Value>) -> Page {
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", browser.host);
    let jar = browser.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    text += &format!("Content-Length: {}\r\nCookie: {jar}\r\nAccept-Language: en\r\n", body.len());
    if !body.is_empty() {
        text += "Content-Type: application/json\r\n";
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    browser.raw(format!("{text}\r\n{body}").as_bytes()).expect("an answer")
}

pub fn parsed(page: &Page) -> Value {
    serde_json::from_str(&page.text).unwrap_or_else(|fault| panic!("{fault}: {} {}", page.status, page.text))
}

/// Every call that the document describes: method, path with gaps, documented statuses with their kinds of content.
fn calls(document: &Value) -> Vec<(String, String, BTreeMap<u16, String>)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap().iter().map(|(status, response)| {
                let kind = response["content"].as_object().and_then(|content| content.keys().next().cloned());
                (status.parse().unwrap(), kind.unwrap_or_default())
            });
            all.push((method.to_uppercase(), path.clone(), responses.collect()));
        }
    }
    all
}

#[test]
fn every_call_with_every_role_answers_as_it_is_described() {
    let ward = ward(Ward::start);
    let mut ada = operator(&ward);
    let id = compute(&ward, "hull");
    let bob = invited(&ward, &mut ada, "bob", "eau", "member");
    let nobody = Browser::new(&url(&ward));
    let document = parsed(&call(&nobody, "GET", "/api/v1/openapi.json", &[], None));
    let kept = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json")).unwrap();
    assert_eq!(document, serde_json::from_str::<Value>(&kept).unwrap(), "what is served is what is kept");
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    let machine = parsed(&call(&ada, "GET", "/api/v1/centre", &[], None))["machine"].clone();
    let machine = machine.as_str().unwrap();
    let calls = calls(&document);
    assert!(calls.len() > 15, "{}", calls.len());
    let mut seen: BTreeMap<&str, BTreeMap<u16, u32>> = BTreeMap::new();
    for (who, browser) in [("visitor", &nobody), ("member", &bob), ("operator", &ada)] {
        for (method, path, documented) in &calls {
            let place = path
                .replace("{project}", "eau")
                .replace("{job}", &id)
                .replace("{number}", "F2026-0001")
                .replace("{user}", "nobody")
                .replace("{app}", "python")
                .replace("{machine}", machine)
                .replace("{token}", "999999");
            let place = if path.starts_with("/api/v1/files") { format!("{place}?path=/tmp") } else { place };
            // Without the mark of the session's own pages nothing changes anything.
            let page =
                call(browser, method, &place, &[], (method != "GET" && method != "DELETE").then(|| json!({})).as_ref());
            let kind = page.header("content-type").to_owned();
            let expected = documented
                .get(&page.status)
                .unwrap_or_else(|| panic!("{who} {method} {place}: {} {}", page.status, page.text));
            assert_eq!(&kind, expected, "{who} {method} {place}: {}", page.text);
            *seen.entry(who).or_default().entry(page.status).or_default() += 1;
            match (who, method.as_str()) {
                ("visitor", "GET") => assert_eq!(page.status, 401, "{place}: {}", page.text),
                ("member" | "operator", "GET") => {
                    assert!(page.status < 500 && page.status != 401, "{place}: {}", page.text)
                }
                (_, _) => assert!(
                    [400, 401, 403].contains(&page.status),
                    "{who} {method} {place}: {} {}",
                    page.status,
                    page.text
                ),
            }
            if page.status >= 400 {
                let problem = parsed(&page);
                assert_eq!(problem["status"], page.status, "{problem}");
                for field in ["type", "title", "help"] {
                    assert!(
                        problem[field].as_str().is_some_and(|text| !text.is_empty() && !text.starts_with("fault-")),
                        "{problem}"
                    );
                }
            }
        }
    }
    assert!(seen["operator"].get(&200).is_some_and(|count| *count >= 7), "{seen:?}");
}

#[test]
fn programs_ask_by_token_and_change_what_its_scope_allows() {
    let ward = ward(Ward::start);
    let ada = operator(&ward);
    compute(&ward, "flood_007");
    let mark = {
        let mut browser = Browser::new(&ada.host);
        browser.cookies.clone_from(&ada.cookies);
        browser.get("/projects/eau").csrf()
    };
    let marked = [("X-Csrf", mark.as_str())];
    let token = |scopes: &[&str]| {
        let page =
            call(&ada, "POST", "/api/v1/tokens", &marked, Some(&json!({"name": "t", "scopes": scopes, "days": 1})));
        assert_eq!(page.status, 201, "{}", page.text);
        format!("Bearer {}", parsed(&page)["token"].as_str().unwrap())
    };
    let (reads, manages) = (token(&["read"]), token(&["read", "manage"]));
    let program = Browser::new(&ada.host);
    let asks = |bearer: &str, method: &str, path: &str, body: Option<&Value>| {
        call(&program, method, path, &[("Authorization", bearer)], body)
    };
    let project = parsed(&asks(&reads, "GET", "/api/v1/projects/eau", None));
    assert_eq!((&project["name"], &project["customer"]), (&json!("eau"), &json!("Ponts SARL")));
    let budgets = parsed(&asks(&reads, "GET", "/api/v1/projects/eau/budgets", None));
    assert_eq!((&budgets[0]["unit"], &budgets[0]["limit"]), (&json!("euros"), &json!(5_000_000_000_i64)));
    let usage = parsed(&asks(&reads, "GET", "/api/v1/projects/eau/usage", None));
    assert_eq!(usage["total"]["runs"], 1, "{usage}");
    assert_eq!(usage["applications"][0]["name"], "flood_");
    assert!(usage["total"]["price_microeur"].as_i64().unwrap() > 0, "{usage}");
    let year = usage["period"].as_str().unwrap()[..4].to_owned();
    let months = parsed(&asks(&reads, "GET", &format!("/api/v1/projects/eau/usage?period={year}"), None));
    assert_eq!((months["parts"].as_array().unwrap().len(), &months["total"]["runs"]), (12, &json!(1)));
    assert_eq!(asks(&reads, "GET", "/api/v1/projects/eau/usage?period=soon", None).status, 400);

    // Pages without a hole.
    let page = parsed(&asks(&reads, "GET", "/api/v1/projects?limit=1", None));
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("eau"), &json!("eau")));
    let page = parsed(&asks(&reads, "GET", "/api/v1/projects?after=eau", None));
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&json!("libre"), &Value::Null));

    // A token that reads changes nothing; one that manages does; none makes another.
    let change = json!({"description": "Floods", "public": true});
    assert_eq!(asks(&reads, "PATCH", "/api/v1/projects/eau", Some(&change)).status, 403);
    assert_eq!(asks(&manages, "PATCH", "/api/v1/projects/eau", Some(&change)).status, 204);
    let project = parsed(&asks(&reads, "GET", "/api/v1/projects/eau", None));
    assert_eq!((&project["description"], &project["public"]), (&json!("Floods"), &json!(true)));
    let new = json!({"name": "x", "scopes": ["read"], "days": 1});
    assert_eq!(asks(&manages, "POST", "/api/v1/tokens", Some(&new)).status, 403);
    assert_eq!(call(&ada, "POST", "/api/v1/tokens", &[], Some(&new)).status, 403, "a session without its mark");
    assert_eq!(asks("Bearer nonsense", "GET", "/api/v1/projects", None).status, 401);

    // What cannot be understood is said, and where.
    for (body, status, text) in [
        ("{", 400, "EOF"),
        ("{\"public\": 1}", 400, "expected a boolean"),
        ("{\"other\": 1}", 400, "unknown field `other`"),
    ] {
        let length = body.len();
        let request = format!(
            "PATCH /api/v1/projects/eau HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: {manages}\r\n\
             Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        let page = program.raw(request.as_bytes()).unwrap();
        assert!(page.status == status && page.text.contains(text), "{} {}", page.status, page.text);
    }
    assert_eq!(asks(&manages, "POST", "/api/v1/projects/eau", None).status, 405);
    assert_eq!(parsed(&asks(&reads, "GET", "/api/v1/nothing", None))["type"], "/api#problem-missing");
    let about = call(&program, "GET", "/api", &[], None);
    assert!(about.status == 200 && about.text.contains("/api/v1/projects/{project}/usage"), "{}", about.text);
}
