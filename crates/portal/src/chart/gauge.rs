//! One number of another, as half a circle: cores in use, a budget spent.

use super::frame::{escape, share};
use crate::words::Words;

/// Length of the half circle of radius 80.
const ARC: i64 = 251;

/// One number of another.
#[derive(Clone, Debug)]
pub struct Gauge<'a> {
    /// Name that is unique on the page.
    pub id: &'a str,
    /// What it is.
    pub title: String,
    /// How much,
    pub value: i64,
    /// of how much.
    pub whole: i64,
    /// How that is written in the middle.
    pub shown: String,
}

impl Gauge<'_> {
    /// The figure. Its words are all of its numbers, so there is no table.
    pub fn draw(&self, words: &Words) -> String {
        let permille = share(self.value, self.whole, 1000);
        let told =
            words.with("chart-of", &[("shown", self.shown.as_str().into()), ("share", words.percent(permille).into())]);
        let (id, title) = (escape(self.id), escape(&self.title));
        format!(
            "<figure class=\"chart gauge\"><svg viewBox=\"0 0 200 116\" role=\"img\" aria-labelledby=\"{id}-t {id}-d\">\
             <title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{told}</desc>\
             <path class=\"gauge-whole\" d=\"M20 100a80 80 0 0 1 160 0\"/>\
             <path class=\"gauge-part\" stroke-dasharray=\"{} 999\" d=\"M20 100a80 80 0 0 1 160 0\"/>\
             <text class=\"gauge-text\" x=\"100\" y=\"96\">{}</text></svg><figcaption>{title}</figcaption></figure>",
            share(self.value, self.whole, ARC),
            escape(&self.shown),
            told = escape(&told),
        )
    }
}
