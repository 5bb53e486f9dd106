//! `generate_diagram`: writes a Mermaid diagram that parses, and a picture of it.

use async_trait::async_trait;
use cloudcrew_definition::catalogue::{Capability, Effect};
use cloudcrew_definition::shown::row;
use cloudcrew_ports::bounds::cut;
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, Writer};
use schemars::JsonSchema;
use serde::Deserialize;

use super::aside::aside;
use super::outcome::{Outcome, ToolError};
use super::tool::{MAX_WRITE, TypedTool};
use super::workplace::{Workplace, unmarked};

pub(super) struct GenerateDiagram;

/// Diagrams of which the renderer makes the same picture each time.
const PICTURED: [&str; 5] = ["flowchart", "graph", "sequenceDiagram", "erDiagram", "stateDiagram"];
/// Maximum number of lines, of nodes joined by `&`, and of arrows: their layout takes time.
const LINES: usize = 300;
const JOINED: usize = 30;
const ARROWS: usize = 300;
/// Maximum bytes of a reason.
const MOST: usize = 600;

#[derive(Deserialize, JsonSchema)]
pub(super) struct Arguments {
    /// Path of the file, which ends in .mmd. A picture is written beside it, as .svg
    #[schemars(regex(pattern = r"\.mmd$"), length(max = 4096))]
    path: String,
    /// The diagram in Mermaid: flowchart, sequenceDiagram, erDiagram, stateDiagram-v2,
    /// classDiagram, C4Context, gantt, mindmap, timeline
    #[schemars(length(min = 1, max = 16384))]
    mermaid: String,
}

#[async_trait]
impl TypedTool for GenerateDiagram {
    type Arguments = Arguments;
    const NAME: &'static str = "generate_diagram";
    const DESCRIPTION: &'static str = "Writes a diagram in Mermaid if it parses, with its picture \
                                       in SVG beside it for the common kinds. Says where it does \
                                       not parse.";
    const CAPABILITY: Capability = Capability::WriteRepo;
    const EFFECT: Effect = Effect::CompareAndSwap;
    const IN_REVIEW: bool = false;

    async fn run(&self, at: &dyn Workplace, a: Arguments) -> Result<Outcome, ToolError> {
        let Some(stem) = a.path.strip_suffix(".mmd") else {
            return Err(ToolError::Refused(format!("{} must end in .mmd", row(&a.path))));
        };
        let path = at.admit(&a.path)?;
        let picture = at.admit(&format!("{stem}.svg"))?;
        let drawn = drawn(&a.mermaid).map_err(|why| {
            ToolError::Refused(format!("Not written, because it does not parse:\n{why}"))
        })?;
        let mut text = a.mermaid.trim_end().to_owned();
        text.push('\n');
        let mut said = format!("Wrote {path}");
        unmarked(&text)?;
        let mut files = vec![(path, text.into_bytes())];
        match drawn {
            Ok(svg) if svg.len() <= MAX_WRITE && !is_active(&svg) => {
                said.push_str(&format!(" and {picture}"));
                files.push((picture, svg.into_bytes()));
            }
            Ok(_) => said.push_str(", without a picture, which would be too large or active"),
            Err(why) => said.push_str(&format!(", without a picture: {}", row(&why))),
        }
        let message = format!("Draw {}", row(stem));
        let written = at.put(files, &message).await?;
        written.map_err(ToolError::Refused)?;
        Outcome::text(said)
    }
}

/// The picture of a diagram, or why there is none. The error says where it does not parse.
fn drawn(mermaid: &str) -> Result<Result<String, String>, String> {
    for (what, count, most) in [
        ("lines", mermaid.lines().count() + mermaid.matches(';').count(), LINES),
        ("`&`", mermaid.matches('&').count(), JOINED),
        ("arrows", arrows(mermaid), ARROWS),
    ] {
        if count > most {
            return Err(format!("it has {count} {what}, and at most {most} are drawn: split it"));
        }
    }
    let text = mermaid.to_owned();
    let parse = move || selkie::parse(&text).map_err(|error| short(error.to_string()));
    let diagram = aside(parse).unwrap_or_else(|| Err("the parser gave up".to_owned()))?;
    if !PICTURED.iter().any(|kind| mermaid.trim_start().starts_with(kind)) {
        return Ok(Err(format!("only {} are drawn", PICTURED.join(", "))));
    }
    let render = move || {
        let picture = selkie::render(&diagram).map_err(|error| short(error.to_string()));
        picture.and_then(|svg| ordered(&svg))
    };
    Ok(aside(render).unwrap_or_else(|| Err("the renderer gave up".to_owned())))
}

/// About how many arrows a diagram has.
fn arrows(mermaid: &str) -> usize {
    ["--", "==", "-.", "->", ".."].iter().map(|arrow| mermaid.matches(arrow).count()).sum()
}

/// A picture with the attributes of each element in order: the renderer's order changes from call
/// to call, and the same diagram must give the same bytes.
fn ordered(svg: &str) -> Result<String, String> {
    let (mut reader, mut writer) = (Reader::from_str(svg), Writer::new(Vec::new()));
    let sorted = |tag: &BytesStart<'_>| -> Result<BytesStart<'static>, String> {
        let attributes = tag.attributes().collect::<Result<Vec<_>, _>>();
        let mut attributes = attributes.map_err(|error| error.to_string())?;
        attributes.sort_by(|a, b| a.key.cmp(&b.key));
        let mut tag = BytesStart::new(tag.name().as_ref().to_owned());
        attributes.into_iter().for_each(|attribute| tag.push_attribute(attribute));
        Ok(tag.into_owned())
    };
    loop {
        let event = match reader.read_event().map_err(|error| error.to_string())? {
            Event::Eof => break,
            Event::Start(tag) => Event::Start(sorted(&tag)?),
            Event::Empty(tag) => Event::Empty(sorted(&tag)?),
            other => other.into_owned(),
        };
        writer.write_event(event).map_err(|error| error.to_string())?;
    }
    String::from_utf8(writer.into_inner()).map_err(|error| error.to_string())
}

/// A reason whose quoted lines are not longer than a screen.
fn short(why: String) -> String {
    let lines = why.lines().map(|line| match line.char_indices().nth(120) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    });
    let mut why = lines.collect::<Vec<_>>().join("\n");
    cut(&mut why, MOST);
    why
}

/// Whether a picture does more than show: scripts, links, foreign content.
fn is_active(svg: &str) -> bool {
    const SIGNS: [&str; 8] = [
        "<script",
        "javascript:",
        "<foreignobject",
        "<iframe",
        " onload",
        " onclick",
        "<image",
        "@import",
    ];
    let lower = svg.to_ascii_lowercase();
    let fetches = lower.replace("url(#", "").contains("url(");
    fetches || SIGNS.iter().any(|sign| lower.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagram_is_drawn_and_a_mistake_located() {
        let svg = drawn("flowchart TD\n  A[Clinic] --> B{Free?}\n  B -->|yes| C\n");
        assert!(svg.expect("it parses").expect("it is drawn").contains("Clinic"));
        for right in [
            "sequenceDiagram\n  A->>B: hello\n  B-->>A: hello\n",
            "erDiagram\n  CLINIC ||--o{ SLOT : offers\n",
            "stateDiagram-v2\n  [*] --> Open\n  Open --> [*]\n",
        ] {
            assert!(drawn(right).is_ok(), "{right}");
        }
        let why = drawn("flowchart TD\n  A[Clinic --> B\n").expect_err("a bracket is open");
        assert!(why.contains("2:"), "{why}");
        assert!(drawn("a picture of the system").is_err());
        assert!(drawn(&"flowchart TD\n".repeat(400)).is_err());
    }

    #[test]
    fn the_same_diagram_gives_the_same_picture() {
        let flow: String =
            (0..24).map(|n| format!("  n{n}[Part {n}] --> n{}\n", n * 7 % 24)).collect();
        let entities: String =
            (0..8).map(|n| format!("  E{n} ||--o{{ E{} : has\n", (n + 3) % 8)).collect();
        for diagram in [
            format!("flowchart TD\n{flow}"),
            format!("erDiagram\n{entities}"),
            "stateDiagram-v2\n  [*] --> A\n  A --> B\n  A --> C\n  B --> [*]\n  C --> B\n"
                .to_owned(),
            "sequenceDiagram\n  A->>B: one\n  B->>C: two\n  C-->>A: three\n".to_owned(),
        ] {
            let first = drawn(&diagram).expect("it parses").expect("it is drawn");
            for _ in 0..12 {
                let again = drawn(&diagram).expect("it parses").expect("it is drawn");
                assert_eq!(first, again, "{diagram}");
            }
        }
    }

    #[test]
    fn a_hostile_diagram_ends_and_its_picture_is_not_active() {
        for hostile in [
            format!("flowchart TD\n A{}", "[".repeat(16_000)),
            format!("flowchart TD\n {}", "subgraph s\n ".repeat(290)),
            format!("mindmap\n root{}", "\n  a((b".repeat(290)),
            format!("flowchart TD\n {}", "A & B & C & D --> ".repeat(800)),
            format!(
                "flowchart TD\n {} --> b",
                (0..200).map(|n| format!("a{n}&")).collect::<String>()
            ),
            format!(
                "flowchart TD\n{}",
                (0..1500).map(|n| format!("{}-->{};", n % 40, n * 7 % 40)).collect::<String>()
            ),
            format!(
                "flowchart LR\n a0{}",
                (1..2800).map(|n| format!("-->a{n}")).collect::<String>()
            ),
            format!(
                "flowchart LR\n{}",
                (0..290).map(|n| format!(" {}-->{}\n", n % 40, n * 13 % 37)).collect::<String>()
            ),
        ] {
            let _ = drawn(&hostile);
        }
        for active in [
            "flowchart TD\n A[\"<script>alert(1)</script>\"]\n click A \"javascript:alert(1)\"\n",
            "flowchart TD\n A[a]\n style A fill:url(https://evil.example/x)\n",
        ] {
            let svg = drawn(active).expect("it parses").expect("it is drawn");
            let is_plain = !["<script", "javascript:", "evil"].iter().any(|s| svg.contains(s));
            assert!(is_active(&svg) || is_plain, "{svg}");
        }
        for svg in [
            "<svg><script>1</script></svg>",
            "<svg><a href=\"JavaScript:1\"/></svg>",
            "<svg><rect fill=\"url(https://evil.example/x)\"/></svg>",
            "<svg onload=\"x\"/>",
            "<svg><foreignObject/></svg>",
        ] {
            assert!(is_active(svg), "{svg}");
        }
        assert!(!is_active("<svg><path marker-end=\"url(#arrow)\"/></svg>"));
    }
}
