//! The pages as people use them: in a real browser, in French and in English, on a phone and on a desktop.

mod driver;
mod pages;
mod stage;
mod story;
