//! Questions to a person at a terminal; the only user of dialoguer.
