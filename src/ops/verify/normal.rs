//! The normal form in which definitions are compared.
//!
//! PostgreSQL writes an expression as it parsed it, and what it wrote parses to another tree: after a dump and a restore,
//! or after a printed fix was run, the same constraint reads otherwise. Only what the parser itself makes of its own text
//! is levelled: a cast of an array goes to its elements, nested `or` and `and` become one, and so do doubled parentheses.

use std::collections::BTreeMap;

use serde_json::Value;

/// The facts that hold definitions or expressions.
const EXPRESSIONS: [&str; 4] = ["definition", "using", "check", "default"];

/// Whether two objects differ in more than the way in which the server writes the same expression.
pub(super) fn differ(promised: &Value, live: &Value) -> bool {
    let (Some(promised), Some(live)) = (promised.as_object(), live.as_object()) else {
        return promised != live;
    };
    let mut facts: BTreeMap<&str, (Option<&Value>, Option<&Value>)> = BTreeMap::new();
    for (key, value) in promised {
        facts.entry(key).or_default().0 = Some(value);
    }
    for (key, value) in live {
        facts.entry(key).or_default().1 = Some(value);
    }
    facts.iter().any(|(key, (promised, live))| {
        let text = |value: &Option<&Value>| value.and_then(Value::as_str).map(normal);
        match (text(promised), text(live)) {
            (Some(promised), Some(live)) if EXPRESSIONS.contains(key) => promised != live,
            _ => promised != live,
        }
    })
}

/// Returns the normal form of a definition that the server wrote.
pub(super) fn normal(definition: &str) -> String {
    let mut tokens = tokens(definition).into_iter();
    let mut text = String::with_capacity(definition.len());
    write(&level(group(&mut tokens, None)), &mut text);
    text
}

/// A token, or what stands between brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Token(String),
    Group(char, Vec<Node>),
}

impl Node {
    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Token(token) if token == text)
    }
}

/// Splits a text into words, quoted pieces, brackets, and single signs; `::` and `[]` are one.
fn tokens(text: &str) -> Vec<String> {
    let signs: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < signs.len() {
        let start = at;
        match signs[at] {
            sign if sign.is_whitespace() => {
                at += 1;
                continue;
            }
            quote @ ('\'' | '"') => {
                at += 1;
                while at < signs.len() {
                    at += 1;
                    if signs[at - 1] == quote {
                        if signs.get(at) != Some(&quote) {
                            break;
                        }
                        at += 1;
                    }
                }
            }
            sign if is_word(sign) => {
                while at < signs.len() && is_word(signs[at]) {
                    at += 1;
                }
            }
            ':' if signs.get(at + 1) == Some(&':') => at += 2,
            '[' if signs.get(at + 1) == Some(&']') => at += 2,
            _ => at += 1,
        }
        tokens.push(signs[start..at].iter().collect());
    }
    tokens
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '$' | '.')
}

/// Reads up to the bracket that closes.
fn group(tokens: &mut impl Iterator<Item = String>, close: Option<&str>) -> Vec<Node> {
    let mut nodes = Vec::new();
    while let Some(token) = tokens.next() {
        match token.as_str() {
            "(" => nodes.push(Node::Group('(', group(tokens, Some(")")))),
            "[" => nodes.push(Node::Group('[', group(tokens, Some("]")))),
            closing if Some(closing) == close => break,
            _ => nodes.push(Node::Token(token)),
        }
    }
    nodes
}

/// Levels a sequence, from the inside outwards.
fn level(nodes: Vec<Node>) -> Vec<Node> {
    let nodes: Vec<Node> = nodes
        .into_iter()
        .map(|node| match node {
            Node::Group(open, inner) => unwrap(open, level(inner)),
            token @ Node::Token(_) => token,
        })
        .collect();
    flatten(flatten(distribute(&nodes), "OR"), "AND")
}

/// `((x))` is `(x)`.
fn unwrap(open: char, mut inner: Vec<Node>) -> Node {
    match inner.as_slice() {
        [Node::Group('(', _)] if open == '(' => inner.remove(0),
        _ => Node::Group(open, inner),
    }
}

/// `(ARRAY[a, b])::t[]` is `ARRAY[(a)::t, (b)::t]`.
fn distribute(nodes: &[Node]) -> Vec<Node> {
    let mut levelled = Vec::with_capacity(nodes.len());
    let mut at = 0;
    while at < nodes.len() {
        let array = match &nodes[at] {
            Node::Group('(', inner) => match inner.as_slice() {
                [word, Node::Group('[', elements)] if word.is("ARRAY") => Some(elements),
                _ => None,
            },
            _ => None,
        };
        let cast = array.and_then(|elements| Some((elements, element_type(&nodes[at + 1..])?)));
        match cast {
            Some((elements, (type_name, length))) => {
                let mut cast = Vec::new();
                for (position, element) in elements.split(|node| node.is(",")).enumerate() {
                    if position > 0 {
                        cast.push(Node::Token(",".to_owned()));
                    }
                    cast.push(unwrap('(', element.to_vec()));
                    cast.extend(type_name.iter().cloned());
                }
                levelled.push(Node::Token("ARRAY".to_owned()));
                levelled.push(Node::Group('[', cast));
                at += 1 + length;
            }
            None => {
                levelled.push(nodes[at].clone());
                at += 1;
            }
        }
    }
    levelled
}

/// The cast to the elements' type, if `nodes` begin with a cast to an array type, and how many they are.
fn element_type(nodes: &[Node]) -> Option<(Vec<Node>, usize)> {
    if !nodes.first()?.is("::") {
        return None;
    }
    let end = nodes.iter().position(|node| node.is("[]"))?;
    let words = nodes[1..end].iter().all(|node| match node {
        Node::Token(token) => token.starts_with(is_word) || token.starts_with('"'),
        Node::Group(open, _) => *open == '(',
    });
    words.then(|| (nodes[..end].to_vec(), end + 1))
}

/// `(a OR b) OR c` is `a OR b OR c`, where nothing else stands between them.
fn flatten(nodes: Vec<Node>, connective: &str) -> Vec<Node> {
    let other = if connective == "OR" { "AND" } else { "OR" };
    if !nodes.iter().any(|node| node.is(connective)) || nodes.iter().any(|node| node.is(other)) {
        return nodes;
    }
    let mut flat = Vec::with_capacity(nodes.len());
    for (position, operand) in nodes.split(|node| node.is(connective)).enumerate() {
        if position > 0 {
            flat.push(Node::Token(connective.to_owned()));
        }
        match operand {
            [Node::Group('(', inner)]
                if inner.iter().any(|node| node.is(connective))
                    && !inner.iter().any(|node| node.is(other)) =>
            {
                flat.extend(inner.iter().cloned());
            }
            _ => flat.extend(operand.iter().cloned()),
        }
    }
    flat
}

fn write(nodes: &[Node], text: &mut String) {
    for node in nodes {
        match node {
            Node::Token(token) => text.push_str(token),
            Node::Group(open, inner) => {
                text.push(*open);
                write(inner, text);
                text.push(if *open == '(' { ')' } else { ']' });
            }
        }
        text.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn assert_same(one: &str, other: &str) {
        assert_eq!(normal(one), normal(other));
    }

    #[track_caller]
    fn assert_other(one: &str, other: &str) {
        assert_ne!(normal(one), normal(other));
    }

    #[test]
    fn a_cast_of_an_array_is_one_of_its_elements() {
        assert_same(
            "CHECK (((type)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
            "CHECK (((type)::text = ANY (ARRAY[('a'::character varying)::text, ('b'::character varying)::text])))",
        );
        assert_other(
            "CHECK (((type)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
            "CHECK (((type)::text = ANY (ARRAY[('a'::character varying)::text, ('c'::character varying)::text])))",
        );
        assert_other(
            "x = ANY ((ARRAY[a, b])::text[])",
            "x = ANY ((ARRAY[a, b])::uuid[])",
        );
    }

    #[test]
    fn nested_alternatives_are_one() {
        assert_same(
            "CREATE TRIGGER t AFTER UPDATE ON x FOR EACH ROW WHEN (((a IS DISTINCT FROM b) OR (c)) OR (d)) EXECUTE FUNCTION f()",
            "CREATE TRIGGER t AFTER UPDATE ON x FOR EACH ROW WHEN (((a IS DISTINCT FROM b) OR (c) OR (d))) EXECUTE FUNCTION f()",
        );
        assert_same("((a AND b) AND (c))", "(a AND b AND (c))");
        assert_other("((a OR b) AND (c))", "(a OR (b AND (c)))");
        assert_other("((a OR b) AND c)", "(a OR b AND c)");
        assert_other("(NOT (a OR b)) OR c", "NOT a OR b OR c");
        assert_other("(f(a OR b))", "(f a OR b)");
    }

    #[test]
    fn what_is_quoted_stays_as_it_is() {
        assert_other("'((a))'", "'(a)'");
        assert_other("'it''s  (('", "'it''s (('");
        assert_same("((\"a b\"))", "(\"a b\")");
        assert_other("\"a\"\"(\"", "\"a\"\"((\"");
    }

    #[test]
    fn only_expressions_are_levelled() {
        let facts = |definition: &str, name: &str| json!({"definition": definition, "name": name});
        assert!(!differ(&facts("((x))", "n"), &facts("(x)", "n")));
        assert!(differ(&facts("((x))", "((n))"), &facts("(x)", "(n)")));
        assert!(differ(&facts("(x)", "n"), &json!({"definition": "(x)"})));
    }
}
