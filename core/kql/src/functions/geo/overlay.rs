//! What polygons and lines have in common, and together.
//!
//! Seen from the Earth's middle on a plane, the shortest ways between points are straight lines. There all edges are
//! cut where they meet, and each piece stays if the answer is on its left but not on its right.

use std::collections::{HashMap, HashSet};

use super::{
    shape::{Geometry, Line, Polygon, edges},
    sphere::{Point, Vector, add, cross, degrees, dot, scale, unit, vector},
};

/// The edges that are compared with one another: the work grows with their square.
const EDGES_MAX: usize = 4_000;

/// What is nearer than this, on a sphere of radius 1, is the same place (a thousandth of a millimeter on Earth).
const SAME: f64 = 1e-13;

type Flat = (f64, f64);

/// A plane that touches the sphere, and the places on it.
struct Plane {
    axes: [Vector; 3],
    places: Vec<Flat>,
    /// Where each place is on Earth, if that was given.
    points: Vec<Option<Point>>,
    /// Places by the square that they are in.
    squares: HashMap<(i64, i64), Vec<usize>>,
}

impl Plane {
    /// `None` if the points do not fit in less than half the sphere, or are too many.
    fn new<'a>(points: impl Iterator<Item = &'a Point> + Clone) -> Option<Self> {
        let middle = unit(points.clone().fold([0.0; 3], |sum, point| add(sum, vector(*point))))?;
        let is_near = points.clone().all(|point| dot(middle, vector(*point)) > 0.02);
        if !is_near || points.count() > EDGES_MAX {
            return None;
        }
        let aside = if middle[2].abs() < 0.9 { [0.0, 0.0, 1.0] } else { [1.0, 0.0, 0.0] };
        let east = unit(cross(aside, middle))?;
        let axes = [middle, east, cross(middle, east)];
        Some(Self { axes, places: Vec::new(), points: Vec::new(), squares: HashMap::new() })
    }

    fn flat(&self, point: Point) -> Flat {
        let vector = vector(point);
        let height = dot(self.axes[0], vector);
        (dot(self.axes[1], vector) / height, dot(self.axes[2], vector) / height)
    }

    /// The number of a place; one that is as good as there already has its number.
    fn place(&mut self, flat: Flat, point: Option<Point>) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "saturates")]
        let square = ((flat.0 / SAME / 4.0).floor() as i64, (flat.1 / SAME / 4.0).floor() as i64);
        for x in -1..=1 {
            for y in -1..=1 {
                let near = self.squares.get(&(square.0.saturating_add(x), square.1.saturating_add(y)));
                let same = near.into_iter().flatten().find(|at| distance(self.places[**at], flat) < SAME);
                if let Some(at) = same {
                    return *at;
                }
            }
        }
        self.squares.entry(square).or_default().push(self.places.len());
        self.places.push(flat);
        self.points.push(point);
        self.places.len() - 1
    }

    fn point_place(&mut self, point: Point) -> usize {
        self.place(self.flat(point), Some(point))
    }

    fn point(&self, place: usize) -> Point {
        self.points[place].unwrap_or_else(|| {
            let (x, y) = self.places[place];
            degrees(add(self.axes[0], add(scale(self.axes[1], x), scale(self.axes[2], y))))
        })
    }
}

fn distance(a: Flat, b: Flat) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// An edge from place to place, of the polygon or line with a number.
#[derive(Clone, Copy, Debug)]
struct Edge {
    from: usize,
    to: usize,
    owner: usize,
    /// Its number among all edges as they were given.
    id: usize,
}

/// Cuts all edges where they meet one of another owner.
fn cut(plane: &mut Plane, edges: &[Edge]) -> Vec<Edge> {
    let mut cuts: Vec<Vec<(f64, usize)>> = vec![Vec::new(); edges.len()];
    for at in 0..edges.len() {
        for other in 0..at {
            if edges[at].owner != edges[other].owner {
                meet(plane, [edges[at], edges[other]], |which, part, place| {
                    cuts[[at, other][which]].push((part, place));
                });
            }
        }
    }
    let mut pieces = Vec::with_capacity(edges.len());
    for (edge, mut cuts) in edges.iter().zip(cuts) {
        cuts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut from = edge.from;
        for (_, to) in cuts.into_iter().chain([(1.0, edge.to)]) {
            if to != from {
                pieces.push(Edge { from, to, ..*edge });
                from = to;
            }
        }
    }
    pieces
}

/// Tells where two edges meet: which of them is cut, how far along, and at which place.
fn meet(plane: &mut Plane, pair: [Edge; 2], mut tell: impl FnMut(usize, f64, usize)) {
    let [a, b] = pair.map(|edge| (plane.places[edge.from], plane.places[edge.to]));
    let beyond = |least: f64, most: f64, other: (f64, f64)| {
        other.0.max(other.1) < least - SAME || other.0.min(other.1) > most + SAME
    };
    if beyond(a.0.0.min(a.1.0), a.0.0.max(a.1.0), (b.0.0, b.1.0))
        || beyond(a.0.1.min(a.1.1), a.0.1.max(a.1.1), (b.0.1, b.1.1))
    {
        return;
    }
    let mut touches = false;
    for (which, line, other) in [(0, a, pair[1]), (1, b, pair[0])] {
        for end in [other.from, other.to] {
            let (part, off) = along(line, plane.places[end]);
            let is_end = end == pair[which].from || end == pair[which].to;
            touches |= is_end;
            if !is_end && off < SAME && part > 0.0 && part < 1.0 {
                touches = true;
                tell(which, part, end);
            }
        }
    }
    if touches {
        return;
    }
    let (p, q) = ((a.1.0 - a.0.0, a.1.1 - a.0.1), (b.1.0 - b.0.0, b.1.1 - b.0.1));
    let determinant = p.0 * q.1 - p.1 * q.0;
    let between = (b.0.0 - a.0.0, b.0.1 - a.0.1);
    let (s, t) = (
        (between.0 * q.1 - between.1 * q.0) / determinant,
        (between.0 * p.1 - between.1 * p.0) / determinant,
    );
    if s > 0.0 && s < 1.0 && t > 0.0 && t < 1.0 {
        let place = plane.place((a.0.0 + s * p.0, a.0.1 + s * p.1), None);
        tell(0, s, place);
        tell(1, t, place);
    }
}

/// How far along a line a place is, from 0 to 1, and how far off it.
fn along(line: (Flat, Flat), place: Flat) -> (f64, f64) {
    let (x, y) = (line.1.0 - line.0.0, line.1.1 - line.0.1);
    let (to_x, to_y) = (place.0 - line.0.0, place.1 - line.0.1);
    let squared = x * x + y * y;
    ((x * to_x + y * to_y) / squared, (x * to_y - y * to_x).abs() / squared.sqrt())
}

/// The edges of polygons on a plane, by polygon.
struct Regions(Vec<Vec<(Flat, Flat)>>);

impl Regions {
    fn has(&self, polygon: usize, place: Flat) -> bool {
        let crosses = |(a, b): &&(Flat, Flat)| {
            (a.1 > place.1) != (b.1 > place.1) && place.0 < (b.0 - a.0) * (place.1 - a.1) / (b.1 - a.1) + a.0
        };
        self.0[polygon].iter().filter(crosses).count() % 2 == 1
    }
}

fn all_points<'a>(polygons: &'a [&'a Polygon]) -> impl Iterator<Item = &'a Point> + Clone {
    polygons.iter().flat_map(|polygon| polygon.iter()).flatten()
}

fn polygon_edges(plane: &mut Plane, polygons: &[&Polygon]) -> (Vec<Edge>, Regions) {
    let mut all = Vec::new();
    let mut regions = Vec::with_capacity(polygons.len());
    for (owner, polygon) in polygons.iter().enumerate() {
        let mut region = Vec::new();
        for ring in *polygon {
            let places: Vec<usize> = ring.iter().map(|point| plane.point_place(*point)).collect();
            for (from, to) in edges(&places).filter(|(from, to)| from != to) {
                all.push(Edge { from, to, owner, id: all.len() });
                region.push((plane.places[from], plane.places[to]));
            }
        }
        regions.push(region);
    }
    (all, Regions(regions))
}

/// The places just left and right of the middle of an edge.
fn sides(plane: &Plane, edge: Edge) -> [Flat; 2] {
    let (from, to) = (plane.places[edge.from], plane.places[edge.to]);
    let (x, y) = ((to.0 - from.0) * 1e-6, (to.1 - from.1) * 1e-6);
    let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
    [(middle.0 - y, middle.1 + x), (middle.0 + y, middle.1 - x)]
}

/// The polygons around all that `is_in` says of the places beside the pieces, and the places of their corners.
/// `None` if edges are too near to one another to tell.
fn outline(
    plane: &Plane,
    pieces: &[Edge],
    is_in: impl Fn(Flat) -> bool,
) -> Option<(Vec<Polygon>, HashSet<usize>)> {
    let mut seen = HashSet::new();
    let kept = pieces.iter().copied().filter(|edge| {
        let [left, right] = sides(plane, *edge);
        is_in(left) && !is_in(right) && seen.insert((edge.from, edge.to))
    });
    let kept: Vec<Edge> = kept.collect();
    let mut from: HashMap<usize, Vec<usize>> = HashMap::new();
    kept.iter().enumerate().for_each(|(at, edge)| from.entry(edge.from).or_default().push(at));
    let mut is_used = vec![false; kept.len()];
    let (mut outer, mut holes) = (Vec::new(), Vec::new());
    for start in 0..kept.len() {
        if is_used[start] {
            continue;
        }
        let mut ring = Vec::new();
        let mut at = Some(start);
        while let Some(edge) = at.filter(|at| !is_used[*at]) {
            is_used[edge] = true;
            ring.push(kept[edge]);
            let next = from.get(&kept[edge].to).into_iter().flatten().copied().filter(|next| !is_used[*next]);
            at = next.max_by(|a, b| {
                turn(plane, kept[edge], kept[*a]).total_cmp(&turn(plane, kept[edge], kept[*b]))
            });
        }
        if ring.last().map(|edge| edge.to) != ring.first().map(|edge| edge.from) {
            return None;
        }
        let ring = rotated(ring);
        let corners: Vec<usize> = ring.iter().map(|edge| edge.from).collect();
        if corners.len() > 2 {
            let is_outer = flat_area(plane, &corners) > 0.0;
            if is_outer { outer.push(corners) } else { holes.push(corners) }
        }
    }
    let corners = outer.iter().chain(&holes).flatten().copied().collect();
    let points = |ring: &Vec<usize>| ring.iter().map(|place| plane.point(*place)).collect::<Vec<Point>>();
    let mut polygons: Vec<Polygon> = outer.iter().map(|ring| vec![points(ring)]).collect();
    for hole in &holes {
        let around = |ring: &Vec<usize>| {
            let region = edges(ring).map(|(a, b)| (plane.places[a], plane.places[b])).collect();
            let edge = Edge { from: hole[0], to: hole[1], owner: 0, id: 0 };
            Regions(vec![region]).has(0, sides(plane, edge)[1])
        };
        let owners = outer.iter().enumerate().filter(|(_, ring)| around(ring));
        let smallest = owners.min_by(|a, b| flat_area(plane, a.1).total_cmp(&flat_area(plane, b.1)));
        if let Some((at, _)) = smallest {
            polygons[at].push(points(hole));
        }
    }
    Some((polygons, corners))
}

/// How far one turns left from an edge to the next.
fn turn(plane: &Plane, edge: Edge, next: Edge) -> f64 {
    let way = |edge: Edge| {
        let (from, to) = (plane.places[edge.from], plane.places[edge.to]);
        (to.0 - from.0, to.1 - from.1)
    };
    let (a, b) = (way(edge), way(next));
    (a.0 * b.1 - a.1 * b.0).atan2(a.0 * b.0 + a.1 * b.1)
}

fn flat_area(plane: &Plane, ring: &[usize]) -> f64 {
    let part = |(a, b): (usize, usize)| {
        plane.places[a].0 * plane.places[b].1 - plane.places[b].0 * plane.places[a].1
    };
    edges(ring).map(part).sum::<f64>() / 2.0
}

/// The ring with the edge that was given last at its end, so that it begins as what was given does.
fn rotated(mut ring: Vec<Edge>) -> Vec<Edge> {
    let last = ring.iter().map(|edge| edge.id).max();
    let length = ring.len();
    let is_last = |at: usize| Some(ring[at % length].id) == last;
    let end = (0..length).find(|at| is_last(*at) && !is_last(at + 1));
    if let Some(end) = end {
        ring.rotate_left((end + 1) % length);
    }
    ring
}

/// The polygons that together cover what any of them covers: the smallest two made one, again and again.
pub(super) fn union(polygons: &[Polygon]) -> Option<Vec<Polygon>> {
    let size = |polygons: &Vec<Polygon>| polygons.iter().flatten().map(Vec::len).sum::<usize>();
    let mut parts: Vec<Vec<Polygon>> = polygons.iter().map(|polygon| vec![polygon.clone()]).collect();
    if parts.iter().map(size).sum::<usize>() > EDGES_MAX {
        return None;
    }
    parts.sort_by_key(size);
    while parts.len() > 1 {
        let two: Vec<Polygon> = parts.drain(..2).flatten().collect();
        let one = union_at_once(&two)?;
        let place = parts.partition_point(|part| size(part) <= size(&one));
        parts.insert(place, one);
    }
    parts.pop()
}

fn union_at_once(polygons: &[Polygon]) -> Option<Vec<Polygon>> {
    let polygons: Vec<&Polygon> = polygons.iter().collect();
    let mut plane = Plane::new(all_points(&polygons))?;
    let (all, regions) = polygon_edges(&mut plane, &polygons);
    let pieces = cut(&mut plane, &all);
    let is_in = |place| (0..polygons.len()).any(|polygon| regions.has(polygon, place));
    Some(outline(&plane, &pieces, is_in)?.0)
}

/// What two sets of polygons have in common: areas, and lines and points where they only touch.
pub(super) fn intersection(left: &[Polygon], right: &[Polygon]) -> Option<Vec<Geometry>> {
    let polygons: Vec<&Polygon> = left.iter().chain(right).collect();
    let mut plane = Plane::new(all_points(&polygons))?;
    let (all, regions) = polygon_edges(&mut plane, &polygons);
    let pieces = cut(&mut plane, &all);
    let is_left = |owner: usize| owner < left.len();
    let is_in = |place| {
        (0..left.len()).any(|polygon| regions.has(polygon, place))
            && (left.len()..polygons.len()).any(|polygon| regions.has(polygon, place))
    };
    let (areas, corners) = outline(&plane, &pieces, is_in)?;
    let of_side = |side: bool| pieces.iter().filter(move |edge| is_left(edge.owner) == side);
    let key = |edge: &Edge| (edge.from.min(edge.to), edge.from.max(edge.to));
    let right_edges: HashSet<_> = of_side(false).map(key).collect();
    let right_places: HashSet<_> = of_side(false).map(|edge| edge.from).collect();
    let mut found = Vec::new();
    let mut covered = corners;
    for edge in of_side(true).filter(|edge| right_edges.contains(&key(edge))) {
        let [one, other] = sides(&plane, *edge);
        if !is_in(one) && !is_in(other) {
            found.push(Geometry::Line(vec![plane.point(edge.from), plane.point(edge.to)]));
            covered.extend([edge.from, edge.to]);
        }
    }
    for edge in of_side(true) {
        if right_places.contains(&edge.from) && covered.insert(edge.from) {
            found.push(Geometry::Point(plane.point(edge.from)));
        }
    }
    found.extend(areas.into_iter().map(Geometry::Polygon));
    Some(found)
}

fn line_edges(plane: &mut Plane, lines: &[Line], owner: usize, all: &mut Vec<Edge>) {
    for line in lines {
        let places: Vec<usize> = line.iter().map(|point| plane.point_place(*point)).collect();
        for edge in places.windows(2).filter(|edge| edge[0] != edge[1]) {
            all.push(Edge { from: edge[0], to: edge[1], owner, id: all.len() });
        }
    }
}

/// The parts of lines that are in polygons, and the points where they only touch them.
pub(super) fn line_in_polygons(lines: &[Line], polygons: &[Polygon]) -> Option<Vec<Geometry>> {
    let polygons: Vec<&Polygon> = polygons.iter().collect();
    let mut plane = Plane::new(all_points(&polygons).chain(lines.iter().flatten()))?;
    let (mut all, regions) = polygon_edges(&mut plane, &polygons);
    line_edges(&mut plane, lines, polygons.len(), &mut all);
    let pieces = cut(&mut plane, &all);
    let of_polygons = pieces.iter().filter(|edge| edge.owner < polygons.len());
    let boundary: HashSet<_> =
        of_polygons.flat_map(|edge| [(edge.from, edge.to), (edge.to, edge.from)]).collect();
    let corners: HashSet<usize> = boundary.iter().map(|edge| edge.0).collect();
    let is_in = |edge: &Edge| {
        let (from, to) = (plane.places[edge.from], plane.places[edge.to]);
        let middle = (f64::midpoint(from.0, to.0), f64::midpoint(from.1, to.1));
        boundary.contains(&(edge.from, edge.to))
            || (0..polygons.len()).any(|polygon| regions.has(polygon, middle))
    };
    let of_lines: Vec<&Edge> = pieces.iter().filter(|edge| edge.owner == polygons.len()).collect();
    let inside: Vec<&Edge> = of_lines.iter().copied().filter(|edge| is_in(edge)).collect();
    let mut covered: HashSet<usize> = inside.iter().flat_map(|edge| [edge.from, edge.to]).collect();
    let mut found = Vec::new();
    for place in of_lines.iter().flat_map(|edge| [edge.from, edge.to]) {
        if corners.contains(&place) && covered.insert(place) {
            found.push(Geometry::Point(plane.point(place)));
        }
    }
    found.extend(
        joined(&inside)
            .into_iter()
            .map(|line| line.into_iter().map(|at| plane.point(at)).collect())
            .map(Geometry::Line),
    );
    Some(found)
}

/// Edges one behind the other as lines.
fn joined(edges: &[&Edge]) -> Vec<Vec<usize>> {
    let mut lines: Vec<Vec<usize>> = Vec::new();
    for edge in edges {
        match lines.last_mut().filter(|line| line.last() == Some(&edge.from)) {
            Some(line) => line.push(edge.to),
            None => lines.push(vec![edge.from, edge.to]),
        }
    }
    lines
}

/// The points where lines cross, and what they share.
pub(super) fn common_lines(left: &[Line], right: &[Line]) -> Option<Vec<Geometry>> {
    let mut plane = Plane::new(left.iter().chain(right).flatten())?;
    let mut all = Vec::new();
    line_edges(&mut plane, left, 0, &mut all);
    line_edges(&mut plane, right, 1, &mut all);
    let pieces = cut(&mut plane, &all);
    let of_side = |owner: usize| pieces.iter().filter(move |edge| edge.owner == owner);
    let theirs: HashSet<_> =
        of_side(1).flat_map(|edge| [(edge.from, edge.to), (edge.to, edge.from)]).collect();
    let places: HashSet<usize> = theirs.iter().map(|edge| edge.0).collect();
    let shared: Vec<&Edge> = of_side(0).filter(|edge| theirs.contains(&(edge.from, edge.to))).collect();
    let mut covered: HashSet<usize> = shared.iter().flat_map(|edge| [edge.from, edge.to]).collect();
    let mut found = Vec::new();
    for place in of_side(0).flat_map(|edge| [edge.from, edge.to]) {
        if places.contains(&place) && covered.insert(place) {
            found.push(Geometry::Point(plane.point(place)));
        }
    }
    found.extend(
        joined(&shared)
            .into_iter()
            .map(|line| Geometry::Line(line.into_iter().map(|at| plane.point(at)).collect())),
    );
    Some(found)
}

/// Lines that together have what any of them has, each piece once, joined where they lead on.
pub(super) fn union_lines(lines: &[Line]) -> Option<Vec<Line>> {
    let mut plane = Plane::new(lines.iter().flatten())?;
    let mut all = Vec::new();
    for (owner, line) in lines.iter().enumerate() {
        line_edges(&mut plane, std::slice::from_ref(line), owner, &mut all);
    }
    let pieces = cut(&mut plane, &all);
    let mut seen = HashSet::new();
    let new = pieces.iter().filter(|edge| seen.insert((edge.from.min(edge.to), edge.from.max(edge.to))));
    let new: Vec<&Edge> = new.collect();
    Some(joined(&new).into_iter().map(|line| line.into_iter().map(|at| plane.point(at)).collect()).collect())
}
