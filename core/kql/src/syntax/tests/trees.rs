//! What a text means, where it could mean something else.

use crate::syntax::parse;
use crate::syntax::tree::{
    DynamicLiteral, Expr, ExprKind, LetValue, Literal, OperatorKind, Pipeline, ScalarType, Source,
    StatementKind, Target, UnaryOp, operators,
};

/// The only expression of a text without mistakes.
fn expr(text: &str) -> Expr {
    let parsed = parse(text);
    let shown: Vec<String> = parsed.diagnostics.iter().map(|diagnostic| diagnostic.render(text)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    match parsed.query.statements.into_iter().last().map(|statement| statement.kind) {
        Some(StatementKind::Expression(expr)) => expr,
        other => panic!("{text} is no expression: {other:?}"),
    }
}

fn pipeline(text: &str) -> Pipeline {
    match expr(text).kind {
        ExprKind::Pipeline(pipeline) => *pipeline,
        other => panic!("{text} is no pipeline: {other:?}"),
    }
}

/// The only operator after `T |`.
fn operator(text: &str) -> OperatorKind {
    pipeline(&format!("T | {text}")).operators.remove(0).kind
}

/// An expression with all its parentheses.
fn explained(expr: &Expr) -> String {
    let list = |list: &[Expr]| list.iter().map(explained).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Literal(literal) => match literal {
            Literal::Long(value) => value.to_string(),
            Literal::String(value) => format!("{:?}", value.value),
            other => format!("{other:?}"),
        },
        ExprKind::Name(name) => name.text.clone(),
        ExprKind::Star => "*".into(),
        ExprKind::Paren(inner) => explained(inner),
        ExprKind::Unary { op: UnaryOp::Minus, operand } => format!("(- {})", explained(operand)),
        ExprKind::Unary { op: UnaryOp::Plus, operand } => format!("(+ {})", explained(operand)),
        ExprKind::Binary { op, left, right, .. } => {
            format!("({} {op:?} {})", explained(left), explained(right))
        }
        ExprKind::And(operands) => format!("And[{}]", list(operands)),
        ExprKind::Or(operands) => format!("Or[{}]", list(operands)),
        ExprKind::List { op, left, list: items, .. } => {
            format!("({} {op:?} [{}])", explained(left), list(items))
        }
        ExprKind::Between { value, low, high, is_negated, .. } => {
            format!("({} {is_negated} {} .. {})", explained(value), explained(low), explained(high))
        }
        ExprKind::Call(call) => {
            let arguments: Vec<String> =
                call.arguments.iter().map(|argument| explained(&argument.value)).collect();
            format!("{}({})", call.name.text, arguments.join(", "))
        }
        ExprKind::Member { base, name } => format!("{}.{}", explained(base), name.text),
        ExprKind::Index { base, index } => format!("{}[{}]", explained(base), explained(index)),
        ExprKind::Pipeline(pipeline) => {
            format!("{{{} | {}}}", explained(&pipeline.source), pipeline.operators.len())
        }
        other => format!("{other:?}"),
    }
}

#[test]
fn precedence() {
    for (text, expected) in [
        ("a or b and c or d", "Or[a, And[b, c], d]"),
        ("a == 1 and b", "And[(a Equal 1), b]"),
        ("a + b * c - d", "((a Add (b Multiply c)) Subtract d)"),
        ("a < b + 1", "(a Less (b Add 1))"),
        ("a == b < c", "(a Equal (b Less c))"),
        ("a has b + c", "((a Has b) Add c)"),
        ("a =~ b == c", "((a EqualIgnoreCase b) Equal c)"),
        ("a % b == 0", "((a Modulo b) Equal 0)"),
        ("-a * b", "((- a) Multiply b)"),
        ("-a.b[0]", "(- a.b[0])"),
        ("a - -1", "(a Subtract (- 1))"),
        ("a -1", "(a Subtract 1)"),
        ("not(a) and b", "And[not(a), b]"),
        ("a <> b", "(a NotEqual b)"),
        ("a matches regex @'\\d'", "(a MatchesRegex \"\\\\d\")"),
        ("a !contains 'b'", "(a NotContains \"b\")"),
        ("a notcontains 'b'", "(a NotContains \"b\")"),
        ("a in (1, 2,)", "(a In [1, 2])"),
        ("a !in~ ('b')", "(a NotInIgnoreCase [\"b\"])"),
        ("a in ((T | take 1))", "(a In [{T | 1}])"),
        ("a in (T | take 1 | take 1)", "(a In [{T | 2}])"),
        ("a has_any (b) or c", "Or[(a HasAny [b]), c]"),
        ("a between (b + 1 .. 1d)", "(a false (b Add 1) .. TimeSpan(864000000000))"),
        ("a !between (1..5)", "(a true 1 .. 5)"),
        ("toscalar(T | count) > 1", "(toscalar({T | 1}) Greater 1)"),
        ("* has 'x'", "(* Has \"x\")"),
        ("a: 'x*'", "(a Colon \"x*\")"),
        ("f(x = 1, *)", "f(1, *)"),
        ("['a b'].c.['d'].[0]['e']", "a b.c[\"d\"][0][\"e\"]"),
        (
            "count == 1 and by == 2 and contains contains 'x'",
            "And[(count Equal 1), (by Equal 2), (contains Contains \"x\")]",
        ),
        (
            "print == 1 or union == 2 or search in (3)",
            "Or[(print Equal 1), (union Equal 2), (search In [3])]",
        ),
        ("$left.a == $right.b", "($left.a Equal $right.b)"),
        ("datetime - 1d", "(datetime Subtract TimeSpan(864000000000))"),
        ("4688_event + 1", "(4688_event Add 1)"),
    ] {
        let OperatorKind::Where(found) = operator(&format!("where {text}")) else { panic!("{text}") };
        assert_eq!(explained(&found.predicate), expected, "{text}");
    }
}

#[test]
fn literals() {
    let tick = 1;
    for (text, expected) in [
        ("0x1F", Literal::Long(31)),
        ("-9223372036854775808", Literal::Long(i64::MIN)),
        ("long(-5)", Literal::Long(-5)),
        ("int(null)", Literal::Null(ScalarType::Int)),
        ("int( 7 )", Literal::Int(7)),
        ("1e3", Literal::Real(1000.0)),
        ("1.", Literal::Real(1.0)),
        ("real(-inf)", Literal::Real(f64::NEG_INFINITY)),
        ("double(1)", Literal::Real(1.0)),
        ("decimal(1.50)", Literal::Decimal("1.50".into())),
        ("True", Literal::Bool(true)),
        ("bool(0)", Literal::Bool(false)),
        ("datetime(2024-01-05 10:00)", Literal::DateTime("2024-01-05 10:00".into())),
        ("datetime(\"2024-01-05\")", Literal::DateTime("2024-01-05".into())),
        ("date(null)", Literal::Null(ScalarType::DateTime)),
        ("1.5h", Literal::TimeSpan(54_000_000_000)),
        ("30min", Literal::TimeSpan(18_000_000_000)),
        ("1microsecond", Literal::TimeSpan(10 * tick)),
        ("1tick", Literal::TimeSpan(tick)),
        ("time(1.02:03:04.0000005)", Literal::TimeSpan(937_840_000_005)),
        ("timespan(-00:30)", Literal::TimeSpan(-18_000_000_000)),
        ("time(15 seconds)", Literal::TimeSpan(150_000_000)),
        ("time(2)", Literal::TimeSpan(1_728_000_000_000)),
        (
            "guid(74BE27DE-1E4E-49d9-b579-fe0b331d3642)",
            Literal::Guid("74be27de-1e4e-49d9-b579-fe0b331d3642".into()),
        ),
        ("dynamic(null)", Literal::Null(ScalarType::Dynamic)),
        (
            "dynamic({\"a\": [1, -2.5, null, 'x', true], \"t\": time(1d)})",
            Literal::Dynamic(Box::new(DynamicLiteral::Object(vec![
                (
                    "a".into(),
                    DynamicLiteral::Array(vec![
                        DynamicLiteral::Scalar(Literal::Long(1)),
                        DynamicLiteral::Scalar(Literal::Real(-2.5)),
                        DynamicLiteral::Null,
                        DynamicLiteral::Scalar(Literal::String(crate::syntax::tree::StringLiteral {
                            value: "x".into(),
                            is_hidden: false,
                        })),
                        DynamicLiteral::Scalar(Literal::Bool(true)),
                    ]),
                ),
                ("t".into(), DynamicLiteral::Scalar(Literal::TimeSpan(864_000_000_000))),
            ]))),
        ),
    ] {
        let ExprKind::Source(source) = expr(&format!("print {text}")).kind else { panic!("{text}") };
        let Source::Print(columns) = *source else { panic!("{text}") };
        assert_eq!(columns[0].value.kind, ExprKind::Literal(expected), "{text}");
    }
}

#[test]
fn strings() {
    for (text, expected) in [
        (r#""a\tb\\c\"d""#, "a\tb\\c\"d"),
        (r#"'\x41\u00e9\U0001F600\101'"#, "Aé😀A"),
        (r#""\ud83d\ude00""#, "😀"),
        (r#"@"C:\a ""b""\""#, "C:\\a \"b\"\\"),
        (r"@'it''s'", "it's"),
        ("```a\n'b' \\```", "a\n'b' \\"),
        ("~~~a\n``` b~~~", "a\n``` b"),
        (r#""a" 'b' @"c\""#, "abc\\"),
        ("h\"secret\"", "secret"),
        ("h@'se\\cret'", "se\\cret"),
    ] {
        let ExprKind::Source(source) = expr(&format!("print {text}")).kind else { panic!("{text}") };
        let Source::Print(columns) = *source else { panic!("{text}") };
        let found = columns[0].value.as_string().map(str::to_owned);
        assert_eq!(found.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn keywords_are_names_of_columns() {
    let words = [
        "kind",
        "count",
        "type",
        "by",
        "on",
        "to",
        "from",
        "step",
        "of",
        "with",
        "where",
        "project",
        "limit",
        "take",
        "order",
        "sort",
        "top",
        "first",
        "last",
        "asc",
        "desc",
        "in",
        "has",
        "contains",
        "range",
        "print",
        "union",
        "search",
        "find",
        "view",
        "let",
        "set",
        "datatable",
        "nodes",
        "edges",
        "id",
        "title",
        "string",
        "long",
        "datetime",
        "time",
        "dynamic",
        "bool",
        "guid",
        "int",
        "real",
        "null",
        "and",
        "or",
        "between",
        "typeof",
    ];
    for word in words {
        let parsed = parse(&format!(
            "T | extend {word} = 1 | project-rename {word} = x | project a = {word}, x.{word}"
        ));
        assert_eq!(parsed.diagnostics, [], "{word}");
    }
}

#[test]
fn operators_in_short() {
    let columns = match operator("extend (a, b) = f(), c = 1, d") {
        OperatorKind::Extend(columns) => columns,
        other => panic!("{other:?}"),
    };
    assert!(matches!(&columns[0].target, Some(Target::Tuple(names)) if names.len() == 2));
    assert!(columns[2].target.is_none());

    let OperatorKind::Join(join) =
        operator("join kind=leftouter hint.strategy=broadcast (U | take 1) on a, $left.b == $right.c")
    else {
        panic!("join")
    };
    assert_eq!(join.kind.as_ref().map(|name| name.text.as_str()), Some("leftouter"));
    assert_eq!(join.hints[0].name.text, "hint.strategy");
    assert!(matches!(&join.condition, operators::JoinCondition::On(on) if on.len() == 2));

    let OperatorKind::Union(union) =
        operator("union isfuzzy=true withsource=Src Device*, database('x').T*, (U | take 1), *")
    else {
        panic!("union")
    };
    assert!(union.is_fuzzy);
    assert_eq!(union.with_source.as_ref().map(|name| name.text.as_str()), Some("Src"));
    assert!(matches!(&union.tables[0].kind, ExprKind::Wildcard(pattern) if pattern == "Device*"));
    assert!(matches!(&union.tables[1].kind, ExprKind::MemberWildcard { pattern, .. } if pattern == "T*"));
    assert!(matches!(union.tables[3].kind, ExprKind::Star));

    let OperatorKind::MvExpand(expand) =
        operator("mv-expand with_itemindex=i a, b = c.d to typeof(long) limit 10")
    else {
        panic!("mv-expand")
    };
    assert!(expand.limit.is_some() && expand.item_index.is_some() && !expand.is_legacy);
    assert_eq!(expand.columns[1].to.as_ref().and_then(|of| of.scalar), Some(ScalarType::Long));

    let OperatorKind::MakeSeries(series) =
        operator("make-series n = count() default=0, avg(b) on t in range(ago(1d), now(), 1h) by c")
    else {
        panic!("make-series")
    };
    assert!(series.columns[0].default.is_some());
    assert!(matches!(series.range, operators::MakeSeriesRange::In { .. }));

    let OperatorKind::Parse(parse) = operator("parse kind=regex flags=Ui a with * 'x' b: long 'y' 'z' c")
    else {
        panic!("parse")
    };
    assert_eq!(parse.kind, operators::ParseKind::Regex);
    assert_eq!(parse.pattern.len(), 5);

    let OperatorKind::TopNested(nested) =
        operator("top-nested 2 of a with others='rest' by count(), top-nested of b by x = max(c) asc")
    else {
        panic!("top-nested")
    };
    assert!(nested.levels[0].others.is_some() && nested.levels[1].count.is_none());

    let OperatorKind::ProjectReorder(reorder) = operator("project-reorder a, *_s granny-asc, b*c desc, *")
    else {
        panic!("project-reorder")
    };
    assert_eq!(reorder.columns[1].order, Some(operators::ColumnOrder::GrannyAscending));

    let OperatorKind::GraphMatch(graph) = operator(
        "graph-match cycles=none (a)-[e*2..5]->(b)<-[f]-(c)--(d), (a)-->(c) where a.x == 1 project b.y",
    ) else {
        panic!("graph-match")
    };
    assert_eq!(graph.patterns[0].elements.len(), 7);
    assert_eq!(graph.patterns.len(), 2);

    let OperatorKind::Scan(scan) = operator(
        "scan with_match_id=id declare (n: long = 0) with (step a output=last: x > 1 => n = a.n + 1, m = 2; step b optional: true;)",
    ) else {
        panic!("scan")
    };
    assert_eq!(scan.steps.len(), 2);
    assert_eq!(scan.steps[0].output, operators::ScanOutput::Last);
    assert_eq!(scan.steps[0].assignments.len(), 2);
}

#[test]
fn statements() {
    let text = "
        set notruncation; set truncationmaxrecords = 10;
        declare query_parameters (a: long = 5, b: string);
        alias database d = cluster('c').database('d');
        restrict access to (T, U*);
        declare pattern p = (a: string)[b: string] { ('x').['y'] = { T | take 1 }; };
        let x = 1;
        let f = (a: long, b: string = 'x') { let c = a; c + 1 };
        let g = (t: (a: long, *), u: (*)) { t | union u };
        let v = view () { T };
        let t = T | where a;
        let s = (1 + 2) * 3;
        .show database D schema as json | project DatabaseName;
        T // the end
        ;";
    let parsed = parse(text);
    assert_eq!(parsed.diagnostics, []);
    let kinds: Vec<StatementKind> =
        parsed.query.statements.into_iter().map(|statement| statement.kind).collect();
    assert_eq!(kinds.len(), 14);
    let function = |at: usize| match &kinds[at] {
        StatementKind::Let(value) => match &value.value {
            LetValue::Function(function) => function,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    assert_eq!(function(7).body.len(), 2);
    assert!(function(7).parameters[1].default.is_some());
    assert!(function(9).is_view);
    let StatementKind::Command(command) = &kinds[12] else { panic!("command") };
    assert_eq!(command.text, ".show database D schema as json");
    assert_eq!((command.words.len(), command.operators.len()), (6, 1));
}

#[test]
fn sources() {
    for text in [
        "datatable(a:long, b:dynamic,)[1, dynamic({}), 2, dynamic([1]),]",
        "externaldata(a:string)[@'https://x/y.csv'] with (format='csv', ignoreFirstRecord=true) | take 1",
        "range x from 1 to 10 step 1",
        "print x = 1, 2",
        "union kind=outer (T | take 1), U | count",
        "search kind=case_sensitive in (T, U*) 'a' and b: 'c*'",
        "search * | take 1",
        "find withsource=s in (T, database('d').U) where a == 1 project a, b: string, pack(*)",
        "find a == 1 project-away *_s",
        "find 'x' project-smart",
        "evaluate http_request('x')",
        "macro-expand entity_group [database('a'), database('b')] as s (s.T | take 1)",
        "let e = entity_group [a, b]; macro-expand e as s (s.T)",
        "database('x').T | take 1",
        "cluster('c').database('d').f(1)",
        "workspace('w').T",
        "arg('').Resources | where type =~ 'x'",
        "table('T')",
        "['T x'] | take 1",
        "(T | take 1) | take 1",
        "((union T, U)) | take 1",
        "materialize(T | take 1)",
        "T | where a in ((union U, V | project x)) | as Y",
        "T | partition hint.strategy=native by a (top 1 by b | project c) | partition by a { U | where b == a }",
        "T | fork a = (where x | take 1) (count) | facet by a, b with (take 1)",
        "T | evaluate hint.distribution=single bag_unpack(a, 'p_') : (*, a: long, b: string)",
        "T | render timechart with (title='x', ycolumns=a, b, series=c) ",
        "T | render barchart kind=stacked title='x'",
        "T | lookup kind=inner (U) on a | invoke f(b) | getschema",
        "T | reduce kind=x by a with threshold=0.1, characters='-'",
        "T | parse-kv a as (b: long, c: string) with (pair_delimiter=' ', kv_delimiter='=', quote='\"')",
        "T | make-graph a --> b with U on c, V on d | graph-to-table nodes as N with_node_id=i, edges as E",
        "T | make-graph a -- b with_node_id=n | graph-mark-components kind=weak with_component_id=x",
        "T | assert-schema (a: long) | consume | execute-and-cache | serialize | serialize r = row_number()",
        "T | sample-distinct 5 of a | sample 5 | top-hitters 2 of a by b | count as n",
        "T | summarize hint.strategy=shuffle n=count(), take_any(*) by bin(t, 1h), a | summarize by b",
        "T | sort by a asc nulls last, b nulls first | top 5 by c desc | order by d granny-desc",
        "T | mv-apply with_itemindex=i x = a to typeof(string), b limit 5 on (where x > 1 | summarize count())",
        "T | where {TimeRange} and a == 1",
        "#connect cluster('x')\nT",
        "\u{feff}T\u{a0}| take\u{200b} 1",
    ] {
        expr(text);
    }
}
