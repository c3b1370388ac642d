use crate::functions::testing::{check, json, long, text};

#[test]
fn addresses_compare_under_the_shorter_prefix() {
    check(&[
        ("ipv4_compare", &[text("192.168.1.1/24"), text("192.168.1.255")], "0"),
        ("ipv4_compare", &[text("192.168.1.1/30"), text("192.168.1.255/24")], "0"),
        ("ipv4_compare", &[text("192.168.1.1"), text("192.168.1.0"), long(31)], "0"),
        ("ipv4_compare", &[text("10.0.0.1"), text("9.255.0.0")], "1"),
        ("ipv4_compare", &[text("10.0.0.1"), text("10.0.0.1"), long(33)], "null"),
        ("ipv4_compare", &[text("10.0.0.1"), text("10.0.0.256")], "null"),
        ("ipv4_is_match", &[text("192.168.1.1/24"), text("192.168.1.255")], "true"),
        ("ipv4_is_match", &[text("192.168.1.1/33"), text("192.168.1.255")], "null"),
        ("ipv4_is_match", &[text("1.1.1.1/0"), text("9.9.9.9")], "true"),
        ("ipv6_compare", &[text("192.168.1.1/24"), text("::ffff:c0a8:01ff")], "0"),
        ("ipv6_compare", &[text("::192.168.1.1/30"), text("192.168.1.255/24"), long(127)], "0"),
        ("ipv6_compare", &[text("fe80::85d:e82c:9446:7994/120"), text("fe80::85d:e82c:9446:7998")], "0"),
        ("ipv6_compare", &[text("fe80::1/0"), text("::")], "0"),
        ("ipv6_is_match", &[text("fe80::1"), text("nonsense")], "null"),
    ]);
}

#[test]
fn addresses_are_in_networks() {
    check(&[
        ("ipv4_is_private", &[text("172.31.255.255")], "true"),
        ("ipv4_is_private", &[text("172.32.0.0")], "false"),
        ("ipv4_is_private", &[text("10.0.0.0/4")], "false"),
        ("ipv4_is_private", &[text("")], "null"),
        ("ipv4_is_private", &[text("fe80::1")], "null"),
        ("ipv4_is_in_range", &[text("192.168.1.1"), text("192.168.1.255/24")], "true"),
        ("ipv4_is_in_range", &[text("192.168.2.1"), text("192.168.1.255/24")], "false"),
        ("ipv4_is_in_range", &[text("192.168.2.1"), text("x")], "null"),
        ("ipv4_is_in_any_range", &[text("10.9.9.9"), text("192.168.1.1/24"), text("10.0.0.1/8")], "true"),
        ("ipv4_is_in_any_range", &[text("127.0.0.1"), json(r#"["127.0.0.1","x"]"#)], "true"),
        ("ipv4_is_in_any_range", &[text("127.0.0.2"), json(r#"["127.0.0.1","1.0.0.0/8"]"#)], "false"),
        ("ipv4_is_in_any_range", &[text(""), json(r#"["0.0.0.0/0"]"#)], "null"),
        (
            "ipv6_is_in_range",
            &[text("a5e:f127:8a9d:146d:e102:b5d3:c755:abcd"), text("0:0:0:0:0:ffff:c0a8:ac/60")],
            "false",
        ),
        ("ipv6_is_in_any_range", &[text("fe80::1"), json(r#"["fe80::/10"]"#)], "true"),
        ("ipv6_is_in_any_range", &[text("ffff::"), text("::/0")], "true"),
        (
            "ipv4_range_to_cidr_list",
            &[text("1.1.128.0"), text("1.1.140.255")],
            r#"["1.1.128.0/21","1.1.136.0/22","1.1.140.0/24"]"#,
        ),
        ("ipv4_range_to_cidr_list", &[text("0.0.0.0"), text("255.255.255.255")], r#"["0.0.0.0/0"]"#),
        ("ipv4_range_to_cidr_list", &[text("9.0.0.0"), text("8.0.0.0")], "[]"),
    ]);
}

#[test]
fn addresses_have_other_spellings() {
    check(&[
        ("parse_ipv4", &[text("192.168.1.1")], "3232235777"),
        ("parse_ipv4", &[text("255.255.255.255/31")], "4294967294"),
        ("parse_ipv4", &[text("1.2.3")], "null"),
        ("parse_ipv4_mask", &[text("192.1.168.2/24"), long(30)], "3221334016"),
        ("ipv4_netmask_suffix", &[text("10.1.2.3")], "32"),
        ("format_ipv4", &[text("192.168.1.1/24"), long(32)], "192.168.1.0"),
        ("format_ipv4", &[text("192.168.1.1/24"), long(-1)], ""),
        ("format_ipv4", &[long(3_232_236_031), long(24)], "192.168.1.0"),
        ("format_ipv4_mask", &[text("192.168.1.1"), long(24)], "192.168.1.0/24"),
        ("parse_ipv6", &[text("192.168.255.255")], "0000:0000:0000:0000:0000:ffff:c0a8:ffff"),
        ("parse_ipv6", &[text("x")], ""),
        (
            "parse_ipv6_mask",
            &[text("fe80::85d:e82c:9446:7994/120"), long(124)],
            "fe80:0000:0000:0000:085d:e82c:9446:7900",
        ),
        (
            "parse_ipv6_mask",
            &[text("::192.168.255.255/24"), long(128)],
            "0000:0000:0000:0000:0000:ffff:c0a8:ff00",
        ),
        ("geo_info_from_ip_address", &[text("1.1.1.1")], "{}"),
        ("geo_info_from_ip_address", &[text("here")], "null"),
    ]);
}

#[test]
fn addresses_stand_in_texts() {
    check(&[
        ("has_ipv4", &[text("05:04:54 127.0.0.1 GET 404"), text("127.0.0.1")], "true"),
        ("has_ipv4", &[text("05:04:54127.0.0.1 GET 404"), text("127.0.0.1")], "false"),
        ("has_ipv4", &[text("é127.0.0.1"), text("127.0.0.1")], "false"),
        ("has_ipv4", &[text("a 127.0.0.10 b"), text("127.0.0.1")], "false"),
        ("has_ipv4", &[text("127.0.0.256"), text("127.0.0.256")], "false"),
        ("has_any_ipv4", &[text("at 10.1.2.3:1234"), json(r#"["1.1.1.1","10.1.2.3"]"#)], "true"),
        ("has_ipv4_prefix", &[text("x 127.0.0.1 y"), text("127.0")], "false"),
        ("has_ipv4_prefix", &[text("x 127.0.0.1 y"), text("127.0.")], "true"),
        ("has_ipv4_prefix", &[text("x 127.0.0.256 y"), text("127.0.")], "false"),
        ("has_any_ipv4_prefix", &[text("127.0.0.1"), text("192."), text("127.0.")], "true"),
    ]);
}
