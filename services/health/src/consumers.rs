//! Table `PhalanxConsumer`: how far each consumer of the journal has come.

use crate::{ConsumerVital, fill::Fill};

pub(crate) fn write(fill: &mut Fill, consumers: &[ConsumerVital]) {
    for consumer in consumers {
        let status = if consumer.failure.is_some() { "Failing" } else { "Running" };
        let mut row = fill.row();
        row.text("Consumer", &consumer.name)
            .long("Position", consumer.position)
            .long("Head", consumer.head)
            .long("LagRecords", consumer.lag_entries)
            .real("LagSeconds", consumer.lag.as_secs_f64())
            .long("Restarts", consumer.restarts.into())
            .text("Status", status);
        if let Some(failure) = &consumer.failure {
            row.text("Failure", failure);
        }
    }
}
