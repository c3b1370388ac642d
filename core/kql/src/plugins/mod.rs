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

const PLUGINS: &[(&str, Bind)] = &[
    ("active_users_count", active_users::bind),
    ("activity_counts_metrics", activity_counts::bind),
    ("bag_unpack", bag_unpack::bind),
    ("geo_line_lookup", geo_lookup::bind_lines),
    ("geo_polygon_lookup", geo_lookup::bind_polygons),
    ("autocluster", basket::bind_clusters),
    ("basket", basket::bind_sets),
    ("dcount_intersect", dcount_intersect::bind),
    ("ipv4_lookup", ip_lookup::bind_v4),
    ("ipv6_lookup", ip_lookup::bind_v6),
    ("narrow", narrow::bind),
    ("pivot", pivot::bind),
    ("preview", preview::bind),
    ("rolling_percentile", rolling_percentile::bind),
    ("rows_near", rows_near::bind),
    ("sliding_window_counts", sliding_counts::bind),
];

/// A plugin by its name.
pub(crate) fn plugin(name: &str) -> Option<Bind> {
    PLUGINS.iter().find(|(known, _)| *known == name).map(|(_, bind)| *bind)
}

/// The names of all plugins.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PLUGINS.iter().map(|(name, _)| *name)
}
