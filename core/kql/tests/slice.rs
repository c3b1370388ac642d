//! Operators over a table, from text to rows.

mod support;

use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringViewArray};
use phalanx_signal::ColumnType;
use support::{Memory, cells, run};

fn tables() -> Memory {
    let mut tables = Memory::default();
    let columns = [("Name", ColumnType::String), ("Size", ColumnType::Long), ("Bag", ColumnType::Dynamic)];
    let schema = Arc::new(arrow_schema::Schema::new(
        columns.iter().map(|(name, kind)| kind.field(name)).collect::<Vec<_>>(),
    ));
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringViewArray::from(vec![Some("a"), Some("b"), None, Some("a"), Some("")])),
        Arc::new(Int64Array::from(vec![Some(1), Some(2), Some(3), None, Some(5)])),
        Arc::new(StringViewArray::from(vec![
            Some(r#"{"x":[1,2]}"#),
            None,
            Some("[]"),
            Some("7"),
            Some(r#""t""#),
        ])),
    ];
    tables.add("T", &columns, vec![RecordBatch::try_new(schema, arrays).expect("arrays of the schema")]);
    tables
}

#[tokio::test]
async fn queries() {
    let tables = tables();
    for (query, expected) in [
        ("T | where Name == 'a' | project Size", "[[1],[null]]"),
        ("T | where Name == '' | project Size", "[[3],[5]]"),
        ("T | where Size != 2 | count", "[[4]]"),
        ("T | where not(Size > 2) | count", "[[2]]"),
        (
            "T | extend Twice = Size * 2 | where Twice > 4 | project Name, Twice | sort by Twice",
            r#"[["",10],["",6]]"#,
        ),
        ("T | summarize count() by Name | sort by Name asc", r#"[["",2],["a",2],["b",1]]"#),
        ("T | summarize n = count(), Total = sum(Size) | take 1", "[[5,11]]"),
        ("T | sort by Size desc | take 2 | project Size", "[[5],[3]]"),
        ("T | top 2 by Size asc nulls last | project Size", "[[1],[2]]"),
        ("T | project Bag.x[1]", "[[2],[null],[null],[null],[null]]"),
        (
            "T | sort by Size asc | extend p = prev(Size) | project Size, p",
            "[[null,null],[1,null],[2,1],[3,2],[5,3]]",
        ),
        ("T | where Name in ((T | where Size < 2 | project Name)) | count", "[[2]]"),
        ("T | where Name !in ((T | where Size < 2 | project Name)) | count", "[[3]]"),
        (
            "T | extend x = Name in ((T | where Size < 2 | project Name)) | where x or Size == 5 | count",
            "[[3]]",
        ),
        ("let f = (n: long) { T | where Size > n }; f(2) | count", "[[2]]"),
        (
            "T | make-series n = count() default = -1 on Size from 1 to 5 step 1 by Name | sort by Name asc | project Name, n",
            r#"[["",[-1,-1,1,-1]],["a",[1,-1,-1,-1]],["b",[-1,1,-1,-1]]]"#,
        ),
        ("T | make-series Total = sum(Size) on Size step 2 | project Total, Size", "[[[1,5,5],[0,2,4]]]"),
        ("T | mv-expand Bag | count", "[[4]]"),
        ("let n = toscalar(T | summarize max(Size)); T | where Size == n | project Size", "[[5]]"),
        ("T | join kind=inner (T) on Name | count", "[[9]]"),
        ("T | join (T) on Name | count", "[[5]]"),
        ("T | join kind=leftanti (T | where Size == 2) on Name | count", "[[4]]"),
        ("range x from 1 to 5 step 2", "[[1],[3],[5]]"),
        ("print 1, x = 'a', 7 / 2, 7 / 2.0, -7 % 5", r#"[[1,"a",3,3.5,3]]"#),
        ("union (T | project Name), (print Name = 1) | count", "[[6]]"),
        ("T | where Size between (2 .. 3) | count", "[[2]]"),
        ("datatable(a: long, b: string) [1, 'x', 2, 'y'] | project b, a | where a > 1", r#"[["y",2]]"#),
        (
            "T | mv-apply e = Bag.x to typeof(long) on (summarize s = sum(e)) | project Name, s",
            r#"[["a",3]]"#,
        ),
        ("T | partition by Name (top 1 by Size) | project Size | sort by Size", "[[5],[2],[1]]"),
    ] {
        let output = match run(query, &tables).await {
            Ok(output) => output,
            Err(error) => panic!("{query}: {error}"),
        };
        let given = serde_json::to_string(&cells(&output)).expect("cells are JSON");
        assert_eq!(given, expected, "{query}");
    }
}
