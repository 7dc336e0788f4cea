//! Attacks on the tenancy: each test plays somebody who wants more than they may have, or shows that who may, can.

mod admin_audit;
mod answers;
mod audit;
mod audit_access;
mod audit_source;
mod constraints;
mod context;
mod databases;
mod deleting;
mod functions;
mod grants;
mod oracles;
mod planted;
mod policies;
mod reading;
mod replacing;
mod revoking;
mod scenario;
mod sessions;
mod shadowing;
mod sharing;
mod snapshots;
mod tenants;
mod upsert;
pub mod world;
mod writing;
