//! The integration tests, in one binary; every test runs against a private PostgreSQL.
