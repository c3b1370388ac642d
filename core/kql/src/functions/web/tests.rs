use super::xml::to_json;
use crate::functions::testing::{check, json, text};

#[test]
fn urls_have_parts() {
    check(&[
        (
            "parse_url",
            &[text("scheme://username:password@host:1234/this/is/a/path?k1=v1&k2=v%202#fragment")],
            r#"{"Scheme":"scheme","Host":"host","Port":"1234","Path":"/this/is/a/path","Username":"username","Password":"password","Query Parameters":{"k1":"v1","k2":"v%202"},"Fragment":"fragment"}"#,
        ),
        (
            "parse_url",
            &[text("https://[::1]:80")],
            r#"{"Scheme":"https","Host":"[::1]","Port":"80","Path":"","Username":"","Password":"","Query Parameters":{},"Fragment":""}"#,
        ),
        (
            "parse_url",
            &[text("a.example/x?y")],
            r#"{"Scheme":"","Host":"","Port":"","Path":"a.example/x","Username":"","Password":"","Query Parameters":{"y":""},"Fragment":""}"#,
        ),
        ("parse_urlquery", &[text("k1=v1&k2=v=2&k1=3")], r#"{"Query Parameters":{"k1":"3","k2":"v=2"}}"#),
    ]);
}

#[test]
fn xml_becomes_bags() {
    for (xml, json) in [
        ("<e/>", r#"{"e":null}"#),
        ("<e>text</e>", r#"{"e":"text"}"#),
        (r#"<e name="value" />"#, r#"{"e":{"@name":"value"}}"#),
        (r#"<e name='v'>text</e>"#, r##"{"e":{"@name":"v","#text":"text"}}"##),
        ("<e> <a>text</a> <b>text</b> </e>", r#"{"e":{"a":"text","b":"text"}}"#),
        ("<e> <a>1</a> <b/> <a>x</a> </e>", r#"{"e":{"a":[1,"x"],"b":null}}"#),
        ("<e> text <a>text</a> </e>", r##"{"e":{"#text":"text","a":"text"}}"##),
        (
            "<?xml version=\"1.0\"?><!DOCTYPE e [<!ENTITY x \"y\">]><!-- c --><e>a &lt;&#x41;&amp;&x;<![CDATA[<b>]]></e>\n",
            r#"{"e":"a <A&&x;<b>"}"#,
        ),
        ("<d><v>118.0</v><w>007</w></d>", r#"{"d":{"v":118.0,"w":"007"}}"#),
    ] {
        assert_eq!(to_json(xml).as_deref(), Some(json), "{xml}");
    }
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    for wrong in ["", "text", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a b=c/>", "<a", "<!--", "<a/>x", &deep]
    {
        assert_eq!(to_json(wrong), None, "{}", &wrong[..wrong.len().min(20)]);
    }
}

#[test]
fn browsers_are_told() {
    let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.6478.127 Safari/537.36";
    let edge = format!("{chrome} Edg/126.0.2592.87");
    let phone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1";
    check(&[
        (
            "parse_user_agent",
            &[text(chrome), text("browser")],
            r#"{"Browser":{"Family":"Chrome","MajorVersion":"126","MinorVersion":"0","Patch":"6478"}}"#,
        ),
        (
            "parse_user_agent",
            &[text(&edge), json(r#"["os","browser"]"#)],
            r#"{"Browser":{"Family":"Edge","MajorVersion":"126","MinorVersion":"0","Patch":"2592"},"OperatingSystem":{"Family":"Windows","MajorVersion":"10","MinorVersion":"","Patch":"","PatchMinor":""}}"#,
        ),
        (
            "parse_user_agent",
            &[text(phone), json(r#"["os","device"]"#)],
            r#"{"OperatingSystem":{"Family":"iOS","MajorVersion":"17","MinorVersion":"5","Patch":"1","PatchMinor":""},"Device":{"Family":"iPhone","Brand":"Apple","Model":"iPhone"}}"#,
        ),
        (
            "parse_user_agent",
            &[text(""), text("browser")],
            r#"{"Browser":{"Family":"Other","MajorVersion":"","MinorVersion":"","Patch":""}}"#,
        ),
        (
            "parse_user_agent",
            &[
                text("Mozilla/5.0 (Windows; U; en-US) AppleWebKit/531.9 (KHTML, like Gecko) AdobeAIR/2.5.1"),
                text("browser"),
            ],
            r#"{"Browser":{"Family":"AdobeAIR","MajorVersion":"2","MinorVersion":"5","Patch":"1"}}"#,
        ),
    ]);
}
