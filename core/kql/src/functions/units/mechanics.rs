//! Energies (in joules), forces (in newtons), masses (in kilograms) and speeds (in metres a second).

use super::Unit;

/// Of the International Table.
const BTU: f64 = 1_055.055_852_62;
const CALORIE: f64 = 4.184;
const ELECTRON_VOLT: f64 = 1.602_176_565e-19;
const WATT_HOUR: f64 = 3_600.0;
const WATT_DAY: f64 = 86_400.0;
const THERM_EC: f64 = 1.055_06e8;
const THERM_US: f64 = 1.054_804e8;
const THERM_IMPERIAL: f64 = 1.055_055_852_57e8;
const POUND: f64 = 0.453_592_37;
/// Of gravity, by definition, in metres a second squared.
const GRAVITY: f64 = 9.806_65;
const POUND_FORCE: f64 = POUND * GRAVITY;
const FOOT: f64 = 0.3048;

pub(super) const ENERGY: &[Unit] = &[
    ("BritishThermalUnit", BTU),
    ("Calorie", CALORIE),
    ("DecathermEc", THERM_EC * 10.0),
    ("DecathermImperial", THERM_IMPERIAL * 10.0),
    ("DecathermUs", THERM_US * 10.0),
    ("ElectronVolt", ELECTRON_VOLT),
    ("Erg", 1e-7),
    ("FootPound", FOOT * POUND_FORCE),
    ("GigabritishThermalUnit", BTU * 1e9),
    ("GigaelectronVolt", ELECTRON_VOLT * 1e9),
    ("Gigajoule", 1e9),
    ("GigawattDay", WATT_DAY * 1e9),
    ("GigawattHour", WATT_HOUR * 1e9),
    ("HorsepowerHour", 1_980_000.0 * FOOT * POUND_FORCE),
    ("Joule", 1.0),
    ("KilobritishThermalUnit", BTU * 1e3),
    ("Kilocalorie", CALORIE * 1e3),
    ("KiloelectronVolt", ELECTRON_VOLT * 1e3),
    ("Kilojoule", 1e3),
    ("KilowattDay", WATT_DAY * 1e3),
    ("KilowattHour", WATT_HOUR * 1e3),
    ("MegabritishThermalUnit", BTU * 1e6),
    ("Megacalorie", CALORIE * 1e6),
    ("MegaelectronVolt", ELECTRON_VOLT * 1e6),
    ("Megajoule", 1e6),
    ("MegawattDay", WATT_DAY * 1e6),
    ("MegawattHour", WATT_HOUR * 1e6),
    ("Millijoule", 1e-3),
    ("TeraelectronVolt", ELECTRON_VOLT * 1e12),
    ("TerawattDay", WATT_DAY * 1e12),
    ("TerawattHour", WATT_HOUR * 1e12),
    ("ThermEc", THERM_EC),
    ("ThermImperial", THERM_IMPERIAL),
    ("ThermUs", THERM_US),
    ("WattDay", WATT_DAY),
    ("WattHour", WATT_HOUR),
];

pub(super) const FORCE: &[Unit] = &[
    ("Decanewton", 10.0),
    ("Dyn", 1e-5),
    ("KilogramForce", GRAVITY),
    ("Kilonewton", 1e3),
    ("KiloPond", GRAVITY),
    ("KilopoundForce", POUND_FORCE * 1e3),
    ("Meganewton", 1e6),
    ("Micronewton", 1e-6),
    ("Millinewton", 1e-3),
    ("Newton", 1.0),
    ("OunceForce", POUND_FORCE / 16.0),
    ("Poundal", POUND * FOOT),
    ("PoundForce", POUND_FORCE),
    ("ShortTonForce", POUND_FORCE * 2_000.0),
    ("TonneForce", GRAVITY * 1e3),
];

pub(super) const MASS: &[Unit] = &[
    ("Centigram", 1e-5),
    ("Decagram", 1e-2),
    ("Decigram", 1e-4),
    ("EarthMass", 5.972_2e24),
    ("Grain", POUND / 7_000.0),
    ("Gram", 1e-3),
    ("Hectogram", 1e-1),
    ("Kilogram", 1.0),
    ("Kilopound", POUND * 1e3),
    ("Kilotonne", 1e6),
    ("LongHundredweight", POUND * 112.0),
    ("LongTon", POUND * 2_240.0),
    ("Megapound", POUND * 1e6),
    ("Megatonne", 1e9),
    ("Microgram", 1e-9),
    ("Milligram", 1e-6),
    ("Nanogram", 1e-12),
    ("Ounce", POUND / 16.0),
    ("Pound", POUND),
    ("ShortHundredweight", POUND * 100.0),
    ("ShortTon", POUND * 2_000.0),
    ("Slug", POUND_FORCE / FOOT),
    ("SolarMass", 1.988_47e30),
    ("Stone", POUND * 14.0),
    ("Tonne", 1e3),
];

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const INCH: f64 = 0.0254;
const YARD: f64 = 0.914_4;
const SURVEY_FOOT: f64 = 1_200.0 / 3_937.0;

pub(super) const SPEED: &[Unit] = &[
    ("CentimeterPerHour", 1e-2 / HOUR),
    ("CentimeterPerMinute", 1e-2 / MINUTE),
    ("CentimeterPerSecond", 1e-2),
    ("DecimeterPerMinute", 1e-1 / MINUTE),
    ("DecimeterPerSecond", 1e-1),
    ("FootPerHour", FOOT / HOUR),
    ("FootPerMinute", FOOT / MINUTE),
    ("FootPerSecond", FOOT),
    ("InchPerHour", INCH / HOUR),
    ("InchPerMinute", INCH / MINUTE),
    ("InchPerSecond", INCH),
    ("KilometerPerHour", 1e3 / HOUR),
    ("KilometerPerMinute", 1e3 / MINUTE),
    ("KilometerPerSecond", 1e3),
    ("Knot", 1_852.0 / HOUR),
    ("MeterPerHour", 1.0 / HOUR),
    ("MeterPerMinute", 1.0 / MINUTE),
    ("MeterPerSecond", 1.0),
    ("MicrometerPerMinute", 1e-6 / MINUTE),
    ("MicrometerPerSecond", 1e-6),
    ("MilePerHour", 1_609.344 / HOUR),
    ("MillimeterPerHour", 1e-3 / HOUR),
    ("MillimeterPerMinute", 1e-3 / MINUTE),
    ("MillimeterPerSecond", 1e-3),
    ("NanometerPerMinute", 1e-9 / MINUTE),
    ("NanometerPerSecond", 1e-9),
    ("UsSurveyFootPerHour", SURVEY_FOOT / HOUR),
    ("UsSurveyFootPerMinute", SURVEY_FOOT / MINUTE),
    ("UsSurveyFootPerSecond", SURVEY_FOOT),
    ("YardPerHour", YARD / HOUR),
    ("YardPerMinute", YARD / MINUTE),
    ("YardPerSecond", YARD),
];
