//! A map of what was found: numbers on coasts, lakes and borders, made here, with no picture from anywhere.
//!
//! Degrees east are shortened by the cosine of the middle latitude, so that a kilometre is as long in
//! both directions. Only what has a place that is told has a number.

use super::land::{Ground, Point};
use super::places::CITIES;

/// The size of the picture.
pub(super) const WIDTH: f64 = 440.0;
/// The same, upwards.
pub(super) const HEIGHT: f64 = 360.0;

/// Room around the outermost dots.
const MARGIN: f64 = 40.0;

/// The least height of what is shown, in degrees: about fifty kilometres. Closer, the coast that we know is too coarse.
const LEAST_DEGREES: f64 = 0.5;

/// How near two numbers can be and both be read.
const APART: f64 = 26.0;

/// The most cities that are named.
const MAX_NAMES: usize = 8;

/// What was found in one place, or so near that two numbers would hide each other.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Dot {
    /// Their numbers in the list, in order.
    pub(super) numbers: Vec<usize>,
    /// From the left.
    pub(super) x: f64,
    /// From the top.
    pub(super) y: f64,
}

impl Dot {
    /// What stands on it: all numbers, or the first and how many more.
    pub(super) fn label(&self) -> String {
        match self.numbers.as_slice() {
            [first, .., last] if last - first + 1 == self.numbers.len() => {
                format!("{first}–{last}")
            }
            [one] => one.to_string(),
            [one, other] => format!("{one}, {other}"),
            [first, rest @ ..] => format!("{first} + {}", rest.len()),
            [] => String::new(),
        }
    }

    /// How wide it is.
    pub(super) fn width(&self) -> f64 {
        self.label().chars().fold(18.0, |width, _| width + 8.0)
    }

    /// Where its left end is.
    pub(super) fn left(&self) -> f64 {
        rounded(self.x - self.width() / 2.0)
    }
}

/// A city, for orientation.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    /// What it is called.
    pub(super) name: &'static str,
    /// From the left.
    pub(super) x: f64,
    /// From the top.
    pub(super) y: f64,
    /// Whether its name stands to the left of it, since there is no room to the right.
    pub(super) to_left: bool,
}

/// A length to compare with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Scale {
    /// How long it is, in the picture.
    pub(super) width: f64,
    /// The same, in kilometres.
    pub(super) km: u32,
}

/// The map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Map {
    /// What is behind.
    pub(super) ground: Ground,
    /// What was found.
    pub(super) dots: Vec<Dot>,
    /// Cities nearby.
    pub(super) names: Vec<Name>,
    /// How long a kilometre is.
    pub(super) scale: Scale,
}

/// A point as documents have it: `49.8951,-97.1384`.
fn point(text: &str) -> Option<(f64, f64)> {
    let (latitude, longitude) = text.split_once(',')?;
    let (latitude, longitude): (f64, f64) = (latitude.parse().ok()?, longitude.parse().ok()?);
    let is_real = latitude.abs() <= 90.0 && longitude.abs() <= 180.0;
    is_real.then_some((latitude, longitude))
}

impl Map {
    /// The map of these points, each with its number in the list; `None` if nothing has a place.
    pub(super) fn of(points: &[(usize, &str)]) -> Option<Self> {
        let read = |(number, text): &(usize, &str)| Some((*number, point(text)?));
        let points: Vec<_> = points.iter().filter_map(read).collect();
        let (_, first) = *points.first()?;
        let (mut low, mut high) = (first, first);
        for (_, (latitude, longitude)) in &points {
            low = (low.0.min(*latitude), low.1.min(*longitude));
            high = (high.0.max(*latitude), high.1.max(*longitude));
        }
        let middle = (f64::midpoint(low.0, high.0), f64::midpoint(low.1, high.1));
        // Near a pole a degree east is nothing; Canada ends before.
        let narrow = middle.0.to_radians().cos().max(0.05);
        let up = (high.0 - low.0).max(LEAST_DEGREES);
        let across = ((high.1 - low.1) * narrow).max(LEAST_DEGREES);
        let per_degree = ((HEIGHT - 2.0 * MARGIN) / up).min((WIDTH - 2.0 * MARGIN) / across);
        let place = |(longitude, latitude): Point| {
            let x = WIDTH / 2.0 + (longitude - middle.1) * narrow * per_degree;
            let y = HEIGHT / 2.0 - (latitude - middle.0) * per_degree;
            (rounded(x), rounded(y))
        };
        let mut dots: Vec<Dot> = Vec::new();
        for (number, (latitude, longitude)) in points {
            let (x, y) = place((longitude, latitude));
            let near = dots.iter_mut().find(|it| (it.x - x).hypot(it.y - y) < APART);
            match near {
                Some(dot) => dot.numbers.push(number),
                None => dots.push(Dot { numbers: vec![number], x, y }),
            }
        }
        let ground = Ground::of(place, WIDTH, HEIGHT);
        Some(Self { ground, names: names(place), dots, scale: scale(per_degree) })
    }
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

/// Cities in the picture, as many as can be read.
fn names(place: impl Fn(Point) -> Point) -> Vec<Name> {
    let mut named: Vec<Name> = Vec::new();
    for city in CITIES {
        let (x, y) = place((city.longitude, city.latitude));
        let is_inside = (20.0..WIDTH - 20.0).contains(&x) && (20.0..HEIGHT - 30.0).contains(&y);
        let is_free = named.iter().all(|it| (it.y - y).abs() > 18.0 || (it.x - x).abs() > 110.0);
        if is_inside && is_free && named.len() < MAX_NAMES {
            named.push(Name { name: city.name, x, y, to_left: x > WIDTH - 110.0 });
        }
    }
    named
}

/// The longest of these that fits into a quarter of the picture.
fn scale(per_degree: f64) -> Scale {
    // A degree of latitude, on a sphere of the Earth's mean radius.
    const KM_PER_DEGREE: f64 = 111.2;
    let per_km = per_degree / KM_PER_DEGREE;
    let fits = [1000_u32, 500, 200, 100, 50, 20, 10, 5, 2, 1];
    let km = fits.into_iter().find(|km| f64::from(*km) * per_km <= WIDTH / 4.0).unwrap_or(1);
    Scale { width: rounded(f64::from(km) * per_km), km }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn north_is_up_east_is_right_and_all_is_inside() {
        let points = [(1, "49.9,-97.1"), (2, "48.4,-98.2"), (3, "50.4,-104.6")];
        let map = Map::of(&points).expect("a map");
        let [first, second, third] = map.dots.as_slice() else { panic!("{map:?}") };
        assert!(first.y < second.y && first.x > second.x && third.x < second.x);
        for dot in &map.dots {
            assert!((0.0..=WIDTH).contains(&dot.x) && (0.0..=HEIGHT).contains(&dot.y), "{dot:?}");
        }
        assert!(map.names.iter().any(|it| it.name == "Winnipeg"));
    }

    #[test]
    fn one_place_is_in_the_middle_and_what_is_no_place_has_no_dot() {
        let map = Map::of(&[(7, "nowhere"), (8, "45.5,-73.6"), (9, "91,0")]).expect("a map");
        assert_eq!(map.dots, [Dot { numbers: vec![8], x: WIDTH / 2.0, y: HEIGHT / 2.0 }]);
        assert!(Map::of(&[(1, ""), (2, "NaN,inf")]).is_none());
    }

    #[test]
    fn what_is_in_one_place_is_one_dot_with_all_its_numbers() {
        let label = |points: &[(usize, &str)]| {
            let map = Map::of(points).expect("a map");
            map.dots.iter().map(Dot::label).collect::<Vec<_>>()
        };
        let (here, there) = ("45.50,-73.60", "46.81,-71.21");
        assert_eq!(label(&[(1, here), (2, here), (3, here)]), ["1–3"]);
        assert_eq!(label(&[(1, here), (2, there), (3, here)]), ["1, 3", "2"]);
        let many = [(1, here), (2, there), (4, here), (5, here), (9, here)];
        assert_eq!(label(&many), ["1 + 3", "2"]);
    }

    #[test]
    fn the_scale_is_a_length_that_people_know() {
        let map = Map::of(&[(1, "43.65,-79.38"), (2, "49.26,-123.11")]).expect("a map");
        assert_eq!(map.scale.km, 1000);
        assert!(map.scale.width <= WIDTH / 4.0);
    }
}
