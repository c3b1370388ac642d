//! Which table and column a field of a wire format belongs to: data, read once at start.
