//! The file: strict, so that a typing error is an error, and silent about what it leaves out.

use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::value::{Given, Moment, Text};
use crate::error::{Error, Result};
use crate::model::{MembershipStatus, Role, TenantRef, TenantSlug, TenantStatus, TenantType, UserRef};
use crate::ops::tenant::Assignment;

/// The name and version of the format.
pub(super) const SCHEMA: &str = "vital.seed/1";

/// Defines the columns of a tenant once: the keys of the file, and their order in an export.
macro_rules! columns {
    ($($name:ident: $kind:ty,)*) => {
        /// A tenant of the file. What a key means, the column of that name says.
        #[derive(Debug, Clone, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct SeedTenant {
            /// The slug, which identifies the tenant.
            pub slug: TenantSlug,
            /// The id of a tenant that is to be created; one that is there keeps its own.
            pub id: Option<Uuid>,
            /// The parent.
            #[serde(default)]
            pub parent: Given<TenantRef>,
            $(
                #[doc = concat!("Column `", stringify!($name), "`.")]
                #[serde(default)]
                pub $name: Given<$kind>,
            )*
            /// Its members. Who is not mentioned stays.
            #[serde(default)]
            pub members: Vec<SeedMember>,
        }

        /// The columns in the order of an export, without slug, id and parent.
        pub(super) const COLUMNS: &[&str] = &[$(stringify!($name)),*];

        impl SeedTenant {
            /// The columns that the file mentions.
            pub(super) fn assignments(&self) -> Vec<Assignment> {
                let mut assignments = Vec::new();
                $(
                    let name = stringify!($name).trim_start_matches("r#");
                    match &self.$name {
                        Given::Absent => {}
                        Given::Null => assignments.push(Assignment::column(name, None)),
                        Given::Value(value) => assignments.push(Assignment::column(name, Some(value.text()))),
                    }
                )*
                match &self.parent {
                    Given::Absent => {}
                    Given::Null => assignments.push(Assignment::column("parent_tenant_id", None)),
                    Given::Value(parent) => {
                        assignments.push(Assignment::column("parent_tenant_id", Some(parent.to_string())));
                    }
                }
                assignments
            }
        }
    };
}

columns! {
    name: String,
    r#type: TenantType,
    status: TenantStatus,
    domain: String,
    subscription_tier: String,
    subscription_status: String,
    subscription_starts_at: Moment,
    subscription_ends_at: Moment,
    trial_ends_at: Moment,
    resource_access_config: Value,
    branding: Value,
    features: Value,
    config: Value,
    hipaa_compliant: bool,
    gdpr_compliant: bool,
    sox_compliant: bool,
    data_residency: String,
    encryption_enabled: bool,
    industry: String,
    company_size: String,
    country_code: String,
    timezone: String,
    primary_contact_name: String,
    primary_contact_email: String,
    primary_contact_phone: String,
    billing_email: String,
    quotas: Value,
    metadata: Value,
    activated_at: Moment,
    suspended_at: Moment,
    archived_at: Moment,
    deleted_at: Moment,
    created_at: Moment,
    created_by: Uuid,
    updated_by: Uuid,
}

/// A member of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedMember {
    /// The user.
    pub user: UserRef,
    /// The role.
    #[serde(default = "member")]
    pub role: Role,
    /// The status.
    #[serde(default = "active")]
    pub status: MembershipStatus,
}

fn member() -> Role {
    Role::Member
}

fn active() -> MembershipStatus {
    MembershipStatus::Active
}

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SeedFile {
    #[serde(default)]
    schema: Option<String>,
    /// The tenants. Who is not mentioned stays.
    #[serde(default)]
    pub tenants: Vec<SeedTenant>,
    /// The platform admins. Who is not mentioned stays one.
    #[serde(default)]
    pub platform_admins: Vec<UserRef>,
}

impl SeedFile {
    /// Reads a file that `name` names in errors.
    ///
    /// # Errors
    /// [`crate::Kind::Usage`] with line and column for anything but the format; without, for something named twice.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let file: Option<Self> = crate::ops::yaml::parse(text, name)?;
        let file = file.unwrap_or_default();
        let fault =
            |what: String| Err(Error::usage(format!("{name}: {what}")).with_hint("nothing was changed"));
        if let Some(schema) = file.schema.as_deref().filter(|schema| *schema != SCHEMA) {
            return fault(format!("schema `{schema}` is not `{SCHEMA}`"));
        }
        if let Some(slug) = repeated(file.tenants.iter().map(|tenant| tenant.slug.to_string())) {
            return fault(format!("tenant `{slug}` appears twice"));
        }
        for tenant in &file.tenants {
            if let Some(user) = repeated(tenant.members.iter().map(|member| member.user.to_string())) {
                return fault(format!("member `{user}` of `{}` appears twice", tenant.slug));
            }
        }
        match repeated(file.platform_admins.iter().map(ToString::to_string)) {
            Some(user) => fault(format!("platform admin `{user}` appears twice")),
            None => Ok(file),
        }
    }

    /// The two tenants that every migrated database has.
    ///
    /// # Errors
    /// None, as a test shows.
    pub fn builtin() -> Result<Self> {
        Self::parse(include_str!("builtin.yaml"), "the built-in tenants")
    }
}

fn repeated(names: impl Iterator<Item = String>) -> Option<String> {
    let mut seen = std::collections::HashSet::new();
    names.into_iter().find(|name| !seen.insert(name.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        SeedFile::parse(text, "f").map_or_else(|error| error.message, |_| String::new())
    }

    #[test]
    fn what_is_not_the_format_is_named_with_line_and_column() {
        for (text, start) in [
            (
                "tenants:\n- slug: a\n  colour: red\n",
                "f:3:3: tenants[0]: unknown field `colour`",
            ),
            (
                "tenants:\n- slug: A B\n",
                "f:2:9: tenants[0].slug: `A B` is not a valid slug",
            ),
            ("tenants:\n- name: a\n", "f:2:3: tenants[0]: missing field `slug`"),
            (
                "tenants:\n- slug: a\n  trial_ends_at: soon\n",
                "f:3:18: tenants[0].trial_ends_at: `soon` is not a valid time",
            ),
            (
                "tenants:\n- slug: a\n  members:\n  - user: a@b\n    role: boss\n",
                "f:5:11: tenants[0].members[0].role: unknown variant `boss`",
            ),
            (
                "tenants:\n- slug: a\n  slug: a\n",
                "f:2:3: tenants[0]: duplicate field `slug`",
            ),
            (
                "platform_admins: [ada]\n",
                "f:1:19: platform_admins[0]: `ada` is neither",
            ),
            ("tenants: [{slug: a}, {slug: a}]\n", "f: tenant `a` appears twice"),
            ("schema: vital.seed/9\n", "f: schema `vital.seed/9` is not"),
        ] {
            let message = message(text);
            assert!(message.starts_with(start), "{message}\n{start}");
        }
    }

    #[test]
    fn the_builtin_tenants_parse_and_an_empty_file_says_nothing() {
        assert_eq!(SeedFile::builtin().map(|file| file.tenants.len()), Ok(2));
        assert_eq!(SeedFile::parse("", "f").map(|file| file.tenants.len()), Ok(0));
    }

    #[test]
    fn every_column_of_the_migration_can_be_seeded() {
        let sql = include_str!("../../../sql/migrations/V20251026000001__create_tenants_table.sql");
        let from = sql
            .find("create table if not exists public.tenants (")
            .map(|at| &sql[at..]);
        let table = from
            .and_then(|from| from.split_once("\n);"))
            .map(|(table, _)| table)
            .unwrap_or_default();
        let columns: Vec<_> = table
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let other = ["id", "slug", "parent_tenant_id", "updated_at"];
        assert_eq!(columns.len(), 39);
        for column in columns.into_iter().filter(|column| !other.contains(column)) {
            assert!(
                COLUMNS
                    .iter()
                    .any(|known| known.trim_start_matches("r#") == column),
                "{column}"
            );
        }
    }
}
