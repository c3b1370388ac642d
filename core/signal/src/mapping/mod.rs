//! Which table and column a field of a wire format belongs to: data, read once at start.
//!
//! A wire format's decoder makes a flat [`Record`] of each event (names and values, in the event's
//! order) and a source name (`Microsoft-Windows-Sysmon/1`, `conn`, `EXECVE`). A [`Mapping`], compiled
//! from a text file under `mapping/`, says what rows that gives, and a [`Mapper`] writes them.
//!
//! # The files
//!
//! ```text
//! # A comment.
//! values logon-type                       a table of names: the code, then what it means
//!   2 = Interactive
//!
//! columns device                          lines that several rules share
//!   DeviceName = lower(@Computer)
//!
//! on Security/4624, 4634 when LogonType != '5' -> DeviceLogonEvents
//!   use device
//!   ActionType  = 'LogonSuccess'
//!   LogonType   = lookup(logon-type, LogonType) | LogonType
//!   AccountName = lower(TargetUserName)
//!   AdditionalFields.Package = AuthenticationPackageName
//!   keep TargetUserName                   used above, and still wanted among the rest
//!   drop Unimportant                      in another column already
//! ```
//!
//! - `on` names the sources. One without a slash is another event of the source before it. `when` is a
//!   condition: terms joined by `and`, a term being `a = b`, `a != b`, `a =~ b` (ignoring case),
//!   `a in ('x', 'y')`, `a` (has a value that is not false), or `not` before one of them.
//! - Of the rules of one source that fill the same table, the first whose condition holds applies.
//! - A rule's own line for a column wins over a line that it gets through `use`.
//! - `AdditionalFields.Name` is a member of the overflow column, `rest.Name` that of whichever overflow
//!   column the table has.
//! - An expression is a field's name (in backquotes if it is not made of letters, digits, `_.-:`), a
//!   header field (`@Computer`: what the decoder knows about every event), a `'text'`, a whole number, a
//!   call of one of the [functions](function), or several of those joined by `|`: the first that has a
//!   value.
//! - `use *` gives fields to the columns of their own name. `use outer.*` does so for the fields `outer.Name`,
//!   and `use .*` for those at the top, in any case of letters (`outer.userId` for `UserId`); the rule's own
//!   lines come first, and the outer ones given first before later ones.
//! - Of alternatives `a | b`, a field behind the one that counts is in the column too if it has the same value.
//! - Fields that no line names go to the table's dynamic overflow column (`AdditionalFields` or
//!   `_Unmapped`), so that nothing of an event is lost. `drop *` leaves them out: for a second row of an
//!   event whose first row keeps everything. `drop outer.*` leaves those out that begin so: for what a column
//!   has as a whole. `keep @extras` adds what the shipper said about the event.

mod apply;
mod compile;
mod expression;
pub mod function;
mod parse;
#[cfg(test)]
mod tests;
mod value;

pub use apply::Mapper;
pub use compile::{Mapping, MappingError, RuleSet};
pub use value::{Record, Value};
