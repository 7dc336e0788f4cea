//! Owner by viewer: how many agents of one tenant the members of another see.

use std::collections::{HashMap, HashSet};

use serde::ser::{Serialize, SerializeMap, Serializer};
use uuid::Uuid;

use super::report::{Tenant, by_tenant, tenant};
use crate::db::{Fault, Transaction};
use crate::report::{Cell, Report, Table, Tone, asked};

const PAIRS: &str = include_str!("../../../sql/report/sharing_matrix.sql");
/// Up to so many pairs are listed each.
const MOST: usize = 10_000;
/// What it is called when it cannot be made.
pub const TASK: &str = "could not report who sees whose agents";

/// The matrix. What everybody sees is kept once an owner and what is shared selectively once a pair, so its size follows the
/// number of tenants that share, not the number of agents.
#[derive(Debug)]
pub struct Matrix {
    /// The tenants; one without an id, if any, owns what nobody owns.
    pub tenants: Vec<Tenant>,
    selective: HashMap<(usize, usize), i64>,
    owners: Option<HashSet<usize>>,
    viewers: Option<HashSet<usize>>,
}

/// What the members of one tenant see of another's agents, or of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Position of the owner among the tenants.
    pub owner: usize,
    /// Position of the viewer.
    pub viewer: usize,
    /// In all.
    pub visible: i64,
    /// As their owner, except those that everybody sees.
    pub own: i64,
    /// Because everybody sees them.
    pub global: i64,
    /// Because they are shared with the viewer.
    pub selective: i64,
}

/// Counts on the server, in two statements of one snapshot; only for some owners and viewers if any are named.
///
/// # Errors
/// [`crate::Kind::Failed`] if the database is not migrated, or the role does not see every agent.
pub async fn matrix(
    transaction: &Transaction<'_>,
    owners: &[String],
    viewers: &[String],
) -> Result<Matrix, Fault> {
    let owners = super::tenant::find(transaction, owners).await?;
    let viewers = super::tenant::find(transaction, viewers).await?;
    let by_tenant = by_tenant(transaction).await?;
    let tenants = transaction.query(by_tenant, &[]).await?;
    let tenants: Vec<Tenant> = tenants.iter().map(tenant).collect();
    let place: HashMap<Option<Uuid>, usize> = tenants.iter().enumerate().map(|(at, t)| (t.id, at)).collect();
    let pairs = transaction.query(PAIRS, &[]).await?;
    let mut selective = HashMap::with_capacity(pairs.len());
    for row in &pairs {
        // An owner that does not exist is as good as none; a recipient that does not exist sees nothing.
        let owner = place.get(&row.get("owner_id")).or_else(|| place.get(&None));
        let viewer = place.get(&Some(row.get::<_, Uuid>("viewer_id")));
        if let (Some(&owner), Some(&viewer)) = (owner, viewer) {
            *selective.entry((owner, viewer)).or_insert(0) += row.get::<_, i64>("agents");
        }
    }
    let places = |chosen: &[super::Tenant]| {
        let places = chosen
            .iter()
            .filter_map(|tenant| place.get(&Some(tenant.id)).copied());
        (!chosen.is_empty()).then(|| places.collect())
    };
    Ok(Matrix {
        owners: places(&owners),
        viewers: places(&viewers),
        tenants,
        selective,
    })
}

impl Matrix {
    /// The tenants that have members, by position: who views, and who owns besides the agents without a tenant.
    pub fn viewers(&self) -> impl Iterator<Item = usize> {
        let chosen = |at: &usize| self.viewers.as_ref().is_none_or(|viewers| viewers.contains(at));
        (0..self.tenants.len()).filter(move |at| self.tenants[*at].id.is_some() && chosen(at))
    }

    /// The owners, by position.
    pub fn owners(&self) -> impl Iterator<Item = usize> {
        let chosen = |at: &usize| self.owners.as_ref().is_none_or(|owners| owners.contains(at));
        (0..self.tenants.len()).filter(move |at| chosen(at))
    }

    /// What the members of `viewer` see of `owner`'s agents. One whose tenant is not active acts for nobody.
    #[must_use]
    pub fn access(&self, owner: usize, viewer: usize) -> Access {
        let (theirs, acting) = (&self.tenants[owner], self.tenants[viewer].is_active);
        let own = if owner == viewer && acting {
            theirs.owned - theirs.global
        } else {
            0
        };
        let selective = match self.selective.get(&(owner, viewer)) {
            Some(&agents) if acting => agents,
            _ => 0,
        };
        Access {
            owner,
            viewer,
            visible: own + theirs.global + selective,
            own,
            global: theirs.global,
            selective,
        }
    }

    /// Every pair of which the viewer receives something that the owner shares selectively, with how many agents these are.
    #[must_use]
    pub fn pairs(&self) -> Vec<(usize, usize, i64)> {
        let chosen =
            |among: &Option<HashSet<usize>>, at| among.as_ref().is_none_or(|among| among.contains(at));
        let mut pairs: Vec<(usize, usize, i64)> = self
            .selective
            .keys()
            .filter(|(owner, viewer)| chosen(&self.owners, owner) && chosen(&self.viewers, viewer))
            .map(|&(owner, viewer)| (owner, viewer, self.access(owner, viewer).selective))
            .filter(|(.., agents)| *agents > 0)
            .collect();
        pairs.sort_unstable();
        pairs
    }

    /// The ids of the owners that were asked for, if any were.
    #[must_use]
    pub fn owner_ids(&self) -> Option<Vec<Uuid>> {
        let owners = self.owners.as_ref()?;
        Some(owners.iter().filter_map(|at| self.tenants[*at].id).collect())
    }

    /// What was asked for, in words; nothing if everything was.
    #[must_use]
    pub fn filter(&self) -> String {
        let named = |places: &Option<HashSet<usize>>| {
            let mut names: Vec<&str> = places.as_ref()?.iter().map(|at| self.label(*at)).collect();
            names.sort_unstable();
            Some(names.join(", "))
        };
        asked([("owner", named(&self.owners)), ("viewer", named(&self.viewers))])
    }

    /// Whether pairs are too many to list each: then those of whom the viewer sees no more than everybody does are left out.
    #[must_use]
    pub fn is_folded(&self) -> bool {
        self.owners().count().saturating_mul(self.viewers().count()) > MOST
    }

    /// Every pair of which the viewer sees something, owners first; if folded, something beyond what everybody sees.
    pub fn accesses(&self) -> impl Iterator<Item = Access> {
        let folded = self.is_folded();
        let listed =
            move |access: &Access| access.own + access.selective > 0 || (!folded && access.global > 0);
        let pairs = self
            .owners()
            .flat_map(|owner| self.viewers().map(move |viewer| (owner, viewer)));
        pairs
            .map(|(owner, viewer)| self.access(owner, viewer))
            .filter(listed)
    }

    /// How a tenant is called in a row.
    #[must_use]
    pub fn label(&self, at: usize) -> &str {
        self.tenants[at].slug.as_deref().unwrap_or("(none)")
    }
}

/// The JSON shape: `tenants`, `folded`, and `cells` of owner, viewer and the four counts. If folded, a viewer without a cell sees
/// the owner's `global` agents.
impl Serialize for Matrix {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(3))?;
        map.serialize_entry("tenants", &self.tenants)?;
        map.serialize_entry("folded", &self.is_folded())?;
        map.serialize_entry("cells", &Cells(self))?;
        map.end()
    }
}

struct Cells<'a>(&'a Matrix);

impl Serialize for Cells<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(serde::Serialize)]
        struct Pair<'a> {
            owner: Option<&'a str>,
            viewer: Option<&'a str>,
            visible: i64,
            own: i64,
            global: i64,
            selective: i64,
        }
        serializer.collect_seq(self.0.accesses().map(|access| Pair {
            owner: self.0.tenants[access.owner].slug.as_deref(),
            viewer: self.0.tenants[access.viewer].slug.as_deref(),
            visible: access.visible,
            own: access.own,
            global: access.global,
            selective: access.selective,
        }))
    }
}

impl Report for Matrix {
    const SCHEMA: &'static str = "vital.sharing.matrix/1";

    fn table(&self) -> Table {
        let header = vec!["owner", "viewer", "visible", "own", "global", "selective"];
        let name = |at: usize| match self.tenants[at].is_active {
            true => Cell::text(self.label(at)),
            false => Cell::text(self.label(at)).tone(Tone::Warn),
        };
        let row = |owner: usize, viewer: Cell, counts: [i64; 4]| {
            let mut cells = vec![name(owner), viewer];
            cells.extend(counts.map(Cell::number));
            cells
        };
        let sharing = self
            .owners()
            .filter(|owner| self.is_folded() && self.tenants[*owner].global > 0);
        let everybody = sharing.map(|owner| {
            let global = self.tenants[owner].global;
            row(
                owner,
                Cell::text("(everybody)").tone(Tone::Dim),
                [global, 0, global, 0],
            )
        });
        let pairs = self.accesses().map(|access| {
            let counts = [access.visible, access.own, access.global, access.selective];
            row(access.owner, name(access.viewer), counts)
        });
        let rows = everybody.chain(pairs).collect();
        Table { header, rows }
    }

    fn summary(&self) -> Vec<String> {
        let everybody: i64 = self.owners().map(|owner| self.tenants[owner].global).sum();
        let shared: i64 = self.accesses().map(|access| access.selective).sum();
        vec![format!(
            "everybody sees {everybody} global agents; selective sharing gives {shared} more, counted once a recipient"
        )]
    }
}
