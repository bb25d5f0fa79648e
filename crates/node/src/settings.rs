//! `node.toml`, what the agent of a machine is told by its operator, and the folder beside it with further probes. Must not
//! know what a meter is: that is in `M`.

use serde::{Deserialize, de::DeserializeOwned};

use crate::health::{Expect, Probe};

/// The whole file; an empty one is good.
#[derive(Clone, PartialEq, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, bound = "M: DeserializeOwned")]
pub struct Settings<M> {
    /// Seconds between two readings of the meters.
    pub sample_seconds: u32,
    /// What the machine draws with nothing to do.
    pub idle_watts: Option<u32>,
    /// More than this it cannot draw.
    pub max_watts: u32,
    /// Seconds between two looks at its health.
    pub health_seconds: u32,
    /// The program that says which processes are whose job's.
    pub scontrol: String,
    /// What should be found.
    pub expect: Expect,
    /// What tells what it draws, in the order of preference: as in the centre's `config.toml`.
    pub meter: Vec<M>,
    /// The operator's own probes.
    pub probe: Vec<Probe>,
}

impl<M> Default for Settings<M> {
    fn default() -> Self {
        Self {
            sample_seconds: 10,
            idle_watts: None,
            max_watts: 20_000,
            health_seconds: 60,
            scontrol: "scontrol".to_owned(),
            expect: Expect::default(),
            meter: Vec::new(),
            probe: Vec::new(),
        }
    }
}

impl<M: DeserializeOwned> Settings<M> {
    /// Reads the file, which is called so in errors.
    ///
    /// # Errors
    /// What is wrong, where, and which key was meant.
    pub fn parse(path: &str, text: &str) -> Result<Self, String> {
        let settings: Self =
            toml::from_str(text).map_err(|fault| format!("{path}: {}", model::hinted(&fault.to_string())))?;
        settings.probe.iter().try_for_each(|probe| probe.check().map_err(|why| format!("{path}: {why}")))?;
        Ok(settings)
    }
}

/// Reads a file of the folder of probes: `[[probe]]` and nothing else.
///
/// # Errors
/// As [`Settings::parse`].
pub fn probes(path: &str, text: &str) -> Result<Vec<Probe>, String> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Probes {
        #[serde(default)]
        probe: Vec<Probe>,
    }
    let found: Probes =
        toml::from_str(text).map_err(|fault| format!("{path}: {}", model::hinted(&fault.to_string())))?;
    found.probe.iter().try_for_each(|probe| probe.check().map_err(|why| format!("{path}: {why}")))?;
    Ok(found.probe)
}

/// What the centre gives somebody who is to let a machine in: `NAME,HOST:PORT,KEY,WORD`, one word that is used once.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// What the machine is called.
    pub name: String,
    /// Where the centre listens.
    pub centre: String,
    /// The centre's key, as hexadecimal digits.
    pub key: String,
    /// By which the centre knows who was meant.
    pub word: String,
}

impl Invitation {
    /// Reads one.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split(',');
        let mut next = || parts.next().filter(|part| !part.is_empty()).map(str::to_owned);
        let invitation = Self { name: next()?, centre: next()?, key: next()?, word: next()? };
        let is_good = crate::report::is_name(&invitation.name) && key(&invitation.key).is_some();
        (is_good && parts.next().is_none()).then_some(invitation)
    }
}

impl std::fmt::Display for Invitation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{},{},{},{}", self.name, self.centre, self.key, self.word)
    }
}

/// A public key of Ed25519 as people see it: 64 hexadecimal digits.
pub fn key_text(key: &[u8; 32]) -> String {
    key.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The other way.
pub fn key(text: &str) -> Option<[u8; 32]> {
    let text = text.as_bytes();
    let mut key = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(text.chunks(2)) {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.chars().all(|one| one.is_ascii_hexdigit()))?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(key)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[derive(Clone, PartialEq, Debug, Deserialize)]
    struct Meter {
        kind: String,
    }

    #[test]
    fn a_file_says_what_to_do() {
        let text = "idle_watts = 60\n[expect]\ncpus = 64\n[[meter]]\nkind = 'rapl'\n[[probe]]\nname = 'ib'\n\
            command = '/usr/bin/ibstat -s'\nok_exitcode = [0, 2]\ntimeout = 5\n";
        let settings = Settings::<Meter>::parse("node.toml", text).unwrap();
        assert_eq!((settings.idle_watts, settings.expect.cpus, settings.meter.len()), (Some(60), Some(64), 1));
        assert_eq!(settings.probe[0].words(), ["/usr/bin/ibstat", "-s"]);
        assert_eq!(Settings::<Meter>::parse("node.toml", "").unwrap(), Settings::default());
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text: &str, part: &str| {
            let fault = Settings::<Meter>::parse("node.toml", text).unwrap_err();
            assert!(fault.contains(part) && fault.starts_with("node.toml"), "{fault}");
        };
        check("idle_wats = 3", "idle_watts");
        check("[[probe]]\nname = 'x'\ncommand = ''", "has no command");
        check("[[probe]]\nname = 'x'\ncommand = 'y'\ntimeout = 900", "timeout");
        check("[[probe]]\nname = 'x y'\ncommand = 'y'", "`x y`");
        check("[[probe]]\nname = 'x'\ncommand = \"y 'z\"", "quotation");
        assert!(probes("p.toml", "[expect]\n").is_err());
        assert_eq!(probes("p.toml", "[[probe]]\nname = 'x'\ncommand = 'y'").unwrap()[0].ok_exitcode, [0]);
    }

    #[test]
    fn invitations_are_one_word() {
        let key = key_text(&[171; 32]);
        let text = format!("n1,10.0.0.1:7443,{key},word");
        assert_eq!(Invitation::parse(&text).unwrap().to_string(), text);
        assert_eq!(super::key(&key), Some([171; 32]));
        for wrong in
            ["", "n1", "n1,a,b,c", &format!("{text},more"), &text.replace("n1", "n 1"), &text.replace("ab", "+1")]
        {
            assert_eq!(Invitation::parse(wrong), None, "{wrong}");
        }
    }
}
