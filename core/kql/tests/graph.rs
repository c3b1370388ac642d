//! Graphs made of tables, from text to rows.

mod support;

use support::{Memory, check};

/// a → b → c → a, c → d, and e apart from them; the edges have a kind and a weight.
const GRAPH: &str = "let edges = datatable(from: string, to: string, kind: string, weight: long) [
        'a', 'b', 'x', 1, 'b', 'c', 'x', 2, 'c', 'a', 'y', 3, 'c', 'd', 'x', 4];
    let people = datatable(id: string, age: long) ['a', 10, 'b', 20, 'c', 30, 'e', 50];
    let cities = datatable(name: string, age: long, city: string) ['a', long(null), 'Rome', 'f', 60, 'Oslo'];
    let G = edges | make-graph from --> to with people on id;
    let Both = edges | make-graph from --> to with people on id, cities on name;
    let Plain = edges | make-graph from --> to with_node_id=n;";

async fn check_all(cases: &[(&str, &str)]) {
    let queries: Vec<String> = cases.iter().map(|(query, _)| format!("{GRAPH}\n{query}")).collect();
    let cases: Vec<_> =
        queries.iter().map(String::as_str).zip(cases.iter().map(|(_, expected)| *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn graphs_are_made_of_tables() {
    check_all(&[
        (
            "G | graph-to-table nodes | sort by id asc",
            r#"[["a",10],["b",20],["c",30],["d",null],["e",50]]"#,
        ),
        // The properties of a node that is in two tables are put together.
        (
            "Both | graph-to-table nodes | project id, name, age, city | sort by age asc nulls last",
            r#"[["a","a",10,"Rome"],["b","",20,""],["c","",30,""],["e","",50,""],["","f",60,"Oslo"],["d","d",null,""]]"#,
        ),
        ("Plain | graph-to-table nodes", r#"[["a"],["b"],["c"],["d"]]"#),
        ("G | graph-to-table edges | project from, to | take 1", r#"[["a","b"]]"#),
        (
            "G | graph-to-table edges with_source_id=s with_target_id=t | where s == hash(from) and t == hash(to) | count",
            "[[4]]",
        ),
        ("G | graph-to-table nodes with_node_id=h | where h == hash(id) | count", "[[5]]"),
        ("G | graph-to-table nodes as N, edges as E; N | count; E | count", "[[4]]"),
        ("edges | make-graph from --> to | graph-match (n)-->() project node_id(n) | count", "[[4]]"),
        (
            "datatable(a: long, b: long) [1, 2] | make-graph a --> b with_node_id=n | graph-match (p)-->(q) project p.n + q.n",
            "[[3]]",
        ),
        (
            "G | graph-where-nodes age < 25 | graph-to-table edges | project from, to | take 9",
            r#"[["a","b"]]"#,
        ),
        ("G | graph-where-edges kind == 'y' | graph-match (p)-->(q) project p.id, q.id", r#"[["c","a"]]"#),
        ("edges | where from == 'z' | make-graph from --> to with people on id | graph-match (n) project n.id | count", "[[4]]"),
        ("G", "a graph is no table"),
        ("G | count", "needs a table"),
        ("edges | graph-match (a) project a", "needs a graph"),
        ("edges | make-graph from --> too", "did you mean `to`?"),
        (
            "edges | make-graph from --> to with people on id, (print id = 'a', age = datetime(2024-01-01)) on id",
            "the property `age` is a long in one table and a datetime in another",
        ),
    ])
    .await;
}

#[tokio::test]
async fn patterns_match() {
    check_all(&[
        ("G | graph-match (p)-[e]->(q) project p.id, e.kind, q.age | sort by p_id asc, q_age asc",
         r#"[["a","x",20],["b","x",30],["c","x",null],["c","y",10]]"#),
        ("G | graph-match (p)<-[e]-(q) where p.id == 'a' project q.id", r#"[["c"]]"#),
        ("G | graph-match (p)-[e]-(q) where p.id == 'a' project q.id | sort by q_id asc", r#"[["b"],["c"]]"#),
        ("G | graph-match (p)--(q)--(r) where p.id == 'd' project r.id | sort by r_id asc", r#"[["a"],["b"]]"#),
        ("G | graph-match (p)-->(q)-->(r)-->(p) project p.id | sort by p_id asc", r#"[["a"],["b"],["c"]]"#),
        ("G | graph-match cycles=none (p)-->(q)-->(r)-->(p) project p.id", "[]"),
        // Two paths that share a node, and conditions between nodes.
        ("G | graph-match (p)-->(q), (r)-->(q) where p.id == 'a' or p.age > r.age project p.id, r.id", "[]"),
        ("G | graph-match (c)-->(p), (c)-->(q) where strcmp(p.id, q.id) < 0 project p.id, q.id", r#"[["a","d"]]"#),
        ("G | graph-match (n) where n.age > 20 project n.id | sort by n_id asc", r#"[["c"],["e"]]"#),
        // Lists of edges.
        ("G | graph-match (p)-[e*1..9]->(q) where p.id == 'a' and q.id == 'd' project map(e, weight), e.weight",
         "[[[1,2,4],[1,2,4]]]"),
        ("G | graph-match cycles=all (p)-[e*1..6]->(q) where p.id == 'a' and q.id == 'd' project n = array_length(map(e, to)) | sort by tolong(n) asc",
         "[[3],[6]]"),
        ("G | graph-match (p)-[e*1..9]->(q) where p.id == 'a' and q.id == 'a' project map(inner_nodes(e), id)", r#"[[["b","c"]]]"#),
        ("G | graph-match cycles=none (p)-[e*1..9]->(q) where p.id == 'a' and q.id == 'a' project p.id", "[]"),
        ("G | graph-match (p)-[e*0..1]->(q) where p.id == 'a' project q.id, map(e, to) | sort by q_id asc", r#"[["a",[]],["b",["b"]]]"#),
        ("G | graph-match (q)<-[e*2..2]-(p) where q.id == 'c' project p.id, map(e, from)", r#"[["a",["b","a"]]]"#),
        ("G | graph-match (p)-[e*1..9]->(q) where all(e, kind == 'x') project p.id, q.id | count", "[[6]]"),
        ("G | graph-match (p)-[e*1..9]->(q) where e.kind == 'x' project p.id, q.id | count", "[[6]]"),
        ("G | graph-match (p)-[e*2..3]->(q) where any(e, e.kind == 'y') and q.id == 'd' project map(e, strcat(from, p.id))",
         "[]"),
        ("G | graph-match (p)-[e*2..3]->(q) where any(e, e.weight > 3) project map(e, strcat(from, p.id)) | sort by array_length(map_) asc",
         "no column is called `map_`"),
        ("G | graph-match (p)-[e*2..3]->(q) where any(e, e.weight > 3) project m = map(e, strcat(from, p.id)) | sort by array_length(m) asc",
         r#"[[["bb","cb"]],[["aa","ba","ca"]]]"#),
        ("G | graph-match (p)-[e*2..3]->(q) where all(inner_nodes(e), age > 20 and node_degree_out() == 2) project p.id, q.id | sort by q_id asc",
         r#"[["b","a"],["b","d"]]"#),
        ("G | graph-match (p)-->(q) where node_degree_in(p) == 0 or node_degree_out(p) > 1 project labels(p), node_id(q) | sort by q_id", "no column is called `q_id`"),
        // What has no meaning.
        ("G | graph-match (p)-->(q) where p.agee > 1 project p.id", "no property of `p` is called `agee`; did you mean `age`?"),
        ("G | graph-match (p)-[e*1..2]->(q) where e.weight > q.age project p.id", "is a list here"),
        ("G | graph-match (p)-->(q), (r)-->(s) project p.id", "must be connected"),
        ("G | graph-match (p)-->(q)", "needs a `project`"),
        ("G | graph-match (p)-->(p1)-->  project p.id", "node at both ends"),
        ("G | graph-match (p)-[e]->(q)-[e]->(r) project p.id", "is the name of something else"),
        ("G | graph-match (p)-[e*3..2]->(q) project p.id", "above the most"),
        ("G | graph-match (p)-[e*1..99999]->(q) project p.id", "from 0 to 10000"),
        ("G | graph-match cycles=some (p)-->(q) project p.id", "not `some`"),
        ("G | graph-match (p)-[e*1..2]->(q) project map(p, id)", "the name of an edge"),
        ("G | graph-match (p)-[e*1..2]->(q) project map(e, any(e, true))", "can't be within one another"),
    ])
    .await;
}

#[tokio::test]
async fn shortest_paths() {
    const DIAMOND: &str = "let ways = datatable(a: string, b: string) [
        's', 'l', 's', 'r', 'l', 't', 'r', 't', 's', 'x', 'x', 'y', 'y', 't', 't', 's'];
        let W = ways | make-graph a --> b with_node_id=n;";
    let over = |query: &str| format!("{DIAMOND} {query}");
    let cases = [
        (
            over(
                "W | graph-shortest-paths (p)-[e*1..5]->(q) where p.n == 's' and q.n == 't' project e.b | count",
            ),
            "[[1]]",
        ),
        (
            over(
                "W | graph-shortest-paths output=all (p)-[e*1..5]->(q) where p.n == 's' and q.n == 't' \
                  project m = e.b | sort by tostring(m) asc",
            ),
            r#"[[["l","t"]],[["r","t"]]]"#,
        ),
        (
            over(
                "W | graph-shortest-paths output=all (p)-[e*3..5]->(q) where p.n == 's' and q.n == 't' project e.b",
            ),
            r#"[[["x","y","t"]]]"#,
        ),
        (
            over(
                "W | graph-shortest-paths (p)-[e*1..5]->(q) where p.n == 's' and q.n == 't' and any(inner_nodes(e), n == 'r') project e.b",
            ),
            r#"[[["r","t"]]]"#,
        ),
        (
            over(
                "W | graph-shortest-paths (p)-[e*1..5]->(q) where all(inner_nodes(e), n !in ('l', 'r')) and p.n == 's' and q.n == 't' project e.b",
            ),
            r#"[[["x","y","t"]]]"#,
        ),
        (over("W | graph-shortest-paths (p)-[e*1..1]->(q) project p.n | count"), "[[8]]"),
        (over("W | graph-shortest-paths (p)-[e*1..9]->(q) project p.n, q.n | count"), "[[36]]"),
        (
            over(
                "W | graph-shortest-paths (p)-[e]->(q)-[f*1..3]->(r) where p.n == 'x' and r.n == 's' project q.n, f.b",
            ),
            r#"[["y",["t","s"]]]"#,
        ),
        (over("W | graph-shortest-paths (p)-->(q) project p.n"), "need an edge of variable length"),
        (over("W | graph-shortest-paths (p)-[*1..2]->(q), (q)-->(r) project p.n"), "several sequences"),
        (
            over("W | graph-shortest-paths output=some (p)-[*1..2]->(q) project p.n"),
            "`output` is `any` or `all`",
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

#[tokio::test]
async fn components() {
    check_all(&[
        ("G | graph-mark-components | graph-to-table nodes | summarize count() by ComponentId | sort by ComponentId asc", "[[0,4],[1,1]]"),
        (
            "Plain | graph-mark-components kind=strong with_component_id=c | graph-to-table nodes",
            r#"[["a",0],["b",0],["c",0],["d",1]]"#,
        ),
        ("Plain | graph-mark-components with_component_id=c | graph-match (p)-->(q) where p.c == q.c project p.n | count", "[[4]]"),
        ("Plain | graph-mark-components with_component_id=n", "have a property `n` already"),
        ("Plain | graph-mark-components kind=other", "`weak` or `strong`"),
    ])
    .await;
}

#[tokio::test]
async fn parts_are_graphs_of_their_own() {
    const PARTS: &str =
        "let T = datatable(a: string, b: string, part: long) ['x', 'y', 1, 'y', 'z', 2, 'x', 'y', 2];";
    let over = |query: &str| format!("{PARTS} {query}");
    let cases = [
        (
            over(
                "T | make-graph a --> b with_node_id=n partitioned-by part (graph-match (p)-->(q)-->(r) project p.n, r.n)",
            ),
            r#"[["x","z"]]"#,
        ),
        (
            over(
                "T | make-graph a --> b with (T | distinct a, part) on a partitioned-by part \
                  (graph-mark-components | graph-to-table nodes) | summarize count(), max(ComponentId)",
            ),
            "[[5,0]]",
        ),
        (
            over(
                "T | make-graph a --> b with (print a = 'x') on a partitioned-by part (graph-to-table nodes)",
            ),
            "no column is called `part`",
        ),
        (
            over(
                "T | make-graph a --> b partitioned-by part (graph-match (p)-->(q) project node_id(p) | count)",
            ),
            "only operators over graphs",
        ),
    ];
    let cases: Vec<_> = cases.iter().map(|(query, expected)| (query.as_str(), *expected)).collect();
    check(&Memory::default(), &cases).await;
}

/// A search that would take years ends once nobody waits for more.
#[tokio::test]
async fn searches_end_with_their_readers() {
    let dense =
        "range x from 0 to 899 step 1 | project a = x / 30, b = x % 30 | make-graph a --> b with_node_id=n";
    let query = format!("{dense} | graph-match cycles=all (p)-[e*50..50]->(q) project p.n | take 3 | count");
    check(&Memory::default(), &[(query.as_str(), "[[3]]")]).await;
}
