//! As which of its own clients each service is asked, where the person has a choice.

use std::collections::BTreeMap;

use crate::facts::ClientIdentityFacts;

/// The choices by the [key](ClientIdentityFacts::key) of their setting. What is not chosen is as the service has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientIdentities(BTreeMap<String, String>);

impl ClientIdentities {
    /// The choice for a service.
    pub fn of(&self, facts: &ClientIdentityFacts) -> &'static str {
        let chosen = self.0.get(facts.key);
        let option = facts.options.iter().find(|option| chosen.is_some_and(|chosen| chosen == option.value));
        option.or(facts.options.first()).map_or("", |option| option.value)
    }

    /// Makes a choice, if there is such a one. Says whether there is.
    pub fn choose(&mut self, facts: &ClientIdentityFacts, value: &str) -> bool {
        match facts.options.iter().position(|option| option.value == value) {
            // As if it had never been chosen: the same choices are equal.
            Some(0) => drop(self.0.remove(facts.key)),
            Some(_) => drop(self.0.insert(facts.key.to_owned(), value.to_owned())),
            None => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bilingual::Bilingual;
    use crate::facts::ClientIdentityOption;

    #[test]
    fn what_was_never_chosen_or_does_not_exist_is_the_first_option() {
        let facts = ClientIdentityFacts {
            setting: "a-client",
            key: "a_client",
            name: Bilingual::new("a client", "客户端"),
            options: const {
                const NAME: Bilingual = Bilingual::new("a client", "客户端");
                &[
                    ClientIdentityOption { value: "web", name: NAME },
                    ClientIdentityOption { value: "pc", name: NAME },
                ]
            },
        };
        let mut chosen = ClientIdentities::default();
        assert_eq!(chosen.of(&facts), "web");
        assert!(!chosen.choose(&facts, "phone"));
        assert_eq!(chosen.of(&facts), "web");
        assert!(chosen.choose(&facts, "pc"));
        assert_eq!(chosen.of(&facts), "pc");
        assert!(chosen.choose(&facts, "web"));
        assert_eq!(chosen, ClientIdentities::default(), "the same choices are equal");
    }
}
