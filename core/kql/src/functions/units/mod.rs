//! Conversions between units of one quantity: `convert_length(1.2, 'Meter', 'Foot')`.
//!
//! A quantity is a table of units, each with its size in the quantity's base unit (the SI's, where it has one).
//! Temperatures also have another zero. The names are those of the language's reference.

mod mechanics;
mod space;
mod temperature;

use phalanx_signal::ColumnType::{Real, String};

use super::{
    Accepts::Only,
    Call, Column, Family, Function, Parameter, Returns,
    define::{Answer, Kernel, once},
};

/// A unit's name, and how many base units it is.
type Unit = (&'static str, f64);

const PLACES: &[Parameter] =
    &[once("value", Only(Real)), once("from", Only(String)), once("to", Only(String))];

const fn conversion(name: &'static str, about: &'static str, kernel: Kernel) -> Function {
    Function::kernel(name, Family::Math, PLACES, Returns::Only(Real), about, kernel)
}

pub(super) static FUNCTIONS: &[Function] = &[
    conversion("convert_angle", "An angle in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(space::ANGLE, value, from, to))
    })
    .examples(&[("print convert_angle(1.2, 'Degree', 'Arcminute')", "72.0")]),
    conversion("convert_energy", "An energy in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(mechanics::ENERGY, value, from, to))
    })
    .examples(&[("print convert_energy(2.0, 'KilowattHour', 'Megajoule')", "7.2")]),
    conversion("convert_force", "A force in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(mechanics::FORCE, value, from, to))
    })
    .examples(&[("print convert_force(3, 'Kilonewton', 'Newton')", "3000.0")]),
    conversion("convert_length", "A length in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(space::LENGTH, value, from, to))
    })
    .examples(&[("print convert_length(3, 'Foot', 'Inch')", "36.0")]),
    conversion("convert_mass", "A mass in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(mechanics::MASS, value, from, to))
    })
    .examples(&[("print convert_mass(2, 'Tonne', 'Kilogram')", "2000.0")]),
    conversion("convert_speed", "A speed in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(mechanics::SPEED, value, from, to))
    })
    .examples(&[("print convert_speed(1.2, 'MeterPerSecond', 'CentimeterPerHour')", "432000.0")]),
    conversion(
        "convert_temperature",
        "A temperature in another unit; null if there is no such unit.",
        |call| convert(call, temperature::convert),
    )
    .examples(&[("print convert_temperature(100, 'DegreeCelsius', 'DegreeFahrenheit')", "212.0")]),
    conversion("convert_volume", "A volume in another unit; null if there is no such unit.", |call| {
        convert(call, |value, from, to| by_size(space::VOLUME, value, from, to))
    })
    .examples(&[("print convert_volume(2, 'CubicMeter', 'Liter')", "2000.0")]),
];

fn convert(call: &Call<'_>, f: impl Fn(f64, &str, &str) -> Option<f64>) -> Answer {
    let (values, from, to) = (call.reals(0)?, call.texts(1)?, call.texts(2)?);
    Ok(Column::reals((0..call.rows).map(|row| f(values.get(row)?, from.text(row), to.text(row)))))
}

fn by_size(units: &[Unit], value: f64, from: &str, to: &str) -> Option<f64> {
    let size = |name: &str| units.iter().find(|(known, _)| *known == name).map(|(_, size)| *size);
    Some(value * size(from)? / size(to)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_definitions() {
        for (units, value, from, to, expected) in [
            (space::LENGTH, 1.0, "Mile", "Foot", 5_280.0),
            (space::LENGTH, 1.0, "NauticalMile", "Meter", 1_852.0),
            (space::LENGTH, 72.0, "DtpPoint", "Inch", 1.0),
            (space::LENGTH, 1.0, "Parsec", "AstronomicalUnit", 206_264.806_247_096_36),
            (space::VOLUME, 1.0, "UsGallon", "CubicInch", 231.0),
            (space::VOLUME, 1.0, "ImperialGallon", "Liter", 4.546_09),
            (space::VOLUME, 1.0, "OilBarrel", "UsGallon", 42.0),
            (space::VOLUME, 1.0, "UsGallon", "UsOunce", 128.0),
            (space::ANGLE, 1.0, "Revolution", "Degree", 360.0),
            (space::ANGLE, 400.0, "Gradian", "Degree", 360.0),
            (mechanics::MASS, 1.0, "Stone", "Pound", 14.0),
            (mechanics::MASS, 1.0, "LongTon", "Pound", 2_240.0),
            (mechanics::MASS, 7_000.0, "Grain", "Pound", 1.0),
            (mechanics::SPEED, 1.0, "Knot", "KilometerPerHour", 1.852),
            (mechanics::SPEED, 60.0, "MilePerHour", "FootPerSecond", 88.0),
            (mechanics::ENERGY, 1.0, "Kilocalorie", "Joule", 4_184.0),
            (mechanics::ENERGY, 1.0, "HorsepowerHour", "FootPound", 1_980_000.0),
            (mechanics::FORCE, 1.0, "PoundForce", "OunceForce", 16.0),
        ] {
            let given = by_size(units, value, from, to).expect("both are units");
            assert!((given / expected - 1.0).abs() < 1e-6, "{value} {from} are {given} {to}, not {expected}");
        }
        assert_eq!(by_size(space::LENGTH, 1.0, "Meter", "Gram"), None);
    }

    #[test]
    fn no_unit_is_listed_twice() {
        let tables = [space::ANGLE, space::LENGTH, space::VOLUME, mechanics::ENERGY, mechanics::FORCE];
        for units in tables.into_iter().chain([mechanics::MASS, mechanics::SPEED]) {
            let mut names: Vec<_> = units.iter().map(|(name, _)| *name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
            assert!(units.iter().all(|(_, size)| *size > 0.0));
        }
    }
}
