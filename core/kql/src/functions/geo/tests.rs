use crate::{
    dynamic::{Json, Path},
    functions::testing::{Argument, call, check, json, long, real, text},
};

const PARK: &str = r#"{"type":"Polygon","coordinates":[[[-73.9495,40.7969],[-73.95807266235352,40.80068603561921],[-73.98201942443848,40.76825672305777],[-73.97317886352539,40.76455136505513],[-73.9495,40.7969]]]}"#;
const WALK: &str = r#"{"type":"LineString","coordinates":[[-73.95807266235352,40.800426144169315],[-73.94966125488281,40.79691751000055],[-73.97317886352539,40.764486356930334],[-73.98210525512695,40.76786669510221],[-73.96004676818848,40.7980870753293]]}"#;

fn line(coordinates: &str) -> Argument {
    json(&format!(r#"{{"type":"LineString","coordinates":{coordinates}}}"#))
}

fn polygon(coordinates: &str) -> Argument {
    json(&format!(r#"{{"type":"Polygon","coordinates":{coordinates}}}"#))
}

/// Checks a number of an answer, at a path.
fn near(name: &str, arguments: &[Argument], path: &str, expected: f64) {
    let answer = call(name, arguments).expect("an answer");
    let path = Path::parse(path).expect("a path");
    let found = path.find(Json::new(&answer)).and_then(Json::as_real);
    let found = found.unwrap_or_else(|| panic!("{name}: no number in {answer}"));
    assert!(
        (found - expected).abs() <= expected.abs() * 1e-9,
        "{name}: {found} is not {expected} in {answer}"
    );
}

#[test]
fn points_have_distances_and_directions() {
    let trip = || [real(-122.407628), real(47.578557), real(-118.275287), real(34.019056)];
    near("geo_distance_2points", &trip(), "$", 1_546_754.351_973_81);
    near("geo_azimuth", &[real(5.0), real(10.0), real(10.0), real(-40.0)], "$", 3.054_599_397_964_49);
    let corner = [real(0.0), real(10.0), real(0.0), real(5.0), real(3.0), real(-10.0)];
    near("geo_angle", &corner, "$", 2.944_938_434_068_82);
    check(&[
        ("geo_angle", &[real(0.0), real(10.0), real(0.0), real(10.0), real(3.0), real(-10.0)], "null"),
        ("geo_distance_2points", &[real(300.0), real(1.0), real(1.0), real(1.0)], "null"),
        ("geo_point_in_circle", &[real(0.0), real(0.0), real(0.0), real(1.0), real(111_000.0)], "false"),
        ("geo_point_in_circle", &[real(0.0), real(0.0), real(0.0), real(1.0), real(-1.0)], "null"),
    ]);
}

#[test]
fn cells_have_names() {
    check(&[
        ("geo_point_to_geohash", &[real(-80.195829), real(25.802215), long(8)], "dhwfz15h"),
        ("geo_point_to_geohash", &[real(-122.303404), real(47.570482)], "c23n8"),
        ("geo_point_to_geohash", &[real(180.0), real(90.0), long(19)], ""),
        ("geo_geohash_to_central_point", &[text("a")], "null"),
        (
            "geo_geohash_to_polygon",
            &[text("dr5ru")],
            r#"{"type":"Polygon","coordinates":[[[-74.00390625,40.7373046875],[-73.9599609375,40.7373046875],[-73.9599609375,40.78125],[-74.00390625,40.78125],[-74.00390625,40.7373046875]]]}"#,
        ),
        (
            "geo_geohash_neighbors",
            &[text("sunny")],
            r#"["sunnt","sunpj","sunnx","sunpn","sunnv","sunpp","sunnz","sunnw"]"#,
        ),
        ("geo_point_to_s2cell", &[real(-80.195829), real(25.802215), long(8)], "88d9b"),
        ("geo_point_to_s2cell", &[real(10.6842), real(53.0), long(8)], "47ae3"),
        ("geo_point_to_s2cell", &[real(1.0), real(1.0), long(35)], ""),
        ("geo_s2cell_to_polygon", &[text("a")], "null"),
        (
            "geo_s2cell_neighbors",
            &[text("89c259")],
            r#"["89c25d","89c2f9","89c251","89c257","89c25f","89c25b","89c2f7","89c2f5"]"#,
        ),
        ("geo_point_to_h3cell", &[real(-73.956683), real(40.807907), long(5)], "852a100bfffffff"),
        ("geo_point_to_h3cell", &[real(1.0), real(1.0), long(16)], ""),
        ("geo_h3cell_parent", &[text("862a1072fffffff")], "852a1073fffffff"),
        ("geo_h3cell_parent", &[text("862a1072fffffff"), long(7)], ""),
        ("geo_h3cell_level", &[text("862a1072fffffff")], "6"),
        ("geo_h3cell_level", &[text("1")], "null"),
        (
            "geo_h3cell_children",
            &[text("862a1072fffffff")],
            r#"["872a10728ffffff","872a10729ffffff","872a1072affffff","872a1072bffffff","872a1072cffffff","872a1072dffffff","872a1072effffff"]"#,
        ),
        ("geo_h3cell_children", &[text("862a1072fffffff"), long(12)], "null"),
        (
            "geo_h3cell_neighbors",
            &[text("862a1072fffffff")],
            r#"["862a10727ffffff","862a10707ffffff","862a1070fffffff","862a10777ffffff","862a100dfffffff","862a100d7ffffff"]"#,
        ),
        (
            "geo_h3cell_rings",
            &[text("861f8894fffffff"), long(2)],
            r#"[["861f8894fffffff"],["861f88947ffffff","861f8895fffffff","861f88867ffffff","861f8d497ffffff","861f8d4b7ffffff","861f8896fffffff"],["861f88967ffffff","861f88977ffffff","861f88957ffffff","861f8882fffffff","861f88877ffffff","861f88847ffffff","861f8886fffffff","861f8d49fffffff","861f8d487ffffff","861f8d4a7ffffff","861f8d59fffffff","861f8d597ffffff"]]"#,
        ),
    ]);
    near("geo_s2cell_to_central_point", &[text("1234567")], "coordinates[0]", 9.868_307_318_504_08);
    near("geo_s2cell_to_central_point", &[text("1234567")], "coordinates[1]", 27.468_392_925_827_6);
    near("geo_s2cell_to_polygon", &[text("89c259")], "coordinates[0][0][1]", 40.801_268_433_943_9);
    near("geo_s2cell_to_polygon", &[text("89c259")], "coordinates[0][1][1]", 40.722_226_291_835_8);
    near("geo_h3cell_to_polygon", &[text("862a1072fffffff")], "coordinates[0][0][0]", -74.002_274_464_615_9);
    near("geo_h3cell_to_polygon", &[text("862a1072fffffff")], "coordinates[0][1][1]", 40.727_986_222_489_1);
}

#[test]
fn cells_of_points_have_them() {
    for longitude in (-180..=180).step_by(9) {
        for latitude in (-90..=90).step_by(9) {
            let place = [real(f64::from(longitude)), real(f64::from(latitude)), long(20)];
            let cell = call("geo_point_to_s2cell", &place).expect("a cell");
            let center = call("geo_s2cell_to_central_point", &[text(&cell)]).expect("a point");
            let at = |at: i64| {
                Json::new(&center).member("coordinates").and_then(|c| c.element(at)).and_then(Json::as_real)
            };
            let center = [real(at(0).expect("a number")), real(at(1).expect("a number"))];
            let apart = [&place[..2], &center[..]].concat();
            let apart: f64 =
                call("geo_distance_2points", &apart).expect("a distance").parse().expect("a number");
            assert!(apart < 20.0, "{longitude} {latitude}: {apart}");
            let neighbors = call("geo_s2cell_neighbors", &[text(&cell)]).expect("cells");
            assert_eq!(
                Json::new(&neighbors).elements().expect("an array").count(),
                8,
                "{longitude} {latitude}"
            );
        }
    }
}

#[test]
fn well_known_texts_become_geojson() {
    check(&[
        (
            "geo_from_wkt",
            &[text("LINESTRING (1 2, 3 4)")],
            r#"{"type":"LineString","coordinates":[[1,2],[3,4]]}"#,
        ),
        (
            "geo_from_wkt",
            &[text("multipoint ((1 1), (2 2.5))")],
            r#"{"type":"MultiPoint","coordinates":[[1,1],[2,2.5]]}"#,
        ),
        (
            "geo_from_wkt",
            &[text("POLYGON ((0 0, 2 0, 2 2, 0 0))")],
            r#"{"type":"Polygon","coordinates":[[[0,0],[2,0],[2,2],[0,0]]]}"#,
        ),
        (
            "geo_from_wkt",
            &[text("GEOMETRYCOLLECTION (POINT (1 1),LINESTRING (2 2, 3 3))")],
            r#"{"type":"GeometryCollection","geometries":[{"type":"Point","coordinates":[1,1]},{"type":"LineString","coordinates":[[2,2],[3,3]]}]}"#,
        ),
        ("geo_from_wkt", &[text("LINESTRING")], "null"),
        ("geo_from_wkt", &[text("POINT (1 1) x")], "null"),
    ]);
    let deep = "GEOMETRYCOLLECTION (".repeat(100_000);
    check(&[("geo_from_wkt", &[text(&deep)], "null")]);
}

#[test]
fn lines_have_lengths() {
    let short = || line("[[-73.95796,40.80042],[-73.97317,40.764486]]");
    near(
        "geo_line_length",
        &[line(
            "[[-73.95807266235352,40.800426144169315],[-73.94966125488281,40.79691751000055],[-73.97317886352539,40.764486356930334]]",
        )],
        "$",
        4_922.480_169_920_81,
    );
    near("geo_line_centroid", &[short()], "coordinates[0]", -73.965_567_057_230_94);
    near("geo_line_centroid", &[short()], "coordinates[1]", 40.782_453_249_627_416);
    near("geo_line_centroid", &[json(WALK)], "coordinates[0]", -73.966_067_562_683_7);
    near("geo_line_interpolate_point", &[short(), real(0.25)], "coordinates[1]", 40.791_436_687_257_23);
    near("geo_line_interpolate_point", &[json(WALK), real(0.9)], "coordinates[0]", -73.965_565_458_327_99);
    near("geo_line_locate_point", &[line("[[0,0],[2,0]]"), real(1.0), real(1.0)], "$", 0.5);
    check(&[
        ("geo_line_length", &[line("[[1,1]]")], "null"),
        ("geo_distance_point_to_line", &[real(300.0), real(3.0), line("[[1,1],[2,2]]")], "null"),
        ("geo_line_simplify", &[line("[[1,1],[2,2]]"), real(-1.0)], "null"),
        (
            "geo_line_densify",
            &[line("[[50,50],[51,51]]")],
            r#"{"type":"LineString","coordinates":[[50,50],[50.125,50.125],[50.25,50.25],[50.375,50.375],[50.5,50.5],[50.625,50.625],[50.75,50.75],[50.875,50.875],[51,51]]}"#,
        ),
        ("geo_line_densify", &[line("[[1,1],[2,2]]"), real(0.0)], "null"),
        (
            "geo_polygon_densify",
            &[polygon(
                "[[[-73.958244,40.800719],[-73.949146,40.79695],[-73.973093,40.764226],[-73.982062,40.768159],[-73.958244,40.800719]]]",
            )],
            r#"{"type":"Polygon","coordinates":[[[-73.958244,40.800719],[-73.949146,40.79695],[-73.973093,40.764226],[-73.982062,40.768159],[-73.958244,40.800719]]]}"#,
        ),
    ]);
}

#[test]
fn polygons_have_insides() {
    near("geo_polygon_perimeter", &[json(PARK)], "$", 9_930.301_496_049_38);
    near(
        "geo_distance_point_to_polygon",
        &[real(-73.9839), real(40.7705), json(PARK)],
        "$",
        259.940_756_070_596,
    );
    let closest = || [real(-73.9839), real(40.7705), json(PARK)];
    near("geo_closest_point_on_polygon", &closest(), "coordinates[0]", -73.981_205_580_153_93);
    near("geo_closest_point_on_polygon", &closest(), "coordinates[1]", 40.769_359_452_843_21);
    let two = json(
        r#"{"type":"MultiPolygon","coordinates":[[[[-73.9495,40.7969],[-73.95807266235352,40.80068603561921],[-73.98201942443848,40.76825672305777],[-73.97317886352539,40.76455136505513],[-73.9495,40.7969]]],[[[-73.94262313842773,40.775991804565585],[-73.98107528686523,40.791849155467695],[-73.99600982666016,40.77092185281977],[-73.96150588989258,40.75609977566361],[-73.94262313842773,40.775991804565585]]]]}"#,
    );
    near("geo_polygon_area", &[two], "$", 10_889_971.534_348_7);
    let hole = || polygon("[[[0,0],[10,0],[10,10],[0,10],[0,0]],[[4,4],[6,4],[6,6],[4,6],[4,4]]]");
    check(&[
        ("geo_point_in_polygon", &[real(5.0), real(5.0), hole()], "false"),
        ("geo_point_in_polygon", &[real(2.0), real(5.0), hole()], "true"),
        ("geo_point_in_polygon", &[real(-175.0), real(-5.0), hole()], "false"),
        ("geo_point_in_polygon", &[real(200.0), real(5.0), hole()], "null"),
        ("geo_polygon_area", &[polygon("[[[0,0],[10,10],[10,10],[0,0]]]")], "null"),
    ]);
}

#[test]
fn shapes_meet() {
    let (one, other) =
        (|| polygon("[[[2,45],[0,45],[1,44],[2,45]]]"), || polygon("[[[3,44],[2,45],[2,43],[3,44]]]"));
    let far = || line("[[3,3],[4,4]]");
    check(&[
        ("geo_intersection_2polygons", &[one(), other()], r#"{"type":"Point","coordinates":[2,45]}"#),
        (
            "geo_intersection_2polygons",
            &[one(), polygon("[[[3,44],[3,45],[2,43],[3,44]]]")],
            r#"{"type":"GeometryCollection","geometries":[]}"#,
        ),
        (
            "geo_intersection_2lines",
            &[line("[[1,1],[2,2]]"), far()],
            r#"{"type":"GeometryCollection","geometries":[]}"#,
        ),
        ("geo_intersects_2lines", &[line("[[1,1],[2,2]]"), far()], "false"),
        ("geo_intersects_2lines", &[line("[[1,1],[2,2]]"), line("[[1,1]]")], "null"),
        ("geo_intersects_2polygons", &[one(), one()], "true"),
    ]);
    let crossing = || {
        [
            line("[[-73.978929,40.785155],[-73.980903,40.782621]]"),
            line("[[-73.985195,40.788275],[-73.974552,40.779761]]"),
        ]
    };
    near("geo_intersection_2lines", &crossing(), "coordinates[0]", -73.979_837_116_670_98);
    near("geo_intersection_2lines", &crossing(), "coordinates[1]", 40.783_989_289_772_165);
    let triangles = json(
        r#"{"type":"MultiPolygon","coordinates":[[[[3,44],[2,45],[2,43],[3,44]]],[[[1.192,45.265],[1.005,44.943],[1.356,44.937],[1.192,45.265]]]]}"#,
    );
    let both = || [one(), triangles.clone()];
    near("geo_intersection_2polygons", &both(), "geometries[0].coordinates[0]", 2.0);
    near(
        "geo_intersection_2polygons",
        &both(),
        "geometries[1].coordinates[0][0][0]",
        1.322_707_552_641_067_9,
    );
    near("geo_intersection_2polygons", &both(), "geometries[1].coordinates[0][1][1]", 45.004_356_403_066_55);
    near("geo_intersection_2polygons", &both(), "geometries[1].coordinates[0][3][0]", 1.356);
    let through = || {
        [
            line("[[-110.522,39.198],[-91.428,40.880]]"),
            polygon(
                "[[[-90.263,36.738],[-102.041,45.274],[-109.335,36.527],[-90.263,36.738]],[[-100.393,41.705],[-103.139,38.925],[-97.558,39.113],[-100.393,41.705]]]",
            ),
        ]
    };
    near("geo_intersection_line_with_polygon", &through(), "coordinates[0][0][0]", -106.893_536_558_819_05);
    near("geo_intersection_line_with_polygon", &through(), "coordinates[0][1][1]", 40.373_506_008_712_525);
    near("geo_intersection_line_with_polygon", &through(), "coordinates[1][1][0]", -95.284_527_737_311_79);
    let lines = r#"[{"type":"LineString","coordinates":[[0,0],[1,1],[2,1]]},{"type":"LineString","coordinates":[[1,1],[2,1],[3,0]]},{"type":"LineString","coordinates":[[1,1],[2,1]]}]"#;
    check(&[(
        "geo_union_lines_array",
        &[json(lines)],
        r#"{"type":"LineString","coordinates":[[0,0],[1,1],[2,1],[3,0]]}"#,
    )]);
}

#[test]
fn cells_together_are_one_polygon() {
    let cells = [
        "862a1072fffffff",
        "862a10727ffffff",
        "862a10707ffffff",
        "862a1070fffffff",
        "862a10777ffffff",
        "862a100dfffffff",
        "862a100d7ffffff",
    ];
    let polygons = cells.map(|cell| call("geo_h3cell_to_polygon", &[text(cell)]).expect("a polygon"));
    let all = json(&format!("[{}]", polygons.join(",")));
    let union = call("geo_union_polygons_array", std::slice::from_ref(&all)).expect("a polygon");
    let rings = Json::new(&union).member("coordinates").expect("rings");
    assert_eq!(rings.elements().expect("an array").count(), 1, "{union}");
    // Six hexagons around one have three free sides each.
    assert_eq!(rings.element(0).and_then(Json::elements).expect("a ring").count(), 19, "{union}");
    near("geo_union_polygons_array", &[all], "coordinates[0][0][0]", -73.926_766_604_813_57);
}

#[test]
fn shapes_are_covered_by_cells() {
    let count = |name: &str, arguments: &[Argument]| {
        let cells = call(name, arguments).expect("an answer");
        Json::new(&cells).elements().map(Iterator::count)
    };
    let wide = || polygon("[[[0,0],[0,50],[100,50],[0,0]]]");
    assert_eq!(count("geo_polygon_to_s2cells", &[wide(), long(5)]), Some(286));
    assert_eq!(count("geo_polygon_to_s2cells", &[wide(), long(30)]), None);
    assert_eq!(count("geo_line_to_s2cells", &[line("[[0.1,0.1],[0.2,0.2]]"), long(4)]), Some(1));
    let with_radius = count("geo_line_to_s2cells", &[line("[[0.1,0.1],[0.2,0.2]]"), long(9), real(20_000.0)]);
    assert!(with_radius > count("geo_line_to_s2cells", &[line("[[0.1,0.1],[0.2,0.2]]"), long(9)]));
    let town = polygon("[[[-3.659,40.553],[-3.913,40.409],[-3.729,40.273],[-3.524,40.440],[-3.659,40.553]]]");
    assert_eq!(count("geo_polygon_to_h3cells", std::slice::from_ref(&town)), Some(13));
    check(&[("geo_line_to_s2cells", &[line("[[0,0],[0,0]]")], "null")]);
}

#[test]
fn buffers_have_their_radius() {
    let circle =
        call("geo_point_buffer", &[real(10.0), real(50.0), real(1000.0), real(0.1)]).expect("a polygon");
    let area: f64 = call("geo_polygon_area", &[json(&circle)]).expect("an area").parse().expect("a number");
    assert!((area / (std::f64::consts::PI * 1e6) - 1.0).abs() < 1e-3, "{area}");
    let walk = call("geo_line_buffer", &[line("[[0,0],[0,0.1],[0.1,0.1]]"), real(100.0), real(0.1)])
        .expect("a polygon");
    let area: f64 = call("geo_polygon_area", &[json(&walk)]).expect("an area").parse().expect("a number");
    let expected = 2.0 * 11_119.5 * 200.0 + std::f64::consts::PI * 1e4;
    assert!((area / expected - 1.0).abs() < 5e-3, "{area} {expected}");
    check(&[("geo_point_buffer", &[real(200.0), real(1.0), real(0.1)], "null")]);
}
