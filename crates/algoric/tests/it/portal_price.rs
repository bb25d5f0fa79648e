//! What a job's page, the home and the API say when a job has run long enough to tell: what its project pays, with hours
//! paid before and tax, and what the next run should ask for. The job is submitted by a form's call of the API.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::{Value, json};

use crate::{
    browser_like::Browser,
    portal_jobs::{Desk, folder, words},
    portal_projects::{call, done, parsed},
    ward::until,
};

const TARIFFS: &str = "currency = 'EUR'\n[[tariff]]\nversion = 'test'\ncategory = 'company'\nfrom = '2020-01-01'\n\
                       source = 'a test'\nkind = 'one_part'\nprice = { core_hour = 36 }\n";

/// A centre whose invoices have VAT; `eau` is paid for by a company, and has a few core-seconds paid before.
fn desk() -> (Desk, tempfile::TempDir) {
    let beside = tempfile::tempdir().unwrap();
    fs::set_permissions(beside.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let tariffs = beside.path().join("tariffs.toml");
    fs::write(&tariffs, TARIFFS).unwrap();
    let desk = Desk::new(&format!(
        "[machine]\ncpus = 2\n[electricity]\nzone = 'UTC'\n[energy]\nsample_seconds = 1\nidle_watts = 60\n\
         [[meter]]\nkind = 'model'\nidle_watts = 60\nmilliwatts_per_cpu = 8000\n\
         [money]\ntariffs = '{}'\nmachine = 'blade'\nstatus = 'vat'\nsettle_seconds = 1\n\
         [seller]\nname = 'Fablab du Loch'\nsiren = '123456789'\nsiret = '12345678900012'\nvat_number = 'FR32123456789'\n\
         address = {{ lines = ['1, rue du Port'], postcode = '56400', town = 'Auray', country = 'FR' }}\n",
        tariffs.display()
    ));
    done(&desk.ward, &["project", "add", "eau"]);
    let who = ["customer", "add", "C1", "--name", "Ponts SARL", "--category", "company", "--siren", "987654321"];
    done(&desk.ward, &[&who[..], &["--street", "2, quai", "--postcode", "56000", "--town", "Vannes"]].concat());
    done(&desk.ward, &["project", "customer", "eau", "C1"]);
    done(&desk.ward, &["project", "budget", "eau", "500 EUR", "--period", "month"]);
    done(&desk.ward, &["project", "prepaid", "eau", "0.005", "--price", "0.15 EUR"]);
    let account = parsed(&call(&desk.browser, "GET", "/api/v1/me", &[], None))["account"].clone();
    done(&desk.ward, &["member", "add", account.as_str().unwrap(), "--project", "eau"]);
    (desk, beside)
}

#[test]
fn a_job_that_wasted_what_it_had_is_told_so_and_what_it_cost() {
    let (mut desk, _beside) = desk();
    let place = folder(&desk.ward);
    let mark = desk.browser.get("/jobs/new").csrf();
    let marked = [("X-Csrf", mark.as_str())];
    let asks = |browser: &Browser, method: &str, path: &str, body: Option<&Value>| {
        let page = call(browser, method, &format!("/api/v1{path}"), &marked, body);
        assert!([200, 201].contains(&page.status), "{method} {path}: {} {}", page.status, page.text);
        parsed(&page)
    };
    // Which applications there are, what one takes, what a job would cost, and the job: two CPUs and 600 MiB for half an
    // hour, of which it needs next to nothing.
    let apps = asks(&desk.browser, "GET", "/apps", None);
    assert!(apps.as_array().unwrap().iter().any(|app| app["name"] == "python"), "{apps}");
    let form = asks(&desk.browser, "GET", "/apps/python", None);
    let names: Vec<&str> =
        form["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    assert!(["program", "cpus", "memory", "time", "project"].iter().all(|name| names.contains(name)), "{names:?}");
    let filled = json!({
        "values": {
            "program": "import time\ntime.sleep(32)\n", "cpus": "2", "memory": "600M", "time": "30 min", "project": "eau"
        },
        "folder": place.to_str().unwrap(),
    });
    let quote = asks(&desk.browser, "POST", "/apps/python/quote", Some(&filled));
    // Two cores for half an hour at 36 euros an hour.
    assert_eq!(quote["price_microeur"]["greatest"], 36_000_000, "{quote}");
    let job = asks(&desk.browser, "POST", "/apps/python/jobs", Some(&filled))["id"].to_string();
    let running = || asks(&desk.browser, "GET", &format!("/jobs/{job}/price"), None);
    until("it costs something while it runs", || {
        let price = running();
        price["running"] == 1 && price["running_microeur"].as_i64().is_some_and(|cost| cost > 20_000)
    });
    desk.ends(&job, "COMPLETED");
    until("it has its price", || asks(&desk.browser, "GET", &format!("/jobs/{job}/price"), None)["priced"] == 1);
    let price = asks(&desk.browser, "GET", &format!("/jobs/{job}/price"), None);
    let amount = |name: &str| price[name].as_i64().unwrap();
    // Some 64 core-seconds, of which 18 were paid before.
    assert!((640_000..900_000).contains(&amount("work_microeur")), "{price}");
    assert_eq!(price["deductions"], json!([{"reason": "prepaid", "microeur": 180_000}]), "{price}");
    assert_eq!(amount("paid_microeur"), amount("work_microeur") - 180_000, "{price}");
    assert_eq!((&price["vat_permille"], &price["held_microeur"]), (&json!(200), &json!(0)), "{price}");
    let lines = price["advice"]["lines"].as_array().unwrap().clone();
    let asked: Vec<&str> = lines.iter().map(|line| line.as_str().unwrap()).collect();
    for option in ["--cpus-per-task=1", "--mem=", "--time="] {
        assert!(asked.iter().any(|line| line.contains(option)), "{option}: {asked:?}");
    }

    // The page says the same in words, and so does the home of what to do next.
    let page = desk.browser.get(&format!("/jobs/{job}"));
    let said = words(&page);
    for text in ["Hours paid before", "VAT makes", "The project pays", "core-hours ×", "#SBATCH --cpus-per-task=1"] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let home = words(&desk.browser.get("/home"));
    for line in &asked {
        assert!(said.contains(line) && home.contains(line), "{line}: {home}");
    }
    desk.browser.language = "fr";
    desk.browser.cookies.insert("algoric_lang".to_owned(), "fr".to_owned());
    let said = words(&desk.browser.get(&format!("/jobs/{job}")));
    assert!(said.contains("TVA") && said.contains("#SBATCH --cpus-per-task=1"), "{said}");
}
