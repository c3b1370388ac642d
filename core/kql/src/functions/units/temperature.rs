//! Temperatures, by way of kelvins.

/// A unit: kelvins at its zero, and kelvins per degree (below zero where the scale runs the other way).
const UNITS: &[(&str, f64, f64)] = &[
    ("DegreeCelsius", 273.15, 1.0),
    ("DegreeDelisle", 373.15, -2.0 / 3.0),
    ("DegreeFahrenheit", 273.15 - 32.0 * 5.0 / 9.0, 5.0 / 9.0),
    ("DegreeNewton", 273.15, 100.0 / 33.0),
    ("DegreeRankine", 0.0, 5.0 / 9.0),
    ("DegreeReaumur", 273.15, 1.25),
    ("DegreeRoemer", 273.15 - 7.5 * 40.0 / 21.0, 40.0 / 21.0),
    ("Kelvin", 0.0, 1.0),
    ("MillidegreeCelsius", 273.15, 0.001),
    ("SolarTemperature", 0.0, 5_778.0),
];

pub(super) fn convert(value: f64, from: &str, to: &str) -> Option<f64> {
    let unit =
        |name: &str| UNITS.iter().find(|(known, ..)| *known == name).map(|(_, zero, size)| (*zero, *size));
    let ((zero, size), (to_zero, to_size)) = (unit(from)?, unit(to)?);
    // From one scale to another with the same zero no digits are lost by going through kelvins.
    Some((value * size + (zero - to_zero)) / to_size)
}

#[cfg(test)]
mod tests {
    use super::convert;

    #[test]
    fn scales_meet_where_they_are_defined_to() {
        for (value, from, to, expected) in [
            (1.2, "Kelvin", "DegreeCelsius", -271.95),
            (-40.0, "DegreeCelsius", "DegreeFahrenheit", -40.0),
            (100.0, "DegreeCelsius", "DegreeDelisle", 0.0),
            (100.0, "DegreeCelsius", "DegreeNewton", 33.0),
            (80.0, "DegreeReaumur", "DegreeCelsius", 100.0),
            (60.0, "DegreeRoemer", "DegreeCelsius", 100.0),
            (491.67, "DegreeRankine", "DegreeCelsius", 0.0),
            (1_000.0, "MillidegreeCelsius", "DegreeCelsius", 1.0),
        ] {
            let given = convert(value, from, to).expect("both are scales");
            assert!((given - expected).abs() < 1e-9, "{value} {from} are {given} {to}, not {expected}");
        }
        assert_eq!(convert(1.0, "Kelvin", "Celsius"), None);
    }
}
