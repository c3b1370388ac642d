//! Expressions, by precedence: `or`, `and`, equality and lists, order, sums, products, string operators, signs,
//! paths.

use super::Parser;
use super::infix::{EQUALITY, Infix, OPERATOR_WORDS, text_operator};
use crate::syntax::TokenKind;
use crate::syntax::tree::{
    Argument, Call, Expr, ExprKind, Literal, Name, NamedExpr, Target, TypeExpr, UnaryOp,
};

impl Parser<'_> {
    // What calls itself by way of brackets takes no closures: each would be another frame of the stack.

    /// An expression without `|`.
    pub(super) fn expr(&mut self) -> Expr {
        let Some(outer) = self.enter() else { return self.missing() };
        let expr = self.logical();
        self.leave(outer);
        expr
    }

    /// An expression, a pipeline, or what begins one.
    pub(super) fn query(&mut self) -> Expr {
        let Some(outer) = self.enter() else { return self.missing() };
        let source = match self.source() {
            Some(source) => source,
            None => self.logical(),
        };
        let query = self.pipeline(source);
        self.leave(outer);
        query
    }

    /// `value`, `name = value`, `(a, b) = value`.
    pub(super) fn named_expr(&mut self) -> NamedExpr {
        let start = self.start();
        let target = self.target();
        let value = self.expr();
        NamedExpr { target, value, span: self.span_from(start) }
    }

    /// A name or names, with the `=` after them, if they stand here.
    fn target(&mut self) -> Option<Target> {
        let length = self.name_length(0);
        if length > 0 && self.kind_at(length) == TokenKind::Assign {
            let name = self.name();
            self.advance();
            return Some(Target::Name(name));
        }
        if !self.begins_tuple() {
            return None;
        }
        self.advance();
        let names = self.closed_list(Self::name);
        self.advance();
        self.advance();
        Some(Target::Tuple(names))
    }

    /// Whether `(a, b) =` stands here.
    fn begins_tuple(&self) -> bool {
        if self.kind() != TokenKind::OpenParen {
            return false;
        }
        let mut length = 1;
        loop {
            match self.name_length(length) {
                0 => return false,
                name => length += name,
            }
            match self.kind_at(length) {
                TokenKind::Comma => length += 1,
                TokenKind::CloseParen => break,
                _ => return false,
            }
        }
        self.kind_at(length + 1) == TokenKind::Assign
    }

    /// Operands with `or` between them, as one node.
    fn logical(&mut self) -> Expr {
        let first = self.conjunction();
        if self.word() != "or" {
            return first;
        }
        let start = first.span.start;
        let mut operands = vec![first];
        while self.eat_word("or") {
            operands.push(self.conjunction());
        }
        self.wrap();
        Expr::new(ExprKind::Or(operands), self.span_from(start))
    }

    /// Operands with `and` between them, as one node.
    fn conjunction(&mut self) -> Expr {
        let first = self.binary(EQUALITY);
        if self.word() != "and" {
            return first;
        }
        let start = first.span.start;
        let mut operands = vec![first];
        while self.eat_word("and") {
            operands.push(self.binary(EQUALITY));
        }
        self.wrap();
        Expr::new(ExprKind::And(operands), self.span_from(start))
    }

    /// Operators that bind at least as closely as `least`. The height of operands side by side is that of the
    /// highest.
    fn binary(&mut self, least: u8) -> Expr {
        let outer = std::mem::take(&mut self.height);
        let mut left = self.unary();
        while let Some((infix, precedence, length)) = self.infix() {
            if precedence < least {
                break;
            }
            let start = self.start();
            for _ in 0..length {
                self.advance();
            }
            let op_span = self.span_from(start);
            let start = left.span.start;
            let left_side = Box::new(left);
            let kind = match infix {
                Infix::Binary(op) => {
                    let right = Box::new(self.binary(precedence + 1));
                    ExprKind::Binary { op, op_span, left: left_side, right }
                }
                Infix::List(op) => ExprKind::List { op, op_span, left: left_side, list: self.list() },
                Infix::Between(is_negated) => {
                    let (low, high) = self.bounds();
                    ExprKind::Between {
                        is_negated,
                        op_span,
                        value: left_side,
                        low: Box::new(low),
                        high: Box::new(high),
                    }
                }
            };
            left = Expr::new(kind, self.span_from(start));
            self.wrap();
        }
        self.height = self.height.max(outer);
        left
    }

    /// The list of `in`. A trailing comma is fine.
    fn list(&mut self) -> Vec<Expr> {
        if self.kind() != TokenKind::OpenParen {
            self.report_expected("`(` and a list");
            return vec![self.unary()];
        }
        self.parenthesized(|parser| {
            if parser.kind() == TokenKind::CloseParen {
                parser.report_expected("an expression");
            }
            parser.closed_list(Self::query)
        })
        .unwrap_or_default()
    }

    /// `(low .. high)`.
    fn bounds(&mut self) -> (Expr, Expr) {
        let bounds = self.parenthesized(|parser| {
            let low = parser.expr();
            let high = if parser.expect(TokenKind::DotDot) { parser.expr() } else { parser.missing() };
            (low, high)
        });
        bounds.unwrap_or_else(|| (self.missing(), self.missing()))
    }

    /// Signs and what follows them.
    pub(super) fn unary(&mut self) -> Expr {
        let op = match self.kind() {
            TokenKind::Minus => UnaryOp::Minus,
            TokenKind::Plus => UnaryOp::Plus,
            _ => return self.postfix(false),
        };
        let start = self.advance().span.start;
        // The one number whose digits alone are out of range.
        if op == UnaryOp::Minus && self.kind() == TokenKind::Long && self.text_at(0) == "9223372036854775808"
        {
            self.advance();
            return Expr::new(ExprKind::Literal(Literal::Long(i64::MIN)), self.span_from(start));
        }
        let operand = self.nested(Self::unary).unwrap_or_else(|| self.missing());
        Expr::new(ExprKind::Unary { op, operand: Box::new(operand) }, self.span_from(start))
    }

    /// Members, elements and calls of members. With `wildcards`, the last member may be a pattern.
    pub(super) fn postfix(&mut self, wildcards: bool) -> Expr {
        let base = self.primary();
        self.postfix_of(base, wildcards)
    }

    /// As [`Self::postfix`], of a base that is read already.
    pub(super) fn postfix_of(&mut self, mut base: Expr, wildcards: bool) -> Expr {
        loop {
            let start = base.span.start;
            let kind = match self.kind() {
                TokenKind::Dot => {
                    self.advance();
                    self.member(base, wildcards)
                }
                TokenKind::OpenBracket => self.element(base),
                _ => return base,
            };
            base = Expr::new(kind, self.span_from(start));
            self.wrap();
        }
    }

    /// What follows a dot.
    fn member(&mut self, base: Expr, wildcards: bool) -> ExprKind {
        let base = Box::new(base);
        if self.kind() == TokenKind::OpenBracket {
            return self.element(*base);
        }
        if wildcards && let length @ 1.. = self.wildcard_length(0) {
            let (pattern, _) = self.wildcard(length);
            return ExprKind::MemberWildcard { base, pattern };
        }
        match (self.kind(), self.kind_at(1)) {
            (TokenKind::Word, TokenKind::OpenParen) => ExprKind::MemberCall { base, call: self.call() },
            // `a.real(…)`, which the lexer takes for a literal, is no member.
            _ => ExprKind::Member { base, name: self.name() },
        }
    }

    /// `[index]`.
    fn element(&mut self, base: Expr) -> ExprKind {
        let index = self.bracketed(TokenKind::OpenBracket, Self::expr);
        ExprKind::Index { base: Box::new(base), index: Box::new(index.unwrap_or_else(|| self.missing())) }
    }

    fn primary(&mut self) -> Expr {
        if let Some(literal) = self.literal() {
            return literal;
        }
        let start = self.start();
        match self.kind() {
            TokenKind::OpenParen => {
                let opening = self.at;
                self.open_bracket(TokenKind::OpenParen);
                let inner = self.query();
                self.close_bracket(opening);
                Expr::new(ExprKind::Paren(Box::new(inner)), self.span_from(start))
            }
            TokenKind::Star => {
                self.advance();
                Expr::new(ExprKind::Star, self.span_from(start))
            }
            TokenKind::OpenBracket if self.name_length(0) > 0 => {
                let name = self.name();
                if self.kind() == TokenKind::OpenParen {
                    let call = self.call_of(name);
                    return Expr::new(ExprKind::Call(call), self.span_from(start));
                }
                Expr::new(ExprKind::Name(name), self.span_from(start))
            }
            TokenKind::OpenBrace
                if self.kind_at(1) == TokenKind::Word && self.kind_at(2) == TokenKind::CloseBrace =>
            {
                self.client_parameter()
            }
            TokenKind::Word => self.word_expr(),
            _ => {
                self.report_expected("an expression");
                self.missing()
            }
        }
    }

    /// `{Name}`, which a workbook or notebook replaces before it sends the query: a name that nothing has.
    fn client_parameter(&mut self) -> Expr {
        let (text, span) = self.wildcard(3);
        Expr::new(ExprKind::Name(Name { text, is_quoted: false, span }), span)
    }

    fn word_expr(&mut self) -> Expr {
        let start = self.start();
        let word = self.word();
        let has_parenthesis = self.kind_at(1) == TokenKind::OpenParen;
        if OPERATOR_WORDS.contains(&word) && !self.is_name_position() {
            self.report_expected("an expression");
            return self.missing();
        }
        let kind = match word {
            "typeof" if has_parenthesis => {
                self.advance();
                ExprKind::TypeOf(self.type_expr())
            }
            "datatable" if has_parenthesis || self.word_at(1) == "hint" => {
                self.advance();
                ExprKind::Source(Box::new(self.datatable()))
            }
            "externaldata" | "external_data" if has_parenthesis || self.word_at(1) == "hint" => {
                self.advance();
                ExprKind::Source(Box::new(self.externaldata()))
            }
            "toscalar" | "totable" if self.word_at(1) == "kind" && self.kind_at(2) == TokenKind::Assign => {
                // `kind=nooptimization` changes no answer.
                let name = self.name();
                self.wildcard(3);
                ExprKind::Call(self.call_of(name))
            }
            _ if has_parenthesis => ExprKind::Call(self.call()),
            _ => ExprKind::Name(self.name()),
        };
        Expr::new(kind, self.span_from(start))
    }

    /// Whether what follows the current word follows names only, so that it is one even if it is a keyword.
    fn is_name_position(&self) -> bool {
        match self.kind_at(1) {
            TokenKind::Word => {
                let next = self.word_at(1);
                matches!(next, "and" | "or" | "asc" | "desc") || text_operator(next).is_some()
            }
            TokenKind::Equal
            | TokenKind::NotEqual
            | TokenKind::EqualTilde
            | TokenKind::NotTilde
            | TokenKind::Less
            | TokenKind::LessOrEqual
            | TokenKind::Greater
            | TokenKind::GreaterOrEqual
            | TokenKind::Comma
            | TokenKind::Dot
            | TokenKind::CloseParen
            | TokenKind::CloseBracket
            | TokenKind::Bar => true,
            _ => false,
        }
    }

    /// `name(arguments)`.
    pub(super) fn call(&mut self) -> Call {
        let name = self.name();
        self.call_of(name)
    }

    fn call_of(&mut self, name: Name) -> Call {
        let opening = self.at;
        let mut arguments = Vec::new();
        if self.open_bracket(TokenKind::OpenParen) {
            while self.kind() != TokenKind::CloseParen || !arguments.is_empty() {
                arguments.push(self.argument());
                if !self.eat(TokenKind::Comma) {
                    break;
                }
            }
            self.close_bracket(opening);
        }
        let span = self.span_from(name.span.start);
        Call { name, arguments, span }
    }

    fn argument(&mut self) -> Argument {
        let length = self.name_length(0);
        let mut name = None;
        if length > 0 && self.kind_at(length) == TokenKind::Assign {
            name = Some(self.name());
            self.advance();
        }
        Argument { name, value: self.query() }
    }

    /// The inside of `typeof`, with its parentheses.
    pub(super) fn type_expr(&mut self) -> TypeExpr {
        let is_scalar = self.kind_at(1) == TokenKind::Word && self.kind_at(2) == TokenKind::CloseParen;
        if is_scalar {
            self.advance();
            let of = self.type_name();
            self.advance();
            return TypeExpr::Scalar(of);
        }
        let (columns, star_at) = self.open_schema();
        TypeExpr::Table { columns, star_at }
    }
}
