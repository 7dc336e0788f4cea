//! Who runs a command, for the audit.

use serde::Serialize;

/// What the tool says about whoever runs it; the server adds the role, the address and the application's name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// The user of the operating system.
    pub os_user: Option<String>,
    /// The name of the machine.
    pub host: Option<String>,
    /// The command, such as `vital grant-admin ada@vital.example`.
    pub command: String,
}

impl Operator {
    /// The user of this process on this machine, running `command`.
    #[must_use]
    pub fn of_process(command: &str) -> Self {
        Self {
            os_user: whoami::username().ok(),
            host: whoami::hostname().ok(),
            // The server's JSON cannot hold NUL.
            command: command.replace('\0', ""),
        }
    }

    /// The setting `vital.operator`, as the audit reads it.
    pub(super) fn setting(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}
