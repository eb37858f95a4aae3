use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

use super::{Key, MAX_DEPTH, MAX_SIZE, Mark, Node, Value, YamlError, scalar, trap};

/// What could be read of a text, and every problem met on the way.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Partial {
    /// The tree without what could not be read.
    pub root: Node,
    /// The problems, in the order of the text.
    pub errors: Vec<YamlError>,
    /// Whether the text was read to its end. If not, what is missing from the tree may stand after the break.
    pub complete: bool,
}

/// Reads one document.
///
/// An empty text is [`Value::Null`].
///
/// # Errors
///
/// Returns the first problem of the text; [`parse_all`] returns all of them.
pub fn parse(text: &str) -> Result<Node, YamlError> {
    let partial = parse_all(text);
    match partial.errors.into_iter().next() {
        Some(error) => Err(error),
        None => Ok(partial.root),
    }
}

/// Reads one document and goes on past problems such as duplicate keys, so that all are reported at once.
///
/// A break of the syntax ends the reading; what was complete before it is in the tree.
pub fn parse_all(text: &str) -> Partial {
    let mut reader = Reader::default();
    let complete = if text.len() > MAX_SIZE {
        reader.errors.push(YamlError::new(
            Mark::START,
            format!(
                "the text has {} bytes, at most {MAX_SIZE} are read",
                text.len()
            ),
        ));
        false
    } else {
        reader.read(text)
    };
    reader.finish(complete)
}

#[derive(Default)]
struct Reader {
    open: Vec<Open>,
    root: Option<Node>,
    errors: Vec<YamlError>,
}

/// A list or map that is not closed yet.
enum Open {
    List {
        mark: Mark,
        items: Vec<Node>,
    },
    Map {
        mark: Mark,
        entries: Vec<(Key, Node)>,
        /// The index in `entries` of each key, so that a large map is not searched for every key.
        seen: HashMap<String, usize>,
        key: Pending,
    },
}

/// What a map waits for.
enum Pending {
    Key,
    Value(Key),
    /// The key could not be used: its value is dropped.
    Dropped,
}

// === impl Reader ===

impl Reader {
    /// Returns whether the text was read to its end.
    fn read(&mut self, text: &str) -> bool {
        let mut parser = Parser::new_from_str(text);
        let mut documents = 0;
        while let Some(event) = parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => {
                    let error = trap::explain(text, mark(*error.marker()), error.info());
                    self.errors.push(error);
                    return false;
                }
            };
            if let Event::DocumentStart(_) = event {
                documents += 1;
                if documents > 1 {
                    self.errors.push(
                        YamlError::new(mark(span.start), "a second document begins here")
                            .with_help("write one document per file"),
                    );
                    return false;
                }
            }
            if !self.event(event, span) {
                return false;
            }
        }
        true
    }

    /// Returns whether reading can go on.
    fn event(&mut self, event: Event<'_>, span: Span) -> bool {
        let mark = mark(span.start);
        match event {
            Event::Alias(_) => {
                self.errors.push(
                    YamlError::new(mark, "aliases are not supported")
                        .with_help("repeat the value, or quote the text that begins with `*`"),
                );
                self.value(Node::new(mark, Value::Null));
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.decorated(mark, anchor, tag.is_some());
                self.scalar(mark, &text, style);
            }
            Event::SequenceStart(anchor, tag) => {
                self.decorated(mark, anchor, tag.is_some());
                let items = Vec::new();
                return self.push(mark, Open::List { mark, items });
            }
            Event::MappingStart(anchor, tag) => {
                self.decorated(mark, anchor, tag.is_some());
                let map = Open::Map {
                    mark,
                    entries: Vec::new(),
                    seen: HashMap::new(),
                    key: Pending::Key,
                };
                return self.push(mark, map);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
        true
    }

    fn decorated(&mut self, mark: Mark, anchor: usize, tagged: bool) {
        if anchor != 0 {
            let error = YamlError::new(mark, "anchors are not supported")
                .with_help("remove the `&name`, or quote the text that begins with `&`");
            self.errors.push(error);
        }
        if tagged {
            let error = YamlError::new(mark, "tags are not supported")
                .with_help("remove the `!name`, or quote the text that begins with `!`");
            self.errors.push(error);
        }
    }

    fn push(&mut self, mark: Mark, open: Open) -> bool {
        if self.open.len() == MAX_DEPTH {
            self.errors.push(trap::too_deep(mark));
            return false;
        }
        self.open.push(open);
        true
    }

    fn scalar(&mut self, mark: Mark, text: &str, style: ScalarStyle) {
        if let Some(Open::Map {
            key: key @ Pending::Key,
            seen,
            entries,
            ..
        }) = self.open.last_mut()
        {
            let error = if text.is_empty() && style == ScalarStyle::Plain {
                YamlError::new(mark, "a key is missing before `:`")
            } else if text == "<<" && style == ScalarStyle::Plain {
                YamlError::new(mark, "merge keys are not supported").with_help("repeat the entries")
            } else if let Some(first) = seen.get(text).and_then(|index| entries.get(*index)) {
                let line = first.0.mark.line;
                YamlError::new(
                    mark,
                    format!("the key `{text}` stands twice, first at line {line}"),
                )
                .with_help("remove or rename one of them")
            } else {
                seen.insert(text.to_owned(), entries.len());
                let name = text.to_owned();
                *key = Pending::Value(Key { name, mark });
                return;
            };
            *key = Pending::Dropped;
            self.errors.push(error);
            return;
        }
        if style != ScalarStyle::Plain {
            self.value(Node::new(mark, Value::String(text.to_owned())));
            return;
        }
        let node = Node::plain(mark, text);
        if matches!(node.value, Value::String(_)) && scalar::is_integer(text) {
            let error = YamlError::new(mark, format!("the number `{text}` does not fit 64 bits"))
                .with_help(format!("write \"{text}\" if it is text"));
            self.errors.push(error);
        }
        self.value(node);
    }

    /// Hands a finished node to the list or map that is open.
    fn value(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Map { entries, key, .. }) => {
                *key = match std::mem::replace(key, Pending::Key) {
                    Pending::Value(name) => {
                        entries.push((name, node));
                        Pending::Key
                    }
                    Pending::Dropped => Pending::Key,
                    Pending::Key => {
                        let error = YamlError::new(node.mark, "a key must be text")
                            .with_help("quote a text that holds `{`, `[` or begins with `*`");
                        self.errors.push(error);
                        Pending::Dropped
                    }
                };
            }
        }
    }

    fn close(&mut self) {
        let node = match self.open.pop() {
            Some(Open::List { mark, items }) => Node::new(mark, Value::List(items)),
            Some(Open::Map { mark, entries, .. }) => Node::new(mark, Value::Map(entries)),
            None => return,
        };
        self.value(node);
    }

    /// What was still open is dropped, save for lists and the root, whose members so far are complete.
    fn finish(mut self, complete: bool) -> Partial {
        while let Some(open) = self.open.pop() {
            let node = match open {
                Open::List { mark, items } => Node::new(mark, Value::List(items)),
                Open::Map { mark, entries, .. } if self.open.is_empty() => {
                    Node::new(mark, Value::Map(entries))
                }
                Open::Map { .. } => continue,
            };
            if !matches!(
                self.open.last(),
                Some(Open::Map {
                    key: Pending::Key,
                    ..
                })
            ) {
                self.value(node);
            }
        }
        self.errors.sort_by_key(|error| error.mark);
        Partial {
            root: self
                .root
                .unwrap_or_else(|| Node::new(Mark::START, Value::Null)),
            errors: self.errors,
            complete,
        }
    }
}

fn mark(marker: Marker) -> Mark {
    Mark {
        line: marker.line().max(1),
        column: marker.col() + 1,
    }
}
