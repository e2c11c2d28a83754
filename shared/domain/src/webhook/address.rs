//! Which addresses belong to somebody on the public internet: everything else is ours or nobody's, and is never asked for anything.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A range of IPv4 addresses: its first, and how many leading bits are fixed.
type V4 = ([u8; 4], u32);

/// IANA's special-purpose registry of IPv4, and multicast.
const NOT_PUBLIC_V4: [V4; 16] = [
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 31, 196, 0], 24),
    ([192, 88, 99, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    ([224, 0, 0, 0], 4),
    ([240, 0, 0, 0], 4),
];

/// A range of IPv6 addresses: its first two groups, and how many leading bits are fixed.
type V6 = ([u16; 2], u32);

/// The only part of IPv6 that is given out to anybody. Mapped, compatible, translated (NAT64), unique local, link-local and multicast
/// addresses all lie outside of it.
const GLOBAL_UNICAST_V6: V6 = ([0x2000, 0], 3);

/// What of it is special: protocol assignments with Teredo, documentation, and 6to4, which holds an IPv4 address.
const NOT_PUBLIC_V6: [V6; 4] =
    [([0x2001, 0], 23), ([0x2001, 0x0db8], 32), ([0x2002, 0], 16), ([0x3fff, 0], 20)];

/// Whether the address is somebody's on the public internet.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|range| holds_v4(*range, address)),
        IpAddr::V6(address) => {
            holds_v6(GLOBAL_UNICAST_V6, address)
                && !NOT_PUBLIC_V6.iter().any(|range| holds_v6(*range, address))
        }
    }
}

fn holds_v4((first, bits): V4, address: Ipv4Addr) -> bool {
    let mask = u32::MAX << (32 - bits);
    address.to_bits() & mask == Ipv4Addr::from(first).to_bits() & mask
}

fn holds_v6(([high, low], bits): V6, address: Ipv6Addr) -> bool {
    let first = (u128::from(high) << 112) | (u128::from(low) << 96);
    let mask = u128::MAX << (128 - bits);
    address.to_bits() & mask == first & mask
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn addresses_that_are_nobodys_on_the_internet_are_told_from_those_that_are() {
        let cases = include_str!("address/cases.txt").lines().filter(|line| !line.is_empty());
        let mut count = 0;
        for case in cases {
            let (expected, rest) = case.split_once(' ').unwrap();
            let address: IpAddr = rest.split_whitespace().next().unwrap().parse().unwrap();
            assert_eq!(is_public(address), expected == "public", "{case}");
            count += 1;
        }
        assert!(count > 50, "{count} cases");
    }

    fn private_v4() -> impl Strategy<Value = Ipv4Addr> {
        let of = |range: V4| {
            let ([a, b, c, d], bits) = range;
            let first = u32::from_be_bytes([a, b, c, d]);
            (0..=(u32::MAX >> bits)).prop_map(move |rest| Ipv4Addr::from_bits(first | rest))
        };
        (0..NOT_PUBLIC_V4.len()).prop_flat_map(move |place| of(NOT_PUBLIC_V4[place]))
    }

    proptest! {
        #[test]
        fn no_private_address_passes_however_it_is_dressed(inner in private_v4(), suffix: u64) {
            prop_assert!(!is_public(inner.into()));
            prop_assert!(!is_public(inner.to_ipv6_mapped().into()));
            prop_assert!(!is_public(inner.to_ipv6_compatible().into()));
            let bits = u128::from(inner.to_bits());
            let dressed = [
                (0x0064_ff9b_u128 << 96) | bits,
                (0x0064_ff9b_0001_u128 << 80) | bits,
                (0xffff_u128 << 48) | bits,
                (0x2002_u128 << 112) | (bits << 80) | u128::from(suffix),
                (0x2001_0000_u128 << 96) | bits,
            ];
            for address in dressed {
                prop_assert!(!is_public(Ipv6Addr::from_bits(address).into()), "{}", Ipv6Addr::from_bits(address));
            }
        }

        #[test]
        fn what_the_standard_library_knows_to_be_special_never_passes(bits: u32, wide: u128) {
            let address = Ipv4Addr::from_bits(bits);
            let is_special = address.is_private() || address.is_loopback() || address.is_link_local()
                || address.is_multicast() || address.is_unspecified() || address.is_broadcast()
                || address.is_documentation();
            prop_assert!(!(is_special && is_public(address.into())));
            let wide = Ipv6Addr::from_bits(wide);
            let is_special = wide.is_loopback() || wide.is_multicast() || wide.is_unspecified()
                || wide.is_unique_local() || wide.is_unicast_link_local() || wide.to_ipv4().is_some();
            prop_assert!(!(is_special && is_public(wide.into())));
        }
    }
}
