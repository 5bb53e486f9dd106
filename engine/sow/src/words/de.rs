//! German.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "zielbestimmung", "projektziel",
            "ziel", "ziele", "projektziele", "geschäftsziele", "hauptziele", "teilziele",
            "zielsetzung", "zielsetzungen", "zweck", "was wir erreichen wollen",
            "was wir wollen", "erwartete ergebnisse", "nutzen", "warum",
        ],
        &[
            "berechtigungen", "rechte",
            "sollkriterien", "muss", "soll", "kann", "aufgabenstellung", "auftragsgegenstand",
            "schnittstellen", "arbeitspakete", "produktdaten", "produktfunktionen",
            "anforderungen", "anforderung", "leistungsumfang", "leistungen", "umfang",
            "leistungsbeschreibung", "im umfang", "enthalten", "inbegriffen",
            "funktionen", "funktionsumfang", "muss kriterien", "musskriterien", "kann kriterien",
            "kannkriterien", "wunschkriterien", "was wir brauchen", "was wir benötigen",
            "was benötigt wird", "wir brauchen", "wir benötigen", "bedarf", "aufgaben",
            "anwendungsfälle", "pflichten", "muss haben", "soll haben", "kann haben",         ],
        &[
            "vorgaben", "darf nicht", "nicht nötig", "nicht gewünscht", "was wir nicht brauchen",
            "einschränkungen", "rahmenbedingungen", "randbedingungen", "beschränkungen",
            "grenzen", "abgrenzung", "abgrenzungskriterien", "ausschlüsse", "nicht im umfang",
            "nicht enthalten", "nicht inbegriffen", "außerhalb des umfangs",
            "nicht teil des auftrags", "nicht bestandteil", "nicht ziele", "nichtziele",
            "restriktionen", "ausgeschlossen", "out of scope",
        ],
        &[
            "lieferumfang", "lieferleistungen",
            "liefergegenstände", "lieferobjekte", "liefergegenstand", "lieferungen",
            "arbeitsergebnisse", "ergebnisse", "was wir erhalten", "was wir bekommen",
            "was geliefert wird", "zu liefern",
        ],
        &[
            "abnahmekriterien", "abnahme", "akzeptanzkriterien", "erfolgskriterien",
            "abnahmetests", "abnahmebedingungen", "wie wir abnehmen", "fertig wenn",
            "messgrößen", "erfolgsmessung",
        ],
        &[
            "projektphasen", "ablauf", "phasen",
            "zeitplan", "zeitplanung", "terminplan", "termine", "meilensteine", "meilenstein",
            "fristen", "frist", "zeitrahmen", "ablaufplan", "projektplan", "terminvorgaben",
            "bis wann", "wann", "projektlaufzeit", "laufzeit", "zeitlicher ablauf",
        ],
    ],
    asides: &[
        "hintergrund", "ausgangslage", "ausgangssituation", "ist zustand", "istzustand",
        "kontext", "einleitung", "einführung", "überblick", "übersicht", "zusammenfassung",
        "über uns", "budget", "preis", "preise", "kosten", "vergütung", "zahlungsplan",
        "zahlungsbedingungen", "ansprechpartner", "kontakt", "kontakte",
        "risiken", "annahmen", "glossar", "anhang", "anlagen", "hinweise", "fragen",
        "nächste schritte", "unterschriften", "vertragsstrafen", "vertragsstrafe", "haftung",
        "anforderungen an das angebot", "anforderungen an die bieter", "angebotsfrist",
        "abgabefrist", "hinweise für bieter", "zuschlagskriterien", "eignungskriterien",
        "bewertungskriterien",
    ],
    topics: &[
        "zahlung", "zahlungen",
        "rollen", "betrieb", "wartung", "support", "gewährleistung", "abhängigkeiten", "team",
    ],
    qualifiers: &[
        "die", "der", "das", "den", "unsere", "unser", "ihre", "ihr", "alle", "wichtige",
        "wichtigste", "wesentliche", "weitere", "allgemeine", "besondere", "fachliche",
        "technische", "funktionale", "nichtfunktionale", "nicht", "funktionelle", "konkrete",
        "zwingende", "optionale", "gesetzliche", "rechtliche", "sicherheitsrelevante",
        "vorläufige", "vorläufiger", "grober", "geplante", "geplanter", "verbindliche",
    ],
    followers: &[
        "für", "an", "am", "des", "im", "zu", "zur", "zum", "von", "vom", "mit", "nach", "gemäß",
        "bei", "durch", "auf", "aus", "und", "wir", "sie",
    ],
    trailers: &["übersicht", "liste", "tabelle", "details", "entwurf", "zusammenfassung"],
    obligations: &[
        "muss", "müssen", "müsse", "soll", "sollen", "sollte", "sollten", "darf nicht",
        "dürfen nicht", "darf kein", "darf keine", "darf nur", "dürfen nur", "ist zu", "sind zu",
        "hat zu", "haben zu", "erforderlich", "zwingend", "verpflichtet", "wird benötigt",
        "werden benötigt",
    ],
    turning: &[
        "nicht", "kein", "keine", "keinen", "niemals", "nie", "ohne", "außer", "ausgenommen",
        "ausschlüsse", "ausgeschlossen", "optional", "optionale", "später", "wünschenswert",
        "sollte", "sollten", "könnte", "könnten", "abgrenzung",
    ],
    grammar: Grammar::Compounds,
};
