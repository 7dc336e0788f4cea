//! Texts that programs stumble over.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::CANARY;

/// Texts that are known to hurt somewhere.
pub const NASTY: [&str; 24] = [
    "",
    " ",
    "'",
    "\"",
    "\\",
    "%",
    "%00",
    "$$",
    "${PGPASSWORD}",
    "--",
    "-",
    "../../../etc/passwd",
    "'; drop table public.agents; --",
    "x' or '1'='1",
    "$$; drop schema public cascade; $$",
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{202e}gnp.exe",
    "line\nbreak\r\n",
    "\u{feff}",
    "NULL",
    "00000000-0000-0000-0000-000000000001",
    "9999999999999999999999",
    "a@b",
    "🦀",
];

/// Any text, often a nasty or a long one.
pub fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => proptest::sample::select(NASTY.to_vec()).prop_map(str::to_owned),
        3 => "\\PC{0,12}",
        1 => vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect()),
        1 => (1_usize..70_000).prop_map(|length| "x".repeat(length)),
    ]
}

/// Tokens in random order, often joined to something that nearly is of the format.
pub fn soup(tokens: &'static [&'static str]) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        6 => proptest::sample::select(tokens.to_vec()).prop_map(str::to_owned),
        1 => text(),
    ];
    vec(token, 0..14).prop_map(|tokens| tokens.concat())
}

/// Bytes that nearly are `soup`: some are changed, added or cut off.
pub fn bytes(tokens: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    let damage = vec((any::<proptest::sample::Index>(), any::<u8>()), 0..3);
    (soup(tokens), damage).prop_map(|(text, damage)| {
        let mut bytes = text.into_bytes();
        for (at, byte) in damage {
            if !bytes.is_empty() {
                let at = at.index(bytes.len());
                // The secret itself must stay recognisable.
                if !near_canary(&bytes, at) {
                    bytes[at] = byte;
                }
            }
        }
        bytes
    })
}

fn near_canary(bytes: &[u8], at: usize) -> bool {
    let length = CANARY.len();
    let (from, to) = (at.saturating_sub(length), (at + length).min(bytes.len()));
    bytes[from..to]
        .windows(length)
        .any(|part| part == CANARY.as_bytes())
}
