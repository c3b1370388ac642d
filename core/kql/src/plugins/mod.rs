//! What `evaluate` calls: one file per plugin, one line each in the list.

mod active_users;
mod activity_counts;
mod arguments;
mod bag_unpack;
mod basket;
mod dcount_intersect;
mod geo_lookup;
mod ip_lookup;
mod lookup;
mod narrow;
mod pivot;
mod preview;
mod rolling_percentile;
mod rows_near;
mod sliding_counts;

use crate::{
    bind::{Binder, Result},
    bound::Relation,
    syntax::tree::operators::Evaluate,
};

/// How a plugin binds over its input.
pub(crate) type Bind = for<'t> fn(&mut Binder<'t>, Relation, &'t Evaluate) -> Result<Relation>;

/// A plugin of the language.
pub struct Plugin {
    pub name: &'static str,
    /// How it is written behind `evaluate`; what stands in `[]` may be left out.
    pub syntax: &'static str,
    /// What it does, in a sentence of ours.
    pub about: &'static str,
    /// Queries, and the rows they give: cells divided by `, `, rows by `; `. Run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    pub(crate) bind: Bind,
}

const PLUGINS: &[Plugin] = &[
    active_users::PLUGIN,
    activity_counts::PLUGIN,
    bag_unpack::PLUGIN,
    basket::PLUGIN_CLUSTERS,
    basket::PLUGIN_SETS,
    dcount_intersect::PLUGIN,
    geo_lookup::PLUGIN_LINES,
    geo_lookup::PLUGIN_POLYGONS,
    ip_lookup::PLUGIN_V4,
    ip_lookup::PLUGIN_V6,
    narrow::PLUGIN,
    pivot::PLUGIN,
    preview::PLUGIN,
    rolling_percentile::PLUGIN,
    rows_near::PLUGIN,
    sliding_counts::PLUGIN,
];

/// Every plugin.
pub fn all() -> impl Iterator<Item = &'static Plugin> {
    PLUGINS.iter()
}

/// A plugin by its name.
pub(crate) fn plugin(name: &str) -> Option<Bind> {
    PLUGINS.iter().find(|plugin| plugin.name == name).map(|plugin| plugin.bind)
}

/// The names of all plugins.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|plugin| plugin.name)
}
