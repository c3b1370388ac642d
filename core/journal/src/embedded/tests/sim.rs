//! A disk that fails on demand and forgets what was not synced.
//!
//! Writes go to real files at once, as to a page cache, so that readers see them. Beside that the disk knows
//! of each file and of the folder what is durable. A crash leaves that, and of everything else whatever the
//! chance wants: a prefix, some sectors, new names or not, removed names or not.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs::{self, File, OpenOptions},
    io::{self, IoSlice},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;

use crate::embedded::disk::{Disk, SegmentFile};

/// What goes wrong with one operation.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// It fails; a sync has then made nothing durable, now or later.
    Fail,
    /// A write stops after some bytes, for the disk is full.
    Full(usize),
    Panic,
}

#[derive(Clone, Debug, Default)]
pub struct SimDisk(Arc<Mutex<Sim>>);

#[derive(Debug, Default)]
struct Sim {
    /// The names as programs see them, and as they are on the disk.
    files: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
    durable_files: BTreeMap<PathBuf, Arc<Mutex<Content>>>,
    faults: BTreeMap<usize, Fault>,
    /// Operations so far.
    operation: usize,
    dies_at: Option<usize>,
    fails_to_truncate: bool,
    truncate_failures: usize,
    fails_to_remove: bool,
    free_bytes: Option<u64>,
    syncs: usize,
    sync_takes: Duration,
}

#[derive(Debug, Default)]
struct Content {
    durable: Vec<u8>,
    pending: Vec<Pending>,
}

#[derive(Debug)]
struct Pending {
    change: Change,
    /// A sync failed: no later one will make it durable.
    is_lost: bool,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Truncate(usize),
}

impl SimDisk {
    /// A disk with the segment files that are in a folder.
    pub fn load(folder: &Path) -> Self {
        let disk = Self::default();
        {
            let mut sim = disk.0.lock();
            for path in segments(folder) {
                let durable = fs::read(&path).expect("a readable file");
                sim.files.insert(path, Arc::new(Mutex::new(Content { durable, pending: Vec::new() })));
            }
            sim.durable_files = sim.files.clone();
        }
        disk
    }

    /// From the next operation on: these faults, by number, and death.
    pub fn arm(&self, faults: impl IntoIterator<Item = (usize, Fault)>, dies_at: Option<usize>) {
        let mut sim = self.0.lock();
        let now = sim.operation;
        sim.faults = faults.into_iter().map(|(at, fault)| (now + at, fault)).collect();
        sim.dies_at = dies_at.map(|at| now + at);
    }

    /// Nothing succeeds any more.
    pub fn die(&self) {
        self.0.lock().dies_at = Some(0);
    }

    pub fn is_dead(&self) -> bool {
        let sim = self.0.lock();
        sim.dies_at.is_some_and(|at| sim.operation >= at)
    }

    pub fn fail_to_truncate(&self, fails: bool) {
        self.0.lock().fails_to_truncate = fails;
    }

    pub fn fail_to_remove(&self, fails: bool) {
        self.0.lock().fails_to_remove = fails;
    }

    pub fn truncate_failures(&self) -> usize {
        self.0.lock().truncate_failures
    }

    pub fn set_free_bytes(&self, bytes: u64) {
        self.0.lock().free_bytes = Some(bytes);
    }

    pub fn slow_down(&self, sync_takes: Duration) {
        self.0.lock().sync_takes = sync_takes;
    }

    /// Calls of `sync` so far.
    pub fn syncs(&self) -> usize {
        self.0.lock().syncs
    }

    /// Makes the real files what a power failure leaves.
    pub fn crash(&self, folder: &Path, chance: &mut Chance) {
        let sim = self.0.lock();
        segments(folder).into_iter().for_each(|path| fs::remove_file(path).expect("a removable file"));
        let names: BTreeSet<_> = sim.files.keys().chain(sim.durable_files.keys()).collect();
        for name in names {
            let certain = sim.files.contains_key(name) && sim.durable_files.contains_key(name);
            let content = sim.files.get(name).or(sim.durable_files.get(name)).expect("it is in one of them");
            if certain || chance.below(2) == 0 {
                fs::write(name, content.lock().survivor(chance)).expect("a writable folder");
            }
        }
    }

    /// The next operation, if it does not fail.
    fn begin(&self) -> io::Result<Option<Fault>> {
        let mut sim = self.0.lock();
        let operation = sim.operation;
        sim.operation += 1;
        if sim.dies_at.is_some_and(|at| operation >= at) {
            return Err(io::Error::other("the disk is gone"));
        }
        match sim.faults.remove(&operation) {
            Some(Fault::Fail) => Err(io::Error::from_raw_os_error(5)),
            Some(Fault::Panic) => panic!("a test wants a panic"),
            fault => Ok(fault),
        }
    }
}

impl Disk for SimDisk {
    fn create(&self, path: &Path) -> io::Result<Box<dyn SegmentFile>> {
        self.begin()?;
        let real = OpenOptions::new().write(true).create_new(true).open(path)?;
        let content = Arc::new(Mutex::new(Content::default()));
        self.0.lock().files.insert(path.to_owned(), content.clone());
        Ok(Box::new(SimFile { disk: self.clone(), content, real }))
    }

    fn sync_directory(&self, _path: &Path) -> io::Result<()> {
        self.begin()?;
        let mut sim = self.0.lock();
        sim.durable_files = sim.files.clone();
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.begin()?;
        if self.0.lock().fails_to_remove {
            return Err(io::Error::from_raw_os_error(5));
        }
        self.0.lock().files.remove(path);
        fs::remove_file(path)
    }

    fn free_bytes(&self, _directory: &Path) -> io::Result<u64> {
        self.0.lock().free_bytes.ok_or(io::ErrorKind::Unsupported.into())
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    content: Arc<Mutex<Content>>,
    real: File,
}

impl SimFile {
    fn change(&self, change: Change) -> io::Result<()> {
        match &change {
            Change::Write { offset, bytes } => self.real.write_all_at(bytes, *offset as u64)?,
            Change::Truncate(bytes) => self.real.set_len(*bytes as u64)?,
        }
        self.content.lock().pending.push(Pending { change, is_lost: false });
        Ok(())
    }
}

impl SegmentFile for SimFile {
    fn write_at(&mut self, parts: &mut [IoSlice<'_>], offset: u64) -> io::Result<()> {
        let mut bytes: Vec<u8> = parts.iter().flat_map(|part| part.iter().copied()).collect();
        let fault = self.disk.begin()?;
        if let Some(Fault::Full(room)) = fault {
            bytes.truncate(room);
        }
        self.change(Change::Write { offset: offset as usize, bytes })?;
        match fault {
            Some(_) => Err(io::ErrorKind::StorageFull.into()),
            None => Ok(()),
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let takes = {
            let mut sim = self.disk.0.lock();
            sim.syncs += 1;
            sim.sync_takes
        };
        std::thread::sleep(takes);
        let begun = self.disk.begin();
        let mut content = self.content.lock();
        match begun {
            Ok(_) => content.sync(),
            Err(_) => content.pending.iter_mut().for_each(|pending| pending.is_lost = true),
        }
        begun.map(|_| ())
    }

    fn truncate(&mut self, bytes: u64) -> io::Result<()> {
        let fails = self.disk.0.lock().fails_to_truncate;
        let done = match fails {
            true => Err(io::Error::from_raw_os_error(5)),
            false => self.disk.begin().and_then(|_| self.change(Change::Truncate(bytes as usize))),
        };
        let done = done.and_then(|()| self.sync());
        self.disk.0.lock().truncate_failures += usize::from(done.is_err());
        done
    }
}

impl Content {
    fn sync(&mut self) {
        let mut lost: Vec<Pending> = Vec::new();
        for pending in std::mem::take(&mut self.pending) {
            if pending.is_lost {
                lost.push(pending);
                continue;
            }
            if let Change::Truncate(length) = pending.change {
                lost.retain(|lost| matches!(&lost.change, Change::Write { offset, .. } if *offset < length));
            }
            apply(&mut self.durable, &pending.change);
        }
        self.pending = lost;
    }

    /// What is on the disk after a power failure.
    fn survivor(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        match chance.below(4) {
            0 => {}
            1 => self.pending.iter().for_each(|pending| apply(&mut bytes, &pending.change)),
            2 => {
                let changed = |pending: &Pending| match &pending.change {
                    Change::Write { bytes, .. } => bytes.len() + 1,
                    Change::Truncate(_) => 1,
                };
                let mut left = chance.below(self.pending.iter().map(changed).sum::<usize>() + 1);
                for pending in &self.pending {
                    match &pending.change {
                        change if left >= changed(pending) => apply(&mut bytes, change),
                        Change::Write { offset, bytes: written } => {
                            let written = written[..left.min(written.len())].to_vec();
                            apply(&mut bytes, &Change::Write { offset: *offset, bytes: written });
                        }
                        Change::Truncate(_) => {}
                    }
                    left = left.saturating_sub(changed(pending));
                }
            }
            _ => {
                let sector = [1, 64, 512, 4_096][chance.below(4)];
                for pending in &self.pending {
                    match &pending.change {
                        Change::Write { offset, bytes: written } => {
                            for (at, part) in written.chunks(sector).enumerate() {
                                if chance.below(2) == 0 {
                                    let (offset, part) = (offset + at * sector, part.to_vec());
                                    apply(&mut bytes, &Change::Write { offset, bytes: part });
                                }
                            }
                        }
                        change if chance.below(2) == 0 => apply(&mut bytes, change),
                        Change::Truncate(_) => {}
                    }
                }
            }
        }
        bytes
    }
}

fn apply(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Write { bytes: written, .. } if written.is_empty() => {}
        Change::Write { offset, bytes: written } => {
            let end = offset + written.len();
            bytes.resize(bytes.len().max(end), 0);
            bytes[*offset..end].copy_from_slice(written);
        }
        Change::Truncate(length) => bytes.resize(*length, 0),
    }
}

/// The segment files in a folder, sorted by name.
pub fn segments(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).expect("a readable folder").map(|file| file.expect("readable").path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|end| end == "segment")).collect();
    files.sort();
    files
}

/// Numbers that follow from a seed.
pub struct Chance(pub u64);

impl Chance {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % limit.max(1) as u64) as usize
    }
}
