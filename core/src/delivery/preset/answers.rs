//! The answers to a preset's questions, and what each means.

use serde_json::Value;

use super::{Preset, PresetAnswers};
use crate::delivery::model::DeliveryScope;
use crate::delivery::target::{CommandTarget, HttpHeader, Replace, Success};
use crate::export::{self, Format};
use crate::problem::Problem;

/// The answers to the questions of one preset, with what holds without an answer.
pub(super) struct Answers<'a> {
    preset: &'a Preset,
    given: &'a PresetAnswers,
    scope: DeliveryScope,
}

impl<'a> Answers<'a> {
    /// Whether every answer is to a question of the preset, and every question has one.
    pub(super) fn new(
        preset: &'a Preset,
        given: &'a PresetAnswers,
        scope: DeliveryScope,
    ) -> Result<Self, Problem> {
        let open = || preset.questions.iter().filter(|question| !question.is_secret);
        let names = || open().map(|question| question.name).collect::<Vec<_>>().join(", ");
        if let Some(name) = given.keys().find(|name| open().all(|question| question.name != name.as_str())) {
            let name = tunekey_services::display_text::name(name).unwrap_or_default();
            return Err(Problem::invalid(
                format!("“{name}” is nothing that {} asks for. It asks for: {}.", preset.name, names()),
                format!("{} 没有“{name}”这一项。需要的是：{}。", preset.name, names()),
            ));
        }
        let missing =
            open().find(|question| question.default.is_none() && !given.contains_key(question.name));
        if let Some(missing) = missing {
            return Err(Problem::invalid(
                format!("{} is missing: {}.", missing.name, missing.words.english),
                format!("缺少 {}：{}。", missing.name, missing.words.chinese),
            ));
        }
        Ok(Self { preset, given, scope })
    }

    /// Whether the target gets what renews the credential, too.
    pub(super) fn renews(&self) -> bool {
        self.scope != DeliveryScope::PlayingOnly
    }

    /// An answer as text.
    pub(super) fn text(&self, name: &str) -> String {
        let default = || self.preset.questions.iter().find(|question| question.name == name)?.default;
        self.given.get(name).map(String::as_str).or_else(default).unwrap_or_default().to_owned()
    }

    /// An answer that may be left out.
    pub(super) fn optional(&self, name: &str) -> Option<String> {
        Some(self.text(name)).filter(|text| !text.is_empty())
    }

    /// `yes` or `no`.
    pub(super) fn yes(&self, name: &str) -> Result<bool, Problem> {
        match self.text(name).as_str() {
            "yes" => Ok(true),
            "no" | "" => Ok(false),
            _ => Err(unusable(name, "yes or no", "yes 或 no")),
        }
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T, Problem> {
        let text = self.text(name);
        words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value).ok_or_else(|| {
            let all = words.iter().map(|(word, _)| *word).collect::<Vec<_>>();
            unusable(name, &all.join(" or "), &all.join("、"))
        })
    }

    /// A format that there is.
    pub(super) fn format(&self, name: &str) -> Result<Format, Problem> {
        let all = export::names(Format::all());
        self.text(name).parse().map_err(|_| unusable(name, &all, &all))
    }

    /// A file's mode in octal.
    pub(super) fn mode(&self, name: &str) -> Result<Option<u32>, Problem> {
        let parsed = self.optional(name).map(|text| u32::from_str_radix(&text, 8));
        match parsed.transpose() {
            Ok(mode) if mode.is_none_or(|mode| mode <= 0o777) => Ok(mode),
            _ => Err(unusable(name, "three octal digits such as 640", "三位八进制数，如 640")),
        }
    }

    /// How a file is replaced.
    pub(super) fn replace(&self) -> Result<Replace, Problem> {
        self.one_of("replace", &[("atomic", Replace::Atomic), ("in-place", Replace::InPlace)])
    }

    /// A program with its arguments: a JSON array, or the path of a program alone.
    pub(super) fn command(&self, name: &str) -> Result<Option<CommandTarget>, Problem> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        let arguments = if text.trim_start().starts_with('[') {
            serde_json::from_str::<Vec<String>>(&text).map_err(|_| {
                unusable(
                    name,
                    "a program, or a JSON array such as [\"docker\", \"restart\", \"name\"]",
                    "一个程序，或形如 [\"docker\", \"restart\", \"名称\"] 的 JSON 数组",
                )
            })?
        } else {
            vec![text]
        };
        Ok(Some(CommandTarget { arguments, variable: None, seconds: 30 }))
    }

    /// A header with its value.
    pub(super) fn header(&self, name: &str) -> Result<Option<HttpHeader>, Problem> {
        let Some(text) = self.optional(name) else { return Ok(None) };
        match text.split_once(':') {
            Some((header, value)) => {
                Ok(Some(HttpHeader { name: header.trim().to_owned(), value: value.trim().to_owned() }))
            }
            None => Err(unusable(name, "a name and a value with a colon between", "名称和值，以冒号分隔")),
        }
    }

    /// A field of an answer that says that it has worked: `/pointer=value`.
    pub(super) fn success(&self, name: &str) -> Result<Success, Problem> {
        let Some(text) = self.optional(name) else { return Ok(Success::Status) };
        if text == "unknown" {
            return Ok(Success::Unknown);
        }
        match text.split_once('=') {
            Some((pointer, value)) if pointer.starts_with('/') => {
                let equals = serde_json::from_str(value).unwrap_or_else(|_| Value::from(value));
                Ok(Success::Field { pointer: pointer.to_owned(), equals })
            }
            _ => Err(unusable(name, "a pointer and a value such as /code=200", "指针和值，如 /code=200")),
        }
    }
}

fn unusable(name: &str, english: &str, chinese: &str) -> Problem {
    Problem::invalid(format!("{name} is {english}."), format!("{name} 应为 {chinese}。"))
}
