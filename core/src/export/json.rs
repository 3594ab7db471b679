//! A JSON object from cookie name to value, in the order of the cookie.

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use tunekey_services::{CookiePairs, Secret, Unfit};

use super::exposed;

pub(super) fn render(cookie: &CookiePairs) -> Result<Secret, Unfit> {
    serde_json::to_string(&Object(cookie)).map(Secret::new).map_err(|_| Unfit)
}

/// The type has no `Serialize` of its own, on purpose.
struct Object<'a>(&'a CookiePairs);

impl Serialize for Object<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            object.serialize_entry(name, exposed(value))?;
        }
        object.end()
    }
}
