//! Dutch.

use super::language::{Grammar, Language};

#[rustfmt::skip]
pub(super) const WORDS: Language = Language {
    sections: [
        &[
            "projectdoel",
            "doelen", "doel", "doelstellingen", "doelstelling", "wat we willen",
            "verwachte resultaten", "waarom",
        ],
        &[
            "opdracht", "wat we nodig hebben",
            "eisen", "vereisten", "vereiste", "behoeften", "wat we nodig hebben", "omvang",
            "reikwijdte", "functionaliteiten", "functionaliteit", "werkzaamheden",
            "binnen de scope", "inbegrepen", "opdrachtomschrijving", "wensen",
            "verplichtingen", "scope",
        ],
        &[
            "kaders", "mag niet", "hoeft niet", "niet nodig",
            "beperkingen", "beperking", "randvoorwaarden", "grenzen", "afbakening",
            "buiten scope", "buiten de scope", "buiten de opdracht", "niet inbegrepen",
            "uitsluitingen", "uitgesloten", "niet in scope",
        ],
        &[
            "projectresultaat",
            "opleveringen", "oplevering", "op te leveren", "opleverproducten", "producten",
            "resultaten", "wat we krijgen", "leveringen",
        ],
        &[
            "acceptatiecriteria", "acceptatie", "succescriteria", "acceptatietests",
            "acceptatievoorwaarden", "aanvaardingscriteria",
        ],
        &[
            "opleverdatum", "fasering", "fasen",
            "planning", "tijdlijn", "tijdschema", "mijlpalen", "mijlpaal", "termijnen", "termijn",
            "deadlines", "doorlooptijd", "wanneer",
        ],
    ],
    asides: &[
        "achtergrond", "context", "inleiding", "overzicht", "samenvatting", "huidige situatie",
        "budget", "prijs", "prijzen", "kosten", "betalingsvoorwaarden", "contact",
        "contactpersonen", "contactpersoon", "risico's",
        "aannames", "begrippenlijst", "bijlage", "bijlagen", "opmerkingen", "vragen",
        "volgende stappen", "handtekeningen", "boetes", "eisen aan de offerte",
        "eisen aan de inschrijving", "gunningscriteria", "selectiecriteria",
        "indieningstermijn",
    ],
    topics: &[
        "betaling", "betalingen",
        "onderhoud", "beheer", "rollen", "garantie", "team", "afhankelijkheden",
    ],
    qualifiers: &[
        "de", "het", "onze", "uw", "alle", "belangrijkste", "overige", "algemene", "functionele",
        "technische", "niet", "specifieke", "minimale", "verwachte",
    ],
    followers: &["van", "voor", "aan", "in", "met", "bij", "op", "door", "uit"],
    trailers: &["overzicht", "lijst", "tabel", "concept", "samenvatting"],
    obligations: &[
        "moet", "moeten", "dient", "dienen", "zal", "zullen", "mag niet", "mogen niet",
        "is verplicht", "zijn verplicht", "is vereist", "zijn vereist", "behoort", "behoren",
    ],
    turning: &[
        "niet", "geen", "nooit", "zonder", "behalve", "uitgezonderd", "uitgesloten",
        "uitsluitingen", "optioneel", "optionele", "gewenst", "later", "buiten",
    ],
    grammar: Grammar::Compounds,
};
