//! A centre to look at: it has a meter, prices and a project; its people begin as people do, by links, in a browser.

use std::{
    fs,
    net::TcpListener,
    process::{Command, Stdio},
};

use serde_json::json;

use super::driver::Browser;
use crate::ward::{EXE, Ward, outcome};

/// The model of a machine as a meter; prices of a real kind.
const CONFIG: &str = "name = \"Fabrique du Loch\"\n[machine]\ncpus = 2\n[limits]\nkill_wait = 1\n\
    [electricity]\nzone = 'Europe/Paris'\ncontract = 'Tarif Bleu HP/HC, 9 kVA, with tax'\n\
    [energy]\nsample_seconds = 1\nidle_watts = 60\n[[meter]]\nkind = 'model'\nidle_watts = 60\nmilliwatts_per_cpu = 8051\n\
    [money]\ntariffs = 'tariffs.toml'\nmachine = 'blade'\nstatus = 'franchise'\nsettle_seconds = 5\n\
    [seller]\nname = 'Fablab du Loch'\nsiren = '123456789'\nsiret = '12345678900012'\n\
    address = { lines = ['1, rue du Port'], postcode = '56400', town = 'Auray', country = 'FR' }\n";
const TARIFFS: &str = "currency = 'EUR'\n[[tariff]]\nversion = 'test'\ncategory = 'company'\nfrom = '2020-01-01'\n\
    source = 'a test'\nkind = 'one_part'\nprice = { core_hour = 36 }\n";

pub const PASSWORD: &str = "marée haute à midi";

/// The centre, and the accounts that were made on this machine for it.
pub struct Stage {
    pub ward: Ward,
    /// Where its pages are.
    pub base: String,
    accounts: Vec<String>,
}

impl Stage {
    /// Starts it, with a project that somebody pays for.
    pub fn new() -> Self {
        // Where machines report.
        let gate = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let mut ward = Ward::new(&format!("{CONFIG}[nodes]\nlisten = '{gate}'\naddress = '{gate}'\n"));
        fs::write(ward.data().join("tariffs.toml"), TARIFFS).unwrap();
        ward.start();
        let (_, report, _) = outcome(Command::new(EXE).args(["status", "--json", "--data"]).arg(ward.data()));
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let base = report["url"].as_str().unwrap().trim_end_matches('/').to_owned();
        let stage = Self { ward, base, accounts: Vec::new() };
        stage.done(&["project", "add", "houle", "--description", "Vagues dans le golfe"]);
        let who = ["customer", "add", "C1", "--name", "Chantier du Loch", "--category", "company"];
        let place = ["--street", "2, quai", "--postcode", "56400", "--town", "Auray"];
        stage.done(&[&who[..], &["--siren", "987654324"], &place].concat());
        stage.done(&["project", "customer", "houle", "C1"]);
        stage.done(&["project", "budget", "houle", "500 EUR", "--period", "month"]);
        stage
    }

    /// Runs one of the centre's own commands.
    pub fn done(&self, arguments: &[&str]) -> String {
        let (code, said, complaint) = outcome(Command::new(EXE).args(arguments).env("ALGORIC_DATA", self.ward.data()));
        assert_eq!(code, 0, "{arguments:?}: {said}{complaint}");
        said
    }

    /// Whether the centre runs jobs of every user: it was started by root.
    pub fn every_user(&self) -> bool {
        nix::unistd::geteuid().is_root()
    }

    /// The one-time link that the first start printed.
    pub fn first_link(&self) -> String {
        let log = fs::read_to_string(self.ward.path("up.log")).unwrap();
        let word = log.split_whitespace().find(|word| word.contains("/first/")).expect("the first start says a link");
        word[word.find("/first/").unwrap()..].to_owned()
    }

    /// Somebody takes a link: a name, a login, a password.
    pub fn take(&self, browser: &Browser, link: &str, name: &str, login: &str) {
        browser.go(&format!("{}{link}", self.base));
        browser.fill("#name", name);
        browser.fill("#login", login);
        browser.fill("#password", PASSWORD);
        browser.fill("#again", PASSWORD);
        browser.click("main form button[type=submit]");
        browser.wait("a[href='/account']");
    }

    /// A login that nobody else on this machine has.
    pub fn login(&self, letter: char) -> String {
        format!("alg{letter}{}", std::process::id())
    }

    /// An operator makes an account of this machine for somebody, by the page; where jobs run as one user only, there is
    /// one already.
    pub fn make_account(&mut self, operator: &Browser, login: &str) {
        if !self.every_user() {
            return;
        }
        operator.go(&format!("{}/operator/members", self.base));
        operator.wait_for_text(login);
        let id = operator.script(
            "const head = [...document.querySelectorAll('section h2')].find(h => h.textContent.includes(arguments[0]));\
             return head.id.slice(1)",
            &json!([login]),
        );
        self.accounts.push(login.to_owned());
        operator.fill(&format!("#make{}", id.as_str().unwrap()), login);
        operator.click(&format!("form:has(#make{}) button", id.as_str().unwrap()));
        let made =
            || Command::new("id").arg(login).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success();
        crate::ward::until("the account is made", made);
        operator.go(&format!("{}/operator/members", self.base));
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        for account in &self.accounts {
            // Its jobs are over with the ward; what is left of them must not keep the account.
            Command::new("userdel").args(["--force", "--remove", account]).stderr(Stdio::null()).status().ok();
        }
    }
}
