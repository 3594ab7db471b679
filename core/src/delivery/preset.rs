//! What a delivery can be set up as: the tools that people use, and the plain ways for all others. A preset is data: what it
//! asks for, what it tells the person, and how the answers become a target.

use std::collections::BTreeMap;

use serde::Serialize;
use tunekey_services::{Bilingual, display_text};

use super::draft::DeliveryDraft;
use super::model::DeliveryScope;
use super::target::Target;
use crate::export::Format;
use crate::problem::{Problem, ProblemCode};

mod answers;
mod catalogue;
mod questions;

use answers::Answers;
pub use catalogue::presets;

/// What a delivery can be set up as.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Preset {
    /// Its name on the command line and in the ledger.
    pub name: &'static str,
    /// What it is called.
    pub title: Bilingual,
    /// What it does, and what has to be known of it.
    pub about: Bilingual,
    /// That the tool renews by itself, and what follows from that; `None` for one that does not.
    pub renews: Option<Bilingual>,
    /// What it asks for.
    pub questions: &'static [PresetQuestion],
    /// Makes a target of the answers.
    #[serde(skip)]
    #[cfg_attr(feature = "typescript", ts(skip))]
    make: fn(&Answers<'_>) -> Result<Made, Problem>,
}

/// Something that a preset asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct PresetQuestion {
    /// Its name.
    pub name: &'static str,
    /// What to ask the person.
    pub words: Bilingual,
    /// Whether the answer is a secret, which goes to the store.
    pub is_secret: bool,
    /// What holds without an answer; `None` when there has to be one.
    pub default: Option<&'static str>,
}

/// Answers that are not secret, by the names of their questions.
pub type PresetAnswers = BTreeMap<String, String>;

/// What a preset makes of its answers.
struct Made {
    target: Target,
    format: Format,
}

impl Preset {
    /// The preset of that name.
    ///
    /// # Errors
    /// `NotFound` names those that there are.
    pub fn by_name(name: &str) -> Result<&'static Self, Problem> {
        presets().iter().find(|preset| preset.name == name).ok_or_else(|| no_preset(name))
    }

    /// Makes a delivery of the answers to its questions.
    ///
    /// # Errors
    /// `InvalidInput` when an answer is missing, is to no question, or cannot be used.
    pub fn draft(&self, answers: &PresetAnswers, scope: DeliveryScope) -> Result<DeliveryDraft, Problem> {
        let answers = Answers::new(self, answers)?;
        let Made { target, format } = (self.make)(&answers)?;
        Ok(DeliveryDraft { preset: self.name.to_owned(), label: None, target, format, scope })
    }

    /// The names of the secrets that it asks for.
    pub fn secrets(&self) -> impl Iterator<Item = &'static str> {
        self.questions.iter().filter(|question| question.is_secret).map(|question| question.name)
    }
}

/// The problem with a preset that there is not.
fn no_preset(name: &str) -> Problem {
    let name = display_text::name(name).unwrap_or_default();
    let all = presets().iter().map(|preset| preset.name).collect::<Vec<_>>().join(", ");
    Problem::new(ProblemCode::NotFound).with_detail(format!("there is no preset {name}")).with_words(
        format!("There is no “{name}” to deliver to. There are: {all}."),
        format!("没有“{name}”这种投递目标。可用的有：{all}。"),
    )
}

#[cfg(test)]
mod tests;
