//! The one list of services. Nothing below imports it.

use std::sync::OnceLock;

use crate::contract::Service;
use crate::facts::ServiceFacts;
use crate::id::ServiceId;
use crate::netease::Netease;
use crate::qqmusic::QqMusic;

/// Every service, in the order in which fronts list them. The one list.
const SERVICES: &[&dyn Service] = &[&QqMusic, &Netease];

/// The list of this process, once somebody has asked for it.
static KNOWN: OnceLock<&'static [&'static dyn Service]> = OnceLock::new();

/// Every service, in the order in which fronts list them.
pub fn all() -> &'static [&'static dyn Service] {
    KNOWN.get_or_init(|| SERVICES)
}

/// Has this process know other services, in place of those that there are. For programs that are tests.
///
/// # Errors
/// When the list has been asked for already: it never changes.
pub fn replace(services: &'static [&'static dyn Service]) -> Result<(), ListInUse> {
    KNOWN.set(services).map_err(|_| ListInUse)
}

/// The list of services has been asked for, and cannot be replaced any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the list of services is in use")]
pub struct ListInUse;

/// The service of that id; `None` for one that only a newer version knows.
pub fn by_id(id: ServiceId) -> Option<&'static dyn Service> {
    all().iter().copied().find(|service| service.id() == id)
}

/// The facts of that service.
pub fn facts(id: ServiceId) -> Option<&'static ServiceFacts> {
    by_id(id).map(Service::facts)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::bilingual::Bilingual;

    fn texts(facts: &ServiceFacts) -> Vec<Bilingual> {
        let names = [facts.name, facts.short_name, facts.app_name, facts.owner, facts.key_life];
        let methods = facts.methods.iter().flat_map(|method| [Some(method.hint), method.scanner]).flatten();
        let identity = facts.client_identity.iter();
        let identities =
            identity.flat_map(|facts| facts.options.iter().map(|option| option.name).chain([facts.name]));
        let formats = facts.formats.iter().flat_map(|format| [format.words, format.about]);
        let tiers = facts.tiers.iter().map(|tier| tier.name);
        names.into_iter().chain(methods).chain(identities).chain(formats).chain(tiers).collect()
    }

    #[test]
    fn each_service_declares_texts_in_both_languages_a_mark_and_colours() {
        let is_color = |color: &str| {
            color.len() == 7
                && color.starts_with('#')
                && color[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        let is_drawing = |byte: u8| byte.is_ascii_digit() || b"MLHVCSQTAZmlhvcsqtaz .,-".contains(&byte);
        for facts in all().iter().map(|service| service.facts()) {
            for text in texts(facts) {
                assert!(!text.english.is_empty() && !text.chinese.is_empty(), "{}: {text:?}", facts.id);
            }
            assert!(
                is_color(facts.color.light) && is_color(facts.color.dark),
                "{}: {:?}",
                facts.id,
                facts.color
            );
            assert!(facts.icon.bytes().all(is_drawing), "{}: it is a path and nothing else", facts.id);
            assert!(facts.cookie.domain.starts_with('.'), "{}: all of its hosts", facts.id);
            assert!(!facts.methods.is_empty() && !facts.paste.fields.is_empty(), "{}", facts.id);
        }
    }

    #[test]
    fn no_two_services_share_a_name_a_tier_a_format_or_a_setting() {
        let all_facts = || all().iter().map(|service| service.facts());
        let names: Vec<String> = all_facts()
            .flat_map(|facts| {
                let tiers = facts.tiers.iter().map(|tier| format!("tier {}", tier.tier));
                let formats = facts.formats.iter().map(|format| format!("format {}", format.name));
                let settings = facts.client_identity.iter();
                let settings = settings.flat_map(|facts| [facts.setting, facts.key].map(str::to_owned));
                [facts.id.to_string(), facts.cookie.env_name.to_owned()]
                    .into_iter()
                    .chain(tiers)
                    .chain(formats)
                    .chain(settings)
            })
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
        for facts in all_facts() {
            assert!(by_id(facts.id).is_some_and(|service| service.id() == facts.id), "{} is found", facts.id);
        }
        assert!(by_id(ServiceId::new("nobody")).is_none(), "and nobody else is");
    }

    #[test]
    fn a_list_that_is_in_use_is_not_replaced() {
        let known = all().len();
        assert_eq!(replace(&[]), Err(ListInUse));
        assert_eq!(all().len(), known);
    }
}
