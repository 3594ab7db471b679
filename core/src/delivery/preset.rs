//! What a delivery can be set up as: the tools that people use, and the plain ways for all others. A preset is data:
//! what it asks for, what it tells the person, and how the answers become a target.

use std::collections::BTreeMap;

use serde::Serialize;
use tunekey_services::{Bilingual, ServiceId, display_text, registry};

use super::draft::DeliveryDraft;
use super::model::{Delivery, DeliveryScope};
use super::target::Target;
use super::template;
use crate::export::Format;
use crate::problem::{Problem, ProblemCode};

mod answers;
mod catalogue;
mod questions;
mod targets;

use answers::Answers;
pub use catalogue::presets;

/// What a delivery can be set up as.
#[derive(Debug, Clone, Copy, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct Preset {
    /// Its name on the command line and in the ledger.
    pub name: &'static str,
    /// Among which it is listed.
    pub group: PresetGroup,
    /// What a cookie has to have in it: only services whose cookies do can be delivered to it. None when any can.
    pub fields: &'static [&'static str],
    /// What it is called.
    pub title: Bilingual,
    /// What TuneKey does, and what has to be known of it.
    pub about: Bilingual,
    /// What to set up in the tool beforehand.
    pub setup: Bilingual,
    /// How it shows that a delivery has worked.
    pub proof: Bilingual,
    /// That the tool renews by itself, and what follows from that; `None` for one that does not.
    pub renews: Option<Bilingual>,
    /// Whether all of a credential can be handed over to it: it takes the part that renews, and can have a use for it.
    pub hands_over: bool,
    /// What it asks for.
    pub questions: &'static [PresetQuestion],
    /// Makes a target of the answers.
    #[serde(skip)]
    #[cfg_attr(feature = "typescript", ts(skip))]
    make: fn(&Answers<'_>) -> Result<Made, Problem>,
}

/// Which presets are listed together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum PresetGroup {
    /// Tools, by name.
    Tool,
    /// The plain ways, for every other program.
    General,
}

/// Something that a preset asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct PresetQuestion {
    /// Its name.
    pub name: &'static str,
    /// What to ask the person.
    pub words: Bilingual,
    /// What an answer is.
    pub kind: AnswerKind,
    /// The answers to choose from; none when any text may be one.
    pub choices: &'static [&'static str],
    /// Whether the answer is a secret, which goes to the store.
    pub is_secret: bool,
    /// What holds without an answer; `None` when there has to be one.
    pub default: Option<&'static str>,
}

/// What the answer to a question is, for fronts that offer more than a line of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
#[serde(rename_all = "snake_case")]
pub enum AnswerKind {
    /// A line of text.
    Text,
    /// Several lines of text.
    Lines,
    /// One of the [choices](PresetQuestion::choices).
    Choice,
    /// `yes` or `no`.
    YesNo,
    /// The name of a [`Format`].
    Format,
    /// The path of a file that may not be there yet.
    NewFile,
    /// The path of a file that is there.
    ExistingFile,
    /// A program, or a JSON array of it and its arguments.
    Command,
}

/// Answers that are not secret, by the names of their questions.
pub type PresetAnswers = BTreeMap<String, String>;

/// Whether a cookie of the service has all that is wanted of one. Of a whole credential only itself can say.
///
/// # Errors
/// `InvalidInput` names what is missing.
pub(crate) fn check_service(draft: &DeliveryDraft, service: ServiceId) -> Result<(), Problem> {
    let Some(facts) = registry::facts(service) else { return Ok(()) };
    let mut wanted = Preset::by_name(&draft.preset).map_or_else(|_| Vec::new(), |one| one.fields.to_vec());
    if draft.scope == DeliveryScope::PlayingOnly {
        let names = draft.target.templates().into_iter().filter_map(|text| template::names(text).ok());
        wanted.extend(names.flatten().filter_map(|name| name.strip_prefix("field.")));
    }
    match wanted.into_iter().find(|name| !facts.cookie.playing.contains(name)) {
        Some(missing) => Err(Problem::invalid(
            format!("{} plays without {missing}. Choose what is for this service.", facts.name.english),
            format!("{}播放时没有 {missing}，请选择适用于该平台的选项。", facts.name.chinese),
        )),
        None => Ok(()),
    }
}

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
    /// `InvalidInput` when an answer is missing, is to no question, or cannot be used, or when nothing can be handed
    /// over to it.
    pub fn draft(&self, answers: &PresetAnswers, scope: DeliveryScope) -> Result<DeliveryDraft, Problem> {
        if scope != DeliveryScope::PlayingOnly && !self.hands_over {
            return Err(Problem::invalid(
                format!(
                    "{} takes only what plays, so that nothing can be handed over to it.",
                    self.title.english
                ),
                format!("{} 只接受播放所需的部分，无法移交。", self.title.chinese),
            ));
        }
        let Made { target, format } = (self.make)(&Answers::new(self, answers, scope)?)?;
        let mut answers = answers.clone();
        if let Target::CookieCloud(cloud) = &target {
            // What was made up here is the answer from now on: a change must not make up another.
            answers.insert("uuid".to_owned(), cloud.uuid.clone());
        }
        Ok(DeliveryDraft { preset: self.name.to_owned(), answers, label: None, target, format, scope })
    }

    /// Makes another of a delivery: of the answers that it was made of, with these in their place.
    ///
    /// # Errors
    /// As [`draft`](Self::draft); `NotFound` when its preset is of a newer version.
    pub fn redraft(
        delivery: &Delivery,
        answers: &PresetAnswers,
        scope: DeliveryScope,
    ) -> Result<DeliveryDraft, Problem> {
        let mut all = delivery.answers.clone();
        all.extend(answers.clone());
        Self::by_name(&delivery.preset)?.draft(&all, scope)
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
