//! Who and what is in the world of `fixtures/world.sql`.

use uuid::Uuid;

const fn tenant(number: u128) -> Uuid {
    Uuid::from_u128(0x1000_0000_0000_4000_8000_0000_0000_0000 + number)
}

const fn user(number: u128) -> Uuid {
    // The ids are written in decimal digits.
    Uuid::from_u128(0xb000_0000_0000_4000_8000_0000_0000_0000 + number / 10 * 16 + number % 10)
}

const fn agent(number: u128) -> Uuid {
    Uuid::from_u128(0xc000_0000_0000_4000_8000_0000_0000_0000 + number / 10 * 16 + number % 10)
}

/// The tenants of the world.
pub mod tenants {
    use super::{Uuid, tenant};

    pub const PLATFORM: Uuid = Uuid::from_u128(1);
    pub const NORTH: Uuid = tenant(1);
    pub const SOUTH: Uuid = tenant(2);
    pub const EAST: Uuid = tenant(3);
    pub const FROZEN: Uuid = tenant(4);
    pub const SHELF: Uuid = tenant(5);
    pub const GONE: Uuid = tenant(6);
    pub const EARLY: Uuid = tenant(7);
    pub const GHOST: Uuid = tenant(8);
    /// One that does not exist.
    pub const NOWHERE: Uuid = tenant(0xff);
    /// Those that give nobody access.
    pub const CLOSED: [Uuid; 5] = [FROZEN, SHELF, GONE, EARLY, GHOST];
}

/// The users of the world.
pub mod users {
    use super::{Uuid, user};

    pub const ADMIN: Uuid = user(1);
    pub const SUPPORT: Uuid = user(2);
    pub const NORTH_OWNER: Uuid = user(11);
    pub const NORTH_ADMIN: Uuid = user(12);
    pub const NORTH_MEMBER: Uuid = user(13);
    pub const NORTH_GUEST: Uuid = user(14);
    pub const NORTH_SUSPENDED: Uuid = user(15);
    pub const NORTH_REMOVED: Uuid = user(16);
    pub const NORTH_INVITED: Uuid = user(17);
    pub const SOUTH_OWNER: Uuid = user(21);
    pub const SOUTH_ADMIN: Uuid = user(22);
    pub const SOUTH_MEMBER: Uuid = user(23);
    pub const EAST_OWNER: Uuid = user(31);
    pub const FROZEN_OWNER: Uuid = user(41);
    pub const SHELF_OWNER: Uuid = user(51);
    pub const GONE_OWNER: Uuid = user(61);
    pub const EARLY_OWNER: Uuid = user(71);
    pub const GHOST_OWNER: Uuid = user(81);
    /// Owner of north and of south.
    pub const BOTH: Uuid = user(91);
    /// Member of north, admin of south.
    pub const MIXED: Uuid = user(92);
    /// Member of north, removed from south.
    pub const HALF: Uuid = user(93);
    /// Has tenant roles and no membership.
    pub const STRAY: Uuid = user(94);
    pub const OUTSIDER: Uuid = user(95);
    /// Member of north, owner of the suspended tenant.
    pub const SPLIT: Uuid = user(96);
    /// Users without access to any tenant.
    pub const LOCKED_OUT: [Uuid; 11] = [
        SUPPORT,
        NORTH_SUSPENDED,
        NORTH_REMOVED,
        NORTH_INVITED,
        FROZEN_OWNER,
        SHELF_OWNER,
        GONE_OWNER,
        EARLY_OWNER,
        GHOST_OWNER,
        STRAY,
        OUTSIDER,
    ];
}

/// The agents of the world, named after their tenant and sharing.
pub mod agents {
    use super::{Uuid, agent};

    pub const NORTH_PRIVATE: Uuid = agent(11);
    pub const NORTH_SELECTIVE: Uuid = agent(12);
    pub const NORTH_GLOBAL: Uuid = agent(13);
    pub const SOUTH_PRIVATE: Uuid = agent(21);
    pub const SOUTH_SELECTIVE: Uuid = agent(22);
    pub const SOUTH_GLOBAL: Uuid = agent(23);
    pub const EAST_PRIVATE: Uuid = agent(31);
    pub const FROZEN_PRIVATE: Uuid = agent(41);
    /// One that does not exist.
    pub const NOWHERE: Uuid = agent(99);
}

/// What everybody who is signed in may read.
pub const GLOBAL: [&str; 3] = ["frozen global", "north global", "south global"];

/// What a member of north, acting for it, reads.
pub const NORTH_READS: [&str; 6] = [
    "frozen global",
    "frozen selective",
    "north global",
    "north private",
    "north selective",
    "south global",
];

/// What a member of south, acting for it, reads.
pub const SOUTH_READS: [&str; 6] = [
    "frozen global",
    "north global",
    "north selective",
    "south global",
    "south private",
    "south selective",
];
