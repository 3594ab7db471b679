//! A delivery that is about to be added: where it goes and in which shape, and whether that can work at all.

use std::collections::BTreeMap;

use tunekey_services::{AccountId, Secret, ServiceId, display_text, registry};

use super::edit::{EditError, Place, edited};
use super::error::{DeliveryError, NotAFile};
use super::model::{Delivery, DeliveryId, DeliveryScope};
use super::payload::Payload;
use super::target::{CommandTarget, FileContent, FileTarget, SIGNING, Target};
use super::template::{self, TemplateError};
use super::{cookie_cloud, http};
use crate::export::{self, Format};
use crate::outbound;
use crate::problem::Problem;

/// What a delivery is made of.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryDraft {
    /// What it is set up as.
    pub preset: String,
    /// The answers to the preset's questions, none of them secret.
    pub answers: BTreeMap<String, String>,
    /// The person's own name for it.
    pub label: Option<String>,
    /// Where it goes.
    pub target: Target,
    /// The format of the credential.
    pub format: Format,
    /// How much of it goes there.
    pub scope: DeliveryScope,
}

impl DeliveryDraft {
    /// A delivery of an account that has never been tried.
    pub(crate) fn delivery(self, account: AccountId) -> Delivery {
        let Self { preset, answers, label, target, format, scope } = self;
        Delivery {
            id: DeliveryId::random(),
            account,
            preset,
            answers,
            label: label.as_deref().and_then(display_text::name),
            enabled: true,
            target,
            format,
            scope,
            last: None,
            earlier: Vec::new(),
            delivered: None,
            own: None,
            tried: None,
            failures: 0,
            next_try_at: None,
            written: None,
        }
    }

    /// Makes this of a delivery, which is as if it had never been tried.
    pub(crate) fn replace(self, delivery: &mut Delivery) {
        *delivery = Delivery {
            id: delivery.id.clone(),
            label: self.label.clone().or(delivery.label.take()),
            enabled: delivery.enabled,
            ..self.delivery(delivery.account.clone())
        };
    }

    /// Whether it can work, as far as that can be seen without the target.
    ///
    /// # Errors
    /// `InvalidInput` says what to give instead.
    pub(crate) fn check(&self, service: ServiceId) -> Result<(), Problem> {
        if !self.format.suits(service) {
            return Err(export::no_format(service, self.format));
        }
        // Found out now rather than after a sign-in.
        let renews = match self.format {
            Format::Own(_) => true,
            Format::Header | Format::Json | Format::Env | Format::Netscape => {
                registry::facts(service).is_some_and(|facts| facts.cookie.renews)
            }
        };
        if self.scope == DeliveryScope::OwnSignIn && !renews {
            return Err(DeliveryError::NothingToHandOver.problem());
        }
        self.check_target().map_err(DeliveryError::problem)
    }

    /// Whether what signs can.
    ///
    /// # Errors
    /// `InvalidInput` says what it has to be.
    pub(crate) fn check_signing(&self, secrets: &BTreeMap<String, Secret>) -> Result<(), Problem> {
        match (&self.target, secrets.get(SIGNING)) {
            (Target::Http(target), Some(secret)) => {
                http::check_secret(target.signature, secret).map_err(DeliveryError::problem)
            }
            _ => Ok(()),
        }
    }

    fn check_target(&self) -> Result<(), DeliveryError> {
        for template in self.target.templates() {
            for name in template::names(template)? {
                if !Payload::knows(name) {
                    return Err(TemplateError::Unknown(name.to_owned()).into());
                }
            }
        }
        let plain = |url: &str, allowed| Ok(outbound::check(&outbound::address(url)?, allowed)?);
        match &self.target {
            Target::File(file) => check_file(file),
            Target::Command(command) => check_command(command),
            Target::Http(http) => http::check(http),
            Target::CookieCloud(cloud) => {
                cookie_cloud::check_uuid(&cloud.uuid)?;
                plain(&cloud.url, cloud.allows_plain_http)
            }
            Target::Meting(meting) => plain(&meting.url, meting.allows_plain_http),
            Target::OpenList(list) => plain(&list.url, list.allows_plain_http),
            Target::Qinglong(ql) => plain(&ql.url, ql.allows_plain_http),
        }
    }
}

fn check_file(file: &FileTarget) -> Result<(), DeliveryError> {
    if !file.path.is_absolute() {
        return Err(DeliveryError::NotAFile(NotAFile::Relative));
    }
    for one in file.content.values() {
        let place = match &file.content {
            FileContent::Toml { .. } => Place::Toml(&one.at),
            FileContent::Json { .. } => Place::Json(&one.at),
            FileContent::RawVariables { .. } => Place::RawVariable(&one.at),
            FileContent::Variables { .. } | FileContent::Whole => Place::Variable(&one.at),
        };
        // Whether it is there only the file knows; whether it can be anywhere shows here.
        if edited(place, "", "x").err() == Some(EditError::BadPlace) {
            return Err(EditError::BadPlace.into());
        }
    }
    file.then.as_ref().map_or(Ok(()), check_command)
}

fn check_command(command: &CommandTarget) -> Result<(), DeliveryError> {
    match command.arguments.first() {
        Some(program) if !program.is_empty() => Ok(()),
        _ => Err(DeliveryError::Program(std::io::ErrorKind::NotFound)),
    }
}
