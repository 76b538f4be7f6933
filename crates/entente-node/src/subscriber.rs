//! One subscriber: what a provider of connections gives one customer. Whatever is counted by address is counted by it.

use std::net::{IpAddr, Ipv6Addr};

/// An IPv4 address, however it is written, or the half of an IPv6 address that is handed out as a whole: whoever has it
/// calls from as many addresses as they like (RFC 6177).
pub(crate) fn subscriber(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// The most that one customer is given of IPv6: as many halves as anybody could count (RFC 6177). `None` for IPv4, where
/// that is one address.
pub(crate) fn site(from: IpAddr) -> Option<IpAddr> {
    match from.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            Some(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into())
        }
        IpAddr::V4(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_in_one_half_are_one_and_a_mapped_address_is_the_one_that_it_maps() {
        let of = |text: &str| subscriber(text.parse().unwrap());
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
        assert_ne!(of("192.0.2.7"), of("192.0.2.8"));
        let site_of = |text: &str| site(text.parse().unwrap());
        assert_eq!(site_of("2001:db8:1:2::1"), site_of("2001:db8:1:3::1"));
        assert_ne!(site_of("2001:db8:1:2::1"), site_of("2001:db8:2:2::1"));
        assert_eq!(site_of("::ffff:192.0.2.7"), None);
    }
}
