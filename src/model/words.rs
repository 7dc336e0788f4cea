//! Words that the database knows, a type for each set.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An enumeration that the database writes as a lower-case word.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$doc])* $variant),*
        }

        impl $name {
            /// Every word, in the order of the variants.
            pub const WORDS: &'static [&'static str] = &[$($word),*];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word),*
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(format!("`{text}` is none of {}", Self::WORDS.join(", "))),
                }
            }
        }
    };
}

words! {
    /// What a member may do in a tenant.
    Role {
        /// Manages the tenant, and answers for it.
        Owner = "owner",
        /// Manages the tenant.
        Admin = "admin",
        /// Works in the tenant.
        Member = "member",
        /// Reads.
        Guest = "guest",
    }
}

words! {
    /// Whether a membership counts.
    MembershipStatus {
        /// It does.
        Active = "active",
        /// Not yet.
        Invited = "invited",
        /// Not for now.
        Suspended = "suspended",
        /// No longer.
        Removed = "removed",
    }
}

words! {
    /// What a tenant is.
    TenantType {
        /// A customer.
        Client = "client",
        /// A solution that the platform offers.
        Solution = "solution",
        /// A line of business.
        Industry = "industry",
        /// The platform itself, of which there is one.
        Platform = "platform",
    }
}

words! {
    /// Whether a tenant is in use.
    TenantStatus {
        /// Not yet.
        Pending = "pending",
        /// It is.
        Active = "active",
        /// Not for now.
        Suspended = "suspended",
        /// No longer.
        Archived = "archived",
        /// No longer, and to be forgotten.
        Deleted = "deleted",
    }
}

words! {
    /// How an agent is shared.
    SharingMode {
        /// The owning tenant reads it.
        Private = "private",
        /// So do the tenants that are named.
        Selective = "selective",
        /// Everybody who is signed in reads it.
        Global = "global",
    }
}

impl SharingMode {
    /// Reads the database's name; what it does not know opens nothing.
    #[must_use]
    pub fn of(name: &str) -> Self {
        name.parse().unwrap_or(Self::Private)
    }
}
