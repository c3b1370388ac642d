//! Names, types, schemas, and the parameters of operators.

use super::Parser;
use crate::syntax::diagnostic::{Code, nearest};
use crate::syntax::tree::{ColumnDecl, ColumnPattern, Expr, ExprKind, Name, Parameter, ScalarType, TypeName};
use crate::syntax::{Span, TokenKind, literal};

impl Parser<'_> {
    /// How many tokens a name takes that begins `ahead`: a word, or a string in brackets. Zero for none.
    pub(super) fn name_length(&self, ahead: usize) -> usize {
        match self.kind_at(ahead) {
            TokenKind::Word => 1,
            TokenKind::OpenBracket
                if self.kind_at(ahead + 1) == TokenKind::String
                    && self.kind_at(ahead + 2) == TokenKind::CloseBracket =>
            {
                3
            }
            _ => 0,
        }
    }

    /// Any name, keywords too.
    pub(super) fn name(&mut self) -> Name {
        match self.name_length(0) {
            0 => {
                self.report_expected("a name");
                Name { span: Span::at(self.start()), ..Name::default() }
            }
            1 => {
                let token = self.advance();
                Name { text: token.span.text(self.text).into(), is_quoted: false, span: token.span }
            }
            _ => {
                let start = self.advance().span.start;
                let string = self.advance();
                self.advance();
                let (text, _) = literal::string(string.span.text(self.text));
                Name { text, is_quoted: true, span: self.span_from(start) }
            }
        }
    }

    /// How many tokens a name with wildcards takes: words, numbers and `*` with nothing between them. Zero if there
    /// is no `*` among them.
    pub(super) fn wildcard_length(&self, ahead: usize) -> usize {
        let mut length = 0;
        let mut has_star = false;
        loop {
            let is_part = match self.kind_at(ahead + length) {
                TokenKind::Star => {
                    has_star = true;
                    true
                }
                TokenKind::Word => true,
                TokenKind::Long | TokenKind::TimeSpan => length > 0,
                _ => false,
            };
            if !is_part || (length > 0 && !self.is_adjacent(ahead + length)) {
                return if has_star { length } else { 0 };
            }
            // Two words side by side do not happen without a star between them: the lexer makes one of them.
            length += 1;
        }
    }

    /// The pattern of so many tokens.
    pub(super) fn wildcard(&mut self, length: usize) -> (String, Span) {
        let start = self.start();
        for _ in 0..length {
            self.advance();
        }
        let span = self.span_from(start);
        (span.text(self.text).into(), span)
    }

    /// `a`, `['a b']`, `*_s`.
    pub(super) fn column_pattern(&mut self) -> ColumnPattern {
        match self.wildcard_length(0) {
            0 => ColumnPattern::Name(self.name()),
            length => {
                let (pattern, span) = self.wildcard(length);
                ColumnPattern::Wildcard { pattern, span }
            }
        }
    }

    pub(super) fn type_name(&mut self) -> TypeName {
        let name = self.name();
        let scalar = scalar_type(&name.text);
        if scalar.is_none() && !name.text.is_empty() {
            let near = nearest(&name.text, TYPE_NAMES.iter().map(|(text, _)| *text));
            let hint = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
            self.report(Code::UnknownType, format!("`{}` is no type{hint}", name.text), name.span);
        }
        TypeName { scalar, name }
    }

    /// `name: type`.
    pub(super) fn column_decl(&mut self) -> ColumnDecl {
        let start = self.start();
        let name = self.name();
        let type_name = if self.expect(TokenKind::Colon) {
            self.type_name()
        } else {
            TypeName { scalar: None, name: Name { span: Span::at(self.end()), ..Name::default() } }
        };
        ColumnDecl { name, type_name, span: self.span_from(start) }
    }

    /// `(name: type, …)`.
    pub(super) fn schema(&mut self) -> Vec<ColumnDecl> {
        self.parenthesized(|parser| parser.closed_list(Self::column_decl)).unwrap_or_default()
    }

    /// `(name: type, *)`: the columns, and how many stand before the star.
    pub(super) fn open_schema(&mut self) -> (Vec<ColumnDecl>, Option<usize>) {
        let mut star_at = None;
        let mut columns = Vec::new();
        self.parenthesized(|parser| {
            parser.closed_list(|parser| {
                if parser.eat(TokenKind::Star) {
                    star_at = Some(columns.len());
                } else {
                    let column = parser.column_decl();
                    columns.push(column);
                }
            })
        });
        (columns, star_at)
    }

    /// The hints that stand here, and the parameters with the names `known`.
    pub(super) fn parameters(&mut self, known: &[&str]) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        while let Some(length) = self.parameter_name_length() {
            let name = Span::new(self.start(), self.token_at(length - 1).span.end).text(self.text);
            if !name.starts_with("hint.") && !name.starts_with("__") && !known.contains(&name) {
                break;
            }
            parameters.push(self.parameter(length));
            // Some separate them by commas.
            if self.kind() == TokenKind::Comma && self.is_parameter_at(1) {
                self.advance();
            }
        }
        parameters
    }

    fn is_parameter_at(&self, ahead: usize) -> bool {
        self.word_at(ahead) == "hint" && self.kind_at(ahead + 1) == TokenKind::Dot
    }

    /// How many tokens the name of a parameter takes that stands here: words with points, before a `=`.
    fn parameter_name_length(&self) -> Option<usize> {
        if self.kind() != TokenKind::Word {
            return None;
        }
        let mut length = 1;
        while self.kind_at(length) == TokenKind::Dot && self.kind_at(length + 1) == TokenKind::Word {
            length += 2;
        }
        (self.kind_at(length) == TokenKind::Assign).then_some(length)
    }

    fn parameter(&mut self, length: usize) -> Parameter {
        let name = self.parameter_name(length);
        self.advance();
        // A bare word, also before a parenthesis: `kind=inner (T)` is no call.
        let value =
            if self.name_length(0) > 0 && !self.begins_literal() { self.name_expr() } else { self.unary() };
        let span = self.span_from(name.span.start);
        Parameter { name, value, span }
    }

    fn parameter_name(&mut self, length: usize) -> Name {
        let (text, span) = self.wildcard(length);
        Name { text, is_quoted: false, span }
    }

    /// A name as expression.
    pub(super) fn name_expr(&mut self) -> Expr {
        let name = self.name();
        let span = name.span;
        Expr::new(ExprKind::Name(name), span)
    }

    /// `(name=value, …)`, values being any expressions. Commas may be missing, and a list of values stands for the
    /// name each.
    pub(super) fn properties(&mut self) -> Vec<Parameter> {
        let mut properties: Vec<Parameter> = Vec::new();
        self.parenthesized(|parser| {
            parser.eat(TokenKind::Comma);
            while !parser.kind().is_closing() {
                if let Some(length) = parser.parameter_name_length() {
                    let name = parser.parameter_name(length);
                    parser.advance();
                    let value = parser.expr();
                    let span = parser.span_from(name.span.start);
                    properties.push(Parameter { name, value, span });
                } else if let Some(last) = properties.last() {
                    let name = last.name.clone();
                    let value = parser.expr();
                    let span = value.span;
                    properties.push(Parameter { name, value, span });
                } else {
                    parser.report_expected("a property's name and `=`");
                    break;
                }
                if !parser.eat(TokenKind::Comma) && parser.parameter_name_length().is_none() {
                    break;
                }
            }
        });
        properties
    }
}

/// Takes the parameter of that name out of a list: its value, if that is a bare word or a string.
pub(super) fn take_name(parameters: &mut Vec<Parameter>, names: &[&str]) -> Option<Name> {
    let at = parameters.iter().position(|parameter| names.contains(&parameter.name.text.as_str()))?;
    let value = parameters.remove(at).value;
    let span = value.span;
    match value.kind {
        ExprKind::Name(name) => Some(name),
        _ => value.as_string().map(|text| Name { text: text.into(), is_quoted: true, span }),
    }
}

fn scalar_type(name: &str) -> Option<ScalarType> {
    TYPE_NAMES.iter().find(|(text, _)| *text == name).map(|(_, scalar)| *scalar)
}

/// Every spelling; the unusual ones are of other languages, and taken as the type that holds their values.
const TYPE_NAMES: &[(&str, ScalarType)] = &[
    ("string", ScalarType::String),
    ("long", ScalarType::Long),
    ("int", ScalarType::Int),
    ("real", ScalarType::Real),
    ("datetime", ScalarType::DateTime),
    ("timespan", ScalarType::TimeSpan),
    ("dynamic", ScalarType::Dynamic),
    ("bool", ScalarType::Bool),
    ("guid", ScalarType::Guid),
    ("decimal", ScalarType::Decimal),
    ("boolean", ScalarType::Bool),
    ("double", ScalarType::Real),
    ("date", ScalarType::DateTime),
    ("time", ScalarType::TimeSpan),
    ("uniqueid", ScalarType::Guid),
    ("uuid", ScalarType::Guid),
    ("float", ScalarType::Real),
    ("int8", ScalarType::Int),
    ("int16", ScalarType::Int),
    ("int32", ScalarType::Int),
    ("int64", ScalarType::Long),
    ("uint8", ScalarType::Int),
    ("uint16", ScalarType::Int),
    ("uint", ScalarType::Long),
    ("uint32", ScalarType::Long),
    ("uint64", ScalarType::Long),
    ("ulong", ScalarType::Long),
    ("object", ScalarType::Dynamic),
];
