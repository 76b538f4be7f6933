//! Coasts, large lakes and borders around Canada, to draw behind what was found.
//!
//! `canada.txt` has one shape a line: what it is, its first point, and the way from each point to the next, east
//! and north, in hundredths of a degree. It was made from Natural Earth, 1:50 million (public domain), as
//! decision 71 says.

use std::fmt::Write as _;
use std::sync::OnceLock;

/// Across and down, in the picture, or degrees east and north.
pub(super) type Point = (f64, f64);

/// What a shape is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Land,
    Lake,
    Border,
}

struct Shape {
    kind: Kind,
    points: Vec<Point>,
    // The lowest and the highest, each way.
    low: Point,
    high: Point,
}

impl Shape {
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let kind = match words.next()? {
            "land" => Kind::Land,
            "lake" => Kind::Lake,
            "line" => Kind::Border,
            _ => return None,
        };
        let mut steps = words.map_while(|it| it.parse::<i32>().ok());
        let (mut points, mut at) = (Vec::new(), (0, 0));
        while let (Some(east), Some(north)) = (steps.next(), steps.next()) {
            at = (at.0 + east, at.1 + north);
            points.push((f64::from(at.0) / 100.0, f64::from(at.1) / 100.0));
        }
        let first = *points.first()?;
        let (mut low, mut high) = (first, first);
        for (x, y) in &points {
            low = (low.0.min(*x), low.1.min(*y));
            high = (high.0.max(*x), high.1.max(*y));
        }
        Some(Self { kind, points, low, high })
    }
}

fn shapes() -> &'static [Shape] {
    static SHAPES: OnceLock<Vec<Shape>> = OnceLock::new();
    SHAPES.get_or_init(|| include_str!("canada.txt").lines().filter_map(Shape::read).collect())
}

/// The paths of a picture: each the `d` of an SVG path, and empty if there is nothing of it in the picture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Ground {
    /// What is not sea.
    pub(super) land: String,
    /// Large lakes.
    pub(super) lakes: String,
    /// Between provinces, territories and countries.
    pub(super) borders: String,
}

impl Ground {
    /// What is within `width` by `height`, where `place` puts degrees east and north.
    pub(super) fn of(place: impl Fn(Point) -> Point, width: f64, height: f64) -> Self {
        let frame = Frame { width, height };
        let mut ground = Self::default();
        for shape in shapes() {
            // The picture grows downwards and the degrees upwards.
            let (left, bottom) = place(shape.low);
            let (right, top) = place(shape.high);
            if right < 0.0 || left > width || bottom < 0.0 || top > height {
                continue;
            }
            let points: Vec<Point> = shape.points.iter().map(|point| place(*point)).collect();
            match shape.kind {
                Kind::Land => draw(&mut ground.land, &frame.cut(points), true),
                Kind::Lake => draw(&mut ground.lakes, &frame.cut(points), true),
                Kind::Border => draw(&mut ground.borders, &points, false),
            }
        }
        ground
    }
}

/// Adds a shape to a path, without points that nobody could tell apart.
fn draw(path: &mut String, points: &[Point], is_closed: bool) {
    const LEAST: f64 = 0.7;
    let mut before: Option<Point> = None;
    for (x, y) in points {
        let is_seen = before.is_none_or(|(a, b)| (a - x).abs() + (b - y).abs() >= LEAST);
        if is_seen {
            let letter = if before.is_none() { 'M' } else { 'L' };
            // Writing to a text does not fail.
            let _ = write!(path, "{letter}{x:.1} {y:.1}");
            before = Some((*x, *y));
        }
    }
    if is_closed && before.is_some() {
        path.push('Z');
    }
}

/// A side of the picture: which coordinate it bounds, where, and which way is out.
#[derive(Clone, Copy)]
struct Side {
    is_across: bool,
    bound: f64,
    sign: f64,
}

impl Side {
    /// How far inside a point is.
    fn inside(self, point: Point) -> f64 {
        let value = if self.is_across { point.0 } else { point.1 };
        (self.bound - value) * self.sign
    }
}

struct Frame {
    width: f64,
    height: f64,
}

impl Frame {
    /// The part of a closed shape that is in the picture, with a little room around: Sutherland and Hodgman, 1974.
    fn cut(&self, points: Vec<Point>) -> Vec<Point> {
        const ROOM: f64 = 4.0;
        let side = |is_across, bound, sign| Side { is_across, bound, sign };
        let sides = [
            side(true, -ROOM, -1.0),
            side(true, self.width + ROOM, 1.0),
            side(false, -ROOM, -1.0),
            side(false, self.height + ROOM, 1.0),
        ];
        sides.into_iter().fold(points, |points, side| {
            let mut kept = Vec::with_capacity(points.len());
            let Some(mut from) = points.last().copied() else { return kept };
            for to in points {
                let (a, b) = (side.inside(from), side.inside(to));
                if (a >= 0.0) != (b >= 0.0) {
                    let part = a / (a - b);
                    kept.push((from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part));
                }
                if b >= 0.0 {
                    kept.push(to);
                }
                from = to;
            }
            kept
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::places::CITIES;
    use super::*;

    /// Whether a point is within a closed shape: by the sides that a ray to the east crosses.
    fn holds(shape: &Shape, (x, y): Point) -> bool {
        let ends = shape.points.iter().skip(1).chain(shape.points.first());
        let sides = shape.points.iter().zip(ends);
        let crossed = sides.filter(|((x1, y1), (x2, y2))| {
            (*y1 > y) != (*y2 > y) && x < x1 + (y - y1) / (y2 - y1) * (x2 - x1)
        });
        crossed.count() % 2 == 1
    }

    #[test]
    fn every_line_is_a_shape() {
        let n_lines = include_str!("canada.txt").lines().count();
        assert_eq!(shapes().len(), n_lines);
        assert!(shapes().iter().all(|shape| shape.points.len() > 1));
    }

    #[test]
    fn every_city_is_on_land_or_a_walk_from_it_and_the_seas_are_not() {
        let is_land = |point| {
            let of = |kind| shapes().iter().filter(move |it| it.kind == kind);
            of(Kind::Land).any(|it| holds(it, point)) && !of(Kind::Lake).any(|it| holds(it, point))
        };
        let ways = [-0.15, -0.07, 0.0, 0.07, 0.15];
        for city in CITIES {
            let near = ways.iter().flat_map(|x| ways.iter().map(move |y| (*x, *y)));
            let is_near =
                near.into_iter().any(|(x, y)| is_land((city.longitude + x, city.latitude + y)));
            assert!(is_near, "{}", city.name);
        }
        for (name, sea) in [
            ("Hudson Bay", (-85.0, 60.0)),
            ("Lake Superior", (-87.5, 47.7)),
            ("the Atlantic", (-55.0, 45.0)),
        ] {
            assert!(!is_land(sea), "{name}");
        }
    }

    #[test]
    fn what_is_drawn_is_in_the_picture_and_small() {
        // Around Lake Ontario, fifty to a degree.
        let ground = Ground::of(|(x, y)| ((x + 83.0) * 50.0, (47.0 - y) * 50.0), 440.0, 360.0);
        for path in [&ground.land, &ground.lakes] {
            let numbers = path.split(['M', 'L', 'Z', ' ']).filter(|it| !it.is_empty());
            for number in numbers {
                let number: f64 = number.parse().expect("a number");
                assert!((-4.0..=444.0).contains(&number), "{number}");
            }
        }
        assert!(!ground.lakes.is_empty() && !ground.borders.is_empty());
        assert!(ground.land.len() + ground.lakes.len() + ground.borders.len() < 20_000);
    }

    #[test]
    fn in_the_middle_of_the_ocean_there_is_nothing() {
        let ground = Ground::of(|(x, y)| ((x + 53.0) * 400.0, (43.0 - y) * 400.0), 440.0, 360.0);
        assert_eq!(ground, Ground::default());
    }
}
