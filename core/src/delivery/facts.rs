//! What there is to say of deliveries in general: for fronts that have no words of their own for it.

use std::collections::BTreeMap;

use serde::Serialize;
use strum::VariantArray as _;
use tunekey_services::Bilingual;

use super::model::{DeliveryNotice, DeliveryOutcome};
use super::preset::{Preset, presets};

/// What there is to say of deliveries in general.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "typescript", derive(ts_rs::TS), ts(export))]
pub struct DeliveryFacts {
    /// What one can be set up as, in the order of a menu.
    pub presets: &'static [Preset],
    /// What each outcome is called.
    pub outcomes: BTreeMap<DeliveryOutcome, Bilingual>,
    /// What each notice says.
    pub notices: BTreeMap<DeliveryNotice, Bilingual>,
}

impl DeliveryFacts {
    /// What there is to say.
    pub fn all() -> Self {
        Self {
            presets: presets(),
            outcomes: DeliveryOutcome::VARIANTS.iter().map(|outcome| (*outcome, outcome.words())).collect(),
            notices: DeliveryNotice::VARIANTS.iter().map(|notice| (*notice, notice.words())).collect(),
        }
    }
}

#[cfg(all(test, feature = "typescript"))]
mod tests {
    use super::*;

    /// What there is to say, for the host that plays the program behind the window.
    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "a source of the page: nothing reads it before it is whole"
    )]
    fn export_bindings_delivery_facts() {
        let facts = serde_json::to_string_pretty(&DeliveryFacts::all()).expect("they are texts");
        let text = format!(
            "// Generated from the facts of deliveries. Do not edit.\n\
             import type {{ DeliveryFacts }} from './DeliveryFacts';\n\n\
             export const deliveries: DeliveryFacts = {facts};\n"
        );
        let folder = ts_rs::Config::from_env().out_dir().to_owned();
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("deliveries.ts"), text).expect("it can be written");
    }
}
