//! The machines in the browser, and the same for programs: everybody sees what each does and whether it is well, who runs
//! the centre what its probes found.

use serde_json::Value;

use crate::{
    browser_like::Browser,
    nodes::{self, Machine},
    portal_projects::{call, done, invited, operator, parsed, url},
    ward::{Ward, outcome, until},
};

/// A centre with a job on its own machine and two that report: something is wrong with n2.
struct Scene {
    ward: Ward,
    ada: Browser,
    bob: Browser,
    nobody: Browser,
    job: String,
    _machines: [Machine; 2],
}

impl Scene {
    fn new() -> Self {
        let ward = nodes::centre();
        let mut ada = operator(&ward);
        done(&ward, &["project", "add", "eau"]);
        let bob = invited(&ward, &mut ada, "bob", "eau", "member");
        let machines = [("n2", "/bin/false"), ("n10", "/bin/true")].map(|(name, probe)| {
            let mut machine = Machine::new(&ward, name, probe);
            assert_eq!(machine.enrol(&nodes::invite(&ward, name)).0, 0);
            machine.start();
            machine
        });
        until("both tell what they draw and how they are", || {
            ["n2", "n10"].iter().all(|name| {
                let row = nodes::row(&ward, name);
                row["power_mw"].is_i64() && row["findings"].to_string().contains("made")
            })
        });
        let (code, id, fault) = outcome(ward.command("sbatch").args(["--parsable", "--wrap", "sleep 120"]));
        assert_eq!(code, 0, "{fault}");
        let job = id.trim().to_owned();
        until("it runs", || outcome(ward.command("squeue").args(["-h", "-o", "%t", "-j", &job])).1.trim() == "R");
        let nobody = Browser::new(&url(&ward));
        Self { ward, ada, bob, nobody, job, _machines: machines }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        outcome(self.ward.command("scancel").arg(&self.job));
    }
}

#[test]
fn everybody_sees_whether_a_machine_is_well_and_operators_why_not() {
    let mut scene = Scene::new();
    let Scene { ward, ada, bob, nobody, .. } = &mut scene;
    // Everybody: one after the other as people count, what they do, what they draw, whether they are well.
    let page = nobody.get("/machines");
    let place = |text: &str| page.text.find(text).unwrap_or_else(|| panic!("no `{text}`: {}", page.text));
    assert!(place("/machines/n2\"") < place("/machines/n10\""));
    assert!(page.text.contains("3 machines: 1 computes, 2 only report."), "{}", page.text);
    assert!(page.text.contains(">a fault was found<") && page.text.contains("A job"), "{}", page.text);
    // The model's 60 W, by clocks that are not quite the same.
    let power = page.between("<p class=\"row\"><strong>", "</strong>");
    let watts: f64 = power.split('\u{a0}').next().unwrap().parse().unwrap();
    assert!((50.0..70.0).contains(&watts), "{power}");
    let inside = "it ended with 1";
    assert!(!page.text.contains(inside));
    let one = nobody.get("/machines/n2");
    assert!(one.status == 200 && !one.text.contains(inside), "{}", one.text);
    assert_eq!(nobody.get("/machines/n3").status, 404);
    assert!(!bob.get("/machines/n2").text.contains(inside));
    assert!(nobody.get("/").text.contains("href=\"/machines\""));
    // Who runs the centre sees what was found.
    let one = ada.get("/machines/n2");
    assert!(one.text.contains(inside) && one.text.contains(">fault<"), "{}", one.text);
    // A part of the page comes again only when it is another one.
    let part = nobody.get("/live/machines");
    assert!(part.text.contains("/machines/n10\"") && !part.text.contains("<html"), "{}", part.text);
    assert!(nobody.get("/machines?after=n2").text.contains("/machines/n10\""));
    assert!(!nobody.get("/live/machines?after=n2").text.contains("/machines/n2\""));

    // Why one takes no jobs is not everybody's either.
    let drain = ["drain", "--reason", "a new disk"];
    done(ward, &drain);
    assert!(ada.get("/machines").text.contains("a new disk"));
    assert!(!nobody.get("/machines").text.contains("a new disk"));

    // Energy pages end at the first day that anything is known of.
    let energy = nobody.get("/energy");
    assert!(energy.text.contains("href=\"/machines/n2\"") && !energy.text.contains("rel=\"prev\""), "{}", energy.text);
    assert!(!nobody.get("/energy?period=1999").text.contains("rel=\"prev\""));
}

#[test]
fn programs_are_told_of_machines_what_they_may_know() {
    let scene = Scene::new();
    let Scene { ada, bob, nobody, .. } = &scene;
    let asks = |browser: &Browser, path: &str| call(browser, "GET", &format!("/api/v1/machines{path}"), &[], None);
    assert_eq!(asks(nobody, "").status, 401);
    let page = parsed(&asks(bob, "?limit=1"));
    assert_eq!((&page["items"][0]["name"], &page["next"]), (&Value::from("n2"), &Value::from("n2")), "{page}");
    let page = parsed(&asks(bob, "?limit=1&after=n2"));
    assert_eq!(page["items"][0]["name"], "n10", "{page}");
    assert_eq!(
        (&page["items"][0]["health"], &page["items"][0]["state"]),
        (&Value::from("good"), &Value::from("reports"))
    );
    let one = parsed(&asks(bob, "/n2"));
    assert_eq!((&one["health"], &one["report"]), (&Value::from("bad"), &Value::Null));
    assert!(one["power_mw"].as_i64().is_some_and(|power| (50_000..70_000).contains(&power)), "{one}");
    let one = parsed(&asks(ada, "/n2"));
    let made = one["report"]["probes"].as_array().unwrap().iter().find(|probe| probe["name"] == "made").cloned();
    assert_eq!(made.unwrap_or_default()["state"], "bad", "{one}");
    assert_eq!(asks(ada, "/n3").status, 404);
}
