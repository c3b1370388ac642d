//! `bag_unpack`: a column for each key of a bag.
//!
//! Which keys there are, and of which types their values, only the rows tell, unless the query declares it.

use std::{collections::BTreeMap, sync::Arc};

use phalanx_signal::ColumnType;

use super::Plugin;
use crate::{
    bind::{Binder, Code, Names, Result, convert},
    bound::{Expr, Relation, Value},
    dynamic::{Json, Path, Step},
    functions::part,
    syntax::tree::{self, ExprKind, operators::Evaluate},
};

/// Columns that a bag may make.
const KEYS_MAX: usize = 1_000;

pub(super) const PLUGIN: Plugin = Plugin {
    name: "bag_unpack",
    syntax: "bag_unpack(bag [, prefix [, columns_conflict [, ignored_properties]]])",
    about: "Makes a column of each key of a bag; `columns_conflict` says what to do with a name that is taken.",
    examples: &[(
        r#"print id = 7, d = dynamic({"b": "x", "a": 1}) | evaluate bag_unpack(d, "d_")"#,
        "7, 1, x",
    )],
    bind,
};

pub(super) fn bind<'t>(binder: &mut Binder<'t>, input: Relation, node: &'t Evaluate) -> Result<Relation> {
    let call = &node.call;
    let mut positional = call.arguments.iter().filter(|argument| argument.name.is_none());
    let Some(column) = positional.next() else {
        return Err(binder.error(Code::ArgumentCount, call.span, "`bag_unpack()` takes a dynamic column"));
    };
    let ExprKind::Name(name) = &column.value.unparenthesized().kind else {
        return Err(binder.error(Code::Argument, column.value.span, "the name of a column is needed here"));
    };
    let bag = binder.existing(name, &input.columns)?.clone();
    if bag.kind != ColumnType::Dynamic {
        let message = format!("`{}` is a {}, not a bag", bag.name, bag.kind);
        return Err(binder.error(Code::Types, name.span, message));
    }
    let mut named = |name: &str| {
        let given = call.arguments.iter().find(|argument| {
            argument.name.as_ref().is_some_and(|known| known.text.eq_ignore_ascii_case(name))
        });
        given.or_else(|| positional.next()).map(|argument| &argument.value)
    };
    let prefix = text(binder, named("OutputColumnPrefix"))?;
    let conflict = text(binder, named("columnsConflict"))?;
    let ignored = match named("ignoredProperties") {
        Some(tree) => match binder.constant(tree, "the ignored properties")? {
            Value::Dynamic(json) => Json::new(&json)
                .elements()
                .into_iter()
                .flatten()
                .filter_map(|name| name.as_text().map(|name| name.into_owned()))
                .collect(),
            _ => Vec::new(),
        },
        None => Vec::new(),
    };
    let (input, keys) = match &node.schema {
        Some(schema) => {
            let mut keys = Vec::new();
            for column in &schema.columns {
                let name = column.name.text.as_str();
                let is_own =
                    schema.star_at.is_none() && input.column(name).is_some_and(|known| known.id != bag.id);
                if !is_own {
                    keys.push((
                        name.strip_prefix(prefix.as_str()).unwrap_or(name).to_owned(),
                        binder.kind(&column.type_name)?,
                    ));
                }
            }
            (input, keys)
        }
        None => observed(binder, input, &bag, &ignored, call.span)?,
    };
    let keep_source = |name: &str| match &node.schema {
        Some(schema) => {
            schema.star_at.is_some() || schema.columns.iter().any(|column| column.name.text == name)
        }
        None => true,
    };
    let mut output: Vec<(Arc<str>, Expr)> = input
        .columns
        .iter()
        .filter(|column| column.id != bag.id && keep_source(&column.name))
        .map(|column| (Arc::clone(&column.name), column.value()))
        .collect();
    let mut names = Names::with(output.iter().map(|(name, _)| Arc::clone(name)));
    for (key, kind) in keys {
        let path = Path(vec![Step::Member(key.clone())]).to_text();
        let value = Expr::call(ColumnType::Dynamic, &part::PART, vec![bag.value(), Expr::string(&path)]);
        let value = convert::explicitly(value, kind)
            .ok_or_else(|| binder.error(Code::Types, call.span, format!("nothing converts to {kind}")))?;
        let name = format!("{prefix}{key}");
        let taken = output.iter_mut().find(|(known, _)| **known == *name);
        match (taken, conflict.as_str()) {
            (None, _) => {
                names.take(&name);
                output.push((Arc::from(name), value));
            }
            (Some(place), "replace_source") => place.1 = value,
            (Some(_), "keep_source") => {}
            (Some(_), _) => {
                let message = format!("the bag's key `{key}` would make a second column `{name}`");
                return Err(binder.error(Code::DuplicateName, call.span, message));
            }
        }
    }
    let mut unpacked = binder.project_on(input, output);
    // Other rows may bring other keys.
    unpacked.is_open |= node.schema.is_none();
    Ok(unpacked)
}

fn text<'t>(binder: &mut Binder<'t>, tree: Option<&'t tree::Expr>) -> Result<String> {
    let Some(tree) = tree else { return Ok(String::new()) };
    Ok(binder.constant(tree, "the option")?.to_string())
}

/// The keys in the rows' bags, in the order of their names, with the types of their values.
fn observed(
    binder: &mut Binder<'_>,
    input: Relation,
    bag: &crate::bound::Column,
    ignored: &[String],
    span: crate::syntax::Span,
) -> Result<(Relation, Vec<(String, ColumnType)>)> {
    let bags = binder.renumbered(&input);
    let at = input.columns.iter().position(|column| column.id == bag.id).unwrap_or(0);
    let column = bags.columns[at].clone();
    let (_, batches) = binder.ask(|binder| {
        let bags = binder.keep(bags, std::slice::from_ref(&column));
        binder.different(bags, span)
    })?;
    let mut keys: BTreeMap<String, Option<ColumnType>> = BTreeMap::new();
    for batch in &batches {
        let texts = arrow_array::cast::AsArray::as_string_view_opt(batch.column(0).as_ref());
        for text in texts.into_iter().flatten().flatten() {
            for (name, value) in Json::new(text).members().into_iter().flatten() {
                let Some(name) = name.as_text() else { continue };
                let known = keys.entry(name.into_owned()).or_insert(None);
                *known = match (*known, kind_of(value)) {
                    (kind, None) | (None, kind) => kind,
                    (Some(a), Some(b)) if a == b => Some(a),
                    (Some(a), Some(b)) => Some(match convert::common(a, b) {
                        Some(kind) => kind,
                        None => ColumnType::Dynamic,
                    }),
                };
            }
        }
    }
    keys.retain(|name, _| !ignored.contains(name));
    if keys.len() > KEYS_MAX {
        return Err(binder.error(Code::TooLarge, span, format!("the bags have more than {KEYS_MAX} keys")));
    }
    let keys = keys.into_iter().map(|(name, kind)| (name, kind.unwrap_or(ColumnType::Dynamic))).collect();
    Ok((input, keys))
}

/// The type of a column for a value; `None` for null.
fn kind_of(value: Json<'_>) -> Option<ColumnType> {
    if value.is_null() {
        return None;
    }
    Some(if value.as_bool().is_some() {
        ColumnType::Bool
    } else if value.is_string() {
        let text = value.as_text()?;
        let is_time = text.len() >= 19
            && text.as_bytes().get(10) == Some(&b'T')
            && text.as_bytes().get(4) == Some(&b'-');
        if is_time { ColumnType::DateTime } else { ColumnType::String }
    } else if value.as_long().is_some() {
        ColumnType::Long
    } else if value.as_real().is_some() {
        ColumnType::Real
    } else {
        ColumnType::Dynamic
    })
}
