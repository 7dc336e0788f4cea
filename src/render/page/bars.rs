//! Bars: a tenant's agents by mode, as wide as the page is.

use std::cmp::Reverse;

use maud::{Markup, html};

use super::key;
use crate::ops::sharing::report::Tenant;
use crate::render::escape::visible;
use crate::render::picture::{draw, thousands};
use crate::report::counted;

/// The most tenants; those with the most agents are drawn.
const MOST: usize = 40;
/// The longest bar, in its own units.
const LONGEST: i64 = 10_000;

/// Writes the tenants with the most agents: what each owns by mode, and what it receives.
pub fn bars(tenants: &[Tenant]) -> Markup {
    let length = |tenant: &Tenant| tenant.owned + tenant.received;
    let mut shown: Vec<&Tenant> = tenants.iter().filter(|tenant| length(tenant) > 0).collect();
    let empty = tenants.len() - shown.len();
    shown.sort_by_key(|tenant| Reverse(length(tenant)));
    let small = shown.len().saturating_sub(MOST);
    shown.truncate(MOST);
    let most = shown
        .iter()
        .map(|tenant| length(tenant))
        .max()
        .unwrap_or(0)
        .max(1);
    html! {
        section aria-labelledby="bars-heading" {
            h2 id="bars-heading" { "Agents by tenant" }
            p class="soft" {
                "What each owns, and what it receives from others; the most first."
                @if small > 0 { " " (counted(small, "tenant", "tenants")) " with fewer agents stand in the table only." }
                @if empty > 0 { " " (counted(empty, "tenant has", "tenants have")) " none." }
            }
            (key(&[("private", "private"), ("selective", "selective"), ("global", "global"), ("received", "received")]))
            ul class="bars" {
                @for tenant in shown {
                    li {
                        span class="name" { bdi { (visible(tenant.slug.as_deref().unwrap_or("(no tenant)"))) } }
                        (bar(tenant, most))
                        span class="number" { (thousands(length(tenant))) }
                    }
                }
            }
        }
    }
}

fn bar(tenant: &Tenant, most: i64) -> Markup {
    let pieces = [
        ("private", tenant.private),
        ("selective", tenant.selective),
        ("global", tenant.global),
        ("received", tenant.received),
    ];
    let said: Vec<String> = pieces
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(name, count)| format!("{} {name}", thousands(*count)))
        .collect();
    let place = |count| draw::scale(count, most, LONGEST);
    let mut from = 0;
    html! {
        svg viewBox=(format!("0 0 {LONGEST} 10")) preserveAspectRatio="none" role="img" aria-label=(said.join(", ")) {
            title { (said.join(", ")) }
            @for (class, count) in pieces {
                @let (start, end) = (place(from), place(from + count));
                @let () = from += count;
                @if end > start { rect class=(class) x=(start) y="0" width=(end - start) height="10" {} }
            }
        }
    }
}
