//! Decodes a file and tells what came of it and how fast: `decode [--format NAME] [--threads N] FILE`.
//!
//! The file is read into memory first, so that the figures are the decoder's alone.

use std::{env, error::Error, fs, sync::Arc, thread, time::Instant};

use phalanx_signal::{
    Catalog, TenantId,
    decode::{self, Counts, Format, Output, Sample, Session, Split},
};

fn main() -> Result<(), Box<dyn Error>> {
    let (mut format, mut threads, mut path) = (None, 1, None);
    let mut arguments = env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--format" => format = arguments.next(),
            "--threads" => threads = arguments.next().ok_or("--threads needs a number")?.parse()?,
            _ => path = Some(argument),
        }
    }
    let path = path.ok_or("which file?")?;
    let bytes = fs::read(&path)?;
    let sample = Sample { name: &path.to_lowercase(), bytes: &bytes[..bytes.len().min(65_536)], table: None };
    let format = match &format {
        Some(name) => decode::format(name).ok_or("no such format")?,
        None => decode::guess(&sample).ok_or("nobody recognises the format")?.0,
    };
    let pieces = cut(&bytes, (format.split)(&sample), threads);
    let begun = Instant::now();
    let counts = run(format, &path, &bytes, &pieces);
    let seconds = begun.elapsed().as_secs_f64();
    for (table, rows) in &counts.rows {
        println!("{rows:>10}  {table}");
    }
    for (reason, (count, first)) in &counts.dead_letters {
        println!("{count:>10}  dead letters: {reason} (first at {})", first.offset);
    }
    println!(
        "{}: {} records in {seconds:.3} s: {:.0} MB/s, {:.0} records/s",
        format.name,
        counts.records,
        bytes.len() as f64 / 1e6 / seconds,
        counts.records as f64 / seconds
    );
    Ok(())
}

/// The bytes' offsets at which a piece begins.
fn cut(bytes: &[u8], split: Split, pieces: usize) -> Vec<usize> {
    let mut starts = vec![0];
    for piece in 1..pieces {
        let wanted = bytes.len() / pieces * piece;
        let start = match split {
            Split::Never => continue,
            Split::Lines => bytes[wanted..].iter().position(|b| *b == b'\n').map(|at| wanted + at + 1),
            Split::Blocks { header, block } => Some(header + wanted.saturating_sub(header) / block * block),
        };
        starts.extend(start);
    }
    starts
}

fn run(format: &'static Format, path: &str, bytes: &[u8], starts: &[usize]) -> Counts {
    let tenant = TenantId::new(Default::default());
    let session = Arc::new(Session::new(Arc::new(Catalog::new()), tenant, path));
    let mut counts = Counts::default();
    thread::scope(|scope| {
        let workers: Vec<_> = starts
            .iter()
            .enumerate()
            .map(|(at, start)| {
                let end = starts.get(at + 1).copied().unwrap_or(bytes.len());
                let session = &session;
                scope.spawn(move || {
                    let mut out = Output::new(session.clone(), format.name);
                    let mut decoder = (format.open)(session);
                    let mut offset = *start;
                    for piece in bytes[*start..end].chunks(1 << 20) {
                        decoder.push(offset as u64, piece, &mut out);
                        offset += piece.len();
                        drop(out.take());
                    }
                    decoder.finish(&mut out);
                    drop(out.flush());
                    out.take_counts()
                })
            })
            .collect();
        for worker in workers {
            counts.add(&worker.join().expect("a decoder does not panic"));
        }
    });
    counts
}
