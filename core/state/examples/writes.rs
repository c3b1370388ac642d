//! How many writes per second a store takes, by how many writers: `writes URL`, with a URL as for
//! `phalanx_state::open`. The figures of decision 0010 are from here.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use phalanx_state::{Author, Index, IndexKind, Key, Options, Precondition, State, TenantId, open};
use serde_json::json;

const SPAN: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> phalanx_state::Result<()> {
    let Some(url) = std::env::args().nth(1) else {
        println!("usage: writes URL");
        return Ok(());
    };
    let state = open(&url, Options::default()).await?;
    let indexes = [Index::new("n", "/n", IndexKind::Integer), Index::new("name", "/name", IndexKind::Text)];
    state.declare("things", &indexes).await?;
    for writers in [1, 4, 16] {
        let began = Instant::now();
        let tasks: Vec<_> =
            (0..writers).map(|writer| tokio::spawn(write(state.clone(), writer, began))).collect();
        let mut took = Vec::new();
        for task in tasks {
            took.extend(task.await.expect("no writer panics")?);
        }
        took.sort_unstable();
        let rate = took.len() as f64 / began.elapsed().as_secs_f64();
        let at = |percent: usize| took.get(took.len() * percent / 100).copied().unwrap_or_default();
        println!("{writers} writers: {rate:.0} writes/s, p50 {:?}, p99 {:?}", at(50), at(99));
    }
    state.close().await;
    Ok(())
}

async fn write(state: Arc<dyn State>, writer: u64, began: Instant) -> phalanx_state::Result<Vec<Duration>> {
    let author = Author::new("measurement")?;
    let mut took = Vec::new();
    for n in 0_u64.. {
        if began.elapsed() > SPAN {
            break;
        }
        let key = Key::new(TenantId::PLATFORM, "things", format!("{writer}-{}", n % 500))?;
        let body = json!({"n": n, "name": format!("thing {n}"), "text": "x".repeat(400)});
        let call = Instant::now();
        state.put(&key, body, Precondition::None, &author).await?;
        took.push(call.elapsed());
    }
    Ok(took)
}
