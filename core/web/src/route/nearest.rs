//! In which style to say that a path does not exist: that of the route most like it.

use super::path::Template;
use crate::error::Style;

/// The styles of all routes, by path.
pub(super) struct Neighbours(Vec<(Template, Style)>);

impl Neighbours {
    pub fn new(routes: impl IntoIterator<Item = (Template, Style)>) -> Self {
        Self(routes.into_iter().collect())
    }

    /// The style of the first route that shares the most literal segments with `path`; without any, the
    /// platform's own.
    pub fn style_at(&self, path: &str) -> Style {
        let mut nearest = (0, Style::ResourceManager);
        for (template, style) in &self.0 {
            let likeness = template.likeness(path);
            if likeness > nearest.0 {
                nearest = (likeness, *style);
            }
        }
        nearest.1
    }
}
