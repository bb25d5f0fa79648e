//! Jobs in the browser: from a form to a result, lists and arrays, what is wrong and said, and what hostile values do
//! (nothing). Each shipped application is run once for real; where its program is missing, that is said.

use std::{fs, path::PathBuf, process::Command, time::Duration};

use crate::{
    browser_like::{Browser, Page},
    ward::{EXE, Ward, outcome, until},
};

const PASSWORD: &str = "marée haute à 14 h";

/// A centre with an operator who has an account, and their home.
pub struct Desk {
    pub ward: Ward,
    pub browser: Browser,
}

impl Desk {
    pub fn new(config: &str) -> Self {
        let mut ward = Ward::new(config);
        if nix::unistd::geteuid().is_root() {
            // As a centre of somebody's own, whose account computes at once.
            let (uid, gid) = (nix::unistd::Uid::from_raw(1), nix::unistd::Gid::from_raw(1));
            for path in [ward.data(), ward.data().join("config.toml")] {
                nix::unistd::chown(&path, Some(uid), Some(gid)).unwrap();
            }
            ward.start_by(&["setpriv", "--reuid=1", "--regid=1", "--clear-groups", EXE]);
        } else {
            ward.start();
        }
        let log = fs::read_to_string(ward.path("up.log")).unwrap();
        let url = log.lines().rfind(|line| line.starts_with("The centre is up: ")).unwrap().split_whitespace().nth(4);
        let url = url.unwrap().to_owned();
        let place = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        until("pages", || std::net::TcpStream::connect(&place).is_ok());
        let link = log.split_whitespace().rfind(|word| word.contains("/first/")).unwrap();
        let link = format!("/{}", link.splitn(4, '/').nth(3).unwrap());
        let mut browser = Browser::new(&url);
        let fields =
            [("login", "marie"), ("name", "Marie"), ("email", ""), ("password", PASSWORD), ("again", PASSWORD)];
        assert_eq!(browser.fill(&link, &link, &fields).status, 303);
        Self { ward, browser }
    }

    /// Submits a form; the job's number.
    pub fn submit(&mut self, app: &str, fields: &[(&str, &str)]) -> String {
        let page = self.post(app, "submit", fields);
        assert_eq!(page.status, 303, "{app}: {}", words(&page));
        let place = page.header("location").to_owned();
        place.trim_start_matches("/jobs/").split('?').next().unwrap().to_owned()
    }

    pub fn post(&mut self, app: &str, what: &str, fields: &[(&str, &str)]) -> Page {
        let address = format!("/jobs/new/{app}");
        let csrf = self.browser.get(&address).csrf();
        let mut all = vec![("app", app), ("do", what)];
        all.extend(fields);
        self.browser.post(&address, &csrf, &all)
    }

    /// Waits for the end, which must be good; what it wrote and where it worked.
    fn ends_well(&mut self, job: &str) -> (String, PathBuf) {
        self.ends(job, "COMPLETED");
        let (_, shown, _) = outcome(self.ward.command("sacct").args(["-X", "-n", "-P", "-o", "WorkDir", "-j", job]));
        let folder = PathBuf::from(shown.lines().next().unwrap().trim());
        (fs::read_to_string(folder.join(format!("slurm-{job}.out"))).unwrap_or_default(), folder)
    }

    /// Waits until nothing of it waits or runs.
    pub fn ends_somehow(&mut self, job: &str) {
        until("it is over", || outcome(self.ward.command("squeue").args(["-h", "-j", job])).1.trim().is_empty());
    }

    pub fn ends(&mut self, job: &str, state: &str) {
        let mut last = String::new();
        let begun = std::time::Instant::now();
        loop {
            let (_, shown, _) = outcome(self.ward.command("sacct").args(["-X", "-n", "-P", "-o", "State", "-j", job]));
            if !shown.is_empty() && shown.lines().all(|line| line.starts_with(state)) {
                return;
            }
            last.clone_from(&shown);
            let over = shown.lines().all(|line| !matches!(line, "PENDING" | "RUNNING"));
            assert!(!over || shown.is_empty(), "{last}: {}", words(&self.browser.get(&format!("/jobs/{job}"))));
            assert!(begun.elapsed() < Duration::from_secs(120), "{last}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A page without its tags.
pub fn words(page: &Page) -> String {
    let mut out = String::new();
    let mut inside = false;
    for letter in page.text.chars() {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                out.push(' ');
            }
            _ if !inside => out.push(letter),
            _ => {}
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A folder with a blank in its name, in which everybody may write.
pub fn folder(ward: &Ward) -> PathBuf {
    let folder = ward.path("out").join("a folder");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    folder
}

fn has(program: &str) -> bool {
    let there = Command::new("sh").args(["-c", "command -v \"$0\"", program]).output().unwrap().status.success();
    if !there {
        eprintln!("NOT RUN: {program} is not installed");
    }
    there
}

pub const QUICK: [(&str, &str); 2] = [("memory", "500M"), ("time", "10 min")];

#[test]
fn from_a_form_to_a_result() {
    let mut desk = Desk::new("[machine]\ncpus = 2\n");
    // Somebody new is told what to do.
    let home = desk.browser.get("/home");
    assert!(home.text.contains("/jobs/new/python"), "{}", home.text);
    let all = desk.browser.get("/jobs/new");
    for app in ["python", "sweep", "flood", "structures", "openfoam", "povray"] {
        assert!(all.text.contains(&format!("href=\"/jobs/new/{app}\"")), "{app}");
    }
    let folder = folder(&desk.ward);
    let at = folder.to_str().unwrap().to_owned();
    let with = |fields: &[(&'static str, &'static str)]| -> Vec<(String, String)> {
        let mut all: Vec<(String, String)> =
            fields.iter().chain(&QUICK).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.push(("folder".to_owned(), at.clone()));
        all
    };
    fn refs(all: &[(String, String)]) -> Vec<(&str, &str)> {
        all.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }

    // What it would take is said before, and nothing is submitted by asking.
    let fields = with(&[("program", "print('sea ' * 3)\nimport time; time.sleep(2)\nprint('end')")]);
    let asked = desk.post("python", "quote", &refs(&fields));
    assert_eq!(asked.status, 200);
    assert!(
        words(&asked).contains("at once") && words(&asked).contains("at most 10 min")
            || words(&asked).contains("10 min 00 s at most"),
        "{}",
        words(&asked)
    );
    assert!(words(&desk.browser.get("/jobs")).contains("There is no job here"));

    let job = desk.submit("python", &refs(&fields));
    let page = desk.browser.get(&format!("/jobs/{job}?done=job-submitted"));
    assert!(
        words(&page).contains("It will not be forgotten") || words(&page).contains("it will not be forgotten"),
        "{}",
        words(&page)
    );
    let (said, _) = desk.ends_well(&job);
    assert_eq!(said, "sea sea sea \nend\n");
    let page = desk.browser.get(&format!("/jobs/{job}"));
    assert!(words(&page).contains("It ended well") && page.text.contains("sea sea sea"), "{}", words(&page));
    // Two seconds say nothing of what it needs, and the pages say so, its own and the home.
    assert!(words(&page).contains("Advice It ran too briefly for advice."), "{}", words(&page));
    let home = desk.browser.get("/home");
    assert!(words(&home).contains("Advice None yet: your last jobs ran too briefly to tell."), "{}", words(&home));

    // The stream says what was written, and that it is over.
    let stream = desk.browser.get(&format!("/jobs/{job}/output?from=0")).text;
    assert!(stream.contains("data: sea sea sea") && stream.contains("event: over"), "{stream}");

    // A sweep: every task has its own value, however odd, and the array's page has them by state.
    let fields = with(&[
        ("command", "printf '<%s>' \"$VALUE\" > \"out-$SLURM_ARRAY_TASK_ID\""),
        ("values", "one\n$(touch HIT)\n'; touch HIT; '\n-n"),
    ]);
    let job = desk.submit("sweep", &refs(&fields));
    desk.ends(&job, "COMPLETED");
    for (task, value) in ["one", "$(touch HIT)", "'; touch HIT; '", "-n"].iter().enumerate() {
        assert_eq!(fs::read_to_string(folder.join(format!("out-{task}"))).unwrap(), format!("<{value}>"));
    }
    assert!(!folder.join("HIT").exists());
    let page = desk.browser.get(&format!("/jobs/{job}"));
    assert!(page.text.contains(&format!("/jobs/{job}_3")), "{}", words(&page));
    assert_eq!(desk.browser.get(&format!("/jobs/{job}_3")).status, 200);

    let fields = with(&[("rain", "40"), ("hours", "0,2"), ("cells", "60"), ("cpus", "2")]);
    let job = desk.submit("flood", &refs(&fields));
    desk.ends_well(&job);
    assert!(fs::read(folder.join("flood.png")).unwrap().starts_with(b"\x89PNG"));

    // The next form knows how long it took.
    let form = desk.browser.get("/jobs/new/flood");
    assert!(words(&form).contains("proposed after your job"), "{}", words(&form));

    if has("povray") {
        let scene = "camera { location <0,1,-3> look_at 0 } light_source { <5,9,-9> rgb 1 } sphere { 0, 1 pigment { rgb <0,.4,.6> } }";
        fs::write(folder.join("a sphere.pov"), scene).unwrap();
        let path = folder.join("a sphere.pov").to_str().unwrap().to_owned();
        let mut fields = with(&[("width", "64"), ("height", "48"), ("cpus", "1")]);
        fields.push(("scene".to_owned(), path));
        let job = desk.submit("povray", &refs(&fields));
        desk.ends_well(&job);
        assert!(fs::read(folder.join("a sphere.png")).unwrap().starts_with(b"\x89PNG"));
    }
    if has("ccx") {
        fs::write(folder.join("a beam.inp"), BEAM).unwrap();
        let path = folder.join("a beam.inp").to_str().unwrap().to_owned();
        let mut fields = with(&[("cpus", "1")]);
        fields.push(("deck".to_owned(), path));
        let job = desk.submit("structures", &refs(&fields));
        desk.ends_well(&job);
        assert!(fs::read_to_string(folder.join("a beam.frd")).unwrap().contains("DISP"));
    }
    if has("icoFoam") {
        cavity(&folder.join("cavity"));
        let path = folder.join("cavity").to_str().unwrap().to_owned();
        let mut fields = with(&[("cpus", "1"), ("mesh", "yes")]);
        fields.push(("case".to_owned(), path));
        // OpenFOAM itself takes no blanks in the path of its folder; the case may have some.
        let plain = desk.ward.path("out").join("plain");
        fs::create_dir(&plain).unwrap();
        fs::set_permissions(&plain, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
        fields.retain(|(name, _)| name != "folder");
        fields.push(("folder".to_owned(), plain.to_str().unwrap().to_owned()));
        let job = desk.submit("openfoam", &refs(&fields));
        let (said, _) = desk.ends_well(&job);
        assert!(plain.join("case/0.05/U").is_file(), "{said}");
    }
}

/// A square rod, fixed at one end and pulled at the other.
const BEAM: &str = "*NODE,NSET=ALL\n1,0,0,0\n2,1,0,0\n3,1,1,0\n4,0,1,0\n5,0,0,1\n6,1,0,1\n7,1,1,1\n8,0,1,1\n\
    *ELEMENT,TYPE=C3D8,ELSET=ROD\n1,1,2,3,4,5,6,7,8\n*MATERIAL,NAME=STEEL\n*ELASTIC\n210000.,.3\n\
    *SOLID SECTION,ELSET=ROD,MATERIAL=STEEL\n*BOUNDARY\n1,1,3\n2,2,3\n3,3,3\n4,3,3\n4,1,1\n*STEP\n*STATIC\n\
    *CLOAD\n5,3,10.\n6,3,10.\n7,3,10.\n8,3,10.\n*NODE FILE\nU\n*END STEP\n";

/// OpenFOAM's lid-driven cavity, small.
fn cavity(folder: &std::path::Path) {
    let put = |name: &str, class: &str, text: &str| {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let object = path.file_name().unwrap().to_str().unwrap();
        let head = format!("FoamFile {{ version 2.0; format ascii; class {class}; object {object}; }}\n");
        fs::write(path, head + text).unwrap();
    };
    let walls = "frontAndBack { type empty; }";
    put(
        "0/U",
        "volVectorField",
        &format!(
            "dimensions [0 1 -1 0 0 0 0]; internalField uniform (0 0 0); boundaryField {{ lid {{ type fixedValue; value uniform (1 0 0); }} walls {{ type noSlip; }} {walls} }}"
        ),
    );
    put(
        "0/p",
        "volScalarField",
        &format!(
            "dimensions [0 2 -2 0 0 0 0]; internalField uniform 0; boundaryField {{ lid {{ type zeroGradient; }} walls {{ type zeroGradient; }} {walls} }}"
        ),
    );
    put("constant/transportProperties", "dictionary", "nu [0 2 -1 0 0 0 0] 0.01;");
    put(
        "system/controlDict",
        "dictionary",
        "application icoFoam; startFrom startTime; startTime 0; stopAt endTime; endTime 0.05; deltaT 0.005; writeControl timeStep; writeInterval 10;",
    );
    put(
        "system/fvSchemes",
        "dictionary",
        "ddtSchemes { default Euler; } gradSchemes { default Gauss linear; } divSchemes { default none; div(phi,U) Gauss linear; } laplacianSchemes { default Gauss linear orthogonal; } interpolationSchemes { default linear; } snGradSchemes { default orthogonal; }",
    );
    put(
        "system/fvSolution",
        "dictionary",
        "solvers { p { solver PCG; preconditioner DIC; tolerance 1e-06; relTol 0.05; } pFinal { $p; relTol 0; } U { solver smoothSolver; smoother symGaussSeidel; tolerance 1e-05; relTol 0; } } PISO { nCorrectors 2; nNonOrthogonalCorrectors 0; pRefCell 0; pRefValue 0; }",
    );
    put(
        "system/blockMeshDict",
        "dictionary",
        "scale 0.1; vertices ((0 0 0) (1 0 0) (1 1 0) (0 1 0) (0 0 0.1) (1 0 0.1) (1 1 0.1) (0 1 0.1)); blocks (hex (0 1 2 3 4 5 6 7) (8 8 1) simpleGrading (1 1 1)); edges (); boundary (lid { type wall; faces ((3 7 6 2)); } walls { type wall; faces ((0 4 7 3) (2 6 5 1) (1 5 4 0)); } frontAndBack { type empty; faces ((0 3 2 1) (4 5 6 7)); });",
    );
}
