//! `prev`, `next`.

use datafusion::functions_window::lead_lag::{lag_udwf, lead_udwf};
use phalanx_signal::ColumnType;

use super::{Body, Window};
use crate::functions::{Accepts, HowOften, Parameter, Returns};

const PARAMETERS: &[Parameter] = &[
    Parameter { name: "value", accepts: Accepts::Common, how_often: HowOften::Once },
    Parameter { name: "offset", accepts: Accepts::Only(ColumnType::Long), how_often: HowOften::Optional },
    Parameter { name: "default", accepts: Accepts::Common, how_often: HowOften::Optional },
];

pub(super) const WINDOWS: &[Window] = &[
    Window {
        name: "prev",
        parameters: PARAMETERS,
        returns: Returns::Argument(0),
        about: "The value in the row before, or so many rows before; null, or the default, where there is none.",
        examples: &[(
            "range x from 1 to 3 step 1 | extend p = prev(x, 1, 0) | summarize make_list(p)",
            "[0,1,2]",
        )],
        body: Body::Engine(lag_udwf),
    },
    Window {
        name: "next",
        parameters: PARAMETERS,
        returns: Returns::Argument(0),
        about: "The value in the row behind, or so many rows behind; null, or the default, where there is none.",
        examples: &[(
            "range x from 1 to 3 step 1 | extend n = next(x, 2, 0) | summarize make_list(n)",
            "[3,0,0]",
        )],
        body: Body::Engine(lead_udwf),
    },
];
