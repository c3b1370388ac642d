//! Table `PhalanxConsumer`: how far each consumer of the journal has come.

use crate::{ConsumerVital, fill::Fill, standing::Standings};

/// Before the name of a service that consumes signals stands this.
const SERVICE_PREFIX: &str = "service/";

pub(crate) fn write(fill: &mut Fill, consumers: &[ConsumerVital], standings: &Standings) {
    for consumer in consumers {
        let standing = consumer.name.strip_prefix(SERVICE_PREFIX).and_then(|service| standings.of(service));
        let told = standing.and_then(|standing| standing.failure.as_ref());
        let failure = consumer.failure.as_ref().or(told);
        let restarts =
            standing.map_or(consumer.restarts, |standing| standing.restarts.max(consumer.restarts));
        let mut row = fill.row();
        row.text("Consumer", &consumer.name)
            .long("Position", consumer.position)
            .long("Head", consumer.head)
            .long("LagRecords", consumer.lag_entries)
            .real("LagSeconds", consumer.lag.as_secs_f64())
            .long("Restarts", restarts.into())
            .text("Status", if failure.is_some() { "Failing" } else { "Running" });
        if let Some(failure) = failure {
            row.text("Failure", failure);
        }
    }
}
