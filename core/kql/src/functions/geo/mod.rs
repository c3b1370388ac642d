//! Functions of places on Earth: points in degrees (the longitude first), lines and polygons as GeoJSON, and cells.
//!
//! The Earth is a sphere, and what joins two points is the shortest way on it.

mod buffer;
mod cells;
mod cover;
mod densify;
mod geohash;
mod h3;
mod lines;
mod overlaps;
mod overlay;
mod points;
mod polygons;
mod s2;
mod shape;
mod sphere;
mod wkt;

pub(super) use buffer::FUNCTIONS as BUFFER;
pub(super) use cells::FUNCTIONS as CELLS;
pub(super) use cover::FUNCTIONS as COVER;
pub(super) use densify::FUNCTIONS as DENSIFY;
pub(super) use geohash::FUNCTIONS as GEOHASH;
pub(super) use h3::FUNCTIONS as H3;
pub(super) use lines::FUNCTIONS as LINES;
pub(super) use overlaps::FUNCTIONS as OVERLAPS;
pub(super) use points::FUNCTIONS as POINTS;
pub(super) use polygons::FUNCTIONS as POLYGONS;
pub(super) use wkt::FUNCTIONS as WKT;

#[cfg(test)]
mod tests;
