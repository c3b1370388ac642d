//! Path templates: `/dataCollectionRules/{id}/streams/{stream}`.

use std::fmt::Write;

/// A path template taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    One(String),
    Rest(String),
}

impl Template {
    /// Parses a template; `None` if it is malformed.
    pub fn parse(path: &str) -> Option<Self> {
        let segments = path.strip_prefix('/')?.split('/').map(segment).collect::<Option<Vec<_>>>()?;
        let (last, before) = segments.split_last()?;
        let is_root = segments.len() == 1 && *last == Segment::Literal(String::new());
        let has_empty = segments.iter().any(|s| *s == Segment::Literal(String::new()));
        let has_early_rest = before.iter().any(|s| matches!(s, Segment::Rest(_)));
        let mut names: Vec<&str> = segments.iter().filter_map(Segment::name).collect();
        names.sort_unstable();
        let has_twins = names.windows(2).any(|pair| pair[0] == pair[1]);
        (is_root || !has_empty).then_some(()).filter(|()| !has_early_rest && !has_twins)?;
        Some(Self { segments })
    }

    /// The template with parameters named by position, so that two routes may name the same place differently.
    pub fn shape(&self) -> String {
        self.render(|at, segment, path| match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::One(_) => write!(path, "{{p{at}}}").expect("writing to memory"),
            Segment::Rest(_) => write!(path, "{{*p{at}}}").expect("writing to memory"),
        })
    }

    /// The parameters' names, in order.
    pub fn names(&self) -> Vec<String> {
        self.segments.iter().filter_map(Segment::name).map(str::to_owned).collect()
    }

    /// The template as OpenAPI writes it, which has no sign for the rest of a path.
    pub fn openapi(&self) -> String {
        self.fill(|name| format!("{{{name}}}"))
    }

    /// A path that matches, with `value` of each parameter's name in its place.
    pub fn fill(&self, value: impl Fn(&str) -> String) -> String {
        self.render(|_, segment, path| match segment {
            Segment::Literal(text) => path.push_str(text),
            Segment::One(name) | Segment::Rest(name) => path.push_str(&value(name)),
        })
    }

    /// How many literal segments `path` has in common with the template before they part.
    pub fn likeness(&self, path: &str) -> usize {
        let given = path.split('/').skip(1);
        self.segments
            .iter()
            .zip(given)
            .map_while(|(segment, given)| match segment {
                Segment::Literal(text) => (text == given).then_some(1),
                Segment::One(_) | Segment::Rest(_) => Some(0),
            })
            .sum()
    }

    fn render(&self, mut write: impl FnMut(usize, &Segment, &mut String)) -> String {
        let mut path = String::new();
        for (at, segment) in self.segments.iter().enumerate() {
            path.push('/');
            write(at, segment, &mut path);
        }
        path
    }
}

impl Segment {
    fn name(&self) -> Option<&str> {
        match self {
            Self::Literal(_) => None,
            Self::One(name) | Self::Rest(name) => Some(name),
        }
    }
}

fn segment(text: &str) -> Option<Segment> {
    let is_name =
        |name: &str| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if let Some(inner) = text.strip_prefix('{') {
        let name = inner.strip_suffix('}')?;
        return match name.strip_prefix('*') {
            Some(rest) => is_name(rest).then(|| Segment::Rest(rest.to_owned())),
            None => is_name(name).then(|| Segment::One(name.to_owned())),
        };
    }
    let is_plain =
        text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '{' | '}' | '?' | '#' | '%' | '*' | ':'));
    is_plain.then(|| Segment::Literal(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_and_written() {
        let template = Template::parse("/{tenant}/oauth2/v2.0/{*rest}").expect("a template");
        assert_eq!(template.names(), ["tenant", "rest"]);
        assert_eq!(template.shape(), "/{p0}/oauth2/v2.0/{*p3}");
        assert_eq!(template.openapi(), "/{tenant}/oauth2/v2.0/{rest}");
        assert_eq!(template.fill(|_| "x".into()), "/x/oauth2/v2.0/x");
        assert_eq!(Template::parse("/").expect("the root").shape(), "/");
    }

    #[test]
    fn malformed_templates_are_refused() {
        for bad in [
            "", "a", "/a//b", "/a/", "/{}", "/{a", "/a}", "/{a}/{a}", "/{*a}/b", "/a{b}", "/a?b", "/a%20b",
            "/é",
        ] {
            assert_eq!(Template::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn likeness_counts_common_literals() {
        let template = Template::parse("/{tenant}/oauth2/v2.0/token").expect("a template");
        for (path, expected) in
            [("/t/oauth2/v2.0/x", 2), ("/t/x/v2.0/token", 0), ("/", 0), ("/t/oauth2/v2.0/token/x", 3)]
        {
            assert_eq!(template.likeness(path), expected, "{path}");
        }
    }
}
