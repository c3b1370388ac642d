//! From a source's bytes to rows in Phalanx's journal, with the cursor of the source.

use std::sync::Arc;

use phalanx_hub::{EmitError, ServiceContext};
use phalanx_signal::{
    SignalBatch,
    decode::{Decoder, Format, Output, Session},
};

use crate::host::Host;

/// Decodes one source and emits its rows.
pub(crate) struct Feed {
    ctx: ServiceContext,
    source: String,
    decoder: Box<dyn Decoder>,
    out: Output,
    full: Vec<SignalBatch>,
}

impl Feed {
    /// `source` names it in cursors and dead letters.
    pub fn new(ctx: ServiceContext, host: &Host, source: &str, format: &'static Format) -> Self {
        let mut session = Session::new(ctx.catalog().clone(), ctx.tenant(), source);
        session.collector = Some(host.name.clone());
        session.zone_seconds = Host::zone_seconds();
        let session = Arc::new(session);
        let decoder = (format.open)(&session);
        let out = Output::new(session, format.name);
        Self { ctx, source: source.to_owned(), decoder, out, full: Vec::new() }
    }

    /// Decodes bytes that begin at `offset` in the source.
    pub fn push(&mut self, offset: u64, bytes: &[u8]) {
        self.out.set_received(self.ctx.clock().micros());
        self.decoder.push(offset, bytes, &mut self.out);
        self.full.extend(self.out.take());
    }

    /// Emits everything decoded so far, together with the cursor behind the last pushed byte. What was
    /// pushed must end with a whole record: the decoder is told that nothing more belongs to it.
    pub async fn commit(&mut self, cursor: &str) -> Result<(), EmitError> {
        self.decoder.idle(&mut self.out);
        self.spill(Some(cursor)).await
    }

    /// Emits the rows there are, while the decoder may hold the beginning of a record; the cursor is
    /// before that record.
    pub async fn spill(&mut self, cursor: Option<&str>) -> Result<(), EmitError> {
        let mut batches = std::mem::take(&mut self.full);
        batches.extend(self.out.flush());
        self.out.take_counts();
        match cursor {
            Some(cursor) => _ = self.ctx.emit_with_cursor(&self.source, cursor, batches).await?,
            None if batches.is_empty() => {}
            None => _ = self.ctx.emit(batches).await?,
        }
        Ok(())
    }

    /// Ends one file of the source: what the decoder still holds is decoded.
    pub fn finish(&mut self) {
        self.decoder.finish(&mut self.out);
        self.full.extend(self.out.take());
    }

    /// Bytes of decoded rows that wait for the next commit, roughly.
    pub fn pending_bytes(&self) -> usize {
        let full: usize = self.full.iter().map(|b| b.rows.get_array_memory_size()).sum();
        full + self.out.pending_bytes()
    }
}
