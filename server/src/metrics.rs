//! What the server counts, for `/metrics` in the Prometheus text format.

use prometheus::{
    Encoder, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

/// All metrics. Names follow the Prometheus conventions: unit and `_total` at the end.
pub struct Metrics {
    registry: Registry,
    pub rows: IntCounterVec,
    pub bytes: IntCounterVec,
    pub dead_letters: IntCounterVec,
    pub refusals: IntCounterVec,
    pub acknowledge_seconds: Histogram,
    pub requests: IntCounterVec,
    pub request_seconds: Histogram,
    pub queries: IntCounterVec,
    pub query_seconds: Histogram,
    pub connections: IntGaugeVec,
    pub journal_head: IntGauge,
    pub journal_bytes: IntGauge,
    pub journal_damage: IntGauge,
    pub journal_lost: IntGauge,
    pub consumer_lag: IntGaugeVec,
    pub hot_rows: IntGauge,
    pub hot_bytes: IntGauge,
    pub syslog_dropped: IntCounter,
}

impl Metrics {
    pub fn new() -> Self {
        let registry = Registry::new();
        let make = Maker(&registry);
        Self {
            rows: make.counters("rows_accepted_total", "rows acknowledged", &["table"]),
            bytes: make.counters("bytes_received_total", "bytes taken from senders", &["interface"]),
            dead_letters: make.counters(
                "dead_letters_total",
                "records that no decoder could read, kept in the dead-letter table",
                &["format"],
            ),
            refusals: make.counters(
                "refusals_total",
                "input that was not taken: the sender was told",
                &["interface", "reason"],
            ),
            acknowledge_seconds: make
                .histogram("acknowledge_seconds", "from handing rows to the journal to their being durable"),
            requests: make.counters("http_requests_total", "requests answered", &["operation", "status"]),
            request_seconds: make.histogram("http_request_seconds", "time to answer a request"),
            queries: make.counters("queries_total", "queries ended", &["outcome"]),
            query_seconds: make.histogram("query_seconds", "time of a query, its last row included"),
            connections: make.gauges("connections", "open connections", &["listener"]),
            journal_head: make.gauge("journal_head_position", "position of the newest journal entry"),
            journal_bytes: make.gauge("journal_bytes", "size of the journal on disk"),
            journal_damage: make.gauge(
                "journal_damaged_places",
                "places of the journal that could not be read, since the start",
            ),
            journal_lost: make.gauge(
                "journal_lost_entries",
                "entries of the journal that could not be read, since the start",
            ),
            consumer_lag: make.gauges(
                "consumer_lag_entries",
                "journal entries that a consumer has not committed",
                &["consumer"],
            ),
            hot_rows: make.gauge("lake_hot_rows", "rows in memory that are in no file yet"),
            hot_bytes: make.gauge("lake_hot_bytes", "memory of the rows that are in no file yet"),
            syslog_dropped: make.counter(
                "syslog_datagrams_dropped_total",
                "datagrams given up because the journal took nothing in time",
            ),
            registry,
        }
    }

    /// All values in the Prometheus text format, version 0.0.4.
    pub fn render(&self) -> String {
        let mut text = Vec::new();
        match TextEncoder::new().encode(&self.registry.gather(), &mut text) {
            Ok(()) => String::from_utf8_lossy(&text).into_owned(),
            Err(error) => format!("# metrics can't be rendered: {error}\n"),
        }
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

/// Makes and registers metrics; names and labels are constants of this file, checked by the test.
struct Maker<'a>(&'a Registry);

impl Maker<'_> {
    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        let metric = IntCounterVec::new(Opts::new(full(name), help), labels).expect(CONSTANT);
        self.0.register(Box::new(metric.clone())).expect(CONSTANT);
        metric
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        let metric = IntCounter::new(full(name), help).expect(CONSTANT);
        self.0.register(Box::new(metric.clone())).expect(CONSTANT);
        metric
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        let metric = IntGaugeVec::new(Opts::new(full(name), help), labels).expect(CONSTANT);
        self.0.register(Box::new(metric.clone())).expect(CONSTANT);
        metric
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        let metric = IntGauge::new(full(name), help).expect(CONSTANT);
        self.0.register(Box::new(metric.clone())).expect(CONSTANT);
        metric
    }

    fn histogram(&self, name: &str, help: &str) -> Histogram {
        let buckets = prometheus::exponential_buckets(0.001, 2.5, 12).expect(CONSTANT);
        let metric =
            Histogram::with_opts(HistogramOpts::new(full(name), help).buckets(buckets)).expect(CONSTANT);
        self.0.register(Box::new(metric.clone())).expect(CONSTANT);
        metric
    }
}

const CONSTANT: &str = "metric names are valid and distinct";

fn full(name: &str) -> String {
    format!("phalanx_{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_metrics_register_and_render() {
        let metrics = Metrics::new();
        metrics.rows.with_label_values(&["Syslog"]).inc_by(3);
        assert!(metrics.render().contains("phalanx_rows_accepted_total{table=\"Syslog\"} 3"));
    }
}
