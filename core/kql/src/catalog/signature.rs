//! How a function is called, as text: `substring(source: string, start: long [, length: long]): string`.

use crate::functions::{Accepts, HowOften, Parameter, Returns};

/// The call, and the type of its value.
pub(super) fn signature(name: &str, parameters: &[Parameter], returns: Option<Returns>) -> String {
    let mut text = format!("{name}(");
    let mut open = 0;
    let single = |parameter: &&Parameter| !matches!(parameter.how_often, HowOften::Repeated(_));
    let first_repeated = parameters.iter().position(|parameter| !single(&parameter));
    for (at, parameter) in parameters.iter().enumerate() {
        let is_optional = parameter.how_often == HowOften::Optional;
        if is_optional {
            text.push_str(if at > 0 { " [" } else { "[" });
            open += 1;
        }
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(parameter.name);
        if let Some(kind) = accepted(parameter.accepts) {
            text.push_str(": ");
            text.push_str(kind);
        }
        let is_last_repeated = !single(&parameter)
            && parameters[at + 1..].iter().all(|later| single(&later))
            && first_repeated.is_some();
        if is_last_repeated {
            text.push_str(", …");
        }
    }
    text.extend(std::iter::repeat_n(']', open));
    text.push(')');
    if let Some(kind) = returns.and_then(|returns| given(returns, parameters)) {
        text.push_str(": ");
        text.push_str(&kind);
    }
    text
}

fn accepted(accepts: Accepts) -> Option<&'static str> {
    match accepts {
        Accepts::Any | Accepts::Common | Accepts::AsText => None,
        Accepts::Only(kind) => Some(kind.name()),
        Accepts::Number => Some("number"),
        Accepts::Ordinal => Some("number | datetime | timespan"),
    }
}

fn given(returns: Returns, parameters: &[Parameter]) -> Option<String> {
    match returns {
        Returns::Only(kind) => Some(kind.name().to_owned()),
        Returns::Argument(at) => parameters.get(at).map(|parameter| format!("type of {}", parameter.name)),
        Returns::Common | Returns::Computed(_) => None,
        Returns::Columns(columns) => {
            let columns: Vec<_> =
                columns.iter().map(|(name, kind)| format!("{name}: {}", kind.name())).collect();
            Some(format!("({})", columns.join(", ")))
        }
        Returns::PerArray => Some("dynamic".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use crate::catalog::find;

    #[test]
    fn calls_are_written_out() {
        for (name, expected) in [
            ("strlen", "strlen(value): long"),
            ("iff", "iff(condition: bool, if_true, if_false)"),
            ("now", "now([offset: timespan]): datetime"),
            ("prev", "prev(value [, offset: long [, default]]): type of value"),
        ] {
            assert_eq!(find(name)[0].signature, expected);
        }
    }
}
