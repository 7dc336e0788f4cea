//! One transaction a command, with who runs it.

use super::operator::Operator;
use crate::db::{Connection, Fault, Transaction};
use crate::error::{Error, Result};

const BEGIN: &str = include_str!("../../../sql/admin/begin.sql");

/// A connection on which the tenancy is run.
pub struct Tenancy<'a> {
    /// The connection.
    pub connection: &'a mut Connection,
    /// Who runs the command.
    pub operator: Operator,
}

impl Tenancy<'_> {
    /// Does `work` and keeps it. `what` is the failure, such as `could not assign the users`.
    ///
    /// # Errors
    /// Those of [`Connection::write`], and of a role from whom row security hides the tables.
    pub async fn apply<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        let operator = self.operator.setting();
        self.connection
            .write(what, async |transaction| {
                announce(transaction, what, &operator).await?;
                work(transaction).await
            })
            .await
    }

    /// Does `work`, with every check of the real thing, and rolls it back.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub async fn preview<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        let operator = self.operator.setting();
        self.connection
            .rehearse(what, async |transaction| {
                announce(transaction, what, &operator).await?;
                work(transaction).await
            })
            .await
    }

    /// Reads one unchanging state.
    ///
    /// # Errors
    /// Those of [`Connection::read`], and of a role from whom row security hides the tables.
    pub async fn read<T>(
        &mut self,
        what: &str,
        work: impl AsyncFn(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T> {
        let operator = self.operator.setting();
        self.connection
            .read(what, async |transaction| {
                announce(transaction, what, &operator).await?;
                work(transaction).await
            })
            .await
    }
}

/// Says who runs the command, and refuses a role that would take tables for empty which it does not see into.
async fn announce(transaction: &Transaction<'_>, what: &str, operator: &str) -> Result<(), Fault> {
    let begun = transaction.query_one(BEGIN, &[&operator]).await?;
    let Some(tables) = begun.get::<_, Option<String>>("hidden") else {
        return Ok(());
    };
    let role: &str = begun.get("role");
    Err(Error::failed(what)
        .with_cause(format!("row security hides {tables} from role `{role}`"))
        .with_hint(
            "nothing was changed; connect as the owner of the tables, or as another role that bypasses row security",
        )
        .into())
}
