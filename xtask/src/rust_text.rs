//! Rust source seen as text: enough to tell code from comments and strings, and to measure functions.
//!
//! Not a parser: it never fails, and on a file that does not compile its answer means nothing.

/// `source` with the inside of comments, strings and characters turned to spaces; as many lines as before.
pub fn code_only(source: &str) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < text.len() {
        let end = skip(&text, at);
        if end > at {
            code.extend(text[at..end].iter().map(|&letter| if letter == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            code.push(text[at]);
            at += 1;
        }
    }
    code
}

/// Where the comment, string or character that starts at `at` ends; `at` itself if none starts there.
fn skip(text: &[char], at: usize) -> usize {
    let next = |ahead: usize| text.get(at + ahead).copied().unwrap_or('\0');
    let inside_word = at > 0 && is_word(text[at - 1]);
    match text[at] {
        '/' if next(1) == '/' => (at..text.len()).find(|&i| text[i] == '\n').unwrap_or(text.len()),
        '/' if next(1) == '*' => skip_block_comment(text, at),
        '"' => skip_quoted(text, at + 1, '"'),
        'r' if !inside_word && (next(1) == '"' || next(1) == '#') => skip_raw(text, at),
        // b"…", br"…" and b'…' come out right by their second letter, but for the r inside a word.
        'b' if !inside_word && next(1) == 'r' && (next(2) == '"' || next(2) == '#') => skip_raw(text, at + 1),
        // 'a' and '\n' are characters; 'a without a closing quote is a lifetime.
        '\'' if next(1) == '\\' || next(2) == '\'' => skip_quoted(text, at + 1, '\''),
        _ => at,
    }
}

fn skip_quoted(text: &[char], mut at: usize, quote: char) -> usize {
    while at < text.len() {
        match text[at] {
            '\\' => at += 2,
            letter if letter == quote => return at + 1,
            _ => at += 1,
        }
    }
    text.len()
}

/// A raw string whose `r` is at `start`; a raw name (`r#fn`) is none.
fn skip_raw(text: &[char], start: usize) -> usize {
    let hashes = text[start + 1..].iter().take_while(|&&letter| letter == '#').count();
    if text.get(start + 1 + hashes) != Some(&'"') {
        return start;
    }
    let closes = |i: usize| {
        text[i] == '"' && text[i + 1..].iter().take(hashes).filter(|&&letter| letter == '#').count() == hashes
    };
    (start + 2 + hashes..text.len()).find(|&i| closes(i)).map_or(text.len(), |i| i + 1 + hashes)
}

fn skip_block_comment(text: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < text.len() {
        match (text[at], text.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    text.len()
}

fn is_word(letter: char) -> bool {
    letter == '_' || letter.is_alphanumeric()
}

/// A function with a body.
#[derive(Debug, PartialEq)]
pub struct Function {
    pub name: String,
    /// The line of its `fn`, from 1.
    pub line: usize,
    /// From that line to the one of its closing brace, both counted.
    pub lines: usize,
}

/// The functions in `code`, as [`code_only`] gives it; one inside another is counted in both.
pub fn functions(code: &str) -> Vec<Function> {
    let text: Vec<char> = code.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    for (at, &letter) in text.iter().enumerate() {
        if letter == '\n' {
            line += 1;
        }
        let starts = text[at..].starts_with(&['f', 'n', ' ']) && (at == 0 || !is_word(text[at - 1]));
        let name: String =
            if starts { text[at + 3..].iter().take_while(|&&letter| is_word(letter)).collect() } else { String::new() };
        if let Some(end) = if name.is_empty() { None } else { body_end(&text[at..]) } {
            let lines = 1 + text[at..at + end].iter().filter(|&&letter| letter == '\n').count();
            found.push(Function { name, line, lines });
        }
    }
    found
}

/// Where the body of the function whose `fn` opens `text` ends; `None` for a declaration without one.
fn body_end(text: &[char]) -> Option<usize> {
    let (mut braces, mut others) = (0, 0);
    for (at, letter) in text.iter().enumerate() {
        match letter {
            '(' | '[' => others += 1,
            ')' | ']' => others -= 1,
            // `[u8; 4]` in the signature is no end.
            ';' if braces == 0 && others == 0 => return None,
            '{' => braces += 1,
            '}' if braces == 1 && others == 0 => return Some(at),
            '}' => braces -= 1,
            _ => {}
        }
    }
    None
}

/// Whether `word` is in `text` as a word of its own.
pub fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        // A word may itself end in a sign (`panic!`), and then anything may follow it.
        let ends_in_sign = !word.ends_with(is_word);
        !before.is_some_and(is_word) && (ends_in_sign || !after.is_some_and(is_word))
    })
}

/// Whether a documentation comment in `source` has a block of code.
pub fn has_doc_example(source: &str) -> bool {
    source.lines().any(|line| ["/// ```", "//! ```"].iter().any(|fence| line.trim_start().starts_with(fence)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_told_from_the_rest() {
        let check = |source: &str, code: &str| assert_eq!(code_only(source).trim_end(), code, "{source}");
        check("a // b { \nc", "a        \nc");
        check("a /* b /* c */ } */ d", "a                   d");
        check(r#"f("{ \" {") }"#, "f(        ) }");
        check("f(r#\"} \" }\"#) {", "f(          ) {");
        check("r#fn('{', '\\'', b'}') <'a>{", "r#fn(   ,     , b   ) <'a>{");
        check("br\"}\" for\"{\"", "      for");
        check("\"open", "");
    }

    #[test]
    fn functions_are_measured() {
        let check = |source: &str, expected: &[(&str, usize, usize)]| {
            let found = functions(&code_only(source));
            let found: Vec<_> = found.iter().map(|f| (f.name.as_str(), f.line, f.lines)).collect();
            assert_eq!(found, expected, "{source}");
        };
        check("fn a() {}\n", &[("a", 1, 1)]);
        check("//! x\n\npub fn a(\n  b: [u8; 4],\n) -> u8 {\n  if b { \"}\" }\n}\nfn c();", &[("a", 3, 5)]);
        check("trait T {\n fn a();\n fn b() { }\n}", &[("b", 3, 1)]);
        check("fn a() {\n fn b() {\n }\n}", &[("a", 1, 4), ("b", 2, 2)]);
        check("let f: fn (u8) = g; // fn h() {}", &[]);
    }

    #[test]
    fn words_stand_alone() {
        for (text, word, expected) in [
            ("a TODAY b", "TODAY", true),
            ("TODAYS", "TODAY", false),
            ("x_TODAY", "TODAY", false),
            ("go!(x)", "go!", true),
            ("ago!()", "go!", false),
        ] {
            assert_eq!(has_word(text, word), expected, "{text}");
        }
    }
}
