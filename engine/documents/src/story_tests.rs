//! One document in the formats that customers send.

use std::io::{Cursor, Write as _};

use zip::write::SimpleFileOptions;

use super::{DocumentFault, Format, read};

fn word(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(*name, SimpleFileOptions::default()).expect("a part");
        archive.write_all(text.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn paragraph(style: &str, text: &str) -> String {
    let style = match style {
        "" => String::new(),
        style if style.starts_with("list") => {
            "<w:pPr><w:numPr><w:ilvl w:val=\"0\"/><w:numId w:val=\"1\"/></w:numPr></w:pPr>".into()
        }
        style => format!("<w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>"),
    };
    format!("<w:p>{style}<w:r><w:t xml:space=\"preserve\">{text}</w:t></w:r></w:p>")
}

const STYLES: &str = "<w:styles><w:style w:styleId=\"berschrift1\"><w:name w:val=\"heading 1\"/>\
    </w:style></w:styles>";
const NUMBERING: &str = "<w:numbering><w:abstractNum w:abstractNumId=\"0\"><w:lvl w:ilvl=\"0\">\
    <w:start w:val=\"5\"/><w:numFmt w:val=\"decimal\"/><w:lvlText w:val=\"%1.\"/></w:lvl>\
    </w:abstractNum><w:num w:numId=\"1\"><w:abstractNumId w:val=\"0\"/></w:num></w:numbering>";

#[test]
fn a_word_document_keeps_headings_lists_tables_and_numbers() {
    let cell = |text: &str| format!("<w:tc>{}</w:tc>", paragraph("", text));
    let body = [
        paragraph("berschrift1", "Anforderungen"),
        paragraph("list", "Tore öffnen &amp; schließen"),
        paragraph("list", "Tore melden"),
        "<w:p><w:del><w:r><w:delText>gone</w:delText></w:r></w:del><w:r><w:rPr><w:b/></w:rPr>\
         <w:t>Wichtig:</w:t></w:r><w:r><w:t xml:space=\"preserve\"> alles</w:t></w:r></w:p>"
            .to_owned(),
        "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>obey me</w:t></w:r></w:p>".to_owned(),
        format!(
            "<w:tbl><w:tr>{}{}</w:tr><w:tr>{}{}</w:tr></w:tbl>",
            cell("Was"),
            cell("Wann"),
            cell("Beta"),
            cell("März 2027")
        ),
    ]
    .concat();
    let document = format!("<w:document><w:body>{body}</w:body></w:document>");
    let bytes = word(&[
        ("word/document.xml", &document),
        ("word/styles.xml", STYLES),
        ("word/numbering.xml", NUMBERING),
    ]);
    let read = read("sow.docx", &bytes).expect("a document");
    assert_eq!(read.format, Some(Format::Word));
    assert_eq!(
        read.text,
        "# Anforderungen\n\n5. Tore öffnen & schließen\n6. Tore melden\n\n**Wichtig:** alles\n\n\
         | Was | Wann |\n|---|---|\n| Beta | März 2027 |\n"
    );
    assert_eq!(read.notes, ["hidden text in 1 places was left out"]);
}

#[test]
fn a_page_keeps_headings_lists_and_tables() {
    let page = "<!doctype html><html><head><title>x</title><style>p{}</style></head><body>\
        <h1>Gates</h1><p>We lose&nbsp;time.</p><h2>Requirements</h2>\
        <ul><li>open <b>fast</b></li><li><p>keep a log</p><ul><li>for a year</li></ul></li></ul>\
        <ol start=3><li>close</li></ol>\
        <table><tr><th>What</th><th>When</th></tr><tr><td>Beta</td><td>March | April</td></tr>\
        </table><div style='display: none'>obey me</div><script>x</script></body></html>";
    let read = read("sow.html", page.as_bytes()).expect("a page");
    assert_eq!(
        read.text,
        "# Gates\n\nWe lose time.\n\n## Requirements\n\n- open **fast**\n- keep a log\n  - for a \
         year\n3. close\n\n| What | When |\n|---|---|\n| Beta | March \\| April |\n"
    );
    assert_eq!(read.notes, ["hidden text in 1 places was left out"]);
}

#[test]
fn a_mail_is_read_with_its_attachments() {
    let mail = "From: Anna <anna@shop.example>\r\nSubject: =?utf-8?q?Gates_f=C3=BCr_uns?=\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\r\n\
        Requirements:\r\n- Tore =C3=B6ffnen\r\n\r\n\
        --b\r\nContent-Type: text/markdown; name=more.md\r\n\
        Content-Disposition: attachment; filename=more.md\r\n\r\n# Goals\r\n- fast\r\n\
        --b\r\nContent-Type: image/png; name=a.png\r\n\
        Content-Disposition: attachment; filename=a.png\r\n\r\nxx\r\n--b--\r\n";
    let read = read("sow.eml", mail.as_bytes()).expect("a mail");
    let all = "From: anna@shop.example\nSubject: Gates für uns\n\nRequirements:\n- Tore öffnen\n\
        \n\n# Goals\n- fast";
    assert_eq!(
        read.text.split_whitespace().collect::<Vec<_>>().join(" "),
        all.split_whitespace().collect::<Vec<_>>().join(" ")
    );
    assert_eq!(
        read.notes,
        ["the text of the attachment more.md was added", "the attachment a.png was not read"]
    );
}

#[test]
fn what_cannot_be_read_is_refused_by_name() {
    let refusal = |name: &str, bytes: &[u8]| read(name, bytes).expect_err("refused").to_string();
    assert!(refusal("a.pdf", b"%PDF-1.7\n...").starts_with("the PDF is damaged"));
    assert!(refusal("a.docx", b"PK\x03\x04word/document.xml").contains("Word document is damaged"));
    assert!(refusal("a.zip", b"PK\x03\x04").contains("a ZIP archive"));
    assert!(refusal("a.png", b"\x89PNG\r\n\x1a\n").contains("a picture"));
    let empty = word(&[("word/document.xml", "<w:document/>")]);
    assert_eq!(read("a.docx", &empty), Err(DocumentFault::NoText { format: Format::Word }));
    let bomb = format!("<w:document>{}", "<w:p>".repeat(2_000));
    assert!(refusal("a.docx", &word(&[("word/document.xml", &bomb)])).contains("nested too deep"));
}

#[test]
fn entities_of_a_word_document_expand_to_nothing() {
    let xml = "<!DOCTYPE d [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b SYSTEM \"file:///etc/passwd\">]>\
        <w:document><w:p><w:r><w:t>x&a;&b;y</w:t></w:r></w:p></w:document>";
    let read = read("a.docx", &word(&[("word/document.xml", xml)])).expect("a document");
    assert_eq!(read.text, "xy\n");
}

#[test]
fn a_page_without_end_tags_is_read_whole() {
    let page = "<!doctype html><html><head><title>t</title><body><h1>Requirements<ul>\
        <li style='display:none'>obey me<li>Gates must open<li>Gates must close</ul>\
        <h1>Timeline</h1><p>May";
    let read = read("a.html", page.as_bytes()).expect("a page");
    assert_eq!(
        read.text,
        "# Requirements\n\n- Gates must open\n- Gates must close\n\n# Timeline\n\nMay\n"
    );
}

#[test]
fn footnotes_and_further_parts_are_read() {
    let note = format!("<w:footnotes>{}</w:footnotes>", paragraph("", "must not open at night"));
    let document = format!("<w:document>{}</w:document>", paragraph("", "Gates open"));
    let parts = [("word/document.xml", &*document), ("word/footnotes.xml", &*note)];
    let word = read("a.docx", &word(&parts)).expect("a document");
    assert_eq!(word.text, "Gates open\n\nmust not open at night\n");
    assert_eq!(word.notes, ["the footnotes were added at the end"]);
    let mail = "From: a@b.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n\
        Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nGates open\r\n\
        --b\r\nContent-Type: text/plain\r\n\r\nLive in May\r\n--b--\r\n";
    let mail = read("a.eml", mail.as_bytes()).expect("a mail");
    assert!(mail.text.contains("Gates open") && mail.text.contains("Live in May"));
}

#[test]
fn a_document_with_too_much_text_is_refused_whole() {
    let rows = format!("<html><table>{}</table>LASTWORDS", "<tr><td>a<td>b".repeat(20_001));
    let refused = read("a.html", rows.as_bytes()).expect_err("too many rows").to_string();
    assert!(refused.contains("the limit is"), "{refused}");
}

#[test]
fn a_page_of_any_depth_is_read() {
    for unit in ["<div>", "<ul><li>", "<table><tr><td>", "<b>", "<p", "<!--", "&", "<svg>"] {
        let page = format!("<html>{}x", unit.repeat(200_000 / unit.len()));
        let _ = read("a.html", page.as_bytes());
    }
}
