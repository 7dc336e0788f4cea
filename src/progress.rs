//! Progress of long operations; the only user of indicatif.
