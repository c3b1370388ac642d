//! Functions of who asks, and where: `current_principal()`, `current_database()` and their like; and those that
//! are decided while binding.

use phalanx_signal::ColumnType;

use super::{Arithmetic, Binder, Code, Result, Row, binary, special::Bind};
use crate::{
    bound::{Expr, Operator, Value},
    dynamic::BagWriter,
    functions::{Call, Column, FunctionError},
    syntax::tree,
};

/// Who asks, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// What `current_database()` gives.
    pub database: String,
    /// What `current_cluster_endpoint()` gives.
    pub endpoint: String,
    /// The tenant of the one who asks.
    pub tenant: String,
    /// The object id of the one who asks.
    pub principal: String,
    /// The name to show of the one who asks.
    pub name: String,
    /// The groups and roles of the one who asks, by id or name.
    pub groups: Vec<String>,
}

impl Host {
    /// The fully qualified name: `aadapp=id;tenant`.
    fn qualified(&self) -> String {
        format!("aadapp={};{}", self.principal, self.tenant)
    }

    fn is_member_of(&self, group: &str) -> bool {
        let id = group.split_once('=').map_or(group, |(_, id)| id);
        let id = id.split(';').next().unwrap_or(id);
        let is_it = |known: &str| known.eq_ignore_ascii_case(id);
        is_it(&self.principal) || self.groups.iter().any(|known| is_it(known))
    }
}

pub(super) const CONTEXT: &[(&str, Bind)] = &[
    ("around", around),
    ("assert", assert),
    ("current_cluster_endpoint", current_cluster_endpoint),
    ("current_database", current_database),
    ("current_principal", current_principal),
    ("current_principal_details", current_principal_details),
    ("current_principal_is_member_of", is_member_of),
    ("estimate_data_size", estimate_data_size),
    ("extent_id", extent_id),
    ("extent_tags", extent_tags),
];

fn around<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let arguments = binder.given(call, row, 3, 3)?;
    let [value, center, delta] = arguments.as_slice() else { return Ok(Expr::null(ColumnType::Bool)) };
    let span = call.span.range();
    let low = binary::arithmetic(Arithmetic::Subtract, center.clone(), delta.clone(), &span)?;
    let high = binary::arithmetic(Arithmetic::Add, center.clone(), delta.clone(), &span)?;
    let from = binary::comparison(Operator::GreaterOrEqual, value.clone(), low, &span)?;
    let to = binary::comparison(Operator::LessOrEqual, value.clone(), high, &span)?;
    Ok(Expr::operator(ColumnType::Bool, Operator::And, vec![from, to]))
}

/// True, or no query at all.
fn assert<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    let [condition, message] = call.arguments.as_slice() else {
        return Err(binder.error(
            Code::ArgumentCount,
            call.span,
            "`assert()` takes a condition and a message",
        ));
    };
    if binder.constant(&condition.value, "the condition of `assert()`")? == Value::Bool(true) {
        return Ok(Expr::bool(true));
    }
    let message = binder.constant(&message.value, "the message of `assert()`")?;
    Err(binder.error(Code::Argument, call.span, format!("assert() has failed with message: '{message}'")))
}

fn text<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, of: impl Fn(&Host) -> String) -> Result<Expr> {
    binder.given(call, &Row::NONE, 0, 0)?;
    Ok(Expr::string(&of(&binder.settings.host)))
}

fn current_database<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    text(binder, call, |host| host.database.clone())
}

fn current_cluster_endpoint<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    text(binder, call, |host| host.endpoint.clone())
}

fn current_principal<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    text(binder, call, Host::qualified)
}

fn current_principal_details<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    binder.given(call, &Row::NONE, 0, 0)?;
    let host = &binder.settings.host;
    let mut bag = BagWriter::default();
    let qualified = host.qualified();
    for (name, value) in [
        ("UserPrincipalName", host.name.as_str()),
        ("IdentityProvider", host.endpoint.as_str()),
        ("Authority", host.tenant.as_str()),
        ("Mfa", "False"),
        ("Type", "AadApplication"),
        ("DisplayName", host.name.as_str()),
        ("ObjectId", host.principal.as_str()),
        ("FQN", qualified.as_str()),
        ("Notes", ""),
    ] {
        bag.push_text(name, value);
    }
    Ok(Expr::literal(ColumnType::Dynamic, Value::Dynamic(bag.finish().into())))
}

fn is_member_of<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, _: &Row<'_>) -> Result<Expr> {
    let mut is_member = false;
    for argument in &call.arguments {
        match binder.constant(&argument.value, "a group")? {
            Value::String(group) => is_member |= binder.settings.host.is_member_of(&group),
            Value::Dynamic(groups) => {
                let groups = crate::dynamic::Json::new(&groups);
                let texts = groups.elements().into_iter().flatten();
                is_member |= texts
                    .filter_map(|group| group.as_text().map(|text| binder.settings.host.is_member_of(&text)))
                    .any(|is_in| is_in);
            }
            _ => return Err(binder.error(Code::Argument, argument.value.span, "a group is a string")),
        }
    }
    Ok(Expr::bool(is_member))
}

/// Bytes of the columns' values as they are held.
fn estimate_data_size<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    let mut values = Vec::new();
    for argument in &call.arguments {
        match argument.value.kind {
            tree::ExprKind::Star => values.extend(row.columns.iter().map(crate::bound::Column::value)),
            _ => values.push(binder.scalar(&argument.value, row)?),
        }
    }
    Ok(Expr::call(ColumnType::Long, &DATA_SIZE, values))
}

static DATA_SIZE: crate::functions::Function = crate::functions::Function {
    name: "estimate_data_size",
    aliases: &[],
    family: crate::functions::Family::Metadata,
    parameters: &[crate::functions::Parameter {
        name: "value",
        accepts: crate::functions::Accepts::Any,
        how_often: crate::functions::HowOften::Repeated(1),
    }],
    returns: crate::functions::Returns::Only(ColumnType::Long),
    about: "About how many bytes the values take.",
    examples: &[],
    body: crate::functions::Body::Kernel(data_size),
};

fn data_size(call: &Call<'_>) -> std::result::Result<Column, FunctionError> {
    let mut sizes = vec![0i64; call.rows];
    for (at, kind) in call.types.iter().enumerate() {
        match kind {
            ColumnType::String | ColumnType::Dynamic | ColumnType::Guid => {
                let texts = call.texts(at)?;
                sizes.iter_mut().enumerate().for_each(|(row, size)| *size += texts.text(row).len() as i64);
            }
            kind => {
                let width = match kind {
                    ColumnType::Bool => 1,
                    ColumnType::Int => 4,
                    ColumnType::Decimal => 16,
                    _ => 8,
                };
                sizes.iter_mut().for_each(|size| *size += width);
            }
        }
    }
    Ok(Column::longs(sizes.into_iter().map(Some)))
}

/// Rows are in no extents here.
fn extent_id<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    binder.given(call, row, 0, 0)?;
    Ok(Expr::literal(ColumnType::Guid, Value::Guid("00000000-0000-0000-0000-000000000000".into())))
}

fn extent_tags<'t>(binder: &mut Binder<'t>, call: &'t tree::Call, row: &Row<'_>) -> Result<Expr> {
    binder.given(call, row, 0, 0)?;
    Ok(Expr::literal(ColumnType::Dynamic, Value::Dynamic("[]".into())))
}
