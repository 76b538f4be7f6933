//! Where a service is: a street address, no place at all, or a place that is not told.

use crate::codes::{Code, Province};
use crate::lang::{Lang, Text};

/// Where a service is given (HSDS `location`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// At a place that anybody may know.
    Physical(Box<Site>),
    /// By telephone, in writing, or on a screen.
    Virtual {
        /// The id of the location.
        id: [u8; 16],
    },
    /// At a place that is not told: a safe house. There is no field for more.
    Redacted {
        /// The id of the location.
        id: [u8; 16],
        /// The province it is in.
        province: Province,
    },
}

/// A place that anybody may know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// The id of the location.
    pub id: [u8; 16],
    /// What the place is called.
    pub name: Text,
    /// Its address.
    pub address: Address,
    /// Where it is on the map.
    pub point: Option<Point>,
    /// How people get in who use a wheelchair, do not see or do not hear.
    pub accessibility: Vec<Text>,
    /// How to get there.
    pub transportation: Text,
}

/// An address (HSDS `address`). Each part may be blank.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// Number and street.
    pub street: Text,
    /// Town.
    pub city: Text,
    /// Province or state: for Canada its two letters.
    pub state_province: String,
    /// Postal code, as `R3C 1K2`.
    pub postal_code: String,
    /// Country (ISO 3166-1 alpha-2).
    pub country: String,
}

impl Address {
    /// Its province, for an address in Canada.
    pub fn province(&self) -> Option<Province> {
        (self.country.is_empty() || self.country == "CA")
            .then(|| province(&self.state_province))
            .flatten()
    }
}

impl Location {
    /// Its id.
    pub fn id(&self) -> [u8; 16] {
        match self {
            Self::Physical(site) => site.id,
            Self::Virtual { id } | Self::Redacted { id, .. } => *id,
        }
    }

    /// Its province, if it is in one.
    pub fn province(&self) -> Option<Province> {
        match self {
            Self::Physical(site) => site.address.province(),
            Self::Virtual { .. } => None,
            Self::Redacted { province, .. } => Some(*province),
        }
    }

    /// Where it is on the map, if that may be known.
    pub fn point(&self) -> Option<Point> {
        match self {
            Self::Physical(site) => site.point,
            Self::Virtual { .. } | Self::Redacted { .. } => None,
        }
    }
}

/// A point on the map, in millionths of a degree (WGS 84): eleven centimetres, and every point has one
/// form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Point {
    /// North of the equator, from -90,000,000 to 90,000,000.
    pub latitude_e6: i32,
    /// East of Greenwich, from -180,000,000 to 180,000,000.
    pub longitude_e6: i32,
}

impl Point {
    /// The point with these degrees; `None` if there is no such place.
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let micro = |degrees: f64, most: f64| {
            #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
            (degrees.is_finite() && degrees.abs() <= most)
                .then(|| libm::round(degrees * 1e6) as i32)
        };
        Some(Self { latitude_e6: micro(latitude, 90.0)?, longitude_e6: micro(longitude, 180.0)? })
    }

    /// Whether there is such a place.
    pub fn is_on_earth(self) -> bool {
        self.latitude_e6.unsigned_abs() <= 90_000_000
            && self.longitude_e6.unsigned_abs() <= 180_000_000
    }

    /// Degrees north of the equator.
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e6) / 1e6
    }

    /// Degrees east of Greenwich.
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e6) / 1e6
    }

    /// The distance along a great circle, in kilometres, on a sphere of the Earth's mean radius (IUGG:
    /// 6,371.0088 km). It is off by at most 0.5%, since the Earth is no sphere.
    pub fn km_to(self, other: Self) -> f64 {
        const RADIUS_KM: f64 = 6_371.008_8;
        let half = |from: f64, to: f64| libm::pow(libm::sin((to - from).to_radians() / 2.0), 2.0);
        let (here, there) = (self.latitude().to_radians(), other.latitude().to_radians());
        let chord = half(self.latitude(), other.latitude())
            + libm::cos(here) * libm::cos(there) * half(self.longitude(), other.longitude());
        2.0 * RADIUS_KM * libm::asin(libm::sqrt(chord.min(1.0)))
    }
}

/// The two letters of each province, in the order of their codes.
const LETTERS: [&str; 13] =
    ["NL", "PE", "NS", "NB", "QC", "ON", "MB", "SK", "AB", "BC", "YT", "NT", "NU"];

/// The two letters of a province.
pub fn letters(province: Province) -> &'static str {
    LETTERS.get(usize::from(province.number())).copied().unwrap_or_default()
}

/// The province with this name in English or French, with these two letters, or with this code.
pub fn province(text: &str) -> Option<Province> {
    let text = text.trim();
    let is_it = |province: &Province| {
        let names = [province.label(Lang::En), province.label(Lang::Fr), letters(*province)];
        let folded = text.to_lowercase();
        province.code() == text || names.iter().any(|name| name.to_lowercase() == folded)
    };
    Province::ALL.iter().copied().find(is_it)
}

/// A Canadian postal code in its one form, `R3C 1K2`; `None` if it is none.
///
/// Canada Post uses neither D, F, I, O, Q nor U, and begins none with W or Z.
pub fn postal_code(text: &str) -> Option<String> {
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && *c != '-')
        .map(|c| c.to_ascii_uppercase())
        .collect();
    let is_letter = |c: char| c.is_ascii_uppercase() && !"DFIOQU".contains(c);
    let fits = compact.chars().enumerate().all(|(at, c)| match at {
        0 => is_letter(c) && !"WZ".contains(c),
        2 | 4 => is_letter(c),
        _ => c.is_ascii_digit(),
    });
    if compact.len() != 6 || !fits {
        return None;
    }
    let (area, unit) = compact.split_at_checked(3)?;
    Some(format!("{area} {unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_those_of_a_great_circle() {
        let winnipeg = Point::new(49.8951, -97.1384).unwrap();
        let toronto = Point::new(43.6532, -79.3832).unwrap();
        // 1,518 km by published tables.
        assert!((winnipeg.km_to(toronto) - 1_516.0).abs() < 5.0, "{}", winnipeg.km_to(toronto));
        assert!(winnipeg.km_to(winnipeg).abs() < 1e-9);
        let pole = Point::new(90.0, 0.0).unwrap();
        let equator = Point::new(0.0, 77.0).unwrap();
        assert!((pole.km_to(equator) - 10_007.557).abs() < 0.01);
    }

    #[test]
    fn there_is_no_point_outside_of_the_earth() {
        for (latitude, longitude) in [(100.0, 101.0), (0.0, -180.1), (f64::NAN, 0.0)] {
            assert_eq!(Point::new(latitude, longitude), None);
        }
    }

    #[test]
    fn a_postal_code_has_one_form() {
        assert_eq!(postal_code(" l4z3x3 ").as_deref(), Some("L4Z 3X3"));
        assert_eq!(postal_code("Y1A  1J1").as_deref(), Some("Y1A 1J1"));
        for wrong in ["L6T 4BS", "RC3 2B7", "T2N IY4", "", "É3C 1K2", "R3C 1K22"] {
            assert_eq!(postal_code(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_province_is_known_by_its_names_and_letters() {
        for text in ["Quebec", "Québec", "qc", "24"] {
            assert_eq!(province(text), Some(Province::Quebec));
        }
        assert_eq!(province("Saxony"), None);
    }
}
