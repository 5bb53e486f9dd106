//! Headings and sentences as people write them.

use super::super::SectionKind::{self, AcceptanceCriteria, Timeline};
use super::*;

fn name(heading: &str) -> Option<Named> {
    Words::built_in().name(heading)
}

fn section(heading: &str) -> Option<SectionKind> {
    match name(heading)?.name {
        Name::Section(kind) => Some(kind),
        Name::Aside | Name::Topic => None,
    }
}

#[test]
fn headings_people_write_name_their_section() {
    for (heading, kind) in [
        ("Requirements", Requirements),
        ("3.1 Functional requirements", Requirements),
        ("Non-functional Requirements", Requirements),
        ("What we need from you", Requirements),
        ("MUST HAVE", Requirements),
        ("Scope of work", Requirements),
        ("Platform requirements summary", Requirements),
        ("In-scope activities", Requirements),
        ("Requirements addressed", Requirements),
        ("Business goals & success criteria", Objectives),
        ("Why we are doing this", Objectives),
        ("Assumptions and constraints", Constraints),
        ("What the system must not do", Constraints),
        ("What we don’t need", Constraints),
        ("Out of scope", Constraints),
        ("Out-of-scope items", Constraints),
        ("Non-goals", Constraints),
        ("What you will deliver", Deliverables),
        ("Summary of deliverables", Deliverables),
        ("Deliverable acceptance criteria", AcceptanceCriteria),
        ("Acceptance criteria for deliverables", AcceptanceCriteria),
        ("How we will accept the work", AcceptanceCriteria),
        ("Definition of done", AcceptanceCriteria),
        ("When we need it", Timeline),
        ("Delivery schedule (draft)", Timeline),
        ("🚀 Milestones", Timeline),
    ] {
        assert_eq!(section(heading), Some(kind), "{heading}");
    }
}

#[test]
fn headings_in_other_languages_name_their_section() {
    for (heading, kind) in [
        ("1. Ziele", Objectives),
        ("2. Anforderungen", Requirements),
        ("Nicht-funktionale Anforderungen", Requirements),
        ("Systemanforderungen", Requirements),
        ("Anforderungen an die Schranke", Requirements),
        ("Rahmenbedingungen", Constraints),
        ("Nicht im Umfang", Constraints),
        ("LIEFERGEGENSTÄNDE", Deliverables),
        ("Abnahmekriterien", AcceptanceCriteria),
        ("Zeitplan und Meilensteine", Timeline),
        ("Objectifs du projet", Objectives),
        ("Exigences fonctionnelles", Requirements),
        ("Hors périmètre", Constraints),
        ("Critères d’acceptation", AcceptanceCriteria),
        ("Calendrier prévisionnel", Timeline),
        ("Requisitos técnicos", Requirements),
        ("Fuera del alcance", Constraints),
        ("Entregables", Deliverables),
        ("Criterios de aceptación", AcceptanceCriteria),
        ("Requisitos não funcionais", Requirements),
        ("Restrições", Constraints),
        ("Obiettivi", Objectives),
        ("Vincoli", Constraints),
        ("Cronoprogramma", Timeline),
        ("Functionele eisen", Requirements),
        ("Buiten scope", Constraints),
        ("Mijlpalen", Timeline),
        ("Wymagania funkcjonalne", Requirements),
        ("Poza zakresem", Constraints),
        ("Kryteria odbioru", AcceptanceCriteria),
        ("機能要件", Requirements),
        ("1．目的", Objectives),
        ("スコープ外", Constraints),
        ("成果物", Deliverables),
        ("スケジュール", Timeline),
        ("Требования к системе", Requirements),
        ("Критерии приёмки", AcceptanceCriteria),
    ] {
        assert_eq!(section(heading), Some(kind), "{heading}");
    }
}

#[test]
fn headings_about_something_else_name_none() {
    for heading in [
        "Background",
        "Hintergrund",
        "Contexte",
        "背景",
        "Proposal requirements",
        "Anforderungen an das Angebot",
        "Requirements gathering",
        "Why us",
        "Payment schedule",
        "Where and how",
        "Ångström",
        "",
        "#",
        "Schedule risk",
        "One two three four five six seven eight nine ten eleven twelve requirements",
    ] {
        assert_eq!(section(heading), None, "{heading}");
    }
}

#[test]
fn an_exact_name_says_nothing_else() {
    assert!(name("Key requirements").expect("named").exact);
    assert!(name("Requirements and constraints").expect("named").exact);
    assert!(name("Requirements summary").expect("named").exact);
    assert!(name("機能要件").expect("named").exact);
    assert!(!name("Requirements for the shop").expect("named").exact);
    assert!(name("Requirements for the shop").expect("named").leads);
    assert!(!name("Agree the schedule").expect("named").leads);
}

#[test]
fn a_workspace_adds_its_own_headings() {
    let more = ["Pflichtenheft", "仕様書", "Tore / Schranken", "Nicht nur Hintergrund", "Termine"];
    let words = Words::default().with(Requirements, more);
    for heading in [
        "Pflichtenheft",
        "3. Pflichtenheft der Schranke",
        "基本仕様書",
        "2. Tore / Schranken",
        "Nicht nur Hintergrund",
        "Termine",
    ] {
        let named = words.name(heading).expect("named");
        assert_eq!(named.name, Name::Section(Requirements), "{heading}");
    }
}

#[test]
fn sentences_that_oblige_are_recognised() {
    let words = Words::built_in();
    for sentence in [
        "Gates must open within 2 seconds.",
        "The gate needs to open",
        "Die Schranke muss in 2 Sekunden öffnen.",
        "Die Daten sind zu verschlüsseln.",
        "La barrière doit s’ouvrir en 2 secondes.",
        "El sistema deberá registrar cada apertura.",
        "O sistema deve registrar.",
        "Il varco deve aprirsi.",
        "De slagboom moet opengaan.",
        "Szlaban musi się otworzyć.",
        "2秒以内に開くこと。",
        "Система должна открываться.",
    ] {
        assert!(words.oblige(sentence), "{sentence}");
    }
    for sentence in ["Queues of 40 minutes", "900 EUR a day", "Seit 1987.", "現在は手動です。"]
    {
        assert!(!words.oblige(sentence), "{sentence}");
    }
}

#[test]
fn words_that_change_a_lists_meaning_are_recognised() {
    let words = Words::built_in();
    assert!(words.changes_meaning("The system must not:"));
    assert!(words.changes_meaning("Non-goals"));
    assert!(words.changes_meaning("Nice to have"));
    assert!(words.changes_meaning("Nicht im Umfang"));
    assert!(!words.changes_meaning("Non-functional requirements"));
    assert!(!words.changes_meaning("The system must:"));
}
