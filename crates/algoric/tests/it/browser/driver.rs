//! A real browser (Debian's `chromium` and `chromium-driver`), driven by the W3C's WebDriver protocol over loopback.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A window of a given size, in a given language. It is closed, and its processes are ended, when this is dropped.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
}

/// What a window is like.
#[derive(Clone, Copy)]
pub struct Window {
    pub width: u32,
    pub height: u32,
    /// `fr` or `en`.
    pub language: &'static str,
}

impl Window {
    pub const fn phone(language: &'static str) -> Self {
        Self { width: 390, height: 844, language }
    }

    pub const fn desktop(language: &'static str) -> Self {
        Self { width: 1280, height: 900, language }
    }
}

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// The key under which the protocol names an element.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

impl Browser {
    /// Opens a window; `None`, and a line that says so, where there is no such browser.
    pub fn open(window: Window) -> Option<Self> {
        let spawned = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = spawned else {
            eprintln!("NOT RUN: there is no chromedriver here (Debian: chromium chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines.next().expect("chromedriver says its port").unwrap();
            if let Some((_, port)) = line.split_once("successfully on port ") {
                break port.trim_end_matches('.').parse().unwrap();
            }
        };
        // Whatever else it says is read, so that it never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        let mut browser = Self { driver, port, session: String::new() };
        let Window { width, height, language } = window;
        let args = [
            "--headless=new".to_owned(),
            // Inside containers there are no user namespaces; the pages are our own.
            "--no-sandbox".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--disable-gpu".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            format!("--window-size={width},{height}"),
            format!("--accept-lang={language}"),
        ];
        let wish = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": args},
            "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"pageLoad": 60_000, "script": 60_000},
        }}});
        let made = browser.call("POST", "/session", &wish);
        browser.session = made["sessionId"].as_str().unwrap_or_else(|| panic!("no session: {made}")).to_owned();
        browser.cdp(
            "Emulation.setDeviceMetricsOverride",
            &json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}),
        );
        Some(browser)
    }

    /// Goes to an address and waits until the page is there.
    pub fn go(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Where it is.
    pub fn url(&self) -> String {
        self.get("/url").as_str().unwrap_or_default().to_owned()
    }

    /// Clicks on the first thing that a CSS selector means, once it is there.
    pub fn click(&self, css: &str) {
        let element = self.wait(css);
        // What a finger would scroll to is scrolled to.
        self.script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})",
            &json!([{ELEMENT: element}]),
        );
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Clicks on the first link or button with this text.
    pub fn click_text(&self, text: &str) {
        let found = self.until(&format!("a link or button '{text}'"), || {
            let element = self.script(
                "return [...document.querySelectorAll('a,button,summary')]\
                 .find(e => e.textContent.trim().includes(arguments[0]) && e.checkVisibility()) || null",
                &json!([text]),
            );
            element[ELEMENT].as_str().map(str::to_owned)
        });
        self.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", &json!([{ELEMENT: found}]));
        self.post(&format!("/element/{found}/click"), &json!({}));
    }

    /// Types into a field, in place of what is there.
    pub fn fill(&self, css: &str, text: &str) {
        let element = self.wait(css);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Waits for something and gives its name.
    pub fn wait(&self, css: &str) -> String {
        self.until(&format!("'{css}'"), || self.find(css))
    }

    /// Whether there is such a thing now.
    pub fn has(&self, css: &str) -> bool {
        self.find(css).is_some()
    }

    /// Waits until the page's text has this in it.
    pub fn wait_for_text(&self, text: &str) {
        self.until(&format!("the text '{text}'"), || {
            let has = self.script("return document.body.innerText.includes(arguments[0])", &json!([text]));
            has.as_bool().filter(|has| *has)
        });
    }

    /// As [`Browser::wait_for_text`], for pages that are not changed by themselves: they are loaded again.
    pub fn reload_until_text(&self, text: &str) {
        self.until(&format!("the text '{text}' after reloading"), || {
            let has = self.script("return document.body.innerText.includes(arguments[0])", &json!([text]));
            if has.as_bool() != Some(true) {
                std::thread::sleep(Duration::from_millis(300));
                self.post("/refresh", &json!({}));
                return None;
            }
            Some(())
        });
    }

    /// What a script says.
    pub fn script(&self, script: &str, arguments: &Value) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// What a script says later, by its last argument.
    pub fn script_later(&self, script: &str, arguments: &Value) -> Value {
        self.post("/execute/async", &json!({"script": script, "args": arguments}))
    }

    /// A command of Chromium's own.
    pub fn cdp(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// A picture of the whole page.
    pub fn picture(&self, file: &Path) {
        let size = self.cdp("Page.getLayoutMetrics", &json!({}));
        let (width, height) = (&size["cssContentSize"]["width"], &size["cssContentSize"]["height"]);
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let shot = self.cdp("Page.captureScreenshot", &json!({"captureBeyondViewport": true, "clip": clip}));
        fs::write(file, base64(shot["data"].as_str().unwrap_or_default())).unwrap();
    }

    /// What the browser complained of since it was last asked: broken scripts, refused content.
    pub fn complaints(&self) -> Vec<String> {
        let log = self.post("/se/log", &json!({"type": "browser"}));
        let lines = log.as_array().cloned().unwrap_or_default();
        let is_bad = |line: &&Value| line["level"] == "SEVERE";
        lines.iter().filter(is_bad).map(|line| line["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    fn find(&self, css: &str) -> Option<String> {
        let all = self.post("/elements", &json!({"using": "css selector", "value": css}));
        Some(all.as_array()?.first()?[ELEMENT].as_str()?.to_owned())
    }

    fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let begun = Instant::now();
        loop {
            if let Some(found) = look() {
                return found;
            }
            if begun.elapsed() > PATIENCE {
                let text = self.script("return document.body.innerText", &json!([]));
                panic!("waited in vain for {what} at {}:\n{}", self.url(), text.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn get(&self, path: &str) -> Value {
        self.call("GET", &format!("/session/{}{path}", self.session), &Value::Null)
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), body)
    }

    /// One exchange; what the protocol calls an error is the test's.
    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(90))).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )
        .unwrap();
        let mut reader = BufReader::new(stream);
        let (mut line, mut length) = (String::new(), None);
        loop {
            line.clear();
            reader.read_line(&mut line).unwrap();
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse::<usize>().ok();
            }
        }
        let mut answer = vec![0; length.expect("chromedriver says how long its answer is")];
        reader.read_exact(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let error = &answer["value"]["error"];
        assert!(error.is_null(), "{method} {path} {body}: {}", answer["value"]["message"]);
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &format!("/session/{}", self.session), &Value::Null);
        }
        // Chromium ends when its driver does.
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(self.driver.id() as i32), nix::sys::signal::Signal::SIGTERM)
            .ok();
        self.driver.wait().ok();
    }
}

/// Decodes base64 (RFC 4648); what is none of its letters is passed over.
fn base64(text: &str) -> Vec<u8> {
    let value = |letter: u8| match letter {
        b'A'..=b'Z' => Some(letter - b'A'),
        b'a'..=b'z' => Some(letter - b'a' + 26),
        b'0'..=b'9' => Some(letter - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let (mut bytes, mut bits, mut count) = (Vec::with_capacity(text.len() * 3 / 4), 0u32, 0);
    for value in text.bytes().filter_map(value) {
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}
