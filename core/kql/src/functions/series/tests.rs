use super::{fft::transform, values::real};
use crate::{
    dynamic::{Json, Path},
    functions::testing::{Argument, bool, call, check, json, long, real as number, text},
};

#[test]
fn numbers_change_place_by_place() {
    check(&[
        ("series_abs", &[json("[-6.5,0,\"x\",null]")], "[6.5,0.0,null,null]"),
        ("series_asin", &[json("[-1,0,1]")], "[-1.5707963267948966,0.0,1.5707963267948966]"),
        ("series_ceiling", &[json("[-1.5,1,2.5]")], "[-1.0,1.0,3.0]"),
        ("series_sign", &[json("[-6,0,8]")], "[-1,0,1]"),
        ("series_log", &[json("[1,0]")], "[0.0,\"-Infinity\"]"),
        ("series_abs", &[json("{}")], "null"),
        ("series_add", &[json("[1,2,4]"), json("[4,2,1]")], "[5,4,5]"),
        ("series_add", &[json("[1,2]"), json("[4.5]")], "[5.5,null]"),
        ("series_add", &[json(r#"["1970-01-01T00:00:00.0000001Z"]"#), long(0)], "[6.21355968E+17]"),
        ("series_multiply", &[long(10), json("[0,1,-1]")], "[0,10,-10]"),
        ("series_divide", &[json("[1,2,4]"), json("[4,2,1]")], "[0.25,1.0,4.0]"),
        ("series_pow", &[json("[1,2,3,4]"), json("[1,2,3,0.5]")], "[1.0,4.0,27.0,2.0]"),
        ("series_equals", &[json("[1,2,4]"), json("[4,2]")], "[false,true,null]"),
        ("series_greater_equals", &[json("[1,2]"), number(1.5)], "[false,true]"),
        ("series_less", &[json("[]"), number(1.5)], "[]"),
    ]);
}

#[test]
fn numbers_become_one() {
    check(&[
        ("series_sum", &[json("[1,2,3,4]")], "10.0"),
        ("series_sum", &[json("[1,null]")], "null"),
        ("series_product", &[json("[1,2,3,4]")], "24.0"),
        ("series_magnitude", &[json("[1,2,3,4]")], "5.477225575051661"),
        ("series_dot_product", &[json("[1,2,4]"), json("[4,2,1]")], "12.0"),
        ("series_dot_product", &[json("[2,4,8]"), long(2)], "28.0"),
        ("series_dot_product", &[json("[2,4,8]"), json("[1]")], "null"),
        ("series_cosine_similarity", &[json("[0.1,0.2,0.1,0.2]"), json("[1,2,3,4]")], "0.9237604307034012"),
        ("series_cosine_similarity", &[json("[3,4]"), json("[3,4]"), number(5.0), number(10.0)], "0.5"),
        ("series_pearson_correlation", &[json("[1,2,3]"), json("[6,4,2]")], "-1.0"),
    ]);
}

#[test]
fn gaps_are_filled() {
    let gaps = || json("[null,111.0,null,36.0,41.0,null,null,17.0,null]");
    check(&[
        ("series_fill_const", &[json("[111,null,23]"), number(0.0)], "[111,0.0,23]"),
        ("series_fill_const", &[json("[1,-1,null]"), long(7), long(-1)], "[1,7,null]"),
        ("series_fill_forward", &[json("[null,36,null,16,null]")], "[null,36,36,16,16]"),
        ("series_fill_backward", &[json("[111,null,36,null]")], "[111,36,36,null]"),
        ("series_fill_linear", &[gaps()], "[111.0,111.0,73.5,36.0,41.0,33.0,25.0,17.0,17.0]"),
        (
            "series_fill_linear",
            &[gaps(), json("null"), bool(false)],
            "[null,111.0,73.5,36.0,41.0,33.0,25.0,17.0,null]",
        ),
        ("series_fill_linear", &[json("[111,null,36]")], "[111,73,36]"),
        ("series_fill_linear", &[json("[null,null]")], "[0.0,0.0]"),
        ("series_fill_linear", &[json("[null]"), json("null"), bool(true), number(3.5)], "[3.5]"),
    ]);
}

#[test]
fn filters_weigh() {
    check(&[
        ("series_fir", &[json("[0,0,10,0,0]"), json("[1,1]")], "[0.0,0.0,5.0,5.0,0.0]"),
        (
            "series_fir",
            &[json("[0,0,9,0,0]"), json("[1,1,1]"), bool(true), bool(true)],
            "[0.0,3.0,3.0,3.0,0.0]",
        ),
        ("series_fir", &[json("[2,2,3]"), json("[1,-1]")], "[2.0,0.0,1.0]"),
        ("series_fir", &[json("[2,2,3]"), json("[1,-1]"), bool(true)], "null"),
        ("series_iir", &[json("[1.0,2.0,3.0,4.0]"), json("[1]"), json("[1,-1]")], "[1.0,3.0,6.0,10.0]"),
        ("series_iir", &[json("[1]"), json("[1]"), json("[0]")], "null"),
    ]);
    let long_filter = format!("[1{}]", ",1".repeat(2000));
    assert!(call("series_fir", &[json("[1]"), json(&long_filter)]).is_err());
}

#[test]
fn transforms_are_undone() {
    for length in [1, 2, 3, 7, 8, 12, 60, 128] {
        let values: Vec<_> = (0..length).map(|at| (real(at * at % 11), real(at % 5))).collect();
        let spectrum = transform(&values, false);
        let sum: f64 = values.iter().map(|value| value.0).sum();
        assert!((spectrum[0].0 - sum).abs() < 1e-9, "{length}");
        let back = transform(&spectrum, true);
        for (value, back) in values.iter().zip(&back) {
            assert!((value.0 - back.0 / real(length)).abs() < 1e-9, "{length}");
            assert!((value.1 - back.1 / real(length)).abs() < 1e-9, "{length}");
        }
    }
    check(&[("series_fft", &[json("[1,0,0,0]")], "[[1.0,1.0,1.0,1.0],[0.0,0.0,0.0,0.0]]")]);
}

/// A part of an answer, as a number.
fn part(name: &str, arguments: &[Argument], path: &str) -> f64 {
    let answer = call(name, arguments).expect("an answer");
    let path = Path::parse(path).expect("a path");
    path.find(Json::new(&answer))
        .and_then(Json::as_real)
        .unwrap_or_else(|| panic!("{name}: no number in {answer}"))
}

#[test]
fn lines_fit() {
    let series = || [json("[2,5,6,8,11,15,17,18,25,26,30,30]")];
    for (path, value) in [
        ("[0]", 0.982),
        ("[1]", 2.730),
        ("[2]", 98.628),
        ("[3]", 1.686),
        ("[4]", -1.666),
        ("[5][0]", 1.064),
        ("[5][11]", 31.102),
    ] {
        assert!((part("series_fit_line", &series(), path) - value).abs() < 1.1e-3, "{path}");
    }
    let bent = || [json("[1,2,3,4,10,9,8,7]")];
    for (path, value) in [("[0]", 1.0), ("[1]", 4.0), ("[6]", -1.0), ("[11]", 1.0), ("[4][7]", 7.0)] {
        assert!((part("series_fit_2lines", &bent(), path) - value).abs() < 1e-9, "{path}");
    }
    assert!((part("series_fit_2lines_dynamic", &bent(), "left.slope") - 1.0).abs() < 1e-9);
    for short in ["[]", "[1]", "[1,2]", "[1,2,3]", "[5,5,5,5]", "[1,null]"] {
        assert!(call("series_fit_2lines", &[json(short)]).is_ok(), "{short}");
    }
    let cubic = || [json("[0,7,26,63,124]"), json("[1,2,3,4,5]"), long(3)];
    for (path, value) in [("[0]", 1.0), ("[1][0]", 1.0), ("[1][1]", 0.0), ("[1][3]", -1.0), ("[4][2]", 26.0)]
    {
        assert!((part("series_fit_poly", &cubic(), path) - value).abs() < 1e-9, "{path}");
    }
    assert!((part("series_fit_poly", &series(), "[1][0]") - 2.7307).abs() < 1e-4);
}

#[test]
fn series_have_statistics() {
    let series = || json("[23,46,23,87,4,8,3,75,2,56,13,75,32,16,29]");
    for (path, value) in [
        ("[0]", 2.0),
        ("[1]", 8.0),
        ("[2]", 87.0),
        ("[3]", 3.0),
        ("[4]", 32.8),
        ("[5]", 28.503_633_853_548_3),
        ("[6]", 812.457_142_857_143),
    ] {
        assert!((part("series_stats", &[series()], path) - value).abs() < 1e-9, "{path}");
    }
    assert!((part("series_stats_dynamic", &[series()], "sum") - 492.0).abs() < 1e-9);
    check(&[
        ("series_stats", &[json("[1,null]")], "null"),
        ("series_stats", &[json("[1,null]"), bool(true)], "[1.0,0,1.0,0,1.0,0.0,0.0]"),
    ]);
}

const TRAFFIC: &str = "[80,139,87,110,68,54,50,51,53,133,86,141,97,156,94,149,95,140,77,61,50,54,47,133,72,152,94,\
    148,105,162,101,160,87,63,53,55,54,151,103,189,108,183,113,175,113,178,90,71,62,62,65,165,109,181,115,182,121,178,114,170]";

#[test]
fn periods_are_found() {
    let detect = || [json(TRAFFIC), number(0.0), number(50.0), long(2)];
    for (path, value) in [("[0][0]", 14.0), ("[0][1]", 0.0), ("[1][0]", 0.84), ("[1][1]", 0.0)] {
        assert!((part("series_periods_detect", &detect(), path) - value).abs() < 0.01, "{path}");
    }
    let validate = || [json(TRAFFIC), number(14.0), number(10.0)];
    for (path, value) in [("[0][0]", 14.0), ("[0][1]", 10.0), ("[1][0]", 0.84), ("[1][1]", 0.0)] {
        assert!((part("series_periods_validate", &validate(), path) - value).abs() < 0.01, "{path}");
    }
    check(&[
        (
            "series_seasonal",
            &[json("[2,5,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1,2,3,4,3,2,1]")],
            "[1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0,2.0,3.0,4.0,3.0,2.0,1.0]",
        ),
        (
            "series_seasonal",
            &[json("[1,3,5,2,4,6,1,3,5,2,4,6]")],
            "[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0]",
        ),
        ("series_seasonal", &[json("[1,3,5,1,3,5,2,4,6]"), long(3)], "[1.0,3.0,5.0,1.0,3.0,5.0,1.0,3.0,5.0]"),
        ("series_seasonal", &[json("[]")], "[]"),
        ("series_seasonal", &[json("[1]"), long(9)], "[1.0]"),
    ]);
}

#[test]
fn anomalies_stand_out() {
    // A daily wave with one spike and one dip.
    let mut values: Vec<f64> =
        (0..240).map(|at| 10.0 + 5.0 * (real(at % 24) / 24.0 * std::f64::consts::TAU).sin()).collect();
    values.iter_mut().enumerate().for_each(|(at, value)| *value += real(at * 7 % 5) / 10.0);
    values[100] += 30.0;
    values[150] -= 30.0;
    let series = || json(&super::values::write_reals(&values));
    let answer = call("series_decompose_anomalies", &[series()]).expect("an answer");
    let flags = Json::new(&answer).element(0).expect("flags");
    let flagged: Vec<_> =
        flags.elements().expect("an array").enumerate().filter(|(_, flag)| flag.text() != "0").collect();
    let flagged: Vec<_> = flagged.iter().map(|(at, flag)| (*at, flag.text())).collect();
    assert_eq!(flagged, [(100, "1"), (150, "-1")]);
    let line = || json("[1,2,3,4,5,6,7,8,0,0]");
    check(&[
        (
            "series_decompose_forecast",
            &[line(), long(2), long(0), text("linefit")],
            "[1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0,9.0,10.0]",
        ),
        (
            "series_decompose",
            &[json("[1,3]"), long(0), text("none")],
            "[[0.0,0.0],[0.0,0.0],[0.0,0.0],[1.0,3.0]]",
        ),
        ("series_decompose", &[json("[]")], "[[],[],[],[]]"),
        (
            "series_decompose_anomalies",
            &[json("[1,2,1,2,1,2,1,2,1,2,1,90]"), number(1.5), long(0), text("none")],
            "[[0,0,0,0,0,0,0,0,0,0,0,1],[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,88.0],[0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0]]",
        ),
        ("series_decompose_anomalies", &[json("[5,5,null]")], "[[0,0,0],[0.0,0.0,0.0],[5.0,5.0,5.0]]"),
    ]);
    assert!(call("series_decompose", &[line(), long(0), text("curve")]).is_err());
}

#[test]
fn outliers_are_scored() {
    check(&[
        ("series_outliers", &[json("[1,1,1,1,1]")], "[0.0,0.0,0.0,0.0,0.0]"),
        ("series_outliers", &[json("[0,1,2,3,4,40]"), text("tukey")], "[-0.5,-0.1,0.0,0.0,0.1,14.5]"),
        ("series_outliers", &[json("[0,1,2,3,4,null]"), text("tukey")], "[-0.5,0.0,0.0,0.0,0.5,0.0]"),
        (
            "series_outliers",
            &[json("[0,1,2,3,4,-9]"), text("tukey"), number(-9.0)],
            "[-0.5,0.0,0.0,0.0,0.5,0.0]",
        ),
    ]);
    assert!(part("series_outliers", &[json("[1,1,1,1,1,1,1,1,1,1,1,2]")], "[11]") > 1.5);
    assert!(call("series_outliers", &[json("[1]"), text("other")]).is_err());
}
