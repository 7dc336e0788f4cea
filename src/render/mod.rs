//! Writes reports as table, JSON, YAML or CSV.
