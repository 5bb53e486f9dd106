//! Short lists of words in all languages, folded as [`super::plain`] folds.

/// Headings that contain the sections of a document instead of being a subject beside them.
#[rustfmt::skip]
pub(crate) const CONTAINERS: &[&str] = &[
    "project", "overview", "introduction", "background", "context", "summary", "description",
    "general", "about", "statement", "work", "engagement", "part", "details", "specification",
    "scope", "brief", "tender", "document", "projekt", "projektbeschreibung", "beschreibung",
    "einleitung", "hintergrund", "uberblick", "auftrag", "allgemeines", "ausgangslage", "teil",
    "projet", "contexte", "presentation", "partie", "proyecto", "contexto", "descripcion",
    "antecedentes", "introduccion", "projeto", "descricao", "introducao", "progetto", "premessa",
    "descrizione", "inleiding", "achtergrond", "opdracht", "wprowadzenie", "opis", "проект",
    "проекта", "описание", "введение",
];

/// Headings about the extent of what they are in.
#[rustfmt::skip]
pub(crate) const SCOPE: &[&str] = &[
    "scope", "umfang", "perimetre", "alcance", "escopo", "ambito", "perimetro", "omvang",
    "reikwijdte", "zakres", "portee", "etendue",
];

/// Units of time.
#[rustfmt::skip]
pub(crate) const UNITS: &[&str] = &[
    "day", "days", "week", "weeks", "month", "months", "quarter", "quarters", "year", "years",
    "tag", "tage", "tagen", "woche", "wochen", "monat", "monate", "monaten", "jahr", "jahre",
    "jour", "jours", "semaine", "semaines", "mois", "an", "ans", "dia", "dias", "semana",
    "semanas", "mes", "meses", "ano", "anos", "giorni", "settimane", "mese", "mesi", "anni",
    "dagen", "weken", "maand", "maanden", "jaar", "dni", "tydzien", "tygodni", "tygodnie",
    "miesiac", "miesiace", "miesiecy", "rok", "lat", "день", "дней", "недель", "недели", "месяц",
    "месяцев", "месяца", "год",
];

/// Words of a paragraph that only announces what comes.
#[rustfmt::skip]
pub(crate) const FOLLOWING: &[&str] = &[
    "following", "folgende", "folgenden", "folgender", "suivant", "suivante", "suivants",
    "suivantes", "siguiente", "siguientes", "seguinte", "seguintes", "seguente", "seguenti",
    "volgende", "nastepujace", "nastepujacy", "следующие",
];

/// Words of introductions that state nothing: "The system must support the following:".
#[rustfmt::skip]
pub(crate) const GENERAL: &[&str] = &[
    "the", "a", "an", "system", "systems", "solution", "platform", "application", "app",
    "service", "product", "software", "tool", "team", "crew", "contractor", "vendor", "supplier",
    "provider", "client", "customer", "user", "users", "we", "you", "it", "they", "shall", "must",
    "should", "will", "can", "be", "is", "are", "able", "to", "do", "have", "has", "need",
    "needs", "provide", "support", "include", "includes", "deliver", "meet", "offer", "allow",
    "following", "requirements", "features", "functions", "capabilities", "items", "points",
    "criteria", "at", "least", "minimum", "all", "these", "of", "as", "follows", "below",
    "required", "muss", "mussen", "soll", "sollen", "folgende", "folgendes", "das", "die", "der",
    "anforderungen", "erfullen", "bieten", "enthalten", "doit", "doivent", "le", "la", "les",
    "systeme", "suivant", "suivants", "suivantes", "debe", "deben", "el", "los", "las", "sistema",
    "siguiente", "siguientes", "deve", "devem", "devono", "o", "os", "seguinte", "seguintes",
    "il", "i", "seguente", "seguenti", "moet", "moeten", "het", "de", "volgende", "systeem",
    "musi", "musza", "nastepujace", "permettre", "permitir", "fournir", "incluir",
];

/// Words of a sentence that says what is out of scope.
#[rustfmt::skip]
pub(crate) const OUT_OF_SCOPE: &[&str] = &[
    "out of scope", "not in scope", "outside the scope", "nicht im umfang",
    "ausserhalb des umfangs", "nicht bestandteil", "hors perimetre", "hors du perimetre",
    "fuera de alcance", "fuera del alcance", "fora do escopo", "fora do ambito", "fuori ambito",
    "fuori dallambito", "buiten scope", "poza zakresem", "вне рамок", "außerhalb des umfangs",
];

/// Words that turn a section into what is left out, wherever they are in its heading: "What we do
/// not need", "Funzionalità escluse".
#[rustfmt::skip]
pub(crate) const EXCLUDING: &[&str] = &[
    "not", "no", "dont", "wont", "never", "non", "excluded", "excluding", "exclusions",
    "deferred", "postponed", "future", "later", "nicht", "keine", "ausgeschlossen",
    "ausgeschlossene", "spatere", "zuruckgestellt", "niet", "geen", "latere", "pas", "exclu",
    "exclus", "exclue", "exclues", "ulterieures", "fuera", "excluidos", "excluidas", "excluido",
    "excluida", "futuras", "futuros", "fora", "nao", "escluso", "esclusi", "esclusa", "escluse",
    "future", "poza", "nie", "wyłaczone", "wykluczone", "przyszłe", "не", "вне",
];
