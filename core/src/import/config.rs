//! Configuration files: TOML and YAML. What both leave to the reader's taste, `grammar.rs` reads.

use saphyr_parser::{Event, Parser};
use zeroize::Zeroizing;

use super::node::{Map, Node};

/// Deeper than any file of settings.
const DEEPEST: usize = 64;

/// A TOML file; `None` when it is none.
pub(super) fn toml(text: &str) -> Option<Node> {
    if !text.contains('=') {
        return None;
    }
    toml::from_str(text).ok()
}

/// A YAML file; `None` when it is none. Every scalar stays as it was written: a session of digits is no number.
pub(super) fn yaml(text: &str) -> Option<Node> {
    if !text.contains(':') {
        return None;
    }
    let mut open: Vec<(Node, Option<String>)> = Vec::new();
    let mut documents = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, _) = event.ok()?;
        let done = match event {
            Event::Scalar(text, ..) => Node::Text(Zeroizing::new(text.into_owned())),
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() >= DEEPEST => return None,
            Event::SequenceStart(..) => {
                open.push((Node::List(Vec::new()), None));
                continue;
            }
            Event::MappingStart(..) => {
                open.push((Node::Map(Map { is_flat: true, ..Map::default() }), None));
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop()?.0,
            Event::Alias(_) => Node::Nothing,
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {
                continue;
            }
        };
        match open.last_mut() {
            None => documents.push(done),
            Some((Node::List(list), _)) => list.push(done),
            Some((Node::Map(map), name)) => match name.take() {
                Some(name) => map.entries.push((name, done)),
                None => *name = Some(done.as_text().unwrap_or_default().to_owned()),
            },
            Some(_) => {}
        }
    }
    // A text alone is what every text is to YAML.
    let is_structured = documents.iter().any(|document| document.as_text().is_none());
    is_structured.then_some(Node::List(documents))
}
