//! The way from those who append to the writer thread.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};
use phalanx_signal::SignalBatch;
use tokio::sync::oneshot;

use super::{admission::Reservation, payload::Encoded};
use crate::{AppendError, Position};

/// A write holds no more than this, so that the first of a crowd is answered soon; a larger entry goes
/// alone. Beyond it a disk's throughput does not grow much (docs/decisions/0002).
const GROUP_BYTES: usize = 1 << 20;
/// `pwritev` takes at most 1,024 parts, one of which may be the head of a segment.
const GROUP_ENTRIES: usize = 1_000;

/// An encoded entry that waits to be written.
#[derive(Debug)]
pub struct Request {
    pub received: i64,
    pub record: Vec<u8>,
    pub payload_crc: u32,
    pub raw_bytes: u32,
    pub batches: Vec<SignalBatch>,
    pub memory: usize,
    reply: oneshot::Sender<Result<Position, AppendError>>,
    _reservation: Reservation,
}

/// Where the answer arrives.
pub type Answer = oneshot::Receiver<Result<Position, AppendError>>;

impl Request {
    pub fn new(received: i64, encoded: Encoded, reservation: Reservation) -> (Self, Answer) {
        let (reply, answer) = oneshot::channel();
        let Encoded { record, payload_crc, raw_bytes, batches, memory } = encoded;
        let request = Self {
            received,
            record,
            payload_crc,
            raw_bytes,
            batches,
            memory,
            reply,
            _reservation: reservation,
        };
        (request, answer)
    }

    /// Answers the caller, if it still waits.
    pub fn answer(self, answer: Result<Position, AppendError>) {
        let _ = self.reply.send(answer);
    }
}

/// Requests in the order in which they came. Bounded by the reservation that each one holds.
#[derive(Debug, Default)]
pub struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requests: VecDeque<Request>,
    is_closed: bool,
}

impl Queue {
    pub fn push(&self, request: Request) {
        let mut state = self.state.lock();
        if state.is_closed {
            drop(state);
            return request.answer(Err(AppendError::Closed));
        }
        state.requests.push_back(request);
        self.arrived.notify_one();
    }

    /// Nothing more is taken in; what waits is still given out.
    pub fn close(&self) {
        self.state.lock().is_closed = true;
        self.arrived.notify_all();
    }

    /// Nobody will take anything out any more: what waits is answered as if the journal were closed.
    pub fn abandon(&self) {
        let mut state = self.state.lock();
        state.is_closed = true;
        let requests = std::mem::take(&mut state.requests);
        drop(state);
        requests.into_iter().for_each(|request| request.answer(Err(AppendError::Closed)));
    }

    /// Waits for requests and takes as many as one write should hold; `None` at the end.
    pub fn next_group(&self) -> Option<Vec<Request>> {
        let mut state = self.state.lock();
        while state.requests.is_empty() {
            if state.is_closed {
                return None;
            }
            self.arrived.wait(&mut state);
        }
        let mut bytes = 0;
        let fits = |request: &&Request| {
            bytes += request.record.len();
            bytes <= GROUP_BYTES
        };
        let count = state.requests.iter().take(GROUP_ENTRIES).take_while(fits).count().max(1);
        Some(state.requests.drain(..count).collect())
    }
}
