//! Documents as customers write them, and what the crew reads.

use super::{Item, SectionKind, Sow, decode, parse};

fn sow(text: &str) -> Sow {
    parse("shop.md", text).expect("the story is a statement of work")
}

/// Items as a person would list them: `R1:4 the words`.
fn listed(sow: &Sow) -> Vec<String> {
    let items = SectionKind::ALL.iter().flat_map(|kind| sow.items(*kind));
    items.map(|item| format!("{}:{} {}", item.id, item.line, item.text)).collect()
}

#[test]
fn a_markdown_document_is_read_section_by_section() {
    let sow = sow("\
# Retail orders

We run forty shops and take orders
by telephone.

They get lost.

## Background

Since 1987.

## Objectives

- Fewer lost orders

## Requirements

### Orders

- [ ] Take an order in a shop,
  even offline
- REQ-7: Show an order's state
- The store keeps:
  - the customer
  - the time

### Security

All staff sign in
with their badge.

Cards are never stored.

## Hosting

Ours.

## Acceptance criteria ##

1. An order is found within a second
");
    assert_eq!(sow.title.as_deref(), Some("Retail orders"));
    assert_eq!(
        sow.summary,
        "We run forty shops and take orders by telephone.\n\nThey get lost.\n\nSince 1987."
    );
    assert_eq!(
        listed(&sow),
        [
            "O1:14 Fewer lost orders",
            "R1:20 Take an order in a shop, even offline",
            "R2:22 REQ-7: Show an order's state",
            "R3:24 The store keeps: the customer",
            "R4:25 The store keeps: the time",
            "R5:29 All staff sign in with their badge.",
            "R6:32 Cards are never stored.",
            "A1:40 An order is found within a second",
        ]
    );
    assert_eq!(
        sow.missing,
        [SectionKind::Constraints, SectionKind::Deliverables, SectionKind::Timeline]
    );
    assert_eq!(
        sow.objectives[0],
        Item {
            id: "O1".into(),
            number: None,
            text: "Fewer lost orders".into(),
            source: "shop.md:14".into(),
            line: 14
        }
    );
}

#[test]
fn a_plain_text_document_with_numbered_headings_is_read() {
    let sow = sow("\
STATEMENT OF WORK

1. Background
We sell bicycles.

2. Objectives
2.1 Sell more bicycles
2.2 Sell them faster

3. Requirements

3.1 Functional requirements
1. Take orders
2. Ship orders
3. Bill orders

3.2 Security
a) Encrypt data
b) Log access

4. Hosting
- in the EU

5. Timeline

1. Requirements
2. Design
3. Deliverables
");
    assert_eq!(sow.title.as_deref(), Some("STATEMENT OF WORK"));
    assert_eq!(sow.summary, "We sell bicycles.");
    assert_eq!(
        listed(&sow),
        [
            "O1:7 Sell more bicycles",
            "O2:8 Sell them faster",
            "R1:13 Take orders",
            "R2:14 Ship orders",
            "R3:15 Bill orders",
            "R4:18 Encrypt data",
            "R5:19 Log access",
            "T1:26 Requirements",
            "T2:27 Design",
            "T3:28 Deliverables",
        ]
    );
}

#[test]
fn numbered_clauses_are_items() {
    let sow = sow("\
1. Requirements

1.1 Orders are stored

1.2 Orders are kept for
    seven years

1.3 Orders are deleted

2. Constraints

2.1 Data stays in the EU
");
    assert_eq!(
        listed(&sow),
        [
            "R1:3 Orders are stored",
            "R2:5 Orders are kept for seven years",
            "R3:8 Orders are deleted",
            "C1:12 Data stays in the EU"
        ]
    );
}

#[test]
fn underlined_bold_capital_and_colon_headings_are_read() {
    let sow = sow("\
Shop
====

Goals
-----
- grow

**What we need**

* a till
* a stock list

LIMITATIONS
• no cloud

Outputs:
+ a manual

Definition of done
~~~~~~~~~~~~~~~~~~

The till opens.

When

- in May
");
    assert_eq!(sow.title.as_deref(), Some("Shop"));
    assert_eq!(
        listed(&sow),
        [
            "O1:6 grow",
            "R1:10 a till",
            "R2:11 a stock list",
            "C1:14 no cloud",
            "D1:17 a manual",
            "A1:22 The till opens.",
            "T1:26 in May"
        ]
    );
}

#[test]
fn a_mail_is_read_without_its_wrapping() {
    let sow = sow("\
From: Anna <anna@shop.example>
To: crew@example.org
Subject: Fwd: Orders for our shops

Hi team,

see below, that is all we know.

Kind regards,
Anna

On Monday, Bob wrote:
> We lose orders.
>
> We need:
> - a list of orders, sorted
>   by day
> > 1) a button to reorder
>
> Deadline: end of May
> Budget: 40,000 EUR
>
> -- 
> Bob
> Head of shops
");
    assert_eq!(sow.title.as_deref(), Some("Orders for our shops"));
    assert_eq!(sow.summary, "see below, that is all we know.\n\nWe lose orders.");
    assert_eq!(
        listed(&sow),
        ["R1:16 a list of orders, sorted by day", "R2:18 a button to reorder", "T1:20 end of May"]
    );
}

#[test]
fn tables_are_items_without_their_headers() {
    let sow = sow("\
## Requirements

| ID | What        |
|----|-------------|
| R1 | Take orders |
| R2 | a \\| b     |

## Milestones

What | When
--- | ---
Beta | March
Launch | May

## Deliverables

+------+------+
| What | Who  |
+======+======+
| Code | You  |
+------+------+

## Constraints

| no header | here |
");
    assert_eq!(
        listed(&sow),
        [
            "R1:5 R1 — Take orders",
            "R2:6 R2 — a | b",
            "C1:25 no header — here",
            "D1:20 Code — You",
            "T1:12 Beta — March",
            "T2:13 Launch — May"
        ]
    );
}

#[test]
fn words_that_change_a_lists_meaning_stay_with_its_items() {
    let sow = sow("\
# Requirements

The system must:

- take orders

The system must not:

- store cards

## Nice to have

- dark mode

## Orders

- reorder

# Schedule

Not before:
- May
# Out of scope

- a mobile app
  - for Android

# Must not have

An app store.
");
    assert_eq!(
        listed(&sow),
        [
            "R1:5 take orders",
            "R2:13 Nice to have: dark mode",
            "R3:17 reorder",
            "C1:9 The system must not: store cards",
            "C2:25 Out of scope: a mobile app",
            "C3:26 Out of scope: a mobile app: for Android",
            "C4:30 Must not have: An app store.",
            "T1:22 Not before: May",
        ]
    );
}

#[test]
fn a_note_with_little_markup_is_read() {
    let sow = sow("\
Bicycle shop website

We sell bikes.

Goal: sell more
Deadline: end of June
Budget: 10k

The system must:
- take payments

What we don't need
- an app

4 Deliverables
The source code,
with its tests

Acceptance
We try it for a week.
");
    assert_eq!(sow.title.as_deref(), Some("Bicycle shop website"));
    assert_eq!(sow.summary, "We sell bikes.");
    assert_eq!(
        listed(&sow),
        [
            "O1:5 sell more",
            "R1:10 take payments",
            "C1:13 What we don't need: an app",
            "D1:16 The source code, with its tests",
            "A1:20 We try it for a week.",
            "T1:6 end of June",
        ]
    );
    assert_eq!(sow.missing, []);
}

#[test]
fn missing_sections_are_never_invented() {
    let sow = sow("Dear crew,\n\nplease build us a shop. It should be nice.\n\n- fast\n- cheap\n");
    assert_eq!(listed(&sow), ["R1:3 It should be nice."]);
    assert_eq!(sow.missing.len(), 5);
    assert_eq!(sow.unread[0].text, "fast cheap");
    assert_eq!(sow.title, None);
    assert_eq!(sow.summary, "please build us a shop. It should be nice.");

    let sow =
        self::sow("# Requirements\n\n```\n- an example\n```\n<!-- list them here -->\n\n# Goals\n");
    assert_eq!(sow.missing, SectionKind::ALL);
}

#[test]
fn the_same_item_is_kept_once_in_each_section() {
    let sow = sow(
        "# Requirements\n- a  b\n* a b\n- c\n# Deliverables\n- a b\n# More requirements\n- c\n- d",
    );
    assert_eq!(listed(&sow), ["R1:2 a b", "R2:4 c", "R3:9 d", "D1:6 a b"]);
}

#[test]
fn a_title_that_names_a_section_is_still_a_title() {
    let sow = sow("# Requirements for the shop\n\nWe sell bicycles.\n\n## Features\n- a till\n");
    assert_eq!(sow.title.as_deref(), Some("Requirements for the shop"));
    assert_eq!(sow.summary, "We sell bicycles.");
    assert_eq!(listed(&sow), ["R1:6 a till"]);
}

#[test]
fn subheadings_stay_in_their_section_until_one_names_another() {
    let sow = sow("\
## Requirements
- a
### Orders
- b
### Constraints
- c
### Reports
- d
#### Deadlines
- e
## Contacts
- Anna
");
    assert_eq!(listed(&sow), ["R1:2 a", "R2:4 b", "R3:8 d", "C1:6 c", "T1:10 e"]);
}

#[test]
fn lines_between_and_below_items_are_assigned() {
    let sow = sow("\
Requirements:
- a
wrapped

  and more
-
  late words
Security:
- b

PCI DSS

3. c
   c continued
");
    assert_eq!(
        listed(&sow),
        ["R1:2 a wrapped and more", "R2:6 late words", "R3:9 b", "R4:13 c c continued"]
    );
}

#[test]
fn a_line_in_capitals_with_nothing_below_it_is_an_item() {
    let sow = sow("# Constraints\n\nPCI DSS\n\nGDPR\n");
    assert_eq!(listed(&sow), ["C1:3 PCI DSS", "C2:5 GDPR"]);
}

#[test]
fn a_parsed_document_round_trips_through_json() {
    let text =
        decode("\u{FEFF}# Shop\r\n## Goals\r\n- größer\r\n".as_bytes()).expect("this is text");
    let sow = sow(&text.text);
    let json = serde_json::to_string(&sow).expect("a statement of work is data");
    assert!(json.contains(
        r#""missing":["requirements","constraints","deliverables","acceptance_criteria","timeline"]"#));
    assert_eq!(serde_json::from_str::<Sow>(&json).expect("and reads back"), sow);
}

/// The documents shipped with CloudCrew: the number of items per section, and the missing sections.
#[test]
fn the_example_documents_are_read() {
    let counts = |text: &str| {
        let sow = sow(text);
        let counts = SectionKind::ALL.map(|kind| sow.items(kind).len());
        (counts, sow)
    };
    let (retail, sow) = counts(include_str!("../../../examples/sow/retail-orders.md"));
    assert_eq!(retail, [3, 12, 5, 4, 4, 4]);
    assert_eq!(sow.title.as_deref(), Some("Order service for Halden & Rowe"));
    assert_eq!(
        sow.requirements[1].text,
        "The same order sent twice results in one order and the same number."
    );

    let (clinic, sow) = counts(include_str!("../../../examples/sow/clinic-scheduling.md"));
    assert_eq!(clinic, [2, 6, 3, 3, 0, 0]);
    assert_eq!(sow.missing, [SectionKind::AcceptanceCriteria, SectionKind::Timeline]);

    let (telemetry, sow) = counts(include_str!("../../../examples/sow/field-telemetry.txt"));
    assert_eq!(telemetry, [3, 20, 6, 4, 4, 4]);
    assert_eq!(sow.title.as_deref(), Some("sensor project -- what we need (pls use THIS version)"));
    assert_eq!(sow.constraints[4].text, "OUT OF SCOPE: invoicing");
}

#[test]
fn a_nested_fragment_keeps_the_words_it_belongs_to() {
    let sow = parse(
        "s.md",
        "# Requirements\n- Orders\n  - cancel within an hour\n  - Refunds are \
        paid at once.\n- Stock\n",
    )
    .expect("read");
    let texts: Vec<&str> = sow.requirements.iter().map(|r| r.text.as_str()).collect();
    assert_eq!(
        texts,
        ["Orders: cancel within an hour", "Orders: Refunds are paid at once.", "Stock"]
    );
}

#[test]
fn content_below_a_signature_is_reported() {
    let mail =
        "# Requirements\n- take orders\n\nRegards,\nAnna\nShop Ltd\n\n- print the invoices too\n";
    let sow = parse("mail.txt", mail).expect("read");
    assert_eq!(
        sow.unread.iter().map(|u| u.text.as_str()).collect::<Vec<_>>(),
        ["below a signature: - print the invoices too"]
    );
    let sow =
        parse("mail.txt", "# Requirements\n- take orders\n\nRegards,\nAnna\nShop Ltd\n+44 1\n")
            .expect("read");
    assert!(sow.unread.is_empty());
}
