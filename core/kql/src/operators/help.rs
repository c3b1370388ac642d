//! What people are told of a tabular operator: the reference page, the prompt and the completion are made of it.

/// An operator as it is written, and what it does.
#[derive(Debug)]
pub struct Help {
    pub name: &'static str,
    /// Other spellings of the very same.
    pub aliases: &'static [&'static str],
    /// How it is written; what stands in `[]` may be left out.
    pub syntax: &'static str,
    /// What it does, in a sentence of ours.
    pub about: &'static str,
    /// Queries, and the rows they give: cells divided by `, `, rows by `; `. Run as tests.
    pub examples: &'static [(&'static str, &'static str)],
    pub place: Place,
    pub takes: Takes,
    /// The words that divide its parts, such as `by`.
    pub words: &'static [&'static str],
    /// What may be said as `name = word` behind the operator's name, and the words, where they are known.
    pub parameters: &'static [(&'static str, &'static [&'static str])],
}

/// Where an operator may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the beginning of a pipeline.
    Source,
    /// Behind a `|`.
    Piped,
    Anywhere,
}

/// What is written first behind the name and the parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing, or one of the operator's words.
    Nothing,
    /// Names of columns.
    Columns,
    /// Values over the rows.
    Values,
    /// Aggregates over the rows.
    Aggregates,
    Table,
    Tables,
    Plugin,
    Chart,
    Number,
    /// A function that somebody has declared or saved.
    Function,
    /// A name that nothing has yet.
    NewName,
}

impl Help {
    /// An operator behind a `|` without words or parameters of its own.
    pub(crate) const fn new(
        name: &'static str,
        syntax: &'static str,
        about: &'static str,
        examples: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            name,
            aliases: &[],
            syntax,
            about,
            examples,
            place: Place::Piped,
            takes: Takes::Nothing,
            words: &[],
            parameters: &[],
        }
    }

    pub(crate) const fn aliases(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    pub(crate) const fn place(mut self, place: Place) -> Self {
        self.place = place;
        self
    }

    pub(crate) const fn takes(mut self, takes: Takes) -> Self {
        self.takes = takes;
        self
    }

    pub(crate) const fn words(mut self, words: &'static [&'static str]) -> Self {
        self.words = words;
        self
    }

    pub(crate) const fn parameters(
        mut self,
        parameters: &'static [(&'static str, &'static [&'static str])],
    ) -> Self {
        self.parameters = parameters;
        self
    }

    /// Whether the operator is called so.
    pub fn is_called(&self, name: &str) -> bool {
        self.name == name || self.aliases.contains(&name)
    }
}
