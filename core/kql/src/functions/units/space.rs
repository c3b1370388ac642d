//! Angles (in degrees), lengths (in metres) and volumes (in cubic metres).

use std::f64::consts::PI;

use super::Unit;

const RADIAN: f64 = 180.0 / PI;

pub(super) const ANGLE: &[Unit] = &[
    ("Arcminute", 1.0 / 60.0),
    ("Arcsecond", 1.0 / 3_600.0),
    ("Centiradian", RADIAN * 1e-2),
    ("Deciradian", RADIAN * 1e-1),
    ("Degree", 1.0),
    ("Gradian", 0.9),
    ("Microdegree", 1e-6),
    ("Microradian", RADIAN * 1e-6),
    ("Millidegree", 1e-3),
    ("Milliradian", RADIAN * 1e-3),
    ("Nanodegree", 1e-9),
    ("Nanoradian", RADIAN * 1e-9),
    ("NatoMil", 360.0 / 6_400.0),
    ("Radian", RADIAN),
    ("Revolution", 360.0),
    // The sine of the angle is meant; for the small angles of levels it is the angle in radians.
    ("Tilt", RADIAN),
];

const INCH: f64 = 0.0254;
const FOOT: f64 = 0.3048;
const PARSEC: f64 = 3.085_677_581_491_367e16;
const LIGHT_YEAR: f64 = 9.460_730_472_580_8e15;

pub(super) const LENGTH: &[Unit] = &[
    ("Angstrom", 1e-10),
    ("AstronomicalUnit", 1.495_978_707e11),
    ("Centimeter", 1e-2),
    ("Chain", 20.116_8),
    ("DataMile", 1_828.8),
    ("Decameter", 10.0),
    ("Decimeter", 1e-1),
    ("DtpPica", INCH / 6.0),
    ("DtpPoint", INCH / 72.0),
    ("Fathom", 1.828_8),
    ("Foot", FOOT),
    ("Hand", 4.0 * INCH),
    ("Hectometer", 100.0),
    ("Inch", INCH),
    ("KilolightYear", LIGHT_YEAR * 1e3),
    ("Kilometer", 1e3),
    ("Kiloparsec", PARSEC * 1e3),
    ("LightYear", LIGHT_YEAR),
    ("MegalightYear", LIGHT_YEAR * 1e6),
    ("Megaparsec", PARSEC * 1e6),
    ("Meter", 1.0),
    ("Microinch", INCH * 1e-6),
    ("Micrometer", 1e-6),
    ("Mil", INCH * 1e-3),
    ("Mile", 1_609.344),
    ("Millimeter", 1e-3),
    ("Nanometer", 1e-9),
    ("NauticalMile", 1_852.0),
    ("Parsec", PARSEC),
    ("PrinterPica", INCH / 6.022_5),
    ("PrinterPoint", INCH / 72.27),
    ("Shackle", 27.432),
    ("SolarRadius", 6.955_1e8),
    ("Twip", INCH / 1_440.0),
    ("UsSurveyFoot", 1_200.0 / 3_937.0),
    ("Yard", 0.914_4),
];

const LITER: f64 = 1e-3;
const CUBIC_INCH: f64 = INCH * INCH * INCH;
const CUBIC_FOOT: f64 = FOOT * FOOT * FOOT;
const US_GALLON: f64 = 231.0 * CUBIC_INCH;
const IMPERIAL_GALLON: f64 = 4.546_09e-3;

pub(super) const VOLUME: &[Unit] = &[
    ("AcreFoot", 1.0 / 0.000_810_714),
    ("AuTablespoon", 2e-5),
    ("BoardFoot", CUBIC_FOOT / 12.0),
    ("Centiliter", LITER * 1e-2),
    ("CubicCentimeter", 1e-6),
    ("CubicDecimeter", 1e-3),
    ("CubicFoot", CUBIC_FOOT),
    ("CubicHectometer", 1e6),
    ("CubicInch", CUBIC_INCH),
    ("CubicKilometer", 1e9),
    ("CubicMeter", 1.0),
    ("CubicMicrometer", 1e-18),
    ("CubicMile", 4.168_181_825_440_58e9),
    ("CubicMillimeter", 1e-9),
    ("CubicYard", 27.0 * CUBIC_FOOT),
    ("Decaliter", LITER * 10.0),
    ("DecausGallon", US_GALLON * 10.0),
    ("Deciliter", LITER * 1e-1),
    ("DeciusGallon", US_GALLON * 1e-1),
    ("HectocubicFoot", CUBIC_FOOT * 100.0),
    ("HectocubicMeter", 100.0),
    ("Hectoliter", LITER * 100.0),
    ("HectousGallon", US_GALLON * 100.0),
    ("ImperialBeerBarrel", 36.0 * IMPERIAL_GALLON),
    ("ImperialGallon", IMPERIAL_GALLON),
    ("ImperialOunce", IMPERIAL_GALLON / 160.0),
    ("ImperialPint", IMPERIAL_GALLON / 8.0),
    ("KilocubicFoot", CUBIC_FOOT * 1e3),
    ("KilocubicMeter", 1e3),
    ("KiloimperialGallon", IMPERIAL_GALLON * 1e3),
    ("Kiloliter", LITER * 1e3),
    ("KilousGallon", US_GALLON * 1e3),
    ("Liter", LITER),
    ("MegacubicFoot", CUBIC_FOOT * 1e6),
    ("MegaimperialGallon", IMPERIAL_GALLON * 1e6),
    ("Megaliter", LITER * 1e6),
    ("MegausGallon", US_GALLON * 1e6),
    ("MetricCup", 2.5e-4),
    ("MetricTeaspoon", 5e-6),
    ("Microliter", LITER * 1e-6),
    ("Milliliter", LITER * 1e-3),
    ("OilBarrel", 42.0 * US_GALLON),
    ("UkTablespoon", 1.5e-5),
    ("UsBeerBarrel", 31.0 * US_GALLON),
    ("UsCustomaryCup", US_GALLON / 16.0),
    ("UsGallon", US_GALLON),
    ("UsLegalCup", 2.4e-4),
    ("UsOunce", US_GALLON / 128.0),
    ("UsPint", US_GALLON / 8.0),
    ("UsQuart", US_GALLON / 4.0),
    ("UsTablespoon", US_GALLON / 256.0),
    ("UsTeaspoon", US_GALLON / 768.0),
];
