//! Applies a mapping's rules to records.

use bumpalo::Bump;

use super::{
    Mapping, Record, RuleSet,
    compile::{ColumnRule, Fate, Rest, Rule, Target},
    expression::{ABSENT, Expr, Inputs},
};
use crate::{
    Row,
    decode::{Output, TableSlot},
};

/// Writes the rows that a mapping says records give. Belongs to one decoder, which writes to one
/// [`Output`].
///
/// Events of one kind have the same fields in the same order nearly always, so each rule remembers what
/// it did with the field at each place; only a field that stands elsewhere than the last time is looked
/// up by name.
pub struct Mapper<'m> {
    mapping: &'m Mapping,
    memory: Vec<RuleMemory>,
    /// Tables that the current record has a row of already.
    filled: Vec<TableSlot>,
    /// What expressions compute for the current record.
    arena: Bump,
}

#[derive(Default)]
struct RuleMemory {
    table: Option<TableSlot>,
    layout: Vec<(String, Fate)>,
    /// What becomes of the current record's fields.
    fates: Vec<Fate>,
    /// For each input of the rule, its place among the current record's fields.
    places: Vec<u32>,
    /// For each input of the rule, whether a column has its value.
    used: Vec<bool>,
}

/// Longer names and later places are looked up each time, so that the memory stays small.
const LAYOUT_NAME_MAX: usize = 64;
const LAYOUT_MAX: usize = 256;

impl<'m> Mapper<'m> {
    pub fn new(mapping: &'m Mapping) -> Self {
        let memory = mapping.rules.iter().map(|_| RuleMemory::default()).collect();
        Self { mapping, memory, filled: Vec::new(), arena: Bump::new() }
    }

    /// Writes the rows that the rules of the sets give for the record; the number of rows. Rules of an
    /// earlier set come before those of a later one.
    pub fn apply(&mut self, sets: &[RuleSet], record: &Record<'_>, out: &mut Output) -> usize {
        self.filled.clear();
        self.arena.reset();
        for at in sets.iter().flat_map(|set| &self.mapping.sets[set.0]) {
            let (rule, memory) = (&self.mapping.rules[*at], &mut self.memory[*at]);
            let table = *memory.table.get_or_insert_with(|| {
                out.slot(&rule.table).expect("the mapping was compiled against the built-in tables")
            });
            if self.filled.contains(&table) {
                continue;
            }
            memory.place(rule, record);
            let inputs = Inputs { record, places: &memory.places, arena: &self.arena };
            if rule.condition.iter().all(|test| test.holds(inputs)) {
                self.filled.push(table);
                memory.write(rule, record, &self.arena, &mut out.row(table));
            }
        }
        self.filled.len()
    }
}

impl RuleMemory {
    /// Finds the rule's inputs among the record's fields.
    fn place(&mut self, rule: &Rule, record: &Record<'_>) {
        self.places.clear();
        self.places.resize(rule.inputs, ABSENT);
        self.fates.clear();
        if !rule.reads_fields {
            return;
        }
        for (at, (name, value)) in record.fields.iter().enumerate() {
            let mut fate = self.fate(rule, at, name);
            if let Some(slot) = fate.slot {
                let place = &mut self.places[usize::from(slot)];
                // A name that stands twice: its first value is the input, a further one is kept.
                if *place == ABSENT && !value.is_empty() {
                    *place = at as u32;
                } else if *place != ABSENT {
                    fate.slot = None;
                }
            }
            self.fates.push(fate);
        }
    }

    fn fate(&mut self, rule: &Rule, at: usize, name: &str) -> Fate {
        if let Some((known, fate)) = self.layout.get(at)
            && *known == *name
        {
            return *fate;
        }
        let fate = rule.fate(name);
        if name.len() <= LAYOUT_NAME_MAX && at < LAYOUT_MAX {
            if let Some((known, known_fate)) = self.layout.get_mut(at) {
                name.clone_into(known);
                *known_fate = fate;
            } else if at == self.layout.len() {
                self.layout.push((name.to_owned(), fate));
            }
        }
        fate
    }

    fn write(&mut self, rule: &Rule, record: &Record<'_>, arena: &Bump, row: &mut Row<'_>) {
        self.used.clear();
        self.used.resize(rule.inputs, false);
        for (header, column) in &rule.headers_as_they_are {
            if let Some(value) = record.headers.get(usize::from(*header)) {
                value.datum().write(row, *column);
            }
        }
        for column in &rule.columns {
            self.write_column(column, record, arena, row);
        }
        let visited = if rule.visits_fields { record.fields } else { &[] };
        for ((name, value), fate) in visited.iter().zip(&self.fates) {
            let mut used = fate.slot.is_some_and(|slot| self.used[usize::from(slot)]);
            if let Some(column) = fate.column {
                let column = column as usize;
                if !row.is_set(column) {
                    value.datum().write(row, column);
                    used = true;
                }
            }
            if fate.rest == Rest::Always || (fate.rest == Rest::IfUnused && !used) {
                value.datum().write_unmapped(row, name);
            }
        }
        if rule.keeps_extras {
            for (name, value) in record.extras {
                value.datum().write_unmapped(row, name);
            }
        }
        if let Some(time) = record.time {
            row.time(time);
        }
    }

    fn write_column(&mut self, column: &ColumnRule, record: &Record<'_>, arena: &Bump, row: &mut Row<'_>) {
        let inputs = Inputs { record, places: &self.places, arena };
        let mut alternatives = column.alternatives.iter();
        let first = alternatives.find_map(|(expr, slots)| {
            let value = expr.value(inputs);
            (!value.is_empty()).then_some((value, slots))
        });
        let Some((value, slots)) = first else { return };
        match &column.target {
            Target::Column(place) => value.write(row, *place),
            Target::Member(name) => value.write_unmapped(row, name),
        }
        for slot in slots {
            self.used[usize::from(*slot)] = true;
        }
        // A later field that says the same is in the column, too.
        for (expr, slots) in alternatives {
            if let (Expr::Field(_), [slot]) = (expr, &**slots) {
                self.used[usize::from(*slot)] |= expr.value(inputs) == value;
            }
        }
    }
}
