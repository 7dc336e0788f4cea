//! What an SQL file is made of: the comment at its head, and its statements, which error messages name.

/// A statement and where it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// Its text without leading comments and without the semicolon.
    pub text: &'a str,
}

impl<'a> Statement<'a> {
    /// Its first line.
    #[must_use]
    pub fn first_line(&self) -> &'a str {
        self.text.lines().next().unwrap_or_default().trim_end()
    }
}

/// The text below the comment at the head of a file.
#[must_use]
pub fn body(text: &str) -> &str {
    let head: usize = text
        .split_inclusive('\n')
        .take_while(|line| line.starts_with("--"))
        .map(str::len)
        .sum();
    &text[head..]
}

/// Splits `sql` at the semicolons that end statements, as psql would.
///
/// Strings, quoted identifiers, dollar quotes, comments, parentheses and `begin atomic ... end` bodies are kept whole.
#[must_use]
pub fn split(sql: &str) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let (mut start, mut depth, mut at) = (None, 0_usize, 0);
    while let Some(length) = token(&sql[at..]) {
        let text = &sql[at..at + length];
        match text {
            ";" if depth == 0 => {
                if let Some(start) = start.take() {
                    statements.push(statement(sql, start, at));
                }
            }
            _ if is_blank(text) => {}
            _ => {
                start.get_or_insert(at);
                depth = nesting(depth, text, &sql[at + length..]);
            }
        }
        at += length;
    }
    statements.extend(start.map(|start| statement(sql, start, sql.len())));
    statements
}

/// Returns the statement of `sql` that holds the character at `position`, counted from 1 as the server counts.
#[must_use]
pub fn line_at(sql: &str, position: u32) -> usize {
    let before = usize::try_from(position).unwrap_or(usize::MAX).saturating_sub(1);
    1 + sql.chars().take(before).filter(|&c| c == '\n').count()
}

fn statement(sql: &str, start: usize, end: usize) -> Statement<'_> {
    Statement {
        line: 1 + sql[..start].matches('\n').count(),
        text: sql[start..end].trim_end(),
    }
}

fn nesting(depth: usize, text: &str, rest: &str) -> usize {
    let opens = |word: &str| text.eq_ignore_ascii_case(word);
    let follows = |word: &str| {
        let rest = rest.trim_start();
        rest.get(..word.len())
            .is_some_and(|next| next.eq_ignore_ascii_case(word))
    };
    match text {
        "(" => depth + 1,
        ")" => depth.saturating_sub(1),
        _ if opens("begin") && follows("atomic") => depth + 1,
        _ if depth > 0 && opens("case") => depth + 1,
        _ if depth > 0 && opens("end") => depth - 1,
        _ => depth,
    }
}

fn is_blank(token: &str) -> bool {
    token.starts_with(char::is_whitespace) || token.starts_with("--") || token.starts_with("/*")
}

/// Returns the byte length of the first token of `sql`; nothing at the end.
fn token(sql: &str) -> Option<usize> {
    let first = sql.chars().next()?;
    let length = if sql.starts_with("--") {
        sql.find('\n').unwrap_or(sql.len())
    } else if sql.starts_with("/*") {
        comment(sql)
    } else if first == '\'' || first == '"' {
        quoted(sql, first, false)
    } else if (first == 'e' || first == 'E') && sql[1..].starts_with('\'') {
        1 + quoted(&sql[1..], '\'', true)
    } else if first == '$' {
        dollar_quoted(sql)
    } else if first.is_whitespace() {
        span(sql, char::is_whitespace)
    } else if first.is_alphanumeric() || first == '_' {
        span(sql, |c| c.is_alphanumeric() || c == '_' || c == '$')
    } else {
        first.len_utf8()
    };
    Some(length)
}

fn span(sql: &str, belongs: impl Fn(char) -> bool) -> usize {
    sql.find(|c| !belongs(c)).unwrap_or(sql.len())
}

fn quoted(sql: &str, quote: char, backslash: bool) -> usize {
    let mut escaped = false;
    for (at, c) in sql.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if backslash && c == '\\' {
            escaped = true;
        } else if c == quote {
            return at + 1;
        }
    }
    sql.len()
}

fn dollar_quoted(sql: &str) -> usize {
    let tag = 1 + span(&sql[1..], |c| c.is_alphanumeric() || c == '_');
    if !sql[tag..].starts_with('$') {
        return 1;
    }
    let delimiter = &sql[..=tag];
    let body = delimiter.len();
    sql[body..]
        .find(delimiter)
        .map_or(sql.len(), |end| body + end + delimiter.len())
}

fn comment(sql: &str) -> usize {
    let (mut at, mut depth) = (2, 1_usize);
    while depth > 0 {
        let Some(next) = sql[at..].find("/*").into_iter().chain(sql[at..].find("*/")).min() else {
            return sql.len();
        };
        depth = if sql[at + next..].starts_with("/*") {
            depth + 1
        } else {
            depth - 1
        };
        at += next + 2;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(sql: &str) -> Vec<&str> {
        split(sql).iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn semicolons_inside_quotes_comments_and_bodies_do_not_split() {
        let sql =
            "select ';', \";\", e'\\';', $$;$$, $a$ $$ ; $$ $a$ -- ;\n /* ; /* ; */ ; */;\nselect $1;\n";
        assert_eq!(split(sql).len(), 2);
        let atomic = "create function f() returns int begin atomic select case when true then 1 end; select 2; end;select 3";
        assert_eq!(texts(atomic).len(), 2);
    }

    #[test]
    fn a_statement_knows_its_line() {
        let statements = split("-- head\n\nselect 1;\n\n-- next\nselect\n  2;\n");
        let lines: Vec<(usize, &str)> = statements.iter().map(|s| (s.line, s.first_line())).collect();
        assert_eq!(lines, [(3, "select 1"), (6, "select")]);
    }

    #[test]
    fn positions_count_characters() {
        assert_eq!(line_at("é\né\nx", 5), 3);
        assert_eq!(line_at("x", 0), 1);
        assert_eq!(line_at("x\n", 4_000_000_000), 2);
    }

    #[test]
    fn unfinished_quotes_end_with_the_text() {
        for sql in ["'", "$a$", "/*", "\"", "e'\\", "$", "$é", "("] {
            assert_eq!(split(sql).len(), usize::from(sql != "/*"), "{sql}");
        }
    }
}
