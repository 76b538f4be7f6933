//! Places to search near: cities of Canada with their position, so that nobody has to type a point.
//!
//! Positions to a hundredth of a degree, about a kilometre: those of the city halls.

/// A city.
#[derive(Clone, Copy, Debug)]
pub(super) struct City {
    /// Its name, alike in both languages but for accents that both keep.
    pub(super) name: &'static str,
    /// Degrees north.
    pub(super) latitude: f64,
    /// Degrees east.
    pub(super) longitude: f64,
}

const fn city(name: &'static str, latitude: f64, longitude: f64) -> City {
    City { name, latitude, longitude }
}

/// The largest first within each province, from east to west.
pub(super) const CITIES: &[City] = &[
    city("St. John’s", 47.56, -52.71),
    city("Charlottetown", 46.23, -63.13),
    city("Halifax", 44.65, -63.57),
    city("Sydney", 46.14, -60.19),
    city("Moncton", 46.09, -64.77),
    city("Saint John", 45.27, -66.06),
    city("Fredericton", 45.96, -66.64),
    city("Montréal", 45.51, -73.55),
    city("Québec", 46.81, -71.21),
    city("Gatineau", 45.43, -75.71),
    city("Sherbrooke", 45.40, -71.89),
    city("Saguenay", 48.42, -71.07),
    city("Trois-Rivières", 46.34, -72.54),
    city("Toronto", 43.65, -79.38),
    city("Ottawa", 45.42, -75.69),
    city("Hamilton", 43.26, -79.87),
    city("London", 42.98, -81.25),
    city("Kitchener", 43.45, -80.49),
    city("Windsor", 42.32, -83.04),
    city("St. Catharines", 43.16, -79.24),
    city("Kingston", 44.23, -76.48),
    city("Sudbury", 46.49, -80.99),
    city("Thunder Bay", 48.38, -89.25),
    city("Winnipeg", 49.90, -97.14),
    city("Brandon", 49.85, -99.95),
    city("Thompson", 55.74, -97.86),
    city("Saskatoon", 52.13, -106.66),
    city("Regina", 50.45, -104.61),
    city("Calgary", 51.05, -114.06),
    city("Edmonton", 53.55, -113.49),
    city("Fort McMurray", 56.73, -111.38),
    city("Vancouver", 49.26, -123.11),
    city("Victoria", 48.43, -123.37),
    city("Kelowna", 49.89, -119.50),
    city("Prince George", 53.92, -122.75),
    city("Whitehorse", 60.72, -135.05),
    city("Yellowknife", 62.45, -114.37),
    city("Iqaluit", 63.75, -68.52),
];

/// The city with this name.
pub(super) fn find(name: &str) -> Option<City> {
    CITIES.iter().copied().find(|it| it.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_city_has_one_name_and_lies_in_canada() {
        for (at, it) in CITIES.iter().enumerate() {
            assert!((41.0..84.0).contains(&it.latitude), "{}", it.name);
            assert!((-142.0..-52.0).contains(&it.longitude), "{}", it.name);
            assert!(CITIES.iter().skip(at + 1).all(|other| other.name != it.name), "{}", it.name);
        }
    }
}
